//! `portico check`, `preview`, `apply`, `resume`, `expose`, `hide`, `reconcile`: every write shows itself first.

use crate::arguments::{Apply, Confirmed, Document, Expose, Hide, Resume, Secrets};
use crate::output::{Output, say};
use crate::secret;
use portico_api::Api;
use portico_api::checks;
use portico_api::wire::{ApplyRequest, PlanView, PreviewRequest, RunRef};
use portico_domain::catalogue::{App, ECHO_IMAGE};
use portico_domain::change::Change;
use portico_domain::cluster::{self, ClusterDocument};
use portico_domain::dns::Hostname;
use portico_domain::event::Happening;
use portico_domain::exposure::{Backend, Exposure, Reach, Tls};
use portico_domain::problem::{Code, Problem};
use portico_domain::run::{Run, RunState, RunStep, StepState};
use portico_domain::step::{Sign, Verdict};
use std::path::Path;
use std::process::ExitCode;

pub async fn check(api: &Api, options: Document, output: &Output) -> Result<ExitCode, Problem> {
    let Some(document) = read(&options.document, output)? else { return Ok(ExitCode::from(2)) };
    unlock(api, &options.secrets).await?;
    let checked = api.check(portico_api::wire::Document { document }).await?;
    output.show(&checked, || checks::report(&checked.findings));
    for problem in checked.unread.values() {
        output.problem(problem);
    }
    let stops = checks::stops(&checked.findings) || !checked.unread.is_empty();
    Ok(if stops { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

pub async fn preview(api: &Api, options: Document, output: &Output) -> Result<ExitCode, Problem> {
    let Some(document) = read(&options.document, output)? else { return Ok(ExitCode::from(2)) };
    unlock(api, &options.secrets).await?;
    let plan = api.preview(PreviewRequest { change: Change::BuildCluster { document } }).await?;
    output.show(&plan, || describe(&plan, options.commands));
    Ok(match &plan.hindrance {
        Some(problem) if !output.json => output.failure(problem),
        Some(_) => ExitCode::FAILURE,
        None => ExitCode::SUCCESS,
    })
}

pub async fn apply(api: &Api, options: Apply, output: &Output) -> Result<ExitCode, Problem> {
    let Some(document) = read(&options.document, output)? else { return Ok(ExitCode::from(2)) };
    unlock(api, &options.secrets).await?;
    change(api, Change::BuildCluster { document }, options.yes, output).await
}

pub async fn expose(api: &Api, options: Expose, output: &Output) -> Result<ExitCode, Problem> {
    let hostname = Hostname::parse(&options.host)?;
    let (name, backend) = backend(&options.service)?;
    let name = called(name, &backend, &api.engine().desired().await?.exposures);
    let tls = match &backend {
        _ if options.passthrough => Tls::Passthrough,
        Backend::App { app } => app.tls(),
        _ => Tls::Terminated,
    };
    let reach = if options.public { Reach::Public } else { Reach::Lan };
    let exposure = Exposure { name, hostname, reach, tls, access: options.access, backend };
    let accept_retired = options.accept_retired_ingress;
    let change = Change::Expose { exposure, adopt: options.adopt, accept_retired };
    apply_change(api, change, options.confirmed, output).await
}

pub async fn hide(api: &Api, options: Hide, output: &Output) -> Result<ExitCode, Problem> {
    let exposures = api.engine().desired().await?.exposures;
    let exposure = exposures.into_iter().find(|exposure| exposure.name == options.service);
    let exposure =
        exposure.ok_or_else(|| Problem::new(Code::ExposureMissing).arg("service", &options.service))?;
    let change = Change::Hide { exposure, uninstall: options.uninstall };
    apply_change(api, change, options.confirmed, output).await
}

pub async fn reconcile(api: &Api, confirmed: Confirmed, output: &Output) -> Result<ExitCode, Problem> {
    apply_change(api, Change::Reconcile, confirmed, output).await
}

/// Unlocks what has to be, shows the plan, and does it on a yes.
pub async fn apply_change(
    api: &Api,
    wanted: Change,
    confirmed: Confirmed,
    output: &Output,
) -> Result<ExitCode, Problem> {
    unlock(api, &confirmed.secrets).await?;
    change(api, wanted, confirmed.yes, output).await
}

pub async fn resume(api: &Api, options: Resume, output: &Output) -> Result<ExitCode, Problem> {
    unlock(api, &options.secrets).await?;
    let events = api.engine().listen();
    let run = api.resume(RunRef { run: options.run }).await?;
    follow(api, run, events, output).await
}

pub async fn change(api: &Api, change: Change, yes: bool, output: &Output) -> Result<ExitCode, Problem> {
    let plan = api.preview(PreviewRequest { change }).await?;
    if !output.json {
        say!("{}", describe(&plan, false));
    }
    if let Some(problem) = plan.hindrance {
        return Err(problem);
    }
    if plan.steps.iter().all(|step| step.verdict == Verdict::Yes) {
        output.show(&plan, || "Everything is as it should be.".into());
        return Ok(ExitCode::SUCCESS);
    }
    if !yes && !secret::confirm("Go ahead?") {
        return Err(Problem::new(Code::ConfirmationNeeded));
    }
    let events = api.engine().listen();
    let run = api.apply(ApplyRequest { plan: plan.id }).await?;
    follow(api, run, events, output).await
}

/// Follows a run to its end; Ctrl-C asks it to stop and goes on following.
async fn follow(
    api: &Api,
    run: Run,
    mut events: tokio::sync::broadcast::Receiver<portico_domain::event::Event>,
    output: &Output,
) -> Result<ExitCode, Problem> {
    if !output.json {
        say!("Run {}", run.id);
    }
    let interrupt = tokio::signal::ctrl_c();
    tokio::pin!(interrupt);
    let mut asked_to_stop = false;
    let state = loop {
        // It may have ended before anybody listened.
        if run.state != RunState::Running {
            break run.state;
        }
        let event = tokio::select! {
            event = events.recv() => event,
            _ = &mut interrupt, if !asked_to_stop => {
                asked_to_stop = true;
                eprintln!("Stopping after this step …");
                api.cancel(RunRef { run: run.id.clone() }).await?;
                continue;
            }
        };
        let Ok(event) = event else {
            // Events were lost: the journal knows the rest.
            let now = api.run(RunRef { run: run.id.clone() }).await?;
            if now.state != RunState::Running {
                break now.state;
            }
            continue;
        };
        if output.json {
            output.show(&event, String::new);
        }
        match event.what {
            Happening::Step { run: id, step, seconds_left } if id == run.id && !output.json => {
                print_step(&step, seconds_left, output);
            }
            Happening::RunEnded { run: id, state } if id == run.id => break state,
            _ => {}
        }
    };
    if !output.json {
        say!("Run {}: {}", run.id, checks::run_state(state));
    }
    if let Some(undoing) = api.engine().undoing(&run.id) {
        if !output.json {
            say!("What was changed is put back.");
        }
        let events = api.engine().listen();
        let undo = api.run(RunRef { run: undoing }).await?;
        Box::pin(follow(api, undo, events, output)).await?;
    }
    Ok(if state == RunState::Done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_step(step: &RunStep, seconds_left: Option<u32>, output: &Output) {
    let left = seconds_left
        .filter(|left| *left > 0)
        .map(|left| format!("  about {left} s left"))
        .unwrap_or_default();
    match step.state {
        StepState::Running if step.progress.is_none() && step.log.is_empty() => {
            say!("… {}{left}", step.id)
        }
        StepState::Done => {
            say!("✓ {}", step.id);
            if let Some(note) = &step.note {
                let (what, next) = portico_api::english::explain(note);
                say!("  ! {what}\n    {next}");
            }
        }
        StepState::Skipped => say!("= {}", step.id),
        StepState::Failed => {
            eprintln!("✗ {}", step.id);
            step.log.iter().rev().take(20).rev().for_each(|line| eprintln!("  | {line}"));
            if let Some(problem) = &step.problem {
                output.problem(problem);
            }
        }
        StepState::Waiting | StepState::Running | StepState::NotRun => {}
    }
}

fn describe(plan: &PlanView, commands: bool) -> String {
    let mut text = String::new();
    let findings = checks::report(&plan.findings);
    if !findings.is_empty() {
        text.push_str(&format!("{findings}\n\n"));
    }
    for step in &plan.steps {
        let title = checks::stage(step.stage);
        match &step.verdict {
            Verdict::Yes => text.push_str(&format!("= {:<28} {title}\n", step.id)),
            Verdict::No { diff } => {
                text.push_str(&format!("• {:<28} {title}\n", step.id));
                for line in diff {
                    let sign = match line.sign {
                        Sign::Add => '+',
                        Sign::Remove => '-',
                        Sign::Change => '~',
                    };
                    text.push_str(&format!("    {sign} {}\n", line.text));
                }
            }
            Verdict::Blocked { problem } => {
                text.push_str(&format!("✗ {:<28} {}\n", step.id, portico_api::english::explain(problem).0));
            }
        }
        if commands {
            step.command.lines().for_each(|line| text.push_str(&format!("      {line}\n")));
        }
    }
    let needed = plan.steps.iter().filter(|step| step.verdict != Verdict::Yes).count();
    text.push_str(&format!("{needed} of {} steps to do", plan.steps.len()));
    text
}

/// The document, or `None` after its problems were printed.
fn read(path: &Path, output: &Output) -> Result<Option<ClusterDocument>, Problem> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Problem::new(Code::DocumentUnreadable).arg("path", path.display()).detail(error))?;
    match cluster::parse(&text) {
        Ok(document) => Ok(Some(document)),
        Err(problems) => {
            problems.iter().for_each(|problem| output.problem(problem));
            Ok(None)
        }
    }
}

/// Asks for the secrets that were to be asked for.
pub async fn unlock(api: &Api, secrets: &Secrets) -> Result<(), Problem> {
    if secrets.ask_password {
        api.engine().use_password(secret::read("Password of the machines")?).await;
    }
    if secrets.ask_token {
        api.engine().use_cloudflare_token(secret::read("Cloudflare token")?).await?;
    }
    if secrets.ask_cluster_token {
        api.engine().use_cluster_token(secret::read("The cluster's own token")?).await?;
    }
    Ok(())
}

/// What the service is called already, or else the first of `name`, `name-2`… that nothing else is called.
fn called(name: String, backend: &Backend, exposures: &[Exposure]) -> String {
    let same: Vec<&str> =
        exposures.iter().filter(|it| it.backend.is_same(backend)).map(|it| it.name.as_str()).collect();
    if let Some(first) = same.first() {
        return if same.contains(&name.as_str()) { name } else { (*first).to_owned() };
    }
    let others = (2..).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.clone()).chain(others);
    names.find(|name| exposures.iter().all(|present| present.name != *name)).unwrap_or(name)
}

/// `echo`, an app of the catalogue, or `NAMESPACE/NAME:PORT`.
fn backend(text: &str) -> Result<(String, Backend), Problem> {
    if text == "echo" {
        return Ok(("echo".into(), Backend::Echo { image: ECHO_IMAGE.into() }));
    }
    if let Some(app) = App::ALL.into_iter().find(|app| app.name() == text) {
        return Ok((text.to_owned(), Backend::App { app }));
    }
    let parsed = text.split_once('/').and_then(|(namespace, rest)| {
        let (name, port) = rest.split_once(':')?;
        Some((namespace.to_owned(), name.to_owned(), port.parse().ok()?))
    });
    let (namespace, name, port) = parsed.ok_or_else(|| {
        Problem::new(Code::FieldInvalid)
            .arg("field", "SERVICE")
            .arg("value", text)
            .arg("example", "echo, grafana, argocd, or default/web:80")
    })?;
    Ok((name.clone(), Backend::Service { namespace, name, port }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_service_keeps_what_it_is_called_and_takes_no_others_name() {
        let named = |service: &str, exposures: &[Exposure]| {
            let (name, backend) = backend(service).unwrap();
            let name = called(name, &backend, exposures);
            let hostname = format!("{name}.example.test");
            let exposure = json!({"name": name, "hostname": hostname, "reach": "lan", "backend": backend});
            serde_json::from_value::<Exposure>(exposure).unwrap()
        };
        let mut exposures = Vec::new();
        for (service, name) in [
            ("echo", "echo"),
            ("web/echo:80", "echo-2"),
            ("other/echo:80", "echo-3"),
            ("grafana", "grafana"),
            ("web/echo:8080", "echo-2"),
            ("echo", "echo"),
        ] {
            let exposure = named(service, &exposures);
            assert_eq!(exposure.name, name, "{service}");
            exposures.push(exposure);
        }
    }
}
