//! The writing verbs: create, update, patch, on an object or its status.

use super::admission;
use super::fields::Author;
use super::kinds::Kind;
use super::patch::{self, Patch};
use super::refusal::Refusal;
use super::rules;
use super::schema;
use super::store::{Key, Store, keep_identity};
use serde_json::{Value, json};
use std::sync::Arc;

/// One write as the request names it.
pub struct Target<'a> {
    pub kind: &'a Kind,
    pub namespace: &'a str,
    pub name: &'a str,
    pub subresource: Option<&'a str>,
    pub manager: &'a str,
    /// Checked and answered, but not kept.
    pub dry: bool,
    /// `fieldValidation=Strict`: unknown fields are refused, and not dropped.
    pub strict: bool,
}

/// What came of it, and whether it is new.
pub type Written = Result<(Value, bool), Refusal>;

enum Left {
    Refused(Refusal),
    Dry(Box<Value>, bool),
}

impl From<Refusal> for Left {
    fn from(refusal: Refusal) -> Left {
        Left::Refused(refusal)
    }
}

impl Target<'_> {
    pub(super) fn key(&self, name: &str) -> Key {
        Key::namespaced(&self.kind.resource(), self.namespace, name)
    }

    fn commit(
        &self,
        store: &Store,
        author: &Author,
        name: &str,
        decide: impl FnOnce(Option<&Value>) -> Result<Value, Refusal>,
    ) -> Written {
        let mut new = false;
        let stored = store.transact::<Left>(&self.key(name), author, |old| {
            new = old.is_none();
            let decided = decide(old)?;
            if self.dry {
                return Err(Left::Dry(Box::new(decided), new));
            }
            Ok(Some(decided))
        });
        match stored {
            Ok(Some(object)) => Ok(((*object).clone(), new)),
            // The last finalizer went with this write, and the object with it.
            Ok(None) => Ok((json!({"kind": "Status", "apiVersion": "v1", "status": "Success"}), false)),
            Err(Left::Dry(object, new)) => Ok((*object, new)),
            Err(Left::Refused(refusal)) => Err(refusal),
        }
    }

    fn ready(&self, view: &View, old: Option<&Value>, mut object: Value) -> Result<Value, Refusal> {
        match old {
            Some(old) => {
                keep_identity(old, &mut object);
                if self.kind.status && self.subresource.is_none() {
                    carry(old, &mut object, "status");
                }
            }
            None => {
                if let Some(metadata) = object["metadata"].as_object_mut() {
                    for field in
                        ["uid", "resourceVersion", "creationTimestamp", "generation", "deletionTimestamp"]
                    {
                        metadata.remove(field);
                    }
                }
                if self.kind.status
                    && let Some(map) = object.as_object_mut()
                {
                    map.remove("status");
                }
            }
        }
        rules::fill(self.kind, &mut object);
        if self.kind.kind == "Service" {
            super::addresses::allocate(view, old, &mut object);
        }
        rules::validate(self.kind, old, &object)?;
        Ok(object)
    }

    /// # Errors
    /// What the API refuses, as for all verbs below.
    pub fn create(&self, store: &Store, mut object: Value) -> Written {
        self.check_body(&mut object, None)?;
        self.only_known_in_body(&mut object)?;
        if object["metadata"]["name"].as_str().is_none_or(str::is_empty)
            && let Some(prefix) = object["metadata"]["generateName"].as_str()
        {
            let suffix = uuid::Uuid::new_v4().simple().to_string();
            object["metadata"]["name"] = json!(format!("{prefix}{}", &suffix[..5]));
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        if name.is_empty() {
            let cause = (
                "metadata.name".to_owned(),
                "FieldValueRequired",
                "Required value: name or generateName is required".to_owned(),
            );
            return Err(Refusal::invalid(self.kind, "", &[cause]));
        }
        self.namespace_stands(store, &name)?;
        admission::admit(store, self.kind, "CREATE")?;
        let view = snapshot(self.kind, store);
        self.commit(store, &Author::update(self.manager, None), &name, |old| match old {
            Some(_) => Err(Refusal::already_exists(self.kind, &name)),
            None => self.ready(&view, None, object),
        })
    }

    pub fn update(&self, store: &Store, mut object: Value) -> Written {
        self.check_body(&mut object, Some(self.name))?;
        self.only_known_in_body(&mut object)?;
        self.admit_change(store)?;
        let view = snapshot(self.kind, store);
        let author = Author::update(self.manager, self.subresource);
        self.commit(store, &author, self.name, |old| {
            let old = old.ok_or_else(|| Refusal::not_found(self.kind, self.name))?;
            self.fresh(old, &object)?;
            let object = self.narrowed(old, object);
            self.ready(&view, Some(old), object)
        })
    }

    pub fn patch(&self, store: &Store, patch: Patch) -> Written {
        let view = snapshot(self.kind, store);
        let (config, force) = match patch {
            Patch::Apply { config, force } => (config, force),
            other => {
                self.admit_change(store)?;
                let author = Author::update(self.manager, self.subresource);
                return self.commit(store, &author, self.name, |old| {
                    let old = old.ok_or_else(|| Refusal::not_found(self.kind, self.name))?;
                    let mut object = old.clone();
                    change(&mut object, &other)?;
                    self.fresh(old, &object)?;
                    self.check_body(&mut object, Some(self.name))?;
                    self.only_known(&mut object).map_err(|strange| {
                        Refusal::new(
                            422,
                            "Invalid",
                            format!(" \"\" is invalid: patch: Invalid value: {strange}"),
                        )
                    })?;
                    let object = self.narrowed(old, object);
                    self.ready(&view, Some(old), object)
                });
            }
        };
        self.apply(store, &view, config, force)
    }

    fn apply(&self, store: &Store, view: &View, mut config: Value, force: bool) -> Written {
        if self.manager.is_empty() {
            let cause = json!({"reason": "FieldValueRequired", "message": "Required value: is required for apply patch", "field": "fieldManager"});
            let message = "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch";
            let mut refusal = Refusal::new(422, "Invalid", message);
            refusal.details = json!({"group": "meta.k8s.io", "kind": "PatchOptions", "causes": [cause]});
            return Err(refusal);
        }
        if !config["metadata"]["managedFields"].as_array().is_none_or(Vec::is_empty) {
            return Err(Refusal::bad_request("metadata.managedFields must be nil"));
        }
        let version = config["apiVersion"].as_str().unwrap_or_default();
        if version != self.kind.api_version() {
            return Err(Refusal::bad_request(format!(
                "apiVersion {version:?} is not {:?}",
                self.kind.api_version()
            )));
        }
        let given = config["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
        self.check_body(&mut config, Some(self.name))?;
        if let Some(field) = schema::unknown(self.kind, &mut config, false).first() {
            let (version, kind) = (self.kind.api_version(), &self.kind.kind);
            let version = if self.kind.group.is_empty() { format!("/{version}") } else { version };
            let what = format!("{given}/{}; {version}, Kind={kind}", self.name);
            return Err(Refusal::internal(format!(
                "failed to create typed patch object ({what}): .{field}: field not declared in schema"
            )));
        }
        self.namespace_stands(store, self.name)?;
        self.admit_change(store)?;
        let author = Author::apply(self.manager, self.subresource);
        self.commit(store, &author, self.name, |old| {
            if old.is_none() && self.subresource.is_some() {
                return Err(Refusal::not_found(self.kind, self.name));
            }
            if let Some(old) = old {
                self.fresh(old, &config)?;
            }
            let wanted = match self.subresource {
                Some("status") => json!({
                    "apiVersion": config["apiVersion"], "kind": config["kind"], "status": config["status"],
                    "metadata": {"name": self.name},
                }),
                _ => without_status(self.kind, &config),
            };
            let merged =
                patch::apply(old, &wanted, &author, force).map_err(|conflicts| self.disputed(&conflicts))?;
            let mut object = self.ready(view, old, merged)?;
            if !object["metadata"]["namespace"].is_string() && self.kind.namespaced {
                object["metadata"]["namespace"] = json!(self.namespace);
            }
            Ok(object)
        })
    }

    fn disputed(&self, conflicts: &[patch::Conflict]) -> Refusal {
        let causes = conflicts
            .iter()
            .map(|conflict| json!({"reason": "FieldManagerConflict", "message": conflict.manager, "field": conflict.field}))
            .collect();
        let message = match conflicts {
            [one] => format!("Apply failed with 1 conflict: {}: {}", one.manager, one.field),
            many => {
                let lines: String =
                    many.iter().map(|one| format!("\n- {}: {}", one.manager, one.field)).collect();
                format!("Apply failed with {} conflicts:{lines}", many.len())
            }
        };
        let mut refusal = Refusal::new(409, "Conflict", message).about(self.kind, self.name, causes);
        if let Some(details) = refusal.details.as_object_mut() {
            details.retain(|field, _| field == "causes");
        }
        refusal
    }

    /// A resourceVersion that is given has to be the stored one.
    fn fresh(&self, old: &Value, object: &Value) -> Result<(), Refusal> {
        let given = object["metadata"]["resourceVersion"].as_str().unwrap_or_default();
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
        let stale = !given.is_empty() && old["metadata"]["resourceVersion"] != given
            || !uid.is_empty() && old["metadata"]["uid"] != uid;
        if stale { Err(Refusal::stale(self.kind, self.name)) } else { Ok(()) }
    }

    /// A write to the status subresource changes nothing but the status.
    fn narrowed(&self, old: &Value, object: Value) -> Value {
        if self.subresource != Some("status") {
            return object;
        }
        let mut only = old.clone();
        carry(&object, &mut only, "status");
        only
    }
}

/// What a write has to know of other objects, read before the store is locked for it.
type View = Vec<Arc<Value>>;

fn snapshot(kind: &Kind, store: &Store) -> View {
    if kind.kind == "Service" { store.list("services", None).0 } else { Vec::new() }
}

fn carry(from: &Value, to: &mut Value, field: &str) {
    match from.get(field) {
        Some(value) => to[field] = value.clone(),
        None => {
            to.as_object_mut().map(|map| map.remove(field));
        }
    }
}

fn without_status(kind: &Kind, config: &Value) -> Value {
    let mut config = config.clone();
    if kind.status
        && let Some(map) = config.as_object_mut()
    {
        map.remove("status");
    }
    if let Some(metadata) = config["metadata"].as_object_mut() {
        metadata.remove("resourceVersion");
        metadata.remove("uid");
    }
    config
}

fn change(object: &mut Value, patch: &Patch) -> Result<(), Refusal> {
    match patch {
        Patch::Json(operations) => json_patch::patch(object, operations).map_err(|_| {
            Refusal::new(422, "Invalid", "the server rejected our request due to an error in our request")
                .bare()
        }),
        Patch::Merge(change) => {
            json_patch::merge(object, change);
            Ok(())
        }
        Patch::Strategic(change) => {
            patch::strategic("", object, change);
            Ok(())
        }
        Patch::Apply { .. } => Ok(()),
    }
}
