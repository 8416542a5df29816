/* digest_verify.c: a copy of a bucket, verified: which files are digests, how they follow each other, and what is
 * missing.
 *
 * A digest names the one before it, so a deleted one is missed by its successor, whatever else was done. Three things
 * look like deletions and are none: a digest without a previous one starts a chain anew (validation or logging was
 * turned off and on again), a digest without logs tells of an hour in which nothing happened, and a back-fill digest
 * brings logs that were late, beside the chain. Nothing follows the newest digest, so its deletion cannot be seen at
 * all: a chain says how far it reaches, and what was asked for beyond that is not assessed.
 * Source: CloudTrail User Guide, "CloudTrail digest file structure", and the AWS CLI's validate-logs, whose words for
 * verdicts are kept. */
#include "trail/digest_part.h"

#include <stdlib.h>

enum { MOST_HEAD = 1 << 20 };

static const vg_time hour = INT64_C(3600) * VG_TIME_SECOND;

const char *const vg_proof_names[VG_PROOF_COUNT] = {"valid", "invalid", "missing", "not assessed", "note"};
const char *const vg_digest_kind_names[VG_DIGEST_KIND_COUNT] = {"digest", "backfill digest", "log", "gap",
                                                                "tail"};

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while verifying digests");
}

/* ---- which file is what ------------------------------------------------------------------------------------------- */

static bool is_digest_file(vg_str path)
{
    return vg_str_find(vg_path_name(path), VG_STR("_CloudTrail-Digest_")) != VG_NPOS &&
           vg_str_ends(vg_digest_plain_name(path), VG_STR(".json"));
}

static vg_status index_files(vg_verifying *v, vg_vec *digests, vg_error *err)
{
    static const vg_str head = VG_STR_INIT(".head.json");
    const vg_digest_options *o = v->options;
    for (size_t i = 0; i < o->file_count; i++) {
        vg_str path = o->files[i].path;
        bool is_head = vg_str_ends(path, head), is_digest = !is_head && is_digest_file(path), added;
        if (is_digest) {
            size_t *at = vg_vec_push(digests);
            if (!at)
                return no_memory(err);
            *at = i;
            continue;
        }
        vg_str key = is_head ? vg_digest_plain_name(vg_str_sub(path, 0, path.len - head.len))
                             : vg_digest_plain_name(vg_path_name(path));
        vg_map_entry *entry = vg_map_put(is_head ? v->heads : v->by_name, key, &added);
        if (!entry)
            return no_memory(err);
        v->same_name[i] = added ? 0 : (uint32_t)entry->value.u64;
        entry->value.u64 = i + 1;
    }
    return VG_OK;
}

/* ---- reading digests ---------------------------------------------------------------------------------------------- */

/* The signature beside a digest, when there is a file for it. */
static vg_status read_head(vg_verifying *v, vg_digest_node *node, vg_error *err)
{
    const vg_map_entry *at = vg_map_get(v->heads, vg_digest_plain_name(node->file));
    vg_error bad = {0};
    vg_str text;
    if (!at)
        return VG_OK;
    vg_str file = v->options->files[at->value.u64 - 1].path;
    vg_status status = vg_file_read(v->arena, file, MOST_HEAD, &text, &bad);
    if (status == VG_OK)
        status =
            vg_digest_head_read(v->arena, text, file, &node->head_signature, &node->head_algorithm, &bad);
    if (status == VG_ERR_MEMORY)
        return no_memory(err);
    if (status == VG_OK && node->head_signature.len)
        return VG_OK;
    vg_digest_result note = {.kind = node->name.backfill ? VG_DIGEST_BACKFILL : VG_DIGEST_FILE,
                             .verdict = VG_PROOF_NOTE,
                             .chain = SIZE_MAX,
                             .file = file,
                             .reason = status == VG_OK
                                           ? VG_STR("has no signature in its Metadata")
                                           : vg_arena_printf(v->arena, "could not be read: %s", bad.message),
                             .from = VG_TIME_NONE,
                             .to = VG_TIME_NONE};
    return vg_digest_add(v, &note, err);
}

static vg_status read_node(vg_verifying *v, vg_digest_node *node, vg_error *err)
{
    vg_error bad = {0};
    vg_str text;
    vg_digest_name_of(node->file, &node->name);
    node->end = node->name.time;
    vg_status status = vg_digest_file_text(v->arena, node->file, &text, &bad);
    if (status == VG_OK)
        status = vg_digest_read(v->arena, text, node->file, &node->digest, &bad);
    if (status == VG_ERR_MEMORY)
        return no_memory(err);
    node->read = status == VG_OK;
    if (!node->read) {
        node->digest = (vg_digest){0};
        node->verdict = vg_digest_unreadable(v->arena, node->file, status, bad.message, &node->reason);
        return VG_OK;
    }
    vg_digest_name named;
    node->hash = vg_sha256_bytes(text);
    node->bucket = node->digest.bucket;
    node->object = node->digest.object;
    node->end = node->digest.end;
    if (vg_digest_name_of(node->object, &named))
        node->name = named;
    return read_head(v, node, err);
}

static bool is_asked_for(const vg_verifying *v, vg_time end)
{
    vg_time since = v->options->since, until = v->options->until;
    return end == VG_TIME_NONE ||
           ((since == VG_TIME_NONE || end >= since) && (until == VG_TIME_NONE || end - hour <= until));
}

/* By any of the times that it claims: one that was changed must not take it out of what is looked at. */
static bool is_in_range(const vg_verifying *v, const vg_digest_node *node)
{
    vg_digest_name file;
    vg_digest_name_of(node->file, &file);
    return is_asked_for(v, node->end) ||
           (node->name.time != VG_TIME_NONE && is_asked_for(v, node->name.time)) ||
           (file.time != VG_TIME_NONE && is_asked_for(v, file.time));
}

/* bucket/object, under which a digest is looked for. */
static vg_str place_of(vg_verifying *v, vg_str bucket, vg_str object)
{
    return vg_arena_printf(v->arena, "%.*s/%.*s", VG_ARG(bucket), VG_ARG(object));
}

/* Keeps one of two copies of the same digest: the one that is in its place, with whatever signature is beside either. */
static void merge_copy(const vg_verifying *v, vg_digest_node *kept, const vg_digest_node *copy)
{
    if (!vg_digest_in_place(v->options->root, kept->file, kept->object))
        kept->file = copy->file;
    if (!kept->head_signature.len) {
        kept->head_signature = copy->head_signature;
        kept->head_algorithm = copy->head_algorithm;
    }
}

/* Older than what was asked for, by the name of the file, as validate-logs chooses them: it need not be read. Were the
 * name a lie, the digest after it would miss it. */
static bool is_too_old(const vg_verifying *v, vg_str file)
{
    vg_digest_name name;
    return v->options->since != VG_TIME_NONE && vg_digest_name_of(file, &name) &&
           name.time < v->options->since;
}

static vg_status read_digests(vg_verifying *v, const vg_vec *digests, vg_error *err)
{
    vg_map *places = vg_map_new(v->arena, 0);
    for (size_t i = 0; places && i < digests->len; i++) {
        vg_digest_node node = {.verdict = VG_PROOF_UNASSESSED};
        bool added = true;
        node.file = v->options->files[*(size_t *)vg_vec_at(digests, i)].path;
        if (is_too_old(v, node.file))
            continue;
        VG_TRY(read_node(v, &node, err));
        node.in_range = is_in_range(v, &node);
        vg_map_entry *entry =
            node.read ? vg_map_put(places, place_of(v, node.bucket, node.object), &added) : NULL;
        if (node.read && !entry)
            return no_memory(err);
        vg_digest_node *same = added ? NULL : vg_vec_at(&v->nodes, (size_t)entry->value.u64);
        if (same && memcmp(&same->hash, &node.hash, sizeof node.hash) == 0) {
            merge_copy(v, same, &node);
            continue;
        }
        if (added && entry)
            entry->value.u64 = v->nodes.len;
        vg_digest_node *kept = vg_vec_push(&v->nodes);
        if (!kept)
            return no_memory(err);
        *kept = node;
    }
    return places ? VG_OK : no_memory(err);
}

/* ---- order and links ---------------------------------------------------------------------------------------------- */

static int compare_names(const vg_digest_name *a, const vg_digest_name *b)
{
    const vg_str left[] = {a->organization, a->account, a->region, a->trail, a->home};
    const vg_str right[] = {b->organization, b->account, b->region, b->trail, b->home};
    for (size_t i = 0; i < VG_COUNT(left); i++) {
        int order = vg_str_cmp(left[i], right[i]);
        if (order)
            return order;
    }
    return 0;
}

/* By chain, back-fill last, newest first. */
static int compare_nodes(const void *left, const void *right)
{
    const vg_digest_node *a = left, *b = right;
    int order = compare_names(&a->name, &b->name);
    if (order)
        return order;
    if (a->name.backfill != b->name.backfill)
        return a->name.backfill ? 1 : -1;
    if (a->end != b->end)
        return a->end < b->end ? 1 : -1;
    return vg_str_cmp(a->file, b->file);
}

vg_str vg_digest_signer(const vg_verifying *v, vg_str region, vg_str fingerprint)
{
    return vg_arena_printf(v->arena, "%.*s %.*s", VG_ARG(region), VG_ARG(fingerprint));
}

/* Which keys sign in which region, by what the digests say. */
static vg_status index_signers(vg_verifying *v, vg_error *err)
{
    const vg_digest_node *first = NULL;
    for (size_t i = 0; i < v->nodes.len; i++) {
        const vg_digest_node *node = vg_vec_at(&v->nodes, i);
        if (!node->read)
            continue;
        first = first ? first : node;
        v->many_regions = v->many_regions || !vg_str_eq(first->name.region, node->name.region);
        if (!vg_map_put(v->signers, vg_digest_signer(v, node->name.region, node->digest.fingerprint), NULL))
            return no_memory(err);
    }
    return VG_OK;
}

static vg_status make_chains(vg_verifying *v, vg_error *err)
{
    if (v->nodes.len)
        qsort(v->nodes.items, v->nodes.len, v->nodes.item_size, compare_nodes);
    for (size_t i = 0; i < v->nodes.len; i++) {
        vg_digest_node *node = vg_vec_at(&v->nodes, i);
        const vg_digest_node *before = i ? vg_vec_at(&v->nodes, i - 1) : NULL;
        if (!before || compare_names(&before->name, &node->name)) {
            vg_digest_chain *chain = vg_vec_push(&v->chains);
            if (!chain)
                return no_memory(err);
            *chain = (vg_digest_chain){
                .name = node->name, .from = VG_TIME_NONE, .to = VG_TIME_NONE, .last = VG_TIME_NONE};
        }
        node->chain = v->chains.len - 1;
    }
    return VG_OK;
}

/* Every node by its place, and those that could not be read by their names. */
static vg_status index_nodes(vg_verifying *v, vg_map *places, vg_map *broken, vg_error *err)
{
    for (size_t i = 0; i < v->nodes.len; i++) {
        const vg_digest_node *node = vg_vec_at(&v->nodes, i);
        vg_map_entry *entry = node->read
                                  ? vg_map_put(places, place_of(v, node->bucket, node->object), NULL)
                                  : vg_map_put(broken, vg_digest_plain_name(vg_path_name(node->file)), NULL);
        if (!entry)
            return no_memory(err);
        entry->value.u64 = i + 1;
    }
    return VG_OK;
}

/* The node that stands for an object, or NULL. One that could not be read learns what it is called. */
static vg_digest_node *find_node(vg_verifying *v, const vg_map *places, const vg_map *broken, vg_str bucket,
                                 vg_str object)
{
    const vg_map_entry *entry = vg_map_get(places, place_of(v, bucket, object));
    if (entry)
        return vg_vec_at(&v->nodes, (size_t)entry->value.u64 - 1);
    entry = vg_map_get(broken, vg_digest_plain_name(vg_path_name(object)));
    vg_digest_node *node = entry ? vg_vec_at(&v->nodes, (size_t)entry->value.u64 - 1) : NULL;
    if (!node || !vg_digest_in_place(v->options->root, node->file, object))
        return NULL;
    node->bucket = bucket;
    node->object = object;
    return node;
}

/* Two files that claim one place are linked to the same successors: each is judged by its own hash. */
static void link_to(vg_verifying *v, vg_digest_node *node, vg_digest_node *previous)
{
    size_t index = (size_t)(node - (vg_digest_node *)v->nodes.items) + 1;
    node->previous = (size_t)(previous - (vg_digest_node *)v->nodes.items) + 1;
    node->next_other = previous->next;
    previous->next = index;
}

static void share_links(vg_verifying *v, const vg_map *places)
{
    for (size_t i = 0; i < v->nodes.len; i++) {
        vg_digest_node *node = vg_vec_at(&v->nodes, i);
        const vg_map_entry *entry =
            node->read ? vg_map_get(places, place_of(v, node->bucket, node->object)) : NULL;
        if (entry)
            node->next = ((vg_digest_node *)vg_vec_at(&v->nodes, (size_t)entry->value.u64 - 1))->next;
    }
}

static vg_status link_nodes(vg_verifying *v, vg_error *err)
{
    vg_map *places = vg_map_new(v->arena, 0), *broken = vg_map_new(v->arena, 0);
    if (!places || !broken)
        return no_memory(err);
    VG_TRY(index_nodes(v, places, broken, err));
    for (size_t i = 0; i < v->nodes.len; i++) {
        vg_digest_node *node = vg_vec_at(&v->nodes, i);
        if (!node->digest.previous_object.len)
            continue;
        vg_digest_node *previous =
            find_node(v, places, broken, node->digest.previous_bucket, node->digest.previous_object);
        if (previous && previous != node)
            link_to(v, node, previous);
    }
    share_links(v, places);
    return VG_OK;
}

/* ---- results ------------------------------------------------------------------------------------------------------ */

vg_status vg_digest_add(vg_verifying *v, const vg_digest_result *result, vg_error *err)
{
    vg_digest_result *kept = vg_vec_push(&v->results);
    if (!kept)
        return no_memory(err);
    *kept = *result;
    v->report->counts[result->verdict]++;
    if (result->chain != SIZE_MAX && result->kind <= VG_DIGEST_LOG) {
        vg_digest_chain *chain = vg_vec_at(&v->chains, result->chain);
        chain->counts[result->kind][result->verdict]++;
    }
    return VG_OK;
}

static vg_digest_result result_of(const vg_digest_node *node, vg_proof verdict, vg_str reason)
{
    return (vg_digest_result){.kind = node->name.backfill ? VG_DIGEST_BACKFILL : VG_DIGEST_FILE,
                              .verdict = verdict,
                              .chain = node->chain,
                              .bucket = node->bucket,
                              .object = node->object,
                              .file = node->file,
                              .reason = reason,
                              .from = node->digest.start,
                              .to = node->end};
}

/* The digest that this one names and that is not here, unless it ends before what was asked for. Several digests may
 * name it: it is missing once. */
static vg_status add_missing(vg_verifying *v, const vg_digest_node *node, vg_map *told, vg_error *err)
{
    const vg_digest *d = &node->digest;
    vg_time since = v->options->since;
    bool added;
    if (!d->previous_object.len || node->previous || node->verdict == VG_PROOF_INVALID ||
        (since != VG_TIME_NONE && d->start < since))
        return VG_OK;
    if (!vg_map_put(told, place_of(v, d->previous_bucket, d->previous_object), &added))
        return no_memory(err);
    if (!added)
        return VG_OK;
    vg_digest_result result = result_of(node, VG_PROOF_MISSING, VG_STR("not found"));
    result.bucket = d->previous_bucket;
    result.object = d->previous_object;
    result.file = (vg_str){0};
    result.from = VG_TIME_NONE;
    result.to = d->start;
    return vg_digest_add(v, &result, err);
}

/* A chain that starts anew after an earlier one ended. */
static vg_status add_gap(vg_verifying *v, size_t i, vg_error *err)
{
    const vg_digest_node *node = vg_vec_at(&v->nodes, i);
    const vg_digest_node *older = i + 1 < v->nodes.len ? vg_vec_at(&v->nodes, i + 1) : NULL;
    if (!node->read || node->digest.previous_object.len || node->name.backfill || !older ||
        older->chain != node->chain || older->name.backfill || older->end >= node->digest.start)
        return VG_OK;
    vg_digest_result result = result_of(node, VG_PROOF_NOTE, (vg_str){0});
    result.kind = VG_DIGEST_GAP;
    result.from = older->end;
    result.to = node->digest.start;
    return vg_digest_add(v, &result, err);
}

bool vg_digest_counts(const vg_digest_node *node)
{
    return node->verdict == VG_PROOF_VALID || (node->in_range && node->verdict != VG_PROOF_INVALID);
}

/* What a chain covers, by its valid digests, and where it ends. */
static void cover(vg_verifying *v, const vg_digest_node *node)
{
    const vg_digest_options *o = v->options;
    vg_digest_chain *chain = vg_vec_at(&v->chains, node->chain);
    if (node->read && !node->name.backfill && vg_digest_counts(node) && node->end > chain->last)
        chain->last = node->end;
    if (node->verdict != VG_PROOF_VALID || !node->in_range)
        return;
    vg_time from = node->digest.start, to = node->end;
    from = o->since != VG_TIME_NONE && from < o->since ? o->since : from;
    to = o->until != VG_TIME_NONE && to > o->until ? o->until : to;
    if (chain->from == VG_TIME_NONE || from < chain->from)
        chain->from = from;
    if (to > chain->to)
        chain->to = to;
}

/* What was asked for, and lies after the last digest. */
static vg_status add_tail(vg_verifying *v, size_t index, vg_error *err)
{
    const vg_digest_options *o = v->options;
    const vg_digest_chain *chain = vg_vec_at(&v->chains, index);
    vg_time wanted = o->until;
    if (wanted != VG_TIME_NONE && wanted > o->now - VG_DIGEST_DELAY)
        wanted = o->now - VG_DIGEST_DELAY;
    if (wanted == VG_TIME_NONE || chain->last >= wanted)
        return VG_OK;
    const vg_digest_result result = {.kind = VG_DIGEST_TAIL,
                                     .verdict = VG_PROOF_UNASSESSED,
                                     .chain = index,
                                     .reason = VG_STR("no digest covers what was asked for after this"),
                                     .from = chain->last,
                                     .to = o->until};
    return vg_digest_add(v, &result, err);
}

static vg_status add_results(vg_verifying *v, vg_error *err)
{
    vg_vec jobs = vg_vec_in(v->arena, sizeof(vg_digest_log_job));
    vg_map *told = vg_map_new(v->arena, 0);
    size_t job = 0;
    VG_TRY(vg_digest_logs_search(v, &jobs, err));
    for (size_t i = 0; told && i < v->nodes.len; i++) {
        const vg_digest_node *node = vg_vec_at(&v->nodes, i);
        const vg_digest_node *after = i + 1 < v->nodes.len ? vg_vec_at(&v->nodes, i + 1) : NULL;
        cover(v, node);
        if (node->in_range) {
            vg_digest_result result = result_of(node, node->verdict, node->reason);
            VG_TRY(vg_digest_add(v, &result, err));
            for (size_t k = 0; k < node->digest.log_count; k++)
                VG_TRY(vg_digest_log_add(v, vg_vec_at(&jobs, job++), err));
            VG_TRY(add_missing(v, node, told, err));
            VG_TRY(add_gap(v, i, err));
        }
        if (!after || after->chain != node->chain)
            VG_TRY(add_tail(v, node->chain, err));
    }
    return told ? vg_digest_logs_unnamed(v, err) : no_memory(err);
}

vg_status vg_digest_verify(vg_arena *arena, const vg_digest_options *options, vg_digest_report *out,
                           vg_error *err)
{
    vg_vec digests = vg_vec_in(arena, sizeof(size_t));
    vg_verifying v = {.arena = arena, .options = options, .report = out};
    *out = (vg_digest_report){0};
    v.nodes = vg_vec_in(arena, sizeof(vg_digest_node));
    v.chains = vg_vec_in(arena, sizeof(vg_digest_chain));
    v.results = vg_vec_in(arena, sizeof(vg_digest_result));
    v.by_name = vg_map_new(arena, 0);
    v.heads = vg_map_new(arena, 0);
    v.signers = vg_map_new(arena, 0);
    v.same_name = VG_NEW_N(arena, uint32_t, options->file_count + 1);
    v.named = VG_NEW_N(arena, bool, options->file_count + 1);
    if (!v.by_name || !v.heads || !v.signers || !v.same_name || !v.named)
        return no_memory(err);
    VG_TRY(index_files(&v, &digests, err));
    VG_TRY(read_digests(&v, &digests, err));
    VG_TRY(index_signers(&v, err));
    VG_TRY(make_chains(&v, err));
    VG_TRY(link_nodes(&v, err));
    VG_TRY(vg_digest_judge(&v, err));
    VG_TRY(add_results(&v, err));
    out->digests = digests.len;
    out->chains = v.chains.items;
    out->chain_count = v.chains.len;
    out->results = v.results.items;
    out->result_count = v.results.len;
    return VG_OK;
}
