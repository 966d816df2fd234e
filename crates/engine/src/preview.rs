//! Preview: look, then plan. Nothing is written.

use crate::Engine;
use crate::commands::command;
use portico_domain::change::{Change, Desired, Plan};
use portico_domain::cluster::{ClusterDocument, Release};
use portico_domain::exposure::Backend;
use portico_domain::observed::{Observed, Seen, Source};
use portico_domain::plan::{self, Settings};
use portico_domain::preflight::{Findings, Inspection};
use portico_domain::problem::{Code, Problem};
use std::collections::BTreeMap;

/// Rounds of looking: some questions follow from the answers to others.
const ROUNDS: usize = 3;

impl Engine {
    /// The plan for a change, against what is seen right now.
    pub async fn preview(&self, change: Change) -> Result<Plan, Problem> {
        self.preview_with_commands(change).await.map(|(plan, _)| plan)
    }

    /// The plan together with the exact command behind each step.
    pub async fn preview_with_commands(&self, change: Change) -> Result<(Plan, Vec<String>), Problem> {
        let (base, present) = self.inner.store.desired().await?;
        let change = self.settled(change).await?;
        let desired = change.apply(&present)?;
        let settings = self.settings(base, &change, &desired).await?;
        let observed = self.look(&change, &desired, &settings).await;
        let plan = plan::plan(&change, &desired, &observed, &settings)?;
        let commands = plan.steps.iter().map(|planned| command(&planned.step.action, &observed)).collect();
        Ok((plan, commands))
    }

    /// What preflight finds on the machines of a document, and which of them could not be read.
    pub async fn check(
        &self,
        document: ClusterDocument,
    ) -> Result<(Findings, BTreeMap<String, Problem>), Problem> {
        let document = self.pinned(document).await?;
        let Release::Version(version) = &document.k3s.release else {
            return Err(Problem::new(Code::Internal).detail("a channel was not resolved"));
        };
        let sources: Vec<Source> =
            document.machines.iter().map(|machine| Source::Machine(machine.name.clone())).collect();
        let observed = self.observe(&sources, Some(&document)).await;
        let readings = observed.readings();
        let findings = Inspection { document: &document, version, readings: &readings }.findings();
        let unread = observed.machines.into_iter().filter_map(|(name, seen)| match seen {
            Seen::Seen { .. } => None,
            Seen::Unseen { why } => Some((name, why)),
        });
        Ok((findings, unread.collect()))
    }

    async fn settings(&self, base: i64, change: &Change, desired: &Desired) -> Result<Settings, Problem> {
        let endpoints = &self.inner.outside.endpoints;
        // What was wanted once is asked of earlier wishes, not of the last one alone: a change that was cut off has
        // replaced that already.
        let former = match change {
            Change::Expose { exposure, .. } | Change::Hide { exposure, .. } => {
                let mut former = self.inner.store.hostnames_of(&exposure.name).await?;
                former.retain(|name| {
                    *name != exposure.hostname
                        && desired.exposures.iter().all(|other| other.hostname != *name)
                });
                former
            }
            _ => Vec::new(),
        };
        Ok(Settings {
            charts: endpoints.charts.clone(),
            images: endpoints.images.clone(),
            base,
            last_tunnel: self.inner.store.last_tunnel().await?,
            former,
        })
    }

    async fn look(&self, change: &Change, desired: &Desired, settings: &Settings) -> Observed {
        let mut observed = Observed::default();
        let mut asked: Vec<Source> = Vec::new();
        for _ in 0..ROUNDS {
            let mut sources = plan::sources(change, desired, &observed, settings);
            sources.retain(|source| !asked.contains(source));
            if sources.is_empty() {
                break;
            }
            observed.update(self.observe(&sources, desired.cluster.as_ref()).await);
            asked.extend(sources);
        }
        observed.at = self.now();
        observed
    }

    /// The change with everything resolved that must not move under the plan: a channel becomes a version,
    /// the echo app's image the one of this world.
    async fn settled(&self, change: Change) -> Result<Change, Problem> {
        Ok(match change {
            Change::BuildCluster { document } => {
                Change::BuildCluster { document: self.pinned(document).await? }
            }
            Change::Expose { mut exposure, adopt, accept_retired } => {
                if let (Backend::Echo { image }, Some(local)) =
                    (&mut exposure.backend, self.inner.outside.endpoints.images.get("echo"))
                {
                    image.clone_from(local);
                }
                Change::Expose { exposure, adopt, accept_retired }
            }
            other => other,
        })
    }

    async fn pinned(&self, mut document: ClusterDocument) -> Result<ClusterDocument, Problem> {
        if let Release::Channel(channel) = &document.k3s.release {
            let version =
                self.inner.outside.k3s.resolve(channel).await.map_err(|error| Problem::from(&error))?;
            document.k3s.release = Release::Version(version);
        }
        Ok(document)
    }
}
