package main

import (
	"encoding/json"
	"reflect"
	"testing"
)

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func sample(t *testing.T) snapshot {
	t.Helper()
	return snapshot{
		classes: decode[[]ingressClass](t, `[{"metadata":{"name":"nginx"},"spec":{"controller":"k8s.io/ingress-nginx"}},
			{"metadata":{"name":"traefik"},"spec":{"controller":"traefik.io/ingress-controller"}}]`),
		services: decode[[]service](t, `[{"metadata":{"name":"echo","namespace":"apps"},"spec":{"ports":[{"name":"http","port":80}]}}]`),
		slices: decode[[]endpointSlice](t, `[{"metadata":{"name":"echo-x","namespace":"apps","labels":{"kubernetes.io/service-name":"echo"}},
			"ports":[{"name":"http","port":8080}],"endpoints":[{"addresses":["10.42.1.3"],"conditions":{"ready":true}},
			{"addresses":["10.42.1.4"],"conditions":{"ready":false}}]}]`),
		ingresses: decode[[]ingress](t, `[
			{"metadata":{"name":"echo","namespace":"apps"},"spec":{"ingressClassName":"nginx","tls":[{"hosts":["secure.test"],"secretName":"s"}],"rules":[
				{"host":"echo.test","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"echo","port":{"number":80}}}},
					{"path":"/only","pathType":"Exact","backend":{"service":{"name":"gone","port":{"number":80}}}}]}},
				{"host":"*.wild.test","http":{"paths":[{"path":"/api","pathType":"Prefix","backend":{"service":{"name":"echo","port":{"name":"http"}}}}]}},
				{"host":"secure.test","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"echo","port":{"number":80}}}}]}}]}},
			{"metadata":{"name":"other","namespace":"apps"},"spec":{"ingressClassName":"traefik","rules":[{"host":"other.test","http":{"paths":[
				{"path":"/","pathType":"Prefix","backend":{"service":{"name":"echo","port":{"number":80}}}}]}}]}}]`),
	}
}

func TestRouting(t *testing.T) {
	routes := options{class: "nginx", controllerClass: "k8s.io/ingress-nginx"}.build(sample(t))
	for _, c := range []struct {
		host, path string
		want       []string
		found      bool
	}{
		{"echo.test", "/", []string{"10.42.1.3:8080"}, true},
		{"ECHO.test:80", "/any/thing", []string{"10.42.1.3:8080"}, true},
		{"echo.test", "/only", nil, true},
		{"a.wild.test", "/api/x", []string{"10.42.1.3:8080"}, true},
		{"a.wild.test", "/apix", nil, false},
		{"a.b.wild.test", "/api", nil, false},
		{"other.test", "/", nil, false},
		{"unknown.test", "/", nil, false},
	} {
		r := routes.find(c.host, c.path)
		if (r != nil) != c.found || r != nil && !reflect.DeepEqual(r.endpoints, c.want) {
			t.Errorf("%s%s: %+v", c.host, c.path, r)
		}
	}
	if r := routes.find("secure.test", "/"); r == nil || !r.redirect {
		t.Errorf("a host with TLS redirects: %+v", r)
	}
	if r := routes.find("echo.test", "/"); r.redirect {
		t.Error("a host without TLS does not")
	}
}

func TestFlagsOfTheGenuineImage(t *testing.T) {
	o, err := parse([]string{"/nginx-ingress-controller", "--publish-service=ns/svc", "--election-id=x", "--enable-ssl-passthrough=", "--default-ssl-certificate=a/b"})
	if err != nil || o.publishService != "ns/svc" || o.defaultCert != "a/b" || o.http != 80 {
		t.Errorf("%+v %v", o, err)
	}
	if _, err := parse([]string{"--no-such-flag=1"}); err == nil {
		t.Error("an unknown flag is refused")
	}
}
