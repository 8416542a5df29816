/* value.c: asking a tree. Everything here reads nodes in document order and allocates nothing, except equality and
 * sorting, which keep their work on a heap stack because the depth of a tree is its reader's limit, not ours. */
#include <math.h>
#include <stdlib.h>

#include "format/format.h"
#include "format/value_order.h"

/* ---- lookup -------------------------------------------------------------------------------------------------- */

const vg_value *vg_get(const vg_value *v, vg_str key)
{
    if (!v || v->kind != VG_OBJECT)
        return NULL;
    const vg_value *found = NULL;
    for (vg_items it = vg_items_of(v); vg_items_next(&it);)
        if (vg_str_eq(it.key, key))
            found = it.value;
    return found;
}

const vg_value *vg_value_item(const vg_value *array, size_t i)
{
    if (!array || array->kind != VG_ARRAY || i >= array->as.container.count)
        return NULL;
    const vg_value *item = array + 1;
    while (i-- > 0)
        item = vg_value_after(item);
    return item;
}

static const vg_value *get_step(const vg_value *v, vg_str step)
{
    if (v->kind == VG_OBJECT)
        return vg_get(v, step);
    uint64_t i;
    return vg_str_to_u64(step, &i) && i <= UINT32_MAX ? vg_value_item(v, (size_t)i) : NULL;
}

const vg_value *vg_get_path(const vg_value *v, const char *path)
{
    vg_str rest = vg_str_from(path), step;
    if (rest.len == 0)
        return v;
    bool more = true;
    while (v && more) {
        vg_str behind;
        more = vg_str_split(rest, '/', &step, &behind);
        v = get_step(v, step);
        rest = behind;
    }
    return v;
}

vg_str vg_get_str(const vg_value *v, const char *path)
{
    const vg_value *found = vg_get_path(v, path);
    return found && found->kind == VG_STRING ? vg_value_str(found) : (vg_str){0};
}

bool vg_get_bool(const vg_value *v, const char *path, bool if_absent)
{
    const vg_value *found = vg_get_path(v, path);
    return found && found->kind == VG_BOOL ? found->as.boolean : if_absent;
}

bool vg_get_i64(const vg_value *v, const char *path, int64_t *out)
{
    const vg_value *found = vg_get_path(v, path);
    if (!found || found->kind != VG_INT)
        return false;
    *out = found->as.i64;
    return true;
}

/* ---- places ---------------------------------------------------------------------------------------------------- */

vg_place vg_source_place(vg_str source, vg_str name, size_t offset)
{
    vg_place place = {.file = name, .line = 1};
    size_t line_start = vg_str_starts(source, VG_STR("\xEF\xBB\xBF")) ? 3 : 0;
    if (offset > source.len)
        offset = source.len;
    while (line_start < offset) {
        const char *end = memchr(source.ptr + line_start, '\n', offset - line_start);
        if (!end)
            break;
        line_start = (size_t)(end - source.ptr) + 1;
        place.line++;
    }
    place.column = (uint32_t)(offset > line_start ? offset - line_start : 0) + 1;
    return place;
}

vg_place vg_doc_place(const vg_doc *doc, const vg_value *v)
{
    if (doc->positions) {
        vg_line_column at = doc->positions[v->position];
        return (vg_place){.file = doc->name, .line = at.line, .column = at.column};
    }
    if (v->position >= doc->source.len)
        return (vg_place){.file = doc->name};
    return vg_source_place(doc->source, doc->name, v->position);
}

/* ---- order of keys --------------------------------------------------------------------------------------------- */

/* By bytes; of equal keys the later of the document comes first, so that it is the one to keep. */
static int compare_keys(const void *left, const void *right)
{
    const vg_value *a = *(const vg_value *const *)left, *b = *(const vg_value *const *)right;
    int order = vg_str_cmp(vg_value_str(a), vg_value_str(b));
    if (order != 0)
        return order;
    return a < b ? 1 : a > b ? -1 : 0;
}

static const vg_value **keys_at(const vg_buf *stack, size_t offset)
{
    return (const vg_value **)(void *)(stack->ptr + offset);
}

size_t vg_value_sorted_keys(const vg_value *object, vg_buf *stack)
{
    size_t start = stack->len, count = 0;
    for (vg_items it = vg_items_of(object); vg_items_next(&it); count++)
        vg_buf_add(stack, &it.key_node, sizeof it.key_node);
    if (stack->failed || count == 0)
        return 0;

    const vg_value **keys = keys_at(stack, start);
    qsort(keys, count, sizeof *keys, compare_keys);
    size_t kept = 1;
    for (size_t i = 1; i < count; i++)
        if (!vg_str_eq(vg_value_str(keys[i]), vg_value_str(keys[kept - 1])))
            keys[kept++] = keys[i];
    stack->len = start + kept * sizeof *keys;
    return kept;
}

/* ---- equality of numbers ----------------------------------------------------------------------------------------- */

static bool is_number(const vg_value *v)
{
    return v->kind == VG_INT || v->kind == VG_UINT || v->kind == VG_DOUBLE || v->kind == VG_NUMBER;
}

static bool int_equals_double(int64_t i, double d)
{
    return d >= -0x1p63 && d < 0x1p63 && (int64_t)d == i && (double)(int64_t)d == d;
}

static bool uint_equals_double(uint64_t u, double d)
{
    return d >= 0 && d < 0x1p64 && (uint64_t)d == u && (double)(uint64_t)d == d;
}

/* A decimal text as (sign) 0.DIGITS * 10^exponent, where DIGITS neither start nor end with a zero and run through
 * the text with its point in between. */
typedef struct {
    bool negative;
    vg_str digits;
    int64_t exponent;
} decimal;

static int64_t exponent_of(vg_str text)
{
    int64_t value = 0;
    bool negative = text.len > 0 && text.ptr[0] == '-';
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] >= '0' && text.ptr[i] <= '9' && value < INT64_MAX / 100)
            value = value * 10 + (text.ptr[i] - '0');
    return negative ? -value : value;
}

static decimal decimal_of(vg_str text)
{
    decimal d = {0};
    size_t at = 0, end = 0;
    d.negative = text.len > 0 && text.ptr[0] == '-';
    while (end < text.len && text.ptr[end] != 'e' && text.ptr[end] != 'E')
        end++;
    if (end < text.len)
        d.exponent = exponent_of(vg_str_sub(text, end + 1, text.len));
    vg_str mantissa = vg_str_sub(text, d.negative, end - d.negative);
    size_t point = vg_str_find_char(mantissa, '.');
    d.exponent += (int64_t)(point == VG_NPOS ? mantissa.len : point);
    while (at < mantissa.len && (mantissa.ptr[at] == '0' || mantissa.ptr[at] == '.')) {
        d.exponent -= mantissa.ptr[at] == '0';
        at++;
    }
    size_t last = mantissa.len;
    while (last > at && (mantissa.ptr[last - 1] == '0' || mantissa.ptr[last - 1] == '.'))
        last--;
    d.digits = vg_str_sub(mantissa, at, last - at);
    return d;
}

static bool same_digits(vg_str a, vg_str b)
{
    size_t i = 0, j = 0;
    for (;; i++, j++) {
        i += i < a.len && a.ptr[i] == '.';
        j += j < b.len && b.ptr[j] == '.';
        if (i == a.len || j == b.len)
            return i == a.len && j == b.len;
        if (a.ptr[i] != b.ptr[j])
            return false;
    }
}

static bool decimals_equal(vg_str left, vg_str right)
{
    decimal a = decimal_of(left), b = decimal_of(right);
    if (a.digits.len == 0 || b.digits.len == 0)
        return a.digits.len == b.digits.len;
    return a.negative == b.negative && a.exponent == b.exponent && same_digits(a.digits, b.digits);
}

/* A VG_NUMBER is beyond every integer kind, so only a double that is a whole number can equal it. */
static bool text_equals(const vg_value *text, const vg_value *other)
{
    char digits[340];
    if (other->kind == VG_NUMBER)
        return decimals_equal(vg_value_str(text), vg_value_str(other));
    if (other->kind != VG_DOUBLE || !isfinite(other->as.f64) || other->as.f64 != trunc(other->as.f64))
        return false;
    int len = snprintf(digits, sizeof digits, "%.0f", other->as.f64);
    return decimals_equal(vg_value_str(text), vg_str_of(digits, (size_t)len));
}

static bool numbers_equal(const vg_value *a, const vg_value *b)
{
    if (a->kind > b->kind) {
        const vg_value *swapped = a;
        a = b;
        b = swapped;
    }
    if (b->kind == VG_NUMBER)
        return text_equals(b, a);
    if (b->kind == VG_DOUBLE && a->kind == VG_INT)
        return int_equals_double(a->as.i64, b->as.f64);
    if (b->kind == VG_DOUBLE && a->kind == VG_UINT)
        return uint_equals_double(a->as.u64, b->as.f64);
    if (b->kind == VG_DOUBLE)
        return !(a->as.f64 < b->as.f64) && !(a->as.f64 > b->as.f64);
    return a->kind == b->kind && a->as.u64 == b->as.u64; /* a UINT is above every INT */
}

/* ---- equality of trees ------------------------------------------------------------------------------------------- */

/* What is still to be compared: two values that must be equal. */
typedef struct {
    const vg_value *a, *b;
} pair;

static bool scalars_equal(const vg_value *a, const vg_value *b)
{
    if (is_number(a) && is_number(b))
        return numbers_equal(a, b);
    if (a->kind != b->kind)
        return false;
    if (a->kind == VG_STRING)
        return vg_str_eq(vg_value_str(a), vg_value_str(b));
    return a->kind != VG_BOOL || a->as.boolean == b->as.boolean;
}

static void add_pair(vg_buf *work, const vg_value *a, const vg_value *b)
{
    vg_buf_add(work, &(pair){a, b}, sizeof(pair));
}

static bool add_items(vg_buf *work, const vg_value *a, const vg_value *b)
{
    if (a->as.container.count != b->as.container.count)
        return false;
    vg_items left = vg_items_of(a), right = vg_items_of(b);
    while (vg_items_next(&left) && vg_items_next(&right))
        add_pair(work, left.value, right.value);
    return true;
}

static bool add_members(vg_buf *work, vg_buf *keys, const vg_value *a, const vg_value *b)
{
    vg_buf_clear(keys);
    size_t count = vg_value_sorted_keys(a, keys), b_at = keys->len;
    if (vg_value_sorted_keys(b, keys) != count || keys->failed)
        return false;
    for (size_t i = 0; i < count; i++) {
        const vg_value *left = keys_at(keys, 0)[i], *right = keys_at(keys, b_at)[i];
        if (!vg_str_eq(vg_value_str(left), vg_value_str(right)))
            return false;
        add_pair(work, left + 1, right + 1);
    }
    return true;
}

/* Without memory for its work the answer is "not equal", which leads a caller to look again, never to skip. */
bool vg_value_equal(const vg_value *a, const vg_value *b)
{
    vg_buf work = {0}, keys = {0};
    bool equal = a && b;
    if (equal)
        add_pair(&work, a, b);
    while (equal && work.len > 0 && !work.failed) {
        pair next;
        work.len -= sizeof next;
        memcpy(&next, work.ptr + work.len, sizeof next);
        if (!vg_value_is_container(next.a) || next.a->kind != next.b->kind)
            equal = scalars_equal(next.a, next.b);
        else if (next.a->kind == VG_ARRAY)
            equal = add_items(&work, next.a, next.b);
        else
            equal = add_members(&work, &keys, next.a, next.b);
    }
    equal = (equal && !work.failed) || a == b;
    vg_buf_free(&work);
    vg_buf_free(&keys);
    return equal;
}
