//! What one look shows: the cause for each name that is not as it should be, and what is wrong with no name attached.
//!
//! A name's tests are those of the diagnosis; only what explains the others is taken. Causes that several names have in
//! common are one condition.

use super::table::{Fix, kind};
use super::{Condition, Severity};
use crate::change::{Change, ComponentAct, Desired};
use crate::clock::wrong_clocks;
use crate::cluster::K3sVersion;
use crate::diagnosis::{Clues, Diagnosis, TestKind, away_from_home, diagnose, silence};
use crate::exposure::Exposure;
use crate::flow::Health;
use crate::observed::{NodeState, Observed, Seen};
use crate::problem::{Code, Problem};
use crate::stack::StackComponent;
use std::collections::{BTreeMap, BTreeSet};

/// One test of one name, by which something was seen, or was not.
type Sight = (String, TestKind);

/// A condition that a look shows, and by which tests; since when is the ledger's to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub condition: Condition,
    pub(super) by: BTreeSet<Sight>,
}

/// What one look shows, and what it could not see.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Look {
    pub found: Vec<Found>,
    pub(super) unseen: BTreeSet<Sight>,
    /// It saw nothing of the cluster.
    pub(super) blind: bool,
}

/// The conditions of a look. `others` are problems found by other ways than looking at paths; `now` is unix ms.
pub fn read(desired: &Desired, observed: &Observed, clues: &Clues, others: &[Problem], now: i64) -> Look {
    let (mut found, mut unseen) = (BTreeMap::new(), BTreeSet::new());
    let mut add = |problem: &Problem, health: Health, by: Option<(&Exposure, TestKind)>| {
        let Some(kind) = kind(problem.code) else { return };
        let seen_as = match health {
            Health::Down => Severity::Down,
            Health::Degraded | Health::Unknown => Severity::Degraded,
            Health::Up => Severity::Notice,
        };
        let about = kind.about.iter().filter_map(|name| problem.args.get(*name)).map(String::as_str);
        let id = std::iter::once(problem.code.word().as_str()).chain(about).collect::<Vec<_>>().join("/");
        let Found { condition, by: sights } = found.entry(id.clone()).or_insert_with(|| Found {
            condition: Condition {
                fix: fix(kind.fix, problem, by.map(|(exposure, _)| exposure), desired),
                id,
                problem: problem.clone(),
                severity: Severity::Notice,
                since: now,
                hostnames: Vec::new(),
                hushed: None,
            },
            by: BTreeSet::new(),
        });
        condition.severity = condition.severity.max(kind.severity.unwrap_or(seen_as));
        if let Some((exposure, test)) = by {
            condition.hostnames.push(exposure.hostname.to_string());
            sights.insert((exposure.hostname.to_string(), test));
        }
    };
    // Nothing can be said of what is behind a network that is away.
    if let Some(silence) = silence(observed).filter(|silence| silence.code == Code::NetworkSilent) {
        add(&silence, Health::Unknown, None);
        return Look { found: found.into_values().collect(), unseen, blind: true };
    }
    for exposure in &desired.exposures {
        let Diagnosis { tests, cause, health, hostname, .. } =
            diagnose(desired, &exposure.hostname, observed, clues, now);
        let unknown = tests.iter().filter(|test| test.health == Health::Unknown);
        unseen.extend(unknown.map(|test| (hostname.clone(), test.kind)));
        let by = tests.iter().find(|test| test.problem == cause).map(|test| (exposure, test.kind));
        cause.iter().for_each(|cause| add(cause, health, by));
    }
    match &observed.nodes {
        Some(Seen::Unseen { why }) => {
            add(why, Health::Down, None);
            away_from_home(desired, observed, clues).iter().for_each(|away| add(away, Health::Up, None));
        }
        Some(Seen::Seen { .. }) => {
            for problem in machines(observed, now) {
                add(&problem, Health::Degraded, None);
            }
        }
        None => {}
    }
    others.iter().for_each(|problem| add(problem, Health::Degraded, None));
    let blind = !matches!(observed.nodes, Some(Seen::Seen { .. }));
    Look { found: root_causes(found.into_values().collect()), unseen, blind }
}

/// Leaves out what another condition explains, which then touches what that one touched, and is as bad.
fn root_causes(mut found: Vec<Found>) -> Vec<Found> {
    let mut roots: Vec<Found> = Vec::new();
    while let Some(one) = found.pop() {
        let is_why = |other: &&mut Found| explains(&other.condition.problem, &one.condition.problem);
        let Some(Found { condition: root, .. }) = found.iter_mut().chain(&mut roots).find(is_why) else {
            roots.push(one);
            continue;
        };
        // From another network nothing at home can be judged: that is no outage.
        if root.problem.code != Code::AwayFromHome {
            root.severity = root.severity.max(one.condition.severity);
        }
        root.hostnames.extend(one.condition.hostnames);
    }
    for Found { condition: root, .. } in &mut roots {
        root.hostnames.sort();
        root.hostnames.dedup();
    }
    roots.sort_by(|a, b| a.condition.id.cmp(&b.condition.id));
    roots
}

/// Whether `cause` is why `other` is so. Never both ways round, so that one of them stays.
pub(crate) fn explains(cause: &Problem, other: &Problem) -> bool {
    let of_one = !component(cause).is_empty() && component(cause) == component(other);
    match cause.code {
        // What was not installed as it should be does not start.
        Code::ChartFailed | Code::HandEdited if of_one && other.code == Code::WorkloadNotReady => true,
        // Pods of a component that are on it come back with it.
        Code::NodeNotReady => match other.code {
            Code::WorkloadNotReady => other.args.contains_key("component"),
            other => other == Code::WatcherSilent,
        },
        Code::KubeUnreachable => {
            matches!(other.code, Code::NoReadyWorker | Code::WorkloadNotReady | Code::WatcherSilent)
        }
        Code::ResolverSilent | Code::InternetAway => other.code == Code::CloudflareUnreachable,
        // Who would renew it is not there.
        Code::WorkloadNotReady if component(cause) == "cert-manager" => matches!(
            other.code,
            Code::CertificatePending | Code::CertificateExpired | Code::CertificateExpiring
        ),
        Code::OwnClockSkewed => matches!(other.code, Code::CertificateExpired | Code::CertificateExpiring),
        Code::AwayFromHome => matches!(other.code, Code::KubeUnreachable | Code::ProbeFailed),
        Code::HandEdited => match component(cause) {
            "cloudflared" => other.code == Code::TunnelDown,
            "cert-manager" => matches!(other.code, Code::CertificatePending | Code::CertificateFailed),
            "ingress-nginx" | "traefik" => matches!(
                other.code,
                Code::CertificateDiffers | Code::ProbeFailed | Code::BackendSilent | Code::RedirectLoop
            ),
            _ => false,
        },
        _ => false,
    }
}

/// The component that a problem is about; empty where it is about none.
fn component(problem: &Problem) -> &str {
    problem.args.get("component").map_or("", String::as_str)
}

/// Machines that are not as they should be, whether a name suffers from it or not.
fn machines(observed: &Observed, now: i64) -> Vec<Problem> {
    let nodes = observed.nodes();
    let mut problems = wrong_clocks(observed);
    let version = |node: &NodeState| node.version.parse::<K3sVersion>().ok();
    let newest = nodes.iter().filter_map(version).max();
    for node in nodes {
        let about = |code| Problem::new(code).arg("node", &node.name);
        if !node.ready {
            problems.push(node.problem());
            continue;
        }
        problems.extend(node.shortages());
        if node.taints.iter().any(|taint| taint.starts_with("node.kubernetes.io/unschedulable")) {
            problems.push(about(Code::NodeCordoned));
        }
        if let (Some(own), Some(newest)) = (version(node), &newest)
            && own != *newest
        {
            problems.push(about(Code::VersionsDiffer).arg("version", own).arg("newest", newest));
        }
    }
    if let Some(newest) = newest
        && ends(&newest).is_some_and(|end| end <= now)
    {
        let release = format!("{}.{}", newest.major, newest.minor);
        problems.push(Problem::new(Code::ReleaseEnded).arg("release", release).arg("version", newest));
    }
    problems
}

/// When Kubernetes looks after a minor version no longer, unix ms: 14 months after its first release, as
/// kubernetes.io/releases/patch-releases lists them.
fn ends(version: &K3sVersion) -> Option<i64> {
    const DAY: i64 = 86_400_000;
    // Days since 1970 of the first of the month after.
    let days = match (version.major, version.minor) {
        (1, minor) if minor < 31 => 0,
        (1, 31) => 20_393,
        (1, 32) => 20_513,
        (1, 33) => 20_635,
        (1, 34) => 20_758,
        (1, 35) => 20_878,
        _ => return None,
    };
    Some(days * DAY)
}

fn fix(fix: Fix, problem: &Problem, exposure: Option<&Exposure>, desired: &Desired) -> Option<Change> {
    match fix {
        Fix::Hand => None,
        Fix::Reconcile => Some(Change::Reconcile),
        Fix::Expose => {
            let exposure = exposure?.clone();
            Some(Change::Expose { exposure, adopt: false, accept_retired: desired.stack.retired_accepted })
        }
        Fix::Repair(argument) => {
            let name =
                problem.args.get(argument).map_or(argument, |name| name.rsplit('/').next().unwrap_or(name));
            let component = StackComponent::named(name)?;
            Some(Change::Component { component, act: ComponentAct::Repair })
        }
        Fix::MoveIngress => Some(Change::MoveIngress { to: desired.ingress().other(), accept: None }),
    }
}
