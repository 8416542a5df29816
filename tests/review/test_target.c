/* test_target.c: where actions attach policies, and that doing so gains what was said. */
#include "random_evidence.h"

#include "review/review_part.h"

#include <math.h>

#define C "444444444444"
#define D "555555555555"
#define ORG                                                                                                  \
    "- [Vigil::Organization::Organization, '" M                                                              \
    "', '', o-1, {Id: o-1, FeatureSet: ALL, ManagementAccountId: '" M "'}]\n"                                \
    "- [Vigil::Organization::Root, '" M                                                                      \
    "', '', r-1, {Id: r-1, Name: Root, PolicyTypes: [{Type: SERVICE_CONTROL_POLICY, Status: "                \
    "ENABLED}]}]\n" UNIT("ou-1", "Workloads", "r-1") UNIT("ou-2", "Prod", "ou-1")                            \
        UNIT("ou-3", "Dev", "ou-1") MEMBER(M, "r-1") MEMBER(A, "ou-2") MEMBER(B, "ou-2")                     \
            MEMBER(C, "ou-3") "- [ledger, organizations:ListPolicies, '', '" M "', '']\n"
#define UNIT(id, name, parent)                                                                               \
    "- [Vigil::Organization::OrganizationalUnit, '" M "', '', " id ", {Id: " id ", Name: " name "}]\n"       \
    "- [Vigil::Organization::Parent, '" M "', '', " id ", {ChildId: " id ", ParentId: " parent "}]\n"
#define MEMBER(id, parent)                                                                                   \
    ACCOUNT(id)                                                                                              \
    "- [Vigil::Organization::Parent, '" M "', '', '" id "', {ChildId: '" id "', ParentId: " parent "}]\n"
#define ACCOUNT(id)                                                                                          \
    "- [Vigil::Organization::Account, '" id "', '', '" id "', {Id: '" id "', Name: n, Status: ACTIVE}]\n"
#define POLICY(id, action, target)                                                                           \
    "- [Vigil::Organization::Policy, '" M "', '', " id ", {Id: " id ", Name: " id                            \
    ", Type: SERVICE_CONTROL_POLICY, Content: "                                                              \
    "{Statement: [{Effect: Deny, Action: [" action "], Resource: '*'}]}}]\n"                                 \
    "- [Vigil::Organization::PolicyTarget, '" M "', '', " id "/x, {PolicyId: " id ", TargetId: " target      \
    "}]\n"                                                                                                   \
    "- [ledger, organizations:ListTargetsForPolicy, " id ", '" M "', '']\n"
#define TRAILS                                                                                               \
    "'cloudtrail:StopLogging', 'cloudtrail:DeleteTrail', 'cloudtrail:UpdateTrail', "                         \
    "'cloudtrail:PutEventSelectors'"

static const vg_report_action *action_for(const vg_report_answer *answer, const char *control)
{
    for (size_t p = 0; p < answer->organisation.practice_count; p++)
        for (size_t i = 0; i < answer->organisation.practices[p].action_count; i++)
            for (size_t c = 0; c < answer->organisation.practices[p].actions[i].control_count; c++)
                if (vg_str_is(answer->organisation.practices[p].actions[i].controls[c], control))
                    return &answer->organisation.practices[p].actions[i];
    return NULL;
}

/* One control alone, so that its action is among the best. */
static const content_text SCP[] = {
    {"controls/a/trail.guard",
     "# ---\n# id: trail\n# title: t\n# severity: high\n# practice: [first]\n# resource: "
     "Vigil::Account::Guardrails\n"
     "# needs: [Bound, ProtectCloudTrail]\n# remediation: Deny it.\n# commands: ['aws create --profile "
     "{management}', "
     "'aws attach {target}']\n# repair: {ProtectCloudTrail: \"yes\"}\n# ---\nlet g = Resources.*\nrule met "
     "when "
     "%g.Properties.Bound == true { %g.Properties.ProtectCloudTrail == 'yes' <<no>> }\n"},
    {NULL, NULL},
};

static void attaches_policies_as_high_as_the_question_reaches(void **state)
{
    static const vg_str a = VG_STR_INIT(A), prod = VG_STR_INIT("Prod"), workloads = VG_STR_INIT("Workloads");
    static const struct {
        const char *name, *more;
        vg_review_options options;
        const char *targets[3];
    } cases[] = {
        {"the whole organisation", "", {0}, {"r-1"}},
        {"one that passes already changes nothing", POLICY("p-1", TRAILS, "ou-3"), {0}, {"r-1"}},
        {"an OU", "", {.units = &prod, .unit_count = 1}, {"ou-2"}},
        {"an OU above others, of which one is not asked about",
         MEMBER(D, "r-1"),
         {.units = &workloads, .unit_count = 1},
         {"ou-1"}},
        {"an account: its OU, though it holds another", "", {.accounts = &a, .account_count = 1}, {"ou-2"}},
        {"a place that nobody knows", ACCOUNT(D), {0}, {"r-1"}},
    };
    (void)state;
    for (size_t i = 0; i < VG_COUNT(cases); i++) {
        vg_arena *arena = vg_arena_new(0);
        vg_content *content = read_content(arena, SCP);
        evidence_text e = read_evidence(
            arena, vg_arena_printf(arena, ORG POLICY("p-0", "'organizations:LeaveOrganization'", "r-1") "%s",
                                   cases[i].more)
                       .ptr);
        vg_assessment assessment = assess_evidence_text(&e, content, NULL, 1);
        vg_report_answer answer;
        assert_int_equal(vg_review(&assessment, NULL, &cases[i].options, arena, &answer, NULL, NULL), VG_OK);
        const vg_report_action *action = action_for(&answer, "trail");
        size_t expected = 0;
        assert_non_null(action);
        for (; expected < 3 && cases[i].targets[expected]; expected++) {
            vg_str command = vg_arena_printf(arena, "aws attach %s", cases[i].targets[expected]);
            if (expected + 1 >= action->command_count || !vg_str_eq(action->commands[expected + 1], command))
                fail_msg("%s: command %zu of %zu is no '%s'", cases[i].name, expected + 1,
                         action->command_count, command.ptr);
        }
        if (action->command_count != expected + 1)
            fail_msg("%s: %zu commands", cases[i].name, action->command_count);
        vg_content_free(content);
        vg_arena_free(arena);
    }
}

/* The organisation before, and with the policy that the command makes at the target that it names. */
static void a_policy_at_the_root_gains_what_was_said(void **state)
{
    static const char *const BEFORE = ORG POLICY("p-0", "'organizations:LeaveOrganization'", "r-1");
    static const char *const AFTER =
        ORG POLICY("p-0", "'organizations:LeaveOrganization'", "r-1") POLICY("p-1", TRAILS, "r-1");
    vg_arena *arena = vg_arena_new(0);
    vg_content *content = real_content(arena);
    vg_review_options options = {.accounts = NULL};
    vg_assessment assessments[2];
    vg_homes homes;
    vg_section_count section;
    double scores[2];
    size_t control = 0;
    (void)state;
    while (!vg_str_is(content->controls[control].header.id, "guardrail-protect-cloudtrail"))
        control++;
    for (size_t i = 2; i > 0; i--) { /* the one before it last: its section is used below */
        evidence_text e = read_evidence(arena, i == 2 ? AFTER : BEFORE);
        assessments[i - 1] = assess_evidence_text(&e, content, NULL, 1);
        assert_int_equal(vg_homes_build(&assessments[i - 1], arena, &homes, NULL), VG_OK);
        bool *has = VG_NEW_N(arena, bool, homes.home_count);
        memset(has, true, homes.home_count);
        assert_int_equal(vg_section_sum(&homes, has, arena, &section, NULL), VG_OK);
        scores[i - 1] = 100 * section.mark.score;
    }
    vg_reviewer reviewer = {
        .assessment = &assessments[0], .options = &options, .homes = &homes, .arena = arena};
    assert_int_equal(vg_repairs_build(&homes, arena, &reviewer.repairs, NULL), VG_OK);
    assert_int_equal(vg_section_weigh(&reviewer, &section, NULL), VG_OK);
    double said = section.gains[control].total, got = scores[1] - scores[0];
    if (fabs(got - said) > 1e-9 || got <= 0)
        fail_msg("said %.9f, got %.9f", said, got);
    assert_true(vg_str_is(section.targets[0], "r-1"));
    vg_content_free(content);
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attaches_policies_as_high_as_the_question_reaches),
        cmocka_unit_test(a_policy_at_the_root_gains_what_was_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
