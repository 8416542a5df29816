#!/usr/bin/env python3
"""What every detection promises: words that the person on call can act on, a place in ATT&CK, tests of each kind, and lines
of which each does something: when one is left out, a test notices (on a sample; VIGIL_ALL_MUTANTS=1 takes all)."""
import copy
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, run, skip  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
DETECTIONS = ROOT / "content" / "detections"
VIGIL = os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DATA = Path(os.environ.get("VIGIL_TEST_DATA", ROOT.parent / "shared" / "data"))
LEVELS = {"informational", "low", "medium", "high", "critical"}
KINDS = {"match", "near", "failed", "evasion"}
TECHNIQUE = re.compile(r"attack\.(t\d{4}(?:\.\d{3})?)$")
FILLED = {"principal", "actor", "ip", "account", "region", "key", "first", "last"}
# Names out of the real logs that are at hand. A rule that speaks of them would only know what it was shown.
FOREIGN = re.compile(r"stratus|invictus|bert-jan|benjamin|218007301253|123837392027|backdoor-r-|malicious-iam", re.I)
SAMPLE = 1 if os.environ.get("VIGIL_ALL_MUTANTS") else 96 if os.environ.get("VIGIL_QUICK") else 12


def read(path):
    with open(path, encoding="utf-8") as file:
        return list(yaml.load_all(file, Loader=LOADER))


FILES = {path: read(path) for path in sorted(DETECTIONS.glob("*/*.yml"))}


def tests_of(path):
    return path.parent / "tests" / f"{path.stem}_tests.yml"


def told():
    """The documents that are findings by themselves: those with words for people."""
    for path, documents in FILES.items():
        for document in documents:
            if document.get("description") and "filter" not in document:
                yield path, document


def none(problems):
    assert not problems, "\n".join(problems[:20])


@case
def there_are_at_least_120_detections_of_distinct_behaviours():
    found = list(told())
    assert len(found) >= 120, len(found)
    titles = [document["title"] for _, document in found]
    none([f"{title}: twice" for title in set(titles) if titles.count(title) > 1])


@case
def ids_are_uuids_and_names_and_ids_are_unique():
    seen, problems = {}, []
    for path, documents in FILES.items():
        for document in documents:
            uuid.UUID(document["id"])
            for what in {document["id"], document.get("name")} - {None}:
                if what in seen:
                    problems.append(f"{path.name}: {what} is also in {seen[what]}")
                seen[what] = path.name
    none(problems)


@case
def the_person_on_call_is_told_why_what_else_and_what_to_do():
    problems = []
    for path, d in told():
        vigil = d.get("vigil") or {}
        triage = vigil.get("triage") or []
        where = f"{path.parent.name}/{path.name}"
        if len(d["description"]) < 60 or not d["description"].rstrip().endswith("."):
            problems.append(f"{where}: a description of a sentence or two")
        if d.get("level") not in LEVELS or not d.get("falsepositives") or not vigil.get("needs"):
            problems.append(f"{where}: level, falsepositives and needs")
        if len(triage) < 2 or not all(isinstance(step, str) for step in triage):
            problems.append(f"{where}: two steps at least")
        if not any(step.startswith(("vigil ", "aws ")) or "vigil trail" in step or "aws " in step for step in triage):
            problems.append(f"{where}: a command among the steps")
        for step in triage:
            problems += [f"{where}: ${{{word}}} is not filled" for word in re.findall(r"\$\{(\w+)\}", str(step)) if word not in FILLED]
    none(problems)


@case
def each_stands_in_attack():
    known = {entry["id"] for entry in read(ROOT / "tools/detections/attack.yaml")[0]["techniques"]}
    problems = []
    for path, d in told():
        techniques = [m.group(1).upper() for tag in d.get("tags", []) for m in [TECHNIQUE.match(tag)] if m]
        if not techniques or len(techniques) == len(d["tags"]):
            problems.append(f"{path.name}: a tactic and a technique")
        problems += [f"{path.name}: {t} is no technique" for t in techniques if t not in known]
    none(problems)


@case
def finding_types_of_guardduty_are_active():
    table = DATA / "guardduty-types" / "finding-types.tsv"
    if not table.exists():
        skip("no guardduty-types in VIGIL_TEST_DATA")
    rows = (line.rstrip("\n").split("\t") for line in table.open(encoding="utf-8"))
    active = {row[0] for row in rows if row[5] == "active"}
    none([f"{path.name}: {name}" for path, d in told() for name in (d.get("vigil") or {}).get("guardduty") or [] if name not in active])


@case
def no_rule_knows_a_name_from_the_data_or_means_something_else_in_other_yaml():
    problems = [f"{path.name}: {found.group()}" for path in FILES for found in [FOREIGN.search(path.read_text(encoding="utf-8"))] if found]
    for path, documents in FILES.items():
        for document in documents:
            problems += [f"{path.name}: selection {name!r} is a boolean in YAML 1.1" for name in document.get("detection") or {}
                         if not isinstance(name, str)]
    none(problems)


@case
def each_has_a_match_a_near_miss_and_an_evasion():
    problems = []
    for path in FILES:
        if not any(document.get("description") for document in FILES[path]):
            continue
        kinds = [c["kind"] for c in read(tests_of(path))[0]] if tests_of(path).exists() else []
        missing = {"match", "near", "evasion"} - set(kinds)
        problems += [f"{path.name}: no test of kind {', '.join(sorted(missing))}"] if missing else []
        problems += [f"{path.name}: kind {kind}" for kind in set(kinds) - KINDS]
    none(problems)


def need():
    probe = Path(VIGIL).exists() and subprocess.run([VIGIL, "detect", "test", "--help"], capture_output=True, check=False)
    if not probe or probe.returncode:
        skip("vigil detect is not built")


@case
def every_test_passes():
    need()
    answer = subprocess.run([VIGIL, "detect", "test", str(DETECTIONS)], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr[-2000:]


def mutants(documents):
    """(what was done, documents) of each line of a selection left out, and each selection that never holds."""
    for number, document in enumerate(documents):
        for name, body in (document.get("detection") or {}).items():
            if name == "condition":
                continue
            for line in body if isinstance(body, dict) and len(body) > 1 else ():
                mutant = copy.deepcopy(documents)
                del mutant[number]["detection"][name][line]
                yield f"{name}.{line} left out", mutant
            mutant = copy.deepcopy(documents)
            mutant[number]["detection"][name] = {"eventName": "none", "no.such.field": "none"}
            yield f"{name} never holds", mutant


@case
def a_test_notices_when_a_line_is_left_out():
    need()
    made, survivors = 0, []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tests").mkdir()
        for path, documents in FILES.items():
            if int(hashlib.sha256(path.stem.encode()).hexdigest(), 16) % SAMPLE or not tests_of(path).exists():
                continue
            rule = Path(folder) / path.name
            (Path(folder) / "tests" / tests_of(path).name).write_bytes(tests_of(path).read_bytes())
            for what, mutant in mutants(documents):
                rule.write_text("\n---\n".join(yaml.safe_dump(d, sort_keys=False) for d in mutant), encoding="utf-8")
                answer = subprocess.run([VIGIL, "detect", "test", str(rule)], capture_output=True, check=False)
                made += 1
                survivors += [f"{path.parent.name}/{path.name}: {what}"] if answer.returncode == 0 else []
    print(f"# {made - len(survivors)} of {made} changes noticed")
    for survivor in survivors:
        print(f"# not noticed: {survivor}")
    assert made and len(survivors) <= made / 8, f"{len(survivors)} of {made} changes go unnoticed"


if __name__ == "__main__":
    run()
