/* import_place.c: whose answer it is, and what was asked: content, envelope, path and flags, in this order; for things
 * of the organisation, the organisation's management account where it is known.
 *
 * What none of them says is never guessed: the part is refused with what is missing and the ways to say it. */
#include "evidence/import_call.h"

/* ---- what content says ------------------------------------------------------------------------------------------------------- */

static bool accept_account(vg_str text, vg_str *out)
{
    vg_arn arn;
    bool is_arn = vg_arn_parse(text, &arn);
    if (is_arn && vg_is_account_id(arn.account))
        *out = arn.account;
    else if (!is_arn && vg_is_account_id(text))
        *out = text;
    return out->len > 0;
}

static bool accept_region(vg_str text, vg_str *out)
{
    vg_arn arn;
    bool is_arn = vg_arn_parse(text, &arn);
    if (is_arn && vg_is_region(arn.region))
        *out = arn.region;
    else if (!is_arn && vg_is_region(text))
        *out = text;
    return out->len > 0;
}

/* An organisation's id itself, or in an ARN: arn:aws:organizations::ACCOUNT:account/o-abc/ACCOUNT. */
static bool accept_organization(vg_str text, vg_str *out)
{
    vg_arn arn;
    vg_str piece, rest = vg_arn_parse(text, &arn) ? arn.resource : text;
    while (vg_str_next(&rest, '/', &piece))
        if (vg_str_starts(piece, VG_STR("o-")) && piece.len >= 12)
            *out = piece;
    return out->len > 0;
}

static bool accept_partition(vg_str text, vg_str *out)
{
    vg_arn arn;
    if (vg_arn_parse(text, &arn) && arn.partition.len)
        *out = arn.partition;
    return out->len > 0;
}

static bool accept_any(vg_str text, vg_str *out)
{
    *out = text;
    return text.len > 0;
}

/* ---- parameters --------------------------------------------------------------------------------------------------------------- */

/* A parameter's value as text: a list is joined by commas. */
static vg_str parameter_text(vg_arena *arena, const vg_value *value)
{
    if (!value)
        return (vg_str){0};
    if (vg_kind_of(value) == VG_STRING)
        return vg_value_str(value);
    if (vg_kind_of(value) == VG_BOOL)
        return value->as.boolean ? VG_STR("true") : VG_STR("false");
    vg_str joined = {0};
    for (vg_items it = vg_items_of(value); vg_items_next(&it);) {
        vg_str item = vg_value_str(it.value);
        joined = joined.len ? vg_arena_printf(arena, "%.*s,%.*s", VG_ARG(joined), VG_ARG(item)) : item;
    }
    return joined;
}

static vg_str parameter_hinted(const import_operation *operation, const import_path_facts *facts)
{
    switch (operation->hint) {
    case IMPORT_HINT_UNIT:
        return facts->unit;
    case IMPORT_HINT_POLICY:
        return facts->policy;
    case IMPORT_HINT_CHILD:
        return facts->child;
    case IMPORT_HINT_TARGET:
        return facts->child.len ? facts->child : facts->unit;
    case IMPORT_HINT_DETECTOR:
        return facts->detector;
    default:
        return (vg_str){0};
    }
}

static vg_str find_parameter(const import_operation *operation, vg_arena *arena, const import_view_of *view,
                             const import_path_facts *facts)
{
    vg_str value = import_expr_search(operation->parameter_from, view, accept_any);
    if (!value.len)
        value = parameter_text(arena, import_parameter(view->call->parameters, operation->parameter));
    if (!value.len && operation->needs && operation->hint != IMPORT_HINT_NAME)
        value = parameter_hinted(operation, facts);
    bool is_named = facts->named == operation && facts->parameter.len && operation->needs;
    return value.len || !is_named ? value : facts->parameter;
}

/* ---- places -------------------------------------------------------------------------------------------------------------------- */

static vg_str first_of(const vg_str *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (texts[i].len)
            return texts[i];
    return VG_STR("");
}

static vg_str find_account(const import_world *world, const import_operation *operation, vg_arena *arena,
                           const import_view_of *view, const import_path_facts *facts)
{
    const import_call *call = view->call;
    bool is_organization = operation->scope == IMPORT_ORGANIZATION;
    vg_str content = import_expr_search(operation->account, view, accept_account);
    vg_str asked = parameter_text(arena, import_parameter(call->parameters, operation->account_parameter));
    vg_str order[] = {
        operation->loose ? VG_STR("") : content,
        is_organization ? world->management : VG_STR(""),
        vg_is_account_id(asked) ? asked : VG_STR(""),
        call->account,
        facts->account,
        world->options->account,
        content,
    };
    return first_of(order, VG_COUNT(order));
}

static vg_str find_region(const import_world *world, const import_operation *operation,
                          const import_view_of *view, const import_path_facts *facts)
{
    if (operation->scope != IMPORT_REGION && !operation->per_region)
        return VG_STR("");
    vg_str content = import_expr_search(operation->region, view, accept_region);
    vg_str order[] = {
        operation->loose ? VG_STR("") : content,
        view->call->region,
        facts->region,
        world->options->region,
        content,
    };
    return first_of(order, VG_COUNT(order));
}

static vg_str partition_of_region(vg_str region)
{
    static const struct {
        const char *start, *partition;
    } rows[] = {
        {"cn-", "aws-cn"},         {"us-gov-", "aws-us-gov"}, {"eusc-", "aws-eusc"},
        {"us-iso-", "aws-iso"},    {"us-isob-", "aws-iso-b"}, {"eu-isoe-", "aws-iso-e"},
        {"us-isof-", "aws-iso-f"},
    };
    for (size_t i = 0; i < VG_COUNT(rows); i++)
        if (vg_str_starts(region, vg_str_from(rows[i].start)))
            return vg_str_from(rows[i].partition);
    return VG_STR("aws");
}

/* ---- together --------------------------------------------------------------------------------------------------------------------- */

static bool refuse_missing(vg_arena *arena, import_part *part, const char *what, const char *how)
{
    const import_operation *operation = part->call.operation;
    import_refuse(arena, part, VG_LEDGER_NOT_SUPPORTED,
                  "looks like %.*s, but nothing says %s; %s, or use an envelope ('vigil import --script')",
                  VG_ARG(operation->name), what, how);
    return false;
}

static bool check_placed(vg_arena *arena, import_part *part)
{
    const import_call *call = &part->call;
    const import_operation *operation = call->operation;
    if (operation->needs && !call->parameter.len) {
        char what[128], how[192];
        snprintf(what, sizeof what, "which %.*s it is for", VG_ARG(operation->parameter));
        snprintf(how, sizeof how, "name the file %.*s@%.*s.json", VG_ARG(operation->kebab),
                 VG_ARG(operation->parameter));
        return refuse_missing(arena, part, what, how);
    }
    if (operation->scope == IMPORT_NOWHERE)
        return true;
    if (!call->account.len)
        return refuse_missing(arena, part, "which account it is of",
                              "put it into a folder named by the account, give --account");
    if (operation->scope == IMPORT_REGION && !call->region.len)
        return refuse_missing(arena, part, "which region it is of",
                              "put it into a folder named by the region, give --region");
    return true;
}

bool import_place(const import_world *world, vg_arena *arena, const import_view_of *view, import_part *part)
{
    import_call *call = &part->call;
    const import_operation *operation = call->operation;
    import_path_facts facts = import_path_facts_of(call->path, &operation, 1);
    call->organization = import_expr_search(operation->organization, view, accept_organization);
    call->parameter = operation->parameter.len ? find_parameter(operation, arena, view, &facts) : VG_STR("");
    if (operation->also.len) {
        call->also = import_expr_search(operation->also_from, view, accept_any);
        if (!call->also.len)
            call->also = parameter_text(arena, import_parameter(call->parameters, operation->also));
    }
    /* ARNs of the Organizations API carry the management account. */
    if (call->organization.len && operation->organization)
        call->management = import_expr_search(operation->account, view, accept_account);
    vg_str partition = import_expr_search(operation->account, view, accept_partition);
    call->account = find_account(world, operation, arena, view, &facts);
    call->region = find_region(world, operation, view, &facts);
    if (partition.len)
        call->partition = partition;
    if (!call->partition.len)
        call->partition = partition_of_region(call->region);
    return check_placed(arena, part);
}
