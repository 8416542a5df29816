/* evidence_types.c: which types of evidence facts are made of. What is in neither list is only told by its type and
 * region, unless a control names it: an organisation's resources may take gigabytes. */
#include "assess/assess_part.h"

/* Of one account each. */
static const char *const account_types[] = {
    "AWS::AccessAnalyzer::Analyzer",
    "AWS::CloudTrail::Trail",
    "AWS::Config::ConfigurationRecorder",
    "AWS::Config::DeliveryChannel",
    "AWS::GuardDuty::Detector",
    "AWS::IAM::Group",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::IAM::User",
    "AWS::SecurityHub::Hub",
    "Vigil::AccessAnalyzer::Analyzers",
    "Vigil::Account::AlternateContact",
    "Vigil::Account::ContactInformation",
    "Vigil::Account::PrimaryEmail",
    "Vigil::Account::Region",
    "Vigil::CloudTrail::EventSelectors",
    "Vigil::CloudTrail::LogCoverage",
    "Vigil::CloudTrail::TrailStatus",
    "Vigil::Config::DeliveryChannelStatus",
    "Vigil::Config::RecorderStatus",
    "Vigil::GuardDuty::Detectors",
    "Vigil::IAM::AccountSummary",
    "Vigil::IAM::CredentialReportEntry",
    "Vigil::IAM::LastAccessed",
    "Vigil::IAM::MfaDevice",
    "Vigil::IAM::PasswordPolicy",
    "Vigil::IAM::VirtualMfaDevice",
    "Vigil::Inspector::AccountStatus",
    "Vigil::SecurityHub::Standards",
};

bool vg_is_fact_evidence(vg_str type)
{
    for (size_t i = 0; i < VG_COUNT(account_types); i++)
        if (vg_str_is(type, account_types[i]))
            return true;
    return false;
}

bool vg_is_organization_evidence(vg_str type)
{
    static const char *const single[] = {"Vigil::IAM::OrganizationsFeatures",
                                         "Vigil::IdentityCenter::Instance", "Vigil::Attestation::Statement",
                                         "Vigil::Workload::Mapping"};
    for (size_t i = 0; i < VG_COUNT(single); i++)
        if (vg_str_is(type, single[i]))
            return true;
    return vg_str_starts(type, VG_STR("Vigil::Organization::")) && !vg_fact_kind(type);
}
