#!/bin/bash
# What the other parts stand on, compiled at once: Rust and Go share the cores from the first minute on, and no story has to
# share them with a compiler. Each part builds what it needs by itself as well, and finds it done.
set -uo pipefail
. scripts/setup.sh
. scripts/count.sh

packages "$BUILD_PACKAGES $LINT_PACKAGES $UNIT_PACKAGES $BROWSER_PACKAGES $WINDOW_PACKAGES $GROUND_PACKAGES" ||
    cannot "Debian packages are missing"
toolchains cargo node npm go || { cannot "a toolchain is missing"; tell; exit; }

tests/ground/standin/build.sh "$PORTICO_STANDIN" &
standin=$!
check "the pages build" pages
check "the workspace compiles" cargo build --quiet --workspace --all-targets "${FEATURES[@]}"
check "the driver of the window's stories is there" tauri_driver
check "the stand-in K3s builds" wait "$standin"

tell
