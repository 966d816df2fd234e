//! CustomResourceDefinitions: those that K3s and the charts bring, and the controller that puts each one into service.
//!
//! The real ones are thousands of lines; here each is its fields with their types, in `definitions.yaml`. What a
//! definition leaves behind when it goes (all objects of its kind) goes with it.

use super::{Pass, is_true, items, name, namespace, set_condition};
use crate::kube::kinds::DEFINITIONS;
use crate::kube::store::{Key, Store};
use serde_json::{Map, Value, json};

const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// The definitions of a set of `definitions.yaml`.
pub fn of(set: &str) -> Vec<Value> {
    let all: Value = serde_saphyr::from_str(include_str!("definitions.yaml")).unwrap_or_default();
    items(&all[set]).iter().map(definition).collect()
}

/// What K3s itself brings, before anybody can ask for it.
pub fn install(store: &Store) {
    for mut definition in of("k3s") {
        establish(&mut definition);
        let key = Key::cluster(DEFINITIONS, name(&definition));
        if store.get(&key).is_none() {
            store.put(&key, definition, "k3s");
        }
    }
}

pub fn reconcile(pass: &mut Pass<'_>) {
    for definition in pass.list(DEFINITIONS) {
        let key = Key::cluster(DEFINITIONS, name(&definition));
        if !definition["metadata"]["deletionTimestamp"].is_null() {
            remove_objects(pass, &key);
        } else if !is_true(&definition, "Established") {
            pass.store.edit(&key, "kube-apiserver", None, |object| {
                object["metadata"]["finalizers"] = json!([CLEANUP]);
            });
            pass.status(&key, "kube-apiserver", establish);
        }
    }
}

fn remove_objects(pass: &Pass<'_>, key: &Key) {
    let objects = pass.list(&key.name);
    for object in &objects {
        pass.store.remove(&Key::namespaced(&key.name, namespace(object), name(object)));
    }
    if objects.is_empty() {
        pass.store.edit(key, "kube-apiserver", None, |object| object["metadata"]["finalizers"] = json!([]));
    }
}

fn establish(object: &mut Value) {
    object["status"]["acceptedNames"] = object["spec"]["names"].clone();
    let stored = items(&object["spec"]["versions"]).iter().filter(|version| version["storage"] == true);
    object["status"]["storedVersions"] = stored.map(|version| version["name"].clone()).collect();
    set_condition(object, "NamesAccepted", "True", "NoConflicts", "no conflicts found");
    set_condition(
        object,
        "Established",
        "True",
        "InitialNamesAccepted",
        "the initial names have been accepted",
    );
}

fn definition(short: &Value) -> Value {
    let text = |field: &str| short[field].as_str().unwrap_or_default();
    let (group, plural, kind) = (text("group"), text("plural"), text("kind"));
    let scope = if text("scope").is_empty() { "Namespaced" } else { text("scope") };
    let mut version = json!({
        "name": short["version"], "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object", "properties": {
            "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
            "spec": schema(&short["spec"]), "status": schema(&json!("any")),
        }}},
    });
    if short["status"] == true {
        version["subresources"] = json!({"status": {}});
    }
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group, "scope": scope, "versions": [version], "conversion": {"strategy": "None"}, "names": {
                "kind": kind, "plural": plural, "singular": kind.to_lowercase(), "listKind": format!("{kind}List"),
                "shortNames": items(&short["short"]),
            },
        },
    })
}

/// A schema out of its short form.
fn schema(short: &Value) -> Value {
    match short {
        Value::String(kind) if kind == "any" => json!({"x-kubernetes-preserve-unknown-fields": true}),
        Value::String(kind) if kind.contains('|') => {
            json!({"type": "string", "enum": kind.split('|').collect::<Vec<_>>()})
        }
        Value::Array(items) => {
            json!({"type": "array", "items": schema(items.first().unwrap_or(&Value::Null))})
        }
        Value::Object(fields) if fields.contains_key("*") => {
            json!({"type": "object", "additionalProperties": schema(&fields["*"])})
        }
        Value::Object(fields) => {
            let (mut properties, mut required) = (Map::new(), Vec::new());
            for (name, inner) in fields {
                let plain = name.trim_end_matches('!');
                if plain != name {
                    required.push(plain);
                }
                properties.insert(plain.to_owned(), schema(inner));
            }
            let mut schema = json!({"type": "object", "properties": properties});
            if !required.is_empty() {
                schema["required"] = json!(required);
            }
            schema
        }
        kind => json!({"type": kind}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_reads_and_a_short_form_becomes_a_schema() {
        assert_eq!((of("k3s").len(), of("sealed-secrets").len(), of("cert-manager").len()), (2, 1, 6));
        let cluster = &of("cert-manager")[3];
        assert_eq!(
            (name(cluster), &cluster["spec"]["scope"]),
            ("clusterissuers.cert-manager.io", &json!("Cluster"))
        );
        let spec = &cluster["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
        let acme = &spec["properties"]["acme"];
        assert_eq!(acme["required"], json!(["privateKeySecretRef", "server"]));
        let solver = &acme["properties"]["solvers"]["items"]["properties"]["dns01"];
        assert_eq!(solver["properties"]["cnameStrategy"]["enum"], json!(["None", "Follow"]));
    }
}
