#!/usr/bin/env python3
"""`vigil import` as a whole: exit codes, archives, formats, hostile names, permissions. The program is named by VIGIL."""
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import urllib.parse
import zipfile

PROGRAM = os.environ.get("VIGIL")
ACCOUNT = "444455556666"
NOW = "2026-11-24T12:00:00Z"
EXPORTED = 1795161600


def envelope(operation, output, **more):
    return json.dumps(dict({"vigil": "envelope/1", "operation": operation, "account": ACCOUNT, "region": "eu-west-1",
                            "time": "2026-11-20T08:00:00Z", "exit": 0, "error": "", "output": output}, **more))


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


SUMMARY = envelope("iam:GetAccountSummary", {"SummaryMap": {"Users": 1}})


ALLOW = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
REFUSED = [  # (name, the value as the file has it, its rule, whether it stands in a string)
    ("no service", json.dumps(policy({**ALLOW, "Action": "s3"})), "INVALID_ACTION", False),
    ("encoded", json.dumps(urllib.parse.quote(json.dumps(policy({**ALLOW, "Effect": "allow"})))), "INVALID_EFFECT", True),
    ("twice", '{"Statement": [{"Effect": "Deny", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}', "JSON_SYNTAX_ERROR", False),
    ("cut", json.dumps(json.dumps(policy(ALLOW))[:40]), "JSON_SYNTAX_ERROR", True),
]


def user(name, *policies):
    """A user with inline policies as JSON text, a line each."""
    arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    listed = ",\n".join(f' {{"PolicyName": "p{i}", "PolicyDocument": {text}}}' for i, text in enumerate(policies))
    return f"""{{"UserName": "{name}", "UserId": "AIDAEXAMPLE{len(policies)}", "Arn": "{arn}", "Path": "/", "UserPolicyList": [
{listed}]}}"""


def details(*users):
    return '\n{"UserDetailList": [' + ",\n".join(users) + '], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}'


def check_policies(w):
    good = json.dumps(policy(ALLOW))
    for name, text, rule, in_string in REFUSED:
        place = w.put(f"policies/{name}/{ACCOUNT}/details.json", details(user("first", good), user("second", good, text)))
        done = w.run(place, workspace=name)
        lines = done.stderr.splitlines()
        column = r"\d+" if not in_string else str(len(' {"PolicyName": "p1", "PolicyDocument": ') + 1)
        wanted = (rf"vigil: .*/details\.json:6:{column}: warning: AWS would refuse the identity policy p1 of "
                  rf"arn:aws:iam::{ACCOUNT}:user/second: {rule}: .+")
        told = len(lines) == 1 and re.fullmatch(wanted + (r"\(line 1, column \d+ of the document in this string\)" if in_string else ""), lines[0])
        w.check(f"a policy that AWS refuses is named with file, line, column, name and rule: {name}",
                done.returncode == 3 and told and "1 policy that AWS would refuse" in done.stdout and "2 resources" in done.stdout, done)
    done = w.run("--format", "json", place, workspace="json")
    answer = json.loads(done.stdout)
    w.check("JSON counts the policies that AWS refuses", answer["refused_policies"] == 1 and not answer["complete"]
            and [(r["warning"], r["outcome"]) for r in answer["not_in_full"]] == [(True, "imported")], done)
    done = w.run(w.put(f"policies/good/{ACCOUNT}/details.json", details(user("first", good))), workspace="taken")
    w.check("policies that AWS takes are not told", done.returncode == 0 and not done.stderr and "refuse" not in done.stdout, done)
    trust = policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}, "Resource": "*"})
    bucket = policy({"Effect": "Allow", "Action": "s3:*", "Principal": {}, "Resource": "*"})
    guardrail = {"Policy": {"PolicySummary": {"Id": "p-abcdefgh", "Arn": f"arn:aws:organizations::{ACCOUNT}:policy/o-abcdefghij/service_control_policy/p-abcdefgh",
                                              "Name": "n", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": False},
                            "Content": json.dumps(policy({**ALLOW, "Principal": "*"}))}}
    tags = json.loads(json.dumps(guardrail).replace("SERVICE_CONTROL_POLICY", "TAG_POLICY"))
    role = {"RoleName": "r", "RoleId": "AROAEXAMPLE", "Arn": f"arn:aws:iam::{ACCOUNT}:role/r", "Path": "/", "AssumeRolePolicyDocument": trust}
    kinds = [("trust", "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", "iam:GetAccountAuthorizationDetails",
              {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [role], "Policies": []}, {}),
             ("resource", "MISSING_PRINCIPAL", "s3:GetBucketPolicy", {"Policy": json.dumps(bucket)}, {"Bucket": "b"}),
             ("SERVICE_CONTROL_POLICY", "SCP_SYNTAX_ERROR_PRINCIPAL", "organizations:DescribePolicy", guardrail, {}),
             ("", "", "organizations:DescribePolicy", tags, {})]
    for kind, rule, operation, output, parameters in kinds:
        line = envelope(operation, output, parameters=parameters)
        done = w.run(w.put(f"kinds/{kind}.jsonl", envelope("iam:GetAccountSummary", {"SummaryMap": {"Users": 1}}) + "\n" + line + "\n"),
                     workspace="kind-" + kind)
        at = line.index('"Resource"') if kind == "trust" else 0
        told = f".jsonl:2:{at + len('Resource') + 5}:" if kind == "trust" else ".jsonl:2:"
        ok = (f"would refuse the {kind} policy of" in done.stderr and rule in done.stderr and told in done.stderr) if kind else not done.stderr
        w.check(f"policies are judged by their kind: {kind or 'tags'}", ok and done.returncode == (3 if kind else 0), done)


class World:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-import-cli-"))
        self.results = []

    def put(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (EXPORTED, EXPORTED))  # what has no time of its own is as old as its file, whenever this runs
        return str(path)

    def run(self, *args, workspace="ws"):
        return subprocess.run([PROGRAM, "import", "--workspace", str(self.folder / workspace), "--now", NOW, *args],
                              capture_output=True, text=True)

    def check(self, name, ok, done):
        self.results.append((name, ok))
        if not ok:
            print(f"# {name}: exit {done.returncode}\n# " + (done.stdout + done.stderr)[-1500:].replace("\n", "\n# "))


def main():
    if not PROGRAM:
        print("1..0 # SKIP VIGIL does not name the program")
        return 0
    w = World()
    good = w.put("in/a.json", SUMMARY)
    done = w.run(good)
    w.check("what is read in full exits 0", done.returncode == 0 and "iam:GetAccountSummary" in done.stdout and not done.stderr, done)
    modes = {stat.S_IMODE(p.stat().st_mode) for p in (w.folder / "ws").rglob("*") if p.is_file()}
    w.check("the workspace is its user's alone", modes == {0o600} and stat.S_IMODE((w.folder / "ws").stat().st_mode) == 0o700, done)
    done = w.run(good)
    w.check("again changes nothing", done.returncode == 0, done)

    bad = w.put("in/b\x1b[31m\n\u202e.json", "{")
    done = w.run(good, bad)
    w.check("what is not read in full exits 3, and the rest goes on", done.returncode == 3 and "iam:GetAccountSummary" in done.stdout, done)
    w.check("a hostile name is one line without control characters",
            len(done.stderr.splitlines()) == 1 and "\x1b" not in done.stderr and "\u202e" not in done.stderr, done)
    done = w.run("--format", "json", good, bad)
    answer = json.loads(done.stdout)
    w.check("JSON tells the same", done.returncode == 3 and not answer["complete"] and answer["files"] == 2
            and [r["outcome"] for r in answer["not_in_full"]] == ["error"] and not done.stderr, done)

    check_policies(w)
    for without in ({}, {"output": None}):
        text = json.loads(SUMMARY)
        del text["output"]
        done = w.run(w.put("in/without.json", json.dumps({**text, **without})))
        w.check("an envelope without output is named", done.returncode == 3 and "without.json" in done.stderr + done.stdout
                and "no output" in done.stderr + done.stdout, done)

    path = w.folder / "exports.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{ACCOUNT}/eu-west-1/list-detectors.json", '{"DetectorIds": []}')
        archive.writestr("notes.txt", "hello")
    done = w.run(str(path))
    w.check("a zip is opened, and what is in it named by its place", done.returncode == 3 and "guardduty:ListDetectors" in done.stdout
            and "exports.zip!notes.txt: not-supported" in done.stderr, done)

    done = w.run(str(w.folder / "absent"))
    w.check("a path that is not there is named", done.returncode == 3 and "absent" in done.stderr and len(done.stderr.splitlines()) == 1, done)
    done = w.run(str(w.folder / "absent"), workspace="none")
    w.check("a path that is not there makes no workspace", done.returncode == 3 and done.stderr ==
            f"vigil: {w.folder}/absent: no such file or folder; check the path\n" and not (w.folder / "none").exists(), done)
    done = w.run()
    w.check("nothing to import is usage", done.returncode == 2, done)
    done = w.run("--script", good)
    w.check("--script takes no files", done.returncode == 2, done)
    done = w.run("--region", "nowhere", good)
    w.check("a region that is none is usage", done.returncode == 2, done)
    done = w.run("--script", "--role-name", "$(id)")
    w.check("a role name that is none is usage", done.returncode == 2, done)
    done = w.run("--script", "--role-name", "Audit")
    w.check("--script prints the script with the role", done.returncode == 0 and "role_name='Audit'" in done.stdout and "@ROLE" not in done.stdout, done)

    findings = {"Findings": [{"SchemaVersion": "2018-10-08", "Id": "f1", "GeneratorId": "g", "AwsAccountId": ACCOUNT,
                              "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/guardduty", "Title": "t", "Description": "d",
                              "Severity": {"Label": "HIGH"}, "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::b"}]}]}
    done = w.run(w.put("f.json", json.dumps(findings)))
    w.check("findings reach the hub", done.returncode == 0 and "1 finding (1 new, 0 resolved)" in done.stdout, done)
    findings["Findings"][0]["RecordState"] = "ARCHIVED"
    done = w.run(w.put("f.json", json.dumps(findings)))
    w.check("an archived one resolves", done.returncode == 0 and "1 finding (0 new, 1 resolved)" in done.stdout, done)

    for i in range(40):
        w.put(f"many/{i:02}/a.json", envelope("guardduty:ListDetectors", {"DetectorIds": [str(i)]}, account=f"{i:012}"))
    one, two = (w.run("--threads", n, "--format", "json", str(w.folder / "many"), workspace=f"ws{n}") for n in "14")
    w.check("the number of threads changes no byte", one.returncode == 0 and one.stdout == two.stdout, two)

    shutil.rmtree(w.folder)
    print(f"1..{len(w.results)}")
    for i, (name, ok) in enumerate(w.results, 1):
        print(f"{'ok' if ok else 'not ok'} {i} - {name}")
    return 0 if all(ok for _, ok in w.results) else 1


sys.exit(main())
