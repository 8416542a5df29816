/* test_unknown.c: a control that states no needs. Guard takes a property that is not there for absent; content/types
 * knows which are then unknown, and a verdict that hangs on one of those is none. What is certain without it stays. */
#include "evidence_text.h"

#define HEAD(more)       "# ---\n# id: c\n# title: Title\n# practice: first\n" more "# ---\n"
#define ROOT             HEAD("# resource: Vigil::Account::Root\n")
#define USER             HEAD("# resource: AWS::IAM::User\n")
#define P                "Resources.*.Properties."
#define ROOT_OF(members) "- [Vigil::IAM::AccountSummary, '" A "', '', '" A "', {" members "}]\n"
#define HAS_MFA          ROOT_OF("AccountMFAEnabled: 1")
#define NO_MFA           ROOT_OF("AccountMFAEnabled: 0")
#define NOTHING          ROOT_OF("Users: 1")
#define REPORT(members)                                                                                      \
    "- [Vigil::IAM::CredentialReportEntry, '" A "', '', 'arn:aws:iam::" A ":root', {" members "}]\n"
#define A_USER(members)                                                                                      \
    "- [AWS::IAM::User, '" A "', '', 'arn:aws:iam::" A ":user/u', {UserName: u" members "}]\n"

static const char *const TYPES =
    "- type: Vigil::Account::Root\n"
    "  properties:\n"
    "    MfaActive: {type: boolean, from: [iam:GetCredentialReport, iam:GetAccountSummary]}\n"
    "    MfaHardware: {type: boolean, from: [iam:ListVirtualMFADevices]}\n"
    "    EverUsed: {type: boolean, from: [iam:GetCredentialReport]}\n"
    "    LastUsedDays: {type: integer, optional: EverUsed, from: [iam:GetCredentialReport]}\n"
    "- type: Vigil::Attestation::Attestation\n"
    "  properties:\n"
    "    Kind: {type: string, from: [attestation]}\n"
    "    Link: {type: string, optional: true, from: [attestation]}\n"
    "- type: AWS::IAM::User\n"
    "  from: [iam:GetAccountAuthorizationDetails]\n"
    "  optional: [Tags]\n"
    "  properties: {UserName: string, CreateDate: time, Tags: list}\n"
    "- type: Vigil::Account::AlternateContact\n"
    "  from: [account:GetAlternateContact]\n"
    "  optional: all\n"
    "  properties: {Present: boolean, EmailAddress: string}\n"
    "- type: Vigil::Account::User\n"
    "  properties: {UserName: {type: string, from: [iam:GetCredentialReport]}}\n";

static const struct {
    const char *name, *control, *evidence;
    int verdict; /* of the only subject */
    const char *message, *missing;
} CASES[] = {
    /* what a failure comes from */
    {"fails by what is missing", ROOT "rule met { " P "MfaActive == true <<no MFA>> }\n", NOTHING,
     VG_VERDICT_NOT_ASSESSED, "", "iam:GetCredentialReport or iam:GetAccountSummary"},
    {"fails by what is there", ROOT "rule met { " P "MfaActive == true <<no MFA>> }\n", NO_MFA,
     VG_VERDICT_FAIL, "no MFA", ""},
    {"passes by what is there", ROOT "rule met { " P "MfaActive == true }\n", HAS_MFA, VG_VERDICT_PASS, "",
     ""},
    {"asks whether it is there", ROOT "rule met { " P "MfaActive exists }\n", NOTHING,
     VG_VERDICT_NOT_ASSESSED, "", "iam:GetCredentialReport or iam:GetAccountSummary"},
    {"passes by what is missing", ROOT "rule met { " P "MfaActive !exists }\n", NOTHING,
     VG_VERDICT_NOT_ASSESSED, "", "iam:GetCredentialReport or iam:GetAccountSummary"},
    {"skips by what is missing", ROOT "rule met when " P "MfaActive == true { " P "MfaHardware == true }\n",
     NOTHING, VG_VERDICT_NOT_ASSESSED, "", "iam:GetCredentialReport or iam:GetAccountSummary"},
    {"skips by what is there", ROOT "rule met when " P "MfaActive == false { " P "MfaHardware == true }\n",
     HAS_MFA, VG_VERDICT_NOT_APPLICABLE, "", ""},
    {"asks in a filter", ROOT "rule met { Resources.*[ Properties.MfaHardware == true ] !empty }\n", HAS_MFA,
     VG_VERDICT_NOT_ASSESSED, "", "iam:ListVirtualMFADevices"},
    {"asks in another spelling", ROOT "rule met { " P "mfa_active == true }\n", NOTHING,
     VG_VERDICT_NOT_ASSESSED, "", "iam:GetCredentialReport or iam:GetAccountSummary"},
    {"asks by a variable's key", ROOT "let k = 'MfaActive'\nrule met { " P "%k == true }\n", NOTHING,
     VG_VERDICT_NOT_ASSESSED, "", "iam:GetCredentialReport or iam:GetAccountSummary"},
    {"has a property without value", USER "rule met { " P "CreateDate exists }\n",
     A_USER(", CreateDate: null"), VG_VERDICT_NOT_ASSESSED, "", "iam:GetAccountAuthorizationDetails"},
    /* what is certain all the same */
    {"a certain failure gives its own words alone",
     ROOT "rule met { " P "EverUsed == true <<never used>>\n " P "MfaActive == true <<no MFA>> }\n", NO_MFA,
     VG_VERDICT_FAIL, "no MFA", ""},
    {"another rule fails for certain",
     ROOT "rule other { " P "EverUsed == true <<never used>> }\nrule met { " P
          "MfaActive == true <<no MFA>> }\n",
     NO_MFA, VG_VERDICT_FAIL, "no MFA", ""},
    {"a disjunction with a certain pass",
     ROOT "rule met { " P "EverUsed == true or " P "MfaActive == true }\n", HAS_MFA, VG_VERDICT_PASS, "", ""},
    {"a disjunction that another answer could make pass",
     ROOT "rule met { " P "EverUsed == true or " P "MfaActive == true }\n", NO_MFA, VG_VERDICT_NOT_ASSESSED,
     "", "iam:GetCredentialReport"},
    {"a condition that fails for certain",
     ROOT "rule met when " P "EverUsed == true " P "MfaActive == true { " P "MfaActive == false }\n", NO_MFA,
     VG_VERDICT_NOT_APPLICABLE, "", ""},
    {"a block with a certain failure",
     ROOT
     "rule met { Resources.*.Properties { EverUsed == true <<never>>\n MfaActive == true <<no MFA>> } }\n",
     NO_MFA, VG_VERDICT_FAIL, "no MFA", ""},
    {"some of one block",
     ROOT "rule met { some Resources.*.Properties { "
          "MfaActive == true } }\n",
     HAS_MFA, VG_VERDICT_PASS, "", ""},
    /* what is asked once and used twice */
    {"a variable used in a settled and in an open clause",
     ROOT "let used = " P "EverUsed\nrule met { %used == true or " P
          "MfaActive == true\n %used == true <<never "
          "used>> }\n",
     HAS_MFA, VG_VERDICT_NOT_ASSESSED, "", "iam:GetCredentialReport"},
    {"a rule that others name",
     ROOT "rule used { " P "EverUsed == true }\nrule met { used or " P "MfaActive == true }\n", HAS_MFA,
     VG_VERDICT_NOT_ASSESSED, "", "iam:GetCredentialReport"},
    {"a rule that a condition negates",
     ROOT "rule partly_used { " P "EverUsed == true }\nrule met when not partly_used { " P
          "MfaActive == true }\n",
     HAS_MFA, VG_VERDICT_NOT_ASSESSED, "", "iam:GetCredentialReport"},
    {"a rule with parameters in a condition",
     ROOT "rule is_on(x) { %x == true }\nrule met when is_on(" P "EverUsed) { " P "MfaActive == true }\n",
     HAS_MFA, VG_VERDICT_NOT_ASSESSED, "", "iam:GetCredentialReport"},
    /* partly */
    {"partly by what is missing is no partly",
     ROOT "rule met { " P "MfaActive == true <<no MFA>> }\nrule partly { " P "EverUsed !exists }\n", NO_MFA,
     VG_VERDICT_FAIL, "no MFA", ""},
    {"met, whatever partly hangs on",
     ROOT "rule met { " P "MfaActive == true }\nrule partly { " P "EverUsed == true }\n", HAS_MFA,
     VG_VERDICT_PASS, "", ""},
    {"not met by what is missing, and partly",
     ROOT "rule met { " P "EverUsed == true }\nrule partly { " P "MfaActive == true }\n", HAS_MFA,
     VG_VERDICT_NOT_ASSESSED, "", "iam:GetCredentialReport"},
    /* what is absent and not unknown */
    {"a property that is absent where there is none", USER "rule met { " P "Tags !empty <<no tags>> }\n",
     A_USER(""), VG_VERDICT_FAIL, "no tags", ""},
    {"another of the same type", USER "rule met { " P "CreateDate exists }\n", A_USER(""),
     VG_VERDICT_NOT_ASSESSED, "", "iam:GetAccountAuthorizationDetails"},
    {"all of a type",
     HEAD("# resource: Vigil::Account::AlternateContact\n") "rule met { " P "EmailAddress exists "
                                                            "<<no address>> }\n",
     "- [Vigil::Account::AlternateContact, '" A "', '', SECURITY, {Present: true}]\n", VG_VERDICT_FAIL,
     "no address", ""},
    {"one that is absent beside another", ROOT "rule met { " P "LastUsedDays > 90 <<used>> }\n", REPORT(""),
     VG_VERDICT_FAIL, "used", ""},
    {"the same without the other", ROOT "rule met { " P "LastUsedDays > 90 <<used>> }\n", HAS_MFA,
     VG_VERDICT_NOT_ASSESSED, "", "iam:GetCredentialReport"},
    {"what people leave out", HEAD("# attestation: drill\n") "rule met { " P "Link exists <<no link>> }\n",
     "- [Vigil::Attestation::Statement, '', '', drill, {Kind: drill, Date: '2026-05-02', Expires: "
     "'2027-01-01'}]\n",
     VG_VERDICT_FAIL, "no link", ""},
    {"a property of no type", ROOT "rule met { " P "Nonsense == 1 <<no sense>> }\n", HAS_MFA, VG_VERDICT_FAIL,
     "no sense", ""},
    {"a key further in", USER "rule met { " P "Tags.CreateDate exists <<none>> }\n", A_USER(", Tags: {}"),
     VG_VERDICT_FAIL, "none", ""},
    /* stated needs */
    {"needs that are stated empty",
     HEAD("# resource: Vigil::Account::Root\n# needs: []\n") "rule met { " P
                                                             "MfaActive == true <<no MFA>> }\n",
     NOTHING, VG_VERDICT_FAIL, "no MFA", ""},
    {"needs of something else",
     HEAD("# resource: Vigil::Account::Root\n# needs: [MfaActive]\n") "rule met { " P
                                                                      "EverUsed == true <<never used>> }\n",
     HAS_MFA, VG_VERDICT_FAIL, "never used", ""},
    {"needs without a value",
     HEAD("# resource: Vigil::Account::Root\n# needs:\n") "rule met { " P "MfaActive == true }\n", NOTHING,
     VG_VERDICT_NOT_ASSESSED, "", "iam:GetCredentialReport or iam:GetAccountSummary"},
    {"things that nobody listed",
     HEAD("# resource: Vigil::Account::User\n") "rule met { " P "UserName exists }\n", NOTHING,
     VG_VERDICT_NOT_ASSESSED, "", "iam:GetCredentialReport"},
};

static void a_control_without_needs_needs_what_its_verdict_hangs_on(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < VG_COUNT(CASES); i++) {
        vg_arena *arena = vg_arena_new(0);
        const content_text files[] = {
            {"types/types.yaml", TYPES}, {"controls/c.guard", CASES[i].control}, {NULL, NULL}};
        vg_content *content = read_content(arena, files);
        evidence_text e = read_evidence(arena, CASES[i].evidence);
        vg_assessment assessment = assess_evidence_text(&e, content, NULL, 1);
        const vg_judgement *got = assessment.judgements;
        vg_str missing = assessment.judgement_count && got->verdict == VG_VERDICT_NOT_ASSESSED
                             ? vg_judgement_missing(arena, &assessment, got)
                             : VG_STR("");
        if (assessment.judgement_count != 1 || (int)got->verdict != CASES[i].verdict ||
            !vg_str_is(got->message, CASES[i].message) || !vg_str_is(missing, CASES[i].missing)) {
            print_error("%s: %zu judgements, verdict %d, expected %d; '%.*s', expected '%s'; missing '%.*s', "
                        "expected '%s'\n",
                        CASES[i].name, assessment.judgement_count,
                        assessment.judgement_count ? (int)got->verdict : -1, CASES[i].verdict,
                        VG_ARG(got->message), CASES[i].message, VG_ARG(missing), CASES[i].missing);
            wrong++;
        }
        vg_content_free(content);
        vg_arena_free(arena);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_control_without_needs_needs_what_its_verdict_hangs_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
