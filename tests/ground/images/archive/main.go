// Archive writes the images of the proving ground into one archive of the form that `docker save`
// and K3s' own air-gap archive have. Same programs in, same bytes out.
//
// Usage: archive BINARIES OUT.tar, where BINARIES is the directory of the built programs.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
)

// image is one layer with programs at its root; the first is the entry point.
type image struct {
	ref      string
	user     string
	programs []string
}

// The names are those that the genuine components ask for, so that nothing has to be configured.
var images = []image{
	{"docker.io/rancher/mirrored-pause:3.6", "65535:65535", []string{"pause"}},
	{"docker.io/rancher/klipper-lb:v0.4.13", "0:0", []string{"lb"}},
	{"docker.io/rancher/klipper-helm:v0.9.10-build20251111", "1000:1000", []string{"helmjob", "helm"}},
	{"registry.k8s.io/ingress-nginx/controller:v1.15.1", "101:101", []string{"ingress"}},
	{"portico.local/echo:1", "1000:1000", []string{"echo"}},
}

const passwd = "root:x:0:0::/:/\nwww-data:x:101:101::/:/\nklipper-helm:x:1000:1000::/home/klipper-helm:/\nnobody:x:65534:65534::/:/\n"

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: archive BINARIES OUT.tar")
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

type manifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func write(binaries, path string) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	w := tar.NewWriter(out)
	var manifests []manifest
	for _, i := range images {
		m, err := i.write(w, binaries)
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

func (i image) write(w *tar.Writer, binaries string) (manifest, error) {
	layer, err := i.layer(binaries)
	if err != nil {
		return manifest{}, err
	}
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64", "os": "linux",
		"config": map[string]any{"User": i.user, "Entrypoint": []string{"/" + i.programs[0]}, "Env": []string{"PATH=/"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + digest(layer)}},
	})
	if err != nil {
		return manifest{}, err
	}
	m := manifest{digest(config) + ".json", []string{i.ref}, []string{digest(layer) + "/layer.tar"}}
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
