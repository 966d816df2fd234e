package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/cert-manager/cert-manager/pkg/util/cmapichecker"
)

// startupCheck is the Job that the chart runs after an installation: it ends well once a certificate request is
// completed and judged by the webhook.
func startupCheck(ctx context.Context, args []string) error {
	fs := pflag.NewFlagSet("startupapicheck", pflag.ContinueOnError)
	limit := fs.Duration("wait", 0, "")
	fs.CountP("verbose", "v", "")
	if err := fs.Parse(args); err != nil {
		return err
	}
	conf, err := inCluster("startupapicheck")
	if err != nil {
		return err
	}
	// The request is a dry run, in the one namespace that the chart lets this account write to.
	namespace, err := os.ReadFile("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
	if err != nil {
		return err
	}
	checker, err := cmapichecker.New(conf, strings.TrimSpace(string(namespace)))
	if err != nil {
		return err
	}
	if *limit == 0 {
		return checker.Check(ctx)
	}
	return wait.PollUntilContextTimeout(ctx, 2*time.Second, *limit, true, func(ctx context.Context) (bool, error) {
		err := checker.Check(ctx)
		if err != nil {
			fmt.Println("Not ready:", cmapichecker.TranslateToSimpleError(err), err)
		}
		return err == nil, nil
	})
}
