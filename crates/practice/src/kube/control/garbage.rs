//! What goes when something else has gone: dependents, and the contents of a namespace that is being deleted.

use super::{Pass, items, name, namespace};
use crate::kube::kinds;
use crate::kube::store::{Key, Store};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

fn everything(store: &Store) -> Vec<(Key, Arc<Value>)> {
    let mut all = Vec::new();
    for kind in kinds::served(store) {
        let resource = kind.resource();
        for object in store.list(&resource, None).0 {
            all.push((Key::namespaced(&resource, namespace(&object), name(&object)), object));
        }
    }
    all
}

pub fn reconcile(pass: &mut Pass<'_>) {
    // Before their contents: what is seen to be going here gets no more of them.
    let spaces = pass.list("namespaces");
    let all = everything(pass.store);
    let alive: BTreeSet<&str> =
        all.iter().filter_map(|(_, object)| object["metadata"]["uid"].as_str()).collect();
    for (key, object) in &all {
        let owners = items(&object["metadata"]["ownerReferences"]);
        let orphaned = !owners.is_empty()
            && owners.iter().all(|owner| !owner["uid"].as_str().is_some_and(|uid| alive.contains(uid)));
        if orphaned && object["metadata"]["deletionTimestamp"].is_null() {
            pass.store.remove(key);
        }
        if key.resource == "nodes" && !object["metadata"]["deletionTimestamp"].is_null() {
            // K3s' own finalizer takes the node's password along.
            pass.store.remove(&Key::namespaced(
                "secrets",
                "kube-system",
                &format!("{}.node-password.k3s", key.name),
            ));
            pass.store.edit(key, "k3s", None, |node| node["metadata"]["finalizers"] = json!([]));
        }
    }
    for space in spaces {
        if space["metadata"]["deletionTimestamp"].is_null() {
            furnish(pass, name(&space));
            continue;
        }
        let inside: Vec<&Key> =
            all.iter().map(|(key, _)| key).filter(|key| key.namespace == name(&space)).collect();
        for key in &inside {
            pass.store.remove(key);
        }
        if inside.is_empty() {
            let key = Key::cluster("namespaces", name(&space));
            pass.store.edit(&key, "k3s", None, |space| space["metadata"]["finalizers"] = json!([]));
        }
    }
}

/// What every namespace has.
fn furnish(pass: &Pass<'_>, space: &str) {
    let account = Key::namespaced("serviceaccounts", space, "default");
    if pass.store.get(&account).is_none() {
        let object = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": space}});
        pass.store.put(&account, object, "k3s");
    }
    let root = Key::namespaced("configmaps", space, "kube-root-ca.crt");
    if pass.store.get(&root).is_none() {
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kube-root-ca.crt", "namespace": space},
            "data": {"ca.crt": pass.cluster.authority.certificate()},
        });
        pass.store.put(&root, object, "k3s");
    }
}

/// Frees the dependents of an object that is deleted with `propagationPolicy: Orphan`.
pub fn orphan(store: &Store, uid: &str) {
    for (key, object) in everything(store) {
        if items(&object["metadata"]["ownerReferences"]).iter().any(|owner| owner["uid"] == uid) {
            store.edit(&key, "k3s", None, |object| {
                if let Some(owners) = object["metadata"]["ownerReferences"].as_array_mut() {
                    owners.retain(|owner| owner["uid"] != uid);
                }
            });
        }
    }
}
