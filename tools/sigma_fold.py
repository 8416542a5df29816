#!/usr/bin/env python3
"""Writes src/detect/sigma_fold_table.h: Unicode's simple case folding beyond ASCII, as runs of code points.

The full folding of Python's str.casefold gives several characters for some; where it does, the simple folding is the
lower-case letter if that is a single one, else the character itself. Usage: tools/sigma_fold.py > src/detect/sigma_fold_table.h
"""
import sys
import unicodedata


def fold(code):
    full = chr(code).casefold()
    if len(full) == 1:
        return ord(full)
    lower = chr(code).lower()
    return ord(lower) if len(lower) == 1 else code


def runs():
    out = []
    for code in range(0x80, 0x110000):
        if 0xD800 <= code < 0xE000:
            continue
        delta = fold(code) - code
        if not delta:
            continue
        if out:
            first, last, step, was = out[-1]
            gap = code - last
            if was == delta and gap in (1, 2) and step in (0, gap):
                out[-1] = (first, code, gap, was)
                continue
        out.append((code, code, 0, delta))
    return out


def main():
    table = runs()
    print("/* sigma_fold_table.h: Unicode %s, simple case folding; written by tools/sigma_fold.py. */" % unicodedata.unidata_version)
    print("/* clang-format off */")
    print("static const fold_run fold_runs[] = {")
    for first, last, step, delta in table:
        print("    {0x%04X, 0x%04X, %d, %d}," % (first, last, step or 1, delta))
    print("};")


if __name__ == "__main__":
    sys.exit(main())
