//! `portico conditions`, `hush` and `maintenance`: what is wrong, and who knows of it.

use crate::arguments::Status;
use crate::change::unlock;
use crate::output::Output;
use jiff::Timestamp;
use portico_api::Api;
use portico_api::english::explain;
use portico_api::wire::{Conditions, Empty, HushRequest, Maintain};
use portico_domain::condition::{Condition, Hush, Severity};
use portico_domain::event::Happening;
use portico_domain::problem::Problem;
use std::process::ExitCode;
use std::time::Duration;

pub async fn list(api: &Api, options: Status, output: &Output) -> Result<ExitCode, Problem> {
    unlock(api, &options.secrets).await?;
    if !options.watch {
        return Ok(show(&api.conditions(Empty {}).await?, output));
    }
    let mut code = ExitCode::SUCCESS;
    let mut events = api.engine().listen();
    let _watch = api.engine().watch();
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(code),
            event = events.recv() => {
                if event.is_ok_and(|event| matches!(event.what, Happening::Conditions { .. })) {
                    code = show(&api.conditions(Empty {}).await?, output);
                }
            }
        }
    }
}

pub async fn hush(
    api: &Api,
    id: String,
    lasting: Option<Duration>,
    undo: bool,
    output: &Output,
) -> Result<ExitCode, Problem> {
    let hush = match lasting {
        _ if undo => None,
        None => Some(Hush::Acknowledged),
        Some(lasting) => Some(Hush::Snoozed { until: after(lasting) }),
    };
    Ok(show(&api.hush(HushRequest { id, hush }).await?, output))
}

pub async fn maintenance(
    api: &Api,
    subject: String,
    lasting: Duration,
    end: bool,
    output: &Output,
) -> Result<ExitCode, Problem> {
    let until = (!end).then(|| after(lasting));
    Ok(show(&api.maintain(Maintain { subject, until }).await?, output))
}

fn after(lasting: Duration) -> i64 {
    let lasting = i64::try_from(lasting.as_millis()).unwrap_or(i64::MAX);
    Timestamp::now().as_millisecond().saturating_add(lasting)
}

/// Fails when something is down and nobody knows of it.
fn show(conditions: &Conditions, output: &Output) -> ExitCode {
    output.show(conditions, || {
        if conditions.conditions.is_empty() {
            return "Nothing is wrong, as far as can be seen.".to_owned();
        }
        conditions.conditions.iter().map(describe).collect::<Vec<_>>().join("\n")
    });
    let unknown = |condition: &Condition| condition.severity == Severity::Down && condition.hushed.is_none();
    if conditions.conditions.iter().any(unknown) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn describe(condition: &Condition) -> String {
    let word = match condition.severity {
        Severity::Down => "down",
        Severity::Degraded => "degraded",
        Severity::Notice => "notice",
    };
    let time = |at: i64| Timestamp::from_millisecond(at).map(|at| at.strftime("%Y-%m-%d %H:%M").to_string());
    let (what, next) = explain(&condition.problem);
    let mut text = format!("{word:<9} {}\n          {what}\n          {next}", condition.id);
    if !condition.hostnames.is_empty() {
        text.push_str(&format!("\n          touches {}", condition.hostnames.join(", ")));
    }
    let since = time(condition.since).unwrap_or_default();
    text.push_str(&format!("\n          since {since} UTC"));
    text.push_str(&match condition.hushed {
        None => String::new(),
        Some(Hush::Acknowledged) => ", acknowledged".to_owned(),
        Some(Hush::Snoozed { until }) => format!(", quiet until {} UTC", time(until).unwrap_or_default()),
        Some(Hush::Maintenance { until }) => {
            format!(", being worked on until {} UTC", time(until).unwrap_or_default())
        }
    });
    text
}
