// Package token is K3s' join token: K10<sha256 of the CA bundle>::<user>:<password>, or the bare
// password, which trusts whatever CA answers.
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

const prefix = "K10"

// Token is a parsed join token. CAHash is empty for the short form.
type Token struct {
	CAHash   string
	User     string
	Password string
}

// Parse reads either form. The errors are K3s' own words.
func Parse(s string) (Token, error) {
	if s == "" {
		return Token{}, errors.New("token must not be empty")
	}
	full, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return Token{Password: s}, nil
	}
	var t Token
	if hash, credentials, found := strings.Cut(full, "::"); found {
		if hash != "" && len(hash) != hex.EncodedLen(sha256.Size) {
			return Token{}, errors.New("invalid token CA hash length")
		}
		t.CAHash, full = hash, credentials
	}
	user, password, found := strings.Cut(full, ":")
	if !found || password == "" {
		return Token{}, errors.New("invalid token format")
	}
	t.User, t.Password = user, password
	return t, nil
}

// Format is the full form for a CA bundle in PEM.
func Format(caBundle []byte, user, password string) string {
	return prefix + HashCA(caBundle) + "::" + user + ":" + password
}

// HashCA is the digest over the PEM bytes, as K3s forms it for a CA of its own making.
func HashCA(caBundle []byte) string {
	sum := sha256.Sum256(caBundle)
	return hex.EncodeToString(sum[:])
}

// CheckCA compares the hash in the token, if it has one, with the CA that a server presented.
func (t Token) CheckCA(caBundle []byte) error {
	if got := HashCA(caBundle); t.CAHash != "" && t.CAHash != got {
		return fmt.Errorf("token CA hash does not match the Cluster CA certificate hash: %s != %s", t.CAHash, got)
	}
	return nil
}

// Random is n random bytes in hex.
func Random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}
