//! Volumes of pods: a claim of K3s' local-path class is bound to the machine of the first pod that uses it, and stays there.
//!
//! Its provisioner waits for that pod, makes a folder on its machine, and the folder goes with the claim. Deliberately
//! absent: PersistentVolumes as objects, every other class, sizes.

use super::{Pass, items, name, namespace};
use crate::kube::store::Key;
use serde_json::{Value, json};

const CLAIMS: &str = "persistentvolumeclaims";

/// Where a claim's folder is.
const SELECTED: &str = "volume.kubernetes.io/selected-node";

fn claims(pod: &Value) -> impl Iterator<Item = &str> {
    let volumes = items(&pod["spec"]["volumes"]).iter();
    volumes.filter_map(|volume| volume["persistentVolumeClaim"]["claimName"].as_str())
}

/// Why a pod's volumes keep it off every machine, in the scheduler's words.
pub fn refusal(pass: &Pass<'_>, pod: &Value) -> Option<String> {
    claims(pod).find_map(|claim| {
        let Some(found) = pass.store.get(&Key::namespaced(CLAIMS, namespace(pod), claim)) else {
            return Some(format!("persistentvolumeclaim {claim:?} not found"));
        };
        let class = found["spec"]["storageClassName"].as_str().unwrap_or("local-path");
        let known = pass.store.get(&Key::cluster("storageclasses.storage.k8s.io", class));
        let unbound = found["status"]["phase"] != "Bound" && known.is_none();
        unbound.then(|| "pod has unbound immediate PersistentVolumeClaims".to_owned())
    })
}

/// Whether one of its volumes is on another machine.
pub fn is_elsewhere(pass: &Pass<'_>, pod: &Value, node: &Value) -> bool {
    claims(pod).any(|claim| {
        let found = pass.store.get(&Key::namespaced(CLAIMS, namespace(pod), claim));
        let at = found.as_ref().and_then(|found| found["metadata"]["annotations"][SELECTED].as_str());
        at.is_some_and(|at| at != name(node))
    })
}

/// Its claims are bound where it runs.
pub fn bind(pass: &Pass<'_>, pod: &Value, node: &str) {
    for claim in claims(pod) {
        let key = Key::namespaced(CLAIMS, namespace(pod), claim);
        let bound = |found: &Value| found["status"]["phase"] == "Bound";
        if pass.store.get(&key).is_none_or(|found| bound(&found)) {
            continue;
        }
        pass.store.edit(&key, "local-path-provisioner", None, |found| {
            found["metadata"]["annotations"][SELECTED] = json!(node);
            let volume = format!("pvc-{}", found["metadata"]["uid"].as_str().unwrap_or_default());
            found["spec"]["volumeName"] = json!(volume);
        });
        pass.status(&key, "kube-controller-manager", |found| {
            found["status"] = json!({
                "phase": "Bound", "accessModes": found["spec"]["accessModes"],
                "capacity": found["spec"]["resources"]["requests"],
            });
        });
    }
}
