package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"
	"time"
)

// interval is how often the cluster is read; the genuine controller takes about as long to reload.
const interval = time.Second

type controller struct {
	options
	api  *api
	now  atomic.Pointer[state]
	next atomic.Uint64
}

type state struct {
	routes       table
	certificates map[string]*tls.Certificate
	fallback     *tls.Certificate
}

// follow reads the cluster until the context ends. What cannot be read keeps the last state.
func (c *controller) follow(ctx context.Context) {
	fake, err := selfSigned()
	if err != nil {
		log.Fatal(err)
	}
	for {
		if err := c.read(ctx, fake); err != nil && ctx.Err() == nil {
			log.Printf("reading the cluster: %v", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval):
		}
	}
}

func (c *controller) read(ctx context.Context, fake *tls.Certificate) error {
	var (
		ingresses list[ingress]
		classes   list[ingressClass]
		services  list[service]
		slices    list[endpointSlice]
	)
	for path, into := range map[string]any{
		"/apis/networking.k8s.io/v1/ingresses": &ingresses, "/apis/networking.k8s.io/v1/ingressclasses": &classes,
		"/api/v1/services": &services, "/apis/discovery.k8s.io/v1/endpointslices": &slices,
	} {
		// Version 0 is answered from the API server's cache and costs etcd nothing.
		if err := c.api.get(ctx, path+"?resourceVersion=0", into); err != nil {
			return err
		}
	}
	s := snapshot{ingresses.Items, classes.Items, services.Items, slices.Items}
	next := &state{routes: c.build(s), certificates: map[string]*tls.Certificate{}, fallback: fake}
	if namespace, name, ok := strings.Cut(c.defaultCert, "/"); ok {
		if cert := c.keyPair(ctx, namespace, name); cert != nil {
			next.fallback = cert
		}
	}
	for _, i := range s.ingresses {
		for _, t := range i.Spec.TLS {
			if t.SecretName == "" || !c.ours(i, s.classes) {
				continue
			}
			if cert := c.keyPair(ctx, i.Metadata.Namespace, t.SecretName); cert != nil {
				for _, h := range t.Hosts {
					next.certificates[strings.ToLower(h)] = cert
				}
			}
		}
	}
	if old := c.now.Swap(next); old == nil || !reflect.DeepEqual(old.routes, next.routes) {
		log.Printf("configuration changed, %d routes", len(next.routes))
	}
	return c.publish(ctx, s)
}

func (c *controller) keyPair(ctx context.Context, namespace, name string) *tls.Certificate {
	var s secret
	if err := c.api.get(ctx, "/api/v1/namespaces/"+namespace+"/secrets/"+name, &s); err != nil {
		log.Printf("certificate: %v", err)
		return nil
	}
	cert, err := tls.X509KeyPair(s.Data["tls.crt"], s.Data["tls.key"])
	if err != nil {
		log.Printf("certificate %s/%s: %v", namespace, name, err)
		return nil
	}
	return &cert
}

// publish copies the addresses of the controller's own Service to every Ingress of ours.
func (c *controller) publish(ctx context.Context, s snapshot) error {
	namespace, name, ok := strings.Cut(c.publishService, "/")
	if !ok {
		return nil
	}
	for _, svc := range s.services {
		if svc.Metadata.Namespace != namespace || svc.Metadata.Name != name {
			continue
		}
		for _, i := range s.ingresses {
			if !c.ours(i, s.classes) || reflect.DeepEqual(i.Status.LoadBalancer, svc.Status.LoadBalancer) {
				continue
			}
			path := "/apis/networking.k8s.io/v1/namespaces/" + i.Metadata.Namespace + "/ingresses/" + i.Metadata.Name + "/status"
			err := c.api.mergePatch(ctx, path, map[string]any{"status": map[string]any{"loadBalancer": svc.Status.LoadBalancer}})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *controller) healthz(w http.ResponseWriter, _ *http.Request) {
	if c.now.Load() == nil {
		http.Error(w, "the cluster has not been read yet", http.StatusInternalServerError)
		return
	}
	_, _ = w.Write([]byte("ok"))
}

func (c *controller) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	s := c.now.Load()
	if s == nil {
		return selfSigned()
	}
	name := strings.ToLower(hello.ServerName)
	if cert := s.certificates[name]; cert != nil {
		return cert, nil
	}
	if _, parent, found := strings.Cut(name, "."); found {
		if cert := s.certificates["*."+parent]; cert != nil {
			return cert, nil
		}
	}
	return s.fallback, nil
}

// passed is where TLS for a host goes that nobody opens here.
func (c *controller) passed(host string) (string, bool) {
	s := c.now.Load()
	if s == nil || host == "" {
		return "", false
	}
	found := s.routes.find(host, "/")
	if found == nil || !found.passthrough || len(found.endpoints) == 0 {
		return "", false
	}
	return found.endpoints[c.next.Add(1)%uint64(len(found.endpoints))], true
}

func (c *controller) handler(scheme string) http.Handler {
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			target := r.In.Context().Value(targetKey{}).(*url.URL)
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = target.Scheme, target.Host, r.In.Host
			client, _, _ := net.SplitHostPort(r.In.RemoteAddr)
			r.Out.Header.Set("X-Request-ID", requestID())
			r.Out.Header.Set("X-Real-IP", client)
			r.Out.Header.Set("X-Forwarded-For", client)
			r.Out.Header.Set("X-Forwarded-Host", r.In.Host)
			r.Out.Header.Set("X-Forwarded-Port", map[string]string{"http": "80", "https": "443"}[scheme])
			r.Out.Header.Set("X-Forwarded-Proto", scheme)
			r.Out.Header.Set("X-Forwarded-Scheme", scheme)
			r.Out.Header.Set("X-Scheme", scheme)
		},
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxIdleConnsPerHost: 32,
			DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { page(w, http.StatusBadGateway) },
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := c.now.Load()
		if s == nil {
			page(w, http.StatusServiceUnavailable)
			return
		}
		found := s.routes.find(r.Host, r.URL.Path)
		switch {
		case found == nil:
			page(w, http.StatusNotFound)
		case scheme == "http" && found.redirect:
			http.Redirect(w, r, "https://"+r.Host+r.URL.RequestURI(), http.StatusPermanentRedirect)
		case len(found.endpoints) == 0:
			page(w, http.StatusServiceUnavailable)
		default:
			target := &url.URL{Scheme: "http", Host: found.endpoints[c.next.Add(1)%uint64(len(found.endpoints))]}
			if found.tlsBackend {
				target.Scheme = "https"
			}
			proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), targetKey{}, target)))
		}
	})
}

type targetKey struct{}

// page is an error in nginx' own clothes; people and checks recognise it by them.
func page(w http.ResponseWriter, code int) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(code)
	title := http.StatusText(code)
	if code == http.StatusServiceUnavailable {
		title = "Service Temporarily Unavailable"
	}
	line := []byte("<html>\r\n<head><title>")
	number := []byte{byte('0' + code/100), byte('0' + code/10%10), byte('0' + code%10), ' '}
	line = append(append(append(line, number...), title...), "</title></head>\r\n<body>\r\n<center><h1>"...)
	line = append(append(append(line, number...), title...), "</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"...)
	_, _ = w.Write(line)
}

func requestID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// selfSigned is the certificate that is shown for hosts without one, under the genuine one's name.
func selfSigned() (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{"ingress.local"},
		Subject:   pkix.Name{CommonName: "Kubernetes Ingress Controller Fake Certificate", Organization: []string{"Acme Co"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
