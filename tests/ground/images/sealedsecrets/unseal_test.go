package main

import (
	"crypto/rsa"
	"testing"
	"time"
)

func sealed(t *testing.T, certificate []byte, label, value string) string {
	t.Helper()
	text, err := seal(certificate, []byte(label), []byte(value))
	if err != nil {
		t.Fatal(err)
	}
	return text
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
	text := sealed(t, certificate, "cert-manager/cloudflare-token", "value")
	got, err := unseal(keys, label("cert-manager", "cloudflare-token", nil), text)
	if err != nil || string(got) != "value" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := unseal(keys, label("cert-manager", "other", nil), text); err == nil {
		t.Error("another name, and unsealed all the same")
	}
	wide := map[string]string{namespaceWide: "true"}
	if got, err := unseal(keys, label("ns", "any", wide), sealed(t, certificate, "ns", "w")); err != nil || string(got) != "w" {
		t.Errorf("%q, %v", got, err)
	}
	for _, broken := range []string{"", "AAAA", "//8=", "%"} {
		if _, err := unseal(keys, nil, broken); err == nil {
			t.Errorf("%q was unsealed", broken)
		}
	}
}
