#!/usr/bin/env python3
"""Correlations by `vigil detect`: the same bytes whatever the order of events and files, doubles, and threads; a late event
lengthens a finding and keeps its id; a signal that a correlation lists says nothing by itself."""
import datetime
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run, skip  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
VIGIL = os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
WORK = Path(tempfile.mkdtemp(prefix="vigil-correlations-"))
TRAIL = "logsource: {product: aws, service: cloudtrail}\n"
RULES = f"""title: Many refused, then one worked
id: 0d6b1c63-0cf1-4d0a-9a52-6a8e8d0d3f01
level: high
correlation: {{type: temporal_ordered, rules: [many, worked], group-by: [userIdentity.arn], timespan: 10m}}
---
title: Many refused
id: 0d6b1c63-0cf1-4d0a-9a52-6a8e8d0d3f02
name: many
correlation: {{type: event_count, rules: [refused], group-by: [userIdentity.arn], timespan: 5m, condition: {{gte: 5}}}}
---
title: Refused
id: 0d6b1c63-0cf1-4d0a-9a52-6a8e8d0d3f03
name: refused
{TRAIL}detection: {{s: {{errorCode: AccessDenied}}, condition: s}}
---
title: Worked
id: 0d6b1c63-0cf1-4d0a-9a52-6a8e8d0d3f04
name: worked
{TRAIL}detection: {{s: {{eventName: CreateUser}}, f: {{errorCode|exists: true}}, condition: s and not f}}
---
title: Many different regions
id: 0d6b1c63-0cf1-4d0a-9a52-6a8e8d0d3f05
level: medium
correlation: {{type: value_count, rules: [any], group-by: [userIdentity.arn], timespan: 2m, condition: {{field: awsRegion, gte: 4}}}}
---
title: Few calls
id: 0d6b1c63-0cf1-4d0a-9a52-6a8e8d0d3f06
level: low
correlation: {{type: event_count, rules: [any], group-by: [userIdentity.arn], timespan: 3m, condition: {{lte: 3}}}}
---
title: Any call
id: 0d6b1c63-0cf1-4d0a-9a52-6a8e8d0d3f07
name: any
{TRAIL}detection: {{s: {{eventSource: iam.amazonaws.com}}, condition: s}}
"""


def event(number, second, who, refused, name="ListUsers", region="eu-west-1"):
    time = datetime.datetime(2026, 1, 1) + datetime.timedelta(seconds=second)
    record = {"eventVersion": "1.09", "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::111122223333:user/{who}"},
              "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ"), "eventSource": "iam.amazonaws.com", "eventName": name,
              "awsRegion": region, "sourceIPAddress": "203.0.113.10", "eventID": f"00000000-0000-4000-8000-{number:012d}",
              "recipientAccountId": "111122223333"}
    if refused:
        record["errorCode"] = "AccessDenied"
    return record


def some_events():
    dice = random.Random(7)
    return [event(i, dice.randrange(7200), dice.choice("abcdef"), dice.random() < 0.5, dice.choice(["ListUsers", "CreateUser"]),
                  dice.choice(["eu-west-1", "us-east-1", "eu-north-1", "ap-south-1"])) for i in range(600)]


def detect(name, files, *options, told=None):
    """What is found; what is said besides goes to `told`."""
    folder = WORK / name
    folder.mkdir()
    (WORK / "rules.yml").write_text(RULES)
    for number, events in enumerate(files):
        (folder / f"{number}.json").write_text(json.dumps({"Records": events}))
    done = subprocess.run([VIGIL, "detect", "--rules", str(WORK / "rules.yml"), "--format", "jsonl", *options, str(folder)],
                          capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    if told is not None:
        told.append(done.stderr)
    return done.stdout


def need():
    probe = subprocess.run([VIGIL, "detect", "--help"], capture_output=True, text=True) if Path(VIGIL).exists() else None
    if probe is None or "vigil detect" not in probe.stdout:
        skip("vigil detect is not built")


@case
def order_files_doubles_and_threads_change_no_byte():
    need()
    events = some_events()
    expected = detect("sorted", [sorted(events, key=lambda e: e["eventTime"])], "--threads", "1")
    titles = {json.loads(line)["title"] for line in expected.splitlines()}
    equal(titles, {"Many refused, then one worked", "Many different regions", "Few calls"}, "what is found")
    dice = random.Random(1)
    for number, (files, times, threads) in enumerate([(1, 1, 1), (7, 1, 1), (7, 2, 2), (40, 1, 4), (3, 3, 8)]):
        many = events * times
        dice.shuffle(many)
        found = detect(f"split{number}", [many[i::files] for i in range(files)], "--threads", str(threads))
        equal(found, expected, f"{files} files, each event {times} times, {threads} threads")


@case
def a_late_event_keeps_the_finding():
    need()
    events = [event(i, 600 + 10 * i, "a", True) for i in range(5)] + [event(10, 700, "a", False, "CreateUser")]
    first = json.loads(detect("before", [events]))
    late = json.loads(detect("after", [events, [event(11, 655, "a", True), event(12, 605, "a", True)]]))
    equal((first["first"], first["last"], len(first["events"])), ("2026-01-01T00:10:00Z", "2026-01-01T00:11:40Z", 6))
    equal((late["first"], late["last"], len(late["events"])), ("2026-01-01T00:10:00Z", "2026-01-01T00:11:40Z", 8))
    equal(late.get("id"), first.get("id"))


@case
def what_is_left_out_or_open_is_told():
    need()
    nobody = event(1, 600, "a", False)
    del nobody["userIdentity"]["arn"]
    told = []
    equal(detect("left", [[nobody, event(2, 700, "a", False)]], told=told), "")
    assert "2 matches lack what a correlation groups by or counts, and were left out of it" in told[0], told[0]
    assert "1 windows of correlations are still open: later events decide them" in told[0], told[0]
    equal(len(detect("open", [[event(2, 700, "a", False), event(3, 7000, "b", False)]], told=told).splitlines()), 1)
    assert "left out" not in told[1], told[1]


if __name__ == "__main__":
    try:
        run()
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
