/* search_plan.c: which log files an index says may hold a match.
 *
 * A comparison of an indexed field gives the files that hold one of its values; `and` keeps what both sides give, or what
 * one gives where the other gives nothing to go by; `or` needs both sides to. What is left says nothing: all files. The answer
 * may hold too many files, and never too few. */
#include "trail/search_part.h"

#include <stdlib.h>

enum { MOST_TERMS = 65536 }; /* that one glob or block may stand for */

typedef struct {
    bool all;
    const uint32_t *objects; /* ascending */
    size_t count;
} object_set;

typedef struct {
    const vg_search *search;
    const vg_trail_index *index;
    vg_arena *arena;
} search_plan;

static int compare_numbers(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static object_set set_of(vg_vec *objects)
{
    uint32_t *list = objects->items;
    size_t kept = 0;
    if (objects->len > 1)
        qsort(list, objects->len, sizeof *list, compare_numbers);
    for (size_t i = 0; i < objects->len; i++)
        if (kept == 0 || list[i] != list[kept - 1])
            list[kept++] = list[i];
    return (object_set){false, list, kept};
}

/* ---- terms ---------------------------------------------------------------------------------------------------------------------- */

/* The terms from one on that fit. */
typedef struct {
    const search_plan *plan;
    const search_value *value;
    vg_trail_field field;
    vg_str prefix; /* of terms, as they are kept */
    unsigned bits; /* of the last byte of the prefix that count; 0: all */
    size_t skip;   /* bytes of a term before its text */
    size_t seen;
    vg_vec *objects;
    bool too_many;
} term_range;

/* Whether the term begins with the prefix, of whose last byte the first `bits` count. */
static bool has_prefix(const term_range *range, vg_str term)
{
    vg_str whole = vg_str_sub(range->prefix, 0, range->prefix.len - (range->bits ? 1 : 0));
    if (term.len < range->prefix.len || !vg_str_starts(term, whole))
        return false;
    if (!range->bits)
        return true;
    unsigned differ = (unsigned char)term.ptr[whole.len] ^ (unsigned char)range->prefix.ptr[whole.len];
    return differ >> (8 - range->bits) == 0;
}

static vg_status take_range(term_range *range, vg_error *err)
{
    index_walk walk;
    VG_TRY(index_walk_open(&walk, range->plan->index, range->field, range->prefix, err));
    for (;;) {
        bool more;
        VG_TRY(index_walk_next(&walk, &more, err));
        vg_str term = vg_str_of((const char *)walk.term, walk.term_len);
        if (!more || !has_prefix(range, term))
            return VG_OK;
        range->too_many = ++range->seen > MOST_TERMS;
        if (range->too_many)
            return VG_OK;
        /* A long term was cut: what it was may match. */
        bool fits = !range->value->wild || term.len == VG_TRAIL_TERM ||
                    search_value_matches(range->value, vg_str_sub(term, range->skip, VG_NPOS), false);
        if (fits)
            VG_TRY(index_walk_objects(&walk, range->objects, err));
    }
}

static vg_status block_terms(term_range *range, vg_error *err)
{
    const search_value *block = range->value;
    range->bits = block->bits % 8;
    range->prefix = vg_str_of((const char *)block->bytes, 1 + (block->bits + 7) / 8);
    return take_range(range, err);
}

/* 10.1.* as a block: the addresses of which it is the text. False when it is none. */
static bool block_of_glob(const search_value *value, char out[5], size_t *len)
{
    char text[VG_TRAIL_TERM];
    vg_str given = value->text, first;
    size_t dots = 0;
    for (size_t i = 0; i < given.len; i++)
        dots += given.ptr[i] == '.';
    if (given.len < 3 || given.len > 15 || dots < 1 || dots > 3 || !vg_str_ends(given, VG_STR(".*")) ||
        !vg_str_split(given, '*', &first, &given) || given.len)
        return false;
    char whole[32];
    int n = snprintf(whole, sizeof whole, "%.*s%s", VG_ARG(first),
                     dots == 1   ? "0.0.0"
                     : dots == 2 ? "0.0"
                                 : "0");
    vg_str term = vg_trail_term_of(VG_TRAIL_IP, vg_str_of(whole, (size_t)n), text);
    if (term.ptr[0] != '4')
        return false;
    *len = 1 + dots;
    memcpy(out, term.ptr, *len);
    return true;
}

/* Terms with the text that stands before the first wildcard. */
static vg_status glob_terms(term_range *range, vg_error *err)
{
    const search_value *value = range->value;
    bool is_address = range->field == VG_TRAIL_IP;
    char prefix[VG_TRAIL_TERM], block[5];
    size_t n = 0, len;
    if (is_address && !block_of_glob(value, block, &len)) {
        range->too_many = true; /* the texts of addresses are not in the order of the index */
        return VG_OK;
    }
    if (is_address) {
        const search_value any = {0};
        term_range addresses = *range;
        addresses.value = &any;
        addresses.prefix = vg_str_of(block, len);
        VG_TRY(take_range(&addresses, err));
        range->seen = addresses.seen;
        prefix[n++] = 't';
        range->skip = 1;
        if (addresses.too_many) {
            range->too_many = true;
            return VG_OK;
        }
    }
    for (size_t i = 0; i < value->text.len && !value->marks[i] && n < VG_TRAIL_TERM - 8; i++)
        prefix[n++] = search_lower(value->text.ptr[i]);
    range->prefix = vg_str_of(prefix, n);
    return take_range(range, err);
}

static vg_status value_terms(const search_plan *plan, vg_trail_field field, const search_value *value,
                             vg_vec *objects, bool *all, vg_error *err)
{
    char text[VG_TRAIL_TERM];
    term_range range = {.plan = plan, .value = value, .field = field, .objects = objects};
    bool is_fingerprint = field == VG_TRAIL_RESOURCE || field == VG_TRAIL_SHARED;
    if (!value->wild && !value->is_cidr)
        return vg_trail_index_find(plan->index, field, vg_trail_term_of(field, value->text, text), objects,
                                   err);
    *all = is_fingerprint || (value->is_cidr && field != VG_TRAIL_IP);
    if (*all)
        return VG_OK;
    VG_TRY(value->is_cidr ? block_terms(&range, err) : glob_terms(&range, err));
    *all = range.too_many;
    return VG_OK;
}

/* ---- nodes ----------------------------------------------------------------------------------------------------------------------- */

static vg_status plan_compare(const search_plan *plan, const search_node *node, object_set *out,
                              vg_error *err)
{
    vg_vec objects = vg_vec_in(plan->arena, sizeof(uint32_t));
    bool is_indexed = node->field.from == SEARCH_TERM || node->field.from == SEARCH_INDEXED;
    *out = (object_set){.all = !is_indexed || node->op > SEARCH_EXACT};
    for (size_t i = 0; i < node->value_count && !out->all; i++)
        VG_TRY(value_terms(plan, node->field.term, &node->values[i], &objects, &out->all, err));
    if (!out->all)
        *out = set_of(&objects);
    return VG_OK;
}

static vg_status keep_both(const search_plan *plan, object_set a, object_set b, object_set *out,
                           vg_error *err)
{
    uint32_t *list = VG_NEW_N(plan->arena, uint32_t, (a.count < b.count ? a.count : b.count) + 1);
    size_t n = 0;
    if (!list)
        return index_no_memory(err);
    for (size_t i = 0, j = 0; i < a.count && j < b.count;) {
        uint32_t x = a.objects[i], y = b.objects[j];
        if (x == y)
            list[n++] = x;
        i += x <= y;
        j += y <= x;
    }
    *out = (object_set){false, list, n};
    return VG_OK;
}

static vg_status keep_either(const search_plan *plan, object_set a, object_set b, object_set *out,
                             vg_error *err)
{
    vg_vec both = vg_vec_in(plan->arena, sizeof(uint32_t));
    for (size_t i = 0; i < a.count + b.count; i++) {
        uint32_t *slot = vg_vec_push(&both);
        if (!slot)
            return index_no_memory(err);
        *slot = i < a.count ? a.objects[i] : b.objects[i - a.count];
    }
    *out = set_of(&both);
    return VG_OK;
}

static vg_status plan_node(const search_plan *plan, uint32_t at, object_set *out, vg_error *err)
{
    const search_node *node = &plan->search->nodes[at];
    object_set left, right;
    *out = (object_set){.all = true};
    if (node->kind == SEARCH_COMPARE)
        return plan_compare(plan, node, out, err);
    if (node->kind != SEARCH_AND && node->kind != SEARCH_OR)
        return VG_OK;
    VG_TRY(plan_node(plan, node->left, &left, err));
    if (node->kind == SEARCH_OR && left.all)
        return VG_OK;
    VG_TRY(plan_node(plan, node->right, &right, err));
    if (node->kind == SEARCH_AND && (left.all || right.all)) {
        *out = left.all ? right : left;
        return VG_OK;
    }
    if (node->kind == SEARCH_AND)
        return keep_both(plan, left, right, out, err);
    return right.all ? VG_OK : keep_either(plan, left, right, out, err);
}

vg_status vg_search_objects(const vg_search *search, const vg_trail_index *index, vg_arena *arena,
                            vg_vec *objects, bool *all, vg_error *err)
{
    const search_plan plan = {search, index, arena};
    object_set set;
    VG_TRY(plan_node(&plan, search->root, &set, err));
    *all = set.all;
    for (size_t i = 0; i < set.count; i++) {
        uint32_t *slot = vg_vec_push(objects);
        if (!slot)
            return index_no_memory(err);
        *slot = set.objects[i];
    }
    return VG_OK;
}
