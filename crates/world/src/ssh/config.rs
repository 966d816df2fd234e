//! `~/.ssh/config`: what a person already wrote down about a machine.
//!
//! Aliases and wildcards, HostName, User, Port, IdentityFile and IdentitiesOnly are honoured. ProxyJump and
//! ProxyCommand are refused by name: connecting past them would reach another machine, or none. `Match`
//! sections are left out, because their conditions are not evaluated here.

use super::error::SshError;
use super::target::{Login, Method, Target};
use ssh2_config::{ParseRule, SshConfig as Parsed};
use std::path::{Path, PathBuf};

/// A read configuration file; an absent one says nothing.
pub struct SshConfig {
    parsed: Option<Parsed>,
    home: PathBuf,
}

/// What the file says about one name.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Resolved {
    pub host_name: Option<String>,
    pub user: Option<String>,
    pub port: Option<u16>,
    pub identity_files: Vec<PathBuf>,
    pub identities_only: bool,
}

impl SshConfig {
    /// Reads `home`/.ssh/config.
    ///
    /// # Errors
    /// [`SshError::ConfigInvalid`].
    pub fn load(home: &Path) -> Result<Self, SshError> {
        let path = home.join(".ssh/config");
        let invalid = |cause: String| SshError::ConfigInvalid { path: path.clone(), cause };
        let parsed = match std::fs::read_to_string(&path) {
            Ok(text) => {
                let text = without_match_sections(&text);
                let rules = ParseRule::ALLOW_UNKNOWN_FIELDS | ParseRule::ALLOW_UNSUPPORTED_FIELDS;
                let parsed = Parsed::default().home_dir(home).parse(&mut text.as_bytes(), rules);
                Some(parsed.map_err(|error| invalid(error.to_string()))?)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(invalid(error.to_string())),
        };
        Ok(Self { parsed, home: home.to_owned() })
    }

    /// What the file says about `name`, an alias or an address.
    ///
    /// # Errors
    /// [`SshError::ConfigUnsupported`] for a host behind a jump host or a proxy command.
    pub fn resolve(&self, name: &str) -> Result<Resolved, SshError> {
        let Some(parsed) = &self.parsed else { return Ok(Resolved::default()) };
        let said = parsed.query(name);
        let other = |field: &str| {
            let values = said.unsupported_fields.get(field).and_then(|values| values.first());
            values.map(|value| value.to_lowercase()).filter(|value| value != "none")
        };
        let jumps = said.proxy_jump.iter().flatten().any(|hop| !hop.eq_ignore_ascii_case("none"));
        for (option, used) in [("ProxyJump", jumps), ("ProxyCommand", other("proxycommand").is_some())] {
            if used {
                return Err(SshError::ConfigUnsupported { host: name.to_owned(), option });
            }
        }
        let user = said.user.clone();
        let host_name = said.host_name.as_ref().map(|given| expand(given, &[('h', name)]));
        let home = self.home.to_string_lossy();
        let tokens = [
            ('d', home.as_ref()),
            ('h', host_name.as_deref().unwrap_or(name)),
            ('r', user.as_deref().unwrap_or_default()),
        ];
        let files = said.identity_file.iter().flatten().filter(|path| path.as_os_str() != "none");
        let identity_files =
            files.map(|path| self.home.join(expand(&path.to_string_lossy(), &tokens))).collect();
        let identities_only = other("identitiesonly").is_some_and(|value| value == "yes" || value == "true");
        Ok(Resolved { host_name, user, port: said.port, identity_files, identities_only })
    }

    /// Where `name` is and how to log in there. What is given here wins over the file, the file over the
    /// defaults: port 22, the local user's name, the agent and the usual key files.
    ///
    /// # Errors
    /// See [`SshConfig::resolve`].
    pub fn target(
        &self,
        name: &str,
        user: Option<&str>,
        port: Option<u16>,
    ) -> Result<(Target, Login), SshError> {
        let said = self.resolve(name)?;
        let user = user.map(str::to_owned).or(said.user).unwrap_or_else(local_user);
        let target = Target {
            address: said.host_name.unwrap_or_else(|| name.to_owned()),
            port: port.or(said.port).unwrap_or(22),
            user,
        };
        let mut login = Login::default_for(&self.home);
        if !said.identity_files.is_empty() {
            let keys = said.identity_files.into_iter().map(|path| Method::KeyFile { path, passphrase: None });
            login.methods = std::iter::once(Method::Agent).chain(keys).collect();
        }
        login.identities_only = said.identities_only;
        Ok((target, login))
    }
}

fn local_user() -> String {
    let name = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    name.unwrap_or_else(|| "root".to_owned())
}

/// OpenSSH's `%` tokens; `%%` is a percent sign, and an unknown token stays as it is.
fn expand(text: &str, tokens: &[(char, &str)]) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            expanded.push(c);
            continue;
        }
        match chars.next() {
            Some('%') => expanded.push('%'),
            Some(token) => match tokens.iter().find(|(name, _)| *name == token) {
                Some((_, value)) => expanded.push_str(value),
                None => expanded.extend(['%', token]),
            },
            None => expanded.push('%'),
        }
    }
    expanded
}

/// The parser gives the lines of a `Match` section to the `Host` above it, so they must not reach it.
fn without_match_sections(text: &str) -> String {
    let mut inside = false;
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        let word =
            line.trim_start().split(|c: char| c.is_whitespace() || c == '=').next().unwrap_or_default();
        if word.eq_ignore_ascii_case("match") {
            inside = true;
        } else if word.eq_ignore_ascii_case("host") {
            inside = false;
        }
        if !inside {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}
