//go:build tools

// Package tools pins the programs that are built here: the Sealed Secrets controller, and kubeseal for the tests.
package tools

import (
	_ "github.com/bitnami-labs/sealed-secrets/cmd/controller"
	_ "github.com/bitnami-labs/sealed-secrets/cmd/kubeseal"
)
