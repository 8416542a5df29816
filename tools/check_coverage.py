#!/usr/bin/env python3
"""Checks that what docs/coverage/*.md and docs/sec01.md name as proof is there, so that a test that is renamed or removed
takes its row along.

The last column of each table names tests in the ways that people write: a path (`tests/hub/test_hub.c`), a program
(`test_hub`, `fuzz_json`), a function (what_returns_is_reopened), the beginning of several (rooms_...), a case of a table
in quotes ("an attestation is read"), a check (`.ci/run rooms`), or a short name that the page explains ("operations" is
`tests/...`; *units* are ...). Each such reference must lead somewhere, and each row must have one, begin with `same` for
that of the row above, or say that it was done by hand."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAST_COLUMNS = ("test", "proved by")
END = r"(?:\.\.\.|…|\*)"
PATH = re.compile(r"(?<![\w./])(?:tests|fuzz|bench|tools)/[\w./*-]*")
CHECK = re.compile(r"\.ci/run ([a-z]+)")
QUOTED = re.compile(r'"([^"]+)"')
FILE = re.compile(r"(?<![\w./])[\w-]+\.(?:c|py|sh|txt|html|md|csv|json)\b")
NAME = re.compile(rf"(?<![\w./-])([a-z][a-z0-9]*(?:_[a-z0-9]+)*_?)({END})?(?![\w/])")
EXPLAINED = re.compile(r"""["`](\w+)["`] is `|\*(\w+)\* are""")


class Tests:
    """What there is to name: files, functions, the text of cases, and the checks of .ci/run."""

    def __init__(self, root):
        self.root = root
        files = [p for folder in ("tests", "fuzz", "bench") for p in (root / folder).rglob("*")
                 if p.is_file() and "corpus" not in p.parts and "__pycache__" not in p.parts]
        sources = {p: p.read_text(encoding="utf-8", errors="replace") for p in files
                   if p.suffix in (".c", ".h", ".py", ".sh", ".cpp") or p.name == "run"}
        self.files = {p.name for p in files} | {p.stem for p in files}
        self.functions = set()
        for text in sources.values():
            self.functions.update(re.findall(r"^(?:static )?[\w ]+?\b\*?(\w+)\(", text, re.M))
            self.functions.update(re.findall(r"^def (\w+)\(", text, re.M))
        # A literal of C or Python may go on in the next line.
        self.text = re.sub(r'"\s*\n\s*f?"', "", "\n".join(sources.values())).replace('\\"', '"')
        ci = root / "tools" / "ci.py"
        self.checks = set(re.findall(r'^    \("(\w+)", check_', ci.read_text(encoding="utf-8"), re.M)) if ci.exists() else set()

    def has_path(self, path):
        return any(self.root.glob(path.rstrip("/."))) if "*" in path else (self.root / path.rstrip(".")).exists()

    def has_name(self, name, is_beginning):
        if is_beginning:
            return any(function.startswith(name) for function in self.functions)
        return name in self.functions or name in self.files


def references_of(cell):
    """(kind, text) of each reference in a cell. What was read is taken out, so that a path is not read as names."""
    for kind, pattern in (("check", CHECK), ("path", PATH)):
        for match in pattern.finditer(cell):
            yield kind, match.group(match.lastindex or 0)
        cell = pattern.sub(" ", cell)
    # In quotes: one case each, where the quotes hold words; punctuation alone is none.
    for match in QUOTED.finditer(cell):
        yield "case", re.sub(END + "$", "", match.group(1)).strip()
    cell = QUOTED.sub(" ", cell)
    for match in FILE.finditer(cell):
        yield "file", match.group()
    cell = FILE.sub(" ", cell)
    for match in NAME.finditer(cell):
        if "_" in match.group(1):
            yield ("beginning" if match.group(2) or match.group(1).endswith("_") else "name"), match.group(1)


def problem_of(tests, kind, text):
    found = {"check": lambda: text in tests.checks, "path": lambda: tests.has_path(text),
             "case": lambda: text in tests.text, "file": lambda: text in tests.files,
             "beginning": lambda: tests.has_name(text, True), "name": lambda: tests.has_name(text, False)}
    return None if found[kind]() else f"no {'test' if kind in ('name', 'beginning') else kind} is named '{text}'"


def rows_of(text):
    """(line, last cell) of each row of the tables whose last column names tests."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        cells = [c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] if line.startswith("|") else []
        if not cells:
            inside = False
        elif cells[-1] in LAST_COLUMNS:
            inside = True
        elif inside and set(cells[-1]) - set("-: "):
            yield number, cells[-1]


def problems_of(tests, text):
    """(line, problem) of a page, and how many references it has."""
    problems, count = [], 0
    prose = " ".join(line for line in text.splitlines() if not line.startswith("|"))
    explained = {word for groups in EXPLAINED.findall(prose) for word in groups if word}
    for span in re.findall(r"`([^`]+)`", prose):
        for kind, name in references_of(span):
            if kind in ("path", "file") and re.match(r"(tests|fuzz|bench)/|test_", name):
                count += 1
                if problem_of(tests, kind, name):
                    problems.append((1, problem_of(tests, kind, name)))
    for line, cell in rows_of(text):
        references = list(references_of(cell))
        count += len(references)
        problems += [(line, problem) for problem in (problem_of(tests, *r) for r in references) if problem]
        words = set(re.findall(r"\w+", cell))
        if not references and not words & explained and not cell.startswith("same") and "by hand" not in cell:
            problems.append((line, f"nothing here names a test: '{cell}'"))
    return problems, count


def controls_of_sentences(root):
    """The controls whose header maps them to each sentence of SEC01."""
    mapped = {}
    for path in (root / "content" / "controls").glob("*/*.guard"):
        for sentences in re.findall(r"^#   sec01: \[(.*)\]$", path.read_text(encoding="utf-8"), re.M):
            for sentence in sentences.split(","):
                mapped.setdefault(sentence.strip(), set()).add(path.stem)
    return mapped


def sentence_problems(root, text):
    """Where a row of docs/sec01.md names other controls than those that say that they answer it."""
    mapped, problems = controls_of_sentences(root), []
    known = {path.stem for path in (root / "content" / "controls").glob("*/*.guard")}
    for number, line in enumerate(text.splitlines(), 1):
        row = re.match(r"\| ([A-Z]+\d*\.\d+) \|", line)
        if not row:
            continue
        named = set(re.findall(r"`([a-z0-9-]+)`", line)) & known
        for control in sorted(named ^ mapped.get(row.group(1), set())):
            verb = "does not say that it answers" if control in named else "is not named in the row of"
            problems.append((number, f"{control} {verb} {row.group(1)}"))
    return problems


def main():
    tests, count, found = Tests(ROOT), 0, 0
    sec01 = ROOT / "docs" / "sec01.md"
    for page in [*sorted((ROOT / "docs" / "coverage").glob("*.md")), sec01]:
        text = page.read_text(encoding="utf-8")
        problems, references = problems_of(tests, text)
        if page == sec01:
            problems += sentence_problems(ROOT, text)
        count, found = count + references, found + len(problems)
        for line, problem in problems:
            print(f"{page.relative_to(ROOT)}:{line}: {problem}")
    print(f"{count} references to tests, {found} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
