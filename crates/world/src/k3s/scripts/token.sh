# portico token
# shellcheck shell=sh
# Prints the server's secure join token: with the CA's digest in it, so that a joining machine knows its server.
# The output is a secret.
set -eu
path=/var/lib/rancher/k3s/server/node-token
if [ ! -s "$path" ]; then
    printf 'reason=no-token %s is not there\n' "$path" >&2
    exit 10
fi
printf 'token=%s\n' "$(cat "$path")"
