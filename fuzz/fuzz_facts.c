/* fuzz_facts.c: facts from hostile evidence: the input is the JSON of a policy (an SCP, a user's, a role's trust), which
 * every reading of policies gets, and as other evidence wherever a fact looks. Nothing may crash, and the same evidence
 * must give the same facts. */
#include "assess/assess.h"

#include <stdlib.h>

static const char *const types[] = {
    "Vigil::Organization::Organization",
    "Vigil::Organization::Root",
    "Vigil::Organization::Policy",
    "Vigil::Organization::PolicyTarget",
    "Vigil::Organization::Parent",
    "Vigil::Workload::Mapping",
    "Vigil::Attestation::Statement",
    "AWS::IAM::User",
    "AWS::IAM::Group",
    "AWS::IAM::Role",
    "AWS::IAM::ManagedPolicy",
    "Vigil::IAM::CredentialReportEntry",
    "Vigil::IAM::AccountSummary",
    "AWS::GuardDuty::Detector",
    "Vigil::SecurityHub::Standards",
    "Vigil::CloudTrail::EventSelectors",
    "AWS::CloudTrail::Trail",
    "Vigil::Config::DeliveryChannelStatus",
    "AWS::AccessAnalyzer::Analyzer",
};

static vg_str wrapped(vg_arena *arena, vg_str policy)
{
    return vg_arena_printf(arena,
                           "{\"Content\":%.*s,\"PolicyDocument\":%.*s,\"AssumeRolePolicyDocument\":%.*s,"
                           "\"Policies\":[{\"PolicyDocument\":%.*s}],"
                           "\"Type\":\"SERVICE_CONTROL_POLICY\",\"PolicyId\":\"x\",\"TargetId\":"
                           "\"222222222222\",\"ChildId\":\"222222222222\",\"ParentId\":\"x\"}",
                           VG_ARG(policy), VG_ARG(policy), VG_ARG(policy), VG_ARG(policy));
}

static uint64_t assess_once(vg_str policy)
{
    enum { KINDS = (int)VG_COUNT(types) };
    vg_arena *arena = vg_arena_new((size_t)256 << 20);
    vg_sighting sightings[2 * KINDS];
    vg_content content = {0};
    vg_assess_options options = {.content = &content, .now = VG_TIME_NONE, .threads = 1};
    vg_assessment assessment;
    uint64_t hash = 0;
    content.from = content.by_type = vg_map_new(arena, 0);
    vg_str both[2] = {policy, wrapped(arena, policy)};
    for (size_t i = 0; i < 2 * KINDS; i++)
        sightings[i] = (vg_sighting){
            .resource = {.type = vg_str_from(types[i / 2]),
                         .account = VG_STR("222222222222"),
                         .region = i % 4 ? VG_STR("eu-west-1") : VG_STR(""),
                         .id = i % 3 ? VG_STR("x") : VG_STR("222222222222"),
                         .name = VG_STR(""),
                         .properties = both[i % 2],
                         .source = VG_STR("iam:GetAccountAuthorizationDetails"),
                         .origin = VG_STR("")},
            .seen = VG_TIME_DAY,
        };
    if (vg_assess_sightings(sightings, 2 * KINDS, NULL, 0, &options, arena, &assessment, NULL) == VG_OK)
        for (size_t i = 0; i < assessment.subject_count; i++)
            hash = vg_hash64(assessment.subjects[i].resource.properties, hash);
    vg_arena_free(arena);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vg_str policy = {(const char *)data, size};
    vg_arena *arena = vg_arena_new(0);
    vg_doc doc;
    bool is_object = size < 100000 && vg_json_read(arena, policy, VG_STR(""), NULL, &doc, NULL) == VG_OK &&
                     doc.root->kind == VG_OBJECT;
    vg_arena_free(arena);
    if (is_object && assess_once(policy) != assess_once(policy))
        abort();
    return 0;
}
