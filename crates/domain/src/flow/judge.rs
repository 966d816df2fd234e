//! What was seen of a hop, and what its health is by that.
//!
//! Records, certificates and pods are judged as the diagnosis does, by its own tests. What was seen too long ago is
//! Unknown here, whatever it said then.

use super::{Health, HopKind, Member, STALE_AFTER_MS, endpoints_key};
use crate::diagnosis::{Clues, Test, Walk};
use crate::exposure::{Exposure, Reach};
use crate::observed::{EndpointState, HttpAnswer, NodeState, Observed, PublicPath, Seen};
use crate::problem::{Code, Problem};
use crate::stack::{IngressController, StackComponent};
use crate::step::is_serving;
use serde_json::Value;

/// A hop's health, why, by what, and when that was seen.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    pub health: Option<Health>,
    pub reason: Option<Problem>,
    pub evidence: String,
    pub at: Option<i64>,
}

impl Judged {
    pub fn unknown() -> Self {
        Self::default()
    }

    pub fn is(health: Health, reason: Option<Problem>, at: i64) -> Self {
        Self { health: Some(health), reason, evidence: String::new(), at: Some(at) }
    }

    fn by(mut self, evidence: impl Into<String>) -> Self {
        self.evidence = evidence.into();
        self
    }

    fn of(test: Test, at: i64) -> Self {
        Self::is(test.health, test.problem, at).by(test.evidence)
    }

    pub fn health(&self) -> Health {
        self.health.unwrap_or(Health::Unknown)
    }
}

/// What was seen and when, unless that is too long ago to speak of now.
pub fn fresh<T>(seen: Option<&Seen<T>>, now: i64) -> Option<(&T, i64)> {
    match seen {
        Some(Seen::Seen { value, at }) if now - at <= STALE_AFTER_MS => Some((value, *at)),
        _ => None,
    }
}

pub fn answered(answer: Option<&Result<HttpAnswer, Problem>>) -> (Health, Option<u32>) {
    match answer {
        Some(Ok(answer)) if answer.status < 500 => (Health::Up, Some(answer.millis)),
        Some(_) => (Health::Down, None),
        None => (Health::Unknown, None),
    }
}

/// Whoever is out there, or at home, by what keeps all names from being looked up.
pub fn visitors(kind: HopKind, silence: Option<&Problem>, at: i64) -> Judged {
    let concerns = |silence: &&Problem| match silence.code {
        Code::InternetAway => true,
        // Out there others are asked.
        Code::ResolverSilent => kind == HopKind::Lan,
        _ => false,
    };
    match silence.filter(concerns) {
        Some(silence) => Judged::is(Health::Down, Some(silence.clone()), at),
        None => Judged { health: Some(Health::Up), ..Judged::default() },
    }
}

/// The name at the zone's own server, or at the home's resolver.
pub fn record(walk: &Walk<'_>, at: Option<i64>) -> Judged {
    at.map_or_else(Judged::unknown, |at| Judged::of(walk.record(), at))
}

/// The certificate's way and what each worker shows; the worst of it. `key` is `namespace/secret`.
pub fn certificate(walk: &Walk<'_>, key: &str) -> Judged {
    let Some((_, at)) = fresh(walk.observed.certificates.get(key), walk.now) else {
        return Judged::unknown();
    };
    let tests = walk.certificate().into_iter();
    let worst = tests.reduce(|worst, test| if test.health > worst.health { test } else { worst });
    worst.map_or_else(Judged::unknown, |test| Judged::of(test, at))
}

/// The day on which the certificate ends, as `2027-01-31`.
pub fn ends(walk: &Walk<'_>, key: &str) -> String {
    let chain = fresh(walk.observed.certificates.get(key), walk.now);
    let end = chain.and_then(|(chain, _)| chain.not_after.as_deref()).unwrap_or_default();
    end.get(..10).unwrap_or_default().to_owned()
}

/// The endpoints behind the service. They are what both the service and its pods are judged by.
pub fn pods(walk: &Walk<'_>) -> Judged {
    let Some((_, at)) = fresh(walk.observed.endpoints.get(&endpoints_key(walk.exposure)), walk.now) else {
        return Judged::unknown();
    };
    Judged::of(walk.pods(), at)
}

/// That no rule of the controller's leads to the service; `None` where one does, or that is not known now.
pub fn no_rule(walk: &Walk<'_>) -> Option<Judged> {
    let (_, at) = fresh(walk.observed.ingress_hosts.as_ref(), walk.now)?;
    Some(Judged::of(walk.no_rule()?, at))
}

/// What a visitor got; `None` where that is not known now.
pub fn answer(walk: &Walk<'_>) -> Option<Judged> {
    let hostname = walk.exposure.hostname.as_str();
    let at = match walk.exposure.reach {
        Reach::Lan => fresh(walk.observed.lan_paths.get(hostname), walk.now).map(|(_, at)| at),
        Reach::Public => fresh(walk.observed.public_paths.get(hostname), walk.now).map(|(_, at)| at),
    };
    Some(Judged::of(walk.answer()?, at?))
}

pub fn members(endpoints: &[EndpointState]) -> Vec<Member> {
    let member = |endpoint: &EndpointState| Member {
        label: endpoint.pod.clone().unwrap_or_default(),
        detail: endpoint.node.clone().unwrap_or_default(),
        health: if endpoint.ready { Health::Up } else { Health::Down },
    };
    endpoints.iter().map(member).collect()
}

pub fn node(node: &NodeState, at: i64) -> Judged {
    if node.ready {
        Judged::is(Health::Up, None, at)
    } else {
        Judged::is(Health::Down, Some(node.problem()), at).by(&node.reason)
    }
}

/// A machine as the address that names lead to. One that stands and answers for no name, while another one does, is cut off
/// from its visitors; where nobody answers, that is not the machine's fault.
pub fn way_in(node: &NodeState, at: i64, observed: &Observed, now: i64) -> Judged {
    let paths = || observed.lan_paths.values().filter_map(|path| fresh(Some(path), now));
    let own = || paths().filter_map(|(path, at)| Some((path.http.get(&node.address?)?, at)));
    let serves = |answer: &Result<HttpAnswer, Problem>| answered(Some(answer)).0 == Health::Up;
    let cut_off = node.ready
        && paths().any(|(path, _)| path.http.values().any(serves))
        && own().all(|(answer, _)| answer.is_err());
    match own().find_map(|(answer, at)| Some((answer.as_ref().err()?, at))).filter(|_| cut_off) {
        Some((told, at)) => Judged::is(Health::Down, Some(node.why_silent(told)), at),
        None => self::node(node, at),
    }
}

/// The Deployment at a component's heart, and how many of its pods are ready, as `READY/WANTED`.
pub fn workload(component: StackComponent, observed: &Observed, now: i64) -> (Judged, String) {
    let keys = component.health();
    let Some(key) = keys.first() else { return (Judged::unknown(), String::new()) };
    let Some((live, at)) = fresh(observed.objects.get(key), now) else {
        return (Judged::unknown(), String::new());
    };
    let ready = live.as_ref().map(replicas).unwrap_or_default();
    let judged = match live {
        Some(live) if is_serving(live) => Judged::is(Health::Up, None, at),
        _ => Judged::is(
            Health::Down,
            Some(Problem::new(Code::WorkloadNotReady).arg("workload", &key.name)),
            at,
        ),
    };
    (judged.by(&ready), ready)
}

fn replicas(live: &Value) -> String {
    let number = |pointer: &str| live.pointer(pointer).and_then(Value::as_u64);
    let ready = number("/status/readyReplicas").unwrap_or_default();
    format!("{ready}/{}", number("/spec/replicas").unwrap_or(1))
}

/// The same, where its machines explain it better. A controller whose pods are ready, and that answers for no name
/// over any machine that stands, is not reached by anybody.
pub fn controller(controller: IngressController, observed: &Observed, now: i64) -> (Judged, String) {
    let (mut judged, ready) = workload(controller.component(), observed, now);
    if let Some((problem, at)) = silence(observed, now).filter(|_| judged.health() == Health::Up) {
        return (Judged::is(Health::Down, Some(problem.clone()), at), ready);
    }
    let fault =
        observed.machines_fault(&controller.service_key()).filter(|_| judged.health() == Health::Down);
    judged.reason = fault.or(judged.reason);
    (judged, ready)
}

/// Why nobody on the LAN gets any answer, where several ways were tried and none led anywhere.
fn silence(observed: &Observed, now: i64) -> Option<(&Problem, i64)> {
    let ways = observed.lan_addresses();
    let paths = observed.lan_paths.values().filter_map(|path| fresh(Some(path), now));
    let mut answers = paths
        .flat_map(|(path, at)| path.http.iter().map(move |(address, answer)| (address, answer, at)))
        .filter(|(address, ..)| ways.contains(address))
        .peekable();
    let (_, first, at) = *answers.peek()?;
    let why = first.as_ref().err()?;
    answers.all(|(_, answer, _)| answer.is_err()).then_some((why, at))
}

/// Cloudflare's own words on the tunnel, and how many processes hold it open.
pub fn tunnel(name: &str, observed: &Observed, now: i64) -> (Judged, String) {
    let Some((seen, at)) = fresh(observed.tunnel_states.get(name), now) else {
        return (Judged::unknown(), String::new());
    };
    let Some(tunnel) = seen else {
        let missing = Problem::new(Code::TunnelMissing).arg("tunnel", name);
        return (Judged::is(Health::Down, Some(missing), at), String::new());
    };
    let problem = || {
        let problem = Problem::new(Code::TunnelDown).arg("tunnel", name).arg("status", &tunnel.status);
        Some(problem)
    };
    let judged = match tunnel.status.as_str() {
        "healthy" => Judged::is(Health::Up, None, at),
        "degraded" => Judged::is(Health::Degraded, problem(), at),
        _ => Judged::is(Health::Down, problem(), at),
    };
    (judged.by(&tunnel.status), format!("{} × cloudflared", tunnel.connectors))
}

/// The pods that hold the tunnel open. While it is open, whoever does so serves.
pub fn cloudflared(tunnel: Health, observed: &Observed, now: i64) -> (Judged, String) {
    let (mut judged, ready) = workload(StackComponent::Cloudflared, observed, now);
    if judged.health() == Health::Down && matches!(tunnel, Health::Up | Health::Degraded) {
        judged.health = Some(Health::Degraded);
    }
    (judged, ready)
}

/// Cloudflare's edge: up when it answers for any of the names, whatever it says.
pub fn edge(observed: &Observed, now: i64) -> Judged {
    let seen: Vec<(&PublicPath, i64)> =
        observed.public_paths.values().filter_map(|path| fresh(Some(path), now)).collect();
    let Some(at) = seen.iter().map(|(_, at)| *at).max() else { return Judged::unknown() };
    match seen.iter().find_map(|(path, _)| path.http.as_ref().ok()) {
        Some(answer) => Judged::is(Health::Up, None, at).by(answer.status.to_string()),
        None => {
            let problem = seen.iter().find_map(|(path, _)| path.http.as_ref().err().cloned());
            Judged::is(Health::Down, problem, at)
        }
    }
}

/// No clues: the picture is drawn from looks alone.
pub fn walk<'a>(
    desired: &'a crate::change::Desired,
    exposure: &'a Exposure,
    observed: &'a Observed,
    clues: &'a Clues,
    now: i64,
) -> Walk<'a> {
    Walk { desired, exposure, observed, clues, now }
}
