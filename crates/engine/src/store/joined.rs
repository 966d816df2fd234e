//! Writing what the watcher saw into gaps: each gap once, in one transaction with the mark that says so.
//!
//! Rows of every level get what is new added, since the minutes that an old hour was made of may be gone. What is made
//! again later, the hour and the day that are not over, is made of these minutes.

use super::Store;
use super::history::{LEDGER, add_changes, name_subjects, prune, put_sheet, sheets};
use portico_domain::history::{Around, Joined, Ledger, Level, Rollup, Span};
use portico_domain::problem::Problem;
use sqlx::{Row, SqliteConnection};
use std::collections::BTreeMap;

type Minute = BTreeMap<String, Rollup>;
type Rows = BTreeMap<i64, Minute>;

impl Store {
    /// The gaps since an instant that the watcher was not asked about yet, oldest first.
    pub async fn open_gaps(&self, from: i64) -> Result<Vec<Span>, Problem> {
        let query = "SELECT since, until FROM gap WHERE until >= ? AND watched IS NULL ORDER BY until";
        let rows = sqlx::query(query).bind(from).fetch_all(&self.pool).await;
        let rows = rows.map_err(|error| self.failed(error))?;
        Ok(rows.iter().map(|row| Span { from: row.get(0), until: row.get(1) }).collect())
    }

    /// How subjects were before a gap and after it.
    pub async fn around<'a>(
        &self,
        gap: Span,
        subjects: impl Iterator<Item = &'a String>,
    ) -> Result<BTreeMap<String, Around>, Problem> {
        let mut around = BTreeMap::new();
        for subject in subjects {
            let Some(last) = self.change_at(subject, gap.until).await? else { continue };
            let before = if last.at == gap.until { last.from } else { last.to };
            around.insert(subject.clone(), Around { before, after: last.to });
        }
        Ok(around)
    }

    /// Writes down what a gap is filled with, and the ledger that has its open minute. A gap that is filled already stays as
    /// it is: the answer is whether it was written.
    pub async fn join(
        &self,
        now: i64,
        gap: Span,
        ledger: &Ledger,
        joined: &Joined,
        rows: &Rows,
    ) -> Result<bool, Problem> {
        let retention = self.retention().await?;
        let watched = self.write_json(&joined.watched)?;
        let mut transaction = self.pool.begin().await.map_err(|error| self.failed(error))?;
        let write = async |transaction: &mut SqliteConnection| -> Result<bool, sqlx::Error> {
            let marked = sqlx::query("UPDATE gap SET watched = ? WHERE until = ? AND watched IS NULL")
                .bind(watched)
                .bind(gap.until)
                .execute(&mut *transaction)
                .await?;
            if marked.rows_affected() == 0 {
                return Ok(false);
            }
            name_subjects(transaction, joined.watched.keys()).await?;
            // What the look at its end found goes on from what was seen in it.
            for subject in joined.watched.keys() {
                let query = "DELETE FROM health_change WHERE at = ? AND subject = (SELECT id FROM subject WHERE name = ?)";
                sqlx::query(query).bind(gap.until).bind(subject).execute(&mut *transaction).await?;
            }
            add_changes(transaction, &joined.changes).await?;
            for level in [Level::Minute, Level::Hour, Level::Day] {
                add_to(transaction, level, &summed(level, rows)).await?;
            }
            prune(transaction, retention, now).await?;
            Ok(true)
        };
        let written = write(&mut transaction).await.map_err(|error| self.failed(error))?;
        if written {
            self.put_note(&mut *transaction, LEDGER, ledger).await?;
            transaction.commit().await.map_err(|error| self.failed(error))?;
        }
        Ok(written)
    }
}

/// The rows as those of a level.
fn summed(level: Level, minutes: &Rows) -> Rows {
    let mut rows = Rows::new();
    for (start, minute) in minutes {
        let of = rows.entry(level.span(*start).from).or_default();
        minute.iter().for_each(|(subject, row)| of.entry(subject.clone()).or_default().merge(row));
    }
    rows
}

/// Adds to the rows of a level, a sheet at a time.
async fn add_to(connection: &mut SqliteConnection, level: Level, rows: &Rows) -> Result<(), sqlx::Error> {
    let mut by_sheet: BTreeMap<i64, Vec<(i64, &Minute)>> = BTreeMap::new();
    for (start, row) in rows {
        by_sheet.entry(level.sheet(*start).from).or_default().push((*start, row));
    }
    for (sheet, rows) in by_sheet {
        for (subject, (name, mut known)) in sheets(connection, level, sheet).await? {
            let own = rows.iter().filter_map(|(start, row)| Some((*start, row.get(&name)?)));
            let mut changed = false;
            for (start, row) in own {
                known.add(level.place(start), row);
                changed = true;
            }
            if changed {
                put_sheet(connection, level, subject, sheet, &known).await?;
            }
        }
    }
    Ok(())
}
