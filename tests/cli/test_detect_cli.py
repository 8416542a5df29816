#!/usr/bin/env python3
"""`vigil detect` as a program: what its options keep and leave out, what it says of blindness, and that neither threads nor
the order, the packing or copies of files change a byte."""
import atexit
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
VIGIL = os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
HOME = Path(tempfile.mkdtemp(prefix="vigil-detect-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
RULES = """title: Trail deleted
id: 00000000-0000-4000-8000-000000000001
status: stable
level: high
tags: [attack.defense-evasion, attack.t1562.008]
logsource: {product: aws, service: cloudtrail}
detection: {selection: {eventName: DeleteTrail}, condition: selection}
---
title: User made
id: 00000000-0000-4000-8000-000000000002
status: test
level: low
logsource: {product: aws, service: cloudtrail}
detection: {selection: {eventName: CreateUser}, condition: selection}
---
title: Object read
id: 00000000-0000-4000-8000-000000000003
level: medium
logsource: {product: aws, service: cloudtrail}
detection: {selection: {eventName: GetObject}, condition: selection}
vigil: {needs: [data.s3]}
"""
OTHER = RULES.replace("eventName: CreateUser", "eventName: DeleteUser").replace("eventName: DeleteTrail", "eventName: [DeleteTrail, StopLogging]")
NAMES = ["DeleteTrail", "CreateUser", "StopLogging", "DescribeTrails", "DeleteUser"]


def record(i):
    return {"eventTime": f"2026-01-01T{i % 24:02}:00:00Z", "eventSource": "iam.amazonaws.com", "eventName": NAMES[i % len(NAMES)],
            "eventID": f"00000000-0000-4000-8000-{i:012}", "awsRegion": "eu-west-1", "recipientAccountId": "111122223333",
            "sourceIPAddress": "198.51.100.7", "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::111122223333:user/u{i % 3}"}}


RECORDS = [record(i) for i in range(120)]


def put(name, records, packed=False):
    path = HOME / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"Records": records}).encode()
    path.write_bytes(gzip.compress(text, mtime=0) if packed else text)
    return str(path)


(HOME / "rules.yml").write_text(RULES)
(HOME / "other.yml").write_text(OTHER)
LOG = put("log.json", RECORDS)


def detect(*words, code=0, rules=True, format="jsonl"):
    own = ["--rules", str(HOME / "rules.yml")] if rules else []
    done = subprocess.run([VIGIL, "--now", "2026-02-01T00:00:00Z", "detect", *own, "--format", format, *words],
                          capture_output=True, text=True, timeout=300)
    equal(done.returncode, code, f"{words}\n{done.stdout[:2000]}{done.stderr}")
    return done.stdout, done.stderr


def titles(text):
    return sorted({json.loads(line)["title"] for line in text.splitlines()})


@case
def a_line_a_finding_has_the_keys_that_others_read():
    keys = {"rule", "title", "level", "attack", "outcome", "principal", "source_ip", "account", "region", "first", "last", "events"}
    out, _ = detect(LOG)
    for line in out.splitlines():
        equal(keys - set(json.loads(line)), set(), line)
    first = json.loads(out.splitlines()[0])
    equal((first["level"], first["attack"], first["account"], first["source_ip"]),
          ("high", ["T1562.008"], "111122223333", "198.51.100.7"))


def raw_of(*words):
    """By event id: what `--raw` shows of the first event of each finding, and of how many findings it shows something."""
    found = [json.loads(line) for line in detect("--raw", *words)[0].splitlines()]
    return {f["events"][0]: f["raw"] for f in found if "raw" in f}, len(found)


@case
def the_first_event_is_shown_as_it_was_logged():
    large = dict(record(0), eventID="00000000-0000-4000-8000-0000000a0000", requestParameters={"text": "x\u00e4" * 200000},
                 userIdentity={"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/large"})
    all_of_them = [*RECORDS, large, dict(record(5), userIdentity={"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/last"},
                                         eventID="00000000-0000-4000-8000-0000000b0000")]
    want = {r["eventID"]: r for r in all_of_them}
    (HOME / "lines.jsonl").write_text("\n".join(json.dumps(r) for r in all_of_them))
    (HOME / "indented.json").write_text(json.dumps(all_of_them, indent=2))
    for log in (put("raw.json", all_of_them), put("raw.json.gz", all_of_them, packed=True), str(HOME / "lines.jsonl"),
                str(HOME / "indented.json")):
        raw, count = raw_of(log)
        equal(len(raw), count, log)
        equal({k: want[k] for k in raw}, raw, log)
        equal("00000000-0000-4000-8000-0000000a0000" in raw and "00000000-0000-4000-8000-0000000b0000" in raw, True, log)
    equal("raw" in detect(LOG)[0], False)
    equal(raw_of("--level", "high", LOG)[1], 3)


@case
def what_has_no_place_of_its_own_is_left_out():
    event = record(0)
    (HOME / "envelope.json").write_text(json.dumps({"version": "0", "detail-type": "AWS API Call via CloudTrail", "source": "aws.iam",
                                                    "time": "2026-01-01T00:00:00Z", "detail": event}))
    equal(raw_of(str(HOME / "envelope.json")), ({event["eventID"]: event}, 1))
    (HOME / "lake.jsonl").write_text(json.dumps(dict(event, eventID="other", requestParameters={})) + "\n"
                                     + json.dumps({"eventJson": json.dumps(event)}) + "\n")
    raw, count = raw_of(str(HOME / "lake.jsonl"))
    equal({id: found["eventID"] for id, found in raw.items()}, {id: id for id in raw})
    equal(count >= 1, True)
    done = subprocess.run([VIGIL, "detect", "--rules", str(HOME / "rules.yml"), "--format", "jsonl", "--raw", "-"], input=json.dumps({"Records": [event]}),
                          capture_output=True, text=True, timeout=300)
    equal([(f["title"], "raw" in f) for f in map(json.loads, done.stdout.splitlines())], [("Trail deleted", False)])


@case
def raw_is_refused_where_it_is_not_shown():
    for words in (("--format", "sarif"), ("--format", "asff"), ("--diff", str(HOME / "rules.yml"), str(HOME / "other.yml"))):
        done = subprocess.run([VIGIL, "detect", "--raw", *words, LOG], capture_output=True, text=True, timeout=300)
        equal((done.returncode, "--raw shows events in a table, jsonl and ocsf" in done.stderr), (2, True), words)


@case
def a_log_that_breaks_off_shows_the_events_before():
    whole = gzip.compress("\n".join(json.dumps(dict(record(i), eventName="DeleteTrail", requestParameters={"text": os.urandom(3000).hex()},
                                                    userIdentity={"type": "IAMUser", "arn": f"arn:aws:iam::111122223333:user/v{i}"}))
                                    for i in range(100)).encode(), mtime=0)
    (HOME / "cut.jsonl.gz").write_bytes(whole[:len(whole) // 2])
    out, err = detect("--raw", str(HOME / "cut.jsonl.gz"), code=3)
    found = [json.loads(line) for line in out.splitlines()]
    equal(len(found) > 10 and all(f["raw"]["eventID"] == f["events"][0] for f in found), True, err)


@case
def the_raw_event_is_in_the_table_and_in_ocsf_too():
    text = detect("--raw", "--level", "high", LOG, format="table")[0]
    equal([json.loads(line.split("raw", 1)[1])["eventName"] for line in text.splitlines() if line.startswith("  raw ")], ["DeleteTrail"] * 3)
    found = json.loads(detect("--raw", "--level", "high", LOG, format="ocsf")[0])
    equal([json.loads(f["raw_data"])["eventID"] == f["finding_info"]["related_events"][0]["uid"] for f in found], [True] * 3)


@case
def a_level_and_a_status_keep_rules_out():
    equal(titles(detect(LOG)[0]), ["Trail deleted", "User made"])
    equal(titles(detect("--level", "medium", LOG)[0]), ["Trail deleted"])
    equal(titles(detect("--status", "test", LOG)[0]), ["User made"])
    equal(titles(detect("--status", "test", "--status", "stable", LOG)[0]), ["Trail deleted", "User made"])


@case
def fail_on_is_decided_by_what_is_shown():
    for words, code in ((["--fail-on", "high"], 1), (["--fail-on", "critical"], 0), (["--fail-on", "low", "--status", "test"], 1),
                        (["--fail-on", "medium", "--status", "test"], 0), ([], 0)):
        detect(*words, LOG, code=code)


@case
def times_are_inclusive_at_both_ends():
    wanted = [r["eventID"] for r in RECORDS
              if r["eventName"] == "DeleteTrail" and "2026-01-01T05" <= r["eventTime"][:13] <= "2026-01-01T10"]
    out, _ = detect("--level", "high", "--since", "2026-01-01T05:00:00Z", "--until", "2026-01-01T10:00:00Z", LOG)
    equal(sorted(e for line in out.splitlines() for e in json.loads(line)["events"]), sorted(wanted))


@case
def what_needs_a_log_that_is_not_there_is_blind():
    _, err = detect(LOG)
    assert "1 detections are blind, not quiet: nothing here of data.s3" in err, err
    data = put("data.json", [dict(record(0), eventSource="s3.amazonaws.com", eventCategory="Data")])
    assert "blind" not in detect(LOG, data)[1]


@case
def rules_that_changed_are_replayed():
    done = subprocess.run([VIGIL, "--now", "2026-02-01T00:00:00Z", "detect", "--diff", "--format", "jsonl", str(HOME / "rules.yml"),
                           str(HOME / "other.yml"), LOG], capture_output=True, text=True, timeout=300)
    equal(done.returncode, 0, done.stderr)
    # as many users are deleted as are made: the events are others all the same
    equal(sorted({(d["change"], d["title"]) for d in map(json.loads, done.stdout.splitlines())}),
          [("changed", "Trail deleted"), ("changed", "User made")])


@case
def every_form_is_what_its_readers_read():
    equal({f["class_uid"] for f in json.loads(detect(LOG, format="ocsf")[0])}, {2004})
    sarif = json.loads(detect(LOG, format="sarif")[0])
    equal((sarif["version"], bool(sarif["runs"][0]["results"])), ("2.1.0", True))
    assert "2018-10-08" in detect(LOG, format="asff")[0]
    assert "Trail deleted" in detect(LOG, format="table")[0]


@case
def neither_threads_nor_the_layout_of_files_change_a_byte():
    def told(*paths, threads="1"):
        done = subprocess.run([VIGIL, "--now", "2026-02-01T00:00:00Z", "--threads", threads, "detect", "--rules",
                               str(HOME / "rules.yml"), "--format", "jsonl", *paths], capture_output=True, text=True, timeout=300)
        equal(done.returncode, 0, done.stderr)
        return done.stdout
    want = told(LOG)
    parts = [put(f"split/{i}.json", RECORDS[i::7], packed=i % 2 == 1) for i in range(7)]
    for threads in ("1", "2", "3", "8"):
        equal(told(LOG, threads=threads), want, threads)
        equal(told(*parts, threads=threads), want, f"split, {threads}")
        equal(told(*parts[::-1], threads=threads), want, f"backwards, {threads}")
        equal(told(*parts, LOG, *parts, threads=threads), want, f"copies, {threads}")
        equal(told(str(HOME / "split"), threads=threads), want, f"folder, {threads}")


# ---- accounts that are ours ----------------------------------------------------------------------------------------------------

OWN, SISTER, STRANGER = "111122223333", "444455556666", "999988887777"


def trust(*accounts):
    allow = {"Effect": "Allow", "Principal": {"AWS": [f"arn:aws:iam::{a}:root" for a in accounts]}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]})


def bucket_policy(*accounts):
    allow = {"Effect": "Allow", "Principal": {"AWS": list(accounts)}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
    return {"Version": "2012-10-17", "Statement": [allow]}


# What is called to share, with whom, and which detection tells it.
SHARING = [
    ("ec2", "ModifySnapshotAttribute", "Disk snapshot shared with another account",
     lambda *a: {"snapshotId": "snap-1", "createVolumePermission": {"add": {"items": [{"userId": x} for x in a]}}}),
    ("ec2", "ModifyImageAttribute", "Machine image shared with another account",
     lambda *a: {"imageId": "ami-1", "launchPermission": {"add": {"items": [{"userId": x} for x in a]}}}),
    ("rds", "ModifyDBSnapshotAttribute", "Database snapshot shared with another account",
     lambda *a: {"dBSnapshotIdentifier": "s", "attributeName": "restore", "valuesToAdd": list(a)}),
    ("iam", "UpdateAssumeRolePolicy", "Trust of a role changed to another account",
     lambda *a: {"roleName": "r", "policyDocument": trust(*a)}),
    ("s3", "PutBucketPolicy", "Bucket opened to another account",
     lambda *a: {"bucketName": "b", "bucketPolicy": bucket_policy(*a)}),
    ("ram", "AssociateResourceShare", "Resource shared with another account or with everybody",
     lambda *a: {"resourceShareArn": "s", "principals": list(a)}),
]
TITLES = sorted(title for _, _, title, _ in SHARING)


def shared_with(name, *accounts):
    return put(name, [dict(record(i), eventSource=f"{service}.amazonaws.com", eventName=call, requestParameters=parameters(*accounts))
                      for i, (service, call, _, parameters) in enumerate(SHARING)])


SISTERS, STRANGERS, BOTH = shared_with("s.json", SISTER), shared_with("x.json", STRANGER), shared_with("b.json", SISTER, STRANGER)


def told(*words):
    """Which of the titles are found, and what is said."""
    out, said = detect(*words, rules=False)
    return sorted(set(titles(out)) & set(TITLES)), said


def write(name, text):
    (HOME / name).write_text(text if isinstance(text, str) else json.dumps(text))
    return str(HOME / name)


def accounts_of(*ids, organization="o-exampleorg1"):
    return {"Accounts": [{"Id": i, "Arn": f"arn:aws:organizations::{OWN}:account/{organization}/{i}", "Name": f"n{i}",
                          "Email": f"{i}@example.com", "Status": "ACTIVE"} for i in ids]}


@case
def sharing_with_an_account_of_ours_is_not_told():
    for log in (SISTERS, STRANGERS, BOTH):
        equal(told(log)[0], TITLES, log)
        assert "ours" not in told(log)[1]
    found, said = told("--ours", SISTER, SISTERS)
    equal(found, [])
    assert "1 account is ours: sharing with it is not told as outside" in said, said
    equal(told("--ours", SISTER, STRANGERS)[0], TITLES)
    equal(told("--ours", SISTER, BOTH)[0], TITLES)
    found, said = told("--ours", SISTER, "--ours", STRANGER, BOTH)
    equal(found, [])
    assert "2 accounts are ours: sharing with them is not told as outside" in said, said
    assert "ours" not in detect("--ours", SISTER, "--quiet", SISTERS, rules=False)[1]
    policy = dict(record(1), eventSource="s3.amazonaws.com", eventName="PutBucketPolicy",
                  requestParameters={"bucketName": "b", "bucketPolicy": bucket_policy("*", SISTER)})
    snapshot = dict(record(2), eventSource="rds.amazonaws.com", eventName="ModifyDBSnapshotAttribute",
                    requestParameters={"dBSnapshotIdentifier": "s", "attributeName": "restore", "valuesToAdd": ["all", SISTER]})
    everyone = put("everyone.json", [policy, snapshot])
    equal(detect("--ours", SISTER, everyone, "--level", "high", rules=False)[0],
          detect(everyone, "--level", "high", rules=False)[0])
    assert detect("--ours", SISTER, everyone, "--level", "high", rules=False)[0]


@case
def rules_that_changed_know_ours_too():
    rule = "title: Shared\nlevel: low\nlogsource: {product: aws, service: cloudtrail}\ndetection: {s: {vigil.external|exists: true}, condition: s}\n"
    nothing = rule.replace("exists: true", "contains: nobody")
    words = ["--diff", "--format", "jsonl", write("nothing.yml", nothing), write("shared.yml", rule), SISTERS]
    for ours, lines in ((SISTER, 0), (STRANGER, 1)):
        done = subprocess.run([VIGIL, "detect", "--ours", ours, *words], capture_output=True, text=True, timeout=300)
        equal((done.returncode, bool(done.stdout.splitlines())), (0, bool(lines)), done.stderr)


@case
def accounts_are_read_from_what_lists_them():
    envelope = {"vigil": "envelope/1", "operation": "organizations:ListAccounts", "account": OWN, "time": "2026-01-01T00:00:00Z"}
    forms = {
        "answer": accounts_of(SISTER, OWN),
        "envelope": dict(envelope, output=accounts_of(SISTER, OWN)),
        "list": [SISTER, OWN],
        "objects": accounts_of(SISTER, OWN)["Accounts"],
        "text": f"# ours\n\n  {SISTER}   # the sister\r\n{OWN}",
        "twice": f"{SISTER}\n{OWN}\n{SISTER}\n",
    }
    for name, form in forms.items():
        found, said = told("--ours", write(f"ours-{name}", form), SISTERS)
        equal(found, [], name)
        assert "2 accounts are ours" in said and "warning" not in said, said
    (HOME / "utf16").write_bytes(f"{SISTER}\r\n".encode("utf-16"))
    equal(told("--ours", str(HOME / "utf16"), SISTERS)[0], [])
    equal(told("--ours", write("none.txt", "# nobody yet\n"), SISTERS)[0], TITLES)


def refused(code, *words):
    done = subprocess.run([VIGIL, "detect", *words], capture_output=True, text=True, timeout=300)
    equal(done.returncode, code, f"{words}\n{done.stderr}")
    return done.stdout, done.stderr


@case
def what_is_no_account_is_told_with_its_place():
    bad = {
        "lines.txt": (f"{SISTER}\n  12345\n", ":2:3: '12345' is no account id"),
        "long.txt": (f"{SISTER}0\n", ":1:1: '4444555566660' is no account id"),
        "list.json": ([SISTER, 444455556666], ":1:18: '' is no account id"),
        "ids.json": ({"Accounts": [{"Id": "x"}]}, ":1:15: 'x' is no account id"),
        "other.json": ({"Roots": []}, ":1:1: no list of accounts"),
        "failed.json": ({"vigil": "envelope/1", "error": "AccessDenied"}, ":1:1: no list of accounts"),
        "broken.json": ('{"Accounts": [', ":1:"),
    }
    for name, (text, message) in bad.items():
        path = write(name, text)
        for words in ([], ["--diff", str(HOME / "rules.yml"), str(HOME / "other.yml")]):
            out, said = refused(3, "--ours", path, *words, SISTERS)
            assert out == "" and said.count("\n") == 1 and path + message in said, said
    for value, code, message in (("12345", 2, "--ours: '12345' is no account id"), ("no-such-file", 3, "no-such-file")):
        out, said = refused(code, "--ours", value, SISTERS)
        assert out == "" and said.count("\n") == 1 and message in said, said
    page = write("page.json", dict(accounts_of(SISTER), NextToken="t"))
    found, said = told("--ours", page, SISTERS)
    equal(found, [])
    assert "page.json: there are more accounts" in said, said


def workspace_of(name, *answers, account=OWN):
    folder = HOME / f"in-{name}"
    folder.mkdir()
    for i, (operation, output) in enumerate(answers):
        text = {"vigil": "envelope/1", "operation": operation, "account": account, "region": "eu-west-1", "partition": "aws",
                "time": "2026-01-01T00:00:00Z", "parameters": {}, "output": output}
        (folder / f"{i}.json").write_text(json.dumps(text))
    done = subprocess.run([VIGIL, "--now", "2026-01-02T00:00:00Z", "--workspace", str(HOME / name), "import", str(folder)],
                          capture_output=True, text=True, timeout=300)
    equal(done.returncode, 0, done.stdout + done.stderr)
    return str(HOME / name)


def organization_of(identity):
    return {"Organization": {"Id": identity, "Arn": f"arn:aws:organizations::{OWN}:organization/{identity}", "FeatureSet": "ALL",
                             "MasterAccountId": OWN, "MasterAccountEmail": "m@example.com"}}


@case
def a_workspace_that_is_named_tells_its_organisation():
    whole = workspace_of("whole", ("organizations:ListAccounts", accounts_of(SISTER, "222233334444")),
                         ("organizations:DescribeOrganization", organization_of("o-exampleorg1")))
    found, said = told("--workspace", whole, SISTERS)
    equal(found, [])
    assert "3 accounts are ours" in said, said  # the managing account as well
    equal(told("--workspace", whole, BOTH)[0], TITLES)
    equal(told("--workspace", whole, "--ours", STRANGER, BOTH)[0], [])
    os.environ["VIGIL_WORKSPACE"] = whole
    equal(told(SISTERS)[0], [])
    del os.environ["VIGIL_WORKSPACE"]
    # The folder's own .vigil was not named.
    here = HOME / "here"
    here.mkdir()
    (here / ".vigil").symlink_to(whole)
    done = subprocess.run([VIGIL, "detect", "--format", "jsonl", SISTERS], cwd=here, capture_output=True, text=True, timeout=300)
    equal(sorted(set(titles(done.stdout)) & set(TITLES)), TITLES)
    # An account of which something is known, and of which no organisation says that it is its own.
    seen = workspace_of("seen", ("iam:GetAccountSummary", {"SummaryMap": {"Users": 1}}), account=SISTER)
    found, said = told("--workspace", seen, SISTERS)
    equal(found, TITLES)
    assert "ours" not in said, said
    found, said = told("--workspace", str(HOME / "not-there"), "--ours", SISTER, SISTERS)
    equal(found, [])
    assert "vigil: warning: " in said and "not-there" in said, said


@case
def a_case_says_which_accounts_are_ours():
    rules = HOME / "cases"
    (rules / "tests").mkdir(parents=True)
    (rules / "shared.yml").write_text("title: Shared\nid: 00000000-0000-4000-8000-000000000009\nlevel: low\n"
                                      "logsource: {product: aws, service: cloudtrail}\n"
                                      "detection: {s: {vigil.external|exists: true}, condition: s}\n")
    event = {"eventSource": "ec2.amazonaws.com", "eventName": "ModifySnapshotAttribute", "requestParameters": SHARING[0][3](SISTER)}
    cases = [{"name": name, "kind": "near", "events": [event], "expect": {"match": match}, **more}
             for name, match, more in (("ours", False, {"ours": [SISTER]}), ("others", True, {"ours": [STRANGER]}), ("none", True, {}))]
    (rules / "tests" / "shared_tests.yml").write_text(json.dumps(cases))
    done = subprocess.run([VIGIL, "detect", "test", str(rules)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "3 passed, 0 failed" in done.stdout, done.stdout + done.stderr


if __name__ == "__main__":
    run()
