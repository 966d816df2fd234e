# portico facts
# shellcheck shell=sh
# Prints what this machine says about itself, as key=value lines with tabs inside a value. Changes nothing.
# What a machine lacks a tool for prints no line: the reader takes a gap as unknown.
# Reads: all, or k3s for what the steps of a build ask again and again. What a look costs is the programs that it starts.
set -eu
IFS= read -r part || part=all
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

tab=$(printf '\t')
newline='
'
say() { [ -z "$2" ] || printf '%s=%s\n' "$1" "$2"; }
have() { command -v "$1" >/dev/null 2>&1; }
# The file's first line, into $line: empty where there is none. NULs, which end a device tree's words, are not read.
first() { line='' && if [ -r "$1" ]; then IFS= read -r line <"$1" || :; fi; }
# A tool that hangs must not hang the facts.
bounded() { if have timeout; then timeout 5 "$@"; else "$@"; fi; }

clock() {
    now=$(date +%s%3N)
    case $now in *[!0-9]* | '') now=$(date +%s)000 ;; esac
    say time.epoch_ms "$now"
    if [ -e /run/systemd/timesync/synchronized ]; then
        say time.synchronised yes
    else
        synchronised=$(bounded timedatectl show -p NTPSynchronized --value 2>/dev/null || true)
        case $synchronised in yes | no) ;; *) synchronised=unknown ;; esac
        say time.synchronised "$synchronised"
    fi
}

system() {
    if [ -r /etc/os-release ]; then
        # In a subshell: the file sets variables of its own.
        (
            # shellcheck disable=SC1091
            . /etc/os-release
            say os.id "${ID-}"
            say os.version "${VERSION_ID-}"
            say os.pretty "${PRETTY_NAME-}"
        )
    fi
    say arch "$(uname -m)"
    say kernel "$(uname -r)"
    first /proc/device-tree/model
    [ -n "$line" ] || first /sys/class/dmi/id/product_name
    say board "$line"
    say cpus "$(getconf _NPROCESSORS_ONLN 2>/dev/null || grep -c '^processor' /proc/cpuinfo || true)"
    awk '$1 == "MemTotal:" { print "mem.total_kib=" $2 }
         $1 == "MemAvailable:" { print "mem.available_kib=" $2 }
         $1 == "SwapTotal:" { print "swap.total_kib=" $2 }' /proc/meminfo
    df -Pk /var/lib 2>/dev/null | awk 'NR == 2 { print "disk.total_kib=" $2; print "disk.free_kib=" $4 }'
    say hostname "$(uname -n)"
    first /etc/machine-id
    say machine_id "$line"
    if [ -d /run/systemd/system ]; then say init systemd; else say init other; fi
    say virt "$(bounded systemd-detect-virt 2>/dev/null || true)"
    for path in /boot/firmware/cmdline.txt /boot/cmdline.txt; do
        if [ -f "$path" ]; then
            say cmdline.path "$path"
            first "$path"
            say cmdline.text "$line"
            break
        fi
    done
}

kernel() {
    first /proc/sys/kernel/random/boot_id
    say boot_id "$line"
    if [ -r /sys/fs/cgroup/cgroup.controllers ]; then
        say cgroup.version 2
        first /sys/fs/cgroup/cgroup.controllers
        case " $line " in *' memory '*) say cgroup.memory 1 ;; *) say cgroup.memory 0 ;; esac
    elif [ -r /proc/cgroups ]; then
        say cgroup.version 1
        say cgroup.memory "$(awk '$1 == "memory" { on = $4 } END { print on + 0 }' /proc/cgroups)"
    fi
}

# 0100007F and the like, as /proc writes an IPv4 address.
dotted() {
    rest=${1#??} && d=${1%"$rest"}
    c=${rest%????} && rest=${rest#??}
    b=${rest%??} && a=${rest#??}
    printf '%d.%d.%d.%d' "0x$a" "0x$b" "0x$c" "0x$d"
}

network() {
    {
        for path in /sys/class/net/*; do
            [ -r "$path/operstate" ] || continue
            first "$path/operstate" && state=$line
            first "$path/address" 2>/dev/null
            printf 'iface=%s\t%s\t%s\n' "${path##*/}" "$state" "$line"
        done
        ip -o addr show 2>/dev/null || true
    } | awk '
        /^iface=/ {
            lines[++count] = $0
            names[count] = substr($0, 7, index($0, "\t") - 7)
            next
        }
        $3 == "inet" || $3 == "inet6" {
            sub(/@.*/, "", $2)
            if ($4 !~ /\//) $4 = $4 ($3 == "inet" ? "/32" : "/128")
            own[$2] = own[$2] (own[$2] == "" ? "" : ",") $4
        }
        END { for (i = 1; i <= count; i++) print lines[i] "\t" own[names[i]] }'
    if have ip; then
        { ip -4 route show default; ip -6 route show default; } 2>/dev/null | awk '{
            dev = via = src = ""
            for (i = 2; i < NF; i++) {
                if ($i == "dev") dev = $(i + 1)
                if ($i == "via") via = $(i + 1) == "inet6" ? $(i + 2) : $(i + 1)
                if ($i == "src") src = $(i + 1)
            }
            if (dev != "") printf "route.default=%s\t%s\t%s\n", dev, via, src
        }'
    elif [ -r /proc/net/route ]; then
        while read -r dev destination gateway _ _ _ _ mask _; do
            if [ "$destination$mask" = 0000000000000000 ]; then
                printf 'route.default=%s\t%s\t\n' "$dev" "$(dotted "$gateway")"
            fi
        done </proc/net/route
    fi
}

# A port that is open to some network counts as open: whether it is the right one is the owner's business.
ufw_rules() {
    awk '/\(v6\)/ { next }
    match($0, /  +ALLOW( IN)?  +/) {
        to = substr($0, 1, RSTART - 1)
        from = substr($0, RSTART + RLENGTH)
        sub(/ *(#.*)?$/, "", from)
        network = from ~ /^[0-9.]+\/[0-9]+$/
        if (to == "Anywhere" && from ~ /^[0-9.]+(\/[0-9]+)?$/) {
            print "firewall.trusted=" from (network ? "" : "/32")
        } else if ((from == "Anywhere" || network) && to ~ /^[0-9,:]+(\/(tcp|udp))?$/) {
            slash = index(to, "/")
            protocol = slash ? substr(to, slash) : ""
            count = split(slash ? substr(to, 1, slash - 1) : to, ports, ",")
            for (i = 1; i <= count; i++) print "firewall.open=" ports[i] protocol
        }
    }'
}

firewall() {
    if have ufw; then
        # Its own file tells that it is off without the second that its Python takes on a small board.
        status='Status: inactive'
        if ! grep -qi '^ENABLED=no' /etc/ufw/ufw.conf 2>/dev/null; then
            status=$(bounded ufw status 2>/dev/null || true)
        fi
        case $status in
        *'Status: active'*)
            printf 'firewall=ufw\tactive\n'
            printf '%s\n' "$status" | ufw_rules
            ;;
        *'Status: inactive'*) printf 'firewall=ufw\tinactive\n' ;;
        esac
    fi
    if have firewall-cmd; then
        if [ "$(bounded firewall-cmd --state 2>/dev/null || true)" = running ]; then
            printf 'firewall=firewalld\tactive\n'
            for rule in $(bounded firewall-cmd --list-ports 2>/dev/null || true); do say firewall.open "$rule"; done
            for service in $(bounded firewall-cmd --list-services 2>/dev/null || true); do
                case $service in http) say firewall.open 80/tcp ;; https) say firewall.open 443/tcp ;; esac
            done
            for source in $(bounded firewall-cmd --zone=trusted --list-sources 2>/dev/null || true); do
                case $source in */*) say firewall.trusted "$source" ;; esac
            done
        else
            printf 'firewall=firewalld\tinactive\n'
        fi
    fi
    if [ -r /sys/fs/selinux/enforce ]; then
        if [ "$(cat /sys/fs/selinux/enforce)" = 1 ]; then say selinux enforcing; else say selinux permissive; fi
        if [ -e /usr/share/selinux/packages/k3s.pp ]; then say selinux.k3s 1; else say selinux.k3s 0; fi
    else
        say selinux disabled
    fi
    say iptables.version "$(iptables --version 2>/dev/null | sed 's/^iptables //' || true)"
}

listeners() {
    if have ss; then
        # The process is told to root alone.
        ss -ltunp 2>/dev/null | awk '$1 == "tcp" || $1 == "udp" {
            at = match($5, /:[0-9]+$/)
            if (!at) next
            process = "-"
            if (match($0, /\(\("[^"]+"/)) process = substr($0, RSTART + 3, RLENGTH - 4)
            printf "listen=%s\t%s\t%s\t%s\n", $1, substr($5, 1, at - 1), substr($5, at + 1), process
        }'
        return
    fi
    for table in tcp tcp6 udp udp6; do
        [ -r "/proc/net/$table" ] || continue
        case $table in tcp*) waiting=0A ;; *) waiting=07 ;; esac
        while read -r _ local _ state _; do
            [ "$state" = "$waiting" ] || continue
            case ${local%:*} in
            00000000 | 00000000000000000000000000000000) address='*' ;;
            00000000000000000000000001000000) address='[::1]' ;;
            ????????) address=$(dotted "${local%:*}") ;;
            *) address='[v6]' ;;
            esac
            printf 'listen=%s\t%s\t%d\t-\n' "${table%6}" "$address" "0x${local#*:}"
        done <"/proc/net/$table"
    done
}

# The digest of each of these files that there is: path, tab, SHA-256. The one that place-file verified is taken as long as
# the file is untouched: hashing hundreds of MB takes seconds on a small board.
digests() {
    known=$(stat -c "%n$tab%s.%Y.%Z.%i" "$@" 2>/dev/null | awk -F "$tab" '
        BEGIN {
            while ((getline line <"/usr/local/lib/portico/digests") > 0) {
                split(line, it, FS)
                known[it[1] FS it[2]] = it[3]
            }
        }
        $0 in known { print $1 FS known[$0] }')
    for path do
        shift
        case "$newline$known" in
        *"$newline$path$tab"*) ;;
        *) if [ -f "$path" ] && [ -r "$path" ]; then set -- "$@" "$path"; fi ;;
        esac
    done
    [ -z "$known" ] || printf '%s\n' "$known"
    [ $# = 0 ] || sha256sum "$@" 2>/dev/null | while read -r sum path; do printf '%s\t%s\n' "$path" "$sum"; done
}

k3s() {
    binary=
    for path in /usr/local/bin/k3s /opt/bin/k3s; do
        if [ -f "$path" ]; then binary=$path && break; fi
    done
    if [ "$part" = all ] && [ -n "$binary" ] && [ -x "$binary" ]; then
        say k3s.version "$(bounded "$binary" --version 2>/dev/null </dev/null | awk '$2 == "version" { print $3; exit }' || true)"
    fi
    set -- /etc/rancher/k3s/config.yaml /etc/rancher/k3s/join-token /usr/local/lib/portico/install.sh
    [ -z "$binary" ] || set -- "$binary" "$@"
    for path in /var/lib/rancher/k3s/agent/images/*.tar*; do
        case $path in *'*'* | *.portico-part) ;; *) set -- "$@" "$path" ;; esac
    done
    digests "$@" | while IFS=$tab read -r path digest; do
        case $path in
        "$binary") say k3s.binary "$digest" ;;
        */config.yaml) say k3s.config "$digest" ;;
        */join-token) say k3s.token "$digest" ;;
        */install.sh) say k3s.installer "$digest" ;;
        *) printf 'k3s.images=%s\t%s\n' "${path##*/}" "$digest" ;;
        esac
    done
    units=$(systemctl show -p Id -p LoadState -p ActiveState -p UnitFileState -p ExecStart k3s.service k3s-agent.service 2>/dev/null |
        awk '
            function tell() {
                if (loaded) printf "k3s.unit=%s\t%s\t%s\t%s\n", id, active, enabled, exec
                loaded = 0
                id = active = enabled = exec = ""
            }
            /^Id=/ { id = substr($0, 4); sub(/\.service$/, "", id) }
            /^LoadState=loaded$/ { loaded = 1 }
            /^ActiveState=/ { active = substr($0, 13) }
            /^UnitFileState=/ { enabled = substr($0, 15) }
            /^ExecStart=/ { exec = $0; sub(/.*argv\[\]=/, "", exec); sub(/ ;.*/, "", exec) }
            /^$/ { tell() }
            END { tell() }')
    [ -z "$units" ] || printf '%s\n' "$units"
    # Joiners hold it without the line break that this file ends in.
    first /var/lib/rancher/k3s/server/node-token
    if [ -n "$line" ]; then
        sum=$(printf %s "$line" | sha256sum)
        say k3s.server_token "${sum%% *}"
    fi
    if [ -r /etc/rancher/k3s/.portico-started ]; then
        while read -r config executable token; do
            say k3s.started_with "$config"
            say k3s.started_binary "$executable"
            [ "${token:--}" = - ] || say k3s.started_token "$token"
        done </etc/rancher/k3s/.portico-started
    fi
    if [ -e /etc/rancher/k3s/.portico ]; then
        say k3s.owner portico
    elif [ -n "$binary$units" ]; then
        say k3s.owner foreign
    else
        for path in /var/lib/rancher/k3s/server/db /var/lib/rancher/k3s/server/tls /etc/rancher/k3s/k3s.yaml \
            /etc/rancher/k3s/config.yaml /var/lib/rancher/k3s/agent/containerd /var/lib/kubelet/pods \
            /var/lib/cni/networks /run/flannel/subnet.env; do
            if [ -f "$path" ] || { [ -d "$path" ] && [ -n "$(ls -A "$path" 2>/dev/null)" ]; }; then
                say k3s.leftover "$path"
            fi
        done
    fi
}

# The clock comes first: the asker compares it with the moment of asking.
if [ "$part" = all ]; then clock; fi
kernel
k3s
[ "$part" = all ] || exit 0
system
network
firewall
listeners
