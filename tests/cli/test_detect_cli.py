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


if __name__ == "__main__":
    run()
