// Package supervisor is the part of K3s' port 6443 that is not the Kubernetes API: machines that
// know the join token fetch the CA, certificates and, as further servers, the cluster's
// authorities. Everything else on the port is handed to the API server with the caller's identity
// in front-proxy headers, which is how the genuine API server takes it from a proxy it trusts.
package supervisor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"portico/ground/standin/clock"
	"portico/ground/standin/pki"
)

// Settings are what all nodes of a cluster must agree on; agents take them from a server.
type Settings struct {
	ClusterCIDR   string `json:"clusterCIDR"`
	ServiceCIDR   string `json:"serviceCIDR"`
	ClusterDNS    string `json:"clusterDNS"`
	ClusterDomain string `json:"clusterDomain"`
}

// EtcdInfo is what a joining server needs to become a member.
type EtcdInfo struct {
	ClientURLs []string `json:"clientURLs"`
}

// Bootstrap is what makes a further server one of the cluster's.
type Bootstrap struct {
	Files         map[string][]byte `json:"files"`
	ServerToken   string            `json:"serverToken"`
	AgentToken    string            `json:"agentToken"`
	HasEtcd       bool              `json:"hasEtcd"`
	NodePasswords map[string]string `json:"-"`
}

// NodePasswords remembers which password a node name was first seen with.
type NodePasswords interface {
	// Check stores the password of an unknown name and refuses another one for a known name.
	Check(ctx context.Context, node, password string) error
}

// ErrNodePassword says that the name belongs to another machine.
var ErrNodePassword = errors.New("node password rejected")

// Server answers for one K3s server.
type Server struct {
	PKI         *pki.Cluster
	ServerToken string
	AgentToken  string
	Settings    Settings
	HasEtcd     bool
	Etcd        func(context.Context) (EtcdInfo, error)
	APIServers  func(context.Context) ([]string, error)
	Ready       func() bool
	Passwords   NodePasswords
	// Static serves the files that come with K3s, to anybody.
	Static http.Handler
}

// Handler is everything behind the port.
func (s *Server) Handler(apiserver string) (http.Handler, error) {
	proxy, err := s.proxy(apiserver)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ping", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("pong")) })
	mux.HandleFunc("GET /cacerts", s.bytes(func() []byte { return s.PKI.Server.PEM }))
	mux.Handle("GET /v1-k3s/server-ca.crt", s.node(s.bytes(func() []byte { return s.PKI.Server.PEM })))
	mux.Handle("GET /v1-k3s/client-ca.crt", s.node(s.bytes(func() []byte { return s.PKI.Client.PEM })))
	mux.Handle("GET /v1-k3s/config", s.node(s.json(func(context.Context) (any, error) { return s.Settings, nil })))
	mux.Handle("GET /v1-k3s/apiservers", s.node(s.json(func(ctx context.Context) (any, error) { return s.APIServers(ctx) })))
	mux.Handle("GET /v1-k3s/readyz", s.node(http.HandlerFunc(s.readyz)))
	mux.Handle("GET /v1-k3s/serving-kubelet.crt", s.node(s.named(func(name string, ips []string) (*pki.CA, pki.Leaf) {
		return s.PKI.Server, pki.Leaf{User: name, Hosts: append([]string{name, "localhost", "127.0.0.1"}, ips...), Server: true}
	})))
	mux.Handle("GET /v1-k3s/client-kubelet.crt", s.node(s.named(func(name string, _ []string) (*pki.CA, pki.Leaf) {
		return s.PKI.Client, pki.Leaf{User: "system:node:" + name, Groups: []string{"system:nodes"}}
	})))
	mux.Handle("GET /v1-k3s/client-kube-proxy.crt", s.node(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.issue(w, s.PKI.Client, pki.Leaf{User: "system:kube-proxy"})
	})))
	mux.Handle("GET /v1-k3s/server-bootstrap", s.server(s.json(func(context.Context) (any, error) {
		files, err := s.PKI.Bundle()
		return Bootstrap{Files: files, ServerToken: s.ServerToken, AgentToken: s.AgentToken, HasEtcd: s.HasEtcd}, err
	})))
	mux.Handle("GET /db/info", s.server(s.json(func(ctx context.Context) (any, error) { return s.Etcd(ctx) })))
	mux.Handle("GET /static/", s.Static)
	mux.Handle("/", proxy)
	return mux, nil
}

func (s *Server) bytes(b func() []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write(b())
	}
}

func (s *Server) json(get func(context.Context) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := get(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	})
}

func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	if !s.Ready() {
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok"))
}

// node admits both tokens, server only the server's own.
func (s *Server) node(h http.Handler) http.Handler { return s.admit(h, s.ServerToken, s.AgentToken) }

func (s *Server) server(h http.Handler) http.Handler { return s.admit(h, s.ServerToken) }

func (s *Server) admit(h http.Handler, passwords ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, given, _ := r.BasicAuth()
		for _, p := range passwords {
			if p != "" && p == given {
				h.ServeHTTP(w, r)
				return
			}
		}
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
	})
}

// named issues a certificate for the node that the request's headers name.
func (s *Server) named(leaf func(name string, ips []string) (*pki.CA, pki.Leaf)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.Header.Get("K3s-Node-Name")
		if name == "" {
			http.Error(w, "node name not set", http.StatusBadRequest)
			return
		}
		if err := s.Passwords.Check(r.Context(), name, r.Header.Get("K3s-Node-Password")); errors.Is(err, ErrNodePassword) {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		} else if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		ca, l := leaf(name, strings.Split(r.Header.Get("K3s-Node-IP"), ","))
		s.issue(w, ca, l)
	})
}

func (s *Server) issue(w http.ResponseWriter, ca *pki.CA, l pki.Leaf) {
	cert, key, err := ca.Issue(l, clock.Now())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(append(cert, key...))
}

// proxy hands a request to the API server. A client certificate cannot travel through, so its name
// and groups do, vouched for by the front-proxy certificate; a bearer token travels as it is.
func (s *Server) proxy(apiserver string) (http.Handler, error) {
	target, err := url.Parse(apiserver)
	if err != nil {
		return nil, err
	}
	front, err := tls.LoadX509KeyPair(s.PKI.Path("client-auth-proxy.crt"), s.PKI.Path("client-auth-proxy.key"))
	if err != nil {
		return nil, err
	}
	clients := pki.Pool(s.PKI.Client.PEM)
	rp := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			for name := range r.Out.Header {
				if strings.HasPrefix(name, "X-Remote-") {
					r.Out.Header.Del(name)
				}
			}
			if state := r.In.TLS; state != nil && len(state.PeerCertificates) > 0 {
				subject := state.PeerCertificates[0].Subject
				r.Out.Header.Set("X-Remote-User", subject.CommonName)
				for _, g := range subject.Organization {
					r.Out.Header.Add("X-Remote-Group", g)
				}
			}
		},
		FlushInterval: -1,
		// One HTTP/1 connection per request in flight: upgrades (exec, port-forward) need it.
		Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: pki.Pool(s.PKI.Server.PEM), Certificates: []tls.Certificate{front}, Time: clock.Now},
			TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{},
			MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second, DisableCompression: true,
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			if !errors.Is(err, context.Canceled) {
				http.Error(w, "apiserver not ready", http.StatusServiceUnavailable)
			}
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) > 0 {
			_, err := r.TLS.PeerCertificates[0].Verify(x509.VerifyOptions{
				Roots: clients, CurrentTime: clock.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
			if err != nil {
				http.Error(w, "Unauthorized", http.StatusUnauthorized)
				return
			}
		}
		rp.ServeHTTP(w, r)
	}), nil
}

// Listen opens the port on every address of the machine except loopback, where the API server
// itself listens. A port that another program holds fails here, in the kernel's words.
func Listen(port string) ([]net.Listener, error) {
	probe, err := net.Listen("tcp", ":"+port)
	if err != nil {
		return nil, err
	}
	_ = probe.Close()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var out []net.Listener
	for _, a := range addrs {
		ip, ok := a.(*net.IPNet)
		if !ok || ip.IP.IsLoopback() || ip.IP.To4() == nil {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort(ip.IP.String(), port))
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// Serve answers on the listeners until the context ends.
func (s *Server) Serve(ctx context.Context, listeners []net.Listener, apiserver string) error {
	h, err := s.Handler(apiserver)
	if err != nil {
		return err
	}
	cert, err := tls.LoadX509KeyPair(s.PKI.Path("serving-kube-apiserver.crt"), s.PKI.Path("serving-kube-apiserver.key"))
	if err != nil {
		return err
	}
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: 30 * time.Second, ErrorLog: nil,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequestClientCert, Time: clock.Now},
	}
	srv.ErrorLog = quietLog()
	for _, l := range listeners {
		go func() {
			if err := srv.ServeTLS(l, "", ""); err != nil && !errors.Is(err, http.ErrServerClosed) {
				logrus.Errorf("supervisor on %s: %v", l.Addr(), err)
			}
		}()
	}
	go func() {
		<-ctx.Done()
		_ = srv.Close()
	}()
	return nil
}
