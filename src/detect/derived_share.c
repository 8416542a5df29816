/* derived_share.c: who else a call gives access to, what it makes an instance run, and which ports it opens to the world.
 *
 * APIs name the accounts that something is shared with in their own ways (userId in launchPermission.add, valuesToAdd,
 * principals, ...): whatever stands under such a name is looked at, except what is taken away. Source: the API references of
 * EC2, RDS, RAM, Systems Manager and Redshift, as CloudTrail spells their parameters. */
#include "detect/derived_part.h"

enum { MOST_USER_DATA = 1 << 20 };

static bool is_one_of(vg_str key, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (vg_str_eq_icase(key, vg_str_from(names[i])))
            return true;
    return false;
}

static const vg_value *parameters_of(const vg_event *event)
{
    return vg_get(event->root, VG_STR("requestParameters"));
}

/* ---- sharing -------------------------------------------------------------------------------------------------------------------- */

static const char *const sharing_keys[] = {
    "userId",           "userIds",           "valuesToAdd",
    "attributeValues",  "principal",         "principals",
    "accountIdsToAdd",  "accountIds",        "accountWithRestoreAccess",
    "targetAccountId",  "targetAccountIds",  "aWSAccountId",
    "aWSAccountIds",    "groupNames",        "group",
    "sharedAccountIds", "accountsToAdd",     "account",
    "grantee",          "allowedPrincipals", "addAllowedPrincipals",
    "shareTarget",      "consumer",          "consumerIdentifier",
    "awsAccountId",
};
static const char *const removing_keys[] = {"remove", "valuesToRemove", "accountIdsToRemove",
                                            "accountsToRemove", "removeAllowedPrincipals"};

typedef struct {
    derived_list list;
    const vg_event *event;
    const vg_trail_record *record;
} sharing;

static void take_shared(sharing *s, vg_str text)
{
    vg_str account = derived_account_of(text);
    if (account.len && !derived_is_ours(s->event, s->record, account))
        derived_list_add(&s->list, account);
    if (vg_str_eq_icase(text, VG_STR("all")) || vg_str_is(text, "*"))
        derived_list_add(&s->list, VG_STR("*"));
}

static void find_shared(sharing *s, const vg_value *value, bool named, unsigned depth)
{
    if (depth > DERIVED_MOST_DEPTH)
        return;
    if (value->kind == VG_STRING && named)
        take_shared(s, vg_value_str(value));
    for (vg_items it = vg_items_of(value); vg_items_next(&it);) {
        bool is_array = value->kind == VG_ARRAY;
        if (!is_array && is_one_of(it.key, removing_keys, VG_COUNT(removing_keys)))
            continue;
        bool below =
            is_array ? named
                     : is_one_of(it.key, sharing_keys, VG_COUNT(sharing_keys)) ||
                           (named && is_one_of(it.key, (const char *const[]){"items", "AWS", "member"}, 3));
        find_shared(s, it.value, below, depth + 1);
    }
}

const vg_value *derived_external(const vg_event *event, const vg_trail_record *record, vg_arena *arena)
{
    sharing s = {derived_list_new(arena), event, record};
    if (!parameters_of(event))
        return NULL;
    find_shared(&s, parameters_of(event), false, 0);
    return derived_list_value(&s.list);
}

/* ---- user data ------------------------------------------------------------------------------------------------------------------ */

static void take_user_data(derived_list *list, vg_str text)
{
    vg_str decoded, whole;
    if (vg_base64_decode(list->arena, text, &decoded, NULL) != VG_OK || !decoded.len)
        return;
    if (vg_decompress(list->arena, decoded, MOST_USER_DATA, &whole, NULL) == VG_OK)
        decoded = whole;
    derived_list_add(list, decoded);
}

static void find_user_data(derived_list *list, const vg_value *value, bool named, unsigned depth)
{
    if (depth > DERIVED_MOST_DEPTH)
        return;
    if (value->kind == VG_STRING && named)
        take_user_data(list, vg_value_str(value));
    for (vg_items it = vg_items_of(value); vg_items_next(&it);) {
        bool data = vg_str_eq_icase(it.key, VG_STR("userData")) ||
                    (named && vg_str_eq_icase(it.key, VG_STR("value")));
        find_user_data(list, it.value, value->kind == VG_ARRAY ? named : data, depth + 1);
    }
}

const vg_value *derived_user_data(const vg_event *event, const vg_trail_record *record, vg_arena *arena)
{
    (void)record;
    derived_list list = derived_list_new(arena);
    if (!parameters_of(event))
        return NULL;
    find_user_data(&list, parameters_of(event), false, 0);
    return derived_list_value(&list);
}

/* ---- ports ---------------------------------------------------------------------------------------------------------------------- */

enum { MOST_BLOCKS = 4096, ALL_PORTS = 65535 };

typedef struct {
    bool is_public;
    unsigned blocks; /* looked at; a call has a few hundred at most */
    uint8_t ports[(ALL_PORTS + 1) / 8];
} opening;

/* The ports that an object and what is in it speak of. */
typedef struct {
    int64_t from, to; /* none when from is above to */
} range;

static const char *const cidr_keys[] = {"cidrIp", "cidrIpv4", "cidrIpv6", "cidrBlock", "ipv6CidrBlock"};

static bool read_port(const vg_value *object, const char *key, int64_t *out)
{
    for (vg_items it = vg_items_of(object); vg_items_next(&it);) {
        if (!vg_str_eq_icase(it.key, vg_str_from(key)))
            continue;
        if (it.value->kind == VG_INT)
            *out = it.value->as.i64;
        return it.value->kind == VG_INT || vg_str_to_i64(vg_value_str(it.value), out);
    }
    return false;
}

/* Without ports, or with -1, a permission is for all; ICMP has none. */
static range range_of(const vg_value *object, range around)
{
    static const char *const icmp[] = {"icmp", "icmpv6", "1", "58"};
    range r = around;
    vg_str protocol = vg_get_str(object, "ipProtocol");
    if (is_one_of(protocol, icmp, VG_COUNT(icmp)))
        return (range){1, 0};
    bool from = read_port(object, "fromPort", &r.from) || read_port(object, "from", &r.from);
    bool to = read_port(object, "toPort", &r.to) || read_port(object, "to", &r.to);
    if ((from && r.from < 0) || (to && r.to < 0) || vg_str_is(protocol, "-1"))
        return (range){0, ALL_PORTS};
    r.from = r.from > ALL_PORTS ? ALL_PORTS : r.from;
    r.to = r.to > ALL_PORTS ? ALL_PORTS : r.to;
    return r;
}

static bool is_opened(const opening *o, uint32_t port)
{
    return (o->ports[port / 8] & 1U << port % 8) != 0;
}

static void open_ports(opening *o, range r)
{
    o->is_public = true;
    if (o->blocks++ > MOST_BLOCKS)
        return;
    for (int64_t port = r.from; port <= r.to; port++)
        o->ports[port / 8] |= (uint8_t)(1U << port % 8);
}

static void find_open(opening *o, const vg_value *value, range around, unsigned depth)
{
    if (depth > DERIVED_MOST_DEPTH)
        return;
    range here = value->kind == VG_OBJECT ? range_of(value, around) : around;
    const vg_value *ports = vg_get(value, VG_STR("portRange"));
    if (ports)
        here = range_of(ports, here);
    for (vg_items it = vg_items_of(value); vg_items_next(&it);) {
        bool cidr = value->kind == VG_OBJECT && is_one_of(it.key, cidr_keys, VG_COUNT(cidr_keys));
        if (cidr && derived_is_open(vg_value_str(it.value)))
            open_ports(o, here);
        find_open(o, it.value, here, depth + 1);
    }
}

static bool is_true(const vg_value *value)
{
    return value && (value->kind == VG_BOOL ? value->as.boolean
                                            : vg_str_eq_icase(vg_value_str(value), VG_STR("true")));
}

/* Calls that let something in. */
static bool lets_in(vg_str name, const vg_value *parameters)
{
    if (vg_str_starts(name, VG_STR("Revoke")) || vg_str_starts(name, VG_STR("Delete")) ||
        vg_str_find(name, VG_STR("Egress")) != VG_NPOS || is_true(vg_get(parameters, VG_STR("egress"))))
        return false;
    if (vg_str_find(name, VG_STR("NetworkAclEntry")) != VG_NPOS)
        return vg_str_eq_icase(vg_get_str(parameters, "ruleAction"), VG_STR("allow"));
    return vg_str_find(name, VG_STR("SecurityGroup")) != VG_NPOS;
}

static opening *read_open(const vg_event *event, const vg_trail_record *record, vg_arena *arena)
{
    const vg_value *parameters = parameters_of(event);
    if (!parameters || !lets_in(record->name, parameters))
        return NULL;
    opening *o = VG_NEW(arena, opening);
    if (o)
        find_open(o, parameters, (range){0, ALL_PORTS}, 0);
    return o;
}

const vg_value *derived_opens_public(const vg_event *event, const vg_trail_record *record, vg_arena *arena)
{
    const opening *o = read_open(event, record, arena);
    return o ? derived_bool(arena, o->is_public) : NULL;
}

const vg_value *derived_opens_ports(const vg_event *event, const vg_trail_record *record, vg_arena *arena)
{
    const opening *o = read_open(event, record, arena);
    uint32_t count = 0;
    for (uint32_t port = 0; o && port <= ALL_PORTS; port++)
        count += is_opened(o, port);
    vg_value *nodes = count ? VG_NEW_N(arena, vg_value, count + 1) : NULL;
    if (!nodes)
        return NULL;
    nodes[0] = (vg_value){.kind = VG_ARRAY, .as.container = {count, count + 1}};
    vg_value *next = nodes + 1;
    for (uint32_t port = 0; port <= ALL_PORTS; port++)
        if (is_opened(o, port))
            *next++ = (vg_value){.kind = VG_INT, .as.i64 = port};
    return nodes;
}
