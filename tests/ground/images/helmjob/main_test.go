package main

import "testing"

func TestDecide(t *testing.T) {
	for _, c := range []struct {
		status, policy string
		want           action
	}{
		{"", "abort", install},
		{"uninstalled", "abort", install},
		{"deployed", "reinstall", upgrade},
		{"failed", "reinstall", reinstall},
		{"failed", "abort", wait},
		{"pending-install", "abort", wait},
		{"pending-upgrade", "reinstall", reinstall},
	} {
		if got := decide(c.status, c.policy); got != c.want {
			t.Errorf("%s under %s: %d, want %d", c.status, c.policy, got, c.want)
		}
	}
}

func TestTerminationLogKeepsTheEnd(t *testing.T) {
	var w tailWriter
	for range 100 {
		_, _ = w.Write(make([]byte, 100))
	}
	_, _ = w.Write([]byte("the end"))
	if len(w) != 3000 || string(w[len(w)-7:]) != "the end" {
		t.Errorf("%d bytes", len(w))
	}
}
