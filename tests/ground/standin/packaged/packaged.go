// Package packaged is what K3s brings along and puts into every cluster unless --disable names it: its name server and
// its ingress controller. K3s keeps them as files in its manifests directory and a chart archive in its binary; here
// the manifests are compiled in, and nobody can add any by putting a file there.
package packaged

import (
	"archive/zip"
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

//go:embed manifests/*.yaml
var manifests embed.FS

// components are the names that --disable knows, each with a manifest of its name.
var components = []string{"coredns", "traefik"}

// Deployer brings the components about.
type Deployer struct {
	// Variables are replaced in the manifests: %{NAME}%.
	Variables map[string]string
	Disabled  func(component string) bool

	client dynamic.Interface
	mapper *restmapper.DeferredDiscoveryRESTMapper
}

// Run applies every component, or deletes it where it is disabled, and tries again until all is done: the kind
// HelmChart is there only once the helm-controller has made it.
func (d *Deployer) Run(ctx context.Context, conf *rest.Config) error {
	var err error
	if d.client, err = dynamic.NewForConfig(conf); err != nil {
		return err
	}
	disco, err := discovery.NewDiscoveryClientForConfig(conf)
	if err != nil {
		return err
	}
	d.mapper = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(disco))
	for _, component := range components {
		objects, err := d.read(component)
		if err != nil {
			return err
		}
		for _, object := range objects {
			for d.settle(ctx, object, d.Disabled(component)) != nil {
				d.mapper.Reset()
				select {
				case <-ctx.Done():
					return nil
				case <-time.After(500 * time.Millisecond):
				}
			}
		}
		logrus.Infof("Packaged component %s is settled (disabled: %t)", component, d.Disabled(component))
	}
	return nil
}

func (d *Deployer) read(component string) ([]*unstructured.Unstructured, error) {
	text, err := manifests.ReadFile("manifests/" + component + ".yaml")
	if err != nil {
		return nil, err
	}
	for name, value := range d.Variables {
		text = bytes.ReplaceAll(text, []byte("%{"+name+"}%"), []byte(value))
	}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	var objects []*unstructured.Unstructured
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", component, err)
		}
		objects = append(objects, object)
	}
}

func (d *Deployer) settle(ctx context.Context, object *unstructured.Unstructured, disabled bool) error {
	kind := object.GroupVersionKind()
	mapping, err := d.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return err
	}
	var of dynamic.ResourceInterface = d.client.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		of = d.client.Resource(mapping.Resource).Namespace(object.GetNamespace())
	}
	if disabled {
		err := of.Delete(ctx, object.GetName(), metav1.DeleteOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	}
	content, err := json.Marshal(object)
	if err != nil {
		return err
	}
	force := true
	_, err = of.Patch(ctx, object.GetName(), types.ApplyPatchType, content, metav1.PatchOptions{FieldManager: "deploy", Force: &force})
	return err
}

// Static serves what lies at the end of this program's own file: an archive with the charts.
func Static() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, err := attached(strings.TrimPrefix(r.URL.Path, "/static/"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/gzip")
		_, _ = w.Write(content)
	})
}

func attached(name string) ([]byte, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	archive, err := zip.OpenReader(self)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	file, err := archive.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}
