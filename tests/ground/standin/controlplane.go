package main

import (
	"path/filepath"
	"strconv"
)

// apiserver starts the genuine API server with K3s' flags.
func (s *server) apiserver() error {
	p := s.pki.Path
	return s.group.Component("kube-apiserver", append([]string{
		"--bind-address=127.0.0.1", "--secure-port=" + apiPort, "--advertise-address=" + s.ip,
		"--etcd-servers=https://127.0.0.1:2379", "--etcd-cafile=" + p("etcd/server-ca.crt"),
		"--etcd-certfile=" + p("etcd/client.crt"), "--etcd-keyfile=" + p("etcd/client.key"),
		"--service-cluster-ip-range=" + s.settings.ServiceCIDR, "--allow-privileged=true", "--anonymous-auth=false",
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--profiling=false",
		"--client-ca-file=" + p("client-ca.crt"),
		"--tls-cert-file=" + p("serving-kube-apiserver.crt"), "--tls-private-key-file=" + p("serving-kube-apiserver.key"),
		"--service-account-key-file=" + p("service.key"), "--service-account-signing-key-file=" + p("service.key"),
		"--service-account-issuer=https://kubernetes.default.svc." + s.settings.ClusterDomain,
		"--api-audiences=https://kubernetes.default.svc." + s.settings.ClusterDomain + ",k3s",
		"--kubelet-certificate-authority=" + p("server-ca.crt"), "--kubelet-client-certificate=" + p("client-kube-apiserver.crt"),
		"--kubelet-client-key=" + p("client-kube-apiserver.key"), "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
		"--requestheader-client-ca-file=" + p("request-header-ca.crt"), "--requestheader-allowed-names=system:auth-proxy",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + p("client-auth-proxy.crt"), "--proxy-client-key-file=" + p("client-auth-proxy.key"),
	}, flags(s.cfg.APIServerArg)...)...)
}

// controllers starts what acts through the API: the controller manager, the scheduler and K3s'
// helm-controller. A server that cannot have siblings needs no election, which saves the wait for
// the lease of its former self.
func (s *server) controllers() error {
	p, cred := s.pki.Path, func(name string) string { return filepath.Join(s.dataDir, "cred", name+".kubeconfig") }
	elect := "--leader-elect=" + strconv.FormatBool(s.etcd.Clustered)
	err := s.group.Component("kube-controller-manager", append([]string{
		"--kubeconfig=" + cred("controller"), "--authentication-kubeconfig=" + cred("controller"), "--authorization-kubeconfig=" + cred("controller"),
		"--bind-address=127.0.0.1", "--use-service-account-credentials=true", elect, "--profiling=false",
		"--controllers=*,tokencleaner,-service,-route,-cloud-node-lifecycle",
		"--allocate-node-cidrs=true", "--cluster-cidr=" + s.settings.ClusterCIDR, "--service-cluster-ip-range=" + s.settings.ServiceCIDR,
		"--configure-cloud-routes=false", "--root-ca-file=" + p("server-ca.crt"), "--service-account-private-key-file=" + p("service.key"),
		"--cluster-signing-kube-apiserver-client-cert-file=" + p("client-ca.crt"), "--cluster-signing-kube-apiserver-client-key-file=" + p("client-ca.key"),
		"--cluster-signing-kubelet-client-cert-file=" + p("client-ca.crt"), "--cluster-signing-kubelet-client-key-file=" + p("client-ca.key"),
		"--cluster-signing-kubelet-serving-cert-file=" + p("server-ca.crt"), "--cluster-signing-kubelet-serving-key-file=" + p("server-ca.key"),
		"--cluster-signing-legacy-unknown-cert-file=" + p("server-ca.crt"), "--cluster-signing-legacy-unknown-key-file=" + p("server-ca.key"),
	}, flags(s.cfg.ControllerArg)...)...)
	if err != nil {
		return err
	}
	err = s.group.Component("kube-scheduler", append([]string{
		"--kubeconfig=" + cred("scheduler"), "--authentication-kubeconfig=" + cred("scheduler"), "--authorization-kubeconfig=" + cred("scheduler"),
		"--bind-address=127.0.0.1", elect, "--profiling=false",
	}, flags(s.cfg.SchedulerArg)...)...)
	if err != nil || s.cfg.DisableHelmController {
		return err
	}
	return s.group.Component("helm-controller", cred("supervisor"), s.name)
}
