/* access_account.c: worlds of single accounts, for whoever works through an organisation account by account.
 *
 * A world of 1,000 accounts takes gigabytes. What is asked of each account by itself needs of the others only which of them
 * are of the organisation, and what binds them. So the organisation is made into a world of its own, once: accounts with
 * their levels, and nobody in them. The world of an account takes from it that account and those that its trust policies
 * and its resources name; all others are outside of it. */
#include "access/access_part.h"

struct vg_access_base {
    vg_access_options options;
    vg_access_reader reader; /* with content, readings and organisation, and without items */
    const vg_catalogue *catalogue;
    vg_vec rules; /* vg_access_rule */
    const vg_str *patterns;
    size_t pattern_count;
    const vg_world *world; /* accounts alone; NULL until there is an organisation */
};

/* ---- what all accounts share ---------------------------------------------------------------------------------------------------- */

static vg_status read_patterns(vg_access_base *base, vg_arena *arena, vg_error *err)
{
    const vg_value *list = vg_get(base->reader.content, VG_STR("policy_arns"));
    vg_str *patterns = VG_NEW_N(arena, vg_str, list ? vg_value_count(list) + 1 : 1);
    if (!patterns)
        return vg_access_no_memory(err);
    base->patterns = patterns;
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        patterns[base->pattern_count++] = vg_value_str(it.value);
    return VG_OK;
}

vg_status vg_access_base_new(vg_arena *arena, const vg_catalogue *catalogue, const vg_access_options *options,
                             vg_access_base **out, vg_error *err)
{
    vg_access_base *base = VG_NEW(arena, vg_access_base);
    vg_doc *content = VG_NEW(arena, vg_doc);
    vg_map *readings = vg_map_new(arena, 0);
    if (!base || !content || !readings)
        return vg_access_no_memory(err);
    *base = (vg_access_base){
        .options = *options, .catalogue = catalogue, .rules = vg_vec_in(arena, sizeof(vg_access_rule))};
    base->reader = (vg_access_reader){
        .arena = arena, .options = &base->options, .content_doc = content, .readings = readings};
    if (options->content.len > 0) {
        VG_TRY(vg_yaml_read(arena, options->content, VG_STR("access/resources.yaml"), NULL, content, err));
        base->reader.content = content->root;
    }
    VG_TRY(vg_access_read_rules(&base->reader, &base->rules, err));
    VG_TRY(read_patterns(base, arena, err));
    *out = base;
    return VG_OK;
}

vg_status vg_access_base_ledger(vg_access_base *base, const vg_ledger_entry *entry, vg_error *err)
{
    return vg_access_keep_reading(&base->reader, entry, err);
}

static bool is_running(const vg_access_base *base, vg_str type)
{
    for (vg_items it = vg_items_of(vg_get(base->reader.content, VG_STR("running"))); vg_items_next(&it);)
        if (vg_str_eq(vg_get_str(it.value, "type"), type))
            return true;
    return false;
}

bool vg_access_base_wants(const vg_access_base *base, vg_str type)
{
    static const char *const answers[] = {"Vigil::Resource::", "Vigil::S3::", "Vigil::KMS::Grants"};
    if (vg_str_starts(type, VG_STR("AWS::IAM::")) || vg_str_is(type, "AWS::S3::AccountPublicAccessBlock"))
        return true;
    for (size_t i = 0; i < VG_COUNT(answers); i++)
        if (vg_str_starts(type, vg_str_from(answers[i])))
            return true;
    for (size_t i = 0; i < base->rules.len; i++) {
        const vg_access_rule *rule = vg_vec_at(&base->rules, i);
        if (vg_str_eq(type, rule->type) || vg_str_eq(type, rule->in))
            return true;
    }
    return is_running(base, type);
}

bool vg_access_base_wants_policy_in(const vg_access_base *base, const vg_resource *resource)
{
    return vg_access_may_hold_policy(resource->properties) &&
           vg_access_is_foreign_type(&base->reader, resource->type);
}

/* ---- what is given ---------------------------------------------------------------------------------------------------------------- */

static vg_access_item item_of(const vg_access_given *given)
{
    return (vg_access_item){.resource = given->resource,
                            .doc = {.root = given->properties,
                                    .name = given->resource.origin,
                                    .source = given->resource.properties}};
}

/* Of somebody who was seen twice, in two regions, the newest. */
static vg_status take_newest(vg_access_reader *r, const vg_access_given *given, vg_map *seen, vg_error *err)
{
    bool added = false;
    vg_map_entry *entry = vg_map_put(seen, given->resource.id, &added);
    vg_access_item *item = !entry  ? NULL
                           : added ? vg_vec_push(&r->items)
                                   : vg_vec_at(&r->items, entry->value.u64);
    if (!item)
        return vg_access_no_memory(err);
    if (added)
        entry->value.u64 = r->items.len - 1;
    else if (item->resource.observed >= given->resource.observed)
        return VG_OK;
    *item = item_of(given);
    return VG_OK;
}

static vg_status take_all(vg_access_reader *r, const vg_access_base *base, const vg_access_given *given,
                          size_t count, vg_error *err)
{
    vg_map *seen = vg_map_new(r->arena, 0);
    vg_str last = VG_STR(""); /* type, which decides */
    bool wanted = false;
    r->items = vg_vec_in(r->arena, sizeof(vg_access_item));
    if (!seen)
        return vg_access_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        vg_str type = given[i].resource.type;
        if (!vg_str_eq(type, last))
            wanted = vg_str_starts(type, VG_STR("Vigil::Organization::")) || vg_access_base_wants(base, type);
        last = type;
        bool holds =
            given[i].properties && !wanted && vg_access_base_wants_policy_in(base, &given[i].resource);
        if (!given[i].properties || (!wanted && !holds))
            continue;
        if (vg_str_starts(type, VG_STR("AWS::IAM::"))) {
            VG_TRY(take_newest(r, &given[i], seen, err));
            continue;
        }
        vg_access_item *item = vg_vec_push(&r->items);
        if (!item)
            return vg_access_no_memory(err);
        *item = item_of(&given[i]);
    }
    return VG_OK;
}

/* A reader for one world, in an arena of its own. */
static vg_status begin(const vg_access_base *base, vg_arena *arena, vg_access_reader *out, vg_error *err)
{
    *out = base->reader;
    out->arena = arena;
    out->builder = vg_world_builder_new(arena, base->catalogue);
    if (!out->builder)
        return vg_access_no_memory(err);
    vg_world_builder_policy_arns(out->builder, base->patterns, base->pattern_count);
    if (base->options.rcp_services)
        vg_world_builder_rcp_services(out->builder, base->options.rcp_services,
                                      base->options.rcp_service_count);
    return VG_OK;
}

vg_status vg_access_base_organization(vg_access_base *base, const vg_organization *organization,
                                      const vg_access_given *given, size_t count, vg_error *err)
{
    vg_access_reader r;
    base->reader.organization = *organization;
    VG_TRY(begin(base, base->reader.arena, &r, err));
    VG_TRY(take_all(&r, base, given, count, err));
    VG_TRY(vg_access_add_accounts(&r, err));
    return vg_world_finish(r.builder, &base->world, err);
}

/* ---- one account ------------------------------------------------------------------------------------------------------------------- */

typedef struct {
    const vg_access_base *base;
    vg_world_builder *builder;
    vg_map *added; /* account ids */
} accounts;

static vg_status add_account(accounts *a, vg_str id, vg_error *err)
{
    bool added = false;
    const vg_world_account *account = a->base->world ? vg_world_account_of(a->base->world, id) : NULL;
    if (!account)
        return VG_OK;
    if (!vg_map_put(a->added, account->id, &added))
        return vg_fail(err, VG_ERR_MEMORY, "out of memory");
    return added ? vg_world_add_account(a->builder, account, err) : VG_OK;
}

/* Accounts that the text names: runs of twelve digits. */
static vg_status add_named(accounts *a, vg_str text, vg_error *err)
{
    enum { DIGITS = 12 };
    for (size_t i = 0, run = 0; i < text.len; i++) {
        run = text.ptr[i] >= '0' && text.ptr[i] <= '9' ? run + 1 : 0;
        if (run == DIGITS)
            VG_TRY(add_account(a, vg_str_sub(text, i + 1 - DIGITS, DIGITS), err));
    }
    return VG_OK;
}

/* In a tree: its nodes lie one behind the other. */
static vg_status add_named_in(accounts *a, const vg_value *tree, vg_error *err)
{
    bool has_parts = tree && (tree->kind == VG_ARRAY || tree->kind == VG_OBJECT);
    size_t count = has_parts ? tree->as.container.span : tree ? 1 : 0;
    for (size_t i = 0; i < count; i++)
        if (tree[i].kind == VG_STRING)
            VG_TRY(add_named(a, vg_value_str(&tree[i]), err));
    return VG_OK;
}

static vg_status add_accounts(const vg_access_base *base, vg_access_reader *r, vg_str account, vg_error *err)
{
    accounts a = {base, r->builder, vg_map_new(r->arena, 0)};
    const vg_organization *organization = &base->reader.organization;
    if (!a.added)
        return vg_access_no_memory(err);
    vg_world_builder_organization(r->builder, organization->id, organization->management_account);
    VG_TRY(add_account(&a, account, err));
    for (size_t i = 0; i < r->items.len; i++) {
        const vg_access_item *item = vg_vec_at(&r->items, i);
        bool is_role = vg_str_is(item->resource.type, "AWS::IAM::Role");
        if (is_role)
            VG_TRY(add_named_in(&a, vg_get(item->doc.root, VG_STR("AssumeRolePolicyDocument")), err));
        else if (!vg_str_starts(item->resource.type, VG_STR("AWS::IAM::")))
            VG_TRY(add_named_in(&a, item->doc.root, err));
    }
    return VG_OK;
}

vg_status vg_access_account_world(const vg_access_base *base, vg_arena *arena, vg_str account,
                                  const vg_access_given *given, size_t count, const vg_world **out,
                                  vg_error *err)
{
    vg_access_reader r;
    *out = NULL;
    VG_TRY(begin(base, arena, &r, err));
    VG_TRY(take_all(&r, base, given, count, err));
    VG_TRY(add_accounts(base, &r, account, err));
    VG_TRY(vg_access_add_principals(&r, err));
    VG_TRY(vg_access_add_resources(&r, &base->rules, err));
    return vg_world_finish(r.builder, out, err);
}
