//go:build tools

// Package tools pins the program that is built here: Let's Encrypt's ACME server for tests.
package tools

import _ "github.com/letsencrypt/pebble/v2/cmd/pebble"
