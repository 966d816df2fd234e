//! The way between the pages and the command table.
//!
//! A request goes in by name, its answer or its error comes back as data; what happens is told as numbered
//! events. A page that missed some sees the gap in the numbers and asks again.

use crate::desktop;
use portico_api::{Api, ApiError};
use portico_domain::event::{Event, Happening};
use serde_json::Value;
use tauri::{AppHandle, Emitter, State};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

const CHANNEL: &str = "portico";

/// Answers a command of the table.
#[tauri::command]
pub async fn rpc(api: State<'_, Api>, name: String, request: Value) -> Result<Value, ApiError> {
    api.call(&name, request).await
}

/// Hands every event on to the pages, and ends of runs to the desktop.
pub async fn tell(mut events: Receiver<Event>, app: AppHandle) {
    loop {
        match events.recv().await {
            Ok(event) => {
                if let Happening::RunEnded { state, .. } = event.what {
                    desktop::run_ended(&app, state);
                }
                if let Err(error) = app.emit(CHANNEL, event) {
                    tracing::warn!(%error, "an event did not reach the window");
                }
            }
            Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "the window is behind"),
            Err(RecvError::Closed) => return,
        }
    }
}
