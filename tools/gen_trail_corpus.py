#!/usr/bin/env python3
"""Writes a benchmark corpus of CloudTrail files out of real ones, the same for the same seed.

    tools/gen_trail_corpus.py OUT [--logs FOLDER]... [--gigabytes N] [--accounts N] [--seed N] [--processes N]

OUT receives AWSLogs/ORG/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/*.json.gz, as an organisation's trail delivers them: 500 to
20,000 records a file, level 6 of gzip. A record keeps its shape (every key, every null, the order) and changes what tells
one delivery from another: account, region, time, event and request ids, access keys, principal ids, users, roles,
addresses, resource ids, names, versions of agents, token-like values. The same value within a record is replaced by the
same value, and a run of records that follow each other in the source keeps its persona, so that sessions stay sessions
and correlations have something to correlate; some sixty such runs are interleaved, as those of a busy account are.

FOLDER defaults to trail-invictus and trail-stratus under VIGIL_TEST_DATA. The last line printed gives files, records,
raw and packed bytes, and their ratio; the exit is 1 when it exceeds 7:1, because then the corpus would flatter whoever
is measured against decompression.
"""
import argparse
import datetime
import json
import multiprocessing
import os
import pathlib
import random
import re
import sys
import time
import zlib

REGIONS = ["us-east-1"] * 6 + ["eu-west-1"] * 4 + ["us-west-2", "eu-central-1", "ap-southeast-2", "us-east-2"]
START = int(datetime.datetime(2025, 3, 1, tzinfo=datetime.timezone.utc).timestamp())
DAYS = 90
RUNS_AT_ONCE = 64
LIMIT = 7.0
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
BASE36 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
GIVEN = ("anna ben carla david elif farah georg hana ivan julia kemal lena marco nadia olaf petra quentin rosa samir tilda "
         "uwe vera wanda xenia yusuf zoe").split()
PROJECT = ("atlas billing cargo checkout delta fleet gateway harbor ingest journal ledger matching notify orders payments "
           "quotes reports search tracking users vendor warehouse").split()
FAMILY = ("arnold bauer chen diaz eder fuchs grau huber ito jansen keller lopez moser novak ortiz pham quist rossi sato "
          "tanaka unger vogel weber yilmaz zhang").split()

# What varies in a record's text. The first pattern that matches at a place decides.
TOKENS = re.compile(r"""
    (?P<uuid>\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b)
  | (?P<time>\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?=Z|\.\d+Z))
  | (?P<key>\bA[KS]IA[A-Z0-9]{16}\b)
  | (?P<principal>\bA(?:IDA|ROA|IPA|NPA|GPA)[A-Z0-9]{12,17}\b)
  | (?P<account>(?<![0-9A-Za-z])\d{12}(?![0-9A-Za-z]))
  | (?P<address>(?<![\d.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d./]))
  | (?P<region>\b(?:us|eu|ap|sa|ca|me|af)-(?:gov-)?(?:north|south|east|west|central|northeast|southeast|northwest)-\dr?(?=[^0-9a-z]|[a-f]\b))
  | (?P<project>\bstratus-red-team(?=[-_]))
  | (?P<version>(?<=/)\d+\.\d+\.\d+\b)
  | (?P<id>(?<=-)0[0-9a-f]{16}\b)
  | (?P<token>(?<=[":/=\-])(?=[A-Za-z0-9+/]*[0-9])(?=[A-Za-z0-9+/]*[A-Z])[A-Za-z0-9+/]{16,}={0,2}(?=[";\\:]))
  | (?P<stamp>(?<=-)\d{19}\b)
""", re.X)


def users_of(records):
    """The names of people in the records: they are replaced too, wherever they stand."""
    names = set()
    for record in records:
        identity = record.get("userIdentity") or {}
        if identity.get("type") == "IAMUser" and len(identity.get("userName") or "") > 3:
            names.add(identity["userName"])
    return sorted(names, key=lambda name: (-len(name), name))


def template(record, names):
    """The record as text between variables: ([piece …], [index of variable …], [(kind, original) …])."""
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
    spots = [(m.start(), m.end(), m.lastgroup) for m in TOKENS.finditer(text)]
    if names:
        for m in re.finditer(r"(?<![\w])(?:%s)(?![\w])" % "|".join(map(re.escape, names)), text):
            if not any(a < m.end() and m.start() < b for a, b, _ in spots):
                spots.append((m.start(), m.end(), "user"))
    pieces, order, variables, known, at = [], [], [], {}, 0
    for begin, end, kind in sorted(spots):
        original = text[begin:end]
        if original not in known:
            known[original] = len(variables)
            variables.append((kind, original))
        pieces.append(text[at:begin])
        order.append(known[original])
        at = end
    pieces.append(text[at:])
    own = record.get("eventTime")
    return {"pieces": pieces, "order": order, "variables": variables, "time": own, "size": len(text)}


def load(folders):
    """The records of the folders as runs: each run is a list of templates in the order of their time."""
    sources = []
    for folder in folders:
        for path in sorted(pathlib.Path(folder).glob("*.json")):
            data = json.loads(path.read_text())
            sources.append(data["Records"] if isinstance(data, dict) else data)
    records = [record for source in sources for record in source]
    if not records:
        sys.exit("no CloudTrail records in " + ", ".join(map(str, folders)))
    names = users_of(records)
    accounts = {record.get("recipientAccountId") for record in records}
    runs = []
    merged = sorted((r for s in sources if len(s) > 60 or len(accounts) == 1 for r in s), key=lambda r: r["eventTime"])
    rest = [sorted(s, key=lambda r: r["eventTime"]) for s in sources if not (len(s) > 60 or len(accounts) == 1)]
    for source in [merged] + rest:
        if source:
            runs.append([template(record, names) for record in source])
    return runs


def pick(rng, alphabet, n):
    return "".join(rng.choices(alphabet, k=n))


def uuid(rng):
    h = "%032x" % rng.getrandbits(128)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


def personas(rng, n):
    """Who acts in an account: the same person keeps name, keys, ids and address."""
    return [{"user": f"{rng.choice(GIVEN)}-{rng.choice(FAMILY)}", "AKIA": "AKIA" + pick(rng, BASE32, 16),
             "principal": "AIDA" + pick(rng, BASE32, 17),
             "project": f"{rng.choice(PROJECT)}-{rng.choice(PROJECT)}-{rng.randrange(100)}",
             "address": "%d.%d.%d.%d" % (rng.randrange(11, 126), rng.randrange(256), rng.randrange(256),
                                         rng.randrange(1, 255))} for _ in range(n)]


def value(rng, kind, original, person, scene):
    """What stands in the place of `original` in one record."""
    if kind == "uuid":
        new = uuid(rng)
        return new if original == original.lower() else new.upper()
    if kind == "time":
        return scene["earlier"]
    if kind == "account":
        return scene["account"] if original == scene["own"] else scene["others"][int(original) % len(scene["others"])]
    if kind == "region":
        return scene["region"]
    if kind == "key":
        return person["AKIA"] if original.startswith("AKIA") else "ASIA" + pick(rng, BASE32, 16)
    if kind == "principal":
        return person["principal"] if original.startswith("AIDA") else original[:4] + pick(rng, BASE32, 17)
    if kind == "address":
        if original.startswith(("10.", "192.168.", "172.")):
            return person["address"]
        return "%d.%d.%d.%d" % (rng.randrange(11, 126), rng.randrange(256), rng.randrange(256), rng.randrange(1, 255))
    if kind == "user":
        return person["user"]
    if kind == "project":
        return person["project"]
    if kind == "version":
        head = original.split(".")
        return f"{head[0]}.{rng.randrange(100)}.{rng.randrange(300)}"
    if kind == "id":
        return "0%016x" % rng.getrandbits(64)
    if kind == "stamp":
        return str(rng.randrange(10**18, 10**19))
    alphabet = BASE36 if original.upper() == original else BASE62 + ("+/" if "/" in original or "+" in original else "")
    return pick(rng, alphabet, len(original.rstrip("="))) + "=" * (len(original) - len(original.rstrip("=")))


def new_run(rng, people):
    """Twenty to eighty records that follow each other in a source, and who made them this time."""
    source = RUNS[0]
    if len(RUNS) > 1 and rng.random() < 0.15:
        source = RUNS[rng.randrange(1, len(RUNS))]
    begin = rng.randrange(len(source)) if len(source) > 100 else 0
    return iter(source[begin:begin + rng.randrange(20, 80)]), rng.choice(people)


def write_file(job):
    """One delivery: records of one account and region over a quarter of an hour."""
    index, count, seed, out, accounts = job
    rng = random.Random(f"{seed}:{index}")
    account = accounts[index % len(accounts)]
    region = rng.choice(REGIONS)
    begin = START + rng.randrange(DAYS * 86400)
    people = personas(random.Random(f"{seed}:{account}"), 40)
    scene = {"account": account, "others": accounts, "region": region, "own": None, "earlier": None}
    rows, made, active = [], 0, [new_run(rng, people) for _ in range(RUNS_AT_ONCE)]
    while made < count:
        turn = rng.randrange(RUNS_AT_ONCE)
        run, person = active[turn]
        shape = next(run, None)
        if shape is None:
            active[turn] = new_run(rng, people)
            continue
        now = begin + 900 * made // count
        made += 1
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        scene["earlier"] = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now - 1200))
        scene["own"] = OWN.get(id(shape))
        values = [moment if kind == "time" and original == shape["time"][:19] else
                  value(rng, kind, original, person, scene) for kind, original in shape["variables"]]
        parts = [None] * (2 * len(shape["order"]) + 1)
        parts[0::2] = shape["pieces"]
        parts[1::2] = [values[i] for i in shape["order"]]
        rows.append("".join(parts))
    raw = ('{"Records":[' + ",".join(rows) + "]}").encode()
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    packed = packer.compress(raw) + packer.flush()
    day = time.gmtime(begin + 900)
    folder = pathlib.Path(out, "AWSLogs", "o-benchtrail", account, "CloudTrail", region, time.strftime("%Y/%m/%d", day))
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{account}_CloudTrail_{region}_{time.strftime('%Y%m%dT%H%MZ', day)}_{pick(rng, BASE62, 16)}.json.gz"
    (folder / name).write_bytes(packed)
    return len(raw), len(packed), count


RUNS = []
OWN = {}


def prepare(runs):
    """Each template's own account, found by frequency: the account variable that stands in most places."""
    RUNS[:] = runs
    for run in runs:
        for shape in run:
            counts = {}
            for i in shape["order"]:
                kind, original = shape["variables"][i]
                if kind == "account":
                    counts[original] = counts.get(original, 0) + 1
            OWN[id(shape)] = max(sorted(counts), key=counts.get) if counts else None


def plan(rng, total, mean):
    """Sizes of the files, log-uniform between 500 and 20,000 records, until `total` bytes are expected."""
    sizes, planned = [], 0
    while planned < total:
        n = int(500 * 40 ** rng.random())
        sizes.append(max(500, min(20000, n)))
        planned += sizes[-1] * mean
    return sizes


def main():
    parser = argparse.ArgumentParser(description="Writes a benchmark corpus of CloudTrail files out of real ones.")
    parser.add_argument("out")
    parser.add_argument("--logs", action="append")
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--accounts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    data = pathlib.Path(os.environ.get("VIGIL_TEST_DATA", pathlib.Path(__file__).parents[1] / "../shared/data"))
    folders = options.logs or [data / "trail-invictus", data / "trail-stratus"]
    prepare(load(folders))
    rng = random.Random(f"{options.seed}:plan")
    accounts = sorted({str(rng.randrange(10**11, 10**12)) for _ in range(options.accounts)})
    shapes = RUNS[0]
    mean = sum(shape["size"] for shape in shapes) / len(shapes)
    sizes = plan(rng, options.gigabytes * 1e9, mean)
    jobs = [(i, n, options.seed, options.out, accounts) for i, n in enumerate(sizes)]
    jobs.sort(key=lambda job: -job[1])
    began = time.time()
    with multiprocessing.get_context("fork").Pool(options.processes) as pool:
        done = list(pool.imap_unordered(write_file, jobs))
    raw, packed, records = (sum(column) for column in zip(*done))
    print(f"{len(done)} files, {records} records, {raw} bytes raw, {packed} packed, ratio {raw / packed:.2f}:1, "
          f"{time.time() - began:.1f} s")
    return 1 if raw / packed > LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
