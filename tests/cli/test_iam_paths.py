#!/usr/bin/env python3
"""`vigil iam paths` over evidence: what it prints in each format, its exit codes, and techniques of one's own."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
VIGIL = os.environ.get("VIGIL_BIN") or os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
HOME = Path(tempfile.mkdtemp(prefix="vigil-paths-"))
ACCOUNT = "161616161616"
NS = "{http://graphml.graphdrawing.org/xmlns}"


def allow(action, on="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": on, **more}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(principal):
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


def user(name, *statements, groups=(), attached=()):
    return {"Path": "/", "UserName": name, "UserId": "AIDA" + name.upper(), "Arn": f"arn:aws:iam::{ACCOUNT}:user/{name}",
            "CreateDate": "2026-01-01T00:00:00Z", "GroupList": list(groups),
            "AttachedManagedPolicies": [{"PolicyName": a.rsplit("/", 1)[1], "PolicyArn": a} for a in attached],
            "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": document(*statements)}] if statements else []}


def role(name, trusted, *statements, profile=None):
    profiles = [{"Path": "/", "InstanceProfileName": profile, "InstanceProfileId": "AIPA1", "Roles": [],
                 "Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/{profile}", "CreateDate": "2026-01-01T00:00:00Z"}]
    return {"Path": "/", "RoleName": name, "RoleId": "AROA" + name.upper(), "Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
            "CreateDate": "2026-01-01T00:00:00Z", "AssumeRolePolicyDocument": trust(trusted), "AttachedManagedPolicies": [],
            "InstanceProfileList": profiles if profile else [], "Tags": [],
            "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": document(*statements)}]}


def item(kind, arn, configuration):
    return {"configurationItemVersion": "1.3", "awsAccountId": ACCOUNT, "configurationItemCaptureTime": "2026-11-20T06:00:00.000Z",
            "configurationItemStatus": "ResourceDiscovered", "resourceType": kind, "ARN": arn, "resourceId": arn,
            "awsRegion": "eu-west-1", "configuration": configuration, "tags": {}, "relationships": [],
            "supplementaryConfiguration": {}}


class World:
    def __init__(self, users=(), roles=(), groups=(), policies=(), items=()):
        self.home = Path(tempfile.mkdtemp(dir=HOME))
        envelope = lambda operation, code, error, output: json.dumps({  # noqa: E731
            "vigil": "envelope/1", "operation": operation, "parameters": {}, "account": ACCOUNT, "region": "",
            "partition": "aws", "time": "2026-11-20T06:00:00Z", "exit": code, "error": error, "output": output})
        (self.home / "in").mkdir()
        (self.home / "in" / "account.jsonl").write_text("\n".join([
            envelope("organizations:DescribeOrganization", 254,
                     "An error occurred (AWSOrganizationsNotInUseException) when calling the DescribeOrganization operation", None),
            envelope("iam:GetAccountAuthorizationDetails", 0, "", {
                "UserDetailList": list(users), "RoleDetailList": list(roles), "GroupDetailList": list(groups),
                "Policies": list(policies), "IsTruncated": False})]) + "\n")
        if items:
            (self.home / "in" / "config.json").write_text(json.dumps(
                {"fileVersion": "1.0", "configSnapshotId": "1", "configurationItems": list(items)}))
        self.vigil("import", self.home / "in")

    def vigil(self, *words):
        return subprocess.run([VIGIL, *map(str, words), "--workspace", self.home / "w"], capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self.home)})

    def paths(self, *words):
        done = self.vigil("iam", "paths", "--format", "json", *words)
        equal(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["paths"]


ADMIN = role("admin", {"Service": "lambda.amazonaws.com"}, allow("*"))
CI = user("ci", {"Sid": "Pass", **allow("iam:PassRole")}, allow(["lambda:CreateFunction", "lambda:InvokeFunction"]))
ALICE = user("alice", allow("iam:CreateAccessKey", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}))


def deployer():
    return World(users=[CI, ALICE], roles=[ADMIN])


@case
def a_tree_tells_steps_reasons_and_the_change():
    done = deployer().vigil("iam", "paths", "--from", "user/ci")
    for line in [r"^user/ci@161616161616 -> administrator of 161616161616  \(1 step, certain\)$",
                 r"^  1  Create a Lambda function with a role and invoke it: role/admin@161616161616$",
                 r"^ +technique new-function-invoke$",
                 r"^ +because   iam:PassRole allowed by statement Pass of inline policy own of user/ci, .*account.jsonl:2$",
                 r"^ +change    take iam:PassRole out of statement Pass of inline policy own of user/ci$"]:
        assert re.search(line, done.stdout, re.M), f"{line}\n{done.stdout}"


@case
def json_tells_all_of_a_path():
    certain, conditional = deployer().paths()
    step = certain["steps"][0]
    equal([certain["from"], certain["administrator"], certain["certain"], certain["permissions"]],
          [f"arn:aws:iam::{ACCOUNT}:user/ci", True, True, 3])
    equal([step["technique"], step["kind"], step["service"], step["references"], step["condition"]],
          ["new-function-invoke", "new-passrole", "lambda.amazonaws.com", ["lambda-001"], ""])
    equal(sorted({n["action"] for n in step["needs"]}),
          ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction", "sts:AssumeRole"])
    equal([step["change"][k] for k in ("removeAction", "sid", "statement", "line", "removesEveryTechnique")],
          ["iam:PassRole", "Pass", 1, 2, True])
    equal([s["technique"] for s in conditional["steps"]], ["create-access-key", "new-function-invoke"])
    assert "MultiFactorAuthPresent" in conditional["steps"][0]["condition"]
    equal(conditional["certain"], False)


@case
def the_change_removes_the_step():
    world = World(users=[user("ci", allow(["lambda:CreateFunction", "lambda:InvokeFunction"]))], roles=[ADMIN])
    equal(world.paths(), [])


@case
def graphml_and_dot_hold_each_step_once():
    world = deployer()
    graph = ElementTree.fromstring(world.vigil("iam", "paths", "--format", "graphml").stdout).find(NS + "graph")
    equal(len(graph.findall(NS + "node")), 3)
    equal(sorted(e.find(f"{NS}data[@key='technique']").text for e in graph.findall(NS + "edge")),
          ["create-access-key", "new-function-invoke"])
    equal([e.find(f"{NS}data[@key='certain']").text for e in graph.findall(NS + "edge")], ["true", "false"])
    dot = world.vigil("iam", "paths", "--format", "dot").stdout
    equal(len(re.findall(r"->", dot)), 2)
    equal(dot.count("style=dashed"), 1)


@case
def the_gate_asks_for_what_it_is_told():
    certain, conditional, none = deployer(), World(users=[ALICE, user("root-like", allow("*"))]), World(users=[user("bob", allow("s3:*"))])
    for world, gate, code in [(certain, "none", 0), (certain, "certain", 1), (certain, "conditional", 1),
                              (conditional, "certain", 0), (conditional, "conditional", 1), (none, "conditional", 0)]:
        equal(world.vigil("iam", "paths", "--fail-on", gate).returncode, code, gate)


@case
def who_is_not_there_is_told():
    world = deployer()
    for words, code, said in [(["--from", "user/nobody"], 3, "nobody"), (["--to", "admin@999999999999"], 3, "no evidence of account"),
                              (["--to", "arn:aws:nothing:::x"], 2, "name an action"), (["--format", "svg"], 2, "svg")]:
        done = world.vigil("iam", "paths", *words)
        equal(done.returncode, code, f"{words}: {done.stderr}")
        assert said in done.stderr, done.stderr
    empty = World()
    shutil.rmtree(empty.home / "w")
    done = empty.vigil("iam", "paths")
    equal(done.returncode, 3, done.stderr)


@case
def paths_lead_to_what_holds_data():
    bucket = item("AWS::S3::Bucket", "arn:aws:s3:::books", {"name": "books"})
    reader = role("reader", {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ci"}, allow("s3:GetObject", "arn:aws:s3:::books/*"))
    world = World(users=[user("ci", allow("sqs:*"))], roles=[reader], items=[bucket])
    found = world.paths("--from", "user/ci", "--to", "arn:aws:s3:::books")
    equal([(p["to"], p["action"], [s["technique"] for s in p["steps"]]) for p in found],
          [(reader["Arn"], "s3:GetObject", ["assume-role"])])
    equal(world.paths("--from", "user/ci", "--to", "arn:aws:s3:::books", "--action", "s3:PutObject"), [])
    equal(world.paths("--from", "user/ci", "--to", "role/reader")[0]["to"], reader["Arn"])
    equal(world.paths("--from", "role/reader", "--to", "role/reader")[0]["steps"], [])


@case
def what_runs_as_a_role_comes_from_evidence():
    function = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"
    instance = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1"
    stack = f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/s/1"
    admin = lambda service, **more: role("admin", {"Service": service + ".amazonaws.com"}, allow("*"), **more)  # noqa: E731
    for kind, arn, configuration, trusted, actions, technique in [
            ("AWS::Lambda::Function", function, {"functionArn": function, "functionName": "f", "role": f"arn:aws:iam::{ACCOUNT}:role/admin"},
             admin("lambda"), ["lambda:UpdateFunctionCode", "lambda:InvokeFunction"], "change-function-code-invoke"),
            ("AWS::EC2::Instance", instance, {"instanceId": "i-1", "iamInstanceProfile": {"arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/p"}},
             admin("ec2", profile="p"), ["ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"], "change-user-data"),
            ("AWS::CloudFormation::Stack", stack, {"stackId": stack, "stackName": "s", "roleARN": f"arn:aws:iam::{ACCOUNT}:role/admin"},
             admin("cloudformation"), ["cloudformation:UpdateStack"], "change-stack")]:
        world = World(users=[user("ci", allow(actions))], roles=[trusted], items=[item(kind, arn, configuration)])
        found = world.paths()
        equal([(s["technique"], s["runs"]) for p in found for s in p["steps"]], [(technique, arn)], kind)
        assert "evidence names none" not in found[0]["steps"][0]["condition"]
        elsewhere = World(users=[user("ci", allow(actions))], roles=[trusted])
        assert "evidence names none" in elsewhere.paths()[0]["steps"][0]["condition"]


@case
def groups_and_attached_policies_come_from_evidence():
    arn = f"arn:aws:iam::{ACCOUNT}:policy/p"
    policy = {"PolicyName": "p", "PolicyId": "ANPAP", "Arn": arn, "Path": "/", "DefaultVersionId": "v1", "AttachmentCount": 1,
              "IsAttachable": True, "CreateDate": "2026-01-01T00:00:00Z", "UpdateDate": "2026-01-01T00:00:00Z",
              "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": True, "CreateDate": "2026-01-01T00:00:00Z",
                                     "Document": document(allow("iam:CreatePolicyVersion", arn))}]}
    group = lambda name, *statements, attached=(): {  # noqa: E731
        "Path": "/", "GroupName": name, "GroupId": "AGPA" + name, "Arn": f"arn:aws:iam::{ACCOUNT}:group/{name}",
        "CreateDate": "2026-01-01T00:00:00Z", "AttachedManagedPolicies": [{"PolicyName": "p", "PolicyArn": a} for a in attached],
        "GroupPolicyList": [{"PolicyName": "own", "PolicyDocument": document(*statements)}] if statements else []}
    joins = World(users=[user("bob", allow("iam:AddUserToGroup"))], groups=[group("admins", allow("*"))])
    equal([s["technique"] for p in joins.paths() for s in p["steps"]], ["join-group"])
    through = World(users=[user("bob", groups=["writers"])], groups=[group("writers", attached=[arn])], policies=[policy])
    equal([s["technique"] for p in through.paths() for s in p["steps"]], ["create-own-policy-version"])


def managed(name, *statements):
    return {"PolicyName": name, "PolicyId": "ANPA" + name.upper(), "Arn": f"arn:aws:iam::{ACCOUNT}:policy/{name}", "Path": "/",
            "DefaultVersionId": "v1", "AttachmentCount": 0, "IsAttachable": True, "CreateDate": "2026-01-01T00:00:00Z",
            "UpdateDate": "2026-01-01T00:00:00Z", "PolicyVersionList": [
                {"VersionId": "v1", "IsDefaultVersion": True, "CreateDate": "2026-01-01T00:00:00Z",
                 "Document": document(*statements)}]}


@case
def policies_that_nobody_has_and_names_of_boundaries_come_from_evidence():
    """A policy that may be attached is known by evidence, attached or not; a boundary by its ARN."""
    policies = [managed("root", allow("*")), managed("reader", allow("s3:Get*")), managed("edge", allow("iam:*"))]
    arn = lambda name: f"arn:aws:iam::{ACCOUNT}:policy/{name}"  # noqa: E731
    bound = {"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn("edge")}}
    only = lambda key, name: {"StringEquals": {key: arn(name)}}  # noqa: E731
    group = {"Path": "/", "GroupName": "g", "GroupId": "AGPAG", "Arn": f"arn:aws:iam::{ACCOUNT}:group/g",
             "CreateDate": "2026-01-01T00:00:00Z", "GroupPolicyList": [],
             "AttachedManagedPolicies": [{"PolicyName": "reader", "PolicyArn": arn("reader")}]}
    cases = (
        (user("a", allow("iam:AttachUserPolicy", Condition=only("iam:PolicyARN", "root"))), ["attach-own-policy-user"]),
        (user("a", allow("iam:AttachUserPolicy", Condition=only("iam:PolicyARN", "reader"))), []),
        (user("a", allow("iam:PutUserPolicy", Condition=only("iam:PermissionsBoundary", "edge"))), []),
        (user("a", allow("iam:*Policy", Condition=only("iam:PermissionsBoundary", "edge"))) | bound, []),
        (user("a", allow("iam:DeleteUserPermissionsBoundary", Condition=only("iam:PermissionsBoundary", "edge")),
              allow("iam:PutUserPolicy")) | bound, ["delete-own-boundary-put-policy-user"]),
        (user("a", allow("iam:CreatePolicyVersion", arn("edge")), allow("iam:PutUserPolicy")) | bound,
         ["rewrite-own-boundary-put-policy-user"]),
        (user("a", allow("iam:AddUserToGroup"), allow("iam:CreatePolicyVersion", arn("reader"))),
         ["create-group-policy-version-join"]),
    )
    for who, expected in cases:
        found = World(users=[who], policies=policies, groups=[group]).paths()
        equal([s["technique"] for p in found for s in p["steps"]], expected, json.dumps(who))


@case
def remedies_remove_the_path():
    """What the remedy of a technique says is done to its statement, and the path is gone."""
    iam, reader = f"arn:aws:iam::{ACCOUNT}:", {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    edge = {"iam:PermissionsBoundary": iam + "policy/edge"}
    cases = (
        ("iam:AttachRolePolicy", "role/me", reader, [], "attach-own-policy-role"),
        ("iam:PutRolePolicy", "role/me", edge, [], "set-own-inline-policy-role"),
        ("iam:AttachRolePolicy", "role/mine", reader, [], "attach-role-policy-assume"),
        ("iam:AttachUserPolicy", "user/bob", reader, [allow("iam:CreateAccessKey")], "attach-user-policy-create-key"),
        ("iam:PutUserPolicy", "user/bob", edge, [allow("iam:CreateAccessKey")], "put-user-policy-create-key"),
        ("iam:CreateRole", "role/new*", edge, [allow("iam:PutRolePolicy", iam + "role/new*")], "new-role-put-policy"),
        ("iam:CreateUser", "user/new*", edge, [allow(["iam:PutUserPolicy", "iam:CreateAccessKey"], iam + "user/new*")],
         "new-user-put-policy"),
    )
    for action, on, condition, others, technique in cases:
        ways = []
        for more in ({}, {"Condition": {"StringEquals": condition}}):
            roles = [role("me", {"AWS": "333333333333"}, allow(action, iam + on, **more), *others),
                     role("mine", {"AWS": iam + "role/me"})]
            paths = World(users=[user("bob")], roles=roles).paths("--from", iam + "role/me")
            ways.append({w for p in paths for s in p["steps"] for w in (s["technique"], *s["alsoBy"])})
        assert technique in ways[0] and not ways[1], (technique, ways)


@case
def techniques_of_ones_own_are_read():
    world = World(users=[user("bob", allow("states:UpdateStateMachine"))],
                  roles=[role("flow", {"Service": "states.amazonaws.com"}, allow("*"))])
    equal(world.paths(), [])
    folder = world.home / "content" / "escalations"
    folder.mkdir(parents=True)
    own = """techniques:
  - id: change-state-machine
    title: Change a state machine
    kind: existing-passrole
    becomes: running-role
    type: "AWS::StepFunctions::StateMachine"
    services: [states.amazonaws.com]
    needs: [{action: "states:UpdateStateMachine", on: any}]
    why: It runs what the caller writes.
    remedy: Do not let it.
"""
    (folder / "own.yaml").write_text(own)
    found = world.paths("--content", world.home / "content")
    equal([s["technique"] for p in found for s in p["steps"]], ["change-state-machine"])
    (folder / "own.yaml").write_text(own.replace("becomes: running-role", "becomes: king"))
    done = world.vigil("iam", "paths", "--content", world.home / "content")
    assert done.returncode not in (0, 1) and "becomes: king" in done.stderr and "own.yaml:5" in done.stderr, done.stderr


@case
def hostile_names_are_escaped():
    world = World(users=[user('x"];<&\x1b[31m', allow("iam:PutUserPolicy"))])
    for form in ("tree", "dot", "graphml", "json"):
        done = world.vigil("iam", "paths", "--format", form)
        assert "\x1b" not in done.stdout + done.stderr, form
        if form == "graphml":
            ElementTree.fromstring(done.stdout)
        if form == "json":
            json.loads(done.stdout)
        if form == "dot":
            assert '\\"];' in done.stdout, done.stdout


@case
def at_most_so_many_are_shown():
    world = World(users=[user(f"u{i}", allow("iam:PutUserPolicy")) for i in range(25)])
    equal(len(world.paths()), 20)
    equal(len(world.paths("--most", "0")), 25)
    assert "--most 0" in world.vigil("iam", "paths").stderr


if __name__ == "__main__":
    try:
        run()
    finally:
        shutil.rmtree(HOME, ignore_errors=True)
