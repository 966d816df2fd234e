# shellcheck shell=bash
# The read-only lower layer of every machine: a debootstrap tree with what a small server has, plus what a node
# of the stand-in K3s needs. The tree is kept by the digest of its package list, the settled base by the digest
# of everything it is made from, so that a new setting does not cost a new debootstrap.
# No machine's identity is in here: host keys, hostname and machine id are given at `up`.

BASE_SUITE=bookworm
BASE_PACKAGES=(
    systemd systemd-sysv dbus openssh-server sudo avahi-daemon avahi-utils
    iproute2 iptables nftables ipset conntrack ethtool iputils-ping kmod procps
    curl ca-certificates python3 socat libfaketime ufw
    containerd runc containernetworking-plugins
)
# What the tests log in and become root with. They exist on machines without a way out only.
PAT_PASSWORD='pat likes tea'
GUEST_PASSWORD='guest'
LOCKED_PASSPHRASE='open sesame'

digest() {
    sha256sum | cut -c1-16
}

base_path() {
    echo "$CACHE/base-$(cat "$LAB_HOME/base.sh" "$LAB_HOME"/guest/* | digest)"
}

# Makes the base unless it is there. Two labs that start at once wait for one another.
base_make() {
    local base tree
    base=$(base_path)
    tree=$CACHE/tree-$(echo "$BASE_SUITE ${BASE_PACKAGES[*]}" | digest)
    mkdir -p "$CACHE"
    exec 9>"$CACHE/lock"
    flock 9
    if [ ! -d "$tree" ]; then
        say "fetching the machines' system (once, a minute or two)"
        rm -rf "$CACHE/part"
        base_debootstrap "$CACHE/part"
        mv "$CACHE/part" "$tree"
    fi
    if [ ! -d "$base" ]; then
        rm -rf "$CACHE/part"
        mkdir -p "$CACHE/part"
        cp -a --reflink=auto "$tree" "$CACHE/part/root"
        base_keys "$CACHE/part"
        base_settle "$CACHE/part/root" "$CACHE/part"
        mv "$CACHE/part" "$base"
        base_prune "$base"
    fi
    exec 9>&-
}

# Bases of earlier settings go, but for those that a lab stands on.
base_prune() {
    local base
    for base in "$CACHE"/base-*; do
        [ "$base" = "$1" ] || grep -qsxF "$base" "$STATE"/*/base || rm -rf --one-file-system "$base"
    done
}

base_debootstrap() {
    local IFS=,
    debootstrap --variant=minbase --include="${BASE_PACKAGES[*]}" "$BASE_SUITE" "$1" >"$CACHE/debootstrap.log" 2>&1 ||
        die "debootstrap failed: $(tail -n 3 "$CACHE/debootstrap.log" | tr '\n' ' ')"
    rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin "$1"/var/cache/apt/archives/*.deb
}

base_keys() {
    ssh-keygen -q -t ed25519 -N '' -C ground -f "$1/id"
    ssh-keygen -q -t rsa -b 3072 -N '' -C ground-rsa -f "$1/id_rsa"
    ssh-keygen -q -t ed25519 -N "$LOCKED_PASSPHRASE" -C ground-locked -f "$1/id_locked"
}

base_settle() {
    local root=$1 keys=$2 user
    chroot "$root" useradd -m -s /bin/bash op
    chroot "$root" useradd -m -s /bin/bash pat
    chroot "$root" useradd -m -s /bin/bash guest
    printf 'pat:%s\nguest:%s\n' "$PAT_PASSWORD" "$GUEST_PASSWORD" | chroot "$root" chpasswd
    for user in root home/op home/pat home/guest; do
        install -d -m 700 "$root/$user/.ssh"
        cat "$keys"/id.pub "$keys"/id_rsa.pub "$keys"/id_locked.pub >"$root/$user/.ssh/authorized_keys"
    done
    for user in op pat guest; do
        chroot "$root" chown -R "$user:$user" "/home/$user/.ssh"
    done
    printf 'op ALL=(ALL) NOPASSWD:ALL\npat ALL=(ALL) ALL\n' >"$root/etc/sudoers.d/ground"
    chmod 440 "$root/etc/sudoers.d/ground"

    install -D -m 755 "$LAB_HOME/guest/ground-boot" "$root/usr/local/sbin/ground-boot"
    install -m 644 "$LAB_HOME/guest/ground-boot.service" "$root/etc/systemd/system/"
    cp "$root/usr/share/doc/avahi-daemon/examples/ssh.service" "$root/etc/avahi/services/"
    printf 'MaxStartups 100\nUseDNS no\n' >"$root/etc/ssh/sshd_config.d/ground.conf"
    chroot "$root" systemctl -q enable systemd-networkd ssh avahi-daemon ground-boot
    chroot "$root" systemctl -q disable containerd ufw
    chroot "$root" systemctl -q mask systemd-networkd-wait-online apt-daily.timer apt-daily-upgrade.timer \
        e2scrub_all.timer systemd-timesyncd.service

    # /var/lib is copied for every machine; the package database is most of its files, and nobody writes to it.
    mv "$root/var/lib/dpkg" "$root/usr/lib/dpkg-database"
    ln -s ../../usr/lib/dpkg-database "$root/var/lib/dpkg"
    rm -f "$root"/etc/ssh/ssh_host_* "$root/var/lib/dbus/machine-id"
    truncate -s 0 "$root/etc/machine-id" "$root/etc/resolv.conf"
}
