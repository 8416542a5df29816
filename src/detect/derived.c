/* derived.c: fields below "vigil." that an event itself tells: what happened to the call, who stands behind it, and what
 * hides in policies and encodings. They are made when a rule asks, and live as long as the evaluation of the event. Documented
 * for authors in docs/reference/detections.md. Source: CloudTrail User Guide, "CloudTrail userIdentity element" and "CloudTrail
 * record contents". */
#include "detect/derived_part.h"

#include <arpa/inet.h>

/* ---- values ---------------------------------------------------------------------------------------------------------------- */

const vg_value *derived_bool(vg_arena *arena, bool value)
{
    vg_value *made = VG_NEW(arena, vg_value);
    if (made)
        *made = (vg_value){.kind = VG_BOOL, .as.boolean = value};
    return made;
}

static vg_value text_value(vg_str text)
{
    const uint32_t most = (1U << 28) - 1;
    return (vg_value){.kind = VG_STRING,
                      .len = text.len < most ? (uint32_t)text.len & most : most,
                      .as.string = text.ptr ? text.ptr : ""};
}

const vg_value *derived_text(vg_arena *arena, vg_str text)
{
    vg_value *made = VG_NEW(arena, vg_value);
    if (made)
        *made = text_value(text);
    return made;
}

derived_list derived_list_new(vg_arena *arena)
{
    vg_map *seen = vg_map_new(arena, 0x60);
    return (derived_list){arena, seen, !seen};
}

void derived_list_add(derived_list *list, vg_str text)
{
    if (!list->failed && text.len)
        list->failed = !vg_map_put(list->seen, text, NULL);
}

const vg_value *derived_list_value(derived_list *list)
{
    size_t count = list->failed ? 0 : vg_map_len(list->seen);
    vg_value *nodes = count && count < UINT32_MAX ? VG_NEW_N(list->arena, vg_value, count + 1) : NULL;
    if (!nodes)
        return NULL;
    nodes[0] = (vg_value){.kind = VG_ARRAY, .as.container = {(uint32_t)count, (uint32_t)count + 1}};
    for (size_t i = 0; i < count; i++)
        nodes[i + 1] = text_value(vg_map_at(list->seen, i)->key);
    return nodes;
}

static bool is_account(vg_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return text.len == 12;
}

vg_str derived_account_of(vg_str text)
{
    text = vg_str_trim(text);
    if (is_account(text))
        return text;
    if (!vg_str_starts(text, VG_STR("arn:")))
        return (vg_str){0};
    vg_str rest = text, part = {0};
    for (int i = 0; i < 5; i++)
        if (!vg_str_next(&rest, ':', &part))
            return (vg_str){0};
    return is_account(part) ? part : (vg_str){0};
}

bool derived_is_ours(const vg_event *event, const vg_trail_record *record, vg_str account)
{
    return vg_str_eq(account, event->account.len ? event->account : record->account) ||
           (event->ours && vg_map_get(event->ours, account));
}

/* ---- what became of the call ------------------------------------------------------------------------------------------------- */

/* Sign-in events say {"ConsoleLogin": "Failure"}. */
static bool says_failure(const vg_trail_record *record)
{
    const vg_value *answer = vg_get(vg_get(record->root, VG_STR("responseElements")), record->name);
    return answer && vg_str_eq_icase(vg_value_str(answer), VG_STR("Failure"));
}

static const vg_value *outcome(const vg_event *event, const vg_trail_record *record, vg_arena *arena)
{
    (void)event;
    bool attempted = record->error_code.len || record->error_message.len || says_failure(record);
    return derived_text(arena, attempted ? VG_STR("attempted") : VG_STR("succeeded"));
}

/* ---- who ---------------------------------------------------------------------------------------------------------------------- */

static const vg_value *actor(const vg_event *event, const vg_trail_record *record, vg_arena *arena)
{
    (void)event;
    vg_str who = vg_trail_actor(record);
    return who.len ? derived_text(arena, who) : NULL;
}

static const struct {
    const char *type, *kind;
} actor_kinds[] = {
    {"Root", "root"},
    {"IAMUser", "user"},
    {"IdentityCenterUser", "user"},
    {"AssumedRole", "role"},
    {"Role", "role"},
    {"FederatedUser", "federated"},
    {"SAMLUser", "federated"},
    {"WebIdentityUser", "federated"},
    {"AWSService", "service"},
    {"AWSAccount", "account"},
};

static bool is_anonymous(const vg_trail_identity *who)
{
    return vg_str_eq_icase(who->account, VG_STR("anonymous")) ||
           vg_str_eq_icase(who->account, VG_STR("ANONYMOUS_PRINCIPAL")) ||
           vg_str_eq_icase(who->principal_id, VG_STR("ANONYMOUS_PRINCIPAL")) ||
           vg_str_eq_icase(who->principal_id, VG_STR("anonymous"));
}

static const vg_value *actor_kind(const vg_event *event, const vg_trail_record *record, vg_arena *arena)
{
    (void)event;
    const vg_trail_identity *who = &record->identity;
    if (is_anonymous(who))
        return derived_text(arena, VG_STR("anonymous"));
    if (vg_str_eq_icase(who->issuer_type, VG_STR("Root")))
        return derived_text(arena, VG_STR("root"));
    for (size_t i = 0; i < VG_COUNT(actor_kinds); i++)
        if (vg_str_eq_icase(who->type, vg_str_from(actor_kinds[i].type)))
            return derived_text(arena, vg_str_from(actor_kinds[i].kind));
    return !who->type.len && who->invoked_by.len ? derived_text(arena, VG_STR("service")) : NULL;
}

/* ---- from where ---------------------------------------------------------------------------------------------------------------- */

static bool in_block(const uint8_t address[16], const char *block, unsigned bits)
{
    uint8_t prefix[16];
    if (inet_pton(AF_INET6, block, prefix) != 1 || memcmp(address, prefix, bits / 8) != 0)
        return false;
    uint8_t mask = (uint8_t)(0xFF00U >> bits % 8);
    return bits % 8 == 0 || ((address[bits / 8] ^ prefix[bits / 8]) & mask) == 0;
}

/* Blocks that no host on the internet has (IANA's registries of special-purpose addresses). */
static const struct {
    const char *block;
    unsigned bits;
} private_blocks[] = {
    {"::ffff:0.0.0.0", 104},
    {"::ffff:10.0.0.0", 104},
    {"::ffff:100.64.0.0", 106},
    {"::ffff:127.0.0.0", 104},
    {"::ffff:169.254.0.0", 112},
    {"::ffff:172.16.0.0", 108},
    {"::ffff:192.168.0.0", 112},
    {"::", 127},
    {"fc00::", 7},
    {"fe80::", 10},
};

static bool read_address(vg_str text, uint8_t out[16])
{
    char buffer[INET6_ADDRSTRLEN + 1];
    if (!text.len || text.len >= sizeof buffer || memchr(text.ptr, 0, text.len))
        return false;
    memcpy(buffer, text.ptr, text.len);
    buffer[text.len] = 0;
    memset(out, 0, 10);
    memset(out + 10, 0xFF, 2);
    return inet_pton(AF_INET, buffer, out + 12) == 1 || inet_pton(AF_INET6, buffer, out) == 1;
}

static bool is_service_name(vg_str source)
{
    static const char *const ends[] = {".amazonaws.com", ".amazonaws.com.cn", ".amazon.com", ".aws.internal"};
    for (size_t i = 0; i < VG_COUNT(ends); i++)
        if (vg_str_ends(source, vg_str_from(ends[i])))
            return true;
    return vg_str_eq_icase(source, VG_STR("AWS Internal"));
}

static const char *ip_kind_of(vg_str source)
{
    uint8_t address[16];
    if (is_service_name(source))
        return "service";
    if (!read_address(source, address))
        return "none";
    for (size_t i = 0; i < VG_COUNT(private_blocks); i++)
        if (in_block(address, private_blocks[i].block, private_blocks[i].bits))
            return "private";
    return "public";
}

static const vg_value *ip_kind(const vg_event *event, const vg_trail_record *record, vg_arena *arena)
{
    (void)event;
    return derived_text(arena, vg_str_from(ip_kind_of(record->source_ip)));
}

static const vg_value *service(const vg_event *event, const vg_trail_record *record, vg_arena *arena)
{
    (void)event;
    bool alone = vg_str_eq_icase(record->identity.type, VG_STR("AWSService"));
    bool invoked = record->identity.invoked_by.len && is_service_name(record->source_ip);
    return derived_bool(arena, alone || invoked);
}

bool derived_is_open(vg_str cidr)
{
    vg_str address, length;
    uint8_t bytes[16];
    uint64_t bits;
    if (!vg_str_split(vg_str_trim(cidr), '/', &address, &length) || !vg_str_to_u64(length, &bits) ||
        !read_address(address, bytes))
        return false;
    bool is_v4 = vg_str_find_char(address, ':') == VG_NPOS;
    return bits < 8 && (is_v4 || bits < 4); /* fc00::/7 is private */
}

/* ---- the fields ------------------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    derived_make *make;
} fields[] = {
    {"outcome", outcome},
    {"actor", actor},
    {"actor.kind", actor_kind},
    {"service", service},
    {"ip.kind", ip_kind},
    {"policy.effect", derived_policy_effect},
    {"policy.principal", derived_policy_principal},
    {"policy.action", derived_policy_action},
    {"policy.public", derived_policy_public},
    {"policy.external", derived_policy_external},
    {"policy.admin", derived_policy_admin},
    {"external", derived_external},
    {"user_data", derived_user_data},
    {"opens.public", derived_opens_public},
    {"opens.ports", derived_opens_ports},
};

bool vg_derived_is_of_event(vg_str name)
{
    for (size_t i = 0; i < VG_COUNT(fields); i++)
        if (vg_str_is(name, fields[i].name))
            return true;
    return false;
}

/* Memory for the record of an event that came without. */
typedef struct {
    vg_trail_resource resources[VG_TRAIL_MOST_RESOURCES];
    vg_trail_record record;
} own_record;

bool vg_derived_field(const vg_event *event, vg_str name, vg_arena *arena, const vg_value **out)
{
    size_t i = 0;
    if (event->log != VG_LOG_CLOUDTRAIL)
        return vg_log_derived(event, name, arena, out);
    while (i < VG_COUNT(fields) && !vg_str_is(name, fields[i].name))
        i++;
    if (i == VG_COUNT(fields))
        return false;
    const vg_trail_record *record = event->record;
    if (!record) {
        own_record *own = VG_NEW(arena, own_record);
        if (!own)
            return false;
        vg_trail_record_of(event->root, own->resources, &own->record);
        record = &own->record;
    }
    *out = fields[i].make(event, record, arena);
    return *out != NULL;
}
