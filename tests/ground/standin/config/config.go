// Package config reads what K3s reads: the command line, /etc/rancher/k3s/config.yaml, its drop-in
// directory and the K3S_ variables, with K3s' own rules for what wins and what is refused.
// It decides nothing about the cluster; it only says what was asked for.
package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// DefaultFile is where K3s looks when neither --config nor K3S_CONFIG_FILE says otherwise.
const DefaultFile = "/etc/rancher/k3s/config.yaml"

// Config is one node's settings after files, variables and command line have been merged.
type Config struct {
	Role                  string
	Token                 string
	TokenFile             string
	AgentToken            string
	Server                string
	DataDir               string
	NodeName              string
	FlannelIface          string
	WriteKubeconfig       string
	WriteKubeconfigMode   string
	ClusterCIDR           string
	ServiceCIDR           string
	ClusterDNS            string
	ClusterDomain         string
	ClusterInit           bool
	DisableHelmController bool
	NodeIP                []string
	NodeExternalIP        []string
	NodeLabel             []string
	NodeTaint             []string
	TLSSAN                []string
	Disable               []string
	KubeletArg            []string
	KubeProxyArg          []string
	APIServerArg          []string
	ControllerArg         []string
	SchedulerArg          []string
	EtcdArg               []string

	// Args is the command line that the files and arguments amount to, the role first. K3s
	// publishes it, with secrets hidden, as an annotation of the node.
	Args []string
	// Warnings are said once at start: settings that K3s skips, or that have no effect here.
	Warnings []string
}

// Source is where Load looks; tests point it elsewhere.
type Source struct {
	File    string
	Environ func(string) string
}

// Load merges the files, the environment and args (those after the role) for the given role.
// A key that the role does not know is skipped with a warning on a server and fails on an agent:
// K3s filters only a server's file and lets the flag parser judge the agent's.
func Load(role string, args []string, src Source) (*Config, error) {
	file, explicit := src.File, false
	if v := src.Environ("K3S_CONFIG_FILE"); v != "" {
		file, explicit = v, true
	}
	for i, a := range args {
		if v, ok := strings.CutPrefix(strings.TrimPrefix(a, "-"), "-config="); ok {
			file, explicit = v, true
		} else if (a == "--config" || a == "-c") && i+1 < len(args) {
			file, explicit = args[i+1], true
		}
	}
	fromFiles, err := readFiles(file, explicit)
	if err != nil {
		return nil, err
	}

	c := &Config{Role: role}
	flags, inert := c.flagSet(role)
	fromFiles = c.skipUnknown(role, flags, fromFiles)
	c.Args = append(append([]string{role}, fromFiles...), args...)
	c.environment(src.Environ)
	if err := flags.Parse(c.Args[1:]); err != nil {
		return nil, err
	}
	flags.Visit(func(f *flag.Flag) {
		if inert[f.Name] {
			c.Warnings = append(c.Warnings, fmt.Sprintf("--%s is understood and has no effect in this stand-in", f.Name))
		}
	})
	for _, list := range []*[]string{&c.NodeIP, &c.NodeExternalIP, &c.Disable, &c.TLSSAN} {
		*list = splitCommas(*list)
	}
	return c, c.complete()
}

// complete reads the token file and refuses what K3s refuses before it does any work.
func (c *Config) complete() error {
	if c.TokenFile != "" {
		token, err := waitForFile(c.TokenFile, 4*time.Minute)
		if err != nil {
			return err
		}
		c.Token = token
	}
	if c.Role != "agent" {
		return nil
	}
	if c.Token == "" {
		return errors.New("--token is required")
	}
	if c.Server == "" {
		return errors.New("--server is required")
	}
	return nil
}

// waitForFile gives a token file time to appear, as K3s does for tools that write it late.
func waitForFile(path string, limit time.Duration) (string, error) {
	deadline := time.Now().Add(limit)
	for {
		b, err := os.ReadFile(path)
		if err == nil {
			return strings.TrimRight(string(b), "\n"), nil
		}
		if !os.IsNotExist(err) || time.Now().After(deadline) {
			return "", err
		}
		time.Sleep(time.Second)
	}
}

func (c *Config) environment(get func(string) string) {
	for name, field := range map[string]*string{
		"K3S_TOKEN": &c.Token, "K3S_TOKEN_FILE": &c.TokenFile, "K3S_AGENT_TOKEN": &c.AgentToken,
		"K3S_URL": &c.Server, "K3S_NODE_NAME": &c.NodeName, "K3S_DATA_DIR": &c.DataDir,
		"K3S_KUBECONFIG_OUTPUT": &c.WriteKubeconfig, "K3S_KUBECONFIG_MODE": &c.WriteKubeconfigMode,
	} {
		if v := get(name); v != "" {
			*field = v
		}
	}
}

// list is a flag that may be given more than once.
type list struct{ values *[]string }

func (l list) String() string     { return "" }
func (l list) Set(v string) error { *l.values = append(*l.values, v); return nil }

// skipUnknown drops the keys of a server's file that no flag carries, with K3s' warning.
func (c *Config) skipUnknown(role string, flags *flag.FlagSet, args []string) []string {
	if role != "server" {
		return args
	}
	var known []string
	for _, a := range args {
		name, _, _ := strings.Cut(a, "=")
		if flags.Lookup(strings.TrimPrefix(name, "--")) == nil {
			c.Warnings = append(c.Warnings, fmt.Sprintf("Unknown flag %s found in config.yaml, skipping", name))
			continue
		}
		known = append(known, a)
	}
	return known
}

func splitCommas(in []string) (out []string) {
	for _, v := range in {
		for _, part := range strings.Split(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

// readFiles turns config.yaml and config.yaml.d/*.yaml into flags. Later files win key by key;
// a key that ends in + appends to what the earlier files said.
func readFiles(file string, mustExist bool) ([]string, error) {
	merged, order := map[string][]string{}, []string{}
	dropIns, _ := filepath.Glob(file + ".d/*.y*ml")
	sort.Strings(dropIns)
	for i, path := range append([]string{file}, dropIns...) {
		b, err := os.ReadFile(path)
		if os.IsNotExist(err) && (i > 0 || !mustExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		keys := map[string]any{}
		if err := yaml.Unmarshal(b, &keys); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		names := make([]string, 0, len(keys))
		for k := range keys {
			names = append(names, k)
		}
		sort.Strings(names)
		for _, k := range names {
			name, appends := strings.CutSuffix(k, "+")
			if _, seen := merged[name]; !seen {
				order = append(order, name)
			}
			values := flatten(keys[k])
			if appends {
				values = append(merged[name], values...)
			}
			merged[name] = values
		}
	}
	var args []string
	for _, name := range order {
		for _, v := range merged[name] {
			args = append(args, "--"+name+"="+v)
		}
	}
	return args, nil
}

func flatten(v any) []string {
	switch v := v.(type) {
	case []any:
		var out []string
		for _, item := range v {
			out = append(out, flatten(item)...)
		}
		return out
	case nil:
		return []string{""}
	case float64:
		return []string{fmt.Sprintf("%.0f", v)}
	default:
		return []string{fmt.Sprint(v)}
	}
}

// HiddenArgs is Args with every secret's value replaced, as K3s publishes them on the node.
func (c *Config) HiddenArgs() []string {
	secret := map[string]bool{"token": true, "t": true, "agent-token": true, "token-file": false}
	out, hideNext := make([]string, 0, len(c.Args)), false
	for _, a := range c.Args {
		if hideNext {
			out, hideNext = append(out, "********"), false
			continue
		}
		name, value, joined := strings.Cut(a, "=")
		out = append(out, name)
		hide := secret[strings.TrimLeft(name, "-")]
		switch {
		case joined && hide:
			out = append(out, "********")
		case joined:
			out = append(out, value)
		default:
			hideNext = hide
		}
	}
	return out
}

// Disabled reports whether --disable names the packaged component.
func (c *Config) Disabled(component string) bool {
	for _, d := range c.Disable {
		if d == component {
			return true
		}
	}
	return false
}

func newFlagSet(role string) *flag.FlagSet {
	fs := flag.NewFlagSet("k3s "+role, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	return fs
}
