package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/sirupsen/logrus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"portico/ground/standin/clock"
	"portico/ground/standin/config"
	"portico/ground/standin/etcd"
	"portico/ground/standin/join"
	"portico/ground/standin/packaged"
	"portico/ground/standin/pki"
	"portico/ground/standin/process"
	"portico/ground/standin/supervisor"
	"portico/ground/standin/token"
)

const (
	apiPort = "6443"
	// The API server itself listens on loopback only; the supervisor has the same port on every
	// other address and passes on what is not its own.
	apiURL = "https://127.0.0.1:" + apiPort
)

// server is one K3s server, which is a node as well.
type server struct {
	*node
	dataDir    string
	pki        *pki.Cluster
	etcd       *etcd.Member
	admin      *kubernetes.Clientset
	super      *supervisor.Server
	serverPass string
	agentPass  string
	ready      atomic.Bool
}

// startServer brings the control plane up in the order in which its parts need each other, then the
// node, and tells systemd that it is ready when the API is and the node is registered.
func startServer(ctx context.Context, cfg *config.Config, group *process.Group) error {
	n, err := newNode(cfg, group)
	if err != nil {
		return err
	}
	n.apiURL = apiURL
	n.settings = supervisor.Settings{ClusterCIDR: cfg.ClusterCIDR, ServiceCIDR: cfg.ServiceCIDR,
		ClusterDNS: cfg.ClusterDNS, ClusterDomain: cfg.ClusterDomain}
	s := &server{node: n, dataDir: filepath.Join(cfg.DataDir, "server")}
	listeners, err := supervisor.Listen(apiPort)
	if err != nil {
		return err
	}
	if err := s.prepare(ctx); err != nil {
		return fmt.Errorf("starting kubernetes: preparing server: %w", err)
	}
	go n.startRuntime(ctx)
	if err := s.startEtcd(ctx); err != nil {
		return fmt.Errorf("starting kubernetes: preparing server: %w", err)
	}
	if s.admin, err = clientFor(filepath.Join(s.dataDir, "cred/supervisor.kubeconfig")); err != nil {
		return err
	}
	if err := s.apiserver(); err != nil {
		return err
	}
	s.super = &supervisor.Server{PKI: s.pki, ServerToken: s.serverPass, AgentToken: s.agentPass, Settings: n.settings,
		HasEtcd: s.etcd.Clustered, Etcd: s.etcdInfo, APIServers: s.apiServers, Ready: s.ready.Load, Passwords: s,
		Static: packaged.Static()}
	if err := s.super.Serve(ctx, listeners, apiURL); err != nil {
		return err
	}
	if err := s.waitForAPI(ctx); err != nil {
		return err
	}
	if err := s.controllers(); err != nil {
		return err
	}
	go s.keepNodes(ctx)
	go s.deploy(ctx)
	if err := s.ownCertificates(ctx); err != nil {
		return err
	}
	s.ready.Store(true)
	if err := n.start(ctx); err != nil {
		return err
	}
	if err := s.label(ctx); err != nil {
		return err
	}
	logrus.Info("k3s is up and running")
	_, err = daemon.SdNotify(false, daemon.SdNotifyReady)
	return err
}

// prepare makes this server one of a cluster: its own on the first start, another's when it was
// told of one, and afterwards the one whose authorities already lie on disk.
func (s *server) prepare(ctx context.Context) error {
	tls := filepath.Join(s.dataDir, "tls")
	s.etcd = &etcd.Member{NodeName: s.name, NodeIP: s.ip, Extra: s.cfg.EtcdArg}
	s.etcd.Clustered = s.cfg.ClusterInit || s.cfg.Server != "" || exists(filepath.Join(s.dataDir, "db/etcd/member"))
	s.etcd.Dir = filepath.Join(s.dataDir, "db/state")
	if s.etcd.Clustered {
		s.etcd.Dir = filepath.Join(s.dataDir, "db/etcd")
	}
	if s.cfg.Server != "" && !s.etcd.Initialised() {
		if err := s.bootstrap(ctx, tls); err != nil {
			return err
		}
	} else if err := s.tokens(); err != nil {
		return err
	}
	cluster, err := pki.Ensure(tls, clock.Now())
	if err != nil {
		return err
	}
	s.pki, s.etcd.PKI = cluster, cluster
	service, err := firstIP(s.cfg.ServiceCIDR)
	if err != nil {
		return err
	}
	hosts := append([]string{s.ip, service}, s.cfg.TLSSAN...)
	hosts = append(hosts, s.cfg.NodeExternalIP...)
	if err := cluster.IssueServer(hosts, s.name, clock.Now()); err != nil {
		return err
	}
	if err := s.publishTokens(); err != nil {
		return err
	}
	return s.serverKubeconfigs()
}

// bootstrap takes the cluster's authorities and token from the server that is to be joined.
func (s *server) bootstrap(ctx context.Context, tls string) error {
	if s.cfg.Token == "" {
		return errors.New("K3S_TOKEN is required to join a cluster")
	}
	access, err := join.Validate(ctx, s.cfg.Server, s.cfg.Token, "server")
	if err != nil {
		return fmt.Errorf("failed to validate token: %w", err)
	}
	var b supervisor.Bootstrap
	if err := access.JSON(ctx, "/v1-k3s/server-bootstrap", &b); err != nil {
		return fmt.Errorf("failed to get bootstrap data: %w", err)
	}
	if !b.HasEtcd {
		return fmt.Errorf("cannot join %s: it has no embedded etcd; it must be started with cluster-init", s.cfg.Server)
	}
	s.serverPass, s.agentPass = b.ServerToken, b.AgentToken
	return pki.Unpack(tls, b.Files)
}

// tokens reads the passwords of an earlier start, or settles them on the first.
func (s *server) tokens() error {
	given := func(setting string) (string, error) {
		if setting == "" {
			return "", nil
		}
		t, err := token.Parse(setting)
		return t.Password, err
	}
	want, err := given(s.cfg.Token)
	if err != nil {
		return err
	}
	if s.agentPass, err = given(s.cfg.AgentToken); err != nil {
		return err
	}
	if b, err := os.ReadFile(filepath.Join(s.dataDir, "token")); err == nil {
		old, err := token.Parse(strings.TrimSpace(string(b)))
		if err != nil {
			return err
		}
		if want != "" && want != old.Password {
			return errors.New("bootstrap data already found and encrypted with different token")
		}
		s.serverPass = old.Password
		return nil
	}
	s.serverPass = want
	if want == "" {
		s.serverPass = token.Random(16)
	}
	return nil
}

func (s *server) publishTokens() error {
	full := token.Format(s.pki.Server.PEM, "server", s.serverPass) + "\n"
	agent := full
	if s.agentPass != "" {
		agent = token.Format(s.pki.Server.PEM, "node", s.agentPass) + "\n"
	}
	for name, text := range map[string]string{"token": full, "node-token": full, "agent-token": agent} {
		if err := pki.WriteFile(filepath.Join(s.dataDir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// serverKubeconfigs writes the administrator's kubeconfig and those of the controllers.
func (s *server) serverKubeconfigs() error {
	mode, err := strconv.ParseUint(s.cfg.WriteKubeconfigMode, 8, 32)
	if err != nil {
		return fmt.Errorf("write-kubeconfig-mode: %w", err)
	}
	ca := s.pki.Path("server-ca.crt")
	if err := writeKubeconfig(s.cfg.WriteKubeconfig, apiURL, ca, s.pki.Path("client-admin"), os.FileMode(mode)); err != nil {
		return err
	}
	for name, cert := range map[string]string{"admin": "client-admin", "controller": "client-controller",
		"scheduler": "client-scheduler", "supervisor": "client-supervisor"} {
		path := filepath.Join(s.dataDir, "cred", name+".kubeconfig")
		if err := writeKubeconfig(path, apiURL, ca, s.pki.Path(cert), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// startEtcd starts the member and waits until it can be written to. A further server becomes a
// voting member before its API server starts, since a learner answers no reads; one whose plug was
// pulled while it was a learner is promoted on its next start.
func (s *server) startEtcd(ctx context.Context) error {
	peers := ""
	if s.cfg.Server != "" && !s.etcd.Initialised() {
		others, err := s.otherMembers(ctx)
		if err != nil {
			return err
		}
		if peers, err = s.etcd.Join(ctx, others); err != nil {
			return fmt.Errorf("etcd cluster join failed: %w", err)
		}
	}
	args, err := s.etcd.Args(peers)
	if err != nil {
		return err
	}
	if err := s.group.Component("etcd", args...); err != nil {
		return err
	}
	return s.group.Until(ctx, "etcd", 300*time.Millisecond, func() error {
		err := s.etcd.Healthy(ctx)
		if err == nil || s.cfg.Server == "" {
			return err
		}
		others, away := s.otherMembers(ctx)
		if away != nil {
			return err
		}
		return errors.Join(err, s.etcd.Promote(ctx, others))
	})
}

// otherMembers asks the server that this one joins or joined where the members answer.
func (s *server) otherMembers(ctx context.Context) ([]string, error) {
	access, err := join.Validate(ctx, s.cfg.Server, s.cfg.Token, "server")
	if err != nil {
		return nil, err
	}
	var info supervisor.EtcdInfo
	err = access.JSON(ctx, "/db/info", &info)
	return info.ClientURLs, err
}

func (s *server) etcdInfo(ctx context.Context) (supervisor.EtcdInfo, error) {
	if !s.etcd.Clustered {
		return supervisor.EtcdInfo{}, errors.New("etcd disabled")
	}
	urls, err := s.etcd.ClientURLs(ctx)
	return supervisor.EtcdInfo{ClientURLs: urls}, err
}

// apiServers lists where the API answers, for agents to fall over to.
func (s *server) apiServers(ctx context.Context) ([]string, error) {
	list, err := s.admin.DiscoveryV1().EndpointSlices("default").List(ctx, metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=kubernetes"})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, slice := range list.Items {
		for _, e := range slice.Endpoints {
			for _, a := range e.Addresses {
				out = append(out, net.JoinHostPort(a, apiPort))
			}
		}
	}
	return out, nil
}

func (s *server) waitForAPI(ctx context.Context) error {
	return s.group.Until(ctx, "the API server", 200*time.Millisecond, func() error {
		_, err := s.admin.RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err
	})
}

// deploy puts the components into the cluster that K3s brings along.
func (s *server) deploy(ctx context.Context) {
	conf, err := clientcmd.BuildConfigFromFlags("", filepath.Join(s.dataDir, "cred/supervisor.kubeconfig"))
	if err == nil {
		deployer := packaged.Deployer{Disabled: s.cfg.Disabled, Variables: map[string]string{
			"CLUSTER_DNS": s.settings.ClusterDNS, "CLUSTER_DOMAIN": s.settings.ClusterDomain}}
		err = deployer.Run(ctx, conf)
	}
	if err != nil && ctx.Err() == nil {
		s.group.Failed <- err
	}
}

// ownCertificates gives this server's node what an agent would fetch from it.
func (s *server) ownCertificates(ctx context.Context) error {
	access, err := join.Validate(ctx, "https://"+net.JoinHostPort(s.ip, apiPort), s.serverPass, "server")
	if err != nil {
		return err
	}
	return s.group.Until(ctx, "node certificates", time.Second, func() error { return s.fetch(ctx, access) })
}

func firstIP(cidr string) (string, error) {
	_, ipnet, err := net.ParseCIDR(cidr)
	if err != nil {
		return "", err
	}
	ip := ipnet.IP.To4()
	if ip == nil {
		return "", fmt.Errorf("%s: only IPv4 here", cidr)
	}
	return net.IPv4(ip[0], ip[1], ip[2], ip[3]+1).String(), nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
