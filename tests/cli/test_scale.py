#!/usr/bin/env python3
"""What scale asks for, on a generated organisation small enough for every run: the same bytes with any number of threads,
and steps of the database that grow as the accounts do. Times are the business of bench/bench_review.sh; steps (calls of
sqlite3_step, counted by a library loaded before SQLite) are the same on every machine and tell a quadratic read alike."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run, skip  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
VIGIL = Path(os.environ.get("VIGIL", ROOT / "build" / "asan" / "vigil"))
NOW = "2026-11-24T12:00:00Z"
EXPORTED = 1795161600
FORMATS = "terminal html markdown json jsonl csv ocsf asff sarif junit".split()
COUNTER = r"""
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
static long steps;
int sqlite3_step(void *statement)
{
    static int (*real)(void *);
    if (!real)
        real = (int (*)(void *))dlsym(RTLD_NEXT, "sqlite3_step");
    __atomic_add_fetch(&steps, 1, __ATOMIC_RELAXED);
    return real(statement);
}
__attribute__((destructor)) static void tell(void)
{
    FILE *file = fopen(getenv("STEPS_FILE"), "w");
    fprintf(file, "%ld", steps);
    fclose(file);
}
"""


class Place:
    """A folder with organisations of several sizes, and a vigil whose steps are counted."""

    def __init__(self):
        self.held = tempfile.TemporaryDirectory()
        self.folder = Path(self.held.name)
        self.steps = 0

    def organization(self, accounts):
        files = self.folder / f"files-{accounts}"
        if not files.exists():
            subprocess.run([sys.executable, ROOT / "tools" / "gen_organization.py", files, "--accounts", str(accounts),
                            "--users", "6", "--roles", "12", "--policies", "4", "--regions", "2", "--items", "8",
                            "--workloads", "10"], check=True, stdout=subprocess.DEVNULL)
            for file in files.rglob("*"):  # what has no time of its own is as old as its file, whenever this runs
                os.utime(file, (EXPORTED, EXPORTED))
        return files

    def counter(self):
        compiler = shutil.which("cc")
        if not compiler:
            skip("no C compiler")
        library = self.folder / "steps.so"
        if not library.exists():
            (self.folder / "steps.c").write_text("#define _GNU_SOURCE\n" + COUNTER)
            subprocess.run([compiler, "-shared", "-fPIC", "-o", library, self.folder / "steps.c", "-ldl"], check=True)
        return library

    def vigil(self, *arguments, workspace, counted=False):
        env = dict(os.environ, VIGIL_WORKSPACE=str(self.folder / workspace))
        if counted:
            asan = os.environ.get("ASAN_OPTIONS", "")
            env |= {"LD_PRELOAD": str(self.counter()), "STEPS_FILE": str(self.folder / "steps"),
                    "ASAN_OPTIONS": f"{asan}:verify_asan_link_order=0"}
        done = subprocess.run([VIGIL, *map(str, arguments), "--now", NOW], env=env, capture_output=True, check=False)
        equal((done.returncode, done.stderr), (0, b""), f"vigil {' '.join(map(str, arguments))}")
        if counted:
            self.steps = int((self.folder / "steps").read_text())
        return done.stdout


PLACE = Place()
SIZES = (5, 10, 20) if os.environ.get("VIGIL_QUICK") else (10, 20, 40)  # accounts


@case
def import_and_review_give_the_same_bytes_with_1_and_2_threads():
    files = PLACE.organization(5 if os.environ.get("VIGIL_QUICK") else 30)
    answers = {}
    for threads in (1, 2):
        asked = {"import": ("import", files, "--quiet"), "evidence": ("evidence", "list", "--format", "json"),
                 "ledger": ("evidence", "ledger", "--format", "json")}
        asked |= {f: ("review", "--quiet", "--format", f) for f in FORMATS}
        asked["findings"] = ("finding", "list", "--format", "json")
        answers[threads] = {name: PLACE.vigil(*arguments, "--threads", threads, workspace=f"w{threads}")
                            for name, arguments in asked.items()}
    for name, output in answers[1].items():
        assert output, f"{name} is empty"
        equal(output == answers[2][name], True, f"{name} with 1 and 2 threads")


@case
def steps_of_the_database_grow_as_the_accounts_do():
    steps = {}
    for accounts in SIZES:
        workspace = f"steps-{accounts}"
        PLACE.vigil("import", PLACE.organization(accounts), "--quiet", workspace=workspace, counted=True)
        steps[accounts] = {"import": PLACE.steps}
        for what in ("first review", "second review"):
            PLACE.vigil("review", "--quiet", "--format", "json", workspace=workspace, counted=True)
            steps[accounts][what] = PLACE.steps
    for what in steps[SIZES[0]]:
        few, some, many = (steps[accounts][what] for accounts in SIZES)
        small, large = some - few, many - some
        assert 0 < small and large < 2.2 * small, f"{what}: twice as many accounts {small} steps more, again twice {large}; {steps}"


@case
def each_account_is_judged_alike_whatever_their_number():
    """Accounts differ by their number alone, so what the first ten are told does not depend on how many others there are."""
    told = {}
    for accounts in (10, 40):
        workspace = f"alike-{accounts}"
        PLACE.vigil("import", PLACE.organization(accounts), "--quiet", workspace=workspace)
        report = json.loads(PLACE.vigil("review", "--quiet", "--format", "json", workspace=workspace))
        told[accounts] = {(f["rule"], f["resource"]["id"], f["verdict"]) for f in report["findings"]
                          if f["resource"]["account"] == "200000039595" and f["rule"].startswith("user-")}
    assert told[10], "nothing was found of the account's users"
    equal(told[10] == told[40], True, "findings of the users of one account among 10 and among 40")


run()
