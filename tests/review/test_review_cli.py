#!/usr/bin/env python3
"""`vigil review` and `vigil attest` as a user meets them: formats, exit codes, selections, files, workspaces."""
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import xml.dom.minidom
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
VIGIL = os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
NOW = "2026-11-25T00:00:00Z"
FOLDER = Path(tempfile.mkdtemp(prefix="vigil-review-"))
WORKSPACE = FOLDER / "workspace"

ENVELOPE = {"vigil": "envelope/1", "parameters": {}, "account": "111122223333", "region": "", "partition": "aws",
            "time": "2026-11-20T06:00:00Z", "exit": 0, "error": ""}
MEMBERS = ("111122223333", "444455556666", "777788889999")


def envelope(operation, output, **more):
    return json.dumps({**ENVELOPE, "operation": operation, "output": output, **more}) + "\n"


def make_workspace():
    exports = FOLDER / "exports"
    exports.mkdir()
    accounts = [{"Id": a, "Arn": f"arn:aws:organizations::111122223333:account/o-abcdefghij/{a}", "Name": f"acct {a[0]}",
                 "Email": f"jane.{a[0]}@example.com", "Status": "ACTIVE"} for a in MEMBERS]
    lines = [
        envelope("organizations:DescribeOrganization", {"Organization": {
            "Id": "o-abcdefghij", "Arn": "arn:aws:organizations::111122223333:organization/o-abcdefghij",
            "FeatureSet": "ALL", "MasterAccountId": "111122223333"}}),
        envelope("organizations:ListAccounts", {"Accounts": accounts}),
        envelope("iam:GetAccountSummary", {"SummaryMap": {"AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0}}),
        envelope("iam:GetAccountSummary", {"SummaryMap": {"AccountMFAEnabled": 0, "AccountAccessKeysPresent": 1,
                                                          "AccountPasswordPresent": 1}},
                 account="444455556666"),
    ]
    (exports / "all.jsonl").write_text("".join(lines))
    (exports / "workloads.yaml").write_text(
        'workloads:\n  - name: shop\n    owner: Jane Roe\n    environments:\n'
        '      - {name: prod, accounts: ["444455556666"]}\n')
    done = vigil("import", str(exports))
    equal(done.returncode, 0, done.stderr.decode())


def vigil(*arguments, workspace=WORKSPACE, now=NOW, env=None):
    command = [VIGIL, *arguments, "--workspace", str(workspace)] + (["--now", now] if now else [])
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          env={"PATH": os.environ["PATH"], **(env or {})})


def answer(*arguments, **options):
    done = vigil("review", "--format", "json", *arguments, **options)
    equal(done.returncode, 0, done.stderr.decode())
    return json.loads(done.stdout)


@case
def answers_the_question():
    done = vigil("review")
    text = done.stdout.decode()
    equal((done.returncode, done.stderr), (0, b""))
    assert text.startswith("How do you securely operate your workload?"), text[:80]
    for practice in ("SEC01-BP01", "SEC01-BP02", "SEC01-BP04", "SEC01-BP05", "SEC01-BP06", "SEC01-BP07", "SEC01-BP08"):
        assert practice in text, practice
    assert "\x1b" not in text
    assert "\x1b[" in vigil("review", "--color", "always").stdout.decode()
    assert "\x1b" not in vigil("review", "--color", "auto", env={"NO_COLOR": "1"}).stdout.decode()


@case
def gives_the_same_bytes_with_any_number_of_threads():
    one = vigil("review", "--format", "json", "--read-only", "--threads", "1").stdout
    equal(vigil("review", "--format", "json", "--read-only", "--threads", "2").stdout, one)
    equal(vigil("review", "--format", "json", "--read-only", "--threads", "7").stdout, one)


@case
def writes_every_format():
    readers = {
        "json": json.loads, "ocsf": json.loads, "asff": json.loads, "sarif": json.loads,
        "jsonl": lambda text: [json.loads(line) for line in text.splitlines()],
        "junit": xml.dom.minidom.parseString, "html": lambda text: text.index("<html"),
        "csv": lambda text: text.splitlines()[1], "markdown": lambda text: text.index("#"),
        "terminal": lambda text: text.index("SEC01"),
    }
    for name, read in readers.items():
        done = vigil("review", "--format", name)
        equal(done.returncode, 0, name)
        read(done.stdout.decode())


@case
def explains_its_arithmetic():
    text = vigil("review", "--explain").stdout.decode()
    assert "was assessed" in text and "share of its resources" in " ".join(text.split()), text[-2000:]


@case
def gates_on_severity():
    for gate, code in (("none", 0), ("critical", 1), ("low", 1)):
        equal(vigil("review", "--fail-on", gate).returncode, code, gate)


@case
def lets_suppressed_findings_through_the_gate():
    own = FOLDER / "suppressed"
    shutil.copytree(WORKSPACE, own)
    equal(vigil("review", "--fail-on", "low", workspace=own).returncode, 1)
    done = vigil("finding", "suppress", "--account", "*", "--reason", "migration", "--for", "30d", workspace=own)
    equal(done.returncode, 0, done.stderr.decode())
    equal(vigil("review", "--fail-on", "low", workspace=own).returncode, 0)
    equal(vigil("review", "--fail-on", "low", workspace=own, now="2027-01-15").returncode, 1)


@case
def insists_on_sources_that_are_required():
    equal(vigil("review", "--require", "iam:GetAccountSummary").returncode, 0)
    equal(vigil("review", "--require", "iam").returncode, 0)
    equal(vigil("review", "--require", "workload-mapping").returncode, 0)
    done = vigil("review", "--require", "guardduty", "--format", "json")
    equal(done.returncode, 3)
    equal(done.stderr, b"vigil: nothing was imported of 'guardduty', which --require asks for\n")
    json.loads(done.stdout)
    equal(vigil("review", "--require", "guardduty", "--fail-on", "low").returncode, 3)


@case
def answers_for_a_workload_or_an_account():
    equal(answer("--workload", "shop")["scope"], "workload shop")
    equal(answer("--account", "444455556666", "--account", "111122223333")["scope"],
          "account 444455556666, account 111122223333")
    for arguments in (("--workload", "bank"), ("--account", "999999999999"), ("--ou", "Nowhere")):
        done = vigil("review", *arguments)
        equal((done.returncode, done.stdout), (2, b""), str(arguments))


@case
def fills_commands_with_real_ids():
    said = json.dumps(answer())
    for placeholder in ("{account}", "{region}", "{management}", "{name}", "{organization}"):
        assert placeholder not in said, placeholder
    assert "444455556666" in said


@case
def writes_files_that_only_the_owner_reads():
    path = FOLDER / "answer.html"
    done = vigil("review", "--format", "html", "--output", str(path))
    equal((done.returncode, done.stdout), (0, b""))
    equal(stat.S_IMODE(path.stat().st_mode), 0o600)
    equal(sorted(p.name for p in FOLDER.glob("answer*")), ["answer.html"])
    done = vigil("review", "--output", str(FOLDER / "no" / "where"))
    equal(done.returncode, 3)


@case
def redacts_who_people_are():
    text = vigil("review", "--format", "json", "--redact").stdout.decode()
    for secret in ("111122223333", "444455556666", "jane.1@example.com", "Jane Roe"):
        assert secret not in text, secret


@case
def remembers_findings_and_facts():
    first = {f["id"]: f for f in answer()["findings"]}
    again = {f["id"]: f for f in answer(now="2026-11-26T00:00:00Z")["findings"]}
    failed = [i for i, f in first.items() if f["verdict"] == "fail"]
    assert failed and set(failed) <= set(again)
    for number in failed:
        equal(again[number]["first_seen"], first[number]["first_seen"], number)


@case
def marks_what_is_old():
    equal(answer("--max-age", "90d")["stale"], [])
    assert answer("--max-age", "1d")["stale"]


@case
def works_on_a_workspace_that_may_only_be_read():
    copy = FOLDER / "copy"
    shutil.copytree(WORKSPACE, copy)
    expected = vigil("review", "--format", "json", "--read-only", workspace=copy)
    equal(expected.returncode, 0, expected.stderr.decode())
    before = {p.name: p.stat().st_mtime_ns for p in copy.iterdir() if p.suffix == ".db"}
    equal(vigil("review", "--format", "json", "--read-only", workspace=copy).stdout, expected.stdout)
    equal({p.name: p.stat().st_mtime_ns for p in copy.iterdir() if p.suffix == ".db"}, before)


@case
def says_that_there_is_no_workspace():
    done = vigil("review", workspace=FOLDER / "nothing")
    equal((done.returncode, done.stdout), (3, b""))
    equal(done.stderr.count(b"\n"), 1)


@case
def says_how_to_get_evidence_when_there_is_none():
    empty, nothing = FOLDER / "empty", FOLDER / "nothing"
    nothing.mkdir()
    vigil("import", str(nothing), workspace=empty)
    done = vigil("review", workspace=empty)
    assert b"all 0 accounts" in done.stdout and b"nothing is known of any account yet" in done.stderr, done
    assert b"any account" not in vigil("review").stderr


@case
def takes_the_users_controls():
    content = FOLDER / "content" / "controls" / "own"
    content.mkdir(parents=True)
    (content / "own.guard").write_text(
        "# ---\n# id: own-control\n# title: Ours\n# severity: low\n# practice: risks\n# resource: Vigil::Account::Root\n# needs: [AccessKeysPresent]\n# ---\n"
        "rule met { Resources.*.Properties.AccessKeysPresent == false <<our own words>> }\n")
    for arguments, env in ((("--content", str(FOLDER / "content")), None), ((), {"VIGIL_CONTENT": str(FOLDER / "content")})):
        found = [f for f in answer(*arguments, "--read-only", env=env)["findings"] if f["rule"] == "own-control"]
        equal([f["message"] for f in found if f["verdict"] == "fail"], ["our own words"])
    (content / "bad.guard").write_text("# ---\n# id: bad\n# title: Bad\n# practice: risks\n# ---\nrule met { == }\n")
    done = vigil("review", "--read-only", "--content", str(FOLDER / "content"))
    equal(done.returncode, 3)
    assert b"controls/own/bad.guard:6:" in done.stderr, done.stderr
    assert done.stdout.startswith(b"How do you")
    equal(vigil("review", "--content", str(FOLDER / "none")).returncode, 3)


@case
def prints_attestations_to_fill_in():
    done = vigil("attest", "template", "risk-register")
    text = done.stdout.decode()
    equal(done.returncode, 0)
    assert text.startswith("attestations:\n") and "  - kind: risk-register\n" in text and "date: 2026-11-25" in text
    equal(vigil("attest", "template", "no-such-kind").returncode, 2)
    assert vigil("attest", "template").stdout.count(b"- kind:") > 10


@case
def an_attestation_is_imported_listed_and_counted():
    filled = FOLDER / "attestations.yaml"
    filled.write_text("attestations:\n  - kind: risk-register\n    statement: kept\n    owner: Jane\n    date: 2026-11-01\n"
                      "    expires: 2027-01-01\n    details: {risks: 3}\n")
    own = FOLDER / "attested"
    shutil.copytree(WORKSPACE, own)
    before = answer("--read-only", workspace=own)
    equal(vigil("import", str(filled), workspace=own).returncode, 0)
    after = answer("--read-only", workspace=own)

    def verdict(document):
        return [c["verdict"] for p in document["organisation_section"]["practices"] for c in p["controls"]
                if c["id"] == "risk-register"][0]

    def section(document):
        key = "organisation" if isinstance(document.get("organisation"), dict) and "practices" in document["organisation"] \
            else "answer"
        return {**document, "organisation_section": document[key]}

    equal(verdict(section(before)), "not-assessed")
    assert verdict(section(after)) in ("pass", "partly"), verdict(section(after))
    listed = vigil("attest", "list", workspace=own).stdout.decode()
    assert "holds    2027-01-01" in listed and "missing" in listed, listed
    later = json.loads(vigil("attest", "list", "--format", "json", workspace=own, now="2027-02-01").stdout)
    equal([(row["state"], row["expires"]) for row in later if row["state"] != "missing"], [("lapsed", "2027-01-01")])


make_workspace()
try:
    run()
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
