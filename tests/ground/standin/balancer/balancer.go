// Package balancer is an agent's own way to the servers: one loopback port that everything on the
// node talks to, and behind it whichever server answers. It forwards bytes, so the servers see the
// caller's own certificate. There is no health check beyond the attempt to connect.
package balancer

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"sync"
	"time"

	"portico/ground/standin/pki"
)

// Balancer forwards to the first server that can be reached, the last good one first.
type Balancer struct {
	state string
	l     net.Listener

	mu      sync.Mutex
	first   string
	servers []string
}

type saved struct {
	ServerURL       string   `json:"ServerURL"`
	ServerAddresses []string `json:"ServerAddresses"`
}

// Listen opens the loopback port. Servers learned earlier are read from the state file, so that an
// agent comes up although the server that it was configured with is gone.
func Listen(addr, server, state string) (*Balancer, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	b := &Balancer{state: state, l: l, first: hostPort(u), servers: []string{hostPort(u)}}
	var before saved
	if raw, err := os.ReadFile(state); err == nil && json.Unmarshal(raw, &before) == nil && before.ServerURL == server {
		b.add(before.ServerAddresses)
	}
	go b.accept()
	return b, nil
}

func hostPort(u *url.URL) string {
	if u.Port() == "" {
		return net.JoinHostPort(u.Hostname(), "443")
	}
	return u.Host
}

// Learn replaces the list of servers; the configured one always stays on it.
func (b *Balancer) Learn(server string, addrs []string) error {
	b.mu.Lock()
	b.servers = b.servers[:1]
	b.mu.Unlock()
	b.add(addrs)
	raw, err := json.Marshal(saved{server, addrs})
	if err != nil {
		return err
	}
	return pki.WriteFile(b.state, raw, 0o600)
}

func (b *Balancer) add(addrs []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range addrs {
		known := false
		for _, s := range b.servers {
			known = known || s == a
		}
		if !known {
			b.servers = append(b.servers, a)
		}
	}
}

func (b *Balancer) order() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := []string{b.first}
	for _, s := range b.servers {
		if s != b.first {
			out = append(out, s)
		}
	}
	return out
}

func (b *Balancer) dial() (net.Conn, error) {
	err := errors.New("no servers")
	for _, s := range b.order() {
		var c net.Conn
		if c, err = net.DialTimeout("tcp", s, 3*time.Second); err == nil {
			b.mu.Lock()
			b.first = s
			b.mu.Unlock()
			return c, nil
		}
	}
	return nil, err
}

func (b *Balancer) accept() {
	for {
		c, err := b.l.Accept()
		if err != nil {
			return
		}
		go b.forward(c.(*net.TCPConn))
	}
}

// forward resets the caller's connection when no server answers, which is the error that a person
// then reads in the journal of a real agent too.
func (b *Balancer) forward(c *net.TCPConn) {
	s, err := b.dial()
	if err != nil {
		_ = c.SetLinger(0)
		_ = c.Close()
		return
	}
	done := make(chan struct{}, 2)
	pipe := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		done <- struct{}{}
	}
	go pipe(s, c)
	go pipe(c, s)
	<-done
	_ = s.Close()
	_ = c.Close()
}
