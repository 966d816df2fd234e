//! Bodies of answers, read as by the calls that ask for them; without a connection, for fuzzing alone.

use super::certificate::{Linked, chain};
use super::model::wire::{Page, Pod, Service, Slice};
use super::object::without_secrets;
use super::pod::{PodState, lines, newest};
use super::{ServicePorts, node};
use k8s_openapi::api::core::v1::{Event, Node};
use kube::api::{DynamicObject, ObjectList};
use portico_domain::certificate::CertificateChain;
use portico_domain::observed::{EndpointState, NodeState};
use serde_json::Value;

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

pub(crate) fn nodes(body: &[u8]) -> Option<Vec<NodeState>> {
    Some(read::<ObjectList<Node>>(body)?.items.into_iter().map(node::state).collect())
}

pub(crate) fn endpoints(body: &[u8]) -> Option<Vec<EndpointState>> {
    Some(read::<Page<Slice>>(body)?.items.into_iter().flat_map(Slice::told).collect())
}

pub(crate) fn services(body: &[u8]) -> Option<Vec<ServicePorts>> {
    Some(read::<Page<Service>>(body)?.items.into_iter().map(Service::told).collect())
}

pub(crate) fn troubles(pods: &[u8], events: &[u8]) -> Option<Vec<String>> {
    let pods: Vec<PodState> = read::<Page<Pod>>(pods)?.items.into_iter().map(Pod::told).collect();
    let warned = newest(read::<ObjectList<Event>>(events)?.items);
    Some(pods.iter().flat_map(|pod| lines(pod, &warned)).collect())
}

pub(crate) fn object(body: &[u8]) -> Option<Value> {
    serde_json::to_value(read::<DynamicObject>(body)?).ok().map(without_secrets)
}

pub(crate) fn certificate(objects: &[Value]) -> CertificateChain {
    let rows = objects.iter().map(|object| Linked::of(object["kind"].as_str().unwrap_or_default(), object));
    chain("apps", "echo-tls", rows.collect())
}
