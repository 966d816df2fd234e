//! `portico status`: whether all is well, for a glance and for scripts.

use crate::arguments::Status;
use crate::change::unlock;
use crate::output::Output;
use crate::why::status;
use portico_api::Api;
use portico_api::checks;
use portico_api::english::explain;
use portico_api::wire::Empty;
use portico_domain::event::Happening;
use portico_domain::flow::{FlowGraph, Health};
use portico_domain::problem::Problem;
use serde::Serialize;
use std::collections::BTreeMap;
use std::process::ExitCode;

/// What is said, and by which two looks are compared.
#[derive(Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Summary {
    health: Health,
    /// By hostname.
    services: BTreeMap<String, Health>,
    /// Each cause once, the worst first.
    causes: Vec<Problem>,
    /// What should be known for as long as it is so.
    conditions: Vec<Problem>,
}

pub async fn run(api: &Api, options: Status, output: &Output) -> Result<ExitCode, Problem> {
    unlock(api, &options.secrets).await?;
    let mut events = api.engine().listen();
    let mut last = summary(&api.flow(Empty {}).await?);
    tell(&last, output);
    if options.watch {
        let _watch = api.engine().watch();
        loop {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => break,
                event = events.recv() => {
                    let Ok(event) = event else { continue };
                    if event.what == Happening::Flow {
                        let now = summary(&*api.engine().flow_told().await?);
                        if now != last {
                            tell(&now, output);
                            last = now;
                        }
                    }
                }
            }
        }
    }
    Ok(status(last.health, false))
}

fn summary(flow: &FlowGraph) -> Summary {
    let mut hops: Vec<_> = flow.hops.iter().filter(|hop| hop.because.is_none()).collect();
    hops.sort_by_key(|hop| std::cmp::Reverse(hop.health));
    let mut causes: Vec<Problem> = Vec::new();
    for reason in hops.iter().filter_map(|hop| hop.reason.as_ref()) {
        if !causes.contains(reason) {
            causes.push(reason.clone());
        }
    }
    Summary {
        health: flow.paths.iter().map(|path| path.health).max().unwrap_or(Health::Up),
        services: flow.paths.iter().map(|path| (path.hostname.clone(), path.health)).collect(),
        causes,
        conditions: flow.conditions.clone(),
    }
}

fn tell(summary: &Summary, output: &Output) {
    output.show(summary, || {
        let well = summary.services.values().filter(|health| **health == Health::Up).count();
        let mut text = format!(
            "{}: {well} of {} services can be reached.",
            checks::health(summary.health),
            summary.services.len()
        );
        for (hostname, health) in summary.services.iter().filter(|(_, health)| **health != Health::Up) {
            text.push_str(&format!("\n  {:<9} {hostname}", checks::health(*health)));
        }
        for problem in summary.causes.iter().chain(&summary.conditions) {
            let (what, next) = explain(problem);
            text.push_str(&format!("\n! {what}\n  {next}"));
        }
        text
    });
}
