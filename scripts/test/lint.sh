#!/bin/bash
# What can be said without running the product: form, warnings, licences, types.
set -uo pipefail
. scripts/setup.sh
. scripts/count.sh

packages "$BUILD_PACKAGES $LINT_PACKAGES" || cannot "Debian packages are missing"
toolchains cargo node npm || { cannot "a toolchain is missing"; tell; exit; }
check "the pages build" pages

check "rustfmt" cargo fmt --all --check
if has clippy-driver; then
    check "clippy" cargo build --quiet --workspace --all-targets "${FEATURES[@]}"
else
    cannot "clippy is missing: rustup component add clippy"
fi

# The advisory database is fetched from the network each time; the other checks need nothing but the lock file.
if deny=$(cargo_deny); then
    check "licences, bans, sources" "$deny" --log-level error check --hide-inclusion-graph licenses bans sources
    if logged "$deny" --log-level error check --hide-inclusion-graph advisories; then
        PASSED=$((PASSED + 1))
    elif grep -qE 'failed to (fetch|clone|load|open|acquire|prepare|read)|advisory-db' "$LOG" &&
        ! grep -q '^error\[' "$LOG"; then
        say "advisories were NOT looked at: their database cannot be fetched from here"
    else
        FAILED=$((FAILED + 1))
    fi
else
    cannot "cargo-deny cannot be had"
fi

# Shell scripts by their ending or their first line.
if has shellcheck; then
    shell_scripts() {
        git ls-files --cached --others --exclude-standard | while read -r file; do
            [ -f "$file" ] || continue
            case $file in
            *.sh) echo "$file" ;;
            *.*) ;;
            *) head -c 64 "$file" | head -n 1 | grep -qaE '^#!.*\b(ba)?sh\b' && echo "$file" ;;
            esac
        done
    }
    mapfile -t scripts < <(shell_scripts)
    check "shellcheck over ${#scripts[@]} scripts" shellcheck -x "${scripts[@]}"
else
    cannot "shellcheck is missing"
fi

check "svelte-check" npm --prefix ui run --silent check
check "eslint and prettier" npm --prefix ui run --silent lint

if has go gofmt; then
    unformatted() { gofmt -l tests/ground bench && [ -z "$(gofmt -l tests/ground bench)" ]; }
    check "gofmt" unformatted
    for module in tests/ground/images tests/ground/standin tests/ground/programs/certmanager tests/ground/programs/coredns \
        bench/watch/informers; do
        check "go vet in $module" env -C "$module" go vet ./...
    done
else
    cannot "Go is missing"
fi

tell
