#!/bin/bash
# Builds the stand-in K3s, its images and its charts: build.sh OUTDIR
#
# OUTDIR/k3s                              the one program, static, with the charts that K3s bundles at its end
# OUTDIR/k3s-airgap-images-amd64.tar      pause, klipper-lb, klipper-helm, CoreDNS, ingress-nginx controller, echo
# OUTDIR/registry/NAME.tar                images that would be pulled: traefik, cert-manager, sealed-secrets, cloudflared, gatus
# OUTDIR/charts/NAME/                     a chart repository each: index.yaml and an archive
# OUTDIR/bin/                             the programs themselves; coredns, pebble and kubeseal are used beside the machines
#
# Needs Go and its module proxy. The result is kept by a digest of the sources, so that a second run only compares;
# so is each program of programs/, since linking one takes longer than all the rest.
set -euo pipefail

[ $# = 1 ] || { echo "usage: build.sh OUTDIR" >&2; exit 2; }
ground=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)

# Two builds at once would write the same files.
exec 9>"$out/.lock"
flock 9

digest() {
    find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}

sources=$(cd "$ground" && digest standin images charts programs)
[ "$(cat "$out/.digest" 2>/dev/null)" != "$sources" ] || exit 0
rm -f "$out/.digest"

export CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false -mod=readonly -gcflags=all=-dwarf=false"
kubernetes=k8s.io/component-base/version
stamp="-X $kubernetes.gitVersion=v1.34.4+k3s1 -X $kubernetes.gitMajor=1 -X $kubernetes.gitMinor=34
    -X $kubernetes.gitTreeState=clean -X $kubernetes.gitCommit=c6017918"

bin=$out/bin
mkdir -p "$bin"

# program NAME MODULE PACKAGE: a package that the module in programs/MODULE has, as NAME.
program() {
    local now
    now=$(cd "$ground/programs" && digest "$2")
    [ ! -x "$bin/$1" ] || [ "$(cat "$bin/.$1.digest" 2>/dev/null)" != "$now" ] || return 0
    (cd "$ground/programs/$2" && go build -ldflags '-s -w' -o "$bin/$1" "$3")
    echo "$now" >"$bin/.$1.digest"
}

for name in pause echo lb ingress helmjob cloudflared archive; do
    (cd "$ground/images" && go build -ldflags '-s -w' -o "$bin/$name" "./$name")
done
(cd "$ground/images/helm" && go build -ldflags '-s -w' -o "$bin/helm" helm.sh/helm/v3/cmd/helm)
program coredns coredns .
program pebble pebble github.com/letsencrypt/pebble/v2/cmd/pebble
program certmanager certmanager .
# The chart of Sealed Secrets starts its controller by this name.
program controller sealedsecrets github.com/bitnami-labs/sealed-secrets/cmd/controller
program kubeseal sealedsecrets github.com/bitnami-labs/sealed-secrets/cmd/kubeseal
program gatus gatus github.com/TwiN/gatus/v5
program traefik traefik github.com/traefik/traefik/v3/cmd/traefik

"$bin/archive" images "$bin" k3s "$out/k3s-airgap-images-amd64.tar"
mkdir -p "$out/registry"
for name in traefik cert-manager sealed-secrets cloudflared gatus; do
    "$bin/archive" images "$bin" "$name" "$out/registry/$name.tar"
done

# module NAME PATH: where the module that a program is built from lies.
module() {
    (cd "$ground/programs/$1" && go list -m -f '{{.Dir}}' "$2")
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$ground/charts/." "$work"

# Traefik's own resource definitions, in the chart that K3s has for them.
mkdir -p "$work/traefik-crd/templates"
cp "$(module traefik github.com/traefik/traefik/v3)/integration/fixtures/k8s/01-traefik-crd.yml" "$work/traefik-crd/templates/crds.yaml"

# cert-manager's own chart. The only difference is whom its controller trusts: on the ground, the authority of the lab
# vouches for api.cloudflare.com, an address that cert-manager cannot be told to change.
cp -r "$(module certmanager github.com/cert-manager/cert-manager)/deploy/charts/cert-manager" "$work/cert-manager"
# The chart of Sealed Secrets is its own, too, though of the version that its controller has.
cp -r "$(module sealedsecrets github.com/bitnami-labs/sealed-secrets)/helm/sealed-secrets" "$work/sealed-secrets"
chmod -R u+w "$work"
trust='{name: ground, hostPath: {path: /opt/ground/outside, type: DirectoryOrCreate}}'
mount='{name: ground, mountPath: /opt/ground/outside, readOnly: true}'
sed -i -e "s|^volumes: \[\]\$|volumes: [$trust]|" -e "s|^volumeMounts: \[\]\$|volumeMounts: [$mount]|" \
    -e 's|^extraEnv: \[\]$|extraEnv: [{name: SSL_CERT_FILE, value: /opt/ground/outside/ca.pem}]|' "$work/cert-manager/values.yaml"
[ "$(grep -c '/opt/ground/outside' "$work/cert-manager/values.yaml")" = 3 ] || { echo "cert-manager's chart has changed" >&2; exit 1; }

rm -rf "$out/charts" "$work/static"
mkdir -p "$work/static/charts"
for name in ingress-nginx sealed-secrets cert-manager; do
    # Under the versions by which the charts are asked for.
    case $name in
    cert-manager) version=(--version v1.21.1 --app-version v1.21.1) ;;
    sealed-secrets) version=(--version 2.18.5) ;;
    *) version=() ;;
    esac
    mkdir -p "$out/charts/$name"
    "$bin/helm" package "$work/$name" "${version[@]}" --destination "$out/charts/$name" >/dev/null
    "$bin/helm" repo index "$out/charts/$name"
done
for name in traefik traefik-crd; do
    "$bin/helm" package "$work/$name" --destination "$work/static/charts" >/dev/null
done

# Go leaves a program alone that needs no linking, so what is attached to is a copy.
(cd "$ground/standin" && go build -ldflags "-s -w $stamp" -o "$bin/k3s" .)
cp "$bin/k3s" "$work/k3s"
"$bin/archive" attach "$work/k3s" "$work/static"
mv "$work/k3s" "$out/k3s"

echo "$sources" >"$out/.digest"
