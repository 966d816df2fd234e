package main

import (
	"net"
	"sort"
	"strconv"
	"strings"
)

// snapshot is what the cluster says at one moment.
type snapshot struct {
	ingresses []ingress
	classes   []ingressClass
	services  []service
	slices    []endpointSlice
}

// route is one path of one host and where it leads.
type route struct {
	host, path    string
	exact         bool
	tlsBackend    bool
	redirect      bool
	passthrough   bool
	endpoints     []string
	namespaceName string
}

// table is the routes in the order in which they are tried.
type table []route

// ours says whether an Ingress belongs to this controller: by its class, or by the old annotation.
func (o options) ours(i ingress, classes []ingressClass) bool {
	if name := i.Spec.IngressClassName; name != nil {
		for _, c := range classes {
			if c.Metadata.Name == *name {
				return c.Spec.Controller == o.controllerClass
			}
		}
		return false
	}
	if class, ok := i.Metadata.Annotations["kubernetes.io/ingress.class"]; ok {
		return class == o.class
	}
	return o.watchWithoutClass
}

// build turns a snapshot into routes. An Ingress without a rule for a host still answers through
// its default backend.
func (o options) build(s snapshot) table {
	var t table
	for _, i := range s.ingresses {
		if !o.ours(i, s.classes) {
			continue
		}
		add := func(host, path, kind string, b backend) {
			if b.Service == nil {
				return
			}
			note := i.Metadata.Annotations
			t = append(t, route{
				host: strings.ToLower(host), path: path, exact: kind == "Exact",
				tlsBackend:    strings.EqualFold(note["nginx.ingress.kubernetes.io/backend-protocol"], "HTTPS"),
				redirect:      note["nginx.ingress.kubernetes.io/force-ssl-redirect"] == "true" || i.hasTLS(host) && note["nginx.ingress.kubernetes.io/ssl-redirect"] != "false",
				passthrough:   o.passthrough && note["nginx.ingress.kubernetes.io/ssl-passthrough"] == "true",
				endpoints:     s.endpoints(i.Metadata.Namespace, b),
				namespaceName: i.Metadata.Namespace + "/" + i.Metadata.Name,
			})
		}
		if b := i.Spec.DefaultBackend; b != nil {
			add("", "/", "Prefix", *b)
		}
		for _, r := range i.Spec.Rules {
			if r.HTTP == nil {
				continue
			}
			for _, p := range r.HTTP.Paths {
				path := p.Path
				if path == "" {
					path = "/"
				}
				add(r.Host, path, p.PathType, p.Backend)
			}
		}
	}
	sort.SliceStable(t, func(a, b int) bool { return t[a].weight() > t[b].weight() })
	return t
}

// weight puts named hosts before wildcards before none, exact paths before prefixes, long before short.
func (r route) weight() int {
	w := len(r.path)
	if r.exact {
		w += 10_000
	}
	switch {
	case r.host == "":
	case strings.HasPrefix(r.host, "*."):
		w += 100_000
	default:
		w += 200_000
	}
	return w
}

func (r route) matches(host, path string) bool {
	switch {
	case r.host == "":
	case strings.HasPrefix(r.host, "*."):
		_, parent, found := strings.Cut(host, ".")
		if !found || "*."+parent != r.host {
			return false
		}
	case r.host != host:
		return false
	}
	if r.exact {
		return path == r.path
	}
	prefix := strings.TrimSuffix(r.path, "/")
	return prefix == "" || path == prefix || strings.HasPrefix(path, prefix+"/")
}

// find is the first route that matches. A host that is named by some Ingress is not answered by
// one that names none.
func (t table) find(hostport, path string) *route {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(host)
	named := false
	for i := range t {
		if t[i].host != "" && t[i].matches(host, t[i].path) {
			named = true
		}
		if t[i].matches(host, path) && (t[i].host != "" || !named) {
			return &t[i]
		}
	}
	return nil
}

func (i ingress) hasTLS(host string) bool {
	for _, t := range i.Spec.TLS {
		for _, h := range t.Hosts {
			if h == host {
				return true
			}
		}
	}
	return false
}

// endpoints are the ready addresses behind a backend.
func (s snapshot) endpoints(namespace string, b backend) (out []string) {
	name, want, found := "", b.Service.Port, false
	for _, svc := range s.services {
		if svc.Metadata.Namespace != namespace || svc.Metadata.Name != b.Service.Name {
			continue
		}
		for _, p := range svc.Spec.Ports {
			if want.Name != "" && p.Name == want.Name || want.Name == "" && p.Port == want.Number {
				name, found = p.Name, true
			}
		}
	}
	if !found {
		return nil
	}
	for _, slice := range s.slices {
		if slice.Metadata.Namespace != namespace || slice.Metadata.Labels["kubernetes.io/service-name"] != b.Service.Name {
			continue
		}
		for _, p := range slice.Ports {
			if p.Name != nil && *p.Name != name || p.Name == nil && name != "" {
				continue
			}
			for _, e := range slice.Endpoints {
				if (e.Conditions.Ready == nil || *e.Conditions.Ready) && len(e.Addresses) > 0 {
					out = append(out, net.JoinHostPort(e.Addresses[0], strconv.Itoa(p.Port)))
				}
			}
		}
	}
	sort.Strings(out)
	return out
}
