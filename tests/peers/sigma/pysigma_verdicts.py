#!/usr/bin/env python3
"""Asks pySigma which rules match which events, through its SQLite backend: run by the venv's python.

    pysigma_verdicts.py RULES EVENTS            a line a rule: its id, a tab, the numbers of the events that match, blank between
    pysigma_verdicts.py RULES EVENTS --time     events, rules, matches and seconds: loading apart, then asking

Events become rows of a table whose columns are the dotted paths that rules ask for, of text without regard to case, as
Zircolite has them; a JSON boolean becomes 'true' or 'false'. A path that crosses an array has no column. SQLite's columns
know no case, so paths that differ by case alone stand in tables of their own. What the backend cannot convert is a line
`id<TAB>! why`."""
import json
import re
import sqlite3
import sys
import time
from pathlib import Path

from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection

TEXT = "_text"


def flatten(value, path, out):
    if isinstance(value, dict):
        for key, item in value.items():
            flatten(item, f"{path}.{key}" if path else key, out)
    elif not isinstance(value, list):
        out.setdefault(path, "true" if value is True else "false" if value is False else value)


def texts(value, out):
    if isinstance(value, dict):
        for item in value.values():
            texts(item, out)
    elif isinstance(value, list):
        for item in value:
            texts(item, out)
    elif isinstance(value, str):
        out.append(value)
    return out


def convert(paths):
    """(id, query or None, why, fields) of each rule."""
    backend = sqliteBackend(fulltext_field=TEXT)
    for path in paths:
        text = path.read_text()
        name = re.search(r"^id: *'?([0-9a-fA-F-]{36})", text, re.M)
        try:
            collection = SigmaCollection.from_yaml(text)
            rule = collection.rules[0]
            queries = backend.convert(collection)
            yield str(rule.id), queries, None, set(backend.required_fields(rule))
        except Exception as error:  # whatever the peer says about a rule is its answer
            yield name[1] if name else path.name, None, f"{type(error).__name__}: {error}".replace("\n", " "), set()


def regexp(pattern, text):
    if text is None:
        return None
    return re.search(pattern, str(text)) is not None


def arrange(fields):
    """The columns of each table: the n-th spelling of every path, or its last."""
    spellings = {}
    for field in sorted(fields):
        spellings.setdefault(field.lower(), []).append(field)
    return [[s[min(n, len(s) - 1)] for s in spellings.values()] for n in range(max(map(len, spellings.values()), default=1))]


def quote(name):
    return "`" + name.replace("`", "``") + "`"


def load(base, tables, lines):
    for n, columns in enumerate(tables):
        base.execute(f"CREATE TABLE logs{n} ({TEXT} TEXT COLLATE NOCASE" + "".join(f", {quote(c)} COLLATE NOCASE" for c in columns) + ")")
    count = 0
    for line in lines:
        event, flat = json.loads(line), {}
        flatten(event, "", flat)
        text = "\x1f".join(texts(event, []))
        for n, columns in enumerate(tables):
            base.execute(f"INSERT INTO logs{n} VALUES ({','.join('?' * (len(columns) + 1))})", [text] + [flat.get(c) for c in columns])
        count += 1
    return count


def main():
    began = time.perf_counter()
    folder = Path(sys.argv[1])
    rules = list(convert(sorted(folder.rglob("*.yml")) if folder.is_dir() else [folder]))
    tables = arrange(set().union(*(fields for *_, fields in rules)) - {TEXT})
    base = sqlite3.connect(":memory:")
    base.create_function("REGEXP", 2, regexp, deterministic=True)
    with open(sys.argv[2]) as lines:
        count = load(base, tables, lines)
    loaded = time.perf_counter()
    matches = 0
    for name, queries, why, fields in rules:
        found = set()
        try:
            table = next((n for n, columns in enumerate(tables) if fields - {TEXT} <= set(columns)), None)
            if queries and table is None:
                queries, why = None, "fields that differ by case alone"
            for query in queries or []:
                query = query.replace("SELECT * FROM logs ", f"SELECT rowid FROM logs{table} ", 1)
                found.update(row[0] for row in base.execute(query))
        except (sqlite3.Error, re.error) as error:
            queries, why = None, f"{type(error).__name__}: {error}"
        matches += len(found)
        if "--time" not in sys.argv:
            print(f"{name}\t! {why}" if queries is None else f"{name}\t{' '.join(str(i - 1) for i in sorted(found))}")
    if "--time" in sys.argv:
        print(count, len(rules), matches, f"{loaded - began:.6f}", f"{time.perf_counter() - loaded:.6f}")


if __name__ == "__main__":
    main()
