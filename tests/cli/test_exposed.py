#!/usr/bin/env python3
"""`vigil iam exposed` over evidence: role trusts and a bucket's policy, told with witnesses that `vigil iam can` allows."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
VIGIL = os.environ.get("VIGIL_BIN") or os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
HOME = Path(tempfile.mkdtemp(prefix="vigil-exposed-"))
ACCOUNT, OUTSIDE = "111122223333", "777788889999"


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def role(name, principal, action="sts:AssumeRole", **more):
    return {"Path": "/", "RoleName": name, "RoleId": "AROA" + name.upper().ljust(17, "X")[:17],
            "Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "CreateDate": "2025-01-01T00:00:00Z",
            "AssumeRolePolicyDocument": policy({"Sid": "Trust", "Effect": "Allow", "Action": action, "Principal": principal, **more}),
            "InstanceProfileList": [], "AttachedManagedPolicies": [], "Tags": [], "RolePolicyList": []}


def bucket(name, document, blocked=False):
    supplementary = {"PublicAccessBlockConfiguration": {"blockPublicAcls": blocked, "ignorePublicAcls": blocked,
                                                        "blockPublicPolicy": blocked, "restrictPublicBuckets": blocked}}
    if document:
        supplementary["BucketPolicy"] = {"policyText": json.dumps(document)}
    return {"configurationItemVersion": "1.3", "configurationItemCaptureTime": "2026-01-02T03:04:05Z",
            "configurationItemStatus": "OK", "awsAccountId": ACCOUNT, "awsRegion": "eu-west-1", "resourceType": "AWS::S3::Bucket",
            "resourceId": name, "resourceName": name, "ARN": f"arn:aws:s3:::{name}", "tags": {}, "relationships": [],
            "configuration": {"name": name}, "supplementaryConfiguration": supplementary}


def workspace(roles, buckets=()):
    evidence, place = HOME / "evidence", HOME / "workspace"
    shutil.rmtree(evidence, ignore_errors=True)
    shutil.rmtree(place, ignore_errors=True)
    evidence.mkdir()
    (evidence / "iam.json").write_text(json.dumps({
        "vigil": "envelope/1", "operation": "iam:GetAccountAuthorizationDetails", "parameters": {}, "account": ACCOUNT,
        "region": "", "partition": "aws", "time": "2026-01-02T03:04:05Z", "exit": 0, "error": "",
        "output": {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": roles, "Policies": []}}))
    if buckets:
        (evidence / f"{ACCOUNT}_Config_eu-west-1_ConfigSnapshot_20260102T030405Z_x.json").write_text(json.dumps({
            "fileVersion": "1.0", "configSnapshotId": "00000000-0000-4000-8000-000000000000",
            "configurationItems": list(buckets)}))
    vigil("import", evidence, "--workspace", place, "--quiet")
    return place


def vigil(*words, code=0, text=None):
    done = subprocess.run([VIGIL, *map(str, words)], capture_output=True, text=True, input=text)
    equal(done.returncode, code, done.stdout + done.stderr)
    return done.stdout


PUBLIC = policy({"Sid": "Read", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::open/*"})
ROLES = [role("anybody", {"AWS": "*"}), role("partner", {"AWS": f"arn:aws:iam::{OUTSIDE}:root"}),
         role("own", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), role("machine", {"Service": "ec2.amazonaws.com"})]


@case
def exposures_are_told_with_a_witness_that_the_engine_allows():
    place = workspace(ROLES, [bucket("open", PUBLIC), bucket("closed", json.loads(json.dumps(PUBLIC).replace("open", "closed")), True)])
    found = json.loads(vigil("iam", "exposed", "--workspace", place, "--format", "json"))
    equal(sorted((e["severity"], e["reach"], e["resource"]) for e in found["exposed"]),
          [("critical", "anyone", f"arn:aws:iam::{ACCOUNT}:role/anybody"), ("high", "anyone", "arn:aws:s3:::open"),
           ("medium", "external", f"arn:aws:iam::{ACCOUNT}:role/partner")])
    # each witness, with the policy that it is about, is a request that the engine takes by itself
    documents = {f"arn:aws:iam::{ACCOUNT}:role/{r['RoleName']}": r["AssumeRolePolicyDocument"] for r in ROLES}
    documents["arn:aws:s3:::open"] = PUBLIC
    full = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})
    requests = [{"id": i, "request": e["witness"], "identityPolicies": [{"name": "own", "policy": full}],
                 "serviceControlPolicies": [], "resourceControlPolicies": [], "resourcePolicy": documents[e["resource"]]}
                for i, e in enumerate(found["exposed"])]
    answers = vigil("iam", "can", "--requests", "-", text="".join(json.dumps(r) + "\n" for r in requests))
    equal([json.loads(a)["result"] for a in answers.splitlines()], ["Allowed"] * 3)
    text = vigil("iam", "exposed", "--workspace", place)
    assert "anyone may assume it\n         by Trust of" in text and "witness: no credentials, s3:GetObject on arn:aws:s3:::open/x" in text, text
    assert "3 of " in text and "Block Public Access, which was not collected" in text, text


@case
def what_is_shown_and_gated_is_chosen():
    place = workspace(ROLES)
    for reach, expected in (("anyone", ["anybody"]), ("external", ["partner"]), ("service", [])):
        found = json.loads(vigil("iam", "exposed", "--workspace", place, "--format", "json", "--reach", reach))
        equal([e["resource"].rsplit("/", 1)[1] for e in found["exposed"]], expected, reach)
    equal(json.loads(vigil("iam", "exposed", "--workspace", place, "--format", "json", "--account", OUTSIDE))["exposed"], [])
    vigil("iam", "exposed", "--workspace", place, "--fail-on", "critical", code=1)
    vigil("iam", "exposed", "--workspace", place, "--fail-on", "critical", "--reach", "external", code=0)
    vigil("iam", "exposed", "--workspace", place, "--fail-on", "medium", "--reach", "external", code=1)


@case
def what_nobody_collected_is_listed_as_unknown():
    arn = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/00000000-0000-4000-8000-000000000000"
    item = {**bucket("dark", None), "resourceType": "AWS::KMS::Key", "ARN": arn, "resourceId": arn.rsplit("/", 1)[1],
            "configuration": {"keyId": arn.rsplit("/", 1)[1], "enabled": True}, "supplementaryConfiguration": {}}
    place = workspace(ROLES, [item])
    found = json.loads(vigil("iam", "exposed", "--workspace", place, "--format", "json"))
    equal([u["resource"] for u in found["unknown"]], [arn])
    assert f"Not known of 1:\n  {arn}: " in vigil("iam", "exposed", "--workspace", place)


@case
def without_evidence_it_says_what_to_import():
    done = subprocess.run([VIGIL, "iam", "exposed", "--workspace", str(HOME / "nowhere")], capture_output=True, text=True)
    equal(done.returncode, 3)
    assert "no workspace here" in done.stderr and done.stderr.count("\n") == 1, done.stderr


try:
    run()
finally:
    shutil.rmtree(HOME, ignore_errors=True)
