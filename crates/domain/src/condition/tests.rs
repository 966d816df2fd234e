//! One condition for each cause, patience, and who knows.

use super::*;
use crate::certificate::{CertificateChain, Link, LinkState};
use crate::diagnosis::Clues;
use crate::diagnosis::tests::{NAME, NOW, at_home, cluster_is_silent, desired, well};
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
fn a_machine_that_runs_out_is_why_it_carries_no_name_and_holds_no_pods() {
    const PRESSED: &str = "node-pressure/pi-3/disk";
    let evicted = |observed: &mut Observed, _: &mut Clues| {
        let pressed = nodes(observed).last_mut().expect("a machine");
        pressed.pressures.push("disk".into());
        let address = pressed.address.expect("an address");
        for path in observed.lan_paths.values_mut() {
            let Seen::Seen { value, .. } = path else { continue };
            value.http.insert(address, Err(Problem::new(Code::ProbeFailed).arg("address", address)));
        }
    };
    let found = shown(evicted, &[]);
    let [Found { condition, .. }] = &found[..] else { panic!("{found:#?}") };
    assert_eq!((&*condition.id, condition.severity), (PRESSED, Severity::Degraded));
    assert_eq!(condition.hostnames.len(), 2);
    // Nowhere is room for the pods that were evicted.
    let nowhere = |observed: &mut Observed, clues: &mut Clues| {
        nodes(observed).drain(..2);
        for path in observed.lan_paths.values_mut() {
            let Seen::Seen { value, .. } = path else { continue };
            value.http.clear();
        }
        evicted(observed, clues);
        let endpoints = observed.endpoints.values_mut();
        endpoints.for_each(|endpoints| *endpoints = Seen::Seen { value: Vec::new(), at: NOW });
    };
    let found = shown(nowhere, &[]);
    let [Found { condition, .. }] = &found[..] else { panic!("{found:#?}") };
    assert_eq!((&*condition.id, condition.severity), (PRESSED, Severity::Down));
}

#[test]
fn a_certificate_that_ended_is_told_with_who_refused_the_next_one() {
    let ended = |observed: &mut Observed, _: &mut Clues| {
        for path in observed.lan_paths.values_mut() {
            let Seen::Seen { value, .. } = path else { continue };
            value.tls.values_mut().flatten().for_each(|shown| shown.not_after = NOW - 1);
        }
        for chain in observed.certificates.values_mut() {
            let Seen::Seen { value, .. } = chain else { continue };
            let link = |kind: &str, state, message: &str| Link {
                kind: kind.into(),
                name: "echo-tls-2".into(),
                state,
                reason: String::new(),
                message: message.into(),
            };
            let links = vec![
                link("Certificate", LinkState::Pending, "it has ended"),
                link("Order", LinkState::Failed, "no such zone"),
            ];
            *value = CertificateChain::new("apps", "echo-tls", None, links);
        }
    };
    let found = shown(ended, &[]);
    assert_eq!(codes(&found), [Code::CertificateExpired, Code::CertificateExpired], "{found:#?}");
    assert_eq!(found[0].condition.severity, Severity::Down);
    assert_eq!(found[0].condition.problem.detail.as_deref(), Some("Order echo-tls-2: no such zone"));
    // Where nobody is there who would ask for the next one, that is the one thing.
    let away =
        Problem::new(Code::WorkloadNotReady).arg("workload", "cert-manager").arg("component", "cert-manager");
    let found = shown(ended, std::slice::from_ref(&away));
    assert_eq!(codes(&found), [Code::WorkloadNotReady], "{found:#?}");
    assert_eq!((found[0].condition.severity, found[0].condition.hostnames.len()), (Severity::Down, 2));
    // What this computer lacks has nothing to do with its pods; what its chart failed at has.
    let about = |code| Problem::new(code).arg("component", "cert-manager");
    let both = shown(|_, _| {}, &[away.clone(), about(Code::SecretMissing).arg("secret", "cluster-token")]);
    assert_eq!(codes(&both), [Code::SecretMissing, Code::WorkloadNotReady]);
    let failed = shown(|_, _| {}, &[away, about(Code::ChartFailed).arg("chart", "cert-manager")]);
    assert_eq!(codes(&failed), [Code::ChartFailed]);
}

#[test]
fn a_silent_cluster_is_no_outage_for_who_is_in_another_network() {
    let cafe: Vec<_> = vec!["192.168.7.0/24".parse().unwrap()];
    let away = |observed: &mut Observed, clues: &mut Clues| {
        cluster_is_silent(observed);
        clues.interfaces[0].subnets.clone_from(&cafe);
    };
    let found = shown(away, &[]);
    assert_eq!(codes(&found), [Code::AwayFromHome], "{found:#?}");
    assert_eq!((found[0].condition.severity, found[0].condition.hostnames.len()), (Severity::Notice, 2));
    // Where it answered before, and where its machines are, its silence is an outage.
    let routed = |observed: &mut Observed, clues: &mut Clues| {
        away(observed, clues);
        clues.home.clone_from(&cafe);
    };
    let at_home = |observed: &mut Observed, _: &mut Clues| cluster_is_silent(observed);
    for found in [shown(routed, &[]), shown(at_home, &[])] {
        assert_eq!(codes(&found), [Code::KubeUnreachable], "{found:#?}");
        assert_eq!(found[0].condition.severity, Severity::Down);
    }
    // Who comes home is away no more, though the cluster is as silent there.
    let mut ledger = Ledger::default();
    ledger.look(look(away, &[]));
    ledger.look(look(at_home, &[]));
    let present: Vec<_> = ledger.present().into_iter().map(|condition| condition.problem.code).collect();
    assert_eq!(present, [Code::KubeUnreachable]);
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
    ledger.look(blind.clone());
    assert_eq!(ledger.conditions(&marks, 60_000), [], "what was seen for a moment lasts no longer unseen");
    ledger.look(found(5_000));
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

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    /// True once in `sides` throws.
    fn hits(&mut self, sides: u64) -> bool {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33).is_multiple_of(sides)
    }
}

/// What a look at two names and their workers misses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Noise {
    /// By bit: the probe of one name at one worker, HTTP or TLS; whether this computer's resolver answers for a name.
    Lost(u16),
    /// pi-2 restarts: it is not Ready, and no probe of it is answered.
    Reboot,
    /// The router restarts: nothing answers.
    Cut,
}

fn noisy(noise: Noise) -> Look {
    let lost = || Problem::new(Code::ProbeFailed).arg("reason", "timed-out");
    look(
        |observed, _| {
            let names: Vec<String> = observed.lan_paths.keys().cloned().collect();
            for (n, name) in names.iter().enumerate() {
                let Some(Seen::Seen { value: path, .. }) = observed.lan_paths.get_mut(name) else {
                    panic!("{name}")
                };
                let workers: Vec<_> = path.http.keys().copied().collect();
                for (w, worker) in workers.iter().enumerate() {
                    let gone = |part: usize| match noise {
                        Noise::Lost(bits) => bits >> (n * 4 + w * 2 + part) & 1 == 1,
                        Noise::Reboot => w == 0,
                        Noise::Cut => true,
                    };
                    if gone(0) {
                        path.http.insert(*worker, Err(lost()));
                    }
                    if gone(1) {
                        path.tls.insert(*worker, Err(lost()));
                    }
                }
                let silent = match noise {
                    Noise::Lost(bits) => bits >> (8 + n) & 1 == 1,
                    Noise::Reboot => false,
                    Noise::Cut => true,
                };
                if silent {
                    path.answers.system = Err(Problem::new(Code::ResolveFailed).arg("hostname", name));
                }
                if noise == Noise::Cut {
                    path.answers.public = Err(Problem::new(Code::ResolveFailed).arg("hostname", name));
                    path.answers.authoritative = Err(Problem::new(Code::ResolveFailed).arg("hostname", name));
                }
            }
            if noise == Noise::Reboot {
                nodes(observed)[1].ready = false;
            }
            if noise == Noise::Cut {
                let unseen = || Problem::new(Code::KubeUnreachable).arg("server", "10.0.0.1");
                observed.nodes = Some(Seen::Unseen { why: unseen() });
                observed.objects.values_mut().for_each(|seen| *seen = Seen::Unseen { why: unseen() });
                observed.endpoints.values_mut().for_each(|seen| *seen = Seen::Unseen { why: unseen() });
                observed.certificates.values_mut().for_each(|seen| *seen = Seen::Unseen { why: unseen() });
            }
        },
        &[],
    )
}

#[test]
fn a_month_of_noise_alarms_nobody_and_what_is_wrong_in_it_does() {
    const SECOND: i64 = 1_000;
    const DAY: i64 = 86_400 * SECOND;
    let (mut ledger, mut marks) = (Ledger::default(), Marks::default());
    let mut alarms = crate::alarm::Alarms::default();
    let mut dice = Dice(1);
    let mut looks = std::collections::BTreeMap::new();
    let (mut told, mut probes) = (Vec::new(), 0);
    for at in (0..30 * DAY).step_by(3_000) {
        let (day, time) = (at / DAY, at % DAY);
        let night = 3 * 3_600 * SECOND;
        if time == night - 300 * SECOND {
            marks.maintenance.insert("pi-2".into(), at + 900 * SECOND);
        }
        let noise = if (night..night + 180 * SECOND).contains(&time) {
            Noise::Reboot
        } else if day % 7 == 2 && (0..90 * SECOND).contains(&(time - 2 * night)) {
            Noise::Cut
        } else {
            probes += 10;
            Noise::Lost((0..10).fold(0, |bits, bit| bits | u16::from(dice.hits(50)) << bit))
        };
        let mut look: Look = looks.entry(noise).or_insert_with(|| noisy(noise)).clone();
        look.found.iter_mut().for_each(|found| found.condition.since = at);
        ledger.look(look);
        told.extend(alarms.look(&ledger.conditions(&marks, at)).into_iter().map(|alarm| (at, noise, alarm)));
    }
    assert!(probes > 8_000_000, "{probes}");
    assert_eq!(told, [], "nothing was wrong");

    // The same ears hear what is.
    for at in [0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33].map(|seconds| 30 * DAY + seconds * SECOND) {
        let mut look = noisy(Noise::Lost(0b1111_1111));
        look.found.iter_mut().for_each(|found| found.condition.since = at);
        ledger.look(look);
        told.extend(
            alarms.look(&ledger.conditions(&marks, at)).into_iter().map(|alarm| (at, Noise::Cut, alarm)),
        );
    }
    assert_eq!(told.len(), 1, "{told:#?}");
}
