//! Why a name cannot be reached: the path walked from the visitor's own computer to the pod, one test at each hop.
//!
//! Each test reads what was observed and judges one thing. The cause is not the first test that fails on the way but the
//! one that explains the others: what stands at the far end is named before what only leads to it. What could not be
//! looked at is Unknown and never the cause while something else is known to be broken. Looking is `engine`'s.

mod inside;
pub use inside::ingress_key;
mod outside;
pub use outside::away_from_home;
mod silence;
pub use silence::silence;
#[cfg(test)]
pub(crate) mod tests;

use crate::change::Desired;
use crate::dns::Hostname;
use crate::exposure::{Exposure, Reach};
use crate::flow::Health;
use crate::host::interface::Interface;
use crate::observed::{Observed, Seen};
use crate::problem::{Code, Problem};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What is looked at, in the order of the walk: outwards from the visitor, then inwards to the pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum TestKind {
    /// Whether the name is one of Portico's services.
    Exposed,
    /// Whether this computer is in the workers' network.
    Network,
    /// The name at the zone's own server.
    Record,
    /// The name as a public resolver and this computer's resolver give it.
    Resolvers,
    /// Wildcards and Encrypted Client Hello that get in the way.
    Interference,
    Tunnel,
    /// The tunnel's rule for the name.
    Route,
    /// The login in front of it.
    Access,
    /// A machine that the name leads to, and its port.
    Worker,
    Controller,
    /// The rule that gives the name to the service.
    Ingress,
    /// The clocks of the nodes and of this computer, by which certificates are judged.
    Clock,
    Certificate,
    /// The pods behind the service.
    Pods,
    /// The whole way, as a visitor goes it.
    Answer,
}

/// One test and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Test {
    pub kind: TestKind,
    /// What it looked at: a name, an address; plain data.
    pub subject: String,
    pub health: Health,
    /// What was seen; plain data.
    pub evidence: String,
    /// Why it is not up.
    pub problem: Option<Problem>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    pub hostname: String,
    pub reach: Option<Reach>,
    /// Whether the name can be reached.
    pub health: Health,
    pub tests: Vec<Test>,
    /// What explains it; none when all is well, or when nothing that is broken was found.
    pub cause: Option<Problem>,
}

/// What is known besides the observed homelab.
#[derive(Debug, Clone, Default)]
pub struct Clues {
    pub interfaces: Vec<Interface>,
    /// Networks of this computer in which the cluster has answered.
    pub home: Vec<Ipv4Net>,
    /// A line for each trouble of the pods behind the service.
    pub troubles: Vec<String>,
    /// What those lines mean, where it is known.
    pub trouble: Option<Problem>,
    /// Whether resolvers offer Encrypted Client Hello for the name.
    pub encrypted_hello: bool,
}

impl Clues {
    /// The networks that this computer is in now.
    pub fn networks(&self) -> Vec<Ipv4Net> {
        let up = self.interfaces.iter().filter(|interface| interface.up);
        up.flat_map(|interface| interface.subnets.iter().copied()).collect()
    }

    /// Those of them that are not this computer's own.
    pub fn shared_networks(&self) -> Vec<Ipv4Net> {
        let shared = self.interfaces.iter().filter(|interface| interface.up && interface.left_out.is_none());
        shared.flat_map(|interface| interface.subnets.iter().copied()).collect()
    }
}

/// One walk: what is wanted, what was seen, and the name that is asked about. The picture of the flow takes single tests
/// of it, so that both say the same of a hop.
pub(crate) struct Walk<'a> {
    pub desired: &'a Desired,
    pub exposure: &'a Exposure,
    pub observed: &'a Observed,
    pub clues: &'a Clues,
    pub now: i64,
}

/// Walks to `hostname`. `now` is unix ms.
pub fn diagnose(
    desired: &Desired,
    hostname: &Hostname,
    observed: &Observed,
    clues: &Clues,
    now: i64,
) -> Diagnosis {
    let Some(exposure) = desired.exposures.iter().find(|exposure| exposure.hostname == *hostname) else {
        return unknown_name(desired, hostname);
    };
    let walk = Walk { desired, exposure, observed, clues, now };
    let mut tests = vec![Test::up(TestKind::Exposed, &exposure.name, exposure.namespace())];
    tests.extend(walk.outside());
    tests.extend(walk.inside());
    tests.sort_by_key(|test| test.kind);
    let reached: Vec<Health> =
        tests.iter().filter(|test| test.kind == TestKind::Answer).map(|test| test.health).collect();
    let best = reached.iter().min().copied().unwrap_or(Health::Unknown);
    let worst = tests.iter().map(|test| test.health).filter(|health| *health != Health::Unknown).max();
    // It answers, but something on the way is not as it should be.
    let health = if best == Health::Up && worst > Some(Health::Up) { Health::Degraded } else { best };
    let cause = cause(&tests);
    Diagnosis { hostname: hostname.to_string(), reach: Some(exposure.reach), health, tests, cause }
}

fn unknown_name(desired: &Desired, hostname: &Hostname) -> Diagnosis {
    let known: Vec<&str> = desired.exposures.iter().map(|exposure| exposure.hostname.as_str()).collect();
    let problem = Problem::new(Code::NameNotExposed).arg("hostname", hostname).arg("known", known.join(", "));
    let test = Test::bad(TestKind::Exposed, hostname.as_str(), Health::Down, "", problem.clone());
    Diagnosis {
        hostname: hostname.to_string(),
        reach: None,
        health: Health::Down,
        tests: vec![test],
        cause: Some(problem),
    }
}

/// The kinds by how much they explain: the first one that is down is why those after it are.
const EXPLAINS: &[TestKind] = &[
    TestKind::Exposed,
    TestKind::Pods,
    TestKind::Controller,
    TestKind::Ingress,
    TestKind::Network,
    TestKind::Worker,
    TestKind::Record,
    TestKind::Tunnel,
    TestKind::Route,
    TestKind::Access,
    TestKind::Clock,
    TestKind::Certificate,
    TestKind::Resolvers,
    TestKind::Interference,
    TestKind::Answer,
];

/// The worst first, and among those equally bad the one that explains the others.
fn cause(tests: &[Test]) -> Option<Problem> {
    let rank = |test: &&Test| EXPLAINS.iter().position(|kind| *kind == test.kind);
    [Health::Down, Health::Degraded].into_iter().find_map(|health| {
        let bad = tests.iter().filter(|test| test.health == health && test.problem.is_some());
        bad.min_by_key(rank)?.problem.clone()
    })
}

impl Test {
    fn up(kind: TestKind, subject: impl ToString, evidence: impl ToString) -> Self {
        Self {
            kind,
            subject: subject.to_string(),
            health: Health::Up,
            evidence: evidence.to_string(),
            problem: None,
        }
    }

    fn bad(
        kind: TestKind,
        subject: impl ToString,
        health: Health,
        evidence: impl ToString,
        problem: Problem,
    ) -> Self {
        let (subject, evidence) = (subject.to_string(), evidence.to_string());
        Self { kind, subject, health, evidence, problem: Some(problem) }
    }

    /// It could not be looked at.
    fn unknown(kind: TestKind, subject: impl ToString, why: Option<&Problem>) -> Self {
        Self {
            kind,
            subject: subject.to_string(),
            health: Health::Unknown,
            evidence: String::new(),
            problem: why.cloned(),
        }
    }
}

/// What was seen, or why it was not.
fn seen<T>(seen: Option<&Seen<T>>) -> Result<&T, Option<&Problem>> {
    match seen {
        Some(Seen::Seen { value, .. }) => Ok(value),
        Some(Seen::Unseen { why }) => Err(Some(why)),
        None => Err(None),
    }
}
