# shellcheck shell=bash
# What goes wrong with real machines, done to one of the ground's. What a container cannot have of its own (a clock, a
# kernel command line) is stood in for, and says so.

machine_hang() {
    machine_run "$1" pkill -STOP -x sshd
}

machine_wake() {
    machine_run "$1" pkill -CONT -x sshd
}

# By a drop-in of the unit that does not outlive the boot.
machine_hold() {
    machine_run "$1" "set -e; touch /run/ground-hold
        for unit in k3s k3s-agent; do
            mkdir -p /run/systemd/system/\$unit.service.d
            printf '%s\n' '[Service]' 'ExecStartPre=/bin/sh -c \"while [ -e /run/ground-hold ]; do sleep 0.1; done\"' \
                >/run/systemd/system/\$unit.service.d/hold.conf
        done
        systemctl daemon-reload"
}

machine_release() {
    machine_run "$1" rm -f /run/ground-hold
}

machine_busy() {
    local port=${2:?PORT}
    machine_run "$1" "set -e; systemd-run -q --collect --unit=squatter-$port socat TCP-LISTEN:$port,fork,reuseaddr EXEC:/bin/cat
        until ss -Hltn 'sport = :$port' | grep -q .; do sleep 0.05; done"
}

# The kernel has one wall clock for all guests. Stands in: `date` and `timedatectl`, the programs that are asked for the
# time over SSH, answer with the offset; /etc/ground-clock holds it, in seconds, for the stand-in K3s to obey.
# Everything else on the machine, TLS in other programs included, still sees the true time.
machine_clock() {
    local host=$1 offset=${2:?SECONDS} bin=$DIR/hosts/$1/root/usr/local/bin
    [[ $offset =~ ^[+-]?[0-9]+$ ]] || die "clock wants seconds, such as -3600"
    rm -f "$bin/date" "$bin/timedatectl" "$DIR/hosts/$host/root/etc/ground-clock"
    [ "$offset" -ne 0 ] || return 0
    echo "$offset" >"$DIR/hosts/$host/root/etc/ground-clock"
    [[ $offset == [+-]* ]] || offset=+$offset
    cat >"$bin/date" <<SH
#!/bin/sh
FAKETIME=$offset LD_PRELOAD=\$(echo /usr/lib/*/faketime/libfaketime.so.1) exec /bin/date "\$@"
SH
    cat >"$bin/timedatectl" <<'SH'
#!/bin/sh
case $* in
*NTPSynchronized*--value* | *--value*NTPSynchronized*) echo no ;;
*NTPSynchronized*) echo NTPSynchronized=no ;;
*) exec /usr/bin/timedatectl "$@" ;;
esac
SH
    chmod 755 "$bin/date" "$bin/timedatectl"
}

machine_swap_key() {
    machine_host_key "$1"
    machine_run "$1" systemctl restart ssh
    machine_wait "$1" || die "$1 did not come back with its new key"
}

clone_id() {
    cat "$DIR/hosts/$1/root/etc/machine-id" >"$DIR/hosts/$2/root/etc/machine-id"
    machine_reboot "$2"
}

# Moves everything the machine has onto a file system of its own, so that "no space left" is the kernel's word.
machine_disk() {
    local host=$1 mib=${2:?MIB} dir=$DIR/hosts/$1
    [ ! -e "$dir/disk.img" ] || die "$host has a disk of its own already"
    [ "$(machine_state "$host")" = off ] || machine_crash "$host"
    machine_unmount "$host"
    truncate -s "${mib}M" "$dir/disk.part"
    mkfs.ext4 -q -F -O ^has_journal -m 0 "$dir/disk.part"
    mv "$dir/disk" "$dir/disk.old"
    mkdir "$dir/disk"
    mount -o loop "$dir/disk.part" "$dir/disk"
    cp -a "$dir/disk.old/." "$dir/disk/"
    rm -rf "$dir/disk.old"
    mv "$dir/disk.part" "$dir/disk.img"
    machine_start "$host"
    machine_wait "$host" || die "$host did not come back on its new disk"
}

machine_full() {
    local host=$1 keep=${2:-0} dir=$DIR/hosts/$1 free
    [ -e "$dir/disk.img" ] || machine_disk "$host" 2048
    rm -f "$dir/disk/filler"
    free=$(df -k --output=avail "$dir/disk" | tail -n 1)
    [ "$free" -gt "$keep" ] || return 0
    # The last blocks go to the file's own bookkeeping, hence the second file until nothing fits.
    fallocate -l "$((free - keep))K" "$dir/disk/filler" 2>/dev/null ||
        head -c "$((free - keep))K" /dev/zero >"$dir/disk/filler" 2>/dev/null || true
}

machine_free() {
    rm -f "$DIR/hosts/$1/disk/filler"
}

# Stands in for the firmware and the kernel of a Raspberry Pi: see guest/ground-boot, which reads this file at boot.
machine_pi() {
    install -D -m 644 /dev/stdin "$DIR/hosts/$1/root/boot/firmware/cmdline.txt" <<'TXT'
console=serial0,115200 console=tty1 root=PARTUUID=5e3da3da-02 rootfstype=ext4 fsck.repair=yes rootwait
TXT
    machine_reboot "$1"
}
