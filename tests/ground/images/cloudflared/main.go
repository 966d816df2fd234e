// What stands in for cloudflared: it reads its token as cloudflared does and refuses what cloudflared
// refuses, keeps four connections open to the lab's edge, and is ready while one of them is. How it
// speaks with that edge is its own invention, see edge.go.
package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"regexp"
	"time"
)

// token is what a run token holds: account, tunnel, secret.
type token struct {
	Account string `json:"a"`
	Tunnel  string `json:"t"`
	Secret  []byte `json:"s"`
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func parse(text string) (token, error) {
	var t token
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal(b, &t); err != nil {
		return t, err
	}
	if t.Account == "" || len(t.Secret) == 0 || !uuid.MatchString(t.Tunnel) {
		return t, errors.New("account, tunnel or secret is missing")
	}
	return t, nil
}

// arguments takes the command line apart: tunnel OPTIONS run [OPTIONS].
func arguments(args []string) (metrics, text string, err error) {
	text = os.Getenv("TUNNEL_TOKEN")
	if len(args) == 0 || args[0] != "tunnel" {
		return "", "", errors.New("only the command tunnel is part of the stand-in")
	}
	fs := flag.NewFlagSet("tunnel", flag.ContinueOnError)
	fs.Bool("no-autoupdate", false, "")
	fs.String("loglevel", "", "")
	fs.String("protocol", "", "")
	fs.StringVar(&metrics, "metrics", "127.0.0.1:20241", "")
	if err := fs.Parse(args[1:]); err != nil {
		return "", "", err
	}
	if fs.NArg() == 0 || fs.Arg(0) != "run" {
		return "", "", errors.New("only tunnel run is part of the stand-in")
	}
	run := flag.NewFlagSet("run", flag.ContinueOnError)
	run.StringVar(&text, "token", text, "")
	if err := run.Parse(fs.Args()[1:]); err != nil {
		return "", "", err
	}
	return metrics, text, nil
}

func main() {
	metrics, text, err := arguments(os.Args[1:])
	if err != nil {
		log.Fatal(err)
	}
	t, err := parse(text)
	if err != nil {
		// In cloudflared's words; the token itself is not repeated.
		log.Fatal("Provided Tunnel token is not valid.")
	}
	log.Printf("Starting tunnel tunnelID=%s", t.Tunnel)
	e := &edge{address: edgeAddress, token: text}
	for range connections {
		go e.hold()
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, _ *http.Request) {
		status, ready := http.StatusOK, e.ready.Load()
		if ready == 0 {
			status = http.StatusServiceUnavailable
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"status":%d,"readyConnections":%d,"connectorId":%q}`, status, ready, "00000000-0000-4000-8000-000000000000")
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "cloudflared_tunnel_ha_connections", e.ready.Load())
	})
	server := &http.Server{Addr: metrics, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
