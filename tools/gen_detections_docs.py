#!/usr/bin/env python3
"""Writes docs/detections.md and docs/guardduty.md from content/detections/ and the lists of tools/detections/.

Usage: tools/gen_detections_docs.py [--check]: with --check, says whether the pages are current and writes nothing.

A finding type of GuardDuty counts as covered by a detection that names it and has a test that it matches and a near miss
that it leaves alone. What no detection names needs a word in tools/detections/guardduty.yaml: what covers it instead, or
why nothing does; a type or a technique without either is an error here, so that the pages never have a silent gap."""
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
CONTENT = ROOT / "content" / "detections"
LISTS = ROOT / "tools" / "detections"
LEVELS = ("critical", "high", "medium", "low", "informational")
LOGS = {"cloudtrail": "CloudTrail", "vpcflow": "VPC Flow Logs", "route53": "Resolver query logs", "s3access": "S3 access logs"}
NEEDS = {"management": "management events", "data.s3": "data events of S3", "data.lambda": "data events of Lambda",
         "data.dynamodb": "data events of DynamoDB", "insights": "Insights", "network": "network activity events",
         "flow": "flow logs", "dns": "Resolver logs", "s3access": "S3 access logs"}

DETECTIONS = """# Detections

<!-- Written by tools/gen_detections_docs.py from content/detections/ and tools/detections/attack.yaml. Do not edit. -->

{count} detections are built in: {levels}. Each is a Sigma file of
`content/detections/` with its tests beside it; `vigil detect explain ID` says why one fires, what else could explain it and
what to do first. [How they map to GuardDuty](guardduty.md) is a page of its own.

A level is what the behaviour is worth on the day of somebody who is on call. What happens every day in an organisation with
pipelines and single sign-on is never above medium; it is there to be counted, put into a sequence and looked at during an
incident. A detection whose *needs* are not logged is listed as blind, never as quiet.

"""
ATTACK = """## ATT&CK

Techniques of MITRE ATT&CK {version} for infrastructure as a service, and others that a detection names. A dash in *AWS service*
marks those that the Center for Threat-Informed Defense maps to no security service of AWS ({mapping}): nothing but the logs
tells of them. A technique is also answered by detections of its sub-techniques.

{notice}

| technique | tactics | AWS service | detections |
|---|---|---|---|
"""
GUARDDUTY = """# GuardDuty's findings, and what answers them here

<!-- Written by tools/gen_detections_docs.py from content/detections/ and tools/detections/guardduty.yaml. Do not edit. -->

The {count} active finding types whose source is CloudTrail, VPC Flow Logs or DNS logs ({source}, {date}).
{covered} are covered: a detection names them, alone or as a sequence, with a test of a match and of a near miss.
Sources that Vigil does not read (Kubernetes audit logs, runtime agents, malware scans, database sign-ins, flow logs of
functions) are left out.

GuardDuty's models learn from traffic of many customers, which no program of one's own can; where a type rests on such a model, the
table says what stands in its place.

"""


class Detection:
    """The first document of a file is what the file is for; what follows are the rules that it counts."""

    def __init__(self, path):
        self.path = path
        documents = [d for d in yaml.safe_load_all(path.read_text()) if isinstance(d, dict)]
        self.alone = [d for d in documents if d.get("vigil") or d is documents[0]]
        self.log = next((d["logsource"].get("service", "") for d in documents if d.get("logsource")), "")
        tests = path.parent / "tests" / f"{path.stem}_tests.yml"
        cases = yaml.safe_load(tests.read_text()) if tests.exists() else []
        self.kinds = {c.get("kind") for c in cases or []}

    @property
    def link(self):
        return f"../content/detections/{self.path.parent.name}/{self.path.name}"


class Rule:
    """One document that gives findings."""

    def __init__(self, detection, document):
        self.detection, self.title, self.level = detection, document["title"], document.get("level", "medium")
        tags = [t[7:] for t in document.get("tags") or [] if t.startswith("attack.")]
        self.techniques = sorted(t.upper() for t in tags if re.fullmatch(r"t\d{4}(\.\d{3})?", t))
        own = document.get("vigil") or {}
        self.needs, self.guardduty = own.get("needs") or [], own.get("guardduty") or []

    @property
    def link(self):
        return f"[{cell(self.title)}]({self.detection.link})"


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ").strip()


def read():
    detections = [Detection(p) for p in sorted(CONTENT.glob("*/*.yml"))]
    return [Rule(d, document) for d in detections for document in d.alone]


def counted(number, word):
    return f"{number} {word}" + ("" if number == 1 else "s")


def section(area, rules):
    lines = [f"### {area}", "", "| detection | level | techniques | needs | GuardDuty |", "|---|---|---|---|---|"]
    for rule in sorted(rules, key=lambda r: (LEVELS.index(r.level), r.title)):
        lines.append(f"| {rule.link} | {rule.level} | {', '.join(rule.techniques)} | "
                     f"{', '.join(NEEDS.get(n, n) for n in rule.needs)} | {', '.join(f'`{g}`' for g in rule.guardduty)} |")
    return lines + [""]


def technique_row(technique, rules, answered, gaps):
    own = [r for r in rules if technique["id"] in r.techniques]
    below = sorted(t for t in answered if t.startswith(technique["id"] + "."))
    said = "; ".join(r.link for r in own)
    if not said and below:
        said = "by " + ", ".join(below)
    if not said:
        said = "*none:* " + technique.get("why", "")
        if not technique.get("why"):
            gaps.append(technique["id"])
    tactics = ", ".join(technique["tactics"])
    service = "" if not technique.get("iaas") else "yes" if technique.get("aws_service") else "—"
    return f"| {technique['id']} {cell(technique['name'])} | {tactics} | {service} | {said} |"


def detections_page(rules):
    attack = yaml.safe_load((LISTS / "attack.yaml").read_text())
    known = {t["id"] for t in attack["techniques"]}
    answered = {t for r in rules for t in r.techniques}
    if answered - known:
        sys.exit(f"tools/detections/attack.yaml does not know {', '.join(sorted(answered - known))}")
    levels = ", ".join(f"{sum(r.level == level for r in rules)} {level}" for level in LEVELS if any(r.level == level for r in rules))
    lines = [DETECTIONS.format(count=len(rules), levels=levels), "| log | detections |", "|---|---|"]
    for log, name in LOGS.items():
        lines.append(f"| {name} | {sum(r.detection.log == log for r in rules)} |")
    lines += ["", "## By area", ""]
    for area in sorted({r.detection.path.parent.name for r in rules}):
        lines += section(area, [r for r in rules if r.detection.path.parent.name == area])
    gaps = []
    lines.append(ATTACK.format(version=attack["version"], mapping=attack["mapping"], notice=attack["notice"]).rstrip("\n"))
    shown = [t for t in attack["techniques"] if t.get("iaas") or t["id"] in answered]
    lines += [technique_row(t, rules, answered, gaps) for t in shown]
    if gaps:
        sys.exit(f"tools/detections/attack.yaml says not why nothing answers {', '.join(gaps)}")
    return "\n".join(lines) + "\n"


def answer_of(kind, rules, gaps):
    """What covers a type, and whether anything does."""
    own = [r for r in rules if kind["type"] in r.guardduty]
    tested = [r for r in own if {"match", "near"} <= r.detection.kinds]
    said = [r.link for r in tested]
    if kind.get("by"):
        said.append(cell(kind["by"]))
    if said:
        return "; ".join(said), True
    if not kind.get("why"):
        gaps.append(kind["type"])
    return "*not covered:* " + cell(kind.get("why", "")), False


def guardduty_page(rules):
    listed = yaml.safe_load((LISTS / "guardduty.yaml").read_text())
    known = {k["type"] for k in listed["types"]}
    named = {g for r in rules for g in r.guardduty}
    if named - known:
        sys.exit(f"tools/detections/guardduty.yaml does not know {', '.join(sorted(named - known))}")
    gaps, rows, covered = [], [], 0
    for kind in listed["types"]:
        said, is_covered = answer_of(kind, rules, gaps)
        covered += is_covered
        rows.append(f"| `{kind['type']}` | {kind['source']} | {kind['kind']} | {kind['severity']} | {said} |")
    if gaps:
        sys.exit(f"tools/detections/guardduty.yaml says not why nothing covers {', '.join(gaps)}")
    head = GUARDDUTY.format(count=len(rows), covered=covered, source=listed["source"], date=listed["date"])
    return head + "\n".join(["| type | source | kind | severity | here |", "|---|---|---|---|---|", *rows]) + "\n"


def main():
    rules = read()
    pages = {"detections.md": detections_page(rules), "guardduty.md": guardduty_page(rules)}
    for name, text in pages.items():
        page = ROOT / "docs" / name
        if "--check" not in sys.argv[1:]:
            page.write_text(text)
        elif not page.exists() or page.read_text() != text:
            sys.exit(f"docs/{name} is not current: run tools/gen_detections_docs.py")


if __name__ == "__main__":
    main()
