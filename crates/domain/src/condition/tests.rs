//! One condition for each cause, patience, and who knows.

use super::*;
use crate::diagnosis::Clues;
use crate::diagnosis::tests::{NAME, NOW, at_home, desired, well};
use crate::exposure::Reach;
use crate::observed::{Observed, Seen};
use crate::problem::Code;
use std::collections::BTreeSet;

fn codes(found: &[Found]) -> Vec<Code> {
    found.iter().map(|found| found.condition.problem.code).collect()
}

/// What a look shows after this change to a homelab in which all is well, two names on it.
fn shown(change: impl Fn(&mut Observed, &mut Clues), others: &[Problem]) -> Vec<Found> {
    look(change, others).found
}

fn look(change: impl Fn(&mut Observed, &mut Clues), others: &[Problem]) -> Look {
    let mut desired = desired(Reach::Lan);
    let (mut observed, mut clues) = (well(&desired), at_home());
    let mut second = desired.exposures[0].clone();
    second.hostname = crate::dns::Hostname::parse("second.example.test").unwrap();
    second.name = "second".into();
    let ingress = second.ingress(desired.stack.issuer());
    let chain = observed.certificates["apps/echo-tls"].clone();
    let endpoints = observed.endpoints["apps/echo"].clone();
    observed.certificates.insert("apps/second-tls".into(), chain);
    observed.endpoints.insert("apps/second".into(), endpoints);
    let seen = Seen::Seen { value: Some(ingress), at: NOW };
    observed.objects.insert(crate::diagnosis::ingress_key(&second), seen);
    let mut path = observed.lan_paths[NAME].clone();
    if let Seen::Seen { value, .. } = &mut path {
        for shown in value.tls.values_mut().flatten() {
            shown.names = vec!["second.example.test".into()];
        }
    }
    let records = observed.records[NAME].clone();
    nodes(&mut observed).iter_mut().for_each(|node| node.version = "v1.36.3+k3s1".into());
    desired.exposures.push(second);
    observed.records.insert("second.example.test".into(), records);
    observed.lan_paths.insert("second.example.test".into(), path);
    change(&mut observed, &mut clues);
    read(&desired, &observed, &clues, others, NOW)
}

fn nodes(observed: &mut Observed) -> &mut Vec<crate::observed::NodeState> {
    match &mut observed.nodes {
        Some(Seen::Seen { value, .. }) => value,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_machine_that_is_away_is_one_condition_for_all_names_on_it() {
    let away = |observed: &mut Observed, _: &mut Clues| nodes(observed)[2].ready = false;
    let found = shown(away, &[]);
    assert_eq!(codes(&found), [Code::NodeNotReady], "{found:#?}");
    let Found { condition, .. } = &found[0];
    assert_eq!(condition.id, "node-not-ready/pi-3");
    assert_eq!(condition.hostnames.len(), 2);
    assert_eq!(condition.severity, Severity::Degraded, "the other worker carries the names");
}

#[test]
fn machines_are_judged_also_where_no_name_suffers() {
    let worn = |observed: &mut Observed, _: &mut Clues| {
        let nodes = nodes(observed);
        nodes[0].pressures.push("disk".into());
        nodes[1].taints.push("node.kubernetes.io/unschedulable:NoSchedule".into());
        (nodes[1].version, nodes[2].version) = ("v1.36.2+k3s1".into(), "v1.35.1+k3s1".into());
    };
    let found = codes(&shown(worn, &[])).into_iter().collect::<BTreeSet<_>>();
    let wanted = [Code::NodePressure, Code::NodeCordoned, Code::VersionsDiffer];
    assert_eq!(found, wanted.into_iter().collect());
    let old = |observed: &mut Observed, _: &mut Clues| {
        nodes(observed).iter_mut().for_each(|node| node.version = "v1.31.9+k3s1".into());
    };
    assert_eq!(codes(&shown(old, &[])), [Code::ReleaseEnded]);
    // Patches count, too: the one that lags is named, and what it lags behind.
    let lags = |observed: &mut Observed, _: &mut Clues| nodes(observed)[0].version = "v1.36.2+k3s1".into();
    let behind = shown(lags, &[]).remove(0).condition.problem;
    assert_eq!((behind.code, &*behind.args["newest"]), (Code::VersionsDiffer, "v1.36.3+k3s1"));
}

#[test]
fn what_would_put_it_right_is_a_change() {
    let missing = |observed: &mut Observed, _: &mut Clues| {
        for answer in [NAME, "second.example.test"] {
            if let Some(Seen::Seen { value, .. }) = observed.lan_paths.get_mut(answer) {
                value.answers.authoritative = Ok(Vec::new());
            }
        }
    };
    let fixes: Vec<_> = shown(missing, &[]).into_iter().map(|found| found.condition.fix).collect();
    assert_eq!(fixes, [Some(Change::Reconcile), Some(Change::Reconcile)]);
    let drift = Problem::new(Code::HandEdited).arg("object", "x").arg("component", "cert-manager");
    let found = shown(|_, _| {}, &[drift]).remove(0).condition;
    assert!(matches!(found.fix, Some(Change::Component { .. })), "{found:#?}");
    let answer = Problem::new(Code::ConfirmationNeeded);
    assert_eq!(shown(|_, _| {}, &[answer]), [], "an answer to a question is no condition");
}

#[test]
fn a_condition_is_told_when_it_lasts_and_is_over_when_it_is_missed_twice() {
    let found = |at: i64| {
        let away = |observed: &mut Observed, _: &mut Clues| nodes(observed)[2].ready = false;
        let mut look = look(away, &[]);
        look.found[0].condition.since = at;
        look
    };
    let (nothing, blind) = (Look::default(), Look { blind: true, ..Look::default() });
    let (mut ledger, marks) = (Ledger::default(), Marks::default());
    ledger.look(found(0));
    assert_eq!(ledger.conditions(&marks, 4_999), []);
    ledger.look(found(3_000));
    let told = ledger.conditions(&marks, 5_000);
    assert_eq!((told.len(), told[0].since), (1, 0), "it goes on from the first look");
    ledger.look(blind.clone());
    ledger.look(blind);
    assert_eq!(ledger.conditions(&marks, 6_000).len(), 1, "what cannot be seen is not over");
    ledger.look(nothing.clone());
    assert_eq!(ledger.present(), [], "who asks once hears what is seen now");
    assert_eq!(ledger.conditions(&marks, 7_000).len(), 1, "one look alone is no end");
    let kept = Ledger::resumed(ledger.all());
    assert_eq!(kept.conditions(&marks, 7_000)[0].since, 0, "also after Portico was started anew");
    ledger.look(nothing);
    assert_eq!(ledger.conditions(&marks, 8_000), []);
}

#[test]
fn a_name_that_cannot_be_looked_at_is_not_well_again() {
    let missing = |observed: &mut Observed, _: &mut Clues| {
        if let Some(Seen::Seen { value, .. }) = observed.lan_paths.get_mut(NAME) {
            value.answers.authoritative = Ok(Vec::new());
        }
    };
    let silent = |observed: &mut Observed, _: &mut Clues| {
        let why = Problem::new(Code::CloudflareUnreachable);
        observed.lan_paths.insert(NAME.into(), Seen::Unseen { why });
    };
    let mut ledger = Ledger::default();
    ledger.look(look(missing, &[]));
    for _ in 0..5 {
        ledger.look(look(silent, &[]));
        assert_eq!(ledger.present().len(), 1, "unknown is not over");
    }
    ledger.look(look(|_, _| {}, &[]));
    ledger.look(look(|_, _| {}, &[]));
    assert_eq!(ledger.all(), []);
}

#[test]
fn who_knows_is_marked_until_it_is_over() {
    let away = |observed: &mut Observed, _: &mut Clues| nodes(observed)[2].ready = false;
    let condition = shown(away, &[]).remove(0).condition;
    let mut marks = Marks::default();
    assert_eq!(marks.of(&condition, 0), None);
    marks.maintenance.insert("pi-3".into(), 100);
    assert_eq!(marks.of(&condition, 0), Some(Hush::Maintenance { until: 100 }));
    assert_eq!(marks.of(&condition, 100), None);
    let problem = Problem::new(Code::BackendSilent);
    let silent = Condition { problem, ..condition.clone() };
    marks.maintenance.insert(NAME.into(), 90);
    assert_eq!(marks.of(&silent, 0), None, "another name suffers that is not being worked on");
    marks.maintenance.insert("second.example.test".into(), 110);
    assert_eq!(marks.of(&silent, 0), Some(Hush::Maintenance { until: 90 }));
    marks.hushed.insert(condition.id.clone(), Hush::Snoozed { until: 50 });
    assert_eq!(marks.of(&condition, 0), Some(Hush::Snoozed { until: 50 }));
    marks.hushed.insert(condition.id.clone(), Hush::Acknowledged);
    assert_eq!(marks.of(&condition, 1_000), Some(Hush::Acknowledged));
    assert!(marks.prune(|_| false, 1_000));
    assert_eq!(marks, Marks::default(), "what is over is not known for ever");
}

#[test]
fn each_kind_is_there_once() {
    let codes: BTreeSet<Code> = KINDS.iter().map(|kind| kind.code).collect();
    assert_eq!(codes.len(), KINDS.len());
}
