// What stands in for the sealed-secrets controller, written after the published form of its data: it keeps a key pair
// in a Secret, shows the certificate, and turns SealedSecrets into Secrets. It does not renew its key, and the calls
// to verify and to rotate are not here.
//
// For tests, `sealedsecrets seal CERTIFICATE LABEL VALUE` prints a sealed value instead.
package main

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"sort"
	"time"

	"portico/ground/images/kube"
)

const (
	group     = "/apis/bitnami.com/v1alpha1"
	keyLabel  = "sealedsecrets.bitnami.com/sealed-secrets-key"
	keyPrefix = "sealed-secrets-key"
	managed   = "sealedsecrets.bitnami.com/managed"
)

type meta struct {
	Name            string            `json:"name,omitempty"`
	GenerateName    string            `json:"generateName,omitempty"`
	Namespace       string            `json:"namespace,omitempty"`
	UID             string            `json:"uid,omitempty"`
	Generation      int64             `json:"generation,omitempty"`
	Created         *time.Time        `json:"creationTimestamp,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
	Annotations     map[string]string `json:"annotations,omitempty"`
	OwnerReferences []owner           `json:"ownerReferences,omitempty"`
}

type owner struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	UID        string `json:"uid"`
	Controller bool   `json:"controller"`
}

type secret struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   meta              `json:"metadata"`
	Type       string            `json:"type,omitempty"`
	Immutable  *bool             `json:"immutable,omitempty"`
	Data       map[string][]byte `json:"data"`
}

type secrets struct {
	Items []secret `json:"items"`
}

// controller holds the keys, newest first: that one's certificate is shown, and all of them unseal.
type controller struct {
	api          *kube.Client
	namespace    string
	keys         []*rsa.PrivateKey
	certificates []byte
}

func main() {
	if len(os.Args) == 5 && os.Args[1] == "seal" {
		certificate, err := os.ReadFile(os.Args[2])
		if err != nil {
			log.Fatal(err)
		}
		text, err := seal(certificate, []byte(os.Args[3]), []byte(os.Args[4]))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(text)
		return
	}
	api, err := kube.InCluster()
	if err != nil {
		log.Fatal(err)
	}
	c := &controller{api: api, namespace: os.Getenv("POD_NAMESPACE")}
	ctx := context.Background()
	for err := c.loadKeys(ctx); err != nil; err = c.loadKeys(ctx) {
		log.Printf("reading the keys: %v", err)
		time.Sleep(time.Second)
	}
	go c.follow(ctx)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /v1/cert.pem", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-pem-file")
		_, _ = w.Write(c.certificates)
	})
	server := &http.Server{Addr: ":8080", Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// loadKeys reads the key Secrets, and makes the first one where there is none.
func (c *controller) loadKeys(ctx context.Context) error {
	path := "/api/v1/namespaces/" + c.namespace + "/secrets"
	var found secrets
	if err := c.api.Get(ctx, path+"?labelSelector="+keyLabel+"%3Dactive", &found); err != nil {
		return err
	}
	if len(found.Items) == 0 {
		key, certificate, err := newKey(4096, time.Now())
		if err != nil {
			return err
		}
		made := secret{APIVersion: "v1", Kind: "Secret", Type: "kubernetes.io/tls",
			Metadata: meta{GenerateName: keyPrefix, Labels: map[string]string{keyLabel: "active"}},
			Data:     map[string][]byte{"tls.key": key, "tls.crt": certificate}}
		var kept secret
		if err := c.api.Create(ctx, path, made, &kept); err != nil {
			return err
		}
		found.Items = []secret{kept}
	}
	sort.Slice(found.Items, func(i, j int) bool {
		return found.Items[i].Metadata.Created.After(*found.Items[j].Metadata.Created)
	})
	for _, item := range found.Items {
		key, err := parseKey(item.Data["tls.key"])
		if err != nil {
			return err
		}
		if block, _ := pem.Decode(item.Data["tls.crt"]); block == nil {
			return errors.New("no PEM in the certificate")
		} else if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return err
		}
		c.keys = append(c.keys, key)
		c.certificates = append(c.certificates, item.Data["tls.crt"]...)
	}
	return nil
}
