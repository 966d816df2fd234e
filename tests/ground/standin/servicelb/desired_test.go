package servicelb

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func service() *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "apps", UID: "0123456789ab"},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, ClusterIP: "10.43.0.9", ClusterIPs: []string{"10.43.0.9"},
			Ports: []corev1.ServicePort{{Port: 80, NodePort: 30080, Protocol: corev1.ProtocolTCP}, {Port: 443, NodePort: 30443, Protocol: corev1.ProtocolTCP}}},
	}
}

func node(name, ip string, labels map[string]string) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: ip}}}}
}

func pod(node string, ready corev1.ConditionStatus) *corev1.Pod {
	return &corev1.Pod{Spec: corev1.PodSpec{NodeName: node}, Status: corev1.PodStatus{PodIP: "10.42.0.2",
		Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}}}
}

func TestDaemonSetTakesThePortsAndToleratesTheControlPlane(t *testing.T) {
	ds := daemonSet(service(), []*corev1.Node{node("a", "10.0.0.1", nil)})
	if ds.Name != "svclb-web-01234567" || ds.Namespace != "kube-system" {
		t.Errorf("name %s/%s", ds.Namespace, ds.Name)
	}
	spec := ds.Spec.Template.Spec
	if len(spec.Containers) != 2 || spec.Containers[1].Ports[0].HostPort != 443 || spec.Containers[0].Name != "lb-tcp-80" {
		t.Errorf("containers %+v", spec.Containers)
	}
	if spec.NodeSelector != nil || spec.Tolerations[1].Key != "node-role.kubernetes.io/control-plane" {
		t.Errorf("selector %v tolerations %v", spec.NodeSelector, spec.Tolerations)
	}
}

func TestOneLabelledNodeMakesAnAllowList(t *testing.T) {
	nodes := []*corev1.Node{node("a", "10.0.0.1", nil), node("b", "10.0.0.2", map[string]string{EnableLabel: "false"})}
	ds := daemonSet(service(), nodes)
	if want := map[string]string{EnableLabel: "true"}; !reflect.DeepEqual(ds.Spec.Template.Spec.NodeSelector, want) || ds.Labels[selectorLabel] != "true" {
		t.Errorf("selector %v labels %v", ds.Spec.Template.Spec.NodeSelector, ds.Labels)
	}
	svc := service()
	svc.Labels = map[string]string{PoolLabel: "east"}
	if got := daemonSet(svc, nodes).Spec.Template.Spec.NodeSelector[PoolLabel]; got != "east" {
		t.Errorf("pool %q", got)
	}
}

func TestAddressesAreThoseOfReadyPods(t *testing.T) {
	nodes := []*corev1.Node{node("a", "10.0.0.2", nil), node("b", "10.0.0.1", nil), node("c", "10.0.0.3", nil)}
	pods := []*corev1.Pod{pod("a", corev1.ConditionTrue), pod("b", corev1.ConditionTrue), pod("c", corev1.ConditionFalse), pod("gone", corev1.ConditionTrue)}
	if got := addresses(service(), pods, nodes, nil); !reflect.DeepEqual(got, []string{"10.0.0.1", "10.0.0.2"}) {
		t.Errorf("internal: %v", got)
	}
	nodes[0].Status.Addresses = append(nodes[0].Status.Addresses, corev1.NodeAddress{Type: corev1.NodeExternalIP, Address: "192.0.2.7"})
	if got := addresses(service(), pods, nodes, nil); !reflect.DeepEqual(got, []string{"192.0.2.7"}) {
		t.Errorf("external wins: %v", got)
	}
}

func TestLocalTrafficNeedsAnEndpointOnTheNode(t *testing.T) {
	svc := service()
	svc.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal
	nodes := []*corev1.Node{node("a", "10.0.0.1", nil), node("b", "10.0.0.2", nil)}
	pods := []*corev1.Pod{pod("a", corev1.ConditionTrue), pod("b", corev1.ConditionTrue)}
	slices := []*discoveryv1.EndpointSlice{{Endpoints: []discoveryv1.Endpoint{{NodeName: ptr.To("b"),
		TargetRef: &corev1.ObjectReference{Kind: "Pod"}, Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(true)}}}}}
	if got := addresses(svc, pods, nodes, slices); !reflect.DeepEqual(got, []string{"10.0.0.2"}) {
		t.Errorf("local: %v", got)
	}
	c := daemonSet(svc, nodes).Spec.Template.Spec.Containers[0]
	if c.Env[3].Value != "30080" || c.Env[4].ValueFrom.FieldRef.FieldPath != "status.hostIPs" {
		t.Errorf("env %+v", c.Env)
	}
}

func TestOnlyOrdinaryLoadBalancersAreWanted(t *testing.T) {
	svc := service()
	if !wanted(svc) {
		t.Error("a LoadBalancer is wanted")
	}
	svc.Spec.LoadBalancerClass = ptr.To("other")
	if wanted(svc) {
		t.Error("another class is not")
	}
	svc = service()
	svc.Spec.Type = corev1.ServiceTypeNodePort
	if wanted(svc) {
		t.Error("a NodePort is not")
	}
}
