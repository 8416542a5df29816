#!/usr/bin/env python3
"""The project's own tools: how TAP is added up, when a check has failed, which includes are breaches, which links are."""
import contextlib
import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import check_docs  # noqa: E402
import ci  # noqa: E402
import rooms  # noqa: E402
import run_tests  # noqa: E402
from tap import case, equal, run  # noqa: E402


def judged(output, status=0):
    suite = run_tests.Suite("suite", [])
    suite.output = output
    run_tests.judge(suite, status)
    return suite.passed, len(suite.failures), suite.skips


@case
def tap_is_added_up():
    for output, status, expected in (
        ("1..2\nok 1 - a\nok 2 - b\n", 0, (2, 0, [])),
        ("ok 1 - a\nnot ok 2 - b\n1..2\n", 1, (1, 1, [])),
        ("1..1\nnoise\nok 1 - a\n# not ok - group\n", 0, (1, 0, [])),
        ("1..2\nok 1 - a\nok 2 - b # SKIP no peer\n", 0, (1, 0, [("b", "no peer")])),
        ("1..2\nok 1 - a\nnot run: b (no data)\nnot ok 2 # SKIP b\n", 0, (1, 0, [("b", "no data")])),
        ("1..1\nnot run: the registry (no data)\nnot ok 1 # SKIP b\n", 0, (0, 0, [("b", "no data")])),
        ("1..0 # SKIP npm is absent\n", 0, (0, 0, [("suite", "npm is absent")])),
    ):
        equal(judged(output, status), expected, output)


@case
def a_suite_that_does_not_finish_has_failed():
    for output, status in (
        ("", 0),
        ("", -11),
        ("1..3\nok 1 - a\n", -6),
        ("1..3\nok 1 - a\nok 2 - b\n", 0),
        ("ok 1 - a\n", 0),
        ("1..1\nok 1 - a\nERROR: LeakSanitizer\n", 23),
    ):
        equal(judged(output, status)[1], 1, f"{output!r} {status}")


@case
def a_skip_for_want_of_data_fails_where_data_is_required():
    for why, is_peer, failed in (("no data", False, 1), ("", False, 1), ("../shared/data is absent", False, 1),
                                 ("needs AVX2", False, 0), ("no data", True, 0)):
        suite = run_tests.Suite("suite", [], is_peer)
        suite.skips = [("a", why)]
        run_tests.require_data(suite)
        equal((len(suite.failures), len(suite.skips)), (failed, 1 - failed), why)


def check_says(function, seconds=60, left=60):
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as said:
        ci.LOGS = Path(folder)
        return ci.run_check("a check", function, seconds, left), said.getvalue()


@case
def a_check_that_breaks_or_takes_too_long_has_failed():
    for function, seconds, left, passed, words in (
        (lambda check: check.run(["true"]), 60, 60, True, "ok     a check"),
        (lambda check: check.run(["false"]), 60, 60, False, "false gave 1"),
        (lambda check: check.run(["sh", "-c", "kill -SEGV $$"]), 60, 60, False, "sh gave -11"),
        (lambda check: check.run(["no-such-program"]), 60, 60, False, "no-such-program"),
        (lambda check: check.run(["sleep", "60"]), 1, 60, False, "took too long"),
        (lambda check: check.run(["true"]), 60, 0, False, "no time was left"),
        (lambda check: [][0], 60, 60, False, "broke: IndexError"),
        (lambda check: check.fail("it is wrong"), 60, 60, False, "it is wrong"),
    ):
        got, said = check_says(function, seconds, left)
        assert got is passed and words in said, f"expected {passed} and '{words}'; {got}: {said}"


TABLE = {"base": [], "format": ["base"], "control": ["base", "format"], "cli": ["base", "control"]}


@case
def rooms_include_what_the_table_lets_them():
    for room, header, is_test, is_breach in (
        ("format", "base/base.h", False, False),
        ("format", "format/json_part.h", False, False),
        ("base", "format/format.h", False, True),
        ("control", "format/json_part.h", False, True),
        ("control", "json_part.h", False, True),
        ("format", "control/control.h", False, True),
        ("format", "nowhere/nowhere.h", False, True),
        ("cli", "content.h", False, False),
        ("control", "content.h", False, True),
        ("format", "tap.h", True, False),
        ("format", "control/control.h", True, True),
        ("cli", "format/format.h", True, False),
    ):
        equal(rooms.breach_of(room, header, TABLE, is_test) is not None, is_breach, f"{room} includes {header}")


@case
def rooms_table_goes_one_way():
    good = rooms.read_rooms()
    equal([b for b in rooms.check_table(good) if "tools/rooms.txt" in b], [])
    for change in ({"base": ["format"]}, {"control": ["base", "store"]}, {"review": ["store"]}, {"nonsense": []}):
        assert any("tools/rooms.txt" in breach for breach in rooms.check_table({**good, **change})), change


@case
def a_room_is_of_a_band_and_has_a_header():
    good = rooms.read_rooms()
    table = {"base": [], "format": ["base"], "control": ["base"], "template": ["control"]}
    assert any("template (engines) may not include control (engines)" in breach for breach in rooms.check_table(table))
    kept = rooms.ROOT
    with tempfile.TemporaryDirectory() as folder:
        rooms.ROOT = Path(folder)
        try:
            for name in ("base", "stray"):
                (rooms.ROOT / "src" / name).mkdir(parents=True)
                (rooms.ROOT / "src" / name / "a.c").write_text("")
            equal(sorted(b for b in rooms.check_table(good) if b.startswith("src/")),
                  ["src/base: no public header base.h", "src/stray: no line in tools/rooms.txt"])
        finally:
            rooms.ROOT = kept


@case
def pages_that_nothing_leads_to_are_named():
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        (root / "tools").mkdir()
        (root / "docs").mkdir()
        shutil.copy(Path(__file__).resolve().parents[2] / "tools" / "check_docs.py", root / "tools")
        (root / "docs" / "README.md").write_text("# Index\n[a](a.md)\n")
        (root / "docs" / "a.md").write_text("# A\n")
        (root / "docs" / "b.md").write_text("# B\n")
        done = subprocess.run([sys.executable, root / "tools" / "check_docs.py"], stdout=subprocess.PIPE, check=False)
        equal((done.returncode, done.stdout.decode()), (
            1, "docs/b.md: no page links here; docs/README.md is the index\n3 pages, 1 links, 1 problems\n"))


@case
def links_lead_to_files_and_headings():
    with tempfile.TemporaryDirectory() as folder:
        check_docs.ROOT = Path(folder).resolve()
        page = check_docs.ROOT / "a.md"
        page.write_text("# One two\n## `x` & y!\n## One two\n")
        for link, problem in (("a.md", None), ("#one-two", None), ("#one-two-1", None), ("#x--y", None),
                              ("#one-two-2", "heading"), ("b.md", "nowhere"), ("../", "out of"), ("mailto:a@b", None)):
            got = check_docs.problem_of(page, link)
            assert (got is None) == (problem is None) and (problem or "") in (got or ""), f"{link}: {got}"
    equal(check_docs.links_of("[a](b) `[c](d)` ![e](f)\n```\n[g](h)\n```\n[i](j \"k\")"), ["b", "f", "j"])


run()
