//! The API server's way to a service or a pod (`…/services/SCHEME:NAME:PORT/proxy/…`), for the programs that answer there.
//!
//! Those are the controller of sealed-secrets, Gatus, and whoever tells what it counts. Any other pod refuses the connection,
//! since nothing runs in it.

use super::cluster::Cluster;
use super::control;
use super::gatus;
use super::kinds;
use super::refusal::Refusal;
use super::store::Key;
use crate::clock::Clock;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// A call that is passed on.
pub struct Passed<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub query: &'a str,
    pub body: &'a [u8],
    pub clock: &'a Clock,
}

/// Passes a call on to a ready pod of the service. `which` is the part of the path that names the service.
///
/// # Errors
/// 404 and 503 in the API server's words.
pub fn pass(cluster: &Cluster, namespace: &str, which: &str, call: &Passed<'_>) -> Result<Response, Refusal> {
    let Passed { method, path, query, body, clock } = *call;
    let (name, port) =
        named(which).ok_or_else(|| Refusal::bad_request(format!("invalid service request {which:?}")))?;
    let service = cluster.store.get(&Key::namespaced("services", namespace, name));
    let service = service.ok_or_else(|| {
        kinds::find(&cluster.store, "", "v1", "services")
            .map_or_else(Refusal::path_not_found, |kind| Refusal::not_found(&kind, name))
    })?;
    let ports = service["spec"]["ports"].as_array().map_or(&[][..], Vec::as_slice);
    let is_named = |entry: &Value| {
        port.is_empty() || entry["name"] == port || port.parse().is_ok_and(|port: u64| entry["port"] == port)
    };
    if !ports.iter().any(is_named) {
        return Err(unavailable(format!("no service port {port:?} found for service {name:?}")));
    }
    let endpoints = cluster.store.get(&Key::namespaced("endpoints", namespace, name));
    let pod = endpoints.as_ref().and_then(|endpoints| {
        let first = &endpoints["subsets"][0]["addresses"][0]["targetRef"]["name"];
        cluster.store.get(&Key::namespaced("pods", namespace, first.as_str()?))
    });
    let Some(pod) = pod else {
        return Err(unavailable(format!("no endpoints available for service {which:?}")));
    };
    let image = pod["spec"]["containers"][0]["image"].as_str().unwrap_or_default();
    if gatus::runs_in(&pod) {
        let volume = gatus::volume_of(&cluster.store, &pod).unwrap_or_default();
        let seen = cluster.gatus.lock().get(&volume).cloned().unwrap_or_default();
        return Ok(gatus::answer(&seen, path, query, clock));
    }
    if !image.contains("sealed-secrets-controller") {
        let address = pod["status"]["podIP"].as_str().unwrap_or_default();
        return Err(unavailable(format!(
            "error trying to reach service: dial tcp {address}: connect: connection refused"
        )));
    }
    let keyring = cluster.keyring.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (status, kind, text) = control::answer_for_sealing(&keyring, method, path, body);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    Ok((status, [(header::CONTENT_TYPE, kind)], text).into_response())
}

/// `NAME`, `NAME:PORT` or `SCHEME:NAME:PORT`.
fn named(which: &str) -> Option<(&str, &str)> {
    match which.split(':').collect::<Vec<_>>()[..] {
        [name] => Some((name, "")),
        [name, port] | [_, name, port] => Some((name, port)),
        _ => None,
    }
}

fn unavailable(why: String) -> Refusal {
    Refusal::new(503, "ServiceUnavailable", why)
}

/// Passes a call on to a pod. `which` is the part of the path that names it.
///
/// # Errors
/// 400, 404 and 503 in the API server's words.
pub fn pass_to_pod(cluster: &Cluster, namespace: &str, which: &str, path: &str) -> Result<Response, Refusal> {
    let (name, port) =
        named(which).ok_or_else(|| Refusal::bad_request(format!("invalid pod request {which:?}")))?;
    let pod = cluster.store.get(&Key::namespaced("pods", namespace, name)).ok_or_else(|| {
        kinds::find(&cluster.store, "", "v1", "pods")
            .map_or_else(Refusal::path_not_found, |kind| Refusal::not_found(&kind, name))
    })?;
    let address = pod["status"]["podIP"].as_str().unwrap_or_default();
    if address.is_empty() {
        return Err(Refusal::bad_request("address not allowed"));
    }
    let port = if port.is_empty() { 80 } else { port.parse().unwrap_or_default() };
    let failed =
        |why: &str| unavailable(format!("error trying to reach service: dial tcp {address}:{port}: {why}"));
    let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
    let node = cluster.store.get(&Key::cluster("nodes", node));
    let conditions = node.as_ref().and_then(|node| node["status"]["conditions"].as_array().cloned());
    let is_there = conditions.is_some_and(|conditions| {
        conditions.iter().any(|one| one["type"] == "Ready" && one["status"] == "True")
    });
    if !is_there {
        return Err(failed("i/o timeout"));
    }
    let answer = (pod["status"]["phase"] == "Running").then(|| cluster.traffic.answer(&pod, port, path));
    let (status, text) = answer.flatten().ok_or_else(|| failed("connect: connection refused"))?;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    Ok((status, [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
