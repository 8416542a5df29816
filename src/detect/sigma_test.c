/* sigma_test.c: what a predicate says of a value: the meaning of all operators, in one place.
 *
 * Text is compared folded, both the rule's and the event's, unless the predicate is cased. Numbers and booleans of an event
 * compare with text by the text that JSON writes for them; a number of a rule compares with a number by value. A list
 * holds when one of its items does. An object holds when a part of it does: `contains`, wildcards and regular expressions
 * look into the text that stands anywhere in it, and into its JSON. */
#include "detect/sigma_part.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>

enum { MOST_DEPTH = 600 };

/* ---- addresses --------------------------------------------------------------------------------------------------------- */

static bool read_address(vg_str text, uint8_t out[16], bool *is_v4)
{
    char buffer[INET6_ADDRSTRLEN + 1];
    if (text.len == 0 || text.len >= sizeof buffer || memchr(text.ptr, 0, text.len))
        return false;
    memcpy(buffer, text.ptr, text.len);
    buffer[text.len] = 0;
    memset(out, 0, 10);
    memset(out + 10, 0xFF, 2);
    *is_v4 = inet_pton(AF_INET, buffer, out + 12) == 1;
    return *is_v4 || inet_pton(AF_INET6, buffer, out) == 1;
}

static bool bit_at(const uint8_t *address, unsigned bit)
{
    return (address[bit / 8] >> (7 - bit % 8) & 1) != 0;
}

bool sigma_cidr_read(vg_str text, sigma_cidr *out, bool *host)
{
    vg_str address = text, length = {0};
    bool is_v4, has_length = vg_str_split(text, '/', &address, &length);
    *host = false;
    if (!read_address(address, out->address, &is_v4))
        return false;
    uint64_t bits = is_v4 ? 32 : 128;
    if (has_length && (!vg_str_to_u64(length, &bits) || length.len > 3 || bits > (is_v4 ? 32U : 128U)))
        return false;
    out->bits = (unsigned)bits + (is_v4 ? 96 : 0);
    for (unsigned i = out->bits; i < 128; i++)
        *host |= bit_at(out->address, i);
    return true;
}

bool sigma_cidr_holds(const sigma_cidr *cidr, vg_str text)
{
    uint8_t address[16];
    bool is_v4;
    if (!read_address(text, address, &is_v4) || memcmp(address, cidr->address, cidr->bits / 8) != 0)
        return false;
    for (unsigned i = cidr->bits / 8 * 8; i < cidr->bits; i++)
        if (bit_at(address, i) != bit_at(cidr->address, i))
            return false;
    return true;
}

/* ---- numbers and their text -------------------------------------------------------------------------------------------- */

static vg_str double_text(double d, vg_arena *arena)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, d);
        if (strtod(text, NULL) == d)
            break;
    }
    return vg_arena_str(arena, vg_str_from(text));
}

bool sigma_scalar_text(const vg_value *value, vg_arena *arena, vg_str *out)
{
    switch (vg_kind_of(value)) {
    case VG_STRING:
    case VG_NUMBER:
        *out = vg_value_str(value);
        return true;
    case VG_BOOL:
        *out = value->as.boolean ? VG_STR("true") : VG_STR("false");
        return true;
    case VG_INT:
        *out = vg_arena_printf(arena, "%lld", (long long)value->as.i64);
        return out->ptr != NULL;
    case VG_UINT:
        *out = vg_arena_printf(arena, "%llu", (unsigned long long)value->as.u64);
        return out->ptr != NULL;
    case VG_DOUBLE:
        *out = double_text(value->as.f64, arena);
        return out->ptr != NULL;
    default:
        return false;
    }
}

/* Decimal text that is a number as a whole. */
static bool text_number(vg_str text, double *out)
{
    char buffer[64], *end;
    text = vg_str_trim(text);
    if (text.len == 0 || text.len >= sizeof buffer)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("0123456789+-.eE", text.ptr[i]) || !text.ptr[i])
            return false;
    memcpy(buffer, text.ptr, text.len);
    buffer[text.len] = 0;
    *out = strtod(buffer, &end);
    return *end == 0 && isfinite(*out);
}

bool sigma_number(const vg_value *value, double *out)
{
    switch (vg_kind_of(value)) {
    case VG_INT:
        *out = (double)value->as.i64;
        return true;
    case VG_UINT:
        *out = (double)value->as.u64;
        return true;
    case VG_DOUBLE:
        *out = value->as.f64;
        return true;
    case VG_NUMBER:
    case VG_STRING:
        return text_number(vg_value_str(value), out);
    default:
        return false;
    }
}

/* Whole numbers beyond 2^53 are compared as such. */
static bool equal_number(const vg_predicate *p, const vg_value *value, vg_str text)
{
    double number;
    if (value->kind == VG_STRING || value->kind == VG_BOOL)
        return vg_str_eq(p->text, text);
    if (vg_str_eq(p->text, text))
        return true;
    return value->kind == VG_DOUBLE || floor(p->number) != p->number
               ? sigma_number(value, &number) && number == p->number
               : false;
}

static bool compare(double a, uint8_t op, double b)
{
    switch (op) {
    case VG_TEST_LT:
        return a < b;
    case VG_TEST_LTE:
        return a <= b;
    case VG_TEST_GT:
        return a > b;
    case VG_TEST_GTE:
        return a >= b;
    default:
        return a == b;
    }
}

/* ---- times ------------------------------------------------------------------------------------------------------------- */

static bool digits(vg_str text, size_t at, size_t count, int64_t *out)
{
    *out = 0;
    if (at + count > text.len)
        return false;
    for (size_t i = at; i < at + count; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        *out = *out * 10 + (text.ptr[i] - '0');
    }
    return true;
}

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t day_of_year(int64_t year, int64_t month, int64_t day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    return before[month - 1] + day + (month > 2 && is_leap(year) ? 1 : 0);
}

/* Monday is 1, Sunday 7. */
static int64_t weekday(int64_t year, int64_t month, int64_t day)
{
    int64_t y = year - 1;
    int64_t days = y * 365 + y / 4 - y / 100 + y / 400 + day_of_year(year, month, day);
    return (days - 1) % 7 + 1;
}

/* ISO 8601: the week that holds the year's first Thursday is the first. */
static int64_t iso_week(int64_t year, int64_t month, int64_t day)
{
    int64_t week = (day_of_year(year, month, day) - weekday(year, month, day) + 10) / 7;
    if (week < 1)
        return iso_week(year - 1, 12, 31);
    if (week == 53 && weekday(year, 12, 31) < 4)
        return 1;
    return week;
}

/* Seconds, milliseconds or microseconds since 1970, of the years 1973 to 2286, as a time in text. */
static bool epoch_text(vg_str text, char out[VG_TIME_TEXT])
{
    uint64_t number;
    if (text.len < 9 || text.len > 16 || !vg_str_to_u64(text, &number))
        return false;
    uint64_t scale = text.len <= 10 ? 1000000 : text.len == 13 ? 1000 : text.len == 16 ? 1 : 0;
    if (!scale)
        return false;
    vg_time_format((vg_time)(number * scale), out);
    return true;
}

bool sigma_time_part_of(vg_str text, sigma_time_part part, int64_t *out)
{
    char epoch[VG_TIME_TEXT];
    int64_t year, month, day, hour = -1, minute = -1;
    if (epoch_text(text, epoch))
        text = vg_str_from(epoch);
    if (!digits(text, 0, 4, &year) || !digits(text, 5, 2, &month) || !digits(text, 8, 2, &day))
        return false;
    if (text.ptr[4] != text.ptr[7] || (text.ptr[4] != '-' && text.ptr[4] != '/'))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    bool timed = text.len > 10 && (text.ptr[10] == 'T' || text.ptr[10] == 't' || text.ptr[10] == ' ') &&
                 digits(text, 11, 2, &hour) && text.len > 13 && text.ptr[13] == ':' &&
                 digits(text, 14, 2, &minute) && hour < 24 && minute < 60;
    if (text.len > 10 && !timed)
        return false;
    const int64_t parts[SIGMA_NO_PART] = {
        [SIGMA_MINUTE] = minute, [SIGMA_HOUR] = hour,
        [SIGMA_DAY] = day,       [SIGMA_WEEK] = iso_week(year, month, day),
        [SIGMA_MONTH] = month,   [SIGMA_YEAR] = year,
    };
    *out = part < SIGMA_NO_PART ? parts[part] : -1;
    return timed || part > SIGMA_HOUR;
}

/* ---- tests ------------------------------------------------------------------------------------------------------------- */

bool sigma_test_wants_fold(const vg_predicate *p)
{
    return !p->cased && (p->op <= VG_TEST_GLOB || p->op == VG_TEST_NUMBER);
}

bool sigma_test_text(const vg_predicate *p, const vg_value *value, vg_str text, vg_str folded,
                     sigma_matcher *matcher)
{
    vg_str seen = p->cased ? text : folded;
    double number;
    int64_t part;
    switch (p->op) {
    case VG_TEST_EXACT:
        return vg_str_eq(seen, p->text);
    case VG_TEST_STARTS:
        return vg_str_starts(seen, p->text);
    case VG_TEST_ENDS:
        return vg_str_ends(seen, p->text);
    case VG_TEST_CONTAINS:
        return p->text.len == 0 ||
               (seen.len >= p->text.len && memmem(seen.ptr, seen.len, p->text.ptr, p->text.len) != NULL);
    case VG_TEST_GLOB:
        return sigma_glob(p->text, seen);
    case VG_TEST_REGEX:
        return sigma_regex_matches(p->program, text, matcher);
    case VG_TEST_CIDR:
        return sigma_cidr_holds(p->program, text);
    case VG_TEST_NUMBER:
        return equal_number(p, value, folded);
    case VG_TEST_LT:
    case VG_TEST_LTE:
    case VG_TEST_GT:
    case VG_TEST_GTE:
        return sigma_number(value, &number) && compare(number, p->op, p->number);
    case VG_TEST_TIME:
        return sigma_time_part_of(text, (sigma_time_part)p->other, &part) &&
               compare((double)part, p->how, p->number);
    default:
        return p->op == VG_TEST_EXISTS;
    }
}

bool sigma_test_looks_inside(const vg_predicate *p)
{
    return p->op == VG_TEST_CONTAINS || p->op == VG_TEST_GLOB || p->op == VG_TEST_REGEX;
}

static bool scalar_holds(const vg_predicate *p, const vg_value *value, vg_arena *scratch)
{
    vg_str text, folded = {0};
    if (!sigma_scalar_text(value, scratch, &text))
        return false;
    if (sigma_test_wants_fold(p)) {
        folded = sigma_fold(scratch, text);
        if (!folded.ptr)
            return false;
    }
    return sigma_test_text(p, value, text, folded, NULL);
}

static bool inside_holds(const vg_predicate *p, const vg_value *value, vg_arena *scratch, unsigned depth)
{
    if (depth > MOST_DEPTH)
        return false;
    if (!vg_value_is_container(value))
        return value->kind != VG_NULL && scalar_holds(p, value, scratch);
    for (vg_items it = vg_items_of(value); vg_items_next(&it);)
        if (inside_holds(p, it.value, scratch, depth + 1))
            return true;
    return false;
}

static bool object_holds(const vg_predicate *p, const vg_value *value, vg_arena *scratch)
{
    if (!sigma_test_looks_inside(p))
        return p->op == VG_TEST_EXISTS;
    if (inside_holds(p, value, scratch, 0))
        return true;
    vg_buf json = {0};
    vg_json_write(&json, value, 0);
    vg_str text = vg_buf_str(&json), folded = sigma_fold(scratch, text);
    bool holds = !json.failed && folded.ptr && sigma_test_text(p, value, text, folded, NULL);
    vg_buf_free(&json);
    return holds;
}

static bool holds_at(const vg_predicate *p, const vg_value *value, vg_arena *scratch, unsigned depth)
{
    if (depth > MOST_DEPTH)
        return false;
    switch (vg_kind_of(value)) {
    case VG_NULL:
        return p->op == VG_TEST_NULL || p->op == VG_TEST_EXISTS;
    case VG_OBJECT:
        return object_holds(p, value, scratch);
    case VG_ARRAY:
        for (vg_items it = vg_items_of(value); vg_items_next(&it);)
            if (holds_at(p, it.value, scratch, depth + 1))
                return true;
        return p->op == VG_TEST_EXISTS;
    default:
        return p->op != VG_TEST_NULL && scalar_holds(p, value, scratch);
    }
}

bool vg_predicate_holds(const vg_predicate *predicate, const vg_value *value, vg_arena *scratch)
{
    return holds_at(predicate, value, scratch, 0);
}
