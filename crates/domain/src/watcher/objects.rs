//! What the watcher is made of in the cluster: its configuration, a small volume for what it saw, one pod, an address.
//!
//! Nobody but the API server is led to it: the Service is the cluster's own, no Ingress names it. It needs nothing of
//! Kubernetes and gets no account there. Its SQLite has one writer, so the old pod ends before the new one begins.

use super::{KEPT_ANSWERS, WATCHED_EVERY_S, checks};
use crate::change::Desired;
use crate::digest::sha256;
use crate::exposure::ours;
use crate::observed::ObjectKey;
use serde_json::{Value, json};

pub const WATCHER_NAMESPACE: &str = "gatus";

/// The Service that it answers at.
pub const WATCHER_SERVICE: &str = NAME;
pub const WATCHER_PORT: u16 = 8080;

const NAME: &str = "gatus";

/// The claim of its volume. Seven days of one question were measured at 1.8 MB.
const VOLUME: &str = "gatus-history";
const VOLUME_SIZE: &str = "1Gi";

/// Its configuration file. JSON is YAML.
pub fn config(desired: &Desired) -> String {
    let endpoints: Vec<Value> = checks(desired)
        .into_iter()
        .map(|check| {
            let http = check.url.starts_with("http");
            // No status is less than any: that there was an answer is asked by itself.
            let conditions: &[&str] =
                if http { &["[CONNECTED] == true", "[STATUS] < 500"] } else { &["[CONNECTED] == true"] };
            let mut endpoint = json!({
                "group": check.group, "name": check.name, "url": check.url,
                "interval": format!("{WATCHED_EVERY_S}s"),
                "conditions": conditions,
                // A redirect is an answer, also the one to a login. Which certificate is shown is judged elsewhere.
                "client": {"timeout": "10s", "ignore-redirect": true, "insecure": true},
                "ui": {"hide-conditions": true},
            });
            if let Some(host) = check.host {
                endpoint["headers"] = json!({"Host": host});
            }
            endpoint
        })
        .collect();
    let config = json!({
        "endpoints": endpoints,
        // A few that time out hold up no others.
        "concurrency": 20,
        "storage": {
            "type": "sqlite", "path": "/data/history.db",
            "maximum-number-of-results": KEPT_ANSWERS, "maximum-number-of-events": 10,
        },
        "web": {"port": WATCHER_PORT},
    });
    serde_json::to_string_pretty(&config).unwrap_or_default()
}

/// Namespace, volume, configuration, address and pod, in this order.
pub fn watcher(image: &str, desired: &Desired) -> Vec<Value> {
    let config = config(desired);
    let labels = json!({"app.kubernetes.io/managed-by": "portico", "app.kubernetes.io/name": NAME});
    let selector = json!({"app.kubernetes.io/name": NAME});
    let metadata = |name: &str| json!({"name": name, "namespace": WATCHER_NAMESPACE, "labels": labels});
    vec![
        json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": WATCHER_NAMESPACE, "labels": ours()},
        }),
        json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata(VOLUME),
            "spec": {
                "accessModes": ["ReadWriteOnce"], "storageClassName": "local-path",
                "resources": {"requests": {"storage": VOLUME_SIZE}},
            },
        }),
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(NAME),
            "data": {"config.yaml": config},
        }),
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": metadata(WATCHER_SERVICE),
            "spec": {
                "type": "ClusterIP", "selector": selector,
                "ports": [{"name": "http", "port": WATCHER_PORT, "targetPort": WATCHER_PORT, "protocol": "TCP"}],
            },
        }),
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(NAME),
            "spec": {
                "replicas": 1,
                "strategy": {"type": "Recreate"},
                "selector": {"matchLabels": selector},
                "template": {
                    // By another configuration the pod is another one.
                    "metadata": {
                        "labels": labels, "annotations": {"portico.dev/config": sha256(config.as_bytes())},
                    },
                    "spec": pod(image),
                },
            },
        }),
    ]
}

fn pod(image: &str) -> Value {
    let probe = json!({"httpGet": {"path": "/health", "port": WATCHER_PORT}, "periodSeconds": 10});
    json!({
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "securityContext": {
            "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [{
            "name": NAME, "image": image, "imagePullPolicy": "IfNotPresent",
            "env": [
                {"name": "GATUS_CONFIG_PATH", "value": "/config/config.yaml"},
                {"name": "GATUS_LOG_LEVEL", "value": "WARN"},
            ],
            "ports": [{"containerPort": WATCHER_PORT, "name": "http", "protocol": "TCP"}],
            "readinessProbe": probe,
            "livenessProbe": probe,
            "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": true,
            },
            "volumeMounts": [
                {"name": "config", "mountPath": "/config", "readOnly": true},
                {"name": "data", "mountPath": "/data"},
                {"name": "tmp", "mountPath": "/tmp"},
            ],
        }],
        "volumes": [
            {"name": "config", "configMap": {"name": NAME}},
            {"name": "data", "persistentVolumeClaim": {"claimName": VOLUME}},
            // SQLite sorts there what does not fit into memory.
            {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
        ],
    })
}

/// What goes with it, the pod first and what it saw last. The namespace stays: others may live there.
pub fn removal() -> [ObjectKey; 4] {
    let key = |api, kind, name| ObjectKey::new(api, kind, WATCHER_NAMESPACE, name);
    [
        key("apps/v1", "Deployment", NAME),
        key("v1", "Service", WATCHER_SERVICE),
        key("v1", "ConfigMap", NAME),
        key("v1", "PersistentVolumeClaim", VOLUME),
    ]
}
