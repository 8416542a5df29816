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

/* The inside of ${...}: a key, and behind a comma its default in quotes. */
static void read_variable(vg_arena *arena, vg_str inside, vg_compare_symbol *out)
{
    size_t comma = vg_str_find(inside, VG_STR(", '"));
    *out = (vg_compare_symbol){.key = inside};
    if (comma != VG_NPOS && comma + 3 < inside.len && inside.ptr[inside.len - 1] == '\'') {
        out->key = vg_str_sub(inside, 0, comma);
        out->fallback = vg_str_sub(inside, comma + 3, inside.len - comma - 4);
        out->has_fallback = true;
    }
    out->key = lowered(arena, vg_str_trim(out->key));
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
    for (size_t i = 0; i < text.len; i++) {
        bool any_case = p->byte_flags & VG_WILD_ANY_CASE;
        vg_wild_add(&p->b, VG_WILD_BYTE, p->byte_flags,
                    (uint8_t)(any_case ? lower(text.ptr[i]) : text.ptr[i]));
    }
}

/* A symbol, or what stands for it under the assignment. */
static bool add_variable(pattern *p, vg_str inside)
{
    static const char escapes[] = "*?$";
    if (inside.len == 1 && strchr(escapes, inside.ptr[0])) {
        add_bytes(p, inside);
        return true;
    }
    vg_compare_symbol variable;
    read_variable(p->c->arena, inside, &variable);
    if (!p->c->assignments) {
        vg_wild_add(&p->b, VG_WILD_SYMBOL, p->byte_flags, symbol_of(p->c, &variable));
        return true;
    }
    const vg_compare_assignment *value = assigned(p->c, variable.key);
    vg_str text = value && !value->absent ? value->value : variable.fallback;
    p->unresolved |= (!value || value->absent) && !variable.has_fallback;
    size_t room = p->b.cap - p->b.count;
    if (text.len >= room)
        return false;
    add_bytes(p, text);
    return true;
}

/* The length of a variable that begins at s, or 0. */
static size_t variable_length(vg_str s)
{
    if (!vg_str_starts(s, VG_STR("${")))
        return 0;
    size_t end = vg_str_find_char(s, '}');
    return end == VG_NPOS ? 0 : end + 1;
}

/* What a wildcard behind so many colons may not cross: the segments of an ARN are compared one by one, and its sixth
 * holds all that is left. */
static unsigned wildcard_flags(unsigned kind, size_t colons)
{
    bool arn = kind == VG_TEXTS_ARN || kind == VG_TEXTS_RESOURCE;
    return arn && colons < 5 ? VG_WILD_NO_COLON : 0;
}

static bool has_wildcards(unsigned kind)
{
    return kind == VG_TEXTS_LIKE || kind == VG_TEXTS_ARN || kind == VG_TEXTS_RESOURCE;
}

static bool add_text(pattern *p, unsigned kind, vg_str text, bool variables)
{
    bool arn = kind == VG_TEXTS_ARN || kind == VG_TEXTS_RESOURCE;
    size_t colons = 0;
    for (size_t i = 0; i < text.len; i++) {
        size_t variable =
            variables && (!arn || colons >= 5) ? variable_length(vg_str_sub(text, i, text.len)) : 0;
        char ch = text.ptr[i];
        if (variable) {
            if (!add_variable(p, vg_str_sub(text, i + 2, variable - 3)))
                return false;
            i += variable - 1;
        } else if (has_wildcards(kind) && (ch == '*' || ch == '?')) {
            vg_wild_add(&p->b, ch == '*' ? VG_WILD_RUN : VG_WILD_ONE, wildcard_flags(kind, colons), 0);
        } else {
            add_bytes(p, vg_str_sub(text, i, 1));
            colons += ch == ':';
        }
    }
    return true;
}

static const vg_wild_token run[] = {{VG_WILD_RUN, 0, 0}};
static const vg_wild everything = {.tokens = run, .count = 1, .all = true};

/* ---- what is no pattern -------------------------------------------------------------------------------------------------------- */

typedef enum {
    PATTERN,
    PATTERN_OF_NOTHING, /* matches nothing; negated, it excludes nothing */
    PATTERN_LOOSE,      /* matches as it says, but negated nothing is certain */
    PATTERN_BROKEN      /* matches nothing, and negated nothing either */
} soundness;

static bool is_wild(vg_str text)
{
    return vg_str_find_char(text, '*') != VG_NPOS || vg_str_find_char(text, '?') != VG_NPOS;
}

/* Whether a policy of this kind has an ARN of fewer than six segments completed by "*" (match.c, `completes`). */
static bool completes(vg_policy_kind kind, vg_str text)
{
    if (kind == VG_POLICY_RESOURCE || kind == VG_POLICY_TRUST)
        return is_wild(text);
    if (kind == VG_POLICY_SCP)
        return text.ptr[text.len - 1] == '*';
    return kind != VG_POLICY_RCP;
}

static size_t count_segments(vg_str text)
{
    size_t segments = 1;
    for (size_t i = 0; i < text.len; i++)
        segments += text.ptr[i] == ':';
    return segments;
}

static bool has_bad_service(vg_str text)
{
    vg_str rest = text, segment = {0};
    for (size_t i = 0; i < 3; i++)
        if (!vg_str_next(&rest, ':', &segment))
            return false;
    return is_wild(segment) && !vg_str_is(segment, "*");
}

/* As the engine reads a Resource: what is no ARN, or has a wildcard in its service or in a resource type that goes on,
 * matches nothing; an ARN of fewer than six segments is completed or not, but is hardly ever an exclusion. */
static soundness judge_resource(vg_policy_kind kind, vg_str text, bool variables)
{
    vg_arn arn;
    if (!vg_str_starts(text, VG_STR("arn:")) || has_bad_service(text))
        return PATTERN_OF_NOTHING;
    if (count_segments(text) < 6) {
        if (completes(kind, text))
            return PATTERN_LOOSE;
        return kind == VG_POLICY_SCP || kind == VG_POLICY_RCP ? PATTERN_BROKEN : PATTERN_OF_NOTHING;
    }
    vg_arn_parse(text, &arn);
    if (variables && vg_template_needed(arn.resource))
        return PATTERN;
    size_t type = 0;
    while (type < arn.resource.len && arn.resource.ptr[type] != '/' && arn.resource.ptr[type] != ':')
        type++;
    bool wild_type = type < arn.resource.len && !vg_str_is(arn.service, "s3") &&
                     is_wild(vg_str_sub(arn.resource, 0, type));
    return wild_type ? PATTERN_OF_NOTHING : PATTERN;
}

static soundness judge(const vg_comparer *c, const vg_compare_set *set, vg_str text)
{
    vg_arn arn;
    switch (set->kind) {
    case VG_TEXTS_RESOURCE:
        return judge_resource(c->kind, text, set->variables);
    case VG_TEXTS_ARN:
        return vg_arn_parse(text, &arn) ? PATTERN : PATTERN_BROKEN;
    case VG_TEXTS_BOOL:
        return vg_str_eq_icase(text, VG_STR("true")) || vg_str_eq_icase(text, VG_STR("false"))
                   ? PATTERN
                   : PATTERN_BROKEN;
    default:
        return PATTERN;
    }
}

static vg_str completed(vg_arena *arena, vg_str text)
{
    static const char *const stars[] = {"", "", ":*:*:*:*", ":*:*:*", ":*:*", ":*"};
    return vg_arena_join(arena, text, vg_str_from(stars[count_segments(text)]));
}

/* Bytes that a text's patterns take at most: variables may be replaced by longer texts. */
static size_t room_for(const vg_comparer *c, vg_str text)
{
    size_t room = text.len + 8;
    for (size_t i = 0; i < c->assignment_count; i++)
        room += c->assignments[i].value.len * (text.len / 4 + 1);
    return room;
}

static const vg_wild *tokens_of(vg_comparer *c, vg_compare_set *set, vg_str text)
{
    size_t room = room_for(c, text);
    pattern p = {.c = c,
                 .b = {.tokens = vg_arena_alloc(c->arena, room * sizeof(vg_wild_token)), .cap = room},
                 .byte_flags = ignores_case(set->kind) ? VG_WILD_ANY_CASE : 0};
    vg_wild *glob = VG_NEW(c->arena, vg_wild);
    if (!glob || !p.b.tokens || !add_text(&p, set->kind, text, set->variables)) {
        c->failed = true;
        return NULL;
    }
    set->unresolved |= p.unresolved;
    if (p.unresolved)
        return NULL;
    vg_wild_finish(&p.b, glob);
    return glob;
}

static const vg_wild *make_glob(vg_comparer *c, vg_compare_set *set, vg_str text)
{
    if (set->kind == VG_TEXTS_ACTION)
        return vg_compare_action_glob(c->arena, text);
    if (set->kind == VG_TEXTS_RESOURCE && vg_str_is(text, "*"))
        return &everything;
    soundness sound = judge(c, set, text);
    set->broken |= sound >= PATTERN_LOOSE;
    if (sound == PATTERN_OF_NOTHING || sound == PATTERN_BROKEN)
        return NULL;
    return tokens_of(c, set, sound == PATTERN_LOOSE ? completed(c->arena, text) : text);
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
