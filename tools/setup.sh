# shellcheck shell=sh
# setup.sh: sourced by ./run, ./test and .ci/run; makes sure that the Debian packages of tools/packages.txt are there.
# Asking dpkg takes ten milliseconds, so it is asked every time and nothing has to be remembered.

# The packages of the sets named, on one line.
packages_of() {
    for set_name in "$@"; do
        sed -n "s/^$set_name: //p" "$ROOT/tools/packages.txt"
    done | tr '\n' ' '
}

# Those of the packages named that are not installed.
missing_of() {
    installed=" $(dpkg-query -W -f='${db:Status-Status}=${Package} ' "$@" 2>/dev/null || true) "
    for package in "$@"; do
        case $installed in
        *" installed=$package "*) ;;
        # npm comes inside nodejs where that is not Debian's own; what counts is that the command is there.
        *) [ "$package" = npm ] && command -v npm >/dev/null || printf '%s ' "$package" ;;
        esac
    done
}

# Runs apt as root, as whoever we are allows: directly, or through sudo (which may ask, but only on a terminal).
as_root() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    elif [ -t 0 ]; then
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

can_be_root() {
    [ "$(id -u)" = 0 ] && return 0
    command -v sudo >/dev/null || return 1
    [ -t 0 ] || sudo -n true 2>/dev/null
}

# Installs what is missing of the sets named, or says what to type and fails. A system without dpkg is left to its
# owner: the build says what it does not find.
need_packages() {
    command -v dpkg-query >/dev/null || return 0
    # shellcheck disable=SC2046 # names of packages hold no spaces
    missing=$(missing_of $(packages_of "$@"))
    [ -z "$missing" ] && return 0
    if ! can_be_root; then
        printf 'Some packages are missing, and installing them needs root. Type:\n\n' >&2
        printf '    sudo apt-get update && sudo apt-get install -y --no-install-recommends %s\n\n' "${missing% }" >&2
        return 1
    fi
    echo "Installing from Debian: $missing" >&2
    # shellcheck disable=SC2086
    as_root apt-get install -y -qq --no-install-recommends $missing </dev/null >/dev/null 2>&1 && return 0
    # The lists of packages may be absent or old.
    # shellcheck disable=SC2086
    as_root apt-get update -qq </dev/null >&2 &&
        as_root apt-get install -y -qq --no-install-recommends $missing </dev/null >&2 && return 0
    printf 'These packages could not be installed: %s\n' "$missing" >&2
    return 1
}

# What cannot even start is one failure, said as every run is closed.
cannot_start() {
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
}

# A python3 of the user's own that comes before Debian's may lack what Debian's has: then Debian's goes first.
prefer_python() {
    python3 -c 'import yaml' 2>/dev/null || PATH=/usr/bin:$PATH
}

# Configures (once) and builds the preset named, silently unless it fails: build PRESET [TARGET...]. What a build prints
# goes to build/PRESET/build.log.
build() {
    preset=$1
    shift
    log=$ROOT/build/$preset/build.log
    if [ ! -f "$ROOT/build/$preset/build.ninja" ]; then
        mkdir -p "$ROOT/build/$preset"
        echo "Building ($preset); the first time takes a while." >&2
        (cd "$ROOT" && cmake --preset "$preset") >"$log" 2>&1 || { cat "$log" >&2; return 1; }
    fi
    ninja --quiet -C "$ROOT/build/$preset" "$@" >"$log" 2>&1 || { cat "$log" >&2; return 1; }
}
