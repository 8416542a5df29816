#!/usr/bin/env python3
"""vigil control: eval, test and list as a user meets them: files, folders, formats, exit codes."""
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

VIGIL = os.environ.get("VIGIL", "build/vigil")
RULES = """let buckets = Resources.*[ Type == 'AWS::S3::Bucket' ]
rule bucket_named when %buckets !empty {
  %buckets.Properties.BucketName == /^ok-/ <<name it ok->>
}
rule always { Resources exists }
"""
GOOD = "Resources:\n  b: {Type: AWS::S3::Bucket, Properties: {BucketName: ok-1}}\n"
BAD = "Resources:\n  b:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: \"no\\e[31m\"\n"
TESTS = """- name: good
  input: {Resources: {b: {Type: AWS::S3::Bucket, Properties: {BucketName: ok-2}}}}
  expectations: {rules: {bucket_named: PASS}}
- name: none
  input: {Resources: {}}
  expectations: {rules: {bucket_named: FAIL}}
"""


def run(*args, stdin=""):
    done = subprocess.run([VIGIL, "control", *args], input=stdin, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def test_table(folder):
    rules, good, bad = write(folder, "r/a.guard", RULES), write(folder, "d/good.yaml", GOOD), write(folder, "d/sub/bad.yml", BAD)
    write(folder, "d/notes.txt", "no document")
    code, out, _ = run("eval", "--rules", rules, "--data", good)
    assert code == 0 and "good.yaml: PASS (2 passed, 0 failed, 0 skipped)" in out, (code, out)
    code, out, _ = run("eval", "-r", os.path.join(folder, "r"), "-d", os.path.join(folder, "d"))
    assert code == 1 and "2 documents, 2 rules each: 3 passed, 1 failed, 0 skipped" in out, (code, out)
    assert "/Resources/b/Properties/BucketName" in out and "bad.yml:5:19" in out and "name it ok-" in out, out
    assert "\x1b" not in out, "control characters reach the terminal"
    code, out, _ = run("eval", "-r", rules, "-d", bad, "--fail-on", "none", "--all")
    assert code == 0 and "PASS  always" in out, (code, out)


def test_formats(folder):
    rules, bad = write(folder, "a.guard", RULES), write(folder, "bad.yml", BAD)
    code, out, _ = run("eval", "-r", rules, "-d", bad, "-f", "json")
    report = json.loads(out)
    rule = report["documents"][0]["rules"][0]
    assert code == 1 and report["failed"] == 1 and rule["status"] == "FAIL", report
    assert rule["violations"][0]["path"] == "/Resources/b/Properties/BucketName", rule
    assert rule["violations"][0]["expected"] == ["/^ok-/"] and rule["violations"][0]["line"] == 5, rule
    code, out, _ = run("eval", "-r", rules, "-d", bad, "-f", "sarif")
    assert code == 1 and len(json.loads(out)["runs"][0]["results"]) == 1, out
    code, out, _ = run("eval", "-r", rules, "-d", bad, "-f", "junit")
    cases = xml.etree.ElementTree.fromstring(out).findall(".//testcase[failure]")
    assert code == 1 and [case.get("name") for case in cases] == [bad], out


def test_input(folder):
    rules = write(folder, "a.guard", RULES)
    code, out, _ = run("eval", "-r", rules, stdin=GOOD)
    assert code == 0 and "-: PASS" in out, (code, out)
    parameters = write(folder, "p.yaml", "Limit: 3\n")
    limit = write(folder, "l.guard", "rule t { Limit == 3\n Resources exists }\n")
    code, out, _ = run("eval", "-r", limit, "-d", write(folder, "g.yaml", GOOD), "-i", parameters)
    assert code == 0 and "1 passed" in out, (code, out)
    code, _, err = run("eval", "-r", limit, "-d", write(folder, "h.yaml", "Limit: 4\n"), "-i", parameters)
    assert code == 3 and "Limit" in err, (code, err)
    clock = write(folder, "n.guard", "rule t { let n = now()\n %n == 1767225600 }\n")
    code, out, err = run("eval", "-r", clock, "--now", "2026-01-01T00:00:00Z", stdin=GOOD)
    assert code == 0, (code, out, err)


def test_broken(folder):
    good_rules, broken = write(folder, "r/a.guard", RULES), write(folder, "r/b.guard", "rule t {\n  x ==\n}\n")
    good = write(folder, "good.yaml", GOOD)
    code, out, err = run("eval", "-r", os.path.dirname(broken), "-d", good)
    assert code == 3 and "b.guard:3:1:" in err and "2 passed" in out, (code, out, err)
    code, out, err = run("eval", "-r", good_rules, "-d", write(folder, "x.yaml", "a: [\n"), "-d", good)
    assert code == 3 and "x.yaml" in err and "1 document," in out, (code, out, err)
    code, _, err = run("eval", "-r", os.path.join(folder, "absent.guard"), "-d", good)
    assert code == 3 and "absent.guard" in err, (code, err)
    code, out, _ = run("eval", "-r", write(folder, "e.guard", "rule t { Resources.b.Properties.BucketName.x == %nope }\n"), "-d", good)
    assert code == 3 and "ERROR" in out and "%nope" in out, (code, out)
    assert run("eval", "-d", good)[0] == 2
    empty = os.path.join(folder, "empty")
    os.mkdir(empty)
    code, _, err = run("eval", "-r", good_rules, "-d", empty)
    assert code == 3 and "no documents to evaluate" in err, (code, err)


def test_unit_tests(folder):
    write(folder, "a.guard", RULES)
    write(folder, "a_long.guard", "rule t { Resources exists }\n")
    write(folder, "tests/a_tests.yml", TESTS)
    write(folder, "tests/a_long_tests.yaml", "- input: {Resources: {}}\n  expectations: {rules: {t: PASS}}\n")
    code, out, _ = run("test", folder)
    assert code == 1 and out.splitlines()[-1] == "2 passed, 1 failed", (code, out)
    assert "a_tests.yml:4: none: bucket_named: expected FAIL, got SKIP" in out, out
    beside = write(folder, "s/b.guard", RULES)
    tests = write(folder, "s/b-tests.json", json.dumps([{"input": {"Resources": {}}, "expectations": {"rules": {"always": "PASS"}}}]))
    code, out, _ = run("test", os.path.join(folder, "s"), "--verbose")
    assert code == 0 and out.splitlines()[-1] == "1 passed, 0 failed" and out.startswith("ok "), (code, out)
    code, out, _ = run("test", "-r", beside, "-t", tests)
    assert code == 0 and out == "1 passed, 0 failed\n", (code, out)
    code, _, err = run("test", "-r", beside, "-t", write(folder, "c.yaml", "x: 1\n"))
    assert code == 3 and "c.yaml" in err, (code, err)
    code, out, err = run("test", os.path.dirname(write(folder, "untested/d.guard", RULES)))
    assert code == 3 and out == "0 passed, 0 failed\n" and "no tests were found" in err, (code, out, err)
    assert run("test")[0] == 2 and run("test", folder, "-r", beside, "-t", tests)[0] == 2


def test_list(folder):
    rules = write(folder, "a.guard", RULES)
    code, out, _ = run("list", rules)
    assert code == 0 and out == f"{rules}:2: bucket_named\n{rules}:5: always\n", (code, out)


def test_threads(folder):
    rules = write(folder, "a.guard", RULES)
    for i in range(40):
        write(folder, f"d/{i:02d}.yaml", BAD if i % 3 else GOOD)
    one, two = (run("eval", "-r", rules, "-d", os.path.join(folder, "d"), "-f", "json", "--threads", n)[1] for n in ("1", "4"))
    assert one == two and json.loads(one)["failed"] == 26, one[:300]


def main():
    tests = [value for name, value in sorted(globals().items()) if name.startswith("test_")]
    print(f"1..{len(tests)}")
    failed = 0
    for number, test in enumerate(tests, 1):
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(folder)
                print(f"ok {number} - control {test.__name__[5:]}")
            except Exception as problem:  # a test tells what it met, and the next one runs
                failed = 1
                print(f"not ok {number} - control {test.__name__[5:]}")
                print("# " + f"{type(problem).__name__}: {problem}"[:1500].replace("\n", "\n# "))
    return failed


if __name__ == "__main__":
    sys.exit(main())
