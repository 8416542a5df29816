#!/usr/bin/env python3
"""Compares `vigil detect --rules` with rsigma and pySigma, rule by rule and event by event.

    diff.py VIGIL --rsigma PROGRAM --python PYTHON --logs FOLDER... --given FOLDER [--rules N] [--events N] [--seed N] [--keep DIR]

Where they differ, the specification decides (docs/sigma-divergences.md). A difference is excused by a predicate on the rule
and the event alone, under the name that stands there, and only towards the peer that it is about; what no predicate excuses
fails. pySigma's events are rows of text, so whatever rows cannot say is asked of rsigma alone."""
import argparse
import collections
import concurrent.futures
import ipaddress
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
CHUNK = 50  # a finding lists at most so many events
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?\Z")


# ---- looking at a rule and an event ----------------------------------------------------------------------------------------

class Item:
    """A detection item: field (None: keywords), modifiers, values."""

    def __init__(self, key, value):
        field, *self.modifiers = key.split("|") if key else (None,)
        self.field = field or None
        self.values = value if isinstance(value, list) else [value]


def items(body):
    if isinstance(body, dict):
        for key, value in body.items():
            yield Item(key, value)
    elif isinstance(body, list):
        if any(isinstance(x, dict) for x in body):
            for x in body:
                yield from items(x)
        else:
            yield Item(None, body)
    else:
        yield Item(None, body)


def items_of(rule):
    for name, body in rule["detection"].items():
        if name != "condition":
            yield from items(body)


MISSING = object()


def resolve(value, path):
    """(values, crossed): what a dotted path leads to; whether an array stood in its way or at its end."""
    if isinstance(value, list):
        found = [resolve(item, path) for item in value]
        return [v for values, _ in found for v in values], True
    if path == "":
        return [value], False
    if not isinstance(value, dict):
        return [], False
    if path in value:
        return resolve(value[path], "")
    for at in (i for i, c in enumerate(path) if c == "."):
        if path[:at] in value:
            values, crossed = resolve(value[path[:at]], path[at + 1:])
            if values or crossed:
                return values, crossed
    return [], False


def fields_of(rule):
    for item in items_of(rule):
        if item.field:
            yield item.field
        if "fieldref" in item.modifiers:
            yield from (v for v in item.values if isinstance(v, str))


def value_at(event, field):
    values, crossed = resolve(event, field)
    return MISSING if not values and not crossed else values if crossed else values[0]


def some(test):
    """A predicate from a test on an item and the value of its field."""
    return lambda rule, event: any(test(item, value_at(event, item.field) if item.field else MISSING) for item in items_of(rule))


def texts(value):
    return value if isinstance(value, list) else [value]


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def no_address(value):
    try:
        ipaddress.ip_address(value)
        return False
    except ValueError:
        return True


def beyond_ascii(item, value):
    said = [v for v in item.values + texts(value) if isinstance(v, str)]
    return any(ord(c) > 127 for v in said for c in v)


# ---- what is known -----------------------------------------------------------------------------------------------------------

def scalars(value):
    if isinstance(value, dict):
        for item in value.values():
            yield from scalars(item)
    elif isinstance(value, list):
        for item in value:
            yield from scalars(item)
    else:
        yield value


def plain(value):
    """A value's text where it means itself, between its wildcards."""
    return [p for p in re.split(r"[*?\\]", str(value).lower()) if p]


def keywords_in_numbers(rule, event):
    words = [p for item in items_of(rule) if item.field is None for v in item.values for p in plain(v)]
    other = [json.dumps(v).lower() for v in scalars(event) if v is not None and not isinstance(v, str)]
    return any(w in o for w in words for o in other)


def crosses_array(rule, event):
    return any(resolve(event, field)[1] for field in fields_of(rule))


NUMERIC = {"lt", "lte", "gt", "gte"}
DASHES = "\u2013\u2014\u2015"

absent_differs = some(lambda item, value: "neq" in item.modifiers and value is MISSING)
all_keywords = some(lambda item, value: item.field is None and "all" in item.modifiers)
null_exists = some(lambda item, value: "exists" in item.modifiers and value is not MISSING and all(v is None for v in texts(value)))
every_dash = some(lambda item, value: "windash" in item.modifiers and isinstance(value, (str, list)))
mapped = some(lambda item, value: "cidr" in item.modifiers and "::ffff:" in str(value).lower())

def folded(rule, event):
    """Something beyond ASCII on either side; keywords are asked of every text of the event."""
    return some(beyond_ascii)(rule, event) or (any(item.field is None for item in items_of(rule)) and any(
        isinstance(v, str) and not v.isascii() for v in scalars(event)))


base64_case = some(lambda item, value: {"base64", "base64offset"} & set(item.modifiers) and value is not MISSING)
has_fields = some(lambda item, value: isinstance(value, dict))
by_type = some(lambda item, value: value is not MISSING and (NUMERIC & set(item.modifiers) or is_number(value) or isinstance(value, bool)
                                                             or any(is_number(v) or isinstance(v, bool) for v in item.values)))
no_network = some(lambda item, value: "cidr" in item.modifiers and value is not MISSING and (
    not isinstance(value, str) or no_address(value) or ":" in value))
empty_array = some(lambda item, value: "neq" in item.modifiers and isinstance(value, list) and not value)
anchored = some(lambda item, value: {"startswith", "endswith"} & set(item.modifiers) and any(
    re.search(r"[*?]", str(v)) for v in item.values))
null_within = some(lambda item, value: None in item.values and isinstance(value, list))


def listed_references(rule, event):
    """A field compared with another one, where one of them holds several values."""
    return any(resolve(event, name)[1] for item in items_of(rule) if "fieldref" in item.modifiers for name in [item.field, *item.values])


def null_references(rule, event):
    """A field compared with another one, where one of them is null or an empty array."""
    return any(value_at(event, name) in (None, []) for item in items_of(rule) if "fieldref" in item.modifiers
               for name in [item.field, *item.values])



# (peer, name as docs/sigma-divergences.md has it, predicate on rule and event)
KNOWN = [
    ("rsigma", "all keywords need not stand in one field", all_keywords),
    ("rsigma", "keywords are sought in numbers and booleans too", keywords_in_numbers),
    ("rsigma", "a field that is null exists", null_exists),
    ("rsigma", "a field reference compares every value with every other", listed_references),
    ("rsigma", "an object is searched in all that it holds", has_fields),
    ("rsigma", "null equals no other field", null_references),
    ("rsigma", "an empty array has no value that could be equal", empty_array),
    ("rsigma", "null is sought in every element", null_within),
    ("rsigma", "every dash stands for every other", every_dash),
    ("rsigma", "an IPv4 address in IPv6 is that IPv4 address", mapped),
    ("rsigma", "case is folded as Unicode has it", folded),
    ("rsigma", "startswith and endswith stay anchored behind wildcards", anchored),
    ("rsigma", "base64 ignores case as all values do", base64_case),
    ("pySigma", "rows have no arrays", crosses_array),
    ("pySigma", "neq holds of a field that is there", absent_differs),
    ("pySigma", "rows do not tell null from absent", null_exists),
    ("pySigma", "rows have no field with fields of its own", has_fields),
    ("pySigma", "keywords are sought in numbers and booleans too", keywords_in_numbers),
    ("pySigma", "SQLite compares numbers and text by their type", by_type),
    ("pySigma", "a network is no prefix of text", no_network),
    ("pySigma", "every dash stands for every other", every_dash),
    ("pySigma", "case is folded as Unicode has it", folded),
]


def load_text_rules(folder):
    rules = {}
    for path in sorted(folder.glob("*.yml")):
        rule = yaml.safe_load(path.read_text())
        rules[rule["id"]] = rule
    return rules


# ---- asking ------------------------------------------------------------------------------------------------------------------

def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def ask_vigil(vigil, folder, events, work):
    """{rule: events} and the ids of rules that were not read."""
    found = collections.defaultdict(set)
    number = {e["eventID"]: i for i, e in enumerate(events)}

    def chunk(start):
        path = work / f"chunk-{start}.json"
        path.write_text(json.dumps({"Records": events[start:start + CHUNK]}, ensure_ascii=False))
        code, out, err = run([*vigil, "detect", str(path), "--rules", str(folder), "--format", "jsonl", "--threads", "1"])
        path.unlink()
        if code not in (0, 1, 3):
            raise SystemExit(f"vigil ended with {code}: {err[-2000:]}")
        return [json.loads(line) for line in out.splitlines()], err
    refused = set()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for findings, err in pool.map(chunk, range(0, len(events), CHUNK)):
            for finding in findings:
                found[finding["rule"]].update(number[e] for e in finding["events"])
            refused.update(re.findall(r"(\d{5}\.yml)", err))
    return found, refused


def ask_rsigma(program, folder, events_file):
    code, out, err = run([program, "verdicts", str(folder), str(events_file)])
    if code:
        raise SystemExit(f"the program that asks rsigma ended with {code}: {err[-2000:]}")
    found = collections.defaultdict(set)
    for i, line in enumerate(out.splitlines()):
        for rule in line.split():
            found[rule].add(i)
    return found, set(re.findall(r"unread \S*?(\d{5}\.yml|[0-9a-f-]{36})", err))


def ask_pysigma(python, folder, events_file):
    code, out, err = run([python, str(HERE / "pysigma_verdicts.py"), str(folder), str(events_file)])
    if code:
        raise SystemExit(f"pySigma ended with {code}: {err[-2000:]}")
    found, refused = collections.defaultdict(set), set()
    for line in out.splitlines():
        rule, answer = line.split("\t")
        if answer.startswith("!"):
            refused.add(rule)
        else:
            found[rule] = set(map(int, answer.split()))
    return found, refused


# ---- comparing -----------------------------------------------------------------------------------------------------------------

def compare(rules, events, ours, peers):
    """Counts of agreement, of each excuse, and what nothing excuses."""
    counts, open_ends = collections.Counter(), []
    for rule_id, rule in rules.items():
        for peer, (theirs, refused) in peers.items():
            if rule_id in refused or rule_id in ours[1]:
                continue
            different = ours[0][rule_id] ^ theirs[rule_id]
            counts["same verdicts", peer] += len(events) - len(different)
            counts["both match", peer] += len(ours[0][rule_id] & theirs[rule_id])
            for i in sorted(different):
                name = next((n for p, n, test in KNOWN if p == peer and test(rule, events[i])), None)
                if name:
                    counts[name, peer] += 1
                else:
                    counts["UNEXPLAINED", peer] += 1
                    open_ends.append((peer, rule, events[i], i in ours[0][rule_id]))
    return counts, open_ends


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("vigil")
    parser.add_argument("--rsigma")
    parser.add_argument("--python")
    parser.add_argument("--logs", nargs="+", required=True)
    parser.add_argument("--given", required=True)
    parser.add_argument("--rules", type=int, default=1000)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--show", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vigil-sigma-") as temporary:
        work = options.keep or Path(temporary)
        subprocess.run([sys.executable, str(HERE / "gen.py"), str(work), "--logs", *options.logs, "--given", options.given, "--rules",
                        str(options.rules), "--events", str(options.events), "--seed", str(options.seed)], check=True)
        rules = load_text_rules(work / "rules")
        names = {path.name: yaml.safe_load(path.read_text())["id"] for path in (work / "rules").glob("*.yml")}
        events = [json.loads(line) for line in (work / "events.jsonl").read_text().splitlines()]
        peers = {}
        if options.rsigma:
            found, refused = ask_rsigma(options.rsigma, work / "rules", work / "events.jsonl")
            peers["rsigma"] = found, {names.get(r, r) for r in refused}
        if options.python:
            peers["pySigma"] = ask_pysigma(options.python, work / "rules", work / "events.jsonl")
        found, refused = ask_vigil(options.vigil.split(), work / "rules", events, work)
        ours = found, {names[r] for r in refused}
    counts, open_ends = compare(rules, events, ours, peers)
    print(f"# seed {options.seed}: {len(rules)} rules, {len(events)} events")
    for (name, peer), n in sorted(counts.items(), key=lambda c: (c[0][1], -c[1])):
        print(f"# {peer:8} {n:10} {name}")
    refusals(rules, ours[1], peers, open_ends)
    for peer, rule, event, match in open_ends[:options.show]:
        values = {f: "(absent)" if value_at(event, f) is MISSING else value_at(event, f) for f in fields_of(rule)}
        print(f"# {'vigil' if match else peer} alone matches, against {peer}: {json.dumps(rule['detection'], ensure_ascii=False)[:900]}")
        print(f"#    {json.dumps(values, ensure_ascii=False)[:900]}")
    print("1..1")
    print(("not ok" if open_ends else "ok") + f" 1 - verdicts agree ({len(open_ends)} differences that nothing explains)")
    return 1 if open_ends else 0


def refused_rightly(rule, peer):
    """What the specification has a tool refuse, and this peer evaluates."""
    for item in items_of(rule):
        if "expand" in item.modifiers:
            return peer == "rsigma"  # a placeholder that nobody resolved
        if {"base64", "base64offset"} & set(item.modifiers) and any(re.search(r"[*?]", str(v)) for v in item.values):
            return peer == "rsigma"  # a wildcard has no base64
    return False


def refusals(rules, ours, peers, open_ends):
    """Rules that one refuses and another evaluates: those that vigil alone refuses must be explained, the others are told."""
    told = collections.Counter()
    for rule_id, rule in rules.items():
        for peer, (_, refused) in peers.items():
            if (rule_id in ours) == (rule_id in refused):
                continue
            told[peer, "refused by vigil alone" if rule_id in ours else "refused by it alone"] += 1
            if rule_id in ours and not refused_rightly(rule, peer):
                open_ends.append((peer, rule, {}, False))
    for (peer, what), n in sorted(told.items()):
        print(f"# {peer:8} {n:10} rules {what}")


if __name__ == "__main__":
    sys.exit(main())
