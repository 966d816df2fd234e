package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// edgeAddress is where cloudflared looks for the edge when DNS has no SRV records for it.
	edgeAddress = "region1.v2.argotunnel.com:7844"
	connections = 4
)

// edge is the far end of the tunnel. Each connection begins with a line that holds the token; the
// edge answers "ok", waits until somebody visits, says "ORIGIN HOST" in a line, and then the
// connection is the visitor's. Another one takes its place.
type edge struct {
	address, token string
	ready          atomic.Int32
}

func (e *edge) hold() {
	for {
		if err := e.serve(); err != nil {
			log.Print(err)
			time.Sleep(time.Second)
		}
	}
}

func (e *edge) serve() error {
	conn, err := net.DialTimeout("tcp", e.address, 5*time.Second)
	if err != nil {
		return err
	}
	handed := false
	defer func() {
		if !handed {
			_ = conn.Close()
		}
	}()
	lines := bufio.NewReader(conn)
	if _, err := fmt.Fprintln(conn, e.token); err != nil {
		return err
	}
	said, err := lines.ReadString('\n')
	if err != nil || said != "ok\n" {
		return fmt.Errorf("the edge turned the tunnel away: %q %v", strings.TrimSpace(said), err)
	}
	e.ready.Add(1)
	defer e.ready.Add(-1)
	said, err = lines.ReadString('\n')
	if err != nil {
		return fmt.Errorf("the edge went away: %w", err)
	}
	handed = true
	go visit(conn, lines, strings.TrimSpace(said))
	return nil
}

// visit leads one visitor to the origin; over HTTPS under the visitor's own host name, whoever signed
// for it: the only way that Portico asks for it.
func visit(conn net.Conn, from io.Reader, order string) {
	defer func() { _ = conn.Close() }()
	to, host, _ := strings.Cut(order, " ")
	u, err := url.Parse(to)
	if err != nil {
		return
	}
	origin, err := net.DialTimeout("tcp", u.Host, 5*time.Second)
	if err != nil {
		log.Printf("Unable to reach the origin service: %v", err)
		return
	}
	if u.Scheme == "https" {
		origin = tls.Client(origin, &tls.Config{ServerName: host, InsecureSkipVerify: true})
	}
	defer func() { _ = origin.Close() }()
	// What still comes of the visitor ends with the connection.
	go func() { _, _ = io.Copy(origin, from) }()
	_, _ = io.Copy(conn, origin)
}
