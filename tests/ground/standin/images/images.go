// Package images puts the image archives that lie on the machine into containerd, as K3s does
// before it starts the kubelet, and each archive only when it has changed since.
package images

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"portico/ground/standin/pki"
)

// RegistryDir stands for the registries of the internet, which a proving ground has not: what would
// be pulled from there lies there as archives, and is imported like the others.
const RegistryDir = "/opt/ground/registry"

var archive = regexp.MustCompile(`\.tar(\.(gz|zst|lz4|bz2))?$|\.tgz$`)

type stamp struct {
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
}

// Import brings in every archive of the directories that is new or changed. Seen is the file that
// remembers them.
func Import(socket, seen string, dirs ...string) error {
	known := map[string]stamp{}
	if b, err := os.ReadFile(seen); err == nil {
		_ = json.Unmarshal(b, &known)
	}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if os.IsNotExist(err) {
			continue
		} else if err != nil {
			return err
		}
		for _, e := range entries {
			info, err := e.Info()
			path := filepath.Join(dir, e.Name())
			if err != nil || !archive.MatchString(e.Name()) {
				continue
			}
			now := stamp{info.Size(), info.ModTime().UTC()}
			if known[path] == now {
				logrus.Infof("Skipping import of unchanged images from %s", path)
				continue
			}
			if err := load(socket, path); err != nil {
				// K3s goes on: a damaged archive shows later, as an image that cannot be pulled.
				logrus.Errorf("Error encountered while importing %s: %v", path, err)
				continue
			}
			known[path] = now
		}
	}
	b, err := json.Marshal(known)
	if err != nil {
		return err
	}
	return pki.WriteFile(seen, b, 0o600)
}

// load leaves the unpacking to the first container of an image: most nodes need few of them.
func load(socket, path string) error {
	logrus.Infof("Importing images from %s", path)
	start := time.Now()
	out, err := exec.Command("ctr", "-a", socket, "-n", "k8s.io", "images", "import", "--no-unpack", path).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	logrus.Infof("Imported images from %s in %s", path, time.Since(start).Round(time.Millisecond))
	return nil
}
