#!/usr/bin/env python3
"""Attacks in flow logs and Resolver query logs are found, and what is honest is left alone.

tools/gen_flow_dns.py writes logs with labelled attacks among the traffic of an organisation; an attack is found when one of
its detections names its machine. Whatever else is found is a false positive. Both are printed, by detection. The logs of the
same attacks must give the same findings shuffled, cut into other files and on one thread. Of the evasive ones (slower,
smaller or spread, by somebody who knows the thresholds) it is printed how many are found; not all can be without accusing
others. VIGIL_FLOW_DNS_HOURS (3) says how long the logs are."""
import collections
import gzip
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tools")]

import gen_flow_dns  # noqa: E402
from tap import case, equal, run, skip  # noqa: E402

VIGIL = os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
HOURS = int(os.environ.get("VIGIL_FLOW_DNS_HOURS", "1" if os.environ.get("VIGIL_QUICK") else "3"))
AREAS = ("network", "dns")
WORK = Path(tempfile.mkdtemp(prefix="vigil-flow-dns-"))


def need():
    probe = subprocess.run([VIGIL, "detect", "--help"], capture_output=True, text=True, cwd=ROOT) if Path(VIGIL).exists() else None
    if probe is None or "vigil detect" not in probe.stdout:
        skip("there is no vigil detect")


def detections():
    """Title of each detection -> its file."""
    titles = {}
    for area in AREAS:
        for path in (ROOT / "content" / "detections" / area).glob("*.yml"):
            for title in re.findall(r"^title: (.*)$", path.read_text(encoding="utf-8"), re.M):
                titles[title.strip("'")] = path.stem
    return titles


def detect(folder, *options):
    rules = [word for area in AREAS for word in ("--rules", str(ROOT / "content" / "detections" / area))]
    done = subprocess.run([VIGIL, "detect", str(folder), *rules, "--format", "jsonl", *options], capture_output=True, text=True)
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr[:600]}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def made(seed, **more):
    folder = WORK / f"{seed}{'-benign' if more.get('benign') else ''}"
    if not folder.exists():
        gen_flow_dns.make(folder, seed, HOURS, 0.2, **more)
    return folder, json.loads((folder / "labels.json").read_text())


def judge(seed):
    """(found, missed, wrongly accused) of one world."""
    folder, labels = made(seed)
    titles, attacks = detections(), labels["attacks"]
    hits = {(titles[f["title"]], f["source_ip"]) for f in detect(folder / "AWSLogs")}
    found = [a for a in attacks if any((d, a["source"]) in hits for d in a["detections"])]
    missed = [a for a in attacks if a not in found]
    guilty = {a["source"] for a in attacks}
    wrong = [f for f in detect(folder / "AWSLogs") if f["source_ip"] not in guilty]
    return labels["counts"], found, missed, wrong


@case
def attacks_are_found_and_the_honest_are_left_alone():
    need()
    total = collections.Counter()
    levels = collections.Counter()
    for seed in (1, 2, 3):
        counts, found, missed, wrong = judge(seed)
        total.update(flows=counts["flows"], queries=counts["queries"])
        for attack in found + missed:
            kind = "evasive" if attack["evasive"] else "attacks"
            total[kind] += 1
            total[kind + " found"] += attack in found
        levels.update(f["level"] for f in wrong)
        for attack in missed:
            print(f"# missed: {attack['name']} of {attack['source']} (seed {seed})")
        for (title, level), count in collections.Counter((f["title"], f["level"]) for f in wrong).items():
            print(f"# false positive: {level} {title}: {count} (seed {seed})")
    print(f"# {total['flows']} flows, {total['queries']} queries: {total['attacks found']} of {total['attacks']} attacks found, "
          f"{total['evasive found']} of {total['evasive']} evasive ones; false positives: {dict(levels) or 'none'}")
    assert total["attacks found"] == total["attacks"]
    assert levels["critical"] + levels["high"] + levels["medium"] == 0 and levels["low"] <= 3, dict(levels)


@case
def each_detection_finds_an_attack_of_its_own():
    need()
    _, found, _, _ = judge(1)
    equal(set(detections().values()) - {d for attack in found for d in attack["detections"]}, set())


@case
def nothing_wrong_gives_no_finding():
    need()
    folder, labels = made(9, benign=True)
    equal(labels["attacks"], [])
    found = [f for f in detect(folder / "AWSLogs") if f["level"] in ("medium", "high", "critical")]
    equal([(f["title"], f["source_ip"]) for f in found], [])


@case
def order_files_and_threads_change_nothing():
    need()
    folder, _ = made(1)
    wanted = detect(folder / "AWSLogs")
    chance, other = random.Random(5), WORK / "shuffled"
    for path in sorted((folder / "AWSLogs").rglob("*.gz")):
        lines = gzip.decompress(path.read_bytes()).decode().splitlines()
        header = [lines.pop(0)] if lines[0].startswith("version") else []
        chance.shuffle(lines)
        for part in range(2):
            target = other / path.relative_to(folder).with_name(f"{part}-{path.name}")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(gzip.compress("\n".join(header + lines[part::2] + lines[:5]).encode()))
    equal(strip(detect(other / "AWSLogs", "--threads", "1")), strip(wanted))


def strip(findings):
    """Without what says in which file an event stood."""
    return [{key: value for key, value in f.items() if key not in ("file",)} for f in findings]


run()
