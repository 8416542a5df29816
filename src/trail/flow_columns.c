/* flow_columns.c: which columns the lines of a flow log have.
 *
 * A flow log is words separated by blanks. Which word is what is told by a header line (files in S3), or by the format that
 * the log was created with (CloudWatch Logs has no header), or it is one of the orders that AWS itself publishes: the default
 * format, the fields in the order of the documentation's table up to some version, and the examples of the documentation.
 * An order that is not told is taken only when every word has the form of its column.
 * Source of names and orders: VPC User Guide, "Flow log records" (versions 2 to 10) and "Flow log record examples"; Transit
 * Gateway guide, "Transit Gateway Flow Log records". */
#include "trail/log_part.h"

/* What the words of a column look like; any may be '-'. */
typedef enum {
    ANY,
    NUMBER,
    ACCOUNT,
    ADDRESS,
    ACTION,
    STATUS,
    ADDRESS_TYPE,
    NETWORK,  /* vpc-... */
    SUBNET,   /* subnet-... */
    INSTANCE, /* i-... */
    INTERFACE,
    GATEWAY, /* tgw-... */
    DIRECTION
} shape;

static const struct {
    vg_str name;
    shape shape;
} fields[] = {
    {VG_STR_INIT("version"), NUMBER},
    {VG_STR_INIT("account-id"), ACCOUNT},
    {VG_STR_INIT("interface-id"), INTERFACE},
    {VG_STR_INIT("srcaddr"), ADDRESS},
    {VG_STR_INIT("dstaddr"), ADDRESS},
    {VG_STR_INIT("srcport"), NUMBER},
    {VG_STR_INIT("dstport"), NUMBER},
    {VG_STR_INIT("protocol"), NUMBER},
    {VG_STR_INIT("packets"), NUMBER},
    {VG_STR_INIT("bytes"), NUMBER},
    {VG_STR_INIT("start"), NUMBER},
    {VG_STR_INIT("end"), NUMBER},
    {VG_STR_INIT("action"), ACTION},
    {VG_STR_INIT("log-status"), STATUS},
    {VG_STR_INIT("vpc-id"), NETWORK},
    {VG_STR_INIT("subnet-id"), SUBNET},
    {VG_STR_INIT("instance-id"), INSTANCE},
    {VG_STR_INIT("tcp-flags"), NUMBER},
    {VG_STR_INIT("type"), ADDRESS_TYPE},
    {VG_STR_INIT("pkt-srcaddr"), ADDRESS},
    {VG_STR_INIT("pkt-dstaddr"), ADDRESS},
    {VG_STR_INIT("region"), ANY},
    {VG_STR_INIT("az-id"), ANY},
    {VG_STR_INIT("sublocation-type"), ANY},
    {VG_STR_INIT("sublocation-id"), ANY},
    {VG_STR_INIT("pkt-src-aws-service"), ANY},
    {VG_STR_INIT("pkt-dst-aws-service"), ANY},
    {VG_STR_INIT("flow-direction"), DIRECTION},
    {VG_STR_INIT("traffic-path"), NUMBER},
    {VG_STR_INIT("ecs-cluster-arn"), ANY},
    {VG_STR_INIT("ecs-cluster-name"), ANY},
    {VG_STR_INIT("ecs-container-instance-arn"), ANY},
    {VG_STR_INIT("ecs-container-instance-id"), ANY},
    {VG_STR_INIT("ecs-container-id"), ANY},
    {VG_STR_INIT("ecs-second-container-id"), ANY},
    {VG_STR_INIT("ecs-service-name"), ANY},
    {VG_STR_INIT("ecs-task-definition-arn"), ANY},
    {VG_STR_INIT("ecs-task-arn"), ANY},
    {VG_STR_INIT("ecs-task-id"), ANY},
    {VG_STR_INIT("reject-reason"), ANY},
    {VG_STR_INIT("resource-id"), ANY},
    {VG_STR_INIT("encryption-status"), NUMBER},
    {VG_STR_INIT("resource-type"), ANY},
    {VG_STR_INIT("tgw-id"), GATEWAY},
    {VG_STR_INIT("tgw-attachment-id"), GATEWAY},
    {VG_STR_INIT("tgw-src-vpc-account-id"), ACCOUNT},
    {VG_STR_INIT("tgw-dst-vpc-account-id"), ACCOUNT},
    {VG_STR_INIT("tgw-src-vpc-id"), NETWORK},
    {VG_STR_INIT("tgw-dst-vpc-id"), NETWORK},
    {VG_STR_INIT("tgw-src-subnet-id"), SUBNET},
    {VG_STR_INIT("tgw-dst-subnet-id"), SUBNET},
    {VG_STR_INIT("tgw-src-eni"), INTERFACE},
    {VG_STR_INIT("tgw-dst-eni"), INTERFACE},
    {VG_STR_INIT("tgw-src-az-id"), ANY},
    {VG_STR_INIT("tgw-dst-az-id"), ANY},
    {VG_STR_INIT("tgw-pair-attachment-id"), GATEWAY},
    {VG_STR_INIT("packets-lost-no-route"), NUMBER},
    {VG_STR_INIT("packets-lost-blackhole"), NUMBER},
    {VG_STR_INIT("packets-lost-mtu-exceeded"), NUMBER},
    {VG_STR_INIT("packets-lost-ttl-expired"), NUMBER},
};

#define V2                                                                                                   \
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end "      \
    "action log-status"
#define V3 V2 " vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr"
#define V4 V3 " region az-id sublocation-type sublocation-id"
#define V5 V4 " pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path"
#define ECS                                                                                                  \
    " ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id "                \
    "ecs-container-id ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn "        \
    "ecs-task-id"
#define V7 V5 ECS
#define V8 V7 " reject-reason"
#define V9 V8 " resource-id"

/* Of two that fit, the first is taken. */
static const struct {
    size_t count;
    const char *columns;
} orders[] = {
    {14, V2},
    {21, V3},
    {25, V4},
    {29, V5},
    {39, V7},
    {40, V8},
    {41, V9},
    {42, V9 " encryption-status"},
    {36, "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id "
         "tgw-dst-vpc-account-id tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id "
         "tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr "
         "srcport dstport protocol packets bytes start end log-status type packets-lost-no-route "
         "packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region "
         "flow-direction pkt-src-aws-service pkt-dst-aws-service"},
    {21, "version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport "
         "pkt-srcaddr pkt-dstaddr protocol bytes packets start end action tcp-flags log-status"},
    {29, "version srcaddr dstaddr srcport dstport protocol start end type packets bytes account-id vpc-id "
         "subnet-id instance-id interface-id region az-id sublocation-type sublocation-id action tcp-flags "
         "pkt-srcaddr pkt-dstaddr pkt-src-aws-service pkt-dst-aws-service traffic-path flow-direction "
         "log-status"},
    {17, "version interface-id account-id vpc-id subnet-id instance-id srcaddr dstaddr srcport dstport "
         "protocol tcp-flags type pkt-srcaddr pkt-dstaddr action log-status"},
    {6, "instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr"},
};

/* ---- names -------------------------------------------------------------------------------------------------------------------- */

/* Equal but for '_' in place of '-', as tables in Athena have it. */
static bool is_name(vg_str word, vg_str name)
{
    if (word.len != name.len)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (word.ptr[i] != name.ptr[i] && !(word.ptr[i] == '_' && name.ptr[i] == '-'))
            return false;
    return true;
}

static size_t field_of(vg_str word)
{
    for (size_t i = 0; i < VG_COUNT(fields); i++)
        if (is_name(word, fields[i].name))
            return i;
    return VG_NPOS;
}

/* ${name} is name. */
static vg_str bare(vg_str word)
{
    bool is_braced =
        word.len > 3 && word.ptr[0] == '$' && word.ptr[1] == '{' && word.ptr[word.len - 1] == '}';
    return is_braced ? vg_str_sub(word, 2, word.len - 3) : word;
}

bool vg_flow_field(vg_str word, vg_str *name, bool *is_number)
{
    size_t known = field_of(word);
    if (known == VG_NPOS)
        return false;
    *name = fields[known].name;
    *is_number = fields[known].shape == NUMBER;
    return true;
}

static vg_flow_role role_of(vg_str name)
{
    static const struct {
        const char *name;
        vg_flow_role role;
    } roles[] = {
        {"start", VG_FLOW_START},   {"end", VG_FLOW_END},        {"account-id", VG_FLOW_ACCOUNT},
        {"region", VG_FLOW_REGION}, {"srcaddr", VG_FLOW_SOURCE}, {"log-status", VG_FLOW_STATUS},
    };
    for (size_t i = 0; i < VG_COUNT(roles); i++)
        if (vg_str_is(name, roles[i].name))
            return roles[i].role;
    return VG_FLOW_PLAIN;
}

static bool add_column(vg_flow_columns *out, vg_str word)
{
    if (out->count == VG_LOG_MOST_COLUMNS)
        return false;
    size_t known = field_of(word);
    vg_str name = known != VG_NPOS ? fields[known].name : word;
    out->keys[out->count] =
        (vg_value){.kind = VG_STRING, .len = (uint32_t)name.len & 0xFFFFFFFu, .as.string = name.ptr};
    out->role[out->count] = (uint8_t)role_of(name);
    out->is_number[out->count++] = known != VG_NPOS && fields[known].shape == NUMBER;
    return true;
}

static bool is_separator(char c)
{
    return c == ' ' || c == '\t' || c == ',' || c == '\r' || c == '\n';
}

bool vg_flow_columns_read(vg_str text, vg_flow_columns *out)
{
    out->count = 0;
    for (size_t i = 0; i < text.len;) {
        size_t start = i;
        while (i < text.len && !is_separator(text.ptr[i]))
            i++;
        if (i > start && !add_column(out, bare(vg_str_sub(text, start, i - start))))
            return false;
        i++;
    }
    return out->count > 0;
}

bool vg_flow_is_header(const vg_str *words, size_t count)
{
    size_t known = 0, most = count < VG_LOG_MOST_COLUMNS ? count : VG_LOG_MOST_COLUMNS;
    if (count == 0 || (words[0].ptr[0] >= '0' && words[0].ptr[0] <= '9'))
        return false;
    for (size_t i = 0; i < most; i++) {
        known += field_of(bare(words[i])) != VG_NPOS;
        if (i == 2 && known == 0)
            return false;
    }
    return known * 2 > count;
}

/* ---- values --------------------------------------------------------------------------------------------------------------------- */

static bool is_digits(vg_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return s.len > 0;
}

static bool is_address(vg_str s)
{
    bool has_separator = false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!is_hex && c != '.' && c != ':')
            return false;
        has_separator |= c == '.' || c == ':';
    }
    return has_separator;
}

static bool has_shape(vg_str s, shape wanted)
{
    if (vg_str_is(s, "-"))
        return true;
    switch (wanted) {
    case NUMBER:
        return is_digits(s);
    case ACCOUNT:
        return vg_log_is_account(s) || vg_str_is(s, "unknown");
    case ADDRESS:
        return is_address(s);
    case ACTION:
        return vg_str_is(s, "ACCEPT") || vg_str_is(s, "REJECT");
    case STATUS:
        return vg_str_is(s, "OK") || vg_str_is(s, "NODATA") || vg_str_is(s, "SKIPDATA");
    case ADDRESS_TYPE:
        return vg_str_is(s, "IPv4") || vg_str_is(s, "IPv6") || vg_str_is(s, "EFA");
    case NETWORK:
        return vg_str_starts(s, VG_STR("vpc-"));
    case SUBNET:
        return vg_str_starts(s, VG_STR("subnet-"));
    case INSTANCE:
        return vg_str_starts(s, VG_STR("i-"));
    case INTERFACE:
        return vg_str_starts(s, VG_STR("eni-"));
    case GATEWAY:
        return vg_str_starts(s, VG_STR("tgw-"));
    case DIRECTION:
        return vg_str_is(s, "ingress") || vg_str_is(s, "egress");
    case ANY:
        break;
    }
    return true;
}

static bool fits(const vg_str *words, const vg_flow_columns *columns)
{
    for (size_t i = 0; i < columns->count; i++)
        if (!has_shape(words[i], fields[field_of(vg_value_str(&columns->keys[i]))].shape))
            return false;
    return true;
}

bool vg_flow_columns_guess(const vg_str *words, size_t count, vg_flow_columns *out)
{
    for (size_t i = 0; i < VG_COUNT(orders); i++)
        if (orders[i].count == count && vg_flow_columns_read(vg_str_from(orders[i].columns), out) &&
            fits(words, out))
            return true;
    return false;
}

/* ---- words ---------------------------------------------------------------------------------------------------------------------- */

bool vg_flow_split(vg_str line, vg_str *words, size_t *count, size_t *bad)
{
    const char *p = line.ptr, *end = line.ptr + line.len;
    size_t found = 0;
    while (p < end) {
        const char *start = p;
        while (p < end && (unsigned char)(*p - 0x21) <= 0x7E - 0x21)
            p++;
        if (p > start) {
            if (found < VG_LOG_MOST_COLUMNS)
                words[found] = (vg_str){start, (size_t)(p - start)};
            found++;
        }
        if (p == end)
            break;
        if (*p != ' ' && *p != '\t') {
            *bad = (size_t)(p - line.ptr);
            return false;
        }
        p++;
    }
    *count = found;
    return true;
}
