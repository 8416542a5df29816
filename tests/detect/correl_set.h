/* correl_set.h: rule sets and signals for the tests of correlations.
 *
 * Beside the correlations under test a set has the detections a, b, c, d and e; an event matches those whose letters its
 * field `kind` holds. Events are lines: "KIND SECOND[.FRACTION] [ID] [FIELD=VALUE ...]". */
#ifndef VIGIL_TESTS_CORREL_SET_H
#define VIGIL_TESTS_CORREL_SET_H

#include <stdlib.h>

#include "detect/detect_part.h"

typedef struct {
    vg_arena *arena;
    vg_rules *rules;
    vg_vec problems; /* vg_rule_problem */
    vg_vec episodes; /* vg_str, one line an episode */
    vg_evaluator *evaluator;
    vg_str file; /* the text of the rules */
    bool told_steps;
} correl_set;

static const char correl_base[] =
    "title: a\nname: a\nid: 00000000-0000-4000-8000-00000000000a\nlogsource: {product: test}\n"
    "detection: {s: {kind|contains: a}, condition: s}\n---\n"
    "title: b\nname: b\nid: 00000000-0000-4000-8000-00000000000b\nlogsource: {product: test}\n"
    "detection: {s: {kind|contains: b}, condition: s}\n---\n"
    "title: c\nname: c\nlogsource: {product: test}\n"
    "detection: {s: {kind|contains: c}, condition: s}\n---\n"
    "title: d\nname: d\nlogsource: {product: test}\n"
    "detection: {s: {kind|contains: d}, condition: s}\n---\n"
    "title: e\nname: e\nlogsource: {product: test}\n"
    "detection: {s: {kind|contains: e}, condition: s}\n";

/* Compiles the text beside the detections. NULL: memory is out. */
static inline correl_set *correl_set_new(vg_str text)
{
    vg_arena *arena = vg_arena_new(0);
    correl_set *set = arena ? VG_NEW(arena, correl_set) : NULL;
    if (!set)
        return NULL;
    vg_error err;
    vg_rules_options options = {0};
    set->arena = arena;
    set->problems = vg_vec_in(arena, sizeof(vg_rule_problem));
    set->episodes = vg_vec_in(arena, sizeof(vg_str));
    set->file = vg_arena_str(arena, text);
    vg_rule_file files[] = {{VG_STR("base.yml"), vg_str_from(correl_base)}, {VG_STR("rules.yml"), set->file}};
    if (vg_rules_compile(arena, files, 2, &options, &set->rules, &set->problems, &err) != VG_OK)
        return NULL;
    set->evaluator = vg_evaluator_new(set->rules, NULL, 0);
    return set->evaluator ? set : NULL;
}

static inline void correl_set_free(correl_set *set)
{
    vg_evaluator_free(set->evaluator);
    vg_arena_free(set->arena);
}

/* Seconds with up to six decimals; VG_TIME_NONE when they are none, or beyond all time. */
static inline vg_time correl_time(vg_str text)
{
    double seconds = text.len ? strtod(text.ptr, NULL) : 0;
    if (!(seconds > -1e12 && seconds < 1e12))
        return VG_TIME_NONE;
    return (vg_time)(seconds * 1e6 + (seconds < 0 ? -0.5 : 0.5));
}

/* The event of a line; slices of the arena. */
static inline vg_event correl_event(vg_arena *arena, vg_str line)
{
    vg_str rest = vg_arena_str(arena, line), kind = {0}, time = {0}, word;
    vg_builder *b = vg_builder_new(arena);
    const vg_value *root = NULL;
    size_t count;
    vg_str_next(&rest, ' ', &kind);
    vg_str_next(&rest, ' ', &time);
    vg_event event = {.log = VG_LOG_UNKNOWN, .time = vg_str_is(time, "-") ? VG_TIME_NONE : correl_time(time)};
    event.id = vg_arena_printf(arena, "%.*s-%.*s", VG_ARG(kind), VG_ARG(time));
    event.account = VG_STR("111122223333");
    vg_builder_object(b);
    vg_builder_put_str(b, "kind", kind);
    while (vg_str_next(&rest, ' ', &word)) {
        vg_str name, value;
        if (!vg_str_split(word, '=', &name, &value)) {
            event.id = word;
            continue;
        }
        vg_builder_key(b, name);
        vg_builder_string(b, value);
        if (vg_str_is(name, "account"))
            event.account = value;
    }
    vg_builder_end(b);
    vg_builder_finish(b, &root, &count, NULL);
    event.root = root;
    return event;
}

/* Signals of an event into a store. */
static inline vg_status correl_show(correl_set *set, const vg_event *event, vg_signals *signals,
                                    vg_error *err)
{
    vg_evaluator_begin(set->evaluator, event);
    for (size_t i = 0; i < set->rules->rule_count; i++) {
        const vg_compiled_rule *rule = &set->rules->rules[i];
        if (rule->info.kind != VG_RULE_DETECTION || !vg_evaluator_match(set->evaluator, i))
            continue;
        vg_brief brief = {.account = event->account, .name = rule->info.name, .succeeded = true};
        VG_TRY(vg_correlate_signal(set->rules, i, set->evaluator, event, &brief, signals, err));
    }
    return VG_OK;
}

static inline void correl_write_time(vg_buf *out, vg_time time)
{
    if (time % VG_TIME_SECOND)
        vg_buf_addf(out, "%.6g", (double)time / 1e6);
    else
        vg_buf_addf(out, "%lld", (long long)(time / VG_TIME_SECOND));
}

/* "TITLE [GROUP] FIRST..LAST n=COUNT v=VALUE", and with steps " : ID/RULE ID/RULE". */
static inline vg_status correl_tell(void *context, const vg_episode *episode, vg_error *err)
{
    (void)err;
    correl_set *set = context;
    vg_buf text = {0};
    vg_buf_add_str(&text, set->rules->rules[episode->rule].info.title);
    vg_buf_addf(&text, " [%.*s] ", VG_ARG(episode->group));
    correl_write_time(&text, episode->first);
    vg_buf_add_c(&text, "..");
    correl_write_time(&text, episode->last);
    vg_buf_addf(&text, " n=%llu v=%.10g", (unsigned long long)episode->count, episode->value);
    for (size_t i = 0; set->told_steps && i < episode->step_count; i++)
        vg_buf_addf(&text, "%s%.*s/%.*s", i ? " " : " : ", VG_ARG(episode->steps[i].id),
                    VG_ARG(set->rules->rules[episode->steps[i].rule].info.title));
    vg_str *line = vg_vec_push(&set->episodes);
    if (line)
        *line = vg_arena_str(set->arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return line ? VG_OK : VG_ERR_MEMORY;
}

static inline int correl_by_text(const void *a, const void *b)
{
    return vg_str_cmp(*(const vg_str *)a, *(const vg_str *)b);
}

static inline vg_status correl_take(void *context, const vg_signal *signal, vg_error *err)
{
    return vg_correlator_take(context, signal, err);
}

/* Correlates what stores hold; set->episodes has a line for each episode, sorted. */
static inline vg_status correl_run(correl_set *set, vg_signals *const *stores, size_t count,
                                   vg_time watermark, vg_error *err)
{
    set->episodes.len = 0;
    vg_correlator *correlator = vg_correlator_new(set->arena, set->rules, correl_tell, set);
    if (!correlator)
        return VG_ERR_MEMORY;
    vg_status status = vg_signals_merge(stores, count, correl_take, correlator, err);
    if (status == VG_OK)
        status = vg_correlator_finish(correlator, watermark, err);
    vg_correlator_free(correlator);
    if (set->episodes.len)
        qsort(set->episodes.items, set->episodes.len, sizeof(vg_str), correl_by_text);
    return status;
}

#endif
