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

if cargo build --quiet --workspace --bin portico-loopback; then
    coproc SERVER { exec "$PORTICO_TARGET/debug/portico-loopback" ui/dist; }
    server=$SERVER_PID
    # shellcheck disable=SC2154 # SERVER is made by coproc
    if read -r line <&"${SERVER[0]}"; then
        PORTICO_URL=$(node -p 'JSON.parse(process.argv[1]).url' "$line")
        PORTICO_HOMELAB=$(node -p 'JSON.stringify(JSON.parse(process.argv[1]).homelab)' "$line")
        export PORTICO_URL PORTICO_HOMELAB
        node_tests node --test --test-reporter=tap tests/browser/*.test.mjs
    else
        check "the loopback server starts" false
    fi
    kill "$server" 2>/dev/null
    wait "$server" 2>/dev/null
else
    check "the loopback server builds" false
fi

tell
