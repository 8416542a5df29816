/* import_part.c: one answer becomes one part: the envelope is opened, the operation recognised, errors understood, and
 * the table's resources and relations read out.
 *
 * Recognition is by content: the shape of the answer. Where operations answer alike, what the envelope says decides,
 * then the operation's name or parameter in the path. A part of the organisation whose management account nothing says
 * yet waits until every file was seen. */
#include "evidence/import_call.h"

#include <ctype.h>

static const char ENVELOPE[] = "envelope/1";

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
}

vg_status import_refuse(vg_arena *arena, import_part *part, vg_ledger_outcome outcome, const char *format,
                        ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    part->outcome = outcome;
    part->reason = vg_arena_str(arena, vg_str_from(text));
    part->complete = part->waits = false;
    part->resources.len = part->relations.len = part->findings.len = part->policies.refused.len = 0;
    return VG_OK;
}

/* ---- emitting by the table ------------------------------------------------------------------------------------------------------ */

/* Canonical JSON of the properties, in the arena; "{}" when nothing has a value. */
static vg_str write_properties(vg_arena *arena, const import_expr *properties, import_view_of *view,
                               vg_buf *scratch)
{
    vg_buf_clear(scratch);
    bool is_object = import_expr_write(properties, view, scratch) && scratch->len && scratch->ptr[0] == '{';
    if (scratch->failed)
        return (vg_str){0};
    return is_object ? vg_arena_str(arena, vg_buf_str(scratch)) : VG_STR("{}");
}

static vg_str origin_of(vg_arena *arena, const import_call *call)
{
    return call->line ? vg_arena_printf(arena, "%.*s:%u", VG_ARG(call->path), call->line) : call->path;
}

/* Account and region: what the resource's own expressions and ARN say, else the call's. */
static void place_resource(const import_resource *rule, const import_view_of *view, vg_resource *out)
{
    const import_call *call = view->call;
    vg_arn arn;
    bool is_regional = call->operation && call->operation->scope == IMPORT_REGION;
    out->account = call->account;
    out->region = is_regional ? call->region : VG_STR("");
    if (rule->arn && vg_arn_parse(import_expr_text(rule->arn, view), &arn)) {
        out->account = arn.account.len ? arn.account : out->account;
        out->region = is_regional && arn.region.len ? arn.region : out->region;
    }
    vg_str account = import_expr_text(rule->account, view), region = import_expr_text(rule->region, view);
    out->account = vg_is_account_id(account) ? account : out->account;
    out->region = region.len ? region : out->region;
}

vg_status import_emit(vg_arena *arena, const import_resource *rule, import_view_of *view, import_part *part,
                      vg_error *err)
{
    bool is_out = (rule->when && !import_expr_text(rule->when, view).len) ||
                  (rule->unless && import_expr_text(rule->unless, view).len);
    if (is_out)
        return VG_OK;
    vg_resource resource = {
        .type = rule->type,
        .id = import_expr_text(rule->id, view),
        .name = import_expr_text(rule->name, view),
        .observed = part->call.time,
        .source = part->call.operation->name,
        .origin = origin_of(arena, &part->call),
    };
    place_resource(rule, view, &resource);
    if (!resource.id.len)
        return VG_OK;
    part->policies.subject = resource.id;
    resource.properties = write_properties(arena, rule->properties, view, &part->scratch);
    vg_resource *place = vg_vec_push(&part->resources);
    if (!place || !resource.properties.ptr)
        return out_of_memory(err);
    *place = resource;
    return VG_OK;
}

typedef struct {
    vg_arena *arena;
    import_part *part;
    const import_resource *resource;
    const import_relation *relation;
} emit_context;

static vg_status emit_one(void *context, import_view_of *view, vg_error *err)
{
    emit_context *emit = context;
    return import_emit(emit->arena, emit->resource, view, emit->part, err);
}

/* Type and account of one end of a relation. An id of the organisation says its own type. */
static void place_end(const import_expr *type, vg_str id, const import_view_of *view, vg_str *out_type,
                      vg_str *out_account)
{
    *out_account = view->call->account;
    if (type) {
        *out_type = import_expr_text(type, view);
    } else if (vg_is_account_id(id)) {
        *out_type = VG_STR("Vigil::Organization::Account");
        *out_account = id;
    } else {
        *out_type = vg_str_starts(id, VG_STR("r-")) ? VG_STR("Vigil::Organization::Root")
                                                    : VG_STR("Vigil::Organization::OrganizationalUnit");
    }
}

static vg_status relate_one(void *context, import_view_of *view, vg_error *err)
{
    emit_context *emit = context;
    const import_relation *rule = emit->relation;
    vg_relation relation = {
        .from_id = import_expr_text(rule->from.id, view),
        .kind = rule->kind,
        .to_id = import_expr_text(rule->to.id, view),
        .from_region = VG_STR(""),
        .to_region = VG_STR(""),
    };
    if (!relation.from_id.len || !relation.to_id.len)
        return VG_OK;
    place_end(rule->from.type, relation.from_id, view, &relation.from_type, &relation.from_account);
    place_end(rule->to.type, relation.to_id, view, &relation.to_type, &relation.to_account);
    vg_relation *place = vg_vec_push(&emit->part->relations);
    if (!place)
        return out_of_memory(err);
    *place = relation;
    return VG_OK;
}

static vg_status read_table(vg_arena *arena, import_view_of *view, import_part *part, vg_error *err)
{
    const import_operation *operation = part->call.operation;
    for (size_t i = 0; i < operation->resource_count; i++) {
        emit_context emit = {arena, part, &operation->resources[i], NULL};
        VG_TRY(import_path_each(&operation->resources[i].of, view, emit_one, &emit, err));
    }
    for (size_t i = 0; i < operation->relation_count; i++) {
        emit_context emit = {arena, part, NULL, &operation->relations[i]};
        VG_TRY(import_path_each(&operation->relations[i].of, view, relate_one, &emit, err));
    }
    return VG_OK;
}

/* AWS knows that there is none: resources that can be absent say so. */
static vg_status emit_absent(vg_arena *arena, import_view_of *view, import_part *part, vg_error *err)
{
    const import_operation *operation = part->call.operation;
    for (size_t i = 0; i < operation->resource_count; i++) {
        import_resource rule = operation->resources[i];
        if (!rule.absent)
            continue;
        rule.properties = rule.absent;
        rule.id = rule.absent_id ? rule.absent_id : rule.id;
        rule.name = rule.arn = rule.account = NULL;
        VG_TRY(import_emit(arena, &rule, view, part, err));
    }
    return VG_OK;
}

/* ---- errors of AWS ---------------------------------------------------------------------------------------------------------------- */

/* "An error occurred (AccessDenied) when calling the GetAccountSummary operation: ..." gives code and operation. */
static bool split_error(vg_str text, vg_str *code, vg_str *operation)
{
    static const vg_str before_code = VG_STR_INIT("An error occurred ("),
                        between = VG_STR_INIT(") when calling the ");
    size_t start = vg_str_find(text, before_code);
    if (start == VG_NPOS)
        return false;
    vg_str rest = vg_str_sub(text, start + before_code.len, VG_NPOS);
    size_t middle = vg_str_find(rest, between);
    if (middle == VG_NPOS)
        return false;
    *code = vg_str_sub(rest, 0, middle);
    vg_str tail = vg_str_sub(rest, middle + between.len, VG_NPOS);
    *operation = vg_str_sub(tail, 0, vg_str_find_char(tail, ' '));
    return true;
}

static bool is_listed(const vg_str *codes, size_t count, vg_str code)
{
    for (size_t i = 0; i < count; i++)
        if (vg_str_eq(codes[i], code))
            return true;
    return false;
}

static const import_error_code *find_code(const vg_import_rules *rules, vg_str code)
{
    for (size_t i = 0; i < rules->error_count; i++)
        if (vg_str_eq(rules->errors[i].code, code))
            return &rules->errors[i];
    return NULL;
}

static vg_status read_error(const import_world *world, vg_arena *arena, vg_str text, import_part *part,
                            vg_error *err)
{
    vg_str code = {0}, named = {0};
    const import_operation *operation = part->call.operation;
    split_error(text, &code, &named);
    const import_error_code *known = find_code(world->rules, code);
    bool is_absent = is_listed(operation->absent, operation->absent_count, code) || (known && known->absent);
    vg_str first_line = vg_str_trim(text);
    first_line = vg_str_sub(first_line, 0, vg_str_find_char(first_line, '\n'));
    import_view_of view = {.arena = arena, .call = &part->call, .depth = 1};
    part->is_error = true;
    if (!import_place(world, arena, &view, part))
        return VG_OK;
    if (!is_absent)
        return import_refuse(arena, part, VG_LEDGER_NOT_ASSESSED, "%.*s%s%.*s", VG_ARG(first_line),
                             known && known->advice.len ? "; " : "",
                             VG_ARG(known ? known->advice : VG_STR("")));
    part->outcome = VG_LEDGER_ABSENT;
    part->reason = vg_arena_str(arena, first_line);
    part->complete = part->call.certain;
    VG_TRY(emit_absent(arena, &view, part, err));
    part->items = part->resources.len;
    return VG_OK;
}

/* ---- recognising ------------------------------------------------------------------------------------------------------------------- */

enum { MOST_CANDIDATES = 8 };
typedef struct {
    const import_operation *items[MOST_CANDIDATES];
    size_t count;
    import_likeness likeness;
} candidates;

/* The operations that the answer looks like most. */
static candidates find_candidates(const vg_import_rules *rules, const vg_value *value)
{
    candidates found = {.likeness = IMPORT_WEAK};
    for (size_t i = 0; i < rules->operation_count; i++) {
        const import_operation *operation = &rules->operations[i];
        import_likeness likeness = import_shape_match(&operation->shape, value);
        bool lacks = operation->bare.count && import_shape_match(&operation->bare, value) == IMPORT_UNLIKE;
        if (likeness < found.likeness || lacks)
            continue;
        if (likeness > found.likeness)
            found = (candidates){.likeness = likeness};
        if (found.count < MOST_CANDIDATES)
            found.items[found.count++] = operation;
    }
    return found;
}

static bool has_hinted(const import_operation *operation, const import_path_facts *facts)
{
    return (operation->hint == IMPORT_HINT_UNIT || operation->hint == IMPORT_HINT_TARGET) && facts->unit.len;
}

/* Of operations that answer alike: the one that the path names, else the one whose parameter stands in the path, else
 * (when the answer is no mere empty list) the one that needs none. */
static const import_operation *decide(const candidates *found, vg_str path, bool *certain)
{
    import_path_facts facts = import_path_facts_of(path, found->items, found->count);
    *certain = found->count == 1 || facts.named;
    if (found->count == 1 || facts.named)
        return facts.named ? facts.named : found->items[0];
    for (size_t i = 0; i < found->count; i++)
        if (has_hinted(found->items[i], &facts))
            return found->items[i];
    for (size_t i = 0; i < found->count && found->likeness == IMPORT_STRONG; i++)
        if (!found->items[i]->needs)
            return found->items[i];
    return NULL;
}

static vg_status refuse_ambiguous(vg_arena *arena, const candidates *found, import_part *part)
{
    vg_str names = found->items[0]->name;
    for (size_t i = 1; i < found->count; i++)
        names = vg_arena_printf(arena, "%.*s or %.*s", VG_ARG(names), VG_ARG(found->items[i]->name));
    return import_refuse(arena, part, VG_LEDGER_NOT_SUPPORTED,
                         "could be %.*s: say which by an envelope, or by the operation's name in the file's",
                         VG_ARG(names));
}

static vg_status refuse_unknown(vg_arena *arena, const vg_value *value, import_part *part)
{
    if (vg_kind_of(value) == VG_ARRAY)
        return import_refuse(
            arena, part, VG_LEDGER_NOT_SUPPORTED,
            "a list without the answer around it (--query?); export it again without --query");
    vg_items first = vg_items_of(value);
    vg_str key = vg_kind_of(value) == VG_OBJECT && vg_items_next(&first) ? first.key : VG_STR("");
    return import_refuse(arena, part, VG_LEDGER_NOT_SUPPORTED,
                         "no operation that import reads answers like this (first key '%.*s'); "
                         "docs/how-to/import.md lists what it reads",
                         VG_ARG(vg_str_sub(key, 0, 60)));
}

/* ---- reading an answer --------------------------------------------------------------------------------------------------------------- */

static bool is_set(const vg_value *value)
{
    return value && (vg_value_str(value).len > 0 || (vg_kind_of(value) == VG_BOOL && value->as.boolean));
}

static bool is_truncated(const vg_value *answer)
{
    static const char *const marks[] = {"NextToken", "nextToken", "IsTruncated", "isTruncated", "Truncated"};
    for (size_t i = 0; i < VG_COUNT(marks); i++)
        if (is_set(vg_get(answer, vg_str_from(marks[i]))))
            return true;
    return false;
}

static vg_status count_one(void *context, import_view_of *view, vg_error *err)
{
    (void)view, (void)err;
    ++*(size_t *)context;
    return VG_OK;
}

/* Accounts that the service could not speak of (Inspector's failedAccounts). */
static vg_status note_partial(import_view_of *view, import_part *part, vg_error *err)
{
    size_t failed = 0;
    const import_path *partial = &part->call.operation->partial;
    if (partial->count)
        VG_TRY(import_path_each(partial, view, count_one, &failed, err));
    part->truncated = part->truncated || failed;
    return VG_OK;
}

static vg_status run_reader(const import_world *world, vg_arena *arena, import_view_of *view,
                            import_part *part, vg_error *err)
{
    switch (part->call.operation->reader) {
    case IMPORT_READ_CREDENTIAL_REPORT:
        return import_read_credentials(world, arena, view, part, err);
    case IMPORT_READ_CONFIG:
        return import_read_config(world, arena, view, part, err);
    case IMPORT_READ_TRAIL:
        return import_read_trail(world, arena, view, part, err);
    case IMPORT_READ_ASFF:
        return import_read_asff(world, arena, view, part, err);
    case IMPORT_READ_ATTESTATIONS:
        return import_read_attestations(world, arena, view, part, err);
    default:
        return read_table(arena, view, part, err);
    }
}

static bool places_itself(const import_operation *operation)
{
    return operation->reader == IMPORT_READ_CONFIG || operation->reader == IMPORT_READ_TRAIL ||
           operation->reader == IMPORT_READ_ASFF || operation->reader == IMPORT_READ_CREDENTIAL_REPORT;
}

static bool refuse_future(const import_world *world, vg_arena *arena, import_part *part)
{
    char text[VG_TIME_TEXT];
    if (part->call.time <= world->options->now + VG_TIME_DAY)
        return false;
    vg_time_format(part->call.time, text);
    import_refuse(arena, part, VG_LEDGER_ERROR,
                  "dated %s, which is in the future; correct the date, or say what time it is with --now",
                  text);
    return true;
}

/* The hash of what the answer came to, to see whether two files contradict each other. */
static uint64_t hash_content(const import_part *part)
{
    uint64_t hash = part->resources.len + 1;
    for (size_t i = 0; i < part->resources.len; i++) {
        const vg_resource *resource = vg_vec_at(&part->resources, i);
        hash = vg_hash64(resource->id, vg_hash64(resource->properties, hash));
    }
    return hash ? hash : 1;
}

/* The answer of a recognised operation. */
static vg_status read_answer(const import_world *world, vg_arena *arena, import_part *part, vg_error *err)
{
    const import_operation *operation = part->call.operation;
    import_view_of view = {.arena = arena,
                           .call = &part->call,
                           .levels = {part->answer},
                           .depth = 1,
                           .policies = &part->policies};
    if (operation->unsupported.len)
        return import_refuse(arena, part, VG_LEDGER_NOT_SUPPORTED, "%.*s", VG_ARG(operation->unsupported));
    if (operation->time) {
        const vg_value *time = import_path_find(&operation->time->sources[0].path, part->answer, &view);
        if (time)
            import_time_of(time, &part->call.time);
    }
    if (refuse_future(world, arena, part))
        return VG_OK;
    if (!places_itself(operation) && !import_place(world, arena, &view, part))
        return VG_OK;
    part->outcome = VG_LEDGER_IMPORTED;
    part->truncated = is_truncated(part->answer);
    VG_TRY(note_partial(&view, part, err));
    VG_TRY(run_reader(world, arena, &view, part, err));
    part->complete = part->outcome == VG_LEDGER_IMPORTED && part->call.certain && !part->truncated;
    part->items = part->resources.len + part->relations.len + part->findings.len;
    if (!places_itself(operation))
        part->content = hash_content(part);
    return VG_OK;
}

/* Things of the organisation wait for its management account, unless it is known. */
static vg_status read_or_wait(const import_world *world, vg_arena *arena, import_part *part, vg_error *err)
{
    if (part->call.operation->scope != IMPORT_ORGANIZATION || world->management.len)
        return read_answer(world, arena, part, err);
    import_part scratch = *part; /* what it refuses is asked again later */
    import_view_of view = {.arena = arena, .call = &scratch.call, .levels = {part->answer}, .depth = 1};
    import_place(world, arena, &view, &scratch);
    part->call.organization = scratch.call.organization;
    part->call.management = scratch.call.management;
    part->waits = true;
    return VG_OK;
}

vg_status import_part_resume(const import_world *world, vg_arena *arena, import_part *part, vg_error *err)
{
    part->waits = false;
    vg_status status = part->is_error ? read_error(world, arena, part->reason, part, err)
                                      : read_answer(world, arena, part, err);
    vg_buf_free(&part->scratch);
    VG_TRY(status);
    return import_policies_place(arena, part, err);
}

static vg_status read_bare(const import_world *world, vg_arena *arena, const vg_value *value,
                           import_part *part, vg_error *err)
{
    candidates found = find_candidates(world->rules, value);
    if (import_is_asff_list(value)) {
        found.items[0] = import_operation_find(world->rules, VG_STR("asff"));
        found.count = found.items[0] ? 1 : 0;
    }
    if (!found.count)
        return refuse_unknown(arena, value, part);
    part->call.operation = decide(&found, part->call.path, &part->call.certain);
    part->answer = value;
    return part->call.operation ? read_or_wait(world, arena, part, err)
                                : refuse_ambiguous(arena, &found, part);
}

/* ---- envelopes ------------------------------------------------------------------------------------------------------------------------ */

static vg_str text_or_empty(const vg_value *envelope, const char *key)
{
    vg_str text = vg_get_str(envelope, key);
    return text.ptr ? text : VG_STR("");
}

/* Whether the call asked for a page after the first: what such an answer does not show may stand on the others. */
static bool starts_later(const vg_value *parameters)
{
    static const char *const tokens[] = {"NextToken", "StartingToken", "Marker"};
    for (size_t i = 0; i < VG_COUNT(tokens); i++)
        if (import_parameter(parameters, vg_str_from(tokens[i])))
            return true;
    return false;
}

static vg_status check_envelope(vg_arena *arena, const vg_value *envelope, import_part *part)
{
    vg_str version = text_or_empty(envelope, "vigil"), account = text_or_empty(envelope, "account");
    const vg_value *time = vg_get(envelope, VG_STR("time"));
    if (!vg_str_is(version, ENVELOPE))
        return import_refuse(arena, part, VG_LEDGER_NOT_SUPPORTED,
                             "an envelope of version '%.*s'; this vigil reads %s: use a newer vigil",
                             VG_ARG(version), ENVELOPE);
    if (account.len && !vg_is_account_id(account))
        return import_refuse(arena, part, VG_LEDGER_ERROR, "the envelope's account '%.*s' is not 12 digits",
                             VG_ARG(account));
    if (time && !import_time_of(time, &part->call.time))
        return import_refuse(arena, part, VG_LEDGER_ERROR,
                             "the envelope's time is no RFC 3339 time such as 2026-11-20T08:00:00Z");
    part->call.account = account;
    part->call.region = text_or_empty(envelope, "region");
    part->call.partition = text_or_empty(envelope, "partition");
    part->call.parameters = vg_get(envelope, VG_STR("parameters"));
    part->call.operation_name = text_or_empty(envelope, "operation");
    part->call.certain = !starts_later(part->call.parameters);
    return VG_OK;
}

/* A string output is a text of its own: CSV, YAML or JSON. */
static const vg_value *open_output(vg_arena *arena, const vg_value *output, vg_str *text)
{
    vg_doc doc;
    *text = vg_value_str(output);
    if (vg_kind_of(output) != VG_STRING)
        return output;
    vg_str trimmed = vg_str_trim(*text);
    bool is_json = trimmed.len && (trimmed.ptr[0] == '{' || trimmed.ptr[0] == '[');
    if (is_json && vg_json_read(arena, trimmed, VG_STR(""), NULL, &doc, NULL) == VG_OK)
        return doc.root;
    if (vg_str_find_char(trimmed, '\n') != VG_NPOS &&
        vg_yaml_read(arena, trimmed, VG_STR(""), NULL, &doc, NULL) == VG_OK)
        return doc.root;
    return output;
}

static vg_status read_failed(const import_world *world, vg_arena *arena, const vg_value *envelope,
                             import_part *part, vg_error *err)
{
    vg_str error = text_or_empty(envelope, "error");
    int64_t exit_status = 0;
    vg_get_i64(envelope, "exit", &exit_status);
    if (!error.len && exit_status == 0)
        error = VG_STR("the envelope says that the call worked, but holds no output of it");
    if (!error.len)
        error = vg_arena_printf(arena, "the call failed with exit status %lld and no message",
                                (long long)exit_status);
    part->is_error = true;
    if (part->call.operation->scope != IMPORT_ORGANIZATION || world->management.len)
        return read_error(world, arena, error, part, err);
    part->waits = true;
    part->reason = error;
    return VG_OK;
}

static vg_status read_output(const import_world *world, vg_arena *arena, const vg_value *output,
                             import_part *part, vg_error *err)
{
    vg_str text;
    const vg_value *answer = open_output(arena, output, &text);
    const import_operation *operation = part->call.operation;
    if (operation->reader == IMPORT_READ_CREDENTIAL_REPORT && text.len && !vg_value_is_container(answer))
        return import_read_csv(world, arena, text, part, err);
    if (import_shape_match(&operation->shape, answer) == IMPORT_UNLIKE) {
        candidates other = find_candidates(world->rules, answer);
        bool is_other = other.count && other.likeness == IMPORT_STRONG;
        return import_refuse(arena, part, VG_LEDGER_ERROR, "the envelope says %.*s, but its output %s%.*s",
                             VG_ARG(operation->name),
                             is_other ? "looks like " : "is not that operation's answer",
                             VG_ARG(is_other ? other.items[0]->name : VG_STR("")));
    }
    part->answer = answer;
    return read_or_wait(world, arena, part, err);
}

static bool has_no_output(const vg_value *output)
{
    return !output || vg_kind_of(output) == VG_NULL ||
           (vg_kind_of(output) == VG_STRING && !vg_str_trim(vg_value_str(output)).len) ||
           (vg_kind_of(output) == VG_OBJECT && vg_value_count(output) == 0);
}

/* The call worked, and there was nothing to print. */
static vg_status read_nothing(const import_world *world, vg_arena *arena, import_part *part, vg_error *err)
{
    vg_doc doc;
    VG_TRY(vg_json_read(arena, VG_STR("{}"), VG_STR(""), NULL, &doc, err));
    part->answer = doc.root;
    return read_or_wait(world, arena, part, err);
}

static vg_status read_envelope(const import_world *world, vg_arena *arena, const vg_value *envelope,
                               import_part *part, vg_error *err)
{
    VG_TRY(check_envelope(arena, envelope, part));
    if (part->reason.len || refuse_future(world, arena, part))
        return VG_OK;
    part->call.operation = import_operation_find(world->rules, part->call.operation_name);
    if (!part->call.operation)
        return import_refuse(arena, part, VG_LEDGER_NOT_SUPPORTED,
                             "%.*s is not among the operations that import reads (docs/how-to/import.md)",
                             VG_ARG(vg_str_sub(part->call.operation_name, 0, 120)));
    const vg_value *output = vg_get(envelope, VG_STR("output"));
    int64_t exit_status = 0;
    vg_get_i64(envelope, "exit", &exit_status);
    bool has_failed = exit_status != 0 || text_or_empty(envelope, "error").len;
    if (!has_failed && has_no_output(output) && part->call.operation->empty)
        return read_nothing(world, arena, part, err);
    if (has_failed || !output || vg_kind_of(output) == VG_NULL)
        return read_failed(world, arena, envelope, part, err);
    return read_output(world, arena, output, part, err);
}

vg_status import_part_read(const import_world *world, vg_arena *arena, const vg_value *value,
                           import_part *part, vg_error *err)
{
    bool is_envelope = vg_get_str(value, "vigil").ptr && vg_get(value, VG_STR("operation"));
    vg_status status = is_envelope ? read_envelope(world, arena, value, part, err)
                                   : read_bare(world, arena, value, part, err);
    vg_buf_free(&part->scratch);
    VG_TRY(status);
    return import_policies_place(arena, part, err);
}

/* ---- what is no document ------------------------------------------------------------------------------------------------------------- */

/* The only operation of this API name, whatever its service; NULL when none or several have it. */
static const import_operation *find_api_name(const vg_import_rules *rules, vg_str name)
{
    const import_operation *found = NULL;
    for (size_t i = 0; i < rules->operation_count; i++) {
        const import_operation *one = &rules->operations[i];
        size_t colon = vg_str_find_char(one->name, ':');
        if (colon == VG_NPOS || !vg_str_eq(vg_str_sub(one->name, colon + 1, VG_NPOS), name))
            continue;
        if (found)
            return NULL;
        found = one;
    }
    return found;
}

vg_status import_text_read(const import_world *world, vg_arena *arena, vg_str text, import_part *part,
                           vg_error *err)
{
    vg_str code, name, trimmed = vg_str_trim(text);
    vg_str first = vg_str_sub(trimmed, 0, vg_str_find_char(trimmed, '\n'));
    if (!trimmed.len)
        return import_refuse(arena, part, VG_LEDGER_ERROR,
                             "empty: the command that wrote it failed; run it again");
    if (vg_str_starts(trimmed, VG_STR("user,arn,user_creation_time,"))) {
        part->call.operation = import_operation_find(world->rules, VG_STR("iam:GetCredentialReport"));
        part->call.certain = true;
        if (part->call.operation && !refuse_future(world, arena, part))
            return import_read_csv(world, arena, trimmed, part, err);
    }
    if (split_error(vg_str_sub(trimmed, 0, 4096), &code, &name)) {
        part->call.operation = find_api_name(world->rules, name);
        part->call.certain = true;
        if (part->call.operation) {
            vg_status status = read_error(world, arena, trimmed, part, err);
            vg_buf_free(&part->scratch);
            return status;
        }
    }
    bool is_table = vg_str_starts(first, VG_STR("---")) || vg_str_starts(first, VG_STR("+--"));
    if (is_table || vg_str_find_char(first, '\t') != VG_NPOS)
        return import_refuse(arena, part, VG_LEDGER_NOT_SUPPORTED,
                             "looks like the CLI's --output %s, which drops the names of fields; "
                             "export it again with --output json",
                             is_table ? "table" : "text");
    return import_refuse(arena, part, VG_LEDGER_NOT_SUPPORTED,
                         "neither JSON, YAML, CSV nor an archive that import reads");
}
