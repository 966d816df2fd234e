// The echo service that Portico exposes: it answers every request with what it saw, so that a test
// can tell which host, path and pod the answer came by.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"time"
)

type answer struct {
	Host    string      `json:"host"`
	Method  string      `json:"method"`
	Path    string      `json:"path"`
	Query   string      `json:"query"`
	Remote  string      `json:"remote"`
	Pod     string      `json:"pod"`
	Node    string      `json:"node"`
	Headers http.Header `json:"headers"`
}

func main() {
	pod, err := os.Hostname()
	if err != nil {
		log.Fatal(err)
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		_ = enc.Encode(answer{r.Host, r.Method, r.URL.Path, r.URL.RawQuery, r.RemoteAddr, pod, os.Getenv("NODE_NAME"), r.Header})
	})
	server := &http.Server{Addr: ":8080", Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
