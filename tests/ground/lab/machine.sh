# shellcheck shell=bash
# One machine: an overlay on the base, a systemd of its own in a container, switched on by a supervisor that plays the
# power supply (it starts the machine again after a reboot, and leaves it off after a crash).

NSPAWN_REBOOT=133

hosts() {
    [ ! -d "$DIR/hosts" ] || ls -v "$DIR/hosts"
}

known() {
    [ -d "$DIR/hosts/$1" ] || die "no machine $1 in lab $NAME"
    echo "$1"
}

# The machine's disk and identity.
machine_make() {
    local host=$1 dir=$DIR/hosts/$1 i
    mkdir -p "$dir"/{disk,root}
    mkdir -p "$dir"/disk/{upper,work}
    # /var/lib is no overlay: containers bring overlays of their own, and those do not stack.
    cp -a --reflink=auto "$(cat "$DIR/base")/root/var/lib" "$dir/disk/lib"
    machine_mount "$host"
    printf '%s\n' '[Match]' 'Name=host0' '[Network]' "Address=$(address_of "$host")/24" 'Gateway=10.88.0.1' \
        'MulticastDNS=no' 'LinkLocalAddressing=no' 'IPv6AcceptRA=no' 'IPForward=yes' >"$dir/root/etc/systemd/network/10-host0.network"
    # The router is everybody's resolver; unless the lab has an outside, nobody is at home there.
    echo 'nameserver 10.88.0.1' >"$dir/root/etc/resolv.conf"
    echo "$host" >"$dir/root/etc/hostname"
    tr -d - </proc/sys/kernel/random/uuid >"$dir/root/etc/machine-id"
    ln -sf /etc/machine-id "$dir/root/var/lib/dbus/machine-id"
    machine_host_key "$host"
    {
        echo '127.0.0.1 localhost'
        for ((i = 1; i <= $(cat "$DIR/count"); i++)); do echo "$(address_of "h$i") h$i"; done
    } >"$dir/root/etc/hosts"
}

machine_host_key() {
    local ssh=$DIR/hosts/$1/root/etc/ssh
    rm -f "$ssh"/ssh_host_*
    ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$ssh/ssh_host_ed25519_key"
    ssh-keygen -q -t ecdsa -N '' -C "$1" -f "$ssh/ssh_host_ecdsa_key"
}

machine_mount() {
    local dir=$DIR/hosts/$1
    [ ! -e "$dir/disk.img" ] || mountpoint -q "$dir/disk" || mount -o loop "$dir/disk.img" "$dir/disk"
    mountpoint -q "$dir/root" ||
        mount -t overlay "$TAG" -o "lowerdir=$(cat "$DIR/base")/root,upperdir=$dir/disk/upper,workdir=$dir/disk/work" "$dir/root"
    mountpoint -q "$dir/root/var/lib" || mount --bind "$dir/disk/lib" "$dir/root/var/lib"
}

machine_unmount() {
    local dir=$DIR/hosts/$1
    for path in root disk; do
        ! mountpoint -q "$dir/$path" || umount -R "$dir/$path" || umount -R -l "$dir/$path"
    done
}

machine_start() {
    local dir=$DIR/hosts/$1
    [ "$(machine_state "$1")" = off ] || die "$1 is on already"
    machine_mount "$1"
    # Nothing of the caller's may be held open by the supervisor, else a test waits for its pipe to end for ever.
    setsid "$LAB_HOME/lab" -n "$NAME" supervise "$1" </dev/null >>"$dir/console.log" 2>&1 9>&- &
    disown
    until [ -e "$dir/on" ]; do sleep 0.02; done
}

# Runs as a process of its own for as long as the machine is on.
machine_supervise() {
    local host=$1 dir=$DIR/hosts/$1 group=$TAG/$1 code
    echo "$BASHPID" >"$dir/on"
    # shellcheck disable=SC2064
    trap "rm -f '$dir/on'" EXIT
    cgroup_make "$group"
    while :; do
        cgroup_sweep "$group"
        code=0
        (
            cgroup_enter "$group"
            exec nsenter --net="/run/netns/$NETNS" -- systemd-nspawn -q --register=no --keep-unit -D "$dir/root" \
                --machine="$SHORT-$host" --hostname="$host" --network-bridge=br0 --capability=all \
                --system-call-filter='add_key keyctl bpf' --resolv-conf=off --timezone=off --link-journal=no \
                --console=pipe -b
        ) || code=$?
        [ "$code" = "$NSPAWN_REBOOT" ] || break
    done
}

# Process id of the machine's PID 1 as this computer sees it; nothing when the machine is off.
machine_init() {
    local pid depth
    depth=$(awk '/^NSpid:/ { print NF }' /proc/self/status)
    for pid in $(cgroup_processes "$TAG/$1"); do
        awk -v depth="$depth" -v pid="$pid" '/^NSpid:/ && NF == depth + 1 && $NF == 1 { print pid }' "/proc/$pid/status" 2>/dev/null || true
    done
}

machine_state() {
    [ -e "$DIR/hosts/$1/on" ] && echo on || echo off
}

machine_run() {
    local host=$1 init
    shift
    init=$(machine_init "$host")
    [ -n "$init" ] || die "$host is off"
    (
        cgroup_enter "$TAG/$host" 2>/dev/null || true
        exec nsenter -t "$init" -m -u -i -n -p -r -w -- /bin/sh -c "$*"
    )
}

machine_ssh() {
    local user=op host=$1
    shift
    [[ $host != *@* ]] || { user=${host%@*} host=${host#*@}; }
    in_net ssh -q -i "$DIR/id" -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
        -o ConnectTimeout=2 -o BatchMode=yes "$user@$(address_of "$(known "$host")")" "$@"
}

machine_wait() {
    local try
    for ((try = 0; try < 300; try++)); do
        machine_ssh "root@$1" true </dev/null && return 0
        sleep 0.1
    done
    return 1
}

# The plug is pulled. Never by killing nspawn: its guest would live on without a head. Its programs die one after the
# other, so that who listens goes first: nobody may hear of the death of the others.
machine_crash() {
    local init
    init=$(machine_init "$1")
    [ -n "$init" ] || die "$1 is off"
    pkill -KILL --ns "$init" --nslist pid -x sshd || true
    kill -KILL "$init"
    machine_settle "$1"
}

machine_settle() {
    while [ "$(machine_state "$1")" = on ]; do sleep 0.05; done
}

machine_boot_id() {
    machine_run "$1" cat /proc/sys/kernel/random/boot_id 2>/dev/null || true
}

machine_reboot() {
    local before
    before=$(machine_init "$1")
    machine_run "$1" systemctl reboot
    while [ "$(machine_init "$1")" = "$before" ]; do sleep 0.1; done
    machine_wait "$1" || die "$1 did not come back"
}

# Off, by whatever it takes, and nothing of it left.
machine_remove() {
    local host=$1 dir=$DIR/hosts/$1 init try pid
    for ((try = 0; try < 100; try++)); do
        [ -e "$dir/on" ] || break
        # A supervisor that was killed leaves its mark behind.
        kill -0 "$(cat "$dir/on" 2>/dev/null)" 2>/dev/null || { rm -f "$dir/on"; break; }
        init=$(machine_init "$host")
        [ -z "$init" ] || kill -KILL "$init" 2>/dev/null || true
        sleep 0.1
    done
    for ((try = 0; try < 50; try++)); do
        pid=$(cgroup_processes "$TAG/$host")
        [ -n "$pid" ] || break
        # shellcheck disable=SC2086
        kill -KILL $pid 2>/dev/null || true
        sleep 0.1
    done
    machine_unmount "$host"
    cgroup_remove "$TAG/$host"
}
