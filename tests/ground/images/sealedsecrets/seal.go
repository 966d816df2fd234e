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
	"errors"
)

// seal is what kubeseal does to one value; the tests have no kubeseal.
func seal(certificate, label, value []byte) (string, error) {
	block, _ := pem.Decode(certificate)
	if block == nil {
		return "", errors.New("no PEM in the certificate")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "", err
	}
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return "", errors.New("not an RSA key")
	}
	session := make([]byte, 32)
	if _, err := rand.Read(session); err != nil {
		return "", err
	}
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, key, session, label)
	if err != nil {
		return "", err
	}
	c, err := aes.NewCipher(session)
	if err != nil {
		return "", err
	}
	aead, err := cipher.NewGCM(c)
	if err != nil {
		return "", err
	}
	out := append(binary.BigEndian.AppendUint16(nil, uint16(len(wrapped))), wrapped...)
	out = aead.Seal(out, make([]byte, aead.NonceSize()), value, nil)
	return base64.StdEncoding.EncodeToString(out), nil
}
