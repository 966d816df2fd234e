//! The store as it is written down: its objects and the number of the last write.
//!
//! Writes that could be replayed are not kept, so a watch that goes on from before is told that it is too old.

use super::{Inner, Key, Store};
use crate::keep::{UNSAVED, shared};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

#[derive(Serialize, Deserialize)]
pub(super) struct Saved {
    revision: u64,
    objects: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    key: Key,
    #[serde(with = "shared")]
    object: Arc<Value>,
}

impl From<Saved> for Store {
    fn from(saved: Saved) -> Store {
        let revision = saved.revision + UNSAVED;
        let objects = saved.objects.into_iter().map(|Entry { key, object }| (key, object)).collect();
        let inner = Inner { objects, revision, log: VecDeque::new() };
        Store { inner: Mutex::new(inner), revisions: watch::Sender::new(revision) }
    }
}

impl Serialize for Store {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let inner = self.lock();
        let entry = |(key, object): (&Key, &Arc<Value>)| Entry { key: key.clone(), object: object.clone() };
        let saved = Saved { revision: inner.revision, objects: inner.objects.iter().map(entry).collect() };
        // Writers need not wait until it is all text.
        drop(inner);
        saved.serialize(serializer)
    }
}
