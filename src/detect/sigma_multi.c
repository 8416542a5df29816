/* sigma_multi.c: many tests of one field's text in one pass.
 *
 * Of a thousand rules on the same events, hundreds test the same field. Whole values are found in a hash table. A test for
 * a part of the text (contains, startswith, endswith, wildcards, regular expressions) needs some literal to be in it; of
 * each literal one piece of 4 bytes (2 or 1 of short ones) stands in an index, the one that fewest literals have, for what
 * is common in rules is common in logs:
 *
 *     text      ...curl/7.88 kali-linux...
 *                        "kali" --> hash --> bit set? --> chain of tests that need "kali" --> exact test
 *
 * At most places of the text the bit is not set, and nothing else is done there. Where a piece is, the whole literal is
 * compared, and then the test itself decides. All is looked for in the folded text: a cased literal that is in the text is, folded, in the
 * folded text. A set is immutable; what a run remembers is its caller's (sigma_scan). */
#include "detect/sigma_part.h"

#include <stdlib.h>

enum { PIECE = 4, LEAST_TESTS = 8, NO_ENTRY = UINT32_MAX };

/* A test that needs a piece. */
typedef struct {
    uint32_t piece;  /* the bytes of the piece, as a number */
    uint32_t test;   /* local number */
    uint32_t next;   /* entry of the same bucket */
    uint32_t offset; /* of the piece in its literal */
} entry;

/* Pieces of one length. */
typedef struct {
    unsigned len, shift; /* hash: the number's upper bits */
    uint64_t *bits;      /* whether a bucket has entries */
    uint32_t *buckets;
    entry *entries;
    uint32_t count;
} piece_index;

struct sigma_multi {
    const vg_predicate *predicates;
    uint32_t *tests; /* by local number: index into the set's predicates */
    vg_str *literals;
    uint32_t count;
    vg_map *whole, *whole_cased; /* text: first test + 1; others by next_whole */
    uint32_t *next_whole;        /* by local number: the next test on the same text + 1 */
    uint32_t *numbers;           /* tests on numbers, which a fraction is compared with one by one */
    uint32_t number_count;
    piece_index pieces[3]; /* of 1, 2 and 4 bytes */
};

/* ---- literals --------------------------------------------------------------------------------------------------------------- */

/* The longest run of a pattern without wildcards. */
static vg_str longest_literal(vg_str pattern)
{
    size_t start = 0, best = 0, best_len = 0;
    for (size_t i = 0; i <= pattern.len; i++) {
        if (i < pattern.len && (uint8_t)pattern.ptr[i] < SIGMA_DASH)
            continue;
        if (i - start > best_len) {
            best = start;
            best_len = i - start;
        }
        start = i + 1;
    }
    return vg_str_sub(pattern, best, best_len);
}

vg_str sigma_literal_of(const vg_predicate *p, vg_arena *arena)
{
    enum { LEAST_OF_REGEX = 3 };
    switch (p->op) {
    case VG_TEST_STARTS:
    case VG_TEST_ENDS:
    case VG_TEST_CONTAINS:
        return sigma_fold(arena, p->text);
    case VG_TEST_GLOB:
        return sigma_fold(arena, longest_literal(p->text));
    case VG_TEST_REGEX: {
        vg_str literal = sigma_regex_literal(p->program);
        return literal.len < LEAST_OF_REGEX ? (vg_str){0} : sigma_fold(arena, literal);
    }
    default:
        return (vg_str){0};
    }
}

/* ---- building --------------------------------------------------------------------------------------------------------------- */

static inline uint32_t load(const char *text, unsigned len)
{
    uint32_t value = 0;
    if (len == PIECE)
        memcpy(&value, text, PIECE);
    else
        for (unsigned i = 0; i < len; i++)
            value = value << 8 | (uint8_t)text[i];
    return value;
}

static uint32_t bucket_of(const piece_index *index, uint32_t piece)
{
    return piece * 0x9E3779B1U >> index->shift;
}

static unsigned kind_of(vg_str literal)
{
    return literal.len >= PIECE ? 2 : literal.len >= 2 ? 1 : 0;
}

static bool make_index(piece_index *index, unsigned len, uint32_t expected, vg_arena *arena)
{
    unsigned log = 9;
    while (log < 24 && (UINT32_C(1) << log) < expected * 16)
        log++;
    size_t buckets = (size_t)1 << log;
    *index = (piece_index){.len = len, .shift = 32 - log};
    index->bits = VG_NEW_N(arena, uint64_t, buckets / 64);
    index->buckets = VG_NEW_N(arena, uint32_t, buckets);
    index->entries = VG_NEW_N(arena, entry, expected + 1);
    if (!index->bits || !index->buckets || !index->entries)
        return false;
    memset(index->buckets, 0xFF, buckets * sizeof *index->buckets);
    return true;
}

/* How many literals hold each piece, by hash; what is read of a long one is its start. */
enum { CROWD_BITS = 14, MOST_OF_LITERAL = 64 };

static uint16_t *crowd_of(uint16_t *crowds, uint32_t piece)
{
    return &crowds[piece * 0x9E3779B1U >> (32 - CROWD_BITS)];
}

static size_t pieces_of(vg_str literal, unsigned len)
{
    size_t count = literal.len - len + 1;
    return count < MOST_OF_LITERAL ? count : MOST_OF_LITERAL;
}

static void count_pieces(uint16_t *crowds, vg_str literal)
{
    unsigned len = 1U << kind_of(literal);
    for (size_t at = 0; at < pieces_of(literal, len); at++) {
        uint16_t *crowd = crowd_of(crowds, load(literal.ptr + at, len));
        *crowd = (uint16_t)(*crowd + (*crowd < UINT16_MAX));
    }
}

/* Letters that English has most; digits and signs say more than they. */
static unsigned commonness(const char *piece, unsigned len)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < len; i++)
        sum += strchr("etaoinsr", piece[i]) && piece[i] ? 2 : piece[i] >= 'a' && piece[i] <= 'z';
    return sum;
}

static void add_literal(sigma_multi *multi, uint16_t *crowds, vg_str literal, uint32_t test)
{
    piece_index *index = &multi->pieces[kind_of(literal)];
    size_t best = 0;
    unsigned least = UINT32_MAX;
    for (size_t at = 0; at < pieces_of(literal, index->len); at++) {
        unsigned score = *crowd_of(crowds, load(literal.ptr + at, index->len)) * 16U +
                         commonness(literal.ptr + at, index->len);
        if (score <= least) {
            best = at;
            least = score;
        }
    }
    uint32_t piece = load(literal.ptr + best, index->len), bucket = bucket_of(index, piece);
    index->entries[index->count] = (entry){piece, test, index->buckets[bucket], (uint32_t)best};
    index->buckets[bucket] = index->count++;
    index->bits[bucket / 64] |= UINT64_C(1) << bucket % 64;
}

static bool is_whole(const vg_predicate *p)
{
    return p->op == VG_TEST_EXACT || p->op == VG_TEST_NUMBER;
}

static bool add_whole(sigma_multi *multi, const vg_predicate *p, uint32_t test)
{
    bool added;
    vg_map_entry *same = vg_map_put(p->cased ? multi->whole_cased : multi->whole, p->text, &added);
    if (!same)
        return false;
    multi->next_whole[test] = (uint32_t)same->value.u64;
    same->value.u64 = test + 1U;
    if (p->op == VG_TEST_NUMBER)
        multi->numbers[multi->number_count++] = test;
    return true;
}

bool sigma_multi_takes(const vg_predicate *predicate, vg_arena *scratch)
{
    return is_whole(predicate) || sigma_literal_of(predicate, scratch).len > 0;
}

static bool fill(sigma_multi *multi, vg_arena *arena)
{
    uint32_t expected[3] = {0};
    uint16_t *crowds = VG_NEW_N(arena, uint16_t, (size_t)1 << CROWD_BITS);
    const vg_str *literals = multi->literals;
    for (uint32_t i = 0; crowds && i < multi->count; i++) {
        expected[kind_of(literals[i])] += literals[i].len > 0;
        if (literals[i].len)
            count_pieces(crowds, literals[i]);
    }
    if (!crowds)
        return false;
    for (unsigned kind = 0; kind < 3; kind++)
        if (!make_index(&multi->pieces[kind], 1U << kind, expected[kind], arena))
            return false;
    for (uint32_t i = 0; i < multi->count; i++) {
        const vg_predicate *p = &multi->predicates[multi->tests[i]];
        if (literals[i].len)
            add_literal(multi, crowds, literals[i], i);
        else if (!add_whole(multi, p, i))
            return false;
    }
    return true;
}

sigma_multi *sigma_multi_new(vg_arena *arena, const vg_predicate *predicates, const uint32_t *tests,
                             size_t count)
{
    if (count < LEAST_TESTS || count > INT32_MAX)
        return NULL;
    sigma_multi *multi = VG_NEW(arena, sigma_multi);
    if (!multi)
        return NULL;
    multi->literals = VG_NEW_N(arena, vg_str, count);
    multi->predicates = predicates;
    multi->tests = VG_NEW_N(arena, uint32_t, count);
    multi->next_whole = VG_NEW_N(arena, uint32_t, count);
    multi->numbers = VG_NEW_N(arena, uint32_t, count);
    multi->whole = vg_map_new(arena, 0x70);
    multi->whole_cased = vg_map_new(arena, 0x71);
    if (!multi->tests || !multi->literals || !multi->next_whole || !multi->numbers || !multi->whole ||
        !multi->whole_cased)
        return NULL;
    multi->count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        multi->tests[i] = tests[i];
        multi->literals[i] = sigma_literal_of(&predicates[tests[i]], arena);
    }
    return fill(multi, arena) ? multi : NULL;
}

size_t sigma_multi_count(const sigma_multi *multi)
{
    return multi->count;
}

/* ---- running ---------------------------------------------------------------------------------------------------------------- */

typedef struct {
    const sigma_multi *multi;
    sigma_scan *scan;
    const vg_value *value;
    vg_str text, folded;
    sigma_matcher *matcher;
    uint32_t *hits;
    size_t count;
} running;

static void test_once(running *r, uint32_t test)
{
    if (r->scan->tested[test] == r->scan->run)
        return;
    r->scan->tested[test] = r->scan->run;
    uint32_t index = r->multi->tests[test];
    if (sigma_test_text(&r->multi->predicates[index], r->value, r->text, r->folded, r->matcher))
        r->hits[r->count++] = index;
}

static void look_up_whole(running *r, const vg_map *map, vg_str text)
{
    const vg_map_entry *found = vg_map_get(map, text);
    for (uint32_t test = found ? (uint32_t)found->value.u64 : 0; test; test = r->multi->next_whole[test - 1])
        test_once(r, test - 1);
}

/* The literal of an entry whose piece stands at `at`. */
static bool is_literal_at(const running *r, const entry *e, size_t at)
{
    vg_str literal = r->multi->literals[e->test];
    return at >= e->offset && vg_str_starts(vg_str_sub(r->folded, at - e->offset, VG_NPOS), literal);
}

/* A bucket that has entries. */
static void look_into(running *r, const piece_index *index, uint32_t bucket, uint32_t piece, size_t at)
{
    for (uint32_t e = index->buckets[bucket]; e != NO_ENTRY; e = index->entries[e].next)
        if (index->entries[e].piece == piece && is_literal_at(r, &index->entries[e], at))
            test_once(r, index->entries[e].test);
}

static inline void look_up_pieces(running *r, const piece_index *index, unsigned len)
{
    const char *text = r->folded.ptr;
    const uint64_t *bits = index->bits;
    const unsigned shift = index->shift;
    if (!index->count || r->folded.len < len)
        return;
    for (size_t at = 0, end = r->folded.len - len; at <= end; at++) {
        uint32_t piece = load(text + at, len), bucket = piece * 0x9E3779B1U >> shift;
        if (bits[bucket / 64] >> bucket % 64 & 1)
            look_into(r, index, bucket, piece, at);
    }
}

size_t sigma_multi_run(const sigma_multi *multi, sigma_scan *scan, const vg_value *value, vg_str text,
                       vg_str folded, sigma_matcher *matcher, uint32_t *hits)
{
    running r = {multi, scan, value, text, folded, matcher, hits, 0};
    if (++scan->run == 0) {
        memset(scan->tested, 0, scan->count * sizeof *scan->tested);
        scan->run = 1;
    }
    look_up_whole(&r, multi->whole, folded);
    look_up_whole(&r, multi->whole_cased, text);
    for (uint32_t i = 0; (value->kind == VG_DOUBLE || value->kind == VG_NUMBER) && i < multi->number_count;
         i++)
        test_once(&r, multi->numbers[i]);
    look_up_pieces(&r, &multi->pieces[0], 1);
    look_up_pieces(&r, &multi->pieces[1], 2);
    look_up_pieces(&r, &multi->pieces[2], PIECE);
    return r.count;
}

bool sigma_scan_make(sigma_scan *scan, size_t count)
{
    *scan = (sigma_scan){calloc(count + 1, sizeof(uint32_t)), count + 1, 0};
    return scan->tested != NULL;
}

void sigma_scan_drop(sigma_scan *scan)
{
    free(scan->tested);
}
