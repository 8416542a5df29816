#!/usr/bin/env python3
"""The example organisation, imported and reviewed: its whole answer is compared with tests/golden/, and what its story
tells (examples/README.md) with verdicts written down by hand.

The files of a checkout are as old as the checkout, so they are copied with the time of the export first; then `--now` makes
the answer the same on any day. `test_example.py --update` writes the golden files; read the difference before committing."""
import gzip
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tools")]
import read_controls  # noqa: E402
from tap import case, equal, run, skip  # noqa: E402

EXAMPLE, GOLDEN = ROOT / "examples" / "organization", ROOT / "tests" / "golden"
NOW = "2026-11-21T00:00:00Z"
EXPORTED = datetime(2026, 11, 20, 6, tzinfo=timezone.utc).timestamp()
FOLDER = tempfile.TemporaryDirectory()
ANSWERS = {}


def program():
    path = os.environ.get("VIGIL_BIN") or os.environ.get("VIGIL")
    if not path or not os.access(path, os.X_OK):
        skip("no vigil: name it by VIGIL")
    return os.path.abspath(path)


def vigil(*args, expect=(0,)):
    env = dict(os.environ, LC_ALL="C.UTF-8", NO_COLOR="1", COLUMNS="80")
    done = subprocess.run([program(), *map(str, args)], capture_output=True, text=True, env=env, cwd=FOLDER.name)
    assert done.returncode in expect, f"vigil {' '.join(map(str, args))}: exit {done.returncode}\n{done.stderr[-2000:]}"
    return done


def workspace():
    """The example in a workspace: copied, dated and imported once."""
    path = Path(FOLDER.name, "workspace")
    program()
    if not path.exists():
        copy = Path(FOLDER.name, "organization")
        shutil.copytree(EXAMPLE, copy)
        for file in copy.rglob("*"):
            os.utime(file, (EXPORTED, EXPORTED))
        ANSWERS["import"] = vigil("import", "--now", NOW, "--workspace", path, "organization", expect=(3,))
    return os.path.abspath(path)


def review(*args, at=None):
    key = args
    if at or key not in ANSWERS:
        text = vigil("review", "--now", NOW, "--workspace", at or workspace(), *args).stdout
        if at:
            return text
        ANSWERS[key] = text
    return ANSWERS[key]


def answer():
    return json.loads(review("--format", "json"))


def controls_of(section):
    return {c["id"]: c for p in section["practices"] for c in p["controls"]}


def counts(section, control):
    r = controls_of(section)[control]["resources"]
    return tuple(r[k] for k in ("pass", "fail", "partly", "not-assessed", "not-applicable"))


def summary(section):
    """What a golden file keeps of a section: every score and verdict, without the words."""
    return {
        "name": section["name"], "state": section["state"], "score": round(section["score"], 2),
        "coverage": round(section["coverage"], 2),
        "do_first": [a["title"] for a in section["actions"]],
        "practices": {p["id"]: {
            "state": p["state"], "score": round(p["score"], 2), "coverage": round(p["coverage"], 2),
            "actions": [[a["title"], round(a["gain"], 2)] for a in p["actions"]],
            "controls": {c["id"]: " ".join([c["verdict"]] + [str(n) for n in c["resources"].values()])
                         for c in p["controls"]}} for p in section["practices"]}}


def golden_json():
    whole = answer()
    kept = {"evidence_from": whole["evidence_from"], "evidence_to": whole["evidence_to"], "judged_at": whole["judged_at"],
            "answer": summary(whole["answer"]), "workloads": [summary(w) for w in whole["workloads"]]}
    return json.dumps(kept, indent=1, ensure_ascii=False) + "\n"


def compare(name, got):
    path = GOLDEN / name
    if path.exists() and path.read_text() == got:
        return
    actual = Path(os.environ.get("VIGIL_BUILD", FOLDER.name), name + ".actual")
    actual.write_text(got)
    diff = subprocess.run(["diff", "-u", str(path), str(actual)], capture_output=True, text=True).stdout
    raise AssertionError(f"{path} differs from what was answered ({actual}). When the new answer is right, write it with "
                         f"VIGIL=PROGRAM tests/content/test_example.py --update\n" + diff[:6000])


@case
def the_committed_example_is_what_the_tool_writes():
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "organization")
        subprocess.run([sys.executable, str(ROOT / "tools" / "gen_example.py"), str(out)], check=True)

        def files(root):
            return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}

        def content(name, data):  # compressed bytes depend on the version of zlib; what is in them does not
            return gzip.decompress(data) if name.endswith(".gz") else data
        made, kept = files(out), files(EXAMPLE)
        equal(sorted(made), sorted(kept))
        equal([n for n in made if content(n, made[n]) != content(n, kept[n])], [])
        assert sum(len(b) for b in kept.values()) < 3 << 20


@case
def it_has_twelve_accounts_and_three_workloads():
    accounts = json.loads((EXAMPLE / "organization" / "accounts.json").read_text())["output"]["Accounts"]
    assert len(accounts) >= 12, len(accounts)
    assert len(answer()["workloads"]) >= 3
    assert all(a["Email"].endswith("example.com") for a in accounts)


@case
def all_is_read_but_for_the_account_that_denied():
    workspace()
    complaints = [line for line in ANSWERS["import"].stderr.splitlines() if line.startswith("vigil: ")]
    equal(len(complaints), 5)
    equal([c for c in complaints if "151515151515" not in c or "AccessDenied" not in c], [])


@case
def the_terminal_answer_is_the_golden_one():
    compare("review.txt", review())


@case
def every_score_and_verdict_is_the_golden_one():
    compare("review.json", golden_json())


@case
def the_answer_does_not_depend_on_the_day_of_the_copy():
    copy, other = Path(FOLDER.name, "later"), Path(FOLDER.name, "later-workspace")
    shutil.copytree(EXAMPLE, copy, copy_function=shutil.copyfile)
    vigil("import", "--workspace", other, copy, expect=(3,))
    again = json.loads(review("--format", "json", at=other))
    equal(summary(again["answer"]), summary(answer()["answer"]))


# control: resources that pass, fail, pass in part, are not assessed, and to which it does not apply. Told by the story.
STORY = (
    ("root-mfa", (10, 1, 0, 1, 0), "kestrel-legacy has none; trailbikes denied us"),
    ("root-mfa-management", (1, 0, 0, 0, 0), "two keys"),
    ("root-hardware-mfa", (8, 3, 0, 1, 0), "virtual in shared-services and campaigns"),
    ("root-no-access-keys", (10, 1, 0, 1, 0), "kestrel-legacy has a key of root"),
    ("root-unused", (10, 2, 0, 1, 0), "used in kestrel-legacy and campaigns this month"),
    ("user-privileged-mfa", (9, 2, 0, 1, 0), "jweber and agency-anna"),
    ("user-mfa", (7, 4, 0, 1, 0), "and intern-2023, agency-ben"),
    ("user-key-age", (6, 5, 0, 1, 0), "git-mirror, deploy-bot, tobias, jweber, reporting"),
    ("user-password-unused", (8, 3, 0, 1, 0), "tobias, agency-ben, intern-2023"),
    ("contact-security", (8, 2, 1, 2, 0), "network and campaigns; shop-dev repeats its own address"),
    ("root-email-shared", (11, 2, 0, 0, 0), "mara.lindt and j.weber"),
    ("access-no-public-trust", (11, 1, 0, 1, 0), "report-reader trusts everybody"),
    ("access-external-trusts", (11, 1, 0, 1, 0), "agency-upload without an external id"),
    ("org-no-account-in-root", (11, 2, 0, 0, 1), "kestrel-legacy and trailbikes"),
    ("account-ou-not-by-department", (13, 1, 0, 0, 0), "Marketing"),
    ("account-one-workload", (13, 1, 0, 0, 0), "reporting, and the shop's archive, in kestrel-legacy"),
    ("account-environments-apart", (13, 1, 0, 0, 0), "campaigns"),
    ("org-management-account-empty", (0, 1, 0, 0, 0), "invoice-export runs there"),
    ("org-suspended-accounts-parked", (0, 1, 0, 0, 0), "old-blog is in Sandbox"),
    ("guardrail-deny-leave", (10, 2, 0, 0, 1), "not attached to the root; Marketing's allow list omits it, which denies it"),
    ("guardrail-protect-cloudtrail", (0, 7, 5, 0, 1), "the condition exempts every role and user; in part where other regions are denied"),
    ("guardrail-protect-security-hub", (0, 3, 9, 0, 1), "the policy exempts one role"),
    ("access-no-public-resources", (3, 1, 0, 9, 0), "the press kit; the shop's images are open by policy and closed by Block Public Access"),
    ("access-no-open-provider-trusts", (11, 1, 0, 1, 0), "github-deploy asks for no subject"),
    ("access-principals-used", (25, 1, 0, 12, 0), "nobody ran lambda-maintenance since it was set up; of most users nothing tells"),
    ("access-services-used", (1, 1, 0, 36, 0), "ci-runner pushed no image and wrote no function for half a year"),
    ("access-policies-work", (11, 1, 0, 1, 0), "mirror-backup asks for s3:ListBuckets, which is no action"),
    ("access-policies-narrow", (8, 4, 0, 1, 0), "wildcards in kestrel-legacy, shop-dev and payments-dev; the shop's topic and buckets"),
    ("access-provider-audience", (12, 0, 0, 1, 0), "github-deploy asks for one"),
    ("access-no-confused-deputy", (3, 1, 0, 9, 0), "shop-uploads lets S3 publish for anyone"),
    ("access-external-reviewed", (3, 1, 0, 9, 0), "the agency, which nobody vouches for"),
    ("access-no-escalation", (11, 1, 0, 1, 0), "ci-runner passes lambda-maintenance to a function of its own"),
    ("guardrail-limit-regions", (5, 7, 0, 0, 1), "Workloads and Sandbox"),
    ("org-scp-none-detached", (0, 1, 0, 0, 0), "protect-guardduty"),
    ("org-security-services-delegated", (0, 1, 0, 0, 0), "CloudTrail is run from the management account"),
    ("guardduty-region", (13, 2, 0, 1, 0), "shop-prod in eu-central-1, kestrel-legacy"),
    ("config-region", (13, 2, 0, 1, 0), "campaigns in us-east-1, kestrel-legacy"),
    ("config-delivering", (12, 3, 0, 1, 0), "and shop-dev, whose delivery fails"),
    ("findings-none-critical", (12, 1, 0, 0, 0), "an image of the shop"),
    ("findings-critical-age", (11, 1, 1, 0, 0), "shop-prod 120 days, kestrel-legacy 61"),
    ("incident-response-drill", (0, 1, 0, 0, 0), "lapsed in June"),
    ("drift-detection", (0, 0, 1, 0, 0), "last in July"),
    ("threat-model", (2, 1, 0, 1, 0), "the shop's is two years old, campaigns has none"),
    ("risk-register", (1, 0, 0, 0, 0), "reviewed in October"),
    ("red-team", (0, 0, 0, 1, 0), "nobody said"),
)


@case
def the_story_comes_out_control_by_control():
    section, wrong = answer()["answer"], []
    for control, expected, why in STORY:
        got = counts(section, control)
        if got != expected:
            wrong.append(f"{control} ({why}): expected {expected}, got {got}")
    assert not wrong, "\n  " + "\n  ".join(wrong)


@case
def payments_is_run_better_than_campaigns():
    scores = {w["name"]: w["score"] for w in answer()["workloads"]}
    assert scores["payments"] > scores["shop"] > scores["campaigns"] and scores["payments"] > scores["reporting"], scores


def all_commands():
    """Of every action, and of everything that fails: (whose, command)."""
    whole = answer()
    for section in [whole["answer"]] + whole["workloads"]:
        for actions in [section["actions"]] + [p["actions"] for p in section["practices"]]:
            for action in actions:
                yield from ((action["title"], c) for c in action["commands"])
    for finding in whole["findings"]:
        yield from ((finding["rule"], c) for c in finding.get("commands", ()))


def words_in(command):
    return re.findall(r"<([a-z][a-z0-9-]*)>", command)


@case
def commands_name_real_accounts_and_leave_no_placeholder():
    known = {a["Id"] for a in json.loads((EXAMPLE / "organization" / "accounts.json").read_text())["output"]["Accounts"]}
    words = {w["word"] for w in read_controls.words()}
    wrong, seen = [], 0
    for whose, command in all_commands():
        seen += 1
        unfilled = re.findall(r"\{[A-Za-z]\w*(?:\.\w+)?(?:\|[a-z-]+)?\}", command)
        capitals = re.findall(r"\b[A-Z]+_(?:NAME|ID|ARN|ADDRESS|BUCKET|PHONE|TITLE|CODE|NUMBER|PRINCIPAL)\b|\bREGION(?:_\d)?\b", command)
        profile = command.split("--profile ")[1].split()[0].strip("')\";") if "--profile " in command else None
        if unfilled or capitals or "by hand" in command or (profile and profile not in known):
            wrong.append(f"{whose}: {command}")
        wrong += [f"{whose}: <{w}>" for w in words_in(command) if w not in words]
    assert seen > 500 and not wrong, "\n  ".join(wrong[:5])


# What the evidence knows, and which command has to have it. {} stands for what may be anything.
FILLED = (
    ("access-no-public-trust", "aws iam update-assume-role-policy --role-name report-reader "),
    ("access-external-trusts", "aws iam get-role --role-name agency-upload "),
    ("access-no-public-resources", "# arn:aws:s3:::kestrel-press-kit: "),
    ("access-no-open-provider-trusts", "aws iam update-assume-role-policy --role-name github-deploy "),
    ("access-no-confused-deputy", "# arn:aws:sns:eu-west-1:666677778888:shop-uploads: "),
    ("access-no-escalation", "# vigil iam paths --from role/ci-runner@999900001111 --to admin"),
    ("access-no-admin-policies", "--policy-arn arn:aws:iam::141414141414:policy/admin-copy "),
    ("org-scp-none-detached", "aws organizations delete-policy --policy-id p-gu4rddut "),
    ("org-security-services-delegated", "--admin-account-id 333344445555 --region eu-central-1 "),
    ("org-suspended-accounts-parked", "--account-id 161616161616 --source-parent-id ou-k3st-5andb0x1 "),
    ("org-suspended-ou", "--parent-id r-k3st "),
    ("user-key-unused", "starts_with(CreateDate,'2021-09-07T06:00:00')"),
    ("user-one-key", "starts_with(CreateDate,'2022-10-22T06:00:00')"),
    ("user-permissions-by-group", "--user-name jweber --policy-arn arn:aws:iam::aws:policy/AdministratorAccess "),
    ("config-delivering", "s3BucketName=kestrel-config-222233334444 "),
    ("config-all-resources", "--configuration-recorder name=default,roleARN="),
    ("guardduty-s3", "--detector-id 00036901322dcbcd00036901322dcbcb "),
    ("cloudtrail-data-events", "--trail-name arn:aws:cloudtrail:eu-west-1:111122223333:trail/kestrel-organization "),
    ("cloudtrail-data-events", "--region eu-west-1 --profile 111122223333"),
    ("guardrail-limit-regions", '"aws:RequestedRegion":["eu-central-1","eu-west-1","us-east-1"]'),
    ("guardrail-rcp-data-perimeter", '"aws:PrincipalOrgID":"o-k3strel0utd"'),
    ("adopt-unused-access-analyzer", "--region eu-west-1 --profile 111122223333"),
    ("account-scp-attached", "; known: p-53cur1ty, p-d3nyl3av, p-d3nyr00t, "),
    ("org-no-account-in-root", "; known: ou-k3st-1nfrastr=Root/Infrastructure, "),
)


@case
def commands_hold_the_ids_that_the_evidence_knows():
    of = {}
    for finding in answer()["findings"]:
        of.setdefault(finding["rule"], []).extend(finding.get("commands", ()))
    wrong = [f"{control}: no command has {text!r}: {of.get(control, ['none'])[:3]}" for control, text in FILLED
             if not any(text in command for command in of.get(control, ()))]
    assert not wrong, "\n  ".join(wrong)


@case
def an_action_says_what_to_put_for_each_word_that_it_leaves():
    whole, left = answer(), 0
    for section in [whole["answer"]] + whole["workloads"]:
        for actions in [section["actions"]] + [p["actions"] for p in section["practices"]]:
            for action in actions:
                for word in {w for c in action["commands"] if not c.startswith("#") for w in words_in(c)}:
                    left += 1
                    told = [c for c in action["commands"] if c.startswith(f"# <{word}>: ")]
                    equal(len(told), 1, f"{action['title']}: <{word}>")
    assert left > 0


@case
def every_format_has_the_commands_filled_in():
    for form, parts in (("json", ("--admin-account-id 333344445555", "<workload-address>")), ("markdown", ("<code-1>",)),
                        ("html", ("<workload-address>",))):
        text = html.unescape(review("--format", form))
        for part in parts + ("--role-name report-reader", "--target-id r-k3st"):
            assert part in text, f"{form} has no {part}"


if "--update" in sys.argv[1:]:
    GOLDEN.mkdir(exist_ok=True)
    (GOLDEN / "review.txt").write_text(review())
    (GOLDEN / "review.json").write_text(golden_json())
else:
    run()
