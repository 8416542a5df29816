/* dispatch.c: which rules an event can match at all, told by a glance at a few of its fields.
 *
 * Most of a million events a second match nothing, and must be passed over before a tree of their values is built. For
 * each rule the compiler looks for *pivots*: predicates on quick fields (keys of the record itself, and those of
 * userIdentity) of which at least one must hold whenever the rule matches. Of an AND, the pivots of its best child
 * will do; an OR needs those of all its children; a NOT has none. A field that is read from inside
 * requestParameters has a literal for its pivot: a name that must stand there. Where pivots hold too often, words take their
 * place: texts that must stand in the record's bytes (words.c). A rule without any is looked at for every event.
 *
 * A gate (one a thread) remembers for each quick field which predicates hold for the values seen last: an event name
 * or a user agent repeats a thousand times. The rules whose pivot holds are candidates; of these, those stay that are
 * not false whatever the fields that were not looked at (three-valued evaluation, Kleene). Only for what is left is
 * the record read whole. What a glance cannot tell (an escape, a list where a string was expected, a key that occurs
 * twice) counts as unknown: it makes candidates, and never removes one. */
#include "detect/correlation_part.h"
#include "detect/dispatch_part.h"
#include "detect/sigma_part.h"

enum {
    COST_EXACT = 1,
    COST_PART = 8,
    COST_WIDE = 64,
    COST_OF_LITERAL = 8,
    COST_OF_WORD = 12,   /* of pivots from which on words are preferred to them */
    COST_NONE = 1 << 28, /* no pivots */
    MOST_QUICK = 2000,
    MOST_DEPTH = 200 /* of an expression; deeper ones have no pivots and are unknown */
};

/* ---- which fields are quick ------------------------------------------------------------------------------------------ */

/* Fields below "vigil." that follow from few others. What is longer than a glance remembers is unknown to it. */
static const struct {
    const char *name, *parts[VG_MOST_PARTS];
} quick_derived[] = {
    {"vigil.actor", {"userIdentity", "sourceIPAddress"}},
    {"vigil.actor.kind", {"userIdentity"}},
    {"vigil.service", {"userIdentity", "sourceIPAddress"}},
    {"vigil.ip.kind", {"sourceIPAddress"}},
    {"vigil.intel", {"sourceIPAddress", "userAgent"}},
    {"vigil.country", {"sourceIPAddress"}},
    {"vigil.asn", {"sourceIPAddress"}},
    {"vigil.outcome", {"eventName", "errorCode", "errorMessage", "responseElements"}},
};

static const char *const *parts_of(const vg_field *field)
{
    for (size_t i = 0; i < VG_COUNT(quick_derived); i++)
        if (vg_str_is(field->path, quick_derived[i].name))
            return quick_derived[i].parts;
    return NULL;
}

/* A field that only sources know. */
static bool is_foreign(const vg_field *field)
{
    return field->derived && !vg_derived_is_of_event(vg_str_sub(field->path, sizeof "vigil." - 1, VG_NPOS));
}

/* Paths that a glance picks: keys of the record, of the objects in it, and deeper ones of who called. */
static bool is_picked(vg_str path)
{
    size_t dots = 0;
    for (size_t i = 0; i < path.len; i++)
        dots += path.ptr[i] == '.';
    return path.len > 0 && dots <= (vg_str_starts(path, VG_STR("userIdentity.")) ? 3U : 1U);
}

static bool is_quick_path(const vg_field *field)
{
    return field->derived ? parts_of(field) || is_foreign(field) : is_picked(field->path);
}

/* Operators that one scalar value decides. */
static bool is_quick_test(const vg_predicate *p)
{
    return p->field != VG_FIELD_ALL && p->op != VG_TEST_FIELD;
}

static vg_status list_quick_fields(const vg_rules *rules, vg_dispatch *d)
{
    vg_vec quick = vg_vec_in(rules->arena, sizeof(vg_quick));
    d->quick_of_field = VG_NEW_N(rules->arena, uint16_t, rules->field_count + 1);
    if (!d->quick_of_field)
        return VG_ERR_MEMORY;
    for (size_t i = 0; i < rules->field_count; i++) {
        d->quick_of_field[i] = VG_NOT_QUICK;
        if (!is_quick_path(&rules->fields[i]) || quick.len >= MOST_QUICK)
            continue;
        vg_quick *q = vg_vec_push(&quick);
        if (!q)
            return VG_ERR_MEMORY;
        d->quick_of_field[i] = (uint16_t)(quick.len - 1);
        *q = (vg_quick){.path = rules->fields[i].path,
                        .is_derived = rules->fields[i].derived,
                        .is_foreign = is_foreign(&rules->fields[i])};
    }
    d->quick_count = quick.len;
    d->quick = quick.items;
    return VG_OK;
}

/* Numbers the predicates of each quick field. */
static vg_status number_predicates(const vg_rules *rules, vg_dispatch *d)
{
    d->bit_of = VG_NEW_N(rules->arena, uint32_t, rules->predicate_count + 1);
    if (!d->bit_of)
        return VG_ERR_MEMORY;
    for (size_t i = 0; i < rules->predicate_count; i++) {
        const vg_predicate *p = &rules->predicates[i];
        d->bit_of[i] = VG_NO_BIT;
        if (is_quick_test(p) && d->quick_of_field[p->field] != VG_NOT_QUICK)
            d->bit_of[i] = d->quick[d->quick_of_field[p->field]].bit_count++;
    }
    for (size_t q = 0; q < d->quick_count; q++) {
        vg_quick *quick = &d->quick[q];
        quick->predicates = VG_NEW_N(rules->arena, uint32_t, quick->bit_count + 1);
        quick->pivots = VG_NEW_N(rules->arena, const vg_pivot *, quick->bit_count + 1);
        if (!quick->predicates || !quick->pivots)
            return VG_ERR_MEMORY;
    }
    for (size_t i = 0; i < rules->predicate_count; i++)
        if (d->bit_of[i] != VG_NO_BIT)
            d->quick[d->quick_of_field[rules->predicates[i].field]].predicates[d->bit_of[i]] = (uint32_t)i;
    return VG_OK;
}

bool vg_rule_applies(const vg_rule *rule, vg_log_kind log)
{
    if (log == VG_LOG_UNKNOWN || rule->log == log)
        return true;
    bool is_general = rule->product.len == 0 || vg_str_eq_icase(rule->product, VG_STR("aws"));
    return rule->log == VG_LOG_UNKNOWN && is_general && rule->service.len == 0 && rule->category.len == 0;
}

/* ---- what must stand in the parameters ---------------------------------------------------------------------------- */

/* Fields below "vigil." that are read from requestParameters, and what must stand there. */
static const struct {
    const char *prefix, *text;
} literals[] = {
    {"vigil.user_data", "userdata"},
};

static vg_status list_literals(const vg_rules *rules, vg_dispatch *d)
{
    d->literal_count = VG_COUNT(literals);
    d->literals = VG_NEW_N(rules->arena, vg_literal, VG_COUNT(literals));
    d->literal_of_field = VG_NEW_N(rules->arena, vg_literal *, rules->field_count + 1);
    if (!d->literals || !d->literal_of_field)
        return VG_ERR_MEMORY;
    for (size_t k = 0; k < VG_COUNT(literals); k++) {
        d->literals[k] = (vg_literal){literals[k].text, vg_vec_in(rules->arena, sizeof(uint32_t))};
        for (size_t i = 0; i < rules->field_count; i++)
            if (vg_str_starts(rules->fields[i].path, vg_str_from(literals[k].prefix)))
                d->literal_of_field[i] = &d->literals[k];
    }
    return VG_OK;
}

/* The literal that a predicate needs, or NULL. */
static vg_literal *literal_for(const vg_dispatch *d, const vg_predicate *p)
{
    bool needs_field = p->field != VG_FIELD_ALL && p->op != VG_TEST_FIELD && p->op != VG_TEST_NULL;
    return needs_field ? d->literal_of_field[p->field] : NULL;
}

/* ---- pivots ---------------------------------------------------------------------------------------------------------- */

/* Within an object other than userIdentity. */
static bool is_deep(vg_str path)
{
    return vg_str_find_char(path, '.') != VG_NPOS && !vg_str_starts(path, VG_STR("userIdentity.")) &&
           !vg_str_starts(path, VG_STR("vigil."));
}

static bool is_one_of(vg_str text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (vg_str_is(text, list[i]))
            return true;
    return false;
}

/* Of a value: services that most accounts call all day, kinds of callers that most calls have, verbs that begin the name of
 * many calls. */
static bool is_frequent(vg_str path, vg_str value)
{
    static const char *const services[] = {"ec2",        "s3",     "iam",        "sts",      "kms",
                                           "ssm",        "lambda", "logs",       "dynamodb", "rds",
                                           "monitoring", "ecs",    "autoscaling"};
    static const char *const verbs[] = {"get", "list", "describe", "create", "delete", "update", "put"};
    static const char *const rare_callers[] = {"root",          "directory",       "unknown",
                                               "federateduser", "webidentityuser", "samluser"};
    if (vg_str_is(path, "eventSource"))
        return is_one_of(vg_str_sub(value, 0, vg_str_find_char(value, '.')), services, VG_COUNT(services));
    if (vg_str_is(path, "userIdentity.type"))
        return !is_one_of(value, rare_callers, VG_COUNT(rare_callers));
    return is_one_of(value, verbs, VG_COUNT(verbs));
}

/* What a predicate costs as a pivot: the likelier it holds, the more. */
static unsigned pivot_cost(const vg_rules *rules, const vg_dispatch *d, uint32_t predicate)
{
    const vg_predicate *p = &rules->predicates[predicate];
    if (d->bit_of[predicate] == VG_NO_BIT)
        return literal_for(d, p) ? COST_OF_LITERAL : COST_NONE;
    if (p->op == VG_TEST_NULL)
        return COST_NONE;
    vg_str path = rules->fields[p->field].path;
    const vg_field *field = &rules->fields[p->field];
    bool is_derived = parts_of(field) && !is_foreign(field);
    bool is_source = vg_str_is(path, "eventSource"), is_caller = vg_str_is(path, "userIdentity.type");
    unsigned factor = is_derived                                                          ? 512
                      : is_deep(path)                                                     ? 128
                      : vg_str_is(path, "eventName") || is_foreign(field)                 ? 1
                      : vg_str_is(path, "errorCode")                                      ? 4
                      : vg_str_is(path, "eventType")                                      ? 16
                      : vg_str_is(path, "readOnly") || vg_str_is(path, "managementEvent") ? 32
                      : is_source                                                         ? 12
                                                                                          : 8;
    if ((is_source || is_caller || factor == 1) && !is_foreign(field) && is_frequent(path, p->text))
        factor *= is_caller ? 6 : is_source ? 2 : 8;
    switch (p->op) {
    case VG_TEST_EXACT:
    case VG_TEST_NUMBER:
        return COST_EXACT * factor;
    case VG_TEST_EXISTS:
        return COST_WIDE * factor;
    default:
        return COST_PART * factor;
    }
}

static unsigned expr_cost(const vg_rules *rules, const vg_dispatch *d, const vg_compiled_rule *rule,
                          uint32_t node, unsigned depth)
{
    const vg_expr *e = &rule->nodes[node];
    if (depth > MOST_DEPTH)
        return COST_NONE;
    unsigned cost = e->op == VG_EXPR_AND ? COST_NONE : 0;
    switch (e->op) {
    case VG_EXPR_TEST:
        return pivot_cost(rules, d, e->predicate);
    case VG_EXPR_FALSE:
        return 0;
    case VG_EXPR_AND:
        for (uint32_t i = 0; i < e->count; i++) {
            unsigned child = expr_cost(rules, d, rule, rule->children[e->first + i], depth + 1);
            cost = child < cost ? child : cost;
        }
        return cost;
    case VG_EXPR_OR:
        for (uint32_t i = 0; i < e->count; i++) {
            unsigned child = expr_cost(rules, d, rule, rule->children[e->first + i], depth + 1);
            cost = child >= COST_NONE ? COST_NONE : child > cost ? child : cost;
            if (child >= COST_NONE)
                return COST_NONE;
        }
        return cost;
    default:
        return COST_NONE;
    }
}

static vg_status add_pivot(const vg_rules *rules, vg_dispatch *d, uint32_t predicate, uint32_t rule)
{
    const vg_predicate *p = &rules->predicates[predicate];
    if (d->bit_of[predicate] == VG_NO_BIT) {
        uint32_t *slot = vg_vec_push(&literal_for(d, p)->rules);
        if (slot)
            *slot = rule;
        return slot ? VG_OK : VG_ERR_MEMORY;
    }
    vg_quick *quick = &d->quick[d->quick_of_field[p->field]];
    vg_pivot *pivot = VG_NEW(rules->arena, vg_pivot);
    if (!pivot)
        return VG_ERR_MEMORY;
    *pivot = (vg_pivot){rule, quick->pivots[d->bit_of[predicate]]};
    quick->pivots[d->bit_of[predicate]] = pivot;
    quick->has_pivots = true;
    return VG_OK;
}

/* Adds the pivots of a node whose cost is below COST_NONE. */
static vg_status add_pivots(const vg_rules *rules, vg_dispatch *d, uint32_t index, uint32_t node)
{
    const vg_compiled_rule *rule = &rules->rules[index];
    const vg_expr *e = &rule->nodes[node];
    if (e->op == VG_EXPR_TEST)
        return add_pivot(rules, d, e->predicate, index);
    uint32_t best = 0;
    unsigned best_cost = COST_NONE;
    for (uint32_t i = 0; i < e->count; i++) {
        uint32_t child = rule->children[e->first + i];
        if (e->op == VG_EXPR_OR) {
            VG_TRY(add_pivots(rules, d, index, child));
            continue;
        }
        unsigned cost = expr_cost(rules, d, rule, child, 0);
        if (cost < best_cost) {
            best_cost = cost;
            best = child;
        }
    }
    return e->op == VG_EXPR_AND ? add_pivots(rules, d, index, best) : VG_OK;
}

/* ---- words ----------------------------------------------------------------------------------------------------------- */

/* The word that a predicate needs, in the set's arena; empty: none. */
static vg_str word_of(const vg_rules *rules, const vg_predicate *p)
{
    bool is_read = p->field == VG_FIELD_ALL || !rules->fields[p->field].derived;
    if (!is_read)
        return (vg_str){0};
    return vg_word_in(p->op == VG_TEST_EXACT ? p->text : sigma_literal_of(p, rules->arena));
}

/* The length of the shortest word of those that a node needs one of; 0: it has none. */
static size_t word_length(const vg_rules *rules, const vg_compiled_rule *rule, uint32_t node, unsigned depth)
{
    const vg_expr *e = &rule->nodes[node];
    size_t best = e->op == VG_EXPR_OR ? SIZE_MAX : 0;
    if (depth > MOST_DEPTH)
        return 0;
    if (e->op == VG_EXPR_TEST)
        return word_of(rules, &rules->predicates[e->predicate]).len;
    if (e->op != VG_EXPR_AND && e->op != VG_EXPR_OR)
        return 0;
    for (uint32_t i = 0; i < e->count; i++) {
        size_t child = word_length(rules, rule, rule->children[e->first + i], depth + 1);
        bool is_better = e->op == VG_EXPR_AND ? child > best : child < best;
        best = is_better ? child : best;
    }
    return e->count ? best : 0;
}

/* Adds the words of a node that has some. */
static bool add_words(const vg_rules *rules, uint32_t index, uint32_t node, vg_vec *words)
{
    const vg_compiled_rule *rule = &rules->rules[index];
    const vg_expr *e = &rule->nodes[node];
    if (e->op == VG_EXPR_TEST) {
        vg_word *word = vg_vec_push(words);
        if (word)
            *word = (vg_word){word_of(rules, &rules->predicates[e->predicate]), index};
        return word;
    }
    uint32_t best = 0;
    size_t best_length = 0;
    for (uint32_t i = 0; i < e->count; i++) {
        uint32_t child = rule->children[e->first + i];
        if (e->op == VG_EXPR_OR) {
            if (!add_words(rules, index, child, words))
                return false;
            continue;
        }
        size_t length = word_length(rules, rule, child, 0);
        if (length > best_length) {
            best_length = length;
            best = child;
        }
    }
    return e->op == VG_EXPR_OR || add_words(rules, index, best, words);
}

/* ---- masks ------------------------------------------------------------------------------------------------------------ */

/* The quick field that all children of an OR test, or VG_NOT_QUICK. */
static uint16_t common_field(const vg_rules *rules, const vg_dispatch *d, const vg_compiled_rule *rule,
                             const vg_expr *e)
{
    uint16_t common = VG_NOT_QUICK;
    for (uint32_t i = 0; i < e->count; i++) {
        const vg_expr *child = &rule->nodes[rule->children[e->first + i]];
        if (child->op != VG_EXPR_TEST || d->bit_of[child->predicate] == VG_NO_BIT)
            return VG_NOT_QUICK;
        uint16_t quick = d->quick_of_field[rules->predicates[child->predicate].field];
        if (i > 0 && quick != common)
            return VG_NOT_QUICK;
        common = quick;
    }
    return common;
}

static const vg_mask *make_mask(const vg_rules *rules, const vg_dispatch *d, const vg_compiled_rule *rule,
                                const vg_expr *e, uint16_t quick)
{
    vg_vec words = vg_vec_in(rules->arena, sizeof(vg_mask_word));
    vg_mask *mask = VG_NEW(rules->arena, vg_mask);
    for (uint32_t i = 0; mask && i < e->count; i++) {
        uint32_t bit = d->bit_of[rule->nodes[rule->children[e->first + i]].predicate];
        vg_mask_word *word = NULL;
        for (size_t k = 0; k < words.len && !word; k++)
            if (((vg_mask_word *)vg_vec_at(&words, k))->index == bit / 64)
                word = vg_vec_at(&words, k);
        if (!word)
            word = vg_vec_push(&words);
        if (!word)
            return NULL;
        word->index = bit / 64;
        word->bits |= UINT64_C(1) << (bit % 64);
    }
    if (mask)
        *mask = (vg_mask){quick, words.len, words.items};
    return mask;
}

static vg_status make_masks(const vg_rules *rules, vg_dispatch *d)
{
    enum { WORTH = 4 /* tests */ };
    const vg_mask *const **masks = VG_NEW_N(rules->arena, const vg_mask *const *, rules->rule_count + 1);
    d->masks = masks;
    for (size_t i = 0; masks && i < rules->rule_count; i++) {
        const vg_compiled_rule *rule = &rules->rules[i];
        const vg_mask **own = NULL;
        for (uint32_t n = 0; n < rule->node_count; n++) {
            const vg_expr *e = &rule->nodes[n];
            if (e->op != VG_EXPR_OR || e->count < WORTH)
                continue;
            uint16_t quick = common_field(rules, d, rule, e);
            if (quick == VG_NOT_QUICK)
                continue;
            own = own ? own : VG_NEW_N(rules->arena, const vg_mask *, rule->node_count);
            if (!own || !(own[n] = make_mask(rules, d, rule, e, quick)))
                return VG_ERR_MEMORY;
        }
        masks[i] = own;
    }
    return masks ? VG_OK : VG_ERR_MEMORY;
}

/* ---- what is picked --------------------------------------------------------------------------------------------------- */

/* The place of a path among those picked. */
static size_t place_of(vg_vec *paths, vg_str path)
{
    for (size_t i = 0; i < paths->len; i++)
        if (vg_str_eq(*(vg_str *)vg_vec_at(paths, i), path))
            return i;
    vg_str *slot = vg_vec_push(paths);
    if (slot)
        *slot = path;
    return slot ? paths->len - 1 : 0;
}

static bool is_light_path(vg_str path)
{
    return vg_str_is(path, "vigil.actor") || (is_picked(path) && !vg_str_starts(path, VG_STR("vigil.")));
}

/* Notes where the texts of some paths are picked. False: one is not told by picked values. */
static bool pick_texts(vg_vec *paths, const vg_str *texts, size_t count, vg_vec *needs)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_light_path(texts[i]))
            return false;
        uint32_t *need = vg_str_is(texts[i], "vigil.actor") ? NULL : vg_vec_push(needs);
        if (need)
            *need = (uint32_t)place_of(paths, texts[i]);
    }
    return true;
}

/* Picks what a signal tells a correlation and those above it. False: it is more than a glance can pick. */
static bool pick_passing(const vg_rules *rules, const vg_passing *p, vg_vec *paths, vg_vec *needs)
{
    const vg_correlation *c = rules->rules[p->correlation].correlation;
    bool all = pick_texts(paths, p->group, c->group.count, needs) &&
               pick_texts(paths, p->values, c->fields.count, needs);
    for (size_t i = 0; i < p->above_count && all; i++)
        all = pick_passing(rules, &p->above[i], paths, needs);
    return all;
}

/* For each rule that correlations count, and no glance more than it must. */
static vg_status pick_for_signals(const vg_rules *rules, vg_dispatch *d, vg_vec *paths)
{
    vg_light_needs *needs = VG_NEW_N(rules->arena, vg_light_needs, rules->rule_count + 1);
    if (!needs)
        return VG_ERR_MEMORY;
    for (size_t i = 0; i < rules->rule_count; i++) {
        const vg_compiled_rule *rule = &rules->rules[i];
        vg_vec picked = vg_vec_in(rules->arena, sizeof(uint32_t));
        needs[i].is_light = true;
        for (size_t k = 0; k < rule->feed_count && needs[i].is_light; k++) {
            const vg_compiled_rule *counting = &rules->rules[rule->feeds[k]];
            const vg_passing *p =
                counting->info.unassessed.len ? NULL : vg_passing_of(counting->correlation, i);
            needs[i].is_light = !p || pick_passing(rules, p, paths, &picked);
        }
        needs[i].places = picked.items;
        needs[i].count = picked.len;
    }
    d->needs = needs;
    return VG_OK;
}

static vg_status pick_paths(const vg_rules *rules, vg_dispatch *d)
{
    static const char *const own[VG_GLANCE_COUNT] = {
        "eventTime",        "eventSource",        "eventName",       "eventCategory", "eventID",
        "awsRegion",        "recipientAccountId", "sourceIPAddress", "errorCode",     "errorMessage",
        "responseElements", "requestParameters",  "userIdentity"};
    vg_vec paths = vg_vec_in(rules->arena, sizeof(vg_str));
    for (size_t q = 0; q < d->quick_count; q++) {
        vg_quick *quick = &d->quick[q];
        if (!quick->is_derived) {
            quick->parts[quick->part_count++] = place_of(&paths, quick->path);
            continue;
        }
        vg_field field = {.path = quick->path};
        const char *const *parts = parts_of(&field);
        for (size_t i = 0; parts && i < VG_MOST_PARTS && parts[i]; i++)
            quick->parts[quick->part_count++] = place_of(&paths, vg_str_from(parts[i]));
    }
    for (size_t i = 0; i < VG_GLANCE_COUNT; i++)
        d->glance[i] = place_of(&paths, vg_str_from(own[i]));
    VG_TRY(pick_for_signals(rules, d, &paths));
    d->paths = paths.items;
    d->path_count = paths.len;
    d->picks = vg_json_picks_new(rules->arena, d->paths, d->path_count);
    d->place_of = vg_map_new(rules->arena, 0);
    for (size_t i = 0; d->place_of && i < d->path_count; i++) {
        vg_map_entry *entry = vg_map_put(d->place_of, d->paths[i], NULL);
        if (!entry)
            return VG_ERR_MEMORY;
        entry->value.u64 = i + 1;
    }
    return d->picks && d->place_of ? VG_OK : VG_ERR_MEMORY;
}

vg_status vg_dispatch_build(vg_rules *rules, vg_error *err)
{
    vg_dispatch *d = VG_NEW(rules->arena, vg_dispatch);
    if (!d || list_quick_fields(rules, d) != VG_OK || number_predicates(rules, d) != VG_OK ||
        list_literals(rules, d) != VG_OK || make_masks(rules, d) != VG_OK)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while compiling detections");
    vg_vec always = vg_vec_in(rules->arena, sizeof(uint32_t));
    vg_vec worded = vg_vec_in(rules->arena, sizeof(uint32_t));
    vg_vec words = vg_vec_in(rules->arena, sizeof(vg_word));
    for (uint32_t i = 0; i < rules->rule_count; i++) {
        const vg_compiled_rule *rule = &rules->rules[i];
        bool is_read =
            rule->info.kind == VG_RULE_DETECTION && !rule->info.unassessed.len && rule->node_count > 0;
        if (!is_read || !vg_rule_applies(&rule->info, VG_LOG_CLOUDTRAIL))
            continue;
        vg_status status = VG_OK;
        unsigned cost = expr_cost(rules, d, rule, rule->node_count - 1, 0);
        bool by_word = cost >= COST_OF_WORD && word_length(rules, rule, rule->node_count - 1, 0) > 0;
        if (by_word && !add_words(rules, i, rule->node_count - 1, &words))
            status = VG_ERR_MEMORY;
        else if (by_word || cost >= COST_NONE) {
            uint32_t *slot = vg_vec_push(by_word ? &worded : &always);
            status = slot ? VG_OK : VG_ERR_MEMORY;
            if (slot)
                *slot = i;
        } else
            status = add_pivots(rules, d, i, rule->node_count - 1);
        if (status != VG_OK)
            return vg_fail(err, VG_ERR_MEMORY, "memory ran out while compiling detections");
    }
    d->worded = worded.items;
    d->worded_count = worded.len;
    if (words.len && !(d->words = vg_words_new(rules->arena, words.items, words.len)))
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while compiling detections");
    d->pivoted = VG_NEW_N(rules->arena, uint16_t, d->quick_count + 1);
    if (!d->pivoted)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while compiling detections");
    for (size_t q = 0; q < d->quick_count; q++)
        if (d->quick[q].has_pivots)
            d->pivoted[d->pivoted_count++] = (uint16_t)q;
    d->always = always.items;
    d->always_count = always.len;
    if (pick_paths(rules, d) != VG_OK)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while compiling detections");
    rules->dispatch = d;
    return VG_OK;
}

bool vg_dispatch_is_always(const vg_rules *rules, size_t rule)
{
    for (size_t i = 0; i < rules->dispatch->always_count; i++)
        if (rules->dispatch->always[i] == rule)
            return true;
    return false;
}
