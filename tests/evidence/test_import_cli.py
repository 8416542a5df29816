#!/usr/bin/env python3
"""`vigil import` as a whole: exit codes, archives, formats, hostile names, permissions. The program is named by VIGIL."""
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile

PROGRAM = os.environ.get("VIGIL")
ACCOUNT = "444455556666"
NOW = "2026-11-24T12:00:00Z"
EXPORTED = 1795161600


def envelope(operation, output, **more):
    return json.dumps(dict({"vigil": "envelope/1", "operation": operation, "account": ACCOUNT, "region": "eu-west-1",
                            "time": "2026-11-20T08:00:00Z", "exit": 0, "error": "", "output": output}, **more))


SUMMARY = envelope("iam:GetAccountSummary", {"SummaryMap": {"Users": 1}})


class World:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-import-cli-"))
        self.results = []

    def put(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (EXPORTED, EXPORTED))  # what has no time of its own is as old as its file, whenever this runs
        return str(path)

    def run(self, *args, workspace="ws"):
        return subprocess.run([PROGRAM, "import", "--workspace", str(self.folder / workspace), "--now", NOW, *args],
                              capture_output=True, text=True)

    def check(self, name, ok, done):
        self.results.append((name, ok))
        if not ok:
            print(f"# {name}: exit {done.returncode}\n# " + (done.stdout + done.stderr)[-1500:].replace("\n", "\n# "))


def main():
    if not PROGRAM:
        print("1..0 # SKIP VIGIL does not name the program")
        return 0
    w = World()
    good = w.put("in/a.json", SUMMARY)
    done = w.run(good)
    w.check("what is read in full exits 0", done.returncode == 0 and "iam:GetAccountSummary" in done.stdout and not done.stderr, done)
    modes = {stat.S_IMODE(p.stat().st_mode) for p in (w.folder / "ws").rglob("*") if p.is_file()}
    w.check("the workspace is its user's alone", modes == {0o600} and stat.S_IMODE((w.folder / "ws").stat().st_mode) == 0o700, done)
    done = w.run(good)
    w.check("again changes nothing", done.returncode == 0, done)

    bad = w.put("in/b\x1b[31m\n\u202e.json", "{")
    done = w.run(good, bad)
    w.check("what is not read in full exits 3, and the rest goes on", done.returncode == 3 and "iam:GetAccountSummary" in done.stdout, done)
    w.check("a hostile name is one line without control characters",
            len(done.stderr.splitlines()) == 1 and "\x1b" not in done.stderr and "\u202e" not in done.stderr, done)
    done = w.run("--format", "json", good, bad)
    answer = json.loads(done.stdout)
    w.check("JSON tells the same", done.returncode == 3 and not answer["complete"] and answer["files"] == 2
            and [r["outcome"] for r in answer["not_in_full"]] == ["error"] and not done.stderr, done)

    for without in ({}, {"output": None}):
        text = json.loads(SUMMARY)
        del text["output"]
        done = w.run(w.put("in/without.json", json.dumps({**text, **without})))
        w.check("an envelope without output is named", done.returncode == 3 and "without.json" in done.stderr + done.stdout
                and "no output" in done.stderr + done.stdout, done)

    path = w.folder / "exports.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{ACCOUNT}/eu-west-1/list-detectors.json", '{"DetectorIds": []}')
        archive.writestr("notes.txt", "hello")
    done = w.run(str(path))
    w.check("a zip is opened, and what is in it named by its place", done.returncode == 3 and "guardduty:ListDetectors" in done.stdout
            and "exports.zip!notes.txt: not-supported" in done.stderr, done)

    done = w.run(str(w.folder / "absent"))
    w.check("a path that is not there is named", done.returncode == 3 and "absent" in done.stderr and len(done.stderr.splitlines()) == 1, done)
    done = w.run(str(w.folder / "absent"), workspace="none")
    w.check("a path that is not there makes no workspace", done.returncode == 3 and done.stderr ==
            f"vigil: {w.folder}/absent: no such file or folder; check the path\n" and not (w.folder / "none").exists(), done)
    done = w.run()
    w.check("nothing to import is usage", done.returncode == 2, done)
    done = w.run("--script", good)
    w.check("--script takes no files", done.returncode == 2, done)
    done = w.run("--region", "nowhere", good)
    w.check("a region that is none is usage", done.returncode == 2, done)
    done = w.run("--script", "--role-name", "$(id)")
    w.check("a role name that is none is usage", done.returncode == 2, done)
    done = w.run("--script", "--role-name", "Audit")
    w.check("--script prints the script with the role", done.returncode == 0 and "role_name='Audit'" in done.stdout and "@ROLE" not in done.stdout, done)

    findings = {"Findings": [{"SchemaVersion": "2018-10-08", "Id": "f1", "GeneratorId": "g", "AwsAccountId": ACCOUNT,
                              "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/guardduty", "Title": "t", "Description": "d",
                              "Severity": {"Label": "HIGH"}, "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::b"}]}]}
    done = w.run(w.put("f.json", json.dumps(findings)))
    w.check("findings reach the hub", done.returncode == 0 and "1 finding (1 new, 0 resolved)" in done.stdout, done)
    findings["Findings"][0]["RecordState"] = "ARCHIVED"
    done = w.run(w.put("f.json", json.dumps(findings)))
    w.check("an archived one resolves", done.returncode == 0 and "1 finding (0 new, 1 resolved)" in done.stdout, done)

    for i in range(40):
        w.put(f"many/{i:02}/a.json", envelope("guardduty:ListDetectors", {"DetectorIds": [str(i)]}, account=f"{i:012}"))
    one, two = (w.run("--threads", n, "--format", "json", str(w.folder / "many"), workspace=f"ws{n}") for n in "14")
    w.check("the number of threads changes no byte", one.returncode == 0 and one.stdout == two.stdout, two)

    shutil.rmtree(w.folder)
    print(f"1..{len(w.results)}")
    for i, (name, ok) in enumerate(w.results, 1):
        print(f"{'ok' if ok else 'not ok'} {i} - {name}")
    return 0 if all(ok for _, ok in w.results) else 1


sys.exit(main())
