#!/bin/bash
# Builds the stand-in K3s, its images and its charts: build.sh OUTDIR
#
# OUTDIR/k3s                              the one program, static
# OUTDIR/k3s-airgap-images-amd64.tar      pause, klipper-lb, klipper-helm, ingress-nginx controller, echo
# OUTDIR/charts/ingress-nginx/            a chart repository: index.yaml and ingress-nginx-4.15.1.tgz
#
# Needs Go and its module proxy. The result is kept by a digest of the sources, so that a second run only compares.
set -euo pipefail

[ $# = 1 ] || { echo "usage: build.sh OUTDIR" >&2; exit 2; }
ground=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)

# Two builds at once would write the same files.
exec 9>"$out/.lock"
flock 9

digest=$(cd "$ground" && find standin images charts -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
[ "$(cat "$out/.digest" 2>/dev/null)" != "$digest" ] || exit 0
rm -f "$out/.digest"

export CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false -mod=readonly"
kubernetes=k8s.io/component-base/version
stamp="-X $kubernetes.gitVersion=v1.34.4+k3s1 -X $kubernetes.gitMajor=1 -X $kubernetes.gitMinor=34
    -X $kubernetes.gitTreeState=clean -X $kubernetes.gitCommit=c6017918"

bin=$out/bin
mkdir -p "$bin"
for program in pause echo lb ingress helmjob archive; do
    (cd "$ground/images" && go build -ldflags '-s -w' -o "$bin/$program" "./$program")
done
(cd "$ground/images/helm" && go build -ldflags '-s -w' -o "$bin/helm" helm.sh/helm/v3/cmd/helm)
(cd "$ground/standin" && go build -ldflags "-s -w $stamp" -o "$out/k3s" .)

"$bin/archive" "$bin" "$out/k3s-airgap-images-amd64.tar"

charts=$out/charts/ingress-nginx
rm -rf "$charts"
mkdir -p "$charts"
"$bin/helm" package "$ground/charts/ingress-nginx" --destination "$charts" >/dev/null
"$bin/helm" repo index "$charts"

echo "$digest" >"$out/.digest"
