// Holds the same objects as Portico's model in client-go's informers and says what that takes: informers typed|unstructured
// KUBECONFIG PODS. Typed is a SharedInformerFactory, as most programs have it; unstructured is a dynamic one, as k9s has it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

func held() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// most samples the heap until it is stopped: what is in use at the most, garbage that was not collected yet included.
func most(ctx context.Context, peak *atomic.Uint64) {
	for ctx.Err() == nil {
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		if stats.HeapAlloc > peak.Load() {
			peak.Store(stats.HeapAlloc)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func run() error {
	if len(os.Args) != 4 {
		return fmt.Errorf("informers typed|unstructured KUBECONFIG PODS")
	}
	config, err := clientcmd.BuildConfigFromFlags("", os.Args[2])
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 1000, 1000
	pods, err := strconv.Atoi(os.Args[3])
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Minute)
	defer stop()
	resources := []schema.GroupVersionResource{
		{Version: "v1", Resource: "nodes"},
		{Version: "v1", Resource: "services"},
		{Group: "discovery.k8s.io", Version: "v1", Resource: "endpointslices"},
		{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"},
		// Last, so that what they take by themselves can be told.
		{Version: "v1", Resource: "pods"},
	}
	informer := func(resource schema.GroupVersionResource) (cache.SharedIndexInformer, error) { return nil, nil }
	if os.Args[1] == "typed" {
		client, err := kubernetes.NewForConfig(config)
		if err != nil {
			return err
		}
		factory := informers.NewSharedInformerFactory(client, 0)
		informer = func(resource schema.GroupVersionResource) (cache.SharedIndexInformer, error) {
			generic, err := factory.ForResource(resource)
			if err != nil {
				return nil, err
			}
			return generic.Informer(), nil
		}
	} else {
		client, err := dynamic.NewForConfig(config)
		if err != nil {
			return err
		}
		factory := dynamicinformer.NewDynamicSharedInformerFactory(client, 0)
		informer = func(resource schema.GroupVersionResource) (cache.SharedIndexInformer, error) {
			return factory.ForResource(resource).Informer(), nil
		}
	}
	start := held()
	var peak atomic.Uint64
	sampling, end := context.WithCancel(ctx)
	defer end()
	go most(sampling, &peak)
	before := start
	for _, resource := range resources {
		one, err := informer(resource)
		if err != nil {
			return err
		}
		before = held()
		go one.Run(ctx.Done())
		if !cache.WaitForCacheSync(ctx.Done(), one.HasSynced) {
			return fmt.Errorf("%s do not come", resource.Resource)
		}
	}
	end()
	time.Sleep(2 * time.Second)
	now := held()
	perPod := uint64(0)
	if pods > 0 {
		perPod = (now - before) / uint64(pods)
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]uint64{"pod": perPod, "all": now - start, "most": peak.Load() - start})
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
