/* homes.c: verdicts counted once, by control and by where their subject lives, so that a section (the organisation, an OU,
 * a workload) is a sum over homes and costs nothing per subject. */
#include "review/review_part.h"

#include <stdlib.h>

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while counting verdicts");
}

size_t vg_find_account(const vg_assessment *assessment, vg_str id)
{
    size_t low = 0, high = assessment->account_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = vg_str_cmp(assessment->accounts[middle].id, id);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return VG_NPOS;
}

size_t vg_find_workload(const vg_homes *homes, vg_str name)
{
    for (size_t i = 0; i < homes->workload_count; i++)
        if (vg_str_eq(homes->workloads[i], name))
            return i;
    return VG_NPOS;
}

static int compare_names(const void *a, const void *b)
{
    return vg_str_cmp(*(const vg_str *)a, *(const vg_str *)b);
}

static vg_status name_workloads(vg_homes *homes, vg_error *err)
{
    const vg_assessment *assessment = homes->assessment;
    vg_str *names = VG_NEW_N(homes->arena, vg_str, assessment->workload_count + 1);
    if (!names)
        return no_memory(err);
    for (size_t i = 0; i < assessment->workload_count; i++)
        if (vg_find_workload(&(vg_homes){.workloads = names, .workload_count = homes->workload_count},
                             assessment->workloads[i].name) == VG_NPOS)
            names[homes->workload_count++] = assessment->workloads[i].name;
    if (homes->workload_count > 1)
        qsort(names, homes->workload_count, sizeof *names, compare_names);
    homes->workloads = names;
    return VG_OK;
}

/* An attestation lives where its scope says; a workload's fact with the workload. */
static uint32_t home_of(const vg_homes *homes, const vg_resource *resource)
{
    static const vg_str of_workload = VG_STR_INIT("workload:"), separator = VG_STR_INIT("@workload:");
    vg_str workload = {0};
    size_t at = vg_str_find(resource->id, separator);
    if (vg_str_starts(resource->type, VG_STR("Vigil::Workload::")))
        workload = resource->id;
    else if (vg_str_starts(resource->type, VG_STR("Vigil::Attestation::")) && at != VG_NPOS)
        workload = vg_str_sub(resource->id, at + 1 + of_workload.len, VG_NPOS);
    size_t number = workload.len ? vg_find_workload(homes, workload) : VG_NPOS;
    if (number != VG_NPOS)
        return (uint32_t)vg_home_workload(homes, number);
    bool is_organizations = resource->account.len == 0 || workload.len > 0 ||
                            vg_str_starts(resource->type, VG_STR("Vigil::Organization::"));
    if (is_organizations)
        return (uint32_t)vg_home_organization(homes);
    size_t account = vg_find_account(homes->assessment, resource->account);
    return (uint32_t)(account == VG_NPOS ? vg_home_elsewhere(homes) : account);
}

/* Judgements are in the order of subjects. */
static void index_judgements(vg_homes *homes)
{
    const vg_assessment *assessment = homes->assessment;
    size_t at = 0;
    for (size_t s = 0; s <= assessment->subject_count; s++) {
        while (at < assessment->judgement_count && assessment->judgements[at].subject < s)
            at++;
        homes->first_judgement[s] = (uint32_t)at;
    }
}

vg_status vg_homes_build(const vg_assessment *assessment, vg_arena *arena, vg_homes *out, vg_error *err)
{
    size_t controls = assessment->content->control_count;
    *out = (vg_homes){.assessment = assessment, .arena = arena, .account_count = assessment->account_count};
    VG_TRY(name_workloads(out, err));
    out->home_count = out->account_count + 2 + out->workload_count;
    out->home_of = VG_NEW_N(arena, uint32_t, assessment->subject_count + 1);
    out->first_judgement = VG_NEW_N(arena, uint32_t, assessment->subject_count + 1);
    out->tallies = VG_NEW_N(arena, vg_tally, out->home_count * controls + 1);
    if (!out->home_of || !out->first_judgement || !out->tallies)
        return no_memory(err);
    for (size_t s = 0; s < assessment->subject_count; s++)
        out->home_of[s] = home_of(out, &assessment->subjects[s].resource);
    for (size_t j = 0; j < assessment->judgement_count; j++) {
        const vg_judgement *judgement = &assessment->judgements[j];
        size_t home = out->home_of[judgement->subject];
        out->tallies[home * controls + judgement->control].of[judgement->verdict]++;
    }
    index_judgements(out);
    return VG_OK;
}

vg_status vg_section_sum(const vg_homes *homes, bool *has, vg_arena *arena, vg_section_count *out,
                         vg_error *err)
{
    const vg_content *content = homes->assessment->content;
    *out = (vg_section_count){.homes = homes, .has = has};
    out->tallies = VG_NEW_N(arena, vg_tally, content->control_count + 1);
    out->marks = VG_NEW_N(arena, vg_mark, content->practice_count + 1);
    if (!out->tallies || !out->marks)
        return no_memory(err);
    for (size_t home = 0; home < homes->home_count; home++) {
        if (!has[home])
            continue;
        out->accounts += home < homes->account_count;
        for (size_t c = 0; c < content->control_count; c++)
            for (size_t v = 0; v < 5; v++)
                out->tallies[c].of[v] += homes->tallies[home * content->control_count + c].of[v];
    }
    out->mark = vg_mark_all(content, out->tallies, out->marks);
    return vg_targets_build(homes, has, arena, &out->targets, err);
}
