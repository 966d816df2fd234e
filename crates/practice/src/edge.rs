//! Cloudflare's edge, as a visitor from the Internet meets it: a name leads through Access and a tunnel to an origin.
//!
//! Plain HTTP on loopback stands for the visitor's HTTPS; where the edge has no certificate for a name, the connection
//! ends without an answer. Origins are what a cloudflared in a homelab's cluster reaches, through `ingress`: all else,
//! such as the website behind an address record, is unreachable here. Not here: caching, rules, the look of error
//! pages, and logging in, which a `CF_Authorization` cookie of any content stands for.

use crate::cloudflare::{AUTH_DOMAIN, Cloud, Holdings, Source, Tunnel, Zone, rule_for};
use crate::fault::{Faults, Service};
use crate::homelab::Homelab;
use crate::http::{self, HangUp, HttpServer};
use crate::kube::Cluster;
use crate::{dns, ingress};
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::sync::Arc;
use tokio::net::TcpListener;

/// How many CNAMEs are followed before giving up.
const LONGEST_CHAIN: usize = 8;

/// Serves every proxied name of the account on `listener`.
///
/// # Errors
/// The listener has no local address.
pub fn serve(
    listener: TcpListener,
    cloud: Cloud,
    homelab: Arc<Homelab>,
    faults: Faults,
) -> std::io::Result<HttpServer> {
    let answer = move |request: Request| {
        let (cloud, homelab) = (cloud.clone(), Arc::clone(&homelab));
        async move { signed(visit(&cloud, &homelab, request)) }
    };
    http::serve(listener, Service::Edge, faults, Router::new().fallback(answer))
}

/// What the edge does with a visitor.
enum Way {
    /// An answer of its own, or none at all.
    Answer(Response),
    /// To the origin of this rule, as a cloudflared reaches it: the ids of those that are connected.
    Origin { rule: Value, connectors: Vec<String> },
}

/// What a visitor gets.
pub(crate) fn visit(cloud: &Cloud, homelab: &Homelab, request: Request) -> Response {
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = named.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let way = way(&cloud.state().holds, &host, &request);
    match way {
        Way::Answer(response) => response,
        Way::Origin { rule, connectors } => {
            origin(homelab, &rule, &connectors, request).unwrap_or_else(|| failure(502, 502))
        }
    }
}

fn way(account: &Holdings, host: &str, request: &Request) -> Way {
    let Some(zone) = dns::zone_of(&account.zones, host).filter(|zone| zone.status == "active") else {
        return Way::Answer(failure(409, 1001));
    };
    let Some(target) = target(account, zone, host) else { return Way::Answer(failure(409, 1001)) };
    if !certified(zone, host) {
        return Way::Answer((axum::Extension(HangUp), StatusCode::OK).into_response());
    }
    let path = request.uri().path();
    if let Some(aud) = account.access.gate(host, path).filter(|_| !has_session(request)) {
        let whole = request.uri().path_and_query().map_or(path, |whole| whole.as_str());
        let back: String = whole.bytes().map(escaped).collect();
        let login =
            format!("https://{AUTH_DOMAIN}/cdn-cgi/access/login/{host}?kid={aud}&redirect_url={back}");
        return Way::Answer((StatusCode::FOUND, [(header::LOCATION, login)]).into_response());
    }
    let tunnel = match target {
        Target::Tunnel(id) => account.tunnels.iter().find(|tunnel| tunnel.id == id && tunnel.connected()),
        // An origin that is an address is nobody in the homelab: connections to it time out.
        Target::Address => return Way::Answer(failure(522, 522)),
        Target::Nothing => return Way::Answer(failure(530, 1016)),
    };
    match tunnel {
        Some(tunnel) => through(tunnel, host, path, has_session(request)),
        None => Way::Answer(failure(530, 1033)),
    }
}

fn through(tunnel: &Tunnel, host: &str, path: &str, session: bool) -> Way {
    let config = match tunnel.source {
        Source::Cloudflare => &tunnel.configuration.config,
        // Routes of a file on a machine that is not here.
        Source::Local => &Value::Null,
    };
    // Without any rule cloudflared answers 503 to all.
    let Some(rule) = rule_for(config, host, path) else {
        return Way::Answer(StatusCode::SERVICE_UNAVAILABLE.into_response());
    };
    let service = rule["service"].as_str().unwrap_or_default();
    if rule["originRequest"]["access"]["required"] == true && !session {
        return Way::Answer(StatusCode::FORBIDDEN.into_response());
    }
    if let Some(status) = service.strip_prefix("http_status:") {
        let status = status.parse().ok().and_then(|code| StatusCode::from_u16(code).ok());
        return Way::Answer(status.unwrap_or(StatusCode::BAD_GATEWAY).into_response());
    }
    let connectors = tunnel.connectors.iter().map(|connector| connector.id.clone()).collect();
    Way::Origin { rule: rule.clone(), connectors }
}

enum Target {
    Tunnel(String),
    Address,
    Nothing,
}

/// What the proxied record of `host` points at in the end; `None` when the name is not proxied.
fn target(account: &Holdings, zone: &Zone, host: &str) -> Option<Target> {
    let mut records = dns::standing(zone, host)?;
    records.iter().find(|record| record.proxied)?;
    for _ in 0..LONGEST_CHAIN {
        let Some(alias) = records.iter().find(|record| record.kind.text() == "CNAME") else {
            let address = records.iter().any(|record| matches!(record.kind.text(), "A" | "AAAA"));
            return Some(if address { Target::Address } else { Target::Nothing });
        };
        if let Some(id) = alias.content.strip_suffix(".cfargotunnel.com") {
            return Some(Target::Tunnel(id.to_owned()));
        }
        match dns::zone_of(&account.zones, &alias.content) {
            Some(zone) => records = dns::standing(zone, &alias.content).unwrap_or_default(),
            None => return Some(Target::Nothing),
        }
    }
    Some(Target::Nothing)
}

/// Universal SSL covers the apex and one level.
fn certified(zone: &Zone, host: &str) -> bool {
    let below = host.strip_suffix(&zone.name).unwrap_or_default().trim_end_matches('.');
    zone.universal_ssl && !below.contains('.')
}

fn has_session(request: &Request) -> bool {
    let cookies = request.headers().get_all(header::COOKIE);
    let mut pairs = cookies.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    pairs.any(|pair| pair.trim().starts_with("CF_Authorization="))
}

/// The origin's answer; `None` when it cannot be reached.
fn origin(homelab: &Homelab, rule: &Value, connectors: &[String], mut request: Request) -> Option<Response> {
    let (scheme, address) = rule["service"].as_str()?.split_once("://")?;
    let (name, port) =
        address.rsplit_once(':').unwrap_or((address, if scheme == "https" { "443" } else { "80" }));
    let (service, namespace) = name.strip_suffix(".svc.cluster.local")?.split_once('.')?;
    let settings = &rule["originRequest"];
    // No certificate in practice is signed by an authority that cloudflared's image knows.
    if scheme == "https" && settings["noTLSVerify"] != true {
        return None;
    }
    let secure = port == "443";
    if secure != (scheme == "https") {
        return None;
    }
    if let Some(host) = settings["httpHostHeader"].as_str().and_then(|host| HeaderValue::from_str(host).ok())
    {
        request.headers_mut().insert(header::HOST, host);
    }
    let clusters = homelab.read(|state| state.clusters.clone());
    let (near, rest): (Vec<_>, Vec<_>) =
        clusters.into_iter().partition(|cluster| one_of(cluster, connectors).is_some());
    // A cloudflared that no cluster runs is one that a test connected; it reaches whoever has the service.
    let reached = if near.is_empty() { rest } else { near };
    for cluster in &reached {
        // Whether the origin answers or not, the request has come this far.
        if let Some(pod) = one_of(cluster, connectors) {
            cluster.traffic.tunnelled(&pod);
        }
    }
    reached.iter().find_map(|cluster| ingress::inside(cluster, namespace, service, &request, secure))
}

/// The first of the connectors that is a pod of the cluster.
fn one_of(cluster: &Cluster, connectors: &[String]) -> Option<Arc<Value>> {
    let pods = cluster.store.list("pods", None).0;
    pods.into_iter().find(|pod| connectors.iter().any(|id| pod["metadata"]["uid"] == id.as_str()))
}

/// The short form of Cloudflare's error pages, which clients get that do not ask for HTML.
fn failure(status: u16, code: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, [(header::CONTENT_TYPE, "text/plain; charset=UTF-8")], format!("error code: {code}"))
        .into_response()
}

fn escaped(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}

/// What every answer of the edge carries, the origin's own included.
fn signed(mut response: Response) -> Response {
    let ray = format!("{:016x}-FRA", rand::random::<u64>());
    let headers = response.headers_mut();
    headers.insert(header::SERVER, HeaderValue::from_static("cloudflare"));
    headers.insert("cf-ray", HeaderValue::from_str(&ray).unwrap_or(HeaderValue::from_static("0-FRA")));
    response
}
