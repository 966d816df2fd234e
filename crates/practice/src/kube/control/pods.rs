//! The scheduler and the kubelets: a pod finds a node, starts there, and is ready while that node is.

use super::nodes::{address, is_ready, selected, untolerated};
use super::{Pass, is_true, items, name, namespace, set_condition, tunnel, uid, volumes};
use crate::kube::store::{Key, timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where a pod's log is kept; a kubelet would read it from the node's disk.
pub const LOG: &str = "practice.portico.local/log";

pub fn reconcile(pass: &mut Pass<'_>) {
    let nodes = pass.list("nodes");
    for pod in pass.list("pods") {
        let key = Key::namespaced("pods", namespace(&pod), name(&pod));
        match pod["spec"]["nodeName"].as_str() {
            None => schedule(pass, &pod, &key, &nodes),
            Some(node) => match nodes.iter().find(|known| name(known) == node) {
                Some(node) => live(pass, &pod, &key, node),
                None => drop(pass.store.remove(&key)),
            },
        }
    }
}

/// The log of a pod's container, or `None` before it has started.
pub fn log(pod: &Value) -> Option<String> {
    if pod["status"]["phase"] == "Pending" {
        return None;
    }
    Some(pod["metadata"]["annotations"][LOG].as_str().unwrap_or_default().to_owned())
}

fn host_ports(pod: &Value) -> Vec<u64> {
    let containers = items(&pod["spec"]["containers"]).iter();
    containers
        .flat_map(|container| items(&container["ports"]))
        .filter_map(|port| port["hostPort"].as_u64())
        .collect()
}

fn done(pod: &Value) -> bool {
    pod["status"]["phase"] == "Succeeded" || pod["status"]["phase"] == "Failed"
}

fn schedule(pass: &Pass<'_>, pod: &Value, key: &Key, nodes: &[Arc<Value>]) {
    let mut why: BTreeMap<String, usize> = BTreeMap::new();
    let others = pass.list("pods");
    let on = |node: &Value| {
        others.iter().filter(|other| other["spec"]["nodeName"] == name(node) && !done(other)).count()
    };
    let ports = host_ports(pod);
    let mut fitting: Vec<&Arc<Value>> = Vec::new();
    let no_volume = volumes::refusal(pass, pod);
    for node in nodes {
        let refusal = if let Some(why) = &no_volume {
            Some(why.clone())
        } else if node["spec"]["unschedulable"] == true {
            Some("node(s) were unschedulable".to_owned())
        } else if let Some(taint) =
            untolerated(node, &pod["spec"]["tolerations"], &["NoSchedule", "NoExecute"])
        {
            let key = taint["key"].as_str().unwrap_or_default();
            Some(format!(
                "node(s) had untolerated taint {{{key}: {}}}",
                taint["value"].as_str().unwrap_or_default()
            ))
        } else if volumes::is_elsewhere(pass, pod, node) {
            Some("node(s) didn't match PersistentVolume's node affinity".to_owned())
        } else if !selected(node, &pod["spec"]["nodeSelector"]) {
            Some("node(s) didn't match Pod's node affinity/selector".to_owned())
        } else if others.iter().any(|other| {
            other["spec"]["nodeName"] == name(node)
                && !done(other)
                && host_ports(other).iter().any(|port| ports.contains(port))
        }) {
            Some("node(s) didn't have free ports for the requested pod ports".to_owned())
        } else {
            None
        };
        match refusal {
            Some(reason) => *why.entry(reason).or_default() += 1,
            None => fitting.push(node),
        }
    }
    fitting.sort_by_key(|node| on(node));
    let Some(node) = fitting.first() else {
        let reasons: Vec<String> = why.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let message = match &reasons[..] {
            [] => "no nodes available to schedule pods".to_owned(),
            _ => format!(
                "0/{} nodes are available: {}. preemption: 0/{} nodes are available: {} Preemption is not helpful for scheduling.",
                nodes.len(),
                reasons.join(", "),
                nodes.len(),
                nodes.len()
            ),
        };
        pass.event(pod, "Pod", "FailedScheduling", &message, true);
        return pass.status(key, "kube-scheduler", |pod| {
            pod["status"]["phase"] = json!("Pending");
            set_condition(pod, "PodScheduled", "False", "Unschedulable", &message);
        });
    };
    let node = name(node).to_owned();
    volumes::bind(pass, pod, &node);
    pass.store.edit(key, "kube-scheduler", None, |pod| pod["spec"]["nodeName"] = json!(node));
    pass.status(key, "kube-scheduler", |pod| set_condition(pod, "PodScheduled", "True", "", ""));
    let message = format!("Successfully assigned {}/{} to {node}", key.namespace, key.name);
    pass.event(pod, "Pod", "Scheduled", &message, false);
}

fn live(pass: &mut Pass<'_>, pod: &Value, key: &Key, node: &Value) {
    let finishes = pod["spec"]["restartPolicy"] == "Never" || pod["spec"]["restartPolicy"] == "OnFailure";
    if done(pod) || finishes && pod["status"]["phase"] == "Running" {
        return;
    }
    if !is_ready(node) {
        if is_true(pod, "Ready") {
            pass.status(key, "kube-controller-manager", |pod| {
                set_condition(pod, "Ready", "False", "NodeNotReady", "");
                set_condition(pod, "ContainersReady", "False", "NodeNotReady", "");
            });
        }
        return;
    }
    // Whether a cloudflared that runs is ready is not this module's to say.
    let connects = tunnel::container(pod).is_some();
    if connects && pod["status"]["phase"] == "Running" {
        return;
    }
    if let Some(busy) = busy_port(pass, pod) {
        let message = format!(
            "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports ({busy})."
        );
        pass.event(pod, "Pod", "FailedScheduling", &message, true);
        return pass.status(key, "kube-scheduler", |pod| {
            pod["status"]["phase"] = json!("Pending");
            set_condition(pod, "PodScheduled", "False", "Unschedulable", &message);
        });
    }
    if is_true(pod, "Ready")
        || !pass
            .timers
            .over(&format!("pod {} {}", uid(pod), is_true(pod, "PodScheduled")), pass.homelab.pace.pod_start)
    {
        return;
    }
    let images: Vec<&str> = items(&pod["spec"]["containers"])
        .iter()
        .filter_map(|container| container["image"].as_str())
        .collect();
    let missing = pass.homelab.read(|state| {
        images.iter().find(|image| state.unpullable.contains(**image)).map(|image| (*image).to_owned())
    });
    if let Some(image) = missing {
        return refuse_image(pass, pod, key, &image);
    }
    if let Some(why) = missing_reference(pass, pod) {
        pass.event(pod, "Pod", "Failed", &format!("Error: {why}"), true);
        return hold(pass, key, "CreateContainerConfigError", &why);
    }
    let number = ip_number(pass, node);
    let host = address(node, "InternalIP").unwrap_or_default().to_owned();
    let cidr = node["spec"]["podCIDR"]
        .as_str()
        .and_then(|cidr| cidr.strip_suffix("0/24"))
        .unwrap_or("10.42.255.")
        .to_owned();
    pass.status(key, "k3s", |pod| {
        let own = if pod["spec"]["hostNetwork"] == true { host.clone() } else { format!("{cidr}{number}") };
        let ip = pod["status"]["podIP"].as_str().map_or(own, str::to_owned);
        let started = timestamp();
        let containers: Vec<Value> = items(&pod["spec"]["containers"])
            .iter()
            .map(|container| json!({
                "name": container["name"], "image": container["image"], "imageID": "", "ready": !connects, "started": true, "restartCount": 0,
                "containerID": format!("containerd://{}", uuid::Uuid::new_v4().simple()), "state": {"running": {"startedAt": started}},
            }))
            .collect();
        let status = &mut pod["status"];
        status["phase"] = json!("Running");
        status["hostIP"] = json!(host);
        status["podIP"] = json!(ip);
        status["podIPs"] = json!([{"ip": ip}]);
        status["qosClass"] = json!("BestEffort");
        if status["startTime"].is_null() {
            status["startTime"] = json!(started);
        }
        status["containerStatuses"] = json!(containers);
        for kind in ["PodScheduled", "Initialized", "PodReadyToStartContainers"] {
            set_condition(pod, kind, "True", "", "");
        }
        // A pod that ends by itself is never ready for long; whoever made it says how it ends.
        if !finishes && !connects {
            set_condition(pod, "ContainersReady", "True", "", "");
            set_condition(pod, "Ready", "True", "", "");
        }
    });
    pass.event(pod, "Pod", "Started", "Container started", false);
}

/// A host port that another pod on the same node has already.
fn busy_port(pass: &Pass<'_>, pod: &Value) -> Option<u64> {
    let ports = host_ports(pod);
    if ports.is_empty() || is_true(pod, "Ready") {
        return None;
    }
    let others = pass.list("pods");
    let neighbours = others.iter().filter(|other| {
        other["spec"]["nodeName"] == pod["spec"]["nodeName"]
            && uid(other) != uid(pod)
            && is_true(other, "Ready")
    });
    let taken: Vec<u64> = neighbours.flat_map(|other| host_ports(other)).collect();
    ports.into_iter().find(|port| taken.contains(port))
}

fn ip_number(pass: &Pass<'_>, node: &Value) -> u16 {
    let cidr =
        node["spec"]["podCIDR"].as_str().and_then(|cidr| cidr.strip_suffix("0/24")).unwrap_or_default();
    let taken: Vec<String> = pass
        .list("pods")
        .iter()
        .filter_map(|pod| pod["status"]["podIP"].as_str().map(str::to_owned))
        .collect();
    (2u16..=254).find(|number| !taken.contains(&format!("{cidr}{number}"))).unwrap_or(254)
}

fn refuse_image(pass: &Pass<'_>, pod: &Value, key: &Key, image: &str) {
    let message = format!(
        "Back-off pulling image {image:?}: ErrImagePull: failed to pull and unpack image {image:?}: failed to resolve reference {image:?}: {image}: not found"
    );
    pass.event(pod, "Pod", "Failed", &format!("Failed to pull image {image:?}: not found"), true);
    hold(pass, key, "ImagePullBackOff", &message);
}

/// A Secret or ConfigMap that a container's environment needs and that is not there, in the kubelet's words.
fn missing_reference(pass: &Pass<'_>, pod: &Value) -> Option<String> {
    let entries = items(&pod["spec"]["containers"]).iter().flat_map(|container| items(&container["env"]));
    for entry in entries {
        for (field, resource, kind) in
            [("secretKeyRef", "secrets", "Secret"), ("configMapKeyRef", "configmaps", "ConfigMap")]
        {
            let reference = &entry["valueFrom"][field];
            let Some(wanted) = reference["name"].as_str().filter(|_| reference["optional"] != true) else {
                continue;
            };
            let entry = reference["key"].as_str().unwrap_or_default();
            match pass.store.get(&Key::namespaced(resource, namespace(pod), wanted)) {
                None => return Some(format!("{} {wanted:?} not found", kind.to_lowercase())),
                Some(found) if found["data"][entry].is_null() => {
                    return Some(format!("couldn't find key {entry} in {kind} {}/{wanted}", namespace(pod)));
                }
                Some(_) => {}
            }
        }
    }
    None
}

/// The pod has a node and its containers wait.
fn hold(pass: &Pass<'_>, key: &Key, reason: &str, message: &str) {
    pass.status(key, "k3s", |pod| {
        let waiting: Vec<Value> = items(&pod["spec"]["containers"])
            .iter()
            .map(|container| json!({
                "name": container["name"], "image": container["image"], "imageID": "", "ready": false, "started": false, "restartCount": 0,
                "state": {"waiting": {"reason": reason, "message": message}},
            }))
            .collect();
        pod["status"]["phase"] = json!("Pending");
        pod["status"]["containerStatuses"] = json!(waiting);
        set_condition(pod, "PodScheduled", "True", "", "");
        set_condition(pod, "ContainersReady", "False", "ContainersNotReady", "containers with unready status");
        set_condition(pod, "Ready", "False", "ContainersNotReady", "containers with unready status");
    });
}
