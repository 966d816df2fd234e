//! Writing history: what one look leads to, in one transaction, and what is kept of it.
//!
//! The ledger is written with the rows that it led to; a process that is killed at any moment leaves both or neither.
//! Hours are made of minutes and days of hours when they are over, always from all their rows: making one twice gives
//! the same. Reading is `timeline`'s.

use super::Store;
use portico_domain::history::{
    Entry, HealthChange, Histogram, Ledger, Level, Retention, Rollup, Span, Times,
};
use portico_domain::problem::Problem;
use serde_json::json;
use sqlx::{Row, SqliteConnection};
use std::collections::BTreeMap;

const LEDGER: &str = "ledger";
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
        let retention = self.retention().await?;
        let ledger_text = self.write_json(ledger)?;
        let mut transaction = self.pool.begin().await.map_err(|error| self.failed(error))?;
        let write = async |transaction: &mut SqliteConnection| -> Result<(), sqlx::Error> {
            sqlx::query("INSERT OR REPLACE INTO note (name, document) VALUES (?, ?)")
                .bind(LEDGER)
                .bind(ledger_text)
                .execute(&mut *transaction)
                .await?;
            name_subjects(transaction, entry).await?;
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
            let hours = ledger.due(Level::Hour, entry.closed.keys().copied());
            for (level, spans) in [
                (Level::Hour, &hours),
                (Level::Day, &ledger.due(Level::Day, hours.iter().map(|hour| hour.from))),
            ] {
                for span in spans {
                    let rows = sum(transaction, level, *span).await?;
                    add_rows(transaction, level, span.from, &rows).await?;
                }
            }
            if !hours.is_empty() {
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

/// What a row of the columns `up, degraded, down, latency` from `first` on says.
pub(super) fn times(row: &sqlx::sqlite::SqliteRow, first: usize) -> Times {
    Times { up: row.get(first), degraded: row.get(first + 1), down: row.get(first + 2) }
}

async fn name_subjects(connection: &mut SqliteConnection, entry: &Entry) -> Result<(), sqlx::Error> {
    let changed = entry.changes.iter().map(|change| &change.subject);
    let names: Vec<&String> = changed.chain(entry.closed.values().flat_map(BTreeMap::keys)).collect();
    if names.is_empty() {
        return Ok(());
    }
    sqlx::query("INSERT OR IGNORE INTO subject (name) SELECT value FROM json_each(?)")
        .bind(json!(names).to_string())
        .execute(connection)
        .await
        .map(drop)
}

async fn add_changes(connection: &mut SqliteConnection, changes: &[HealthChange]) -> Result<(), sqlx::Error> {
    for change in changes {
        // The technical cause differs every time and can be long; the code and its arguments say why.
        let reason =
            change.reason.clone().map(|reason| json!(Problem { detail: None, ..reason }).to_string());
        sqlx::query(
            "INSERT OR REPLACE INTO health_change (at, subject, was, became, reason) \
             SELECT ?, id, ?, ?, ? FROM subject WHERE name = ?",
        )
        .bind(change.at)
        .bind(change.from as i64)
        .bind(change.to as i64)
        .bind(reason)
        .bind(&change.subject)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// All rows of one minute, hour or day in one statement; thousands of small ones would take a look's time.
async fn add_rows(
    connection: &mut SqliteConnection,
    level: Level,
    start: i64,
    rows: &BTreeMap<String, Rollup>,
) -> Result<(), sqlx::Error> {
    let told = rows.iter().filter(|(_, row)| **row != Rollup::default()).map(|(name, row)| {
        let Times { up, degraded, down } = row.times;
        json!([name, up, degraded, down, hex::encode(row.latency.to_bytes())])
    });
    sqlx::query(
        "INSERT OR REPLACE INTO rollup (level, subject, start, up, degraded, down, latency) \
         SELECT ?, subject.id, ?, row.value ->> 1, row.value ->> 2, row.value ->> 3, \
             unhex(nullif(row.value ->> 4, '')) \
         FROM json_each(?) AS row CROSS JOIN subject ON subject.name = row.value ->> 0",
    )
    .bind(number(level))
    .bind(start / Level::Minute.width())
    .bind(json!(told.collect::<Vec<_>>()).to_string())
    .execute(connection)
    .await
    .map(drop)
}

/// The rows of an hour or a day, made of all finer ones in it.
async fn sum(
    connection: &mut SqliteConnection,
    level: Level,
    span: Span,
) -> Result<BTreeMap<String, Rollup>, sqlx::Error> {
    let finer = if level == Level::Day { Level::Hour } else { Level::Minute };
    let rows = sqlx::query(
        "SELECT name, SUM(up), SUM(degraded), SUM(down), group_concat(hex(latency)) \
         FROM subject CROSS JOIN rollup ON level = ? AND subject = id AND start >= ? AND start < ? \
         GROUP BY id",
    )
    .bind(number(finer))
    .bind(span.from / Level::Minute.width())
    .bind(span.until / Level::Minute.width())
    .fetch_all(connection)
    .await?;
    let sums = rows.iter().map(|row| {
        let mut latency = Histogram::default();
        for text in row.get::<Option<String>, _>(4).unwrap_or_default().split(',') {
            latency.merge(&Histogram::from_bytes(&hex::decode(text).unwrap_or_default()));
        }
        (row.get(0), Rollup { times: times(row, 1), latency })
    });
    Ok(sums.collect())
}

async fn prune(connection: &mut SqliteConnection, retention: Retention, now: i64) -> Result<(), sqlx::Error> {
    for level in [Level::Minute, Level::Hour, Level::Day] {
        sqlx::query(
            "DELETE FROM rollup WHERE level = ? AND subject IN (SELECT id FROM subject) AND start < ?",
        )
        .bind(number(level))
        .bind(retention.keeps_from(level, now) / Level::Minute.width())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
