#!/bin/sh
# Detection over CloudTrail's files beside its peers, in one run: bench_trail.py says what is measured.
#
#   bench/bench_trail.sh [CORPUS [OPTION...]]
#
# CORPUS is a folder of .json.gz files; without one, 2 GB are made of the real logs (tools/gen_trail_corpus.py) in
# build/bench/trail-corpus and kept. Needs vigil (VIGIL, build/bench/vigil), build/bench/bench/bench_trail_inflate and, for
# the peers, tools/peers.sh.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
CORPUS=${1:-$ROOT/build/bench/trail-corpus}
[ $# -gt 0 ] && shift
if [ ! -d "$CORPUS" ]; then
    python3 "$ROOT/tools/gen_trail_corpus.py" "$CORPUS.part"
    mv "$CORPUS.part" "$CORPUS"
fi
sed -n 's/^model name[^:]*: */processor: /p' /proc/cpuinfo | head -1
exec python3 "$ROOT/bench/bench_trail.py" "$CORPUS" "$@"
