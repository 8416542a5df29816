/* fact_lint.c: Vigil::Account::PolicyLint: what is wrong in the policies that the account's people wrote.
 *
 * Customer managed and inline policies, trusts, and policies of resources are checked as `vigil iam lint` checks files.
 * Errors (a part that does not work) and security warnings (lets in too much) are kept, each with the policy, the check and
 * the path in the document. Policies of AWS's own and of service-linked roles are not the account's
 * to change. */
#include "assess/assess_part.h"

typedef struct {
    const vg_linter *linter;
    vg_fact_sink *sink;
    vg_arena *scratch;             /* of one policy */
    vg_vec errors, warnings;       /* vg_str: as people read them */
    vg_vec error_ids, warning_ids; /* of what holds these policies */
    int64_t policies;
    bool failed;
} checker;

/* What the policy is called, the ARN of what holds it, its kind, and of what resource it is. */
typedef struct {
    vg_str name, id;
    vg_policy_kind kind;
    vg_str resource_type;
} checked;

static void push(checker *c, vg_vec *list, vg_str text)
{
    vg_str *place = vg_vec_push(list);
    if (place)
        *place = text;
    c->failed = c->failed || !place || !text.ptr;
}

static void keep(checker *c, const checked *of, const vg_lint_finding *finding)
{
    vg_buf path = {0};
    vg_lint_path_write(&path, &finding->locations[0]);
    bool is_error = finding->check->type == VG_LINT_ERROR;
    vg_str text = vg_arena_printf(c->sink->arena, "%.*s: %s at %.*s", VG_ARG(of->name), finding->check->code,
                                  VG_ARG(vg_buf_str(&path)));
    push(c, is_error ? &c->errors : &c->warnings, text);
    push(c, is_error ? &c->error_ids : &c->warning_ids, of->id);
    c->failed = c->failed || path.failed;
    vg_buf_free(&path);
}

static void lint(checker *c, const checked *of, const vg_policy_document *document)
{
    vg_lint_options options = {.resource_type = of->resource_type};
    vg_lint_result result;
    c->policies++;
    if (vg_policy_lint(c->linter, c->scratch, document, &options, &result, NULL) != VG_OK) {
        c->failed = true;
        return;
    }
    for (size_t i = 0; i < result.count; i++)
        if (result.findings[i].check->type >= VG_LINT_SECURITY_WARNING)
            keep(c, of, &result.findings[i]);
    vg_arena_reset(c->scratch);
}

/* A document as evidence has it: an object, or JSON in a string. What AWS would refuse is checked all the same. */
static void lint_value(checker *c, const checked *of, const vg_value *value)
{
    vg_policy_document document;
    vg_doc doc = {.root = value, .name = of->name};
    if (!value)
        return;
    bool is_text = vg_kind_of(value) == VG_STRING;
    vg_status status =
        is_text ? vg_policy_read_text(c->scratch, vg_value_str(value), of->kind, of->name, &document, NULL)
                : vg_policy_read(c->scratch, &doc, value, of->kind, of->name, &document, NULL);
    if (status == VG_OK)
        lint(c, of, &document);
    else
        c->failed = true;
}

/* ---- where policies stand ---------------------------------------------------------------------------------------------- */

static vg_str local_name(vg_str arn)
{
    vg_arn parsed;
    return vg_arn_parse(arn, &parsed) ? parsed.resource : arn;
}

static void lint_inline(checker *c, const vg_sighting *seen)
{
    for (vg_items it = vg_items_of(vg_prop(seen, "Policies")); vg_items_next(&it);) {
        vg_str name = vg_arena_printf(c->sink->arena, "inline policy %.*s of %.*s",
                                      VG_ARG(vg_get_str(it.value, "PolicyName")),
                                      VG_ARG(local_name(seen->resource.id)));
        const checked of = {.name = name, .id = seen->resource.id, .kind = VG_POLICY_IDENTITY};
        lint_value(c, &of, vg_get(it.value, VG_STR("PolicyDocument")));
    }
}

static bool is_customers(const vg_sighting *seen)
{
    return vg_str_find(seen->resource.id, VG_STR(":iam::aws:policy/")) == VG_NPOS &&
           vg_str_find(seen->resource.id, VG_STR(":role/aws-service-role/")) == VG_NPOS &&
           vg_str_find(seen->resource.id, VG_STR(":role/aws-reserved/")) == VG_NPOS;
}

static void lint_identities(checker *c, const vg_view *view)
{
    static const struct {
        const char *type, *property; /* of a document of its own; NULL: none */
        vg_policy_kind kind;
        const char *called;
    } types[] = {{"AWS::IAM::ManagedPolicy", "PolicyDocument", VG_POLICY_IDENTITY, ""},
                 {"AWS::IAM::Role", "AssumeRolePolicyDocument", VG_POLICY_TRUST, "trust of "},
                 {"AWS::IAM::User", NULL, VG_POLICY_IDENTITY, ""},
                 {"AWS::IAM::Group", NULL, VG_POLICY_IDENTITY, ""}};
    for (size_t t = 0; t < VG_COUNT(types); t++) {
        vg_sightings all = vg_view_of(view, types[t].type);
        for (size_t i = 0; i < all.count; i++) {
            const vg_sighting *seen = &all.items[i];
            if (!is_customers(seen))
                continue;
            vg_str name = vg_arena_printf(c->sink->arena, "%s%.*s", types[t].called,
                                          VG_ARG(local_name(seen->resource.id)));
            const checked of = {.name = name, .id = seen->resource.id, .kind = types[t].kind};
            if (types[t].property)
                lint_value(c, &of, vg_prop(seen, types[t].property));
            lint_inline(c, seen);
        }
    }
}

/* Grants of a key stand among its policies and are none. */
static bool is_written(const vg_policy_document *document)
{
    return document->kind == VG_POLICY_RESOURCE && !vg_str_starts(document->name, VG_STR("grants of "));
}

static void lint_resources(checker *c, const vg_view *view)
{
    for (size_t i = 0; i < view->world->resource_count; i++) {
        const vg_world_resource *resource = &view->world->resources[i];
        for (size_t p = 0; p < resource->policy.count; p++) {
            const vg_policy_document *document = vg_policy_document_of(resource->policy.policies[p]);
            const checked of = {.name = document->name,
                                .id = resource->arn,
                                .kind = VG_POLICY_RESOURCE,
                                .resource_type = resource->type};
            if (is_written(document))
                lint(c, &of, document);
        }
    }
}

/* ---- the fact ---------------------------------------------------------------------------------------------------------- */

static void put_list(vg_fact_sink *sink, const char *key, vg_vec *list)
{
    vg_tidy_names(list);
    vg_fact_list(sink, key, list);
}

static void check_all(const vg_view *view, vg_fact_sink *sink)
{
    checker c = {.linter = view->engine->linter,
                 .sink = sink,
                 .scratch = vg_arena_new(0),
                 .errors = vg_vec_in(sink->arena, sizeof(vg_str)),
                 .warnings = vg_vec_in(sink->arena, sizeof(vg_str)),
                 .error_ids = vg_vec_in(sink->arena, sizeof(vg_str)),
                 .warning_ids = vg_vec_in(sink->arena, sizeof(vg_str))};
    if (c.scratch) {
        vg_sightings roles = vg_view_of(view, "AWS::IAM::Role");
        vg_fact_used(sink, roles.count ? &roles.items[0] : NULL);
        lint_identities(&c, view);
        lint_resources(&c, view);
        put_list(sink, "Errors", &c.errors);
        put_list(sink, "ErrorPolicies", &c.error_ids);
        put_list(sink, "SecurityWarnings", &c.warnings);
        put_list(sink, "WarningPolicies", &c.warning_ids);
        vg_fact_i64(sink, "PolicyCount", c.policies);
    }
    sink->failed = sink->failed || c.failed || !c.scratch;
    vg_arena_free(c.scratch);
}

void vg_make_lint(const vg_view *view, vg_fact_sink *sink)
{
    bool is_asked = view->world && view->engine && view->engine->linter && vg_has_authorization_details(view);
    vg_fact_begin(sink, "Vigil::Account::PolicyLint", view->account, VG_STR(""), view->account, VG_STR(""));
    if (is_asked)
        check_all(view, sink);
    vg_fact_end(sink);
}
