#!/bin/bash
# The window's pages in Chromium, over the loopback server, on the practice homelab.
set -uo pipefail
. scripts/setup.sh
. scripts/count.sh

packages "$BUILD_PACKAGES $BROWSER_PACKAGES" || cannot "Debian packages are missing"
toolchains cargo node npm || { cannot "a toolchain is missing"; tell; exit; }
pages || { cannot "the pages do not build"; tell; exit; }
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)}
export CHROMIUM
[ -n "$CHROMIUM" ] || { cannot "there is no Chromium"; tell; exit; }

# Each file has a homelab of its own: one that is broken on purpose must not be found by the next.
story() {
    local server line
    coproc SERVER { exec "$PORTICO_TARGET/debug/portico-loopback" ui/dist; }
    server=$SERVER_PID
    # shellcheck disable=SC2154 # SERVER is made by coproc
    if read -r line <&"${SERVER[0]}"; then
        PORTICO_URL=$(node -p 'JSON.parse(process.argv[1]).url' "$line")
        PORTICO_HOMELAB=$(node -p 'JSON.stringify(JSON.parse(process.argv[1]).homelab)' "$line")
        export PORTICO_URL PORTICO_HOMELAB
        node_tests node --test --test-reporter=tap "$1"
    else
        check "the loopback server starts" false
    fi
    kill "$server" 2>/dev/null
    wait "$server" 2>/dev/null
}

if program portico-loopback; then
    for file in tests/browser/*.test.mjs; do story "$file"; done
else
    check "the loopback server builds" false
fi

tell
