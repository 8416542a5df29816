#!/usr/bin/env python3
"""./run and ./test on machines that lack things: what is installed, what is printed, what is passed on. The machine is
played: dpkg, apt, sudo, id, cmake and ninja are scripts in a folder of their own."""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SETS = dict(line.split(": ", 1) for line in (ROOT / "tools" / "packages.txt").read_text().splitlines()
            if not line.startswith("#"))
RUN_PACKAGES = SETS["run"].split()
ALL_PACKAGES = RUN_PACKAGES + SETS["test"].split()


class Machine:
    """A folder with the scripts under test and the tools that they meet; `did` is what those were asked to do."""

    def __init__(self, installed, uid=1000, sudo=False, apt="exit 0"):
        self.folder = tempfile.TemporaryDirectory()
        self.root, self.bin = Path(self.folder.name) / "a project", Path(self.folder.name) / "bin"
        (self.root / "tools").mkdir(parents=True)
        (self.root / "build" / "release").mkdir(parents=True)
        self.bin.mkdir()
        for name in ("run", "test", "tools/setup.sh", "tools/packages.txt"):
            shutil.copy(ROOT / name, self.root / name)
        (self.root / "build" / "release" / "build.ninja").write_text("")
        self.program("../a project/build/release/vigil", r'printf "vigil got:"; printf " [%s]" "$@"; echo; exit 7')
        self.program("id", f"echo {uid}")
        self.program("ninja", self.told("ninja"))
        self.program("cmake", self.told("cmake"))
        self.program("apt-get", self.told("apt-get") + f"; {apt}")
        answers = "".join(f"installed={name} " for name in installed)
        self.program("dpkg-query", f"printf '%s' '{answers}'; exit 1")
        if sudo:
            self.program("sudo", self.told("sudo") + '; [ "$1" = -n ] && shift; exec "$@"')
        for tool in ("sed", "tr", "env", "dirname", "sh", "mkdir", "cat", "rm", "true"):
            (self.bin / tool).symlink_to(shutil.which(tool))

    def told(self, name):
        return f'echo "{name} $*" >> "{self.folder.name}/did"'

    def program(self, name, body):
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def run(self, script, *arguments):
        done = subprocess.run([str(self.root / script), *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False, env={"PATH": str(self.bin)}, cwd="/")
        did = Path(self.folder.name) / "did"
        return done, did.read_text().splitlines() if did.exists() else []


@case
def arguments_and_exit_code_are_vigils():
    machine = Machine(RUN_PACKAGES)
    done, did = machine.run("run", "review", "--format", "a b")
    equal((done.returncode, done.stdout, done.stderr), (7, "vigil got: [review] [--format] [a b]\n", ""))
    equal(did, [f"ninja --quiet -C {machine.root}/build/release vigil"])


@case
def root_installs_what_is_missing_and_only_that():
    machine = Machine([p for p in RUN_PACKAGES if p not in ("cmake", "libyaml-dev")], uid=0)
    done, did = machine.run("run", "version")
    equal(done.returncode, 7)
    equal(did[0], "apt-get install -y -qq --no-install-recommends cmake libyaml-dev")
    equal(len(did), 2, did)


@case
def old_lists_of_packages_are_brought_up_to_date():
    machine = Machine(RUN_PACKAGES[1:], uid=0)
    machine.program("apt-get", f'echo "apt-get $*" >> "{machine.folder.name}/did"; '
                               f'case "$*" in *install*) test -e "{machine.folder.name}/updated" ;; '
                               f'*) : > "{machine.folder.name}/updated" ;; esac')
    done, did = machine.run("run", "version")
    equal(done.returncode, 7)
    equal([line.split()[1] for line in did[:3]], ["install", "update", "install"])


@case
def sudo_is_used_where_it_is():
    done, did = Machine(RUN_PACKAGES[1:], sudo=True).run("run", "version")
    equal(done.returncode, 7)
    assert any(line.startswith("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get install") for line in did), did


@case
def without_root_the_exact_line_is_printed():
    machine = Machine([p for p in RUN_PACKAGES if p not in ("gcc", "zlib1g-dev")])
    done, did = machine.run("run", "version")
    equal((done.returncode, did, done.stdout), (1, [], ""))
    assert ("\n    sudo apt-get update && sudo apt-get install -y --no-install-recommends gcc zlib1g-dev\n"
            in done.stderr), done.stderr


@case
def what_cannot_be_installed_is_named():
    done, did = Machine(RUN_PACKAGES[1:], uid=0, apt="exit 100").run("run", "version")
    equal(done.returncode, 1)
    assert f"could not be installed: {RUN_PACKAGES[0]}" in done.stderr, done.stderr


@case
def a_build_that_fails_shows_why():
    machine = Machine(RUN_PACKAGES)
    machine.program("ninja", "echo src/x.c:1: error; exit 1")
    done, _ = machine.run("run", "version")
    equal((done.returncode, done.stdout, done.stderr), (1, "", "src/x.c:1: error\n"))


@case
def test_that_cannot_start_is_one_failure():
    no_packages, no_build = Machine([]), Machine(ALL_PACKAGES)
    no_build.program("ninja", "echo src/x.c:1: error; exit 1")
    no_build.program("python3", "exit 0")
    for machine, why in ((no_packages, "sudo apt-get"), (no_build, "src/x.c:1: error")):
        done, _ = machine.run("test", "--quick")
        equal((done.returncode, done.stdout), (1, "0 passed, 1 failed, 0 skipped\n"), why)
        assert why in done.stderr, done.stderr


@case
def test_refuses_options_that_it_does_not_know():
    done, did = Machine(RUN_PACKAGES).run("test", "--nope")
    equal((done.returncode, did), (2, []))
    equal(done.stderr, "test: no option '--nope'; see './test --help'\n")
    done, _ = Machine(RUN_PACKAGES).run("test", "--help")
    equal(done.returncode, 0)
    assert "--require-data" in done.stdout and "set -eu" not in done.stdout, done.stdout


run()
