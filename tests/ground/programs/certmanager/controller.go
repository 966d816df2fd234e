package main

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/cert-manager/cert-manager/pkg/controller"
	// Each registers itself. Vault, Venafi, Gateway API and CertificateSigningRequests are left out: nobody here has them.
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmechallenges"
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmeorders"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim/ingresses"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/acme"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/metrics"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	_ "github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	_ "github.com/cert-manager/cert-manager/pkg/controller/issuers"
	"github.com/cert-manager/cert-manager/pkg/healthz"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"
	dnsutil "github.com/cert-manager/cert-manager/pkg/issuer/acme/dns/util"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
)

// controllerOptions has cert-manager's own defaults.
func controllerOptions(fs *pflag.FlagSet) (*controller.ContextOptions, *bool) {
	o := &controller.ContextOptions{KubernetesAPIQPS: 20, KubernetesAPIBurst: 50}
	fs.StringVar(&o.ClusterResourceNamespace, "cluster-resource-namespace", "kube-system", "")
	fs.StringVar(&o.HTTP01SolverImage, "acme-http01-solver-image", "", "")
	fs.StringToStringVar(&o.HTTP01SolverExtraLabels, "acme-http01-solver-extra-labels", nil, "")
	fs.IntVar(&o.MaxConcurrentChallenges, "max-concurrent-challenges", 60, "")
	fs.StringVar(&o.DefaultIssuerName, "default-issuer-name", "", "")
	fs.StringVar(&o.DefaultIssuerKind, "default-issuer-kind", "Issuer", "")
	fs.StringVar(&o.DefaultIssuerGroup, "default-issuer-group", "cert-manager.io", "")
	fs.BoolVar(&o.EnableOwnerRef, "enable-certificate-owner-ref", false, "")
	fs.StringSliceVar(&o.DNS01Nameservers, "dns01-recursive-nameservers", dnsutil.RecursiveNameservers, "")
	fs.DurationVar(&o.DNS01CheckRetryPeriod, "dns01-check-retry-period", 10*time.Second, "")
	recursiveOnly := fs.Bool("dns01-recursive-nameservers-only", false, "")
	o.ClusterIssuerAmbientCredentials = true
	o.ACMEHTTP01SolverRunAsNonRoot = true
	o.HTTP01SolverResourceRequestCPU = resource.MustParse("10m")
	o.HTTP01SolverResourceRequestMemory = resource.MustParse("64Mi")
	o.HTTP01SolverResourceLimitsCPU = resource.MustParse("100m")
	o.HTTP01SolverResourceLimitsMemory = resource.MustParse("64Mi")
	o.DefaultAutoCertificateAnnotations = []string{"kubernetes.io/tls-acme"}
	o.CopiedAnnotationPrefixes = []string{"*", "-kubectl.kubernetes.io/", "-fluxcd.io/", "-argocd.argoproj.io/"}
	o.CertificateRequestMinimumBackoffDuration = time.Hour
	o.CertificateRequestMaximumBackoffDuration = 32 * time.Hour
	return o, recursiveOnly
}

// controllers runs all registered control loops while this process is the leader.
func controllers(ctx context.Context, args []string) error {
	fs := pflag.NewFlagSet("controller", pflag.ContinueOnError)
	logging := logFlags(fs)
	opts, recursiveOnly := controllerOptions(fs)
	namespace := fs.String("leader-election-namespace", "kube-system", "")
	if err := parse(fs, args, logging); err != nil {
		return err
	}
	opts.DNS01CheckAuthoritative = !*recursiveOnly

	factory, err := controller.NewContextFactory(ctx, *opts)
	if err != nil {
		return err
	}
	health := healthz.NewServer(20 * time.Second)
	healthListener, err := net.Listen("tcp", "0.0.0.0:9403")
	if err != nil {
		return err
	}
	metricsListener, err := net.Listen("tcp", "0.0.0.0:9402")
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return health.Start(ctx, healthListener) })
	group.Go(func() error { return serveMetrics(ctx, factory, metricsListener) })
	group.Go(func() error {
		return lead(ctx, *namespace, health, func(ctx context.Context) error { return loops(ctx, factory) })
	})
	return group.Wait()
}

func serveMetrics(ctx context.Context, factory *controller.ContextFactory, listener net.Listener) error {
	base, err := factory.Build()
	if err != nil {
		return err
	}
	server := base.Metrics.NewServer(listener)
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	_ = server.Serve(listener)
	return ctx.Err()
}

func loops(ctx context.Context, factory *controller.ContextFactory) error {
	group, ctx := errgroup.WithContext(ctx)
	base, err := factory.Build()
	if err != nil {
		return err
	}
	var loops []controller.Interface
	for name, make := range controller.Known() {
		loop, err := make(factory)
		if err != nil {
			return err
		}
		logf.FromContext(ctx).Info("starting", "controller", name)
		loops = append(loops, loop)
	}
	base.SharedInformerFactory.Start(ctx.Done())
	base.KubeSharedInformerFactory.Start(ctx.Done())
	base.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())
	for _, loop := range loops {
		group.Go(func() error { return loop.Run(5, ctx) })
	}
	return group.Wait()
}

// lead runs work under the lease that the genuine controller takes, too, and ends when the lease is lost.
func lead(ctx context.Context, namespace string, health *healthz.Server, work func(context.Context) error) error {
	conf, err := inCluster("leader-election")
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(conf)
	if err != nil {
		return err
	}
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: namespace, Name: "cert-manager-controller"},
			Client:     client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: name + "-external-cert-manager-controller"},
		},
		LeaseDuration: 60 * time.Second, RenewDeadline: 40 * time.Second, RetryPeriod: 15 * time.Second,
		ReleaseOnCancel: true,
		WatchDog:        health.LeaderHealthzAdaptor,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) {
				ended <- work(ctx)
				cancel()
			},
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return err
	}
	elector.Run(ctx)
	select {
	case err := <-ended:
		return err
	default:
		return errors.New("the lease is lost")
	}
}
