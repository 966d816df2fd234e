#!/bin/bash
# The stories of tests/flows on the practice homelab.
set -uo pipefail
. scripts/setup.sh
. scripts/count.sh

packages "$BUILD_PACKAGES $UNIT_PACKAGES" || cannot "Debian packages are missing"
toolchains cargo node npm || { cannot "a toolchain is missing"; tell; exit; }
pages || { cannot "the pages do not build"; tell; exit; }

# The stories run the program itself, which cargo does not build for the tests of another package.
check "portico builds" program portico
# They wait more than they work: for homelabs to come up, and for faults to be noticed.
cargo_tests --test 'flow*' -- --test-threads=$(($(nproc) * 3))

tell
