#!/bin/sh
# Makes an organisation's exports, imports them and prints the ratios; everything is removed afterwards.
#
#   bench/bench_import.sh [ACCOUNTS] [THREADS]      default: 1000 accounts (2 GB), a thread a processor
#
# Needs the benchmarks built: cmake -S . -B build/bench -G Ninja -DCMAKE_BUILD_TYPE=Release -DVIGIL_BENCH=ON &&
# ninja -C build/bench bench_import. BENCH_IMPORT names another program, BENCH_FOLDER another place for the files.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
PROGRAM=${BENCH_IMPORT:-$ROOT/build/bench/bench/bench_import}
FOLDER=$(mktemp -d "${BENCH_FOLDER:-/tmp}/vigil-bench-import-XXXXXX")
trap 'rm -rf "$FOLDER"' EXIT INT TERM
python3 "$ROOT/tools/gen_organization.py" "$FOLDER/files" --accounts "${1:-1000}"
mkdir "$FOLDER/work"
"$PROGRAM" "$FOLDER/files" "$FOLDER/work" "${2:-0}"
