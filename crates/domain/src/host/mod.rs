//! A machine seen on the LAN: what is known of it, and how it is told from the others.
//!
//! A [`Host`] is the sum of [`Sighting`]s, each one piece of evidence from one source; [`Inventory`] adds them up.
//! Its identity is its SSH host key, else its machine id, else its MAC address, and never its IP address, which
//! a router may give to another machine tomorrow. Looking at the network is `world::lan`'s business;
//! trusting a host key is `world::ssh`'s.

mod assemble;
mod fit;
mod grouping;
pub mod interface;
mod inventory;
mod mac;
mod sighting;
mod spot;
pub mod subnet;

pub use fit::{Fit, Reason};
pub use inventory::Inventory;
pub use mac::Mac;
pub use sighting::{PortState, Sighting};

use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use ts_rs::TS;

/// Names one machine across scans: `key:SHA256:…`, `machine:…` or `mac:…`.
///
/// `address:…` is a stand-in for a machine of which nothing but an address is known. It is good for one scan,
/// and the host that later turns out to be meant lists it under [`Host::formerly`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct HostId(String);

impl HostId {
    pub fn from_key(fingerprint: &str) -> Self {
        Self(format!("key:{fingerprint}"))
    }

    pub fn from_machine_id(id: &str) -> Self {
        Self(format!("machine:{id}"))
    }

    pub fn from_mac(mac: Mac) -> Self {
        Self(format!("mac:{mac}"))
    }

    pub(super) fn stand_in(address: IpAddr) -> Self {
        Self(format!("address:{address}"))
    }

    /// Whether this is only a stand-in, because nothing that identifies the machine was seen.
    pub fn is_stand_in(&self) -> bool {
        self.0.starts_with("address:")
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for HostId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One public host key, by its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HostKey {
    /// The key's kind in SSH's own words: `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`.
    pub kind: String,
    /// `SHA256:` and unpadded base64, as ssh-keygen prints it.
    pub fingerprint: String,
}

/// What an SSH server says before anybody logs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SshSeen {
    pub address: IpAddr,
    pub port: u16,
    /// The identification string, control characters replaced, at most 255 characters.
    pub banner: Option<String>,
    /// Sorted by kind.
    pub keys: Vec<HostKey>,
}

/// A TCP port and what became of a connection to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PortSeen {
    pub address: IpAddr,
    pub port: u16,
    pub state: PortState,
}

/// A service announced over mDNS.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// The type, such as `_ssh._tcp`.
    pub kind: String,
    pub instance: String,
    pub port: u16,
}

/// Something about a machine that a person should know before choosing it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Flag {
    /// Several network cards are up at once and show this one host key: one machine with several cards, or
    /// clones of one disk image. They are kept apart until something proves that they are one.
    SharedHostKey { fingerprint: String },
    /// Two network cards answer for one address.
    DuplicateAddress { address: IpAddr },
    /// One network card answers for so many addresses that it must be a router doing proxy ARP.
    ProxyArp { addresses: u32 },
    /// The same network card showed another host key before: installed anew, or somebody in between.
    HostKeyChanged { before: String },
    /// The default route goes through this machine.
    Gateway,
    /// Portico runs on this machine.
    ThisMachine,
}

/// A machine seen on the LAN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Host {
    pub id: HostId,
    /// Names under which this machine was shown before more was known; rows with these ids are replaced by it.
    pub formerly: Vec<HostId>,
    /// The addresses of the latest scan that saw it, IPv4 first, ascending.
    pub addresses: Vec<IpAddr>,
    pub macs: Vec<Mac>,
    /// The maker of its network card, where the prefix is a well-known one.
    pub vendor: Option<String>,
    /// All its MAC addresses are made up (a phone's privacy address, a virtual machine), so they name no maker
    /// and may change.
    pub random_mac: bool,
    /// Host names, mDNS before reverse DNS.
    pub names: Vec<String>,
    pub ports: Vec<PortSeen>,
    pub ssh: Vec<SshSeen>,
    pub services: Vec<Service>,
    pub machine_id: Option<String>,
    pub flags: Vec<Flag>,
    pub fit: Fit,
    /// Unix time in milliseconds.
    #[ts(type = "number")]
    pub first_seen: i64,
    /// Unix time in milliseconds.
    #[ts(type = "number")]
    pub last_seen: i64,
    /// Seen in the latest scan.
    pub present: bool,
}

impl Host {
    /// The fingerprint that identifies a set of host keys: the lowest Ed25519 one, else the lowest of all.
    pub fn identity_key(keys: &[HostKey]) -> Option<&HostKey> {
        keys.iter().min_by_key(|key| (key.kind != "ssh-ed25519", &key.fingerprint))
    }

    /// The name to show first: the first host name, else the first address.
    pub fn label(&self) -> String {
        self.names
            .first()
            .cloned()
            .or_else(|| self.addresses.first().map(IpAddr::to_string))
            .unwrap_or_else(|| self.id.to_string())
    }
}

#[cfg(test)]
mod tests;
