//! Where a tunnel leads: its configuration, numbered and replaced as a whole.
//!
//! There is no compare-and-set: whoever writes last wins, and the version is the only trace of it. What is checked is
//! `check`'s: the API evidently runs cloudflared's validator. Writing routes makes no DNS record.

mod check;

use super::audit::Thing;
use super::auth::Caller;
use super::envelope::{self, Answer, Refusal};
use super::tunnels::{MAY_READ, MAY_WRITE, Tunnel};
use super::{Cloud, names};
use crate::clock::timestamp;
use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The routes of one tunnel.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Configuration {
    /// 0 is that none was ever written.
    pub(crate) version: u64,
    /// As it was sent.
    pub(crate) config: Value,
    written_at: i64,
}

impl Configuration {
    pub(super) fn none(now: i64) -> Self {
        Self { version: 0, config: Value::Null, written_at: now }
    }

    pub(super) fn next(&self, mut config: Value, now: i64) -> Self {
        if config["warp-routing"].is_null() {
            config["warp-routing"] = json!({"enabled": false});
        }
        Self { version: self.version + 1, config, written_at: now }
    }
}

fn shown(tunnel: &Tunnel) -> Value {
    let Configuration { version, config, written_at } = &tunnel.configuration;
    json!({
        "tunnel_id": tunnel.id,
        "version": version,
        "config": config,
        "source": tunnel.source,
        "created_at": timestamp(*written_at),
    })
}

/// Recorded for a deleted tunnel; taken for an unknown one, too.
fn not_found(_: Refusal) -> Refusal {
    Refusal::new(404, 1055, "Configuration for tunnel not found")
}

pub(super) async fn read(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path((account, id)): Path<(String, String)>,
) -> Answer {
    let mut state = cloud.account(&caller, &account, MAY_READ)?;
    envelope::ok(shown(state.live_tunnel(&account, &id).map_err(not_found)?))
}

#[derive(Deserialize)]
struct Draft {
    #[serde(default)]
    config: Value,
}

/// A tunnel with routes of its own file stores the configuration all the same; that is not documented.
pub(super) async fn replace(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path((account, id)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let mut state = cloud.account(&caller, &account, MAY_WRITE)?;
    let draft: Draft = envelope::body(&body)?;
    let now = cloud.clock.now();
    let tunnel = state.live_tunnel(&account, &id).map_err(not_found)?;
    check::check(&draft.config).map_err(|text| Refusal::bad(1056, format!("Bad Configuration: {text}\n")))?;
    let before = shown(tunnel);
    tunnel.configuration = tunnel.configuration.next(draft.config, now);
    let after = shown(tunnel);
    state.note(now, &caller, Thing::Configuration, Some(before), Some(after.clone()));
    envelope::ok(after)
}

/// The first rule for a visitor's host and path; the last rule catches all. `None` when there are no rules.
pub(crate) fn rule_for<'a>(config: &'a Value, host: &str, path: &str) -> Option<&'a Value> {
    let matches = |rule: &&Value| {
        let wanted = rule["hostname"].as_str().unwrap_or_default();
        let wanted = names::ascii(wanted).unwrap_or_else(|| wanted.to_owned());
        // A wildcard is of any depth: only the end of the name is compared.
        let by_host = matches!(wanted.as_str(), "" | "*")
            || wanted == host
            || wanted.strip_prefix('*').is_some_and(|end| end.starts_with('.') && host.ends_with(end));
        let pattern = rule["path"].as_str().unwrap_or_default();
        by_host && Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(path))
    };
    config["ingress"].as_array()?.iter().find(matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_matches_is_taken() {
        let rule = |host: &str, path: &str, service: &str| json!({"hostname": host, "path": path, "service": service});
        let config = json!({"ingress": [
            rule("a.example.test", "^/api", "http://api"),
            rule("a.example.test", "", "http://a"),
            rule("*.example.test", "", "http://star"),
            rule("bücher.example.net", "", "http://books"),
            {"service": "http_status:404"},
        ]});
        for (host, path, service) in [
            ("a.example.test", "/api/x", "http://api"),
            ("a.example.test", "/", "http://a"),
            ("b.example.test", "/", "http://star"),
            ("deep.below.example.test", "/", "http://star"),
            ("example.test", "/", "http_status:404"),
            ("xn--bcher-kva.example.net", "/", "http://books"),
            ("other.test", "/api", "http_status:404"),
        ] {
            let found = rule_for(&config, host, path).map(|rule| rule["service"].clone());
            assert_eq!(found, Some(json!(service)), "{host}{path}");
        }
        assert!(rule_for(&Value::Null, "a.example.test", "/").is_none());
    }
}
