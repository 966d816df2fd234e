#!/bin/sh
# The ground's install script for K3s: written for the proving ground after K3s' documented installer behaviour, with
# the same environment, the same files and the same order of events on a machine with systemd.
# Deliberately not here: OpenRC, SELinux packages, builds by commit or pull request, /opt/bin.
#
# Environment: K3S_* goes to the unit's environment file. INSTALL_K3S_SKIP_DOWNLOAD, _FORCE_RESTART, _SYMLINK
# (skip|force), _SKIP_ENABLE, _SKIP_START, _VERSION, _BIN_DIR, _BIN_DIR_READ_ONLY, _SYSTEMD_DIR, _EXEC, _NAME, _TYPE,
# _CHANNEL, _CHANNEL_URL, _SKIP_SELINUX_RPM (accepted: nothing here needs it). GITHUB_URL is where releases are.
set -e
set -o noglob

log() { echo "[INFO]  $*"; }
fail() {
    echo "[ERROR]  $*" >&2
    exit 1
}

# Arguments as systemd's ExecStart wants them: one per line, in single quotes.
continuation() {
    printf ' \\\n'
    for word in "$@"; do
        printf "\t'%s' \\\\\n" "$(printf '%s' "$word" | sed "s/'/'\\\\''/g")"
    done
}

choose_command() {
    case ${1:-} in
    '' | -*)
        command=server
        if [ -n "${K3S_URL:-}" ]; then
            command=agent
            [ -n "${K3S_TOKEN:-}${K3S_TOKEN_FILE:-}" ] ||
                fail "Defaulted k3s exec command to 'agent' because K3S_URL is defined, but K3S_TOKEN or K3S_TOKEN_FILE is not defined."
        fi
        ;;
    *)
        command=$1
        shift
        ;;
    esac
    case ${K3S_URL:-https://} in
    https://*) ;;
    *) fail "Only https:// URLs are supported for K3S_URL (have $K3S_URL)" ;;
    esac
    exec_line=$command$(continuation "$@")

    case $command in server) unit=k3s ;; *) unit=k3s-$command ;; esac
    [ -z "${INSTALL_K3S_NAME:-}" ] || unit=k3s-$INSTALL_K3S_NAME
    case $unit in *[!A-Za-z0-9@:.,+-]*) fail "Invalid characters for system name: $unit" ;; esac
    # A server tells systemd when it is ready; an agent is up as soon as it runs.
    case $command in server) type=notify ;; *) type="exec" ;; esac
    type=${INSTALL_K3S_TYPE:-$type}

    bin=${INSTALL_K3S_BIN_DIR:-/usr/local/bin}
    systemd=${INSTALL_K3S_SYSTEMD_DIR:-/etc/systemd/system}
    unit_file=$systemd/$unit.service
    env_file=$unit_file.env
    killall=$bin/k3s-killall.sh
    uninstall=$bin/$unit-uninstall.sh
}

state_of_installation() {
    sha256sum "$bin/k3s" "$unit_file" "$env_file" 2>&1 || true
}

fetch() {
    curl -sfL -o "$1" "$2" || fail 'Download failed'
}

provide_binary() {
    case ${INSTALL_K3S_SKIP_DOWNLOAD:-}${INSTALL_K3S_BIN_DIR_READ_ONLY:-} in
    true* | binary*)
        log 'Skipping k3s download and verify'
        [ -x "$bin/k3s" ] || fail "Executable k3s binary not found at $bin/k3s"
        return 0
        ;;
    esac
    case $(uname -m) in
    x86_64) arch=amd64 suffix= ;;
    aarch64) arch=arm64 suffix=-arm64 ;;
    armv*) arch=arm suffix=-armhf ;;
    *) fail "Unsupported architecture $(uname -m)" ;;
    esac
    command -v curl >/dev/null || fail 'Can not find curl or wget for downloading files'
    releases=${GITHUB_URL:-https://github.com/k3s-io/k3s/releases}
    version=${INSTALL_K3S_VERSION:-}
    if [ -z "$version" ]; then
        channel=${INSTALL_K3S_CHANNEL:-stable}
        log "Finding release for channel $channel"
        version=$(curl -sSL -o /dev/null -w '%{url_effective}' "${INSTALL_K3S_CHANNEL_URL:-https://update.k3s.io/v1-release/channels}/$channel")
        version=$(echo "${version##*/}" | sed 's/%2[Bb]/+/')
    fi
    log "Using $version as release"
    work=$(mktemp -d -t k3s-install.XXXXXXXXXX)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' INT TERM
    base=$releases/download/$(echo "$version" | sed 's/+/%2B/')
    log "Downloading hash $base/sha256sum-$arch.txt"
    fetch "$work/sums" "$base/sha256sum-$arch.txt"
    expected=$(awk -v name="k3s$suffix" '$2 == name { print $1 }' "$work/sums")
    if [ -x "$bin/k3s" ] && [ "$expected" = "$(sha256sum "$bin/k3s" | cut -d' ' -f1)" ]; then
        log 'Skipping binary downloaded, installed k3s matches hash'
        return 0
    fi
    log "Downloading binary $base/k3s$suffix"
    fetch "$work/k3s" "$base/k3s$suffix"
    log 'Verifying binary download'
    got=$(sha256sum "$work/k3s" | cut -d' ' -f1)
    [ "$got" = "$expected" ] || fail "Download sha256 does not match $expected, got $got"
    log "Installing k3s to $bin/k3s"
    chmod 755 "$work/k3s"
    mv -f "$work/k3s" "$bin/k3s"
}

link_tools() {
    [ "${INSTALL_K3S_SYMLINK:-}" != skip ] || return 0
    for tool in kubectl crictl ctr; do
        if [ "${INSTALL_K3S_SYMLINK:-}" = force ] || { [ ! -e "$bin/$tool" ] && ! command -v "$tool" >/dev/null; }; then
            log "Creating $bin/$tool symlink to k3s"
            ln -sf k3s "$bin/$tool"
        else
            log "Skipping $bin/$tool symlink to k3s, already exists or command exists in PATH"
        fi
    done
}

write_killall() {
    log "Creating killall script $killall"
    cat >"$killall" <<'SCRIPT'
#!/bin/sh
# Stops K3s and every container it started; the cluster's data stays.
[ "$(id -u)" -eq 0 ] || exec sudo --preserve-env=K3S_DATA_DIR "$0" "$@"
data=${K3S_DATA_DIR:-/var/lib/rancher/k3s}
set -x
for unit in /etc/systemd/system/k3s*.service; do
    [ ! -s "$unit" ] || systemctl stop "${unit##*/}"
done
# The shims first, then what they started: a container whose shim is gone has init for a parent.
shims=$(pgrep -f 'containerd-shim.* -(address|namespace) ' || true)
for pid in $shims; do
    for child in $(pgrep -P "$pid"); do kill -KILL $(pgrep -P "$child") "$child"; done
    kill -KILL "$pid"
done
pkill -KILL -f "$data/data/.*/bin/|$data/agent/containerd" || true
for tree in /run/k3s /var/lib/kubelet/pods /var/lib/kubelet/plugins /run/netns/cni-; do
    awk -v tree="$tree" 'index($2, tree) == 1 { print $2 }' /proc/self/mounts | sort -r |
        while read -r path; do umount -f "$path" && rm -rf "$path"; done
done
ip netns list 2>/dev/null | awk '/^cni-/ { print $1 }' | xargs -r -n 1 ip netns delete
for link in $(ip -o link show master cni0 2>/dev/null | awk -F': ' '{ sub(/@.*/, "", $2); print $2 }') \
    cni0 flannel.1 flannel-v6.1 kube-ipvs0 flannel-wg flannel-wg-v6; do
    ip link delete "$link" 2>/dev/null
done
rm -rf /var/lib/cni/
for tables in iptables ip6tables; do
    "$tables-save" | grep -v -e KUBE- -e CNI- | grep -iv flannel | "$tables-restore"
done
SCRIPT
    chmod 755 "$killall"
}

write_uninstall() {
    log "Creating uninstall script $uninstall"
    cat >"$uninstall" <<SCRIPT
#!/bin/sh
# Takes K3s off this machine, with its data.
[ "\$(id -u)" -eq 0 ] || exec sudo --preserve-env=K3S_DATA_DIR "\$0" "\$@"
set -x
$killall
systemctl disable $unit
systemctl reset-failed $unit
rm -f $unit_file $env_file
systemctl daemon-reload
trap 'rm -f $uninstall' EXIT
if ls $systemd/k3s*.service >/dev/null 2>&1; then
    echo 'Additional k3s services installed, skipping uninstall of k3s'
    exit
fi
for tool in kubectl crictl ctr; do
    [ ! -L $bin/\$tool ] || rm -f $bin/\$tool
done
rm -rf /etc/rancher/k3s /run/k3s /run/flannel "\${K3S_DATA_DIR:-/var/lib/rancher/k3s}" /var/lib/kubelet
rm -f $bin/k3s $killall
SCRIPT
    chmod 755 "$uninstall"
}

# The earlier unit goes first: what it was given and this run was not is forgotten.
forget_earlier_unit() {
    systemctl disable "$unit" >/dev/null 2>&1 || true
    rm -f "$unit_file" "$env_file"
}

write_environment() {
    log "env: Creating environment file $env_file"
    (umask 077 && : >"$env_file")
    {
        sh -c export | sed 's/^[a-z]* //' | grep -E '^(K3S|CONTAINERD)_' || true
        sh -c export | sed 's/^[a-z]* //' | grep -Ei '^(NO|HTTP|HTTPS)_PROXY' || true
    } >"$env_file"
}

write_unit() {
    log "systemd: Creating service file $unit_file"
    cat >"$unit_file" <<UNIT
[Unit]
Description=Lightweight Kubernetes
Documentation=https://k3s.io
Wants=network-online.target
After=network-online.target

[Install]
WantedBy=multi-user.target

[Service]
Type=$type
EnvironmentFile=-/etc/default/%N
EnvironmentFile=-/etc/sysconfig/%N
EnvironmentFile=-$env_file
KillMode=process
Delegate=yes
User=root
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=5s
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStartPre=-/sbin/modprobe overlay
ExecStart=$bin/k3s \\
    $exec_line

UNIT
}

enable_and_start() {
    if ! grep -qs memory /sys/fs/cgroup/cgroup.controllers && ! grep -qsE '^memory.*[[:space:]]1$' /proc/cgroups; then
        log 'Failed to find memory cgroup, you may need to add "cgroup_memory=1 cgroup_enable=memory" to your linux cmdline (/boot/cmdline.txt on a Raspberry Pi)'
    fi
    [ "${INSTALL_K3S_SKIP_ENABLE:-}" != true ] || return 0
    log "systemd: Enabling $unit unit"
    systemctl enable "$unit_file" >/dev/null
    systemctl daemon-reload
    [ "${INSTALL_K3S_SKIP_START:-}" != true ] || return 0
    if [ "$before" = "$(state_of_installation)" ] && [ "${INSTALL_K3S_FORCE_RESTART:-}" != true ]; then
        log 'No change detected so skipping service start'
        return 0
    fi
    log "systemd: Starting $unit"
    systemctl restart "$unit"
}

command -v systemctl >/dev/null || fail 'Can not find systemd or openrc to use as a process supervisor for k3s'
[ "$(id -u)" -eq 0 ] || fail 'The ground installs as root'
# INSTALL_K3S_EXEC is split at blanks (K3s' own understands quotes in it, too), and the script's own arguments follow it.
# shellcheck disable=SC2086
set -- ${INSTALL_K3S_EXEC:-} "$@"
choose_command "$@"
before=$(state_of_installation)
provide_binary
[ "${INSTALL_K3S_BIN_DIR_READ_ONLY:-}" = true ] || { link_tools && write_killall && write_uninstall; }
forget_earlier_unit
write_environment
write_unit
enable_and_start
