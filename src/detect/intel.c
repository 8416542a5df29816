/* intel.c: lists of what is known to be bad, compiled and looked up.
 *
 *     header | list names | networks | texts | bytes of texts
 *
 * Networks are sorted by length of prefix and address (IPv4 as ::ffff:0:0/96), texts by hash. An address is looked for
 * once for each length that occurs, a domain once for each of its parents: about a microsecond for millions of entries.
 * A block holds offsets alone, so it is read where it is mapped. */
#include "detect/derived_part.h"
#include "detect/sigma_part.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_LISTS = 4096, MOST_NAME = 200, MOST_TEXT = 2000, ALLOW = 0xFFFF, VERSION = 1 };

static const char magic[8] = "VGINTEL";

typedef struct {
    char magic[8];
    uint32_t version, lists;
    uint64_t networks, texts, names_bytes, text_bytes;
    uint64_t checksum; /* of all that follows */
} header;

typedef struct {
    uint8_t address[16];
    uint8_t bits, unused;
    uint16_t list;
} network;

typedef struct {
    uint64_t hash, offset;
    uint32_t len;
    uint16_t list, unused;
} text;

struct vg_intel_builder {
    vg_arena *arena;
    vg_map *lists; /* name -> its number */
    vg_vec networks, texts;
    vg_buf bytes;
};

/* ---- building ---------------------------------------------------------------------------------------------------------- */

vg_intel_builder *vg_intel_builder_new(void)
{
    vg_arena *arena = vg_arena_new(0);
    vg_intel_builder *b = arena ? VG_NEW(arena, vg_intel_builder) : NULL;
    if (b) {
        b->arena = arena;
        b->lists = vg_map_new(arena, 0);
        b->networks = vg_vec_in(arena, sizeof(network));
        b->texts = vg_vec_in(arena, sizeof(text));
    }
    if (b && b->lists)
        return b;
    vg_arena_free(arena);
    return NULL;
}

void vg_intel_builder_free(vg_intel_builder *b)
{
    if (!b)
        return;
    vg_buf_free(&b->bytes);
    vg_arena_free(b->arena);
}

static bool number_of_list(vg_intel_builder *b, vg_str name, bool allow, uint16_t *out)
{
    bool is_new = false;
    *out = ALLOW;
    if (allow)
        return true;
    name = vg_str_sub(name, 0, MOST_NAME);
    vg_map_entry *entry = vg_map_get(b->lists, name);
    if (!entry && vg_map_len(b->lists) < MOST_LISTS) {
        entry = vg_map_put(b->lists, vg_arena_str(b->arena, name), &is_new);
        if (entry)
            entry->value.u64 = vg_map_len(b->lists) - 1;
    }
    if (entry)
        *out = (uint16_t)entry->value.u64;
    return entry != NULL;
}

static bool is_hash(vg_str indicator)
{
    if (indicator.len != 32 && indicator.len != 40 && indicator.len != 64)
        return false;
    for (size_t i = 0; i < indicator.len; i++)
        if (!strchr("0123456789abcdefABCDEF", indicator.ptr[i]))
            return false;
    return true;
}

/* Letters, digits, hyphens and underscores between dots, at least one of them, and a letter in the last part. */
static bool is_domain(vg_str indicator)
{
    size_t dot = vg_str_rfind_char(indicator, '.');
    if (dot == VG_NPOS || dot == 0 || dot + 2 >= indicator.len || indicator.len > 253)
        return false;
    for (size_t i = 0; i < indicator.len; i++) {
        unsigned char c = (unsigned char)indicator.ptr[i];
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (!letter && !(c >= '0' && c <= '9') && !strchr("-_.", c) && c < 0x80)
            return false;
    }
    unsigned char last = (unsigned char)indicator.ptr[dot + 1];
    return ((last | 0x20) >= 'a' && (last | 0x20) <= 'z') || last >= 0x80;
}

static bool add_text(vg_intel_builder *b, vg_str indicator, uint16_t list)
{
    vg_str folded = sigma_fold(b->arena, indicator);
    text *t = folded.ptr ? vg_vec_push(&b->texts) : NULL;
    if (!t)
        return false;
    *t = (text){
        .hash = vg_hash64(folded, 0), .offset = b->bytes.len, .len = (uint32_t)folded.len, .list = list};
    vg_buf_add_str(&b->bytes, folded);
    return !b->bytes.failed;
}

static vg_str trim_indicator(vg_str indicator)
{
    indicator = vg_str_trim(indicator);
    while (indicator.len > 1 && (indicator.ptr[0] == '.' || indicator.ptr[0] == '*'))
        indicator = vg_str_sub(indicator, 1, VG_NPOS);
    while (indicator.len > 1 && indicator.ptr[indicator.len - 1] == '.')
        indicator = vg_str_sub(indicator, 0, indicator.len - 1);
    return indicator;
}

/* Whether an indicator was taken. `any` takes any text, for user agents. */
static bool add_indicator(vg_intel_builder *b, uint16_t list, vg_str indicator, bool any)
{
    sigma_cidr cidr;
    bool host;
    vg_str trimmed = trim_indicator(indicator);
    if (trimmed.len == 0 || trimmed.len > MOST_TEXT)
        return false;
    if (sigma_cidr_read(trimmed, &cidr, &host)) {
        network *n = vg_vec_push(&b->networks);
        if (!n)
            return false;
        *n = (network){.bits = (uint8_t)cidr.bits, .list = list};
        memcpy(n->address, cidr.address, 16);
        for (unsigned bit = cidr.bits; bit < 128; bit++)
            n->address[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
        return true;
    }
    return (any || is_hash(trimmed) || is_domain(trimmed)) && add_text(b, trimmed, list);
}

bool vg_intel_add_one(vg_intel_builder *b, vg_str name, vg_str indicator, bool allow)
{
    uint16_t list;
    return number_of_list(b, name, allow, &list) && add_indicator(b, list, indicator, true);
}

/* ---- forms of lists ----------------------------------------------------------------------------------------------------- */

typedef struct {
    vg_intel_builder *b;
    uint16_t list;
    size_t added, skipped;
} adding;

static void add(adding *a, vg_str indicator, bool any)
{
    if (add_indicator(a->b, a->list, indicator, any))
        a->added++;
    else
        a->skipped++;
}

/* The first field of a line of CSV or of a table. */
static vg_str first_field(vg_str line)
{
    if (line.len && line.ptr[0] == '"') {
        size_t close = vg_str_find_char(vg_str_sub(line, 1, VG_NPOS), '"');
        return close == VG_NPOS ? line : vg_str_sub(line, 1, close);
    }
    size_t end = 0;
    while (end < line.len && !strchr(",;\t |", line.ptr[end]))
        end++;
    return vg_str_sub(line, 0, end);
}

/* "0.0.0.0 bad.example", as files of hosts have it. */
static vg_str of_hosts(vg_str line, vg_str first)
{
    bool is_hosts = vg_str_is(first, "0.0.0.0") || vg_str_is(first, "127.0.0.1");
    vg_str rest = vg_str_trim(vg_str_sub(line, first.len, VG_NPOS));
    return is_hosts && rest.len ? first_field(rest) : first;
}

static void add_lines(adding *a, vg_str bytes)
{
    vg_str rest = bytes, line;
    while (vg_str_next(&rest, '\n', &line)) {
        line = vg_str_trim(line);
        if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';' || vg_str_starts(line, VG_STR("//")))
            continue;
        add(a, of_hosts(line, first_field(line)), false);
    }
}

/* "[ipv4-addr:value = '203.0.113.7' OR domain-name:value = 'bad.example']": every quoted value behind an equals sign. */
static void add_pattern(adding *a, vg_str pattern)
{
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.ptr[i] != '\'')
            continue;
        vg_str before = vg_str_trim(vg_str_sub(pattern, 0, i)), behind = vg_str_sub(pattern, i + 1, VG_NPOS);
        size_t close = vg_str_find_char(behind, '\'');
        if (close == VG_NPOS)
            return;
        bool is_value = vg_str_ends(before, VG_STR("="));
        bool is_agent = vg_str_find(before, VG_STR("User-Agent")) != VG_NPOS;
        if (is_value)
            add(a, vg_str_sub(behind, 0, close), is_agent);
        i += close + 1;
    }
}

static void add_stix(adding *a, const vg_value *objects)
{
    for (vg_items it = vg_items_of(objects); vg_items_next(&it);) {
        const vg_value *revoked = vg_get(it.value, VG_STR("revoked"));
        if (vg_str_is(vg_get_str(it.value, "type"), "indicator") &&
            !(revoked && revoked->kind == VG_BOOL && revoked->as.boolean))
            add_pattern(a, vg_get_str(it.value, "pattern"));
    }
}

static void add_attributes(adding *a, const vg_value *attributes)
{
    for (vg_items it = vg_items_of(attributes); vg_items_next(&it);) {
        vg_str type = vg_get_str(it.value, "type"), value = vg_get_str(it.value, "value"), first, second;
        if (!vg_str_split(value, '|', &first, &second)) {
            add(a, value, vg_str_is(type, "user-agent"));
            continue;
        }
        add(a, first, false); /* domain|ip, filename|sha256, ip-dst|port */
        add(a, second, false);
    }
}

static void add_misp_event(adding *a, const vg_value *event)
{
    add_attributes(a, vg_get(event, VG_STR("Attribute")));
    for (vg_items it = vg_items_of(vg_get(event, VG_STR("Object"))); vg_items_next(&it);)
        add_attributes(a, vg_get(it.value, VG_STR("Attribute")));
}

/* Warning lists, AWS's ranges, arrays of indicators. */
static void add_strings(adding *a, const vg_value *list)
{
    static const char *const keys[] = {"ip_prefix", "ipv6_prefix", "value", "indicator", "ip", "domain"};
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        if (it.value->kind != VG_OBJECT) {
            add(a, vg_value_str(it.value), false);
            continue;
        }
        for (size_t i = 0; i < VG_COUNT(keys); i++) {
            vg_str value = vg_get_str(it.value, keys[i]);
            if (value.len)
                add(a, value, false);
        }
    }
}

static void add_json(adding *a, const vg_value *root)
{
    static const char *const lists[] = {"list", "prefixes", "ipv6_prefixes", "indicators", "data"};
    if (root->kind == VG_ARRAY) {
        add_strings(a, root);
        return;
    }
    add_stix(a, vg_get(root, VG_STR("objects")));
    const vg_value *event = vg_get(root, VG_STR("Event"));
    add_misp_event(a, event ? event : root);
    for (size_t i = 0; i < VG_COUNT(lists); i++)
        add_strings(a, vg_get(root, vg_str_from(lists[i])));
}

vg_status vg_intel_add(vg_intel_builder *b, vg_str name, vg_str bytes, bool allow, size_t *added,
                       size_t *skipped, vg_error *err)
{
    adding a = {.b = b};
    vg_doc doc;
    vg_str trimmed = vg_str_trim(bytes);
    if (!number_of_list(b, name, allow, &a.list))
        return vg_fail(err, VG_ERR_LIMIT, "more than %d lists of indicators", MOST_LISTS);
    bool is_json = trimmed.len && (trimmed.ptr[0] == '{' || trimmed.ptr[0] == '[');
    if (is_json) {
        vg_arena *arena = vg_arena_new(0);
        vg_status status = arena ? vg_json_read(arena, trimmed, name, NULL, &doc, err)
                                 : vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading indicators");
        if (status == VG_OK)
            add_json(&a, doc.root);
        vg_arena_free(arena);
        VG_TRY(status);
    } else
        add_lines(&a, bytes);
    *added = a.added;
    *skipped = a.skipped;
    return b->bytes.failed ? vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading indicators") : VG_OK;
}

/* ---- compiling ------------------------------------------------------------------------------------------------------------- */

static int by_prefix(const void *x, const void *y)
{
    const network *a = x, *b = y;
    if (a->bits != b->bits)
        return a->bits < b->bits ? -1 : 1;
    int order = memcmp(a->address, b->address, 16);
    return order ? order : (a->list > b->list) - (a->list < b->list);
}

static int by_hash(const void *x, const void *y)
{
    const text *a = x, *b = y;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    return (a->list > b->list) - (a->list < b->list);
}

vg_status vg_intel_compile(vg_arena *arena, vg_intel_builder *b, vg_str *out, vg_error *err)
{
    vg_buf block = {0};
    header h = {.version = VERSION,
                .lists = (uint32_t)vg_map_len(b->lists),
                .networks = b->networks.len,
                .texts = b->texts.len,
                .text_bytes = b->bytes.len};
    memcpy(h.magic, magic, sizeof magic);
    if (b->networks.len)
        qsort(b->networks.items, b->networks.len, sizeof(network), by_prefix);
    if (b->texts.len)
        qsort(b->texts.items, b->texts.len, sizeof(text), by_hash);
    vg_buf_add(&block, &h, sizeof h);
    for (size_t i = 0; i < h.lists; i++) {
        char name[MOST_NAME + 1] = {0};
        vg_str key = vg_map_at(b->lists, i)->key;
        if (key.len)
            memcpy(name, key.ptr, key.len);
        vg_buf_add(&block, name, sizeof name);
    }
    while (block.len % 8)
        vg_buf_add_char(&block, 0);
    h.names_bytes = block.len - sizeof h;
    if (b->networks.len)
        vg_buf_add(&block, b->networks.items, b->networks.len * sizeof(network));
    while (block.len % 8)
        vg_buf_add_char(&block, 0);
    if (b->texts.len)
        vg_buf_add(&block, b->texts.items, b->texts.len * sizeof(text));
    if (b->bytes.len)
        vg_buf_add_str(&block, vg_buf_str(&b->bytes));
    h.checksum = vg_hash64(vg_str_sub(vg_buf_str(&block), sizeof h, VG_NPOS), VERSION);
    if (!block.failed)
        memcpy(block.ptr, &h, sizeof h);
    *out = block.failed ? (vg_str){0} : vg_arena_str(arena, vg_buf_str(&block));
    vg_buf_free(&block);
    return out->ptr ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "memory ran out while compiling indicators");
}

/* ---- opening ----------------------------------------------------------------------------------------------------------------- */

struct vg_intel {
    const char *names;
    size_t lists;
    const network *networks;
    size_t network_count;
    const text *texts;
    size_t text_count;
    vg_str bytes;
    size_t first_of_bits[130]; /* networks of a length begin here; those of the next length end them */
};

static vg_status no_block(const char *why, vg_error *err)
{
    return vg_fail(err, VG_ERR_SYNTAX, "no compiled indicators: %s; compile them again", why);
}

static bool is_whole(const vg_intel *intel)
{
    for (size_t i = 0; i < intel->network_count; i++) {
        const network *n = &intel->networks[i];
        if (n->bits > 128 || (n->list != ALLOW && n->list >= intel->lists) ||
            (i > 0 && by_prefix(&intel->networks[i - 1], n) > 0))
            return false;
    }
    for (size_t i = 0; i < intel->text_count; i++) {
        const text *t = &intel->texts[i];
        if ((t->list != ALLOW && t->list >= intel->lists) || t->offset > intel->bytes.len ||
            t->len > intel->bytes.len - t->offset || (i > 0 && intel->texts[i - 1].hash > t->hash))
            return false;
    }
    for (size_t i = 0; i < intel->lists; i++)
        if (intel->names[i * (MOST_NAME + 1) + MOST_NAME])
            return false;
    return true;
}

vg_status vg_intel_open(vg_arena *arena, vg_str block, vg_intel **out, vg_error *err)
{
    header h;
    if (block.len < sizeof h || memcmp(block.ptr, magic, sizeof magic) != 0)
        return no_block("they do not begin as such", err);
    memcpy(&h, block.ptr, sizeof h);
    size_t left = block.len - sizeof h;
    if (h.version != VERSION)
        return no_block("of another version", err);
    bool fits = h.lists <= MOST_LISTS && h.names_bytes <= left &&
                h.names_bytes >= h.lists * (uint64_t)(MOST_NAME + 1) && h.names_bytes % 8 == 0 &&
                h.networks <= left / sizeof(network) && h.texts <= left / sizeof(text) &&
                h.text_bytes <= left;
    size_t networks = fits ? (h.networks * sizeof(network) + 7) / 8 * 8 : 0;
    if (!fits || h.names_bytes + networks + h.texts * sizeof(text) + h.text_bytes != left)
        return no_block("their parts do not add up", err);
    if (vg_hash64(vg_str_sub(block, sizeof h, VG_NPOS), VERSION) != h.checksum)
        return no_block("they are damaged", err);
    vg_intel *intel = VG_NEW(arena, vg_intel);
    if (!intel)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while opening indicators");
    const char *at = block.ptr + sizeof h;
    if ((uintptr_t)at % 8)
        return no_block("they are not aligned in memory", err);
    intel->names = at;
    intel->lists = h.lists;
    intel->networks = (const network *)(const void *)(at + h.names_bytes);
    intel->network_count = h.networks;
    intel->texts = (const text *)(const void *)(at + h.names_bytes + networks);
    intel->text_count = h.texts;
    intel->bytes = vg_str_of(at + h.names_bytes + networks + h.texts * sizeof(text), h.text_bytes);
    if (!is_whole(intel))
        return no_block("they are damaged", err);
    size_t i = 0;
    for (unsigned bits = 0; bits < 130; bits++) {
        while (i < intel->network_count && intel->networks[i].bits < bits)
            i++;
        intel->first_of_bits[bits] = i;
    }
    *out = intel;
    return VG_OK;
}

size_t vg_intel_count(const vg_intel *intel)
{
    return intel->network_count + intel->text_count;
}

/* ---- looking up ---------------------------------------------------------------------------------------------------------------- */

static void add_name(const vg_intel *intel, uint16_t list, vg_vec *names, bool *allowed)
{
    if (list == ALLOW) {
        *allowed = true;
        return;
    }
    vg_str name = vg_str_from(intel->names + list * (size_t)(MOST_NAME + 1));
    for (size_t i = 0; i < names->len; i++)
        if (vg_str_eq(*(vg_str *)vg_vec_at(names, i), name))
            return;
    vg_str *slot = vg_vec_push(names);
    if (slot)
        *slot = name;
}

/* The first network of a length that is not before `address`. */
static size_t first_network(const vg_intel *intel, unsigned bits, const uint8_t address[16])
{
    size_t low = intel->first_of_bits[bits], high = intel->first_of_bits[bits + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(intel->networks[middle].address, address, 16) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void find_address(const vg_intel *intel, const uint8_t whole[16], vg_vec *names, bool *allowed)
{
    uint8_t address[16];
    memcpy(address, whole, 16);
    for (unsigned bits = 129; bits-- > 0;) {
        if (bits < 128)
            address[bits / 8] &= (uint8_t) ~(0x80U >> bits % 8);
        if (intel->first_of_bits[bits] == intel->first_of_bits[bits + 1])
            continue;
        for (size_t i = first_network(intel, bits, address);
             i < intel->first_of_bits[bits + 1] && memcmp(intel->networks[i].address, address, 16) == 0; i++)
            add_name(intel, intel->networks[i].list, names, allowed);
    }
}

static void find_text(const vg_intel *intel, vg_str folded, vg_vec *names, bool *allowed)
{
    uint64_t hash = vg_hash64(folded, 0);
    size_t low = 0, high = intel->text_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (intel->texts[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < intel->text_count && intel->texts[low].hash == hash; low++) {
        const text *t = &intel->texts[low];
        if (vg_str_eq(vg_str_sub(intel->bytes, t->offset, t->len), folded))
            add_name(intel, t->list, names, allowed);
    }
}

void vg_intel_find(const vg_intel *intel, vg_str indicator, vg_vec *names)
{
    sigma_cidr cidr;
    bool host, allowed = false;
    size_t before = names->len;
    indicator = trim_indicator(indicator);
    if (indicator.len == 0 || indicator.len > MOST_TEXT)
        return;
    if (vg_str_find_char(indicator, '/') == VG_NPOS && sigma_cidr_read(indicator, &cidr, &host)) {
        find_address(intel, cidr.address, names, &allowed);
    } else {
        vg_str folded = sigma_fold(names->arena, indicator);
        bool by_parents = is_domain(indicator);
        while (folded.len) {
            find_text(intel, folded, names, &allowed);
            size_t dot = by_parents ? vg_str_find_char(folded, '.') : VG_NPOS;
            folded = dot == VG_NPOS ? (vg_str){0} : vg_str_sub(folded, dot + 1, VG_NPOS);
        }
    }
    if (allowed)
        names->len = before;
}

/* What an event holds that may be on a list. */
static void find_all(const vg_intel *intel, const vg_event *event, vg_vec *names)
{
    static const char *const fields[VG_LOG_KIND_COUNT][5] = {
        [VG_LOG_CLOUDTRAIL] = {"sourceIPAddress", "userAgent"},
        [VG_LOG_FLOW] = {"srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr"},
        [VG_LOG_DNS] = {"query_name"},
        [VG_LOG_S3_ACCESS] = {"remote_ip", "user_agent"},
    };
    for (size_t i = 0; event->log < VG_LOG_KIND_COUNT && i < VG_COUNT(fields[0]) && fields[event->log][i];
         i++)
        vg_intel_find(intel, vg_get_str(event->root, fields[event->log][i]), names);
    vg_intel_find(intel, event->source_ip, names);
    const vg_value *answers = event->log == VG_LOG_DNS ? vg_get(event->root, VG_STR("answers")) : NULL;
    for (vg_items it = vg_items_of(answers); vg_items_next(&it);)
        vg_intel_find(intel, vg_get_str(it.value, "Rdata"), names);
}

bool vg_intel_ask(void *context, const vg_event *event, vg_str name, vg_arena *arena, const vg_value **out)
{
    vg_vec names = vg_vec_in(arena, sizeof(vg_str));
    if (!vg_str_is(name, "intel") || !event->root || event->root->kind != VG_OBJECT)
        return false;
    find_all(context, event, &names);
    derived_list list = derived_list_new(arena);
    for (size_t i = 0; i < names.len; i++)
        derived_list_add(&list, *(vg_str *)vg_vec_at(&names, i));
    *out = derived_list_value(&list);
    return *out != NULL;
}
