//go:build tools

// Which program is built here: Traefik, from its own Go module.
package tools

import _ "github.com/traefik/traefik/v3/cmd/traefik"
