//! The timeline: changes of health, runs and gaps in one row, newest first.
//!
//! So that what changed just before something broke stands right below it. Pages never cut through an instant: what
//! happened at once is told at once, and the instant alone says where the next page begins.

use super::HealthChange;
use crate::change::Change;
use crate::run::RunState;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum TimelineEntry {
    Health {
        change: HealthChange,
    },
    /// It stands where it began.
    Run {
        run: String,
        change: Change,
        state: RunState,
        #[ts(type = "number")]
        started_at: i64,
        #[ts(type = "number | null")]
        finished_at: Option<i64>,
    },
    /// Nobody watched; it stands where that ended.
    Gap {
        #[ts(type = "number")]
        from: i64,
        #[ts(type = "number")]
        until: i64,
        /// How much of it the watcher in the cluster saw of what it saw most of, ms.
        #[ts(type = "number")]
        watched: i64,
    },
}

impl TimelineEntry {
    /// Where it stands, unix ms.
    pub fn at(&self) -> i64 {
        match self {
            Self::Health { change } => change.at,
            Self::Run { started_at, .. } => *started_at,
            Self::Gap { until, .. } => *until,
        }
    }

    /// Of one instant: what was seen then, the gap before it, and what was begun.
    fn rank(&self) -> u8 {
        match self {
            Self::Health { .. } => 0,
            Self::Gap { .. } => 1,
            Self::Run { .. } => 2,
        }
    }
}

/// Sorts, newest first, and keeps `limit` entries and the rest of their last instant. With a full page comes the
/// instant before which the next one begins, if there is one.
pub fn page(mut entries: Vec<TimelineEntry>, limit: usize) -> (Vec<TimelineEntry>, Option<i64>) {
    entries.sort_by_key(|entry| (std::cmp::Reverse(entry.at()), entry.rank()));
    let Some(last) = entries.get(limit.saturating_sub(1)).map(TimelineEntry::at) else {
        return (entries, None);
    };
    entries.truncate(entries.partition_point(|entry| entry.at() >= last));
    (entries, Some(last))
}

#[cfg(test)]
mod tests {
    use super::super::SeenBy;
    use super::*;
    use crate::flow::Health;

    fn change(at: i64, subject: &str) -> TimelineEntry {
        let (from, to) = (Health::Up, Health::Down);
        TimelineEntry::Health {
            change: HealthChange { at, subject: subject.into(), from, to, reason: None, by: SeenBy::Portico },
        }
    }

    fn run(started_at: i64) -> TimelineEntry {
        let (change, state) = (Change::Reconcile, RunState::Done);
        TimelineEntry::Run { run: "one".into(), change, state, started_at, finished_at: None }
    }

    #[test]
    fn pages_are_whole_instants_and_miss_nothing() {
        let gap = TimelineEntry::Gap { from: 3, until: 5, watched: 0 };
        let all = vec![run(1), change(5, "a"), change(7, "a"), gap, change(5, "b"), run(6)];
        let instants = |entries: &[TimelineEntry]| entries.iter().map(TimelineEntry::at).collect::<Vec<_>>();
        let (first, next) = page(all.clone(), 3);
        assert_eq!((instants(&first), next), (vec![7, 6, 5, 5, 5], Some(5)));
        assert!(matches!(first[4], TimelineEntry::Gap { .. }), "the gap comes before what was seen after it");
        let rest = all.into_iter().filter(|entry| entry.at() < 5).collect();
        assert_eq!(page(rest, 3), (vec![run(1)], None));
    }
}
