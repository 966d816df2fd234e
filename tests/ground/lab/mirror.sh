# shellcheck shell=bash
# The mirror inside the lab's network: releases, install scripts, channels and charts of the stand-in K3s.

mirror_start() {
    local out
    out=$(readlink -f "$1")
    mirror_stop
    # Not by in_net: what is to be ended later is this process itself, and no shell that waits for it.
    nsenter --net="/run/netns/$NETNS" -- setsid /usr/bin/env python3 "$LAB_HOME/mirror.py" "$out" "$LAB_HOME/install.sh" "$DIR/mirror-fault" \
        </dev/null >"$DIR/mirror.log" 2>&1 &
    echo $! >"$DIR/mirror.pid"
    disown
    for ((try = 0; try < 100; try++)); do
        in_net curl -sf -o /dev/null http://10.88.0.1:8000/channels && return 0
        sleep 0.1
    done
    die "the mirror does not answer: $(tail -n 3 "$DIR/mirror.log")"
}

mirror_stop() {
    [ -e "$DIR/mirror.pid" ] || return 0
    kill "$(cat "$DIR/mirror.pid")" 2>/dev/null || true
    rm -f "$DIR/mirror.pid" "$DIR/mirror-fault"
}

mirror_fault() {
    if [ $# -eq 0 ]; then rm -f "$DIR/mirror-fault"; else echo "$*" >"$DIR/mirror-fault"; fi
}
