#!/usr/bin/env python3
"""Measures what ten times the rules cost: bench_sigma.py VIGIL CORPUS [--rules N] [--runs N]

CORPUS is a folder of CloudTrail files (tools/gen_trail_corpus.py). Rules are made for the calls that are most frequent in it,
with a text, a list of texts, a regular expression or a keyword that hardly any event holds: N of them, then ten times as many
on the same calls. Both sets are run over the whole corpus on one core, in turns; the fastest run of each counts. The last line
is the ratio, which must stay at or below 1.5."""
import argparse
import collections
import gzip
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

CALLS, SAMPLED_FILES, LIMIT = 60, 6, 1.5
WORDS = ["kali", "pacu", "scout", "curl", "boto", "aws-cli", "terraform", "python", "wget", "nmap", "ruby", "perl", "go-http", "java",
         "powershell"]
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def frequent_calls(corpus):
    counts = collections.Counter()
    for path in sorted(corpus.rglob("*.gz"))[:SAMPLED_FILES]:
        for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]:
            counts[record["eventSource"], record["eventName"]] += 1
    return [call for call, _ in counts.most_common(CALLS)]


def rule(number, call, rng):
    def token():
        return rng.choice(WORDS) + "-" + "".join(rng.choice(LETTERS) for _ in range(6))

    source, name = call
    kind = number // CALLS % 5
    tests = [f"    userAgent|contains: ['{token()}', '{token()}', '{token()}']\n  condition: selection\n",
             f"    userAgent|re: '{token()}/[0-9]+\\.[0-9]+'\n  condition: selection\n",
             f"  keywords: ['{token()}', '*{token()}*{token()}*']\n  condition: selection and keywords\n",
             f"    requestParameters|contains: '{token()}'\n    userIdentity.arn|endswith: '{token()}'\n  condition: selection\n",
             f"    sourceIPAddress|startswith: '{rng.randrange(1, 250)}.{rng.randrange(250)}.{rng.randrange(250)}.'\n"
             f"  filter:\n    userIdentity.userName|contains: '{token()}'\n  condition: selection and not filter\n"][kind]
    return (f"---\ntitle: made {number}\nid: {uuid.UUID(int=rng.getrandbits(128), version=4)}\nlevel: low\n"
            f"logsource: {{product: aws, service: cloudtrail}}\ndetection:\n  selection:\n    eventSource: {source}\n"
            f"    eventName: {name}\n{tests}")


def write_rules(folder, calls, count):
    rng = random.Random(5)
    folder.mkdir()
    (folder / "rules.yml").write_text("".join(rule(i, calls[i % len(calls)], rng) for i in range(count)))
    return folder


def seconds_of(vigil, corpus, rules):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([vigil, "detect", corpus, "--rules", rules, "--format", "jsonl"], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=True, preexec_fn=lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vigil", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--rules", type=int, default=300)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    calls = frequent_calls(arguments.corpus)
    with tempfile.TemporaryDirectory() as folder:
        sets = [write_rules(Path(folder) / str(n), calls, n) for n in (arguments.rules, arguments.rules * 10)]
        best = [min(seconds_of(arguments.vigil, arguments.corpus, s) for _ in range(arguments.runs)) for s in sets]
    for rules, seconds in zip(sets, best):
        print(f"{int(rules.name):6d} rules  {seconds:7.2f} s of processor time")
    print(f"ratio {best[1] / best[0]:.2f}, limit {LIMIT}")
    return 0 if best[1] / best[0] <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
