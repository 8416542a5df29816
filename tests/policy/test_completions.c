/* test_completions.c: an open request's answer holds for every completion of what is unknown.
 *
 * Random policies are asked a random request with some keys unknown. Each unknown key is then tried absent, with each
 * constant of the policies, with variations of them, with a value that nobody thought of, and as a list; layers that are
 * unknown are tried empty and with policies that allow or deny, S3's settings on and off, a federated session with either
 * user. Allowed must mean Allowed in all of them, a denial a
 * denial in all. The seed is printed; VIGIL_SEED sets it. */
#include "policy_text.h"

enum { ROUNDS = 3000, COMPLETIONS = 200, KEYS = 5, VALUES = 10 };

typedef struct {
    uint64_t state;
} dice;

static uint32_t roll(dice *d, uint32_t sides)
{
    d->state = d->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(d->state >> 33) % sides;
}

static const char *const keys[KEYS] = {"aws:PrincipalTag/Team", "aws:SourceVpc", "aws:MultiFactorAuthAge",
                                       "aws:SourceArn", "s3:x-amz-acl"};
/* Constants of the policies first, then what lies beside them. */
static const char *const values[KEYS][VALUES] = {
    {"red", "blue", "re*", "RED", "redd", "", "fresh", "*", "${aws:SourceVpc}", "x-red"},
    {"vpc-1", "vpc-2", "vpc-*", "VPC-1", "vpc-", "red", "fresh", "v?c-1", "", "blue"},
    {"10", "20", "9.5", "10.0", "-1", "1e3", "fresh", "20.01", "", "010"},
    {"arn:aws:s3:::b", "arn:aws:s3:::*", "arn:aws:sns:us-east-1:1:t", "arn:aws:s3:::c", "no arn", "", "fresh",
     "arn:aws:s3:::red", "arn:*:s3:::b", "arn:aws:s3:::b:c"},
    {"private", "public-read", "public-*", "authenticated-read", "public-read-write", "log-delivery-write",
     "fresh", "Public-Read", "", "bucket-owner-full-control"},
};
static const char *const operators[KEYS][6] = {
    {"StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase",
     "StringNotEqualsIfExists"},
    {"StringEquals", "StringNotEquals", "StringLikeIfExists", "ForAnyValue:StringEquals",
     "ForAllValues:StringLike", "Null"},
    {"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericGreaterThanEqualsIfExists",
     "NumericLessThanEquals", "Null"},
    {"ArnEquals", "ArnNotLike", "ArnLike", "ArnNotEquals", "ArnLikeIfExists", "StringEquals"},
    {"StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIfExists", "Null"},
};

/* ---- random policies ---------------------------------------------------------------------------------------------- */

static void add_condition(vg_buf *out, dice *d)
{
    uint32_t key = roll(d, KEYS);
    const char *operator= operators[key][roll(d, 6)];
    bool null = strcmp(operator, "Null") == 0;
    const char *value = null ? (roll(d, 2) ? "true" : "false") : values[key][roll(d, 3)];
    const char *other = null ? value : values[key][roll(d, 9)];
    vg_buf_addf(out, ",\"Condition\":{\"%s\":{\"%s\":[\"%s\",\"%s\"]}}", operator, keys[key], value, other);
}

static void add_statement(vg_buf *out, dice *d, bool principal)
{
    static const char *const resources[] = {"*",
                                            "arn:aws:s3:::b/*",
                                            "arn:aws:s3:::${aws:PrincipalTag/Team}/k",
                                            "arn:aws:s3:::${aws:SourceVpc, 'b'}/*",
                                            "arn:aws:s3:::c/*",
                                            "arn:aws:s3",
                                            "arn:aws:s3:::${aws:PrincipalTag/Team}/z"};
    static const char *const principals[] = {"\"*\"", "{\"AWS\":\"arn:aws:iam::111111111111:user/u\"}",
                                             "{\"AWS\":\"111111111111\"}",
                                             "{\"AWS\":\"arn:aws:iam::111111111111:user/v\"}"};
    vg_buf_addf(out, "{\"Effect\":\"%s\",\"%s\":\"%s\",\"%s\":\"%s\"", roll(d, 4) ? "Allow" : "Deny",
                roll(d, 8) ? "Action" : "NotAction", roll(d, 8) ? "s3:*" : "sqs:*",
                roll(d, 5) ? "Resource" : "NotResource", resources[roll(d, 7)]);
    if (principal)
        vg_buf_addf(out, ",\"%s\":%s", roll(d, 9) ? "Principal" : "NotPrincipal", principals[roll(d, 4)]);
    if (roll(d, 3))
        add_condition(out, d);
    vg_buf_add_char(out, '}');
}

static const vg_policy *random_policy(vg_arena *arena, dice *d, vg_policy_kind kind)
{
    vg_buf text = {0};
    vg_error err;
    const vg_policy *policy;
    vg_policy_document *document = VG_NEW(arena, vg_policy_document);
    vg_buf_add_c(&text, "{\"Version\":\"2012-10-17\",\"Statement\":[");
    add_statement(&text, d, kind == VG_POLICY_RESOURCE || kind == VG_POLICY_RCP);
    for (uint32_t n = roll(d, 3); n > 0; n--) {
        vg_buf_add_char(&text, ',');
        add_statement(&text, d, kind == VG_POLICY_RESOURCE || kind == VG_POLICY_RCP);
    }
    vg_buf_add_c(&text, "]}");
    vg_str kept = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    assert_int_equal(vg_policy_read_text(arena, kept, kind, VG_STR("p"), document, &err), VG_OK);
    assert_int_equal(vg_policy_compile(arena, document, NULL, &policy, &err), VG_OK);
    return policy;
}

/* ---- a world with unknowns ------------------------------------------------------------------------------------------- */

enum { IDENTITY, BOUNDARY, SESSION, RESOURCE, SCP, RCP, LAYERS };
static const vg_policy_kind layer_kinds[LAYERS] = {VG_POLICY_IDENTITY, VG_POLICY_BOUNDARY, VG_POLICY_SESSION,
                                                   VG_POLICY_RESOURCE, VG_POLICY_SCP,      VG_POLICY_RCP};

typedef struct {
    const vg_policy *policies[LAYERS][2];
    vg_layer layers[LAYERS];
    vg_context_entry context[KEYS];
    vg_str value[KEYS][2];
    vg_request request;
    vg_s3_settings s3;
    vg_s3_grant grant;
    bool has_s3;
    size_t unknown_keys;
} world;

static vg_layers layers_of(const world *w)
{
    return (vg_layers){.identity = w->layers[IDENTITY],
                       .boundary = w->layers[BOUNDARY],
                       .session = w->layers[SESSION],
                       .resource = w->layers[RESOURCE],
                       .scps = &w->layers[SCP],
                       .scp_count = w->layers[SCP].state != VG_LAYER_NONE,
                       .rcps = &w->layers[RCP],
                       .rcp_count = w->layers[RCP].state != VG_LAYER_NONE,
                       .s3 = w->has_s3 ? &w->s3 : NULL};
}

static void set_value(world *w, size_t key, const char *first, const char *second)
{
    w->value[key][0] = vg_str_from(first);
    w->value[key][1] = vg_str_from(second ? second : "");
    w->context[key] = (vg_context_entry){.key = vg_str_from(keys[key]),
                                         .values = w->value[key],
                                         .value_count = second ? 2 : 1,
                                         .multi = second != NULL,
                                         .state = VG_CONTEXT_PRESENT};
}

static void set_state(world *w, size_t key, vg_context_state state)
{
    w->context[key] = (vg_context_entry){.key = vg_str_from(keys[key]), .state = state};
}

/* S3's settings, each off, on or not collected. */
static void make_settings(dice *d, world *w)
{
    w->has_s3 = roll(d, 2);
    w->s3 = (vg_s3_settings){.bucket_owner_enforced = roll(d, 4) == 0,
                             .ignore_public_acls = roll(d, 2),
                             .restrict_public_buckets = roll(d, 3) == 0,
                             .block_public_acls = roll(d, 3) == 0,
                             .acls_unknown = roll(d, 4) == 0,
                             .unknown = roll(d, 3) == 0};
    w->s3.blocks_unknown = w->s3.unknown || roll(d, 4) == 0;
}

static void complete_settings(dice *d, const world *open, world *w)
{
    static const vg_s3_grantee grantees[] = {VG_S3_EVERYONE, VG_S3_AUTHENTICATED, VG_S3_ACCOUNT};
    w->s3.restrict_public_buckets |= open->s3.unknown && roll(d, 2);
    w->s3.ignore_public_acls |= open->s3.unknown && roll(d, 2);
    w->s3.block_public_acls |= open->s3.blocks_unknown && roll(d, 2);
    w->s3.unknown = w->s3.blocks_unknown = w->s3.acls_unknown = false;
    w->grant = (vg_s3_grant){grantees[roll(d, 3)], VG_STR("111111111111"), roll(d, 2), (uint8_t)roll(d, 16)};
    w->s3.grants = &w->grant;
    w->s3.grant_count = open->s3.acls_unknown && roll(d, 2);
}

static void make_world(vg_arena *arena, dice *d, world *w)
{
    static const char *const actions[] = {"s3:GetObject", "s3:GetObject", "s3:PutObject", "s3:PutObjectAcl",
                                          "s3:PutBucketAcl"};
    static const char *const callers[] = {"arn:aws:iam::111111111111:user/u",
                                          "arn:aws:iam::111111111111:role/r",
                                          "arn:aws:sts::111111111111:assumed-role/r/s",
                                          "*",
                                          "lambda.amazonaws.com",
                                          "arn:aws:sts::111111111111:federated-user/u"};
    static const char *const resources[] = {"arn:aws:s3:::b/k", "arn:aws:s3:::red/k", "arn:aws:s3:::b/*"};
    for (size_t i = 0; i < LAYERS; i++) {
        bool has = i == IDENTITY || roll(d, 3) == 0;
        w->policies[i][0] = random_policy(arena, d, layer_kinds[i]);
        w->layers[i] = (vg_layer){has ? VG_LAYER_KNOWN : VG_LAYER_NONE, w->policies[i], has, {0}};
        if (has && roll(d, 6) == 0)
            w->layers[i].state = VG_LAYER_UNKNOWN;
    }
    make_settings(d, w);
    w->unknown_keys = 0;
    for (size_t k = 0; k < KEYS; k++) {
        set_state(w, k, VG_CONTEXT_ABSENT);
        if (roll(d, 2)) {
            set_state(w, k, VG_CONTEXT_UNKNOWN);
            w->unknown_keys |= (size_t)1 << k;
        } else if (roll(d, 2)) {
            set_value(w, k, values[k][roll(d, VALUES)], NULL);
        }
    }
    w->request =
        (vg_request){.caller = vg_caller_of(vg_str_from(callers[roll(d, 6)])),
                     .action = vg_str_from(actions[roll(d, 5)]),
                     .resource = vg_str_from(resources[roll(d, 3)]),
                     .resource_account = roll(d, 3) ? VG_STR("111111111111") : VG_STR("222222222222"),
                     .context = w->context,
                     .context_count = KEYS,
                     .open = true};
}

/* ---- completions ----------------------------------------------------------------------------------------------------------- */

static void complete_layer(vg_arena *arena, dice *d, world *w, size_t i)
{
    if (w->layers[i].state != VG_LAYER_UNKNOWN)
        return;
    w->layers[i].state = VG_LAYER_KNOWN;
    if (roll(d, 3) == 0)
        return;
    w->policies[i][1] = random_policy(arena, d, layer_kinds[i]);
    w->layers[i].policies = w->policies[i];
    w->layers[i].count = 2;
}

static void complete(vg_arena *arena, dice *d, const world *open, world *w)
{
    static const char *const users[] = {"", "arn:aws:iam::111111111111:user/u",
                                        "arn:aws:iam::111111111111:user/v"};
    *w = *open;
    for (size_t i = 0; i < LAYERS; i++) {
        w->layers[i].policies = w->policies[i];
        complete_layer(arena, d, w, i);
    }
    for (size_t k = 0; k < KEYS; k++) {
        w->context[k].values = w->value[k];
        if (!(open->unknown_keys & ((size_t)1 << k)))
            continue;
        uint32_t choice = roll(d, VALUES + 4);
        if (choice < VALUES)
            set_value(w, k, values[k][choice], NULL);
        else if (choice < VALUES + 2)
            set_state(w, k, VG_CONTEXT_ABSENT);
        else
            set_value(w, k, values[k][roll(d, VALUES)], values[k][roll(d, VALUES)]);
    }
    complete_settings(d, open, w);
    w->request.context = w->context;
    w->request.open = false;
    if (w->request.caller.kind == VG_CALLER_FEDERATED_SESSION)
        w->request.session_role_arn = vg_str_from(users[roll(d, 3)]);
}

static bool agrees(vg_decision_result open, vg_decision_result closed)
{
    switch (open) {
    case VG_ALLOWED:
    case VG_EXPLICITLY_DENIED:
        return closed == open;
    case VG_IMPLICITLY_DENIED:
        return closed == VG_IMPLICITLY_DENIED || closed == VG_EXPLICITLY_DENIED;
    case VG_DECISION_UNKNOWN:
        break;
    }
    return true;
}

static void every_completion_agrees_with_the_open_answer(void **state)
{
    (void)state;
    const char *given = getenv("VIGIL_SEED");
    dice d = {given ? strtoull(given, NULL, 10) : 20260101};
    unsigned counts[4] = {0}, decided = 0;
    vg_arena *arena = vg_arena_new(0);
    print_message("# seed %llu\n", (unsigned long long)d.state);
    for (unsigned round = 0; round < ROUNDS; round++) {
        world open, closed;
        vg_arena_reset(arena);
        make_world(arena, &d, &open);
        vg_layers layers = layers_of(&open);
        vg_decision_result is = vg_policy_decide(&open.request, &layers).result;
        counts[is]++;
        for (unsigned c = 0; c < COMPLETIONS && is != VG_DECISION_UNKNOWN; c++) {
            complete(arena, &d, &open, &closed);
            layers = layers_of(&closed);
            vg_decision_result then = vg_policy_decide(&closed.request, &layers).result;
            if (!agrees(is, then))
                fail_msg("round %u: open %s, a completion %s", round, vg_decision_name(is),
                         vg_decision_name(then));
            decided++;
        }
    }
    print_message("# Allowed %u, ExplicitlyDenied %u, ImplicitlyDenied %u, Unknown %u; %u completions\n",
                  counts[0], counts[1], counts[2], counts[3], decided);
    for (size_t i = 0; i < 4; i++)
        assert_true(counts[i] > ROUNDS / 100);
    vg_arena_free(arena);
}

/* ---- properties ------------------------------------------------------------------------------------------------------------- */

/* Adding a Deny never grants; dropping what an SCP allows never grants. */
static void more_denies_and_fewer_allows_never_grant(void **state)
{
    (void)state;
    dice d = {7};
    vg_arena *arena = vg_arena_new(0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        world w;
        vg_arena_reset(arena);
        make_world(arena, &d, &w);
        vg_layers layers = layers_of(&w);
        vg_decision_result before = vg_policy_decide(&w.request, &layers).result;
        size_t i = roll(&d, LAYERS);
        vg_policy_document document;
        vg_error err;
        const char *deny = i == RESOURCE || i == RCP ? P_RESOURCE("Deny", "'*'", "") : P_DENY("s3:*", "*");
        assert_int_equal(
            vg_policy_read_text(arena, quoted(arena, deny), layer_kinds[i], VG_STR("d"), &document, &err),
            VG_OK);
        assert_int_equal(vg_policy_compile(arena, &document, NULL, &w.policies[i][1], &err), VG_OK);
        if (w.layers[i].state == VG_LAYER_NONE || (i == SCP && roll(&d, 2)))
            w.layers[i].count = 0; /* what the SCP allowed is dropped */
        else
            w.layers[i].count = 2;
        layers = layers_of(&w);
        vg_decision_result after = vg_policy_decide(&w.request, &layers).result;
        if (after == VG_ALLOWED && before != VG_ALLOWED && w.layers[i].state != VG_LAYER_NONE)
            fail_msg("round %u: %s became Allowed", round, vg_decision_name(before));
    }
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_completion_agrees_with_the_open_answer),
                                       cmocka_unit_test(more_denies_and_fewer_allows_never_grant)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
