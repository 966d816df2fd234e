//! What is like ntfy (publishing as JSON), and a webhook behind an address that nobody guesses.
//!
//! Codes and words are ntfy's own: 401 for a token that it does not know, 403 for a topic that asks for one, 404 for other
//! paths, 429 with 42901.

use super::{CLOSED_TOPIC, HOOK, Letterbox, NTFY_TOKEN, OPEN_TOPIC, Received, Via};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

pub fn router(letterbox: Letterbox) -> Router {
    Router::new()
        .route("/", post(publish).put(publish))
        .route("/hooks/{hook}", post(hook))
        .fallback(async || refuse(StatusCode::NOT_FOUND, 40401, "page not found"))
        .with_state(letterbox)
}

fn refuse(status: StatusCode, code: u32, error: &str) -> Response {
    let link = "https://ntfy.sh/docs/publish/";
    let body = json!({"code": code, "http": status.as_u16(), "error": error, "link": link});
    (status, Json(body)).into_response()
}

async fn publish(State(letterbox): State<Letterbox>, headers: HeaderMap, body: String) -> Response {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let known = match shown {
        None => false,
        Some(shown) if shown.strip_prefix("Bearer ") == Some(NTFY_TOKEN) => true,
        Some(_) => return refuse(StatusCode::UNAUTHORIZED, 40101, "unauthorized"),
    };
    let Ok(message) = serde_json::from_str::<Value>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, 40024, "invalid request: request body must be valid JSON");
    };
    let topic = message["topic"].as_str().unwrap_or_default().to_owned();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if !(1..=64).contains(&topic.len()) || !topic.chars().all(plain) {
        return refuse(StatusCode::BAD_REQUEST, 40009, "invalid request: topic invalid");
    }
    let priority = &message["priority"];
    if !priority.is_null() && !priority.as_u64().is_some_and(|number| (1..=5).contains(&number)) {
        return refuse(StatusCode::BAD_REQUEST, 40007, "invalid request: priority invalid");
    }
    if topic != OPEN_TOPIC && !(known && topic == CLOSED_TOPIC) {
        return refuse(StatusCode::FORBIDDEN, 40301, "forbidden");
    }
    if !letterbox.admits() {
        return refuse(
            StatusCode::TOO_MANY_REQUESTS,
            42901,
            "limit reached: too many requests, please be nice",
        );
    }
    let answer = json!({"id": "practice", "event": "message", "topic": topic});
    let (via, encrypted, headers) = (Via::Ntfy, false, Vec::new());
    letterbox.take_in(Received { via, to: topic, encrypted, text: body, json: message, headers });
    Json(answer).into_response()
}

async fn hook(
    State(letterbox): State<Letterbox>,
    Path(hook): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    if hook != HOOK {
        return (StatusCode::NOT_FOUND, "no such hook").into_response();
    }
    let json = serde_json::from_str(&body).unwrap_or_default();
    let named = |name: &header::HeaderName| name.as_str().to_owned();
    let headers = headers
        .iter()
        .filter_map(|(name, value)| Some((named(name), value.to_str().ok()?.to_owned())))
        .collect();
    let (via, encrypted) = (Via::Webhook, false);
    letterbox.take_in(Received { via, to: hook, encrypted, text: body, json, headers });
    StatusCode::NO_CONTENT.into_response()
}
