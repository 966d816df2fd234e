package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"reflect"
	"time"

	"portico/ground/images/kube"
)

// interval is how often the cluster is read.
const interval = time.Second

type sealedSecret struct {
	Metadata meta `json:"metadata"`
	Spec     struct {
		EncryptedData map[string]string `json:"encryptedData"`
		Template      struct {
			Metadata  meta              `json:"metadata"`
			Type      string            `json:"type"`
			Immutable *bool             `json:"immutable"`
			Data      map[string]string `json:"data"`
		} `json:"template"`
	} `json:"spec"`
	Status status `json:"status"`
}

type status struct {
	ObservedGeneration int64       `json:"observedGeneration"`
	Conditions         []condition `json:"conditions"`
}

type condition struct {
	Type               string    `json:"type"`
	Status             string    `json:"status"`
	Reason             string    `json:"reason,omitempty"`
	Message            string    `json:"message,omitempty"`
	LastUpdateTime     time.Time `json:"lastUpdateTime"`
	LastTransitionTime time.Time `json:"lastTransitionTime"`
}

// follow reads all SealedSecrets again and again; what cannot be read is tried again.
func (c *controller) follow(ctx context.Context) {
	for ; ; time.Sleep(interval) {
		var list struct {
			Items []sealedSecret `json:"items"`
		}
		if err := c.api.Get(ctx, group+"/sealedsecrets", &list); err != nil {
			log.Printf("reading the SealedSecrets: %v", err)
			continue
		}
		for i := range list.Items {
			sealed := &list.Items[i]
			if err := c.report(ctx, sealed, c.sync(ctx, sealed)); err != nil {
				log.Printf("%s/%s: %v", sealed.Metadata.Namespace, sealed.Metadata.Name, err)
			}
		}
	}
}

// sync brings the Secret about that a SealedSecret stands for.
func (c *controller) sync(ctx context.Context, sealed *sealedSecret) error {
	want, err := c.open(sealed)
	if err != nil {
		return err
	}
	collection := "/api/v1/namespaces/" + sealed.Metadata.Namespace + "/secrets"
	var have secret
	err = c.api.Get(ctx, collection+"/"+sealed.Metadata.Name, &have)
	var refused *kube.Refused
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		return c.api.Create(ctx, collection, want, nil)
	} else if err != nil {
		return err
	}
	if !ours(&have, sealed) {
		return fmt.Errorf("failed update: Resource %q already exists and is not managed by SealedSecret", sealed.Metadata.Name)
	}
	if reflect.DeepEqual(have.Data, want.Data) {
		return nil
	}
	data := map[string]any{}
	for key := range have.Data {
		data[key] = nil
	}
	for key, value := range want.Data {
		data[key] = value
	}
	return c.api.MergePatch(ctx, collection+"/"+sealed.Metadata.Name, map[string]any{"data": data})
}

// ours is a Secret that this SealedSecret made, or that somebody handed over.
func ours(have *secret, sealed *sealedSecret) bool {
	for _, owner := range have.Metadata.OwnerReferences {
		if owner.UID == sealed.Metadata.UID {
			return true
		}
	}
	return have.Metadata.Annotations[managed] == "true"
}

func (c *controller) open(sealed *sealedSecret) (*secret, error) {
	template := &sealed.Spec.Template
	name := sealed.Metadata
	made := &secret{APIVersion: "v1", Kind: "Secret", Type: template.Type, Immutable: template.Immutable,
		Metadata: meta{Name: name.Name, Namespace: name.Namespace, Labels: template.Metadata.Labels,
			Annotations: template.Metadata.Annotations, OwnerReferences: []owner{{"bitnami.com/v1alpha1",
				"SealedSecret", name.Name, name.UID, true}}},
		Data: map[string][]byte{}}
	for key, value := range template.Data {
		made.Data[key] = []byte(value)
	}
	for key, value := range sealed.Spec.EncryptedData {
		plain, err := unseal(c.keys, label(name.Namespace, name.Name, name.Annotations), value)
		if err != nil {
			return nil, err
		}
		made.Data[key] = plain
	}
	return made, nil
}

// report writes the condition unless it says so already.
func (c *controller) report(ctx context.Context, sealed *sealedSecret, outcome error) error {
	now := condition{Type: "Synced", Status: "True", LastUpdateTime: time.Now().UTC(), LastTransitionTime: time.Now().UTC()}
	if outcome != nil {
		now.Status, now.Message = "False", outcome.Error()
	}
	for _, said := range sealed.Status.Conditions {
		if said.Type == now.Type && said.Status == now.Status && said.Message == now.Message &&
			sealed.Status.ObservedGeneration == sealed.Metadata.Generation {
			return nil
		}
	}
	path := group + "/namespaces/" + sealed.Metadata.Namespace + "/sealedsecrets/" + sealed.Metadata.Name + "/status"
	said := status{ObservedGeneration: sealed.Metadata.Generation, Conditions: []condition{now}}
	return c.api.MergePatch(ctx, path, map[string]any{"status": said})
}
