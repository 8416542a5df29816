/* parse_text.c: the characters of a rule file: white space, comments, keywords, names, places, and what the parser
 * remembers of the furthest place that it reached. Rules are mostly comments, so skipping them is what must be fast. */
#include "control/guard_part.h"

#include <stdio.h>

/* ---- errors -------------------------------------------------------------------------------------------------------- */

/* What could not be anything else says more than what might have stood there. */
static void note(guard_parser *p, const char *expected, bool sure)
{
    if (p->at < p->furthest || (p->at == p->furthest && p->expected && !sure))
        return;
    p->furthest = p->at;
    p->expected = expected;
}

guard_parsed guard_no(guard_parser *p, const char *expected)
{
    note(p, expected, false);
    return PARSE_NO;
}

guard_parsed guard_stop(guard_parser *p, const char *format, ...)
{
    if (strcmp(format, "out of memory") == 0)
        p->status = VG_ERR_MEMORY;
    if (p->at < p->furthest)
        return PARSE_STOP;
    va_list list;
    va_start(list, format);
    vsnprintf(p->stopped, sizeof p->stopped, format, list);
    va_end(list);
    note(p, p->stopped, true);
    return PARSE_STOP;
}

guard_parsed guard_need(guard_parser *p, guard_parsed parsed, const char *expected)
{
    return parsed == PARSE_NO ? guard_stop(p, "%s", expected) : parsed;
}

guard_parsed guard_enter(guard_parser *p)
{
    if (p->depth >= GUARD_MAX_NESTING) {
        p->status = VG_ERR_LIMIT;
        p->furthest = p->at;
        return guard_stop(p, "nested more than %d deep; split the rule", GUARD_MAX_NESTING);
    }
    p->depth++;
    return PARSED;
}

/* ---- characters ---------------------------------------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Bytes of UTF-8 beyond ASCII count as letters, as in most scripts they are. */
static bool is_name_byte(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

bool guard_at_end(const guard_parser *p)
{
    return p->at >= p->text.len;
}

void guard_skip_far(guard_parser *p)
{
    const char *at = p->text.ptr + p->at, *end = p->text.ptr + p->text.len;
    while (at < end) {
        if (guard_is_space(*at)) {
            at++;
        } else if (*at == '#') {
            const char *line_end = memchr(at, '\n', (size_t)(end - at));
            at = line_end ? line_end : end;
        } else {
            break;
        }
    }
    p->at = (size_t)(at - p->text.ptr);
}

bool guard_skip_some(guard_parser *p)
{
    size_t from = p->at;
    guard_skip(p);
    return p->at > from;
}

static bool ends_word(const guard_parser *p)
{
    return p->at >= p->text.len || !is_name_byte(p->text.ptr[p->at]);
}

bool guard_take_word(guard_parser *p, const char *lower, const char *upper)
{
    size_t from = p->at;
    if ((guard_take(p, lower) || guard_take(p, upper)) && ends_word(p))
        return true;
    p->at = from;
    return false;
}

/* `not ` or `NOT ` with its space, or `!`. */
bool guard_take_not(guard_parser *p)
{
    size_t from = p->at;
    if (guard_take(p, "!"))
        return true;
    if (guard_take_word(p, "not", "NOT") && p->at < p->text.len &&
        (p->text.ptr[p->at] == ' ' || p->text.ptr[p->at] == '\t')) {
        while (p->at < p->text.len && (p->text.ptr[p->at] == ' ' || p->text.ptr[p->at] == '\t'))
            p->at++;
        return true;
    }
    p->at = from;
    return false;
}

/* A letter, then letters, digits and underscores. */
bool guard_take_name(guard_parser *p, vg_str *name)
{
    size_t from = p->at;
    if (from >= p->text.len || !is_letter(p->text.ptr[from]))
        return false;
    while (!ends_word(p))
        p->at++;
    *name = vg_str_sub(p->text, from, p->at - from);
    return true;
}

/* ---- places -------------------------------------------------------------------------------------------------------- */

/* Lines are counted onward from the last place that was asked for: places are asked for in order, but for steps back
 * while forms are tried. */
void guard_locate(guard_parser *p, size_t at, uint32_t *line, uint32_t *column)
{
    if (at < p->line_at) {
        p->line_at = 0;
        p->line = 0;
        p->line_start = 0;
    }
    while (p->line_at < at) {
        const char *found = memchr(p->text.ptr + p->line_at, '\n', at - p->line_at);
        if (!found)
            break;
        p->line_at = (size_t)(found - p->text.ptr) + 1;
        p->line_start = p->line_at;
        p->line++;
    }
    *line = p->line + 1;
    *column = (uint32_t)(at - p->line_start) + 1;
}

vg_str guard_text_since(const guard_parser *p, size_t from)
{
    size_t end = p->at;
    while (end > from && guard_is_space(p->text.ptr[end - 1]))
        end--;
    return vg_str_sub(p->text, from, end - from);
}

/* ---- what a ruleset shares ------------------------------------------------------------------------------------------ */

uint32_t guard_name_number(guard_parser *p, vg_str name)
{
    bool added;
    vg_map_entry *entry = vg_map_put(p->rules->names, name, &added);
    if (!entry)
        return GUARD_NO_NAME;
    if (added)
        entry->value.u64 = vg_map_len(p->rules->names) - 1;
    return (uint32_t)entry->value.u64;
}

uint32_t guard_type_number(guard_parser *p, vg_str text)
{
    bool added = false;
    vg_map_entry *entry =
        vg_str_find(text, VG_STR("::")) == VG_NPOS ? NULL : vg_map_put(p->rules->types, text, &added);
    if (!entry)
        return 0;
    if (added)
        entry->value.u64 = vg_map_len(p->rules->types);
    return (uint32_t)entry->value.u64;
}

/* An optional sign and digits, in 32 bits. */
static bool reads_as_number(vg_str text, int32_t *out)
{
    int64_t value;
    if (text.len > 1 && text.ptr[0] == '+' && text.ptr[1] != '-')
        text = vg_str_sub(text, 1, VG_NPOS);
    if (!vg_str_to_i64(text, &value) || value < INT32_MIN || value > INT32_MAX)
        return false;
    *out = (int32_t)value;
    return true;
}

const guard_key *guard_key_of(guard_parser *p, vg_str text)
{
    bool added;
    vg_map_entry *entry = vg_map_put(p->rules->keys, text, &added);
    if (!entry)
        return NULL;
    if (!added)
        return entry->value.ptr;
    guard_key *key = VG_NEW(p->arena, guard_key);
    entry->value.ptr = key;
    if (!key)
        return NULL;
    key->text = text;
    key->is_number = reads_as_number(text, &key->number);
    return guard_key_spell(p->arena, key) ? key : NULL;
}

void *guard_keep(guard_parser *p, const vg_vec *list)
{
    if (list->len == 0)
        return NULL;
    void *kept = vg_arena_alloc(p->arena, list->len * list->item_size);
    if (kept)
        memcpy(kept, list->items, list->len * list->item_size);
    return kept;
}
