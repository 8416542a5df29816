#!/bin/sh
# Writes what is made from something else: docs/reference from the program and the content, the picture of
# docs/architecture.md from tools/rooms.txt, examples/organization from its story. With --check, says which of those in
# the tree are not what would be written, and fails. Uses the release build.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
VIGIL=$ROOT/build/release/vigil
STATUS=0

# generated FILE COMMAND...: FILE is what COMMAND prints.
generated() {
    file=$ROOT/$1
    shift
    new=$ROOT/build/generated.new
    "$@" >"$new"
    if cmp -s "$new" "$file"; then
        return 0
    elif [ "$MODE" = check ]; then
        echo "$file: not what the program would write; run tools/generated.sh"
        STATUS=1
    else
        mkdir -p "$(dirname "$file")"
        cp "$new" "$file"
    fi
}

case ${1:-} in
'') MODE='write' ;;
--check) MODE='check' ;;
*)
    echo "usage: tools/generated.sh [--check]" >&2
    exit 2
    ;;
esac

generated docs/reference/cli.md "$VIGIL" help --markdown
generated docs/reference/policy-checks.md "$VIGIL" iam lint --list --format markdown
if [ $MODE = check ]; then
    "$ROOT/tools/rooms.py" >/dev/null || STATUS=1
    for writer in "$ROOT"/tools/gen_*_docs.py; do
        python3 "$writer" --check || STATUS=1
    done
    rm -rf "$ROOT/build/generated.example"
    python3 "$ROOT/tools/gen_example.py" "$ROOT/build/generated.example"
    diff -r "$ROOT/build/generated.example" "$ROOT/examples/organization" || STATUS=1
else
    "$ROOT/tools/rooms.py" --draw
    for writer in "$ROOT"/tools/gen_*_docs.py; do
        python3 "$writer"
    done
    python3 "$ROOT/tools/gen_example.py"
fi
exit $STATUS
