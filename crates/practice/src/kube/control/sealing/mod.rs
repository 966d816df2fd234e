//! The controller of sealed-secrets: while its pod is ready, sealed values become Secrets.
//!
//! Written from the layout of a sealed value and the controller's behaviour, and apart from whoever seals. Its keys are
//! read when its pod starts and at no other time, so keys that are restored count from the next start on. Deliberately
//! absent: templates with functions, the deprecated `spec.data`, re-encryption.

mod keyring;
mod opening;

pub use keyring::Keyring;

use super::{Pass, is_true, items, name, namespace, owner_reference, uid};
use crate::kube::store::{Key, timestamp};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const RESOURCE: &str = "sealedsecrets.bitnami.com";
const PREFIX: &str = "sealedsecrets.bitnami.com";
const WHO: &str = "controller";

pub fn reconcile(pass: &mut Pass<'_>) {
    let Some(pod) = running(pass.store) else { return };
    let cluster = pass.cluster;
    let mut keyring = cluster.keyring.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Err(error) = keyring.keep(pass.store, &pod, pass.homelab.clock.now()) {
        return tracing::warn!(%error, "no key to seal with");
    }
    for sealed in pass.list(RESOURCE) {
        if !keyring.is_new(&sealed, target(pass, &sealed).is_some()) {
            continue;
        }
        let outcome = unseal(pass, &keyring, &sealed);
        tell(pass, &sealed, &outcome);
    }
}

/// The controller's pod, once it is ready.
fn running(store: &crate::kube::store::Store) -> Option<Arc<Value>> {
    let is = |pod: &Arc<Value>| {
        items(&pod["spec"]["containers"])
            .iter()
            .any(|one| one["image"].as_str().is_some_and(|image| image.contains("sealed-secrets-controller")))
    };
    store.list("pods", None).0.into_iter().find(|pod| is(pod) && is_true(pod, "Ready"))
}

fn target(pass: &Pass<'_>, sealed: &Value) -> Option<Arc<Value>> {
    pass.store.get(&Key::namespaced("secrets", namespace(sealed), name(sealed)))
}

/// What the sealed values decrypt to, in the words of the controller where one does not.
pub fn open(keyring: &Keyring, sealed: &Value) -> Result<BTreeMap<String, String>, String> {
    let annotations = &sealed["spec"]["template"]["metadata"]["annotations"];
    let says = |scope: &str| {
        let key = format!("{PREFIX}/{scope}");
        [annotations, &sealed["metadata"]["annotations"]].iter().any(|among| among[&key] == "true")
    };
    let label = if says("cluster-wide") {
        String::new()
    } else if says("namespace-wide") {
        namespace(sealed).to_owned()
    } else {
        format!("{}/{}", namespace(sealed), name(sealed))
    };
    let mut data = BTreeMap::new();
    // The same complaint about several values is one, with all their names.
    let mut complaints: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (key, value) in sealed["spec"]["encryptedData"].as_object().into_iter().flatten() {
        let sealed = STANDARD.decode(value.as_str().unwrap_or_default());
        let opened = sealed
            .map_err(|_| "illegal base64 data at input byte 0".to_owned())
            .and_then(|bytes| opening::open(keyring.keys(), &bytes, label.as_bytes()));
        match opened {
            Ok(plain) => drop(data.insert(key.clone(), STANDARD.encode(plain))),
            Err(why) => complaints.entry(why).or_default().push(key),
        }
    }
    if complaints.is_empty() {
        return Ok(data);
    }
    let said: Vec<String> =
        complaints.iter().map(|(why, keys)| format!("{why} ({})", keys.join(", "))).collect();
    Err(said.join("; "))
}

fn unseal(pass: &Pass<'_>, keyring: &Keyring, sealed: &Arc<Value>) -> Result<(), String> {
    let data = open(keyring, sealed).inspect_err(|error| {
        pass.event(sealed, "SealedSecret", "ErrUnsealFailed", &format!("Failed to unseal: {error}"), true);
    })?;
    let template = &sealed["spec"]["template"];
    let mut secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": template["type"].as_str().unwrap_or("Opaque"), "data": data,
        "metadata": {"name": name(sealed), "namespace": namespace(sealed)},
    });
    for field in ["labels", "annotations"] {
        if template["metadata"][field].is_object() {
            secret["metadata"][field] = template["metadata"][field].clone();
        }
    }
    if template["immutable"] == true {
        secret["immutable"] = json!(true);
    }
    let skipped = format!("{PREFIX}/skip-set-owner-references");
    if template["metadata"]["annotations"][skipped] != "true" {
        secret["metadata"]["ownerReferences"] = json!([owner_reference(sealed)]);
    }
    if let Some(there) = target(pass, sealed) {
        let says = |what: &str| there["metadata"]["annotations"][format!("{PREFIX}/{what}")] == "true";
        let controlled =
            items(&there["metadata"]["ownerReferences"]).iter().any(|owner| owner["uid"] == uid(sealed));
        if !controlled && !says("managed") && !says("patch") {
            let why =
                format!("Resource {:?} already exists and is not managed by SealedSecret", name(sealed));
            pass.event(sealed, "SealedSecret", "ErrUpdateFailed", &why, true);
            return Err(format!("failed update: {why}"));
        }
        if says("patch") {
            let mut merged = (*there).clone();
            for (key, value) in secret["data"].as_object().into_iter().flatten() {
                merged["data"][key] = value.clone();
            }
            secret = merged;
        }
    }
    pass.store.put(&Key::namespaced("secrets", namespace(sealed), name(sealed)), secret, WHO);
    pass.event(sealed, "SealedSecret", "Unsealed", "SealedSecret unsealed successfully", false);
    Ok(())
}

fn tell(pass: &Pass<'_>, sealed: &Value, outcome: &Result<(), String>) {
    let key = Key::namespaced(RESOURCE, namespace(sealed), name(sealed));
    pass.status(&key, WHO, |object| {
        let (status, message) = match outcome {
            Ok(()) => ("True", None),
            Err(why) => ("False", Some(why)),
        };
        let old = &object["status"]["conditions"][0];
        let now = timestamp();
        let since = if old["status"] == status { old["lastTransitionTime"].clone() } else { json!(now) };
        let mut condition =
            json!({"type": "Synced", "status": status, "lastUpdateTime": now, "lastTransitionTime": since});
        if let Some(message) = message {
            condition["message"] = json!(message);
        }
        object["status"] =
            json!({"conditions": [condition], "observedGeneration": object["metadata"]["generation"]});
    });
}

/// What the controller's own server answers, as the API's service proxy passes it on: status, type, body.
pub fn answer(keyring: &Keyring, method: &str, path: &str, body: &[u8]) -> (u16, &'static str, String) {
    let plain = "text/plain; charset=utf-8";
    match (method, path) {
        ("GET", "/v1/cert.pem") => match keyring.certificate() {
            Some(certificate) => (200, "application/x-pem-file", certificate.to_owned()),
            None => (500, plain, "cannot get certificate\n".to_owned()),
        },
        ("GET", "/healthz") => (200, plain, "ok\n".to_owned()),
        ("POST", "/v1/verify") => {
            let read = serde_json::from_slice(body)
                .or_else(|_| serde_saphyr::from_str::<Value>(&String::from_utf8_lossy(body)));
            match read {
                Ok(sealed) if sealed["kind"] == "SealedSecret" => {
                    (if open(keyring, &sealed).is_ok() { 200 } else { 409 }, plain, String::new())
                }
                _ => (500, plain, String::new()),
            }
        }
        _ => (404, plain, "404 page not found\n".to_owned()),
    }
}

#[cfg(test)]
mod tests;
