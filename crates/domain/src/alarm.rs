//! When a person is told that something is wrong without looking: once for each cause, after a moment's patience, and
//! once when it is over.
//!
//! What is told is read off one picture after the other. Unknown is neither bad news nor good. How it is told (a
//! notification, the tray) is the shell's.

use crate::flow::{FlowGraph, Health, Path};
use crate::problem::{Code, Problem};
use std::collections::{BTreeMap, BTreeSet};

/// So many pictures in a row have to agree: one lost packet is no outage.
const PATIENCE: u32 = 2;

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// These names cannot be reached, and this is why, where it is known.
    Down { hostnames: Vec<String>, cause: Option<Problem> },
    /// These can be reached again.
    Over { hostnames: Vec<String> },
}

/// What was told, and what is only suspected.
#[derive(Debug, Default)]
pub struct Alarms {
    told: BTreeSet<String>,
    /// By hostname: in how many pictures in a row it was other than what was told.
    suspected: BTreeMap<String, u32>,
}

impl Alarms {
    /// How many names are told to be down.
    pub fn down(&self) -> usize {
        self.told.len()
    }

    /// Takes the next picture and gives what is to be told because of it.
    pub fn look(&mut self, graph: &FlowGraph) -> Vec<Alarm> {
        let present: BTreeSet<&str> = graph.paths.iter().map(|path| path.hostname.as_str()).collect();
        // A name that is wanted no more is no news.
        self.told.retain(|hostname| present.contains(hostname.as_str()));
        self.suspected.retain(|hostname, _| present.contains(hostname.as_str()));
        let (mut down, mut over) = (BTreeMap::<_, (Option<Problem>, Vec<String>)>::new(), Vec::new());
        for path in &graph.paths {
            let told = self.told.contains(&path.hostname);
            let changed = match path.health {
                Health::Down => !told,
                Health::Up | Health::Degraded => told,
                Health::Unknown => continue,
            };
            if !changed {
                self.suspected.remove(&path.hostname);
                continue;
            }
            let seen = self.suspected.entry(path.hostname.clone()).or_default();
            *seen += 1;
            if *seen < PATIENCE {
                continue;
            }
            self.suspected.remove(&path.hostname);
            if told {
                self.told.remove(&path.hostname);
                over.push(path.hostname.clone());
            } else {
                self.told.insert(path.hostname.clone());
                let cause = cause(graph, path);
                let key = cause.as_ref().map(|cause| (cause.code, cause.args.clone()));
                let (_, names) = down.entry(key).or_insert_with(|| (cause, Vec::new()));
                names.push(path.hostname.clone());
            }
        }
        let mut alarms: Vec<Alarm> =
            down.into_values().map(|(cause, hostnames)| Alarm::Down { hostnames, cause }).collect();
        alarms.extend((!over.is_empty()).then_some(Alarm::Over { hostnames: over }));
        alarms
    }
}

/// Why a path is down: a machine that is away explains the rest, else the first hop on the way that is down.
fn cause(graph: &FlowGraph, path: &Path) -> Option<Problem> {
    let on_it = path.hops.iter().filter_map(|id| graph.hops.iter().find(|hop| hop.id == *id));
    let reasons: Vec<&Problem> =
        on_it.filter(|hop| hop.health == Health::Down).filter_map(|hop| hop.reason.as_ref()).collect();
    let machine = reasons.iter().find(|reason| reason.code == Code::NodeNotReady);
    machine.or(reasons.first()).map(|reason| (*reason).clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposure::Reach;
    use crate::flow::{Column, Hop};

    fn picture(healths: &[(&str, Health)]) -> FlowGraph {
        let away = Problem::new(Code::NodeNotReady).arg("node", "pi-2");
        let quiet = Problem::new(Code::WorkloadNotReady).arg("workload", "ingress");
        let hop = |id: &str, reason: &Problem| Hop {
            id: id.into(),
            column: Column::RunsOn,
            label: id.into(),
            detail: String::new(),
            health: Health::Down,
            reason: Some(reason.clone()),
        };
        let path = |hostname: &str, health| Path {
            service: hostname.into(),
            hostname: hostname.into(),
            reach: Reach::Lan,
            hops: vec!["ingress".into(), "node/pi-2".into()],
            health,
            notes: Vec::new(),
        };
        FlowGraph {
            hops: vec![hop("ingress", &quiet), hop("node/pi-2", &away)],
            paths: healths.iter().map(|(hostname, health)| path(hostname, *health)).collect(),
            ..FlowGraph::default()
        }
    }

    #[test]
    fn one_cause_is_told_once_after_a_moment_and_once_when_it_is_over() {
        let mut alarms = Alarms::default();
        let (up, down) = (
            picture(&[("a", Health::Up), ("b", Health::Up)]),
            picture(&[("a", Health::Down), ("b", Health::Down)]),
        );
        assert_eq!(alarms.look(&up), []);
        assert_eq!(alarms.look(&down), [], "one picture alone is no outage");
        let told = alarms.look(&down);
        let cause = Problem::new(Code::NodeNotReady).arg("node", "pi-2");
        assert_eq!(told, [Alarm::Down { hostnames: vec!["a".into(), "b".into()], cause: Some(cause) }]);
        assert_eq!((alarms.look(&down), alarms.down()), (Vec::new(), 2), "and it is not told again");
        assert_eq!(alarms.look(&up), []);
        assert_eq!(alarms.look(&up), [Alarm::Over { hostnames: vec!["a".into(), "b".into()] }]);
        assert_eq!(alarms.down(), 0);
    }

    #[test]
    fn what_flickers_is_unknown_or_is_wanted_no_more_is_no_news() {
        let mut alarms = Alarms::default();
        for health in [Health::Down, Health::Up, Health::Down, Health::Degraded, Health::Down, Health::Up] {
            assert_eq!(alarms.look(&picture(&[("a", health)])), []);
        }
        alarms.look(&picture(&[("a", Health::Down)]));
        alarms.look(&picture(&[("a", Health::Down)]));
        for _ in 0..5 {
            assert_eq!(alarms.look(&picture(&[("a", Health::Unknown)])), [], "unknown is not over");
        }
        assert_eq!(alarms.down(), 1);
        assert_eq!((alarms.look(&picture(&[])), alarms.down()), (Vec::new(), 0));
    }
}
