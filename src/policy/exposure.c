/* exposure.c: which resources a stranger reaches, each proven by a request that the engine decides Allowed.
 *
 * For every Allow of a resource's policy the strangers are asked whom its Principal lets in: a caller without credentials and
 * one of a foreign account for "*", the named caller for a named one, a service on behalf of a foreign account, a stranger's
 * token of a shared provider. Each asks for a few actions that the statement allows on that type of resource, one of every
 * access level. The caller's own account is taken to allow everything: what it would not allow, its administrator can. What
 * a bucket's access control list grants to a group is asked for in the same way. */
#include "policy/exposure_part.h"

#include <stdlib.h>

/* What a resource may cost: each request that a stranger makes costs its policies' elements once, each statement the choice
 * of actions. One within AWS's quotas takes a thousandth of it; what is left of others is unknown. */
enum { WORK_MAX = 1 << 24, CHOICE_WORK = 1 << 10 };

static vg_status no_memory(vg_error *err)
{
    return vg_fail(err, VG_ERR_MEMORY, "memory ran out while looking for what is exposed");
}

const char *vg_reach_name(vg_reach reach)
{
    static const char *const names[] = {"anyone", "provider", "service", "external", "organization"};
    return names[reach];
}

/* ---- asking ------------------------------------------------------------------------------------------------------------------------- */

/* What was not collected and is taken not to forbid. */
typedef struct {
    bool rcp, block;
} reservation;

/* What is asked for, under the policy of the resource `whole`: of a registry's images, the registry's. */
static vg_world_target target_of(const vg_world *world, vg_str resource, vg_str whole)
{
    vg_world_target target = vg_world_target_of(world, resource);
    const vg_world_resource *holder = vg_world_resource_of(world, whole);
    if (!holder || target.resource == holder || target.access_point == holder)
        return target;
    return (vg_world_target){.arn = resource,
                             .resource = holder,
                             .account_id = holder->account_id,
                             .account = vg_world_account_at(world, holder->account)};
}

/* The layers that bind a stranger: those of the resource. The caller's own side allows everything. */
static vg_status layers_for(vg_arena *arena, const vg_world *world, const vg_policy *const *full,
                            vg_str caller_text, const vg_world_target *target, vg_layers *layers,
                            reservation *left_out, vg_error *err)
{
    vg_world_caller caller = {.caller = vg_caller_of(caller_text)};
    vg_world_layers(world, &caller, target, layers);
    layers->identity = (vg_layer){VG_LAYER_KNOWN, full, 1, VG_STR("the caller's own")};
    layers->boundary = layers->session = layers->endpoint = (vg_layer){.state = VG_LAYER_NONE};
    layers->scps = NULL;
    layers->scp_count = 0;
    *left_out = (reservation){false, layers->s3 && layers->s3->unknown};
    vg_layer *known = VG_NEW_N(arena, vg_layer, layers->rcp_count + 1);
    vg_s3_settings *settings = VG_NEW(arena, vg_s3_settings);
    if (!known || !settings)
        return no_memory(err);
    for (size_t i = 0; i < layers->rcp_count; i++) {
        bool is_unknown = layers->rcps[i].state == VG_LAYER_UNKNOWN;
        known[i] = is_unknown ? (vg_layer){.state = VG_LAYER_NONE} : layers->rcps[i];
        left_out->rcp = left_out->rcp || is_unknown;
    }
    layers->rcps = known;
    if (left_out->block) {
        *settings = *layers->s3;
        settings->unknown = false;
        layers->s3 = settings;
    }
    return VG_OK;
}

static vg_request request_with(const vg_context_entry *context, size_t count, vg_str caller, vg_str action,
                               vg_str resource, vg_str account, bool open)
{
    return (vg_request){.caller = vg_caller_of(caller),
                        .action = action,
                        .resource = resource,
                        .resource_account = account,
                        .context = context,
                        .context_count = count,
                        .open = open};
}

static vg_status keep_witness(vg_explorer *x, const vg_exposure_subject *of, vg_witness *out,
                              const vg_stranger *stranger, const vg_witness_context *c,
                              const vg_exposure_action *asked, vg_error *err)
{
    vg_context_entry *entries = VG_NEW_N(x->arena, vg_context_entry, c->count + 1);
    vg_str *values = VG_NEW_N(x->arena, vg_str, c->count + 1);
    if (!entries || !values)
        return no_memory(err);
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (c->entries[i].state != VG_CONTEXT_PRESENT)
            continue;
        values[kept] = c->values[i];
        entries[kept] = c->entries[i];
        entries[kept].values = &values[kept];
        kept++;
    }
    *out = (vg_witness){stranger->caller, asked->action, asked->resource, of->arn, entries, kept};
    return VG_OK;
}

static vg_severity severity_of(const vg_stranger *stranger, unsigned levels, bool is_trust)
{
    bool changes = is_trust || (levels & (1U << VG_ACCESS_WRITE | 1U << VG_ACCESS_PERMISSIONS));
    switch (stranger->reach) {
    case VG_REACH_ANYONE:
    case VG_REACH_PROVIDER:
        return changes ? VG_SEVERITY_CRITICAL : VG_SEVERITY_HIGH;
    case VG_REACH_SERVICE:
    case VG_REACH_EXTERNAL:
        return stranger->is_own_provider ? VG_SEVERITY_LOW : VG_SEVERITY_MEDIUM;
    case VG_REACH_ORGANIZATION:
        break;
    }
    return VG_SEVERITY_LOW;
}

static vg_str key_of(vg_explorer *x, const vg_exposure_subject *of, vg_reach reach, vg_str who, bool hangs)
{
    return vg_arena_printf(x->arena, "%.*s\n%d\n%.*s\n%d", VG_ARG(of->arn), (int)reach, VG_ARG(who), hangs);
}

static vg_exposure *exposure_for(vg_explorer *x, const vg_exposure_subject *of, vg_reach reach, vg_str who,
                                 bool hangs)
{
    vg_str key = key_of(x, of, reach, who, hangs);
    bool added;
    vg_map_entry *entry = key.ptr ? vg_map_put(x->exposure_of, key, &added) : NULL;
    vg_exposure *exposure = !entry  ? NULL
                            : added ? vg_vec_push(&x->exposures)
                                    : vg_vec_at(&x->exposures, entry->value.u64);
    if (!exposure || !added)
        return exposure;
    entry->value.u64 = x->exposures.len - 1;
    *exposure = (vg_exposure){
        .reach = reach, .resource = of->arn, .type = of->type, .account = of->account, .who = who};
    return exposure;
}

/* How grave a level is: what changes permissions first, then what writes, reads, lists. */
static int gravity(vg_access_level level)
{
    static const int order[] = {[VG_ACCESS_LIST] = 1,
                                [VG_ACCESS_READ] = 2,
                                [VG_ACCESS_TAGGING] = 0,
                                [VG_ACCESS_WRITE] = 3,
                                [VG_ACCESS_PERMISSIONS] = 4};
    return order[level];
}

typedef struct {
    const vg_policy *policy;
    uint32_t statement;
    vg_str who;
} named_by;

static bool has_action(const vg_exposure *e, vg_str action)
{
    for (size_t i = 0; i < e->action_count; i++)
        if (vg_str_eq(e->actions[i], action))
            return true;
    return false;
}

/* Whether the same is known for certain, which leaves nothing to hang on. */
static bool is_told_for_certain(vg_explorer *x, const vg_exposure_subject *of, vg_reach reach, vg_str who,
                                vg_str action)
{
    vg_str key = key_of(x, of, reach, who, false);
    const vg_map_entry *entry = key.ptr ? vg_map_get(x->exposure_of, key) : NULL;
    return entry && has_action(vg_vec_at(&x->exposures, entry->value.u64), action);
}

static vg_status record(vg_explorer *x, const vg_exposure_subject *of, const vg_stranger *stranger,
                        const named_by *by, const vg_exposure_action *asked, const vg_witness_context *c,
                        const reservation *left_out, vg_error *err)
{
    vg_str who = stranger->who.len ? stranger->who : by->who, hangs_on = vg_witness_hangs_on(c);
    if (hangs_on.len && is_told_for_certain(x, of, stranger->reach, who, asked->action))
        return VG_OK;
    vg_exposure *e = exposure_for(x, of, stranger->reach, who, hangs_on.len > 0);
    if (!e)
        return no_memory(err);
    if (has_action(e, asked->action))
        return VG_OK;
    int graver = -1;
    for (int level = 0; level < VG_ACCESS_LEVELS; level++)
        if (e->levels & (1U << level) && gravity((vg_access_level)level) > graver)
            graver = gravity((vg_access_level)level);
    if (gravity(asked->level) > graver) {
        VG_TRY(keep_witness(x, of, &e->witness, stranger, c, asked, err));
        e->policy = by->policy;
        e->statement = by->statement;
    }
    vg_str *actions = VG_NEW_N(x->arena, vg_str, e->action_count + 1);
    if (!actions)
        return no_memory(err);
    if (e->action_count)
        memcpy(actions, e->actions, e->action_count * sizeof *actions);
    actions[e->action_count++] = asked->action;
    e->actions = actions;
    e->levels |= 1U << asked->level;
    e->any_audience = stranger->audience.len > 0 && stranger->reach == VG_REACH_EXTERNAL;
    e->hangs_on = hangs_on;
    e->unless_rcp = left_out->rcp;
    e->unless_block = left_out->block;
    e->severity = severity_of(stranger, e->levels, of->is_trust);
    return VG_OK;
}

/* What a stranger asks, and of whom. */
typedef struct {
    const vg_exposure_subject *of;
    const vg_stranger *stranger;
    const named_by *by;
    const vg_exposure_action *asked;
    vg_world_target target;
    vg_layers layers;
    reservation left_out;
} question;

static vg_status begin_question(vg_explorer *x, const vg_exposure_subject *of, const vg_stranger *stranger,
                                const named_by *by, const vg_exposure_action *asked, question *out,
                                vg_error *err)
{
    *out = (question){.of = of, .stranger = stranger, .by = by, .asked = asked};
    out->target = target_of(x->world, asked->resource, of->arn);
    return layers_for(x->arena, x->world, &x->full, stranger->caller, &out->target, &out->layers,
                      &out->left_out, err);
}

/* `dark`: with the keys that nobody knows as unknown, instead of as they are assumed. */
static vg_decision_result decide(const question *q, const vg_witness_context *c, bool dark)
{
    vg_context_entry entries[VG_WITNESS_KEYS];
    for (size_t i = 0; i < c->count; i++) {
        entries[i] = c->entries[i];
        if (dark && c->dark[i])
            entries[i].state = VG_CONTEXT_UNKNOWN;
    }
    vg_request request = request_with(entries, c->count, q->stranger->caller, q->asked->action,
                                      q->asked->resource, q->of->account, false);
    return vg_policy_decide(&request, &q->layers).result;
}

/* The request is Allowed whatever those keys hold: the witness needs none of them. */
static void leave_dark_out(vg_witness_context *c)
{
    for (size_t i = 0; i < c->count; i++) {
        c->entries[i].state = c->dark[i] ? VG_CONTEXT_ABSENT : c->entries[i].state;
        c->dark[i] = false;
    }
}

/* Decides the stranger's request; what is Allowed is recorded, in the first round what is so for certain. *is_open: not
 * allowed as asked, but not refused for certain either. */
static vg_status put_question(vg_explorer *x, const question *q, vg_witness_context *c, bool *is_open,
                              vg_error *err)
{
    vg_decision_result result = decide(q, c, true);
    if (c->full) {
        *is_open = true;
        return VG_OK;
    }
    if (result == VG_ALLOWED)
        leave_dark_out(c);
    bool hangs = result == VG_DECISION_UNKNOWN && vg_witness_hangs_on(c).len > 0;
    if (hangs) {
        x->hangs = true;
        result = x->takes_hanging ? decide(q, c, false) : VG_EXPLICITLY_DENIED;
    }
    x->allowed += result == VG_ALLOWED;
    if (result == VG_ALLOWED)
        return record(x, q->of, q->stranger, q->by, q->asked, c, &q->left_out, err);
    *is_open = *is_open || result == VG_DECISION_UNKNOWN || (hangs && x->takes_hanging);
    return VG_OK;
}

static bool mentions(const vg_policy_document *document, const char *key)
{
    for (size_t i = 0; i < document->statement_count; i++)
        for (size_t c = 0; c < document->statements[i].condition_count; c++)
            if (vg_condition_is_on(&document->statements[i].conditions[c], key))
                return true;
    return false;
}

static bool layer_mentions(const vg_layer *layer, const char *key)
{
    for (size_t i = 0; i < layer->count; i++)
        if (mentions(vg_policy_document_of(layer->policies[i]), key))
            return true;
    return false;
}

/* For what a service acts is in the request where somebody asks: not every service says it of every call. */
static void drop_source(const question *q, vg_witness_context *c)
{
    static const char *const keys[] = {"aws:SourceArn", "aws:SourceAccount", "aws:SourceOwner",
                                       "aws:SourceOrgID", "aws:SourceOrgPaths"};
    for (size_t k = 0; k < VG_COUNT(keys); k++) {
        bool asked =
            layer_mentions(&q->layers.resource, keys[k]) || layer_mentions(&q->layers.access_point, keys[k]);
        for (size_t i = 0; i < q->layers.rcp_count; i++)
            asked = asked || layer_mentions(&q->layers.rcps[i], keys[k]);
        if (!asked)
            vg_witness_drop(c, keys[k]);
    }
}

static void avoid_denies(const vg_explorer *x, const vg_layer *layer, vg_witness_context *c)
{
    for (size_t p = 0; p < layer->count; p++) {
        const vg_policy_document *document = vg_policy_document_of(layer->policies[p]);
        for (size_t i = 0; i < document->statement_count; i++)
            if (document->statements[i].effect == VG_EFFECT_DENY)
                vg_witness_avoid(c, x->arena, &document->statements[i]);
    }
}

/* A stranger asks for what the statement allows, and avoids what is denied. */
static vg_status ask(vg_explorer *x, const vg_exposure_subject *of, const vg_stranger *given,
                     const named_by *by, const vg_exposure_action *asked, bool *is_open, vg_error *err)
{
    const vg_policy_document *document = vg_policy_document_of(by->policy);
    const vg_demands demands = {document, &document->statements[by->statement], 0, 0};
    const vg_stranger stranger = vg_stranger_fitting(x, given, demands);
    question q;
    vg_request told;
    x->work += x->request_work;
    if (x->work > WORK_MAX)
        return VG_OK;
    VG_TRY(begin_question(x, of, &stranger, by, asked, &q, err));
    vg_witness_context c;
    vg_witness_begin(&c, x, &stranger, of, asked->action);
    vg_world_caller caller = {.caller = vg_caller_of(stranger.caller)};
    vg_world_request(x->world, &caller, &q.target, asked->action, NULL, 0, x->scratch, &told);
    c.told = &told;
    if (vg_str_is(of->type, "AWS::S3::AccessPoint"))
        vg_witness_through(&c, of->arn, of->account);
    vg_witness_satisfy(&c, x->arena, demands.allow);
    avoid_denies(x, &q.layers.resource, &c);
    avoid_denies(x, &q.layers.access_point, &c);
    for (size_t i = 0; i < q.layers.rcp_count; i++)
        avoid_denies(x, &q.layers.rcps[i], &c);
    drop_source(&q, &c);
    return put_question(x, &q, &c, is_open, err);
}

/* ---- resources ----------------------------------------------------------------------------------------------------------------------- */

static vg_status add_unknown(vg_explorer *x, const vg_exposure_subject *of, vg_str why, vg_error *err)
{
    vg_exposure_unknown *unknown = vg_vec_push(&x->unknowns);
    if (!unknown || !why.ptr)
        return no_memory(err);
    *unknown = (vg_exposure_unknown){of->arn, of->type, of->account, why};
    return VG_OK;
}

/* Services that act for the account itself are what trusts are for: the services that can only be made to act by whoever
 * may pass the role. A resource's policy has no such protection. */
static bool is_worth_asking(const vg_explorer *x, const vg_exposure_subject *of, const vg_stranger *stranger,
                            vg_str action)
{
    return (stranger->reach != VG_REACH_SERVICE || !of->is_trust) &&
           vg_witness_is_possible(x, of, vg_caller_of(stranger->caller).kind, action);
}

/* Asks for the thing, and where it is denied for others that the statement is about. */
static vg_status ask_anywhere(vg_explorer *x, const vg_exposure_subject *of, const vg_stranger *stranger,
                              const named_by *by, const vg_exposure_action *asked, bool *is_open,
                              vg_error *err)
{
    enum { OTHERS = 4 };
    vg_str others[OTHERS];
    size_t before = x->allowed;
    const vg_policy_document *document = vg_policy_document_of(by->policy);
    const vg_demands demands = {document, &document->statements[by->statement], 0, 0};
    VG_TRY(ask(x, of, stranger, by, asked, is_open, err));
    if (x->allowed > before || of->is_trust)
        return VG_OK;
    size_t count = vg_exposure_elsewhere(x, of, demands, asked, others, OTHERS);
    for (size_t i = 0; i < count && x->allowed == before; i++) {
        const vg_exposure_action other = {asked->action, others[i], asked->level};
        VG_TRY(ask(x, of, stranger, by, &other, is_open, err));
    }
    return VG_OK;
}

/* A canonical user has no form as a caller, and its owner is known of the own accounts alone. */
static vg_status tell_canonical(vg_explorer *x, const vg_exposure_subject *of, vg_str id, vg_error *err)
{
    bool is_new = false;
    vg_str key = vg_arena_printf(x->arena, "%.*s\ncanonical\n%.*s", VG_ARG(of->arn), VG_ARG(id));
    vg_str owner = vg_world_canonical_owner(x->world, id);
    if (owner.len && vg_str_eq(owner, of->account))
        return VG_OK;
    if (!key.ptr || !vg_map_put(x->exposure_of, key, &is_new))
        return no_memory(err);
    if (!is_new)
        return VG_OK;
    return add_unknown(x, of,
                       vg_arena_printf(x->arena,
                                       owner.len
                                           ? "its policy lets in the canonical user %.*s of account %.*s"
                                           : "its policy lets in the canonical user %.*s, and whose that "
                                             "is, is not known%.*s",
                                       VG_ARG(id), VG_ARG(owner)),
                       err);
}

/* An origin access identity of CloudFront: its ARN does not say in whose account it was made. */
static vg_status tell_origin_access(vg_explorer *x, const vg_exposure_subject *of, vg_str arn, vg_error *err)
{
    bool is_new = false;
    vg_str key = vg_arena_printf(x->arena, "%.*s\norigin access\n%.*s", VG_ARG(of->arn), VG_ARG(arn));
    if (!key.ptr || !vg_map_put(x->exposure_of, key, &is_new))
        return no_memory(err);
    return is_new ? add_unknown(x, of,
                                vg_arena_printf(x->arena,
                                                "its policy lets in %.*s, and of whose distribution that is, "
                                                "is not known: an origin access control with aws:SourceArn "
                                                "would tell",
                                                VG_ARG(arn)),
                                err)
                  : VG_OK;
}

static vg_status ask_principal(vg_explorer *x, const vg_exposure_subject *of, const vg_policy_principal *p,
                               const named_by *by, const vg_exposure_action *actions, size_t action_count,
                               bool *is_open, vg_error *err)
{
    vg_stranger strangers[VG_MOST_STRANGERS];
    const vg_policy_document *document = vg_policy_document_of(by->policy);
    const vg_demands demands = {document, &document->statements[by->statement], 0, 0};
    size_t count = vg_strangers_of(x, of, p, demands, strangers), before = x->allowed;
    x->work += x->request_work; /* whom its conditions name is looked for in all of them */
    if (p->kind == VG_PRINCIPAL_CANONICAL_USER)
        return tell_canonical(x, of, p->text, err);
    if (p->kind == VG_PRINCIPAL_ARN && vg_str_is(p->account, "cloudfront"))
        return tell_origin_access(x, of, p->text, err);
    for (size_t i = 0; i < count; i++) {
        /* who reaches it from anywhere reaches it from the organisation as well, and with any token */
        bool is_weaker = (strangers[i].reach == VG_REACH_ORGANIZATION && !strangers[i].is_named) ||
                         strangers[i].audience.len;
        bool is_told = is_weaker && x->allowed > before;
        for (size_t a = 0; a < action_count && !is_told; a++)
            if (is_worth_asking(x, of, &strangers[i], actions[a].action))
                VG_TRY(ask_anywhere(x, of, &strangers[i], by, &actions[a], is_open, err));
    }
    return VG_OK;
}

static vg_status ask_statement(vg_explorer *x, const vg_exposure_subject *of, const vg_policy *policy,
                               uint32_t index, vg_action_set *set, bool *is_open, vg_error *err)
{
    static const vg_policy_principal anyone = {.kind = VG_PRINCIPAL_ANYONE, .text = VG_STR_INIT("*")};
    const vg_statement *s = &vg_policy_document_of(policy)->statements[index];
    vg_exposure_action actions[VG_EXPOSURE_ACTIONS];
    x->work += CHOICE_WORK;
    if (s->effect != VG_EFFECT_ALLOW || s->invalid || x->work > WORK_MAX)
        return VG_OK;
    size_t count = vg_exposure_actions_for(x, s, of, set, actions);
    named_by by = {policy, index, VG_STR("*")};
    if (s->not_principal)
        return ask_principal(x, of, &anyone, &by, actions, count, is_open, err);
    for (size_t i = 0; i < s->principal_count; i++) {
        by.who = s->principals[i].text;
        VG_TRY(ask_principal(x, of, &s->principals[i], &by, actions, count, is_open, err));
    }
    return VG_OK;
}

/* How many elements of its policies one request looks at. */
static uint64_t work_of(const vg_exposure_subject *of)
{
    uint64_t work = 1;
    for (size_t p = 0; p < of->layer.count; p++) {
        const vg_policy_document *document = vg_policy_document_of(of->layer.policies[p]);
        for (size_t i = 0; i < document->statement_count; i++) {
            const vg_statement *s = &document->statements[i];
            work += 1 + s->principal_count + s->action_count + s->resource_count;
            for (size_t c = 0; c < s->condition_count; c++)
                work += 1 + s->conditions[c].value_count;
        }
    }
    return work;
}

/* ---- access control lists ------------------------------------------------------------------------------------------------------------- */

/* What each permission on a bucket lets a grantee do ("Mapping of ACL permissions and access policy permissions"). */
static const struct {
    uint8_t permission;
    vg_exposure_action asked;
} acl_questions[] = {
    {VG_S3_READ, {VG_STR_INIT("s3:ListBucket"), {0}, VG_ACCESS_LIST}},
    {VG_S3_WRITE, {VG_STR_INIT("s3:PutObject"), {0}, VG_ACCESS_WRITE}},
    {VG_S3_READ_ACP, {VG_STR_INIT("s3:GetBucketAcl"), {0}, VG_ACCESS_READ}},
    {VG_S3_WRITE_ACP, {VG_STR_INIT("s3:PutBucketAcl"), {0}, VG_ACCESS_PERMISSIONS}},
};

static vg_status ask_grant(vg_explorer *x, const vg_exposure_subject *of, const vg_s3_grant *grant,
                           bool *is_open, vg_error *err)
{
    bool signs = grant->grantee == VG_S3_AUTHENTICATED;
    vg_str caller = signs ? VG_STR("arn:aws:iam::" STRANGER_ACCOUNT ":role/witness") : VG_STR("*");
    vg_stranger stranger = vg_stranger_from(caller, VG_REACH_ANYONE);
    named_by by = {NULL, 0, signs ? VG_STR("AuthenticatedUsers") : VG_STR("AllUsers")};
    for (size_t i = 0; i < VG_COUNT(acl_questions); i++) {
        vg_witness_context c;
        if (grant->of_object || !(grant->permissions & acl_questions[i].permission))
            continue;
        vg_exposure_action asked = acl_questions[i].asked;
        asked.resource =
            vg_str_is(asked.action, "s3:PutObject") ? vg_exposure_inside_of(x, of->arn) : of->arn;
        question q;
        VG_TRY(begin_question(x, of, &stranger, &by, &asked, &q, err));
        vg_witness_begin(&c, x, &stranger, of, asked.action);
        avoid_denies(x, &q.layers.resource, &c);
        VG_TRY(put_question(x, &q, &c, is_open, err));
    }
    return VG_OK;
}

static bool is_void(const vg_s3_settings *s3)
{
    return s3->bucket_owner_enforced || s3->ignore_public_acls;
}

static vg_status ask_acl(vg_explorer *x, const vg_exposure_subject *of, bool *is_open, vg_error *err)
{
    for (size_t i = 0; i < of->s3->grant_count && !is_void(of->s3); i++)
        if (of->s3->grants[i].grantee != VG_S3_ACCOUNT)
            VG_TRY(ask_grant(x, of, &of->s3->grants[i], is_open, err));
    return VG_OK;
}

/* ---- one resource ---------------------------------------------------------------------------------------------------------------------- */

static vg_status ask_all(vg_explorer *x, const vg_exposure_subject *of, vg_action_set *set, bool *is_open,
                         vg_error *err)
{
    for (size_t p = 0; p < of->layer.count; p++)
        for (uint32_t i = 0; i < vg_policy_document_of(of->layer.policies[p])->statement_count; i++)
            VG_TRY(ask_statement(x, of, of->layer.policies[p], i, set, is_open, err));
    return of->s3 ? ask_acl(x, of, is_open, err) : VG_OK;
}

/* Asks for what is certain, and once more, where something hangs on what nobody knows, for that. */
static vg_status ask_twice(vg_explorer *x, const vg_exposure_subject *of, vg_action_set *set, bool *is_open,
                           vg_error *err)
{
    x->hangs = x->takes_hanging = false;
    VG_TRY(ask_all(x, of, set, is_open, err));
    x->takes_hanging = x->hangs;
    return x->hangs ? ask_all(x, of, set, is_open, err) : VG_OK;
}

static vg_status look_at(vg_explorer *x, const vg_exposure_subject *of, vg_action_set *set, vg_error *err)
{
    bool is_open = false;
    x->request_work = work_of(of);
    x->work = 0;
    if (of->layer.state == VG_LAYER_UNKNOWN)
        VG_TRY(add_unknown(
            x, of, of->unread.len ? of->unread : VG_STR("its policy was not collected, or not all of it"),
            err));
    VG_TRY(ask_twice(x, of, set, &is_open, err));
    if (x->work > WORK_MAX)
        return add_unknown(
            x, of,
            VG_STR("its policy is too large for every statement to be asked about: over any quota of AWS"),
            err);
    bool acl_unknown = of->s3 && of->s3->acls_unknown && !of->s3->bucket_acl_known && !is_void(of->s3);
    if (acl_unknown && of->layer.state != VG_LAYER_UNKNOWN)
        return add_unknown(
            x, of, VG_STR("its access control list was not collected, or names somebody who is not known"),
            err);
    if (is_open && of->layer.state == VG_LAYER_KNOWN)
        return add_unknown(
            x, of, VG_STR("whether it is reached hangs on what was not collected of its account"), err);
    return VG_OK;
}

/* ---- all of them ------------------------------------------------------------------------------------------------------------------------ */

static int compare_exposures(const void *left, const void *right)
{
    const vg_exposure *a = left, *b = right;
    if (a->severity != b->severity)
        return a->severity > b->severity ? -1 : 1;
    if (a->reach != b->reach)
        return a->reach < b->reach ? -1 : 1;
    int order = vg_str_cmp(a->resource, b->resource);
    return order ? order : vg_str_cmp(a->who, b->who);
}

static vg_status compile_full(vg_arena *arena, const vg_policy **out, vg_error *err)
{
    vg_policy_document *document = VG_NEW(arena, vg_policy_document);
    if (!document)
        return no_memory(err);
    VG_TRY(vg_policy_read_text(arena,
                               VG_STR("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                                      "\"Action\":\"*\",\"Resource\":\"*\"}]}"),
                               VG_POLICY_IDENTITY, VG_STR("full access"), document, err));
    return vg_policy_compile(arena, document, NULL, out, err);
}

static vg_status explore(vg_explorer *x, vg_action_set *set, size_t *asked, vg_error *err)
{
    const vg_world *world = x->world;
    for (size_t i = 0; i < world->resource_count; i++) {
        const vg_world_resource *r = &world->resources[i];
        const vg_world_principal *role = vg_world_principal_of(world, r->arn);
        bool is_trust = role && role->caller.kind == VG_CALLER_ROLE;
        const vg_s3_settings *s3 = vg_str_is(r->type, "AWS::S3::Bucket") ? r->s3 : NULL;
        const vg_exposure_subject of = {.arn = r->arn,
                                        .type = r->type,
                                        .account = r->account_id,
                                        .region = r->region,
                                        .layer = r->policy,
                                        .unread = r->unread,
                                        .is_trust = is_trust,
                                        .is_wide = r->wide,
                                        .s3 = s3};
        if ((is_trust && role->service_linked) || (r->policy.state == VG_LAYER_NONE && !s3) || r->vpc_only)
            continue;
        (*asked)++;
        VG_TRY(look_at(x, &of, set, err));
    }
    return VG_OK;
}

/* The moment of asking, as aws:CurrentTime and as aws:EpochTime have it. */
static bool keep_time(vg_explorer *x, vg_time now)
{
    char text[VG_TIME_TEXT];
    vg_time_format(now, text);
    x->now_text = vg_arena_str(x->arena, vg_str_from(text));
    x->epoch_text = vg_arena_printf(x->arena, "%lld", (long long)(now / VG_TIME_SECOND));
    return x->now_text.ptr && x->epoch_text.ptr;
}

vg_status vg_world_exposures(vg_arena *arena, const vg_world *world, const vg_exposure_content *content,
                             vg_time now, vg_exposures *out, vg_error *err)
{
    vg_action_set set = vg_action_set_new(arena, world->catalogue);
    vg_explorer x = {.arena = arena,
                     .world = world,
                     .scratch = VG_NEW(arena, vg_world_scratch),
                     .exposures = vg_vec_in(arena, sizeof(vg_exposure)),
                     .unknowns = vg_vec_in(arena, sizeof(vg_exposure_unknown)),
                     .exposure_of = vg_map_new(arena, 0)};
    *out = (vg_exposures){0};
    if (!x.exposure_of || !x.scratch || !set.words || !keep_time(&x, now))
        return no_memory(err);
    VG_TRY(vg_stranger_rules_read(arena, content, &x.rules, err));
    VG_TRY(compile_full(arena, &x.full, err));
    VG_TRY(explore(&x, &set, &out->resources, err));
    if (x.exposures.len > 1)
        qsort(x.exposures.items, x.exposures.len, sizeof(vg_exposure), compare_exposures);
    out->exposures = x.exposures.items;
    out->exposure_count = x.exposures.len;
    out->unknowns = x.unknowns.items;
    out->unknown_count = x.unknowns.len;
    return VG_OK;
}

vg_status vg_witness_decide(vg_arena *arena, const vg_world *world, const vg_witness *witness,
                            vg_decision *out, vg_error *err)
{
    const vg_policy *full;
    vg_layers layers;
    VG_TRY(compile_full(arena, &full, err));
    reservation left_out;
    vg_world_target target = target_of(world, witness->resource, witness->of);
    VG_TRY(layers_for(arena, world, &full, witness->caller, &target, &layers, &left_out, err));
    vg_request request = request_with(witness->context, witness->context_count, witness->caller,
                                      witness->action, witness->resource, target.account_id, false);
    *out = vg_policy_decide(&request, &layers);
    return VG_OK;
}
