//! How a controller finds the Service for a request, and what it answers itself: redirects and pages.
//!
//! Both controllers read the same Ingresses with the same annotations; where they differ (pages, the plain port of an
//! Ingress with TLS), the engine's flavour decides. Annotations that are not named here have no effect.

use super::pods::{self, Backend};
use super::{items, text};
use crate::kube::Cluster;
use crate::kube::engines::{Engine, Flavour};
use crate::kube::traffic::Served;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::sync::Arc;

const SERVER: &str = "nginx";

/// The host that a request is for, in lower case and without its port.
pub fn host(request: &Request) -> String {
    let named = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| request.uri().authority().map(|name| name.as_str()))
        .unwrap_or_default();
    named.rsplit_once(':').map_or(named, |(host, _)| host).to_lowercase()
}

pub fn path_and_query(request: &Request) -> &str {
    request.uri().path_and_query().map_or("/", |path| path.as_str())
}

/// The same, counted by the controller's pod whose turn it is. What no rule is for is counted nowhere.
pub fn route_counted(
    cluster: &Cluster,
    engine: &Engine,
    request: &Request,
    secure: bool,
    turn: usize,
) -> Response {
    let response = route(cluster, engine, request, secure, turn);
    let host = host(request);
    let pods = pods::ready(cluster, &engine.namespace, &engine.service);
    let pod = pods.get(turn % pods.len().max(1));
    let pod = pod.and_then(|(pod, _)| pods::pod_object(cluster, &engine.namespace, pod));
    if let Some((pod, (ingress, backend))) = pod.zip(find(cluster, engine, &host, request.uri().path())) {
        let served = Served {
            ingress: &ingress,
            host: &host,
            service: &backend.service,
            port: port_of(&ingress, &backend.service),
            method: request.method().as_str(),
            status: response.status().as_u16(),
            secure,
            redirected: !secure && redirects(&ingress, &host),
        };
        cluster.traffic.served(&pod, &served);
    }
    response
}

fn route(cluster: &Cluster, engine: &Engine, request: &Request, secure: bool, turn: usize) -> Response {
    let host = host(request);
    let found = find(cluster, engine, &host, request.uri().path());
    let Some((ingress, backend)) =
        found.filter(|(ingress, _)| secure || answers_plain(engine, ingress, &host))
    else {
        return page(engine, StatusCode::NOT_FOUND);
    };
    if !secure && redirects(&ingress, &host) {
        let target = format!("https://{host}{}", path_and_query(request));
        return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, target)]).into_response();
    }
    if pods::ready(cluster, &backend.namespace, &backend.service).is_empty() {
        return page(engine, StatusCode::SERVICE_UNAVAILABLE);
    }
    let over_tls = annotation(&ingress, "backend-protocol")
        .is_some_and(|protocol| protocol.eq_ignore_ascii_case("HTTPS"));
    let Some(mut response) = pods::answer(cluster, &backend, request, over_tls, turn) else {
        return page(engine, StatusCode::BAD_GATEWAY);
    };
    if matches!(engine.flavour, Flavour::Nginx { .. }) {
        response.headers_mut().insert(header::SERVER, HeaderValue::from_static(SERVER));
    }
    response
}

/// A port behind which nobody is ready refuses connections; a request that was on its way gets no answer of its own.
pub fn unreachable() -> Response {
    StatusCode::BAD_GATEWAY.into_response()
}

fn annotation<'a>(ingress: &'a Value, which: &str) -> Option<&'a str> {
    ingress["metadata"]["annotations"][format!("nginx.ingress.kubernetes.io/{which}")].as_str()
}

/// Traefik's own provider puts an Ingress with TLS on the secure port alone, and the one for ingress-nginx' annotations
/// what is passed through.
fn answers_plain(engine: &Engine, ingress: &Value, host: &str) -> bool {
    match &engine.flavour {
        Flavour::Traefik { nginx: None, .. } => secret_for(ingress, host).is_none(),
        Flavour::Traefik { .. } => annotation(ingress, "ssl-passthrough") != Some("true"),
        _ => true,
    }
}

/// The Secret that an Ingress names for a host.
pub fn secret_for<'a>(ingress: &'a Value, host: &str) -> Option<&'a str> {
    let mut blocks = items(&ingress["spec"]["tls"]).iter();
    let block = blocks.find(|tls| items(&tls["hosts"]).iter().any(|name| host_matches(text(name), host)))?;
    Some(text(&block["secretName"]))
}

/// Plain requests go to HTTPS when the Ingress has TLS for this host and does not say otherwise, or says so.
fn redirects(ingress: &Value, host: &str) -> bool {
    let covered = secret_for(ingress, host).is_some();
    covered && annotation(ingress, "ssl-redirect") != Some("false")
        || annotation(ingress, "force-ssl-redirect") == Some("true")
}

/// The Ingresses of a controller.
pub fn ingresses(cluster: &Cluster, engine: &Engine) -> Vec<Arc<Value>> {
    let classes = cluster.store.list("ingressclasses.networking.k8s.io", None).0;
    let mut ingresses = cluster.store.list("ingresses.networking.k8s.io", None).0;
    ingresses.retain(|ingress| {
        crate::kube::class_of(&classes, ingress).is_some_and(|class| engine.serves(&class))
    });
    ingresses
}

/// Where TLS for a name is passed on unread, because its Ingress asks for it and the controller does that.
pub fn passed_through(cluster: &Cluster, engine: &Engine, name: &str) -> Option<Backend> {
    if !engine.passes_through() {
        return None;
    }
    let asking = ingresses(cluster, engine)
        .into_iter()
        .filter(|ingress| annotation(ingress, "ssl-passthrough") == Some("true"));
    asking.into_iter().find_map(|ingress| {
        let mut rules =
            items(&ingress["spec"]["rules"]).iter().filter(|rule| host_matches(text(&rule["host"]), name));
        let paths =
            rules.find_map(|rule| items(&rule["http"]["paths"]).iter().find(|path| path["path"] == "/"))?;
        Some(backend(&ingress, &paths["backend"]))
    })
}

fn backend(ingress: &Value, entry: &Value) -> Backend {
    Backend {
        namespace: text(&ingress["metadata"]["namespace"]).to_owned(),
        service: text(&entry["service"]["name"]).to_owned(),
    }
}

/// The port by which an Ingress leads to a Service.
fn port_of<'a>(ingress: &'a Value, service: &str) -> &'a Value {
    let entries = items(&ingress["spec"]["rules"]).iter().flat_map(|rule| items(&rule["http"]["paths"]));
    let backends = entries.map(|entry| &entry["backend"]["service"]);
    backends
        .filter(|backend| backend["name"] == service)
        .map(|backend| &backend["port"])
        .next()
        .unwrap_or(&Value::Null)
}

/// The Ingress and its backend for a host and path: exact paths first, then the longest prefix.
fn find(cluster: &Cluster, engine: &Engine, host: &str, path: &str) -> Option<(Arc<Value>, Backend)> {
    let mut best: Option<(usize, Arc<Value>, Backend)> = None;
    for ingress in ingresses(cluster, engine) {
        let rules =
            items(&ingress["spec"]["rules"]).iter().filter(|rule| host_matches(text(&rule["host"]), host));
        for entry in rules.flat_map(|rule| items(&rule["http"]["paths"])) {
            let wanted = entry["path"].as_str().unwrap_or("/");
            let weight = if entry["pathType"] == "Exact" {
                (wanted == path).then_some(usize::MAX)
            } else {
                let prefix = wanted.trim_end_matches('/');
                let inside =
                    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
                inside.then_some(prefix.len() + 1)
            };
            if let Some(weight) = weight
                && best.as_ref().is_none_or(|(best, ..)| weight > *best)
            {
                best = Some((weight, Arc::clone(&ingress), backend(&ingress, &entry["backend"])));
            }
        }
    }
    best.map(|(_, ingress, backend)| (ingress, backend))
}

fn host_matches(rule: &str, host: &str) -> bool {
    match rule.strip_prefix("*.") {
        _ if rule.is_empty() => true,
        Some(suffix) => host.split_once('.').is_some_and(|(_, rest)| rest == suffix),
        None => rule == host,
    }
}

/// The controller's own page for an error.
fn page(engine: &Engine, status: StatusCode) -> Response {
    let says = |nginx: &str, traefik: &str| match engine.flavour {
        Flavour::Nginx { .. } => nginx.to_owned(),
        Flavour::Traefik { .. } => traefik.to_owned(),
    };
    let said = match status {
        StatusCode::NOT_FOUND => says("Not Found", "404 page not found\n"),
        StatusCode::SERVICE_UNAVAILABLE => says("Service Temporarily Unavailable", "no available server\n"),
        _ => says("Bad Gateway", "Bad Gateway"),
    };
    if let Flavour::Traefik { .. } = engine.flavour {
        return (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], said).into_response();
    }
    let title = format!("{} {said}", status.as_u16());
    let body = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>{SERVER}</center>\r\n</body>\r\n</html>\r\n"
    );
    (status, [(header::SERVER, SERVER), (header::CONTENT_TYPE, "text/html")], body).into_response()
}
