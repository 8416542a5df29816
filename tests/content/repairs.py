"""repairs.py: for each control, how the exports change when its action has been carried out.

A repair is a function of the exports (exports.py) and of what failed: subjects with account, region, id and name, and the
commands that were recommended for them. It does to the files what the commands do to AWS, as the next export would show it.
Where the example passes a control, `broken` says what was bad before."""
import copy
import json

from exports import MANAGEMENT, ORGANIZATION, ROOT, policy_of

NOW, LONG_AGO = "2026-11-20T05:00:00+00:00", "2026-01-15T06:00:00+00:00"
REPAIRS, BROKEN = {}, {}


def repair(*controls):
    def keep(function):
        REPAIRS.update({c: function for c in controls})
        return function
    return keep


def broken(*controls):
    def keep(function):
        BROKEN.update({c: function for c in controls})
        return function
    return keep


# ---- root and users ----

@repair("root-mfa", "root-hardware-mfa", "root-member-credentials-removed")
def remove_root_credentials(w, subjects):
    for s in subjects:
        w.output(s.account, "iam:GetAccountSummary")["SummaryMap"].update(AccountPasswordPresent=0, AccountAccessKeysPresent=0)
        w.entry(s.account, "<root_account>").update(access_key_1_active="false", access_key_2_active="false")


@repair("root-no-access-keys", "root-no-access-keys-management")
def remove_root_keys(w, subjects):
    for s in subjects:
        w.output(s.account, "iam:GetAccountSummary")["SummaryMap"].update(AccountAccessKeysPresent=0)
        w.entry(s.account, "<root_account>").update(access_key_1_active="false", access_key_2_active="false")


@broken("root-no-access-keys-management")
def give_root_a_key(w):
    w.output(MANAGEMENT, "iam:GetAccountSummary")["SummaryMap"].update(AccountAccessKeysPresent=1)
    w.entry(MANAGEMENT, "<root_account>").update(access_key_1_active="true", access_key_1_last_rotated=LONG_AGO)


@repair("root-mfa-management", "root-hardware-mfa-management")
def give_root_security_keys(w, subjects):
    for s in subjects:
        w.output(s.account, "iam:GetAccountSummary")["SummaryMap"].update(AccountMFAEnabled=1)
        w.entry(s.account, "<root_account>").update(mfa_active="true")
        devices = w.output(s.account, "iam:ListVirtualMFADevices")
        devices["VirtualMFADevices"] = [d for d in devices["VirtualMFADevices"] if not d["SerialNumber"].endswith("root-account-mfa-device")]


@broken("root-mfa-management")
def take_root_mfa(w):
    w.output(MANAGEMENT, "iam:GetAccountSummary")["SummaryMap"].update(AccountMFAEnabled=0)
    w.entry(MANAGEMENT, "<root_account>").update(mfa_active="false")


@broken("root-hardware-mfa-management")
def give_root_a_telephone(w):
    w.output(MANAGEMENT, "iam:ListVirtualMFADevices")["VirtualMFADevices"].append(
        {"SerialNumber": f"arn:aws:iam::{MANAGEMENT}:mfa/root-account-mfa-device",
         "User": {"UserId": MANAGEMENT, "Arn": f"arn:aws:iam::{MANAGEMENT}:root"}, "EnableDate": LONG_AGO})


@repair("root-unused")
def leave_root_alone(w, subjects):
    for s in subjects:
        entry = w.entry(s.account, "<root_account>")
        for key in ("password_last_used", "access_key_1_last_used_date", "access_key_2_last_used_date"):
            if entry[key][:2] == "20":
                entry[key] = LONG_AGO


@repair("root-credentials-central", "adopt-central-root")
def manage_root_centrally(w, subjects):
    w.output(MANAGEMENT, "iam:ListOrganizationsFeatures")["EnabledFeatures"] = ["RootCredentialsManagement", "RootSessions"]


@broken("root-credentials-central", "adopt-central-root")
def leave_root_to_accounts(w):
    w.output(MANAGEMENT, "iam:ListOrganizationsFeatures")["EnabledFeatures"] = []


@repair("root-email-shared")
def change_root_address(w, subjects):
    for s in subjects:
        for call in w.find(MANAGEMENT, "organizations:ListAccounts") + w.find(MANAGEMENT, "organizations:ListAccountsForParent"):
            for account in call.output["Accounts"]:
                if account["Id"] == s.account:
                    account["Email"] = f"aws-{s.account}@example.com"


@repair("user-mfa", "user-privileged-mfa")
def register_mfa(w, subjects):
    for s in subjects:
        w.entry(s.account, s.name)["mfa_active"] = "true"


def deactivate(entry, slot):
    entry[f"access_key_{slot}_active"] = "false"


@repair("user-key-age")
def rotate_keys(w, subjects):
    for s in subjects:
        entry = w.entry(s.account, s.name)
        deactivate(entry, 2)
        entry.update(access_key_1_active="true", access_key_1_last_rotated=NOW, access_key_1_last_used_date="N/A")


def keys_named_in(s, entry):
    """The slots of the keys that the commands deactivate, told by when they were made."""
    return [slot for slot in (1, 2) if entry[f"access_key_{slot}_active"] == "true"
            and any(f"'{entry[f'access_key_{slot}_last_rotated'][:19]}'" in c for c in s.commands)]


@repair("user-key-unused", "user-one-key")
def deactivate_keys(w, subjects):
    for s in subjects:
        entry = w.entry(s.account, s.name)
        slots = keys_named_in(s, entry)
        assert slots, (s.name, s.commands)
        for slot in slots:
            deactivate(entry, slot)


@repair("user-password-unused")
def delete_password(w, subjects):
    for s in subjects:
        w.entry(s.account, s.name).update(password_enabled="false", password_last_used="N/A", password_last_changed="N/A")


@repair("access-no-iam-users")
def delete_users(w, subjects):
    for s in subjects:
        w.details(s.account)["UserDetailList"] = []
        rows = w.report(s.account)
        rows[:] = [r for r in rows if r["user"] == "<root_account>"]
        w.output(s.account, "iam:GetAccountSummary")["SummaryMap"]["Users"] = 0


@repair("user-permissions-by-group")
def move_permissions_to_group(w, subjects):
    for s in subjects:
        user, group = w.user(s.account, s.name), f"people-of-{s.name}"
        w.details(s.account)["GroupDetailList"].append(
            {"Path": "/", "GroupName": group, "GroupId": "AGPA" + s.name.upper(), "Arn": f"arn:aws:iam::{s.account}:group/{group}",
             "CreateDate": NOW, "GroupPolicyList": user.pop("UserPolicyList", []),
             "AttachedManagedPolicies": user["AttachedManagedPolicies"]})
        user["AttachedManagedPolicies"] = []
        user["GroupList"].append(group)


@repair("mfa-required")
def require_mfa(w, subjects):
    for s in subjects:
        document = json.loads(next(c for c in s.commands if "create-policy" in c).split("--policy-document '")[1].split("'")[0])
        details, arn = w.details(s.account), f"arn:aws:iam::{s.account}:policy/require-mfa"
        details["Policies"].append(managed_policy(arn, document))
        details["GroupDetailList"].append(
            {"Path": "/", "GroupName": "everyone", "GroupId": "AGPAEVERYONE" + s.account, "CreateDate": NOW,
             "Arn": f"arn:aws:iam::{s.account}:group/everyone", "GroupPolicyList": [],
             "AttachedManagedPolicies": [{"PolicyName": "require-mfa", "PolicyArn": arn}]})
        for user in details["UserDetailList"]:
            user["GroupList"].append("everyone")


def managed_policy(arn, document):
    return {"PolicyName": arn.split("/")[-1], "PolicyId": "ANPA" + arn[13:25], "Arn": arn, "Path": "/", "DefaultVersionId": "v1",
            "AttachmentCount": 1, "IsAttachable": True, "CreateDate": NOW, "UpdateDate": NOW,
            "PolicyVersionList": [{"Document": document, "VersionId": "v1", "IsDefaultVersion": True, "CreateDate": NOW}]}


@repair("password-policy-length", "password-policy-reuse", "password-policy-complexity")
def set_password_policy(w, subjects):
    for s in subjects:
        w.put(s.account, "iam:GetAccountPasswordPolicy", "", {"PasswordPolicy": {
            "MinimumPasswordLength": 14, "RequireSymbols": True, "RequireNumbers": True, "RequireUppercaseCharacters": True,
            "RequireLowercaseCharacters": True, "AllowUsersToChangePassword": True, "ExpirePasswords": False,
            "PasswordReusePrevention": 24}})


# ---- roles and policies ----

def each_role(w, subjects):
    """The roles that the commands name."""
    for s in subjects:
        for role in w.details(s.account)["RoleDetailList"]:
            if any(f"--role-name {role['RoleName']} " in c for c in s.commands):
                yield role


@repair("access-external-trusts")
def ask_for_an_external_id(w, subjects):
    for role in each_role(w, subjects):
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            statement["Condition"] = {"StringEquals": {"sts:ExternalId": "a-secret-of-both"}}


@repair("access-no-public-trust")
def trust_the_organization_alone(w, subjects):
    for s in subjects:
        command = next(c for c in s.commands if "update-assume-role-policy" in c)
        for role in each_role(w, [s]):
            role["AssumeRolePolicyDocument"] = json.loads(command.split("--policy-document '")[1].split("'")[0])


@repair("access-no-open-provider-trusts")
def ask_for_the_repository(w, subjects):
    for role in each_role(w, subjects):
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            statement["Condition"]["StringLike"] = {
                "token.actions.githubusercontent.com:sub": "repo:kestrel-outdoor/shop:ref:refs/heads/main"}


@broken("access-provider-audience")
def take_any_audience(w):
    for role in w.details("888899990000")["RoleDetailList"]:
        if role["RoleName"] == "github-deploy":
            role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"] = {"StringLike": {
                "token.actions.githubusercontent.com:sub": "repo:kestrel-outdoor/shop:ref:refs/heads/main"}}


@repair("access-provider-audience")
def ask_for_the_audience(w, subjects):
    for role in each_role(w, subjects):
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            statement["Condition"]["StringEquals"] = {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}


@repair("access-principals-used")
def use_it_again(w, subjects):
    for s in subjects:
        for service in w.output(s.account, "iam:GetServiceLastAccessedDetails", Arn=s.id)["ServicesLastAccessed"]:
            service["LastAuthenticated"] = NOW


def statements_of(w, subjects):
    for s in subjects:
        for policy in w.details(s.account)["Policies"]:
            for version in policy["PolicyVersionList"]:
                yield from version["Document"]["Statement"]


@repair("access-services-used")
def take_unused_services_out(w, subjects):
    for statement in statements_of(w, subjects):
        statement["Action"] = [a for a in statement["Action"] if a.split(":")[0] not in ("ecr", "lambda")]


@repair("access-policies-work")
def correct_the_action(w, subjects):
    for statement in statements_of(w, subjects):
        if statement["Action"] == "s3:ListBuckets":
            statement["Action"] = "s3:ListAllMyBuckets"


@repair("access-policies-narrow")
def name_what_is_meant(w, subjects):
    for statement in statements_of(w, subjects):
        statement.update(Action="s3:GetObject", Resource="arn:aws:s3:::example/*")
    for s in subjects:
        for role in w.details(s.account)["RoleDetailList"]:
            if role["RoleName"] in ("github-deploy", "report-reader", "ci-runner"):
                role["AssumeRolePolicyDocument"]["Statement"] = [
                    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{s.account}:root"}}]
    say_for_whom_the_service_acts(w, subjects)
    for item in items_of(w, subjects, "AWS::S3::Bucket"):
        item["supplementaryConfiguration"].pop("BucketPolicy", None)


@repair("access-external-reviewed")
def end_what_outsiders_reach(w, subjects):
    for s in subjects:
        for role in w.details(s.account)["RoleDetailList"]:
            for statement in role["AssumeRolePolicyDocument"]["Statement"]:
                if statement["Principal"].get("AWS", "").startswith("arn:aws:iam::98"):
                    statement["Principal"] = {"AWS": f"arn:aws:iam::{s.account}:root"}


def items_of(w, subjects, kind):
    """The resources of the type in the snapshots of the subjects' accounts."""
    accounts = {s.account for s in subjects}
    for snapshot in w.snapshots.values():
        for item in snapshot["configurationItems"]:
            if item["resourceType"] == kind and item["awsAccountId"] in accounts:
                yield item


@repair("access-no-public-resources")
def block_public_access(w, subjects):
    for item in items_of(w, subjects, "AWS::S3::AccountPublicAccessBlock"):
        item["configuration"] = dict.fromkeys(item["configuration"], True)


@repair("access-no-confused-deputy")
def say_for_whom_the_service_acts(w, subjects):
    for item in items_of(w, subjects, "AWS::SNS::Topic"):
        policy = json.loads(item["configuration"]["Policy"])
        for statement in policy["Statement"]:
            statement["Condition"] = {"StringEquals": {"aws:SourceAccount": item["awsAccountId"]}}
        item["configuration"]["Policy"] = json.dumps(policy)


@repair("access-no-escalation")
def pass_one_role_alone(w, subjects):
    for s in subjects:
        for policy in w.details(s.account)["Policies"]:
            for version in policy["PolicyVersionList"]:
                for statement in version["Document"]["Statement"]:
                    if "iam:PassRole" in statement["Action"]:
                        statement["Resource"] = f"arn:aws:iam::{s.account}:role/functions/*"


@repair("access-no-admin-policies")
def narrow_policies(w, subjects):
    for s in subjects:
        for policy in w.details(s.account)["Policies"]:
            if any(f"--policy-arn {policy['Arn']} " in c for c in s.commands):
                for version in policy["PolicyVersionList"]:
                    version["Document"] = {"Version": "2012-10-17", "Statement": [
                        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::example/*"}]}


@repair("access-support-role")
def add_support_role(w, subjects):
    for s in subjects:
        document = json.loads(s.commands[0].split("--assume-role-policy-document '")[1].split("'")[0])
        w.details(s.account)["RoleDetailList"].append(
            {"Path": "/", "RoleName": "aws-support", "RoleId": "AROASUPPORT" + s.account, "CreateDate": NOW,
             "Arn": f"arn:aws:iam::{s.account}:role/aws-support", "AssumeRolePolicyDocument": document,
             "InstanceProfileList": [], "RolePolicyList": [],
             "AttachedManagedPolicies": [{"PolicyName": "AWSSupportAccess", "PolicyArn": "arn:aws:iam::aws:policy/AWSSupportAccess"}]})


# ---- contacts ----

def set_contact(kind):
    def set_it(w, subjects):
        for s in subjects:
            w.put(s.account, "account:GetAlternateContact", "", {"AlternateContact": {
                "AlternateContactType": kind, "EmailAddress": "on-call@example.com", "Name": "On call",
                "PhoneNumber": "+49 30 5550100", "Title": "On call"}}, AlternateContactType=kind)
    return set_it


for KIND in ("SECURITY", "OPERATIONS", "BILLING"):
    repair("contact-" + KIND.lower())(set_contact(KIND))


@repair("contact-primary")
def set_primary_contact(w, subjects):
    for s in subjects:
        w.put(s.account, "account:GetContactInformation", "", {"ContactInformation": {
            "FullName": "Kestrel", "CompanyName": "Kestrel", "PhoneNumber": "+49305550199", "AddressLine1": "Beispielstr. 12",
            "City": "Berlin", "PostalCode": "10115", "CountryCode": "DE"}})


@broken("contact-primary")
def forget_the_address(w):
    for account in ("131313131313", "121212121212"):
        w.output(account, "account:GetContactInformation")["ContactInformation"].pop("AddressLine1")


# ---- the organisation ----

def add_unit(w, name, unit, parent=ROOT):
    w.organization("ListOrganizationalUnitsForParent", ParentId=parent)["OrganizationalUnits"].append(
        {"Id": unit, "Arn": f"arn:aws:organizations::{MANAGEMENT}:ou/{ORGANIZATION}/{unit}", "Name": name})
    for operation, key in (("ListOrganizationalUnitsForParent", "OrganizationalUnits"), ("ListAccountsForParent", "Accounts")):
        w.put(MANAGEMENT, "organizations:" + operation, "", {key: []}, ParentId=unit)
    for call in w.find(MANAGEMENT, "organizations:ListTargetsForPolicy"):  # AWS attaches its own to each new unit
        if call.parameters.get("PolicyId", "").endswith("FullAWSAccess"):
            call.output["Targets"].append({"TargetId": unit, "Name": name, "Type": "ORGANIZATIONAL_UNIT"})


def rename_unit(w, name, to):
    for call in w.find(MANAGEMENT, "organizations:ListOrganizationalUnitsForParent"):
        for unit in call.output["OrganizationalUnits"]:
            unit["Name"] = to if unit["Name"] == name else unit["Name"]


def move_account(w, account, to):
    for call in w.find(MANAGEMENT, "organizations:ListAccountsForParent"):
        moved = [a for a in call.output["Accounts"] if a["Id"] == account]
        if moved:
            call.output["Accounts"] = [a for a in call.output["Accounts"] if a["Id"] != account]
            w.organization("ListAccountsForParent", ParentId=to)["Accounts"] += moved
            return call.parameters["ParentId"]


UNITS = {"org-security-ou": "Security", "org-infrastructure-ou": "Infrastructure", "org-workloads-ou": "Workloads",
         "org-sandbox-ou": "Sandbox", "org-suspended-ou": "Suspended"}


def unit_repair(name):
    return lambda w, subjects: add_unit(w, name, "ou-k3st-repaired")


def unit_broken(*renamed):
    """OUs that are there, but named after something that is no function."""
    def rename(w):
        for name, to in renamed:
            rename_unit(w, name, to)
    return rename


for CONTROL, NAME in UNITS.items():
    repair(CONTROL)(unit_repair(NAME))
broken("org-security-ou")(unit_broken(("Security", "Crew")))
broken("org-infrastructure-ou")(unit_broken(("Infrastructure", "Commons")))
broken("org-sandbox-ou")(unit_broken(("Sandbox", "Beach")))
broken("org-workloads-ou")(unit_broken(("Workloads", "Things"), ("Prod", "Stuff"), ("NonProd", "Bits")))


@repair("account-ou-by-function", "account-ou-not-by-department", "org-no-account-in-root")
def move_to_a_unit_for_workloads(w, subjects):
    """To a new OU with the policies of the place that the account comes from: what others forbid would come on top."""
    for i, s in enumerate(subjects):
        unit = f"ou-k3st-works{i:03d}"
        add_unit(w, "Workloads", unit)
        parent = move_account(w, s.account, unit)
        for call in w.find(MANAGEMENT, "organizations:ListTargetsForPolicy"):
            call.output["Targets"] = [t for t in call.output["Targets"] if t["TargetId"] != unit]
            if any(t["TargetId"] == parent for t in call.output["Targets"]):
                call.output["Targets"].append({"TargetId": unit, "Name": "Workloads", "Type": "ORGANIZATIONAL_UNIT"})


@broken("account-ou-by-function", "account-ou-not-by-department", "org-no-account-in-root")
def bind_the_root(w):
    """So that a new OU has guardrails from above, as the place has that the accounts leave."""
    attach(w, "p-f0rall00", "SERVICE_CONTROL_POLICY", "for-all", HARMLESS)


@broken("org-suspended-accounts-parked")
def make_room_for_closed_accounts(w):
    add_unit(w, "Suspended", "ou-k3st-parking1")
    attach(w, "p-p4rked00", "SERVICE_CONTROL_POLICY", "nothing-here", HARMLESS, target="ou-k3st-parking1")


@repair("org-suspended-accounts-parked")
def park_closed_accounts(w, subjects):
    for s in subjects:
        for command in s.commands:
            if "move-account" in command:
                move_account(w, command.split("--account-id ")[1].split()[0], "ou-k3st-parking1")


def attach(w, policy, kind, name, document, target=ROOT):
    types = {"SERVICE_CONTROL_POLICY": "service_control_policy", "RESOURCE_CONTROL_POLICY": "resource_control_policy"}
    summary = {"Id": policy, "Arn": f"arn:aws:organizations::{MANAGEMENT}:policy/{ORGANIZATION}/{types[kind]}/{policy}",
               "Name": name, "Description": "", "Type": kind, "AwsManaged": False}
    w.organization("ListPolicies", Filter=kind)["Policies"].append(summary)
    w.put(MANAGEMENT, "organizations:DescribePolicy", "", {"Policy": {"PolicySummary": summary, "Content": json.dumps(document)}},
          PolicyId=policy)
    w.put(MANAGEMENT, "organizations:ListTargetsForPolicy", "",
          {"Targets": [{"TargetId": target, "Name": "Root", "Type": "ROOT" if target == ROOT else "ORGANIZATIONAL_UNIT"}]},
          PolicyId=policy)


HARMLESS = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "aws-portal:ModifyBilling", "Resource": "*"}]}
GUARDRAILS = ("guardrail-deny-leave", "guardrail-deny-root", "guardrail-deny-user-keys", "guardrail-limit-regions",
              "guardrail-protect-cloudtrail", "guardrail-protect-config", "guardrail-protect-guardduty",
              "guardrail-protect-security-hub", "guardrail-rcp-data-perimeter")


@repair(*GUARDRAILS)
def attach_guardrail(w, subjects):
    kind, name, document = policy_of(subjects[0].commands)
    attach(w, "p-repa1red", kind, name, document)


@repair("account-scp-attached", "org-ous-have-scp")
def attach_some_policy(w, subjects):
    attach(w, "p-repa1red", "SERVICE_CONTROL_POLICY", "guardrails", HARMLESS)


@broken("org-ous-have-scp")
def detach_everywhere(w):
    for call in w.find(MANAGEMENT, "organizations:ListTargetsForPolicy"):
        if "FullAWSAccess" not in call.parameters["PolicyId"]:
            call.output["Targets"] = []


@repair("org-scp-none-detached")
def delete_detached_policies(w, subjects):
    for command in subjects[0].commands:
        if "delete-policy" not in command:
            continue
        policy = command.split("--policy-id ")[1].split()[0]
        listed = w.organization("ListPolicies", Filter="SERVICE_CONTROL_POLICY")
        listed["Policies"] = [p for p in listed["Policies"] if p["Id"] != policy]
        w.drop([c for c in w.calls if c.parameters.get("PolicyId") == policy])


def enable_policy_type(name):
    def enable(w, subjects):
        w.organization("ListRoots")["Roots"][0]["PolicyTypes"].append({"Type": name, "Status": "ENABLED"})
    return enable


TYPES = {"adopt-ai-opt-out": "AISERVICES_OPT_OUT_POLICY", "adopt-backup-policies": "BACKUP_POLICY",
         "adopt-declarative-policies": "DECLARATIVE_POLICY_EC2", "adopt-tag-policies": "TAG_POLICY",
         "org-scp-enabled": "SERVICE_CONTROL_POLICY"}
for CONTROL, TYPE in TYPES.items():
    repair(CONTROL)(enable_policy_type(TYPE))


def without_policy_type(name):
    def disable(w):
        root = w.organization("ListRoots")["Roots"][0]
        root["PolicyTypes"] = [t for t in root["PolicyTypes"] if t["Type"] != name]
    return disable


broken("adopt-tag-policies")(without_policy_type("TAG_POLICY"))


def forget_policies(w, kind):
    """Switching a type off detaches all its policies; nobody made others."""
    listed = w.organization("ListPolicies", Filter=kind)
    gone = [p["Id"] for p in listed["Policies"] if not p["AwsManaged"]]
    listed["Policies"] = [p for p in listed["Policies"] if p["AwsManaged"]]
    w.drop([c for c in w.calls if c.parameters.get("PolicyId") in gone])
    without_policy_type(kind)(w)


@broken("org-scp-enabled")
def have_no_scps(w):
    forget_policies(w, "SERVICE_CONTROL_POLICY")


@broken("adopt-rcp")
def have_no_rcps(w):
    forget_policies(w, "RESOURCE_CONTROL_POLICY")


@repair("adopt-rcp")
def adopt_rcps(w, subjects):
    enable_policy_type("RESOURCE_CONTROL_POLICY")(w, subjects)
    attach_guardrail(w, subjects)


def trust(w, *principals):
    listed = w.organization("ListAWSServiceAccessForOrganization")["EnabledServicePrincipals"]
    listed += [{"ServicePrincipal": p, "DateEnabled": NOW} for p in principals if p not in [x["ServicePrincipal"] for x in listed]]


def distrust(w, *principals):
    listed = w.organization("ListAWSServiceAccessForOrganization")
    listed["EnabledServicePrincipals"] = [p for p in listed["EnabledServicePrincipals"] if p["ServicePrincipal"] not in principals]


@repair("org-health-events")
def trust_health(w, subjects):
    trust(w, "health.amazonaws.com")


@repair("org-trusted-advisor")
def trust_trusted_advisor(w, subjects):
    trust(w, "reporting.trustedadvisor.amazonaws.com")


@repair("org-trusted-security-services")
def trust_security_services(w, subjects):
    trust(w, *[c.split("--service-principal ")[1].split()[0] for c in subjects[0].commands])


@broken("org-trusted-security-services")
def distrust_guardduty(w):
    distrust(w, "guardduty.amazonaws.com")


def delegate(w, *principals):
    services = w.organization("ListDelegatedServicesForAccount", AccountId="333344445555")["DelegatedServices"]
    services += [{"ServicePrincipal": p, "DelegationEnabledDate": NOW} for p in principals
                 if p not in [s["ServicePrincipal"] for s in services]]


SERVICES_OF = {"guardduty": "guardduty.amazonaws.com", "securityhub": "securityhub.amazonaws.com",
               "inspector2": "inspector2.amazonaws.com", "cloudtrail": "cloudtrail.amazonaws.com"}


@repair("org-security-services-delegated", "org-delegated-administrator")
def delegate_services(w, subjects):
    named = [SERVICES_OF[c.split()[1]] for c in subjects[0].commands if c.startswith("aws ") and c.split()[1] in SERVICES_OF]
    named += [c.split("--service-principal ")[1].split()[0] for c in subjects[0].commands if "--service-principal " in c]
    if not w.find(MANAGEMENT, "organizations:ListDelegatedServicesForAccount"):
        w.put(MANAGEMENT, "organizations:ListDelegatedServicesForAccount", "", {"DelegatedServices": []}, AccountId="333344445555")
        w.organization("ListDelegatedAdministrators")["DelegatedAdministrators"].append(
            {"Id": "333344445555", "Name": "security-tooling", "Status": "ACTIVE", "DelegationEnabledDate": NOW})
    delegate(w, *named)


@broken("org-delegated-administrator")
def administer_all_from_management(w):
    w.organization("ListDelegatedAdministrators")["DelegatedAdministrators"] = []
    w.drop(w.find(MANAGEMENT, "organizations:ListDelegatedServicesForAccount"))


@repair("identity-center-used")
def enable_identity_center(w, subjects):
    w.find(MANAGEMENT, "sso-admin:ListInstances")[0].output["Instances"] = [
        {"InstanceArn": "arn:aws:sso:::instance/ssoins-6804kestrel00002", "IdentityStoreId": "d-93670e5f1b",
         "OwnerAccountId": MANAGEMENT, "Status": "ACTIVE", "CreatedDate": NOW}]


@broken("identity-center-used")
def remove_identity_center(w):
    w.find(MANAGEMENT, "sso-admin:ListInstances")[0].output["Instances"] = []


@repair("org-all-features")
def enable_all_features(w, subjects):
    w.organization("DescribeOrganization")["Organization"]["FeatureSet"] = "ALL"


@broken("org-all-features")
def keep_to_billing(w):
    forget_policies(w, "SERVICE_CONTROL_POLICY")
    forget_policies(w, "RESOURCE_CONTROL_POLICY")
    w.organization("ListRoots")["Roots"][0]["PolicyTypes"] = []
    w.organization("DescribeOrganization")["Organization"]["FeatureSet"] = "CONSOLIDATED_BILLING"


# ---- services in a region ----

@repair("access-analyzer-region")
def create_analyzer(w, subjects):
    for s in subjects:
        add_analyzer(w, s.account, s.region, "external-access", "ACCOUNT")


@repair("adopt-unused-access-analyzer")
def create_unused_analyzer(w, subjects):
    for s in subjects:
        add_analyzer(w, s.account, s.commands[0].split("--region ")[1].split()[0], "unused-access", "ACCOUNT_UNUSED_ACCESS")


def add_analyzer(w, account, region, name, kind):
    listed = (w.one(account, "accessanalyzer:ListAnalyzers", region) or
              w.put(account, "accessanalyzer:ListAnalyzers", region, {"analyzers": []})).output
    listed["analyzers"].append({"arn": f"arn:aws:access-analyzer:{region}:{account}:analyzer/{name}", "name": name, "type": kind,
                                "createdAt": NOW, "status": "ACTIVE"})


RECORDER = {"name": "default", "recordingGroup": {
    "allSupported": True, "includeGlobalResourceTypes": True, "resourceTypes": [],
    "exclusionByResourceTypes": {"resourceTypes": []}, "recordingStrategy": {"useOnly": "ALL_SUPPORTED_RESOURCE_TYPES"}}}


@repair("config-all-resources")
def record_all(w, subjects):
    for s in subjects:
        w.put(s.account, "config:DescribeConfigurationRecorders", s.region, {"ConfigurationRecorders": [copy.deepcopy(RECORDER)]})


@repair("config-delivering")
def deliver(w, subjects):
    delivered = {"lastStatus": "SUCCESS", "lastAttemptTime": NOW, "lastSuccessfulTime": NOW}
    for s in subjects:
        bucket = next(c for c in s.commands if "put-delivery-channel" in c).split("s3BucketName=")[1].split()[0]
        w.put(s.account, "config:DescribeDeliveryChannels", s.region, {"DeliveryChannels": [{"name": "default", "s3BucketName": bucket}]})
        w.put(s.account, "config:DescribeDeliveryChannelStatus", s.region, {"DeliveryChannelsStatus": [
            {"name": "default", "configSnapshotDeliveryInfo": delivered, "configHistoryDeliveryInfo": delivered,
             "configStreamDeliveryInfo": {"lastStatus": "NOT_APPLICABLE"}}]})


@repair("config-region")
def start_recording(w, subjects):
    record_all(w, subjects)
    deliver(w, subjects)
    for s in subjects:
        w.put(s.account, "config:DescribeConfigurationRecorderStatus", s.region, {"ConfigurationRecordersStatus": [
            {"name": "default", "recording": True, "lastStatus": "SUCCESS", "lastStartTime": NOW}]})


@repair("guardduty-region")
def create_detector(w, subjects):
    on = ("CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS", "S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS",
          "LAMBDA_NETWORK_LOGS")
    off = ("EKS_RUNTIME_MONITORING", "RUNTIME_MONITORING")
    for s in subjects:
        detector = f"{s.account}00000000000000000000"
        w.put(s.account, "guardduty:ListDetectors", s.region, {"DetectorIds": [detector]})
        w.put(s.account, "guardduty:GetDetector", s.region, {
            "CreatedAt": NOW, "FindingPublishingFrequency": "FIFTEEN_MINUTES", "Status": "ENABLED", "Tags": {},
            "Features": [{"Name": n, "Status": "ENABLED"} for n in on] + [{"Name": n, "Status": "DISABLED"} for n in off]},
            DetectorId=detector)


@repair("guardduty-s3", "guardduty-eks", "guardduty-lambda", "guardduty-malware", "guardduty-rds", "guardduty-runtime")
def enable_feature(w, subjects):
    for s in subjects:
        feature = json.loads(s.commands[0].split("--features '")[1].split("'")[0])[0]
        detector = s.commands[0].split("--detector-id ")[1].split()[0]
        found = w.one(s.account, "guardduty:GetDetector", s.region, DetectorId=detector)
        if not found:
            continue  # there is no detector: the command has nothing to work on
        features = found.output["Features"]
        features[:] = [f for f in features if f["Name"] != feature["Name"]] + [feature]


@repair("inspector-region", "inspector-ec2", "inspector-ecr", "inspector-lambda")
def enable_inspector(w, subjects):
    for s in subjects:
        kinds = s.commands[0].split("--resource-types ")[1].split(" --")[0].split()
        status = w.output(s.account, "inspector2:BatchGetAccountStatus", s.region)["accounts"][0]
        status["state"]["status"] = "ENABLED"
        for kind in kinds:
            status["resourceState"][kind.lower()]["status"] = "ENABLED"


def turn_on_hub(w, s):
    w.put(s.account, "securityhub:DescribeHub", s.region, {"HubArn": f"arn:aws:securityhub:{s.region}:{s.account}:hub/default",
                                                           "SubscribedAt": NOW, "AutoEnableControls": True})


def subscribe(w, s, *standards):
    listed = (w.one(s.account, "securityhub:GetEnabledStandards", s.region) or
              w.put(s.account, "securityhub:GetEnabledStandards", s.region, {"StandardsSubscriptions": []})).output
    for standard in standards:
        listed["StandardsSubscriptions"].append({"StandardsArn": standard, "StandardsStatus": "READY", "StandardsInput": {}})


@repair("securityhub-fsbp", "securityhub-cis")
def enable_standard(w, subjects):
    for s in subjects:
        if not w.output(s.account, "securityhub:DescribeHub", s.region):
            turn_on_hub(w, s)
        subscribe(w, s, s.commands[1].split("StandardsArn=")[1].split()[0])


@repair("securityhub-region")
def enable_security_hub(w, subjects):
    for s in subjects:
        turn_on_hub(w, s)
        subscribe(w, s, f"arn:aws:securityhub:{s.region}::standards/aws-foundational-security-best-practices/v/1.0.0",
                  "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0")


# ---- trails ----

TRAIL = f"arn:aws:cloudtrail:eu-west-1:{MANAGEMENT}:trail/kestrel-organization"


def each_trail(w):
    for call in w.calls:
        if call.operation.split(":")[-1].replace("-", "").lower() == "describetrails" and call.output:
            yield from call.output["trailList"]


def trail_repair(**changes):
    def change(w, subjects):
        for trail in each_trail(w):
            trail.update(changes)
    return change


def trail_broken(**changes):
    def change(w):
        for trail in each_trail(w):
            trail.update(changes)
    return change


KEY = "arn:aws:kms:eu-west-1:222233334444:key/7a1c9d5e-0b6f-4f53-9f6e-5b1f0a2c3d4e"
repair("cloudtrail-log-validation")(trail_repair(LogFileValidationEnabled=True))
broken("cloudtrail-log-validation")(trail_broken(LogFileValidationEnabled=False))
repair("cloudtrail-encrypted")(trail_repair(KmsKeyId=KEY))
broken("cloudtrail-encrypted")(trail_broken(KmsKeyId=""))


def selectors(w):
    return w.one(MANAGEMENT, "cloudtrail:GetEventSelectors", "eu-west-1")


@repair("cloudtrail-data-events")
def record_data_events(w, subjects):
    chosen = json.loads(subjects[0].commands[0].split("--advanced-event-selectors '")[1].split("'")[0])
    selectors(w).answer({"TrailARN": TRAIL, "AdvancedEventSelectors": chosen})


@repair("cloudtrail-management-events")
def record_management_events(w, subjects):
    chosen = json.loads(subjects[0].commands[0].split("--event-selectors '")[1].split("'")[0])
    selectors(w).answer({"TrailARN": TRAIL, "EventSelectors": chosen})


@broken("cloudtrail-management-events")
def record_writes_alone(w):
    selectors(w).answer({"TrailARN": TRAIL, "EventSelectors": [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]})


@repair("cloudtrail-delivering")
def repair_delivery(w, subjects):
    w.output(MANAGEMENT, "cloudtrail:GetTrailStatus", "eu-west-1").pop("LatestDeliveryError", None)


@broken("cloudtrail-delivering")
def fail_delivery(w):
    w.output(MANAGEMENT, "cloudtrail:GetTrailStatus", "eu-west-1")["LatestDeliveryError"] = "AccessDenied"


@broken("cloudtrail-region", "cloudtrail-organization-trail", "cloudtrail-multi-region")
def have_no_trail(w):
    for call in w.calls:
        if call.output and "trailList" in call.output:
            call.output["trailList"] = []
    w.drop(w.find(MANAGEMENT, "cloudtrail:GetTrailStatus") + w.find(MANAGEMENT, "cloudtrail:GetEventSelectors"))


@repair("cloudtrail-region", "cloudtrail-organization-trail", "cloudtrail-multi-region")
def create_organization_trail(w, subjects):
    for call in w.calls:
        if call.output and "trailList" in call.output and not call.output["trailList"]:
            call.output["trailList"] = [{
                "Name": "organization", "S3BucketName": "kestrel-logs", "IncludeGlobalServiceEvents": True, "IsMultiRegionTrail": True,
                "HomeRegion": "eu-west-1", "TrailARN": TRAIL, "LogFileValidationEnabled": True, "KmsKeyId": KEY,
                "HasCustomEventSelectors": False, "HasInsightSelectors": False, "IsOrganizationTrail": True}]
    w.put(MANAGEMENT, "cloudtrail:GetTrailStatus", "eu-west-1", {"IsLogging": True, "LatestDeliveryTime": NOW}, Name=TRAIL)
    w.put(MANAGEMENT, "cloudtrail:GetEventSelectors", "eu-west-1", {"TrailARN": TRAIL, "EventSelectors": [
        {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}]}, TrailName=TRAIL)


# ---- findings, images ----

def close(w, keep):
    for finding in w.findings["Findings"]:
        if not keep(finding):
            finding["Workflow"]["Status"] = finding["WorkflowState"] = "RESOLVED"
            finding["RecordState"] = "ARCHIVED"


@repair("findings-none-critical")
def close_critical(w, subjects):
    accounts = {s.account for s in subjects}
    close(w, lambda f: f["AwsAccountId"] not in accounts or f["Severity"]["Label"] != "CRITICAL")


@repair("findings-few-high")
def close_high(w, subjects):
    accounts = {s.account for s in subjects}
    close(w, lambda f: f["AwsAccountId"] not in accounts or f["Severity"]["Label"] != "HIGH")


@repair("findings-critical-age")
def close_old(w, subjects):
    accounts = {s.account for s in subjects}
    close(w, lambda f: f["AwsAccountId"] not in accounts or f["Severity"]["Label"] not in ("CRITICAL", "HIGH")
          or f["FirstObservedAt"] > "2026-10-22")


@repair("ecr-scan-on-push")
def scan_on_push(w, subjects):
    names = {s.id for s in subjects}
    for snapshot in w.snapshots.values():
        for item in snapshot["configurationItems"]:
            if item.get("arn") in names or item.get("ARN") in names or item.get("resourceId") in names:
                configuration = item["configuration"]
                for key in configuration:
                    if key.lower() == "imagescanningconfiguration":
                        configuration[key] = {("ScanOnPush" if key[0] == "I" else "scanOnPush"): True}


# ---- the mapping ----

def set_in_mapping(key, value):
    def set_it(w, subjects):
        names = {s.name or s.id for s in subjects}
        for workload in w.mapping["workloads"]:
            if workload["name"] in names:
                workload[key] = value
    return set_it


repair("workload-owner")(set_in_mapping("owner", "platform@example.com"))
repair("workload-criticality")(set_in_mapping("criticality", "low"))
repair("workload-data-classification")(set_in_mapping("data_classification", "internal"))


SPARE = "171717171717"


def add_account(w, account, parent):
    """An account that exists already, and of which nothing was exported yet."""
    told = {"Id": account, "Arn": f"arn:aws:organizations::{MANAGEMENT}:account/{ORGANIZATION}/{account}", "Name": "new-account",
            "Email": "aws-new-account@example.com", "Status": "ACTIVE", "State": "ACTIVE", "JoinedMethod": "CREATED",
            "JoinedTimestamp": NOW}
    w.organization("ListAccounts")["Accounts"].append(told)
    w.organization("ListAccountsForParent", ParentId=parent)["Accounts"].append(told)


def environments(w, workload):
    return next(x for x in w.mapping["workloads"] if x["name"] == workload)["environments"]


@broken("account-one-workload", "workload-own-accounts")
def have_a_production_account_to_spare(w):
    add_account(w, SPARE, "ou-k3st-w0rkprod")


@repair("account-one-workload", "workload-own-accounts")
def move_reporting_out(w, subjects):
    environments(w, "reporting")[0]["accounts"] = [SPARE]


@broken("account-environments-apart", "workload-prod-own-account")
def have_a_test_account_to_spare(w):
    add_account(w, SPARE, "ou-k3st-w0rknonp")


@repair("account-environments-apart", "workload-prod-own-account")
def move_test_out(w, subjects):
    environments(w, "campaigns")[1]["accounts"] = [SPARE]


@repair("org-management-account-empty")
def move_out_of_management(w, subjects):
    for path, snapshot in w.snapshots.items():
        if MANAGEMENT in path.name:
            snapshot["configurationItems"] = [i for i in snapshot["configurationItems"]
                                              if not i["resourceType"].startswith(("AWS::Lambda", "AWS::EC2::Instance", "AWS::RDS"))]


@broken("org-prod-apart-from-nonprod")
def mix_production_and_the_rest(w):
    for parent in ("ou-k3st-w0rkprod", "ou-k3st-w0rknonp"):
        accounts = w.organization("ListAccountsForParent", ParentId=parent)["Accounts"]
        for account in list(accounts):
            move_account(w, account["Id"], "ou-k3st-w0rkload")
        w.drop([c for c in w.calls if c.parameters.get("ParentId") == parent])
    w.organization("ListOrganizationalUnitsForParent", ParentId="ou-k3st-w0rkload")["OrganizationalUnits"] = []


@repair("org-prod-apart-from-nonprod")
def part_production_from_the_rest(w, subjects):
    for name, unit, accounts in (("Prod", "ou-k3st-newprod1", ("666677778888", "777788889999")),
                                 ("NonProd", "ou-k3st-newnonp1", ("888899990000", "999900001111"))):
        add_unit(w, name, unit, parent="ou-k3st-w0rkload")
        for account in accounts:
            move_account(w, account, unit)


# ---- attestations ----

def attest(kind):
    def say(w, subjects):
        told = w.attestations["attestations"]
        for s in subjects:
            scope = s.id.split("@")[1] if "@" in s.id else "organization"
            told[:] = [a for a in told if a["kind"] != kind["id"] or a.get("scope", "organization") != scope]
            told.append({"kind": kind["id"], "scope": scope, "statement": kind["asserts"], "owner": "security@example.com",
                         "link": "https://wiki.example.com/it", "date": "2026-11-18", "expires": "2027-01-18",
                         "details": {d["key"]: d["example"] for d in kind.get("details", ())}})
    return say


def silence(kind):
    def forget(w):
        w.attestations["attestations"] = [a for a in w.attestations["attestations"] if a["kind"] != kind["id"]]
    return forget


def add_attestations(kinds):
    for kind in kinds.values():
        repair(kind["id"])(attest(kind))
        broken(kind["id"])(silence(kind))
