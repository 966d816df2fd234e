//! A stand-in for Cloudflare's API v4: tokens, zones and DNS records, with the refusals of the real one.
//!
//! Every rule here is a fact about Cloudflare as observed in recordings, documentation or field reports; where
//! nothing was found the choice is marked "not documented". State lives in memory behind one lock, so that each
//! call is one transaction. What a visitor of the zones' names sees is not here but in `edge` and `dns`; warp
//! routing, load balancers and Access applications that are no websites are nowhere.

mod access;
mod audit;
mod auth;
mod batch;
mod by_hand;
mod challenge;
mod connectors;
mod content;
mod envelope;
mod filters;
mod guard;
mod kept;
mod lag;
mod limits;
mod names;
mod records;
mod routes;
mod rules;
mod saved;
mod seed;
mod settings;
mod transaction;
mod tunnels;
mod zones;

pub(crate) use content::unreachable as is_unreachable;

pub(crate) use access::AUTH_DOMAIN;
pub(crate) use routes::rule_for;
pub(crate) use tunnels::{Source, Tunnel};

pub use audit::{Action, Change, Entry, Thing};
pub use auth::{Permission, Scope, Token, TokenKind, TokenStatus};
pub use kept::Kept;
pub use records::{Kind, Record};
pub use saved::Saved;
pub use seed::{
    ACCOUNT_ID, ACCOUNT_TOKEN, BY_HAND_TOKEN, CLUSTER_TOKEN, DISABLED_TOKEN, DNS_ONLY_TOKEN, ENOUGH,
    EXPIRED_TOKEN, ONE_ZONE_TOKEN, PORTICO_TOKEN, READ_ONLY_TOKEN, ZONE_READ_TOKEN,
};
pub use zones::Zone;

use crate::clock::Clock;
use axum::routing::{get, post};
use axum::{Router, middleware};
use guard::Guard;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

/// The account and all that is in it. Cheap to clone; all clones are the same account.
#[derive(Clone)]
pub struct Cloud {
    pub(crate) clock: Clock,
    state: Arc<Mutex<State>>,
    changes: Arc<AtomicU64>,
}

pub(crate) struct State {
    pub(crate) holds: Holdings,
    lag: lag::Lag,
    tokens: Vec<Token>,
    windows: HashMap<String, limits::Window>,
    audit: Vec<Entry>,
    changes: Vec<Change>,
    issued: u64,
}

/// What is in the account.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Holdings {
    pub(crate) zones: Vec<Zone>,
    pub(crate) tunnels: Vec<Tunnel>,
    pub(crate) access: access::Access,
}

impl Cloud {
    /// An account with two zones, records that its user made by hand, and the tokens of [`seed`](self).
    pub fn new(clock: Clock) -> Self {
        let state = seed::state(clock.now());
        Self::of(clock, state)
    }

    fn of(clock: Clock, state: State) -> Self {
        Self { clock, state: Arc::new(Mutex::new(state)), changes: Arc::default() }
    }

    /// The API, to be served under a base URL that ends in `/client/v4`.
    pub fn router(&self) -> Router {
        let dns = Router::new()
            .route("/", get(records::list).post(records::create))
            .route("/batch", post(batch::run))
            .route("/export", get(records::export))
            .route(
                "/{record}",
                get(records::read).put(records::replace).patch(records::edit).delete(records::remove),
            );
        let tunnels = Router::new()
            .route("/", get(tunnels::list).post(tunnels::create))
            .route("/{tunnel}", get(tunnels::read).patch(tunnels::edit).delete(tunnels::remove))
            .route("/{tunnel}/token", get(tunnels::token))
            .route("/{tunnel}/configurations", get(routes::read).put(routes::replace))
            .route("/{tunnel}/connections", get(connectors::list).delete(connectors::clear))
            .route("/{tunnel}/connectors/{connector}", get(connectors::read));
        let api = Router::new()
            .route("/user/tokens/verify", get(auth::verify_user))
            .route("/accounts/{account}/tokens/verify", get(auth::verify_account))
            .route("/accounts", get(zones::accounts))
            .route("/zones", get(zones::list))
            .route("/zones/{zone}", get(zones::read))
            .route("/zones/{zone}/dns_settings", get(settings::dns))
            .route("/zones/{zone}/ssl/universal/settings", get(settings::universal_ssl))
            .nest("/zones/{zone}/dns_records", dns)
            .nest("/accounts/{account}/cfd_tunnel", tunnels)
            .nest("/accounts/{account}/access", access::router())
            .method_not_allowed_fallback(envelope::no_method)
            .layer(middleware::from_fn_with_state(self.clone(), auth::identify))
            .with_state(self.clone());
        Router::new().nest("/client/v4", api).fallback(envelope::no_route)
    }

    /// The records of the zone called `zone`, oldest first; none when there is no such zone.
    pub fn records(&self, zone: &str) -> Vec<Record> {
        let state = self.state();
        let zone = state.holds.zones.iter().find(|known| known.name == zone);
        zone.map(|zone| zone.records.clone()).unwrap_or_default()
    }

    /// Changes a zone in ways that only its owner can: status, Universal SSL, ECH. False when there is none.
    pub fn change_zone(&self, name: &str, act: impl FnOnce(&mut Zone)) -> bool {
        let mut state = self.state();
        state.holds.zones.iter_mut().find(|zone| zone.name == name).map(act).is_some()
    }

    /// Adds a token beside those of the start.
    pub fn add_token(&self, token: Token) {
        self.state().tokens.push(token);
    }
}

impl State {
    fn new(holds: Holdings, tokens: Vec<Token>, issued: u64) -> Self {
        let (windows, audit, changes) = (HashMap::new(), Vec::new(), Vec::new());
        State { holds, lag: lag::Lag::default(), tokens, windows, audit, changes, issued }
    }

    /// The next id: 32 hexadecimal digits that look random and are the same in every run.
    fn issue_id(&mut self) -> String {
        hex::encode(&self.issue_bytes()[..16])
    }

    /// The next id of a product that uses UUIDs.
    fn issue_uuid(&mut self) -> String {
        let bytes = self.issue_bytes();
        uuid::Builder::from_random_bytes(std::array::from_fn(|at| bytes[at])).into_uuid().to_string()
    }

    fn issue_bytes(&mut self) -> [u8; 32] {
        self.issued += 1;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.issued.to_be_bytes());
        std::array::from_fn(|at| digest.as_ref()[at])
    }
}
