//! `portico scan`: machines as they are found, a line each; in JSON again whenever more is known.

use crate::arguments::Scan;
use crate::output::{Output, say};
use portico_api::Api;
use portico_api::wire::{Empty, ScanStart, ScanStarted};
use portico_domain::event::Happening;
use portico_domain::host::Host;
use portico_domain::host::interface::{Interface, LeftOut};
use portico_domain::problem::Problem;
use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::net::IpAddr;
use std::process::ExitCode;

pub async fn run(api: &Api, options: Scan, output: &Output) -> Result<ExitCode, Problem> {
    if options.interfaces {
        for interface in api.interfaces(Empty {}).await?.interfaces {
            output.show(&interface, || network(&interface));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut events = api.engine().listen();
    let Scan { subnets, allow_large, ports, .. } = options;
    let request = ScanStart { subnets, allow_large, ports };
    let started = api.scan_start(request).await?;
    let interrupt = tokio::signal::ctrl_c();
    tokio::pin!(interrupt);
    let mut asked_to_stop = false;
    let (mut found, mut asked) = (BTreeSet::new(), (0, 0));
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
            // A program gets each piece of news; people see the count grow, and the machines in order at the end.
            Ok(Happening::Host { host }) if output.json => output.show(&host, String::new),
            Ok(Happening::Host { host }) => {
                found.insert(host.addresses.first().copied());
                count(&found, asked);
            }
            Ok(Happening::ScanProgress { scan, done, total }) if scan == started.scan && !output.json => {
                asked = (done, total);
                count(&found, asked);
            }
            Ok(Happening::ScanProblem { scan, problem }) if scan == started.scan => output.problem(&problem),
            Ok(Happening::ScanDone { scan, .. }) if scan == started.scan => break,
            Ok(_) | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
            Err(tokio::sync::broadcast::error::RecvError::Closed) => break,
        }
    }
    if !output.json {
        if std::io::stderr().is_terminal() {
            eprint!("\r\x1b[K");
        }
        let hosts = api.machines(Empty {}).await?.hosts;
        let present: Vec<&Host> = hosts.iter().filter(|host| host.present).collect();
        for host in &present {
            say!("{}", line(host));
        }
        say!("{} machines", present.len());
    }
    Ok(ExitCode::SUCCESS)
}

/// One line that is written over, where somebody watches.
fn count(found: &BTreeSet<Option<IpAddr>>, (done, total): (u64, u64)) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K{} machines, {done} of {total} addresses asked", found.len());
    }
}

fn network(interface: &Interface) -> String {
    let subnets = interface.subnets.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let scanned = match interface.left_out {
        None => "scanned",
        Some(LeftOut::Virtual) => "left out: virtual machines",
        Some(LeftOut::Vpn) => "left out: a VPN",
        Some(LeftOut::Container) => "left out: containers",
        Some(LeftOut::Loopback) => "left out: this computer alone",
        Some(LeftOut::Down) => "left out: not connected",
        Some(LeftOut::NoSubnet) => "left out: no other addresses",
        Some(LeftOut::SelfAssigned) => "left out: no router gave an address",
        Some(LeftOut::TooLarge) => "left out: large (--subnet with --allow-large scans it)",
    };
    format!("{:<16} {subnets:<20} {scanned}", interface.name)
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
