// What stands in for klipper-helm's entry script: it is started by a Job of K3s' helm-controller,
// reads the environment and files that the controller sets up, and drives the genuine helm beside
// it. The decisions are those of the original: what is installed already, what a failed release
// means under which policy, and what is told to people through the termination log.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

const helm = "/helm"

func main() {
	if err := run(os.Args[1:]); err != nil {
		tell(err.Error())
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("neither install nor delete was asked for")
	}
	if err := os.Setenv("HOME", "/home/klipper-helm"); err != nil {
		return err
	}
	name, namespace := os.Getenv("NAME"), os.Getenv("TARGET_NAMESPACE")
	status, err := releaseStatus(name, namespace)
	if err != nil {
		return err
	}
	if args[0] == "delete" {
		if status == "" {
			tell("No helm chart installed; nothing to delete")
			return nil
		}
		return call("uninstall", name, "--namespace", namespace, "--wait")
	}
	chart, err := prepareChart(name)
	if err != nil {
		return err
	}
	options := args[1:]
	if t := os.Getenv("TIMEOUT"); t != "" {
		options = append(options, "--timeout", t)
	}
	tail := append([]string{name, chart}, values()...)
	switch decide(status, os.Getenv("FAILURE_POLICY")) {
	case install:
		tell("Installing helm chart")
		return call(append(append([]string{"install"}, options...), tail...)...)
	case upgrade:
		tell("Upgrading helm chart")
		return call(append(append([]string{"upgrade"}, options...), tail...)...)
	case reinstall:
		tell("Uninstalling failed helm chart")
		if err := call("uninstall", name, "--namespace", namespace, "--wait"); err != nil {
			return err
		}
		return call(append(append([]string{"install"}, options...), tail...)...)
	default:
		return fmt.Errorf("release %s is %q and failure policy is %q, not 'reinstall'; waiting for operator intervention", name, status, os.Getenv("FAILURE_POLICY"))
	}
}

type action int

const (
	install action = iota
	upgrade
	reinstall
	wait
)

// decide is what to do about a release of this status. An interrupted operation counts as failed.
func decide(status, policy string) action {
	switch status {
	case "", "uninstalled":
		return install
	case "deployed":
		return upgrade
	}
	if policy == "reinstall" {
		return reinstall
	}
	return wait
}

// releaseStatus is helm's word for the release, or nothing when there is none.
func releaseStatus(name, namespace string) (string, error) {
	out, err := exec.Command(helm, "ls", "--all", "--filter", "^"+name+"$", "--namespace", namespace, "--output", "json").Output()
	if err != nil {
		return "", failure("helm ls", err)
	}
	var list []struct {
		Status string `json:"status"`
	}
	if err := json.Unmarshal(out, &list); err != nil || len(list) == 0 {
		return "", err
	}
	return list[0].Status, nil
}

// prepareChart makes the chart reachable and returns how helm is to call it: an archive that came
// with the HelmChart, a chart of a repository, or whatever helm itself understands.
func prepareChart(name string) (string, error) {
	api := os.Getenv("KUBERNETES_SERVICE_HOST") + ":" + os.Getenv("KUBERNETES_SERVICE_PORT")
	chart := strings.ReplaceAll(os.Getenv("CHART"), "%{KUBERNETES_API}%", api)
	if b, err := os.ReadFile("/chart/" + name + ".tgz.base64"); err == nil && len(b) > 0 {
		content, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(b)), ""))
		if err != nil {
			return "", fmt.Errorf("chartContent: %w", err)
		}
		path := filepath.Join(os.TempDir(), name+".tgz")
		return path, os.WriteFile(path, content, 0o600)
	}
	repo := os.Getenv("REPO")
	if repo == "" {
		if strings.HasPrefix(chart, "https://"+api+"/") {
			return fetch(chart, filepath.Join(os.TempDir(), name+".tgz"))
		}
		return chart, nil
	}
	alias, _, _ := strings.Cut(chart, "/")
	add := []string{"repo", "add", alias, repo}
	if _, err := os.Stat("/config/ca-file.pem"); err == nil {
		add = append(add, "--ca-file", "/config/ca-file.pem")
	}
	if os.Getenv("INSECURE_SKIP_TLS_VERIFY") == "true" {
		add = append(add, "--insecure-skip-tls-verify")
	}
	if err := call(add...); err != nil {
		return "", err
	}
	return chart, call("repo", "update")
}

// fetch takes a chart from the server that the API is on, whose certificate only the cluster's own authority vouches for.
func fetch(url, path string) (string, error) {
	ca, err := os.ReadFile("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt")
	if err != nil {
		return "", err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	client := http.Client{Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	resp, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", url, resp.Status)
	}
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	return path, os.WriteFile(path, content, 0o600)
}

// values are the files that the controller projects, in the order of their names, which is the
// order of precedence.
func values() (out []string) {
	files, _ := filepath.Glob("/config/*.yaml")
	sort.Strings(files)
	for _, f := range files {
		out = append(out, "--values", f)
	}
	return out
}

// call runs helm with its output in the pod's log; its last words become the error.
func call(args ...string) error {
	fmt.Println("+ helm", strings.Join(args, " "))
	cmd := exec.Command(helm, args...)
	var last tailWriter
	cmd.Stdout, cmd.Stderr = os.Stdout, io.MultiWriter(os.Stderr, &last)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("helm %s: %w: %s", args[0], err, strings.TrimSpace(string(last)))
	}
	return nil
}

// tailWriter keeps the last part of what is written to it; a termination log holds 4096 bytes.
type tailWriter []byte

func (t *tailWriter) Write(p []byte) (int, error) {
	*t = append(*t, p...)
	if len(*t) > 3000 {
		*t = (*t)[len(*t)-3000:]
	}
	return len(p), nil
}

func failure(what string, err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("%s: %w: %s", what, err, strings.TrimSpace(string(exit.Stderr)))
	}
	return fmt.Errorf("%s: %w", what, err)
}

// tell writes a line to the pod's log and to the termination log, which ends up in the pod's status.
func tell(line string) {
	fmt.Println(line)
	f, err := os.OpenFile("/dev/termination-log", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer f.Close()
	_, _ = fmt.Fprintln(f, line)
}
