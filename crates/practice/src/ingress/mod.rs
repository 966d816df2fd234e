//! The ways into a cluster: every port that servicelb or a NodePort opens on a machine, and what answers there.
//!
//! Behind a port is a Service: that of an ingress controller, or any other, whose pods answer as the echo image does. Only
//! what clients can tell apart is modelled: which pod answered, which certificate was shown, the controllers' own pages,
//! the redirect to HTTPS. Deliberately not here: any other annotation, UDP, and what pods really do.

mod doors;
mod pods;
mod routing;
mod tls;

use crate::homelab::Homelab;
use crate::kube::{Cluster, Key, engines};
use crate::machines::Handle;
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use doors::Door;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tls::Certificates;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// Serves every cluster's published ports; 80 and 443 are `homelab.ports.http` and `homelab.ports.https`.
///
/// # Errors
/// The controllers' own certificates cannot be made.
pub fn serve(homelab: Arc<Homelab>) -> Result<Handle, rcgen::Error> {
    let certificates = Arc::new(Certificates::new()?);
    Ok(Handle::of(supervise(homelab, certificates)))
}

async fn supervise(homelab: Arc<Homelab>, certificates: Arc<Certificates>) {
    let mut running = Vec::new();
    let mut changes = homelab.watch();
    loop {
        let clusters = homelab.read(|state| state.clusters.clone());
        for cluster in &clusters[running.len()..] {
            let task = publish(Arc::clone(&homelab), Arc::clone(cluster), Arc::clone(&certificates));
            running.push(AbortOnDropHandle::new(tokio::spawn(task)));
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// Keeps a listener at each door while its machine has power; one that leads elsewhere now is a new one.
async fn publish(homelab: Arc<Homelab>, cluster: Arc<Cluster>, certificates: Arc<Certificates>) {
    let mut listeners: BTreeMap<SocketAddr, (Door, AbortOnDropHandle<()>)> = BTreeMap::new();
    let (mut machines, mut objects) = (homelab.watch(), cluster.store.watch());
    loop {
        machines.mark_unchanged();
        objects.mark_unchanged();
        let wanted = doors::open(&homelab, &cluster);
        listeners.retain(|address, (door, _)| wanted.get(address) == Some(door));
        for (address, door) in wanted {
            listeners.entry(address).or_insert_with(|| {
                let way = Way {
                    cluster: Arc::clone(&cluster),
                    certificates: Arc::clone(&certificates),
                    door: door.clone(),
                };
                (door, AbortOnDropHandle::new(tokio::spawn(listen(way, address))))
            });
        }
        tokio::select! {
            changed = machines.changed() => if changed.is_err() { return },
            changed = objects.changed() => if changed.is_err() { return },
        }
    }
}

/// Where a door leads, and all that is needed to answer there.
struct Way {
    cluster: Arc<Cluster>,
    certificates: Arc<Certificates>,
    door: Door,
}

async fn listen(way: Way, at: SocketAddr) {
    let listener = loop {
        match TcpListener::bind(at).await {
            Ok(listener) => break listener,
            Err(error) => tracing::debug!(%at, %error, "cannot listen, trying again"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let way = Arc::new(way);
    let turn = Arc::new(AtomicUsize::new(0));
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (stream, from) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(_) => continue,
            },
            Some(_) = connections.join_next() => continue,
        };
        let (way, turn) = (Arc::clone(&way), Arc::clone(&turn));
        connections.spawn(async move {
            if !way.door.secure {
                return serve_stream(stream, router(&way, None, from, turn)).await;
            }
            // Whose certificate is shown depends on the name that is asked for.
            let asked = tokio_rustls::LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream);
            let Ok(handshake) = asked.await else { return };
            let name = handshake.client_hello().server_name().map(str::to_lowercase);
            let Some(shown) = tls::shown(&way.cluster, &way.certificates, &way.door, name.as_deref()) else {
                return;
            };
            let Ok(stream) = handshake.into_stream(shown.config).await else { return };
            serve_stream(stream, router(&way, shown.passed, from, turn)).await;
        });
    }
}

/// Answers the requests of one connection. `passed` is the Service that it was passed through to, unread.
fn router(way: &Arc<Way>, passed: Option<pods::Backend>, from: SocketAddr, turn: Arc<AtomicUsize>) -> Router {
    let way = Arc::clone(way);
    let answer = move |request: Request| {
        let turn = turn.fetch_add(1, Ordering::Relaxed);
        let answer = match &passed {
            Some(backend) => pods::answer(&way.cluster, backend, &request, true, turn),
            None => at(&way.cluster, &way.door.namespace, &way.door.service, &request, way.door.secure, turn),
        };
        async move { answer.unwrap_or_else(routing::unreachable) }
    };
    Router::new().fallback(answer).layer(axum::Extension(ConnectInfo(from)))
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

/// What a Service answers: a controller routes by host and path, any other one's pods answer themselves.
fn at(
    cluster: &Cluster,
    namespace: &str,
    service: &str,
    request: &Request,
    secure: bool,
    turn: usize,
) -> Option<Response> {
    let object = cluster.store.get(&Key::namespaced("services", namespace, service))?;
    match engines::of(&cluster.store, &object) {
        Some(engine) if pods::ready(cluster, namespace, service).is_empty() => {
            tracing::debug!(engine.service, "no pod of the controller is ready");
            None
        }
        Some(engine) => Some(routing::route_counted(cluster, &engine, request, secure, turn)),
        None => {
            let backend = pods::Backend { namespace: namespace.to_owned(), service: service.to_owned() };
            pods::answer(cluster, &backend, request, secure, turn)
        }
    }
}

/// Whether somebody is ready behind a Service.
pub(crate) fn is_served(cluster: &Cluster, namespace: &str, service: &str) -> bool {
    !pods::ready(cluster, namespace, service).is_empty()
}

/// What a Service answers to a request from inside the cluster, over TLS with the request's host as its name if `secure`.
/// `None` when there is no such Service or nobody is ready behind it.
pub(crate) fn inside(
    cluster: &Cluster,
    namespace: &str,
    service: &str,
    request: &Request,
    secure: bool,
) -> Option<Response> {
    let object = cluster.store.get(&Key::namespaced("services", namespace, service))?;
    let engine = engines::of(&cluster.store, &object);
    let passed = engine
        .filter(|_| secure)
        .and_then(|engine| routing::passed_through(cluster, &engine, &routing::host(request)));
    match passed {
        Some(backend) => pods::answer(cluster, &backend, request, true, 0),
        None => at(cluster, namespace, service, request, secure, 0),
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
