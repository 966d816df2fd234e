//! What K3s puts into every new cluster: DNS, storage, metrics, and Traefik unless it is disabled.

use super::Pass;
use crate::kube::store::Key;
use serde_json::{Value, json};

/// Once for each cluster: what somebody deletes afterwards stays deleted, as it does until K3s starts anew.
pub fn reconcile(pass: &mut Pass<'_>) {
    if pass.timers.registered.insert("builtin".to_owned(), 1).is_some() {
        return;
    }
    let disabled = pass.cluster.settings.list("disable");
    put(
        pass,
        Key::namespaced("services", "default", "kubernetes"),
        service(
            "kubernetes",
            "default",
            "10.43.0.1",
            &json!([{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]),
            Value::Null,
        ),
    );
    if !disabled.iter().any(|name| name == "coredns") {
        let ports = json!([{"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53}, {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53}]);
        put(
            pass,
            Key::namespaced("services", "kube-system", "kube-dns"),
            service("kube-dns", "kube-system", "10.43.0.10", &ports, json!({"k8s-app": "kube-dns"})),
        );
        put(
            pass,
            Key::namespaced("deployments.apps", "kube-system", "coredns"),
            deployment("coredns", "rancher/mirrored-coredns-coredns:1.13.1", &json!({"k8s-app": "kube-dns"})),
        );
    }
    if !disabled.iter().any(|name| name == "local-storage") {
        put(
            pass,
            Key::namespaced("deployments.apps", "kube-system", "local-path-provisioner"),
            deployment(
                "local-path-provisioner",
                "rancher/local-path-provisioner:v0.0.34",
                &json!({"app": "local-path-provisioner"}),
            ),
        );
        put(
            pass,
            Key::cluster("storageclasses.storage.k8s.io", "local-path"),
            json!({
                "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "rancher.io/local-path", "reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer",
                "metadata": {"name": "local-path", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            }),
        );
    }
    if !disabled.iter().any(|name| name == "metrics-server") {
        put(
            pass,
            Key::namespaced("deployments.apps", "kube-system", "metrics-server"),
            deployment(
                "metrics-server",
                "rancher/mirrored-metrics-server:v0.8.1",
                &json!({"k8s-app": "metrics-server"}),
            ),
        );
    }
    if !disabled.iter().any(|name| name == "traefik") {
        put(
            pass,
            Key::namespaced("helmcharts.helm.cattle.io", "kube-system", "traefik"),
            json!({
                "apiVersion": "helm.cattle.io/v1", "kind": "HelmChart", "metadata": {"name": "traefik", "namespace": "kube-system"},
                "spec": {"chart": "https://%{KUBERNETES_API}%/static/charts/traefik-37.1.1+up37.1.0.tgz"},
            }),
        );
    }
}

fn put(pass: &Pass<'_>, key: Key, object: Value) {
    if pass.store.get(&key).is_none() {
        pass.store.put(&key, object, "k3s");
    }
}

fn service(name: &str, namespace: &str, ip: &str, ports: &Value, selector: Value) -> Value {
    let mut service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
        "spec": {"type": "ClusterIP", "clusterIP": ip, "clusterIPs": [ip], "ports": ports, "sessionAffinity": "None"}, "status": {"loadBalancer": {}},
    });
    if !selector.is_null() {
        service["spec"]["selector"] = selector;
    }
    service
}

fn deployment(name: &str, image: &str, labels: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "kube-system", "labels": labels},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {
                "containers": [{"name": name, "image": image}], "restartPolicy": "Always", "nodeSelector": {"kubernetes.io/os": "linux"},
                "tolerations": [
                    {"key": "CriticalAddonsOnly", "operator": "Exists"},
                    {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"},
                ],
            }},
        },
    })
}
