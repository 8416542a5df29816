#!/usr/bin/env python3
"""What was used of what is granted: `vigil org simulate`, `vigil iam generate`, `vigil iam unused`, on an account and logs
that are made here."""
import gzip
import json
import os
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


def role(name, *documents, path="/"):
    return {"Path": path, "RoleName": name, "RoleId": "AROA" + name.upper().ljust(17, "X")[:17],
            "Arn": f"arn:aws:iam::{MEMBER}:role{path}{name}", "CreateDate": "2025-01-01T00:00:00Z",
            "AssumeRolePolicyDocument": policy({"Effect": "Allow", "Action": "sts:AssumeRole",
                                                "Principal": {"Service": "ec2.amazonaws.com"}}),
            "InstanceProfileList": [], "AttachedManagedPolicies": [], "Tags": [],
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
    return sorted((r["would"], r["principal"].rsplit(":", 1)[1], r["action"], int(r["calls"]), r["missing"])
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
    assert "no data events" in unused(place, logs).stdout
    logs.call("deploy", "s3", "PutObject", eventCategory="Data")
    equal(rows_of(place, logs)[1], [("deploy", "s3", 2, 0, 0, ["s3:GetBucketPolicy", "s3:GetObject"])], "with data events")
    place = workspace([role("pass", policy(allow("iam:PassRole"))), role("read", policy(allow(["s3:GetObject", "sqs:ListQueues"])))])
    out = unused(place, since_march(), code=3).stdout
    assert "role/pass" in out.split("Not assessed")[1], out
    equal(rows_of(place, since_march(), code=3), (["read"], []))


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
    equal(rows_of(place, logs)[1], [("deploy", "s3", 1, 0, 0, ["s3:GetObject"])], "and of another service")


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
    assert "role/deploy@222222222222\n  s3: 1 of 4 actions used, last 2026-06-10; not used: DeleteBucket\n" in text, text
    assert "never used: dynamodb iam sqs\n" in text and "last-accessed data is of 2026-06-29" in text, text
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
