"""exports.py: the example's exports, read to be changed as they would have changed when a command had been carried out, and
written back in the same formats: envelopes, bare answers in a tar, credential reports as CSV and base64, a Config snapshot,
ASFF, YAML."""
import base64
import csv
import gzip
import io
import json
import os
import re
import shutil
import tarfile
from datetime import datetime, timezone
from pathlib import Path

import yaml

EXPORTED = datetime(2026, 11, 20, 6, tzinfo=timezone.utc).timestamp()
MANAGEMENT, ROOT, ORGANIZATION = "111122223333", "r-k3st", "o-k3strel0utd"
REPORT = "iam:GetCredentialReport"


class Call:
    """One call and its answer. `output` is to be changed in place; a report is a list of rows in `rows`."""

    def __init__(self, account, operation, region, parameters, output, envelope=None, member=None):
        self.account, self.operation, self.region, self.parameters = account, operation, region, parameters
        self.output, self.envelope, self.member, self.rows = output, envelope, member, None

    def answer(self, output):
        """It now answers this, whatever it said before."""
        self.output = output
        if self.envelope is not None:
            self.envelope.update(exit=0, error="")


def operation_of(name):
    """describe-trails -> DescribeTrails, as calls compare."""
    return name.replace("-", "").lower()


def read_rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def write_rows(rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


class Exports:
    def __init__(self, folder):
        self.folder, self.files, self.calls, self.members = Path(folder), {}, [], {}
        self.added = []
        for path in sorted(self.folder.rglob("*.json*")):
            if "AWSLogs" in path.parts or path.suffix == ".gz":
                continue
            lines = path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
            documents = [json.loads(line) for line in lines]
            self.files[path] = documents
            for d in documents:
                if d.get("vigil") == "envelope/1":
                    self.take(Call(d["account"], d["operation"], d["region"], d["parameters"], d["output"], envelope=d))
        for path in sorted(self.folder.rglob("*.tar.gz")):
            self.read_tar(path)
        self.findings = json.loads((self.folder / "security-hub-findings.json").read_text())
        self.attestations = yaml.safe_load((self.folder / "attestations.yaml").read_text())
        self.mapping = yaml.safe_load((self.folder / "workloads.yaml").read_text())
        self.snapshots = {p: json.loads(gzip.decompress(p.read_bytes())) for p in self.folder.rglob("*ConfigSnapshot*.gz")}

    def take(self, call):
        if call.operation == REPORT and call.output:
            call.rows = read_rows(base64.b64decode(call.output["Content"]).decode())
        self.calls.append(call)

    def read_tar(self, path):
        with tarfile.open(path) as tar:
            self.members[path] = {m.name: tar.extractfile(m).read() for m in tar}
        for name, data in self.members[path].items():
            parts = name.split("/")
            account, region, file = parts[0], parts[1] if len(parts) == 3 else "", parts[-1]
            call = Call(account, file.split(".")[0], region, {}, None, member=(path, name))
            if file.endswith(".csv"):
                call.operation, call.rows = REPORT, read_rows(data.decode())
            else:
                call.output = json.loads(data)
            self.calls.append(call)

    # ---- finding and changing ----

    def find(self, account, operation, region=None, **parameters):
        """The calls of that name: all regions unless one is named."""
        wanted = operation_of(operation.split(":")[-1])
        return [c for c in self.calls if c.account == account and operation_of(c.operation.split(":")[-1]) == wanted
                and (region is None or c.region == region) and all(c.parameters.get(k) == v for k, v in parameters.items())]

    def one(self, account, operation, region="", **parameters):
        found = self.find(account, operation, region, **parameters)
        return found[0] if found else None

    def put(self, account, operation, region, output, **parameters):
        """The call answers this: one that was made, or a new one."""
        call = self.one(account, operation, region, **parameters)
        if call:
            call.answer(output)
            return call
        envelope = {"vigil": "envelope/1", "operation": operation, "parameters": parameters, "account": account,
                    "region": region, "partition": "aws", "time": "2026-11-20T06:00:00Z", "exit": 0, "error": "",
                    "output": output}
        self.added.append(envelope)
        call = Call(account, operation, region, parameters, output, envelope=envelope)
        self.calls.append(call)
        return call

    def output(self, account, operation, region="", **parameters):
        return self.one(account, operation, region, **parameters).output

    def organization(self, operation, **parameters):
        return self.output(MANAGEMENT, "organizations:" + operation, **parameters)

    def details(self, account):
        return self.output(account, "iam:GetAccountAuthorizationDetails")

    def report(self, account):
        return self.one(account, REPORT).rows

    def entry(self, account, user):
        return next(r for r in self.report(account) if r["user"] == user)

    def user(self, account, name):
        return next(u for u in self.details(account)["UserDetailList"] if u["UserName"] == name)

    def drop(self, calls):
        """As if they had never been made."""
        gone = [id(c.envelope) for c in calls if c.envelope is not None]
        self.calls = [c for c in self.calls if not any(c is other for other in calls)]
        self.added = [e for e in self.added if id(e) not in gone]
        self.files = {path: [d for d in documents if id(d) not in gone] for path, documents in self.files.items()}
        for path, name in [c.member for c in calls if c.member]:
            del self.members[path][name]

    # ---- writing ----

    def write(self, folder):
        """All of it in a new folder, dated as the example is."""
        shutil.copytree(self.folder, folder)
        for call in self.calls:
            self.store(call)
        for path, documents in self.files.items():
            text, file = "".join(json.dumps(d) + "\n" for d in documents), folder / path.relative_to(self.folder)
            file.write_text(text) if text else file.unlink()
        for path, members in self.members.items():
            self.write_tar(folder / path.relative_to(self.folder), members)
        if self.added:
            (folder / "added.jsonl").write_text("".join(json.dumps(e) + "\n" for e in self.added))
        (folder / "security-hub-findings.json").write_text(json.dumps(self.findings))
        (folder / "attestations.yaml").write_text(yaml.safe_dump(self.attestations))
        (folder / "workloads.yaml").write_text(yaml.safe_dump(self.mapping))
        for path, snapshot in self.snapshots.items():
            (folder / path.relative_to(self.folder)).write_bytes(gzip.compress(json.dumps(snapshot).encode(), mtime=0))
        for file in folder.rglob("*"):
            os.utime(file, (EXPORTED, EXPORTED))

    def store(self, call):
        if call.envelope is not None:
            if call.rows:
                call.output["Content"] = base64.b64encode(write_rows(call.rows).encode()).decode()
            call.envelope["output"] = call.output
        else:
            path, name = call.member
            self.members[path][name] = (write_rows(call.rows) if call.rows else json.dumps(call.output)).encode()

    @staticmethod
    def write_tar(path, members):
        with tarfile.open(path, "w:gz") as tar:
            for name, data in members.items():
                info = tarfile.TarInfo(name)
                info.size, info.mtime = len(data), int(EXPORTED)
                tar.addfile(info, io.BytesIO(data))


def policy_of(commands):
    """The document that a control's command hands to create-policy, and its type."""
    for command in commands:
        found = re.search(r"create-policy --type (\w+) --name (\S+) .*--content '([^']*)'", command)
        if found:
            return found[1], found[2], json.loads(found[3])
    raise AssertionError(f"no command creates a policy: {commands}")
