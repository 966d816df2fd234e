package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"time"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"portico/ground/standin/servicelb"
	"portico/ground/standin/supervisor"
)

const etcdLabel = "node-role.kubernetes.io/etcd"

// label puts on this server's node what a kubelet may not put there itself.
func (s *server) label(ctx context.Context) error {
	labels := map[string]string{"node-role.kubernetes.io/control-plane": "true"}
	annotations := map[string]string{}
	if s.etcd.Clustered {
		labels[etcdLabel] = "true"
		annotations["etcd.k3s.cattle.io/node-name"] = s.name
		annotations["etcd.k3s.cattle.io/node-address"] = s.ip
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": labels, "annotations": annotations}})
	if err != nil {
		return err
	}
	_, err = s.admin.CoreV1().Nodes().Patch(ctx, s.name, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

func passwordSecret(node string) string { return node + ".node-password.k3s" }

// Check holds a node's password against the one that its name was first seen with, so that a second
// machine of the same name cannot take the first one's place.
func (s *server) Check(ctx context.Context, node, password string) error {
	sum := sha256.Sum256([]byte(password))
	hash := hex.EncodeToString(sum[:])
	secrets := s.admin.CoreV1().Secrets(metav1.NamespaceSystem)
	have, err := secrets.Get(ctx, passwordSecret(node), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		immutable := true
		_, err = secrets.Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: passwordSecret(node)},
			Immutable: &immutable, Data: map[string][]byte{"hash": []byte(hash)}}, metav1.CreateOptions{})
		return err
	}
	if err == nil && string(have.Data["hash"]) != hash {
		return supervisor.ErrNodePassword
	}
	return err
}

// removeMember takes a deleted server out of etcd, so that it no longer counts for the quorum.
func (s *server) removeMember(ctx context.Context, node *corev1.Node) {
	if _, member := node.Labels[etcdLabel]; !member || node.Name == s.name {
		return
	}
	if err := s.etcd.Remove(ctx, node.Name); err != nil {
		logrus.Errorf("Failed to remove %s from the etcd cluster: %v", node.Name, err)
	}
}

// keepNodes does what one of the servers does for all: it forgets a node that was deleted, and publishes Services on the nodes unless that is disabled.
func (s *server) keepNodes(ctx context.Context) {
	work := func(ctx context.Context) {
		s.forgetDeleted(ctx)
		if s.cfg.Disabled("servicelb") {
			<-ctx.Done()
			return
		}
		if err := servicelb.Run(ctx, s.admin); err != nil && ctx.Err() == nil {
			s.group.Failed <- err
		}
	}
	if !s.etcd.Clustered {
		work(ctx)
		return
	}
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: "k3s-cloud-controller-manager"},
		Client:     s.admin.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: s.name},
	}
	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: lock, ReleaseOnCancel: true,
		LeaseDuration: 15 * time.Second, RenewDeadline: 10 * time.Second, RetryPeriod: 2 * time.Second,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: work,
			OnStoppedLeading: func() {
				if ctx.Err() == nil {
					logrus.Error("leaderelection lost for k3s-cloud-controller-manager")
					os.Exit(1)
				}
			},
		},
	})
}

func (s *server) forgetDeleted(ctx context.Context) {
	f := informers.NewSharedInformerFactory(s.admin, 0)
	_, _ = f.Core().V1().Nodes().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{DeleteFunc: func(obj any) {
		if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
			obj = gone.Obj
		}
		if node, ok := obj.(*corev1.Node); ok {
			_ = s.admin.CoreV1().Secrets(metav1.NamespaceSystem).Delete(ctx, passwordSecret(node.Name), metav1.DeleteOptions{})
			s.removeMember(ctx, node)
		}
	}})
	f.Start(ctx.Done())
}
