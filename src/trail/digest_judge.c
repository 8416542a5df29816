/* digest_judge.c: the verdict on each digest file, from its place, its key and its signature.
 *
 * A digest's signature is found at most twice: as metadata of its own object, and in the digest after it. RSA
 * signatures of this kind are deterministic, so both are the same text when nothing was touched. Wherever it was found,
 * a signature that the key verifies proves the digest; one that it does not verify proves that either the digest or what
 * carries the signature was changed. Nodes are judged newest first, so that the carrier's own verdict is known. */
#include "trail/digest_part.h"

static const vg_str algorithm = VG_STR_INIT("SHA256withRSA");

/* ---- keys --------------------------------------------------------------------------------------------------------- */

static bool signs_in(const vg_digest_key *key, const vg_digest_node *node)
{
    return !key->region.len || !node->name.region.len || vg_str_eq(key->region, node->name.region) ||
           vg_str_eq(key->region, node->name.home);
}

/* Whether the key was current when the digest was made, an hour to either side. */
static bool was_current(const vg_digest_key *key, const vg_digest_node *node)
{
    const vg_time hour = 3600 * VG_TIME_SECOND;
    return (key->from == VG_TIME_NONE || key->from - hour <= node->end) &&
           (key->until == VG_TIME_NONE || node->end - hour <= key->until);
}

/* Whether a key is one of this digest's region, as far as can be told: one without a region is when another digest of the
 * region names it, or when there is only one region. */
static bool is_of_region(const vg_verifying *v, const vg_digest_key *key, const vg_digest_node *node)
{
    if (key->region.len)
        return signs_in(key, node);
    if (!v->many_regions)
        return true;
    vg_str signer = vg_digest_signer(v, node->name.region, key->fingerprint);
    return vg_map_get(v->signers, signer) != NULL;
}

static vg_status judge(vg_digest_node *node, vg_proof verdict, vg_str reason)
{
    node->verdict = verdict;
    node->reason = reason;
    return VG_OK;
}

/* No key has the fingerprint: proof when the keys of that region and time are all here, else nothing. */
static vg_status judge_without_key(vg_verifying *v, vg_digest_node *node)
{
    vg_str fingerprint = node->digest.fingerprint, region = node->name.region;
    for (size_t i = 0; i < v->options->key_count; i++) {
        const vg_digest_key *key = &v->options->keys[i];
        if (!node->name.backfill && was_current(key, node) && is_of_region(v, key, node))
            return judge(node, VG_PROOF_INVALID,
                         vg_arena_printf(v->arena, "public key not found in region %.*s for fingerprint %.*s",
                                         VG_ARG(region), VG_ARG(fingerprint)));
    }
    return judge(
        node, VG_PROOF_UNASSESSED,
        vg_arena_printf(v->arena,
                        "no public key of region %.*s and its time is here (fingerprint %.*s); get it with "
                        "`aws cloudtrail list-public-keys`",
                        VG_ARG(region), VG_ARG(fingerprint)));
}

/* ---- signatures --------------------------------------------------------------------------------------------------- */

/* What all keys of the fingerprint say of a signature; *keys counts them. */
static vg_signature check(const vg_verifying *v, const vg_digest_node *node, vg_str text, vg_str signature,
                          size_t *keys)
{
    vg_signature best = VG_SIGNATURE_NO_KEY;
    *keys = 0;
    for (size_t i = 0; i < v->options->key_count; i++) {
        const vg_digest_key *key = &v->options->keys[i];
        if (!vg_str_eq_icase(key->fingerprint, node->digest.fingerprint) || !signs_in(key, node))
            continue;
        vg_signature one = vg_digest_signature_check(key, text, signature);
        if (one == VG_SIGNATURE_GOOD)
            best = one;
        else if (one == VG_SIGNATURE_BAD && best == VG_SIGNATURE_NO_KEY)
            best = one;
        (*keys)++;
    }
    return best;
}

/* What the digests that name this one as their previous carry. */
typedef struct {
    bool any, good, bad_in_good_digest; /* bad: the signature, or the hash that goes with it */
} carried;

static carried check_next(const vg_verifying *v, const vg_digest_node *node, vg_str text)
{
    carried out = {0};
    size_t keys;
    for (size_t at = node->next; at;) {
        const vg_digest_node *next = vg_vec_at(&v->nodes, at - 1);
        at = next->next_other;
        if (!next->digest.previous_signature.len)
            continue;
        bool good =
            check(v, node, text, next->digest.previous_signature, &keys) == VG_SIGNATURE_GOOD &&
            (!next->digest.previous_hash.len || vg_digest_same_hash(next->digest.previous_hash, &node->hash));
        out.any = true;
        out.good = out.good || good;
        out.bad_in_good_digest = out.bad_in_good_digest || (!good && next->verdict != VG_PROOF_INVALID);
    }
    return out;
}

static vg_status judge_signature(vg_verifying *v, vg_digest_node *node, vg_str text)
{
    static const vg_str failed = VG_STR_INIT("signature verification failed");
    size_t keys = 0;
    vg_signature any = check(v, node, text, VG_STR("00"), &keys);
    if (!keys)
        return judge_without_key(v, node);
    if (any == VG_SIGNATURE_NO_KEY)
        return judge(node, VG_PROOF_INVALID,
                     vg_arena_printf(v->arena, "Unable to load PKCS #1 key with fingerprint %.*s",
                                     VG_ARG(node->digest.fingerprint)));
    carried next = check_next(v, node, text);
    if (node->head_signature.len && check(v, node, text, node->head_signature, &keys) != VG_SIGNATURE_GOOD)
        return judge(
            node, VG_PROOF_INVALID,
            next.good ? VG_STR("signature verification failed: the signature in its metadata is not its own")
                      : failed);
    if (node->head_signature.len || next.good)
        return judge(node, VG_PROOF_VALID, (vg_str){0});
    if (next.bad_in_good_digest)
        return judge(node, VG_PROOF_INVALID, failed);
    if (next.any)
        return judge(node, VG_PROOF_UNASSESSED, VG_STR("its signature stands in a digest that is INVALID"));
    return judge(
        node, VG_PROOF_UNASSESSED,
        VG_STR("its signature is metadata of its S3 object, which is not here; save `aws s3api head-object` "
               "beside it as FILE.head.json"));
}

/* ---- a digest ----------------------------------------------------------------------------------------------------- */

static vg_status judge_node(vg_verifying *v, vg_digest_node *node, vg_error *err)
{
    const vg_digest *d = &node->digest;
    vg_str bucket = v->options->bucket, text;
    if (!vg_digest_in_place(v->options->root, node->file, d->object) ||
        (bucket.len && !vg_str_eq(bucket, d->bucket)))
        return judge(node, VG_PROOF_INVALID,
                     vg_arena_printf(v->arena, "has been moved from its original location (%.*s)",
                                     VG_ARG(node->file)));
    if ((d->signature_algorithm.len && !vg_str_eq(d->signature_algorithm, algorithm)) ||
        (node->head_algorithm.len && !vg_str_eq(node->head_algorithm, algorithm)))
        return judge(node, VG_PROOF_UNASSESSED, VG_STR("its signature is not by SHA256withRSA"));
    VG_TRY(vg_digest_string_to_sign(v->arena, d, &node->hash, &text, err));
    return judge_signature(v, node, text);
}

/* A digest without a signature of its own that is wrong about one that is proven was changed itself. */
static void judge_by_previous(const vg_verifying *v)
{
    for (size_t i = 0; i < v->nodes.len; i++) {
        const vg_digest_node *node = vg_vec_at(&v->nodes, i);
        for (size_t at = node->verdict == VG_PROOF_VALID ? node->next : 0; at;) {
            vg_digest_node *next = vg_vec_at(&v->nodes, at - 1);
            at = next->next_other;
            if (next->verdict == VG_PROOF_UNASSESSED && next->digest.previous_hash.len &&
                !vg_digest_same_hash(next->digest.previous_hash, &node->hash))
                judge(next, VG_PROOF_INVALID, VG_STR("records another hash of the digest before it"));
        }
    }
}

vg_status vg_digest_judge(vg_verifying *v, vg_error *err)
{
    for (size_t i = 0; i < v->nodes.len; i++) {
        vg_digest_node *node = vg_vec_at(&v->nodes, i);
        if (node->read)
            VG_TRY(judge_node(v, node, err));
    }
    judge_by_previous(v);
    return VG_OK;
}
