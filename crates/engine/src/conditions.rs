//! What is wrong, looked after by the watch: each picture is judged together with a deeper look that is taken now and
//! then, and what changed is told.
//!
//! The deeper look asks what would cost too much every few seconds: rules, routes and logins of every name, Cloudflare's
//! lists, components, keys, the token. It is taken anew after each run, so that what was put right shows as right.

use crate::Engine;
use crate::diagnose::{account_part, cluster_part};
use jiff::Timestamp;
use portico_domain::change::Desired;
use portico_domain::condition::{Condition, Hush, Ledger, Marks, read};
use portico_domain::credential::CredentialKind;
use portico_domain::diagnosis::{Clues, away_from_home};
use portico_domain::event::Happening;
use portico_domain::observed::{ObjectKey, Observed, Seen, Source};
use portico_domain::problem::{Code, Problem};
use portico_domain::stack::StackComponent;
use portico_domain::step::is_serving;
use portico_world::lan::interfaces;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::broadcast::error::RecvError;

/// Between two deeper looks: Cloudflare's budget is shared with everything else that Portico does.
const DEEPER_EVERY: Duration = Duration::from_secs(300);

/// What a token can do takes a dozen calls to find out. That it is refused shows in all others.
const EXAMINED_EVERY: Duration = Duration::from_secs(3_600);

/// What was told is an answer for so long; then whoever told it watches no more.
const FRESH_MS: i64 = 30_000;

/// A token that ends so soon is worth a word.
const ENDS_SOON_DAYS: i64 = 14;

const KEPT: &str = "conditions";
/// Networks of this computer in which the cluster answered last.
const HOME: &str = "home-networks";
const MARKS: &str = "marks";

/// What the deeper look saw.
pub(crate) struct Deeper {
    observed: Observed,
    problems: Vec<Problem>,
}

/// When the token was examined, and what was wrong with it.
type Examined = Option<(Instant, Option<Problem>)>;

/// What one watch knows besides its pictures.
#[derive(Default)]
pub(crate) struct Judge {
    ledger: Option<Ledger>,
    /// At the last look this computer was in a network from which its cluster cannot be seen.
    pub(crate) is_away: bool,
    /// None before the first deeper look: what only that one sees is not over because it is still on its way.
    pub(crate) deeper: Arc<Mutex<Option<Deeper>>>,
}

/// What was told last, and when.
pub(crate) type Told = Option<(i64, Vec<Condition>)>;

impl Engine {
    /// All that is wrong now. While a watch is at work, what it told last; else what one look shows.
    pub async fn conditions(&self) -> Result<Vec<Condition>, Problem> {
        let now = self.now();
        if let Some((at, told)) = &*self.told()
            && now - at <= FRESH_MS
        {
            return Ok(told.clone());
        }
        let desired = self.desired().await?;
        if desired.cluster.is_none() {
            return Ok(Vec::new());
        }
        let mut examined = None;
        let (observed, deeper) =
            tokio::join!(self.look_at(&desired), Box::pin(self.look_deeper(&desired, &mut examined)));
        let mut ledger = Ledger::resumed(self.inner.store.note(KEPT).await?.unwrap_or_default());
        // Nobody waits for a second look here: all that this one shows is said.
        judge(&mut ledger, &desired, &observed, &deeper, &self.clues(&observed).await?, now);
        let marks = self.marks().await?;
        let marked = |condition: Condition| Condition { hushed: marks.of(&condition, now), ..condition };
        let mut conditions: Vec<Condition> = ledger.present().into_iter().map(marked).collect();
        conditions.sort_by_key(|condition| std::cmp::Reverse(condition.severity));
        Ok(conditions)
    }

    /// What is being worked on, and until when, unix ms.
    pub async fn maintenance(&self) -> Result<BTreeMap<String, i64>, Problem> {
        let now = self.now();
        Ok(self.marks().await?.maintenance.into_iter().filter(|(_, until)| *until > now).collect())
    }

    /// Says that somebody knows of a condition, or takes that back.
    pub async fn hush(&self, id: &str, hush: Option<Hush>) -> Result<(), Problem> {
        if hush.is_some() {
            let kept: Vec<Condition> = self.inner.store.note(KEPT).await?.unwrap_or_default();
            let standing = self.conditions().await?;
            let mut known = standing.iter().chain(&kept).map(|condition| condition.id.as_str()).peekable();
            let example = known.peek().copied().unwrap_or("node-not-ready/pi-2");
            let unknown = Problem::new(Code::FieldInvalid).arg("field", "condition").arg("value", id);
            let unknown = unknown.arg("example", example);
            if !known.any(|known| known == id) {
                return Err(unknown);
            }
        }
        self.mark(|marks| match hush {
            Some(hush) => drop(marks.hushed.insert(id.to_owned(), hush)),
            None => drop(marks.hushed.remove(id)),
        })
        .await
    }

    /// Says that a machine, or a hostname, is being worked on until then (unix ms), or is not any more.
    pub async fn maintain(&self, subject: &str, until: Option<i64>) -> Result<(), Problem> {
        let desired = self.desired().await?;
        let machines =
            desired.cluster.iter().flat_map(|cluster| &cluster.machines).map(|machine| &machine.name);
        let known: Vec<&str> = machines
            .map(String::as_str)
            .chain(desired.exposures.iter().map(|exposure| exposure.hostname.as_str()))
            .collect();
        if !known.contains(&subject) {
            let problem = Problem::new(Code::FieldInvalid).arg("field", "subject").arg("value", subject);
            return Err(problem.arg("example", known.first().copied().unwrap_or_default()));
        }
        self.mark(|marks| match until {
            Some(until) => drop(marks.maintenance.insert(subject.to_owned(), until)),
            None => drop(marks.maintenance.remove(subject)),
        })
        .await
    }

    async fn marks(&self) -> Result<Marks, Problem> {
        Ok(self.inner.store.note(MARKS).await?.unwrap_or_default())
    }

    async fn mark(&self, change: impl FnOnce(&mut Marks)) -> Result<(), Problem> {
        let mut marks = self.marks().await?;
        change(&mut marks);
        self.inner.store.set_note(MARKS, &marks).await?;
        let now = self.now();
        let told = self.told().clone();
        if let Some((_, mut conditions)) = told {
            for condition in &mut conditions {
                condition.hushed = marks.of(condition, now);
            }
            self.tell_conditions(conditions);
        }
        Ok(())
    }

    pub(crate) fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.inner.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells them if they are others than the last.
    fn tell_conditions(&self, conditions: Vec<Condition>) {
        let now = self.now();
        let before = self.told().replace((now, conditions.clone()));
        if before.is_none_or(|(_, before)| before != conditions) {
            self.inner.events.tell(Happening::Conditions { conditions });
        }
    }

    /// What this computer's networks tell. Those in which the cluster answered last are remembered as home, also for the next
    /// start.
    pub(crate) async fn clues(&self, observed: &Observed) -> Result<Clues, Problem> {
        let home = self.inner.store.note(HOME).await?.unwrap_or_default();
        let mut clues = Clues { interfaces: interfaces(), home, ..Clues::default() };
        let here = clues.shared_networks();
        if matches!(observed.nodes, Some(Seen::Seen { .. })) && clues.home != here {
            self.inner.store.set_note(HOME, &here).await?;
            clues.home = here;
        }
        Ok(clues)
    }

    /// Judges what a look of the watch saw.
    pub(crate) async fn judge(
        &self,
        judge: &mut Judge,
        desired: &Desired,
        observed: &Observed,
    ) -> Result<(), Problem> {
        let now = self.now();
        let mut ledger = match judge.ledger.take() {
            Some(ledger) => ledger,
            None => Ledger::resumed(self.inner.store.note(KEPT).await?.unwrap_or_default()),
        };
        let before = ledger.all();
        let clues = self.clues(observed).await?;
        judge.is_away = away_from_home(desired, observed, &clues).is_some();
        if let Some(deeper) = &*judge.deeper.lock().unwrap_or_else(PoisonError::into_inner) {
            self::judge(&mut ledger, desired, observed, deeper, &clues, now);
        }
        let mut marks = self.marks().await?;
        if marks.prune(|id| ledger.holds(id), now) {
            self.inner.store.set_note(MARKS, &marks).await?;
        }
        let after = ledger.all();
        if before != after {
            self.inner.store.set_note(KEPT, &after).await?;
        }
        self.tell_conditions(ledger.conditions(&marks, now));
        judge.ledger = Some(ledger);
        Ok(())
    }

    /// Takes the deeper look now, after each run, and every few minutes.
    pub(crate) async fn keep_looking_deeper(self, deeper: Arc<Mutex<Option<Deeper>>>) {
        let mut events = self.listen();
        let mut examined = None;
        loop {
            if let Ok(desired) = self.desired().await
                && desired.cluster.is_some()
            {
                let seen = Box::pin(self.look_deeper(&desired, &mut examined)).await;
                *deeper.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
            }
            let run_ended = async {
                loop {
                    match events.recv().await {
                        Ok(event) if matches!(event.what, Happening::RunEnded { .. }) => return,
                        Ok(_) | Err(RecvError::Lagged(_)) => {}
                        Err(RecvError::Closed) => std::future::pending().await,
                    }
                }
            };
            tokio::select! {
                () = tokio::time::sleep(DEEPER_EVERY) => {}
                () = run_ended => {}
            }
        }
    }

    async fn look_deeper(&self, desired: &Desired, examined: &mut Examined) -> Deeper {
        let parts = desired.exposures.iter().flat_map(|exposure| {
            cluster_part(desired, exposure).into_iter().chain(account_part(desired, exposure))
        });
        let mut sources: Vec<Source> = parts.collect();
        // Those beside the way of the traffic; the picture judges the others.
        let beside = [StackComponent::CertManager, StackComponent::SealedSecrets, StackComponent::Gatus];
        // Machines are judged also where no name stands on them.
        sources.push(Source::Clocks);
        sources.extend(beside.into_iter().flat_map(StackComponent::health).map(Source::Object));
        sources.sort();
        sources.dedup();
        let observed = self.observe(&sources, desired.cluster.as_ref()).await;
        // Each of them waits for much, which would all lie on the stack of whoever looks.
        let (standing, notices, names, components, token) = tokio::join!(
            Box::pin(self.standing(desired)),
            Box::pin(self.notices()),
            Box::pin(self.names()),
            Box::pin(self.components()),
            Box::pin(self.token_problem(desired, examined))
        );
        let mut problems = standing;
        problems.extend(notices.unwrap_or_else(|problem| vec![problem]));
        problems.extend(names.map_or_else(|problem| vec![problem], |report| report.problems));
        problems.extend(components.into_iter().flatten().flat_map(|state| {
            let name = state.component.name();
            let asleep = |key: &ObjectKey| observed.object(key).is_some_and(|live| !is_serving(live));
            let asleep = beside.contains(&state.component) && state.component.health().iter().any(asleep);
            let asleep = asleep.then(|| Problem::new(Code::WorkloadNotReady).arg("workload", name));
            state.problem.into_iter().chain(asleep).map(move |problem| problem.arg("component", name))
        }));
        problems.extend(token);
        // A pod that is not ready is told already.
        let serves = |key: &ObjectKey| observed.object(key).is_some_and(is_serving);
        if StackComponent::Gatus.health().iter().all(serves) {
            problems.extend(self.watcher_problem(desired).await);
        }
        Deeper { observed, problems }
    }

    /// What is wrong with the owner's token, where one is needed; as of the last hour while nothing was.
    async fn token_problem(&self, desired: &Desired, examined: &mut Examined) -> Option<Problem> {
        if desired.stack.home_domain().is_some() || desired.exposures.is_empty() {
            return None;
        }
        let well =
            |(at, problem): &(Instant, Option<Problem>)| problem.is_none() && at.elapsed() < EXAMINED_EVERY;
        if !examined.as_ref().is_some_and(well) {
            *examined = Some((Instant::now(), self.token_ends().await));
        }
        examined.as_ref().and_then(|(_, problem)| problem.clone())
    }

    async fn token_ends(&self) -> Option<Problem> {
        let report = match self.token_report(CredentialKind::CloudflareToken).await {
            Ok(report) => report,
            Err(problem) => return Some(problem),
        };
        self.ends_within(ENDS_SOON_DAYS, report.expires_on?.parse().ok()?, Problem::new(Code::TokenEnds))
    }

    /// The problem that something ends, and when, where that is in less than so many days.
    pub(crate) fn ends_within(&self, days: i64, ends: Timestamp, problem: Problem) -> Option<Problem> {
        let is_soon = ends.as_millisecond() - self.now() < days * 86_400_000;
        is_soon.then(|| problem.arg("when", ends.strftime("%Y-%m-%d")))
    }
}

fn judge(
    ledger: &mut Ledger,
    desired: &Desired,
    observed: &Observed,
    deeper: &Deeper,
    clues: &Clues,
    now: i64,
) {
    let mut all = deeper.observed.clone();
    all.update(observed.clone());
    ledger.look(read(desired, &all, clues, &deeper.problems, now));
}
