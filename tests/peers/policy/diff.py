#!/usr/bin/env python3
"""Compares `vigil iam can --requests` with the peer, an independent engine for IAM policies that npm's
@cloud-copilot/iam-simulate carries, on random requests (gen.py) and on those that come with the test data.

Where the two differ, AWS's documents decide (docs/policy-divergences.md). A difference is excused by a predicate on the
case alone, never by its number; what no predicate excuses fails. The peer's answers are kept by a key of generator,
catalogue and peer, so that it need not run again."""
import argparse
import gzip
import hashlib
import itertools
import json
import random
import subprocess
import sys
from pathlib import Path

import gen

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
LETTERS = {"Allowed": "A", "ExplicitlyDenied": "E", "ImplicitlyDenied": "I", "error": "X"}
CHUNK = 10000


# ---- looking at a case ---------------------------------------------------------------------------------------------

def listed(x):
    return x if isinstance(x, list) else [x]


LAYERS = {"identityPolicies": "identity", "permissionBoundaryPolicies": "boundary", "vpcEndpointPolicies": "endpoint",
          "resourcePolicy": "resource", "sessionPolicy": "session", "serviceControlPolicies": "scp",
          "resourceControlPolicies": "rcp"}


def policies(case, *layers):
    for field, layer in LAYERS.items():
        if layers and layer not in layers:
            continue
        for item in listed(case.get(field) or []):
            for one in item["policies"] if "orgIdentifier" in item else [item]:
                yield one.get("policy", one)


def statements(case, *layers):
    for p in policies(case, *layers):
        yield from listed(p["Statement"])


def conditions(case, *layers):
    for s in statements(case, *layers):
        for op, keys in s.get("Condition", {}).items():
            for key, values in keys.items():
                yield op, key, [str(v) for v in listed(values)]


def resources(case, *layers):
    for s in statements(case, *layers):
        for element in ("Resource", "NotResource"):
            yield from listed(s.get(element, []))


def caller(case):
    p = case["request"]["principal"]
    return p if isinstance(p, str) else "*"


def account_of(arn):
    parts = arn.split(":")
    return parts[4] if len(parts) > 4 else ""


def is_session(case):
    return ":assumed-role/" in caller(case) or ":federated-user/" in caller(case)


def service(case):
    return case["request"]["action"].split(":")[0].lower()


def rcp_services():
    text = (ROOT / "content" / "policy" / "services.yaml").read_text()
    block = text.split("\nrcp: [", 1)[1].split("]", 1)[0]
    return {w.strip() for w in block.replace("\n", " ").split(",")}


RCP_SERVICES = rcp_services()


# ---- what excuses a difference ---------------------------------------------------------------------------------------

def root_calls(case):
    return caller(case).endswith(":root")


def scp_on_unbound_caller(case):
    c = caller(case)
    unbound = "AWSServiceRoleFor" in c or ":role/aws-service-role/" in c or not c.startswith("arn:")
    return unbound and bool(case.get("serviceControlPolicies"))


def rcp_that_does_not_bind(case):
    c = caller(case)
    free = service(case) not in RCP_SERVICES or "AWSServiceRoleFor" in c or ":role/aws-service-role/" in c or \
        case["request"]["action"].lower() == "kms:retiregrant"
    return free and any(True for _ in statements(case, "rcp"))


def deny_with_not_principal(case):
    """A session is spared only where its account, its role and itself are listed, a user or role by its own ARN."""
    me = caller(case)
    for s in statements(case, "resource", "endpoint", "rcp"):
        if s["Effect"] == "Deny" and "NotPrincipal" in s:
            names = listed(s["NotPrincipal"].get("AWS", [])) if isinstance(s["NotPrincipal"], dict) else ["*"]
            if is_session(case) or (me not in names and any(account_of(me) in n for n in names)):
                return True
    return False


def wildcard_in_service(case):
    return any(r.count(":") >= 2 and r.split(":")[2] != "*" and "*" in r.split(":")[2] for r in resources(case))


def session_named_past_session_policy(case):
    """A resource policy that names the session, or anyone, needs no session policy to allow."""
    if not is_session(case) or not case.get("sessionPolicy"):
        return False
    return any(s["Effect"] == "Allow" and ("NotPrincipal" in s or s.get("Principal") == "*" or
                                           {"*", caller(case)} & set(listed(s["Principal"].get("AWS", []))))
               for s in statements(case, "resource"))


def role_without_trust_policy(case):
    r = case["request"]
    return (r["action"].lower().startswith("sts:assumerole") or r["action"].lower() in ("sts:tagsession", "sts:setsourceidentity", "sts:setcontext")) \
        and ":role/" in r["resource"]["resource"] and not case.get("resourcePolicy")


def web_identity_or_saml(case):
    """The trust policy alone: the caller's own policies have no say, for it has not signed the request."""
    return case["request"]["action"].lower() in ("sts:assumerolewithwebidentity", "sts:assumerolewithsaml")


def sts_action_without_role(case):
    """The peer has every action of STS ask the resource policy that the request brings."""
    return service(case) == "sts" and ":role/" not in case["request"]["resource"]["resource"] and \
        bool(case.get("resourcePolicy"))


def variable_before_a_separator(case):
    """The peer cuts the resource at the colon of ${aws:...} where that comes first."""
    for r in resources(case):
        tail = r.split(":", 5)[-1] if r.count(":") >= 5 else ""
        if "${" in tail and not any(c in tail.split("${")[0] for c in "/:"):
            return True
    return False


def requested_pattern_with_variable(case):
    return "*" in case["request"]["resource"]["resource"] and any("${" in r for r in resources(case))


def address_of_the_other_family(case):
    """The peer takes a bare address for an error beside one of the other family, a prefix not."""
    return any(op.startswith("NotIpAddress") and any("/" not in v and v[:1].isdigit() for v in values)
               for op, _, values in map(bare, conditions(case)))


def bare(condition):
    op, key, values = condition
    return op.split(":")[-1], key, values


EXCUSES = [
    ("root needs no policy", root_calls),
    ("SCPs bind neither service-linked roles nor services", scp_on_unbound_caller),
    ("RCPs bind the services that support them, and no service-linked role", rcp_that_does_not_bind),
    ("NotPrincipal with Deny spares whom it lists in full", deny_with_not_principal),
    ("no wildcard in the service of an ARN", wildcard_in_service),
    ("a session that a resource policy names is not limited by its session policy", session_named_past_session_policy),
    ("a role without trust policy can be assumed by nobody", role_without_trust_policy),
    ("the trust policy alone decides of web identities and SAML", web_identity_or_saml),
    ("actions of STS on other things than roles have no trust policy", sts_action_without_role),
    ("a variable may begin a resource", variable_before_a_separator),
    ("an unresolved variable matches no requested pattern", requested_pattern_with_variable),
    ("an address without prefix is one of all its bits", address_of_the_other_family),
]


def excuse(case):
    return next((name for name, holds in EXCUSES if holds(case)), None)


# ---- the two engines ---------------------------------------------------------------------------------------------------

def answers(command, lines, env=None):
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, env=env)
    out = [json.loads(line) for line in done.stdout.splitlines()]
    if len(out) != len(lines):
        sys.exit(f"{command[0]} answered {len(out)} of {len(lines)} requests: {done.stderr[:500]}")
    return out


class Peer:
    def __init__(self, script, modules, cache):
        self.script, self.modules, self.cache = script, modules, cache

    def version(self):
        name = Path(self.modules) / "@cloud-copilot" / "iam-simulate" / "package.json"
        return json.loads(name.read_text())["version"] if name.exists() else PINNED

    def ask(self, lines):
        import os
        return answers(["node", str(self.script)], lines, dict(os.environ, PEER_NM=str(self.modules)))


PINNED = json.loads((ROOT / "tests" / "peers" / "package.json").read_text())["dependencies"]["@cloud-copilot/iam-simulate"]


def cache_key(seed, count, version):
    h = hashlib.sha256()
    for name in (HERE / "gen.py", ROOT / "content" / "catalogue" / "actions.txt"):
        h.update(name.read_bytes())
    h.update(f"{seed} {count} {version}".encode())
    return h.hexdigest()[:24]


def spell(answer):
    """An answer in few characters: a letter, and the layers that blocked."""
    return LETTERS[answer["result"]] + "".join("," + b for b in answer.get("blockedBy") or [])


def peer_answers(peer, seed, count, make_lines):
    """The peer's answers as one text a chunk, from the cache where it has them."""
    name = f"{cache_key(seed, count, peer.version())}.gz"
    for folder in (HERE / "answers", peer.cache):
        if (folder / name).exists():
            yield from gzip.open(folder / name, "rt").read().splitlines()
            return
    texts = []
    for lines in make_lines():
        texts.append(" ".join(spell(a) for a in peer.ask(lines)))
        yield texts[-1]
    peer.cache.mkdir(parents=True, exist_ok=True)
    with gzip.GzipFile(peer.cache / name, "wb", mtime=0) as out:
        out.write("\n".join(texts).encode())


# ---- comparing -----------------------------------------------------------------------------------------------------------

class Counts:
    def __init__(self):
        self.cases = self.conditions = self.boundary = self.session = self.resource = self.across = 0
        self.outcomes = {"A": 0, "E": 0, "I": 0}
        self.excused, self.shown = {}, 0
        self.unexplained = 0

    def look(self, case):
        self.cases += 1
        self.conditions += any(True for _ in conditions(case, "identity", "boundary", "endpoint", "resource", "session",
                                                        "rcp"))
        self.boundary += bool(case.get("permissionBoundaryPolicies"))
        self.session += bool(case.get("sessionPolicy"))
        self.resource += bool(case.get("resourcePolicy"))
        self.across += account_of(caller(case)) not in ("", case["request"]["resource"]["accountId"])

    def compare(self, case, peer, ours):
        letter = LETTERS.get(ours["result"], "?")
        self.outcomes[letter] = self.outcomes.get(letter, 0) + 1
        wanted = peer.split(",")
        if wanted[0] == letter and (len(wanted) == 1 or wanted[1:] == ours["blockedBy"]):
            return
        name = excuse(case)
        if name:
            self.excused[name] = self.excused.get(name, 0) + 1
            return
        self.unexplained += 1
        if self.shown < 10:
            self.shown += 1
            print(f"# {case.get('id')}: peer {peer}, ours {spell(ours)}: {json.dumps(case)[:3000]}")

    def report(self, title):
        print(f"# {title}: {self.cases} requests, outcomes {self.outcomes}, unexplained {self.unexplained}")
        for name, n in sorted(self.excused.items()):
            print(f"#   {n} excused: {name}")

    def shares(self):
        total = max(self.cases, 1)
        return {"conditions outside SCPs": (self.conditions / total, .5), "permissions boundary": (self.boundary / total, .25),
                "session policy": (self.session / total, .25), "resource policy": (self.resource / total, .25),
                "two accounts": (self.across / total, .25),
                "rarest outcome": (min(self.outcomes[k] for k in "AEI") / total, .05)}


def random_cases(seed, count):
    rnd, actions = random.Random(seed), gen.read_catalogue()
    for i in range(count):
        yield gen.Case(rnd, actions, i).build()


def chunks_of_lines(seed, count):
    cases = random_cases(seed, count)
    while chunk := list(itertools.islice(cases, CHUNK)):
        yield [json.dumps(c, separators=(",", ":")) for c in chunk]


def compare_random(vigil, peer, seed, count):
    counts = Counts()
    theirs = peer_answers(peer, seed, count, lambda: chunks_of_lines(seed, count))
    for text, lines in zip(theirs, chunks_of_lines(seed, count)):  # theirs first: it ends by keeping its answers
        for line, p, ours in zip(lines, text.split(" "), answers(vigil, lines)):
            case = json.loads(line)
            counts.look(case)
            counts.compare(case, p, ours)
    return counts


def compare_lines(vigil, peer, lines):
    counts = Counts()
    for start in range(0, len(lines), CHUNK):
        chunk = lines[start:start + CHUNK]
        for line, p, ours in zip(chunk, peer.ask(chunk), answers(vigil, chunk)):
            counts.look(json.loads(line))
            counts.compare(json.loads(line), spell(p), ours)
    return counts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("vigil")
    parser.add_argument("--peer", type=Path, required=True, help="the script that asks the peer, a request a line")
    parser.add_argument("--modules", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--requests", type=int, default=100000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lines", type=Path, nargs="*", default=[], help="further files of requests")
    args = parser.parse_args()
    peer, vigil = Peer(args.peer, args.modules, args.cache), args.vigil.split()
    print(f"1..{2 + len(args.lines)}", flush=True)
    counts = compare_random(vigil, peer, args.seed, args.requests)
    counts.report(f"seed {args.seed}")
    ok = counts.unexplained == 0
    print(f"{'' if ok else 'not '}ok 1 - the peer decides {args.requests} random requests (seed {args.seed}) alike", flush=True)
    low = [f"{name} {share:.3f} < {least}" for name, (share, least) in counts.shares().items() if share < least]
    print("#", ", ".join(f"{name} {share:.3f}" for name, (share, _) in counts.shares().items()))
    print(f"{'not ' if low else ''}ok 2 - the requests hold what they promise {'; '.join(low)}")
    for i, name in enumerate(args.lines):
        more = compare_lines(vigil, peer, name.read_text().splitlines())
        more.report(name.name)
        print(f"{'' if more.unexplained == 0 else 'not '}ok {3 + i} - the peer decides {name.name} alike")
        ok &= more.unexplained == 0
    sys.exit(0 if ok and not low else 1)


if __name__ == "__main__":
    main()
