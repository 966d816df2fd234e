# shellcheck shell=bash
# Each machine runs in a control group of its own in every hierarchy that is mounted: nspawn with --keep-unit would
# put all guests of one shell into the same one. Version 1 and version 2 are both served; version 1 is what the
# recipe was measured on.

# Mount points of the hierarchies, one a line.
cgroup_mounts() {
    awk '($3 == "cgroup" || $3 == "cgroup2") && $2 ~ "^/sys/fs/cgroup" { print $2 }' /proc/mounts
}

cgroup_make() {
    local path=$1 mount dir file
    for mount in $(cgroup_mounts); do
        mkdir -p "$mount/$path"
        case $mount in
        */cpuset)
            # A cpuset is born empty, and nothing can run in it.
            dir=$mount
            for part in ${path//\// }; do
                for file in cpuset.cpus cpuset.mems; do cat "$dir/$file" >"$dir/$part/$file"; done
                dir=$dir/$part
                echo 1 >"$dir/cgroup.clone_children"
            done
            ;;
        /sys/fs/cgroup)
            for dir in "$mount" "$mount/${path%/*}"; do
                tr ' ' '\n' <"$dir/cgroup.controllers" | while read -r controller; do
                    echo "+$controller" >"$dir/cgroup.subtree_control" 2>/dev/null || true
                done
            done
            ;;
        esac
    done
}

# Puts the calling (sub)shell into the group.
cgroup_enter() {
    local mount
    for mount in $(cgroup_mounts); do
        echo "$BASHPID" >"$mount/$1/cgroup.procs"
    done
}

# Groups of dead pods outlive a guest, and the kubelet's statistics spend seconds on each after the next boot.
cgroup_sweep() {
    local mount
    for mount in $(cgroup_mounts); do
        [ ! -d "$mount/$1" ] || find "$mount/$1" -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
}

cgroup_remove() {
    local mount
    cgroup_sweep "$1"
    for mount in $(cgroup_mounts); do
        [ ! -d "$mount/$1" ] || rmdir "$mount/$1" || say "left behind: $mount/$1"
    done
}

# Every process in the group and below, one id a line.
cgroup_processes() {
    local mount
    for mount in $(cgroup_mounts); do
        [ ! -d "$mount/$1" ] || find "$mount/$1" -name cgroup.procs -exec cat {} + 2>/dev/null || true
    done | sort -un
}
