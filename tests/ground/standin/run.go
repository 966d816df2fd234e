package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/sirupsen/logrus"

	"portico/ground/standin/config"
	"portico/ground/standin/process"
)

// supervise runs start, then waits for a signal or for the first component that exits, and ends
// all the others.
func supervise(cfg *config.Config, start func(context.Context, *config.Config, *process.Group) error) error {
	group, err := process.NewGroup()
	if err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	started := make(chan error, 1)
	go func() { started <- start(ctx, cfg, group) }()
	for {
		select {
		case err = <-started:
			if err == nil {
				started = nil
				continue
			}
			if ctx.Err() != nil {
				err = nil
			}
		case err = <-group.Failed:
		case <-ctx.Done():
			logrus.Info("Shutting down")
			err = nil
		}
		cancel()
		group.Stop()
		return err
	}
}
