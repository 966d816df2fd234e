// Package pki makes the certificate authorities and certificates of a cluster under the names that
// K3s uses below server/tls. Authorities are made once and shared by all servers; what they sign is
// made anew at every start.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	caLife   = 10 * 365 * 24 * time.Hour
	leafLife = 365 * 24 * time.Hour
)

// CA signs certificates; PEM is what clients trust.
type CA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	PEM  []byte
}

// Leaf is what a certificate says. Hosts are DNS names and addresses mixed; Server adds the server
// usage to the client usage that all have.
type Leaf struct {
	User   string
	Groups []string
	Hosts  []string
	Server bool
}

// EnsureCA loads base.crt and base.key, or makes them when both are absent.
func EnsureCA(base, name string, now time.Time) (*CA, error) {
	certPEM, err := os.ReadFile(base + ".crt")
	if errors.Is(err, os.ErrNotExist) {
		return newCA(base, name, now)
	} else if err != nil {
		return nil, err
	}
	keyPEM, err := os.ReadFile(base + ".key")
	if err != nil {
		return nil, err
	}
	cert, err := parseCert(certPEM)
	if err != nil {
		return nil, fmt.Errorf("%s.crt: %w", base, err)
	}
	key, err := parseKey(keyPEM)
	if err != nil {
		return nil, fmt.Errorf("%s.key: %w", base, err)
	}
	return &CA{cert, key, certPEM}, nil
}

func newCA(base, name string, now time.Time) (*CA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	cn := fmt.Sprintf("%s@%d", name, now.Unix())
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(0), Subject: pkix.Name{CommonName: cn}, DNSNames: nil,
		NotBefore: now.UTC(), NotAfter: now.Add(caLife).UTC(), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageKeyEncipherment | x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certPEM := encode("CERTIFICATE", der)
	keyPEM, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	if err := WriteFile(base+".key", keyPEM, 0o600); err != nil {
		return nil, err
	}
	if err := WriteFile(base+".crt", certPEM, 0o644); err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	return &CA{parsed, key, certPEM}, err
}

// Issue signs a new key. The certificate is valid from the moment the authority is: a client whose
// clock is behind then fails on all of them alike, as with K3s.
func (ca *CA) Issue(l Leaf, now time.Time) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 62))
	if err != nil {
		return nil, nil, err
	}
	cert := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: l.User, Organization: l.Groups},
		NotBefore: ca.cert.NotBefore, NotAfter: now.Add(leafLife).UTC(),
		KeyUsage:    x509.KeyUsageKeyEncipherment | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if l.Server {
		cert.ExtKeyUsage = append(cert.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	seen := map[string]bool{}
	for _, h := range l.Hosts {
		if h == "" || seen[h] {
			continue
		}
		seen[h] = true
		if ip := net.ParseIP(h); ip != nil {
			cert.IPAddresses = append(cert.IPAddresses, ip)
		} else {
			cert.DNSNames = append(cert.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, ca.cert, key.Public(), ca.key)
	if err != nil {
		return nil, nil, err
	}
	keyPEM, err = encodeKey(key)
	return append(encode("CERTIFICATE", der), ca.PEM...), keyPEM, err
}

// IssueTo writes a new certificate as base.crt and base.key.
func (ca *CA) IssueTo(base string, l Leaf, now time.Time) error {
	cert, key, err := ca.Issue(l, now)
	if err != nil {
		return err
	}
	if err := WriteFile(base+".key", key, 0o600); err != nil {
		return err
	}
	return WriteFile(base+".crt", cert, 0o644)
}

// EnsureKey makes the private key that signs service account tokens, once.
func EnsureKey(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	b, err := encodeKey(key)
	if err != nil {
		return err
	}
	return WriteFile(path, b, 0o600)
}

// WriteFile writes beside and renames, so that a full disk or a pulled plug leaves no half key.
func WriteFile(path string, b []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	part := path + ".part"
	if err := os.WriteFile(part, b, mode); err != nil {
		return err
	}
	if err := os.Chmod(part, mode); err != nil {
		return err
	}
	return os.Rename(part, path)
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	return encode("EC PRIVATE KEY", der), err
}

func parseCert(b []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("no certificate in it")
	}
	return x509.ParseCertificate(block.Bytes)
}

func parseKey(b []byte) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("no key in it")
	}
	return x509.ParseECPrivateKey(block.Bytes)
}
