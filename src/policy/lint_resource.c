/* lint_resource.c: the ARNs that a statement names: their form, and whether any resource can have them.
 *
 * An ARN is compared with the forms that the catalogue gives for the service that stands in it. If one fits, all is well; if
 * none does, the fields are looked at one by one, so that the finding names the field that is wrong:
 *
 *     arn:partition:service:region:account:resource
 *         INVALID_PARTITION         MISSING_ARN_REGION, ARN_REGION_NOT_ALLOWED, INVALID_ARN_REGION
 *                   INVALID_SERVICE        MISSING_ARN_ACCOUNT, ARN_ACCOUNT_NOT_ALLOWED, INVALID_ARN_ACCOUNT
 *                                                  INVALID_ARN_RESOURCE */
#include "policy/lint_part.h"

enum { PARTITION = 1, SERVICE, REGION, ACCOUNT, RESOURCE };

/* A field whose text says what it is: neither empty nor with wildcards or variables. */
static bool is_literal(vg_str field)
{
    return field.len > 0 && !lint_is_wild(field) && vg_str_find_char(field, '$') == VG_NPOS;
}

/* Text that can be taken for an ARN at all. */
static bool has_prefix(const lint_resource *r)
{
    return vg_str_starts(r->text, VG_STR("arn:"));
}

static bool is_arn(const lint_resource *r)
{
    return has_prefix(r) && r->parts == 6;
}

/* ---- the fields, each alone ------------------------------------------------------------------------------------------------------------ */

static void invalid_prefix(lint *l, const lint_row *row, const lint_statement *s, const lint_resource *r)
{
    (void)s;
    if (!r->is_all && !has_prefix(r))
        lint_raise(l, row, r->at, "%.*s is neither \"*\" nor an ARN: it must begin with arn:.",
                   VG_ARG(lint_shown(r->text)));
}

static void missing_field(lint *l, const lint_row *row, const lint_statement *s, const lint_resource *r)
{
    (void)s;
    if (has_prefix(r) && r->parts < 6)
        lint_raise(l, row, r->at,
                   "%.*s has %u of the six fields of arn:partition:service:region:account:resource.",
                   VG_ARG(lint_shown(r->text)), r->parts);
}

static const lint_partition *partition_of(const lint *l, vg_str name)
{
    for (size_t i = 0; i < l->content->partition_count; i++)
        if (vg_str_eq(l->content->partitions[i].name, name))
            return &l->content->partitions[i];
    return NULL;
}

static void invalid_partition(lint *l, const lint_row *row, const lint_statement *s, const lint_resource *r)
{
    (void)s;
    if (is_arn(r) && (is_literal(r->part[PARTITION]) || r->part[PARTITION].len == 0) &&
        !partition_of(l, r->part[PARTITION]))
        lint_raise(l, row, r->at, "%.*s is no partition: use aws, aws-cn or aws-us-gov.",
                   VG_ARG(lint_shown(r->part[PARTITION])));
}

static void invalid_region(lint *l, const lint_row *row, const lint_statement *s, const lint_resource *r)
{
    (void)s;
    if (!is_arn(r) || !is_literal(r->part[REGION]))
        return;
    const lint_partition *partition = partition_of(l, r->part[PARTITION]);
    if (!lint_content_has(partition ? partition->regions : l->content->regions, r->part[REGION]))
        lint_raise(l, row, r->at, "%.*s is no Region of the partition.", VG_ARG(lint_shown(r->part[REGION])));
}

/* Wildcards and digits may still make twelve digits. */
static bool may_be_account(vg_str account)
{
    for (size_t i = 0; i < account.len; i++)
        if (!(account.ptr[i] >= '0' && account.ptr[i] <= '9') && account.ptr[i] != '*' &&
            account.ptr[i] != '?')
            return false;
    return true;
}

static void invalid_account(lint *l, const lint_row *row, const lint_statement *s, const lint_resource *r)
{
    (void)s;
    vg_str account = r->part[ACCOUNT];
    if (!is_arn(r) || account.len == 0 || vg_str_find_char(account, '$') != VG_NPOS ||
        vg_is_account_id(account) || (lint_is_wild(account) && may_be_account(account)) ||
        lint_content_has(l->content->owners, account))
        return;
    lint_raise(l, row, r->at, "%.*s is no account: write 12 digits.", VG_ARG(lint_shown(account)));
}

/* ---- services ---------------------------------------------------------------------------------------------------------------------------- */

static bool is_lower(vg_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z')
            return false;
    return true;
}

static bool is_known_service(const lint *l, const lint_resource *r)
{
    return r->service || vg_catalogue_find_service(l->catalogue, r->part[SERVICE]) != VG_CATALOGUE_NONE;
}

/* The prefix of a condition key that could be a service's: those with dots are identity providers'. */
static bool is_unknown_prefix(const lint *l, const lint_condition *c)
{
    return c->prefix.len && !c->key && !c->lists && is_literal(c->prefix) &&
           !vg_str_eq_icase(c->prefix, VG_STR("aws")) && !lint_is_provider_key(c) &&
           vg_catalogue_find_service(l->catalogue, c->prefix) == VG_CATALOGUE_NONE;
}

static void invalid_service(lint *l, const lint_row *row, const lint_statement *s)
{
    for (size_t i = 0; i < s->resource_count; i++) {
        const lint_resource *r = &s->resources[i];
        vg_str service = r->part[SERVICE];
        if (is_arn(r) && (is_literal(service) || service.len == 0) && is_lower(service) &&
            !is_known_service(l, r))
            lint_raise(l, row, r->at, "The service %.*s does not exist.", VG_ARG(lint_shown(service)));
    }
    for (size_t i = 0; i < s->condition_count; i++)
        if (is_unknown_prefix(l, &s->conditions[i]))
            lint_raise(l, row, s->conditions[i].key_at, "The service %.*s of the key %.*s does not exist.",
                       VG_ARG(lint_shown(s->conditions[i].prefix)),
                       VG_ARG(lint_shown(s->conditions[i].c->key)));
}

static void service_case(lint *l, const lint_row *row, const lint_statement *s, const lint_resource *r)
{
    (void)s;
    if (is_arn(r) && is_literal(r->part[SERVICE]) && !is_lower(r->part[SERVICE]))
        lint_raise(l, row, r->at, "ARNs tell letter case apart: write the service %.*s in lower case.",
                   VG_ARG(lint_shown(r->part[SERVICE])));
}

/* ---- what no resource has ------------------------------------------------------------------------------------------------------------------ */

typedef enum { FITS, WRONG_REGION, NO_REGION, WRONG_ACCOUNT, NO_ACCOUNT, WRONG_RESOURCE } arn_fault;

/* A field that may be full, by a wildcard or variable, or must be, by text. */
static bool may_have(vg_str field)
{
    return field.len > 0;
}

static bool must_have(vg_str field)
{
    return field.len > 0 && !vg_str_is(field, "*");
}

/* A variable that no brace closes is text, and so is all behind it. */
static void add_loosened(vg_buf *text, vg_str part)
{
    for (size_t start; (start = vg_str_find(part, VG_STR("${"))) != VG_NPOS;) {
        size_t end = vg_str_find_char(vg_str_sub(part, start, VG_NPOS), '}');
        if (end == VG_NPOS)
            break;
        vg_buf_add_str(text, vg_str_sub(part, 0, start));
        vg_buf_add_char(text, '*');
        part = vg_str_sub(part, start + end + 1, VG_NPOS);
    }
    vg_buf_add_str(text, part);
}

/* The ARN with its variables as wildcards, and region and account as any: whether its resource part alone fits. */
static vg_str loosened(lint *l, const lint_resource *r, bool any_place)
{
    vg_buf text = {0};
    for (unsigned i = 0; i < 6; i++) {
        vg_str part = any_place && (i == REGION || i == ACCOUNT) ? VG_STR("*") : r->part[i];
        if (i)
            vg_buf_add_char(&text, ':');
        add_loosened(&text, part);
    }
    vg_str out = vg_arena_str(l->arena, vg_buf_str(&text));
    vg_buf_free(&text);
    l->out_of_memory |= !out.ptr;
    return out;
}

/* Of some resources AWS has its own, which belong to no account: "ssm:document/AWS-RunShellScript". */
static bool is_owned_by_aws(const lint *l, const lint_resource *r)
{
    for (size_t i = 0; i < l->content->owned_count; i++) {
        vg_str service, prefix;
        vg_str_split(l->content->owned[i], ':', &service, &prefix);
        if (vg_str_eq(service, r->part[SERVICE]) && vg_str_starts(r->part[RESOURCE], prefix))
            return true;
    }
    return false;
}

/* Which field is wrong, judged by the forms that the resource part fits. */
static arn_fault fault_of(lint *l, const lint_resource *r, const lint_arn_service *service)
{
    vg_str loose = loosened(l, r, true);
    bool any = false, region = false, no_region = false, account = false, no_account = false;
    for (uint32_t i = 0; i < service->count; i++) {
        const lint_arn_form *form = &l->linter->forms[service->first + i];
        if (!lint_form_may_fit(form, r) || !vg_catalogue_resource_fits(l->catalogue, form->resource, loose))
            continue;
        any = true;
        region |= form->has_region, no_region |= !form->has_region;
        account |= form->has_account, no_account |= !form->has_account;
    }
    if (!any)
        return WRONG_RESOURCE;
    if (!region && must_have(r->part[REGION]))
        return WRONG_REGION;
    if (!no_region && !may_have(r->part[REGION]))
        return NO_REGION;
    if (!account && must_have(r->part[ACCOUNT]))
        return WRONG_ACCOUNT;
    if (no_account || may_have(r->part[ACCOUNT]))
        return WRONG_RESOURCE;
    return is_owned_by_aws(l, r) ? FITS : NO_ACCOUNT;
}

static bool any_fits(lint *l, const lint_resource *r, const lint_arn_service *service)
{
    bool has_variable = vg_str_find_char(r->text, '$') != VG_NPOS;
    vg_str text = has_variable ? loosened(l, r, false) : r->text;
    for (uint32_t i = 0; i < service->count; i++) {
        const lint_arn_form *form = &l->linter->forms[service->first + i];
        if (lint_form_may_fit(form, r) && (lint_form_fits_plainly(form, r) ||
                                           vg_catalogue_resource_fits(l->catalogue, form->resource, text)))
            return true;
    }
    /* What only a wildcard that runs past colons or slashes can make of it is AWS's to match. */
    for (uint32_t i = 0; lint_is_wild(text) && i < service->count; i++)
        if (!lint_spend(l, 16) || lint_form_may_be(&l->linter->forms[service->first + i], text, true))
            return true;
    return false;
}

/* A wildcard in the fields before may run past colons: such an ARN has no fields to judge. */
static bool can_be_judged(const lint_resource *r)
{
    return is_arn(r) && !vg_str_is(r->part[RESOURCE], "*") && is_lower(r->part[SERVICE]);
}

static const char *const fault_text[] = {
    [WRONG_REGION] = "%.*s names a Region, which ARNs of such resources of %.*s do not have.",
    [NO_REGION] = "%.*s names no Region, which ARNs of such resources of %.*s have.",
    [WRONG_ACCOUNT] = "%.*s names an account, which ARNs of such resources of %.*s do not have.",
    [NO_ACCOUNT] = "%.*s names no account, which ARNs of such resources of %.*s have.",
    [WRONG_RESOURCE] = "%.*s has the form of no resource of %.*s.",
};

static const lint_row *row_of_fault(arn_fault fault);

/* Looks once and raises the row of what it finds. */
static void faulty_arn(lint *l, const lint_row *row, const lint_statement *s, const lint_resource *r)
{
    (void)s;
    (void)row;
    const lint_arn_service *service = can_be_judged(r) ? r->service : NULL;
    if (!service || any_fits(l, r, service))
        return;
    arn_fault fault = fault_of(l, r, service);
    if (fault != FITS)
        lint_raise(l, row_of_fault(fault), r->at, fault_text[fault], VG_ARG(lint_shown(r->text)),
                   VG_ARG(r->part[SERVICE]));
}

/* ---- repeated, or out of place ------------------------------------------------------------------------------------------------------------- */

static bool resource_covers(const lint_group_item *outer, const lint_group_item *inner)
{
    return lint_resource_covers(outer->of, inner->of);
}

static void redundant_resource(lint *l, const lint_row *row, const lint_statement *s)
{
    lint_group_item *items =
        s->resource_count < 2 ? NULL : VG_NEW_N(l->arena, lint_group_item, s->resource_count);
    if (!items)
        return;
    for (size_t i = 0; i < s->resource_count; i++)
        items[i] = (lint_group_item){.text = s->resources[i].text,
                                     .at = s->resources[i].at,
                                     .of = &s->resources[i],
                                     .hash = vg_hash64(s->resources[i].text, 0),
                                     .is_pattern = s->resources[i].is_pattern};
    lint_raise_redundant(l, row, items, s->resource_count, resource_covers, "resources");
}

static void unsupported_in_policy(lint *l, const lint_row *row, const lint_statement *s,
                                  const lint_resource *r)
{
    (void)s;
    if (l->attached && is_arn(r) && is_literal(r->part[SERVICE]) &&
        !lint_content_has(l->attached->arns, r->part[SERVICE]))
        lint_raise(l, row, r->at, "%.*s is no resource that the policy of %.*s can be about.",
                   VG_ARG(lint_shown(r->text)), VG_ARG(l->attached->type));
}

/* ---- rows ------------------------------------------------------------------------------------------------------------------------------------ */

#define RESOURCE_ROW(code_, type_, finds_, remedy_, run_)                                                    \
    {                                                                                                        \
        .check = {code_, type_, VG_LINT_ALL_KINDS & ~LINT_TRUST, false, finds_, remedy_},                    \
        .scope = LINT_RESOURCE, .run.resource = run_                                                         \
    }
/* Raised by the row of WRONG_RESOURCE, which looks. */
#define FAULT(code_, variant_, finds_, remedy_)                                                              \
    {                                                                                                        \
        .check = {code_, VG_LINT_ERROR, VG_LINT_ALL_KINDS & ~LINT_TRUST, false, finds_, remedy_},            \
        .scope = LINT_READER, .variant = variant_                                                            \
    }

static const lint_row rows[] = {
    FAULT("ARN_ACCOUNT_NOT_ALLOWED", WRONG_ACCOUNT, "An ARN names an account where such ARNs have none.",
          "Leave the account out: arn:aws:s3:::BUCKET."),
    FAULT("ARN_REGION_NOT_ALLOWED", WRONG_REGION, "An ARN names a Region where such ARNs have none.",
          "Leave the Region out: arn:aws:iam::ACCOUNT:role/NAME."),
    RESOURCE_ROW("INVALID_ARN_ACCOUNT", VG_LINT_ERROR, "The account of an ARN is none.",
                 "Write the 12 digits of an account, or a wildcard.", invalid_account),
    RESOURCE_ROW("INVALID_ARN_PREFIX", VG_LINT_ERROR, "A resource is no ARN.",
                 "Write \"*\" or an ARN: arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE.", invalid_prefix),
    RESOURCE_ROW("INVALID_ARN_REGION", VG_LINT_ERROR, "The Region of an ARN does not exist.",
                 "Correct the Region, or write a wildcard.", invalid_region),
    {.check = {"INVALID_ARN_RESOURCE", VG_LINT_ERROR, VG_LINT_ALL_KINDS & ~LINT_TRUST, false,
               "No resource of the service has an ARN of this form.",
               "Write the ARN as the Service Authorization Reference gives it for the resource type."},
     .scope = LINT_RESOURCE,
     .variant = WRONG_RESOURCE,
     .run.resource = faulty_arn},
    RESOURCE_ROW("INVALID_ARN_SERVICE_CASE", VG_LINT_ERROR, "The service of an ARN is not in lower case.",
                 "Write it in lower case.", service_case),
    RESOURCE_ROW("INVALID_PARTITION", VG_LINT_ERROR, "The partition of an ARN does not exist.",
                 "Use aws, aws-cn, aws-us-gov or a wildcard.", invalid_partition),
    {.check = {"INVALID_SERVICE", VG_LINT_ERROR, VG_LINT_ALL_KINDS, false,
               "The service of an ARN or condition key does not exist.",
               "Correct the service, or remove what names it."},
     .scope = LINT_STATEMENT,
     .run.statement = invalid_service},
    FAULT("MISSING_ARN_ACCOUNT", NO_ACCOUNT, "An ARN lacks the account that such ARNs have.",
          "Add the account, or a wildcard."),
    RESOURCE_ROW("MISSING_ARN_FIELD", VG_LINT_ERROR, "An ARN has fewer than six fields.",
                 "Write all fields, empty ones too: arn:aws:s3:::BUCKET.", missing_field),
    FAULT("MISSING_ARN_REGION", NO_REGION, "An ARN lacks the Region that such ARNs have.",
          "Add the Region, or a wildcard."),
    {.check = {"REDUNDANT_RESOURCE", VG_LINT_SUGGESTION, VG_LINT_ALL_KINDS & ~LINT_TRUST, false,
               "ARNs are repeated, or covered by a pattern beside them.",
               "Remove the ones that are covered, or the pattern if it is wider than meant."},
     .scope = LINT_STATEMENT,
     .run.statement = redundant_resource},
    {.check = {"UNSUPPORTED_RESOURCE_ARN_IN_POLICY", VG_LINT_ERROR, LINT_RESOURCE_KIND, false,
               "A resource policy names an ARN of another service.",
               "Name the resource that the policy is attached to, or what it contains."},
     .scope = LINT_RESOURCE,
     .run.resource = unsupported_in_policy},
};

static const lint_row *row_of_fault(arn_fault fault)
{
    size_t i = 0;
    while (rows[i].variant != (int)fault)
        i++;
    return &rows[i];
}

const lint_family lint_resource_family = {rows, VG_COUNT(rows)};
