package main

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"portico/ground/standin/config"
	"portico/ground/standin/images"
	"portico/ground/standin/network"
	"portico/ground/standin/pki"
	"portico/ground/standin/process"
	"portico/ground/standin/supervisor"
)

// node is the part that servers and agents have in common: a container runtime, the kubelet, the
// pod network and kube-proxy.
type node struct {
	cfg      *config.Config
	group    *process.Group
	name     string
	ip       string
	dir      string
	apiURL   string
	settings supervisor.Settings
	runtime  chan error
}

func newNode(cfg *config.Config, group *process.Group) (*node, error) {
	name, err := nodeName(cfg)
	if err != nil {
		return nil, err
	}
	ip, err := network.NodeIP(cfg.NodeIP, cfg.FlannelIface)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(cfg.DataDir, "agent")
	n := &node{cfg: cfg, group: group, name: strings.ToLower(name), ip: ip, dir: dir, runtime: make(chan error, 1)}
	return n, os.MkdirAll(dir, 0o700)
}

// startRuntime runs containerd and imports the images; start waits for it. A server does this while
// its control plane comes up.
func (n *node) startRuntime(ctx context.Context) {
	err := n.containerd(ctx)
	if err == nil {
		err = images.Import(n.socket(), filepath.Join(n.dir, "images-imported.json"),
			filepath.Join(n.dir, "images"), images.RegistryDir)
	}
	n.runtime <- err
}

// start brings the node up and returns when it is registered, has its pod range, and forwards.
func (n *node) start(ctx context.Context) error {
	if err := <-n.runtime; err != nil {
		return err
	}
	if err := n.kubelet(); err != nil {
		return err
	}
	kubelet, err := clientFor(filepath.Join(n.dir, "kubelet.kubeconfig"))
	if err != nil {
		return err
	}
	registered, err := n.waitForRange(ctx, kubelet)
	if err != nil {
		return err
	}
	if err := network.Configure(filepath.Join(n.dir, "etc/cni/net.d"), registered.Spec.PodCIDR); err != nil {
		return err
	}
	if err := network.Masquerade(n.settings.ClusterCIDR); err != nil {
		return err
	}
	proxy, err := clientFor(filepath.Join(n.dir, "kubeproxy.kubeconfig"))
	if err != nil {
		return err
	}
	network.Follow(ctx, proxy, n.name)
	// Only now: started before its Node exists, kube-proxy can sit idle for half a minute.
	return n.kubeProxy()
}

// waitForRange waits for the kubelet to register the node and the cluster to give it a pod range,
// and annotates it as K3s does in between.
func (n *node) waitForRange(ctx context.Context, client kubernetes.Interface) (*corev1.Node, error) {
	var got *corev1.Node
	annotated := false
	err := n.group.Until(ctx, "node "+n.name+" to be registered", 200*time.Millisecond, func() (err error) {
		got, err = client.CoreV1().Nodes().Get(ctx, n.name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if !annotated {
			if err := n.annotate(ctx, client); err != nil {
				return err
			}
			annotated = true
		}
		if got.Spec.PodCIDR == "" {
			return fmt.Errorf("no pod range assigned yet")
		}
		return nil
	})
	return got, err
}

// annotate publishes what K3s publishes about how the node was started; secrets are hidden.
func (n *node) annotate(ctx context.Context, client kubernetes.Interface) error {
	args, err := json.Marshal(n.cfg.HiddenArgs())
	if err != nil {
		return err
	}
	env := map[string]string{}
	for _, kv := range os.Environ() {
		if name, value, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "K3S_") {
			if strings.Contains(name, "TOKEN") {
				value = "********"
			}
			env[name] = value
		}
	}
	envJSON, err := json.Marshal(env)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(append(args, envJSON...))
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{
		"k3s.io/hostname":         n.name,
		"k3s.io/internal-ip":      n.ip,
		"k3s.io/node-args":        string(args),
		"k3s.io/node-env":         string(envJSON),
		"k3s.io/node-config-hash": base32.StdEncoding.EncodeToString(sum[:]),
	}}})
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Nodes().Patch(ctx, n.name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err == nil {
		logrus.Infof("Annotations and labels have been set successfully on node: %s", n.name)
	}
	return err
}

// kubeconfigs writes those of the kubelet and of kube-proxy from the certificates beside them.
func (n *node) kubeconfigs() error {
	for file, cert := range map[string]string{"kubelet.kubeconfig": "client-kubelet", "kubeproxy.kubeconfig": "client-kube-proxy"} {
		if err := writeKubeconfig(filepath.Join(n.dir, file), n.apiURL, filepath.Join(n.dir, "server-ca.crt"), filepath.Join(n.dir, cert), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// writeKubeconfig makes a kubeconfig out of a CA and base.crt and base.key.
func writeKubeconfig(path, server, ca, base string, mode os.FileMode) error {
	var parts [3][]byte
	for i, f := range []string{ca, base + ".crt", base + ".key"} {
		b, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		parts[i] = b
	}
	return pki.WriteFile(path, pki.Kubeconfig(server, parts[0], parts[1], parts[2]), mode)
}
