package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func load(t *testing.T, role, main string, dropIns map[string]string, args ...string) (*Config, error) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte(main), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, text := range dropIns {
		if err := os.MkdirAll(file+".d", 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(file+".d", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Load(role, args, Source{File: file, Environ: func(string) string { return "" }})
}

func TestFileBecomesSettings(t *testing.T) {
	c, err := load(t, "server", `
cluster-init: true
disable: [traefik, "servicelb,metrics-server"]
node-ip: 10.88.0.11
tls-san:
- a.example
- 10.88.0.11
write-kubeconfig-mode: "0640"
kubelet-arg: [fail-cgroupv1=false]
node-label: [x=y]
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !c.ClusterInit || !c.Disabled("servicelb") || !c.Disabled("metrics-server") || c.Disabled("coredns") {
		t.Errorf("cluster-init or disable wrong: %+v", c)
	}
	if !reflect.DeepEqual(c.NodeIP, []string{"10.88.0.11"}) || c.WriteKubeconfigMode != "0640" {
		t.Errorf("node-ip %v mode %q", c.NodeIP, c.WriteKubeconfigMode)
	}
	if !reflect.DeepEqual(c.KubeletArg, []string{"fail-cgroupv1=false"}) || len(c.TLSSAN) != 2 {
		t.Errorf("kubelet-arg %v tls-san %v", c.KubeletArg, c.TLSSAN)
	}
}

func TestDropInsOverrideAndAppend(t *testing.T) {
	c, err := load(t, "server", "node-name: a\nnode-label: [one=1]\n", map[string]string{
		"20-b.yaml": "node-name: c\nnode-label+: [two=2]\n",
		"10-a.yaml": "node-name: b\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.NodeName != "c" || !reflect.DeepEqual(c.NodeLabel, []string{"one=1", "two=2"}) {
		t.Errorf("name %q labels %v", c.NodeName, c.NodeLabel)
	}
}

func TestCommandLineWins(t *testing.T) {
	c, err := load(t, "server", "node-name: file\n", nil, "--node-name=line")
	if err != nil || c.NodeName != "line" {
		t.Errorf("name %q err %v", c.NodeName, err)
	}
}

func TestUnknownKey(t *testing.T) {
	c, err := load(t, "server", "no-such-key: 1\n", nil)
	if err != nil || len(c.Warnings) != 1 || c.Warnings[0] != "Unknown flag --no-such-key found in config.yaml, skipping" {
		t.Errorf("a server skips it: %v %v", c, err)
	}
	_, err = load(t, "agent", "server: https://a:6443\ntoken: x\nno-such-key: 1\n", nil)
	if err == nil || err.Error() != "flag provided but not defined: -no-such-key" {
		t.Errorf("an agent refuses it: %v", err)
	}
}

func TestAgentNeedsServerAndToken(t *testing.T) {
	for text, want := range map[string]string{
		"server: https://a:6443\n": "--token is required",
		"token: x\n":               "--server is required",
		"token: [":                 "yaml",
	} {
		if _, err := load(t, "agent", text, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestTokenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "join-token")
	if err := os.WriteFile(path, []byte("K10abc::server:pw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := load(t, "agent", "server: https://a:6443\ntoken-file: "+path+"\n", nil)
	if err != nil || c.Token != "K10abc::server:pw" {
		t.Errorf("%v", err)
	}
}

func TestSecretsAreHidden(t *testing.T) {
	c, err := load(t, "agent", "token: geheim\nserver: https://a:6443\n", nil, "-t", "other")
	if err != nil {
		t.Fatal(err)
	}
	if s := strings.Join(c.HiddenArgs(), " "); strings.Contains(s, "geheim") || strings.Contains(s, "other") || !strings.Contains(s, "https://a:6443") {
		t.Errorf("args: %s", s)
	}
}
