//! Portico as one process of several: an engine in a runtime of its own, which can be killed.
//!
//! A kill drops whatever is under way at once, wherever it stands: tasks, connections, the lock. What is left is what
//! a killed process leaves, a folder with a database. (SIGKILL to the real program is in `flows/killed.rs`; it costs
//! a hundred times as much.)

use portico_domain::change::{Change, Plan};
use portico_domain::event::Happening;
use portico_domain::problem::Problem;
use portico_domain::run::{Run, RunState};
use portico_engine::{Engine, Options};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

pub struct Process {
    runtime: Mutex<Option<Runtime>>,
    engine: Mutex<Option<Engine>>,
    pub data: PathBuf,
}

/// It was killed before it answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

/// What became of trying a change.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Everything was as it should be already.
    Nothing,
    Ended(Box<Run>),
    Refused(Box<Problem>),
}

impl Outcome {
    pub fn is_done(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Ended(run) => run.state == RunState::Done,
            Self::Refused(_) => false,
        }
    }

    /// All that was told.
    pub fn problems(&self) -> Vec<Problem> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Ended(run) => run.steps.iter().filter_map(|step| step.problem.clone()).collect(),
            Self::Refused(problem) => vec![(**problem).clone()],
        }
    }
}

impl Process {
    pub async fn open(options: Options) -> Result<Self, Problem> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let data = options.data.clone();
        let engine = runtime.spawn(Engine::open(options)).await.expect("opening does not panic")?;
        Ok(Self { runtime: Mutex::new(Some(runtime)), engine: Mutex::new(Some(engine)), data })
    }

    /// Does something with the engine, in its own runtime.
    pub async fn with<T, F>(&self, act: impl FnOnce(Engine) -> F) -> Result<T, Gone>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(Gone)?;
        let spawned = {
            let runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
            runtime.as_ref().ok_or(Gone)?.spawn(act(engine))
        };
        match spawned.await {
            Ok(value) => Ok(value),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(Gone),
        }
    }

    pub fn is_gone(&self) -> bool {
        self.runtime.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Returns once nothing of it is left.
    pub fn kill(&self) {
        drop(self.engine.lock().unwrap_or_else(PoisonError::into_inner).take());
        let runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runtime) = runtime {
            // In a thread of its own: a runtime must not be waited for inside another one.
            let ending = std::thread::spawn(move || runtime.shutdown_timeout(Duration::from_secs(5)));
            let _ = ending.join();
        }
    }

    pub async fn preview(&self, change: &Change) -> Result<Result<Plan, Problem>, Gone> {
        let change = change.clone();
        self.with(|engine| async move { engine.preview(change).await }).await
    }

    /// Previews and applies, and waits for the end of the run and of what undoes it.
    pub async fn try_change(&self, change: &Change) -> Result<Outcome, Gone> {
        let change = change.clone();
        let tried = self.with(|engine| async move {
            let plan = engine.preview(change).await?;
            if plan.needed().next().is_none() {
                // The wish is still to be written down, as the program does.
                let base = engine.desired().await?;
                if plan.change.apply(&base)? == base {
                    return Ok(Outcome::Nothing);
                }
            }
            let mut events = engine.listen();
            let run = engine.apply(plan).await?;
            ended(&engine, &mut events, &run.id).await.map(|run| Outcome::Ended(Box::new(run)))
        });
        tried.await.map(|tried| tried.unwrap_or_else(|problem| Outcome::Refused(Box::new(problem))))
    }

    /// Continues the newest run, where it can be continued; `None` where it was done.
    pub async fn continue_last(&self) -> Result<Option<Outcome>, Gone> {
        let tried = self.with(|engine| async move {
            let runs = engine.runs().await?;
            let Some(last) = runs.first() else { return Ok(None) };
            if !matches!(last.state, RunState::Interrupted | RunState::Failed | RunState::Cancelled) {
                return Ok(None);
            }
            let mut events = engine.listen();
            let run = engine.resume(&last.id).await?;
            ended(&engine, &mut events, &run.id).await.map(|run| Some(Outcome::Ended(Box::new(run))))
        });
        tried.await.map(|tried| tried.unwrap_or_else(|problem| Some(Outcome::Refused(Box::new(problem)))))
    }

    /// Asks the run that is at work to stop.
    pub async fn cancel(&self) {
        let _ = self
            .with(|engine| async move {
                for run in engine.runs().await.unwrap_or_default() {
                    if run.state == RunState::Running {
                        let _ = engine.cancel(&run.id).await;
                    }
                }
            })
            .await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn ended(
    engine: &Engine,
    events: &mut tokio::sync::broadcast::Receiver<portico_domain::event::Event>,
    id: &str,
) -> Result<Run, Problem> {
    let mut waits_for = id.to_owned();
    loop {
        // A flood of events may have hidden the one: the run itself is asked now and then.
        let told = tokio::time::timeout(Duration::from_secs(2), events.recv()).await;
        let over = matches!(&told, Ok(Ok(event))
            if matches!(&event.what, Happening::RunEnded { run, .. } if *run == waits_for));
        let unsure = !matches!(told, Ok(Ok(_)));
        if over || (unsure && engine.run(&waits_for).await?.state != RunState::Running) {
            match engine.undoing(&waits_for) {
                Some(undoing) => waits_for = undoing,
                None => return engine.run(id).await,
            }
        }
    }
}
