//go:build tools

// Package tools pins the helm program that goes into the helm job image; nothing here is compiled into it.
package tools

import _ "helm.sh/helm/v3/cmd/helm"
