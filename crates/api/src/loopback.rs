//! The commands over HTTP on loopback, for tests in a browser. No shell of the product starts it.
//!
//! `POST /rpc/NAME` with JSON, `GET /events` as server-sent events; each request carries the bearer token
//! that was minted at start, so that no page of another origin can use it.

use crate::Api;
use axum::Json;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures::{Stream, StreamExt};
use serde_json::Value;
use std::convert::Infallible;
use std::sync::Arc;
use tokio_stream::wrappers::BroadcastStream;

/// The routes; `token` is what callers have to show.
pub fn router(api: Api, token: String) -> Router {
    let token: Arc<str> = token.into();
    Router::new()
        .route("/rpc/{name}", post(rpc))
        .route("/events", get(events))
        .layer(from_fn_with_state(token, authorised))
        .with_state(api)
}

async fn authorised(State(token): State<Arc<str>>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if shown == Some(&format!("Bearer {token}")) {
        next.run(request).await
    } else {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

async fn rpc(State(api): State<Api>, Path(name): Path<String>, Json(request): Json<Value>) -> Response {
    match api.call(&name, request).await {
        Ok(response) => Json(response).into_response(),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, Json(error)).into_response(),
    }
}

async fn events(State(api): State<Api>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    // A lagging reader just misses events; the numbers tell it so.
    let events = BroadcastStream::new(api.engine().listen()).filter_map(|event| async move {
        let text = serde_json::to_string(&event.ok()?).ok()?;
        Some(Ok(Event::default().data(text)))
    });
    Sse::new(events)
}
