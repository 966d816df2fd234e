package pki

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Cluster is the set of authorities that make servers members of one cluster.
type Cluster struct {
	Dir                                                 string
	Client, Server, RequestHeader, EtcdPeer, EtcdServer *CA
}

// sharedFiles is what a joining server fetches before it can be one of them.
var sharedFiles = []string{
	"client-ca.crt", "client-ca.key", "server-ca.crt", "server-ca.key", "request-header-ca.crt",
	"request-header-ca.key", "etcd/peer-ca.crt", "etcd/peer-ca.key", "etcd/server-ca.crt",
	"etcd/server-ca.key", "service.key",
}

// Ensure loads the authorities below dir and makes those that are absent.
func Ensure(dir string, now time.Time) (*Cluster, error) {
	c := &Cluster{Dir: dir}
	for _, a := range []struct {
		to         **CA
		base, name string
	}{
		{&c.Client, "client-ca", "k3s-client-ca"},
		{&c.Server, "server-ca", "k3s-server-ca"},
		{&c.RequestHeader, "request-header-ca", "k3s-request-header-ca"},
		{&c.EtcdPeer, "etcd/peer-ca", "etcd-peer-ca"},
		{&c.EtcdServer, "etcd/server-ca", "etcd-server-ca"},
	} {
		ca, err := EnsureCA(c.Path(a.base), a.name, now)
		if err != nil {
			return nil, err
		}
		*a.to = ca
	}
	return c, EnsureKey(c.Path("service.key"))
}

// Path is a file below server/tls.
func (c *Cluster) Path(name string) string { return filepath.Join(c.Dir, name) }

// Exists reports whether dir already holds a cluster's authorities.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "server-ca.crt"))
	return err == nil
}

// Bundle is the shared files' content by name, for a server that joins.
func (c *Cluster) Bundle() (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, name := range sharedFiles {
		b, err := os.ReadFile(c.Path(name))
		if err != nil {
			return nil, err
		}
		out[name] = b
	}
	return out, nil
}

// Unpack writes a bundle below dir. Names that are not shared files are refused.
func Unpack(dir string, bundle map[string][]byte) error {
	for _, name := range sharedFiles {
		b, ok := bundle[name]
		if !ok {
			return fmt.Errorf("bootstrap data has no %s", name)
		}
		mode := os.FileMode(0o600)
		if filepath.Ext(name) == ".crt" {
			mode = 0o644
		}
		if err := WriteFile(filepath.Join(dir, name), b, mode); err != nil {
			return err
		}
	}
	return nil
}

// IssueServer writes every certificate that this server's own components present.
func (c *Cluster) IssueServer(hosts []string, nodeName string, now time.Time) error {
	api := append([]string{"kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc.cluster.local", "localhost", "127.0.0.1", "::1", nodeName}, hosts...)
	etcd := append([]string{"localhost", "127.0.0.1", nodeName}, hosts...)
	for _, i := range []struct {
		ca   *CA
		base string
		leaf Leaf
	}{
		{c.Server, "serving-kube-apiserver", Leaf{User: "kube-apiserver", Hosts: api, Server: true}},
		{c.Client, "client-admin", Leaf{User: "system:admin", Groups: []string{"system:masters"}}},
		{c.Client, "client-supervisor", Leaf{User: "system:k3s-supervisor", Groups: []string{"system:masters"}}},
		{c.Client, "client-controller", Leaf{User: "system:kube-controller-manager"}},
		{c.Client, "client-scheduler", Leaf{User: "system:kube-scheduler"}},
		{c.Client, "client-kube-proxy", Leaf{User: "system:kube-proxy"}},
		{c.Client, "client-kube-apiserver", Leaf{User: "system:apiserver", Groups: []string{"system:masters"}}},
		{c.RequestHeader, "client-auth-proxy", Leaf{User: "system:auth-proxy"}},
		{c.EtcdServer, "etcd/client", Leaf{User: "etcd-client"}},
		{c.EtcdServer, "etcd/server-client", Leaf{User: "etcd-server", Hosts: etcd, Server: true}},
		{c.EtcdPeer, "etcd/peer-server-client", Leaf{User: "etcd-peer", Hosts: etcd, Server: true}},
	} {
		if err := i.ca.IssueTo(c.Path(i.base), i.leaf, now); err != nil {
			return err
		}
	}
	return nil
}

// Pool is a pool that trusts exactly the given bundle.
func Pool(bundle []byte) *x509.CertPool {
	p := x509.NewCertPool()
	p.AppendCertsFromPEM(bundle)
	return p
}

// Kubeconfig is a kubeconfig with the certificates inside it, in the form that K3s writes.
func Kubeconfig(server string, ca, cert, key []byte) []byte {
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Appendf(nil, `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: %s
    server: %s
  name: default
contexts:
- context:
    cluster: default
    user: default
  name: default
current-context: default
kind: Config
preferences: {}
users:
- name: default
  user:
    client-certificate-data: %s
    client-key-data: %s
`, b64(ca), server, b64(cert), b64(key))
}
