/* catalogue_read.c: the text of content/catalogue/actions.txt becomes a catalogue. Its form is told at the text's own
 * beginning and in docs/reference/catalogue.md.
 *
 * One pass, a line a record: a letter, then fields behind tabs. The head counts the records, so every array is allocated
 * once. Records come in an order (global keys, keys, then each service with its lists, resource types and actions, each kind
 * sorted), so what a record names has been read before it; only the actions that an action depends on may follow, and are
 * looked up at the end. Anything else is an error with its line: a file that somebody edited by hand must not load halfway. */
#include "policy/catalogue_part.h"

enum {
    FIELDS = 5,       /* most that a record has behind its letter */
    KEYS_MAX = 1024,  /* condition keys in one list */
    LISTS_MAX = 1024, /* lists of one service */
    USES_MAX = 1024,  /* resource types of one action */
    ARNS_MAX = 64,    /* ARNs of one resource type */
    DEPENDENTS_MAX = 256,
    TEXT_MAX = 64 << 20
};

typedef struct {
    const uint16_t *ids;
    uint16_t count;
} key_list;

typedef struct {
    vg_arena *arena;
    vg_error *err;
    vg_str rest;
    uint32_t line;
    vg_str fields[FIELDS];
    size_t field_count;

    vg_catalogue *catalogue;
    /* how many of each have been read, and room for (from the head) */
    uint32_t services, actions, resources, keys, variables;
    size_t lower_len, lower_cap;
    vg_arn_template **templates;
    vg_str *dependents; /* of action a, as written; empty for most */
    bool has_dependents;

    vg_catalogue_service *service; /* the one being read, or NULL */
    int rank;                      /* of the record before, to keep the order */
    vg_str list_names[LISTS_MAX];
    key_list lists[LISTS_MAX];
    size_t list_count;
} reader;

static vg_status wrong(const reader *r, vg_status code, const char *what, vg_str where)
{
    vg_place place = {VG_STR("catalogue/actions.txt"), r->line, 0};
    return vg_fail_at(r->err, code, place, "%s: '%.*s'", what, (int)(where.len < 100 ? where.len : 100),
                      where.len ? where.ptr : "");
}

static vg_status no_memory(const reader *r)
{
    return vg_fail(r->err, VG_ERR_MEMORY, "no memory for the catalogue");
}

/* ---- lines and fields ------------------------------------------------------------------------------------------------------ */

static bool next_line(reader *r, vg_str *line)
{
    r->line++;
    return vg_str_next(&r->rest, '\n', line) && (line->len > 0 || r->rest.len > 0);
}

static vg_status split_fields(reader *r, vg_str line)
{
    vg_str rest = vg_str_sub(line, 2, line.len), field;
    if (line.len < 3 || line.ptr[1] != '\t')
        return wrong(r, VG_ERR_SYNTAX, "no record: a letter, a tab and fields were expected", line);
    memset(r->fields, 0, sizeof r->fields);
    for (r->field_count = 0; vg_str_next(&rest, '\t', &field); r->field_count++) {
        if (r->field_count == FIELDS)
            return wrong(r, VG_ERR_SYNTAX, "more fields than any record has", line);
        r->fields[r->field_count] = field;
    }
    return VG_OK;
}

static vg_status check_name(const reader *r, vg_str name)
{
    if (name.len == 0)
        return wrong(r, VG_ERR_SYNTAX, "a record without a name", name);
    if (name.len > VG_CATALOGUE_NAME_MAX)
        return wrong(r, VG_ERR_LIMIT, "a name longer than 255 bytes", name);
    return VG_OK;
}

static vg_status check_order(const reader *r, vg_str before, vg_str name)
{
    if (vg_lower_cmp(before, name) >= 0)
        return wrong(r, VG_ERR_VALUE, "not in the order of lower-case names, or twice there", name);
    return VG_OK;
}

/* ---- condition keys --------------------------------------------------------------------------------------------------------- */

static vg_status read_key_type(const reader *r, vg_str text, vg_catalogue_key *key)
{
    vg_str array = VG_STR("ArrayOf");
    key->multi = vg_str_starts(text, array);
    vg_str name = key->multi ? vg_str_sub(text, array.len, text.len) : text;
    for (unsigned type = VG_KEY_STRING; type <= VG_KEY_BINARY; type++)
        if (vg_str_is(name, vg_key_type_name((vg_key_type)type))) {
            key->type = (uint8_t)type;
            return VG_OK;
        }
    return wrong(r, VG_ERR_VALUE, "no type of condition key", text);
}

/* Takes the key's name apart at its ${...}, if it has one. */
static vg_status read_variable(reader *r, uint32_t id)
{
    vg_catalogue_key *key = &r->catalogue->keys[id];
    size_t start = vg_str_find(key->name, VG_STR("${"));
    if (start == VG_NPOS)
        return VG_OK;
    vg_str behind = vg_str_sub(key->name, start, key->name.len);
    size_t end = vg_str_find_char(behind, '}');
    if (end == VG_NPOS || start == 0 || !vg_ends_before_variable(key->name.ptr[start - 1]) ||
        vg_str_find(vg_str_sub(behind, end, behind.len), VG_STR("${")) != VG_NPOS)
        return wrong(r, VG_ERR_VALUE, "a key holds one ${...}, behind one of / : . -", key->name);
    key->variable = true;
    vg_str before = vg_str_sub(key->name, 0, start);
    r->catalogue->variables[r->variables] =
        (vg_key_variable){before, vg_str_sub(behind, end + 1, behind.len), id};
    vg_name_table_add(&r->catalogue->variable_slots, vg_name_hash(before), r->variables++);
    return VG_OK;
}

static vg_status read_key(reader *r)
{
    if (r->keys == r->catalogue->origin.key_count)
        return wrong(r, VG_ERR_CORRUPT, "more keys than the head counts", r->fields[0]);
    uint32_t id = r->keys;
    vg_catalogue_key *key = &r->catalogue->keys[id];
    *key = (vg_catalogue_key){.name = r->fields[0], .category = r->fields[2]};
    VG_TRY(check_name(r, key->name));
    VG_TRY(read_key_type(r, r->fields[1], key));
    if (id > 0 && (key[-1].category.len > 0) == (key->category.len > 0))
        VG_TRY(check_order(r, key[-1].name, key->name));
    uint32_t same = vg_catalogue_find_key(r->catalogue, key->name);
    if (same != VG_CATALOGUE_NONE && vg_str_eq_icase(r->catalogue->keys[same].name, key->name))
        return wrong(r, VG_ERR_VALUE, "a global key and a key of a service", key->name);
    vg_name_table_add(&r->catalogue->key_slots, vg_name_hash(key->name), id);
    r->keys++;
    return read_variable(r, id);
}

static vg_status read_global_key(reader *r)
{
    if (r->fields[2].len == 0)
        return wrong(r, VG_ERR_SYNTAX, "a global key without a category", r->fields[0]);
    return read_key(r);
}

static vg_status read_service_key(reader *r)
{
    if (r->fields[2].len > 0)
        return wrong(r, VG_ERR_SYNTAX, "more fields than a key has", r->fields[0]);
    return read_key(r);
}

/* ---- lists of keys ----------------------------------------------------------------------------------------------------------- */

/* The id of a key as a service's line spells it: ":TlsVersion" in s3 is s3:TlsVersion. */
static vg_status read_key_id(const reader *r, vg_str text, uint16_t *id)
{
    char spelt[2 * VG_CATALOGUE_NAME_MAX];
    vg_str name = text;
    if (text.len > VG_CATALOGUE_NAME_MAX)
        return wrong(r, VG_ERR_LIMIT, "a name longer than 255 bytes", text);
    if (vg_str_starts(text, VG_STR(":"))) {
        vg_str prefix = r->service->prefix;
        memcpy(spelt, prefix.ptr, prefix.len);
        memcpy(spelt + prefix.len, text.ptr, text.len);
        name = vg_str_of(spelt, prefix.len + text.len);
    }
    uint32_t found = vg_catalogue_find_key(r->catalogue, name);
    if (found == VG_CATALOGUE_NONE || !vg_str_eq(r->catalogue->keys[found].name, name))
        return wrong(r, VG_ERR_VALUE, "no condition key is spelt so", text);
    *id = (uint16_t)found;
    return VG_OK;
}

static vg_status find_list(const reader *r, vg_str id, key_list *out)
{
    for (size_t i = 0; i < r->list_count; i++)
        if (vg_str_eq(r->list_names[i], id)) {
            *out = r->lists[i];
            return VG_OK;
        }
    return wrong(r, VG_ERR_VALUE, "no list of keys of this service is named so", id);
}

/* Puts an id into its place among those before it. */
static void sort_in(uint16_t *ids, size_t count)
{
    uint16_t id = ids[count];
    for (; count > 0 && ids[count - 1] > id; count--)
        ids[count] = ids[count - 1];
    ids[count] = id;
}

/* Keys with a separator between them, or "@" and a list's id; nothing for none. */
static vg_status read_keys(const reader *r, vg_str text, char separator, key_list *out)
{
    uint16_t ids[KEYS_MAX];
    size_t count = 0;
    *out = (key_list){0};
    if (text.len == 0)
        return VG_OK;
    if (text.ptr[0] == '@')
        return find_list(r, vg_str_sub(text, 1, text.len), out);
    for (vg_str key; vg_str_next(&text, separator, &key); count++) {
        if (count == KEYS_MAX)
            return wrong(r, VG_ERR_LIMIT, "more than 1024 keys in a list", key);
        VG_TRY(read_key_id(r, key, &ids[count]));
        sort_in(ids, count);
    }
    uint16_t *kept = vg_arena_alloc(r->arena, count * sizeof ids[0]);
    if (!kept)
        return no_memory(r);
    memcpy(kept, ids, count * sizeof ids[0]);
    *out = (key_list){kept, (uint16_t)count};
    return VG_OK;
}

static vg_status read_list(reader *r)
{
    if (r->list_count == LISTS_MAX)
        return wrong(r, VG_ERR_LIMIT, "more than 1024 lists of keys in a service", r->fields[0]);
    if (r->list_count > 0)
        VG_TRY(check_order(r, r->list_names[r->list_count - 1], r->fields[0]));
    VG_TRY(check_name(r, r->fields[0]));
    if (r->fields[1].len == 0 || r->fields[1].ptr[0] == '@')
        return wrong(r, VG_ERR_SYNTAX, "a list names keys, and not another list", r->fields[1]);
    VG_TRY(read_keys(r, r->fields[1], ',', &r->lists[r->list_count]));
    r->list_names[r->list_count++] = r->fields[0];
    return VG_OK;
}

/* ---- services and resource types ---------------------------------------------------------------------------------------------- */

static bool is_prefix(vg_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.ptr[i] >= 'a' && s.ptr[i] <= 'z') || (s.ptr[i] >= '0' && s.ptr[i] <= '9') ||
              s.ptr[i] == '-'))
            return false;
    return true;
}

/* What can be said of a service once its last record is read. */
static void end_service(reader *r)
{
    vg_catalogue *c = r->catalogue;
    if (!r->service)
        return;
    r->service->action_count = r->actions - r->service->first_action;
    r->service->resource_count = r->resources - r->service->first_resource;
    r->service->wildcard_only = r->service->action_count > 0;
    for (uint32_t a = r->service->first_action; a < r->actions; a++)
        r->service->wildcard_only &= c->actions[a].wildcard_only;
}

static vg_status separate_templates(reader *r)
{
    if (!r->service)
        return VG_OK;
    size_t count = 0, at = 0;
    const vg_catalogue *c = r->catalogue;
    for (uint32_t i = r->service->first_resource; i < r->resources; i++)
        count += c->resources[i].arn_count;
    if (count == 0)
        return VG_OK;
    /* They were read one resource type at a time: side by side now, so that each sees all others. */
    vg_arn_template *all = VG_NEW_N(r->arena, vg_arn_template, count);
    if (!all)
        return no_memory(r);
    for (uint32_t i = r->service->first_resource; i < r->resources; i++) {
        memcpy(all + at, r->templates[i], c->resources[i].arn_count * sizeof *all);
        r->templates[i] = all + at;
        at += c->resources[i].arn_count;
    }
    vg_arn_templates_separate(all, count);
    return VG_OK;
}

static vg_status read_service(reader *r)
{
    end_service(r);
    VG_TRY(separate_templates(r));
    if (r->services == r->catalogue->origin.service_count)
        return wrong(r, VG_ERR_CORRUPT, "more services than the head counts", r->fields[0]);
    vg_catalogue_service *service = &r->catalogue->services[r->services];
    *service = (vg_catalogue_service){.prefix = r->fields[0],
                                      .name = r->fields[1],
                                      .first_action = r->actions,
                                      .first_resource = r->resources};
    VG_TRY(check_name(r, service->prefix));
    VG_TRY(check_name(r, service->name));
    if (!is_prefix(service->prefix))
        return wrong(r, VG_ERR_VALUE, "a service's prefix holds a-z, 0-9 and '-' alone", service->prefix);
    if (r->services > 0)
        VG_TRY(check_order(r, service[-1].prefix, service->prefix));
    r->service = service;
    r->services++;
    r->list_count = 0;
    return VG_OK;
}

static vg_status read_arns(reader *r, vg_str text, vg_catalogue_resource *resource)
{
    vg_str arns[ARNS_MAX];
    size_t count = 0;
    for (vg_str arn; vg_str_next(&text, ',', &arn); count++) {
        if (count == ARNS_MAX)
            return wrong(r, VG_ERR_LIMIT, "more than 64 ARNs of a resource type", arn);
        arns[count] = arn;
    }
    if (count == 0)
        return wrong(r, VG_ERR_SYNTAX, "a resource type without an ARN", resource->name);
    vg_str *kept = VG_NEW_N(r->arena, vg_str, count);
    vg_arn_template *templates = VG_NEW_N(r->arena, vg_arn_template, count);
    if (!kept || !templates)
        return no_memory(r);
    memcpy(kept, arns, count * sizeof *kept);
    for (size_t i = 0; i < count; i++) {
        vg_status status = vg_arn_template_read(r->arena, kept[i], &templates[i], r->err);
        if (status != VG_OK) {
            vg_error_locate(r->err, (vg_place){VG_STR("catalogue/actions.txt"), r->line, 0});
            return status;
        }
    }
    resource->arns = kept;
    resource->arn_count = (uint16_t)count;
    r->templates[r->resources] = templates;
    return VG_OK;
}

static vg_status read_resource(reader *r)
{
    if (r->resources == r->catalogue->origin.resource_count)
        return wrong(r, VG_ERR_CORRUPT, "more resource types than the head counts", r->fields[0]);
    vg_catalogue_resource *resource = &r->catalogue->resources[r->resources];
    key_list keys;
    *resource = (vg_catalogue_resource){.name = r->fields[0], .service = (uint16_t)(r->services - 1)};
    VG_TRY(check_name(r, resource->name));
    if (r->resources > r->service->first_resource)
        VG_TRY(check_order(r, resource[-1].name, resource->name));
    VG_TRY(read_arns(r, r->fields[1], resource));
    VG_TRY(read_keys(r, r->fields[2], ',', &keys));
    resource->keys = keys.ids;
    resource->key_count = keys.count;
    r->resources++;
    return VG_OK;
}

/* ---- actions ------------------------------------------------------------------------------------------------------------------ */

/* "image*=:ImageID+:Owner". Types are sorted in an action as they are in their service: *from is where to look. */
static vg_status read_use(const reader *r, vg_str text, uint32_t *from, vg_catalogue_use *use)
{
    vg_str name = text, spelt_keys = {0};
    key_list keys;
    vg_str_split(text, '=', &name, &spelt_keys);
    use->required = vg_str_ends(name, VG_STR("*"));
    name.len -= use->required;
    while (*from < r->resources && !vg_str_eq(r->catalogue->resources[*from].name, name))
        ++*from;
    if (*from == r->resources)
        return wrong(r, VG_ERR_VALUE, "no resource type of the service, or out of order", name);
    use->resource = (*from)++;
    VG_TRY(read_keys(r, spelt_keys, '+', &keys));
    use->keys = keys.ids;
    use->key_count = keys.count;
    return VG_OK;
}

static vg_status read_uses(const reader *r, vg_str text, vg_catalogue_action *action)
{
    vg_catalogue_use uses[USES_MAX];
    uint32_t from = r->service->first_resource;
    size_t count = 0;
    if (text.len == 0)
        text.ptr = NULL; /* no item, rather than an empty one */
    for (vg_str use; vg_str_next(&text, ',', &use); count++) {
        if (count == USES_MAX)
            return wrong(r, VG_ERR_LIMIT, "more than 1024 resource types of an action", use);
        uses[count] = (vg_catalogue_use){0};
        VG_TRY(read_use(r, use, &from, &uses[count]));
    }
    action->wildcard_only = count == 0;
    if (count == 0)
        return VG_OK;
    vg_catalogue_use *kept = vg_arena_alloc(r->arena, count * sizeof *kept);
    if (!kept)
        return no_memory(r);
    memcpy(kept, uses, count * sizeof *kept);
    action->uses = kept;
    action->use_count = (uint16_t)count;
    return VG_OK;
}

static vg_status read_level(const reader *r, vg_str text, vg_catalogue_action *action)
{
    static const char LETTERS[VG_ACCESS_LEVELS + 1] = "LRWPT"; /* in the order of vg_access_level */
    const char *found = text.len == 1 ? memchr(LETTERS, text.ptr[0], VG_ACCESS_LEVELS) : NULL;
    if (!found)
        return wrong(r, VG_ERR_VALUE, "no access level", text);
    action->level = (uint8_t)(found - LETTERS);
    return VG_OK;
}

/* Keeps the lower-case name and makes it findable. */
static vg_status keep_action_name(reader *r, vg_str name)
{
    vg_catalogue *c = r->catalogue;
    vg_str prefix = r->service->prefix;
    if (name.len < prefix.len + 2 || !vg_str_starts(name, prefix) || name.ptr[prefix.len] != ':')
        return wrong(r, VG_ERR_VALUE, "an action whose name does not begin with its service", name);
    if (r->lower_cap - r->lower_len < name.len)
        return wrong(r, VG_ERR_CORRUPT, "names longer than the text", name);
    vg_str lower = vg_str_of(c->lower + r->lower_len, name.len);
    vg_lower_into(c->lower + r->lower_len, name);
    if (r->actions > r->service->first_action)
        VG_TRY(check_order(r, vg_catalogue_lower(c, r->actions - 1), lower));
    r->lower_len += name.len;
    c->lower_at[r->actions + 1] = (uint32_t)r->lower_len;
    vg_name_table_add(&c->action_slots, vg_hash64(lower, 0), r->actions);
    return VG_OK;
}

static vg_status read_action(reader *r)
{
    if (r->actions == r->catalogue->origin.action_count)
        return wrong(r, VG_ERR_CORRUPT, "more actions than the head counts", r->fields[0]);
    vg_catalogue_action *action = &r->catalogue->actions[r->actions];
    key_list keys;
    *action = (vg_catalogue_action){.name = r->fields[0], .service = (uint16_t)(r->services - 1)};
    VG_TRY(check_name(r, action->name));
    VG_TRY(keep_action_name(r, action->name));
    VG_TRY(read_level(r, r->fields[1], action));
    VG_TRY(read_uses(r, r->fields[2], action));
    VG_TRY(read_keys(r, r->fields[3], ',', &keys));
    action->keys = keys.ids;
    action->key_count = keys.count;
    r->dependents[r->actions] = r->fields[4];
    r->has_dependents |= r->fields[4].len > 0;
    r->actions++;
    return VG_OK;
}

static vg_status read_dependents(reader *r, uint32_t action)
{
    vg_str text = r->dependents[action];
    uint32_t ids[DEPENDENTS_MAX];
    size_t count = 0;
    for (vg_str name; vg_str_next(&text, ',', &name); count++) {
        if (count == DEPENDENTS_MAX)
            return wrong(r, VG_ERR_LIMIT, "more than 256 dependent actions", name);
        ids[count] = vg_catalogue_find_action(r->catalogue, name);
        if (ids[count] == VG_CATALOGUE_NONE)
            return wrong(r, VG_ERR_VALUE, "no action that another could depend on", name);
        if (count > 0 && ids[count] <= ids[count - 1])
            return wrong(r, VG_ERR_VALUE, "not in the order of lower-case names, or twice there", name);
    }
    uint32_t *kept = vg_arena_alloc(r->arena, count * sizeof *kept);
    if (!kept)
        return no_memory(r);
    memcpy(kept, ids, count * sizeof *kept);
    r->catalogue->actions[action].dependents = kept;
    r->catalogue->actions[action].dependent_count = (uint16_t)count;
    return VG_OK;
}

/* ---- the head ------------------------------------------------------------------------------------------------------------------ */

static vg_status read_count(const reader *r, vg_str text, size_t *out)
{
    uint64_t count;
    if (!vg_str_to_u64(text, &count) || count > r->rest.len / 4)
        return wrong(r, VG_ERR_CORRUPT, "no count of records that this text could hold", text);
    *out = (size_t)count;
    return VG_OK;
}

static vg_status read_form(const reader *r, vg_str text)
{
    uint64_t form;
    if (!vg_str_to_u64(text, &form))
        return wrong(r, VG_ERR_SYNTAX, "no number of a form", text);
    if (form != 1)
        return wrong(r, VG_ERR_VERSION, "a form of the catalogue that this version does not know", text);
    return VG_OK;
}

static vg_status read_fact(reader *r, vg_catalogue_head *head)
{
    vg_catalogue_origin *origin = &head->origin;
    vg_str name = r->fields[0], value = r->fields[1];
    const struct {
        const char *name;
        vg_str *text;
        size_t *count;
    } facts[] = {
        {"source", &origin->source, NULL},
        {"version", &origin->version, NULL},
        {"data-sha256", &origin->data_sha256, NULL},
        {"body-sha256", &head->body_sha256, NULL},
        {"keys", NULL, &origin->key_count},
        {"services", NULL, &origin->service_count},
        {"resource-types", NULL, &origin->resource_count},
        {"actions", NULL, &origin->action_count},
    };
    if (vg_str_is(name, "form"))
        return read_form(r, value);
    if (vg_str_is(name, "date"))
        return vg_time_parse(value, &origin->date) ? VG_OK : wrong(r, VG_ERR_VALUE, "no date", value);
    for (size_t i = 0; i < VG_COUNT(facts); i++) {
        if (!vg_str_is(name, facts[i].name))
            continue;
        if (facts[i].count)
            return read_count(r, value, facts[i].count);
        *facts[i].text = value;
        return VG_OK;
    }
    return wrong(r, VG_ERR_VALUE, "no fact of the catalogue's head", name);
}

static vg_status check_head(const reader *r, const vg_catalogue_head *head)
{
    const vg_catalogue_origin *origin = &head->origin;
    if (origin->version.len == 0 || origin->date == VG_TIME_NONE || origin->source.len == 0 ||
        origin->data_sha256.len == 0 || head->body_sha256.len == 0)
        return wrong(r, VG_ERR_SYNTAX, "the head lacks the source, its version, its date or a SHA-256",
                     (vg_str){0});
    if (origin->key_count == VG_NPOS || origin->service_count == VG_NPOS ||
        origin->resource_count == VG_NPOS || origin->action_count == VG_NPOS)
        return wrong(r, VG_ERR_SYNTAX, "the head lacks a count of records", (vg_str){0});
    if (origin->key_count > UINT16_MAX || origin->service_count > UINT16_MAX ||
        origin->action_count > (1U << 24))
        return wrong(r, VG_ERR_LIMIT, "more than 65,535 keys or services, or 16 million actions",
                     (vg_str){0});
    return VG_OK;
}

static vg_status read_head(reader *r, vg_catalogue_head *head)
{
    vg_str line, before = r->rest;
    *head = (vg_catalogue_head){.origin = {.date = VG_TIME_NONE,
                                           .service_count = VG_NPOS,
                                           .action_count = VG_NPOS,
                                           .resource_count = VG_NPOS,
                                           .key_count = VG_NPOS}};
    for (; next_line(r, &line); before = r->rest) {
        if (vg_str_starts(line, VG_STR("#")))
            continue;
        if (!vg_str_starts(line, VG_STR("H\t")))
            break;
        VG_TRY(split_fields(r, line));
        VG_TRY(read_fact(r, head));
    }
    head->body = before;
    head->body_line = r->line;
    return check_head(r, head);
}

vg_status vg_catalogue_read_head(vg_str text, vg_catalogue_head *out, vg_error *err)
{
    reader r;
    memset(&r, 0, sizeof r);
    r.rest = text;
    r.err = err;
    return read_head(&r, out);
}

/* ---- the whole ----------------------------------------------------------------------------------------------------------------- */

/* The kinds of records. A record follows one of its own rank or a lower one, except that a service follows anything. */
static const struct {
    char letter;
    uint8_t fields_min, fields_max;
    int rank;
    vg_status (*read)(reader *r);
} KINDS[] = {
    {'A', 2, 5, 5, read_action},  {'R', 2, 3, 4, read_resource},    {'L', 2, 2, 3, read_list},
    {'S', 2, 2, 2, read_service}, {'K', 2, 2, 1, read_service_key}, {'G', 3, 3, 0, read_global_key},
};

static vg_status read_record(reader *r, vg_str line)
{
    VG_TRY(split_fields(r, line));
    for (size_t i = 0; i < VG_COUNT(KINDS); i++) {
        if (KINDS[i].letter != line.ptr[0])
            continue;
        if (r->field_count < KINDS[i].fields_min || r->field_count > KINDS[i].fields_max)
            return wrong(r, VG_ERR_SYNTAX, "fewer or more fields than such a record has", line);
        bool service = KINDS[i].rank == 2;
        if ((KINDS[i].rank < r->rank && !service) || (KINDS[i].rank > 2 && !r->service))
            return wrong(r, VG_ERR_SYNTAX, "a record in the wrong place", line);
        r->rank = KINDS[i].rank;
        return KINDS[i].read(r);
    }
    return wrong(r, VG_ERR_SYNTAX, "no kind of record has this letter", line);
}

static vg_status allocate(reader *r, const vg_catalogue_head *head)
{
    vg_catalogue *c = VG_NEW(r->arena, vg_catalogue);
    if (!c)
        return no_memory(r);
    const vg_catalogue_origin *origin = &head->origin;
    c->origin = *origin;
    c->services = VG_NEW_N(r->arena, vg_catalogue_service, origin->service_count + 1);
    c->actions = VG_NEW_N(r->arena, vg_catalogue_action, origin->action_count + 1);
    c->resources = VG_NEW_N(r->arena, vg_catalogue_resource, origin->resource_count + 1);
    c->keys = VG_NEW_N(r->arena, vg_catalogue_key, origin->key_count + 1);
    c->variables = VG_NEW_N(r->arena, vg_key_variable, origin->key_count + 1);
    c->lower = vg_arena_alloc(r->arena, head->body.len + 1);
    c->lower_at = VG_NEW_N(r->arena, uint32_t, origin->action_count + 1);
    c->action_slots = vg_name_table_new(r->arena, origin->action_count);
    c->key_slots = vg_name_table_new(r->arena, origin->key_count);
    c->variable_slots = vg_name_table_new(r->arena, origin->key_count);
    r->templates = VG_NEW_N(r->arena, vg_arn_template *, origin->resource_count + 1);
    r->dependents = VG_NEW_N(r->arena, vg_str, origin->action_count + 1);
    r->lower_cap = head->body.len;
    r->catalogue = c;
    c->templates = r->templates;
    bool all = c->services && c->actions && c->resources && c->keys && c->variables && c->lower &&
               c->lower_at && c->action_slots.slots && c->key_slots.slots && c->variable_slots.slots &&
               r->templates && r->dependents;
    return all ? VG_OK : no_memory(r);
}

static vg_status check_counts(const reader *r)
{
    const vg_catalogue_origin *origin = &r->catalogue->origin;
    if (r->services != origin->service_count || r->actions != origin->action_count ||
        r->resources != origin->resource_count || r->keys != origin->key_count)
        return wrong(r, VG_ERR_CORRUPT, "fewer records than the head counts; the text ends here",
                     (vg_str){0});
    return VG_OK;
}

static vg_status read_body(reader *r)
{
    for (vg_str line; next_line(r, &line);)
        VG_TRY(read_record(r, line));
    end_service(r);
    VG_TRY(separate_templates(r));
    VG_TRY(check_counts(r));
    for (uint32_t a = 0; r->has_dependents && a < r->actions; a++)
        if (r->dependents[a].len > 0)
            VG_TRY(read_dependents(r, a));
    return VG_OK;
}

vg_status vg_catalogue_open(vg_arena *arena, vg_str text, const vg_catalogue **out, vg_error *err)
{
    reader r;
    vg_catalogue_head head;
    if (text.len > TEXT_MAX)
        return vg_fail(err, VG_ERR_LIMIT, "a catalogue is no longer than 64 MiB");
    memset(&r, 0, sizeof r);
    r.arena = arena;
    r.err = err;
    r.rest = text;
    VG_TRY(read_head(&r, &head));
    r.rest = head.body;
    r.line = head.body_line - 1;
    VG_TRY(allocate(&r, &head));
    VG_TRY(read_body(&r));
    *out = r.catalogue;
    return VG_OK;
}
