//! Identity providers: the ways in which a visitor can log in.
//!
//! Kept and shown; nobody logs in here, and what a provider's `config` needs is not checked. Two kinds exist once
//! per account.

use super::super::audit::Thing;
use super::super::auth::Permission;
use super::super::envelope::Refusal;
use super::super::{Holdings, State as Account};
use super::shelf::{Fields, Item, Kind};
use super::{Access, conflict, invalid};
use serde_json::{Value, json};

const TYPES: [&str; 15] = [
    "onetimepin",
    "azureAD",
    "saml",
    "centrify",
    "facebook",
    "github",
    "google-apps",
    "google",
    "linkedin",
    "oidc",
    "okta",
    "onelogin",
    "pingone",
    "yandex",
    "cloudflare",
];

pub(super) struct Provider;

/// The one that every new organization has.
pub(super) fn own(account: &mut Account, created_at: i64) -> Item {
    let fields = fields("cloudflare", "", json!({}));
    Item { id: account.issue_uuid(), fields, created_at, updated_at: created_at }
}

fn fields(kind: &str, name: &str, config: Value) -> Fields {
    [("type", kind.into()), ("name", name.into()), ("config", config)]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

impl Kind for Provider {
    const THING: Thing = Thing::IdentityProvider;
    const MAY_READ: &[Permission] = super::MAY_READ_ORGANIZATION;
    const MAY_WRITE: &[Permission] = &[Permission::AccessOrganizationsWrite];

    fn shelf(access: &mut Access) -> &mut Vec<Item> {
        &mut access.providers
    }

    fn items(access: &Access) -> &[Item] {
        &access.providers
    }

    fn checked(account: &Holdings, id: &str, body: &Fields) -> Result<Fields, Refusal> {
        let text = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default();
        let kind = text("type");
        if !TYPES.contains(&kind) {
            return Err(invalid("identity provider type is missing or invalid"));
        }
        let taken = |other: &Item| other.text("type") == kind && other.id != id;
        if matches!(kind, "onetimepin" | "cloudflare") && account.access.providers.iter().any(taken) {
            return Err(conflict(&format!("a {kind} connection already exists")));
        }
        Ok(fields(kind, text("name"), body.get("config").cloned().unwrap_or_else(|| json!({}))))
    }
}
