#!/bin/sh
# Decides the same requests with the engine and with its peer, in one run, and prints both: realistic requests (managed
# policies, SCPs; those of the test data's generator), the small fixtures, compiling the managed policies, slow patterns.
#
#   bench/bench_policy.sh [REQUESTS] [PEER_REQUESTS]      default: 20000, of which the peer decides 1000
#
# Needs the benchmarks built (ninja -C build/bench bench_policy; BENCH_POLICY names another program), the test data
# (VIGIL_TEST_DATA) and, for the peer, node and tools/peers.sh.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
PROGRAM=${BENCH_POLICY:-$ROOT/build/bench/bench/bench_policy}
DATA=${VIGIL_TEST_DATA:-$ROOT/../shared/data}
PEER=$DATA/../peers/iam-simulate
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT INT TERM
sed -n 's/^model name[^:]*: */processor: /p' /proc/cpuinfo | head -1
python3 "$PEER/gen.py" "${1:-20000}" 1 >"$WORK/requests.jsonl"
gzip -dc "$DATA/iam-policies/managed/managedpolicies.jsonl.gz" >"$WORK/managed.jsonl"
echo "realistic requests:"
"$PROGRAM" "$WORK/requests.jsonl" 20
echo "small fixtures:"
"$PROGRAM" "$DATA/iam-decisions/core.jsonl" 2000
echo "managed policies:"
"$PROGRAM" --compile "$WORK/managed.jsonl"
"$PROGRAM" --worst
if [ -d "$ROOT/build/peers/node_modules/@cloud-copilot/iam-simulate" ] && command -v node >/dev/null; then
    echo "the peer, on the same requests:"
    head -"${2:-1000}" "$WORK/requests.jsonl" | PEER_NM=$ROOT/build/peers/node_modules node "$PEER/peer.mjs" --bench=3
    echo "the peer, on the small fixtures:"
    grep -v '"mode":"Discovery"' "$DATA/iam-decisions/core.jsonl" |
        PEER_NM=$ROOT/build/peers/node_modules node "$PEER/peer.mjs" --bench=20
else
    echo "not run: the peer (tools/peers.sh installs it)"
fi
