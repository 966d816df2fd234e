//! The ledger: takes one look after the other and says what is to be written.
//!
//! It holds what the next look is compared with, and the minute that is not over. Whoever writes its entries keeps
//! it, too, in the same transaction: then a process that is killed anywhere goes on where the last look was.

use super::{HOLDS_MS, HealthChange, Level, Look, Rollup, SeenBy, Span};
use crate::flow::Health;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows of one minute by subject.
pub(super) type Minute = BTreeMap<String, Rollup>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ledger {
    version: u32,
    /// The last look, unix ms.
    seen_at: Option<i64>,
    /// How each subject was then; those that have gone since are unknown.
    states: BTreeMap<String, Health>,
    /// By the instant at which it begins: between two looks, one minute at most.
    open: BTreeMap<i64, Minute>,
}

/// What one look leads to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entry {
    pub changes: Vec<HealthChange>,
    /// Nobody watched before this look.
    pub gap: Option<Span>,
    /// Minutes that are over, by the instant at which they begin. One that is told again, after a clock was put back,
    /// replaces what was told of it.
    pub closed: BTreeMap<i64, Minute>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self { version: 1, seen_at: None, states: BTreeMap::new(), open: BTreeMap::new() }
    }
}

impl Ledger {
    /// Takes a look at `now` (unix ms).
    pub fn take(&mut self, now: i64, look: &Look) -> Entry {
        let gap = self.credit(now);
        let changes = self.compare(now, look);
        let minute = Level::Minute.span(now).from;
        let open = self.open.entry(minute).or_default();
        for (subject, sample) in look {
            let row = open.entry(subject.clone()).or_default();
            sample.latencies.iter().for_each(|millis| row.latency.add(*millis));
        }
        let current = self.open.remove(&minute).unwrap_or_default();
        let closed = std::mem::replace(&mut self.open, BTreeMap::from([(minute, current)]));
        self.seen_at = Some(now);
        Entry { changes, gap, closed }
    }

    /// The time since the last look counts as what that look saw, for as long as a look stands. A clock that was put
    /// back says nothing about how much time has passed.
    fn credit(&mut self, now: i64) -> Option<Span> {
        let seen = self.seen_at?;
        let until = now.min(seen.saturating_add(HOLDS_MS));
        let mut from = seen;
        while from < until {
            let minute = Level::Minute.span(from);
            let to = until.min(minute.until);
            let open = self.open.entry(minute.from).or_default();
            for (subject, health) in self.states.iter().filter(|(_, health)| **health != Health::Unknown) {
                open.entry(subject.clone()).or_default().times.add(*health, to - from);
            }
            from = to;
        }
        (until < now && seen <= now).then_some(Span { from: until, until: now })
    }

    fn compare(&mut self, now: i64, look: &Look) -> Vec<HealthChange> {
        let mut changes = Vec::new();
        let gone = self.states.keys().filter(|subject| !look.contains_key(*subject)).cloned();
        for subject in gone.chain(look.keys().cloned()).collect::<Vec<_>>() {
            let sample = look.get(&subject);
            let to = sample.map_or(Health::Unknown, |sample| sample.health);
            let from = self.states.insert(subject.clone(), to).unwrap_or(Health::Unknown);
            if from != to {
                let reason = sample.and_then(|sample| sample.reason.clone());
                changes.push(HealthChange { at: now, subject, from, to, reason, by: SeenBy::Portico });
            }
        }
        self.states.retain(|subject, _| look.contains_key(subject));
        changes
    }

    /// Adds what others saw of past minutes. Those that are written already are left over, for their rows.
    pub fn fill(&mut self, rows: BTreeMap<i64, Minute>) -> BTreeMap<i64, Minute> {
        let Some(open) = self.open_from() else { return rows };
        let mut written = rows;
        for (start, minute) in written.split_off(&open) {
            let own = self.open.entry(start).or_default();
            minute.into_iter().for_each(|(subject, row)| own.entry(subject).or_default().merge(&row));
        }
        written
    }

    /// The instant from which on nothing is written as rows yet.
    pub fn open_from(&self) -> Option<i64> {
        self.open.keys().next().copied()
    }

    /// What is known of a subject since then, as the row that it will be.
    pub fn open_row(&self, subject: &str) -> Option<(Span, Rollup)> {
        let (start, minute) = self.open.first_key_value()?;
        Some((Level::Minute.span(*start), minute.get(subject)?.clone()))
    }

    /// The rows of a coarser level that are made anew once these minutes are written: those that hold one of them
    /// and are over.
    pub fn due(&self, level: Level, closed: impl IntoIterator<Item = i64>) -> Vec<Span> {
        let current = self.open_from().map(|open| level.span(open));
        let mut due: Vec<Span> = closed.into_iter().map(|minute| level.span(minute)).collect();
        due.dedup();
        due.retain(|span| Some(*span) != current);
        due
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MINUTE_MS, Sample, Times};
    use super::*;
    use proptest::prelude::*;

    const MINUTE: i64 = 1_772_719_620_000;

    fn looked(health: &[(&str, Health)]) -> Look {
        let sample = |health| Sample { health, reason: None, latencies: vec![12] };
        health.iter().map(|(subject, health)| ((*subject).to_owned(), sample(*health))).collect()
    }

    fn told(entry: &Entry) -> Vec<(&str, Health, Health)> {
        entry.changes.iter().map(|change| (change.subject.as_str(), change.from, change.to)).collect()
    }

    #[test]
    fn only_what_differs_from_the_last_look_is_a_change() {
        use Health::{Degraded, Down, Unknown, Up};
        let mut ledger = Ledger::default();
        let first = ledger.take(MINUTE, &looked(&[("node/a", Up), ("node/b", Unknown)]));
        assert_eq!(told(&first), [("node/a", Unknown, Up)]);
        let second = ledger.take(MINUTE + 3_000, &looked(&[("node/a", Up), ("node/b", Down)]));
        assert_eq!(told(&second), [("node/b", Unknown, Down)]);
        // One that is no longer there is unknown, once.
        let third = ledger.take(MINUTE + 6_000, &looked(&[("node/b", Degraded)]));
        assert_eq!(told(&third), [("node/a", Up, Unknown), ("node/b", Down, Degraded)]);
        assert_eq!(told(&ledger.take(MINUTE + 9_000, &looked(&[("node/b", Degraded)]))), []);
    }

    #[test]
    fn a_look_stands_until_the_next_one_and_what_follows_is_a_gap() {
        let mut ledger = Ledger::default();
        ledger.take(MINUTE + 50_000, &looked(&[("node/a", Health::Up)]));
        let entry = ledger.take(MINUTE + 65_000, &looked(&[("node/a", Health::Down)]));
        assert_eq!(entry.gap, None);
        let row = &entry.closed[&MINUTE]["node/a"];
        assert_eq!((row.times.up, row.times.down, row.latency.total()), (10_000, 0, 1));
        // Asleep for an hour.
        let back = MINUTE + 3_600_000;
        let entry = ledger.take(back, &looked(&[("node/a", Health::Down)]));
        assert_eq!(entry.gap, Some(Span { from: MINUTE + 95_000, until: back }));
        assert_eq!(entry.changes, []);
        let row = &entry.closed[&(MINUTE + MINUTE_MS)]["node/a"];
        assert_eq!(row.times, Times { up: 5_000, degraded: 0, down: 30_000 });
        assert_eq!(entry.closed.len(), 1, "no row for the gap");
        assert_eq!(ledger.open_from(), Some(back));
        assert_eq!(ledger.due(Level::Hour, entry.closed.into_keys()).len(), 1);
    }

    #[test]
    fn a_clock_that_is_put_back_takes_no_time_and_loses_none() {
        let mut ledger = Ledger::default();
        ledger.take(MINUTE, &looked(&[("node/a", Health::Up)]));
        ledger.take(MINUTE + 9_000, &looked(&[("node/a", Health::Up)]));
        let entry = ledger.take(MINUTE - 600_000, &looked(&[("node/a", Health::Up)]));
        assert_eq!((entry.gap, entry.changes.len()), (None, 0));
        assert_eq!(entry.closed[&MINUTE]["node/a"].times.up, 9_000);
    }

    #[test]
    fn what_others_saw_is_added_to_the_open_minute_and_left_over_of_the_others() {
        let mut ledger = Ledger::default();
        ledger.take(MINUTE + 50_000, &looked(&[("node/a", Health::Up)]));
        let row = |up| Rollup { times: Times { up, ..Times::default() }, ..Rollup::default() };
        let minute = |up| Minute::from([("node/a".to_owned(), row(up))]);
        let left =
            ledger.fill(BTreeMap::from([(MINUTE - MINUTE_MS, minute(60_000)), (MINUTE, minute(20_000))]));
        assert_eq!(left.into_keys().collect::<Vec<_>>(), [MINUTE - MINUTE_MS]);
        let (_, open) = ledger.open_row("node/a").unwrap();
        assert_eq!((open.times.up, open.latency.total()), (20_000, 1));
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let mut ledger = Ledger::default();
        ledger.take(MINUTE, &looked(&[("node/a", Health::Up)]));
        ledger.take(MINUTE + 9_000, &looked(&[("node/a", Health::Down)]));
        let text = serde_json::to_string(&ledger).unwrap();
        assert_eq!(serde_json::from_str::<Ledger>(&text).unwrap(), ledger);
    }

    proptest! {
        /// Whatever the looks: rows hold as much time as the looks stood for, no more than a minute each, and up only
        /// what was seen up.
        #[test]
        fn rows_hold_what_was_seen_and_no_gap(looks in prop::collection::vec((1i64..200_000, 0u8..4), 1..60)) {
            let mut ledger = Ledger::default();
            let mut rows: BTreeMap<i64, Times> = BTreeMap::new();
            let (mut now, mut up, mut known, mut gaps) = (MINUTE, 0, 0, 0);
            let mut last = Health::Unknown;
            ledger.take(now, &looked(&[]));
            for (after, health) in looks {
                let health = [Health::Up, Health::Degraded, Health::Down, Health::Unknown][usize::from(health)];
                now += after;
                let stood = after.min(HOLDS_MS);
                up += if last == Health::Up { stood } else { 0 };
                known += if last == Health::Unknown { 0 } else { stood };
                let entry = ledger.take(now, &looked(&[("node/a", health)]));
                prop_assert_eq!(entry.gap.map_or(0, |gap| gap.until - gap.from), after - stood);
                gaps += after - stood;
                for (start, minute) in entry.closed {
                    let times = minute.get("node/a").map_or(Times::default(), |row| row.times);
                    prop_assert!(rows.insert(start, times).is_none(), "a minute is told once");
                }
                last = health;
            }
            let open = ledger.open_row("node/a").map_or(Times::default(), |(_, row)| row.times);
            let mut sum = open;
            for times in rows.values() {
                prop_assert!(times.known() <= MINUTE_MS);
                sum.merge(*times);
            }
            prop_assert_eq!((sum.up, sum.known()), (up, known));
            prop_assert!(sum.known() + gaps <= now - MINUTE);
        }
    }
}
