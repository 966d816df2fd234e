//! cloudflared: the pods that hold the tunnel open from inside.
//!
//! Plain manifests, since Cloudflare's own chart stopped in 2024. `/ready` decides whether a pod is Ready and never
//! whether it lives: else an internet outage would restart it again and again. The token comes from a Secret that
//! is written by its own step, never from here.

use crate::exposure::ours;
use serde_json::{Value, json};

pub const CLOUDFLARED_NAMESPACE: &str = "cloudflared";

/// Where its pods say whether they are connected, and what they have counted.
pub const CLOUDFLARED_METRICS: u16 = 2000;

/// The Secret with the tunnel's run token, under the key `token`.
pub const TUNNEL_SECRET: &str = "tunnel-token";

/// On that Secret: the id of the tunnel that the token is for.
pub const TUNNEL_ANNOTATION: &str = "portico.dev/tunnel";

const NAME: &str = "cloudflared";

/// The namespace and the Deployment. `token` is the digest of the run token: a new one replaces the pods.
pub fn cloudflared(image: &str, replicas: u32, token_sha256: &str) -> Vec<Value> {
    let labels = json!({"app.kubernetes.io/managed-by": "portico", "app.kubernetes.io/name": NAME});
    let selector = json!({"app.kubernetes.io/name": NAME});
    vec![
        json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": CLOUDFLARED_NAMESPACE, "labels": ours()},
        }),
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": NAME, "namespace": CLOUDFLARED_NAMESPACE, "labels": labels},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": selector},
                "template": {
                    "metadata": {"labels": labels, "annotations": {"portico.dev/token": token_sha256}},
                    "spec": {
                        "automountServiceAccountToken": false,
                        "securityContext": {
                            "runAsNonRoot": true, "runAsUser": 65532,
                            "seccompProfile": {"type": "RuntimeDefault"},
                        },
                        // Two replicas on one machine would fall with it.
                        "topologySpreadConstraints": [{
                            "maxSkew": 1, "topologyKey": "kubernetes.io/hostname",
                            "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {"matchLabels": selector},
                        }],
                        "containers": [{
                            "name": NAME, "image": image, "imagePullPolicy": "IfNotPresent",
                            "args": ["tunnel", "--no-autoupdate", "--metrics", format!("0.0.0.0:{CLOUDFLARED_METRICS}"), "run"],
                            "env": [{"name": "TUNNEL_TOKEN", "valueFrom": {
                                "secretKeyRef": {"name": TUNNEL_SECRET, "key": "token"}}}],
                            "ports": [{"containerPort": CLOUDFLARED_METRICS, "name": "metrics", "protocol": "TCP"}],
                            "readinessProbe": {"httpGet": {"path": "/ready", "port": CLOUDFLARED_METRICS}, "periodSeconds": 5},
                            "resources": {"requests": {"cpu": "20m", "memory": "48Mi"}, "limits": {"memory": "192Mi"}},
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
    ]
}
