// Archive writes the images of the proving ground into archives of the form that `docker save` and K3s' own air-gap
// archive have: one with what every cluster needs, and one for each component that would be pulled from a registry.
// Same programs in, same bytes out.
//
// Usage: archive images BINARIES NAME OUT.tar, where BINARIES is the directory of the built programs and NAME an
// archive. And: archive attach PROGRAM FOLDER, which puts a zip archive of the folder at the program's end.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
)

// image is one layer with programs at its root; the first is the entry point.
type image struct {
	ref       string
	user      string
	programs  []string
	arguments []string
}

// The names are those that the genuine components ask for, so that nothing has to be configured.
var archives = map[string][]image{
	"k3s": {
		{ref: "docker.io/rancher/mirrored-pause:3.6", user: "65535:65535", programs: []string{"pause"}},
		{ref: "docker.io/rancher/klipper-lb:v0.4.13", user: "0:0", programs: []string{"lb"}},
		{ref: "docker.io/rancher/klipper-helm:v0.9.10-build20251111", user: "1000:1000", programs: []string{"helmjob", "helm"}},
		{ref: "docker.io/rancher/mirrored-coredns-coredns:1.14.3", user: "0:0", programs: []string{"coredns"}},
		{ref: "registry.k8s.io/ingress-nginx/controller:v1.15.1", user: "101:101", programs: []string{"ingress"}},
		{ref: "portico.local/echo:1", user: "1000:1000", programs: []string{"echo"}},
	},
	"traefik": {
		{ref: "docker.io/rancher/mirrored-library-traefik:3.6.13", user: "65532:65532", programs: []string{"traefik"}},
	},
	"cert-manager": {
		certManager("controller"), certManager("webhook"), certManager("cainjector"), certManager("startupapicheck"),
	},
	"sealed-secrets": {
		// Its chart is a little older than it is.
		{ref: "docker.io/bitnami/sealed-secrets-controller:0.27.0", user: "1001:1001", programs: []string{"controller"}},
	},
	"cloudflared": {
		{ref: "docker.io/cloudflare/cloudflared:2026.8.2", user: "65532:65532", programs: []string{"cloudflared"}},
	},
	"gatus": {
		{ref: "ghcr.io/twin/gatus:v5.36.0", user: "0:0", programs: []string{"gatus"}},
	},
}

// certManager is one of the four images that are one program here.
func certManager(part string) image {
	return image{ref: "quay.io/jetstack/cert-manager-" + part + ":v1.21.1", user: "1000:1000",
		programs: []string{"certmanager"}, arguments: []string{part}}
}

const passwd = "root:x:0:0::/:/\nwww-data:x:101:101::/:/\nklipper-helm:x:1000:1000::/home/klipper-helm:/\nnobody:x:65534:65534::/:/\n"

func main() {
	err := errors.New("usage: archive images BINARIES NAME OUT.tar | archive attach PROGRAM FOLDER")
	switch args := os.Args[1:]; {
	case len(args) == 4 && args[0] == "images" && archives[args[2]] != nil:
		err = write(args[1], archives[args[2]], args[3])
	case len(args) == 3 && args[0] == "attach":
		err = attach(args[1], args[2])
	}
	if err != nil {
		log.Fatal(err)
	}
}

type manifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func write(binaries string, images []image, path string) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	w := tar.NewWriter(out)
	var manifests []manifest
	written := map[string]bool{}
	for _, i := range images {
		m, err := i.write(w, binaries, written)
		if err != nil {
			return fmt.Errorf("%s: %w", i.ref, err)
		}
		manifests = append(manifests, m)
	}
	b, err := json.Marshal(manifests)
	if err != nil {
		return err
	}
	if err := file(w, "manifest.json", b, 0o644); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return out.Close()
}

// write leaves out a layer that an earlier image has written.
func (i image) write(w *tar.Writer, binaries string, written map[string]bool) (manifest, error) {
	layer, err := i.layer(binaries)
	if err != nil {
		return manifest{}, err
	}
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64", "os": "linux",
		"config": map[string]any{"User": i.user, "Entrypoint": append([]string{"/" + i.programs[0]}, i.arguments...), "Env": []string{"PATH=/"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + digest(layer)}},
	})
	if err != nil {
		return manifest{}, err
	}
	m := manifest{digest(config) + ".json", []string{i.ref}, []string{digest(layer) + "/layer.tar"}}
	if written[m.Layers[0]] {
		return m, file(w, m.Config, config, 0o644)
	}
	written[m.Layers[0]] = true
	// Compressed, since every machine writes the archive's layers to its disk once more.
	var packed bytes.Buffer
	gz := gzip.NewWriter(&packed)
	if _, err := gz.Write(layer); err != nil {
		return m, err
	}
	if err := gz.Close(); err != nil {
		return m, err
	}
	if err := file(w, m.Layers[0], packed.Bytes(), 0o644); err != nil {
		return m, err
	}
	return m, file(w, m.Config, config, 0o644)
}

func (i image) layer(binaries string) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, d := range []struct {
		name string
		mode int64
	}{{"etc/", 0o755}, {"home/", 0o755}, {"home/klipper-helm/", 0o777}, {"tmp/", 0o1777}} {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: d.name, Mode: d.mode, Format: tar.FormatUSTAR}); err != nil {
			return nil, err
		}
	}
	if err := file(w, "etc/passwd", []byte(passwd), 0o644); err != nil {
		return nil, err
	}
	for _, p := range i.programs {
		content, err := os.ReadFile(filepath.Join(binaries, p))
		if err != nil {
			return nil, err
		}
		if err := file(w, p, content, 0o755); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), w.Close()
}

func file(w *tar.Writer, name string, content []byte, mode fs.FileMode) error {
	h := &tar.Header{Name: name, Mode: int64(mode), Size: int64(len(content)), Format: tar.FormatUSTAR}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err := w.Write(content)
	return err
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
