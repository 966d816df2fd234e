//! What Cloudflare and Kubernetes answer, put where it was asked for, and then all that is judged, drawn and planned by it.

use portico_domain::certificate::CertificateChain;
use portico_domain::change::{Change, ComponentAct, Desired};
use portico_domain::condition::{Ledger, Marks, read};
use portico_domain::diagnosis::{Clues, diagnose, ingress_key};
use portico_domain::dns::{Answers, Hostname, wildcards, zone_of};
use portico_domain::flow::{endpoints_key, flow};
use portico_domain::history;
use portico_domain::observed::{
    HttpAnswer, LanPath, NameRecords, ObjectKey, Observed, PublicPath, Seen, TlsAnswer,
};
use portico_domain::plan::{Settings, plan, sources};
use portico_domain::problem::{Code, Problem};
use portico_domain::stack::{IngressController, StackComponent};
use portico_domain::tunnel::{TunnelId, only_ours, service_of};
use portico_world::fuzz::{self, Answer, Question};
use portico_world::k3s;
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::LazyLock;

/// Unix ms.
pub const NOW: i64 = 1_800_000_000_000;
const TUNNEL: &str = "portico-home";

/// Two machines, a name on the LAN and one that the internet reaches, with all that belongs to them.
pub static DESIRED: LazyLock<Desired> = LazyLock::new(|| {
    let machine =
        |name: &str, address: &str, role: &str| json!({"name": name, "address": address, "role": role});
    let exposure = |name: &str, reach: &str, access: &[&str]| {
        json!({"name": name, "hostname": format!("{name}.example.test"), "reach": reach, "access": access,
            "backend": {"kind": "echo", "image": "echo:1"}})
    };
    let document = json!({
        "version": 1,
        "cluster": {
            "version": 1, "name": "home", "k3s": {"release": {"version": "v1.34.4+k3s1"}},
            "machines": [machine("pi-1", "10.0.0.1", "server"), machine("pi-2", "10.0.0.2", "agent")],
        },
        "exposures": [exposure("echo", "lan", &[]), exposure("web", "public", &["me@example.test"])],
        "stack": {"acme": {"email": "me@example.test", "authority": {"kind": "staging"}}, "tunnel": TUNNEL},
    });
    serde_json::from_value(document).expect("a wish")
});

fn now<T>(value: T) -> Seen<T> {
    Seen::Seen { value, at: NOW }
}

/// The parts of an input by their names, as bytes; an input that is no document is every part.
struct Parts<'a>(Option<Value>, &'a [u8]);

impl<'a> Parts<'a> {
    fn of(input: &'a [u8]) -> Self {
        Self(serde_json::from_slice(input).ok().filter(Value::is_object), input)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        match &self.0 {
            Some(document) => document[name].to_string().into_bytes(),
            None => self.1.to_vec(),
        }
    }

    fn list(&self, name: &str) -> Vec<Value> {
        let named = self.0.as_ref().and_then(|document| document[name].as_array());
        named.cloned().unwrap_or_default()
    }
}

pub fn cloudflare(input: &[u8]) {
    let parts = Parts::of(input);
    let status = parts.0.as_ref().and_then(|document| document["status"].as_u64());
    let status = status.and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
    let ask = |question, name: &str| fuzz::cloudflare(question, status, &parts.bytes(name));
    let mut observed = Observed { at: NOW, ..Observed::default() };
    let zones = match ask(Question::Zones, "zones") {
        Ok(Answer::Zones(zones)) => zones,
        _ => Vec::new(),
    };
    let records = match ask(Question::Records, "records") {
        Ok(Answer::Records(records)) => records,
        _ => Vec::new(),
    };
    let names: Vec<Hostname> = DESIRED.exposures.iter().map(|exposure| exposure.hostname.clone()).collect();
    _ = wildcards(&records, &names);
    let id = match ask(Question::Tunnel(TUNNEL.into()), "tunnels") {
        Ok(Answer::Tunnel(found)) => {
            observed.tunnel_states.insert(TUNNEL.into(), now(found.clone().map(|(_, state)| state)));
            observed.tunnel_ids.insert(TUNNEL.into(), now(found.clone().map(|(id, _)| id)));
            found.map(|(id, _)| id)
        }
        _ => None,
    };
    let id = id.unwrap_or(TunnelId { id: "t".into(), account_id: "a".into() });
    if let Ok(Answer::Configuration(tunnel)) = ask(Question::Configuration(id), "configuration") {
        let routes: Vec<_> = names.iter().map(|name| service_of(&tunnel.config, name)).collect();
        _ = (only_ours(&tunnel.config), routes);
        observed.tunnels.insert(TUNNEL.into(), now(Some(tunnel)));
    }
    for name in &names {
        let zone = zone_of(name, &zones).ok();
        let (wild, named) = records
            .iter()
            .cloned()
            .partition(|record: &portico_domain::dns::DnsRecord| record.name.starts_with("*."));
        let records = NameRecords {
            zone_id: zone.map_or("z", |zone| &zone.id).into(),
            zone: zone.map_or("example.test", |zone| &zone.name).into(),
            account_id: "a".into(),
            records: named,
            wildcards: wild,
        };
        observed.records.insert(name.to_string(), now(records));
        for (question, part) in
            [(Question::Apps(name.clone()), "apps"), (Question::Policies(name.clone()), "policies")]
        {
            if let Ok(Answer::Access(state)) = ask(question, part) {
                observed.access.insert(name.to_string(), now(state));
            }
        }
    }
    judge(&DESIRED, &observed, &Clues::default());
}

pub fn kubernetes(input: &[u8]) {
    let parts = Parts::of(input);
    let mut observed = Observed { at: NOW, ..Observed::default() };
    observed.nodes = fuzz::nodes(&parts.bytes("nodes")).map(now);
    _ = fuzz::services(&parts.bytes("services"));
    if let Some(endpoints) = fuzz::endpoints(&parts.bytes("endpoints")) {
        let keys = DESIRED.exposures.iter().map(endpoints_key);
        for key in keys.chain(IngressController::ALL.map(IngressController::service_key)) {
            observed.endpoints.insert(key, now(endpoints.clone()));
        }
    }
    let troubles = fuzz::troubles(&parts.bytes("pods"), &parts.bytes("events")).unwrap_or_default();
    let trouble = k3s::diagnose(&troubles);
    // Each object that is looked at, once as each of the given ones.
    let mut given =
        parts.list("objects").into_iter().map(|object| fuzz::object(object.to_string().as_bytes())).cycle();
    let components = StackComponent::ALL.into_iter().flat_map(StackComponent::health);
    let looked_at: Vec<ObjectKey> = components.chain(DESIRED.exposures.iter().map(ingress_key)).collect();
    for key in looked_at {
        if let Some(object) = given.next() {
            observed.objects.insert(key, now(object));
        }
    }
    let chain: CertificateChain = fuzz::certificate(&parts.list("certificate"));
    _ = (chain.culprit(), chain.problem());
    for name in ["echo", "web"] {
        observed.certificates.insert(format!("apps/{name}-tls"), now(chain.clone()));
        observed.certificates.insert(format!("default/{name}-tls"), now(chain.clone()));
    }
    let clues = Clues {
        trouble: trouble.map(|known| known.explain(Problem::new(Code::WorkloadNotReady))),
        troubles,
        ..Clues::default()
    };
    judge(&DESIRED, &observed, &clues);
}

/// All that is made of what was seen.
pub fn judge(desired: &Desired, observed: &Observed, clues: &Clues) {
    let mut observed = observed.clone();
    let address = IpAddr::from([10, 0, 0, 2]);
    let answers =
        Answers { authoritative: Ok(vec![address]), public: Ok(Vec::new()), system: Ok(vec![address]) };
    let http: Result<HttpAnswer, Problem> = Ok(HttpAnswer { status: 200, millis: 3, location: None });
    let tls =
        TlsAnswer { names: vec!["*.example.test".into()], issuer: "R3".into(), not_after: NOW, millis: 4 };
    for exposure in &desired.exposures {
        let name = exposure.hostname.to_string();
        let addresses = observed.lan_addresses();
        let path = LanPath {
            answers: answers.clone(),
            http: addresses.iter().map(|address| (*address, http.clone())).collect(),
            tls: addresses.iter().map(|address| (*address, Ok(tls.clone()))).collect(),
        };
        observed.lan_paths.entry(name.clone()).or_insert(now(path));
        observed
            .public_paths
            .entry(name)
            .or_insert(now(PublicPath { answers: answers.clone(), http: http.clone() }));
    }
    let graph = flow(desired, &observed, NOW);
    let looked = history::look(&graph, &observed);
    _ = history::Ledger::default().take(NOW, &looked);
    let mut ledger = Ledger::default();
    ledger.look(read(desired, &observed, clues, &[], NOW));
    _ = ledger.conditions(&Marks::default(), NOW);
    for exposure in &desired.exposures {
        _ = serde_json::to_string(&diagnose(desired, &exposure.hostname, &observed, clues, NOW))
            .expect("JSON");
    }
    for change in changes(desired) {
        let Ok(next) = change.apply(desired) else { continue };
        let settings = Settings::default();
        _ = sources(&change, &next, &observed, &settings);
        if let Ok(plan) = plan(&change, &next, &observed, &settings) {
            _ = (plan.hindrance(), serde_json::to_string(&plan).expect("JSON"));
        }
    }
}

fn changes(desired: &Desired) -> Vec<Change> {
    let exposures = desired.exposures.iter().flat_map(|exposure| {
        let exposure = exposure.clone();
        [
            Change::Expose { exposure: exposure.clone(), adopt: true, accept_retired: true },
            Change::Hide { exposure, uninstall: true },
        ]
    });
    let repairs = StackComponent::ALL
        .into_iter()
        .map(|component| Change::Component { component, act: ComponentAct::Repair });
    let removals = StackComponent::ALL
        .into_iter()
        .map(|component| Change::Component { component, act: ComponentAct::Remove });
    let mut changes: Vec<Change> = exposures.chain(repairs).chain(removals).collect();
    changes.extend([
        Change::Reconcile,
        Change::SetUpStack { stack: desired.stack.clone() },
        Change::MoveIngress { to: IngressController::Traefik, accept: None },
    ]);
    changes.extend(desired.cluster.clone().map(|document| Change::BuildCluster { document }));
    changes
}
