#!/usr/bin/env python3
"""`vigil trail timeline` as a program: who is behind a session over three hops and two accounts, what is marked, what is
counted, and that hostile logs neither hide nor drive anything."""
import atexit
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run, skip  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
VIGIL = os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
DATA = Path(os.environ.get("VIGIL_TEST_DATA", ROOT.parent / "shared" / "data"))
HOME = Path(tempfile.mkdtemp(prefix="vigil-timeline-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
A, B = "111122223333", "444455556666"
ANN = f"arn:aws:iam::{A}:user/ann"
numbers = iter(range(1, 100000))


def vigil(*words, code=0):
    done = subprocess.run([VIGIL, "--workspace", str(HOME / "ws"), "--now", "2026-02-01T00:00:00Z", "trail", *words],
                          capture_output=True, text=True, timeout=300)
    equal(done.returncode, code, f"{' '.join(words)}\n{done.stdout}{done.stderr}")
    return done.stdout


def key(name):
    return "ASIA" + name.upper().ljust(16, "0")


def event(minute, name="GetObject", who=None, source="s3.amazonaws.com", account=A, **more):
    return {"eventVersion": "1.09", "userIdentity": who or ann(), "eventTime": f"2026-01-05T10:{minute:02}:00Z",
            "eventSource": source, "eventName": name, "awsRegion": "eu-west-1", "sourceIPAddress": "198.51.100.7",
            "userAgent": "cli", "requestParameters": None, "responseElements": None, "eventID": f"e-{next(numbers)}",
            "eventType": "AwsApiCall", "eventCategory": "Management", "recipientAccountId": account, **more}


def ann():
    return {"type": "IAMUser", "arn": ANN, "accountId": A, "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "userName": "ann"}


def session(role, name, account=A, **more):
    context = {"sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{account}:role/{role}", "accountId": account}}
    return {"type": "AssumedRole", "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}", "accountId": account,
            "principalId": f"AROA{role.upper():0<16}:{name}", "accessKeyId": key(name), "sessionContext": {**context, **more}}


def assume(minute, who, role, name, account=A, recipient=None, **more):
    return event(minute, "AssumeRole", who, "sts.amazonaws.com", recipient or account,
                 requestParameters={"roleArn": f"arn:aws:iam::{account}:role/{role}", "roleSessionName": name},
                 responseElements={"credentials": {"accessKeyId": key(name)}, "assumedRoleUser": {
                     "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
                     "assumedRoleId": f"AROA{role.upper():0<16}:{name}"}}, **more)


def chain():
    """ann assumes one, which assumes two in account B, which assumes three there. B's record of the second call does not tell
    who called."""
    stranger = {"type": "AWSAccount", "principalId": "AROAELSEWHERE00000:s1", "accountId": A}
    return [event(0, "ListBuckets"), assume(1, ann(), "one", "s1"), event(2, who=session("one", "s1")),
            assume(3, session("one", "s1"), "two", "s2", B, A, sharedEventID="shared-1"),
            assume(3, stranger, "two", "s2", B, B, sharedEventID="shared-1"),
            assume(4, session("two", "s2", B), "three", "s3", B),
            event(5, "DeleteBucket", session("three", "s3", B), account=B, errorCode="AccessDenied"),
            event(6, "GetObject", {"type": "IAMUser", "arn": f"arn:aws:iam::{A}:user/bob", "accountId": A})]


def put(events, name="log.jsonl"):
    folder = HOME / "logs"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / name).write_text("".join(json.dumps(one) + "\n" for one in events))
    return str(folder)


def timeline(subject, logs, *more, code=0):
    return json.loads(vigil("timeline", subject, *([logs] if logs else []), "--format", "json", *more, code=code))


def calls(line):
    return [(one["name"], one["hops"]) for one in line["events"]]


def of_event(line, name):
    one = next(one for one in line["events"] if one["name"] == name)
    return line["sessions"][one["session"]]


CHAIN = [("ListBuckets", 0), ("AssumeRole", 0), ("GetObject", 1), ("AssumeRole", 1), ("AssumeRole", 2), ("DeleteBucket", 3)]


@case
def a_user_has_what_its_sessions_did_over_three_hops_and_two_accounts():
    line = timeline(ANN, put(chain()))
    equal(calls(line), CHAIN)
    last = of_event(line, "DeleteBucket")
    equal((last["behind"], last["hops"], last["complete"]), (ANN, 3, True))
    equal([(one["account"], one.get("also_account")) for one in line["events"]][3], (A, B))
    text = vigil("timeline", ANN, put(chain()))
    equal("      as role three, session s3, 3 hops from user/ann" in text, True, text)
    equal("FAILED: AccessDenied" in text, True, text)


@case
def the_order_of_records_and_copies_of_them_change_nothing():
    events = chain()
    expected = vigil("timeline", ANN, put(events))
    for seed in range(3):
        mixed = events + events[:4]
        random.Random(seed).shuffle(mixed)
        equal(vigil("timeline", ANN, put(mixed)), expected)


@case
def an_ingested_index_tells_the_same_as_the_logs():
    logs = put(chain())
    expected = calls(timeline(ANN, logs))
    vigil("ingest", logs)
    equal(calls(timeline(ANN, None)), expected)


@case
def a_session_says_who_was_behind_it():
    for subject in (f"arn:aws:sts::{B}:assumed-role/three/s3", key("s3")):
        line = timeline(subject, put(chain()))
        equal(calls(line), [("AssumeRole", 0), ("DeleteBucket", 0)], subject)
        equal(of_event(line, "DeleteBucket")["behind"], ANN, subject)


@case
def makers_before_since_are_found_and_not_shown():
    line = timeline(ANN, put(chain()), "--since", "2026-01-05T10:05:00Z")
    equal(calls(line), [("DeleteBucket", 3)])
    equal(of_event(line, "DeleteBucket")["behind"], ANN)


@case
def a_session_whose_making_is_missing_is_said():
    logs = put([event(1, who=session("lost", "s9", sourceIdentity="carol"))])
    text = vigil("timeline", key("s9"), logs)
    equal("caller not in these logs, source identity carol" in text, True, text)
    equal(of_event(timeline(key("s9"), logs), "GetObject")["complete"], False)


@case
def users_of_other_directories_are_told():
    web = {"type": "WebIdentityUser", "principalId": "token:repo:x", "userName": "repo:x", "identityProvider": "token"}
    grant = assume(1, web, "ci", "s7")
    grant["eventName"] = "AssumeRoleWithWebIdentity"
    grant["responseElements"].update(subjectFromWebIdentityToken="repo:x", provider="github")
    who = session("ci", "s7")
    who["onBehalfOf"] = {"userId": "u-1", "identityStoreArn": "arn:x"}
    one = of_event(timeline(key("s7"), put([grant, event(2, who=who)])), "GetObject")
    equal((one["provider"], one["subject"], one["behind"], one["on_behalf_of"]), ("github", "repo:x", "repo:x", "u-1"))


@case
def session_tokens_federated_users_and_changes_of_role_are_sessions():
    token = event(1, "GetSessionToken", source="sts.amazonaws.com",
                  responseElements={"credentials": {"accessKeyId": key("t")}})
    federated = event(1, "GetFederationToken", source="sts.amazonaws.com", responseElements={
        "credentials": {"accessKeyId": key("f")}, "federatedUser": {"arn": f"arn:aws:sts::{A}:federated-user/fed"}})
    switched = session("desk", "ann")
    switch = event(1, "SwitchRole", switched, "signin.amazonaws.com", additionalEventData={"SwitchFrom": ANN})
    for grant, who in ((token, {**ann(), "accessKeyId": key("t")}), (switch, switched),
                       (federated, {"type": "FederatedUser", "arn": f"arn:aws:sts::{A}:federated-user/fed",
                                    "accessKeyId": key("f")})):
        one = of_event(timeline(who["accessKeyId"], put([grant, event(2, who=who)])), "GetObject")
        equal((one["behind"], one["hops"], one["granted_by"]), (ANN, 1, grant["eventName"]))


@case
def a_caller_that_only_the_other_account_knows_is_told_by_its_id():
    logs = put([one for one in chain() if one["recipientAccountId"] == B])
    one = of_event(timeline(key("s3"), logs), "DeleteBucket")
    equal((one["behind"], one["hops"]), ("AROAELSEWHERE00000:s1", 2))


@case
def chains_that_come_back_to_themselves_end():
    ring = [assume(1, session("r", "b"), "r", "a"), assume(1, session("r", "a"), "r", "b"), event(2, who=session("r", "a"))]
    line = timeline(key("a"), put(ring))
    equal(any(one["looped"] for one in line["sessions"]), True)


@case
def repeats_within_a_minute_are_counted_and_all_are_shown_with_all():
    logs = put([event(1) for _ in range(5)] + [event(3)])
    equal([one.get("count", 1) for one in timeline(ANN, logs)["events"]], [5, 1])
    equal(len(timeline(ANN, logs, "--all")["events"]), 6)


@case
def first_appearances_are_marked():
    logs = put([event(1), event(5, sourceIPAddress="203.0.113.9"), event(9, awsRegion="ap-south-1")])
    equal([one["first_seen"] for one in timeline(ANN, logs)["events"]],
          [["region", "service", "address", "agent"], ["address"], ["region"]])
    text = vigil("timeline", ANN, logs)
    equal("first seen: address 203.0.113.9" in text, True, text)


@case
def the_kind_of_the_subject_is_told_by_its_form():
    logs = put([event(1, requestParameters={"bucketName": "payroll"}),
                event(2, "PutObject", requestParameters={"bucketName": "payroll-2"})])
    for subject, kind, count in ((ANN, "principal", 2), (A, "account", 2), ("AKIAIOSFODNN7EXAMPLE", "key", 2),
                                 ("198.51.100.0/24", "ip", 2), ("payroll", "resource", 1),
                                 ("arn:aws:s3:::payroll", "resource", 1), (f"arn:aws:iam::{A}:role/x", "role", 0)):
        line = timeline(subject, logs)
        equal((line["kind"], len(line["events"])), (kind, count), subject)
    equal(len(timeline("ann", logs, "--as", "principal")["events"]), 2)


@case
def insights_and_network_activity_are_there():
    insight = {"eventVersion": "1.09", "eventTime": "2026-01-05T10:04:00Z", "awsRegion": "eu-west-1", "eventID": "i-1",
               "eventType": "AwsCloudTrailInsight", "recipientAccountId": A, "eventCategory": "Insight",
               "insightDetails": {"state": "Start", "eventSource": "ec2.amazonaws.com", "eventName": "RunInstances",
                                  "insightContext": {"attributions": [{"attribute": "userIdentityArn", "insight": [
                                      {"value": ANN, "average": 3}]}]}}}
    network = event(5, eventCategory="NetworkActivity", eventType="AwsVpceEvent", vpcEndpointId="vpce-1")
    text = vigil("timeline", ANN, put([insight, network]))
    equal("Insight: ec2:RunInstances" in text and "VPC endpoint: s3:GetObject" in text, True, text)


@case
def findings_stand_at_their_event():
    stop = event(1, "StopLogging", source="cloudtrail.amazonaws.com", requestParameters={"name": "main"})
    logs = put([stop])
    equal(len(timeline(ANN, logs)["events"][0]["findings"]) > 0, True)
    text = vigil("timeline", ANN, logs)
    equal("  ! " in text, True, text)
    vigil("ingest", logs)
    equal(any(one["findings"] for one in timeline(ANN, None)["events"] if one["name"] == "StopLogging"), True)


@case
def hostile_names_drive_neither_a_terminal_nor_a_page():
    logs = put([event(1, "Get\x1b[31m<script>alert(1)</script>\u202e", userAgent="x\n2026-01-01 forged", errorCode="\x07<b>")])
    text = vigil("timeline", ANN, logs)
    equal([bad for bad in ("\x1b", "\x07", "\u202e", "\n2026-01-01") if bad in text], [], text)
    page = vigil("timeline", ANN, logs, "--format", "html")
    equal([bad for bad in ("<script", "<b>", "\x1b", "\u202e") if bad in page], [], page)
    equal("viewport" in page and "default-src 'none'" in page and "http" not in page.replace("http-equiv", ""), True, page)
    timeline("x*\"\\'", logs)


@case
def lines_fit_the_width():
    logs = put(chain())
    done = subprocess.run([VIGIL, "trail", "timeline", ANN, logs], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "COLUMNS": "60"})
    equal([line for line in done.stdout.splitlines() if len(line) > 100], [], done.stdout)


@case
def what_is_cut_is_said_and_standard_input_is_refused():
    timeline(ANN, put(chain()), "--limit", "2", code=3)
    vigil("timeline", ANN, "-", code=2)
    vigil("timeline", ANN, str(HOME / "nowhere"), code=3)


@case
def a_real_attack_is_told_in_order():
    logs = DATA / "trail-invictus"
    if not logs.is_dir():
        skip("no VIGIL_TEST_DATA")
    records = [one for path in logs.glob("*.json") for one in json.loads(path.read_text())["Records"]]
    line = timeline(records[0]["recipientAccountId"], str(logs), "--all")
    equal(len(line["events"]), len({one["eventID"] for one in records}))
    times = [one["time"] for one in line["events"]]
    equal(times, sorted(times))
    equal(len(times) > 100 and any(one["findings"] for one in line["events"]), True)


run()
