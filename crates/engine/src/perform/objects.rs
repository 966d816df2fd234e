//! Performing on Kubernetes objects: apply, remove, seal.

use super::Scene;
use crate::Engine;
use crate::outside::CLOUDFLARE_TOKEN;
use portico_domain::chart::CHARTS_NAMESPACE;
use portico_domain::credential::{Credential, CredentialKind};
use portico_domain::exposure::is_ours;
use portico_domain::observed::{ChartJob, ObjectKey, Seen};
use portico_domain::problem::{Code, Problem};
use portico_domain::step::{Action, Claim, cluster_token_key, stamped};
use serde_json::Value;
use std::time::Duration;

const ASK_AGAIN: Duration = Duration::from_secs(1);

/// What is waited for around the change of a chart.
enum Helm {
    /// No job is at work on it.
    Rests,
    /// Another job than this one has it.
    Begins { before: String },
}

impl Engine {
    /// Applies an object after a last look at it: one that appeared meanwhile and is not ours is left alone.
    pub(super) async fn apply_object(&self, action: &Action, scene: &Scene<'_>) -> Result<(), Problem> {
        let manifest = action.manifest(scene.observed).ok_or_else(|| missing_tunnel(action))?;
        let key = ObjectKey::of(&manifest)
            .ok_or_else(|| Problem::new(Code::Internal).detail("a manifest without kind or name"))?;
        let kube = self.inner.outside.kube().await?;
        let told = |error| Problem::from(&error);
        let claim = action.claim();
        let live = kube.get(&key).await.map_err(told)?;
        if live.as_ref().is_some_and(|live| !is_ours(live)) && claim != Claim::Adopt {
            return Err(Problem::new(Code::ForeignObject).arg("object", key.title()));
        }
        let change = match (action, &live) {
            (Action::Chart { chart, .. }, Some(live)) => {
                self.until(Helm::Rests, &chart.name, scene).await?;
                Some((chart, live, self.job_uid(&chart.name).await?))
            }
            _ => None,
        };
        let applied = kube.apply(&key, &stamped(&manifest), claim != Claim::Respect).await.map_err(told)?;
        let Some((chart, live, job)) = change else { return Ok(()) };
        let failed = scene.observed.chart_jobs.get(&chart.name).and_then(Seen::value);
        if claim == Claim::Repair && matches!(failed, Some(ChartJob::Failed { .. })) {
            // A job that used up its tries is not run again by itself; without it, helm-controller makes a new one.
            self.delete_seen(&job_key(&chart.name), |_| true).await?;
        }
        match job {
            Some(before) if live["spec"] != applied["spec"] => {
                self.until(Helm::Begins { before }, &chart.name, scene).await
            }
            _ => Ok(()),
        }
    }

    /// A changed chart has a new job, and the old one is killed: a release that is half made is one that no later job
    /// takes up. So the old job is let end; and until the new one is there, the old one's word is not taken for its.
    /// A Helm that does not get on is not waited for.
    async fn until(&self, helm: Helm, chart: &str, scene: &Scene<'_>) -> Result<(), Problem> {
        let kube = self.inner.outside.kube().await?;
        let (asks, waiting) = match helm {
            Helm::Rests => (60, "waiting for Helm, which is at work on the chart"),
            Helm::Begins { .. } => (20, "waiting for helm-controller to see the change"),
        };
        for asked in 0..asks {
            let there = match &helm {
                Helm::Rests => {
                    kube.chart_job(chart).await.map_err(|error| Problem::from(&error))? != ChartJob::Running
                }
                Helm::Begins { before } => self.job_uid(chart).await?.as_ref() != Some(before),
            };
            if there {
                break;
            }
            if asked == 0 {
                (scene.progress.log)(waiting.into());
            }
            tokio::select! {
                () = scene.cancel.cancelled() => return Err(Problem::new(Code::Cancelled)),
                () = tokio::time::sleep(self.inner.outside.pace.of(ASK_AGAIN)) => {}
            }
        }
        Ok(())
    }

    async fn job_uid(&self, chart: &str) -> Result<Option<String>, Problem> {
        let kube = self.inner.outside.kube().await?;
        let job = kube.get(&job_key(chart)).await.map_err(|error| Problem::from(&error))?;
        Ok(job.as_ref().map(uid_of))
    }

    pub(super) async fn delete_object(&self, key: &ObjectKey, _: &Scene<'_>) -> Result<(), Problem> {
        self.delete_seen(key, is_ours).await
    }

    /// Removes the object that is there now, if it is the one that is meant.
    async fn delete_seen(&self, key: &ObjectKey, is_meant: impl Fn(&Value) -> bool) -> Result<(), Problem> {
        let kube = self.inner.outside.kube().await?;
        let live = kube.get(key).await.map_err(|error| Problem::from(&error))?;
        let Some(live) = live.filter(|live| is_meant(live)) else { return Ok(()) };
        kube.delete(key, &uid_of(&live)).await.map_err(|error| Problem::from(&error))
    }

    pub(super) async fn seal_token(&self) -> Result<(), Problem> {
        let credential = Credential::new(CredentialKind::ClusterToken, CLOUDFLARE_TOKEN);
        let token = self.inner.outside.secret(&credential).await?;
        let key = cluster_token_key();
        let kube = self.inner.outside.kube().await?;
        kube.apply_sealed(&key.namespace, &key.name, "token", &token, self.now() / 1_000)
            .await
            .map_err(|error| Problem::from(&error))
    }
}

fn job_key(chart: &str) -> ObjectKey {
    ObjectKey::new("batch/v1", "Job", CHARTS_NAMESPACE, &format!("helm-install-{chart}"))
}

fn uid_of(object: &Value) -> String {
    object["metadata"]["uid"].as_str().unwrap_or_default().to_owned()
}

fn missing_tunnel(action: &Action) -> Problem {
    match action {
        Action::Cloudflared { tunnel, .. } => Problem::new(Code::TunnelMissing).arg("tunnel", tunnel),
        _ => Problem::new(Code::Internal).detail("an action without a manifest"),
    }
}
