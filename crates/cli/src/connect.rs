//! `portico connect`: the first contact with a machine.

use crate::arguments::Connect;
use crate::output::Output;
use crate::secret;
use portico_api::wire::ForgetHostKey;
use portico_api::{Api, ConnectRequest, LoginMethod};
use portico_domain::problem::{Code, Problem};
use std::process::ExitCode;

pub async fn run(api: &Api, options: Connect, output: &Output) -> Result<ExitCode, Problem> {
    let (user, address, port) = parse(&options.machine)?;
    if options.forget {
        api.forget_host_key(ForgetHostKey { address: address.clone(), port }).await?;
    }
    let asks_password = options.password || options.sudo_password;
    let password = asks_password.then(|| secret::read("Password")).transpose()?;
    let passphrase = options.passphrase.then(|| secret::read("Passphrase")).transpose()?;
    let method = match (options.key, options.password) {
        (Some(path), _) => LoginMethod::KeyFile { path },
        (None, true) => LoginMethod::Password,
        (None, false) => LoginMethod::Usual,
    };
    let request = |accept: Option<String>| ConnectRequest {
        address: address.clone(),
        port,
        user: user.clone(),
        method: method.clone(),
        password: password.as_ref().map(|password| password.duplicate()),
        passphrase: passphrase.as_ref().map(|passphrase| passphrase.duplicate()),
        accept,
        remember: options.remember,
    };
    let engine = api.engine();
    let connected = match engine.connect(request(options.accept.clone())).await {
        Err(problem) if problem.code == Code::HostKeyUnknown && !output.json => {
            output.problem(&problem);
            if !secret::confirm("Accept this key?") {
                return Ok(ExitCode::from(3));
            }
            engine.connect(request(problem.args.get("fingerprint").cloned())).await?
        }
        other => other?,
    };
    output.show(&connected, || {
        let facts = &connected.facts;
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "?".into());
        let memory =
            facts.memory_total_kib.map_or("?".into(), |kib| format!("{:.1} GiB", kib as f64 / 1048576.0));
        format!(
            "✓ {}@{}: {}, {}, {} CPUs, {memory}, host key {}",
            connected.user,
            connected.address,
            text(&facts.os_pretty),
            text(&facts.arch),
            facts.cpus.map_or("?".into(), |cpus| cpus.to_string()),
            connected.fingerprint
        )
    });
    Ok(ExitCode::SUCCESS)
}

/// `[USER@]ADDRESS[:PORT]`; an IPv6 address with a port is written in brackets.
pub fn parse(text: &str) -> Result<(Option<String>, String, Option<u16>), Problem> {
    let invalid = || {
        Problem::new(Code::FieldInvalid)
            .arg("field", "MACHINE")
            .arg("value", text)
            .arg("example", "pi@192.168.1.81:22")
    };
    let (user, rest) = match text.split_once('@') {
        Some((user, rest)) => (Some(user.to_owned()), rest),
        None => (None, text),
    };
    let (address, port) = match rest.strip_prefix('[') {
        Some(bracketed) => {
            let (address, port) = bracketed.split_once(']').ok_or_else(invalid)?;
            (address, port.strip_prefix(':'))
        }
        None => match rest.rsplit_once(':') {
            Some((address, port)) if !address.contains(':') => (address, Some(port)),
            _ => (rest, None),
        },
    };
    if address.is_empty() || user.as_deref() == Some("") {
        return Err(invalid());
    }
    let port = port.map(|port| port.parse().map_err(|_| invalid())).transpose()?;
    Ok((user, address.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_are_written_as_ssh_people_write_them() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parse("pi@10.0.0.2:2222"), Ok((some("pi"), "10.0.0.2".into(), Some(2222))));
        assert_eq!(parse("pi.local"), Ok((None, "pi.local".into(), None)));
        assert_eq!(parse("[fe80::1]:22"), Ok((None, "fe80::1".into(), Some(22))));
        assert_eq!(parse("fe80::1"), Ok((None, "fe80::1".into(), None)));
        for bad in ["", "@host", "pi@", "host:port", "host:99999"] {
            assert_eq!(parse(bad).unwrap_err().code, Code::FieldInvalid, "{bad}");
        }
    }
}
