//! What a pod answers: as the echo image does, but for programs that speak TLS themselves.
//!
//! Nothing runs in a pod, so a program is known by its image. Deliberately absent: what the programs really say; who
//! answered, and over which protocol, is all that clients of practice can tell apart.

use super::{items, text};
use crate::kube::{Cluster, Key};
use axum::extract::{ConnectInfo, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;

/// A Service that requests are sent to.
#[derive(Debug, Clone)]
pub struct Backend {
    pub namespace: String,
    pub service: String,
}

/// The ready pods behind a Service, with their nodes.
pub fn ready(cluster: &Cluster, namespace: &str, service: &str) -> Vec<(String, String)> {
    let endpoints = cluster.store.get(&Key::namespaced("endpoints", namespace, service));
    let Some(endpoints) = endpoints else { return Vec::new() };
    let addresses = items(&endpoints["subsets"]).iter().flat_map(|subset| items(&subset["addresses"]));
    addresses
        .map(|entry| (text(&entry["targetRef"]["name"]).to_owned(), text(&entry["nodeName"]).to_owned()))
        .collect()
}

/// Argo CD's server speaks TLS on the one port that it has, and sends plain requests there.
pub fn speaks_tls(cluster: &Cluster, backend: &Backend) -> bool {
    let pods = ready(cluster, &backend.namespace, &backend.service);
    let pod = pods.first().and_then(|(pod, _)| pod_object(cluster, &backend.namespace, pod));
    pod.is_some_and(|pod| {
        let image = text(&pod["spec"]["containers"][0]["image"]).to_owned();
        image.contains("argoproj/argocd") && pod["spec"]["containers"][0]["name"] == "server"
    })
}

pub fn pod_object(cluster: &Cluster, namespace: &str, name: &str) -> Option<Arc<Value>> {
    cluster.store.get(&Key::namespaced("pods", namespace, name))
}

/// The answer of one of the pods in turn; `None` when none is ready, or TLS is spoken to one that does not.
pub fn answer(
    cluster: &Cluster,
    backend: &Backend,
    request: &Request,
    secure: bool,
    turn: usize,
) -> Option<Response> {
    let pods = ready(cluster, &backend.namespace, &backend.service);
    let (pod, node) = pods.get(turn % pods.len().max(1))?;
    let host = super::routing::host(request);
    let path = request.uri().path();
    let own_tls = speaks_tls(cluster, backend);
    if own_tls && !secure {
        let target = format!("https://{host}{}", super::routing::path_and_query(request));
        return Some((StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, target)]).into_response());
    }
    if secure && !own_tls {
        return None;
    }
    let from = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or_else(String::new, |ConnectInfo(from)| from.to_string());
    let body =
        format!("pod={pod} node={node} from={from} host={host} method={} path={path}\n", request.method());
    Some(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response())
}
