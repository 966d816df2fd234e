//! The cluster that is wanted: which machines, which roles, which K3s, which options.
//!
//! The document is what a person writes and what the window edits; everything else about the cluster follows
//! from it here, by pure functions: who is a worker, whether servers are tainted, who carries service ports.
//! What runs on the machines is not here but in `facts`; how it gets there is the engine's business.

mod address;
mod config;
mod parse;
mod validate;
mod version;

pub use address::{InterfaceChoice, NodeAddress, is_virtual};
pub use config::{JOIN_TOKEN_PATH, config_yaml};
pub use parse::parse;
pub use version::{K3sVersion, NotAVersion};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use ts_rs::TS;

/// The only version of the document so far. Later versions keep reading this one.
pub const DOCUMENT_VERSION: u32 = 1;

/// The node label that turns K3s' servicelb into allow-list mode when at least one node carries it.
pub const SERVICELB_LABEL: (&str, &str) = ("svccontroller.k3s.cattle.io/enablelb", "true");

/// The taint that keeps ordinary pods off servers, as `(key, value, effect)`.
pub const SERVER_TAINT: (&str, &str, &str) = ("node-role.kubernetes.io/control-plane", "true", "NoSchedule");

/// A whole cluster as its owner describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterDocument {
    pub version: u32,
    /// A DNS label; also the name of the kubeconfig context.
    pub name: String,
    pub k3s: K3s,
    pub machines: Vec<Machine>,
    #[serde(default)]
    pub options: Options,
}

/// Which K3s, and where its files come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct K3s {
    pub release: Release,
    /// A local folder that holds the release's files, for machines without internet.
    #[serde(default)]
    pub folder: Option<String>,
}

/// A pinned release, or a channel that is resolved to one when a plan is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Release {
    Version(K3sVersion),
    Channel(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Server,
    Agent,
}

impl Role {
    /// The word that K3s' installer takes.
    pub fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Agent => "agent",
        }
    }

    /// The systemd unit that K3s' installer makes for this role.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Server => "k3s",
            Self::Agent => "k3s-agent",
        }
    }
}

/// One machine of the cluster. `name` becomes its node name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Machine {
    pub name: String,
    /// An IP address, a host name, or an alias of `~/.ssh/config`.
    pub address: String,
    pub role: Role,
    #[serde(default)]
    pub user: Option<String>,
    /// The SSH port; 22 when absent.
    #[serde(default)]
    pub port: Option<u16>,
    /// The interface that carries cluster traffic, where the choice is not clear by itself.
    #[serde(default)]
    pub interface: Option<String>,
}

impl Machine {
    pub fn ip(&self) -> Option<IpAddr> {
        self.address.parse().ok()
    }
}

/// Choices with a default that fits a home network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Options {
    /// K3s' bundled Traefik; off, because Portico brings its own ingress controller for ports 80 and 443.
    pub traefik: bool,
    /// Keeps the ports of LoadBalancer services on the workers when there are any.
    pub servicelb_on_workers: bool,
    #[ts(type = "string")]
    pub cluster_cidr: IpNet,
    #[ts(type = "string")]
    pub service_cidr: IpNet,
    /// Tells a kubelet of 1.35 or later to run on cgroup v1 all the same.
    pub allow_cgroup_v1: bool,
    /// Further names or addresses for the API server's certificate.
    pub tls_san: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            traefik: false,
            servicelb_on_workers: true,
            cluster_cidr: IpNet::V4(ipnet::Ipv4Net::new_assert([10, 42, 0, 0].into(), 16)),
            service_cidr: IpNet::V4(ipnet::Ipv4Net::new_assert([10, 43, 0, 0].into(), 16)),
            allow_cgroup_v1: false,
            tls_san: Vec::new(),
        }
    }
}

impl ClusterDocument {
    pub fn machine(&self, name: &str) -> Option<&Machine> {
        self.machines.iter().find(|machine| machine.name == name)
    }

    pub fn servers(&self) -> impl Iterator<Item = &Machine> {
        self.machines.iter().filter(|machine| machine.role == Role::Server)
    }

    /// The server that the others join; none only in a document that did not pass [`Self::problems`].
    pub fn first_server(&self) -> Option<&Machine> {
        self.servers().next()
    }

    pub fn workers(&self) -> impl Iterator<Item = &Machine> {
        self.machines.iter().filter(|machine| machine.role == Role::Agent)
    }

    /// Servers are kept free of ordinary pods exactly when someone else can run them.
    pub fn taint_wanted(&self) -> bool {
        self.workers().next().is_some()
    }

    pub fn single_node(&self) -> bool {
        self.machines.len() == 1
    }

    /// More than one server means embedded etcd; a lone server keeps its state in SQLite.
    pub fn embedded_etcd(&self) -> bool {
        self.servers().count() > 1
    }

    /// Nodes to label for servicelb. The taint does not keep its pods off servers: they tolerate it.
    /// Empty means that no node is labelled and every node carries service ports.
    pub fn servicelb_nodes(&self) -> Vec<&Machine> {
        if self.options.servicelb_on_workers { self.workers().collect() } else { Vec::new() }
    }

    /// The machines whose ports 80 and 443 will answer: where clients, and DNS records, point to.
    pub fn ingress_machines(&self) -> Vec<&Machine> {
        let labelled = self.servicelb_nodes();
        if labelled.is_empty() { self.machines.iter().collect() } else { labelled }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(roles: &[Role]) -> ClusterDocument {
        let machine = |(index, role): (usize, &Role)| Machine {
            name: format!("m{index}"),
            address: format!("192.168.1.{}", index + 10),
            role: *role,
            user: None,
            port: None,
            interface: None,
        };
        ClusterDocument {
            version: 1,
            name: "home".into(),
            k3s: K3s { release: Release::Channel("stable".into()), folder: None },
            machines: roles.iter().enumerate().map(machine).collect(),
            options: Options::default(),
        }
    }

    fn names(machines: Vec<&Machine>) -> Vec<&str> {
        machines.into_iter().map(|machine| machine.name.as_str()).collect()
    }

    #[test]
    fn the_taint_is_wanted_exactly_when_there_are_workers() {
        use Role::{Agent, Server};
        assert!(!document(&[Server]).taint_wanted());
        assert!(!document(&[Server, Server, Server]).taint_wanted());
        assert!(document(&[Server, Agent]).taint_wanted());
        assert!(document(&[Server]).single_node());
        assert!(!document(&[Server, Agent]).single_node());
    }

    #[test]
    fn service_ports_are_on_the_workers_or_on_every_node() {
        use Role::{Agent, Server};
        let alone = document(&[Server, Server, Server]);
        assert!(alone.servicelb_nodes().is_empty());
        assert_eq!(names(alone.ingress_machines()), ["m0", "m1", "m2"]);

        let mut mixed = document(&[Server, Agent, Agent]);
        assert_eq!(names(mixed.servicelb_nodes()), ["m1", "m2"]);
        assert_eq!(names(mixed.ingress_machines()), ["m1", "m2"]);
        mixed.options.servicelb_on_workers = false;
        assert!(mixed.servicelb_nodes().is_empty());
        assert_eq!(names(mixed.ingress_machines()), ["m0", "m1", "m2"]);
    }

    #[test]
    fn etcd_comes_with_the_second_server() {
        use Role::Server;
        assert!(!document(&[Server]).embedded_etcd());
        assert!(document(&[Server, Server, Server]).embedded_etcd());
    }
}
