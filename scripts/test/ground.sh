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

check "the stand-in K3s builds" tests/ground/standin/build.sh "$PORTICO_STANDIN"
check "portico builds" program portico
# Each test has machines of its own and waits for them most of the time, so that two of them leave the cores some air. They
# begin by their names: the two that wait longest, away and breaks, are among the first.
cargo_tests --test ground -- --test-threads=2

tell
