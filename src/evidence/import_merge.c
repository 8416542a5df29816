/* import_merge.c: writing what files said, in their order, and telling where they contradict each other.
 *
 * Three things can be seen only here, where all files meet: answers to one question at one time that differ, a second
 * organisation, and a tree that is none (a child with two parents, a unit that is its own ancestor). The first and the
 * third are told and imported, the later file winning; the second is refused. */
#include "evidence/import_merge.h"

#include <stdlib.h>

typedef struct {
    uint64_t content;
    vg_str text, path;
} import_seen;

/* A part whose account is not known before the organisation is; memory is its file's. */
typedef struct {
    vg_arena *arena;
    import_part *part;
    uint64_t size;
    vg_sha256 sha256;
} import_waiting;

static vg_status out_of_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out");
}

/* ---- counting and telling -------------------------------------------------------------------------------------------------- */

static vg_str operation_name(const import_call *call)
{
    return call->operation ? call->operation->name : call->operation_name;
}

static vg_status count_place(import_merge *merge, vg_str operation, const char *kind, vg_str place,
                             uint64_t *count, vg_error *err)
{
    bool added;
    if (!place.len)
        return VG_OK;
    char text[256];
    int n = snprintf(text, sizeof text, "%.*s %s %.*s", VG_ARG(operation), kind, VG_ARG(place));
    vg_str key = vg_str_of(text, n > 0 && (size_t)n < sizeof text ? (size_t)n : 0);
    if (vg_map_get(merge->places, key))
        return VG_OK;
    key = vg_arena_str(merge->arena, key);
    if (!key.ptr || !vg_map_put(merge->places, key, &added))
        return out_of_memory(err);
    ++*count;
    return VG_OK;
}

static vg_status count_part(import_merge *merge, const import_part *part, vg_error *err)
{
    vg_str name = operation_name(&part->call);
    vg_map_entry *entry = vg_map_get(merge->counts, name);
    if (!entry) {
        vg_str key = vg_arena_str(merge->arena, name);
        vg_import_count *fresh = VG_NEW(merge->arena, vg_import_count);
        entry = key.ptr && fresh ? vg_map_put(merge->counts, key, NULL) : NULL;
        if (!entry)
            return out_of_memory(err);
        fresh->operation = key;
        entry->value.ptr = fresh;
    }
    vg_import_count *count = entry->value.ptr;
    count->outcomes[part->outcome]++;
    count->truncated += part->truncated;
    count->items += part->items;
    merge->summary.without_view += part->without_view;
    VG_TRY(count_place(merge, name, "account", part->call.account, &count->accounts, err));
    return count_place(merge, name, "region", part->call.region, &count->regions, err);
}

static vg_str part_path(import_merge *merge, const import_part *part)
{
    return part->call.line
               ? vg_arena_printf(merge->arena, "%.*s:%u", VG_ARG(part->call.path), part->call.line)
               : part->call.path;
}

static void tell_at(import_merge *merge, const import_part *part, vg_str path, vg_str reason, bool is_note)
{
    const vg_import_options *options = merge->world->options;
    if (!options->report)
        return;
    vg_import_row row = {
        .path = path,
        .operation = operation_name(&part->call),
        .parameter = part->call.parameter,
        .account = part->call.account,
        .region = part->call.region,
        .outcome = part->outcome,
        .truncated = part->truncated,
        .note = is_note,
        .reason = reason,
    };
    options->report(options->context, &row);
}

static void tell(import_merge *merge, const import_part *part, vg_str reason, bool is_note)
{
    tell_at(merge, part, part_path(merge, part), reason, is_note);
}

/* Something imported that is doubtful all the same. */
static void note(import_merge *merge, const import_part *part, vg_str reason)
{
    merge->summary.notes++;
    merge->doubtful = true;
    tell(merge, part, reason, true);
}

/* Policies that AWS would refuse: imported as they are, and told. */
static void tell_policies(import_merge *merge, const import_part *part)
{
    const vg_vec *refused = &part->policies.refused;
    merge->summary.notes += refused->len;
    merge->summary.refused_policies += refused->len;
    merge->doubtful |= refused->len > 0;
    for (size_t i = 0; i < refused->len; i++) {
        const import_refused *one = vg_vec_at(refused, i);
        tell_at(merge, part, one->path, one->reason, true);
    }
}

static vg_status put_ledger(import_merge *merge, const import_part *part, uint64_t size,
                            const vg_sha256 *sha256, vg_error *err)
{
    vg_ledger_entry entry = {
        .path = part_path(merge, part),
        .size = size,
        .operation = operation_name(&part->call),
        .parameter = part->call.parameter,
        .account = part->call.account,
        .region = part->call.region,
        .outcome = part->outcome,
        .reason = part->reason,
        .truncated = part->truncated,
        .items = part->items,
        .observed = part->call.time,
    };
    memcpy(entry.sha256, sha256->bytes, sizeof entry.sha256);
    return vg_evidence_put_ledger(merge->evidence, &entry, err);
}

/* ---- contradictions ------------------------------------------------------------------------------------------------------------ */

static vg_str question_of(import_merge *merge, const import_call *call)
{
    return vg_arena_printf(merge->arena, "%.*s|%.*s|%.*s|%.*s|%.*s|%lld", VG_ARG(operation_name(call)),
                           VG_ARG(call->parameter), VG_ARG(call->also), VG_ARG(call->account),
                           VG_ARG(call->region), (long long)call->time);
}

static vg_status see(import_merge *merge, vg_map *map, vg_str key, import_seen now, import_seen *before,
                     vg_error *err)
{
    bool added;
    vg_map_entry *entry = key.ptr ? vg_map_put(map, key, &added) : NULL;
    import_seen *place = entry && added ? VG_NEW(merge->arena, import_seen) : entry ? entry->value.ptr : NULL;
    if (!place)
        return out_of_memory(err);
    entry->value.ptr = place;
    *before = *place;
    *place = now;
    return VG_OK;
}

static vg_status check_contradiction(import_merge *merge, const import_part *part, vg_error *err)
{
    import_seen before;
    if (part->outcome != VG_LEDGER_IMPORTED || !part->content || part->truncated)
        return VG_OK;
    import_seen now = {part->content, VG_STR(""), vg_arena_str(merge->arena, part->call.path)};
    VG_TRY(see(merge, merge->seen, question_of(merge, &part->call), now, &before, err));
    if (before.content && before.content != part->content)
        note(merge, part,
             vg_arena_printf(merge->arena,
                             "contradicts %.*s, which answers the same question at the same time; this one, "
                             "the later, was taken: remove the wrong one",
                             VG_ARG(before.path)));
    return VG_OK;
}

static vg_status check_parent(import_merge *merge, const import_part *part, const vg_resource *resource,
                              vg_error *err)
{
    import_seen before;
    vg_doc doc;
    vg_arena *scratch = vg_arena_new(0);
    if (!scratch || vg_json_read(scratch, resource->properties, VG_STR(""), NULL, &doc, NULL) != VG_OK) {
        vg_arena_free(scratch);
        return out_of_memory(err);
    }
    vg_str child = vg_arena_str(merge->arena, resource->id);
    import_seen now = {1, vg_arena_str(merge->arena, vg_get_str(doc.root, "ParentId")),
                       vg_arena_str(merge->arena, part->call.path)};
    vg_arena_free(scratch);
    VG_TRY(see(merge, merge->parents, child, now, &before, err));
    if (before.content && !vg_str_eq(before.text, now.text))
        note(merge, part,
             vg_arena_printf(merge->arena,
                             "puts %.*s under %.*s, but %.*s puts it under %.*s: export both again",
                             VG_ARG(child), VG_ARG(now.text), VG_ARG(before.path), VG_ARG(before.text)));
    return VG_OK;
}

/* One thing told twice by one answer, in two ways. */
static vg_status check_twice(import_merge *merge, const import_part *part, vg_map *ids,
                             const vg_resource *resource, vg_error *err)
{
    bool added;
    vg_str key = vg_arena_printf(merge->arena, "%.*s %.*s %.*s", VG_ARG(resource->type),
                                 VG_ARG(resource->region), VG_ARG(resource->id));
    vg_map_entry *entry = key.ptr ? vg_map_put(ids, key, &added) : NULL;
    if (!entry)
        return out_of_memory(err);
    const vg_resource *first = entry->value.ptr;
    if (!added && !vg_str_eq(first->properties, resource->properties))
        note(merge, part,
             vg_arena_printf(merge->arena,
                             "tells of %.*s twice, and differently; the later was taken: export it again",
                             VG_ARG(resource->id)));
    entry->value.ptr = (void *)(uintptr_t)resource;
    return VG_OK;
}

static vg_status check_organization_part(import_merge *merge, const import_part *part, vg_error *err)
{
    if (!part->call.operation || part->call.operation->scope != IMPORT_ORGANIZATION)
        return VG_OK;
    vg_map *ids = vg_map_new(merge->arena, 0);
    if (!ids)
        return out_of_memory(err);
    for (size_t i = 0; i < part->resources.len; i++) {
        const vg_resource *resource = vg_vec_at(&part->resources, i);
        VG_TRY(check_twice(merge, part, ids, resource, err));
        if (vg_str_is(resource->type, "Vigil::Organization::Parent"))
            VG_TRY(check_parent(merge, part, resource, err));
    }
    return VG_OK;
}

/* ---- the organisation ------------------------------------------------------------------------------------------------------------- */

/* Learns the organisation from the first part that tells it. False when the part is of another one: then refused. */
static bool accept_organization(import_merge *merge, import_part *part)
{
    import_world *world = merge->world;
    vg_str told = part->call.organization;
    if (!told.len)
        return true;
    if (!world->organization.len)
        world->organization = vg_arena_str(merge->arena, told);
    if (!vg_str_eq(world->organization, told)) {
        import_refuse(
            merge->arena, part, VG_LEDGER_ERROR,
            "is of organisation %.*s, but this workspace is of %.*s: import it into a workspace of its own "
            "(--workspace)",
            VG_ARG(told), VG_ARG(world->organization));
        return false;
    }
    if (!world->management.len && part->call.management.len)
        world->management = vg_arena_str(merge->arena, part->call.management);
    return true;
}

/* ---- writing ------------------------------------------------------------------------------------------------------------------------ */

static vg_str scope_parameter(import_merge *merge, const import_call *call)
{
    return call->also.len
               ? vg_arena_printf(merge->arena, "%.*s %.*s", VG_ARG(call->parameter), VG_ARG(call->also))
               : call->parameter;
}

static vg_status put_part(import_merge *merge, const import_part *part, vg_error *err)
{
    const vg_import_options *options = merge->world->options;
    const import_call *call = &part->call;
    vg_scope scope = {operation_name(call), scope_parameter(merge, call), call->account, call->region};
    uint32_t handle;
    VG_TRY(vg_evidence_scope(merge->evidence, &scope, &handle, err));
    for (size_t i = 0; i < part->resources.len; i++)
        VG_TRY(vg_evidence_put(merge->evidence, handle, vg_vec_at(&part->resources, i), NULL, err));
    for (size_t i = 0; i < part->relations.len; i++)
        VG_TRY(vg_evidence_put_relation(merge->evidence, handle, vg_vec_at(&part->relations, i), call->time,
                                        err));
    for (size_t i = 0; options->finding && i < part->findings.len; i++)
        VG_TRY(options->finding(options->context, vg_vec_at(&part->findings, i), err));
    merge->summary.resources += part->resources.len;
    merge->summary.relations += part->relations.len;
    merge->summary.findings += part->findings.len;
    return part->complete ? vg_evidence_scope_complete(merge->evidence, handle, call->time, err) : VG_OK;
}

static vg_status put_workloads(import_merge *merge, import_part *part, vg_error *err)
{
    size_t count = 0;
    vg_error why = {0};
    if (merge->workloads.len) {
        import_refuse(merge->arena, part, VG_LEDGER_ERROR,
                      "a second workload mapping: the first is %.*s; put all workloads into one file",
                      VG_ARG(merge->workloads));
        return VG_OK;
    }
    vg_status status = vg_evidence_put_workloads(merge->evidence, part->workloads, part->call.path,
                                                 part->call.time, &count, &why);
    bool is_bad_file = status == VG_ERR_VALUE || status == VG_ERR_SYNTAX || status == VG_ERR_LIMIT;
    if (status != VG_OK && !is_bad_file) {
        vg_error_copy(err, &why);
        return status;
    }
    if (is_bad_file) {
        char text[640];
        snprintf(text, sizeof text, "line %u, column %u: %s", why.place.line, why.place.column, why.message);
        import_refuse(merge->arena, part, VG_LEDGER_ERROR, "%s", text);
        return VG_OK;
    }
    merge->workloads = vg_arena_str(merge->arena, part->call.path);
    part->items = count;
    merge->summary.resources += count;
    return VG_OK;
}

static vg_status write_part(import_merge *merge, import_part *part, uint64_t size, const vg_sha256 *sha256,
                            vg_error *err)
{
    bool is_known = part->outcome == VG_LEDGER_IMPORTED || part->outcome == VG_LEDGER_ABSENT;
    if (is_known && accept_organization(merge, part)) {
        VG_TRY(check_contradiction(merge, part, err));
        VG_TRY(check_organization_part(merge, part, err));
        if (part->workloads.ptr)
            VG_TRY(put_workloads(merge, part, err));
        else
            VG_TRY(put_part(merge, part, err));
        tell_policies(merge, part);
    }
    bool is_short =
        part->truncated || (part->outcome != VG_LEDGER_IMPORTED && part->outcome != VG_LEDGER_ABSENT);
    if (part->truncated && !part->reason.len)
        part->reason =
            VG_STR("not in full: AWS says that there is more (NextToken, IsTruncated); export it again "
                   "without --max-items or --no-paginate");
    if (is_short) {
        merge->doubtful = true;
        tell(merge, part, part->reason, false);
    }
    VG_TRY(count_part(merge, part, err));
    return put_ledger(merge, part, size, sha256, err);
}

vg_status import_merge_file(import_merge *merge, import_file *file, bool *keeps, vg_error *err)
{
    *keeps = false;
    if (file->failed)
        return out_of_memory(err);
    for (size_t i = 0; i < file->parts.len; i++) {
        import_part *part = vg_vec_at(&file->parts, i);
        if (!part->waits) {
            VG_TRY(write_part(merge, part, file->size, &file->sha256, err));
            continue;
        }
        accept_organization(merge, part);
        import_waiting *waiting = vg_vec_push(&merge->waiting);
        if (!waiting)
            return out_of_memory(err);
        *waiting = (import_waiting){file->arena, part, file->size, file->sha256};
        *keeps = true;
    }
    return VG_OK;
}

vg_status import_merge_skipped(import_merge *merge, vg_str path, vg_str reason, vg_error *err)
{
    vg_str none = VG_STR("");
    import_part part = {
        .call = {.operation_name = none,
                 .parameter = none,
                 .also = none,
                 .account = none,
                 .region = none,
                 .path = path,
                 .time = merge->world->options->now},
        .outcome = VG_LEDGER_ERROR,
        .reason = reason,
    };
    vg_sha256 nothing = {{0}};
    return write_part(merge, &part, 0, &nothing, err);
}

/* ---- the end ---------------------------------------------------------------------------------------------------------------------------- */

/* Walks up from each child; a walk longer than the map has entries has gone round. Each cycle is told once, by its
 * first member in the order seen. */
static void tell_cycles(import_merge *merge)
{
    vg_map *told = vg_map_new(merge->arena, 0);
    for (size_t i = 0; told && i < vg_map_len(merge->parents); i++) {
        const vg_map_entry *start = vg_map_at(merge->parents, i), *at = start;
        size_t steps = 0;
        while (at && steps++ <= IMPORT_LEVELS * 4 && !(steps > 1 && vg_str_eq(at->key, start->key)))
            at = vg_map_get(merge->parents, ((const import_seen *)at->value.ptr)->text);
        bool is_cycle = at && steps > 1 && vg_str_eq(at->key, start->key);
        if (!is_cycle || vg_map_get(told, start->key))
            continue;
        do {
            vg_map_put(told, at->key, NULL);
            at = vg_map_get(merge->parents, ((const import_seen *)at->value.ptr)->text);
        } while (at && !vg_str_eq(at->key, start->key));
        const import_seen *seen = start->value.ptr;
        import_part part = {.call = {.path = seen->path, .operation_name = VG_STR("")},
                            .outcome = VG_LEDGER_IMPORTED};
        note(merge, &part,
             vg_arena_printf(merge->arena,
                             "%.*s is its own ancestor: exports of different times are mixed; export the "
                             "organisation's tree again",
                             VG_ARG(start->key)));
    }
}

static vg_status flush_waiting(import_merge *merge, vg_error *err)
{
    for (size_t i = 0; i < merge->waiting.len; i++) {
        const import_waiting *waiting = vg_vec_at(&merge->waiting, i);
        if (accept_organization(merge, waiting->part))
            VG_TRY(import_part_resume(merge->world, waiting->arena, waiting->part, err));
        VG_TRY(write_part(merge, waiting->part, waiting->size, &waiting->sha256, err));
    }
    return VG_OK;
}

static int compare_counts(const void *a, const void *b)
{
    return vg_str_cmp(((const vg_import_count *)a)->operation, ((const vg_import_count *)b)->operation);
}

vg_status import_merge_end(import_merge *merge, vg_error *err)
{
    VG_TRY(flush_waiting(merge, err));
    tell_cycles(merge);
    size_t count = vg_map_len(merge->counts);
    vg_import_count *operations = VG_NEW_N(merge->arena, vg_import_count, count + 1);
    if (!operations)
        return out_of_memory(err);
    for (size_t i = 0; i < count; i++)
        operations[i] = *(vg_import_count *)vg_map_at(merge->counts, i)->value.ptr;
    if (count)
        qsort(operations, count, sizeof *operations, compare_counts);
    merge->summary.operations = operations;
    merge->summary.operation_count = count;
    merge->summary.complete = !merge->doubtful;
    return VG_OK;
}

vg_status import_merge_begin(import_merge *merge, vg_evidence *evidence, import_world *world, vg_arena *arena,
                             vg_error *err)
{
    *merge = (import_merge){.evidence = evidence, .world = world, .arena = arena, .workloads = VG_STR("")};
    merge->seen = vg_map_new(arena, 0);
    merge->parents = vg_map_new(arena, 0);
    merge->counts = vg_map_new(arena, 0);
    merge->places = vg_map_new(arena, 0);
    merge->waiting = vg_vec_in(arena, sizeof(import_waiting));
    if (!merge->seen || !merge->parents || !merge->counts || !merge->places)
        return out_of_memory(err);
    vg_organization known;
    VG_TRY(vg_evidence_organization(evidence, arena, VG_TIME_NONE, &known, err));
    world->organization = known.id.len ? known.id : VG_STR("");
    world->management = known.management_account.len ? known.management_account : VG_STR("");
    return VG_OK;
}
