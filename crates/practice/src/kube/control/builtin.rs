//! What K3s puts into a cluster whenever a server starts: DNS, storage, metrics, and Traefik unless it is disabled.
//!
//! What somebody deletes stays deleted until then; what the servers' `disable` names since then is taken away.

use super::charts::BUNDLED;
use super::{Pass, definitions};
use crate::homelab::Role;
use crate::kube::store::Key;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub fn reconcile(pass: &mut Pass<'_>) {
    let Some(disabled) = disabled_since(pass) else { return };
    definitions::install(pass.store);
    let ports = json!([{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]);
    let kubernetes = service("kubernetes", "default", "10.43.0.1", &ports, Value::Null);
    put(pass, Key::namespaced("services", "default", "kubernetes"), kubernetes);
    for (addon, objects) in [
        ("coredns", coredns()),
        ("local-storage", local_storage()),
        ("metrics-server", metrics()),
        ("traefik", traefik()),
    ] {
        for (key, object) in objects {
            if disabled.contains(addon) {
                pass.store.remove(&key);
            } else {
                put(pass, key, object);
            }
        }
    }
}

/// The add-ons that the running servers' configuration takes out, if one of them has started since the last look.
fn disabled_since(pass: &mut Pass<'_>) -> Option<BTreeSet<String>> {
    let id = pass.cluster.id;
    let running: Vec<(String, u64)> = pass.homelab.read(|state| {
        let running = state.machines.iter().filter_map(|machine| machine.running());
        let servers = running.filter(|k3s| k3s.cluster == Some(id) && k3s.role == Role::Server);
        servers.map(|k3s| (k3s.node_name.clone(), k3s.generation)).collect()
    });
    let mut disabled = BTreeSet::new();
    let mut started = false;
    for (node, generation) in &running {
        started |= pass.timers.registered.insert(format!("builtin {node}"), *generation) != Some(*generation);
        let settings = pass.cluster.registration(node).map(|known| known.settings);
        disabled.extend(settings.as_ref().unwrap_or(&pass.cluster.settings).list("disable"));
    }
    started.then_some(disabled)
}

type Objects = Vec<(Key, Value)>;

fn coredns() -> Objects {
    let labels = json!({"k8s-app": "kube-dns"});
    let ports = json!([
        {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53}, {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53},
    ]);
    vec![
        (
            Key::namespaced("services", "kube-system", "kube-dns"),
            service("kube-dns", "kube-system", "10.43.0.10", &ports, labels.clone()),
        ),
        deployment("coredns", "rancher/mirrored-coredns-coredns:1.13.1", &labels),
    ]
}

fn local_storage() -> Objects {
    let name = "local-path-provisioner";
    let class = json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "rancher.io/local-path", "reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer",
        "metadata": {"name": "local-path", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
    });
    vec![
        deployment(name, "rancher/local-path-provisioner:v0.0.34", &json!({"app": name})),
        (Key::cluster("storageclasses.storage.k8s.io", "local-path"), class),
    ]
}

fn metrics() -> Objects {
    let labels = json!({"k8s-app": "metrics-server"});
    vec![deployment("metrics-server", "rancher/mirrored-metrics-server:v0.8.1", &labels)]
}

fn traefik() -> Objects {
    let chart = |name: &str, file: &str| {
        let object = json!({
            "apiVersion": "helm.cattle.io/v1", "kind": "HelmChart", "metadata": {"name": name, "namespace": "kube-system"},
            "spec": {"chart": format!("{BUNDLED}{file}.tgz")},
        });
        (Key::namespaced("helmcharts.helm.cattle.io", "kube-system", name), object)
    };
    vec![chart("traefik", "traefik-41.3.0+up41.3.0"), chart("traefik-crd", "traefik-crd-41.3.0+up41.3.0")]
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

fn deployment(name: &str, image: &str, labels: &Value) -> (Key, Value) {
    let object = json!({
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
    });
    (Key::namespaced("deployments.apps", "kube-system", name), object)
}
