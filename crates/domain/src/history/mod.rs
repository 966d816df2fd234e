//! History: what was how healthy for how long, what changed when, and how long answers took.
//!
//! A look says how things are at one instant and stands until the next one, but for [`HOLDS_MS`] at most. What no look
//! stands for is a gap: unknown, never up. Everything here is pure; `engine` keeps the rows and knows what time it is.
//!
//! [`Ledger`] turns looks into rows, [`join`] fills gaps by what the watcher in the cluster saw, [`Sheet`] keeps these, [`Histogram`] is what they say of latencies, [`Window`] says which
//! of them answer a question.

mod histogram;
mod join;
mod ledger;
mod sheet;
mod timeline;
mod window;

pub use histogram::Histogram;
pub use join::{ANSWER_HOLDS_MS, Around, Joined, Sighting, Track, join};
pub use ledger::{Entry, Ledger};
pub use sheet::Sheet;
pub use timeline::{TimelineEntry, page};
pub use window::{Cell, Level, Retention, Span, Window, strip};

use crate::flow::{Column, FlowGraph, Health};
use crate::observed::{HttpAnswer, Observed, Seen};
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use ts_rs::TS;

pub(crate) const MINUTE_MS: i64 = 60_000;

/// Two looks at their slowest, with a machine that does not answer.
pub const HOLDS_MS: i64 = 30_000;

/// What one look saw of one hop or path.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub health: Health,
    pub reason: Option<Problem>,
    /// How long each answer took, ms.
    pub latencies: Vec<u32>,
}

/// Everything that was seen at one instant, by the id of the hop or `path/SERVICE`.
pub type Look = BTreeMap<String, Sample>;

/// Something was this, and is that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HealthChange {
    /// Unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// The id of a hop, or `path/SERVICE`.
    pub subject: String,
    pub from: Health,
    pub to: Health,
    pub reason: Option<Problem>,
    #[serde(default)]
    pub by: SeenBy,
}

/// Who saw it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum SeenBy {
    #[default]
    Portico,
    /// The watcher in the cluster, while Portico did not look.
    Watcher,
}

/// How long something was up, degraded, down, ms. What is missing to the whole is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    pub up: i64,
    pub degraded: i64,
    pub down: i64,
}

/// One row: of one subject in one minute, hour or day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollup {
    pub times: Times,
    pub latency: Histogram,
}

/// How long answers took, ms; 1/16 off at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    pub p50: u32,
    pub p95: u32,
    pub p99: u32,
    /// How many answers that was.
    #[ts(type = "number")]
    pub answers: u64,
}

/// One subject over one window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct History {
    pub subject: String,
    pub window: Window,
    /// Unix ms.
    #[ts(type = "number")]
    pub from: i64,
    #[ts(type = "number")]
    pub until: i64,
    /// The share of the known time in which it served, degraded or not: 0 to 1; none when nothing is known.
    pub uptime: Option<f64>,
    /// The share of the window that is known: 0 to 1.
    pub known: f64,
    /// Of the window, the share that only the watcher in the cluster saw: 0 to 1.
    pub watched: f64,
    pub cells: Vec<Cell>,
    pub latency: Option<Latency>,
    /// The latest ones of the window, newest first, where one subject was asked for; the timeline has them all.
    pub changes: Vec<HealthChange>,
}

impl Times {
    pub fn add(&mut self, health: Health, ms: i64) {
        match health {
            Health::Up => self.up = self.up.saturating_add(ms),
            Health::Degraded => self.degraded = self.degraded.saturating_add(ms),
            Health::Down => self.down = self.down.saturating_add(ms),
            Health::Unknown => {}
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.up = self.up.saturating_add(other.up);
        self.degraded = self.degraded.saturating_add(other.degraded);
        self.down = self.down.saturating_add(other.down);
    }

    pub fn known(self) -> i64 {
        self.up.saturating_add(self.degraded).saturating_add(self.down)
    }

    /// The share of the known time in which it served: what is degraded still does. None when nothing is known.
    pub fn uptime(self) -> Option<f64> {
        let known = self.known();
        (known > 0).then(|| (self.up as f64 + self.degraded as f64) / known as f64)
    }
}

impl Rollup {
    pub fn merge(&mut self, other: &Self) {
        self.times.merge(other.times);
        self.latency.merge(&other.latency);
    }
}

impl Latency {
    pub fn of(histogram: &Histogram) -> Option<Self> {
        let percentile = |percent| histogram.percentile(percent);
        Some(Self {
            p50: percentile(50)?,
            p95: percentile(95)?,
            p99: percentile(99)?,
            answers: histogram.total(),
        })
    }
}

impl History {
    /// Sums up the rows of one subject; `watched` is how much of them is the watcher's, ms.
    pub fn of(
        subject: String,
        window: Window,
        now: i64,
        rows: &[(Span, Rollup)],
        changes: Vec<HealthChange>,
        watched: i64,
    ) -> Self {
        let Span { from, until } = window.span(now);
        let mut all = Rollup::default();
        rows.iter().for_each(|(_, row)| all.merge(row));
        Self {
            subject,
            window,
            from,
            until,
            uptime: all.times.uptime(),
            known: (all.times.known() as f64 / (until - from).max(1) as f64).min(1.0),
            watched: (watched.min(all.times.known()) as f64 / (until - from).max(1) as f64).min(1.0),
            cells: strip(window, now, rows.iter().map(|(span, row)| (span.from, row.times))),
            latency: Latency::of(&all.latency),
            changes,
        }
    }
}

/// The subject of a service as a whole.
pub fn path_of(service: &str) -> String {
    format!("path/{service}")
}

/// What a picture and what it was drawn from say about every hop and path. Who visits is no hop that could fail.
pub fn look(graph: &FlowGraph, observed: &Observed) -> Look {
    let mut look = Look::new();
    let mut timed: HashMap<&str, Vec<u32>> = HashMap::new();
    for edge in &graph.edges {
        timed.entry(&edge.from).or_default().extend(edge.latency_ms);
    }
    for hop in graph.hops.iter().filter(|hop| hop.column != Column::Who) {
        let latencies = timed.remove(hop.id.as_str()).unwrap_or_default();
        let reason = hop.reason.clone();
        look.insert(hop.id.clone(), Sample { health: hop.health, reason, latencies });
    }
    for path in &graph.paths {
        let worst = (path.health != Health::Up).then(|| graph.cause(path)).flatten();
        let lan = observed.lan_paths.get(&path.hostname).and_then(Seen::value);
        let public = observed.public_paths.get(&path.hostname).and_then(Seen::value);
        let answers = lan.into_iter().flat_map(|seen| seen.http.values());
        let answers = answers.chain(public.map(|seen| &seen.http));
        let served = |answer: &HttpAnswer| (answer.status < 500).then_some(answer.millis);
        let sample = Sample {
            health: path.health,
            reason: worst.and_then(|hop| hop.reason.clone()),
            latencies: answers.flatten().filter_map(served).collect(),
        };
        look.insert(path_of(&path.service), sample);
    }
    look
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn uptime_is_told_of_the_known_time() {
        type Seen<'a> = &'a [(Health, i64)];
        let table: [(Seen<'_>, Option<f64>); 5] = [
            (&[], None),
            (&[(Health::Unknown, 100)], None),
            (&[(Health::Up, 30), (Health::Unknown, 70)], Some(1.0)),
            (&[(Health::Up, 50), (Health::Degraded, 25), (Health::Down, 25)], Some(0.75)),
            (&[(Health::Down, 1)], Some(0.0)),
        ];
        for (parts, expected) in table {
            let mut times = Times::default();
            parts.iter().for_each(|(health, ms)| times.add(*health, *ms));
            assert_eq!(times.uptime(), expected, "{parts:?}");
        }
    }

    proptest! {
        #[test]
        fn uptime_is_a_share(up in 0i64..1 << 40, degraded in 0i64..1 << 40, down in 0i64..1 << 40) {
            let uptime = Times { up, degraded, down }.uptime();
            prop_assert!(uptime.is_none_or(|share| (0.0..=1.0).contains(&share)));
        }
    }
}
