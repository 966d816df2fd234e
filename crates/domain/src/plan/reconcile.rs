//! The plan that follows the nodes: records of LAN names to the Ready workers, routes and records of public names.
//!
//! All names at once: one list of records and one batch for each zone, however many services there are.

use crate::change::Desired;
use crate::exposure::{Reach, Tls};
use crate::observed::{Observed, Seen};
use crate::problem::{Code, Problem};
use crate::step::{Action, RecordTarget, RecordWish, Stage};
use crate::tunnel::{Route, RouteWish};

pub fn actions(desired: &Desired, observed: &Observed) -> Vec<(String, Stage, Action)> {
    let tunnel = desired.stack.tunnel.clone();
    let mut actions = Vec::new();
    let public = desired.exposures.iter().filter(|exposure| exposure.reach == Reach::Public);
    let routes: Vec<RouteWish> = public
        .map(|exposure| RouteWish {
            hostname: exposure.hostname.clone(),
            route: Some(Route::to(&exposure.hostname, desired.ingress(), exposure.tls == Tls::Passthrough)),
            adopt: false,
        })
        .collect();
    if let (Some(tunnel), false) = (tunnel.clone(), routes.is_empty()) {
        actions.push(("routes".into(), Stage::RouteTunnel, Action::Routes { tunnel, routes }));
    }
    let target = |reach| match (reach, &tunnel) {
        (Reach::Public, Some(name)) => RecordTarget::Tunnel { name: name.clone() },
        _ => RecordTarget::Lan { addresses: observed.lan_addresses() },
    };
    let names: Vec<RecordWish> = desired
        .exposures
        .iter()
        .map(|exposure| RecordWish {
            hostname: exposure.hostname.clone(),
            target: target(exposure.reach),
            adopt: false,
        })
        .collect();
    if !names.is_empty() && desired.stack.home_domain().is_none() {
        let action = Action::Records { names, cluster: desired.cluster_name().into() };
        actions.push(("records".into(), Stage::WriteRecords, action));
    }
    actions
}

/// Without a Ready worker the names keep what they have: an empty list would only take the last hope away.
pub fn possible(desired: &Desired, observed: &Observed) -> Result<(), Problem> {
    if let Some(Seen::Unseen { why }) = &observed.nodes {
        return Err(why.clone());
    }
    let lan = desired.exposures.iter().any(|exposure| exposure.reach == Reach::Lan);
    match lan && observed.lan_addresses().is_empty() {
        true => Err(Problem::new(Code::NoReadyWorker)),
        false => Ok(()),
    }
}
