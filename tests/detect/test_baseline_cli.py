#!/usr/bin/env python3
"""Baselines by `vigil detect learn` and `vigil detect --baseline`, over a generated fortnight of an organisation, and
databases of addresses that this file writes: whatever the order and the threads, the same bytes; a region never used is found
and what was normal is told; what is damaged is refused with one line."""
import gzip
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
VIGIL = os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
WORK = Path(tempfile.mkdtemp(prefix="vigil-baseline-"))
TRAIL = "logsource: {product: aws, service: cloudtrail}\n"
RULES = "---\n".join(f"title: New {word}\nid: 0d6b1c63-0cf1-4d0a-9a52-6a8e8d0d4f0{i}\nlevel: medium\n{TRAIL}"
                     f"detection: {{s: {{vigil.new: {word}}}, condition: s}}\n"
                     for i, word in enumerate(["region", "service", "api", "country", "asn", "agent", "hour"]))
PLACES = f"title: From a country\nid: 0d6b1c63-0cf1-4d0a-9a52-6a8e8d0d4f10\n{TRAIL}detection: {{a: {{vigil.country: DE}}, " \
         "b: {vigil.asn: 64500}, condition: a and b}\n"


def vigil(*arguments, want=0):
    done = subprocess.run([VIGIL, *map(str, arguments)], capture_output=True, text=True, cwd=WORK)
    if want is not None and done.returncode != want:
        raise AssertionError(f"{arguments}: exit {done.returncode}, expected {want}\n{done.stdout}{done.stderr}")
    return done


def findings(*arguments):
    lines = vigil("detect", "--format", "jsonl", "--rules", "rules.yml", *arguments).stdout.splitlines()
    return [json.loads(line) for line in lines]


def event(number, **changes):
    record = {"eventVersion": "1.09", "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ada"},
              "eventTime": f"2026-01-{5 + number % 12:02d}T10:00:00Z", "eventSource": "s3.amazonaws.com",
              "eventName": "GetObject", "awsRegion": "eu-west-1", "sourceIPAddress": "203.0.113.10", "userAgent": "aws-cli/2.1",
              "eventID": f"{number}", "recipientAccountId": "111122223333"}
    record.update(changes)
    return record


def write(name, records):
    (WORK / name).write_text(json.dumps({"Records": records}))


# ---- a database in MaxMind's format (MaxMind DB File Format Specification 2.0) --------------------------------------------


class Long(int):
    """An integer that the format has in 32 bits."""


def encoded(value):
    if isinstance(value, dict):
        return bytes([0xE0 | len(value)]) + b"".join(encoded(k) + encoded(v) for k, v in value.items())
    if isinstance(value, str):
        return bytes([0x40 | len(value)]) + value.encode()
    if isinstance(value, list):
        return bytes([len(value), 4]) + b"".join(map(encoded, value))
    size = (value.bit_length() + 7) // 8
    if value >= 1 << 32:
        return bytes([size, 2]) + value.to_bytes(size, "big")
    return bytes([(6 if isinstance(value, Long) else 5) << 5 | size]) + value.to_bytes(size, "big")


def database(networks):
    """`networks`: (first 24 bits of an IPv4 address, data)."""
    nodes, data, leaves = [[None, None]], b"", {}
    for prefix, value in networks:
        at = 0
        for bit in range(23, -1, -1):
            side = prefix >> bit & 1
            if bit == 0:
                leaves[at, side] = len(data)
            elif nodes[at][side] is None:
                nodes.append([None, None])
                nodes[at][side] = len(nodes) - 1
            at = nodes[at][side] if bit else at
        data += encoded(value)
    tree = b""
    for at, node in enumerate(nodes):
        for side in (0, 1):
            leaf = leaves.get((at, side))
            value = len(nodes) + 16 + leaf if leaf is not None else node[side] if node[side] is not None else len(nodes)
            tree += struct.pack(">I", value)[1:]
    about = {"node_count": Long(len(nodes)), "record_size": 24, "ip_version": 4, "database_type": "Test", "languages": ["en"],
             "binary_format_major_version": 2, "binary_format_minor_version": 0, "build_epoch": 1 << 33, "description": {}}
    return tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + encoded(about)


def net(text):
    a, b, c = map(int, text.split("."))
    return a << 16 | b << 8 | c


# ---- cases ----------------------------------------------------------------------------------------------------------------


def set_up():
    (WORK / "rules.yml").write_text(RULES)
    (WORK / "places.yml").write_text(PLACES)
    subprocess.run([sys.executable, str(ROOT / "tools" / "gen_trail.py"), str(WORK / "logs"), "--events", "12000", "--accounts", "3",
                    "--days", "9", "--processes", "1"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    write("ada.json", [event(i) for i in range(120)])
    (WORK / "country.mmdb").write_bytes(database([(net("203.0.113"), {"country": {"iso_code": "DE"}}),
                                                  (net("198.51.100"), {"country": {"iso_code": "FR"}})]))
    (WORK / "asn.mmdb").write_bytes(database([(net("203.0.113"), {"autonomous_system_number": Long(64500)}),
                                              (net("198.51.100"), {"asn": "AS64501"})]))


@case
def learned_is_the_same_by_any_order_split_and_threads():
    vigil("detect", "learn", "-o", "one.vgu", "--threads", "1", "logs", "ada.json")
    vigil("detect", "learn", "-o", "two.vgu", "--threads", "3", "ada.json", "logs", "logs", "ada.json")
    equal((WORK / "one.vgu").read_bytes() == (WORK / "two.vgu").read_bytes(), True)
    folders = sorted((WORK / "logs" / "AWSLogs").glob("*/*"))
    vigil("detect", "learn", "-o", "part.vgu", *folders[:1])
    vigil("detect", "learn", "--baseline", "part.vgu", "-o", "part.vgu", *reversed(folders[1:]), "ada.json")
    equal((WORK / "one.vgu").read_bytes() == (WORK / "part.vgu").read_bytes(), True)


@case
def the_logs_learned_from_hold_nothing_new():
    vigil("detect", "learn", "-o", "one.vgu", "logs", "ada.json")
    equal(findings("--baseline", "one.vgu", "logs", "ada.json"), [])


@case
def a_region_never_used_is_found_and_the_usual_told():
    path = next(p for p in sorted((WORK / "logs").rglob("*.json.gz")) if "eu-west-1" in p.name)
    records = [r for r in json.loads(gzip.open(path).read())["Records"] if r["userIdentity"]["type"] == "AssumedRole"
               and "invokedBy" not in r["userIdentity"]][:1]
    moved = dict(records[0], awsRegion="ap-southeast-3", eventID="moved")
    write("moved.json", [moved])
    vigil("detect", "learn", "-o", "one.vgu", "logs", "ada.json")
    found = findings("--baseline", "one.vgu", "moved.json")
    equal([f["title"] for f in found], ["New region"])
    equal(found[0]["events"], ["moved"])
    equal("eu-west-1" in found[0]["usual"]["region"], True)
    equal("ap-southeast-3" in found[0]["usual"]["region"], False)


@case
def each_word_is_told_with_what_was_usual():
    vigil("detect", "learn", "-o", "ada.vgu", "--geo", "country.mmdb", "--geo", "asn.mmdb", "ada.json")
    write("new.json", [event(1000, awsRegion="ap-east-1", eventSource="iam.amazonaws.com", eventName="CreateUser", userAgent="curl/8",
                             sourceIPAddress="198.51.100.7", eventTime="2026-01-24T03:00:00Z")])
    found = findings("--baseline", "ada.vgu", "--geo", "country.mmdb", "--geo", "asn.mmdb", "new.json")
    usual = {f["title"][4:]: {k: v for k, v in f["usual"].items() if k not in ("first", "last", "events")} for f in found}
    equal(usual, {"region": {"region": ["eu-west-1"]}, "service": {"service": ["s3.amazonaws.com"]},
                  "api": {"api": ["s3.amazonaws.com:GetObject"]}, "country": {"country": ["DE"]}, "asn": {"asn": ["64500"]},
                  "agent": {"agent": ["aws-cli"]}, "hour": {"hours": "Mon-Sun 10-11"}})
    equal({(f["usual"]["first"], f["usual"]["last"]) for f in found}, {("2026-01-05T10:00:00Z", "2026-01-16T10:00:00Z")})
    text = vigil("detect", "--rules", "rules.yml", "--baseline", "ada.vgu", "new.json").stdout
    equal([line.strip() for line in text.splitlines() if "usual" in line][:2],
          ["usual     region: eu-west-1", "usual     service: s3.amazonaws.com"])


@case
def many_more_calls_than_usual_are_found_and_the_usual_told():
    vigil("detect", "learn", "-o", "ada.vgu", "ada.json")
    rule = ("--rules", ROOT / "content/detections/identity/more_calls_than_usual.yml", "--baseline", "ada.vgu")
    calls = [event(5000 + i, eventTime=f"2026-01-24T10:{i // 60 % 60:02d}:{i % 60:02d}Z") for i in range(1200)]
    write("much.json", calls)
    write("some.json", calls[:300])
    found = [json.loads(line) for line in vigil("detect", "--format", "jsonl", *rule, "much.json").stdout.splitlines()]
    equal([(f["title"], f["count"]) for f in found], [("Fifty times as many calls as usual", 1200)])
    equal(8 <= found[0]["usual"]["pace"] <= 16, True)  # 120 in seven hours of the week, in eleven days
    equal("calls in an hour" in vigil("detect", *rule, "much.json").stdout, True)
    equal(vigil("detect", "--format", "jsonl", *rule, "some.json").stdout, "")
    equal(vigil("detect", "--format", "jsonl", *rule[:2], "much.json").stdout, "")  # nothing is usual without a baseline
    equal("more calls than usual" in vigil("detect", "explain", "identity_call_of_known_actor").stdout, True)


@case
def other_formats_tell_it_too():
    vigil("detect", "learn", "-o", "ada.vgu", "ada.json")
    write("new.json", [event(1000, eventName="DeleteBucket")])
    for form in ("ocsf", "asff", "sarif"):
        text = vigil("detect", "--rules", "rules.yml", "--format", form, "--baseline", "ada.vgu", "new.json").stdout
        equal((form, "s3.amazonaws.com:GetObject" in text), (form, True))


@case
def changed_rules_are_compared_with_what_is_usual():
    vigil("detect", "learn", "-o", "ada.vgu", "ada.json")
    write("new.json", [event(1000, eventName="DeleteBucket")])
    (WORK / "region.yml").write_text(RULES.split("---\n")[0])
    done = vigil("detect", "--diff", "--format", "jsonl", "--baseline", "ada.vgu", "region.yml", "rules.yml", "new.json")
    equal([(c["change"], c["title"]) for c in map(json.loads, done.stdout.splitlines())], [("new", "New api")])


@case
def without_a_database_no_place_is_new():
    vigil("detect", "learn", "-o", "bare.vgu", "ada.json")
    write("far.json", [event(2000, sourceIPAddress="198.51.100.7")])
    equal(findings("--baseline", "bare.vgu", "--geo", "country.mmdb", "far.json"), [])
    vigil("detect", "learn", "-o", "ada.vgu", "--geo", "country.mmdb", "ada.json")
    equal(findings("--baseline", "ada.vgu", "far.json"), [])
    equal([f["title"] for f in findings("--baseline", "ada.vgu", "--geo", "country.mmdb", "far.json")], ["New country"])


@case
def country_and_network_are_fields():
    done = vigil("detect", "--rules", "places.yml", "--format", "jsonl", "--geo", "country.mmdb", "--geo", "asn.mmdb", "ada.json")
    equal([json.loads(line)["count"] for line in done.stdout.splitlines()], [120])
    equal(vigil("detect", "--rules", "places.yml", "--format", "jsonl", "ada.json").stdout, "")


@case
def little_learned_makes_no_noise_and_says_so():
    write("day.json", [event(i, eventTime="2026-01-05T10:00:00Z") for i in range(100)])
    write("new.json", [event(1000, awsRegion="ap-east-1", eventName="DeleteBucket")])
    done = vigil("detect", "learn", "-o", "day.vgu", "day.json")
    equal("nothing will be new yet" in done.stderr, True)
    equal(findings("--baseline", "day.vgu", "new.json"), [])


@case
def what_is_broken_is_one_clear_line():
    vigil("detect", "learn", "-o", "ada.vgu", "ada.json")
    whole = bytearray((WORK / "ada.vgu").read_bytes())
    whole[len(whole) // 2] ^= 4
    (WORK / "broken.vgu").write_bytes(whole)
    (WORK / "broken.mmdb").write_bytes((WORK / "country.mmdb").read_bytes()[:100])
    for option, name, word in (("--baseline", "broken.vgu", "damaged"), ("--baseline", "ada.json", "no baseline"),
                               ("--baseline", "none.vgu", "none.vgu"), ("--geo", "broken.mmdb", "no database of addresses"),
                               ("--geo", "none.mmdb", "none.mmdb")):
        for command in (["detect"], ["detect", "learn", "-o", "x.vgu"]):
            done = vigil(*command, option, name, "ada.json", want=3)
            equal((name in done.stderr, word in done.stderr, len(done.stderr.splitlines())), (True, True, 1))
    equal((WORK / "x.vgu").exists(), False)
    equal("--output" in vigil("detect", "learn", "ada.json", want=2).stderr, True)


@case
def a_broken_log_is_told_and_the_rest_learned():
    (WORK / "torn.json").write_text(json.dumps({"Records": [event(i) for i in range(120)]})[:-300])
    done = vigil("detect", "learn", "-o", "torn.vgu", "torn.json", want=3)
    equal(("torn.json" in done.stderr, "1 actors" in done.stderr), (True, True))


@case
def explain_says_what_a_rule_asks():
    done = vigil("detect", "explain", "--rules", "rules.yml", "New region")
    equal([line for line in done.stdout.splitlines() if line.startswith("asks")], ["asks          new region, by `vigil detect --baseline`"])


if __name__ == "__main__":
    try:
        set_up()
        run()
    finally:
        shutil.rmtree(WORK)
