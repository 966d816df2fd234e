package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"testing"
	"time"
)

// seal does what a client of the controller does with its certificate.
func seal(t *testing.T, certificate []byte, label, value string) string {
	t.Helper()
	block, _ := pem.Decode(certificate)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	session := make([]byte, 32)
	_, _ = rand.Read(session)
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, cert.PublicKey.(*rsa.PublicKey), session, []byte(label))
	if err != nil {
		t.Fatal(err)
	}
	c, err := aes.NewCipher(session)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(c)
	if err != nil {
		t.Fatal(err)
	}
	out := binary.BigEndian.AppendUint16(nil, uint16(len(wrapped)))
	out = aead.Seal(append(out, wrapped...), make([]byte, 12), []byte(value), nil)
	return base64.StdEncoding.EncodeToString(out)
}

func TestUnseal(t *testing.T) {
	private, certificate, err := newKey(2048, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	key, err := parseKey(private)
	if err != nil {
		t.Fatal(err)
	}
	keys := []*rsa.PrivateKey{key}
	sealed := seal(t, certificate, "cert-manager/cloudflare-token", "value")
	got, err := unseal(keys, label("cert-manager", "cloudflare-token", nil), sealed)
	if err != nil || string(got) != "value" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := unseal(keys, label("cert-manager", "other", nil), sealed); err == nil {
		t.Error("another name, and unsealed all the same")
	}
	wide := map[string]string{namespaceWide: "true"}
	if got, err := unseal(keys, label("ns", "any", wide), seal(t, certificate, "ns", "w")); err != nil || string(got) != "w" {
		t.Errorf("%q, %v", got, err)
	}
	for _, broken := range []string{"", "AAAA", "//8=", "%"} {
		if _, err := unseal(keys, nil, broken); err == nil {
			t.Errorf("%q was unsealed", broken)
		}
	}
}
