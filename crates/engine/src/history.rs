//! History: each look of the watch is written down, and the past is told.
//!
//! One process records for all: whoever holds the watch's lock. What things mean (gaps, uptime, cells) is
//! `domain::history`'s; rows are `store`'s.

use crate::Engine;
use crate::lock::{Lock, WATCH, try_lock};
use portico_domain::history::{
    History, Ledger, Look, Retention, Rollup, Span, TimelineEntry, Window, page, path_of,
};
use portico_domain::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// How many changes are told with a subject; the timeline has them all.
const CHANGES: u32 = 50;

/// Whose history is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum HistoryOf {
    /// Every service that is exposed now.
    Services,
    /// Every hop and path that was ever seen.
    Everything,
    /// One service by its name, or one hop by its id.
    One { subject: String },
}

/// How much is kept and what it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HistoryStorage {
    pub retention: Retention,
    /// Of the whole database.
    #[ts(type = "number")]
    pub bytes: i64,
}

/// The one that records; another process takes over when it is gone.
pub struct Recorder {
    pub(crate) ledger: Ledger,
    _lock: Lock,
}

impl Engine {
    /// Writes a look down, unless another process records; then `recorder` stays empty. After a failure the next look
    /// starts from what is stored. The answer is the gap that ended with it.
    pub async fn record(
        &self,
        recorder: &mut Option<Recorder>,
        look: &Look,
    ) -> Result<Option<Span>, Problem> {
        let Recorder { ledger, _lock } = match recorder.take() {
            Some(at_work) => at_work,
            None => match try_lock(&self.inner.data, WATCH)? {
                Some(lock) => Recorder { ledger: self.inner.store.ledger().await?, _lock: lock },
                None => return Ok(None),
            },
        };
        let mut next = ledger;
        let now = self.now();
        let entry = next.take(now, look);
        self.inner.store.record(now, &next, &entry).await?;
        *recorder = Some(Recorder { ledger: next, _lock });
        Ok(entry.gap)
    }

    /// The histories that were asked for, over the window that ends now; changes where one subject was asked for.
    pub async fn history(&self, of: HistoryOf, window: Window) -> Result<Vec<History>, Problem> {
        let now = self.now();
        let detailed = matches!(of, HistoryOf::One { .. });
        let subjects = self.subjects(of).await?;
        // What the watcher saw is written together with its rows: who knows of it finds them.
        let watched = self.inner.store.watched(window.span(now).from).await?;
        let mut rows = self.rows(&subjects, window, now).await?;
        let mut histories = Vec::new();
        for subject in subjects {
            let changes = if detailed {
                self.inner.store.changes_of(&subject, window.span(now).from, CHANGES).await?
            } else {
                Vec::new()
            };
            let rows = rows.remove(&subject).unwrap_or_default();
            let watched = watched.get(&subject).copied().unwrap_or_default();
            histories.push(History::of(subject, window, now, &rows, changes, watched));
        }
        Ok(histories)
    }

    /// The rows behind one history, oldest first.
    pub async fn history_rows(&self, subject: &str, window: Window) -> Result<Vec<(Span, Rollup)>, Problem> {
        let subjects = self.subjects(HistoryOf::One { subject: subject.to_owned() }).await?;
        let rows = self.rows(&subjects, window, self.now()).await?;
        Ok(rows.into_values().flatten().collect())
    }

    /// What is stored of the window, and the minute that is not over.
    async fn rows(
        &self,
        subjects: &[String],
        window: Window,
        now: i64,
    ) -> Result<BTreeMap<String, Vec<(Span, Rollup)>>, Problem> {
        let ledger = self.inner.store.ledger().await?;
        let Some(open) = ledger.open_from() else { return Ok(BTreeMap::new()) };
        let mut rows = self.inner.store.rows(subjects, &window.slices(now, open)).await?;
        for subject in subjects.iter().filter(|_| open >= window.span(now).from) {
            if let Some((span, row)) = ledger.open_row(subject) {
                let known = Span { until: span.until.min(now), ..span };
                rows.entry(subject.clone()).or_default().push((known, row));
            }
        }
        Ok(rows)
    }

    async fn subjects(&self, of: HistoryOf) -> Result<Vec<String>, Problem> {
        let exposures = self.desired().await?.exposures;
        let services = || exposures.iter().map(|exposure| path_of(&exposure.name)).collect::<Vec<_>>();
        let HistoryOf::One { subject } = of else {
            return if of == HistoryOf::Services {
                Ok(services())
            } else {
                self.inner.store.subjects().await
            };
        };
        let known = [self.inner.store.subjects().await?, services()].concat();
        let mut names = [subject.clone(), path_of(&subject)].into_iter();
        match names.find(|name| known.contains(name)) {
            Some(name) => Ok(vec![name]),
            None => Err(Problem::new(Code::ExposureMissing).arg("service", subject)),
        }
    }

    /// What happened in the window and before an instant, newest first: at least `limit` entries where there are so many,
    /// and the instant before which there are more.
    pub async fn timeline(
        &self,
        window: Window,
        before: Option<i64>,
        limit: u32,
    ) -> Result<(Vec<TimelineEntry>, Option<i64>), Problem> {
        let now = self.now();
        let (from, limit) = (window.span(now).from, limit.max(1));
        // What happened in this very millisecond has happened.
        let before = before.unwrap_or(now + 1);
        let found = self.inner.store.happened(from, before, limit).await?;
        let (entries, mut next) = page(found, usize::try_from(limit).unwrap_or(usize::MAX));
        if let Some(at) = next
            && self.inner.store.happened(from, at, 1).await?.is_empty()
        {
            next = None;
        }
        Ok((entries, next))
    }

    pub async fn history_storage(&self) -> Result<HistoryStorage, Problem> {
        let store = &self.inner.store;
        Ok(HistoryStorage { retention: store.retention().await?, bytes: store.size().await? })
    }

    /// Keeps rows for so long; what is older goes at once.
    pub async fn keep_history(&self, retention: Retention) -> Result<HistoryStorage, Problem> {
        self.inner.store.set_retention(retention.check()?, self.now()).await?;
        self.history_storage().await
    }
}
