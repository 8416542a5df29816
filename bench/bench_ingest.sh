#!/bin/sh
# bench_ingest.sh VIGIL FOLDER [MIB]: what ingest takes of log files a second, beside the bound: uncompressing the same files.
# The log files are made from a folder of real ones (VIGIL_TEST_DATA, trail-invictus), repeated with other ids until they are
# MIB uncompressed, as .json.gz of about two thousand events.
set -eu
VIGIL=$1 FOLDER=$2 MIB=${3:-512}
DATA=${VIGIL_TEST_DATA:-$(dirname "$0")/../../shared/data}/trail-invictus
mkdir -p "$FOLDER/logs"
python3 - "$DATA" "$FOLDER/logs" "$MIB" <<'PYTHON'
import gzip, json, pathlib, random, sys
source, out, mib = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
records = [r for p in sorted(source.glob("*.json")) for r in json.loads(p.read_text())["Records"]]
rolled, made, number = random.Random(1), 0, 0
while made < mib << 20:
    batch = []
    for record in records[:2000]:
        record["eventID"] = f"{rolled.getrandbits(128):032x}"
        record["requestID"] = f"{rolled.getrandbits(128):032X}"
        batch.append(json.dumps(record, separators=(",", ":")))
    text = ('{"Records":[' + ",".join(batch) + "]}").encode()
    (out / f"{number}.json.gz").write_bytes(gzip.compress(text, 6))
    made += len(text)
    number += 1
print(f"{number} files, {made >> 20} MiB uncompressed, {sum(p.stat().st_size for p in out.iterdir()) >> 20} MiB on the disk")
PYTHON
for THREADS in 1 2; do
    rm -rf "$FOLDER/ws"
    /usr/bin/env time -f "ingest, $THREADS thread(s): %e s wall, %U s user, %S s system, %M KiB" \
        "$VIGIL" --workspace "$FOLDER/ws" --threads $THREADS trail ingest "$FOLDER/logs"
done
for PROGRAM in libdeflate-gunzip zcat; do
    command -v $PROGRAM >/dev/null || continue
    /usr/bin/env time -f "$PROGRAM: %e s wall" sh -c 'for file in "$2"/*.gz; do "$1" -c <"$file" >/dev/null; done' sh $PROGRAM "$FOLDER/logs"
done
