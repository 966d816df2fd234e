//! Whether a machine looks fit to become a node, as far as one can tell from outside.
//!
//! Codes with arguments, never sentences. What only a login can tell (memory, disk, cgroups, an earlier K3s)
//! is `preflight`'s business.

use super::{Flag, Host, PortState};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use ts_rs::TS;

/// The verdict from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Fit {
    Fit,
    /// Nothing forbids it, but a person should look.
    Maybe {
        reasons: Vec<Reason>,
    },
    Unfit {
        reasons: Vec<Reason>,
    },
}

/// Why a machine is not simply fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Reason {
    /// The SSH port refuses connections.
    SshClosed {
        port: u16,
    },
    /// The SSH port does not answer; a firewall, or SSH on another port.
    SshSilent {
        port: u16,
    },
    /// What listens on the SSH port was not heard yet.
    SshNotSeen {
        port: u16,
    },
    /// Something listens on the SSH port that does not speak SSH.
    NotSsh {
        port: u16,
    },
    /// The identification string names a system that K3s does not run on.
    NotLinux {
        banner: String,
    },
    /// An identification string of small devices and of minimal Linux systems alike.
    SmallSshServer {
        banner: String,
    },
    /// The Kubernetes API port is open: the machine is in a cluster already.
    AlreadyCluster {
        address: IpAddr,
        port: u16,
    },
    Gateway,
    /// The maker of its network card makes routers and access points.
    NetworkDevice {
        vendor: String,
    },
    SharedHostKey {
        fingerprint: String,
    },
    HostKeyChanged {
        before: String,
    },
    DuplicateAddress {
        address: IpAddr,
    },
    ProxyArp {
        addresses: u32,
    },
    /// It was not there at the latest scan.
    Gone,
}

/// Fragments of identification strings of systems that are not Linux. Compared without regard to case.
const NOT_LINUX: &[&str] = &[
    "windows", "cisco", "rosssh", "comware", "huawei", "hpe_", "mpssh", "routeros", "freebsd", "openbsd",
    "netbsd", "sun_ssh", "wingftp", "weonlydo", "bitvise", "crushftp", "lancom", "zyxel", "idrac", "juniper",
    "arista",
];

/// Makers whose cards mark routers, switches and access points rather than computers.
const NETWORK_VENDORS: &[&str] = &["AVM", "MikroTik", "Netgear", "TP-Link", "Ubiquiti"];

/// Judges a host by what was seen on its SSH and Kubernetes API ports and by its flags.
pub(super) fn judge(host: &Host, ssh: u16, api: u16) -> Fit {
    let mut no = Vec::new();
    let mut look = Vec::new();
    let state = |port: u16| host.ports.iter().filter(|seen| seen.port == port).map(|seen| seen.state).min();
    let spoken = host.ssh.iter().find(|seen| seen.banner.is_some());

    match state(ssh) {
        _ if spoken.is_some() => {}
        // Accepted, and what it says is still being heard.
        Some(PortState::Open) => look.push(Reason::SshNotSeen { port: ssh }),
        Some(PortState::Closed) => no.push(Reason::SshClosed { port: ssh }),
        Some(PortState::Filtered) => no.push(Reason::SshSilent { port: ssh }),
        None => look.push(Reason::SshNotSeen { port: ssh }),
    }
    if let Some(banner) = spoken.and_then(|seen| seen.banner.clone()) {
        let lower = banner.to_lowercase();
        if !lower.starts_with("ssh-") {
            no.push(Reason::NotSsh { port: ssh });
        } else if NOT_LINUX.iter().any(|word| lower.contains(word)) {
            no.push(Reason::NotLinux { banner });
        } else if lower.contains("dropbear") {
            look.push(Reason::SmallSshServer { banner });
        }
    }
    if state(api) == Some(PortState::Open) {
        let open = host.ports.iter().find(|seen| seen.port == api && seen.state == PortState::Open);
        look.extend(open.map(|seen| Reason::AlreadyCluster { address: seen.address, port: api }));
    }
    if let Some(vendor) = host.vendor.as_deref().filter(|vendor| NETWORK_VENDORS.contains(vendor)) {
        look.push(Reason::NetworkDevice { vendor: vendor.to_owned() });
    }
    for flag in &host.flags {
        match flag.clone() {
            Flag::SharedHostKey { fingerprint } => look.push(Reason::SharedHostKey { fingerprint }),
            Flag::HostKeyChanged { before } => look.push(Reason::HostKeyChanged { before }),
            Flag::DuplicateAddress { address } => no.push(Reason::DuplicateAddress { address }),
            Flag::ProxyArp { addresses } => look.push(Reason::ProxyArp { addresses }),
            Flag::Gateway => look.push(Reason::Gateway),
            Flag::ThisMachine => {}
        }
    }
    if !host.present {
        no.push(Reason::Gone);
    }

    if !no.is_empty() {
        no.append(&mut look);
        Fit::Unfit { reasons: no }
    } else if look.is_empty() {
        Fit::Fit
    } else {
        Fit::Maybe { reasons: look }
    }
}
