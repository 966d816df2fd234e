package main

import (
	"context"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"github.com/k3s-io/helm-controller/pkg/controllers"
	"github.com/k3s-io/helm-controller/pkg/controllers/common"
	"github.com/k3s-io/helm-controller/pkg/crds"
	"github.com/rancher/wrangler/v3/pkg/crd"
	"k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	"k8s.io/client-go/tools/clientcmd"
)

// helmController is K3s' own controller with its own resource definitions; it elects a leader among
// the servers itself. Arguments: the kubeconfig and the node's name.
func helmController(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("helm-controller wants a kubeconfig and a node name")
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	conf := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: args[0]}, &clientcmd.ConfigOverrides{})
	rest, err := conf.ClientConfig()
	if err != nil {
		return err
	}
	client, err := clientset.NewForConfig(rest)
	if err != nil {
		return err
	}
	definitions, err := crds.List()
	if err != nil {
		return err
	}
	if err := crd.BatchCreateCRDs(ctx, client.ApiextensionsV1().CustomResourceDefinitions(), nil, time.Minute, definitions); err != nil {
		return err
	}
	err = controllers.Register(ctx, "", common.Name, conf, common.Options{Threadiness: 5, NodeName: args[1], JobClusterRole: "cluster-admin"})
	<-ctx.Done()
	return err
}
