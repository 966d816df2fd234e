//! kubectl at the console of a lab's first server, for what a story does by hand or wants to know.

use crate::lab::Lab;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub struct Kubectl<'a>(pub &'a Lab);

impl Kubectl<'_> {
    /// Creates or changes the objects; panics when one is refused.
    pub fn apply(&self, objects: &[Value]) {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        self.0.run("h1", &format!("k3s kubectl apply --server-side -f - <<'END'\n{list}\nEND"));
    }

    /// `kubectl get WHAT` as JSON: an object, or a list; null when there is no such thing or kind.
    pub fn get(&self, what: &str) -> Value {
        let output = self.0.try_run("h1", &format!("k3s kubectl get {what} -o json"));
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    /// Asks until the answer is as wanted, and gives it; panics with the last answer when it takes too long.
    pub fn until(&self, what: &str, seconds: u64, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + Duration::from_secs(seconds);
        loop {
            let answer = self.get(what);
            if wanted(&answer) {
                return answer;
            }
            assert!(Instant::now() < end, "{what} after {seconds} s: {answer:#}");
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// Waits until a Deployment (`NAME -n NAMESPACE`) has all its pods ready in its newest form.
    pub fn rolled_out(&self, deployment: &str) {
        self.until(&format!("deployment {deployment}"), 120, |found| {
            let (wanted, status) = (&found["spec"]["replicas"], &found["status"]);
            status["observedGeneration"] == found["metadata"]["generation"]
                && !wanted.is_null()
                && [&status["updatedReplicas"], &status["readyReplicas"], &status["replicas"]]
                    .iter()
                    .all(|count| *count == wanted)
        });
    }

    /// A HelmChart as Portico applies it, from the lab's mirror.
    pub fn chart(&self, name: &str, version: &str, namespace: &str, values: &Value) {
        self.apply(&[json!({
            "apiVersion": "helm.cattle.io/v1",
            "kind": "HelmChart",
            "metadata": {"name": name, "namespace": "kube-system"},
            "spec": {
                "chart": name, "version": version, "repo": format!("{}/charts/{name}", Lab::MIRROR),
                "targetNamespace": namespace, "createNamespace": true,
                "failurePolicy": "abort", "backOffLimit": 3, "valuesContent": values.to_string(),
            },
        })]);
    }
}

/// Whether an object's condition of this type is true.
pub fn is_true(object: &Value, condition: &str) -> bool {
    object["status"]["conditions"].as_array().is_some_and(|conditions| {
        conditions.iter().any(|found| found["type"] == condition && found["status"] == "True")
    })
}

/// The echo app with an HTTP and a TLS port behind one Service, in a namespace of its own.
pub fn echo(namespace: &str) -> Vec<Value> {
    let labels = json!({"app": "echo"});
    let meta = json!({"name": "echo", "namespace": namespace});
    vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta,
            "spec": {
                "replicas": 2, "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{
                        "name": "echo", "image": "portico.local/echo:1", "imagePullPolicy": "IfNotPresent",
                        "ports": [{"name": "http", "containerPort": 8080}, {"name": "https", "containerPort": 8443}],
                    }]},
                },
            },
        }),
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": meta,
            "spec": {"selector": labels, "ports": [
                {"name": "http", "port": 80, "targetPort": "http"},
                {"name": "https", "port": 443, "targetPort": "https"},
            ]},
        }),
    ]
}

/// An Ingress of class nginx that sends a host to a port of the echo Service.
pub fn ingress(
    namespace: &str,
    name: &str,
    host: &str,
    port: &str,
    annotations: &Value,
    tls: &Value,
) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
        "spec": {
            "ingressClassName": "nginx", "tls": tls,
            "rules": [{"host": host, "http": {"paths": [{
                "path": "/", "pathType": "Prefix",
                "backend": {"service": {"name": "echo", "port": {"name": port}}},
            }]}}],
        },
    })
}
