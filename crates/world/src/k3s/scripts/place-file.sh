# portico place-file
# shellcheck shell=sh
# Puts one verified file in its place: written beside, synced, checked against its digest, then renamed, so that
# a cut connection or a full disk never leaves half a file under the real name.
# Reads: path, mode, 1 to mark the machine as ours, SHA-256, size in bytes; then the file itself until the end.
set -eu
export LC_ALL=C
umask 022
IFS= read -r path
IFS= read -r mode
IFS= read -r mark
IFS= read -r sha256
IFS= read -r size

refuse() {
    printf 'reason=%s %s\n' "$1" "$2" >&2
    exit 10
}
no_space() {
    rm -f "$part"
    printf 'no space left for %s: %s bytes are needed, %s are free\n' "$path" "$size" "$1" >&2
    exit 28
}

case $path in
/usr/local/bin/k3s | /usr/local/lib/portico/install.sh) ;;
/var/lib/rancher/k3s/agent/images/*)
    case ${path#/var/lib/rancher/k3s/agent/images/} in
    */* | .* | *.portico-part) refuse path-not-allowed "$path" ;;
    *.tar | *.tar.*) ;;
    *) refuse path-not-allowed "$path" ;;
    esac
    ;;
*) refuse path-not-allowed "$path" ;;
esac
case $mode in 0755 | 0644 | 0600) ;; *) refuse mode-not-allowed "$mode" ;; esac
case $size in *[!0-9]* | '') refuse size-malformed "$size" ;; esac

marker=/etc/rancher/k3s/.portico
if [ ! -e "$marker" ]; then
    for found in /usr/local/bin/k3s /etc/systemd/system/k3s.service /etc/systemd/system/k3s-agent.service; do
        if [ -e "$found" ]; then refuse foreign-k3s "$found is there and not ours"; fi
    done
fi

part=$path.portico-part
mkdir -p "${path%/*}"
rm -f "$part"
free=$(df -Pk "${path%/*}" | awk 'NR == 2 { print $4 }')
# A little more than the file, so that the machine is not left with a disk that is full to the last block.
if [ "$((free * 1024))" -lt "$((size + 8388608))" ]; then no_space "$((free * 1024))"; fi

# Only the owner can read it until it has its final mode.
if ! complaint=$( (umask 077 && cat >"$part") 2>&1); then
    case $complaint in *'No space left'*) no_space 0 ;; esac
    rm -f "$part"
    printf '%s\n' "$complaint" >&2
    exit 1
fi
# The disk writes while the digest is made.
{ sync "$part" 2>/dev/null || sync; } &
found=$(sha256sum <"$part" | cut -d ' ' -f 1)
wait
if [ "$found" != "$sha256" ]; then
    received=$(wc -c <"$part" | tr -d ' ')
    rm -f "$part"
    printf 'expected=%s found=%s: %s of %s bytes came\n' "$sha256" "$found" "$received" "$size" >&2
    exit 20
fi
chmod "$mode" "$part"

# The mark comes before the file: a machine with our binary and no mark would look like someone else's.
if [ "$mark" = 1 ] && [ ! -e "$marker" ]; then
    mkdir -p "${marker%/*}"
    : >"$marker"
fi
mv -f "$part" "$path"

# What was just verified need not be hashed again until the file changes.
stamp=$(stat -c '%s.%Y.%Z.%i' "$path" 2>/dev/null || true)
if [ -n "$stamp" ]; then
    known=/usr/local/lib/portico/digests
    mkdir -p "${known%/*}"
    tab=$(printf '\t')
    {
        if [ -r "$known" ]; then awk -F "$tab" -v path="$path" '$1 != path' "$known"; fi
        printf '%s\t%s\t%s\n' "$path" "$stamp" "$sha256"
    } >"$known.portico-part"
    mv -f "$known.portico-part" "$known"
fi
printf 'placed=%s\n' "$sha256"
