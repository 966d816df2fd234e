#!/bin/bash
# scripts/try-deb.sh DEB [PICTURE]: installs DEB on a clean Debian 12 with apt, which has to find all that it needs, opens
# the window on a display there, and takes it away again. PICTURE gets what was on the display, as XWD. Needs root.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. scripts/setup.sh

deb=$(readlink -f "${1:?a .deb}")
picture=${2:-}
[ "$(id -u)" = 0 ] || { say "needs root, to make a Debian of its own"; exit 1; }
packages debootstrap

root=$(mktemp -d -p /var/tmp portico-deb.XXXXXX)
trap 'rm -rf --one-file-system "$root"' EXIT
# It is the root of everybody in there.
chmod 755 "$root"
say "making a clean Debian"
debootstrap --variant=minbase --include=ca-certificates bookworm "$root" >"$root.log" 2>&1 ||
    { tail -n 3 "$root.log" >&2; exit 1; }
rm -f "$root.log"
# The packages come from where this computer has them.
cp -a /etc/apt/. "$root/etc/apt/"
cp "$deb" "$root/root/portico.deb"

# Processes of its own, which end with the last line of each part; nothing is left mounted.
on_it() {
    # shellcheck disable=SC2016 # it expands in there
    unshare --mount --pid --fork --kill-child sh -euc '
        mount -t proc proc "$0/proc"
        mount -t tmpfs tmpfs "$0/dev/shm"
        exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
    ' "$root" "$@"
}
say "installing"
# shellcheck disable=SC2016 # it expands there
on_it sh -euc '
    apt-get update -q >/dev/null 2>&1
    apt-get install -qy --no-install-recommends /root/portico.deb >/dev/null
    portico-desktop --version
    grep -qx "Exec=portico-desktop %u" /usr/share/applications/Portico.desktop
    grep -qx "MimeType=x-scheme-handler/portico;" /usr/share/applications/Portico.desktop
'
say "opening the window"
# Only to see it: installed after Portico, so that its own list of what it needs has been tried by itself.
# shellcheck disable=SC2016 # it expands there
on_it sh -euc '
    apt-get install -qy --no-install-recommends xvfb xauth x11-utils x11-apps dbus >/dev/null
    useradd --create-home someone
    cat >/tmp/look <<SH
portico-desktop --practice portico://practice &
app=\$!
trap "kill \$app 2>/dev/null" EXIT
for second in \$(seq 60); do
    kill -0 \$app || exit 1
    if xwininfo -root -tree | grep -q "\"Portico\""; then
        sleep 15
        kill -0 \$app && xwd -root -silent >/tmp/picture.xwd
        exit
    fi
    sleep 1
done
echo "no window after a minute" >&2
exit 1
SH
    su someone -c "LIBGL_ALWAYS_SOFTWARE=1 xvfb-run -a -s \"-screen 0 1440x900x24\" dbus-run-session -- sh /tmp/look"
'
[ -z "$picture" ] || cp "$root/tmp/picture.xwd" "$picture"
# shellcheck disable=SC2016 # it expands there
on_it sh -euc '
    apt-get remove -qy portico >/dev/null
    ! command -v portico-desktop
'
say "installed, opened, and removed again"
