package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"portico/ground/standin/network"
	"portico/ground/standin/pki"
)

const (
	pauseImage   = "rancher/mirrored-pause:3.6"
	overlayMagic = 0x794c7630
	stateDir     = "/run/k3s/containerd"
)

func (n *node) socket() string { return stateDir + "/containerd.sock" }

// snapshotter is overlayfs as in K3s, except where the data directory itself lies on an overlay: the
// kernel refuses to stack them, so layers are copied there.
func (n *node) snapshotter() string {
	var fs syscall.Statfs_t
	if syscall.Statfs(n.dir, &fs) == nil && fs.Type == overlayMagic {
		return "native"
	}
	return "overlayfs"
}

// containerd runs the distribution's containerd with K3s' paths, so that nothing else on the
// machine sees its containers, and waits until it answers.
func (n *node) containerd(ctx context.Context) error {
	conf := fmt.Sprintf(`version = 2
root = %q
state = %q
[grpc]
  address = %q
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %q
  enable_selinux = false
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = %q
    conf_dir = %q
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = %q
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
`, filepath.Join(n.dir, "containerd"), stateDir, n.socket(), pauseImage,
		network.PluginDir, filepath.Join(n.dir, "etc/cni/net.d"), n.snapshotter())
	path := filepath.Join(n.dir, "etc/containerd/config.toml")
	if err := pki.WriteFile(path, []byte(conf), 0o600); err != nil {
		return err
	}
	binary, err := exec.LookPath("containerd")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(n.dir, "containerd"), 0o711); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(n.dir, "containerd/containerd.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := n.group.Start("containerd", log, binary, "-c", path); err != nil {
		return err
	}
	return n.group.Until(ctx, "containerd", 100*time.Millisecond, func() error {
		return exec.CommandContext(ctx, "ctr", "-a", n.socket(), "version").Run()
	})
}

// kubelet has K3s' settings, but for those about disks: the machines of a lab share that of the computer, of which K3s'
// shares of a hundred would be gigabytes that others may need, and an image that is thrown away here is never pulled again.
func (n *node) kubelet() error {
	conf := fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: %[1]s/client-ca.crt}
authorization: {mode: Webhook}
containerRuntimeEndpoint: unix://%[2]s
cgroupDriver: cgroupfs
failSwapOn: false
serializeImagePulls: false
readOnlyPort: 0
clusterDNS: [%[3]s]
clusterDomain: %[4]s
resolvConf: %[5]s
staticPodPath: %[1]s/pod-manifests
tlsCertFile: %[1]s/serving-kubelet.crt
tlsPrivateKeyFile: %[1]s/serving-kubelet.key
providerID: k3s://%[6]s
allowedUnsafeSysctls: [net.ipv4.ip_forward, net.ipv6.conf.all.forwarding]
evictionHard: {imagefs.available: 150Mi, nodefs.available: 150Mi}
evictionMinimumReclaim: {imagefs.available: 300Mi, nodefs.available: 300Mi}
imageGCHighThresholdPercent: 100
featureGates: {KubeletInUserNamespace: true}
`, n.dir, n.socket(), n.settings.ClusterDNS, n.settings.ClusterDomain, n.resolvConf(), n.name)
	settings := filepath.Join(n.dir, "etc/kubelet.conf.d")
	path := filepath.Join(settings, "00-k3s-defaults.conf")
	if err := pki.WriteFile(path, []byte(conf), 0o600); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(n.dir, "pod-manifests"), 0o700); err != nil {
		return err
	}
	args := []string{
		"--config-dir=" + settings, "--kubeconfig=" + filepath.Join(n.dir, "kubelet.kubeconfig"),
		"--hostname-override=" + n.name, "--node-ip=" + n.ip,
		"--node-labels=" + strings.Join(append([]string{
			"node.kubernetes.io/instance-type=k3s", "beta.kubernetes.io/instance-type=k3s"}, n.cfg.NodeLabel...), ","),
	}
	if len(n.cfg.NodeTaint) > 0 {
		args = append(args, "--register-with-taints="+strings.Join(n.cfg.NodeTaint, ","))
	}
	return n.group.Component("kubelet", append(args, flags(n.cfg.KubeletArg)...)...)
}

// resolvConf avoids a loopback resolver, which a pod could not reach.
func (n *node) resolvConf() string {
	if b, err := os.ReadFile("/etc/resolv.conf"); err == nil && strings.Contains(string(b), "nameserver") &&
		!strings.Contains(string(b), "nameserver 127.") {
		return "/etc/resolv.conf"
	}
	path := filepath.Join(n.dir, "etc/resolv.conf")
	_ = pki.WriteFile(path, []byte("nameserver 8.8.8.8\n"), 0o644)
	return path
}

func (n *node) kubeProxy() error {
	return n.group.Component("kube-proxy", append([]string{
		"--kubeconfig=" + filepath.Join(n.dir, "kubeproxy.kubeconfig"), "--hostname-override=" + n.name,
		"--proxy-mode=iptables", "--cluster-cidr=" + n.settings.ClusterCIDR, "--healthz-bind-address=127.0.0.1",
		"--conntrack-max-per-core=0", "--conntrack-min=0",
		"--conntrack-tcp-timeout-established=0s", "--conntrack-tcp-timeout-close-wait=0s",
		"--feature-gates=KubeletInUserNamespace=true",
	}, flags(n.cfg.KubeProxyArg)...)...)
}

// flags turns the name=value of a *-arg setting into flags.
func flags(args []string) (out []string) {
	for _, a := range args {
		out = append(out, "--"+strings.TrimLeft(a, "-"))
	}
	return out
}

func clientFor(kubeconfig string) (*kubernetes.Clientset, error) {
	conf, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	conf.QPS, conf.Burst = 50, 100
	return kubernetes.NewForConfig(conf)
}
