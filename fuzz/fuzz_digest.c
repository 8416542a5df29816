/* fuzz_digest.c: digest files, their metadata and lists of keys from any bytes: what is read must be usable to its last
 * field, and no signature may crash the check. */
#include "trail/trail.h"

static void use_digest(vg_arena *arena, vg_str bytes)
{
    vg_digest digest;
    vg_digest_name name;
    vg_error err;
    vg_str text;
    uint64_t sum = 0;
    if (vg_digest_read(arena, bytes, VG_STR("fuzz"), &digest, &err) != VG_OK)
        return;
    const vg_sha256 hash = vg_sha256_bytes(bytes);
    (void)vg_digest_name_of(digest.object, &name);
    (void)vg_digest_string_to_sign(arena, &digest, &hash, &text, &err);
    for (size_t i = 0; i < digest.log_count; i++)
        sum += vg_hash64(digest.logs[i].object, sum);
}

static void use_keys(vg_arena *arena, vg_str bytes)
{
    vg_vec keys = vg_vec_in(arena, sizeof(vg_digest_key));
    vg_str signature, algorithm;
    vg_error err;
    if (vg_digest_head_read(arena, bytes, VG_STR("fuzz"), &signature, &algorithm, &err) != VG_OK)
        return;
    (void)vg_digest_keys_read(arena, bytes, VG_STR("keys-eu-west-1.json"), &keys, &err);
    for (size_t i = 0; i < keys.len; i++)
        (void)vg_digest_signature_check(vg_vec_at(&keys, i), bytes, signature);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vg_str bytes = vg_str_of((const char *)data, size);
    vg_arena *arena = vg_arena_new(0);
    vg_digest_name name;
    if (!arena)
        return 0;
    (void)vg_digest_name_of(bytes, &name);
    use_digest(arena, bytes);
    use_keys(arena, bytes);
    vg_arena_free(arena);
    return 0;
}
