#!/bin/bash
# How long `vigil --version` takes from exec to exit, beside /bin/true in the same run, and how large the release program
# is without its content. Fails when a start takes 5 ms or more, or the program is 8 MB or larger. Judged is the fastest
# of many starts, since what else the machine does can only add; the median is shown beside it.
#
#   bench/bench_startup.sh [PROGRAM]     default build/release/vigil, built by ./run
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
VIGIL=${1:-$ROOT/build/release/vigil}
ROUNDS=201

# Microseconds of a command over ROUNDS runs: the fastest and the median.
times() {
    local i start
    for ((i = 0; i < ROUNDS; i++)); do
        start=${EPOCHREALTIME/[.,]/}
        "$@" >/dev/null
        echo $((${EPOCHREALTIME/[.,]/} - start))
    done | sort -n | sed -n "1p;$((ROUNDS / 2 + 1))p" | tr '\n' ' '
}

read -r nothing nothing_median <<<"$(times /bin/true)"
read -r start start_median <<<"$(times "$VIGIL" --version)"
content=$(find "$ROOT/content" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }')
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
strip -o "$stripped" "$VIGIL"
size=$(($(stat -c %s "$VIGIL") - content))
size_stripped=$(($(stat -c %s "$stripped") - content))

printf 'start-up: vigil --version %d us (median %d), /bin/true %d us (median %d); ratio %d.%02d, %d rounds\n' "$start" \
    "$start_median" "$nothing" "$nothing_median" $((start / nothing)) $((start * 100 / nothing % 100)) "$ROUNDS"
printf 'size without content: %d bytes, stripped %d; content %d bytes\n' "$size" "$size_stripped" "$content"
status=0
if ((start >= 5000)); then
    echo "start-up took 5 ms or more"
    status=1
fi
if ((size >= 8000000)); then
    echo "the program is 8 MB or larger"
    status=1
fi
exit $status
