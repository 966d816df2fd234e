//! Tunnels: found by name, made, their token, their remote configuration, their end.
//!
//! Writing the configuration replaces all of it and there is no compare-and-set. So it is written from what was seen
//! a moment ago, and the version is compared: a jump by more than one says that somebody else wrote in between.

use super::{Call, Cloudflare, CloudflareError, Result};
use portico_domain::credential::Secret;
use portico_domain::difference::contains;
use portico_domain::problem::{Code, Problem};
use portico_domain::tunnel::{Tunnel, TunnelId, TunnelState};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

const READ: &str = "Account → Cloudflare Tunnel → Read";
const EDIT: &str = "Account → Cloudflare Tunnel → Edit";

#[derive(Deserialize)]
pub(super) struct WireTunnel {
    id: String,
    name: String,
    #[serde(default)]
    status: String,
    deleted_at: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Configuration {
    #[serde(default)]
    version: i64,
    #[serde(default)]
    config: Value,
}

impl Configuration {
    pub(super) fn of(self, id: &TunnelId) -> Tunnel {
        Tunnel { id: id.clone(), version: self.version, config: self.config }
    }
}

/// Names may be taken again once their tunnel was deleted, which a list tells of for a while.
pub(super) fn live(found: Vec<WireTunnel>, account: &str, name: &str) -> Option<(TunnelId, TunnelState)> {
    let live = found.into_iter().find(|tunnel| tunnel.name == name && tunnel.deleted_at.is_none())?;
    let id = TunnelId { id: live.id, account_id: account.to_owned() };
    Some((id, TunnelState { status: live.status, connectors: 0 }))
}

impl Cloudflare {
    /// Which live tunnel has this name, and how it is connected.
    pub async fn find_tunnel(&self, account: &str, name: &str) -> Result<Option<(TunnelId, TunnelState)>> {
        let path = format!("/accounts/{account}/cfd_tunnel");
        let filter = [("name", name.to_owned()), ("is_deleted", "false".to_owned())];
        let found: Vec<WireTunnel> = self.list(&path, &filter, 100, "tunnels", READ).await?;
        Ok(live(found, account, name))
    }

    /// How many cloudflared processes are connected.
    pub async fn connectors(&self, tunnel: &TunnelId) -> Result<usize> {
        let path = format!("/accounts/{}/cfd_tunnel/{}/connections", tunnel.account_id, tunnel.id);
        let connectors: Vec<Value> = self.call(Call::get(&path, READ)).await?;
        Ok(connectors.len())
    }

    /// The tunnel's remote configuration; `None` when it was deleted meanwhile.
    pub async fn tunnel(&self, id: &TunnelId) -> Result<Option<Tunnel>> {
        let path = configurations(id);
        match self.call::<Configuration>(Call::get(&path, READ)).await {
            Ok(configuration) => Ok(Some(configuration.of(id))),
            Err(CloudflareError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a tunnel whose routes are managed remotely; without `config_src` Cloudflare would make one that ignores
    /// its remote configuration.
    pub async fn create_tunnel(&self, account: &str, name: &str) -> Result<()> {
        let body = json!({"name": name, "config_src": "cloudflare"});
        let path = format!("/accounts/{account}/cfd_tunnel");
        // The answer carries the tunnel's secret; it is not read.
        let _: Value = self.call(Call::with(Method::POST, &path, &body, EDIT)).await?;
        Ok(())
    }

    pub async fn delete_tunnel(&self, tunnel: &TunnelId) -> Result<()> {
        let path = format!("/accounts/{}/cfd_tunnel/{}", tunnel.account_id, tunnel.id);
        let _: Value = self.call(Call::delete(&path, EDIT)).await?;
        Ok(())
    }

    /// What connectors run with. A secret.
    pub async fn tunnel_token(&self, tunnel: &TunnelId) -> Result<Secret> {
        let path = format!("/accounts/{}/cfd_tunnel/{}/token", tunnel.account_id, tunnel.id);
        let token: String = self.call(Call::get(&path, EDIT)).await?;
        Ok(Secret::new(token))
    }

    /// Writes a configuration that was made from `seen`.
    ///
    /// # Errors
    /// [`Code::RouteOverwritten`] when somebody else's write fell between seeing and writing, which Cloudflare does not
    /// prevent. A write whose answer was lost is looked at for the same.
    pub async fn configure_tunnel(&self, seen: &Tunnel, next: &Value) -> std::result::Result<(), Problem> {
        let path = configurations(&seen.id);
        let body = json!({"config": next});
        let call = Call::with(Method::PUT, &path, &body, EDIT);
        let version = match self.call::<Configuration>(call).await {
            Ok(written) => written.version,
            Err(error) => {
                let problem = Problem::from(&error);
                if !problem.is_silence() {
                    return Err(problem);
                }
                match self.tunnel(&seen.id).await {
                    Ok(Some(now)) if now.version > seen.version && contains(&now.config, next) => now.version,
                    _ => return Err(problem),
                }
            }
        };
        if version > seen.version + 1 {
            return Err(Problem::new(Code::RouteOverwritten).arg("tunnel", &seen.id.id));
        }
        Ok(())
    }
}

fn configurations(tunnel: &TunnelId) -> String {
    format!("/accounts/{}/cfd_tunnel/{}/configurations", tunnel.account_id, tunnel.id)
}
