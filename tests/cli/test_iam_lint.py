#!/usr/bin/env python3
"""vigil iam lint as a user meets it: files, folders, exports, kinds, formats, levels, exit codes."""
import json
import os
import subprocess
import sys
import tempfile
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import case, equal, run as run_cases  # noqa: E402

VIGIL = os.path.abspath(os.environ.get("VIGIL", "build/vigil"))
TYPO = {"Effect": "Allow", "Action": "s3:GetObjects", "Resource": "*"}
PASS = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
FINE = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::books/*"}
TRUST = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def lint(*args, stdin="", files=None):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (files or {}).items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(content if isinstance(content, str) else json.dumps(content))
        done = subprocess.run([VIGIL, "iam", "lint", *args], input=stdin, capture_output=True, text=True, check=False,
                              cwd=folder)
    return done.returncode, done.stdout, done.stderr


def codes(out):
    return [f["issueCode"] for p in json.loads(out)["policies"] for f in p["findings"]]


@case
def a_finding_is_a_line_that_editors_follow():
    code, out, _ = lint("p.json", files={"p.json": json.dumps(policy(TYPO), indent=1)})
    assert code == 1, out
    assert out.startswith("p.json:6:14: error: The action s3:GetObjects does not exist. "
                          "Did you mean s3:GetObject? [INVALID_ACTION]\n    at Statement[0].Action\n"), out
    assert out.endswith("1 policy in 1 file: 1 error, 0 security warnings, 0 warnings, 0 suggestions.\n"), out


@case
def the_exit_code_is_the_gates():
    files = {"p.json": policy(PASS)}
    for level, expected in (("suggestion", 1), ("security-warning", 1), ("error", 0), ("never", 0)):
        equal(lint("--fail-on", level, "p.json", files=files)[0], expected, level)
    equal(lint("p.json", files={"p.json": policy(FINE)})[0], 0)
    equal(lint("none.json")[0], 3)
    equal(lint()[0], 2)
    equal(lint("--check", "NO_SUCH", "p.json", files=files)[0], 2)
    equal(lint("--format", "markdown", "p.json", files=files)[0], 2)


@case
def levels_and_codes_choose_what_is_shown():
    files = {"p.json": policy(PASS, TYPO, TYPO)}
    show = lambda *args: sorted(set(codes(lint("-f", "json", *args, "p.json", files=files)[1])))  # noqa: E731
    equal(show(), ["INVALID_ACTION", "PASS_ROLE_WITH_STAR_IN_RESOURCE", "REDUNDANT_STATEMENT"])
    equal(show("--min-level", "security-warning"), ["INVALID_ACTION", "PASS_ROLE_WITH_STAR_IN_RESOURCE"])
    equal(show("--check", "redundant-statement"), ["REDUNDANT_STATEMENT"])
    equal(show("--ignore", "INVALID_ACTION", "--ignore", "REDUNDANT_STATEMENT"), ["PASS_ROLE_WITH_STAR_IN_RESOURCE"])


@case
def json_has_the_form_of_validate_policys_answer():
    _, out, _ = lint("-f", "json", "p.json", files={"p.json": policy(PASS)})
    finding = json.loads(out)["policies"][0]["findings"][0]
    equal(finding["findingType"], "SECURITY_WARNING")
    assert finding["learnMoreLink"].endswith("security-warning-pass-role-with-star-in-resource"), finding
    equal(finding["locations"][0]["path"], [{"value": "Statement"}, {"index": 0}, {"value": "Action"}])
    text = json.dumps(policy(PASS))
    at = text.index('"iam:PassRole"')
    equal(finding["locations"][0]["span"], {"start": {"line": 1, "column": at, "offset": at},
                                            "end": {"line": 1, "column": at + 14, "offset": at + 14}})
    equal(json.loads(out)["totals"]["SECURITY_WARNING"], 1)


@case
def sarif_names_rules_and_regions():
    _, out, _ = lint("-f", "sarif", "a b.json", files={"a b.json": policy(PASS, TYPO)})
    run = json.loads(out)["runs"][0]
    equal([r["ruleId"] for r in run["results"]], ["PASS_ROLE_WITH_STAR_IN_RESOURCE", "INVALID_ACTION"])
    equal([r["level"] for r in run["results"]], ["warning", "error"])
    place = run["results"][1]["locations"][0]["physicalLocation"]
    equal(place["artifactLocation"]["uri"], "a%20b.json")
    equal(place["region"]["startLine"], 1)
    equal(sorted(r["id"] for r in run["tool"]["driver"]["rules"]), ["INVALID_ACTION", "PASS_ROLE_WITH_STAR_IN_RESOURCE"])


@case
def policies_are_found_in_what_aws_answers_with():
    for name, document in {
            "get-policy-version": {"PolicyVersion": {"Document": policy(TYPO)}},
            "get-bucket-policy": {"Policy": json.dumps(policy(TYPO))},
            "describe-policy": {"Policy": {"PolicySummary": {}, "Content": json.dumps(policy(TYPO))}},
            "url-encoded": {"PolicyDocument": urllib.parse.quote(json.dumps(policy(TYPO)))},
            "authorization-details": {"UserDetailList": [{"UserPolicyList": [{"PolicyDocument": policy(TYPO)}]}]},
            "lines": json.dumps({"document": policy(FINE)}) + "\n" + json.dumps({"document": policy(TYPO)}) + "\n"}.items():
        code, out, err = lint("-f", "json", "x.json", files={"x.json": document})
        equal((code, codes(out)), (1, ["INVALID_ACTION"]), name + err)


@case
def lines_of_jsonl_are_counted():
    text = json.dumps(policy(FINE)) + "\n\n" + json.dumps(policy(TYPO)) + "\n"
    _, out, _ = lint("x.jsonl", files={"x.jsonl": text})
    assert out.startswith("x.jsonl:3:"), out
    assert "2 policies in 1 file" in out, out


@case
def standard_input_and_yaml_are_read():
    equal(codes(lint("-f", "json", "-", stdin=json.dumps(policy(TYPO)))[1]), ["INVALID_ACTION"])
    text = "Version: '2012-10-17'\nStatement:\n- Effect: Allow\n  Action: s3:GetObjects\n  Resource: '*'\n"
    _, out, _ = lint("p.yaml", files={"p.yaml": text})
    assert out.startswith("p.yaml:4:11: error:"), out


@case
def kinds_are_told_or_given():
    def kinds(files, *args):
        out = lint("-f", "json", *args, ".", files=files)[1]
        return [p["kind"] for p in json.loads(out)["policies"]]
    equal(kinds({"a.json": policy(FINE), "scps/b.json": policy(FINE), "team-boundary.json": policy(FINE),
                 "trusted/c.json": policy(FINE)}), ["identity", "scp", "boundary", "identity"])
    equal(kinds({"a.json": policy(TRUST), "rcp.json": policy({**FINE, "Principal": "*"}),
                 "x.json": policy({**FINE, "Principal": "*"})}), ["trust", "rcp", "resource"])
    equal(kinds({"a.json": {"AssumeRolePolicyDocument": policy(TRUST)}}), ["trust"])
    equal(kinds({"a.json": policy(FINE)}, "--kind", "scp"), ["scp"])


@case
def obsolete_checks_are_raised_on_request():
    files = {"p.json": policy({"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::b"})}
    equal(codes(lint("-f", "json", "--kind", "scp", "p.json", files=files)[1]), [])
    equal(codes(lint("-f", "json", "--kind", "scp", "--obsolete", "p.json", files=files)[1]), ["SCP_SYNTAX_ERROR_NOTRESOURCE"])


@case
def what_is_no_policy_is_told_or_passed_over():
    code, out, _ = lint("p.json", files={"p.json": '{"Version": "2012-10-17", "Statement": [}'})
    assert code == 3 and "p.json:1:41: error:" in out and "[JSON_SYNTAX_ERROR]" in out, (code, out)
    code, out, _ = lint("p.json", files={"p.json": "{}"})
    assert code == 1 and "[MISSING_STATEMENT]" in out, (code, out)
    code, out, _ = lint(".", files={"package.json": "{}", "notes.txt": "x", "p.json": policy(FINE)})
    assert code == 0 and out.startswith("1 policy in 1 file"), (code, out)


@case
def templates_with_functions_are_not_taken_for_checked():
    template = {"Resources": {"P": {"Properties": {"PolicyDocument": policy({**FINE, "Resource": {"Ref": "B"}})}},
                              "Q": {"Properties": {"PolicyDocument": policy(TYPO)}}}}
    code, out, err = lint("t.json", files={"t.json": template})
    assert code == 1 and "[INVALID_ACTION]" in out and "1 policy holds functions of a template" in err, (code, out, err)
    assert "2 policies in 1 file" in out, out
    # what the rest of the policy says is told, at its place; what hangs on the value is not
    ref, sub = {"Ref": "B"}, {"Fn::Sub": "arn:aws:s3:::${B}/*"}
    rows = ((policy({**TYPO, "Resource": ref}), ["INVALID_ACTION"], 1), (policy({**TYPO, "Resource": [sub, "arn:aws:s3:::b/*"]}), ["INVALID_ACTION"], 1),
            (policy({**FINE, "Resource": sub}), [], 0), (policy({**FINE, "Resource": {"Fn::If": ["C", sub, {"Ref": "AWS::NoValue"}]}}), [], 0),
            (policy({**FINE, "Resource": ref, "Effect": "Alow"}), ["INVALID_EFFECT"], 1),
            (policy({**FINE, "Resource": "arn:aws:s3:::b/*", "Condition": {"IpAddress": {"aws:SourceIp": ref}}}), [], 0),
            (policy({**FINE, "Resource": "arn:aws:s3:::b/*", "Condition": {"IpAddres": {"aws:SourceIp": [ref, "10.0.0.0/8"]}}}), ["INVALID_CONDITION_OPERATOR"], 1),
            (policy({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Sid": ref}), ["PASS_ROLE_WITH_STAR_IN_RESOURCE"], 1),
            (policy({"Effect": "Allow", "Action": "iam:PassRole", "Resource": ref}), [], 0),
            (policy({"Effect": "Allow", "Principal": {"AWS": ref}, "Action": "sts:AssumeRole"}), [], 0))
    rows += ((policy({"Effect": "Allow", "Principal": {"Service": ref}, "Action": "sts:AssumeRole"}), [], 0),
             (policy({"Effect": "Allow", "Principal": {"Service": ref, "Federated": ref, "AWS": ref}, "Action": "sts:AssumeRole"}), [], 0))
    for document, codes, exit_code in rows:
        code, out, err = lint("t.json", "-f", "json", files={"t.json": {"Resources": {"P": {"PolicyDocument": document}}}})
        equal((code, [f["issueCode"] for p in json.loads(out)["policies"] for f in p["findings"] if f["findingType"] in ("ERROR", "SECURITY_WARNING")]), (exit_code, codes), document)
        assert "whatever they come to" in err, err
    # "*" would make what stands beside it redundant
    code, out, err = lint("t.json", "-f", "json", files={"t.json": {"P": policy({**FINE, "Resource": [ref, "arn:aws:s3:::b/*"]})}})
    equal((code, [f for p in json.loads(out)["policies"] for f in p["findings"]]), (0, []))
    code, out, err = lint("t.json", "-f", "json", files={"t.json": {"P": policy({**FINE, "Resource": ref}, {**FINE, "Resource": "*"})}})
    equal((code, [f["issueCode"] for p in json.loads(out)["policies"] for f in p["findings"]]), (0, []))
    yaml = "Resources:\n  P:\n    PolicyDocument:\n      Version: '2012-10-17'\n      Statement:\n        - Effect: Allow\n          Action: 's3:GetObjekt'\n          Resource: !Sub '${B.Arn}/*'\n"
    code, out, _ = lint("t.yaml", files={"t.yaml": yaml})
    assert code == 1 and ":7:19: error:" in out, out
    # where a function stands for actions, statements or conditions, nothing is told
    for document in (policy({**FINE, "Action": ref}), policy({**FINE, "Effect": ref}), policy({"Fn::If": ["C", FINE, FINE]}), policy({**FINE, "Condition": ref}),
                     policy({**FINE, "Condition": {"StringEquals": ref}})):
        code, out, err = lint("t.json", files={"t.json": {"Resources": {"P": {"PolicyDocument": document}, "Q": {"PolicyDocument": policy(TYPO)}}}})
        assert code == 3 and "1 policy in 1 file" in out and "1 policy holds functions of a template" in err and ": not checked" in err, (document, code, out, err)


@case
def control_characters_do_not_reach_the_terminal():
    _, out, _ = lint("p.json", files={"p.json": policy({**FINE, "Action": "s3:\u001b[31mGet"})})
    assert "\x1b" not in out and "INVALID_ACTION" in out, out


@case
def checks_are_listed_and_explained():
    code, out, _ = lint("--list", "-f", "json")
    listed = json.loads(out)
    equal((code, len(listed)), (0, 178))
    equal(sum(c["obsolete"] for c in listed), 5)
    equal([c["issueCode"] for c in listed if not c["issueCode"].startswith("VG_")],
          sorted(c["issueCode"] for c in listed if not c["issueCode"].startswith("VG_")))
    code, out, _ = lint("--explain", "vg-anyone")
    assert code == 0 and out.startswith("VG_ANYONE (security warning)\n"), out
    equal(lint("--explain", "nothing")[0], 2)


run_cases()
