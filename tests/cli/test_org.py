#!/usr/bin/env python3
"""`vigil org tree` and `vigil org suggest`: layouts of accounts, as evidence, and what is advised about them.

A layout is {OU path: [accounts]}; it becomes the answers of `aws organizations` in envelopes, is imported, and asked
about. The layouts of AWS's Landing Zone Accelerator (outside data) must need nothing; with an OU taken out, or an account
moved, exactly that must be told."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tap import case, equal, run, skip  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
VIGIL = os.environ.get("VIGIL_BIN") or os.environ.get("VIGIL", str(ROOT / "build" / "asan" / "vigil"))
DATA = Path(os.environ.get("VIGIL_TEST_DATA", ROOT.parent / "shared" / "data")) / "org-layouts"
HOME = Path(tempfile.mkdtemp(prefix="vigil-org-"))
MANAGEMENT = "111111111111"

GOOD = {
    "": ["Management"],
    "Security": ["log-archive", "security-tooling"],
    "Infrastructure": ["network", "shared-services"],
    "Workloads/Prod": ["shop-prod"],
    "Workloads/Dev": ["shop-dev"],
    "Sandbox": ["sandbox-alice"],
    "Suspended": [],
}


class World:
    """A layout as evidence. Ids follow from names."""

    def __init__(self, layout, status=None, mapping=None):
        self.layout, self.status, self.mapping = layout, status or {}, mapping
        self.units = {"": "r-test"}
        for path in layout:
            parts = path.split("/") if path else []
            for i in range(len(parts)):
                self.units.setdefault("/".join(parts[:i + 1]), f"ou-test-{len(self.units):08d}")
        self.accounts = {}
        for path, names in layout.items():
            for name in names:
                self.accounts[name] = MANAGEMENT if name == "Management" else f"{200000000000 + len(self.accounts)}"

    def envelope(self, operation, parameters, output):
        return json.dumps({"vigil": "envelope/1", "operation": "organizations:" + operation, "parameters": parameters,
                           "account": MANAGEMENT, "region": "", "partition": "aws", "time": "2026-01-02T03:04:05Z",
                           "exit": 0, "error": "", "output": output})

    def account(self, name):
        return {"Id": self.accounts[name], "Name": name, "Email": f"{self.accounts[name]}@example.com",
                "Arn": f"arn:aws:organizations::{MANAGEMENT}:account/o-testtest00/{self.accounts[name]}",
                "Status": self.status.get(name, "ACTIVE"), "JoinedMethod": "CREATED", "JoinedTimestamp": 1600000000}

    def write(self, folder):
        lines = [self.envelope("DescribeOrganization", {}, {"Organization": {
            "Id": "o-testtest00", "Arn": f"arn:aws:organizations::{MANAGEMENT}:organization/o-testtest00",
            "FeatureSet": "ALL", "MasterAccountId": MANAGEMENT, "MasterAccountEmail": "m@example.com",
            "MasterAccountArn": f"arn:aws:organizations::{MANAGEMENT}:account/o-testtest00/{MANAGEMENT}"}}),
            self.envelope("ListRoots", {}, {"Roots": [{
                "Id": "r-test", "Arn": f"arn:aws:organizations::{MANAGEMENT}:root/o-testtest00/r-test", "Name": "Root",
                "PolicyTypes": []}]}),
            self.envelope("ListAccounts", {}, {"Accounts": [self.account(name) for name in self.accounts]})]
        for path, unit in self.units.items():
            children = [p for p in self.units if p and (p.rsplit("/", 1)[0] if "/" in p else "") == path]
            lines.append(self.envelope("ListOrganizationalUnitsForParent", {"ParentId": unit}, {
                "OrganizationalUnits": [{"Id": self.units[p], "Name": p.rsplit("/", 1)[-1],
                                         "Arn": f"arn:aws:organizations::{MANAGEMENT}:ou/o-testtest00/{self.units[p]}"}
                                        for p in children]}))
            lines.append(self.envelope("ListAccountsForParent", {"ParentId": unit}, {
                "Accounts": [self.account(name) for name in self.layout.get(path, [])]}))
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "organization.jsonl").write_text("\n".join(lines) + "\n")
        if self.mapping:
            (folder / "workloads.yaml").write_text(self.mapping)

    def ask(self, *words, code=0):
        folder, workspace = HOME / "evidence", HOME / "workspace"
        self.write(folder)
        shutil.rmtree(workspace, ignore_errors=True)
        imported = subprocess.run([VIGIL, "import", str(folder), "--workspace", str(workspace), "--quiet"],
                                  capture_output=True, text=True)
        equal(imported.returncode, 0, imported.stdout + imported.stderr)
        done = subprocess.run([VIGIL, "org", *words, "--workspace", str(workspace)], capture_output=True, text=True)
        equal(done.returncode, code, done.stderr)
        return done.stdout

    def advice(self):
        """What is advised, a text each: "missing-ou Security", "move-account network -> Infrastructure"."""
        paths = {unit: path for path, unit in self.units.items()}
        return sorted(f"{a['kind']} {a['name']}" + (f" -> {paths[a['target']]}" if a["target"] else "")
                      for a in json.loads(self.ask("suggest", "--only", "structure", "--format", "json")))


def without(layout, path):
    """The layout with an OU gone and its accounts under the root."""
    new = {p: list(names) for p, names in layout.items() if p != path and not p.startswith(path + "/")}
    new[""] = new.get("", []) + [n for p, names in layout.items() if p == path or p.startswith(path + "/") for n in names]
    return new


def moved(layout, name, to):
    new = {p: [n for n in names if n != name] for p, names in layout.items()}
    new.setdefault(to, []).append(name)
    return new


@case
def a_layout_by_the_guidance_needs_nothing():
    equal(World(GOOD).advice(), [])
    assert "nothing to change" in World(GOOD).ask("suggest", "--only", "structure")


@case
def a_missing_unit_is_told_once_with_the_accounts_that_want_it():
    rows = [("Security", "missing-ou Security"), ("Infrastructure", "missing-ou Infrastructure"),
            ("Workloads", "missing-ou Workloads"), ("Sandbox", "missing-ou Sandbox")]
    for path, expected in rows:
        equal(World(without(GOOD, path)).advice(), [expected], path)
    bare = {path: names for path, names in GOOD.items() if path not in ("Infrastructure", "Sandbox")}
    equal(World(bare).advice(), ["missing-ou Infrastructure"], "nobody wants it, and it is one of the two that all need")
    told = json.loads(World(without(GOOD, "Infrastructure")).ask("suggest", "--only", "structure", "--format", "json"))[0]
    assert "network (" in told["message"] and "shared-services (" in told["message"], told
    equal(told["command"], "aws organizations create-organizational-unit --parent-id r-test --name 'Infrastructure'")


@case
def an_account_in_the_wrong_place_is_told_with_the_command_that_moves_it():
    rows = [
        ("log-archive", "Infrastructure", "move-account log-archive -> Security"),
        ("log-archive", "Workloads/Prod", "move-account log-archive -> Security"),
        ("log-archive", "", "move-account log-archive -> Security"),
        ("network", "Security", "move-account network -> Infrastructure"),
        ("network", "Sandbox", "move-account network -> Infrastructure"),
        ("shop-prod", "Workloads/Dev", "move-account shop-prod -> Workloads/Prod"),
        ("shop-dev", "Workloads/Prod", "move-account shop-dev -> Workloads/Dev"),
        ("shop-prod", "Security", "move-account shop-prod -> Workloads/Prod"),
        ("shop-prod", "Sandbox", "move-account shop-prod -> Workloads/Prod"),
        ("sandbox-alice", "Workloads/Dev", "move-account sandbox-alice -> Sandbox"),
        ("shop-dev", "", "move-account shop-dev -> Workloads/Dev"),
    ]
    for name, to, expected in rows:
        equal(World(moved(GOOD, name, to)).advice(), [expected], f"{name} in {to or 'the root'}")
    world = World(moved(GOOD, "network", "Security"))
    equal(json.loads(world.ask("suggest", "--only", "structure", "--format", "json"))[0]["command"],
          f"aws organizations move-account --account-id {world.accounts['network']} --source-parent-id "
          f"{world.units['Security']} --destination-parent-id {world.units['Infrastructure']}")


@case
def names_that_say_nothing_lead_to_no_advice_but_for_the_root():
    equal(World({**GOOD, "Security": GOOD["Security"] + ["kestrel"]}).advice(), [])
    equal(World({**GOOD, "Birds": ["kestrel"]}).advice(), [])
    equal(World({**GOOD, "": ["Management", "kestrel"]}).advice(), ["move-account kestrel"])


@case
def units_that_are_meant_to_differ_are_left_alone():
    for path in ("Exceptions", "Transitional", "Policy Staging"):
        equal(World({**GOOD, path: ["network-two", "shop-two-prod"]}).advice(), [], path)
    equal(World(moved(GOOD, "shop-dev", "Sandbox")).advice(), [], "development may play")


@case
def units_are_known_by_their_names_as_people_write_them():
    for old, new in (("Security", "Security OU"), ("Security", "security-ou"), ("Security", "SecurityOU"), ("Security", "OU_Security"),
                     ("Infrastructure", "Infrastructure Accounts"), ("Sandbox", "Sandbox2"), ("Sandbox", "Sandbox 01"),
                     ("Suspended", "Closed AWS Accounts"), ("Suspended", "suspended-accounts")):
        equal(World({new if path == old else path: names for path, names in GOOD.items()}).advice(), [], new)
    closed = dict(GOOD, **{"Closed Accounts": ["old"]})
    del closed["Suspended"]
    equal(World(closed, status={"old": "SUSPENDED"}).advice(), [])
    equal(World(dict(GOOD, Sandbox2=["sandbox-bob"])).advice(), [], "a second one")
    renamed = dict(GOOD, Securities=GOOD["Security"])
    del renamed["Security"]
    equal(World(renamed).advice(), ["missing-ou Security"], "another word")


@case
def a_closed_account_belongs_with_the_suspended():
    layout = {**GOOD, "Workloads/Dev": ["shop-dev", "old"]}
    equal(World(layout, {"old": "SUSPENDED"}).advice(), ["move-account old -> Suspended"])
    layout = {p: n for p, n in layout.items() if p != "Suspended"}
    equal(World(layout, {"old": "SUSPENDED"}).advice(), ["missing-ou Suspended"])


@case
def the_mapping_says_more_than_a_name():
    mapping = ("workloads:\n  - name: shop\n    owner: a@example.com\n    environments:\n"
               "      - {name: prod, accounts: [\"%s\"]}\n")
    world = World({**GOOD, "Infrastructure": ["network", "shared-services", "network-two"]})
    equal(world.advice(), [])
    world.mapping = mapping % world.accounts["network-two"]
    equal(world.advice(), ["move-account network-two -> Workloads/Prod"])


@case
def a_unit_that_mixes_production_with_the_rest_is_told():
    equal(World({**GOOD, "Birds": ["kestrel-prod", "kestrel-dev"]}).advice(), ["mixed-ou Birds"])


@case
def a_unit_named_like_a_department_is_told():
    equal(World({**GOOD, "Marketing": ["kestrel"]}).advice(), ["department-ou Marketing"])


@case
def the_gate_is_by_severity():
    World(without(GOOD, "Security")).ask("suggest", "--only", "structure", "--fail-on", "high", code=1)
    World(without(GOOD, "Sandbox")).ask("suggest", "--only", "structure", "--fail-on", "high", code=0)
    World(without(GOOD, "Sandbox")).ask("suggest", "--only", "structure", "--fail-on", "low", code=1)


@case
def the_guidance_is_content():
    folder = HOME / "content" / "organization"
    folder.mkdir(parents=True)
    (folder / "guidance.yaml").write_text(
        "- {function: security, name: Wardens, required: always, accounts: [falcon], why: w, severity: critical}\n")
    world = World({"": ["Management"], "Birds": ["falcon"]})
    out = json.loads(world.ask("suggest", "--only", "structure", "--format", "json", "--content", str(HOME / "content")))
    equal([(a["kind"], a["name"], a["severity"]) for a in out], [("missing-ou", "Wardens", "critical")])
    (folder / "guidance.yaml").write_text("- {function: security, name: Wardens, required: now}\n")
    folder2, workspace = HOME / "evidence", HOME / "workspace"
    done = subprocess.run([VIGIL, "org", "suggest", "--workspace", str(workspace), "--content", str(HOME / "content")],
                          capture_output=True, text=True)
    equal(done.returncode, 3)
    assert "organization/guidance.yaml:1:" in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert folder2.exists()


@case
def the_tree_shows_every_node_once_below_its_parent():
    world = World(GOOD, {"shop-dev": "SUSPENDED"})
    nodes = json.loads(world.ask("tree", "--format", "json"))["nodes"]
    equal(sorted(n["name"] for n in nodes if n["kind"] == "account"), sorted(world.accounts))
    seen = set()
    for node in nodes:
        assert node["kind"] == "root" or node["parent"] in seen, node
        seen.add(node["id"])
    mixed = json.loads(World({**GOOD, "Workloads": ["aa", "zz"]}).ask("tree", "--format", "json"))["nodes"]
    parent = next(n["id"] for n in mixed if n["name"] == "Workloads")
    equal([n["name"] for n in mixed if n.get("parent") == parent], ["aa", "zz", "Dev", "Prod"], "accounts before OUs, by name")
    text = world.ask("tree")
    assert "    Prod  " in text and "  workloads-prod\n" in text and "SUSPENDED" in text, text
    equal(text.count("management account"), 1)
    two = [name for name in world.accounts if name.startswith("shop-")][:2]
    ids = [world.accounts[name] for name in two]
    world.mapping = ("workloads:\n  - name: shop\n    owner: a@example.com\n    environments:\n"
                     f"      - {{name: prod, accounts: [\"{ids[0]}\"]}}\n      - {{name: dev, accounts: [\"{ids[0]}\", \"{ids[1]}\"]}}\n")
    nodes = json.loads(world.ask("tree", "--format", "json"))["nodes"]
    equal({n["name"]: n["workloads"] for n in nodes if n.get("workloads")}, {two[0]: ["shop prod", "shop dev"], two[1]: ["shop dev"]})


def policy(*actions, condition=None):
    deny = {"Sid": "D", "Effect": "Deny", "Action": list(actions), "Resource": "*"}
    if condition:
        deny["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [deny]}


FULL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
LEAVE = ("leave", policy("organizations:LeaveOrganization"))


class Guarded(World):
    """A layout with SCPs: {name: (document, [where])}, where is an OU's path or an account's name."""

    def __init__(self, layout, scps):
        super().__init__(layout)
        self.scps = {"FullAWSAccess": (FULL, [*self.units, *self.accounts]), **scps}

    def write(self, folder):
        super().write(folder)
        file = folder / "organization.jsonl"
        lines = [line.replace('"PolicyTypes": []', '"PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]')
                 for line in file.read_text().splitlines()]
        ids = {name: "p-FullAWSAccess" if name == "FullAWSAccess" else "p-" + name.ljust(8, "x") for name in self.scps}
        arn = f"arn:aws:organizations::{MANAGEMENT}:policy/o-testtest00/service_control_policy/"
        summaries = [{"Id": ids[n], "Arn": arn + ids[n], "Name": n, "Type": "SERVICE_CONTROL_POLICY",
                      "AwsManaged": n == "FullAWSAccess"} for n in self.scps]
        lines.append(self.envelope("ListPolicies", {"Filter": "SERVICE_CONTROL_POLICY"}, {"Policies": summaries}))
        for summary, (document, where) in zip(summaries, self.scps.values()):
            lines.append(self.envelope("DescribePolicy", {"PolicyId": summary["Id"]}, {
                "Policy": {"PolicySummary": summary, "Content": json.dumps(document)}}))
            lines.append(self.envelope("ListTargetsForPolicy", {"PolicyId": summary["Id"]}, {"Targets": [
                {"TargetId": self.accounts.get(w) or self.units[w], "Arn": "arn", "Name": w,
                 "Type": "ACCOUNT" if w in self.accounts else "ORGANIZATIONAL_UNIT" if w else "ROOT"} for w in where]}))
        file.write_text("\n".join(lines) + "\n")


@case
def guardrails_are_told_for_each_account_and_unit():
    world = Guarded(GOOD, {LEAVE[0]: (LEAVE[1], ["Security", "shop-prod"])})
    states = {n["name"]: n["guardrails"]["DenyLeaveOrganization"]
              for n in json.loads(world.ask("guardrails", "--format", "json"))}
    equal({k: states[k] for k in ("Security", "log-archive", "shop-prod", "shop-dev", "Prod", "Dev", "Workloads", "Suspended", "Root")},
          {"Security": "yes", "log-archive": "yes", "shop-prod": "yes", "shop-dev": "no", "Prod": "yes", "Dev": "no",
           "Workloads": "partly", "Suspended": "unknown", "Root": "partly"})
    text = world.ask("guardrails")
    assert "never bound" in text and " 1 DenyLeaveOrganization" in text, text


@case
def a_guardrail_that_a_unit_lacks_is_told_once():
    everything = {"all": (policy("organizations:LeaveOrganization", "cloudtrail:*", "config:*", "guardduty:*"), [""]),
                  "root": (policy("*", condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}), [""]),
                  "regions": ({"Version": "2012-10-17", "Statement": [{
                      "Effect": "Deny", "NotAction": ["iam:*", "sts:*", "organizations:*"], "Resource": "*",
                      "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}}}]}, [""])}

    def lacks(scps):
        return sorted(f"{a['name']}: {a['message'].split('the guardrail ')[1].split(',')[0]}"
                      for a in json.loads(Guarded(GOOD, scps).ask("suggest", "--format", "json"))
                      if a["kind"] == "missing-guardrail")

    equal(lacks(everything), [])
    equal(lacks({**everything, "regions": (everything["regions"][0], ["Sandbox"])}), ["Workloads: LimitRegions"])
    equal(lacks({**everything, "regions": (everything["regions"][0], ["Workloads"])}), ["Sandbox: LimitRegions"])


@case
def hostile_names_cannot_drive_the_terminal():
    text = World({**GOOD, "Birds": ["evil\x1b[2Jname"]}).ask("tree")
    assert "\x1b" not in text, repr(text)


# ---- the layouts of the Landing Zone Accelerator ------------------------------------------------------------------------------


def lza_layouts():
    try:
        import yaml
    except ImportError:
        skip("no PyYAML")
    if not DATA.exists():
        skip("no org-layouts")

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_constructor("!include", lambda loader, node: None)
    layouts = {}
    for file in sorted(DATA.glob("lza-*/**/organization-config.yaml")):
        if "validation" in str(file):
            continue
        try:
            units = yaml.load(file.read_text(), Loader)["organizationalUnits"]
            config = yaml.load((file.parent / "accounts-config.yaml").read_text(), Loader)
        except (yaml.YAMLError, KeyError, FileNotFoundError):
            continue  # a template with placeholders, not a layout
        layout = {"": []}
        for unit in units or []:
            layout.setdefault(unit["name"], [])
        for key in ("mandatoryAccounts", "workloadAccounts"):
            for account in config.get(key) or []:
                place = account["organizationalUnit"]
                layout.setdefault("" if place == "Root" else place, []).append(account["name"])
        if len(layout) > 1:
            layouts[str(file.parent.relative_to(DATA))] = layout
    return layouts


@case
def landing_zones_need_nothing_and_what_is_broken_in_them_is_told():
    layouts = lza_layouts()
    assert len(layouts) >= 5, layouts.keys()
    changes = 0
    for name, layout in layouts.items():
        told = World(layout).advice()
        equal([t for t in told if not t.startswith("department-ou")], [], name)
        for path in ("Security", "Infrastructure"):
            equal(World(without(layout, path)).advice(), [f"missing-ou {path}"], f"{name} without {path}")
            changes += 1
        for account in ("LogArchive", "Audit", "Network"):
            home = next((p for p, names in layout.items() if account in names), None)
            for to in ["", *[p for p in layout if p and p != home and not home or p in ("Security", "Infrastructure")]]:
                if home is None or to == home:
                    continue
                equal(World(moved(layout, account, to)).advice(), [f"move-account {account} -> {home.split('/')[0]}"],
                      f"{name}: {account} in {to or 'the root'}")
                changes += 1
    print(f"# {len(layouts)} layouts, {changes} changes")


try:
    run()
finally:
    shutil.rmtree(HOME, ignore_errors=True)
