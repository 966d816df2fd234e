//! `portico credentials`: what is stored where to log in with, and forgetting it.
//!
//! The list says where a secret is and never what it is. Tokens are forgotten by `portico token --forget`.

use crate::alerts;
use crate::arguments::Credentials as Act;
use crate::connect::parse;
use crate::output::Output;
use portico_api::english::explain;
use portico_api::wire::{ChannelRef, Credentials, Empty, ForgetHostKey, ForgetLogin, PinnedKey, SavedLogin};
use portico_api::{Api, LoginMethod};
use portico_domain::credential::{CredentialKind, Kept, Keyring};
use portico_domain::problem::Problem;
use std::process::ExitCode;

pub async fn run(api: &Api, act: Option<Act>, output: &Output) -> Result<ExitCode, Problem> {
    if let Some(Act::ForgetChannel { channel }) = act {
        let channel = alerts::id_of(api, &channel).await?;
        let alerts = api.alert_secrets_forget(ChannelRef { channel }).await?;
        output.show(&alerts, || "✓ Forgotten. portico alerts set asks for it again.".into());
        return Ok(ExitCode::SUCCESS);
    }
    let Some(Act::Forget { machine, host_key }) = act else {
        let credentials = api.credentials(Empty {}).await?;
        output.show(&credentials, || describe(&credentials));
        return Ok(ExitCode::SUCCESS);
    };
    let (_, address, port) = parse(&machine)?;
    let forgotten = api.login_forget(ForgetLogin { address: address.clone(), port }).await?;
    if host_key {
        api.forget_host_key(ForgetHostKey { address: address.clone(), port }).await?;
    }
    output.show(&forgotten, || {
        let mut lines = vec![match forgotten.logins {
            0 => format!("· No login was stored for {address}."),
            _ => format!("✓ Forgotten. The next time, {address} asks again: portico connect {address}"),
        }];
        if host_key {
            lines.push(format!(
                "✓ No host key is pinned for {address}: the next one is shown and asked about."
            ));
        }
        lines.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

fn describe(found: &Credentials) -> String {
    let keyring = match found.keyring {
        Keyring::SecretService => "the Secret Service of your desktop, such as GNOME Keyring or KWallet",
        Keyring::Keychain => "the macOS Keychain",
        Keyring::CredentialManager => "the Windows Credential Manager",
        Keyring::Memory => "none: secrets are kept for this run only",
    };
    let mut lines = vec![format!("Keyring: {keyring}")];
    lines.extend(found.problem.as_ref().map(|problem| {
        let (what, next) = explain(problem);
        format!("! {what}\n  {next}")
    }));
    lines.push("Cloudflare tokens".into());
    lines.extend(found.tokens.iter().map(|token| {
        let whose = if token.cluster { "the cluster's" } else { "yours" };
        format!("  {whose:<16} {}", place(token.kept))
    }));
    lines.push("Logins".into());
    lines.extend(found.logins.iter().map(login));
    if found.logins.is_empty() {
        lines.push("  none yet: portico connect USER@ADDRESS".into());
    }
    if !found.channels.is_empty() {
        lines.push("Alerts".into());
    }
    lines.extend(found.channels.iter().map(|secret| {
        let what = match secret.kind {
            CredentialKind::SmtpPassword => "password",
            CredentialKind::NtfyToken => "token",
            CredentialKind::WebhookUrl => "address",
            _ => "key",
        };
        format!("  {:<16} {what} {}", secret.name, place(secret.kept))
    }));
    lines.push("Host keys".into());
    lines.extend(found.host_keys.iter().map(pin));
    if found.host_keys.is_empty() {
        lines.push("  none yet: the first contact with a machine shows its key".into());
    }
    lines.extend(found.kubeconfig.iter().flat_map(|file| {
        let mode = file.mode.as_ref().map(|mode| format!(" (mode {mode})")).unwrap_or_default();
        ["The way into the cluster".into(), format!("  {}{mode}", file.path)]
    }));
    lines.join("\n")
}

fn login(login: &SavedLogin) -> String {
    let at = format!("{}@{}:{}", login.user.as_deref().unwrap_or("?"), login.address, login.port);
    let method = match &login.method {
        LoginMethod::Usual => "as ssh does".to_owned(),
        LoginMethod::Agent => "agent".to_owned(),
        LoginMethod::KeyFile { path } => format!("key file {path}"),
        LoginMethod::Password => "password".to_owned(),
    };
    let password = if login.method == LoginMethod::Password { "password" } else { "sudo password" };
    let secrets = [(password, login.password), ("passphrase", login.passphrase)];
    let kept: String = secrets
        .iter()
        .filter(|(_, kept)| *kept != Kept::Nowhere)
        .map(|(what, kept)| format!("; {what} {}", place(*kept)))
        .collect();
    format!("  {:<16} {at:<28} {method}{kept}", login.machine.as_deref().unwrap_or_default())
}

fn pin(pin: &PinnedKey) -> String {
    let name = pin.machine.as_deref().unwrap_or_default();
    format!("  {name:<16} {:<28} {} {}", format!("{}:{}", pin.address, pin.port), pin.kind, pin.fingerprint)
}

fn place(kept: Kept) -> &'static str {
    match kept {
        Kept::Keyring => "in the keyring",
        Kept::ThisRun => "for this run only",
        Kept::Nowhere => "nowhere",
        Kept::Unknown => "not known: the keyring did not answer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_says_where_its_secrets_are() {
        let mut saved = SavedLogin {
            address: "10.0.0.2".into(),
            port: 22,
            user: Some("pi".into()),
            method: LoginMethod::KeyFile { path: "~/.ssh/id".into() },
            password: Kept::Keyring,
            passphrase: Kept::Nowhere,
            machine: Some("pi-1".into()),
            in_cluster: true,
        };
        let line = login(&saved);
        assert!(line.ends_with("key file ~/.ssh/id; sudo password in the keyring"), "{line}");
        saved.method = LoginMethod::Password;
        saved.password = Kept::Unknown;
        assert!(login(&saved).ends_with("password; password not known: the keyring did not answer"));
    }
}
