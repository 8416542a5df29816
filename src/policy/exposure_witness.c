/* exposure_witness.c: the context of a stranger's request: what it cannot help, and what it can choose.
 *
 * A condition protects when it asks for something that a stranger does not have: another organisation, account, VPC,
 * address, source. It does not protect when it asks for what every caller chooses for itself: parameters of the request, the
 * user agent, tags of its own principals. An address range counts as protection unless it is wider than /8 (IPv6: /32),
 * which is how S3 decides what is public ("Blocking public access to your Amazon S3 storage", "The meaning of public"). */
#include "policy/exposure_part.h"

/* ---- keys ---------------------------------------------------------------------------------------------------------------------- */

static vg_context_entry *find(vg_witness_context *c, vg_str key, size_t *index)
{
    for (size_t i = 0; i < c->count; i++)
        if (vg_str_eq_icase(c->entries[i].key, key)) {
            *index = i;
            return &c->entries[i];
        }
    return NULL;
}

static void set(vg_witness_context *c, vg_str key, vg_str value, vg_context_state state, bool pinned)
{
    size_t index;
    vg_context_entry *entry = find(c, key, &index);
    if (!entry) {
        c->full = c->full || c->count == VG_WITNESS_KEYS;
        if (c->count == VG_WITNESS_KEYS)
            return;
        index = c->count++;
        entry = &c->entries[index];
    }
    c->values[index] = value;
    c->pinned[index] = pinned;
    *entry = (vg_context_entry){.key = key, .values = &c->values[index], .value_count = 1, .state = state};
    if (state == VG_CONTEXT_ABSENT)
        entry->value_count = 0;
}

static void pin(vg_witness_context *c, const char *key, vg_str value)
{
    set(c, vg_str_from(key), value, value.len ? VG_CONTEXT_PRESENT : VG_CONTEXT_ABSENT, true);
}

static void pin_list(vg_witness_context *c, const char *key, vg_str value)
{
    size_t index;
    pin(c, key, value);
    vg_context_entry *entry = find(c, vg_str_from(key), &index);
    if (entry)
        entry->multi = true;
}

static void offer(vg_witness_context *c, const char *key, const char *value)
{
    set(c, vg_str_from(key), vg_str_from(value), VG_CONTEXT_PRESENT, false);
}

/* "token.actions.githubusercontent.com:sub" */
static bool is_claim(const vg_witness_context *c, vg_str key)
{
    return c->provider.len && key.len > c->provider.len && vg_str_starts(key, c->provider) &&
           key.ptr[c->provider.len] == ':';
}

/* Who decides what a key holds. DARK: nobody knows. */
typedef enum { CHOSEN, GIVEN, DARK } chooser;

static bool signs(vg_caller_kind kind)
{
    return kind != VG_CALLER_ANONYMOUS && kind != VG_CALLER_SERVICE && kind != VG_CALLER_FEDERATED;
}

static bool is_global(vg_str key)
{
    return vg_str_eq_icase(vg_str_sub(key, 0, 4), VG_STR("aws:"));
}

/* A key that the catalogue does not have, of an action that it has. A provider's claim is in the requests that bring its
 * token, and this one brings none. */
static chooser chooser_of_unlisted(const vg_witness_context *c, vg_str key)
{
    vg_str prefix, name;
    bool is_claim_of_another =
        vg_str_split(key, ':', &prefix, &name) && vg_str_find_char(prefix, '.') != VG_NPOS;
    if (is_claim_of_another && !signs(c->kind))
        return GIVEN;
    return is_global(key) || c->action != VG_CATALOGUE_NONE ? DARK : CHOSEN;
}

static chooser chooser_of(const vg_witness_context *c, vg_str key)
{
    uint32_t id = vg_catalogue_find_key(c->catalogue, key);
    bool is_dark = vg_stranger_rule(c->rules, VG_STRANGER_RESOURCE, key) ||
                   (vg_stranger_rule(c->rules, VG_STRANGER_SECRET, key) && !c->is_named);
    if (is_claim(c, key))
        return CHOSEN;
    if (vg_stranger_rule(c->rules, VG_STRANGER_GIVEN, key) ||
        (vg_stranger_rule(c->rules, VG_STRANGER_SIGNED, key) && !signs(c->kind)))
        return GIVEN;
    if (id == VG_CATALOGUE_NONE)
        return is_dark ? DARK : chooser_of_unlisted(c, key);
    bool must_be_listed = !is_global(key) || vg_stranger_rule(c->rules, VG_STRANGER_LISTED, key);
    if (must_be_listed && c->action != VG_CATALOGUE_NONE &&
        !vg_catalogue_action_has_key(c->catalogue, c->action, id))
        return GIVEN; /* the request does not carry it */
    return is_dark ? DARK : CHOSEN;
}

/* What evidence tells of the resource; NULL: nothing. */
static const vg_context_entry *told_of(const vg_witness_context *c, vg_str key)
{
    for (size_t i = 0; c->told && i < c->told->context_count; i++)
        if (vg_str_eq_icase(c->told->context[i].key, key) && c->told->context[i].state != VG_CONTEXT_UNKNOWN)
            return &c->told->context[i];
    return NULL;
}

/* Puts a key of the resource into the request as evidence tells it, or, absent so far, as one that is dark. */
static void look_up(vg_witness_context *c, vg_str key)
{
    size_t index;
    const vg_context_entry *told = told_of(c, key);
    set(c, key, told && told->value_count ? told->values[0] : (vg_str){0},
        told ? told->state : VG_CONTEXT_ABSENT, told != NULL);
    if (find(c, key, &index))
        c->dark[index] = !told;
}

/* Whether a condition may choose the key: the caller can, and no other condition has. */
static bool is_free(vg_witness_context *c, vg_str key)
{
    size_t index;
    if (!find(c, key, &index)) {
        chooser by = chooser_of(c, key);
        if (by != DARK)
            return by == CHOSEN;
        look_up(c, key);
        if (!find(c, key, &index))
            return false;
    }
    return !c->pinned[index];
}

void vg_witness_drop(vg_witness_context *c, const char *key)
{
    pin(c, key, (vg_str){0});
}

vg_str vg_witness_hangs_on(const vg_witness_context *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->dark[i])
            return c->entries[i].key;
    return (vg_str){0};
}

/* ---- what a stranger brings -------------------------------------------------------------------------------------------------------- */

static const char *principal_type(vg_caller_kind kind)
{
    switch (kind) {
    case VG_CALLER_USER:
        return "User";
    case VG_CALLER_ROLE:
    case VG_CALLER_ROLE_SESSION:
        return "AssumedRole";
    case VG_CALLER_ROOT:
        return "Account";
    case VG_CALLER_FEDERATED_SESSION:
        return "FederatedUser";
    case VG_CALLER_ANONYMOUS:
        return "Anonymous";
    case VG_CALLER_SERVICE:
    case VG_CALLER_FEDERATED:
    case VG_CALLER_UNKNOWN:
        break;
    }
    return "";
}

static void bring_provider(vg_witness_context *c, const vg_stranger *stranger)
{
    vg_arn arn;
    c->shared = stranger->provider;
    c->subject = stranger->subject.len        ? stranger->subject
                 : stranger->provider != NULL ? stranger->provider->sub
                                              : (vg_str){0};
    c->audience = stranger->audience;
    c->provider = stranger->caller;
    if (vg_arn_parse(stranger->caller, &arn)) {
        size_t slash = vg_str_find_char(arn.resource, '/');
        c->provider = vg_str_sub(arn.resource, slash + 1, VG_NPOS);
    }
}

static bool lists(const vg_value *list, vg_str name)
{
    for (vg_items it = vg_items_of(list); list && vg_items_next(&it);)
        if (vg_str_eq(vg_value_str(it.value), name))
            return true;
    return false;
}

/* A claim that says whose the token is: a stranger's, of a name that the pattern leaves open to anybody, or another. */
static vg_str own_claim(vg_arena *arena, const vg_policy_condition *test)
{
    vg_str first = test->value_count ? test->values[0] : (vg_str){0}, before, behind;
    bool has_pattern = test->op == VG_OP_STRING_LIKE && vg_str_split(first, '*', &before, &behind);
    if (!has_pattern || vg_str_find_char(before, '/') != VG_NPOS)
        return VG_STR("stranger");
    return vg_arena_printf(arena, "%.*sstranger%.*s", VG_ARG(before),
                           VG_ARG(vg_text_matching(arena, behind)));
}

/* A claim of the provider that a statement asks for: the stranger's own, or one that it can choose. */
static void bring_claim(vg_witness_context *c, vg_arena *arena, const vg_policy_condition *test)
{
    const vg_shared_provider *p = c->shared;
    vg_str key = test->key, claim = vg_str_sub(key, c->provider.len + 1, VG_NPOS);
    size_t index;
    if (vg_str_is(claim, "sub"))
        set(c, key, c->subject, VG_CONTEXT_PRESENT, true);
    else if (vg_str_is(claim, "aud") && !p->any_aud)
        set(c, key, p->aud, VG_CONTEXT_PRESENT, true);
    else if (vg_str_is(claim, "amr"))
        set(c, key, VG_STR("unauthenticated"), VG_CONTEXT_PRESENT, true);
    else if (lists(p->own, claim))
        set(c, key, own_claim(arena, test), VG_CONTEXT_PRESENT, true);
    else if (!vg_str_is(claim, "aud") && !lists(p->chosen, claim) && !find(c, key, &index))
        look_up(c, key);
}

static void bring_principal(vg_witness_context *c, const vg_stranger *stranger, vg_str action)
{
    vg_caller caller = vg_caller_of(stranger->caller);
    const char *type = principal_type(caller.kind);
    bool has_account = stranger->account.len > 0;
    pin(c, "aws:PrincipalType", vg_str_from(type));
    pin(c, "aws:PrincipalArn", has_account ? stranger->caller : (vg_str){0});
    pin(c, "aws:PrincipalAccount", stranger->account);
    bool is_of_kms = vg_str_eq_icase(vg_str_sub(action, 0, 4), VG_STR("kms:"));
    pin(c, "kms:CallerAccount", is_of_kms ? stranger->account : (vg_str){0});
    pin(c, "aws:userid",
        !has_account                    ? (vg_str){0}
        : caller.kind == VG_CALLER_USER ? VG_STR("AIDASTRANGER000000000")
                                        : VG_STR("AROASTRANGER000000000:witness"));
    pin(c, "aws:username", caller.kind == VG_CALLER_USER ? caller.name : (vg_str){0});
    pin(c, "aws:PrincipalOrgID", stranger->organization);
    pin_list(c, "aws:PrincipalOrgPaths", stranger->org_path);
}

/* The internet, or an endpoint of a VPC, whose requests have an address in the VPC and none outside. */
static void bring_network(vg_witness_context *c, const vg_stranger *stranger)
{
    bool by_endpoint = stranger->vpc.len || stranger->vpce.len;
    pin(c, "aws:SourceVpc", stranger->vpc);
    pin(c, "aws:SourceVpce", stranger->vpce.len || !by_endpoint ? stranger->vpce : VG_STR("vpce-00000000"));
    pin(c, "aws:SourceIp", by_endpoint ? (vg_str){0} : VG_STR("203.0.113.77"));
    pin(c, "aws:VpcSourceIp", by_endpoint ? VG_STR("10.0.0.77") : (vg_str){0});
}

static void bring_source(vg_witness_context *c, vg_arena *arena, const vg_stranger *stranger)
{
    bool is_service = vg_caller_of(stranger->caller).kind == VG_CALLER_SERVICE;
    pin(c, "aws:PrincipalIsAWSService", is_service ? VG_STR("true") : VG_STR("false"));
    pin(c, "aws:PrincipalServiceName", is_service ? stranger->caller : (vg_str){0});
    pin_list(c, "aws:PrincipalServiceNamesList", is_service ? stranger->caller : (vg_str){0});
    pin(c, "aws:SourceAccount", is_service ? stranger->source_account : (vg_str){0});
    pin(c, "aws:SourceOwner", is_service ? stranger->source_account : (vg_str){0});
    vg_str source =
        stranger->source_arn.len ? stranger->source_arn : vg_source_of_service(arena, stranger->caller);
    vg_str organization =
        stranger->source_organization.len ? stranger->source_organization : VG_STR("o-stranger000");
    pin(c, "aws:SourceArn", is_service ? source : (vg_str){0});
    pin(c, "aws:SourceOrgID", is_service ? organization : (vg_str){0});
    pin_list(c, "aws:SourceOrgPaths", stranger->source_path);
    if (!is_service)
        bring_network(c, stranger);
}

/* S3 tells how a request was signed, and which TLS carried it. */
static void bring_protocol(vg_witness_context *c, vg_str action)
{
    offer(c, "aws:SecureTransport", "true");
    offer(c, "aws:UserAgent", "witness");
    if (!vg_str_eq_icase(vg_str_sub(action, 0, 3), VG_STR("s3:")))
        return;
    offer(c, "s3:TlsVersion", "1.3");
    if (signs(c->kind))
        offer(c, "s3:signatureversion", "AWS4-HMAC-SHA256");
}

static void bring_time(vg_witness_context *c, const vg_explorer *x)
{
    bool is_session = c->kind == VG_CALLER_ROLE || c->kind == VG_CALLER_ROLE_SESSION;
    pin(c, "aws:CurrentTime", x->now_text);
    pin(c, "aws:EpochTime", x->epoch_text);
    pin(c, "aws:TokenIssueTime", is_session ? x->now_text : (vg_str){0});
}

void vg_witness_begin(vg_witness_context *c, const vg_explorer *x, const vg_stranger *stranger,
                      const vg_exposure_subject *of, vg_str action)
{
    *c = (vg_witness_context){.rules = x->rules,
                              .catalogue = x->world->catalogue,
                              .action = vg_catalogue_find_action(x->world->catalogue, action),
                              .kind = vg_caller_of(stranger->caller).kind,
                              .is_named = stranger->is_named};
    bring_protocol(c, action);
    bring_time(c, x);
    pin(c, "aws:RequestedRegion", of->region.len ? of->region : VG_STR("us-east-1"));
    pin(c, "aws:ResourceAccount", of->account);
    pin(c, "aws:ResourceOrgID", x->world->organization_id);
    bring_principal(c, stranger, action);
    bring_source(c, x->arena, stranger);
    for (size_t i = 0; i < stranger->has_count; i++)
        pin(c, stranger->has[i].key, stranger->has[i].value);
    if (c->kind == VG_CALLER_FEDERATED) {
        bring_provider(c, stranger);
        pin(c, "aws:FederatedProvider", stranger->caller);
    }
}

bool vg_witness_is_possible(const vg_explorer *x, const vg_exposure_subject *of, vg_caller_kind kind,
                            vg_str action)
{
    bool takes_token = vg_stranger_rule(x->rules, VG_STRANGER_TOKEN, action);
    if (takes_token || (of->is_trust && kind == VG_CALLER_FEDERATED))
        return takes_token && kind == VG_CALLER_FEDERATED;
    return kind != VG_CALLER_ANONYMOUS || vg_stranger_rule(x->rules, VG_STRANGER_UNSIGNED, action);
}

void vg_witness_through(vg_witness_context *c, vg_str access_point, vg_str account)
{
    pin(c, "s3:DataAccessPointArn", access_point);
    pin(c, "s3:DataAccessPointAccount", account);
    pin(c, "s3:AccessPointNetworkOrigin", VG_STR("Internet"));
}

/* ---- values that conditions want ---------------------------------------------------------------------------------------------------- */

vg_str vg_text_matching(vg_arena *arena, vg_str pattern)
{
    char *text = vg_arena_alloc(arena, pattern.len + 1);
    for (size_t i = 0; text && i < pattern.len; i++)
        text[i] = pattern.ptr[i] == '*' || pattern.ptr[i] == '?' ? 'x' : pattern.ptr[i];
    return (vg_str){text, text ? pattern.len : 0};
}

/* The number beside the bound: one more, or one less. */
static vg_str beside(vg_arena *arena, vg_str bound, int step)
{
    int64_t number;
    if (!vg_str_to_i64(bound, &number) || __builtin_add_overflow(number, (int64_t)step, &number))
        return step > 0 ? VG_STR("999999999") : VG_STR("0");
    return vg_arena_printf(arena, "%lld", (long long)number);
}

/* A value for which the operator, not negated, holds. ptr NULL: none can be made. */
static vg_str wanted_value(vg_arena *arena, const vg_policy_condition *test)
{
    vg_str first = test->value_count ? test->values[0] : (vg_str){0};
    switch (test->op) {
    case VG_OP_STRING_LIKE:
    case VG_OP_STRING_NOT_LIKE:
    case VG_OP_ARN_EQUALS:
    case VG_OP_ARN_NOT_EQUALS:
    case VG_OP_ARN_LIKE:
    case VG_OP_ARN_NOT_LIKE:
        return vg_text_matching(arena, first);
    case VG_OP_NUMERIC_LESS_THAN:
        return beside(arena, first, -1);
    case VG_OP_NUMERIC_GREATER_THAN:
        return beside(arena, first, 1);
    case VG_OP_DATE_LESS_THAN:
    case VG_OP_DATE_LESS_THAN_EQUALS:
        return VG_STR("1970-01-02T00:00:00Z");
    case VG_OP_DATE_GREATER_THAN:
    case VG_OP_DATE_GREATER_THAN_EQUALS:
        return VG_STR("2999-01-01T00:00:00Z");
    case VG_OP_IP_ADDRESS:
    case VG_OP_NOT_IP_ADDRESS: {
        vg_str address, bits;
        vg_str_split(first, '/', &address, &bits);
        return address;
    }
    case VG_OP_NULL:
    case VG_OP_INVALID:
        return (vg_str){0};
    default:
        return first;
    }
}

/* A value for which the operator does not hold. */
static vg_str unwanted_value(vg_arena *arena, const vg_policy_condition *test)
{
    vg_str first = test->value_count ? test->values[0] : (vg_str){0};
    switch (test->op) {
    case VG_OP_BOOL:
        return vg_str_eq_icase(first, VG_STR("true")) ? VG_STR("false") : VG_STR("true");
    case VG_OP_NUMERIC_LESS_THAN:
    case VG_OP_NUMERIC_LESS_THAN_EQUALS:
    case VG_OP_NUMERIC_EQUALS:
        return beside(arena, first, 1);
    case VG_OP_NUMERIC_GREATER_THAN:
    case VG_OP_NUMERIC_GREATER_THAN_EQUALS:
        return beside(arena, first, -1);
    case VG_OP_DATE_LESS_THAN:
    case VG_OP_DATE_LESS_THAN_EQUALS:
        return VG_STR("2999-01-01T00:00:00Z");
    case VG_OP_DATE_GREATER_THAN:
    case VG_OP_DATE_GREATER_THAN_EQUALS:
        return VG_STR("1970-01-02T00:00:00Z");
    default:
        return VG_STR("stranger");
    }
}

/* ---- addresses -------------------------------------------------------------------------------------------------------- */

/* Ranges wider than /8, or /32 of IPv6, are no protection. */
static bool is_wide(vg_str range)
{
    vg_str address, bits;
    uint64_t length;
    if (!vg_str_split(range, '/', &address, &bits) || !vg_str_to_u64(bits, &length))
        return false;
    return length < (vg_str_find_char(address, ':') == VG_NPOS ? 8U : 32U);
}

static bool is_in_one(const vg_policy_condition *test, vg_str address)
{
    for (size_t i = 0; i < test->value_count; i++)
        if (vg_address_is_in(address, test->values[i]))
            return true;
    return false;
}

/* An address of a wide range, from anywhere in it. */
static void move_into(vg_witness_context *c, const vg_policy_condition *test)
{
    vg_str address, bits;
    for (size_t i = 0; i < test->value_count; i++)
        if (is_wide(test->values[i]) && vg_str_split(test->values[i], '/', &address, &bits)) {
            bool begins = vg_str_is(address, "0.0.0.0");
            pin(c, "aws:SourceIp", begins ? VG_STR("1.1.1.1") : address);
            return;
        }
}

static void move_out(vg_witness_context *c, const vg_policy_condition *test)
{
    static const char *const elsewhere[] = {"1.1.1.1", "80.80.80.80", "150.150.150.150", "2001:db8::77"};
    for (size_t i = 0; i < VG_COUNT(elsewhere); i++)
        if (!is_in_one(test, vg_str_from(elsewhere[i]))) {
            pin(c, "aws:SourceIp", vg_str_from(elsewhere[i]));
            return;
        }
}

/* `within`: whether the request must come from the ranges of the test, or must not. */
static void choose_address(vg_witness_context *c, const vg_policy_condition *test, bool within)
{
    size_t index;
    bool is_address = test->op == VG_OP_IP_ADDRESS || test->op == VG_OP_NOT_IP_ADDRESS;
    if (!is_address || !vg_condition_is_on(test, "aws:SourceIp") || !find(c, test->key, &index) ||
        c->entries[index].state != VG_CONTEXT_PRESENT || is_in_one(test, c->values[index]) == within)
        return;
    if (within)
        move_into(c, test);
    else
        move_out(c, test);
}

/* ---- choosing ---------------------------------------------------------------------------------------------------------- */

/* The text with its variables as the request has them, and what the caller can choose of them chosen: "${aws:username}". */
static vg_str expand(vg_witness_context *c, vg_arena *arena, vg_str text)
{
    vg_buf made = {0};
    if (vg_str_find(text, VG_STR("${")) == VG_NPOS)
        return text;
    for (size_t at; (at = vg_str_find(text, VG_STR("${"))) != VG_NPOS;) {
        size_t end = vg_str_find_char(vg_str_sub(text, at, VG_NPOS), '}'), index;
        vg_str key = end == VG_NPOS ? (vg_str){0} : vg_str_sub(text, at + 2, end - 2);
        if (key.len && !find(c, key, &index) && is_free(c, key))
            set(c, key, VG_STR("stranger"), VG_CONTEXT_PRESENT, true);
        vg_buf_add_str(&made, vg_str_sub(text, 0, at));
        if (key.len && find(c, key, &index))
            vg_buf_add_str(&made, c->values[index]);
        text = vg_str_sub(text, end == VG_NPOS ? text.len : at + end + 1, VG_NPOS);
    }
    vg_buf_add_str(&made, text);
    vg_str out = made.failed ? (vg_str){0} : vg_arena_str(arena, vg_buf_str(&made));
    vg_buf_free(&made);
    return out;
}

/* Sets the key, which stays dark if it was. */
static void choose(vg_witness_context *c, const vg_policy_condition *test, vg_str value)
{
    size_t index;
    const vg_context_entry *entry = find(c, test->key, &index);
    bool dark = entry && c->dark[index];
    if (!value.ptr)
        return;
    set(c, test->key, value, VG_CONTEXT_PRESENT, true);
    if (!find(c, test->key, &index))
        return;
    c->dark[index] = dark;
    c->entries[index].multi = test->qualifier != VG_QUALIFIER_NONE;
}

static void leave_out(vg_witness_context *c, vg_str key)
{
    size_t index;
    if (!find(c, key, &index) || !c->dark[index])
        set(c, key, (vg_str){0}, VG_CONTEXT_ABSENT, true);
}

/* A claim that the statement asks for, as the caller's token has it. */
static void bring_token(vg_witness_context *c, vg_arena *arena, const vg_policy_condition *test)
{
    vg_str key = test->key;
    if (!is_claim(c, key))
        return;
    if (c->shared)
        bring_claim(c, arena, test);
    else if (c->audience.len && vg_str_ends(key, VG_STR(":aud")))
        set(c, key, c->audience, VG_CONTEXT_PRESENT, true);
}

static void bring_unsigned(vg_witness_context *c, vg_str key)
{
    vg_str value = c->kind == VG_CALLER_ANONYMOUS ? vg_stranger_unsigned_value(c->rules, key) : (vg_str){0};
    if (value.len)
        set(c, key, value, VG_CONTEXT_PRESENT, true);
}

/* A service that the caller lets ask for it says so in two keys. */
static void complete_chain(vg_witness_context *c)
{
    size_t index;
    const vg_context_entry *chain = find(c, VG_STR("aws:CalledVia"), &index);
    if (chain && chain->state == VG_CONTEXT_PRESENT && is_free(c, VG_STR("aws:ViaAWSService")))
        set(c, VG_STR("aws:ViaAWSService"), VG_STR("true"), VG_CONTEXT_PRESENT, true);
}

void vg_witness_satisfy(vg_witness_context *c, vg_arena *arena, const vg_statement *allow)
{
    for (size_t i = 0; i < allow->condition_count; i++) {
        const vg_policy_condition *test = &allow->conditions[i];
        choose_address(c, test, test->op == VG_OP_IP_ADDRESS);
        bring_token(c, arena, test);
        bring_unsigned(c, test->key);
        if (!is_free(c, test->key))
            continue;
        bool is_null = test->op == VG_OP_NULL;
        if (is_null && vg_demand_presence(&(vg_demand){test, false}))
            choose(c, test, VG_STR("x"));
        else if (is_null)
            leave_out(c, test->key);
        else if (!vg_operator_is_negated(test->op))
            choose(c, test, expand(c, arena, wanted_value(arena, test)));
    }
    complete_chain(c);
}

/* Whether the test of a Deny holds for a request without the key. */
static bool holds_without(const vg_policy_condition *test)
{
    return test->if_exists || test->qualifier == VG_QUALIFIER_FOR_ALL_VALUES;
}

void vg_witness_avoid(vg_witness_context *c, vg_arena *arena, const vg_statement *deny)
{
    for (size_t i = 0; i < deny->condition_count; i++) {
        const vg_policy_condition *test = &deny->conditions[i];
        choose_address(c, test, test->op == VG_OP_NOT_IP_ADDRESS);
        bring_token(c, arena, test);
        bring_unsigned(c, test->key);
        if (!is_free(c, test->key))
            continue;
        if (vg_demand_presence(&(vg_demand){test, true}))
            choose(c, test, VG_STR("x"));
        else if (vg_operator_is_negated(test->op))
            choose(c, test, expand(c, arena, wanted_value(arena, test)));
        else if (test->op != VG_OP_NULL && holds_without(test))
            choose(c, test, unwanted_value(arena, test));
    }
}
