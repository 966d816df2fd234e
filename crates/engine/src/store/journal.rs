//! The journal of runs: written before and after each step, read to explain and to offer "continue".

use super::Store;
use portico_domain::change::Desired;
use portico_domain::problem::Problem;
use portico_domain::run::{Run, RunState, RunStep};
use portico_domain::step::Stage;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

impl Store {
    /// Writes down a run and, where it has a new one, its wish: both or none, so that there is no wish that nobody can
    /// continue with. `wish` is the revision that it goes on top of.
    pub async fn begin_run(&self, run: &Run, wish: Option<(i64, &Desired)>) -> Result<(), Problem> {
        let mut transaction = self.pool.begin().await.map_err(|error| self.failed(error))?;
        if let Some((base, desired)) = wish {
            self.add_desired(&mut transaction, base, desired, run.started_at).await?;
        }
        sqlx::query("INSERT INTO run (id, change, state, started_at) VALUES (?, ?, ?, ?)")
            .bind(&run.id)
            .bind(self.write_json(&run.change)?)
            .bind(self.write_json(&run.state)?)
            .bind(run.started_at)
            .execute(&mut *transaction)
            .await
            .map_err(|error| self.failed(error))?;
        for (position, step) in run.steps.iter().enumerate() {
            sqlx::query("INSERT INTO run_step (run, position, id, document) VALUES (?, ?, ?, ?)")
                .bind(&run.id)
                .bind(i64::try_from(position).unwrap_or(i64::MAX))
                .bind(&step.id)
                .bind(self.write_json(step)?)
                .execute(&mut *transaction)
                .await
                .map_err(|error| self.failed(error))?;
        }
        transaction.commit().await.map_err(|error| self.failed(error))
    }

    pub async fn set_step(&self, run: &str, step: &RunStep) -> Result<(), Problem> {
        sqlx::query("UPDATE run_step SET document = ? WHERE run = ? AND id = ?")
            .bind(self.write_json(step)?)
            .bind(run)
            .bind(&step.id)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(|error| self.failed(error))
    }

    pub async fn end_run(&self, run: &str, state: RunState, at: i64) -> Result<(), Problem> {
        sqlx::query("UPDATE run SET state = ?, finished_at = ? WHERE id = ?")
            .bind(self.write_json(&state)?)
            .bind(at)
            .bind(run)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(|error| self.failed(error))
    }

    /// Runs that were at work when their process ended. Called while the cluster's lock is held.
    pub async fn interrupt_runs(&self, at: i64) -> Result<(), Problem> {
        sqlx::query("UPDATE run SET state = ?, finished_at = ? WHERE state = ?")
            .bind(self.write_json(&RunState::Interrupted)?)
            .bind(at)
            .bind(self.write_json(&RunState::Running)?)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(|error| self.failed(error))
    }

    /// All runs, newest first, with their steps.
    pub async fn runs(&self) -> Result<Vec<Run>, Problem> {
        let rows = sqlx::query(
            "SELECT id, change, state, started_at, finished_at FROM run ORDER BY started_at DESC, id DESC",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(|error| self.failed(error))?;
        let mut runs = Vec::with_capacity(rows.len());
        for row in &rows {
            runs.push(self.read_run(row).await?);
        }
        Ok(runs)
    }

    pub async fn run(&self, id: &str) -> Result<Option<Run>, Problem> {
        let row = sqlx::query("SELECT id, change, state, started_at, finished_at FROM run WHERE id = ?")
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        match row {
            Some(row) => self.read_run(&row).await.map(Some),
            None => Ok(None),
        }
    }

    async fn read_run(&self, row: &SqliteRow) -> Result<Run, Problem> {
        let id: String = row.get(0);
        let steps = sqlx::query("SELECT document FROM run_step WHERE run = ? ORDER BY position")
            .bind(&id)
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        Ok(Run {
            id,
            change: self.read_json(row.get(1))?,
            state: self.read_json(row.get(2))?,
            started_at: row.get(3),
            finished_at: row.get(4),
            steps: steps.iter().map(|row| self.read_json(row.get(0))).collect::<Result<_, _>>()?,
            seconds_left: None,
        })
    }

    pub async fn add_duration(&self, stage: Stage, millis: i64, at: i64) -> Result<(), Problem> {
        sqlx::query("INSERT INTO duration (stage, millis, at) VALUES (?, ?, ?)")
            .bind(self.write_json(&stage)?)
            .bind(millis)
            .bind(at)
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(|error| self.failed(error))
    }

    /// The median of the last ten durations of a stage, in milliseconds.
    pub async fn usual_duration(&self, stage: Stage) -> Result<Option<i64>, Problem> {
        let rows = sqlx::query("SELECT millis FROM duration WHERE stage = ? ORDER BY at DESC LIMIT 10")
            .bind(self.write_json(&stage)?)
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.failed(error))?;
        let mut millis: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        millis.sort_unstable();
        Ok(millis.get(millis.len() / 2).copied())
    }
}
