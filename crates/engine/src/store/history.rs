//! Writing history: what one look leads to, in one transaction, and what is kept of it.
//!
//! The ledger is written with the rows that it led to; a process that is killed at any moment leaves both or neither.
//! Hours are made of minutes and days of hours when they are over, always from a whole sheet: making one twice gives the
//! same. Reading is `timeline`'s.

use super::Store;
use portico_domain::history::{Entry, HealthChange, Ledger, Level, Retention, Rollup, SeenBy, Sheet};
use portico_domain::problem::Problem;
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use std::collections::BTreeMap;

pub(super) const LEDGER: &str = "ledger";
const RETENTION: &str = "retention";

impl Store {
    /// Where the last look was.
    pub async fn ledger(&self) -> Result<Ledger, Problem> {
        Ok(self.note(LEDGER).await?.unwrap_or_default())
    }

    pub async fn retention(&self) -> Result<Retention, Problem> {
        Ok(self.note(RETENTION).await?.unwrap_or_default())
    }

    /// Rows that are older go at once.
    pub async fn set_retention(&self, retention: Retention, now: i64) -> Result<(), Problem> {
        self.set_note(RETENTION, &retention).await?;
        let mut connection = self.pool.acquire().await.map_err(|error| self.failed(error))?;
        prune(&mut connection, retention, now).await.map_err(|error| self.failed(error))
    }

    /// Writes down what a look at `now` led to, and the ledger that the next one goes on from.
    pub async fn record(&self, now: i64, ledger: &Ledger, entry: &Entry) -> Result<(), Problem> {
        let hours = ledger.due(Level::Hour, entry.closed.keys().copied());
        let days = ledger.due(Level::Day, hours.iter().map(|hour| hour.from));
        // Once an hour is often enough to let go of what is old.
        let retention = if hours.is_empty() { None } else { Some(self.retention().await?) };
        let mut transaction = self.pool.begin().await.map_err(|error| self.failed(error))?;
        self.put_note(&mut *transaction, LEDGER, ledger).await?;
        let write = async |transaction: &mut SqliteConnection| -> Result<(), sqlx::Error> {
            let changed = entry.changes.iter().map(|change| &change.subject);
            name_subjects(transaction, changed.chain(entry.closed.values().flat_map(BTreeMap::keys))).await?;
            add_changes(transaction, &entry.changes).await?;
            if let Some(gap) = entry.gap {
                sqlx::query("INSERT OR REPLACE INTO gap (until, since) VALUES (?, ?)")
                    .bind(gap.until)
                    .bind(gap.from)
                    .execute(&mut *transaction)
                    .await?;
            }
            for (start, minute) in &entry.closed {
                add_rows(transaction, Level::Minute, *start, minute).await?;
            }
            for (level, spans) in [(Level::Hour, &hours), (Level::Day, &days)] {
                for span in spans {
                    let finer = if level == Level::Day { Level::Hour } else { Level::Minute };
                    let sheets = sheets(transaction, finer, span.from).await?.into_values();
                    let sums = sheets.map(|(name, sheet)| (name, sheet.sum())).collect();
                    add_rows(transaction, level, span.from, &sums).await?;
                }
            }
            if let Some(retention) = retention {
                prune(transaction, retention, now).await?;
            }
            Ok(())
        };
        write(&mut transaction).await.map_err(|error| self.failed(error))?;
        transaction.commit().await.map_err(|error| self.failed(error))
    }
}

/// How a level is called in the rows.
pub(super) fn number(level: Level) -> i64 {
    match level {
        Level::Minute => 0,
        Level::Hour => 1,
        Level::Day => 2,
    }
}

/// An instant as it stands in the rows, unix minutes.
pub(super) fn minutes(ms: i64) -> i64 {
    ms / Level::Minute.width()
}

pub(super) async fn name_subjects(
    connection: &mut SqliteConnection,
    names: impl Iterator<Item = &String>,
) -> Result<(), sqlx::Error> {
    let names: Vec<&String> = names.collect();
    if names.is_empty() {
        return Ok(());
    }
    sqlx::query("INSERT OR IGNORE INTO subject (name) SELECT value FROM json_each(?)")
        .bind(json!(names).to_string())
        .execute(connection)
        .await
        .map(drop)
}

pub(super) async fn add_changes(
    connection: &mut SqliteConnection,
    changes: &[HealthChange],
) -> Result<(), sqlx::Error> {
    for change in changes {
        // The technical cause differs every time and can be long; the code and its arguments say why.
        let reason =
            change.reason.clone().map(|reason| json!(Problem { detail: None, ..reason }).to_string());
        sqlx::query(
            "INSERT OR REPLACE INTO health_change (at, subject, was, became, reason, by_watcher) \
             SELECT ?, id, ?, ?, ?, ? FROM subject WHERE name = ?",
        )
        .bind(change.at)
        .bind(change.from as i64)
        .bind(change.to as i64)
        .bind(reason)
        .bind(i64::from(change.by == SeenBy::Watcher))
        .bind(&change.subject)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Puts the rows of one minute, hour or day into their sheets.
async fn add_rows(
    connection: &mut SqliteConnection,
    level: Level,
    start: i64,
    rows: &BTreeMap<String, Rollup>,
) -> Result<(), sqlx::Error> {
    let sheet = level.sheet(start).from;
    for (subject, (name, mut rows_of)) in sheets(connection, level, sheet).await? {
        let Some(row) = rows.get(&name).filter(|row| **row != Rollup::default()) else { continue };
        rows_of.put(level.place(start), row.clone());
        put_sheet(connection, level, subject, sheet, &rows_of).await?;
    }
    Ok(())
}

/// Writes a subject's sheet that begins then, in place of the one that is there.
pub(super) async fn put_sheet(
    connection: &mut SqliteConnection,
    level: Level,
    subject: i64,
    start: i64,
    sheet: &Sheet,
) -> Result<(), sqlx::Error> {
    let query = "INSERT INTO sheet (level, subject, start, rows) VALUES (?, ?, ?, ?) \
                 ON CONFLICT DO UPDATE SET rows = excluded.rows";
    let query = sqlx::query(query).bind(number(level)).bind(subject).bind(minutes(start));
    query.bind(sheet.to_bytes()).execute(connection).await.map(drop)
}

/// Every subject by its number, with its name and its sheet that begins then; an empty one where there is none yet.
pub(super) async fn sheets(
    connection: &mut SqliteConnection,
    level: Level,
    start: i64,
) -> Result<BTreeMap<i64, (String, Sheet)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, name, rows FROM subject LEFT JOIN sheet ON level = ? AND subject = id AND start = ?",
    )
    .bind(number(level))
    .bind(minutes(start))
    .fetch_all(connection)
    .await?;
    let read = |row: &SqliteRow| {
        let bytes: Option<Vec<u8>> = row.get(2);
        (row.get(0), (row.get(1), Sheet::from_bytes(&bytes.unwrap_or_default())))
    };
    Ok(rows.iter().map(read).collect())
}

pub(super) async fn prune(
    connection: &mut SqliteConnection,
    retention: Retention,
    now: i64,
) -> Result<(), sqlx::Error> {
    for level in [Level::Minute, Level::Hour, Level::Day] {
        sqlx::query(
            "DELETE FROM sheet WHERE level = ? AND subject IN (SELECT id FROM subject) AND start < ?",
        )
        .bind(number(level))
        .bind(minutes(retention.keeps_from(level, now)))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
