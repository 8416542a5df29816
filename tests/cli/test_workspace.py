#!/usr/bin/env python3
"""vigil evidence, baseline, drift, finding and doctor, over a workspace made from two small exports."""
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
VIGIL = os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
FOLDER = tempfile.TemporaryDirectory()
WORKSPACE = str(Path(FOLDER.name) / "workspace")
ENVIRONMENT = {**os.environ, "VIGIL_WORKSPACE": WORKSPACE, "USER": "ann", "NO_COLOR": "1"}


def vigil(*arguments, now="2026-11-24T00:00:00Z"):
    return subprocess.run([VIGIL, "--now", now, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, env=ENVIRONMENT, text=True)


def rows(*arguments):
    done = vigil(*arguments, "--format", "json")
    equal((done.returncode, done.stderr), (0, ""))
    return json.loads(done.stdout)


def bring_in(length, *, title="Open bucket"):
    """A password policy and a GuardDuty finding, as AWS would export them."""
    folder = Path(FOLDER.name) / "exports"
    folder.mkdir(exist_ok=True)
    (folder / "policy.json").write_text(json.dumps({"PasswordPolicy": {
        "MinimumPasswordLength": length, "RequireSymbols": True, "RequireNumbers": True,
        "RequireUppercaseCharacters": True, "RequireLowercaseCharacters": True,
        "AllowUsersToChangePassword": True, "ExpirePasswords": False}}))
    (folder / "findings.json").write_text(json.dumps({"Findings": [{
        "SchemaVersion": "2018-10-08", "Id": "arn:aws:guardduty:eu-west-1:111122223333:detector/d/finding/f",
        "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/guardduty", "GeneratorId": "gen-1",
        "AwsAccountId": "111122223333", "Types": ["TTPs"], "CreatedAt": "2026-11-20T00:00:00Z",
        "UpdatedAt": "2026-11-20T00:00:00Z", "Severity": {"Label": "HIGH"}, "Title": title, "Description": "d",
        "Region": "eu-west-1", "RecordState": "ACTIVE", "Workflow": {"Status": "NEW"},
        "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::b", "Region": "eu-west-1"}]}]}))
    stamp = 1764000000 + length
    for file in folder.iterdir():  # what has no time of its own is as old as its file, whenever this runs
        os.utime(file, (stamp, stamp))
    return vigil("import", "--account", "111122223333", "--region", "eu-west-1", str(folder))


@case
def without_a_workspace_each_says_so():
    for arguments in (("evidence", "list"), ("baseline", "list"), ("drift", "x"), ("finding", "list"), ("doctor",),
                      ("baseline", "set", "x")):
        done = vigil(*arguments)
        assert done.returncode != 0 and done.stdout == "", arguments
        assert re.fullmatch(r"vigil: .*: no workspace here; .*\n", done.stderr), done.stderr


@case
def evidence_is_listed_shown_and_told_by_version():
    equal(bring_in(8).returncode, 0)
    equal(vigil("baseline", "set", "first").returncode, 0)
    equal(bring_in(14).returncode, 0)
    listed = rows("evidence", "list", "--type", "Vigil::IAM::PasswordPolicy")
    equal([(r["account"], r["region"], r["id"], r["version"]) for r in listed],
          [("111122223333", "", "111122223333", 2)])
    shown = rows("evidence", "show", "111122223333", "--type", "Vigil::IAM::PasswordPolicy")
    equal(shown[0]["properties"]["MinimumPasswordLength"], 14)
    history = rows("evidence", "history", "111122223333", "--type", "Vigil::IAM::PasswordPolicy")
    equal([r["properties"]["MinimumPasswordLength"] for r in history], [8, 14])
    text = vigil("evidence", "show", "111122223333").stdout
    assert '"MinimumPasswordLength": 14' in text and "Origin" in text, text
    equal(vigil("evidence", "show", "nothing").returncode, 3)
    equal(rows("evidence", "list", "--at", "2020-01-01"), [])
    equal({r["outcome"] for r in rows("evidence", "ledger")}, {"imported"})


@case
def drift_names_the_property():
    drift = rows("drift", "first")
    equal([(r["change"], r["path"], r["old"], r["new"]) for r in drift if r["type"].endswith("PasswordPolicy")],
          [("changed", "MinimumPasswordLength", 8, 14)])
    table = vigil("drift", "first").stdout
    assert "changed" in table and "Property" in table, table
    equal([r["name"] for r in rows("baseline", "list")], ["first"])
    equal(vigil("drift", "second").returncode, 3)


@case
def findings_are_listed_notified_suppressed_and_reopened():
    listed = rows("finding", "list")
    equal([(f["severity"], f["workflow"], f["title"]) for f in listed], [("high", "NEW", "Open bucket")])
    id = listed[0]["id"]
    equal(vigil("finding", "notify", id[:10], "--note", "T-1").returncode, 0)
    equal(rows("finding", "list", "--state", "notified")[0]["id"], id)
    equal(vigil("finding", "suppress", id, "--for", "30d").returncode, 2)
    equal(vigil("finding", "suppress", id, "--reason", "r").returncode, 2)
    equal(vigil("finding", "suppress", id, "--reason", "accepted", "--for", "30d").returncode, 0)
    equal(rows("finding", "list"), [])
    equal(rows("finding", "suppressions")[0]["until"], "2026-12-24T00:00:00Z")
    shown = vigil("finding", "show", id).stdout
    for word in ("opened", "notified", "ann: T-1", "suppressed", "ann: accepted", "SUPPRESSED"):
        assert word in shown, (word, shown)
    late = vigil("finding", "list", "--format", "json", now="2027-01-01T00:00:00Z")
    equal(json.loads(late.stdout)[0]["workflow"], "NEW")  # it lapsed, though nothing ran
    equal(vigil("finding", "reopen", id).returncode, 0)
    equal(rows("finding", "list", "--severity", "high", "--account", "1111*")[0]["workflow"], "NEW")
    equal(rows("finding", "list", "--severity", "critical"), [])
    assert vigil("finding", "show", "zz").returncode != 0
    equal(vigil("finding", "suppress", "--rule", "*", "--reason", "all", "--until", "2027-02-01").returncode, 0)
    equal(rows("finding", "list"), [])
    equal(vigil("finding", "withdraw", "2").stderr, "suppression 2 has ended: what it alone silenced is NEW\n")
    equal(len(rows("finding", "list")), 1)
    actions = [(r["who"], r["action"]) for r in rows("finding", "audit") if r["action"].startswith("finding.")]
    equal(actions, [("ann", "finding.notify"), ("ann", "finding.suppress"), ("ann", "finding.suppress")])


@case
def hostile_text_does_not_reach_the_terminal():
    equal(bring_in(14, title="\x1b[31mred\u202e").returncode, 0)
    id = rows("finding", "list")[0]["id"]
    shown = vigil("finding", "show", id).stdout
    assert "\x1b" not in shown and "\u202e" not in shown and "red" in shown, shown


@case
def doctor_is_content_until_somebody_may_look_in():
    equal(vigil("doctor").returncode, 0)
    os.chmod(Path(WORKSPACE) / "vigil.db", 0o644)
    done = vigil("doctor", "--format", "json")
    equal(done.returncode, 1)
    bad = [r for r in json.loads(done.stdout) if r["state"] == "bad"]
    assert bad and all("chmod 0600" in r["detail"] for r in bad), bad
    os.chmod(Path(WORKSPACE) / "vigil.db", 0o600)


@case
def doctor_tells_how_old_the_catalogue_of_actions_is():
    head = dict(line.split("\t")[1:] for line in (ROOT / "content/catalogue/actions.txt").read_text().splitlines()
                if line.startswith("H\t"))
    date = datetime.date.fromisoformat(head["date"][:10])
    for days, hint in ((0, False), (180, False), (181, True)):
        now = f"{date + datetime.timedelta(days)}T23:59:59Z"
        done = vigil("doctor", "--format", "json", now=now)
        equal(done.returncode, 0)
        row, = [r for r in json.loads(done.stdout) if r["check"] == "catalogue of actions"]
        equal(row["state"], "ok")
        beginning = f"{head['source']} {head['version']} of {date}, {days} days old: {head['actions']} actions of " \
                    f"{head['services']} services"
        assert row["detail"].startswith(beginning), (beginning, row["detail"])
        equal("newer version of Vigil" in row["detail"], hint, row["detail"])


@case
def a_catalogue_of_the_users_own_comes_first():
    own = Path(WORKSPACE) / "content" / "catalogue"
    own.mkdir(parents=True)
    text = (ROOT / "content/catalogue/actions.txt").read_text().replace("H\tversion\t", "H\tversion\tour ", 1)
    (own / "actions.txt").write_text(text)
    detail = {r["check"]: (r["state"], r["detail"]) for r in rows("doctor")}["catalogue of actions"]
    assert detail[0] == "ok" and " our " in detail[1], detail
    (own / "actions.txt").write_text(text.replace("\tW", "\tR", 1))  # no longer what its head tells of
    done = vigil("doctor", "--format", "json")
    equal(done.returncode, 1)
    detail = {r["check"]: (r["state"], r["detail"]) for r in json.loads(done.stdout)}["catalogue of actions"]
    assert detail[0] == "bad" and "are not those" in detail[1], detail
    (own / "actions.txt").write_text(text + "A\tx:Y\tR\n")
    equal(vigil("content", "actions", "s3:GetObject").returncode, 3)
    with open(own / "actions.txt", "ab") as file:
        file.truncate(9 << 20)
    done = vigil("content", "actions", "s3:GetObject")
    assert done.returncode == 0 and "warning" in done.stderr, done.stderr
    shutil.rmtree(own.parent)


@case
def content_actions_tells_what_a_pattern_stands_for():
    action, = rows("content", "actions", "S3:getobject")
    equal((action["action"], action["level"], [t["name"] for t in action["resourceTypes"]], action["dependentActions"]),
          ("s3:GetObject", "Read", ["accesspointobject", "object"], []))
    equal(action["resourceTypes"][1]["arns"], ["arn:${Partition}:s3:::${BucketName}/${ObjectName}"])
    assert "s3:BucketTag/${TagKey}" in action["resourceTypes"][1]["resourceConditionKeys"], action
    assert "s3:ExistingObjectTag/${key}" in action["conditionKeys"], action
    image, = [t for t in rows("content", "actions", "ec2:RunInstances")[0]["resourceTypes"] if t["name"] == "image"]
    assert image["required"] and "ec2:ImageType" in image["conditionKeys"], image
    assert {r["action"] for r in rows("content", "actions", "ec2:*Tags")} > {"ec2:CreateTags", "ec2:DescribeTags"}
    equal({r["action"].split(":")[0] for r in rows("content", "actions", "sts")}, {"sts"})
    table = vigil("content", "actions", "s3:List*").stdout
    assert re.search(r"^s3:ListAllMyBuckets +List +none, so \* alone$", table, re.M), table
    assert "s3:signatureAge" in vigil("content", "actions", "s3:ListAllMyBuckets").stdout
    assert re.search(r"^iam:PassRole +Write +role\*", vigil("content", "actions", "iam:PassRole").stdout, re.M)
    done = vigil("content", "actions", "s3:NoSuch*")
    equal((done.returncode, done.stdout), (3, ""))
    assert "no action of the catalogue matches 's3:NoSuch*'" in done.stderr, done.stderr


@case
def a_second_writer_names_the_first():
    holder = subprocess.Popen([sys.executable, "-c",
                               "import fcntl,sys,os\n"
                               f"f=open({WORKSPACE + '/vigil.lock'!r},'r+')\n"
                               "fcntl.flock(f,fcntl.LOCK_EX)\n"
                               "f.truncate(0); f.write('4711\\nvigil import\\n2026-11-24T00:00:00Z\\n'); f.flush()\n"
                               "print('held',flush=True); sys.stdin.read()"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    holder.stdout.readline()
    done = vigil("baseline", "set", "x")
    readers = rows("baseline", "list")
    holder.communicate("")
    equal(done.returncode, 3)
    assert "`vigil import` (pid 4711)" in done.stderr and "waited 5.0 s" in done.stderr, done.stderr
    equal(len(readers), 1)


@case
def who_did_it_is_named_in_a_container_too():
    at = ["--workspace", str(WORKSPACE), "--now", "2026-11-24T00:00:00Z"]
    for number, (environment, who) in enumerate((({"USER": "eve", "LOGNAME": "x"}, "eve"), ({"USER": "", "LOGNAME": "mal"}, "mal"),
                                                 ({}, f"uid {os.geteuid()}"))):
        subprocess.run([VIGIL, "baseline", "set", f"who-{number}", *at], env=environment, capture_output=True, check=True)
        equal(next(r["who"] for r in rows("baseline", "list") if r["name"] == f"who-{number}"), who)


run()
FOLDER.cleanup()
