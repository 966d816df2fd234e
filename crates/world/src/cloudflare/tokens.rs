//! What a token may do, found out by asking for it.
//!
//! A token cannot read its own policies. Each permission is proven by a call that changes nothing even when it is
//! allowed: reads, and writes to an object that cannot exist, which are answered "no such object" to who may and
//! "forbidden" to who may not.

use super::{Call, Cloudflare, CloudflareError, Result};
use portico_domain::credential::{Capability, Need, TokenKind, TokenReport};
use portico_domain::dns::Zone;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

/// No object has this id.
const NOBODY: &str = "00000000000000000000000000000000";
const NO_UUID: &str = "00000000-0000-4000-8000-000000000000";

const TUNNEL: &str = "Account → Cloudflare Tunnel → Edit";
const ACCESS: &str = "Account → Access: Apps and Policies → Edit";
const DNS: &str = "Zone → DNS → Edit";
const ZONE: &str = "Zone → Zone → Read";

#[derive(Deserialize)]
struct Verified {
    status: String,
    expires_on: Option<String>,
}

impl Cloudflare {
    /// Whether the token is accepted, whose it is, which zones it sees and what it may do with them.
    ///
    /// # Errors
    /// [`CloudflareError::Token`] when it is not accepted at all. A missing permission is no error here.
    pub async fn examine(&self) -> Result<TokenReport> {
        let zones = match self.zones().await {
            Ok(zones) => zones,
            Err(CloudflareError::Scope { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        let (kind, verified) = self.verify(&zones).await?;
        if verified.status != "active" {
            return Err(CloudflareError::Token { number: 1000, message: verified.status });
        }
        let mut capabilities = vec![Capability {
            permission: ZONE.into(),
            need: Need::Always,
            place: String::new(),
            granted: !zones.is_empty(),
        }];
        for zone in &zones {
            let path = format!("/zones/{}/dns_records/{NOBODY}", zone.id);
            let granted = self.may(Call::with(Method::PATCH, &path, &json!({}), DNS)).await?;
            capabilities.push(Capability {
                permission: DNS.into(),
                need: Need::Always,
                place: zone.name.clone(),
                granted,
            });
        }
        let mut accounts: Vec<&str> = zones.iter().map(|zone| zone.account_id.as_str()).collect();
        accounts.sort();
        accounts.dedup();
        for account in accounts {
            let tunnel = format!("/accounts/{account}/cfd_tunnel/{NO_UUID}/token");
            let granted = self.may(Call::get(&tunnel, TUNNEL)).await?;
            capabilities.push(Capability {
                permission: TUNNEL.into(),
                need: Need::Public,
                place: String::new(),
                granted,
            });
            let access = format!("/accounts/{account}/access/apps/{NO_UUID}");
            let granted = self.may(Call::delete(&access, ACCESS)).await?;
            capabilities.push(Capability {
                permission: ACCESS.into(),
                need: Need::Access,
                place: String::new(),
                granted,
            });
        }
        Ok(TokenReport { kind, expires_on: verified.expires_on, zones, capabilities })
    }

    /// A person's token is known at one place, an account's at another; its prefix may say which, else both are asked.
    async fn verify(&self, zones: &[Zone]) -> Result<(TokenKind, Verified)> {
        let of_account = self.token.expose().starts_with("cfat_");
        if !of_account {
            match self.call(Call::get("/user/tokens/verify", ZONE)).await {
                Ok(verified) => return Ok((TokenKind::User, verified)),
                Err(CloudflareError::Token { .. }) if !zones.is_empty() => {}
                Err(error) => return Err(error),
            }
        }
        let Some(zone) = zones.first() else {
            // Whose account it is can only be learnt from a zone, and it sees none.
            return Err(CloudflareError::Scope { permission: ZONE, message: "no zone is visible".into() });
        };
        let path = format!("/accounts/{}/tokens/verify", zone.account_id);
        Ok((TokenKind::Account, self.call(Call::get(&path, ZONE)).await?))
    }

    /// Whether the call is let in, whatever becomes of it then.
    async fn may(&self, call: Call<'_>) -> Result<bool> {
        match self.call::<Value>(call).await {
            Ok(_) | Err(CloudflareError::Missing { .. } | CloudflareError::Refused { .. }) => Ok(true),
            Err(CloudflareError::Scope { .. } | CloudflareError::Token { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The dashboard's form for a new token, with what Cloudflare lets a link fill in. `cluster` is the narrower one.
///
/// The key for Cloudflare Tunnel is not documented and unknown keys are dropped silently: that permission is added by
/// hand.
pub fn token_template(cluster: bool) -> String {
    let mut groups = vec![json!({"key": "zone", "type": "read"}), json!({"key": "dns", "type": "edit"})];
    if !cluster {
        groups
            .extend([json!({"key": "argotunnel", "type": "edit"}), json!({"key": "access", "type": "edit"})]);
    }
    let groups = Value::Array(groups).to_string();
    let name = if cluster { "Portico cluster" } else { "Portico" };
    let mut url = reqwest::Url::parse("https://dash.cloudflare.com/profile/api-tokens").expect("a URL");
    url.query_pairs_mut()
        .append_pair("permissionGroupKeys", &groups)
        .append_pair("accountId", "*")
        .append_pair("zoneId", "all")
        .append_pair("name", name);
    url.into()
}
