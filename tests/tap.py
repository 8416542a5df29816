"""tap.py: what the Python suites share: named cases that print TAP.

    from tap import case, run, skip

    @case
    def a_thing_behaves():
        assert 1 + 1 == 2

    run()

A case fails by raising; what it raised is printed behind it. `skip(why)` inside a case names it as not run."""
import difflib
import sys
import traceback

CASES = []


class Skip(Exception):
    pass


def case(function):
    CASES.append((function.__name__, function))
    return function


def skip(why):
    raise Skip(why)


def equal(got, expected, what=""):
    if got == expected:
        return
    if isinstance(got, str) and isinstance(expected, str) and "\n" in expected:
        lines = difflib.unified_diff(expected.splitlines(), got.splitlines(), "expected", "gave", n=1, lineterm="")
        raise AssertionError(what + "\n" + "\n".join(lines))
    raise AssertionError(f"{what}\n  gave     {got!r}\n  expected {expected!r}")


def run():
    print(f"1..{len(CASES)}", flush=True)
    failed = 0
    for number, (name, function) in enumerate(CASES, 1):
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except Skip as why:
            print(f"not run: {name} ({why})\nok {number} - {name} # SKIP {why}", flush=True)
        except Exception:  # every way to fail is a failure of this case alone
            failed += 1
            print(f"not ok {number} - {name}")
            print("# " + traceback.format_exc().rstrip().replace("\n", "\n# "), flush=True)
    sys.exit(1 if failed else 0)
