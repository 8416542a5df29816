/* target.c: where a policy is attached, so that one command does what ten would.
 *
 * A policy binds every member account below the OU or root that it is attached to. What denies does no harm above
 * accounts that it already reaches, but should not reach further than the question did. So the target of an account is
 * the highest of the nodes above it that hold no account outside the section, and never less than its own OU: policies
 * are for functions, not for single accounts. Of the whole organisation that is the root. The management account, which
 * no such policy binds, is never in the way. */
#include "review/review_part.h"

#include <stdlib.h>

/* Deeper than Organizations lets a tree be (5 levels below the root); the assessment has cut cycles already. */
enum { DEEPEST = 64 };

static const vg_unit *unit_named(const vg_assessment *assessment, vg_str id)
{
    size_t low = 0, high = assessment->unit_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = vg_str_cmp(assessment->units[middle].id, id);
        if (order == 0)
            return &assessment->units[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

vg_status vg_targets_build(const vg_homes *homes, const bool *has, vg_arena *arena, const vg_str **out,
                           vg_error *err)
{
    const vg_assessment *assessment = homes->assessment;
    vg_str *targets = VG_NEW_N(arena, vg_str, assessment->account_count + 1);
    bool *reaches_others = VG_NEW_N(arena, bool, assessment->unit_count + 1);
    if (!targets || !reaches_others)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while choosing targets");
    for (size_t i = 0; i < assessment->account_count; i++) {
        const vg_account *account = &assessment->accounts[i];
        if (has[i] || vg_str_eq(account->id, assessment->management))
            continue;
        const vg_unit *unit = unit_named(assessment, account->parent);
        for (size_t depth = 0; unit && depth < DEEPEST; depth++) {
            reaches_others[unit - assessment->units] = true;
            unit = unit_named(assessment, unit->parent);
        }
    }
    for (size_t i = 0; i < assessment->account_count; i++) {
        const vg_unit *unit = unit_named(assessment, assessment->accounts[i].parent);
        targets[i] = unit ? unit->id : assessment->accounts[i].id;
        for (size_t depth = 0; unit && !reaches_others[unit - assessment->units] && depth < DEEPEST;
             depth++) {
            targets[i] = unit->id;
            unit = unit_named(assessment, unit->parent);
        }
    }
    *out = targets;
    return VG_OK;
}
