package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"
)

// splitter is the listener of port 443: a connection whose first message names a host that is passed
// through goes to that host's pods as it is, all others to the server behind the listener.
type splitter struct {
	net.Listener
	passed func(host string) (endpoint string, ok bool)
	kept   chan net.Conn
	failed chan error
}

func split(l net.Listener, passed func(string) (string, bool)) *splitter {
	s := &splitter{Listener: l, passed: passed, kept: make(chan net.Conn), failed: make(chan error, 1)}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				s.failed <- err
				return
			}
			go s.take(conn)
		}
	}()
	return s
}

func (s *splitter) Accept() (net.Conn, error) {
	select {
	case conn := <-s.kept:
		return conn, nil
	case err := <-s.failed:
		s.failed <- err
		return nil, err
	}
}

func (s *splitter) take(conn net.Conn) {
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	host, seen := serverName(conn)
	_ = conn.SetReadDeadline(time.Time{})
	whole := &replayed{Conn: conn, rest: io.MultiReader(bytes.NewReader(seen), conn)}
	endpoint, ok := s.passed(host)
	if !ok {
		s.kept <- whole
		return
	}
	defer func() { _ = conn.Close() }()
	origin, err := net.DialTimeout("tcp", endpoint, 5*time.Second)
	if err != nil {
		return
	}
	defer func() { _ = origin.Close() }()
	go func() { _, _ = io.Copy(origin, whole) }()
	_, _ = io.Copy(conn, origin)
}

// replayed reads once more what was read to learn the name.
type replayed struct {
	net.Conn
	rest io.Reader
}

func (r *replayed) Read(b []byte) (int, error) { return r.rest.Read(b) }

var errSeen = errors.New("the name is known")

// serverName is the name in a ClientHello, and the bytes that were read for it.
func serverName(conn net.Conn) (name string, seen []byte) {
	var read bytes.Buffer
	server := tls.Server(listening{io.TeeReader(conn, &read)}, &tls.Config{
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			name = hello.ServerName
			return nil, errSeen
		},
	})
	_ = server.Handshake()
	return name, read.Bytes()
}

// listening hears a conversation and says nothing.
type listening struct{ io.Reader }

func (listening) Write(b []byte) (int, error)      { return len(b), nil }
func (listening) Close() error                     { return nil }
func (listening) LocalAddr() net.Addr              { return nil }
func (listening) RemoteAddr() net.Addr             { return nil }
func (listening) SetDeadline(time.Time) error      { return nil }
func (listening) SetReadDeadline(time.Time) error  { return nil }
func (listening) SetWriteDeadline(time.Time) error { return nil }
