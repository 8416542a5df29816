#!/bin/sh
# Writes the documents that are made from the program and from tools/rooms.txt; with --check, says which of those in the
# tree are not what would be written, and fails. Uses the release build.
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
if [ $MODE = check ]; then
    "$ROOT/tools/rooms.py" >/dev/null || STATUS=1
else
    "$ROOT/tools/rooms.py" --draw
fi
exit $STATUS
