//go:build tools

// Package tools pins the program that is built here: Gatus, the watcher.
package tools

import _ "github.com/TwiN/gatus/v5"
