//! Zones and the account that holds them.
//!
//! A token sees the zones it reaches and no others: a zone that exists elsewhere looks exactly like one that
//! does not exist. Making and deleting zones is not here; Portico never does.

use super::auth::{Caller, Permission};
use super::envelope::{self, Answer, Query, Refusal};
use super::records::Record;
use super::seed::{ACCOUNT_ID, ACCOUNT_NAME};
use super::{Cloud, State as Account};
use crate::clock::timestamp;
use axum::extract::{Extension, Path, Query as Pairs, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A domain in the account.
#[derive(Clone, Serialize, Deserialize)]
pub struct Zone {
    pub id: String,
    pub name: String,
    /// `active` or `pending`.
    pub status: String,
    pub name_servers: Vec<String>,
    /// Whether the edge has a certificate for the apex and one level below it.
    pub universal_ssl: bool,
    /// Whether proxied names publish ECH keys; a free zone starts with it.
    pub ech: bool,
    /// Unix milliseconds.
    pub created_at: i64,
    pub records: Vec<Record>,
}

impl Zone {
    fn shown(&self) -> Value {
        let created = timestamp(self.created_at);
        json!({
            "id": self.id,
            "name": self.name,
            "status": self.status,
            "paused": false,
            "type": "full",
            "development_mode": 0,
            "name_servers": self.name_servers,
            "original_name_servers": null,
            "original_registrar": null,
            "original_dnshost": null,
            "created_on": created,
            "modified_on": created,
            "activated_on": (self.status == "active").then_some(created.as_str()),
            "meta": {"step": 2, "custom_certificate_quota": 0, "page_rule_quota": 3, "phishing_detected": false},
            "owner": {"id": null, "type": "user", "email": null},
            "account": {"id": ACCOUNT_ID, "name": ACCOUNT_NAME},
            "tenant": {"id": null, "name": null},
            "tenant_unit": {"id": null},
            "permissions": ["#zone:read", "#dns_records:edit"],
            "plan": {"id": "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "name": "Free Website", "price": 0,
                     "currency": "USD", "frequency": "", "is_subscribed": false, "can_subscribe": false,
                     "legacy_id": "free", "legacy_discount": false, "externally_managed": false},
        })
    }
}

impl Account {
    /// The index of the zone with this id, if the caller reaches it.
    pub(super) fn zone(&self, caller: &Caller, id: &str) -> Result<usize, Refusal> {
        envelope::well_formed(id, &format!("/zones/{id}"))?;
        self.holds
            .zones
            .iter()
            .position(|zone| zone.id == id && caller.reaches(&zone.name))
            .ok_or_else(|| Refusal::new(403, 9109, "Unauthorized to access requested resource"))
    }
}

pub(super) async fn list(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Pairs(query): Pairs<Vec<(String, String)>>,
) -> Answer {
    caller.need(&[Permission::ZoneRead])?;
    let query = Query(query);
    let (page, per_page) = query.paging(20, 5..=50)?;
    let any = query.get("match") == Some("any");
    let state = cloud.state();
    let mut zones: Vec<&Zone> = state
        .holds
        .zones
        .iter()
        .filter(|zone| caller.reaches(&zone.name))
        .filter(|zone| {
            let mut verdicts = query.0.iter().filter_map(|(key, value)| judge(zone, key, value)).peekable();
            if any && verdicts.peek().is_some() { verdicts.any(|hit| hit) } else { verdicts.all(|hit| hit) }
        })
        .collect();
    zones.sort_by_key(|zone| match query.get("order") {
        Some("status") => zone.status.clone(),
        _ => zone.name.clone(),
    });
    if query.get("direction") == Some("desc") {
        zones.reverse();
    }
    envelope::paged(zones.into_iter().map(Zone::shown).collect(), page, per_page)
}

/// Zones keep the operators as a prefix of the value, other than records.
fn judge(zone: &Zone, key: &str, value: &str) -> Option<bool> {
    let value = value.to_lowercase();
    match key {
        "name" => Some(match value.split_once(':') {
            Some(("equal", text)) => zone.name == text,
            Some(("not_equal", text)) => zone.name != text,
            Some(("starts_with", text)) => zone.name.starts_with(text),
            Some(("ends_with", text)) => zone.name.ends_with(text),
            Some(("contains", text)) => zone.name.contains(text),
            _ => zone.name == value,
        }),
        "status" => Some(zone.status == value),
        "account.id" => Some(value == ACCOUNT_ID),
        "account.name" => Some(value == ACCOUNT_NAME.to_lowercase()),
        "type" => Some(value.split(',').any(|kind| kind == "full")),
        _ => None,
    }
}

/// Nearly any permission on a zone lets it be read, other than the list of zones.
pub(super) async fn read(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    let state = cloud.state();
    let index = state.zone(&caller, &id)?;
    caller.need(&[Permission::ZoneRead, Permission::DnsRead, Permission::DnsWrite, Permission::SslRead])?;
    envelope::ok(state.holds.zones[index].shown())
}

/// A token without "Account Settings Read" gets an empty list, not a refusal.
pub(super) async fn accounts(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Pairs(query): Pairs<Vec<(String, String)>>,
) -> Answer {
    let query = Query(query);
    let (page, per_page) = query.paging(20, 5..=50)?;
    let named = query.get("name").is_none_or(|name| name.eq_ignore_ascii_case(ACCOUNT_NAME));
    let mut accounts = Vec::new();
    if caller.has(&[Permission::AccountSettingsRead]) && named {
        let created = cloud.state().holds.zones.iter().map(|zone| zone.created_at).min().unwrap_or_default();
        accounts.push(json!({
            "id": ACCOUNT_ID,
            "name": ACCOUNT_NAME,
            "type": "standard",
            "settings": {"enforce_twofactor": false},
            "created_on": timestamp(created),
        }));
    }
    envelope::paged(accounts, page, per_page)
}
