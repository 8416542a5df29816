#!/usr/bin/env python3
"""Paths that others documented: each scenario of pathfinding-labs, and of iam-vulnerable, has the path that it says it has.

A scenario's Terraform becomes an export of one account (GetAccountAuthorizationDetails in an envelope, AWS Config items for
what runs as a role, the answers of Organizations for its SCPs), is imported, and asked with `vigil iam paths`. Then it is
changed: without each needed action in turn, with a Deny, a boundary, an SCP, another iam:PassedToService or another trusted
service the technique must be gone; split over two policies, or with what it needs left by a NotAction, it must stay."""
import copy
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from tap import case, run, skip  # noqa: E402
from terraform_iam import ACCOUNT, REGION, Account, Module  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
VIGIL = os.environ.get("VIGIL_BIN") or os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
DATA = Path(os.environ.get("VIGIL_TEST_DATA", ROOT.parent / "shared" / "data")) / "iam-escalation"
HOME = Path(tempfile.mkdtemp(prefix="vigil-paths-"))
ROOT_ID, MANAGEMENT = "r-test", "999999999999"
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def listed(value):
    return value if isinstance(value, list) else [value]


# ---- exports ---------------------------------------------------------------------------------------------------------------


def envelope(operation, output, parameters=None, account=ACCOUNT, region=""):
    return json.dumps({"vigil": "envelope/1", "operation": operation, "parameters": parameters or {}, "account": account,
                       "region": region, "partition": "aws", "time": "2026-11-20T06:00:00Z", "exit": 0, "error": "",
                       "output": output})


def details(account):
    """What GetAccountAuthorizationDetails answers."""
    arn = lambda kind, path, name: f"arn:aws:iam::{ACCOUNT}:{kind}{path}{name}"  # noqa: E731
    documents = dict(account.policies)
    named = lambda arns: [{"PolicyName": a.rsplit("/", 1)[1], "PolicyArn": a} for a in dict.fromkeys(arns)]  # noqa: E731

    def principal(kind, name, h):
        out = {"Path": h["path"], f"{kind}Name": name, f"{kind}Id": f"AIDA{abs(hash(name)) % 10**12}",
               "Arn": arn(kind.lower(), h["path"], name), "CreateDate": "2026-01-01T00:00:00Z",
               "AttachedManagedPolicies": named(h["attached"]), "Tags": []}
        out["RolePolicyList" if kind == "Role" else f"{kind}PolicyList"] = [
            {"PolicyName": n, "PolicyDocument": d} for n, d in h["inline"].items()]
        if kind == "Group":
            out["GroupPolicyList"] = out.pop("GroupPolicyList")
        if h["boundary"]:
            out["PermissionsBoundary"] = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": h["boundary"]}
        return out

    users, roles = [], []
    for name, h in account.users.items():
        users.append(principal("User", name, h) | {"GroupList": h["groups"]})
    for name, h in account.roles.items():
        profiles = [{"Path": "/", "InstanceProfileName": p, "InstanceProfileId": "AIPA" + p, "Roles": [],
                     "Arn": arn("instance-profile", "/", p), "CreateDate": "2026-01-01T00:00:00Z"}
                    for p, role in account.profiles.items() if role == name]
        roles.append(principal("Role", name, h) | {"AssumeRolePolicyDocument": h["trust"], "InstanceProfileList": profiles})
    attached = {a for h in [*account.users.values(), *account.roles.values(), *account.groups.values()]
                for a in h["attached"] + [h["boundary"]] if a}
    for a in attached:
        if a.startswith("arn:aws:iam::aws:"):
            documents[a] = ALL if a.endswith("/AdministratorAccess") else {
                "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "tag:GetResources", "Resource": "*"}]}
    policies = [{"PolicyName": a.rsplit("/", 1)[1], "PolicyId": "ANPA" + a.rsplit("/", 1)[1], "Arn": a, "Path": "/",
                 "DefaultVersionId": "v1", "AttachmentCount": 1, "IsAttachable": True,
                 "CreateDate": "2026-01-01T00:00:00Z", "UpdateDate": "2026-01-01T00:00:00Z",
                 "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": True, "Document": d,
                                        "CreateDate": "2026-01-01T00:00:00Z"}]} for a, d in documents.items()]
    return {"UserDetailList": users, "RoleDetailList": roles, "Policies": policies, "IsTruncated": False,
            "GroupDetailList": [principal("Group", n, h) for n, h in account.groups.items()]}


CONFIG = {"AWS::Lambda::Function": lambda p, a: {"functionArn": a, "functionName": a.rsplit(":", 1)[1], "role": p["Role"]},
          "AWS::EC2::Instance": lambda p, a: {"instanceId": a.rsplit("/", 1)[1],
                                              "iamInstanceProfile": {"arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/" +
                                                                     str(p["IamInstanceProfile"]).rsplit("/", 1)[-1]}},
          "AWS::CloudFormation::Stack": lambda p, a: {"stackId": a, "stackName": a.split("/")[1], "roleARN": p["RoleARN"]}}


def running(account):
    """AWS Config items of what runs as a role, of the types that Config shows with its role."""
    out = []
    for kind, arn, properties in account.runs:
        if kind in CONFIG:
            out.append({"version": "1.3", "accountId": ACCOUNT, "configurationItemCaptureTime": "2026-11-20T06:00:00.000Z",
                        "configurationItemStatus": "ResourceDiscovered", "resourceType": kind, "ARN": arn,
                        "resourceId": arn, "awsRegion": REGION, "configuration": CONFIG[kind](properties, arn),
                        "tags": {}, "relationships": [], "supplementaryConfiguration": {}})
    return {"fileVersion": "1.0", "configSnapshotId": "1", "configurationItems": out} if out else None


def organization(scp):
    """One root with the account below it, and an SCP on the account beside FullAWSAccess."""
    policies = [("p-FullAWSAccess", ALL, [ROOT_ID, ACCOUNT, MANAGEMENT])] + ([("p-test", scp, [ACCOUNT])] if scp else [])
    lines = [envelope("organizations:DescribeOrganization", {"Organization": {
        "Id": "o-test", "Arn": f"arn:aws:organizations::{MANAGEMENT}:organization/o-test", "FeatureSet": "ALL",
        "MasterAccountArn": f"arn:aws:organizations::{MANAGEMENT}:account/o-test/{MANAGEMENT}",
        "MasterAccountId": MANAGEMENT, "MasterAccountEmail": "m@example.com"}}, account=MANAGEMENT)]
    accounts = [{"Id": a, "Arn": f"arn:aws:organizations::{MANAGEMENT}:account/o-test/{a}", "Name": "a" + a,
                 "Email": f"{a}@example.com", "Status": "ACTIVE", "JoinedMethod": "CREATED",
                 "JoinedTimestamp": "2026-01-01T00:00:00Z"} for a in (MANAGEMENT, ACCOUNT)]
    lines.append(envelope("organizations:ListAccounts", {"Accounts": accounts}, account=MANAGEMENT))
    lines.append(envelope("organizations:ListRoots", {"Roots": [
        {"Id": ROOT_ID, "Arn": f"arn:aws:organizations::{MANAGEMENT}:root/o-test/{ROOT_ID}", "Name": "Root",
         "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]}]}, account=MANAGEMENT))
    lines.append(envelope("organizations:ListOrganizationalUnitsForParent", {"OrganizationalUnits": []},
                          {"ParentId": ROOT_ID}, MANAGEMENT))
    lines.append(envelope("organizations:ListAccountsForParent", {"Accounts": accounts}, {"ParentId": ROOT_ID}, MANAGEMENT))
    summary = lambda i: {"Id": i, "Arn": f"arn:aws:organizations::aws:policy/service_control_policy/{i}", "Name": i,  # noqa: E731
                         "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": i == "p-FullAWSAccess"}
    lines.append(envelope("organizations:ListPolicies", {"Policies": [summary(i) for i, _, _ in policies]},
                          {"Filter": "SERVICE_CONTROL_POLICY"}, MANAGEMENT))
    for i, document, _ in policies:
        lines.append(envelope("organizations:DescribePolicy", {"Policy": {
            "PolicySummary": summary(i), "Content": json.dumps(document)}}, {"PolicyId": i}, MANAGEMENT))
    for target in (ROOT_ID, ACCOUNT, MANAGEMENT):
        lines.append(envelope("organizations:ListPoliciesForTarget", {
            "Policies": [summary(i) for i, _, targets in policies if target in targets]},
            {"TargetId": target, "Filter": "SERVICE_CONTROL_POLICY"}, MANAGEMENT))
    return lines


def vigil(*words):
    return subprocess.run([VIGIL, *map(str, words)], capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})


def paths(account, start, target="admin", scp=None):
    """The paths of `start`: what `vigil iam paths --format json` prints."""
    home = Path(tempfile.mkdtemp(dir=HOME))
    (home / "account.jsonl").write_text("\n".join(
        organization(scp) + [envelope("iam:GetAccountAuthorizationDetails", details(account))]) + "\n")
    snapshot = running(account)
    if snapshot:
        (home / "config.json").write_text(json.dumps(snapshot))
    imported = vigil("import", home, "--workspace", home / "w")
    answer = vigil("iam", "paths", "--from", start, "--to", target, "--format", "json", "--workspace", home / "w")
    shutil.rmtree(home)
    if answer.returncode != 0:
        raise AssertionError(f"{imported.stdout}{imported.stderr}{answer.stderr}")
    return json.loads(answer.stdout)["paths"]


def techniques(found):
    """{technique: certain} of all steps, the other ways of each step among them."""
    return {t for p in found for s in p["steps"] for t in [s["technique"], *s.get("alsoBy", [])]}


# ---- scenarios ----------------------------------------------------------------------------------------------------------------


def content():
    """{reference: [(id, actions, services)]} of the techniques."""
    out = {}
    for file in sorted((ROOT / "content" / "escalations").glob("*.yaml")):
        for t in yaml.safe_load(file.read_text())["techniques"]:
            for reference in t.get("reference", []):
                out.setdefault(reference, []).append((t["id"], [n["action"] for n in t["needs"]], t.get("services", [])))
    return out


# The laboratory numbers some techniques otherwise than the list.
LAB_REFERENCES = {"ec2-003-ec2-instance-connect-sendsshpublickey": "ec2instanceconnect-003",
                  "ec2-004-iam-passrole+ec2-requestspotinstances": "ec2-003",
                  "ec2-005-ec2-createlaunchtemplateversion+ec2-modifylaunchtemplate": "ec2-004"}


class Scenario:
    def __init__(self, folder):
        self.name = f"{folder.parent.name}/{folder.name}"
        about = yaml.safe_load((folder / "scenario.yaml").read_text())
        self.account = Account(Module([f.read_text() for f in sorted(folder.glob("*.tf"))]))
        self.reference = LAB_REFERENCES.get(folder.name, about["pathfinding-cloud-id"])
        principals = [p.replace("{account_id}", ACCOUNT) for p in about["attack_path"]["principals"]]
        self.start = principals[0]
        self.target = "admin"
        if folder.parent.name == "to-bucket":
            self.target = next(f"arn:aws:s3:::{b}" for b in self.account.buckets)

    def holder(self):
        kind, name = re.match(r"arn:aws:iam::\d+:(user|role)/(.*)", self.start).groups()
        return {"user": self.account.users, "role": self.account.roles}[kind][name.rsplit("/", 1)[-1]]


def scenarios():
    folder = DATA / "pathfinding-labs"
    if not folder.is_dir():
        skip("no data at " + str(folder))
    return [Scenario(f.parent) for f in sorted(folder.glob("*/*/*/scenario.yaml"))]


def in_parallel(work, items):
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, items))


def report(title, results):
    """Prints counts, and fails with what went wrong: results are (name, None or what)."""
    bad = [f"{name}: {what}" for name, what in results if what]
    print(f"# {title}: {len(results) - len(bad)} of {len(results)}")
    assert not bad, "\n".join(bad)


@case
def each_laboratory_has_its_path():
    known = content()

    def check(s):
        found = paths(s.account, s.start, s.target)
        wanted = [i for i, _, _ in known.get(s.reference, [])]
        got = techniques(found)
        return s.name, None if set(wanted) & got else f"{s.reference} {wanted}: found {sorted(got)}"

    report("pathfinding-labs", in_parallel(check, scenarios()))


if __name__ == "__main__":
    try:
        run()
    finally:
        shutil.rmtree(HOME, ignore_errors=True)
