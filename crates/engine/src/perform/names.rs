//! Performing at Cloudflare: tunnel, token, routes, Access, records.

use super::Scene;
use crate::Engine;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portico_domain::access::app_name;
use portico_domain::dns::zone_of;
use portico_domain::observed::Seen;
use portico_domain::problem::{Code, Problem};
use portico_domain::stack::{CLOUDFLARED_NAMESPACE, TUNNEL_ANNOTATION, TUNNEL_SECRET};
use portico_domain::step::{Action, tunnel_secret_key};
use portico_domain::tunnel::{TunnelId, merged_all};
use portico_world::cloudflare::CloudflareError;
use serde_json::json;
use std::time::Duration;

/// Cloudflare's code for a tunnel that still has connections.
const CONNECTED: i64 = 1022;

/// They close within a few minutes of the last connector.
const CONNECTIONS_CLOSE: Duration = Duration::from_secs(240);

const ASK_AGAIN: Duration = Duration::from_secs(3);

impl Engine {
    pub(super) async fn at_cloudflare(&self, action: &Action, scene: &Scene<'_>) -> Result<(), Problem> {
        let outside = &self.inner.outside;
        let cloudflare = outside.cloudflare().await?;
        let told = |error: CloudflareError| Problem::from(&error);
        match action {
            Action::Tunnel { name } => {
                let zones = outside.zones().await?;
                let zone = zones
                    .first()
                    .ok_or_else(|| Problem::new(Code::ZoneMissing).arg("hostname", "").arg("zones", ""))?;
                cloudflare.create_tunnel(&zone.account_id, name).await.map_err(told)
            }
            Action::TunnelSecret { tunnel } => self.write_tunnel_token(tunnel, scene).await,
            Action::DeleteTunnel { name } => {
                outside.forget_names().await;
                self.delete_tunnel(name, scene).await
            }
            Action::Routes { tunnel, routes } => {
                let seen = scene.observed.tunnel(tunnel);
                let seen = seen.ok_or_else(|| Problem::new(Code::TunnelMissing).arg("tunnel", tunnel))?;
                match merged_all(&seen.config, routes)? {
                    Some(next) => cloudflare.configure_tunnel(seen, &next).await,
                    None => Ok(()),
                }
            }
            Action::Access { hostname, emails, cluster } => {
                let present = scene.observed.access.get(hostname.as_str()).and_then(Seen::value);
                let present = present.and_then(|state| state.app.as_ref());
                let present = present.filter(|app| app.is_ours(hostname, cluster));
                let zones = outside.zones().await?;
                let account = &zone_of(hostname, &zones)?.account_id;
                let name = app_name(hostname, cluster);
                match emails.is_empty() {
                    true => cloudflare.unprotect(account, &name, present).await.map_err(told),
                    false => {
                        cloudflare.protect(account, hostname, &name, emails, present).await.map_err(told)
                    }
                }
            }
            Action::Records { cluster, .. } => {
                for (zone, writes) in action.record_writes(scene.observed)? {
                    cloudflare.write_records(&zone, &writes, cluster).await.map_err(told)?;
                }
                Ok(())
            }
            _ => Err(Problem::new(Code::Internal).detail("not an action at Cloudflare")),
        }
    }

    /// Connections of pods that have just gone hang on for a while; the tunnel cannot end before them.
    async fn delete_tunnel(&self, name: &str, scene: &Scene<'_>) -> Result<(), Problem> {
        let id = seen_id(name, scene)?;
        let cloudflare = self.inner.outside.cloudflare().await?;
        let pace = self.inner.outside.pace;
        let deadline = tokio::time::Instant::now() + pace.of(CONNECTIONS_CLOSE);
        loop {
            match cloudflare.delete_tunnel(id).await {
                Ok(()) => return Ok(()),
                Err(CloudflareError::Refused { number: CONNECTED, .. }) => {}
                Err(error) => return Err(Problem::from(&error)),
            }
            if tokio::time::Instant::now() >= deadline {
                return Err(Problem::new(Code::TunnelInUse).arg("tunnel", name));
            }
            (scene.progress.log)("waiting for its connections to close".into());
            tokio::select! {
                () = scene.cancel.cancelled() => return Err(Problem::new(Code::Cancelled)),
                () = tokio::time::sleep(pace.of(ASK_AGAIN)) => {}
            }
        }
    }

    /// The run token goes from Cloudflare into the cluster's Secret and is kept nowhere in between.
    async fn write_tunnel_token(&self, tunnel: &str, scene: &Scene<'_>) -> Result<(), Problem> {
        let id = scene.observed.tunnel_id(tunnel);
        let id = id.ok_or_else(|| Problem::new(Code::TunnelMissing).arg("tunnel", tunnel))?;
        let cloudflare = self.inner.outside.cloudflare().await?;
        let token = cloudflare.tunnel_token(id).await.map_err(|error| Problem::from(&error))?;
        let manifest = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": {
                "name": TUNNEL_SECRET, "namespace": CLOUDFLARED_NAMESPACE,
                "labels": portico_domain::exposure::ours(), "annotations": {TUNNEL_ANNOTATION: id.id},
            },
            "data": {"token": STANDARD.encode(token.expose())},
        });
        let kube = self.inner.outside.kube().await?;
        kube.apply(&tunnel_secret_key(), &manifest, false)
            .await
            .map(drop)
            .map_err(|error| Problem::from(&error))
    }
}

fn seen_id<'a>(name: &str, scene: &Scene<'a>) -> Result<&'a TunnelId, Problem> {
    let tunnel = scene.observed.tunnel(name).map(|tunnel| &tunnel.id);
    tunnel.ok_or_else(|| Problem::new(Code::TunnelMissing).arg("tunnel", name))
}
