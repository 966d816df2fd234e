//! Endpoints of services, and the addresses that an Ingress is reached at.

use super::{Pass, is_true, items, name, namespace, owner_reference};
use crate::kube::engines::{Engine, Flavour, engines};
use crate::kube::select::picks;
use crate::kube::store::Key;
use serde_json::{Value, json};
use std::sync::Arc;

pub fn reconcile(pass: &mut Pass<'_>) {
    for service in pass.list("services") {
        if !service["spec"]["selector"].is_null() {
            endpoints(pass, &service);
        }
    }
    for ingress in pass.list("ingresses.networking.k8s.io") {
        publish(pass, &ingress);
    }
}

/// The port number on the pod that a service port leads to.
fn target_port(port: &Value, pod: Option<&Arc<Value>>) -> Option<u64> {
    let target = &port["targetPort"];
    if let Some(number) = target.as_u64() {
        return Some(number);
    }
    let Some(wanted) = target.as_str() else { return port["port"].as_u64() };
    let containers = items(&pod?["spec"]["containers"]).iter();
    let mut ports = containers.flat_map(|container| items(&container["ports"]));
    ports.find(|port| port["name"] == wanted)?["containerPort"].as_u64()
}

fn endpoints(pass: &Pass<'_>, service: &Arc<Value>) {
    let (space, service_name) = (namespace(service), name(service));
    let pods: Vec<Arc<Value>> = pass
        .store
        .list("pods", Some(space))
        .0
        .into_iter()
        .filter(|pod| {
            picks(&service["spec"]["selector"], &pod["metadata"]["labels"])
                && pod["status"]["podIP"].is_string()
        })
        .filter(|pod| pod["status"]["phase"] == "Running")
        .collect();
    let ports: Vec<Value> = items(&service["spec"]["ports"])
        .iter()
        .filter_map(|port| {
            let number = target_port(port, pods.first())?;
            Some(json!({"name": port["name"].as_str().unwrap_or_default(), "port": number, "protocol": port["protocol"]}))
        })
        .collect();
    let point = |pod: &Arc<Value>| {
        let ready = is_true(pod, "Ready");
        json!({
            "addresses": [pod["status"]["podIP"]], "nodeName": pod["spec"]["nodeName"],
            "conditions": {"ready": ready, "serving": ready, "terminating": false},
            "targetRef": {"kind": "Pod", "name": name(pod), "namespace": space, "uid": pod["metadata"]["uid"]},
        })
    };
    let slice = Key::namespaced(
        "endpointslices.discovery.k8s.io",
        space,
        &format!("{service_name}-{}", &super::uid(service)[..5]),
    );
    let object = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "ports": ports,
        "metadata": {"name": slice.name, "namespace": space, "labels": {"kubernetes.io/service-name": service_name, "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}, "ownerReferences": [owner_reference(service)]},
        "endpoints": pods.iter().map(point).collect::<Vec<_>>(),
    });
    pass.store.put(&slice, object, "kube-controller-manager");
    let address = |pod: &&Arc<Value>| json!({"ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"], "targetRef": {"kind": "Pod", "name": name(pod), "namespace": space}});
    let (ready, waiting): (Vec<_>, Vec<_>) = pods.iter().partition(|pod| is_true(pod, "Ready"));
    let mut subset = json!({"ports": ports});
    for (field, pods) in [("addresses", ready), ("notReadyAddresses", waiting)] {
        if !pods.is_empty() {
            subset[field] = json!(pods.iter().map(&address).collect::<Vec<_>>());
        }
    }
    let subsets = if pods.is_empty() { json!([]) } else { json!([subset]) };
    let object = json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": service_name, "namespace": space, "ownerReferences": [owner_reference(service)]}, "subsets": subsets});
    pass.store.put(&Key::namespaced("endpoints", space, service_name), object, "kube-controller-manager");
}

/// The class of an Ingress, the default class included.
pub fn class_of(pass_classes: &[Arc<Value>], ingress: &Value) -> Option<Arc<Value>> {
    let asked = ingress["spec"]["ingressClassName"]
        .as_str()
        .or_else(|| ingress["metadata"]["annotations"]["kubernetes.io/ingress.class"].as_str());
    let default = |class: &&Arc<Value>| {
        class["metadata"]["annotations"]["ingressclass.kubernetes.io/is-default-class"] == "true"
    };
    match asked {
        Some(asked) => pass_classes.iter().find(|class| name(class) == asked).cloned(),
        None => pass_classes.iter().find(default).cloned(),
    }
}

/// The controller of the class writes its service's addresses into the Ingress, while one of its pods is ready.
fn publish(pass: &Pass<'_>, ingress: &Arc<Value>) {
    let Some(class) = class_of(&pass.list("ingressclasses.networking.k8s.io"), ingress) else { return };
    let ready = |engine: &Engine| {
        let endpoints = pass.store.get(&Key::namespaced("endpoints", &engine.namespace, &engine.service));
        endpoints.is_some_and(|found| !items(&found["subsets"][0]["addresses"]).is_empty())
    };
    // Two controllers of one class would write in turn; here the first one has the last word.
    let mut serving = engines(pass.store).into_iter().filter(|engine| engine.serves(&class));
    let Some(engine) = serving.find(ready) else { return };
    let service = pass.store.get(&Key::namespaced("services", &engine.namespace, &engine.service));
    let Some(service) = service else { return };
    let addresses: Vec<Value> = match service["spec"]["type"].as_str() {
        Some("LoadBalancer") => {
            let published = items(&service["status"]["loadBalancer"]["ingress"]).iter();
            published.map(|entry| json!({"ip": entry["ip"]})).collect()
        }
        _ => vec![json!({"ip": service["spec"]["clusterIP"]})],
    };
    let who = match engine.flavour {
        Flavour::Nginx { .. } => "nginx-ingress-controller",
        Flavour::Traefik { .. } => "traefik",
    };
    let key = Key::namespaced("ingresses.networking.k8s.io", namespace(ingress), name(ingress));
    pass.status(&key, who, |ingress| ingress["status"] = json!({"loadBalancer": {"ingress": addresses}}));
}
