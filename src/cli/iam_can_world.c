/* iam_can_world.c: `vigil iam can PRINCIPAL ACTION RESOURCE`: one request over evidence, and why it is decided so.
 *
 * The context is open: what evidence tells is known, what --context gives is known, all else may be anything. So the answer
 * is Allowed or denied only when nothing that is not known could change it. */
#include "cli/cli_parts.h"
#include "cli/iam_problem.h"
#include "cli/iam_world.h"

#include "report/report.h"

/* ---- --context ------------------------------------------------------------------------------------------------------------ */

typedef struct {
    vg_context_entry *entries;
    size_t count;
} given_context;

static vg_context_entry *entry_named(given_context *given, vg_str key)
{
    for (size_t i = 0; i < given->count; i++)
        if (vg_str_eq_icase(given->entries[i].key, key))
            return &given->entries[i];
    given->entries[given->count] = (vg_context_entry){.key = key, .state = VG_CONTEXT_ABSENT};
    return &given->entries[given->count++];
}

/* KEY=VALUE; a key given again is a list, and KEY= says that the request does not have it. */
static vg_status read_context(vg_cli *cli, given_context *given, vg_error *err)
{
    const vg_str *texts;
    size_t count = vg_cli_values(cli, "context", &texts);
    given->entries = VG_NEW_N(cli->arena, vg_context_entry, count + 1);
    vg_str *values = VG_NEW_N(cli->arena, vg_str, (count + 1) * (count + 1));
    if (!given->entries || !values)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        vg_str key, value;
        if (!vg_str_split(texts[i], '=', &key, &value) || key.len == 0)
            return vg_fail(err, VG_ERR_USAGE, "--context takes KEY=VALUE, such as aws:SourceVpc=vpc-1");
        vg_context_entry *entry = entry_named(given, key);
        vg_str *list = values + (size_t)(entry - given->entries) * (count + 1);
        if (value.len == 0)
            continue;
        list[entry->value_count++] = value;
        entry->values = list;
        entry->state = VG_CONTEXT_PRESENT;
        entry->multi = entry->value_count > 1;
    }
    return VG_OK;
}

/* ---- one question --------------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_cli *cli;
    const vg_world *world;
    vg_world_caller caller;
    vg_world_target target;
    vg_layers layers;
    vg_request request;
    vg_explanation why;
    vg_iam_problems problems;
} question;

static vg_status answer(question *q, const vg_str words[3], vg_error *err)
{
    given_context given = {0};
    vg_world_scratch *scratch = VG_NEW(q->cli->arena, vg_world_scratch);
    if (!scratch)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    VG_TRY(read_context(q->cli, &given, err));
    VG_TRY(vg_iam_world(q->cli, &words[2], 1, &q->world, err));
    VG_TRY(vg_access_find_caller(q->world, q->cli->arena, words[0], &q->caller, err));
    VG_TRY(vg_iam_problems_open(q->cli->arena, q->world, &q->problems, err));
    q->target = vg_world_target_of(q->world, words[2]);
    vg_world_layers(q->world, &q->caller, &q->target, &q->layers);
    vg_world_request(q->world, &q->caller, &q->target, words[1], given.entries, given.count, scratch,
                     &q->request);
    return vg_policy_explain(q->cli->arena, &q->request, &q->layers, &q->why, err);
}

/* ---- the statements ------------------------------------------------------------------------------------------------------------------- */

/* What names the object of the export that holds the statement: the principal, the resource, the policy. */
static vg_place place_of(question *q, const vg_deciding_statement *s)
{
    vg_str name = vg_policy_document_of(s->policy)->name;
    size_t slash = vg_str_rfind_char(name, '/'), open = vg_str_rfind_char(name, '(');
    vg_str last = slash == VG_NPOS ? (vg_str){0} : vg_str_sub(name, slash + 1, VG_NPOS);
    vg_str id = open == VG_NPOS ? (vg_str){0} : vg_str_sub(name, open + 1, name.len - open - 2);
    vg_str resource = q->target.resource ? q->target.resource->arn : (vg_str){0};
    /* "inline policy p of role/ci" stands in the object of ci, a managed or organisation's policy in its own. */
    const vg_str own[] = {last}, others[] = {name, id, resource};
    return last.len > 0 && s->layer == VG_BY_IDENTITY
               ? vg_iam_place(&q->problems.places, s->policy, s->statement, own, VG_COUNT(own))
               : vg_iam_place(&q->problems.places, s->policy, s->statement, others, VG_COUNT(others));
}

static vg_str place_text(question *q, const vg_deciding_statement *s)
{
    vg_place place = place_of(q, s);
    vg_arena *arena = q->cli->arena;
    if (place.line == 0)
        return place.file;
    return place.column ? vg_arena_printf(arena, "%.*s:%u:%u", VG_ARG(place.file), place.line, place.column)
                        : vg_arena_printf(arena, "%.*s:%u", VG_ARG(place.file), place.line);
}

/* "ReadLogs", or the statement's number where it has no Sid. */
static vg_str statement_name(vg_arena *arena, const vg_deciding_statement *s)
{
    vg_str sid = vg_policy_document_of(s->policy)->statements[s->statement].sid;
    return sid.len ? sid : vg_arena_printf(arena, "statement %u", s->statement + 1);
}

static vg_str level_name(const question *q, const vg_deciding_statement *s)
{
    if (s->layer == VG_BY_SCP && s->level < q->layers.scp_count)
        return q->layers.scps[s->level].name;
    if (s->layer == VG_BY_RCP && s->level < q->layers.rcp_count)
        return q->layers.rcps[s->level].name;
    return VG_STR("");
}

/* "StringEquals aws:SourceVpc vpc-1, vpc-2" */
static vg_str condition_text(vg_arena *arena, const vg_policy_condition *c)
{
    vg_buf text = {0};
    vg_buf_addf(&text, "%.*s %.*s", VG_ARG(c->op_text), VG_ARG(c->key));
    for (size_t i = 0; i < c->value_count; i++)
        vg_buf_addf(&text, "%s%.*s", i ? ", " : " ", VG_ARG(c->values[i]));
    vg_str out = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return out;
}

static vg_str conditions_text(vg_arena *arena, const vg_deciding_statement *s)
{
    vg_buf text = {0};
    for (size_t i = 0; i < s->unresolved_count; i++)
        vg_buf_addf(&text, "%s%.*s", i ? "; " : "", VG_ARG(condition_text(arena, s->unresolved[i])));
    vg_str out = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return out;
}

static const char *effect_name(const vg_deciding_statement *s)
{
    bool sure = s->match == VG_MATCH_YES;
    return s->effect == VG_EFFECT_DENY ? (sure ? "denies" : "may deny") : (sure ? "allows" : "may allow");
}

static void print_indented(vg_cli *cli, const char *lead, vg_str text)
{
    vg_buf safe = {0};
    vg_report_safe(&safe, text);
    if (text.len)
        fprintf(cli->out, "           %s%.*s\n", lead, VG_ARG(vg_buf_str(&safe)));
    vg_buf_free(&safe);
}

/* "scp        at Workloads may deny: only-our-regions (p-1), OnlyOurRegions", its place, and what it depends on. */
static void print_statement(question *q, const vg_deciding_statement *s)
{
    vg_arena *arena = q->cli->arena;
    vg_str level = level_name(q, s);
    vg_str line = vg_arena_printf(
        arena, "%s%.*s%s%s: %.*s, %.*s", level.len ? "at " : "", VG_ARG(level), level.len ? " " : "",
        effect_name(s), VG_ARG(vg_policy_document_of(s->policy)->name), VG_ARG(statement_name(arena, s)));
    vg_iam_print(q->cli, vg_layer_bit_name(s->layer), line);
    print_indented(q->cli, "", place_text(q, s));
    print_indented(q->cli, "if ", conditions_text(arena, s));
}

static bool has_statement(const question *q, unsigned layer, size_t level)
{
    for (size_t i = 0; i < q->why.statement_count; i++)
        if (q->why.statements[i].layer == layer && q->why.statements[i].level == level)
            return true;
    return false;
}

static void print_silent(question *q, unsigned bit, size_t level, const vg_layer *layer, bool by_level)
{
    if (layer->state == VG_LAYER_NONE || has_statement(q, bit, level))
        return;
    const char *says =
        layer->state == VG_LAYER_UNKNOWN ? "was not collected" : "has no statement that matches";
    vg_iam_print(q->cli, vg_layer_bit_name(bit),
                 vg_arena_printf(q->cli->arena, "%s%.*s%s%s", by_level && layer->name.len ? "at " : "",
                                 VG_ARG(by_level ? layer->name : VG_STR("")),
                                 by_level && layer->name.len ? " " : "", says));
}

/* Every statement that matches, in AWS's order, and then the layers that have none. */
static void print_statements(question *q)
{
    fputc('\n', q->cli->out);
    for (size_t i = 0; i < q->why.statement_count; i++)
        print_statement(q, &q->why.statements[i]);
    for (size_t i = 0; i < q->layers.rcp_count; i++) /* which deny, or say nothing */
        if (q->layers.rcps[i].state == VG_LAYER_UNKNOWN)
            print_silent(q, VG_BY_RCP, i, &q->layers.rcps[i], true);
    for (size_t i = 0; i < q->layers.scp_count && !q->layers.caller_in_management_account; i++)
        print_silent(q, VG_BY_SCP, i, &q->layers.scps[i], true);
    print_silent(q, VG_BY_RESOURCE, 0, &q->layers.resource, false);
    print_silent(q, VG_BY_IDENTITY, 0, &q->layers.identity, false);
    print_silent(q, VG_BY_BOUNDARY, 0, &q->layers.boundary, false);
}

/* ---- writing -------------------------------------------------------------------------------------------------------------------------- */

/* What a denial means: who denied, or who would have had to allow. */
static vg_str blocked_text(const question *q)
{
    vg_arena *arena = q->cli->arena;
    vg_str names = vg_iam_layer_names(arena, q->why.decision.blocked_by);
    if (q->why.decision.result == VG_EXPLICITLY_DENIED)
        return vg_arena_printf(arena, "denied by: %.*s", VG_ARG(names));
    if (q->why.decision.result == VG_IMPLICITLY_DENIED)
        return vg_arena_printf(arena, "not allowed by: %.*s", VG_ARG(names));
    return VG_STR("");
}

static vg_str missing_keys(const question *q)
{
    vg_buf text = {0};
    for (size_t i = 0; i < q->why.missing_key_count; i++)
        vg_buf_addf(&text, "%s%.*s", i ? ", " : "", VG_ARG(q->why.missing_keys[i]));
    vg_str out = vg_arena_str(q->cli->arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return out;
}

/* The answer, for what stands in its way. */
static vg_iam_answer answer_of(const question *q)
{
    return (vg_iam_answer){&q->caller, &q->target, q->why.decision.unknown};
}

static void print_answer(question *q)
{
    vg_cli *cli = q->cli;
    bool is_unknown = q->why.decision.result == VG_DECISION_UNKNOWN, explain = vg_cli_flag(cli, "explain");
    vg_iam_print(cli, "Result", vg_str_from(vg_decision_name(q->why.decision.result)));
    vg_iam_print(cli, "Principal", q->caller.principal ? q->caller.principal->arn : q->caller.caller.text);
    vg_iam_print(cli, "Action", q->request.action);
    vg_iam_print(cli, "Resource", q->target.arn);
    vg_iam_print(cli, "Because", blocked_text(q));
    vg_iam_print(cli, "Only if", vg_iam_residual(&q->why));
    if (q->why.decision.unless_aws_managed)
        vg_iam_print(cli, "Unless",
                     VG_STR("AWS manages the key, which no RCP binds: not collected (aws kms describe-key)"));
    if (q->why.decision.unless_grant)
        vg_iam_print(cli, "Unless", VG_STR("a grant of the key allows it: grants were not collected"));
    if (is_unknown || explain)
        vg_iam_print(cli, "Not known", vg_iam_uncollected(cli->arena, &q->caller, &q->layers));
    if (is_unknown || explain)
        vg_iam_print(cli, "Lacks", missing_keys(q));
    const vg_iam_answer about = answer_of(q);
    vg_str problem;
    for (size_t i = 0; is_unknown && (problem = vg_iam_problem_next(&q->problems, &about, &i)).ptr;)
        vg_iam_print(cli, "To know", problem);
    for (size_t i = 0; explain && i < q->why.note_count; i++)
        vg_iam_print(cli, "Note", vg_str_from(q->why.notes[i]));
    if (explain)
        print_statements(q);
}

static void write_statement(question *q, vg_json_writer *w, const vg_deciding_statement *s)
{
    const vg_policy_document *document = vg_policy_document_of(s->policy);
    vg_place place = place_of(q, s);
    vg_json_object(w);
    vg_json_put_str(w, "layer", vg_str_from(vg_layer_bit_name(s->layer)));
    vg_json_put_str(w, "level", level_name(q, s));
    vg_json_put_str(w, "policy", document->name);
    vg_json_put_i64(w, "statement", (int64_t)s->statement + 1);
    vg_json_put_str(w, "sid", document->statements[s->statement].sid);
    vg_json_put_str(w, "file", place.file);
    if (place.line > 0)
        vg_json_put_i64(w, "line", place.line);
    vg_json_put_str(w, "effect", s->effect == VG_EFFECT_DENY ? VG_STR("Deny") : VG_STR("Allow"));
    vg_json_put_bool(w, "certain", s->match == VG_MATCH_YES);
    vg_json_key(w, "if");
    vg_json_array(w);
    for (size_t i = 0; i < s->unresolved_count; i++)
        vg_json_string(w, condition_text(q->cli->arena, s->unresolved[i]));
    vg_json_end_array(w);
    vg_json_end_object(w);
}

static vg_status write_answer(question *q, vg_error *err)
{
    vg_buf text = {0};
    vg_json_writer writer = vg_json_writer_to(&text, 2), *w = &writer;
    vg_json_object(w);
    vg_json_put_str(w, "principal", q->caller.principal ? q->caller.principal->arn : q->caller.caller.text);
    vg_json_put_str(w, "action", q->request.action);
    vg_json_put_str(w, "resource", q->target.arn);
    vg_json_put_str(w, "result", vg_str_from(vg_decision_name(q->why.decision.result)));
    vg_iam_write_layers(w, "blockedBy", q->why.decision.blocked_by);
    vg_iam_write_layers(w, "unknown", q->why.decision.unknown);
    vg_json_put_bool(w, "unlessAwsManaged", q->why.decision.unless_aws_managed);
    vg_json_put_bool(w, "unlessGrant", q->why.decision.unless_grant);
    vg_json_put_str(w, "residual", q->why.residual);
    vg_json_put_str(w, "notCollected", vg_iam_uncollected(q->cli->arena, &q->caller, &q->layers));
    vg_json_key(w, "missingKeys");
    vg_json_array(w);
    for (size_t i = 0; i < q->why.missing_key_count; i++)
        vg_json_string(w, q->why.missing_keys[i]);
    vg_json_end_array(w);
    vg_json_key(w, "problems");
    const vg_iam_answer about = answer_of(q);
    vg_iam_problems_write(&q->problems, &about, w);
    if (vg_cli_flag(q->cli, "explain")) {
        vg_json_key(w, "statements");
        vg_json_array(w);
        for (size_t i = 0; i < q->why.statement_count; i++)
            write_statement(q, w, &q->why.statements[i]);
        vg_json_end_array(w);
        vg_json_key(w, "notes");
        vg_json_array(w);
        for (size_t i = 0; i < q->why.note_count; i++)
            vg_json_string(w, vg_str_from(q->why.notes[i]));
        vg_json_end_array(w);
    }
    vg_json_end_object(w);
    vg_buf_add_char(&text, '\n');
    bool failed = text.failed;
    if (!failed)
        failed = !vg_cli_print(q->cli, vg_buf_str(&text));
    vg_buf_free(&text);
    return failed ? vg_fail(err, VG_ERR_MEMORY, "out of memory") : VG_OK;
}

int vg_iam_can_world(vg_cli *cli)
{
    static const int codes[] = {[VG_ALLOWED] = VG_EXIT_OK,
                                [VG_EXPLICITLY_DENIED] = VG_EXIT_FINDINGS,
                                [VG_IMPLICITLY_DENIED] = VG_EXIT_FINDINGS,
                                [VG_DECISION_UNKNOWN] = VG_EXIT_PARTIAL};
    const vg_str *words;
    vg_error err = {0};
    question q = {.cli = cli};
    if (vg_cli_arguments(cli, &words) != 3)
        return vg_cli_usage(cli, "name who, what and on what: PRINCIPAL ACTION RESOURCE");
    if (vg_iam_check_words(words[1], words[2], &err) != VG_OK || answer(&q, words, &err) != VG_OK)
        return vg_cli_error(cli, &err);
    vg_iam_warn_action(cli, q.world, words[1]);
    vg_status status = VG_OK;
    if (vg_cli_choice(cli, "format") == 1)
        status = write_answer(&q, &err);
    else
        print_answer(&q);
    return status == VG_OK ? codes[q.why.decision.result] : (int)vg_cli_error(cli, &err);
}
