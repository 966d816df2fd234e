//! Applying a plan: what starts a run, continues it and stops it.

mod work;

pub(crate) use work::Work;

use crate::Engine;
use crate::estimate::Experience;
use crate::lock::{Lock, RUN, try_lock};
use portico_domain::change::Plan;
use portico_domain::problem::{Code, Problem};
use portico_domain::run::{Run, RunState};
use portico_domain::step::Step;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

/// A preview older than this is looked at again before it may be applied (ms).
const PLAN_LIFETIME_MS: i64 = 15 * 60 * 1000;

impl Engine {
    /// Starts a run of the plan and returns at once; its progress comes as events.
    ///
    /// Refused when the plan is stale (the wish moved, or it was looked at too long ago), when it has a
    /// hindrance, and while another run is at work.
    pub async fn apply(&self, plan: Plan) -> Result<Run, Problem> {
        let lock = self.claim().await?;
        let (base, present) = self.inner.store.desired().await?;
        if base != plan.base || self.now() - plan.observed_at > PLAN_LIFETIME_MS {
            return Err(Problem::new(Code::PlanStale));
        }
        if let Some(problem) = plan.hindrance() {
            return Err(problem);
        }
        let desired = plan.change.apply(&present)?;
        let document = desired.cluster.clone().ok_or_else(|| Problem::new(Code::NoCluster))?;
        let (steps, blocked): (Vec<Step>, Vec<Option<Problem>>) =
            plan.steps.into_iter().map(|planned| (planned.step, planned.verdict.blocked())).unzip();
        let run = Run {
            id: uuid::Uuid::now_v7().simple().to_string()[..12].to_owned(),
            change: plan.change,
            state: RunState::Running,
            started_at: self.now(),
            finished_at: None,
            steps: steps.iter().map(work::waiting).collect(),
            seconds_left: None,
        };
        let wish = (desired != present).then_some((base, &desired));
        self.inner.store.begin_run(&run, wish).await?;
        let cancel = CancellationToken::new();
        self.running().insert(run.id.clone(), cancel.clone());
        let work = Work {
            engine: self.clone(),
            document,
            experience: Experience::load(&self.inner.store, &steps).await,
            steps,
            blocked,
            run: Mutex::new(run.clone()),
            cancel,
            lock: Mutex::new(Some(lock)),
            left: Mutex::default(),
        };
        tokio::spawn(Arc::new(work).carry_out());
        Ok(run)
    }

    /// Plans the change of an ended run anew and applies that: what is done has vanished from it.
    pub async fn resume(&self, id: &str) -> Result<Run, Problem> {
        let run = self.run(id).await?;
        let resumable = matches!(run.state, RunState::Interrupted | RunState::Failed | RunState::Cancelled);
        if !resumable {
            let state = format!("{:?}", run.state).to_lowercase();
            return Err(Problem::new(Code::RunNotResumable).arg("run", id).arg("state", state));
        }
        self.apply(self.preview(run.change).await?).await
    }

    /// Asks a run to stop: between steps, and inside one where stopping is safe.
    pub async fn cancel(&self, id: &str) -> Result<(), Problem> {
        if let Some(token) = self.running().get(id) {
            token.cancel();
            return Ok(());
        }
        // A run of another process is asked through a file beside its lock.
        match self.run(id).await?.state {
            RunState::Running => self.ask_to_stop(id),
            state => {
                let state = format!("{state:?}").to_lowercase();
                Err(Problem::new(Code::RunNotResumable).arg("run", id).arg("state", state))
            }
        }
    }

    fn ask_to_stop(&self, id: &str) -> Result<(), Problem> {
        let path = self.stop_file(id);
        std::fs::write(&path, b"")
            .map_err(|error| Problem::new(Code::StoreFailed).arg("path", path.display()).detail(error))
    }

    fn stop_file(&self, id: &str) -> std::path::PathBuf {
        self.inner.data.join(format!("stop-{id}"))
    }

    /// Whether a run is at work in this process.
    pub fn is_at_work(&self) -> bool {
        !self.running().is_empty()
    }

    fn running(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<String, CancellationToken>> {
        self.inner.running.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Keeps runs off for as long as it is held.
    pub(crate) async fn claim(&self) -> Result<Lock, Problem> {
        if let Some(lock) = try_lock(&self.inner.data, RUN)? {
            return Ok(lock);
        }
        let runs = self.inner.store.runs().await?;
        let busy = runs.iter().find(|run| run.state == RunState::Running).map(|run| run.id.clone());
        Err(Problem::new(Code::ClusterBusy).arg("run", busy.unwrap_or_default()))
    }
}
