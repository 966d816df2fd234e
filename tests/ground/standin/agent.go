package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sirupsen/logrus"

	"portico/ground/standin/balancer"
	"portico/ground/standin/config"
	"portico/ground/standin/join"
	"portico/ground/standin/process"
)

const balancerAddr = "127.0.0.1:6444"

// startAgent joins the node to the cluster that the token and URL name. Like a real agent it never
// gives up on a server that refuses or is away: it says why and tries again, and systemd sees an
// active unit all the while.
func startAgent(ctx context.Context, cfg *config.Config, group *process.Group) error {
	n, err := newNode(cfg, group)
	if err != nil {
		return err
	}
	n.apiURL = "https://" + balancerAddr
	lb, err := balancer.Listen(balancerAddr, cfg.Server, filepath.Join(n.dir, "etc/k3s-agent-load-balancer.json"))
	if err != nil {
		return err
	}
	var access *join.Access
	for {
		access, err = join.Validate(ctx, n.apiURL, cfg.Token, "node")
		if err == nil {
			break
		}
		logrus.Errorf("Failed to validate connection to cluster at %s: %v", cfg.Server, err)
		if pause(ctx, 2*time.Second) != nil {
			return ctx.Err()
		}
	}
	for {
		err := n.fetch(ctx, access)
		if err == nil {
			break
		}
		logrus.Infof("Waiting to retrieve agent configuration; server is not ready: %v", err)
		if pause(ctx, 5*time.Second) != nil {
			return ctx.Err()
		}
	}
	go learnServers(ctx, access, lb, cfg.Server)
	go n.startRuntime(ctx)
	if err := n.start(ctx); err != nil {
		return err
	}
	logrus.Info("k3s agent is up and running")
	return nil
}

// fetch takes everything that a node needs from a server.
func (n *node) fetch(ctx context.Context, a *join.Access) error {
	if err := a.As(n.name, []string{n.ip}); err != nil {
		return err
	}
	if err := a.JSON(ctx, "/v1-k3s/config", &n.settings); err != nil {
		return fmt.Errorf("failed to retrieve configuration from server: %w", err)
	}
	for _, name := range []string{"client-ca.crt", "server-ca.crt", "serving-kubelet.crt", "client-kubelet.crt", "client-kube-proxy.crt"} {
		if err := a.Save(ctx, n.dir, name); err != nil {
			return err
		}
	}
	return n.kubeconfigs()
}

// learnServers keeps the list of servers to fall over to.
func learnServers(ctx context.Context, a *join.Access, lb *balancer.Balancer, server string) {
	for {
		var addrs []string
		if err := a.JSON(ctx, "/v1-k3s/apiservers", &addrs); err == nil && len(addrs) > 0 {
			if err := lb.Learn(server, addrs); err != nil {
				logrus.Warnf("server list: %v", err)
			}
		}
		if pause(ctx, 10*time.Second) != nil {
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// nodeName is the configured name or the machine's own.
func nodeName(cfg *config.Config) (string, error) {
	if cfg.NodeName != "" {
		return cfg.NodeName, nil
	}
	return os.Hostname()
}
