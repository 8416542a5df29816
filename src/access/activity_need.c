/* activity_need.c: what a call needed beside the action of its name.
 *
 * content/policy/event-needs.yaml says it by event: another action (iam:PassRole of the role that a parameter names), the
 * same action on resources that other parameters tell (the image and the subnet of RunInstances), or another action in the
 * place of its own (s3:GetObjectVersion where the request names a version). Roles are named by ARN, by name or by an instance
 * profile: the world tells which role that is, or it is said that nobody knows. Sources stand in the content. */
#include "access/activity_part.h"

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading activity");
}

/* ---- reading the content --------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_activity_reader *reader;
    vg_vec needs; /* vg_need: those of one event */
    vg_error *err;
} need_reader;

static vg_status wrong(need_reader *n, const vg_value *at, const char *what)
{
    return vg_fail_at(n->err, VG_ERR_VALUE, vg_doc_place(&n->reader->need_doc, at), "%s", what);
}

static const struct {
    const char *key;
    vg_need_form form;
    bool has_version;
} forms[] = {{"resource", NEED_RESOURCE, false},       {"role", NEED_ROLE, false},
             {"role-arn", NEED_ROLE_ARN, false},       {"profile", NEED_PROFILE, false},
             {"copy-source", NEED_COPY_SOURCE, false}, {"copy-source-version", NEED_COPY_SOURCE, true},
             {"unnamed", NEED_UNNAMED, false}};

static bool is_form(vg_str key)
{
    for (size_t i = 0; i < VG_COUNT(forms); i++)
        if (vg_str_is(key, forms[i].key))
            return true;
    return false;
}

/* A text, or a list of texts. */
static bool is_texts(const vg_value *v)
{
    bool good = v->kind == VG_STRING ? v->len > 0 : v->kind == VG_ARRAY && vg_value_count(v) > 0;
    for (vg_items it = vg_items_of(v); good && vg_items_next(&it);)
        good = it.value->kind == VG_STRING && it.value->len > 0;
    return good;
}

/* What is the same for all forms of an entry. */
static vg_status read_rest(need_reader *n, const vg_value *v, vg_need *need)
{
    const struct {
        const char *key;
        vg_str *text;
    } texts[] = {{"action", &need->action},
                 {"to", &need->passed_to},
                 {"instead", &need->instead},
                 {"if", &need->when},
                 {"unless", &need->unless}};
    for (vg_items it = vg_items_of(v); vg_items_next(&it);) {
        vg_str *text = NULL;
        for (size_t i = 0; i < VG_COUNT(texts); i++)
            text = vg_str_is(it.key, texts[i].key) ? texts[i].text : text;
        if (text)
            *text = vg_value_str(it.value);
        if (text && !text->len)
            return wrong(n, it.value, "a text must stand here");
        need->may = need->may || vg_str_is(it.key, "may");
        if (!text && !is_form(it.key) && !vg_str_is(it.key, "may"))
            return wrong(n, it.key_node, "what an event needs has no such key");
    }
    return VG_OK;
}

static vg_status push_need(need_reader *n, const vg_need *need)
{
    vg_need *kept = vg_vec_push(&n->needs);
    if (!kept)
        return no_memory(n->err);
    *kept = *need;
    return VG_OK;
}

/* One need for each form of the entry; one on the call's own resources where it has none. */
static vg_status read_entry(need_reader *n, const vg_value *v, vg_str action)
{
    vg_need need = {.action = action};
    bool any = false;
    if (v->kind != VG_OBJECT)
        return wrong(n, v, "what an event needs must be an object");
    VG_TRY(read_rest(n, v, &need));
    if (vg_str_find_char(need.action, ':') == VG_NPOS)
        return wrong(n, v, "what an event needs must have an action");
    for (size_t i = 0; i < VG_COUNT(forms); i++) {
        need.at = vg_get(v, vg_str_from(forms[i].key));
        need.form = forms[i].form;
        need.has_version = forms[i].has_version;
        if (!need.at)
            continue;
        if (!is_texts(need.at))
            return wrong(n, need.at, "a text or a list of texts must stand here");
        VG_TRY(push_need(n, &need));
        any = true;
    }
    need.form = NEED_OF_CALL;
    return any ? VG_OK : push_need(n, &need);
}

/* Adds what `entries` (one, or a list) says of the event. */
static vg_status read_event(need_reader *n, vg_str event, const vg_value *entries, vg_str action)
{
    const vg_map_entry *known = vg_map_get(n->reader->needs, event);
    const vg_need_list *before = known ? known->value.ptr : NULL;
    n->needs = vg_vec_in(n->reader->arena, sizeof(vg_need));
    for (size_t i = 0; before && i < before->count; i++)
        VG_TRY(push_need(n, &before->needs[i]));
    if (entries->kind != VG_ARRAY)
        VG_TRY(read_entry(n, entries, action));
    else
        for (vg_items it = vg_items_of(entries); vg_items_next(&it);)
            VG_TRY(read_entry(n, it.value, action));
    vg_need_list *list = VG_NEW(n->reader->arena, vg_need_list);
    vg_map_entry *entry = list ? vg_map_put(n->reader->needs, event, NULL) : NULL;
    if (!entry)
        return no_memory(n->err);
    *list = (vg_need_list){n->needs.items, n->needs.len};
    entry->value.ptr = list;
    return VG_OK;
}

vg_status vg_activity_read_needs(vg_activity_reader *r, vg_error *err)
{
    static const struct {
        const char *key, *action;
    } sections[] = {{"needs", ""}, {"passes", "iam:PassRole"}};
    need_reader n = {.reader = r, .err = err};
    if (!r->options.needs.len)
        return VG_OK;
    VG_TRY(
        vg_yaml_read(r->arena, r->options.needs, VG_STR("policy/event-needs.yaml"), NULL, &r->need_doc, err));
    if (r->need_doc.root->kind != VG_OBJECT)
        return wrong(&n, r->need_doc.root, "what events need must be an object");
    for (size_t i = 0; i < VG_COUNT(sections); i++) {
        const vg_value *section = vg_get(r->need_doc.root, vg_str_from(sections[i].key));
        for (vg_items it = vg_items_of(section); vg_items_next(&it);)
            VG_TRY(read_event(&n, it.key, it.value, vg_str_from(sections[i].action)));
    }
    return VG_OK;
}

/* ---- when ---------------------------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_str wanted; /* empty: any */
    bool found;
} value_search;

static void look(void *context, vg_str value)
{
    value_search *s = context;
    s->found = s->found || !s->wanted.len || vg_str_eq_icase(value, s->wanted);
}

/* Whether the request has the parameter, with the value if one is given: "PARAMETER" or "PARAMETER=VALUE". */
static bool has(const vg_trail_record *record, vg_str condition)
{
    value_search search = {0};
    vg_str path = condition;
    vg_str_split(condition, '=', &path, &search.wanted);
    const vg_activity_sink sink = {look, &search};
    vg_activity_values(record, path, &sink);
    return search.found;
}

static bool holds(const vg_need *need, const vg_trail_record *record)
{
    return (!need->when.len || has(record, need->when)) && (!need->unless.len || !has(record, need->unless));
}

/* ---- which resource -------------------------------------------------------------------------------------------------------------- */

/* One need of one call, while its uses are added. */
typedef struct {
    vg_activity_reader *reader;
    const vg_activity_call *call;
    const vg_need *need;
    vg_str event;
    vg_error *err;
    vg_status status;
} need_work;

static void add_use(need_work *w, vg_str resource, vg_str unresolved)
{
    bool is_own = w->need->instead.len > 0; /* in the place of the call's own action */
    const vg_activity_use use = {.action = w->need->action,
                                 .resource = resource,
                                 .kind = is_own         ? VG_USE_CALL
                                         : w->need->may ? VG_USE_MAYBE
                                                        : VG_USE_NEED,
                                 .by = is_own ? VG_STR("") : w->event,
                                 .passed_to = w->need->passed_to,
                                 .unresolved = unresolved};
    if (w->status == VG_OK)
        w->status = vg_activity_add_use(w->reader, w->call, use, w->err);
}

static void add_unresolved(need_work *w, const char *what, vg_str name)
{
    vg_str text = vg_arena_printf(w->reader->arena, "%s %.*s", what, VG_ARG(name));
    if (!text.ptr)
        w->status = no_memory(w->err);
    else
        add_use(w, VG_STR(""), text);
}

/* Adds the role, where it is one of the caller's account: nobody passes others. */
static void add_role_arn(void *context, vg_str arn)
{
    need_work *w = context;
    vg_arn parts;
    if (vg_arn_parse(arn, &parts) && vg_str_starts(parts.resource, VG_STR("role/")) &&
        vg_str_eq(parts.account, w->call->account) && !vg_activity_is_pattern(arn))
        add_use(w, arn, VG_STR(""));
}

/* A role by its ARN, or by its name, with or without its path. */
static void add_role(void *context, vg_str value)
{
    need_work *w = context;
    const vg_world *world = w->reader->options.world;
    if (vg_str_starts(value, VG_STR("arn:"))) {
        add_role_arn(w, value);
        return;
    }
    size_t slash = vg_str_rfind_char(value, '/');
    vg_str name = slash == VG_NPOS ? value : vg_str_sub(value, slash + 1, VG_NPOS);
    const vg_world_principal *role = world ? vg_world_role_named(world, w->call->account, name) : NULL;
    if (role)
        add_use(w, role->arn, VG_STR(""));
    else
        add_unresolved(w, "the role", value);
}

/* An instance profile by its ARN or its name: what is passed is its role. */
static void add_profile(void *context, vg_str value)
{
    need_work *w = context;
    const vg_world *world = w->reader->options.world;
    for (size_t i = 0; world && i < world->instance_profile_count; i++) {
        const vg_world_instance_profile *p = &world->instance_profiles[i];
        bool is_named = vg_str_eq(p->account_id, w->call->account) && vg_str_eq(p->name, value);
        if ((is_named || vg_str_eq(p->arn, value)) && p->role_count > 0) {
            add_use(w, p->roles[0], VG_STR(""));
            return;
        }
    }
    add_unresolved(w, "the role of the instance profile", value);
}

/* ---- the source of a copy ---------------------------------------------------------------------------------------------------------- */

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

static void add_decoded(vg_buf *out, vg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        int high = text.ptr[i] == '%' && i + 2 < text.len ? hex(text.ptr[i + 1]) : -1;
        int low = high < 0 ? -1 : hex(text.ptr[i + 2]);
        vg_buf_add_char(out, low < 0 ? text.ptr[i] : (char)(high * 16 + low));
        i += low < 0 ? 0 : 2;
    }
}

/* "/bucket/key?versionId=V" or an access point's "arn:aws:s3:R:A:accesspoint/NAME/object/KEY", as URLs are encoded (API
 * Reference, CopyObject, x-amz-copy-source). A version is told behind the last "?versionId=". */
static void add_copy_source(void *context, vg_str value)
{
    need_work *w = context;
    static const char mark[] = "?versionId=";
    vg_buf arn = {0};
    size_t version = VG_NPOS;
    for (size_t from = 0, at;
         (at = vg_str_find(vg_str_sub(value, from, VG_NPOS), vg_str_from(mark))) != VG_NPOS;
         from = version + 1)
        version = from + at;
    if ((version != VG_NPOS) != w->need->has_version)
        return;
    vg_str source = vg_str_sub(value, value.ptr[0] == '/', VG_NPOS);
    if (version != VG_NPOS)
        source = vg_str_sub(source, 0, version - (value.ptr[0] == '/'));
    vg_buf text = {0};
    add_decoded(&text, source);
    if (!vg_str_starts(vg_buf_str(&text), VG_STR("arn:")))
        vg_buf_addf(&arn, "arn:%.*s:s3:::", VG_ARG(w->reader->options.partition));
    vg_buf_add_str(&arn, vg_buf_str(&text));
    vg_arn parts;
    bool good = vg_arn_parse(vg_buf_str(&arn), &parts) && vg_str_find_char(parts.resource, '/') != VG_NPOS &&
                !vg_activity_is_pattern(vg_buf_str(&text));
    if (arn.failed || text.failed)
        w->status = no_memory(w->err);
    else
        add_use(w, good ? vg_buf_str(&arn) : VG_STR(""), VG_STR(""));
    vg_buf_free(&arn);
    vg_buf_free(&text);
}

/* ---- uses ---------------------------------------------------------------------------------------------------------------------------- */

/* On the resources that the record tells for the action; without them, on one that nobody knows if it must be somewhere. */
static vg_status add_arns(need_work *w, bool must)
{
    vg_activity_reader *r = w->reader;
    VG_TRY(vg_activity_arns(r, w->call->record, w->need->action, &w->need->at, w->need->at ? 1 : 0, w->err));
    for (size_t i = 0; i < r->arns.len; i++)
        add_use(w, *(vg_str *)vg_vec_at(&r->arns, i), VG_STR(""));
    if (r->arns.len == 0 && must)
        add_use(w, VG_STR(""), VG_STR(""));
    return w->status;
}

static vg_status add_need(need_work *w)
{
    static void (*const each[])(void *context, vg_str value) = {[NEED_ROLE] = add_role,
                                                                [NEED_ROLE_ARN] = add_role_arn,
                                                                [NEED_PROFILE] = add_profile,
                                                                [NEED_COPY_SOURCE] = add_copy_source};
    vg_need_form form = w->need->form;
    if (form == NEED_OF_CALL || form == NEED_RESOURCE)
        return add_arns(w, form == NEED_OF_CALL);
    if (form == NEED_UNNAMED) {
        add_use(w, VG_STR(""), vg_value_str(w->need->at));
        return w->status;
    }
    const vg_activity_sink sink = {each[form], w};
    if (w->need->at->kind == VG_STRING)
        vg_activity_values(w->call->record, vg_value_str(w->need->at), &sink);
    for (vg_items it = vg_items_of(w->need->at); vg_items_next(&it);)
        vg_activity_values(w->call->record, vg_value_str(it.value), &sink);
    return w->status;
}

/* Another action is asked for in the place of the event's own. */
static bool is_replaced(const vg_need_list *needs, const vg_trail_record *record, vg_str action)
{
    for (size_t i = 0; needs && i < needs->count; i++)
        if (vg_str_eq(needs->needs[i].instead, action) && holds(&needs->needs[i], record))
            return true;
    return false;
}

/* The call's own action on every resource that it names. */
static vg_status add_own(vg_activity_reader *r, const vg_activity_call *call, const vg_need_list *needs,
                         vg_str action, vg_error *err)
{
    enum { MOST_TEMPLATES = 16 };
    const vg_value *templates[MOST_TEMPLATES];
    size_t count = 0;
    for (size_t i = 0; needs && i < needs->count && count < MOST_TEMPLATES; i++) {
        const vg_need *need = &needs->needs[i];
        bool tells = need->form == NEED_RESOURCE && vg_str_eq(need->action, action);
        if (tells && holds(need, call->record))
            templates[count++] = need->at;
    }
    r->arns.len = 0;
    if (count)
        VG_TRY(vg_activity_arns(r, call->record, action, templates, count, err));
    if (!r->arns.len)
        VG_TRY(vg_activity_arns(r, call->record, action, NULL, 0, err));
    size_t most = call->end == VG_END_REFUSED ? 1 : r->arns.len; /* which one was refused is not told */
    for (size_t i = 0; i == 0 || i < most; i++) {
        vg_activity_use use = {.action = action, .kind = i ? VG_USE_RESOURCE : VG_USE_CALL};
        if (r->arns.len)
            use.resource = *(vg_str *)vg_vec_at(&r->arns, i);
        VG_TRY(vg_activity_add_use(r, call, use, err));
    }
    return VG_OK;
}

static bool is_own(const vg_event_actions *actions, vg_str action)
{
    for (size_t i = 0; i < actions->count; i++)
        if (vg_str_eq(actions->actions[i], action))
            return true;
    return false;
}

static bool names_action(const vg_need_list *needs, vg_str action)
{
    for (size_t i = 0; needs && i < needs->count; i++)
        if (vg_str_eq(needs->needs[i].action, action))
            return true;
    return false;
}

/* Tags that a request brings to what it makes are asked for by an action that leaves no event of its own. */
static vg_status add_tagging(vg_activity_reader *r, const vg_activity_call *call,
                             const vg_event_actions *actions, const vg_need_list *needs, vg_error *err)
{
    static const char *const names[] = {"tags", "tagList", "tagSet", "tagSpecificationSet",
                                        "tagSpecifications"};
    const vg_catalogue *catalogue = r->options.catalogue;
    const vg_value *parameters = vg_get(call->record->root, VG_STR("requestParameters"));
    bool any = false;
    for (vg_items it = vg_items_of(parameters); vg_items_next(&it) && it.is_object;)
        for (size_t i = 0; i < VG_COUNT(names); i++)
            any = any || (vg_str_eq_icase(it.key, vg_str_from(names[i])) && vg_items_of(it.value).next);
    vg_str rest =
        any && catalogue ? vg_dependents_of(r->options.dependents, actions->actions[0]) : (vg_str){0};
    for (vg_str action; vg_str_next(&rest, ',', &action);) {
        uint32_t id = vg_catalogue_find_action(catalogue, action);
        const vg_need need = {.action = action, .may = true};
        need_work w = {.reader = r, .call = call, .need = &need, .event = actions->event, .err = err};
        if (!names_action(needs, action) && id != VG_CATALOGUE_NONE &&
            vg_catalogue_action_at(catalogue, id)->level == VG_ACCESS_TAGGING)
            VG_TRY(add_arns(&w, true));
    }
    return VG_OK;
}

vg_status vg_activity_add_call(vg_activity_reader *r, const vg_activity_call *call,
                               const vg_event_actions *actions, vg_error *err)
{
    const vg_map_entry *entry = vg_map_get(r->needs, actions->event);
    const vg_need_list *needs = entry ? entry->value.ptr : NULL;
    for (size_t i = 0; i < actions->count; i++)
        if (!is_replaced(needs, call->record, actions->actions[i]))
            VG_TRY(add_own(r, call, needs, actions->actions[i], err));
    if (call->end == VG_END_REFUSED || actions->count == 0)
        return VG_OK;
    for (size_t i = 0; needs && i < needs->count; i++) {
        need_work w = {
            .reader = r, .call = call, .need = &needs->needs[i], .event = actions->event, .err = err};
        bool tells_own = w.need->form == NEED_RESOURCE && is_own(actions, w.need->action);
        if (!tells_own && holds(w.need, call->record))
            VG_TRY(add_need(&w));
    }
    return add_tagging(r, call, actions, needs, err);
}
