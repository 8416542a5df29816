#!/usr/bin/env python3
"""Each recommended action, carried out on the exports: what the next import and review gain, for the organisation and for
each workload, is what was said, exactly.

For each control the exports of the example are changed as its commands would change them (repairs.py), imported into a new
workspace and reviewed. A control that the example passes is first broken, in the exports as well. Under VIGIL_QUICK it is
every fourth control; `test_repairs.py CONTROL...` takes those alone."""
import json
import os
import pickle
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "tools")]
import read_controls  # noqa: E402
import repairs  # noqa: E402
from exports import Exports  # noqa: E402
from tap import case, run, skip  # noqa: E402

EXAMPLE = HERE.parents[1] / "examples" / "organization"
NOW = "2026-11-21T00:00:00Z"
CONTROLS = {c.id: c for c in read_controls.read()}
WORDS = {w["word"] for w in read_controls.words()}
repairs.add_attestations(read_controls.kinds())
# What no export can show with its gain alone, and why.
NEW_ACCOUNT = "its commands make or invite an account, whose own verdicts, unknown before, come with it"
NOT_SHOWN = {
    "org-log-archive-account": NEW_ACCOUNT,
    "org-security-account": NEW_ACCOUNT,
    "workload-accounts-known": NEW_ACCOUNT,
}
# Whose repair changes which accounts a workload has, so that its section is not about the same things afterwards.
CHANGES_WORKLOADS = {"account-one-workload", "workload-own-accounts", "account-environments-apart", "workload-prod-own-account"}
# Whose gain may be below zero; the review recommends no such action.
MAY_LOSE = {
    "access-no-iam-users": "the users that are deleted take what they passed with them",
}
# Whose gain may be more than was said: the header cannot say which resources are reached from outside today.
MAY_GAIN_MORE = {
    "access-policies-narrow": "what the policies let in is closed with them",
    "access-no-iam-users": "of users that are gone nobody asks what they use",
    "access-support-role": "the role that is made is new, and not idle",
    "access-services-used": "a way to become an administrator goes with the services",
    "adopt-rcp": "the perimeter also closes what strangers reach",
    "guardrail-rcp-data-perimeter": "the perimeter also closes what strangers reach",
}


PLAIN = pickle.dumps(Exports(EXAMPLE))


def folder_of_its_own():
    """In memory where that is to be had: each repair writes a whole workspace, durably."""
    return tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)


def program():
    path = os.environ.get("VIGIL_BIN") or os.environ.get("VIGIL")
    if not path or not os.access(path, os.X_OK):
        skip("no vigil: name it by VIGIL")
    return os.path.abspath(path)


def review(exports, folder):
    """The answer to exports, imported into a workspace of their own."""
    exports.write(folder / "exports")
    for args, good in ((["import", "-q", "--now", NOW, "--workspace", folder / "w", folder / "exports"], (0, 3)),
                       (["review", "--now", NOW, "--workspace", folder / "w", "--read-only", "--format", "json"], (0,))):
        done = subprocess.run([program(), *map(str, args)], capture_output=True, text=True)
        assert done.returncode in good, f"vigil {args[0]}: exit {done.returncode}\n{done.stderr[-1500:]}"
    return json.loads(done.stdout)


def gain_said(answer, control):
    """The action that repairs the control, and its gain."""
    for practice in answer["answer"]["practices"]:
        for c in practice["controls"]:
            if c["id"] == control and "action" in c:
                return c["action"], c["total_gain"]
    return None, 0


def gain_in(section, action):
    """What an action gains in a section: nothing when nothing is repaired there."""
    return next((c["total_gain"] for p in section["practices"] for c in p["controls"] if c.get("action") == action), 0)


def failing(answer, controls):
    """What the action is about, by control: subjects that fail, and what nobody vouches for."""
    subjects = {}
    for f in answer["findings"]:
        if f["rule"] in controls and (f["verdict"] in ("fail", "partly") or CONTROLS[f["rule"]]["attestation"]):
            r = f["resource"]
            subjects.setdefault(f["rule"], []).append(SimpleNamespace(
                account=r["account"], region=r["region"], id=r["id"], name=r.get("name", ""), commands=f.get("commands", [])))
    return subjects


def actions_of(answer):
    """Controls by the action that repairs them."""
    actions = {}
    for practice in answer["answer"]["practices"]:
        for c in practice["controls"]:
            if "action" in c:
                actions.setdefault(c["action"], set()).add(c["id"])
    return actions


def is_left_open(command):
    """Whether a command has a placeholder, an unknown word, or a step by hand instead of what the evidence knows."""
    unknown = [w for w in re.findall(r"<([a-z][a-z0-9-]*)>", command) if w not in WORDS]
    return unknown or "# by hand" in command or re.search(r"\{[A-Za-z]\w*(?:\.\w+)?(?:\|[a-z-]+)?\}", command)


def carry_out(control, before, make):
    """The gain obtained by carrying out the control's action, and the gain said before."""
    action, said = gain_said(before, control)
    assert action, f"{control}: nothing is to be repaired; break it first"
    exports = make()
    for one, subjects in failing(before, actions_of(before)[action]).items():
        left = [c for s in subjects for c in s.commands if is_left_open(c)]
        assert not left, f"not filled in: {left[:3]}"
        repairs.REPAIRS[one](exports, subjects)
    with folder_of_its_own() as folder:
        after = review(exports, Path(folder))
    return action, after, after["answer"]["score"] - before["answer"]["score"], said


def moved(before, after):
    """The controls whose counts changed, for the message of a failure."""
    counts = [{c["id"]: c["resources"] for p in a["answer"]["practices"] for c in p["controls"]} for a in (before, after)]
    return {c: (list(counts[0][c].values()), list(n.values())) for c, n in counts[1].items() if n != counts[0][c]}


def make_plain():
    return pickle.loads(PLAIN)


def prove(control):
    """Whether the gain was exact: an error, or None."""
    try:
        make, before = make_plain, EXAMPLE_ANSWER
        first = repairs.BROKEN.get(control)
        if first and (not CONTROLS[control]["attestation"] or not gain_said(before, control)[0]):
            def make():
                exports = make_plain()
                first(exports)
                return exports
            with folder_of_its_own() as folder:
                before = review(make(), Path(folder))
        action, after, gained, said = carry_out(control, before, make)
    except Exception as error:  # noqa: BLE001: the case tells
        return f"{control}: {type(error).__name__}: {error}"
    is_exact = said is not None and (abs(gained - said) <= 1e-9 or (gained > said and control in MAY_GAIN_MORE))
    if not is_exact or (said <= 0 and control not in MAY_LOSE):
        return f"{control}: said {said}, gained {gained}; moved {moved(before, after)}"
    for old, new in zip(before["workloads"], after["workloads"]):
        said, gained = gain_in(old, action), new["score"] - old["score"]
        more = gained > said and control in MAY_GAIN_MORE
        if abs(gained - said) > 1e-9 and not more and control not in CHANGES_WORKLOADS:
            return f"{control}: said {said} of {old['name']}, gained {gained}"
    return None


@case
def each_control_is_repaired_in_exports_or_says_why_not():
    shown = set(repairs.REPAIRS) - set(NOT_SHOWN)
    missing = sorted(set(CONTROLS) - shown - set(NOT_SHOWN))
    unknown = sorted((shown | set(NOT_SHOWN)) - set(CONTROLS))
    both = sorted(set(repairs.REPAIRS) & set(NOT_SHOWN))
    assert not missing and not unknown and not both, f"in neither list {missing}; no controls {unknown}; in both {both}"


@case
def each_action_gains_exactly_what_was_said():
    global EXAMPLE_ANSWER
    program()
    with folder_of_its_own() as folder:
        EXAMPLE_ANSWER = review(make_plain(), Path(folder))
    only = [a for a in sys.argv[1:] if a in CONTROLS]
    if os.environ.get("VIGIL_QUICK"):
        only = sorted(repairs.REPAIRS)[::8]
    with ThreadPoolExecutor(2) as pool:
        errors = [e for e in pool.map(prove, only or sorted(repairs.REPAIRS)) if e]
    assert not errors, f"{len(errors)} wrong:\n  " + "\n  ".join(errors)


run()
