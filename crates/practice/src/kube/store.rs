//! The cluster's objects, numbered like etcd's: every write has a revision, and recent writes can be replayed.
//!
//! Writes keep `metadata` (uid, resourceVersion, generation, managedFields) and finish deletions once the last finalizer is gone.
//! What may be written, and by whom, is decided by the API in front of it.

mod saved;

use super::fields::{self, Author};
use saved::Saved;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::watch;

/// Writes that a watch can still be told of; older ones are `410 Gone`.
const REMEMBERED: usize = 4000;

/// `resource` is the plural, followed by `.group` outside the core group: `deployments.apps`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    pub resource: String,
    pub namespace: String,
    pub name: String,
}

impl Key {
    pub fn namespaced(resource: &str, namespace: &str, name: &str) -> Key {
        Key { resource: resource.to_owned(), namespace: namespace.to_owned(), name: name.to_owned() }
    }

    pub fn cluster(resource: &str, name: &str) -> Key {
        Key::namespaced(resource, "", name)
    }
}

/// One write: what was there and what is there now.
#[derive(Clone)]
pub struct Write {
    pub revision: u64,
    pub key: Key,
    pub old: Option<Arc<Value>>,
    pub new: Option<Arc<Value>>,
}

struct Inner {
    objects: BTreeMap<Key, Arc<Value>>,
    revision: u64,
    log: VecDeque<Write>,
}

#[derive(Deserialize)]
#[serde(from = "Saved")]
pub struct Store {
    inner: Mutex<Inner>,
    revisions: watch::Sender<u64>,
}

/// The revision that a watch wants to start from is no longer remembered.
pub struct TooOld;

impl Store {
    /// A store with the namespaces that every cluster has.
    pub fn new() -> Arc<Store> {
        let store = Store {
            inner: Mutex::new(Inner { objects: BTreeMap::new(), revision: 100, log: VecDeque::new() }),
            revisions: watch::Sender::new(100),
        };
        for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
            let object = json!({
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
                "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
            });
            store.put(&Key::cluster("namespaces", name), object, "kube-apiserver");
        }
        Arc::new(store)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn get(&self, key: &Key) -> Option<Arc<Value>> {
        self.lock().objects.get(key).cloned()
    }

    pub fn revision(&self) -> u64 {
        self.lock().revision
    }

    pub fn watch(&self) -> watch::Receiver<u64> {
        self.revisions.subscribe()
    }

    /// The objects of a resource in one namespace or in all, with the revision that they were read at.
    pub fn list(&self, resource: &str, namespace: Option<&str>) -> (Vec<Arc<Value>>, u64) {
        let inner = self.lock();
        let start = Key::namespaced(resource, namespace.unwrap_or_default(), "");
        let found = inner
            .objects
            .range(start..)
            .take_while(|(key, _)| {
                key.resource == resource && namespace.is_none_or(|wanted| key.namespace == wanted)
            })
            .map(|(_, object)| Arc::clone(object))
            .collect();
        (found, inner.revision)
    }

    /// All writes after a revision.
    ///
    /// # Errors
    /// Some of them are forgotten.
    pub fn since(&self, revision: u64) -> Result<Vec<Write>, TooOld> {
        let inner = self.lock();
        match inner.log.front() {
            Some(oldest) if revision + 1 < oldest.revision => Err(TooOld),
            None if revision < inner.revision => Err(TooOld),
            _ => Ok(inner.log.iter().filter(|write| write.revision > revision).cloned().collect()),
        }
    }

    /// Forgets what can be replayed, as a compaction of etcd does.
    pub fn compact(&self) {
        let mut inner = self.lock();
        let last = inner.log.pop_back();
        inner.log.clear();
        inner.log.extend(last);
    }

    /// Reads and writes one object in one go. `None` deletes it. The result is what is stored afterwards.
    ///
    /// # Errors
    /// Whatever `decide` refuses with; nothing is written then.
    pub fn transact<E>(
        &self,
        key: &Key,
        author: &Author,
        decide: impl FnOnce(Option<&Value>) -> Result<Option<Value>, E>,
    ) -> Result<Option<Arc<Value>>, E> {
        let mut inner = self.lock();
        let old = inner.objects.get(key).cloned();
        let decided = decide(old.as_deref())?;
        let stored = inner.write(key, old, decided, author);
        let revision = inner.revision;
        drop(inner);
        self.revisions.send_if_modified(|known| std::mem::replace(known, revision) != revision);
        Ok(stored)
    }

    /// Creates or replaces, on behalf of a controller.
    pub fn put(&self, key: &Key, object: Value, manager: &str) -> Option<Arc<Value>> {
        let author = Author::update(manager, None);
        self.transact::<std::convert::Infallible>(key, &author, |old| {
            let mut object = object;
            if let Some(old) = old {
                keep_identity(old, &mut object);
            }
            Ok(Some(object))
        })
        .unwrap_or_else(|never| match never {})
    }

    /// Changes an object if it exists, on behalf of a controller. What stays equal is not written.
    pub fn edit(&self, key: &Key, manager: &str, subresource: Option<&str>, change: impl FnOnce(&mut Value)) {
        let author = Author::update(manager, subresource);
        let _ = self.transact::<()>(key, &author, |old| {
            let old = old.ok_or(())?;
            let mut object = old.clone();
            change(&mut object);
            if object == *old { Err(()) } else { Ok(Some(object)) }
        });
    }

    /// Deletes as the API does: an object with finalizers is only marked.
    pub fn remove(&self, key: &Key) -> Option<Arc<Value>> {
        let author = Author::update("kube-apiserver", None);
        self.transact::<()>(key, &author, |old| {
            let old = old.ok_or(())?;
            let finalizers = old["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty());
            if !finalizers {
                return Ok(None);
            }
            let mut marked = old.clone();
            if marked["metadata"]["deletionTimestamp"].is_null() {
                marked["metadata"]["deletionTimestamp"] = json!(timestamp());
                marked["metadata"]["deletionGracePeriodSeconds"] = json!(0);
            }
            Ok(Some(marked))
        })
        .ok()
        .flatten()
    }
}

impl Inner {
    fn write(
        &mut self,
        key: &Key,
        old: Option<Arc<Value>>,
        new: Option<Value>,
        author: &Author,
    ) -> Option<Arc<Value>> {
        if old.is_none() && new.is_none() {
            return None;
        }
        let new = new.filter(|object| !finished(object)).map(|mut object| {
            if !author.is_apply() {
                fields::record(old.as_deref(), &mut object, author);
            }
            object
        });
        if let (Some(old), Some(new)) = (&old, &new)
            && same(old, new)
        {
            return Some(Arc::clone(old));
        }
        self.revision += 1;
        let new = new.map(|mut object| {
            stamp(old.as_deref(), &mut object, self.revision, has_generation(&key.resource));
            Arc::new(object)
        });
        // The last state of what goes carries the revision of its going, as watchers expect.
        let old = match (&new, old) {
            (None, Some(gone)) => {
                let mut last = (*gone).clone();
                last["metadata"]["resourceVersion"] = json!(self.revision.to_string());
                Some(Arc::new(last))
            }
            (_, old) => old,
        };
        match &new {
            Some(object) => drop(self.objects.insert(key.clone(), Arc::clone(object))),
            None => drop(self.objects.remove(key)),
        }
        self.log.push_back(Write { revision: self.revision, key: key.clone(), old, new: new.clone() });
        if self.log.len() > REMEMBERED {
            self.log.pop_front();
        }
        new
    }
}

/// Marked for deletion, and nobody holds it any more.
fn finished(object: &Value) -> bool {
    let metadata = &object["metadata"];
    !metadata["deletionTimestamp"].is_null() && metadata["finalizers"].as_array().is_none_or(Vec::is_empty)
}

/// Equal but for the times at which managers wrote.
fn same(old: &Value, new: &Value) -> bool {
    let strip = |object: &Value| {
        let mut object = object.clone();
        if let Some(entries) = object["metadata"]["managedFields"].as_array_mut() {
            for entry in entries {
                entry["time"] = Value::Null;
            }
        }
        object
    };
    strip(old) == strip(new)
}

/// Kinds that count the changes of what is wanted; those of the core group do not, but for pods.
fn has_generation(resource: &str) -> bool {
    let Some((plural, group)) = resource.split_once('.') else { return resource == "pods" };
    !(group.starts_with("rbac.") || group.starts_with("storage.") || plural == "leases")
}

fn stamp(old: Option<&Value>, object: &mut Value, revision: u64, counts: bool) {
    let spec_changed = old.is_some_and(|old| old["spec"] != object["spec"]);
    let Some(metadata) = object["metadata"].as_object_mut() else { return };
    metadata.entry("uid").or_insert_with(|| json!(uuid::Uuid::new_v4().to_string()));
    metadata.entry("creationTimestamp").or_insert_with(|| json!(timestamp()));
    metadata.insert("resourceVersion".to_owned(), json!(revision.to_string()));
    if !counts {
        metadata.remove("generation");
        return;
    }
    let generation = old.and_then(|old| old["metadata"]["generation"].as_u64());
    metadata.insert(
        "generation".to_owned(),
        json!(generation.map_or(1, |number| number + u64::from(spec_changed))),
    );
}

/// What a writer cannot change: identity comes from the stored object.
pub fn keep_identity(old: &Value, object: &mut Value) {
    for field in [
        "uid",
        "creationTimestamp",
        "generation",
        "resourceVersion",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        match old["metadata"].get(field) {
            Some(value) => object["metadata"][field] = value.clone(),
            None => {
                if let Some(metadata) = object["metadata"].as_object_mut() {
                    metadata.remove(field);
                }
            }
        }
    }
}

/// Now, as Kubernetes writes times.
pub fn timestamp() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
