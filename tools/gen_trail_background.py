"""What fills the logs of an organisation every day: services, workloads, pipelines, vendors, people at the console.

Each function adds the records of one story to a day (tools/gen_trail_world.py, Day). BACKGROUND lists them with a weight:
how often a story is told in proportion to the others. Several are hard negatives of detections by their volume alone:
reads over every service, many secrets in a minute, many denials, many terminated instances."""
from gen_trail_world import HOME, REGIONS, SDKS, Who, stamp

READS = {"ec2": ["DescribeInstances", "DescribeVolumes", "DescribeSecurityGroups", "DescribeVpcs", "DescribeSubnets",
                 "DescribeSnapshots", "DescribeImages", "DescribeNetworkInterfaces", "DescribeRouteTables", "DescribeAddresses",
                 "DescribeFlowLogs", "DescribeRegions", "DescribeTags", "DescribeKeyPairs", "DescribeLaunchTemplates"],
         "s3": ["ListBuckets", "GetBucketAcl", "GetBucketPolicy", "GetBucketEncryption", "GetBucketVersioning",
                "GetBucketPublicAccessBlock", "GetBucketLogging", "GetBucketLocation", "GetBucketTagging"],
         "iam": ["ListUsers", "ListRoles", "ListPolicies", "ListAttachedRolePolicies", "GetRole", "GetAccountSummary",
                 "ListAccessKeys", "GetAccountPasswordPolicy", "GenerateCredentialReport", "GetCredentialReport",
                 "ListMFADevices", "GetAccountAuthorizationDetails"],
         "rds": ["DescribeDBInstances", "DescribeDBClusters", "DescribeDBSnapshots", "DescribeDBSubnetGroups"],
         "lambda": ["ListFunctions20150331", "GetFunction20150331v2", "GetPolicy20150331v2", "ListTags20170331"],
         "kms": ["ListKeys", "DescribeKey", "GetKeyRotationStatus", "GetKeyPolicy", "ListAliases"],
         "cloudtrail": ["DescribeTrails", "GetTrailStatus", "GetEventSelectors"],
         "guardduty": ["ListDetectors", "GetDetector", "ListFindings"], "config": ["DescribeConfigurationRecorders"],
         "ecs": ["ListClusters", "DescribeClusters", "ListServices", "DescribeServices"],
         "eks": ["ListClusters", "DescribeCluster"], "elasticloadbalancing": ["DescribeLoadBalancers", "DescribeTargetGroups"],
         "dynamodb": ["ListTables", "DescribeTable"], "sqs": ["ListQueues", "GetQueueAttributes"], "sns": ["ListTopics"],
         "secretsmanager": ["ListSecrets", "DescribeSecret"], "ssm": ["DescribeParameters", "DescribeInstanceInformation"],
         "monitoring": ["DescribeAlarms", "GetMetricData", "ListMetrics"], "logs": ["DescribeLogGroups", "DescribeMetricFilters"],
         "organizations": ["DescribeOrganization"], "sts": ["GetCallerIdentity"], "autoscaling": ["DescribeAutoScalingGroups"],
         "cloudformation": ["ListStacks", "DescribeStacks"], "elasticache": ["DescribeCacheClusters"],
         "ecr": ["DescribeRepositories"], "acm": ["ListCertificates"], "wafv2": ["ListWebACLs"], "route53": ["ListHostedZones"]}


def request_of(day, account, service, name):
    """Parameters of a read, as plain as they mostly are."""
    if service == "s3" and name != "ListBuckets":
        bucket = day.of(account, "buckets")
        what = name[len("GetBucket"):].lower() if name.startswith("GetBucket") else "list"
        return {"bucketName": bucket, "Host": f"{bucket}.s3.{HOME}.amazonaws.com", what: ""}
    if name == "DescribeInstances":
        return {"maxResults": 1000, "instancesSet": {}, "filterSet": {}}
    if service == "kms" and name != "ListKeys":
        return {"keyId": f"arn:aws:kms:{HOME}:{account}:key/{day.of(account, 'keys')}"}
    if service == "secretsmanager" and name == "DescribeSecret":
        return {"secretId": day.of(account, "secrets")}
    if service == "lambda" and name != "ListFunctions20150331":
        return {"functionName": day.of(account, "functions")}
    if name.startswith("Describe") and service == "ec2":
        return {"filterSet": {}, "maxResults": 500}
    return None


def read_burst(day, t, account, region, who, calls, services=None, pace=0.3):
    """Reads over many services within minutes."""
    names = list(services or READS)
    at = float(t)
    for _ in range(calls):
        service = day.rng.choice(names)
        name = day.rng.choice(READS[service])
        day.add(int(at), account, region, f"{service}:{name}", who, request_of(day, account, service, name))
        at += day.rng.random() * 2 * pace


def posture_vendor(day):
    """A vendor reads everything of an account from outside the organisation, with an external id, faster than a person."""
    world = day.world
    vendor = world.vendors["posture"]
    account, t = day.rng.choice(world.accounts), day.any_time()
    ip = day.rng.choice(vendor["ips"])
    outside = Who({"type": "AWSAccount", "principalId": "AROAVENDORPOSTURESCAN:scanner", "accountId": vendor["account"]}, ip,
                  SDKS[1].format(n=40))
    day.assume(t, vendor["account"], outside, account, "posture-reader", "scanner", external=vendor["account"] + "-x1")
    who = day.session(account, "posture-reader", "scanner", t, ip, SDKS[1].format(n=40))
    read_burst(day, t + 2, account, day.rng.choice(REGIONS), who, day.rng.randrange(120, 300), pace=0.2)
    for instance in day.rng.sample(world.things[account]["instances"], 8):
        day.add(t + 90, account, HOME, "ec2:DescribeInstanceAttribute", who, {"instanceId": instance, "attribute": "userData"})
    for service in ("glacier", "macie2", "workspaces", "bedrock"):
        call = {"glacier": "ListVaults", "macie2": "GetMacieSession", "workspaces": "DescribeWorkspaces",
                "bedrock": "ListFoundationModels"}[service]
        day.add(t + 95, account, HOME, f"{service}:{call}", who, None,
                error=day.denied(who, f"{service}:{call}") if day.rng.random() < 0.5 else None)


def observe_vendor(day):
    """A monitoring vendor polls metrics, instances and functions of an account every few minutes."""
    world = day.world
    vendor = world.vendors["observe"]
    account, t = day.rng.choice(world.accounts), day.any_time()
    who = day.session(account, "observe-integration", "metrics-crawler", t, day.rng.choice(vendor["ips"]), SDKS[3].format(n=9))
    read_burst(day, t, account, day.rng.choice(REGIONS[:2]), who, 60, ["monitoring", "ec2", "lambda", "rds", "ecs", "sqs"], 0.8)


def cost_vendor(day):
    """A cost tool asks the management account for the bill, and each account for what it owns."""
    world = day.world
    vendor = world.vendors["costs"]
    account, t = world.accounts[0], day.any_time()
    who = day.session(account, "cost-reader", "daily", t, day.rng.choice(vendor["ips"]), SDKS[1].format(n=11))
    for call in ["ce:GetCostAndUsage"] * 8 + ["ce:GetReservationUtilization", "ce:GetSavingsPlansCoverage",
                                              "organizations:ListAccounts", "organizations:DescribeOrganization"]:
        day.add(t + day.rng.randrange(120), account, HOME, call, who, {"granularity": "DAILY", "metrics": ["UnblendedCost"]})


def terraform_plan(day):
    """A pipeline refreshes its state: many reads, secrets among them, and nothing changed."""
    account, t = day.workload(), day.working()
    github_token(day, t, account, "github-terraform")
    who = day.ci(account, t)
    read_burst(day, t + 5, account, HOME, who, day.rng.randrange(60, 160),
               ["ec2", "s3", "iam", "rds", "lambda", "kms", "ecs", "logs", "elasticloadbalancing"], 0.15)
    for secret in day.rng.sample(day.world.things[account]["secrets"], day.rng.randrange(2, 8)):
        day.add(t + 20, account, HOME, "secretsmanager:GetSecretValue", who, {"secretId": secret})
        day.add(t + 20, account, HOME, "secretsmanager:GetResourcePolicy", who, {"secretId": secret})


def github_token(day, t, account, role):
    """AssumeRoleWithWebIdentity by a workflow."""
    subject = f"repo:example/infrastructure:ref:refs/heads/main"
    issuer = "token.actions.githubusercontent.com"
    who = Who({"type": "WebIdentityUser", "principalId": f"arn:aws:iam::{account}:oidc-provider/{issuer}:sts.amazonaws.com:{subject}",
               "userName": subject, "identityProvider": f"arn:aws:iam::{account}:oidc-provider/{issuer}"},
              f"20.{day.rng.randrange(40, 120)}.{day.rng.randrange(256)}.9", "aws-sdk-js/3.572.0 ua/2.1 os/linux#6.5.0 lang/js")
    day.add(t, account, HOME, "sts:AssumeRoleWithWebIdentity", who,
            {"roleArn": f"arn:aws:iam::{account}:role/{role}", "roleSessionName": "GitHubActions", "durationSeconds": 3600},
            {"subjectFromWebIdentityToken": subject, "provider": f"arn:aws:iam::{account}:oidc-provider/{issuer}",
             "audience": "sts.amazonaws.com"}, resources=[("AWS::IAM::Role", f"arn:aws:iam::{account}:role/{role}")])


def pod_tokens(day):
    """Pods of a cluster get their roles by the cluster's identity provider, again and again."""
    account, t = day.workload(), day.any_time()
    issuer = f"oidc.eks.{HOME}.amazonaws.com/id/{account[:8]}ABCDEF0123456789ABCDEF01"
    for _ in range(day.rng.randrange(10, 40)):
        name = day.rng.choice(("orders", "external-dns", "karpenter", "external-secrets", "worker"))
        subject = f"system:serviceaccount:{name}:{name}"
        who = Who({"type": "WebIdentityUser", "principalId": f"arn:aws:iam::{account}:oidc-provider/{issuer}:sts.amazonaws.com:{subject}",
                   "userName": subject, "identityProvider": f"arn:aws:iam::{account}:oidc-provider/{issuer}"},
                  day.world.things[account]["nat"], SDKS[3].format(n=5))
        day.add(t + day.rng.randrange(3600), account, HOME, "sts:AssumeRoleWithWebIdentity", who,
                {"roleArn": f"arn:aws:iam::{account}:role/pod-{name}", "roleSessionName": f"{name}-{day.hex(8)}"},
                {"subjectFromWebIdentityToken": subject})


def secret_operator(day):
    """An operator in a cluster synchronises all secrets of its account each hour: more than any thief would need."""
    account, t = day.workload(), day.any_time()
    who = day.task(account, "pod-external-secrets", t, SDKS[3].format(n=6))
    for secret in day.world.things[account]["secrets"]:
        for _ in range(3):
            day.add(t + day.rng.randrange(40), account, HOME, "secretsmanager:GetSecretValue", who,
                    {"secretId": secret, "versionStage": "AWSCURRENT"})


def application_secrets(day):
    """Containers and functions read their configuration when they start."""
    account, t = day.workload(), day.any_time()
    who = day.task(account, day.rng.choice(("orders-task", "worker-task", "api-execution")), t)
    for _ in range(day.rng.randrange(3, 12)):
        if day.rng.random() < 0.5:
            day.add(t, account, HOME, "ssm:GetParameters", who, {"names": day.world.things[account]["parameters"][:4], "withDecryption": True})
        elif day.rng.random() < 0.5:
            day.add(t, account, HOME, "ssm:GetParametersByPath", who, {"path": "/app", "recursive": True, "withDecryption": True})
        else:
            day.add(t, account, HOME, "secretsmanager:GetSecretValue", who, {"secretId": day.of(account, "secrets")})
            key = f"arn:aws:kms:{HOME}:{account}:key/{day.of(account, 'keys')}"
            via = day.session(account, "orders-task", day.hex(32), t, "secretsmanager.amazonaws.com", "secretsmanager.amazonaws.com",
                              extra={"invokedBy": "secretsmanager.amazonaws.com"})
            day.add(t, account, HOME, "kms:Decrypt", via, {"encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": {
                "SecretARN": f"arn:aws:secretsmanager:{HOME}:{account}:secret:{day.of(account, 'secrets')}"}},
                resources=[("AWS::KMS::Key", key)])


def service_keys(day):
    """Services encrypt and decrypt on their own behalf or somebody's."""
    account, t = day.rng.choice(day.world.accounts), day.any_time()
    key = f"arn:aws:kms:{HOME}:{account}:key/{day.of(account, 'keys')}"
    for _ in range(day.rng.randrange(20, 60)):
        service = day.rng.choice(("s3", "ebs", "dynamodb", "backup", "logs", "cloudtrail"))
        call = day.rng.choice(("kms:GenerateDataKey", "kms:Decrypt", "kms:DescribeKey"))
        day.add(t + day.rng.randrange(3600), account, HOME, call, day.service(service),
                {"keyId": key, "keySpec": "AES_256", "encryptionContext": {"aws:s3:arn": f"arn:aws:s3:::{day.of(account, 'buckets')}"}},
                resources=[("AWS::KMS::Key", key)])


def service_roles(day):
    """Services assume the roles of functions, tasks and instances."""
    account, t = day.workload(), day.any_time()
    for _ in range(day.rng.randrange(10, 40)):
        service = day.rng.choice(("lambda", "ecs-tasks", "ec2", "states", "events", "scheduler", "rds"))
        role = day.rng.choice(("orders-task", "api-execution", "worker-task", "web-instance", "state-machine"))
        day.add(t + day.rng.randrange(3600), account, HOME, "sts:AssumeRole", day.service(service),
                {"roleArn": f"arn:aws:iam::{account}:role/{role}", "roleSessionName": day.hex(20)},
                {"credentials": {"accessKeyId": day.key(), "sessionToken": day.hex(32), "expiration": stamp(t + 21600)},
                 "assumedRoleUser": {"assumedRoleId": f"{day.world.role_id(account, role)}:{day.hex(20)}"}},
                resources=[("AWS::IAM::Role", f"arn:aws:iam::{account}:role/{role}")])


def autoscaling(day):
    """A group grows and shrinks: instances with a profile and user data come, others go, dozens at a time."""
    account, t = day.workload(), day.any_time()
    who = day.linked(account, "AutoScaling", "autoscaling.amazonaws.com", t, "AutoScaling")
    count = day.rng.randrange(1, 24)
    fresh = [day.id("i") for _ in range(count)]
    day.add(t, account, HOME, "ec2:RunInstances", who,
            {"instancesSet": {"items": [{"imageId": day.of(account, "images"), "minCount": count, "maxCount": count}]},
             "instanceType": day.rng.choice(("m6i.large", "c6i.xlarge", "t3.medium", "c7g.2xlarge")),
             "userData": "<sensitiveDataRemoved>", "subnetId": day.of(account, "subnets"), "disableApiTermination": False,
             "iamInstanceProfile": {"name": "web-instance"}, "clientToken": f"fleet-{day.uuid()}", "monitoring": {"enabled": True}},
            {"requestId": day.uuid(), "reservationId": day.id("r"), "ownerId": account,
             "instancesSet": {"items": [{"instanceId": i, "imageId": day.of(account, "images")} for i in fresh[:3]]}}, write=True)
    for instance in fresh[:6]:
        day.add(t + 20, account, HOME, "elasticloadbalancing:RegisterTargets", who,
                {"targetGroupArn": f"arn:aws:elasticloadbalancing:{HOME}:{account}:targetgroup/web/0123", "targets": [{"id": instance}]}, write=True)
    gone = day.rng.sample(day.world.things[account]["instances"], min(count, 20))
    day.add(t + 5000, account, HOME, "ec2:TerminateInstances", who, {"instancesSet": {"items": [{"instanceId": i} for i in gone]}},
            {"instancesSet": {"items": [{"instanceId": i, "currentState": {"code": 32, "name": "shutting-down"}} for i in gone[:3]]}}, write=True)


def instance_agents(day):
    """An instance's role acts from its private address through an endpoint and from the NAT gateway's, by turns."""
    account, t = day.workload(), day.any_time()
    instance = day.of(account, "instances")
    for private in (True, False):
        who = day.machine(account, "web-instance", instance, t, private)
        for _ in range(day.rng.randrange(5, 20)):
            call = day.rng.choice(("ssm:UpdateInstanceInformation", "ssm:ListInstanceAssociations", "logs:DescribeLogStreams",
                                   "monitoring:PutMetricData", "ec2:DescribeTags", "sts:GetCallerIdentity", "ssm:PutInventory"))
            day.add(t + day.rng.randrange(3600), account, HOME, call, who, {"instanceId": instance}, write=call.startswith("ssm:P"))


def auditors(day):
    """Config, Security Hub, GuardDuty, Inspector and Access Analyzer read through their linked roles."""
    account, t = day.rng.choice(day.world.accounts), day.any_time()
    role, host = day.rng.choice((("Config", "config.amazonaws.com"), ("SecurityHub", "securityhub.amazonaws.com"),
                                 ("AmazonGuardDuty", "guardduty.amazonaws.com"), ("AmazonInspector2", "inspector2.amazonaws.com"),
                                 ("AccessAnalyzer", "access-analyzer.amazonaws.com"), ("TrustedAdvisor", "trustedadvisor.amazonaws.com"),
                                 ("Support", "support.amazonaws.com"), ("ResourceExplorer", "resource-explorer-2.amazonaws.com")))
    read_burst(day, t, account, day.rng.choice(REGIONS), day.linked(account, role, host, t, "configLambdaExecution"),
               day.rng.randrange(40, 120), pace=1.0)


def console_user(day):
    """Somebody looks around at the console; the console asks dozens of services for them, and some say no."""
    world, account, t = day.world, day.rng.choice(day.world.accounts), day.working()
    person = day.rng.choice(world.people)
    permission = day.rng.choice(("ReadOnlyAccess", "ReadOnlyAccess", "PowerUserAccess"))
    who = day.sso(person, account, permission, t, console=True)
    sign_in(day, t, person, account, permission, who)
    read_burst(day, t + 5, account, HOME, who, day.rng.randrange(20, 90), pace=2.0)
    for call in day.rng.sample(["ce:GetCostAndUsage", "health:DescribeEventAggregates", "notifications:ListNotificationHubs",
                                "resource-explorer-2:ListIndexes", "user-subscriptions:ListClaims", "q:GetIdentityMetadata"], 3):
        day.add(t + 9, account, HOME, call, who, None, error=day.denied(who, call) if day.rng.random() < 0.6 else None)


def sign_in(day, t, person, account, permission, who):
    """Single sign-on: the portal authenticates with a second factor; the console's own record cannot know of it."""
    world = day.world
    outer = Who({"type": "Unknown", "principalId": world.accounts[0], "accountId": world.accounts[0], "userName": person["mail"],
                 "onBehalfOf": who.identity.get("onBehalfOf")}, who.ip, person["browser"])
    for name in ("CredentialChallenge", "CredentialVerification", "UserAuthentication"):
        day.add(t - 20, world.accounts[0], HOME, f"signin:{name}", outer, None, {name: "Success"} if name != "CredentialChallenge" else None,
                write=True, kind="AwsServiceEvent", more={"additionalEventData": {"CredentialType": "TOTP" if name != "UserAuthentication" else "PASSWORD",
                                                                                "AuthWorkflowID": day.uuid(), "UserName": person["mail"]}})
    day.add(t - 10, world.accounts[0], HOME, "sso:Federate", outer, None, None, kind="AwsServiceEvent",
            more={"serviceEventDetails": {"role_name": permission, "account_id": account}})
    saml = Who({"type": "SAMLUser", "principalId": f"pAkD9F:{person['mail']}", "userName": person["mail"],
                "identityProvider": "pAkD9F"}, who.ip, "aws-internal/3 aws-sdk-java/1.12.700")
    role = who.identity["sessionContext"]["sessionIssuer"]["arn"]
    day.add(t - 2, account, HOME, "sts:AssumeRoleWithSAML", saml,
            {"sAMLAssertionID": "_" + day.uuid(), "roleSessionName": person["mail"], "durationSeconds": 28800, "roleArn": role,
             "principalArn": f"arn:aws:iam::{account}:saml-provider/AWSSSO_{world.store}_DO_NOT_DELETE"},
            {"subjectType": "persistent", "issuer": f"https://portal.sso.{HOME}.amazonaws.com/saml/assertion/x", "audience":
             "https://signin.aws.amazon.com/saml"}, resources=[("AWS::IAM::Role", role)])
    login = Who({k: v for k, v in who.identity.items() if k not in ("accessKeyId", "onBehalfOf")}, who.ip, person["browser"])
    day.add(t, account, HOME, "signin:ConsoleLogin", login, None, {"ConsoleLogin": "Success"}, write=True, kind="AwsConsoleSignIn",
            more={"additionalEventData": {"MobileVersion": "No", "MFAUsed": "No", "LoginTo": f"https://{HOME}.console.aws.amazon.com/"}})


def command_line(day):
    """An engineer at the shell, through single sign-on, from the office, home or a VPN."""
    account, t = day.rng.choice(day.world.accounts), day.working()
    person = day.rng.choice(day.world.people)
    who = day.sso(person, account, day.rng.choice(("PowerUserAccess", "ReadOnlyAccess")), t)
    day.add(t, account, HOME, "sts:GetCallerIdentity", who)
    read_burst(day, t + 10, account, HOME, who, day.rng.randrange(5, 40), day.rng.sample(list(READS), 4), 8.0)


def data_of_buckets(day):
    """Data events: applications, the CDN, queries, lifecycle and strangers at a public site's bucket."""
    account, t = day.workload(), day.any_time()
    cdn = day.service("cloudfront")
    task = day.task(account, "api-execution", t)
    stranger = Who({"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}, day.world.address(), "[python-requests/2.31.0]")
    for _ in range(day.rng.randrange(40, 160)):
        roll = day.rng.random()
        bucket = day.of(account, "buckets")
        key = f"objects/{day.hex(2)}/{day.hex(12)}"
        who, call = (cdn, "s3:GetObject") if roll < 0.3 else (task, "s3:GetObject" if roll < 0.7 else "s3:PutObject")
        error = None
        if roll > 0.985:
            who, call, error = stranger, "s3:GetObject", ("AccessDenied", "Access Denied")
        day.add(t + day.rng.randrange(1800), account, HOME, call, who,
                {"bucketName": bucket, "Host": f"{bucket}.s3.{HOME}.amazonaws.com", "key": key},
                {"x-amz-server-side-encryption": "aws:kms"} if call == "s3:PutObject" else None, write=call == "s3:PutObject",
                error=error, category="Data", resources=[("AWS::S3::Object", f"arn:aws:s3:::{bucket}/{key}"),
                                                         ("AWS::S3::Bucket", f"arn:aws:s3:::{bucket}")])


def clean_up(day):
    """A job of the data platform deletes temporary objects and copies others onto a new key, thousands a night."""
    account, t = day.workload(), day.start + 2 * 3600 + day.rng.randrange(3600)
    who = day.task(account, "etl-job", t, SDKS[0].format(n=3))
    bucket = day.world.things[account]["buckets"][4]
    for i in range(day.rng.randrange(60, 200)):
        if i % 3:
            day.add(t + i, account, HOME, "s3:DeleteObjects", who, {"bucketName": bucket, "delete": "", "Host": f"{bucket}.s3.amazonaws.com"},
                    write=True, category="Data", resources=[("AWS::S3::Bucket", f"arn:aws:s3:::{bucket}")])
        else:
            day.add(t + i, account, HOME, "s3:CopyObject", who,
                    {"bucketName": bucket, "key": f"tmp/{day.hex(8)}", "x-amz-copy-source": f"{bucket}/tmp/{day.hex(8)}",
                     "x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id":
                     f"arn:aws:kms:{HOME}:{account}:key/{day.of(account, 'keys')}"}, write=True, category="Data",
                    resources=[("AWS::S3::Bucket", f"arn:aws:s3:::{bucket}")])


def invocations(day):
    """Data events of functions and tables."""
    account, t = day.workload(), day.any_time()
    task = day.task(account, "api-execution", t)
    for _ in range(day.rng.randrange(20, 80)):
        function = day.of(account, "functions")
        if day.rng.random() < 0.6:
            day.add(t + day.rng.randrange(900), account, HOME, "lambda:Invoke", day.service("apigateway") if day.rng.random() < 0.5 else task,
                    {"functionName": f"arn:aws:lambda:{HOME}:{account}:function:{function}", "invocationType": "RequestResponse"}, write=True,
                    category="Data", resources=[("AWS::Lambda::Function", f"arn:aws:lambda:{HOME}:{account}:function:{function}")])
        else:
            day.add(t + day.rng.randrange(900), account, HOME, day.rng.choice(("dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem")), task,
                    {"tableName": day.of(account, "tables"), "key": ["id"]}, write=False, category="Data")


def models(day):
    """An application asks a language model, steadily; a throttled call now and then."""
    account, t = day.account("ml-prod"), day.any_time()
    who = day.task(account, "assistant-task", t, SDKS[1].format(n=50))
    for _ in range(day.rng.randrange(10, 50)):
        model = day.rng.choice(("anthropic.claude-3-haiku-20240307-v1:0", "amazon.titan-embed-text-v2:0"))
        day.add(t + day.rng.randrange(1800), account, "us-east-1", day.rng.choice(("bedrock:InvokeModel", "bedrock:Converse")), who,
                {"modelId": model}, error=("ThrottlingException", "Too many requests, please wait before trying again.")
                if day.rng.random() < 0.02 else None)


def deliveries(day):
    """Log delivery: the trail and the load balancers write, and check that they may."""
    account, t = day.account("log-archive"), day.any_time()
    bucket = day.world.things[account]["buckets"][2]
    for _ in range(day.rng.randrange(10, 40)):
        service = day.rng.choice(("cloudtrail", "delivery.logs", "config"))
        call = day.rng.choice(("s3:GetBucketAcl", "s3:PutObject"))
        day.add(t + day.rng.randrange(3600), account, HOME, call, day.service(service), {"bucketName": bucket, "Host": f"{bucket}.s3.amazonaws.com"},
                write=call == "s3:PutObject", category="Data" if call == "s3:PutObject" else "Management")


def backups(day):
    """The nightly backup: snapshots taken, copied to the backup account's vault, old ones deleted by the dozen."""
    world, account = day.world, day.workload()
    t = day.start + 3 * 3600 + day.rng.randrange(5400)
    vault, safe = f"arn:aws:backup:{HOME}:{account}:backup-vault:daily", day.account("backup")
    who = day.linked(account, "Backup", "backup.amazonaws.com", t, "AWSBackup-AWSServiceRoleForBackup")
    for volume in day.rng.sample(world.things[account]["volumes"], 6):
        snapshot = day.id("snap")
        day.add(t, account, HOME, "ec2:CreateSnapshot", who, {"volumeId": volume, "description": "This snapshot is created by the AWS Backup service."},
                {"snapshotId": snapshot, "volumeId": volume, "status": "pending", "ownerId": account}, write=True)
        day.add(t + 300, account, HOME, "ec2:ModifySnapshotAttribute", who,
                {"snapshotId": snapshot, "attributeType": "CREATE_VOLUME_PERMISSION",
                 "createVolumePermission": {"add": {"items": [{"userId": safe}]}}}, {"_return": True}, write=True)
        day.add(t + 600, safe, HOME, "ec2:CopySnapshot", day.linked(safe, "Backup", "backup.amazonaws.com", t, "AWSBackup"),
                {"sourceRegion": HOME, "sourceSnapshotId": snapshot, "encrypted": True}, {"snapshotId": day.id("snap")}, write=True)
    for snapshot in day.rng.sample(world.things[account]["snapshots"], 12):
        day.add(t + 900, account, HOME, "ec2:DeleteSnapshot", who, {"snapshotId": snapshot}, {"_return": True}, write=True)
    for _ in range(6):
        day.add(t + 1200, account, HOME, "backup:BackupDeleted", day.service("backup"), None, None, write=True, kind="AwsServiceEvent",
                more={"serviceEventDetails": {"state": ["COMPLETED"], "backupVaultName": vault, "retentionPeriod": 35}})


def patching(day):
    """Patch night: a maintenance window runs the baseline on every instance."""
    account, t = day.workload(), day.start + 4 * 3600 + day.rng.randrange(1800)
    who = day.linked(account, "AmazonSSM", "ssm.amazonaws.com", t, "StateManagerService")
    instances = day.rng.sample(day.world.things[account]["instances"], 15)
    command = day.uuid()
    day.add(t, account, HOME, "ssm:SendCommand", who,
            {"documentName": "AWS-RunPatchBaseline", "instanceIds": instances, "parameters": {"Operation": ["Install"], "RebootOption": ["RebootIfNeeded"]},
             "interactive": False}, {"command": {"commandId": command, "documentName": "AWS-RunPatchBaseline", "status": "Pending"}}, write=True)
    for instance in instances:
        agent = day.machine(account, "web-instance", instance, t, True)
        day.add(t + 300, account, HOME, "ssm:UpdateInstanceAssociationStatus", agent, {"instanceId": instance, "associationId": command}, write=True)
        day.add(t + 320, account, HOME, "ssm:PutComplianceItems", agent, {"resourceId": instance, "complianceType": "Patch"}, write=True)
        day.add(t + 10, account, HOME, "ssm:GetCommandInvocation", who, {"commandId": command, "instanceId": instance})


def broken_job(day):
    """Somebody forgot a permission: the same call is denied every few seconds until it is noticed."""
    account, t = day.workload(), day.any_time()
    who = day.task(account, day.rng.choice(("worker-task", "report-task")), t)
    call = day.rng.choice(("sqs:GetQueueAttributes", "kms:Decrypt", "s3:ListBuckets", "dynamodb:DescribeTable", "sns:ListTopics",
                           "secretsmanager:GetSecretValue", "sts:AssumeRole"))
    for i in range(day.rng.randrange(20, 120)):
        day.add(t + 15 * i, account, HOME, call, who, None, error=day.denied(who, call))


def deploys(day):
    """Pipelines deliver: images pushed, tasks registered, services and functions updated."""
    account, t = day.workload(), day.working()
    github_token(day, t, account, "github-deploy")
    who = day.ci(account, t, "github-deploy", "orders")
    who.agent = CLI_DEPLOY
    name = day.world.names[account]
    day.add(t, account, HOME, "ecr:GetAuthorizationToken", who)
    for _ in range(8):
        day.add(t + 5, account, HOME, day.rng.choice(("ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:BatchCheckLayerAvailability")),
                who, {"repositoryName": name, "registryId": account}, write=True)
    day.add(t + 30, account, HOME, "ecr:PutImage", who, {"repositoryName": name, "imageTag": day.hex(7)}, write=True)
    day.add(t + 40, account, HOME, "ecs:RegisterTaskDefinition", who,
            {"family": name, "taskRoleArn": f"arn:aws:iam::{account}:role/orders-task", "executionRoleArn": f"arn:aws:iam::{account}:role/orders-execution",
             "containerDefinitions": [{"name": "app", "image": f"{account}.dkr.ecr.{HOME}.amazonaws.com/{name}:{day.hex(7)}", "essential": True}]},
            {"taskDefinition": {"revision": day.rng.randrange(1, 900), "family": name}}, write=True)
    day.add(t + 45, account, HOME, "ecs:UpdateService", who, {"cluster": "main", "service": name, "desiredCount": 4}, write=True)
    function = day.of(account, "functions")
    day.add(t + 60, account, HOME, "lambda:UpdateFunctionCode20150331v2", who,
            {"functionName": function, "s3Bucket": day.world.things[account]["buckets"][0], "s3Key": f"builds/{day.hex(8)}.zip", "dryRun": False, "publish": True},
            {"functionName": function, "runtime": "nodejs20.x", "role": f"arn:aws:iam::{account}:role/api-execution", "codeSha256": day.hex(44)}, write=True)
    day.add(t + 70, account, HOME, "lambda:UpdateFunctionConfiguration20150331v2", who,
            {"functionName": function, "layers": [f"arn:aws:lambda:{HOME}:464622532012:layer:observe-extension:{day.rng.randrange(40, 60)}"],
             "environment": {}, "memorySize": 512}, {"functionName": function}, write=True)
    day.add(t + 80, account, HOME, "lambda:GetFunction20150331v2", who, {"functionName": function})


CLI_DEPLOY = "aws-cli/2.15.38 Python/3.11.8 Linux/6.5.0-1018-azure exe/x86_64.ubuntu.22 prompt/off command/ecs.update-service"

BACKGROUND = [(posture_vendor, 3), (observe_vendor, 14), (cost_vendor, 1), (terraform_plan, 6), (pod_tokens, 12), (secret_operator, 8),
              (application_secrets, 60), (service_keys, 30), (service_roles, 30), (autoscaling, 14), (instance_agents, 24), (auditors, 10),
              (console_user, 12), (command_line, 14), (data_of_buckets, 14), (clean_up, 2), (invocations, 14), (models, 6),
              (deliveries, 10), (backups, 4), (patching, 3), (broken_job, 4), (deploys, 8)]
DATA = (data_of_buckets, clean_up, invocations)
