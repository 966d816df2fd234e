//! Messages on their way out: written in one transaction with the book that made them, marked after each try.

use super::Store;
use portico_domain::alert::{Book, Letter, Message};
use portico_domain::problem::Problem;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

const BOOK: &str = "alert-book";

/// What became of a message is shown, and kept for so long.
const KEPT_MS: i64 = 30 * 86_400_000;

/// A message with its words.
#[derive(Serialize, Deserialize)]
pub struct Outgoing {
    pub message: Message,
    pub letter: Letter,
}

/// What a try came to.
#[derive(Debug, Clone)]
pub enum Outcome {
    Delivered,
    /// The next try is at this time, unix ms.
    Failed {
        problem: Problem,
        next_at: Option<i64>,
    },
}

/// The last try of a channel.
pub struct Tried {
    pub at: i64,
    pub problem: Option<Problem>,
    /// The message was given up.
    pub lost: bool,
}

impl Store {
    pub async fn alert_book(&self) -> Result<Book, Problem> {
        Ok(self.note(BOOK).await?.unwrap_or_default())
    }

    /// Writes the book and the messages that it made: both or neither.
    pub async fn advance_alerts(&self, book: &Book, made: &[Outgoing], now: i64) -> Result<(), Problem> {
        let mut transaction = self.pool.begin().await.map_err(|error| self.failed(error))?;
        self.put_note(&mut *transaction, BOOK, book).await?;
        for outgoing in made {
            sqlx::query("INSERT INTO alert (id, channel, document, next_at) VALUES (?, ?, ?, ?)")
                .bind(&outgoing.message.id)
                .bind(&outgoing.message.channel)
                .bind(self.write_json(outgoing)?)
                .bind(now)
                .execute(&mut *transaction)
                .await
                .map_err(|error| self.failed(error))?;
        }
        if !made.is_empty() {
            sqlx::query("DELETE FROM alert WHERE state != 0 AND tried_at < ?")
                .bind(now - KEPT_MS)
                .execute(&mut *transaction)
                .await
                .map_err(|error| self.failed(error))?;
        }
        transaction.commit().await.map_err(|error| self.failed(error))
    }

    /// Of each channel the oldest message that was not delivered, if its time has come, and how often it was tried. Later
    /// ones wait for it: an end does not come before its beginning.
    pub async fn alerts_due(&self, now: i64) -> Result<Vec<(Outgoing, u32)>, Problem> {
        let rows = sqlx::query(
            "SELECT document, tries FROM alert WHERE next_at <= ? \
             AND rowid IN (SELECT MIN(rowid) FROM alert WHERE state = 0 GROUP BY channel)",
        )
        .bind(now)
        .fetch_all(&self.pool)
        .await
        .map_err(|error| self.failed(error))?;
        let read = |row: &SqliteRow| Ok((self.read_json(row.get(0))?, row.get(1)));
        rows.iter().map(read).collect()
    }

    /// Marks a message after a try.
    pub async fn alert_tried(&self, id: &str, outcome: &Outcome, now: i64) -> Result<(), Problem> {
        let (state, next_at, problem) = match outcome {
            Outcome::Delivered => (1, now, None),
            Outcome::Failed { problem, next_at: Some(at) } => (0, *at, Some(problem)),
            Outcome::Failed { problem, next_at: None } => (2, now, Some(problem)),
        };
        let problem = problem.map(|problem| self.write_json(problem)).transpose()?;
        sqlx::query(
            "UPDATE alert SET state = ?, next_at = ?, tried_at = ?, problem = ?, tries = tries + 1 WHERE id = ?",
        )
        .bind(state)
        .bind(next_at)
        .bind(now)
        .bind(problem)
        .bind(id)
        .execute(&self.pool)
        .await
        .map(drop)
        .map_err(|error| self.failed(error))
    }

    /// Notes what a message came to that was handed over at once, such as a test.
    pub async fn alert_handed_over(
        &self,
        outgoing: &Outgoing,
        outcome: &Outcome,
        now: i64,
    ) -> Result<(), Problem> {
        sqlx::query("INSERT INTO alert (id, channel, document, state, next_at) VALUES (?, ?, ?, 2, ?)")
            .bind(&outgoing.message.id)
            .bind(&outgoing.message.channel)
            .bind(self.write_json(outgoing)?)
            .bind(now)
            .execute(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        self.alert_tried(&outgoing.message.id, outcome, now).await
    }

    /// The last try of a channel, and how many messages wait.
    pub async fn alert_state(&self, channel: &str) -> Result<(Option<Tried>, u32), Problem> {
        let last = sqlx::query(
            "SELECT tried_at, problem, state = 2 AND problem IS NOT NULL FROM alert \
             WHERE channel = ? AND tried_at IS NOT NULL ORDER BY tried_at DESC, rowid DESC LIMIT 1",
        )
        .bind(channel)
        .fetch_optional(&self.pool)
        .await
        .map_err(|error| self.failed(error))?;
        let read = |row: SqliteRow| {
            let problem: Option<String> = row.get(1);
            let problem = problem.map(|text| self.read_json(&text)).transpose()?;
            Ok::<_, Problem>(Tried { at: row.get(0), problem, lost: row.get(2) })
        };
        let waiting = sqlx::query("SELECT COUNT(*) FROM alert WHERE channel = ? AND state = 0")
            .bind(channel)
            .fetch_one(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        Ok((last.map(read).transpose()?, waiting.get(0)))
    }

    /// What waits for a channel is tried at once: somebody put it right.
    pub async fn hasten_alerts(&self, channel: &str, now: i64) -> Result<(), Problem> {
        sqlx::query("UPDATE alert SET next_at = ?, tries = 0 WHERE channel = ? AND state = 0")
            .bind(now)
            .bind(channel)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(|error| self.failed(error))
    }

    /// Forgets what waits for a channel, and what became of the rest unless `waiting` alone is meant.
    pub async fn forget_alerts(&self, channel: &str, waiting: bool) -> Result<(), Problem> {
        sqlx::query("DELETE FROM alert WHERE channel = ? AND (state = 0 OR NOT ?)")
            .bind(channel)
            .bind(waiting)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(|error| self.failed(error))
    }
}
