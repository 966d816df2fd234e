# shellcheck shell=bash
# A lab's network: one namespace, one bridge with the computer that runs the tests on it as 10.88.0.1, no uplink.
# nsenter, not `ip netns exec`: the latter remounts /sys and takes the control groups away.

# A node takes about 16 inotify instances, the first server 20, and the kernel's limit of 128 is shared by all.
INOTIFY=/proc/sys/fs/inotify/max_user_instances

network_up() {
    ip netns add "$NETNS"
    in_net ip link set lo up
    in_net ip link add br0 type bridge forward_delay 0 mcast_snooping 0
    in_net ip addr add 10.88.0.1/24 dev br0
    in_net ip link set br0 up
}

network_down() {
    [ ! -e "/run/netns/$NETNS" ] || ip netns del "$NETNS"
}

in_net() {
    nsenter --net="/run/netns/$NETNS" -- "$@"
}

address_of() {
    echo "10.88.0.$((10 + ${1#h}))"
}

machine_cut() {
    in_net ip link set "vb-$SHORT-$1" down
}

machine_join() {
    in_net ip link set "vb-$SHORT-$1" up
}

# The limit is the whole computer's. It is raised when the labs together need it and put back with the last of them.
inotify_raise() {
    local need
    need=$(($(cat "$STATE"/*/count | paste -sd+) * 20 + 100))
    if [ "$need" -gt "$(cat "$INOTIFY")" ]; then
        [ -e "$STATE/.inotify" ] || cat "$INOTIFY" >"$STATE/.inotify"
        echo "$need" >"$INOTIFY"
    fi
}

inotify_restore() {
    if [ -e "$STATE/.inotify" ] && [ -z "$(find "$STATE" -mindepth 2 -maxdepth 2 -name count)" ]; then
        cat "$STATE/.inotify" >"$INOTIFY"
        rm -f "$STATE/.inotify"
    fi
}
