#!/usr/bin/env python3
"""`vigil review` where it is easily wrong: files behind links and on full disks, names that are masked, findings that are
older than the last review, controls of the user that come to grief."""
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
VIGIL = os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
NOW = "2026-11-25T00:00:00Z"
FOLDER = Path(tempfile.mkdtemp(prefix="vigil-review-edges-"))
WORKSPACE = FOLDER / "workspace"
MEMBERS = {"111122223333": "blue-llama", "444455556666": "green-gecko"}


def vigil(*arguments, workspace=WORKSPACE, now=NOW, before=None):
    return subprocess.run([VIGIL, *map(str, arguments), "--workspace", str(workspace), "--now", now],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          env={"PATH": os.environ["PATH"]}, preexec_fn=before)


def bring(name, time, mfa, workspace=WORKSPACE):
    """Imports an organisation whose accounts' root users have MFA or not, as it was at `time`."""
    def envelope(operation, output, account="111122223333"):
        return json.dumps({"vigil": "envelope/1", "operation": operation, "parameters": {}, "account": account, "region": "",
                           "partition": "aws", "time": time, "exit": 0, "error": "", "output": output}) + "\n"

    arn = "arn:aws:organizations::111122223333"
    lines = [envelope("organizations:DescribeOrganization", {"Organization": {
                 "Id": "o-abcdefghij", "Arn": f"{arn}:organization/o-abcdefghij", "FeatureSet": "ALL",
                 "MasterAccountId": "111122223333"}}),
             envelope("organizations:ListAccounts", {"Accounts": [
                 {"Id": a, "Arn": f"{arn}:account/o-abcdefghij/{a}", "Name": MEMBERS[a], "Email": f"{MEMBERS[a]}@example.com",
                  "Status": "ACTIVE"} for a in MEMBERS]})]
    lines += [envelope("iam:GetAccountSummary", {"SummaryMap": {"AccountMFAEnabled": mfa}}, a) for a in MEMBERS]
    (FOLDER / name).write_text("".join(lines))
    done = vigil("import", FOLDER / name, workspace=workspace)
    equal(done.returncode, 0, done.stderr.decode())


def controls(name, rule):
    """A folder of content with one control of the user's."""
    folder = FOLDER / name / "controls" / "own"
    folder.mkdir(parents=True)
    (folder / "own.guard").write_text("# ---\n# id: own-control\n# title: Ours\n# severity: low\n# practice: risks\n"
                                      "# resource: Vigil::Account::Root\n# ---\n" + rule)
    return FOLDER / name


@case
def a_link_to_the_report_stays_a_link():
    place, link = FOLDER / "place.txt", FOLDER / "link.txt"
    place.write_text("old")
    link.symlink_to(place)
    equal(vigil("review", "--output", link).returncode, 0)
    assert link.is_symlink() and place.read_text().startswith("How do you"), place.read_text()[:80]


@case
def a_report_that_does_not_fit_leaves_nothing_behind():
    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    folder = FOLDER / "full"
    folder.mkdir()
    done = vigil("review", "--read-only", "--format", "json", "--output", folder / "answer.json", before=small_files)
    equal(done.returncode, 3, done.stderr.decode())
    assert b"answer.json" in done.stderr, done.stderr
    equal(list(folder.iterdir()), [])


@case
def names_of_accounts_are_masked_wherever_they_stand():
    for arguments in ((), ("--format", "terminal", "--all"), ("--format", "json"), ("--format", "html"), ("--format", "csv")):
        shown = vigil("review", *arguments).stdout.decode()
        masked = vigil("review", "--redact", *arguments).stdout.decode()
        assert "blue-llama" in shown, arguments
        for secret in (*MEMBERS, *MEMBERS.values()):
            assert secret not in masked, (arguments, secret)
    # Also of an account that has no finding of its own in the answer.
    folder = controls("names", "rule met { Resources.*.Properties.MfaActive == false <<green-gecko has the key>> }\n")
    for redact, is_named in (((), True), (("--redact",), False)):
        said = vigil("review", "--read-only", "--account", "111122223333", "--format", "json", "--content", folder, *redact)
        equal(b"has the key" in said.stdout, True)
        equal(b"green-gecko" in said.stdout, is_named)


@case
def three_actions_come_first_and_one_may_repair_several_controls():
    own = FOLDER / "actions"
    bring("actions.jsonl", "2026-11-20T06:00:00Z", 0, own)
    answer = json.loads(vigil("review", "--format", "json", workspace=own).stdout)["answer"]
    practices, ranks = answer["practices"], ("informational", "low", "medium", "high", "critical")
    severity = {c["id"]: ranks.index(c["severity"]) for p in practices for c in p["controls"]}
    equal(len(answer["actions"]), 3)
    assert max(len(p["actions"]) for p in practices) == 3, practices
    first = next(a for a in answer["actions"] if "root-mfa" in a["controls"])
    equal(first["controls"], ["root-hardware-mfa", "root-mfa"])
    equal(first["warning"].count("Nobody can sign in as root"), 1)
    assert 0 < first["total_gain"] < first["gain"], first
    for actions, gain in ((answer["actions"], "total_gain"), *((p["actions"], "gain") for p in practices)):
        order = [(a[gain], max(severity[c] for c in a["controls"])) for a in actions]
        equal(order, sorted(order, reverse=True))


@case
def a_finding_is_as_old_as_when_it_was_first_seen():
    own = FOLDER / "aged"
    bring("old.jsonl", "2026-11-01T06:00:00Z", 0, own)
    equal(vigil("review", workspace=own).returncode, 0)
    bring("new.jsonl", "2026-11-20T06:00:00Z", 0, own)
    equal(vigil("review", workspace=own).returncode, 0)
    findings = json.loads(vigil("review", "--format", "json", workspace=own).stdout)["findings"]
    seen = {(f["first_seen"][:10], f["last_seen"][:10]) for f in findings if f["rule"].startswith("root-mfa")}
    equal(seen, {("2026-11-01", "2026-11-20")})


@case
def a_control_that_comes_to_grief_is_told_once():
    done = vigil("review", "--read-only", "--content", controls("grief", "rule met { %nothing exists }\n"))
    equal(done.returncode, 3, done.stderr.decode())
    equal(done.stderr.count(b"own.guard"), 1, done.stderr.decode())
    assert b"not assessed" in done.stderr and done.stdout.startswith(b"How do you"), done


@case
def what_nobody_knows_is_a_gap_of_a_control_without_needs():
    folder = controls("unknown", "rule met { Resources.*.Properties.MfaHardware == true <<no hardware>> }\n")
    done = vigil("review", "--read-only", "--format", "json", "--content", folder)
    said = json.loads(done.stdout)
    mine = [c for p in said["answer"]["practices"] for c in p["controls"] if c["id"] == "own-control"]
    equal([(c["verdict"], c["missing"]) for c in mine], [("not-assessed", "iam:ListVirtualMFADevices")])
    assert "iam:ListVirtualMFADevices" in [g["provider"] for g in said["not_assessed"]], said["not_assessed"]
    equal([f["message"] for f in said["findings"] if f["rule"] == "own-control" and f["verdict"] == "fail"], [])


try:
    bring("all.jsonl", "2026-11-20T06:00:00Z", 1)
    run()
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
