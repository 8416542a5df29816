#!/usr/bin/env python3
"""Writes the exports of an organisation that does not exist, as large as asked for, the same for the same numbers.

    tools/gen_organization.py FOLDER [--accounts N] [--users N] [--roles N] [--policies N] [--regions N] [--items N]
                              [--workloads N] [--seed N]

Envelopes as the script of `vigil import --script` writes them: the organisation with its tree and policies; of each
account IAM's details, credential report, summary, password policy and contacts; of each account and region the status of
the services and a snapshot of AWS Config; a mapping of workloads. Accounts are good and bad by turns, as they are: one
user in eight has no MFA, one account in ten no detector in some region. The defaults come to about 2.2 MB an account,
1,000 accounts to 2.2 GB.
"""
import argparse
import base64
import json
import pathlib
import random

REGIONS = ["eu-west-1", "us-east-1", "eu-central-1", "us-west-2", "ap-southeast-2", "eu-north-1", "ap-northeast-1",
           "us-east-2", "ca-central-1", "sa-east-1", "eu-west-2", "eu-west-3", "ap-south-1", "ap-northeast-2",
           "ap-northeast-3", "ap-southeast-1", "us-west-1"]
MANAGEMENT = "100000000000"
ORG = "o-genorganiz"
TIME = "2026-11-20T08:00:00Z"
ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "dynamodb:GetItem", "dynamodb:Query", "sqs:SendMessage",
           "sqs:ReceiveMessage", "kms:Decrypt", "kms:GenerateDataKey", "logs:CreateLogStream", "logs:PutLogEvents",
           "ec2:DescribeInstances", "sns:Publish", "lambda:InvokeFunction", "secretsmanager:GetSecretValue",
           "cloudwatch:PutMetricData", "states:StartExecution", "events:PutEvents", "ssm:GetParameter"]


def account_id(i):
    return MANAGEMENT if i == 0 else str(200000000000 + i * 7919)


def arn(kind, rest):
    return f"arn:aws:organizations::{MANAGEMENT}:{kind}/{ORG}/{rest}"


class Writer:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.bytes = self.files = 0

    def text(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.bytes += len(text)
        self.files += 1

    def envelope(self, name, operation, account, output, region="us-east-1", error="", **parameters):
        self.text(name, json.dumps({
            "vigil": "envelope/1", "operation": operation, "parameters": parameters, "account": account,
            "region": region, "partition": "aws", "time": TIME, "exit": 254 if error else 0, "error": error,
            "output": None if error else output}))


def statement(rng, account):
    return {"Sid": f"S{rng.randrange(10**6)}", "Effect": "Allow", "Action": rng.sample(ACTIONS, 6),
            "Resource": [f"arn:aws:s3:::data-{rng.randrange(10**6)}/*", f"arn:aws:dynamodb:*:{account}:table/t{rng.randrange(1000)}"],
            "Condition": {"StringEquals": {"aws:RequestedRegion": rng.sample(REGIONS, 3)}}}


def details(rng, account, users, roles, policies):
    role = lambda i: {
        "Path": "/app/", "RoleName": f"app-role-{i}", "RoleId": f"AROA{rng.randrange(16**12):012X}",
        "Arn": f"arn:aws:iam::{account}:role/app/app-role-{i}", "CreateDate": "2025-03-01T09:00:00+00:00",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
        "InstanceProfileList": [],
        "RolePolicyList": [{"PolicyName": "inline", "PolicyDocument": {
            "Version": "2012-10-17", "Statement": [statement(rng, account) for _ in range(4)]}}],
        "AttachedManagedPolicies": [{"PolicyName": f"app-{i % policies}", "PolicyArn": f"arn:aws:iam::{account}:policy/app-{i % policies}"}],
        "Tags": [{"Key": "app", "Value": f"app-{i % 25}"}, {"Key": "owner", "Value": "team@example.com"}],
        "RoleLastUsed": {"LastUsedDate": "2026-11-01T00:00:00+00:00", "Region": "eu-west-1"}}
    user = lambda i: {
        "Path": "/", "UserName": f"user-{i}", "UserId": f"AIDA{rng.randrange(16**12):012X}",
        "Arn": f"arn:aws:iam::{account}:user/user-{i}", "CreateDate": "2025-01-01T00:00:00+00:00",
        "GroupList": ["developers"], "AttachedManagedPolicies": [], "Tags": []}
    policy = lambda i: {
        "PolicyName": f"app-{i}", "PolicyId": f"ANPA{rng.randrange(16**12):012X}", "Arn": f"arn:aws:iam::{account}:policy/app-{i}",
        "Path": "/", "DefaultVersionId": "v1", "AttachmentCount": 3, "PermissionsBoundaryUsageCount": 0, "IsAttachable": True,
        "CreateDate": "2025-01-01T00:00:00+00:00", "UpdateDate": "2025-06-01T00:00:00+00:00",
        "PolicyVersionList": [{"Document": {"Version": "2012-10-17", "Statement": [statement(rng, account) for _ in range(6)]},
                               "VersionId": "v1", "IsDefaultVersion": True, "CreateDate": "2025-01-01T00:00:00+00:00"}]}
    return {"UserDetailList": [user(i) for i in range(users)],
            "GroupDetailList": [{"Path": "/", "GroupName": "developers", "GroupId": "AGPA1",
                                 "Arn": f"arn:aws:iam::{account}:group/developers", "CreateDate": "2025-01-01T00:00:00+00:00",
                                 "GroupPolicyList": [], "AttachedManagedPolicies": []}],
            "RoleDetailList": [role(i) for i in range(roles)], "Policies": [policy(i) for i in range(policies)]}


def report(rng, account, users):
    head = ("user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
            "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
            "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
            "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
            "cert_1_last_rotated,cert_2_active,cert_2_last_rotated")
    no_keys, no_certificates = "false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A", "false,N/A,false,N/A"
    lines = [head, f"<root_account>,arn:aws:iam::{account}:root,2024-01-01T00:00:00+00:00,not_supported,no_information,"
                   f"not_supported,not_supported,{rng.choice(['true'] * 9 + ['false'])},{no_keys},{no_certificates}"]
    for i in range(users):
        key = f"true,2026-{rng.randrange(1, 12):02d}-01T00:00:00+00:00,2026-11-0{rng.randrange(1, 10)}T00:00:00+00:00,eu-west-1,s3"
        keys = f"{key},false,N/A,N/A,N/A,N/A" if i % 3 == 0 else no_keys
        lines.append(f"user-{i},arn:aws:iam::{account}:user/user-{i},2025-01-01T00:00:00+00:00,true,"
                     f"2026-{rng.randrange(6, 12):02d}-01T00:00:00+00:00,2026-01-01T00:00:00+00:00,N/A,"
                     f"{rng.choice(['true'] * 7 + ['false'])},{keys},{no_certificates}")
    return base64.b64encode("\n".join(lines).encode()).decode()


def item(rng, account, region, i):
    kind = i % 4
    common = {"configurationItemVersion": "1.3", "configurationItemCaptureTime": "2026-11-19T10:00:00.000Z",
              "configurationStateId": 1, "awsAccountId": account, "configurationItemStatus": "OK", "awsRegion": region,
              "availabilityZone": "Multiple", "tags": {"app": f"app-{i % 25}", "env": "prod"}, "relatedEvents": [],
              "relationships": [], "resourceCreationTime": "2025-01-01T00:00:00.000Z"}
    if kind == 0:
        name = f"data-{account}-{region}-{i}"
        return dict(common, resourceType="AWS::S3::Bucket", resourceId=name, resourceName=name, ARN=f"arn:aws:s3:::{name}",
                    configuration={"name": name, "creationDate": "2025-01-01T00:00:00.000Z", "region": region},
                    supplementaryConfiguration={
                        "BucketVersioningConfiguration": {"status": "Enabled"},
                        "ServerSideEncryptionConfiguration": {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}]},
                        "PublicAccessBlockConfiguration": {"blockPublicAcls": True, "blockPublicPolicy": True, "ignorePublicAcls": True, "restrictPublicBuckets": True},
                        "BucketPolicy": {"policyText": json.dumps({"Version": "2012-10-17", "Statement": [{**statement(rng, account), "Principal": {"AWS": account}}]})}})
    if kind == 1:
        name = f"sg-{rng.randrange(16**17):017x}"
        return dict(common, resourceType="AWS::EC2::SecurityGroup", resourceId=name, resourceName="web",
                    ARN=f"arn:aws:ec2:{region}:{account}:security-group/{name}",
                    configuration={"groupId": name, "groupName": "web", "description": "web", "vpcId": "vpc-1",
                                   "ipPermissions": [{"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "ipv4Ranges": [
                                       {"cidrIp": f"10.{rng.randrange(256)}.0.0/16"} for _ in range(5)], "ipv6Ranges": []}]},
                    supplementaryConfiguration={})
    if kind == 2:
        name = f"i-{rng.randrange(16**17):017x}"
        return dict(common, resourceType="AWS::EC2::Instance", resourceId=name,
                    ARN=f"arn:aws:ec2:{region}:{account}:instance/{name}",
                    configuration={"instanceId": name, "imageId": "ami-1", "instanceType": "m6i.large", "subnetId": "subnet-1",
                                   "state": {"name": "running"}, "metadataOptions": {"httpTokens": "required"},
                                   "securityGroups": [{"groupId": "sg-1"}], "monitoring": {"state": "enabled"}},
                    supplementaryConfiguration={})
    name = f"fn-{i}"
    return dict(common, resourceType="AWS::Lambda::Function", resourceId=name, resourceName=name,
                ARN=f"arn:aws:lambda:{region}:{account}:function:{name}",
                configuration={"functionName": name, "functionArn": f"arn:aws:lambda:{region}:{account}:function:{name}",
                               "runtime": "python3.12", "role": f"arn:aws:iam::{account}:role/app/app-role-{i}", "timeout": 30,
                               "memorySize": 256, "vpcConfig": {"subnetIds": [], "securityGroupIds": []}},
                supplementaryConfiguration={})


def organization(out, rng, accounts):
    put = lambda name, operation, output, **parameters: out.envelope(f"organization/{name}.json", f"organizations:{operation}", MANAGEMENT, output, **parameters)
    units = [f"ou-gen1-{i:08d}" for i in range(1 + accounts // 25)]
    put("organization", "DescribeOrganization", {"Organization": {
        "Id": ORG, "Arn": f"arn:aws:organizations::{MANAGEMENT}:organization/{ORG}", "FeatureSet": "ALL",
        "MasterAccountId": MANAGEMENT, "MasterAccountEmail": "root@example.com", "AvailablePolicyTypes": []}})
    account = lambda i: {"Id": account_id(i), "Arn": arn("account", account_id(i)), "Email": f"aws+{i}@example.com",
                         "Name": f"account-{i}", "Status": "ACTIVE", "JoinedMethod": "CREATED", "JoinedTimestamp": "2024-01-01T00:00:00+00:00"}
    put("accounts", "ListAccounts", {"Accounts": [account(i) for i in range(accounts)]})
    put("roots", "ListRoots", {"Roots": [{"Id": "r-gen1", "Arn": arn("root", "r-gen1"), "Name": "Root", "PolicyTypes": [
        {"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]}]})
    put("units/r-gen1", "ListOrganizationalUnitsForParent", {"OrganizationalUnits": [
        {"Id": u, "Arn": arn("ou", u), "Name": f"Unit {i}"} for i, u in enumerate(units)]}, ParentId="r-gen1")
    put("accounts/r-gen1", "ListAccountsForParent", {"Accounts": [account(0)]}, ParentId="r-gen1")
    for k, unit in enumerate(units):
        put(f"accounts/{unit}", "ListAccountsForParent", {"Accounts": [account(i) for i in range(1, accounts) if i % len(units) == k]}, ParentId=unit)
    policies = [f"p-gen{i:05d}" for i in range(10)]
    summary = lambda p: {"Id": p, "Arn": arn("policy", f"service_control_policy/{p}"), "Name": p, "Description": "", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": False}
    put("policies/list", "ListPolicies", {"Policies": [summary(p) for p in policies]}, Filter="SERVICE_CONTROL_POLICY")
    for p in policies:
        content = {"Version": "2012-10-17", "Statement": [dict(statement(rng, MANAGEMENT), Effect="Deny", Resource="*")]}
        put(f"policies/{p}", "DescribePolicy", {"Policy": {"PolicySummary": summary(p), "Content": json.dumps(content)}})
        put(f"policies/{p}-targets", "ListTargetsForPolicy", {"Targets": [{"TargetId": rng.choice(units), "Name": "u", "Type": "ORGANIZATIONAL_UNIT"}]}, PolicyId=p)


def region_files(out, rng, account, region, items):
    put = lambda name, operation, output, **more: out.envelope(f"{account}/{region}/{name}.json", operation, account, output, region=region, **more)
    trail = f"arn:aws:cloudtrail:us-east-1:{MANAGEMENT}:trail/organization"
    put("trails", "cloudtrail:DescribeTrails", {"trailList": [{"Name": "organization", "S3BucketName": "logs", "TrailARN": trail, "HomeRegion": "us-east-1", "IsMultiRegionTrail": True, "IsOrganizationTrail": True, "LogFileValidationEnabled": True}]})
    put("trail-status", "cloudtrail:GetTrailStatus", {"IsLogging": True, "LatestDeliveryTime": "2026-11-20T07:00:00+00:00"}, Name=trail)
    put("recorders", "config:DescribeConfigurationRecorders", {"ConfigurationRecorders": [{"name": "default", "roleARN": f"arn:aws:iam::{account}:role/config", "recordingGroup": {"allSupported": True}}]})
    put("recorder-status", "config:DescribeConfigurationRecorderStatus", {"ConfigurationRecordersStatus": [{"name": "default", "recording": True, "lastStatus": "SUCCESS"}]})
    put("channels", "config:DescribeDeliveryChannels", {"DeliveryChannels": [{"name": "default", "s3BucketName": "config"}]})
    is_on = rng.randrange(20) > 0
    put("detectors", "guardduty:ListDetectors", {"DetectorIds": ["d" * 32] if is_on else []})
    if is_on:
        put("detector", "guardduty:GetDetector", {"Status": "ENABLED", "FindingPublishingFrequency": "SIX_HOURS", "ServiceRole": f"arn:aws:iam::{account}:role/gd"}, DetectorId="d" * 32)
    put("hub", "securityhub:DescribeHub", {"HubArn": f"arn:aws:securityhub:{region}:{account}:hub/default", "SubscribedAt": "2025-01-01T00:00:00Z", "AutoEnableControls": True})
    put("analyzers", "accessanalyzer:ListAnalyzers", {"analyzers": []})
    put("inspector", "inspector2:BatchGetAccountStatus", {"accounts": [{"accountId": account, "state": {"status": "ENABLED"}, "resourceState": {"ec2": {"status": "ENABLED"}}}], "failedAccounts": []})
    out.text(f"{account}/{region}/{account}_Config_{region}_ConfigSnapshot_20261120T080000Z_snapshot.json",
             json.dumps({"fileVersion": "1.0", "configSnapshotId": f"snap-{account}-{region}",
                         "configurationItems": [item(rng, account, region, i) for i in range(items)]}))


def workloads(out, accounts, count):
    """One account a production and one a development environment, as many as there are accounts for."""
    lines = ["workloads:"]
    for i in range(min(count, (accounts - 1) // 2)):
        lines += [f"  - name: workload-{i:04d}", f"    function: function {i % 20}", f"    owner: team-{i % 50}@example.com",
                  "    environments:", f'      - {{name: prod, accounts: ["{account_id(2 * i + 1)}"]}}',
                  f'      - {{name: dev, accounts: ["{account_id(2 * i + 2)}"]}}']
    if len(lines) > 1:
        out.text("workloads.yaml", "\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    for name, default in (("accounts", 1000), ("users", 15), ("roles", 500), ("policies", 40), ("regions", 4), ("items", 210),
                          ("workloads", 300), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    out = Writer(args.folder)
    organization(out, rng, args.accounts)
    # The bulk is made once and told apart by the account's id: what differs between accounts matters to nobody, time does.
    first = account_id(0)
    bulk = json.dumps(details(rng, first, args.users, args.roles, args.policies))
    workloads(out, args.accounts, args.workloads)
    for i in range(args.accounts):
        account = account_id(i)
        put = lambda name, operation, output, **more: out.envelope(f"{account}/{name}.json", operation, account, output, **more)
        head = json.dumps({"vigil": "envelope/1", "operation": "iam:GetAccountAuthorizationDetails", "parameters": {}, "account": account, "time": TIME, "exit": 0})
        out.text(f"{account}/iam/details.json", head[:-1] + ', "output": ' + bulk.replace(first, account) + "}")
        local = random.Random(args.seed * 1000003 + i)
        put("iam/credential-report", "iam:GetCredentialReport", {"Content": report(local, account, args.users), "ReportFormat": "text/csv", "GeneratedTime": "2026-11-20T08:00:00+00:00"})
        put("iam/summary", "iam:GetAccountSummary", {"SummaryMap": {"Users": args.users, "AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0}})
        put("iam/password-policy", "iam:GetAccountPasswordPolicy", None, error="An error occurred (NoSuchEntity) when calling the GetAccountPasswordPolicy operation: none")
        put("regions", "account:ListRegions", {"Regions": [{"RegionName": r, "RegionOptStatus": "ENABLED_BY_DEFAULT"} for r in REGIONS[:args.regions]]})
        put("contact", "account:GetAlternateContact", {"AlternateContact": {"AlternateContactType": "SECURITY", "Name": "Security", "EmailAddress": "security@example.com", "PhoneNumber": "+1 555 0100", "Title": "team"}}, AlternateContactType="SECURITY")
        for region in REGIONS[:args.regions]:
            region_files(out, local, account, region, args.items)
    print(f"{out.files} files, {out.bytes} bytes")


main()
