#!/usr/bin/env python3
"""Random Sigma rules and CloudTrail events for comparing evaluators, the same for the same seed.

    gen.py OUT --logs FOLDER... [--rules N] [--events N] [--seed N] [--given FOLDER]

OUT/rules/NNNN.yml holds one rule each: those of the folder given, changed ones of them, and rules made of fields and values
that the events have, so that about half of what is asked is true. OUT/events.jsonl holds real events and changed ones: a
value in other case, of another type, null, empty, gone, in an array, behind a dotted key, in base64, with other dashes.
eventID, eventTime and recipientAccountId are left as they are, but unique, for an event is known by them."""
import argparse
import base64
import copy
import json
import random
import uuid
from pathlib import Path

import yaml

KEPT = {"eventID", "eventTime", "recipientAccountId", "eventVersion"}
PHRASES = ["curl http://198.51.100.7/x -o /tmp/x", "whoami /all", "-enc SGVsbG8=", "/c net user", "wget –q http://h/–x", "Straße ÄÖÜ",
           "İstanbul ſs", "C:\\Windows\\Temp\\a.exe", "100% *sure*?", "a'b\"c`d", "line one\nline two", "tab\tend "]
SOURCE = {"product": "aws", "service": "cloudtrail"}


def load(folders):
    out = []
    for folder in folders:
        for path in sorted(Path(folder).glob("*.json")):
            data = json.loads(path.read_text())
            out += data["Records"] if isinstance(data, dict) else data
    return out


def leaves(value, path=()):
    """(path, value) of every scalar, arrays crossed."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, path + (key,))
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, path)
    else:
        yield path, value


# ---- events ----------------------------------------------------------------------------------------------------------------

def spots(value, path=()):
    """Where something can be changed: the containers and keys of scalars outside of what is kept."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if not path and key in KEPT:
            continue
        if isinstance(item, (dict, list)) and item:
            yield from spots(item, path + (key,))
        else:
            yield value, key


def swap_case(text, rng):
    return "".join(c.upper() if rng.random() < 0.5 else c.lower() for c in text)


def change(event, rng):
    """One change, in place."""
    places = list(spots(event))
    container, key = rng.choice(places)
    value = container[key]
    kind = rng.randrange(13)
    if kind == 0 and isinstance(value, str):
        container[key] = swap_case(value, rng)
    elif kind == 1:
        container[key] = None
    elif kind == 2:
        container[key] = ""
    elif kind == 3 and isinstance(container, dict):
        del container[key]
    elif kind == 4:
        container[key] = rng.choice([0, 1, -5, 3.5, 443, 2**40, True, False, "true", "False", "443", "3.5"])
    elif kind == 5 and not isinstance(value, (dict, list)):
        container[key] = [value, rng.choice(PHRASES)] if rng.random() < 0.7 else []
    elif kind == 6 and isinstance(value, str):
        container[key] = value + rng.choice(["", " ", "*", "?", "\\", "x", "é"]) if rng.random() < 0.5 else rng.choice(["x", " ", "\\"]) + value
    elif kind == 7:
        event.setdefault("requestParameters", {})
        if isinstance(event["requestParameters"], dict):
            event["requestParameters"]["encoded"] = base64.b64encode(
                b"x" * rng.randrange(3) + rng.choice(PHRASES).encode(rng.choice(["utf-8", "utf-8", "utf-16-le", "utf-16-be"]))).decode()
    elif kind == 8:
        event.setdefault("requestParameters", {})
        if isinstance(event["requestParameters"], dict):
            event["requestParameters"]["command"] = rng.choice(PHRASES)
    elif kind == 9:
        event["requestParameters.literal"] = rng.choice(PHRASES)
    elif kind == 10:
        event.setdefault("requestParameters", {})
        if isinstance(event["requestParameters"], dict):
            event["requestParameters"]["list"] = [{"name": rng.choice(PHRASES), "port": rng.randrange(0, 1000)} for _ in range(rng.randrange(1, 4))]
    elif kind == 11:
        event["sourceIPAddress"] = rng.choice(["10.0.0.1", "192.168.10.20", "203.0.113.9", "2001:db8::1", "::ffff:10.0.0.1", "AWS Internal", "10.0.0.1/8"])
    else:
        event["responseElements"] = {"count": rng.choice([0, 1, 2.5, 100, "100", -1]), "flag": rng.choice([True, False, "true", None])}


def make_events(real, count, rng):
    out = [copy.deepcopy(e) for e in rng.sample(real, min(len(real), count // 3))]
    while len(out) < count:
        event = copy.deepcopy(rng.choice(real))
        source, name = event["eventSource"], event["eventName"]
        for _ in range(rng.randrange(1, 5)):
            change(event, rng)
        if not isinstance(event.get("eventSource"), str) or not isinstance(event.get("eventName"), str):
            event["eventSource"], event["eventName"] = source, name  # without them it is no record
        out.append(event)
    for event in out:
        event["eventID"] = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        event["recipientAccountId"] = "123456789012"
    return out


# ---- rules -----------------------------------------------------------------------------------------------------------------

def piece(text, rng):
    if len(text) < 3:
        return text
    a = rng.randrange(len(text) - 1)
    return text[a:rng.randrange(a + 1, len(text)) + 1]


def escaped(text):
    """The text as a Sigma value that means it literally."""
    out = ""
    for i, c in enumerate(text):
        if c in "*?":
            out += "\\" + c
        elif c == "\\" and (i + 1 == len(text) or text[i + 1] in "*?\\"):
            out += "\\\\"
        else:
            out += c
    return out


def wild(text, rng):
    out = escaped(text)
    for _ in range(rng.randrange(1, 3)):
        at = rng.randrange(len(text) + 1)
        out = escaped(text[:at]) + rng.choice("*?") + escaped(text[at + rng.randrange(0, 2):])
    return out


def pattern(text, rng):
    """A regular expression out of what the specification allows."""
    part = piece(text, rng)
    out = "".join(c if c.isalnum() or c in " _-/:@" else "." if rng.random() < 0.4 else "\\" + c if ord(c) < 128 else "." for c in part)
    return rng.choice(["", "^", ".*"]) + out + rng.choice(["", "$", ".*", "[a-z]*", "(x|y)?"])


def item(field, value, fields, rng):
    """(key, value) of a detection item about the field; about half of them hold."""
    text = value if isinstance(value, str) else json.dumps(value) if value is not None else ""
    if rng.random() < 0.12:
        text = rng.choice(PHRASES)
    if rng.random() < 0.3:
        text = swap_case(text, rng)
    roll = rng.randrange(25)
    if roll < 3 or (not text and roll < 12):
        return field, escaped(text) if isinstance(value, str) or value is None else value
    if roll < 5:
        values = [escaped(piece(text, rng)) for _ in range(rng.randrange(1, 4))]
        return f"{field}|contains" + rng.choice(["", "", "|all"] if len(values) > 1 else [""]), values if len(values) > 1 else values[0]
    if roll == 5:
        return f"{field}|startswith", escaped(text[:rng.randrange(len(text) + 1)] or "x")
    if roll == 6:
        return f"{field}|endswith", escaped(text[rng.randrange(len(text) + 1):] or "x")
    if roll == 7:
        return field, wild(text, rng)
    if roll == 8:
        return f"{field}|" + rng.choice(["cased", "contains|cased", "startswith|cased"]), escaped(piece(text, rng) if rng.random() < 0.5 else text) or "x"
    if roll == 9:
        return f"{field}|re" + rng.choice(["", "", "|i"]), pattern(text, rng)
    if roll == 10:
        return f"{field}|exists", rng.random() < 0.5
    if roll == 11:
        return field, None
    if roll == 12:
        return field, ""
    if roll == 13:
        return f"{field}|fieldref", rng.choice(fields)
    if roll == 14:
        return "sourceIPAddress|cidr", rng.choice(["10.0.0.0/8", "192.168.0.0/16", "203.0.113.0/24", "2001:db8::/32", ["10.0.0.0/9", "198.51.0.0/16"]])
    if roll == 15:
        where = rng.choice(["responseElements.count", "requestParameters.list.port", "requestParameters.maxResults", field])
        return f"{where}|" + rng.choice(["lt", "lte", "gt", "gte"]), rng.choice([0, 1, 2.5, 100, 443])
    if roll == 16:
        return f"{field}|neq", escaped(text) or "x"
    if roll == 17:
        return "requestParameters.command|windash|contains", rng.choice(["-enc", "/c net", " -o ", "–q", "—x"])
    if roll == 18:
        return "requestParameters.encoded|" + rng.choice(["base64offset|contains", "base64|contains"]), piece(rng.choice(PHRASES), rng) or "curl"
    if roll == 19:
        return field, [escaped(text), escaped(rng.choice(PHRASES)), wild(text or "abc", rng)]
    if roll == 20:
        return rng.choice(["requestParameters.list.name", "requestParameters.literal", "requestParameters.command"]) + "|contains", piece(rng.choice(PHRASES), rng)
    if roll == 21:
        return rng.choice([("eventTime|minute", 30), ("eventTime|hour", 12), ("eventTime|day", 10), ("eventTime|month", 7), ("eventTime|month", 8),
                           ("eventTime|year", 2023), ("eventTime|week", 28)])
    if roll == 22:
        return f"requestParameters.encoded|{rng.choice(['wide', 'utf16le', 'utf16be'])}|base64offset|contains", piece(rng.choice(PHRASES), rng) or "curl"
    if roll == 23:
        return f"{field}|{rng.choice(['contains', 'startswith', 'endswith'])}|neq", escaped(piece(text, rng)) or "x"
    return field, text.upper() if text else "x"


def selection(real, rng):
    event = rng.choice(real)
    found = [(".".join(path), value) for path, value in leaves(event) if path[0] not in KEPT]
    fields = [f for f, _ in found]

    def one(n):
        out = {}
        for _ in range(n):
            field, value = rng.choice(found)
            key, wanted = item(field, value, fields, rng)
            out[key] = wanted
        return out
    roll = rng.random()
    if roll < 0.08:
        words = [escaped(piece(str(v), rng)) or "x" for _, v in rng.sample(found, min(3, len(found)))]
        return words if rng.random() < 0.6 else {"|all": words}
    if roll < 0.2:
        return [one(rng.randrange(1, 3)) for _ in range(rng.randrange(2, 4))]
    return one(rng.randrange(1, 4))


CONDITIONS = {1: ["{a}", "not {a}", "1 of them", "all of them"],
              2: ["{a} and {b}", "{a} or {b}", "{a} and not {b}", "1 of sel*", "all of sel*", "not ({a} or {b})", "1 of them"],
              3: ["{a} and ({b} or {c})", "({a} or {b}) and not {c}", "{a} or {b} and {c}", "not {a} or not ({b} and {c})", "all of them",
                  "1 of sel_* and not {c}", "{a} and not 1 of sel_[bc]*"]}


def make_rule(real, rng, number):
    n = rng.choice([1, 1, 2, 2, 3])
    names = [f"sel_{c}" for c in "abc"[:n]]
    detection = {name: selection(real, rng) for name in names}
    text = rng.choice([c for c in CONDITIONS[n] if "[" not in c])
    detection["condition"] = text.format(**dict(zip("abc", names)))
    return {"title": f"made {number}", "id": str(uuid.UUID(int=rng.getrandbits(128), version=4)), "status": "test", "logsource": SOURCE,
            "detection": detection, "level": "low"}


def changed_value(value, rng):
    if isinstance(value, list):
        return [changed_value(v, rng) for v in value]
    if not isinstance(value, str) or not value:
        return value
    return rng.choice([value, value.upper(), value.lower(), value[:-1] + "*", "*" + value[1:], value[:1] + "?" + value[2:], value + "x"])


def change_rule(rule, rng, number):
    """A rule that was given, with modifiers, values or its condition changed."""
    rule = copy.deepcopy(rule)
    detection = rule["detection"]
    for name, body in list(detection.items()):
        if name == "condition" or not isinstance(body, dict):
            continue
        out = {}
        for key, value in body.items():
            if rng.random() < 0.3 and "|" not in key and isinstance(value, (str, list)):
                key += rng.choice(["|contains", "|startswith", "|endswith", "|cased", "|contains|cased", "|neq"])
            out[key] = changed_value(value, rng) if rng.random() < 0.4 and "|re" not in key else value
        detection[name] = out
    if isinstance(detection.get("condition"), str) and rng.random() < 0.3:
        detection["condition"] = f"not ({detection['condition']})"
    return {"title": f"changed {number}", "id": str(uuid.UUID(int=rng.getrandbits(128), version=4)), "status": "test", "logsource": SOURCE,
            "detection": detection, "level": "low"}


def quoted(dumper, text):
    """A text that some versions of YAML take for a number is quoted, for that is another question."""
    style = "'" if text[:1] in "0123456789+-." else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


yaml.SafeDumper.add_representer(str, quoted)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--logs", nargs="+", required=True)
    parser.add_argument("--given", type=Path)
    parser.add_argument("--rules", type=int, default=1000)
    parser.add_argument("--events", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(f"sigma:{options.seed}")
    real = load(options.logs)
    events = make_events(real, options.events, rng)
    given = [yaml.safe_load(p.read_text()) for p in sorted(options.given.glob("*.yml"))] if options.given else []
    rules = [{**r, "logsource": SOURCE} for r in given]
    while len(rules) < options.rules:
        rules.append(change_rule(rng.choice(given), rng, len(rules)) if given and rng.random() < 0.3 else make_rule(events, rng, len(rules)))
    (options.out / "rules").mkdir(parents=True, exist_ok=True)
    for i, rule in enumerate(rules):
        # the dates that YAML reads as dates are none of an evaluator's business
        rule = {k: v for k, v in rule.items() if k in ("title", "id", "status", "logsource", "detection", "level")}
        (options.out / "rules" / f"{i:05}.yml").write_text(yaml.safe_dump(rule, sort_keys=False, allow_unicode=True, width=10**6))
    with open(options.out / "events.jsonl", "w") as out:
        out.writelines(json.dumps(e, ensure_ascii=False) + "\n" for e in events)


if __name__ == "__main__":
    main()
