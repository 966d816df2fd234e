//! Why what is waited for does not come: the one who knows is asked meanwhile.
//!
//! A node that is not let in says so in its own journal alone, and a pod that cannot start in its status and events. A
//! cause that stays over several questions ends the wait early. Services that do not start at all tell it themselves
//! (`install`), and what a line means is `world::k3s`' table.

use crate::apply::Work;
use crate::perform::Progress;
use portico_domain::chart::CHARTS_NAMESPACE;
use portico_domain::cluster::Role;
use portico_domain::observed::ObjectKey;
use portico_domain::stack::CLOUDFLARED_NAMESPACE;
use portico_domain::step::{Action, Step};
use portico_world::k3s::{self, Diagnosis};
use portico_world::pace::Pace;
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
    every: Duration,
    /// How often in a row the cause was found.
    times: u32,
}

impl Inquiry {
    pub fn new(pace: Pace) -> Self {
        let now = Instant::now();
        Self { began: now, asked: now, cause: None, every: pace.of(EVERY), times: 0 }
    }

    /// Asks when it is time to, or when it is the last chance; the newest cause, where there is one.
    pub async fn ask(
        &mut self,
        work: &Work,
        step: &Step,
        progress: &Progress,
        last: bool,
    ) -> Option<Diagnosis> {
        if !asks(&step.action) {
            return None;
        }
        if !last && self.asked.elapsed() < self.every {
            return self.cause.clone();
        }
        self.asked = Instant::now();
        let lines = lines(work, &step.action).await;
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

/// Whether somebody can be asked about it.
fn asks(action: &Action) -> bool {
    matches!(
        action,
        Action::NodeReady { .. }
            | Action::Chart { .. }
            | Action::Apply { .. }
            | Action::Traefik { .. }
            | Action::Cloudflared { .. }
    )
}

/// The newest words on it; none when nobody can be asked, which the step's own look tells of.
async fn lines(work: &Work, action: &Action) -> Vec<String> {
    match action {
        Action::NodeReady { node, .. } => journal(work, node).await,
        Action::Chart { chart, .. } => {
            let mut lines =
                work.engine.troubles(CHARTS_NAMESPACE, &format!("helm-install-{}", chart.name)).await;
            lines.extend(work.engine.troubles(&chart.namespace, &chart.name).await);
            lines
        }
        Action::Apply { manifest, .. } => match ObjectKey::of(manifest) {
            Some(key) if key.kind == "Deployment" => work.engine.troubles(&key.namespace, &key.name).await,
            _ => Vec::new(),
        },
        Action::Traefik { .. } => {
            let mut lines = work.engine.troubles(CHARTS_NAMESPACE, "helm-install-traefik").await;
            lines.extend(work.engine.troubles(CHARTS_NAMESPACE, "traefik").await);
            lines
        }
        Action::Cloudflared { .. } => work.engine.troubles(CLOUDFLARED_NAMESPACE, "cloudflared").await,
        _ => Vec::new(),
    }
}

async fn journal(work: &Work, node: &str) -> Vec<String> {
    let role = work.document.machine(node).map_or(Role::Agent, |machine| machine.role);
    let Ok(session) = work.engine.machine_session(node, Some(&work.document)).await else {
        return Vec::new();
    };
    k3s::journal(&session, role, LINES, EVERY.as_secs(), &CancellationToken::new()).await.unwrap_or_default()
}
