/* test_graph_random.c: the graph finds the edges that deciding every technique on every pair would find.
 *
 * Building saves most questions: by the actions that policies may allow, by who stands in whose trust policy, by resources
 * that no statement reaches, by answers that are the same for all. Random worlds are made of a few statements that such
 * savings could get wrong; then every technique is decided for every pair by itself, without any of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/graph_part.h"
#include "policy/world_text.h"

enum { WORLDS = 100, PRINCIPALS = 9 };

static uint64_t state;

static uint32_t below(uint32_t n)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((state >> 33) % n);
}

static const char *const actions[] = {
    "'*'",
    "'iam:*'",
    "'sts:AssumeRole'",
    "['iam:PassRole','lambda:*']",
    "['iam:PassRole','ecs:RunTask','ecs:RegisterTaskDefinition']",
    "'iam:PassRole'",
    "'lambda:*'",
    "['iam:AttachRolePolicy','iam:UpdateAssumeRolePolicy']",
    "['iam:CreateAccessKey','iam:AttachUserPolicy']",
    "['iam:CreatePolicyVersion','iam:PutGroupPolicy','iam:AddUserToGroup']",
    "['iam:CreateRole','iam:AttachRolePolicy','iam:PutUserPolicy','iam:CreatePolicy']",
    "['iam:PutUserPermissionsBoundary','iam:PutRolePermissionsBoundary','iam:PutRolePolicy']",
    "'s3:*'",
};
static const char *const resources[] = {
    "'*'",
    "'*'",
    "'*'",
    "'arn:aws:iam::111122223333:*'",
    "'arn:aws:iam::*:role/p1'",
    "'arn:aws:iam::*:role/p?'",
    "['arn:aws:iam::111122223333:user/p2','arn:aws:iam::111122223333:role/p3']",
    "'arn:aws:iam::*:user/${aws:username}'",
    "'arn:aws:iam::444455556666:role/*'",
    "'arn:aws:iam::111122223333:policy/p'",
    "'arn:aws:lambda:*:*:function:dev-*'",
};
static const char *const conditions[] = {
    "",
    "",
    "",
    "",
    ",'Condition':{'Bool':{'aws:MultiFactorAuthPresent':'true'}}",
    ",'Condition':{'StringEquals':{'iam:PassedToService':'lambda.amazonaws.com'}}",
    ",'Condition':{'StringEquals':{'aws:ResourceTag/Team':'x'}}",
    ",'Condition':{'StringEquals':{'aws:PrincipalTag/Team':'${aws:ResourceTag/Team}'}}",
    ",'Condition':{'ArnLike':{'aws:PrincipalArn':'arn:aws:iam::*:user/p*'}}",
    ",'Condition':{'StringEquals':{'iam:PermissionsBoundary':'arn:aws:iam::111122223333:policy/b'}}",
    ",'Condition':{'ArnLike':{'iam:PolicyARN':['arn:aws:iam::aws:policy/R*','arn:aws:iam::*:policy/p*']}}",
    ",'Condition':{'ArnNotLike':{'iam:AssociatedResourceArn':'arn:aws:lambda:*'}}",
};
static const char *const trusts[] = {
    "{'Service':'lambda.amazonaws.com'}",
    "{'Service':['ecs-tasks.amazonaws.com','lambda.amazonaws.com']}",
    "{'AWS':'111122223333'}",
    "{'AWS':['arn:aws:iam::111122223333:user/p0','arn:aws:iam::111122223333:role/p1']}",
    "'*'",
    "{'AWS':['111122223333','444455556666']}",
};
#define PICK(list) (list)[below(VG_COUNT(list))]

static void add_statement(vg_buf *out, const char *effect)
{
    bool negated = below(8) == 0, spared = below(8) == 0;
    vg_buf_addf(out, "{'Effect':'%s','%s':%s,'%s':%s%s}", effect, negated ? "NotAction" : "Action",
                actions[negated ? 1 + below(VG_COUNT(actions) - 1) : below(VG_COUNT(actions))],
                spared ? "NotResource" : "Resource",
                resources[spared ? 3 + below(VG_COUNT(resources) - 3) : below(VG_COUNT(resources))],
                PICK(conditions));
}

static void add_document(vg_buf *out, uint32_t denies)
{
    vg_buf_add_c(out, "{'Version':'2012-10-17','Statement':[");
    add_statement(out, "Allow");
    for (uint32_t n = below(3); n > 0; n--) {
        vg_buf_add_c(out, ",");
        add_statement(out, below(10) < denies ? "Deny" : "Allow");
    }
    vg_buf_add_c(out, "]}");
}

static void add_trust(vg_buf *out)
{
    vg_buf_addf(out,
                ",'trust':{'Version':'2012-10-17','Statement':[{'Effect':'Allow','Principal':%s,'Action':'"
                "sts:AssumeRole'}",
                PICK(trusts));
    if (below(5) == 0)
        vg_buf_addf(out, ",{'Effect':'Deny','Principal':%s,'Action':'sts:AssumeRole'}", PICK(trusts));
    vg_buf_add_c(out, "]}");
}

static void add_principal(vg_buf *out, uint32_t i)
{
    bool is_role = below(3) > 0, outside = i == PRINCIPALS - 1;
    vg_buf_addf(out, "%s'arn:aws:iam::%s:%s/p%u':{'identity':[", i ? "," : "",
                outside ? "444455556666" : "111122223333", is_role ? "role" : "user", i);
    for (uint32_t n = 1 + below(2); n > 0; n--) {
        add_document(out, 3);
        vg_buf_add_c(out, n > 1 ? "," : "");
    }
    vg_buf_add_c(out, "]");
    if (below(3) == 0)
        vg_buf_add_c(out, ",'tags':{'Team':'x'}");
    if (below(3) == 0)
        vg_buf_add_c(out, ",'managed':['arn:aws:iam::111122223333:policy/p']");
    if (!is_role && below(2) == 0)
        vg_buf_add_c(out, ",'in':['arn:aws:iam::111122223333:group/g']");
    if (below(4) == 0) {
        vg_buf_add_c(out, ",'boundary':");
        add_document(out, 3);
        if (below(4) > 0)
            vg_buf_add_c(out, ",'boundary_arn':'arn:aws:iam::111122223333:policy/b'");
    }
    if (is_role)
        add_trust(out);
    vg_buf_add_c(out, "}");
}

static const vg_world *make_world(vg_arena *arena, const vg_catalogue *catalogue)
{
    vg_buf text = {0};
    vg_buf_add_c(
        &text, "{'accounts':{'444455556666':{'standalone':true},'111122223333':{'standalone':true,'scps':[[");
    add_document(&text, 2);
    vg_buf_add_c(
        &text,
        ",{'Version':'2012-10-17','Statement':{'Effect':'Allow','Action':'*','Resource':'*'}}]]}},'groups':{"
        "'arn:aws:iam::111122223333:group/g':{'identity':[");
    add_document(&text, 0);
    vg_buf_add_c(&text, "]}},'principals':{");
    for (uint32_t i = 0; i < PRINCIPALS; i++)
        add_principal(&text, i);
    vg_buf_addf(&text,
                "},'resources':{'arn:aws:lambda:eu-west-1:111122223333:function:dev-f':{'type':'AWS::Lambda::"
                "Function',"
                "'policy':[],'runs_as':'arn:aws:iam::111122223333:role/p%u'}}}",
                below(PRINCIPALS));
    vg_buf_add_char(&text, 0);
    const vg_world *world = world_of_text(arena, catalogue, world_quotes(arena, text.ptr));
    vg_buf_free(&text);
    return world;
}

static const vg_escalations *read_techniques(vg_arena *arena, const vg_catalogue *catalogue)
{
    static const char *const names[] = {"identity", "services"};
    vg_escalation_file files[2];
    vg_error err[1] = {{0}};
    const vg_escalations *out;
    for (size_t i = 0; i < 2; i++) {
        files[i].name = vg_arena_printf(arena, VIGIL_SOURCE_DIR "/content/escalations/%s.yaml", names[i]);
        WORLD_OK(vg_file_read(arena, files[i].name, 1 << 22, &files[i].text, err));
    }
    WORLD_OK(vg_escalations_read(arena, catalogue, files, 2, &out, err));
    return out;
}

/* ---- every technique on every pair ------------------------------------------------------------------------------------------ */

/* What there is to try a technique with: what runs as the target, a group, or nothing. */
static size_t things_of(const vg_graph *g, const vg_escalation *t, const vg_graph_plan *plan,
                        const vg_graph_edge *edge, uint32_t out[4], bool *presumed)
{
    size_t count = 0;
    uint32_t account = g->world->principals[edge->from].account;
    *presumed = false;
    if (t->becomes == VG_BECOMES_GROUP) {
        for (size_t i = 0; i < g->groups[account].len; i++)
            out[count++] = *(uint32_t *)vg_vec_at(&g->groups[account], i);
        return count;
    }
    out[0] = VG_WORLD_NONE;
    if (t->becomes != VG_BECOMES_RUNNING_ROLE)
        return 1;
    const vg_vec *running = &g->running[account * g->type_count + plan->type];
    *presumed = running->len == 0;
    for (size_t i = 0; i < running->len; i++)
        if (((vg_graph_running *)vg_vec_at(running, i))->role == edge->to)
            out[count++] = ((vg_graph_running *)vg_vec_at(running, i))->resource;
    return *presumed ? 1 : count;
}

static bool is_target(const vg_graph *g, const vg_escalation *t, const vg_graph_edge *edge)
{
    const vg_world_principal *from = &g->world->principals[edge->from], *to = &g->world->principals[edge->to];
    vg_caller_kind wanted = t->becomes == VG_BECOMES_USER ? VG_CALLER_USER : VG_CALLER_ROLE;
    if (t->becomes == VG_BECOMES_SELF || t->becomes == VG_BECOMES_GROUP || t->becomes == VG_BECOMES_MADE)
        return edge->from == edge->to;
    return edge->from != edge->to && to->caller.kind == wanted &&
           (t->across || from->account == to->account) && (!t->needs_profile || g->in_profile[edge->to]);
}

static vg_match decide_alone(vg_graph_try *try, const vg_graph *g, size_t technique, uint32_t from,
                             uint32_t to)
{
    vg_match best = VG_MATCH_NO;
    uint32_t things[4];
    const vg_escalation *t = &g->escalations->techniques[technique];
    vg_graph_edge edge = {.from = from, .to = to, .technique = (uint16_t)technique};
    if (!is_target(g, t, &edge))
        return best;
    size_t count = things_of(g, t, &g->plans[technique], &edge, things, &edge.presumed);
    for (size_t i = 0; i < count; i++)
        for (size_t s = 0; s < (t->service_count ? t->service_count : 1); s++) {
            edge.thing = things[i];
            edge.service = (uint16_t)s;
            try->technique = t;
            best = vg_match_or(best, vg_graph_edge_holds(try, &edge));
        }
    return best;
}

static bool has_way(const vg_graph *g, size_t technique, uint32_t from, uint32_t to)
{
    for (size_t i = 0; i < g->edge_count; i++)
        if (g->edges[i].from == from && g->edges[i].to == to &&
            ((g->edges[i].ways[technique / 64] >> (technique % 64)) & 1))
            return true;
    return false;
}

/* An administrator, or one by itself for certain: its edges within the account are left out. */
static bool is_settled(const vg_graph *g, uint32_t from)
{
    bool settled = g->admin[from] == VG_ADMIN_CERTAIN;
    for (size_t i = 0; i < g->edge_count; i++)
        settled = settled || (g->edges[i].from == from && g->edges[i].to == from && g->edges[i].certain);
    return settled;
}

static bool is_certain(const vg_graph *g, uint32_t from, uint32_t to)
{
    for (size_t i = 0; i < g->edge_count; i++)
        if (g->edges[i].from == from && g->edges[i].to == to && g->edges[i].certain)
            return true;
    return false;
}

static size_t compare(const vg_graph *g, vg_arena *arena, size_t *edges)
{
    size_t wrong = 0;
    vg_graph_try try = {.graph = g, .scratch = VG_NEW(arena, vg_world_scratch)};
    for (uint32_t from = 0; from < g->world->principal_count; from++) {
        const vg_world_principal *p = &g->world->principals[from];
        for (uint32_t to = 0; to < g->world->principal_count && p->caller.kind != VG_CALLER_ROOT; to++) {
            bool left_out = g->admin[from] == VG_ADMIN_CERTAIN && from == to;
            left_out = left_out ||
                       (from != to && p->account == g->world->principals[to].account && is_settled(g, from));
            vg_match best = VG_MATCH_NO;
            for (size_t t = 0; t < g->escalations->count && !left_out; t++) {
                vg_match match = decide_alone(&try, g, t, from, to);
                bool expected = match != VG_MATCH_NO, got = has_way(g, t, from, to);
                best = vg_match_or(best, match);
                *edges += expected;
                wrong += expected != got;
                if (expected != got)
                    print_message("%.*s -> %.*s by %.*s: gave %d, expected %d\n", VG_ARG(p->arn),
                                  VG_ARG(g->world->principals[to].arn),
                                  VG_ARG(g->escalations->techniques[t].id), got, expected);
            }
            bool certain = is_certain(g, from, to);
            if (left_out || (best == VG_MATCH_YES) == certain)
                continue;
            wrong++;
            print_message("%.*s -> %.*s: certain is %d, expected %d\n", VG_ARG(p->arn),
                          VG_ARG(g->world->principals[to].arn), certain, best == VG_MATCH_YES);
        }
    }
    return wrong;
}

static void savings_change_no_edge(void **unused)
{
    (void)unused;
    vg_arena *lasting = vg_arena_new(0), *arena = vg_arena_new(0);
    const vg_catalogue *catalogue = world_catalogue(lasting);
    const vg_escalations *techniques = read_techniques(lasting, catalogue);
    size_t edges = 0;
    for (uint32_t i = 0; i < WORLDS; i++) {
        vg_error err[1] = {{0}};
        const vg_graph *graph;
        state = 20261124 + i;
        const vg_world *world = make_world(arena, catalogue);
        WORLD_OK(vg_graph_build(arena, world, techniques, &graph, err));
        size_t wrong = compare(graph, arena, &edges);
        if (wrong)
            print_message("seed %u: %zu differences\n", 20261124 + i, wrong);
        assert_int_equal(wrong, 0);
        vg_arena_reset(arena);
    }
    print_message("%zu ways in %d worlds\n", edges, WORLDS);
    assert_true(edges > 1000);
    vg_arena_free(arena);
    vg_arena_free(lasting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(savings_change_no_edge)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
