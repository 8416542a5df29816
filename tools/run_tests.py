#!/usr/bin/env python3
"""Runs the test programs of build/asan and the Python tests of tests/, several at a time, and adds up their TAP.

A suite is a C test program, a tests/**/test_*.py, or with --peers a tests/peers/*/run. Each prints TAP and is judged by
it: a suite that dies, prints no plan or fewer tests than planned has failed, whatever it exits with. What a suite skips
it names with a line `not run: NAME (why)`. With --require-data a skip for want of data is a failure; a peer that cannot
be had stays a skip.

Suites whose name ends in `_slow` are left out by --quick. The environment of a suite:
    VIGIL_TEST_DATA  data from outside       VIGIL        the program, with sanitizers
    VIGIL_BUILD      the build's folder      VIGIL_PEERS  where peers are installed
    VIGIL_QUICK      1 under --quick: a suite may do fewer rounds
"""
import argparse
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIMES = ROOT / "build" / "test-times.json"
TIMEOUT = 900
# What takes longest starts first, so that no processor waits for it at the end: by the times of the last run, and where
# there was none, these.
LONG = ("tests/peers/", "tests/store/", "tests/review/", "tests/evidence/test_import_", "tests/cli/test_policy_bad_input",
        "tests/cli/test_bad_input", "tests/cli/test_scale", "tests/cli/test_help", "tests/cli/test_exposed",
        "tests/cli/test_detect_example", "tests/cli/test_trail_", "tests/cli/test_workspace", "tests/content/test_repairs",
        "tests/content/test_detections", "tests/detect/test_detect")
RESULT = re.compile(r"^(not )?ok\b\s*(\d+)?\s*(?:-\s*)?(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)\s*(?:#\s*SKIP\b\s*(.*))?$", re.I)
SKIP = re.compile(r"#\s*SKIP\b\s*(.*)$", re.I)
NOT_RUN = re.compile(r"^(?:#\s*)?not run: (.*?)(?: \((.*)\))?\s*$")


class Suite:
    """One program: its path within tests/, the command that runs it, and what its TAP said."""

    def __init__(self, name, command, is_peer=False):
        self.name, self.command, self.is_peer = name, command, is_peer
        self.passed, self.failures, self.skips = 0, [], []
        self.output, self.seconds = "", 0.0


def find_suites(build, args):
    suites = []
    for source in sorted(ROOT.glob("tests/*/test_*.c")):
        suites.append(Suite(str(source.relative_to(ROOT)), [str(build / "test" / source.stem)]))
    for source in sorted(ROOT.glob("tests/**/test_*.py")):
        suites.append(Suite(str(source.relative_to(ROOT)), [sys.executable, str(source)]))
    for source in sorted(ROOT.glob("tests/peers/*/run")) if args.peers else []:
        suites.append(Suite(str(source.relative_to(ROOT)), [str(source)], is_peer=True))
    if args.quick:
        suites = [s for s in suites if not Path(s.name).stem.endswith("_slow")]
    return [s for s in suites if args.filter in s.name]


def make_locale():
    """A locale whose decimal sign is a comma, in a folder of ours: numbers must come out the same under it."""
    folder = ROOT / "build" / "locale"
    if not (folder / "de_DE.UTF-8").exists() and shutil.which("localedef"):
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", str(folder / "de_DE.UTF-8")],
                       stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return str(folder)


def environment(build, args):
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", VIGIL_BUILD=str(build), VIGIL=str(build / "vigil"),
               VIGIL_PEERS=str(ROOT / "build" / "peers"), LOCPATH=make_locale(), PYTHONDONTWRITEBYTECODE="1")
    env.setdefault("VIGIL_TEST_DATA", str(ROOT.parent / "shared" / "data"))
    env.setdefault("ASAN_OPTIONS", "abort_on_error=0:detect_leaks=1:strict_string_checks=1")
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    for name in ("VIGIL_WORKSPACE", "NO_COLOR"):
        env.pop(name, None)
    if args.quick:
        env["VIGIL_QUICK"] = "1"
        env["ASAN_OPTIONS"] += ":detect_leaks=0:quarantine_size_mb=16"  # a third of a start; the full run looks for leaks
    return env


def judge(suite, status):
    """Reads the suite's TAP into its counts."""
    planned, seen, reasons = None, 0, {}
    for line in suite.output.splitlines():
        not_run = NOT_RUN.match(line)
        if not_run:
            reasons[not_run.group(1)] = not_run.group(2) or ""
        plan = PLAN.match(line)
        if plan:
            planned = (planned or 0) + int(plan.group(1))
            if plan.group(1) == "0" and plan.group(2) is not None:
                suite.skips.append((suite.name, plan.group(2)))
        result = RESULT.match(line)
        if not result:
            continue
        seen += 1
        skip = SKIP.search(line)
        name = SKIP.sub("", result.group(3)).strip() or (skip.group(1).strip() if skip else "")
        if skip:
            why = skip.group(1).strip()
            suite.skips.append((name, reasons.get(name, "" if why == name else why)))
        elif result.group(1):
            suite.failures.append(name)
        else:
            suite.passed += 1
    # A suite names what it could not run; a reason under another name is the reason of a skip without one.
    spare = [why for name, why in reasons.items() if name not in {n for n, _ in suite.skips}]
    suite.skips = [(name, why or (spare.pop(0) if spare else "")) for name, why in suite.skips]
    if planned is None or seen < planned:
        suite.failures.append(f"{suite.name} ended early ({seen} of {planned or 'unknown'} tests, status {status})")
    elif status != 0 and not suite.failures:
        suite.failures.append(f"{suite.name} exited with status {status}")


def run_suite(suite, env):
    start = time.monotonic()
    try:
        done = subprocess.run(suite.command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False)
        suite.output, status = done.stdout.decode("utf-8", "replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        suite.output, status = (late.stdout or b"").decode("utf-8", "replace"), f"none after {TIMEOUT} s"
    except OSError as error:
        suite.output, status = str(error), "not started"
    suite.seconds = time.monotonic() - start
    judge(suite, status)
    return suite


def is_about_data(why):
    return not why or re.search(r"data|shared", why, re.I)


def require_data(suite):
    """Turns skips for want of data into failures. A comparison's own skips stay: a peer may be impossible to have."""
    wanting = [] if suite.is_peer else [(name, why) for name, why in suite.skips if is_about_data(why)]
    suite.skips = [skip for skip in suite.skips if skip not in wanting]
    suite.failures += [f"{name}: not run ({why or 'no data'}), and data is required" for name, why in wanting]


def report(suite, args):
    """Says what a finished suite did."""
    if args.require_data:
        require_data(suite)
    word = "FAILED" if suite.failures else "ok    "
    print(f"{word} {suite.name}  {suite.passed} passed, {len(suite.failures)} failed, {len(suite.skips)} skipped"
          f"  ({suite.seconds:.1f} s)")
    for name, why in suite.skips:
        print(f"not run: {name} ({why or 'the suite gives no reason'})")
    if suite.failures:
        for name in suite.failures:
            print(f"    {name}")
        print("    | " + "\n    | ".join(failing_part(suite.output)))
    sys.stdout.flush()


def failing_part(output):
    """The lines of a failing suite that are not its successes; at most 200."""
    lines = [line for line in output.splitlines() if not re.match(r"^ok\b", line)]
    return lines if len(lines) <= 200 else lines[:120] + ["..."] + lines[-80:]


def main():
    parser = argparse.ArgumentParser(prog="./test")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--require-data", action="store_true")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--build", default=str(ROOT / "build" / "asan"), help=argparse.SUPPRESS)
    parser.add_argument("filter", nargs="?", default="")
    args = parser.parse_args()
    build = Path(args.build).resolve()
    suites = find_suites(build, args)
    if not suites:
        print(f"test: no suite's path holds '{args.filter}'", file=sys.stderr)
        return 2

    times = json.loads(TIMES.read_text()) if TIMES.exists() else {}
    suites.sort(key=lambda s: -times.get(s.name, 60.0 if s.name.startswith(LONG) else 5.0))
    env = environment(build, args)
    # One more than there are processors: some suites wait, for a follower to look again or a writer to give up.
    with concurrent.futures.ThreadPoolExecutor(max_workers=1 + max(2, os.cpu_count() or 2)) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run_suite, suite, env) for suite in suites]):
            report(done.result(), args)

    times.update({suite.name: round(suite.seconds, 2) for suite in suites})
    TIMES.write_text(json.dumps(times, indent=1, sort_keys=True))
    failed = sum(len(suite.failures) for suite in suites)
    print(f"{sum(s.passed for s in suites)} passed, {failed} failed, {sum(len(s.skips) for s in suites)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
