#!/usr/bin/env python3
"""Detection over CloudTrail's files beside its peers, in one run.

    bench_trail.py CORPUS [--rounds N] [--sample MB] [--peers FOLDER] [--inflate PROGRAM]

From .json.gz on disk (in the page cache) to findings, all rules on, by wall time; the best of the rounds, which take turns:
  vigil on one core and on two; libdeflate unpacking the same files on one core;
  rsigma (its library: every index on, no event copied out, input unpacked and in memory), the rules of sigma-aws, on one core,
  beside vigil with the same rules; pySigma's SQLite route, loading its table apart; DuckDB reading the files with SQL for ten
  of the rules; zcat | rg, libdeflate | rg and jq for one string. Slow peers get a sample and are scaled to events a second.
  Ten times the rules: made ones on the same event sources, with contains, re and keywords, beside the built-in ones.
A ratio is printed beside its bar; what is not installed is named. The exit is 1 when a bar is missed."""
import argparse
import gzip
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VIGIL = os.environ.get("VIGIL", str(ROOT / "build" / "bench" / "vigil"))
DATA = Path(os.environ.get("VIGIL_TEST_DATA", ROOT.parent / "shared" / "data"))
MISSED = []
# Ten rules of sigma-aws as conditions of SQL over (eventSource, eventName, the record as JSON).
SQL = ["eventSource='cloudtrail.amazonaws.com' AND eventName IN ('StopLogging','UpdateTrail','DeleteTrail')",
       "eventName='ConsoleLogin' AND errorMessage='Failed authentication'",
       "eventSource='ec2.amazonaws.com' AND eventName='ModifySnapshotAttribute'",
       "eventSource='iam.amazonaws.com' AND eventName='UpdateLoginProfile' AND userIdentity.arn<>coalesce(requestParameters->>'userName','')",
       "eventSource='iam.amazonaws.com' AND eventName='CreateAccessKey' AND NOT userIdentity.arn ILIKE '%' || coalesce(responseElements->'accessKey'->>'userName','?') || '%'",
       "userIdentity.type='Root' AND eventType<>'AwsServiceEvent'",
       "eventSource='ec2.amazonaws.com' AND eventName IN ('AuthorizeSecurityGroupEgress','AuthorizeSecurityGroupIngress','RevokeSecurityGroupEgress','RevokeSecurityGroupIngress')",
       "eventSource='ssm.amazonaws.com' AND eventName='SendCommand' AND (errorCode='Success' OR errorCode IS NULL)",
       "eventName='DeleteFlowLogs' AND (errorCode='Success' OR errorCode IS NULL)",
       "userIdentity.arn SIMILAR TO '.+:assumed-role/aws:.+' AND eventSource<>'ssm.amazonaws.com'"]
DUCK = """
import duckdb, sys, time, json
conditions = json.load(open(sys.argv[2]))
base = duckdb.connect()
base.execute("SET threads=1")
files = [line.strip() for line in open(sys.argv[1])]
begin = time.perf_counter()
columns = {"eventSource": "VARCHAR", "eventName": "VARCHAR", "eventType": "VARCHAR", "errorCode": "VARCHAR", "errorMessage": "VARCHAR",
           "userIdentity": "STRUCT(arn VARCHAR, type VARCHAR)", "requestParameters": "JSON", "responseElements": "JSON"}
record = "STRUCT(" + ", ".join(f'"{k}" {v}' for k, v in columns.items()) + ")"
sums = ", ".join(f"count(*) FILTER (WHERE {c})" for c in conditions)
row = base.execute(f'''SELECT count(*), {sums} FROM (SELECT r.* FROM (SELECT unnest(Records) AS r FROM
  read_json(?, columns = {{Records: '{record}[]'}}, maximum_object_size = 200000000)))''', [files]).fetchone()
print(row[0], sum(row[1:]), time.perf_counter() - begin)
"""


def timed(command, **options):
    """(seconds, peak RSS in MB, standard output) of one run."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=options.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE, text=True, **options)
    out, err = process.communicate()
    seconds = time.perf_counter() - begin
    peak = re.search(r"Maximum resident set size \(kbytes\): (\d+)", err)
    if process.returncode not in (0, 1, 3):
        raise SystemExit(f"{command} ended with {process.returncode}: {err[-1000:]}")
    return seconds, int(peak[1]) / 1024 if peak else 0, out


def on(cores, command):
    """The command bound to so many cores, its memory told by GNU time where there is one."""
    meter = ["/usr/bin/time", "-v"] if Path("/usr/bin/time").exists() else []
    return ["taskset", "-c", ",".join(map(str, range(cores))), *meter, *command]


def detect(cores, target, *more):
    return on(cores, [VIGIL, "detect", str(target), "--format", "jsonl", "--threads", str(cores), *more])


def best(rounds, commands):
    """{name: (seconds, MB, output)}: the commands take turns, each keeps its best round."""
    kept = {}
    for _ in range(rounds):
        for name, command in commands.items():
            result = timed(command)
            if name not in kept or result[0] < kept[name][0]:
                kept[name] = result
    return kept


def bar(what, ratio, least, unit="x"):
    good = ratio >= least
    if not good:
        MISSED.append(what)
    print(f"{what:70} {ratio:9.2f}{unit}   bar {least:g}{unit}   {'ok' if good else 'MISSED'}")


def at_most(what, value, most, unit):
    good = value <= most
    if not good:
        MISSED.append(what)
    print(f"{what:70} {value:9.2f}{unit}   at most {most:g}{unit}   {'ok' if good else 'MISSED'}")


# ---- the corpus ----

def sample(files, megabytes, work):
    """Files of about so many raw megabytes, also as JSON lines: (list, lines, raw bytes, events)."""
    chosen, raw, events, lines = [], 0, 0, work / "sample.jsonl"
    with open(lines, "w") as out:
        for path in files:
            data = gzip.decompress(path.read_bytes())
            chosen.append(path)
            raw += len(data)
            for record in json.loads(data)["Records"]:
                out.write(json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n")
                events += 1
            if raw > megabytes * 1e6:
                break
    names = work / "sample.list"
    names.write_text("".join(f"{p}\n" for p in chosen))
    folder = work / "sample"
    folder.mkdir()
    for i, path in enumerate(chosen):
        (folder / f"{i:05}-{path.name}").symlink_to(path)
    return names, folder, lines, raw, events


# ---- ten times the rules ----

def many_rules(folder, count, seed):
    """Made rules on the sources of the corpus, with contains, re and keywords; they match little, as rules do."""
    rng = random.Random(seed)
    sources = ["iam", "ec2", "s3", "kms", "ssm", "secretsmanager", "rds", "lambda", "cloudtrail", "sts"]
    word = lambda: "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randrange(5, 10)))  # noqa: E731
    folder.mkdir()
    for i in range(count):
        body = {"eventSource": rng.choice(sources) + ".amazonaws.com"}
        kind = i % 4
        detection = {"selection": body, "condition": "selection"}
        if kind == 0:
            body["userAgent|contains"] = [word() for _ in range(3)]
        elif kind == 1:
            body["userIdentity.arn|re"] = f".*:{word()}/[a-z]+{word()}$"
        elif kind == 2:
            body["requestParameters|contains"] = word()
        else:
            detection = {"selection": body, "keywords": [word(), word()], "condition": "selection and keywords"}
        rule = {"title": f"made {i}", "id": str(uuid.UUID(int=rng.getrandbits(128), version=4)), "status": "test",
                "logsource": {"product": "aws", "service": "cloudtrail"}, "detection": detection, "level": "low"}
        (folder / f"{i:05}.yml").write_text(json.dumps(rule))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sample", type=float, default=100, help="raw megabytes for the slow peers")
    parser.add_argument("--peers", type=Path, default=ROOT / "build" / "peers")
    parser.add_argument("--inflate", default=str(ROOT / "build" / "bench" / "bench" / "bench_trail_inflate"))
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="vigil-bench-trail-"))
    try:
        measure(options, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"load {os.getloadavg()[0]:.1f}; " + ("missed: " + ", ".join(MISSED) if MISSED else "every bar is met"))
    return 1 if MISSED else 0


def measure(options, work):
    files = sorted(options.corpus.rglob("*.json.gz"))
    everything = work / "all.list"
    everything.write_text("".join(f"{p}\n" for p in files))
    packed = sum(p.stat().st_size for p in files)
    runs = best(options.rounds, {"unpacked": on(1, [options.inflate, str(everything)]), "one": detect(1, options.corpus),
                                 "two": detect(2, options.corpus)})
    raw, wall, unpacking = map(float, runs["unpacked"][2].split())
    print(f"{len(files)} files, {raw / 1e9:.2f} GB raw, {raw / packed:.2f}:1; findings {len(runs['one'][2].splitlines())}")
    print(f"libdeflate alone, one core: {raw / 1e9 / unpacking:.2f} GB/s unpacking, {raw / 1e9 / wall:.2f} GB/s with reading")
    for name in ("one", "two"):
        print(f"vigil detect, {name} core{'s' * (name == 'two')}: {runs[name][0]:.2f} s, {raw / 1e9 / runs[name][0]:.2f} GB/s, {runs[name][1]:.0f} MB at most")
    bar("one core against libdeflate's own unpacking", 100 * unpacking / runs["one"][0], 45, " %")
    bar("two cores against one", runs["one"][0] / runs["two"][0], 1.8)
    at_most("memory", max(runs["one"][1], runs["two"][1]), 64, " MB")
    same = runs["one"][2] == runs["two"][2]
    print(f"the findings of one core and of two are {'the same bytes' if same else 'NOT THE SAME'}")
    rules_cost(options, work)
    slow_peers(options, files, work)
    strings(options, everything, files, runs["one"][0])


def rules_cost(options, work):
    """The cost of ten times as many rules."""
    built_in = len(list((ROOT / "content" / "detections").rglob("*.yml"))) - len(list((ROOT / "content" / "detections").rglob("*_tests.yml")))
    many_rules(work / "many", 9 * built_in, 7)
    content = str(ROOT / "content" / "detections")
    own = work / "own"
    shutil.copytree(content, own, ignore=shutil.ignore_patterns("tests"))
    runs = best(max(1, options.rounds - 1), {"1x": detect(1, options.corpus, "--rules", str(own)),
                                            "10x": detect(1, options.corpus, "--rules", str(own), "--rules", str(work / "many"))})
    print(f"{built_in} rules {runs['1x'][0]:.2f} s, {10 * built_in} rules {runs['10x'][0]:.2f} s")
    at_most("ten times the rules", runs["10x"][0] / runs["1x"][0], 1.5, "x")


def slow_peers(options, files, work):
    names, folder, lines, raw, events = sample(files, options.sample, work)
    given = DATA / "sigma-aws"
    ours = best(options.rounds, {"given": detect(1, folder, "--rules", str(given)), "all": detect(1, folder)})
    pace = {name: events / result[0] for name, result in ours.items()}
    print(f"sample: {raw / 1e6:.0f} MB, {events} events; vigil {pace['given']:.0f}/s with sigma-aws, {pace['all']:.0f}/s with all its own rules")
    rsigma = options.peers / "rsigma" / "release" / "sigma-peer"
    if rsigma.exists():
        n, _, seconds = timed(on(1, [str(rsigma), "bench", str(given), str(lines)]), env={**os.environ, "RAYON_NUM_THREADS": "1"})[2].split()
        print(f"rsigma, input unpacked, sigma-aws: {int(n) / float(seconds):.0f}/s")
        bar("against rsigma, its input unpacked", pace["given"] / (int(n) / float(seconds)), 5)
    else:
        print("not run: rsigma (tools/peers.sh builds it)")
    python = options.peers / "venv" / "bin" / "python"
    if not python.exists():
        print("not run: pySigma, DuckDB (tools/peers.sh installs them)")
        return
    few = work / "few.jsonl"
    with open(lines) as source:
        few.write_text("".join(line for line, _ in zip(source, range(20000))))
    n, _, _, loading, asking = timed(on(1, [str(python), str(ROOT / "tests/peers/sigma/pysigma_verdicts.py"), str(given), str(few), "--time"]))[2].split()
    print(f"pySigma's SQLite route, input unpacked: {int(n) / (float(loading) + float(asking)):.0f}/s with loading, {int(n) / float(asking):.0f}/s without")
    bar("against pySigma's SQLite route", pace["given"] / (int(n) / (float(loading) + float(asking))), 100)
    (work / "conditions.json").write_text(json.dumps(SQL))
    (work / "duck.py").write_text(DUCK)
    try:
        n, _, seconds = timed(on(1, [str(python), str(work / "duck.py"), str(names), str(work / "conditions.json")]))[2].split()
    except SystemExit as why:
        print(f"not run: DuckDB ({why})")
        return
    print(f"DuckDB, ten of the rules: {int(n) / float(seconds):.0f}/s")
    bar("against DuckDB with ten rules", pace["all"] / (int(n) / float(seconds)), 5)


def strings(options, everything, files, ours):
    """One string sought: what people do without an index."""
    if not shutil.which("rg"):
        print("not run: rg (Debian's ripgrep)")
        return
    quiet = {"stdout": subprocess.DEVNULL}
    pinned = ["taskset", "-c", "0", "sh", "-c"]
    zcat, _, _ = timed([*pinned, f"xargs -d '\\n' zcat <{everything} | rg -c DeleteTrail"], **quiet)
    fast, _, _ = timed([*pinned, f"{options.inflate} {everything} --cat | rg -c DeleteTrail"], **quiet)
    print(f"zcat | rg {zcat:.1f} s, libdeflate | rg {fast:.1f} s")
    bar("against zcat | rg for one string", zcat / ours, 10)
    bar("against libdeflate | rg for one string", fast / ours, 0.5)
    if shutil.which("jq"):
        few = "".join(f"{p}\n" for p in files[:10])
        names = everything.parent / "ten.list"
        names.write_text(few)
        seconds = timed([*pinned, f"xargs -d '\\n' zcat <{names} | jq -c '.Records[]|select(.eventName==\"DeleteTrail\")'"], **quiet)[0]
        share = sum(p.stat().st_size for p in files[:10]) / sum(p.stat().st_size for p in files)
        print(f"zcat | jq: {seconds / share:.0f} s for all (from {100 * share:.0f} % of it), {seconds / share / ours:.0f} times as long")


if __name__ == "__main__":
    sys.exit(main())
