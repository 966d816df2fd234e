package main

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
)

func TestPassthrough(t *testing.T) {
	named := func(name string) *tls.Config {
		cert, err := selfSigned()
		if err != nil {
			t.Fatal(err)
		}
		return &tls.Config{Certificates: []tls.Certificate{*cert}, NextProtos: []string{name}}
	}
	serve := func(l net.Listener, name string) {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				_, _ = io.WriteString(tls.Server(conn, named(name)), name)
			}()
		}
	}
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return l
	}
	pod, front := listen(), listen()
	go serve(pod, "pod")
	go serve(split(front, func(host string) (string, bool) { return pod.Addr().String(), host == "through.test" }), "controller")
	for host, want := range map[string]string{"through.test": "pod", "other.test": "controller"} {
		conn, err := tls.Dial("tcp", front.Addr().String(), &tls.Config{ServerName: host, InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		said := new(strings.Builder)
		_, _ = io.Copy(said, io.LimitReader(conn, int64(len(want))))
		if said.String() != want {
			t.Errorf("%s: %s", host, said)
		}
	}
}
