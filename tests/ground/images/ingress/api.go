package main

// What this program reads of the Kubernetes API.

type meta struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

type loadBalancer struct {
	Ingress []struct {
		IP       string `json:"ip,omitempty"`
		Hostname string `json:"hostname,omitempty"`
	} `json:"ingress"`
}

type port struct {
	Name   string `json:"name"`
	Number int    `json:"number"`
}

type backend struct {
	Service *struct {
		Name string `json:"name"`
		Port port   `json:"port"`
	} `json:"service"`
}

type ingress struct {
	Metadata meta `json:"metadata"`
	Spec     struct {
		IngressClassName *string  `json:"ingressClassName"`
		DefaultBackend   *backend `json:"defaultBackend"`
		TLS              []struct {
			Hosts      []string `json:"hosts"`
			SecretName string   `json:"secretName"`
		} `json:"tls"`
		Rules []struct {
			Host string `json:"host"`
			HTTP *struct {
				Paths []struct {
					Path     string  `json:"path"`
					PathType string  `json:"pathType"`
					Backend  backend `json:"backend"`
				} `json:"paths"`
			} `json:"http"`
		} `json:"rules"`
	} `json:"spec"`
	Status struct {
		LoadBalancer loadBalancer `json:"loadBalancer"`
	} `json:"status"`
}

type ingressClass struct {
	Metadata meta `json:"metadata"`
	Spec     struct {
		Controller string `json:"controller"`
	} `json:"spec"`
}

type service struct {
	Metadata meta `json:"metadata"`
	Spec     struct {
		Type        string   `json:"type"`
		ExternalIPs []string `json:"externalIPs"`
		Ports       []struct {
			Name string `json:"name"`
			Port int    `json:"port"`
		} `json:"ports"`
	} `json:"spec"`
	Status struct {
		LoadBalancer loadBalancer `json:"loadBalancer"`
	} `json:"status"`
}

type endpointSlice struct {
	Metadata meta `json:"metadata"`
	Ports    []struct {
		Name *string `json:"name"`
		Port int     `json:"port"`
	} `json:"ports"`
	Endpoints []struct {
		Addresses  []string `json:"addresses"`
		Conditions struct {
			Ready *bool `json:"ready"`
		} `json:"conditions"`
	} `json:"endpoints"`
}

type secret struct {
	Data map[string][]byte `json:"data"`
}

type list[T any] struct {
	Items []T `json:"items"`
}
