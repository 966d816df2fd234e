//! What the watcher in the cluster saw while nobody watched here: read back, and joined with history.
//!
//! Reading goes on beside the looks, which never wait for it; writing is the recorder's, since the ledger is. A gap that
//! could not be asked about stays open and is asked about again, for as long as the watcher keeps its answers.

use crate::Engine;
use crate::history::Recorder;
use portico_domain::change::Desired;
use portico_domain::history::{ANSWER_HOLDS_MS, Span, Track, join};
use portico_domain::problem::{Code, Problem};
use portico_domain::stack::StackComponent;
use portico_domain::watcher::{KEPT_ANSWERS, WATCHED_EVERY_S, checks};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Between two questions about gaps that are still open.
const ASK_EVERY: Duration = Duration::from_secs(20);

/// Clocks that differ by less are taken for the same: the watcher tells its own to the second.
const SKEW_MS: i64 = 2_000;

/// An answer that is older is the last one for now: it is asked for every minute.
const LATE_MS: i64 = 5 * 60_000;

/// What the watch and the reader hand to one another.
#[derive(Default)]
pub(crate) struct Reading {
    /// This process writes history.
    records: AtomicBool,
    /// There may be a gap to ask about.
    wanted: Notify,
    found: Mutex<Vec<Found>>,
}

/// What was seen in one gap.
struct Found {
    gap: Span,
    tracks: BTreeMap<String, Vec<Track>>,
}

impl Reading {
    /// Called after each look: whether it was written down here, and whether a gap ended with it.
    pub(crate) fn looked(&self, records: bool, gap: bool) {
        if !self.records.swap(records, Ordering::Relaxed) && records || gap {
            self.wanted.notify_one();
        }
    }

    fn found(&self) -> std::sync::MutexGuard<'_, Vec<Found>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn is_wanted(desired: &Desired) -> bool {
    desired.cluster.is_some() && desired.stack.components.contains_key(&StackComponent::Gatus)
}

impl Engine {
    /// Reads what there is to read about open gaps, again and again.
    pub(crate) async fn keep_reading_watcher(self, reading: Arc<Reading>) {
        loop {
            if reading.records.load(Ordering::Relaxed) && reading.found().is_empty() {
                match self.read_watcher().await {
                    Ok(found) => *reading.found() = found,
                    Err(problem) => {
                        tracing::info!(%problem, "the watcher could not be asked about a gap yet")
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(ASK_EVERY) => {}
                () = reading.wanted.notified() => {}
            }
        }
    }

    async fn read_watcher(&self) -> Result<Vec<Found>, Problem> {
        let desired = self.desired().await?;
        if !is_wanted(&desired) {
            return Ok(Vec::new());
        }
        let kept = i64::from(KEPT_ANSWERS) * i64::from(WATCHED_EVERY_S) * 1_000;
        let gaps = self.inner.store.open_gaps(self.now() - kept).await?;
        let Some(oldest) = gaps.iter().map(|gap| gap.from).min() else { return Ok(Vec::new()) };
        let kube = self.inner.outside.kube().await?;
        let behind = self.behind().await?;
        // The answer that stood when the gap began came before it.
        let since = oldest - ANSWER_HOLDS_MS - behind;
        let mut tracks: BTreeMap<String, Vec<Track>> = BTreeMap::new();
        for check in checks(&desired) {
            let answers =
                kube.watcher_answers(&check.key(), since).await.map_err(|error| Problem::from(&error))?;
            let seen = answers.into_iter().map(|(at, answer)| {
                let at = at + behind;
                (at, check.sighting(at, &answer))
            });
            tracks.entry(check.subject.clone()).or_default().push(seen.collect());
        }
        Ok(gaps.into_iter().map(|gap| Found { gap, tracks: tracks.clone() }).collect())
    }

    /// By how much the watcher's clock is behind this computer's, ms; 0 where they agree.
    async fn behind(&self) -> Result<i64, Problem> {
        let kube = self.inner.outside.kube().await?;
        let asked = self.now();
        let told = kube.watcher_clock().await.map_err(|error| Problem::from(&error))?;
        // It told the time somewhere between question and answer, and without its milliseconds.
        let here = asked + (self.now() - asked) / 2;
        let behind = told.map_or(0, |told| here - told - 500);
        Ok(if behind.abs() < SKEW_MS { 0 } else { behind })
    }

    /// Joins what was read with history.
    pub(crate) async fn join_watcher(
        &self,
        recorder: &mut Option<Recorder>,
        reading: &Reading,
    ) -> Result<(), Problem> {
        let found = std::mem::take(&mut *reading.found());
        for Found { gap, tracks } in found {
            let Some(recorder) = recorder.as_mut() else { return Ok(()) };
            let around = self.inner.store.around(gap, tracks.keys()).await?;
            let mut joined = join(gap, &tracks, &around);
            let mut ledger = recorder.ledger.clone();
            let written = ledger.fill(std::mem::take(&mut joined.rows));
            if self.inner.store.join(self.now(), gap, &ledger, &joined, &written).await? {
                recorder.ledger = ledger;
            }
        }
        Ok(())
    }

    /// Whether the watcher, where one is wanted and at work, answers and goes on asking.
    pub(crate) async fn watcher_problem(&self, desired: &Desired) -> Option<Problem> {
        if !is_wanted(desired) {
            return None;
        }
        let latest = async {
            let kube = self.inner.outside.kube().await?;
            let question = checks(desired).swap_remove(0).key();
            let clock = kube.watcher_clock().await.map_err(|error| Problem::from(&error))?;
            let latest = kube.watcher_latest(&question).await.map_err(|error| Problem::from(&error))?;
            Ok::<_, Problem>(clock.zip(latest))
        };
        match latest.await {
            Err(problem) => Some(problem),
            Ok(Some((clock, latest))) if clock - latest > LATE_MS => {
                let detail = format!("its last answer came {} s ago", (clock - latest) / 1_000);
                Some(Problem::new(Code::WatcherSilent).detail(detail))
            }
            Ok(_) => None,
        }
    }
}
