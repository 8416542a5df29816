/* random_evidence.h: an organisation made of dice: some of it good, some bad, some missing. The same seed gives the same
 * organisation. */
#ifndef VIGIL_TESTS_RANDOM_EVIDENCE_H
#define VIGIL_TESTS_RANDOM_EVIDENCE_H

#include "assess/evidence_text.h"

typedef struct {
    uint64_t state;
} dice;

/* xorshift64*, so that a test can be run again. */
static inline uint32_t roll(dice *d, uint32_t sides)
{
    d->state ^= d->state >> 12;
    d->state ^= d->state << 25;
    d->state ^= d->state >> 27;
    return (uint32_t)((d->state * 2685821657736338717ULL) >> 33) % sides;
}
static inline bool often(dice *d)
{
    return roll(d, 4) > 0;
}
static inline const char *yes(dice *d)
{
    return roll(d, 2) ? "true" : "false";
}

static inline void add_random_account(vg_buf *out, dice *d, unsigned number)
{
    char id[16];
    snprintf(id, sizeof id, "%012u", number);
    vg_buf_addf(out,
                "- [Vigil::Organization::Account, '111111111111', '', '%s', {Id: '%s', Name: 'account %u', "
                "Email: '%s@example.com', Status: %s}]\n",
                id, id, number, roll(d, 2) ? "aws" : "jane", roll(d, 12) ? "ACTIVE" : "SUSPENDED");
    vg_buf_addf(out,
                "- [Vigil::Organization::Parent, '111111111111', '', '%s', {ChildId: '%s', ParentId: %s}]\n",
                id, id,
                roll(d, 4) == 0 ? "r-1"
                : roll(d, 2)    ? "ou-1"
                                : "ou-2");
    if (often(d))
        vg_buf_addf(out,
                    "- [Vigil::IAM::AccountSummary, '%s', '', '%s', {AccountMFAEnabled: %u, "
                    "AccountAccessKeysPresent: %u, AccountPasswordPresent: %u}]\n",
                    id, id, roll(d, 2), roll(d, 2), roll(d, 2));
    if (often(d))
        vg_buf_addf(out,
                    "- [Vigil::IAM::CredentialReportEntry, '%s', '', 'arn:aws:iam::%s:root', {User: "
                    "'<root_account>', MfaActive: %s, AccessKey1Active: %s, AccessKey2Active: false, "
                    "PasswordLastUsed: '2026-0%u-01'}]\n",
                    id, id, yes(d), yes(d), 1 + roll(d, 5));
    for (uint32_t u = roll(d, 4); u > 0; u--)
        vg_buf_addf(out,
                    "- [Vigil::IAM::CredentialReportEntry, '%s', '', 'arn:aws:iam::%s:user/u%u', {User: u%u, "
                    "PasswordEnabled: %s, MfaActive: %s, PasswordLastUsed: '2026-0%u-01', AccessKey1Active: "
                    "%s, AccessKey1LastRotated: '2025-0%u-01', AccessKey2Active: false}]\n",
                    id, id, u, u, yes(d), yes(d), 1 + roll(d, 5), yes(d), 1 + roll(d, 9));
    if (often(d))
        vg_buf_addf(out,
                    "- [Vigil::IAM::PasswordPolicy, '%s', '', '%s', {Present: %s, MinimumPasswordLength: %u, "
                    "PasswordReusePrevention: %u}]\n",
                    id, id, yes(d), 6 + roll(d, 12), roll(d, 25));
    static const char *const contacts[] = {"SECURITY", "OPERATIONS", "BILLING"};
    for (size_t c = 0; c < 3; c++)
        if (often(d))
            vg_buf_addf(out,
                        "- [Vigil::Account::AlternateContact, '%s', '', %s, {Present: %s, EmailAddress: "
                        "'soc@example.com'}]\n",
                        id, contacts[c], yes(d));
    for (uint32_t r = 1 + roll(d, 2); r > 0; r--) {
        const char *region = r == 1 ? "eu-west-1" : "us-east-1";
        vg_buf_addf(out, "- [Vigil::Account::Region, '%s', %s, %s, {RegionOptStatus: ENABLED}]\n", id, region,
                    region);
        if (often(d))
            vg_buf_addf(out, "- [AWS::GuardDuty::Detector, '%s', %s, d, {Enable: %s}]\n", id, region, yes(d));
        if (often(d))
            vg_buf_addf(out, "- [AWS::SecurityHub::Hub, '%s', %s, hub, {Present: %s}]\n", id, region, yes(d));
        if (often(d))
            vg_buf_addf(out,
                        "- [Vigil::Inspector::AccountStatus, '%s', %s, '%s', {Status: %s, Ec2: ENABLED}]\n",
                        id, region, id, roll(d, 2) ? "ENABLED" : "DISABLED");
        if (often(d))
            vg_buf_addf(
                out,
                "- [AWS::Config::ConfigurationRecorder, '%s', %s, default, {RecordingGroup: {AllSupported: "
                "%s}}]\n- [Vigil::Config::RecorderStatus, '%s', %s, default, {Recording: %s}]\n",
                id, region, yes(d), id, region, yes(d));
        if (often(d))
            vg_buf_addf(out,
                        "- [AWS::CloudTrail::Trail, '%s', %s, 't-%s-%s', {IsMultiRegionTrail: %s, "
                        "EnableLogFileValidation: %s}]\n- [Vigil::CloudTrail::TrailStatus, '%s', %s, "
                        "'t-%s-%s', {IsLogging: %s}]\n",
                        id, region, id, region, yes(d), yes(d), id, region, id, region, yes(d));
    }
}

static inline evidence_text random_evidence(vg_arena *arena, uint64_t seed)
{
    dice d = {seed * 0x9E3779B97F4A7C15ULL + 1};
    vg_buf out = {0};
    unsigned accounts = 2 + roll(&d, 7);
    vg_buf_addf(&out,
                "- [Vigil::Organization::Organization, '111111111111', '', o-1, {Id: o-1, FeatureSet: %s, "
                "ManagementAccountId: '111111111111'}]\n",
                roll(&d, 4) ? "ALL" : "CONSOLIDATED_BILLING");
    vg_buf_add_c(&out, "- [Vigil::Organization::Root, '111111111111', '', r-1, {Id: r-1, Name: Root, "
                       "PolicyTypes: [{Type: SERVICE_CONTROL_POLICY, Status: ENABLED}]}]\n");
    vg_buf_addf(
        &out,
        "- [Vigil::Organization::OrganizationalUnit, '111111111111', '', ou-1, {Id: ou-1, Name: %s}]\n- "
        "[Vigil::Organization::Parent, '111111111111', '', ou-1, {ChildId: ou-1, ParentId: r-1}]\n",
        roll(&d, 2) ? "Prod" : "Finance");
    vg_buf_addf(
        &out,
        "- [Vigil::Organization::OrganizationalUnit, '111111111111', '', ou-2, {Id: ou-2, Name: %s}]\n- "
        "[Vigil::Organization::Parent, '111111111111', '', ou-2, {ChildId: ou-2, ParentId: r-1}]\n",
        roll(&d, 2) ? "Security" : "Dev");
    if (often(&d))
        vg_buf_addf(
            &out,
            "- [Vigil::Organization::Policy, '111111111111', '', p-1, {Id: p-1, Name: guard, Type: "
            "SERVICE_CONTROL_POLICY, Content: {Statement: [{Effect: Deny, Action: ['organizations:Leave*', "
            "'cloudtrail:Stop*'], Resource: '*'}]}}]\n- [Vigil::Organization::PolicyTarget, '111111111111', "
            "'', p-1/x, {PolicyId: p-1, TargetId: %s}]\n",
            roll(&d, 2) ? "r-1" : "ou-1");
    for (unsigned i = 0; i < accounts; i++)
        add_random_account(&out, &d, i == 0 ? 999999999u : 222222222u + i);
    if (often(&d))
        vg_buf_addf(&out,
                    "- [Vigil::Workload::Mapping, '', '', shop, {Name: shop, Environments: [{Name: prod, "
                    "Accounts: ['%012u']}, {Name: dev, Accounts: ['%012u']}]}]\n",
                    222222223u, 222222222u + 1 + roll(&d, accounts));
    static const char *const kinds[] = {"incident-response-plan", "risk-register", "threat-model",
                                        "service-decisions"};
    for (size_t k = 0; k < VG_COUNT(kinds); k++)
        if (roll(&d, 2))
            vg_buf_addf(&out,
                        "- [Vigil::Attestation::Statement, '', '', %s, {Kind: %s, Scope: organization, "
                        "Owner: x, Date: '2026-0%u-01', Expires: '2026-0%u-15'}]\n",
                        kinds[k], kinds[k], 1 + roll(&d, 5), 5 + roll(&d, 4));
    vg_buf_add_char(&out, '\0');
    evidence_text e = read_evidence(arena, out.ptr);
    vg_buf_free(&out);
    return e;
}

/* The content of this repository. */
static inline vg_content *real_content(vg_arena *arena)
{
    const vg_content_source *sources;
    size_t count;
    vg_content *content = NULL;
    vg_error err = {0};
    if (vg_content_read_folder(arena, VG_STR(VIGIL_SOURCE_DIR "/content"), NULL, NULL, &sources, &count,
                               &err) != VG_OK ||
        vg_content_load(arena, sources, count, NULL, 0, bad_content_fails, NULL, &content, &err) != VG_OK)
        fail_with("content/", &err);
    return content;
}

#endif
