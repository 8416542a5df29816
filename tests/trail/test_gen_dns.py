#!/usr/bin/env python3
"""What the program knows of domain names is what content/dns/ says (TAP)."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tools")]

import gen_dns  # noqa: E402
from tap import case, equal, run  # noqa: E402


@case
def the_tables_are_those_of_the_content():
    done = subprocess.run([sys.executable, ROOT / "tools/gen_dns.py", "--check"], capture_output=True, text=True)
    equal((done.returncode, done.stdout), (0, ""))


@case
def rules_of_two_labels_are_kept_and_of_the_private_part_those_open_to_anybody():
    text = """// ===BEGIN ICANN DOMAINS===
// uk : https://example
uk
co.uk
*.ck
!www.ck
a.b.jp
ac.museum
// ===BEGIN PRIVATE DOMAINS===
// DuckDNS : http://www.duckdns.org/
// Submitted by Somebody
duckdns.org
// Google, Inc.
appspot.com
"""
    equal(list(gen_dns.suffix_rules(text)), ["co.uk", "*.ck", "!www.ck", "duckdns.org"])


@case
def letters_that_follow_one_another_often_surprise_little():
    rows = dict(gen_dns.surprises(["queen", "quick", "quiet", "aaa"]))
    u, z = gen_dns.ALPHABET.index("u"), gen_dns.ALPHABET.index("z")
    assert rows["^q"][u] < 8 < rows["^q"][z], (rows["^q"][u], rows["^q"][z])


run()
