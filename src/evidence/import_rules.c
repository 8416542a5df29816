/* import_rules.c: reads content/import/ into the tables of import_rules.h.
 *
 * Three kinds of file, told apart by name: operations*.yaml (answers of APIs), errors*.yaml (what error codes mean),
 * config*.yaml (how items of AWS Config look in CloudFormation's spelling). A later file adds; of two entries for one
 * operation or type the later one wins, so that a user's overlay can correct what is built in. */
#include "evidence/import_rules.h"

#include <ctype.h>

typedef struct {
    vg_arena *arena;
    vg_vec operations, errors; /* import_operation, import_error_code */
    vg_import_rules *rules;
} rules_build;

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
}

/* A word of a table as the number of its place in it; false when it is none of them. */
static bool find_word(const char *const *words, size_t count, vg_str word, unsigned *out)
{
    for (size_t i = 0; i < count; i++) {
        if (vg_str_is(word, words[i])) {
            *out = (unsigned)i;
            return true;
        }
    }
    return false;
}

static vg_status read_word(const vg_doc *doc, const vg_value *entry, const char *key,
                           const char *const *words, size_t count, unsigned *out, vg_error *err)
{
    vg_str word = vg_get_str(entry, key);
    *out = 0;
    if (!word.ptr || find_word(words, count, word, out))
        return VG_OK;
    return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(doc, entry), "'%.*s' is no %s", VG_ARG(word), key);
}

static vg_status read_optional(rules_build *build, const vg_doc *doc, const vg_value *entry, const char *key,
                               const import_expr **out, vg_error *err)
{
    const vg_value *value = vg_get(entry, vg_str_from(key));
    return value ? import_expr_read(build->arena, doc, value, out, err) : VG_OK;
}

/* ---- resources and relations ------------------------------------------------------------------------------------------------ */

static vg_status read_resource(rules_build *build, const vg_doc *doc, const vg_value *entry,
                               import_resource *out, vg_error *err)
{
    const struct {
        const char *key;
        const import_expr **expr;
    } fields[] = {
        {"when", &out->when},       {"unless", &out->unless},
        {"id", &out->id},           {"name", &out->name},
        {"account", &out->account}, {"region", &out->region},
        {"arn", &out->arn},         {"properties", &out->properties},
        {"absent", &out->absent},   {"absent_id", &out->absent_id},
    };
    out->type = vg_get_str(entry, "type");
    for (size_t i = 0; i < VG_COUNT(fields); i++)
        VG_TRY(read_optional(build, doc, entry, fields[i].key, fields[i].expr, err));
    if (!out->type.len || !out->id || !out->properties)
        return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(doc, entry),
                          "a resource needs type, id and properties");
    vg_str of = vg_get_str(entry, "of");
    return import_path_read(build->arena, of.ptr ? of : VG_STR("."), &out->of, err);
}

static vg_status read_resources(rules_build *build, const vg_doc *doc, const vg_value *list,
                                const import_resource **out, size_t *count, vg_error *err)
{
    import_resource *resources =
        VG_NEW_N(build->arena, import_resource, vg_value_count(list ? list : doc->root) + 1);
    if (!resources)
        return out_of_memory(err);
    *out = resources;
    *count = 0;
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        VG_TRY(read_resource(build, doc, it.value, &resources[(*count)++], err));
    return VG_OK;
}

static vg_status read_end(rules_build *build, const vg_doc *doc, const vg_value *end,
                          const import_expr **type, const import_expr **id, vg_error *err)
{
    VG_TRY(read_optional(build, doc, end, "id", id, err));
    if (vg_str_is(vg_get_str(end, "type"), "unit"))
        return VG_OK;
    return read_optional(build, doc, end, "type", type, err);
}

static vg_status read_relations(rules_build *build, const vg_doc *doc, const vg_value *list,
                                import_operation *out, vg_error *err)
{
    import_relation *relations =
        VG_NEW_N(build->arena, import_relation, (list ? vg_value_count(list) : 0) + 1);
    if (!relations)
        return out_of_memory(err);
    out->relations = relations;
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        import_relation *relation = &relations[out->relation_count++];
        relation->kind = vg_get_str(it.value, "kind");
        VG_TRY(import_path_read(build->arena, vg_get_str(it.value, "of"), &relation->of, err));
        VG_TRY(read_end(build, doc, vg_get(it.value, VG_STR("from")), &relation->from.type,
                        &relation->from.id, err));
        VG_TRY(
            read_end(build, doc, vg_get(it.value, VG_STR("to")), &relation->to.type, &relation->to.id, err));
        if (!relation->from.id || !relation->to.id)
            return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(doc, it.value), "a relation needs from and to");
    }
    return VG_OK;
}

/* ---- operations --------------------------------------------------------------------------------------------------------------- */

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* "ListMFADevices" as the CLI spells it, "list-mfa-devices": a hyphen before a capital that starts a word. */
static vg_str kebab_of(vg_arena *arena, vg_str name)
{
    size_t colon = vg_str_find_char(name, ':');
    vg_str words = colon == VG_NPOS ? name : vg_str_sub(name, colon + 1, VG_NPOS);
    char *out = vg_arena_alloc(arena, words.len * 2 + 1);
    size_t n = 0;
    for (size_t i = 0; out && i < words.len; i++) {
        char c = words.ptr[i];
        bool after_lower = i && !is_upper(words.ptr[i - 1]);
        bool before_lower = i && i + 1 < words.len && !is_upper(words.ptr[i + 1]);
        if (is_upper(c) && (after_lower || before_lower))
            out[n++] = '-';
        out[n++] = is_upper(c) ? (char)(c - 'A' + 'a') : c;
    }
    return (vg_str){out, n};
}

static vg_status read_names(rules_build *build, const vg_value *list, const vg_str **out, size_t *count,
                            vg_error *err)
{
    vg_str *names = VG_NEW_N(build->arena, vg_str, (list ? vg_value_count(list) : 0) + 1);
    if (!names)
        return out_of_memory(err);
    *out = names;
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        names[(*count)++] = vg_value_str(it.value);
    return VG_OK;
}

static vg_status read_choices(const vg_doc *doc, const vg_value *entry, import_operation *out, vg_error *err)
{
    static const char *const scopes[] = {"organization", "account", "region", "nowhere"};
    static const char *const readers[] = {"table", "credential-report", "config",   "trail",
                                          "asff",  "attestations",      "workloads"};
    static const char *const hints[] = {"none", "unit", "policy", "child", "target", "detector", "name"};
    unsigned scope, reader, hint;
    VG_TRY(read_word(doc, entry, "scope", scopes, VG_COUNT(scopes), &scope, err));
    VG_TRY(read_word(doc, entry, "reader", readers, VG_COUNT(readers), &reader, err));
    VG_TRY(read_word(doc, entry, "hint", hints, VG_COUNT(hints), &hint, err));
    out->scope = (import_scope)scope;
    out->reader = (import_reader)reader;
    out->hint = (import_hint)hint;
    return VG_OK;
}

static vg_status read_operation(rules_build *build, const vg_doc *doc, const vg_value *entry,
                                import_operation *out, vg_error *err)
{
    *out = (import_operation){
        .name = vg_get_str(entry, "operation"),
        .alias = vg_get_str(entry, "alias"),
        .command = vg_get_str(entry, "command"),
        .parameter = vg_get_str(entry, "parameter"),
        .also = vg_get_str(entry, "also"),
        .needs = vg_get_bool(entry, "needs", false),
        .loose = vg_get_bool(entry, "loose", false),
        .empty = vg_get_bool(entry, "empty", false),
        .per_region = vg_get_bool(entry, "per_region", false),
        .account_parameter = vg_get_str(entry, "account_parameter"),
        .unsupported = vg_get_str(entry, "unsupported"),
    };
    out->kebab = kebab_of(build->arena, out->alias.len ? out->alias : out->name);
    if (!out->name.len)
        return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(doc, entry), "an entry needs its operation");
    const struct {
        const char *key;
        const import_expr **expr;
    } fields[] = {
        {"parameter_from", &out->parameter_from},
        {"also_from", &out->also_from},
        {"account", &out->account},
        {"region", &out->region},
        {"organization", &out->organization},
        {"time", &out->time},
    };
    VG_TRY(read_choices(doc, entry, out, err));
    for (size_t i = 0; i < VG_COUNT(fields); i++)
        VG_TRY(read_optional(build, doc, entry, fields[i].key, fields[i].expr, err));
    VG_TRY(import_shape_read(build->arena, vg_get_str(entry, "shape"), &out->shape, err));
    VG_TRY(import_shape_read(build->arena, vg_get_str(entry, "bare"), &out->bare, err));
    if (vg_get(entry, VG_STR("partial")))
        VG_TRY(import_path_read(build->arena, vg_get_str(entry, "partial"), &out->partial, err));
    VG_TRY(read_names(build, vg_get(entry, VG_STR("absent")), &out->absent, &out->absent_count, err));
    VG_TRY(read_resources(build, doc, vg_get(entry, VG_STR("resources")), &out->resources,
                          &out->resource_count, err));
    return read_relations(build, doc, vg_get(entry, VG_STR("relations")), out, err);
}

static vg_status read_operations(rules_build *build, const vg_doc *doc, vg_error *err)
{
    for (vg_items it = vg_items_of(doc->root); vg_items_next(&it);) {
        import_operation one;
        VG_TRY(read_operation(build, doc, it.value, &one, err));
        import_operation *place = NULL;
        for (size_t i = 0; i < build->operations.len && !place; i++) {
            import_operation *known = vg_vec_at(&build->operations, i);
            place = vg_str_eq(known->name, one.name) ? known : NULL;
        }
        place = place ? place : vg_vec_push(&build->operations);
        if (!place)
            return out_of_memory(err);
        *place = one;
    }
    return VG_OK;
}

/* ---- errors and views --------------------------------------------------------------------------------------------------------- */

static vg_status add_error(rules_build *build, vg_str code, bool absent, vg_str advice, vg_error *err)
{
    import_error_code *entry = vg_vec_push(&build->errors);
    if (!entry)
        return out_of_memory(err);
    *entry = (import_error_code){code, absent, advice};
    return VG_OK;
}

static vg_status read_errors(rules_build *build, const vg_doc *doc, vg_error *err)
{
    for (vg_items it = vg_items_of(vg_get(doc->root, VG_STR("absent"))); vg_items_next(&it);)
        VG_TRY(add_error(build, vg_value_str(it.value), true, VG_STR(""), err));
    for (vg_items it = vg_items_of(vg_get(doc->root, VG_STR("denied"))); vg_items_next(&it);)
        VG_TRY(add_error(build, it.key, false, vg_value_str(it.value), err));
    return VG_OK;
}

/* A file of views: `views` by the type of the item, and `asff`, what ASFF calls the types. */
static vg_status read_views(rules_build *build, const vg_doc *doc, vg_error *err)
{
    for (vg_items it = vg_items_of(vg_get(doc->root, VG_STR("views"))); vg_items_next(&it);) {
        import_view *view = VG_NEW(build->arena, import_view);
        vg_map_entry *entry = vg_map_put(build->rules->views, it.key, NULL);
        if (!view || !entry)
            return out_of_memory(err);
        VG_TRY(read_resources(build, doc, it.value, &view->resources, &view->count, err));
        entry->value.ptr = view;
    }
    for (vg_items it = vg_items_of(vg_get(doc->root, VG_STR("asff"))); vg_items_next(&it);) {
        vg_map_entry *entry = vg_map_put(build->rules->asff_types, it.key, NULL);
        if (!entry)
            return out_of_memory(err);
        entry->value.ptr = (void *)(uintptr_t)it.value;
    }
    return VG_OK;
}

/* ---- all together --------------------------------------------------------------------------------------------------------------- */

static vg_status read_text(rules_build *build, const vg_import_text *text, vg_error *err)
{
    static const struct {
        const char *glob;
        vg_status (*read)(rules_build *, const vg_doc *, vg_error *);
    } kinds[] = {
        {"*operations*.yaml", read_operations},
        {"*errors*.yaml", read_errors},
        {"*config*.yaml", read_views},
    };
    for (size_t i = 0; i < VG_COUNT(kinds); i++) {
        if (!vg_str_glob(vg_str_from(kinds[i].glob), vg_path_name(text->name)))
            continue;
        vg_doc doc;
        VG_TRY(vg_yaml_read(build->arena, text->text, text->name, NULL, &doc, err));
        return kinds[i].read(build, &doc, err);
    }
    return VG_OK;
}

vg_status vg_import_rules_read(vg_arena *arena, const vg_import_text *texts, size_t count,
                               const vg_import_rules **out, vg_error *err)
{
    vg_import_rules *rules = VG_NEW(arena, vg_import_rules);
    if (!rules || !(rules->views = vg_map_new(arena, 0)) || !(rules->asff_types = vg_map_new(arena, 0)))
        return out_of_memory(err);
    rules_build build = {arena, vg_vec_in(arena, sizeof(import_operation)),
                         vg_vec_in(arena, sizeof(import_error_code)), rules};
    for (size_t i = 0; i < count; i++)
        VG_TRY(read_text(&build, &texts[i], err));
    rules->operations = build.operations.items;
    rules->operation_count = build.operations.len;
    rules->errors = build.errors.items;
    rules->error_count = build.errors.len;
    *out = rules;
    return VG_OK;
}

/* Letters and digits alone, lower case, so that "iam:GetAccountSummary" and "iam get-account-summary" compare equal. */
static vg_str squeeze(vg_str text, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len && n < size; i++)
        if (isalnum((unsigned char)text.ptr[i]))
            out[n++] = (char)tolower((unsigned char)text.ptr[i]);
    return (vg_str){out, n};
}

const import_operation *import_operation_find(const vg_import_rules *rules, vg_str name)
{
    enum { LONGEST = 160 };
    static const vg_str cli_config = VG_STR_INIT("configservice"), config = VG_STR_INIT("config");
    char wanted_text[LONGEST], known_text[LONGEST], renamed[LONGEST];
    vg_str wanted = squeeze(name, wanted_text, LONGEST);
    if (vg_str_starts(wanted, cli_config)) {
        int n = snprintf(renamed, sizeof renamed, "%.*s%.*s", VG_ARG(config),
                         VG_ARG(vg_str_sub(wanted, cli_config.len, VG_NPOS)));
        wanted = vg_str_of(renamed, n > 0 && n < LONGEST ? (size_t)n : 0);
    }
    for (size_t i = 0; i < rules->operation_count; i++) {
        const import_operation *one = &rules->operations[i];
        if (vg_str_eq(squeeze(one->name, known_text, LONGEST), wanted) ||
            (one->alias.len && vg_str_eq(squeeze(one->alias, known_text, LONGEST), wanted)))
            return one;
    }
    return NULL;
}
