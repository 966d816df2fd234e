//! Deployments, replica sets and daemon sets: from the wanted number to pods, and back into their status.

use super::nodes::{selected, untolerated};
use super::{Pass, is_true, name, namespace, owned_by, owner_reference, set_condition, uid};
use crate::homelab::sha256_hex;
use crate::kube::store::Key;
use serde_json::{Value, json};
use std::sync::Arc;

pub fn reconcile(pass: &mut Pass<'_>) {
    for deployment in pass.list("deployments.apps") {
        if deployment["metadata"]["deletionTimestamp"].is_null() {
            roll_out(pass, &deployment);
        }
    }
    for set in pass.list("replicasets.apps") {
        if set["metadata"]["deletionTimestamp"].is_null() {
            replicate(pass, &set);
        }
    }
    for set in pass.list("daemonsets.apps") {
        if set["metadata"]["deletionTimestamp"].is_null() {
            one_on_each_node(pass, &set);
        }
    }
}

/// The hash that tells templates apart, ten characters as the real one has.
fn template_hash(template: &Value) -> String {
    sha256_hex(template.to_string().as_bytes())[..10].to_owned()
}

fn roll_out(pass: &Pass<'_>, deployment: &Arc<Value>) {
    let space = namespace(deployment);
    let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    let hash = template_hash(&deployment["spec"]["template"]);
    let current = Key::namespaced("replicasets.apps", space, &format!("{}-{hash}", name(deployment)));
    if pass.store.get(&current).is_none() {
        let mut template = deployment["spec"]["template"].clone();
        template["metadata"]["labels"]["pod-template-hash"] = json!(hash);
        let mut selector = deployment["spec"]["selector"].clone();
        selector["matchLabels"]["pod-template-hash"] = json!(hash);
        let set = json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": current.name, "namespace": space, "labels": template["metadata"]["labels"], "ownerReferences": [owner_reference(deployment)]},
            "spec": {"replicas": wanted, "selector": selector, "template": template},
        });
        pass.store.put(&current, set, "kube-controller-manager");
    }
    pass.store.edit(&current, "kube-controller-manager", None, |set| set["spec"]["replicas"] = json!(wanted));
    let sets: Vec<_> = pass
        .store
        .list("replicasets.apps", Some(space))
        .0
        .into_iter()
        .filter(|set| owned_by(set, deployment))
        .collect();
    let ready_of = |set: &Value| set["status"]["readyReplicas"].as_u64().unwrap_or(0);
    let fresh = sets.iter().find(|set| name(set) == current.name);
    let fresh_ready = fresh.map_or(0, |set| ready_of(set));
    if fresh_ready >= wanted {
        for old in sets.iter().filter(|set| name(set) != current.name) {
            let key = Key::namespaced("replicasets.apps", space, name(old));
            pass.store.edit(&key, "kube-controller-manager", None, |set| set["spec"]["replicas"] = json!(0));
        }
    }
    let ready: u64 = sets.iter().map(|set| ready_of(set)).sum();
    let replicas: u64 = sets.iter().map(|set| set["status"]["replicas"].as_u64().unwrap_or(0)).sum();
    let updated = fresh.map_or(0, |set| set["status"]["replicas"].as_u64().unwrap_or(0));
    let enough = ready + wanted / 4 >= wanted && (ready > 0 || wanted == 0);
    let key = Key::namespaced("deployments.apps", space, name(deployment));
    pass.status(&key, "kube-controller-manager", |object| {
        let generation = object["metadata"]["generation"].clone();
        let status = &mut object["status"];
        status["observedGeneration"] = generation;
        for (field, number) in [
            ("replicas", replicas),
            ("updatedReplicas", updated),
            ("readyReplicas", ready),
            ("availableReplicas", ready),
            ("unavailableReplicas", wanted.saturating_sub(ready)),
        ] {
            status[field] = json!(number);
        }
        if enough {
            set_condition(
                object,
                "Available",
                "True",
                "MinimumReplicasAvailable",
                "Deployment has minimum availability.",
            );
        } else {
            set_condition(
                object,
                "Available",
                "False",
                "MinimumReplicasUnavailable",
                "Deployment does not have minimum availability.",
            );
        }
        if fresh_ready >= wanted {
            let said = format!("ReplicaSet {:?} has successfully progressed.", current.name);
            set_condition(object, "Progressing", "True", "NewReplicaSetAvailable", &said);
        } else {
            let said = format!("ReplicaSet {:?} is progressing.", current.name);
            set_condition(object, "Progressing", "True", "ReplicaSetUpdated", &said);
        }
    });
}

fn pods_of(pass: &Pass<'_>, owner: &Value) -> Vec<Arc<Value>> {
    pass.store.list("pods", Some(namespace(owner))).0.into_iter().filter(|pod| owned_by(pod, owner)).collect()
}

fn replicate(pass: &Pass<'_>, set: &Arc<Value>) {
    let wanted = usize::try_from(set["spec"]["replicas"].as_u64().unwrap_or(1)).unwrap_or(usize::MAX);
    let mut pods = pods_of(pass, set);
    while pods.len() < wanted {
        let suffix = uuid::Uuid::new_v4().simple().to_string();
        let pod = pod(set, &format!("{}-{}", name(set), &suffix[..5]));
        let key = Key::namespaced("pods", namespace(set), name(&pod));
        pods.extend(pass.store.put(&key, pod, "kube-controller-manager"));
    }
    // Those that are not ready go first.
    pods.sort_by_key(|pod| !is_true(pod, "Ready"));
    for surplus in pods.drain(wanted.min(pods.len())..) {
        pass.store.remove(&Key::namespaced("pods", namespace(set), name(&surplus)));
    }
    let ready = pods.iter().filter(|pod| is_true(pod, "Ready")).count();
    let count = pods.len();
    pass.status(&Key::namespaced("replicasets.apps", namespace(set), name(set)), "kube-controller-manager", |object| {
        object["status"] = json!({"observedGeneration": object["metadata"]["generation"], "replicas": count, "readyReplicas": ready, "availableReplicas": ready, "fullyLabeledReplicas": count});
    });
}

/// A pod of a workload's template.
pub fn pod(owner: &Value, name: &str) -> Value {
    let template = &owner["spec"]["template"];
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": owner["metadata"]["namespace"], "labels": template["metadata"]["labels"], "ownerReferences": [owner_reference(owner)]},
        "spec": template["spec"], "status": {"phase": "Pending"},
    });
    if !template["metadata"]["annotations"].is_null() {
        pod["metadata"]["annotations"] = template["metadata"]["annotations"].clone();
    }
    pod
}

fn one_on_each_node(pass: &Pass<'_>, set: &Arc<Value>) {
    let spec = &set["spec"]["template"]["spec"];
    // A daemon's pods tolerate what Kubernetes itself taints nodes with.
    let mut tolerations = super::items(&spec["tolerations"]).to_vec();
    for reason in
        ["not-ready", "unreachable", "disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"]
    {
        let key = format!("node.kubernetes.io/{reason}");
        tolerations.push(json!({"key": key, "operator": "Exists"}));
    }
    let tolerations = json!(tolerations);
    let hash = template_hash(&set["spec"]["template"]);
    let fitting: Vec<_> = pass
        .list("nodes")
        .into_iter()
        .filter(|node| {
            selected(node, &spec["nodeSelector"])
                && untolerated(node, &tolerations, &["NoSchedule", "NoExecute"]).is_none()
        })
        .collect();
    for pod in pods_of(pass, set) {
        let here = fitting.iter().any(|node| pod["spec"]["nodeName"] == name(node));
        let current = pod["metadata"]["labels"]["controller-revision-hash"] == json!(hash);
        if !here || !current {
            pass.store.remove(&Key::namespaced("pods", namespace(set), name(&pod)));
        }
    }
    let mut pods = pods_of(pass, set);
    for node in &fitting {
        if pods.iter().any(|pod| pod["spec"]["nodeName"] == name(node)) {
            continue;
        }
        let suffix = sha256_hex(format!("{} {} {hash}", uid(set), name(node)).as_bytes());
        let mut pod = pod(set, &format!("{}-{}", name(set), &suffix[..5]));
        pod["spec"]["nodeName"] = json!(name(node));
        pod["spec"]["tolerations"] = tolerations.clone();
        pod["metadata"]["labels"]["controller-revision-hash"] = json!(hash);
        let key = Key::namespaced("pods", namespace(set), name(&pod));
        pods.extend(pass.store.put(&key, pod, "kube-controller-manager"));
    }
    let ready = pods.iter().filter(|pod| is_true(pod, "Ready")).count();
    let (wanted, scheduled) = (fitting.len(), pods.len());
    pass.status(&Key::namespaced("daemonsets.apps", namespace(set), name(set)), "kube-controller-manager", |object| {
        object["status"] = json!({
            "observedGeneration": object["metadata"]["generation"], "desiredNumberScheduled": wanted, "currentNumberScheduled": scheduled,
            "updatedNumberScheduled": scheduled, "numberReady": ready, "numberAvailable": ready, "numberUnavailable": wanted.saturating_sub(ready), "numberMisscheduled": 0,
        });
    });
}
