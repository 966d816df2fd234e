//! The objects of a release, made as helm makes them: its labels, its annotations, names after the release.

use super::Release;
use crate::kube::store::Key;
use serde_json::{Value, json};

/// The objects of one release while they are collected.
pub struct Parts<'a> {
    pub release: &'a Release<'a>,
    /// The chart's own name, which labels say and names contain.
    app: &'a str,
    version: &'a str,
    pub objects: Vec<(Key, Value)>,
}

impl<'a> Parts<'a> {
    pub fn of(release: &'a Release<'a>, app: &'a str, version: &'a str) -> Parts<'a> {
        Parts { release, app, version, objects: Vec::new() }
    }

    /// What charts call the full name: the release's, if the chart's name is in it.
    pub fn full_name(&self) -> String {
        if let Some(name) = self.release.values["fullnameOverride"].as_str().filter(|name| !name.is_empty()) {
            return name.to_owned();
        }
        let name = self.release.name;
        if name.contains(self.app) { name.to_owned() } else { format!("{name}-{}", self.app) }
    }

    pub fn selector(&self, component: &str) -> Value {
        json!({
            "app.kubernetes.io/name": self.app, "app.kubernetes.io/instance": self.release.name, "app.kubernetes.io/component": component,
        })
    }

    pub fn labels(&self, component: &str) -> Value {
        let mut labels = self.selector(component);
        labels["app.kubernetes.io/managed-by"] = json!("Helm");
        labels["app.kubernetes.io/part-of"] = json!(self.app);
        labels["helm.sh/chart"] = json!(format!("{}-{}", self.app, self.version.replace('+', "_")));
        labels
    }

    /// Adds an object. One that has no namespace of its own belongs to the whole cluster.
    pub fn add(&mut self, resource: &str, namespaced: bool, name: &str, component: &str, mut object: Value) {
        let metadata = &mut object["metadata"];
        metadata["name"] = json!(name);
        if metadata["labels"].is_null() {
            metadata["labels"] = self.labels(component);
        }
        metadata["annotations"]["meta.helm.sh/release-name"] = json!(self.release.name);
        metadata["annotations"]["meta.helm.sh/release-namespace"] = json!(self.release.namespace);
        let key = if namespaced {
            metadata["namespace"] = json!(self.release.namespace);
            Key::namespaced(resource, self.release.namespace, name)
        } else {
            Key::cluster(resource, name)
        };
        self.objects.push((key, object));
    }

    pub fn account(&mut self, name: &str, component: &str) {
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount"});
        self.add("serviceaccounts", true, name, component, account);
    }

    /// A Deployment (or the DaemonSet that some charts offer in its place) with one container.
    pub fn workload(&mut self, name: &str, component: &str, replicas: Option<Value>, mut pod: Value) {
        pod["restartPolicy"] = json!("Always");
        if pod["nodeSelector"].is_null() {
            pod["nodeSelector"] = json!({"kubernetes.io/os": "linux"});
        }
        let mut spec = json!({
            "selector": {"matchLabels": self.selector(component)},
            "template": {"metadata": {"labels": self.labels(component)}, "spec": pod},
        });
        let (resource, kind) = match replicas {
            Some(replicas) => {
                spec["replicas"] = replicas;
                ("deployments.apps", "Deployment")
            }
            None => ("daemonsets.apps", "DaemonSet"),
        };
        self.add(
            resource,
            true,
            name,
            component,
            json!({"apiVersion": "apps/v1", "kind": kind, "spec": spec}),
        );
    }

    /// `ports` are name, port and the name of the container's port.
    pub fn service(&mut self, name: &str, component: &str, spec: Value, ports: &[(&str, u16, &str)]) {
        let mut spec = spec;
        spec["selector"] = self.selector(component);
        spec["ports"] = ports
            .iter()
            .map(|(name, port, target)| json!({"name": name, "port": port, "protocol": "TCP", "targetPort": target}))
            .collect();
        self.add(
            "services",
            true,
            name,
            component,
            json!({"apiVersion": "v1", "kind": "Service", "spec": spec}),
        );
    }

    /// A webhook that looks at every write of these resources, and without which none is let through.
    pub fn webhook(&mut self, name: &str, component: &str, service: &str, path: &str, rule: Value) {
        let hook = json!({
            "name": name, "failurePolicy": "Fail", "sideEffects": "None", "admissionReviewVersions": ["v1"], "rules": [rule],
            "clientConfig": {"service": {"name": service, "namespace": self.release.namespace, "path": path, "port": 443}},
        });
        let object = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "webhooks": [hook],
        });
        let resource = "validatingwebhookconfigurations.admissionregistration.k8s.io";
        self.add(resource, false, service, component, object);
    }
}

/// The value, or what the chart says when there is none.
pub fn or(value: &Value, default: Value) -> Value {
    if value.is_null() { default } else { value.clone() }
}

/// One container of a pod, with its named ports.
pub fn container(name: &str, image: &str, ports: &[(&str, u16)]) -> Value {
    let ports: Vec<Value> = ports
        .iter()
        .map(|(name, port)| json!({"name": name, "containerPort": port, "protocol": "TCP"}))
        .collect();
    json!({"name": name, "image": image, "ports": ports})
}
