/* action_set.c: sets of the catalogue's actions, and the set that a pattern of an Action element stands for.
 *
 * A pattern ("ec2:Describe*Tags") is a service, a literal beginning, something general and a literal end. The actions of a
 * service are sorted, so those with the beginning are a range that two binary searches give; when nothing but a '*' follows,
 * the range is the answer. Otherwise each of its names is compared with the end first, which few have. */
#include "policy/catalogue_part.h"

/* ---- sets ------------------------------------------------------------------------------------------------------------------ */

size_t vg_catalogue_set_words(const vg_catalogue *catalogue)
{
    return (catalogue->origin.action_count + 63) / 64;
}

vg_action_set vg_action_set_new(vg_arena *arena, const vg_catalogue *catalogue)
{
    size_t words = vg_catalogue_set_words(catalogue);
    return (vg_action_set){VG_NEW_N(arena, uint64_t, words ? words : 1), words};
}

void vg_action_set_clear(vg_action_set *set)
{
    memset(set->words, 0, set->word_count * sizeof(uint64_t));
}

void vg_action_set_add_range(vg_action_set *set, uint32_t first, uint32_t count)
{
    if (count == 0)
        return;
    size_t low = first / 64, high = (first + count - 1) / 64;
    uint64_t from = UINT64_MAX << (first % 64), to = UINT64_MAX >> (63 - (first + count - 1) % 64);
    if (low == high) {
        set->words[low] |= from & to;
        return;
    }
    set->words[low] |= from;
    for (size_t w = low + 1; w < high; w++)
        set->words[w] = UINT64_MAX;
    set->words[high] |= to;
}

void vg_action_set_invert(vg_action_set *set, const vg_catalogue *catalogue)
{
    for (size_t w = 0; w < set->word_count; w++)
        set->words[w] = ~set->words[w];
    size_t used = catalogue->origin.action_count % 64;
    if (used)
        set->words[set->word_count - 1] &= UINT64_MAX >> (64 - used);
}

void vg_action_set_or(vg_action_set *set, const vg_action_set *other)
{
    for (size_t w = 0; w < set->word_count; w++)
        set->words[w] |= other->words[w];
}

void vg_action_set_and(vg_action_set *set, const vg_action_set *other)
{
    for (size_t w = 0; w < set->word_count; w++)
        set->words[w] &= other->words[w];
}

void vg_action_set_and_not(vg_action_set *set, const vg_action_set *other)
{
    for (size_t w = 0; w < set->word_count; w++)
        set->words[w] &= ~other->words[w];
}

bool vg_action_set_equal(const vg_action_set *a, const vg_action_set *b)
{
    return memcmp(a->words, b->words, a->word_count * sizeof(uint64_t)) == 0;
}

bool vg_action_set_within(const vg_action_set *a, const vg_action_set *b)
{
    for (size_t w = 0; w < a->word_count; w++)
        if (a->words[w] & ~b->words[w])
            return false;
    return true;
}

bool vg_action_set_meets(const vg_action_set *a, const vg_action_set *b)
{
    for (size_t w = 0; w < a->word_count; w++)
        if (a->words[w] & b->words[w])
            return true;
    return false;
}

size_t vg_action_set_count(const vg_action_set *set)
{
    size_t count = 0;
    for (size_t w = 0; w < set->word_count; w++)
        count += (size_t)__builtin_popcountll(set->words[w]);
    return count;
}

uint32_t vg_action_set_next(const vg_action_set *set, uint32_t from)
{
    size_t w = from / 64;
    if (w >= set->word_count)
        return VG_CATALOGUE_NONE;
    uint64_t bits = set->words[w] & (UINT64_MAX << (from % 64));
    while (bits == 0)
        if (++w == set->word_count)
            return VG_CATALOGUE_NONE;
        else
            bits = set->words[w];
    return (uint32_t)(w * 64 + (size_t)__builtin_ctzll(bits));
}

/* ---- patterns -------------------------------------------------------------------------------------------------------------- */

/* A pattern of names within a service, lower case, runs of '*' made one. */
typedef struct {
    char text[2 * VG_CATALOGUE_NAME_MAX + 2];
    vg_str all, before, after; /* the whole; what stands before the first wildcard and behind the last */
    size_t least;              /* bytes that a name must have at least */
    bool is_range;             /* nothing, or one '*' alone, between before and after, and no after */
} name_pattern;

/* False: too long for any name. */
static bool read_pattern(vg_str text, name_pattern *out)
{
    size_t len = 0, first = VG_NPOS, last = 0;
    out->least = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = vg_lower(text.ptr[i]);
        if (c == '*' && len > 0 && out->text[len - 1] == '*')
            continue;
        if (c != '*' && ++out->least > VG_CATALOGUE_NAME_MAX)
            return false;
        if (c == '*' || c == '?') {
            first = first == VG_NPOS ? len : first;
            last = len;
        }
        out->text[len++] = c;
    }
    bool wild = first != VG_NPOS;
    out->all = vg_str_of(out->text, len);
    out->before = vg_str_sub(out->all, 0, first);
    out->after = wild ? vg_str_sub(out->all, last + 1, len) : (vg_str){0};
    out->is_range = wild && first == last && last + 1 == len && out->text[last] == '*';
    return true;
}

static bool name_matches(const name_pattern *pattern, vg_str lower)
{
    return lower.len >= pattern->least && vg_str_ends(lower, pattern->after) &&
           vg_str_glob(pattern->all, lower);
}

/* The name of an action without its service's prefix and colon. */
static vg_str name_part(const vg_catalogue *catalogue, const vg_catalogue_service *service, uint32_t action)
{
    return vg_str_sub(vg_catalogue_lower(catalogue, action), service->prefix.len + 1, SIZE_MAX);
}

/* The first action of the service that begins with `before` (past false), or that comes behind all which do (past true). */
static uint32_t bound(const vg_catalogue *catalogue, const vg_catalogue_service *service, vg_str before,
                      bool past)
{
    uint32_t low = service->first_action, high = low + service->action_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = vg_str_cmp(vg_str_sub(name_part(catalogue, service, middle), 0, before.len), before);
        if (order < 0 || (past && order == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t expand_service(const vg_catalogue *catalogue, const vg_catalogue_service *service,
                             const name_pattern *pattern, vg_action_set *set)
{
    uint32_t from = bound(catalogue, service, pattern->before, false);
    uint32_t to = bound(catalogue, service, pattern->before, true);
    if (pattern->is_range) {
        vg_action_set_add_range(set, from, to - from);
        return to - from;
    }
    size_t count = 0;
    for (uint32_t a = from; a < to; a++)
        if (name_matches(pattern, name_part(catalogue, service, a))) {
            vg_action_set_add(set, a);
            count++;
        }
    return count;
}

static size_t expand_all(const vg_catalogue *catalogue, vg_action_set *set)
{
    vg_action_set_add_range(set, 0, (uint32_t)catalogue->origin.action_count);
    return catalogue->origin.action_count;
}

static bool only_stars(vg_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '*')
            return false;
    return text.len > 0;
}

size_t vg_catalogue_expand(const vg_catalogue *catalogue, vg_str pattern, vg_action_set *set)
{
    vg_str service, name;
    name_pattern names;
    if (only_stars(pattern))
        return expand_all(catalogue, set);
    if (!vg_str_split(pattern, ':', &service, &name))
        return 0;
    if (vg_str_is(service, "*"))
        return only_stars(name) ? expand_all(catalogue, set) : 0;
    uint32_t found = vg_catalogue_find_service(catalogue, service);
    if (found == VG_CATALOGUE_NONE || !read_pattern(name, &names))
        return 0;
    return expand_service(catalogue, &catalogue->services[found], &names, set);
}
