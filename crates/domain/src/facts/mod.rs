//! What one machine says about itself, as the `facts` script reports it.
//!
//! Every field is optional or a list: a tool that a machine lacks leaves a gap, and a gap is unknown, never
//! healthy. Judging the facts is `preflight`'s; reading the lines is `read`'s.

mod read;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use ts_rs::TS;

/// The facts of one machine at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct MachineFacts {
    /// `ID` and `VERSION_ID` of os-release.
    pub os_id: Option<String>,
    pub os_version: Option<String>,
    pub os_pretty: Option<String>,
    /// As `uname -m` says it.
    pub arch: Option<String>,
    pub kernel: Option<String>,
    /// The device tree's or the firmware's model name.
    pub board: Option<String>,
    pub cpus: Option<u32>,
    #[ts(type = "number | null")]
    pub memory_total_kib: Option<u64>,
    #[ts(type = "number | null")]
    pub memory_available_kib: Option<u64>,
    /// Of the file system that holds `/var/lib`.
    #[ts(type = "number | null")]
    pub disk_total_kib: Option<u64>,
    #[ts(type = "number | null")]
    pub disk_free_kib: Option<u64>,
    /// 1 or 2.
    pub cgroup_version: Option<u8>,
    pub cgroup_memory: Option<bool>,
    #[ts(type = "number | null")]
    pub swap_total_kib: Option<u64>,
    /// The machine's clock, unix milliseconds.
    #[ts(type = "number | null")]
    pub time_epoch_ms: Option<i64>,
    /// Unknown where the machine has no tool that tells.
    pub time_synchronised: Option<bool>,
    pub hostname: Option<String>,
    pub machine_id: Option<String>,
    /// Changes with every boot, which is how a reboot is seen.
    pub boot_id: Option<String>,
    pub systemd: Option<bool>,
    /// The kind of virtualisation, where there is one.
    pub virt: Option<String>,
    pub interfaces: Vec<Interface>,
    pub default_routes: Vec<DefaultRoute>,
    pub firewall: Option<Firewall>,
    pub selinux: Option<Selinux>,
    /// Whether K3s' SELinux policy is installed.
    pub selinux_k3s: bool,
    /// `iptables --version` without the program's name.
    pub iptables_version: Option<String>,
    pub listening: Vec<Listener>,
    /// The kernel command line file of a Raspberry Pi, and its text.
    pub cmdline_path: Option<String>,
    pub cmdline_text: Option<String>,
    pub k3s: K3sFacts,
}

/// A network interface with its addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Interface {
    pub name: String,
    pub up: bool,
    pub mac: Option<String>,
    #[ts(type = "string[]")]
    pub addresses: Vec<IpNet>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DefaultRoute {
    pub interface: String,
    #[ts(type = "string | null")]
    pub gateway: Option<IpAddr>,
    #[ts(type = "string | null")]
    pub source: Option<IpAddr>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Firewall {
    pub kind: FirewallKind,
    pub active: bool,
    pub open: Vec<OpenPorts>,
    /// Networks whose every packet is let in.
    #[ts(type = "string[]")]
    pub trusted: Vec<IpNet>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum FirewallKind {
    Ufw,
    Firewalld,
}

/// A port, or a range of ports, that the firewall lets in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OpenPorts {
    pub first: u16,
    pub last: u16,
    /// Absent where the rule holds for both.
    pub protocol: Option<Protocol>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    Tcp,
    Udp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Selinux {
    Enforcing,
    Permissive,
    Disabled,
}

/// A socket that waits for connections, or for datagrams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Listener {
    pub protocol: Protocol,
    /// `*` stands for every address.
    pub address: String,
    pub port: u16,
    pub process: Option<String>,
}

/// What is on the machine of K3s, ours or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct K3sFacts {
    /// SHA-256 of `/usr/local/bin/k3s`.
    pub binary: Option<String>,
    /// As the binary tells it.
    pub version: Option<String>,
    pub units: Vec<Unit>,
    /// SHA-256 of config.yaml, of the join token file and of the install script.
    pub config: Option<String>,
    pub token: Option<String>,
    /// SHA-256 of the token that a server hands to joiners; a digest of a long random value tells nothing.
    pub server_token: Option<String>,
    pub installer: Option<String>,
    /// SHA-256 of the config.yaml that the running service was last started with.
    pub started_with: Option<String>,
    /// SHA-256 of the binary that the running service was last started with.
    pub started_binary: Option<String>,
    /// SHA-256 of the join token that the running service was last started with.
    pub started_token: Option<String>,
    pub images: Vec<ImageArchive>,
    /// Files of an earlier K3s.
    pub leftovers: Vec<String>,
    pub owner: Option<Owner>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Unit {
    /// `k3s` or `k3s-agent`.
    pub name: String,
    /// systemd's words, such as `active` and `enabled`.
    pub active: String,
    pub enabled: String,
    pub exec_start: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImageArchive {
    pub name: String,
    pub sha256: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    Portico,
    Foreign,
}

impl MachineFacts {
    /// iptables 1.8.0 to 1.8.4 in nft mode duplicate rules until the machine stalls (K3s' known issues).
    pub fn iptables_is_buggy(&self) -> bool {
        let Some(text) = &self.iptables_version else { return false };
        let number = text.trim_start_matches('v').split_whitespace().next().unwrap_or_default();
        let bad = matches!(number, "1.8.0" | "1.8.1" | "1.8.2" | "1.8.3" | "1.8.4");
        bad && !text.contains("legacy")
    }
}

impl K3sFacts {
    pub fn unit(&self, name: &str) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.name == name)
    }

    /// Our own K3s is running here, so its ports are meant to be taken.
    pub fn ours_running(&self) -> bool {
        self.owner == Some(Owner::Portico) && self.units.iter().any(|unit| unit.active == "active")
    }
}
