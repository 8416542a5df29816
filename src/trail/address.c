/* address.c: whose addresses these are: a network's own, everybody's, or one of those at which a machine asks AWS about
 * itself. Sources: RFC 1918, 3927, 4193, 4291, 5735 and 6598; EC2 User Guide, "Access instance metadata"; ECS Developer
 * Guide, "Task metadata endpoint" and "Task IAM role"; EKS User Guide, "EKS Pod Identity". */
#include "trail/log_part.h"

#include <arpa/inet.h>

typedef struct {
    uint8_t bytes[16];
    uint8_t bits;
    vg_address_kind kind;
} prefix;

/* IPv4 stands behind ::ffff:0:0/96. The first that holds an address counts. */
#define V4(a, b, c, d, bits, kind)                                                                           \
    {                                                                                                        \
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, 96 + bits, kind                              \
    }
static const prefix prefixes[] = {
    V4(169, 254, 169, 254, 32, VG_ADDRESS_METADATA), /* EC2 */
    V4(169, 254, 170, 2, 32, VG_ADDRESS_METADATA),   /* ECS: credentials and metadata of tasks */
    V4(169, 254, 170, 23, 32, VG_ADDRESS_METADATA),  /* EKS Pod Identity */
    {{0xfd, 0, 0x0e, 0xc2, [14] = 0x02, 0x54}, 128, VG_ADDRESS_METADATA},
    {{0xfd, 0, 0x0e, 0xc2, [15] = 0x23}, 128, VG_ADDRESS_METADATA},
    V4(10, 0, 0, 0, 8, VG_ADDRESS_PRIVATE),
    V4(172, 16, 0, 0, 12, VG_ADDRESS_PRIVATE),
    V4(192, 168, 0, 0, 16, VG_ADDRESS_PRIVATE),
    V4(100, 64, 0, 0, 10, VG_ADDRESS_PRIVATE),
    V4(169, 254, 0, 0, 16, VG_ADDRESS_PRIVATE),
    V4(127, 0, 0, 0, 8, VG_ADDRESS_PRIVATE),
    V4(0, 0, 0, 0, 8, VG_ADDRESS_PRIVATE),
    V4(224, 0, 0, 0, 3, VG_ADDRESS_PRIVATE), /* multicast, reserved, broadcast: never beyond the network */
    {{0xfc}, 7, VG_ADDRESS_PRIVATE},
    {{0xfe, 0x80}, 10, VG_ADDRESS_PRIVATE},
    {{0xff}, 8, VG_ADDRESS_PRIVATE},
    {{[15] = 1}, 128, VG_ADDRESS_PRIVATE}, /* ::1 */
    {{0}, 128, VG_ADDRESS_PRIVATE},        /* :: */
};

/* Four decimal numbers; most addresses are these, and inet_pton is slow. */
static bool read_v4(vg_str text, uint8_t out[16])
{
    unsigned part = 0, value = 0, digits = 0;
    for (size_t i = 0; i <= text.len; i++) {
        char c = i < text.len ? text.ptr[i] : '.';
        if (c == '.') {
            if (digits == 0 || part == 4)
                return false;
            out[12 + part++] = (uint8_t)value;
            value = digits = 0;
        } else if (c < '0' || c > '9' || ++digits > 3 || (value = value * 10 + (unsigned)(c - '0')) > 255) {
            return false;
        }
    }
    memset(out, 0, 10);
    out[10] = out[11] = 0xff;
    return part == 4;
}

static bool read_address(vg_str text, uint8_t out[16])
{
    char copy[INET6_ADDRSTRLEN];
    if (vg_str_find_char(text, ':') == VG_NPOS)
        return read_v4(text, out);
    if (text.len >= sizeof copy)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    return inet_pton(AF_INET6, copy, out) == 1;
}

static bool holds(const prefix *p, const uint8_t address[16])
{
    unsigned whole = p->bits / 8, rest = p->bits % 8;
    return memcmp(p->bytes, address, whole) == 0 &&
           (rest == 0 || (p->bytes[whole] ^ address[whole]) >> (8 - rest) == 0);
}

vg_address_kind vg_address_kind_of(vg_str text)
{
    uint8_t address[16];
    if (!read_address(text, address))
        return VG_ADDRESS_NONE;
    for (size_t i = 0; i < VG_COUNT(prefixes); i++)
        if (holds(&prefixes[i], address))
            return prefixes[i].kind;
    return VG_ADDRESS_PUBLIC;
}
