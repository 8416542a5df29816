#!/usr/bin/env python3
"""Differential test: Guard rules as cfn-guard 3.1.1 judges them, and as we do.

usage: diff.py VIGIL CFN_GUARD [--rules N] [--seed N]

Rules are made at random from the language's grammar over small documents, of JSON and of YAML with its short forms and
odd scalars, and by mutating the Control Tower rules that the peer ships; documents are mutated too. For each rule file
and document the statuses of all rules must be the same. Known and explained: what the peer cannot parse we may (we read
some forms that its grammar rejects); where the peer stops at an error for the whole file, one of our rules says ERROR;
where the peer panics we answer; and != between two queries, and infinities, which it cannot print, are left out
(docs/reference/guard.md). Prints TAP."""
import argparse
import copy
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

KEYS = ["Name", "Size", "Ratio", "On", "Tags", "Key", "Value", "List", "Map", "Nothing", "Empty", "Mixed", "Nested"]
VALUES = ['"a"', "'ab'", "'b'", "1", "2", "10", "1.5", "true", "false", "null", "/a/", "/^b/", "/(?<!x)b/", "[]", "{}", "['a', 'b']",
          "[1, 2]", "[[1, 2]]", "['a']", "r(0, 5)", "r[1, 2]", "r[0.5, 2.5)", "{ 'Key': 'a' }", "['a', /b/, 1]", "''",
          "[['a', 'b'], ['a']]", "[[1, 2], [3]]", "['a', ['a', 'b']]", "[r(0, 5), 'a']", "[{ Key: 'a' }, { Key: 'b', Value: 2 }]",
          "{ Key: 'a', Other: [1, 2] }", "{ Key: /a/ }", "/a(?!b)/", "/^(?=a)\\w+$/", "/(?i)^A/", "/(?<=a)b/", "/[[:alpha:]]b?/", "'A'",
          '"1"', "1.0", "'a,b'", "r(0.0, 10.5)", "[null]", "[true, false]", "['a', 'b', 'ab', 1, 2, 10]", "[/a/, /b/]"]
BINARY = ["==", "!=", ">", "<", ">=", "<=", "in", "not in", "IN", "!in"]
UNARY = ["exists", "!exists", "not exists", "empty", "!empty", "is_string", "!is_string", "is_list", "is_struct", "is_bool", "is_int",
         "is_float", "is_null", "not is_null", "EXISTS"]

BASE = {
    "Resources": {
        "one": {"Type": "T::A::B", "Properties": {
            "Name": "a", "Size": 1, "Ratio": 1.5, "On": True, "Tags": [{"Key": "a", "Value": "b"}, {"Key": "b", "Value": 2}],
            "List": ["a", "b"], "Map": {"Key": "a", "Other": [1, 2]}, "Nothing": None, "Empty": [], "Mixed": ["a", 1, None],
            "Nested": [[1, 2], [3]]}},
        "two": {"Type": "T::A::B", "Properties": {"Name": "ab", "Size": 10, "On": False, "List": [], "Map": {},
                                                  "Tags": {"Key": "a", "Value": "c"}, "Empty": ""}},
        "three": {"Type": "T::C::D", "Properties": {"name": "b", "size": 2, "Nested": {"Name": "one"}}},
        "four": {"Type": "T::C::D"}}, "Parameters": {"P": {"Type": "String", "Default": "x"}}}


class Grammar:
    def __init__(self, rng):
        self.rng = rng
        self.vars = []
        self.depth = 0

    def pick(self, *items):
        return self.rng.choice(items)

    def value(self):
        return self.rng.choice(VALUES)

    def step(self):
        r = self.rng.random()
        if r < 0.55:
            return "." + self.rng.choice(KEYS)
        if r < 0.68:
            return self.pick("[*]", ".*", "[0]", "[1]", ".0")
        if r < 0.78 and self.depth < 2:
            self.depth += 1
            text = "[ " + self.conditions(self.pick(1, 1, 2), False) + " ]"
            self.depth -= 1
            return text
        if r < 0.86:
            return self.pick("[ keys == 'Key' ]", "[ keys == /e/ ]", "[ keys in ['Key', 'Name'] ]", "[ keys not in ['Key'] ]",
                             "[ keys != 'Name' ]", "[ keys in [/^K/, 'Name'] ]", "[ keys not in [/e/] ]", "[ KEYS == /^(?!K)/ ]")
        if r < 0.9:
            return "['" + self.rng.choice(KEYS) + "']"
        return "." + self.rng.choice(KEYS)

    def query(self, rooted):
        r = self.rng.random()
        head = self.rng.choice(KEYS)
        if self.vars and r < 0.4:
            head = "%" + self.rng.choice(self.vars)
        elif rooted and r < 0.9:
            head = self.pick("Resources.*", "Resources.one", "Resources.two", "Resources.*[ Type == 'T::A::B' ]", "Resources[ Type == /C/ ]",
                             "Resources.*[ Type == 'T::C::D' Properties exists ]") + self.pick(".Properties", ".Properties", "")
        elif r > 0.93:
            head = "this"
        steps = "".join(self.step() for _ in range(self.rng.randrange(0, 3)))
        return self.pick("", "", "", "", "some ") + head + steps

    def clause(self, rooted):
        """A clause, sometimes with a message."""
        return self.bare_clause(rooted) + self.pick("", "", "", "", "", " <<it's wrong>>", "\n <<\n  two\n lines, {odd} or not >>")

    def bare_clause(self, rooted):
        text = self.pick("", "", "", "", "", "", "not ") + self.query(rooted)
        if self.rng.random() < 0.4:
            return text + " " + self.rng.choice(UNARY)
        operator = self.rng.choice(BINARY)
        # cfn-guard 3.1.1 answers != between two queries wrongly (its issue 506); we answer as 3.1.2 and later do.
        right = self.query(rooted) if operator != "!=" and self.rng.random() < 0.2 else self.value()
        return text + " " + operator + " " + right

    def conditions(self, count, rooted):
        lines = []
        for _ in range(count):
            line = self.clause(rooted)
            if self.rng.random() < 0.2:
                line += " or " + self.clause(rooted)
            lines.append(line)
        return "\n    ".join(lines)

    def let(self, name, rooted):
        r = self.rng.random()
        if r < 0.25:
            right = self.value()
        elif r < 0.4:
            right = self.pick("count(%s)", "to_upper(%s)", "to_lower(%s)", "parse_string(%s)", "json_parse(%s)", "substring(%s, 0, 1)",
                              "url_decode(%s)", "parse_int(%s)", "parse_float(%s)", "parse_boolean(%s)", "parse_char(%s)", "join(%s, ',')",
                              "regex_replace(%s, '^(a)(.?)', '${2}x${1}')", "substring(%s, 1, 9)") % self.query(rooted)
        else:
            right = self.query(rooted)
        self.vars.append(name)
        return f"let {name} = {right}"

    def block(self, rooted, depth):
        lines, kept = [], list(self.vars)
        for i in range(self.rng.randrange(0, 2)):
            lines.append(self.let(self.pick(f"v{depth}{i}", f"v{depth}{i}", "v00", "g0"), rooted))
        for _ in range(self.rng.randrange(1, 4)):
            r = self.rng.random()
            if depth < 3 and r < 0.2:
                lines.append(self.query(rooted) + self.pick("", "", " !empty") + " {\n" + self.block(False, depth + 1) + "\n}")
            elif depth < 3 and r < 0.3:
                lines.append("when " + self.conditions(1, rooted) + " {\n" + self.block(rooted, depth + 1) + "\n}")
            else:
                lines.append(self.conditions(1, rooted))
        self.vars = kept
        return "\n".join("  " + line for line in lines)

    def file(self):
        out = [self.let(f"g{i}", True) for i in range(self.rng.randrange(0, 3))]
        globals_ = list(self.vars)
        parameterised = self.rng.random() < 0.4
        if parameterised:
            self.vars.append("p")
            out.append("rule called(p) {\n" + self.block(False, 1) + "\n}")
            self.vars = list(globals_)
        names = []
        for i in range(self.rng.randrange(1, 5)):
            name = f"r{i}"
            head = f"rule {name}"
            if self.rng.random() < 0.3:
                head += " when " + self.conditions(1, True)
            elif names and self.rng.random() < 0.2:
                head += " when " + self.pick("", "not ", "!") + self.rng.choice(names)
            body = self.block(True, 0)
            if parameterised and self.rng.random() < 0.5:
                body += "\n  called(" + self.pick(self.value(), self.query(True)) + ")"
            if names and self.rng.random() < 0.2:
                body += "\n  " + self.pick("", "not ") + self.rng.choice(names)
            if self.rng.random() < 0.25:
                body += "\n  T::A::B " + self.pick("", "when Resources exists ") + "{\n" + self.block(False, 1) + "\n  }"
            out.append(head + " {\n" + body + "\n}")
            names.append(name)
        return "\n".join(out) + "\n"


PLAIN = ["a", "ab", "b", "1", "2", "10", "1.5", "-1", "+1", "007", "0x1F", "0o17", "0b11", "1e3", "1E-2", ".5", "5.", "1_000", "12:30", "12:30:45",
         "2012-10-17", "true", "True", "TRUE", "false", "yes", "no", "on", "off", "y", "~", "null", "Null", "",
         "'1'", '"true"', "''", '"a\\tb"', "'it''s'", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
         "18446744073709551616", "a b", "a # no", "a:b", "arn:aws:s3:::x", "!!str 1", "!!int '2'", "!!float 1", "!!bool 'true'", "!!null ''"]
SHORT = ["!Ref a", "!Ref 'AWS::Region'", "!GetAtt a.b", "!GetAtt [a, b]", "!GetAtt a.b.c", "!Sub a", '!Sub "${a}-b"', "!Sub [a, {b: c}]", "!Base64 a",
         "!Base64 {b: c}", "!Join [a, [b, c]]", "!Select [0, [a, b]]", "!Split [a, b]", "!If [a, b, c]", "!Equals [a, b]", "!Not [a]", "!And [a, b]",
         "!Or [a, b]", "!FindInMap [a, b, c]", "!ImportValue a", "!ImportValue {b: c}", "!GetAZs ''", "!Condition a", "!Cidr [a, 2, 8]", "!Cidr a",
         "!Transform {Name: a, Parameters: {b: c}}", "!Length [a, b]", "!ToJsonString {a: b}", "!Sub 1", "!Ref 1", "!Ref true", "!Unknown a",
         "!Join [a, [!Ref b, !Sub c]]", "!If [a, !Ref b, !GetAtt c.d]"]


def yaml_value(rng, depth):
    """One value of a YAML document, on one line."""
    r = rng.random()
    if depth < 3 and r < 0.15:
        return "[" + ", ".join(flow(yaml_value(rng, depth + 1)) for _ in range(rng.randrange(0, 4))) + "]"
    if depth < 3 and r < 0.3:
        return "{" + ", ".join(f"{key}: {flow(yaml_value(rng, depth + 1))}" for key in rng.sample(KEYS, rng.randrange(0, 4))) + "}"
    return rng.choice(SHORT if r < 0.5 else PLAIN)


def flow(text):
    return '""' if text == "" or "#" in text or text == "a:b" else text


def yaml_document(rng):
    lines = ["Resources:"]
    for name, kind in (("one", "T::A::B"), ("two", "T::A::B"), ("three", "T::C::D")):
        lines += [f"  {name}:", f"    Type: {rng.choice(['', '', '!!str '])}{kind}", "    Properties:"]
        for key in rng.sample(KEYS, rng.randrange(1, 7)):
            r = rng.random()
            if r < 0.08:
                lines += [f"      {key}: {rng.choice(['|', '>', '|-', '>-', '|+'])}", "        a", "        b", ""]
            elif r < 0.2:
                lines += [f"      {key}:"] + [f"      - {yaml_value(rng, 2)}" for _ in range(rng.randrange(1, 3))]
            elif r < 0.3:
                short = rng.choice(["!Sub", "!Join", "!If", "!GetAtt", "!Cidr", "!Equals", ""])
                lines += [f"      {key}: {short}"] + [f"        - {yaml_value(rng, 2)}" for _ in range(rng.randrange(1, 4))]
            else:
                lines.append(f"      {key}: {yaml_value(rng, 0)}")
    return "\n".join(lines) + "\n"


def mutate_value(rng, value):
    """Changes one thing somewhere in a document."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = rng.choice(list(value))
        r = rng.random()
        if r < 0.1:
            del value[key]
        elif r < 0.15:
            value[key[:1].lower() + key[1:]] = value.pop(key)
        else:
            value[key] = mutate_value(rng, value[key])
        return value
    if isinstance(value, list) and value and rng.random() < 0.85:
        i = rng.randrange(len(value))
        value[i] = mutate_value(rng, value[i])
        return value
    return rng.choice([None, True, False, 0, 1, 2, 10, 1.5, "", "a", "ab", "b", "true", "1", [], {}, ["a"], ["a", "b"], [1, 2],
                       {"Key": "a"}, [{"Key": "a"}, {"Key": "b", "Value": None}], '{"Key": ["a"]}'])


def mutate_text(rng, text):
    """Changes a rule file by one word or line, so that most still parse."""
    swaps = [("!=", "=="), (" exists", " not exists"), (" not empty", " empty"), (" in ", " not in "), (" or", ""),
             ("some ", ""), ("true", "false"), ("is_string", "is_list"), ("is_struct", "is_string"), (" exists", " !empty"),
             ("[*]", ""), (".*", "[*]"), (" >= ", " < "), ("when ", "when not "), ("Properties", "properties"), (" {", " !empty {")]
    head = text.rfind("\nlet ") if rng.random() < 0.1 else text.find("\nlet ")
    for _ in range(rng.randrange(1, 3)):
        old, new = rng.choice(swaps)
        places = [m.start() for m in re.finditer(re.escape(old), text) if m.start() > max(head, 0)]
        if places:
            at = rng.choice(places)
            text = text[:at] + new + text[at + len(old):]
    return text


def statuses_of_peer(peer, rules, document):
    """{name: set of statuses}, or None when the peer cannot (its words are the second answer)."""
    run = subprocess.run([peer, "validate", "-r", rules, "-d", document, "--structured", "-o", "json", "-S", "none"],
                         capture_output=True, text=True, errors="replace", env={**os.environ, "RUST_BACKTRACE": "0"})
    try:
        reports = json.loads(run.stdout)
    except ValueError:
        return None, (run.stderr or run.stdout)[:500]
    if not reports or "arse" in run.stderr[:300]:
        return None, run.stderr[-300:]
    got = {}
    report = reports[0]
    for rule in report["not_compliant"]:
        name = rule.get("Rule", {}).get("name")
        if name:
            got.setdefault(name, set()).add("FAIL")
    for name in report["compliant"]:
        got.setdefault(name, set()).add("PASS")
    for name in report["not_applicable"]:
        got.setdefault(name, set()).add("SKIP")
    return got, ""


def statuses_of_ours(vigil, rules, documents):
    """By document: {name: set of statuses}; None when the rules do not parse."""
    command = [vigil, "control", "eval", "--format", "json", "-r", rules]
    for d in documents:
        command += ["-d", d]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode not in (0, 1, 3):
        return {"crash": run.returncode}, run.stderr
    try:
        report = json.loads(run.stdout)
    except ValueError:
        return None, run.stderr[-300:]
    got = {}
    for document in report["documents"]:
        by_name = got.setdefault(document["document"], {})
        for rule in document["rules"]:
            by_name.setdefault(rule["rule"], set()).add(rule["status"])
    return got, run.stderr[-300:]


class Compared:
    def __init__(self):
        self.same = self.peer_error = self.peer_refused = self.peer_crashed = 0
        self.different = []

    def add(self, label, ours, why, peer_result, peer_why):
        if ours is None:
            if peer_result is None:
                self.peer_refused += 1
            else:
                self.different.append(f"{label}: we refuse what the peer reads: {why.strip()}")
            return
        if peer_result is None:
            if "panicked" in peer_why:
                self.peer_crashed += 1
            elif any("ERROR" in s for s in ours.values()):
                self.peer_error += 1
            elif "arse" in peer_why or "xpecting" in peer_why:
                self.peer_refused += 1
            else:
                self.different.append(f"{label}: the peer stops and we do not: {peer_why.strip()}")
            return
        if any("ERROR" in s for s in ours.values()):
            self.different.append(f"{label}: we stop and the peer does not: {ours}")
        elif ours != peer_result:
            names = {n: (sorted(ours.get(n, [])), sorted(peer_result.get(n, []))) for n in set(ours) | set(peer_result)
                     if ours.get(n) != peer_result.get(n)}
            self.different.append(f"{label}: ours and the peer's: {names}")
        else:
            self.same += 1


def compare(args, folder, label, rules_text, documents, result, keep):
    rules = os.path.join(folder, "rules.guard")
    with open(rules, "w") as f:
        f.write(rules_text)
    paths = []
    for i, document in enumerate(documents):
        paths.append(os.path.join(folder, f"d{i}.yaml" if isinstance(document, str) else f"d{i}.json"))
        with open(paths[-1], "w") as f:
            f.write(document if isinstance(document, str) else json.dumps(document))
    ours, why = statuses_of_ours(args.vigil, rules, paths)
    for i, path in enumerate(paths):
        peer_result, peer_why = statuses_of_peer(args.peer, rules, path)
        before = len(result.different)
        mine = None if ours is None else ours.get(path, {"?": {"missing"}})
        result.add(f"{label}/{i}", mine, why, peer_result, peer_why)
        if len(result.different) > before and keep and before < 20:
            at = os.path.join(keep, f"{label}-{i}")
            os.makedirs(at, exist_ok=True)
            with open(os.path.join(at, "rules.guard"), "w") as f:
                f.write(rules_text)
            shutil.copy(path, at)


def compare_templates(args, folder):
    """All rules that the peer ships on real templates, as they are; None when there are none."""
    if not args.corpus or not os.path.isdir(folder):
        return None
    result = Compared()
    for name in sorted(os.listdir(folder)):
        if name.endswith(".yaml"):
            path = os.path.join(folder, name)
            ours, why = statuses_of_ours(args.vigil, args.corpus, [path])
            peer_result, peer_why = statuses_of_peer(args.peer, args.corpus, path)
            result.add(name, ours and ours.get(path), why, peer_result, peer_why)
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("vigil")
    parser.add_argument("peer")
    parser.add_argument("--rules", type=int, default=300, help="rule files of each sort")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", help="folder of rule files to mutate")
    parser.add_argument("--keep", help="folder to leave differing cases in")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    made, mutated, yaml = Compared(), Compared(), Compared()
    with tempfile.TemporaryDirectory() as folder:
        for i in range(args.rules):
            documents = [copy.deepcopy(BASE)]
            for _ in range(2):
                documents.append(copy.deepcopy(BASE))
                for _ in range(rng.randrange(1, 4)):
                    mutate_value(rng, documents[-1])
            compare(args, folder, f"made-{args.seed}-{i}", Grammar(rng).file(), documents, made, args.keep)
        corpus = []
        for base, _, files in os.walk(args.corpus or "/nonexistent"):
            corpus += [os.path.join(base, name) for name in files if name.endswith(".guard")]
        corpus.sort()
        for i in range(args.rules if corpus else 0):
            path = rng.choice(corpus)
            text = mutate_text(rng, open(path).read())
            types = re.findall(r'"(AWS::[A-Za-z0-9]+::[A-Za-z0-9]+)"', text) or ["AWS::S3::Bucket"]
            words = sorted(set(re.findall(r"\b([A-Z][A-Za-z]{3,40})\b", text.split("# Assignments")[-1])))
            documents = []
            for _ in range(2):
                properties = {w: mutate_value(rng, "x") for w in rng.sample(words, min(len(words), 6))}
                documents.append({"Resources": {"r": {"Type": rng.choice(types), "Properties": properties},
                                                "s": {"Type": rng.choice(types), "Properties": {}}}})
            compare(args, folder, f"mutated-{args.seed}-{i}", text, documents, mutated, args.keep)
        for i in range(args.rules):
            documents = [yaml_document(rng) for _ in range(3)]
            compare(args, folder, f"yaml-{args.seed}-{i}", Grammar(rng).file(), documents, yaml, args.keep)
    templates = compare_templates(args, os.path.join(os.environ.get("VIGIL_TEST_DATA", ""), "iac-goats-cfngoat"))
    print("1..4")
    for number, (name, c) in enumerate((("rules made from the grammar", made), ("mutated Control Tower rules", mutated),
                                         ("documents of YAML", yaml)), 1):
        for line in c.different[:30]:
            print(f"# {line}")
        print(f"# {c.same} the same, {c.peer_error} errors in both, {c.peer_refused} that the peer does not parse, "
              f"{c.peer_crashed} that crash it, "
              f"{len(c.different)} different")
        print(f"{'not ok' if c.different else 'ok'} {number} - {name}")
    if templates is None:
        print("not run: all Control Tower rules on the goat's templates (VIGIL_TEST_DATA is absent)")
        print("ok 4 - all Control Tower rules on the goat's templates # SKIP VIGIL_TEST_DATA is absent")
    else:
        for line in templates.different:
            print(f"# {line}")
        print(f"{'not ok' if templates.different or not templates.same else 'ok'} 4 - all Control Tower rules on the goat's templates")
    return 1 if made.different or mutated.different or yaml.different or (templates and templates.different) else 0


if __name__ == "__main__":
    sys.exit(main())
