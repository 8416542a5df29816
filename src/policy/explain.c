/* explain.c: why a request is decided as it is: the statements that matched at every layer, and what is missing.
 *
 * The residual of an Unknown answer reads off the trace: each layer that must allow and is not certain to gives what
 * would make it allow, each deny that may hold what would keep it from holding. It is told for people; the decision
 * itself never depends on it. */
#include "policy/policy_trace.h"

/* ---- noting ------------------------------------------------------------------------------------------------------ */

void vg_trace_note(vg_trace *trace, const char *sentence)
{
    if (trace && trace->note_count < VG_COUNT(trace->notes))
        trace->notes[trace->note_count++] = sentence;
}

void vg_trace_begin(vg_trace *trace, unsigned layer, size_t level, const vg_layer *of)
{
    vg_trace_answer *a = vg_vec_push(&trace->answers);
    if (!a) {
        trace->out_of_memory = true;
        return;
    }
    a->layer = layer;
    a->level = level;
    a->state = of->state;
    a->name = of->name;
    a->first = trace->statements.len;
}

static vg_trace_answer *last_answer(vg_trace *trace)
{
    return trace->answers.len ? vg_vec_at(&trace->answers, trace->answers.len - 1) : NULL;
}

void vg_trace_end(vg_trace *trace, vg_match deny, vg_match allow)
{
    vg_trace_answer *a = last_answer(trace);
    if (!a)
        return;
    a->deny = deny;
    a->allow = allow;
    a->count = trace->statements.len - a->first;
}

/* The conditions of the rule that the context leaves open. */
static void note_unresolved(vg_trace *trace, vg_evaluation *e, const vg_rule *rule,
                            vg_deciding_statement *out)
{
    const vg_policy_condition **list =
        VG_NEW_N(trace->arena, const vg_policy_condition *, rule->test_count ? rule->test_count : 1);
    if (!list) {
        trace->out_of_memory = true;
        return;
    }
    for (uint32_t i = 0; i < rule->test_count; i++)
        if (vg_test_holds(e, &rule->tests[i]) == VG_MATCH_UNKNOWN)
            list[out->unresolved_count++] = rule->tests[i].source;
    out->unresolved = list;
}

void vg_trace_statement(vg_trace *trace, vg_evaluation *e, const vg_policy *policy, const vg_rule *rule,
                        vg_match match)
{
    const vg_trace_answer *a = last_answer(trace);
    vg_deciding_statement *s = vg_vec_push(&trace->statements);
    if (!s || !a) {
        trace->out_of_memory = true;
        return;
    }
    s->layer = a->layer;
    s->level = a->level;
    s->policy = policy;
    s->statement = rule->statement;
    s->effect = (vg_effect)rule->effect;
    s->match = match;
    note_unresolved(trace, e, rule, s);
}

/* ---- the residual -------------------------------------------------------------------------------------------------- */

/* "the identity policies of X, not collected, allow": a layer that nobody collected, and what it would have to do. Past a
 * boundary or a session policy that does not allow, a resource policy of the same account lets in only whom it names. */
static void add_uncollected(vg_buf *out, const vg_trace *trace, const vg_trace_answer *a, bool denies)
{
    static const struct {
        unsigned layer;
        const char *words;
        bool many;
    } names[] = {
        {VG_BY_SCP, "service control policies", true},    {VG_BY_RCP, "resource control policies", true},
        {VG_BY_ENDPOINT, "VPC endpoint's policy", false}, {VG_BY_IDENTITY, "identity policies", true},
        {VG_BY_RESOURCE, "resource policy", false},       {VG_BY_BOUNDARY, "permissions boundary", false},
        {VG_BY_SESSION, "session policy", false}};
    static const char *const wanted[2][2] = {{"allows", "does not deny"}, {"allow", "do not deny"}};
    for (size_t i = 0; i < VG_COUNT(names); i++)
        if (names[i].layer == a->layer)
            vg_buf_addf(out, "the %s%s%.*s, not collected, %s", names[i].words, a->name.len ? " of " : "",
                        VG_ARG(a->name), wanted[names[i].many][denies]);
    if (!denies && a->layer == VG_BY_RESOURCE && trace->blocking)
        vg_buf_add_c(out, " and names the caller itself");
}

/* "aws:SourceVpc is vpc-1 and aws:SourceIp is in 10.0.0.0/8". What matches for other reasons than conditions alone says
 * so: a variable, the session's name. */
static void add_conditions(vg_buf *out, const vg_deciding_statement *s)
{
    for (size_t i = 0; i < s->unresolved_count; i++) {
        vg_buf_add_c(out, i ? " and " : "");
        vg_condition_in_words(out, s->unresolved[i]);
    }
    if (s->unresolved_count == 0) {
        const vg_statement *source = &vg_policy_document_of(s->policy)->statements[s->statement];
        vg_buf_addf(out, "statement %.*s of %.*s holds",
                    VG_ARG(source->sid.len ? source->sid : VG_STR("(no Sid)")),
                    VG_ARG(vg_policy_document_of(s->policy)->name));
    }
}

/* The ways in which the layer may come to allow, joined by "or". */
static void add_allows(vg_buf *out, const vg_trace *trace, const vg_trace_answer *a)
{
    bool any = false;
    for (size_t i = a->first; i < a->first + a->count; i++) {
        const vg_deciding_statement *s = vg_vec_at(&trace->statements, i);
        if (s->effect != VG_EFFECT_ALLOW || s->match != VG_MATCH_UNKNOWN)
            continue;
        vg_buf_add_c(out, any ? " or (" : "(");
        add_conditions(out, s);
        vg_buf_add_char(out, ')');
        any = true;
    }
    if (a->state == VG_LAYER_UNKNOWN) {
        vg_buf_add_c(out, any ? " or " : "");
        add_uncollected(out, trace, a, false);
    }
}

/* Whether the layer's Allow is wanted and not certain: a resource policy's also where it would do instead of another's. */
static bool allow_is_open(const vg_trace *trace, const vg_trace_answer *a)
{
    enum { BYPASSED = VG_BY_IDENTITY | VG_BY_BOUNDARY | VG_BY_SESSION };
    if (trace->blocking && (a->layer & BYPASSED))
        return false; /* whatever it would say: another of them stands in its way */
    return a->allow == VG_MATCH_UNKNOWN && a->layer != VG_BY_RCP &&
           ((trace->lacking & a->layer) || (a->layer == VG_BY_RESOURCE && (trace->lacking & BYPASSED)));
}

/* What keeps the layer from denying. */
static void add_denies(vg_buf *out, const vg_trace *trace, const vg_trace_answer *a, bool *any)
{
    for (size_t i = a->first; i < a->first + a->count; i++) {
        const vg_deciding_statement *s = vg_vec_at(&trace->statements, i);
        if (s->effect != VG_EFFECT_DENY || s->match != VG_MATCH_UNKNOWN)
            continue;
        vg_buf_add_c(out, *any ? ", and not (" : "not (");
        add_conditions(out, s);
        vg_buf_add_char(out, ')');
        *any = true;
    }
    if (a->state == VG_LAYER_UNKNOWN && a->deny == VG_MATCH_UNKNOWN && !allow_is_open(trace, a)) {
        vg_buf_add_c(out, *any ? ", and " : "");
        add_uncollected(out, trace, a, true);
        *any = true;
    }
}

static bool is_alternative(const vg_trace *trace, const vg_trace_answer *a)
{
    return a->layer == VG_BY_RESOURCE && !(trace->lacking & VG_BY_RESOURCE);
}

/* The layers of one side, joined. */
static void add_side(vg_buf *out, const vg_trace *trace, bool alternative, const char *between, bool *any)
{
    for (size_t i = 0; i < trace->answers.len; i++) {
        const vg_trace_answer *a = vg_vec_at(&trace->answers, i);
        if (!allow_is_open(trace, a) || is_alternative(trace, a) != alternative)
            continue;
        vg_buf_add_c(out, *any ? between : "");
        add_allows(out, trace, a);
        *any = true;
    }
}

/* What no layer's statements leave open: the owner, and S3's settings. */
static void add_rest(vg_buf *out, const vg_trace *trace, bool *any)
{
    const struct {
        bool holds;
        const char *words;
    } list[] = {
        {trace->owner_unknown && !trace->blocking,
         "the resource policy allows, if the resource is another account's"},
        {trace->owner_unknown && trace->blocking, "the resource is of the caller's account"},
        {trace->restricts_unknown,
         "S3 Block Public Access, not collected, does not restrict a bucket whose policy is public"},
        {trace->write_unknown,
         "no ACL that the request brings (s3:x-amz-acl, s3:x-amz-grant-*) grants to everyone"},
    };
    for (size_t i = 0; i < VG_COUNT(list); i++) {
        if (!list[i].holds)
            continue;
        vg_buf_addf(out, "%s%s", *any ? ", and " : "", list[i].words);
        *any = true;
    }
}

static void add_residual(vg_buf *out, const vg_trace *trace)
{
    bool any = false;
    add_side(out, trace, false, " and ", &any);
    add_side(out, trace, true, ", or else ", &any);
    for (size_t i = 0; i < trace->answers.len; i++)
        add_denies(out, trace, vg_vec_at(&trace->answers, i), &any);
    add_rest(out, trace, &any);
}

/* ---- keys that would decide --------------------------------------------------------------------------------------------- */

static bool list_key(vg_map *seen, vg_vec *keys, vg_str key)
{
    bool added;
    if (!seen || !vg_map_put(seen, key, &added))
        return false;
    vg_str *place = added ? vg_vec_push(keys) : NULL;
    if (place)
        *place = key;
    return place || !added;
}

static vg_status list_keys(const vg_trace *trace, vg_explanation *out, vg_error *err)
{
    vg_vec keys = vg_vec_in(trace->arena, sizeof(vg_str));
    vg_map *seen = vg_map_new(trace->arena, 0);
    bool listed = true;
    for (size_t i = 0; i < trace->statements.len; i++) {
        const vg_deciding_statement *s = vg_vec_at(&trace->statements, i);
        for (size_t u = 0; u < s->unresolved_count; u++)
            listed &= list_key(seen, &keys, s->unresolved[u]->key);
    }
    if (trace->write_unknown)
        listed &= list_key(seen, &keys, VG_STR("s3:x-amz-acl"));
    if (!listed)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while explaining");
    out->missing_keys = keys.items;
    out->missing_key_count = keys.len;
    return VG_OK;
}

static vg_status give(vg_trace *trace, vg_explanation *out, vg_error *err)
{
    out->statements = trace->statements.items;
    out->statement_count = trace->statements.len;
    const char **notes = VG_NEW_N(trace->arena, const char *, trace->note_count ? trace->note_count : 1);
    if (!notes || trace->out_of_memory)
        return vg_fail(err, VG_ERR_MEMORY, "memory ran out while explaining");
    memcpy(notes, trace->notes, trace->note_count * sizeof *notes);
    out->notes = notes;
    out->note_count = trace->note_count;
    return list_keys(trace, out, err);
}

vg_status vg_policy_explain(vg_arena *arena, const vg_request *request, const vg_layers *layers,
                            vg_explanation *out, vg_error *err)
{
    vg_trace trace = {.arena = arena,
                      .answers = vg_vec_in(arena, sizeof(vg_trace_answer)),
                      .statements = vg_vec_in(arena, sizeof(vg_deciding_statement))};
    vg_policy_decide_traced(request, layers, &trace);
    /* A trace looks at more than a decision, and may run out of steps where that did not. */
    *out = (vg_explanation){.decision = vg_policy_decide(request, layers)};
    VG_TRY(give(&trace, out, err));
    if (out->decision.result != VG_DECISION_UNKNOWN)
        return VG_OK;
    vg_buf text = {0};
    vg_buf_add_c(&text, "allowed if ");
    add_residual(&text, &trace);
    bool failed = text.failed;
    out->residual = vg_arena_str(arena, vg_buf_str(&text));
    vg_buf_free(&text);
    return failed || !out->residual.ptr ? vg_fail(err, VG_ERR_MEMORY, "memory ran out while explaining")
                                        : VG_OK;
}
