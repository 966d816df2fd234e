# portico kubeconfig
# shellcheck shell=sh
# Prints the administrator's kubeconfig of this server as it is. The output is a secret: it has a client key.
set -eu
path=/etc/rancher/k3s/k3s.yaml
if [ ! -s "$path" ]; then
    printf 'reason=no-kubeconfig %s is not there\n' "$path" >&2
    exit 10
fi
cat "$path"
