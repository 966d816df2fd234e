//! `scan [--kernel|--raw|--tcp] [--no-mdns] [--large] [--ports SSH,API] [CIDR]…`: one JSON line for each change.
//!
//! For measuring the scan alone, without the product around it. Each line has `ms` since the process began to
//! run, by the monotonic clock, and `event`: `host` (the machine as it is known now), `progress`, `problem`, `done`.

use futures::StreamExt;
use portico_domain::host::{Inventory, subnet};
use portico_world::lan::{Discovery, Method, ScanOptions, discover};
use std::{io::Write, time::Instant};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let started = Instant::now();
    let mut options = ScanOptions::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--kernel" => options.method = Method::Kernel,
            "--raw" => options.method = Method::Raw,
            "--tcp" => options.method = Method::Tcp,
            "--no-mdns" => options.mdns = false,
            "--large" => options.allow_large = true,
            "--ports" => {
                let ports = arguments.next().unwrap_or_default();
                let (ssh, api) = ports.split_once(',').ok_or("--ports SSH,API")?;
                (options.ssh_port, options.api_port) = (ssh.parse()?, api.parse()?);
            }
            cidr => options.subnets.push(subnet::parse(cidr)?),
        }
    }
    let inventory = Inventory::new(options.ssh_port, options.api_port);
    let mut found = discover(options, inventory, CancellationToken::new())?;
    let mut out = std::io::stdout().lock();
    while let Some(event) = found.next().await {
        let mut line = match event {
            Discovery::Host(host) => serde_json::json!({ "event": "host", "host": host }),
            Discovery::Progress { done, total } => {
                serde_json::json!({ "event": "progress", "done": done, "total": total })
            }
            Discovery::Problem(problem) => serde_json::json!({ "event": "problem", "problem": problem }),
            Discovery::Done { .. } => serde_json::json!({ "event": "done" }),
        };
        line["ms"] = (started.elapsed().as_micros() as f64 / 1000.0).into();
        writeln!(out, "{line}")?;
        out.flush()?;
    }
    Ok(())
}
