/* gaps.c: what could not be assessed and what would change that, and what was seen too long ago. Both are told by kinds of
 * things, not one by one. */
#include "review/review_part.h"

#include <stdlib.h>

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while writing the answer");
}

/* ---- what is missing, what is stale ---------------------------------------------------------------------------------------------- */

/* The part of a type's name that people say: "Vigil::Region::Services" is "Region Services". */
static vg_str short_type(vg_arena *arena, vg_str type)
{
    vg_str vendor, rest = type, service, thing;
    if (vg_str_starts(type, VG_STR("Vigil::")) || vg_str_starts(type, VG_STR("AWS::"))) {
        vg_str_split(type, ':', &vendor, &rest);
        rest = vg_str_sub(rest, 1, VG_NPOS);
    }
    size_t at = vg_str_find(rest, VG_STR("::"));
    if (at == VG_NPOS)
        return rest;
    service = vg_str_sub(rest, 0, at);
    thing = vg_str_sub(rest, at + 2, VG_NPOS);
    return vg_str_eq(service, thing) ? thing
                                     : vg_arena_printf(arena, "%.*s %.*s", VG_ARG(service), VG_ARG(thing));
}

typedef struct {
    vg_str provider, type;
    uint32_t controls, resources;
    uint32_t last_control, last_subject; /* counted last, plus one: judgements are in the order of subjects */
} missing_group;

static int compare_gaps(const void *left, const void *right)
{
    const vg_report_gap *a = left, *b = right;
    if (a->controls != b->controls)
        return a->controls > b->controls ? -1 : 1;
    int order = vg_str_cmp(a->provider, b->provider);
    return order ? order : vg_str_cmp(a->what, b->what);
}

/* A group a provider and type of subject; a control is counted once in each. */
static vg_status add_missing(vg_answerer *a, vg_map *groups, vg_map *pairs, const vg_judgement *judgement,
                             vg_str provider, vg_error *err)
{
    vg_arena *arena = a->of.arena;
    const vg_subject *subject = &a->of.assessment->subjects[judgement->subject];
    char text[512], pair[600];
    int len = snprintf(text, sizeof text, "%.*s|%.*s", VG_ARG(provider), VG_ARG(subject->resource.type));
    vg_str key = vg_str_of(text, (size_t)(len < (int)sizeof text ? len : (int)sizeof text - 1));
    vg_map_entry *entry = vg_map_get(groups, key);
    missing_group *group = entry ? entry->value.ptr : VG_NEW(arena, missing_group);
    if (!entry) {
        entry = vg_map_put(groups, vg_arena_str(arena, key), NULL);
        if (!entry || !group)
            return no_memory(err);
        entry->value.ptr = group;
        group->provider = provider;
        group->type = subject->resource.type;
    }
    int pair_len = snprintf(pair, sizeof pair, "%u|%.*s", judgement->control, VG_ARG(key));
    vg_str pair_key =
        vg_str_of(pair, (size_t)(pair_len < (int)sizeof pair ? pair_len : (int)sizeof pair - 1));
    if (!vg_map_get(pairs, pair_key)) {
        if (!vg_map_put(pairs, vg_arena_str(arena, pair_key), NULL))
            return no_memory(err);
        group->controls++;
    }
    group->resources += group->last_subject != judgement->subject + 1;
    group->last_subject = judgement->subject + 1;
    return VG_OK;
}

vg_status vg_write_gaps(vg_answerer *a, const bool *has, vg_report_answer *out, vg_error *err)
{
    const vg_assessment *assessment = a->of.assessment;
    vg_arena *scratch = vg_arena_new(0);
    vg_map *groups = vg_map_new(a->of.arena, 0), *pairs = vg_map_new(a->of.arena, 0);
    vg_status status = scratch && groups && pairs ? VG_OK : no_memory(err);
    for (size_t j = 0; j < assessment->judgement_count && status == VG_OK; j++) {
        const vg_judgement *judgement = &assessment->judgements[j];
        if (judgement->verdict != VG_VERDICT_NOT_ASSESSED || !has[a->of.homes->home_of[judgement->subject]])
            continue;
        vg_arena_reset(scratch);
        vg_str provider = vg_judgement_missing(scratch, assessment, judgement);
        if (provider.len == 0)
            continue;
        if (a->controls[judgement->control].missing.len == 0)
            a->controls[judgement->control].missing = provider;
        status = add_missing(a, groups, pairs, judgement, provider, err);
    }
    vg_arena_free(scratch);
    VG_TRY(status);
    vg_report_gap *gaps = VG_NEW_N(a->of.arena, vg_report_gap, vg_map_len(groups) + 1);
    if (!gaps)
        return no_memory(err);
    for (size_t i = 0; i < vg_map_len(groups); i++) {
        const missing_group *group = vg_map_at(groups, i)->value.ptr;
        vg_str type = short_type(a->of.arena, group->type);
        gaps[i] = (vg_report_gap){
            .what = group->resources == 1
                        ? type
                        : vg_arena_printf(a->of.arena, "%.*s (%u)", VG_ARG(type), group->resources),
            .provider = group->provider,
            .controls = group->controls,
        };
    }
    if (vg_map_len(groups) > 1)
        qsort(gaps, vg_map_len(groups), sizeof *gaps, compare_gaps);
    out->gaps = gaps;
    out->gap_count = vg_map_len(groups);
    return VG_OK;
}

typedef struct {
    uint32_t count;
    vg_time oldest;
} stale_group;

vg_status vg_write_stale(const vg_answerer *a, const bool *has, vg_report_answer *out, vg_error *err)
{
    const vg_review_options *options = a->of.options;
    const vg_assessment *assessment = a->of.assessment;
    vg_map *groups = vg_map_new(a->of.arena, 0);
    if (!groups)
        return no_memory(err);
    for (size_t s = 0; s < assessment->subject_count && options->max_age > 0; s++) {
        const vg_subject *subject = &assessment->subjects[s];
        bool is_old = subject->seen != VG_TIME_NONE && subject->seen < options->now - options->max_age;
        if (!is_old || !has[a->of.homes->home_of[s]])
            continue;
        vg_map_entry *entry = vg_map_put(groups, subject->resource.type, NULL);
        stale_group *group = entry ? entry->value.ptr : NULL;
        if (entry && !group && (group = VG_NEW(a->of.arena, stale_group)))
            entry->value.ptr = group;
        if (!group)
            return no_memory(err);
        if (group->count++ == 0 || subject->seen < group->oldest)
            group->oldest = subject->seen;
    }
    vg_str *lines = VG_NEW_N(a->of.arena, vg_str, vg_map_len(groups) + 1);
    if (!lines)
        return no_memory(err);
    for (size_t i = 0; i < vg_map_len(groups); i++) {
        const stale_group *group = vg_map_at(groups, i)->value.ptr;
        char date[VG_TIME_TEXT];
        vg_time_format_date(group->oldest, date);
        lines[i] = vg_arena_printf(a->of.arena, "%.*s: %u, the oldest seen on %s, %lld days ago",
                                   VG_ARG(short_type(a->of.arena, vg_map_at(groups, i)->key)), group->count,
                                   date, (long long)((options->now - group->oldest) / VG_TIME_DAY));
    }
    out->stale = lines;
    out->stale_count = vg_map_len(groups);
    return VG_OK;
}
