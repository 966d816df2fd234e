//! One piece of evidence from one source.
//!
//! Everything here was said by a machine that nobody has reason to trust yet: [`Sighting::tamed`] bounds every
//! string and replaces what could mislead a reader. Whether a statement is believed is the inventory's decision.

use super::{HostKey, Mac};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use ts_rs::TS;

/// What became of a TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum PortState {
    /// It was accepted.
    Open,
    /// It was reset: the machine is there, nothing listens.
    Closed,
    /// No answer, or a router's "unreachable".
    Filtered,
}

/// One piece of evidence from one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Sighting {
    /// The network card that answers for an address on this link, proven in this scan.
    Neighbour {
        ip: IpAddr,
        mac: Mac,
    },
    Port {
        ip: IpAddr,
        port: u16,
        state: PortState,
    },
    /// A service with the host name and all addresses that its announcement gave.
    Mdns {
        ips: Vec<IpAddr>,
        name: String,
        service: String,
        instance: String,
        port: u16,
    },
    ReverseDns {
        ip: IpAddr,
        name: String,
    },
    SshBanner {
        ip: IpAddr,
        port: u16,
        banner: String,
    },
    /// Host keys whose owner signed a key exchange. Keys of one port add up over several sightings.
    SshHostKeys {
        ip: IpAddr,
        port: u16,
        keys: Vec<HostKey>,
    },
    /// From a machine that was logged in to. The boot id is drawn at each start, so two addresses with one boot
    /// id are one machine, while a machine id may have been cloned with the disk.
    Machine {
        ip: IpAddr,
        machine_id: String,
        boot_id: String,
    },
    /// The next hop of the default route.
    Gateway {
        ip: IpAddr,
    },
    /// An address of the machine that looks.
    Own {
        ip: IpAddr,
        mac: Option<Mac>,
    },
}

impl Sighting {
    /// The address spoken of; an announcement with several addresses gives several sightings, one per address.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Neighbour { ip, .. }
            | Self::Port { ip, .. }
            | Self::ReverseDns { ip, .. }
            | Self::SshBanner { ip, .. }
            | Self::SshHostKeys { ip, .. }
            | Self::Machine { ip, .. }
            | Self::Gateway { ip }
            | Self::Own { ip, .. } => Some(*ip),
            Self::Mdns { ips, .. } => ips.first().copied(),
        }
    }

    /// Said about an address rather than heard from it.
    pub fn is_hearsay(&self) -> bool {
        matches!(self, Self::Mdns { .. } | Self::ReverseDns { .. } | Self::Gateway { .. })
    }

    /// The same sighting with every string bounded and fit to be shown.
    pub fn tamed(mut self) -> Self {
        match &mut self {
            Self::Mdns { ips, name, service, instance, .. } => {
                ips.truncate(16);
                *name = host_name(name);
                *service = printable(service, 64);
                *instance = printable(instance, 63);
            }
            Self::ReverseDns { name, .. } => *name = host_name(name),
            Self::SshBanner { banner, .. } => *banner = printable(banner, 255),
            Self::SshHostKeys { keys, .. } => {
                keys.truncate(8);
                for key in keys {
                    key.kind = printable(&key.kind, 64);
                    key.fingerprint = printable(&key.fingerprint, 64);
                }
            }
            Self::Machine { machine_id, boot_id, .. } => {
                *machine_id = printable(machine_id, 64);
                *boot_id = printable(boot_id, 64);
            }
            Self::Neighbour { .. } | Self::Port { .. } | Self::Gateway { .. } | Self::Own { .. } => {}
        }
        self
    }
}

/// Lower case, without the root's dot, at most 253 characters.
fn host_name(name: &str) -> String {
    printable(name.trim_end_matches('.'), 253).to_lowercase()
}

/// Replaces control characters and those that reorder or hide text, and cuts after `length` characters.
fn printable(text: &str, length: usize) -> String {
    let misleading = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.trim().chars().take(length).map(|c| if misleading(c) { '\u{fffd}' } else { c }).collect()
}
