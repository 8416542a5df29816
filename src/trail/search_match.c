/* search_match.c: whether an event is what an expression asks for.
 *
 * A path goes through objects by name and through lists by every item (or one item, where a name is a number); a key that
 * itself has dots takes as many names, and `*` is any name. Where AWS writes a value in one place
 * (an indexed path), it is looked for there alone, as the index does: what an index leaves out, a search without one must not
 * find either. */
#include "trail/search_part.h"

#include <stdlib.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

char search_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
}

/* ---- short names ---------------------------------------------------------------------------------------------------------------- */

bool search_short_name(vg_str name, search_field *field)
{
    static const struct {
        const char *name;
        search_own own;
    } own[] = {{"time", SEARCH_TIME},   {"log", SEARCH_LOG},       {"id", SEARCH_ID},
               {"actor", SEARCH_ACTOR}, {"source", SEARCH_SOURCE}, {"error", SEARCH_ERROR},
               {"agent", SEARCH_AGENT}};
    for (int i = 0; i < VG_TRAIL_OBJECT; i++)
        if (vg_str_eq_icase(name, vg_str_from(vg_trail_field_names[i]))) {
            field->from = SEARCH_TERM;
            field->term = (vg_trail_field)i;
            return true;
        }
    for (size_t i = 0; i < VG_COUNT(own); i++)
        if (vg_str_eq_icase(name, vg_str_from(own[i].name))) {
            field->from = SEARCH_OWN;
            field->own = own[i].own;
            return true;
        }
    return false;
}

/* ---- texts ------------------------------------------------------------------------------------------------------------------------ */

static bool same_char(char a, char b, bool exact)
{
    return exact ? a == b : search_lower(a) == search_lower(b);
}

/* A glob: back to the last star when what follows it does not fit. */
static bool matches_wild(const search_value *value, vg_str text, bool exact)
{
    size_t p = 0, t = 0, star = VG_NPOS, from = 0;
    while (t < text.len) {
        char mark = p < value->text.len ? value->marks[p] : '\0';
        if (mark == '*') {
            star = p++;
            from = t;
        } else if (p < value->text.len &&
                   (mark == '?' || same_char(value->text.ptr[p], text.ptr[t], exact))) {
            p++;
            t++;
        } else if (star != VG_NPOS) {
            p = star + 1;
            t = ++from;
        } else {
            return false;
        }
    }
    while (p < value->text.len && value->marks[p] == '*')
        p++;
    return p == value->text.len;
}

bool search_value_matches(const search_value *value, vg_str text, bool exact)
{
    if (value->wild)
        return matches_wild(value, text, exact);
    return exact ? vg_str_eq(value->text, text) : vg_str_eq_icase(value->text, text);
}

static bool has_at(const char *text, vg_str needle)
{
    for (size_t i = 0; i < needle.len; i++)
        if (search_lower(text[i]) != needle.ptr[i])
            return false;
    return true;
}

static bool has_plainly(vg_str text, vg_str needle)
{
    for (size_t i = 0; i + needle.len <= text.len; i++)
        if (has_at(text.ptr + i, needle))
            return true;
    return false;
}

#ifdef __SSE2__
/* Sixteen places at a time, by the needle's first and last byte. Setting bit 5 makes letters lower case and a few other bytes
 * alike; what it lets through is compared in full. */
bool search_has(vg_str text, vg_str needle)
{
    size_t i = 0;
    if (needle.len == 0)
        return true;
    if (text.len < needle.len)
        return false;
    const __m128i bit = _mm_set1_epi8(32);
    const __m128i first = _mm_set1_epi8((char)(needle.ptr[0] | 32));
    const __m128i last = _mm_set1_epi8((char)(needle.ptr[needle.len - 1] | 32));
    for (; i + needle.len + 15 <= text.len; i += 16) {
        __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(text.ptr + i));
        __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(text.ptr + i + needle.len - 1));
        __m128i both = _mm_and_si128(_mm_cmpeq_epi8(_mm_or_si128(a, bit), first),
                                     _mm_cmpeq_epi8(_mm_or_si128(b, bit), last));
        for (unsigned mask = (unsigned)_mm_movemask_epi8(both); mask; mask &= mask - 1)
            if (has_at(text.ptr + i + __builtin_ctz(mask), needle))
                return true;
    }
    return has_plainly(vg_str_sub(text, i, VG_NPOS), needle);
}
#else
bool search_has(vg_str text, vg_str needle)
{
    return has_plainly(text, needle);
}
#endif

/* Whether the word, wildcards and all, stands anywhere in the text. */
static bool contains(const search_value *word, vg_str text)
{
    if (!word->wild) {
        if (word->needle.len == word->text.len)
            return search_has(text, word->needle);
        for (size_t i = 0; i + word->text.len <= text.len; i++)
            if (vg_str_eq_icase(vg_str_sub(text, i, word->text.len), word->text))
                return true;
        return false;
    }
    return matches_wild(word, text, false); /* it begins and ends with a star */
}

/* ---- values ------------------------------------------------------------------------------------------------------------------------ */

static bool in_block(const search_value *block, vg_str text)
{
    char term[VG_TRAIL_TERM];
    vg_str bytes = vg_trail_term_of(VG_TRAIL_IP, text, term);
    if (bytes.len != block->bytes_len || (unsigned char)bytes.ptr[0] != block->bytes[0])
        return false;
    unsigned whole = block->bits / 8, rest = block->bits % 8;
    if (memcmp(bytes.ptr + 1, block->bytes + 1, whole) != 0)
        return false;
    unsigned differ = rest ? (unsigned char)bytes.ptr[1 + whole] ^ block->bytes[1 + whole] : 0U;
    return (differ >> (8 - rest)) == 0;
}

static bool equal_text(const search_node *node, vg_str text)
{
    for (size_t i = 0; i < node->value_count; i++) {
        const search_value *value = &node->values[i];
        if (value->is_cidr ? in_block(value, text)
                           : search_value_matches(value, text, node->op == SEARCH_EXACT))
            return true;
    }
    return false;
}

static bool ordered(search_operator op, int order)
{
    return op == SEARCH_LESS         ? order < 0
           : op == SEARCH_LESS_EQUAL ? order <= 0
           : op == SEARCH_GREATER    ? order > 0
                                     : order >= 0;
}

static bool compare_numbers(const search_node *node, double number)
{
    double to = node->values->number;
    return node->values->is_number && ordered(node->op, number < to ? -1 : number > to);
}

static bool compare_times(const search_node *node, vg_time time)
{
    vg_time to = node->values->time;
    return node->values->is_time && ordered(node->op, time < to ? -1 : time > to);
}

/* < and > on text: of a time with a time, else of a number with a number. */
static bool compare_text(const search_node *node, vg_str text)
{
    char copy[64], *end;
    vg_time time;
    if (node->values->is_time && vg_time_parse(text, &time))
        return compare_times(node, time);
    if (text.len == 0 || text.len >= sizeof copy || strchr(" \t\n\r", text.ptr[0]))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    double number = strtod(copy, &end);
    return end == copy + text.len && compare_numbers(node, number);
}

static bool test_text(const search_node *node, vg_str text)
{
    return node->op >= SEARCH_LESS ? compare_text(node, text) : equal_text(node, text);
}

static bool number_of(const vg_value *v, double *out)
{
    switch (vg_kind_of(v)) {
    case VG_INT:
        *out = (double)v->as.i64;
        return true;
    case VG_UINT:
        *out = (double)v->as.u64;
        return true;
    case VG_DOUBLE:
        *out = v->as.f64;
        return true;
    default:
        return false;
    }
}

static bool test_number(const search_node *node, const vg_value *v, double number)
{
    if (node->op >= SEARCH_LESS)
        return compare_numbers(node, number);
    char text[32] = "";
    if (v->kind == VG_INT)
        snprintf(text, sizeof text, "%lld", (long long)v->as.i64);
    else if (v->kind == VG_UINT)
        snprintf(text, sizeof text, "%llu", (unsigned long long)v->as.u64);
    for (size_t i = 0; i < node->value_count; i++)
        if (node->values[i].is_number && node->values[i].number == number)
            return true;
    return text[0] && equal_text(node, vg_str_from(text)); /* 44* */
}

static bool test_value(const search_node *node, const vg_value *v)
{
    double number;
    if (node->kind == SEARCH_EXISTS)
        return true;
    if (v->kind == VG_STRING || v->kind == VG_NUMBER)
        return test_text(node, vg_value_str(v));
    if (v->kind == VG_BOOL)
        return node->op < SEARCH_LESS && equal_text(node, v->as.boolean ? VG_STR("true") : VG_STR("false"));
    if (number_of(v, &number))
        return test_number(node, v, number);
    for (size_t i = 0; v->kind == VG_NULL && node->op < SEARCH_LESS && i < node->value_count; i++)
        if (node->values[i].is_null)
            return true;
    return false;
}

/* ---- paths -------------------------------------------------------------------------------------------------------------------------- */

enum { LISTS = 8 }; /* lists within lists, at most */

static bool at_path(const search_node *node, const vg_value *v, size_t part, unsigned lists);

static bool in_items(const search_node *node, const vg_value *list, size_t part, unsigned lists)
{
    for (vg_items it = vg_items_of(list); vg_items_next(&it);)
        if (at_path(node, it.value, part, lists))
            return true;
    return false;
}

/* Of how many names of the path, from `part` on, the key is made; 0: it is another. */
static size_t names_of_key(const search_field *field, size_t part, vg_str key)
{
    vg_str name = field->parts[part];
    size_t dots = 0, at = (size_t)(name.ptr - field->whole.ptr);
    if (vg_str_is(name, "*") || vg_str_eq_icase(key, name))
        return 1;
    for (size_t i = 0; i < key.len; i++)
        dots += key.ptr[i] == '.';
    bool same = dots > 0 && part + dots < field->part_count &&
                vg_str_eq_icase(key, vg_str_sub(field->whole, at, key.len));
    bool ends = same && (at + key.len == field->whole.len || field->whole.ptr[at + key.len] == '.');
    return ends ? dots + 1 : 0;
}

static bool in_object(const search_node *node, const vg_value *object, size_t part, unsigned lists)
{
    for (vg_items it = vg_items_of(object); vg_items_next(&it);) {
        size_t names = names_of_key(&node->field, part, it.key);
        if (names && at_path(node, it.value, part + names, lists))
            return true;
    }
    return false;
}

/* The value or, where the path goes on, what is below it. Depth is that of the path, and of lists. */
static bool at_path(const search_node *node, const vg_value *v, size_t part, unsigned lists)
{
    const search_field *field = &node->field;
    bool at_end = part == field->part_count;
    if (v->kind == VG_ARRAY) {
        uint64_t number;
        const vg_value *item = NULL;
        if (at_end && node->kind == SEARCH_EXISTS)
            return true;
        if (!at_end && vg_str_to_u64(field->parts[part], &number))
            item = vg_value_item(v, (size_t)number);
        if (item && at_path(node, item, part + 1, lists))
            return true;
        return lists < LISTS && in_items(node, v, part, lists + 1);
    }
    if (at_end)
        return test_value(node, v);
    return v->kind == VG_OBJECT && in_object(node, v, part, lists);
}

/* ---- fields ------------------------------------------------------------------------------------------------------------------------- */

typedef struct {
    const search_node *node;
    bool found;
} term_test;

static bool test_term(const search_node *node, vg_str value)
{
    if (node->kind == SEARCH_EXISTS)
        return true;
    if (test_text(node, value))
        return true;
    char text[VG_TRAIL_TERM];
    if (node->field.term != VG_TRAIL_IP || node->op != SEARCH_EQUAL)
        return false;
    vg_str term = vg_trail_term_of(VG_TRAIL_IP, value, text);
    for (size_t i = 0; i < node->value_count; i++)
        if (node->values[i].is_address &&
            vg_str_eq(term, vg_str_of((const char *)node->values[i].bytes, node->values[i].bytes_len)))
            return true;
    return false;
}

static void take_term(void *context, vg_trail_field field, vg_str value)
{
    term_test *test = context;
    if (!test->found && field == test->node->field.term)
        test->found = test_term(test->node, value);
}

static bool test_own(const search_node *node, const vg_event *event)
{
    static const char *const errors[] = {"errorCode", "errorMessage", "errorcode"};
    static const char *const agents[] = {"userAgent", "useragent"};
    vg_str text = {0};
    switch (node->field.own) {
    case SEARCH_TIME:
        if (event->time == VG_TIME_NONE || node->kind == SEARCH_EXISTS)
            return event->time != VG_TIME_NONE;
        if (node->op >= SEARCH_LESS)
            return compare_times(node, event->time);
        return (node->values->is_time && node->values->time == event->time) ||
               equal_text(node, vg_get_str(event->root, "eventTime"));
    case SEARCH_LOG:
        text = event->log < VG_LOG_KIND_COUNT ? vg_str_from(vg_log_services[event->log]) : VG_STR("other");
        break;
    case SEARCH_ID:
        text = event->id;
        break;
    case SEARCH_ACTOR:
        text = event->record ? vg_trail_actor(event->record) : vg_get_str(event->root, "requester");
        break;
    case SEARCH_SOURCE:
        text = vg_get_str(event->root, "eventSource");
        break;
    case SEARCH_ERROR:
        for (size_t i = 0; i < VG_COUNT(errors); i++) {
            text = vg_get_str(event->root, errors[i]);
            if (text.len && (node->kind == SEARCH_EXISTS || test_text(node, text)))
                return true;
        }
        return false;
    case SEARCH_AGENT:
        for (size_t i = 0; i < VG_COUNT(agents) && !text.len; i++)
            text = vg_get_str(event->root, agents[i]);
        break;
    case SEARCH_OWN_COUNT:
        break;
    }
    return text.len && (node->kind == SEARCH_EXISTS || test_text(node, text));
}

static bool test_field(const search_node *node, const vg_event *event)
{
    term_test test = {node, false};
    vg_str text;
    switch (node->field.from) {
    case SEARCH_TERM:
        vg_trail_event_terms(event, take_term, &test);
        return test.found;
    case SEARCH_INDEXED:
        text = index_path_value(node->field.indexed, event);
        return text.len && (node->kind == SEARCH_EXISTS || test_text(node, text));
    case SEARCH_OWN:
        return test_own(node, event);
    case SEARCH_PATH:
        break;
    }
    return event->root && at_path(node, event->root, 0, 0);
}

/* The event's tree is one array in the order of the document, so its texts, names of fields
 * among them, are met without descending. */
static bool has_word(const search_value *word, const vg_value *root)
{
    const vg_value *end = vg_value_after(root);
    for (const vg_value *v = root; v < end; v++)
        if ((v->kind == VG_STRING || v->kind == VG_NUMBER) && contains(word, vg_value_str(v)))
            return true;
    return false;
}

/* ---- expressions ---------------------------------------------------------------------------------------------------------------------- */

static bool matches(const vg_search *search, uint32_t at, const vg_event *event)
{
    const search_node *node = &search->nodes[at];
    switch (node->kind) {
    case SEARCH_ALL:
        return true;
    case SEARCH_AND:
        return matches(search, node->left, event) && matches(search, node->right, event);
    case SEARCH_OR:
        return matches(search, node->left, event) || matches(search, node->right, event);
    case SEARCH_NOT:
        return !matches(search, node->left, event);
    case SEARCH_WORD:
        return event->root && has_word(node->values, event->root);
    case SEARCH_COMPARE:
    case SEARCH_EXISTS:
        break;
    }
    return test_field(node, event);
}

bool vg_search_matches(const vg_search *search, const vg_event *event)
{
    return matches(search, search->root, event);
}

/* ---- bytes alone ------------------------------------------------------------------------------------------------------------------------ */

/* Whether the needles of the node's values are sure to stand in what it matches: not where a field comes from elsewhere. */
static bool has_needles(const search_node *node)
{
    bool sure = node->kind == SEARCH_WORD || (node->kind == SEARCH_EXISTS && node->value_count > 0) ||
                (node->kind == SEARCH_COMPARE && node->op <= SEARCH_EXACT && node->value_count > 0);
    const search_field *field = &node->field;
    if (node->kind == SEARCH_COMPARE && field->from == SEARCH_OWN)
        sure = sure && (field->own == SEARCH_ACTOR || field->own == SEARCH_SOURCE ||
                        field->own == SEARCH_ERROR || field->own == SEARCH_AGENT);
    if (node->kind == SEARCH_COMPARE && field->from == SEARCH_TERM)
        sure = sure && field->term != VG_TRAIL_ACCOUNT && field->term != VG_TRAIL_REGION;
    for (size_t i = 0; i < node->value_count; i++)
        sure = sure && node->values[i].needle.len;
    return sure;
}

static bool may_match(const vg_search *search, uint32_t at, vg_str json)
{
    const search_node *node = &search->nodes[at];
    if (node->kind == SEARCH_AND)
        return may_match(search, node->left, json) && may_match(search, node->right, json);
    if (node->kind == SEARCH_OR)
        return may_match(search, node->left, json) || may_match(search, node->right, json);
    if (node->kind == SEARCH_NOT || !has_needles(node))
        return true;
    for (size_t i = 0; i < node->value_count; i++) {
        const search_value *value = &node->values[i];
        if (search_has(json, value->needle) || (value->is_address && search_has(json, VG_STR("::ffff:"))))
            return true;
    }
    return false;
}

/* Whether a letter, a digit or one of .:_- is written as \u00XX, which nobody does and JSON allows. */
static bool has_odd_escapes(vg_str json)
{
    vg_str mark = VG_STR("\\u00");
    for (size_t at = 0;;) {
        const char *found =
            json.len - at < mark.len + 2 ? NULL : memmem(json.ptr + at, json.len - at, mark.ptr, mark.len);
        if (!found)
            return false;
        at = (size_t)(found - json.ptr) + mark.len;
        char high = at < json.len ? json.ptr[at] : '0', low = at + 1 < json.len ? json.ptr[at + 1] : '0';
        char both[3] = {high, search_lower(low), '\0'};
        bool is_mark =
            strstr(
                "20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2f 3b 3c 3d 3e 3f 40 5b 5c 5d 5e 60 7b 7c 7d 7e 7f",
                both) != NULL;
        if (high >= '2' && high <= '7' && !is_mark)
            return true;
    }
}

bool vg_search_may_match(const vg_search *search, vg_str json)
{
    return may_match(search, search->root, json) || has_odd_escapes(json);
}

/* ---- times ------------------------------------------------------------------------------------------------------------------------------ */

static bool is_time_field(const search_field *field)
{
    return field->from == SEARCH_OWN && field->own == SEARCH_TIME;
}

static void widen(vg_time *since, vg_time *until, vg_time since_2, vg_time until_2)
{
    *since = *since == VG_TIME_NONE || since_2 == VG_TIME_NONE ? VG_TIME_NONE
             : *since < since_2                                ? *since
                                                               : since_2;
    *until = *until == VG_TIME_NONE || until_2 == VG_TIME_NONE ? VG_TIME_NONE
             : *until > until_2                                ? *until
                                                               : until_2;
}

static void narrow(vg_time *since, vg_time *until, vg_time since_2, vg_time until_2)
{
    if (since_2 != VG_TIME_NONE && (*since == VG_TIME_NONE || since_2 > *since))
        *since = since_2;
    if (until_2 != VG_TIME_NONE && (*until == VG_TIME_NONE || until_2 < *until))
        *until = until_2;
}

static void times_of(const vg_search *search, uint32_t at, vg_time *since, vg_time *until)
{
    const search_node *node = &search->nodes[at];
    vg_time since_2, until_2;
    *since = *until = VG_TIME_NONE;
    if (node->kind == SEARCH_AND || node->kind == SEARCH_OR) {
        times_of(search, node->left, since, until);
        times_of(search, node->right, &since_2, &until_2);
        (node->kind == SEARCH_AND ? narrow : widen)(since, until, since_2, until_2);
    } else if (node->kind == SEARCH_COMPARE && is_time_field(&node->field) && node->op >= SEARCH_LESS &&
               node->values->is_time) {
        bool is_upper = node->op == SEARCH_LESS || node->op == SEARCH_LESS_EQUAL;
        *(is_upper ? until : since) = node->values->time;
    }
}

void vg_search_times(const vg_search *search, vg_time *since, vg_time *until)
{
    times_of(search, search->root, since, until);
}
