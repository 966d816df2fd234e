// Package servicelb publishes Services of type LoadBalancer on the nodes themselves, the way K3s
// does: a DaemonSet of host-port pods per Service, and the addresses of the nodes whose pod is ready
// as the Service's status. This file says what ought to be; controller.go makes it so.
package servicelb

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

const (
	domain = "svccontroller.k3s.cattle.io/"
	// EnableLabel on any node turns the nodes that have it "true" into the only ones.
	EnableLabel = domain + "enablelb"
	// PoolLabel on nodes and a Service narrows that Service to those nodes.
	PoolLabel          = domain + "lbpool"
	nameLabel          = domain + "svcname"
	namespaceLabel     = domain + "svcnamespace"
	selectorLabel      = domain + "nodeselector"
	priorityAnnotation = domain + "priorityclassname"

	namespace = metav1.NamespaceSystem
	// Image is the pod's program; its name is the genuine one, what is inside stands in.
	Image = "rancher/klipper-lb:v0.4.13"
)

func daemonSetName(svc *corev1.Service) string {
	name := svc.Name
	if len(name) > 48 {
		name = strings.TrimRight(name[:48], "-")
	}
	return fmt.Sprintf("svclb-%s-%s", name, string(svc.UID)[:8])
}

// wanted says whether this controller publishes the Service.
func wanted(svc *corev1.Service) bool {
	return svc.DeletionTimestamp == nil && svc.Spec.Type == corev1.ServiceTypeLoadBalancer &&
		svc.Spec.LoadBalancerClass == nil && svc.Spec.ClusterIP != "" && svc.Spec.ClusterIP != corev1.ClusterIPNone
}

// localOnly says whether only nodes that run a ready endpoint may be published.
func localOnly(svc *corev1.Service) bool {
	return svc.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal
}

// nodeSelector is empty while no node carries the label: then every node publishes.
func nodeSelector(svc *corev1.Service, nodes []*corev1.Node) map[string]string {
	for _, n := range nodes {
		if _, labelled := n.Labels[EnableLabel]; labelled {
			sel := map[string]string{EnableLabel: "true"}
			if pool := svc.Labels[PoolLabel]; pool != "" {
				sel[PoolLabel] = pool
			}
			return sel
		}
	}
	return nil
}

// daemonSet is the set of pods that takes the Service's ports on the nodes. It tolerates the
// control plane's taint, so the taint alone does not keep the ports off a server.
func daemonSet(svc *corev1.Service, nodes []*corev1.Node) *appsv1.DaemonSet {
	name, selector := daemonSetName(svc), nodeSelector(svc, nodes)
	podLabels := map[string]string{"app": name, nameLabel: svc.Name, namespaceLabel: svc.Namespace}
	priority := "system-node-critical"
	if v := svc.Annotations[priorityAnnotation]; v != "" {
		priority = v
	}
	tolerate := func(key string, effect corev1.TaintEffect) corev1.Toleration {
		return corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: effect}
	}
	ds := &appsv1.DaemonSet{
		TypeMeta: metav1.TypeMeta{Kind: "DaemonSet", APIVersion: "apps/v1"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: map[string]string{
			selectorLabel: strconv.FormatBool(selector != nil), nameLabel: svc.Name, namespaceLabel: svc.Namespace}},
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}},
			UpdateStrategy: appsv1.DaemonSetUpdateStrategy{
				Type:          appsv1.RollingUpdateDaemonSetStrategyType,
				RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: ptr.To(intstr.FromInt32(1))},
			},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: podLabels},
				Spec: corev1.PodSpec{
					PriorityClassName: priority, ServiceAccountName: "svclb",
					AutomountServiceAccountToken: ptr.To(false), NodeSelector: selector,
					SecurityContext: &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Name: "net.ipv4.ip_forward", Value: "1"}}},
					Tolerations: []corev1.Toleration{
						tolerate("node-role.kubernetes.io/master", corev1.TaintEffectNoSchedule),
						tolerate("node-role.kubernetes.io/control-plane", corev1.TaintEffectNoSchedule),
						tolerate("CriticalAddonsOnly", ""),
					},
				},
			},
		},
	}
	for _, p := range svc.Spec.Ports {
		ds.Spec.Template.Spec.Containers = append(ds.Spec.Template.Spec.Containers, container(svc, p))
	}
	return ds
}

func container(svc *corev1.Service, p corev1.ServicePort) corev1.Container {
	name := fmt.Sprintf("lb-%s-%d", strings.ToLower(string(p.Protocol)), p.Port)
	port, to := strconv.Itoa(int(p.Port)), corev1.EnvVar{Name: "DEST_IPS", Value: strings.Join(svc.Spec.ClusterIPs, ",")}
	destPort := port
	if localOnly(svc) {
		destPort = strconv.Itoa(int(p.NodePort))
		to = corev1.EnvVar{Name: "DEST_IPS", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "status.hostIPs"}}}
	}
	return corev1.Container{
		Name: name, Image: Image, ImagePullPolicy: corev1.PullIfNotPresent,
		Ports: []corev1.ContainerPort{{Name: name, ContainerPort: p.Port, HostPort: p.Port, Protocol: p.Protocol}},
		Env: []corev1.EnvVar{
			{Name: "SRC_PORT", Value: port},
			{Name: "SRC_RANGES", Value: sourceRanges(svc)},
			{Name: "DEST_PROTO", Value: string(p.Protocol)},
			{Name: "DEST_PORT", Value: destPort},
			to,
		},
		SecurityContext: &corev1.SecurityContext{Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"NET_ADMIN"}}},
	}
}

func sourceRanges(svc *corev1.Service) string {
	if len(svc.Spec.LoadBalancerSourceRanges) == 0 {
		return "0.0.0.0/0"
	}
	return strings.Join(svc.Spec.LoadBalancerSourceRanges, ",")
}

// addresses are those of the nodes whose pod is ready: external ones if any such node has one, else
// internal ones; sorted, since K3s sorts them.
func addresses(svc *corev1.Service, pods []*corev1.Pod, nodes []*corev1.Node, slices []*discoveryv1.EndpointSlice) []string {
	byName := map[string]*corev1.Node{}
	for _, n := range nodes {
		byName[n.Name] = n
	}
	local := readyNodes(slices)
	found := map[corev1.NodeAddressType]map[string]bool{corev1.NodeInternalIP: {}, corev1.NodeExternalIP: {}}
	for _, p := range pods {
		node := byName[p.Spec.NodeName]
		if node == nil || p.Status.PodIP == "" || !podReady(p) || localOnly(svc) && !local[node.Name] {
			continue
		}
		for _, a := range node.Status.Addresses {
			if set := found[a.Type]; set != nil {
				set[a.Address] = true
			}
		}
	}
	set := found[corev1.NodeInternalIP]
	if len(found[corev1.NodeExternalIP]) > 0 {
		set = found[corev1.NodeExternalIP]
	}
	out := make([]string, 0, len(set))
	for a := range set {
		out = append(out, a)
	}
	sort.Strings(out)
	return out
}

func readyNodes(slices []*discoveryv1.EndpointSlice) map[string]bool {
	out := map[string]bool{}
	for _, s := range slices {
		for _, e := range s.Endpoints {
			if e.NodeName != nil && e.Conditions.Ready != nil && *e.Conditions.Ready && e.TargetRef != nil && e.TargetRef.Kind == "Pod" {
				out[*e.NodeName] = true
			}
		}
	}
	return out
}

func podReady(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
