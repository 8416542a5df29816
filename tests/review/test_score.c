/* test_score.c: what scores promise, tried on random evidence with the controls of this repository: what was not assessed
 * never raises a score, repairing never lowers one, and each action gains exactly what it is said to gain. */
#include "random_evidence.h"

#include "review/review_part.h"

#include <math.h>

enum { SEEDS = 12, QUICK_SEEDS = 4 };

/* Under `./test --quick` a third of the organisations is made. */
static uint64_t seeds(void)
{
    return getenv("VIGIL_QUICK") ? QUICK_SEEDS : SEEDS;
}

/* ---- tallies ------------------------------------------------------------------------------------------------------------- */

static bool is_not_less(double a, double b)
{
    return a >= b - 1e-12;
}

static void random_tallies(dice *d, vg_tally *tallies, size_t count)
{
    for (size_t c = 0; c < count; c++)
        for (size_t v = 0; v < 5; v++)
            tallies[c].of[v] = roll(d, 3) ? (int32_t)roll(d, 6) : 0;
}

/* One verdict of a control becomes another. */
static bool move(vg_tally *tally, vg_verdict from, vg_verdict to)
{
    if (tally->of[from] == 0)
        return false;
    tally->of[from]--;
    tally->of[to]++;
    return true;
}

static void moves_scores_the_right_way(void **state)
{
    static const struct {
        vg_verdict from, to;
        int direction; /* of the score: 1 never lower, -1 never higher, 0 the same */
    } moves[] = {
        {VG_VERDICT_FAIL, VG_VERDICT_PASS, 1},           {VG_VERDICT_FAIL, VG_VERDICT_PARTLY, 1},
        {VG_VERDICT_PARTLY, VG_VERDICT_PASS, 1},         {VG_VERDICT_NOT_ASSESSED, VG_VERDICT_PASS, 1},
        {VG_VERDICT_NOT_ASSESSED, VG_VERDICT_FAIL, 0},   {VG_VERDICT_FAIL, VG_VERDICT_NOT_ASSESSED, 0},
        {VG_VERDICT_PASS, VG_VERDICT_NOT_ASSESSED, -1},  {VG_VERDICT_PARTLY, VG_VERDICT_NOT_ASSESSED, -1},
        {VG_VERDICT_FAIL, VG_VERDICT_NOT_APPLICABLE, 1},
    };
    vg_arena *arena = vg_arena_new(0);
    vg_content *content = real_content(arena);
    vg_tally *tallies = VG_NEW_N(arena, vg_tally, content->control_count),
             *after = VG_NEW_N(arena, vg_tally, content->control_count);
    dice d = {42};
    (void)state;
    for (int round = 0; round < 200; round++) {
        random_tallies(&d, tallies, content->control_count);
        double before = vg_mark_all(content, tallies, NULL).score;
        for (size_t m = 0; m < VG_COUNT(moves); m++) {
            size_t c = roll(&d, (uint32_t)content->control_count), p = content->controls[c].practice;
            memcpy(after, tallies, content->control_count * sizeof *after);
            if (!move(&after[c], moves[m].from, moves[m].to))
                continue;
            double practice = vg_mark_practice(content, tallies, p).score,
                   moved = vg_mark_practice(content, after, p).score;
            double whole = vg_mark_all(content, after, NULL).score;
            bool ok = moves[m].direction >= 0 ? is_not_less(moved, practice) : is_not_less(practice, moved);
            bool ok_whole = moves[m].direction >= 0 ? is_not_less(whole, before) : is_not_less(before, whole);
            /* A control that applies to nothing any more leaves its practice, which may leave the mean. */
            bool left = moves[m].to == VG_VERDICT_NOT_APPLICABLE && vg_tally_total(&after[c]) <= 0;
            if (!ok || (!ok_whole && !left))
                fail_msg("%s to %s of %.*s: practice %.9f to %.9f, all %.9f to %.9f",
                         vg_verdict_name(moves[m].from), vg_verdict_name(moves[m].to),
                         VG_ARG(content->controls[c].header.id), practice, moved, before, whole);
            if (moves[m].direction == 0)
                assert_true(fabs(moved - practice) < 1e-12);
        }
        /* One more thing that could not be assessed. */
        size_t c = roll(&d, (uint32_t)content->control_count), p = content->controls[c].practice;
        memcpy(after, tallies, content->control_count * sizeof *after);
        bool applied = vg_tally_total(&after[c]) > 0;
        after[c].of[VG_VERDICT_NOT_ASSESSED]++;
        if (applied)
            assert_true(is_not_less(vg_mark_practice(content, tallies, p).score,
                                    vg_mark_practice(content, after, p).score));
    }
    vg_content_free(content);
    vg_arena_free(arena);
}

/* ---- repairs ---------------------------------------------------------------------------------------------------------------- */

static bool is_among(const vg_report_action *action, vg_str control)
{
    for (size_t i = 0; i < action->control_count; i++)
        if (vg_str_eq(action->controls[i], control))
            return true;
    return false;
}

/* The assessment with one action done: each subject of the section that fails controls of it gets what their repairs
 * say, and every judgement of it is made anew. Written apart from repair.c on purpose. */
/* The assessment with what the commands of an action make true of others (`also`), found by looking at each pair of a
 * subject that is repaired and one that is not. */
typedef struct {
    const vg_assessment *from;
    const vg_homes *homes;
    const bool *has;
    const vg_report_action *action;
    const vg_judgement *now; /* once repaired */
    const vg_str *targets;
} reached_world;

static bool is_repaired(const reached_world *w, size_t j)
{
    vg_verdict before = w->from->judgements[j].verdict, after = w->now[j].verdict;
    const vg_control *control = &w->from->content->controls[w->from->judgements[j].control];
    bool is_bad = before == VG_VERDICT_FAIL || before == VG_VERDICT_PARTLY ||
                  (before == VG_VERDICT_NOT_ASSESSED && control->attestation.len);
    return is_bad && after != before && w->has[w->homes->home_of[w->from->judgements[j].subject]] &&
           is_among(w->action, control->header.id);
}

static bool is_root(const vg_assessment *assessment, vg_str id)
{
    for (size_t i = 0; i < assessment->unit_count; i++)
        if (vg_str_eq(assessment->units[i].id, id))
            return assessment->units[i].is_root;
    return false;
}

static bool is_reached(const reached_world *w, const vg_control *control, size_t repaired, size_t other)
{
    vg_str reach = vg_get_str(control->header.doc.root, "reach");
    size_t home = w->homes->home_of[repaired], other_home = w->homes->home_of[other],
           accounts = w->homes->account_count;
    if (vg_str_is(reach, "organization"))
        return true;
    if (!vg_str_is(reach, "target"))
        return vg_str_eq(w->from->subjects[repaired].resource.account,
                         w->from->subjects[other].resource.account);
    if (home >= accounts)
        return false;
    return other_home < accounts ? vg_str_eq(w->targets[home], w->targets[other_home])
                                 : is_root(w->from, w->targets[home]);
}

static void reach_subject(const reached_world *w, size_t other, vg_judgement *judgements, vg_arena *scratch)
{
    const vg_subject *subject = &w->from->subjects[other];
    const vg_value *patch = NULL, *properties;
    vg_patch_how how = {0};
    vg_doc doc;
    vg_str message;
    for (size_t j = 0; j < w->from->judgement_count; j++) {
        const vg_control *control = &w->from->content->controls[w->from->judgements[j].control];
        const vg_value *also =
            vg_get(vg_get(control->header.doc.root, VG_STR("also")), subject->resource.type);
        if (!vg_get(control->header.doc.root, VG_STR("also")) || !is_repaired(w, j))
            continue;
        if (w->from->judgements[j].subject == other)
            return;
        if (!also || !is_reached(w, control, w->from->judgements[j].subject, other))
            continue;
        patch = also;
        how.known_only = !vg_str_is(vg_get_str(control->header.doc.root, "reach"), "organization");
        how.times++;
    }
    if (!patch || subject->resource.properties.len == 0 || !w->has[w->homes->home_of[other]])
        return;
    assert_int_equal(vg_json_read(scratch, subject->resource.properties, VG_STR(""), NULL, &doc, NULL),
                     VG_OK);
    if (patch->kind != VG_NULL)
        assert_int_equal(vg_patch_properties(patch, doc.root, &how, scratch, &properties, NULL), VG_OK);
    for (size_t j = w->homes->first_judgement[other]; j < w->homes->first_judgement[other + 1]; j++)
        if (patch->kind == VG_NULL)
            judgements[j].verdict = VG_VERDICT_NOT_APPLICABLE;
        else
            assert_int_equal(vg_control_judge(&w->from->content->controls[w->from->judgements[j].control],
                                              &subject->resource, properties,
                                              w->from->now != VG_TIME_NONE ? w->from->now : subject->seen,
                                              scratch, &judgements[j].verdict, &message, NULL),
                             VG_OK);
}

static void reach_others(const reached_world *w, vg_judgement *judgements, vg_arena *scratch)
{
    for (size_t s = 0; s < w->from->subject_count; s++)
        reach_subject(w, s, judgements, scratch);
}

static vg_assessment with_repair(const vg_assessment *from, const vg_homes *homes, const bool *has,
                                 const vg_report_action *action, vg_arena *arena)
{
    vg_assessment after = *from;
    vg_judgement *judgements = VG_NEW_N(arena, vg_judgement, from->judgement_count + 1);
    vg_arena *scratch = vg_arena_new(0);
    memcpy(judgements, from->judgements, from->judgement_count * sizeof *judgements);
    for (size_t s = 0; s < from->subject_count; s++) {
        const vg_subject *subject = &from->subjects[s];
        const vg_value *properties = NULL;
        vg_doc doc;
        if (!has[homes->home_of[s]])
            continue;
        for (int step = 0; step < 3; step++) /* repair; judge anew; what has no repair passes */
            for (size_t j = homes->first_judgement[s]; j < homes->first_judgement[s + 1]; j++) {
                const vg_judgement *judgement = &from->judgements[j];
                const vg_control *control = &from->content->controls[judgement->control];
                vg_str message;
                bool is_bad = judgement->verdict == VG_VERDICT_FAIL ||
                              judgement->verdict == VG_VERDICT_PARTLY ||
                              (judgement->verdict == VG_VERDICT_NOT_ASSESSED && control->attestation.len);
                bool is_done = is_bad && is_among(action, control->header.id),
                     has_repair = control->repair && subject->resource.properties.len > 0;
                if (step == 0 && is_done && has_repair) {
                    if (!properties) {
                        assert_int_equal(
                            vg_json_read(scratch, subject->resource.properties, VG_STR(""), NULL, &doc, NULL),
                            VG_OK);
                        properties = doc.root;
                    }
                    assert_int_equal(vg_repair_properties(control, properties, scratch, &properties, NULL),
                                     VG_OK);
                }
                if (step == 1 && properties)
                    assert_int_equal(vg_control_judge(control, &subject->resource, properties,
                                                      from->now != VG_TIME_NONE ? from->now : subject->seen,
                                                      scratch, &judgements[j].verdict, &message, NULL),
                                     VG_OK);
                if (step == 2 && is_done && !has_repair)
                    judgements[j].verdict = VG_VERDICT_PASS;
            }
    }
    vg_judgement *repaired = VG_NEW_N(arena, vg_judgement, from->judgement_count + 1);
    memcpy(repaired, judgements, from->judgement_count * sizeof *judgements);
    reached_world w = {from, homes, has, action, repaired, NULL};
    assert_int_equal(vg_targets_build(homes, has, arena, &w.targets, NULL), VG_OK);
    reach_others(&w, judgements, scratch);
    vg_arena_free(scratch);
    after.judgements = judgements;
    return after;
}

static vg_report_answer review_of(const vg_assessment *assessment, const char *workload, vg_arena *arena)
{
    vg_review_options options = {.workload = vg_str_from(workload), .no_findings = true};
    vg_report_answer answer;
    vg_error err = {0};
    if (vg_review(assessment, NULL, &options, arena, &answer, NULL, &err) != VG_OK)
        fail_with("review", &err);
    return answer;
}

static const vg_report_practice *practice_named(const vg_report_section *section, vg_str id)
{
    for (size_t p = 0; p < section->practice_count; p++)
        if (vg_str_eq(section->practices[p].id, id))
            return &section->practices[p];
    return NULL;
}

static double points(double score)
{
    return score < 0 ? 0 : score;
}

static size_t check_action(const vg_assessment *assessment, const vg_homes *homes, const bool *has,
                           const char *workload, const vg_report_section *section,
                           const vg_report_action *action, vg_arena *arena)
{
    vg_assessment repaired = with_repair(assessment, homes, has, action, arena);
    vg_report_answer after = review_of(&repaired, workload, arena);
    double gained = points(practice_named(&after.organisation, action->practice)->score) -
                    points(practice_named(section, action->practice)->score);
    double total = points(after.organisation.score) - points(section->score);
    if (fabs(gained - action->gain) > 1e-9 || fabs(total - action->total_gain) > 1e-9 || gained < -1e-9) {
        print_error("%.*s of %s: said %.9f and %.9f, got %.9f and %.9f\n", VG_ARG(action->controls[0]),
                    workload ? workload : "the organisation", action->gain, action->total_gain, gained,
                    total);
        return 1;
    }
    return 0;
}

static bool has_account(const vg_assessment *assessment, vg_str workload, vg_str account)
{
    for (size_t i = 0; i < assessment->workload_count; i++) {
        const vg_workload *environment = &assessment->workloads[i];
        for (size_t a = 0; vg_str_eq(environment->name, workload) && a < environment->account_count; a++)
            if (vg_str_eq(environment->accounts[a], account))
                return true;
    }
    return false;
}

/* How many of the actions repaired several controls. */
static size_t check_section(const vg_assessment *assessment, const char *workload, size_t *actions,
                            size_t *wrong)
{
    size_t merged = 0;
    vg_arena *arena = vg_arena_new(0);
    vg_homes homes;
    assert_int_equal(vg_homes_build(assessment, arena, &homes, NULL), VG_OK);
    bool *has = VG_NEW_N(arena, bool, homes.home_count);
    for (size_t i = 0; i < homes.home_count; i++)
        has[i] = !workload || i == vg_home_organization(&homes) ||
                 (i < homes.account_count &&
                  has_account(assessment, vg_str_from(workload), assessment->accounts[i].id));
    if (workload)
        has[vg_home_workload(&homes, vg_find_workload(&homes, vg_str_from(workload)))] = true;
    vg_report_answer answer = review_of(assessment, workload, arena);
    const vg_report_section *section = &answer.organisation;
    for (size_t p = 0; p <= section->practice_count; p++) {
        const vg_report_action *list =
            p < section->practice_count ? section->practices[p].actions : section->actions;
        size_t count =
            p < section->practice_count ? section->practices[p].action_count : section->action_count;
        for (size_t i = 0; i < count; i++) {
            *wrong += check_action(assessment, &homes, has, workload, section, &list[i], arena);
            ++*actions;
            merged += list[i].control_count > 1;
            for (size_t k = 0; k < i; k++) /* the list never says the same thing twice */
                assert_false(vg_str_eq(list[k].title, list[i].title) &&
                             vg_str_eq(list[k].commands[0], list[i].commands[0]));
            double gain = p < section->practice_count ? list[i].gain : list[i].total_gain;
            assert_true(gain > 0);
            if (i > 0)
                assert_true((p < section->practice_count ? list[i - 1].gain : list[i - 1].total_gain) >=
                            gain);
        }
    }
    vg_arena_free(arena);
    return merged;
}

static void gains_exactly_what_it_says(void **state)
{
    size_t actions = 0, wrong = 0, merged = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= seeds(); seed++) {
        vg_arena *arena = vg_arena_new(0);
        vg_content *content = real_content(arena);
        evidence_text e = random_evidence(arena, seed);
        vg_assessment assessment = assess_evidence_text(&e, content, NULL, 1);
        merged += check_section(&assessment, NULL, &actions, &wrong);
        if (assessment.workload_count)
            merged += check_section(&assessment, "shop", &actions, &wrong);
        vg_content_free(content);
        vg_arena_free(arena);
    }
    print_message("# %zu actions applied, %zu of them of several controls\n", actions, merged);
    assert_true(actions > 8 * seeds() && merged >= seeds() * 5 / 6);
    assert_int_equal(wrong, 0);
}

/* Any control repaired, not the best three alone. */
static void never_lowers_a_score(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= seeds(); seed++) {
        vg_arena *arena = vg_arena_new(0);
        vg_content *content = real_content(arena);
        evidence_text e = random_evidence(arena, seed);
        vg_assessment assessment = assess_evidence_text(&e, content, NULL, 1);
        vg_review_options options = {0};
        vg_homes homes;
        vg_section_count section;
        assert_int_equal(vg_homes_build(&assessment, arena, &homes, NULL), VG_OK);
        bool *has = VG_NEW_N(arena, bool, homes.home_count);
        memset(has, true, homes.home_count);
        vg_reviewer reviewer = {
            .assessment = &assessment, .options = &options, .homes = &homes, .arena = arena};
        assert_int_equal(vg_repairs_build(&homes, arena, &reviewer.repairs, NULL), VG_OK);
        assert_int_equal(vg_section_sum(&homes, has, arena, &section, NULL), VG_OK);
        assert_int_equal(vg_section_weigh(&reviewer, &section, NULL), VG_OK);
        for (size_t c = 0; c < content->control_count; c++)
            for (size_t p = 0; p < content->practice_count; p++)
                if (section.gains[c].practices[p] < -1e-9) {
                    print_error("repairing %.*s changes %.*s by %.6f\n",
                                VG_ARG(content->controls[c].header.id), VG_ARG(content->practices[p].code),
                                section.gains[c].practices[p]);
                    wrong++;
                }
        vg_content_free(content);
        vg_arena_free(arena);
    }
    assert_int_equal(wrong, 0);
}

/* What the header says that its commands do, does what the control asks for. */
static void repairs_satisfy_their_own_control(void **state)
{
    size_t wrong = 0, tried = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= seeds(); seed++) {
        vg_arena *arena = vg_arena_new(0), *scratch = vg_arena_new(0);
        vg_content *content = real_content(arena);
        evidence_text e = random_evidence(arena, seed);
        vg_assessment assessment = assess_evidence_text(&e, content, NULL, 1);
        for (size_t j = 0; j < assessment.judgement_count; j++) {
            const vg_judgement *judgement = &assessment.judgements[j];
            const vg_control *control = &content->controls[judgement->control];
            const vg_subject *subject = &assessment.subjects[judgement->subject];
            vg_doc doc;
            const vg_value *repaired;
            vg_verdict verdict;
            vg_str message;
            if (judgement->verdict != VG_VERDICT_FAIL || !control->repair)
                continue;
            vg_arena_reset(scratch);
            assert_int_equal(
                vg_json_read(scratch, subject->resource.properties, VG_STR(""), NULL, &doc, NULL), VG_OK);
            assert_int_equal(vg_repair_properties(control, doc.root, scratch, &repaired, NULL), VG_OK);
            assert_int_equal(vg_control_judge(control, &subject->resource, repaired, subject->seen, scratch,
                                              &verdict, &message, NULL),
                             VG_OK);
            if (vg_str_eq(canonical_text(scratch, repaired), canonical_text(scratch, doc.root)))
                continue; /* there is nothing for the commands to work on */
            tried++;
            if (verdict == VG_VERDICT_FAIL || verdict == VG_VERDICT_NOT_ASSESSED) {
                print_error("%.*s, repaired, is %s: %.*s\n", VG_ARG(control->header.id),
                            vg_verdict_name(verdict), VG_ARG(message));
                wrong++;
            }
        }
        vg_content_free(content);
        vg_arena_free(scratch);
        vg_arena_free(arena);
    }
    print_message("# %zu repairs tried\n", tried);
    assert_int_equal(wrong, 0);
}

/* ---- evidence taken away ------------------------------------------------------------------------------------------------------- */

/* Each line of evidence left out in turn: what is then not known must not raise the score. Lines that say what exists
 * (accounts, units, regions, users, the mapping) are left alone: without them there is less to judge, not less known. */
static bool says_how_things_are(vg_str type)
{
    static const char *const types[] = {
        "Vigil::IAM::AccountSummary",    "Vigil::IAM::PasswordPolicy", "Vigil::Account::AlternateContact",
        "AWS::GuardDuty::Detector",      "AWS::SecurityHub::Hub",      "Vigil::Inspector::AccountStatus",
        "Vigil::Config::RecorderStatus",
    };
    for (size_t i = 0; i < VG_COUNT(types); i++)
        if (vg_str_is(type, types[i]))
            return true;
    return false;
}

static void missing_evidence_never_raises_a_score(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        vg_arena *arena = vg_arena_new(0);
        vg_content *content = real_content(arena);
        evidence_text e = random_evidence(arena, seed);
        vg_assessment whole = assess_evidence_text(&e, content, NULL, 1);
        double before = review_of(&whole, NULL, arena).organisation.score;
        for (size_t i = 0; i < e.count; i++) {
            if (!says_how_things_are(e.sightings[i].resource.type))
                continue;
            vg_arena *own = vg_arena_new(0);
            evidence_text less = {
                .arena = own, .count = e.count - 1, .sightings = VG_NEW_N(own, vg_sighting, e.count)};
            memcpy(less.sightings, e.sightings, i * sizeof *e.sightings);
            memcpy(less.sightings + i, e.sightings + i + 1, (e.count - 1 - i) * sizeof *e.sightings);
            vg_assessment assessment = assess_evidence_text(&less, content, NULL, 1);
            double after = review_of(&assessment, NULL, own).organisation.score;
            if (after > before + 1e-9) {
                print_error("without %.*s of %.*s the score rises from %.6f to %.6f\n",
                            VG_ARG(e.sightings[i].resource.type), VG_ARG(e.sightings[i].resource.account),
                            before, after);
                wrong++;
            }
            vg_arena_free(own);
        }
        vg_content_free(content);
        vg_arena_free(arena);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_scores_the_right_way),
        cmocka_unit_test(gains_exactly_what_it_says),
        cmocka_unit_test(never_lowers_a_score),
        cmocka_unit_test(repairs_satisfy_their_own_control),
        cmocka_unit_test(missing_evidence_never_raises_a_score),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
