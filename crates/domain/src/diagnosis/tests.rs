//! Every fault as it looks from here, and the one cause that explains it.

use super::*;
use crate::access::{AccessApp, AccessState};
use crate::certificate::{CertificateChain, Link};
use crate::change::Desired;
use crate::dns::Answers;
use crate::exposure::{Backend, Tls};
use crate::observed::{
    EndpointState, HttpAnswer, LanPath, NameRecords, NodeState, ObjectKey, PublicPath, TlsAnswer,
};
use crate::stack::{Acme, Authority};
use crate::tunnel::{Tunnel, TunnelId, TunnelState};
use serde_json::{Value, json};
use std::net::IpAddr;

pub(crate) const NOW: i64 = 1_800_000_000_000;
pub(crate) const NAME: &str = "echo.example.test";
pub(crate) const TUNNEL: &str = "portico-home";

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn desired(reach: Reach) -> Desired {
    let exposure = Exposure {
        name: "echo".into(),
        hostname: Hostname::parse(NAME).unwrap(),
        reach,
        tls: Tls::Terminated,
        access: if reach == Reach::Public { vec!["me@example.test".into()] } else { Vec::new() },
        backend: Backend::Echo { image: "echo:1".into() },
    };
    let document = "{version: 1, name: home, k3s: {version: v1.36.3+k3s1}, machines: [
         {name: pi-1, address: 10.0.0.1, role: server}, {name: pi-2, address: 10.0.0.2, role: agent},
         {name: pi-3, address: 10.0.0.3, role: agent}]}";
    let cluster = Some(crate::cluster::parse(document).unwrap());
    let mut desired = Desired { cluster, exposures: vec![exposure], ..Desired::default() };
    desired.stack.acme = Some(Acme { email: "me@example.test".into(), authority: Authority::Staging });
    desired.stack.tunnel = Some(TUNNEL.into());
    desired
}

pub(crate) fn now<T>(value: T) -> Seen<T> {
    Seen::Seen { value, at: NOW }
}

fn node(name: &str, server: bool, at: &str) -> NodeState {
    let label = ("node-role.kubernetes.io/control-plane".to_owned(), "true".to_owned());
    NodeState {
        name: name.into(),
        ready: true,
        reason: String::new(),
        version: "v1.34.4+k3s1".into(),
        address: Some(address(at)),
        labels: server.then_some(label).into_iter().collect(),
        pressures: Vec::new(),
        taints: Vec::new(),
    }
}

fn answered(status: u16) -> HttpAnswer {
    HttpAnswer { status, millis: 3, location: None }
}

/// A homelab in which everything is as it should be.
pub(crate) fn well(desired: &Desired) -> Observed {
    let exposure = &desired.exposures[0];
    let workers = ["10.0.0.2", "10.0.0.3"].map(address);
    let all = Ok(workers.to_vec());
    let answers = Answers { authoritative: all.clone(), public: all.clone(), system: all };
    let shown = TlsAnswer {
        names: vec![NAME.into()],
        issuer: "R3".into(),
        not_after: NOW + 60 * 86_400_000,
        millis: 4,
    };
    let mut observed = Observed {
        at: NOW,
        nodes: Some(now(vec![
            node("pi-1", true, "10.0.0.1"),
            node("pi-2", false, "10.0.0.2"),
            node("pi-3", false, "10.0.0.3"),
        ])),
        clocks: Some(now(["pi-1", "pi-2", "pi-3"].map(|name| (name.to_owned(), NOW - 4_000)).into())),
        ..Observed::default()
    };
    let controller = desired.ingress().component().health().into_iter().next().unwrap();
    observed.objects.insert(controller, now(Some(available())));
    let issuer = desired.stack.issuer();
    observed.objects.insert(ingress_key(exposure), now(Some(exposure.ingress(issuer))));
    let endpoint = EndpointState { pod: Some("echo-1".into()), node: Some("pi-2".into()), ready: true };
    observed.endpoints.insert(crate::flow::endpoints_key(exposure), now(vec![endpoint]));
    let certificate = json!({"metadata": {"name": "echo-tls"}, "status": {"conditions": [{
        "type": "Ready", "status": "True", "reason": "Ready", "message": "",
    }]}});
    let chain = CertificateChain::new("apps", "echo-tls", None, vec![Link::of("Certificate", &certificate)]);
    observed.certificates.insert("apps/echo-tls".into(), now(chain));
    let records = NameRecords {
        zone_id: "z".into(),
        zone: "example.test".into(),
        account_id: "a".into(),
        records: Vec::new(),
        wildcards: Vec::new(),
    };
    observed.records.insert(NAME.into(), now(records));
    match exposure.reach {
        Reach::Lan => {
            let path = LanPath {
                answers,
                http: workers.iter().map(|worker| (*worker, Ok(answered(200)))).collect(),
                tls: workers.iter().map(|worker| (*worker, Ok(shown.clone()))).collect(),
            };
            observed.lan_paths.insert(NAME.into(), now(path));
        }
        Reach::Public => {
            observed.public_paths.insert(NAME.into(), now(PublicPath { answers, http: Ok(answered(302)) }));
            let state = TunnelState { status: "healthy".into(), connectors: 2 };
            observed.tunnel_states.insert(TUNNEL.into(), now(Some(state)));
            let id = TunnelId { id: "t".into(), account_id: "a".into() };
            let service = format!("http://{}:80", desired.ingress().service_host());
            let config =
                json!({"ingress": [{"hostname": NAME, "service": service}, {"service": "http_status:404"}]});
            observed.tunnels.insert(TUNNEL.into(), now(Some(Tunnel { id, version: 1, config })));
            let app = AccessApp {
                id: "i".into(),
                name: "echo".into(),
                account_id: "a".into(),
                emails: vec!["me@example.test".into()],
                other_rules: false,
                policies: Vec::new(),
            };
            let state = AccessState { app: Some(app), policies: Vec::new() };
            observed.access.insert(NAME.into(), now(state));
        }
    }
    observed
}

fn available() -> Value {
    json!({
        "metadata": {"generation": 1}, "spec": {"replicas": 1},
        "status": {
            "observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "readyReplicas": 1,
            "numberReady": 1, "desiredNumberScheduled": 1, "updatedNumberScheduled": 1, "numberAvailable": 1,
            "conditions": [{"type": "Available", "status": "True"}],
        },
    })
}

pub(crate) fn at_home() -> Clues {
    let interface = json!({
        "name": "eth0", "index": 2, "kind": "physical", "mac": null, "up": true, "addresses": ["10.0.0.9"],
        "subnets": ["10.0.0.0/24"], "leftOut": null,
    });
    Clues { interfaces: vec![serde_json::from_value(interface).unwrap()], ..Clues::default() }
}

fn why(reach: Reach, change: impl Fn(&mut Observed, &mut Clues)) -> Diagnosis {
    let desired = desired(reach);
    let (mut observed, mut clues) = (well(&desired), at_home());
    change(&mut observed, &mut clues);
    diagnose(&desired, &Hostname::parse(NAME).unwrap(), &observed, &clues, NOW)
}

fn lan(observed: &mut Observed) -> &mut LanPath {
    match observed.lan_paths.get_mut(NAME) {
        Some(Seen::Seen { value, .. }) => value,
        other => panic!("{other:?}"),
    }
}

fn public(observed: &mut Observed) -> &mut PublicPath {
    match observed.public_paths.get_mut(NAME) {
        Some(Seen::Seen { value, .. }) => value,
        other => panic!("{other:?}"),
    }
}

fn object<'a>(observed: &'a mut Observed, kind: &str) -> (&'a ObjectKey, &'a mut Seen<Option<Value>>) {
    let is = |key: &ObjectKey| (key.kind == "Ingress") == (kind == "Ingress");
    observed.objects.iter_mut().find(|(key, _)| is(key)).unwrap()
}

fn nobody_answers(observed: &mut Observed) {
    for answer in lan(observed).http.values_mut() {
        *answer = Err(Problem::new(Code::ProbeFailed).arg("reason", "no-connection"));
    }
}

pub(crate) fn nobody_says() -> Answers {
    let silent = || Err(Problem::new(Code::ResolveFailed));
    Answers { authoritative: silent(), public: silent(), system: silent() }
}

/// Neither its API nor, since nobody says where its workers are, a way to a name.
pub(crate) fn cluster_is_silent(observed: &mut Observed) {
    observed.nodes = Some(Seen::Unseen { why: Problem::new(Code::KubeUnreachable) });
    for path in observed.lan_paths.values_mut() {
        if let Seen::Seen { value, .. } = path {
            value.http.clear();
            value.tls.clear();
        }
    }
}

#[test]
fn all_is_well_where_nothing_is_wrong() {
    for reach in [Reach::Lan, Reach::Public] {
        let found = why(reach, |_, _| {});
        assert_eq!((Health::Up, None), (found.health, found.cause.clone()), "{:#?}", found.tests);
        assert!(found.tests.iter().all(|test| test.health == Health::Up), "{:#?}", found.tests);
    }
}

#[test]
fn a_name_that_nobody_exposed_is_told_with_those_that_are() {
    let name = Hostname::parse("ehco.example.test").unwrap();
    let found = diagnose(&desired(Reach::Lan), &name, &Observed::default(), &Clues::default(), NOW);
    let cause = found.cause.expect("a cause");
    assert_eq!((Code::NameNotExposed, NAME), (cause.code, cause.args["known"].as_str()));
}

/// Each fault as it looks from here, with all that follows from it, and the one cause.
#[test]
fn a_lan_name_has_one_cause() {
    type Fault = fn(&mut Observed, &mut Clues);
    let faults: &[(Code, Health, Fault)] = &[
        (Code::RecordMissing, Health::Up, |observed, _| {
            let none = Ok(Vec::new());
            lan(observed).answers =
                Answers { authoritative: none.clone(), public: none.clone(), system: none };
        }),
        (Code::NegativeCache, Health::Up, |observed, _| {
            let answers = &mut lan(observed).answers;
            (answers.public, answers.system) = (Ok(Vec::new()), Ok(Vec::new()));
        }),
        (Code::RebindingProtection, Health::Up, |observed, _| {
            lan(observed).answers.system = Ok(Vec::new());
        }),
        (Code::ResolveFailed, Health::Up, |observed, _| {
            let other = Ok(vec![address("10.0.0.77")]);
            lan(observed).answers =
                Answers { authoritative: other.clone(), public: other.clone(), system: other };
        }),
        (Code::ResolverSilent, Health::Up, |observed, _| {
            lan(observed).answers.system = Err(Problem::new(Code::ResolveFailed));
        }),
        (Code::InternetAway, Health::Up, |observed, _| lan(observed).answers = nobody_says()),
        (Code::AwayFromHome, Health::Down, |observed, clues| {
            nobody_answers(observed);
            clues.interfaces[0].subnets = vec!["192.168.7.0/24".parse().unwrap()];
        }),
        (Code::AwayFromHome, Health::Unknown, |observed, clues| {
            cluster_is_silent(observed);
            clues.interfaces[0].subnets = vec!["192.168.7.0/24".parse().unwrap()];
        }),
        (Code::ProbeFailed, Health::Down, |observed, _| nobody_answers(observed)),
        (Code::NodeNotReady, Health::Down, |observed, _| {
            nobody_answers(observed);
            let Some(Seen::Seen { value, .. }) = &mut observed.nodes else { panic!() };
            value.iter_mut().skip(1).for_each(|node| node.ready = false);
        }),
        (Code::WorkloadNotReady, Health::Down, |observed, clues| {
            // The controller answers 503 for it; the pods are why.
            for answer in lan(observed).http.values_mut() {
                *answer = Ok(answered(503));
            }
            let down = EndpointState { pod: Some("echo-1".into()), node: Some("pi-2".into()), ready: false };
            observed.endpoints.values_mut().for_each(|seen| *seen = now(vec![down.clone()]));
            clues.troubles = vec!["echo-1: CrashLoopBackOff: back-off 5m0s".into()];
        }),
        (Code::WorkloadNotReady, Health::Down, |observed, _| {
            nobody_answers(observed);
            *object(observed, "Deployment").1 = now(None);
        }),
        (Code::IngressMissing, Health::Up, |observed, _| *object(observed, "Ingress").1 = now(None)),
        (Code::IngressMissing, Health::Up, |observed, _| observed.ingress_hosts = Some(now(Vec::new()))),
        (Code::IngressClassDiffers, Health::Up, |observed, _| {
            let live = json!({"spec": {"ingressClassName": "other", "rules": [{"host": NAME}]}});
            *object(observed, "Ingress").1 = now(Some(live));
        }),
        (Code::BackendSilent, Health::Down, |observed, _| {
            lan(observed).http.values_mut().for_each(|answer| *answer = Ok(answered(502)));
        }),
        (Code::BackendFails, Health::Down, |observed, _| {
            lan(observed).http.values_mut().for_each(|answer| *answer = Ok(answered(500)));
        }),
        (Code::CertificatePending, Health::Up, |observed, _| {
            let chain = CertificateChain::new("apps", "echo-tls", None, vec![]);
            observed.certificates.insert("apps/echo-tls".into(), now(chain));
        }),
        (Code::CertificateDiffers, Health::Up, |observed, _| {
            let shown = lan(observed).tls.values_mut().filter_map(|shown| shown.as_mut().ok());
            shown.for_each(|shown| shown.issuer = "TRAEFIK DEFAULT CERT".into());
        }),
        (Code::CertificateExpired, Health::Up, |observed, _| {
            let shown = lan(observed).tls.values_mut().filter_map(|shown| shown.as_mut().ok());
            shown.for_each(|shown| shown.not_after = NOW - 1);
        }),
        (Code::CertificateExpiring, Health::Up, |observed, _| {
            let shown = lan(observed).tls.values_mut().filter_map(|shown| shown.as_mut().ok());
            shown.for_each(|shown| shown.not_after = NOW + 86_400_000);
        }),
        (Code::OwnClockSkewed, Health::Up, |observed, _| {
            // Which is why a certificate looks expired.
            let ahead = ["pi-1", "pi-2", "pi-3"].map(|name| (name.to_owned(), NOW - 90 * 86_400_000));
            observed.clocks = Some(now(ahead.into()));
            let shown = lan(observed).tls.values_mut().filter_map(|shown| shown.as_mut().ok());
            shown.for_each(|shown| shown.not_after = NOW - 1);
        }),
        (Code::ClockSkewed, Health::Up, |observed, _| {
            let Some(Seen::Seen { value, .. }) = &mut observed.clocks else { panic!() };
            value.insert("pi-3".into(), NOW + 3_600_000);
        }),
        (Code::EncryptedHello, Health::Up, |_, clues| clues.encrypted_hello = true),
    ];
    for (code, answers, fault) in faults {
        let found = why(Reach::Lan, fault);
        assert_eq!(Some(*code), found.cause.as_ref().map(|cause| cause.code), "{:#?}", found.tests);
        let expected = if *answers == Health::Up { Health::Degraded } else { *answers };
        assert_eq!(expected, found.health, "{code:?}: {:#?}", found.tests);
    }
}

#[test]
fn one_worker_away_is_less_safe_and_not_broken() {
    let found = why(Reach::Lan, |observed, _| {
        let Some(Seen::Seen { value, .. }) = &mut observed.nodes else { panic!() };
        value[2].ready = false;
        lan(observed).http.remove(&address("10.0.0.3"));
        let left = Ok(vec![address("10.0.0.2")]);
        lan(observed).answers = Answers { authoritative: left.clone(), public: left.clone(), system: left };
    });
    assert_eq!(Health::Degraded, found.health, "{:#?}", found.tests);
    assert_eq!(Some(Code::NodeNotReady), found.cause.map(|cause| cause.code));
}

#[test]
fn pods_on_a_machine_that_is_away_are_no_cause_of_their_own() {
    let found = why(Reach::Lan, |observed, _| {
        let Some(Seen::Seen { value, .. }) = &mut observed.nodes else { panic!() };
        value[1].ready = false;
        let down = EndpointState { pod: Some("echo-1".into()), node: Some("pi-2".into()), ready: false };
        observed.endpoints.values_mut().for_each(|seen| *seen = now(vec![down.clone()]));
        lan(observed).http.values_mut().for_each(|answer| *answer = Ok(answered(503)));
    });
    let cause = found.cause.expect("a cause");
    assert_eq!((Code::NodeNotReady, "pi-2"), (cause.code, cause.args["node"].as_str()), "{:#?}", found.tests);
}

#[test]
fn a_public_name_has_one_cause() {
    type Fault = fn(&mut Observed, &mut Clues);
    let faults: &[(Code, Fault)] = &[
        (Code::TunnelDown, |observed, _| {
            public(observed).http = Ok(answered(530));
            let state = TunnelState { status: "down".into(), connectors: 0 };
            observed.tunnel_states.insert(TUNNEL.into(), now(Some(state)));
        }),
        (Code::TunnelMissing, |observed, _| {
            public(observed).http = Ok(answered(530));
            observed.tunnel_states.insert(TUNNEL.into(), now(None));
        }),
        (Code::RouteMissing, |observed, _| {
            let Some(Seen::Seen { value: Some(tunnel), .. }) = observed.tunnels.get_mut(TUNNEL) else {
                panic!()
            };
            tunnel.config = json!({"ingress": [{"service": "http_status:404"}]});
        }),
        (Code::RouteElsewhere, |observed, _| {
            public(observed).http = Ok(answered(502));
            let Some(Seen::Seen { value: Some(tunnel), .. }) = observed.tunnels.get_mut(TUNNEL) else {
                panic!()
            };
            tunnel.config["ingress"][0]["service"] = json!("http://nas:80");
        }),
        (Code::AccessMissing, |observed, _| {
            observed.access.insert(NAME.into(), now(AccessState::default()));
        }),
        (Code::RedirectLoop, |observed, _| {
            let location = Some(format!("https://{NAME}/"));
            public(observed).http = Ok(HttpAnswer { status: 308, millis: 3, location });
        }),
        (Code::BackendSilent, |observed, _| public(observed).http = Ok(answered(502))),
        (Code::ProbeFailed, |observed, _| {
            public(observed).http = Err(Problem::new(Code::ProbeFailed).arg("reason", "timeout"));
        }),
    ];
    for (code, fault) in faults {
        let found = why(Reach::Public, fault);
        assert_eq!(Some(*code), found.cause.as_ref().map(|cause| cause.code), "{:#?}", found.tests);
    }
}

#[test]
fn what_cannot_be_seen_is_unknown_and_no_cause() {
    let found = why(Reach::Lan, |observed, clues| {
        *observed = Observed::default();
        *clues = Clues::default();
    });
    assert_eq!((Health::Unknown, None), (found.health, found.cause), "{:#?}", found.tests);
}
