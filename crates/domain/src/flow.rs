//! The picture of how traffic flows: built here from what is wanted and what was seen, drawn elsewhere.
//!
//! Columns are fixed by kind of hop; positions are the client's. Unknown is a value of its own and never
//! passes for healthy: evidence that is older than [`STALE_AFTER_MS`] says nothing about now.

use crate::change::Desired;
use crate::exposure::{Backend, Exposure};
use crate::observed::{NodeState, Observed, Seen};
use crate::problem::{Code, Problem};
use crate::stack::StackComponent;
use crate::step::is_available;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::IpAddr;
use ts_rs::TS;

/// Evidence older than this decays to Unknown.
pub const STALE_AFTER_MS: i64 = 60_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    Up,
    Degraded,
    Unknown,
    Down,
}

/// Who asks, by which name, on which way in, through the ingress, to which service, on which machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    Who,
    Name,
    WayIn,
    Ingress,
    Service,
    RunsOn,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Hop {
    pub id: String,
    pub column: Column,
    pub label: String,
    /// What is said below the label: an address, a count; plain data, not a sentence.
    pub detail: String,
    pub health: Health,
    /// Why it is not up.
    pub reason: Option<Problem>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    pub from: String,
    pub to: String,
    pub health: Health,
    pub latency_ms: Option<u32>,
}

/// The hops of one service in the order in which a visitor passes them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Path {
    pub service: String,
    pub hostname: String,
    pub hops: Vec<String>,
    pub health: Health,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowGraph {
    pub hops: Vec<Hop>,
    pub edges: Vec<Edge>,
    pub paths: Vec<Path>,
    #[ts(type = "number")]
    pub seen_at: i64,
}

/// Draws the LAN paths of every exposure. `now` is unix ms.
pub fn flow(desired: &Desired, observed: &Observed, now: i64) -> FlowGraph {
    let mut graph = FlowGraph { seen_at: observed.at, ..FlowGraph::default() };
    if desired.cluster.is_none() {
        return graph;
    }
    let nodes = fresh(observed.nodes.as_ref(), now);
    let entries = entry_nodes(observed, nodes);
    graph.add(Column::Who, "lan", "Your LAN", String::new(), (Health::Up, None));
    for node in &entries {
        graph.add(
            Column::WayIn,
            &format!("way-in/{}", node.name),
            &node.name,
            address(node),
            node_health(node),
        );
    }
    graph.add(
        Column::Ingress,
        "ingress",
        StackComponent::IngressNginx.name(),
        String::new(),
        controller(observed, now),
    );
    for exposure in &desired.exposures {
        graph.add_path(exposure, observed, &entries, nodes, now);
    }
    graph.edges.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
    graph.edges.dedup_by(|a, b| a.from == b.from && a.to == b.to);
    graph
}

type Judged = (Health, Option<Problem>);

impl FlowGraph {
    fn add(&mut self, column: Column, id: &str, label: &str, detail: String, (health, reason): Judged) {
        if !self.hops.iter().any(|hop| hop.id == id) {
            self.hops.push(Hop { id: id.into(), column, label: label.into(), detail, health, reason });
        }
    }

    fn health(&self, id: &str) -> Health {
        self.hops.iter().find(|hop| hop.id == id).map_or(Health::Unknown, |hop| hop.health)
    }

    fn connect(&mut self, from: &str, to: &str, health: Option<Health>, latency_ms: Option<u32>) {
        let health = health.unwrap_or_else(|| self.health(from).max(self.health(to)));
        self.edges.push(Edge { from: from.into(), to: to.into(), health, latency_ms });
    }

    fn add_path(
        &mut self,
        exposure: &Exposure,
        observed: &Observed,
        entries: &[&NodeState],
        nodes: Option<&Vec<NodeState>>,
        now: i64,
    ) {
        let name = format!("name/{}", exposure.hostname);
        let service = format!("service/{}", exposure.name);
        let path = observed.lan_paths.get(exposure.hostname.as_str());
        let seen = fresh(path, now);
        let wanted: BTreeSet<IpAddr> = observed.lan_addresses().into_iter().collect();
        let count = wanted.len();
        self.add(
            Column::Name,
            &name,
            exposure.hostname.as_str(),
            format!("{count} × A"),
            name_health(seen, &wanted, exposure),
        );
        let endpoints = observed.endpoints.get(&endpoints_key(exposure));
        let ready = fresh(endpoints, now);
        self.add(
            Column::Service,
            &service,
            &exposure.name,
            exposure.namespace().into(),
            service_health(ready, exposure),
        );
        self.connect("lan", &name, None, None);
        let mut hops = vec!["lan".to_owned(), name.clone()];
        for node in entries {
            let way_in = format!("way-in/{}", node.name);
            let answer = seen.zip(node.address).and_then(|(path, address)| path.http.get(&address));
            let (health, latency) = match answer {
                Some(Ok(answer)) if answer.status < 500 => (Health::Up, Some(answer.millis)),
                Some(_) => (Health::Down, None),
                None => (Health::Unknown, None),
            };
            self.connect(&name, &way_in, None, None);
            self.connect(&way_in, "ingress", Some(health.max(self.health(&way_in))), latency);
            hops.push(way_in);
        }
        self.connect("ingress", &service, None, None);
        hops.extend(["ingress".to_owned(), service.clone()]);
        for endpoint in ready.into_iter().flatten() {
            let Some(node) = &endpoint.node else { continue };
            let id = format!("node/{node}");
            let state = nodes.and_then(|nodes| nodes.iter().find(|found| found.name == *node));
            let judged = state.map_or((Health::Unknown, None), node_health);
            self.add(Column::RunsOn, &id, node, state.map(address).unwrap_or_default(), judged);
            self.connect(&service, &id, None, None);
            if !hops.contains(&id) {
                hops.push(id);
            }
        }
        let health = path_health(self, &hops);
        self.paths.push(Path {
            service: exposure.name.clone(),
            hostname: exposure.hostname.to_string(),
            hops,
            health,
        });
    }
}

/// A path is as healthy as its worst hop, but that several ways in stand in for one another.
fn path_health(graph: &FlowGraph, hops: &[String]) -> Health {
    let (ways_in, others): (Vec<&String>, Vec<&String>) =
        hops.iter().partition(|id| id.starts_with("way-in/"));
    let worst = others.iter().map(|id| graph.health(id)).max().unwrap_or(Health::Unknown);
    let ways: Vec<Health> = ways_in.iter().map(|id| graph.health(id)).collect();
    let in_health = match (ways.iter().min(), ways.iter().max()) {
        (Some(Health::Up), Some(Health::Up)) => Health::Up,
        (Some(Health::Up), _) => Health::Degraded,
        (Some(best), _) => *best,
        _ => Health::Unknown,
    };
    worst.max(in_health)
}

fn fresh<T>(seen: Option<&Seen<T>>, now: i64) -> Option<&T> {
    match seen {
        Some(Seen::Seen { value, at }) if now - at <= STALE_AFTER_MS => Some(value),
        _ => None,
    }
}

fn entry_nodes<'a>(observed: &Observed, nodes: Option<&'a Vec<NodeState>>) -> Vec<&'a NodeState> {
    let ready = observed.lan_addresses();
    let nodes = nodes.map(Vec::as_slice).unwrap_or_default();
    let workers = nodes.iter().any(|node| !node.is_control_plane());
    nodes
        .iter()
        .filter(|node| {
            if workers { !node.is_control_plane() } else { node.address.is_some_and(|a| ready.contains(&a)) }
        })
        .collect()
}

fn address(node: &NodeState) -> String {
    node.address.map(|address| address.to_string()).unwrap_or_default()
}

fn node_health(node: &NodeState) -> Judged {
    if node.ready {
        (Health::Up, None)
    } else {
        (
            Health::Down,
            Some(Problem::new(Code::NodeNotReady).arg("node", &node.name).arg("reason", &node.reason)),
        )
    }
}

fn controller(observed: &Observed, now: i64) -> Judged {
    let key = StackComponent::IngressNginx.health();
    match fresh(observed.objects.get(&key), now) {
        Some(Some(live)) if is_available(live) => (Health::Up, None),
        Some(_) => (Health::Down, Some(Problem::new(Code::WorkloadNotReady).arg("workload", key.name))),
        None => (Health::Unknown, None),
    }
}

fn name_health(
    path: Option<&crate::observed::LanPath>,
    wanted: &BTreeSet<IpAddr>,
    exposure: &Exposure,
) -> Judged {
    let Some(path) = path else { return (Health::Unknown, None) };
    let found: BTreeSet<IpAddr> = path.answers.iter().copied().collect();
    if !wanted.is_empty() && found == *wanted {
        return (Health::Up, None);
    }
    let list =
        |addresses: &BTreeSet<IpAddr>| addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ");
    let problem = Problem::new(Code::ResolveFailed)
        .arg("hostname", &exposure.hostname)
        .arg("expected", list(wanted))
        .arg("found", list(&found));
    let health = if found.is_disjoint(wanted) { Health::Down } else { Health::Degraded };
    (health, Some(problem))
}

fn service_health(endpoints: Option<&Vec<crate::observed::EndpointState>>, exposure: &Exposure) -> Judged {
    match endpoints {
        Some(endpoints) if endpoints.iter().any(|endpoint| endpoint.ready) => (Health::Up, None),
        Some(_) => (Health::Down, Some(Problem::new(Code::WorkloadNotReady).arg("workload", &exposure.name))),
        None => (Health::Unknown, None),
    }
}

/// The Service whose endpoints an exposure leads to, as `namespace/name`.
pub fn endpoints_key(exposure: &Exposure) -> String {
    let service = match &exposure.backend {
        Backend::Echo { .. } => &exposure.name,
        Backend::Service { name, .. } => name,
    };
    format!("{}/{service}", exposure.namespace())
}
