//! K3s' servicelb: each LoadBalancer service is published on node addresses by a daemon set with host ports.

use super::nodes::{address, is_ready};
use super::{Pass, is_true, items, name, namespace, uid};
use crate::kube::select::picks;
use crate::kube::store::Key;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

const ENABLE: &str = "svccontroller.k3s.cattle.io/enablelb";
const SERVICE: &str = "svccontroller.k3s.cattle.io/svcname";

pub fn reconcile(pass: &mut Pass<'_>) {
    if pass.cluster.settings.list("disable").iter().any(|name| name == "servicelb") {
        return;
    }
    let nodes = pass.list("nodes");
    // One labelled node anywhere turns the allow-list on for the whole cluster.
    let allow_list = nodes.iter().any(|node| node["metadata"]["labels"][ENABLE] == "true");
    let services: Vec<_> = pass
        .list("services")
        .into_iter()
        .filter(|service| service["spec"]["type"] == "LoadBalancer")
        .collect();
    let wanted: BTreeSet<String> = services.iter().map(|service| daemon_name(service)).collect();
    for old in pass.store.list("daemonsets.apps", Some("kube-system")).0 {
        if !old["metadata"]["labels"][SERVICE].is_null() && !wanted.contains(name(&old)) {
            pass.store.remove(&Key::namespaced("daemonsets.apps", "kube-system", name(&old)));
        }
    }
    for service in pass.list("services") {
        // A service that is none any more is published nowhere.
        let stale = !items(&service["status"]["loadBalancer"]["ingress"]).is_empty();
        if stale && service["spec"]["type"] != "LoadBalancer" {
            let key = Key::namespaced("services", namespace(&service), name(&service));
            pass.status(&key, "k3s", |service| service["status"]["loadBalancer"] = json!({}));
        }
    }
    for service in &services {
        publish(pass, service, &nodes, allow_list);
    }
}

fn daemon_name(service: &Value) -> String {
    format!("svclb-{}-{}", name(service), &uid(service)[..8])
}

fn publish(pass: &Pass<'_>, service: &Arc<Value>, nodes: &[Arc<Value>], allow_list: bool) {
    let daemon = daemon_name(service);
    let labels = json!({"app": daemon, SERVICE: name(service), "svccontroller.k3s.cattle.io/svcnamespace": namespace(service)});
    let containers: Vec<Value> = items(&service["spec"]["ports"])
        .iter()
        .map(|port| json!({
            "name": format!("lb-tcp-{}", port["port"]), "image": "rancher/klipper-lb:v0.4.15",
            "ports": [{"name": format!("lb-tcp-{}", port["port"]), "containerPort": port["port"], "hostPort": port["port"], "protocol": port["protocol"]}],
        }))
        .collect();
    let mut pod = json!({
        "containers": containers, "restartPolicy": "Always",
        "tolerations": [
            {"key": "node-role.kubernetes.io/master", "operator": "Exists", "effect": "NoSchedule"},
            {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"},
            {"key": "CriticalAddonsOnly", "operator": "Exists"},
        ],
    });
    if allow_list {
        pod["nodeSelector"] = json!({ENABLE: "true"});
        let pool = &service["metadata"]["labels"]["svccontroller.k3s.cattle.io/lbpool"];
        if pool.is_string() {
            pod["nodeSelector"]["svccontroller.k3s.cattle.io/lbpool"] = pool.clone();
        }
    }
    let object = json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": {"name": daemon, "namespace": "kube-system", "labels": {SERVICE: name(service), "svccontroller.k3s.cattle.io/svcnamespace": namespace(service), "svccontroller.k3s.cattle.io/nodeselector": allow_list.to_string()}},
        "spec": {"selector": {"matchLabels": {"app": daemon}}, "template": {"metadata": {"labels": labels}, "spec": pod}},
    });
    let key = Key::namespaced("daemonsets.apps", "kube-system", &daemon);
    if pass.store.get(&key).is_some() {
        pass.store.edit(&key, "k3s", None, |set| set["spec"] = object["spec"].clone());
    } else {
        pass.store.put(&key, object, "k3s");
    }
    let local = service["spec"]["externalTrafficPolicy"] == "Local";
    let backends = pass.store.list("pods", Some(namespace(service))).0;
    let serves = |node: &Value| {
        backends.iter().any(|pod| {
            pod["spec"]["nodeName"] == name(node)
                && is_true(pod, "Ready")
                && picks(&service["spec"]["selector"], &pod["metadata"]["labels"])
        })
    };
    let balancers = pass.store.list("pods", Some("kube-system")).0;
    let eligible: Vec<&Arc<Value>> = nodes
        .iter()
        .filter(|node| {
            is_ready(node)
                && balancers.iter().any(|pod| {
                    pod["metadata"]["labels"]["app"] == json!(daemon)
                        && pod["spec"]["nodeName"] == name(node)
                        && is_true(pod, "Ready")
                })
        })
        .filter(|node| !local || serves(node))
        .collect();
    let external: BTreeSet<&str> = eligible.iter().filter_map(|node| address(node, "ExternalIP")).collect();
    let internal: BTreeSet<&str> = eligible.iter().filter_map(|node| address(node, "InternalIP")).collect();
    let published: Vec<Value> = if external.is_empty() { internal } else { external }
        .into_iter()
        .map(|ip| json!({"ip": ip, "ipMode": "VIP"}))
        .collect();
    if published.is_empty() && !items(&service["status"]["loadBalancer"]["ingress"]).is_empty() {
        pass.event(
            service,
            "Service",
            "UnAvailableLoadBalancer",
            "There are no available nodes for LoadBalancer",
            true,
        );
    }
    let key = Key::namespaced("services", namespace(service), name(service));
    pass.status(&key, "k3s", |service| {
        service["status"]["loadBalancer"] =
            if published.is_empty() { json!({}) } else { json!({"ingress": published}) };
    });
}
