#!/usr/bin/env python3
"""The program as a process: what is built into it, and how it meets pipes and full disks."""
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
VIGIL = os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))


def vigil(*arguments, **options):
    return subprocess.run([VIGIL, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, **options)


@case
def content_is_listed_and_printed_as_it_is():
    files = sorted(str(p.relative_to(ROOT / "content")) for p in (ROOT / "content").rglob("*") if p.is_file())
    equal(vigil("content", "list").stdout.decode().splitlines(), files)
    equal(vigil("content", "list", "types/").stdout.decode().splitlines(), [p for p in files if p.startswith("types/")])
    for path in (files[0], max(files, key=lambda p: (ROOT / "content" / p).stat().st_size)):
        equal(vigil("content", "show", path).stdout, (ROOT / "content" / path).read_bytes(), path)


@case
def content_that_is_not_there_is_said():
    for arguments in (("list", "nothing/like/it"), ("show", "nothing")):
        done = vigil("content", *arguments)
        equal((done.returncode, done.stdout), (2, b""))
        assert re.fullmatch(rb"vigil: content \w+: no content .*\n", done.stderr), done.stderr


@case
def every_command_file_is_registered():
    defined = set()
    for path in (ROOT / "src" / "cli").glob("cmd_*.c"):
        names = re.findall(r"^const vg_command vg_command_([a-z_]+) ", path.read_text(), re.M)
        assert names, f"{path.name} defines no command"
        defined.update(names)
    listed = set(re.findall(r"^  ([a-z-]+) {2,}\S", vigil("--help").stdout.decode().partition("Commands:")[2]
                            .partition("Options")[0], re.M))
    equal(listed, defined)


@case
def a_reader_that_goes_away_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([VIGIL, "help"], stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    equal((done.returncode, done.stderr), (0, b""))


@case
def a_full_disk_is_an_error():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([VIGIL, "help"], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, check=False)
    equal(done.returncode, 3)
    assert b"could not be written in full" in done.stderr, done.stderr


run()
