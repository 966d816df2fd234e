#!/bin/bash
# The floor: plain OpenSSH, one connection per machine, one script per stage, the binary sent only when its digest
# differs. What no tool that speaks SSH can be expected to beat by much.
# floor.sh WORK HOST ADDRESS ROLE
set -euo pipefail
work=$1 host=$2 address=$3 role=$4
control=$work/control-$host
on_machine() {
    ssh -F none -i "$work/id" -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$work/known_hosts" \
        -o ControlMaster=auto -o ControlPath="$control" -o ControlPersist=yes "root@$address" "$@"
}
trap 'ssh -q -o ControlPath="$control" -O exit "root@$address" 2>/dev/null || true' EXIT
sum=$(cut -d' ' -f1 "$work/k3s.sha256")

need=$(on_machine "uname -m; cat /etc/os-release; df -Pk /var/lib | tail -n 1; free -k; ip -o addr; cat /etc/machine-id
    mkdir -p /etc/rancher/k3s /usr/local/lib/portico
    echo '$sum  /usr/local/bin/k3s' | sha256sum -c --status 2>/dev/null && echo have || echo need" | tail -n 1)
if [ "$need" = need ]; then
    on_machine "cat >/usr/local/bin/k3s.part && echo '$sum  /usr/local/bin/k3s.part' | sha256sum -c --status &&
        chmod 755 /usr/local/bin/k3s.part && mv /usr/local/bin/k3s.part /usr/local/bin/k3s" <"$work/k3s"
fi
{
    cat <<'SCRIPT'
umask 077
changed=$1 role=$2
place() {
    cat >"$1.part"
    chmod "$2" "$1.part"
    if cmp -s "$1" "$1.part"; then rm "$1.part"; else mv "$1.part" "$1" && changed=need; fi
}
# The last command of a pipe runs in this very shell, so that it can say that something changed.
shopt -s lastpipe
SCRIPT
    wanted=("config-$host.yaml /etc/rancher/k3s/config.yaml 600" "install.sh /usr/local/lib/portico/install.sh 755")
    [ "$role" = server ] || wanted+=("join-token /etc/rancher/k3s/join-token 600")
    for file in "${wanted[@]}"; do
        read -r from to mode <<<"$file"
        printf "base64 -d <<'CONTENT' | place %s %s\n" "$to" "$mode"
        base64 "$work/$from"
        printf 'CONTENT\n'
    done
    cat <<'SCRIPT'
[ "$changed" = have ] || { umask 022; INSTALL_K3S_SKIP_DOWNLOAD=true sh /usr/local/lib/portico/install.sh "$role" </dev/null >/dev/null; }
SCRIPT
} | on_machine bash -s "$need" "$role"
