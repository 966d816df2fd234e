//! Why a node does not become Ready: its own journal is asked while it is waited for.
//!
//! A service that runs and is not let in says so in its journal alone; the API only knows that nobody came. A cause
//! that stays over several questions ends the wait early. Services that do not start at all tell it themselves
//! (`install`), and what a line means is `world::k3s`' table.

use crate::apply::Work;
use crate::perform::Progress;
use portico_domain::cluster::Role;
use portico_domain::step::{Action, Step};
use portico_world::k3s::{self, Diagnosis};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Between two questions; also how old a line may be to count, so that an earlier attempt's are not held against this.
const EVERY: Duration = Duration::from_secs(15);

/// So many questions in a row have to find the same cause.
const CERTAIN: u32 = 3;

const LINES: u32 = 40;

pub struct Inquiry {
    pub began: Instant,
    asked: Instant,
    cause: Option<Diagnosis>,
    /// How often in a row the cause was found.
    times: u32,
}

impl Inquiry {
    pub fn new() -> Self {
        let now = Instant::now();
        Self { began: now, asked: now, cause: None, times: 0 }
    }

    /// Asks when it is time to, or when it is the last chance; the newest cause, where there is one.
    pub async fn ask(
        &mut self,
        work: &Work,
        step: &Step,
        progress: &Progress,
        last: bool,
    ) -> Option<Diagnosis> {
        let Action::NodeReady { node, .. } = &step.action else { return None };
        if !last && self.asked.elapsed() < EVERY {
            return self.cause.clone();
        }
        self.asked = Instant::now();
        let lines = lines(work, node).await;
        let cause = k3s::diagnose(&lines);
        let same =
            cause.is_some() && cause.as_ref().map(|new| new.code) == self.cause.as_ref().map(|old| old.code);
        self.times = if same { self.times + 1 } else { 1 };
        if last || (!same && cause.is_some()) {
            lines.into_iter().for_each(|line| (progress.log)(line));
        }
        self.cause = cause;
        self.cause.clone()
    }

    /// Whether waiting on cannot help.
    pub fn is_certain(&self) -> bool {
        self.times >= CERTAIN && self.cause.as_ref().is_some_and(Diagnosis::stays)
    }
}

/// The unit's newest lines; none when the machine cannot be asked, which the step's own look tells of.
async fn lines(work: &Work, node: &str) -> Vec<String> {
    let role = work.document.machine(node).map_or(Role::Agent, |machine| machine.role);
    let Ok(session) = work.engine.machine_session(node, Some(&work.document)).await else {
        return Vec::new();
    };
    k3s::journal(&session, role, LINES, EVERY.as_secs(), &CancellationToken::new()).await.unwrap_or_default()
}
