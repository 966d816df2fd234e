//! The way between the pages and the command table.
//!
//! A request goes in by name, its answer or its error comes back as data; what happens is told as numbered
//! events. A page that missed some sees the gap in the numbers and asks again.

use crate::desktop;
use portico_api::worlds::Worlds;
use portico_api::{Api, ApiError};
use portico_domain::alarm::Alarms;
use portico_domain::condition::{Condition, Severity};
use portico_domain::event::Happening;
use portico_domain::problem::{Code, Problem};
use serde_json::Value;
use std::collections::BTreeSet;
use tauri::{AppHandle, Emitter, State};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

const CHANNEL: &str = "portico";

/// Judged by the table, done here: a link that it allowed goes to the browser.
const LINK_OPEN: &str = "link-open";

/// The shell's own and not in the table: the window hands over the words for what is said beside it.
const SPEAK: &str = "speak";

/// Answers a command of the table.
#[tauri::command]
pub async fn rpc(
    app: AppHandle,
    worlds: State<'_, Worlds>,
    name: String,
    request: Value,
) -> Result<Value, ApiError> {
    if name == SPEAK {
        let words = serde_json::from_value(request);
        let words = words.map_err(|error| Problem::new(Code::RequestMalformed).detail(error))?;
        worlds.speak(&words);
        desktop::speak(&app, words);
        return Ok(Value::Null);
    }
    let link = (name == LINK_OPEN).then(|| request["url"].as_str().unwrap_or_default().to_owned());
    let answer = worlds.call(&name, request).await?;
    if let Some(url) = link
        && let Err(error) = open::that_detached(url)
    {
        return Err(Problem::new(Code::BrowserMissing).detail(error).into());
    }
    Ok(answer)
}

/// How many names cannot be reached.
fn down(conditions: &[Condition]) -> usize {
    let down = conditions.iter().filter(|condition| condition.severity == Severity::Down);
    down.flat_map(|condition| &condition.hostnames).collect::<BTreeSet<_>>().len()
}

/// Hands every event of the world that is shown on to the pages, and ends of runs to the desktop.
pub async fn tell(mut shown: watch::Receiver<Api>, app: AppHandle) {
    loop {
        let mut events = shown.borrow_and_update().engine().listen();
        let mut alarms = Alarms::default();
        loop {
            let event = tokio::select! {
                event = events.recv() => event,
                changed = shown.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return,
                },
            };
            match event {
                Ok(event) => {
                    match &event.what {
                        Happening::RunEnded { state, .. } => desktop::run_ended(&app, *state),
                        Happening::Conditions { conditions } => {
                            desktop::alarm(&app, &alarms.look(conditions), down(conditions));
                        }
                        _ => {}
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
}
