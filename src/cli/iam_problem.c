/* iam_problem.c: an answer that is not known is so for a reason that somebody can see to: a policy that AWS would refuse, one
 * that no export holds. A world lists them; here those are picked that stand in the way of one answer. */
#include "cli/iam_problem.h"

enum { MOST_SAID = 20 };

vg_status vg_iam_problems_open(vg_arena *arena, const vg_world *world, vg_iam_problems *out, vg_error *err)
{
    *out = (vg_iam_problems){.world = world,
                             .places = {.arena = arena},
                             .texts = VG_NEW_N(arena, vg_str, world->problem_count + 1),
                             .told = VG_NEW_N(arena, bool, world->problem_count + 1)};
    if (!out->texts || !out->told)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    memset(out->texts, 0, (world->problem_count + 1) * sizeof *out->texts);
    memset(out->told, 0, (world->problem_count + 1) * sizeof *out->told);
    return VG_OK;
}

/* ---- which concern an answer ----------------------------------------------------------------------------------------- */

/* Whether the name stands in a list such as "SecurityAudit, group ops". */
static bool is_listed(vg_str list, vg_str name)
{
    for (vg_str piece; vg_str_next(&list, ',', &piece);)
        if (vg_str_eq(vg_str_trim(piece), name))
            return true;
    return false;
}

/* "trust policy of role/ci" */
static bool is_trust_of(vg_str subject, vg_str arn)
{
    vg_str of = VG_STR(" of ");
    size_t at = vg_str_find(subject, of);
    return at != VG_NPOS && vg_str_ends(arn, vg_str_sub(subject, at + of.len, VG_NPOS));
}

static bool concerns_caller(const vg_world_problem *p, const vg_world_caller *caller)
{
    const vg_world_principal *who = caller ? caller->principal : NULL;
    size_t slash = vg_str_rfind_char(p->subject, '/');
    vg_str name = slash == VG_NPOS ? p->subject : vg_str_sub(p->subject, slash + 1, VG_NPOS);
    return who && (vg_str_eq(p->subject, who->arn) || is_listed(who->missing, name) ||
                   is_listed(who->missing, p->subject));
}

bool vg_iam_problem_concerns(const vg_world *world, const vg_world_problem *problem,
                             const vg_iam_answer *answer)
{
    if (concerns_caller(problem, answer->caller))
        return true;
    const vg_world_target *target = answer->target;
    vg_policy_kind kind = problem->refused ? problem->refused->kind : VG_POLICY_IDENTITY;
    if (kind == VG_POLICY_TRUST)
        return target && is_trust_of(problem->subject, target->arn);
    if (kind == VG_POLICY_SCP || kind == VG_POLICY_RCP)
        return (answer->unknown & (kind == VG_POLICY_SCP ? VG_BY_SCP : VG_BY_RCP)) != 0;
    bool of_organization = vg_str_is(problem->subject, "organization") ||
                           vg_str_starts(problem->subject, VG_STR("p-")) ||
                           (problem->subject.len > 0 && vg_str_eq(problem->subject, world->organization_id));
    return of_organization ? (answer->unknown & (VG_BY_SCP | VG_BY_RCP)) != 0
                           : target && target->resource &&
                                 vg_str_find(problem->subject, target->resource->arn) != VG_NPOS;
}

vg_str vg_iam_problem_next(vg_iam_problems *problems, const vg_iam_answer *answer, size_t *index)
{
    for (; *index < problems->world->problem_count; (*index)++) {
        size_t i = *index;
        const vg_world_problem *problem = &problems->world->problems[i];
        if (!vg_iam_problem_concerns(problems->world, problem, answer))
            continue;
        if (!problems->texts[i].ptr)
            problems->texts[i] = vg_iam_problem_text(&problems->places, problem);
        problems->told[i] = true;
        (*index)++;
        return problems->texts[i];
    }
    return (vg_str){0};
}

/* ---- telling --------------------------------------------------------------------------------------------------------- */

void vg_iam_problems_write(vg_iam_problems *problems, const vg_iam_answer *answer, vg_json_writer *w)
{
    vg_str text;
    vg_json_array(w);
    for (size_t i = 0; (text = vg_iam_problem_next(problems, answer, &i)).ptr;)
        vg_json_string(w, text);
    vg_json_end_array(w);
}

vg_str vg_iam_problems_json(vg_iam_problems *problems, const vg_iam_answer *answer, vg_arena *arena)
{
    vg_buf text = {0};
    vg_json_writer w = vg_json_writer_to(&text, 0);
    if (!answer)
        return VG_STR("[]");
    vg_iam_problems_write(problems, answer, &w);
    vg_str out = text.failed ? (vg_str){0} : vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return out;
}

void vg_iam_problems_say(const vg_iam_problems *problems, vg_cli *cli)
{
    size_t said = 0;
    for (size_t i = 0; i < problems->world->problem_count; i++)
        if (problems->told[i] && said++ < MOST_SAID)
            vg_cli_say(cli, "not known: %.*s", VG_ARG(problems->texts[i]));
    if (said > MOST_SAID)
        vg_cli_say(cli, "and %zu more that is not known", said - MOST_SAID);
}
