//! Paths that are whole, hops that say the same as the diagnosis, and the one hop that is the cause.

use super::*;
use crate::certificate::{CertificateChain, Link};
use crate::cluster::{ClusterDocument, K3s, Options, Release};
use crate::diagnosis::tests::{NAME, NOW, TUNNEL, desired, nobody_says, now, well};
use crate::dns::Hostname;
use crate::exposure::{Exposure, Tls};
use crate::observed::{EndpointState, HttpAnswer, IngressHost, PublicPath, Seen};
use crate::problem::Code;
use crate::stack::StackComponent;
use crate::tunnel::TunnelState;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

fn wanted(reach: Reach) -> Desired {
    let cluster = ClusterDocument {
        version: 1,
        name: "home".into(),
        k3s: K3s { release: Release::Channel("stable".into()), folder: None },
        machines: Vec::new(),
        options: Options::default(),
    };
    Desired { cluster: Some(cluster), ..desired(reach) }
}

fn hop<'a>(graph: &'a FlowGraph, id: &str) -> &'a Hop {
    graph.hops.iter().find(|hop| hop.id == id).unwrap_or_else(|| panic!("no {id}: {graph:#?}"))
}

fn ids(graph: &FlowGraph, path: usize) -> String {
    graph.paths[path].hops.join(" ")
}

#[test]
fn a_path_runs_from_the_visitor_to_the_machine() {
    let lan = wanted(Reach::Lan);
    insta::assert_snapshot!(ids(&flow(&lan, &well(&lan), NOW), 0), @"lan name/echo.example.test way-in/pi-2 way-in/pi-3 ingress certificate/apps/echo-tls service/echo pods/apps/echo node/pi-2");
    let public = wanted(Reach::Public);
    insta::assert_snapshot!(ids(&flow(&public, &well(&public), NOW), 0), @"internet name/echo.example.test edge tunnel cloudflared ingress service/echo pods/apps/echo node/pi-2");
}

#[test]
fn evidence_has_an_age_and_decays() {
    let desired = wanted(Reach::Lan);
    let observed = well(&desired);
    let graph = flow(&desired, &observed, NOW);
    for id in ["name/echo.example.test", "certificate/apps/echo-tls", "pods/apps/echo", "service/echo"] {
        let found = hop(&graph, id);
        assert_eq!((Health::Up, Some(NOW)), (found.health, found.seen_at), "{found:?}");
    }
    assert_eq!("1/1", hop(&graph, "pods/apps/echo").detail);
    let late = flow(&desired, &observed, NOW + STALE_AFTER_MS + 1);
    for found in late.hops.iter().filter(|hop| hop.column != Column::Who) {
        assert_eq!((Health::Unknown, None), (found.health, found.seen_at), "{found:?}");
    }
}

#[test]
fn what_is_down_below_is_the_cause_and_what_hangs_on_it_is_quiet() {
    let desired = wanted(Reach::Lan);
    let mut observed = well(&desired);
    observed.endpoints.values_mut().for_each(|seen| *seen = now(Vec::new()));
    let graph = flow(&desired, &observed, NOW);
    let pods = hop(&graph, "pods/apps/echo");
    assert_eq!((Health::Down, None, "0/0"), (pods.health, pods.because.as_ref(), pods.detail.as_str()));
    assert_eq!(Some("pods/apps/echo"), hop(&graph, "service/echo").because.as_deref());
    assert_eq!(Some("pods/apps/echo"), graph.cause(&graph.paths[0]).map(|hop| hop.id.as_str()));
    assert_eq!(Health::Down, graph.paths[0].health);

    // A machine that is away explains pods and service.
    let away = EndpointState { pod: Some("echo-1".into()), node: Some("pi-2".into()), ready: false };
    observed.endpoints.values_mut().for_each(|seen| *seen = now(vec![away.clone()]));
    let Some(Seen::Seen { value, .. }) = &mut observed.nodes else { panic!() };
    value[1].ready = false;
    let graph = flow(&desired, &observed, NOW);
    for id in ["pods/apps/echo", "service/echo"] {
        assert_eq!(Some("node/pi-2"), hop(&graph, id).because.as_deref());
    }
}

#[test]
fn a_refused_certificate_is_a_cause_and_the_name_still_answers() {
    let desired = wanted(Reach::Lan);
    let mut observed = well(&desired);
    let request = json!({"metadata": {"name": "echo-tls-1"}, "status": {"conditions": [
        {"type": "Ready", "status": "False", "reason": "Denied", "message": "no"}]}});
    let denied =
        CertificateChain::new("apps", "echo-tls", None, vec![Link::of("CertificateRequest", &request)]);
    observed.certificates.insert("apps/echo-tls".into(), now(denied));
    let graph = flow(&desired, &observed, NOW);
    let certificate = hop(&graph, "certificate/apps/echo-tls");
    assert_eq!(Some(Code::CertificateFailed), certificate.reason.as_ref().map(|reason| reason.code));
    assert_eq!((Health::Down, Health::Degraded), (certificate.health, graph.paths[0].health));
    assert_eq!(Some(certificate), graph.cause(&graph.paths[0]));
}

#[test]
fn who_cannot_look_names_up_is_the_cause_and_the_way_itself_stands() {
    let desired = wanted(Reach::Lan);
    let mut observed = well(&desired);
    let Some(Seen::Seen { value, .. }) = observed.lan_paths.get_mut(NAME) else { panic!() };
    value.answers = nobody_says();
    let graph = flow(&desired, &observed, NOW);
    let lan = hop(&graph, "lan");
    assert_eq!(Some(Code::InternetAway), lan.reason.as_ref().map(|reason| reason.code));
    assert_eq!((Health::Down, Some(lan)), (graph.paths[0].health, graph.cause(&graph.paths[0])));
    assert_eq!(Health::Unknown, hop(&graph, "name/echo.example.test").health, "nobody could say");
    assert_eq!(Health::Up, hop(&graph, "way-in/pi-2").health);

    // Without the internet there is no tunnel, and no cloudflared that is ready.
    let desired = wanted(Reach::Public);
    let mut observed = well(&desired);
    let Some(Seen::Seen { value, .. }) = observed.public_paths.get_mut(NAME) else { panic!() };
    (value.answers, value.http) = (nobody_says(), Err(Problem::new(Code::ProbeFailed)));
    observed.tunnel_states.clear();
    let key = StackComponent::Cloudflared.health().remove(0);
    observed.objects.insert(key, now(Some(json!({"spec": {"replicas": 2}, "status": {}}))));
    let graph = flow(&desired, &observed, NOW);
    let cloudflared = hop(&graph, "cloudflared");
    assert_eq!((Health::Down, Some("internet")), (cloudflared.health, cloudflared.because.as_deref()));

    // Out there, others are asked.
    let mut observed = well(&desired);
    let Some(Seen::Seen { value, .. }) = observed.public_paths.get_mut(NAME) else { panic!() };
    value.answers.system = nobody_says().system;
    value.http = Err(Problem::new(Code::ProbeFailed));
    let graph = flow(&desired, &observed, NOW);
    assert_eq!((Health::Up, Health::Unknown), (hop(&graph, "internet").health, hop(&graph, "edge").health));
    assert_eq!(Health::Unknown, graph.paths[0].health);
    // Nor is it known for ever.
    assert_eq!(Health::Up, hop(&flow(&desired, &observed, NOW + 3_600_000), "lan").health);
}

#[test]
fn a_name_that_waits_for_its_certificate_is_quiet_about_its_record() {
    let desired = wanted(Reach::Lan);
    let mut observed = well(&desired);
    for seen in observed.lan_paths.values_mut() {
        let Seen::Seen { value, .. } = seen else { panic!() };
        value.answers.authoritative = Ok(Vec::new());
    }
    let record = "name/echo.example.test";
    assert_eq!(None, hop(&flow(&desired, &observed, NOW), record).because, "somebody took it away");
    observed
        .certificates
        .insert("apps/echo-tls".into(), now(CertificateChain::new("apps", "echo-tls", None, vec![])));
    let graph = flow(&desired, &observed, NOW);
    assert_eq!(Some("certificate/apps/echo-tls"), hop(&graph, record).because.as_deref());
    assert_eq!(Some("certificate/apps/echo-tls"), graph.cause(&graph.paths[0]).map(|hop| hop.id.as_str()));
}

#[test]
fn a_tunnel_that_is_down_explains_cloudflared_and_an_open_one_serves() {
    let desired = wanted(Reach::Public);
    let mut observed = well(&desired);
    let key = StackComponent::Cloudflared.health().remove(0);
    let asleep = json!({"spec": {"replicas": 2}, "status": {"readyReplicas": 1}});
    observed.objects.insert(key, now(Some(asleep)));
    let graph = flow(&desired, &observed, NOW);
    assert_eq!(
        (Health::Degraded, "1/2"),
        (hop(&graph, "cloudflared").health, hop(&graph, "cloudflared").detail.as_str())
    );
    let down = TunnelState { status: "down".into(), connectors: 0 };
    observed.tunnel_states.insert(TUNNEL.into(), now(Some(down)));
    let graph = flow(&desired, &observed, NOW);
    assert_eq!(Some("tunnel"), hop(&graph, "cloudflared").because.as_deref());
    assert_eq!(None, hop(&graph, "tunnel").because);
}

#[test]
fn the_edge_is_up_when_it_answers_for_any_name() {
    let desired = wanted(Reach::Public);
    let mut observed = well(&desired);
    assert_eq!(Health::Up, hop(&flow(&desired, &observed, NOW), "edge").health);
    let Some(Seen::Seen { value: PublicPath { http, .. }, .. }) = observed.public_paths.values_mut().next()
    else {
        panic!()
    };
    *http = Err(crate::problem::Problem::new(Code::ProbeFailed));
    assert_eq!(Health::Down, hop(&flow(&desired, &observed, NOW), "edge").health);
}

#[test]
fn a_worker_that_answers_for_no_name_is_a_cause_while_another_one_serves() {
    let desired = wanted(Reach::Lan);
    let mut observed = well(&desired);
    let lost = || Err(crate::problem::Problem::new(Code::ProbeFailed).arg("reason", "timed-out"));
    let silence = |observed: &mut Observed, how_many: usize| {
        for seen in observed.lan_paths.values_mut() {
            let Seen::Seen { value, .. } = seen else { panic!() };
            value.http.values_mut().take(how_many).for_each(|answer| *answer = lost());
        }
    };
    silence(&mut observed, 1);
    let graph = flow(&desired, &observed, NOW);
    let cut_off = graph.cause(&graph.paths[0]).expect("a cause");
    assert_eq!(("way-in/pi-2", Health::Down), (cut_off.id.as_str(), cut_off.health));
    assert_eq!(Some(Code::ProbeFailed), cut_off.reason.as_ref().map(|reason| reason.code));
    assert_eq!(Health::Degraded, graph.paths[0].health, "the other way leads there");

    silence(&mut observed, 9);
    let graph = flow(&desired, &observed, NOW);
    assert_eq!(Health::Up, hop(&graph, "way-in/pi-2").health, "no machine's fault");
    let nobody = graph.cause(&graph.paths[0]).expect("a cause");
    assert_eq!(("ingress", Health::Down), (nobody.id.as_str(), nobody.health));
    assert_eq!(Some(Code::ProbeFailed), nobody.reason.as_ref().map(|reason| reason.code));
    assert_eq!(Health::Down, graph.paths[0].health);
}

#[test]
fn a_wrong_answer_over_ways_that_stand_is_the_services() {
    for reach in [Reach::Lan, Reach::Public] {
        let desired = wanted(reach);
        let mut observed = well(&desired);
        let connectors = json!({"spec": {"replicas": 2}, "status": {"readyReplicas": 2, "updatedReplicas": 2, "availableReplicas": 2}});
        observed.objects.insert(StackComponent::Cloudflared.health().remove(0), now(Some(connectors)));
        let wrong = HttpAnswer { status: 502, millis: 3, location: None };
        for seen in observed.lan_paths.values_mut() {
            let Seen::Seen { value, .. } = seen else { panic!() };
            value.http.values_mut().for_each(|answer| *answer = Ok(wrong.clone()));
        }
        for seen in observed.public_paths.values_mut() {
            let Seen::Seen { value, .. } = seen else { panic!() };
            value.http = Ok(wrong.clone());
        }
        let graph = flow(&desired, &observed, NOW);
        let cause = graph.cause(&graph.paths[0]).expect("a cause");
        assert_eq!(("service/echo", Health::Down), (cause.id.as_str(), graph.paths[0].health), "{reach:?}");
        assert_eq!(Some(Code::BackendSilent), cause.reason.as_ref().map(|reason| reason.code));
        assert_eq!(Health::Up, hop(&graph, "pods/apps/echo").health);
    }
    // Without a way to it nothing is said of the service.
    let desired = wanted(Reach::Public);
    let mut observed = well(&desired);
    let down = TunnelState { status: "down".into(), connectors: 0 };
    observed.tunnel_states.insert(TUNNEL.into(), now(Some(down)));
    for seen in observed.public_paths.values_mut() {
        let Seen::Seen { value, .. } = seen else { panic!() };
        value.http = Ok(HttpAnswer { status: 530, millis: 3, location: None });
    }
    let graph = flow(&desired, &observed, NOW);
    assert_eq!(Some("tunnel"), graph.cause(&graph.paths[0]).map(|hop| hop.id.as_str()));
    assert_eq!(Health::Up, hop(&graph, "service/echo").health);
}

#[test]
fn why_the_cluster_cannot_be_seen_and_what_its_machines_lack_is_told() {
    let desired = wanted(Reach::Lan);
    let mut observed = well(&desired);
    let codes = |observed: &Observed| {
        let graph = flow(&desired, observed, NOW);
        graph.conditions.iter().map(|problem| problem.code).collect::<Vec<_>>()
    };
    let before = codes(&observed);
    let Some(Seen::Seen { value, .. }) = &mut observed.nodes else { panic!() };
    value[1].pressures.push("disk".into());
    assert_eq!([&before[..], &[Code::NodePressure]].concat(), codes(&observed));
    observed.nodes = Some(Seen::Unseen { why: crate::problem::Problem::new(Code::KubeUnreachable) });
    assert_eq!([&before[..], &[Code::KubeUnreachable]].concat(), codes(&observed));
}

/// Many names of both kinds, of which some share a Service.
fn many(services: usize) -> (Desired, Observed) {
    let mut desired = wanted(Reach::Lan);
    let mut observed = well(&desired);
    let public = well(&wanted(Reach::Public));
    let (first, name) = (desired.exposures[0].clone(), "echo.example.test");
    for number in 1..services {
        let reach = if number % 5 == 0 { Reach::Public } else { Reach::Lan };
        let hostname = crate::dns::Hostname::parse(&format!("echo-{number}.example.test")).unwrap();
        let exposure = Exposure {
            name: format!("echo-{number}"),
            hostname,
            reach,
            tls: Tls::Terminated,
            ..first.clone()
        };
        match reach {
            Reach::Lan => {
                let path = observed.lan_paths[name].clone();
                observed.lan_paths.insert(exposure.hostname.to_string(), path);
                let chain = observed.certificates["apps/echo-tls"].clone();
                observed.certificates.insert(format!("apps/echo-{number}-tls"), chain);
            }
            Reach::Public => {
                observed
                    .public_paths
                    .insert(exposure.hostname.to_string(), public.public_paths[name].clone());
            }
        }
        observed.endpoints.insert(endpoints_key(&exposure), observed.endpoints["apps/echo"].clone());
        desired.exposures.push(exposure);
    }
    observed.tunnel_states = public.tunnel_states;
    (desired, observed)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_path_is_whole_whatever_is_seen(services in 1usize..40, unseen in prop::collection::vec(any::<bool>(), 6)) {
        let (desired, mut observed) = many(services);
        let blind = |hide: bool, clear: &mut dyn FnMut()| if hide { clear() };
        blind(unseen[0], &mut || observed.lan_paths.clear());
        blind(unseen[1], &mut || observed.public_paths.clear());
        blind(unseen[2], &mut || observed.endpoints.clear());
        blind(unseen[3], &mut || observed.certificates.clear());
        blind(unseen[4], &mut || observed.nodes = None);
        blind(unseen[5], &mut || observed.tunnel_states.clear());
        let graph = flow(&desired, &observed, NOW);
        let hops: BTreeMap<&str, &Hop> = graph.hops.iter().map(|hop| (hop.id.as_str(), hop)).collect();
        prop_assert_eq!(hops.len(), graph.hops.len(), "ids are unique");
        let edges: std::collections::BTreeSet<(&str, &str)> =
            graph.edges.iter().map(|edge| (edge.from.as_str(), edge.to.as_str())).collect();
        prop_assert_eq!(edges.len(), graph.edges.len());
        for path in &graph.paths {
            let way: Vec<&Hop> = path.hops.iter().map(|id| hops[id.as_str()]).collect();
            prop_assert_eq!(way[0].column, Column::Who);
            prop_assert!(way.iter().any(|hop| hop.kind == HopKind::Pods));
            prop_assert!(way.is_sorted_by_key(|hop| hop.column), "{:?}", path.hops);
            // Each but the first is led to by one before it.
            for (index, hop) in way.iter().enumerate().skip(1) {
                let alone = hop.kind == HopKind::Controller && path.reach == Reach::Lan && unseen[4];
                prop_assert!(alone || way[..index].iter().any(|from| edges.contains(&(from.id.as_str(), hop.id.as_str()))));
            }
        }
        for hop in graph.hops.iter().filter(|hop| hop.because.is_some()) {
            let cause = hops[hop.because.as_deref().unwrap()];
            prop_assert_eq!((hop.health, cause.health), (Health::Down, Health::Down));
        }
    }
}

#[test]
fn a_name_that_no_rule_leads_to_is_down_though_the_controller_answers() {
    let desired = wanted(Reach::Lan);
    let mut observed = well(&desired);
    let IngressHost { namespace, hostname, .. } = rule(&desired);
    let elsewhere = IngressHost { namespace: "other".into(), ..rule(&desired) };
    let other = IngressHost { hostname: Hostname::parse("other.example.test").unwrap(), ..rule(&desired) };
    assert_eq!((namespace.as_str(), hostname.as_str()), ("apps", "echo.example.test"));
    observed.ingress_hosts = Some(now(vec![elsewhere, other]));
    let graph = flow(&desired, &observed, NOW);
    let service = hop(&graph, "service/echo");
    assert_eq!(Some(Code::IngressMissing), service.reason.as_ref().map(|reason| reason.code));
    assert_eq!((Health::Down, Health::Down), (service.health, graph.paths[0].health));
    assert_eq!(Health::Up, hop(&graph, "pods/apps/echo").health);
}

fn rule(desired: &Desired) -> IngressHost {
    let exposure = &desired.exposures[0];
    IngressHost {
        namespace: exposure.namespace().into(),
        ingress: exposure.name.clone(),
        hostname: exposure.hostname.clone(),
    }
}

#[test]
fn what_broke_since_a_look_is_taken_over_and_what_came_back_is_not() {
    let desired = wanted(Reach::Lan);
    let whole = Observed { ingress_hosts: Some(now(vec![rule(&desired)])), ..well(&desired) };
    let key = endpoints_key(&desired.exposures[0]);
    let mut gone = whole.clone();
    gone.endpoints.insert(key.clone(), now(Vec::new()));
    let Some(Seen::Seen { value, .. }) = &mut gone.nodes else { panic!() };
    value[2].ready = false;
    let none = CertificateChain::new("apps", "echo-tls", None, vec![]);
    gone.certificates.insert("apps/echo-tls".into(), now(none));
    gone.ingress_hosts = Some(now(Vec::new()));

    let mut seen = whole.clone();
    assert!(seen.broke(gone.clone()));
    let graph = flow(&desired, &seen, NOW);
    for id in ["pods/apps/echo", "way-in/pi-3"] {
        assert_eq!(Health::Down, hop(&graph, id).health, "{id}");
    }
    let certificate = hop(&graph, "certificate/apps/echo-tls");
    assert_eq!(Some(Code::CertificatePending), certificate.reason.as_ref().map(|reason| reason.code));
    assert_eq!(Some(Seen::Seen { value: Vec::new(), at: NOW }), seen.ingress_hosts);
    assert!(!seen.broke(gone), "nothing more");
    assert!(!seen.clone().broke(whole), "what came back is tried first");
    assert!(!seen.broke(Observed::default()), "nothing is known");
}
