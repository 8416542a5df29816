"""digest_chain.py: buckets as CloudTrail leaves them, for tests: log files, and digests signed with a key of our own by the
openssl program.

    key = Key(folder)
    chain = Chain(key, account="111122223333", region="eu-west-1", trail="main")
    chain.digest(logs=2)
    chain.digest(logs=0)
    chain.write(folder)

Times are hours from START. A digest is signed as "Custom implementations of CloudTrail log file integrity validation" of
AWS's documentation says: its end, its place, the hash of its text, the signature before it."""
import base64
import gzip
import hashlib
import json
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

START = datetime(2026, 1, 5, tzinfo=timezone.utc)
BUCKET = "trail-logs"


def iso(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Key:
    """An RSA key, as list-public-keys shows it."""

    def __init__(self, folder, name="key"):
        self.path = Path(folder) / f"{name}.pem"
        self.openssl("genrsa", "-out", str(self.path), "2048")
        self.der = self.openssl("rsa", "-in", str(self.path), "-RSAPublicKey_out", "-outform", "DER")
        self.fingerprint = hashlib.md5(self.der).hexdigest()

    @staticmethod
    def openssl(*words, data=None):
        return subprocess.run(["openssl", *words], input=data, check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout

    def sign(self, text):
        return self.openssl("dgst", "-sha256", "-sign", str(self.path), data=text.encode()).hex()

    def listed(self, **changes):
        return {"Value": base64.b64encode(self.der).decode(), "ValidityStartTime": START.timestamp() - 86400 * 10,
                "ValidityEndTime": START.timestamp() + 86400 * 10, "Fingerprint": self.fingerprint, **changes}


class Digest:
    """One digest: what is in it, its text, its signature, and its logs as (object, text)."""

    def __init__(self, content, key, logs):
        self.content, self.logs = content, logs
        self.object = content["digestS3Object"]
        self.seal(key)

    def seal(self, key):
        c = self.content
        self.text = json.dumps(c, separators=(",", ":")).encode()
        self.signature = key.sign("\n".join([c["digestEndTime"], f"{c['digestS3Bucket']}/{self.object}",
                                             sha256(self.text), c["previousDigestSignature"] or "null"]))

    def head(self):
        return {"ContentType": "application/json", "ContentEncoding": "gzip",
                "Metadata": {"signature": self.signature, "signature-algorithm": "SHA256withRSA"}}


class Chain:
    """The digests of one trail, account and region, oldest first."""

    def __init__(self, key, account="111122223333", region="eu-west-1", trail="main", home="eu-west-1", prefix="",
                 organization="", bucket=BUCKET):
        self.key, self.account, self.region, self.trail, self.home = key, account, region, trail, home
        self.bucket = bucket
        self.root = "/".join(filter(None, [prefix, "AWSLogs", organization, account]))
        self.digests = []
        self.hour = 0

    def log(self, hour, number):
        time = START + timedelta(hours=hour, minutes=5 * (number + 1))
        unique = sha256(f"{self.root}{self.region}{self.trail}{hour}{number}".encode())[:16].upper()
        name = f"{self.account}_CloudTrail_{self.region}_{time:%Y%m%dT%H%M}Z_{unique}.json.gz"
        text = json.dumps({"Records": [{"eventID": f"{hour}-{number}", "eventName": "GetObject",
                                        "eventSource": "s3.amazonaws.com", "eventTime": iso(time)}]}).encode()
        return f"{self.root}/CloudTrail/{self.region}/{time:%Y/%m/%d}/{name}", text

    def digest(self, logs=1, starts=False, backfill=False, key=None, skip=0, **changes):
        """The next hour. `starts`: no previous one. `skip`: hours without validation before it."""
        self.hour += skip
        start = START + timedelta(hours=self.hour)
        end = start + timedelta(hours=1)
        name = (f"{self.account}_CloudTrail-Digest_{self.region}_{self.trail}_{self.home}_{end:%Y%m%dT%H%M%S}Z"
                f"{'_backfill' if backfill else ''}.json.gz")
        before = None if starts or backfill or not self.digests else self.digests[-1]
        delivered = [self.log(self.hour, i + (5 if backfill else 0)) for i in range(logs)]
        content = {
            "awsAccountId": self.account, "digestStartTime": iso(start), "digestEndTime": iso(end),
            "digestS3Bucket": self.bucket,
            "digestS3Object": f"{self.root}/CloudTrail-Digest/{self.region}/{end:%Y/%m/%d}/{name}",
            "digestPublicKeyFingerprint": (key or self.key).fingerprint, "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": iso(end) if logs else None, "oldestEventTime": iso(start) if logs else None,
            "previousDigestS3Bucket": before and before.content["digestS3Bucket"],
            "previousDigestS3Object": before and before.object,
            "previousDigestHashValue": before and sha256(before.text),
            "previousDigestHashAlgorithm": before and "SHA-256",
            "previousDigestSignature": before and before.signature,
            "logFiles": [{"s3Bucket": self.bucket, "s3Object": place, "hashValue": sha256(text),
                          "hashAlgorithm": "SHA-256", "newestEventTime": iso(end), "oldestEventTime": iso(start)}
                         for place, text in delivered],
        }
        content.update(changes)
        made = Digest(content, key or self.key, delivered)
        if not backfill:
            self.digests.append(made)
            self.hour += 1
        return made

    def write(self, folder, heads=(), extra=()):
        """All files, below the bucket's name; `heads` are those whose metadata is saved beside them."""
        for digest in [*self.digests, *extra]:
            for place, text in [(digest.object, digest.text), *digest.logs]:
                put(folder, place, gzip.compress(text, mtime=0))
            if digest in heads:
                put(folder, digest.object + ".head.json", json.dumps(digest.head()).encode())


def path_of(folder, place):
    return Path(folder) / BUCKET / place


def put(folder, place, data):
    path = path_of(folder, place)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def example(folder):
    """examples/cloudtrail: three hours of one trail, the newest with its metadata, and the key."""
    with tempfile.TemporaryDirectory() as home:
        key = Key(home)
        chain = Chain(key)
        for logs in (2, 0, 1):
            chain.digest(logs=logs)
        chain.write(folder, heads=[chain.digests[-1]])
        (Path(folder) / "public-keys-eu-west-1.json").write_text(
            json.dumps({"PublicKeyList": [key.listed()]}, indent=2) + "\n")


if __name__ == "__main__":
    example(sys.argv[1])
