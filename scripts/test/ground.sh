#!/bin/bash
# The stories of tests/ground on real machines: needs root on Linux, and builds the stand-in K3s first.
set -uo pipefail
. scripts/setup.sh
. scripts/count.sh

if [ "$(uname -s)" != Linux ] || [ "$(id -u)" != 0 ]; then
    cannot "the ground makes machines in a network namespace: it needs root on Linux"
    tell
    exit
fi
packages "$BUILD_PACKAGES $GROUND_PACKAGES" || cannot "Debian packages are missing"
toolchains cargo node npm go || { cannot "a toolchain is missing"; tell; exit; }
pages || { cannot "the pages do not build"; tell; exit; }

export PORTICO_STANDIN=${PORTICO_STANDIN:-$PORTICO_CACHE/standin}
check "the stand-in K3s builds" tests/ground/standin/build.sh "$PORTICO_STANDIN"
check "portico builds" cargo build --quiet --workspace --bin portico
# Each test has machines of its own, so that several could run at once; two cores carry one at a time without haste.
cargo_tests --features portico-tests/ground --test ground -- --test-threads=1

tell
