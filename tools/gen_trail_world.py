"""The organisation whose activity tools/gen_trail.py writes: accounts, people, roles, machines, and the shape of a record.

Nothing here exists. Field names, their order and their nulls are those of CloudTrail (CloudTrail User Guide, "CloudTrail
record contents" and "CloudTrail userIdentity element"); what a service puts into requestParameters follows its API."""
import random
import time

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
HEX = "0123456789abcdef"
HOME = "eu-west-1"
REGIONS = ["eu-west-1", "us-east-1", "eu-central-1", "us-west-2"]
GLOBAL = {"iam", "organizations", "cloudfront", "route53", "account", "ce", "budgets", "support", "health", "waf"}
ACCOUNTS = ["management", "log-archive", "security", "network", "shared-services", "backup", "identity", "sandbox-1",
            "sandbox-2", "data-dev", "data-prod", "web-dev", "web-stage", "web-prod", "payments-dev", "payments-prod",
            "ml-dev", "ml-prod", "mobile-dev", "mobile-prod"]
TEAMS = ["platform", "security", "data", "web", "payments", "ml", "mobile", "support"]
GIVEN = ("alma bruno celia dario edda fabio gesa henry ines jonas katja leon mira noel orla pavel ruth sven tara ugo vito "
         "wim yara zeno").split()
FAMILY = ("adler berg costa dorn egger falk gruber hahn iversen jung krause lang maier nagel opitz prinz roth sauer thoma "
          "ulrich vogt wolf zeller").split()
CLI = ["aws-cli/2.15.30 Python/3.11.8 Darwin/23.3.0 exe/x86_64 prompt/off command/{c}",
       "aws-cli/2.17.5 md/awscrt#0.20.11 ua/2.0 os/linux#6.5.0 md/arch#x86_64 lang/python#3.11.9 md/pyimpl#CPython "
       "cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#{c}"]
BROWSERS = ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
            "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36"]
TERRAFORM = ("APN/1.0 HashiCorp/1.0 Terraform/1.8.{n} (+https://www.terraform.io) terraform-provider-aws/5.{m}.0 "
             "(+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.26.{n} os/linux lang/go#1.21.8 "
             "md/GOOS#linux md/GOARCH#amd64 api/{s}#1.5{n}.0")
SDKS = ["aws-sdk-java/2.25.{n} Linux/5.10.214 OpenJDK_64-Bit_Server_VM/17.0.10+7 vendor/Amazon.com_Inc. io/sync http/Apache",
        "Boto3/1.34.{n} md/Botocore#1.34.{n} ua/2.0 os/linux#5.10.214 md/arch#x86_64 lang/python#3.12.2",
        "aws-sdk-js/3.55{n}.0 ua/2.1 os/linux#5.10.214 lang/js md/nodejs#20.12.0",
        "aws-sdk-go-v2/1.26.{n} os/linux lang/go#1.22.1 md/GOOS#linux md/GOARCH#arm64"]


class Who:
    """A caller: the identity as it stands in the record, the address and the agent of its calls."""
    __slots__ = ("identity", "ip", "agent", "console", "endpoint")

    def __init__(self, identity, ip, agent, console=False, endpoint=None):
        self.identity, self.ip, self.agent, self.console, self.endpoint = identity, ip, agent, console, endpoint


class World:
    """Everything that stays the same over the days, made from the seed alone."""

    def __init__(self, seed, accounts):
        self.rng = rng = random.Random(f"{seed}:world")
        self.org = "o-" + self.pick("abcdefghijklmnopqrstuvwxyz0123456789", 10)
        names = [ACCOUNTS[i] if i < len(ACCOUNTS) else f"team-{i}" for i in range(accounts)]
        self.ids = {name: str(rng.randrange(10**11, 10**12)) for name in names}
        self.names = {value: name for name, value in self.ids.items()}
        self.accounts = list(self.ids.values())
        self.workloads = [a for a in self.accounts if self.names[a].split("-")[0] in
                          ("data", "web", "payments", "ml", "mobile", "sandbox", "team")] or self.accounts
        self.office = [f"198.51.100.{n}" for n in (10, 11, 12)]
        self.vpn = ["203.0.113.20", "203.0.113.21", "203.0.113.84"]
        self.store = "d-" + self.pick(HEX, 10)
        self.people = [self.person(i) for i in range(60)]
        self.vendors = {name: {"account": str(rng.randrange(10**11, 10**12)), "ips": [self.address() for _ in range(4)]}
                        for name in ("observe", "posture", "costs")}
        self.sets = {a: {n: self.pick(HEX, 16) for n in ("AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess",
                                                         "SecurityAudit", "Billing")} for a in self.accounts}
        self.roles = {}
        self.things = {a: self.inventory(a) for a in self.accounts}

    def pick(self, alphabet, n, rng=None):
        return "".join((rng or self.rng).choices(alphabet, k=n))

    def address(self):
        r = self.rng
        return f"{r.choice((34, 52, 54, 18, 85, 91, 78))}.{r.randrange(256)}.{r.randrange(256)}.{r.randrange(1, 255)}"

    def person(self, i):
        name = f"{GIVEN[i % len(GIVEN)]}.{FAMILY[i * 7 % len(FAMILY)]}"
        return {"name": name, "mail": f"{name}@example.com", "team": TEAMS[i % len(TEAMS)], "home": self.address(),
                "store": f"{self.pick(HEX, 8)}-{self.pick(HEX, 4)}-70b1-{self.pick(HEX, 4)}-{self.pick(HEX, 12)}",
                "browser": self.rng.choice(BROWSERS), "cli": self.rng.choice(CLI), "user": "AIDA" + self.pick(BASE32, 17)}

    def inventory(self, account):
        """What an account holds. Names repeat in records, so that baselines have something to learn."""
        r, name = self.rng, self.names[account]
        hexes = lambda prefix, n: [f"{prefix}-0{self.pick(HEX, 16)}" for _ in range(n)]
        return {"instances": hexes("i", 30), "volumes": hexes("vol", 30), "snapshots": hexes("snap", 30),
                "images": hexes("ami", 4), "groups": hexes("sg", 10), "vpcs": hexes("vpc", 2), "subnets": hexes("subnet", 6),
                "interfaces": hexes("eni", 20), "endpoints": hexes("vpce", 2), "nat": self.address(),
                "functions": [f"{name}-{w}" for w in ("api", "worker", "resize", "notify", "export", "authorizer", "cron")],
                "buckets": [f"{name}-{w}-{self.pick(HEX, 6)}" for w in ("assets", "uploads", "logs", "lake", "tmp", "site")],
                "keys": [f"{self.pick(HEX, 8)}-{self.pick(HEX, 4)}-4{self.pick(HEX, 3)}-a{self.pick(HEX, 3)}-{self.pick(HEX, 12)}"
                         for _ in range(4)],
                "tables": [f"{name}-{w}" for w in ("orders", "sessions", "events")],
                "databases": [f"{name}-db-{i}" for i in (1, 2)], "clusters": [f"{name}-main"],
                "secrets": [f"{name}/{w}-{self.pick(HEX, 6)}" for w in
                            ("db", "api", "smtp", "oauth", "partner", "cache", "queue", "search", "jwt", "push")],
                "parameters": [f"/{name}/{w}" for w in ("url", "flags", "dsn", "token", "region", "level")],
                "machines": {}}

    def machine_ip(self, account, instance):
        """A machine's private address, the same every day."""
        known = self.things[account]["machines"]
        if instance not in known:
            rng = random.Random(f"{account}:{instance}")
            known[instance] = f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(4, 255)}"
        return known[instance]

    def role_id(self, account, role):
        key = (account, role)
        if key not in self.roles:
            self.roles[key] = "AROA" + self.pick(BASE32, 17, random.Random(f"{account}:{role}"))
        return self.roles[key]


def stamp(t):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))


class Day:
    """One day's records: stories add to it, the writer takes them out."""

    def __init__(self, world, rng, start):
        self.world, self.rng, self.start = world, rng, start
        self.rows = []
        self.story = None

    # ---- values ----
    def uuid(self):
        h = "%032x" % self.rng.getrandbits(128)
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"

    def hex(self, n):
        return ("%0*x" % (n, self.rng.getrandbits(4 * n)))[-n:]

    def id(self, prefix):
        return f"{prefix}-0{self.hex(16)}"

    def key(self, kind="ASIA"):
        return kind + self.world.pick(BASE32, 16, self.rng)

    def working(self):
        """A moment of a working day."""
        return self.start + int(max(7 * 3600, min(19 * 3600, self.rng.gauss(13, 2.6) * 3600)))

    def any_time(self):
        return self.start + self.rng.randrange(86400)

    def account(self, name):
        return self.world.ids.get(name) or self.world.accounts[0]

    def workload(self):
        return self.rng.choice(self.world.workloads)

    def of(self, account, kind):
        return self.rng.choice(self.world.things[account][kind])

    # ---- callers ----
    def session(self, account, role, name, t, ip, agent, path="", mfa="false", extra=None, inner=None, **kw):
        """A session of a role."""
        rid = self.world.role_id(account, role)
        identity = {"type": "AssumedRole", "principalId": f"{rid}:{name}",
                    "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}", "accountId": account,
                    "accessKeyId": self.key(),
                    "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": rid,
                                                         "arn": f"arn:aws:iam::{account}:role/{path}{role}",
                                                         "accountId": account, "userName": role},
                                       "attributes": {"creationDate": stamp(t - 600), "mfaAuthenticated": mfa}}}
        identity["sessionContext"].update(inner or {})
        identity.update(extra or {})
        return Who(identity, ip, agent, **kw)

    def sso(self, person, account, permission, t, console=False, ip=None):
        """A person through IAM Identity Center."""
        world = self.world
        role = f"AWSReservedSSO_{permission}_{world.sets[account][permission]}"
        where = ip or self.rng.choice([*world.office, *world.vpn, person["home"]])
        agent = person["browser"] if console else person["cli"].replace("{c}", "ec2.describe-instances")
        return self.session(account, role, person["mail"], t, where, agent,
                            path=f"aws-reserved/sso.amazonaws.com/{HOME}/",
                            extra={"onBehalfOf": {"userId": person["store"], "identityStoreArn":
                                                  f"arn:aws:identitystore::{world.accounts[0]}:identitystore/{world.store}"}},
                            console=console)

    def ci(self, account, t, role="github-terraform", repo="infrastructure"):
        """A pipeline that got its role by GitHub's identity provider, from a runner of the provider."""
        name = f"GitHubActions-{repo}-{self.rng.randrange(10**9, 10**10)}"
        ip = f"20.{self.rng.randrange(40, 120)}.{self.rng.randrange(256)}.{self.rng.randrange(1, 255)}"
        agent = TERRAFORM.format(n=self.rng.randrange(8), m=self.rng.randrange(30, 50), s="iam")
        return self.session(account, role, name, t, ip, agent, inner={"webIdFederationData": {
            "federatedProvider": f"arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com", "attributes": {}}})

    def task(self, account, role, t, agent=None):
        """A workload's own role: a container or a function, behind the account's NAT gateway."""
        return self.session(account, role, self.hex(32), t, self.world.things[account]["nat"],
                            agent or self.rng.choice(SDKS).format(n=self.rng.randrange(90)))

    def machine(self, account, role, instance, t, private):
        """An instance's role: through a VPC endpoint by its private address, or through the NAT gateway."""
        world = self.world
        return self.session(account, role, instance, t,
                            world.machine_ip(account, instance) if private else world.things[account]["nat"],
                            self.rng.choice(SDKS).format(n=17), inner={"ec2RoleDelivery": "2.0"},
                            endpoint=world.things[account]["endpoints"][0] if private else None)

    def service(self, name):
        """A service by itself."""
        host = f"{name}.amazonaws.com"
        return Who({"type": "AWSService", "invokedBy": host}, host, host)

    def linked(self, account, role, host, t, name=None):
        """A service through its linked role."""
        return self.session(account, f"AWSServiceRoleFor{role}", name or role, t, host, host,
                            path=f"aws-service-role/{host}/", extra={"invokedBy": host})

    def user(self, account, name, uid, t, ip, agent, key=None, mfa=None, console=False):
        identity = {"type": "IAMUser", "principalId": uid, "arn": f"arn:aws:iam::{account}:user/{name}", "accountId": account,
                    "accessKeyId": key or ("AKIA" + self.world.pick(BASE32, 16, random.Random(f"{account}:{name}:key"))),
                    "userName": name}
        if mfa is not None:
            identity["accessKeyId"] = self.key()
            identity["sessionContext"] = {"attributes": {"creationDate": stamp(t - 300), "mfaAuthenticated": mfa}}
        return Who(identity, ip, agent, console)

    def root(self, account, t, ip, agent):
        return Who({"type": "Root", "principalId": account, "arn": f"arn:aws:iam::{account}:root", "accountId": account,
                    "accessKeyId": self.key(), "sessionContext": {"attributes": {
                        "creationDate": stamp(t - 300), "mfaAuthenticated": "true"}}}, ip, agent, True)

    # ---- the record ----
    def add(self, t, account, region, call, who, req=None, resp=None, write=False, error=None, resources=None, kind="AwsApiCall",
            category="Management", more=None, shared=None):
        """Appends a record of `call` ("ec2:RunInstances") and gives its id."""
        service, name = call.split(":", 1)
        if service in GLOBAL:
            region = "us-east-1"
        host = f"{service}.amazonaws.com"
        event = self.uuid()
        row = {"eventVersion": "1.09", "userIdentity": who.identity, "eventTime": stamp(t), "eventSource": host,
               "eventName": name, "awsRegion": region, "sourceIPAddress": who.ip, "userAgent": who.agent}
        if error:
            row["errorCode"], row["errorMessage"] = error
        row["requestParameters"] = req
        row["responseElements"] = None if error else resp
        if more:
            row.update(more)
        row["requestID"] = self.uuid()
        row["eventID"] = event
        row["readOnly"] = not write
        if resources:
            row["resources"] = [{"accountId": account, "type": k, "ARN": a} for k, a in resources]
        row["eventType"] = kind
        row["managementEvent"] = category == "Management"
        row["recipientAccountId"] = account
        if shared:
            row["sharedEventID"] = shared
        if who.endpoint:
            row["vpcEndpointId"] = who.endpoint
        row["eventCategory"] = category
        if who.console:
            row["sessionCredentialFromConsole"] = "true"
        elif kind == "AwsApiCall" and who.identity["type"] != "AWSService":
            row["tlsDetails"] = {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
                                 "clientProvidedHostHeader": f"{service}.{region}.amazonaws.com"}
        self.rows.append((t, account, region, event, self.story, row))
        return event

    def denied(self, who, call):
        service, name = call.split(":", 1)
        return ("AccessDenied", f"User: {who.identity.get('arn', '')} is not authorized to perform: {service}:{name} because "
                                f"no identity-based policy allows the {service}:{name} action")

    def assume(self, t, caller_account, who, account, role, session, external=None, region=HOME):
        """AssumeRole, as both accounts record it when they differ."""
        req = {"roleArn": f"arn:aws:iam::{account}:role/{role}", "roleSessionName": session, "durationSeconds": 3600}
        if external:
            req["externalId"] = external
        resp = {"credentials": {"accessKeyId": self.key(), "sessionToken": self.hex(40), "expiration": stamp(t + 3600)},
                "assumedRoleUser": {"assumedRoleId": f"{self.world.role_id(account, role)}:{session}",
                                    "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}"}}
        shared = self.uuid()
        on = [("AWS::IAM::Role", req["roleArn"])]
        if caller_account in self.world.names:
            self.add(t, caller_account, region, "sts:AssumeRole", who, req, resp, resources=on, shared=shared)
        if account != caller_account:
            other = Who({"type": "AWSAccount", "principalId": who.identity.get("principalId", ""), "accountId": caller_account},
                        who.ip, who.agent)
            self.add(t, account, region, "sts:AssumeRole", other, req, resp, resources=on, shared=shared)
