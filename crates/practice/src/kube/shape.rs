//! How the fields of the known kinds merge: lists by key, sets, single values.
//!
//! The real server reads this from its OpenAPI schema. Here it is a table by field name, which is enough for the kinds that
//! this API serves; what is not in it merges as an object by field and as a list in one piece.

use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// An object whose fields have owners of their own.
    Granular,
    /// A list of objects told apart by these keys.
    Keyed(&'static [&'static str]),
    /// A list of values without repetition.
    Set,
    /// One value, whatever it contains.
    Atomic,
}

/// The shape of a field by its name and what it holds.
pub fn of(field: &str, value: &Value) -> Shape {
    match value {
        Value::Object(_) => match field {
            "selector" | "matchLabels" | "labelSelector" | "podSelector" | "nodeSelector"
            | "nodeSelectorTerms" | "secretKeyRef" | "configMapKeyRef" | "fieldRef" | "resourceFieldRef"
            | "valueFrom" | "secretRef" | "configMapRef" => Shape::Atomic,
            _ => Shape::Granular,
        },
        Value::Array(items) if items.iter().all(Value::is_object) => match keys(field, items) {
            Some(keys) => Shape::Keyed(keys),
            None => Shape::Atomic,
        },
        Value::Array(_) if field == "finalizers" => Shape::Set,
        _ => Shape::Atomic,
    }
}

/// The merge keys of a list, as both server-side apply and strategic merge use them.
pub fn keys(field: &str, items: &[Value]) -> Option<&'static [&'static str]> {
    Some(match field {
        "containers" | "initContainers" | "ephemeralContainers" | "volumes" | "env" | "imagePullSecrets" => {
            &["name"]
        }
        "volumeMounts" => &["mountPath"],
        "conditions" | "addresses" => &["type"],
        "ownerReferences" => &["uid"],
        "hostAliases" => &["ip"],
        "topologySpreadConstraints" => &["topologyKey", "whenUnsatisfiable"],
        "ports" if items.iter().any(|item| item.get("containerPort").is_some()) => {
            &["containerPort", "protocol"]
        }
        "ports"
            if items.iter().any(|item| item.get("port").is_some() && item.get("targetPort").is_some()) =>
        {
            &["port", "protocol"]
        }
        "ports" if items.iter().all(|item| item.get("port").is_some()) => &["port", "protocol"],
        _ => return None,
    })
}
