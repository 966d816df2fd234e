//! What is asked of every write before it is looked at: the right kind and place, fields that exist, a namespace that stands.

use super::admission;
use super::kinds::{Kind, NAMESPACES};
use super::refusal::Refusal;
use super::schema;
use super::store::{Key, Store};
use super::writing::Target;
use serde_json::{Value, json};

impl Target<'_> {
    pub(super) fn check_body(&self, object: &mut Value, name: Option<&str>) -> Result<(), Refusal> {
        if let Some(other) = object["kind"].as_str().filter(|kind| *kind != self.kind.kind) {
            let Kind { kind, version, .. } = self.kind;
            return Err(Refusal::bad_request(format!(
                "{other} in version {version:?} cannot be handled as a {kind}: converting ({version}.{other}) to (core.{kind}): unknown conversion"
            )));
        }
        if !object.is_object() {
            return Err(Refusal::bad_request(
                "the object provided is unrecognized (must be of type an object)",
            ));
        }
        object["kind"] = json!(self.kind.kind);
        object["apiVersion"] = json!(self.kind.api_version());
        if !object["metadata"].is_object() {
            object["metadata"] = json!({});
        }
        if self.kind.namespaced {
            match object["metadata"]["namespace"].as_str() {
                Some(given) if given != self.namespace => {
                    return Err(Refusal::bad_request(
                        "the namespace of the provided object does not match the namespace sent on the request",
                    ));
                }
                _ => object["metadata"]["namespace"] = json!(self.namespace),
            }
        } else if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("namespace");
        }
        if let Some(name) = name {
            match object["metadata"]["name"].as_str() {
                Some(given) if given != name => {
                    return Err(Refusal::bad_request(format!(
                        "the name of the object ({given}) does not match the name on the URL ({name})"
                    )));
                }
                _ => object["metadata"]["name"] = json!(name),
            }
        }
        Ok(())
    }

    /// Drops the fields that the kind has not, or refuses them.
    pub(super) fn only_known(&self, object: &mut Value) -> Result<(), String> {
        let strange = schema::unknown(self.kind, object, !self.strict);
        if strange.is_empty() || !self.strict {
            return Ok(());
        }
        let named: Vec<String> = strange.iter().map(|field| format!("unknown field {field:?}")).collect();
        Err(format!("strict decoding error: {}", named.join(", ")))
    }

    /// The same for a whole object in a body.
    pub(super) fn only_known_in_body(&self, object: &mut Value) -> Result<(), Refusal> {
        self.only_known(object).map_err(|strange| {
            let Kind { kind, version, .. } = self.kind;
            Refusal::bad_request(format!(
                "{kind} in version {version:?} cannot be handled as a {kind}: {strange}"
            ))
        })
    }

    pub(super) fn namespace_stands(&self, store: &Store, name: &str) -> Result<(), Refusal> {
        if !self.kind.namespaced {
            return Ok(());
        }
        match store.get(&Key::cluster("namespaces", self.namespace)) {
            None => Err(Refusal::not_found(&NAMESPACES, self.namespace)),
            Some(namespace) if !namespace["metadata"]["deletionTimestamp"].is_null() => {
                let cause = json!({"reason": "NamespaceTerminating", "message": format!("namespace {} is being terminated", self.namespace), "field": "metadata.namespace"});
                Err(Refusal::new(
                    403,
                    "Forbidden",
                    format!(
                        "{} {name:?} is forbidden: unable to create new content in namespace {} because it is being terminated",
                        self.kind.resource(),
                        self.namespace
                    ),
                )
                .about(self.kind, name, vec![cause]))
            }
            Some(_) => Ok(()),
        }
    }

    pub(super) fn admit_change(&self, store: &Store) -> Result<(), Refusal> {
        match (self.subresource, store.get(&self.key(self.name))) {
            (None, None) => admission::admit(store, self.kind, "CREATE"),
            (None, Some(_)) => admission::admit(store, self.kind, "UPDATE"),
            (Some(_), _) => Ok(()),
        }
    }
}
