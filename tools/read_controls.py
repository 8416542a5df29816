"""read_controls.py: the controls of content/, read for their tests and for docs/reference/controls.md."""
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
CONTENT = ROOT / "content"
PRACTICES = yaml.safe_load((CONTENT / "practices.yaml").read_text())


class Control:
    """A control file: its header, its rules, and its unit tests."""

    def __init__(self, path):
        self.path = path
        self.text = path.read_text()
        opened, header, self.rules = re.match(r"(# ---\n)(.*?)^# ---\n(.*)", self.text, re.S | re.M).groups()
        self.header = yaml.safe_load(re.sub(r"^# ?", "", header, flags=re.M))
        self.tests_path = path.parent / "tests" / f"{path.stem}_tests.yml"
        self.tests = yaml.safe_load(self.tests_path.read_text()) if self.tests_path.exists() else []

    def __getitem__(self, key):
        return self.header.get(key)

    @property
    def id(self):
        return self.path.stem

    def properties_of(self, case):
        """The properties of a test case's subject; None when the case has no subject."""
        subjects = list((case["input"].get("Resources") or {}).values())
        return subjects[0]["Properties"] if subjects else None

    def cases(self, verdict):
        return [c for c in self.tests if c["expectations"]["rules"].get("met") == verdict and self.properties_of(c) is not None]


def read():
    return [Control(p) for p in sorted((CONTENT / "controls").glob("*/*.guard"))]


def types():
    """type -> {property: what the catalogue says}, of evidence.yaml and facts.yaml."""
    found = {}
    for name in ("evidence.yaml", "facts.yaml"):
        for entry in yaml.safe_load((CONTENT / "types" / name).read_text()):
            found[entry["type"]] = entry["properties"]
    return found


def words():
    """The words that commands leave to the reader."""
    return yaml.safe_load((CONTENT / "placeholders.yaml").read_text())


def kinds():
    return {k["id"]: k for k in yaml.safe_load((CONTENT / "attestations.yaml").read_text())["kinds"]}
