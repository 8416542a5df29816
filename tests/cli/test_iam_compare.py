#!/usr/bin/env python3
"""vigil iam compare and minify as a user meets them: files, batches, formats, exit codes."""
import json
import os
import subprocess
import sys
import tempfile

VIGIL = os.environ.get("VIGIL", "build/vigil")
ALLOW = {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"],
         "Resource": ["arn:aws:s3:::books", "arn:aws:s3:::books/*"]}
DENY = {"Sid": "Keep", "Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"}


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


OLD = policy(ALLOW, DENY)
WIDER = policy({**ALLOW, "Action": ["s3:Get*", "s3:ListBucket"]}, DENY)
BUCKET = policy({"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject",
                 "Resource": "arn:aws:s3:::books/*"})
PUBLIC = policy({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::books/*"})


def run(*args, stdin="", folder=None):
    done = subprocess.run([os.path.abspath(VIGIL), "iam", *args], input=stdin, capture_output=True, text=True,
                          check=False, cwd=folder)
    return done.returncode, done.stdout, done.stderr


def write(folder, **files):
    for name, content in files.items():
        with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as f:
            f.write(content if isinstance(content, str) else json.dumps(content))


def no_new_access_exits_0(folder):
    write(folder, old=OLD, new=policy(DENY, {**ALLOW, "Action": "s3:ListBucket"},
                                      {**ALLOW, "Sid": "Get", "Action": "s3:GetObject"}))
    code, out, err = run("compare", "old.json", "new.json", folder=folder)
    assert code == 0 and out.startswith("no: ") and err == "", (code, out, err)


def new_access_exits_1_and_shows_request_and_statements(folder):
    write(folder, old=json.dumps(OLD, indent=1), new=json.dumps(WIDER, indent=1))
    code, out, err = run("compare", "old.json", "new.json", folder=folder)
    assert code == 1 and err == "", (code, out, err)
    for text in ("yes: ", "principal ", "action     s3:Get", "resource   arn:aws:s3:::books", "statement 1 (Read), new.json:4:3",
                 "no statement allows this action"):
        assert text in out, (text, out)


def the_reason_of_old_is_told(folder):
    narrow = {**ALLOW, "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}
    elsewhere = {**ALLOW, "Resource": "arn:aws:s3:::other/*"}
    for old, expected in ((policy(narrow), "under other conditions"), (policy(elsewhere), "on other resources"),
                          (policy(ALLOW, {**DENY, "Action": "s3:*"}), "denied by statement 2 (Keep), old.json")):
        write(folder, old=old, new=policy(ALLOW))
        code, out, _ = run("compare", "old.json", "new.json", folder=folder)
        assert code == 1 and expected in out, (expected, out)
    write(folder, old=BUCKET, new=PUBLIC)
    code, out, _ = run("compare", "old.json", "new.json", folder=folder)
    assert code == 1 and "for another principal" in out, out


def json_gives_the_witness_as_a_request(folder):
    write(folder, old=OLD, new=WIDER)
    code, out, _ = run("compare", "old.json", "new.json", "--format", "json", folder=folder)
    answer = json.loads(out)
    assert code == 1 and answer["result"] == "yes" and answer["allowedBy"] == 0 and answer["deniedBy"] is None, answer
    # The engine decides it: allowed by NEW, not by OLD.
    requests = [{"id": name, "request": answer["witness"], "identityPolicies": [{"name": name, "policy": document}]}
                for name, document in (("old", OLD), ("new", WIDER))]
    code, out, err = run("can", "--requests", "-", stdin="".join(json.dumps(r) + "\n" for r in requests))
    results = [json.loads(line)["result"] for line in out.splitlines()]
    assert results == ["ImplicitlyDenied", "Allowed"], (results, err)


def what_aws_refuses_is_refused_with_place_and_rule(folder):
    write(folder, old=OLD, bad='{"Version":"2012-10-17",\n "Statement":[{"Effect":"allow","Action":"s3:*","Resource":"*"}]}',
          broken='{"Statement":')
    for pair in (("old.json", "bad.json"), ("bad.json", "old.json")):
        code, out, err = run("compare", *pair, folder=folder)
        assert code == 3 and out == "" and "bad.json:2:25" in err and "INVALID_EFFECT" in err, (code, out, err)
    code, out, err = run("compare", "old.json", "broken.json", folder=folder)
    assert code == 3 and "JSON_SYNTAX_ERROR" in err and "broken.json:1:" in err, (code, err)
    code, out, err = run("compare", "old.json", "missing.json", folder=folder)
    assert code == 3 and "missing.json" in err, (code, err)


def maybe_exits_3_and_says_why(folder):
    def with_user(text):
        return policy({**ALLOW, "Principal": {"CanonicalUser": text}})
    write(folder, old=with_user("a" * 64), new=with_user("b" * 64))
    code, out, err = run("compare", "old.json", "new.json", folder=folder)
    assert code == 3 and out.startswith("maybe") and "not decided" in err, (code, out, err)


def kinds_are_guessed_or_given(folder):
    write(folder, old=policy(DENY), new=policy({**DENY, "Action": "s3:DeleteBucket"}), bucket=BUCKET, public=PUBLIC)
    code, _, _ = run("compare", "old.json", "new.json", folder=folder)
    assert code == 0, "an identity policy that only denies allows nothing"
    code, _, _ = run("compare", "--kind", "scp", "old.json", "new.json", folder=folder)
    assert code == 1, "an SCP that only denies stands beside FullAWSAccess"
    code, out, err = run("compare", "-", "public.json", stdin=json.dumps(BUCKET), folder=folder)
    assert code == 1 and err == "", "standard input is read once, whatever its kind turns out to be"
    code, out, _ = run("compare", "bucket.json", "public.json", "--format", "json", folder=folder)
    assert code == 1 and json.loads(out)["kind"] == "resource", out


def pairs_are_answered_in_order(folder):
    pairs = [{"id": "same", "old": OLD, "new": OLD}, {"id": 2, "old": OLD, "new": WIDER}, {"old": WIDER, "new": OLD},
             {"id": "text", "old": json.dumps(OLD), "new": json.dumps(WIDER)},
             {"id": "scp", "kind": "scp", "old": policy(DENY), "new": policy({**DENY, "Action": "s3:DeleteBucket"})}] * 300
    text = "".join(json.dumps(p) + "\n" for p in pairs)
    write(folder, pairs=text)
    code, out, err = run("compare", "--pairs", "pairs.json", folder=folder)
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 1 and err == "" and len(answers) == len(pairs), (code, err, len(answers))
    for pair, answer, result in zip(pairs, answers, ["no", "yes", "no", "yes", "yes"] * 300):
        assert answer["id"] == pair.get("id") and answer["result"] == result, (pair, answer)
        assert (answer["witness"] is not None) == (result == "yes"), answer
    code, again, _ = run("compare", "--pairs", "-", "--threads", "1", stdin=text, folder=folder)
    assert code == 1 and again == out, "the number of threads changes nothing"
    code, _, _ = run("compare", "--pairs", "-", stdin=json.dumps(pairs[0]), folder=folder)
    assert code == 0, "the last line needs no line break"


def a_bad_line_costs_itself(folder):
    bad = policy({**ALLOW, "Effect": "allow"})
    lines = [json.dumps({"id": 1, "old": OLD, "new": OLD}), "{nope", json.dumps({"id": 3, "old": OLD}),
             json.dumps({"id": 4, "old": OLD, "new": bad}), json.dumps({"id": 5, "kind": "x", "old": OLD, "new": OLD}), "",
             json.dumps({"id": 6, "old": OLD, "new": OLD})]
    code, out, err = run("compare", "--pairs", "-", stdin="\n".join(lines), folder=folder)
    answers = {a["id"]: a for a in map(json.loads, out.splitlines())}
    assert code == 3, (code, err)
    assert [a["result"] for a in answers.values()] == ["no", "maybe", "maybe", "maybe", "no"], answers
    assert "INVALID_EFFECT" in answers[4]["reason"] and "new" in answers[3]["reason"], answers
    for number in (2, 3, 4, 5):
        assert f"standard input:{number}" in err, (number, err)


def wrong_use_exits_2(folder):
    for args in (("compare",), ("compare", "a.json"), ("compare", "a.json", "b.json", "--pairs", "c"),
                 ("compare", "--kind", "none", "a", "b"), ("minify",)):
        code, _, err = run(*args, folder=folder)
        assert code == 2 and err, (args, code)


def an_scp_is_minified_to_what_means_the_same(folder):
    deny = {"Sid": "A", "Effect": "Deny", "Action": ["ec2:RunInstances", "ec2:Run*"], "Resource": ["*"]}
    write(folder, scp=json.dumps({"Version": "2012-10-17", "Id": "x", "Statement": [
        deny, {"Sid": "B", "Effect": "Deny", "Action": ["s3:DeleteBucket"], "Resource": "*"}]}, indent=2))
    code, out, err = run("minify", "scp.json", folder=folder)
    assert code == 0 and "it fits" in err and "of 10240" in err, (code, err)
    assert json.loads(out) == {"Version": "2012-10-17", "Statement": {
        "Effect": "Deny", "Action": ["ec2:Run*", "s3:DeleteBucket"], "Resource": "*"}}, out
    write(folder, less=out)
    for pair in (("scp.json", "less.json"), ("less.json", "scp.json")):
        code, _, _ = run("compare", "--kind", "scp", *pair, folder=folder)
        assert code == 0, pair
    code, out, _ = run("minify", "--keep-sids", "scp.json", folder=folder)
    assert [s["Sid"] for s in json.loads(out)["Statement"]] == ["A", "B"], out


def what_does_not_fit_exits_1(folder):
    actions = [f"s3:Action{i}" for i in range(500)]
    write(folder, scp=policy({"Effect": "Deny", "Action": actions, "Resource": "*"}))
    code, out, err = run("minify", "--kind", "rcp", "scp.json", folder=folder)
    assert code == 3 and "MISSING_PRINCIPAL" in err, (code, err)
    code, out, err = run("minify", "--kind", "boundary", "scp.json", folder=folder)
    assert code == 1 and "does not fit" in err and len(json.loads(out)["Statement"]["Action"]) == 500, (code, err)


TESTS = [no_new_access_exits_0, new_access_exits_1_and_shows_request_and_statements, the_reason_of_old_is_told,
         json_gives_the_witness_as_a_request, what_aws_refuses_is_refused_with_place_and_rule, maybe_exits_3_and_says_why,
         kinds_are_guessed_or_given, pairs_are_answered_in_order, a_bad_line_costs_itself, wrong_use_exits_2,
         an_scp_is_minified_to_what_means_the_same, what_does_not_fit_exits_1]


def main():
    failed = False
    print(f"1..{len(TESTS)}")
    for number, test in enumerate(TESTS, 1):
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(folder)
                print(f"ok {number} - {test.__name__}")
            except Exception as e:  # pylint: disable=broad-except
                failed = True
                print(f"not ok {number} - {test.__name__}")
                print("\n".join("# " + line for line in repr(e).split("\\n")))
    sys.exit(failed)


if __name__ == "__main__":
    main()
