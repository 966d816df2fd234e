//! Why pods do not come up, in the words of the kubelet and the scheduler.
//!
//! A container that waits says so in its pod's status; what stops the pod before there is a container is told by
//! events alone. What the words mean is not decided here.

use super::model::wire;
use super::{Kube, KubeError};
use k8s_openapi::api::core::v1::Event;
use kube::api::{Api, ListParams};
use std::collections::BTreeMap;

/// What is known of a pod besides where it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodState {
    pub name: String,
    pub uid: String,
    /// Ready, or done with what it was for.
    pub well: bool,
    /// What its containers wait for: reason and message, as the kubelet has them.
    pub waits: Vec<(String, String)>,
}

/// States that every pod passes through on its way up.
const ON_THE_WAY: [&str; 2] = ["ContainerCreating", "PodInitializing"];

impl Kube {
    /// What each ready pod that `selector` names says at `/metrics` on `port`, by the pod's uid. A pod that does not say
    /// anything is left out.
    pub async fn metrics(
        &self,
        namespace: &str,
        selector: &str,
        port: u16,
    ) -> Result<BTreeMap<String, String>, KubeError> {
        let path = format!("/api/v1/namespaces/{namespace}/pods");
        let found: Vec<wire::Pod> = self.list(&path, &ListParams::default().labels(selector)).await?;
        let found: Vec<PodState> = found.into_iter().map(wire::Pod::told).collect();
        let told = found.iter().filter(|pod| pod.well).map(async |PodState { name, uid, .. }| {
            let path = format!("/api/v1/namespaces/{namespace}/pods/{name}:{port}/proxy/metrics");
            let request = http::Request::get(path).body(Vec::new()).ok()?;
            Some((uid.clone(), self.client.request_text(request).await.ok()?))
        });
        Ok(futures::future::join_all(told).await.into_iter().flatten().collect())
    }

    /// The pods of `namespace` whose names begin with `prefix`.
    pub async fn pods(&self, namespace: &str, prefix: &str) -> Result<Vec<PodState>, KubeError> {
        let path = format!("/api/v1/namespaces/{namespace}/pods");
        let found: Vec<wire::Pod> = self.list(&path, &ListParams::default()).await?;
        Ok(found.into_iter().map(wire::Pod::told).filter(|pod| pod.name.starts_with(prefix)).collect())
    }

    /// One line, `POD: REASON: MESSAGE`, for each trouble of those pods of `namespace` that are not well. Empty when there
    /// is none.
    pub async fn troubles(&self, namespace: &str, pods: &[PodState]) -> Result<Vec<String>, KubeError> {
        let troubled: Vec<&PodState> = pods.iter().filter(|pod| !pod.well).collect();
        if troubled.is_empty() {
            return Ok(Vec::new());
        }
        let events: Api<Event> = Api::namespaced(self.client.clone(), namespace);
        let warnings = ListParams::default().fields("type=Warning");
        let warnings =
            events.list(&warnings).await.map_err(|error| KubeError::from_api("events", error))?.items;
        let warned = newest(warnings);
        Ok(troubled.into_iter().flat_map(|pod| lines(pod, &warned)).collect())
    }
}

/// By the object's uid, the newest warning of each reason.
pub(super) fn newest(mut events: Vec<Event>) -> BTreeMap<String, BTreeMap<String, String>> {
    events.sort_by_key(|event| {
        event.last_timestamp.as_ref().or(event.metadata.creation_timestamp.as_ref()).map(|time| time.0)
    });
    let mut warned: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for event in events {
        let (uid, reason) = (event.involved_object.uid, event.reason);
        if let (Some(uid), Some(reason), Some(message)) = (uid, reason, event.message) {
            warned.entry(uid).or_default().insert(reason, message);
        }
    }
    warned
}

pub(super) fn lines(pod: &PodState, warned: &BTreeMap<String, BTreeMap<String, String>>) -> Vec<String> {
    let line = |reason: &str, message: &str| format!("{}: {reason}: {message}", pod.name);
    let told = warned.get(&pod.uid).into_iter().flatten().map(|(reason, message)| line(reason, message));
    let waits = pod.waits.iter().filter_map(|(reason, message)| {
        let on_the_way = ON_THE_WAY.contains(&reason.as_str()) || reason.is_empty();
        (!on_the_way).then(|| line(reason, message))
    });
    told.chain(waits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn pod(status: Value) -> PodState {
        let pod = json!({"metadata": {"name": "web-1", "uid": "u1"}, "status": status});
        serde_json::from_value::<wire::Pod>(pod).unwrap().told()
    }

    fn event(uid: &str, reason: &str, message: &str, at: &str) -> Event {
        let event = json!({
            "metadata": {}, "involvedObject": {"uid": uid}, "reason": reason, "message": message,
            "lastTimestamp": at,
        });
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn the_newest_warning_of_each_reason_and_what_containers_wait_for() {
        let warned = newest(vec![
            event("u1", "FailedCreatePodSandBox", "later", "2026-01-01T00:00:02Z"),
            event("u1", "FailedCreatePodSandBox", "earlier", "2026-01-01T00:00:01Z"),
            event("u2", "FailedScheduling", "another pod's", "2026-01-01T00:00:03Z"),
        ]);
        let waiting = |reason: &str| {
            json!({"name": "c", "image": "", "imageID": "", "ready": false,
            "restartCount": 0, "state": {"waiting": {"reason": reason, "message": "why"}}})
        };
        let stuck = pod(json!({"phase": "Pending",
            "containerStatuses": [waiting("ContainerCreating"), waiting("ImagePullBackOff")]}));
        let told = ["web-1: FailedCreatePodSandBox: later", "web-1: ImagePullBackOff: why"];
        assert_eq!(lines(&stuck, &warned), told);
        assert!(!stuck.well && !pod(json!({"phase": "Running"})).well);
        assert!(pod(json!({"conditions": [{"type": "Ready", "status": "True"}]})).well);
        assert!(pod(json!({"phase": "Succeeded"})).well);
    }
}
