#!/usr/bin/env python3
"""The script of `vigil import --script`, against an `aws` that plays an organisation of three accounts.

Checks that it makes read-only calls alone, records each with its place, outcome and parameters, goes on where it stopped,
repeats throttled calls, and survives accounts that cannot be entered. What it writes is imported, where the program is
given by VIGIL (a path)."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "content/import/collect.sh"
MANAGEMENT, MEMBER, LOCKED = "111122223333", "444455556666", "777788889999"
ORG = f"arn:aws:organizations::{MANAGEMENT}"

FAKE = r'''#!/usr/bin/env python3
import json, os, sys
args = sys.argv[1:]
state = os.environ["FAKE_STATE"]
words = [a for a in args if not a.startswith("-")]
def value(name):
    return args[args.index(name) + 1] if name in args else ""
service, verb = args[0], args[1]
account = os.environ.get("AWS_ACCESS_KEY_ID", "")[-12:]
if not account.isdigit():
    account = "%(MANAGEMENT)s"
with open(state + "/calls", "a") as log:
    log.write(json.dumps({"account": account, "args": args}) + "\n")
def fail(code, message="because"):
    name = "".join(p.capitalize() for p in verb.split("-"))
    sys.stderr.write("\nAn error occurred (%%s) when calling the %%s operation: %%s\n" %% (code, name, message))
    sys.exit(254)
def once(name):
    path = state + "/" + name
    if os.path.exists(path):
        return False
    open(path, "w").close()
    return True
def account_of(i):
    return {"Id": i, "Arn": "%(ORG)s:account/o-abcdefghij/" + i, "Name": "n", "Email": "e@example.com", "Status": "ACTIVE"}
trail = "arn:aws:cloudtrail:eu-west-1:%(MANAGEMENT)s:trail/main"
answers = {
    ("organizations", "describe-organization"): {"Organization": {"Id": "o-abcdefghij", "FeatureSet": "ALL", "MasterAccountId": "%(MANAGEMENT)s"}},
    ("organizations", "list-accounts"): {"Accounts": [account_of(i) for i in ("%(MANAGEMENT)s", "%(MEMBER)s", "%(LOCKED)s")] + [dict(account_of("000011112222"), Status="SUSPENDED")]},
    ("organizations", "list-roots"): {"Roots": [{"Id": "r-ab12", "Arn": "%(ORG)s:root/o-abcdefghij/r-ab12", "Name": "Root", "PolicyTypes": []}]},
    ("organizations", "list-policies"): {"Policies": [{"Id": "p-abcdefgh", "Arn": "%(ORG)s:policy/o-abcdefghij/p-abcdefgh", "Name": "deny", "Type": value("--filter"), "AwsManaged": False}] if value("--filter") == "SERVICE_CONTROL_POLICY" else []},
    ("organizations", "describe-policy"): {"Policy": {"PolicySummary": {"Id": "p-abcdefgh", "Arn": "%(ORG)s:policy/o-abcdefghij/p-abcdefgh", "Name": "deny", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": False}, "Content": "{\"Version\":\"2012-10-17\",\"Statement\":[]}"}},
    ("organizations", "list-targets-for-policy"): {"Targets": [{"TargetId": "r-ab12", "Arn": "%(ORG)s:root/o-abcdefghij/r-ab12", "Name": "Root", "Type": "ROOT"}]},
    ("organizations", "list-delegated-administrators"): {"DelegatedAdministrators": []},
    ("organizations", "list-aws-service-access-for-organization"): {"EnabledServicePrincipals": []},
    ("iam", "list-organizations-features"): {"OrganizationId": "o-abcdefghij", "EnabledFeatures": ["RootSessions"]},
    ("iam", "get-account-summary"): {"SummaryMap": {"Users": 1}},
    ("iam", "get-account-authorization-details"): {"UserDetailList": [{"UserName": "ann", "Arn": "arn:aws:iam::" + account + ":user/ann", "Path": "/", "UserId": "A", "CreateDate": "2024-01-01T00:00:00+00:00"}], "GroupDetailList": [], "RoleDetailList": [], "Policies": []},
    ("iam", "list-virtual-mfa-devices"): {"VirtualMFADevices": []},
    ("iam", "list-mfa-devices"): {"MFADevices": []},
    ("iam", "get-credential-report"): {"Content": "dXNlcixhcm4sdXNlcl9jcmVhdGlvbl90aW1lLG1mYV9hY3RpdmUKYW5uLGFybjphd3M6aWFtOjo0NDQ0NTU1NTY2NjY6dXNlci9hbm4sMjAyNC0wMS0wMVQwMDowMDowMCswMDowMCx0cnVlCg==", "ReportFormat": "text/csv", "GeneratedTime": "2026-01-01T00:00:00+00:00"} if account == "%(MEMBER)s" else {"Content": "dXNlcixhcm4sdXNlcl9jcmVhdGlvbl90aW1lLG1mYV9hY3RpdmUKYW5uLGFybjphd3M6aWFtOjoxMTExMjIyMjMzMzM6dXNlci9hbm4sMjAyNC0wMS0wMVQwMDowMDowMCswMDowMCx0cnVlCg==", "ReportFormat": "text/csv", "GeneratedTime": "2026-01-01T00:00:00+00:00"},
    ("account", "list-regions"): {"Regions": [{"RegionName": "eu-west-1", "RegionOptStatus": "ENABLED_BY_DEFAULT"}, {"RegionName": "af-south-1", "RegionOptStatus": "DISABLED"}]},
    ("ec2", "describe-regions"): {"Regions": [{"RegionName": "eu-west-1", "Endpoint": "e", "OptInStatus": "opt-in-not-required"}, {"RegionName": "af-south-1", "Endpoint": "e", "OptInStatus": "not-opted-in"}]},
    ("account", "get-contact-information"): {"ContactInformation": {"FullName": "a \"quoted\" name", "PhoneNumber": "+1", "CountryCode": "DE"}},
    ("cloudtrail", "describe-trails"): {"trailList": [{"Name": "main", "S3BucketName": "b", "TrailARN": trail, "HomeRegion": "eu-west-1"}]},
    ("cloudtrail", "get-trail-status"): {"IsLogging": True},
    ("cloudtrail", "get-event-selectors"): {"TrailARN": trail, "EventSelectors": []},
    ("configservice", "describe-configuration-recorders"): {"ConfigurationRecorders": []},
    ("configservice", "describe-configuration-recorder-status"): {"ConfigurationRecordersStatus": []},
    ("configservice", "describe-delivery-channels"): {"DeliveryChannels": []},
    ("configservice", "describe-delivery-channel-status"): {"DeliveryChannelsStatus": []},
    ("guardduty", "list-detectors"): {"DetectorIds": ["0123456789abcdef0123456789abcdef"]},
    ("guardduty", "get-detector"): {"Status": "ENABLED", "FindingPublishingFrequency": "SIX_HOURS", "ServiceRole": "r"},
    ("securityhub", "get-enabled-standards"): {"StandardsSubscriptions": []},
    ("inspector2", "batch-get-account-status"): {"accounts": [{"accountId": account, "state": {"status": "DISABLED"}, "resourceState": {}}], "failedAccounts": []},
    ("accessanalyzer", "list-analyzers"): {"analyzers": []},
    ("sso-admin", "list-instances"): {"Instances": []},
    ("iam", "list-open-id-connect-providers"): {"OpenIDConnectProviderList": [{"Arn": "arn:aws:iam::" + account + ":oidc-provider/oidc.example.com/id/1"}]},
    ("iam", "get-open-id-connect-provider"): {"Url": "oidc.example.com/id/1", "ClientIDList": ["sts.amazonaws.com"], "ThumbprintList": []},
    ("iam", "list-saml-providers"): {"SAMLProviderList": []},
    ("s3api", "list-buckets"): {"Buckets": [{"Name": n, "CreationDate": "2024-01-01T00:00:00+00:00"} for n in ("open", "shut")], "Owner": {"ID": "79a5"}},
    ("s3api", "get-bucket-policy"): {"Policy": "{\"Version\":\"2012-10-17\",\"Statement\":[]}"},
    ("s3api", "get-bucket-acl"): {"Owner": {"ID": "79a5"}, "Grants": []},
    ("s3api", "get-public-access-block"): {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
    ("s3api", "get-bucket-ownership-controls"): {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
    ("s3control", "list-access-points"): {"AccessPointList": [{"Name": "ap", "Bucket": "open", "NetworkOrigin": "Internet"}]},
    ("s3control", "get-access-point"): {"Name": "ap", "Bucket": "open", "NetworkOrigin": "Internet", "PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
    ("kms", "list-keys"): {"Keys": [{"KeyId": "11111111-2222-4333-8444-555555555555", "KeyArn": "arn:aws:kms:eu-west-1:" + account + ":key/11111111-2222-4333-8444-555555555555"}]},
    ("kms", "describe-key"): {"KeyMetadata": {"KeyId": "11111111-2222-4333-8444-555555555555", "KeyManager": "CUSTOMER", "Arn": "arn:aws:kms:eu-west-1:" + account + ":key/11111111-2222-4333-8444-555555555555"}},
    ("kms", "list-aliases"): {"Aliases": [{"AliasName": "alias/aws/s3", "AliasArn": "arn:aws:kms:eu-west-1:" + account + ":alias/aws/s3", "TargetKeyId": "22222222-2222-4333-8444-555555555555"}]},
    ("kms", "get-key-policy"): {"Policy": "{\"Version\":\"2012-10-17\",\"Statement\":[]}", "PolicyName": "default"},
    ("kms", "list-grants"): {"Grants": []},
    ("sqs", "list-queues"): {"QueueUrls": ["https://sqs.eu-west-1.amazonaws.com/" + account + "/jobs"]},
    ("sqs", "get-queue-attributes"): {"Attributes": {"QueueArn": "arn:aws:sqs:eu-west-1:" + account + ":jobs"}},
    ("sns", "list-topics"): {"Topics": [{"TopicArn": "arn:aws:sns:eu-west-1:" + account + ":news"}]},
    ("sns", "get-topic-attributes"): {"Attributes": {"TopicArn": "arn:aws:sns:eu-west-1:" + account + ":news", "Policy": "{\"Version\":\"2012-10-17\",\"Statement\":[]}"}},
    ("lambda", "list-functions"): {"Functions": [{"FunctionName": "resize", "FunctionArn": "arn:aws:lambda:eu-west-1:" + account + ":function:resize", **({} if "Environment" not in value("--query") and value("--query") else {"Environment": {"Variables": {"PASSWORD": "hunter2"}}})}]},
    ("secretsmanager", "list-secrets"): {"SecretList": [{"ARN": "arn:aws:secretsmanager:eu-west-1:" + account + ":secret:prod/db-AbCdEf", "Name": "prod/db"}]},
    ("secretsmanager", "get-resource-policy"): {"ARN": "arn:aws:secretsmanager:eu-west-1:" + account + ":secret:prod/db-AbCdEf", "Name": "prod/db"},
    ("ecr", "describe-repositories"): {"repositories": [{"repositoryName": "team/app", "repositoryArn": "arn:aws:ecr:eu-west-1:" + account + ":repository/team/app"}]},
    ("iam", "get-service-last-accessed-details"): {"JobStatus": "COMPLETED", "JobType": "ACTION_LEVEL", "JobCreationDate": "2026-01-01T00:00:00+00:00", "JobCompletionDate": "2026-01-01T00:00:01+00:00", "ServicesLastAccessed": []},
}
absent = {
    ("s3control", "get-public-access-block"): "NoSuchPublicAccessBlockConfiguration",
    ("s3control", "get-access-point-policy"): "NoSuchAccessPointPolicy",
    ("lambda", "get-policy"): "ResourceNotFoundException",
    ("ecr", "get-repository-policy"): "RepositoryPolicyNotFoundException",
}
shut = {"get-bucket-policy": "NoSuchBucketPolicy", "get-public-access-block": "NoSuchPublicAccessBlockConfiguration",
        "get-bucket-ownership-controls": "OwnershipControlsNotFoundError"}
if (service, verb) == ("sts", "get-caller-identity"):
    print("%(MANAGEMENT)s\tarn:aws:iam::%(MANAGEMENT)s:user/me")
elif (service, verb) == ("sts", "assume-role"):
    target = value("--role-arn").split(":")[4]
    if target == "%(LOCKED)s":
        fail("AccessDenied", "not authorized to \"assume\"")
    print("KEY%%s\tsecret\ttoken" %% target)
elif (service, verb) == ("iam", "generate-credential-report"):
    print("COMPLETE")
elif (service, verb) == ("organizations", "list-organizational-units-for-parent"):
    unit = {"Id": "ou-ab12-11111111", "Arn": "%(ORG)s:ou/o-abcdefghij/ou-ab12-11111111", "Name": "Prod"}
    print(json.dumps({"OrganizationalUnits": [unit] if value("--parent-id") == "r-ab12" else []}, indent=4))
elif (service, verb) == ("organizations", "list-accounts-for-parent"):
    print(json.dumps({"Accounts": [account_of("%(MEMBER)s")] if value("--parent-id").startswith("ou-") else []}, indent=4))
elif (service, verb) == ("iam", "get-account-password-policy"):
    fail("NoSuchEntity")
elif (service, verb) == ("account", "get-alternate-contact"):
    fail("ResourceNotFoundException")
elif (service, verb) == ("securityhub", "describe-hub"):
    fail("InvalidAccessException", "Account %%s is not subscribed to AWS Security Hub" %% account)
elif (service, verb) == ("iam", "list-virtual-mfa-devices") and once("throttled"):
    fail("Throttling", "Rate exceeded")
elif (service, verb) == ("accessanalyzer", "list-analyzers") and once("broken"):
    sys.stderr.write("Could not connect to the endpoint URL\n"); sys.exit(255)
elif (service, verb) in absent:
    fail(absent[service, verb])
elif value("--bucket") == "shut" and verb in shut:
    fail(shut[verb])
elif (service, verb) == ("sqs", "list-queues") and account == "%(MEMBER)s":
    pass
elif (service, verb) == ("iam", "generate-service-last-accessed-details"):
    print("job-1")
elif (service, verb) == ("iam", "get-service-last-accessed-details") and once("not-ready"):
    print(json.dumps({"JobStatus": "IN_PROGRESS", "JobCreationDate": "2026-01-01T00:00:00+00:00"}, indent=4))
elif (service, verb) in answers:
    print(json.dumps(answers[(service, verb)], indent=4))
else:
    sys.stderr.write("fake aws: %%s\n" %% args); sys.exit(252)
''' % globals()

READ_ONLY = ("describe-", "list-", "get-", "batch-get-", "assume-role", "generate-credential-report",
             "generate-service-last-accessed-details")


class Run:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vigil-script-"))
        fake = self.folder / "bin/aws"
        fake.parent.mkdir()
        fake.write_text(FAKE)
        fake.chmod(0o755)
        (self.folder / "state").mkdir()
        script = SCRIPT.read_text().replace("@ROLE_NAME@", "team/Audit")
        (self.folder / "collect.sh").write_text(script)

    def collect(self, *args):
        calls = self.folder / "state/calls"
        calls.write_text("")
        env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        env.update(PATH=f"{self.folder}/bin:{env['PATH']}", FAKE_STATE=str(self.folder / "state"), COLLECT_WAIT="0")
        done = subprocess.run(["bash", "collect.sh", *args, "exports"], cwd=self.folder, env=env, capture_output=True, text=True)
        self.calls = [json.loads(line) for line in calls.read_text().splitlines()]
        self.envelopes = [json.loads(p.read_text()) for p in sorted((self.folder / "exports").rglob("*.json"))]
        return done

    def find(self, operation, account=None, region=None):
        return [e for e in self.envelopes if e["operation"] == operation and account in (None, e["account"])
                and region in (None, e["region"])]


def main():
    results = []

    def check(name, ok, detail=""):
        results.append((name, ok))
        if not ok:
            print(f"# {name}: {detail}")

    linter = shutil.which("shellcheck")
    if linter:
        lint = subprocess.run([linter, str(SCRIPT)], capture_output=True, text=True)
        check("shellcheck is content", lint.returncode == 0, lint.stdout)
    run = Run()
    first = run.collect()
    check("what was not answered makes it exit 3", first.returncode == 3, first.stderr)
    check("nothing but reading calls are made",
          all(c["args"][1].startswith(READ_ONLY) or c["args"][:2] == ["sts", "get-caller-identity"] for c in run.calls),
          [c["args"][:2] for c in run.calls if not c["args"][1].startswith(READ_ONLY)])
    check("every file is an envelope", all(e["vigil"] == "envelope/1" and e["time"] and e["partition"] == "aws" for e in run.envelopes))
    roles = [c["args"] for c in run.calls if c["args"][1] == "assume-role"]
    check("the role is taken on in every active member account",
          sorted(a[a.index("--role-arn") + 1] for a in roles)
          == [f"arn:aws:iam::{MEMBER}:role/team/Audit", f"arn:aws:iam::{LOCKED}:role/team/Audit"], roles)
    check("each account answers for itself",
          {e["account"] for e in run.find("iam:GetAccountSummary") if e["exit"] == 0} == {MANAGEMENT, MEMBER})
    denied = run.find("iam:GetAccountSummary", LOCKED)
    check("an account that cannot be entered is recorded as denied", len(denied) == 1 and "AccessDenied" in denied[0]["error"], denied)
    check("regions that are off are not asked", {e["region"] for e in run.find("guardduty:ListDetectors")} == {"eu-west-1"})
    check("the tree is walked", [e["parameters"] for e in run.find("organizations:ListAccountsForParent")]
          == [{"ParentId": "ou-ab12-11111111"}, {"ParentId": "r-ab12"}])
    check("policies are read with their targets", run.find("organizations:ListTargetsForPolicy")[0]["parameters"] == {"PolicyId": "p-abcdefgh"})
    check("a detector is read", run.find("guardduty:GetDetector", MEMBER)[0]["parameters"] == {"DetectorId": "0123456789abcdef0123456789abcdef"})
    check("a trail is asked for its status", run.find("cloudtrail:GetTrailStatus")[0]["output"] == {"IsLogging": True})
    check("users are asked for their devices", run.find("iam:ListMFADevices", MEMBER)[0]["parameters"] == {"UserName": "ann"})
    none = run.find("iam:GetAccountPasswordPolicy", MEMBER)[0]
    check("that there is none is recorded with status and error", none["exit"] == 254 and "(NoSuchEntity)" in none["error"] and none["output"] is None, none)
    check("quotes survive", run.find("account:GetContactInformation")[0]["output"]["ContactInformation"]["FullName"] == 'a "quoted" name')
    check("a throttled call is repeated", run.find("iam:ListVirtualMFADevices", MANAGEMENT)[0]["exit"] == 0)
    check("a call that failed is kept as such", [e["exit"] for e in run.find("accessanalyzer:ListAnalyzers", MANAGEMENT)] == [255])
    check("no credentials are written", "KEY" not in "".join(p.read_text() for p in (run.folder / "exports").rglob("*.json")).replace("KMS", ""))
    modes = {p.stat().st_mode & 0o077 for p in (run.folder / "exports").rglob("*")}
    check("nobody else can read what is written", modes == {0}, modes)

    check("every bucket is asked, and for its list where it counts",
          [(e["operation"], e["parameters"].get("Bucket")) for e in run.find("s3:GetBucketAcl", MEMBER) + run.find("s3:GetBucketPolicy", MEMBER)]
          == [("s3:GetBucketAcl", "shut"), ("s3:GetBucketPolicy", "open"), ("s3:GetBucketPolicy", "shut")])
    for operation, parameters in (("s3control:GetPublicAccessBlock", {"AccountId": MANAGEMENT}),
                                  ("s3control:GetAccessPointPolicy", {"AccountId": MANAGEMENT, "Name": "ap"}),
                                  ("s3control:GetAccessPoint", {"AccountId": MANAGEMENT, "Name": "ap"}),
                                  ("kms:DescribeKey", {"KeyId": "11111111-2222-4333-8444-555555555555"}),
                                  ("kms:ListAliases", {}),
                                  ("kms:GetKeyPolicy", {"KeyId": "11111111-2222-4333-8444-555555555555", "PolicyName": "default"}),
                                  ("kms:ListGrants", {"KeyId": "11111111-2222-4333-8444-555555555555"}),
                                  ("sqs:GetQueueAttributes", {"QueueUrl": f"https://sqs.eu-west-1.amazonaws.com/{MANAGEMENT}/jobs",
                                                              "AttributeNames": "QueueArn,Policy"}),
                                  ("sns:GetTopicAttributes", {"TopicArn": f"arn:aws:sns:eu-west-1:{MANAGEMENT}:news"}),
                                  ("lambda:GetPolicy", {"FunctionName": "resize"}),
                                  ("secretsmanager:GetResourcePolicy", {"SecretId": f"arn:aws:secretsmanager:eu-west-1:{MANAGEMENT}:secret:prod/db-AbCdEf"}),
                                  ("ecr:GetRepositoryPolicy", {"RepositoryName": "team/app"}),
                                  ("iam:GetOpenIDConnectProvider", {"OpenIDConnectProviderArn": f"arn:aws:iam::{MANAGEMENT}:oidc-provider/oidc.example.com/id/1"}),
                                  ("iam:GetServiceLastAccessedDetails", {"Arn": f"arn:aws:iam::{MANAGEMENT}:user/ann", "JobId": "job-1"})):
        found = run.find(operation, MANAGEMENT)
        check(f"{operation} is asked", [e["parameters"] for e in found] == [parameters], found)
    check("a report that is not ready is asked for again",
          [e["output"]["JobStatus"] for e in run.find("iam:GetServiceLastAccessedDetails")] == ["COMPLETED", "COMPLETED"])
    check("nothing printed is kept as such", [(e["exit"], e["output"]) for e in run.find("sqs:ListQueues", MEMBER)] == [(0, None)])
    check("environments of functions are not kept", not any("hunter2" in json.dumps(e) for e in run.envelopes))

    before = len(run.calls)
    run.collect()
    asked = [c["args"][:2] for c in run.calls if c["args"][0] != "sts"]
    check("what was answered is not asked again", asked == [["accessanalyzer", "list-analyzers"]], asked)
    check("what failed is asked again", run.find("accessanalyzer:ListAnalyzers", MANAGEMENT)[0]["exit"] == 0, before)

    less = Run()
    less.collect("--without-policies", "--without-last-used")
    check("policies and what was last used can be left out",
          not any(e["operation"].startswith(("s3", "kms", "sqs", "iam:GetServiceLast")) for e in less.envelopes))
    shutil.rmtree(less.folder)
    check("a bad option is usage", run.collect("--nonsense").returncode == 2)
    bare = subprocess.run(["/bin/bash", str(SCRIPT)], env={"PATH": str(run.folder)}, cwd=run.folder, capture_output=True, text=True)
    check("without the AWS CLI it says so", bare.returncode == 4 and "install the AWS CLI" in bare.stderr, bare.stderr)
    told = subprocess.run(["/bin/bash", str(SCRIPT), "--help"], capture_output=True, text=True).stdout
    check("--help is its head alone", told.startswith("Exports what") and told.endswith("no AWS CLI.\n"), told)
    program = os.environ.get("VIGIL")
    if program:
        imported = subprocess.run([program, "import", "--workspace", str(run.folder / "ws"), "--format", "json", str(run.folder / "exports")],
                                  capture_output=True, text=True)
        answer = json.loads(imported.stdout)
        check("all of it is imported but what was denied",
              imported.returncode == 3 and [r["outcome"] for r in answer["not_in_full"]] == ["not-assessed"], imported.stdout[-2000:] + imported.stderr)
    shutil.rmtree(run.folder)
    print(f"1..{len(results)}")
    for i, (name, ok) in enumerate(results, 1):
        print(f"{'ok' if ok else 'not ok'} {i} - {name}")
    sys.exit(0 if all(ok for _, ok in results) else 1)


main()
