//! Access: who may see a public name. The organization, its ways to log in, applications and reusable policies.
//!
//! Codes and texts are from field reports of 2026: 12130 for what is invalid, 12132 for conflicts, 12135 and 11021 for
//! what is not there, 9999 while Access is off. Nobody can log in here; the edge only asks whether a visitor has a
//! session. Not here: applications other than websites, policies that belong to one application, groups, service
//! tokens, and turning Access on through the API, which the dashboard alone can do.

mod apps;
mod policies;
mod providers;
mod shelf;

use super::auth::{Caller, Permission};
use super::envelope::{self, Answer, Refusal};
use super::{Cloud, Guard, State as Account};
use crate::clock::timestamp;
use apps::App;
use axum::Router;
use axum::extract::{Extension, Path, State};
use axum::routing::get;
use policies::Policy;
use providers::Provider;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shelf::Item;

/// Where visitors log in.
pub(crate) const AUTH_DOMAIN: &str = "practice.cloudflareaccess.com";

#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Access {
    enabled: bool,
    created_at: i64,
    apps: Vec<Item>,
    policies: Vec<Item>,
    providers: Vec<Item>,
}

impl Access {
    /// A new organization: only Cloudflare's own login, no applications.
    pub(super) fn seed(account: &mut Account, created_at: i64) -> Self {
        let providers = vec![providers::own(account, created_at)];
        Self { enabled: true, created_at, providers, ..Self::default() }
    }
}

impl Cloud {
    /// Turns Access on or off for the account, as its owner would at the dashboard.
    pub fn enable_access(&self, enabled: bool) {
        self.state().holds.access.enabled = enabled;
    }

    /// The state, for a call on Access that needs one of the permissions. The status of the refusal while Access is off
    /// is not documented.
    fn access(&self, caller: &Caller, account: &str, any_of: &[Permission]) -> Result<Guard<'_>, Refusal> {
        let state = self.account(caller, account, any_of)?;
        if state.holds.access.enabled {
            return Ok(state);
        }
        Err(Refusal::new(
            404,
            9999,
            "access.api.error.not_enabled: Access is not enabled. Visit the Access dashboard at \
             https://dash.cloudflare.com/ and click the 'Enable Access' button.",
        ))
    }
}

pub(super) fn router() -> Router<Cloud> {
    Router::new()
        .route("/organizations", get(organization))
        .nest("/identity_providers", shelf::routes::<Provider>())
        .nest("/apps", shelf::routes::<App>())
        .nest("/policies", shelf::routes::<Policy>())
}

const MAY_READ_ORGANIZATION: &[Permission] =
    &[Permission::AccessOrganizationsRead, Permission::AccessOrganizationsWrite];

async fn organization(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path(account): Path<String>,
) -> Answer {
    let state = cloud.access(&caller, &account, MAY_READ_ORGANIZATION)?;
    let created = timestamp(state.holds.access.created_at);
    envelope::ok(json!({
        "name": AUTH_DOMAIN,
        "auth_domain": AUTH_DOMAIN,
        "login_design": {},
        "is_ui_read_only": false,
        "auto_redirect_to_identity": false,
        "allow_authenticate_via_warp": false,
        "session_duration": "24h",
        "created_at": created,
        "updated_at": created,
    }))
}

/// Refuses a body.
fn invalid(what: &str) -> Refusal {
    Refusal::bad(12130, format!("access.api.error.invalid_request: {what}"))
}

fn conflict(what: &str) -> Refusal {
    Refusal::new(409, 12132, format!("access.api.error.conflict: {what}"))
}

fn not_found() -> Refusal {
    Refusal::new(404, 12135, "access.api.error.not_found")
}
