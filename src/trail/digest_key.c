/* digest_key.c: the public keys that CloudTrail signs with, as `aws cloudtrail list-public-keys` gives them, and the
 * check of a signature: SHA-256 with RSA, padded by PKCS #1 v1.5 (RFC 8017, section 8.2.2).
 *
 * An answer does not say which region it is from. The name of its file may ("public-keys-eu-west-1.json"), and an
 * envelope around it may; otherwise the fingerprint alone chooses the key. */
#include "trail/digest_part.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/* ---- keys --------------------------------------------------------------------------------------------------------- */

/* Whether there is a byte from `from` to `to` at i. */
static bool has_at(vg_str s, size_t i, char from, char to)
{
    return s.ptr && i < s.len && s.ptr[i] >= from && s.ptr[i] <= to;
}

/* How long the region is that begins here, like "us-gov-west-1": two letters, words, a number; 0 for none. */
static size_t region_here(vg_str s)
{
    size_t i = 0, words = 0;
    while (has_at(s, i, 'a', 'z'))
        i++;
    if (i != 2)
        return 0;
    while (has_at(s, i, '-', '-') && has_at(s, i + 1, 'a', 'z')) {
        for (i++; has_at(s, i, 'a', 'z');)
            i++;
        words++;
    }
    if (!words || !has_at(s, i, '-', '-') || !has_at(s, i + 1, '0', '9'))
        return 0;
    for (i++; has_at(s, i, '0', '9');)
        i++;
    return i;
}

static vg_str region_of_name(vg_str name)
{
    vg_str file = vg_path_name(name);
    for (size_t i = 0; i < file.len; i++) {
        if (i > 0 && has_at(file, i - 1, 'a', 'z'))
            continue;
        size_t len = region_here(vg_str_sub(file, i, SIZE_MAX));
        if (len)
            return vg_str_sub(file, i, len);
    }
    return (vg_str){0};
}

/* Times are numbers of seconds, or text when the CLI is told to write ISO 8601. */
static vg_time time_of(const vg_value *value)
{
    vg_time time;
    if (value && value->kind == VG_INT && value->as.i64 >= 0 && value->as.i64 < INT64_C(253402300800))
        return value->as.i64 * VG_TIME_SECOND;
    if (value && value->kind == VG_DOUBLE && value->as.f64 >= 0 && value->as.f64 < 253402300800.0)
        return (vg_time)(value->as.f64 * (double)VG_TIME_SECOND);
    return value && value->kind == VG_STRING && vg_time_parse(vg_value_str(value), &time) ? time
                                                                                          : VG_TIME_NONE;
}

vg_status vg_digest_keys_read(vg_arena *arena, vg_str text, vg_str name, vg_vec *keys, vg_error *err)
{
    vg_doc doc;
    vg_error bad;
    VG_TRY(vg_json_read(arena, text, name, NULL, &doc, err));
    vg_str region = vg_get_str(doc.root, "region");
    const vg_value *wrapped = vg_get(doc.root, VG_STR("output"));
    const vg_value *list = vg_get(wrapped ? wrapped : doc.root, VG_STR("PublicKeyList"));
    if (!list || list->kind != VG_ARRAY)
        return vg_fail_at(err, VG_ERR_VALUE, vg_doc_place(&doc, doc.root),
                          "no PublicKeyList; give the answer of `aws cloudtrail list-public-keys`");
    if (!region.len)
        region = region_of_name(name);
    for (vg_items it = vg_items_of(list); vg_items_next(&it);) {
        vg_digest_key *key = vg_vec_push(keys);
        if (!key)
            return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading keys");
        key->fingerprint = vg_get_str(it.value, "Fingerprint");
        key->region = region;
        key->from = time_of(vg_get(it.value, VG_STR("ValidityStartTime")));
        key->until = time_of(vg_get(it.value, VG_STR("ValidityEndTime")));
        if (vg_base64_decode(arena, vg_get_str(it.value, "Value"), &key->der, &bad) == VG_ERR_MEMORY)
            return vg_fail(err, VG_ERR_MEMORY, "memory ran out while reading keys");
    }
    return VG_OK;
}

/* ---- signatures --------------------------------------------------------------------------------------------------- */

enum { MOST_SIGNATURE = 2048 }; /* bytes: a key of 16384 bits, the most that OpenSSL takes */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The bytes of hexadecimal text; false when it is none. */
static bool unhex(vg_str text, uint8_t out[MOST_SIGNATURE], size_t *len)
{
    if (text.len == 0 || text.len % 2 || text.len / 2 > MOST_SIGNATURE)
        return false;
    for (size_t i = 0; i < text.len; i += 2) {
        int high = hex_digit(text.ptr[i]), low = hex_digit(text.ptr[i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    *len = text.len / 2;
    return true;
}

vg_signature vg_digest_signature_check(const vg_digest_key *key, vg_str text, vg_str signature)
{
    uint8_t bytes[MOST_SIGNATURE];
    size_t len = 0;
    const unsigned char *der = (const unsigned char *)key->der.ptr, *at = der;
    EVP_PKEY *rsa = key->der.len && key->der.len <= LONG_MAX
                        ? d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)key->der.len)
                        : NULL;
    if (!rsa || (size_t)(at - der) != key->der.len) {
        EVP_PKEY_free(rsa);
        return VG_SIGNATURE_NO_KEY;
    }
    EVP_MD_CTX *check = EVP_MD_CTX_new();
    bool good = check && unhex(signature, bytes, &len) &&
                EVP_DigestVerifyInit(check, NULL, EVP_sha256(), NULL, rsa) == 1 &&
                EVP_DigestVerify(check, bytes, len, (const unsigned char *)text.ptr, text.len) == 1;
    EVP_MD_CTX_free(check);
    EVP_PKEY_free(rsa);
    return good ? VG_SIGNATURE_GOOD : VG_SIGNATURE_BAD;
}
