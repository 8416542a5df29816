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

/* What would provide what is missing, and where: of an export, the accounts and regions that lack it; of attestations,
 * their kinds. */
typedef struct {
    vg_str provider;
    bool is_attestation;
    uint32_t controls;
    vg_map *places; /* "ACCOUNT" or "ACCOUNT REGION", or kinds */
} missing_group;

static int compare_gaps(const void *left, const void *right)
{
    const vg_report_gap *a = left, *b = right;
    if (a->controls != b->controls)
        return a->controls > b->controls ? -1 : 1;
    return vg_str_cmp(a->provider, b->provider);
}

/* "iam:GetCredentialReport" of "iam:GetCredentialReport or iam:GetAccountSummary": one export is enough. */
static vg_str first_of(vg_str provider)
{
    size_t or = vg_str_find(provider, VG_STR(" or ")), comma = vg_str_find_char(provider, ',');
    return vg_str_sub(provider, 0, comma < or ? comma : or);
}

static vg_status add_missing(vg_answerer *a, vg_map *groups, vg_map *pairs, const vg_judgement *judgement,
                             vg_str provider, vg_error *err)
{
    vg_arena *arena = a->of.arena;
    const vg_control *control = &a->of.assessment->content->controls[judgement->control];
    const vg_resource *of = &a->of.assessment->subjects[judgement->subject].resource;
    vg_str key = first_of(provider);
    char place[256], pair[600];
    bool is_new = false;
    vg_map_entry *entry = vg_map_put(groups, key, &is_new);
    missing_group *group = entry && !is_new ? entry->value.ptr : VG_NEW(arena, missing_group);
    if (!entry || !group)
        return no_memory(err);
    if (is_new) {
        *group = (missing_group){key, control->attestation.len > 0, 0, vg_map_new(arena, 0)};
        entry->value.ptr = group;
    }
    snprintf(pair, sizeof pair, "%u|%.*s", judgement->control, VG_ARG(key));
    vg_str pair_key = vg_str_from(pair);
    if (!vg_map_get(pairs, pair_key)) {
        if (!vg_map_put(pairs, vg_arena_str(arena, pair_key), NULL))
            return no_memory(err);
        group->controls++;
    }
    if (group->is_attestation)
        snprintf(place, sizeof place, "%.*s", VG_ARG(control->attestation));
    else
        snprintf(place, sizeof place, "%.*s%s%.*s", VG_ARG(of->account), of->region.len ? " " : "",
                 VG_ARG(of->region));
    vg_str place_key = vg_str_from(place);
    if (!group->places || (!vg_map_get(group->places, place_key) &&
                           !vg_map_put(group->places, vg_arena_str(arena, place_key), NULL)))
        return no_memory(err);
    return VG_OK;
}

/* Why an export is missing there, as the ledger knows: the error's code ("AccessDenied"), or nothing. */
static vg_str refusal_of(const vg_assessment *assessment, vg_str operation, vg_str account, vg_str region)
{
    for (size_t i = 0; i < assessment->refusal_count; i++) {
        const vg_refusal *refusal = &assessment->refusals[i];
        bool is_there = vg_str_eq(refusal->operation, operation) && vg_str_eq(refusal->account, account) &&
                        (refusal->region.len == 0 || vg_str_eq(refusal->region, region));
        if (!is_there)
            continue;
        size_t open = vg_str_find_char(refusal->reason, '(');
        vg_str rest = open == VG_NPOS ? (vg_str){0} : vg_str_sub(refusal->reason, open + 1, VG_NPOS);
        size_t close = vg_str_find_char(rest, ')');
        return close == VG_NPOS || close > 60 ? VG_STR("not answered") : vg_str_sub(rest, 0, close);
    }
    return (vg_str){0};
}

static void write_place(const vg_answerer *a, const missing_group *group, vg_str place, vg_buf *out)
{
    const vg_assessment *assessment = a->of.assessment;
    vg_str account = place, region = {0};
    if (group->is_attestation) {
        vg_buf_add_str(out, place);
        return;
    }
    vg_str_split(place, ' ', &account, &region);
    size_t at = vg_find_account(assessment, account);
    vg_str name = at == VG_NPOS ? (vg_str){0} : assessment->accounts[at].name,
           reason = refusal_of(assessment, group->provider, account, region);
    vg_buf_addf(out,
                name.len      ? "%.*s (%.*s)"
                : account.len ? "%.*saccount %.*s"
                              : "%.*sthe organisation%.*s",
                VG_ARG(name), VG_ARG(account));
    if (region.len)
        vg_buf_addf(out, ", %.*s", VG_ARG(region));
    if (reason.len)
        vg_buf_addf(out, ": %.*s", VG_ARG(reason));
}

static vg_status write_gap(const vg_answerer *a, const missing_group *group, vg_report_gap *out,
                           vg_error *err)
{
    enum { PLACES = 3, KINDS = 64 };
    size_t count = vg_map_len(group->places), most = group->is_attestation ? KINDS : PLACES;
    vg_buf text = {0};
    vg_buf_add_c(&text, group->is_attestation ? "what only people can say: " : "missing in ");
    for (size_t i = 0; i < count && i < most; i++) {
        vg_buf_add_c(&text, i > 0 ? group->is_attestation ? ", " : "; " : "");
        write_place(a, group, vg_map_at(group->places, i)->key, &text);
    }
    if (count > most)
        vg_buf_addf(&text, "; and %zu more", count - most);
    *out = (vg_report_gap){
        .what = vg_arena_str(a->of.arena, vg_buf_str(&text)),
        .provider = group->is_attestation
                        ? VG_STR("vigil attest template KIND > FILE, fill it in, vigil import FILE")
                        : group->provider,
        .controls = group->controls,
    };
    bool failed = text.failed || !out->what.ptr;
    vg_buf_free(&text);
    return failed ? no_memory(err) : VG_OK;
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
    size_t count = vg_map_len(groups);
    vg_report_gap *gaps = VG_NEW_N(a->of.arena, vg_report_gap, count + 1);
    if (!gaps)
        return no_memory(err);
    for (size_t i = 0; i < count; i++)
        VG_TRY(write_gap(a, vg_map_at(groups, i)->value.ptr, &gaps[i], err));
    if (count > 1)
        qsort(gaps, count, sizeof *gaps, compare_gaps);
    out->gaps = gaps;
    out->gap_count = count;
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
