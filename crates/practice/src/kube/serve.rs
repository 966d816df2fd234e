//! Listeners: one API on each machine that runs a K3s server, for as long as it does.

use super::api::{Api, router};
use super::cluster::Cluster;
use super::control;
use crate::fault::Service;
use crate::homelab::{Homelab, Machine, Power, Role, UnitState};
use crate::http;
use crate::machines::Handle;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

/// Which API a machine serves; a change of any part means new listeners and new connections.
#[derive(Clone, PartialEq, Eq)]
struct Serving {
    cluster: usize,
    generation: u64,
    hung: bool,
}

/// Serves the Kubernetes API of every cluster at `homelab.ports.api`, and runs the clusters' controllers.
pub fn serve(homelab: Arc<Homelab>) -> Handle {
    Handle::of(supervise(homelab))
}

async fn supervise(homelab: Arc<Homelab>) {
    let mut listeners: BTreeMap<Ipv4Addr, (Serving, AbortOnDropHandle<()>)> = BTreeMap::new();
    let mut controllers = Vec::new();
    let mut changes = homelab.watch();
    loop {
        let clusters = homelab.read(|state| state.clusters.clone());
        for cluster in &clusters[controllers.len()..] {
            let run = control::run(Arc::clone(&homelab), Arc::clone(cluster));
            controllers.push(AbortOnDropHandle::new(tokio::spawn(run)));
        }
        let wanted: BTreeMap<Ipv4Addr, (Serving, Machine)> = homelab.read(|state| {
            let serving = state
                .machines
                .iter()
                .filter_map(|machine| Some((machine.address, (serving(machine)?, machine.clone()))));
            serving.collect()
        });
        listeners.retain(|address, (now, _)| wanted.get(address).is_some_and(|(serving, _)| serving == now));
        for (address, (serving, machine)) in wanted {
            if listeners.contains_key(&address) {
                continue;
            }
            let Some(cluster) = clusters.get(serving.cluster).cloned() else { continue };
            let task = tokio::spawn(listen(Arc::clone(&homelab), cluster, machine, serving.hung));
            listeners.insert(address, (serving, AbortOnDropHandle::new(task)));
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

fn serving(machine: &Machine) -> Option<Serving> {
    let k3s = machine.k3s.as_ref()?;
    let up = k3s.state == UnitState::Active && k3s.role == Role::Server && machine.power != Power::Off;
    up.then_some(Serving {
        cluster: k3s.cluster?,
        generation: k3s.generation,
        hung: machine.power == Power::Hung,
    })
}

async fn listen(homelab: Arc<Homelab>, cluster: Arc<Cluster>, machine: Machine, hung: bool) {
    let mut names: Vec<String> = [
        "127.0.0.1",
        "10.43.0.1",
        "localhost",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc.cluster.local",
    ]
    .map(str::to_owned)
    .to_vec();
    names.push(machine.address.to_string());
    names.push(machine.name.to_lowercase());
    names.extend(cluster.settings.list("tls-san"));
    let tls = match cluster.authority.tls(names) {
        Ok(tls) => TlsAcceptor::from(tls),
        Err(error) => return tracing::warn!(%error, machine = machine.name, "no certificate for the API"),
    };
    let at = SocketAddr::from((machine.address, homelab.ports.api));
    let listener = loop {
        match TcpListener::bind(at).await {
            Ok(listener) => break listener,
            Err(error) => tracing::warn!(%at, %error, "cannot listen, trying again"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => continue,
            },
            Some(_) = connections.join_next() => continue,
        };
        let (api, tls) = (Api { homelab: Arc::clone(&homelab), cluster: Arc::clone(&cluster) }, tls.clone());
        connections.spawn(async move {
            if hung {
                // The kernel accepts for a program that will never answer.
                std::future::pending::<()>().await;
            }
            let _ = stream.set_nodelay(true);
            let Ok(stream) = tls.accept(stream).await else { return };
            let known = api.cluster.authority.admits(stream.get_ref().1.peer_certificates());
            let faults = api.homelab.faults.clone();
            http::connection(stream, Service::Kube, faults, router(api, known)).await;
        });
    }
}
