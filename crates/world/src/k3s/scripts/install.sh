# portico install
# shellcheck shell=sh
# Runs K3s' own installer over the files that are in place, then starts the unit and waits until it is up. The
# unit is restarted only when its configuration, its binary or the unit itself changed since it last came up.
# Reads: role. config.yaml carries every flag, so the installer gets none and its environment is empty.
set -eu
export LC_ALL=C
IFS= read -r role

refuse() {
    printf 'reason=%s %s\n' "$1" "$2" >&2
    exit 10
}
case $role in
server) unit=k3s other=k3s-agent ;;
agent) unit=k3s-agent other=k3s ;;
*) refuse role-unknown "$role" ;;
esac
directory=/etc/rancher/k3s
unit_file=/etc/systemd/system/$unit.service
installer=/usr/local/lib/portico/install.sh
[ -e "$directory/.portico" ] || refuse foreign-k3s "this machine is not marked as ours"
[ ! -e "/etc/systemd/system/$other.service" ] || refuse role-differs "this machine runs $other already"
[ -x /usr/local/bin/k3s ] || refuse binary-missing /usr/local/bin/k3s
[ -r "$installer" ] || refuse installer-missing "$installer"
[ -r "$directory/config.yaml" ] || refuse config-missing "$directory/config.yaml"

# What the unit logged before belongs to another attempt, and to its cause.
fail() {
    printf '%s\njournal:\n' "$1" >&2
    journalctl -u "$unit" -n 40 --since "@$begun" --no-pager -o cat >&2 2>/dev/null || true
    exit 30
}
digest() { if [ -e "$1" ]; then sha256sum <"$1" | cut -d ' ' -f 1; fi; }
# What place-file verified need not be hashed again while the file is untouched.
verified() {
    stamp=$(stat -c '%s.%Y.%Z.%i' "$1" 2>/dev/null || true)
    [ -n "$stamp" ] && [ -r /usr/local/lib/portico/digests ] || return 0
    awk -F "$(printf '\t')" -v path="$1" -v stamp="$stamp" '$1 == path && $2 == stamp { print $3 }' \
        /usr/local/lib/portico/digests
}
# Puts the unit's state and how often systemd tried again into $state and $restarts.
look() {
    state='' restarts=0
    while IFS='=' read -r key value; do
        case $key in
        ActiveState) state=$value ;;
        NRestarts) restarts=${value:-0} ;;
        esac
    done <<EOF
$(systemctl show -p ActiveState -p NRestarts "$unit" 2>/dev/null || true)
EOF
}

config=$(digest "$directory/config.yaml")
binary=$(verified /usr/local/bin/k3s)
[ -n "$binary" ] || binary=$(digest /usr/local/bin/k3s)
# A new token needs a restart as well: a waiting agent goes on asking with the old one.
token=$(digest "$directory/join-token")
wanted="$config $binary ${token:--}"
unit_before=$(digest "$unit_file")

# Starting is left to the lines below: the installer would wait for ever for a service that cannot come up.
if ! env -i PATH="$PATH" HOME=/root LC_ALL=C INSTALL_K3S_SKIP_DOWNLOAD=true INSTALL_K3S_SKIP_SELINUX_RPM=true \
    INSTALL_K3S_SKIP_START=true sh "$installer" "$role" </dev/null >&2; then
    echo 'the installer failed' >&2
    exit 30
fi

started=
[ ! -r "$directory/.portico-started" ] || started=$(cat "$directory/.portico-started")
look
if [ "$started" = "$wanted" ] && [ "$unit_before" = "$(digest "$unit_file")" ] && [ "$state" = active ]; then
    printf 'unchanged=%s\n' "$unit"
    exit 0
fi

# Until it is up again, nobody may think that it runs with the new files.
rm -f "$directory/.portico-started"
begun=$(date +%s)
systemctl reset-failed "$unit" 2>/dev/null || true
systemctl restart --no-block "$unit" </dev/null || fail 'systemd refused to start the unit'
end=$(($(date +%s) + 180))
look
while [ "$state" != active ]; do
    [ "$state" != failed ] || fail "$unit failed to start"
    # systemd tries again by itself; twice in vain is enough to know.
    [ "$restarts" -lt 2 ] || fail "$unit keeps stopping: $restarts attempts"
    [ "$(date +%s)" -lt "$end" ] || fail "$unit did not come up within 180 seconds"
    sleep 0.1 2>/dev/null || sleep 1
    look
done
printf '%s\n' "$wanted" >"$directory/.portico-started"
printf 'started=%s\n' "$unit"
