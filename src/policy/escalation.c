/* escalation.c: techniques of escalation are read from content (content/escalations/, docs/reference/escalations.md).
 *
 * A file is a list of techniques in YAML. Everything is checked when it is read, against tables of words and against the
 * catalogue, so that the graph need not ask again; a word that no table has is an error, since a technique that is
 * misread in silence would be one that is never found. */
#include "policy/policy_graph.h"

#include <stdio.h>

static const char *const kinds[] = {
    [VG_ESCALATION_SELF] = "self-escalation",
    [VG_ESCALATION_PRINCIPAL] = "principal-access",
    [VG_ESCALATION_NEW_PASSROLE] = "new-passrole",
    [VG_ESCALATION_EXISTING_PASSROLE] = "existing-passrole",
};
static const char *const actors[] = {"any", "user", "role"};
static const char *const becomes[] = {"self", "user", "role", "group", "passed-role", "running-role", "made"};
static const char *const made[] = {"nothing", "user", "role", "group"};
static const char *const gains[] = {"permissions", "administrator"};
static const char *const boundaries[] = {"holds", "lifted"};
static const char *const places[] = {"self",          "target",    "target-trusting", "own-policy",
                                     "target-policy", "own-group", "own-boundary",    "target-boundary",
                                     "made",          "any"};

const char *vg_escalation_kind_name(vg_escalation_kind kind)
{
    return kinds[kind];
}

typedef struct {
    vg_arena *arena;
    const vg_catalogue *catalogue;
    vg_doc doc;
    vg_vec techniques; /* vg_escalation */
    vg_vec actions;    /* vg_str */
    vg_vec associated; /* vg_escalation_association */
    vg_map *bits;      /* action's id as text, to its bit + 1 */
    vg_map *ids;
    vg_error *err;
} reader;

static vg_status no_memory(reader *r)
{
    return vg_fail(r->err, VG_ERR_MEMORY, "memory ran out while reading techniques");
}

static vg_status wrong(reader *r, const vg_value *at, const char *what, vg_str text)
{
    return vg_fail_at(r->err, VG_ERR_VALUE, vg_doc_place(&r->doc, at), "%s: %.*s", what,
                      VG_ARG(vg_str_sub(text, 0, 100)));
}

/* ---- words --------------------------------------------------------------------------------------------------------------- */

/* The index of the word of `key` in a table; 0 when the technique does not have the key. */
static vg_status read_word(reader *r, const vg_value *object, const char *key, const char *const *words,
                           size_t count, unsigned *out)
{
    const vg_value *value = vg_get(object, vg_str_from(key));
    *out = 0;
    for (size_t i = 0; value && i < count; i++)
        if (vg_str_is(vg_value_str(value), words[i])) {
            *out = (unsigned)i;
            return VG_OK;
        }
    return value ? wrong(r, value, key, vg_value_str(value)) : VG_OK;
}

static vg_status check_keys(reader *r, const vg_value *object, const char *const *known, size_t count)
{
    if (vg_kind_of(object) != VG_OBJECT)
        return wrong(r, object, "this must be an object", VG_STR(""));
    for (vg_items it = vg_items_of(object); vg_items_next(&it);) {
        bool found = false;
        for (size_t i = 0; i < count && !found; i++)
            found = vg_str_is(it.key, known[i]);
        if (!found)
            return wrong(r, it.value, "techniques have no such key", it.key);
    }
    return VG_OK;
}

static vg_status read_texts(reader *r, const vg_value *list, const vg_str **out, size_t *count)
{
    vg_str *texts = VG_NEW_N(r->arena, vg_str, list ? vg_value_count(list) + 1 : 1);
    if (!texts)
        return no_memory(r);
    *count = 0;
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        texts[*count] = vg_value_str(it.value);
        if (texts[(*count)++].len == 0)
            return wrong(r, it.value, "this must be a list of words", VG_STR(""));
    }
    *out = texts;
    return VG_OK;
}

static vg_status read_flag(reader *r, const vg_value *object, const char *key, bool *out)
{
    const vg_value *value = vg_get(object, vg_str_from(key));
    *out = vg_get_bool(object, key, false);
    return value && vg_kind_of(value) != VG_BOOL ? wrong(r, value, key, VG_STR("takes true or false"))
                                                 : VG_OK;
}

/* ---- needs ----------------------------------------------------------------------------------------------------------------- */

static vg_status number_action(reader *r, const vg_value *at, vg_escalation_need *need)
{
    bool added = false;
    vg_map_entry *entry =
        vg_map_put(r->bits, vg_catalogue_action_at(r->catalogue, need->action_id)->name, &added);
    if (!entry)
        return no_memory(r);
    if (added) {
        if (r->actions.len == VG_ESCALATION_ACTIONS_MAX)
            return wrong(r, at, "techniques name too many actions", need->action);
        vg_str *place = vg_vec_push(&r->actions);
        if (!place)
            return no_memory(r);
        *place = entry->key;
        entry->value.u64 = r->actions.len - 1;
    }
    need->bit = (uint16_t)entry->value.u64;
    return VG_OK;
}

/* The types that the content names, each one that the action takes. */
static vg_status read_types(reader *r, const vg_value *list, const vg_catalogue_action *action, uint32_t *ids,
                            size_t *count)
{
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        uint32_t id = vg_catalogue_find_resource(r->catalogue, action->service, vg_value_str(it.value));
        bool taken = false;
        for (size_t i = 0; i < action->use_count; i++)
            taken = taken || action->uses[i].resource == id;
        if (!taken)
            return wrong(r, it.value, "the action takes no such type", vg_value_str(it.value));
        ids[(*count)++] = id;
    }
    return VG_OK;
}

static vg_status read_resources(reader *r, const vg_value *list, vg_escalation_need *need)
{
    const vg_catalogue_action *action = vg_catalogue_action_at(r->catalogue, need->action_id);
    size_t room = action->use_count + (list ? vg_value_count(list) : 0);
    uint32_t *ids = VG_NEW_N(r->arena, uint32_t, room + 1);
    if (!ids)
        return no_memory(r);
    need->resources = ids;
    need->wildcard = action->use_count == 0;
    if (list)
        return read_types(r, list, action, ids, &need->resource_count);
    for (size_t i = 0; i < action->use_count; i++)
        if (action->uses[i].required)
            ids[need->resource_count++] = action->uses[i].resource;
    return VG_OK;
}

/* A key and what it holds: a list. */
static vg_status read_pin(reader *r, const vg_value *v, vg_str key, vg_escalation_pin *out)
{
    if (vg_kind_of(v) != VG_ARRAY)
        return wrong(r, v, "what a key holds is a list", key);
    out->key = key;
    return read_texts(r, v, &out->values, &out->count);
}

/* One value alone is no choice: a permissions boundary, or that the key is not there. */
static bool is_fact(const vg_escalation_pin *pin)
{
    return pin->count == 0 || vg_str_is(pin->values[0], "${Boundary}");
}

static vg_status read_context(reader *r, const vg_value *context, vg_escalation_need *need)
{
    size_t choices = 0;
    if (context && vg_kind_of(context) != VG_OBJECT)
        return wrong(r, context, "context is an object of keys", need->action);
    for (vg_items it = vg_items_of(context); vg_items_next(&it);) {
        if (need->pin_count == VG_COUNT(need->pins))
            return wrong(r, it.value, "a need has 2 keys of context at most", it.key);
        vg_escalation_pin *pin = &need->pins[need->pin_count++];
        VG_TRY(read_pin(r, it.value, it.key, pin));
        choices += !is_fact(pin);
    }
    return choices > 1 ? wrong(r, context, "a need leaves one key to choose at most", need->action) : VG_OK;
}

static vg_status read_need(reader *r, const vg_value *v, vg_escalation_need *need)
{
    static const char *const keys[] = {"action", "on", "types", "either", "context"};
    unsigned on;
    VG_TRY(check_keys(r, v, keys, VG_COUNT(keys)));
    *need = (vg_escalation_need){.action = vg_get_str(v, "action")};
    need->action_id = vg_catalogue_find_action(r->catalogue, need->action);
    if (need->action_id == VG_CATALOGUE_NONE)
        return wrong(r, v, "the catalogue has no such action", need->action);
    if (!vg_get(v, VG_STR("on")))
        return wrong(r, v, "say on what the action is needed: on", need->action);
    VG_TRY(read_word(r, v, "on", places, VG_COUNT(places), &on));
    need->on = (vg_escalation_on)on;
    VG_TRY(number_action(r, v, need));
    VG_TRY(read_context(r, vg_get(v, VG_STR("context")), need));
    const vg_value *all = vg_get(v, VG_STR("types")), *either = vg_get(v, VG_STR("either"));
    if (all && either)
        return wrong(r, v, "a need has types, all of them, or either, one of them", need->action);
    need->either = either != NULL;
    return read_resources(r, all ? all : either, need);
}

static vg_status read_needs(reader *r, const vg_value *v, const vg_value *list, vg_escalation *t)
{
    if (!list || vg_value_count(list) == 0 || vg_value_count(list) > VG_ESCALATION_NEEDS_MAX)
        return wrong(r, v, "a technique has 1 to 8 needs", t->id);
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        VG_TRY(read_need(r, it.value, &t->needs[t->need_count++]));
    return VG_OK;
}

/* ---- techniques ---------------------------------------------------------------------------------------------------------------- */

static vg_status read_words(reader *r, const vg_value *v, vg_escalation *t)
{
    unsigned kind, by, become, gain, boundary, makes;
    VG_TRY(read_word(r, v, "kind", kinds, VG_COUNT(kinds), &kind));
    VG_TRY(read_word(r, v, "by", actors, VG_COUNT(actors), &by));
    VG_TRY(read_word(r, v, "becomes", becomes, VG_COUNT(becomes), &become));
    VG_TRY(read_word(r, v, "gains", gains, VG_COUNT(gains), &gain));
    VG_TRY(read_word(r, v, "boundary", boundaries, VG_COUNT(boundaries), &boundary));
    VG_TRY(read_word(r, v, "makes", made, VG_COUNT(made), &makes));
    t->makes = (vg_escalation_makes)makes;
    t->kind = (vg_escalation_kind)kind;
    t->by = (vg_escalation_by)by;
    t->becomes = (vg_escalation_becomes)become;
    t->administrator = gain == 1;
    t->lifts_boundary = boundary == 1;
    return VG_OK;
}

static bool is_by_service(const vg_escalation *t)
{
    return t->becomes == VG_BECOMES_PASSED_ROLE || t->becomes == VG_BECOMES_RUNNING_ROLE;
}

/* What must and must not stand together. */
static vg_status check(reader *r, const vg_value *v, const vg_escalation *t)
{
    static const char *const needed[] = {"id", "title", "kind", "becomes", "why", "remedy"};
    bool added = false;
    for (size_t i = 0; i < VG_COUNT(needed); i++)
        if (!vg_get_str(v, needed[i]).len)
            return wrong(r, v, "a technique must have", vg_str_from(needed[i]));
    if (!vg_map_put(r->ids, t->id, &added))
        return no_memory(r);
    if (!added)
        return wrong(r, v, "this id is there twice", t->id);
    if (is_by_service(t) != (t->service_count > 0))
        return wrong(r, v, "services belong to passed-role and running-role", t->id);
    if ((t->becomes == VG_BECOMES_RUNNING_ROLE) != (t->type.len > 0))
        return wrong(r, v, "type belongs to running-role", t->id);
    bool is_made = t->becomes == VG_BECOMES_MADE;
    for (size_t i = 0; i < t->need_count; i++)
        is_made = is_made || t->needs[i].on == VG_ON_MADE;
    if (is_made != (t->makes != VG_MAKES_NOTHING))
        return wrong(r, v, "what is made needs makes, and makes needs on: made", t->id);
    return VG_OK;
}

static vg_status read_technique(reader *r, const vg_value *v)
{
    static const char *const keys[] = {"id",    "reference", "title", "kind",   "by",      "becomes",
                                       "gains", "services",  "type",  "across", "profile", "boundary",
                                       "if",    "needs",     "why",   "remedy", "makes"};
    VG_TRY(check_keys(r, v, keys, VG_COUNT(keys)));
    if (r->techniques.len == VG_ESCALATIONS_MAX)
        return wrong(r, v, "there are more techniques than a graph takes (128)", vg_get_str(v, "id"));
    vg_escalation *t = vg_vec_push(&r->techniques);
    if (!t)
        return no_memory(r);
    *t = (vg_escalation){.id = vg_get_str(v, "id"),
                         .title = vg_get_str(v, "title"),
                         .why = vg_get_str(v, "why"),
                         .remedy = vg_get_str(v, "remedy"),
                         .only_if = vg_get_str(v, "if"),
                         .type = vg_get_str(v, "type"),
                         .place = vg_doc_place(&r->doc, v)};
    VG_TRY(read_words(r, v, t));
    VG_TRY(read_flag(r, v, "across", &t->across));
    VG_TRY(read_flag(r, v, "profile", &t->needs_profile));
    VG_TRY(read_texts(r, vg_get(v, VG_STR("services")), &t->services, &t->service_count));
    VG_TRY(read_texts(r, vg_get(v, VG_STR("reference")), &t->references, &t->reference_count));
    VG_TRY(read_needs(r, v, vg_get(v, VG_STR("needs")), t));
    return check(r, v, t);
}

static vg_status read_associated(reader *r, const vg_value *services)
{
    if (services && vg_kind_of(services) != VG_OBJECT)
        return wrong(r, services, "associated is an object of services", VG_STR(""));
    for (vg_items it = vg_items_of(services); vg_items_next(&it);) {
        vg_escalation_association *of = vg_vec_push(&r->associated);
        if (!of)
            return no_memory(r);
        of->service = it.key;
        VG_TRY(read_pin(r, it.value, VG_STR("iam:AssociatedResourceArn"), &of->pin));
    }
    return VG_OK;
}

static vg_status read_file(reader *r, const vg_escalation_file *file)
{
    VG_TRY(vg_yaml_read(r->arena, file->text, file->name, NULL, &r->doc, r->err));
    const vg_value *list = vg_get(r->doc.root, VG_STR("techniques"));
    if (!list || vg_kind_of(list) != VG_ARRAY)
        return wrong(r, r->doc.root, "a file of techniques has a list", VG_STR("techniques"));
    VG_TRY(read_associated(r, vg_get(r->doc.root, VG_STR("associated"))));
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        VG_TRY(read_technique(r, it.value));
    return VG_OK;
}

vg_status vg_escalations_read(vg_arena *arena, const vg_catalogue *catalogue, const vg_escalation_file *files,
                              size_t count, const vg_escalations **out, vg_error *err)
{
    reader r = {.arena = arena,
                .catalogue = catalogue,
                .techniques = vg_vec_in(arena, sizeof(vg_escalation)),
                .actions = vg_vec_in(arena, sizeof(vg_str)),
                .associated = vg_vec_in(arena, sizeof(vg_escalation_association)),
                .bits = vg_map_new(arena, 0),
                .ids = vg_map_new(arena, 0),
                .err = err};
    vg_escalations *all = VG_NEW(arena, vg_escalations);
    if (!all || !r.bits || !r.ids)
        return no_memory(&r);
    for (size_t i = 0; i < count; i++)
        VG_TRY(read_file(&r, &files[i]));
    *all = (vg_escalations){.techniques = r.techniques.items,
                            .count = r.techniques.len,
                            .actions = r.actions.items,
                            .action_count = r.actions.len,
                            .associated = r.associated.items,
                            .associated_count = r.associated.len,
                            .catalogue = catalogue};
    *out = all;
    return VG_OK;
}
