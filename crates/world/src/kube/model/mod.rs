//! The cluster as it stands, held in this process: nodes, Services, the pods behind them, which pods are in trouble, and what
//! leads to each certificate.
//!
//! Each kind is listed once, page by page, and then followed from there on; only what the product reads is decoded at all
//! ([`wire`]), and what is held of it is small ([`table`]). A kind whose last word is too old, or whose watch cannot be
//! had, is not read from here: whoever asks gets nothing and has to ask the server. What stays on the way (`follow`) is
//! never thrown away before there is something newer.

mod follow;
mod table;
pub(super) mod wire;

use super::certificate::{Linked, chain};
use super::pod::PodState;
use portico_domain::certificate::CertificateChain;
use portico_domain::observed::{EndpointState, IngressHost, NodeState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use table::{Names, Table};
use tokio_util::sync::CancellationToken;

/// What was said longer ago says nothing of now. A watch that nothing happens on is opened anew well before that.
const FRESH: Duration = Duration::from_secs(2 * follow::OPEN as u64);

/// Something that the model holds, and how long ago the server last said something about its kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Held<T> {
    pub value: T,
    pub age: Duration,
}

/// A Service that has TCP ports: namespace, name, ports.
pub type ServicePorts = (String, String, Vec<u16>);

/// Empty until somebody follows the cluster for it.
#[derive(Default)]
pub struct Model {
    state: Mutex<State>,
    closed: CancellationToken,
}

#[derive(Default)]
pub(super) struct State {
    names: Names,
    nodes: Table<NodeState>,
    slices: Table<table::Slice>,
    services: Table<Box<[u16]>>,
    pods: Table<table::Pod>,
    ingresses: Table<table::Ingress>,
    /// By their place in `certificate::KINDS`.
    certificates: [Table<Linked>; 4],
}

impl Model {
    /// Whoever follows for it stops: its cluster is another one now.
    pub fn close(&self) {
        self.closed.cancel();
    }

    pub fn nodes(&self) -> Option<Held<Vec<NodeState>>> {
        let state = self.state();
        state.nodes.held(|nodes| nodes.all().map(|(_, _, node)| node.clone()).collect())
    }

    /// The pods behind a Service.
    pub fn endpoints(&self, namespace: &str, service: &str) -> Option<Held<Vec<EndpointState>>> {
        let state = self.state();
        state.slices.held(|slices| {
            let of_service = slices.within(namespace).filter(|(_, slice)| &*slice.service == service);
            of_service.flat_map(|(_, slice)| slice.endpoints.iter().map(EndpointState::from)).collect()
        })
    }

    /// Services that have TCP ports.
    pub fn services(&self) -> Option<Held<Vec<ServicePorts>>> {
        let state = self.state();
        state.services.held(|services| {
            let named = services.all().filter(|(_, _, ports)| !ports.is_empty());
            named.map(|(namespace, name, ports)| (namespace.into(), name.into(), ports.to_vec())).collect()
        })
    }

    /// The pods of a namespace whose names begin with `prefix`.
    pub fn pods(&self, namespace: &str, prefix: &str) -> Option<Held<Vec<PodState>>> {
        let state = self.state();
        state.pods.held(|pods| {
            let named = pods.within(namespace).filter(|(name, _)| name.starts_with(prefix));
            named.map(|(name, pod)| pod.told(name)).collect()
        })
    }

    /// As [`super::Kube::ingress_hosts`] has them.
    pub fn ingress_hosts(&self) -> Option<Held<Vec<IngressHost>>> {
        let state = self.state();
        state.ingresses.held(|ingresses| {
            ingresses.all().flat_map(|(namespace, name, ingress)| ingress.told(namespace, name)).collect()
        })
    }

    /// A certificate and what leads to it, as [`super::Kube::certificate`] has it.
    pub fn certificate(&self, namespace: &str, name: &str) -> Option<Held<CertificateChain>> {
        let state = self.state();
        let ages = state.certificates.iter().map(|table| table.progress.age());
        let age = ages.collect::<Option<Vec<_>>>()?.into_iter().max().unwrap_or_default();
        let [certificates, leading @ ..] = &state.certificates;
        let mut rows: Vec<Linked> = certificates.get(namespace, name).into_iter().cloned().collect();
        for table in leading {
            let Some(last) = rows.last() else { break };
            let owned = last.leading(table.within(namespace).map(|(_, row)| row));
            if owned.is_empty() {
                break;
            }
            rows.extend(owned);
        }
        Some(Held { value: chain(namespace, name, rows), age })
    }

    /// How many rows there are of nodes, slices, Services and pods, whether or not they are fresh.
    pub fn sizes(&self) -> [usize; 4] {
        let state = self.state();
        [state.nodes.len(), state.slices.len(), state.services.len(), state.pods.len()]
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far one kind is.
#[derive(Debug, Default)]
struct Progress {
    /// The resource version that is known, where a list has come to its end.
    version: Option<Box<str>>,
    /// When the server last said something.
    heard: Option<Instant>,
    /// Its watch can be had.
    followed: bool,
}

impl Progress {
    fn age(&self) -> Option<Duration> {
        let age = self.heard?.elapsed();
        (self.followed && self.version.is_some() && age < FRESH).then_some(age)
    }
}
