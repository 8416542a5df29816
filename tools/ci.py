#!/usr/bin/env python3
"""The checks of .ci/run, one after the other, each bounded in time and with its output in build/ci/NAME.log.

A check is a function that runs commands through `Check.run` and says with `Check.fail` what is wrong. The table at the
end gives their order and how long each may take; together they fit into 45 minutes on two cores. A check that is not
reached before DEADLINE has failed: what was not looked at did not pass."""
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "ci"
DATA = ROOT.parent / "shared" / "data"
DEADLINE = 43 * 60
FUZZ_SECONDS = 12
JOBS = str(max(2, os.cpu_count() or 2))


class Failed(Exception):
    pass


class Check:
    """One check while it runs: its log, its deadline."""

    def __init__(self, name, limit):
        self.name, self.log = name, LOGS / f"{name}.log"
        self.ends = time.monotonic() + limit
        self.file = self.log.open("w", encoding="utf-8")

    def run(self, command, env=None, show=False, allow_failure=False):
        """Runs a command; its output goes to the log (and with `show` to ours). Gives the output; a command that
        fails fails the check, unless `allow_failure`: then `status` says how it ended."""
        self.file.write(f"$ {' '.join(map(str, command))}\n")
        self.file.flush()
        process = subprocess.Popen([str(word) for word in command], cwd=ROOT, env=dict(os.environ, **(env or {})),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   start_new_session=True)
        lines = []
        previous = signal.signal(signal.SIGALRM, lambda *_: os.killpg(process.pid, signal.SIGKILL))
        signal.alarm(max(1, int(self.ends - time.monotonic())))
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace")
            lines.append(line)
            self.file.write(line)
            if show:
                sys.stdout.write(line)
                sys.stdout.flush()
        self.status = status = process.wait()
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
        if time.monotonic() >= self.ends:
            raise Failed("took too long")
        if status and not allow_failure:
            raise Failed(f"{command[0]} gave {status}")
        return "".join(lines)

    def fail(self, message):
        self.file.write(message + "\n")
        raise Failed(message)


def sources(*patterns):
    return sorted(str(p.relative_to(ROOT)) for pattern in patterns for p in ROOT.glob(pattern))


def configure_and_build(check, folder, options, targets=()):
    build = ROOT / "build" / folder
    check.run(["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", *options])
    check.run(["ninja", "-j", JOBS, "-C", build, *targets])
    return build


# ---- the tests ---------------------------------------------------------------------------------------------------------

TEST_COUNTS = [0, 0, 0]


def check_tests(check):
    command = ["./test", "--peers"] + (["--require-data"] if DATA.is_dir() else [])
    output = check.run(command, show=True, allow_failure=True).rstrip().splitlines()
    match = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", output[-1] if output else "")
    if not match:
        check.fail("./test did not come to its end")
    TEST_COUNTS[:] = map(int, match.groups())
    if TEST_COUNTS[1]:
        check.fail(f"{TEST_COUNTS[1]} tests failed")


# ---- reading the source ------------------------------------------------------------------------------------------------

def check_rooms(check):
    check.run(["tools/rooms.py"])


def check_format(check):
    files = sources("src/*/*.[ch]", "tests/*/*.[ch]", "fuzz/*.[ch]", "bench/*.[ch]", "bench/*.cpp")
    check.run(["clang-format-14", "--dry-run", "-Werror", *files])


def check_scripts(check):
    check.run(["shellcheck", "-x", "run", "test", ".ci/run", *sources("tools/*.sh", "bench/*.sh", "tests/**/*.sh")])


def check_docs(check):
    check.run(["tools/check_docs.py"])
    check.run(["tools/check_coverage.py"])
    check.run(["tools/mutants.py", "--check"])


# ---- compiling it ------------------------------------------------------------------------------------------------------

def check_gcc(check):
    configure_and_build(check, "ci-gcc", ["-DCMAKE_BUILD_TYPE=Release", "-DVIGIL_TESTS=ON", "-DVIGIL_BENCH=ON",
                                          "-DCMAKE_C_FLAGS=-Werror"])


def check_clang(check):
    configure_and_build(check, "ci-clang", ["-DCMAKE_BUILD_TYPE=Debug", "-DVIGIL_TESTS=ON",
                                            "-DCMAKE_C_COMPILER=clang-14", "-DCMAKE_C_FLAGS=-Werror"])


def check_tidy(check):
    build = ROOT / "build" / "ci-clang"
    if not (build / "compile_commands.json").exists():
        check_clang(check)
    output = check.run(["run-clang-tidy-14", "-quiet", "-j", JOBS, "-p", build, f"^{ROOT}/src/"], allow_failure=True)
    found = re.findall(r"^\S+: (?:error|warning): .*$", re.sub(r"\x1b\[[0-9;]*m", "", output), re.M)
    if found:
        check.fail("\n".join(sorted(set(found))))
    if check.status:
        check.fail(f"clang-tidy gave {check.status}")


def check_analyzer(check):
    rooms = [f"vg_{p.name}" for p in sorted((ROOT / "src").iterdir()) if any(p.glob("*.c"))]
    configure_and_build(check, "ci-analyzer", ["-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_COMPILER=gcc",
                                               f"-DCMAKE_C_FLAGS=-O1 -Werror {ANALYZER}"], rooms)


# gcc 12's analyzer, less the three warnings that rest on what it cannot know of C: that a slice's ptr is NULL only when
# its len is 0, and that an out parameter is set when VG_OK is returned. The sanitizers watch these at run time.
ANALYZER = ("-fanalyzer -Wno-analyzer-null-argument -Wno-analyzer-null-dereference "
            "-Wno-analyzer-use-of-uninitialized-value")


# ---- running it --------------------------------------------------------------------------------------------------------

def unrandomised(command):
    """The command under setarch -R where sanitizers of this age need it."""
    bits = Path("/proc/sys/vm/mmap_rnd_bits")
    needed = bits.exists() and int(bits.read_text()) > 28
    prefix = ["setarch", os.uname().machine, "-R"]
    works = needed and subprocess.run(prefix + ["true"], check=False).returncode == 0
    return prefix + command if works else command


def check_tsan(check):
    """The tests that start threads, under ThreadSanitizer."""
    threaded = [p for p in ROOT.glob("tests/*/test_*.c")
                if re.search(r"pthread_|vg_parallel|threads", p.read_text())]
    targets = [p.stem for p in threaded]
    if not targets:
        check.fail("no test starts a thread")
    build = configure_and_build(check, "tsan", ["--preset", "tsan"], targets)
    for name in targets:
        check.run(unrandomised([str(build / "test" / name)]))


def check_fuzz(check):
    build = configure_and_build(check, "fuzz", ["--preset", "fuzz"])
    fuzzers = sources("fuzz/fuzz_*.c")
    if not fuzzers:
        check.fail("no fuzzers")
    for fuzzer in fuzzers:
        name = Path(fuzzer).stem
        corpus, seeds = build / "corpus" / name, ROOT / "fuzz" / "corpus" / name.removeprefix("fuzz_")
        shutil.rmtree(corpus, ignore_errors=True)
        corpus.mkdir(parents=True)
        command = [build / "fuzz" / name, f"-max_total_time={FUZZ_SECONDS}", "-rss_limit_mb=2048", "-timeout=10",
                   f"-artifact_prefix={build}/{name}-", corpus]
        check.run(unrandomised([str(word) for word in command + ([seeds] if seeds.is_dir() else [])]))


def seconds_of(check, command):
    start = time.monotonic()
    check.run(command)
    return time.monotonic() - start


def check_example(check):
    """./run answers for the example, in under two seconds once it is built, and adds less than 0.2 s to the program.
    The quickest of a few counts: what else the machine does can only add."""
    output = check.run(["./run"])
    seconds = min(seconds_of(check, ["./run"]) for _ in range(3))
    added = (min(seconds_of(check, ["./run", "version"]) for _ in range(9))
             - min(seconds_of(check, [ROOT / "build" / "release" / "vigil", "version"]) for _ in range(9)))
    if seconds >= 2:
        check.fail(f"./run took {seconds:.2f} s")
    if added >= 0.2:
        check.fail(f"./run adds {added:.2f} s to the program")
    report = re.search(r"^The same as a page to open in a browser: (.+)$", output, re.M)
    if not report or not Path(report.group(1)).stat().st_size:
        check.fail("./run did not write its report")


def check_generated(check):
    check.run(["./run", "version"])
    check.run(["tools/generated.sh", "--check"])


def check_startup(check):
    check.run(["./run", "version"])
    check.run(["bench/bench_startup.sh"])


def check_package(check):
    """The release build installs, its library links, its pages and completions hold, its flags are on."""
    check.run(["./run", "version"])
    check.run(["ninja", "-C", ROOT / "build" / "release"])
    output = check.run([sys.executable, "tests/cli/test_install.py"],
                       env={"VIGIL_BUILD": str(ROOT / "build" / "release"),
                            "VIGIL": str(ROOT / "build" / "release" / "vigil")})
    if "# SKIP" in output:
        check.fail("a part of the installation was not looked at")


CHECKS = [
    # name, function, seconds
    ("tests", check_tests, 28 * 60),
    ("rooms", check_rooms, 60),
    ("format", check_format, 60),
    ("scripts", check_scripts, 60),
    ("docs", check_docs, 60),
    ("gcc", check_gcc, 5 * 60),
    ("clang", check_clang, 5 * 60),
    ("example", check_example, 5 * 60),
    ("generated", check_generated, 60),
    ("startup", check_startup, 60),
    ("package", check_package, 3 * 60),
    ("fuzz", check_fuzz, 10 * 60),
    ("tsan", check_tsan, 6 * 60),
    ("analyzer", check_analyzer, 8 * 60),
    ("tidy", check_tidy, 16 * 60),
]


def run_check(name, function, limit, left):
    if left <= 0:
        print(f"FAILED {name}: no time was left for it")
        return False
    start = time.monotonic()
    check = Check(name, min(limit, left))
    problem = None
    try:
        function(check)
    except Failed as failed:
        problem = str(failed)
    except Exception as error:  # a check that breaks has not passed, and the others go on
        check.file.write(traceback.format_exc())
        problem = f"broke: {error!r}"
    check.file.close()
    seconds = time.monotonic() - start
    if problem is None:
        print(f"ok     {name}  ({seconds:.0f} s)", flush=True)
        return True
    print(f"FAILED {name}: {problem.splitlines()[0]}  ({seconds:.0f} s; build/ci/{name}.log)")
    if name != "tests":
        print("    | " + "\n    | ".join(check.log.read_text(encoding="utf-8").splitlines()[-60:]), flush=True)
    return False


def main():
    names = sys.argv[1:]
    if names == ["--list"]:
        print("\n".join(name for name, _, _ in CHECKS))
        return 0
    unknown = set(names) - {name for name, _, _ in CHECKS}
    if unknown:
        print(f".ci/run: no check {', '.join(sorted(unknown))}; see '.ci/run --list'", file=sys.stderr)
        return 2
    LOGS.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    results = [run_check(name, function, limit, DEADLINE - (time.monotonic() - start))
               for name, function, limit in CHECKS if not names or name in names]
    # The check `tests` stands for itself beside the tests that it ran.
    passed, failed, skipped = TEST_COUNTS
    print(f"{passed + results.count(True)} passed, {failed + results.count(False)} failed, {skipped} skipped")
    return 1 if failed or False in results else 0


if __name__ == "__main__":
    sys.exit(main())
