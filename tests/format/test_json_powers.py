#!/usr/bin/env python3
"""The table of powers of five in src/format/json_powers.c, checked against exact integers (TAP); with --write, made.

For each q from -342 to 308 the table has the first 128 bits of 5**q: cut off for q >= 0, and for q < 0 rounded up, as
the proof in Lemire, "Number Parsing at a Gigabyte per Second" (2021), section 5, wants them.
"""
import pathlib
import re
import sys

PATH = pathlib.Path(__file__).resolve().parents[2] / "src/format/json_powers.c"
FIRST, LAST = -342, 308
HEAD = """/* json_powers.c: the first 128 bits of 5**q for q from -342 to 308, for reading doubles. Generated, and checked bit by
 * bit, by tests/format/test_json_powers.py: change that, not this. */
#include "format/json_powers.h"

/* clang-format off */
const vg_json_power vg_json_powers[VG_JSON_POWERS] = {
"""


def power(q):
    if q >= 0:
        value = 5 ** q
        shift = value.bit_length() - 128
        return value >> shift if shift > 0 else value << -shift
    divisor = 5 ** -q
    value = (1 << (divisor.bit_length() + 127)) // divisor + 1
    while value >= 1 << 128:
        value >>= 1
    return value


def rows():
    return [(power(q) >> 64, power(q) & (1 << 64) - 1) for q in range(FIRST, LAST + 1)]


def text():
    lines = [f"    {{0x{high:016X}u, 0x{low:016X}u}}," for high, low in rows()]
    return HEAD + "\n".join(lines) + "\n};\n"


def main():
    if "--write" in sys.argv:
        PATH.write_text(text())
        return 0
    found = re.findall(r"\{0x([0-9A-F]{16})u, 0x([0-9A-F]{16})u\}", PATH.read_text())
    wanted = [(f"{high:016X}", f"{low:016X}") for high, low in rows()]
    wrong = [FIRST + i for i, pair in enumerate(wanted) if i >= len(found) or found[i] != pair]
    good = not wrong and len(found) == len(wanted)
    print("1..1")
    print(f"{'ok' if good else 'not ok'} 1 - powers_of_five_are_exact ({len(found)} rows)")
    if not good:
        print(f"# expected {len(wanted)} rows, wrong at q = {wrong[:5]}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
