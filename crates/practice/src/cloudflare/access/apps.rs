//! Applications of the kind `self_hosted`: names of the account's zones that Access stands in front of.
//!
//! A name belongs to one application at most. Policies are named by id and shown in full. The retired
//! `self_hosted_domains` is ignored like every unknown field.

use super::super::audit::Thing;
use super::super::auth::Permission;
use super::super::envelope::{Query, Refusal};
use super::super::{Holdings, names};
use super::shelf::{Fields, Item, Kind};
use super::{Access, conflict, invalid, policies};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) struct App;

impl Kind for App {
    const THING: Thing = Thing::AccessApp;
    const MAY_READ: &[Permission] = policies::MAY_READ;
    const MAY_WRITE: &[Permission] = policies::MAY_WRITE;

    fn shelf(access: &mut Access) -> &mut Vec<Item> {
        &mut access.apps
    }

    fn items(access: &Access) -> &[Item] {
        &access.apps
    }

    fn checked(account: &Holdings, id: &str, body: &Fields) -> Result<Fields, Refusal> {
        // Other types exist; practice knows none of them.
        if body.get("type").is_none_or(|kind| kind != "self_hosted") {
            return Err(invalid("app type is missing or invalid"));
        }
        let uris = uris(body)?;
        for uri in &uris {
            let host = uri.split('/').next().unwrap_or_default();
            let inside = |zone: &str| host == zone || host.ends_with(&format!(".{zone}"));
            if !account.zones.iter().any(|zone| zone.status == "active" && inside(&zone.name)) {
                return Err(invalid("domain does not belong to zone"));
            }
            let others = account.access.apps.iter().filter(|app| app.id != id);
            if others.flat_map(|app| app.list("destinations")).any(|taken| taken["uri"] == uri.as_str()) {
                return Err(conflict("destination belongs to another application"));
            }
        }
        let given =
            |field: &'static str, default: Value| (field, body.get(field).cloned().unwrap_or(default));
        let destinations: Vec<Value> = uris.iter().map(|uri| json!({"type": "public", "uri": uri})).collect();
        let fields = [
            ("type", "self_hosted".into()),
            ("domain", uris[0].as_str().into()),
            ("destinations", destinations.into()),
            ("policies", named(account, body)?.into()),
            ("aud", aud(id).into()),
            given("name", uris[0].as_str().into()),
            given("session_duration", "24h".into()),
            given("allowed_idps", json!([])),
            given("tags", json!([])),
            given("app_launcher_visible", true.into()),
            given("auto_redirect_to_identity", false.into()),
            given("enable_binding_cookie", false.into()),
            given("http_only_cookie_attribute", true.into()),
            given("options_preflight_bypass", false.into()),
        ];
        Ok(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    fn shown(access: &Access, item: &Item) -> Value {
        let mut shown = item.shown();
        let expanded = item.list("policies").iter().filter_map(|named| {
            let policy = access.policies.iter().find(|policy| named["id"] == policy.id.as_str())?;
            let mut policy = policy.shown();
            policy["precedence"] = named["precedence"].clone();
            Some(policy)
        });
        shown["policies"] = expanded.collect();
        shown
    }

    fn wanted(item: &Item, query: &Query) -> bool {
        let exact = query.get("exact") == Some("true");
        query.0.iter().all(|(key, value)| {
            let (value, text) = (value.to_lowercase(), |field: &str| item.text(field).to_lowercase());
            match key.as_str() {
                "name" | "domain" if exact => text(key) == value,
                "name" | "domain" => text(key).contains(&value),
                "aud" => text("aud") == value,
                "search" => ["name", "domain", "aud"].iter().any(|field| text(field).contains(&value)),
                _ => true,
            }
        })
    }

    fn missing() -> Refusal {
        Refusal::new(404, 11021, "access.api.error.unknown_application")
    }
}

/// Where the application stands: its destinations, or else its domain. The first one is its domain.
fn uris(body: &Fields) -> Result<Vec<String>, Refusal> {
    let public = |destination: &Value| {
        let uri = destination["uri"].as_str().filter(|_| destination["type"] == "public")?;
        let (host, path) = uri.split_once('/').map_or((uri, ""), |(host, path)| (host, path));
        let host = names::ascii(host).filter(|host| names::host_name(host, true))?;
        Some(if path.is_empty() { host } else { format!("{host}/{path}") })
    };
    let destinations = match (body.get("destinations").and_then(Value::as_array), body.get("domain")) {
        (Some(list), _) if !list.is_empty() => list.clone(),
        (_, Some(domain)) => vec![json!({"type": "public", "uri": domain})],
        _ => Vec::new(),
    };
    let uris: Option<Vec<String>> = destinations.iter().map(public).collect();
    // The words are not documented.
    uris.filter(|uris| !uris.is_empty()).ok_or_else(|| invalid("domain is missing or invalid"))
}

/// The policies that a body names, by id alone or with a precedence; without one they count from 1.
fn named(account: &Holdings, body: &Fields) -> Result<Vec<Value>, Refusal> {
    let given = body.get("policies").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut precedences = BTreeSet::new();
    let mut named = Vec::new();
    for (at, policy) in given.iter().enumerate() {
        let id = policy.as_str().or(policy["id"].as_str()).unwrap_or_default();
        if !account.access.policies.iter().any(|known| known.id == id) {
            // The code is that of all invalid bodies; the words are not documented.
            return Err(invalid(&format!("policy {id} does not exist")));
        }
        let precedence = policy["precedence"].as_u64().unwrap_or(at as u64 + 1);
        if !precedences.insert(precedence) {
            return Err(invalid("policy precedences must be unique"));
        }
        named.push(json!({"id": id, "precedence": precedence}));
    }
    named.sort_by_key(|policy| policy["precedence"].as_u64());
    Ok(named)
}

/// The tag of an application's tokens: 64 hexadecimal digits that stay for its life.
fn aud(id: &str) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, id.as_bytes()))
}

impl Access {
    /// The tag of the application that stands in front of this host and path, unless it lets everyone through.
    /// The destination that says most wins.
    pub(crate) fn gate(&self, host: &str, path: &str) -> Option<&str> {
        let apps = self.apps.iter().filter(|_| self.enabled);
        let destinations = apps.flat_map(|app| {
            app.list("destinations").iter().filter_map(move |one| Some((app, one["uri"].as_str()?)))
        });
        let (app, _) = destinations
            .filter(|(_, uri)| covers(uri, host, path))
            .max_by_key(|(_, uri)| (uri.contains('/'), !uri.starts_with('*'), uri.len()))?;
        let open = app.list("policies").first().is_some_and(|named| {
            self.policies.iter().any(|policy| named["id"] == policy.id.as_str() && policies::is_open(policy))
        });
        (!open).then(|| app.text("aud"))
    }
}

fn covers(uri: &str, host: &str, path: &str) -> bool {
    let (wanted, below) = uri.split_once('/').unwrap_or((uri, ""));
    let by_host = match wanted.strip_prefix('*') {
        Some(suffix) => host.ends_with(suffix),
        None => wanted == host,
    };
    let rest = path.trim_start_matches('/').strip_prefix(below);
    by_host && rest.is_some_and(|rest| below.is_empty() || rest.is_empty() || rest.starts_with('/'))
}
