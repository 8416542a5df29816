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
            out.append({"configurationItemVersion": "1.3", "awsAccountId": ACCOUNT, "configurationItemCaptureTime": "2026-11-20T06:00:00.000Z",
                        "configurationItemStatus": "ResourceDiscovered", "resourceType": kind, "ARN": arn,
                        "resourceId": arn, "awsRegion": REGION, "configuration": CONFIG[kind](properties, arn),
                        "tags": {}, "relationships": [], "supplementaryConfiguration": {}})
    return {"fileVersion": "1.0", "configSnapshotId": "1", "configurationItems": out} if out else None


def organization(scp):
    return organization_of({ACCOUNT: scp})


def organization_of(scps):
    """One root with the accounts below it, each with FullAWSAccess and the SCP that {id: SCP or None} gives it."""
    everyone = [MANAGEMENT, *scps]
    policies = [("p-FullAWSAccess", ALL, [ROOT_ID, *everyone])]
    policies += [(f"p-{account}", scp, [account]) for account, scp in scps.items() if scp]
    lines = [envelope("organizations:DescribeOrganization", {"Organization": {
        "Id": "o-test", "Arn": f"arn:aws:organizations::{MANAGEMENT}:organization/o-test", "FeatureSet": "ALL",
        "MasterAccountArn": f"arn:aws:organizations::{MANAGEMENT}:account/o-test/{MANAGEMENT}",
        "MasterAccountId": MANAGEMENT, "MasterAccountEmail": "m@example.com"}}, account=MANAGEMENT)]
    accounts = [{"Id": a, "Arn": f"arn:aws:organizations::{MANAGEMENT}:account/o-test/{a}", "Name": "a" + a,
                 "Email": f"{a}@example.com", "Status": "ACTIVE", "JoinedMethod": "CREATED",
                 "JoinedTimestamp": "2026-01-01T00:00:00Z"} for a in everyone]
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
    for target in (ROOT_ID, *everyone):
        lines.append(envelope("organizations:ListPoliciesForTarget", {
            "Policies": [summary(i) for i, _, targets in policies if target in targets]},
            {"TargetId": target, "Filter": "SERVICE_CONTROL_POLICY"}, MANAGEMENT))
    return lines


def vigil(*words):
    return subprocess.run([VIGIL, *map(str, words)], capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})


def paths(account, start, target="admin", scp=None):
    """The paths of `start` (None: of everyone): what `vigil iam paths --format json` prints."""
    home = Path(tempfile.mkdtemp(dir=HOME))
    (home / "account.jsonl").write_text("\n".join(
        organization(scp) + [envelope("iam:GetAccountAuthorizationDetails", details(account))]) + "\n")
    snapshot = running(account)
    if snapshot:
        (home / "config.json").write_text(json.dumps(snapshot))
    imported = vigil("import", home, "--workspace", home / "w")
    only = ["--from", start] if start else ["--most", "0"]
    answer = vigil("iam", "paths", *only, "--to", target, "--format", "json", "--workspace", home / "w")
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
        self.name, self.folder = f"{folder.parent.name}/{folder.name}", str(folder)
        about = yaml.safe_load((folder / "scenario.yaml").read_text())
        self.account = Account(Module([f.read_text() for f in sorted(folder.glob("*.tf"))]))
        self.reference = LAB_REFERENCES.get(folder.name, about["pathfinding-cloud-id"])
        principals = [p.replace("{account_id}", ACCOUNT) for p in about["attack_path"]["principals"]]
        self.start = principals[0]
        self.who, self.principals = self.start, principals
        self.target = "admin"
        if folder.parent.name == "to-bucket":
            self.target = next(f"arn:aws:s3:::{b}" for b in self.account.buckets)

    def ask(self, action):
        """Takes for `who` the one that has the permission: the start, or a role that it assumes first."""
        for self.who in (p for p in self.principals if ":iam:" in p):
            for statement in statements(self.account, self.holder()):
                if any(takes(a, action) for a in listed(statement.get("Action", []))):
                    return
        self.who = self.start

    def holder(self):
        kind, name = re.match(r"arn:aws:iam::\d+:(user|role)/(.*)", self.who).groups()
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
def each_listed_path_is_a_technique_with_its_permissions():
    listing = DATA / "pathfinding.cloud" / "paths-compact.json"
    if not listing.is_file():
        skip("no data at " + str(listing))
    known = content()

    def check(path):
        # What a technique needs in addition only makes it stricter; what it leaves out must be said here.
        left_out = {"ec2:DescribeInstances"}  # finds a target, and is not needed by who knows one
        asked = [set(actions) for _, actions, _ in known.get(path["id"], [])]
        return path["id"], None if any(set(path["required"]) - left_out <= a for a in asked) else f"{path['required']}: {asked}"

    report("pathfinding.cloud", [check(p) for p in json.loads(listing.read_text())])


@case
def each_laboratory_has_its_path():
    known = content()

    def check(s):
        found = paths(s.account, s.start, s.target)
        wanted = [i for i, _, _ in known.get(s.reference, [])]
        got = techniques(found)
        REACHED[s.name] = got
        return s.name, None if set(wanted) & got else f"{s.reference} {wanted}: found {sorted(got)}"

    report("pathfinding-labs", in_parallel(check, scenarios()))


# ---- many accounts at once -----------------------------------------------------------------------------------------------------


def all_paths(variants):
    """Asks once about many accounts: {key: paths of its start} for {key: (account, start, scp)}."""
    home = Path(tempfile.mkdtemp(dir=HOME))
    ids = {key: f"{200000000000 + i}" for i, key in enumerate(variants)}
    lines = organization_of({ids[key]: scp for key, (_, _, scp) in variants.items()})
    for key, (account, _, _) in variants.items():
        text = envelope("iam:GetAccountAuthorizationDetails", details(account))
        lines.append(text.replace(ACCOUNT, ids[key]))
        snapshot = running(account)
        if snapshot:
            (home / f"config-{ids[key]}.json").write_text(json.dumps(snapshot).replace(ACCOUNT, ids[key]))
    (home / "accounts.jsonl").write_text("\n".join(lines) + "\n")
    imported = vigil("import", home, "--workspace", home / "w")
    answer = vigil("iam", "paths", "--most", "0", "--format", "json", "--workspace", home / "w")
    shutil.rmtree(home)
    if answer.returncode != 0:
        raise AssertionError(f"{imported.stdout[-2000:]}{imported.stderr[-2000:]}{answer.stderr}")
    by_start = {}
    for path in json.loads(answer.stdout)["paths"]:
        by_start.setdefault(path["from"], []).append(path)
    return {key: by_start.get(start.replace(ACCOUNT, ids[key]), []) for key, (_, start, _) in variants.items()}


# ---- changes ---------------------------------------------------------------------------------------------------------------------


def statements(account, holder):
    """Every statement of the policies of a principal, those of its groups and attached ones among them."""
    holders = [holder] + [account.groups[g] for g in holder["groups"] if g in account.groups]
    for h in holders:
        for document in [*h["inline"].values(), *(account.policies[a] for a in h["attached"] if a in account.policies)]:
            if isinstance(document["Statement"], dict):
                document["Statement"] = [document["Statement"]]
            yield from document["Statement"]


def takes(pattern, action):
    return re.fullmatch(re.escape(pattern.lower()).replace(r"\*", ".*").replace(r"\?", "."), action.lower()) is not None


ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


class Change:
    """A scenario changed in one way. One that leads to a bucket leads to an administrator instead: many accounts are asked
    at once, for administrators."""

    def __init__(self, scenario):
        self.account, self.start, self.scp = copy.deepcopy(scenario.account), scenario.start, None
        if scenario.target != "admin":
            kind, name = next(re.match(r"arn:aws:iam::\d+:(user|role)/(.*)", p).groups()
                              for p in reversed(scenario.principals) if ":iam:" in p)
            if scenario.principals[0] != f"arn:aws:iam::{ACCOUNT}:{kind}/{name}" and "self-escalation" not in scenario.folder:
                {"user": self.account.users, "role": self.account.roles}[kind][name]["attached"].append(ADMINISTRATOR)
        self.was, scenario.account = scenario.account, self.account
        self.holder = scenario.holder()
        scenario.account = self.was

    def drop(self, action):
        for s in statements(self.account, self.holder):
            if s["Effect"] == "Allow" and "Action" in s:
                s["Action"] = [a for a in listed(s["Action"]) if not takes(a, action)] or ["tag:GetResources"]

    def deny(self, action):
        self.holder["inline"]["deny"] = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Action": action, "Resource": "*"}]}

    def bound(self, action):
        arn = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
        self.account.policies[arn] = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "NotAction": action, "Resource": "*"}]}
        self.holder["boundary"] = arn

    def guard(self, action):
        self.scp = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]}

    def pass_elsewhere(self, _):
        for s in statements(self.account, self.holder):
            if any(takes(a, "iam:PassRole") for a in listed(s.get("Action", []))):
                s["Condition"] = {"StringEquals": {"iam:PassedToService": "example.amazonaws.com"}}

    def trust_elsewhere(self, _):
        for role in self.account.roles.values():
            for s in listed(role["trust"]["Statement"]):
                if "Service" in s.get("Principal", {}):
                    s["Principal"] = {"Service": "example.amazonaws.com"}

    def split(self, _):
        n = 0
        for s in list(statements(self.account, self.holder)):
            if s["Effect"] == "Allow" and "Action" in s:
                for action in listed(s["Action"]):
                    n += 1
                    self.holder["inline"][f"split{n}"] = {"Version": "2012-10-17", "Statement": [{**s, "Action": action}]}
                s["Action"] = "tag:GetResources"

    def leave(self, needed):
        """Everything but tagging, and of that only what is needed and was allowed."""
        allowed = []
        for s in statements(self.account, self.holder):
            if s["Effect"] == "Allow" and "Action" in s:
                own = [a for a in listed(s["Action"]) if any(takes(a, n) for n in needed)]
                allowed += own
                if own:
                    s["NotAction"] = ["tag:TagResources"]
                    del s["Action"]
                else:
                    s["Action"] = "tag:GetResources"
        self.holder["inline"]["rest"] = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "NotAction": allowed + ["sts:AssumeRole"], "Resource": "*"}]}


def is_named(s):
    """Whether a role of the account trusts the caller by its ARN: it needs no sts:AssumeRole of its own then."""
    return any(s.who in listed(p.get("AWS", []))
               for role in s.account.roles.values() for statement in listed(role["trust"]["Statement"])
               for p in [statement.get("Principal", {})] if isinstance(p, dict))


def changes_of(s, identifier, actions, services):
    """(key, change, whether the technique must be there)."""
    def changed(way, action=""):
        change = Change(s)
        getattr(change, way)(actions if way == "leave" else action)
        return (s.name, identifier, way, action), change, way in ("split", "leave")

    for action in dict.fromkeys(actions):
        assumes = action == "sts:AssumeRole"
        by_name = assumes and (is_named(s) or "iam:UpdateAssumeRolePolicy" in actions)
        for way in ("drop", "deny", "bound", "guard"):
            if not (by_name and (way == "drop" or way == "bound" and ":user/" in s.who)):
                yield changed(way, action)
    if "iam:PassRole" in actions:
        yield changed("pass_elsewhere")
    if services:
        yield changed("trust_elsewhere")
    yield changed("split")
    yield changed("leave")


def try_changes(chosen):
    """Asks about every change of [(scenario, technique, actions, services)], and prints how many did as they should."""
    variants, expected = {}, {}
    for s, identifier, actions, services in chosen:
        for key, change, stays in changes_of(s, identifier, actions, services):
            variants[key], expected[key] = (change.account, change.start, change.scp), stays
    found, bad = all_paths(variants), []
    for way in sorted({key[2] for key in variants}):
        keys = [k for k in variants if k[2] == way]
        wrong = [k for k in keys if (k[1] in techniques(found[k])) != expected[k]]
        print(f"# {way}: {len(keys) - len(wrong)} of {len(keys)}")
        bad += [f"{' '.join(k)}: {'is gone' if expected[k] else 'is there still'}" for k in wrong]
    assert not bad, "\n".join(bad)


@case
def changed_laboratories_lose_and_keep_their_paths():
    known, chosen = content(), []
    for s in scenarios():
        for identifier, actions, services in known.get(s.reference, []):
            if identifier in REACHED.get(s.name, ()):
                s = copy.copy(s)
                s.ask(actions[0])
                chosen.append((s, identifier, actions, services))
    try_changes(chosen)


# ---- iam-vulnerable ----------------------------------------------------------------------------------------------------------------

VULNERABLE = {
    "privesc1-CreateNewPolicyVersion": "iam-001", "privesc2-SetExistingDefaultPolicyVersion": "iam-vulnerable-2",
    "privesc3-CreateEC2WithExistingIP": "ec2-001", "privesc4-CreateAccessKey": "iam-002",
    "privesc5-CreateLoginProfile": "iam-004", "privesc6-UpdateLoginProfile": "iam-006",
    "privesc7-AttachUserPolicy": "iam-008", "privesc8-AttachGroupPolicy": "iam-010",
    "privesc9-AttachRolePolicy": "iam-009", "privesc10-PutUserPolicy": "iam-007", "privesc11-PutGroupPolicy": "iam-011",
    "privesc12-PutRolePolicy": "iam-005", "privesc13-AddUserToGroup": "iam-013",
    "privesc14-UpdatingAssumeRolePolicy": "iam-012", "privesc15-PassExistingRoleToNewLambdaThenInvoke": "lambda-001",
    "privesc16-PassRoleToNewLambdaThenTriggerWithNewDynamo": "lambda-002",
    "privesc17-EditExistingLambdaFunctionWithRole": "lambda-003",
    "privesc18-PassExistingRoleToNewGlueDevEndpoint": "glue-001",
    "privesc19-UpdateExistingGlueDevEndpoint": "glue-002",
    "privesc20-PassExistingRoleToCloudFormation": "cloudformation-001",
    "privesc21-PassExistingRoleToNewDataPipeline": "datapipeline-001", "privesc-AssumeRole": "sts-001",
    "privesc-cloudFormationUpdateStack": "cloudformation-002",
    "privesc-codeBuildCreateProjectPassRole": "codebuild-001",
    "privesc-ec2InstanceConnect": "ec2instanceconnect-003", "privesc-sageMakerCreateNotebookPassRole": "sagemaker-001",
    "privesc-sageMakerCreatePresignedNotebookURL": "sagemaker-004",
    "privesc-sageMakerCreateProcessingJob": "sagemaker-003", "privesc-sageMakerCreateTrainingJob": "sagemaker-002",
    "privesc-ssmSendCommand": "ssm-002", "privesc-ssmStartSession": "ssm-001", "sre": "iam-008",
}


class Vulnerable:
    """One module of iam-vulnerable in an account with an administrator of each kind: a user, a role, a group, roles that
    services run as."""

    target = "admin"

    def __init__(self, name, own, rest):
        self.name, self.reference, self.account = name, VULNERABLE[name], Account(own, *rest)
        self.add_administrators()
        starts = Account(own)
        by_role = self.reference in ("iam-005", "iam-009", "sts-001") or not starts.users
        names = sorted(starts.roles if by_role else starts.users, key=lambda n: "starting" not in n)
        self.start = self.who = f"arn:aws:iam::{ACCOUNT}:{'role' if by_role else 'user'}/{names[0]}"

    def add_administrators(self):
        a = self.account
        a.holder("user", "admin")["attached"].append(ADMINISTRATOR)
        a.holder("group", "admins")["attached"].append(ADMINISTRATOR)
        for service in ("ec2", "cloudformation", "codebuild", "datapipeline"):
            role = a.holder("role", f"admin-{service}")
            role["attached"].append(ADMINISTRATOR)
            role["trust"] = {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"Service": service + ".amazonaws.com"}, "Action": "sts:AssumeRole"}]}
        a.profiles["admin-ec2"] = "admin-ec2"
        for kind in ("AWS::EC2::Instance", "AWS::CloudFormation::Stack"):
            a.runs = [r for r in a.runs if r[0] != kind]
        a.runs.append(("AWS::EC2::Instance", f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-1", {"IamInstanceProfile": "admin-ec2"}))
        a.runs.append(("AWS::CloudFormation::Stack", f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/s/1",
                       {"RoleARN": f"arn:aws:iam::{ACCOUNT}:role/admin-cloudformation"}))

    def holder(self):
        kind, name = re.match(r"arn:aws:iam::\d+:(user|role)/(.*)", self.who).groups()
        return (self.account.users if kind == "user" else self.account.roles)[name]


def vulnerable_modules():
    folder = DATA / "iam-vulnerable" / "modules"
    if not folder.is_dir():
        skip("no data at " + str(folder))
    outside = {"aws_assume_role_arn": f"arn:aws:iam::{ACCOUNT}:user/operator"}
    read = lambda files: Module([f.read_text() for f in sorted(files)], outside)  # noqa: E731
    free = folder / "free-resources" / "privesc-paths"
    rest = [read(d.glob("*.tf")) for d in sorted((folder / "non-free-resources").iterdir())]
    return {f.stem: (read([f, free / "variables.tf"]), read(free.glob("*.tf")), rest) for f in sorted(free.glob("*.tf"))
            if f.stem in VULNERABLE}


@case
def iam_vulnerable_has_its_paths():
    modules, known, results = vulnerable_modules(), content(), []
    _, everything, rest = next(iter(modules.values()))
    all_found = paths(Account(everything, *rest), None)
    for name, (own, _, _) in modules.items():
        wanted, own = {i for i, _, _ in known[VULNERABLE[name]]}, Account(own)
        starts = {f"arn:aws:iam::{ACCOUNT}:{k}/{n}" for k, h in (("user", own.users), ("role", own.roles)) for n in h}
        got = techniques([p for p in all_found if p["from"] in starts])
        results.append((name, None if wanted & got else f"{wanted} of {sorted(starts)}: found {sorted(got)}"))
    report("iam-vulnerable", results)


@case
def changed_modules_lose_and_keep_their_paths():
    modules, known, chosen = vulnerable_modules(), content(), []
    every = [Vulnerable(name, own, rest) for name, (own, _, rest) in modules.items()]
    found = all_paths({s.name: (s.account, s.start, None) for s in every})
    for s in every:
        reached = [k for k in known[s.reference] if k[0] in techniques(found[s.name])]
        if not reached:
            print(f"# not run: {s.name}: alone in an account it has no target")
        chosen += [(s, *k) for k in reached[:1]]
    try_changes(chosen)


REACHED = {}


if __name__ == "__main__":
    try:
        run()
    finally:
        shutil.rmtree(HOME, ignore_errors=True)
