//! What was seen of the world, and what could not be seen.
//!
//! Each source is `Seen {value, at}` or `Unseen {why}`: one dead machine never blanks the view, and the
//! absence of an answer is never read as an answer. Nothing here decides anything; `step` and `plan` do.

use crate::access::AccessState;
use crate::certificate::CertificateChain;
use crate::credential::CredentialKind;
use crate::facts::MachineFacts;
use crate::preflight::Reading;
use crate::problem::Problem;
use crate::traffic::Rates;
use crate::tunnel::{Tunnel, TunnelId, TunnelState};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use ts_rs::TS;

mod seen;
mod source;

pub use seen::{
    Artefacts, ChartJob, EndpointState, HttpAnswer, IngressHost, LanPath, NameRecords, NodeState, PublicPath,
    TlsAnswer, Tries,
};
pub use source::{ObjectKey, Source};

/// One source's value with the time it was seen (unix ms), or why it was not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum Seen<T> {
    Seen {
        value: T,
        #[ts(type = "number")]
        at: i64,
    },
    Unseen {
        why: Problem,
    },
}

impl<T> Seen<T> {
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Seen { value, .. } => Some(value),
            Self::Unseen { .. } => None,
        }
    }
}

/// Everything that was asked for, as it was seen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    /// Unix ms at which observing ended.
    pub at: i64,
    pub machines: BTreeMap<String, Seen<MachineFacts>>,
    pub artefacts: Option<Seen<Artefacts>>,
    pub kubeconfig: Option<Seen<()>>,
    pub nodes: Option<Seen<Vec<NodeState>>>,
    pub objects: BTreeMap<ObjectKey, Seen<Option<Value>>>,
    pub chart_jobs: BTreeMap<String, Seen<ChartJob>>,
    pub endpoints: BTreeMap<String, Seen<Vec<EndpointState>>>,
    pub records: BTreeMap<String, Seen<NameRecords>>,
    pub lan_paths: BTreeMap<String, Seen<LanPath>>,
    pub public_paths: BTreeMap<String, Seen<PublicPath>>,
    /// By the controller's name, then hostname and address.
    pub controllers: BTreeMap<String, Seen<Tries>>,
    pub tunnel_ids: BTreeMap<String, Seen<Option<TunnelId>>>,
    pub tunnels: BTreeMap<String, Seen<Option<Tunnel>>>,
    pub tunnel_tokens: BTreeMap<String, Seen<Option<String>>>,
    pub tunnel_states: BTreeMap<String, Seen<Option<TunnelState>>>,
    pub access: BTreeMap<String, Seen<AccessState>>,
    pub credentials: BTreeMap<CredentialKind, Seen<Option<String>>>,
    /// By `namespace/name`.
    pub certificates: BTreeMap<String, Seen<CertificateChain>>,
    /// By node: unix ms by that node's own clock at which it renewed its lease.
    pub clocks: Option<Seen<BTreeMap<String, i64>>>,
    pub ingress_hosts: Option<Seen<Vec<IngressHost>>>,
    pub traffic: Option<Seen<Rates>>,
}

impl Observed {
    pub fn facts(&self, machine: &str) -> Option<&MachineFacts> {
        self.machines.get(machine)?.value()
    }

    /// The facts of every machine that was read, as preflight takes them.
    pub fn readings(&self) -> BTreeMap<String, Reading> {
        let read = self.machines.iter().filter_map(|(name, seen)| match seen {
            Seen::Seen { value, at } => Some((name.clone(), Reading { facts: value.clone(), at: *at })),
            Seen::Unseen { .. } => None,
        });
        read.collect()
    }

    pub fn node(&self, name: &str) -> Option<&NodeState> {
        self.nodes.as_ref()?.value()?.iter().find(|node| node.name == name)
    }

    /// Machines that were there and answer no more: what the cluster said of them is older than that.
    pub fn fell_silent(&mut self, away: &BTreeSet<IpAddr>) {
        let Some(Seen::Seen { value: nodes, .. }) = &mut self.nodes else { return };
        let away = |node: &&mut NodeState| node.ready && node.address.is_some_and(|at| away.contains(&at));
        let mut silent = BTreeSet::new();
        for node in nodes.iter_mut().filter(away) {
            node.ready = false;
            node.reason = "NoAnswer".into();
            silent.insert(node.name.as_str());
        }
        let endpoints = self.endpoints.values_mut().filter_map(|seen| match seen {
            Seen::Seen { value, .. } => Some(value),
            Seen::Unseen { .. } => None,
        });
        for endpoint in endpoints.flatten() {
            endpoint.ready &= !endpoint.node.as_deref().is_some_and(|node| silent.contains(node));
        }
    }

    /// Takes over what broke since: nodes and certificates that are not ready any more, services with fewer ready endpoints, and
    /// names that no rule leads to any more. What came back is for the next look to say, which tries the ways to it as well.
    /// Gives whether anything did.
    pub fn broke(&mut self, since: Self) -> bool {
        let mut broken = false;
        if let Some(Seen::Seen { value: nodes, .. }) = &mut self.nodes {
            for node in nodes.iter_mut().filter(|node| node.ready) {
                let now = since.node(&node.name).filter(|now| !now.ready);
                broken |= now.is_some();
                now.cloned().into_iter().for_each(|now| *node = now);
            }
        }
        let ready = |seen: &Seen<Vec<EndpointState>>| {
            seen.value().map(|endpoints| endpoints.iter().filter(|endpoint| endpoint.ready).count())
        };
        for (service, now) in since.endpoints {
            let Some(then) = self.endpoints.get_mut(&service) else { continue };
            if ready(&now).zip(ready(then)).is_some_and(|(now, then)| now < then) {
                *then = now;
                broken = true;
            }
        }
        let hosts = |seen: &Option<Seen<Vec<IngressHost>>>| seen.as_ref().and_then(Seen::value).cloned();
        if let (Some(then), Some(now)) = (hosts(&self.ingress_hosts), hosts(&since.ingress_hosts))
            && then.iter().any(|host| !now.contains(host))
        {
            self.ingress_hosts = since.ingress_hosts;
            broken = true;
        }
        for (name, now) in since.certificates {
            let Some(then) = self.certificates.get_mut(&name) else { continue };
            let ready = |seen: &Seen<CertificateChain>| seen.value().map(|chain| chain.ready);
            if (ready(then), ready(&now)) == (Some(true), Some(false)) {
                *then = now;
                broken = true;
            }
        }
        broken
    }

    pub fn nodes(&self) -> &[NodeState] {
        self.nodes.as_ref().and_then(Seen::value).map(Vec::as_slice).unwrap_or_default()
    }

    /// The live object; `None` where there is none or it could not be seen.
    pub fn object(&self, key: &ObjectKey) -> Option<&Value> {
        self.objects.get(key).and_then(Seen::value).and_then(Option::as_ref)
    }

    /// The live tunnel of this name, where its configuration was asked for.
    pub fn tunnel(&self, name: &str) -> Option<&Tunnel> {
        self.tunnels.get(name).and_then(Seen::value).and_then(Option::as_ref)
    }

    pub fn tunnel_id(&self, name: &str) -> Option<&TunnelId> {
        self.tunnel_ids.get(name).and_then(Seen::value).and_then(Option::as_ref)
    }

    /// The digest of the tunnel's token.
    pub fn tunnel_token(&self, name: &str) -> Option<&String> {
        self.tunnel_tokens.get(name).and_then(Seen::value).and_then(Option::as_ref)
    }

    /// Takes over what a later look saw, source by source.
    pub fn update(&mut self, later: Observed) {
        self.at = self.at.max(later.at);
        self.machines.extend(later.machines);
        self.objects.extend(later.objects);
        self.chart_jobs.extend(later.chart_jobs);
        self.endpoints.extend(later.endpoints);
        self.records.extend(later.records);
        self.lan_paths.extend(later.lan_paths);
        self.public_paths.extend(later.public_paths);
        self.controllers.extend(later.controllers);
        self.tunnel_ids.extend(later.tunnel_ids);
        self.tunnels.extend(later.tunnels);
        self.tunnel_tokens.extend(later.tunnel_tokens);
        self.tunnel_states.extend(later.tunnel_states);
        self.access.extend(later.access);
        self.credentials.extend(later.credentials);
        self.certificates.extend(later.certificates);
        self.traffic = later.traffic.or(self.traffic.take());
        self.clocks = later.clocks.or(self.clocks.take());
        self.ingress_hosts = later.ingress_hosts.or(self.ingress_hosts.take());
        self.artefacts = later.artefacts.or(self.artefacts.take());
        self.kubeconfig = later.kubeconfig.or(self.kubeconfig.take());
        self.nodes = later.nodes.or(self.nodes.take());
    }

    /// Why a Service has no pods that are ready, where its machines are why, and nothing about the pods: those it has are all
    /// on machines that are away, or it has none and every machine that stands takes no more. `service` is `namespace/name`.
    pub fn machines_fault(&self, service: &str) -> Option<Problem> {
        let endpoints = self.endpoints.get(service).and_then(Seen::value)?;
        let away = |name: &String| self.node(name).filter(|node| !node.ready);
        let on: Option<Vec<&NodeState>> =
            endpoints.iter().map(|endpoint| endpoint.node.as_ref().and_then(away)).collect();
        if let Some(node) = on?.first() {
            return Some(node.problem());
        }
        let standing = self.nodes().iter().filter(|node| node.ready);
        let short: Option<Vec<Problem>> = standing.map(|node| node.shortages().next()).collect();
        short?.into_iter().next()
    }

    /// The addresses that LAN names point at: the Ready workers, or the one node there is.
    pub fn lan_addresses(&self) -> Vec<IpAddr> {
        let nodes = self.nodes();
        let single = nodes.len() == 1;
        let mut addresses: Vec<IpAddr> = nodes
            .iter()
            .filter(|node| node.ready && (single || !node.is_control_plane()))
            .filter_map(|node| node.address)
            .collect();
        // Only servers, all of them untainted: the ingress runs there.
        if addresses.is_empty() && nodes.iter().all(NodeState::is_control_plane) {
            addresses = nodes.iter().filter(|node| node.ready).filter_map(|node| node.address).collect();
        }
        addresses.sort();
        addresses
    }
}
