package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"math/big"
	"time"
)

const (
	namespaceWide = "sealedsecrets.bitnami.com/namespace-wide"
	clusterWide   = "sealedsecrets.bitnami.com/cluster-wide"
)

// label binds a value to where it may be unsealed.
func label(namespace, name string, annotations map[string]string) []byte {
	switch {
	case annotations[clusterWide] == "true":
		return nil
	case annotations[namespaceWide] == "true":
		return []byte(namespace)
	}
	return []byte(namespace + "/" + name)
}

// unseal opens one value: base64 of the length of an RSA-OAEP ciphertext, that ciphertext, which holds a session key,
// and what AES-256-GCM with that key and a nonce of zeroes made of the value.
func unseal(keys []*rsa.PrivateKey, label []byte, text string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	if len(b) < 2 || len(b) < 2+int(binary.BigEndian.Uint16(b)) {
		return nil, errors.New("encrypted data is too short")
	}
	end := 2 + int(binary.BigEndian.Uint16(b))
	for _, key := range keys {
		session, err := rsa.DecryptOAEP(sha256.New(), nil, key, b[2:end], label)
		if err != nil {
			continue
		}
		block, err := aes.NewCipher(session)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		return aead.Open(nil, make([]byte, aead.NonceSize()), b[end:], nil)
	}
	return nil, errors.New("no key could decrypt secret")
}

// newKey makes a key pair with a certificate of the genuine controller's kind.
func newKey(bits int, now time.Time) (keyPEM, certificatePEM []byte, err error) {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, KeyUsage: x509.KeyUsageEncipherOnly, Subject: pkix.Name{},
		NotBefore: now, NotAfter: now.AddDate(10, 0, 0), BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	keyPEM = pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return keyPEM, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

func parseKey(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM in the key")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	if key, ok := any.(*rsa.PrivateKey); ok {
		return key, nil
	}
	return nil, errors.New("not an RSA key")
}
