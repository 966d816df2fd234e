//! What a Gatus in the cluster has seen, and how it tells it: its answers by question, on a volume that outlives its pod.
//!
//! Answers come newest page first and oldest first within a page, as from Gatus 5. Deliberately absent: its events, uptimes,
//! badges and page, and every other setting than the questions and how many answers are kept.

use super::kinds;
use crate::clock::Clock;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// By the uid of the claim of its volume.
#[derive(Default, Serialize, Deserialize)]
pub struct Volumes(Mutex<BTreeMap<String, Seen>>);

/// What one volume holds.
#[derive(Default, Clone, Serialize, Deserialize)]
pub struct Seen {
    /// The pod that asked last: a new one asks at once.
    pub pod: String,
    /// When it asked last, unix ms.
    pub asked: i64,
    /// By key, oldest first.
    pub answers: BTreeMap<String, Vec<Answer>>,
    /// All that were ever given.
    pub count: u64,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Answer {
    /// Unix ms.
    pub at: i64,
    /// None where nothing answered.
    pub status: Option<u16>,
    /// A connection without HTTP.
    pub connected: bool,
    pub error: Option<String>,
    pub hostname: String,
    pub success: bool,
}

/// A question as it stands in the configuration.
#[derive(Deserialize)]
pub struct Question {
    #[serde(default)]
    pub group: String,
    pub name: String,
    pub url: String,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub conditions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Storage {
    #[serde(default = "hundred")]
    pub maximum_number_of_results: usize,
}

#[derive(Deserialize)]
pub struct Config {
    #[serde(default)]
    pub endpoints: Vec<Question>,
    pub storage: Storage,
}

fn hundred() -> usize {
    100
}

impl Question {
    /// Group and name in lower case, with `-` for what it replaces, and `_` between them.
    pub fn key(&self) -> String {
        let sanitized =
            |text: &str| text.trim().to_lowercase().replace(['/', '_', '.', ',', ' ', '#', '+', '&'], "-");
        format!("{}_{}", sanitized(&self.group), sanitized(&self.name))
    }
}

impl Volumes {
    pub fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another one after every answer.
    pub fn revision(&self) -> u64 {
        self.lock().values().map(|seen| seen.count).sum()
    }
}

/// What it answers at a path; `query` is what stands behind it.
pub fn answer(seen: &Seen, path: &str, query: &str, clock: &Clock) -> Response {
    let date = jiff::Timestamp::from_millisecond(clock.now()).unwrap_or_default();
    let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let told = |status: StatusCode, kind: &'static str, text: String| {
        (status, [(header::DATE, date.clone()), (header::CONTENT_TYPE, kind.to_owned())], text)
            .into_response()
    };
    let question = path.strip_prefix("/api/v1/endpoints/").and_then(|rest| rest.strip_suffix("/statuses"));
    match (path, question) {
        ("/health", _) => told(StatusCode::OK, "application/json", json!({"status": "UP"}).to_string()),
        (_, Some(key)) => match seen.answers.get(key) {
            Some(answers) => {
                let page = page(answers, number(query, "page", 1), number(query, "pageSize", 50));
                let (group, name) = key.split_once('_').unwrap_or(("", key));
                let body = json!({"name": name, "group": group, "key": key, "results": page, "events": []});
                told(StatusCode::OK, "application/json", body.to_string())
            }
            None => told(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "endpoint not found".to_owned()),
        },
        _ => told(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "Cannot GET".to_owned()),
    }
}

fn number(query: &str, name: &str, default: usize) -> usize {
    let given = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(given, _)| *given == name);
    given.and_then(|(_, number)| number.parse().ok()).filter(|number| *number > 0).unwrap_or(default)
}

/// Null where there is none, as an empty list is in Go.
fn page(answers: &[Answer], number: usize, size: usize) -> Value {
    let end = answers.len().saturating_sub((number - 1).saturating_mul(size));
    let page = &answers[end.saturating_sub(size)..end];
    let told: Vec<Value> = page.iter().map(tell).collect();
    if told.is_empty() { Value::Null } else { json!(told) }
}

fn tell(answer: &Answer) -> Value {
    let at = jiff::Timestamp::from_millisecond(answer.at).unwrap_or_default();
    let mut told = json!({
        "hostname": answer.hostname, "duration": 1_834_512, "success": answer.success, "timestamp": at.to_string(),
    });
    if let Some(status) = answer.status {
        told["status"] = json!(status);
    }
    if let Some(error) = &answer.error {
        told["errors"] = json!([error]);
    }
    told
}

/// Whether a pod runs it.
pub fn runs_in(pod: &Value) -> bool {
    pod["spec"]["containers"][0]["image"].as_str().is_some_and(|image| image.contains("gatus"))
}

/// The uid of the claim that a pod keeps its answers on, where the claim is there.
pub fn volume_of(store: &super::store::Store, pod: &Value) -> Option<String> {
    let volumes = pod["spec"]["volumes"].as_array()?;
    let claim = volumes.iter().find_map(|volume| volume["persistentVolumeClaim"]["claimName"].as_str())?;
    let namespace = pod["metadata"]["namespace"].as_str()?;
    let kind = kinds::find(store, "", "v1", "persistentvolumeclaims")?;
    let claim = store.get(&super::store::Key::namespaced(&kind.resource(), namespace, claim))?;
    claim["metadata"]["uid"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(count: i64, path: &str, query: &str) -> (u16, Option<Value>) {
        let answer = |at| Answer {
            at,
            status: Some(200),
            connected: true,
            error: None,
            hostname: "web".into(),
            success: true,
        };
        let answers = BTreeMap::from([("inside_web".to_owned(), (0..count).map(answer).collect())]);
        let response = super::answer(&Seen { answers, ..Seen::default() }, path, query, &Clock::held_at(0));
        let status = response.status().as_u16();
        let body =
            futures::executor::block_on(axum::body::to_bytes(response.into_body(), 1 << 20)).expect("a body");
        (status, serde_json::from_slice(&body).ok())
    }

    #[test]
    fn pages_begin_with_the_newest_and_are_in_order() {
        let path = "/api/v1/endpoints/inside_web/statuses";
        let times = |query: &str| {
            let (_, body) = told(5, path, query);
            let results = body.expect("JSON")["results"].as_array().cloned().unwrap_or_default();
            results
                .iter()
                .map(|one| one["timestamp"].as_str().unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(times("page=1&pageSize=2"), ["1970-01-01T00:00:00.003Z", "1970-01-01T00:00:00.004Z"]);
        assert_eq!(times("page=3&pageSize=2"), ["1970-01-01T00:00:00Z"]);
        let (status, body) = told(5, path, "page=4&pageSize=2");
        assert_eq!((status, &body.expect("JSON")["results"]), (200, &Value::Null));
        assert_eq!(told(5, "/api/v1/endpoints/inside_other/statuses", "").0, 404);
        assert_eq!(told(0, "/health", "").1, Some(json!({"status": "UP"})));
    }
}
