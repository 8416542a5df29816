#!/usr/bin/env python3
"""What was used of what is granted: `vigil org simulate`, `vigil iam generate`, `vigil iam unused`, on an account and logs
that are made here."""
import gzip
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run, skip  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
VIGIL = os.environ.get("VIGIL_BIN") or os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
DATA = Path(os.environ.get("VIGIL_TEST_DATA", ROOT.parent / "shared" / "data"))
HOME = Path(tempfile.mkdtemp(prefix="vigil-usage-"))
MANAGEMENT, MEMBER, OTHER = "111111111111", "222222222222", "333333333333"
FULL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def role(name, *documents, path="/", profiles=()):
    return {"Path": path, "RoleName": name, "RoleId": "AROA" + name.upper().ljust(17, "X")[:17],
            "Arn": f"arn:aws:iam::{MEMBER}:role{path}{name}", "CreateDate": "2025-01-01T00:00:00Z",
            "AssumeRolePolicyDocument": policy({"Effect": "Allow", "Action": "sts:AssumeRole",
                                                "Principal": {"Service": "ec2.amazonaws.com"}}),
            "InstanceProfileList": [{"Path": "/", "InstanceProfileName": p, "InstanceProfileId": "AIPA" + p.upper().ljust(17, "X"),
                                     "Arn": f"arn:aws:iam::{MEMBER}:instance-profile/{p}", "CreateDate": "2025-01-01T00:00:00Z",
                                     "Roles": [{"RoleName": name, "Arn": f"arn:aws:iam::{MEMBER}:role{path}{name}"}]}
                                    for p in profiles],
            "AttachedManagedPolicies": [], "Tags": [],
            "RolePolicyList": [{"PolicyName": f"inline-{i}", "PolicyDocument": d} for i, d in enumerate(documents)]}


def envelope(operation, parameters, output, account=MANAGEMENT):
    return json.dumps({"vigil": "envelope/1", "operation": operation, "parameters": parameters, "account": account,
                       "region": "", "partition": "aws", "time": "2026-06-30T00:00:00Z", "exit": 0, "error": "",
                       "output": output})


def workspace(roles, scps=None):
    """An organisation of three accounts, two of them below an OU, and the member's roles."""
    arn = f"arn:aws:organizations::{MANAGEMENT}:%s/o-testtest00/%s"
    accounts = {MANAGEMENT: "r-test", MEMBER: "ou-test-00000001", OTHER: "r-test"}
    lines = [
        envelope("organizations:DescribeOrganization", {}, {"Organization": {
            "Id": "o-testtest00", "Arn": arn % ("organization", "o-testtest00"), "FeatureSet": "ALL",
            "MasterAccountId": MANAGEMENT, "MasterAccountEmail": "m@example.com", "MasterAccountArn": arn % ("account", MANAGEMENT)}}),
        envelope("organizations:ListRoots", {}, {"Roots": [{
            "Id": "r-test", "Arn": arn % ("root", "r-test"), "Name": "Root",
            "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]}]}),
        envelope("organizations:ListAccounts", {}, {"Accounts": [
            {"Id": a, "Name": a, "Email": f"{a}@example.com", "Arn": arn % ("account", a), "Status": "ACTIVE",
             "JoinedMethod": "CREATED", "JoinedTimestamp": 1600000000} for a in accounts]}),
        envelope("organizations:ListOrganizationalUnitsForParent", {"ParentId": "r-test"}, {"OrganizationalUnits": [
            {"Id": "ou-test-00000001", "Name": "Workloads", "Arn": arn % ("ou", "ou-test-00000001")}]}),
        envelope("organizations:ListOrganizationalUnitsForParent", {"ParentId": "ou-test-00000001"}, {"OrganizationalUnits": []}),
    ]
    for parent in ("r-test", "ou-test-00000001"):
        lines.append(envelope("organizations:ListAccountsForParent", {"ParentId": parent}, {"Accounts": [
            {"Id": a, "Name": a, "Email": f"{a}@example.com", "Arn": arn % ("account", a), "Status": "ACTIVE",
             "JoinedMethod": "CREATED", "JoinedTimestamp": 1600000000} for a, p in accounts.items() if p == parent]}))
    policies = {"p-FullAWSAccess": ("FullAWSAccess", policy(FULL), ["r-test", "ou-test-00000001", *accounts]),
                **(scps or {})}
    lines.append(envelope("organizations:ListPolicies", {"Filter": "SERVICE_CONTROL_POLICY"}, {"Policies": [
        {"Id": i, "Arn": arn % ("policy", i), "Name": n, "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": i == "p-FullAWSAccess"}
        for i, (n, _, _) in policies.items()]}))
    for i, (name, document, targets) in policies.items():
        lines.append(envelope("organizations:DescribePolicy", {"PolicyId": i}, {"Policy": {
            "PolicySummary": {"Id": i, "Arn": arn % ("policy", i), "Name": name, "Type": "SERVICE_CONTROL_POLICY",
                              "AwsManaged": i == "p-FullAWSAccess"}, "Content": json.dumps(document)}}))
        lines.append(envelope("organizations:ListTargetsForPolicy", {"PolicyId": i}, {"Targets": [
            {"TargetId": t, "Arn": arn % ("x", t), "Name": t, "Type": "ACCOUNT" if t.isdigit() else "ROOT"} for t in targets]}))
    lines.append(envelope("iam:GetAccountAuthorizationDetails", {}, {
        "UserDetailList": [], "GroupDetailList": [], "RoleDetailList": roles, "Policies": []}, MEMBER))
    folder, place = HOME / "evidence", HOME / "workspace"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(place, ignore_errors=True)
    folder.mkdir()
    (folder / "all.jsonl").write_text("\n".join(lines) + "\n")
    done = subprocess.run([VIGIL, "import", str(folder), "--workspace", str(place), "--quiet"], capture_output=True, text=True)
    equal(done.returncode, 0, done.stdout + done.stderr)
    return place


class Logs:
    def __init__(self):
        self.records = []

    def call(self, name, source, event, times=1, account=MEMBER, region="eu-west-1", day="2026-06-20", **more):
        for _ in range(times):
            self.records.append({
                "eventVersion": "1.09", "eventID": f"id-{len(self.records)}", "eventTime": f"{day}T10:00:00Z",
                "eventSource": f"{source}.amazonaws.com", "eventName": event, "awsRegion": region, "eventType": "AwsApiCall",
                "eventCategory": "Management", "recipientAccountId": account, "sourceIPAddress": "192.0.2.1",
                "userIdentity": {"type": "AssumedRole", "arn": f"arn:aws:sts::{account}:assumed-role/{name}/s",
                                 "accountId": account, "sessionContext": {
                                     "attributes": {"mfaAuthenticated": "false"},
                                     "sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{account}:role/{name}",
                                                       "accountId": account, "userName": name}}}, **more})
        return self

    def write(self):
        folder = HOME / "logs"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        half = len(self.records) // 2
        (folder / "a_CloudTrail_x.json.gz").write_bytes(gzip.compress(json.dumps({"Records": self.records[:half]}).encode()))
        (folder / "b_CloudTrail_x.json").write_text(json.dumps({"Records": self.records[half:]}))
        (folder / "README.md").write_text("not a log\n")
        return folder


def vigil(*words, code=0):
    done = subprocess.run([VIGIL, *map(str, words)], capture_output=True, text=True)
    equal(done.returncode, code, done.stdout + done.stderr)
    return done


def simulate(place, logs, document, *words, code=1):
    file = HOME / "policy.json"
    file.write_text(json.dumps(document, indent=1))
    out = vigil("org", "simulate", file, logs.write(), "--workspace", place, "--format", "json", *words, code=code).stdout
    return sorted((r["would"], r["principal"].rsplit(":", 1)[-1], r["action"], int(r["calls"]), r["missing"])
                  for r in json.loads(out))


REGIONS = policy({"Sid": "Regions", "Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "Resource": "*",
                  "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]},
                                "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/breakglass"}}})


@case
def simulate_tells_what_a_new_policy_would_have_refused_by_principal_and_action():
    place = workspace([role("deploy", policy(FULL)), role("breakglass", policy(FULL))])
    logs = (Logs().call("deploy", "ec2", "RunInstances", 3, region="us-east-1").call("deploy", "ec2", "RunInstances")
            .call("deploy", "iam", "ListRoles", region="us-east-1")
            .call("breakglass", "ec2", "RunInstances", region="us-east-1")
            .call("deploy", "sqs", "ListQueues", region="us-east-1", errorCode="AccessDenied"))
    equal(simulate(place, logs, REGIONS), [("refuse", "role/deploy", "ec2:RunInstances", 3, "")])
    text = vigil("org", "simulate", HOME / "policy.json", logs.write(), "--workspace", place, code=1).stdout
    assert "Would be refused: role/deploy@222222222222" in text and "Regions (line " in text, text
    assert "3 calls would be refused, 0 cannot be resolved, 3 would pass; 0 are not bound by it, 1 were refused anyway" in text, text


@case
def simulate_binds_what_is_below_the_target_and_not_the_management_account():
    place = workspace([role("deploy", policy(FULL))])
    logs = (Logs().call("deploy", "ec2", "RunInstances", region="us-east-1")
            .call("deploy", "ec2", "RunInstances", region="us-east-1", account=OTHER)
            .call("deploy", "ec2", "RunInstances", region="us-east-1", account=MANAGEMENT))
    rows = simulate(place, logs, REGIONS)
    equal([r[3] for r in rows], [1, 1], "both members, not the management account")
    equal(len(simulate(place, logs, REGIONS, "--target", "ou-test-00000001")), 1)
    equal(len(simulate(place, logs, REGIONS, "--target", OTHER)), 1)
    equal(len(simulate(place, logs, REGIONS, "--target", "r-test")), 2)
    err = vigil("org", "simulate", HOME / "policy.json", logs.write(), "--workspace", place, "--target", "ou-test-99999999",
                code=3).stderr
    assert "no account is known below ou-test-99999999" in err, err


@case
def simulate_resolves_by_the_record_and_names_what_it_does_not_tell():
    place = workspace([role("deploy", policy(FULL))])
    logs = (Logs().call("deploy", "s3", "PutBucketPolicy", requestParameters={"bucketName": "secret"})
            .call("deploy", "s3", "PutBucketPolicy", requestParameters={"bucketName": "open"})
            .call("deploy", "s3", "PutBucketPolicy"))
    by_resource = policy({"Effect": "Deny", "Action": "s3:PutBucketPolicy", "Resource": "arn:aws:s3:::secret"})
    equal(simulate(place, logs, by_resource), [("refuse", "role/deploy", "s3:PutBucketPolicy", 1, ""),
                                               ("unresolved", "role/deploy", "s3:PutBucketPolicy", 1, "the resource")])
    for condition, refused in (({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, True),
                               ({"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}, False),
                               ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, True),
                               ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, False)):
        rows = simulate(place, logs, policy({"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": condition}),
                        code=1 if refused else 0)
        equal([r[0] for r in rows], ["refuse"] if refused else [], str(condition))
    unknown = {"StringEquals": {"s3:x-amz-acl": "public-read"}}
    equal(simulate(place, logs, policy({"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": unknown}), code=0),
          [("unresolved", "role/deploy", "s3:PutBucketPolicy", 3, "s3:x-amz-acl")])


@case
def simulate_puts_a_policy_in_the_place_of_another():
    only_s3 = policy(allow("s3:*"), allow("iam:*"))
    place = workspace([role("deploy", policy(FULL))], {"p-onlys3xx": ("only-s3", policy(FULL), ["ou-test-00000001"])})
    logs = Logs().call("deploy", "ec2", "RunInstances").call("deploy", "s3", "ListBuckets")
    equal(simulate(place, logs, only_s3, "--replaces", "only-s3", code=0), [], "FullAWSAccess stands beside it")
    equal(simulate(place, logs, only_s3, "--replaces", "FullAWSAccess"),
          [("refuse", "role/deploy", "ec2:RunInstances", 1, "")])
    err = vigil("org", "simulate", HOME / "policy.json", logs.write(), "--workspace", place, "--replaces", "nothing", code=2).stderr
    assert "no policy named 'nothing'" in err, err


@case
def simulate_takes_resource_control_policies():
    place = workspace([role("deploy", policy(FULL))])
    logs = (Logs().call("deploy", "s3", "PutObject", requestParameters={"bucketName": "b", "key": "k"})
            .call("deploy", "ec2", "RunInstances"))
    rcp = policy({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"})
    equal(simulate(place, logs, rcp, "--kind", "rcp"), [("refuse", "role/deploy", "s3:PutObject", 1, "")])
    rcp = policy({"Effect": "Deny", "Principal": "*", "Action": "ec2:*", "Resource": "*"})
    equal(simulate(place, logs, rcp, "--kind", "rcp", code=0), [], "EC2 is no service that RCPs bind")


@case
def paths_of_iams_resources_come_from_the_answer_the_request_or_evidence():
    place = workspace([role("deploy", policy(FULL)), role("pathy", policy(FULL), path="/q/")])
    for action, parameters, answer, denied in (
            ("CreateUser", {"userName": "u", "path": "/p/"}, None, "user/p/u"),
            ("CreateUser", {"userName": "u"}, {"user": {"arn": f"arn:aws:iam::{MEMBER}:user/p/u"}}, "user/p/u"),
            ("CreateUser", {"userName": "u"}, None, "user/u"),
            ("CreateGroup", {"groupName": "g", "path": "/p/"}, None, "group/p/g"),
            ("CreateRole", {"roleName": "n", "path": "/p/"}, {"role": {"arn": f"arn:aws:iam::{MEMBER}:role/p/n"}}, "role/p/n"),
            ("DeleteRole", {"roleName": "pathy"}, None, "role/q/pathy")):
        logs = Logs().call("deploy", "iam", action, requestParameters=parameters, responseElements=answer)
        for resource, refused in ((denied, 1), (denied + "x", 0)):
            deny = {"Effect": "Deny", "Action": "*", "Resource": f"arn:aws:iam::*:{resource}"}
            rows = simulate(place, logs, policy(allow("*"), deny), code=refused)
            equal(len(rows), refused, f"{action} {parameters} {resource}")


@case
def a_federated_session_is_asked_about_by_its_own_arn():
    place = workspace([role("deploy", policy(FULL))])
    logs = Logs().call("deploy", "s3", "ListBuckets")
    logs.records[0]["userIdentity"] = {
        "type": "FederatedUser", "accountId": MEMBER, "arn": f"arn:aws:sts::{MEMBER}:federated-user/u",
        "sessionContext": {"sessionIssuer": {"type": "IAMUser", "accountId": MEMBER, "userName": "u",
                                             "arn": f"arn:aws:iam::{MEMBER}:user/u"}}}

    def deny(**condition):
        return policy(allow("*"), {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition})
    for condition, refused in (({"ArnLike": {"aws:PrincipalArn": "arn:aws:sts::*:federated-user/*"}}, True),
                               ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/u"}}, False),
                               ({"StringEquals": {"aws:PrincipalType": "FederatedUser"}}, True),
                               ({"StringEquals": {"aws:username": "u"}}, False)):
        for where in (place, HOME / "no-such-workspace"):
            equal([row[0] for row in simulate(where, logs, deny(**condition), code=int(refused))], ["refuse"] * refused,
                  f"{condition} {where}")


@case
def callers_of_whom_logs_keep_no_account_are_not_resolved_for_resource_control_policies():
    place = workspace([role("deploy", policy(FULL))])
    logs = Logs().call("deploy", "s3", "ListBuckets").call("deploy", "s3", "ListBuckets").call("deploy", "s3", "ListBuckets")
    logs.records[0]["userIdentity"] = {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}
    logs.records[1]["userIdentity"] = {"type": "AWSAccount", "accountId": "999999999999", "principalId": "AIDAX"}
    logs.records[2]["userIdentity"] = {"type": "AWSAccount", "accountId": "anonymous", "principalId": ""}
    rcp = policy({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"})
    equal(simulate(place, logs, rcp, "--kind", "rcp", code=0),
          [("unresolved", "AWS services", "*", 1, "who calls, and on what"),
           ("unresolved", "other accounts, anonymous callers and providers", "*", 2, "who calls, and on what")])
    equal(simulate(place, logs, policy(allow("*")), code=0), [], "SCPs bind none of them")


@case
def what_a_service_tells_of_itself_is_no_call():
    """AwsServiceEvent (CloudTrail User Guide, "Non-API events captured by CloudTrail"): no SCP or RCP is asked."""
    place = workspace([role("deploy", policy(FULL))])
    logs = Logs().call("deploy", "kms", "RotateKey").call("deploy", "s3", "ListBuckets")
    logs.records[0] |= {"eventType": "AwsServiceEvent", "userIdentity": {"accountId": MEMBER, "invokedBy": "AWS Internal"}}
    file = HOME / "policy.json"
    file.write_text(json.dumps(policy({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"})))
    done = vigil("org", "simulate", file, logs.write(), "--kind", "rcp", "--workspace", place, code=1)
    assert "0 cannot be resolved" in done.stdout and "2 records: 0 calls of AWS services, 1 events that are no calls" in done.stdout, \
        done.stdout


@case
def simulate_refuses_what_aws_refuses_and_names_the_place():
    place = workspace([role("deploy", policy(FULL))])
    file = HOME / "bad.json"
    file.write_text('{"Version": "2012-10-17",\n "Statement": [{"Effect": "deny", "Action": "*", "Resource": "*"}]}')
    err = vigil("org", "simulate", file, Logs().write(), "--workspace", place, code=3).stderr
    assert "bad.json:2:" in err and "INVALID_EFFECT" in err and err.count("\n") == 1, err


@case
def simulate_without_a_workspace_binds_every_account():
    logs = Logs().call("deploy", "ec2", "RunInstances", region="us-east-1", account="999999999999")
    equal(simulate(HOME / "nowhere", logs, REGIONS), [("refuse", "role/deploy", "ec2:RunInstances", 1, "")])
    err = vigil("org", "simulate", HOME / "policy.json", logs.write(), "--workspace", HOME / "nowhere", "--target", "r-test",
                code=3).stderr
    assert "no workspace here" in err, err


@case
def a_log_that_cannot_be_read_is_named_and_the_rest_goes_on():
    place = workspace([role("deploy", policy(FULL))])
    folder = Logs().call("deploy", "ec2", "RunInstances", 4, region="us-east-1").write()
    (folder / "c_CloudTrail_x.json").write_text('{"Records": [{"eventName": "A"')
    (HOME / "policy.json").write_text(json.dumps(REGIONS))
    done = vigil("org", "simulate", HOME / "policy.json", folder, "--workspace", place, code=3)
    assert "c_CloudTrail_x.json:1:" in done.stderr and "4 calls would be refused" in done.stdout, done.stderr + done.stdout
    assert "1 files are no activity logs" in done.stderr, done.stderr


def generate(place, logs, name, *words, code=0):
    return vigil("iam", "generate", name, logs.write(), "--workspace", place, *words, code=code)


@case
def generate_keeps_what_was_used_with_its_resources_and_conditions():
    condition = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    place = workspace([role("deploy", policy(allow(["s3:*"], Condition=condition), allow("sqs:*"), allow("dynamodb:*")))])
    logs = (Logs().call("deploy", "s3", "PutBucketPolicy", 2, requestParameters={"bucketName": "b"})
            .call("deploy", "s3", "GetBucketPolicy", requestParameters={"bucketName": "b"})
            .call("deploy", "s3", "GetBucketPolicy", requestParameters={"bucketName": "c"})
            .call("deploy", "s3", "ListBuckets").call("deploy", "sqs", "ListQueues")
            .call("deploy", "sqs", "PurgeQueue", errorCode="AccessDenied")
            .call("other", "ec2", "RunInstances"))
    made = json.loads(generate(place, logs, "role/deploy", "--check").stdout)
    equal(made["Statement"], [
        {"Effect": "Allow", "Action": "s3:GetBucketPolicy", "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::c"],
         "Condition": condition},
        {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*", "Condition": condition},
        {"Effect": "Allow", "Action": "s3:PutBucketPolicy", "Resource": "arn:aws:s3:::b", "Condition": condition},
        {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}])


@case
def a_role_is_known_by_its_name_where_the_record_lacks_its_path():
    place = workspace([role("deploy", policy(allow("s3:*")), path="/service/ci/")])
    made = json.loads(generate(place, Logs().call("deploy", "s3", "ListBuckets"), "deploy").stdout)
    equal(made["Statement"][0]["Action"], "s3:ListAllMyBuckets")


@case
def generate_shows_the_difference_statement_by_statement():
    place = workspace([role("deploy", policy(allow("s3:*"), allow("dynamodb:*")))])
    logs = Logs().call("deploy", "s3", "ListBuckets")
    text = generate(place, logs, "role/deploy", "--format", "diff").stdout
    assert '-   "Action": "s3:*"' in text and '"s3:ListAllMyBuckets"' in text and "(nothing of it was used)" in text, text
    out = json.loads(generate(place, logs, "role/deploy", "--format", "json").stdout)
    equal((out["calls"], out["unproven"], out["statements"][0]["actions"]), (1, [], ["s3:ListAllMyBuckets"]))

def iam(kind, name):
    return f"arn:aws:iam::{MEMBER}:{kind}/{name}"


def ec2(what, account=MEMBER):
    return f"arn:aws:ec2:eu-west-1:{account}:{what}"


RUN_ON = [ec2("instance/*"), ec2("volume/*"), ec2("network-interface/*"), ec2("image/ami-1", ""), ec2("subnet/subnet-1"),
          ec2("security-group/sg-1")]


def run_instances(logs, profile, **more):
    """The image and the profile stand in the request, the subnet and the security group in the answer."""
    given = {"iamInstanceProfile": profile} if profile else {}
    return logs.call("deploy", "ec2", "RunInstances",
                     requestParameters={"instancesSet": {"items": [{"imageId": "ami-1", "minCount": 1}]}, **given, **more},
                     responseElements={"instancesSet": {"items": [{"instanceId": "i-1", "subnetId": "subnet-1", "groupSet": {
                         "items": [{"groupId": "sg-1"}]}}]}})


def create_function(logs, passed, name="f"):
    return logs.call("deploy", "lambda", "CreateFunction20150331", requestParameters={"functionName": name, "role": passed})


def copy(logs, source, **more):
    return logs.call("deploy", "s3", "CopyObject", eventCategory="Data",
                     requestParameters={"bucketName": "to", "key": "k", "x-amz-copy-source": source, **more})


def decided(policy_, calls):
    """What `vigil iam can --requests` says of (action, resource, context) under the policy alone."""
    file = HOME / "requests.jsonl"
    file.write_text("".join(json.dumps({
        "id": i, "identityPolicies": [{"name": "made", "policy": policy_}], "request": {
            "principal": f"arn:aws:sts::{MEMBER}:assumed-role/deploy/s", "action": action,
            "resource": {"resource": resource, "accountId": MEMBER}, "contextVariables": context}}) + "\n" for i, (action, resource, context) in enumerate(calls)))
    done = subprocess.run([VIGIL, "iam", "can", "--requests", str(file)], capture_output=True, text=True)
    return [json.loads(line)["result"] for line in done.stdout.splitlines()]


LAMBDA, EC2 = {"iam:PassedToService": "lambda.amazonaws.com"}, {"iam:PassedToService": "ec2.amazonaws.com"}


@case
def a_generated_policy_allows_its_own_log_with_the_roles_that_were_passed_and_the_objects_that_were_copied():
    passed_to = {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}}
    place = workspace([role("deploy", policy(allow(["lambda:*", "ec2:*", "s3:*"]), allow("iam:PassRole", Condition=passed_to))),
                       role("app"), role("node", path="/fleet/", profiles=["web"])])
    logs = copy(run_instances(create_function(Logs(), iam("role", "app")), {"name": "web"}), "from/a%20b/c")
    made = json.loads(generate(place, logs, "role/deploy", "--check").stdout)
    calls = [("lambda:CreateFunction", f"arn:aws:lambda:eu-west-1:{MEMBER}:function:f", {}),
             ("iam:PassRole", iam("role", "app"), LAMBDA), ("iam:PassRole", iam("role/fleet", "node"), EC2),
             *[("ec2:RunInstances", on, {}) for on in RUN_ON],
             ("s3:PutObject", "arn:aws:s3:::to/k", {}), ("s3:GetObject", "arn:aws:s3:::from/a b/c", {})]
    equal(decided(made, calls), ["Allowed"] * len(calls), json.dumps(made, indent=1))
    outside = [("iam:PassRole", iam("role", "deploy"), LAMBDA), ("iam:PassRole", iam("role", "app"), {
        "iam:PassedToService": "glue.amazonaws.com"}), ("lambda:DeleteFunction", calls[0][1], {}),
               ("s3:GetObject", "arn:aws:s3:::to/k", {}), ("s3:PutObject", "arn:aws:s3:::from/a b/c", {}),
               ("ec2:RunInstances", ec2("subnet/subnet-2"), {}), ("ec2:TerminateInstances", ec2("instance/i-1"), {})]
    equal(decided(made, outside), ["ImplicitlyDenied"] * len(outside), json.dumps(made, indent=1))
    without = dict(made, Statement=[s for s in made["Statement"] if "iam:PassRole" not in s["Action"]])
    file = HOME / "without.json"
    file.write_text(json.dumps(made))
    generate(place, logs, "role/deploy", "--policy", file)
    file.write_text(json.dumps(without))
    err = generate(place, logs, "role/deploy", "--policy", file, code=1).stderr
    for on, by in (("role/app", "lambda:CreateFunction"), ("role/fleet/node", "ec2:RunInstances")):
        assert f"not allowed for certain by the new policy: iam:PassRole arn:aws:iam::{MEMBER}:{on} (needed by {by})" in err, err


@case
def only_the_roles_that_were_passed_and_only_where_they_are_granted():
    app, other = iam("role", "app"), iam("role", "other")
    place = workspace([role("deploy", policy(allow("lambda:*"), allow("iam:PassRole", app))), role("app"), role("other")])
    logs = create_function(Logs(), app)
    made = json.loads(generate(place, logs, "role/deploy", "--check").stdout)
    equal([(s["Action"], s["Resource"]) for s in made["Statement"] if "PassRole" in json.dumps(s)], [("iam:PassRole", app)])
    done = generate(place, create_function(logs, other, "g"), "role/deploy", "--check", code=1)
    assert f"not granted today: lambda:CreateFunction needs iam:PassRole on {other}" in done.stderr, done.stderr
    assert other not in done.stdout, done.stdout
    elsewhere = f"arn:aws:iam::{OTHER}:role/x"
    made = generate(place, create_function(Logs(), elsewhere), "role/deploy", "--check").stdout
    assert "PassRole" not in made, "nobody passes the role of another account: " + made


@case
def a_role_that_is_not_known_keeps_the_statements_own_resources_and_is_said():
    place = workspace([role("deploy", policy(allow(["ec2:*", "ecs:*"]), allow("iam:PassRole", iam("role", "app-*"))))])
    for logs, said in (
            (run_instances(Logs(), {"name": "gone"}), "ec2:RunInstances passes the role of the instance profile gone"),
            (run_instances(Logs(), {"arn": iam("instance-profile", "gone")}),
             f"ec2:RunInstances passes the role of the instance profile {iam('instance-profile', 'gone')}"),
            (Logs().call("deploy", "ecs", "RunTask", requestParameters={"cluster": "c", "taskDefinition": "t:1"}),
             "ecs:RunTask passes the roles of the task definition")):
        done = generate(place, logs, "role/deploy", "--check")
        assert f"not checked: {said}: not known which role" in done.stderr, done.stderr
        made = json.loads(done.stdout)
        equal([s["Resource"] for s in made["Statement"] if s["Action"] == "iam:PassRole"], [iam("role", "app-*")], done.stdout)
        file = HOME / "without.json"
        file.write_text(json.dumps(dict(made, Statement=[s for s in made["Statement"] if s["Action"] != "iam:PassRole"])))
        generate(place, logs, "role/deploy", "--policy", file, code=1)


@case
def a_role_is_known_by_its_name_and_no_role_is_passed_where_none_is_named():
    place = workspace([role("deploy", policy(FULL)), role("glue", path="/service-role/")])
    for name in ("glue", "service-role/glue", iam("role/service-role", "glue")):
        logs = Logs().call("deploy", "glue", "CreateJob", requestParameters={"name": "j", "role": name})
        made = json.loads(generate(place, logs, "role/deploy", "--check").stdout)
        equal([s["Resource"] for s in made["Statement"] if s["Action"] == "iam:PassRole"], [iam("role/service-role", "glue")], name)
    made = generate(place, run_instances(Logs(), None), "role/deploy", "--check").stdout
    assert "PassRole" not in made, made


@case
def the_source_of_a_copy_is_read_as_it_is_written():
    place = workspace([role("deploy", policy(allow(["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"])))])
    point = "arn:aws:s3:eu-west-1:222222222222:accesspoint/ap/object/k"
    for source, action, on in (
            ("/from/k", "s3:GetObject", "arn:aws:s3:::from/k"),
            ("from/a%2Fb+c", "s3:GetObject", "arn:aws:s3:::from/a/b+c"),
            ("from%2Fk", "s3:GetObject", "arn:aws:s3:::from/k"),
            ("/from/k?versionId=v1", "s3:GetObjectVersion", "arn:aws:s3:::from/k"),
            ("from/what%23versionId=1", "s3:GetObject", "arn:aws:s3:::from/what#versionId=1"),
            (point, "s3:GetObject", point), (point.replace("/", "%2F"), "s3:GetObject", point)):
        for event in ("CopyObject", "UploadPartCopy"):
            logs = Logs().call("deploy", "s3", event, eventCategory="Data", requestParameters={
                "bucketName": "to", "key": "k", "x-amz-copy-source": source})
            made = json.loads(generate(place, logs, "role/deploy", "--check").stdout)
            equal([(s["Action"], s["Resource"]) for s in made["Statement"]],
                  [("s3:PutObject", "arn:aws:s3:::to/k"), (action, on)], source)
    place = workspace([role("deploy", policy(allow(["s3:GetObject", "s3:PutObject"])))])
    err = generate(place, copy(Logs(), "from/k?versionId=v"), "role/deploy", "--check").stderr
    assert "s3:CopyObject needs s3:GetObjectVersion on arn:aws:s3:::from/k: evidence does not tell" in err, err  # nor the bucket's policy


@case
def tags_and_versions_ask_for_actions_of_their_own():
    place = workspace([role("deploy", policy(allow("s3:*")))])
    made = generate(place, copy(Logs(), "from/k", **{"x-amz-tagging-directive": "REPLACE", "x-amz-tagging": "a=b"}),
                    "role/deploy", "--check").stdout
    assert "s3:PutObjectTagging" in made and "GetObjectTagging" not in made, made
    made = generate(place, copy(Logs(), "from/k"), "role/deploy", "--check").stdout
    assert "s3:PutObjectTagging" in made and "s3:GetObjectTagging" in made, made
    logs = Logs().call("deploy", "s3", "GetObject", eventCategory="Data",
                       requestParameters={"bucketName": "b", "key": "k", "versionId": "v"})
    equal([s["Action"] for s in json.loads(generate(place, logs, "role/deploy").stdout)["Statement"]], ["s3:GetObjectVersion"])
    place = workspace([role("deploy", policy(FULL))])
    logs = run_instances(Logs(), None, tagSpecificationSet={"items": [{"resourceType": "instance", "tags": []}]})
    made = json.loads(generate(place, logs, "role/deploy", "--check").stdout)
    equal([s["Resource"] for s in made["Statement"] if s["Action"] == "ec2:CreateTags"], [ec2("instance/*")])


@case
def where_the_log_does_not_tell_every_resource_the_statements_own_stay():
    queue = f"arn:aws:sqs:eu-west-1:{MEMBER}:q"
    place = workspace([role("deploy", policy(allow("sqs:*", queue), allow("ec2:*", ec2("*")),
                                             {"Effect": "Allow", "Action": "sns:Publish", "NotResource": "arn:aws:sns:*:*:secret"}))])
    made = json.loads(generate(place, Logs().call("deploy", "sqs", "PurgeQueue"), "role/deploy", "--check").stdout)
    equal(made["Statement"], [allow("sqs:PurgeQueue", queue)])
    logs = Logs().call("deploy", "ec2", "AttachVolume", requestParameters={"instanceId": "i-1"})
    done = generate(place, logs, "role/deploy", "--check")
    equal(json.loads(done.stdout)["Statement"], [allow("ec2:AttachVolume", ec2("*"))])
    assert "ec2:AttachVolume: the log does not tell every resource" in done.stderr, done.stderr
    logs = Logs().call("deploy", "ec2", "AttachVolume", requestParameters={"instanceId": "i-1", "volumeId": "vol-1"})
    made = json.loads(generate(place, logs, "role/deploy", "--check").stdout)
    equal(made["Statement"], [allow("ec2:AttachVolume", [ec2("instance/i-1"), ec2("volume/vol-1")])])
    made = json.loads(generate(place, Logs().call("deploy", "sns", "Publish"), "role/deploy", "--check").stdout)
    equal(made["Statement"], [{"Effect": "Allow", "Action": "sns:Publish", "NotResource": "arn:aws:sns:*:*:secret"}])


@case
def a_star_in_a_name_never_becomes_a_pattern_of_a_policy():
    own = "arn:aws:s3:::b/home/*"
    place = workspace([role("deploy", policy(allow(["s3:GetObject", "s3:PutObject"], own)))])
    for key in ("home/*", "home/a?b", "home/${aws:username}"):
        for more in ({"resources": [{"ARN": "arn:aws:s3:::b"}, {"ARN": "arn:aws:s3:::b/" + key}]}, {}):
            logs = Logs().call("deploy", "s3", "GetObject", eventCategory="Data", requestParameters={"bucketName": "b", "key": key}, **more)
            done = generate(place, logs, "role/deploy", "--check")
            equal(json.loads(done.stdout)["Statement"], [allow("s3:GetObject", own)], key)
            assert "s3:GetObject: the log does not tell every resource" in done.stderr, done.stderr
    place = workspace([role("deploy", policy(allow(["s3:GetObject", "s3:PutObject"], [own, "arn:aws:s3:::to/k"])))])
    made = json.loads(generate(place, copy(Logs(), "b/%2A"), "role/deploy", "--check").stdout)
    assert "arn:aws:s3:::b/*" not in json.dumps(made), made


@case
def every_resource_of_a_call_is_kept():
    place = workspace([role("deploy", policy(FULL))])
    table = f"arn:aws:dynamodb:eu-west-1:{MEMBER}:table/"
    key = f"arn:aws:kms:eu-west-1:{MEMBER}:key/"
    snapshot = f"arn:aws:rds:eu-west-1:{MEMBER}:snapshot:"
    for service, event, parameters, wanted in (
            ("ec2", "StopInstances", {"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}},
             [("ec2:StopInstances", [ec2("instance/i-1"), ec2("instance/i-2")])]),
            ("dynamodb", "BatchGetItem", {"requestItems": {"A": {}, "B": {}}}, [("dynamodb:BatchGetItem", [table + "A", table + "B"])]),
            ("dynamodb", "Query", {"tableName": "A", "indexName": "i"}, [("dynamodb:Query", [table + "A", table + "A/index/i"])]),
            ("dynamodb", "Query", {"tableName": "A"}, [("dynamodb:Query", table + "A")]),
            ("kms", "ReEncrypt", {"sourceKeyId": key + "1", "destinationKeyId": key + "2"},
             [("kms:ReEncryptFrom", key + "1"), ("kms:ReEncryptTo", key + "2")]),
            ("rds", "CopyDBSnapshot", {"sourceDBSnapshotIdentifier": snapshot + "a", "targetDBSnapshotIdentifier": "b"},
             [("rds:CopyDBSnapshot", [snapshot + "a", snapshot + "b"])])):
        made = json.loads(generate(place, Logs().call("deploy", service, event, requestParameters=parameters), "role/deploy", "--check").stdout)
        equal([(s["Action"], s["Resource"]) for s in made["Statement"]], wanted, event)


@case
def only_what_is_declared_and_leaves_no_trace_is_taken_over_on_what_was_recorded():
    place = workspace([role("deploy", policy(FULL))])
    table = f"arn:aws:dynamodb:eu-west-1:{MEMBER}:table/"
    backup = table + "A/backup/1"
    logs = Logs().call("deploy", "dynamodb", "RestoreTableFromBackup", requestParameters={"targetTableName": "B", "backupArn": backup})
    made = json.loads(generate(place, logs, "role/deploy", "--check").stdout)
    equal({r for s in made["Statement"] for r in ([s["Resource"]] if isinstance(s["Resource"], str) else s["Resource"])},
          {backup, table + "B"}, json.dumps(made, indent=1))
    logs = Logs().call("deploy", "autoscaling", "CreateAutoScalingGroup", requestParameters={"autoScalingGroupName": "g"})
    done = generate(place, logs, "role/deploy", "--check")
    equal([s["Action"] for s in json.loads(done.stdout)["Statement"]], ["autoscaling:CreateAutoScalingGroup"])
    assert "may need" not in done.stderr, "making a service-linked role leaves an event: " + done.stderr
    logs = Logs().call("deploy", "elasticache", "CreateCacheCluster", requestParameters={"cacheClusterId": "c"})
    done = generate(place, logs, "role/deploy", "--check")
    equal([s["Action"] for s in json.loads(done.stdout)["Statement"]], ["elasticache:CreateCacheCluster"])
    said = "elasticache:CreateCacheCluster may need s3:GetObject, which leaves no trace: the log does not tell on what"
    assert said in done.stderr, done.stderr
    done = generate(place, logs.call("somebody", "s3", "GetObject", eventCategory="Data"), "role/deploy", "--check")
    assert said not in done.stderr, "data events would show it: " + done.stderr
    place = workspace([role("deploy", policy(allow("elasticache:*")))])
    assert "may need" not in generate(place, logs, "role/deploy", "--check").stderr, "nobody grants it"


@case
def the_declared_dependents_are_those_that_their_head_counts():
    text = (ROOT / "content" / "policy" / "dependents.txt").read_text()
    head = dict(line[2:].split(" ", 1) for line in text.splitlines() if line.startswith("# ") and " " in line[2:])
    body = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    equal((head["version"], head["actions"], head["body-sha256"]),
          ("0.15.2", str(body.count("\n")), hashlib.sha256(body.encode()).hexdigest()))
    names = [line.split("\t")[0].lower() for line in body.splitlines()]
    assert names == sorted(set(names)) and len(text) < 200_000, len(text)
    assert "Copyright" in text and "Permission is hereby granted" in text, "the licence of the source"


@case
def what_failed_before_it_was_allowed_is_not_in_the_policy():
    place = workspace([role("deploy", policy(allow("sqs:*"), allow("ec2:*")))])
    logs = Logs().call("deploy", "sqs", "ListQueues")
    for event, code, message in (("PurgeQueue", "AccessDenied", ""), ("DeleteQueue", "ValidationException", ""),
                                 ("SetQueueAttributes", "ClientException", "x is not authorized to perform: y")):
        logs.call("deploy", "sqs", event, errorCode=code, errorMessage=message)
    for event, code in (("TagQueue", "AWS.SimpleQueueService.NonExistentQueue"), ("UntagQueue", "ThrottlingException")):
        logs.call("deploy", "sqs", event, errorCode=code)
    done = generate(place, logs, "role/deploy", "--check")
    made = json.loads(done.stdout)
    equal(sorted(a for s in made["Statement"] for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])),
          ["sqs:ListQueues", "sqs:TagQueue", "sqs:UntagQueue"])
    assert "1 calls ended with errors that do not tell" in done.stderr, done.stderr


# A call as CloudTrail tells it, and what AWS asks of its caller: (action, resource, context).
TABLE, FUNCTION = f"arn:aws:dynamodb:eu-west-1:{MEMBER}:table/T", f"arn:aws:lambda:eu-west-1:{MEMBER}:function:f"
CALLS = (
    (lambda logs: create_function(logs, iam("role", "app")), [("lambda:CreateFunction", FUNCTION, {}), ("iam:PassRole", iam("role", "app"), LAMBDA)]),
    (lambda logs: run_instances(logs, {"arn": iam("instance-profile", "web")}),
     [*[("ec2:RunInstances", on, {}) for on in RUN_ON], ("iam:PassRole", iam("role/fleet", "node"), EC2)]),
    (lambda logs: run_instances(logs, None), [("ec2:RunInstances", on, {}) for on in RUN_ON]),
    (lambda logs: logs.call("deploy", "ecs", "RegisterTaskDefinition", requestParameters={
        "family": "t", "taskRoleArn": iam("role", "app"), "executionRoleArn": "node"}),
     [("iam:PassRole", on, {"iam:PassedToService": "ecs-tasks.amazonaws.com"}) for on in (iam("role", "app"), iam("role/fleet", "node"))]
     + [("ecs:RegisterTaskDefinition", "*", {})]),
    (lambda logs: logs.call("deploy", "cloudformation", "CreateStack", requestParameters={"stackName": "s", "roleARN": iam("role", "app")}),
     [("iam:PassRole", iam("role", "app"), {"iam:PassedToService": "cloudformation.amazonaws.com"}),
      ("cloudformation:CreateStack", f"arn:aws:cloudformation:eu-west-1:{MEMBER}:stack/s/1", {})]),
    (lambda logs: logs.call("deploy", "events", "PutTargets", requestParameters={"rule": "r", "targets": [
        {"id": "1", "roleArn": iam("role", "app")}, {"id": "2"}]}),
     [("iam:PassRole", iam("role", "app"), {"iam:PassedToService": "events.amazonaws.com"})]),
    (lambda logs: copy(logs, "from/k"), [("s3:PutObject", "arn:aws:s3:::to/k", {}), ("s3:GetObject", "arn:aws:s3:::from/k", {})]),
    (lambda logs: copy(logs, "/from/k?versionId=1"), [("s3:PutObject", "arn:aws:s3:::to/k", {}), ("s3:GetObjectVersion", "arn:aws:s3:::from/k", {})]),
    (lambda logs: logs.call("deploy", "dynamodb", "PutItem", eventCategory="Data", requestParameters={"tableName": "T"}),
     [("dynamodb:PutItem", TABLE, {})]),
    (lambda logs: logs.call("deploy", "lambda", "Invoke", eventCategory="Data", requestParameters={"functionName": FUNCTION}),
     [("lambda:InvokeFunction", FUNCTION, {})]),
)
MAY_BE_NEEDED = {"s3:GetObjectTagging", "s3:GetObjectVersionTagging", "s3:PutObjectTagging", "lambda:PassCapacityProvider"}
REGION = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
TODAYS = (
    policy(FULL),
    policy(allow("*", Condition=REGION)),
    policy(allow(["lambda:*", "ec2:*", "ecs:*", "s3:*"]), allow(["dynamodb:*", "cloudformation:*", "events:*"], Condition=REGION),
           allow("iam:PassRole", [iam("role", "app"), iam("role/fleet", "*")])),
    policy(allow(["lambda:*", "ec2:*", "ecs:*", "dynamodb:*", "cloudformation:*", "events:*"]), allow("s3:*", "arn:aws:s3:::*/*"),
           {"Effect": "Allow", "Action": "iam:Pass*", "NotResource": iam("role", "admin")}),
)


@case
def any_log_is_allowed_by_its_policy_which_has_no_action_outside_it_and_grants_nothing_new():
    chance = random.Random(20261125)
    old, new = HOME / "old.json", HOME / "new.json"
    for today in TODAYS:
        place = workspace([role("deploy", today), role("app"), role("node", path="/fleet/", profiles=["web"])])
        old.write_text(json.dumps(today))
        for _ in range(4):
            logs, needed = Logs(), []
            for make, needs in chance.sample(CALLS, chance.randint(1, 5)):
                make(logs)
                needed += [(action, on, {"aws:RequestedRegion": "eu-west-1", **context}) for action, on, context in needs]
            made = json.loads(generate(place, logs, "role/deploy", "--check").stdout)
            text = json.dumps(made, indent=1)
            equal(decided(made, needed), ["Allowed"] * len(needed), text)
            actions = {a for s in made["Statement"] for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])}
            own = {"events:PutTargets"} & actions
            equal(actions - {action for action, _, _ in needed} - own - MAY_BE_NEEDED, set(), text)
            new.write_text(text)
            vigil("iam", "compare", old, new)


@case
def a_policy_that_aws_refuses_is_not_checked():
    place = workspace([role("deploy", policy(allow("sqs:*")))])
    file = HOME / "bad.json"
    file.write_text('{"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]}')
    err = generate(place, Logs().call("deploy", "sqs", "ListQueues"), "role/deploy", "--policy", file, code=3).stderr
    assert "bad.json:1:" in err and "AWS would refuse this policy" in err, err


@case
def generate_says_when_there_is_nothing_to_go_by():
    place = workspace([role("deploy", policy(allow("s3:*")))])
    err = generate(place, Logs().call("other", "s3", "ListBuckets"), "role/deploy", code=3).stderr
    assert "show no allowed call of" in err, err
    err = generate(place, Logs().call("other", "s3", "ListBuckets"), "role/nobody", code=3).stderr
    assert "nobody" in err, err


@case
def generate_allows_every_call_of_a_real_log():
    """AWS's own sample activity of a role: every call that the log shows as allowed is allowed by what is generated."""
    files = sorted((DATA / "iam-usage" / "trailscraper").rglob("*.json.gz"))
    if not files:
        skip("no iam-usage")
    records = [r for f in files for r in json.load(gzip.open(f))["Records"]]
    arns = {r["userIdentity"].get("sessionContext", {}).get("sessionIssuer", {}).get("arn") for r in records}
    made = 0
    for arn in sorted(a for a in arns if a):
        name, account = arn.rsplit("/", 1)[1], arn.split(":")[4]
        logs = Logs()
        for record in records:
            issuer = record["userIdentity"].get("sessionContext", {}).get("sessionIssuer", {})
            if issuer.get("arn") == arn:
                logs.call(name, record["eventSource"].split(".")[0], record["eventName"], region=record["awsRegion"],
                          requestParameters=record.get("requestParameters"))
        place = workspace([role(name, policy(FULL))])
        out = generate(place, logs, f"role/{name}", "--check", "--format", "json").stdout
        equal(json.loads(out)["unproven"], [], arn + account)
        made += 1
    assert made, "the log has no roles"


def unused(place, logs, *words, code=0, now="2026-07-01"):
    return vigil("iam", "unused", logs.write(), "--workspace", place, "--now", now, *words, code=code)


def since_march():
    """Logs that go back far enough, up to now: somebody else's calls."""
    return Logs().call("somebody", "sqs", "ListQueues", day="2026-03-01").call("somebody", "sqs", "ListQueues", day="2026-06-29")


def rows_of(place, logs, *words, code=0):
    words = ("--format", "json", *words)
    out = json.loads((unused(place, logs, *words, code=code) if logs else reported(place, *words, code=code)).stdout)
    return ([p.rsplit("/", 1)[1] for p in out["neverActive"]],
            [(r["principal"].rsplit("/", 1)[1], r["service"], r["granted"], r["used"], r["untraceable"], r["unused"])
             for r in out["unused"]])


@case
def unused_lists_what_was_granted_and_not_called():
    place = workspace([role("deploy", policy(allow(["sqs:ListQueues", "sqs:PurgeQueue", "iam:PassRole", "s3:GetObject",
                                                    "ecs:ListClusters"]))),
                       role("idle", policy(allow("sqs:ListQueues")))])
    logs = since_march().call("deploy", "sqs", "ListQueues").call("deploy", "ecs", "ListClusters", errorCode="AccessDenied")
    equal(rows_of(place, logs), (["idle"], [("deploy", "ecs", 1, 0, 0, ["ecs:ListClusters"]),
                                            ("deploy", "sqs", 2, 1, 0, ["sqs:PurgeQueue"])]))
    equal(rows_of(place, logs, "--principal", "role/deploy")[0], [])
    text = unused(place, logs).stdout
    assert "role/deploy@222222222222\n  sqs: 1 of 2 actions used, last 2026-06-20; not used: PurgeQueue\n  never used: ecs\n" in text, text
    assert "Never active:\n  role/idle@222222222222\n" in text, text


@case
def unused_never_counts_what_leaves_no_trace():
    place = workspace([role("deploy", policy(allow(["s3:GetObject", "s3:GetBucketPolicy", "iam:PassRole"])))])
    logs = since_march().call("deploy", "s3", "ListBuckets")
    equal(rows_of(place, logs)[1], [("deploy", "s3", 2, 0, 1, ["s3:GetBucketPolicy"])])
    text = unused(place, logs).stdout
    assert "no data events" in text and "never used: s3 (1 untraceable)\n" in text and "\nUntraceable: nothing that was read" in text, text
    data = since_march().call("deploy", "s3", "PutObject", day="2026-03-01", eventCategory="Data")
    assert "untraceable" not in unused(place, data).stdout.lower()
    logs.call("deploy", "s3", "PutObject", day="2026-03-01", eventCategory="Data")
    equal(rows_of(place, logs)[1], [("deploy", "s3", 2, 0, 0, ["s3:GetBucketPolicy", "s3:GetObject"])], "with data events")
    place = workspace([role("pass", policy(allow("iam:PassRole"))), role("read", policy(allow(["s3:GetObject", "sqs:ListQueues"])))])
    out = unused(place, since_march(), code=3).stdout
    assert "role/pass" in out.split("Not assessed")[1], out
    equal(rows_of(place, since_march(), code=3), (["read"], []))


@case
def a_role_that_was_passed_shows_that_passing_was_used():
    place = workspace([role("deploy", policy(allow(["iam:PassRole", "iam:ListRoles", "lambda:CreateFunction"]))), role("app")])
    logs = lambda: since_march().call("somebody", "iam", "ListUsers", region="us-east-1")  # noqa: E731
    equal(rows_of(place, logs().call("deploy", "sqs", "ListQueues"), "--principal", "deploy")[1],
          [("deploy", "iam", 2, 0, 1, ["iam:ListRoles"]), ("deploy", "lambda", 1, 0, 0, ["lambda:CreateFunction"])])
    equal(rows_of(place, create_function(logs(), iam("role", "app")), "--principal", "deploy")[1],
          [("deploy", "iam", 2, 1, 0, ["iam:ListRoles"])])


@case
def unused_is_not_assessed_when_the_logs_are_too_young():
    place = workspace([role("deploy", policy(allow("sqs:*")))])
    logs = Logs().call("deploy", "sqs", "ListQueues", day="2026-06-20")
    err = unused(place, logs, code=3).stderr
    assert "not assessed: the logs begin at 2026-06-20" in err and "no last-accessed data" in err, err
    unused(place, logs.call("deploy", "sqs", "ListQueues", day="2026-06-29"), "--days", "10")


@case
def logs_tell_of_their_accounts_services_and_time_alone():
    place = workspace([role("deploy", policy(allow(["sqs:ListQueues", "s3:GetObject", "dynamodb:GetItem"])))])
    old = Logs().call("deploy", "sqs", "ListQueues", day="2026-03-01")
    assert "Not assessed" in unused(place, old, code=3).stdout, "no log of the last 90 days"
    elsewhere = {"recipientAccountId": OTHER}
    other = Logs().call("somebody", "sqs", "ListQueues", day="2026-03-01", **elsewhere)
    other.call("somebody", "sqs", "ListQueues", day="2026-06-29", **elsewhere)
    out = unused(place, other, code=3).stdout
    assert "Not assessed" in out and "Never active" not in out, out
    logs = since_march().call("deploy", "sqs", "ListQueues")
    equal(rows_of(place, logs), ([], []))
    logs.call("somebody", "s3", "GetObject", eventCategory="Data", **elsewhere)
    equal(rows_of(place, logs), ([], []), "data events of another account")
    logs.call("somebody", "s3", "GetObject", eventCategory="Data")
    equal(rows_of(place, logs), ([], []), "data events that the trail selects since ten days ago")
    logs.call("somebody", "s3", "GetObject", day="2026-03-01", eventCategory="Data")
    equal(rows_of(place, logs)[1], [("deploy", "s3", 1, 0, 0, ["s3:GetObject"])], "and of another service")


@case
def logs_of_a_region_tell_nothing_of_global_services():
    place = workspace([role("deploy", policy(allow(["sqs:ListQueues", "iam:CreateUser", "organizations:ListRoots", "sqs:PurgeQueue"])))])
    logs = since_march().call("deploy", "sqs", "ListQueues")
    equal(rows_of(place, logs)[1], [("deploy", "sqs", 2, 1, 0, ["sqs:PurgeQueue"])], "of eu-west-1 alone")
    logs.call("somebody", "sts", "GetCallerIdentity", region="us-east-1", recipientAccountId=OTHER)
    equal(rows_of(place, logs)[1], [("deploy", "sqs", 2, 1, 0, ["sqs:PurgeQueue"])], "the home Region of another account")
    logs.call("somebody", "sts", "GetCallerIdentity", region="us-east-1")
    equal(rows_of(place, logs)[1], [("deploy", "iam", 1, 0, 0, ["iam:CreateUser"]),
                                    ("deploy", "organizations", 1, 0, 0, ["organizations:ListRoots"]),
                                    ("deploy", "sqs", 2, 1, 0, ["sqs:PurgeQueue"])], "with the home Region")


@case
def the_end_of_old_logs_is_told():
    place = workspace([role("deploy", policy(allow(["sqs:ListQueues", "sqs:PurgeQueue"])))])
    logs = Logs().call("deploy", "sqs", "ListQueues", day="2026-03-01").call("deploy", "sqs", "ListQueues", day="2026-05-01")
    assert "\nThe logs end on 2026-05-01: what was used since" in unused(place, logs).stdout
    equal(json.loads(unused(place, logs, "--format", "json").stdout)["logsUntil"], "2026-05-01T10:00:00Z")
    assert "The logs end" not in unused(place, logs.call("deploy", "sqs", "ListQueues", day="2026-06-30")).stdout


@case
def what_was_used_longer_ago_is_unused():
    place = workspace([role("deploy", policy(allow(["sqs:ListQueues", "sqs:PurgeQueue"])))])
    logs = since_march().call("deploy", "sqs", "PurgeQueue", day="2026-03-15").call("deploy", "sqs", "ListQueues")
    equal(rows_of(place, logs)[1], [("deploy", "sqs", 2, 1, 0, ["sqs:PurgeQueue"])])
    equal(rows_of(place, logs, "--days", "120")[1], [])
    equal(rows_of(place, logs, "--days", "0")[1], [])


def report(name, *services, as_of="2026-06-29T00:00:00Z", status="COMPLETED"):
    """What IAM says that a role last used: (service, last use or None, {action: last use or None})."""
    return envelope("iam:GetServiceLastAccessedDetails", {"Arn": f"arn:aws:iam::{MEMBER}:role/{name}"}, {
        "JobStatus": status, "JobType": "ACTION_LEVEL", "JobCreationDate": as_of, "JobCompletionDate": as_of,
        "ServicesLastAccessed": [{
            "ServiceName": service, "ServiceNamespace": service, **({"LastAuthenticated": last} if last else {}),
            "TrackedActionsLastAccessed": [{"ActionName": a, **({"LastAccessedTime": t} if t else {})}
                                           for a, t in actions.items()]} for service, last, actions in services]}, MEMBER)


def with_reports(place, *lines):
    file = HOME / "reports.jsonl"
    file.write_text("\n".join(lines) + "\n")
    vigil("import", file, "--workspace", place, "--quiet")
    return place


def reported(place, *words, code=0):
    return vigil("iam", "unused", "--workspace", place, "--now", "2026-07-01", *words, code=code)


JUNE, MARCH = "2026-06-10T00:00:00Z", "2026-03-10T00:00:00Z"


@case
def last_accessed_data_is_enough():
    place = with_reports(
        workspace([role("deploy", policy(allow(["sqs:ListQueues", "sqs:PurgeQueue", "s3:GetObject", "s3:CreateBucket",
                                                "s3:DeleteBucket", "s3:GetBucketPolicy", "dynamodb:GetItem", "ecs:ListClusters",
                                                "iam:PassRole", "iam:ListRoles"]))),
                   role("idle", policy(allow("sqs:ListQueues")))]),
        report("deploy", ("sqs", None, {}), ("s3", JUNE, {"CreateBucket": JUNE, "DeleteBucket": MARCH}),
               ("dynamodb", MARCH, {}), ("iam", None, {})),
        report("idle", ("sqs", MARCH, {})))
    equal(rows_of(place, None), (["idle"], [
        ("deploy", "dynamodb", 1, 0, 0, ["dynamodb:GetItem"]),  # no log is needed for data of a service that was not used
        ("deploy", "iam", 2, 0, 1, ["iam:ListRoles"]),          # passing a role is never seen
        ("deploy", "s3", 4, 1, 2, ["s3:DeleteBucket"]),         # the rest is not tracked, and the service was used
        ("deploy", "sqs", 2, 0, 0, ["sqs:ListQueues", "sqs:PurgeQueue"])]))  # ecs is not in the report: nobody knows
    text = reported(place).stdout
    assert "role/deploy@222222222222\n  s3: 1 of 4 actions used, 2 untraceable, last 2026-06-10; not used: DeleteBucket\n" in text, text
    assert "never used: dynamodb iam (1 untraceable) sqs\n" in text and "last-accessed data is of 2026-06-29" in text, text
    equal([r[1] for r in rows_of(place, None, "--days", "150")[1]], ["iam", "sqs"], "used 113 days ago")
    equal([r[1] for r in rows_of(place, None, "--days", "0")[1]], ["iam", "sqs"], "never")
    assert "does not cover that time" in reported(place, "--days", "450", code=3).stderr


@case
def logs_and_last_accessed_data_complete_each_other():
    place = with_reports(workspace([role("deploy", policy(allow(["sqs:ListQueues", "sqs:PurgeQueue", "s3:GetObject", "s3:GetBucketPolicy"])))]),
                         report("deploy", ("sqs", JUNE, {}), ("s3", None, {})))
    young = Logs().call("deploy", "sqs", "ListQueues")
    equal(rows_of(place, young)[1], [("deploy", "s3", 2, 0, 0, ["s3:GetBucketPolicy", "s3:GetObject"])], "young logs prove no lack")
    equal(rows_of(place, since_march().call("deploy", "sqs", "ListQueues"))[1],
          [("deploy", "s3", 2, 0, 0, ["s3:GetBucketPolicy", "s3:GetObject"]), ("deploy", "sqs", 2, 1, 0, ["sqs:PurgeQueue"])])
    # the logs show a use that is younger than the report
    equal(rows_of(place, young.call("deploy", "s3", "GetBucketPolicy", day="2026-06-30",
                                    requestParameters={"bucketName": "b"}))[1], [])


@case
def of_whom_nothing_is_known_nothing_is_said():
    place = workspace([role("deploy", policy(allow("sqs:ListQueues"))), role("new", policy(allow("sqs:ListQueues")))])
    err = reported(place, code=3).stderr
    assert "no logs were given" in err and "vigil import --script" in err and err.count("\n") == 1, err
    with_reports(place, report("new", ("sqs", None, {}), status="FAILED"))
    assert "no last-accessed data" in reported(place, code=3).stderr
    with_reports(place, report("deploy", ("sqs", None, {}), as_of="2026-03-01T00:00:00Z"))
    assert "does not cover that time" in reported(place, code=3).stderr
    with_reports(place, report("deploy", ("sqs", JUNE, {})))
    out = json.loads(reported(place, "--format", "json", code=3).stdout)
    equal((out["neverActive"], out["unused"], [p.rsplit("/", 1)[1] for p in out["notAssessed"]]), ([], [], ["new"]))
    assert "Not assessed, without last-accessed data" in reported(place, code=3).stdout
    equal(json.loads(unused(place, since_march(), "--format", "json").stdout)["notAssessed"], [], "the logs know of both")
    reported(place, "--principal", "role/deploy")


try:
    run()
finally:
    shutil.rmtree(HOME, ignore_errors=True)
