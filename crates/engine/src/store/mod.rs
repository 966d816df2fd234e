//! Portico's own database: what is wanted, how machines are logged in to, what runs did.
//!
//! SQLite in one file, readable by its owner alone. Documents are JSON of domain types, each with a version
//! of its own where it outlives a release. No secret is ever stored here.

mod journal;

use portico_domain::change::Desired;
use portico_domain::host::Inventory;
use portico_domain::problem::{Code, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row, SqlitePool};
use std::path::Path;
use std::time::Duration;

#[derive(Clone)]
pub struct Store {
    pool: SqlitePool,
    path: String,
}

impl Store {
    /// Opens or creates the database at `path`.
    pub async fn open(path: &Path) -> Result<Self, Problem> {
        let text = path.display().to_string();
        let failed = |cause: String| Problem::new(Code::StoreFailed).arg("path", &text).detail(cause);
        create_private(path).map_err(|error| failed(error.to_string()))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10));
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options)
            .await
            .map_err(|error| failed(error.to_string()))?;
        sqlx::migrate!().run(&pool).await.map_err(|error| failed(error.to_string()))?;
        Ok(Self { pool, path: text })
    }

    fn failed(&self, error: impl ToString) -> Problem {
        Problem::new(Code::StoreFailed).arg("path", &self.path).detail(error)
    }

    fn write_json<T: Serialize>(&self, value: &T) -> Result<String, Problem> {
        serde_json::to_string(value).map_err(|error| self.failed(error))
    }

    fn read_json<T: DeserializeOwned>(&self, text: &str) -> Result<T, Problem> {
        serde_json::from_str(text).map_err(|error| self.failed(error))
    }

    /// The newest wish and its revision; revision 0 is the empty one before the first.
    pub async fn desired(&self) -> Result<(i64, Desired), Problem> {
        let row = sqlx::query("SELECT revision, document FROM desired ORDER BY revision DESC LIMIT 1")
            .fetch_optional(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        match row {
            Some(row) => Ok((row.get(0), self.read_json(row.get(1))?)),
            None => Ok((0, Desired::default())),
        }
    }

    /// Adds a revision on top of `base`; refused when somebody else added one meanwhile.
    pub async fn set_desired(&self, base: i64, desired: &Desired, at: i64) -> Result<(), Problem> {
        let document = self.write_json(desired)?;
        let added = sqlx::query(
            "INSERT INTO desired (at, document) SELECT ?, ? \
             WHERE COALESCE((SELECT MAX(revision) FROM desired), 0) = ?",
        )
        .bind(at)
        .bind(document)
        .bind(base)
        .execute(&self.pool)
        .await
        .map_err(|error| self.failed(error))?;
        if added.rows_affected() == 0 { Err(Problem::new(Code::PlanStale)) } else { Ok(()) }
    }

    /// What was said about how to log in at an address.
    pub async fn login<T: DeserializeOwned>(&self, address: &str, port: u16) -> Result<Option<T>, Problem> {
        let row = sqlx::query("SELECT document FROM login WHERE address = ? AND port = ?")
            .bind(address)
            .bind(port)
            .fetch_optional(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        row.map(|row| self.read_json(row.get(0))).transpose()
    }

    pub async fn set_login<T: Serialize>(&self, address: &str, port: u16, login: &T) -> Result<(), Problem> {
        let document = self.write_json(login)?;
        sqlx::query("INSERT OR REPLACE INTO login (address, port, document) VALUES (?, ?, ?)")
            .bind(address)
            .bind(port)
            .bind(document)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(|error| self.failed(error))
    }

    /// A small document that is kept under a name.
    pub async fn note<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Problem> {
        let row = sqlx::query("SELECT document FROM note WHERE name = ?")
            .bind(name)
            .fetch_optional(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        row.map(|row| self.read_json(row.get(0))).transpose()
    }

    pub async fn set_note<T: Serialize>(&self, name: &str, note: &T) -> Result<(), Problem> {
        sqlx::query("INSERT OR REPLACE INTO note (name, document) VALUES (?, ?)")
            .bind(name)
            .bind(self.write_json(note)?)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(|error| self.failed(error))
    }

    /// The machines that scans have seen so far.
    pub async fn inventory(&self) -> Result<Option<Inventory>, Problem> {
        let row = sqlx::query("SELECT document FROM inventory")
            .fetch_optional(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        row.map(|row| self.read_json(row.get(0))).transpose()
    }

    pub async fn set_inventory(&self, inventory: &Inventory) -> Result<(), Problem> {
        sqlx::query("INSERT OR REPLACE INTO inventory (id, document) VALUES (1, ?)")
            .bind(self.write_json(inventory)?)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(|error| self.failed(error))
    }
}

/// The file exists with mode 0600 before SQLite opens it, so that it is never readable by others.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
