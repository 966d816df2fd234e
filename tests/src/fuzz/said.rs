//! What machines and people's files say as text or packets: counters, facts, SSH and mDNS, a kubeconfig, cluster.yaml.

use super::homelab::{DESIRED, NOW, judge};
use portico_domain::change::{Change, Desired};
use portico_domain::cluster::{NodeAddress, config_yaml, parse};
use portico_domain::diagnosis::Clues;
use portico_domain::facts::MachineFacts;
use portico_domain::host::{Inventory, Sighting};
use portico_domain::observed::{Artefacts, Observed, Seen};
use portico_domain::plan::{Settings, plan, sources};
use portico_domain::preflight::{Inspection, Reading};
use portico_domain::problem::Problem;
use portico_domain::stack::IngressController;
use portico_domain::traffic::Reading as Counted;
use portico_domain::traffic::{Counter, Counts, OwnRequests, Rates};
use portico_world::fuzz;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::LazyLock;

/// Up to here it is one text, from here on another.
const CUT: &str = "\n---\n";

fn halves(input: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(input).into_owned();
    match text.split_once(CUT) {
        Some((one, other)) => (one.to_owned(), other.to_owned()),
        None => (text.clone(), text),
    }
}

/// Two readings of the counters.
pub fn metrics(input: &[u8]) {
    let (earlier, later) = halves(input);
    let counters =
        [Counter::Controller(IngressController::Nginx), Counter::Controller(IngressController::Traefik)];
    for counter in counters {
        let counted = |counter: Counter, text: &str| -> Counts {
            counter.read(text).map(|count| ("pod".to_owned(), count)).into_iter().collect()
        };
        let reading = |at, text: &str| Counted {
            at,
            controller: counted(counter, text),
            tunnel: counted(Counter::Cloudflared, text),
        };
        let own = OwnRequests { hosts: BTreeMap::from([("echo.example.test".into(), 3)]), tunnel: 1 };
        let rates = Rates::between(&reading(NOW - 10_000, &earlier), &reading(NOW, &later), &own);
        let observed =
            Observed { at: NOW, traffic: Some(Seen::Seen { value: rates, at: NOW }), ..Observed::default() };
        judge(&DESIRED, &observed, &Clues::default());
    }
}

/// What the facts script says on two machines.
pub fn facts(input: &[u8]) {
    let (one, other) = halves(input);
    let readings: BTreeMap<String, Reading> = [("pi-1", one), ("pi-2", other)]
        .map(|(name, text)| (name.to_owned(), Reading { facts: MachineFacts::parse(&text).0, at: NOW }))
        .into();
    build(&DESIRED, readings);
}

/// Judges the machines, and plans a cluster on them.
fn build(desired: &Desired, readings: BTreeMap<String, Reading>) {
    let Some(document) = &desired.cluster else { return };
    let version = "v1.34.4+k3s1".parse().expect("a version");
    _ = Inspection { document, version: &version, readings: &readings }.findings();
    for machine in &document.machines {
        let Some(reading) = readings.get(&machine.name) else { continue };
        _ = (
            NodeAddress::of(document, machine, &reading.facts),
            config_yaml(document, machine, &reading.facts),
        );
    }
    let digest = "0".repeat(64);
    let binaries = ["x86_64", "aarch64", "armv7l"].map(|of| (of.to_owned(), digest.clone())).into();
    let artefacts = Artefacts { installer: digest, binaries, images: BTreeMap::new() };
    let seen = |reading: Reading| Seen::Seen { value: reading.facts, at: reading.at };
    let observed = Observed {
        at: NOW,
        machines: readings.into_iter().map(|(name, reading)| (name, seen(reading))).collect(),
        artefacts: Some(Seen::Seen { value: artefacts, at: NOW }),
        ..Observed::default()
    };
    let change = Change::BuildCluster { document: document.clone() };
    _ = sources(&change, desired, &observed, &Settings::default());
    if let Ok(plan) = plan(&change, desired, &observed, &Settings::default()) {
        _ = (plan.hindrance(), serde_json::to_string(&plan).expect("JSON"));
    }
}

const AT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 9));

fn seen(sightings: impl IntoIterator<Item = Sighting>) {
    let mut inventory = Inventory::new(22, 6443);
    inventory.begin(NOW);
    for sighting in sightings {
        inventory
            .take(Sighting::Port { ip: AT, port: 22, state: portico_domain::host::PortState::Open }, NOW);
        inventory.take(sighting, NOW);
    }
    inventory.finish();
    _ = serde_json::to_string(&inventory).expect("JSON");
}

/// The first bytes of a server on port 22.
pub fn ssh(input: &[u8]) {
    let (sighting, _) = fuzz::ssh(AT, input);
    seen([sighting]);
}

/// A packet on port 5353, and its bytes as the names of a service.
pub fn mdns(input: &[u8]) {
    static READER: LazyLock<fuzz::Announcements> =
        LazyLock::new(|| fuzz::Announcements::listen().expect("loopback can be listened on"));
    let heard = READER.hear(input);
    let text = String::from_utf8_lossy(input);
    let names: Vec<&str> = text.splitn(3, '\0').collect();
    let name = |at: usize| names.get(at).copied().unwrap_or_default();
    let addresses =
        input.iter().take(20).map(|last| IpAddr::from([192, 168, 1, *last])).chain([AT]).collect();
    let said = fuzz::announced(addresses, name(0), name(1), name(2), 22);
    seen(heard.into_iter().chain([said]));
}

pub fn kubeconfig(input: &[u8]) {
    use tokio::runtime::{Builder, Runtime};
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
    });
    RUNTIME.block_on(fuzz::kubeconfig(&String::from_utf8_lossy(input)));
}

/// A person's cluster.yaml, with machines as they are found.
pub fn cluster(input: &[u8]) {
    let document = match parse(&String::from_utf8_lossy(input)) {
        Ok(document) => document,
        Err(problems) => return drop(problems.iter().map(Problem::to_string).collect::<Vec<_>>()),
    };
    _ = document.problems();
    let facts = include_str!("../../fuzz/corpus/facts/raspberry-pi");
    let (facts, _) = MachineFacts::parse(facts);
    let machines = document.machines.iter().map(|machine| machine.name.clone());
    let readings = machines.map(|name| (name, Reading { facts: facts.clone(), at: NOW })).collect();
    build(&Desired { cluster: Some(document), ..DESIRED.clone() }, readings);
}
