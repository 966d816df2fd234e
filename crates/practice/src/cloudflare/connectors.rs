//! Who holds a tunnel open: cloudflared processes, each with four connections when it is well.
//!
//! They do not come over the network: who runs a cloudflared (the cluster's pods, a test) says so here, with the
//! token that the process has. Dropped connections stay dropped, where a running cloudflared would dial again.

use super::auth::Caller;
use super::envelope::{self, Answer, Refusal};
use super::tunnels::{MAY_READ, MAY_WRITE, Source, Tunnel};
use super::{Cloud, State as Account};
use crate::clock::timestamp;
use axum::extract::{Extension, Path, Query as Pairs, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Connections of a cloudflared that is well.
const CONNECTIONS: usize = 4;
const VERSION: &str = "2026.8.2";
const COLOS: [&str; 2] = ["fra08", "fra13"];

/// One cloudflared process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Connector {
    pub(crate) id: String,
    /// Whether it runs in the homelab; others go on when that ends.
    pub(super) at_home: bool,
    since: i64,
    /// The ids of its connections.
    connections: Vec<String>,
}

impl Connector {
    fn shown(&self, tunnel: &Tunnel) -> Value {
        let since = timestamp(self.since);
        let connection = |(at, id): (usize, &String)| {
            json!({
                "id": id,
                "uuid": id,
                "colo_name": COLOS[at % COLOS.len()],
                "origin_ip": "198.51.100.7",
                "opened_at": since,
                "client_id": self.id,
                "client_version": VERSION,
                "is_pending_reconnect": false,
            })
        };
        let mut shown = json!({
            "id": self.id,
            "features": ["allow_remote_config", "serialized_headers", "support_datagram_v2", "support_quic_eof",
                         "management_logs"],
            "version": VERSION,
            "arch": "linux_arm64",
            "run_at": since,
            "ha_status": null,
            "conns": self.connections.iter().enumerate().map(connection).collect::<Vec<_>>(),
        });
        // The recording is of a tunnel without a configuration, and has no version.
        if tunnel.source == Source::Cloudflare && tunnel.configuration.version > 0 {
            shown["config_version"] = tunnel.configuration.version.into();
        }
        shown
    }
}

impl Tunnel {
    pub(crate) fn connected(&self) -> bool {
        self.connectors.iter().any(|connector| !connector.connections.is_empty())
    }

    pub(super) fn status(&self) -> &'static str {
        let whole = |connector: &Connector| connector.connections.len() >= CONNECTIONS;
        match self.connected() {
            true if self.connectors.iter().all(whole) => "healthy",
            true => "degraded",
            // A deleted tunnel is "down" in the recording; whether one that never ran is, too, is not documented.
            false if self.ran || self.deleted_at.is_some() => "down",
            false => "inactive",
        }
    }

    pub(super) fn connect(&mut self, connector: Connector, now: i64) {
        self.connectors.push(connector);
        self.ran = true;
        self.settle(now);
    }

    pub(super) fn disconnect(&mut self, whom: impl Fn(&Connector) -> bool, now: i64) {
        self.connectors.retain(|connector| !whom(connector));
        self.settle(now);
    }

    /// Keeps the two times: exactly one of them is set.
    fn settle(&mut self, now: i64) {
        if self.connected() {
            self.active_at.get_or_insert(now);
            self.inactive_at = None;
        } else {
            self.inactive_at.get_or_insert(now);
            self.active_at = None;
        }
    }
}

/// A tunnel's run token, decoded.
#[derive(Deserialize)]
struct Credentials {
    t: String,
    s: String,
}

impl Cloud {
    /// A cloudflared with this token comes up, or still is; `connector` is its client id, a UUID. The tunnel's id.
    ///
    /// # Errors
    /// The text that cloudflared logs: it cannot read the token, or the edge turns it away.
    pub fn connector_up(&self, token: &str, connector: &str) -> Result<String, String> {
        let bytes = STANDARD.decode(token.trim()).unwrap_or_default();
        let credentials: Credentials =
            serde_json::from_slice(&bytes).map_err(|_| "Provided Tunnel token is not valid.".to_owned())?;
        let (mut state, now) = (self.state(), self.clock.now());
        let mut tunnels = state.holds.tunnels.iter();
        let at = tunnels
            .position(|tunnel| tunnel.id == credentials.t && tunnel.deleted_at.is_none())
            .ok_or("Unauthorized: Tunnel not found")?;
        let tunnel = &state.holds.tunnels[at];
        if tunnel.connectors.iter().any(|known| known.id == connector) {
            return Ok(credentials.t);
        }
        if tunnel.secret != credentials.s {
            return Err("Unauthorized: Invalid tunnel secret".to_owned());
        }
        let made = Connector { at_home: true, ..state.connector(connector, now) };
        state.holds.tunnels[at].connect(made, now);
        Ok(credentials.t)
    }

    /// The cloudflared with this client id is gone.
    pub fn connector_down(&self, connector: &str) {
        let now = self.clock.now();
        for tunnel in &mut self.state().holds.tunnels {
            tunnel.disconnect(|known| known.id == connector, now);
        }
    }

    /// A hook for tests: the live tunnel called `name` has exactly so many cloudflareds, each with so many
    /// of its four connections. False when there is no such tunnel.
    pub fn connect(&self, name: &str, replicas: usize, connections: usize) -> bool {
        let (mut state, now) = (self.state(), self.clock.now());
        let made: Vec<Connector> = (0..replicas)
            .map(|_| {
                let id = state.issue_uuid();
                let mut connector = state.connector(&id, now);
                connector.connections.truncate(connections);
                connector
            })
            .collect();
        let mut tunnels = state.holds.tunnels.iter_mut();
        let Some(tunnel) = tunnels.find(|tunnel| tunnel.name == name && tunnel.deleted_at.is_none()) else {
            return false;
        };
        tunnel.disconnect(|_| true, now);
        for connector in made {
            tunnel.connect(connector, now);
        }
        true
    }
}

impl Account {
    pub(super) fn connector(&mut self, id: &str, now: i64) -> Connector {
        let connections = (0..CONNECTIONS).map(|_| self.issue_uuid()).collect();
        Connector { id: id.to_owned(), at_home: false, since: now, connections }
    }
}

/// No `result_info`, and every connector at once, as recorded.
pub(super) async fn list(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path((account, id)): Path<(String, String)>,
) -> Answer {
    let state = cloud.account(&caller, &account, MAY_READ)?;
    let tunnel = state.tunnel(&account, &id)?;
    envelope::ok(tunnel.connectors.iter().map(|connector| connector.shown(tunnel)).collect())
}

pub(super) async fn read(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path((account, id, connector)): Path<(String, String, String)>,
) -> Answer {
    let state = cloud.account(&caller, &account, MAY_READ)?;
    let tunnel = state.tunnel(&account, &id)?;
    let found = tunnel.connectors.iter().find(|known| known.id == connector);
    // The refusal is not documented.
    envelope::ok(found.ok_or_else(|| Refusal::new(404, 1003, "Connector not found"))?.shown(tunnel))
}

/// Drops all connections, or those of one client. What the result is is not documented.
pub(super) async fn clear(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path((account, id)): Path<(String, String)>,
    Pairs(query): Pairs<Vec<(String, String)>>,
) -> Answer {
    let mut state = cloud.account(&caller, &account, MAY_WRITE)?;
    let query = envelope::Query(query);
    let client = query.get("client_id");
    let whom = |connector: &Connector| client.is_none_or(|client| client == connector.id);
    state.live_tunnel(&account, &id)?.disconnect(whom, cloud.clock.now());
    envelope::ok(Value::Null)
}
