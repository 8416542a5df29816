#!/usr/bin/env python3
"""Takes code out of Vigil, a piece at a time, and looks whether a test notices. docs/coverage/ROOM.md promises that a row
is real when a test fails once its code is taken out; tests/mutants/ROOM.mut says for its rows which code that is, and
this program holds the tests to it.

A .mut file is plain text, a block a mutant; a line that begins with # between blocks is a comment:

    row: a new version only when the content hash changes
    file: src/evidence/evidence_put.c
    test: test_evidence
      if (same_hash(&old, &new))
    -     return VG_OK;
    +     (void)old;

`row` is the first cell of a row of docs/coverage/ROOM.md, or a part of it that only one row has; a line `page: NAME`
before a block lets the blocks behind it be rows of docs/coverage/NAME.md. `test` names one or several test programs
(test_evidence, test_import_cli.py); the mutant is killed when one of them fails. What is changed stands as in a diff:
whole lines behind "- " (taken out), "+ " (put in) and "  " (left, to tell the place); together the old ones must be found
exactly once in the file. `@@` begins a second change of the same file, another `file:` one elsewhere.
Besides, `sanitize: yes` builds with ASan and UBSan, `data: yes` gives the tests the data from outside
(VIGIL_TEST_DATA; else they run without it, so that a row stands on cases of our own) and `slow: yes` runs the suites
in full length, without VIGIL_QUICK.

Mutants are made in copies of the working tree below build/mutants, never in the tree itself. A mutant that doesn't
compile, or whose tests fail before anything is taken out, is broken; one whose old lines are not found once is stale.
Both fail, as a survivor does."""
import argparse
import concurrent.futures
import fcntl
import io
import itertools
import os
import queue
import re
import resource
import signal
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

import run_tests
from check_coverage import LAST_COLUMNS

ROOT = Path(__file__).resolve().parent.parent
MUTANTS = ROOT / "tests" / "mutants"
PLACE = ROOT / "build" / "mutants"
WORDS = ("row", "file", "test", "sanitize", "data", "slow")
LEAST_SECONDS, MEMORY, OUTPUT = 30, 6 << 30, 4 << 20


# ---- reading the blocks ------------------------------------------------------------------------------------------------

class Change:
    """Lines of one file that are replaced."""

    def __init__(self, file):
        self.file, self.old, self.new, self.lines = file, [], [], []

    def applied(self, text):
        """The text with the change, or None unless the old lines are found exactly once."""
        old = "\n" + "\n".join(self.old) + "\n"
        if not self.old or ("\n" + text).count(old) != 1:
            return None
        new = "\n" + "".join(line + "\n" for line in self.new)
        return ("\n" + text).replace(old, new)[1:]


class Block:
    """One mutant as its file tells it."""

    def __init__(self, source, line, page, row):
        self.source, self.line, self.page, self.row = source, line, page, row
        self.changes, self.tests = [], []
        self.sanitize = self.data = self.slow = False
        self.trouble = None

    def put(self, word, value):
        if word == "file":
            self.changes.append(Change(value))
        elif word == "test":
            self.tests += value.split()
        elif word in ("sanitize", "data", "slow"):
            setattr(self, word, value == "yes")

    def put_line(self, mark, line):
        if not self.changes:
            return "a changed line before any file:"
        self.changes[-1].lines.append(f"{mark} {line}")
        if mark in "- ":
            self.changes[-1].old.append(line)
        if mark in "+ ":
            self.changes[-1].new.append(line)
        return None

    def mutated(self, root):
        """{path: text} of the files that it changes, or what is stale about it."""
        texts = {}
        for change in self.changes:
            path = root / change.file
            if not path.is_file():
                return None, f"stale: no file {change.file}"
            text = change.applied(texts.get(path) or path.read_text(encoding="utf-8"))
            if text is None:
                return None, f"stale: the old lines are not found exactly once in {change.file}"
            texts[path] = text
        return texts, None

    def problem(self, rows):
        """What is wrong with it that can be told without building."""
        if not self.changes or not self.tests:
            return "a block needs row:, file:, test: and changed lines"
        if any(change.old == change.new for change in self.changes):
            return "a change changes nothing"
        named = [row for row in rows.get(self.page, ()) if self.row == row] or [
            row for row in rows.get(self.page, ()) if self.row in row]
        if len(set(named)) != 1:
            return f"{len(set(named)) or 'no'} rows of docs/coverage/{self.page}.md have '{self.row}'"
        self.row = named[0]
        for test in self.tests:
            if not source_of(test):
                return f"no test is named {test}"
        return self.mutated(ROOT)[1]


def source_of(test):
    """The source of a test program, by its name."""
    name = test if test.endswith(".py") else test + ".c"
    return next(iter(ROOT.glob(f"tests/**/{Path(name).name}")), None)


def blocks_of(path):
    """The blocks of a .mut file, and what cannot be read in it."""
    blocks, problems, page = [], [], path.stem
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        word, _, value = line.partition(":")
        block, problem = (blocks[-1] if blocks else None), None
        if not line.strip() or line.startswith("#"):
            continue
        if word == "page":
            page = value.strip()
        elif word == "row":
            blocks.append(Block(path, number, page, value.strip()))
        elif block and word in WORDS:
            block.put(word, value.strip())
        elif block and line == "@@" and block.changes:
            block.put("file", block.changes[-1].file)
        elif block and (line[:2] in ("- ", "+ ", "  ") or line in ("-", "+")):
            problem = block.put_line(line[0], line[2:])
        else:
            problem = f"'{line}' is no line of a block"
        if problem:
            problems.append(f"{path.relative_to(ROOT)}:{number}: {problem}")
    return blocks, problems


def rows_of(page):
    """The first cells of the tables of a page whose last column names tests."""
    rows, inside = [], False
    for line in page.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] if line.startswith("|") else []
        if not cells or cells[-1] in LAST_COLUMNS:
            inside = bool(cells)
        elif inside and set(cells[0]) - set("-: "):
            rows.append(cells[0])
    return rows


def all_rows():
    return {page.stem: rows_of(page) for page in (ROOT / "docs" / "coverage").glob("*.md")}


# ---- copies of the tree ------------------------------------------------------------------------------------------------

def committed_files():
    """{name: (bytes, mode)} of the last commit."""
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {entry.name: (tar.extractfile(entry).read(), entry.mode) for entry in tar if entry.isfile()}


def working_files():
    """The same of the working tree, less what git ignores."""
    listed = subprocess.run(["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, check=True,
                            stdout=subprocess.PIPE).stdout.decode().split("\0")
    paths = {name: ROOT / name for name in listed if name and (ROOT / name).is_file()}
    return {name: (path.read_bytes(), path.stat().st_mode) for name, path in paths.items()}


def wanted_files(only_under):
    """What a copy of the tree holds: the working tree, or of it only what lies under the folders given."""
    working = working_files()
    if not only_under:
        return working
    folders = tuple(folder.rstrip("/") + "/" for folder in only_under)
    kept = {name: file for name, file in committed_files().items() if not name.startswith(folders)}
    return kept | {name: file for name, file in working.items() if name.startswith(folders)}


def copy_tree(files, target):
    """Makes `target` these files. Compared by content and dated now: a file that an interrupted run left mutated is
    newer than the object that was made of it."""
    for name, (content, mode) in files.items():
        copy = target / name
        if not copy.is_file() or copy.read_bytes() != content:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
        copy.chmod(mode & 0o777)
    for copy in [p for p in target.rglob("*") if p.is_file() and str(p.relative_to(target)) not in files]:
        copy.unlink()


class Workshop:
    """A copy of the tree with its builds. Each is one process's at a time: the first that nobody holds is taken."""

    def __init__(self, files):
        for number in itertools.count(1):
            self.folder = PLACE / str(number)
            self.folder.mkdir(parents=True, exist_ok=True)
            self.lock = (self.folder / "lock").open("w")
            try:
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                self.lock.close()
        self.tree = self.folder / "tree"
        copy_tree(files, self.tree)

    def build(self, tests, sanitize):
        """Builds what the tests need; None, or what the compiler said."""
        build = self.folder / ("asan" if sanitize else "build")
        targets = sorted({"vigil" if test.endswith(".py") else test for test in tests})
        commands = [["ninja", "-j2", "-C", str(build), *targets]]
        if not (build / "build.ninja").exists():
            commands.insert(0, ["cmake", "-S", str(self.tree), "-B", str(build), "-G", "Ninja", "-DVIGIL_TESTS=ON",
                                "-DCMAKE_BUILD_TYPE=Debug",
                                "-DVIGIL_SANITIZE=" + ("address,undefined" if sanitize else "")])
        for command in commands:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  check=False)
            if done.returncode:
                said = done.stdout.decode("utf-8", "replace").splitlines()
                return "\n".join([line for line in said if "error" in line][:10] or said[-10:])
        return None

    def failure(self, test, block, seconds):
        """Runs a test program; what failed in it, or None."""
        build = self.folder / ("asan" if block.sanitize else "build")
        source = source_of(test).relative_to(ROOT)
        command = [sys.executable, str(self.tree / source)] if test.endswith(".py") else [str(build / "test" / test)]
        env = run_tests.environment(build, argparse.Namespace(quick=not block.slow))
        if not block.data:
            env["VIGIL_TEST_DATA"] = str(self.folder / "no-data")
        suite = run_tests.Suite(test, unrandomised(command) if block.sanitize else command)
        suite.output, status = run_bounded(suite.command, self.tree, env, seconds, None if block.sanitize else MEMORY)
        run_tests.judge(suite, status)
        return suite.failures[0] if suite.failures else None


def unrandomised(command):
    """Under setarch -R where sanitizers of this age need it."""
    bits = Path("/proc/sys/vm/mmap_rnd_bits")
    return ["setarch", os.uname().machine, "-R", *command] if bits.exists() and int(bits.read_text()) > 28 else command


def run_bounded(command, folder, env, seconds, memory):
    """The output and status of a command that may do anything: it ends in time, with everything that it started."""
    def bound():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    def end():
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    process = subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=bound)
    timer, start = threading.Timer(seconds, end), time.monotonic()
    timer.start()
    output = process.stdout.read(OUTPUT)
    process.stdout.close()  # whoever goes on writing ends
    status = process.wait()
    timer.cancel()
    end()
    late = status == -signal.SIGKILL and time.monotonic() - start >= seconds
    return output.decode("utf-8", "replace"), f"none after {seconds:.0f} s" if late else status


# ---- killing mutants ---------------------------------------------------------------------------------------------------

class Baseline:
    """How long each test program takes, and what fails in it, before anything is taken out."""

    def __init__(self):
        self.lock, self.known = threading.Lock(), {}

    def of(self, workshop, test, block):
        key = (test, block.sanitize, block.data, block.slow)
        with self.lock:
            if key not in self.known:
                said = workshop.build([test], block.sanitize)
                start = time.monotonic()
                failed = "it does not build" if said else workshop.failure(test, block, run_tests.TIMEOUT)
                self.known[key] = (time.monotonic() - start, failed, said)
            return self.known[key]


def judge_block(workshop, baseline, block):
    """(killed?, word, what tells more)"""
    texts, stale = block.mutated(workshop.tree)
    if stale or block.trouble:
        return False, "stale" if stale else "broken", stale or block.trouble
    limits = {}
    for test in block.tests:
        seconds, failed, said = baseline.of(workshop, test, block)
        if failed:
            return False, "broken", f"{test} fails before anything is taken out: {failed}\n{said or ''}"
        limits[test] = max(LEAST_SECONDS, 10 * seconds)
    before = {path: path.read_text(encoding="utf-8") for path in texts}
    try:
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
        said = workshop.build(block.tests, block.sanitize)
        if said:
            return False, "broken", "the mutant does not compile\n" + said
        for test in block.tests:
            failed = workshop.failure(test, block, limits[test])
            if failed:
                return True, "killed", f"{test}: {failed}"
    finally:
        for path, text in before.items():
            path.write_text(text, encoding="utf-8")
    return False, "survived", "\n" + "\n".join(line for change in block.changes for line in change.lines)


def needs_absent_data(block):
    data = Path(os.environ.get("VIGIL_TEST_DATA", ROOT.parent / "shared" / "data"))
    return block.data and not data.is_dir()


def run_blocks(blocks, jobs, files):
    """Judges the blocks over these files and prints each in its order. Gives how many failed."""
    workshops, baseline, failed = queue.SimpleQueue(), Baseline(), 0
    for _ in range(jobs):
        workshops.put(Workshop(files))

    def judged(block):
        if needs_absent_data(block):
            return True, "killed", None
        workshop = workshops.get()
        try:
            return judge_block(workshop, baseline, block)
        finally:
            workshops.put(workshop)

    print(f"1..{len(blocks)}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
        for number, (block, (killed, word, more)) in enumerate(zip(blocks, pool.map(judged, blocks)), 1):
            failed += not killed
            skip = " # SKIP no data" if needs_absent_data(block) else ""
            print(f"{'ok' if killed else 'not ok'} {number} - {word} {block.row}{skip}")
            where = f"{block.source.relative_to(ROOT)}:{block.line}"
            print("\n".join(f"# {line}" for line in f"{where} {more or ''}".rstrip().splitlines()), flush=True)
    return failed


def report_missing(pages, blocks, rows):
    """Names the rows without a mutant."""
    for page in pages:
        without = [row for row in rows[page] if not any(b.page == page and b.row == row for b in blocks)]
        print(f"docs/coverage/{page}.md: {len(rows[page]) - len(without)} of {len(rows[page])} rows have mutants")
        for row in without:
            print(f"    {row}")


def main():
    parser = argparse.ArgumentParser(prog="tools/mutants.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only look whether all blocks still apply; builds nothing")
    parser.add_argument("--missing", action="store_true", help="name the rows that no block takes out")
    parser.add_argument("--only", metavar="TEXT", default="", help="only the blocks with this text in row, file or test")
    parser.add_argument("--only-under", metavar="FOLDER", action="append",
                        help="the last commit, with the working tree's files of this folder alone (may be repeated): "
                             "where others are at work in the same tree")
    parser.add_argument("--jobs", metavar="N", type=int, default=1, help="how many mutants at a time (1)")
    parser.add_argument("room", nargs="*", help="the .mut files to take, by name (all)")
    args = parser.parse_args()
    paths = [MUTANTS / f"{room}.mut" for room in args.room] or sorted(MUTANTS.glob("*.mut"))
    absent = [path for path in paths if not path.is_file()]
    if absent:
        parser.error(f"no file {absent[0].relative_to(ROOT)}")

    rows, blocks, problems = all_rows(), [], []
    for path in paths:
        read, unread = blocks_of(path)
        blocks += read
        problems += unread
        for block in read:
            block.trouble = block.problem(rows)
            if block.trouble:
                problems.append(f"{path.relative_to(ROOT)}:{block.line}: {block.trouble}")
    if args.missing:
        report_missing(sorted({b.page for b in blocks}), blocks, rows)
        return 0
    for problem in problems:
        print(problem, file=sys.stderr)
    if args.check:
        print(f"{len(blocks)} mutants, {len(problems)} problems")
        return 1 if problems else 0
    chosen = [b for b in blocks if args.only in " ".join([b.row, *b.tests, *(c.file for c in b.changes)])]
    failed = run_blocks(chosen, max(1, args.jobs), wanted_files(args.only_under))
    print(f"{len(chosen) - failed} killed, {failed} not killed")
    return 1 if failed or problems else 0


if __name__ == "__main__":
    sys.exit(main())
