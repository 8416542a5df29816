#!/usr/bin/env python3
"""Real attacks are found: every technique of trail-stratus, and every step of the attack in trail-invictus.

A technique counts as found when a finding carries one of its ATT&CK ids and cites events of the technique itself; the
set-up around it does not count. The ids are those that the technique's public description comes to (ATT&CK 17, IaaS). The
same logs are asked again as somebody else's: agents, names, accounts, addresses, regions and key order replaced, and must
give the same findings. The table of found and missed is printed."""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from rewrite import rewrite  # noqa: E402
from tap import case, run, skip  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
VIGIL = os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
DATA = Path(os.environ.get("VIGIL_TEST_DATA", ROOT.parent / "shared" / "data"))
WORK = Path(tempfile.mkdtemp(prefix="vigil-truth-"))
SEEDS = (11, 12, 13)

# technique: (its ATT&CK ids, the events that are the technique). An id stands for its sub-techniques too.
STRATUS = {
    "aws.credential-access.secretsmanager-batch-retrieve-secrets": ("T1555.006", "BatchGetSecretValue"),
    "aws.credential-access.secretsmanager-retrieve-secrets": ("T1555.006", "GetSecretValue"),
    "aws.credential-access.ssm-retrieve-securestring-parameters": ("T1555.006 T1552", "GetParameters"),
    "aws.defense-evasion.cloudtrail-event-selectors": ("T1562.008", "PutEventSelectors"),
    "aws.defense-evasion.cloudtrail-stop": ("T1562.008", "StopLogging"),
    "aws.defense-evasion.dns-delete-logs": ("T1562.008", "DeleteResolverQueryLogConfig"),
    "aws.defense-evasion.organizations-leave": ("T1666", "LeaveOrganization"),
    "aws.defense-evasion.vpc-remove-flow-logs": ("T1562.008", "DeleteFlowLogs"),
    "aws.execution.ec2-launch-unusual-instances": ("T1578.002 T1496", "RunInstances"),
    "aws.execution.ec2-user-data": ("T1651 T1059 T1578", "ModifyInstanceAttribute"),
    "aws.execution.ssm-send-command": ("T1651", "SendCommand"),
    "aws.execution.ssm-start-session": ("T1651 T1021", "StartSession"),
    "aws.exfiltration.ec2-share-ami": ("T1537", "ModifyImageAttribute"),
    "aws.exfiltration.ec2-share-ebs-snapshot": ("T1537", "ModifySnapshotAttribute"),
    "aws.exfiltration.rds-share-snapshot": ("T1537", "ModifyDBSnapshotAttribute"),
    "aws.initial-access.console-login-without-mfa": ("T1078", "ConsoleLogin"),
    "aws.lateral-movement.ec2-serial-console-send-ssh-public-key": ("T1021", "SendSerialConsoleSSHPublicKey"),
    "aws.persistence.iam-backdoor-role": ("T1098 T1484.002", "UpdateAssumeRolePolicy"),
    "aws.persistence.iam-backdoor-user": ("T1098.001", "CreateAccessKey"),
    "aws.persistence.iam-create-admin-user": ("T1136.003 T1098", "CreateUser AttachUserPolicy CreateAccessKey"),
    "aws.persistence.iam-create-backdoor-role": ("T1098 T1136.003", "CreateRole AttachRolePolicy"),
    "aws.persistence.iam-create-user-login-profile": ("T1098 T1078.004", "CreateLoginProfile"),
    "aws.persistence.lambda-backdoor-function": ("T1098 T1648 T1546", "AddPermission20150331v2"),
    "aws.persistence.lambda-layer-extension": ("T1648 T1546 T1525 T1574", "UpdateFunctionConfiguration20150331v2"),
    "aws.persistence.lambda-overwrite-code": ("T1648 T1546 T1525 T1554 T1059", "UpdateFunctionCode20150331v2"),
    "aws.persistence.sts-federation-token": ("T1550.001 T1098.001 T1078.004", "GetFederationToken"),
    "aws.privilege-escalation.iam-update-user-login-profile": ("T1098 T1078.004", "UpdateLoginProfile"),
}

# step: (its ATT&CK ids, the names of its events, who or when). The last is a test on a record.
AGENT = re.compile(r"^\[?stratus-red-team_")
INVICTUS = {
    "enumeration of users, roles and policies": ("T1087.004 T1069.003 T1580 T1526", "GetAccountAuthorizationDetails ListUsers",
                                                 lambda r: (r["userIdentity"].get("userName") == "benjamin")),
    "enumeration of buckets": ("T1619 T1580 T1526 T1087.004 T1069.003", "ListBuckets GetBucketAcl GetBucketPolicy GetBucketLogging",
                               lambda r: r["userIdentity"].get("userName") == "benjamin"),
    "passwords of Windows instances": ("T1552", "GetPasswordData", AGENT),
    "credentials of an instance stolen": ("T1552.005 T1078.004", "GetCallerIdentity DescribeInstances",
                                          lambda r: "ec2-steal-credentials" in str(r["userIdentity"].get("arn"))
                                          and r["sourceIPAddress"] == "192.168.10.20"),
    "commands on an instance": ("T1651", "SendCommand", AGENT),
    "secrets": ("T1555.006", "GetSecretValue", AGENT),
    "parameters": ("T1555.006 T1552", "GetParameters", AGENT),
    "trail deleted": ("T1562.008", "DeleteTrail", AGENT),
    "event selectors": ("T1562.008", "PutEventSelectors", AGENT),
    "lifecycle of the trail's bucket": ("T1562.008 T1485.001 T1070", "PutBucketLifecycle", AGENT),
    "trail stopped": ("T1562.008", "StopLogging", AGENT),
    "organisation left": ("T1666", "LeaveOrganization", AGENT),
    "flow logs removed": ("T1562.008", "DeleteFlowLogs", AGENT),
    "user data downloaded": ("T1552 T1580", "DescribeInstanceAttribute", AGENT),
    "unusual instances": ("T1578.002 T1496", "RunInstances", AGENT),
    "port 22 opened": ("T1562.007", "AuthorizeSecurityGroupIngress", AGENT),
    "image shared": ("T1537", "ModifyImageAttribute", AGENT),
    "snapshot shared": ("T1537", "ModifySnapshotAttribute", AGENT),
    "database snapshot shared": ("T1537", "ModifyDBSnapshotAttribute", AGENT),
    "bucket opened to an account": ("T1537 T1530 T1098", "PutBucketPolicy", AGENT),
    "console without MFA": ("T1078", "ConsoleLogin", AGENT),
    "role's trust": ("T1098 T1484.002", "UpdateAssumeRolePolicy", AGENT),
    "key of another user": ("T1098.001", "CreateAccessKey", AGENT),
    "user with all rights": ("T1136.003 T1098", "CreateUser AttachUserPolicy", AGENT),
    "login profile": ("T1098 T1078.004", "CreateLoginProfile", AGENT),
    "function opened": ("T1098 T1648 T1546", "AddPermission20150331v2", AGENT),
    "function overwritten": ("T1648 T1546 T1525 T1554 T1059", "UpdateFunctionCode20150331v2", AGENT),
    "trust anchor": ("T1098 T1484.002 T1556 T1078.004", "CreateTrustAnchor CreateProfile", AGENT),
}


def records_of(path):
    data = json.loads(path.read_text())
    return data["Records"] if isinstance(data, dict) else data


def detect(records, name):
    """What `vigil detect` finds in the records."""
    path = WORK / f"{name}.json"
    path.write_text(json.dumps({"Records": records}))
    done = subprocess.run([VIGIL, "detect", str(path), "--format", "jsonl"], capture_output=True, text=True, cwd=ROOT)
    if done.returncode not in (0, 1, 3):
        raise AssertionError(f"vigil detect {path} ended with {done.returncode}: {done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def has(attack, ids):
    return any(a == i or a.startswith(i + ".") for a in attack for i in ids.split())


def found(findings, ids, own):
    """The findings that carry one of the ids and cite one of the events."""
    return [f for f in findings if has(f.get("attack") or [], ids) and own & set(f["events"])]


def own_events(records, names, test=None):
    pick = test.search if isinstance(test, re.Pattern) else test
    keep = (lambda r: pick(r.get("userAgent") or "")) if isinstance(test, re.Pattern) else pick or (lambda r: True)
    return {r["eventID"] for r in records if r["eventName"] in names.split() and keep(r)}


def shape(findings):
    """What must stay the same when all names change."""
    return sorted((f["rule"], f["outcome"], tuple(sorted(f["events"]))) for f in findings)


def need(folder):
    if not (DATA / folder).is_dir():
        skip(f"no {folder} in the test data")
    probe = subprocess.run([VIGIL, "detect", "--help"], capture_output=True, text=True, cwd=ROOT) if Path(VIGIL).exists() else None
    if probe is None or "vigil detect" not in probe.stdout:
        skip("vigil detect is not built")
    return DATA / folder


def report(rows):
    missed = [name for name, hits, ids in rows if not hits]
    for name, hits, ids in rows:
        best = min(hits, key=lambda f: f["rule"]) if hits else None
        print(f"# {'found ' if hits else 'MISSED'} {name:64} {ids:32} {best['title'] if best else ''}")
    print(f"# {len(rows) - len(missed)} of {len(rows)} found")
    return missed


def stratus_logs():
    for path in sorted(need("trail-stratus").glob("*.json")):
        yield path.stem, records_of(path)


def invictus_records():
    return [record for path in sorted(need("trail-invictus").glob("*.json")) for record in records_of(path)]


@case
def every_technique_of_stratus_is_mapped():
    names = {name for name, _ in stratus_logs()}
    assert names <= set(STRATUS), f"no ATT&CK id given for {sorted(names - set(STRATUS))}"


@case
def every_technique_of_stratus_is_found():
    rows = []
    for name, records in stratus_logs():
        ids, own = STRATUS[name]
        rows.append((name, found(detect(records, name), ids, own_events(records, own)), ids))
    missed = report(rows)
    assert not missed, "missed: " + ", ".join(missed)


@case
def every_step_of_the_attack_on_invictus_is_found():
    records = invictus_records()
    findings = detect(records, "invictus")
    rows = []
    for name, (ids, names, test) in INVICTUS.items():
        own = own_events(records, names, test)
        assert own, f"no events of the step {name}"
        rows.append((name, found(findings, ids, own), ids))
    missed = report(rows)
    assert not missed, "missed: " + ", ".join(missed)


def same(records, name):
    before = shape(detect(records, name))
    for seed in SEEDS:
        after = shape(detect(rewrite(records, f"{seed}:{name}"), f"{name}-{seed}"))
        gone, new = [f for f in before if f not in after], [f for f in after if f not in before]
        assert not gone and not new, f"{name}, seed {seed}: no longer found {gone[:3]}, new {new[:3]}"


@case
def stratus_by_other_names_gives_the_same_findings():
    for name, records in stratus_logs():
        same(records, name)


@case
def invictus_by_other_names_gives_the_same_findings():
    same(invictus_records(), "invictus")


if __name__ == "__main__":
    run()
