"""rewrite.py: the same CloudTrail records as somebody else's: other people, accounts, addresses, regions, agents, key order.

What a record means stays: the same value becomes the same other value, private addresses stay private, services keep their
names, AWS's own policies and documents theirs. Event ids stay, so that findings can be compared."""
import random
import re

REGIONS = ["eu-north-1", "ca-central-1", "ap-northeast-2", "eu-west-3", "us-east-2", "ap-south-1", "sa-east-1", "eu-central-1"]
AGENTS = ["aws-cli/2.15.30 Python/3.11.8 Linux/6.5.0 exe/x86_64 prompt/off", "Boto3/1.34.51 md/Botocore#1.34.51 ua/2.0 os/linux#5.15",
          "aws-sdk-java/2.25.21 Linux/5.10.214", "aws-sdk-js/3.552.0 ua/2.1 os/darwin#23.3.0 lang/js",
          "APN/1.0 HashiCorp/1.0 Terraform/1.8.1 (+https://www.terraform.io) terraform-provider-aws/5.44.0",
          "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36",
          "aws-sdk-go-v2/1.26.1 os/linux lang/go#1.22.1", "PowerShell/7.4 AWSPowerShell.NetCore/4.1.500"]
WORDS = "amber birch cedar delta ember fjord grove heron iris jade kelp lotus maple noble ochre pine quartz reed slate thorn".split()
REGION = re.compile(r"\b(?:us|eu|ap|sa|ca|me|af)-(?:north|south|east|west|central|northeast|southeast)-\dr?(?![0-9])")
ACCOUNT = re.compile(r"(?<![0-9A-Za-z])\d{12}(?![0-9A-Za-z])")
ADDRESS = re.compile(r"(?<![\d.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d./])")
KEY = re.compile(r"\b(A[KS]IA|AIDA|AROA)[A-Z0-9]{12,17}\b")
INSTANCE = re.compile(r"m?i-[0-9a-f]{8,17}")  # the session of an instance is named by EC2, not by its owner
# Keys whose values are names that their owner chose.
NAMED = {"userName", "roleName", "bucketName", "functionName", "trailName", "groupName", "policyName", "dBSnapshotIdentifier",
         "dBInstanceIdentifier", "roleSessionName", "keyName", "instanceProfileName"}


def walk(value, visit, key=None):
    """The value with visit(key, text) in the place of every text."""
    if isinstance(value, dict):
        return {k: walk(v, visit, k) for k, v in value.items()}
    if isinstance(value, list):
        return [walk(item, visit, key) for item in value]
    return visit(key, value) if isinstance(value, str) else value


class Rewriter:
    def __init__(self, records, seed):
        self.rng = random.Random(seed)
        self.known = {}
        names = set()

        def collect(key, text):
            if key in NAMED and re.fullmatch(r"[A-Za-z][\w.+=@-]{4,}", text) and not text.startswith(("AWS", "aws")) \
                    and not INSTANCE.fullmatch(text):
                names.add(text)
            return text
        walk(records, collect)
        names |= {"stratus-red-team", "StratusRedTeam", "malicious"}
        self.names = re.compile("|".join(re.escape(n) for n in sorted(names, key=lambda n: (-len(n), n))))

    def other(self, kind, text, make):
        if (kind, text) not in self.known:
            new = make()
            while (kind, new) in self.known.values() and kind != "region":
                new = make()
            self.known[kind, text] = (kind, new)
        return self.known[kind, text][1]

    def address(self, text):
        r = self.rng.randrange
        if text.startswith(("10.", "192.168.")) or re.match(r"172\.(1[6-9]|2\d|3[01])\.", text):
            return self.other("ip", text, lambda: f"10.{r(256)}.{r(256)}.{r(1, 255)}")
        if text == "0.0.0.0":
            return text
        return self.other("ip", text, lambda: f"{r(11, 120)}.{r(256)}.{r(256)}.{r(1, 255)}")

    def text(self, key, text):
        rng = self.rng
        if key in ("eventID", "eventSource", "eventName", "eventTime", "invokedBy", "documentName") or ":iam::aws:" in text:
            return text
        if key == "userAgent":
            service = text.endswith(".amazonaws.com") or "AWS Internal" in text
            return text if service else rng.choice(AGENTS)
        text = self.names.sub(lambda m: self.other("name", m[0], lambda: f"{rng.choice(WORDS)}-{rng.choice(WORDS)}-{rng.randrange(1000)}"), text)
        text = ACCOUNT.sub(lambda m: self.other("account", m[0], lambda: str(rng.randrange(10**11, 10**12))), text)
        text = KEY.sub(lambda m: self.other("key", m[0], lambda: m[1] + "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16))), text)
        text = ADDRESS.sub(lambda m: self.address(m[0]), text)
        return REGION.sub(lambda m: self.other("region", m[0], lambda: rng.choice(REGIONS)), text)

    def ordered(self, value):
        if isinstance(value, dict):
            keys = list(value)
            self.rng.shuffle(keys)
            return {k: self.ordered(value[k]) for k in keys}
        return [self.ordered(item) for item in value] if isinstance(value, list) else value

    def record(self, record):
        return self.ordered(walk(record, self.text))


def rewrite(records, seed):
    writer = Rewriter(records, seed)
    return [writer.record(record) for record in records]
