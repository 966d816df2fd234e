//! Watching: looking at every path again and again, and telling the picture when it changes.
//!
//! Only while somebody wants the picture. A look that fails shows as Unknown; it never stops the watch. While it
//! lasts, records of LAN names follow the workers, and what each look saw becomes history.

use crate::Engine;
use crate::conditions::Judge;
use crate::diagnose::path_of;
use crate::history::Recorder;
use crate::pulse::{Listener, Pulse};
use crate::sample::Sample;
use crate::watcher::{self, Reading};
use portico_domain::change::{Change, Desired};
use portico_domain::event::Happening;
use portico_domain::exposure::{Exposure, Reach};
use portico_domain::flow::{FlowGraph, endpoints_key, flow};
use portico_domain::history::look;
use portico_domain::observed::{Observed, Seen, Source};
use portico_domain::problem::Problem;
use portico_domain::stack::StackComponent;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

/// Between two looks, while nothing changes.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// Workers that stay as they are for so long are what records should lead to.
const FOLLOW_AFTER: Duration = Duration::from_secs(45);

/// Several things change together; one look sees them all.
const SETTLE: Duration = Duration::from_millis(150);

/// From one look to the next at the least, however much changes.
const LOOK_AT_MOST_EVERY: Duration = Duration::from_millis(500);

/// Lives as long as somebody wants the picture.
pub struct Watch {
    _looking: AbortOnDropHandle<()>,
    _listening: AbortOnDropHandle<()>,
    _looking_deeper: AbortOnDropHandle<()>,
    _feeling: AbortOnDropHandle<()>,
    _breaking: AbortOnDropHandle<()>,
    _reading: AbortOnDropHandle<()>,
}

/// What one watch remembers from look to look.
#[derive(Default)]
struct Memory {
    follow: Follow,
    recorder: Option<Recorder>,
    judge: Judge,
    /// What the watcher in the cluster saw.
    reading: Arc<Reading>,
    pulse: Pulse,
    last: Last,
}

/// What the last look saw, for a picture between two looks.
type Last = Arc<Mutex<Option<Arc<(Desired, Observed)>>>>;

impl Engine {
    /// The picture as of now.
    pub async fn flow(&self) -> Result<FlowGraph, Problem> {
        let (_, desired) = self.inner.store.desired().await?;
        if desired.cluster.is_none() {
            return Ok(flow(&desired, &Default::default(), self.now()));
        }
        Ok(flow(&desired, &self.look_at(&desired).await, self.now()))
    }

    /// The picture that was told last; one of now where none was.
    pub async fn flow_told(&self) -> Result<Arc<FlowGraph>, Problem> {
        let told = self.inner.pictured.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match told {
            Some(flow) => Ok(flow),
            None => self.flow().await.map(Arc::new),
        }
    }

    fn tell_flow(&self, flow: FlowGraph) {
        *self.inner.pictured.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(flow));
        self.inner.events.tell(Happening::Flow);
    }

    pub(crate) async fn look_at(&self, desired: &Desired) -> Observed {
        let mut sources = standing(desired, &desired.exposures);
        // Read before anything is tried, so that what is tried counts for the next reading.
        let tunnel = desired.exposures.iter().any(|exposure| exposure.reach == Reach::Public);
        sources.push(Source::Traffic { controller: desired.ingress(), tunnel });
        let mut observed = self.observe_standing(&sources, desired.cluster.as_ref()).await;
        // Which addresses to try follows from the nodes.
        let path = |exposure| path_of(desired, exposure, &observed, true);
        let paths: Vec<Source> = desired.exposures.iter().map(path).collect();
        observed.update(self.observe(&paths, desired.cluster.as_ref()).await);
        observed
    }

    /// Looks until the returned watch is dropped; each picture is told as an event. Must be called inside
    /// a Tokio runtime.
    pub fn watch(&self) -> Watch {
        let (changed, moved) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let listening = tokio::spawn(self.clone().follow_cluster(changed.clone(), moved.clone()));
        let mut memory = Memory::default();
        let deeper = tokio::spawn(self.clone().keep_looking_deeper(memory.judge.deeper.clone()));
        let (silence, last) = (memory.pulse.listen(), memory.last.clone());
        let breaking = tokio::spawn(self.clone().tell_of_breaks(memory.pulse.listen(), last.clone(), moved));
        let feeling = tokio::spawn(self.clone().tell_of_silence(silence, last, changed.clone()));
        let reader = tokio::spawn(self.clone().keep_reading_watcher(memory.reading.clone()));
        let engine = self.clone();
        let looking = tokio::spawn(async move {
            let mut sample = Sample::default();
            loop {
                let began = tokio::time::Instant::now();
                match engine.look_once(&mut memory).await {
                    Ok(flow) => engine.tell_flow(flow),
                    Err(problem) => tracing::warn!(%problem, "the flow could not be looked at"),
                }
                let last = memory.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if engine.rest(LOOK_EVERY, &mut sample, last, &changed).await {
                    tokio::time::sleep(SETTLE).await;
                    tokio::time::sleep_until(began + LOOK_AT_MOST_EVERY).await;
                }
            }
        });
        Watch {
            _looking: AbortOnDropHandle::new(looking),
            _listening: AbortOnDropHandle::new(listening),
            _looking_deeper: AbortOnDropHandle::new(deeper),
            _feeling: AbortOnDropHandle::new(feeling),
            _breaking: AbortOnDropHandle::new(breaking),
            _reading: AbortOnDropHandle::new(reader),
        }
    }

    /// Keeps the model of the cluster, and passes on that something changed: so that the next look does not wait for its turn,
    /// and what broke is drawn before it.
    async fn follow_cluster(self, changed: Arc<Notify>, moved: Arc<Notify>) {
        let tell = || [&changed, &moved].into_iter().for_each(|each| each.notify_one());
        loop {
            if let Ok((kube, model)) = self.inner.outside.cluster().await {
                model.follow(&kube, tell).await;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Draws anew at once what the last look saw when a machine falls silent or comes back: the look that follows waits for
    /// those that do not answer.
    async fn tell_of_silence(self, mut silence: Listener, last: Last, changed: Arc<Notify>) {
        while silence.changed().await {
            let seen = last.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some((desired, observed)) = seen.as_deref() {
                let mut observed = observed.clone();
                observed.fell_silent(&silence.away());
                self.tell_flow(flow(desired, &observed, self.now()));
            }
            changed.notify_one();
        }
    }

    /// Draws at once what broke in the cluster: a look takes as long as the slowest way that it tries.
    async fn tell_of_breaks(self, silence: Listener, last: Last, moved: Arc<Notify>) {
        loop {
            moved.notified().await;
            tokio::time::sleep(SETTLE).await;
            let seen = last.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let Some((desired, observed)) = seen.as_deref() else { continue };
            let mut observed = observed.clone();
            if observed.broke(self.held(&standing(desired, &desired.exposures)).await) {
                observed.fell_silent(&silence.away());
                self.tell_flow(flow(desired, &observed, self.now()));
            }
        }
    }

    async fn look_once(&self, memory: &mut Memory) -> Result<FlowGraph, Problem> {
        let (_, desired) = self.inner.store.desired().await?;
        let Memory { follow, recorder, judge, reading, pulse, last } = memory;
        if desired.cluster.is_none() {
            *last.lock().unwrap_or_else(PoisonError::into_inner) = None;
            return Ok(flow(&desired, &Observed::default(), self.now()));
        }
        let mut observed = self.look_at(&desired).await;
        // While the ways were tried, something may have broken that was drawn already.
        observed.broke(self.held(&standing(&desired, &desired.exposures)).await);
        pulse.follow(&observed);
        *last.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Arc::new((desired.clone(), observed.clone())));
        observed.fell_silent(&pulse.away());
        let graph = flow(&desired, &observed, self.now());
        if let Err(problem) = self.judge(judge, &desired, &observed).await {
            tracing::warn!(%problem, "what is wrong could not be kept");
        }
        // A picture that cannot be kept is still one to show.
        let recorded = async {
            // What cannot be seen from here is a gap, as while nobody looks, where the watcher in the cluster has seen it.
            if judge.is_away && watcher::is_wanted(&desired) {
                return Ok(());
            }
            let gap = self.record(recorder, &look(&graph, &observed)).await?;
            reading.looked(recorder.is_some(), gap.is_some());
            self.join_watcher(recorder, reading).await
        };
        if let Err(problem) = recorded.await {
            tracing::warn!(%problem, "the look could not be written down");
        }
        if follow.is_due(&desired, &observed) {
            // Another run at work, or a silent Cloudflare: the next look asks again.
            let started = async { self.apply(self.preview(Change::Reconcile).await?).await }.await;
            if let Err(problem) = started {
                tracing::info!(%problem, "the records could not follow the workers yet");
            }
        }
        Ok(graph)
    }

    /// The cluster's Services that could be exposed: namespace, name, TCP ports.
    pub async fn cluster_services(&self) -> Result<Vec<(String, String, Vec<u16>)>, Problem> {
        let (kube, model) = self.inner.outside.cluster().await?;
        match model.services() {
            Some(held) => Ok(held.value),
            None => kube.services().await.map_err(|error| Problem::from(&error)),
        }
    }

    pub async fn desired(&self) -> Result<Desired, Problem> {
        self.inner.store.desired().await.map(|(_, desired)| desired)
    }
}

/// Notices that LAN names lead elsewhere than to the Ready workers, once these have stayed the same for a while: a
/// worker that restarts should not cost its record.
#[derive(Default)]
struct Follow {
    /// The workers' addresses, and since when they are these.
    workers: Option<(Vec<IpAddr>, Instant)>,
}

impl Follow {
    fn is_due(&mut self, desired: &Desired, observed: &Observed) -> bool {
        let workers = observed.lan_addresses();
        // Where the home's own resolver answers, there are no records that could follow.
        if workers.is_empty() || desired.stack.home_domain().is_some() {
            self.workers = None;
            return false;
        }
        let since = match &self.workers {
            Some((known, since)) if *known == workers => *since,
            _ => Instant::now(),
        };
        let settled = since.elapsed() >= FOLLOW_AFTER;
        let lan = desired.exposures.iter().filter(|exposure| exposure.reach == Reach::Lan);
        let astray = lan.clone().any(|exposure| {
            let path = observed.lan_paths.get(exposure.hostname.as_str()).and_then(Seen::value);
            path.and_then(|path| path.answers.authoritative()).is_some_and(|answers| {
                answers.len() != workers.len() || !workers.iter().all(|worker| answers.contains(worker))
            })
        });
        self.workers = Some((workers, since));
        if settled && astray {
            // What was tried just now is not tried again at the next look.
            self.workers = None;
        }
        settled && astray
    }
}

/// What these exposures stand on, besides the ways to them.
pub(crate) fn standing(desired: &Desired, exposures: &[Exposure]) -> Vec<Source> {
    let mut sources =
        vec![Source::Nodes, Source::Endpoints(desired.ingress().service_key()), Source::IngressHosts];
    sources.extend(desired.ingress().component().health().into_iter().take(1).map(Source::Object));
    sources.extend(exposures.iter().map(|exposure| Source::Endpoints(endpoints_key(exposure))));
    let issuer = desired.stack.issuer();
    sources.extend(exposures.iter().filter_map(|exposure| {
        let name = exposure.certificate(issuer)?;
        Some(Source::Certificate { namespace: exposure.namespace().into(), name })
    }));
    if exposures.iter().any(|exposure| exposure.reach == Reach::Public) {
        sources.extend(desired.stack.tunnel.clone().map(Source::TunnelState));
        sources.extend(StackComponent::Cloudflared.health().into_iter().map(Source::Object));
    }
    sources
}
