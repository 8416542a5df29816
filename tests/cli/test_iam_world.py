#!/usr/bin/env python3
"""`vigil iam can`, `who-can` and `what-can` over evidence: a small organisation is exported, imported and asked about.

Account 222222222222 (unit Work, under an SCP that denies other regions and one that keeps logs from all but one role) has
users, roles and buckets; 999999999999 is outside."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
VIGIL = os.environ.get("VIGIL_BIN") or os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
HOME = Path(tempfile.mkdtemp(prefix="vigil-iam-"))
MANAGEMENT, MEMBER = "111111111111", "222222222222"


# ---- the organisation ------------------------------------------------------------------------------------------------------

def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action, resource="*", **more):
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def envelope(operation, parameters, output, account=MANAGEMENT, time="2026-11-20T00:00:00Z"):
    return {"vigil": "envelope/1", "operation": operation, "parameters": parameters, "account": account, "region": "",
            "partition": "aws", "time": time, "exit": 0, "error": "", "output": output}


def arn(kind, name):
    return f"arn:aws:organizations::{MANAGEMENT}:{kind}/o-testorgan1/{name}"


SCPS = {
    "p-FullAWSAccess": ("FullAWSAccess", document(allow("*")), ["r-root", "ou-root-work0001", MANAGEMENT, MEMBER]),
    "p-regions1": ("regions", document(
        {"Sid": "OtherRegions", "Effect": "Deny", "NotAction": ["iam:*", "s3:*"], "Resource": "*",
         "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}}), ["ou-root-work0001"]),
    "p-logs0001": ("keep-logs", document(
        deny("s3:Delete*", ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"], Sid="KeepLogs",
             Condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/janitor"}})), [MEMBER]),
}


def organization():
    accounts = [{"Id": a, "Arn": arn("account", a), "Name": n, "Status": "ACTIVE"}
                for a, n in ((MANAGEMENT, "main"), (MEMBER, "shop"))]
    yield envelope("organizations:DescribeOrganization", {}, {"Organization": {
        "Id": "o-testorgan1", "Arn": arn("organization", "x"), "FeatureSet": "ALL", "MasterAccountId": MANAGEMENT}})
    yield envelope("organizations:ListAccounts", {}, {"Accounts": accounts})
    yield envelope("organizations:ListRoots", {}, {"Roots": [{
        "Id": "r-root", "Arn": arn("root", "r-root"), "Name": "Root",
        "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]}]})
    yield envelope("organizations:ListOrganizationalUnitsForParent", {"ParentId": "r-root"}, {"OrganizationalUnits": [
        {"Id": "ou-root-work0001", "Arn": arn("ou", "ou-root-work0001"), "Name": "Work"}]})
    yield envelope("organizations:ListAccountsForParent", {"ParentId": "r-root"}, {"Accounts": accounts[:1]})
    yield envelope("organizations:ListAccountsForParent", {"ParentId": "ou-root-work0001"}, {"Accounts": accounts[1:]})
    summaries = {key: {"Id": key, "Arn": arn("policy", key), "Name": name, "Type": "SERVICE_CONTROL_POLICY",
                       "AwsManaged": key == "p-FullAWSAccess"} for key, (name, _, _) in SCPS.items()}
    yield envelope("organizations:ListPolicies", {"Filter": "SERVICE_CONTROL_POLICY"}, {"Policies": list(summaries.values())})
    for key, (_, content, targets) in SCPS.items():
        yield envelope("organizations:DescribePolicy", {"PolicyId": key},
                       {"Policy": {"PolicySummary": summaries[key], "Content": json.dumps(content)}})
        yield envelope("organizations:ListTargetsForPolicy", {"PolicyId": key}, {"Targets": [
            {"TargetId": t, "Arn": arn("x", t), "Name": t, "Type": "ACCOUNT"} for t in targets]})


def user(name, *policies, managed=(), tags=()):
    return {"Path": "/", "UserName": name, "UserId": "AIDA" + name.upper().ljust(16, "0"), "GroupList": [],
            "Arn": f"arn:aws:iam::{MEMBER}:user/{name}", "Tags": [{"Key": k, "Value": v} for k, v in tags],
            "UserPolicyList": [{"PolicyName": f"p{i}", "PolicyDocument": p} for i, p in enumerate(policies)],
            "AttachedManagedPolicies": [{"PolicyName": m, "PolicyArn": f"arn:aws:iam::aws:policy/{m}"} for m in managed]}


def role(name, *policies, trust=None):
    return {"Path": "/", "RoleName": name, "RoleId": "AROA" + name.upper().ljust(16, "0"), "Tags": [],
            "Arn": f"arn:aws:iam::{MEMBER}:role/{name}", "InstanceProfileList": [], "AttachedManagedPolicies": [],
            "AssumeRolePolicyDocument": trust or document(),
            "RolePolicyList": [{"PolicyName": f"p{i}", "PolicyDocument": p} for i, p in enumerate(policies)]}


IAM = {
    "UserDetailList": [
        user("alice", document(allow("s3:*", Sid="AllOfS3"), allow("ec2:Describe*"))),
        user("bert", document(allow("s3:GetObject", "arn:aws:s3:::logs/${aws:username}/*"))),
        user("carol", document(allow(["s3:GetObject", "iam:CreateUser"],
                                     Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}))),
        user("dora", managed=["SecurityAudit"]),
        user("nobody"),
        user("keys", document(allow(["kms:Decrypt", "kms:ListKeys", "sts:AssumeRole"]))),
    ],
    "GroupDetailList": [],
    "RoleDetailList": [
        role("janitor", document(allow("s3:*"))),
        role("app", document(allow("sqs:SendMessage")),
             trust=document({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
                            {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
                             "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "7"}}})),
    ],
    "Policies": [], "IsTruncated": False,
}

BUCKET = document({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site/*"},
                  {"Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"}, "Action": ["s3:PutObject", "s3:PutObjectTagging"],
                   "Resource": "arn:aws:s3:::site/*"})


def snapshot():
    def bucket(name, policy):
        return {"configurationItemStatus": "OK", "configurationItemCaptureTime": "2026-11-19T00:00:00Z",
                "awsAccountId": MEMBER, "awsRegion": "eu-west-1", "resourceType": "AWS::S3::Bucket", "resourceId": name,
                "resourceName": name, "ARN": f"arn:aws:s3:::{name}", "configuration": {"name": name},
                "supplementaryConfiguration": {
                    "BucketPolicy": {"policyText": json.dumps(policy) if policy else None},
                    "PublicAccessBlockConfiguration": {"ignorePublicAcls": True, "restrictPublicBuckets": name == "logs"}}}
    return {"fileVersion": "1.0", "configSnapshotId": "s", "configurationItems": [bucket("logs", None), bucket("site", BUCKET)]}


def make():
    folder = HOME / "exports"
    config = folder / "AWSLogs" / MEMBER / "Config/eu-west-1/2026/11/19/ConfigSnapshot"
    config.mkdir(parents=True)
    (folder / "organization.jsonl").write_text("".join(json.dumps(e) + "\n" for e in organization()))
    summary = envelope("iam:GetAccountSummary", {}, {"SummaryMap": {"Users": 5}}, MEMBER)
    details = envelope("iam:GetAccountAuthorizationDetails", {}, IAM, MEMBER)
    (folder / "iam.jsonl").write_text(json.dumps(summary) + "\n" + json.dumps(details) + "\n")
    (config / f"{MEMBER}_Config_eu-west-1_ConfigSnapshot_20261119T000000Z_x.json").write_text(json.dumps(snapshot()))
    done = subprocess.run([VIGIL, "import", "-q", "--workspace", HOME / "ws", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def iam(*words):
    done = subprocess.run([VIGIL, "iam", *words, "--workspace", HOME / "ws"], capture_output=True, text=True, check=False,
                          env={**os.environ, "COLUMNS": "160"})
    return done.returncode, done.stdout, done.stderr


def answer(*words):
    code, out, err = iam("can", *words, "--format", "json")
    return code, json.loads(out) if out else err


# ---- can ----------------------------------------------------------------------------------------------------------------------

@case
def the_exit_code_tells_the_answer():
    for who, action, resource, context, code, result in (
            ("alice", "s3:PutObject", "arn:aws:s3:::logs/a", [], 3, "Unknown"),
            ("alice", "s3:PutObject", "arn:aws:s3:::logs/a", ["s3:x-amz-acl=private"], 0, "Allowed"),
            ("alice", "s3:PutObjectTagging", "arn:aws:s3:::logs/a", [], 0, "Allowed"),
            ("alice", "s3:DeleteObject", "arn:aws:s3:::logs/a", [], 1, "ExplicitlyDenied"),
            ("janitor", "s3:DeleteObject", "arn:aws:s3:::logs/a", [], 0, "Allowed"),
            ("nobody", "iam:CreateUser", "*", [], 1, "ImplicitlyDenied"),
            ("bert", "iam:CreateUser", "*", [], 1, "ImplicitlyDenied"),
            ("carol", "iam:CreateUser", f"arn:aws:iam::{MEMBER}:user/x", [], 3, "Unknown"),
            ("carol", "iam:CreateUser", f"arn:aws:iam::{MEMBER}:user/x", ["aws:MultiFactorAuthPresent=true"], 0, "Allowed"),
            ("carol", "iam:CreateUser", f"arn:aws:iam::{MEMBER}:user/x", ["aws:MultiFactorAuthPresent=false"], 1,
             "ImplicitlyDenied"),
            ("carol", "iam:CreateUser", f"arn:aws:iam::{MEMBER}:user/x", ["aws:MultiFactorAuthPresent="], 1,
             "ImplicitlyDenied"),
            ("alice", "ec2:DescribeInstances", "*", [], 3, "Unknown"),
            ("alice", "ec2:DescribeInstances", "*", ["aws:RequestedRegion=eu-west-1"], 0, "Allowed"),
            ("alice", "ec2:DescribeInstances", "*", ["aws:RequestedRegion=us-east-1"], 1, "ExplicitlyDenied"),
            ("dora", "iam:CreateUser", "*", [], 3, "Unknown"),
            (f"root@{MEMBER}", "iam:CreateUser", "*", [], 0, "Allowed"),
            ("cloudfront.amazonaws.com", "s3:PutObjectTagging", "arn:aws:s3:::site/i", [], 0, "Allowed"),
            ("keys", "kms:ListKeys", "*", ["aws:RequestedRegion=eu-west-1"], 0, "Allowed"),
            ("keys", "kms:Decrypt", "*", ["aws:RequestedRegion=eu-west-1"], 3, "Unknown"),
            ("keys", "kms:Decrypt", f"arn:aws:kms:eu-west-1:{MEMBER}:key/*", ["aws:RequestedRegion=eu-west-1"], 3, "Unknown"),
            ("keys", "sts:AssumeRole", "*", ["aws:RequestedRegion=eu-west-1"], 3, "Unknown"),
            ("keys", "sts:AssumeRole", f"arn:aws:iam::{MEMBER}:role/*", ["aws:RequestedRegion=eu-west-1"], 3, "Unknown"),
            ("ec2.amazonaws.com", "s3:DeleteObject", "arn:aws:s3:::site/i", [], 1, "ImplicitlyDenied")):
        got, said = answer(who, action, resource, *(w for c in context for w in ("--context", c)))
        equal((got, said["result"]), (code, result), f"{who} {action} {resource} {context}")


@case
def a_denial_names_the_layers():
    equal(answer("alice", "s3:DeleteObject", "arn:aws:s3:::logs/a")[1]["blockedBy"], ["scp"])
    equal(answer("nobody", "iam:CreateUser", "*")[1]["blockedBy"], ["identity"])


@case
def an_unknown_answer_says_what_decides():
    _, said = answer("carol", "iam:CreateUser", f"arn:aws:iam::{MEMBER}:user/x")
    equal((said["missingKeys"], said["notCollected"]), (["aws:MultiFactorAuthPresent"], ""))
    assert "aws:MultiFactorAuthPresent" in said["residual"], said
    _, said = answer("dora", "iam:CreateUser", "*")
    equal(said["notCollected"], "identity policies (SecurityAudit)")
    assert "identity" in said["unknown"] and len(said["problems"]) == 1, said
    _, out, _ = iam("can", "dora", "iam:CreateUser", "*")
    assert "To know    arn:aws:iam::aws:policy/SecurityAudit: this policy is attached" in out, out
    assert "get-account-authorization-details" in out, out


@case
def explanations_show_statement_file_line_and_sid():
    code, said = answer("alice", "s3:DeleteObject", "arn:aws:s3:::logs/a", "--explain")
    found = {(s["layer"], s["policy"], s["sid"], s["effect"]): s for s in said["statements"]}
    scp = found["scp", "keep-logs (p-logs0001)", "KeepLogs", "Deny"]
    own = found["identity", "inline policy p0 of user/alice", "AllOfS3", "Allow"]
    equal((code, scp["level"], scp["certain"]), (1, "account", True))
    assert scp["file"].endswith("organization.jsonl") and scp["line"] > 1, scp
    assert own["file"].endswith("iam.jsonl") and own["line"] == 2 and own["statement"] == 1, own
    code, out, _ = iam("can", "alice", "s3:DeleteObject", "arn:aws:s3:::logs/a", "--explain")
    for line in ("Result     ExplicitlyDenied", "Because    denied by: scp",
                 "scp        at account denies: keep-logs (p-logs0001), KeepLogs",
                 "scp        at Work allows: FullAWSAccess (p-FullAWSAccess), statement 1",
                 "identity   allows: inline policy p0 of user/alice, AllOfS3"):
        assert line in out.splitlines(), (line, out)
    assert "organization.jsonl:" in out and "iam.jsonl:2" in out, out


@case
def a_statement_is_found_in_an_indented_export():
    folder, workspace = HOME / "indented", HOME / "indented-ws"
    folder.mkdir()
    twice = dict(IAM, RoleDetailList=[role("first", document(allow("s3:*"))), role("second", document(allow("s3:*")))])
    export = folder / "iam.json"
    export.write_text(json.dumps(envelope("iam:GetAccountAuthorizationDetails", {}, twice, MEMBER), indent=1))
    subprocess.run([VIGIL, "import", "-q", "--workspace", workspace, folder], check=True, capture_output=True)

    def place(who):
        done = subprocess.run([VIGIL, "iam", "can", who, "s3:GetObject", "*", "--explain", "--format", "json", "--workspace",
                               workspace], capture_output=True, text=True, check=False)
        return next(s for s in json.loads(done.stdout)["statements"] if s["layer"] == "identity")

    lines = export.read_text().splitlines()
    for who in ("first", "second"):  # equal statements: each in its own role
        at = place(who)["line"]
        name = next(i for i, line in enumerate(lines, 1) if f'"RoleName": "{who}"' in line)
        statement = next(i for i, line in enumerate(lines, 1) if i > name and '"Effect": "Allow"' in line)
        equal(at, statement - 1, who)  # its brace
    equal(place("alice")["sid"], "AllOfS3")
    export.unlink()
    assert "line" not in place("first"), "a line of a file that is gone"


@case
def a_policy_that_aws_would_refuse_is_named_with_file_line_and_column():
    folder, workspace = HOME / "refused", HOME / "refused-ws"
    folder.mkdir()
    encoded = urllib.parse.quote(json.dumps(document({**allow("s3:*"), "Effect": "allow"})))
    twice = document(allow("s3"))  # equal in two users, and found in each
    trust = document({"Effect": "Allow", "Principal": {"Service": "ec2"}, "Action": "sts:AssumeRole"})
    broken = dict(IAM, UserDetailList=[user("first", twice), user("second", twice), user("third", encoded), user("both", twice, document(allow("s3:*")))],
                  RoleDetailList=[role("app", trust=trust)])
    export = folder / "iam.json"
    export.write_text(json.dumps(envelope("iam:GetAccountAuthorizationDetails", {}, broken, MEMBER), indent=1))
    lines = [json.dumps(one) for one in organization()]
    lines = [one.replace('\\"Action\\": \\"s3:Delete*\\"', '\\"Action\\": \\"s3\\"') for one in lines]
    (folder / "organization.jsonl").write_text("\n".join(lines) + "\n")
    done = subprocess.run([VIGIL, "import", "-q", "--workspace", workspace, folder], capture_output=True, text=True, check=False)
    equal((done.returncode, done.stderr.count("AWS would refuse")), (3, 6), done.stderr)

    def told(who, action, resource):
        done = subprocess.run([VIGIL, "iam", "can", who, action, resource, "--format", "json", "--workspace", workspace],
                              capture_output=True, text=True, check=False)
        said = json.loads(done.stdout)
        equal((said["result"], done.returncode), ("Unknown", 3), who)
        return " | ".join(said["problems"])

    text = export.read_text().splitlines()
    for who in ("first", "second"):
        name = next(i for i, line in enumerate(text) if f'"UserName": "{who}"' in line)
        at = next(i for i, line in enumerate(text) if i > name and '"Action": "s3"' in line)
        wanted = f"inline policy p0 of user/{who}: {export}:{at + 1}:{text[at].index(chr(34) + 's3') + 1}: AWS would refuse"
        assert wanted in told(who, "s3:GetObject", "*"), (wanted, told(who, "s3:GetObject", "*"))
    at = next(i for i, line in enumerate(text) if "%22allow%22" in line)
    inner = json.dumps(document({**allow("s3:*"), "Effect": "allow"})).index('"allow"') + 1
    wanted = (f"inline policy p0 of user/third: {export}:{at + 1}:{text[at].index(chr(34) + '%7B') + 1}, line 1, column {inner} of the "
              "document in this string: AWS would refuse this policy (INVALID_EFFECT)")
    assert wanted in told("third", "s3:GetObject", "*"), (wanted, told("third", "s3:GetObject", "*"))
    trusted = f"arn:aws:iam::{MEMBER}:role/app"
    assert f"trust policy of role/app: {export}:" in told("first", "sts:AssumeRole", trusted)

    def listed(*words, code=3):
        said = [subprocess.run([VIGIL, "iam", *words, *more, "--workspace", workspace], capture_output=True, text=True, check=False)
                for more in (("--format", "json"), ())]
        equal([one.returncode for one in said], [code, code], words)
        return json.loads(said[0].stdout), said[1].stdout + said[1].stderr

    # the same of everybody who can, of what one can, and of what is exposed
    at = next(i for i, line in enumerate(text) if '"Service": "ec2"' in line)
    place = f"trust policy of role/app: {export}:{at + 1}:{text[at].index(chr(34) + 'ec2') + 1}: AWS would refuse"
    rows, table = listed("who-can", "sts:AssumeRole", trusted)
    assert any(place in one for row in rows for one in row["problems"]) and f"not known: {place}" in table, (place, rows, table)
    rows, _ = listed("who-can", "s3:GetObject", "*")
    of = {row["principal"].rsplit("/", 1)[-1]: " ".join(row["problems"]) for row in rows if row["answer"] == "unknown"}
    assert "of user/first: " in of["first"] and "of user/second: " not in of["first"] and "of user/second: " in of["second"], of
    for more in ((), ("--actions",)):
        rows, table = listed("what-can", "user/both", *more)
        assert rows and all(any(f"of user/both: {export}:" in one for one in row["problems"]) for row in rows), rows
    rows, table = listed("what-can", "user/first")
    assert f"not known: inline policy p0 of user/first: {export}:" in table and "of user/second" not in table, table
    found, table = listed("exposed", code=0)
    of = {one["resource"]: one["problems"] for one in found["unknown"]}
    assert len(of[trusted]) == 1 and place in of[trusted][0] and f"\n    to know: {place}" in table, (place, of, table)
    number = next(i for i, line in enumerate(lines, 1) if '\\"s3\\"' in line)
    wanted = f"keep-logs (p-logs0001): {folder}/organization.jsonl:{number}:"
    assert wanted in told("first", "s3:GetObject", "*"), (wanted, told("first", "s3:GetObject", "*"))
    export.unlink()
    assert f"user/first: {export}: AWS" in told("first", "s3:GetObject", "*"), "a line of a file that is gone"


@case
def who_manages_a_key_decides_whether_an_rcp_binds():
    key, ident = f"arn:aws:kms:eu-west-1:{MEMBER}:key/1234", "1234"
    rcp = document({"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"})
    arn = f"arn:aws:organizations::{MANAGEMENT}:policy/o-testorgan1/resource_control_policy/p-keys00001"
    summary = {"Id": "p-keys00001", "Arn": arn, "Name": "no-keys", "Type": "RESOURCE_CONTROL_POLICY", "AwsManaged": False}
    lines = [one for one in organization() if one["operation"] != "organizations:ListRoots"]
    lines += [envelope("organizations:ListRoots", {}, {"Roots": [{"Id": "r-root", "Arn": arn, "Name": "Root", "PolicyTypes": [
                  {"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}, {"Type": "RESOURCE_CONTROL_POLICY", "Status": "ENABLED"}]}]}),
              envelope("organizations:ListPolicies", {"Filter": "RESOURCE_CONTROL_POLICY"}, {"Policies": [summary]}),
              envelope("organizations:DescribePolicy", {"PolicyId": "p-keys00001"}, {"Policy": {"PolicySummary": summary, "Content": json.dumps(rcp)}}),
              envelope("organizations:ListTargetsForPolicy", {"PolicyId": "p-keys00001"}, {"Targets": [
                  {"TargetId": MEMBER, "Arn": arn, "Name": MEMBER, "Type": "ACCOUNT"}]}),
              envelope("iam:GetAccountAuthorizationDetails", {}, dict(IAM, UserDetailList=[user("alice", document(allow("kms:*")))]), MEMBER)]

    def regional(operation, parameters, output):
        return {**envelope(operation, parameters, output, MEMBER), "region": "eu-west-1"}

    lines += [regional("kms:ListKeys", {}, {"Keys": [{"KeyId": ident, "KeyArn": key}]}),
              regional("kms:GetKeyPolicy", {"KeyId": ident}, {"Policy": json.dumps(document(
                  {"Effect": "Allow", "Principal": {"AWS": MEMBER}, "Action": "kms:*", "Resource": "*"})), "PolicyName": "default"}),
              regional("kms:ListGrants", {"KeyId": ident}, {"Grants": []})]

    def ask(name, *more):
        folder = HOME / name
        folder.mkdir()
        (folder / "all.jsonl").write_text("".join(json.dumps(one) + "\n" for one in (*lines, *more)))
        done = subprocess.run([VIGIL, "import", "-q", "--workspace", HOME / (name + "-ws"), folder], capture_output=True, text=True, check=False)
        equal(done.returncode, 0, name + done.stderr)
        words = [VIGIL, "iam", "can", "alice", "kms:Decrypt", key, "--context", "aws:RequestedRegion=eu-west-1", "--workspace", HOME / (name + "-ws")]
        text = subprocess.run(words, capture_output=True, text=True, check=False).stdout
        said = json.loads(subprocess.run([*words, "--format", "json"], capture_output=True, text=True, check=False).stdout)
        return said, text

    said, text = ask("key-of-nobody-knows-whom")
    equal((said["result"], said["unlessAwsManaged"], said["unknown"], said["notCollected"]),
          ("Unknown", True, ["rcp"], "whether AWS manages the key"))
    assert "Unless     AWS manages the key, which no RCP binds: not collected (aws kms describe-key)" in text, text

    def manager(who):
        return regional("kms:DescribeKey", {"KeyId": ident}, {"KeyMetadata": {"KeyId": ident, "Arn": key, "KeyManager": who}})

    def alias(name):
        return regional("kms:ListAliases", {}, {"Aliases": [{"AliasName": name, "AliasArn": key.replace("key/1234", name), "TargetKeyId": ident}]})

    for name, line, result in (("key-of-aws", manager("AWS"), "Allowed"), ("key-of-ours", manager("CUSTOMER"), "ExplicitlyDenied"),
                               ("key-with-an-alias-of-aws", alias("alias/aws/s3"), "Allowed"),
                               ("key-with-an-alias-of-ours", alias("alias/mine"), "Unknown")):
        said, text = ask(name, line)
        equal((said["result"], "Unless" in text), (result, result == "Unknown"), name)


@case
def explanations_show_what_has_nothing_to_say():
    _, out, _ = iam("can", "dora", "iam:CreateUser", "*", "--explain")
    assert "identity   was not collected" in out and "Not known  identity policies (SecurityAudit)" in out, out
    _, out, _ = iam("can", "nobody", "iam:CreateUser", "*", "--explain")
    assert "identity   has no statement that matches" in out, out


@case
def names_are_found_and_mistakes_named():
    equal(iam("can", "user/alice@" + MEMBER, "s3:PutObjectTagging", "arn:aws:s3:::logs/a")[0], 0)
    equal(iam("can", "AIDAALICE00000000000"[:20], "s3:PutObjectTagging", "arn:aws:s3:::logs/a")[0], 0)
    equal(iam("can", f"arn:aws:sts::{MEMBER}:assumed-role/janitor/me", "s3:DeleteObject", "arn:aws:s3:::logs/a")[0], 0)
    code, _, err = iam("can", "alise", "s3:PutObject", "*")
    assert code == 3 and f"did you mean user/alice@{MEMBER}?" in err, err
    code, _, err = iam("can", "root", "s3:PutObject", "*")
    assert code == 3 and "may be any of 2 principals" in err, err
    code, _, err = iam("can", f"arn:aws:iam::{MEMBER}:user/gone", "s3:PutObject", "*")
    assert code == 3 and "no principal" in err, err


@case
def the_command_line_is_checked():
    for words, code, text in ((["can"], 2, "PRINCIPAL ACTION RESOURCE"), (["can", "alice", "s3:PutObject"], 2, "RESOURCE"),
                              (["can", "alice", "a:b", "*", "--requests", "-"], 2, "either"),
                              (["can", "alice", "a:b", "*", "--context", "novalue"], 2, "KEY=VALUE"),
                              (["who-can", "s3:PutObject"], 2, "RESOURCE"),
                              (["what-can", "alice", "--service", "nosuch"], 3, "no service nosuch"),
                              (["what-can", "ec2.amazonaws.com"], 3, "no policies of")):
        got, _, err = iam(*words)
        assert got == code and text in err, (words, got, err)


@case
def actions_that_the_catalogue_lacks_are_matched_by_name():
    code, out, err = iam("can", "alice", "s3:InventedYesterday", "arn:aws:s3:::logs/a")
    assert code == 0 and "Allowed" in out and "no action s3:InventedYesterday" in err, (code, out, err)


@case
def a_context_key_given_twice_is_a_list():
    other = ["--context", "aws:RequestedRegion=us-east-1"]
    equal(answer("alice", "ec2:DescribeInstances", "*", *other)[0], 1)
    equal(answer("alice", "ec2:DescribeInstances", "*", *other, *other)[0], 0)  # no operator of one value matches a list


@case
def evidence_can_be_asked_as_of_then():
    code, _, err = iam("can", "alice", "s3:PutObject", "*", "--at", "2026-11-01")
    assert code == 3 and "no principal alice" in err, err


# ---- who-can -------------------------------------------------------------------------------------------------------------------

def who(*words):
    code, out, _ = iam("who-can", *words, "--format", "json")
    return code, {row["name"]: row for row in json.loads(out)}


@case
def policies_of_what_a_pattern_takes_in_decide_too():
    _, said = answer("keys", "kms:Decrypt", "*")
    assert "resource policy of what the pattern takes in, not collected, allows" in said["residual"], said


@case
def an_owner_that_was_not_collected_is_not_taken_for_the_caller():
    _, said = answer("alice", "s3:GetObject", "arn:aws:s3:::elsewhere/a", "--explain")
    assert said["result"] == "Unknown" and "if the resource is another account's" in said["residual"], said
    notes = " ".join(said["notes"])
    assert "whose the resource is was not collected" in notes and "are of one account" not in notes, said


@case
def everybody_who_can_is_listed():
    code, rows = who("s3:DeleteObject", "arn:aws:s3:::logs/a")
    equal((code, {name: row["answer"] for name, row in rows.items()}), (0, {f"role/janitor@{MEMBER}": "allowed"}))
    code, rows = who("s3:PutObjectTagging", "arn:aws:s3:::logs/a")
    equal((code, {name: row["answer"] for name, row in rows.items()}),
          (3, {f"role/janitor@{MEMBER}": "allowed", f"root@{MEMBER}": "allowed", f"user/alice@{MEMBER}": "allowed",
               f"user/dora@{MEMBER}": "unknown"}))
    equal(rows[f"user/dora@{MEMBER}"]["notCollected"], "identity policies (SecurityAudit)")


@case
def conditions_are_told_apart_from_missing_evidence():
    _, rows = who("iam:CreateUser", f"arn:aws:iam::{MEMBER}:user/x")
    carol = rows[f"user/carol@{MEMBER}"]
    assert carol["answer"] == "conditional" and "aws:MultiFactorAuthPresent" in carol["if"], carol
    assert f"user/alice@{MEMBER}" not in rows and rows[f"root@{MEMBER}"]["answer"] == "allowed", rows
    code, rows = who("s3:GetObject", "arn:aws:s3:::unseen/a")
    carol = rows[f"user/carol@{MEMBER}"]  # a policy that nobody collected may deny, whatever the condition
    equal((code, carol["answer"], carol["notCollected"]), (3, "unknown", "the resource's policy, RCPs"), carol)
    assert "aws:MultiFactorAuthPresent" in carol["if"], carol


@case
def those_whom_the_resource_names_are_asked_too():
    _, rows = who("s3:GetObject", "arn:aws:s3:::site/index.html")
    assert "anyone" in rows and rows["anyone"]["principal"] == "*", rows
    _, rows = who("s3:PutObjectTagging", "arn:aws:s3:::site/index.html")
    equal(rows["cloudfront.amazonaws.com"]["answer"], "allowed")
    _, rows = who("sts:AssumeRole", f"arn:aws:iam::{MEMBER}:role/app")
    equal(rows["ec2.amazonaws.com"]["answer"], "allowed")
    outside = rows["account 999999999999"]  # whose own policies nobody here knows
    assert outside["answer"] == "unknown" and "sts:ExternalId" in outside["if"], outside
    assert "identity policies" in outside["notCollected"], outside


@case
def a_table_is_for_people():
    code, out, err = iam("who-can", "s3:PutObjectTagging", "arn:aws:s3:::logs/a")
    assert code == 3 and "Principal" in out and f"role/janitor@{MEMBER}" in out, out
    assert "3 allowed, 0 conditional, 1 unknown" in err, err
    assert "access control lists were not collected" in err, err


# ---- what-can ------------------------------------------------------------------------------------------------------------------

@case
def actions_are_counted_by_level_and_service():
    code, out, err = iam("what-can", "alice")
    lines = [line.split() for line in out.splitlines()]
    s3 = next(line for line in lines if line[:3] == ["Permissions", "management", "s3"])
    ec2 = next(line for line in lines if line[:2] == ["List", "ec2"])
    assert code == 0 and int(s3[3]) > 5 and s3[5] == "0" and int(s3[3]) + int(s3[4]) == int(s3[6]), s3
    assert ec2[2] == "0" and int(ec2[4]) > 50, ec2  # the region decides
    assert not any("iam" in line for line in lines) and "on all resources" in err, out


@case
def actions_are_listed():
    code, out, _ = iam("what-can", "bert", "--actions", "--format", "json")
    equal((code, json.loads(out)), (0, [{"level": "Read", "action": "s3:GetObject", "resources": "some"}]))
    code, out, _ = iam("what-can", "alice", "--level", "permissions", "--service", "S3", "--actions", "--format", "json")
    rows = json.loads(out)
    assert code == 0 and {r["level"] for r in rows} == {"Permissions management"}, rows
    assert {"level": "Permissions management", "action": "s3:PutBucketPolicy", "resources": "all"} in rows, rows
    delete = json.loads(iam("what-can", "alice", "--level", "write", "--service", "s3", "--actions", "--format", "json")[1])
    assert {"level": "Write", "action": "s3:DeleteObject", "resources": "some"} in delete, delete


@case
def programs_get_the_actions_with_the_counts():
    rows = json.loads(iam("what-can", "carol", "--format", "json")[1])
    equal([(r["service"], r["level"], r["conditional"], r["actions"]["conditional"]) for r in rows],
          [("iam", "Write", 1, ["iam:CreateUser"]), ("s3", "Read", 1, ["s3:GetObject"])])


@case
def what_was_not_collected_is_said():
    code, out, err = iam("what-can", "dora")
    assert code == 3 and "identity policies (SecurityAudit)" in err and "Access level" not in out, (code, out, err)


if __name__ == "__main__":
    try:
        make()
        run()
    finally:
        shutil.rmtree(HOME, ignore_errors=True)
