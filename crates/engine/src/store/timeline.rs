//! Reading history: rows of a subject, and the timeline.
//!
//! Every question is answered from an index, by as many rows as the answer needs: however long the past is, a page of
//! it takes the same time; the tests ask SQLite how it goes about it. Writing is `history`'s.

#[cfg(test)]
mod tests;

use super::Store;
use super::history::{minutes, number};
use portico_domain::flow::Health;
use portico_domain::history::{HealthChange, Level, Rollup, SeenBy, Sheet, Span, TimelineEntry};
use portico_domain::problem::Problem;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;

/// Sheets of one level that begin in a span, of each of these subjects.
const SHEETS: &str = "SELECT name, start, rows FROM json_each(?) AS wanted CROSS JOIN subject ON name = wanted.value \
    CROSS JOIN sheet ON level = ? AND subject = subject.id AND start >= ? AND start < ?";

const CHANGES_OF: &str = "SELECT at, name, was, became, reason, by_watcher FROM subject \
    CROSS JOIN health_change ON subject = id WHERE name = ? AND at >= ? ORDER BY at DESC LIMIT ?";

const LAST_CHANGE: &str = "SELECT at, name, was, became, reason, by_watcher FROM subject \
    CROSS JOIN health_change ON subject = id WHERE name = ? AND at <= ? ORDER BY at DESC LIMIT 1";

// The three sources of the timeline: from an instant on and before another, newest first, so many and the rest of the
// last instant.
const CHANGES: &str = "SELECT at, name, was, became, reason, by_watcher FROM health_change \
    CROSS JOIN subject ON id = subject WHERE at < ?2 AND at >= max(?1, ifnull(\
        (SELECT at FROM health_change WHERE at < ?2 ORDER BY at DESC LIMIT 1 OFFSET ?3 - 1), ?1)) \
    ORDER BY at DESC";
const GAPS: &str =
    "SELECT since, until, watched FROM gap WHERE until >= ?1 AND until < ?2 ORDER BY until DESC LIMIT ?3";
const RUNS: &str = "SELECT id, change, state, started_at, finished_at FROM run \
    WHERE started_at < ?2 AND started_at >= max(?1, ifnull(\
        (SELECT started_at FROM run WHERE started_at < ?2 ORDER BY started_at DESC LIMIT 1 OFFSET ?3 - 1), ?1)) \
    ORDER BY started_at DESC";

const WATCHED: &str = "SELECT since, until, watched FROM gap WHERE until >= ? AND watched IS NOT NULL";

/// All that is asked of the past.
#[cfg(test)]
const QUERIES: [&str; 7] = [SHEETS, CHANGES_OF, LAST_CHANGE, CHANGES, GAPS, RUNS, WATCHED];

impl Store {
    /// Every subject that history knows of, by name.
    pub async fn subjects(&self) -> Result<Vec<String>, Problem> {
        let rows = sqlx::query("SELECT name FROM subject ORDER BY name").fetch_all(&self.pool).await;
        Ok(rows.map_err(|error| self.failed(error))?.iter().map(|row| row.get(0)).collect())
    }

    /// The subjects' rows in these slices, oldest first.
    pub async fn rows(
        &self,
        subjects: &[String],
        slices: &[(Level, Span)],
    ) -> Result<BTreeMap<String, Vec<(Span, Rollup)>>, Problem> {
        let wanted = self.write_json(&subjects)?;
        let mut found = BTreeMap::<String, Vec<(Span, Rollup)>>::new();
        for (level, span) in slices {
            let sheets = sqlx::query(SHEETS)
                .bind(&wanted)
                .bind(number(*level))
                .bind(minutes(level.sheet(span.from).from))
                .bind(minutes(span.until))
                .fetch_all(&self.pool)
                .await
                .map_err(|error| self.failed(error))?;
            for sheet in &sheets {
                let start = sheet.get::<i64, _>(1) * Level::Minute.width();
                let rows = Sheet::from_bytes(sheet.get(2)).into_rows();
                let rows = rows.map(|(place, row)| (level.row(start, place), row));
                let inside = rows.filter(|(row, _)| (span.from..span.until).contains(&row.from));
                found.entry(sheet.get(0)).or_default().extend(inside);
            }
        }
        Ok(found)
    }

    /// The subject's latest changes since an instant, newest first.
    pub async fn changes_of(
        &self,
        subject: &str,
        from: i64,
        limit: u32,
    ) -> Result<Vec<HealthChange>, Problem> {
        let rows = sqlx::query(CHANGES_OF).bind(subject).bind(from).bind(limit).fetch_all(&self.pool).await;
        rows.map_err(|error| self.failed(error))?.iter().map(|row| self.read_change(row)).collect()
    }

    /// The subject's latest change up to an instant.
    pub async fn change_at(&self, subject: &str, at: i64) -> Result<Option<HealthChange>, Problem> {
        let row = sqlx::query(LAST_CHANGE).bind(subject).bind(at).fetch_optional(&self.pool).await;
        row.map_err(|error| self.failed(error))?.map(|row| self.read_change(&row)).transpose()
    }

    /// What happened from the first instant on and before the second: of each kind the latest, `limit` of them and the
    /// rest of their last instant.
    pub async fn happened(&self, from: i64, before: i64, limit: u32) -> Result<Vec<TimelineEntry>, Problem> {
        let mut entries = Vec::new();
        for row in self.ask(CHANGES, from, before, limit).await? {
            entries.push(TimelineEntry::Health { change: self.read_change(&row)? });
        }
        for row in self.ask(GAPS, from, before, limit).await? {
            let watched = self.read_watched(&row)?.into_values().max().unwrap_or_default();
            entries.push(TimelineEntry::Gap { from: row.get(0), until: row.get(1), watched });
        }
        for row in self.ask(RUNS, from, before, limit).await? {
            entries.push(TimelineEntry::Run {
                run: row.get(0),
                change: self.read_json(row.get(1))?,
                state: self.read_json(row.get(2))?,
                started_at: row.get(3),
                finished_at: row.get(4),
            });
        }
        Ok(entries)
    }

    async fn ask(
        &self,
        query: &'static str,
        from: i64,
        before: i64,
        limit: u32,
    ) -> Result<Vec<SqliteRow>, Problem> {
        let asked = sqlx::query(query).bind(from).bind(before).bind(limit);
        asked.fetch_all(&self.pool).await.map_err(|error| self.failed(error))
    }

    fn read_change(&self, row: &SqliteRow) -> Result<HealthChange, Problem> {
        let reason: Option<String> = row.get(4);
        Ok(HealthChange {
            at: row.get(0),
            subject: row.get(1),
            from: health(row.get(2)),
            to: health(row.get(3)),
            reason: reason.map(|text| self.read_json(&text)).transpose()?,
            by: if row.get::<i64, _>(5) == 0 { SeenBy::Portico } else { SeenBy::Watcher },
        })
    }

    /// Of a row of gaps: how much of it the watcher saw, ms by subject.
    fn read_watched(&self, row: &SqliteRow) -> Result<BTreeMap<String, i64>, Problem> {
        let text: Option<String> = row.get(2);
        Ok(text.map(|text| self.read_json(&text)).transpose()?.unwrap_or_default())
    }

    /// By subject, how much of the time from an instant on the watcher alone saw, ms.
    pub async fn watched(&self, from: i64) -> Result<BTreeMap<String, i64>, Problem> {
        let rows = sqlx::query(WATCHED).bind(from).fetch_all(&self.pool).await;
        let mut sums = BTreeMap::<String, i64>::new();
        for row in &rows.map_err(|error| self.failed(error))? {
            let inside = row.get::<i64, _>(1) - row.get::<i64, _>(0).max(from);
            for (subject, ms) in self.read_watched(row)? {
                *sums.entry(subject).or_default() += ms.min(inside);
            }
        }
        Ok(sums)
    }

    /// Bytes of the database that are in use. Room that was given back is filled before the file grows.
    pub async fn size(&self) -> Result<i64, Problem> {
        let row = sqlx::query(
            "SELECT (page_count - freelist_count) * page_size \
             FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
        );
        let row = row.fetch_one(&self.pool).await.map_err(|error| self.failed(error))?;
        Ok(row.get(0))
    }
}

fn health(number: i64) -> Health {
    let known = [Health::Up, Health::Degraded, Health::Unknown, Health::Down];
    let found = usize::try_from(number).ok().and_then(|number| known.get(number));
    found.copied().unwrap_or(Health::Unknown)
}
