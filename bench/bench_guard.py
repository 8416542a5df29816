#!/usr/bin/env python3
"""Guard rules: whole processes, cold, beside cfn-guard 3.1.1 in the same run.

usage: bench_guard.py VIGIL [--peers DIR] [--data DIR] [--runs N] [--skip-copies]

Each case runs both programs on the same rules (the 237 Control Tower rules that the peer ships) and the same documents,
rules compiled in the measured time; the figure is the ratio of the best wall-clock times, and the peak memory of each.
On a machine that is busy with other things the ratio of processor times is the one to look at. The verdict of every rule must be the same, or the case fails. Then our own time is shown as rules and documents grow."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

SMALL = """Resources:
  Bucket{n}:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: bucket-{n}
      VersioningConfiguration: {{Status: {status}}}
  Queue{n}:
    Type: AWS::SQS::Queue
    Properties:
      KmsMasterKeyId: alias/aws/sqs
"""


def measure(command, runs):
    """Best seconds, best processor seconds and peak MB of `runs` runs. This process stays small: a child's peak counts its
    parent's size."""
    best, best_cpu, memory = None, None, 0
    for _ in range(runs):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = 0
        best = seconds if best is None else min(best, seconds)
        cpu = usage.ru_utime + usage.ru_stime
        best_cpu = cpu if best_cpu is None else min(best_cpu, cpu)
        memory = max(memory, usage.ru_maxrss / 1024)
    return best, best_cpu, memory


def same_verdicts(ours, peer):
    """How many documents both judge alike on every rule; -1 when one differs. In a child, for its memory."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        mine = verdicts_of_ours(subprocess.run(ours + ["-f", "json"], stdout=subprocess.PIPE, check=False).stdout)
        theirs = verdicts_of_peer(subprocess.run(peer + ["--structured", "-o", "json", "-S", "none"], stdout=subprocess.PIPE,
                                                 check=False).stdout)
        os.write(writer, str(len(mine) if mine == theirs else -1).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        count = int(answer.read() or -1)
    os.waitpid(child, 0)
    return count


def verdicts_of_peer(output):
    got = {}
    for report in json.loads(output):
        rules = got.setdefault(os.path.realpath(report["name"]), {})
        for rule in report["not_compliant"]:
            rules.setdefault(rule["Rule"]["name"], set()).add("FAIL")
        for name in report["compliant"]:
            rules.setdefault(name, set()).add("PASS")
        for name in report["not_applicable"]:
            rules.setdefault(name, set()).add("SKIP")
    return got


def verdicts_of_ours(output):
    got = {}
    for document in json.loads(output)["documents"]:
        rules = got.setdefault(os.path.realpath(document["document"]), {})
        for rule in document["rules"]:
            rules.setdefault(rule["rule"], set()).add(rule["status"])
    return got


def compare(args, name, documents, target, peer_runs):
    ours = [args.vigil, "control", "eval", "-r", args.rules, "-d", documents]
    peer = [args.peer, "validate", "-r", args.rules, "-d", documents]
    seconds, cpu, memory = measure(ours, args.runs)
    peer_seconds, peer_cpu, peer_memory = measure(peer, peer_runs)
    count = same_verdicts(ours, peer)
    same = count > 0
    ratio = peer_seconds / seconds
    good = same and ratio >= target and memory < peer_memory
    print(f"{name:34s} {seconds * 1e3:9.1f} ms {memory:6.1f} MB   peer {peer_seconds * 1e3:9.1f} ms {peer_memory:6.1f} MB   "
          f"{ratio:7.0f}x (at least {target}x; of processor time {peer_cpu / cpu:.0f}x)  verdicts of {count} documents {'equal' if same else 'DIFFER'}"
          f"{'' if good else '  MISSED'}", flush=True)
    return good


def enlarge(source, factor, target):
    """A template with its resources `factor` times."""
    lines = open(source).read().split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith("Resources:"))
    end = next((i for i in range(start + 1, len(lines)) if lines[i][:1] not in ("", " ", "#")), len(lines))
    with open(target, "w") as out:
        out.write("\n".join(lines[:start + 1]) + "\n")
        for n in range(factor):
            for line in lines[start + 1:end]:
                named = line[:2] == "  " and line[2:3] not in ("", " ", "#") and line.rstrip().endswith(":")
                out.write((line.rstrip()[:-1] + f"N{n}:" if named and n else line) + "\n")


def show_growth(args, folder):
    template = os.path.join(args.data, "iac-goats-cfngoat", "cfngoat.yaml")
    simple = os.path.join(folder, "simple")
    os.makedirs(simple)
    for i in range(1000):
        with open(os.path.join(simple, f"r{i:04d}.guard"), "w") as f:
            f.write(f"let x = Resources.*[ Type == 'AWS::EC2::Volume' ]\nrule r{i} when %x !empty {{\n"
                    f"  %x.Properties.Encrypted == true\n  %x.Properties.Size < {i + 1}\n}}\n")
    print("\nas they grow (rules without cross-resource queries; best of runs):")
    for factor in (1, 10, 100):
        path = os.path.join(folder, f"x{factor}.yaml")
        enlarge(template, factor, path)
        seconds, _, memory = measure([args.vigil, "control", "eval", "-r", simple, "-d", path, "-f", "junit", "--fail-on", "none"], args.runs)
        print(f"  document x{factor:<4d} 1000 rules   {seconds * 1e3:9.1f} ms {memory:7.1f} MB")
    for rules in (10, 100, 1000):
        few = os.path.join(folder, f"few{rules}")
        os.makedirs(few)
        for name in sorted(os.listdir(simple))[:rules]:
            shutil.copy(os.path.join(simple, name), few)
        seconds, _, memory = measure([args.vigil, "control", "eval", "-r", few, "-d", os.path.join(folder, "x10.yaml")], args.runs)
        print(f"  document x10   {rules:4d} rules   {seconds * 1e3:9.1f} ms {memory:7.1f} MB")


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser()
    parser.add_argument("vigil")
    parser.add_argument("--peers", default=os.environ.get("VIGIL_PEERS", os.path.join(here, "..", "build", "peers")))
    parser.add_argument("--data", default=os.environ.get("VIGIL_TEST_DATA", os.path.join(here, "..", "..", "shared", "data")))
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--skip-copies", action="store_true", help="leave out the 50 copies, on which the peer takes over a minute")
    args = parser.parse_args()
    package = os.path.join(args.peers, "node_modules", "@cdklabs", "cdk-validator-cfnguard")
    args.peer = os.path.join(package, "bin", "ubuntu", "x86_64", "cfn-guard")
    args.rules = os.path.join(package, "rules", "control-tower", "cfn-guard")
    template = os.path.join(args.data, "iac-goats-cfngoat", "cfngoat.yaml")
    if not os.path.exists(args.peer):
        sys.exit("not run: guard (the peer is absent; ./test --peers installs it)")
    good = True
    with tempfile.TemporaryDirectory() as folder:
        if os.path.exists(template):
            good &= compare(args, "cfngoat, 237 rules", template, 200, 3)
            copies = os.path.join(folder, "copies")
            os.makedirs(copies)
            for i in range(50):
                shutil.copy(template, os.path.join(copies, f"c{i:02d}.yaml"))
            if not args.skip_copies:
                good &= compare(args, "50 copies of cfngoat, 237 rules", copies, 500, 1)
        else:
            print("not run: cfngoat (VIGIL_TEST_DATA is absent)")
        small = os.path.join(folder, "small")
        os.makedirs(small)
        for i in range(100):
            with open(os.path.join(small, f"s{i:03d}.yaml"), "w") as f:
                f.write(SMALL.format(n=i, status="Enabled" if i % 2 else "Suspended"))
        good &= compare(args, "100 small templates, 237 rules", small, 100, 3)
        if os.path.exists(template):
            show_growth(args, folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
