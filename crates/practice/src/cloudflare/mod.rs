//! A stand-in for Cloudflare's API v4: tokens, zones and DNS records, with the refusals of the real one.
//!
//! Every rule here is a fact about Cloudflare as observed in recordings, documentation or field reports; where
//! nothing was found the choice is marked "not documented". State lives in memory behind one lock, so that each
//! call is one transaction. Tunnels and Access are not here; they will be further modules over the same
//! state, with their own routes beside those below.

mod audit;
mod auth;
mod batch;
mod content;
mod envelope;
mod filters;
mod limits;
mod names;
mod records;
mod rules;
mod seed;
mod transaction;
mod zones;

pub(crate) use content::unreachable as is_unreachable;

pub use audit::{Action, Entry};
pub use auth::{Permission, Scope, Token, TokenKind, TokenStatus};
pub use records::{Kind, Record};
pub use seed::{
    ACCOUNT_ID, ACCOUNT_TOKEN, BY_HAND_TOKEN, DISABLED_TOKEN, DNS_ONLY_TOKEN, EXPIRED_TOKEN, ONE_ZONE_TOKEN,
    PORTICO_TOKEN, READ_ONLY_TOKEN, ZONE_READ_TOKEN,
};
pub use zones::Zone;

use crate::clock::Clock;
use axum::routing::{get, post};
use axum::{Router, middleware};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The account and all that is in it. Cheap to clone; all clones are the same account.
#[derive(Clone)]
pub struct Cloud {
    pub(crate) clock: Clock,
    state: Arc<Mutex<State>>,
}

pub(crate) struct State {
    pub(crate) zones: Vec<Zone>,
    tokens: Vec<Token>,
    windows: HashMap<String, limits::Window>,
    audit: Vec<Entry>,
    issued: u64,
}

impl Cloud {
    /// An account with two zones, records that its user made by hand, and the tokens of [`seed`](self).
    pub fn new(clock: Clock) -> Self {
        let state = seed::state(clock.now());
        Self { clock, state: Arc::new(Mutex::new(state)) }
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
        let api = Router::new()
            .route("/user/tokens/verify", get(auth::verify_user))
            .route("/accounts/{account}/tokens/verify", get(auth::verify_account))
            .route("/accounts", get(zones::accounts))
            .route("/zones", get(zones::list))
            .route("/zones/{zone}", get(zones::read))
            .nest("/zones/{zone}/dns_records", dns)
            .method_not_allowed_fallback(envelope::no_method)
            .layer(middleware::from_fn_with_state(self.clone(), auth::identify))
            .with_state(self.clone());
        Router::new().nest("/client/v4", api).fallback(envelope::no_route)
    }

    /// Every change to every record since the start, oldest first.
    pub fn audit(&self) -> Vec<Entry> {
        self.state().audit.clone()
    }

    /// The records of the zone called `zone`, oldest first; none when there is no such zone.
    pub fn records(&self, zone: &str) -> Vec<Record> {
        let state = self.state();
        let zone = state.zones.iter().find(|known| known.name == zone);
        zone.map(|zone| zone.records.clone()).unwrap_or_default()
    }

    /// Adds a token beside those of the start.
    pub fn add_token(&self, token: Token) {
        self.state().tokens.push(token);
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic inside a transaction leaves the old records in place, see `transaction`.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The next id: 32 hexadecimal digits that look random and are the same in every run.
    fn issue_id(&mut self) -> String {
        self.issued += 1;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.issued.to_be_bytes());
        hex::encode(&digest.as_ref()[..16])
    }
}
