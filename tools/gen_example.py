#!/usr/bin/env python3
"""Writes examples/organization: the exports of an organisation that does not exist.

Kestrel Outdoor sells tents and bicycles. It has 14 accounts, good in places and bad in others; examples/README.md
tells the story. Every file is in a format that AWS emits: envelopes of `vigil import --script` (the organisation one
file a call, an account one line a call), answers of the AWS CLI as they are (one account's, in a tar), a credential
report as CSV, a Config snapshot, CloudTrail log files, findings as ASFF.

The output depends on this file alone: the same bytes each time. Usage: tools/gen_example.py [FOLDER]
"""
import base64
import gzip
import io
import json
import os
import shutil
import sys
import tarfile
from datetime import datetime, timedelta, timezone

ORG = "o-k3strel0utd"
ROOT = "r-k3st"
MANAGEMENT = "111122223333"
WHEN = datetime(2026, 11, 20, 6, 0, 0, tzinfo=timezone.utc)

OUS = {  # name: (id, parent)
    "Security": ("ou-k3st-5ecur1ty", ROOT),
    "Infrastructure": ("ou-k3st-1nfrastr", ROOT),
    "Workloads": ("ou-k3st-w0rkload", ROOT),
    "Prod": ("ou-k3st-w0rkprod", "ou-k3st-w0rkload"),
    "NonProd": ("ou-k3st-w0rknonp", "ou-k3st-w0rkload"),
    "Marketing": ("ou-k3st-market1n", ROOT),
    "Sandbox": ("ou-k3st-5andb0x1", ROOT),
}
LEGACY, ACQUIRED = "141414141414", "151515151515"
ACCOUNTS = [  # id, name, e-mail, parent, joined
    (MANAGEMENT, "kestrel-management", "aws-root@example.com", ROOT, "2019-03-04"),
    ("222233334444", "log-archive", "aws-log-archive@example.com", "Security", "2021-05-10"),
    ("333344445555", "security-tooling", "aws-security@example.com", "Security", "2021-05-10"),
    ("444455556666", "network", "aws-network@example.com", "Infrastructure", "2021-06-01"),
    ("555566667777", "shared-services", "aws-shared@example.com", "Infrastructure", "2021-06-01"),
    ("666677778888", "shop-prod", "aws-shop-prod@example.com", "Prod", "2021-07-12"),
    ("777788889999", "payments-prod", "aws-payments-prod@example.com", "Prod", "2022-02-01"),
    ("888899990000", "shop-dev", "aws-shop-dev@example.com", "NonProd", "2021-07-12"),
    ("999900001111", "payments-dev", "aws-payments-dev@example.com", "NonProd", "2022-02-01"),
    ("121212121212", "campaigns", "mara.lindt@example.com", "Marketing", "2023-09-18"),
    ("131313131313", "sandbox", "aws-sandbox@example.com", "Sandbox", "2022-04-04"),
    (LEGACY, "kestrel-legacy", "j.weber@example.com", ROOT, "2019-03-05"),
    (ACQUIRED, "trailbikes", "it@trailbikes.example.com", ROOT, "2026-08-31"),
    ("161616161616", "old-blog", "aws-old-blog@example.com", "Sandbox", "2020-01-15"),
]
NAME = {a[0]: a[1] for a in ACCOUNTS}


def moment(days=0.0, seconds=0):
    """A time before the export, as AWS writes it."""
    return (WHEN - timedelta(days=days) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def offset_time(text):
    return text.replace("Z", "+00:00")


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())


def pretty(value):
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def gz(data):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0, compresslevel=9) as f:
        f.write(data.encode())
    return out.getvalue()


def envelope(operation, account, region="", output=None, error="", **parameters):
    return {
        "vigil": "envelope/1", "operation": operation, "parameters": parameters, "account": account,
        "region": region, "partition": "aws", "time": moment(), "exit": 0 if not error else 254, "error": error,
        "output": output,
    }


def failure(code, api, text):
    return f"An error occurred ({code}) when calling the {api} operation: {text}"


# ---- the organisation ------------------------------------------------------------------------------------------------

def org_arn(kind, ident):
    return f"arn:aws:organizations::{MANAGEMENT}:{kind}/{ORG}/{ident}"


def account_json(a):
    status = "SUSPENDED" if a[1] == "old-blog" else "ACTIVE"
    return {"Id": a[0], "Arn": org_arn("account", a[0]), "Email": a[2], "Name": a[1], "Status": status, "State": status,
            "JoinedMethod": "INVITED" if a[0] in (ACQUIRED, LEGACY, MANAGEMENT) else "CREATED",
            "JoinedTimestamp": a[4] + "T09:12:44.123000+00:00"}


def statement(sid, actions, effect="Deny", condition=None, not_action=False, principal=None):
    s = {"Sid": sid, "Effect": effect}
    if principal:
        s["Principal"] = principal
    s["NotAction" if not_action else "Action"] = actions
    s["Resource"] = "*"
    if condition:
        s["Condition"] = condition
    return s


GLOBAL_SERVICES = ["account:*", "budgets:*", "ce:*", "cloudfront:*", "health:*", "iam:*", "organizations:*", "route53:*",
                   "shield:*", "sts:*", "support:*", "trustedadvisor:*", "waf:*", "wafv2:*"]
EVERYONE = {"StringNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/*", "arn:aws:iam::*:user/*"]}}
SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
POLICIES = [  # id, name, description, type, statements, targets
    ("p-d3nyl3av", "deny-leave", "Accounts stay in the organization", SCP,
     [statement("DenyLeave", "organizations:LeaveOrganization")],
     ["Security", "Infrastructure", "Workloads", "Sandbox"]),
    ("p-d3nyr00t", "deny-root-user", "The root user does nothing", SCP,
     [statement("DenyRoot", "*", condition={"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}})],
     ["Security", "Infrastructure", "Workloads"]),
    # The near miss: the exemption that was meant for one automation role exempts every role and user.
    ("p-pr0t3ct1", "protect-logging", "Trails, recorders and detectors stay on", SCP,
     [statement("ProtectLogging", ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail",
                                   "cloudtrail:PutEventSelectors", "config:StopConfigurationRecorder",
                                   "config:DeleteConfigurationRecorder", "config:PutConfigurationRecorder",
                                   "config:DeleteDeliveryChannel"], condition=EVERYONE)],
     ["Workloads", "Infrastructure"]),
    ("p-r3g10ns1", "only-our-regions", "Work happens in eu-west-1 and eu-central-1", SCP,
     [statement("OnlyOurRegions", GLOBAL_SERVICES, not_action=True,
                condition={"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1", "us-east-1"]}})],
     ["Workloads", "Sandbox"]),
    # Written, reviewed, and never attached.
    ("p-gu4rddut", "protect-guardduty", "Detectors stay on (after the pilot)", SCP,
     [statement("ProtectGuardDuty", ["guardduty:DeleteDetector", "guardduty:UpdateDetector",
                                     "guardduty:DisassociateFromAdministratorAccount",
                                     "guardduty:DisassociateFromMasterAccount", "guardduty:DeleteMembers",
                                     "guardduty:DisassociateMembers"])], []),
    # Whole but for one role, so it holds in part.
    ("p-53cur1ty", "protect-security-hub", "Security Hub stays on", SCP,
     [statement("ProtectSecurityHub", ["securityhub:DisableSecurityHub", "securityhub:DisassociateFromAdministratorAccount",
                                       "securityhub:DisassociateFromMasterAccount", "securityhub:BatchDisableStandards"],
                condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/security-automation"}})],
     ["Security", "Infrastructure"]),
    # An allow list in place of FullAWSAccess: it denies by omission alone.
    ("p-mark3t1n", "marketing-services", "What campaigns need", SCP,
     [statement("AllowCampaigns", ["s3:*", "cloudfront:*", "lambda:*", "iam:*", "ec2:*", "logs:*", "guardduty:*",
                                   "cloudtrail:*", "config:*", "securityhub:*"], effect="Allow")], ["Marketing"]),
    ("p-p3r1m3t3", "data-perimeter", "Logs are for us alone", RCP,
     [statement("OnlyOurOrganization", ["s3:*"], principal="*",
                condition={"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
                           "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}})], ["Security"]),
]
DEFAULTS = [("p-FullAWSAccess", "FullAWSAccess", "Allows access to every operation", SCP),
            ("p-RCPFullAWSAccess", "RCPFullAWSAccess", "Allows access to every resource", RCP)]


def policy_summary(ident, name, about, kind):
    own = not ident.endswith("FullAWSAccess")
    folder = kind.lower()
    arn = org_arn("policy", f"{folder}/{ident}") if own else f"arn:aws:organizations::aws:policy/{folder}/{ident}"
    return {"Id": ident, "Arn": arn, "Name": name, "Description": about, "Type": kind, "AwsManaged": not own}


def target_json(ident):
    if ident.startswith("r-"):
        return {"TargetId": ident, "Arn": org_arn("root", ident), "Name": "Root", "Type": "ROOT"}
    if ident.startswith("ou-"):
        name = next(n for n, o in OUS.items() if o[0] == ident)
        return {"TargetId": ident, "Arn": org_arn("ou", ident), "Name": name, "Type": "ORGANIZATIONAL_UNIT"}
    return {"TargetId": ident, "Arn": org_arn("account", ident), "Name": NAME[ident], "Type": "ACCOUNT"}


def default_targets(kind):
    everything = [ROOT] + [o[0] for o in OUS.values()] + [a[0] for a in ACCOUNTS]
    return [t for t in everything if not (kind == SCP and t == OUS["Marketing"][0])]


def organization(out):
    def put(name, *args, **parameters):
        write(f"{out}/organization/{name}.json", pretty(envelope(*args, **parameters)))

    m = MANAGEMENT
    types = [{"Type": t, "Status": "ENABLED"} for t in (SCP, RCP, "TAG_POLICY")]
    put("organization", "organizations:DescribeOrganization", m, output={"Organization": {
        "Id": ORG, "Arn": f"arn:aws:organizations::{m}:organization/{ORG}", "FeatureSet": "ALL",
        "MasterAccountArn": org_arn("account", m), "MasterAccountId": m, "MasterAccountEmail": ACCOUNTS[0][2],
        "AvailablePolicyTypes": [{"Type": SCP, "Status": "ENABLED"}]}})
    put("accounts", "organizations:ListAccounts", m, output={"Accounts": [account_json(a) for a in ACCOUNTS]})
    put("roots", "organizations:ListRoots", m, output={"Roots": [
        {"Id": ROOT, "Arn": org_arn("root", ROOT), "Name": "Root", "PolicyTypes": types}]})
    for parent in [ROOT] + [o[0] for o in OUS.values()]:
        units = [{"Id": i, "Arn": org_arn("ou", i), "Name": n} for n, (i, p) in OUS.items() if p == parent]
        inside = [account_json(a) for a in ACCOUNTS if OUS.get(a[3], (a[3],))[0] == parent]
        put(f"units/{parent}", "organizations:ListOrganizationalUnitsForParent", m,
            output={"OrganizationalUnits": units}, ParentId=parent)
        put(f"accounts/{parent}", "organizations:ListAccountsForParent", m, output={"Accounts": inside}, ParentId=parent)
    for kind in (SCP, RCP):
        listed = [policy_summary(*d) for d in DEFAULTS if d[3] == kind]
        listed += [policy_summary(*p[:4]) for p in POLICIES if p[3] == kind]
        put(f"policies/{kind}", "organizations:ListPolicies", m, output={"Policies": listed}, Filter=kind)
    allow = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    everyone = [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]
    documents = [(*d, allow if d[3] == SCP else everyone, None) for d in DEFAULTS] + POLICIES
    for ident, name, about, kind, statements, targets in documents:
        content = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
        to = default_targets(kind) if targets is None else [OUS[t][0] for t in targets]
        put(f"policies/{ident}", "organizations:DescribePolicy", m, PolicyId=ident, output={"Policy": {
            "PolicySummary": policy_summary(ident, name, about, kind), "Content": content}})
        put(f"policies/{ident}-targets", "organizations:ListTargetsForPolicy", m, PolicyId=ident,
            output={"Targets": [target_json(t) for t in to]})
    tooling = account_json(ACCOUNTS[2])
    put("delegated", "organizations:ListDelegatedAdministrators", m, output={"DelegatedAdministrators": [
        {**{k: v for k, v in tooling.items() if k != "State"}, "DelegationEnabledDate": "2021-05-12T10:00:00+00:00"}]})
    services = ["access-analyzer", "config", "guardduty", "inspector2", "securityhub"]
    put(f"delegated/{tooling['Id']}", "organizations:ListDelegatedServicesForAccount", m, AccountId=tooling["Id"],
        output={"DelegatedServices": [{"ServicePrincipal": f"{s}.amazonaws.com",
                                       "DelegationEnabledDate": "2021-05-12T10:00:00+00:00"} for s in services]})
    trusted = sorted(services + ["cloudtrail", "iam", "sso", "ram"])
    put("trusted", "organizations:ListAWSServiceAccessForOrganization", m, output={"EnabledServicePrincipals": [
        {"ServicePrincipal": f"{s}.amazonaws.com", "DateEnabled": "2021-05-11T08:30:00+00:00"} for s in trusted]})
    put("root-access", "iam:ListOrganizationsFeatures", m, output={
        "OrganizationId": ORG, "EnabledFeatures": ["RootCredentialsManagement"]})
    put("identity-center", "sso-admin:ListInstances", m, region="eu-west-1", output={"Instances": [{
        "InstanceArn": "arn:aws:sso:::instance/ssoins-6804kestrel00001", "IdentityStoreId": "d-93670e5f1a",
        "OwnerAccountId": m, "Status": "ACTIVE", "Name": "kestrel", "CreatedDate": "2021-06-20T12:00:00+00:00"}]})


# ---- IAM ----------------------------------------------------------------------------------------------------------------

REPORT = ("user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
          "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,"
          "access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
          "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,"
          "access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated")


class Root:
    def __init__(self, password=False, mfa=False, virtual=False, keys=0, used_days=None):
        self.password, self.mfa, self.virtual, self.keys, self.used_days = password, mfa, virtual, keys, used_days


class User:
    """keys: a list of (age, days since last use or None)."""

    def __init__(self, name, policy=None, password_days=None, mfa=False, keys=(), direct=False, created=900):
        self.name, self.policy, self.password_days, self.mfa = name, policy, password_days, mfa
        self.keys, self.direct, self.created = list(keys), direct, created


def key_columns(keys, n, region, service):
    if len(keys) <= n:
        return ["false", "N/A", "N/A", "N/A", "N/A"]
    age, used = keys[n]
    last = ["N/A"] * 3 if used is None else [offset_time(moment(used)), region, service]
    return ["true", offset_time(moment(age))] + last


def credential_report(account, root, users):
    since = next(a[4] for a in ACCOUNTS if a[0] == account) + "T09:12:44+00:00"
    used = "no_information" if root.used_days is None else offset_time(moment(root.used_days))
    lines = [REPORT]
    keys = [(2000, root.used_days)] * root.keys
    lines.append(",".join(["<root_account>", f"arn:aws:iam::{account}:root", since, "not_supported", used,
                           "not_supported", "not_supported", str(root.mfa).lower()] +
                          key_columns(keys, 0, "us-east-1", "s3") + key_columns(keys, 1, "us-east-1", "s3") +
                          ["false", "N/A", "false", "N/A"]))
    for u in users:
        has = u.password_days is not None
        lines.append(",".join([u.name, f"arn:aws:iam::{account}:user/{u.name}", offset_time(moment(u.created)),
                               str(has).lower(), offset_time(moment(u.password_days)) if has else "N/A",
                               offset_time(moment(u.created - 10)) if has else "N/A", "N/A", str(u.mfa).lower()] +
                              key_columns(u.keys, 0, "eu-west-1", "s3") + key_columns(u.keys, 1, "eu-west-1", "ecr") +
                              ["false", "N/A", "false", "N/A"]))
    return "\n".join(lines) + "\n"


def attached(arns):
    return [{"PolicyName": a.rsplit("/", 1)[1], "PolicyArn": a} for a in arns]


def trust(principal, condition=None, action="sts:AssumeRole"):
    s = {"Effect": "Allow", "Principal": principal, "Action": action}
    if condition:
        s["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [s]}


class Role:
    def __init__(self, name, principal, policies=(), condition=None, path="/", action="sts:AssumeRole"):
        self.name, self.principal, self.policies, self.condition = name, principal, list(policies), condition
        self.path, self.action = path, action


ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
READ = "arn:aws:iam::aws:policy/ReadOnlyAccess"
S3 = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"
SUPPORT = "arn:aws:iam::aws:policy/AWSSupportAccess"


def serial(account, number):
    return f"{int(account) * 7919 + number:016X}"[-16:]


def authorization_details(account, users, roles, policies):
    groups, user_list = {}, []
    for n, u in enumerate(users):
        arns = [u.policy] if u.policy and u.direct else []
        names = []
        if u.policy and not u.direct:
            name = {ADMIN: "administrators", READ: "readers"}.get(u.policy, "builders")
            groups[name] = u.policy
            names = [name]
        user_list.append({"Path": "/", "UserName": u.name, "UserId": "AIDA" + serial(account, n),
                          "Arn": f"arn:aws:iam::{account}:user/{u.name}", "CreateDate": offset_time(moment(u.created)),
                          "GroupList": names, "AttachedManagedPolicies": attached(arns), "Tags": []})
    group_list = [{"Path": "/", "GroupName": g, "GroupId": "AGPA" + serial(account, 100 + n),
                   "Arn": f"arn:aws:iam::{account}:group/{g}", "CreateDate": offset_time(moment(800)),
                   "GroupPolicyList": [], "AttachedManagedPolicies": attached([p])}
                  for n, (g, p) in enumerate(sorted(groups.items()))]
    role_list = [{"Path": r.path, "RoleName": r.name, "RoleId": "AROA" + serial(account, 200 + n),
                  "Arn": f"arn:aws:iam::{account}:role{r.path}{r.name}", "CreateDate": offset_time(moment(700)),
                  "AssumeRolePolicyDocument": trust(r.principal, r.condition, r.action), "InstanceProfileList": [],
                  "RolePolicyList": [], "AttachedManagedPolicies": attached(r.policies), "Tags": [],
                  "RoleLastUsed": {"LastUsedDate": offset_time(moment(2)), "Region": "eu-west-1"}}
                 for n, r in enumerate(roles)]
    policy_list = [{"PolicyName": name, "PolicyId": "ANPA" + serial(account, 300 + n),
                    "Arn": f"arn:aws:iam::{account}:policy/{name}", "Path": "/", "DefaultVersionId": "v1",
                    "AttachmentCount": 1, "PermissionsBoundaryUsageCount": 0, "IsAttachable": True,
                    "CreateDate": offset_time(moment(1100)), "UpdateDate": offset_time(moment(1100)),
                    "PolicyVersionList": [{"Document": document, "VersionId": "v1", "IsDefaultVersion": True,
                                           "CreateDate": offset_time(moment(1100))}]}
                   for n, (name, document) in enumerate(policies)]
    return {"UserDetailList": user_list, "GroupDetailList": group_list, "RoleDetailList": role_list,
            "Policies": policy_list, "IsTruncated": False}


def account_summary(root, users, roles):
    return {"SummaryMap": {
        "Users": len(users), "Roles": len(roles), "Groups": 2, "MFADevices": sum(u.mfa for u in users) + root.mfa,
        "MFADevicesInUse": sum(u.mfa for u in users) + root.mfa, "AccountMFAEnabled": int(root.mfa),
        "AccountAccessKeysPresent": int(root.keys > 0), "AccountPasswordPresent": int(root.password),
        "AccountSigningCertificatesPresent": 0, "UsersQuota": 5000, "AccessKeysPerUserQuota": 2}}


def virtual_devices(account, root, users):
    devices = []
    if root.virtual:
        devices.append({"SerialNumber": f"arn:aws:iam::{account}:mfa/root-account-mfa-device",
                        "User": {"UserId": account, "Arn": f"arn:aws:iam::{account}:root",
                                 "CreateDate": "2019-03-04T09:00:00+00:00"}, "EnableDate": offset_time(moment(1500))})
    for n, u in enumerate(users):
        if u.mfa:
            devices.append({"SerialNumber": f"arn:aws:iam::{account}:mfa/{u.name}",
                            "User": {"Path": "/", "UserName": u.name, "UserId": "AIDA" + serial(account, n),
                                     "Arn": f"arn:aws:iam::{account}:user/{u.name}",
                                     "CreateDate": offset_time(moment(u.created))},
                            "EnableDate": offset_time(moment(u.created - 1))})
    return {"VirtualMFADevices": devices}


STRONG = {"MinimumPasswordLength": 14, "RequireSymbols": True, "RequireNumbers": True,
          "RequireUppercaseCharacters": True, "RequireLowercaseCharacters": True, "AllowUsersToChangePassword": True,
          "ExpirePasswords": False, "PasswordReusePrevention": 24}
WEAK = {"MinimumPasswordLength": 8, "RequireSymbols": False, "RequireNumbers": True,
        "RequireUppercaseCharacters": False, "RequireLowercaseCharacters": True, "AllowUsersToChangePassword": True,
        "ExpirePasswords": False}

# ---- services of a region -------------------------------------------------------------------------------------------------

PROTECTIONS = ["S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS"]
FSBP, CIS5, CIS12 = ("aws-foundational-security-best-practices/v/1.0.0", "cis-aws-foundations-benchmark/v/5.0.0",
                     "cis-aws-foundations-benchmark/v/1.2.0")


class Services:
    """What is on in one region of one account."""

    def __init__(self, config=True, all_types=True, delivery="SUCCESS", guardduty=PROTECTIONS, hub=(FSBP, CIS5),
                 inspector=("ec2", "ecr", "lambda")):
        self.config, self.all_types, self.delivery = config, all_types, delivery
        self.guardduty, self.hub, self.inspector = guardduty, hub, inspector


TRAIL = f"arn:aws:cloudtrail:eu-west-1:{MANAGEMENT}:trail/kestrel-organization"


def trail_json():
    return {"Name": "kestrel-organization", "S3BucketName": "kestrel-cloudtrail-222233334444",
            "IncludeGlobalServiceEvents": True, "IsMultiRegionTrail": True, "HomeRegion": "eu-west-1", "TrailARN": TRAIL,
            "LogFileValidationEnabled": True,
            "KmsKeyId": "arn:aws:kms:eu-west-1:222233334444:key/7a1c9d5e-0b6f-4f53-9f6e-5b1f0a2c3d4e",
            "HasCustomEventSelectors": True, "HasInsightSelectors": False, "IsOrganizationTrail": True}


def trail_status():
    return {"IsLogging": True, "LatestDeliveryTime": offset_time(moment(0, -240)),
            "StartLoggingTime": "2021-05-12T10:15:00+00:00", "LatestDigestDeliveryTime": offset_time(moment(0, -1800))}


def selectors(arn):
    return {"TrailARN": arn, "EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True,
                                                 "DataResources": [], "ExcludeManagementEventSources": []}]}


def config_recorder(account, all_types):
    group = {"allSupported": True, "includeGlobalResourceTypes": True, "resourceTypes": [],
             "exclusionByResourceTypes": {"resourceTypes": []},
             "recordingStrategy": {"useOnly": "ALL_SUPPORTED_RESOURCE_TYPES"}}
    if not all_types:
        group = {"allSupported": False, "includeGlobalResourceTypes": False,
                 "resourceTypes": ["AWS::S3::Bucket", "AWS::EC2::SecurityGroup"],
                 "exclusionByResourceTypes": {"resourceTypes": []},
                 "recordingStrategy": {"useOnly": "INCLUSION_BY_RESOURCE_TYPES"}}
    role = f"arn:aws:iam::{account}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    return {"name": "default", "roleARN": role, "recordingGroup": group,
            "recordingMode": {"recordingFrequency": "CONTINUOUS", "recordingModeOverrides": []}}


def delivery_status(outcome):
    when = offset_time(moment(0.5))
    snapshot = {"lastStatus": outcome, "lastAttemptTime": when}
    if outcome == "SUCCESS":
        snapshot["lastSuccessfulTime"] = when
    else:
        snapshot.update(lastErrorCode="AccessDenied", lastErrorMessage="The bucket policy does not let Config write.")
    return {"name": "default", "configSnapshotDeliveryInfo": snapshot, "configHistoryDeliveryInfo": snapshot,
            "configStreamDeliveryInfo": {"lastStatus": "NOT_APPLICABLE", "lastStatusChangeTime": when}}


def region_calls(account, region, s):
    """(operation, output, error, parameters) of each call in a region."""
    hub = f"arn:aws:securityhub:{region}:{account}:hub/default"
    recorders = [config_recorder(account, s.all_types)] if s.config else []
    yield "cloudtrail:DescribeTrails", {"trailList": [trail_json()]}, "", {}
    if account == MANAGEMENT and region == "eu-west-1":
        yield "cloudtrail:GetTrailStatus", trail_status(), "", {"Name": TRAIL}
        yield "cloudtrail:GetEventSelectors", selectors(TRAIL), "", {"TrailName": TRAIL}
    yield "config:DescribeConfigurationRecorders", {"ConfigurationRecorders": recorders}, "", {}
    yield "config:DescribeConfigurationRecorderStatus", {"ConfigurationRecordersStatus": [
        {"name": r["name"], "recording": True, "lastStatus": "SUCCESS", "lastStartTime": "2021-06-02T08:00:00+00:00",
         "lastStatusChangeTime": offset_time(moment(0.1))} for r in recorders]}, "", {}
    channel = [{"name": "default", "s3BucketName": "kestrel-config-222233334444",
                "configSnapshotDeliveryProperties": {"deliveryFrequency": "Six_Hours"}}] if s.config else []
    yield "config:DescribeDeliveryChannels", {"DeliveryChannels": channel}, "", {}
    yield "config:DescribeDeliveryChannelStatus", {
        "DeliveryChannelsStatus": [delivery_status(s.delivery)] if s.config else []}, "", {}
    detector = serial(account, len(region)).lower() + serial(account, 7).lower()
    yield "guardduty:ListDetectors", {"DetectorIds": [detector] if s.guardduty is not None else []}, "", {}
    if s.guardduty is not None:
        on = ["CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS"] + list(s.guardduty)
        every = ["CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS"] + PROTECTIONS + ["RUNTIME_MONITORING"]
        yield "guardduty:GetDetector", {
            "CreatedAt": "2021-05-12T11:00:00.000Z", "UpdatedAt": moment(40), "FindingPublishingFrequency":
            "FIFTEEN_MINUTES", "Status": "ENABLED", "ServiceRole": f"arn:aws:iam::{account}:role/aws-service-role/"
            "guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty", "Tags": {},
            "Features": [{"Name": f, "Status": "ENABLED" if f in on else "DISABLED", "UpdatedAt":
                          "2024-02-01T10:00:00+00:00"} for f in every]}, "", {"DetectorId": detector}
    if s.hub is None:
        text = failure("InvalidAccessException", "DescribeHub", f"Account {account} is not subscribed to AWS Security Hub")
        yield "securityhub:DescribeHub", None, text, {}
    else:
        yield "securityhub:DescribeHub", {"HubArn": hub, "SubscribedAt": "2021-05-12T11:05:00.000Z",
                                          "AutoEnableControls": True, "ControlFindingGenerator": "SECURITY_CONTROL"}, "", {}
        yield "securityhub:GetEnabledStandards", {"StandardsSubscriptions": [
            {"StandardsSubscriptionArn": f"arn:aws:securityhub:{region}:{account}:subscription/{n}",
             "StandardsArn": f"arn:aws:securityhub:{region}::standards/{n}", "StandardsInput": {},
             "StandardsStatus": "READY"} for n in s.hub]}, "", {}

    def state(name):
        return {"status": "ENABLED" if name in s.inspector else "DISABLED", "errorCode": "ALL_ENABLED", "errorMessage": ""}
    kinds = ["ec2", "ecr", "lambda", "lambdaCode", "codeRepository"]
    yield "inspector2:BatchGetAccountStatus", {"accounts": [
        {"accountId": account, "state": {"status": "ENABLED" if s.inspector else "DISABLED", "errorCode": "ALL_ENABLED",
                                         "errorMessage": ""}, "resourceState": {k: state(k) for k in kinds}}],
        "failedAccounts": []}, "", {}
    analyzers = []
    if account == "333344445555" and region == "eu-west-1":
        analyzers = [{"arn": f"arn:aws:access-analyzer:{region}:{account}:analyzer/organization", "name": "organization",
                      "type": "ORGANIZATION", "createdAt": "2021-05-13T08:00:00Z", "status": "ACTIVE",
                      "lastResourceAnalyzed": "arn:aws:s3:::kestrel-shop-images", "lastResourceAnalyzedAt": moment(0.1)}]
    yield "accessanalyzer:ListAnalyzers", {"analyzers": analyzers}, "", {}


# ---- the accounts ---------------------------------------------------------------------------------------------------------

GOOD = Services()
SSO = Role("AWSReservedSSO_Administrator_0a1b2c3d4e5f6071",
           {"Federated": "arn:aws:iam::111122223333:saml-provider/AWSSSO_1_DO_NOT_DELETE"}, [ADMIN],
           {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
           "/aws-reserved/sso.amazonaws.com/eu-west-1/")
RESPONDER = Role("incident-responder", {"AWS": "arn:aws:iam::333344445555:root"}, [AUDIT, SUPPORT])
WITHOUT_ROOT = Root(used_days=None)
# A pipeline that may pass any role to a function that it writes, and a role with which a function can do anything.
CI_BUILD = ("ci-build", {"Version": "2012-10-17", "Statement": [
    {"Sid": "Build", "Effect": "Allow", "Action": ["codebuild:*", "ecr:*", "logs:*"], "Resource": "*"},
    {"Sid": "DeployFunctions", "Effect": "Allow", "Action": ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"],
     "Resource": "*"}]})
CI_RUNNER = Role("ci-runner", {"Service": "codebuild.amazonaws.com"}, ["arn:aws:iam::999900001111:policy/ci-build"])
MAINTENANCE = Role("lambda-maintenance", {"Service": "lambda.amazonaws.com"}, [ADMIN])
# What IAM says that they last used: the pipeline has neither pushed an image nor written a function for half a year, and
# nobody has run the maintenance since it was set up.
LAST_USED = {
    CI_RUNNER.name: {"codebuild": 3, "ecr": 204, "iam": 3, "lambda": None, "logs": 3},
    MAINTENANCE.name: {"ec2": None, "lambda": None, "logs": None, "s3": None},
}
# s3:ListBuckets is the name of the call; the action is s3:ListAllMyBuckets.
MIRROR_BACKUP = ("mirror-backup", {"Version": "2012-10-17", "Statement": [
    {"Sid": "FindBuckets", "Effect": "Allow", "Action": "s3:ListBuckets", "Resource": "*"},
    {"Sid": "WriteCopies", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"],
     "Resource": "arn:aws:s3:::kestrel-mirror-backup/*"}]})
# GitHub signs a token for every repository there is: without a condition on `sub`, anybody's workflow gets in.
GITHUB = Role("github-deploy", {"Federated": "arn:aws:iam::888899990000:oidc-provider/token.actions.githubusercontent.com"}, [S3],
              {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}},
              action="sts:AssumeRoleWithWebIdentity")


class Account:
    def __init__(self, root=WITHOUT_ROOT, users=(), roles=(SSO, RESPONDER), policies=(), password_policy=None,
                 security=True, operations=True, billing=True, security_email="security@example.com", regions=None, last_used=None):
        self.root, self.users, self.roles, self.policies = root, list(users), list(roles), list(policies)
        self.password_policy, self.security_email = password_policy, security_email
        self.contacts = {"SECURITY": security, "OPERATIONS": operations, "BILLING": billing}
        self.regions = regions or {"eu-west-1": GOOD}
        self.last_used = last_used or {}


CONTENT = {
    MANAGEMENT: Account(Root(password=True, mfa=True, used_days=141), password_policy=STRONG, users=[
        User("break-glass-1", ADMIN, password_days=33, mfa=True), User("break-glass-2", ADMIN, password_days=34, mfa=True)]),
    "222233334444": Account(),
    "333344445555": Account(roles=[SSO, Role("incident-responder", {"AWS": "arn:aws:iam::333344445555:root"},
                                             [AUDIT, SUPPORT])]),
    "444455556666": Account(security=False, operations=False),
    "555566667777": Account(Root(password=True, mfa=True, virtual=True, used_days=420), users=[
        User("git-mirror", S3, keys=[(210, 1)], direct=True)], policies=[MIRROR_BACKUP]),
    "666677778888": Account(users=[User("deploy-bot", S3, keys=[(412, 0)], direct=True)], regions={
        "eu-west-1": GOOD, "eu-central-1": Services(guardduty=None, hub=(FSBP,), inspector=("ec2", "ecr"))}),
    "777788889999": Account(regions={"eu-west-1": Services(guardduty=PROTECTIONS + ["RUNTIME_MONITORING"]),
                                     "eu-central-1": Services(guardduty=PROTECTIONS + ["RUNTIME_MONITORING"])}),
    "888899990000": Account(security_email="aws-shop-dev@example.com", roles=[SSO, RESPONDER, GITHUB], users=[
        User("tobias", "arn:aws:iam::888899990000:policy/shop-everything", password_days=88, mfa=True,
             keys=[(95, 60)])],
        policies=[("shop-everything", {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"}]})],
        regions={"eu-west-1": Services(delivery="FAILURE", inspector=("ec2",))}),
    "999900001111": Account(roles=[SSO, RESPONDER, CI_RUNNER, MAINTENANCE], policies=[CI_BUILD], last_used=LAST_USED, regions={"eu-west-1": Services(guardduty=["S3_DATA_EVENTS", "EBS_MALWARE_PROTECTION"])}),
    "121212121212": Account(Root(password=True, mfa=True, virtual=True, used_days=12), users=[
        User("mara.lindt", ADMIN, password_days=1, mfa=True),
        User("agency-anna", ADMIN, password_days=3, mfa=False, created=300),
        User("agency-ben", READ, password_days=190, mfa=False, created=300)],
        roles=[Role("agency-upload", {"AWS": "arn:aws:iam::989898989898:root"}, [S3])], security=False, operations=False,
        billing=False, regions={"eu-west-1": Services(guardduty=PROTECTIONS[:1], inspector=()),
                                "us-east-1": Services(config=False, guardduty=[], hub=None, inspector=())}),
    "131313131313": Account(regions={"eu-west-1": Services(all_types=False, hub=(FSBP, CIS12), inspector=("ec2", "ecr"))}),
}


def last_accessed(days):
    services = []
    for prefix, ago in days.items():
        service = {"ServiceName": prefix, "ServiceNamespace": prefix, "TotalAuthenticatedEntities": 0 if ago is None else 1}
        if ago is not None:
            service["LastAuthenticated"] = offset_time(moment(ago))
        services.append(service)
    return {"JobStatus": "COMPLETED", "JobType": "SERVICE_LEVEL", "JobCreationDate": offset_time(moment(0, -120)),
            "JobCompletionDate": offset_time(moment(0, -100)), "ServicesLastAccessed": services, "IsTruncated": False}


def account_lines(account, a):
    lines = []

    def put(operation, output=None, error="", region="", **parameters):
        lines.append(envelope(operation, account, region, output, error, **parameters))

    put("iam:GetAccountSummary", account_summary(a.root, a.users, a.roles))
    put("iam:GetAccountAuthorizationDetails", authorization_details(account, a.users, a.roles, a.policies))
    report = credential_report(account, a.root, a.users)
    put("iam:GetCredentialReport", {"Content": base64.b64encode(report.encode()).decode(), "ReportFormat": "text/csv",
                                    "GeneratedTime": offset_time(moment(0, -90))})
    for role, days in a.last_used.items():
        put("iam:GetServiceLastAccessedDetails", last_accessed(days), Arn=f"arn:aws:iam::{account}:role/{role}",
            JobId=f"7c3d0000-0000-4000-8000-{int(serial(account, len(role)), 16) % 10**12:012d}")
    put("iam:ListVirtualMFADevices", virtual_devices(account, a.root, a.users))
    if a.password_policy:
        put("iam:GetAccountPasswordPolicy", {"PasswordPolicy": a.password_policy})
    else:
        put("iam:GetAccountPasswordPolicy", error=failure(
            "NoSuchEntity", "GetAccountPasswordPolicy", f"The Password Policy with domain name {account} cannot be found."))
    for kind, there in a.contacts.items():
        if there:
            local = a.security_email if kind == "SECURITY" else f"{kind.lower()}@example.com"
            put("account:GetAlternateContact", {"AlternateContact": {
                "AlternateContactType": kind, "EmailAddress": local, "Name": f"Kestrel {kind.lower()}",
                "PhoneNumber": "+49 30 5550100", "Title": "On call"}}, AlternateContactType=kind)
        else:
            put("account:GetAlternateContact", error=failure(
                "ResourceNotFoundException", "GetAlternateContact", "No contact of the inputted alternate contact type "
                "found."), AlternateContactType=kind)
    put("account:GetContactInformation", {"ContactInformation": {
        "FullName": "Kestrel Outdoor GmbH", "CompanyName": "Kestrel Outdoor GmbH", "PhoneNumber": "+49 30 5550199",
        "AddressLine1": "Beispielstr. 12", "City": "Berlin", "PostalCode": "10115", "CountryCode": "DE"}})
    for region, services in a.regions.items():
        for operation, output, error, parameters in region_calls(account, region, services):
            put(operation, output, error, region, **parameters)
    return lines


def acquired_lines():
    """The role that the script takes on is not there yet: every call is denied."""
    role = f"arn:aws:sts::{ACQUIRED}:assumed-role/OrganizationAccountAccessRole/vigil"
    calls = [("iam:GetAccountSummary", ""), ("iam:GetAccountAuthorizationDetails", ""), ("iam:GetCredentialReport", ""),
             ("account:GetAlternateContact", ""), ("guardduty:ListDetectors", "eu-west-1")]
    for operation, region in calls:
        parameters = {"AlternateContactType": "SECURITY"} if operation.endswith("Contact") else {}
        yield envelope(operation, ACQUIRED, region, None, failure(
            "AccessDenied", operation.split(":")[1], f"User: {role} is not authorized to perform: {operation} because no "
            "identity-based policy allows the action"), **parameters)


# ---- the legacy account: bare answers, mailed as a tar ----------------------------------------------------------------------

def legacy_files():
    root = Root(password=True, mfa=False, keys=1, used_days=9)
    users = [User("jweber", ADMIN, password_days=9, mfa=False, keys=[(1900, 200)], direct=True, created=2400),
             User("reporting", S3, keys=[(1500, 0), (1490, 1200)], direct=True, created=1600),
             User("intern-2023", READ, password_days=700, mfa=False, created=1000)]
    roles = [Role("report-reader", {"AWS": "*"}, [READ]),
             Role("lambda-reports", {"Service": "lambda.amazonaws.com"}, [S3])]
    everything = ("admin-copy", {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*",
                                                                        "Resource": "*"}]})
    files = {
        "credential-report.csv": credential_report(LEGACY, root, users),
        "get-account-summary.json": account_summary(root, users, roles),
        "get-account-authorization-details.json": authorization_details(LEGACY, users, roles, [everything]),
        "get-account-password-policy.json": {"PasswordPolicy": WEAK},
        "list-virtual-mfa-devices.json": {"VirtualMFADevices": []},
        "get-contact-information.json": {"ContactInformation": {
            "FullName": "J. Weber", "PhoneNumber": "+49 30 5550111", "AddressLine1": "Beispielstr. 12", "City": "Berlin",
            "PostalCode": "10115", "CountryCode": "DE"}},
    }
    region = Services(config=False, guardduty=None, inspector=())
    kebab = {"cloudtrail:DescribeTrails": "describe-trails", "guardduty:ListDetectors": "list-detectors",
             "config:DescribeConfigurationRecorders": "describe-configuration-recorders",
             "config:DescribeConfigurationRecorderStatus": "describe-configuration-recorder-status",
             "config:DescribeDeliveryChannels": "describe-delivery-channels",
             "inspector2:BatchGetAccountStatus": "batch-get-account-status",
             "accessanalyzer:ListAnalyzers": "list-analyzers"}
    for operation, output, error, _ in region_calls(LEGACY, "us-east-1", region):
        if operation in kebab and not error:
            files[f"us-east-1/{kebab[operation]}.json"] = output
    return files


def legacy_tar():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in sorted(legacy_files().items()):
            data = (content if isinstance(content, str) else pretty(content)).encode()
            info = tarfile.TarInfo(f"{LEGACY}/{name}")
            info.size, info.mtime, info.mode = len(data), int(WHEN.timestamp()), 0o644
            tar.addfile(info, io.BytesIO(data))
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, compresslevel=9) as f:
        f.write(out.getvalue())
    return packed.getvalue()


# ---- logs, snapshots, findings ----------------------------------------------------------------------------------------------

def log_file(account, region):
    events = [("ec2.amazonaws.com", "DescribeInstances", True), ("s3.amazonaws.com", "GetBucketAcl", True),
              ("sts.amazonaws.com", "AssumeRole", True), ("lambda.amazonaws.com", "UpdateFunctionCode20150331v2", False)]
    records = []
    for n, (source, name, read_only) in enumerate(events):
        ident = serial(account, 500 + n + len(region)).lower()
        records.append({
            "eventVersion": "1.11", "userIdentity": {
                "type": "AssumedRole", "principalId": f"AROA{serial(account, 200)}:ops",
                "arn": f"arn:aws:sts::{account}:assumed-role/{SSO.name}/ops@example.com", "accountId": account},
            "eventTime": moment(0, -3600 + 60 * n), "eventSource": source, "eventName": name, "awsRegion": region,
            "sourceIPAddress": "198.51.100.24", "userAgent": "aws-cli/2.31.0", "requestParameters": None,
            "responseElements": None, "eventID": f"{ident[:8]}-{ident[8:12]}-4000-8000-{ident[4:16]}", "readOnly": read_only,
            "eventType": "AwsApiCall", "managementEvent": True, "recipientAccountId": account,
            "eventCategory": "Management"})
    return json.dumps({"Records": records}, separators=(",", ":"))


def logs(out):
    places = [(a, r) for a, c in CONTENT.items() for r in c.regions] + [(LEGACY, "us-east-1")]
    for account, region in places:
        name = f"{account}_CloudTrail_{region}_20261120T0505Z_{serial(account, len(region))}.json.gz"
        write(f"{out}/AWSLogs/{ORG}/{account}/CloudTrail/{region}/2026/11/20/{name}", gz(log_file(account, region)))


def config_item(account, region, kind, ident, name, configuration, arn=None):
    return {"relatedEvents": [], "relationships": [], "configuration": configuration, "supplementaryConfiguration": {},
            "tags": {"workload": "shop"}, "configurationItemVersion": "1.3",
            "configurationItemCaptureTime": moment(0.4), "configurationStateId": 1763600000000, "awsAccountId": account,
            "configurationItemStatus": "OK", "resourceType": kind, "resourceId": ident, "resourceName": name,
            "ARN": arn or ident, "awsRegion": region, "availabilityZone": "Not Applicable",
            "configurationStateMd5Hash": "", "resourceCreationTime": "2022-01-10T10:00:00.000Z"}


def repository(account, region, name, scan):
    arn = f"arn:aws:ecr:{region}:{account}:repository/{name}"
    return config_item(account, region, "AWS::ECR::Repository", name, name, {
        "RepositoryName": name, "Arn": arn, "ImageTagMutability": "IMMUTABLE" if scan else "MUTABLE",
        "ImageScanningConfiguration": {"ScanOnPush": scan}, "EncryptionConfiguration": {"EncryptionType": "KMS"}}, arn)


def function(account, region, name, runtime):
    arn = f"arn:aws:lambda:{region}:{account}:function:{name}"
    return config_item(account, region, "AWS::Lambda::Function", name, name, {
        "functionName": name, "functionArn": arn, "runtime": runtime, "role": f"arn:aws:iam::{account}:role/{name}",
        "handler": "app.handler", "codeSize": 120334, "timeout": 30, "memorySize": 256,
        "lastModified": "2024-03-02T09:00:00.000+0000", "version": "$LATEST", "packageType": "Zip",
        "architectures": ["arm64"]}, arn)


def bucket(account, region, name, blocked=None):
    """`blocked`: everybody may read it by its policy, and whether Block Public Access stands before that."""
    item = config_item(account, region, "AWS::S3::Bucket", name, name, {
        "name": name, "creationDate": "2022-01-10T10:00:00.000Z", "owner": {"displayName": None, "id": "kestrel"}},
        f"arn:aws:s3:::{name}")
    owner = {"displayName": None, "id": "kestrel"}
    item["supplementaryConfiguration"] = {"AccessControlList": json.dumps({
        "grantSet": None, "grantList": [{"grantee": owner, "permission": "FullControl"}], "owner": owner, "isRequesterCharged": False})}
    if blocked is not None:
        read = {"Sid": "EverybodyReads", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::{name}/*"}
        item["supplementaryConfiguration"] = {
            **item["supplementaryConfiguration"],
            "BucketPolicy": {"policyText": json.dumps({"Version": "2012-10-17", "Statement": [read]})},
            "PublicAccessBlockConfiguration": dict.fromkeys(
                ("blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets"), blocked)}
    return item


def account_block(account, region):
    return config_item(account, region, "AWS::S3::AccountPublicAccessBlock", account, account, dict.fromkeys(
        ("blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets"), False))


def topic(account, region, name, service):
    """A topic to which the service may publish, on whosever behalf."""
    arn = f"arn:aws:sns:{region}:{account}:{name}"
    publish = {"Sid": "Notify", "Effect": "Allow", "Principal": {"Service": service}, "Action": "sns:Publish", "Resource": arn}
    return config_item(account, region, "AWS::SNS::Topic", arn, name, {
        "TopicArn": arn, "Owner": account, "Policy": json.dumps({"Version": "2012-10-17", "Statement": [publish]})}, arn)


def snapshots(out):
    places = {
        (MANAGEMENT, "eu-west-1"): [function(MANAGEMENT, "eu-west-1", "invoice-export", "python3.9"),
                                    bucket(MANAGEMENT, "eu-west-1", "kestrel-invoices")],
        ("666677778888", "eu-west-1"): [
            repository("666677778888", "eu-west-1", "shop/web", True),
            repository("666677778888", "eu-west-1", "shop/images", False),
            function("666677778888", "eu-west-1", "shop-thumbnails", "python3.13"),
            account_block("666677778888", "eu-west-1"),
            bucket("666677778888", "eu-west-1", "kestrel-shop-images", blocked=True),
            bucket("666677778888", "eu-west-1", "kestrel-press-kit", blocked=False),
            topic("666677778888", "eu-west-1", "shop-uploads", "s3.amazonaws.com")],
        ("777788889999", "eu-west-1"): [repository("777788889999", "eu-west-1", "payments/api", True)],
        ("121212121212", "eu-west-1"): [bucket("121212121212", "eu-west-1", "kestrel-campaign-drafts")],
    }
    for n, ((account, region), items) in enumerate(places.items()):
        ident = f"5f1d2c3b-000{n}-4000-8000-00000000000{n}"
        name = f"{account}_Config_{region}_ConfigSnapshot_20261119T203000Z_{ident}.json.gz"
        document = {"fileVersion": "1.0", "configSnapshotId": ident, "configurationItems": items}
        write(f"{out}/AWSLogs/{account}/Config/{region}/2026/11/19/ConfigSnapshot/{name}",
              gz(json.dumps(document, separators=(",", ":"))))


def finding(number, account, region, product, generator, kind, title, label, days, resource_type, resource, compliance=None):
    normalized = {"CRITICAL": 90, "HIGH": 70, "MEDIUM": 40, "LOW": 1}[label]
    ident = serial(account, 900 + number).lower()
    value = {
        "SchemaVersion": "2018-10-08", "Id": f"arn:aws:{product}:{region}:{account}:finding/{ident}",
        "ProductArn": f"arn:aws:securityhub:{region}::product/aws/{product}", "ProductName": {
            "guardduty": "GuardDuty", "inspector": "Inspector", "securityhub": "Security Hub"}[product],
        "CompanyName": "Amazon", "Region": region, "GeneratorId": generator, "AwsAccountId": account, "Types": [kind],
        "FirstObservedAt": moment(days), "LastObservedAt": moment(0.2), "CreatedAt": moment(days), "UpdatedAt": moment(0.2),
        "Severity": {"Label": label, "Normalized": normalized}, "Title": title, "Description": title + ".",
        "Resources": [{"Type": resource_type, "Id": resource, "Partition": "aws", "Region": region}],
        "WorkflowState": "NEW", "Workflow": {"Status": "NEW"}, "RecordState": "ACTIVE"}
    if compliance:
        value["Compliance"] = {"Status": "FAILED", "SecurityControlId": compliance}
        value["Remediation"] = {"Recommendation": {
            "Text": "For information on how to correct this issue, consult the AWS Security Hub controls documentation.",
            "Url": f"https://docs.aws.amazon.com/console/securityhub/{compliance}/remediation"}}
    return value


def findings():
    shop, legacy, campaigns, dev = "666677778888", LEGACY, "121212121212", "888899990000"
    check = "Software and Configuration Checks"
    fsbp = "Software and Configuration Checks/Industry and Regulatory Standards"
    return {"Findings": [
        finding(1, legacy, "us-east-1", "guardduty", f"arn:aws:guardduty:us-east-1:{legacy}:detector/0a1b2c3d",
                "TTPs/Initial Access/UnauthorizedAccess:IAMUser-ConsoleLoginSuccess.B",
                "The user jweber signed in to the console from two continents within an hour", "HIGH", 61, "AwsIamUser",
                f"arn:aws:iam::{legacy}:user/jweber"),
        finding(2, shop, "eu-west-1", "inspector", "AWSInspector",
                f"{check}/Vulnerabilities/CVE", "CVE-2026-10234 - libarchive, in the image shop/images", "CRITICAL", 19,
                "AwsEcrContainerImage", f"arn:aws:ecr:eu-west-1:{shop}:repository/shop/images/sha256:9f3c"),
        finding(3, shop, "eu-west-1", "inspector", "AWSInspector",
                f"{check}/Vulnerabilities/CVE", "CVE-2026-09111 - openssl, in the image shop/images", "HIGH", 45,
                "AwsEcrContainerImage", f"arn:aws:ecr:eu-west-1:{shop}:repository/shop/images/sha256:9f3c"),
        finding(4, shop, "eu-west-1", "securityhub", "security-control/ECR.1", fsbp,
                "ECR private repositories should have image scanning configured", "HIGH", 120, "AwsEcrRepository",
                f"arn:aws:ecr:eu-west-1:{shop}:repository/shop/images", "ECR.1"),
        finding(5, campaigns, "eu-west-1", "securityhub", "security-control/IAM.5", fsbp,
                "MFA should be enabled for all IAM users that have a console password", "MEDIUM", 250, "AwsIamUser",
                f"arn:aws:iam::{campaigns}:user/agency-anna", "IAM.5"),
        finding(6, dev, "eu-west-1", "securityhub", "security-control/IAM.1", fsbp,
                "IAM policies should not allow full \"*\" administrative privileges", "HIGH", 14, "AwsIamPolicy",
                f"arn:aws:iam::{dev}:policy/shop-everything", "IAM.1"),
        finding(7, "777788889999", "eu-west-1", "securityhub", "security-control/EC2.6", fsbp,
                "VPC flow logging should be enabled in all VPCs", "MEDIUM", 6, "AwsEc2Vpc",
                "arn:aws:ec2:eu-west-1:777788889999:vpc/vpc-0a1b2c3d", "EC2.6"),
    ]}


# ---- what people write ---------------------------------------------------------------------------------------------------------

WORKLOADS = """# Which accounts make up which workload. Vigil never guesses this from names.
workloads:
  - name: shop
    function: online shop
    owner: shop@example.com
    criticality: high
    data_classification: confidential
    environments:
      - {name: prod, accounts: ["666677778888", "141414141414"]}   # the order archive never left the legacy account
      - {name: dev, accounts: ["888899990000"]}
  - name: payments
    function: payments
    owner: payments@example.com
    criticality: critical
    data_classification: restricted
    environments:
      - {name: prod, accounts: ["777788889999"]}
      - {name: dev, accounts: ["999900001111"]}
  - name: campaigns
    function: marketing sites
    owner: mara.lindt@example.com
    environments:
      - {name: prod, accounts: ["121212121212"]}
      - {name: test, accounts: ["121212121212"]}
  - name: reporting
    function: sales reports
    criticality: low
    environments:
      - {name: prod, accounts: ["141414141414"]}
"""

ATTESTATIONS = """# What no export can show. `vigil content show attestations.yaml` lists the kinds.
attestations:
  - kind: incident-response-plan
    statement: The plan covers account compromise, data exposure and ransomware; playbooks are linked from it.
    owner: security@example.com
    link: https://wiki.example.com/security/incident-response
    date: 2026-07-14
    expires: 2027-07-14
    details: {playbooks: [account compromise, data exposure, ransomware]}
  - kind: incident-response-contacts
    statement: The call list was tried; everybody answered within ten minutes.
    owner: security@example.com
    date: 2026-09-02
    expires: 2027-03-01
  - kind: incident-response-drill        # nobody found the time this year
    statement: Tabletop exercise on a leaked access key.
    owner: security@example.com
    link: https://wiki.example.com/security/drills/2025-06
    date: 2025-06-11
    expires: 2026-06-11
  - kind: alert-triage
    statement: High findings page the person on call.
    owner: security@example.com
    date: 2026-08-20
    expires: 2027-02-20
    details: {hours_to_first_look: 1}
  - kind: security-bulletins
    statement: The security channel follows the bulletins; each has a ticket.
    owner: security@example.com
    date: 2026-11-03
    expires: 2027-02-03
  - kind: threat-feeds
    statement: We read CISA KEV and the AWS Security Bulletins on Mondays.
    owner: security@example.com
    date: 2026-11-16
    expires: 2027-02-16
    details: {sources: [CISA KEV, AWS Security Bulletins]}
  - kind: threat-model
    scope: workload:payments
    statement: STRIDE over the payment flow, with the acquirer.
    owner: payments@example.com
    link: https://wiki.example.com/payments/threat-model
    date: 2026-05-05
    expires: 2027-05-05
    details: {method: STRIDE}
  - kind: threat-model
    scope: workload:reporting
    statement: Small; one page on who may read sales figures.
    owner: platform@example.com
    date: 2026-06-02
    expires: 2027-06-02
  - kind: threat-model                   # from before the shop moved to containers
    scope: workload:shop
    statement: Threat model of the shop on EC2.
    owner: shop@example.com
    date: 2024-10-01
    expires: 2026-12-31
  - kind: penetration-test
    scope: workload:payments
    statement: Yearly test for PCI DSS by an outside company.
    owner: payments@example.com
    date: 2026-03-20
    expires: 2027-03-20
    details: {open_high: 0}
  - kind: patch-deadlines
    statement: Three days for known exploited, 15 for critical, 30 for high; reported monthly.
    owner: platform@example.com
    date: 2026-10-01
    expires: 2027-04-01
    details: {critical_days: 15}
  - kind: well-architected-review
    scope: workload:payments
    statement: Security pillar reviewed with the team; two medium risks are planned.
    owner: payments@example.com
    date: 2026-04-22
    expires: 2027-04-22
  - kind: security-baseline
    statement: Account, network and host baselines are modules in one repository.
    owner: platform@example.com
    date: 2026-05-18
    expires: 2027-05-18
  - kind: security-roadmap
    statement: Roadmap for 2027 agreed with the CTO.
    owner: ciso@example.com
    date: 2026-09-15
    expires: 2027-09-15
  - kind: iac-scanning
    statement: Pipelines run cfn-guard and stop on a violation.
    owner: platform@example.com
    date: 2026-06-30
    expires: 2027-06-30
    details: {blocks: true, tool: cfn-guard}
  - kind: drift-detection                # last run before the summer
    statement: Drift detection over all stacks, differences ticketed.
    owner: platform@example.com
    date: 2026-07-01
    expires: 2026-12-31
  - kind: risk-register
    statement: 21 risks, reviewed with the heads of engineering and finance.
    owner: ciso@example.com
    link: https://wiki.example.com/risk/register
    date: 2026-10-08
    expires: 2027-01-08
    details: {risks: 21}
  - kind: risk-model
    statement: Five by five, appetite approved by the board.
    owner: ciso@example.com
    date: 2026-02-11
    expires: 2027-02-11
    details: {approved_by: board}
  - kind: risk-owners
    statement: Each risk above the appetite has an owner; two treatments are late.
    owner: ciso@example.com
    date: 2026-10-08
    expires: 2027-01-08
    details: {overdue: 2}
  - kind: service-decisions
    statement: Nine decisions on the wiki, two of them not to adopt.
    owner: platform@example.com
    date: 2026-09-29
    expires: 2027-03-29
    details: {decisions: 9}
  - kind: feature-review                 # twice a year in practice, once a quarter on paper
    statement: We went through the announcements of the spring.
    owner: platform@example.com
    date: 2026-06-15
    expires: 2026-12-15
  - kind: root-access-procedure
    statement: Two keys, two people, every use is announced.
    owner: security@example.com
    date: 2026-04-01
    expires: 2027-04-01
    details: {custodians: 2}
  - kind: identity-center-mfa
    statement: The identity provider asks for a passkey at each sign-in.
    owner: it@example.com
    date: 2026-08-01
    expires: 2027-08-01
    details: {identity_source: Entra ID}
"""


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "examples", "organization")
    shutil.rmtree(out, ignore_errors=True)
    organization(out)
    for account, content in CONTENT.items():
        lines = account_lines(account, content)
        write(f"{out}/accounts/{account}-{NAME[account]}.jsonl",
              "".join(json.dumps(x, separators=(",", ":")) + "\n" for x in lines))
    write(f"{out}/accounts/{ACQUIRED}-{NAME[ACQUIRED]}.jsonl",
          "".join(json.dumps(x, separators=(",", ":")) + "\n" for x in acquired_lines()))
    write(f"{out}/kestrel-legacy.tar.gz", legacy_tar())
    logs(out)
    snapshots(out)
    write(f"{out}/security-hub-findings.json", pretty(findings()))
    write(f"{out}/workloads.yaml", WORKLOADS)
    write(f"{out}/attestations.yaml", ATTESTATIONS)


main()
