//! Tunnels: made, found, renamed, deleted, and the token that cloudflared runs with.
//!
//! A deleted tunnel stays as a shadow that can still be read. Where a tunnel leads is `routes`, who holds it open is
//! `connectors`. Not here: filters by time, and tunnels of other kinds than cloudflared's.

use super::audit::Thing;
use super::auth::{Caller, Permission};
use super::connectors::Connector;
use super::envelope::{self, Answer, Query, Refusal};
use super::routes::Configuration;
use super::seed::ACCOUNT_ID;
use super::{Cloud, State as Account};
use crate::clock::timestamp;
use axum::body::Bytes;
use axum::extract::{Extension, Path, Query as Pairs, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) const MAY_READ: &[Permission] = &[Permission::TunnelRead, Permission::TunnelWrite];
pub(super) const MAY_WRITE: &[Permission] = &[Permission::TunnelWrite];

/// Where cloudflared takes its routes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    /// A file beside cloudflared.
    #[default]
    Local,
    /// The configuration in the account.
    Cloudflare,
}

/// A tunnel as it is stored. Times are unix milliseconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Tunnel {
    pub(crate) id: String,
    pub(crate) name: String,
    /// base64; whoever has it may run the tunnel.
    pub(super) secret: String,
    pub(crate) source: Source,
    pub(super) created_at: i64,
    pub(crate) deleted_at: Option<i64>,
    pub(super) active_at: Option<i64>,
    /// Since when nothing has been connected; before the first connection, since it was made.
    pub(super) inactive_at: Option<i64>,
    /// Whether it has ever been connected.
    pub(super) ran: bool,
    pub(crate) connectors: Vec<Connector>,
    pub(crate) configuration: Configuration,
}

impl Tunnel {
    pub(super) fn new(id: String, name: &str, secret: String, source: Source, now: i64) -> Self {
        Self {
            id,
            name: name.to_owned(),
            secret,
            source,
            created_at: now,
            deleted_at: None,
            active_at: None,
            inactive_at: Some(now),
            ran: false,
            connectors: Vec::new(),
            configuration: Configuration::none(now),
        }
    }

    /// The tunnel as the API shows it: since 2026-10-05 without its connections.
    pub(super) fn shown(&self) -> Value {
        let mut shown = json!({
            "id": self.id,
            "account_tag": ACCOUNT_ID,
            "created_at": timestamp(self.created_at),
            "deleted_at": self.deleted_at.map(timestamp),
            "name": self.name,
            "conns_active_at": self.active_at.map(timestamp),
            "conns_inactive_at": self.inactive_at.map(timestamp),
            "tun_type": "cfd_tunnel",
            "metadata": {},
            "status": self.status(),
            "remote_config": self.source == Source::Cloudflare && self.deleted_at.is_none(),
        });
        if self.deleted_at.is_none() {
            shown["config_src"] = json!(self.source);
        }
        shown
    }

    /// What `cloudflared tunnel run --token` wants.
    pub(super) fn token(&self) -> String {
        STANDARD.encode(json!({"a": ACCOUNT_ID, "t": self.id, "s": self.secret}).to_string())
    }
}

impl Account {
    /// The tunnel with this id, deleted or not.
    pub(super) fn tunnel(&self, account: &str, id: &str) -> Result<&Tunnel, Refusal> {
        envelope::uuid(id, &format!("/accounts/{account}/cfd_tunnel/{id}"))?;
        self.holds.tunnels.iter().find(|tunnel| tunnel.id == id).ok_or_else(not_found)
    }

    /// The tunnel with this id, unless it was deleted. That a deleted one is refused like an unknown one is not
    /// documented.
    pub(super) fn live_tunnel(&mut self, account: &str, id: &str) -> Result<&mut Tunnel, Refusal> {
        self.tunnel(account, id)?;
        let mut tunnels = self.holds.tunnels.iter_mut();
        tunnels.find(|tunnel| tunnel.id == id && tunnel.deleted_at.is_none()).ok_or_else(not_found)
    }

    /// Refuses a name that a live tunnel has; a deleted tunnel's name is free again.
    fn free_name(&self, name: &str, but: Option<&str>) -> Result<(), Refusal> {
        if name.is_empty() {
            // The refusal is not documented.
            return Err(Refusal::bad(1001, "Tunnel name is required"));
        }
        let taken = |tunnel: &Tunnel| {
            tunnel.deleted_at.is_none() && tunnel.name == name && Some(tunnel.id.as_str()) != but
        };
        if self.holds.tunnels.iter().any(taken) {
            return Err(Refusal::new(
                409,
                1013,
                "You already have a tunnel with this name. Delete the existing tunnel, or choose a different name \
                 for your new tunnel",
            ));
        }
        Ok(())
    }
}

/// The status is relied upon by Terraform's provider; code and text are not documented.
fn not_found() -> Refusal {
    Refusal::new(404, 1003, "Tunnel not found")
}

/// The rule is documented, its refusal is not.
fn checked(secret: String) -> Result<String, Refusal> {
    match STANDARD.decode(&secret) {
        Ok(bytes) if bytes.len() >= 32 => Ok(secret),
        _ => Err(Refusal::bad(1002, "Tunnel secret must be at least 32 bytes in base64")),
    }
}

pub(super) async fn list(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path(account): Path<String>,
    Pairs(query): Pairs<Vec<(String, String)>>,
) -> Answer {
    let state = cloud.account(&caller, &account, MAY_READ)?;
    let query = Query(query);
    let (page, per_page) = query.paging(1_000, 1..=1_000)?;
    // Since 2025-12-01 a list that does not ask for deleted ones is without them.
    let deleted = query.get("is_deleted") == Some("true");
    let wanted = |tunnel: &&Tunnel| {
        tunnel.deleted_at.is_some() == deleted
            && query.0.iter().all(|(key, value)| match key.as_str() {
                "name" => tunnel.name == *value,
                "uuid" => tunnel.id == *value,
                "status" => tunnel.status() == value,
                "include_prefix" => tunnel.name.starts_with(value.as_str()),
                "exclude_prefix" => !tunnel.name.starts_with(value.as_str()),
                _ => true,
            })
    };
    let tunnels = &state.listed(cloud.clock.now()).tunnels;
    envelope::counted(tunnels.iter().filter(wanted).map(Tunnel::shown).collect(), page, per_page)
}

pub(super) async fn read(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path((account, id)): Path<(String, String)>,
) -> Answer {
    let state = cloud.account(&caller, &account, MAY_READ)?;
    envelope::ok(state.tunnel(&account, &id)?.shown())
}

#[derive(Deserialize)]
struct Draft {
    #[serde(default)]
    name: String,
    #[serde(default)]
    config_src: Source,
    tunnel_secret: Option<String>,
}

pub(super) async fn create(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path(account): Path<String>,
    body: Bytes,
) -> Answer {
    let mut state = cloud.account(&caller, &account, MAY_WRITE)?;
    let draft: Draft = envelope::body(&body)?;
    state.free_name(&draft.name, None)?;
    let secret = match draft.tunnel_secret {
        Some(secret) => checked(secret)?,
        None => STANDARD.encode(state.issue_bytes()),
    };
    let (id, now) = (state.issue_uuid(), cloud.clock.now());
    let tunnel = Tunnel::new(id, &draft.name, secret, draft.config_src, now);
    let mut shown = tunnel.shown();
    state.note(now, &caller, Thing::Tunnel, None, Some(shown.clone()));
    shown["token"] = tunnel.token().into();
    shown["credentials_file"] = json!({
        "AccountTag": ACCOUNT_ID,
        "TunnelID": tunnel.id,
        "TunnelName": tunnel.name,
        "TunnelSecret": tunnel.secret,
    });
    state.holds.tunnels.push(tunnel);
    envelope::ok(shown)
}

#[derive(Deserialize)]
struct Edit {
    name: Option<String>,
    tunnel_secret: Option<String>,
}

/// A new secret ends no connection; it is asked for when one is made.
pub(super) async fn edit(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path((account, id)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let mut state = cloud.account(&caller, &account, MAY_WRITE)?;
    let edit: Edit = envelope::body(&body)?;
    if let Some(name) = &edit.name {
        state.free_name(name, Some(&id))?;
    }
    let secret = edit.tunnel_secret.map(checked).transpose()?;
    let tunnel = state.live_tunnel(&account, &id)?;
    let before = tunnel.shown();
    tunnel.name = edit.name.unwrap_or_else(|| tunnel.name.clone());
    tunnel.secret = secret.unwrap_or_else(|| tunnel.secret.clone());
    let after = tunnel.shown();
    state.note(cloud.clock.now(), &caller, Thing::Tunnel, Some(before), Some(after.clone()));
    envelope::ok(after)
}

/// `cascade=true` is what cloudflared's own `tunnel delete --force` sends.
pub(super) async fn remove(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path((account, id)): Path<(String, String)>,
    Pairs(query): Pairs<Vec<(String, String)>>,
) -> Answer {
    let mut state = cloud.account(&caller, &account, MAY_WRITE)?;
    let now = cloud.clock.now();
    let tunnel = state.live_tunnel(&account, &id)?;
    if Query(query).get("cascade") == Some("true") {
        tunnel.disconnect(|_| true, now);
    }
    if tunnel.connected() {
        return Err(Refusal::bad(
            1022,
            "This tunnel has active connections. Please stop all cloudflared replicas, or wait a few minutes for \
             connections to close, then try again.",
        ));
    }
    let before = tunnel.shown();
    tunnel.deleted_at = Some(now);
    let shown = tunnel.shown();
    state.note(now, &caller, Thing::Tunnel, Some(before), None);
    envelope::ok(shown)
}

pub(super) async fn token(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path((account, id)): Path<(String, String)>,
) -> Answer {
    // Whoever has the token may run the tunnel: reading it needs the right to write.
    let mut state = cloud.account(&caller, &account, MAY_WRITE)?;
    envelope::ok(state.live_tunnel(&account, &id)?.token().into())
}
