#!/usr/bin/env python3
"""Writes the CloudTrail logs of an organisation in which nothing is wrong, the same for the same numbers.

    tools/gen_trail.py OUT [--events N] [--accounts N] [--days N] [--seed N] [--start DATE] [--data-events SHARE]
                           [--key-order shuffle] [--processes N]

OUT/AWSLogs/ORG/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/*.json.gz hold the records as an organisation's trail delivers them,
OUT/labels.tsv.gz the story behind each (event id, story). The stories are in gen_trail_background.py (what fills the logs)
and gen_trail_rare.py (what an attacker does too, done by those whose work it is); --list tells them with their counts'
proportion. Each day is made from the seed and its number alone, so processes change nothing.
"""
import argparse
import collections
import datetime
import gzip
import json
import multiprocessing
import pathlib
import random
import sys
import time
import zlib

import gen_trail_background
import gen_trail_rare
from gen_trail_world import Day, World

SLOT = 7200  # seconds of records in one delivery
BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def tell(day, story):
    day.story = story.__name__
    story(day)


def times_on(story, monthly, number, options):
    """How often a rare story happens on one day: `monthly` in thirty days, and once at least over all of them."""
    whole, rest = divmod(max(1, round(monthly * options.days / 30)), options.days)
    return whole + (number in random.Random(f"{options.seed}:{story.__name__}").sample(range(options.days), rest))


def make_day(world, number, options):
    """All records of one day, by time."""
    rng = random.Random(f"{options.seed}:day:{number}")
    day = Day(world, rng, options.begin + number * 86400)
    for story, monthly in gen_trail_rare.RARE:
        for _ in range(times_on(story, monthly, number, options)):
            tell(day, story)
    share = options.events / options.days
    stories = [s for s, _ in gen_trail_background.BACKGROUND]
    weights = [w * (options.data_events if s in gen_trail_background.DATA else 1) for s, w in gen_trail_background.BACKGROUND]
    while len(day.rows) < share:
        tell(day, rng.choices(stories, weights)[0])
    day.rows.sort(key=lambda row: (row[0], row[3]))
    return day


def shuffled(value, rng):
    """The same value with the keys of every object in another order."""
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: shuffled(value[key], rng) for key in keys}
    return [shuffled(item, rng) for item in value] if isinstance(value, list) else value


def write_delivery(options, world, number, account, region, slot, texts):
    moment = time.gmtime(slot + SLOT)
    folder = pathlib.Path(options.out, "AWSLogs", world.org, account, "CloudTrail", region, time.strftime("%Y/%m/%d", moment))
    folder.mkdir(parents=True, exist_ok=True)
    unique = "".join(random.Random(f"{options.seed}:{number}:{account}:{region}:{slot}").choices(BASE62, k=16))
    raw = ('{"Records":[' + ",".join(texts) + "]}").encode()
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    name = f"{account}_CloudTrail_{region}_{time.strftime('%Y%m%dT%H%MZ', moment)}_{unique}.json.gz"
    (folder / name).write_bytes(packer.compress(raw) + packer.flush())
    return len(raw)


def write_day(job):
    number, options = job
    world = World(options.seed, options.accounts)
    day = make_day(world, number, options)
    rng = random.Random(f"{options.seed}:order:{number}")
    encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
    slots, labels, stories = collections.defaultdict(list), [], collections.Counter()
    for t, account, region, event, story, row in day.rows:
        if options.key_order == "shuffle":
            row = shuffled(row, rng)
        slots[account, region, t // SLOT * SLOT].append(encode(row))
        labels.append(f"{event}\t{story}\n")
        stories[story] += 1
    size = sum(write_delivery(options, world, number, *slot, texts) for slot, texts in slots.items())
    return number, len(day.rows), len(slots), size, "".join(labels), stories


def main():
    parser = argparse.ArgumentParser(description="Writes the CloudTrail logs of an organisation in which nothing is wrong.")
    parser.add_argument("out", nargs="?")
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--accounts", type=int, default=20)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", default="2026-09-01")
    parser.add_argument("--data-events", type=float, default=1.0, help="weight of data events; 0 leaves them out")
    parser.add_argument("--key-order", choices=["service", "shuffle"], default="service")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="tell the stories and stop")
    options = parser.parse_args()
    if options.list:
        for story, n in gen_trail_rare.RARE + gen_trail_background.BACKGROUND:
            print(f"{story.__name__:24} {n:4}  {' '.join(story.__doc__.split())}")
        return 0
    if not options.out:
        parser.error("name a folder to write to")
    options.begin = int(datetime.datetime.fromisoformat(options.start + "T00:00:00+00:00").timestamp())
    began = time.time()
    jobs = [(number, options) for number in range(options.days)]
    if options.processes > 1:
        with multiprocessing.get_context("fork").Pool(options.processes) as pool:
            done = sorted(pool.imap_unordered(write_day, jobs))
    else:
        done = [write_day(job) for job in jobs]
    with gzip.GzipFile(pathlib.Path(options.out, "labels.tsv.gz"), "wb", 6, mtime=0) as labels:
        labels.write("event\tstory\n".encode())
        for result in done:
            labels.write(result[4].encode())
    stories = sum((result[5] for result in done), collections.Counter())
    print(f"{sum(r[1] for r in done)} events in {sum(r[2] for r in done)} files, {sum(r[3] for r in done)} bytes raw, "
          f"{len(stories)} stories, {time.time() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
