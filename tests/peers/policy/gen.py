#!/usr/bin/env python3
"""Random requests for comparing the policy engine with a peer, one JSON object a line, always the same for a seed.

usage: gen.py N [SEED]

Each case is made around one request: a caller of any kind, an action and a resource of the catalogue's forms, a context.
Around it stand policies that are near it: their elements are the request's own, widened, narrowed or missed, so that no
outcome is rare. docs/reference/policy.md says what the layers mean; the shares that are promised (tests/peers/policy/run
counts them): conditions outside of SCPs in at least half of the cases, a permissions boundary, a session policy, a
resource policy and two accounts in at least a quarter each, no outcome under 5 %."""
import json
import random
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VERSION = 2  # of what a seed gives: part of the key of cached answers
OWN, OTHER = "111111111111", "222222222222"
NAMES = ["a", "ab", "team-a", "team-b", "Data", "x1"]


def read_catalogue():
    """[(service, action, [ARN form, ...])] of the actions that name resources, and of some that name none."""
    actions, forms, service = [], {}, None
    for line in open(ROOT / "content" / "catalogue" / "actions.txt", encoding="utf-8"):
        fields = line.rstrip("\n").split("\t")
        if fields[0] == "S":
            service, forms = fields[1], {}
        elif fields[0] == "R":
            forms[fields[1]] = fields[2].split(",") if len(fields) > 2 and fields[2] else []
        elif fields[0] == "A":
            types = [t.split("=")[0].rstrip("*") for t in fields[3].split(",")] if len(fields) > 3 and fields[3] else []
            arns = [arn for t in types for arn in forms.get(t, [])]
            actions.append((service, fields[1].split(":")[-1], [a for a in arns if a.startswith("arn:") and a.count(":") >= 5]))
    return actions


class Case:
    def __init__(self, rnd, actions, number):
        self.rnd, self.number = rnd, number
        self.pick_request(actions)
        self.pick_caller()
        self.pick_context()

    def chance(self, p):
        return self.rnd.random() < p

    def one(self, items):
        return self.rnd.choice(items)

    # ---- the request -------------------------------------------------------------------------------------------------

    def pick_request(self, actions):
        preferred = ("s3", "kms", "sts", "sqs", "iam", "dynamodb", "lambda", "secretsmanager", "ec2")
        while True:
            service, action, arns = self.one(actions)
            if service in preferred or self.chance(.08):
                break
        if self.chance(.06):
            service, action = "sts", self.one(["AssumeRole", "TagSession", "SetSourceIdentity"])
            arns = ["arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}"]
        self.service, self.action = service, f"{service}:{action}"
        self.account = OTHER if self.chance(.33) else OWN
        self.wildcard_only = not arns
        if not arns:
            self.resource = "*"
        else:
            self.resource = self.fill(self.one(arns))
            if self.chance(.06):
                self.resource = self.one([self.resource[:-1] + "*", self.resource.rsplit("/", 1)[0] + "/*", "*"])

    def fill(self, form):
        known = {"Partition": "aws", "Region": self.one(["us-east-1", "eu-west-1"]), "Account": self.account}

        def value(match):
            return known.get(match.group(1)) or self.one(NAMES)
        return re.sub(r"\$\{(\w+)\}", value, form)

    def pick_caller(self):
        name, kind = self.one(["u", "team-a"]), self.rnd.random()
        self.role = f"arn:aws:iam::{OWN}:role/{self.one(['', '', 'team/'])}{name}"
        if kind < .25:
            self.kind, self.caller = "user", f"arn:aws:iam::{OWN}:user/{self.one(['', 'dev/'])}{name}"
        elif kind < .38:
            self.kind, self.caller = "role", self.role
        elif kind < .85:
            self.kind, self.caller = "session", f"arn:aws:sts::{OWN}:assumed-role/{name}/s1"
        elif kind < .90:
            self.kind, self.caller = "federated", f"arn:aws:sts::{OWN}:federated-user/{name}"
        elif kind < .94:
            self.kind, self.caller = "service", self.one(["lambda.amazonaws.com", "logs.amazonaws.com"])
        elif kind < .98:
            self.kind, self.caller = "anonymous", {"type": "Anonymous"}
        else:
            self.kind, self.caller = "linked", f"arn:aws:sts::{OWN}:assumed-role/AWSServiceRoleForX/s1"
        self.has_account = self.kind not in ("service", "anonymous")

    KEYS = {
        "aws:RequestedRegion": ["us-east-1", "eu-west-1"],
        "aws:PrincipalOrgID": ["o-a", "o-b"],
        "aws:SourceVpce": ["vpce-1", "vpce-2"],
        "aws:PrincipalTag/Team": ["a", "team-a", "A"],
        "aws:ResourceTag/Team": ["a", "team-a"],
        "aws:username": ["a", "team-a"],
        "s3:prefix": ["a/", "a/b", ""],
        "aws:UserAgent": ["aws-cli/2.1", "console"],
    }
    ARNS = ["arn:aws:iam::111111111111:role/a", "arn:aws:s3:::a", "arn:aws:sns:us-east-1:111111111111:a",
            "arn:aws:iam::222222222222:user/team/a", "no arn"]
    LISTS = {"aws:TagKeys": ["a", "Team", "cost"], "aws:PrincipalOrgPaths": ["o-a/r-1/ou-1/", "o-a/r-1/ou-2/"]}
    NUMBERS = ["5", "10", "10.0", "10.50", "-1", "0", "100", "many"]
    DATES = ["2024-01-01T00:00:00Z", "2024-01-01", "2025-06-30T12:00:00Z", "1704067200000", "soon"]
    ADDRESSES = ["10.1.2.3", "192.0.2.7", "2001:db8::1", "2001:db9::1", "nowhere"]
    NETWORKS = ["10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32", "10.1.2.3", "203.0.113.0/25", "bad/8"]

    def pick_context(self):
        c = {}
        for key, values in self.KEYS.items():
            if self.chance(.5):
                c[self.spelt(key)] = self.one(values)
        for key, values in self.LISTS.items():
            if self.chance(.5):
                c[key] = self.rnd.sample(values, self.rnd.randint(0, len(values)))
        for key, values in (("aws:SourceArn", self.ARNS), ("aws:MultiFactorAuthAge", self.NUMBERS),
                            ("aws:CurrentTime", self.DATES), ("aws:SourceIp", self.ADDRESSES),
                            ("aws:SecureTransport", ["true", "false", "TRUE", "yes"])):
            if self.chance(.5):
                c[key] = self.one(values)
        self.context = c

    def spelt(self, key):
        return key.lower() if self.chance(.1) else key

    # ---- elements that are near the request ----------------------------------------------------------------------------

    def actions(self, good):
        name = self.action.split(":")[1]
        near = [self.action, "*", f"{self.service}:*", f"{self.service}:{name[:3]}*", f"{self.service.upper()}:{name.lower()}",
                f"{self.service}:?{name[1:]}", f"{self.service}:*{name[-4:]}"]
        far = ["x:Y", f"{self.service}:Z*", "sqs:*" if self.service != "sqs" else "s3:*", f"{self.service}:{name}x"]
        chosen = [self.one(near if good else far)]
        if self.chance(.3):
            chosen.append(self.one(far))
        return chosen if len(chosen) > 1 or self.chance(.3) else chosen[0]

    def near_resource(self):
        r = self.resource
        parts = r.split(":", 5)
        if len(parts) < 6:
            return self.one(["*", "*", "arn:aws:s3:::a", f"arn:aws:{self.service}:*:*:*"])
        head, tail = ":".join(parts[:5]), parts[5]
        last = tail.rsplit("/", 1)
        kind = re.match(r"[^/:]*[/:]", tail)  # a type: variables and wildcards stand behind it
        begin = head + ":" + (kind.group(0) if kind else "")
        rest = tail[len(kind.group(0)):] if kind else tail
        forms = ["*", r, r.rstrip("*")[:-1] + "*", head + ":*", f"arn:*:{parts[2]}:*:*:{tail}", f"arn:aws:{parts[2]}:*:*:*",
                 head + ":" + tail[:-1] + "?", f"arn:aws:{parts[2]}:{parts[3]}:{parts[4]}:{last[0].rstrip('*')}*",
                 begin + rest.replace("a", "*", 1), begin + rest.replace("a", "${aws:username}", 1),
                 begin + rest.replace("a", "${aws:PrincipalTag/Team, 'a'}", 1),
                 begin + rest.rstrip("*").replace("a", "${aws:username}", 1) + "*", head + ":" + tail.replace("a", "*", 1),
                 ":".join(parts[:3]) + ":*", ":".join(parts[:4]) + ":*", ":".join(parts[:3]), ":".join(parts[:5])]
        return self.one(forms)

    def far_resource(self):
        parts = self.resource.split(":", 5)
        if len(parts) < 6:
            return "arn:aws:s3:::b"
        return self.one(["arn:aws:s3:::other", self.resource + "x", ":".join(parts[:5]) + ":z/*", "arn:aws:sqs:us-east-1",
                         ":".join(parts[:5]) + ":" + parts[5].upper() + "A"])

    def resources(self, good):
        chosen = [self.near_resource() if good else self.far_resource()]
        if self.chance(.25):
            chosen.append(self.far_resource())
        return chosen if len(chosen) > 1 or self.chance(.3) else chosen[0]

    OPERATORS = {
        "String": ["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike",
                   "StringNotLike"],
        "Arn": ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
        "Numeric": ["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan",
                    "NumericGreaterThanEquals"],
        "Date": ["DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan",
                 "DateGreaterThanEquals"],
        "Ip": ["IpAddress", "NotIpAddress"],
    }

    def values_for(self, kind, key):
        if kind == "Arn":
            pool = self.ARNS + ["arn:aws:iam::*:role/*", "arn:aws:s3:::*", "arn:aws:iam::111111111111:role/${aws:username}",
                                "arn:*:sns:*:*:?"]
        elif kind == "Numeric":
            pool = self.NUMBERS
        elif kind == "Date":
            pool = self.DATES
        elif kind == "Ip":
            pool = self.NETWORKS
        else:
            own = next((v for k, v in {**self.KEYS, **self.LISTS}.items() if k == key), ["a"])
            pool = own + ["a*", "*", "?", "team-*", "${aws:username}", "${aws:PrincipalTag/Team, 'a'}", "x${aws:username}*"]
        chosen = self.rnd.sample(pool, self.rnd.randint(1, 2))
        return chosen if len(chosen) > 1 or self.chance(.5) else chosen[0]

    def test(self):
        roll = self.rnd.random()
        if roll < .08:
            key = self.one(list(self.KEYS) + list(self.LISTS))
            return "Null", key, self.one(["true", "false"])
        if roll < .14:
            return "Bool" + self.one(["", "IfExists"]), "aws:SecureTransport", self.one(["true", "false"])
        if roll < .30:
            key = self.one(list(self.LISTS))
            op = self.one(["ForAllValues:", "ForAnyValue:", "ForAllValues:", "ForAnyValue:", ""]) + \
                self.one(self.OPERATORS["String"])
            return op, key, self.values_for("String", key)
        kind, key = self.one([("Arn", "aws:SourceArn"), ("Numeric", "aws:MultiFactorAuthAge"), ("Date", "aws:CurrentTime"),
                              ("Ip", "aws:SourceIp"), ("String", None), ("String", None), ("String", None), ("String", None)])
        key = key or self.one(list(self.KEYS))
        op = self.one(self.OPERATORS[kind]) + ("IfExists" if self.chance(.25) else "")
        if self.chance(.06):
            op = self.one(["ForAllValues:", "ForAnyValue:"]) + op
        return op, self.spelt(key), self.values_for(kind, key)

    def condition(self):
        out = {}
        for _ in range(1 if self.chance(.75) else 2):
            op, key, values = self.test()
            out.setdefault(op, {})[key] = values
        return out

    def principal(self):
        root = f"arn:aws:iam::{OWN}:root"
        session = f"arn:aws:sts::{OWN}:assumed-role/u/s1"
        forms = ["*", {"AWS": "*"}, {"AWS": root}, {"AWS": OWN}, {"AWS": [root, OTHER]}, {"AWS": self.role},
                 {"AWS": f"arn:aws:iam::{OWN}:user/other"}, {"AWS": session}, {"Service": "lambda.amazonaws.com"},
                 {"Service": ["lambda.amazonaws.com", "logs.amazonaws.com"], "AWS": OTHER}, {"AWS": OTHER}]
        if isinstance(self.caller, str) and self.has_account:
            forms += [{"AWS": self.caller}] * 4
        if self.kind == "federated":
            forms += [{"AWS": f"arn:aws:iam::{OWN}:user/{self.caller.split('/')[-1]}"}] * 6
        return self.one(forms)

    def not_principal(self):
        root = f"arn:aws:iam::{OWN}:root"
        listed = [self.caller] if isinstance(self.caller, str) and self.has_account else [f"arn:aws:iam::{OWN}:user/u"]
        return self.one([{"AWS": listed}, {"AWS": listed + [self.role, root]}, {"AWS": f"arn:aws:iam::{OWN}:user/other"},
                         {"AWS": OTHER}])

    # ---- statements and policies ------------------------------------------------------------------------------------------

    def statement(self, effect, good, conditions, principals=False):
        s = {"Effect": effect}
        if principals and self.chance(.06):
            s["NotPrincipal"] = self.not_principal()
        elif principals:
            s["Principal"] = self.principal()
        if self.chance(.12):
            s["NotAction"] = self.actions(not good)
        else:
            s["Action"] = self.actions(good)
        if self.chance(.12):
            s["NotResource"] = self.resources(not good)
        else:
            s["Resource"] = self.resources(good) if self.chance(.7) else "*"
        if self.chance(conditions):
            s["Condition"] = self.condition()
        return s

    def policy(self, allow=.8, deny=.12, conditions=.45, principals=False, denies_only=False):
        statements = []
        if not denies_only:
            statements.append(self.statement("Allow", self.chance(allow), conditions, principals))
        if self.chance(deny):
            statements.append(self.statement("Deny", self.chance(.7), max(conditions, .5), principals))
        if not denies_only and self.chance(.2):
            statements.append(self.statement("Allow", self.chance(.4), conditions, principals))
        self.rnd.shuffle(statements)
        return {"Version": "2012-10-17", "Statement": statements}

    @staticmethod
    def full():
        return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}

    def rcp(self):
        p = self.policy(deny=1, denies_only=True)
        for s in p["Statement"]:
            s["Principal"] = "*"
        return p

    def levels(self, make):
        return [{"orgIdentifier": f"level-{i}", "policies": make()} for i in range(self.rnd.randint(1, 3))]

    def scps(self):
        full = [{"name": "FullAWSAccess", "policy": self.full()}]
        return (full if self.chance(.85) else []) + \
            ([{"name": "scp", "policy": self.policy(allow=.85, deny=.3, conditions=.2)}] if self.chance(.5) else [])

    def build(self):
        case = {"id": self.number,
                "request": {"principal": self.caller, "action": self.action,
                            "resource": {"resource": self.resource, "accountId": self.account},
                            "contextVariables": self.context},
                "identityPolicies": [], "serviceControlPolicies": [], "resourceControlPolicies": []}
        if self.wildcard_only:
            case["wildcardOnlyAction"] = True
        if self.has_account:
            case["identityPolicies"] = [{"name": f"identity-{i}", "policy": self.policy(allow=.9)}
                                        for i in range(self.rnd.randint(0, 3))]
            if self.chance(.3):
                case["permissionBoundaryPolicies"] = [{"name": "boundary", "policy": self.policy(allow=.92, conditions=.3)}]
            if self.chance(.25):
                case["serviceControlPolicies"] = self.levels(self.scps)
        if self.kind in ("session", "federated", "linked") and self.chance(.58):
            case["sessionPolicy"] = self.policy(allow=.95, conditions=.25)
        if self.chance(.45 if self.account == OWN and self.has_account else .92):
            case["resourcePolicy"] = self.policy(allow=.92, conditions=.35, principals=True)
        if self.chance(.2):
            case["resourceControlPolicies"] = self.levels(
                lambda: [{"name": "rcp", "policy": self.rcp()}] if self.chance(.4) else [])
        if self.chance(.1):
            endpoint = self.policy(allow=.95, conditions=.2)
            for s in endpoint["Statement"]:
                s["Principal"] = "*"
            case["vpcEndpointPolicies"] = [{"name": "endpoint", "policy": endpoint}]
        return case


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    print(f"seed {seed}", file=sys.stderr)
    rnd, actions = random.Random(seed), read_catalogue()
    for i in range(count):
        print(json.dumps(Case(rnd, actions, i).build(), separators=(",", ":")))


if __name__ == "__main__":
    main()
