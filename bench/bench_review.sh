#!/bin/sh
# Makes an organisation's exports, imports them, and reviews them in four formats beside the bound: the least that any
# program must do, which is to read every resource's current version out of the database. Prints seconds, memory and the
# ratio; everything is removed afterwards.
#
#   bench/bench_review.sh [ACCOUNTS] [THREADS]      default: 1000 accounts (2.2 GB of exports, 5 GB of disk), 2 threads
#
# Needs a release build (./run makes it) and GNU time. BENCH_VIGIL names another program, BENCH_FOLDER another place for
# the files. Processor time is what to compare on a machine that does other things too; figures are of the second review,
# when findings are known.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
PROGRAM=${BENCH_VIGIL:-$ROOT/build/release/vigil}
ACCOUNTS=${1:-1000} THREADS=${2:-2} NOW=2026-11-24T12:00:00Z
FOLDER=$(mktemp -d "${BENCH_FOLDER:-/tmp}/vigil-bench-review-XXXXXX")
trap 'rm -rf "$FOLDER"' EXIT INT TERM

# measure LABEL COMMAND...: a line with wall seconds, processor seconds, MB; leaves them in $took.
measure() {
    label=$1
    shift
    /usr/bin/time -o "$FOLDER/time" -f '%e %U %S %M' "$@" > "$FOLDER/out"
    took=$(awk '{printf "%.2f %.2f %.0f", $1, $2 + $3, $4 / 1000}' "$FOLDER/time")
    echo "$label $took $(wc -c < "$FOLDER/out")" | awk -v bound="${bound:-0}" '{
        printf "%-10s %8.2f %8.2f %8d %9.1f", $1, $2, $3, $4, $5 / 1e6
        if (bound > 0) printf " %9.1f", $3 / bound
        print ""}'
}

python3 "$ROOT/tools/gen_organization.py" "$FOLDER/files" --accounts "$ACCOUNTS"
printf '%-10s %8s %8s %8s %9s %9s\n' "" 'wall s' 'cpu s' MB 'out MB' '/ bound'
measure import "$PROGRAM" import "$FOLDER/files" --workspace "$FOLDER/w" --threads "$THREADS" --now "$NOW" --quiet
rm -rf "$FOLDER/files"
measure bound python3 - "$FOLDER/w" <<'PYTHON'
import pathlib, sqlite3, sys
database = next(p for p in pathlib.Path(sys.argv[1]).iterdir() if p.suffix == ".db")
rows = sqlite3.connect(f"file:{database}?mode=ro", uri=True).execute(
    "SELECT sum(length(r.id) + length(v.properties)) FROM shelf s CROSS JOIN resource r CROSS JOIN resource_version v"
    " WHERE r.shelf = s.number AND v.number = r.current")
print(rows.fetchone()[0])
PYTHON
bound=$(echo "$took" | cut -d' ' -f2)
measure first "$PROGRAM" review --workspace "$FOLDER/w" --threads "$THREADS" --now "$NOW" --quiet
for format in terminal html json ocsf; do
    measure "$format" "$PROGRAM" review --workspace "$FOLDER/w" --threads "$THREADS" --now "$NOW" --quiet --format "$format"
    sha256sum < "$FOLDER/out" > "$FOLDER/$format.sum"
done
if [ "$THREADS" != 1 ]; then
    for format in terminal html json ocsf; do
        "$PROGRAM" review --workspace "$FOLDER/w" --threads 1 --now "$NOW" --quiet --format "$format" |
            sha256sum | cmp -s - "$FOLDER/$format.sum" || { echo "$format differs with one thread"; exit 1; }
    done
    echo "the same bytes with 1 and $THREADS threads"
fi
