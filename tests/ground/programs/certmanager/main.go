// cert-manager's programs, put together from the packages of its module. Its own mains are modules of their own that
// no Go proxy has; what they do beyond reading flags is a few dozen lines each and is written anew here. Every
// decision about issuers, certificates, orders and challenges is cert-manager's own code, unchanged.
//
// Usage: certmanager controller|webhook|cainjector|startupapicheck FLAG..., with the flags that its chart passes.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	logsapi "k8s.io/component-base/logs/api/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/util"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	programs := map[string]func(context.Context, []string) error{
		"controller": controllers, "webhook": webhook, "cainjector": injector, "startupapicheck": startupCheck,
	}
	if len(os.Args) < 2 || programs[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: certmanager controller|webhook|cainjector|startupapicheck FLAG...")
		os.Exit(2)
	}
	logf.InitLogs()
	ctrl.SetLogger(logf.Log)
	ctx = logf.NewContext(ctx, logf.Log, os.Args[1])
	if err := programs[os.Args[1]](ctx, os.Args[2:]); err != nil {
		logf.FromContext(ctx).Error(err, "ended")
		logf.FlushLogs()
		os.Exit(1)
	}
}

// parse reads the flags and puts those about logs to use. A flag that the program does not know is an error: a value
// of the chart that would have no effect here must not look as if it had.
func parse(fs *pflag.FlagSet, args []string, logging *logsapi.LoggingConfiguration) error {
	if err := fs.Parse(args); err != nil {
		return err
	}
	return logf.ValidateAndApply(logging)
}

func logFlags(fs *pflag.FlagSet) *logsapi.LoggingConfiguration {
	logging := logsapi.NewLoggingConfiguration()
	logf.AddFlags(logging, fs)
	return logging
}

func inCluster(component string) (*rest.Config, error) {
	conf, err := rest.InClusterConfig()
	if err != nil {
		return nil, err
	}
	return util.RestConfigWithUserAgent(conf, component), nil
}
