#!/bin/bash
# The main job on the practice homelab, command by command: rehearse.sh PORTICO
# From a scan to a service that answers on the LAN with a certificate, and then from the internet behind a login. Each command is shown before it runs; it ends at the first that fails.
set -euo pipefail

portico=$1
folder=$(mktemp -d)
homelab=
# Called by the trap.
# shellcheck disable=SC2329
leave() {
    if [ -n "$homelab" ]; then
        kill "$homelab" 2>/dev/null || true
        wait "$homelab" 2>/dev/null || true
    fi
    rm -rf "$folder"
}
trap leave EXIT
export PORTICO_DATA=$folder/data

# Shows and runs a command of the CLI.
portico() {
    printf '\n\033[1m$ portico %s\033[0m\n' "$*"
    "$portico" --endpoints "$folder/endpoints.json" "$@"
}

printf '\n\033[1m$ portico practice serve --write %s &\033[0m\n' "$folder"
mkfifo "$folder/said"
"$portico" --json practice serve --write "$folder" >"$folder/said" &
homelab=$!
read -r described <"$folder/said"

# The machines of cluster.yaml, a line each: name, address, user, sudo, password, key file.
machines() {
    node -e '
        const { machines } = JSON.parse(require("fs").readFileSync(0));
        const document = require("fs").readFileSync(process.argv[1], "utf8");
        for (const { name, address, user, sudo, password, keyFile } of machines)
            if (document.includes("name: " + name + ",")) console.log([name, address, user, sudo, password, keyFile].join("\t"));
    ' "$folder/cluster.yaml" <<<"$described"
}
token=$(<"$folder/token")
cluster_token=$(<"$folder/cluster-token")

portico scan

# A new machine shows its fingerprint and waits for a yes. The practice homelab's are believed; compare those at home.
root_password=
while IFS=$'\t' read -r _ address user sudo password key; do
    refusal=$("$portico" --json --endpoints "$folder/endpoints.json" connect "$user@$address" --key "$key" </dev/null || true)
    fingerprint=$(node -p 'JSON.parse(require("fs").readFileSync(0)).error.args.fingerprint' <<<"$refusal")
    if [ "$sudo" = password ]; then
        root_password=$password
        portico connect "$user@$address" --key "$key" --accept "$fingerprint" --sudo-password <<<"$password"
    else
        portico connect "$user@$address" --key "$key" --accept "$fingerprint" </dev/null
    fi
done < <(machines)

portico check "$folder/cluster.yaml" --ask-password <<<"$root_password"
portico preview "$folder/cluster.yaml" --ask-password <<<"$root_password"
portico apply "$folder/cluster.yaml" --yes --ask-password <<<"$root_password"
# Certificates for LAN-only names and a tunnel for public ones, with the cluster's own, narrower token.
printf '%s\n%s\n' "$token" "$cluster_token" |
    portico stack set --email me@example.test --authority staging --tunnel portico-home --yes --ask-token --ask-cluster-token
portico expose echo --host echo.example.test --lan --yes --ask-token <<<"$token"
portico services --ask-token <<<"$token"
portico why echo.example.test --ask-token <<<"$token"
# The same service, open to the internet for one address: ingress-nginx wants an explicit yes for that.
portico expose echo --host echo.example.test --public --access me@example.test --accept-retired-ingress --yes --ask-token <<<"$token"
portico stack --ask-token --ask-cluster-token < <(printf '%s\n%s\n' "$token" "$cluster_token")
portico flow --ask-token <<<"$token"
printf '\nThat was the whole job, on machines that were never there. The window does the same: portico-desktop --practice\n'
