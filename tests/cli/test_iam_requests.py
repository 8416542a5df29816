#!/usr/bin/env python3
"""`vigil iam can --requests`: answers in order, what is invalid, bad lines, large files, standard input. Prints TAP."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from tap import case, equal, run  # noqa: E402

VIGIL = os.environ.get("VIGIL", str(ROOT / "build" / "vigil"))
USER = "arn:aws:iam::111111111111:user/u"


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


ALLOW = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def request(number, **fields):
    one = {"id": number, "request": {"principal": USER, "action": "s3:GetObject",
                                     "resource": {"resource": "arn:aws:s3:::b/k", "accountId": "111111111111"},
                                     "contextVariables": {}}, "identityPolicies": [policy(ALLOW)]}
    one.update(fields)
    return one


def decide(text, *options):
    done = subprocess.run([VIGIL, "iam", "can", "--requests", "-", *options], input=text, capture_output=True, text=True)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def lines(*requests):
    return "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in requests)


@case
def answers_stand_in_the_order_of_the_requests_with_their_ids_as_they_were():
    ids = [3, "x", {"a": [1]}, None, 1.5]
    code, answers, _ = decide(lines(*(request(i) for i in ids)))
    equal(code, 0)
    equal([a["id"] for a in answers], ids)
    equal({a["result"] for a in answers}, {"Allowed"})


@case
def thousands_of_requests_on_several_threads_keep_their_order():
    code, answers, _ = decide(lines(*(request(i, identityPolicies=[policy(ALLOW)] if i % 3 else []) for i in range(3000))),
                              "--threads", "4")
    equal(code, 0)
    equal([(a["id"], a["result"]) for a in answers],
          [(i, "Allowed" if i % 3 else "ImplicitlyDenied") for i in range(3000)])


@case
def the_layers_that_denied_are_named_in_order():
    deny = dict(ALLOW, Effect="Deny")
    one = request(1, serviceControlPolicies=[{"orgIdentifier": "r", "policies": [policy(deny)]}],
                  permissionBoundaryPolicies=[{"name": "b", "policy": policy(deny)}])
    equal(decide(lines(one))[1], [{"id": 1, "result": "ExplicitlyDenied", "blockedBy": ["scp", "pb"]}])


@case
def the_bare_forms_are_read_documents_alone_context_permissionboundaries_endpointpolicies():
    one = request(1, permissionBoundaries=[policy(ALLOW)], endpointPolicies=[policy(dict(ALLOW, Action="sqs:*"))])
    one["request"]["context"] = one["request"].pop("contextVariables")
    equal(decide(lines(one))[1], [{"id": 1, "result": "ImplicitlyDenied", "blockedBy": ["vpce"],
                                   "invalid": decide(lines(one))[1][0]["invalid"]}])


@case
def fields_that_the_form_does_not_know_are_ignored():
    equal(decide(lines(request(1, mode="Strict", simulation={"x": 1}, more=[])))[1][0]["result"], "Allowed")


@case
def what_aws_would_refuse_is_listed_and_decided_all_the_same():
    bad = policy(ALLOW, {"Effect": "Maybe", "Action": "*", "Resource": "*"})
    code, answers, _ = decide(lines(request(1, identityPolicies=[{"name": "mine", "policy": bad}])))
    equal((code, answers[0]["result"]), (0, "Allowed"))
    equal([(i["policy"], i["statement"], i["code"]) for i in answers[0]["invalid"]], [("mine", 1, "INVALID_EFFECT")])


@case
def a_line_that_is_no_request_costs_itself_one_error_with_its_number_the_rest_goes_on_exit_3():
    code, answers, err = decide(lines(request(1), "{nonsense", "", request(2), '{"id": 3}', "[]", request(4)))
    equal(code, 3)
    equal([a["id"] for a in answers], [1, 2, 4])
    equal(len(err.splitlines()), 3)
    for number, line in zip((2, 5, 6), err.splitlines()):
        equal(f"standard input:{number}" in line, True)


@case
def the_last_line_needs_no_line_break():
    equal([a["id"] for a in decide(lines(request(1)) + json.dumps(request(2)))[1]], [1, 2])


@case
def no_requests_give_no_answers():
    equal(decide(""), (0, [], ""))


@case
def a_line_of_megabytes_is_a_request_like_any():
    many = [dict(ALLOW, Action=[f"s3:Get{n}" for n in range(20)], Sid=f"s{n}") for n in range(20000)]
    code, answers, _ = decide(lines(request(1, identityPolicies=[policy(*many, ALLOW)]), request(2)))
    equal((code, [a["result"] for a in answers]), (0, ["Allowed", "Allowed"]))


@case
def a_closed_request_keys_that_are_not_given_are_absent():
    when = {"StringNotEquals": {"aws:PrincipalTag/Team": "a"}}
    equal(decide(lines(request(1, identityPolicies=[policy(dict(ALLOW, Condition=when))])))[1][0]["result"], "Allowed")


@case
def rcps_bind_the_services_of_awss_list_alone():
    deny = [{"orgIdentifier": "r", "policies": [policy({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"})]}]
    other = request(2, resourceControlPolicies=deny)
    other["request"].update(action="ec2:StopInstances",
                            resource={"resource": "arn:aws:ec2:us-east-1:111111111111:instance/i", "accountId": "111111111111"})
    equal([a["result"] for a in decide(lines(request(1, resourceControlPolicies=deny), other))[1]],
          ["ExplicitlyDenied", "Allowed"])


@case
def a_file_is_read_as_standard_input_is_one_that_is_not_there_is_said():
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.write(lines(request(7)))
        f.flush()
        done = subprocess.run([VIGIL, "iam", "can", "--requests", f.name], capture_output=True, text=True)
        equal((done.returncode, json.loads(done.stdout)["id"]), (0, 7))
    done = subprocess.run([VIGIL, "iam", "can", "--requests", f.name], capture_output=True, text=True)
    equal((done.returncode, done.stdout, len(done.stderr.splitlines())), (3, "", 1))


run()
