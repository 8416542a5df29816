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


def bucket(name, document, blocked=False, granted=()):
    supplementary = {"PublicAccessBlockConfiguration": {"blockPublicAcls": blocked, "ignorePublicAcls": blocked,
                                                        "blockPublicPolicy": blocked, "restrictPublicBuckets": blocked}}
    supplementary["AccessControlList"] = json.dumps({"owner": {"id": "us"}, "grantList": [
        {"grantee": {"id": "us", "displayName": None}, "permission": "FullControl"},
        *({"grantee": group, "permission": permission} for group, permission in granted)]})
    if document:
        supplementary["BucketPolicy"] = {"policyText": json.dumps(document)}
    return {"configurationItemVersion": "1.3", "configurationItemCaptureTime": "2026-01-02T03:04:05Z",
            "configurationItemStatus": "OK", "awsAccountId": ACCOUNT, "awsRegion": "eu-west-1", "resourceType": "AWS::S3::Bucket",
            "resourceId": name, "resourceName": name, "ARN": f"arn:aws:s3:::{name}", "tags": {}, "relationships": [],
            "configuration": {"name": name}, "supplementaryConfiguration": supplementary}


# The account is of no organisation: no RCP binds it.
ALONE = {"vigil": "envelope/1", "operation": "organizations:DescribeOrganization", "parameters": {}, "account": ACCOUNT,
         "region": "", "partition": "aws", "time": "2026-01-02T03:04:05Z", "exit": 254, "output": None,
         "error": "An error occurred (AWSOrganizationsNotInUseException) when calling the DescribeOrganization operation: no"}


def workspace(roles, buckets=(), alone=True):
    evidence, place = HOME / "evidence", HOME / "workspace"
    shutil.rmtree(evidence, ignore_errors=True)
    shutil.rmtree(place, ignore_errors=True)
    evidence.mkdir()
    (evidence / "iam.json").write_text(json.dumps({
        "vigil": "envelope/1", "operation": "iam:GetAccountAuthorizationDetails", "parameters": {}, "account": ACCOUNT,
        "region": "", "partition": "aws", "time": "2026-01-02T03:04:05Z", "exit": 0, "error": "",
        "output": {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": roles, "Policies": []}}))
    if alone:
        (evidence / "alone.json").write_text(json.dumps(ALONE))
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
          [("critical", "anyone", f"arn:aws:iam::{ACCOUNT}:role/anybody"), ("medium", "external", f"arn:aws:iam::{ACCOUNT}:role/partner")])
    # the account's Block Public Access, of which no item is here, may close the bucket
    equal([(e["severity"], e["reach"], e["resource"], e["unlessBlockPublicAccess"], e["unlessRcp"]) for e in found["possible"]],
          [("high", "anyone", "arn:aws:s3:::open", True, False)])
    # each witness, with the policy that it is about, is a request that the engine takes by itself
    documents = {f"arn:aws:iam::{ACCOUNT}:role/{r['RoleName']}": r["AssumeRolePolicyDocument"] for r in ROLES}
    documents["arn:aws:s3:::open"] = PUBLIC
    full = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})
    requests = [{"id": i, "request": e["witness"], "identityPolicies": [{"name": "own", "policy": full}],
                 "serviceControlPolicies": [], "resourceControlPolicies": [], "resourcePolicy": documents[e["resource"]]}
                for i, e in enumerate(found["exposed"] + found["possible"])]
    answers = vigil("iam", "can", "--requests", "-", text="".join(json.dumps(r) + "\n" for r in requests))
    equal([json.loads(a)["result"] for a in answers.splitlines()], ["Allowed"] * 3)
    text = vigil("iam", "exposed", "--workspace", place)
    assert "anyone may assume it\n         by Trust of" in text and "witness: no credentials, s3:GetObject on arn:aws:s3:::open/x" in text, text
    assert "2 ways into " in text and "Open unless something that is not known closes it, 1:" in text, text
    assert "Block Public Access, which was not collected in full" in text.split("Open unless")[1], text


@case
def what_hangs_on_a_tag_that_nobody_knows_is_told_apart():
    tagged = json.loads(json.dumps(PUBLIC).replace("open", "tagged"))
    tagged["Statement"][0]["Condition"] = {"StringEquals": {"s3:ExistingObjectTag/public": "yes"}}
    clear = {**bucket("clear", None), "resourceType": "AWS::S3::AccountPublicAccessBlock", "resourceId": ACCOUNT, "ARN": "arn:aws:s3:::" + ACCOUNT,
             "configuration": dict.fromkeys(("blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets"), False),
             "supplementaryConfiguration": {}}
    place = workspace([role("any", {"AWS": "*"})], [clear, bucket("tagged", tagged)])
    found = json.loads(vigil("iam", "exposed", "--workspace", place, "--format", "json"))
    equal([(e["resource"].rsplit(":", 1)[1], e["hangsOn"], e["witness"]["principal"]) for key in ("exposed", "possible") for e in found[key]],
          [("role/any", "", "arn:aws:iam::999999999999:role/witness"), ("tagged", "s3:ExistingObjectTag/public", {"type": "Anonymous"})])
    equal(found["possible"][0]["witness"]["contextVariables"]["s3:ExistingObjectTag/public"], "yes")
    text = vigil("iam", "exposed", "--workspace", place, "--fail-on", "high", "--reach", "anyone", code=3)
    assert "\n         if s3:ExistingObjectTag/public, of which no evidence tells, is as the witness has it\n" in text.split("Open unless")[1], text


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


REGION = "eu-west-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-4000-8000-00000000000"


def answer(operation, parameters, output, error="", time="2026-01-02T03:04:05Z"):
    return {"vigil": "envelope/1", "operation": operation, "parameters": parameters, "account": ACCOUNT, "region": REGION,
            "partition": "aws", "time": time, "exit": 254 if error else 0, "output": output,
            "error": f"An error occurred ({error}) when calling the X operation: because" if error else ""}


def acl(name, *granted):
    return answer("s3:GetBucketAcl", {"Bucket": name}, {"Owner": {"ID": "us"}, "Grants": [
        {"Grantee": {"Type": "CanonicalUser", "ID": "us"}, "Permission": "FULL_CONTROL"},
        *({"Grantee": grantee, "Permission": permission} for grantee, permission in granted)]})


UNBLOCKED = answer("s3control:GetPublicAccessBlock", {"AccountId": ACCOUNT}, None, "NoSuchPublicAccessBlockConfiguration")


def collected(*answers, keep=False, alone=True):
    """The CLI's own answers, imported; beside what is there already, where it is kept."""
    evidence, place = HOME / "evidence", HOME / "workspace"
    shutil.rmtree(evidence, ignore_errors=True)
    if not keep:
        shutil.rmtree(place, ignore_errors=True)
    evidence.mkdir()
    (evidence / "answers.jsonl").write_text("".join(json.dumps(a) + "\n" for a in (*answers, *([ALONE] if alone else []))))
    denied = any("AccessDenied" in a["error"] for a in answers)
    vigil("import", evidence, "--workspace", place, "--quiet", code=3 if denied else 0)
    return place


def exposed(place):
    found = json.loads(vigil("iam", "exposed", "--workspace", place, "--format", "json"))
    return [e["resource"] for e in found["exposed"]], [u["resource"] for u in found["unknown"]], found


def anyone(action, resource="*"):
    return json.dumps(policy({"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource}))


def queue(name, attributes):
    return answer("sqs:GetQueueAttributes", {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}",
                                             "AttributeNames": "QueueArn,Policy"}, attributes)


# Of each kind, by API: what lists it, who asks its policy (of one whose policy lets anyone in, and of one without), the
# ARNs of three: open, none, dark (listed alone).
KINDS = {
    "bucket": (answer("s3:ListBuckets", {}, {"Buckets": [{"Name": n, "CreationDate": "2025-01-01T00:00:00Z"} for n in ("open", "none", "dark")]}),
               [answer("s3:GetBucketPolicy", {"Bucket": "open"}, {"Policy": anyone("s3:GetObject", "arn:aws:s3:::open/*")}),
                answer("s3:GetBucketPolicy", {"Bucket": "none"}, None, "NoSuchBucketPolicy"),
                answer("s3:GetPublicAccessBlock", {"Bucket": "open"}, None, "NoSuchPublicAccessBlockConfiguration"),
                acl("open"), acl("none"),
                UNBLOCKED],
               "arn:aws:s3:::%s"),
    "queue": (answer("sqs:ListQueues", {}, {"QueueUrls": [f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{n}" for n in ("open", "none", "dark")]}),
              [queue("open", {"Attributes": {"Policy": anyone("sqs:SendMessage")}}), queue("none", None)],
              f"arn:aws:sqs:{REGION}:{ACCOUNT}:%s"),
    "topic": (answer("sns:ListTopics", {}, {"Topics": [{"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{n}"} for n in ("open", "none", "dark")]}),
              [answer("sns:GetTopicAttributes", {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{n}"},
                      {"Attributes": {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{n}", **more}})
               for n, more in (("open", {"Policy": anyone("sns:Publish")}), ("none", {}))],
              f"arn:aws:sns:{REGION}:{ACCOUNT}:%s"),
    "function": (answer("lambda:ListFunctions", {}, {"Functions": [{"FunctionName": n, "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{n}"}
                                                                   for n in ("open", "none", "dark")]}),
                 [answer("lambda:GetPolicy", {"FunctionName": "open"}, {"Policy": anyone("lambda:InvokeFunction"), "RevisionId": "r"}),
                  answer("lambda:GetPolicy", {"FunctionName": "none"}, None, "ResourceNotFoundException")],
                 f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:%s"),
    "secret": (answer("secretsmanager:ListSecrets", {}, {"SecretList": [{"Name": n, "ARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{n}"}
                                                                        for n in ("open", "none", "dark")]}),
               [answer("secretsmanager:GetResourcePolicy", {"SecretId": n},
                       {"ARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{n}", "Name": n, **more})
                for n, more in (("open", {"ResourcePolicy": anyone("secretsmanager:GetSecretValue")}), ("none", {}))],
               f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:%s"),
    "repository": (answer("ecr:DescribeRepositories", {}, {"repositories": [{"repositoryName": n, "repositoryArn": f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{n}"}
                                                                            for n in ("open", "none", "dark")]}),
                   [answer("ecr:GetRepositoryPolicy", {"RepositoryName": "open"},
                           {"registryId": ACCOUNT, "repositoryName": "open", "policyText": json.dumps(policy(
                               {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}))}),
                    answer("ecr:GetRepositoryPolicy", {"RepositoryName": "none"}, None, "RepositoryPolicyNotFoundException")],
                   f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/%s"),
    # every key has a policy: the second's lets in the account alone
    "key": (answer("kms:ListKeys", {}, {"Keys": [{"KeyId": (KEY + str(i)).split("/")[1], "KeyArn": KEY + str(i)} for i in range(3)]}),
            [answer("kms:GetKeyPolicy", {"KeyId": KEY + "0", "PolicyName": "default"}, {"Policy": anyone("kms:Decrypt"), "PolicyName": "default"}),
             answer("kms:GetKeyPolicy", {"KeyId": KEY + "1", "PolicyName": "default"},
                    {"Policy": json.dumps(policy({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                                                  "Action": "kms:*", "Resource": "*"})), "PolicyName": "default"})],
            {"open": KEY + "0", "none": KEY + "1", "dark": KEY + "2"}),
}


def arn_of(kind, name):
    arns = KINDS[kind][2]
    return arns[name] if isinstance(arns, dict) else arns % name


@case
def answers_of_services_are_asked_as_snapshots_are():
    for kind, (listed, asked, _) in KINDS.items():
        told, unknown, found = exposed(collected(listed, *asked))
        equal((told, unknown), ([arn_of(kind, "open")], [arn_of(kind, "dark")]), kind)
        equal(found["exposed"][0]["reach"], "anyone", kind)
        assert found["unknown"][0]["why"].startswith("its policy was not collected"), found["unknown"]
        # a policy counts without the list, and a list alone tells of nothing
        told, unknown, _ = exposed(collected(*asked))
        equal((told, unknown), ([arn_of(kind, "open")], []), kind)
        told, unknown, _ = exposed(collected(listed))
        equal((told, sorted(unknown)), ([], sorted(arn_of(kind, n) for n in ("open", "none", "dark"))), kind)


@case
def what_was_denied_stays_unknown():
    for kind, (listed, asked, _) in KINDS.items():
        denied = [answer(a["operation"], a["parameters"], None, "AccessDenied") for a in asked]
        told, unknown, _ = exposed(collected(listed, *denied))
        equal((told, len(unknown)), ([], 3), kind)


@case
def block_public_access_of_answers_counts():
    listed, asked, _ = KINDS["bucket"]
    block = {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "IgnorePublicAcls": True,
                                                "BlockPublicPolicy": True, "RestrictPublicBuckets": True}}
    equal(exposed(collected(listed, *asked[:3], answer("s3control:GetPublicAccessBlock", {"AccountId": ACCOUNT}, block)))[0], [])
    equal(exposed(collected(listed, *asked[:2], answer("s3:GetPublicAccessBlock", {"Bucket": "open"}, block), asked[-1]))[0], [])
    for answers, unless in ((asked, False), (asked[:-1], True), (asked[:2] + asked[3:], True)):
        found = exposed(collected(listed, *answers))[2]
        equal([[e["unlessBlockPublicAccess"] for e in found[key]] for key in ("exposed", "possible")], [[], [True]] if unless else [[False], []])


@case
def of_snapshot_and_answer_the_newer_counts():
    none = [{**a, "time": "2026-02-01T00:00:00Z"} for a in [answer("s3:GetBucketPolicy", {"Bucket": "open"}, None, "NoSuchBucketPolicy")]]
    old = [{**a, "time": "2025-12-01T00:00:00Z"} for a in none]
    workspace([], [bucket("open", PUBLIC)])
    equal(exposed(collected(*none, keep=True))[0], [], "the answer is newer")
    workspace([], [bucket("open", PUBLIC)])
    old.append(UNBLOCKED)
    equal(exposed(collected(*old, keep=True))[0], ["arn:aws:s3:::open"], "the snapshot is newer")


@case
def an_access_point_needs_both_policies():
    point = f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/ap"
    delegates = json.dumps(policy({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::open", "arn:aws:s3:::open/*"],
                                   "Condition": {"StringEquals": {"s3:DataAccessPointAccount": ACCOUNT}}}))
    # (where it takes requests from, the policies of the point and of the bucket) and what is told
    for origin, own, behind, told in (
            ("Internet", anyone("s3:GetObject", point + "/object/*"), delegates, [point]),
            ("Internet", anyone("s3:ListBucket", point), delegates, [point]),
            ("Internet", anyone("s3:GetObject", point + "/object/*"), None, []),
            ("Internet", None, delegates, []),
            ("VPC", anyone("s3:GetObject", point + "/object/*"), delegates, [])):
        answers = [answer("s3control:ListAccessPoints", {"AccountId": ACCOUNT}, {"AccessPointList": [
                       {"Name": "ap", "Bucket": "open", "NetworkOrigin": origin, "AccessPointArn": point}]}),
                   answer("s3control:GetAccessPointPolicy", {"AccountId": ACCOUNT, "Name": "ap"}, {"Policy": own} if own else None,
                          "" if own else "NoSuchAccessPointPolicy"),
                   answer("s3:GetBucketPolicy", {"Bucket": "open"}, {"Policy": behind} if behind else None,
                          "" if behind else "NoSuchBucketPolicy"),
                   answer("s3:GetBucketOwnershipControls", {"Bucket": "open"},
                          {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}})]
        unblocked = [answer("s3:GetPublicAccessBlock", {"Bucket": "open"}, None, "NoSuchPublicAccessBlockConfiguration"), UNBLOCKED]
        found = exposed(collected(*answers, *unblocked))
        equal((found[0] + [e["resource"] for e in found[2]["possible"]], point in found[1]), (told, False), f"{origin} {own} {behind}")


def grant(principal, operations=("Decrypt",), **constraints):
    return {"KeyId": KEY + "1", "GrantId": "0abc", "GranteePrincipal": principal, "Operations": list(operations),
            **({"Constraints": constraints} if constraints else {})}


@case
def grants_of_keys_let_in_as_well():
    listed, asked, _ = KINDS["key"]
    own = asked[1:]
    for grants, told, levels in (
            ([], [], None), ([grant(f"arn:aws:iam::{ACCOUNT}:role/own")], [], None),
            ([grant(f"arn:aws:iam::{OUTSIDE}:role/partner", EncryptionContextSubset={"team": "a"})], [KEY + "1"], ["kms:Decrypt"]),
            ([grant(f"arn:aws:iam::{ACCOUNT}:role/own"), grant(f"arn:aws:iam::{OUTSIDE}:root", ("Encrypt", "DescribeKey"))],
             [KEY + "1"], ["kms:DescribeKey", "kms:Encrypt"])):
        given = answer("kms:ListGrants", {"KeyId": KEY + "1"}, {"Grants": grants})
        found = exposed(collected(*own, given))
        equal(found[0], told, grants)
        if told:
            exposure = found[2]["exposed"][0]
            equal((exposure["reach"], exposure["policy"], sorted(exposure["actions"])), ("external", f"grants of {KEY}1", levels))
    # a key whose policy nobody collected stays unknown, whatever its grants
    equal(exposed(collected(listed, answer("kms:ListGrants", {"KeyId": KEY + "1"}, {"Grants": [grant(f"arn:aws:iam::{ACCOUNT}:root")]})))[1],
          [KEY + "0", KEY + "1", KEY + "2"])


GROUPS = "http://acs.amazonaws.com/groups/global/"
EVERYONE, SIGNED_IN, LOGS = ({"Type": "Group", "URI": GROUPS + g} for g in ("AllUsers", "AuthenticatedUsers", "../s3/LogDelivery"))


@case
def a_bucket_can_be_open_by_its_access_control_list_alone():
    def answers(name, grants, *more, ownership=None, blocked=False):
        rules = {"OwnershipControls": {"Rules": [{"ObjectOwnership": ownership}]}} if ownership else None
        block = {"PublicAccessBlockConfiguration": {"BlockPublicAcls": False, "IgnorePublicAcls": True, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}}
        return [answer("s3:ListBuckets", {}, {"Buckets": [{"Name": name, "CreationDate": "2025-01-01T00:00:00Z"}]}),
                answer("s3:GetBucketPolicy", {"Bucket": name}, None, "NoSuchBucketPolicy"),
                answer("s3:GetBucketOwnershipControls", {"Bucket": name}, rules, "" if rules else "OwnershipControlsNotFoundError"),
                answer("s3:GetPublicAccessBlock", {"Bucket": name}, block if blocked else None, "" if blocked else "NoSuchPublicAccessBlockConfiguration"),
                *([acl(name, *grants)] if grants is not None else []), UNBLOCKED, *more]

    rows = (([(EVERYONE, "READ")], {}, [("AllUsers", "high", ["s3:ListBucket"])]),
            ([(SIGNED_IN, "WRITE")], {}, [("AuthenticatedUsers", "critical", ["s3:PutObject"])]),
            ([(EVERYONE, "FULL_CONTROL")], {}, [("AllUsers", "critical", ["s3:GetBucketAcl", "s3:ListBucket", "s3:PutBucketAcl", "s3:PutObject"])]),
            ([(EVERYONE, "READ_ACP"), (SIGNED_IN, "WRITE_ACP")], {}, [("AllUsers", "high", ["s3:GetBucketAcl"]), ("AuthenticatedUsers", "critical", ["s3:PutBucketAcl"])]),
            ([(EVERYONE, "READ")], {"ownership": "ObjectWriter"}, [("AllUsers", "high", ["s3:ListBucket"])]),
            ([(EVERYONE, "READ")], {"ownership": "BucketOwnerEnforced"}, []), ([(EVERYONE, "READ")], {"blocked": True}, []),
            ([(LOGS, "WRITE")], {}, []), ([], {}, []))
    for grants, more, told in rows:
        found = exposed(collected(*answers("b", grants, **more)))[2]
        equal(sorted((e["who"], e["severity"], sorted(e["actions"])) for e in found["exposed"]), told, f"{grants} {more}")
        equal((found["possible"], found["unknown"]), ([], []), f"{grants} {more}")
        for e in found["exposed"]:
            equal((e["reach"], e["policy"], e["resource"]), ("anyone", "access control list", "arn:aws:s3:::b"))
            done = vigil("iam", "can", e["witness"]["principal"] if isinstance(e["witness"]["principal"], str) else "*", e["witness"]["action"],
                         e["witness"]["resource"]["resource"], "--workspace", HOME / "workspace", code=0 if e["who"] == "AllUsers" else 3)
            assert "Allowed" in done or e["who"] != "AllUsers", done
    # a list that is void is told by nothing that a policy allows
    behind = [a if a["operation"] != "s3:GetBucketPolicy" else answer("s3:GetBucketPolicy", {"Bucket": "b"}, {"Policy": anyone("s3:ListBucket", "arn:aws:s3:::b")})
              for a in answers("b", [(EVERYONE, "READ")], ownership="BucketOwnerEnforced")]
    equal([e["who"] for e in exposed(collected(*behind))[2]["exposed"]], ["*"])
    # AWS Config's words for the same; its item of the account's block is not here
    place = workspace([], [bucket("b", None, granted=[("AuthenticatedUsers", "Write"), ("LogDelivery", "Write")])])
    equal([(e["who"], e["actions"]) for e in exposed(place)[2]["possible"]], [("AuthenticatedUsers", ["s3:PutObject"])])
    # neither a list that nobody collected nor one that names a stranger's id is the absence of a grant
    for grants in (None, [({"Type": "CanonicalUser", "ID": "them"}, "READ")]):
        told, unknown, found = exposed(collected(*answers("b", grants)))
        equal((told, unknown), ([], ["arn:aws:s3:::b"]), grants)
        assert "access control list" in found["unknown"][0]["why"], found
        equal(exposed(collected(*answers("b", grants, ownership="BucketOwnerEnforced")))[1], [], grants)
    # the account's block, where nobody asked for it, may void the list
    found = exposed(collected(*[a for a in answers("b", [(EVERYONE, "READ")]) if a is not UNBLOCKED]))[2]
    equal(([e["resource"] for e in found["exposed"]], [e["unlessBlockPublicAccess"] for e in found["possible"]]), ([], [True]))
    text = vigil("iam", "exposed", "--workspace", collected(*answers("b", [(EVERYONE, "READ")])))
    assert "by the grant to AllUsers of its access control list" in text and "BucketOwnerEnforced" in text, text


@case
def what_control_policies_that_nobody_collected_may_close_is_told_apart():
    place = workspace(ROLES, alone=False)
    found = json.loads(vigil("iam", "exposed", "--workspace", place, "--format", "json"))
    equal((found["exposed"], sorted((e["resource"].rsplit("/", 1)[1], e["unlessRcp"]) for e in found["possible"])),
          ([], [("anybody", True), ("partner", True)]))
    text = vigil("iam", "exposed", "--workspace", place)
    assert "0 ways into" in text and "unless a resource control policy, of which not all were collected, forbids it" in text, text
    done = subprocess.run([VIGIL, "iam", "exposed", "--workspace", str(place), "--fail-on", "critical"], capture_output=True, text=True)
    equal((done.returncode, done.stderr), (3, "1 at the gate are open unless something that is not known closes them\n"))
    vigil("iam", "exposed", "--workspace", place, "--fail-on", "critical", "--reach", "external", code=0)


# Every type of content/access/resources.yaml that is in no case above: its ARN, what else its properties say, the action
# that is asked first, and on what. @ is "REGION:ACCOUNT".
TYPES = (
    ("AWS::S3ObjectLambda::AccessPoint", "s3-object-lambda:@:accesspoint/x", {}, "s3-object-lambda"),
    ("AWS::S3Outposts::Bucket", "s3-outposts:@:outpost/op-1/bucket/b", {}, "s3-outposts"),
    ("AWS::S3Outposts::AccessPoint", "s3-outposts:@:outpost/op-1/accesspoint/a", {}, "s3-outposts"),
    ("AWS::S3Express::DirectoryBucket", "s3express:@:bucket/b--euw1-az1--x-s3", {}, "s3express"),
    ("AWS::S3Express::AccessPoint", "s3express:@:accesspoint/a--euw1-az1--xa-s3", {}, "s3express"),
    ("AWS::S3Tables::TableBucket", "s3tables:@:bucket/b", {}, "s3tables"),
    ("AWS::S3Tables::Table", "s3tables:@:bucket/b/table/1", {}, "s3tables"),
    ("AWS::S3Vectors::VectorBucket", "s3vectors:@:bucket/b", {}, "s3vectors"),
    ("AWS::KMS::ReplicaKey", "kms:@:key/mrk-1", {}, "kms"),
    ("AWS::SQS::QueueInlinePolicy", "sqs:@:inline", {}, "sqs"),
    ("AWS::SNS::TopicInlinePolicy", "sns:@:inline", {"TopicArn": "arn:aws:sns:@:inline"}, "sns"),
    ("AWS::Lambda::Alias", "lambda:@:function:f:live", {}, "lambda"),
    ("AWS::Lambda::Version", "lambda:@:function:f:1", {}, "lambda"),
    ("AWS::Lambda::LayerVersion", "lambda:@:layer:l:1", {}, "lambda"),
    ("AWS::ECR::PublicRepository", f"ecr-public::{ACCOUNT}:repository/r", {}, "ecr-public"),
    ("AWS::ECR::RegistryPolicy", f"ecr:@:registry", {}, "ecr"),
    ("AWS::EFS::FileSystem", "elasticfilesystem:@:file-system/fs-1", {}, "elasticfilesystem"),
    ("AWS::Backup::BackupVault", "backup:@:backup-vault:v", {}, "backup"),
    ("AWS::Backup::LogicallyAirGappedBackupVault", "backup:@:backup-vault:w", {}, "backup"),
    ("AWS::DynamoDB::GlobalTable", f"dynamodb::{ACCOUNT}:global-table/t", {}, "dynamodb"),
    ("AWS::Events::EventBus", "events:@:event-bus/b", {}, "events"),
    ("AWS::Events::EventBusPolicy", "events:@:event-bus/c", {}, "events"),
    ("AWS::EventSchemas::Registry", "schemas:@:registry/r", {}, "schemas"),
    ("AWS::OpenSearchService::Domain", "es:@:domain/d", {}, "es"),
    ("AWS::OpenSearch::Domain", "es:@:domain/e", {}, "es"),
    ("AWS::Kinesis::Stream", "kinesis:@:stream/s", {}, "kinesis"),
    ("AWS::Kinesis::StreamConsumer", "kinesis:@:stream/s/consumer/c:1", {}, "kinesis"),
    ("AWS::CodeArtifact::Domain", "codeartifact:@:domain/d", {}, "codeartifact"),
    ("AWS::CodeArtifact::Repository", "codeartifact:@:repository/d/r", {}, "codeartifact"),
    ("AWS::CodeBuild::ReportGroup", "codebuild:@:report-group/g", {}, "codebuild"),
    ("AWS::MSK::Cluster", "kafka:@:cluster/c/1", {}, "kafka"),
    ("AWS::MSK::ServerlessCluster", "kafka:@:cluster/d/1", {}, "kafka"),
    ("AWS::ApiGateway::DomainNameV2", "apigateway:@:/domainnames/d", {}, "apigateway"),
    ("AWS::Logs::Destination", "logs:@:destination:d", {}, "logs"),
    ("AWS::Logs::ResourcePolicy", "logs:@:resource-policy:p", {"PolicyName": "p"}, "logs"),
    ("AWS::Logs::LogGroup", "logs:@:log-group:g", {}, "logs"),
    ("AWS::Logs::DeliveryDestination", "logs:@:delivery-destination:d", {}, "logs"),
    ("AWS::XRay::ResourcePolicy", "xray:@:resource-policy/p", {"PolicyName": "p"}, "xray"),
    ("AWS::Glue::Database", "glue:@:catalog", {}, "glue"),
    ("AWS::Glacier::Vault", "glacier:@:vaults/v", {}, "glacier"),
    ("AWS::SES::EmailIdentity", "ses:@:identity/example.org", {"EmailIdentity": "example.org"}, "ses"),
    ("AWS::MediaStore::Container", "mediastore:@:container/c", {}, "mediastore"),
    ("AWS::ServerlessRepo::Application", "serverlessrepo:@:applications/a", {}, "serverlessrepo"),
    ("AWS::ACMPCA::CertificateAuthority", "acm-pca:@:certificate-authority/1", {}, "acm-pca"),
    ("AWS::Signer::SigningProfile", "signer:@:/signing-profiles/p", {}, "signer"),
    ("AWS::CloudTrail::EventDataStore", "cloudtrail:@:eventdatastore/1", {}, "cloudtrail"),
    ("AWS::CloudTrail::Channel", "cloudtrail:@:channel/1", {}, "cloudtrail"),
    ("AWS::CloudTrail::Dashboard", "cloudtrail:@:dashboard/d", {}, "cloudtrail"),
    ("AWS::Lex::Bot", "lex:@:bot/B", {}, "lex"),
    ("AWS::Lex::BotAlias", "lex:@:bot-alias/B/A", {}, "lex"),
    ("AWS::NetworkManager::CoreNetwork", f"networkmanager::{ACCOUNT}:core-network/c",
     {"CoreNetworkArn": f"arn:aws:networkmanager::{ACCOUNT}:core-network/c"}, "networkmanager"),
    ("AWS::NetworkFirewall::RuleGroup", "network-firewall:@:stateful-rulegroup/g", {}, "network-firewall"),
    ("AWS::NetworkFirewall::FirewallPolicy", "network-firewall:@:firewall-policy/p", {}, "network-firewall"),
    ("AWS::Route53Resolver::ResolverRule", "route53resolver:@:resolver-rule/r", {}, "route53resolver"),
    ("AWS::Route53Resolver::FirewallRuleGroup", "route53resolver:@:firewall-rule-group/g", {}, "route53resolver"),
    ("AWS::Route53Resolver::ResolverQueryLoggingConfig", "route53resolver:@:resolver-query-log-config/c", {}, "route53resolver"),
    ("AWS::ServiceDiscovery::HttpNamespace", "servicediscovery:@:namespace/ns-1", {}, "servicediscovery"),
    ("AWS::ServiceDiscovery::PrivateDnsNamespace", "servicediscovery:@:namespace/ns-2", {}, "servicediscovery"),
    ("AWS::ServiceDiscovery::PublicDnsNamespace", "servicediscovery:@:namespace/ns-3", {}, "servicediscovery"),
    ("AWS::Rekognition::Project", "rekognition:@:project/p/1", {}, "rekognition"),
    ("AWS::SSM::Parameter", "ssm:@:parameter/p", {"Tier": "Advanced"}, "ssm"),
    ("AWS::SSMContacts::Contact", "ssm-contacts:@:contact/c", {}, "ssm-contacts"),
    ("AWS::SSMIncidents::ResponsePlan", f"ssm-incidents::{ACCOUNT}:response-plan/p", {}, "ssm-incidents"),
    ("AWS::VpcLattice::Service", "vpc-lattice:@:service/svc-1", {}, "vpc-lattice"),
    ("AWS::VpcLattice::ServiceNetwork", "vpc-lattice:@:servicenetwork/sn-1", {}, "vpc-lattice"),
    ("AWS::Bedrock::CustomModel", "bedrock:@:custom-model/m", {}, "bedrock"),
    ("AWS::Bedrock::Guardrail", "bedrock:@:guardrail/g", {}, "bedrock"),
    ("AWS::Bedrock::KnowledgeBase", "bedrock:@:knowledge-base/k", {}, "bedrock"),
    ("AWS::BedrockAgentCore::Runtime", "bedrock-agentcore:@:runtime/r", {}, "bedrock-agentcore"),
    ("AWS::BedrockAgentCore::Gateway", "bedrock-agentcore:@:gateway/g", {}, "bedrock-agentcore"),
    ("AWS::APS::Workspace", "aps:@:workspace/ws-1", {}, "aps"),
    ("AWS::Comprehend::DocumentClassifier", "comprehend:@:document-classifier/c", {}, "comprehend"),
    ("AWS::SageMaker::ModelPackageGroup", "sagemaker:@:model-package-group/g", {}, "sagemaker"),
    ("AWS::PaymentCryptography::Key", "payment-cryptography:@:key/k", {}, "payment-cryptography"),
    ("AWS::CloudHSM::Backup", "cloudhsm:@:backup/b", {}, "cloudhsm"),
    ("AWS::EntityResolution::PolicyStatement", "entityresolution:@:matchingworkflow/w", {}, "entityresolution"),
    ("AWS::Organizations::ResourcePolicy", f"organizations::{ACCOUNT}:resourcepolicy/o-abcdefghij/rp-1", {}, "organizations"),
    ("AWS::RAM::ResourceShare", "ram:@:resource-share/s", {"AllowExternalPrincipals": True}, "ram"),
)
# Seen by other cases, or on other ways.
ELSEWHERE = {"AWS::S3::Bucket", "AWS::S3::AccessPoint", "AWS::S3::MultiRegionAccessPoint", "AWS::KMS::Key", "AWS::SQS::Queue",
             "AWS::SNS::Topic", "AWS::Lambda::Function", "AWS::SecretsManager::Secret", "AWS::ECR::Repository",
             "AWS::DynamoDB::Table", "AWS::Elasticsearch::Domain", "AWS::CodeBuild::Project", "AWS::ApiGateway::RestApi"}


def rule_rows():
    import re
    for line in (ROOT / "content" / "access" / "resources.yaml").read_text().splitlines():
        if line.startswith("  - {type: ") and "policy: " in line:
            yield {k: v for k, v in re.findall(r'(\w+): ("[^"]*"|\[[^]]*\]|[^,}]+)', line)}


def here(text):
    return text.replace("@", f"{REGION}:{ACCOUNT}")


def item(type_, arn, properties):
    """As AWS Config records types by their registry schema."""
    return {**bucket("x", None), "awsRegion": REGION, "resourceType": type_, "ARN": arn, "resourceId": arn, "resourceName": arn.rsplit("/")[-1],
            "configuration": properties or {"Name": "x"}, "supplementaryConfiguration": {}}


def nested(path, value):
    for key in reversed(path.split("/")):
        value = {key: value}
    return value


def with_policy(type_, arn, more, document):
    """The items that show the resource and its policy, where content says that it stands."""
    row = next(r for r in rule_rows() if r["type"] == type_)
    held = nested(row["policy"], json.dumps(document))
    if "in" not in row:
        return [item(type_, arn, {**more, **held})]
    if "names" in row:
        held[row["names"]] = arn
    return [item(type_, arn, more), item(row["in"], arn + "/policy", held)]


@case
def every_type_that_can_have_a_policy_is_asked_and_is_unknown_without():
    equal({r["type"] for r in rule_rows()} - ELSEWHERE, {t for t, *_ in TYPES}, "each type is in a case")
    items, arns = [], {}
    for type_, arn, more, service in TYPES:
        arns[type_] = f"arn:aws:{here(arn)}"
        items += with_policy(type_, arns[type_], json.loads(here(json.dumps(more))), policy(
            {"Effect": "Allow", "Principal": "*", "Action": f"{service}:*", "Resource": "*"}))
    place = workspace([], items)
    exposed_arns, unknown, found = exposed(place)
    equal(sorted(set(arns.values()) - set(exposed_arns)), [])
    equal([u for u in unknown if u in arns.values()], [])
    equal({e["reach"] for e in found["exposed"]}, {"anyone"})
    place = workspace([], [item(t, a, json.loads(here(json.dumps(next(m for n, _, m, _ in TYPES if n == t))))) for t, a in arns.items()])
    exposed_arns, unknown, _ = exposed(place)
    shown = {arns[r["type"]] for r in rule_rows() if r["type"] in arns and "config-" in r.get("sources", "")}
    equal(exposed_arns, [])
    equal(sorted(set(arns.values()) - set(unknown)), sorted(shown), "all but those of which AWS Config shows that there is none")


@case
def policies_speak_of_what_is_inside_or_of_all_that_a_service_holds():
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:abc123"
    api = {**bucket("api", None), "resourceType": "AWS::ApiGateway::RestApi", "ARN": f"arn:aws:apigateway:{REGION}::/restapis/abc123",
           "resourceId": "abc123", "awsRegion": REGION, "supplementaryConfiguration": {}, "configuration": {
               "id": "abc123", "name": "api", "policy": anyone("execute-api:Invoke", arn + "/*")}}
    domain = item("AWS::OpenSearch::Domain", f"arn:aws:es:{REGION}:{ACCOUNT}:domain/d", {
        "AccessPolicies": anyone("es:ESHttpGet", f"arn:aws:es:{REGION}:{ACCOUNT}:domain/d/*")})
    old = {**bucket("old", None), "resourceType": "AWS::Elasticsearch::Domain", "ARN": f"arn:aws:es:{REGION}:{ACCOUNT}:domain/old",
           "awsRegion": REGION, "supplementaryConfiguration": {}, "configuration": {
               "domainName": "old", "accessPolicies": anyone("es:ESHttp*", f"arn:aws:es:{REGION}:{ACCOUNT}:domain/old/*")}}
    log = item("AWS::Logs::ResourcePolicy", "p", {"PolicyName": "p", "PolicyDocument": anyone(
        "logs:PutLogEvents", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/a/*")})
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t"
    stream = item("AWS::DynamoDB::Table", table, {"tableName": "t", "tableArn": table, "latestStreamArn": table + "/stream/1"})
    point = f"arn:aws:s3::{ACCOUNT}:accesspoint/alias.mrap"
    many = [item("AWS::S3::MultiRegionAccessPoint", point, {"Alias": "alias.mrap"}),
            item("AWS::S3::MultiRegionAccessPointPolicy", "m", {"MrapName": "alias.mrap", "Policy": json.loads(
                anyone("s3:GetObject", point + "/object/*"))})]
    _, unknown, found = exposed(workspace([], [api, domain, old, log, stream, *many]))
    equal(unknown, [table, table + "/stream/1"])
    equal([(e["resource"], e["witness"]["resource"]["resource"]) for e in found["possible"]], [(point, point + "/object/x")])
    equal(sorted((e["resource"], e["witness"]["action"], e["witness"]["resource"]["resource"]) for e in found["exposed"]), [
        (f"arn:aws:es:{REGION}:{ACCOUNT}:domain/d", "es:ESHttpGet", f"arn:aws:es:{REGION}:{ACCOUNT}:domain/d/x"),
        (f"arn:aws:es:{REGION}:{ACCOUNT}:domain/old", "es:ESHttpDelete", f"arn:aws:es:{REGION}:{ACCOUNT}:domain/old/x"),
        (arn, "execute-api:Invoke", arn + "/x/x/x"),
        (f"arn:aws:logs:{REGION}:{ACCOUNT}:resource-policy:p", "logs:PutLogEvents", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/a/x:log-stream:x"),
    ])


@case
def other_services_answer_as_well():
    catalogue, table = f"arn:aws:glue:{REGION}:{ACCOUNT}:catalog", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/"
    place = collected(answer("glue:GetResourcePolicy", {}, {"PolicyInJson": anyone(
        "glue:GetTable", f"arn:aws:glue:{REGION}:{ACCOUNT}:table/sales/*"), "PolicyHash": "h"}),
                      answer("dynamodb:GetResourcePolicy", {"ResourceArn": table + "open"}, {"Policy": anyone("dynamodb:Query"), "RevisionId": "1"}),
                      answer("dynamodb:GetResourcePolicy", {"ResourceArn": table + "none"}, None, "PolicyNotFoundException"),
                      answer("apigateway:GetRestApis", {}, {"items": [{"id": i, "name": i, "apiKeySource": "HEADER", **p} for i, p in (
                          ("open", {"policy": anyone("execute-api:Invoke")}), ("none", {}))]}))
    exposed_arns, unknown, _ = exposed(place)
    equal(sorted(exposed_arns), [table + "open", f"arn:aws:execute-api:{REGION}:{ACCOUNT}:open", catalogue])
    equal(unknown, [])


@case
def a_policy_in_a_type_that_nobody_knows_is_not_silent():
    thing = f"arn:aws:newservice:{REGION}:{ACCOUNT}:thing/"
    open_ = json.loads(anyone("newservice:*"))
    items = [item("AWS::NewService::Thing", thing + "object", {"Access": {"Deep": [open_]}}),
             item("AWS::NewService::Thing", thing + "text", {"Access": json.dumps(open_)}),
             item("AWS::NewService::Thing", thing + "broken", {"Access": '{"Statement": [{"Principal": '}),
             item("AWS::NewService::Thing", "no-arn", {"Access": open_}),
             item("AWS::NewService::Thing", thing + "plain", {"Statement": "Principal", "Of": {"Statement": [{"Effect": "Allow"}]}}),
             item("AWS::EC2::VPCEndpoint", f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc-endpoint/vpce-1", {"PolicyDocument": open_})]
    exposed_arns, unknown, found = exposed(workspace([], items))
    equal(unknown, [f"AWS::NewService::Thing {ACCOUNT} {REGION} no-arn", thing + "broken", thing + "object", thing + "text"])
    equal(exposed_arns, [])
    equal(next(u["why"] for u in found["unknown"] if u["resource"] == thing + "text"),
          "a policy stands in its Access, and what one lets in on AWS::NewService::Thing is not known")
    vigil("review", "--workspace", HOME / "workspace")
    fact = json.loads(vigil("evidence", "show", ACCOUNT, "--type", "Vigil::Account::Exposure", "--workspace", HOME / "workspace",
                            "--format", "json"))
    assert '"UnknownResources"' in json.dumps(fact) and thing + "text" in json.dumps(fact), fact


@case
def a_canonical_user_is_told_unless_it_is_the_accounts_own():
    def of(user):
        return policy({"Effect": "Allow", "Principal": {"CanonicalUser": user}, "Action": "s3:GetObject",
                       "Resource": "arn:aws:s3:::%s/*"})
    foreign = "1" * 64
    items = [bucket("shared", json.loads(json.dumps(of(foreign)) % "shared"), True),
             bucket("own", json.loads(json.dumps(of("us")) % "own"), True)]
    _, unknown, found = exposed(workspace([], items))
    told = [(u["resource"], u["why"]) for u in found["unknown"] if "canonical" in u["why"]]
    equal(told, [("arn:aws:s3:::shared", f"its policy lets in the canonical user {foreign}, and whose that is, is not known")])


@case
def without_evidence_it_says_what_to_import():
    done = subprocess.run([VIGIL, "iam", "exposed", "--workspace", str(HOME / "nowhere")], capture_output=True, text=True)
    equal(done.returncode, 3)
    assert "no workspace here" in done.stderr and done.stderr.count("\n") == 1, done.stderr


try:
    run()
finally:
    shutil.rmtree(HOME, ignore_errors=True)
