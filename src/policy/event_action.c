/* event_action.c: which permissions an event of CloudTrail needed.
 *
 * Most events are named like their action. What is not is content (content/policy/events.yaml): services whose events come
 * from another name than their actions have, events that another action or several authorise, events that ask for none.
 * Order: a dated suffix is taken off; then the map's own words; then the verbs of services whose actions are HTTP methods;
 * then the action of the event's name, which the catalogue knows or does not. */
#include "policy/policy_part.h"
#include "policy/policy_usage.h"

typedef struct {
    vg_event_answer answer;
    const vg_str *actions;
    size_t count;
} mapped_event;

typedef struct {
    vg_str beginning, action;
} verb;

typedef struct {
    const verb *verbs;
    size_t count;
} verb_list;

struct vg_event_map {
    const vg_catalogue *catalogue;
    vg_map *services;            /* first label -> vg_str *: prefix */
    vg_map *events;              /* "prefix:Name" -> mapped_event * */
    vg_map *verbs;               /* prefix -> verb_list * */
    vg_vec silent, data, global; /* vg_str: patterns of actions */
    vg_vec home_regions;         /* vg_str */
    vg_vec allowed_ends;         /* vg_str: patterns of error codes */
};

/* ---- reading the map --------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_arena *arena;
    const vg_doc *doc;
    vg_event_map *out;
    vg_error *err;
} map_reader;

static vg_status no_memory(map_reader *r)
{
    return vg_fail(r->err, VG_ERR_MEMORY, "memory ran out while reading the map of events");
}

static vg_status wrong(map_reader *r, const vg_value *at, const char *what)
{
    return vg_fail_at(r->err, VG_ERR_VALUE, vg_doc_place(r->doc, at), "%s", what);
}

static vg_status put(map_reader *r, vg_map *map, vg_str key, void *value)
{
    vg_map_entry *entry = value ? vg_map_put(map, key, NULL) : NULL;
    if (!entry)
        return no_memory(r);
    entry->value.ptr = value;
    return VG_OK;
}

static vg_status read_services(map_reader *r, const vg_value *v)
{
    for (vg_items it = vg_items_of(v); vg_items_next(&it);) {
        vg_str *prefix = VG_NEW(r->arena, vg_str);
        if (it.value->kind != VG_STRING)
            return wrong(r, it.value, "a service must be the prefix of its actions");
        if (prefix)
            *prefix = vg_value_str(it.value);
        VG_TRY(put(r, r->out->services, it.key, prefix));
    }
    return VG_OK;
}

static vg_status read_events(map_reader *r, const vg_value *v, vg_event_answer answer)
{
    for (vg_items it = vg_items_of(v); vg_items_next(&it);) {
        mapped_event *event = VG_NEW(r->arena, mapped_event);
        vg_str *actions = VG_NEW_N(r->arena, vg_str, VG_EVENT_MOST_ACTIONS);
        if (!event || !actions)
            return no_memory(r);
        if (it.value->kind != VG_ARRAY || vg_value_count(it.value) > VG_EVENT_MOST_ACTIONS)
            return wrong(r, it.value, "an event must have a list of at most 8 actions");
        *event = (mapped_event){answer, actions, 0};
        for (vg_items action = vg_items_of(it.value); vg_items_next(&action);)
            actions[event->count++] = vg_value_str(action.value);
        if (event->count == 0)
            event->answer = VG_EVENT_NONE;
        VG_TRY(put(r, r->out->events, it.key, event));
    }
    return VG_OK;
}

static vg_status read_verbs(map_reader *r, const vg_value *v)
{
    for (vg_items it = vg_items_of(v); vg_items_next(&it);) {
        verb_list *list = VG_NEW(r->arena, verb_list);
        verb *verbs = VG_NEW_N(r->arena, verb, vg_value_count(it.value) + 1);
        if (!list || !verbs)
            return no_memory(r);
        list->verbs = verbs;
        for (vg_items one = vg_items_of(it.value); vg_items_next(&one);)
            verbs[list->count++] = (verb){one.key, vg_value_str(one.value)};
        VG_TRY(put(r, r->out->verbs, it.key, list));
    }
    return VG_OK;
}

static vg_status read_patterns(map_reader *r, const vg_value *v, vg_vec *out)
{
    for (vg_items it = vg_items_of(v); vg_items_next(&it);) {
        vg_str *pattern = vg_vec_push(out);
        if (!pattern)
            return no_memory(r);
        if (it.value->kind != VG_STRING)
            return wrong(r, it.value, "a pattern must be a string");
        *pattern = vg_value_str(it.value);
    }
    return VG_OK;
}

vg_status vg_event_map_read(vg_arena *arena, vg_str text, const vg_catalogue *catalogue,
                            const vg_event_map **out, vg_error *err)
{
    vg_doc doc;
    vg_event_map *map = VG_NEW(arena, vg_event_map);
    map_reader r = {arena, &doc, map, err};
    if (!map)
        return no_memory(&r);
    *map = (vg_event_map){.catalogue = catalogue,
                          .services = vg_map_new(arena, 0),
                          .events = vg_map_new(arena, 0),
                          .verbs = vg_map_new(arena, 0),
                          .silent = vg_vec_in(arena, sizeof(vg_str)),
                          .data = vg_vec_in(arena, sizeof(vg_str)),
                          .global = vg_vec_in(arena, sizeof(vg_str)),
                          .home_regions = vg_vec_in(arena, sizeof(vg_str)),
                          .allowed_ends = vg_vec_in(arena, sizeof(vg_str))};
    if (!map->services || !map->events || !map->verbs)
        return no_memory(&r);
    VG_TRY(vg_yaml_read(arena, text, VG_STR("policy/events.yaml"), NULL, &doc, err));
    if (doc.root->kind != VG_OBJECT)
        return wrong(&r, doc.root, "the map of events must be an object");
    VG_TRY(read_services(&r, vg_get(doc.root, VG_STR("services"))));
    VG_TRY(read_events(&r, vg_get(doc.root, VG_STR("events")), VG_EVENT_MAPPED));
    VG_TRY(read_events(&r, vg_get(doc.root, VG_STR("any_of")), VG_EVENT_ANY_OF));
    VG_TRY(read_verbs(&r, vg_get(doc.root, VG_STR("verbs"))));
    VG_TRY(read_patterns(&r, vg_get(doc.root, VG_STR("silent")), &map->silent));
    VG_TRY(read_patterns(&r, vg_get(doc.root, VG_STR("data")), &map->data));
    VG_TRY(read_patterns(&r, vg_get(doc.root, VG_STR("global")), &map->global));
    VG_TRY(read_patterns(&r, vg_get(doc.root, VG_STR("home_regions")), &map->home_regions));
    VG_TRY(read_patterns(&r, vg_get(doc.root, VG_STR("after")), &map->allowed_ends));
    *out = map;
    return VG_OK;
}

/* ---- names --------------------------------------------------------------------------------------------------------------------- */

static bool is_digits(vg_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return s.len > 0;
}

/* "2015_03_31" and "20150331": a date of this century. */
static bool is_date(vg_str s)
{
    if (s.len == 10 && s.ptr[4] == '_' && s.ptr[7] == '_')
        return is_digits(vg_str_sub(s, 0, 4)) && is_digits(vg_str_sub(s, 5, 2)) &&
               is_digits(vg_str_sub(s, 8, 2));
    return s.len == 8 && is_digits(s) && vg_str_starts(s, VG_STR("20"));
}

/* The name without its version: CreateFunction20150331v2, CreateDistribution2020_05_31. */
static vg_str undated(vg_str name)
{
    vg_str s = name;
    size_t v = vg_str_rfind_char(s, 'v');
    if (v != VG_NPOS && v + 3 >= s.len && is_digits(vg_str_sub(s, v + 1, VG_NPOS)))
        s = vg_str_sub(s, 0, v);
    static const size_t lengths[] = {8, 10};
    for (size_t i = 0; i < VG_COUNT(lengths); i++)
        if (s.len > lengths[i] && is_date(vg_str_sub(s, s.len - lengths[i], lengths[i])))
            return vg_str_sub(s, 0, s.len - lengths[i]);
    return name;
}

static vg_str prefix_of(const vg_event_map *map, vg_str source)
{
    vg_str label, rest;
    vg_str_split(source, '.', &label, &rest);
    const vg_map_entry *entry = vg_map_get(map->services, label);
    return entry ? *(const vg_str *)entry->value.ptr : label;
}

/* ---- asking -------------------------------------------------------------------------------------------------------------------- */

static void answer_one(vg_event_actions *out, vg_event_answer answer, vg_str action)
{
    out->answer = answer;
    out->count = 1;
    out->actions[0] = action;
}

static bool answer_by_verb(const vg_event_map *map, vg_str prefix, vg_str name, vg_event_actions *out)
{
    const vg_map_entry *entry = vg_map_get(map->verbs, prefix);
    const verb_list *list = entry ? entry->value.ptr : NULL;
    for (size_t i = 0; list && i < list->count; i++)
        if (vg_str_starts(name, list->verbs[i].beginning)) {
            answer_one(out, VG_EVENT_MAPPED, list->verbs[i].action);
            return true;
        }
    return false;
}

void vg_event_actions_of(const vg_event_map *map, vg_str source, vg_str name, vg_event_actions *out)
{
    vg_str prefix = prefix_of(map, source), plain = undated(name);
    out->answer = VG_EVENT_NONE;
    out->count = 0;
    out->event = (vg_str){0};
    if (!prefix.len || !plain.len || prefix.len + 1 + plain.len > sizeof out->text)
        return;
    memcpy(out->text, prefix.ptr, prefix.len);
    out->text[prefix.len] = ':';
    memcpy(out->text + prefix.len + 1, plain.ptr, plain.len);
    vg_str action = vg_str_of(out->text, prefix.len + 1 + plain.len);
    const vg_map_entry *entry = vg_map_get(map->events, action);
    out->event = action;
    if (entry) {
        const mapped_event *event = entry->value.ptr;
        out->answer = event->answer;
        out->count = event->count;
        memcpy(out->actions, event->actions, event->count * sizeof *event->actions);
        return;
    }
    if (answer_by_verb(map, prefix, plain, out))
        return;
    uint32_t id = map->catalogue ? vg_catalogue_find_action(map->catalogue, action) : VG_CATALOGUE_NONE;
    if (id != VG_CATALOGUE_NONE)
        answer_one(out, VG_EVENT_NAMED, vg_catalogue_action_at(map->catalogue, id)->name);
    else
        answer_one(out, VG_EVENT_GUESSED, action);
}

static bool any_matches(const vg_vec *patterns, vg_str action)
{
    for (size_t i = 0; i < patterns->len; i++)
        if (vg_action_matches(*(vg_str *)vg_vec_at(patterns, i), action))
            return true;
    return false;
}

vg_event_trace vg_event_trace_of(const vg_event_map *map, vg_str action)
{
    if (any_matches(&map->silent, action))
        return VG_TRACE_NONE;
    if (any_matches(&map->data, action))
        return VG_TRACE_DATA;
    return any_matches(&map->global, action) ? VG_TRACE_GLOBAL : VG_TRACE_MANAGEMENT;
}

const vg_str *vg_event_home_regions(const vg_event_map *map, size_t *count)
{
    *count = map->home_regions.len;
    return map->home_regions.items;
}

/* ---- how it ended -------------------------------------------------------------------------------------------------------------- */

/* Services spell a refusal in many ways; each of them says "access denied", "unauthorized" or "not authorized". */
static bool is_refusal(vg_str text)
{
    static const char *const words[] = {"accessdenied", "unauthorized", "notauthorized", "forbidden"};
    char letters[256];
    size_t n = 0;
    for (size_t i = 0; i < text.len && n < sizeof letters; i++) {
        char c = (char)(text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? text.ptr[i] | 32 : text.ptr[i]);
        if (c >= 'a' && c <= 'z')
            letters[n++] = c;
    }
    for (size_t i = 0; i < VG_COUNT(words); i++)
        if (vg_str_find(vg_str_of(letters, n), vg_str_from(words[i])) != VG_NPOS)
            return true;
    return false;
}

vg_event_end vg_event_end_of(const vg_event_map *map, vg_str code, vg_str message)
{
    if (!code.len)
        return VG_END_ALLOWED;
    if (is_refusal(code) || vg_str_find(message, VG_STR("not authorized to perform")) != VG_NPOS)
        return VG_END_REFUSED;
    for (size_t i = 0; i < map->allowed_ends.len; i++) {
        uint64_t steps = 0;
        if (vg_glob(*(vg_str *)vg_vec_at(&map->allowed_ends, i), code, &steps) == VG_MATCH_YES)
            return VG_END_ALLOWED;
    }
    return VG_END_UNTOLD;
}
