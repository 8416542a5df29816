#!/usr/bin/env python3
"""`vigil detect` on what no log should be: whatever can be read is, what cannot is counted and named, the exit code says so,
nothing that a log holds reaches the terminal as it is, and memory stays bounded."""
import atexit
import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run, skip  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
VIGIL = os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
HOME = Path(tempfile.mkdtemp(prefix="vigil-detect-bad-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
RULE = HOME / "rule.yml"
RULE.write_text("""title: Trail deleted
id: 00000000-0000-4000-8000-000000000001
status: test
level: high
logsource: {product: aws, service: cloudtrail}
detection: {selection: {eventName: DeleteTrail}, condition: selection}
""")
LOGS = HOME / "logs"


def record(number, **more):
    event = {"eventVersion": "1.09", "eventTime": "2026-01-01T00:00:00Z", "eventSource": "cloudtrail.amazonaws.com",
             "eventName": "DeleteTrail", "eventID": f"e-{number}", "awsRegion": "eu-west-1", "sourceIPAddress": "198.51.100.7",
             "userAgent": "cli", "recipientAccountId": "111122223333", "userIdentity": {
                 "type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ann", "accountId": "111122223333"}}
    event.update(more)
    return json.dumps({k: v for k, v in event.items() if v != "absent"}, ensure_ascii=False)


def delivered(*records):
    return ("{\"Records\":[" + ",".join(records) + "]}").encode()


def deep(levels, opening="[", closing="]"):
    return record(1)[:-1] + ",\"requestParameters\":" + opening * levels + closing * levels + "}"


def cut(data, keep):
    return data[:int(len(data) * keep)]


MANY = [record(i, requestParameters={"n": random.Random(i).randbytes(64).hex()}) for i in range(400)]
FIELDS = ["eventTime", "eventSource", "eventName", "eventID", "awsRegion", "sourceIPAddress", "userAgent", "recipientAccountId",
          "userIdentity", "errorCode", "errorMessage", "requestParameters", "responseElements", "resources", "eventCategory"]
WRONG = [None, True, 7, -1.5e300, "", [], {}, [[]], [None], {"a": {"b": []}}, "\u0000"]
TYPES = [record(f"{f}-{i}", **{f: value}) for f in FIELDS for i, value in enumerate(WRONG)]
KNOWN = [f"e-{f}-{i}" for f in FIELDS for i, value in enumerate(WRONG) if f != "eventName"]
INJECTED = "x\u001b[2J\u001b]0;owned\u0007\r\n2026-01-01 critical forged\u202egnp"
ENVELOPE = json.dumps({"version": "0", "id": "i", "detail-type": "AWS API Call via CloudTrail", "source": "aws.cloudtrail",
                       "detail": json.loads(record(1))})
LAKE = json.dumps({"QueryResultRows": [[{"eventJson": record(1)}], [{"eventJson": record(2)}]]})

# name: files, exit code, events found, what standard error says
TABLE = {
    "a gzip file that is cut off": ({"a.json.gz": cut(gzip.compress(delivered(*MANY)), 0.6)}, 3, "some", "cut off"),
    "a gzip file with a flipped byte": (
        {"a.json.gz": (lambda b: b[:len(b) // 2] + bytes([b[len(b) // 2] ^ 255]) + b[len(b) // 2 + 1:])(
            gzip.compress(delivered(*MANY)))}, 3, "any", "damaged"),
    "garbage between records": (
        {"a.json": delivered(record(1), "garbage", record(2), "{\"eventName\":", record(3))}, 3, ["e-1", "e-2", "e-3"], "a.json:1:"),
    "a record of 10 MB": (
        {"a.json.gz": gzip.compress(delivered(record(1), record(2, requestParameters={"x": "a" * 10_000_000}), record(3)))},
        0, ["e-1", "e-2", "e-3"], ""),
    "100 levels": ({"a.json": delivered(deep(100), record(2))}, 0, ["e-1", "e-2"], ""),
    "10,000 levels": ({"a.json": delivered(deep(10_000), record(2), record(3))}, 0, ["e-1", "e-2", "e-3"], ""),
    "10,000 levels of objects": (
        {"a.json": delivered(deep(10_000, "{\"a\":", "}").replace(":}", ":1}"), record(2))}, 0, ["e-1", "e-2"], ""),
    "10,000 levels in a record that has to be read whole": (
        {"a.json": delivered(deep(10_000)[:-1] + ",\"eventName\":\"DeleteTrail\"}", record(2))}, 3, ["e-2"], "a.json:1:"),
    "a gzip file of many members": (
        {"a.json.gz": b"".join(gzip.compress(p) for p in (b"{\"Records\":[", record(1).encode(), b",", record(2).encode(), b"]}"))},
        0, ["e-1", "e-2"], ""),
    "a gzip file that lies about its size": (
        {"a.json.gz": gzip.compress(delivered(*MANY))[:-4] + b"\x07\0\0\0"}, 3, "any", "a.json"),
    "a key twice: the last stands": (
        {"a.json": delivered(record(1)[:-1] + ",\"eventName\":\"DeleteTrail\"}", record(2))}, 0, ["e-1", "e-2"], ""),
    "wrong types in every field": ({"a.json": delivered(*TYPES)}, 0, KNOWN, ""),
    "clocks that are wrong": (
        {"a.json": delivered(record(1, eventTime="1970-01-01T00:00:00Z"), record(2, eventTime="9999-12-31T23:59:59Z"),
                             record(3, eventTime="absent"), record(4, eventTime="yesterday"),
                             record(5, eventTime="2026-13-45T99:99:99Z"), record(6, eventTime=""))},
        0, [f"e-{i}" for i in range(1, 7)], ""),
    "copies and late delivery": (
        {"a.json": delivered(record(1), record(2), record(1)), "b.json": delivered(record(2), record(0, eventTime="2025-01-01T00:00:00Z"))},
        0, ["e-0", "e-1", "e-2"], ""),
    "an empty file": ({"a.json": b"", "b.json": delivered(record(1))}, "any", ["e-1"], ""),
    "an empty gzip file": ({"a.json.gz": gzip.compress(b""), "b.json": delivered(record(1))}, "any", ["e-1"], ""),
    "bytes of zero": ({"a.json": delivered(record(1)) + b"\0" * 4096, "b.json": delivered(record(2))}, 3, ["e-1", "e-2"], "a.json"),
    "UTF-16": ({"a.json": delivered(record(1)).decode().encode("utf-16")}, 0, ["e-1"], ""),
    "a byte order mark": ({"a.json": b"\xef\xbb\xbf" + delivered(record(1))}, 0, ["e-1"], ""),
    "bytes that are no UTF-8": (
        {"a.json": delivered(record(1), record(2).replace("cli", "\x00X").encode().decode().replace("\x00X", "cl"), record(3)).replace(
            b"ann", b"an\xff", 1)}, 3, ["e-2", "e-3"], "a.json"),
    "JSON lines with a broken line": (
        {"a.jsonl": "\n".join([record(1), record(2)[:-40], record(3), "no json", record(4)]).encode()},
        3, ["e-1", "e-3", "e-4"], "a.jsonl:2"),
    "EventBridge's envelopes": ({"a.jsonl": (ENVELOPE + "\n" + ENVELOPE.replace("e-1", "e-2")).encode()}, 0, ["e-1", "e-2"], ""),
    "Lake's envelopes": ({"a.json": LAKE.encode()}, 0, ["e-1", "e-2"], ""),
    "a bare array with something behind it": ({"a.json": ("[" + record(1) + "," + record(2) + "] and more").encode()}, 3, ["e-1", "e-2"],
                                              "behind the records"),
    "files behind each other": ({"a.json": delivered(record(1)) + delivered(record(2))}, 3, ["e-1", "e-2"], "a.json"),
}


def lay_out(files):
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir()
    for name, data in files.items():
        (LOGS / name).write_bytes(data)


def detect(*words, format="jsonl"):
    done = subprocess.run([VIGIL, "--now", "2026-02-01T00:00:00Z", "detect", "--rules", str(RULE), "--format", format, *words],
                          capture_output=True, timeout=300)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def events_of(text):
    return sorted(e for line in text.splitlines() for e in json.loads(line)["events"])


def all_events(*words):
    """The events, whatever the number that a finding names: a finding a rule would name fifty."""
    code, out, err = detect(*words)
    return code, events_of(out), err, sum(json.loads(line)["count"] for line in out.splitlines())


def bad_case(name, files, code, ids, says):
    def bad_input():
        lay_out(files)
        got, events, err, count = all_events(str(LOGS))
        if code != "any":
            equal(got, code, err)
        elif got not in (0, 3):
            raise AssertionError(f"exit {got}\n{err}")
        if ids == "some":
            assert 0 < count < len(MANY), f"{count} events of {len(MANY)}\n{err}"
        elif ids != "any":
            equal(count, len(ids), err)
            if len(ids) <= 50:
                equal(events, sorted(ids), err)
        assert says in err, f"{says!r} is not in\n{err}"
        if got == 3:
            assert "a.json" in err, f"the file is not named in\n{err}"
        for threads in ("1", "3"):
            again = subprocess.run([VIGIL, "--threads", threads, "--now", "2026-02-01T00:00:00Z", "detect", "--rules", str(RULE),
                                    "--format", "jsonl", str(LOGS)], capture_output=True, timeout=300)
            equal(events_of(again.stdout.decode()), events, f"on {threads} threads")
    bad_input.__name__ = "detect: " + name
    case(bad_input)


@case
def nothing_of_a_log_moves_the_cursor_of_a_terminal():
    lay_out({"a.json": delivered(record(1, userAgent=INJECTED, eventID=INJECTED, awsRegion=INJECTED, sourceIPAddress=INJECTED, userIdentity={
        "type": "IAMUser", "arn": INJECTED, "userName": INJECTED, "accountId": INJECTED}, recipientAccountId=INJECTED))})
    for format in ("table", "jsonl", "ocsf", "asff", "sarif"):
        code, out, err = detect(str(LOGS), format=format)
        equal(code, 0, err)
        for bad in ("\u001b", "\u0007", "\r"):
            assert bad not in out and bad not in err, f"{bad!r} in {format}"
        assert not any(line.startswith("2026-01-01 critical forged") for line in out.splitlines()), format


@case
def a_folder_without_permission_is_named_and_the_rest_read():
    if os.geteuid() == 0:
        skip("root may read everything")
    lay_out({"a.json": delivered(record(1))})
    (LOGS / "closed").mkdir(mode=0)
    code, events, err, _ = all_events(str(LOGS))
    (LOGS / "closed").chmod(0o700)
    equal((code, events), (3, ["e-1"]), err)
    assert "closed" in err, err


@case
def a_path_that_is_not_there_does_not_stop_the_others():
    lay_out({"a.json": delivered(record(1))})
    code, events, err, _ = all_events(str(LOGS / "none"), str(LOGS))
    equal((code, events), (3, ["e-1"]), err)
    assert "none" in err, err


# A process of its own measures, for a child begins with the peak of who started it.
MEASURE = ("import resource, subprocess, sys\n"
           "code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)\n"
           "print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")


def peak_of(*words):
    """Exit code, peak memory in MB, what was said."""
    done = subprocess.run([sys.executable, "-c", MEASURE, VIGIL, "--threads", "1", "detect", "--rules", str(RULE), *words],
                          capture_output=True, text=True, timeout=600)
    code, peak = done.stdout.split()
    return int(code), int(peak) / 1024, done.stderr


def packed(piece, times, front=b"", back=b""):
    squeeze = zlib.compressobj(6, zlib.DEFLATED, 31)
    out = [squeeze.compress(front)] + [squeeze.compress(piece) for _ in range(times)] + [squeeze.compress(back), squeeze.flush()]
    return b"".join(out)


@case
def bombs_and_large_logs_take_bounded_memory():
    if any(name in Path(VIGIL).read_bytes() for name in (b"__asan_init", b"__tsan_init")):
        skip("a build with sanitizers takes memory of its own")
    mega, many = b" " * (1 << 20), ("," + ",".join(MANY)).encode()
    bombs = {"zeros": (packed(b"\0" * (1 << 20), 1024), 96), "spaces": (packed(mega, 1024), 96),
             "lines": (packed(b"\n" * (1 << 20), 1024), 64),
             "a log of 400 MB": (packed(many, 400_000_000 // len(many), b"{\"Records\":[" + record("a").encode(), b"]}"), 64),
             "lines of 400 MB": (packed(many[1:].replace(b"},{\"eventV", b"}\n{\"eventV") + b"\n", 400_000_000 // len(many)), 64)}
    for name, (data, most) in bombs.items():
        lay_out({"a.json.gz": data})
        code, peak, err = peak_of(str(LOGS))
        assert code in (0, 3), f"{name}: exit {code}\n{err}"
        assert peak < most, f"{name}: {peak:.0f} MB, at most {most}"


for NAME, ROW in TABLE.items():
    bad_case(NAME, *ROW)

if __name__ == "__main__":
    run()
