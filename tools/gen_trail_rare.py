"""Hard negatives: what an attacker also does, done by those whose work it is, with all that goes with it.

RARE lists each story with how often it happens in thirty days. A story's name is its label; its first sentence says what
makes it benign. Where a person acts, so do the words around it: a sign-in before, the pipeline's token, the undoing after."""
import base64
import gzip
import json

from gen_trail_background import github_token, read_burst, sign_in
from gen_trail_world import CLI, HOME, Who, stamp


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(principal, action, resource=None, **condition):
    out = {"Effect": "Allow", "Principal": principal, "Action": action}
    if resource:
        out["Resource"] = resource
    if condition:
        out["Condition"] = condition["condition"]
    return out


def pipeline(day, account, t, role="github-terraform"):
    github_token(day, t, account, role)
    who = day.ci(account, t, role)
    read_burst(day, t + 4, account, HOME, who, 25, ["ec2", "s3", "iam", "kms", "lambda"], 0.1)
    return who


def team(day, name):
    return day.rng.choice([p for p in day.world.people if p["team"] == name] or day.world.people)


# ---- accounts, trails, guardrails ----

def planned_teardown(day):
    """Terraform destroys a sandbox: its own trail beside the organisation's, flow logs, recorder, network, bucket, key."""
    account, t = day.account(day.rng.choice(("sandbox-1", "sandbox-2"))), day.working()
    who = pipeline(day, account, t)
    things = day.world.things[account]
    trail = f"arn:aws:cloudtrail:{HOME}:{account}:trail/sandbox-debug"
    bucket, vpc, key = things["buckets"][4], things["vpcs"][0], day.rng.choice(things["keys"])
    day.add(t + 30, account, HOME, "cloudtrail:StopLogging", who, {"name": trail}, write=True)
    day.add(t + 31, account, HOME, "cloudtrail:DeleteTrail", who, {"name": trail}, write=True)
    day.add(t + 33, account, HOME, "ec2:DeleteFlowLogs", who, {"DeleteFlowLogsRequest": {"FlowLogId": {"tag": 1, "content": day.id("fl")}}},
            {"DeleteFlowLogsResponse": {"unsuccessful": ""}}, write=True)
    day.add(t + 34, account, HOME, "route53resolver:DisassociateResolverQueryLogConfig", who, {"resolverQueryLogConfigId": "rqlc-" + day.hex(16), "resourceId": vpc}, write=True)
    day.add(t + 35, account, HOME, "route53resolver:DeleteResolverQueryLogConfig", who, {"resolverQueryLogConfigId": "rqlc-" + day.hex(16)}, write=True)
    day.add(t + 36, account, HOME, "logs:DeleteLogGroup", who, {"logGroupName": "/sandbox/flow"}, write=True)
    for instance in things["instances"][:3]:
        day.add(t + 40, account, HOME, "ec2:TerminateInstances", who, {"instancesSet": {"items": [{"instanceId": instance}]}}, write=True)
    for call, req in (("ec2:DeleteSubnet", {"subnetId": things["subnets"][0]}), ("ec2:DeleteSecurityGroup", {"groupId": things["groups"][0]}),
                      ("ec2:DeleteVpc", {"vpcId": vpc}), ("s3:DeleteBucketPolicy", {"bucketName": bucket, "policy": ""}),
                      ("s3:DeleteBucketPublicAccessBlock", {"bucketName": bucket, "publicAccessBlock": ""}), ("s3:DeleteBucket", {"bucketName": bucket}),
                      ("kms:ScheduleKeyDeletion", {"keyId": key, "pendingWindowInDays": 30}), ("rds:DeleteDBInstance",
                      {"dBInstanceIdentifier": things["databases"][0], "skipFinalSnapshot": False, "finalDBSnapshotIdentifier": "final"}),
                      ("lambda:DeleteFunction20150331", {"functionName": things["functions"][0]}), ("iam:DetachRolePolicy",
                      {"roleName": "sandbox-app", "policyArn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}), ("iam:DeleteRole", {"roleName": "sandbox-app"})):
        day.add(t + 60, account, HOME, call, who, req, write=True)


def trail_widened(day):
    """The platform's pipeline adds data events to the organisation's trail and turns on validation."""
    account, t = day.account("management"), day.working()
    who = pipeline(day, account, t)
    trail = f"arn:aws:cloudtrail:{HOME}:{account}:trail/organization"
    day.add(t + 30, account, HOME, "cloudtrail:PutEventSelectors", who,
            {"trailName": trail, "advancedEventSelectors": [
                {"name": "management", "fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}]},
                {"name": "objects", "fieldSelectors": [{"field": "eventCategory", "equals": ["Data"]}, {"field": "resources.type", "equals": ["AWS::S3::Object"]}]}]}, write=True)
    day.add(t + 31, account, HOME, "cloudtrail:UpdateTrail", who, {"name": trail, "isMultiRegionTrail": True, "isOrganizationTrail": True,
                                                                   "enableLogFileValidation": True, "includeGlobalServiceEvents": True}, write=True)
    day.add(t + 32, account, HOME, "cloudtrail:StartLogging", who, {"name": trail}, write=True)


def guardrail_replaced(day):
    """Control Tower replaces a guardrail: the new one is attached before the old one is detached."""
    account, t = day.account("management"), day.working()
    who = day.session(account, "AWSControlTowerAdmin", "AWS-Control-Tower", t, "controltower.amazonaws.com", "controltower.amazonaws.com",
                      path="service-role/", extra={"invokedBy": "controltower.amazonaws.com"})
    old, new, target = "p-" + day.hex(8), "p-" + day.hex(8), "ou-" + day.hex(4) + "-" + day.hex(8)
    day.add(t, account, HOME, "organizations:CreatePolicy", who, {"name": "aws-guardrails-" + day.hex(6), "type": "SERVICE_CONTROL_POLICY",
            "content": policy({"Sid": "G", "Effect": "Deny", "Action": ["cloudtrail:StopLogging"], "Resource": "*"})}, write=True)
    day.add(t + 1, account, HOME, "organizations:AttachPolicy", who, {"policyId": new, "targetId": target}, write=True)
    day.add(t + 3, account, HOME, "organizations:DetachPolicy", who, {"policyId": old, "targetId": target}, write=True)
    day.add(t + 4, account, HOME, "organizations:DeletePolicy", who, {"policyId": old}, write=True)


def account_vended(day):
    """The account factory makes an account and moves it to its unit."""
    account, t = day.account("management"), day.working()
    who = day.session(account, "AWSControlTowerAdmin", "AWS-Control-Tower", t, "servicecatalog.amazonaws.com", "servicecatalog.amazonaws.com",
                      path="service-role/", extra={"invokedBy": "servicecatalog.amazonaws.com"})
    fresh = str(day.rng.randrange(10**11, 10**12))
    day.add(t, account, HOME, "organizations:CreateAccount", who, {"email": "HIDDEN_DUE_TO_SECURITY_REASONS", "accountName": "****", "roleName": "AWSControlTowerExecution"},
            {"createAccountStatus": {"state": "IN_PROGRESS", "id": "car-" + day.hex(16)}}, write=True)
    day.add(t + 120, account, HOME, "organizations:MoveAccount", who, {"accountId": fresh, "sourceParentId": "r-" + day.hex(4), "destinationParentId": "ou-" + day.hex(12)}, write=True)
    day.add(t + 130, account, HOME, "organizations:AttachPolicy", who, {"policyId": "p-FullAWSAccess", "targetId": fresh}, write=True)


def region_opened(day):
    """The platform team opens a region for an account and lays the baseline there by stack sets."""
    account, t = day.workload(), day.working()
    who, region = pipeline(day, account, t), day.rng.choice(("ap-southeast-4", "eu-south-2", "me-central-1", "eu-central-2"))
    day.add(t + 30, account, HOME, "account:EnableRegion", who, {"regionName": region}, write=True)
    stack = day.session(account, "stacksets-exec", "cloudformation", t + 900, "cloudformation.amazonaws.com", "cloudformation.amazonaws.com",
                        extra={"invokedBy": "cloudformation.amazonaws.com"})
    for call, req in (("config:PutConfigurationRecorder", {"configurationRecorder": {"name": "default", "recordingGroup": {"allSupported": True}}}),
                      ("config:StartConfigurationRecorder", {"configurationRecorderName": "default"}), ("guardduty:CreateDetector", {"enable": True}),
                      ("ec2:EnableEbsEncryptionByDefault", {"EnableEbsEncryptionByDefaultRequest": ""}), ("securityhub:EnableSecurityHub", None),
                      ("ec2:CreateVpc", {"cidrBlock": "10.90.0.0/16"}), ("ec2:CreateFlowLogs", {"CreateFlowLogsRequest": {"TrafficType": "ALL"}})):
        day.add(t + 900, account, region, call, stack, req, write=True)


def insight(day):
    """Insights notice a deployment's burst."""
    account, t = day.workload(), day.any_time()
    shared = day.uuid()
    for i, state in enumerate(("Start", "End")):
        row = {"eventVersion": "1.09", "eventTime": stamp(t + 600 * i), "awsRegion": HOME, "eventID": day.uuid(), "eventType": "AwsCloudTrailInsight",
               "recipientAccountId": account, "sharedEventID": shared, "insightDetails": {
                   "state": state, "eventSource": "ecs.amazonaws.com", "eventName": "RegisterTaskDefinition", "insightType": "ApiCallRateInsight",
                   "insightContext": {"statistics": {"baseline": {"average": 0.4}, "insight": {"average": 9.5}, "insightDuration": 10, "baselineDuration": 10080}}},
               "eventCategory": "Insight"}
        day.rows.append((t + 600 * i, account, HOME, row["eventID"], day.story, row))


# ---- people ----

def break_glass(day):
    """The yearly drill of the break-glass account: root with its hardware key, from the office, looks at the bill and leaves."""
    account, t = day.account("management"), day.working()
    agent = day.world.people[0]["browser"]
    login = Who({"type": "Root", "principalId": account, "arn": f"arn:aws:iam::{account}:root", "accountId": account}, day.world.office[0], agent)
    day.add(t, account, "us-east-1", "signin:ConsoleLogin", login, None, {"ConsoleLogin": "Success"}, write=True, kind="AwsConsoleSignIn",
            more={"additionalEventData": {"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": "Yes",
                                          "MFAIdentifier": f"arn:aws:iam::{account}:u2f/root-account-mfa/drill"}})
    who = day.root(account, t, day.world.office[0], agent)
    for call in ("iam:GetAccountSummary", "ce:GetCostAndUsage", "iam:ListVirtualMFADevices", "account:GetAlternateContact"):
        day.add(t + 60, account, HOME, call, who)


def emergency_admin(day):
    """On call at night: a named emergency role, entered through single sign-on with an incident's number, for an hour."""
    account, t = day.account("web-prod"), day.start + 2 * 3600
    person = team(day, "platform")
    person_session = day.sso(person, account, "AdministratorAccess", t, console=True, ip=person["home"])
    sign_in(day, t, person, account, "AdministratorAccess", person_session)
    read_burst(day, t + 20, account, HOME, person_session, 30, ["ec2", "ecs", "logs", "monitoring"], 4)
    day.add(t + 300, account, HOME, "ecs:UpdateService", person_session, {"cluster": "main", "service": "orders", "forceNewDeployment": True}, write=True)
    day.add(t + 400, account, HOME, "ec2:RebootInstances", person_session, {"instancesSet": {"items": [{"instanceId": day.of(account, "instances")}]}}, write=True)


def support_root(day):
    """AWS Support and services act with the root identity on the account's behalf: no person was there."""
    account, t = day.rng.choice(day.world.accounts), day.any_time()
    who = Who({"type": "Root", "principalId": account, "arn": f"arn:aws:iam::{account}:root", "accountId": account,
               "invokedBy": "support.amazonaws.com"}, "support.amazonaws.com", "support.amazonaws.com")
    day.add(t, account, HOME, "ec2:DescribeInstanceStatus", who, {"instancesSet": {}})
    day.add(t + 2, account, HOME, "support:DescribeTrustedAdvisorCheckSummaries", who, None)


def new_phone(day):
    """Somebody changes their phone: the old factor goes, the new one comes two minutes later, in the same session with MFA."""
    account, t = day.account("identity"), day.working()
    person = day.rng.choice(day.world.people)
    who = day.user(account, person["name"], person["user"], t, day.world.office[1], person["browser"], mfa="true", console=True)
    old = f"arn:aws:iam::{account}:mfa/{person['name']}"
    console_login(day, t - 60, account, person, "Yes")
    day.add(t, account, HOME, "iam:DeactivateMFADevice", who, {"userName": person["name"], "serialNumber": old}, write=True)
    day.add(t + 5, account, HOME, "iam:DeleteVirtualMFADevice", who, {"serialNumber": old}, write=True)
    day.add(t + 60, account, HOME, "iam:CreateVirtualMFADevice", who, {"virtualMFADeviceName": person["name"], "path": "/"},
            {"virtualMFADevice": {"serialNumber": old}}, write=True)
    day.add(t + 120, account, HOME, "iam:EnableMFADevice", who, {"userName": person["name"], "serialNumber": old}, write=True)


def console_login(day, t, account, person, mfa, result="Success", ip=None):
    identity = {"type": "IAMUser", "principalId": person["user"], "arn": f"arn:aws:iam::{account}:user/{person['name']}", "accountId": account,
                "userName": person["name"]}
    who = Who(identity, ip or day.world.office[1], person["browser"])
    if result != "Success":
        identity.pop("arn")
        identity["accessKeyId"] = ""
    day.add(t, account, "us-east-1", "signin:ConsoleLogin", who, None, {"ConsoleLogin": result}, write=True, kind="AwsConsoleSignIn",
            more={**({"errorMessage": "Failed authentication"} if result != "Success" else {}),
                  "additionalEventData": {"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": mfa}})


def mistyped_password(day):
    """A password mistyped twice, then right, with the second factor."""
    account, t = day.account("identity"), day.working()
    person = day.rng.choice(day.world.people)
    for i in range(day.rng.randrange(1, 3)):
        console_login(day, t + 20 * i, account, person, "No", "Failure")
    console_login(day, t + 60, account, person, "Yes")


def traveller(day):
    """Somebody works from home, then through the company's VPN, and in the evening from a hotel abroad, a flight later."""
    account, t = day.workload(), day.start + 7 * 3600
    person = day.rng.choice(day.world.people)
    for hours, ip in ((0, person["home"]), (1, day.world.vpn[0]), (12, day.world.address())):
        who = day.sso(person, account, "PowerUserAccess", t + hours * 3600, console=True, ip=ip)
        sign_in(day, t + hours * 3600, person, account, "PowerUserAccess", who)
        read_burst(day, t + hours * 3600 + 60, account, HOME, who, 20, ["ec2", "lambda", "logs"], 6)


def new_engineer(day):
    """Somebody joins: the directory is fed by the company's own, an account assignment follows, and a curious first day."""
    management, t = day.account("management"), day.working()
    person = day.rng.choice(day.world.people)
    scim = Who({"type": "WebIdentityUser", "principalId": "scim", "accountId": management}, "203.0.113.200", "Okta SCIM Client 1.0.0")
    day.add(t, management, HOME, "sso-directory:CreateUser", scim, {"userName": "HIDDEN_DUE_TO_SECURITY_REASONS", "tenantId": day.world.store}, write=True)
    day.add(t + 5, management, HOME, "sso-directory:AddMemberToGroup", scim, {"groupId": day.uuid()}, write=True)
    who = pipeline(day, management, t + 600)
    account = day.workload()
    day.add(t + 700, management, HOME, "sso:CreateAccountAssignment", who, {"instanceArn": "arn:aws:sso:::instance/ssoins-" + day.hex(16), "targetId": account,
            "targetType": "AWS_ACCOUNT", "permissionSetArn": "arn:aws:sso:::permissionSet/ssoins-1/ps-" + day.hex(16), "principalType": "GROUP", "principalId": day.uuid()}, write=True)
    session = day.sso(person, account, "ReadOnlyAccess", t + 7200, console=True)
    sign_in(day, t + 7200, person, account, "ReadOnlyAccess", session)
    read_burst(day, t + 7210, account, HOME, session, 120, pace=1.5)
    for call in ("iam:ListUsers", "organizations:ListAccounts", "s3:ListBuckets", "secretsmanager:ListSecrets"):
        day.add(t + 7400, account, HOME, call, session, None, error=day.denied(session, call))


def user_onboarded(day):
    """The help desk makes a console user for a contractor: password to be changed, a group, a boundary."""
    account, t = day.account("identity"), day.working()
    admin = day.sso(team(day, "support"), account, "PowerUserAccess", t, console=True, ip=day.world.office[0])
    name = f"contractor.{day.hex(4)}"
    day.add(t, account, HOME, "iam:CreateUser", admin, {"userName": name, "permissionsBoundary": f"arn:aws:iam::{account}:policy/contractor-boundary"},
            {"user": {"userName": name, "arn": f"arn:aws:iam::{account}:user/{name}", "userId": "AIDA" + day.hex(17).upper()}}, write=True)
    day.add(t + 5, account, HOME, "iam:CreateLoginProfile", admin, {"userName": name, "passwordResetRequired": True},
            {"loginProfile": {"userName": name, "passwordResetRequired": True}}, write=True)
    day.add(t + 9, account, HOME, "iam:AddUserToGroup", admin, {"userName": name, "groupName": "contractors"}, write=True)


def forgotten_password(day):
    """The help desk resets a password that somebody forgot."""
    account, t = day.account("identity"), day.working()
    admin = day.sso(team(day, "support"), account, "PowerUserAccess", t, console=True, ip=day.world.office[0])
    day.add(t, account, HOME, "iam:UpdateLoginProfile", admin, {"userName": day.rng.choice(day.world.people)["name"], "passwordResetRequired": True}, write=True)


def key_rotation(day):
    """A mail gateway's user gets a new key every quarter: created, tried, the old one put out and deleted a day later."""
    account, t = day.account("shared-services"), day.working()
    who = pipeline(day, account, t)
    user, old, new = "smtp-gateway", day.key("AKIA"), day.key("AKIA")
    day.add(t + 30, account, HOME, "iam:ListAccessKeys", who, {"userName": user})
    day.add(t + 31, account, HOME, "iam:CreateAccessKey", who, {"userName": user}, {"accessKey": {"userName": user, "accessKeyId": new, "status": "Active"}}, write=True)
    day.add(t + 7200, account, HOME, "iam:UpdateAccessKey", who, {"userName": user, "accessKeyId": old, "status": "Inactive"}, write=True)
    day.add(t + 7300, account, HOME, "iam:DeleteAccessKey", who, {"userName": user, "accessKeyId": old}, write=True)


def own_key(day):
    """An engineer rotates their own key, with MFA."""
    account, t = day.account("identity"), day.working()
    person = day.rng.choice(day.world.people)
    who = day.user(account, person["name"], person["user"], t, day.world.office[2], CLI[0].replace("{c}", "iam.create-access-key"), mfa="true")
    new = day.key("AKIA")
    day.add(t, account, HOME, "sts:GetSessionToken", day.user(account, person["name"], person["user"], t, day.world.office[2], CLI[0].replace("{c}", "sts.get-session-token")),
            {"serialNumber": f"arn:aws:iam::{account}:mfa/{person['name']}", "durationSeconds": 3600, "tokenCode": "123456"}, {"credentials": {"accessKeyId": new}})
    day.add(t + 5, account, HOME, "iam:CreateAccessKey", who, None, {"accessKey": {"userName": person["name"], "accessKeyId": new, "status": "Active"}}, write=True)
    day.add(t + 60, account, HOME, "iam:DeleteAccessKey", who, {"accessKeyId": day.key("AKIA")}, write=True)


def session_manager(day):
    """An engineer looks at a machine through Session Manager, and ends the session."""
    account, t = day.workload(), day.working()
    who = day.sso(day.rng.choice(day.world.people), account, "PowerUserAccess", t)
    session, instance = f"session-{day.hex(17)}", day.of(account, "instances")
    day.add(t, account, HOME, "ssm:DescribeInstanceInformation", who)
    day.add(t + 5, account, HOME, "ssm:StartSession", who, {"target": instance}, {"sessionId": session, "tokenValue": "Value hidden due to security reasons."}, write=True)
    day.add(t + 900, account, HOME, "ssm:TerminateSession", who, {"sessionId": session}, {"sessionId": session}, write=True)


def windows_password(day):
    """The administrator of a Windows host fetches its password, once."""
    account, t = day.workload(), day.working()
    who = day.sso(day.rng.choice(day.world.people), account, "PowerUserAccess", t, console=True)
    day.add(t, account, HOME, "ec2:GetPasswordData", who, {"instanceId": day.of(account, "instances")}, {"requestId": day.uuid()})
    day.add(t + 9, account, HOME, "ec2:GetConsoleScreenshot", who, {"instanceId": day.of(account, "instances")})


def single_command(day):
    """An engineer restarts a service on two machines by a command of the platform's own document."""
    account, t = day.workload(), day.working()
    who = day.sso(team(day, "platform"), account, "PowerUserAccess", t)
    day.add(t, account, HOME, "ssm:SendCommand", who, {"documentName": "platform-restart-service", "instanceIds": day.rng.sample(day.world.things[account]["instances"], 2),
            "interactive": False}, {"command": {"commandId": day.uuid(), "status": "Pending"}}, write=True)


# ---- infrastructure by pipeline ----

def infrastructure(day):
    """Terraform applies a new service: roles with trust in services, policies, groups open on 80 and 443, functions, keys."""
    account, t = day.workload(), day.working()
    who = pipeline(day, account, t)
    things, role = day.world.things[account], f"svc-{day.hex(5)}"
    org = {"StringEquals": {"aws:PrincipalOrgID": day.world.org}}
    bucket, key = day.rng.choice(things["buckets"]), day.rng.choice(things["keys"])
    group = day.id("sg")

    def do(call, req, resp=None):
        day.add(t + 40 + len(day.rows) % 60, account, HOME, call, who, req, resp, write=True)
    do("iam:CreateRole", {"roleName": role, "assumeRolePolicyDocument": policy(allow({"Service": "ecs-tasks.amazonaws.com"}, "sts:AssumeRole"))},
       {"role": {"roleName": role, "arn": f"arn:aws:iam::{account}:role/{role}"}})
    do("iam:PutRolePolicy", {"roleName": role, "policyName": "own", "policyDocument": policy(
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": f"arn:aws:s3:::{bucket}/*"})})
    do("iam:AttachRolePolicy", {"roleName": role, "policyArn": "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"})
    do("iam:CreatePolicyVersion", {"policyArn": f"arn:aws:iam::{account}:policy/app", "setAsDefault": True, "policyDocument": policy(
        {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": f"arn:aws:sqs:{HOME}:{account}:orders"})})
    do("iam:UpdateAssumeRolePolicy", {"roleName": "deploy-hook", "policyDocument": policy(allow(
        {"AWS": f"arn:aws:iam::{day.account('shared-services')}:root"}, "sts:AssumeRole", condition=org))})
    do("iam:UpdateAssumeRolePolicy", {"roleName": "pod-orders", "policyDocument": policy(allow(
        {"Federated": f"arn:aws:iam::{account}:oidc-provider/oidc.eks.{HOME}.amazonaws.com/id/ABC"}, "sts:AssumeRoleWithWebIdentity",
        condition={"StringEquals": {f"oidc.eks.{HOME}.amazonaws.com/id/ABC:sub": "system:serviceaccount:orders:orders"}}))})
    do("ec2:CreateSecurityGroup", {"groupName": f"alb-{day.hex(4)}", "vpcId": things["vpcs"][0]}, {"groupId": group})
    for port in (80, 443):
        do("ec2:AuthorizeSecurityGroupIngress", {"groupId": group, "ipPermissions": {"items": [
            {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "groups": {}, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}, "ipv6Ranges": {}, "prefixListIds": {}}]}},
            {"_return": True})
    do("ec2:AuthorizeSecurityGroupIngress", {"groupId": group, "ipPermissions": {"items": [
        {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "groups": {}, "ipRanges": {"items": [{"cidrIp": "198.51.100.0/28"}]}, "ipv6Ranges": {}, "prefixListIds": {}}]}}, {"_return": True})
    do("ec2:AuthorizeSecurityGroupEgress", {"groupId": group, "ipPermissions": {"items": [
        {"ipProtocol": "-1", "groups": {}, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]}}, {"_return": True})
    do("elasticloadbalancing:ModifyLoadBalancerAttributes", {"loadBalancerArn": f"arn:aws:elasticloadbalancing:{HOME}:{account}:loadbalancer/app/web/1", "attributes": [{"key": "access_logs.s3.enabled", "value": "true"}]})
    do("elasticloadbalancing:SetSecurityGroups", {"securityGroups": [group]})
    do("s3:PutBucketPolicy", {"bucketName": bucket, "policy": "", "bucketPolicy": json.loads(policy(
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}/*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        allow("*", "s3:GetObject", f"arn:aws:s3:::{bucket}/*", condition=org))), "Host": f"{bucket}.s3.amazonaws.com"})
    do("s3:PutBucketPublicAccessBlock", {"bucketName": bucket, "publicAccessBlock": "", "PublicAccessBlockConfiguration": {
        "RestrictPublicBuckets": True, "BlockPublicPolicy": True, "BlockPublicAcls": True, "IgnorePublicAcls": True}})
    do("s3:PutBucketEncryption", {"bucketName": bucket, "encryption": "", "ServerSideEncryptionConfiguration": {"Rule": {"ApplyServerSideEncryptionByDefault": {
        "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": f"arn:aws:kms:{HOME}:{account}:key/{key}"}}}})
    do("kms:CreateKey", {"keySpec": "SYMMETRIC_DEFAULT", "policy": policy(
        allow({"AWS": f"arn:aws:iam::{account}:root"}, "kms:*", "*"),
        allow({"AWS": "*"}, ["kms:Decrypt", "kms:GenerateDataKey"], "*", condition={"StringEquals": {"kms:CallerAccount": account, "kms:ViaService": f"s3.{HOME}.amazonaws.com"}}))})
    do("kms:PutKeyPolicy", {"keyId": key, "policyName": "default", "policy": policy(
        allow({"AWS": f"arn:aws:iam::{account}:root"}, "kms:*", "*"), allow({"AWS": f"arn:aws:iam::{day.account('backup')}:root"}, "kms:Decrypt", "*", condition=org))})
    do("kms:CreateGrant", {"keyId": key, "granteePrincipal": f"arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling", "operations": ["Decrypt", "CreateGrant"]})
    do("lambda:CreateFunction20150331", {"functionName": f"fn-{day.hex(5)}", "runtime": "python3.12", "role": f"arn:aws:iam::{account}:role/api-execution", "handler": "app.main"})
    do("lambda:AddPermission20150331v2", {"functionName": day.rng.choice(things["functions"]), "statementId": "events", "action": "lambda:InvokeFunction",
        "principal": "events.amazonaws.com", "sourceArn": f"arn:aws:events:{HOME}:{account}:rule/nightly"})
    do("lambda:AddPermission20150331v2", {"functionName": day.rng.choice(things["functions"]), "statementId": "api", "action": "lambda:InvokeFunction",
        "principal": "apigateway.amazonaws.com", "sourceArn": f"arn:aws:execute-api:{HOME}:{account}:abc123/*/GET/orders"})
    do("lambda:CreateFunctionUrlConfig", {"functionName": day.rng.choice(things["functions"]), "authType": "AWS_IAM"})
    do("sqs:SetQueueAttributes", {"queueUrl": f"https://sqs.{HOME}.amazonaws.com/{account}/orders", "attributes": {"Policy": policy(
        allow({"Service": "sns.amazonaws.com"}, "sqs:SendMessage", "*", condition={"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:{HOME}:{account}:orders"}}))}})
    do("ecr:SetRepositoryPolicy", {"repositoryName": "base", "policyText": policy(allow("*", ["ecr:BatchGetImage"], condition=org))})
    do("secretsmanager:PutResourcePolicy", {"secretId": day.rng.choice(things["secrets"]), "resourcePolicy": policy(
        allow({"AWS": f"arn:aws:iam::{day.account('shared-services')}:root"}, "secretsmanager:GetSecretValue", "*", condition=org)), "blockPublicPolicy": True})
    do("ec2:CreateRoute", {"routeTableId": day.id("rtb"), "destinationCidrBlock": "0.0.0.0/0", "gatewayId": day.id("igw")})
    do("ec2:CreateNetworkAclEntry", {"networkAclId": day.id("acl"), "ruleNumber": 110, "aclProtocol": "6", "ruleAction": "allow", "egress": False,
        "cidrBlock": "10.0.0.0/8", "portRange": {"from": 443, "to": 443}})
    do("ec2:CreateVpcEndpoint", {"CreateVpcEndpointRequest": {"VpcId": things["vpcs"][0], "ServiceName": f"com.amazonaws.{HOME}.s3", "VpcEndpointType": "Gateway"}})
    do("events:PutRule", {"name": "nightly", "scheduleExpression": "rate(1 day)", "state": "ENABLED"})
    do("ec2:ImportKeyPair", {"keyName": "bastion", "publicKeyMaterial": "c3NoLWVkMjU1MTk="})
    do("iam:CreateServiceLinkedRole", {"aWSServiceName": "ecs.amazonaws.com"})


def public_site(day):
    """A public web site: its bucket is read by its CDN's distribution alone; the ACL stays private."""
    account, t = day.account("web-prod"), day.working()
    who = pipeline(day, account, t)
    bucket = day.world.things[account]["buckets"][5]
    distribution = f"arn:aws:cloudfront::{account}:distribution/E{day.hex(13).upper()}"
    day.add(t + 40, account, HOME, "s3:PutBucketPolicy", who, {"bucketName": bucket, "policy": "", "bucketPolicy": json.loads(policy(
        allow({"Service": "cloudfront.amazonaws.com"}, "s3:GetObject", f"arn:aws:s3:::{bucket}/*", condition={"StringEquals": {"AWS:SourceArn": distribution}})))}, write=True)
    day.add(t + 41, account, HOME, "cloudfront:CreateInvalidation", who, {"distributionId": distribution[-14:], "invalidationBatch": {"paths": {"items": ["/*"]}}}, write=True)
    day.add(t + 42, account, HOME, "s3:PutBucketAcl", who, {"bucketName": bucket, "acl": "", "x-amz-acl": "private"}, write=True)
    day.add(t + 43, account, HOME, "s3:PutBucketWebsite", who, {"bucketName": bucket, "website": ""}, write=True)


def short_lifecycle(day):
    """Terraform lets temporary uploads expire after a day, in the bucket made for them."""
    account, t = day.workload(), day.working()
    who = pipeline(day, account, t)
    bucket = day.world.things[account]["buckets"][4]
    day.add(t + 40, account, HOME, "s3:PutBucketLifecycle", who, {"bucketName": bucket, "lifecycle": "", "LifecycleConfiguration": {"Rule": {
        "ID": "tmp", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}}}}, write=True)


def bootstrap_changed(day):
    """Terraform changes an instance's user data: stopped, changed, started again."""
    account, t = day.account("web-dev"), day.working()
    who = pipeline(day, account, t)
    instance = day.of(account, "instances")
    script = base64.b64encode(b"#!/bin/bash\nyum -y update\nsystemctl enable --now web\n").decode()
    day.add(t + 40, account, HOME, "ec2:StopInstances", who, {"instancesSet": {"items": [{"instanceId": instance}]}, "force": False}, write=True)
    day.add(t + 70, account, HOME, "ec2:ModifyInstanceAttribute", who, {"instanceId": instance, "userData": "<sensitiveDataRemoved>"}, {"_return": True}, write=True)
    day.add(t + 75, account, HOME, "ec2:StartInstances", who, {"instancesSet": {"items": [{"instanceId": instance}]}}, write=True)
    day.add(t + 90, account, HOME, "ec2:CreateLaunchTemplateVersion", who, {"CreateLaunchTemplateVersionRequest": {"LaunchTemplateData": {
        "UserData": script if day.rng.random() < 0.5 else base64.b64encode(gzip.compress(script.encode(), mtime=0)).decode()}}}, write=True)


def training_run(day):
    """The model team trains: a dozen large machines with accelerators for a night, by the cluster's own autoscaler."""
    account, t = day.account("ml-prod"), day.working()
    who = day.task(account, "pod-karpenter", t, "karpenter.sh-0.36.1 aws-sdk-go/1.51.0 (go1.22.2; linux; amd64)")
    for _ in range(12):
        day.add(t, account, HOME, "ec2:CreateFleet", who, {"CreateFleetRequest": {"Type": "instant", "TargetCapacitySpecification": {"TotalTargetCapacity": 1},
                "LaunchTemplateConfigs": {"Overrides": [{"InstanceType": "p4d.24xlarge"}]}}}, write=True)
        day.add(t + 3, account, HOME, "ec2:RunInstances", who, {"instanceType": "g5.12xlarge", "instancesSet": {"items": [{"imageId": day.of(account, "images"), "minCount": 1, "maxCount": 1}]},
                "iamInstanceProfile": {"name": "karpenter-node"}},
                error=("Server.InsufficientInstanceCapacity", "There is no Spot capacity available that matches your request.") if day.rng.random() < 0.4 else None, write=True)


def identity_provider(day):
    """The certificate of the company's identity provider is renewed; a new cluster registers its own issuer."""
    account, t = day.account("identity"), day.working()
    who = pipeline(day, account, t)
    day.add(t + 40, account, HOME, "iam:UpdateSAMLProvider", who, {"sAMLProviderArn": f"arn:aws:iam::{account}:saml-provider/company", "sAMLMetadataDocument": "<EntityDescriptor/>"}, write=True)
    day.add(t + 44, account, HOME, "iam:CreateOpenIDConnectProvider", who, {"url": f"https://oidc.eks.{HOME}.amazonaws.com/id/{day.hex(32).upper()}", "clientIDList": ["sts.amazonaws.com"]}, write=True)
    day.add(t + 50, account, HOME, "eks:CreateCluster", who, {"name": "main-2", "roleArn": f"arn:aws:iam::{account}:role/eks", "resourcesVpcConfig": {"endpointPublicAccess": False}}, write=True)


def permission_sets(day):
    """Identity Center lays its roles into an account: administrators' among them."""
    account, t = day.rng.choice(day.world.accounts), day.working()
    who = day.linked(account, "SSO", "sso.amazonaws.com", t, "AWS-SSO")
    role = f"AWSReservedSSO_AdministratorAccess_{day.hex(16)}"
    saml = f"arn:aws:iam::{account}:saml-provider/AWSSSO_{day.world.store}_DO_NOT_DELETE"
    day.add(t, account, HOME, "iam:CreateRole", who, {"path": f"/aws-reserved/sso.amazonaws.com/{HOME}/", "roleName": role, "assumeRolePolicyDocument": policy(
        allow({"Federated": saml}, ["sts:AssumeRoleWithSAML", "sts:TagSession"], condition={"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}))}, write=True)
    day.add(t + 2, account, HOME, "iam:AttachRolePolicy", who, {"roleName": role, "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}, write=True)
    day.add(t + 3, account, HOME, "iam:UpdateSAMLProvider", who, {"sAMLProviderArn": saml, "sAMLMetadataDocument": "<EntityDescriptor/>"}, write=True)


def image_shared(day):
    """The golden image is shared with the organisation and with each account of it; old ones are deregistered."""
    account, t = day.account("shared-services"), day.start + 5 * 3600
    who = day.session(account, "image-builder", "pipeline", t, "imagebuilder.amazonaws.com", "imagebuilder.amazonaws.com", extra={"invokedBy": "imagebuilder.amazonaws.com"})
    image = day.of(account, "images")
    day.add(t, account, HOME, "ec2:ModifyImageAttribute", who, {"imageId": image, "attributeType": "launchPermission", "launchPermission": {"add": {"items": [
        {"organizationArn": f"arn:aws:organizations::{day.world.accounts[0]}:organization/{day.world.org}"}]}}}, {"_return": True}, write=True)
    day.add(t + 1, account, HOME, "ec2:ModifyImageAttribute", who, {"imageId": image, "attributeType": "launchPermission", "launchPermission": {"add": {"items": [
        {"userId": a} for a in day.world.accounts[1:8]]}}}, {"_return": True}, write=True)
    day.add(t + 2, account, HOME, "ec2:DeregisterImage", who, {"imageId": day.id("ami")}, write=True)
    day.add(t + 3, account, HOME, "ram:CreateResourceShare", who, {"name": "network", "allowExternalPrincipals": False, "principals": [
        f"arn:aws:organizations::{day.world.accounts[0]}:organization/{day.world.org}"]}, write=True)


def restored_in_dev(day):
    """A database's snapshot is shared with the development account of the same team and restored there, private."""
    prod, dev, t = day.account("payments-prod"), day.account("payments-dev"), day.working()
    who = day.task(prod, "nightly-copy", t)
    snapshot = f"arn:aws:rds:{HOME}:{prod}:snapshot:masked-{day.hex(6)}"
    day.add(t, prod, HOME, "rds:CreateDBSnapshot", who, {"dBInstanceIdentifier": day.of(prod, "databases"), "dBSnapshotIdentifier": snapshot[-13:]}, write=True)
    day.add(t + 300, prod, HOME, "rds:ModifyDBSnapshotAttribute", who, {"dBSnapshotIdentifier": snapshot[-13:], "attributeName": "restore", "valuesToAdd": [dev]}, write=True)
    other = day.task(dev, "nightly-copy", t)
    day.add(t + 600, dev, HOME, "rds:RestoreDBInstanceFromDBSnapshot", other, {"dBInstanceIdentifier": "masked", "dBSnapshotIdentifier": snapshot, "publiclyAccessible": False}, write=True)
    day.add(t + 1800, dev, HOME, "rds:ModifyDBInstance", other, {"dBInstanceIdentifier": "masked", "masterUserPassword": "****", "applyImmediately": True}, write=True)
    day.add(t + 9000, dev, HOME, "rds:DeleteDBInstance", other, {"dBInstanceIdentifier": "masked-old", "skipFinalSnapshot": True, "deleteAutomatedBackups": True}, write=True)


def tables_exported(day):
    """The lake's nightly export of tables, into the company's own bucket."""
    account, t = day.account("data-prod"), day.start + 3600
    who = day.task(account, "etl-job", t)
    for table in day.world.things[account]["tables"]:
        day.add(t, account, HOME, "dynamodb:ExportTableToPointInTime", who, {"tableArn": f"arn:aws:dynamodb:{HOME}:{account}:table/{table}",
                "s3Bucket": day.world.things[account]["buckets"][3], "exportFormat": "DYNAMODB_JSON"}, write=True)
    day.add(t + 60, account, HOME, "rds:StartExportTask", who, {"exportTaskIdentifier": "nightly", "s3BucketName": day.world.things[account]["buckets"][3]}, write=True)
    day.add(t + 90, account, HOME, "athena:StartQueryExecution", who, {"queryString": "***", "workGroup": "nightly"}, write=True)


# ---- the security team ----

def security_work(day):
    """The security team tunes its tools: findings worked on by automation, noise filtered with a reason, standards replaced."""
    account, t = day.account("security"), day.working()
    soar = day.task(account, "response-automation", t)
    person = day.sso(team(day, "security"), account, "SecurityAudit", t, console=True, ip=day.world.office[0])
    for _ in range(6):
        day.add(t, account, HOME, "securityhub:BatchUpdateFindings", soar, {"workflow": {"status": "RESOLVED"}, "note": {"text": "closed by playbook", "updatedBy": "response"}}, write=True)
    day.add(t + 60, account, HOME, "guardduty:ListFindings", person, {"detectorId": day.hex(32)})
    day.add(t + 70, account, HOME, "guardduty:ArchiveFindings", person, {"detectorId": day.hex(32), "findingIds": [day.hex(32)]}, write=True)
    pipe = pipeline(day, account, t + 100)
    day.add(t + 140, account, HOME, "guardduty:UpdateDetector", pipe, {"detectorId": day.hex(32), "enable": True, "features": [{"name": "RUNTIME_MONITORING", "status": "ENABLED"}],
            "findingPublishingFrequency": "FIFTEEN_MINUTES"}, write=True)
    day.add(t + 141, account, HOME, "guardduty:UpdateIPSet", pipe, {"detectorId": day.hex(32), "ipSetId": day.hex(32), "activate": True}, write=True)
    day.add(t + 142, account, HOME, "securityhub:BatchEnableStandards", pipe, {"standardsSubscriptionRequests": [{"standardsArn": f"arn:aws:securityhub:{HOME}::standards/cis/v/3.0.0"}]}, write=True)
    day.add(t + 150, account, HOME, "securityhub:BatchDisableStandards", pipe, {"standardsSubscriptionArns": [f"arn:aws:securityhub:{HOME}:{account}:subscription/cis/v/1.2.0"]}, write=True)
    day.add(t + 160, account, HOME, "bedrock:PutModelInvocationLoggingConfiguration", pipe, {"loggingConfig": {"textDataDeliveryEnabled": True}}, write=True)
    day.add(t + 161, account, HOME, "bedrock:UpdateGuardrail", pipe, {"guardrailIdentifier": day.hex(12), "name": "default"}, write=True)
    day.add(t + 165, account, HOME, "config:PutConfigurationRecorder", pipe, {"configurationRecorder": {"name": "default", "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True}}}, write=True)
    day.add(t + 170, account, HOME, "wafv2:UpdateWebACL", pipe, {"name": "public", "scope": "REGIONAL", "defaultAction": {"allow": {}}}, write=True)


def cross_account_operator(day):
    """The platform's automation assumes its role in every account of the organisation, one after another."""
    hub, t = day.account("shared-services"), day.working()
    who = day.task(hub, "fleet-operator", t)
    for account in day.world.accounts:
        day.assume(t, hub, who, account, "fleet-operator", "inventory")
        inner = day.session(account, "fleet-operator", "inventory", t, who.ip, who.agent)
        read_burst(day, t + 5, account, HOME, inner, 6, ["ec2", "ssm"], 0.5)
        t += 4


def support_case(day):
    """An engineer opens a case with AWS's support."""
    account, t = day.workload(), day.working()
    who = day.sso(day.rng.choice(day.world.people), account, "PowerUserAccess", t, console=True)
    day.add(t, account, HOME, "support:CreateCase", who, {"subject": "HIDDEN_DUE_TO_SECURITY_REASONS", "severityCode": "normal"}, {"caseId": "case-" + day.hex(12)}, write=True)
    day.add(t + 9, account, HOME, "servicequotas:RequestServiceQuotaIncrease", who, {"serviceCode": "ec2", "quotaCode": "L-1216C47A", "desiredValue": 256}, write=True)
    day.add(t + 90, account, HOME, "ec2:CreateKeyPair", who, {"keyName": f"debug-{day.hex(3)}", "keyType": "ed25519"}, write=True)


RARE = [(planned_teardown, 6), (trail_widened, 2), (guardrail_replaced, 4), (account_vended, 2), (region_opened, 2), (insight, 12),
        (break_glass, 1), (emergency_admin, 4), (support_root, 20), (new_phone, 3), (mistyped_password, 30), (traveller, 8), (new_engineer, 6),
        (user_onboarded, 3), (forgotten_password, 4), (key_rotation, 3), (own_key, 10), (session_manager, 60), (windows_password, 10),
        (single_command, 20), (infrastructure, 60), (public_site, 6), (short_lifecycle, 4), (bootstrap_changed, 6), (training_run, 8),
        (identity_provider, 2), (permission_sets, 10), (image_shared, 4), (restored_in_dev, 8), (tables_exported, 30), (security_work, 10),
        (cross_account_operator, 20), (support_case, 12)]
