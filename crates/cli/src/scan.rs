//! `portico scan`: machines as they are found, a line each; in JSON again whenever more is known.

use crate::arguments::Scan;
use crate::output::Output;
use portico_api::Api;
use portico_api::wire::{Empty, ScanStart, ScanStarted};
use portico_domain::event::Happening;
use portico_domain::host::Host;
use portico_domain::problem::Problem;
use std::process::ExitCode;

pub async fn run(api: &Api, options: Scan, output: &Output) -> Result<ExitCode, Problem> {
    if options.interfaces {
        for interface in api.interfaces(Empty {}).await?.interfaces {
            output.show(&interface, || format!("{interface:?}"));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut events = api.engine().listen();
    let request = ScanStart { subnets: options.subnets, allow_large: options.allow_large };
    let started = api.scan_start(request).await?;
    let interrupt = tokio::signal::ctrl_c();
    tokio::pin!(interrupt);
    let mut asked_to_stop = false;
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            _ = &mut interrupt, if !asked_to_stop => {
                asked_to_stop = true;
                api.scan_cancel(ScanStarted { scan: started.scan.clone() }).await?;
                continue;
            }
        };
        match event.map(|event| event.what) {
            // People get the sum at the end; a program gets each piece of news.
            Ok(Happening::Host { host }) if output.json => output.show(&host, String::new),
            Ok(Happening::ScanProblem { scan, problem }) if scan == started.scan => output.problem(&problem),
            Ok(Happening::ScanDone { scan, .. }) if scan == started.scan => break,
            Ok(_) | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
            Err(tokio::sync::broadcast::error::RecvError::Closed) => break,
        }
    }
    if !output.json {
        let hosts = api.machines(Empty {}).await?.hosts;
        let present: Vec<&Host> = hosts.iter().filter(|host| host.present).collect();
        for host in &present {
            println!("{}", line(host));
        }
        println!("{} machines", present.len());
    }
    Ok(ExitCode::SUCCESS)
}

fn line(host: &Host) -> String {
    let address = host.addresses.first().map(ToString::to_string).unwrap_or_default();
    let name = host.names.first().cloned().unwrap_or_default();
    let vendor = host.vendor.clone().unwrap_or_default();
    // The kind that the first contact will show, where the machine has it.
    let keys = || host.ssh.iter().flat_map(|ssh| &ssh.keys);
    let key = keys().find(|key| key.kind == "ssh-ed25519").or_else(|| keys().next());
    let key = key.map(|key| key.fingerprint.clone());
    format!(
        "{address:<16} {name:<24} {vendor:<18} {} {}",
        portico_api::checks::fit(&host.fit),
        key.unwrap_or_default()
    )
}
