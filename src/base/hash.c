/* hash.c: a fast hash for tables, SHA-256 for ids, and the encodings that go with them.
 *
 * Millions of short texts are hashed, and OpenSSL 3's EVP calls look the algorithm up and allocate a context for each,
 * three times the work of hashing 150 bytes. Its plain SHA256 calls do neither; they are marked as deprecated only for
 * programs that ask for the interface of 3.0, so we ask for that of 1.1.0. */
#define OPENSSL_API_COMPAT 0x10100000L

#include "base/base.h"

#include <openssl/sha.h>

/* 64-bit multiply-fold over 8-byte words: read little-endian, so the same on every machine that we build for. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The last 1 to 7 bytes, and zeros behind them. */
static uint64_t last_word(vg_str s, size_t count)
{
    uint64_t word = 0;
    if (s.len < 8) {
        for (size_t i = 0; i < count; i++)
            word |= (uint64_t)(uint8_t)s.ptr[i] << 8 * i;
        return word;
    }
    memcpy(&word, s.ptr + s.len - 8, 8); /* some of it was read before */
    return word >> 8 * (8 - count);
}

uint64_t vg_hash64(vg_str s, uint64_t seed)
{
    const uint64_t k0 = UINT64_C(0x9E3779B97F4A7C15), k1 = UINT64_C(0xD1B54A32D192ED03);
    uint64_t h = fold(seed ^ k0, k1 ^ s.len), word;
    size_t i = 0;
    for (; s.len - i >= 8; i += 8) {
        memcpy(&word, s.ptr + i, 8);
        h = fold(h ^ word, k1) + k0;
    }
    if (i < s.len)
        h = fold(h ^ last_word(s, s.len - i), k1) + k0;
    return fold(h, k0 ^ k1);
}

vg_sha256 vg_sha256_bytes(vg_str bytes)
{
    vg_sha256 out;
    SHA256_CTX state;
    SHA256_Init(&state);
    SHA256_Update(&state, bytes.ptr ? bytes.ptr : "", bytes.len);
    SHA256_Final(out.bytes, &state);
    return out;
}

vg_sha256 vg_sha256_parts(const vg_str *parts, size_t count)
{
    enum { ON_STACK = 512 };
    char small[ON_STACK];
    vg_buf large = {0};
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += 8 + parts[i].len;
    char *to = small;
    if (total > sizeof small && vg_buf_reserve(&large, total))
        to = large.ptr;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        for (unsigned shift = 0; shift < 64; shift += 8)
            to[at++] = (char)(unsigned char)((uint64_t)parts[i].len >> shift);
        if (parts[i].len)
            memcpy(to + at, parts[i].ptr, parts[i].len);
        at += parts[i].len;
    }
    vg_sha256 hash = vg_sha256_bytes(vg_str_of(to, at));
    vg_buf_free(&large);
    return hash;
}

void vg_hex(const uint8_t *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

vg_status vg_base64_decode(vg_arena *arena, vg_str text, vg_str *out, vg_error *err)
{
    char *bytes = vg_arena_alloc(arena, text.len / 4 * 3 + 3);
    if (!bytes)
        return vg_fail(err, VG_ERR_MEMORY, "out of memory while decoding base64");
    uint32_t group = 0;
    size_t digits = 0, len = 0, padding = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == ' ' || (c >= '\t' && c <= '\r'))
            continue;
        if (c == '=') {
            padding++;
            continue;
        }
        int digit = base64_digit(c);
        if (digit < 0 || padding)
            return vg_fail(err, VG_ERR_SYNTAX, "not base64 at byte %zu", i);
        group = group << 6 | (uint32_t)digit;
        if (++digits % 4 == 0) {
            bytes[len++] = (char)(unsigned char)(group >> 16);
            bytes[len++] = (char)(unsigned char)(group >> 8);
            bytes[len++] = (char)(unsigned char)group;
            group = 0;
        }
    }
    size_t rest = digits % 4;
    if (rest == 1 || padding > 2 || (padding && rest + padding != 4))
        return vg_fail(err, VG_ERR_SYNTAX, "base64 ends in the middle of a byte");
    if (rest >= 2)
        bytes[len++] = (char)(unsigned char)(rest == 2 ? group >> 4 : group >> 10);
    if (rest == 3)
        bytes[len++] = (char)(unsigned char)(group >> 2);
    *out = vg_str_of(bytes, len);
    return VG_OK;
}
