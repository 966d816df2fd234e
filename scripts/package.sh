#!/bin/bash
# scripts/package.sh [KIND...]   builds Portico to install: deb, rpm, appimage on Linux (deb unless said otherwise); app,
#                                dmg on macOS; nsis, msi on Windows. Prints each file with its size.
# scripts/package.sh --try       also installs the deb on a clean Debian 12 and opens the window there (root, Linux).
# appimage fetches its tools from the internet.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. scripts/setup.sh

# A deb larger than this is a mistake: see the goals in bench/README.md.
DEB_LIMIT=$((15 << 20))

try=
kinds=()
for word in "$@"; do
    case $word in
    --try) try=yes ;;
    -*)
        sed -n '2,5s/^# //p' "$0" >&2
        exit 2
        ;;
    *) kinds+=("$word") ;;
    esac
done
[ ${#kinds[@]} -gt 0 ] || kinds=(deb)

toolchains cargo node npm
packages "$BUILD_PACKAGES"
pages
npm_packages src-tauri
say "Building what is released (the first time takes a quarter of an hour)…"
cargo build --release --workspace --bin portico-desktop
rm -rf "$PORTICO_TARGET/release/bundle"
(cd src-tauri && CARGO_TARGET_DIR=$PORTICO_TARGET npx --no-install tauri bundle --ci --bundles "${kinds[@]}" >&2)
deb=$(find "$PORTICO_TARGET/release/bundle/deb" -name '*.deb' 2>/dev/null || true)
if [ -n "$deb" ]; then
    # The bundler compresses with gzip; with xz, which every Debian can read, a third less is downloaded.
    unpacked=$(mktemp -d)
    dpkg-deb --raw-extract "$deb" "$unpacked/portico"
    dpkg-deb --root-owner-group -Zxz --build "$unpacked/portico" "$deb" >&2
    rm -rf "$unpacked"
fi
find "$PORTICO_TARGET/release/bundle" -maxdepth 2 -type f -name '*ortico*.*' -printf '%p\t%s bytes\n'
if [ -n "$deb" ] && [ "$(stat -c %s "$deb")" -gt "$DEB_LIMIT" ]; then
    say "$deb is larger than $((DEB_LIMIT >> 20)) MiB"
    exit 1
fi
[ -z "$try" ] || exec scripts/try-deb.sh "$deb"
