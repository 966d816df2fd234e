//! One case: a few changes drawn from a seed, each with its troubles, each continued until what was asked for stands.

use super::chance::Chance;
use super::edit::{Subject, Undo};
use super::field::Field;
use super::judge::{self, Findings, Reader};
use super::process::{Gone, Outcome, Process};
use super::trouble::{self, STALE, Trouble};
use super::wish::{SECOND, Wish, expose, exposure, hostname, words};
use portico_domain::change::Change;
use portico_domain::exposure::{Exposure, Reach};
use portico_domain::problem::Code;
use portico_domain::step::Verdict;
use portico_practice::fault::{Rule, Service};
use std::cell::Cell;
use std::pin::pin;
use std::time::{Duration, Instant};

/// Tries until what was asked for stands, without any more trouble.
const TRIES: usize = 10;

/// What came of a case.
#[derive(Debug, Default)]
pub struct Report {
    pub changes: usize,
    pub kills: usize,
    pub cancels: usize,
    pub edits: usize,
    pub seconds: usize,
    pub stale: usize,
    /// Calls that a fault struck.
    pub struck: usize,
    pub findings: Findings,
    /// Changes that failed at first, though nothing was in their way.
    pub calm: Vec<String>,
    /// What did not come to stand.
    pub unreached: Vec<String>,
    /// Whether the stack may differ from how the case found it.
    pub mend: bool,
    /// What happened, for the one who looks into it.
    pub story: Vec<String>,
    /// Calls of Portico's and which fault struck them.
    pub pairs: Vec<String>,
}

impl Report {
    pub fn is_clean(&self) -> bool {
        self.findings.is_clean() && self.unreached.is_empty() && self.calm.is_empty()
    }
}

/// Runs the case of this seed on a field that is clean.
pub async fn run(field: &Field, seed: u64) -> Report {
    let mut chance = Chance::of(seed);
    let mut case = Case {
        field,
        process: field.begin().await,
        wish: Wish::default(),
        second: None,
        reader: Reader::default(),
        report: Report::default(),
        undos: Vec::new(),
        told: Vec::new(),
        begun: Instant::now(),
    };
    let changes = 1 + chance.below(3);
    for _ in 0..changes {
        let change = case.wish.draw(&mut chance);
        let troubles = trouble::draw(&mut chance);
        let subject = chance.below(3);
        if !case.act(&change, &troubles, subject).await {
            break;
        }
    }
    let moved = !case.wish.is_whole();
    case.report.mend |= moved;
    case.report
}

struct Case<'a> {
    field: &'a Field,
    process: Process,
    wish: Wish,
    /// What the second Portico exposed.
    second: Option<(Process, Exposure)>,
    reader: Reader,
    report: Report,
    /// What somebody made that may be in the way, until they take it back.
    undos: Vec<Undo>,
    /// Codes that Portico told during this change.
    told: Vec<Code>,
    begun: Instant,
}

impl Case<'_> {
    /// One change with its troubles; false when what was asked for does not come to stand.
    async fn act(&mut self, change: &Change, troubles: &[Trouble], subject: usize) -> bool {
        self.report.changes += 1;
        self.told.clear();
        self.say(format!("{} · {troubles:?}", words(change)));
        self.report.mend |= matches!(
            change,
            Change::MoveIngress { .. } | Change::Component { .. } | Change::SetUpStack { .. }
        );
        let before = self.wish.clone();
        let next = self.wish.after(change);
        let faults = &self.field.practice.faults;
        faults.forget_calls();
        let mut twin = None;
        for trouble in troubles {
            match trouble {
                Trouble::Fault { service, nth, times, fault } => {
                    let rule = Rule { times: *times, ..Rule::next(*service, fault.clone()) };
                    faults.add(rule.nth(*nth));
                }
                Trouble::Kill(at) | Trouble::Cancel(at) | Trouble::Edit(at, _) => at.hold(faults),
                Trouble::Second(at, own) => {
                    let process = self.field.open(self.field.copy_of(&self.process.data).await).await;
                    // Without a tunnel it could have nothing of its own.
                    let own = *own && self.wish.is_whole() && next.is_whole();
                    let own = own.then(|| exposure(SECOND, Reach::Public, &[]));
                    twin = Some((process, own));
                    at.hold(faults);
                }
                Trouble::Stale => {
                    self.field.practice.cloud.lag_lists(self.field.pace.of(STALE));
                    self.report.stale += 1;
                }
            }
        }
        let subject = subject_of(change, &self.wish, subject);
        let outcome = self.under_way(change, troubles, &subject, twin.as_ref()).await;
        faults.clear();
        faults.let_go();
        self.note(change, &outcome);
        for call in faults.calls() {
            if let Some(fault) = call.fault.filter(|fault| !format!("{fault:?}").starts_with("Hold")) {
                self.report.struck += 1;
                self.report.pairs.push(format!("{:?} {} {fault:?}", call.service, shape(&call.call)));
            }
        }
        // What somebody left in the way of an earlier change may be in the way of this one, too.
        if let (true, Ok(outcome)) = (troubles.is_empty() && self.undos.is_empty(), &outcome)
            && !outcome.is_done()
        {
            self.report.calm.push(format!("{}: {:?}", words(change), outcome.problems()));
        }
        // What somebody changed of a service that this change is not about is put right by the service's own.
        let of_service = matches!(change, Change::Expose { .. } | Change::Hide { .. });
        let harmed = troubles.iter().any(|trouble| matches!(trouble, Trouble::Edit(..)));
        let mut all = vec![change.clone()];
        all.extend(self.wish.of(&subject.name).filter(|_| harmed && !of_service).cloned().map(expose));
        let mut reached = self.finish_all(&all).await;
        if reached && self.report.stale > 0 {
            // Once lists are up to date again, nothing must be left to do.
            self.field.practice.cloud.lag_lists(Duration::ZERO);
            reached = self.finish_all(&all).await;
        }
        if let (Some((process, own)), true) = (twin, reached) {
            self.second_finishes(change, process, own).await;
        }
        let told = self.told.contains(&Code::RouteOverwritten);
        self.reader.read(self.field, told, &mut self.report.findings);
        if !reached {
            return false;
        }
        self.wish = next;
        let second = self.second.as_ref().map(|(_, exposure)| exposure.clone());
        judge::stands(self.field, &self.wish, second.as_ref(), &mut self.report.findings).await;
        if let Change::Expose { exposure, .. } = change
            && before.of(&exposure.name).is_none_or(|known| known.reach == Reach::Lan)
            && self.report.changes == 1
        {
            judge::login_came_first(self.field, exposure, &mut self.report.findings);
        }
        self.hide_second().await;
        self.report.is_clean()
    }

    /// The change, and what happens meanwhile.
    async fn under_way(
        &mut self,
        change: &Change,
        troubles: &[Trouble],
        subject: &Subject,
        twin: Option<&(Process, Option<Exposure>)>,
    ) -> Result<Outcome, Gone> {
        let (field, process) = (self.field, &self.process);
        let faults = &field.practice.faults;
        let holding =
            troubles.iter().find(|trouble| !matches!(trouble, Trouble::Fault { .. } | Trouble::Stale));
        let (began, edited) = (Cell::new(false), Cell::new(None));
        let (start, started) = tokio::sync::oneshot::channel::<()>();
        let second = async {
            let Some((process, own)) = twin else { return };
            let _ = started.await;
            let own = own.clone().map(expose);
            let _ = process.try_change(own.as_ref().unwrap_or(change)).await;
        };
        let first = async {
            let mut start = Some(start);
            let mut meddled = false;
            let mut meddle = pin!(async {
                faults.held().await;
                began.set(true);
                match holding {
                    Some(Trouble::Kill(_)) => process.kill(),
                    Some(Trouble::Cancel(_)) => process.cancel().await,
                    Some(Trouble::Edit(_, edit)) => edited.set(edit.make(field, subject).await),
                    _ => {}
                }
                drop(start.take());
                faults.let_go();
            });
            let mut attempt = pin!(process.try_change(change));
            let outcome = loop {
                tokio::select! {
                    outcome = &mut attempt => break outcome,
                    () = &mut meddle, if !meddled => meddled = true,
                }
            };
            if began.get() && !meddled {
                meddle.await;
            }
            outcome
        };
        let (outcome, ()) = tokio::join!(first, second);
        match holding {
            Some(Trouble::Kill(_)) => self.report.kills += usize::from(began.get()),
            Some(Trouble::Cancel(_)) => self.report.cancels += usize::from(began.get()),
            Some(Trouble::Edit(_, edit)) => {
                self.report.edits += 1;
                // The moment did not come: it is done afterwards, between the runs.
                if !began.get() {
                    edited.set(edit.make(field, subject).await);
                }
            }
            Some(Trouble::Second(..)) => self.report.seconds += 1,
            _ => {}
        }
        self.undos.extend(edited.take());
        outcome
    }

    async fn finish_all(&mut self, changes: &[Change]) -> bool {
        for change in changes {
            if !self.finish(change).await {
                return false;
            }
        }
        true
    }

    /// Continues until the preview finds nothing to do.
    async fn finish(&mut self, change: &Change) -> bool {
        let mut last = String::new();
        for attempt in 0..TRIES {
            if self.process.is_gone() {
                self.process = self.field.open(self.process.data.clone()).await;
            }
            let outcome = match self.process.continue_last().await {
                Ok(Some(outcome)) => Ok(outcome),
                Ok(None) => self.process.try_change(change).await,
                Err(gone) => Err(gone),
            };
            self.note(change, &outcome);
            let Ok(outcome) = outcome else { continue };
            if outcome.is_done() {
                match self.left(change).await {
                    None => return true,
                    Some(left) => last = left,
                }
            } else {
                last = format!("{:?}", outcome.problems());
            }
            // They were told what is in the way, and take it back.
            let in_the_way = |problem: &portico_domain::problem::Problem| {
                matches!(
                    problem.code,
                    Code::RecordConflict
                        | Code::RouteConflict
                        | Code::AccessConflict
                        | Code::HandEdited
                        | Code::ForeignObject
                        | Code::KubeConflict
                )
            };
            if outcome.problems().iter().any(in_the_way) || attempt > 2 {
                for undo in std::mem::take(&mut self.undos) {
                    undo.take_back(self.field).await;
                }
            }
            // Cloudflare said for how long nobody is heard.
            let silenced = outcome.problems().iter().any(|problem| problem.code == Code::CloudflareRateLimit);
            let pause = if silenced { 2_000 } else { 100 * attempt as u64 };
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        self.report.unreached.push(format!("{}: {last}", words(change)));
        false
    }

    /// What a preview still finds to do.
    async fn left(&self, change: &Change) -> Option<String> {
        match self.process.preview(change).await.ok()? {
            Err(problem) => Some(problem.to_string()),
            Ok(plan) => {
                let needed: Vec<String> = plan
                    .steps
                    .iter()
                    .filter(|planned| planned.verdict != Verdict::Yes)
                    .map(|planned| format!("{}: {:?}", planned.step.id, planned.verdict))
                    .collect();
                (!needed.is_empty()).then(|| needed.join("; "))
            }
        }
    }

    /// The second Portico comes to its end, too, and the first one finds all as it was left.
    async fn second_finishes(&mut self, change: &Change, process: Process, own: Option<Exposure>) {
        let theirs = own.clone().map(expose).unwrap_or_else(|| change.clone());
        let first = std::mem::replace(&mut self.process, process);
        self.finish(&theirs).await;
        let second = std::mem::replace(&mut self.process, first);
        self.finish(change).await;
        match own {
            Some(exposure) => self.second = Some((second, exposure)),
            // What both did is one thing: whoever is killed last does not matter.
            None => drop(second),
        }
    }

    async fn hide_second(&mut self) {
        let Some((process, exposure)) = self.second.take() else { return };
        let hide = Change::Hide { exposure, uninstall: true };
        let first = std::mem::replace(&mut self.process, process);
        self.finish(&hide).await;
        self.process = first;
    }

    fn say(&mut self, line: String) {
        if super::LOUD.load(std::sync::atomic::Ordering::Relaxed) {
            println!("  {line}");
        }
        self.report.story.push(line);
    }

    fn note(&mut self, change: &Change, outcome: &Result<Outcome, Gone>) {
        let said = match outcome {
            Err(Gone) => "killed".to_owned(),
            Ok(Outcome::Nothing) => "nothing to do".to_owned(),
            Ok(outcome) if outcome.is_done() => "done".to_owned(),
            Ok(outcome) => {
                let problems = outcome.problems();
                self.told.extend(problems.iter().map(|problem| problem.code));
                let said = problems.iter().map(ToString::to_string).collect::<Vec<_>>();
                if said.is_empty() { "stopped".to_owned() } else { said.join("; ") }
            }
        };
        let calls = self.field.practice.faults.calls();
        let of = |service| calls.iter().filter(|call| call.service == service).count();
        let (cloudflare, kube) = (of(Service::Cloudflare), of(Service::Kube));
        let seconds = self.begun.elapsed().as_secs_f64();
        self.say(format!(
            "  {seconds:.1} s, {cloudflare} calls of Cloudflare's, {kube} of Kubernetes': {}: {said}",
            words(change)
        ));
    }
}

/// Whose things somebody changes by hand: those of the change, or of one that is there.
fn subject_of(change: &Change, wish: &Wish, subject: usize) -> Subject {
    let of =
        |exposure: &Exposure| Subject { name: exposure.name.clone(), host: exposure.hostname.to_string() };
    match change {
        Change::Expose { exposure, .. } | Change::Hide { exposure, .. } => of(exposure),
        _ => {
            let known = wish.exposures.get(subject % wish.exposures.len().max(1));
            known.map_or_else(|| Subject { name: "alpha".into(), host: hostname("alpha") }, of)
        }
    }
}

/// A call without ids and numbers.
fn shape(call: &str) -> String {
    let path = call.split('?').next().unwrap_or(call);
    let parts = path.split('/').map(|part| {
        let id = part.len() >= 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if id { "ID" } else { part }
    });
    parts.collect::<Vec<_>>().join("/")
}
