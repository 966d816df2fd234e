// What stands in for klipper-lb: it takes a host port and forwards to the Service. The genuine one
// does so with iptables rules in the pod; this one copies bytes, so that it needs no kernel module
// and no shell. It reads the same environment: SRC_PORT, DEST_PROTO, DEST_PORT, DEST_IPS. Source
// ranges and UDP are not honoured.
package main

import (
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	port, dest := os.Getenv("SRC_PORT"), net.JoinHostPort(strings.Split(os.Getenv("DEST_IPS"), ",")[0], os.Getenv("DEST_PORT"))
	if proto := os.Getenv("DEST_PROTO"); proto != "TCP" {
		log.Fatalf("protocol %s is not part of the stand-in", proto)
	}
	l, err := net.Listen("tcp", ":"+port)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("forwarding :%s to %s", port, dest)
	go serve(l, dest)
	// As process 1 of its container it would otherwise ignore SIGTERM.
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
}

func serve(l net.Listener, dest string) {
	for {
		c, err := l.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go forward(c.(*net.TCPConn), dest)
	}
}

func forward(c *net.TCPConn, dest string) {
	defer c.Close()
	up, err := net.DialTimeout("tcp", dest, 10*time.Second)
	if err != nil {
		_ = c.SetLinger(0)
		return
	}
	defer up.Close()
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(up, c)
		_ = up.(*net.TCPConn).CloseWrite()
		close(done)
	}()
	_, _ = io.Copy(c, up)
	_ = c.CloseWrite()
	<-done
}
