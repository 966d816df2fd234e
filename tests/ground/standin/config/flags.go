package config

import "flag"

// What follows is K3s' own flag surface. The inert names are accepted because K3s accepts them;
// what they would switch on is not part of the stand-in, and Load says so when one is used.

var inertAgent = []string{
	"debug", "v", "vmodule", "log", "alsologtostderr", "selinux", "prefer-bundled-bin", "snapshotter",
	"private-registry", "resolv-conf", "pause-image", "default-runtime", "image-service-endpoint",
	"container-runtime-endpoint", "airgap-extra-registry", "disable-default-registry-endpoint",
	"nonroot-devices", "with-node-id", "lb-server-port", "flannel-conf", "flannel-cni-conf",
	"protect-kernel-defaults", "rootless", "enable-pprof", "bind-address", "vpn-auth", "vpn-auth-file",
	"node-internal-dns", "node-external-dns", "disable-apiserver-lb", "image-credential-provider-bin-dir",
	"image-credential-provider-config", "docker",
}

var inertServer = []string{
	"advertise-address", "advertise-port", "https-listen-port", "service-node-port-range", "flannel-backend",
	"flannel-ipv6-masq", "flannel-external-ip", "egress-selector-mode", "servicelb-namespace",
	"write-kubeconfig-group", "datastore-endpoint", "datastore-cafile", "datastore-certfile",
	"datastore-keyfile", "etcd-expose-metrics", "etcd-disable-snapshots", "etcd-snapshot-name",
	"etcd-snapshot-schedule-cron", "etcd-snapshot-retention", "etcd-snapshot-dir", "etcd-snapshot-compress",
	"etcd-s3", "etcd-s3-endpoint", "etcd-s3-bucket", "etcd-s3-region", "etcd-s3-folder",
	"etcd-s3-config-secret", "etcd-s3-access-key", "etcd-s3-secret-key", "default-local-storage-path",
	"disable-scheduler", "disable-cloud-controller", "disable-kube-proxy", "disable-network-policy",
	"embedded-registry", "supervisor-metrics", "secrets-encryption", "secrets-encryption-provider",
	"kube-cloud-controller-manager-arg", "helm-job-image", "disable-agent", "disable-etcd",
	"disable-apiserver", "disable-controller-manager", "system-default-registry", "kine-tls",
	"multi-cluster-cidr", "enable-servicelb", "tls-san-security", "cluster-reset",
	"cluster-reset-restore-path", "agent-token-file",
}

// flagSet binds the role's flags to c and returns the set and the names that change nothing.
func (c *Config) flagSet(role string) (*flag.FlagSet, map[string]bool) {
	fs, inert := newFlagSet(role), map[string]bool{}
	ignore := func(names []string) {
		for _, n := range names {
			fs.Var(list{new([]string)}, n, "")
			inert[n] = true
		}
	}
	fs.String("config", DefaultFile, "")
	fs.StringVar(&c.Token, "token", "", "")
	fs.StringVar(&c.Token, "t", "", "")
	fs.StringVar(&c.TokenFile, "token-file", "", "")
	fs.StringVar(&c.Server, "server", "", "")
	fs.StringVar(&c.Server, "s", "", "")
	fs.StringVar(&c.DataDir, "data-dir", "/var/lib/rancher/k3s", "")
	fs.StringVar(&c.NodeName, "node-name", "", "")
	fs.StringVar(&c.FlannelIface, "flannel-iface", "", "")
	fs.Var(list{&c.NodeIP}, "node-ip", "")
	fs.Var(list{&c.NodeExternalIP}, "node-external-ip", "")
	fs.Var(list{&c.NodeLabel}, "node-label", "")
	fs.Var(list{&c.NodeTaint}, "node-taint", "")
	fs.Var(list{&c.KubeletArg}, "kubelet-arg", "")
	fs.Var(list{&c.KubeProxyArg}, "kube-proxy-arg", "")
	ignore(inertAgent)
	if role != "server" {
		return fs, inert
	}
	fs.StringVar(&c.AgentToken, "agent-token", "", "")
	fs.StringVar(&c.WriteKubeconfig, "write-kubeconfig", "/etc/rancher/k3s/k3s.yaml", "")
	fs.StringVar(&c.WriteKubeconfigMode, "write-kubeconfig-mode", "0600", "")
	fs.StringVar(&c.ClusterCIDR, "cluster-cidr", "10.42.0.0/16", "")
	fs.StringVar(&c.ServiceCIDR, "service-cidr", "10.43.0.0/16", "")
	fs.StringVar(&c.ClusterDNS, "cluster-dns", "10.43.0.10", "")
	fs.StringVar(&c.ClusterDomain, "cluster-domain", "cluster.local", "")
	fs.BoolVar(&c.ClusterInit, "cluster-init", false, "")
	fs.BoolVar(&c.DisableHelmController, "disable-helm-controller", false, "")
	fs.Var(list{&c.TLSSAN}, "tls-san", "")
	fs.Var(list{&c.Disable}, "disable", "")
	fs.Var(list{&c.APIServerArg}, "kube-apiserver-arg", "")
	fs.Var(list{&c.ControllerArg}, "kube-controller-manager-arg", "")
	fs.Var(list{&c.SchedulerArg}, "kube-scheduler-arg", "")
	fs.Var(list{&c.EtcdArg}, "etcd-arg", "")
	ignore(inertServer)
	return fs, inert
}
