//! `portico token`: the two Cloudflare tokens, proven before they are kept.

use crate::arguments::Token;
use crate::change::change;
use crate::output::Output;
use crate::secret;
use portico_api::Api;
use portico_api::wire::{SetToken, TokenKindRef};
use portico_domain::change::Change;
use portico_domain::credential::{Need, TokenReport};
use portico_domain::problem::Problem;
use std::process::ExitCode;

pub async fn run(api: &Api, options: Token, output: &Output) -> Result<ExitCode, Problem> {
    let cluster = options.cluster;
    let kind = TokenKindRef { cluster };
    if options.link {
        let link = api.token_link(kind).await?;
        output.show(&link, || link.url.clone());
        return Ok(ExitCode::SUCCESS);
    }
    if options.forget {
        let done = api.token_forget(kind).await?;
        output.show(&done, || "✓ The keyring holds it no more.".into());
        return Ok(ExitCode::SUCCESS);
    }
    if options.check {
        let report = api.token_report(kind).await?;
        output.show(&report, || describe(&report));
        return Ok(if report.lacks(&[Need::Always]).is_none() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    let title = if cluster { "The cluster's own token" } else { "Cloudflare token" };
    let token = secret::read(title)?.expose().to_owned();
    let report = api.token_set(SetToken { token, cluster, this_run: false }).await?;
    output.show(&report, || describe(&report));
    // Who uses the token in the cluster follows it there.
    let stack = api.engine().desired().await?.stack;
    if cluster && stack.acme.is_some() {
        return change(api, Change::SetUpStack { stack }, options.yes, output).await;
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(report: &TokenReport) -> String {
    let names: Vec<_> = report.zones.iter().map(|zone| zone.name.as_str()).collect();
    let mut text = format!("✓ The token opens {}", names.join(", "));
    for found in &report.capabilities {
        let mark = match (found.granted, found.need) {
            (true, _) => "✓",
            (false, Need::Always) => "✗",
            (false, _) => "-",
        };
        let what_for = match (found.granted, found.need) {
            (false, Need::Public) => "  (needed for public services)",
            (false, Need::Access) => "  (needed for logins in front of them)",
            _ => "",
        };
        text.push_str(format!("\n  {mark} {} {}{what_for}", found.permission, found.place).trim_end());
    }
    text
}
