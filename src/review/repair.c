/* repair.c: what repairing a control would change, found by doing it.
 *
 * A control's header says what its commands make true of the subject (`repair`). Here that is applied to each subject
 * that fails it, and every control of the subject is judged again: MFA that is turned on may satisfy two controls, and
 * what is turned on may be seen to be set up badly. Without `repair`, the control's own verdict becomes a pass and no
 * other changes. Subjects with the same properties change in the same way, and are judged once.
 *
 * Controls that are repaired by the same commands are repaired together, as one action, by the first of them: what a
 * subject fails of them is repaired at once. What the commands change of other subjects (`also`, `reach`) is found in the
 * same way, and counted apart: it happens only where something is repaired. */
#include "review/review_part.h"

#include <stdlib.h>

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while weighing repairs");
}

/* ---- actions ------------------------------------------------------------------------------------------------------ */

/* Whether one action repairs both: the same words and the same things to type. */
static bool is_same_action(const vg_control *a, const vg_control *b)
{
    vg_str left, right;
    size_t count = 0;
    if (!vg_str_eq(vg_control_action(a), vg_control_action(b)) || !vg_str_eq(a->attestation, b->attestation))
        return false;
    for (bool more = true; more; count += more) {
        more = vg_control_item(a->header.commands, count, &left);
        if (more != vg_control_item(b->header.commands, count, &right) || (more && !vg_str_eq(left, right)))
            return false;
    }
    return count > 0 || vg_str_eq(a->header.remediation, b->header.remediation);
}

/* ---- one subject ------------------------------------------------------------------------------------------------------------------ */

typedef struct {
    const vg_homes *homes;
    vg_arena *arena, *scratch;
    vg_map *cache;  /* properties -> new verdicts; of one action */
    bool is_shared; /* the action is that of several controls: the key says which of them a subject fails */
    vg_vec changes; /* vg_change, being collected */
    vg_vec reached; /* vg_change: of subjects that are not repaired */
} weigher;

/* Whether the judgement is one that the control's action repairs. */
static bool is_repairable(const vg_assessment *assessment, const vg_judgement *judgement)
{
    const vg_control *control = &assessment->content->controls[judgement->control];
    if (judgement->verdict == VG_VERDICT_FAIL || judgement->verdict == VG_VERDICT_PARTLY)
        return true;
    return judgement->verdict == VG_VERDICT_NOT_ASSESSED && control->attestation.len > 0;
}

/* A verdict that is no more, since its subject is gone. */
enum { GONE = 16 };

static vg_status add_change(vg_vec *changes, size_t home, const vg_judgement *judgement, unsigned becomes,
                            vg_error *err)
{
    if (becomes == (unsigned)judgement->verdict)
        return VG_OK;
    vg_change *change = vg_vec_push(changes);
    if (!change)
        return no_memory(err);
    *change = (vg_change){.home = (uint32_t)home, .control = judgement->control};
    change->change.of[judgement->verdict]--;
    if (becomes != GONE)
        change->change.of[becomes]++;
    return VG_OK;
}

/* What is repaired of one subject: judgements of controls that one action repairs. */
typedef struct {
    const vg_judgement *const *judgements;
    size_t count;
} repaired_subject;

/* Whether the control's own verdict is all that its repair changes. */
static bool is_own_verdict(const weigher *w, const vg_judgement *judgement)
{
    const vg_assessment *assessment = w->homes->assessment;
    return !assessment->content->controls[judgement->control].repair ||
           assessment->subjects[judgement->subject].resource.properties.len == 0;
}

/* The verdicts, as bytes, of all judgements of the subject were these its properties. */
static vg_status judge_all(const weigher *w, size_t number, const vg_value *properties, uint8_t *verdicts,
                           vg_error *err)
{
    const vg_assessment *assessment = w->homes->assessment;
    const vg_subject *subject = &assessment->subjects[number];
    size_t first = w->homes->first_judgement[number], end = w->homes->first_judgement[number + 1];
    for (size_t j = first; j < end; j++) {
        vg_verdict verdict;
        vg_str message;
        vg_time now = assessment->now != VG_TIME_NONE ? assessment->now : subject->seen;
        VG_TRY(vg_control_judge(&assessment->content->controls[assessment->judgements[j].control],
                                &subject->resource, properties, now, w->scratch, &verdict, &message, err));
        verdicts[j - first] = (uint8_t)verdict;
    }
    return VG_OK;
}

static vg_status judge_repaired(const weigher *w, const repaired_subject *of, uint8_t *verdicts,
                                vg_error *err)
{
    const vg_assessment *assessment = w->homes->assessment;
    size_t number = of->judgements[0]->subject, first = w->homes->first_judgement[number];
    const vg_resource *resource = &assessment->subjects[number].resource;
    vg_doc doc;
    VG_TRY(vg_json_read(w->scratch, resource->properties, resource->id, NULL, &doc, err));
    const vg_value *repaired = doc.root;
    for (size_t i = 0; i < of->count; i++) {
        const vg_control *control = &assessment->content->controls[of->judgements[i]->control];
        if (control->repair)
            VG_TRY(vg_repair_properties(control, repaired, w->scratch, &repaired, err));
    }
    VG_TRY(judge_all(w, number, repaired, verdicts, err));
    for (size_t i = 0; i < of->count; i++)
        if (is_own_verdict(w, of->judgements[i]))
            verdicts[(size_t)(of->judgements[i] - assessment->judgements) - first] = VG_VERDICT_PASS;
    return VG_OK;
}

/* The key under which the outcome is found again: what is repaired, and of what. */
static vg_str key_of(weigher *w, const repaired_subject *of)
{
    const vg_subject *subject = &w->homes->assessment->subjects[of->judgements[0]->subject];
    vg_str key = subject->resource.properties;
    for (size_t i = 0; i < of->count && w->is_shared; i++)
        key = vg_arena_printf(w->scratch, "%u,%.*s", of->judgements[i]->control, VG_ARG(key));
    return key;
}

/* Whether the commands make any of the verdicts better: they do nothing where what they work on is not there. */
static bool is_any_better(const repaired_subject *of, const vg_judgement *first, const uint8_t *verdicts)
{
    for (size_t i = 0; i < of->count; i++) {
        uint8_t becomes = verdicts[of->judgements[i] - first];
        if (becomes == VG_VERDICT_PASS || becomes == VG_VERDICT_NOT_APPLICABLE ||
            (becomes == VG_VERDICT_PARTLY && of->judgements[i]->verdict != VG_VERDICT_PARTLY))
            return true;
    }
    return false;
}

/* *helps: whether anything gets better. */
static vg_status repair_subject(weigher *w, const repaired_subject *of, bool *helps, vg_error *err)
{
    const vg_assessment *assessment = w->homes->assessment;
    size_t subject = of->judgements[0]->subject, home = w->homes->home_of[subject];
    size_t first = w->homes->first_judgement[subject], count = w->homes->first_judgement[subject + 1] - first;
    bool is_own = true, added = false;
    *helps = true;
    for (size_t i = 0; i < of->count; i++)
        is_own = is_own && is_own_verdict(w, of->judgements[i]);
    for (size_t i = 0; i < of->count && is_own; i++)
        VG_TRY(add_change(&w->changes, home, of->judgements[i], VG_VERDICT_PASS, err));
    if (is_own)
        return VG_OK;
    vg_str key = key_of(w, of);
    vg_map_entry *entry = key.ptr ? vg_map_put(w->cache, key, &added) : NULL;
    if (!entry)
        return no_memory(err);
    uint8_t *verdicts = entry->value.ptr;
    if (added) {
        verdicts = VG_NEW_N(w->scratch, uint8_t, count);
        if (!verdicts)
            return no_memory(err);
        entry->value.ptr = verdicts;
        VG_TRY(judge_repaired(w, of, verdicts, err));
    }
    *helps = is_any_better(of, &assessment->judgements[first], verdicts);
    for (size_t j = 0; j < count && *helps; j++)
        VG_TRY(add_change(&w->changes, home, &assessment->judgements[first + j], verdicts[j], err));
    return VG_OK;
}

/* ---- other subjects that the commands change -------------------------------------------------------------------------------- */

/* What an action changes of the subjects that it does not repair: by its controls, and by what it repairs. */
typedef struct {
    const vg_control **controls; /* that say `also` */
    size_t control_count;
    bool *is_repaired; /* by subject */
    vg_map *repaired;  /* account -> how many subjects of it are repaired */
    vg_reach reach;
} action_reach;

static const vg_value *also_of(const vg_control *control)
{
    return vg_get(control->header.doc.root, VG_STR("also"));
}

static vg_reach reach_of(const vg_control *control)
{
    vg_str name = vg_get_str(control->header.doc.root, "reach");
    return vg_str_is(name, "organization") ? VG_REACH_ORGANIZATION
           : vg_str_is(name, "target")     ? VG_REACH_TARGET
                                           : VG_REACH_ACCOUNT;
}

static vg_status find_reach(const weigher *w, const uint32_t *judgements, size_t count, action_reach *out,
                            vg_error *err)
{
    const vg_assessment *assessment = w->homes->assessment;
    *out = (action_reach){.controls = VG_NEW_N(w->scratch, const vg_control *, count + 1),
                          .is_repaired = VG_NEW_N(w->scratch, bool, assessment->subject_count + 1),
                          .repaired = vg_map_new(w->scratch, 0)};
    if (!out->controls || !out->is_repaired || !out->repaired)
        return no_memory(err);
    for (size_t i = 0; i < count; i++) {
        const vg_judgement *judgement = &assessment->judgements[judgements[i]];
        const vg_control *control = &assessment->content->controls[judgement->control];
        size_t known = 0;
        while (known < out->control_count && out->controls[known] != control)
            known++;
        if (!also_of(control))
            continue;
        if (known == out->control_count)
            out->controls[out->control_count++] = control;
        out->reach = reach_of(control);
        if (out->is_repaired[judgement->subject])
            continue;
        out->is_repaired[judgement->subject] = true;
        vg_map_entry *entry =
            vg_map_put(out->repaired, assessment->subjects[judgement->subject].resource.account, NULL);
        if (!entry)
            return no_memory(err);
        entry->value.u64++;
    }
    return VG_OK;
}

/* *properties becomes NULL when the subject goes; *touches says whether anything is said of it. */
static vg_status patch_reached(const weigher *w, const action_reach *reach, const vg_resource *resource,
                               int64_t times, const vg_value **properties, bool *touches, vg_error *err)
{
    vg_doc doc = {0};
    *touches = false;
    for (size_t i = 0; i < reach->control_count; i++) {
        const vg_value *patch = vg_get(also_of(reach->controls[i]), resource->type);
        if (!patch)
            continue;
        if (!*touches)
            VG_TRY(vg_json_read(w->scratch, resource->properties, resource->id, NULL, &doc, err));
        *properties = *touches ? *properties : doc.root;
        *touches = true;
        if (patch->kind == VG_NULL)
            *properties = NULL;
        else if (*properties)
            VG_TRY(vg_patch_properties(patch, *properties,
                                       &(vg_patch_how){times, reach->reach != VG_REACH_ORGANIZATION},
                                       w->scratch, properties, err));
    }
    return VG_OK;
}

static vg_status reach_subject(weigher *w, const action_reach *reach, size_t number, vg_error *err)
{
    const vg_assessment *assessment = w->homes->assessment;
    const vg_resource *resource = &assessment->subjects[number].resource;
    const vg_map_entry *repaired = vg_map_get(reach->repaired, resource->account);
    size_t first = w->homes->first_judgement[number], count = w->homes->first_judgement[number + 1] - first;
    const vg_value *properties = NULL;
    bool touches, is_near = repaired || reach->reach != VG_REACH_ACCOUNT;
    if (reach->is_repaired[number] || !is_near || resource->properties.len == 0)
        return VG_OK;
    VG_TRY(patch_reached(w, reach, resource, repaired ? (int64_t)repaired->value.u64 : 1, &properties,
                         &touches, err));
    uint8_t *verdicts = touches ? VG_NEW_N(w->scratch, uint8_t, count + 1) : NULL;
    if (!touches)
        return VG_OK;
    if (!verdicts)
        return no_memory(err);
    memset(verdicts, GONE, count);
    if (properties)
        VG_TRY(judge_all(w, number, properties, verdicts, err));
    for (size_t j = 0; j < count; j++)
        VG_TRY(add_change(&w->reached, w->homes->home_of[number], &assessment->judgements[first + j],
                          verdicts[j], err));
    return VG_OK;
}

static vg_status reach_others(weigher *w, vg_repair *out, vg_error *err)
{
    const vg_assessment *assessment = w->homes->assessment;
    action_reach reach;
    VG_TRY(find_reach(w, out->judgements, out->judgement_count, &reach, err));
    for (size_t i = 0; i < assessment->subject_count && reach.control_count > 0; i++)
        VG_TRY(reach_subject(w, &reach, i, err));
    out->reach = reach.reach;
    return VG_OK;
}

/* ---- one action ---------------------------------------------------------------------------------------------------------------------- */

static int compare_changes(const void *left, const void *right)
{
    const vg_change *a = left, *b = right;
    if (a->home != b->home)
        return a->home < b->home ? -1 : 1;
    return a->control < b->control ? -1 : a->control > b->control;
}

/* Sorted, with those of one home and control added up. */
static size_t add_up(vg_change *changes, size_t count)
{
    size_t kept = 0;
    if (count > 1)
        qsort(changes, count, sizeof *changes, compare_changes);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && compare_changes(&changes[kept - 1], &changes[i]) == 0) {
            for (size_t v = 0; v < 5; v++)
                changes[kept - 1].change.of[v] += changes[i].change.of[v];
        } else {
            changes[kept++] = changes[i];
        }
    }
    return kept;
}

static vg_status keep_changes(weigher *w, vg_vec *from, const vg_change **out, size_t *count, vg_error *err)
{
    size_t kept = add_up(from->items, from->len);
    vg_change *changes = VG_NEW_N(w->arena, vg_change, kept + 1);
    if (!changes)
        return no_memory(err);
    if (kept)
        memcpy(changes, from->items, kept * sizeof *changes);
    *out = changes;
    *count = kept;
    return VG_OK;
}

/* `judgements` are in their order, so that those of a subject stand together. */
static vg_status weigh_action(weigher *w, const vg_judgement *const *judgements, size_t count, vg_repair *out,
                              vg_error *err)
{
    const vg_assessment *assessment = w->homes->assessment;
    vg_arena_reset(w->scratch);
    w->cache = vg_map_new(w->scratch, 0);
    w->changes = vg_vec_in(w->scratch, sizeof(vg_change));
    w->reached = vg_vec_in(w->scratch, sizeof(vg_change));
    uint32_t *repaired = VG_NEW_N(w->arena, uint32_t, count);
    if (!w->cache || !repaired)
        return no_memory(err);
    *out = (vg_repair){.judgements = repaired};
    for (size_t i = 0, same; i < count; i += same) {
        bool helps;
        for (same = 0; i + same < count && judgements[i + same]->subject == judgements[i]->subject; same++)
            repaired[out->judgement_count + same] = (uint32_t)(judgements[i + same] - assessment->judgements);
        VG_TRY(repair_subject(w, &(repaired_subject){judgements + i, same}, &helps, err));
        out->judgement_count += helps ? same : 0;
    }
    VG_TRY(reach_others(w, out, err));
    VG_TRY(keep_changes(w, &w->changes, &out->changes, &out->count, err));
    return keep_changes(w, &w->reached, &out->reached, &out->reached_count, err);
}

/* Of each control, the first that the same action repairs: itself, when there is none before it. */
static void name_actions(const vg_content *content, uint32_t *action_of)
{
    for (size_t c = 0; c < content->control_count; c++) {
        size_t first = 0;
        while (first < c && !is_same_action(&content->controls[first], &content->controls[c]))
            first++;
        action_of[c] = (uint32_t)first;
    }
}

/* Judgements to repair, by action: counted, then placed. */
static vg_status group(const vg_assessment *assessment, const uint32_t *action_of, vg_arena *scratch,
                       const vg_judgement ***out, size_t **firsts, vg_error *err)
{
    size_t controls = assessment->content->control_count, total = 0;
    size_t *first = VG_NEW_N(scratch, size_t, controls + 2);
    if (!first)
        return no_memory(err);
    for (size_t j = 0; j < assessment->judgement_count; j++)
        if (is_repairable(assessment, &assessment->judgements[j])) {
            first[action_of[assessment->judgements[j].control] + 2]++;
            total++;
        }
    for (size_t c = 1; c < controls + 2; c++)
        first[c] += first[c - 1];
    const vg_judgement **grouped = VG_NEW_N(scratch, const vg_judgement *, total + 1);
    if (!grouped)
        return no_memory(err);
    for (size_t j = 0; j < assessment->judgement_count; j++)
        if (is_repairable(assessment, &assessment->judgements[j]))
            grouped[first[action_of[assessment->judgements[j].control] + 1]++] = &assessment->judgements[j];
    *out = grouped;
    *firsts = first;
    return VG_OK;
}

vg_status vg_repairs_build(const vg_homes *homes, vg_arena *arena, const vg_repair **out, vg_error *err)
{
    const vg_content *content = homes->assessment->content;
    size_t controls = content->control_count;
    vg_arena *scratch = vg_arena_new(0), *lists = vg_arena_new(0);
    vg_repair *repairs = VG_NEW_N(arena, vg_repair, controls + 1);
    uint32_t *action_of = VG_NEW_N(arena, uint32_t, controls + 1);
    const vg_judgement **grouped = NULL;
    size_t *first = NULL;
    vg_status status = scratch && lists && repairs && action_of ? VG_OK : no_memory(err);
    weigher w = {.homes = homes, .arena = arena, .scratch = scratch};
    if (status == VG_OK) {
        name_actions(content, action_of);
        status = group(homes->assessment, action_of, lists, &grouped, &first, err);
    }
    for (size_t c = 0; c < controls && status == VG_OK; c++) {
        w.is_shared = false;
        for (size_t other = c + 1; other < controls; other++)
            w.is_shared = w.is_shared || action_of[other] == c;
        if (first[c + 1] > first[c])
            status = weigh_action(&w, grouped + first[c], first[c + 1] - first[c], &repairs[c], err);
        repairs[c].action = action_of[c];
    }
    vg_arena_free(scratch);
    vg_arena_free(lists);
    *out = repairs;
    return status;
}
