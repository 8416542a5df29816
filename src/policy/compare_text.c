/* compare_text.c: the lists of a policy (actions, resources, values of conditions) as sets of strings, each kind with its
 * own reading of wildcards and variables ("IAM JSON policy elements reference": Action, Resource, condition operators,
 * policy variables). Equal lists, in whatever order, are one set; a set's patterns are made when they are first needed,
 * which most are not: statements that a change left alone are recognised by the numbers of their sets. */
#include "policy/compare_part.h"
#include "policy/policy_part.h"

#include <stdlib.h>

/* ---- tables ---------------------------------------------------------------------------------------------------------------- */

uint32_t vg_compare_table_next(const vg_compare_table *table, uint64_t hash, size_t *at)
{
    for (; table->slots && *at <= table->mask; ++*at) {
        size_t slot = (hash + *at) & table->mask;
        if (!table->slots[slot].used)
            return VG_COMPARE_NONE;
        if (table->slots[slot].hash == hash) {
            ++*at;
            return table->slots[slot].value;
        }
    }
    return VG_COMPARE_NONE;
}

static void put_slot(vg_compare_table *table, uint64_t hash, uint32_t value)
{
    size_t slot = hash & table->mask;
    while (table->slots[slot].used)
        slot = (slot + 1) & table->mask;
    table->slots[slot].hash = hash;
    table->slots[slot].value = value;
    table->slots[slot].used = 1;
}

bool vg_compare_table_add(vg_arena *arena, vg_compare_table *table, uint64_t hash, uint32_t value)
{
    if (!table->slots || table->count * 2 > table->mask) {
        vg_compare_table grown = {.mask = table->slots ? table->mask * 2 + 1 : 63, .count = table->count};
        grown.slots = vg_arena_calloc(arena, grown.mask + 1, sizeof *grown.slots);
        if (!grown.slots)
            return false;
        for (size_t i = 0; table->slots && i <= table->mask; i++)
            if (table->slots[i].used)
                put_slot(&grown, table->slots[i].hash, table->slots[i].value);
        *table = grown;
    }
    put_slot(table, hash, value);
    table->count++;
    return true;
}

bool vg_compare_table_replace(vg_arena *arena, vg_compare_table *table, uint64_t hash, uint32_t value,
                              uint32_t *before)
{
    *before = VG_COMPARE_NONE;
    for (size_t i = 0; table->slots && i <= table->mask; i++) {
        size_t slot = (hash + i) & table->mask;
        if (!table->slots[slot].used)
            break;
        if (table->slots[slot].hash != hash)
            continue;
        *before = table->slots[slot].value;
        table->slots[slot].value = value;
        return true;
    }
    return vg_compare_table_add(arena, table, hash, value);
}

/* ---- equal lists ------------------------------------------------------------------------------------------------------------- */

static bool ignores_case(unsigned kind)
{
    return kind == VG_TEXTS_ACTION || kind == VG_TEXTS_EQUALS_ANY_CASE || kind == VG_TEXTS_BOOL;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

static uint64_t hash_text(vg_str text, bool any_case)
{
    char small[128];
    if (!any_case || text.len > sizeof small)
        return any_case ? text.len * 0x9e3779b97f4a7c15u : vg_hash64(text, 0);
    for (size_t i = 0; i < text.len; i++)
        small[i] = lower(text.ptr[i]);
    return vg_hash64(vg_str_of(small, text.len), 0);
}

static bool texts_equal(vg_str a, vg_str b, bool any_case)
{
    return any_case ? vg_str_eq_icase(a, b) : vg_str_eq(a, b);
}

static int by_text(const void *a, const void *b)
{
    return vg_str_cmp(*(const vg_str *)a, *(const vg_str *)b);
}

static int by_text_any_case(const void *a, const void *b)
{
    const vg_str *x = a, *y = b;
    for (size_t i = 0; i < x->len && i < y->len; i++)
        if (lower(x->ptr[i]) != lower(y->ptr[i]))
            return lower(x->ptr[i]) < lower(y->ptr[i]) ? -1 : 1;
    return (x->len > y->len) - (x->len < y->len);
}

static vg_str *sorted(vg_arena *arena, const vg_str *texts, size_t count, bool any_case)
{
    vg_str *copy = vg_arena_alloc(arena, (count + 1) * sizeof *copy);
    if (copy && count) {
        memcpy(copy, texts, count * sizeof *copy);
        qsort(copy, count, sizeof *copy, any_case ? by_text_any_case : by_text);
    }
    return copy;
}

static bool lists_equal(vg_arena *arena, const vg_str *a, const vg_str *b, size_t count, bool any_case)
{
    size_t i = 0;
    while (i < count && texts_equal(a[i], b[i], any_case))
        i++;
    if (i == count)
        return true;
    vg_str *x = sorted(arena, a, count, any_case), *y = sorted(arena, b, count, any_case);
    for (i = 0; x && y && i < count; i++)
        if (!texts_equal(x[i], y[i], any_case))
            return false;
    return x && y;
}

static bool has_variable(const vg_str *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (vg_template_needed(texts[i]))
            return true;
    return false;
}

uint32_t vg_compare_set_of(vg_comparer *c, vg_texts_kind kind, const vg_str *texts, size_t count,
                           bool variables)
{
    bool any_case = ignores_case(kind);
    variables = variables && kind != VG_TEXTS_ACTION && has_variable(texts, count);
    uint64_t hash = (uint64_t)kind * 2 + variables;
    for (size_t i = 0; i < count; i++)
        hash += hash_text(texts[i], any_case) | 1;
    size_t at = 0;
    for (uint32_t id; (id = vg_compare_table_next(&c->set_table, hash, &at)) != VG_COMPARE_NONE;) {
        const vg_compare_set *set = vg_compare_set_at(c, id);
        if (set->kind == kind && set->variables == variables && set->count == count &&
            lists_equal(c->arena, set->texts, texts, count, any_case))
            return id;
    }
    uint32_t id = (uint32_t)c->sets.len;
    vg_compare_set *set = vg_vec_push(&c->sets);
    if (!set || !vg_compare_table_add(c->arena, &c->set_table, hash, id)) {
        c->failed = true;
        return 0;
    }
    *set = (vg_compare_set){.hash = hash,
                            .texts = texts,
                            .count = (uint32_t)count,
                            .kind = (uint8_t)kind,
                            .variables = variables};
    return id;
}

/* ---- variables --------------------------------------------------------------------------------------------------------------- */

static vg_str lowered(vg_arena *arena, vg_str text)
{
    char *out = vg_arena_alloc(arena, text.len + 1);
    for (size_t i = 0; out && i < text.len; i++)
        out[i] = lower(text.ptr[i]);
    return (vg_str){out, out ? text.len : 0};
}

enum { MOST_SYMBOLS = 4096 }; /* beyond what a policy within AWS's quotas can have */

static unsigned symbol_of(vg_comparer *c, const vg_compare_symbol *variable)
{
    for (size_t i = 0; i < c->symbols.len; i++) {
        const vg_compare_symbol *s = vg_vec_at(&c->symbols, i);
        if (vg_str_eq(s->key, variable->key) && s->has_fallback == variable->has_fallback &&
            vg_str_eq(s->fallback, variable->fallback))
            return (unsigned)i;
    }
    if (c->symbols.len == MOST_SYMBOLS) {
        c->budget.work = -1; /* nothing is concluded from this search any more */
        return 0;
    }
    vg_compare_symbol *s = vg_vec_push(&c->symbols);
    if (!s) {
        c->failed = true;
        return 0;
    }
    *s = *variable;
    return (unsigned)c->symbols.len - 1;
}

static const vg_compare_assignment *assigned(const vg_comparer *c, vg_str key)
{
    for (size_t i = 0; i < c->assignment_count; i++)
        if (vg_str_eq(c->assignments[i].key, key))
            return &c->assignments[i];
    return NULL;
}

/* ---- patterns ---------------------------------------------------------------------------------------------------------------- */

/* One text on its way to tokens. */
typedef struct {
    vg_comparer *c;
    vg_wild_builder b;
    unsigned byte_flags;
    bool unresolved;
} pattern;

static void add_bytes(pattern *p, vg_str text)
{
    bool any_case = p->byte_flags & VG_WILD_ANY_CASE;
    for (size_t i = 0; i < text.len; i++)
        vg_wild_add(&p->b, VG_WILD_BYTE, p->byte_flags,
                    (uint8_t)(any_case ? lower(text.ptr[i]) : text.ptr[i]));
}

/* A symbol, or what stands for it under the assignment. */
static void add_variable(pattern *p, const vg_piece *piece, unsigned wild_flags)
{
    vg_compare_symbol variable = {.key = lowered(p->c->arena, piece->text),
                                  .name = piece->text,
                                  .fallback = piece->fallback,
                                  .has_fallback = piece->has_fallback};
    if (!p->c->assignments) {
        vg_wild_add(&p->b, VG_WILD_SYMBOL, p->byte_flags | wild_flags, symbol_of(p->c, &variable));
        return;
    }
    const vg_compare_assignment *value = assigned(p->c, variable.key);
    bool has_value = value && !value->absent;
    p->unresolved |= !has_value && !variable.has_fallback;
    add_bytes(p, has_value ? value->value : variable.fallback);
}

/* Text of which '*' and '?' are wildcards when `wild`, and "${...}" variables when `variables`. */
static void add_text(pattern *p, vg_str text, bool wild, bool variables, unsigned wild_flags)
{
    vg_template t = {0};
    if (!variables || !vg_template_needed(text)) {
        for (size_t i = 0; i < text.len; i++)
            if (wild && (text.ptr[i] == '*' || text.ptr[i] == '?'))
                vg_wild_add(&p->b, text.ptr[i] == '*' ? VG_WILD_RUN : VG_WILD_ONE, wild_flags, 0);
            else
                add_bytes(p, vg_str_sub(text, i, 1));
        return;
    }
    p->c->failed |= vg_template_compile(p->c->arena, text, wild, &t, NULL) != VG_OK;
    for (uint32_t i = 0; i < t.count; i++) {
        const vg_piece *piece = &t.pieces[i];
        if (piece->kind == VG_PIECE_TEXT)
            add_bytes(p, piece->text);
        else if (piece->kind == VG_PIECE_KEY)
            add_variable(p, piece, wild_flags);
        else
            vg_wild_add(&p->b, piece->kind == VG_PIECE_RUN ? VG_WILD_RUN : VG_WILD_ONE, wild_flags, 0);
    }
}

/* Segments are compared one by one, so wildcards stay in theirs; the sixth holds all that is left, colons too. */
static void add_segments(pattern *p, const vg_arn_cut *cut, bool variables_before, bool variables_in_last)
{
    for (unsigned i = 0; i < VG_ARN_SEGMENTS; i++) {
        bool last = i + 1 == VG_ARN_SEGMENTS;
        if (i)
            add_bytes(p, VG_STR(":"));
        add_text(p, cut->segment[i], true, last ? variables_in_last : variables_before,
                 last ? 0 : VG_WILD_NO_COLON);
    }
}

static const vg_wild_token run[] = {{VG_WILD_RUN, 0, 0}};
static const vg_wild everything = {.tokens = run, .count = 1, .all = true};

static bool is_wild(vg_str text)
{
    return vg_str_find_char(text, '*') != VG_NPOS || vg_str_find_char(text, '?') != VG_NPOS;
}

/* Bytes that a text's patterns take at most: variables may be replaced by longer texts. */
static size_t room_for(const vg_comparer *c, vg_str text)
{
    size_t room = text.len + 16;
    for (size_t i = 0; i < c->assignment_count; i++)
        room += c->assignments[i].value.len * (text.len / 4 + 1);
    return room;
}

static const vg_wild *finished(pattern *p, vg_compare_set *set, bool uncertain)
{
    vg_wild *glob = VG_NEW(p->c->arena, vg_wild);
    p->c->failed |= !glob;
    set->unresolved |= p->unresolved;
    if (!glob || p->unresolved)
        return NULL;
    vg_wild_finish(&p->b, glob);
    glob->uncertain = uncertain;
    glob->symbolic |= uncertain;
    return glob;
}

/* As the engine reads a Resource: what matches nothing has no pattern. An ARN of fewer than six segments is completed or
 * not, and is hardly ever an exclusion. Of a wildcard in a resource's type AWS's documents differ on what it matches. */
static const vg_wild *resource_glob(pattern *p, vg_compare_set *set, vg_str text)
{
    vg_resource_pattern compiled;
    if (vg_resource_compile(p->c->arena, text, p->c->kind, set->variables, &compiled, NULL) != VG_OK) {
        p->c->failed = true;
        return NULL;
    }
    set->broken |= compiled.loose;
    if (compiled.kind == VG_PATTERN_INVALID)
        return NULL;
    if (compiled.kind == VG_PATTERN_ALL)
        return &everything;
    add_segments(p, &compiled.cut, false, compiled.variable != NULL);
    return finished(p, set, compiled.wild_type);
}

static const vg_wild *arn_glob(pattern *p, vg_compare_set *set, vg_str text)
{
    bool variables = set->variables && vg_template_needed(text);
    vg_arn_cut cut = variables ? vg_arn_cut_around_variables(text) : vg_arn_cut_of(text);
    if (cut.count < VG_ARN_SEGMENTS || !vg_str_is(cut.segment[0], "arn")) {
        set->broken = true;
        return NULL;
    }
    add_segments(p, &cut, variables, variables);
    return finished(p, set, false);
}

static const vg_wild *make_glob(vg_comparer *c, vg_compare_set *set, vg_str text)
{
    if (set->kind == VG_TEXTS_ACTION)
        return vg_compare_action_glob(c->arena, text);
    size_t room = room_for(c, text);
    pattern p = {.c = c,
                 .b = {.tokens = vg_arena_alloc(c->arena, room * sizeof(vg_wild_token)), .cap = room},
                 .byte_flags = ignores_case(set->kind) ? VG_WILD_ANY_CASE : 0};
    if (!p.b.tokens) {
        c->failed = true;
        return NULL;
    }
    if (set->kind == VG_TEXTS_RESOURCE)
        return resource_glob(&p, set, text);
    if (set->kind == VG_TEXTS_ARN)
        return arn_glob(&p, set, text);
    if (set->kind == VG_TEXTS_BOOL && !vg_str_eq_icase(text, VG_STR("true")) &&
        !vg_str_eq_icase(text, VG_STR("false"))) {
        set->broken = true;
        return NULL;
    }
    add_text(&p, text, set->kind == VG_TEXTS_LIKE, set->variables, 0);
    return finished(&p, set, false);
}

static bool only_stars(vg_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '*')
            return false;
    return text.len > 0;
}

bool vg_compare_is_every_action(vg_str text)
{
    vg_str service, name;
    return only_stars(text) ||
           (vg_str_split(text, ':', &service, &name) && vg_str_is(service, "*") && only_stars(name));
}

/* As the engine reads an Action (match.c): "*" and "*:*" are everything, and the service is no pattern. */
const vg_wild *vg_compare_action_glob(vg_arena *arena, vg_str text)
{
    vg_str service, name;
    bool split = vg_str_split(text, ':', &service, &name);
    if (vg_compare_is_every_action(text))
        return &everything;
    if (!split || is_wild(service) || vg_str_find_char(name, ':') != VG_NPOS)
        return NULL;
    vg_wild *glob = VG_NEW(arena, vg_wild);
    vg_wild_builder b = {.tokens = vg_arena_alloc(arena, (text.len + 1) * sizeof(vg_wild_token)),
                         .cap = text.len};
    if (!glob || !b.tokens)
        return NULL;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '*' || text.ptr[i] == '?')
            vg_wild_add(&b, text.ptr[i] == '*' ? VG_WILD_RUN : VG_WILD_ONE, VG_WILD_NO_COLON, 0);
        else
            vg_wild_add(&b, VG_WILD_BYTE, 0, (uint8_t)lower(text.ptr[i]));
    vg_wild_finish(&b, glob);
    return glob;
}

const vg_compare_set *vg_compare_made(vg_comparer *c, uint32_t id)
{
    vg_compare_set *set = vg_compare_set_at(c, id);
    if (set->made)
        return set;
    const vg_wild **globs = vg_arena_alloc(c->arena, (set->count + 1) * sizeof *globs);
    size_t count = 0;
    for (uint32_t i = 0; globs && i < set->count; i++) {
        c->budget.work -= (int64_t)set->texts[i].len * 2;
        const vg_wild *glob = make_glob(c, set, set->texts[i]);
        if (!glob)
            continue;
        globs[count++] = glob;
        set->all |= glob->all;
        set->group.symbolic |= glob->symbolic;
    }
    c->failed |= !globs;
    set->group.globs = globs;
    set->group.count = globs ? count : 0;
    set->made = true;
    return set;
}

/* ---- what the strings of each part look like ------------------------------------------------------------------------------- */

#define ONE(flags)                                                                                           \
    {                                                                                                        \
        VG_WILD_ONE, flags, 0                                                                                \
    }
#define RUN(flags)                                                                                           \
    {                                                                                                        \
        VG_WILD_RUN, flags, 0                                                                                \
    }
#define BYTE(c)                                                                                              \
    {                                                                                                        \
        VG_WILD_BYTE, 0, c                                                                                   \
    }

/* service:Name */
static const vg_wild_token action_tokens[] = {ONE(VG_WILD_NO_COLON), RUN(VG_WILD_NO_COLON), BYTE(':'),
                                              RUN(VG_WILD_NO_COLON)};
static const vg_wild action_shape = {.tokens = action_tokens, .count = VG_COUNT(action_tokens)};

/* arn:partition:service:region:account:resource, of which each part behind arn may be empty */
static const vg_wild_token arn_tokens[] = {BYTE('a'),
                                           BYTE('r'),
                                           BYTE('n'),
                                           BYTE(':'),
                                           RUN(VG_WILD_NO_COLON),
                                           BYTE(':'),
                                           RUN(VG_WILD_NO_COLON),
                                           BYTE(':'),
                                           RUN(VG_WILD_NO_COLON),
                                           BYTE(':'),
                                           RUN(VG_WILD_NO_COLON),
                                           BYTE(':'),
                                           RUN(0)};
const vg_wild vg_compare_arn = {.tokens = arn_tokens, .count = VG_COUNT(arn_tokens), .head = 4};

const vg_wild_universe vg_compare_actions = {.shape = &action_shape, .sample = "zq0:zq0"};
const vg_wild_universe vg_compare_resources = {
    .shape = &vg_compare_arn, .sample = "arn:aws:zq0:us-east-1:111122223333:zq0/zq0", .arn = true};
const vg_wild_universe vg_compare_values = {.sample = "zq0"};
