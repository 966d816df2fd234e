#!/bin/bash
# Everything that needs no homelab: the crates' own tests, the pages' and the pure packages of the stand-in.
set -uo pipefail
. scripts/setup.sh
. scripts/count.sh

packages "$BUILD_PACKAGES $UNIT_PACKAGES" || cannot "Debian packages are missing"
toolchains cargo node npm || { cannot "a toolchain is missing"; tell; exit; }
pages || { cannot "the pages do not build"; tell; exit; }
npm_packages tests/flows/sdk || cannot "the packages of tests/flows/sdk cannot be installed"

# Test programs whose name begins with a part's name belong to that part.
mapfile -t programs < <(cargo metadata --no-deps --format-version 1 | node -e '
    const { packages } = JSON.parse(require("fs").readFileSync(0));
    for (const { name, kind } of packages.flatMap((each) => each.targets))
        if (kind.includes("test") && !/^(flow|ground|window|browser)/.test(name)) console.log("--test=" + name);
')
cargo_tests --lib --bins "${programs[@]}"
vitest_tests ui
if has go; then
    go_tests tests/ground/images ./...
    # The rest of the stand-in is Kubernetes itself; it is tried as a whole, on the ground.
    go_tests tests/ground/standin ./balancer ./config ./packaged ./servicelb ./token
else
    cannot "Go is missing"
fi

tell
