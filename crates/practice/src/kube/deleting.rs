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
        for (field, said) in [("uid", "UID"), ("resourceVersion", "ResourceVersion")] {
            let wanted = options["preconditions"][field].as_str();
            let there = old["metadata"][field].as_str().unwrap_or_default();
            if let Some(wanted) = wanted.filter(|wanted| *wanted != there) {
                let kind = &self.kind.kind;
                let message = format!(
                    "Operation cannot be fulfilled on {kind} {:?}: the {said} in the precondition ({wanted}) does not match the {said} in record ({there}). The object might have been {}",
                    self.name,
                    if field == "uid" { "deleted and then recreated" } else { "modified" }
                );
                let mut refusal = Refusal::new(409, "Conflict", message);
                refusal.details = json!({"name": self.name, "kind": kind});
                return Err(refusal);
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
