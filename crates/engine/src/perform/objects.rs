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
        kube.apply(&key, &stamped(&manifest), claim != Claim::Respect).await.map_err(told)?;
        if let (Action::Chart { chart, .. }, Claim::Repair) = (action, claim) {
            self.run_chart_again(&chart.name, scene).await?;
        }
        Ok(())
    }

    /// A job that used up its tries is not run again by itself; without it, helm-controller makes a new one.
    async fn run_chart_again(&self, chart: &str, scene: &Scene<'_>) -> Result<(), Problem> {
        let failed = scene.observed.chart_jobs.get(chart).and_then(Seen::value);
        if !matches!(failed, Some(ChartJob::Failed { .. })) {
            return Ok(());
        }
        let key = ObjectKey::new("batch/v1", "Job", CHARTS_NAMESPACE, &format!("helm-install-{chart}"));
        self.delete_seen(&key, |_| true).await
    }

    pub(super) async fn delete_object(&self, key: &ObjectKey, _: &Scene<'_>) -> Result<(), Problem> {
        self.delete_seen(key, is_ours).await
    }

    /// Removes the object that is there now, if it is the one that is meant.
    async fn delete_seen(
        &self,
        key: &ObjectKey,
        is_meant: impl Fn(&serde_json::Value) -> bool,
    ) -> Result<(), Problem> {
        let kube = self.inner.outside.kube().await?;
        let live = kube.get(key).await.map_err(|error| Problem::from(&error))?;
        let Some(live) = live.filter(|live| is_meant(live)) else { return Ok(()) };
        let uid = live["metadata"]["uid"].as_str().unwrap_or_default();
        kube.delete(key, uid).await.map_err(|error| Problem::from(&error))
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

fn missing_tunnel(action: &Action) -> Problem {
    match action {
        Action::Cloudflared { tunnel, .. } => Problem::new(Code::TunnelMissing).arg("tunnel", tunnel),
        _ => Problem::new(Code::Internal).detail("an action without a manifest"),
    }
}
