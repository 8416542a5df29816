"""bad_world.py: what the suite of bad input shares: a small organisation, the program as a process, and what must hold
whatever it was given: no crash and nothing of a sanitizer's, each complaint one line that cannot drive a terminal, and
nothing lost that was stored before."""
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VIGIL = os.environ.get("VIGIL_BIN") or os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
# In memory where there is room: a hundred workspaces are made, and each waits for its disk.
SHM = "/dev/shm" if Path("/dev/shm").is_dir() and shutil.disk_usage("/dev/shm").free > 1 << 29 else None
FOLDER = tempfile.TemporaryDirectory(prefix="vigil-bad-", dir=SHM)
HOME = Path(FOLDER.name)
NOW = "2026-11-24T00:00:00Z"
ORGANIZATION, MANAGEMENT, MEMBER = "o-abcdefghij", "111122223333", "222233334444"
CRASH = re.compile(rb"Sanitizer|runtime error:|Assertion|core dumped|stack smashing")
# What must not reach a terminal: C0 without newline, DEL, C1, and the marks that reorder text.
DRIVES = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

HOME.chmod(0o755)
if os.geteuid() == 0:  # a copy that nobody may run, too: the project may lie in root's own folder
    PUBLIC = tempfile.TemporaryDirectory(prefix="vigil-program-")
    Path(PUBLIC.name).chmod(0o755)
    VIGIL = shutil.copy(VIGIL, PUBLIC.name)


# ---- the program -----------------------------------------------------------------------------------------------------

def environment(**more):
    return {**os.environ, "USER": "ann", "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "COLUMNS": "100",
            "ASAN_OPTIONS": "detect_leaks=0:handle_abort=1:" + os.environ.get("ASAN_OPTIONS", ""), **more}


def check(done):
    """What holds of every run; gives it back with `lines`, its complaints."""
    assert not CRASH.search(done.stderr), done.stderr.decode("utf-8", "replace")
    assert done.returncode in (0, 1, 2, 3), (done.returncode, done.stderr)
    text = done.stderr.decode("utf-8")  # strictly: what is not UTF-8 must have been written out
    assert not DRIVES.search(text), repr(text)
    done.lines = text.splitlines()
    return done


def vigil(*arguments, workspace=None, before=None, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.PIPE)
    words = [VIGIL, "--now", NOW] + (["--workspace", str(workspace)] if workspace else []) + list(arguments)
    return check(subprocess.run(words, stderr=subprocess.PIPE, env=environment(), timeout=300, check=False,
                                preexec_fn=before, **options))


def said(done, code, *patterns):
    """Exactly these lines, in this order, and this exit code."""
    shown = f"exit {done.returncode}, expected {code}\n" + "\n".join(done.lines) + "\nexpected\n" + "\n".join(patterns)
    assert done.returncode == code, shown
    assert len(done.lines) == len(patterns), shown
    for line, pattern in zip(done.lines, patterns):
        assert re.search(pattern, line), shown


# ---- the files -------------------------------------------------------------------------------------------------------

def organization(id=ORGANIZATION, management=MANAGEMENT, partition="aws"):
    arn = f"arn:{partition}:organizations::{management}"
    return {"Organization": {"Id": id, "Arn": f"{arn}:organization/{id}", "FeatureSet": "ALL",
                             "MasterAccountArn": f"{arn}:account/{id}/{management}",
                             "MasterAccountId": management, "MasterAccountEmail": "root@example.com"}}


def account(id, name="prod", partition="aws"):
    return {"Id": id, "Arn": f"arn:{partition}:organizations::{MANAGEMENT}:account/{ORGANIZATION}/{id}",
            "Email": f"{id}@example.com", "Name": name, "Status": "ACTIVE", "JoinedMethod": "CREATED",
            "JoinedTimestamp": "2025-01-01T00:00:00Z"}


def unit(id, name):
    return {"Id": id, "Arn": f"arn:aws:organizations::{MANAGEMENT}:ou/{ORGANIZATION}/{id}", "Name": name}


def envelope(operation, output, parameters=None, account=MANAGEMENT, region="", time="2026-11-20T00:00:00Z", **more):
    return json.dumps({"vigil": "envelope/1", "operation": operation, "parameters": parameters or {},
                       "account": account, "region": region, "partition": "aws", "time": time, "exit": 0, "error": "",
                       "output": output, **more}) + "\n"


ACCOUNTS = {"Accounts": [account(MANAGEMENT, "management"), account(MEMBER)]}
POLICY = {"PasswordPolicy": {"MinimumPasswordLength": 14, "RequireSymbols": True}}
GOOD = envelope("iam:GetAccountPasswordPolicy", POLICY)


def put(folder, files):
    """Writes {path: bytes, text or value as JSON}; all dated the same, so that runs do not differ by it."""
    for path, content in files.items():
        place = Path(folder) / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, (bytes, str)):
            content = json.dumps(content)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.utime(place, (1763600000, 1763600000))
    return Path(folder)


# ---- workspaces ------------------------------------------------------------------------------------------------------

COUNT = [0]


def fresh(name="w"):
    COUNT[0] += 1
    return HOME / f"{name}{COUNT[0]}"


def seed():
    """A workspace that holds a small organisation with a finding; made once."""
    place = HOME / "seed"
    if not place.exists():
        exports = put(HOME / "seed-exports", {
            "all.jsonl": envelope("organizations:DescribeOrganization", organization())
            + envelope("organizations:ListAccounts", ACCOUNTS)
            + envelope("iam:GetAccountSummary", {"SummaryMap": {"AccountMFAEnabled": 1}}, account=MEMBER),
            "findings.json": {"Findings": [finding()]}})
        said(vigil("import", str(exports), workspace=place), 0)
    return place


def finding(**more):
    return {"SchemaVersion": "2018-10-08", "Id": "f-1", "GeneratorId": "g", "AwsAccountId": MEMBER, "Types": ["TTPs"],
            "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/guardduty", "CreatedAt": "2026-11-20T00:00:00Z",
            "UpdatedAt": "2026-11-20T00:00:00Z", "Severity": {"Label": "HIGH"}, "Title": "Open bucket",
            "Description": "d", "Region": "eu-west-1", "RecordState": "ACTIVE", "Workflow": {"Status": "NEW"},
            "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::b", "Region": "eu-west-1"}], **more}


def seeded():
    place = fresh()
    shutil.copytree(seed(), place)
    return place


def rows(workspace, *arguments, **options):
    done = vigil(*arguments, "--format", "json", workspace=workspace, **options)
    assert done.returncode == 0, (arguments, done.lines)
    return json.loads(done.stdout)


def held(workspace, **options):
    """All that the workspace says that it holds: resources by identity, and findings by id."""
    things = {("resource", r["account"], r["region"], r["type"], r["id"])
              for r in rows(workspace, "evidence", "list", **options)}
    return things | {("finding", f["id"]) for f in rows(workspace, "finding", "list", **options)}


def has_policy(workspace):
    return any(thing[3:4] == ("Vigil::IAM::PasswordPolicy",) for thing in held(workspace))
