/* log_derived.c: fields that rules read beside the log's own: which way a flow went, whose port is the server's, which part
 * of a name somebody registered, what its letters look like, where an answer leads. Each is worked out when it is asked
 * for. */
#include "trail/log_part.h"

/* ---- answers ------------------------------------------------------------------------------------------------------------------ */

static bool say_number(vg_arena *arena, int64_t number, const vg_value **out)
{
    vg_value *v = VG_NEW(arena, vg_value);
    if (!v)
        return false;
    *v = (vg_value){.kind = VG_INT, .as.i64 = number};
    *out = v;
    return true;
}

/* `text` lives as long as the event, or longer. */
static bool say_text(vg_arena *arena, vg_str text, const vg_value **out)
{
    vg_value *v = text.len ? VG_NEW(arena, vg_value) : NULL;
    if (!v)
        return false;
    *v = (vg_value){.kind = VG_STRING, .len = (uint32_t)text.len & 0xFFFFFFFu, .as.string = text.ptr};
    *out = v;
    return true;
}

/* In lower case; copied when that changes anything. */
static bool say_folded(vg_arena *arena, vg_str text, const vg_value **out)
{
    size_t i = 0;
    while (i < text.len && (text.ptr[i] < 'A' || text.ptr[i] > 'Z'))
        i++;
    if (i == text.len)
        return say_text(arena, text, out);
    char *copy = vg_arena_alloc(arena, text.len);
    if (!copy)
        return false;
    for (size_t k = 0; k < text.len; k++) {
        char c = text.ptr[k];
        copy[k] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    return say_text(arena, vg_str_of(copy, text.len), out);
}

/* ---- flows -------------------------------------------------------------------------------------------------------------------- */

static bool flow_direction(const vg_event *event, vg_arena *arena, const vg_value **out)
{
    vg_address_kind from = vg_address_kind_of(vg_get_str(event->root, "srcaddr"));
    vg_address_kind to = vg_address_kind_of(vg_get_str(event->root, "dstaddr"));
    vg_str told = vg_get_str(event->root, "flow-direction");
    if (from == VG_ADDRESS_NONE || to == VG_ADDRESS_NONE)
        return false;
    bool from_outside = from == VG_ADDRESS_PUBLIC, to_outside = to == VG_ADDRESS_PUBLIC;
    if (from_outside && to_outside) /* as all of IPv6 is */
        return say_text(arena,
                        vg_str_is(told, "ingress")  ? VG_STR("in")
                        : vg_str_is(told, "egress") ? VG_STR("out")
                                                    : (vg_str){0},
                        out);
    return say_text(arena, from_outside ? VG_STR("in") : to_outside ? VG_STR("out") : VG_STR("within"), out);
}

static int64_t number_of(const vg_value *root, vg_str name)
{
    const vg_value *v = vg_get(root, name);
    int64_t number;
    if (v && v->kind == VG_INT)
        return v->as.i64;
    return v && vg_str_to_i64(vg_value_str(v), &number) ? number : -1;
}

/* How likely a port is a server's. */
static int rank_of(int64_t port)
{
    static const uint16_t servers[] = {
        1433, 1521, 1883, 2049, 2181, 2375, 2376, 2379, 3000, 3128, 3268, 3306,  3389,  4444,  5000, 5432,
        5439, 5601, 5671, 5672, 5900, 5985, 5986, 6379, 6443, 7000, 7687, 8000,  8080,  8086,  8182, 8200,
        8443, 8500, 8888, 9000, 9042, 9090, 9092, 9094, 9200, 9300, 9443, 10250, 11211, 27017, 50070};
    for (size_t i = 0; i < VG_COUNT(servers); i++)
        if (servers[i] == port)
            return 2;
    return port < 1024 ? 3 : port < 32768 ? 1 : 0; /* from 32768 on clients take theirs */
}

/* Who opened the connection knows: a flow whose packets only began it goes to the server, one that only answered comes from
 * it. Else the port that looks more like a server's; else the destination's. */
static bool flow_port(const vg_event *event, vg_arena *arena, const vg_value **out)
{
    enum { SYN = 2, ACK = 16, TCP = 6, UDP = 17, SCTP = 132 };
    int64_t from = number_of(event->root, VG_STR("srcport")), to = number_of(event->root, VG_STR("dstport"));
    int64_t protocol = number_of(event->root, VG_STR("protocol"));
    int64_t flags = number_of(event->root, VG_STR("tcp-flags"));
    bool has_ports = protocol == TCP || protocol == UDP || protocol == SCTP || protocol == -1;
    if (from < 0 || to < 0 || !has_ports)
        return false;
    bool is_opening = flags > 0 && protocol == TCP && (flags & SYN);
    if (is_opening)
        return say_number(arena, flags & ACK ? from : to, out);
    return say_number(arena, rank_of(from) > rank_of(to) ? from : to, out);
}

/* ---- queries ------------------------------------------------------------------------------------------------------------------ */

static vg_dns_name name_of(const vg_event *event)
{
    return vg_dns_name_of(vg_get_str(event->root, "query_name"));
}

static bool dns_domain(const vg_event *event, vg_arena *arena, const vg_value **out)
{
    return say_folded(arena, name_of(event).domain, out);
}

static bool dns_label(const vg_event *event, vg_arena *arena, const vg_value **out)
{
    return say_text(arena, vg_dns_longest_label(name_of(event).before), out);
}

static bool dns_length(const vg_event *event, vg_arena *arena, const vg_value **out)
{
    vg_dns_name name = name_of(event);
    int64_t length = 0;
    for (size_t i = 0; i < name.before.len; i++)
        length += name.before.ptr[i] != '.';
    return name.domain.len > 0 && say_number(arena, length, out);
}

static bool dns_entropy(const vg_event *event, vg_arena *arena, const vg_value **out)
{
    vg_str label = vg_dns_longest_label(name_of(event).before);
    return label.len > 0 && say_number(arena, vg_dns_entropy(label), out);
}

static bool dns_generated(const vg_event *event, vg_arena *arena, const vg_value **out)
{
    vg_str domain = name_of(event).domain;
    size_t dot = vg_str_find_char(domain, '.');
    return domain.len > 0 && say_number(arena, vg_dns_generated(vg_str_sub(domain, 0, dot)), out);
}

static bool dns_packed(const vg_event *event, vg_arena *arena, const vg_value **out)
{
    vg_str label = vg_dns_longest_label(name_of(event).before);
    return label.len > 0 && say_number(arena, vg_dns_generated(label), out);
}

static bool dns_answer_kind(const vg_event *event, vg_arena *arena, const vg_value **out)
{
    static const vg_str names[] = {[VG_ADDRESS_NONE] = {NULL, 0},
                                   [VG_ADDRESS_PUBLIC] = VG_STR_INIT("public"),
                                   [VG_ADDRESS_PRIVATE] = VG_STR_INIT("private"),
                                   [VG_ADDRESS_METADATA] = VG_STR_INIT("metadata")};
    vg_address_kind kind = VG_ADDRESS_NONE;
    for (vg_items it = vg_items_of(vg_get(event->root, VG_STR("answers"))); vg_items_next(&it);) {
        vg_address_kind one = vg_address_kind_of(vg_get_str(it.value, "Rdata"));
        kind = one > kind ? one : kind;
    }
    return say_text(arena, names[kind], out);
}

/* ------------------------------------------------------------------------------------------------------------------------------- */

bool vg_log_derived(const vg_event *event, vg_str name, vg_arena *arena, const vg_value **out)
{
    static const struct {
        vg_log_kind log;
        const char *name;
        bool (*work_out)(const vg_event *event, vg_arena *arena, const vg_value **out);
    } fields[] = {
        {VG_LOG_FLOW, "flow.direction", flow_direction},  {VG_LOG_FLOW, "flow.port", flow_port},
        {VG_LOG_DNS, "dns.domain", dns_domain},           {VG_LOG_DNS, "dns.label", dns_label},
        {VG_LOG_DNS, "dns.length", dns_length},           {VG_LOG_DNS, "dns.entropy", dns_entropy},
        {VG_LOG_DNS, "dns.generated", dns_generated},     {VG_LOG_DNS, "dns.packed", dns_packed},
        {VG_LOG_DNS, "dns.answer.kind", dns_answer_kind},
    };
    if (event->log != VG_LOG_FLOW && event->log != VG_LOG_DNS)
        return false;
    for (size_t i = 0; i < VG_COUNT(fields); i++)
        if (event->log == fields[i].log && vg_str_is(name, fields[i].name))
            return fields[i].work_out(event, arena, out);
    return false;
}
