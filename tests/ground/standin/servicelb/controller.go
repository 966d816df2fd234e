package servicelb

import (
	"context"
	"reflect"
	"time"

	"github.com/sirupsen/logrus"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	apps "k8s.io/client-go/listers/apps/v1"
	core "k8s.io/client-go/listers/core/v1"
	discovery "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
)

type controller struct {
	client   kubernetes.Interface
	recorder record.EventRecorder
	services core.ServiceLister
	nodes    core.NodeLister
	pods     core.PodLister
	sets     apps.DaemonSetLister
	slices   discovery.EndpointSliceLister
}

// Run publishes Services until the context ends. One pass looks at everything: a ground has few
// Services, and a pass that changes nothing writes nothing.
func Run(ctx context.Context, client kubernetes.Interface) error {
	f := informers.NewSharedInformerFactory(client, 5*time.Minute)
	events := record.NewBroadcaster()
	events.StartRecordingToSink(&typed.EventSinkImpl{Interface: client.CoreV1().Events("")})
	c := &controller{
		client:   client,
		recorder: events.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "service-lb-controller"}),
		services: f.Core().V1().Services().Lister(), nodes: f.Core().V1().Nodes().Lister(),
		pods: f.Core().V1().Pods().Lister(), sets: f.Apps().V1().DaemonSets().Lister(),
		slices: f.Discovery().V1().EndpointSlices().Lister(),
	}
	dirty := make(chan struct{}, 1)
	mark := func(any) {
		select {
		case dirty <- struct{}{}:
		default:
		}
	}
	for _, inf := range []cache.SharedIndexInformer{
		f.Core().V1().Services().Informer(), f.Core().V1().Nodes().Informer(), f.Core().V1().Pods().Informer(),
		f.Apps().V1().DaemonSets().Informer(), f.Discovery().V1().EndpointSlices().Informer(),
	} {
		_, _ = inf.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc: mark, UpdateFunc: func(_, o any) { mark(o) }, DeleteFunc: mark})
	}
	f.Start(ctx.Done())
	f.WaitForCacheSync(ctx.Done())
	if err := c.serviceAccount(ctx); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-dirty:
		}
		if err := c.pass(ctx); err != nil && ctx.Err() == nil {
			logrus.Warnf("service load balancer: %v", err)
			time.AfterFunc(time.Second, func() { mark(nil) })
		}
		// Gather what comes in a burst into one pass.
		time.Sleep(100 * time.Millisecond)
	}
}

func (c *controller) serviceAccount(ctx context.Context) error {
	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "svclb", Namespace: namespace}}
	_, err := c.client.CoreV1().ServiceAccounts(namespace).Create(ctx, sa, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func (c *controller) pass(ctx context.Context) error {
	services, err := c.services.List(labels.Everything())
	if err != nil {
		return err
	}
	nodes, err := c.nodes.List(labels.Everything())
	if err != nil {
		return err
	}
	keep, first := map[string]bool{}, error(nil)
	note := func(err error) {
		if err != nil && first == nil {
			first = err
		}
	}
	for _, svc := range services {
		if !wanted(svc) {
			continue
		}
		want := daemonSet(svc, nodes)
		keep[want.Name] = true
		note(c.apply(ctx, svc, want))
		note(c.status(ctx, svc, nodes))
	}
	sets, err := c.sets.DaemonSets(namespace).List(labels.Everything())
	note(err)
	for _, have := range sets {
		if _, ours := have.Labels[selectorLabel]; ours && !keep[have.Name] {
			if err := c.client.AppsV1().DaemonSets(namespace).Delete(ctx, have.Name, metav1.DeleteOptions{}); !apierrors.IsNotFound(err) {
				note(err)
			}
		}
	}
	return first
}

// apply creates the DaemonSet or changes what differs. Only the fields that this controller sets
// are compared, since the API server fills in the rest.
func (c *controller) apply(ctx context.Context, svc *corev1.Service, want *appsv1.DaemonSet) error {
	have, err := c.sets.DaemonSets(namespace).Get(want.Name)
	if apierrors.IsNotFound(err) {
		_, err = c.client.AppsV1().DaemonSets(namespace).Create(ctx, want, metav1.CreateOptions{})
		if err == nil {
			c.recorder.Eventf(svc, corev1.EventTypeNormal, "AppliedDaemonSet", "Applied LoadBalancer DaemonSet %s/%s", namespace, want.Name)
		}
		if apierrors.IsAlreadyExists(err) {
			return nil
		}
		return err
	} else if err != nil || same(have, want) {
		return err
	}
	changed := have.DeepCopy()
	changed.Labels, changed.Spec.Template = want.Labels, want.Spec.Template
	_, err = c.client.AppsV1().DaemonSets(namespace).Update(ctx, changed, metav1.UpdateOptions{})
	return err
}

func same(have, want *appsv1.DaemonSet) bool {
	h, w := have.Spec.Template.Spec, want.Spec.Template.Spec
	if len(h.NodeSelector)+len(w.NodeSelector) > 0 && !reflect.DeepEqual(h.NodeSelector, w.NodeSelector) || len(h.Containers) != len(w.Containers) {
		return false
	}
	for i := range w.Containers {
		a, b := h.Containers[i], w.Containers[i]
		if a.Name != b.Name || a.Image != b.Image || len(a.Env) != len(b.Env) {
			return false
		}
		for j := range b.Env {
			if a.Env[j].Name != b.Env[j].Name || a.Env[j].Value != b.Env[j].Value {
				return false
			}
		}
	}
	return h.PriorityClassName == w.PriorityClassName
}

func (c *controller) status(ctx context.Context, svc *corev1.Service, nodes []*corev1.Node) error {
	pods, err := c.pods.Pods(namespace).List(labels.SelectorFromSet(labels.Set{nameLabel: svc.Name, namespaceLabel: svc.Namespace}))
	if err != nil {
		return err
	}
	slices, err := c.slices.EndpointSlices(svc.Namespace).List(labels.SelectorFromSet(labels.Set{"kubernetes.io/service-name": svc.Name}))
	if err != nil {
		return err
	}
	var ingress []corev1.LoadBalancerIngress
	for _, a := range addresses(svc, pods, nodes, slices) {
		ingress = append(ingress, corev1.LoadBalancerIngress{IP: a})
	}
	if len(ingress) == len(svc.Status.LoadBalancer.Ingress) {
		equal := true
		for i := range ingress {
			equal = equal && ingress[i].IP == svc.Status.LoadBalancer.Ingress[i].IP
		}
		if equal {
			return nil
		}
	}
	changed := svc.DeepCopy()
	changed.Status.LoadBalancer.Ingress = ingress
	if _, err := c.client.CoreV1().Services(svc.Namespace).UpdateStatus(ctx, changed, metav1.UpdateOptions{}); err != nil {
		return err
	}
	if len(ingress) == 0 {
		c.recorder.Event(svc, corev1.EventTypeWarning, "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer")
	} else {
		c.recorder.Eventf(svc, corev1.EventTypeNormal, "UpdatedLoadBalancer", "Updated LoadBalancer with new IPs: %v", ips(ingress))
	}
	return nil
}

func ips(ingress []corev1.LoadBalancerIngress) (out []string) {
	for _, i := range ingress {
		out = append(out, i.IP)
	}
	return out
}
