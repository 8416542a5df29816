#!/usr/bin/env python3
"""What hostile and unlucky users give to the commands about policies: `vigil iam`, `vigil org`. Prints TAP.

Each gets one clear line that says what, where and what to do, an exit code of the design, a bounded time, and never a
wrong "Allowed" or "no". docs/coverage/policy-bad-input.md has the rows."""
import gzip
import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from bad_world import DRIVES, HOME, MANAGEMENT, MEMBER, account, envelope, organization, unit, vigil  # noqa: E402
from tap import case, equal, run  # noqa: E402

# Seconds for 10 MB. A release build on a quiet machine needs less than 5; sanitizers and neighbours take their part.
PATIENCE = 120
QUICK = os.environ.get("VIGIL_QUICK")  # under `./test --quick`, a few of what is large, and a tenth of each
SHARE = 10 if QUICK else 1
USER = f"arn:aws:iam::{MEMBER}:user/u"
ALLOW = {"Effect": "Allow", "Action": "*", "Resource": "*"}
DENY = {**ALLOW, "Effect": "Deny"}
HOSTILE = "\x1b[31m=cmd()\n\u202egpj\x07"
FOLDER = HOME / "policies"
FOLDER.mkdir()


def policy(*statements, **more):
    return {"Version": "2012-10-17", "Statement": list(statements), **more}


def file_of(name, content):
    place = FOLDER / name
    text = content if isinstance(content, (bytes, str)) else json.dumps(content)
    place.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return place


def timed(*words, **options):
    """As vigil, and its answer within PATIENCE; standard output must not drive a terminal."""
    start = time.monotonic()
    done = vigil(*map(str, words), **options)
    assert time.monotonic() - start < PATIENCE, (words, time.monotonic() - start)
    if done.stdout is not None:
        done.text = done.stdout.decode("utf-8")
        assert not DRIVES.search(done.text), repr(done.text[:2000])
    return done


SMALL = file_of("small.json", policy({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}))


# ---- requests --------------------------------------------------------------------------------------------------------

def request(context=None, identity=None, **fields):
    return {"id": 1, "request": {"principal": USER, "action": "s3:GetObject", "resource": {"resource": "arn:aws:s3:::b/k"},
                                 "contextVariables": context or {}},
            "identityPolicies": [policy(ALLOW)] if identity is None else identity, **fields}


def changed(path, value, **fields):
    one = request(**fields)
    *folders, name = path.split("/")
    place = one
    for folder in folders:
        place = place.setdefault(folder, {})
    place[name] = value
    return one


def decide(*requests):
    text = b"\n".join(r if isinstance(r, bytes) else json.dumps(r).encode() for r in requests) + b"\n"
    source = HOME / "requests.jsonl"
    source.write_bytes(text)
    with open(source, "rb") as stdin:
        done = timed("iam", "can", "--requests", "-", stdin=stdin)
    return done, [json.loads(line) for line in done.text.splitlines()]


REFUSED = [
    ("context_is_text", changed("request/contextVariables", "x"), "context must be an object"),
    ("context_is_a_number", changed("request/contextVariables", 5), "context must be an object"),
    ("context_is_a_list", changed("request/contextVariables", [{"aws:x": "y"}]), "context must be an object"),
    ("context_value_is_an_object", request({"aws:x": {"a": 1}}), "must be text or a list of texts"),
    ("context_value_is_a_list_of_lists", request({"aws:x": [["a"]]}), "must be text or a list of texts"),
    ("context_key_twice", json.dumps(request({"aws:x": "a", "aws:y": "b"})).replace("aws:y", "aws:x").encode(), "given twice"),
    ("context_key_twice_but_for_case", request({"aws:SourceVpc": "a", "AWS:SOURCEVPC": "b"}), "given twice"),
    ("account_is_a_number", changed("request/resource/accountId", 999999999999), "12 digits in quotes"),
    ("account_is_a_list", changed("request/resource/accountId", ["1"]), "12 digits in quotes"),
    ("resource_is_a_number", changed("request/resource", 5), "needs a resource"),
    ("resource_is_null", changed("request/resource", None), "needs a resource"),
    ("principal_is_a_number", changed("request/principal", 5), "needs a principal"),
    ("principal_of_unknown_type", changed("request/principal", {"type": "Martian"}), "needs a principal"),
    ("action_is_a_list", changed("request/action", ["s3:GetObject"]), "needs an action"),
    ("action_without_service", changed("request/action", "GetObject"), "a service, a colon and a name"),
    ("action_with_a_wildcard", changed("request/action", "s3:Get*"), "without wildcards"),
    ("wildcard_only_is_text", changed("wildcardOnlyAction", "true"), "must be true or false"),
    ("block_public_access_is_text", changed("additionalSettings/s3/blockPublicAccess", "true"), "must be true or false"),
    ("settings_are_a_list", changed("additionalSettings", []), "must be an object"),
    ("identity_policies_are_an_object", changed("identityPolicies", policy(ALLOW)), "policies must be a list"),
    ("boundaries_are_text", changed("permissionBoundaryPolicies", "none"), "policies must be a list"),
    ("scps_are_an_object", changed("serviceControlPolicies", {}), "must be a list"),
    ("rcp_level_is_a_document", changed("resourceControlPolicies", [policy(DENY)]), "an object with a list of policies"),
    ("scp_level_is_a_number", changed("serviceControlPolicies", [5]), "an object with a list of policies"),
    ("action_of_64_KB", changed("request/action", "s3:" + "a" * 65536), "AWS has none over 1024"),
    ("resource_of_64_KB", changed("request/resource/resource", "arn:aws:s3:::" + "a" * 65536), "AWS has none over 8192"),
    ("principal_of_1_MB", changed("request/principal", USER + "u" * 1000000), "AWS has none over 8192"),
    ("context_value_of_64_KB", request({"aws:x": "a" * 65536}), "AWS has none over 8192"),
    ("nested_1100_levels_deep", b'{"id":1,"request":' + b"[" * 1100 + b"]" * 1100 + b"}", "nested deeper"),
    ("truncated", json.dumps(request()).encode()[:100], "cut off"),
    ("nul_in_a_string", json.dumps(request()).encode().replace(b"s3:GetObject", b"s3:Get\0Object"), "control character"),
    ("not_utf8", json.dumps(request()).encode().replace(b"s3:GetObject", b"s3:Get\xffObject"), "not well-formed UTF-8"),
    ("text", b"Allow everything", "standard input:1"),
    ("a_number", b"5", "must be an object"),
    ("a_list", b"[]", "must be an object"),
    ("null", b"null", "must be an object"),
    ("utf16", "\ufeff{}".encode("utf-16-le"), "standard input:1"),
]


WORST = [  # (name, the request): what takes more steps than a decision has is unknown
    ("resources_of_10_MB", changed("request/resource/resource", "arn:aws:s3:::" + "a" * 8000, identity=[policy(
        ALLOW, {**DENY, "Resource": [f"arn:aws:s3:::*{'a' * 4000}?b{i}*z" for i in range(2400)]})])),
    ("actions_of_10_MB", changed("request/action", "s3:" + "a" * 1000, identity=[policy(
        ALLOW, {**DENY, "Action": [f"s3:*{'a' * 500}?b{i}*" for i in range(19000)]})])),
    ("lists_of_10_MB", request({"aws:x": ["a" * 80 + str(i) for i in range(50000)]}, [policy(ALLOW, {
        **DENY, "Condition": {"ForAnyValue:StringLike": {"aws:x": [f"*{'a' * 50}?b{i}*" for i in range(50000)]}}})])),
]


@case
def patterns_that_would_cost_minutes_are_unknown_and_every_line_has_its_answer():
    done, answers = decide(*[one for _, row in WORST for one in (row, request())])
    equal((done.returncode, [a["result"] for a in answers]), (0, ["Unknown", "Allowed"] * len(WORST)))


@case
def a_line_that_cannot_be_read_as_meant_is_refused_and_the_rest_goes_on():
    for name, line, pattern in REFUSED:
        done, answers = decide(request(), line, request())
        equal(done.returncode, 3, name)
        equal([a["result"] for a in answers], ["Allowed", "Allowed"], name)
        lines = [one for one in done.lines if "standard input:2" in one or name == "utf16"]
        assert lines and len(done.lines) <= 2, (name, done.lines)
        assert re.search(pattern.replace("input:1", "input:2"), done.lines[0]), (name, done.lines)


INVALID = [  # (name, the document)
    ("statement_twice", '{"Version":"2012-10-17","Statement":[%s],"Statement":[%s]}' % (json.dumps(DENY), json.dumps(ALLOW))),
    ("effect_twice", '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}]}'),
    ("action_twice", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:b","Action":"*","Resource":"*"}]}'),
    ("condition_twice", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*",'
     '"Condition":{"Null":{"a:b":"false"}},"Condition":{"Null":{"a:b":"true"}}}]}'),
    ("operator_twice", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*",'
     '"Condition":{"Null":{"a:b":"true"},"Null":{"a:c":"true"}}}]}'),
    ("key_twice", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*",'
     '"Condition":{"Null":{"a:b":"true","a:b":"true"}}}]}'),
    ("seventeen_keys_and_one_twice", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*",'
     '"Condition":{"Null":{%s,"a:3":"true"}}}]}' % ",".join(f'"a:{i}":"true"' for i in range(17))),
    ("effect_in_lower_case", json.dumps(policy({**ALLOW, "Effect": "allow"}))),
    ("elements_in_lower_case", json.dumps(policy({"effect": "Allow", "action": "*", "resource": "*"}))),
    ("no_statement", json.dumps({"Version": "2012-10-17"})),
    ("a_list", "[]"), ("null", "null"), ("text", '"Allow"'), ("a_number", "5"), ("empty_object", "{}"),
    ("future_version", json.dumps({"Version": "2030-01-01", "Statement": [ALLOW]})),
    ("action_and_not_action", json.dumps(policy({**ALLOW, "NotAction": "a:b"}))),
    *[(f"{element}_is_{shown}", json.dumps(policy({**{k: v for k, v in ALLOW.items() if k != element[3:]}, element: value})))
      for element in ("Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Sid")
      for shown, value in (("a_number", 5), ("null", None), ("a_boolean", True), ("an_object", {"a": "*"}),
                           ("a_list_of_lists", [["*"]]))],
    *[(f"operator_holds_{shown}", json.dumps(policy({**ALLOW, "Condition": {"StringEquals": value}})))
      for shown, value in (("a_number", 5), ("null", None), ("text", "x"), ("a_list", []))],
    ("value_is_an_object", json.dumps(policy({**ALLOW, "Condition": {"StringEquals": {"a:b": {}}}}))),
    ("unknown_operator", json.dumps(policy({**ALLOW, "Condition": {"StringMatches": {"a:b": "c"}}}))),
    *[(f"{element}_{name}", json.dumps(policy({**{k: v for k, v in ALLOW.items() if k != element.removeprefix("Not")}, element: value})))
      for element in ("Action", "NotAction")
      for name, value in (("empty", []), ("without_service", "s3"), ("of_no_text", ""), ("with_two_colons", "s3:Get:Object"),
                          ("of_any_service", "*:GetObject"), ("of_a_broken_service", "s 3:Get*"))],
    *[(f"{element}_{name}", json.dumps(policy({**{k: v for k, v in ALLOW.items() if k != element.removeprefix("Not")}, element: value})))
      for element in ("Resource", "NotResource")
      for name, value in (("empty", []), ("that_is_no_ARN", "bucket"), ("of_no_text", ""), ("of_no_partition", "arn:amazon:s3:::b"),
                          ("of_a_partition_pattern", "arn:aws*:s3:::b"), ("of_any_service", "arn:aws:*:*:*:*"),
                          ("that_lacks_a_field", "arn:aws:s3::b"))],
    ("sid_with_a_space", json.dumps(policy({**ALLOW, "Sid": "read it"}))),
    ("id_is_a_number", json.dumps({"Id": 5, **policy(ALLOW)})),
    ("null_if_exists", json.dumps(policy({**ALLOW, "Condition": {"NullIfExists": {"a:b": "true"}}}))),
]


@case
def what_requests_report_as_invalid_lint_reports_as_errors_and_compare_and_minify_refuse():
    for name, text in list(INVALID)[:: 3 if QUICK else 1]:
        done, answers = decide(json.dumps(request(identity=["@"])).replace('"@"', text).encode())
        equal((done.returncode, len(answers)), (0, 1), name)
        codes = {issue["code"] for issue in answers[0].get("invalid", [])}
        assert codes, (name, answers)
        place = file_of("invalid.json", text)
        if text.startswith("{"):  # what is no object, lint does not take for a policy
            lint = timed("iam", "lint", "--kind", "identity", "--format", "json", place)
            assert codes <= set(re.findall(r"[A-Z][A-Z_]{7,}", lint.text)), (name, codes, lint.text)
            equal(lint.returncode, 3 if "JSON_SYNTAX_ERROR" in codes else 1, name)
            told = [(f["issueCode"], json.dumps(f["locations"])) for p in json.loads(lint.text)["policies"] for f in p["findings"]]
            equal(len(told), len(set(told)), f"{name}: a finding is told twice")
        for words in (("compare", place, SMALL), ("compare", SMALL, place), ("minify", "--kind", "identity", place)):
            done = timed("iam", *words)
            equal((done.returncode, done.text), (3, ""), f"{name} {words}")
            assert "invalid.json:" in done.lines[0] and "AWS would refuse this policy" in done.lines[0], (name, done.lines)


@case
def an_answer_is_valid_json_whatever_the_id_and_names_hold():
    one = request(identity=[{"name": HOSTILE, "policy": policy({**ALLOW, "Effect": HOSTILE, "Sid": HOSTILE, HOSTILE: 1})}])
    one["id"] = {HOSTILE: [HOSTILE]}
    done, answers = decide(one)
    equal((done.returncode, answers[0]["id"]), (0, {HOSTILE: [HOSTILE]}))
    equal({i["policy"] for i in answers[0]["invalid"]}, {HOSTILE})


@case
def long_lines_and_crlf_and_blank_lines_are_decided():
    long = request(padding="x" * (50_000_000 // SHARE))
    text = b"\r\n" + json.dumps(long).encode() + b"\r\n\r\n" + json.dumps(request()).encode() + b"\r"
    done, answers = decide(text)
    equal((done.returncode, [a["result"] for a in answers]), (0, ["Allowed", "Allowed"]))


# ---- documents -------------------------------------------------------------------------------------------------------

LARGE = {
    "statements": policy(*({"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::b{i}/*"} for i in range(100000 // SHARE))),
    "conditions": policy({**ALLOW, "Condition": {"StringLike": {f"aws:PrincipalTag/k{i}": f"*v{i}*" for i in range(100000 // SHARE)}}}),
    "values": policy({**ALLOW, "Condition": {"StringLike": {"aws:PrincipalArn": [f"*v{i}*" for i in range(200000 // SHARE)]}}}),
    "actions": policy({**ALLOW, "Action": [f"s3:Get{i}*" for i in range(200000 // SHARE)]}),
    "resources": policy({**ALLOW, "Resource": [f"arn:aws:s3:::*{i}*a?{i}" for i in range(200000 // SHARE)]}),
    "unknown_elements": '{"Version":"2012-10-17",' + ",".join(f'"k{i}":1' for i in range(300000 // SHARE)) + ',"Statement":[]}',
    "action_of_stars": policy({**ALLOW, "Action": "s3:" + "*a" * (5000000 // SHARE)}),
    "resource_of_stars": policy({**ALLOW, "Resource": "arn:aws:s3:::" + "*a?" * (3300000 // SHARE)}),
    "open_variables": policy({**ALLOW, "Resource": "arn:aws:s3:::" + "${" * (5000000 // SHARE)}),
    "open_variables_in_a_value": policy({**ALLOW, "Condition": {"StringLike": {"aws:PrincipalArn": "${" * (5000000 // SHARE)}}}),
    "defaults_in_defaults": policy({**ALLOW, "Resource": "arn:aws:s3:::" + "${aws:username, '" * (500000 // SHARE)}),
    "a_sid": policy({**ALLOW, "Sid": "a" * (10000000 // SHARE)}),
    "white_space": " " * (10000000 // SHARE) + json.dumps(policy(ALLOW)),
}


@case
def ten_megabytes_of_anything_are_checked_compared_and_minified_in_bounded_time():
    for name, content in list(LARGE.items())[:: 2 if QUICK else 1]:
        place = file_of("large.json", content)
        refused = name == "unknown_elements"
        assert timed("iam", "lint", "--kind", "identity", place).returncode in (0, 1), name
        equal(timed("iam", "compare", place, place).returncode, 3 if refused else 0, name)
        done = timed("iam", "compare", SMALL, place)
        assert done.returncode in (1, 3) and len(done.lines) <= 21, (name, done.lines[:3])
        assert timed("iam", "minify", "--kind", "identity", place).returncode == (3 if refused else done_code(name)), name
    (FOLDER / "large.json").unlink()


def done_code(name):
    """Whether it fits the quota once its white space and Sids are gone."""
    return 0 if name in ("a_sid", "white_space") else 1


@case
def documents_that_are_no_json_are_named_with_line_and_column():
    rows = [("deep", "[" * 1100 + "]" * 1100, "nested deeper"), ("cut", json.dumps(policy(ALLOW))[:60], "cut off|ends"),
            ("nul", b'{"Version":"\0"}', "control character"), ("latin", b'{"Version":"\xff"}', "UTF-8"),
            ("empty", "", ""), ("python", "{'Version': 1}", "line 1|:1:2"), ("html", "<html>", "")]
    for name, content, pattern in rows:
        place = file_of(name + ".json", content)
        for words in (("compare", place, SMALL), ("minify", place), ("lint", place)):
            done = timed("iam", *words)
            assert done.returncode in (1, 3), (name, words, done.returncode, done.text)
            told = done.stderr.decode() + done.text
            assert name + ".json" in told and re.search(pattern, told), (name, words, told)


@case
def escapes_newlines_and_marks_never_reach_the_terminal_and_json_stays_json():
    statement = {"Sid": HOSTILE, "Effect": "Allow", "Action": ["s3:" + HOSTILE, "s3:*"], "Resource": "arn:aws:s3:::" + HOSTILE,
                 "Condition": {"StringEquals": {"aws:PrincipalTag/" + HOSTILE: HOSTILE}}}
    place = file_of("hostile.json", policy(statement))
    resource = file_of("hostile-resource.json", policy({**statement, "Principal": {"AWS": HOSTILE, "Service": HOSTILE}}))
    for one in (place, resource):
        timed("iam", "lint", one)
        timed("iam", "compare", SMALL, one)
        timed("iam", "minify", "--kind", "identity", one)
        for form in ("json", "sarif"):
            json.loads(timed("iam", "lint", "--format", form, one).text)
    named = file_of("\x1b[31mname\n\u202e.json", "{")
    assert timed("iam", "lint", named).returncode in (1, 3)
    equal(timed("iam", "compare", named, SMALL).returncode, 3)


# ---- flags and files -------------------------------------------------------------------------------------------------

@case
def wrong_flags_missing_files_and_folders_give_a_line_and_their_exit_code():
    absent = FOLDER / "absent.json"
    rows = [(2, ("iam", "can")), (2, ("iam", "can", "a", "b")), (2, ("iam", "can", "--requests", absent, USER)),
            (3, ("iam", "can", "--requests", absent)), (3, ("iam", "can", "--requests", FOLDER)), (2, ("iam", "who-can", "x")),
            (2, ("iam", "what-can")), (2, ("iam", "compare", SMALL)), (3, ("iam", "compare", SMALL, absent)),
            (3, ("iam", "compare", FOLDER, SMALL)), (2, ("iam", "compare", "--kind", "martian", SMALL, SMALL)),
            (2, ("iam", "minify")), (3, ("iam", "minify", absent)), (3, ("iam", "lint", absent)),
            (2, ("iam", "lint", "--check", "NO_SUCH_CHECK", SMALL)), (2, ("iam", "lint", "--fail-on", "martian", SMALL)),
            (2, ("iam", "nonsense")), (2, ("org", "nonsense")), (2, ("org", "simulate")), (2, ("iam", "generate", USER))]
    for code, words in rows:
        done = timed(*words, workspace=HOME / "no-workspace")
        equal(done.returncode, code, f"{words} {done.lines}")
        assert done.lines, words


@case
def a_full_disk_and_a_closed_output_are_errors_and_not_lost():
    good = file_of("requests.jsonl", "".join(json.dumps(request()) + "\n" for _ in range(3000)))
    for words in (("iam", "can", "--requests", good), ("iam", "minify", "--kind", "identity", SMALL), ("iam", "compare", SMALL, SMALL),
                  ("iam", "lint", SMALL)):
        with open("/dev/full", "wb") as full:
            done = vigil(*map(str, words), stdout=full)
        equal(done.returncode, 3, f"{words} {done.lines}")
        assert done.lines, words
        read, write = os.pipe()
        os.close(read)
        done = vigil(*map(str, words), stdout=write)
        os.close(write)
        assert done.returncode in (0, 1, 3), words


# ---- evidence --------------------------------------------------------------------------------------------------------

def role(name, trust, *documents, **more):
    return {"Path": "/", "RoleName": name, "RoleId": "AROA" + name.upper().ljust(16, "0"), "InstanceProfileList": [], "Tags": [],
            "Arn": f"arn:aws:iam::{MEMBER}:role/{name}", "AttachedManagedPolicies": [], "AssumeRolePolicyDocument": trust,
            "RolePolicyList": [{"PolicyName": f"p{i}", "PolicyDocument": d} for i, d in enumerate(documents)], **more}


def user(name, *documents, **more):
    return {"Path": "/", "UserName": name, "UserId": "AIDA" + name.upper().ljust(16, "0"), "GroupList": [], "Tags": [],
            "Arn": f"arn:aws:iam::{MEMBER}:user/{name}", "AttachedManagedPolicies": [],
            "UserPolicyList": [{"PolicyName": f"p{i}", "PolicyDocument": d} for i, d in enumerate(documents)], **more}


def world(name, users=(), roles=(), lines=""):
    """A workspace with a member account; what the import says is not asked for here."""
    export, place = HOME / (name + "-export"), HOME / (name + "-workspace")
    export.mkdir()
    details = {"UserDetailList": list(users), "GroupDetailList": [], "RoleDetailList": list(roles), "Policies": [], "IsTruncated": False}
    (export / "all.jsonl").write_text(
        envelope("organizations:DescribeOrganization", organization())
        + envelope("organizations:ListAccounts", {"Accounts": [account(MANAGEMENT, "management"), account(MEMBER)]})
        + envelope("iam:GetAccountAuthorizationDetails", details, account=MEMBER) + lines)
    vigil("import", str(export), "-q", workspace=place)
    return place


QUESTIONS = [("iam", "who-can", "s3:GetObject", "arn:aws:s3:::b/k"), ("iam", "who-can", "sts:AssumeRole", f"arn:aws:iam::{MEMBER}:role/self"),
             ("iam", "exposed"), ("iam", "paths"), ("org", "tree"), ("org", "guardrails"), ("org", "suggest")]


def ask_everything(place):
    for words in QUESTIONS:
        done = timed(*words, workspace=place)
        assert done.returncode in (0, 1, 3), (words, done.lines)
        json.loads(timed(*words, "--format", "json", workspace=place).text or "null")


@case
def a_refused_document_makes_its_layer_unknown_and_never_allows():
    broken = '{"Version":"2012-10-17","Statement":[%s],"Statement":[%s]}' % (json.dumps(DENY), json.dumps(ALLOW))
    rows = {"twice": broken, "cut": json.dumps(policy(DENY))[:40], "lower": json.dumps(policy(ALLOW, {**DENY, "Effect": "deny"})),
            "number": policy(ALLOW, {**DENY, "Action": 5}), "operator": policy(ALLOW, {**DENY, "Condition": {"Nonsense": {"a:b": "c"}}}),
            "service": policy(ALLOW, {**DENY, "Action": "sqs"}), "resource": policy(ALLOW, {**DENY, "Resource": "queue"}),
            "empty": policy(ALLOW, {**DENY, "Action": []})}
    place = world("refused", [user(name, policy(ALLOW), document) for name, document in rows.items()],
                  [role("self", policy({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{MEMBER}:role/self"},
                                        "Action": "sts:AssumeRole"}), policy(ALLOW))])
    for name in rows:
        done = timed("iam", "can", f"user/{name}@{MEMBER}", "sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{MEMBER}:q", "--format", "json",
                     workspace=place)
        answer = json.loads(done.text)
        equal((answer["result"], done.returncode), ("Unknown", 3), name)
        told = " ".join(answer["problems"])
        assert re.search(rf"user/{name}: [^ ]*/all\.jsonl:3:\d+[:,].* AWS would refuse this policy", told), (name, told)
    ask_everything(place)


@case
def cyclic_units_two_parents_and_hostile_names_do_not_hang_or_drive():
    a, b = "ou-abcd-11111111", "ou-abcd-22222222"
    root = envelope("organizations:ListRoots", {"Roots": [{"Id": "r-abcd", "Arn": f"arn:aws:organizations::{MANAGEMENT}:root/o-abcdefghij/r-abcd",
                                                           "Name": HOSTILE, "PolicyTypes": []}]})

    def under(parent, *units):
        return envelope("organizations:ListOrganizationalUnitsForParent", {"OrganizationalUnits": list(units)}, {"ParentId": parent})

    def holds(parent):
        return envelope("organizations:ListAccountsForParent", {"Accounts": [account(MEMBER, HOSTILE)]}, {"ParentId": parent})

    lines = root + under("r-abcd", unit(a, HOSTILE)) + under(a, unit(b, "B")) + under(b, unit(a, "A")) + holds(a) + holds("r-abcd")
    trust = policy({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Sid": HOSTILE,
                    "Condition": {"StringEquals": {HOSTILE: HOSTILE}}})
    place = world("cyclic", [user("u", policy({**ALLOW, "Sid": HOSTILE}), Tags=[{"Key": HOSTILE, "Value": HOSTILE}])], [role("self", trust)], lines)
    ask_everything(place)
    # JSON keeps the value, and shows nothing of it
    for words in (("evidence", "list"), ("org", "tree"), ("iam", "who-can", "sts:AssumeRole", f"arn:aws:iam::{MEMBER}:role/self"), ("iam", "exposed")):
        told = timed(*words, "--format", "json", workspace=place).text
        assert "\\u202e" in told and "\u202e" in json.dumps(json.loads(told), ensure_ascii=False), (words, told[:500])
    rows = [((2, 3), ("can", HOSTILE, "s3:" + HOSTILE, HOSTILE)), ((2, 3), ("what-can", HOSTILE)), ((0, 3), ("who-can", "s3:" + HOSTILE, HOSTILE)),
            ((2,), ("can", "u", "s3:*", "*")), ((2,), ("who-can", "s3:Get?bject", "*")), ((2,), ("can", "u", "GetObject", "*")),
            ((2,), ("can", "u", HOSTILE, "*")), ((2, 3), ("can", "u" * 100000, "s3:GetObject", "*")),
            ((2,), ("can", "*", "s3:GetObject", "arn:aws:s3:::" + "*a?" * 20000)), ((2,), ("can", "*", "s3:" + "a" * 2000, "*"))]
    for codes, words in rows:
        done = timed("iam", *words, workspace=place)
        assert done.returncode in codes, (words, done.returncode, done.lines)
    for given in ("x", "=x", "", "="):
        done = timed("iam", "can", "u", "s3:GetObject", "*", "--context", given, workspace=place)
        equal((done.returncode, len(done.lines)), (2, 1), given)


@case
def a_hundred_thousand_conditions_in_evidence_are_explained_in_bounded_time():
    many = policy({**ALLOW, "Condition": {"StringLike": {f"aws:RequestTag/k{i}": f"*v{i}*" for i in range(100000)}}})
    place = world("many", [user("u", many)])
    done = timed("iam", "can", "u", "s3:ListAllMyBuckets", "*", "--explain", workspace=place)
    equal(done.returncode, 3)
    timed("iam", "can", "u", "s3:ListAllMyBuckets", "*", "--format", "json", workspace=place)


@case
def ten_megabytes_in_evidence_are_asked_about_in_bounded_time():
    key = "a" * 1000  # half of which a slow pattern runs over from each place
    slow = [f"arn:aws:s3:::*?{'a' * 500}b{i}*" for i in range(19000)]
    rows = {"patterns": policy(ALLOW, {**DENY, "Resource": slow}), "exceptions": policy(ALLOW, {**{k: v for k, v in DENY.items() if k != "Resource"}, "NotResource": slow}),
            "statements": LARGE["statements"], "conditions": LARGE["conditions"]}
    if QUICK:
        rows = {"patterns": rows["patterns"]}
    for name, document in rows.items():
        public = policy(*({**s, "Principal": "*"} for s in document["Statement"]))
        bucket = envelope("s3:GetBucketPolicy", {"Policy": json.dumps(public)}, {"Bucket": "b"}, account=MEMBER)
        place = world(name, [user("u", document)], [role("self", public, document)], bucket)
        for words in (("can", "u", "s3:GetObject", f"arn:aws:s3:::b/{key}", "--explain"), ("who-can", "s3:GetObject", f"arn:aws:s3:::b/{key}"),
                      ("what-can", "u"), ("exposed",), ("paths",)):
            done = timed("iam", *words, workspace=place)
            assert done.returncode in (0, 1, 3), (name, words, done.lines)
            assert done.returncode != 0 or words[0] != "can", (name, done.text)
            if name in ("patterns", "exceptions") and words[0] == "can":
                equal(done.returncode, 3, name)
                assert "more steps than a decision has" in done.text, done.text
            if name in ("patterns", "exceptions") and words[0] == "who-can":
                assert "policies too costly to compare" in done.text and "0 allowed, 0 conditional" in done.lines[0], (done.text, done.lines)
            if name == "statements" and words[0] == "exposed":
                assert "too large for every statement to be asked about" in done.text, done.text


@case
def what_can_does_not_take_scps_that_nobody_collected_for_none_that_allow():
    place = world("limits", [user("u", policy({**ALLOW, "Action": ["s3:GetObject", "s3:ListAllMyBuckets"]}))])
    done = timed("iam", "what-can", "u", "--actions", "--format", "json", workspace=place)
    equal((done.returncode, sorted(r["action"] for r in json.loads(done.text))), (3, ["s3:GetObject", "s3:ListAllMyBuckets"]))
    assert any("SCPs" in line for line in done.lines), done.lines


@case
def a_folder_of_logs_with_anything_in_it_is_read_as_far_as_it_can_be():
    place, logs = world("logs", [user("u", policy(ALLOW))]), HOME / "logs"
    logs.mkdir()
    record = {"eventVersion": "1.09", "eventTime": "2026-11-20T00:00:00Z", "eventSource": "sqs.amazonaws.com", "eventName": "ListQueues",
              "awsRegion": "eu-west-1", "recipientAccountId": MEMBER, "eventType": "AwsApiCall", "eventID": "1",
              "userIdentity": {"type": "IAMUser", "arn": USER, "accountId": MEMBER, "userName": "u"}}
    for i in range(5000):
        (logs / f"{i}.json").write_text(json.dumps({"Records": [{**record, "eventID": f"e{i}"}]}))
    bombs = [] if QUICK else [logs / "bomb.json.gz"]  # each is a gigabyte to read
    for bomb in bombs:
        bomb.write_bytes(gzip.compress(b'{"Records": [', mtime=0) + gzip.compress(b" " * (1 << 20), 9, mtime=0) * 1025)
    (logs / "cut.json.gz").write_bytes(gzip.compress(json.dumps({"Records": [record]}).encode(), mtime=0)[:50])
    (logs / "cut.json").write_text('{"Records": [')
    (logs / "types.json").write_text(json.dumps({"Records": [5, None, [], {}, {"eventTime": 5}, {**record, "userIdentity": "x", "eventID": "x"}]}))
    (logs / "hostile.json").write_text(json.dumps({"Records": [{**record, "eventName": HOSTILE, "eventID": HOSTILE, "eventSource": HOSTILE}]}))
    os.mkfifo(logs / "pipe.json")
    os.symlink("/nowhere", logs / "link.json")
    document = file_of("scp.json", policy(DENY))
    for words in (("org", "simulate", document, logs), ("iam", "unused", logs), ("iam", "generate", "u", logs)):
        done = timed(*words, workspace=place)
        equal(done.returncode, 3, f"{words} {done.lines[:5]}")
        told = "\n".join(done.lines)
        for name in ("pipe.json", "link.json", "cut.json.gz", "cut.json:", "types.json:"):
            assert name in told, (words, name, told)
    for wrong in (HOME / "absent", logs / "link.json", *bombs):  # a pipe that is named waits for its writer
        done = timed("iam", "unused", wrong, workspace=place)
        equal(done.returncode, 3, str(wrong))
        assert wrong.name in done.lines[0], done.lines


# ---- random ----------------------------------------------------------------------------------------------------------

def random_policy(rng):
    def pick(*items):
        return rng.choice(items)

    def statement():
        one = {"Effect": pick("Allow", "Allow", "Deny"),
               pick("Action", "Action", "NotAction"): pick("s3:*", "s3:Get*", ["s3:GetObject", "sqs:*"], "*", "s3:?etObject"),
               pick("Resource", "Resource", "NotResource"): pick("*", "arn:aws:s3:::b/*", ["arn:aws:s3:::b/k", "arn:aws:s3:::c/*"],
                                                                 "arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::?/k")}
        if rng.random() < 0.4:
            one["Condition"] = {pick("StringEquals", "StringLike", "StringNotEquals", "StringEqualsIfExists", "ForAnyValue:StringLike"):
                                {pick("aws:SourceVpc", "aws:PrincipalTag/t"): pick("a", "b*", ["a", "b"])}}
        return one

    return policy(*(statement() for _ in range(rng.randint(1, 4))))


def random_request(rng, document):
    context = {k: v for k, v in (("aws:SourceVpc", rng.choice("ab")), ("aws:PrincipalTag/t", rng.choice(["a", "bb"])),
                                 ("aws:username", rng.choice("bcu"))) if rng.random() < 0.6}
    one = request(context, [document])
    one["request"]["action"] = rng.choice(["s3:GetObject", "s3:PutObject", "sqs:SendMessage"])
    one["request"]["resource"]["resource"] = rng.choice(["arn:aws:s3:::b/k", "arn:aws:s3:::c/x", "arn:aws:s3:::d/k"])
    return one


@case
def compare_and_minify_agree_with_decisions_on_random_policies():
    rng = random.Random(6)
    pairs = [(random_policy(rng), random_policy(rng)) for _ in range(150)]
    asked = file_of("pairs.jsonl", "".join(json.dumps({"id": i, "old": a, "new": b}) + "\n" for i, (a, b) in enumerate(pairs)))
    done = timed("iam", "compare", "--kind", "identity", "--pairs", asked)
    answers = {a["id"]: a["result"] for a in map(json.loads, done.text.splitlines())}
    equal(len(answers), len(pairs))
    state = [rng.getstate() for _ in pairs]
    both = []
    for i, pair in enumerate(pairs):
        for _ in range(20):
            rng.setstate(state[i])
            one = random_request(rng, pair[0])
            rng.setstate(state[i])
            both += [one, random_request(rng, pair[1])]
            state[i] = rng.getstate()
    _, decided = decide(*both)
    equal(len(decided), len(both))
    for k in range(0, len(both), 2):
        i = k // 40
        if decided[k]["result"] != "Allowed" and decided[k + 1]["result"] == "Allowed":
            assert answers[i] != "no", (pairs[i], both[k]["request"])
    for old, _ in pairs[:25]:
        place = file_of("one.json", old)
        short = timed("iam", "minify", "--kind", "identity", place)
        equal(short.returncode, 0)
        shorter = file_of("shorter.json", short.text)
        for words in ((place, shorter), (shorter, place)):
            equal(timed("iam", "compare", "--kind", "identity", *words).returncode, 0, short.text)


if __name__ == "__main__":
    run()
