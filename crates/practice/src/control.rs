//! Practice's own door, for tests and people that drive Portico as another process.
//!
//! `GET|POST|DELETE /practice/faults` (what struck, add a rule, clear all), `GET|DELETE /practice/calls`,
//! `GET /practice/audit` (every change to every DNS record), `GET /practice/records?zone=`,
//! `GET /practice/{tunnels|access}/audit`, `POST /practice/tunnels/{name}/connect?replicas=&connections=`,
//! `PUT /practice/access` (`enabled`), `PUT /practice/zones/{name}` (`status`, `universalSsl`, `ech`), `PUT
//! /practice/lists` (`lagSeconds`), `PUT /practice/internet` (`true` or `false`), `PUT /practice/authority` (a
//! `Verdict`: `"issue"`, `"rate-limit"`, `{"refuse": "why"}`), `PUT /practice/resolver/{public|system}` (switches), `POST
//! /practice/machines/{name}/{cut-power|power-on|hang|unhang|swap-host-key}`, `GET /practice` (a `Rehearsal`), `PUT
//! /practice/situations` (a `Situation`). Nothing here exists in the real world,
//! and no client of Portico's knows it.

use crate::acme::Verdict;
use crate::cloudflare::Cloud;
use crate::dns::{DnsServer, Switches};
use crate::fault::{Faults, Rule};
use crate::homelab::Homelab;
use crate::post::Post;
use crate::situations::{bring_about, situations};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use portico_domain::situation::{Rehearsal, Situation};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

pub(crate) struct Control {
    pub(crate) homelab: Arc<Homelab>,
    pub(crate) cloud: Cloud,
    pub(crate) faults: Faults,
    pub(crate) public: Arc<DnsServer>,
    pub(crate) system: Arc<DnsServer>,
    pub(crate) post: Arc<Post>,
}

pub(crate) fn router(control: Control) -> Router {
    Router::new()
        .route("/practice", get(rehearsal))
        .route("/practice/situations", put(situation))
        .route("/practice/faults", get(struck).post(add).delete(clear))
        .route("/practice/calls", get(calls).delete(forget))
        .route("/practice/audit", get(audit))
        .route("/practice/records", get(records))
        .route("/practice/tunnels/audit", get(tunnel_audit))
        .route("/practice/tunnels/{name}/connect", post(connect))
        .route("/practice/access/audit", get(access_audit))
        .route("/practice/access", put(access))
        .route("/practice/zones/{name}", put(zone))
        .route("/practice/lists", put(lists))
        .route("/practice/internet", put(internet))
        .route("/practice/authority", put(authority))
        .route("/practice/resolver/{name}", put(switch))
        .route("/practice/machines/{name}/{act}", post(act))
        .with_state(Arc::new(control))
}

async fn rehearsal(State(control): State<Arc<Control>>) -> Response {
    let machines = control.homelab.logins();
    let situations = situations(&control.homelab, &control.cloud);
    Json(Rehearsal { machines, situations, post: control.post.shown() }).into_response()
}

async fn situation(State(control): State<Arc<Control>>, Json(wanted): Json<Situation>) -> Response {
    match bring_about(&control.homelab, &control.cloud, &wanted) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(unknown) => not_found(unknown),
    }
}

async fn struck(State(control): State<Arc<Control>>) -> Response {
    let struck: Vec<_> = control.faults.calls().into_iter().filter(|call| call.fault.is_some()).collect();
    Json(struck).into_response()
}

async fn add(State(control): State<Arc<Control>>, Json(rules): Json<Vec<Rule>>) -> StatusCode {
    for rule in rules {
        control.faults.add(rule);
    }
    StatusCode::NO_CONTENT
}

async fn clear(State(control): State<Arc<Control>>) -> StatusCode {
    control.faults.clear();
    StatusCode::NO_CONTENT
}

async fn calls(State(control): State<Arc<Control>>) -> Response {
    Json(control.faults.calls()).into_response()
}

async fn forget(State(control): State<Arc<Control>>) -> StatusCode {
    control.faults.forget_calls();
    StatusCode::NO_CONTENT
}

async fn audit(State(control): State<Arc<Control>>) -> Response {
    Json(control.cloud.audit()).into_response()
}

#[derive(Deserialize)]
struct Zone {
    zone: String,
}

async fn records(State(control): State<Arc<Control>>, Query(Zone { zone }): Query<Zone>) -> Response {
    Json(control.cloud.records(&zone)).into_response()
}

async fn tunnel_audit(State(control): State<Arc<Control>>) -> Response {
    Json(control.cloud.tunnel_audit()).into_response()
}

async fn access_audit(State(control): State<Arc<Control>>) -> Response {
    Json(control.cloud.access_audit()).into_response()
}

#[derive(Deserialize)]
struct Connect {
    replicas: usize,
    #[serde(default = "all_connections")]
    connections: usize,
}

fn all_connections() -> usize {
    4
}

async fn connect(
    State(control): State<Arc<Control>>,
    Path(name): Path<String>,
    Query(Connect { replicas, connections }): Query<Connect>,
) -> Response {
    if control.cloud.connect(&name, replicas, connections) {
        return StatusCode::NO_CONTENT.into_response();
    }
    not_found(format!("no tunnel is called {name}"))
}

#[derive(Deserialize)]
struct Access {
    enabled: bool,
}

async fn access(State(control): State<Arc<Control>>, Json(Access { enabled }): Json<Access>) -> StatusCode {
    control.cloud.enable_access(enabled);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ZoneSettings {
    status: Option<String>,
    universal_ssl: Option<bool>,
    ech: Option<bool>,
}

async fn zone(
    State(control): State<Arc<Control>>,
    Path(name): Path<String>,
    Json(settings): Json<ZoneSettings>,
) -> Response {
    let known = control.cloud.change_zone(&name, |zone| {
        zone.universal_ssl = settings.universal_ssl.unwrap_or(zone.universal_ssl);
        zone.ech = settings.ech.unwrap_or(zone.ech);
        zone.status = settings.status.unwrap_or_else(|| zone.status.clone());
    });
    if known {
        StatusCode::NO_CONTENT.into_response()
    } else {
        not_found(format!("no zone is called {name}"))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lists {
    lag_seconds: u32,
}

async fn lists(State(control): State<Arc<Control>>, Json(Lists { lag_seconds }): Json<Lists>) -> StatusCode {
    control.cloud.lag_lists(std::time::Duration::from_secs(lag_seconds.into()));
    StatusCode::NO_CONTENT
}

async fn internet(State(control): State<Arc<Control>>, Json(reachable): Json<bool>) -> StatusCode {
    control.homelab.set_internet(reachable);
    StatusCode::NO_CONTENT
}

async fn authority(State(control): State<Arc<Control>>, Json(verdict): Json<Verdict>) -> StatusCode {
    control.homelab.set_verdict(verdict);
    StatusCode::NO_CONTENT
}

async fn switch(
    State(control): State<Arc<Control>>,
    Path(name): Path<String>,
    Json(switches): Json<Switches>,
) -> Response {
    let server = match name.as_str() {
        "public" => &control.public,
        "system" => &control.system,
        _ => return not_found(format!("no resolver is called {name}")),
    };
    server.switch(switches);
    StatusCode::NO_CONTENT.into_response()
}

async fn act(State(control): State<Arc<Control>>, Path((name, act)): Path<(String, String)>) -> Response {
    let homelab = &control.homelab;
    let done = match act.as_str() {
        "cut-power" => homelab.cut_power(&name),
        "power-on" => homelab.power_on(&name),
        "hang" => homelab.hang(&name),
        "unhang" => homelab.unhang(&name),
        "swap-host-key" => homelab.swap_host_key(&name),
        _ => return not_found(format!("a machine cannot {act}")),
    };
    match done {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(unknown) => not_found(unknown.to_string()),
    }
}

fn not_found(error: String) -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"error": error}))).into_response()
}
