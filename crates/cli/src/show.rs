//! `portico runs`, `cancel`, `services`, `names`, `flow`: what is, without changing anything.

use crate::arguments::{Flow, Secrets};
use crate::change::unlock;
use crate::output::Output;
use portico_api::Api;
use portico_api::checks;
use portico_api::english::explain;
use portico_api::wire::{Empty, RunRef};
use portico_domain::exposure::Reach;
use portico_domain::flow::FlowGraph;
use portico_domain::problem::Problem;
use portico_domain::run::{Run, StepState};
use portico_domain::traffic::READ_EVERY_MS;
use std::process::ExitCode;
use std::time::Duration;

pub async fn cancel(api: &Api, run: String, output: &Output) -> Result<ExitCode, Problem> {
    let done = api.cancel(RunRef { run }).await?;
    output.show(&done, || "✓ It stops after the steps that are at work.".into());
    Ok(ExitCode::SUCCESS)
}

pub async fn runs(api: &Api, run: Option<String>, output: &Output) -> Result<ExitCode, Problem> {
    match run {
        Some(run) => {
            let run = api.run(RunRef { run }).await?;
            output.show(&run, || describe(&run));
        }
        None => {
            for run in api.runs(Empty {}).await?.runs {
                output.show(&run, || summary(&run));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn summary(run: &Run) -> String {
    let done =
        run.steps.iter().filter(|step| matches!(step.state, StepState::Done | StepState::Skipped)).count();
    format!("{}  {:<12} {done} of {} steps", run.id, checks::run_state(run.state), run.steps.len())
}

fn describe(run: &Run) -> String {
    let mut text = summary(run);
    for step in &run.steps {
        text.push_str(&format!("\n{:<10} {}", checks::step_state(step.state), step.id));
        for line in &step.log {
            text.push_str(&format!("\n           | {line}"));
        }
        if let Some(problem) = &step.problem {
            let (what, next) = explain(problem);
            text.push_str(&format!("\n           {what}\n           {next}"));
        }
    }
    text
}

pub async fn services(api: &Api, secrets: Secrets, output: &Output) -> Result<ExitCode, Problem> {
    unlock(api, &secrets).await?;
    let services = api.services(Empty {}).await?;
    output.show(&services, || {
        let exposed = services.exposed.iter().map(|service| {
            let exposure = &service.exposure;
            let reach = match (exposure.reach, exposure.access.is_empty()) {
                (Reach::Lan, _) => "LAN only",
                (Reach::Public, true) => "public",
                (Reach::Public, false) => "public, with a login",
            };
            let mut text = format!(
                "{:<9} {:<20} {:<40} {reach}",
                checks::health(service.health),
                exposure.name,
                exposure.hostname
            );
            for note in service.reason.iter().chain(&service.notes) {
                text.push_str(&format!("\n          {}", explain(note).0));
            }
            text
        });
        let available = services.available.iter().map(|service| {
            let ports: Vec<String> = service.ports.iter().map(u16::to_string).collect();
            format!("          {}/{}:{}", service.namespace, service.name, ports.join(","))
        });
        exposed.chain(["Could be exposed:".to_owned()]).chain(available).collect::<Vec<_>>().join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

pub async fn names(api: &Api, secrets: Secrets, output: &Output) -> Result<ExitCode, Problem> {
    unlock(api, &secrets).await?;
    let report = api.names(Empty {}).await?;
    output.show(&report, || {
        let told = report.problems.iter().map(|problem| {
            let (what, next) = explain(problem);
            format!("! {what}\n  {next}")
        });
        let told: Vec<String> = told.collect();
        if told.is_empty() { "✓ Every name has its own record.".into() } else { told.join("\n") }
    });
    Ok(if report.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub async fn flow(api: &Api, options: Flow, output: &Output) -> Result<ExitCode, Problem> {
    unlock(api, &options.secrets).await?;
    let mut flow = api.flow(Empty {}).await?;
    // What was counted once is no rate yet.
    if options.rates {
        tokio::time::sleep(Duration::from_millis(READ_EVERY_MS.unsigned_abs() + 500)).await;
        flow = api.flow(Empty {}).await?;
    }
    output.show(&flow, || table(&flow));
    Ok(ExitCode::SUCCESS)
}

fn table(flow: &FlowGraph) -> String {
    let mut text = String::new();
    for path in &flow.paths {
        text.push_str(&format!("{} — {}\n", path.hostname, checks::health(path.health)));
        for note in &path.notes {
            text.push_str(&format!("  ! {}\n", explain(note).0));
        }
        for hop in path.hops.iter().filter_map(|id| flow.hops.iter().find(|hop| hop.id == *id)) {
            let rate = hop.rate.map(|rate| format!("{:.2}/s", rate.per_second));
            // What another hop explains is said there.
            let cause = hop.because.as_ref().and_then(|id| flow.hops.iter().find(|hop| hop.id == *id));
            let reason = match (cause, &hop.reason) {
                (Some(cause), _) => Some(format!("because of {}", cause.label)),
                (None, Some(problem)) => Some(explain(problem).0),
                (None, None) => None,
            };
            let detail = Some(hop.detail.clone()).filter(|detail| !detail.is_empty());
            text.push_str(&format!(
                "  {:<9} {:<14} {:<32} {}\n",
                checks::health(hop.health),
                checks::hop_kind(hop.kind),
                hop.label,
                [detail, rate, reason].into_iter().flatten().collect::<Vec<_>>().join("  ")
            ));
        }
    }
    for condition in &flow.conditions {
        text.push_str(&format!("! {}\n", explain(condition).0));
    }
    if flow.paths.is_empty() {
        text.push_str("Nothing is exposed yet: portico expose echo --host echo.example.com --lan");
    }
    text.trim_end().to_owned()
}
