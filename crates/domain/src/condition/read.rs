//! What one look shows: the cause for each name that is not as it should be, and what is wrong with no name attached.
//!
//! A name's tests are those of the diagnosis; only what explains the others is taken. Causes that several names have in
//! common are one condition.

use super::table::{Fix, kind};
use super::{Condition, Severity};
use crate::change::{Change, ComponentAct, Desired};
use crate::diagnosis::{Clues, diagnose};
use crate::exposure::Exposure;
use crate::flow::Health;
use crate::observed::{Observed, Seen};
use crate::problem::{Code, Problem};
use crate::stack::StackComponent;
use std::collections::BTreeMap;

/// A condition that a look shows; since when is the ledger's to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Found(pub(super) Condition);

/// The conditions of a look. `others` are problems found by other ways than looking at paths; `now` is unix ms.
pub fn read(
    desired: &Desired,
    observed: &Observed,
    clues: &Clues,
    others: &[Problem],
    now: i64,
) -> Vec<Found> {
    let mut found = BTreeMap::new();
    let mut add = |problem: &Problem, health: Health, exposure: Option<&Exposure>| {
        let Some(kind) = kind(problem.code) else { return };
        let seen_as = match health {
            Health::Down => Severity::Down,
            Health::Degraded | Health::Unknown => Severity::Degraded,
            Health::Up => Severity::Notice,
        };
        let about = kind.about.iter().filter_map(|name| problem.args.get(*name)).map(String::as_str);
        let id = std::iter::once(problem.code.word().as_str()).chain(about).collect::<Vec<_>>().join("/");
        let condition = found.entry(id.clone()).or_insert_with(|| Condition {
            fix: fix(kind.fix, problem, exposure, desired),
            id,
            problem: problem.clone(),
            severity: Severity::Notice,
            since: now,
            hostnames: Vec::new(),
            hushed: None,
        });
        condition.severity = condition.severity.max(kind.severity.unwrap_or(seen_as));
        condition.hostnames.extend(exposure.map(|exposure| exposure.hostname.to_string()));
    };
    for exposure in &desired.exposures {
        let diagnosis = diagnose(desired, &exposure.hostname, observed, clues, now);
        if let Some(cause) = &diagnosis.cause {
            add(cause, diagnosis.health, Some(exposure));
        }
    }
    match &observed.nodes {
        Some(Seen::Unseen { why }) => add(why, Health::Down, None),
        Some(Seen::Seen { .. }) => {
            for problem in machines(observed, now) {
                add(&problem, Health::Degraded, None);
            }
        }
        None => {}
    }
    others.iter().for_each(|problem| add(problem, Health::Degraded, None));
    root_causes(found.into_values().collect()).into_iter().map(Found).collect()
}

/// Leaves out what another condition explains, which then touches what that one touched, and is as bad.
fn root_causes(mut found: Vec<Condition>) -> Vec<Condition> {
    let mut roots = Vec::new();
    while let Some(condition) = found.pop() {
        let root =
            found.iter_mut().chain(&mut roots).find(|other| explains(&other.problem, &condition.problem));
        let Some(root) = root else {
            roots.push(condition);
            continue;
        };
        // From another network nothing at home can be judged: that is no outage.
        if root.problem.code != Code::AwayFromHome {
            root.severity = root.severity.max(condition.severity);
        }
        root.hostnames.extend(condition.hostnames);
    }
    for root in &mut roots {
        root.hostnames.sort();
        root.hostnames.dedup();
    }
    roots.sort_by(|a, b| a.id.cmp(&b.id));
    roots
}

/// Whether `cause` is why `other` is so. Never both ways round, so that one of them stays.
fn explains(cause: &Problem, other: &Problem) -> bool {
    let component = || cause.args.get("component").map(String::as_str).unwrap_or_default();
    match cause.code {
        // Pods of a component that are on it come back with it.
        Code::NodeNotReady => other.code == Code::WorkloadNotReady && other.args.contains_key("component"),
        Code::KubeUnreachable => matches!(other.code, Code::NoReadyWorker | Code::WorkloadNotReady),
        Code::AwayFromHome => matches!(other.code, Code::KubeUnreachable | Code::ProbeFailed),
        Code::HandEdited => match component() {
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

/// Machines that are not as they should be, whether a name suffers from it or not.
fn machines(observed: &Observed, now: i64) -> Vec<Problem> {
    let nodes = observed.nodes();
    let mut problems = Vec::new();
    let mut versions: Vec<&str> = nodes.iter().map(|node| node.version.as_str()).collect();
    versions.sort_unstable();
    versions.dedup();
    let newest = nodes.iter().map(|node| node.version.as_str()).max_by_key(|version| numbers(version));
    for node in nodes {
        let about = |code| Problem::new(code).arg("node", &node.name);
        if !node.ready {
            problems.push(node.problem());
            continue;
        }
        problems.extend(node.pressures.iter().map(|kind| about(Code::NodePressure).arg("pressure", kind)));
        if node.taints.iter().any(|taint| taint.starts_with("node.kubernetes.io/unschedulable")) {
            problems.push(about(Code::NodeCordoned));
        }
        if let Some(newest) = newest.filter(|newest| versions.len() > 1 && *newest != node.version) {
            problems.push(about(Code::VersionsDiffer).arg("version", &node.version).arg("newest", newest));
        }
    }
    let ended = newest.and_then(|version| Some((version, ends(version)?))).filter(|(_, end)| *end <= now);
    problems.extend(ended.map(|(version, _)| {
        let (major, minor) = numbers(version);
        Problem::new(Code::ReleaseEnded).arg("release", format!("{major}.{minor}")).arg("version", version)
    }));
    problems
}

/// Major and minor of `v1.34.4+k3s1`.
fn numbers(version: &str) -> (u32, u32) {
    let mut parts = version.trim_start_matches('v').split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// When Kubernetes looks after a minor version no longer, unix ms: 14 months after its first release, as
/// kubernetes.io/releases/patch-releases lists them.
fn ends(version: &str) -> Option<i64> {
    const DAY: i64 = 86_400_000;
    // Days since 1970 of the first of the month after.
    let days = match numbers(version) {
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
    let component = |name: &str| {
        let component = StackComponent::ALL.into_iter().find(|component| component.name() == name)?;
        Some(Change::Component { component, act: ComponentAct::Repair })
    };
    match fix {
        Fix::Hand => None,
        Fix::Reconcile => Some(Change::Reconcile),
        Fix::Expose => {
            let exposure = exposure?.clone();
            Some(Change::Expose { exposure, adopt: false, accept_retired: desired.stack.retired_accepted })
        }
        Fix::Repair(argument) => component(
            problem.args.get(argument).map_or(argument, |name| name.rsplit('/').next().unwrap_or(name)),
        ),
        Fix::MoveIngress => Some(Change::MoveIngress { to: desired.ingress().other(), accept: None }),
    }
}
