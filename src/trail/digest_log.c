/* digest_log.c: the log files that digests name: there, and of the hash that the digest says; and those that no digest
 * names.
 *
 * The hash is over what is inside the gzip file, so a log may have been uncompressed or compressed again. A digest that
 * is itself INVALID says nothing of its logs; one that is not assessed can only show that a log does not belong. */
#include "trail/digest_part.h"

enum { MOST_FILE = 1 << 28, MOST_TEXT = 1 << 30 };

/* ---- reading ------------------------------------------------------------------------------------------------------ */

vg_status vg_digest_file_text(vg_arena *arena, vg_str file, vg_str *text, vg_error *err)
{
    vg_str bytes;
    VG_TRY(vg_file_read(arena, file, MOST_FILE, &bytes, err));
    return vg_decompress(arena, bytes, MOST_TEXT, text, err);
}

vg_proof vg_digest_unreadable(vg_arena *arena, vg_str file, vg_status failure, const char *why,
                              vg_str *reason)
{
    bool wrong = failure == VG_ERR_SYNTAX || failure == VG_ERR_VALUE || failure == VG_ERR_CORRUPT;
    *reason = vg_arena_printf(arena, wrong ? "invalid format (%.*s: %s)" : "could not be read (%.*s: %s)",
                              VG_ARG(file), why);
    return wrong ? VG_PROOF_INVALID : VG_PROOF_UNASSESSED;
}

/* ---- looking for a log -------------------------------------------------------------------------------------------- */

/* Of several files that may be the log, the worst decides: a copy that differs is not hidden by one that does not. */
static bool is_worse(vg_proof a, vg_proof b)
{
    static const unsigned rank[VG_PROOF_COUNT] = {
        [VG_PROOF_MISSING] = 0, [VG_PROOF_VALID] = 1, [VG_PROOF_UNASSESSED] = 2, [VG_PROOF_INVALID] = 3};
    return rank[a] > rank[b];
}

static void check_file(vg_digest_log_job *job, vg_str file)
{
    vg_error bad = {0};
    vg_str text;
    vg_proof verdict = VG_PROOF_UNASSESSED;
    vg_arena *arena = vg_arena_new(0);
    vg_status status = arena ? vg_digest_file_text(arena, file, &text, &bad)
                             : vg_fail(&bad, VG_ERR_MEMORY, "memory ran out");
    if (status == VG_OK) {
        vg_sha256 hash = vg_sha256_bytes(text);
        verdict = vg_digest_same_hash(job->log->hash, &hash) ? VG_PROOF_VALID : VG_PROOF_INVALID;
    } else if (status == VG_ERR_SYNTAX || status == VG_ERR_VALUE || status == VG_ERR_CORRUPT) {
        verdict = VG_PROOF_INVALID;
    }
    vg_arena_free(arena);
    if (!is_worse(verdict, job->verdict))
        return;
    job->verdict = verdict;
    job->file = file;
    job->failure = status;
    snprintf(job->why, sizeof job->why, "%.*s", (int)sizeof job->why - 1, bad.message);
}

typedef struct {
    const vg_verifying *v;
    vg_vec *jobs;
} search_work;

static void search_log(void *context, size_t i)
{
    const search_work *work = context;
    const vg_verifying *v = work->v;
    vg_digest_log_job *job = vg_vec_at(work->jobs, i);
    const vg_map_entry *first = vg_map_get(v->by_name, vg_digest_plain_name(vg_path_name(job->log->object)));
    for (size_t at = first ? (size_t)first->value.u64 : 0; at; at = v->same_name[at - 1]) {
        vg_str file = v->options->files[at - 1].path;
        if (vg_digest_in_place(v->options->root, file, job->log->object))
            check_file(job, file);
        else
            job->elsewhere = file;
    }
}

/* Marks the files of a log's name: they are not among those that no digest names. */
static void mark_named(vg_verifying *v, const vg_digest_log *log)
{
    const vg_map_entry *first = vg_map_get(v->by_name, vg_digest_plain_name(vg_path_name(log->object)));
    for (size_t at = first ? (size_t)first->value.u64 : 0; at; at = v->same_name[at - 1])
        v->named[at - 1] = true;
}

vg_status vg_digest_logs_search(vg_verifying *v, vg_vec *jobs, vg_error *err)
{
    search_work work = {v, jobs};
    for (size_t i = 0; i < v->nodes.len; i++) {
        const vg_digest_node *node = vg_vec_at(&v->nodes, i);
        for (size_t k = 0; k < node->digest.log_count; k++) {
            if (node->in_range || node->verdict == VG_PROOF_VALID)
                mark_named(v, &node->digest.logs[k]);
            vg_digest_log_job *job = node->in_range ? vg_vec_push(jobs) : NULL;
            if (node->in_range && !job)
                return vg_fail(err, VG_ERR_MEMORY, "memory ran out while verifying logs");
            if (job)
                *job = (vg_digest_log_job){
                    .node = node, .log = &node->digest.logs[k], .verdict = VG_PROOF_MISSING};
        }
    }
    vg_parallel(v->options->threads, jobs->len, search_log, &work);
    for (size_t i = 0; i < jobs->len; i++)
        if (((vg_digest_log_job *)vg_vec_at(jobs, i))->failure == VG_ERR_MEMORY)
            return vg_fail(err, VG_ERR_MEMORY, "memory ran out while verifying logs");
    return VG_OK;
}

/* ---- what is said of it ------------------------------------------------------------------------------------------- */

static vg_proof verdict_of(vg_verifying *v, const vg_digest_log_job *job, vg_str *reason)
{
    vg_str algorithm = job->log->hash_algorithm;
    *reason = (vg_str){0};
    if (job->node->verdict == VG_PROOF_INVALID) {
        *reason = VG_STR("its digest is INVALID");
        return VG_PROOF_UNASSESSED;
    }
    if (job->verdict == VG_PROOF_MISSING) {
        *reason = job->elsewhere.len ? vg_arena_printf(v->arena, "not found (a file of its name is at %.*s)",
                                                       VG_ARG(job->elsewhere))
                                     : VG_STR("not found");
        return VG_PROOF_MISSING;
    }
    if (job->failure != VG_OK)
        return vg_digest_unreadable(v->arena, job->file, job->failure, job->why, reason);
    if (algorithm.len && !vg_str_eq_icase(algorithm, VG_STR("SHA-256"))) {
        *reason = VG_STR("its hash is not by SHA-256");
        return VG_PROOF_UNASSESSED;
    }
    if (job->verdict == VG_PROOF_INVALID) {
        *reason = vg_arena_printf(v->arena, "hash value doesn't match (%.*s)", VG_ARG(job->file));
        return VG_PROOF_INVALID;
    }
    if (job->node->verdict == VG_PROOF_VALID)
        return VG_PROOF_VALID;
    *reason = VG_STR("its digest is not assessed");
    return VG_PROOF_UNASSESSED;
}

vg_status vg_digest_log_add(vg_verifying *v, const vg_digest_log_job *job, vg_error *err)
{
    vg_digest_result result = {.kind = VG_DIGEST_LOG,
                               .chain = job->node->chain,
                               .bucket = job->log->bucket,
                               .object = job->log->object,
                               .file = job->file,
                               .from = VG_TIME_NONE,
                               .to = VG_TIME_NONE};
    result.verdict = verdict_of(v, job, &result.reason);
    return vg_digest_add(v, &result, err);
}

/* ---- logs that no digest names ------------------------------------------------------------------------------------ */

/* What stands where logs do, or has the name of one. */
static bool is_log(vg_str file)
{
    vg_str name = vg_digest_plain_name(vg_path_name(file));
    return vg_str_ends(name, VG_STR(".json")) && !vg_str_ends(name, VG_STR(".head.json")) &&
           (vg_str_find(name, VG_STR("_CloudTrail_")) != VG_NPOS ||
            vg_str_find(file, VG_STR("/CloudTrail/")) != VG_NPOS);
}

/* ACCOUNT_CloudTrail_REGION_20260105T0010Z_UNIQUE.json: its region and time; nothing and VG_TIME_NONE otherwise. */
static void read_log_name(vg_str file, vg_str *region, vg_time *time)
{
    static const vg_str mark = VG_STR_INIT("_CloudTrail_");
    char text[17];
    vg_str name = vg_path_name(file), rest, stamp, unique;
    size_t at = vg_str_find(name, mark);
    *region = (vg_str){0};
    *time = VG_TIME_NONE;
    if (at == VG_NPOS || !vg_str_split(vg_str_sub(name, at + mark.len, SIZE_MAX), '_', region, &rest) ||
        !vg_str_split(rest, '_', &stamp, &unique) || stamp.len != sizeof "20260105T0010Z" - 1)
        return;
    int len = snprintf(text, sizeof text, "%.13s00Z", stamp.ptr);
    if (!vg_digest_time(vg_str_of(text, (size_t)len), time))
        *time = VG_TIME_NONE;
}

static bool is_asked_for(const vg_digest_options *o, vg_time time)
{
    return time == VG_TIME_NONE ||
           ((o->since == VG_TIME_NONE || time >= o->since) && (o->until == VG_TIME_NONE || time <= o->until));
}

/* When the last digest of the region ends. */
static vg_time last_of_region(const vg_verifying *v, vg_str region)
{
    vg_time last = VG_TIME_NONE;
    for (size_t i = 0; i < v->chains.len; i++) {
        const vg_digest_chain *chain = vg_vec_at(&v->chains, i);
        if (vg_str_eq(chain->name.region, region) && chain->last > last)
            last = chain->last;
    }
    return last;
}

vg_status vg_digest_logs_unnamed(vg_verifying *v, vg_error *err)
{
    const vg_digest_options *o = v->options;
    vg_str region;
    vg_time time;
    for (size_t i = 0; i < o->file_count; i++) {
        vg_str file = o->files[i].path;
        if (v->named[i] || !is_log(file))
            continue;
        read_log_name(file, &region, &time);
        if (!is_asked_for(o, time))
            continue;
        vg_time last = last_of_region(v, region);
        vg_digest_result result = {.kind = VG_DIGEST_LOG,
                                   .verdict = VG_PROOF_UNASSESSED,
                                   .chain = SIZE_MAX,
                                   .file = file,
                                   .reason = VG_STR("no digest names it"),
                                   .from = VG_TIME_NONE,
                                   .to = VG_TIME_NONE};
        if (last != VG_TIME_NONE && time >= last) {
            result.reason = VG_STR("no digest names it: it is after the last one");
            if (time > o->now - VG_DIGEST_DELAY)
                result.verdict = VG_PROOF_NOTE;
        }
        VG_TRY(vg_digest_add(v, &result, err));
    }
    return VG_OK;
}
