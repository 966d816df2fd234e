//! `portico why`: every hop of a name is tried, and one sentence says what is wrong.

use crate::arguments::Secrets;
use crate::change::unlock;
use crate::output::{Output, say};
use portico_api::Api;
use portico_api::checks;
use portico_api::english::explain;
use portico_api::wire::NameRef;
use portico_domain::diagnosis::{Diagnosis, Test};
use portico_domain::event::Happening;
use portico_domain::flow::Health;
use portico_domain::problem::{Code, Problem};
use std::process::ExitCode;

/// Exit status 0 when the name can be reached and nothing is wrong, 1 when something is, 4 when that is not known.
pub async fn run(
    api: &Api,
    hostname: String,
    secrets: Secrets,
    output: &Output,
) -> Result<ExitCode, Problem> {
    unlock(api, &secrets).await?;
    let mut events = api.engine().listen();
    let looking = api.diagnose(NameRef { hostname });
    tokio::pin!(looking);
    let mut told = Vec::new();
    let diagnosis = loop {
        tokio::select! {
            diagnosis = &mut looking => break diagnosis?,
            event = events.recv() => if let Ok(event) = event
                && let Happening::Diagnosis { diagnosis } = event.what
                && !output.json
            {
                tell(&diagnosis, &mut told);
            },
        }
    };
    if output.json {
        output.show(&diagnosis, String::new);
    } else {
        tell(&diagnosis, &mut told);
        say!("{}", verdict(&diagnosis));
    }
    Ok(status(diagnosis.health, diagnosis.cause.is_some()))
}

pub fn status(health: Health, has_cause: bool) -> ExitCode {
    match health {
        Health::Up if !has_cause => ExitCode::SUCCESS,
        Health::Unknown => ExitCode::from(4),
        _ => ExitCode::FAILURE,
    }
}

/// Says each test once, when its outcome is known.
fn tell(diagnosis: &Diagnosis, told: &mut Vec<Test>) {
    let known = diagnosis.tests.iter().filter(|test| test.health != Health::Unknown);
    for test in known {
        let is_told = |other: &Test| (other.kind, &other.subject) == (test.kind, &test.subject);
        if !told.iter().any(is_told) {
            say!("{}", line(test));
            told.push(test.clone());
        }
    }
}

fn line(test: &Test) -> String {
    let mark = match test.health {
        Health::Up => "✓",
        Health::Degraded => "!",
        Health::Down => "✗",
        Health::Unknown => "?",
    };
    let mut text = format!("{mark} {:<28} {}", checks::test_kind(test.kind), test.subject);
    if !test.evidence.is_empty() {
        text.push_str(&format!("  ({})", test.evidence));
    }
    text
}

fn verdict(diagnosis: &Diagnosis) -> String {
    let unknown = diagnosis.tests.iter().filter(|test| test.health == Health::Unknown);
    let mut text: String = unknown.map(|test| line(test) + "\n").collect();
    match (&diagnosis.cause, diagnosis.health) {
        (Some(cause), _) => {
            let (what, next) = explain(cause);
            text.push_str(&format!("\n{what}\n{next}"));
            for line in cause.detail.iter().flat_map(|detail| detail.lines()) {
                text.push_str(&format!("\n  | {line}"));
            }
        }
        (None, Health::Up) => text.push_str(&format!("\n{} can be reached.", diagnosis.hostname)),
        (None, _) => {
            let why = diagnosis.tests.iter().find_map(|test| test.problem.as_ref());
            let (what, next) = explain(why.unwrap_or(&Problem::new(Code::KubeUnreachable)));
            text.push_str(&format!("\nIt cannot be said: {what}\n{next}"));
        }
    }
    text
}
