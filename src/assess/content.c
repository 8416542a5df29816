/* content.c: the files that say what is judged: practices, controls, and what provides each property.
 *
 * A user's own folder stands over the built-in files: the same path replaces, another adds. A control that cannot be
 * used (a syntax error, an unknown practice) is named and left out; the rest goes on. */
#include "assess/assess_part.h"

#include <stdlib.h>

typedef struct {
    vg_arena *arena;
    vg_content *content;
    vg_vec controls;       /* vg_control */
    const vg_value *kinds; /* of attestations; NULL when nobody describes them */
    void (*bad)(void *context, const vg_error *err);
    void *context;
} loader;

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while loading content");
}

/* ---- which files ----------------------------------------------------------------------------------------------------------- */

static int compare_sources(const void *a, const void *b)
{
    return vg_str_cmp(((const vg_content_source *)a)->path, ((const vg_content_source *)b)->path);
}

/* Both lists as one, in the order of paths; the overlay's file of a path alone. */
static vg_status merge_sources(vg_arena *arena, const vg_content_source *built_in, size_t built_in_count,
                               const vg_content_source *overlay, size_t overlay_count, vg_vec *out,
                               vg_error *err)
{
    vg_map *seen = vg_map_new(arena, 0);
    if (!seen)
        return no_memory(err);
    for (size_t i = 0; i < overlay_count + built_in_count; i++) {
        const vg_content_source *source = i < overlay_count ? &overlay[i] : &built_in[i - overlay_count];
        bool added = false;
        vg_content_source *item = NULL;
        if (!vg_map_put(seen, source->path, &added) || (added && !(item = vg_vec_push(out))))
            return no_memory(err);
        if (added)
            *item = *source;
    }
    if (out->len > 1)
        qsort(out->items, out->len, sizeof(vg_content_source), compare_sources);
    return VG_OK;
}

/* What stands in a folder of content besides content (a README, tests) is left alone. */
static bool is_content(vg_str path)
{
    return vg_str_ends(path, VG_STR(".guard")) || vg_str_ends(path, VG_STR(".yaml")) ||
           vg_str_ends(path, VG_STR(".yml"));
}

vg_status vg_content_read_folder(vg_arena *arena, vg_str folder,
                                 void (*bad)(void *context, const vg_error *err), void *context,
                                 const vg_content_source **out, size_t *count, vg_error *err)
{
    enum { LARGEST = 8 * 1024 * 1024 };
    vg_vec files = vg_vec_in(arena, sizeof(vg_dir_entry)),
           sources = vg_vec_in(arena, sizeof(vg_content_source));
    *out = NULL;
    *count = 0;
    if (!vg_dir_exists(folder))
        return VG_OK;
    VG_TRY(vg_dir_walk(arena, folder, &files, bad, context, err));
    for (size_t i = 0; i < files.len; i++) {
        const vg_dir_entry *file = vg_vec_at(&files, i);
        vg_content_source read = {0};
        vg_error own = {0};
        if (!is_content(file->path))
            continue;
        if (vg_file_read(arena, file->path, LARGEST, &read.bytes, &own) != VG_OK) {
            if (bad)
                bad(context, &own);
            continue;
        }
        size_t from = folder.len;
        while (from < file->path.len && file->path.ptr[from] == '/')
            from++;
        read.path = vg_str_sub(file->path, from, VG_NPOS);
        vg_content_source *source = vg_vec_push(&sources);
        if (!source)
            return no_memory(err);
        *source = read;
    }
    *out = sources.items;
    *count = sources.len;
    return VG_OK;
}

/* ---- practices --------------------------------------------------------------------------------------------------------------- */

static vg_status read_strings(vg_arena *arena, const vg_value *list_or_string, const vg_str **out,
                              size_t *count, vg_error *err)
{
    vg_vec strings = vg_vec_in(arena, sizeof(vg_str));
    vg_str text;
    for (size_t i = 0; vg_control_item(list_or_string, i, &text); i++) {
        vg_str *item = vg_vec_push(&strings);
        if (!item)
            return no_memory(err);
        *item = text;
    }
    *out = strings.items;
    *count = strings.len;
    return VG_OK;
}

static vg_status read_practices(loader *l, const vg_content_source *source, vg_error *err)
{
    vg_doc doc;
    vg_vec practices = vg_vec_in(l->arena, sizeof(vg_practice));
    VG_TRY(vg_yaml_read(l->arena, source->bytes, source->path, NULL, &doc, err));
    for (vg_items it = vg_items_of(doc.root); vg_items_next(&it);) {
        vg_practice *practice = vg_vec_push(&practices);
        if (!practice)
            return no_memory(err);
        *practice = (vg_practice){
            .id = vg_get_str(it.value, "id"),
            .code = vg_get_str(it.value, "code"),
            .title = vg_get_str(it.value, "title"),
        };
        VG_TRY(read_strings(l->arena, vg_get(it.value, VG_STR("sentences")), &practice->sentences,
                            &practice->sentence_count, err));
    }
    if (practices.len > 32)
        return vg_fail(err, VG_ERR_LIMIT, "practices.yaml names more than 32 practices");
    l->content->practices = practices.items;
    l->content->practice_count = practices.len;
    return VG_OK;
}

static vg_status read_kinds(loader *l, const vg_content_source *source, vg_error *err)
{
    vg_doc doc;
    VG_TRY(vg_yaml_read(l->arena, source->bytes, source->path, NULL, &doc, err));
    l->kinds = vg_get(doc.root, VG_STR("kinds"));
    return VG_OK;
}

static vg_status read_words(loader *l, const vg_content_source *source, vg_error *err)
{
    vg_doc doc;
    vg_vec words = vg_vec_in(l->arena, sizeof(vg_word));
    VG_TRY(vg_yaml_read(l->arena, source->bytes, source->path, NULL, &doc, err));
    for (vg_items it = vg_items_of(doc.root); vg_items_next(&it);) {
        vg_word *word = vg_vec_push(&words);
        if (!word)
            return no_memory(err);
        *word = (vg_word){.name = vg_get_str(it.value, "word"),
                          .about = vg_str_trim(vg_get_str(it.value, "about")),
                          .choices = vg_get_str(it.value, "choices")};
    }
    l->content->words = words.items;
    l->content->word_count = words.len;
    return VG_OK;
}

/* ---- what provides a property -------------------------------------------------------------------------------------------------- */

/* "a", "a or b", "a, b or c" of a list. */
static vg_str join_or(vg_arena *arena, const vg_value *list)
{
    vg_buf text = {0};
    size_t count = vg_value_count(list), i = 0;
    for (vg_items it = vg_items_of(list); vg_items_next(&it); i++) {
        if (i > 0)
            vg_buf_add_c(&text, i + 1 == count ? " or " : ", ");
        vg_buf_add_str(&text, vg_value_str(it.value));
    }
    vg_str joined = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return joined;
}

static bool put_from(loader *l, vg_str key, vg_str from)
{
    vg_map_entry *entry = key.ptr ? vg_map_put((vg_map *)l->content->from, key, NULL) : NULL;
    vg_str *value = VG_NEW(l->arena, vg_str);
    if (!entry || !value)
        return false;
    *value = from;
    entry->value.ptr = value;
    return true;
}

/* Whether the type lists the property among those that are absent where there is none. */
static bool is_listed(const vg_value *optional, vg_str property)
{
    vg_str name;
    for (size_t i = 0; vg_control_item(optional, i, &name); i++)
        if (vg_str_eq(name, property) || vg_str_is(name, "all"))
            return true;
    return false;
}

/* Notes what the absence of a property says. `own` is what the property itself says of it: true, or the name of another. */
static bool put_absence(loader *l, vg_str key, const vg_value *own, bool is_optional)
{
    if (is_optional || (own && own->kind == VG_BOOL && own->as.boolean))
        return true;
    vg_map_entry *entry = vg_map_put((vg_map *)l->content->unknown, key, NULL);
    vg_str *unless = VG_NEW(l->arena, vg_str);
    if (!entry || !unless)
        return false;
    *unless = own && own->kind == VG_STRING ? vg_value_str(own) : (vg_str){0};
    entry->value.ptr = unless;
    return true;
}

/* evidence.yaml has `from` and `optional` a type, facts.yaml a property: there the first property's source gives the
 * things. */
static vg_status read_type(loader *l, const vg_value *entry, vg_error *err)
{
    vg_str type = vg_get_str(entry, "type");
    const vg_value *of_type = vg_get(entry, VG_STR("from")), *optional = vg_get(entry, VG_STR("optional"));
    const vg_value *first = of_type;
    if (of_type && !put_from(l, type, join_or(l->arena, of_type)))
        return no_memory(err);
    for (vg_items it = vg_items_of(vg_get(entry, VG_STR("properties"))); vg_items_next(&it);) {
        vg_str key = vg_arena_printf(l->arena, "%.*s.%.*s", VG_ARG(type), VG_ARG(it.key));
        const vg_value *from = vg_get(it.value, VG_STR("from"));
        const vg_value *either = from ? from : of_type;
        first = first ? first : either;
        if (!put_from(l, key, join_or(l->arena, either)) ||
            !put_absence(l, key, vg_get(it.value, VG_STR("optional")), is_listed(optional, it.key)))
            return no_memory(err);
    }
    vg_str things = vg_arena_printf(l->arena, "%.*s.*", VG_ARG(type));
    return put_from(l, things, join_or(l->arena, first)) ? VG_OK : no_memory(err);
}

static vg_status read_types(loader *l, const vg_content_source *source, vg_error *err)
{
    vg_doc doc;
    VG_TRY(vg_yaml_read(l->arena, source->bytes, source->path, NULL, &doc, err));
    for (vg_items types = vg_items_of(doc.root); vg_items_next(&types);)
        VG_TRY(read_type(l, types.value, err));
    return VG_OK;
}

/* ---- controls --------------------------------------------------------------------------------------------------------------------- */

static double weight_of(const vg_control_header *header)
{
    static const double weights[] = {0, 1, 2, 4, 8};
    const vg_value *given = vg_get(header->doc.root, VG_STR("weight"));
    if (given && given->kind == VG_INT && given->as.i64 >= 0)
        return (double)given->as.i64;
    if (given && given->kind == VG_DOUBLE && given->as.f64 >= 0)
        return given->as.f64;
    return weights[header->severity];
}

/* All practices that the header names, by id or code; the first is the one that the control is listed under. */
static vg_status find_practices(const loader *l, const vg_content_source *source, vg_control *control,
                                vg_error *err)
{
    vg_str wanted = {0};
    for (size_t item = 0; vg_control_item(control->header.practice, item, &wanted); item++) {
        size_t i = 0;
        while (i < l->content->practice_count && !vg_str_eq(wanted, l->content->practices[i].id) &&
               !vg_str_eq(wanted, l->content->practices[i].code))
            i++;
        if (i == l->content->practice_count)
            return vg_fail_at(err, VG_ERR_VALUE, (vg_place){.file = source->path},
                              "practice '%.*s' is none of practices.yaml", VG_ARG(wanted));
        control->practice = item == 0 ? i : control->practice;
        control->practices |= 1u << i;
    }
    return VG_OK;
}

static vg_status find_scope(const vg_content_source *source, const vg_control_header *header,
                            vg_control_scope *out, vg_error *err)
{
    static const struct {
        const char *name;
        vg_control_scope scope;
    } scopes[] = {{"all", VG_SCOPE_ALL}, {"management", VG_SCOPE_MANAGEMENT}, {"members", VG_SCOPE_MEMBERS}};
    vg_str name = vg_get_str(header->doc.root, "scope");
    *out = VG_SCOPE_ALL;
    for (size_t i = 0; i < VG_COUNT(scopes); i++)
        if (vg_str_is(name, scopes[i].name))
            *out = scopes[i].scope;
    if (name.len == 0 || *out != VG_SCOPE_ALL || vg_str_is(name, "all"))
        return VG_OK;
    vg_place place = {.file = source->path};
    return vg_fail_at(err, VG_ERR_VALUE, place, "scope is 'all', 'management' or 'members', not '%.*s'",
                      VG_ARG(name));
}

static bool is_per_workload(const loader *l, vg_str kind)
{
    for (vg_items it = vg_items_of(l->kinds); vg_items_next(&it);)
        if (vg_str_eq(vg_get_str(it.value, "id"), kind))
            return vg_str_is(vg_get_str(it.value, "scope"), "workload");
    return false;
}

static vg_status read_attestation(loader *l, vg_control *control, vg_error *err)
{
    vg_control_item(control->header.attestation, 0, &control->attestation);
    if (control->attestation.len == 0)
        return VG_OK;
    vg_str *type = VG_NEW(l->arena, vg_str);
    if (!type)
        return no_memory(err);
    control->per_workload = is_per_workload(l, control->attestation);
    *type = VG_STR("Vigil::Attestation::Attestation");
    control->types = type;
    control->type_count = 1;
    return VG_OK;
}

static vg_status read_control(loader *l, const vg_content_source *source, bool *found, vg_error *err)
{
    vg_control control = {.path = source->path};
    vg_ruleset *rules = NULL;
    VG_TRY(vg_control_header_read(l->arena, source->bytes, source->path, &control.header, found, err));
    if (!*found || !control.header.practice)
        return vg_fail_at(err, VG_ERR_VALUE, (vg_place){.file = source->path},
                          "%s, so that the review cannot use this control; add it (see 'vigil content show "
                          "practices.yaml')",
                          *found ? "the header names no practice" : "no header with id, title and practice");
    VG_TRY(find_practices(l, source, &control, err));
    VG_TRY(find_scope(source, &control.header, &control.scope, err));
    VG_TRY(read_strings(l->arena, control.header.resource, &control.types, &control.type_count, err));
    VG_TRY(read_strings(l->arena, control.header.needs, &control.needs, &control.need_count, err));
    VG_TRY(read_attestation(l, &control, err));
    if (!control.header.needs || control.header.needs->kind == VG_NULL)
        control.unknown = l->content->unknown;
    control.weight = weight_of(&control.header);
    control.repair = vg_get(control.header.doc.root, VG_STR("repair"));
    vg_rule_source text = {source->path, source->bytes};
    VG_TRY(vg_ruleset_compile(&text, 1, &rules, err));
    vg_control *kept = vg_vec_push(&l->controls);
    if (!kept) {
        vg_ruleset_free(rules);
        return no_memory(err);
    }
    control.rules = rules;
    *kept = control;
    return VG_OK;
}

static int compare_controls(const void *left, const void *right)
{
    const vg_control *a = left, *b = right;
    if (a->practice != b->practice)
        return a->practice < b->practice ? -1 : 1;
    int order = vg_str_cmp(a->header.id, b->header.id);
    return order ? order : vg_str_cmp(a->path, b->path);
}

static vg_status index_types(loader *l, vg_error *err)
{
    vg_content *content = l->content;
    content->by_type = vg_map_new(l->arena, 0);
    if (!content->by_type)
        return no_memory(err);
    for (size_t i = 0; i < content->control_count; i++)
        for (size_t t = 0; t < content->controls[i].type_count; t++) {
            vg_map_entry *entry = vg_map_put(content->by_type, content->controls[i].types[t], NULL);
            vg_vec *list = entry ? entry->value.ptr : NULL;
            if (entry && !list && (list = VG_NEW(l->arena, vg_vec))) {
                *list = vg_vec_in(l->arena, sizeof(size_t));
                entry->value.ptr = list;
            }
            size_t *index = list ? vg_vec_push(list) : NULL;
            if (!index)
                return no_memory(err);
            *index = i;
        }
    return VG_OK;
}

/* ---- all together ---------------------------------------------------------------------------------------------------------------------- */

static void report(const loader *l, const vg_error *err)
{
    if (l->bad)
        l->bad(l->context, err);
}

static vg_status load_described(loader *l, const vg_vec *sources, vg_error *err)
{
    for (size_t i = 0; i < sources->len; i++) {
        const vg_content_source *source = vg_vec_at(sources, i);
        if (vg_str_is(source->path, "practices.yaml"))
            VG_TRY(read_practices(l, source, err));
        else if (vg_str_is(source->path, "attestations.yaml"))
            VG_TRY(read_kinds(l, source, err));
        else if (vg_str_is(source->path, "placeholders.yaml"))
            VG_TRY(read_words(l, source, err));
        else if (vg_str_starts(source->path, VG_STR("types/")) && vg_str_ends(source->path, VG_STR(".yaml")))
            VG_TRY(read_types(l, source, err));
    }
    if (l->content->practice_count == 0)
        return vg_fail(err, VG_ERR_NOT_FOUND, "content has no practices.yaml, or it names no practice");
    return VG_OK;
}

static vg_status load_controls(loader *l, const vg_vec *sources, vg_error *err)
{
    vg_map *ids = vg_map_new(l->arena, 0);
    if (!ids)
        return no_memory(err);
    for (size_t i = 0; i < sources->len; i++) {
        const vg_content_source *source = vg_vec_at(sources, i);
        bool is_control =
            vg_str_starts(source->path, VG_STR("controls/")) && vg_str_ends(source->path, VG_STR(".guard"));
        bool found = false, added = true;
        vg_error own = {0};
        size_t before = l->controls.len;
        if (!is_control)
            continue;
        if (read_control(l, source, &found, &own) != VG_OK)
            report(l, &own);
        if (l->controls.len == before)
            continue;
        const vg_control *control = vg_vec_at(&l->controls, before);
        if (!vg_map_put(ids, control->header.id, &added))
            return no_memory(err);
        if (added)
            continue;
        vg_fail_at(&own, VG_ERR_VALUE, (vg_place){.file = source->path},
                   "another control has the id '%.*s' too", VG_ARG(control->header.id));
        report(l, &own);
        vg_ruleset_free((vg_ruleset *)control->rules);
        l->controls.len--;
    }
    return VG_OK;
}

vg_status vg_content_load(vg_arena *arena, const vg_content_source *built_in, size_t built_in_count,
                          const vg_content_source *overlay, size_t overlay_count,
                          void (*bad)(void *context, const vg_error *err), void *context, vg_content **out,
                          vg_error *err)
{
    vg_vec sources = vg_vec_in(arena, sizeof(vg_content_source));
    loader l = {
        .arena = arena,
        .content = VG_NEW(arena, vg_content),
        .controls = vg_vec_in(arena, sizeof(vg_control)),
        .bad = bad,
        .context = context,
    };
    if (!l.content || !(l.content->from = vg_map_new(arena, 0)) ||
        !(l.content->unknown = vg_map_new(arena, 0)))
        return no_memory(err);
    VG_TRY(merge_sources(arena, built_in, built_in_count, overlay, overlay_count, &sources, err));
    l.content->files = sources.items;
    l.content->file_count = sources.len;
    VG_TRY(load_described(&l, &sources, err));
    vg_status status = load_controls(&l, &sources, err);
    if (l.controls.len > 1)
        qsort(l.controls.items, l.controls.len, sizeof(vg_control), compare_controls);
    l.content->controls = l.controls.items;
    l.content->control_count = l.controls.len;
    if (status == VG_OK)
        status = index_types(&l, err);
    if (status != VG_OK) {
        vg_content_free(l.content);
        return status;
    }
    *out = l.content;
    return VG_OK;
}

vg_str vg_content_text(const vg_content *content, vg_str path)
{
    for (size_t i = 0; i < content->file_count; i++)
        if (vg_str_eq(content->files[i].path, path))
            return content->files[i].bytes;
    return (vg_str){0};
}

void vg_content_free(vg_content *content)
{
    for (size_t i = 0; content && i < content->control_count; i++)
        vg_ruleset_free((vg_ruleset *)content->controls[i].rules);
    if (content)
        content->control_count = 0;
}
