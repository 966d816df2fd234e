// Package network is what flannel does on a real K3s node: it gives the pods of this node the
// range that the cluster assigned, and routes to the ranges of the other nodes. It does so by
// plain routes over the machines' own network (flannel calls that host-gw), with the distribution's
// CNI plugins; there is no VXLAN.
package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/vishvananda/netlink"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"portico/ground/standin/pki"
)

// PluginDir is where Debian's package puts the CNI plugins.
const PluginDir = "/usr/lib/cni"

// protocol marks the routes of ours, so that only those are ever removed.
const protocol = 77

// Configure writes the CNI network of this node's range; with it the node becomes Ready.
func Configure(dir, podCIDR string) error {
	conf := fmt.Sprintf(`{
  "name": "cbr0",
  "cniVersion": "1.0.0",
  "plugins": [
    {"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true, "forceAddress": true,
     "ipam": {"type": "host-local", "ranges": [[{"subnet": %q}]], "routes": [{"dst": "0.0.0.0/0"}]}},
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`, podCIDR)
	return pki.WriteFile(dir+"/10-flannel.conflist", []byte(conf), 0o600)
}

// Masquerade hides pod addresses from everything that is not a pod, and lets the node forward.
func Masquerade(clusterCIDR string) error {
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644); err != nil {
		return err
	}
	rule := []string{"POSTROUTING", "-s", clusterCIDR, "!", "-d", clusterCIDR, "-m", "comment", "--comment", "flanneld masq", "-j", "MASQUERADE"}
	if exec.Command("iptables", append([]string{"-w", "-t", "nat", "-C"}, rule...)...).Run() == nil {
		return nil
	}
	out, err := exec.Command("iptables", append([]string{"-w", "-t", "nat", "-A"}, rule...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("iptables: %w: %s", err, out)
	}
	return nil
}

// Follow keeps a route to every other node's pod range until the context ends.
func Follow(ctx context.Context, client kubernetes.Interface, self string) {
	factory := informers.NewSharedInformerFactory(client, 5*time.Minute)
	inf := factory.Core().V1().Nodes().Informer()
	change := func(obj any) {
		if node, ok := obj.(*corev1.Node); ok && node.Name != self {
			if err := route(node); err != nil {
				logrus.Warnf("route to the pods of %s: %v", node.Name, err)
			}
		}
	}
	_, _ = inf.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    change,
		UpdateFunc: func(_, obj any) { change(obj) },
		DeleteFunc: func(obj any) {
			if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
				obj = gone.Obj
			}
			if node, ok := obj.(*corev1.Node); ok && node.Name != self {
				unroute(node)
			}
		},
	})
	factory.Start(ctx.Done())
}

func route(node *corev1.Node) error {
	r, err := routeOf(node)
	if r == nil || err != nil {
		return err
	}
	return netlink.RouteReplace(r)
}

func unroute(node *corev1.Node) {
	if r, err := routeOf(node); r != nil && err == nil {
		_ = netlink.RouteDel(r)
	}
}

// routeOf is the route to a node's pods, or nil while the node has no range or no address yet.
func routeOf(node *corev1.Node) (*netlink.Route, error) {
	gateway := net.ParseIP(InternalIP(node))
	if node.Spec.PodCIDR == "" || gateway == nil {
		return nil, nil
	}
	_, dst, err := net.ParseCIDR(node.Spec.PodCIDR)
	if err != nil {
		return nil, err
	}
	return &netlink.Route{Dst: dst, Gw: gateway, Protocol: protocol}, nil
}

// InternalIP is the node's first internal address, or nothing.
func InternalIP(node *corev1.Node) string {
	for _, a := range node.Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			return a.Address
		}
	}
	return ""
}

// NodeIP picks the address that other nodes reach this one by: the given one, else that of the
// given interface, else the source address of the default route.
func NodeIP(given []string, iface string) (string, error) {
	if len(given) > 0 {
		if net.ParseIP(given[0]) == nil {
			return "", fmt.Errorf("invalid node-ip: %q", given[0])
		}
		return given[0], nil
	}
	if iface != "" {
		link, err := net.InterfaceByName(iface)
		if err != nil {
			return "", fmt.Errorf("unable to find interface %s: %w", iface, err)
		}
		return firstIPv4(link.Name)
	}
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return "", err
	}
	for _, r := range routes {
		if r.Dst != nil && !r.Dst.IP.IsUnspecified() || r.LinkIndex == 0 {
			continue
		}
		if r.Src != nil {
			return r.Src.String(), nil
		}
		link, err := netlink.LinkByIndex(r.LinkIndex)
		if err != nil {
			return "", err
		}
		return firstIPv4(link.Attrs().Name)
	}
	return "", errors.New("no default routes found in \"/proc/net/route\" or \"/proc/net/ipv6_route\"")
}

func firstIPv4(name string) (string, error) {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return "", err
	}
	addrs, err := netlink.AddrList(link, netlink.FAMILY_V4)
	if err != nil || len(addrs) == 0 {
		return "", fmt.Errorf("no IPv4 address on interface %s", name)
	}
	return addrs[0].IP.String(), nil
}
