//! What is stored where, told without a secret's value, and forgotten on request.
//!
//! Logins are rows of the database, their secrets are in the keyring, host keys in a file of pins; the keyring is asked
//! only whether it holds something. Forgetting begins with the keyring: when that refuses, the row still tells that there
//! is something to forget, and the next try begins anew. How a login comes about is `connect`'s business.

use crate::Engine;
use crate::connect::{LoginMethod, StoredLogin};
use crate::outside::{CLOUDFLARE_TOKEN, Outside};
use portico_domain::credential::{Credential, CredentialKind, Kept, Keyring};
use portico_domain::problem::Problem;
use serde::{Deserialize, Serialize};
use std::fs::Metadata;
use std::net::IpAddr;
use std::path::Path;
use ts_rs::TS;

/// Everything by which Portico proves who it is, or knows who a machine is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    pub keyring: Keyring,
    /// Why the keyring could not be asked; what it may hold is unknown then.
    pub problem: Option<Problem>,
    pub tokens: Vec<StoredToken>,
    pub logins: Vec<SavedLogin>,
    /// What the channels of alerts need.
    pub channels: Vec<ChannelSecret>,
    pub host_keys: Vec<PinnedKey>,
    /// The way into the cluster, once there is one.
    pub kubeconfig: Option<StoredFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StoredToken {
    /// The narrower one that is sealed into the cluster; else the owner's own.
    pub cluster: bool,
    pub kept: Kept,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SavedLogin {
    pub address: String,
    pub port: u16,
    pub user: Option<String>,
    pub method: LoginMethod,
    /// Logs in, or answers sudo where something else logs in.
    pub password: Kept,
    /// Opens the key file.
    pub passphrase: Kept,
    /// The name in the cluster's document, or the one that a scan found.
    pub machine: Option<String>,
    pub in_cluster: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChannelSecret {
    /// The channel's id, and what a person calls it.
    pub channel: String,
    pub name: String,
    pub kind: CredentialKind,
    pub kept: Kept,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PinnedKey {
    pub address: String,
    pub port: u16,
    pub kind: String,
    pub fingerprint: String,
    pub machine: Option<String>,
    pub in_cluster: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StoredFile {
    pub path: String,
    /// Who may read it, in octal as `chmod` writes it; absent where files have no such mode.
    pub mode: Option<String>,
}

impl Engine {
    /// What is stored where. A keyring that does not answer takes nothing else out of the list.
    pub async fn credentials(&self) -> Result<Credentials, Problem> {
        let outside = &self.inner.outside;
        let names = self.machine_names().await?;
        let mut look = Look { outside, problem: None };
        let mut tokens = Vec::new();
        for (cluster, kind) in
            [(false, CredentialKind::CloudflareToken), (true, CredentialKind::ClusterToken)]
        {
            let kept = look.kept(&Credential::new(kind, CLOUDFLARE_TOKEN), true).await;
            tokens.push(StoredToken { cluster, kept });
        }
        let mut logins = Vec::new();
        for (address, port, StoredLogin { user, method, keyring }) in self.inner.store.logins().await? {
            let owners = owners(outside, &address, port);
            let ask = keyring != Some(false);
            let password = look.kept_for(CredentialKind::SshPassword, &owners, ask).await;
            let passphrase = look.kept_for(CredentialKind::SshPassphrase, &owners, ask).await;
            let (machine, in_cluster) = names.of(&address, port);
            logins.push(SavedLogin {
                address,
                port,
                user,
                method,
                password,
                passphrase,
                machine,
                in_cluster,
            });
        }
        let mut channels = Vec::new();
        for channel in self.alert_rules().await?.channels {
            for kind in channel.way.secrets() {
                let kept = look.kept(&Credential::new(*kind, &channel.id), true).await;
                if kept != Kept::Nowhere {
                    let (channel, name) = (channel.id.clone(), channel.name.clone());
                    channels.push(ChannelSecret { channel, name, kind: *kind, kept });
                }
            }
        }
        let pins = outside.host_keys.pins().map_err(|error| Problem::from(&error))?;
        let mut host_keys: Vec<_> = pins
            .into_iter()
            .map(|(address, port, key)| {
                let (machine, in_cluster) = names.of(&address, port);
                PinnedKey { address, port, kind: key.kind, fingerprint: key.fingerprint, machine, in_cluster }
            })
            .collect();
        logins.sort_by_key(|login| order(&login.address, login.port));
        host_keys.sort_by_key(|pin| order(&pin.address, pin.port));
        let problem = look.problem;
        let (keyring, kubeconfig) = (outside.secrets.kind(), stored_file(&outside.kubeconfig));
        Ok(Credentials { keyring, problem, tokens, logins, channels, host_keys, kubeconfig })
    }

    /// Forgets how a machine is logged in to, with the secrets of that: at this port, or at all of them. Returns how
    /// many logins were forgotten; none is no failure.
    ///
    /// # Errors
    /// [`Code::ClusterBusy`](portico_domain::problem::Code::ClusterBusy) during a run, which may be about to log in
    /// there; the keyring's own, and then the login is still listed.
    pub async fn forget_login(&self, address: &str, port: Option<u16>) -> Result<u32, Problem> {
        let _no_run = self.claim().await?;
        let outside = &self.inner.outside;
        let stored: Vec<(String, u16, StoredLogin)> = self.inner.store.logins().await?;
        let here = stored.into_iter().filter(|(at, number, _)| {
            at.eq_ignore_ascii_case(address) && port.is_none_or(|port| port == *number)
        });
        let mut forgotten = 0;
        for (address, port, login) in here {
            for owner in owners(outside, &address, port) {
                for kind in [CredentialKind::SshPassword, CredentialKind::SshPassphrase] {
                    let credential = Credential::new(kind, owner.clone());
                    // Where there is no keyring, nothing can be in it: that is no reason to keep the row.
                    if login.keyring != Some(false) {
                        outside.secrets.delete(&credential).await.map_err(|error| Problem::from(&error))?;
                    }
                    outside.this_run.delete(&credential).await.map_err(|error| Problem::from(&error))?;
                }
            }
            self.inner.store.forget_login(&address, port).await?;
            outside.drop_session(&address).await;
            forgotten += 1;
        }
        Ok(forgotten)
    }

    /// Forgets the pinned host key of an address, as after a machine was set up anew. A session that is open goes on.
    pub fn forget_host_key(&self, address: &str, port: Option<u16>) -> Result<(), Problem> {
        let outside = &self.inner.outside;
        let (address, port) = outside.place(address, port)?;
        outside.host_keys.forget(&address, port).map_err(|error| Problem::from(&error))
    }

    async fn machine_names(&self) -> Result<Names, Problem> {
        let cluster = self.desired().await?.cluster;
        let members = cluster.into_iter().flat_map(|cluster| cluster.machines);
        let members = members.map(|machine| Member {
            addresses: self.inner.outside.addresses(&machine.address),
            port: machine.port,
            name: machine.name,
        });
        let members = members.collect();
        let hosts = self.hosts().await?.into_iter();
        let seen = hosts.filter_map(|host| Some((host.addresses, host.names.into_iter().next()?))).collect();
        Ok(Names { members, seen })
    }
}

/// The machines that are known by a name.
struct Names {
    members: Vec<Member>,
    seen: Vec<(Vec<IpAddr>, String)>,
}

/// A machine of the cluster. One without a port is at the usual one, or at what `~/.ssh/config` says.
struct Member {
    addresses: Vec<String>,
    port: Option<u16>,
    name: String,
}

impl Names {
    /// The name, and whether the machine is one of the cluster's.
    fn of(&self, address: &str, port: u16) -> (Option<String>, bool) {
        let member = self.members.iter().find(|member| {
            member.port.is_none_or(|own| own == port)
                && member.addresses.iter().any(|own| own.eq_ignore_ascii_case(address))
        });
        if let Some(member) = member {
            return (Some(member.name.clone()), true);
        }
        let ip: Option<IpAddr> = address.parse().ok();
        let seen = ip.and_then(|ip| self.seen.iter().find(|(addresses, _)| addresses.contains(&ip)));
        (seen.map(|(_, name)| name.clone()), false)
    }
}

/// Whose the secrets of a login are in the keyring.
fn owners(outside: &Outside, address: &str, port: u16) -> Vec<String> {
    outside.addresses(address).iter().map(|address| format!("{address}:{port}")).collect()
}

/// Asks for one secret after the other, until the keyring fails: one that is missing or locked is not asked again and
/// again, which could mean a prompt each time.
pub(crate) struct Look<'a> {
    pub(crate) outside: &'a Outside,
    pub(crate) problem: Option<Problem>,
}

impl Look<'_> {
    async fn kept_for(&mut self, kind: CredentialKind, owners: &[String], ask: bool) -> Kept {
        for owner in owners {
            match self.kept(&Credential::new(kind, owner.clone()), ask).await {
                Kept::Nowhere => {}
                found => return found,
            }
        }
        Kept::Nowhere
    }

    pub(crate) async fn kept(&mut self, credential: &Credential, ask: bool) -> Kept {
        let Outside { this_run, secrets, .. } = self.outside;
        if this_run.holds(credential).await.unwrap_or(false) {
            return Kept::ThisRun;
        }
        if !ask {
            return Kept::Nowhere;
        }
        if self.problem.is_some() {
            return Kept::Unknown;
        }
        match secrets.holds(credential).await {
            Ok(false) => Kept::Nowhere,
            Ok(true) if secrets.kind() == Keyring::Memory => Kept::ThisRun,
            Ok(true) => Kept::Keyring,
            Err(error) => {
                self.problem = Some(Problem::from(&error));
                Kept::Unknown
            }
        }
    }
}

/// Addresses by their numbers, so that .9 comes before .10, and names after them.
fn order(address: &str, port: u16) -> (bool, Option<IpAddr>, String, u16) {
    let ip: Option<IpAddr> = address.parse().ok();
    (ip.is_none(), ip, address.to_owned(), port)
}

fn stored_file(path: &Path) -> Option<StoredFile> {
    let metadata = std::fs::metadata(path).ok()?;
    Some(StoredFile { path: path.display().to_string(), mode: mode(&metadata) })
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> Option<String> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
    Some(format!("{:o}", mode & 0o777))
}

#[cfg(not(unix))]
fn mode(_: &Metadata) -> Option<String> {
    None
}
