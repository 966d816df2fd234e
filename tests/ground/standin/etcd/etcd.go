// Package etcd says how the genuine etcd is started on this server, alone or as a further member,
// and asks it how it is. A server that was not told to cluster keeps it on loopback only: there K3s
// would use SQLite, and nothing of etcd may be visible from outside.
package etcd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"portico/ground/standin/clock"
	"portico/ground/standin/pki"
	"portico/ground/standin/token"
)

// LocalURL is where this server's own components find it.
const LocalURL = "https://127.0.0.1:2379"

// Member is this server's etcd.
type Member struct {
	Dir       string
	NodeName  string
	NodeIP    string
	Clustered bool
	PKI       *pki.Cluster
	Extra     []string
}

// Initialised reports whether the member already has data: then it only has to be started.
func (m *Member) Initialised() bool {
	_, err := os.Stat(filepath.Join(m.Dir, "member", "wal"))
	return err == nil
}

func (m *Member) host() string {
	if m.Clustered {
		return m.NodeIP
	}
	return "127.0.0.1"
}

func (m *Member) peerURL() string { return "https://" + m.host() + ":2380" }

// ClientURL is where other servers reach this member.
func (m *Member) ClientURL() string { return "https://" + m.host() + ":2379" }

// name is made once per data directory, so that a server that was wiped is a new member.
func (m *Member) name() (string, error) {
	path := filepath.Join(m.Dir, "name")
	if b, err := os.ReadFile(path); err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	name := m.NodeName + "-" + token.Random(4)
	return name, pki.WriteFile(path, []byte(name), 0o600)
}

// Args is etcd's command line. Peers is empty for a member that starts a cluster of its own; for
// one that joins it is what Join returned. Syncing to disk is left out: the machines of the ground
// lose power only as processes, never as a kernel.
func (m *Member) Args(peers string) ([]string, error) {
	name, err := m.name()
	if err != nil {
		return nil, err
	}
	state := "existing"
	if peers == "" {
		peers, state = name+"="+m.peerURL(), "new"
	}
	clients := LocalURL
	if m.Clustered {
		clients += "," + m.ClientURL()
	}
	args := []string{
		"--name", name, "--data-dir", m.Dir, "--unsafe-no-fsync", "--log-level", "warn",
		"--listen-client-urls", clients, "--advertise-client-urls", m.ClientURL(),
		"--listen-peer-urls", m.peerURL(), "--initial-advertise-peer-urls", m.peerURL(),
		"--initial-cluster", peers, "--initial-cluster-state", state,
		"--heartbeat-interval", "500", "--election-timeout", "5000",
		"--client-cert-auth", "--trusted-ca-file", m.PKI.Path("etcd/server-ca.crt"),
		"--cert-file", m.PKI.Path("etcd/server-client.crt"), "--key-file", m.PKI.Path("etcd/server-client.key"),
		"--peer-client-cert-auth", "--peer-trusted-ca-file", m.PKI.Path("etcd/peer-ca.crt"),
		"--peer-cert-file", m.PKI.Path("etcd/peer-server-client.crt"), "--peer-key-file", m.PKI.Path("etcd/peer-server-client.key"),
	}
	for _, e := range m.Extra {
		args = append(args, "--"+e)
	}
	return args, nil
}

// Client connects to the given members.
func (m *Member) Client(endpoints ...string) (*clientv3.Client, error) {
	cert, err := tls.LoadX509KeyPair(m.PKI.Path("etcd/client.crt"), m.PKI.Path("etcd/client.key"))
	if err != nil {
		return nil, err
	}
	return clientv3.New(clientv3.Config{
		Endpoints: endpoints, DialTimeout: 5 * time.Second, Logger: zap.NewNop(),
		TLS: &tls.Config{RootCAs: pki.Pool(m.PKI.EtcdServer.PEM), Certificates: []tls.Certificate{cert}, Time: clock.Now},
	})
}

// Join adds this server to the cluster behind the endpoints and returns the list of peers to start
// with. A member that was added and never started, because the plug was pulled in between, is taken
// up again; a live member under this node's name refuses, as K3s does.
func (m *Member) Join(ctx context.Context, endpoints []string) (string, error) {
	c, err := m.Client(endpoints...)
	if err != nil {
		return "", err
	}
	defer c.Close()
	name, err := m.name()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	list, err := c.MemberList(ctx)
	if err != nil {
		return "", err
	}
	members, present := list.Members, false
	for _, have := range members {
		if nodeOf(have) == m.NodeName {
			return "", errors.New("duplicate node name found, please use a unique name for this node")
		}
		present = present || have.PeerURLs[0] == m.peerURL()
	}
	if !present {
		added, err := c.MemberAddAsLearner(ctx, []string{m.peerURL()})
		if err != nil {
			return "", err
		}
		members = added.Members
		logrus.Infof("Adding member %s=%s to etcd cluster", name, m.peerURL())
	}
	return m.initialCluster(name, members), nil
}

func (m *Member) initialCluster(name string, members []*etcdserverpb.Member) string {
	var peers []string
	for _, have := range members {
		n := have.Name
		if have.PeerURLs[0] == m.peerURL() {
			n = name
		}
		peers = append(peers, n+"="+have.PeerURLs[0])
	}
	return strings.Join(peers, ",")
}

// Promote asks the cluster to make this member a voting one. It fails until the member has caught
// up, and is done when it votes.
func (m *Member) Promote(ctx context.Context, endpoints []string) error {
	c, err := m.Client(endpoints...)
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	list, err := c.MemberList(ctx)
	if err != nil {
		return err
	}
	for _, have := range list.Members {
		if have.PeerURLs[0] == m.peerURL() {
			if !have.IsLearner {
				return nil
			}
			_, err := c.MemberPromote(ctx, have.ID)
			return err
		}
	}
	return fmt.Errorf("%s is not a member", m.peerURL())
}

// Remove takes the member of a node out of the cluster, if there is one.
func (m *Member) Remove(ctx context.Context, node string) error {
	c, err := m.Client(LocalURL)
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	list, err := c.MemberList(ctx)
	if err != nil {
		return err
	}
	for _, have := range list.Members {
		if nodeOf(have) == node {
			logrus.Infof("Removing name=%s id=%x from etcd", have.Name, have.ID)
			if _, err := c.MemberRemove(ctx, have.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// nodeOf is the node's part of a member's name.
func nodeOf(member *etcdserverpb.Member) string {
	if i := strings.LastIndex(member.Name, "-"); i > 0 {
		return member.Name[:i]
	}
	return ""
}

// Healthy reads through the local member: it answers only when there is a leader.
func (m *Member) Healthy(ctx context.Context) error {
	c, err := m.Client(LocalURL)
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err = c.Get(ctx, "health")
	return err
}

// ClientURLs lists where the members answer.
func (m *Member) ClientURLs(ctx context.Context) ([]string, error) {
	c, err := m.Client(LocalURL)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	list, err := c.MemberList(ctx)
	if err != nil {
		return nil, err
	}
	var urls []string
	for _, have := range list.Members {
		if !have.IsLearner {
			urls = append(urls, have.ClientURLs...)
		}
	}
	return urls, nil
}
