/* exposure_fit.c: strangers made to fit what a condition asks for with wildcards.
 *
 * A fixed value in a condition protects; one with a wildcard protects only as far as no stranger can get a value of that form
 * ("Blocking public access to your Amazon S3 storage", "The meaning of public": fixed values, without wildcards). Accounts,
 * roles, organisations, VPCs, buckets and repositories are anybody's to make: `*:role/admin`, `o-*`, `arn:aws:s3:::*` and
 * `repo:*` + `/app:*` let strangers in. What is made here is only proposed: the engine decides whether it gets in. */
#include <string.h>

#include "policy/exposure_part.h"

static bool has_wildcard(vg_str text)
{
    return vg_str_find_char(text, '*') != VG_NPOS || vg_str_find_char(text, '?') != VG_NPOS;
}

/* The pattern with its first `*` as `first`, and every other wildcard as 'x'. */
static vg_str fill(vg_arena *arena, vg_str pattern, vg_str first)
{
    vg_str before, behind;
    if (!vg_str_split(pattern, '*', &before, &behind))
        return vg_text_matching(arena, pattern);
    return vg_arena_printf(arena, "%.*s%.*s%.*s", VG_ARG(vg_text_matching(arena, before)), VG_ARG(first),
                           VG_ARG(vg_text_matching(arena, behind)));
}

/* An account number that the pattern matches; ptr NULL: there is none. */
static vg_str account_for(vg_arena *arena, vg_str pattern)
{
    enum { DIGITS = 12 };
    char digits[DIGITS];
    size_t count = 0, fixed = 0;
    for (size_t i = 0; i < pattern.len; i++)
        fixed += pattern.ptr[i] != '*';
    bool spread = false;
    for (size_t i = 0; i < pattern.len && fixed <= DIGITS; i++) {
        if (pattern.ptr[i] == '*') {
            for (size_t k = fixed; k < DIGITS && !spread; k++)
                digits[count++] = '9';
            spread = true;
            continue;
        }
        digits[count++] = pattern.ptr[i] == '?' ? '9' : pattern.ptr[i];
        if (digits[count - 1] < '0' || digits[count - 1] > '9')
            return (vg_str){0};
    }
    return count == DIGITS ? vg_arena_str(arena, (vg_str){digits, DIGITS}) : (vg_str){0};
}

/* The parts of an ARN: arn, partition, service, region, account, resource. False: it has not that many. */
enum { PARTS = 6, SERVICE = 2, REGION = 3, ACCOUNT = 4, RESOURCE = 5 };
static bool split_arn(vg_str text, vg_str parts[PARTS])
{
    for (size_t i = 0; i < PARTS - 1; i++)
        if (!vg_str_split(text, ':', &parts[i], &text))
            return false;
    parts[RESOURCE] = text;
    return true;
}

/* The account, or where the pattern's account has a wildcard that leaves it out, one that it takes in. */
static vg_str account_within(vg_arena *arena, vg_str pattern, vg_str account)
{
    vg_str parts[PARTS];
    bool fits =
        !split_arn(pattern, parts) || !has_wildcard(parts[ACCOUNT]) || vg_str_glob(parts[ACCOUNT], account);
    vg_str other = fits ? (vg_str){0} : account_for(arena, parts[ACCOUNT]);
    return other.ptr ? other : account;
}

/* Of a role or user of the account, such as the pattern matches; ptr NULL: none. */
static vg_str principal_for(vg_arena *arena, vg_str pattern, vg_str account)
{
    vg_str parts[PARTS], at = vg_arena_printf(arena, "arn:aws:iam::%.*s", VG_ARG(account));
    if (split_arn(pattern, parts)) {
        vg_str name = parts[RESOURCE].len && parts[RESOURCE].ptr[0] == '*' ? VG_STR("role/x") : VG_STR("x");
        return vg_arena_printf(arena, "%.*s:%.*s", VG_ARG(at), VG_ARG(fill(arena, parts[RESOURCE], name)));
    }
    const vg_str forms[] = {vg_arena_printf(arena, "%.*s:role/x", VG_ARG(at)),
                            vg_arena_printf(arena, "%.*s:role/", VG_ARG(at)),
                            vg_arena_printf(arena, "%.*s:", VG_ARG(at)), at, VG_STR("arn:aws:iam:")};
    for (size_t i = 0; i < VG_COUNT(forms); i++) {
        vg_str text = fill(arena, pattern, forms[i]);
        vg_caller caller = vg_caller_of(text);
        if ((caller.kind == VG_CALLER_ROLE || caller.kind == VG_CALLER_USER) &&
            vg_str_eq(caller.account, account))
            return text;
    }
    return (vg_str){0};
}

vg_str vg_source_of_service(vg_arena *arena, vg_str service)
{
    vg_str prefix, rest;
    vg_str_split(service, '.', &prefix, &rest);
    if (vg_str_is(prefix, "s3"))
        return VG_STR("arn:aws:s3:::stranger");
    return vg_arena_printf(arena, "arn:aws:%.*s:us-east-1:" STRANGER_ACCOUNT ":stranger", VG_ARG(prefix));
}

/* The same by a pattern that is no whole ARN: "*", "*:topic". */
static vg_str whole_source_for(vg_arena *arena, vg_str service, vg_str pattern)
{
    vg_str any = vg_source_of_service(arena, service);
    size_t name = vg_str_rfind_char(any, ':');
    if (vg_str_is(pattern, "*"))
        return any;
    return vg_str_starts(pattern, VG_STR("*")) ? fill(arena, pattern, vg_str_sub(any, 0, name)) : (vg_str){0};
}

/* Of something that a stranger makes a service act for; ptr NULL: the pattern fixes whose it is. */
static vg_str source_for(vg_arena *arena, vg_str service, vg_str pattern, vg_str account)
{
    vg_str parts[PARTS], prefix, rest;
    if (!split_arn(pattern, parts))
        return whole_source_for(arena, service, pattern);
    vg_str_split(service, '.', &prefix, &rest);
    parts[SERVICE] = fill(arena, parts[SERVICE], prefix);
    /* the names of buckets are the world's, and their ARNs hold no account */
    bool is_bucket = vg_str_is(parts[SERVICE], "s3");
    bool is_anyones =
        is_bucket || !parts[ACCOUNT].len ? has_wildcard(parts[RESOURCE]) : has_wildcard(parts[ACCOUNT]);
    if (!is_anyones)
        return (vg_str){0};
    return vg_arena_printf(arena, "%.*s:%.*s:%.*s:%.*s:%.*s:%.*s",
                           VG_ARG(fill(arena, parts[0], VG_STR("arn"))),
                           VG_ARG(fill(arena, parts[1], VG_STR("aws"))), VG_ARG(parts[SERVICE]),
                           VG_ARG(is_bucket ? VG_STR("") : fill(arena, parts[REGION], VG_STR("us-east-1"))),
                           VG_ARG(parts[ACCOUNT].len && !is_bucket ? account : VG_STR("")),
                           VG_ARG(fill(arena, parts[RESOURCE], VG_STR("stranger"))));
}

/* The subject of a token of a stranger with an owner's name of its choice: "repo:" + owner + "/...". ptr NULL: the pattern
 * fixes the owner. */
static vg_str subject_for(vg_arena *arena, vg_str pattern, vg_str sub)
{
    size_t owner = vg_str_find(sub, VG_STR("stranger")), wild = vg_str_find_char(pattern, '*');
    vg_str prefix = vg_str_sub(sub, 0, owner), rest = vg_str_sub(sub, owner + sizeof "stranger" - 1, VG_NPOS);
    if (owner == VG_NPOS || !rest.len)
        return (vg_str){0};
    size_t any_letter = vg_str_find_char(pattern, '?'),
           end = vg_str_find_char(vg_str_sub(pattern, owner, VG_NPOS), rest.ptr[0]);
    if (any_letter != VG_NPOS && end != VG_NPOS && any_letter < owner + end && vg_str_starts(pattern, prefix))
        return vg_text_matching(arena, pattern);
    if (wild == VG_NPOS)
        return (vg_str){0};
    vg_str before = vg_str_sub(pattern, 0, wild), behind = vg_str_sub(pattern, wild + 1, VG_NPOS);
    vg_str made = behind.len ? vg_text_matching(arena, behind) : rest;
    if (wild < prefix.len)
        return vg_str_starts(prefix, before)
                   ? vg_arena_printf(arena, "%.*sstranger%.*s", VG_ARG(prefix), VG_ARG(made))
                   : (vg_str){0};
    bool is_within = vg_str_starts(before, prefix) &&
                     vg_str_find_char(vg_str_sub(before, prefix.len, VG_NPOS), rest.ptr[0]) == VG_NPOS;
    return is_within ? vg_arena_printf(arena, "%.*sstranger%.*s", VG_ARG(before), VG_ARG(made)) : (vg_str){0};
}

/* A path of an organisation that is a stranger's; ptr NULL: the pattern fixes the organisation. */
static vg_str path_for(vg_arena *arena, vg_str pattern)
{
    vg_str organization, rest;
    vg_str_split(pattern, '/', &organization, &rest);
    if (!has_wildcard(organization))
        return (vg_str){0};
    return vg_str_is(pattern, "*") ? VG_STR("o-stranger000/r-0000/") : vg_text_matching(arena, pattern);
}

/* A thing of the stranger's account that the pattern of an ARN matches, of this service and of a name that begins so; ptr
 * NULL: the pattern fixes whose it is. */
static vg_str thing_for(vg_arena *arena, vg_str pattern, const char *service, const char *name)
{
    vg_str parts[PARTS];
    if (vg_str_is(pattern, "*"))
        return vg_arena_printf(arena, "arn:aws:%s:us-east-1:" STRANGER_ACCOUNT ":%sstranger", service, name);
    if (!split_arn(pattern, parts) || !has_wildcard(parts[ACCOUNT]))
        return (vg_str){0};
    return vg_arena_printf(arena, "%.*s:%.*s:%.*s:%.*s:" STRANGER_ACCOUNT ":%.*s",
                           VG_ARG(fill(arena, parts[0], VG_STR("arn"))),
                           VG_ARG(fill(arena, parts[1], VG_STR("aws"))),
                           VG_ARG(fill(arena, parts[SERVICE], vg_str_from(service))),
                           VG_ARG(fill(arena, parts[REGION], VG_STR("us-east-1"))),
                           VG_ARG(fill(arena, parts[RESOURCE], VG_STR("stranger"))));
}

/* The id of a role of the stranger's, with a session of a name that the pattern asks for; ptr NULL: it fixes the role. */
static vg_str session_for(vg_arena *arena, vg_str pattern)
{
    vg_str id = VG_STR("AROASTRANGER000000000"), before, behind;
    if (!vg_str_split(pattern, '*', &before, &behind) || !vg_str_starts(id, before))
        return (vg_str){0};
    vg_str session = behind.len ? vg_text_matching(arena, behind) : VG_STR(":witness");
    return vg_arena_printf(arena, "%.*s%.*s", VG_ARG(id), VG_ARG(session));
}

/* ---- a stranger's ---------------------------------------------------------------------------------------------------- */

static void fit_caller(vg_stranger *s, vg_arena *arena, vg_str key, vg_str pattern)
{
    vg_str made;
    if (vg_str_eq_icase(key, VG_STR("aws:PrincipalArn")))
        s->account = account_within(arena, pattern, s->account);
    bool is_account = vg_str_eq_icase(key, VG_STR("aws:PrincipalAccount")) ||
                      vg_str_eq_icase(key, VG_STR("kms:CallerAccount"));
    if (is_account && (made = account_for(arena, pattern)).ptr) {
        s->account = made;
        s->caller = vg_arena_printf(arena, "arn:aws:iam::%.*s:role/witness", VG_ARG(made));
    } else if (vg_str_eq_icase(key, VG_STR("aws:PrincipalArn")) &&
               (made = principal_for(arena, pattern, s->account)).ptr &&
               vg_str_eq(vg_caller_of(made).account, s->account))
        s->caller = made;
    else if (vg_str_eq_icase(key, VG_STR("aws:PrincipalOrgID")))
        s->organization = fill(arena, pattern, VG_STR("o-stranger000"));
    else if (vg_str_eq_icase(key, VG_STR("aws:PrincipalOrgPaths")) && (made = path_for(arena, pattern)).ptr) {
        vg_str rest;
        s->org_path = made;
        vg_str_split(made, '/', &s->organization, &rest);
    } else if (vg_str_eq_icase(key, VG_STR("aws:SourceVpc")))
        s->vpc = fill(arena, pattern, VG_STR("vpc-0stranger"));
    else if (vg_str_eq_icase(key, VG_STR("aws:SourceVpce")))
        s->vpce = fill(arena, pattern, VG_STR("vpce-0stranger"));
}

/* A key of a VPC or its endpoint, which the request then comes through. */
static void arrange_endpoint(vg_stranger *s, const char *key, vg_str value)
{
    size_t slash = vg_str_rfind_char(value, '/');
    if (!value.ptr)
        return;
    vg_stranger_arrange(s, key, value);
    if (!s->vpc.len)
        s->vpc = slash == VG_NPOS ? VG_STR("vpc-0stranger") : vg_str_sub(value, slash + 1, VG_NPOS);
}

/* What a caller can have made in an account of its own. */
static void fit_possessions(vg_stranger *s, vg_arena *arena, vg_str key, vg_str pattern)
{
    if (vg_str_eq_icase(key, VG_STR("aws:userid")))
        vg_stranger_arrange(s, "aws:userid", session_for(arena, pattern));
    else if (vg_str_eq_icase(key, VG_STR("aws:SourceVpcArn")))
        arrange_endpoint(s, "aws:SourceVpcArn", thing_for(arena, pattern, "ec2", "vpc/vpc-0"));
    else if (vg_str_eq_icase(key, VG_STR("s3:DataAccessPointArn")))
        vg_stranger_arrange(s, "s3:DataAccessPointArn", thing_for(arena, pattern, "s3", "accesspoint/"));
    else if (vg_str_eq_icase(key, VG_STR("s3:DataAccessPointAccount")))
        vg_stranger_arrange(s, "s3:DataAccessPointAccount", account_for(arena, pattern));
    else if (vg_str_eq_icase(key, VG_STR("aws:VpceAccount")))
        arrange_endpoint(s, "aws:VpceAccount", account_for(arena, pattern));
    else if (vg_str_eq_icase(key, VG_STR("aws:VpceOrgID")))
        arrange_endpoint(s, "aws:VpceOrgID", fill(arena, pattern, VG_STR("o-stranger000")));
}

static void fit_source(vg_stranger *s, vg_arena *arena, vg_str key, vg_str pattern)
{
    vg_str made;
    if (vg_str_eq_icase(key, VG_STR("aws:SourceArn")))
        s->source_account = account_within(arena, pattern, s->source_account);
    bool is_account =
        vg_str_eq_icase(key, VG_STR("aws:SourceAccount")) || vg_str_eq_icase(key, VG_STR("aws:SourceOwner"));
    if (is_account && (made = account_for(arena, pattern)).ptr)
        s->source_account = made;
    else if (vg_str_eq_icase(key, VG_STR("aws:SourceArn")) &&
             (made = source_for(arena, s->caller, pattern, s->source_account)).ptr)
        s->source_arn = made;
    else if (vg_str_eq_icase(key, VG_STR("aws:SourceOrgID")))
        s->source_organization = fill(arena, pattern, VG_STR("o-stranger000"));
    else if (vg_str_eq_icase(key, VG_STR("aws:SourceOrgPaths")) && (made = path_for(arena, pattern)).ptr)
        s->source_path = made;
}

static bool takes_wildcards(vg_operator op)
{
    return op == VG_OP_STRING_LIKE || op == VG_OP_ARN_LIKE || op == VG_OP_ARN_EQUALS ||
           op == VG_OP_STRING_NOT_LIKE || op == VG_OP_ARN_NOT_LIKE || op == VG_OP_ARN_NOT_EQUALS;
}

static void fit(vg_stranger *s, vg_arena *arena, vg_str key, vg_str pattern)
{
    vg_caller_kind kind = vg_caller_of(s->caller).kind;
    if (kind == VG_CALLER_ROLE && s->reach == VG_REACH_ANYONE) {
        fit_caller(s, arena, key, pattern);
        fit_possessions(s, arena, key, pattern);
    }
    if (kind == VG_CALLER_SERVICE)
        fit_source(s, arena, key, pattern);
    bool is_subject = s->provider && vg_str_ends(key, VG_STR(":sub"));
    vg_str subject = is_subject ? subject_for(arena, pattern, s->provider->sub) : (vg_str){0};
    s->subject = subject.ptr ? subject : s->subject;
}

/* ---- somebody of an account or organisation that the policy speaks of ------------------------------------------------- */

static void fit_network(vg_stranger *s, vg_arena *arena, const vg_policy_condition *test, vg_str value)
{
    static const char *const others[] = {"aws:SourceVpcArn", "aws:VpceAccount", "aws:VpceOrgID"};
    vg_str address, bits;
    if (vg_condition_is_on(test, "aws:SourceVpc"))
        s->vpc = vg_text_matching(arena, value);
    else if (vg_condition_is_on(test, "aws:SourceVpce"))
        s->vpce = vg_text_matching(arena, value);
    for (size_t i = 0; i < VG_COUNT(others); i++)
        if (vg_condition_is_on(test, others[i]))
            arrange_endpoint(s, others[i], vg_text_matching(arena, value));
    vg_str_split(value, '/', &address, &bits);
    if (vg_condition_is_on(test, "aws:SourceIp"))
        vg_stranger_arrange(s, "aws:SourceIp", address);
    else if (vg_condition_is_on(test, "aws:VpcSourceIp"))
        arrange_endpoint(s, "aws:VpcSourceIp", address);
}

/* Of such an account, a condition on whom and whence says who of it, not whether: its role, its organisation (not ours, as
 * far as is known), an address or a network from where it was told to come. */
static void fit_member(vg_stranger *s, const vg_explorer *x, const vg_policy_condition *test, vg_str value)
{
    vg_str organization, rest, made;
    vg_str_split(value, '/', &organization, &rest);
    bool is_path = vg_condition_is_on(test, "aws:PrincipalOrgPaths");
    bool is_ours = vg_str_eq_icase(organization, x->world->organization_id);
    bool names_all = vg_str_is(vg_caller_of(s->caller).name, "witness");
    if (vg_condition_is_on(test, "aws:PrincipalArn") && names_all &&
        (made = principal_for(x->arena, value, s->account)).ptr && vg_str_glob(value, made))
        s->caller = made;
    else if (s->reach == VG_REACH_EXTERNAL && !is_ours &&
             (is_path || vg_condition_is_on(test, "aws:PrincipalOrgID"))) {
        s->organization = fill(x->arena, organization, VG_STR("o-stranger000"));
        s->org_path = is_path ? vg_text_matching(x->arena, value) : (vg_str){0};
    } else if (s->is_addressed)
        fit_network(s, x->arena, test, value);
}

vg_stranger vg_stranger_fitting(const vg_explorer *x, const vg_stranger *stranger, vg_demands demands)
{
    vg_stranger s = *stranger;
    vg_demand demand;
    bool is_member = s.account.len > 0 && (s.reach == VG_REACH_EXTERNAL || s.reach == VG_REACH_ORGANIZATION);
    while (vg_demands_next(&demands, &demand)) {
        const vg_policy_condition *test = demand.test;
        for (size_t v = 0; v < test->value_count && test->op != VG_OP_NULL; v++) {
            if (is_member)
                fit_member(&s, x, test, test->values[v]);
            else if (takes_wildcards(test->op) && has_wildcard(test->values[v]))
                fit(&s, x->arena, test->key, test->values[v]);
        }
    }
    return s;
}
