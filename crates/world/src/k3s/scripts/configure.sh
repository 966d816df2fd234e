# portico configure
# shellcheck shell=sh
# Writes K3s' configuration and, for a machine that joins, the join token: both for root alone, both written
# beside and renamed, neither touched when it is right already.
# Reads: role; length and bytes of config.yaml; length and bytes of the token (0 for none).
set -eu
export LC_ALL=C
umask 077

refuse() {
    printf 'reason=%s %s\n' "$1" "$2" >&2
    exit 10
}
# The x keeps trailing newlines, which a command substitution drops.
block() {
    IFS= read -r length
    case $length in *[!0-9]* | '') refuse length-malformed "$length" ;; esac
    dd bs=1 count="$length" 2>/dev/null
    printf x
}

IFS= read -r role
config=$(block) || exit
config=${config%x}
token=$(block) || exit
token=${token%x}

case $role in
server) other=k3s-agent ;;
agent) other=k3s ;;
*) refuse role-unknown "$role" ;;
esac
directory=/etc/rancher/k3s
if [ -e "/etc/systemd/system/$other.service" ]; then
    refuse role-differs "this machine runs $other already"
fi
if [ ! -e "$directory/.portico" ]; then
    for found in /etc/systemd/system/k3s.service /etc/systemd/system/k3s-agent.service; do
        if [ -e "$found" ]; then refuse foreign-k3s "$found is there and not ours"; fi
    done
fi

(umask 022 && mkdir -p "$directory")
: >>"$directory/.portico"

# $1: file, $2: content. printf is the shell's own, so the content is on no command line.
put() {
    if [ -f "$1" ] && printf '%s' "$2" | cmp -s - "$1"; then
        chmod 0600 "$1"
    else
        printf '%s' "$2" >"$1.portico-part"
        sync "$1.portico-part" 2>/dev/null || sync
        mv -f "$1.portico-part" "$1"
    fi
}
put "$directory/config.yaml" "$config"
printf 'config=%s\n' "$(sha256sum <"$directory/config.yaml" | cut -d ' ' -f 1)"
if [ -n "$token" ]; then
    put "$directory/join-token" "$token"
    printf 'token=%s\n' "$(sha256sum <"$directory/join-token" | cut -d ' ' -f 1)"
fi
