//! Why pods do not come up, in the words of the kubelet and the scheduler.
//!
//! A container that waits says so in its pod's status; what stops the pod before there is a container is told by
//! events alone. What the words mean is not decided here.

use super::{Kube, KubeError};
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::{Api, ListParams};
use std::collections::BTreeMap;

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
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), namespace);
        let chosen = ListParams::default().labels(selector);
        let found = pods.list(&chosen).await.map_err(|error| KubeError::from_api("pods", error))?;
        let told = found.items.iter().filter(|pod| is_well(pod)).map(async |pod| {
            let (name, uid) = (pod.metadata.name.as_deref()?, pod.metadata.uid.clone()?);
            let path = format!("/api/v1/namespaces/{namespace}/pods/{name}:{port}/proxy/metrics");
            let request = http::Request::get(path).body(Vec::new()).ok()?;
            Some((uid, self.client.request_text(request).await.ok()?))
        });
        Ok(futures::future::join_all(told).await.into_iter().flatten().collect())
    }

    /// One line, `POD: REASON: MESSAGE`, for each trouble of the pods of `namespace` that are not ready and whose
    /// names begin with `prefix`. Empty when there is none.
    pub async fn troubles(&self, namespace: &str, prefix: &str) -> Result<Vec<String>, KubeError> {
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), namespace);
        let found =
            pods.list(&ListParams::default()).await.map_err(|error| KubeError::from_api("pods", error))?;
        let of_ours = |pod: &Pod| pod.metadata.name.as_deref().is_some_and(|name| name.starts_with(prefix));
        let troubled: Vec<Pod> =
            found.items.into_iter().filter(|pod| of_ours(pod) && !is_well(pod)).collect();
        if troubled.is_empty() {
            return Ok(Vec::new());
        }
        let events: Api<Event> = Api::namespaced(self.client.clone(), namespace);
        let warnings = ListParams::default().fields("type=Warning");
        let warnings =
            events.list(&warnings).await.map_err(|error| KubeError::from_api("events", error))?.items;
        let warned = newest(warnings);
        Ok(troubled.iter().flat_map(|pod| lines(pod, &warned)).collect())
    }
}

fn is_well(pod: &Pod) -> bool {
    let Some(status) = &pod.status else { return false };
    let ready = status.conditions.iter().flatten().any(|each| each.type_ == "Ready" && each.status == "True");
    ready || status.phase.as_deref() == Some("Succeeded")
}

/// By the object's uid, the newest warning of each reason.
fn newest(mut events: Vec<Event>) -> BTreeMap<String, BTreeMap<String, String>> {
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

fn lines(pod: &Pod, warned: &BTreeMap<String, BTreeMap<String, String>>) -> Vec<String> {
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    let line = |reason: &str, message: &str| format!("{name}: {reason}: {message}");
    let uid = pod.metadata.uid.as_deref().unwrap_or_default();
    let told = warned.get(uid).into_iter().flatten().map(|(reason, message)| line(reason, message));
    let statuses = pod.status.iter().flat_map(|status| {
        status.init_container_statuses.iter().flatten().chain(status.container_statuses.iter().flatten())
    });
    let waiting = statuses.filter_map(|container| container.state.as_ref()?.waiting.as_ref());
    let waits = waiting.filter_map(|state| {
        let reason = state.reason.as_deref().unwrap_or_default();
        let on_the_way = ON_THE_WAY.contains(&reason) || reason.is_empty();
        (!on_the_way).then(|| line(reason, state.message.as_deref().unwrap_or_default()))
    });
    told.chain(waits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn pod(status: Value) -> Pod {
        let pod = json!({"metadata": {"name": "web-1", "uid": "u1"}, "status": status});
        serde_json::from_value(pod).unwrap()
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
        assert!(!is_well(&stuck) && !is_well(&pod(json!({"phase": "Running"}))));
        assert!(is_well(&pod(json!({"conditions": [{"type": "Ready", "status": "True"}]}))));
        assert!(is_well(&pod(json!({"phase": "Succeeded"}))));
    }
}
