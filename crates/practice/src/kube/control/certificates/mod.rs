//! The controllers of cert-manager, while its pod is ready: from an annotated Ingress to a Secret with a certificate.
//!
//! One module for each link of the chain, so that what is missing fails at its own link, in cert-manager's words:
//! Ingress -> Certificate -> CertificateRequest -> Order -> Challenge. Keys are on P-256 and not RSA, to be quick.
//! Issuers inside the cluster (self-signed, and a CA in a Secret) are in `inside`.
//! Deliberately absent: HTTP-01, other DNS providers than Cloudflare, Vault, Venafi, Gateways.

mod certificate;
mod challenge;
mod inside;
mod issuer;
mod order;
mod request;
mod shim;

use super::{Pass, is_true, items, namespace, set_condition};
use serde_json::{Value, json};
use std::sync::Arc;

const CERTIFICATES: &str = "certificates.cert-manager.io";
const REQUESTS: &str = "certificaterequests.cert-manager.io";
const ORDERS: &str = "orders.acme.cert-manager.io";
const CHALLENGES: &str = "challenges.acme.cert-manager.io";
const WHO: &str = "cert-manager-certificates";

pub fn reconcile(pass: &mut Pass<'_>) {
    let Some(home) = home(pass) else { return };
    issuer::reconcile(pass, &home);
    shim::reconcile(pass);
    certificate::reconcile(pass);
    request::reconcile(pass);
    order::reconcile(pass);
    challenge::reconcile(pass, &home);
}

/// The namespace of the controller's pod, where Secrets of cluster issuers lie; `None` while no such pod is ready.
fn home(pass: &Pass<'_>) -> Option<String> {
    let is = |pod: &Arc<Value>| {
        items(&pod["spec"]["containers"])
            .iter()
            .any(|one| one["image"].as_str().is_some_and(|image| image.contains("cert-manager-controller")))
    };
    let pods = pass.list("pods");
    pods.iter().find(|pod| is(pod) && is_true(pod, "Ready")).map(|pod| namespace(pod).to_owned())
}

/// The issuer that something refers to, or cert-manager's complaint that there is none.
fn issuer_of(pass: &Pass<'_>, referrer: &Value) -> Result<Arc<Value>, String> {
    let reference = &referrer["spec"]["issuerRef"];
    let (kind, name) = (kind_of(reference), reference["name"].as_str().unwrap_or_default());
    let (resource, space) = match kind {
        "ClusterIssuer" => ("clusterissuers.cert-manager.io", ""),
        _ => ("issuers.cert-manager.io", namespace(referrer)),
    };
    let found = pass.store.get(&crate::kube::Key::namespaced(resource, space, name));
    found.ok_or_else(|| format!("{}.cert-manager.io {name:?} not found", kind.to_lowercase()))
}

fn kind_of(reference: &Value) -> &str {
    reference["kind"].as_str().filter(|kind| !kind.is_empty()).unwrap_or("Issuer")
}

/// A condition as cert-manager writes it, with the generation that it is about.
fn say(object: &mut Value, kind: &str, status: &str, reason: &str, message: &str) {
    set_condition(object, kind, status, reason, message);
    let generation = object["metadata"]["generation"].clone();
    for condition in object["status"]["conditions"].as_array_mut().into_iter().flatten() {
        if condition["type"] == kind {
            condition["observedGeneration"] = generation.clone();
        }
    }
}

/// Unix milliseconds as Kubernetes writes times.
fn written(at: i64) -> String {
    let instant = jiff::Timestamp::from_millisecond(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// And back.
fn read(time: &Value) -> Option<i64> {
    time.as_str()?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// A name with a number that follows from what it is for, as cert-manager's names of orders and challenges have.
fn numbered(name: &str, of: &str) -> String {
    let digest = crate::homelab::sha256_hex(of.as_bytes());
    let number = u32::from_str_radix(&digest[..8], 16).unwrap_or_default();
    format!("{}-{number}", &name[..name.len().min(52)])
}

/// What an object needs to be somebody's and to be found with it.
fn below(owner: &Value, name: &str) -> Value {
    let mut metadata = json!({
        "name": name, "namespace": namespace(owner), "ownerReferences": [super::owner_reference(owner)],
    });
    if owner["metadata"]["labels"].is_object() {
        metadata["labels"] = owner["metadata"]["labels"].clone();
    }
    metadata
}

#[cfg(test)]
mod tests;
