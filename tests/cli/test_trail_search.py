#!/usr/bin/env python3
"""`vigil trail ingest` and `vigil trail search` as programs: what is new, what is found, what is said of logs that are gone,
changed or broken, and that a run killed at any moment loses nothing that was acknowledged."""
import atexit
import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run, skip  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
VIGIL = os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
DATA = Path(os.environ.get("VIGIL_TEST_DATA", ROOT.parent / "shared" / "data"))
HOME = Path(tempfile.mkdtemp(prefix="vigil-search-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
NOW = "2026-02-01T00:00:00Z"
A, B = "111122223333", "444455556666"


def vigil(*words, code=0, stderr=False):
    done = subprocess.run([VIGIL, "--workspace", str(HOME / "ws"), "--now", NOW, "trail", *words], capture_output=True,
                          text=True, timeout=300)
    equal(done.returncode, code, f"{' '.join(words)}\n{done.stdout}{done.stderr}")
    return done.stderr if stderr else done.stdout


def event(number, hour=1, day=1, account=A, region="eu-west-1", name="GetObject", key="AKIA1", **more):
    who = {"type": "IAMUser", "arn": f"arn:aws:iam::{account}:user/ann", "accountId": account, "accessKeyId": key}
    return {"eventVersion": "1.09", "userIdentity": who, "eventTime": f"2026-01-{day:02}T{hour:02}:00:00Z",
            "eventSource": "s3.amazonaws.com", "eventName": name, "awsRegion": region, "sourceIPAddress": "198.51.100.7",
            "userAgent": "cli", "requestParameters": {"bucketName": "b"}, "responseElements": None,
            "eventID": f"e-{number}", "eventType": "AwsApiCall", "recipientAccountId": account, **more}


def place(name, account=A, region="eu-west-1", organization=""):
    return HOME / "logs" / "AWSLogs" / organization / account / "CloudTrail" / region / "2026" / "01" / "01" / name


def put(path, events, packed=True):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"Records": events}).encode()
    path.write_bytes(gzip.compress(text, mtime=0) if packed else text)
    return path


def fresh():
    for name in ("logs", "ws"):
        shutil.rmtree(HOME / name, ignore_errors=True)


def three_files():
    """Two of account A, one of which another trail has, too; one of account B."""
    fresh()
    put(place("1.json.gz"), [event(1), event(2, hour=3, name="PutObject", key="AKIA2")])
    put(place("2.json.gz", organization="o-1"), [event(2, hour=3, name="PutObject", key="AKIA2"), event(3, hour=2)])
    put(place("3.json.gz", account=B), [event(4, account=B, hour=5, errorCode="AccessDenied")])
    vigil("ingest", str(HOME / "logs"))


def ids(*words, code=0):
    return [json.loads(line)["eventID"] for line in vigil("search", *words, "--format", "jsonl", code=code).splitlines()]


def indexes():
    return sorted((HOME / "ws" / "trail").glob("logs-*.index"))


# ---- ingest


@case
def a_bucket_is_indexed_and_searched():
    three_files()
    equal(ids(), ["e-1", "e-3", "e-2", "e-4"])
    equal(ids("key = AKIA2"), ["e-2"])
    equal(ids(f"account = {B}"), ["e-4"])
    equal(ids("error exists"), ["e-4"])


@case
def a_second_run_reads_what_is_new_alone():
    three_files()
    equal("3 files are known, and unchanged" in vigil("ingest", str(HOME / "logs")), True)
    put(place("4.json.gz"), [event(5, hour=7)])
    answer = json.loads(vigil("ingest", str(HOME / "logs"), "--format", "json"))
    equal((answer["read"], answer["unchanged"], answer["events"]), (1, 3, 1))
    os.utime(place("1.json.gz"))
    answer = json.loads(vigil("ingest", str(HOME / "logs"), "--format", "json"))
    equal((answer["read"], answer["unchanged"]), (0, 4))
    equal(len(ids()), 5)


@case
def a_file_that_grew_is_read_again_and_counts_once():
    fresh()
    path = place("x.json", region="eu-west-1")
    put(path, [event(1)], packed=False)
    vigil("ingest", str(HOME / "logs"))
    put(path, [event(1), event(2, hour=2, key="AKIA9")], packed=False)
    vigil("ingest", str(HOME / "logs"))
    equal(ids(), ["e-1", "e-2"])
    equal(ids("key = AKIA9"), ["e-2"])
    equal(vigil("search", "--format", "json").count('"file"'), 2)
    vigil("ingest", "--compact")
    equal(len(indexes()), 1)
    equal(json.loads(vigil("search", "--format", "json"))["files"], 1)


@case
def sources_may_overlap():
    fresh()
    put(place("1.json.gz"), [event(1)])
    vigil("ingest", str(HOME / "logs"), str(HOME / "logs" / "AWSLogs"), str(place("1.json.gz")))
    equal(json.loads(vigil("search", "--format", "json"))["files"], 1)


@case
def every_form_of_log_is_read():
    fresh()
    folder = HOME / "logs"
    folder.mkdir()
    (folder / "lines.jsonl").write_text(json.dumps(event(1)) + "\n" + json.dumps(event(2, hour=2)) + "\n")
    (folder / "array.json").write_text(json.dumps([event(3, hour=3)]))
    (folder / "bridge.json").write_text(json.dumps({"version": "0", "detail": event(4, hour=4)}))
    (folder / "lake.json").write_text(json.dumps({"QueryResultRows": [[{"eventJson": json.dumps(event(5, hour=5))}]]}))
    (folder / "flow.log").write_text("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
                                     "start end action log-status\n2 111122223333 eni-1 10.0.0.1 10.9.9.9 1 22 6 1 1 "
                                     "1767229800 1767229860 REJECT OK\n")
    (folder / "notes.txt").write_text("nothing\n")
    zstd = subprocess.run(["zstd", "-qc"], input=json.dumps({"Records": [event(6, hour=6)]}).encode(), capture_output=True,
                          check=False) if shutil.which("zstd") else None
    if zstd:
        (folder / "packed.json.zst").write_bytes(zstd.stdout)
    told = vigil("ingest", str(folder))
    equal("1 file is no log, and was passed over" in told, True, told)
    equal(ids("log = cloudtrail"), [f"e-{n}" for n in range(1, 7 if zstd else 6)])
    equal(vigil("search", "ip = 10.9.9.9 and dstport = 22", "--count"), "1\n")


@case
def bad_files_are_named_and_what_can_be_read_is():
    fresh()
    whole = gzip.compress(json.dumps({"Records": [event(n, hour=n % 20) for n in range(500)]}).encode())
    place("cut.json.gz").parent.mkdir(parents=True)
    place("cut.json.gz").write_bytes(whole[:len(whole) * 2 // 3])
    (HOME / "logs" / "lines.jsonl").write_text(json.dumps(event(1000)) + "\ngarbage\n" + json.dumps(event(1001)) + "\n")
    told = vigil("ingest", str(HOME / "logs"), code=3, stderr=True)
    equal("cut.json.gz" in told and "lines.jsonl:2" in told, True, told)
    found = ids()
    equal(len(found) > 200 and "e-1000" in found and "e-1001" in found, True, str(len(found)))


@case
def a_source_that_is_not_there_is_said():
    fresh()
    told = vigil("ingest", str(HOME / "nowhere"), code=3, stderr=True)
    equal("nowhere" in told, True, told)


@case
def many_runs_leave_few_index_files():
    fresh()
    for n in range(24):
        put(place(f"{n}.json.gz"), [event(n, hour=n % 24, key=f"AKIA{n}")])
        vigil("ingest", str(HOME / "logs"))
    equal(len(indexes()) <= 9, True, str(len(indexes())))
    equal(len(ids()), 24)
    for n in range(24):
        equal(ids(f"key = AKIA{n}"), [f"e-{n}"])


@case
def a_run_that_is_killed_loses_nothing_acknowledged():
    fresh()
    quick = os.environ.get("VIGIL_QUICK")  # under `./test --quick`: fewer files, fewer kills
    count = 1500 if quick else 6000
    for n in range(count):
        put(place(f"{n}.json.gz", region=f"eu-west-{n % 3 + 1}"), [event(n, hour=n % 24, day=n % 28 + 1)])
    rolled = random.Random(7)
    before = 0
    for attempt in range(4 if quick else 12):
        ingest = subprocess.Popen([VIGIL, "--workspace", str(HOME / "ws"), "trail", "ingest", str(HOME / "logs")],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            ingest.wait(timeout=rolled.uniform(0.05, 0.6 + attempt))
        except subprocess.TimeoutExpired:
            ingest.kill()
            ingest.wait()
        if (HOME / "ws" / "vigil.db").exists():
            done = subprocess.run([VIGIL, "--workspace", str(HOME / "ws"), "trail", "search", "--count"],
                                  capture_output=True, text=True, timeout=300)
            now = int(done.stdout or 0) if done.returncode == 0 else before
            equal(now >= before, True, f"{before} events were there, now {now}: {done.stderr}")
            before = now
    vigil("ingest", str(HOME / "logs"))
    equal(vigil("search", "--count"), f"{count}\n")
    equal(json.loads(vigil("search", "id = e-17", "--format", "json"))["files"], count)
    left = [path.name for path in (HOME / "ws" / "trail").iterdir() if path not in indexes()]
    equal(left, [])


@case
def what_a_killed_run_left_is_removed():
    three_files()
    stray = [HOME / "ws" / "trail" / name for name in ("logs-00000000000000ff.index", "logs-0000000000000002.index.new")]
    for path in stray:
        path.write_bytes(b"half an index")
    equal(ids(), ["e-1", "e-3", "e-2", "e-4"])
    vigil("ingest")
    equal([path.name for path in stray if path.exists()], [])
    equal(ids(), ["e-1", "e-3", "e-2", "e-4"])


@case
def follow_takes_in_what_comes():
    fresh()
    put(place("1.json.gz"), [event(1)])
    os.utime(place("1.json.gz"), (1, 1))
    follow = subprocess.Popen([VIGIL, "--workspace", str(HOME / "ws"), "trail", "ingest", "--follow", str(HOME / "logs")],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        equal(follow.stderr.readline(), "files ingested: 1, events: 1\n")
        time.sleep(1)
        vigil("ingest", str(HOME / "logs"))  # between its looks others may write
        started = time.monotonic()
        put(place("new.json.gz", region="us-east-1"), [event(2, hour=2), event(3, hour=3)])  # in a new folder
        equal(follow.stderr.readline(), "files ingested: 1, events: 2\n")
        equal(time.monotonic() - started < 20, True, "it was seen late")
        equal(ids(), ["e-1", "e-2", "e-3"])
        follow.send_signal(signal.SIGTERM)
        out, err = follow.communicate(timeout=20)
        equal((follow.returncode, err), (0, ""))
        equal(out.startswith("2 log files read, 3 events\n"), True, out)
    finally:
        follow.kill()
        follow.wait()


# ---- logs that went away


@case
def a_log_that_is_gone_or_changed_is_named():
    three_files()
    place("1.json.gz").unlink()
    put(place("3.json.gz", account=B), [event(4, account=B), event(9, account=B)])
    told = vigil("search", code=3, stderr=True)
    equal("1.json.gz: it was ingested, and is not there any more" in told, True, told)
    equal("3.json.gz: it has changed since it was ingested" in told, True, told)
    equal(ids("key = AKIA2", code=3), ["e-2"])  # the other trail has it
    equal(ids("error exists", "--until", "2026-01-01T00:00:00Z"), [])  # not asked for: not missed


@case
def a_copy_outlives_its_original():
    three_files()
    shutil.rmtree(HOME / "ws")
    vigil("ingest", "--copy", str(HOME / "logs"))
    shutil.rmtree(HOME / "logs")
    equal(ids(), ["e-1", "e-3", "e-2", "e-4"])


@case
def a_broken_index_is_named_worked_around_and_made_anew():
    for harm in ("flip the head", "flip a page", "truncate", "empty", "remove"):
        three_files()
        path = indexes()[0]
        bytes_ = bytearray(path.read_bytes())
        if harm == "flip the head":
            bytes_[100] ^= 1
        elif harm == "flip a page":
            bytes_[4096 * 2 + 9] ^= 1  # where each log file stands
        elif harm == "truncate":
            bytes_ = bytes_[:-4096]
        elif harm == "empty":
            bytes_ = b""
        path.write_bytes(bytes_)
        if harm == "remove":
            path.unlink()
        told = vigil("search", "--format", "jsonl", code=3, stderr=True)
        equal(path.name in told and "3 log files of broken index files are read in full" in told, True, harm + told)
        equal(ids(code=3), ["e-1", "e-3", "e-2", "e-4"], harm)
        told = vigil("ingest", code=3)
        equal("1 index file was broken and is made anew" in told, True, harm + told)
        equal(ids(), ["e-1", "e-3", "e-2", "e-4"], harm)
        equal(ids("key = AKIA2"), ["e-2"], harm)


# ---- search


@case
def times_limits_and_order():
    three_files()
    equal(ids("--since", "2026-01-01T02:00:00Z"), ["e-3", "e-2", "e-4"])
    equal(ids("--until", "2026-01-01T03:00:00Z"), ["e-1", "e-3"])
    equal(ids("--last", "4w"), [])
    equal(ids("--last", "5w"), ["e-1", "e-3", "e-2", "e-4"])
    equal(ids("--limit", "2"), ["e-1", "e-3"])
    equal(ids("--newest-first", "--limit", "2"), ["e-4", "e-2"])
    equal(vigil("search", "--count"), "4\n")
    equal(vigil("search", "nothing", "--count"), "0\n")
    vigil("search", "--since", "2026-01-02", "--until", "2026-01-01", code=2)


@case
def the_table_is_for_people():
    three_files()
    lines = vigil("search", "-q").splitlines()
    equal(lines[0].split(), ["TIME", "ACCOUNT", "REGION", "EVENT", "ACTOR", "FROM", "ERROR"])
    equal(lines[4].split(), ["2026-01-01T05:00:00Z", B, "eu-west-1", "s3:GetObject", "user/ann", "198.51.100.7",
                             "AccessDenied"])


@case
def json_says_where_each_was_found():
    three_files()
    answer = json.loads(vigil("search", "key = AKIA2", "--format", "json"))
    equal(answer["events"][0]["event"]["eventID"], "e-2")
    equal(Path(answer["events"][0]["file"]).parents[3].name, "eu-west-1")
    equal((answer["count"], answer["duplicates"], answer["files"], answer["files_opened"]), (1, 1, 3, 2))
    equal(json.loads(vigil("search", "key = none", "--format", "json"))["events"], [])


@case
def the_index_opens_only_what_can_match():
    fresh()
    for n in range(60):
        put(place(f"{n}.json.gz"), [event(n, hour=n % 24, key=f"AKIA{n}")])
    vigil("ingest", str(HOME / "logs"))
    told = vigil("search", "key = AKIA7", stderr=True)
    equal("1 event; 1 of 60 log files opened" in told, True, told)
    told = vigil("search", "key = AKIA7 or key = AKIA8", stderr=True)
    equal("2 events; 2 of 60 log files opened" in told, True, told)
    told = vigil("search", "key = AKIA7 and name = PutObject", stderr=True)
    equal("0 events; 0 of 60 log files opened" in told, True, told)


@case
def linked_records_of_other_accounts_come_along():
    fresh()
    put(place("1.json.gz"), [event(1, sharedEventID="s-1"), event(2, hour=2)])
    put(place("2.json.gz", account=B), [event(3, account=B, sharedEventID="s-1"), event(4, account=B, hour=2)])
    vigil("ingest", str(HOME / "logs"))
    equal(ids(f"account = {A} and id = e-1"), ["e-1"])
    equal(sorted(ids(f"account = {A} and id = e-1", "--linked")), ["e-1", "e-3"])


@case
def hostile_texts_cannot_drive_a_terminal():
    fresh()
    put(place("1.json.gz"), [event(1, userAgent="x\x1b[2J\ny", errorCode="\x1b]0;owned\x07\u202e", name="Get\r\nObject")])
    vigil("ingest", str(HOME / "logs"))
    table = vigil("search", "-q")
    equal([c for c in table if ord(c) < 32 and c != "\n" or c == "\u202e"], [])
    equal(table.count("\n"), 2)
    equal("\\x1b" in table, True, table)


@case
def wrong_expressions_name_the_column():
    three_files()
    told = vigil("search", "name = Put* and (", code=2, stderr=True)
    equal("column 18: expected a field, a word or an opening parenthesis" in told, True, told)


@case
def without_a_workspace_it_is_said():
    fresh()
    told = vigil("search", "x", code=3, stderr=True)
    equal("ws" in told, True, told)


# ---- coverage


@case
def coverage_becomes_facts():
    fresh()
    hours = [(day, hour) for day in (1, 2, 3, 4) for hour in range(24) if not (day == 2 and 10 <= hour < 13)]
    put(place("1.json.gz"), [event(n, day=day, hour=hour) for n, (day, hour) in enumerate(hours)])
    put(place("2.json.gz", region="us-east-1"), [event("d", region="us-east-1", eventCategory="Data")])
    told = vigil("ingest", str(HOME / "logs"))
    equal("1 gap in what was delivered" in told, True, told)
    found = {}
    for region in ("eu-west-1", "us-east-1"):
        shown = subprocess.run([VIGIL, "--workspace", str(HOME / "ws"), "evidence", "show", "--format", "json", "--type",
                                "Vigil::CloudTrail::LogCoverage", region], capture_output=True, text=True, check=True)
        found[region] = json.loads(shown.stdout)[0]["properties"]
    equal(found["eu-west-1"]["Gaps"], ["2026-01-02T10:00:00Z to 2026-01-02T13:00:00Z (neighbours)"])
    equal((found["eu-west-1"]["GapHours"], found["eu-west-1"]["ManagementEvents"], found["eu-west-1"]["DataEvents"]),
          (3, True, False))
    equal((found["us-east-1"]["DataEventSources"], found["us-east-1"]["FirstEvent"]),
          (["s3.amazonaws.com"], "2026-01-01T01:00:00Z"))
    subprocess.run([VIGIL, "--workspace", str(HOME / "ws"), "--now", NOW, "review"], capture_output=True, check=False)
    findings = subprocess.run([VIGIL, "--workspace", str(HOME / "ws"), "finding", "list"], capture_output=True, text=True,
                              check=True).stdout
    equal(f"cloudtrail-delivering  {A}" in findings, True, findings)


# ---- real logs


@case
def real_logs_give_what_reading_them_gives():
    if not (DATA / "trail-invictus").is_dir():
        skip(f"{DATA}/trail-invictus is not there")
    fresh()
    events = {}
    for path in sorted((DATA / "trail-invictus").glob("*.json")):
        for record in json.loads(path.read_text())["Records"]:
            events[(record["eventID"], record["recipientAccountId"])] = record
    vigil("ingest", str(DATA / "trail-invictus"))
    equal(vigil("search", "--count"), f"{len(events)}\n")
    for expression, test in (
            ("error exists", lambda e: "errorCode" in e or "errorMessage" in e),
            ("name = Put*", lambda e: e["eventName"].startswith("Put")),
            ("userIdentity.type = IAMUser and not readOnly = true",
             lambda e: e["userIdentity"].get("type") == "IAMUser" and e.get("readOnly") is not True),
            ("eventSource = s3.amazonaws.com and error = AccessDenied",
             lambda e: e["eventSource"] == "s3.amazonaws.com" and e.get("errorCode") == "AccessDenied")):
        equal(vigil("search", expression, "--count"), f"{sum(map(test, events.values()))}\n", expression)


run()
