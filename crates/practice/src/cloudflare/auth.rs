//! Who is calling and what they may do: tokens, their kinds, permissions and zones, and the two verify calls.
//!
//! Which permission a call needs is said by the call itself, through [`Caller::need`]. Global API keys are
//! refused: nothing in a homelab should hold one.

use super::envelope::{self, Answer, Refusal};
use super::limits::{self, Window};
use super::seed::ACCOUNT_ID;
use super::{Cloud, Guard};
use crate::clock::timestamp;
use axum::extract::{Extension, Path, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenKind {
    /// Belongs to a person; verified at `/user/tokens/verify`.
    User,
    /// Belongs to the account; verified at `/accounts/{id}/tokens/verify` only.
    Account,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenStatus {
    Active,
    Disabled,
    Expired,
}

/// A permission group, as Cloudflare's API names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Permission {
    AccountSettingsRead,
    ZoneRead,
    DnsRead,
    DnsWrite,
    SslRead,
    TunnelRead,
    TunnelWrite,
    AccessAppsRead,
    AccessAppsWrite,
    AccessOrganizationsRead,
    AccessOrganizationsWrite,
}

/// The zones that a token reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    AllZones,
    /// Names of zones.
    Zones(Vec<String>),
}

/// An API token. `name` is what the audit log says.
#[derive(Clone, Serialize, Deserialize)]
pub struct Token {
    pub id: String,
    pub name: String,
    pub secret: String,
    pub kind: TokenKind,
    pub status: TokenStatus,
    pub permissions: Vec<Permission>,
    pub scope: Scope,
}

/// The token behind a call that was let in.
#[derive(Clone)]
pub(super) struct Caller(Arc<Token>);

impl Caller {
    pub(super) fn name(&self) -> &str {
        &self.0.name
    }

    pub(super) fn has(&self, any_of: &[Permission]) -> bool {
        self.0.permissions.iter().any(|held| any_of.contains(held))
    }

    /// Refuses the call unless the token has at least one of the permissions. The text is the documented one
    /// since 2026-08-20; before that it was "Authentication error".
    pub(super) fn need(&self, any_of: &[Permission]) -> Result<(), Refusal> {
        if self.has(any_of) {
            return Ok(());
        }
        Err(Refusal::new(403, 10000, "Forbidden")
            .documented_at("https://developers.cloudflare.com/fundamentals/api/reference/permissions/"))
    }

    pub(super) fn reaches(&self, zone: &str) -> bool {
        match &self.0.scope {
            Scope::AllZones => true,
            Scope::Zones(names) => names.iter().any(|name| name == zone),
        }
    }
}

/// Finds the token of a call, counts the call, and lets it on. Answers carry the rate limit's headers.
pub(super) async fn identify(State(cloud): State<Cloud>, mut request: Request, next: Next) -> Response {
    let caller = bearer(request.headers()).and_then(|secret| cloud.admit(&secret, request.uri().path()));
    let mut response = match caller {
        Ok(caller) => {
            let before = (request.method() != Method::GET).then(|| cloud.before_write());
            request.extensions_mut().insert(caller);
            let response = next.run(request).await;
            if response.status().is_success() {
                cloud.written(before.flatten());
            }
            response
        }
        Err(refusal) => refusal.into_response(),
    };
    limits::announce(response.headers_mut());
    response
}

impl Cloud {
    /// Finds the token with this text for a call of `path`, and counts the call.
    pub(super) fn admit(&self, secret: &str, path: &str) -> Result<Caller, Refusal> {
        let verifying = path.ends_with("/tokens/verify");
        let mut state = self.state();
        let token = state.tokens.iter().find(|token| token.secret == secret).cloned();
        let Some(token) = token else {
            return Err(if verifying { invalid_token() } else { bad_token(path) });
        };
        let now = self.clock.now();
        state.windows.entry(token.id.clone()).or_insert_with(|| Window::starting(now)).count(now)?;
        // A dead token can still be asked about, and nothing else.
        if token.status != TokenStatus::Active && !verifying {
            return Err(bad_token(path));
        }
        Ok(Caller(Arc::new(token)))
    }

    /// The state, for a call below `/accounts/{account}` that needs one of the permissions.
    pub(super) fn account(
        &self,
        caller: &Caller,
        account: &str,
        any_of: &[Permission],
    ) -> Result<Guard<'_>, Refusal> {
        envelope::well_formed(account, &format!("/accounts/{account}"))?;
        if account != ACCOUNT_ID {
            return Err(Refusal::new(401, 10000, "Authentication error"));
        }
        caller.need(any_of)?;
        Ok(self.state())
    }
}

fn bearer(headers: &HeaderMap) -> Result<String, Refusal> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Err(match headers.get("x-auth-key") {
            None => Refusal::bad(9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers"),
            Some(_) => Refusal::bad(6003, "Invalid request headers")
                .caused_by(6103, "Invalid format for X-Auth-Key header"),
        });
    };
    let token = value.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")).unwrap_or_default();
    // Tokens have 40 characters, or a prefix, 40 characters and a checksum.
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if token.len() < 40 || !token.bytes().all(legal) {
        return Err(Refusal::bad(6003, "Invalid request headers")
            .caused_by(6111, "Invalid format for Authorization header"));
    }
    Ok(token.to_owned())
}

fn invalid_token() -> Refusal {
    Refusal::new(401, 1000, "Invalid API Token")
}

/// Field reports differ in the status; account endpoints agree on 401.
fn bad_token(path: &str) -> Refusal {
    if path.contains("/accounts") {
        return Refusal::new(401, 10000, "Authentication error");
    }
    Refusal::new(403, 9109, "Invalid access token")
}

pub(super) async fn verify_user(State(cloud): State<Cloud>, Extension(caller): Extension<Caller>) -> Answer {
    verify(&cloud, &caller, TokenKind::User)
}

pub(super) async fn verify_account(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path(account): Path<String>,
) -> Answer {
    if account != ACCOUNT_ID {
        return Err(Refusal::new(401, 10000, "Authentication error"));
    }
    verify(&cloud, &caller, TokenKind::Account)
}

fn verify(cloud: &Cloud, caller: &Caller, kind: TokenKind) -> Answer {
    let token = &caller.0;
    if token.kind != kind {
        return Err(invalid_token());
    }
    match token.status {
        TokenStatus::Active => envelope::with_messages(
            json!({"id": token.id, "status": "active"}),
            json!([{"code": 10000, "message": "This API Token is valid and active", "type": null}]),
        ),
        TokenStatus::Disabled => envelope::ok(json!({"id": token.id, "status": "disabled"})),
        TokenStatus::Expired => {
            let yesterday = timestamp(cloud.clock.now() - 86_400_000);
            envelope::ok(json!({"id": token.id, "status": "expired", "expires_on": yesterday}))
        }
    }
}
