#!/usr/bin/env python3
"""Writes docs/reference/controls.md from the headers of the controls and the list of attestation kinds.

Usage: tools/gen_controls_docs.py [--check]: with --check, says whether the page is current and writes nothing."""
import sys

import read_controls

PAGE = read_controls.ROOT / "docs" / "reference" / "controls.md"
FRAMEWORKS = (("sec01", "SEC01"), ("cis-aws-5.0", "CIS 5.0"), ("cis-aws-7.0", "CIS 7.0"), ("fsbp", "FSBP"),
              ("nist-csf-2.0", "NIST CSF"))
INTRODUCTION = """# Controls

<!-- Written by tools/gen_controls_docs.py from content/controls/ and content/attestations.yaml. Do not edit. -->

{count} controls answer the seven practices of SEC01. Each is a file of `content/controls/`: a header, and rules of the
Guard language that any user of `cfn-guard` can read. Its unit tests stand beside it, in `tests/`.

A control judges one *subject* at a time: an account, a user, a region of an account, the organisation, a workload, an
attestation. What it *needs* are properties of the subject ([evidence](evidence.md)); without one of them the subject is
**not assessed**, and the review names the export that would provide it. Severity is also the weight in the score: critical
8, high 4, medium 2, low 1.

Commands are those of the AWS CLI; the review fills them in. Names in lower case are the subject's place: `{{account}}`,
`{{region}}`, `{{ou}}`, `{{target}}` (where a policy reaches the accounts that fail and no others), `{{management}}`,
`{{organization}}`, `{{name}}` and `{{resource}}`; `{{regions}}` are those in use anywhere. Names with a capital are properties
([evidence](evidence.md)) of the subject, else of its account, else of the organisation; with `.common`, else what every fact
that has the property agrees on. A list gives one command an item; `.name` takes the last part of an ARN, `.first` the first
item, `.json` all of them, quoted. A value that a shell would read as more than a word is never put in: a comment stands for the command.
`--profile` takes a profile that is named by the account's id. A line that begins with `#` is a step that no command can do.

What nobody knows but you stands in angle brackets, `<contact-name>`, or behind a bar where a property may be unknown,
`{{TrailArn|trail-arn}}`. [Words to fill in](#words-to-fill-in) lists them all; an action that has one says what to put there.

Ids of NIST CSF are spelt as the mapping data spells them (`PR.AC-1`); those of CIS are numbers of the benchmark's version.

"""
TEMPLATE = """## Attestations

What no export can show, a named person says in a file ([how](../how-to/import.md)). It holds while its date is no older than
the days given, passes in part for as long again, and fails once `expires` has passed. Details in **bold** are asked for by
the control.

| kind | what it asserts | of | days | details |
|---|---|---|---|---|
"""


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ").strip()


def mappings_of(control):
    parts = []
    for key, name in FRAMEWORKS:
        if control["mappings"].get(key):
            parts.append(f"{name} {', '.join(control['mappings'][key])}")
    return "; ".join(parts)


def section(control):
    lines = [f"### {control.id}", "", f"**{control['title']}.** {control['rationale'].strip()}", ""]
    also = [p for p in control["practice"][1:]]
    facts = [f"severity {control['severity']}", f"subject `{control['resource']}`",
             "needs " + ", ".join(f"`{n}`" for n in control["needs"])]
    if control["scope"]:
        facts.append({"management": "the management account alone", "members": "member accounts alone"}[control["scope"]])
    if control["attestation"]:
        facts.append(f"attestation `{control['attestation']}`")
    if also:
        facts.append("counts for " + ", ".join(also) + " too")
    lines += ["; ".join(facts) + ".", "", control["remediation"].strip(), ""]
    commands = control["commands"] or [f"# vigil attest template {control['attestation']} > FILE, fill it in, and "
                                       "vigil import FILE"]
    lines += ["```sh"] + [c.strip() for c in commands] + ["```", ""]
    if control["warning"]:
        lines += [f"**Careful:** {control['warning'].strip()}", ""]
    lines += [mappings_of(control), ""]
    return lines


def details_of(kind):
    return ", ".join(f"**{d['key']}**" if d.get("required") else d["key"] for d in kind.get("details", ()))


WORDS = """## Words to fill in

What the commands leave to the reader (`content/placeholders.yaml`). Replace the word with its brackets: a shell takes one that
was not replaced for a file that is not there, and does nothing. Values that the evidence knows are listed where the word
stands.

| word | what to put there | known values |
|---|---|---|
"""


def page():
    controls = read_controls.read()
    lines = [INTRODUCTION.format(count=len(controls))]
    lines.append("| practice | controls |\n|---|---|")
    for practice in read_controls.PRACTICES:
        own = [c for c in controls if c["practice"][0] == practice["id"]]
        links = ", ".join(f"[{c.id}](#{c.id})" for c in own)
        lines.append(f"| {practice['code']} {practice['title']} ({len(own)}) | {links} |")
    lines.append("")
    for practice in read_controls.PRACTICES:
        lines += [f"## {practice['code']} {practice['title']}", ""]
        for control in controls:
            if control["practice"][0] == practice["id"]:
                lines += section(control)
    lines.append(TEMPLATE.rstrip("\n"))
    for kind in read_controls.kinds().values():
        lines.append(f"| `{kind['id']}` | {cell(kind['asserts'])} | {kind['scope']} | {kind['max_age_days']} | "
                     f"{details_of(kind)} |")
    lines += ["", WORDS.rstrip("\n")]
    for word in read_controls.words():
        choices = f"`{word['choices']}`" if word.get("choices") else ""
        lines.append(f"| `<{word['word']}>` | {cell(word['about'])} | {choices} |")
    return "\n".join(lines).rstrip("\n") + "\n"


def main():
    text = page()
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text() != text:
            sys.exit("docs/reference/controls.md is not current: run tools/gen_controls_docs.py")
        return
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text)


if __name__ == "__main__":
    main()
