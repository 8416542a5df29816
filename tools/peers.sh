#!/bin/sh
# Installs the tools that tests/peers compare with into build/peers: npm's into node_modules, PyPI's into venv, crates into rsigma. What
# cannot be had is said and left out; its comparison then says `not run`. Installed once for each state of the lists,
# and without network afterwards.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
LISTS=$ROOT/tests/peers
PEERS=$ROOT/build/peers
CRATE=$LISTS/sigma/rsigma
mkdir -p "$PEERS"

# installed NAME FILE...: whether NAME was installed from exactly these files.
installed() {
    stamp=$PEERS/$1.stamp
    shift
    [ -f "$stamp" ] && cat "$@" | cmp -s - "$stamp"
}

install_npm() {
    cp "$LISTS/package.json" "$LISTS/package-lock.json" "$LISTS/.npmrc" "$PEERS/"
    (cd "$PEERS" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error) </dev/null >&2 &&
        cat "$LISTS/package.json" "$LISTS/package-lock.json" >"$PEERS/npm.stamp"
}

install_pypi() {
    rm -rf "$PEERS/venv"
    python3 -m venv "$PEERS/venv" &&
        "$PEERS/venv/bin/pip" install --quiet --disable-pip-version-check -r "$LISTS/requirements.txt" </dev/null >&2 &&
        cat "$LISTS/requirements.txt" >"$PEERS/pypi.stamp"
}

# rsigma's evaluator is a library; the programs that ask it are built here, from a copy whose lock file names the registry
# that cargo itself uses.
install_crates() {
    SOURCE=$PEERS/rsigma-source
    rm -rf "$SOURCE"
    cp -R "$CRATE" "$SOURCE"
    (cd "$SOURCE" && cargo generate-lockfile --quiet &&
        REGISTRY=$(sed -n 's/^source = "\(.*\)"$/\1/p' Cargo.lock | head -n 1) &&
        sed "s|^source = \"registry\"|source = \"$REGISTRY\"|" Cargo.lock.in >Cargo.lock &&
        cargo build --release --locked --quiet --target-dir "$PEERS/rsigma") </dev/null >&2 &&
        cat "$CRATE/Cargo.toml" "$CRATE/Cargo.lock.in" "$CRATE"/src/*.rs "$CRATE"/src/bin/*.rs >"$PEERS/crates.stamp"
}

STATUS=0
if [ -f "$LISTS/package.json" ] && ! installed npm "$LISTS/package.json" "$LISTS/package-lock.json"; then
    install_npm || { echo "peers: npm's could not be installed" >&2; STATUS=1; }
fi
if [ -f "$LISTS/requirements.txt" ] && ! installed pypi "$LISTS/requirements.txt"; then
    install_pypi || { echo "peers: PyPI's could not be installed" >&2; STATUS=1; }
fi
if ! installed crates "$CRATE/Cargo.toml" "$CRATE/Cargo.lock.in" "$CRATE"/src/*.rs "$CRATE"/src/bin/*.rs; then
    if command -v cargo >/dev/null; then
        install_crates || { echo "peers: rsigma could not be built" >&2; STATUS=1; }
    else
        echo "peers: rsigma cannot be built without cargo" >&2
        STATUS=1
    fi
fi
exit $STATUS
