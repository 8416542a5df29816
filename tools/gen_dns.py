#!/usr/bin/env python3
"""Makes what is known of domain names: which names anybody may register below, and how the letters of words follow one
another.

    tools/gen_dns.py suffixes PUBLIC_SUFFIX_LIST   content/dns/suffixes.txt out of the Public Suffix List
                                                   (Debian: publicsuffix, /usr/share/publicsuffix/public_suffix_list.dat)
    tools/gen_dns.py letters WORDS                 content/dns/letters.txt out of a list of words, one a line
                                                   (Debian: wamerican, /usr/share/dict/american-english)
    tools/gen_dns.py                               src/trail/dns_tables.h out of these two
    tools/gen_dns.py --check                       say whether it is what would be written, and fail if not
"""
import collections
import math
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SUFFIXES = ROOT / "content/dns/suffixes.txt"
LETTERS = ROOT / "content/dns/letters.txt"
TABLES = ROOT / "src/trail/dns_tables.h"
ALPHABET = "^abcdefghijklmnopqrstuvwxyz"  # ^ stands before and behind a word
# Of the list's private part: those who give names below theirs to whoever asks: for addresses that change, or for sale.
ANYBODY = re.compile(r"DynDNS|DuckDNS|No-IP|dy\.fi|ddnss|Dynu|nsupdate|DDNS5|DrayTek|Synology|ASUSTOR|GoIP|FreeDNS|ChangeIP|"
                     r"CentralNic")

SUFFIXES_HEAD = """# Names below which anybody may register one: where a registrable domain begins. A line is a top-level domain and the labels
# before it that are such names too; `*` is every label, `!label` all the same none. A domain that no line has is
# registrable itself below its top-level domain.
#
# Made by tools/gen_dns.py from the Public Suffix List (https://publicsuffix.org), version of {date}: its rules of two
# labels, those of museum left out, and of its private part the providers of dynamic addresses and CentralNic. Rules of more
# labels (cities of Japan, counties of Norway) are not kept: a name there counts to the region.
# This file is subject to the terms of the Mozilla Public License, v. 2.0. If a copy of the MPL was not distributed with this
# file, You can obtain one at https://mozilla.org/MPL/2.0/.
"""
LETTERS_HEAD = """# How surprising a letter is behind two others, in quarters of a bit: a row is the two, then one character for each of
# ^abcdefghijklmnopqrstuvwxyz, from `0` (no surprise) to `o` (63 quarters). ^ stands before and behind a word.
#
# Made by tools/gen_dns.py from the {count} words of three letters and more of Debian's wamerican {date}, which is made of
# SCOWL (http://wordlist.aspell.net): Copyright 2000-2011 by Kevin Atkinson. Permission to use, copy, modify, distribute and
# sell these word lists, the associated scripts, the output created from the scripts, and its documentation for any purpose is
# hereby granted without fee, provided that the above copyright notice appears in all copies and that both that copyright
# notice and this permission notice appear in supporting documentation. It is provided "as is" without express or implied
# warranty.
"""


# ---- out of the sources ------------------------------------------------------------------------------------------------

def suffix_rules(text):
    """The rules of two ASCII labels that are kept."""
    private = owner = ""
    for line in text.splitlines():
        line = line.strip()
        if "===BEGIN" in line:
            private = "PRIVATE" in line
        elif line.startswith("//") and "Submitted by" not in line:
            owner = line
        elif line and not line.startswith("//") and line.isascii():
            rule = line.split()[0]
            if rule.count(".") == 1 and not rule.endswith(".museum") and (not private or ANYBODY.search(owner)):
                yield rule
            elif rule.startswith("!") and rule.count(".") == 1 and not private:
                yield rule


def make_suffixes(path):
    text = pathlib.Path(path).read_text(encoding="utf-8")
    groups = collections.defaultdict(set)
    for rule in suffix_rules(text):
        label, top = rule.split(".")
        groups[top].add(label)
    date = input("version of the list: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    lines = [f"{top}: {' '.join(sorted(groups[top]))}" for top in sorted(groups)]
    SUFFIXES.write_text(SUFFIXES_HEAD.format(date=date) + "\n".join(lines) + "\n", encoding="utf-8")


def surprises(words):
    """Quarters of a bit for each three letters; what was not seen is judged by the last two, then by the last alone."""
    singles, pairs, triples = collections.Counter(), collections.Counter(), collections.Counter()
    for word in words:
        text = "^^" + word + "^"
        for i in range(2, len(text)):
            singles[text[i]] += 1
            pairs[text[i - 1:i + 1]] += 1
            triples[text[i - 2:i + 1]] += 1
    after_one, after_two = collections.Counter(), collections.Counter()
    for pair, count in pairs.items():
        after_one[pair[0]] += count
    for triple, count in triples.items():
        after_two[triple[:2]] += count
    total, weight = sum(singles.values()), 20
    for a in ALPHABET:
        for b in ALPHABET:
            row = []
            for c in ALPHABET:
                one = (singles[c] + 1) / (total + len(ALPHABET))
                two = (pairs[b + c] + weight * one) / (after_one[b] + weight)
                three = (triples[a + b + c] + weight * two) / (after_two[a + b] + weight)
                row.append(min(63, round(-4 * math.log2(three))))
            yield a + b, row


def make_letters(path):
    words = [w.strip().lower() for w in pathlib.Path(path).read_text(encoding="utf-8").splitlines()]
    words = [w for w in words if re.fullmatch("[a-z]{3,}", w)]
    date = input("version of the words: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    lines = [f"{pair} {''.join(chr(ord('0') + q) for q in row)}" for pair, row in surprises(words)]
    LETTERS.write_text(LETTERS_HEAD.format(count=len(words), date=date) + "\n".join(lines) + "\n", encoding="utf-8")


# ---- into the program --------------------------------------------------------------------------------------------------

def rows_of(path):
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def quoted(text, width=100):
    """String literals of C, one a line."""
    pieces = [text[i:i + width] for i in range(0, len(text), width)] or [""]
    return "\n     ".join('"' + piece + '"' for piece in pieces)


def escaped(text):
    """Without what C reads otherwise, trigraphs too."""
    return text.replace("\\", "\\\\").replace("?", "\\?")


def tables():
    groups = [line.split(": ") for line in rows_of(SUFFIXES)]
    rows = [line.split(" ") for line in rows_of(LETTERS)]
    assert [top for top, _ in groups] == sorted(top for top, _ in groups)
    assert [pair for pair, _ in rows] == [a + b for a in ALPHABET for b in ALPHABET]
    lines = ["/* dns_tables.h: public suffixes and the surprise of letters. Generated by tools/gen_dns.py from content/dns/, where",
             " * their sources and licences stand: change those, not this. */",
             "#ifndef VIGIL_TRAIL_DNS_TABLES_H", "#define VIGIL_TRAIL_DNS_TABLES_H", "", "/* clang-format off */",
             "/* By top-level domain; labels stand between blanks. */",
             "static const struct {", "    const char *top, *labels;", "} suffixes[] = {"]
    lines += [f'    {{"{top}",\n     {quoted(f" {labels} ")}}},' for top, labels in groups]
    lines += ["};", "", "/* Three letters, each 0 (none) to 26, as base 27; '0' is no surprise, a step a quarter of a bit. */",
              "static const char surprise[27 * 27 * 27 + 1] ="]
    lines += ["    " + '"' + escaped(values) + '"' for _, values in rows]
    lines[-1] += ";"
    lines += ["/* clang-format on */", "", "#endif", ""]
    return "\n".join(lines)


def main(arguments):
    if arguments[:1] == ["suffixes"] and len(arguments) == 2:
        make_suffixes(arguments[1])
    elif arguments[:1] == ["letters"] and len(arguments) == 2:
        make_letters(arguments[1])
    elif arguments == ["--check"]:
        if TABLES.read_text(encoding="utf-8") != tables():
            print(f"{TABLES.relative_to(ROOT)}: not what tools/gen_dns.py would write")
            return 1
    elif not arguments:
        TABLES.write_text(tables(), encoding="utf-8")
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
