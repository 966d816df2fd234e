# portico remove-part
# shellcheck shell=sh
# Removes what an interrupted copy left behind. Files under their real names are never touched.
set -eu
for path in /usr/local/bin/k3s.portico-part /usr/local/lib/portico/*.portico-part \
    /var/lib/rancher/k3s/agent/images/*.portico-part /etc/rancher/k3s/*.portico-part; do
    if [ -f "$path" ]; then
        rm -f "$path"
        printf 'removed=%s\n' "$path"
    fi
done
