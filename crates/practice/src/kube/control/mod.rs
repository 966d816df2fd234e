//! The controllers: one loop for each cluster that makes the objects follow the machines, and each other.
//!
//! Level-based like the real ones: every pass looks at everything, and a pass that writes is followed by another.
//! What takes time in reality waits for a timer here.

#[cfg(test)]
mod bench;
mod builtin;
mod certificates;
mod charts;
mod definitions;
mod garbage;
mod gatus;
mod helm;
mod jobs;
mod network;
mod nodes;
mod pods;
mod sealing;
mod servicelb;
mod tunnel;
mod volumes;
mod workloads;

pub use definitions::install;
pub use garbage::orphan;
pub use network::class_of;
pub use nodes::renew_leases;
pub use pods::log;
pub use sealing::{Keyring, answer as answer_for_sealing};

use super::cluster::Cluster;
use super::store::{Key, Store, timestamp};
use crate::homelab::{Homelab, Role, sha256_hex};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// What a controller works with during one pass.
pub(super) struct Pass<'a> {
    homelab: &'a Homelab,
    cluster: &'a Cluster,
    store: &'a Store,
    timers: &'a mut Timers,
}

/// When things that take time are done.
#[derive(Default)]
pub(super) struct Timers {
    due: HashMap<String, Instant>,
    /// The earliest of those that this pass was told to wait for. Kept apart from `due`, since a timer may run out
    /// between the question and the end of the pass.
    next: Option<Instant>,
    registered: HashMap<String, u64>,
    /// The cloudflared pods, by uid, whose tunnels are open.
    connectors: BTreeSet<String>,
}

impl Timers {
    /// Whether the time is over that began when this was first asked.
    fn over(&mut self, what: &str, delay: Duration) -> bool {
        let due = *self.due.entry(what.to_owned()).or_insert_with(|| Instant::now() + delay);
        if due <= Instant::now() {
            return true;
        }
        self.next = Some(self.next.map_or(due, |next| next.min(due)));
        false
    }

    fn forget(&mut self, what: &str) {
        self.due.remove(what);
    }
}

/// Runs until the homelab goes.
pub async fn run(homelab: Arc<Homelab>, cluster: Arc<Cluster>) {
    // What an older practice installed may lack what this one knows.
    install(&cluster.store);
    let mut timers = Timers::default();
    let mut machines = homelab.watch();
    let mut objects = cluster.store.watch();
    let mut clock = homelab.clock.watch();
    loop {
        machines.mark_unchanged();
        objects.mark_unchanged();
        let alive = homelab.read(|state| {
            state
                .machines
                .iter()
                .filter_map(|machine| machine.running())
                .any(|k3s| k3s.role == Role::Server && k3s.cluster == Some(cluster.id))
        });
        let mut now =
            Pass { homelab: &homelab, cluster: &cluster, store: &cluster.store, timers: &mut timers };
        if alive {
            pass(&mut now);
        }
        tunnel::reconcile(&mut now, alive);
        let next = timers.next.take().unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
        tokio::select! {
            changed = machines.changed() => if changed.is_err() { return },
            changed = objects.changed() => if changed.is_err() { return },
            () = tokio::time::sleep_until(next) => {}
            () = moved(&mut clock) => {}
        }
    }
}

/// A held clock was moved; the machine's own moves all the time, and nothing waits for it here.
async fn moved(clock: &mut Option<watch::Receiver<i64>>) {
    let ended = match clock {
        Some(clock) => clock.changed().await.is_err(),
        None => true,
    };
    if ended {
        std::future::pending().await
    }
}

fn pass(pass: &mut Pass<'_>) {
    builtin::reconcile(pass);
    definitions::reconcile(pass);
    nodes::reconcile(pass);
    garbage::reconcile(pass);
    helm::reconcile(pass);
    jobs::reconcile(pass);
    workloads::reconcile(pass);
    pods::reconcile(pass);
    network::reconcile(pass);
    servicelb::reconcile(pass);
    sealing::reconcile(pass);
    certificates::reconcile(pass);
    gatus::reconcile(pass);
}

impl Pass<'_> {
    fn list(&self, resource: &str) -> Vec<Arc<Value>> {
        self.store.list(resource, None).0
    }

    fn status(&self, key: &Key, manager: &str, change: impl FnOnce(&mut Value)) {
        self.store.edit(key, manager, Some("status"), change);
    }

    /// Records an event once for each reason and message.
    fn event(&self, about: &Value, kind: &str, reason: &str, message: &str, warning: bool) {
        let (namespace, name) = (namespace(about).to_owned(), name(about).to_owned());
        let digest = sha256_hex(format!("{kind} {} {reason} {message}", uid(about)).as_bytes());
        let namespace = if namespace.is_empty() { "default".to_owned() } else { namespace };
        let key = Key::namespaced("events", &namespace, &format!("{name}.{}", &digest[..16]));
        if self.store.get(&key).is_some() {
            return;
        }
        let now = timestamp();
        let event = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": key.name, "namespace": namespace},
            "involvedObject": {"kind": kind, "name": name, "namespace": namespace, "uid": uid(about)},
            "reason": reason, "message": message, "type": if warning { "Warning" } else { "Normal" },
            "count": 1, "firstTimestamp": now, "lastTimestamp": now,
        });
        self.store.put(&key, event, "k3s");
    }
}

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

fn namespace(object: &Value) -> &str {
    object["metadata"]["namespace"].as_str().unwrap_or_default()
}

fn uid(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap_or_default()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn owned_by(object: &Value, owner: &Value) -> bool {
    items(&object["metadata"]["ownerReferences"])
        .iter()
        .any(|reference| reference["uid"] == owner["metadata"]["uid"])
}

fn owner_reference(owner: &Value) -> Value {
    json!({
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
    })
}

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    items(&object["status"]["conditions"]).iter().find(|condition| condition["type"] == kind)
}

fn is_true(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some_and(|condition| condition["status"] == "True")
}

/// Sets a condition; its transition time moves only with its status.
fn set_condition(object: &mut Value, kind: &str, status: &str, reason: &str, message: &str) {
    if !object["status"]["conditions"].is_array() {
        object["status"]["conditions"] = json!([]);
    }
    let Some(conditions) = object["status"]["conditions"].as_array_mut() else { return };
    let fresh = json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": timestamp()});
    match conditions.iter_mut().find(|condition| condition["type"] == kind) {
        Some(old) => {
            let since = if old["status"] == status {
                old["lastTransitionTime"].clone()
            } else {
                fresh["lastTransitionTime"].clone()
            };
            *old = fresh;
            old["lastTransitionTime"] = since;
        }
        None => conditions.push(fresh),
    }
}
