/* test_store_answer.c: an assessment written back: facts as resources, findings that open, resolve and return, and what
 * became of findings whose subject is gone. */
#include "evidence_text.h"

#include "hub/hub.h"
#include "store/workspace.h"

#define ROOT_LINE                                                                                            \
    "- [Vigil::IAM::CredentialReportEntry, '" A "', '', 'arn:aws:iam::" A                                    \
    ":root', {User: '<root_account>'}]\n"
#define JANE(mfa)                                                                                            \
    "- [Vigil::IAM::CredentialReportEntry, '" A "', '', 'arn:aws:iam::" A                                    \
    ":user/jane', {User: jane, MfaActive: " mfa "}]\n"

static const content_text USER_MFA[] = {
    {"controls/u.guard",
     "# ---\n# id: user-mfa\n# title: t\n# practice: first\n# resource: Vigil::Account::User\n# needs: "
     "[MfaActive]\n# ---\nrule met { Resources.*.Properties.MfaActive == true <<no MFA>> }\n"},
    {NULL, NULL},
};

typedef struct {
    char *folder;
    vg_evidence *evidence;
    vg_hub *hub;
    int runs;
} world;

static int setup(void **state)
{
    world *w = calloc(1, sizeof *w);
    w->folder = temporary_folder();
    const vg_evidence_options options = {
        .write = true, .create = true, .now = day(0), .who = VG_STR("ann"), .command = VG_STR("vigil test")};
    OK(vg_evidence_open(vg_str_from(w->folder), &options, &w->evidence, err));
    OK(vg_hub_attach(vg_evidence_store(w->evidence), &w->hub, err));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world *w = *state;
    vg_hub_detach(w->hub);
    vg_evidence_close(w->evidence);
    remove_folder(w->folder);
    free(w);
    return 0;
}

static vg_hub_counts assess_by(world *w, const content_text *controls, const char *evidence,
                               vg_ledger_entry read)
{
    vg_arena *arena = vg_arena_new(0);
    vg_content *content = read_content(arena, controls);
    evidence_text e = read_evidence(arena, evidence);
    e.ledger = &read;
    e.ledger_count = 1;
    vg_assessment assessment = assess_evidence_text(&e, content, NULL, 1);
    vg_hub_counts counts = {0};
    char run[32];
    snprintf(run, sizeof run, "run-%d", w->runs++);
    OK(vg_assess_store(&assessment, w->evidence, w->hub, vg_str_from(run), day(w->runs), &counts, err));
    vg_content_free(content);
    vg_arena_free(arena);
    return counts;
}

static vg_hub_counts assess_and_store(world *w, const char *evidence, vg_ledger_outcome outcome)
{
    return assess_by(
        w, USER_MFA, evidence,
        (vg_ledger_entry){.path = VG_STR("x.json"), .operation = VG_STR("?"), .outcome = outcome});
}

static vg_status take_workflow(void *context, const vg_hub_row *row, vg_error *err)
{
    (void)err;
    *(int *)context = (int)row->workflow;
    return VG_OK;
}

static int workflow(world *w)
{
    int found = -1;
    const vg_hub_filter filter = {.rule = VG_STR("user-mfa")};
    OK(vg_hub_list(w->hub, &filter, take_workflow, &found, err));
    return found;
}

static void findings_open_resolve_and_return(void **state)
{
    world *w = *state;
    vg_hub_counts counts = assess_and_store(w, ROOT_LINE JANE("false"), VG_LEDGER_IMPORTED);
    assert_int_equal(counts.opened, 1);
    assert_int_equal(workflow(w), VG_WORKFLOW_NEW);
    counts = assess_and_store(w, ROOT_LINE JANE("false"), VG_LEDGER_IMPORTED);
    assert_int_equal(counts.unchanged, 1);
    assess_and_store(w, ROOT_LINE JANE("true"), VG_LEDGER_IMPORTED);
    assert_int_equal(workflow(w), VG_WORKFLOW_RESOLVED);
    assess_and_store(w, ROOT_LINE JANE("false"), VG_LEDGER_IMPORTED);
    assert_int_equal(workflow(w), VG_WORKFLOW_NEW);
}

static void nothing_resolves_while_something_was_not_read(void **state)
{
    world *w = *state;
    assess_and_store(w, ROOT_LINE JANE("false"), VG_LEDGER_IMPORTED);
    assess_and_store(w, ROOT_LINE JANE("true"), VG_LEDGER_ERROR);
    assert_int_equal(workflow(w), VG_WORKFLOW_NEW);
}

static void nothing_resolves_while_there_is_more_to_come(void **state)
{
    world *w = *state;
    vg_ledger_entry more = {
        .path = VG_STR("x.json"), .operation = VG_STR("?"), .outcome = VG_LEDGER_IMPORTED, .truncated = true};
    assess_and_store(w, ROOT_LINE JANE("false"), VG_LEDGER_IMPORTED);
    assess_by(w, USER_MFA, ROOT_LINE JANE("true"), more);
    assert_int_equal(workflow(w), VG_WORKFLOW_NEW);
}

/* A control that is no longer there did not look: its finding is not resolved, even where its subject is gone. */
static void a_finding_stays_when_its_control_is_gone(void **state)
{
    world *w = *state;
    vg_ledger_entry read = {
        .path = VG_STR("x.json"), .operation = VG_STR("?"), .outcome = VG_LEDGER_IMPORTED};
    assess_and_store(w, ROOT_LINE JANE("false"), VG_LEDGER_IMPORTED);
    assess_by(w, NULL, ROOT_LINE, read);
    assert_int_equal(workflow(w), VG_WORKFLOW_NEW);
}

static void a_finding_goes_with_its_subject(void **state)
{
    world *w = *state;
    assess_and_store(w, ROOT_LINE JANE("false"), VG_LEDGER_IMPORTED);
    assess_and_store(w, ROOT_LINE, VG_LEDGER_IMPORTED);
    assert_int_equal(workflow(w), VG_WORKFLOW_RESOLVED);
}

static void a_finding_stays_when_nobody_listed_its_kind(void **state)
{
    world *w = *state;
    assess_and_store(w, ROOT_LINE JANE("false"), VG_LEDGER_IMPORTED);
    assess_and_store(w, "- [Vigil::IAM::AccountSummary, '" A "', '', '" A "', {Users: 1}]\n",
                     VG_LEDGER_IMPORTED);
    assert_int_equal(workflow(w), VG_WORKFLOW_NEW);
}

static void facts_are_resources_with_their_source(void **state)
{
    world *w = *state;
    vg_arena *arena = vg_arena_new(0);
    vg_evidence_row row;
    assess_and_store(w, ROOT_LINE JANE("false"), VG_LEDGER_IMPORTED);
    OK(vg_evidence_resource(w->evidence, arena, VG_STR("Vigil::Account::User"), VG_STR(A), VG_STR(""),
                            VG_STR("arn:aws:iam::" A ":user/jane"), VG_TIME_NONE, &row, err));
    assert_true(vg_str_is(row.resource.source, "fact:user"));
    assert_true(vg_str_is(row.resource.properties, "{\"MfaActive\":false,\"UserName\":\"jane\"}"));
    assess_and_store(w, ROOT_LINE, VG_LEDGER_IMPORTED);
    assert_int_equal(vg_evidence_resource(w->evidence, arena, VG_STR("Vigil::Account::User"), VG_STR(A),
                                          VG_STR(""), VG_STR("arn:aws:iam::" A ":user/jane"), VG_TIME_NONE,
                                          &row, NULL),
                     VG_ERR_NOT_FOUND);
    vg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(findings_open_resolve_and_return, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_resolves_while_something_was_not_read, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_resolves_while_there_is_more_to_come, setup, teardown),
        cmocka_unit_test_setup_teardown(a_finding_stays_when_its_control_is_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_finding_goes_with_its_subject, setup, teardown),
        cmocka_unit_test_setup_teardown(a_finding_stays_when_nobody_listed_its_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(facts_are_resources_with_their_source, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
