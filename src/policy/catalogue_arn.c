/* catalogue_arn.c: which resource types an ARN, or a pattern of ARNs, can be one of.
 *
 * A resource type's ARN (`arn:${Partition}:s3:::${BucketName}/${ObjectName}`) and a pattern of a policy
 * (`arn:aws:s3:::logs-*`) both stand for many strings; the question is whether they share one. The template is a chain of
 * elements, so the places in it where a beginning of the pattern can have led are a set of bits, moved on by each byte of the
 * pattern as a regular expression's states are:
 *
 *     template   a r n : ONE RUN : s 3 : : : ONE RUN / ONE RUN
 *     pattern    a r n :  a   w s :  ...       l  o g s - *  ▶ every place from here on
 *
 * The set holds a place or two as long as the pattern spells its bytes out. */
#include "policy/catalogue_part.h"

/* ---- templates ------------------------------------------------------------------------------------------------------------ */

static vg_status template_add(vg_arn_template *out, vg_str arn, unsigned element, vg_error *err)
{
    if (out->count == VG_CATALOGUE_TEMPLATE_MAX)
        return vg_fail(err, VG_ERR_LIMIT, "the ARN %.80s... is longer than %d elements", arn.ptr,
                       VG_CATALOGUE_TEMPLATE_MAX);
    out->elements[out->count++] = (uint16_t)element;
    return VG_OK;
}

vg_status vg_arn_template_read(vg_arena *arena, vg_str arn, vg_arn_template *out, vg_error *err)
{
    uint16_t elements[VG_CATALOGUE_TEMPLATE_MAX];
    *out = (vg_arn_template){.elements = elements};
    unsigned colons = 0;
    for (size_t i = 0; i < arn.len; i++) {
        unsigned class = colons < 5 ? VG_TEMPLATE_NO_COLON | VG_TEMPLATE_NO_SLASH : 0;
        if (arn.ptr[i] == '*') {
            VG_TRY(template_add(out, arn, VG_TEMPLATE_RUN | class, err));
        } else if (vg_str_starts(vg_str_sub(arn, i, 2), VG_STR("${"))) {
            size_t end = vg_str_find_char(vg_str_sub(arn, i, arn.len), '}');
            if (end == VG_NPOS)
                return vg_fail(err, VG_ERR_SYNTAX, "a variable of the ARN %.*s does not end", VG_ARG(arn));
            VG_TRY(template_add(out, arn, VG_TEMPLATE_ONE | class, err));
            VG_TRY(template_add(out, arn, VG_TEMPLATE_RUN | class, err));
            i += end;
        } else {
            VG_TRY(template_add(out, arn, (unsigned char)arn.ptr[i], err));
            if (arn.ptr[i] == ':' && ++colons == 5)
                out->resource_part = out->count;
        }
    }
    if (colons < 5)
        return vg_fail(err, VG_ERR_VALUE, "%.*s is no ARN: it has fewer than five colons", VG_ARG(arn));
    out->elements = vg_arena_alloc(arena, sizeof elements[0] * out->count);
    if (!out->elements)
        return vg_fail(err, VG_ERR_MEMORY, "no memory for the catalogue");
    memcpy(out->elements, elements, sizeof elements[0] * out->count);
    return VG_OK;
}

static bool is_run(unsigned element)
{
    return element & VG_TEMPLATE_RUN;
}

/* Elements alike: the same byte, or both of a variable, whatever its class. */
static bool alike(unsigned a, unsigned b)
{
    const unsigned kind = VG_TEMPLATE_ONE | VG_TEMPLATE_RUN;
    return (a & kind) ? (a & kind) == (b & kind) : a == b;
}

static unsigned class_without(unsigned next)
{
    return next == ':' ? VG_TEMPLATE_NO_COLON : next == '/' ? VG_TEMPLATE_NO_SLASH : 0;
}

/* Takes from each variable of t the byte that `other`, as far as their resource parts are alike, has behind it. */
static void separate(vg_arn_template *t, const vg_arn_template *other)
{
    size_t i = t->resource_part, k = other->resource_part;
    for (; i < t->count && k < other->count && alike(t->elements[i], other->elements[k]); i++, k++) {
        if (!is_run(t->elements[i]) || k + 1 == other->count)
            continue;
        unsigned without = class_without(other->elements[k + 1]);
        t->elements[i] |= (uint16_t)without;
        if (i > t->resource_part && (t->elements[i - 1] & VG_TEMPLATE_ONE))
            t->elements[i - 1] |= (uint16_t)without;
    }
}

void vg_arn_templates_separate(vg_arn_template *templates, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++)
            separate(&templates[i], &templates[k]);
}

/* ---- fitting -------------------------------------------------------------------------------------------------------------- */

enum { WORDS = VG_CATALOGUE_TEMPLATE_MAX / 64 + 1 };

/* The places of a template that the pattern read so far can have led to; place `count` is its end. */
typedef struct {
    uint64_t words[WORDS];
} places;

/* Adds a place, and those behind it which need no byte. */
static void reach(places *set, const vg_arn_template *t, size_t place)
{
    set->words[place / 64] |= UINT64_C(1) << (place % 64);
    for (; place < t->count && is_run(t->elements[place]); place++)
        set->words[(place + 1) / 64] |= UINT64_C(1) << ((place + 1) % 64);
}

static bool takes(unsigned element, char c)
{
    if (element < VG_TEMPLATE_ONE)
        return element == (unsigned char)c;
    return !((c == ':' && (element & VG_TEMPLATE_NO_COLON)) ||
             (c == '/' && (element & VG_TEMPLATE_NO_SLASH)));
}

/* Whether a wildcard stands for something that this element takes. In the head of an ARN, none stands for a colon. */
static bool takes_wild(unsigned element, bool head)
{
    return !(head && element == ':');
}

/* What one byte of the pattern leads to. Whether it leads anywhere. */
static bool step(const places *from, const vg_arn_template *t, char c, bool head, places *to)
{
    *to = (places){0};
    bool alive = false;
    for (size_t w = 0; w < WORDS; w++)
        for (uint64_t bits = from->words[w]; bits; bits &= bits - 1) {
            size_t place = w * 64 + (size_t)__builtin_ctzll(bits);
            if (place == t->count ||
                !(c == '?' ? takes_wild(t->elements[place], head) : takes(t->elements[place], c)))
                continue;
            reach(to, t, is_run(t->elements[place]) ? place : place + 1);
            alive = true;
        }
    return alive;
}

/* What a '*' leads to: every place from the first on; in the head, up to the next colon. */
static void fill(places *set, const vg_arn_template *t, bool head)
{
    bool on = false;
    for (size_t place = 0; place <= t->count; place++) {
        on = on || ((set->words[place / 64] >> (place % 64)) & 1);
        if (on)
            set->words[place / 64] |= UINT64_C(1) << (place % 64);
        on = on && place < t->count && takes_wild(t->elements[place], head);
    }
}

/* Bytes of a pattern up to its fifth colon; 0 when it has fewer. */
static size_t head_of(vg_str pattern)
{
    unsigned colons = 0;
    for (size_t i = 0; i < pattern.len; i++)
        if (pattern.ptr[i] == ':' && ++colons == 5)
            return i;
    return 0;
}

/* Whether what the pattern spells out behind its fifth colon is what the template has there: most types of a service differ
 * in that, and need not be run over. */
static bool may_begin(const vg_arn_template *t, vg_str pattern, size_t head)
{
    size_t place = t->resource_part;
    for (size_t i = head + 1; i < pattern.len && place < t->count; i++, place++) {
        char c = pattern.ptr[i];
        if (c == '*' || c == '?' || t->elements[place] >= VG_TEMPLATE_ONE)
            return true;
        if (!takes(t->elements[place], c))
            return false;
    }
    return true;
}

static bool template_fits(const vg_arn_template *t, vg_str pattern, size_t head)
{
    if (head > 0 && !may_begin(t, pattern, head))
        return false;
    places now = {0}, next;
    reach(&now, t, 0);
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.ptr[i] == '*') {
            fill(&now, t, i < head);
            continue;
        }
        if (!step(&now, t, pattern.ptr[i], i < head, &next))
            return false;
        now = next;
    }
    return (now.words[t->count / 64] >> (t->count % 64)) & 1;
}

bool vg_catalogue_resource_fits(const vg_catalogue *catalogue, uint32_t resource, vg_str pattern)
{
    const vg_arn_template *templates = catalogue->templates[resource];
    size_t head = head_of(pattern);
    for (size_t i = 0; i < catalogue->resources[resource].arn_count; i++)
        if (template_fits(&templates[i], pattern, head))
            return true;
    return false;
}

size_t vg_catalogue_resources_fitting(const vg_catalogue *catalogue, uint32_t service, vg_str pattern,
                                      uint32_t *out, size_t capacity)
{
    const vg_catalogue_service *s = &catalogue->services[service];
    size_t count = 0;
    for (uint32_t r = s->first_resource; r < s->first_resource + s->resource_count; r++) {
        if (!vg_catalogue_resource_fits(catalogue, r, pattern))
            continue;
        if (count < capacity)
            out[count] = r;
        count++;
    }
    return count;
}
