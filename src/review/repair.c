/* repair.c: what repairing a control would change, found by doing it.
 *
 * A control's header says what its commands make true of the subject (`repair`). Here that is applied to each subject
 * that fails it, and every control of the subject is judged again: MFA that is turned on may satisfy two controls, and
 * what is turned on may be seen to be set up badly. Without `repair`, the control's own verdict becomes a pass and no
 * other changes. Subjects with the same properties change in the same way, and are judged once.
 *
 * Controls that are repaired by the same commands are repaired together, as one action, by the first of them: what a
 * subject fails of them is repaired at once. */
#include "review/review_part.h"

#include <stdlib.h>

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while weighing repairs");
}

/* ---- properties, repaired ------------------------------------------------------------------------------------------------------ */

/* Whether one action repairs both: the same words and the same things to type. */
static bool is_same_action(const vg_control *a, const vg_control *b)
{
    vg_str left, right;
    size_t count = 0;
    if (!vg_str_eq(vg_control_action(a), vg_control_action(b)) || !vg_str_eq(a->attestation, b->attestation))
        return false;
    for (bool more = true; more; count += more) {
        more = vg_control_item(a->header.commands, count, &left);
        if (more != vg_control_item(b->header.commands, count, &right) || (more && !vg_str_eq(left, right)))
            return false;
    }
    return count > 0 || vg_str_eq(a->header.remediation, b->header.remediation);
}

vg_status vg_repair_properties(const vg_control *control, const vg_value *properties, vg_arena *arena,
                               const vg_value **out, vg_error *err)
{
    size_t nodes;
    vg_builder *b = vg_builder_new(arena);
    if (!b)
        return no_memory(err);
    vg_builder_object(b);
    for (vg_items it = vg_items_of(properties); vg_items_next(&it);)
        if (!vg_get(control->repair, it.key)) {
            vg_builder_key(b, it.key);
            vg_builder_value(b, it.value);
        }
    for (vg_items it = vg_items_of(control->repair); vg_items_next(&it);)
        if (it.value->kind != VG_NULL) {
            vg_builder_key(b, it.key);
            vg_builder_value(b, it.value);
        }
    vg_builder_end(b);
    return vg_builder_finish(b, out, &nodes, err);
}

/* ---- one subject ------------------------------------------------------------------------------------------------------------------ */

typedef struct {
    const vg_homes *homes;
    vg_arena *arena, *scratch;
    vg_map *cache;   /* properties -> new verdicts; of one action */
    bool is_shared;  /* the action is that of several controls: the key says which of them a subject fails */
    vg_vec changes;  /* vg_change, being collected */
    vg_vec repaired; /* uint32_t: judgements */
} weigher;

/* Whether the judgement is one that the control's action repairs. */
static bool is_repairable(const vg_assessment *assessment, const vg_judgement *judgement)
{
    const vg_control *control = &assessment->content->controls[judgement->control];
    if (judgement->verdict == VG_VERDICT_FAIL || judgement->verdict == VG_VERDICT_PARTLY)
        return true;
    return judgement->verdict == VG_VERDICT_NOT_ASSESSED && control->attestation.len > 0;
}

static vg_status add_change(weigher *w, size_t home, const vg_judgement *judgement, vg_verdict becomes,
                            vg_error *err)
{
    if (becomes == judgement->verdict)
        return VG_OK;
    vg_change *change = vg_vec_push(&w->changes);
    if (!change)
        return no_memory(err);
    *change = (vg_change){.home = (uint32_t)home, .control = judgement->control};
    change->change.of[judgement->verdict]--;
    change->change.of[becomes]++;
    return VG_OK;
}

/* What is repaired of one subject: judgements of controls that one action repairs. */
typedef struct {
    const vg_judgement *const *judgements;
    size_t count;
} repaired_subject;

/* Whether the control's own verdict is all that its repair changes. */
static bool is_own_verdict(const weigher *w, const vg_judgement *judgement)
{
    const vg_assessment *assessment = w->homes->assessment;
    return !assessment->content->controls[judgement->control].repair ||
           assessment->subjects[judgement->subject].resource.properties.len == 0;
}

/* The verdicts, as bytes, of all judgements of the subject once it is repaired. */
static vg_status judge_repaired(weigher *w, const repaired_subject *of, uint8_t *verdicts, vg_error *err)
{
    const vg_assessment *assessment = w->homes->assessment;
    const vg_subject *subject = &assessment->subjects[of->judgements[0]->subject];
    size_t first = w->homes->first_judgement[of->judgements[0]->subject],
           end = w->homes->first_judgement[of->judgements[0]->subject + 1];
    vg_doc doc;
    VG_TRY(vg_json_read(w->scratch, subject->resource.properties, subject->resource.id, NULL, &doc, err));
    const vg_value *repaired = doc.root;
    for (size_t i = 0; i < of->count; i++) {
        const vg_control *control = &assessment->content->controls[of->judgements[i]->control];
        if (control->repair)
            VG_TRY(vg_repair_properties(control, repaired, w->scratch, &repaired, err));
    }
    for (size_t j = first; j < end; j++) {
        vg_verdict verdict;
        vg_str message;
        vg_time now = assessment->now != VG_TIME_NONE ? assessment->now : subject->seen;
        VG_TRY(vg_control_judge(&assessment->content->controls[assessment->judgements[j].control],
                                &subject->resource, repaired, now, w->scratch, &verdict, &message, err));
        verdicts[j - first] = (uint8_t)verdict;
    }
    for (size_t i = 0; i < of->count; i++)
        if (is_own_verdict(w, of->judgements[i]))
            verdicts[(size_t)(of->judgements[i] - assessment->judgements) - first] = VG_VERDICT_PASS;
    return VG_OK;
}

/* The key under which the outcome is found again: what is repaired, and of what. */
static vg_str key_of(weigher *w, const repaired_subject *of)
{
    const vg_subject *subject = &w->homes->assessment->subjects[of->judgements[0]->subject];
    vg_str key = subject->resource.properties;
    for (size_t i = 0; i < of->count && w->is_shared; i++)
        key = vg_arena_printf(w->scratch, "%u,%.*s", of->judgements[i]->control, VG_ARG(key));
    return key;
}

static vg_status repair_subject(weigher *w, const repaired_subject *of, vg_error *err)
{
    const vg_assessment *assessment = w->homes->assessment;
    size_t subject = of->judgements[0]->subject, home = w->homes->home_of[subject];
    size_t first = w->homes->first_judgement[subject], count = w->homes->first_judgement[subject + 1] - first;
    bool is_own = true, added = false;
    for (size_t i = 0; i < of->count; i++)
        is_own = is_own && is_own_verdict(w, of->judgements[i]);
    for (size_t i = 0; i < of->count && is_own; i++)
        VG_TRY(add_change(w, home, of->judgements[i], VG_VERDICT_PASS, err));
    if (is_own)
        return VG_OK;
    vg_str key = key_of(w, of);
    vg_map_entry *entry = key.ptr ? vg_map_put(w->cache, key, &added) : NULL;
    if (!entry)
        return no_memory(err);
    uint8_t *verdicts = entry->value.ptr;
    if (added) {
        verdicts = VG_NEW_N(w->scratch, uint8_t, count);
        if (!verdicts)
            return no_memory(err);
        entry->value.ptr = verdicts;
        VG_TRY(judge_repaired(w, of, verdicts, err));
    }
    for (size_t j = 0; j < count; j++)
        VG_TRY(add_change(w, home, &assessment->judgements[first + j], (vg_verdict)verdicts[j], err));
    return VG_OK;
}

/* ---- one action ---------------------------------------------------------------------------------------------------------------------- */

static int compare_changes(const void *left, const void *right)
{
    const vg_change *a = left, *b = right;
    if (a->home != b->home)
        return a->home < b->home ? -1 : 1;
    return a->control < b->control ? -1 : a->control > b->control;
}

/* Sorted, with those of one home and control added up. */
static size_t add_up(vg_change *changes, size_t count)
{
    size_t kept = 0;
    if (count > 1)
        qsort(changes, count, sizeof *changes, compare_changes);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && compare_changes(&changes[kept - 1], &changes[i]) == 0) {
            for (size_t v = 0; v < 5; v++)
                changes[kept - 1].change.of[v] += changes[i].change.of[v];
        } else {
            changes[kept++] = changes[i];
        }
    }
    return kept;
}

/* `judgements` are in their order, so that those of a subject stand together. */
static vg_status weigh_action(weigher *w, const vg_judgement *const *judgements, size_t count, vg_repair *out,
                              vg_error *err)
{
    const vg_assessment *assessment = w->homes->assessment;
    vg_arena_reset(w->scratch);
    w->cache = vg_map_new(w->scratch, 0);
    w->changes = vg_vec_in(w->scratch, sizeof(vg_change));
    uint32_t *repaired = VG_NEW_N(w->arena, uint32_t, count);
    if (!w->cache || !repaired)
        return no_memory(err);
    for (size_t i = 0, same; i < count; i += same) {
        for (same = 0; i + same < count && judgements[i + same]->subject == judgements[i]->subject; same++)
            repaired[i + same] = (uint32_t)(judgements[i + same] - assessment->judgements);
        VG_TRY(repair_subject(w, &(repaired_subject){judgements + i, same}, err));
    }
    size_t kept = add_up(w->changes.items, w->changes.len);
    vg_change *changes = VG_NEW_N(w->arena, vg_change, kept + 1);
    if (!changes)
        return no_memory(err);
    if (kept)
        memcpy(changes, w->changes.items, kept * sizeof *changes);
    *out = (vg_repair){changes, kept, repaired, count};
    return VG_OK;
}

/* Of each control, the first that the same action repairs: itself, when there is none before it. */
static void name_actions(const vg_content *content, uint32_t *action_of)
{
    for (size_t c = 0; c < content->control_count; c++) {
        size_t first = 0;
        while (first < c && !is_same_action(&content->controls[first], &content->controls[c]))
            first++;
        action_of[c] = (uint32_t)first;
    }
}

/* Judgements to repair, by action: counted, then placed. */
static vg_status group(const vg_assessment *assessment, const uint32_t *action_of, vg_arena *scratch,
                       const vg_judgement ***out, size_t **firsts, vg_error *err)
{
    size_t controls = assessment->content->control_count, total = 0;
    size_t *first = VG_NEW_N(scratch, size_t, controls + 2);
    if (!first)
        return no_memory(err);
    for (size_t j = 0; j < assessment->judgement_count; j++)
        if (is_repairable(assessment, &assessment->judgements[j])) {
            first[action_of[assessment->judgements[j].control] + 2]++;
            total++;
        }
    for (size_t c = 1; c < controls + 2; c++)
        first[c] += first[c - 1];
    const vg_judgement **grouped = VG_NEW_N(scratch, const vg_judgement *, total + 1);
    if (!grouped)
        return no_memory(err);
    for (size_t j = 0; j < assessment->judgement_count; j++)
        if (is_repairable(assessment, &assessment->judgements[j]))
            grouped[first[action_of[assessment->judgements[j].control] + 1]++] = &assessment->judgements[j];
    *out = grouped;
    *firsts = first;
    return VG_OK;
}

vg_status vg_repairs_build(const vg_homes *homes, vg_arena *arena, const vg_repair **out, vg_error *err)
{
    const vg_content *content = homes->assessment->content;
    size_t controls = content->control_count;
    vg_arena *scratch = vg_arena_new(0), *lists = vg_arena_new(0);
    vg_repair *repairs = VG_NEW_N(arena, vg_repair, controls + 1);
    uint32_t *action_of = VG_NEW_N(arena, uint32_t, controls + 1);
    const vg_judgement **grouped = NULL;
    size_t *first = NULL;
    vg_status status = scratch && lists && repairs && action_of ? VG_OK : no_memory(err);
    weigher w = {.homes = homes, .arena = arena, .scratch = scratch};
    if (status == VG_OK) {
        name_actions(content, action_of);
        status = group(homes->assessment, action_of, lists, &grouped, &first, err);
    }
    for (size_t c = 0; c < controls && status == VG_OK; c++) {
        w.is_shared = false;
        for (size_t other = c + 1; other < controls; other++)
            w.is_shared = w.is_shared || action_of[other] == c;
        if (first[c + 1] > first[c])
            status = weigh_action(&w, grouped + first[c], first[c + 1] - first[c], &repairs[c], err);
    }
    vg_arena_free(scratch);
    vg_arena_free(lists);
    *out = repairs;
    return status;
}
