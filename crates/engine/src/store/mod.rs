//! Portico's own database: what is wanted, how machines are logged in to, what runs did.
//!
//! SQLite in one file, readable by its owner alone. Documents are JSON of domain types, each with a version
//! of its own where it outlives a release. No secret is ever stored here.

pub mod alerts;
mod history;
mod joined;
mod journal;
mod timeline;

use portico_domain::change::Desired;
use portico_domain::dns::Hostname;
use portico_domain::host::Inventory;
use portico_domain::problem::{Code, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Row, SqliteConnection, SqliteExecutor, SqlitePool};
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
    async fn add_desired(
        &self,
        transaction: &mut SqliteConnection,
        base: i64,
        desired: &Desired,
        at: i64,
    ) -> Result<(), Problem> {
        let document = self.write_json(desired)?;
        let added = sqlx::query(
            "INSERT INTO desired (at, document) SELECT ?, ? \
             WHERE COALESCE((SELECT MAX(revision) FROM desired), 0) = ?",
        )
        .bind(at)
        .bind(document)
        .bind(base)
        .execute(transaction)
        .await
        .map_err(|error| self.failed(error))?;
        if added.rows_affected() == 0 { Err(Problem::new(Code::PlanStale)) } else { Ok(()) }
    }

    /// The tunnel that was wanted last, in whichever revision that was.
    pub async fn last_tunnel(&self) -> Result<Option<String>, Problem> {
        let found = sqlx::query(
            "SELECT json_extract(document, '$.stack.tunnel') FROM desired \
             WHERE json_extract(document, '$.stack.tunnel') IS NOT NULL ORDER BY revision DESC LIMIT 1",
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(|error| self.failed(error))?;
        Ok(found.map(|row| row.get(0)))
    }

    /// Every hostname that an exposure of this name ever had.
    pub async fn hostnames_of(&self, exposure: &str) -> Result<Vec<Hostname>, Problem> {
        let rows = sqlx::query(
            "SELECT DISTINCT json_extract(one.value, '$.hostname') \
             FROM desired, json_each(desired.document, '$.exposures') AS one \
             WHERE json_extract(one.value, '$.name') = ?",
        )
        .bind(exposure)
        .fetch_all(&self.pool)
        .await
        .map_err(|error| self.failed(error))?;
        let names = rows.iter().map(|row| row.get::<String, _>(0));
        Ok(names.filter_map(|name| Hostname::parse(&name).ok()).collect())
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

    /// All of what was said about logging in, with address and port.
    pub async fn logins<T: DeserializeOwned>(&self) -> Result<Vec<(String, u16, T)>, Problem> {
        let rows = sqlx::query("SELECT address, port, document FROM login")
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        let read = |row: &SqliteRow| Ok((row.get(0), row.get(1), self.read_json(row.get(2))?));
        rows.iter().map(read).collect()
    }

    /// Forgets how to log in there; what is not known is forgotten already.
    pub async fn forget_login(&self, address: &str, port: u16) -> Result<(), Problem> {
        sqlx::query("DELETE FROM login WHERE address = ? AND port = ?")
            .bind(address)
            .bind(port)
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
        self.put_note(&self.pool, name, note).await
    }

    async fn put_note<T: Serialize>(
        &self,
        executor: impl SqliteExecutor<'_>,
        name: &str,
        note: &T,
    ) -> Result<(), Problem> {
        sqlx::query("INSERT OR REPLACE INTO note (name, document) VALUES (?, ?)")
            .bind(name)
            .bind(self.write_json(note)?)
            .execute(executor)
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

#[cfg(test)]
mod tests {
    use super::*;
    use portico_domain::change::Change;
    use portico_domain::run::{Run, RunState};
    use serde_json::json;

    fn wish(tunnel: Option<&str>, hostnames: &[&str]) -> Desired {
        let exposures = hostnames.iter().map(|hostname| {
            json!({"name": "echo", "hostname": hostname, "reach": "lan", "backend": {"kind": "echo", "image": "i"}})
        });
        let exposures: Vec<_> = exposures.collect();
        let document = json!({"version": 1, "exposures": exposures, "stack": {"tunnel": tunnel}});
        serde_json::from_value(document).unwrap()
    }

    fn run(id: &str) -> Run {
        Run {
            id: id.into(),
            change: Change::Reconcile,
            state: RunState::Running,
            started_at: 0,
            finished_at: None,
            steps: Vec::new(),
            seconds_left: None,
        }
    }

    #[tokio::test]
    async fn a_wish_and_its_run_are_written_as_one_and_earlier_wishes_are_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("portico.db")).await.unwrap();
        let one = wish(Some("portico-home"), &["a.example.test"]);
        store.begin_run(&run("one"), Some((0, &one))).await.unwrap();
        let stale = store.begin_run(&run("stale"), Some((0, &one))).await.unwrap_err();
        assert_eq!(stale.code, Code::PlanStale);
        assert!(store.run("stale").await.unwrap().is_none(), "no run without its wish");
        store.begin_run(&run("two"), Some((1, &wish(None, &["b.example.test"])))).await.unwrap();
        store.begin_run(&run("three"), Some((2, &wish(None, &[])))).await.unwrap();
        assert_eq!(store.last_tunnel().await.unwrap().as_deref(), Some("portico-home"));
        let names: Vec<String> =
            store.hostnames_of("echo").await.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["a.example.test", "b.example.test"]);
        assert!(store.hostnames_of("other").await.unwrap().is_empty());
    }
}
