// The k3s of the proving ground: K3s' command line, files, labels and ways of failing, around the
// genuine Kubernetes components, etcd and K3s' own helm-controller. What is not here (SQLite,
// flannel's VXLAN, the bundled containerd, the packaged add-ons) is listed in ../README.md.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/sirupsen/logrus"

	"portico/ground/standin/config"
)

const (
	version = "v1.34.4+k3s1"
	commit  = "c6017918"
)

const usage = `NAME:
   k3s - Kubernetes, but small and simple (stand-in of the proving ground)

USAGE:
   k3s [global options] command [command options]

COMMANDS:
   server         Run management server
   agent          Run node agent
   kubectl        Run kubectl
   ctr            Run ctr
   check-config   Run config check
   token          Manage tokens
   etcd-snapshot  Manage etcd snapshots
`

func main() {
	logrus.SetFormatter(&logrus.TextFormatter{FullTimestamp: true, DisableColors: true})
	logrus.SetOutput(os.Stderr)
	args := os.Args
	// install.sh links kubectl and ctr to this program.
	if called := filepath.Base(args[0]); called == "kubectl" || called == "ctr" {
		args = append([]string{"k3s", called}, args[1:]...)
	}
	if len(args) < 2 {
		fmt.Print(usage)
		return
	}
	command, rest := args[1], args[2:]
	switch command {
	case "server", "agent":
		run(command, rest)
	case "kubectl":
		kubectl(rest)
	case "ctr":
		ctr(rest)
	case "check-config":
		os.Exit(checkConfig(os.Stdout))
	case "token":
		exitOn(tokenCommand(rest, os.Stdout))
	case "etcd-snapshot":
		exitOn(snapshotCommand(rest, os.Stdout))
	case "helm-controller":
		exitOn(helmController(rest))
	case "--version", "-v", "version":
		fmt.Printf("k3s version %s (%s)\ngo version %s\n", version, commit, runtime.Version())
	case "--help", "-h", "help":
		fmt.Print(usage)
	default:
		if !runComponent(command, rest) {
			fmt.Print(usage)
			fmt.Fprintf(os.Stderr, "No help topic for '%s'\n", command)
			os.Exit(3)
		}
	}
}

// run is a server or an agent until a signal or a failure ends it. Any failure ends the program
// with status 1 and one fatal line, and systemd starts it again: that is how a real K3s fails.
func run(role string, args []string) {
	cfg, err := config.Load(role, args, config.Source{File: config.DefaultFile, Environ: os.Getenv})
	if err != nil {
		fmt.Fprintf(os.Stderr, "Incorrect Usage: %v\n\n", err)
		logrus.Fatal(err)
	}
	for _, w := range cfg.Warnings {
		logrus.Warn(w)
	}
	if os.Getuid() != 0 {
		logrus.Fatalf("failed to create directory %s: must run as root unless --rootless is specified", cfg.DataDir)
	}
	exitOn(requireMemoryCgroup())
	logrus.Infof("Starting k3s %s (%s)", version, commit)
	start := startAgent
	if role == "server" {
		start = startServer
	}
	exitOn(supervise(cfg, start))
}

func exitOn(err error) {
	if err != nil {
		logrus.Fatal(err)
	}
}
