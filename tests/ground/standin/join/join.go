// Package join is the other side of the supervisor's port: how an agent or a further server comes
// to know a cluster by a URL and a token. The error texts are K3s' own, since they are what a
// person finds in the journal.
package join

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"portico/ground/standin/clock"
	"portico/ground/standin/pki"
	"portico/ground/standin/token"
)

// passwordFile lies outside the data directory, so that it survives an uninstall that spares /etc.
const passwordFile = "/etc/rancher/node/password"

// Access is a cluster whose CA has been checked against the token.
type Access struct {
	base    string
	token   token.Token
	user    string
	CA      []byte
	client  *http.Client
	headers map[string]string
}

// Validate fetches the CA from a server and holds it against the token. User is the name that the
// password goes with: "node" for an agent, "server" for a further server.
func Validate(ctx context.Context, server, tok, user string) (*Access, error) {
	t, err := token.Parse(tok)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(server)
	if err != nil {
		return nil, fmt.Errorf("Invalid server url, failed to parse: %s: %w", server, err)
	}
	if u.Scheme != "https" {
		return nil, errors.New("only https:// URLs are supported, invalid scheme: " + server)
	}
	a := &Access{base: strings.TrimRight(u.String(), "/"), token: t, user: user}
	a.client = client(&tls.Config{InsecureSkipVerify: true})
	if a.CA, err = a.get(ctx, "/cacerts"); err != nil {
		return nil, fmt.Errorf("failed to get CA certs: %w", err)
	}
	a.client = client(&tls.Config{RootCAs: pki.Pool(a.CA), Time: clock.Now})
	if _, err := a.get(ctx, "/cacerts"); err != nil {
		return nil, fmt.Errorf("CA cert validation failed: %w", err)
	}
	return a, t.CheckCA(a.CA)
}

func client(c *tls.Config) *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: c, DisableKeepAlives: true}}
}

// As names the node in later requests; certificates are issued to it.
func (a *Access) As(node string, ips []string) error {
	password, err := nodePassword()
	a.headers = map[string]string{"K3s-Node-Name": node, "K3s-Node-IP": strings.Join(ips, ","), "K3s-Node-Password": password}
	return err
}

func nodePassword() (string, error) {
	if b, err := os.ReadFile(passwordFile); err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	p := token.Random(16)
	if err := os.MkdirAll(filepath.Dir(passwordFile), 0o755); err != nil {
		return "", err
	}
	return p, pki.WriteFile(passwordFile, []byte(p+"\n"), 0o600)
}

func (a *Access) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+path, nil)
	if err != nil {
		return nil, err
	}
	if path != "/cacerts" {
		req.SetBasicAuth(a.user, a.token.Password)
	}
	for k, v := range a.headers {
		req.Header.Set(k, v)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusForbidden {
		return nil, fmt.Errorf("Node password rejected, duplicate hostname or contents of '%s' may not match server node-passwd entry, try enabling a unique node name with the --with-node-id flag", passwordFile)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", a.base+path, resp.Status)
	}
	return io.ReadAll(resp.Body)
}

// JSON fetches a document.
func (a *Access) JSON(ctx context.Context, path string, into any) error {
	b, err := a.get(ctx, path)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}

// Save fetches a file of the given name into dir. A private key in it goes to a file of its own.
func (a *Access) Save(ctx context.Context, dir, name string) error {
	b, err := a.get(ctx, "/v1-k3s/"+name)
	if err != nil {
		return err
	}
	var cert, key []byte
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if strings.Contains(block.Type, "PRIVATE KEY") {
			key = append(key, pem.EncodeToMemory(block)...)
		} else {
			cert = append(cert, pem.EncodeToMemory(block)...)
		}
	}
	path := filepath.Join(dir, name)
	if key != nil {
		if err := pki.WriteFile(strings.TrimSuffix(path, ".crt")+".key", key, 0o600); err != nil {
			return err
		}
	}
	return pki.WriteFile(path, cert, 0o600)
}
