#!/usr/bin/env python3
"""The example's attack (examples/attack), told by detections: which findings it gives, and that they do not depend on how
the logs are given: order, copies, threads, damage. Names that an attacker chooses must not reach a terminal as they are."""
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests")]
from tap import case, equal, run  # noqa: E402

VIGIL = os.path.abspath(os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil")))
EXAMPLE = ROOT / "examples" / "attack"
LOG = next(EXAMPLE.rglob("*.json"))
RECORDS = json.loads(LOG.read_text(encoding="utf-8"))["Records"]
DEPLOY, BACKUP = (f"arn:aws:iam::666677778888:user/{name}" for name in ("deploy", "backup-svc"))

# What whoever is on call would be told, worst first, then by time.
STORY = [
    ("Looked around, then made a credential to stay", "succeeded", DEPLOY),
    ("User gives itself more rights", "attempted", DEPLOY),
    ("Administrator user made with credentials", "succeeded", DEPLOY),
    ("A new access key starts machines for mining", "succeeded", DEPLOY),
    ("Trail stopped or deleted with a long-lived identity", "succeeded", BACKUP),
]


def detect(*args, code=0, text=True):
    done = subprocess.run([VIGIL, "detect", *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == code, f"detect {args}: exit {done.returncode}, not {code}\n{done.stderr.decode()[-2000:]}"
    return done.stdout.decode("utf-8", "strict") if text else done


def lines(*args, **options):
    return [json.loads(line) for line in detect(*args, "--format", "jsonl", **options).splitlines()]


def written(folder, files):
    """Each of {name: records} as a log file below the folder."""
    for name, records in files.items():
        body = json.dumps({"Records": records}).encode()
        (Path(folder) / name).write_bytes(gzip.compress(body) if name.endswith(".gz") else body)
    return folder


def in_folder(files, *args):
    with tempfile.TemporaryDirectory() as folder:
        return detect(written(folder, files), "-q", *args)


@case
def the_story_is_told():
    found = lines(EXAMPLE)
    high = [(f["title"], f["outcome"], f["principal"]) for f in found if f["level"] in ("high", "critical")]
    equal(high, STORY)
    equal([f["title"] for f in found if f["level"] == "critical"], [])
    assert "Bucket opened to everybody" in [f["title"] for f in found if f["level"] == "medium"]


@case
def who_does_daily_work_is_not_accused():
    equal([f["title"] for f in lines(EXAMPLE) if "shop-web" in f["actor"] + f["principal"]], [])


@case
def every_event_cited_is_in_the_log():
    known = {r["eventID"]: r for r in RECORDS}
    for f in lines(EXAMPLE):
        equal([e for e in f["events"] if e not in known], [], f["title"])
        times = [known[e]["eventTime"] for e in f["events"]]
        equal((f["first"], f["last"]), (min(times), max(times)), f["title"])
        equal(f["count"], len(set(f["events"])), f["title"])


@case
def a_line_has_the_keys_that_the_reference_names():
    page = (ROOT / "docs" / "reference" / "detections.md").read_text(encoding="utf-8")
    table = page.partition("### JSON lines")[2].partition("###")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    named = [word.strip(" `") for row in rows for word in row.split(",")]
    for f in lines(EXAMPLE):
        equal(list(f), [name for name in named if name not in ("group", "usual", "raw") or name in f])
        equal("usual" in f, False, "no baseline was given")


@case
def every_format_holds_every_finding():
    count = len(lines(EXAMPLE))
    ocsf, asff = (json.loads(detect(EXAMPLE, "--format", name)) for name in ("ocsf", "asff"))
    sarif = json.loads(detect(EXAMPLE, "--format", "sarif"))
    equal(len(ocsf), count, "ocsf")
    equal({(f["class_uid"], f["type_uid"]) for f in ocsf}, {(2004, 200401)})
    equal(len(asff["Findings"] if isinstance(asff, dict) else asff), count, "asff")
    equal(sum(len(r["results"]) for r in sarif["runs"]), count, "sarif")
    equal(len({f["finding_info"]["uid"] for f in ocsf}), count, "ids of findings")
    blocks = [line for line in detect(EXAMPLE).splitlines() if line and not line.startswith(" ")]
    equal(len(blocks), count, "table")


@case
def threads_change_no_byte():
    files = {f"{i}.json": RECORDS[i::5] for i in range(5)}
    one = in_folder(files, "--format", "jsonl", "--threads", "1")
    equal(in_folder(files, "--format", "jsonl", "--threads", "2"), one)
    equal(in_folder(files, "--format", "jsonl", "--threads", "5"), one)


@case
def order_and_copies_change_no_byte():
    whole = detect(EXAMPLE, "--format", "jsonl")
    for seed in range(4):
        mixed = RECORDS + RECORDS[seed::3]
        random.Random(seed).shuffle(mixed)
        cut = len(mixed) // (seed + 2)
        files = {"b.json": mixed[:cut], "a.json.gz": mixed[cut:], "c.json": RECORDS[:seed]}
        equal(in_folder(files, "--format", "jsonl"), whole, f"seed {seed}")


@case
def the_gate_looks_at_what_is_shown():
    for args, code in ((("--fail-on", "critical"), 0), (("--fail-on", "high"), 1), (("--fail-on", "low"), 1),
                       (("--fail-on", "none"), 0), (("--level", "critical", "--fail-on", "low"), 0),
                       (("--fail-on", "sometimes"), 2)):
        detect(EXAMPLE, *args, code=code)


@case
def a_file_cut_off_is_read_as_far_as_it_goes():
    with tempfile.TemporaryDirectory() as folder:
        packed = gzip.compress(json.dumps({"Records": RECORDS}).encode(), mtime=0)
        (Path(folder) / "cut.json.gz").write_bytes(packed[:-40])
        done = detect(folder, "--format", "jsonl", code=3, text=False)
        assert b"cut.json.gz" in done.stderr, done.stderr
        titles = [json.loads(line)["title"] for line in done.stdout.decode().splitlines()]
        assert STORY[0][0] in titles and STORY[2][0] in titles, titles
        # Part of an answer is never taken for the whole.
        detect(folder, "--fail-on", "high", code=3)


@case
def garbage_between_records_hides_nothing():
    with tempfile.TemporaryDirectory() as folder:
        body = json.dumps({"Records": RECORDS}).replace('}, {"eventVersion"', '}, {"eventVersion": tru}, {"eventVersion"', 3)
        (Path(folder) / "odd.json").write_text(body, encoding="utf-8")
        equal([f["title"] for f in lines(folder, "--level", "high", code=3)], [title for title, _, _ in STORY])


HOSTILE = {"an escape": "\x1b[2J\x1b]0;gone\x07", "a line of its own": "x\ncritical      Nothing to see here",
           "a carriage return": "x\rhigh", "markup": "<script>alert(1)</script>", "an override": "\u202egnp.exe\u202c",
           "a quote and a substitution": "'; $(touch /tmp/x) `id` #", "C1 control": "\x9b31m", "nothing visible": "\u200b\u2066"}


@case
def names_that_an_attacker_chooses_come_out_escaped():
    for what, text in HOSTILE.items():
        records = json.loads(json.dumps(RECORDS).replace('"deploy"', json.dumps(text)))
        for record in records:
            who = record["userIdentity"]
            if who.get("userName") == text:
                who["arn"] = f"arn:aws:iam::666677778888:user/{text}"
                record["userAgent"], record["sourceIPAddress"] = text, text
        table = in_folder({"log.json": records}, "--color", "never")
        raw = [c for c in table if (ord(c) < 32 and c != "\n") or 0x7f <= ord(c) < 0xa0 or c in "\u202e\u202c\u200b\u2066"]
        equal(raw, [], what)
        equal([line for line in table.splitlines() if line.startswith(("critical", "Nothing"))], [], what)
        commands = [line for line in table.splitlines() if "vigil trail" in line or "--since" in line]
        assert commands and not any(c in line for line in commands for c in "`$;<>"), (what, commands)
        for name in ("jsonl", "ocsf", "asff", "sarif"):
            out = in_folder({"log.json": records}, "--format", name)
            for document in out.splitlines() if name == "jsonl" else [out]:
                json.loads(document)
            assert "\x1b" not in out and "\u202e" not in out, (what, name)


@case
def a_list_of_indicators_is_heeded_and_an_allow_list_too():
    with tempfile.TemporaryDirectory() as folder:
        bad, fine = Path(folder) / "bad.txt", Path(folder) / "fine.txt"
        bad.write_text("203.0.113.0/24\n")
        fine.write_text("203.0.113.77\n")
        listed = [f["title"] for f in lines(EXAMPLE, "--intel", f"incident={bad}")]
        equal(listed.count("Change made from an address on a threat list"), 2)
        allowed = [f["title"] for f in lines(EXAMPLE, "--intel", bad, "--allow", fine)]
        equal(allowed, [f["title"] for f in lines(EXAMPLE)])


@case
def a_folder_of_content_adds_and_replaces():
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "detections" / "evasion"
        own.mkdir(parents=True)
        shown = subprocess.run([VIGIL, "content", "show", "detections/evasion/trail_stopped_by_user.yml"],
                               capture_output=True, text=True, check=True).stdout
        (own / "trail_stopped_by_user.yml").write_text(shown.replace("level: high", "level: low"), encoding="utf-8")
        added = shown.replace("f6b3518c-69dd-4d71-9ba3-efec11464ae1", "f6b3518c-69dd-4d71-9ba3-efec11464ae2")
        (own / "of_ours.yml").write_text(added.replace("title: Trail stopped", "title: Ours: trail stopped".replace("Ours:", "Ours")),
                                         encoding="utf-8")
        found = {f["title"]: f["level"] for f in lines(EXAMPLE, "--content", folder)}
        equal(found.get("Trail stopped or deleted with a long-lived identity"), "low")
        equal(found.get("Ours trail stopped or deleted with a long-lived identity"), "high")


@case
def notes_stand_behind_the_answer():
    done = subprocess.run([VIGIL, "detect", str(EXAMPLE)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode()
    at = text.index("38 events of 1 files")
    assert "findings" in text[at:] and "\nhigh " not in text[at:] and text[at - 1] == "\n", text[at - 200:]


run()
