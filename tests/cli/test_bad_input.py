#!/usr/bin/env python3
"""What a hostile or unlucky user gives to the real program: bad files, bad disks, bad workspaces, bad controls, bad names.
Each must give one clear line that says what, where and what to do; the rest of the run goes on; nothing that was stored
is lost; nothing crashes. The rows stand in docs/coverage/bad-input.md; files in bad_files.py, what is shared in
bad_world.py."""
import csv
import io
import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import time
import xml.dom.minidom
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from tap import CASES, case, equal, run, skip  # noqa: E402
from bad_files import FILES, TEXT  # noqa: E402
from bad_world import (ACCOUNTS, GOOD, HOME, MANAGEMENT, MEMBER, ROOT, VIGIL, account, check,  # noqa: E402
                       envelope, environment, finding, fresh, has_policy, held, organization, put, rows, said, seed,
                       seeded, unit, vigil)

FULL = r"no space left for the workspace; free some space and run this again \(what was stored before is kept\)$"
IS_ROOT = os.geteuid() == 0
NOBODY = 65534


def become_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def default_signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def limited_to(bytes_):
    """Files may not grow beyond this: what a full disk is to a process that is alone in meeting it."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))


def good(name="good"):
    return put(fresh(name), {"p.jsonl": GOOD})


# ---- files -----------------------------------------------------------------------------------------------------------

def file_case(name, files, code, lines):
    def bad_file():
        workspace, exports = seeded(), fresh("x")
        put(exports / "bad", files)
        put(exports / "good", {"p.jsonl": GOOD})
        said(vigil("import", str(exports), workspace=workspace), code, *lines)
        after = held(workspace)
        assert held_before() <= after, held_before() - after
        assert any(thing[3:4] == ("Vigil::IAM::PasswordPolicy",) for thing in after), "the good file was not imported"
    CASES.append(("file_" + name, bad_file))


def held_before(known=[]):  # noqa: B006 -- asked once
    if not known:
        known.append(held(seed()))
    return known[0]


for row in FILES:
    file_case(*row)


@case
def nothing_is_written_outside_by_an_archive():
    assert not Path("/tmp/evil.json").exists()


@case
def a_file_of_two_gigabytes_is_named():
    folder = good()
    with open(folder / "big.json", "wb") as file:
        file.truncate(2 << 30)
    workspace = seeded()
    said(vigil("import", str(folder), workspace=workspace), 3,
         r"/big\.json: error: larger than the limit of 1073741824 bytes; split it, or leave it out$")
    assert has_policy(workspace)


@case
def a_thousand_bad_files_give_a_line_each():
    folder, workspace = good(), seeded()
    for i in range(1000):
        (folder / f"{i:04}.json").write_text('{"Accounts": [')
    done = vigil("import", str(folder), workspace=workspace)
    equal((done.returncode, len(done.lines)), (3, 1000))
    for i, line in enumerate(done.lines):
        assert f"/{i:04}.json: error: line 1, column " in line, line
    assert has_policy(workspace)


# ---- paths -----------------------------------------------------------------------------------------------------------

@case
def a_path_that_is_not_there_does_not_stop_the_others():
    workspace = seeded()
    said(vigil("import", str(HOME / "nope"), str(good()), workspace=workspace), 3,
         r"^vigil: \S+/nope: error: cannot open: No such file or directory; check the path$")
    assert has_policy(workspace)


@case
def an_empty_folder_is_said_to_be_empty():
    folder = fresh("empty")
    folder.mkdir()
    said(vigil("import", str(folder), workspace=seeded()), 3, r"error: no file in this folder; check the path$")


@case
def the_workspace_is_no_export():
    folder = good("whole")
    workspace = folder / "inner" / ".vigil"
    said(vigil("import", str(folder), workspace=workspace), 0)
    said(vigil("import", str(folder), workspace=workspace), 0)
    assert has_policy(workspace)
    other = put(fresh("other"), {"x/.vigil/p.jsonl": GOOD})  # a folder of that name that is none
    empty = fresh("plain") / ".vigil"
    said(vigil("import", str(other), workspace=empty), 0)
    assert has_policy(empty)


@case
def standard_input_is_read_by_a_dash():
    workspace = seeded()
    with open(good() / "p.jsonl", "rb") as file:
        said(vigil("import", "-", workspace=workspace, stdin=file), 0)
    assert has_policy(workspace)
    said(vigil("import", "-", workspace=workspace), 3, r"^vigil: -: error: empty: the command that wrote it failed")


@case
def pipes_and_devices_are_refused_and_not_waited_for():
    pipe, workspace = fresh("pipe"), seeded()
    os.mkfifo(pipe)
    pattern = r"error: a pipe or a device, which may never end; give '-' to read standard input$"
    said(vigil("import", str(pipe), "/dev/zero", str(good()), workspace=workspace), 3, pattern, pattern)
    assert has_policy(workspace)


@case
def what_a_folder_holds_besides_files_is_named():
    folder, elsewhere, workspace = good(), fresh("elsewhere"), seeded()
    elsewhere.mkdir()
    os.symlink(elsewhere, folder / "a-folder")
    os.symlink("nowhere", folder / "b-nowhere")
    os.mkfifo(folder / "c-pipe")
    os.symlink(".", folder / "d-itself")
    os.symlink("p.jsonl", folder / "e-file.jsonl")
    said(vigil("import", str(folder), workspace=workspace), 3,
         r"/a-folder: error: links to a folder, which is not followed; name that folder itself$",
         r"/b-nowhere: error: cannot follow the link: No such file or directory; check the path$",
         r"/c-pipe: error: neither a file nor a folder; leave it out$")
    assert has_policy(workspace)


@case
def files_of_proc_are_read_or_named():
    workspace = seeded()
    paths = ["/proc/self/status", "/proc/cpuinfo"] + (["/proc/kmsg"] if IS_ROOT and Path("/proc/kmsg").exists() else [])
    done = vigil("import", *paths, str(good()), workspace=workspace)
    equal(done.returncode, 3)
    equal([line.split(": ")[1] for line in done.lines], paths)
    assert has_policy(workspace)


@case
def files_and_folders_without_permission_are_named():
    if not IS_ROOT:
        skip("needs root, to be somebody else")
    folder, workspace = good(), fresh()
    put(folder, {"closed.json": ACCOUNTS, "no/l.json": ACCOUNTS})
    (folder / "closed.json").chmod(0o600)
    (folder / "no").chmod(0o700)
    workspace.mkdir()
    os.chown(workspace, NOBODY, NOBODY)
    said(vigil("import", str(folder), workspace=workspace, before=become_nobody), 3,
         r"/no: error: cannot open the folder: Permission denied; let this user read it$",
         r"/closed\.json: error: cannot open: Permission denied; let this user read it$")
    assert has_policy(workspace)


# ---- full disks ------------------------------------------------------------------------------------------------------

class Disk:
    """A tmpfs of some kilobytes; skips where none can be mounted."""
    def __init__(self, kilobytes):
        self.place = fresh("disk")
        self.place.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(self.place)],
                              check=False, stderr=subprocess.DEVNULL) if IS_ROOT else None
        if not done or done.returncode:
            skip("no tmpfs can be mounted here")

    def __enter__(self):
        return self

    def __exit__(self, *what):
        subprocess.run(["umount", "-l", str(self.place)], check=True)

    def copy(self):
        workspace = self.place / "w"
        subprocess.run(["cp", "-r", str(seed()), str(workspace)], check=True)
        return workspace

    def fill(self, leave=0):
        with open(self.place / "fill", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                file.truncate(max(0, file.tell() - leave))


def many():
    """Enough to fill a small disk: 400 users of 2 KB each."""
    users = [{"Path": "/", "UserName": f"u{i}", "UserId": f"AIDA{i}", "Arn": f"arn:aws:iam::{MEMBER}:user/u{i}",
              "CreateDate": "2024-01-01T00:00:00Z", "GroupList": [], "AttachedManagedPolicies": [],
              "Tags": [{"Key": "k", "Value": "x" * 2000}]} for i in range(400)]
    return envelope("iam:GetAccountAuthorizationDetails", {"UserDetailList": users, "GroupDetailList": [],
                                                           "RoleDetailList": [], "Policies": []}, account=MEMBER)


@case
def a_disk_that_is_full_during_an_import_loses_nothing():
    with Disk(1600) as disk:
        workspace = disk.copy()
        disk.fill(leave=200 << 10)
        said(vigil("import", str(put(fresh("x"), {"a.jsonl": many()})), workspace=workspace), 3, FULL)
        equal(held(workspace), held_before())
        (disk.place / "fill").unlink()
        said(vigil("import", str(good()), workspace=workspace), 0)
        assert held_before() < held(workspace)
        equal(vigil("doctor", workspace=workspace).returncode, 0)


@case
def a_disk_that_is_full_can_still_be_read():
    with Disk(1600) as disk:
        workspace = disk.copy()
        disk.fill()
        equal(held(workspace), held_before())
        said(vigil("review", workspace=workspace), 3, FULL)
        said(vigil("review", "--read-only", workspace=workspace), 0)
        equal(held(workspace), held_before())


@case
def a_disk_that_is_full_leaves_the_old_report():
    with Disk(64) as disk:
        report = disk.place / "r.html"
        report.write_text("old")
        said(vigil("review", "--read-only", "--format", "html", "--output", str(report), workspace=seed()), 3,
             r"^vigil: \S+/r\.html: the report could not be written; free some space, or name another place: "
             r"No space left on device$")
        equal((report.read_text(), os.listdir(disk.place)), ("old", ["r.html"]))


@case
def a_limit_on_file_size_is_a_full_disk_in_an_import():
    for limit in (0, 1 << 10, 100 << 10, 300 << 10):
        workspace = seeded()
        done = vigil("import", str(put(fresh("x"), {"a.jsonl": many()})), workspace=workspace, before=limited_to(limit))
        said(done, 3, FULL)
        equal(held(workspace), held_before())


@case
def a_limit_on_file_size_is_a_full_disk_in_a_review():
    workspace = seeded()
    said(vigil("review", workspace=workspace, before=limited_to(4 << 10)), 3, FULL)
    equal(held(workspace), held_before())
    report = fresh("report")
    report.write_text("old")
    said(vigil("review", "--read-only", "--output", str(report), "--format", "html", workspace=workspace,
               before=limited_to(4 << 10)), 3, r"the report could not be written; free some space.*: File too large$")
    equal(report.read_text(), "old")


# ---- the workspace ---------------------------------------------------------------------------------------------------

class Holder:
    """A vigil that holds the workspace, for it waits for its standard input. Signals do what they do by default, also
    where the suite was started by nohup or in the background."""
    def __init__(self, workspace):
        self.process = subprocess.Popen([VIGIL, "--workspace", str(workspace), "import", "-"], env=environment(),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        preexec_fn=default_signals)
        for _ in range(3000):
            if str(self.process.pid) in (workspace / "vigil.lock").read_text():
                return
            time.sleep(0.02)
        raise AssertionError("the holder never took the lock")

    def end(self, sent):
        self.process.send_signal(sent)
        code = self.process.wait(120)
        self.process.stdin.close()
        return code, self.process.stderr.read()


@case
def a_second_writer_waits_five_seconds_and_names_the_holder():
    workspace = seeded()
    holder = Holder(workspace)
    try:
        writers, began = [], time.monotonic()
        for words in (["import", str(good())], ["baseline", "set", "x"], ["review"]):  # at once, to wait only once
            writers.append(subprocess.Popen([VIGIL, "--workspace", str(workspace), *words], env=environment(),
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))
        waits = []  # readers go on meanwhile; on a busy machine, one of several is quick
        while len(waits) < 5 and min(waits, default=5) >= 5:
            reads = time.monotonic()
            equal(held(workspace), held_before())
            waits.append(time.monotonic() - reads)
        assert min(waits) < 5, "a reader waited"
        pattern = (rf"`vigil import` \(pid {holder.process.pid}\) has been writing to this workspace since \S+; "
                   r"waited 5\.0 s; let it finish or stop it, then run this again$")
        for writer, code in zip(writers, (3, 3, 0)):  # a review goes on, reading
            errors = writer.communicate(timeout=300)[1]
            said(check(subprocess.CompletedProcess([], writer.returncode, b"", errors)), code, pattern)
        assert time.monotonic() - began > 4.8
    finally:
        holder.end(signal.SIGKILL)
    said(vigil("import", str(good()), workspace=workspace), 0)


@case
def signals_in_the_middle_of_an_import_lose_nothing():
    for sent in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
        workspace = seeded()
        code, errors = Holder(workspace).end(sent)
        equal((code, errors), (-sent, b""))
        equal(held(workspace), held_before())
        said(vigil("import", str(good()), workspace=workspace), 0)


@case
def a_workspace_from_a_newer_version_is_left_alone():
    workspace = seeded()
    with sqlite3.connect(workspace / "vigil.db") as database:
        database.execute("insert into schema_version values (99, 0, '9.9')")
    database.close()
    before = (workspace / "vigil.db").read_bytes()
    for words in (["import", str(good())], ["review"], ["evidence", "list"], ["finding", "list"], ["doctor"],
                  ["baseline", "list"], ["baseline", "set", "x"], ["attest", "list"]):
        said(vigil(*words, workspace=workspace), 3, r"made by a newer vigil \(schema 99; this one knows \d+\); "
             r"use that version, or another workspace$")
    equal((workspace / "vigil.db").read_bytes(), before)


@case
def a_workspace_that_is_no_store_is_named():
    def file(place):
        place.write_text("not a folder")

    def text(place):
        put(place, {"vigil.db": "hello, world" * 100})

    def overwritten(place):
        subprocess.run(["cp", "-r", str(seed()), str(place)], check=True)
        with open(place / "vigil.db", "r+b") as store:
            store.write(b"garbage!" * 100)

    def folder(place):
        (place / "vigil.db").mkdir(parents=True)

    def linked_lock(place):
        place.mkdir()
        os.symlink("/etc/passwd", place / "vigil.lock")

    for make, words, pattern in ((file, ("review",), r"is a file; name a folder as the workspace$"),
                                 (file, ("import", str(good())), r"is a file; name a folder as the workspace$"),
                                 (text, ("review",), r"the store is damaged .*keep a copy, run `vigil doctor`"),
                                 (text, ("import", str(good())), r"the store is damaged"),
                                 (overwritten, ("evidence", "list"), r"the store is damaged"),
                                 (folder, ("import", str(good())), r"the store cannot be "),
                                 (linked_lock, ("import", str(good())), r"cannot open the workspace's lock file; check")):
        place = fresh()
        make(place)
        said(vigil(*words, workspace=place), 3, pattern)
    assert Path("/etc/passwd").read_text().startswith("root:")


@case
def a_workspace_that_is_not_there_is_named():
    for words in (["review"], ["evidence", "list"], ["finding", "list"], ["doctor"], ["baseline", "set", "x"]):
        said(vigil(*words, workspace=HOME / "none"), 3, r"no workspace here; `vigil import` makes one, --workspace names")
    said(vigil("import", str(good()), workspace="a" * 300), 3, r"cannot make the folder: File name too long$")
    said(vigil("import", str(good()), workspace="a/" * 2500), 3, r"the workspace's path is too long, name a shorter one")


@case
def any_name_will_do_for_a_workspace():
    for name in ("with space", "new\nline", "\x1b[31mred", "\u00fcn\u00ef \u202e", "#?%41&=", "-", "file:x?mode=ro", "'\"`$(id)"):
        workspace = fresh() / name
        workspace.parent.mkdir()
        said(vigil("import", str(good()), workspace=workspace), 0)
        assert has_policy(workspace), name
        equal(vigil("doctor", workspace=workspace).returncode, 0)


@case
def a_workspace_that_may_only_be_read_is_read():
    if not IS_ROOT:
        skip("needs root, to be somebody else")
    workspace = seeded()
    for place, mode in ((workspace, 0o555), *((file, 0o444) for file in workspace.iterdir())):
        place.chmod(mode)
    equal(held(workspace, before=become_nobody), held_before())
    lock = r"/vigil\.lock: cannot open the workspace's lock file; check the folder's owner and mode: Permission denied$"
    said(vigil("review", workspace=workspace, before=become_nobody), 0, r"^vigil: warning: .*" + lock)
    said(vigil("import", str(good()), workspace=workspace, before=become_nobody), 3, lock)
    said(vigil("baseline", "set", "x", workspace=workspace, before=become_nobody), 3, lock)
    equal(held(workspace), held_before())


@case
def a_workspace_without_permission_is_named():
    if not IS_ROOT:
        skip("needs root, to be somebody else")
    workspace, closed = seeded(), fresh("closed")
    closed.mkdir(mode=0o700)
    for words in (["review"], ["evidence", "list"], ["import", str(good())], ["doctor"], ["finding", "list"]):
        said(vigil(*words, workspace=workspace, before=become_nobody), 3, r"check .*owner and mode: Permission denied$")
    said(vigil("import", str(good()), workspace=closed / "w", before=become_nobody), 3,
         r"cannot make the folder: Permission denied$")
    equal(held(workspace), held_before())


# ---- output ----------------------------------------------------------------------------------------------------------

@case
def a_reader_that_goes_away_is_no_error():
    for form in ("terminal", "json", "html", "csv"):
        reader, writer = os.pipe()
        os.close(reader)
        said(vigil("review", "--read-only", "--format", form, workspace=seed(), stdout=writer), 0)
        os.close(writer)


@case
def a_device_that_is_full_is_an_error():
    for form in ("terminal", "json", "html"):
        with open("/dev/full", "wb") as full:
            said(vigil("review", "--read-only", "--format", form, workspace=seed(), stdout=full), 3,
                 r"standard output could not be written in full: No space left on device$")


@case
def without_standard_files_nothing_is_written_into_the_workspace():
    workspace = seeded()
    said(vigil("review", workspace=workspace, before=lambda: os.close(1), stdout=None), 3,
         r"standard output could not be written in full: Bad file descriptor$")
    for fds in ((0, 1, 2), (1, 2), (2,)):
        def close_all():
            for fd in fds:  # noqa: B023 -- called before the next turn
                os.close(fd)
        vigil("evidence", "list", workspace=workspace, before=close_all)
    lock = (workspace / "vigil.lock").read_text()
    equal((len(lock.splitlines()), lock.splitlines()[1]), (3, "vigil review"))
    equal(vigil("doctor", workspace=workspace).returncode, 0)
    assert held_before() <= held(workspace)


@case
def a_report_goes_through_links_and_into_devices():
    folder = fresh("reports")
    folder.mkdir()
    real, link, device = folder / "real.html", folder / "link.html", folder / "device"
    real.write_text("old")
    os.symlink("real.html", link)
    said(vigil("review", "--read-only", "-f", "html", "-o", str(link), workspace=seed()), 0, r"^wrote \S+/link\.html$")
    assert link.is_symlink() and "<html" in real.read_text() and (real.stat().st_mode & 0o777) == 0o600
    if IS_ROOT:
        os.mknod(device, 0o600 | 0o020000, os.makedev(1, 7))
        said(vigil("review", "--read-only", "-o", str(device), workspace=seed()), 3, r"/device: the report could not be written")
        assert device.is_char_device()
    said(vigil("review", "--read-only", "-o", str(folder), workspace=seed()), 3, r"the report could not be written.*: Is a directory$")
    said(vigil("review", "--read-only", "-o", str(folder / "no" / "x"), workspace=seed()), 3, r"name a file in a folder that you may write to")
    equal(sorted(os.listdir(folder)), sorted(["real.html", "link.html"] + (["device"] if IS_ROOT else [])))


# ---- words -----------------------------------------------------------------------------------------------------------

@case
def nonsense_on_the_command_line_is_a_usage_error():
    for words, pattern in ((["--now", "nonsense", "review"], r"'nonsense' is not a time such as"),
                           (["--now", "", "review"], r"'' is not a time such as"),
                           (["--now", "2026-02-30", "review"], r"is not a time such as"),
                           (["--now", "99999-01-01", "review"], r"is not a time such as"),
                           (["review", "--max-age", "9" * 30 + "d"], r"is not a duration such as"),
                           (["review", "--account", "12"], r"'12' is not an account id of 12 digits"),
                           (["review", "--account", "999999999999"], r"no evidence of an active account 999999999999"),
                           (["review", "--ou", "nothing"], r"no account is known under an OU 'nothing'"),
                           (["review", "--workload", "nothing"], r"no workload 'nothing' in the mapping"),
                           (["review", "--format", "\x1b[31m"], r"\\x1b\[31m"),
                           (["--\x1b]0;x\x07\u202e"], r"no option '--\\x1b\]0;x\\x07\\u202e'"),
                           (["import", "--region", "x\ny", "."], r"is no region, such as eu-west-1"),
                           (["import", "--script", "--role-name", "$(id)"], r"is no name of a role"),
                           (["import"], r"name the files or folders to import")):
        done = check(subprocess.run([VIGIL, "--workspace", str(seed()), *words], env=environment(), check=False,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        said(done, 2, pattern)
        equal(done.stdout, b"")


@case
def any_time_may_be_now():
    for now in ("0001-01-01", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        done = check(subprocess.run([VIGIL, "--workspace", str(seed()), "--now", now, "review", "--read-only"], check=False,
                                    env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        said(done, 0)


# ---- controls of the user's own --------------------------------------------------------------------------------------

HEADER = """# ---
# id: my-control
# title: My control
# severity: medium
# practice: [recommendations]
# resource: Vigil::Organization::Account
# needs: [Arn]
# rationale: It is so.
# remediation: Do it.
# ---
let r = Resources.*
"""


def with_content(files, code, *patterns):
    folder = put(fresh("content"), files)
    done = vigil("review", "--read-only", "--format", "json", "--all", "--content", str(folder), workspace=seed())
    said(done, code, *patterns)
    answer = json.loads(done.stdout)
    assert answer["answer"], "no answer was given"
    return done.stdout.decode()


@case
def a_control_that_cannot_be_used_is_named_and_the_others_go_on():
    path = "controls/x/mine.guard"
    other = HEADER.replace("my-control", "good-control") + "rule met { %r exists }\n"
    for content, pattern in (
            (HEADER + "rule met when %r !empty {\n  x == \n}\n", r"mine\.guard:14:1: expected a value, a query or a function"),
            (HEADER + "rule met { %r.Properties.Arn == /(((/ }\n", r"mine\.guard:12:33: not a regular expression: missing closing"),
            (HEADER + "rule met " + "{ a " * 50000 + "}" * 50000, r"mine\.guard:12:\d+: nested more than 100 deep; split the rule$"),
            (HEADER + "rule met { f(%r) }\nrule f(x) { f(%x) f(%x) }\n", r"mine\.guard:13:13: rules and blocks call each other more than \d+ deep; not assessed$"),
            (HEADER + "rule met { %r.Properties.Arn == /^(([^x])+.?)+[!?]$/ }\n", r"mine\.guard:12:12: a regular expression takes too many steps on a value here; not assessed$"),
            (HEADER.replace("medium", "awful") + "rule met { %r exists }\n", r"mine\.guard:4:11: severity is informational, low,"),
            (HEADER.replace("recommendations", "nope") + "rule met { %r exists }\n", r"mine\.guard: practice 'nope' is none of practices\.yaml$"),
            (HEADER.replace("# practice: [recommendations]\n", "") + "rule met { %r exists }\n", r"mine\.guard: the header names no practice, so that the review cannot use this control"),
            ("rule met { Resources exists }\n", r"mine\.guard: no header with id, title and practice, so that"),
            (HEADER.replace("id: my-control", "id: [") + "rule met { %r exists }\n", r"mine\.guard:\d+:\d+: YAML: "),
            (HEADER.replace("my-control", "findings-few-high") + "rule met { %r exists }\n", r"mine\.guard: another control has the id 'findings-few-high' too$"),
            (os.urandom(4096), r"mine\.guard: no header with id, title and practice"),
            (bytes(9 << 20), r"mine\.guard: larger than the limit of 8388608 bytes$")):
        text = with_content({path: content, "controls/x/other.guard": other}, 3, pattern)
        assert "good-control" in text and "root-mfa" in text, "the other controls were not judged"


@case
def content_that_is_no_content_is_named():
    folder = put(fresh("content"), {"controls/x/a.txt": "left alone"})
    os.symlink("nowhere", folder / "controls" / "x" / "a.guard")
    os.mkfifo(folder / "controls" / "x" / "b.guard")
    said(vigil("review", "--read-only", "--content", str(folder), workspace=seed()), 3,
         r"/a\.guard: cannot follow the link: No such file", r"/b\.guard: neither a file nor a folder; leave it out$")
    said(vigil("review", "--content", str(folder / "none"), workspace=seed()), 3, r"no folder of content at \S+/none$")
    for files, pattern in (({"practices.yaml": "a: ["}, r"practices\.yaml:\d+:\d+: YAML: "),
                           ({"practices.yaml": ""}, r"content has no practices\.yaml, or it names no practice$"),
                           ({"attestations.yaml": "a: &a [*a]"}, r"attestations\.yaml:1:8: \*a stands inside its own anchor$")):
        said(vigil("review", "--content", str(put(fresh("content"), files)), workspace=seed()), 3, pattern)


@case
def rules_and_documents_of_any_kind_are_evaluated_or_named():
    folder = put(fresh("eval"), {"g/a.guard": "rule x { Resources exists }\n", "g/b.guard": "rule y { x == ",
                                 "d/a.json": {"Resources": {}}, "d/b.json": '{"Res', "d/c.json": b"\xff\xfe{",
                                 "d/d.json": os.urandom(1000) + b"\xff"})
    done = vigil("control", "eval", "--rules", str(folder / "g"), "--data", str(folder / "d"))
    said(done, 3, r"/b\.guard:1:15: expected a value", r"/d/b\.json:1:6: JSON text ends", r"/d/c\.json: UTF-16 with an odd number",
         r"/d/d\.json")
    assert b"a.json: PASS" in done.stdout
    with open(folder / "d" / "a.json", "rb") as data:
        said(vigil("control", "eval", "--rules", str(folder / "g" / "a.guard"), "--data", "-", stdin=data), 0)
    said(vigil("control", "test", str(folder / "none")), 3, r"/none: cannot open: No such file", r"no tests were found")


@case
def a_control_without_end_ends():
    calls = "".join(f"rule r{i}(x) {{ r{i + 1}(%x) r{i + 1}(%x) }}\n" for i in range(30))
    began = time.monotonic()
    folder = put(fresh("content"), {"controls/x/mine.guard": HEADER.replace("Account", "Organization", 1)
                                    .replace("Organization::Account", "Organization::Organization")
                                    + "rule met { r0(%r) }\n" + calls + "rule r30(x) { %x exists }\n"})
    said(vigil("review", "--read-only", "--content", str(folder), workspace=seed()), 3,
         r"mine\.guard: the rules visit more than \d+ values of this document; narrow their queries; not assessed$")
    assert time.monotonic() - began < 300


# ---- names -----------------------------------------------------------------------------------------------------------

EVIL = "<script>alert(1)</script>\x1b[31m\n=cmd()|'/c calc'!A1\u202eevil\u0085\u2066"
WORSE = "=cmd()\x1b]0;pwn\x07\u202e\"';`$(id)\r\n-->]]>&lt;|x|"


def hostile(known=[]):  # noqa: B006 -- made once
    """A workspace in which everything that can be named is named by an attacker."""
    if known:
        return known[0]
    users = [{"Path": "/", "UserName": EVIL, "UserId": "AIDA1", "Arn": f"arn:aws:iam::{MANAGEMENT}:user/{EVIL}",
              "CreateDate": "2020-01-01T00:00:00Z", "GroupList": [], "Tags": [{"Key": WORSE, "Value": EVIL}],
              "AttachedManagedPolicies": [{"PolicyName": WORSE, "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}]}]
    tree = (envelope("organizations:DescribeOrganization", organization())
            + envelope("organizations:ListAccounts", {"Accounts": [account(MANAGEMENT, EVIL), account(MEMBER, WORSE)]})
            + envelope("organizations:ListRoots", {"Roots": [{"Id": "r-abcd", "Name": EVIL, "PolicyTypes": [],
                       "Arn": f"arn:aws:organizations::{MANAGEMENT}:root/o-abcdefghij/r-abcd"}]})
            + envelope("organizations:ListOrganizationalUnitsForParent",
                       {"OrganizationalUnits": [unit("ou-abcd-11111111", WORSE)]}, {"ParentId": "r-abcd"})
            + envelope("organizations:ListAccountsForParent", {"Accounts": [account(MEMBER, WORSE)]},
                       {"ParentId": "ou-abcd-11111111"})
            + envelope("iam:GetAccountAuthorizationDetails", {"UserDetailList": users, "GroupDetailList": [],
                                                              "RoleDetailList": [], "Policies": []}))
    remedy = {"Recommendation": {"Text": EVIL, "Url": "javascript:alert(1)"}}
    files = {"tree.jsonl": tree,
             "w.yaml": f"workloads:\n  - name: {json.dumps(EVIL)}\n    function: {json.dumps(WORSE)}\n    owner: {json.dumps(EVIL)}\n"
                       f"    environments:\n      - {{name: {json.dumps(WORSE)}, accounts: ['{MEMBER}']}}\n",
             "a.yaml": f"attestations:\n  - kind: threat-feeds\n    statement: {json.dumps(EVIL)}\n    owner: {json.dumps(WORSE)}\n"
                       "    link: \"javascript:alert(1)\"\n    date: 2026-11-01\n    expires: 2027-01-01\n",
             "f.json": {"Findings": [finding(Id=EVIL, GeneratorId=WORSE, Types=[EVIL], Title=EVIL, Description=WORSE,
                                             Remediation=remedy, Resources=[{"Type": "AwsS3Bucket", "Id": EVIL, "Region": "eu-west-1"}])]}}
    workspace = fresh()
    said(vigil("import", str(put(fresh("x"), files)), workspace=workspace), 0)
    known.append(workspace)
    return workspace


def no_marks(text, allowed=""):
    found = {c for c in text if (ord(c) < 32 or 0x7f <= ord(c) < 0xa0 or c in "\u202e\u2066") and c not in "\n" + allowed}
    assert not found, [hex(ord(c)) for c in found]


def as_terminal(text):
    no_marks(re.sub(r"\x1b\[[0-9;]*m", "", text))
    assert "\x1b[31m\n" not in text


def as_html(text):
    no_marks(text)
    assert "<script>alert" not in text
    tags = re.findall(r"<[a-zA-Z][^>]*>", text)
    assert not [tag for tag in tags if "javascript:" in tag or "onerror" in tag]


def as_markdown(text):
    no_marks(text)
    assert "<script>alert" not in text and "](javascript:" not in text


def as_csv(text):
    no_marks(text, "\r")
    for row in csv.reader(io.StringIO(text, newline="")):
        assert not [cell for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")], row


def as_json(text):
    no_marks(text)
    json.loads(text)


def as_jsonl(text):
    no_marks(text)
    assert [json.loads(line) for line in text.splitlines()]


def as_xml(text):
    no_marks(text)
    xml.dom.minidom.parseString(text.encode())


READERS = {"terminal": as_terminal, "html": as_html, "markdown": as_markdown, "csv": as_csv, "json": as_json,
           "jsonl": as_jsonl, "ocsf": as_json, "asff": as_json, "sarif": as_json, "junit": as_xml}


@case
def hostile_names_are_escaped_in_every_format():
    text = (ROOT / "src" / "cli" / "cmd_review.c").read_text()
    equal(sorted(READERS), sorted(re.search(r'"(terminal\|[a-z|]+)"', text).group(1).split("|")))
    for form, reader in READERS.items():
        for more in ([], ["--redact"]):
            done = vigil("review", "--read-only", "--all", "--color", "always", "--format", form, *more, workspace=hostile())
            said(done, 0)
            try:
                reader(done.stdout.decode())
            except Exception as error:
                raise AssertionError(f"{form} {more}: {error}") from error


@case
def hostile_names_do_not_reach_the_terminal_from_other_commands():
    for words in (["evidence", "list"], ["evidence", "show", MEMBER], ["evidence", "ledger"], ["finding", "list"],
                  ["attest", "list"], ["evidence", "history", MEMBER], ["baseline", "set", EVIL], ["baseline", "list"],
                  ["drift", EVIL]):
        done = vigil(*words, workspace=hostile())
        equal(done.returncode, 0)
        as_terminal(done.stdout.decode())
    finding_id = rows(hostile(), "finding", "list")[0]["id"]
    as_terminal(vigil("finding", "show", finding_id, workspace=hostile()).stdout.decode())


@case
def advice_keeps_to_the_partition():
    for partition, home in (("aws-cn", "cn-northwest-1"), ("aws-us-gov", "us-gov-west-1")):
        workspace = fresh()
        exports = put(fresh("x"), {"o.json": organization(partition=partition), "l/list-accounts.json": {
            "Accounts": [account(MANAGEMENT, "management", partition), account(MEMBER, "prod", partition)]}})
        said(vigil("import", str(exports), workspace=workspace), 0)
        text = vigil("review", "--format", "json", workspace=workspace).stdout.decode()
        assert "arn:aws:" not in text and "us-east-1" not in text and f"--region {home}" in text, partition


run()
