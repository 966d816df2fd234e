//! `portico home`: what the router and the devices at home are told, where Cloudflare is not used.

use crate::output::Output;
use portico_api::Api;
use portico_api::wire::{AtHome, Empty, SaveTo};
use portico_domain::problem::Problem;
use std::path::PathBuf;
use std::process::ExitCode;

pub async fn run(api: &Api, save: Option<PathBuf>, output: &Output) -> Result<ExitCode, Problem> {
    let home = api.home(Empty {}).await?;
    if let Some(path) = save {
        api.authority_save(SaveTo { path: path.display().to_string() }).await?;
    }
    output.show(&home, || describe(home.as_ref()));
    Ok(ExitCode::SUCCESS)
}

fn describe(home: Option<&AtHome>) -> String {
    let Some(AtHome { domain, addresses, hostnames, authority }) = home else {
        return "Cloudflare answers for the names of this homelab: there is nothing to tell the router."
            .into();
    };
    let mut lines = vec![format!("Every name below {domain} leads to:")];
    lines.extend(addresses.iter().map(|address| format!("    {address}")));
    lines.push(
        "Tell your router, once for all names. Its page may call it a DNS rewrite or a local domain:".into(),
    );
    lines.push(format!("    *.{domain}"));
    lines.push("Where it runs dnsmasq, as OpenWrt and Pi-hole do:".into());
    lines.extend(addresses.iter().map(|address| format!("    address=/{domain}/{address}")));
    if let (Some(address), false) = (addresses.first(), hostnames.is_empty()) {
        lines.push("Or on one computer alone, in its hosts file:".into());
        let names: Vec<&str> = hostnames.iter().map(|name| name.as_str()).collect();
        lines.push(format!("    {address} {}", names.join(" ")));
    }
    match authority {
        None => lines.push("There is no authority yet: cert-manager is not wanted, or not done.".into()),
        Some(authority) => {
            lines.push(format!("Devices trust the homelab once its authority is installed on them; it can sign for {domain} alone:"));
            lines.push(format!("    SHA-256 {}", authority.fingerprint));
            lines.push("    portico home --save portico-authority.crt writes it into a file".into());
        }
    }
    lines.join("\n")
}
