//! A service made reachable under a name: which workload, which hostname, who may reach it.
//!
//! The manifests that an exposure needs are built here, pure, so that the preview shows the very bytes
//! that are applied. Records and certificates follow from it in `plan`.

use crate::dns::Hostname;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ts_rs::TS;

/// The namespace of the apps that Portico brings along.
pub const APPS_NAMESPACE: &str = "apps";

/// The image of the echo app where no endpoint names another.
pub const ECHO_IMAGE: &str = "docker.io/traefik/whoami:v1.11.0";

/// A LAN-only service has plain DNS records to the workers; only the LAN can reach it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    Lan,
}

/// What stands behind the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Backend {
    /// The small app that answers with what it was asked: made with the exposure.
    Echo { image: String },
    /// A Service that is in the cluster already; it is referred to, never changed.
    Service { namespace: String, name: String, port: u16 },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Exposure {
    /// The name of the Ingress, unique in the cluster.
    pub name: String,
    pub hostname: Hostname,
    pub reach: Reach,
    pub backend: Backend,
}

impl Exposure {
    pub fn namespace(&self) -> &str {
        match &self.backend {
            Backend::Echo { .. } => APPS_NAMESPACE,
            Backend::Service { namespace, .. } => namespace,
        }
    }

    /// The objects behind the name, in the order in which they are applied; without the Ingress.
    pub fn workload(&self) -> Vec<Value> {
        match &self.backend {
            Backend::Echo { image } => echo(&self.name, image),
            Backend::Service { .. } => Vec::new(),
        }
    }

    pub fn ingress(&self) -> Value {
        let (service, port) = match &self.backend {
            Backend::Echo { .. } => (self.name.as_str(), 80),
            Backend::Service { name, port, .. } => (name.as_str(), *port),
        };
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {
                "name": self.name, "namespace": self.namespace(), "labels": ours(),
                // Until a certificate is there, TLS would only be the controller's own fake one.
                "annotations": {"nginx.ingress.kubernetes.io/ssl-redirect": "false"},
            },
            "spec": {
                "ingressClassName": "nginx",
                "rules": [{"host": self.hostname.as_str(), "http": {"paths": [{
                    "path": "/", "pathType": "Prefix",
                    "backend": {"service": {"name": service, "port": {"number": port}}},
                }]}}],
            },
        })
    }
}

/// The label that marks an object as ours.
pub fn ours() -> Value {
    json!({"app.kubernetes.io/managed-by": "portico"})
}

/// True when a live object carries our mark.
pub fn is_ours(object: &Value) -> bool {
    object.pointer("/metadata/labels/app.kubernetes.io~1managed-by").and_then(Value::as_str)
        == Some("portico")
}

fn echo(name: &str, image: &str) -> Vec<Value> {
    let labels = json!({"app.kubernetes.io/managed-by": "portico", "app.kubernetes.io/name": name});
    let selector = json!({"app.kubernetes.io/name": name});
    vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": APPS_NAMESPACE, "labels": ours()}}),
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": APPS_NAMESPACE, "labels": labels},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": selector},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "automountServiceAccountToken": false,
                        "securityContext": {"runAsNonRoot": true, "runAsUser": 65534},
                        "containers": [{
                            "name": "echo", "image": image, "imagePullPolicy": "IfNotPresent",
                            "env": [{"name": "WHOAMI_PORT_NUMBER", "value": "8080"}],
                            "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
                            "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 2},
                            "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
                            "securityContext": {
                                "allowPrivilegeEscalation": false,
                                "capabilities": {"drop": ["ALL"]},
                                "readOnlyRootFilesystem": true,
                            },
                        }],
                    },
                },
            },
        }),
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "namespace": APPS_NAMESPACE, "labels": labels},
            "spec": {"selector": selector, "ports": [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}]},
        }),
    ]
}
