package balancer

import (
	"bufio"
	"net"
	"path/filepath"
	"testing"
)

// greeter answers every connection with its name.
func greeter(t *testing.T, name string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte(name + "\n"))
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func ask(t *testing.T, b *Balancer) string {
	t.Helper()
	// The reset may come before the client's own connect has returned.
	c, err := net.Dial("tcp", b.l.Addr().String())
	if err != nil {
		return "error"
	}
	defer c.Close()
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return "error"
	}
	return line[:len(line)-1]
}

func TestFallsOverAndRemembers(t *testing.T) {
	one, two := greeter(t, "one"), greeter(t, "two")
	server, state := "https://"+one.Addr().String(), filepath.Join(t.TempDir(), "lb.json")
	b, err := Listen("127.0.0.1:0", server, state)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Learn(server, []string{two.Addr().String()}); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, b); got != "one" {
		t.Errorf("the configured server first: %s", got)
	}
	_ = one.Close()
	if got := ask(t, b); got != "two" {
		t.Errorf("then the other: %s", got)
	}
	again, err := Listen("127.0.0.1:0", server, state)
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, again); got != "two" {
		t.Errorf("after a restart without the first server: %s", got)
	}
	_ = two.Close()
	if got := ask(t, again); got != "error" {
		t.Errorf("with no server the connection is reset: %s", got)
	}
}
