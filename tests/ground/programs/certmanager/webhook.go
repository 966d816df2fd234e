package main

import (
	"context"

	"github.com/spf13/pflag"

	internal "github.com/cert-manager/cert-manager/internal/webhook"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/webhook/options"
)

// webhook validates and completes cert-manager's resources.
func webhook(ctx context.Context, args []string) error {
	conf, err := options.NewWebhookConfiguration()
	if err != nil {
		return err
	}
	fs := pflag.NewFlagSet("webhook", pflag.ContinueOnError)
	options.AddConfigFlags(fs, conf)
	if err := parse(fs, args, &conf.Logging); err != nil {
		return err
	}
	server, err := internal.NewCertManagerWebhookServer(logf.FromContext(ctx), *conf)
	if err != nil {
		return err
	}
	return server.Run(ctx)
}
