#!/usr/bin/env python3
"""The documentation, as commands: what a page tells people to type works, and what it shows is what they would see.

A fence whose first line says `run` is run, with the example of this repository at hand and a workspace of its own:

    ```sh run [exit=N]      commands; the last gives N (default 0), and stops at the first that fails
    ```text output          lines that the commands before it printed, in this order; `...` stands for any others
    ```yaml file=NAME       what NAME holds from here on (any language)

In every fence of every page, also in those that cannot be run here for want of AWS, `vigil ...` must be a command line
that vigil takes: the command and the options exist."""
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tools")]
import check_coverage  # noqa: E402
from tap import CASES, case, equal, run  # noqa: E402

VIGIL = os.path.abspath(os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil")))
PAGES = [p for p in sorted(ROOT.rglob("*.md")) if p.relative_to(ROOT).parts[0] not in ("build", ".git", "tests")]
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.M | re.S)


def fences_of(page):
    """(language, {attribute: value}, text, line) of each fence."""
    text = page.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        words = match.group(1).split() or [""]
        attributes = dict(word.partition("=")[::2] for word in words[1:])
        yield words[0], attributes, match.group(2), text.count("\n", 0, match.start()) + 2


# ---- running a page ------------------------------------------------------------------------------------------------------

def run_commands(text, folder):
    environment = {"PATH": f"{folder}/bin:{os.environ['PATH']}", "HOME": folder, "LANG": "C.UTF-8", "COLUMNS": "80"}
    environment.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
    # What pages put into /tmp stays in the folder.
    done = subprocess.run(["bash", "-e", "-c", text.replace("/tmp/", f"{folder}/")], cwd=folder, env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def check_output(shown, printed, where):
    """Each line shown was printed, one after the other; without `...` between them, next to each other."""
    lines, at, may_skip = [line.rstrip() for line in printed.splitlines()], 0, True
    for line in shown.splitlines():
        line = line.rstrip()
        if line == "...":
            may_skip = True
            continue
        found = next((i for i in range(at, len(lines)) if lines[i] == line), None)
        assert found is not None and (may_skip or found == at), f"{where}: not printed here: {line!r}\n{printed[-4000:]}"
        at, may_skip = found + 1, False


def run_page(page):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "bin").mkdir()
        (Path(folder) / "bin" / "vigil").symlink_to(VIGIL)
        (Path(folder) / "examples").mkdir()
        for name in ("organization", "attack"):
            (Path(folder) / "examples" / name).symlink_to(ROOT / "examples" / name)
        shutil.copytree(ROOT / "examples" / "cloudtrail", Path(folder) / "examples" / "cloudtrail")  # a page breaks it
        printed = ""
        for language, attributes, text, line in fences_of(page):
            where = f"{page.relative_to(ROOT)}:{line}"
            if "file" in attributes:
                path = Path(folder) / attributes["file"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            elif "run" in attributes:
                code, printed = run_commands(text, folder)
                equal(code, int(attributes.get("exit", 0)), f"{where}: exit code\n{text}{printed[-4000:]}")
            elif "output" in attributes:
                check_output(text, printed, where)


def add_page(page):
    def page_works():
        run_page(page)
    CASES.append((f"what {page.relative_to(ROOT)} says works", page_works))


RUN = [p for p in PAGES if any("run" in attributes for _, attributes, _, _ in fences_of(p))]
for each in RUN[:: 3 if os.environ.get("VIGIL_QUICK") else 1]:  # under `./test --quick`, a third of the pages
    add_page(each)


# ---- reading all pages ---------------------------------------------------------------------------------------------------

def vigil_lines(page):
    """(words behind `vigil`, line) of each command in the page's fences."""
    for language, _, text, start in fences_of(page):
        if language not in ("sh", "bash", "yaml"):
            continue
        for number, line in enumerate(re.sub(r"\\\n", "  ", text).splitlines(), start):
            command = line.strip().removeprefix("- run: ").removeprefix("$ ")
            if not re.search(r"(?:^|[\s;&|(=\"])(?:\./run|vigil) [a-z-]", command) or command.startswith("#"):
                continue
            lexer = shlex.shlex(command.replace('"$(', " ").replace(')"', " ; "), posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            yield from ((words, number) for words in commands_of(list(lexer)))


def commands_of(words):
    current = None
    for word in [*words, ";"]:
        if word in ("vigil", "./run") and current is None:
            current = []
        elif re.fullmatch(r"[|;&<>()]+", word):
            if current:
                yield current
            current = None
        elif current is not None:
            current.append(word)


def help_of(words, known={}):
    key = tuple(words)
    if key not in known:
        done = subprocess.run([VIGIL, *words, "--help"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        known[key] = done.stdout if done.returncode == 0 else ""
    return known[key]


def takes_arguments_too(command):
    """Beside its nested commands: the usage lists both forms."""
    usage = re.search(r"^Usage: (.*\n(?: +vigil .*\n)*)", help_of(command), re.M).group(1)
    return len(re.findall(r"^ *vigil ", usage, re.M)) > 1


def problem_of_line(words):
    command = []
    for word in words:
        listed = re.search(r"^Commands:\n((?:  .*\n)+)", help_of(command), re.M)
        if not listed or word.startswith("-"):
            break
        if not re.search(rf"^  {re.escape(word)}(?: |$)", listed.group(1), re.M):
            if takes_arguments_too(command):
                break
            return f"no command '{' '.join([*command, word])}'"
        command.append(word)
    text = help_of(command)
    options = set(re.findall(r"(?<![\w-])--[a-z-]+", "\n".join(re.findall(r"^ {2,6}(?:-\w, )?--.*$", text, re.M))))
    letters = set(re.findall(r"^ {2}(-\w), ", text, re.M))
    for word in words:
        name = word.split("=")[0]
        if (name.startswith("--") and name not in options) or (re.fullmatch(r"-[a-zA-Z]", name) and name not in letters):
            return f"'{' '.join(command)}' has no option {name}"
    return None


@case
def every_page_names_commands_and_options_that_exist():
    count, problems = 0, []
    for page in PAGES:
        for words, line in vigil_lines(page):
            count += 1
            problem = problem_of_line(words)
            if problem:
                problems.append(f"{page.relative_to(ROOT)}:{line}: {problem}")
    assert not problems, "\n".join(problems)
    assert count > 60, f"only {count} command lines were found"


@case
def a_command_that_does_not_exist_is_seen():
    equal(problem_of_line(["reveiw"]), "no command 'reveiw'")
    equal(problem_of_line(["review", "--formt", "json"]), "'review' has no option --formt")
    equal(problem_of_line(["trail", "reveiw"]), "no command 'trail reveiw'")
    equal(problem_of_line(["detect", "logs/AWSLogs", "--level", "high"]), None)
    equal(problem_of_line(["detect", "logs/AWSLogs", "--levle", "high"]), "'detect' has no option --levle")
    equal(problem_of_line(["detect", "list", "--fail-on", "high"]), "'detect list' has no option --fail-on")
    equal(problem_of_line(["control", "eval", "-z"]), "'control eval' has no option -z")
    equal(problem_of_line(["control", "eval", "-r", "x.guard", "--format=json"]), None)


# ---- tests that pages name -----------------------------------------------------------------------------------------------

@case
def proofs_that_do_not_exist_are_seen():
    tests = check_coverage.Tests(ROOT)
    page = "Tests: `tests/hub/test_hub.c`. \"ours\" is `tests/cli/test_docs.py`.\n\n| row | test |\n|---|---|\n| a | %s |\n"
    for cell, problems in (
            ("`tests/cli/test_docs.py` a_command_that_does_not_exist_is_seen", 0),
            ("proofs_that_…, test_hub; `.ci/run docs`; ours", 0),
            ("same", 0),
            ("tests/cli/no_such_file.py", 1),
            ("a_test_that_was_" + "removed", 1),
            ("`.ci/run nothing_like_it`, nothing_like_" + "it_at_all...", 2),
            ('"a case that no' + ' table has"', 1),
            ("somehow", 1)):
        equal(len(check_coverage.problems_of(tests, page % cell)[0]), problems, cell)


@case
def a_control_that_is_missing_in_its_sentence_is_seen():
    text = (ROOT / "docs" / "sec01.md").read_text(encoding="utf-8")
    equal(check_coverage.sentence_problems(ROOT, text), [])
    for before, after in (("`root-mfa`, ", ""), ("`account-one-workload`", "`account-one-workload`, `root-mfa`")):
        equal(len(check_coverage.sentence_problems(ROOT, text.replace(before, after, 1))), 1, (before, after))


run()
