# shellcheck shell=bash
# Runs the checks of a part of ./test and counts them by what their runners say. Sourced.
# A check that cannot run says why; in CI that is a failure, so that nothing is skipped silently.

# Clippy is a compiler: with it as that of our own crates in every part, they are looked at while they are compiled. A
# `cargo clippy` beside that would compile all dependencies once more for itself. This is how cargo-clippy tells it.
if has clippy-driver; then
    export RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__
fi
# In all parts alike, for the same reason.
FEATURES=(--features portico-tests/ground)

# program NAME: one of ours, out of the same build as the tests. Without a test beside it, the features that only tests ask
# for would be left out, and half of the workspace be compiled once more.
program() { cargo build --quiet --workspace "${FEATURES[@]}" --bin "$1" --test architecture; }

PASSED=0
FAILED=0
LOG=$(mktemp)
trap 'rm -f "$LOG"' EXIT

# Shows a command's output and keeps it in $LOG; returns the command's own status.
logged() {
    "$@" 2>&1 | tee "$LOG"
    return "${PIPESTATUS[0]}"
}

# add PASSED FAILED STATUS: a runner that failed without a failed test (it did not compile, say) counts as one.
add() {
    local failed=$2
    if [ "$3" != 0 ] && [ "$failed" = 0 ]; then failed=1; fi
    PASSED=$((PASSED + $1))
    FAILED=$((FAILED + failed))
}

# sum LINES WORD: adds up the numbers right before WORD in the lines of $LOG that match.
sum() {
    sed 's/\x1b\[[0-9;]*m//g' "$LOG" | grep -E "$1" | grep -oE "[0-9]+ $2" | awk '{n += $1} END {print n + 0}'
}

# check NAME COMMAND...: one check, passed when the command ends with 0.
check() {
    local name=$1
    shift
    say "-- $name"
    if "$@"; then
        PASSED=$((PASSED + 1))
    else
        FAILED=$((FAILED + 1))
        say "FAILED: $name"
    fi
}

# cannot WHY: a check that has no means to run here.
cannot() {
    say "NOT RUN: $*"
    if [ "${CI:-}" = true ]; then FAILED=$((FAILED + 1)); fi
}

# cargo_tests ARGUMENT...: `cargo test`, counted by test.
cargo_tests() {
    local status=0
    say "-- cargo test $*"
    # A test that hangs ends here, and its name is the last that was printed.
    logged timeout --kill-after=30 40m cargo test --workspace --no-fail-fast "${FEATURES[@]}" "$@" || status=$?
    [ "$status" != 124 ] || say "FAILED: not done within 40 minutes"
    local ignored
    # Some are programs that the other tests start in a place of their own; those did run.
    ignored=$(grep -E '^test .* \.\.\. ignored' "$LOG" | grep -cv 'started by the other tests')
    [ "$ignored" = 0 ] || cannot "$ignored ignored Rust tests"
    add "$(sum '^test result:' passed)" "$(sum '^test result:' failed)" "$status"
}

# vitest_tests FOLDER
vitest_tests() {
    local status=0
    say "-- vitest in $1"
    (cd "$1" && logged npx --no-install vitest run) || status=$?
    add "$(sum '^ *Tests ' passed)" "$(sum '^ *Tests ' failed)" "$status"
}

# node_tests COMMAND...: a command that runs Node.js' own runner with its tap reporter.
node_tests() {
    local status=0
    say "-- $*"
    logged "$@" || status=$?
    add "$(awk '/^# pass /{n = $3} END {print n + 0}' "$LOG")" "$(awk '/^# fail /{n = $3} END {print n + 0}' "$LOG")" \
        "$status"
}

# go_tests FOLDER PACKAGE...: counted by test.
go_tests() {
    local status=0 folder=$1
    shift
    say "-- go test in $folder"
    (cd "$folder" && logged go test -v "$@") >/dev/null || status=$?
    grep -E '^(FAIL|ok|---|panic)' "$LOG" | grep -v -- '^--- PASS' || true
    [ "$status" = 0 ] || cat "$LOG"
    add "$(grep -c '^--- PASS' "$LOG")" "$(grep -c '^--- FAIL' "$LOG")" "$status"
}

# The part's last line, and its status.
tell() {
    echo "$PASSED passed, $FAILED failed"
    [ "$FAILED" = 0 ]
}
