//! Joining: what the watcher in the cluster saw while nobody watched from here.
//!
//! An answer stands until the next one to the same question, but for [`ANSWER_HOLDS_MS`] at most. Only gaps are filled: of
//! what Portico saw itself nothing changes, and what neither saw stays a gap. A subject that several questions are asked
//! about is up where all of them say so, down where one does, and unknown otherwise.

use super::ledger::Minute;
use super::{HealthChange, Level, Rollup, SeenBy, Span};
use crate::flow::Health;
use crate::problem::Problem;
use std::collections::BTreeMap;

/// An answer a minute, and one that takes its time.
pub const ANSWER_HOLDS_MS: i64 = 90_000;

/// One answer to one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// Unix ms, by this computer's clock.
    pub at: i64,
    pub health: Health,
    pub reason: Option<Problem>,
    /// How long it took, where that is what visitors wait.
    pub millis: Option<u32>,
}

/// The answers to one question by their instant: who reads one twice has it once.
pub type Track = BTreeMap<i64, Sighting>;

/// How a subject was before a gap and after it, by Portico's own looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Around {
    pub before: Health,
    pub after: Health,
}

/// What a gap is filled with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Joined {
    /// By the instant at which each minute begins: what is to be added to its row.
    pub rows: BTreeMap<i64, Minute>,
    /// What happened in the gap. The one at its end, which Portico's own look found, is told anew.
    pub changes: Vec<HealthChange>,
    /// By subject, how much of the gap is known now, ms.
    pub watched: BTreeMap<String, i64>,
}

/// From one instant on it was so.
struct Stretch {
    from: i64,
    until: i64,
    health: Health,
    reason: Option<Problem>,
}

/// Fills one gap. `tracks` are the questions by the subject that they are about.
pub fn join(gap: Span, tracks: &BTreeMap<String, Vec<Track>>, around: &BTreeMap<String, Around>) -> Joined {
    let mut joined = Joined::default();
    for (subject, tracks) in tracks {
        let stretches = stretches(gap, tracks);
        let mut known = 0;
        for stretch in &stretches {
            known += stretch.until - stretch.from;
            for (minute, part) in by_minute(stretch) {
                let row = joined.rows.entry(minute).or_default().entry(subject.clone()).or_default();
                row.times.add(stretch.health, part);
            }
        }
        if known == 0 {
            continue;
        }
        joined.watched.insert(subject.clone(), known);
        let seen = tracks.iter().flat_map(|track| track.range(gap.from..gap.until));
        for (at, millis) in seen.filter_map(|(at, sighting)| Some((at, sighting.millis?))) {
            let minute = joined.rows.entry(Level::Minute.span(*at).from).or_default();
            minute.entry(subject.clone()).or_insert_with(Rollup::default).latency.add(millis);
        }
        let around = around.get(subject).copied();
        let around = around.unwrap_or(Around { before: Health::Unknown, after: Health::Unknown });
        joined.changes.extend(changes(subject, gap, &stretches, around));
    }
    joined
}

/// The known parts of the gap, in order; what borders on one another differs.
fn stretches(gap: Span, tracks: &[Track]) -> Vec<Stretch> {
    let mut bounds: Vec<i64> = Vec::new();
    for track in tracks {
        for (at, _) in track.range(gap.from - ANSWER_HOLDS_MS..gap.until) {
            bounds.extend([*at, at + ANSWER_HOLDS_MS]);
        }
    }
    bounds.extend([gap.from, gap.until]);
    bounds.retain(|at| (gap.from..=gap.until).contains(at));
    bounds.sort_unstable();
    bounds.dedup();
    let mut stretches: Vec<Stretch> = Vec::new();
    for pair in bounds.windows(2) {
        let (from, until) = (pair[0], pair[1]);
        let (health, reason) = standing(from, tracks);
        if health == Health::Unknown {
            continue;
        }
        match stretches.last_mut() {
            Some(last) if last.until == from && last.health == health => last.until = until,
            _ => stretches.push(Stretch { from, until, health, reason }),
        }
    }
    stretches
}

/// What the answers that stand at an instant say together.
fn standing(at: i64, tracks: &[Track]) -> (Health, Option<Problem>) {
    let stands = |track: &Track| {
        let (_, sighting) = track.range(..=at).next_back()?;
        (sighting.at + ANSWER_HOLDS_MS > at).then(|| sighting.clone())
    };
    let all: Vec<Option<Sighting>> = tracks.iter().map(stands).collect();
    if let Some(down) = all.iter().flatten().find(|sighting| sighting.health == Health::Down) {
        return (Health::Down, down.reason.clone());
    }
    let up =
        !all.is_empty() && all.iter().all(|one| one.as_ref().is_some_and(|one| one.health == Health::Up));
    (if up { Health::Up } else { Health::Unknown }, None)
}

fn by_minute(stretch: &Stretch) -> Vec<(i64, i64)> {
    let mut parts = Vec::new();
    let mut from = stretch.from;
    while from < stretch.until {
        let minute = Level::Minute.span(from);
        let to = stretch.until.min(minute.until);
        parts.push((minute.from, to - from));
        from = to;
    }
    parts
}

/// The watcher cannot tell up from degraded: from one to the other it saw no change.
fn same(one: Health, other: Health) -> bool {
    let serves = |health| matches!(health, Health::Up | Health::Degraded);
    one == other || serves(one) && serves(other)
}

fn changes(subject: &str, gap: Span, stretches: &[Stretch], around: Around) -> Vec<HealthChange> {
    let mut changes = Vec::new();
    let mut was = around.before;
    for stretch in stretches.iter().filter(|stretch| stretch.health != Health::Unknown) {
        if !same(was, stretch.health) {
            changes.push(HealthChange {
                at: stretch.from,
                subject: subject.to_owned(),
                from: was,
                to: stretch.health,
                reason: stretch.reason.clone(),
                by: SeenBy::Watcher,
            });
            was = stretch.health;
        }
    }
    if was != around.after {
        changes.push(HealthChange {
            at: gap.until,
            subject: subject.to_owned(),
            from: was,
            to: around.after,
            reason: None,
            by: SeenBy::Portico,
        });
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::super::{MINUTE_MS, Times};
    use super::*;
    use proptest::prelude::*;

    const START: i64 = 1_772_719_620_000;
    const GAP: Span = Span { from: START, until: START + 60 * MINUTE_MS };

    fn track(seen: &[(i64, Health)]) -> Track {
        let sighting = |at, health| Sighting { at, health, reason: None, millis: Some(12) };
        seen.iter().map(|(after, health)| (START + after, sighting(START + after, *health))).collect()
    }

    fn joined(tracks: Vec<Track>, before: Health, after: Health) -> Joined {
        let around = BTreeMap::from([("path/web".to_owned(), Around { before, after })]);
        join(GAP, &BTreeMap::from([("path/web".to_owned(), tracks)]), &around)
    }

    fn times(joined: &Joined) -> Times {
        let mut sum = Times::default();
        joined.rows.values().filter_map(|minute| minute.get("path/web")).for_each(|row| sum.merge(row.times));
        sum
    }

    fn told(joined: &Joined) -> Vec<(i64, Health, Health, SeenBy)> {
        let one = |change: &HealthChange| ((change.at - START) / 1_000, change.from, change.to, change.by);
        joined.changes.iter().map(one).collect()
    }

    /// An answer a minute, down from the twentieth to the thirtieth.
    fn outage() -> Track {
        let health = |minute| if (20..30).contains(&minute) { Health::Down } else { Health::Up };
        track(&(-1..60).map(|minute| (minute * MINUTE_MS + 20_000, health(minute))).collect::<Vec<_>>())
    }

    #[test]
    fn an_outage_that_began_and_ended_unseen_is_told() {
        use Health::{Down, Up};
        let found = joined(vec![outage()], Up, Up);
        assert_eq!(times(&found), Times { up: 50 * MINUTE_MS, degraded: 0, down: 10 * MINUTE_MS });
        assert_eq!(found.watched["path/web"], 60 * MINUTE_MS);
        let (from, until) = (20 * 60 + 20, 30 * 60 + 20);
        assert_eq!(told(&found), [(from, Up, Down, SeenBy::Watcher), (until, Down, Up, SeenBy::Watcher)]);
        // The answer that stood when the gap began is not of the gap.
        let answers: u64 = found.rows.values().map(|minute| minute["path/web"].latency.total()).sum();
        assert_eq!(answers, 60);
    }

    #[test]
    fn the_end_of_a_gap_goes_on_from_what_was_seen_in_it() {
        use Health::{Degraded, Down, Unknown, Up};
        let down = || vec![track(&[(59 * MINUTE_MS, Down)])];
        assert_eq!(told(&joined(down(), Up, Down)), [(59 * 60, Up, Down, SeenBy::Watcher)]);
        assert_eq!(
            told(&joined(down(), Up, Up)),
            [(59 * 60, Up, Down, SeenBy::Watcher), (60 * 60, Down, Up, SeenBy::Portico)]
        );
        let up = || vec![track(&[(0, Up)])];
        assert_eq!(told(&joined(up(), Degraded, Degraded)), []);
        assert_eq!(told(&joined(up(), Unknown, Up)), [(0, Unknown, Up, SeenBy::Watcher)]);
        assert_eq!(told(&joined(up(), Up, Down)), [(60 * 60, Up, Down, SeenBy::Portico)]);
    }

    #[test]
    fn two_questions_agree_or_one_of_them_says_why_not() {
        use Health::{Down, Up};
        let minute = |number: i64, health| (number * MINUTE_MS, health);
        // The second one is silent from the second minute on; what the first one says alone is not enough.
        let inside = track(&(0..4).map(|number| minute(number, Up)).collect::<Vec<_>>());
        let public = track(&[minute(0, Up), minute(1, Down)]);
        let found = joined(vec![inside, public], Up, Up);
        assert_eq!(times(&found), Times { up: MINUTE_MS, degraded: 0, down: ANSWER_HOLDS_MS });
    }

    #[test]
    fn without_an_answer_nothing_is_known() {
        for tracks in [vec![], vec![Track::new()], vec![track(&[(-10 * MINUTE_MS, Health::Up)])]] {
            assert_eq!(joined(tracks, Health::Up, Health::Up), Joined::default());
        }
    }

    fn any_track() -> impl Strategy<Value = Track> {
        let health = prop::sample::select(vec![Health::Up, Health::Down]);
        prop::collection::vec((-5 * MINUTE_MS..65 * MINUTE_MS, health), 0..40).prop_map(|seen| track(&seen))
    }

    proptest! {
        /// Nothing is up that no answer said, nothing outside the gap is touched, and no minute is longer than one.
        #[test]
        fn what_was_not_answered_stays_unknown(tracks in prop::collection::vec(any_track(), 1..3)) {
            let found = joined(tracks.clone(), Health::Up, Health::Up);
            let sum = times(&found);
            prop_assert_eq!(sum.known(), found.watched.get("path/web").copied().unwrap_or_default());
            prop_assert!(sum.known() <= GAP.until - GAP.from);
            for (start, minute) in &found.rows {
                prop_assert!(minute["path/web"].times.known() <= MINUTE_MS);
                prop_assert!(GAP.from < start + MINUTE_MS && *start < GAP.until);
            }
            // Looked at by the second: up there means that every question has an answer that stands and says so.
            let mut up = 0;
            for at in (GAP.from..GAP.until).step_by(1_000) {
                let answered = tracks.iter().all(|track| {
                    track.range(..=at).next_back().is_some_and(|(seen, one)| {
                        one.health == Health::Up && at - seen < ANSWER_HOLDS_MS
                    })
                });
                up += i64::from(answered) * 1_000;
            }
            // Each answer begins and ends between two seconds.
            let slack = 2_000 * (1 + tracks.iter().map(BTreeMap::len).sum::<usize>() as i64);
            prop_assert!((sum.up - up).abs() <= slack, "{} and {up}", sum.up);
            if tracks.iter().all(BTreeMap::is_empty) {
                prop_assert_eq!(sum.known(), 0);
            }
        }

        /// Answers that are read twice, or in another order, count once.
        #[test]
        fn the_same_answers_say_the_same(track in any_track()) {
            let twice: Track = track.iter().rev().chain(&track).map(|(at, one)| (*at, one.clone())).collect();
            prop_assert_eq!(
                joined(vec![track], Health::Up, Health::Up),
                joined(vec![twice], Health::Up, Health::Up)
            );
        }

        /// Changes follow on one another, from how it was before to how it was after.
        #[test]
        fn changes_are_a_chain(track in any_track(), down: bool) {
            let after = if down { Health::Down } else { Health::Up };
            let found = joined(vec![track], Health::Up, after);
            let mut was = Health::Up;
            for change in &found.changes {
                prop_assert_eq!(change.from, was);
                prop_assert!(change.from != change.to && (GAP.from..=GAP.until).contains(&change.at));
                was = change.to;
            }
            if !found.watched.is_empty() {
                prop_assert_eq!(was, after);
            }
        }
    }
}
