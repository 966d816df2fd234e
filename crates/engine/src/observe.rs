//! Looking at the world: each source on its own, all of them side by side.
//!
//! What could not be seen comes back as `Unseen` with the reason; nothing here fails as a whole and nothing
//! here writes.

mod names;
mod paths;
mod traffic;
mod turns;

pub(crate) use traffic::Meter;
pub(crate) use turns::Turns;

use crate::Engine;
use crate::outside::CLOUDFLARE_TOKEN;
use futures::future::join_all;
use portico_domain::cluster::ClusterDocument;
use portico_domain::digest::sha256;
use portico_domain::observed::{Observed, Seen, Source};
use portico_domain::preflight::Reading;
use portico_domain::problem::{Code, Problem};
use portico_world::k3s::{self, Part};
use portico_world::kube::{Held, Model};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// An API server that has not answered by then is away, as far as a look is concerned. A step of a run waits longer.
const ANSWER: Duration = Duration::from_secs(4);

/// When a look began, and what it saw.
pub(crate) type SharedLook = Arc<tokio::sync::Mutex<Option<(Instant, Result<Reading, Problem>)>>>;

impl Engine {
    /// Asks every source once. `document` names the machines that sources refer to.
    pub(crate) async fn observe(&self, sources: &[Source], document: Option<&ClusterDocument>) -> Observed {
        self.observe_over(&Ok(()), sources, document).await
    }

    /// `api`: whether the API server answers; one that does not is asked nothing.
    async fn observe_over(
        &self,
        api: &Result<(), Problem>,
        sources: &[Source],
        document: Option<&ClusterDocument>,
    ) -> Observed {
        // Names of one zone and logins of one account are asked for together, however many they are.
        let (names, others): (Vec<&Source>, Vec<&Source>) = sources
            .iter()
            .partition(|source| matches!(source, Source::Records { .. } | Source::Access { .. }));
        let parts = join_all(others.into_iter().map(|source| self.ask(api, source, document)));
        let (parts, records, access) = tokio::join!(parts, self.records(&names), self.logins(&names));
        let mut observed = Observed { records, access, ..Observed::default() };
        for part in parts {
            observed.update(part);
        }
        observed.at = self.now();
        observed
    }

    /// As [`Self::observe`], but nodes, endpoints, rules and certificates are taken from the model of the cluster wherever
    /// it is fresh. For looking alone: what was written a moment ago may not have come back to it yet.
    pub(crate) async fn observe_standing(
        &self,
        sources: &[Source],
        document: Option<&ClusterDocument>,
    ) -> Observed {
        let is_held = |source: &&Source| {
            matches!(
                source,
                Source::Nodes | Source::Endpoints(_) | Source::IngressHosts | Source::Certificate { .. }
            )
        };
        let (held, others): (Vec<&Source>, Vec<&Source>) = sources.iter().partition(is_held);
        let Some((kube, model)) =
            self.inner.outside.cluster().await.ok().filter(|(_, it)| it.nodes().is_some())
        else {
            return self.observe(sources, document).await;
        };
        // A line that went dead says nothing of that by itself: whether the server is there now is asked, once for all.
        let there = match tokio::time::timeout(ANSWER, kube.version()).await {
            Ok(answer) => answer.map(drop).map_err(|error| Problem::from(&error)),
            Err(_) => Err(Problem::new(Code::KubeUnreachable).detail("no answer")),
        };
        let others: Vec<Source> = others.into_iter().cloned().collect();
        let mut observed = self.observe_over(&there, &others, document).await;
        let mut not_held = Vec::new();
        for source in held {
            match self.stands(source, &model, &there) {
                Some(seen) => observed.update(seen),
                None => not_held.push(source.clone()),
            }
        }
        observed.update(self.observe_over(&there, &not_held, document).await);
        observed
    }

    /// What the model holds of these at this moment; empty where there is none.
    pub(crate) async fn held(&self, sources: &[Source]) -> Observed {
        let mut observed = Observed::default();
        if let Ok((_, model)) = self.inner.outside.cluster().await {
            for seen in sources.iter().filter_map(|source| self.stands(source, &model, &Ok(()))) {
                observed.update(seen);
            }
        }
        observed
    }

    /// The source as the model holds it, as of the server's last word; `there` says whether the server answers.
    fn stands(&self, source: &Source, model: &Model, there: &Result<(), Problem>) -> Option<Observed> {
        let mut seen = Observed::default();
        match source {
            Source::Nodes => seen.nodes = Some(self.as_of(model.nodes(), there)?),
            Source::Endpoints(service) => {
                let (namespace, name) = service.split_once('/').unwrap_or(("default", service));
                let held = self.as_of(model.endpoints(namespace, name), there)?;
                seen.endpoints.insert(service.clone(), held);
            }
            Source::IngressHosts => seen.ingress_hosts = Some(self.as_of(model.ingress_hosts(), there)?),
            Source::Certificate { namespace, name } => {
                let held = self.as_of(model.certificate(namespace, name), there)?;
                seen.certificates.insert(format!("{namespace}/{name}"), held);
            }
            _ => return None,
        }
        Some(seen)
    }

    fn as_of<T>(&self, held: Option<Held<T>>, there: &Result<(), Problem>) -> Option<Seen<T>> {
        Some(match there {
            Err(why) => Seen::Unseen { why: why.clone() },
            Ok(()) => {
                let Held { value, age } = held?;
                Seen::Seen { value, at: self.now() - i64::try_from(age.as_millis()).unwrap_or_default() }
            }
        })
    }

    async fn ask(
        &self,
        api: &Result<(), Problem>,
        source: &Source,
        document: Option<&ClusterDocument>,
    ) -> Observed {
        let mut seen = Observed::default();
        let kube = async || {
            api.clone()?;
            self.inner.outside.kube().await
        };
        match source {
            Source::Machine(name) | Source::K3s(name) => {
                let facts = match source {
                    Source::K3s(_) => self.shared_facts(name, document).await,
                    _ => self.facts(name, Part::All, document).await,
                };
                // As of the moment of asking: the clocks are compared with it.
                let facts = match facts {
                    Ok(reading) => Seen::Seen { value: reading.facts, at: reading.at },
                    Err(why) => Seen::Unseen { why },
                };
                seen.machines.insert(name.clone(), facts);
            }
            Source::Artefacts { version, architectures } => {
                let folder =
                    document.and_then(|document| document.k3s.folder.as_deref()).map(std::path::Path::new);
                let asked = async {
                    let version = version
                        .parse()
                        .map_err(|_| Problem::new(Code::VersionUnknown).arg("version", version))?;
                    let digests = self.inner.outside.k3s.digests(&version, architectures, folder);
                    digests.await.map_err(|error| Problem::from(&error))
                };
                seen.artefacts = Some(self.seen(asked).await);
            }
            Source::Kubeconfig => {
                let asked = async {
                    let kube = kube().await?;
                    kube.version().await.map(drop).map_err(|error| Problem::from(&error))
                };
                seen.kubeconfig = Some(self.seen(asked).await);
            }
            Source::Nodes => {
                let asked = async {
                    let kube = kube().await?;
                    kube.nodes().await.map_err(|error| Problem::from(&error))
                };
                seen.nodes = Some(self.seen(asked).await);
            }
            Source::Object(key) => {
                let asked = async {
                    let kube = kube().await?;
                    kube.get(key).await.map_err(|error| Problem::from(&error))
                };
                seen.objects.insert(key.clone(), self.seen(asked).await);
            }
            Source::ChartJob(chart) => {
                let asked = async {
                    let kube = kube().await?;
                    kube.chart_job(chart).await.map_err(|error| Problem::from(&error))
                };
                seen.chart_jobs.insert(chart.clone(), self.seen(asked).await);
            }
            Source::Endpoints(service) => {
                let asked = async {
                    let kube = kube().await?;
                    let (namespace, name) = service.split_once('/').unwrap_or(("default", service));
                    kube.endpoints(namespace, name).await.map_err(|error| Problem::from(&error))
                };
                seen.endpoints.insert(service.clone(), self.seen(asked).await);
            }
            Source::Credential(kind) => {
                let asked = async {
                    let name = portico_domain::credential::Credential::new(*kind, CLOUDFLARE_TOKEN);
                    match self.inner.outside.secret(&name).await {
                        Ok(secret) => Ok(Some(sha256(secret.expose().as_bytes()))),
                        Err(problem) if problem.code == Code::SecretMissing => Ok(None),
                        Err(problem) => Err(problem),
                    }
                };
                seen.credentials.insert(*kind, self.seen(asked).await);
            }
            Source::Certificate { namespace, name } => {
                let asked = async {
                    let kube = kube().await?;
                    kube.certificate(namespace, name).await.map_err(|error| Problem::from(&error))
                };
                seen.certificates.insert(format!("{namespace}/{name}"), self.seen(asked).await);
            }
            Source::Clocks => {
                let asked = async {
                    let kube = kube().await?;
                    kube.leases().await.map_err(|error| Problem::from(&error))
                };
                seen.clocks = Some(self.seen(asked).await);
            }
            Source::IngressHosts => {
                let asked = async {
                    let kube = kube().await?;
                    kube.ingress_hosts().await.map_err(|error| Problem::from(&error))
                };
                seen.ingress_hosts = Some(self.seen(asked).await);
            }
            Source::Traffic { controller, tunnel } if api.is_ok() => {
                seen.traffic = self.traffic(*controller, *tunnel).await;
            }
            // Asked for all at once, in `observe`.
            Source::Records { .. } | Source::Access { .. } => {}
            Source::Traffic { .. } => {}
            Source::TunnelId(_) | Source::Tunnel(_) | Source::TunnelToken(_) | Source::TunnelState(_) => {
                self.ask_cloudflare(source, &mut seen).await
            }
            Source::LanPath { .. } | Source::PublicPath { .. } | Source::Controller { .. } => {
                self.try_path(source, &mut seen).await;
            }
        }
        seen
    }

    pub(super) async fn seen<T>(&self, asked: impl Future<Output = Result<T, Problem>>) -> Seen<T> {
        match asked.await {
            Ok(value) => Seen::Seen { value, at: self.now() },
            Err(why) => Seen::Unseen { why },
        }
    }

    /// Looks that are asked for at the same time share one, as long as it begins after each of them was asked for:
    /// every joining machine asks for the server's.
    async fn shared_facts(&self, name: &str, document: Option<&ClusterDocument>) -> Result<Reading, Problem> {
        let asked = Instant::now();
        let slot = self.inner.looks.lock().await.entry(name.to_owned()).or_default().clone();
        let mut last = slot.lock().await;
        if let Some((_, seen)) = last.as_ref().filter(|(began, _)| *began >= asked) {
            return seen.clone();
        }
        let began = Instant::now();
        let seen = self.facts(name, Part::K3s, document).await;
        *last = Some((began, seen.clone()));
        seen
    }

    async fn facts(
        &self,
        name: &str,
        part: Part,
        document: Option<&ClusterDocument>,
    ) -> Result<Reading, Problem> {
        let session = self.machine_session(name, document).await?;
        let clock = self.inner.outside.clock.clone();
        let (reading, _) = k3s::gather(&session, part, &*clock, &CancellationToken::new())
            .await
            .map_err(|error| Problem::from(&error).arg("machine", name))?;
        Ok(reading)
    }

    pub(crate) async fn machine_session(
        &self,
        name: &str,
        document: Option<&ClusterDocument>,
    ) -> Result<std::sync::Arc<portico_world::ssh::Session>, Problem> {
        let machine = document.and_then(|document| document.machine(name)).ok_or_else(|| {
            Problem::new(Code::Internal).detail(format!("no machine {name} in the document"))
        })?;
        let stored = self.stored_login(machine).await?;
        self.inner.outside.session(machine, stored).await.map_err(|problem| problem.arg("machine", name))
    }
}
