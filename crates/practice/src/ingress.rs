//! The LAN's way in: on every address that servicelb publishes, the ingress controller answers HTTP and HTTPS.
//!
//! A request is routed by its host through the Ingress objects to a ready pod, which answers as the echo image
//! does. Only what clients of the LAN can tell apart is modelled: which pod answered, nginx' own 404 and 503,
//! the redirect to HTTPS. Deliberately not here: any other annotation, and TLS passthrough.

use crate::homelab::Homelab;
use crate::kube::{Cluster, Key};
use crate::machines::Handle;
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

const SERVER: &str = "nginx";

/// Serves every cluster's published addresses at `homelab.ports.http` and `homelab.ports.https`.
///
/// # Errors
/// The controller's own certificate cannot be made.
pub fn serve(homelab: Arc<Homelab>) -> Result<Handle, rcgen::Error> {
    let tls = certificate()?;
    Ok(Handle::of(supervise(homelab, tls)))
}

async fn supervise(homelab: Arc<Homelab>, tls: TlsAcceptor) {
    let mut running = Vec::new();
    let mut changes = homelab.watch();
    loop {
        let clusters = homelab.read(|state| state.clusters.clone());
        for cluster in &clusters[running.len()..] {
            let task = publish(Arc::clone(&homelab), Arc::clone(cluster), tls.clone());
            running.push(AbortOnDropHandle::new(tokio::spawn(task)));
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// Keeps listeners on the addresses that the controller's service has, while their machines have power.
async fn publish(homelab: Arc<Homelab>, cluster: Arc<Cluster>, tls: TlsAcceptor) {
    let mut listeners: BTreeMap<Ipv4Addr, [AbortOnDropHandle<()>; 2]> = BTreeMap::new();
    let (mut machines, mut objects) = (homelab.watch(), cluster.store.watch());
    loop {
        machines.mark_unchanged();
        objects.mark_unchanged();
        let published = published(&cluster);
        let wanted: BTreeSet<Ipv4Addr> = homelab.read(|state| {
            let up = state
                .machines
                .iter()
                .filter(|machine| machine.running().is_some())
                .map(|machine| machine.address);
            up.filter(|address| published.contains(address)).collect()
        });
        listeners.retain(|address, _| wanted.contains(address));
        for address in wanted {
            listeners.entry(address).or_insert_with(|| {
                [(homelab.ports.http, None), (homelab.ports.https, Some(tls.clone()))].map(|(port, tls)| {
                    AbortOnDropHandle::new(tokio::spawn(listen(
                        Arc::clone(&cluster),
                        SocketAddr::from((address, port)),
                        tls,
                    )))
                })
            });
        }
        tokio::select! {
            changed = machines.changed() => if changed.is_err() { return },
            changed = objects.changed() => if changed.is_err() { return },
        }
    }
}

/// The addresses of the controller's service, while one of its pods is ready to answer there.
fn published(cluster: &Cluster) -> BTreeSet<Ipv4Addr> {
    let services = cluster.store.list("services", None).0;
    let ready = services.iter().filter(|service| is_controller(service)).filter(|service| {
        !backends(cluster, text(&service["metadata"]["namespace"]), text(&service["metadata"]["name"]))
            .is_empty()
    });
    ready
        .flat_map(|service| items(&service["status"]["loadBalancer"]["ingress"]))
        .filter_map(|entry| text(&entry["ip"]).parse().ok())
        .collect()
}

fn is_controller(service: &Value) -> bool {
    let labels = &service["metadata"]["labels"];
    labels["app.kubernetes.io/name"] == "ingress-nginx"
        && labels["app.kubernetes.io/component"] == "controller"
}

/// What the controller answers to a request from inside the cluster, through its service. `None` when the service is
/// not a controller's or nobody is ready behind it.
pub(crate) fn inside(
    cluster: &Cluster,
    namespace: &str,
    service: &str,
    request: &Request,
    secure: bool,
) -> Option<Response> {
    let object = cluster.store.get(&Key::namespaced("services", namespace, service))?;
    let ready = is_controller(&object) && !backends(cluster, namespace, service).is_empty();
    ready.then(|| route(cluster, request, secure, 0))
}

async fn listen(cluster: Arc<Cluster>, at: SocketAddr, tls: Option<TlsAcceptor>) {
    let listener = loop {
        match TcpListener::bind(at).await {
            Ok(listener) => break listener,
            Err(error) => tracing::warn!(%at, %error, "cannot listen, trying again"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let turn = Arc::new(AtomicUsize::new(0));
    let secure = tls.is_some();
    let answer = move |request: Request| {
        let (cluster, turn) = (Arc::clone(&cluster), Arc::clone(&turn));
        async move { route(&cluster, &request, secure, turn.fetch_add(1, Ordering::Relaxed)) }
    };
    let router = Router::new().fallback(answer);
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (stream, from) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(_) => continue,
            },
            Some(_) = connections.join_next() => continue,
        };
        let router = router.clone().layer(axum::Extension(ConnectInfo(from)));
        let tls = tls.clone();
        connections.spawn(async move {
            match tls {
                None => serve_stream(stream, router).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve_stream(stream, router).await;
                    }
                }
            }
        });
    }
}

async fn serve_stream<S>(stream: S, router: Router)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper_util::service::TowerToHyperService::new(router);
    let server = hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
    // A client that goes away is its own business.
    let _ = server.serve_connection(hyper_util::rt::TokioIo::new(stream), service).await;
}

fn route(cluster: &Cluster, request: &Request, secure: bool, turn: usize) -> Response {
    let named = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| request.uri().authority().map(|name| name.as_str()));
    let host = named
        .unwrap_or_default()
        .rsplit_once(':')
        .map_or(named.unwrap_or_default(), |(host, _)| host)
        .to_lowercase();
    let path = request.uri().path();
    let Some((ingress, backend)) = find(cluster, &host, path) else { return page(StatusCode::NOT_FOUND) };
    let namespace = text(&ingress["metadata"]["namespace"]).to_owned();
    if !secure && redirects(&ingress, &host) {
        let target =
            format!("https://{host}{}", request.uri().path_and_query().map_or("/", |path| path.as_str()));
        return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, target)]).into_response();
    }
    let pods = backends(cluster, &namespace, text(&backend["name"]));
    let Some((pod, node)) = pods.get(turn % pods.len().max(1)) else {
        return page(StatusCode::SERVICE_UNAVAILABLE);
    };
    let from = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or_else(String::new, |ConnectInfo(from)| from.to_string());
    let body =
        format!("pod={pod} node={node} from={from} host={host} method={} path={path}\n", request.method());
    ([(header::SERVER, SERVER), (header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}

/// Plain requests go to HTTPS when the Ingress has TLS for this host and does not say otherwise.
fn redirects(ingress: &Value, host: &str) -> bool {
    let covered = items(&ingress["spec"]["tls"])
        .iter()
        .any(|tls| items(&tls["hosts"]).iter().any(|name| text(name) == host));
    covered && ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/ssl-redirect"] != "false"
}

/// The Ingress and its backend service for a host and path: exact paths first, then the longest prefix.
fn find(cluster: &Cluster, host: &str, path: &str) -> Option<(Arc<Value>, Value)> {
    let classes = cluster.store.list("ingressclasses.networking.k8s.io", None).0;
    let ours = |ingress: &&Arc<Value>| {
        let class = crate::kube::class_of(&classes, ingress);
        class.is_some_and(|class| class["spec"]["controller"] == "k8s.io/ingress-nginx")
    };
    let mut best: Option<(usize, Arc<Value>, Value)> = None;
    for ingress in cluster.store.list("ingresses.networking.k8s.io", None).0.iter().filter(ours) {
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
                && best.as_ref().is_none_or(|(best, _, _)| weight > *best)
            {
                best = Some((weight, Arc::clone(ingress), entry["backend"]["service"].clone()));
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

/// The ready pods behind a service, with their nodes.
fn backends(cluster: &Cluster, namespace: &str, service: &str) -> Vec<(String, String)> {
    let endpoints = cluster.store.get(&Key::namespaced("endpoints", namespace, service));
    let Some(endpoints) = endpoints else { return Vec::new() };
    let addresses = items(&endpoints["subsets"]).iter().flat_map(|subset| items(&subset["addresses"]));
    addresses
        .map(|entry| (text(&entry["targetRef"]["name"]).to_owned(), text(&entry["nodeName"]).to_owned()))
        .collect()
}

/// nginx' own error page.
fn page(status: StatusCode) -> Response {
    let title = format!(
        "{} {}",
        status.as_u16(),
        if status == StatusCode::NOT_FOUND { "Not Found" } else { "Service Temporarily Unavailable" }
    );
    let body = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>{SERVER}</center>\r\n</body>\r\n</html>\r\n"
    );
    (status, [(header::SERVER, SERVER), (header::CONTENT_TYPE, "text/html")], body).into_response()
}

/// The certificate that the controller shows for hosts that have none of their own.
fn certificate() -> Result<TlsAcceptor, rcgen::Error> {
    let key = rcgen::KeyPair::generate()?;
    let mut params = rcgen::CertificateParams::new(vec!["ingress.local".to_owned()])?;
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "Kubernetes Ingress Controller Fake Certificate");
    params.distinguished_name.push(rcgen::DnType::OrganizationName, "Acme Co");
    let certificate = params.self_signed(&key)?;
    let private = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der())
        .map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| rcgen::Error::CouldNotParseKeyPair)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
