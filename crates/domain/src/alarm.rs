//! When a person is told that something is wrong without looking: once for each cause, and once when it is over.
//!
//! What is told is read off one list of conditions after the other; patience is in the conditions already. How it is told
//! (a notification, the tray) is the shell's.

use crate::condition::{Condition, Severity};
use crate::problem::Problem;
use std::collections::{BTreeMap, BTreeSet};

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// This is down, and these names with it.
    Down { hostnames: Vec<String>, cause: Problem },
    /// It is over.
    Over { hostnames: Vec<String>, cause: Problem },
}

/// What was told.
#[derive(Debug, Default)]
pub struct Alarms {
    told: BTreeMap<String, (Vec<String>, Problem)>,
}

impl Alarms {
    /// Takes the next list and gives what is to be told because of it.
    pub fn look(&mut self, conditions: &[Condition]) -> Vec<Alarm> {
        let down = |condition: &&Condition| condition.severity == Severity::Down;
        let present: BTreeSet<&str> = conditions.iter().filter(down).map(|one| one.id.as_str()).collect();
        let over: Vec<String> =
            self.told.keys().filter(|id| !present.contains(id.as_str())).cloned().collect();
        let over = over.into_iter().filter_map(|id| self.told.remove(&id));
        let mut alarms: Vec<Alarm> =
            over.map(|(hostnames, cause)| Alarm::Over { hostnames, cause }).collect();
        for condition in conditions.iter().filter(down) {
            // Who said that it is known is not told that it is over, either.
            if condition.hushed.is_some() {
                self.told.remove(&condition.id);
            } else if !self.told.contains_key(&condition.id) {
                let (hostnames, cause) = (condition.hostnames.clone(), condition.problem.clone());
                self.told.insert(condition.id.clone(), (hostnames.clone(), cause.clone()));
                alarms.push(Alarm::Down { hostnames, cause });
            }
        }
        alarms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::Hush;
    use crate::problem::Code;

    fn condition(severity: Severity, hushed: Option<Hush>) -> Condition {
        Condition {
            id: "node-not-ready/pi-2".into(),
            problem: Problem::new(Code::NodeNotReady).arg("node", "pi-2"),
            severity,
            since: 0,
            hostnames: vec!["a".into(), "b".into()],
            fix: None,
            hushed,
        }
    }

    #[test]
    fn one_cause_is_told_once_and_once_when_it_is_over() {
        let mut alarms = Alarms::default();
        let down = [condition(Severity::Down, None)];
        let (hostnames, cause) = (down[0].hostnames.clone(), down[0].problem.clone());
        let told = Alarm::Down { hostnames: hostnames.clone(), cause: cause.clone() };
        assert_eq!((alarms.look(&down), alarms.look(&down)), (vec![told], vec![]));
        assert_eq!(alarms.look(&[]), [Alarm::Over { hostnames, cause }]);
        assert_eq!(alarms.look(&[condition(Severity::Degraded, None)]), [], "what works is no alarm");
    }

    #[test]
    fn what_somebody_knows_of_is_no_news_and_neither_is_its_end() {
        let mut alarms = Alarms::default();
        assert_eq!(alarms.look(&[condition(Severity::Down, Some(Hush::Acknowledged))]), []);
        assert_eq!(alarms.look(&[]), []);
        assert_eq!(alarms.look(&[condition(Severity::Down, None)]).len(), 1);
        assert_eq!(alarms.look(&[condition(Severity::Down, Some(Hush::Acknowledged))]), []);
        assert_eq!(alarms.look(&[]), []);
    }
}
