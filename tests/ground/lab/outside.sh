# shellcheck shell=bash
# What a homelab knows of the internet, inside the lab's network and under its real names: Cloudflare's API, its edge
# and its name servers, public resolvers, and a certificate authority that speaks ACME. The data are those of a practice
# homelab, which also decides what the edge does with a visitor; the last stretch to the cluster is outside.py's.
#
# Everything hangs on 10.88.0.1, which is the machines' resolver and their way out; 10.88.0.2 plays the zones' own name
# servers.

outside_start() {
    local out dir=$DIR/outside cloudflare=$2 authoritative=$3 public=$4 edge=$5 control=$6 token=$7 host address
    out=$(readlink -f "$1")
    outside_stop
    mkdir -p "$dir"
    outside_authority "$dir" ca "The lab's web authorities"
    outside_authority "$dir" acme-ca "Whoever vouches for the ACME server"
    outside_certificate "$dir" ca api.cloudflare.com DNS:api.cloudflare.com
    outside_certificate "$dir" acme-ca acme IP:10.88.0.1
    # Portico's cert-manager asks public resolvers by their addresses.
    for address in 10.88.0.2/24 1.1.1.1/32 9.9.9.9/32; do
        in_net ip addr add "$address" dev br0 2>/dev/null || true
    done
    cat >"$dir/Corefile" <<COREFILE
. {
    bind 10.88.0.1 1.1.1.1 9.9.9.9
    hosts {
        10.88.0.1 api.cloudflare.com region1.v2.argotunnel.com
        10.88.0.2 ada.ns.cloudflare.com bob.ns.cloudflare.com
        fallthrough
    }
    forward . $public
    errors
}
. {
    bind 10.88.0.2
    forward . $authoritative
    errors
}
COREFILE
    cat >"$dir/pebble.json" <<PEBBLE
{"pebble": {"listenAddress": "10.88.0.1:14000", "managementListenAddress": "10.88.0.1:15000",
  "certificate": "$dir/acme.pem", "privateKey": "$dir/acme.key", "httpPort": 80, "tlsPort": 443,
  "ocspResponderURL": "", "externalAccountBindingRequired": false}}
PEBBLE
    for host in $(hosts); do
        install -D -m 644 "$dir/ca.pem" "$DIR/hosts/$host/root/opt/ground/outside/ca.pem"
    done
    # Not by in_net: what is to be ended later is this process itself, and no shell that waits for it.
    nsenter --net="/run/netns/$NETNS" -- setsid /usr/bin/env python3 "$LAB_HOME/outside.py" "$out/bin" "$dir" "$cloudflare" "$public" \
        "$edge" "$control" "$token" </dev/null >"$dir/log" 2>&1 &
    echo $! >"$dir/pid"
    disown
    for ((try = 0; try < 100; try++)); do
        in_net curl -sf -o /dev/null --cacert "$dir/acme-ca.pem" https://10.88.0.1:14000/dir &&
            in_net curl -sf -o /dev/null --cacert "$dir/acme-ca.pem" https://10.88.0.1:15000/roots/0 && return 0
        sleep 0.1
    done
    die "the outside does not answer: $(tail -n 3 "$dir/log")"
}

outside_stop() {
    [ -e "$DIR/outside/pid" ] || return 0
    local pid
    pid=$(cat "$DIR/outside/pid")
    kill "$pid" 2>/dev/null || true
    # Its ports are free only once it is gone.
    for ((try = 0; try < 100; try++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    rm -f "$DIR/outside/pid"
}

# outside_authority FOLDER NAME SUBJECT: NAME.key and NAME.pem, which stay the same for as long as the lab is up.
outside_authority() {
    [ ! -e "$1/$2.pem" ] || return 0
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$3" \
        -keyout "$1/$2.key" -out "$1/$2.pem" 2>/dev/null
}

# outside_certificate FOLDER AUTHORITY NAME SAN: NAME.key and NAME.pem.
outside_certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$3" -keyout "$1/$3.key" -out "$1/$3.csr" 2>/dev/null
    openssl x509 -req -in "$1/$3.csr" -CA "$1/$2.pem" -CAkey "$1/$2.key" -days 30 -extfile <(echo "subjectAltName=$4") \
        -out "$1/$3.pem" 2>/dev/null
}
