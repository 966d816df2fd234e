//! One machine of the homelab: hardware, users, files, services, power.
//!
//! Only what the protocols can show is modelled; no process runs and no file is kept beyond its first bytes when it is
//! large. Identity (keys, ids, MAC addresses) is derived from the homelab's seed, so that a test can expect it.

use super::File;
use aws_lc_rs::digest::{SHA256, digest};
use russh::keys::PrivateKey;
use russh::keys::ssh_key::private::Ed25519Keypair;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

/// How long things take. The defaults keep tests quick; [`Pace::lifelike`] suits a person who watches.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    pub service_start: Duration,
    pub reboot: Duration,
    pub node_ready: Duration,
    /// From a machine's silence to its node's `NotReady`.
    pub node_lost: Duration,
    pub pod_start: Duration,
    pub chart: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            service_start: Duration::from_millis(250),
            reboot: Duration::from_millis(500),
            node_ready: Duration::from_millis(200),
            node_lost: Duration::from_millis(800),
            pod_start: Duration::from_millis(150),
            chart: Duration::from_millis(300),
        }
    }
}

impl Pace {
    pub fn lifelike() -> Self {
        let quick = Pace::default();
        Pace {
            service_start: quick.service_start * 12,
            reboot: quick.reboot * 16,
            node_ready: quick.node_ready * 15,
            node_lost: quick.node_lost * 30,
            pod_start: quick.pod_start * 15,
            chart: quick.chart * 15,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Power {
    On,
    Off,
    Hung,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sudo {
    /// The user is root.
    Root,
    NoPassword,
    Password,
    /// Not in the sudoers file.
    None,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct User {
    pub name: String,
    pub password: String,
    pub sudo: Sudo,
    /// Lines as in `authorized_keys`.
    pub authorized_keys: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Os {
    pub id: String,
    pub version: String,
    pub pretty: String,
    pub kernel: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Interface {
    pub name: String,
    pub up: bool,
    pub mac: String,
    pub addresses: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Firewall {
    /// `ufw` or `firewalld`.
    pub name: String,
    pub active: bool,
    /// `6443/tcp` and the like.
    pub open: Vec<String>,
    /// Networks whose packets are let through whatever the port.
    pub trusted: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listening {
    /// `tcp` or `udp`.
    pub protocol: String,
    pub address: String,
    pub port: u16,
    pub process: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    Server,
    Agent,
}

impl Role {
    pub fn unit(self) -> &'static str {
        match self {
            Role::Server => "k3s",
            Role::Agent => "k3s-agent",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Role::Server => "server",
            Role::Agent => "agent",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnitState {
    Active,
    Activating,
    Inactive,
}

impl UnitState {
    pub fn word(self) -> &'static str {
        match self {
            UnitState::Active => "active",
            UnitState::Activating => "activating",
            UnitState::Inactive => "inactive",
        }
    }
}

/// Digests of what the service was last started with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    pub config: String,
    pub binary: String,
    /// Of the join token's file; a server that joins nobody has none.
    pub token: Option<String>,
}

/// What the running program read when it started: newer files wait for a restart. Has the join token, a secret.
#[derive(Clone, Serialize, Deserialize)]
pub struct Loaded {
    pub config: String,
    pub token: Option<String>,
    pub with: Started,
}

/// The K3s service of a machine.
#[derive(Clone, Serialize, Deserialize)]
pub struct K3s {
    pub role: Role,
    pub state: UnitState,
    pub started_with: Option<Started>,
    /// The cluster that it belongs to, by index into the homelab's clusters.
    pub cluster: Option<usize>,
    pub node_name: String,
    /// Whether it takes part in its cluster. An agent's unit is active while it still waits for its server.
    pub joined: bool,
    pub loaded: Option<Loaded>,
    /// Why the last attempt to start failed; systemd tries again.
    pub failure: Option<String>,
    /// Raised by every start and stop, so that a retry of an older start knows that it is out of date.
    pub generation: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JournalLine {
    pub unit: String,
    pub at: i64,
    pub text: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Machine {
    pub name: String,
    pub address: Ipv4Addr,
    /// What a person would want to know before choosing it.
    pub note: String,
    pub os: Os,
    pub arch: String,
    pub board: String,
    pub cpus: u32,
    pub memory_kib: u64,
    pub disk_kib: u64,
    /// Free before the files of the model are counted.
    pub disk_free_kib: u64,
    /// What somebody filled the disk with.
    pub disk_filled_kib: u64,
    pub swap_kib: u64,
    pub cgroup_version: u8,
    /// Of the running kernel; set from the kernel's command line at boot.
    pub cgroup_memory: bool,
    /// Whether this board's kernel leaves the memory controller off unless the command line asks for it.
    pub cgroup_needs_cmdline: bool,
    pub cmdline_path: Option<String>,
    pub clock_offset_ms: i64,
    pub time_synchronised: bool,
    pub interfaces: Vec<Interface>,
    pub firewalls: Vec<Firewall>,
    pub selinux: Option<String>,
    pub listening: Vec<Listening>,
    pub users: Vec<User>,
    pub password_login: bool,
    pub host_key_seed: [u8; 32],
    pub machine_id: String,
    pub boot_id: String,
    pub boots: u64,
    pub files: BTreeMap<String, File>,
    pub k3s: Option<K3s>,
    pub node_password: String,
    pub journal: Vec<JournalLine>,
    pub power: Power,
    /// Off, and about to come up by itself.
    pub rebooting: bool,
}

impl Machine {
    /// Derives what depends on the seed and the place in the homelab.
    pub(super) fn settle(&mut self, seed: u64, index: usize) {
        let last = u8::try_from(11 + index).unwrap_or(u8::MAX);
        self.address = Ipv4Addr::new(127, 77, 0, last);
        self.host_key_seed = derive(seed, &format!("host key {}", self.name));
        if self.machine_id.is_empty() {
            self.machine_id = hex::encode(&derive(seed, &format!("machine id {}", self.name))[..16]);
        }
        self.node_password = hex::encode(&derive(seed, &format!("node password {}", self.name))[..16]);
        for interface in &mut self.interfaces {
            if interface.addresses.is_empty() && interface.up {
                interface.addresses.push(format!("{}/24", self.address));
            }
            if interface.mac.is_empty() {
                let bytes = derive(seed, &format!("mac {} {}", self.name, interface.name));
                let vendor = if self.board.starts_with("Raspberry") { "d8:3a:dd" } else { "1c:69:7a" };
                interface.mac = format!("{vendor}:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2]);
            }
        }
        self.boot(seed);
    }

    /// Powers on with a new boot id. An enabled K3s is left `activating`: whoever runs services starts it.
    pub(crate) fn boot(&mut self, seed: u64) {
        self.boots = self.boots.wrapping_add(1);
        let id = derive(seed, &format!("boot {} {}", self.name, self.boots));
        self.boot_id =
            uuid::Builder::from_random_bytes(id[..16].try_into().unwrap_or_default()).into_uuid().to_string();
        self.cgroup_memory = !self.cgroup_needs_cmdline || self.cmdline().contains("cgroup_enable=memory");
        self.power = Power::On;
        self.rebooting = false;
        if let Some(k3s) = &mut self.k3s {
            k3s.state = UnitState::Activating;
            k3s.joined = false;
            k3s.loaded = None;
            k3s.failure = None;
            k3s.generation = k3s.generation.wrapping_add(1);
        }
    }

    pub(crate) fn lose_power(&mut self) {
        self.power = Power::Off;
        self.rebooting = false;
        if let Some(k3s) = &mut self.k3s {
            k3s.state = UnitState::Inactive;
            k3s.joined = false;
            k3s.generation = k3s.generation.wrapping_add(1);
        }
    }

    pub fn cmdline(&self) -> String {
        let file = self.cmdline_path.as_ref().and_then(|path| self.files.get(path));
        file.map(File::text).unwrap_or_default().trim_end().to_owned()
    }

    /// Free disk space in KiB, after what was placed.
    pub fn free_kib(&self) -> u64 {
        let used: u64 = self.files.values().map(|file| file.size.div_ceil(1024)).sum();
        self.disk_free_kib.saturating_sub(used + self.disk_filled_kib)
    }

    /// Below this the kubelet says `DiskPressure`: its threshold is a tenth of the disk.
    pub fn disk_is_full(&self) -> bool {
        self.disk_filled_kib > 0 && self.free_kib() < self.disk_kib / 10
    }

    /// Leaves a few MiB on the disk, or tidies up again.
    pub fn fill_disk(&mut self, full: bool) {
        self.disk_filled_kib = 0;
        if full {
            self.disk_filled_kib = self.free_kib().saturating_sub(8 * 1024);
        }
    }

    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    /// Whether the machine answers on the network.
    pub fn answers(&self) -> bool {
        self.power == Power::On
    }

    /// The K3s of this machine while it takes part in its cluster.
    pub fn running(&self) -> Option<&K3s> {
        self.k3s.as_ref().filter(|k3s| self.answers() && k3s.state == UnitState::Active && k3s.joined)
    }

    pub fn log(&mut self, at: i64, unit: &str, text: impl Into<String>) {
        self.journal.push(JournalLine { unit: unit.to_owned(), at, text: text.into() });
        if self.journal.len() > 2000 {
            self.journal.drain(..1000);
        }
    }

    pub fn host_key(&self) -> PrivateKey {
        private_key(&self.host_key_seed)
    }

    /// The sockets that are open now, those of a running K3s included.
    pub fn sockets(&self) -> Vec<Listening> {
        let mut open = self.listening.clone();
        if let Some(k3s) = self.running() {
            let ports: &[(u16, &'static str)] = match k3s.role {
                Role::Server => &[(6443, "tcp"), (10250, "tcp"), (8472, "udp")],
                Role::Agent => &[(10250, "tcp"), (8472, "udp")],
            };
            let process = format!("k3s-{}", k3s.role.word());
            open.extend(ports.iter().map(|&(port, protocol)| Listening {
                protocol: protocol.to_owned(),
                address: "*".to_owned(),
                port,
                process: process.clone(),
            }));
        }
        open
    }
}

pub(crate) fn derive(seed: u64, what: &str) -> [u8; 32] {
    let bytes = digest(&SHA256, format!("{seed} {what}").as_bytes());
    bytes.as_ref().try_into().unwrap_or_default()
}

pub(super) fn private_key(seed: &[u8; 32]) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(seed))
}
