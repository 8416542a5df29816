/* lint_address.c: addresses in conditions: written as AWS reads them, and such that aws:SourceIp can be one of them.
 *
 * aws:SourceIp is the address from which a request reached AWS over the internet: never one of RFC 1918 or the other ranges
 * that stay private. IAM User Guide, "IP address condition operators"; RFC 6890 lists the ranges. */
#include "policy/lint_part.h"

#include <arpa/inet.h>

typedef struct {
    uint8_t bytes[16];
    unsigned bits, width; /* of the prefix; 32 or 128 */
} address_range;

/* "10.0.0.0/8", "10.1.2.3", "2001:db8::/32". */
static bool read_range(vg_str text, address_range *out)
{
    char copy[INET6_ADDRSTRLEN];
    vg_str address = text, length = {0};
    bool has_length = vg_str_split(text, '/', &address, &length);
    uint64_t bits;
    if (address.len == 0 || address.len >= sizeof copy)
        return false;
    memcpy(copy, address.ptr, address.len);
    copy[address.len] = '\0';
    *out = (address_range){.width = memchr(copy, ':', address.len) ? 128 : 32};
    if (inet_pton(out->width == 32 ? AF_INET : AF_INET6, copy, out->bytes) != 1)
        return false;
    if (has_length && (!vg_str_to_u64(length, &bits) || bits > out->width))
        return false;
    out->bits = has_length ? (unsigned)bits : out->width;
    return true;
}

static bool bit_of(const uint8_t *bytes, unsigned bit)
{
    return bytes[bit / 8] >> (7 - bit % 8) & 1;
}

static bool has_host_bits(const address_range *range)
{
    for (unsigned i = range->bits; i < range->width; i++)
        if (bit_of(range->bytes, i))
            return true;
    return false;
}

static bool is_within(const address_range *range, const address_range *outer)
{
    if (range->width != outer->width || range->bits < outer->bits)
        return false;
    for (unsigned i = 0; i < outer->bits; i++)
        if (bit_of(range->bytes, i) != bit_of(outer->bytes, i))
            return false;
    return true;
}

/* RFC 1918, 6598, 3927, 1122; RFC 4193 and 4291 of IPv6. */
static bool is_private(const address_range *range)
{
    static const address_range private_ranges[] = {
        {{10}, 8, 32},        {{172, 16}, 12, 32}, {{192, 168}, 16, 32}, {{100, 64}, 10, 32},
        {{169, 254}, 16, 32}, {{127}, 8, 32},      {{0xFC}, 7, 128},     {{0xFE, 0x80}, 10, 128},
    };
    for (size_t i = 0; i < VG_COUNT(private_ranges); i++)
        if (is_within(range, &private_ranges[i]))
            return true;
    return false;
}

static bool is_address_op(const lint_condition *c)
{
    return c->c->op == VG_OP_IP_ADDRESS || c->c->op == VG_OP_NOT_IP_ADDRESS;
}

static void invalid_range(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    address_range range;
    for (size_t k = 0; is_address_op(c) && k < c->c->value_count; k++)
        if (!read_range(c->c->values[k], &range) && !lint_has_variable(c->c->values[k]))
            lint_raise(l, row, lint_value_node(c, k),
                       "%.*s is no range of addresses, which %.*s compares with.",
                       VG_ARG(lint_shown(c->c->values[k])), VG_ARG(lint_shown(c->c->op_text)));
}

static void write_range(const address_range *range, char *out, size_t size)
{
    address_range masked = *range;
    for (unsigned i = range->bits; i < range->width; i++)
        masked.bytes[i / 8] &= (uint8_t) ~(0x80u >> (i % 8));
    char text[INET6_ADDRSTRLEN];
    inet_ntop(range->width == 32 ? AF_INET : AF_INET6, masked.bytes, text, sizeof text);
    snprintf(out, size, "%s/%u", text, range->bits);
}

static void host_bits(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    address_range range;
    for (size_t k = 0; is_address_op(c) && k < c->c->value_count; k++) {
        if (!read_range(c->c->values[k], &range) || !has_host_bits(&range))
            continue;
        char better[INET6_ADDRSTRLEN + 8];
        write_range(&range, better, sizeof better);
        lint_raise(l, row, lint_value_node(c, k),
                   "Bits of %.*s behind its prefix count for nothing: write %s.",
                   VG_ARG(lint_shown(c->c->values[k])), better);
    }
}

typedef enum { ALL_PRIVATE, SOME_PRIVATE } private_share;

/* Variants: the operator, and whether all or some of the values are private. */
#define VARIANT(op_, share_) ((int)(op_)*2 + (int)(share_))

static void private_values(lint *l, const lint_row *row, const lint_statement *s, const lint_condition *c)
{
    (void)s;
    size_t count = 0, known = 0;
    address_range range;
    if (!is_address_op(c) || !vg_str_eq_icase(c->c->key, VG_STR("aws:SourceIp")))
        return;
    for (size_t k = 0; k < c->c->value_count; k++)
        if (read_range(c->c->values[k], &range)) {
            known++;
            count += is_private(&range);
        }
    private_share share = count == known ? ALL_PRIVATE : SOME_PRIVATE;
    if (count && row->variant == VARIANT(c->c->op, share))
        lint_raise_plain(l, row, c->key_at);
}

#define ADDRESS(code_, type_, variant_, finds_, remedy_, run_)                                               \
    {                                                                                                        \
        .check = {code_, type_, VG_LINT_ALL_KINDS, false, finds_, remedy_}, .scope = LINT_CONDITION,         \
        .variant = variant_, .run.condition = run_                                                           \
    }
#define PRIVATE_REMEDY                                                                                       \
    "Give public ranges; for private ones test aws:VpcSourceIp together with aws:SourceVpc."

static const lint_row rows[] = {
    ADDRESS("IMPROVE_IP_RANGE", VG_LINT_SUGGESTION, 0, "A range has bits behind its prefix.",
            "Write the range with those bits zero, or a longer prefix.", host_bits),
    ADDRESS("PRIVATE_IP_ADDRESS", VG_LINT_ERROR, VARIANT(VG_OP_IP_ADDRESS, ALL_PRIVATE),
            "aws:SourceIp is public, and all values are private: the condition never holds.", PRIVATE_REMEDY,
            private_values),
    ADDRESS("PRIVATE_IP_ADDRESS_SUBSET", VG_LINT_SUGGESTION, VARIANT(VG_OP_IP_ADDRESS, SOME_PRIVATE),
            "aws:SourceIp is public: the private ones among the values never match.", PRIVATE_REMEDY,
            private_values),
    ADDRESS("PRIVATE_NOT_IP_ADDRESS", VG_LINT_ERROR, VARIANT(VG_OP_NOT_IP_ADDRESS, ALL_PRIVATE),
            "aws:SourceIp is public, and all values are private: the condition always holds.", PRIVATE_REMEDY,
            private_values),
    ADDRESS("PRIVATE_NOT_IP_ADDRESS_SUBSET", VG_LINT_SUGGESTION, VARIANT(VG_OP_NOT_IP_ADDRESS, SOME_PRIVATE),
            "aws:SourceIp is public: the private ones among the values exclude nothing.", PRIVATE_REMEDY,
            private_values),
    ADDRESS("TYPE_MISMATCH_IP_RANGE", VG_LINT_ERROR, 0,
            "An address operator is given what is no range of addresses.",
            "Write a range such as 203.0.113.0/24 or 2001:db8::/32.", invalid_range),
};

const lint_family lint_address_family = {rows, VG_COUNT(rows)};
