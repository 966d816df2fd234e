//! Putting the picture together: which hops there are, and which leads to which.
//!
//! Hops are numbered while they are collected: with two hundred services there are thousands of edges, and looking each
//! end up by its name would take longer than all the rest.

use super::judge::{self, Judged, answered, fresh};
use super::{Edge, FlowGraph, Health, Hop, HopKind, Path, STALE_AFTER_MS, endpoints_key};
use crate::certificate::CertificateChain;
use crate::change::Desired;
use crate::diagnosis::{Clues, Walk, silence};
use crate::dns::explain;
use crate::exposure::{Exposure, Reach};
use crate::observed::{NodeState, Observed, Seen};
use crate::problem::Problem;
use crate::traffic::{Rate, Rates};
use std::collections::HashMap;

/// A hop's number.
type At = usize;

/// What is known of an edge besides its ends; health is theirs where it is not said.
#[derive(Default)]
struct Link {
    health: Option<Health>,
    latency_ms: Option<u32>,
    rate: Option<Rate>,
}

struct Builder<'a> {
    desired: &'a Desired,
    observed: &'a Observed,
    now: i64,
    clues: Clues,
    nodes: Option<(&'a [NodeState], i64)>,
    /// The machines that LAN names lead to, and their hops.
    entries: Vec<(&'a NodeState, At)>,
    rates: Rates,
    /// What keeps all names from being looked up.
    silence: Option<Problem>,
    hops: Vec<Hop>,
    places: HashMap<String, At>,
    edges: HashMap<(At, At), Edge>,
    paths: Vec<Path>,
}

pub fn build(desired: &Desired, observed: &Observed, now: i64) -> FlowGraph {
    let nodes = fresh(observed.nodes.as_ref(), now).map(|(nodes, at)| (nodes.as_slice(), at));
    let rates = fresh(observed.traffic.as_ref(), now).map(|(rates, _)| rates.clone()).unwrap_or_default();
    let mut builder = Builder {
        desired,
        observed,
        now,
        clues: Clues::default(),
        nodes,
        entries: Vec::new(),
        rates,
        silence: silence(observed).filter(|_| now - observed.at <= STALE_AFTER_MS),
        hops: Vec::new(),
        places: HashMap::new(),
        edges: HashMap::new(),
        paths: Vec::new(),
    };
    let internet = desired.exposures.iter().any(|exposure| exposure.reach == Reach::Public);
    let internet = internet.then(|| builder.internet());
    let lan = builder.visitors(HopKind::Lan, "lan", "Your LAN");
    builder.workers();
    let ingress = builder.controller();
    if let Some((_, _, cloudflared)) = internet {
        builder.connect(cloudflared, ingress, Link { rate: builder.rates.tunnel, ..Link::default() });
    }
    for exposure in &desired.exposures {
        builder.path(exposure, internet, lan, ingress);
    }
    builder.finish()
}

impl<'a> Builder<'a> {
    fn add(&mut self, kind: HopKind, id: String, label: &str, detail: String, judged: Judged) -> At {
        if let Some(at) = self.places.get(&id) {
            return *at;
        }
        let at = self.hops.len();
        self.places.insert(id.clone(), at);
        self.hops.push(Hop {
            id,
            kind,
            column: kind.column(),
            label: label.into(),
            detail,
            health: Health::Unknown,
            evidence: String::new(),
            reason: None,
            because: None,
            seen_at: None,
            rate: None,
            members: Vec::new(),
        });
        self.judge(at, judged);
        at
    }

    fn judge(&mut self, at: At, judged: Judged) {
        let hop = &mut self.hops[at];
        hop.health = judged.health();
        (hop.evidence, hop.reason, hop.seen_at) = (judged.evidence, judged.reason, judged.at);
    }

    /// Who visits is no hop that could fail, but for those who cannot look any name up.
    fn visitors(&mut self, kind: HopKind, id: &str, label: &str) -> At {
        let judged = judge::visitors(kind, self.silence.as_ref(), self.observed.at);
        self.add(kind, id.into(), label, String::new(), judged)
    }

    fn health(&self, at: At) -> Health {
        self.hops[at].health
    }

    fn connect(&mut self, from: At, to: At, link: Link) {
        let health = link.health.unwrap_or_else(|| self.health(from).max(self.health(to)));
        let hops = &self.hops;
        // What the first name says of an edge that many share is what it is.
        self.edges.entry((from, to)).or_insert_with(|| Edge {
            from: hops[from].id.clone(),
            to: hops[to].id.clone(),
            health,
            latency_ms: link.latency_ms,
            rate: link.rate,
        });
    }

    /// The internet, the edge that it meets, and who holds the tunnel's end.
    fn internet(&mut self) -> (At, [At; 2], At) {
        let internet = self.visitors(HopKind::Internet, "internet", "Internet");
        // Who cannot look names up cannot say how the edge is.
        let edge = match self.silence {
            Some(_) => Judged::unknown(),
            None => judge::edge(self.observed, self.now),
        };
        let edge = self.add(HopKind::Edge, "edge".into(), "Cloudflare", String::new(), edge);
        let name = self.desired.stack.tunnel.as_deref().unwrap_or_default();
        let (judged, detail) = judge::tunnel(name, self.observed, self.now);
        let open = judged.health();
        let tunnel = self.add(HopKind::Tunnel, "tunnel".into(), name, detail, judged);
        let (judged, ready) = judge::cloudflared(open, self.observed, self.now);
        let cloudflared = self.add(HopKind::Cloudflared, "cloudflared".into(), "cloudflared", ready, judged);
        let rate = self.rates.tunnel;
        for at in [tunnel, cloudflared] {
            self.hops[at].rate = rate;
        }
        self.connect(edge, tunnel, Link { rate, ..Link::default() });
        self.connect(tunnel, cloudflared, Link { rate, ..Link::default() });
        (internet, [edge, tunnel], cloudflared)
    }

    fn workers(&mut self) {
        let Some((nodes, at)) = self.nodes else { return };
        let ready = self.observed.lan_addresses();
        let workers = nodes.iter().any(|node| !node.is_control_plane());
        let is_entry = |node: &&NodeState| {
            if workers { !node.is_control_plane() } else { node.address.is_some_and(|a| ready.contains(&a)) }
        };
        for node in nodes.iter().filter(is_entry) {
            let id = format!("way-in/{}", node.name);
            let judged = judge::way_in(node, at, self.observed, self.now);
            let hop = self.add(HopKind::Worker, id, &node.name, address(node), judged);
            self.entries.push((node, hop));
        }
    }

    fn controller(&mut self) -> At {
        let controller = self.desired.ingress();
        let (judged, ready) = judge::controller(controller, self.observed, self.now);
        let name = controller.component().name();
        let at = self.add(HopKind::Controller, "ingress".into(), name, ready, judged);
        self.hops[at].rate = self.rates.controller;
        at
    }

    fn path(&mut self, exposure: &'a Exposure, internet: Option<(At, [At; 2], At)>, lan: At, ingress: At) {
        let clues = std::mem::take(&mut self.clues);
        let walk = judge::walk(self.desired, exposure, self.observed, &clues, self.now);
        let rate = self.rates.of(exposure, self.desired.ingress());
        let judged = judge::pods(&walk);
        let service = format!("service/{}", exposure.name);
        let namespace = exposure.namespace().to_owned();
        let service = self.add(HopKind::Service, service, &exposure.name, namespace, judged.clone());
        self.hops[service].rate = rate;
        let mut hops = match (exposure.reach, internet) {
            (Reach::Public, Some(internet)) => self.internet_hops(&walk, internet),
            _ => self.lan_hops(&walk, lan, ingress),
        };
        hops.push(ingress);
        // Where its pods are ready and the way to it stands, what a visitor got is the service's own; the controller answers
        // for a name that it has no rule for, too.
        let leads = || matches!(self.path_health(&hops), Health::Up | Health::Degraded);
        let answer = || judge::answer(&walk).filter(|answer| answer.health() == Health::Down && leads());
        if let Some(own) = judge::no_rule(&walk).or_else(answer).filter(|_| judged.health() == Health::Up) {
            self.judge(service, own);
        }
        let mut last = ingress;
        if let Some(certificate) = self.certificate(&walk) {
            self.connect(last, certificate, Link { rate, ..Link::default() });
            hops.push(certificate);
            last = certificate;
        }
        self.connect(last, service, Link { rate, ..Link::default() });
        hops.push(service);
        hops.extend(self.pods(&walk, service, judged, rate));
        let health = self.path_health(&hops);
        self.paths.push(Path {
            service: exposure.name.clone(),
            hostname: exposure.hostname.to_string(),
            reach: exposure.reach,
            hops: hops.iter().map(|at| self.hops[*at].id.clone()).collect(),
            health,
            notes: notes(self.desired, exposure, self.observed),
        });
        self.clues = clues;
    }

    /// LAN, name, one way in for each worker.
    fn lan_hops(&mut self, walk: &Walk<'_>, lan: At, ingress: At) -> Vec<At> {
        let hostname = walk.exposure.hostname.as_str();
        let seen = fresh(self.observed.lan_paths.get(hostname), self.now);
        let records = seen.map_or_else(
            || self.observed.lan_addresses().len(),
            |(path, _)| path.answers.authoritative().unwrap_or_default().len(),
        );
        let judged = judge::record(walk, seen.map(|(_, at)| at));
        let id = format!("name/{hostname}");
        let name = self.add(HopKind::LanRecord, id, hostname, format!("{records} × A"), judged);
        self.connect(lan, name, Link::default());
        let mut hops = vec![lan, name];
        for index in 0..self.entries.len() {
            let (node, way_in) = self.entries[index];
            let answer = seen.zip(node.address).and_then(|((path, _), address)| path.http.get(&address));
            let (health, latency_ms) = answered(answer);
            self.connect(name, way_in, Link::default());
            let health = Some(health.max(self.health(way_in)));
            self.connect(way_in, ingress, Link { health, latency_ms, rate: None });
            hops.push(way_in);
        }
        hops
    }

    /// Internet, name, edge, tunnel, and the pods at its end.
    fn internet_hops(
        &mut self,
        walk: &Walk<'_>,
        (internet, [edge, tunnel], cloudflared): (At, [At; 2], At),
    ) -> Vec<At> {
        let hostname = walk.exposure.hostname.as_str();
        let seen = fresh(self.observed.public_paths.get(hostname), self.now);
        let judged = judge::record(walk, seen.map(|(_, at)| at));
        let detail = if walk.exposure.access.is_empty() { "CNAME" } else { "CNAME, Access" };
        let name =
            self.add(HopKind::PublicRecord, format!("name/{hostname}"), hostname, detail.into(), judged);
        self.connect(internet, name, Link::default());
        let (health, latency_ms) = answered(seen.map(|(path, _)| &path.http));
        let health = Some(health.max(self.health(edge)));
        self.connect(name, edge, Link { health, latency_ms, rate: None });
        vec![internet, name, edge, tunnel, cloudflared]
    }

    /// One hop for each Secret, however many names it is for.
    fn certificate(&mut self, walk: &Walk<'_>) -> Option<At> {
        let secret = walk.exposure.certificate(self.desired.stack.issuer())?;
        let key = format!("{}/{secret}", walk.exposure.namespace());
        let judged = judge::certificate(walk, &key);
        let ends = judge::ends(walk, &key);
        Some(self.add(HopKind::Certificate, format!("certificate/{key}"), &secret, ends, judged))
    }

    /// The pods behind the service, and the machines that they run on.
    fn pods(&mut self, walk: &Walk<'_>, service: At, judged: Judged, rate: Option<Rate>) -> Vec<At> {
        let key = endpoints_key(walk.exposure);
        let seen = fresh(self.observed.endpoints.get(&key), self.now);
        let endpoints = seen.map(|(endpoints, _)| endpoints.as_slice()).unwrap_or_default();
        let ready = endpoints.iter().filter(|endpoint| endpoint.ready).count();
        let detail = seen.map(|_| format!("{ready}/{}", endpoints.len())).unwrap_or_default();
        let (name, _) = walk.exposure.service();
        let id = format!("pods/{key}");
        let pods = self.add(HopKind::Pods, id, name, detail, judged);
        self.hops[pods].members = judge::members(endpoints);
        self.connect(service, pods, Link { rate, ..Link::default() });
        let mut hops = vec![pods];
        for node in endpoints.iter().filter_map(|endpoint| endpoint.node.as_ref()) {
            let found = self.nodes.and_then(|(nodes, at)| {
                nodes.iter().find(|found| found.name == *node).map(|found| (found, at))
            });
            let judged = found.map_or_else(Judged::unknown, |(found, at)| judge::node(found, at));
            let detail = found.map(|(found, _)| address(found)).unwrap_or_default();
            let machine = self.add(HopKind::Machine, format!("node/{node}"), node, detail, judged);
            self.connect(pods, machine, Link::default());
            if !hops.contains(&machine) {
                hops.push(machine);
            }
        }
        hops
    }

    /// A path is as healthy as its worst hop, but that several ways in stand in for one another, and that a name answers
    /// under a bad certificate, too.
    fn path_health(&self, hops: &[At]) -> Health {
        let of = |kind: HopKind| hops.iter().map(|at| &self.hops[*at]).filter(move |hop| hop.kind == kind);
        let others = hops.iter().map(|at| &self.hops[*at]);
        let others = others.filter(|hop| !matches!(hop.kind, HopKind::Worker | HopKind::Certificate));
        let worst = others.map(|hop| hop.health).max().unwrap_or(Health::Unknown);
        let warns = |hop: &Hop| matches!(hop.health, Health::Degraded | Health::Down);
        let certified = if of(HopKind::Certificate).any(warns) { Health::Degraded } else { Health::Up };
        let ways: Vec<Health> = of(HopKind::Worker).map(|hop| hop.health).collect();
        let in_health = match (ways.iter().min(), ways.iter().max()) {
            (Some(Health::Up), Some(Health::Up)) => Health::Up,
            (Some(Health::Up), _) => Health::Degraded,
            (Some(best), _) => *best,
            // From the internet there is one way, the tunnel, and it is among the others; the LAN without one is not
            // known.
            _ if of(HopKind::Tunnel).next().is_some() => Health::Up,
            _ => Health::Unknown,
        };
        worst.max(in_health).max(certified)
    }

    fn finish(self) -> FlowGraph {
        let mut edges: Vec<Edge> = self.edges.into_values().collect();
        edges.sort_unstable_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
        FlowGraph {
            hops: self.hops,
            edges,
            paths: self.paths,
            conditions: self
                .desired
                .ingress()
                .condition()
                .into_iter()
                .chain(cluster(self.observed))
                .collect(),
            seen_at: self.observed.at,
        }
    }
}

/// Why the cluster cannot be seen, else what its machines run out of.
fn cluster(observed: &Observed) -> Vec<Problem> {
    match &observed.nodes {
        Some(Seen::Unseen { why }) => vec![why.clone()],
        _ => observed.nodes().iter().flat_map(NodeState::shortages).collect(),
    }
}

fn address(node: &NodeState) -> String {
    node.address.map(|address| address.to_string()).unwrap_or_default()
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
