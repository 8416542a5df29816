#!/usr/bin/env python3
"""Writes docs/reference/evidence.md and docs/reference/schemas/ from content/types/*.yaml.

    tools/gen_evidence_docs.py           write them
    tools/gen_evidence_docs.py --check   say which are not what would be written, and fail
"""
import json
import pathlib
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
SCHEMAS = ROOT / "docs/reference/schemas"
JSON_TYPES = {
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "time": {"type": "string", "format": "date-time"},
    "list": {"type": "array"},
    "object": {"type": "object"},
}
HEAD = """# What controls see

Made by `tools/gen_evidence_docs.py` from `content/types/`; do not edit.

A control judges resources. There are two kinds beside the `AWS::*` types of CloudFormation templates and of AWS Config
(which have [CloudFormation's properties](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/)):

- **evidence**: what an answer of AWS said, one type for each shape of answer. Importing makes it
  ([how to import](../how-to/import.md)).
- **facts**: what follows from several pieces of evidence, worked out by `vigil review`. A property of a fact is absent
  when its evidence is missing; the control is then *not assessed*.

Some properties are also absent where there is none (a role without tags): the tables say *none when absent*, and a rule
that asks for one gets Guard's answer. Of all others, absence says that nobody knows.

Each type has a JSON Schema in [schemas/](schemas/). `scope` tells whose a resource is: of the `organization` (its account
is the management account's), of an `account`, or of a `region` in one. Times are RFC 3339 texts.
"""


def entries(name):
    return yaml.safe_load((ROOT / "content/types" / name).read_text())


def absence_of(entry, name):
    """What the absence of a property says besides that nobody knows it, in words; empty when nothing."""
    value, optional = entry["properties"][name], entry.get("optional", [])
    given = value.get("optional") if isinstance(value, dict) else optional == "all" or name in optional
    if isinstance(given, str):
        return f"; none when absent beside `{given}`"
    return "; none when absent" if given else ""


def strangers_of(entry):
    """What `optional` names and the type has not."""
    of_type, properties = entry.get("optional", []), entry["properties"]
    names = [] if of_type == "all" else list(of_type)
    names += [value["optional"] for value in properties.values()
              if isinstance(value, dict) and isinstance(value.get("optional"), str)]
    return [name for name in names if name not in properties]


def properties_of(entry):
    """name -> (type, about, from)"""
    out = {}
    for name, value in (entry.get("properties") or {}).items():
        if isinstance(value, str):
            out[name] = (value, "", [])
        else:
            out[name] = (value["type"], value.get("about", ""), value.get("from", []))
    return out


def cell(text):
    return str(text).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def schema_of(entry):
    properties = {}
    for name, (kind, about, _) in properties_of(entry).items():
        properties[name] = dict(JSON_TYPES[kind], **({"description": about} if about else {}))
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": entry["type"],
        "type": "object",
        "properties": properties,
    }
    if entry.get("about"):
        schema["description"] = entry["about"]
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def schema_name(entry):
    return entry["type"].replace("::", ".") + ".json"


def section(entry, is_fact):
    lines = [f"### {entry['type']}", ""]
    if entry.get("about"):
        lines += [cell(entry["about"]), ""]
    lines.append(f"Scope: {entry['scope']}." + (f" Id: {cell(entry['id'])}." if entry.get("id") else "")
                 + f" [Schema](schemas/{schema_name(entry)}).")
    if entry.get("from"):
        lines += ["", "From: " + ", ".join(f"`{source}`" for source in entry["from"]) + "."]
    lines += ["", "| property | type | what it says | from |" if is_fact else "| property | type |",
              "|---|---|---|---|" if is_fact else "|---|---|"]
    for name, (kind, about, sources) in properties_of(entry).items():
        row = f"| `{name}` | {kind}{absence_of(entry, name)} |"
        if is_fact:
            row += f" {cell(about)} | {', '.join(f'`{source}`' for source in sources)} |"
        lines.append(row)
    return lines + [""]


def main():
    evidence, facts = entries("evidence.yaml"), entries("facts.yaml")
    lines = [HEAD, "## Evidence", ""]
    for entry in evidence:
        lines += section(entry, False)
    lines += ["## Facts", ""]
    for entry in facts:
        lines += section(entry, True)
    files = {ROOT / "docs/reference/evidence.md": "\n".join(lines).rstrip() + "\n"}
    for entry in evidence + facts:
        files[SCHEMAS / schema_name(entry)] = schema_of(entry)
    strangers = [f"{entry['type']}: optional names {name}" for entry in evidence + facts for name in strangers_of(entry)]
    if strangers:
        sys.exit("\n".join(strangers))
    stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    stale += [path for path in SCHEMAS.glob("*.json") if path not in files] if SCHEMAS.exists() else []
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path}: not what content/types would write; run tools/gen_evidence_docs.py")
        return 1 if stale else 0
    SCHEMAS.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.unlink() if path not in files else path.write_text(files[path])
    return 0


sys.exit(main())
