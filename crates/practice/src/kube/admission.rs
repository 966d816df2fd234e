//! Webhooks that guard writes: while nobody answers behind one, what it guards cannot be written.
//!
//! This is what a client meets that applies an Issuer before cert-manager is ready, or an Ingress before its controller
//! is. What the webhooks themselves would refuse is not here.

use super::kinds::Kind;
use super::refusal::Refusal;
use super::store::{Key, Store};
use serde_json::Value;

/// # Errors
/// 500 in the API server's words when a webhook that has to agree has no endpoint.
pub fn admit(store: &Store, kind: &Kind, operation: &str) -> Result<(), Refusal> {
    for configuration in store.list("validatingwebhookconfigurations.admissionregistration.k8s.io", None).0 {
        for hook in list(&configuration["webhooks"]) {
            let concerns = list(&hook["rules"]).iter().any(|rule| guards(rule, kind, operation));
            if concerns && hook["failurePolicy"] != "Ignore" {
                answers(store, hook)?;
            }
        }
    }
    Ok(())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn guards(rule: &Value, kind: &Kind, operation: &str) -> bool {
    let has = |field: &str, wanted: &[&str]| {
        list(&rule[field]).iter().filter_map(Value::as_str).any(|value| wanted.contains(&value))
    };
    has("operations", &["*", operation])
        && has("apiGroups", &["*", &kind.group])
        && has("resources", &["*", "*/*", &kind.plural])
}

fn answers(store: &Store, hook: &Value) -> Result<(), Refusal> {
    let service = &hook["clientConfig"]["service"];
    let text = |field: &str| service[field].as_str().unwrap_or_default();
    let (name, namespace, path) = (text("name"), text("namespace"), text("path"));
    let why = match store.get(&Key::namespaced("services", namespace, name)) {
        None => format!("service {name:?} not found"),
        Some(_) => {
            let endpoints = store.get(&Key::namespaced("endpoints", namespace, name));
            let ready = endpoints.is_some_and(|endpoints| {
                list(&endpoints["subsets"]).iter().any(|subset| !list(&subset["addresses"]).is_empty())
            });
            if ready {
                return Ok(());
            }
            format!("no endpoints available for service {name:?}")
        }
    };
    let hook = hook["name"].as_str().unwrap_or_default();
    Err(Refusal::new(
        500,
        "InternalError",
        format!(
            "Internal error occurred: failed calling webhook {hook:?}: failed to call webhook: Post \"https://{name}.{namespace}.svc:443{path}?timeout=10s\": {why}"
        ),
    ))
}
