package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"portico/ground/standin/etcd"
	"portico/ground/standin/network"
	"portico/ground/standin/pki"
	"portico/ground/standin/token"
)

const (
	defaultDataDir    = "/var/lib/rancher/k3s"
	defaultKubeconfig = "/etc/rancher/k3s/k3s.yaml"
)

// kubectl is the genuine one, pointed at this server's kubeconfig when nothing else says otherwise.
func kubectl(args []string) {
	if os.Getenv("KUBECONFIG") == "" {
		if f, err := os.Open(defaultKubeconfig); err == nil {
			_ = f.Close()
			_ = os.Setenv("KUBECONFIG", defaultKubeconfig)
		} else if os.IsPermission(err) {
			fmt.Fprintf(os.Stderr, "Unable to read %s, please start server with --write-kubeconfig-mode or --write-kubeconfig-group to modify kube config permissions\n", defaultKubeconfig)
		}
	}
	runComponent("kubectl", args)
}

// ctr is the distribution's, pointed at this node's containerd.
func ctr(args []string) {
	path, err := exec.LookPath("ctr")
	exitOn(err)
	argv := append([]string{"ctr", "--address", stateDir + "/containerd.sock", "--namespace", "k8s.io"}, args...)
	exitOn(syscall.Exec(path, argv, os.Environ()))
}

// tokenCommand generates a token; the others of K3s' subcommands manage bootstrap tokens, which the
// stand-in has not.
func tokenCommand(args []string, out io.Writer) error {
	if len(args) == 1 && args[0] == "generate" {
		t := token.Random(11)
		fmt.Fprintf(out, "%s.%s\n", t[:6], t[6:22])
		return nil
	}
	return errors.New("of the token commands only generate is part of the stand-in")
}

// snapshotCommand saves, lists and deletes snapshots of the embedded etcd.
func snapshotCommand(args []string, out io.Writer) error {
	server := filepath.Join(defaultDataDir, "server")
	dir := filepath.Join(server, "db/snapshots")
	command, name := "save", "on-demand"
	for i, a := range args {
		if i == 0 && !strings.HasPrefix(a, "-") {
			command = a
		} else if v, ok := strings.CutPrefix(a, "--name="); ok {
			name = v
		} else if (a == "--name") && i+1 < len(args) {
			name = args[i+1]
		}
	}
	switch command {
	case "save":
		if !exists(filepath.Join(server, "db/etcd/member")) {
			return errors.New("etcd datastore disabled")
		}
		host, err := os.Hostname()
		if err != nil {
			return err
		}
		path := filepath.Join(dir, fmt.Sprintf("%s-%s-%d", name, strings.ToLower(host), time.Now().Unix()))
		if err := saveSnapshot(server, path); err != nil {
			return err
		}
		fmt.Fprintf(out, "Snapshot %s saved.\n", filepath.Base(path))
		return nil
	case "ls", "list", "l":
		entries, err := os.ReadDir(dir)
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		fmt.Fprintln(out, "Name\tLocation\tSize\tCreated")
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%s\tfile://%s\t%d\t%s\n", e.Name(), filepath.Join(dir, e.Name()), info.Size(), info.ModTime().UTC().Format(time.RFC3339))
		}
		return nil
	case "delete":
		for _, n := range args[1:] {
			if err := os.Remove(filepath.Join(dir, filepath.Base(n))); err != nil {
				return err
			}
			fmt.Fprintf(out, "Snapshot %s deleted.\n", n)
		}
		return nil
	default:
		return fmt.Errorf("etcd-snapshot %s is not part of the stand-in", command)
	}
}

func saveSnapshot(server, path string) error {
	cluster, err := pki.Ensure(filepath.Join(server, "tls"), time.Now())
	if err != nil {
		return err
	}
	member := &etcd.Member{PKI: cluster}
	c, err := member.Client(etcd.LocalURL)
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, err := c.Snapshot(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return pki.WriteFile(path, b, 0o600)
}

// requireMemoryCgroup fails as K3s does on a Raspberry Pi whose kernel was not told to account memory.
func requireMemoryCgroup() error {
	if b, err := os.ReadFile("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		if strings.Contains(string(b), "memory") {
			return nil
		}
		return errors.New("failed to find memory cgroup (v2)")
	}
	b, err := os.ReadFile("/proc/cgroups")
	if err != nil {
		return err
	}
	for _, line := range strings.Split(string(b), "\n") {
		if f := strings.Fields(line); len(f) == 4 && f[0] == "memory" && f[3] == "1" {
			return nil
		}
	}
	return errors.New("failed to find memory cgroup, you may need to add \"cgroup_memory=1 cgroup_enable=memory\" to your linux cmdline (/boot/cmdline.txt on a Raspberry Pi)")
}

// checkConfig looks at what this stand-in itself needs of a machine; the genuine one also reads the
// kernel's configuration, which a container cannot vouch for. It returns how many checks failed.
func checkConfig(out io.Writer) int {
	failed := 0
	report := func(name string, err error) {
		verdict := "good"
		if err != nil {
			verdict, failed = err.Error()+" (fail)", failed+1
		}
		fmt.Fprintf(out, "- %s: %s\n", name, verdict)
	}
	onPath := func(name string) error {
		_, err := exec.LookPath(name)
		return err
	}
	fmt.Fprintln(out, "\nSystem:")
	for _, name := range []string{"iptables", "containerd", "runc"} {
		report(name, onPath(name))
	}
	_, err := os.Stat(filepath.Join(network.PluginDir, "bridge"))
	report("cni plugins", err)
	_, err = network.NodeIP(nil, "")
	report("routes", err)
	fmt.Fprintln(out, "\nCgroups:")
	report("memory controller", requireMemoryCgroup())
	if failed > 0 {
		fmt.Fprintf(out, "\nSTATUS: %d (fail)\n", failed)
		return 1
	}
	fmt.Fprintln(out, "\nSTATUS: pass")
	return 0
}
