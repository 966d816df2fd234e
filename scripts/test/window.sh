#!/bin/bash
# The built app, driven by WebDriver on a display of its own, on the practice homelab.
set -uo pipefail
. scripts/setup.sh
. scripts/count.sh

packages "$BUILD_PACKAGES $WINDOW_PACKAGES" || cannot "Debian packages are missing"
toolchains cargo node npm || { cannot "a toolchain is missing"; tell; exit; }
pages || { cannot "the pages do not build"; tell; exit; }
npm_packages tests/window || { cannot "the packages of tests/window cannot be installed"; tell; exit; }
has xvfb-run WebKitWebDriver || { cannot "xvfb-run or WebKitWebDriver is missing"; tell; exit; }
TAURI_DRIVER=$(tauri_driver) || { cannot "tauri-driver cannot be had"; tell; exit; }

if program portico-desktop; then
    export TAURI_DRIVER PORTICO_APP=$PORTICO_TARGET/debug/portico-desktop
    # Rendering in software, but composited: without, a still page never gives a screenshot.
    export LIBGL_ALWAYS_SOFTWARE=1
    told=$(mktemp -d)
    # Each story has a person who has never started it: no window state, no settings. A display and a bus of its own, so
    # that no keyring and no desktop of anybody is touched, and one story can be told beside the other.
    on_a_display() {
        local profile=$told/$1.profile
        export XDG_DATA_HOME=$profile/data XDG_CONFIG_HOME=$profile/config XDG_CACHE_HOME=$profile/cache
        xvfb-run -a -s '-screen 0 1440x900x24' dbus-run-session -- \
            node --test --test-reporter=tap "tests/window/$1" >"$told/$1.tap" 2>&1
        echo $? >"$told/$1.status"
    }
    said() {
        cat "$told/$1.tap"
        return "$(cat "$told/$1.status")"
    }
    for file in tests/window/*.test.mjs; do on_a_display "$(basename "$file")" & done
    wait
    for file in tests/window/*.test.mjs; do node_tests said "$(basename "$file")"; done
    rm -rf "$told"
else
    check "the app builds" false
fi

tell
