//! One run at work: every step judged, performed, verified; independent steps side by side.
//!
//! The loop is the same for every kind of change. Before a step its predicate is asked again: what is true
//! already is skipped. After it the predicate is asked until it holds or its patience ends. One failed step
//! stops only what needs it.

use crate::Engine;
use crate::estimate::Experience;
use crate::inquiry::Inquiry;
use crate::lock::Lock;
use crate::perform::{Progress, Scene};
use crate::schedule::startable;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use portico_domain::cluster::ClusterDocument;
use portico_domain::event::Happening;
use portico_domain::facts::MachineFacts;
use portico_domain::observed::{Observed, Seen, Source};
use portico_domain::problem::{Code, Problem};
use portico_domain::run::{Run, RunState, RunStep, StepState};
use portico_domain::step::{DiffLine, Said, Stage, Step, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Between two looks while a step is waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(400);

/// The longest pause where looking costs calls of a budget.
const LOOK_SELDOM: Duration = Duration::from_secs(4);

/// Controllers read anew within seconds what was applied: what is wrong for longer stays wrong.
const STUCK: Duration = Duration::from_secs(15);

/// So long a look is as good as a new one while nothing was done to the machine.
const MOMENT: Duration = Duration::from_secs(1);

/// Lines of a step's log that are kept.
const LOG_LINES: usize = 400;

/// Says in a problem what was waited for: whose silence, or what is not yet as it should be, the first of it in words that can
/// be put into other languages.
fn awaiting(mut problem: Problem, waits_for: Result<Vec<DiffLine>, Problem>) -> Problem {
    let lines = match waits_for {
        Ok(lines) => lines,
        Err(silence) => {
            problem.args.extend(silence.args);
            problem.detail = silence.detail;
            return problem.arg("cause", silence.code.word());
        }
    };
    if let Some(Said { phrase, args }) = lines.first().and_then(|line| line.said.clone()) {
        problem.args.extend(args);
        problem = problem.arg("awaited", phrase.word());
    }
    let texts: Vec<&str> = lines.iter().map(|line| line.text.trim()).collect();
    if texts.len() > 1 {
        problem = problem.detail(texts.join("\n"));
    }
    problem.arg("waiting", texts.first().copied().unwrap_or_default())
}

pub(super) fn waiting(step: &Step) -> RunStep {
    RunStep {
        id: step.id.clone(),
        stage: step.stage,
        machine: step.machine.clone(),
        danger: step.danger(),
        state: StepState::Waiting,
        started_at: None,
        finished_at: None,
        progress: None,
        log: Vec::new(),
        problem: None,
        note: None,
    }
}

/// One run at work.
pub(crate) struct Work {
    pub engine: Engine,
    pub document: ClusterDocument,
    pub(super) steps: Vec<Step>,
    /// Per step: why the plan already said that it cannot be done.
    pub(super) blocked: Vec<Option<Problem>>,
    pub(super) experience: Experience,
    pub(super) run: Mutex<Run>,
    pub(super) cancel: CancellationToken,
    /// Released with the run.
    pub(super) lock: Mutex<Option<Lock>>,
    /// Per machine: how its last step left it, and when the look began that saw it so. A machine has one step at a time.
    pub(super) left: Mutex<BTreeMap<String, (Instant, Seen<MachineFacts>)>>,
}

/// How a step came out.
enum Outcome {
    True,
    Skipped,
    Failed(Problem),
}

impl Work {
    pub(super) async fn carry_out(self: Arc<Self>) {
        let listening = tokio::spawn(self.clone().heed_stop_file());
        let mut open: BTreeSet<usize> = (0..self.steps.len()).collect();
        let mut settled: BTreeSet<&str> = BTreeSet::new();
        let mut at_work = FuturesUnordered::new();
        let mut running: BTreeSet<usize> = BTreeSet::new();
        loop {
            if !self.cancel.is_cancelled() {
                for index in startable(&self.steps, &open, &settled, &running) {
                    open.remove(&index);
                    running.insert(index);
                    let work = self.clone();
                    at_work.push(async move {
                        (index, tokio::spawn(async move { work.step(index).await }).await)
                    });
                }
            }
            let Some((index, outcome)) = at_work.next().await else { break };
            running.remove(&index);
            // A panic costs its step, not the run.
            let true_now = outcome.unwrap_or(false);
            if true_now {
                settled.insert(&self.steps[index].id);
            }
        }
        for index in open {
            self.change(index, |step| step.state = StepState::NotRun).await;
        }
        listening.abort();
        self.end(settled.len()).await;
    }

    async fn end(&self, settled: usize) {
        let failed = self.snapshot().steps.iter().any(|step| step.state == StepState::Failed);
        let state = match (settled == self.steps.len(), failed, self.cancel.is_cancelled()) {
            (true, _, _) => RunState::Done,
            (_, true, _) => RunState::Failed,
            (_, _, true) => RunState::Cancelled,
            _ => RunState::Failed,
        };
        let (id, at) = (self.snapshot().id, self.engine.now());
        if let Err(problem) = self.engine.inner.store.end_run(&id, state, at).await {
            tracing::error!(%problem, "the end of the run could not be written");
        }
        let _ = std::fs::remove_file(self.engine.stop_file(&id));
        self.engine.running().remove(&id);
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
        if state == RunState::Failed {
            self.engine.undo(&id, &self.snapshot().change).await;
        }
        self.engine.inner.events.tell(Happening::RunEnded { run: id, state });
    }

    /// Takes one step; true when it is true now.
    async fn step(self: Arc<Self>, index: usize) -> bool {
        let now = self.engine.now();
        self.change(index, |step| {
            step.state = StepState::Running;
            step.started_at = Some(now);
        })
        .await;
        let outcome = self.take(index).await;
        let ended = self.engine.now();
        let (state, problem) = match outcome {
            Outcome::True => (StepState::Done, None),
            Outcome::Skipped => (StepState::Skipped, None),
            Outcome::Failed(problem) if problem.code == Code::Cancelled => (StepState::NotRun, Some(problem)),
            Outcome::Failed(problem) => (StepState::Failed, Some(problem)),
        };
        if state == StepState::Done {
            let spent =
                self.engine.inner.store.add_duration(self.steps[index].stage, ended - now, ended).await;
            if let Err(problem) = spent {
                tracing::warn!(%problem, "a duration could not be written");
            }
        }
        self.change(index, |step| {
            step.state = state;
            step.finished_at = Some(ended);
            step.progress = None;
            step.problem = problem;
        })
        .await;
        matches!(state, StepState::Done | StepState::Skipped)
    }

    async fn take(self: &Arc<Self>, index: usize) -> Outcome {
        let step = &self.steps[index];
        // A machine that was away when the plan was made was never checked: back or not, it waits for the next plan.
        if let Some(problem) = &self.blocked[index] {
            return Outcome::Failed(problem.clone());
        }
        let observed = self.look_before(step).await;
        match step.verdict(&observed) {
            Verdict::Yes => return Outcome::Skipped,
            Verdict::Blocked { problem } => return Outcome::Failed(problem),
            Verdict::No { .. } => {}
        }
        let progress = self.progress(index);
        // Where stopping midway would leave something half done, the step is finished first.
        let cancel = if step.action.stops_midway() { self.cancel.clone() } else { CancellationToken::new() };
        match self.perform(step, observed, &progress, &cancel).await {
            None => self.verify(index, &progress, &cancel).await,
            Some(outcome) => outcome,
        }
    }

    /// Performs the step, and again for as long as what is seen lags behind what is there; `None` where it is to be
    /// seen whether it worked.
    async fn perform(
        &self,
        step: &Step,
        mut observed: Observed,
        progress: &Progress,
        cancel: &CancellationToken,
    ) -> Option<Outcome> {
        let pace = self.engine.inner.outside.pace;
        let deadline = Instant::now() + pace.of(patience(step.stage));
        let mut pause = pace.of(LOOK_AGAIN);
        loop {
            let scene = Scene { document: &self.document, observed: &observed, progress, cancel };
            let problem = self.engine.perform(&step.action, &scene).await.err()?;
            if problem.is_silence() {
                // Nobody's answer came: whether it was done is seen, not guessed.
                let done = step.verdict(&self.look(step).await) == Verdict::Yes;
                return Some(if done { Outcome::True } else { Outcome::Failed(problem) });
            }
            if !problem.is_overtaken() || Instant::now() >= deadline {
                return Some(Outcome::Failed(problem));
            }
            // A refused write has changed nothing: the run may stop here.
            tokio::select! {
                () = self.cancel.cancelled() => return Some(Outcome::Failed(Problem::new(Code::Cancelled))),
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 3 / 2).min(pace.of(LOOK_SELDOM));
            observed = self.look(step).await;
            match step.verdict(&observed) {
                Verdict::Yes => return Some(Outcome::True),
                Verdict::Blocked { problem } => return Some(Outcome::Failed(problem)),
                Verdict::No { .. } => {}
            }
        }
    }

    /// Looks until the step is true, blocked, or out of patience.
    async fn verify(&self, index: usize, progress: &Progress, cancel: &CancellationToken) -> Outcome {
        let step = &self.steps[index];
        let pace = self.engine.inner.outside.pace;
        let patience = pace.of(patience(step.stage));
        let deadline = Instant::now() + patience;
        let mut inquiry = Inquiry::new(pace);
        let mut pause = pace.of(LOOK_AGAIN);
        let mut stuck_since = None;
        loop {
            let now = Instant::now();
            let observed = self.look(step).await;
            match step.action.stuck(&observed) {
                Some(problem) if now - *stuck_since.get_or_insert(now) >= pace.of(STUCK) => {
                    return Outcome::Failed(problem);
                }
                Some(_) => {}
                None => stuck_since = None,
            }
            let waits_for = match step.verdict(&observed) {
                Verdict::Yes => {
                    if let Some(note) = step.action.note(&observed) {
                        self.tell(index, |step| step.note = Some(note));
                    }
                    if let Some(machine) = &step.machine
                        && let Some(facts) = observed.machines.get(machine)
                    {
                        self.left().insert(machine.clone(), (now, facts.clone()));
                    }
                    return Outcome::True;
                }
                // While something comes up, its silence says nothing about the step.
                Verdict::Blocked { problem } if !problem.is_silence() => return Outcome::Failed(problem),
                Verdict::Blocked { problem } => Err(problem),
                Verdict::No { diff } => Ok(diff),
            };
            let timed_out = Instant::now() >= deadline;
            let cause = inquiry.ask(self, step, progress, timed_out).await;
            if timed_out || inquiry.is_certain() {
                let problem = Problem::new(Code::StepTimedOut)
                    .arg("step", &step.id)
                    .arg("machine", step.machine.as_deref().unwrap_or_default())
                    .arg("waited", inquiry.began.elapsed().as_secs());
                let problem = awaiting(problem, waits_for);
                return Outcome::Failed(match cause {
                    Some(cause) => cause.explain(problem),
                    None => problem,
                });
            }
            tokio::select! {
                () = cancel.cancelled() => return Outcome::Failed(Problem::new(Code::Cancelled)),
                () = tokio::time::sleep(pause) => {}
            }
            // Cloudflare counts calls: what does not come at once is asked for less and less often.
            if step.action.is_at_cloudflare() {
                pause = (pause * 3 / 2).min(pace.of(LOOK_SELDOM));
            }
        }
    }

    async fn look(&self, step: &Step) -> Observed {
        self.engine.observe(&step.action.reads(), Some(&self.document)).await
    }

    /// As [`Self::look`], but a machine that its last step left a moment ago is taken as that step saw it.
    async fn look_before(&self, step: &Step) -> Observed {
        let mut sources = step.action.reads();
        let mut observed = Observed::default();
        if let Some(machine) = &step.machine
            && let Some((at, facts)) = self.left().remove(machine)
            && at.elapsed() < self.engine.inner.outside.pace.of(MOMENT)
        {
            sources.retain(|source| *source != Source::K3s(machine.clone()));
            observed.machines.insert(machine.clone(), facts);
        }
        observed.update(self.engine.observe(&sources, Some(&self.document)).await);
        observed
    }

    fn left(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, (Instant, Seen<MachineFacts>)>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What performing tells goes into the run at once; the journal gets it with the step's end.
    fn progress(self: &Arc<Self>, index: usize) -> Progress {
        let (log, part) = (self.clone(), self.clone());
        let last = std::sync::atomic::AtomicU32::new(u32::MAX);
        Progress {
            log: Box::new(move |line| {
                log.tell(index, |step| {
                    step.log.push(line);
                    let excess = step.log.len().saturating_sub(LOG_LINES);
                    step.log.drain(..excess);
                });
            }),
            part: Arc::new(move |fraction| {
                // A step tells whole percents only, else a fast copy would flood its readers.
                let percent = (fraction * 100.0) as u32;
                if last.swap(percent, std::sync::atomic::Ordering::Relaxed) != percent {
                    part.tell(index, |step| step.progress = Some(fraction));
                }
            }),
        }
    }

    async fn heed_stop_file(self: Arc<Self>) {
        let path = self.engine.stop_file(&self.snapshot().id);
        while !path.exists() {
            tokio::time::sleep(self.engine.inner.outside.pace.of(LOOK_AGAIN)).await;
        }
        self.cancel.cancel();
    }

    /// Changes a step, writes it to the journal and tells it.
    async fn change(&self, index: usize, change: impl FnOnce(&mut RunStep)) {
        let (run, step) = self.tell(index, change);
        if let Err(problem) = self.engine.inner.store.set_step(&run, &step).await {
            tracing::error!(%problem, "a step could not be written to the journal");
        }
    }

    fn tell(&self, index: usize, change: impl FnOnce(&mut RunStep)) -> (String, RunStep) {
        let mut run = self.lock();
        change(&mut run.steps[index]);
        let seconds_left = Some(self.experience.seconds_left(&run, &self.steps, self.engine.now()));
        let told = (run.id.clone(), run.steps[index].clone());
        // Told under the lock, so that events of one step arrive in the order of its changes.
        self.engine.inner.events.tell(Happening::Step {
            run: told.0.clone(),
            step: told.1.clone(),
            seconds_left,
        });
        told
    }

    fn snapshot(&self) -> Run {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a step may take to become true after it was performed.
fn patience(stage: Stage) -> Duration {
    Duration::from_secs(match stage {
        Stage::EnableMemoryCgroup
        | Stage::InstallServer
        | Stage::JoinServer
        | Stage::JoinAgent
        | Stage::RestartServer => 60,
        Stage::CopyK3s | Stage::Configure | Stage::LabelIngressNodes | Stage::TaintServers => 20,
        Stage::FetchKubeconfig => 60,
        Stage::NodeReady => 240,
        Stage::InstallComponent => 420,
        Stage::DeployWorkload => 180,
        Stage::RouteHostname => 30,
        // A list at Cloudflare may be a minute old.
        Stage::MakeTunnel | Stage::WriteRecords | Stage::RouteTunnel | Stage::ProtectHostname => 90,
        Stage::SealToken | Stage::MakeIssuer => 90,
        // DNS-01: a record has to travel, and the authority to look.
        Stage::IssueCertificate => 300,
        Stage::RemoveComponent | Stage::RemoveService => 180,
        Stage::TryPath => 120,
    })
}
