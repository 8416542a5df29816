#!/usr/bin/env python3
"""What every control promises: a whole header, ids that exist, words that a person can act on, and tests that show it
passing, failing and without its evidence."""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import read_controls as controls  # noqa: E402
from tap import case, equal, run, skip  # noqa: E402

ALL = controls.read()
TYPES = controls.types()
KINDS = controls.kinds()
ATTESTATION = "Vigil::Attestation::Attestation"
PLACEHOLDERS = {"account", "region", "resource", "name", "ou", "target", "management", "organization", "regions"}
PLACEHOLDER = re.compile(r"\{([A-Za-z]\w*)(?:\.(name|first|json|common))?(?:\|([a-z0-9-]+))?\}")
WORDS = {w["word"]: w for w in controls.words()}
# Words in capitals that the AWS CLI itself wants. Every other is one that somebody forgot to fill in.
AWS_WORDS = {
    "ACCOUNT", "ACCOUNT_UNUSED_ACCESS", "AISERVICES_OPT_OUT_POLICY", "ACTIVE", "AWS", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN", "BACKUP_POLICY", "BILLING", "CREATE_COMPLETE", "CRITICAL", "DECLARATIVE_POLICY_EC2", "EBS_MALWARE_PROTECTION",
    "EC2", "ECR", "EKS_AUDIT_LOGS", "ENABLED", "EQUALS", "FIFTEEN_MINUTES", "HIGH", "IAM", "LAMBDA", "LAMBDA_NETWORK_LOGS", "NEW",
    "NOTIFIED", "OPERATIONS", "QRCodePNG", "RDS_LOGIN_EVENTS", "RESOURCE_CONTROL_POLICY", "RUNTIME_MONITORING", "S3", "S3_DATA_EVENTS",
    "SECURITY", "SERVICE_CONTROL_POLICY", "TAG_POLICY", "UPDATE_COMPLETE"}
SHELL_WORDS = {"POLICY"}  # a variable that one command sets and the next one uses
KEYS = {"id", "title", "severity", "practice", "resource", "needs", "attestation", "scope", "rationale", "remediation",
        "commands", "repair", "also", "reach", "warning", "mappings", "weight"}


def none(problems):
    assert not problems, "\n  " + "\n  ".join(problems)


def program():
    path = os.environ.get("VIGIL_BIN") or os.environ.get("VIGIL")
    if not path or not os.access(path, os.X_OK):
        skip("no vigil: name it by VIGIL")
    return os.path.abspath(path)


@case
def there_are_sixty_controls_and_five_for_each_practice():
    assert len(ALL) >= 60, len(ALL)
    for practice in controls.PRACTICES:
        own = [c for c in ALL if c["practice"][0] == practice["id"]]
        assert len(own) >= 5, (practice["id"], len(own))


@case
def ids_are_unique_and_name_their_files():
    ids = [c.id for c in ALL]
    equal(sorted(set(ids)), sorted(ids))
    none([f"{c.path}: id {c['id']}" for c in ALL if c["id"] != c.id])


@case
def headers_have_what_a_reader_needs():
    problems = []
    practices = {p["id"] for p in controls.PRACTICES}
    for c in ALL:
        for key in ("id", "title", "severity", "practice", "resource", "needs", "rationale", "remediation", "mappings"):
            if not c[key]:
                problems.append(f"{c.id}: no {key}")
        problems += [f"{c.id}: unknown key {k}" for k in c.header if k not in KEYS]
        problems += [f"{c.id}: practice {p}" for p in c["practice"] if p not in practices]
        if c["severity"] not in ("low", "medium", "high", "critical"):
            problems.append(f"{c.id}: severity {c['severity']}")
        if c["practice"][0] != c.path.parent.name:
            problems.append(f"{c.id}: is in {c.path.parent.name}, answers {c['practice'][0]} first")
        if c["scope"] not in (None, "management", "members"):
            problems.append(f"{c.id}: scope {c['scope']}")
    none(problems)


@case
def subjects_and_their_properties_are_in_the_catalogue():
    problems = []
    for c in ALL:
        known = set(TYPES.get(c["resource"], ()))
        if not known:
            problems.append(f"{c.id}: type {c['resource']}")
        used = set(re.findall(r"\.Properties\.(\w+)", c.rules)) | set(c["needs"]) | set(c["repair"] or {})
        problems += [f"{c.id}: property {p}" for p in sorted(used - known)]
        if f"Type == '{c['resource']}'" not in c.rules:
            problems.append(f"{c.id}: the rules are not about {c['resource']}")
    none(problems)


@case
def what_the_rules_skip_on_is_needed():
    """A condition on a property that may be absent would turn unknown into not applicable."""
    problems = []
    for c in ALL:
        for conditions in re.findall(r"^rule \w+ when ([^{]*)\{", c.rules, re.M):
            for name in re.findall(r"\.Properties\.(\w+)", conditions):
                if name not in c["needs"]:
                    problems.append(f"{c.id}: {name}")
    none(problems)


@case
def attestations_are_in_the_list_of_kinds():
    asked = {c["attestation"]: c for c in ALL if c["attestation"]}
    equal(sorted(asked), sorted(KINDS))
    for kind, c in asked.items():
        equal(c["resource"], ATTESTATION, c.id)
        equal(KINDS[kind]["practice"], c["practice"], c.id)
        assert f"AgeDays <= {KINDS[kind]['max_age_days']}\n" in c.rules, (c.id, KINDS[kind]["max_age_days"])
        required = {d["key"] for d in KINDS[kind].get("details", ()) if d.get("required")}
        equal(set(re.findall(r"Details\.(\w+)", c.rules)), required, c.id)
    equal([c.id for c in ALL if c["resource"] == ATTESTATION and not c["attestation"]], [])


@case
def kinds_say_what_they_assert():
    for kind in KINDS.values():
        for key in ("id", "title", "asserts", "practice", "scope", "max_age_days"):
            assert kind[key], (kind["id"], key)
        assert kind["scope"] in ("organization", "workload", "account"), kind


@case
def commands_are_of_the_cli_and_their_placeholders_known():
    problems = []
    for c in ALL:
        if not c["commands"] and not c["attestation"]:
            problems.append(f"{c.id}: no command and no step")
        for command in c["commands"] or ():
            if not re.match(r"(POLICY=\$\()?aws [a-z0-9-]+ [a-z0-9-]+ |# |\(eval |for ", command):
                problems.append(f"{c.id}: {command[:60]}")
            problems += [f"{c.id}: {{{p}}}" for p in unknown_placeholders(c, command)]
            if "\n" in command.strip():
                problems.append(f"{c.id}: a command of two lines")
            if command.startswith("aws ") and "--profile" not in command:
                problems.append(f"{c.id}: whose credentials? {command[:60]}")
            for text in re.findall(r"'(\{[^']*\}|\[[^']*\])'", command):
                if text[:2] in ('{"', '[{'):
                    json.loads(PLACEHOLDER.sub(lambda m: '"x"' if m[2] == "json" else "x", text))
    none(problems)


def unknown_placeholders(control, command):
    """Those that are neither a place nor a property: of the subject, its account, the organisation, or any fact."""
    properties = {p for name, known in TYPES.items() if name.startswith("Vigil::") for p in known}
    properties |= set(TYPES[control["resource"]])
    return [m[1] for m in PLACEHOLDER.finditer(command) if m[1] not in (properties if m[1][0].isupper() else PLACEHOLDERS)]


def words_of(command):
    """The words in angle brackets that a command has, or falls back on."""
    return re.findall(r"<([a-z][a-z0-9-]*)>", command) + [m[3] for m in PLACEHOLDER.finditer(command) if m[3]]


@case
def what_is_left_to_the_reader_is_a_documented_word():
    used = {w: c.id for c in ALL for command in c["commands"] or () for w in words_of(command)}
    equal(sorted(set(used) - set(WORDS)), [], "words that placeholders.yaml does not explain")
    equal(sorted(set(WORDS) - set(used)), [], "words that no command has")
    equal(sorted(WORDS), list(WORDS), "words in order")
    properties = {p for known in TYPES.values() for p in known}
    none([f"{w}: {entry}" for w, entry in WORDS.items() if not entry["about"] or entry.get("choices", "Units") not in properties])


@case
def no_word_in_capitals_is_left_to_the_reader():
    problems = []
    for c in ALL:
        for command in c["commands"] or ():
            if command.startswith("#"):
                continue
            for word in re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b|(?<=[ =,\"])[A-Z]{2,}[A-Z0-9]*\b", command):
                if word not in AWS_WORDS | SHELL_WORDS:
                    problems.append(f"{c.id}: {word}")
    none(problems)


@case
def what_commands_change_of_others_is_in_the_catalogue():
    problems = []
    for c in ALL:
        if c["reach"] not in (None, "account", "organization", "target") or (c["reach"] and not c["also"]):
            problems.append(f"{c.id}: reach {c['reach']}")
        for name, changes in (c["also"] or {}).items():
            problems += [f"{c.id}: {name}.{p}" for p in changes or {} if p not in TYPES.get(name, ())]
            if name not in TYPES:
                problems.append(f"{c.id}: {name}")
    none(problems)


@case
def what_can_lock_people_out_says_so():
    """Commands that take access away, or bind whole accounts, carry a warning."""
    sharp = re.compile(r"(delete-login-profile|delete-access-key|update-access-key|attach-policy --policy-id|detach-|"
                       r"move-account|update-assume-role-policy|attach-group-policy|enable-all-features)")
    none([c.id for c in ALL if any(sharp.search(x) for x in c["commands"] or ()) and not c["warning"]
          and c.id not in ("user-one-key", "org-suspended-accounts-parked")])


@case
def sentences_are_those_of_docs_sec01():
    rows = re.findall(r"^\| ([A-Z]+\d*\.\d+) \|", (controls.ROOT / "docs" / "sec01.md").read_text(), re.M)
    equal(len(set(rows)), len(rows), "ids of docs/sec01.md are unique")
    none([f"{c.id}: {s}" for c in ALL for s in c["mappings"]["sec01"] if s not in rows])
    practice_sentences = [s for p in controls.PRACTICES for s in p["sentences"]]
    mapped = {s for c in ALL for s in c["mappings"]["sec01"]}
    equal([s for s in practice_sentences if s not in mapped], [], "sentences of practices without a control")


@case
def ids_of_frameworks_exist():
    folder = Path(os.environ.get("VIGIL_TEST_DATA", controls.ROOT.parent / "shared" / "data")) / "frameworks"
    if not folder.exists():
        skip("no VIGIL_TEST_DATA/frameworks")
    files = {"cis-aws-5.0": ("cis_5.0_aws", "Id"), "cis-aws-7.0": ("cis_7.0_aws", "Id"),
             "fsbp": ("aws_foundational_security_best_practices_aws", "Id"), "nist-csf-2.0": ("nist_csf_2.0_aws", "Name")}
    ids = {}
    for name, (file, key) in files.items():
        ids[name] = {r[key] for r in json.loads((folder / f"{file}.json").read_text())["Requirements"]}
    problems = []
    for c in ALL:
        for name, mapped in c["mappings"].items():
            if name != "sec01":
                problems += [f"{c.id}: {name} {i}" for i in mapped if i not in ids.get(name, ())]
    none(problems)


@case
def each_control_is_shown_passing_and_failing():
    problems = []
    for c in ALL:
        if not c.cases("PASS"):
            problems.append(f"{c.id}: no case passes")
        if not c.cases("FAIL"):
            problems.append(f"{c.id}: no case fails")
        if "rule partly" in c.rules and not any(x["expectations"]["rules"].get("partly") == "PASS" for x in c.tests):
            problems.append(f"{c.id}: no case is partly")
        if re.search(r"^rule met when[^{]*Properties", c.rules, re.M) and not c.cases("SKIP"):
            problems.append(f"{c.id}: no case is not applicable")
        for t in c.cases("PASS"):
            missing = set(c["needs"]) - set(c.properties_of(t))
            if missing:
                problems.append(f"{c.id}: '{t['name']}' lacks {missing}, which the control needs")
    none(problems)


@case
def each_control_is_silent_without_its_subject():
    """The last case of each file has no subject: the rules skip, and the control is not assessed."""
    for c in ALL:
        last = c.tests[-1]
        equal(c.properties_of(last), None, c.id)
        equal(set(last["expectations"]["rules"].values()), {"SKIP"}, c.id)


def patched(repair, properties):
    """The properties once repaired, as src/review/patch.c does it; None where what it rests on is not there."""
    result = dict(properties)
    for key, value in repair.items():
        how = next(iter(value)) if isinstance(value, dict) and len(value) == 1 else None
        if how in ("extend", "minus", "raise") and key not in properties:
            continue
        if how in ("add", "extend"):
            now = properties.get(key, [])
            value = now + [x for x in value[how] if x not in now]
        elif how == "minus":
            value = properties[key] - value["minus"]
        elif how == "raise":
            value = value["raise"] if properties[key] == "no" else properties[key]
        elif isinstance(value, str) and value.startswith("{"):
            if value[1:-1] not in properties:
                return None
            value = properties[value[1:-1]]
        result[key] = value
    return {k: v for k, v in result.items() if v is not None} if result != properties else None


@case
def a_repair_makes_the_control_pass():
    """What a header says that its commands make true turns each failing case into a passing one."""
    vigil, problems = program(), []
    for c in ALL:
        if not c["repair"]:
            continue
        cases = []
        for t in c.cases("FAIL"):
            if any(n not in c.properties_of(t) for n in c["needs"]):
                continue
            properties = patched(c["repair"], c.properties_of(t))
            if properties is None:
                continue
            cases.append({"name": t["name"], "input": {"Resources": {"subject": {"Type": c["resource"], "Properties": properties}}},
                          "expectations": {"rules": {"met": "PASS"}}})
        if not cases:
            problems.append(f"{c.id}: no failing case has what the repair rests on")
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, f"{c.id}.guard").write_text(c.text)
            Path(folder, "tests").mkdir()
            Path(folder, "tests", f"{c.id}_tests.yml").write_text(json.dumps(cases))
            done = subprocess.run([vigil, "control", "test", folder], capture_output=True, text=True)
            assert done.returncode == 0, f"{c.id}: repair {c['repair']}\n{done.stdout}{done.stderr}"
    none(problems)


@case
def the_unit_tests_pass():
    vigil = program()
    done = subprocess.run([vigil, "control", "test", str(controls.CONTENT / "controls")], capture_output=True, text=True)
    closing = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    count = sum(len(c.tests) for c in ALL)
    assert done.returncode == 0 and closing.startswith(f"{count} passed, 0 failed"), \
        f"expected {count} passed\n{done.stdout[-2000:]}{done.stderr[-2000:]}"


@case
def the_reference_page_is_current():
    tool = controls.ROOT / "tools" / "gen_controls_docs.py"
    done = subprocess.run([sys.executable, str(tool), "--check"], capture_output=True, text=True)
    equal((done.returncode, done.stderr), (0, ""))


run()
