// The echo service that Portico exposes: it answers every request with what it saw, so that a test
// can tell which host, path and pod the answer came by. It speaks HTTP on 8080 and TLS on 8443, the
// latter with a certificate of its own making for whatever name it is asked by: whoever sees that one
// has spoken to the pod itself.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"log"
	"math/big"
	"net/http"
	"os"
	"time"
)

type answer struct {
	Host    string      `json:"host"`
	Method  string      `json:"method"`
	Path    string      `json:"path"`
	Query   string      `json:"query"`
	Remote  string      `json:"remote"`
	Pod     string      `json:"pod"`
	Node    string      `json:"node"`
	SNI     string      `json:"sni,omitempty"`
	Headers http.Header `json:"headers"`
}

func main() {
	pod, err := os.Hostname()
	if err != nil {
		log.Fatal(err)
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := answer{Host: r.Host, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Remote: r.RemoteAddr,
			Pod: pod, Node: os.Getenv("NODE_NAME"), Headers: r.Header}
		if r.TLS != nil {
			a.SNI = r.TLS.ServerName
		}
		w.Header().Set("Content-Type", "application/json")
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		_ = enc.Encode(a)
	})
	own := func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) { return certificate(pod, hello.ServerName) }
	secure := &http.Server{Addr: ":8443", Handler: handler, ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{GetCertificate: own}}
	go func() { log.Fatal(secure.ListenAndServeTLS("", "")) }()
	server := &http.Server{Addr: ":8080", Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// certificate is signed by itself and says which pod made it.
func certificate(pod, host string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: pod, Organization: []string{"echo"}},
		// The clocks of a lab are not all right.
		NotBefore: time.Now().Add(-24 * time.Hour),
		NotAfter:  time.Now().Add(365 * 24 * time.Hour),
	}
	if host != "" {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
