/* catalogue.c: the questions to a catalogue that has been read: by id, by name, by kind. How it lies in memory is drawn in
 * catalogue_part.h; catalogue_read.c fills it. */
#include "policy/catalogue_part.h"

int vg_lower_cmp(vg_str a, vg_str b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < shared; i++) {
        unsigned char x = (unsigned char)vg_lower(a.ptr[i]), y = (unsigned char)vg_lower(b.ptr[i]);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return (a.len > b.len) - (a.len < b.len);
}

uint64_t vg_name_hash(vg_str name)
{
    uint64_t hash = VG_NAME_HASH;
    for (size_t i = 0; i < name.len; i++)
        hash = vg_name_hash_step(hash, name.ptr[i]);
    return vg_name_hash_end(hash);
}

vg_name_table vg_name_table_new(vg_arena *arena, size_t count)
{
    size_t slots = 16;
    while (slots < 2 * count)
        slots *= 2;
    vg_name_table table = {vg_arena_alloc(arena, slots * sizeof(vg_name_slot)), (uint32_t)(slots - 1)};
    for (size_t i = 0; table.slots && i < slots; i++)
        table.slots[i].id = VG_CATALOGUE_NONE;
    return table;
}

void vg_name_table_add(vg_name_table *table, uint64_t hash, uint32_t id)
{
    uint32_t i = (uint32_t)hash & table->mask;
    while (table->slots[i].id != VG_CATALOGUE_NONE)
        i = (i + 1) & table->mask;
    table->slots[i] = (vg_name_slot){(uint32_t)(hash >> 32), id};
}

/* ---- where it comes from ------------------------------------------------------------------------------------------------- */

const vg_catalogue_origin *vg_catalogue_origin_of(const vg_catalogue *catalogue)
{
    return &catalogue->origin;
}

int64_t vg_catalogue_age_days(const vg_catalogue *catalogue, vg_time now)
{
    return now < catalogue->origin.date ? 0 : (now - catalogue->origin.date) / VG_TIME_DAY;
}

static void sha256_hex(vg_str bytes, char out[65])
{
    vg_sha256 hash = vg_sha256_bytes(bytes);
    vg_hex(hash.bytes, sizeof hash.bytes, out);
}

vg_status vg_catalogue_verify(vg_str text, vg_error *err)
{
    vg_catalogue_head head;
    VG_TRY(vg_catalogue_read_head(text, &head, err));
    char hex[65];
    sha256_hex(head.body, hex);
    if (!vg_str_is(head.body_sha256, hex))
        return vg_fail(
            err, VG_ERR_CORRUPT,
            "the catalogue's records are not those that its head tells of; restore the file, or write it "
            "again with tools/catalogue");
    return VG_OK;
}

/* ---- by id and by name ----------------------------------------------------------------------------------------------------- */

static const char *const LEVEL_NAMES[VG_ACCESS_LEVELS] = {"List", "Read", "Write", "Permissions management",
                                                          "Tagging"};
static const char *const TYPE_NAMES[] = {"String", "ARN", "Bool", "Date", "Numeric", "IPAddress", "Binary"};

const char *vg_access_level_name(vg_access_level level)
{
    return LEVEL_NAMES[level];
}

const char *vg_key_type_name(vg_key_type type)
{
    return TYPE_NAMES[type];
}

const vg_catalogue_service *vg_catalogue_service_at(const vg_catalogue *catalogue, uint32_t service)
{
    return &catalogue->services[service];
}

const vg_catalogue_action *vg_catalogue_action_at(const vg_catalogue *catalogue, uint32_t action)
{
    return &catalogue->actions[action];
}

const vg_catalogue_resource *vg_catalogue_resource_at(const vg_catalogue *catalogue, uint32_t resource)
{
    return &catalogue->resources[resource];
}

const vg_catalogue_key *vg_catalogue_key_at(const vg_catalogue *catalogue, uint32_t key)
{
    return &catalogue->keys[key];
}

uint32_t vg_catalogue_find_service(const vg_catalogue *catalogue, vg_str prefix)
{
    uint32_t low = 0, high = (uint32_t)catalogue->origin.service_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = vg_lower_cmp(catalogue->services[middle].prefix, prefix);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return VG_CATALOGUE_NONE;
}

uint32_t vg_catalogue_find_action(const vg_catalogue *catalogue, vg_str name)
{
    if (name.len > VG_CATALOGUE_NAME_MAX)
        return VG_CATALOGUE_NONE;
    char lower[VG_CATALOGUE_NAME_MAX + 1];
    vg_lower_into(lower, name);
    uint64_t hash = vg_hash64(vg_str_of(lower, name.len), 0);
    const vg_name_table *table = &catalogue->action_slots;
    for (uint32_t i = (uint32_t)hash & table->mask; table->slots[i].id != VG_CATALOGUE_NONE;
         i = (i + 1) & table->mask)
        if (table->slots[i].tag == (uint32_t)(hash >> 32) &&
            vg_str_eq(vg_catalogue_lower(catalogue, table->slots[i].id), vg_str_of(lower, name.len)))
            return table->slots[i].id;
    return VG_CATALOGUE_NONE;
}

uint32_t vg_catalogue_find_resource(const vg_catalogue *catalogue, uint32_t service, vg_str name)
{
    uint32_t low = catalogue->services[service].first_resource;
    uint32_t high = low + catalogue->services[service].resource_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = vg_lower_cmp(catalogue->resources[middle].name, name);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return VG_CATALOGUE_NONE;
}

/* ---- condition keys --------------------------------------------------------------------------------------------------------- */

static uint32_t find_spelt_out(const vg_catalogue *catalogue, vg_str name, uint64_t hash)
{
    const vg_name_table *table = &catalogue->key_slots;
    for (uint32_t i = (uint32_t)hash & table->mask; table->slots[i].id != VG_CATALOGUE_NONE;
         i = (i + 1) & table->mask)
        if (table->slots[i].tag == (uint32_t)(hash >> 32) &&
            vg_str_eq_icase(catalogue->keys[table->slots[i].id].name, name))
            return table->slots[i].id;
    return VG_CATALOGUE_NONE;
}

/* The variable key that has `name`'s first `len` bytes, of this hash, before its variable and most behind it. */
static uint32_t find_variable(const vg_catalogue *catalogue, vg_str name, size_t len, uint64_t hash)
{
    const vg_name_table *table = &catalogue->variable_slots;
    uint32_t best = VG_CATALOGUE_NONE;
    size_t best_after = 0;
    for (uint32_t i = (uint32_t)hash & table->mask; table->slots[i].id != VG_CATALOGUE_NONE;
         i = (i + 1) & table->mask) {
        if (table->slots[i].tag != (uint32_t)(hash >> 32))
            continue;
        const vg_key_variable *v = &catalogue->variables[table->slots[i].id];
        if (v->before.len != len || name.len <= len + v->after.len ||
            !vg_str_eq_icase(v->before, vg_str_sub(name, 0, len)) ||
            !vg_str_eq_icase(v->after, vg_str_sub(name, name.len - v->after.len, v->after.len)))
            continue;
        if (best == VG_CATALOGUE_NONE || v->after.len > best_after) {
            best = v->key;
            best_after = v->after.len;
        }
    }
    return best;
}

/* What can stand before a variable; catalogue_read.c refuses anything else. */
bool vg_ends_before_variable(char c)
{
    return c == '/' || c == ':' || c == '.' || c == '-';
}

uint32_t vg_catalogue_find_key(const vg_catalogue *catalogue, vg_str name)
{
    uint32_t found = VG_CATALOGUE_NONE;
    uint64_t hash = VG_NAME_HASH;
    for (size_t i = 0; i < name.len; i++) {
        hash = vg_name_hash_step(hash, name.ptr[i]);
        if (!vg_ends_before_variable(name.ptr[i]) || i >= VG_CATALOGUE_NAME_MAX)
            continue;
        uint32_t longer = find_variable(catalogue, name, i + 1, vg_name_hash_end(hash));
        found = longer != VG_CATALOGUE_NONE ? longer : found;
    }
    uint32_t spelt_out = find_spelt_out(catalogue, name, vg_name_hash_end(hash));
    return spelt_out != VG_CATALOGUE_NONE ? spelt_out : found;
}

static bool has_key(const uint16_t *keys, size_t count, uint32_t key)
{
    for (size_t i = 0; i < count; i++)
        if (keys[i] == key)
            return true;
    return false;
}

bool vg_catalogue_action_has_key(const vg_catalogue *catalogue, uint32_t action, uint32_t key)
{
    const vg_catalogue_action *a = &catalogue->actions[action];
    if (has_key(a->keys, a->key_count, key))
        return true;
    for (size_t i = 0; i < a->use_count; i++) {
        const vg_catalogue_use *use = &a->uses[i];
        const vg_catalogue_resource *resource = &catalogue->resources[use->resource];
        if (has_key(use->keys, use->key_count, key) || has_key(resource->keys, resource->key_count, key))
            return true;
    }
    return false;
}
