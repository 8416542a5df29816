#!/usr/bin/env python3
"""Checks that rooms include only what tools/rooms.txt lets them, and draws the picture of docs/architecture.md.

    rooms.py           check; one line a breach, exit 1 if there is any
    rooms.py --draw    put the picture between the markers of docs/architecture.md

What is checked: every folder of src/ is a room of rooms.txt and the other way round; includes go one way (a room stands
below the rooms it may include, so no circle is possible); bands keep their rules (design: engines include ground only,
memory includes ground and memory, only memory includes store); of another room only its public header ROOM/ROOM.h is
included; tests of a room see no private header of another; system headers aside, nothing else is included with quotes.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- rooms: drawn by tools/rooms.py from tools/rooms.txt -->", "<!-- end of rooms -->"
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
GENERATED = {"content.h": "cli"}  # headers that the build writes, and the one room that may include them

BANDS = [
    ("ground", "base format model report net"),
    ("engines", "control policy template trail detect vuln secret reach"),
    ("memory", "store evidence hub feed aws"),
    ("decisions", "access assess risk respond review serve cli"),
]
BAND_OF = {room: band for band, rooms in BANDS for room in rooms.split()}
ALLOWED_BANDS = {
    "ground": {"ground"},
    "engines": {"ground"},
    "memory": {"ground", "memory"},
    "decisions": {"ground", "engines", "memory", "decisions"},
}
# Where a decision lets a room include one that its band may not: docs/decisions/0008.
DECIDED = {("detect", "trail")}


def read_rooms():
    rooms = {}
    for line in (ROOT / "tools" / "rooms.txt").read_text().splitlines():
        match = re.match(r"^([a-z]+):\s*(.*)$", line)
        if match:
            rooms[match.group(1)] = match.group(2).split()
    return rooms


def check_table(rooms):
    """Breaches of the table itself."""
    above = set()
    for room, may in rooms.items():
        if room not in BAND_OF:
            yield f"tools/rooms.txt: {room} belongs to no band of the design (tools/rooms.py)"
            continue
        for other in may:
            if other not in above:
                yield f"tools/rooms.txt: {room} may include {other}, which is not above it"
            elif BAND_OF[other] not in ALLOWED_BANDS[BAND_OF[room]] and (room, other) not in DECIDED:
                yield f"tools/rooms.txt: {room} ({BAND_OF[room]}) may not include {other} ({BAND_OF[other]})"
            elif other == "store" and BAND_OF[room] != "memory":
                yield f"tools/rooms.txt: only memory includes store, and {room} is not of it"
        above.add(room)
    folders = {p.name for p in (ROOT / "src").iterdir() if p.is_dir() and any(p.iterdir())}
    for name in sorted(folders - set(rooms)):
        yield f"src/{name}: no line in tools/rooms.txt"
    for name in sorted(folders & set(rooms)):
        if not (ROOT / "src" / name / f"{name}.h").exists():
            yield f"src/{name}: no public header {name}.h"


def breach_of(room, header, rooms, is_test):
    """What is wrong with `room` including `header`, or None."""
    if header in GENERATED:
        return None if room == GENERATED[header] else f"{header} is for {GENERATED[header]}/ alone"
    # Tests share helpers: tests/ROOM/NAME.h.
    if is_test and (ROOT / "tests" / header).exists():
        return None
    other, _, file = header.partition("/")
    if not file:
        return None if is_test else "write the room in front of the header's name"
    if other == room:
        return None
    if other not in rooms:
        return f"{other}/ is no room"
    if file != f"{other}.h":
        return f"{header} is private to {other}/"
    # A test of cli/ is end to end and may use every room.
    if other not in rooms[room] and not (is_test and room == "cli"):
        return f"tools/rooms.txt does not let {room}/ include {other}/"
    return None


def check_includes(rooms):
    for folder, is_test in (("src", False), ("tests", True)):
        for path in sorted((ROOT / folder).glob("*/*.[ch]")):
            room = path.parent.name
            if room not in rooms:
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                breach = breach_of(room, match.group(1), rooms, is_test) if match else None
                if breach:
                    yield f"{path.relative_to(ROOT)}:{number}: {breach}"


def reduced(rooms):
    """The arrows that the others do not imply."""
    def reach(room, seen):
        for other in rooms[room]:
            if other not in seen:
                seen.add(other)
                reach(other, seen)
        return seen

    for room, may in rooms.items():
        implied = set()
        for other in may:
            implied |= reach(other, set())
        for other in may:
            if other not in implied:
                yield room, other


def picture(rooms):
    lines = [BEGIN, "```mermaid", "flowchart TD"]
    for band, _ in reversed(BANDS):
        names = [room for room in rooms if BAND_OF.get(room) == band]
        if names:
            lines += [f"  subgraph {band}"] + [f"    {name}[{name}/]" for name in names] + ["  end"]
    lines += [f"  {room} --> {other}" for room, other in reduced(rooms)]
    lines += ["```", "", "| room | may include |", "|---|---|"]
    lines += [f"| `{room}/` | {', '.join(f'`{other}/`' for other in may) or 'nothing'} |" for room, may in rooms.items()]
    return "\n".join(lines + ["", END])


def main():
    rooms = read_rooms()
    text = PAGE.read_text() if PAGE.exists() else ""
    start, end = text.find(BEGIN), text.find(END)
    drawn = text[:start] + picture(rooms) + text[end + len(END):] if 0 <= start < end else None
    if "--draw" in sys.argv[1:]:
        if drawn is None:
            sys.exit("docs/architecture.md: the markers of the picture are missing")
        PAGE.write_text(drawn)
        return 0
    breaches = list(check_table(rooms)) + list(check_includes(rooms))
    if drawn != text:
        breaches.append("docs/architecture.md: the picture is not that of tools/rooms.txt; run tools/rooms.py --draw")
    for breach in breaches:
        print(breach)
    print(f"{len(rooms)} rooms, {len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
