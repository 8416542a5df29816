#!/bin/sh
# bench_ingest.sh VIGIL FOLDER [GIGABYTES]: what ingest takes of log files a second, beside the bound, uncompressing the same
# files; and what a search of what was ingested takes. The log files are made from real ones (tools/gen_trail_corpus.py); 7
# gigabytes are about 5 million events.
set -eu
VIGIL=$1 FOLDER=$2 GIGABYTES=${3:-1}
ROOT=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$FOLDER"
[ -d "$FOLDER/logs" ] || "$ROOT/tools/gen_trail_corpus.py" "$FOLDER/logs" --gigabytes "$GIGABYTES" | tail -1
find "$FOLDER/logs" -name '*.gz' -exec cat {} + >/dev/null
timed() { # timed WHAT COMMAND...
    what=$1
    shift
    env time -f "$what: %e s wall, %U s user, %S s system, %M KiB" "$@"
}
for THREADS in 1 2; do
    rm -rf "$FOLDER/ws"
    timed "ingest, $THREADS thread(s)" "$VIGIL" -q --workspace "$FOLDER/ws" --threads $THREADS trail ingest "$FOLDER/logs"
done
for PROGRAM in libdeflate-gunzip gzip; do
    command -v $PROGRAM >/dev/null || continue
    # shellcheck disable=SC2016 # they are the inner shell's
    timed "$PROGRAM alone" sh -c 'find "$2" -name "*.gz" -exec "$1" -dc {} + >/dev/null' sh $PROGRAM "$FOLDER/logs"
done
timed "ingest again, nothing new" "$VIGIL" -q --workspace "$FOLDER/ws" trail ingest "$FOLDER/logs"
KEY=$("$VIGIL" -q --workspace "$FOLDER/ws" trail search 'key = AKIA*' --limit 1 --format jsonl |
    sed 's/.*"accessKeyId":"\(AKIA[A-Z0-9]*\)".*/\1/')
timed "search, one key" "$VIGIL" --workspace "$FOLDER/ws" trail search "key = $KEY" --count
timed "search, all that failed" "$VIGIL" --workspace "$FOLDER/ws" trail search "error exists" --count
