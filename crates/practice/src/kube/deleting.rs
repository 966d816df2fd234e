//! The deleting verb: preconditions, finalizers, namespaces that empty themselves first.

use super::control;
use super::refusal::Refusal;
use super::store::{Store, timestamp};
use super::writing::Target;
use serde_json::{Value, json};

impl Target<'_> {
    /// # Errors
    /// 404, a precondition that does not hold, a namespace that may not go.
    pub fn delete(&self, store: &Store, options: &Value) -> Result<Value, Refusal> {
        let key = self.key(self.name);
        let old = store.get(&key).ok_or_else(|| Refusal::not_found(self.kind, self.name))?;
        for field in ["uid", "resourceVersion"] {
            let wanted = &options["preconditions"][field];
            if !wanted.is_null() && *wanted != old["metadata"][field] {
                return Err(Refusal::new(
                    409,
                    "Conflict",
                    format!(
                        "Operation cannot be fulfilled on {} {:?}: Precondition failed: {field} in precondition: {wanted}, {field} in object meta: {}",
                        self.kind.resource(),
                        self.name,
                        old["metadata"][field]
                    ),
                ));
            }
        }
        if self.kind.kind == "Namespace" && ["default", "kube-system", "kube-public"].contains(&self.name) {
            return Err(Refusal::new(
                403,
                "Forbidden",
                format!("namespaces {:?} is forbidden: this namespace may not be deleted", self.name),
            ));
        }
        if self.dry {
            return Ok((*old).clone());
        }
        if options["propagationPolicy"] == "Orphan" {
            control::orphan(store, old["metadata"]["uid"].as_str().unwrap_or_default());
        }
        // A namespace goes once the controller has emptied it; it is only marked here.
        if self.kind.kind == "Namespace" {
            store.edit(&key, "kube-apiserver", None, |object| {
                object["metadata"]["deletionTimestamp"] = json!(timestamp());
                object["metadata"]["finalizers"] = json!(["kubernetes"]);
                object["status"]["phase"] = json!("Terminating");
            });
            return Ok(store.get(&key).map_or_else(|| (*old).clone(), |object| (*object).clone()));
        }
        match store.remove(&key) {
            Some(marked) => Ok((*marked).clone()),
            None => Ok(json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                "details": {"name": self.name, "group": self.kind.group, "kind": self.kind.plural, "uid": old["metadata"]["uid"]},
            })),
        }
    }
}
