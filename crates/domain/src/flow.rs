//! The picture of how traffic flows: built here from what is wanted and what was seen, drawn elsewhere.
//!
//! Columns are fixed by kind of hop; positions are the client's. Unknown is a value of its own and never
//! passes for healthy: evidence that is older than [`STALE_AFTER_MS`] says nothing about now.

use crate::certificate::CertificateChain;
use crate::change::Desired;
use crate::dns::explain;
use crate::exposure::{Exposure, Reach};
use crate::observed::{EndpointState, HttpAnswer, NodeState, Observed, Seen};
use crate::problem::{Code, Problem};
use crate::stack::IngressController;
use crate::step::is_serving;
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
    pub reach: Reach,
    pub hops: Vec<String>,
    pub health: Health,
    /// What is worth knowing about it besides its hops: a certificate on its way, resolvers that disagree.
    pub notes: Vec<Problem>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FlowGraph {
    pub hops: Vec<Hop>,
    pub edges: Vec<Edge>,
    pub paths: Vec<Path>,
    /// What is worth knowing about all of it, for as long as it is so.
    pub conditions: Vec<Problem>,
    #[ts(type = "number")]
    pub seen_at: i64,
}

/// Draws the path of every exposure. `now` is unix ms.
pub fn flow(desired: &Desired, observed: &Observed, now: i64) -> FlowGraph {
    let mut graph = FlowGraph { seen_at: observed.at, ..FlowGraph::default() };
    if desired.cluster.is_none() {
        return graph;
    }
    let nodes = fresh(observed.nodes.as_ref(), now);
    let entries = entry_nodes(observed, nodes);
    graph.conditions.extend(desired.ingress().condition());
    let is_public = |exposure: &&Exposure| exposure.reach == Reach::Public;
    if desired.exposures.iter().any(|exposure| is_public(&exposure)) {
        graph.add(Column::Who, "internet", "Internet", String::new(), (Health::Up, None));
        let name = desired.stack.tunnel.as_deref().unwrap_or_default();
        let (detail, judged) = tunnel(name, observed, now);
        graph.add(Column::WayIn, "tunnel", name, detail, judged);
    }
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
        desired.ingress().component().name(),
        String::new(),
        controller(desired.ingress(), observed, now),
    );
    for exposure in &desired.exposures {
        graph.add_path(desired, exposure, observed, &entries, nodes, now);
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
        desired: &Desired,
        exposure: &Exposure,
        observed: &Observed,
        entries: &[&NodeState],
        nodes: Option<&Vec<NodeState>>,
        now: i64,
    ) {
        let service = format!("service/{}", exposure.name);
        let endpoints = observed.endpoints.get(&endpoints_key(exposure));
        let ready = fresh(endpoints, now);
        self.add(
            Column::Service,
            &service,
            &exposure.name,
            exposure.namespace().into(),
            service_health(ready, exposure, observed),
        );
        let mut hops = match exposure.reach {
            Reach::Lan => self.lan_hops(desired, exposure, observed, entries, now),
            Reach::Public => self.internet_hops(exposure, observed, now),
        };
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
            reach: exposure.reach,
            hops,
            health,
            notes: notes(desired, exposure, observed),
        });
    }

    /// LAN, name, one way in for each worker.
    fn lan_hops(
        &mut self,
        desired: &Desired,
        exposure: &Exposure,
        observed: &Observed,
        entries: &[&NodeState],
        now: i64,
    ) -> Vec<String> {
        let name = format!("name/{}", exposure.hostname);
        let seen = fresh(observed.lan_paths.get(exposure.hostname.as_str()), now);
        let wanted: BTreeSet<IpAddr> = observed.lan_addresses().into_iter().collect();
        let at_home = desired.stack.home_domain().is_some();
        let judged = name_health(seen, &wanted, exposure, at_home);
        let records = seen.map_or(wanted.len(), |path| path.answers.authoritative().len());
        self.add(Column::Name, &name, exposure.hostname.as_str(), format!("{records} × A"), judged);
        self.connect("lan", &name, None, None);
        let mut hops = vec!["lan".to_owned(), name.clone()];
        for node in entries {
            let way_in = format!("way-in/{}", node.name);
            let answer = seen.zip(node.address).and_then(|(path, address)| path.http.get(&address));
            let (health, latency) = answered(answer);
            self.connect(&name, &way_in, None, None);
            self.connect(&way_in, "ingress", Some(health.max(self.health(&way_in))), latency);
            hops.push(way_in);
        }
        hops
    }

    /// Internet, name, tunnel.
    fn internet_hops(&mut self, exposure: &Exposure, observed: &Observed, now: i64) -> Vec<String> {
        let name = format!("name/{}", exposure.hostname);
        let seen = fresh(observed.public_paths.get(exposure.hostname.as_str()), now);
        let judged = match seen {
            None => (Health::Unknown, None),
            Some(path) if path.answers.authoritative().is_empty() => {
                (Health::Down, Some(Problem::new(Code::RecordMissing).arg("hostname", &exposure.hostname)))
            }
            Some(_) => (Health::Up, None),
        };
        let detail = if exposure.access.is_empty() { "CNAME" } else { "CNAME, Access" };
        self.add(Column::Name, &name, exposure.hostname.as_str(), detail.into(), judged);
        self.connect("internet", &name, None, None);
        let (health, latency) = answered(seen.map(|path| &path.http));
        self.connect(&name, "tunnel", Some(health.max(self.health("tunnel"))), latency);
        self.connect("tunnel", "ingress", None, None);
        vec!["internet".into(), name, "tunnel".into()]
    }
}

fn answered(answer: Option<&Result<HttpAnswer, Problem>>) -> (Health, Option<u32>) {
    match answer {
        Some(Ok(answer)) if answer.status < 500 => (Health::Up, Some(answer.millis)),
        Some(_) => (Health::Down, None),
        None => (Health::Unknown, None),
    }
}

/// Cloudflare's own words on the tunnel, and how many processes hold it open.
fn tunnel(name: &str, observed: &Observed, now: i64) -> (String, Judged) {
    let Some(seen) = fresh(observed.tunnel_states.get(name), now) else {
        return (String::new(), (Health::Unknown, None));
    };
    let Some(tunnel) = seen else {
        return (String::new(), (Health::Down, Some(Problem::new(Code::TunnelMissing).arg("tunnel", name))));
    };
    let problem = || {
        let problem = Problem::new(Code::TunnelDown).arg("tunnel", name).arg("status", &tunnel.status);
        Some(problem)
    };
    let judged = match tunnel.status.as_str() {
        "healthy" => (Health::Up, None),
        "degraded" => (Health::Degraded, problem()),
        _ => (Health::Down, problem()),
    };
    (format!("{} × cloudflared", tunnel.connectors), judged)
}

fn notes(desired: &Desired, exposure: &Exposure, observed: &Observed) -> Vec<Problem> {
    let hostname = &exposure.hostname;
    let certificate = exposure.certificate(desired.stack.issuer()).and_then(|secret| {
        let key = format!("{}/{secret}", exposure.namespace());
        observed.certificates.get(&key).and_then(Seen::value).and_then(CertificateChain::problem)
    });
    let lan = observed.lan_paths.get(hostname.as_str()).and_then(Seen::value).map(|path| &path.answers);
    let public = observed.public_paths.get(hostname.as_str()).and_then(Seen::value).map(|path| &path.answers);
    let answers = if exposure.reach == Reach::Lan { lan } else { public };
    // At home there is one resolver, and the name's own hop says what it lacks.
    let several = desired.stack.home_domain().is_none();
    let resolvers = answers.filter(|_| several).and_then(|answers| explain(hostname, answers));
    certificate.into_iter().chain(resolvers).collect()
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
        // From the internet there is one way, the tunnel, and it is among the others; the LAN without one is not known.
        _ if hops.iter().any(|id| id == "tunnel") => Health::Up,
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
    if node.ready { (Health::Up, None) } else { (Health::Down, Some(node.problem())) }
}

fn controller(controller: IngressController, observed: &Observed, now: i64) -> Judged {
    let keys = controller.component().health();
    let Some(key) = keys.first() else { return (Health::Unknown, None) };
    match fresh(observed.objects.get(key), now) {
        Some(Some(live)) if is_serving(live) => (Health::Up, None),
        Some(_) => (Health::Down, Some(not_ready(&controller.service_key(), &key.name, observed))),
        None => (Health::Unknown, None),
    }
}

/// Why nothing of a workload is ready: the machine that it runs on, or the workload itself.
fn not_ready(service: &str, workload: &str, observed: &Observed) -> Problem {
    let own = || Problem::new(Code::WorkloadNotReady).arg("workload", workload);
    observed.machine_away(service).map_or_else(own, NodeState::problem)
}

fn name_health(
    path: Option<&crate::observed::LanPath>,
    wanted: &BTreeSet<IpAddr>,
    exposure: &Exposure,
    at_home: bool,
) -> Judged {
    let Some(path) = path else { return (Health::Unknown, None) };
    let found: BTreeSet<IpAddr> = path.answers.authoritative().iter().copied().collect();
    // Without a Ready worker there is nowhere that it should lead to: the workers are what is wrong.
    if found == *wanted || wanted.is_empty() && !found.is_empty() {
        return (Health::Up, None);
    }
    let list =
        |addresses: &BTreeSet<IpAddr>| addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ");
    let problem = Problem::new(if at_home { Code::NameNotAtHome } else { Code::ResolveFailed })
        .arg("hostname", &exposure.hostname)
        .arg("expected", list(wanted))
        .arg("found", list(&found));
    let health = if found.is_disjoint(wanted) { Health::Down } else { Health::Degraded };
    (health, Some(problem))
}

fn service_health(
    endpoints: Option<&Vec<EndpointState>>,
    exposure: &Exposure,
    observed: &Observed,
) -> Judged {
    match endpoints {
        Some(endpoints) if endpoints.iter().any(|endpoint| endpoint.ready) => (Health::Up, None),
        Some(_) => (Health::Down, Some(not_ready(&endpoints_key(exposure), &exposure.name, observed))),
        None => (Health::Unknown, None),
    }
}

/// The Service whose endpoints an exposure leads to, as `namespace/name`.
pub fn endpoints_key(exposure: &Exposure) -> String {
    let (service, _) = exposure.service();
    format!("{}/{service}", exposure.namespace())
}
