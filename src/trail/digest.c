/* digest.c: CloudTrail's digest files as they stand: their fields, what their names say, the text that is signed, and
 * the signature, which S3 keeps as metadata of the object.
 *
 * Sources: CloudTrail User Guide, "CloudTrail digest file structure" (fields, names, back-fill digests) and "Custom
 * implementations of CloudTrail log file integrity validation" (the text that is signed). */
#include "trail/digest_part.h"

/* ---- times and names ---------------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool vg_digest_time(vg_str text, vg_time *out)
{
    static const char form[] = "00000000T000000Z";
    char iso[24];
    if (text.len != sizeof form - 1)
        return vg_time_parse(text, out);
    for (size_t i = 0; i < text.len; i++)
        if (form[i] == '0' ? !is_digit(text.ptr[i]) : text.ptr[i] != form[i])
            return false;
    const char *t = text.ptr;
    int len =
        snprintf(iso, sizeof iso, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", t, t + 4, t + 6, t + 9, t + 11, t + 13);
    return vg_time_parse(vg_str_of(iso, (size_t)len), out);
}

static void drop_end(vg_str *s, vg_str end)
{
    if (vg_str_ends(*s, end))
        s->len -= end.len;
}

vg_str vg_digest_plain_name(vg_str path)
{
    size_t before = path.len;
    drop_end(&path, VG_STR(".gz"));
    if (path.len == before)
        drop_end(&path, VG_STR(".zst"));
    return path;
}

/* The last piece of *s behind `_`, which is cut off. */
static bool take_last(vg_str *s, vg_str *piece)
{
    size_t at = vg_str_rfind_char(*s, '_');
    if (at == VG_NPOS)
        return false;
    *piece = vg_str_sub(*s, at + 1, SIZE_MAX);
    s->len = at;
    return true;
}

/* The folder "o-..." between AWSLogs and the account. */
static vg_str organization_of(vg_str object)
{
    size_t at = vg_str_find(object, VG_STR("AWSLogs/o-"));
    vg_str id = {0}, rest;
    if (at == VG_NPOS)
        return id;
    vg_str_split(vg_str_sub(object, at + sizeof "AWSLogs/" - 1, SIZE_MAX), '/', &id, &rest);
    return id;
}

bool vg_digest_name_of(vg_str object, vg_digest_name *out)
{
    static const vg_str mark = VG_STR_INIT("_CloudTrail-Digest_");
    vg_digest_name name = {.time = VG_TIME_NONE};
    vg_str rest = vg_digest_plain_name(vg_path_name(object)), tail, time;
    size_t at = vg_str_find(rest, mark);
    *out = name;
    if (at == VG_NPOS || !vg_str_ends(rest, VG_STR(".json")))
        return false;
    drop_end(&rest, VG_STR(".json"));
    name.account = vg_str_sub(rest, 0, at);
    tail = vg_str_sub(rest, at + mark.len, SIZE_MAX);
    name.backfill = vg_str_ends(tail, VG_STR("_backfill"));
    drop_end(&tail, VG_STR("_backfill"));
    if (!take_last(&tail, &time) || !vg_digest_time(time, &name.time) || !take_last(&tail, &name.home) ||
        !vg_str_split(tail, '_', &name.region, &name.trail))
        return false;
    name.organization = organization_of(object);
    *out = name;
    return true;
}

/* The end of `whole` from a slash on, or all of it. */
static bool is_end_of(vg_str end, vg_str whole)
{
    return vg_str_ends(whole, end) && (whole.len == end.len || whole.ptr[whole.len - end.len - 1] == '/');
}

bool vg_digest_in_place(vg_str root, vg_str file, vg_str object)
{
    vg_str plain = vg_digest_plain_name(file), wanted = vg_digest_plain_name(object), below = plain;
    if (is_end_of(wanted, plain))
        return true;
    if (vg_str_eq(file, root))
        below = vg_digest_plain_name(vg_path_name(file));
    else if (vg_str_starts(below, root))
        below = vg_str_sub(below, root.len, SIZE_MAX);
    while (below.len && below.ptr[0] == '/')
        below = vg_str_sub(below, 1, SIZE_MAX);
    return below.len && is_end_of(below, wanted);
}

/* ---- hashes ------------------------------------------------------------------------------------------------------- */

static vg_str without_zeros(vg_str s)
{
    while (s.len && s.ptr[0] == '0')
        s = vg_str_sub(s, 1, SIZE_MAX);
    return s;
}

bool vg_digest_same_hash(vg_str hexadecimal, const vg_sha256 *hash)
{
    char ours[65];
    vg_hex(hash->bytes, sizeof hash->bytes, ours);
    return hexadecimal.len && hexadecimal.len <= 64 &&
           vg_str_eq_icase(without_zeros(hexadecimal), without_zeros(vg_str_from(ours)));
}

/* ---- fields ------------------------------------------------------------------------------------------------------- */

static vg_status read_logs(vg_arena *arena, const vg_doc *doc, const vg_value *list, vg_digest *out,
                           vg_error *err)
{
    vg_digest_log *logs = VG_NEW_N(arena, vg_digest_log, vg_value_count(list) + 1);
    if (!logs)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading a digest");
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        vg_digest_log *log = &logs[out->log_count++];
        log->bucket = vg_get_str(it.value, "s3Bucket");
        log->object = vg_get_str(it.value, "s3Object");
        log->hash = vg_get_str(it.value, "hashValue");
        log->hash_algorithm = vg_get_str(it.value, "hashAlgorithm");
        if (!log->bucket.len || !log->object.len || !log->hash.len)
            return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(doc, it.value),
                              "a log file of the digest has no s3Bucket, s3Object or hashValue");
    }
    out->logs = logs;
    return VG_OK;
}

/* A field that must be there, as a string, or null where that is allowed. */
static vg_status read_field(const vg_doc *doc, const char *key, bool may_be_null, vg_str *out, vg_error *err)
{
    const vg_value *value = vg_get(doc->root, vg_str_from(key));
    if (!value || (value->kind != VG_STRING && !(may_be_null && value->kind == VG_NULL)))
        return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(doc, value ? value : doc->root),
                          "a digest file must have %s, a string", key);
    *out = vg_value_str(value);
    return VG_OK;
}

vg_status vg_digest_read(vg_arena *arena, vg_str text, vg_str name, vg_digest *out, vg_error *err)
{
    vg_doc doc;
    vg_str start = {0};
    *out = (vg_digest){.start = VG_TIME_NONE, .end = VG_TIME_NONE};
    VG_TRY(vg_json_read(arena, text, name, NULL, &doc, err));
    const struct {
        const char *key;
        vg_str *to;
        bool may_be_null;
    } fields[] = {
        {"digestS3Bucket", &out->bucket, false},
        {"digestS3Object", &out->object, false},
        {"digestStartTime", &start, false},
        {"digestEndTime", &out->end_text, false},
        {"digestPublicKeyFingerprint", &out->fingerprint, false},
        {"previousDigestSignature", &out->previous_signature, true},
    };
    for (size_t i = 0; i < VG_COUNT(fields); i++)
        VG_TRY(read_field(&doc, fields[i].key, fields[i].may_be_null, fields[i].to, err));
    const vg_value *logs = vg_get(doc.root, VG_STR("logFiles"));
    if (!logs || logs->kind != VG_ARRAY)
        return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(&doc, doc.root),
                          "a digest file must have logFiles, a list");
    if (!vg_digest_time(start, &out->start) || !vg_digest_time(out->end_text, &out->end))
        return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(&doc, doc.root),
                          "digestStartTime or digestEndTime is no time");
    out->account = vg_get_str(doc.root, "awsAccountId");
    out->signature_algorithm = vg_get_str(doc.root, "digestSignatureAlgorithm");
    out->previous_bucket = vg_get_str(doc.root, "previousDigestS3Bucket");
    out->previous_object = vg_get_str(doc.root, "previousDigestS3Object");
    out->previous_hash = vg_get_str(doc.root, "previousDigestHashValue");
    return read_logs(arena, &doc, logs, out, err);
}

vg_status vg_digest_string_to_sign(vg_arena *arena, const vg_digest *digest, const vg_sha256 *hash,
                                   vg_str *out, vg_error *err)
{
    char hexadecimal[65];
    vg_buf text = {0};
    vg_hex(hash->bytes, sizeof hash->bytes, hexadecimal);
    vg_buf_add_str(&text, digest->end_text);
    vg_buf_add_char(&text, '\n');
    vg_buf_add_str(&text, digest->bucket);
    vg_buf_add_char(&text, '/');
    vg_buf_add_str(&text, digest->object);
    vg_buf_addf(&text, "\n%s\n", hexadecimal);
    vg_buf_add_str(&text, digest->previous_signature.ptr ? digest->previous_signature : VG_STR("null"));
    *out = text.failed ? (vg_str){0} : vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return out->ptr ? VG_OK : vg_fail(err, VG_ERR_MEMORY, "memory ran out while verifying a digest");
}

/* ---- the signature, beside the file -------------------------------------------------------------------------------- */

/* The value of a key of metadata: bare, as head-object gives them, or with S3's header in front, in any case. */
static vg_str metadata(const vg_value *object, vg_str key)
{
    static const vg_str header = VG_STR_INIT("x-amz-meta-");
    for (vg_items it = vg_items_of(object); it.is_object && vg_items_next(&it);) {
        vg_str name = it.key;
        if (vg_str_eq_icase(vg_str_sub(name, 0, header.len), header))
            name = vg_str_sub(name, header.len, SIZE_MAX);
        if (vg_str_eq_icase(name, key))
            return vg_value_str(it.value);
    }
    return (vg_str){0};
}

vg_status vg_digest_head_read(vg_arena *arena, vg_str text, vg_str name, vg_str *signature, vg_str *algorithm,
                              vg_error *err)
{
    vg_doc doc;
    *signature = *algorithm = (vg_str){0};
    VG_TRY(vg_json_read(arena, text, name, NULL, &doc, err));
    const vg_value *wrapped = vg_get(doc.root, VG_STR("output"));
    const vg_value *answer = wrapped && wrapped->kind == VG_OBJECT ? wrapped : doc.root;
    const vg_value *inside = vg_get(answer, VG_STR("Metadata"));
    const vg_value *from = inside ? inside : answer;
    *signature = metadata(from, VG_STR("signature"));
    *algorithm = metadata(from, VG_STR("signature-algorithm"));
    return VG_OK;
}
