//! `portico stack`: the components, how they are, and every change to them.

use crate::arguments::{Component, Secrets, Stack};
use crate::change::{apply_change, unlock};
use crate::output::Output;
use portico_api::Api;
use portico_api::english::explain;
use portico_api::wire::{ComponentState, Empty, StackState};
use portico_domain::change::{Change, ComponentAct};
use portico_domain::dns::Hostname;
use portico_domain::problem::{Code, Problem};
use portico_domain::stack::{Acme, Authority, IngressController, Names, Pin, StackComponent};
use std::path::Path;
use std::process::ExitCode;

pub async fn run(
    api: &Api,
    act: Option<Stack>,
    secrets: Secrets,
    output: &Output,
) -> Result<ExitCode, Problem> {
    unlock(api, &secrets).await?;
    let (change, confirmed) = match act {
        None => return show(api, output).await,
        Some(Stack::Set { email, authority, authority_ca, tunnel, home_domain, confirmed }) => {
            let mut stack = api.engine().desired().await?.stack;
            if let Some(domain) = home_domain {
                stack.names = Names::Home { domain: Hostname::parse(&domain)? };
                (stack.acme, stack.tunnel) = (None, None);
                stack.components.entry(StackComponent::CertManager).or_default();
            } else if email.is_some() || tunnel.is_some() {
                stack.names = Names::Cloudflare;
            }
            if let Some(email) = email {
                stack.acme =
                    Some(Acme { email, authority: self::authority(&authority, authority_ca.as_deref())? });
                for component in [StackComponent::SealedSecrets, StackComponent::CertManager] {
                    stack.components.entry(component).or_default();
                }
            }
            if let Some(tunnel) = tunnel {
                stack.tunnel = Some(tunnel);
                stack.components.entry(StackComponent::Cloudflared).or_default();
            }
            (Change::SetUpStack { stack }, confirmed)
        }
        Some(Stack::Install(options) | Stack::Upgrade(options)) => {
            let Component { component, version, repository, image, confirmed } = options;
            let act = ComponentAct::Install { pin: Pin { version, repository, image } };
            (Change::Component { component: named(&component)?, act }, confirmed)
        }
        Some(Stack::Repair { component, confirmed }) => {
            (Change::Component { component: named(&component)?, act: ComponentAct::Repair }, confirmed)
        }
        Some(Stack::Remove { component, confirmed }) => {
            (Change::Component { component: named(&component)?, act: ComponentAct::Remove }, confirmed)
        }
        Some(Stack::MoveIngress { controller, accept, confirmed }) => {
            let to = match controller.as_str() {
                "nginx" | "ingress-nginx" => IngressController::Nginx,
                "traefik" => IngressController::Traefik,
                other => return Err(unknown("CONTROLLER", other, "traefik, nginx")),
            };
            (Change::MoveIngress { to, accept }, confirmed)
        }
    };
    apply_change(api, change, confirmed, output).await
}

async fn show(api: &Api, output: &Output) -> Result<ExitCode, Problem> {
    let state = api.stack(Empty {}).await?;
    output.show(&state, || describe(&state));
    let well = state.components.iter().all(|component| !component.wanted || component.healthy);
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn describe(state: &StackState) -> String {
    let mut lines: Vec<String> = state.components.iter().map(line).collect();
    if let Some(acme) = &state.stack.acme {
        lines.push(format!("Certificates: {} for {}", acme.authority.issuer(), acme.email));
    }
    if let Some(domain) = state.stack.home_domain() {
        lines.push(format!(
            "Without Cloudflare, names in {domain}: portico home says what the router has to know"
        ));
    }
    if let Some(tunnel) = &state.stack.tunnel {
        lines.push(format!("Tunnel: {tunnel}"));
    }
    lines.extend(state.conditions.iter().map(|condition| {
        let (what, next) = explain(condition);
        format!("! {what}\n  {next}")
    }));
    lines.join("\n")
}

fn line(state: &ComponentState) -> String {
    let word = match (state.wanted, state.healthy, &state.problem) {
        (false, _, _) => "-",
        (true, true, _) => "✓ healthy",
        (true, false, Some(_)) => "✗ needs you",
        (true, false, None) => "… not yet",
    };
    let version = state.version.as_deref().unwrap_or("as K3s brings it");
    let mut text = format!("{:<16} {version:<18} {word}", state.component.name());
    if let Some(problem) = &state.problem {
        let (what, next) = explain(problem);
        text.push_str(&format!("\n    {what}\n    {next}"));
    }
    state.lacks.iter().for_each(|lack| text.push_str(&format!("\n    {lack}")));
    text
}

fn named(text: &str) -> Result<StackComponent, Problem> {
    StackComponent::named(text)
        .ok_or_else(|| unknown("COMPONENT", text, &StackComponent::ALL.map(StackComponent::name).join(", ")))
}

fn authority(text: &str, ca: Option<&Path>) -> Result<Authority, Problem> {
    let read = |path: &Path| {
        std::fs::read_to_string(path)
            .map_err(|error| Problem::new(Code::DocumentUnreadable).arg("path", path.display()).detail(error))
    };
    Ok(match text {
        "production" => Authority::Production,
        "staging" => Authority::Staging,
        directory => Authority::Custom { directory: directory.into(), ca: ca.map(read).transpose()? },
    })
}

fn unknown(field: &str, value: &str, example: &str) -> Problem {
    Problem::new(Code::FieldInvalid).arg("field", field).arg("value", value).arg("example", example)
}
