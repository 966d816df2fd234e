//! Which interface and address of a machine carry cluster traffic.
//!
//! K3s takes the address of the default route; on a machine with several networks that is often the wrong one,
//! so the interface that reaches the other nodes is chosen and said explicitly. Where that is not clear the
//! answer is a question to the owner, never a guess.

use super::{ClusterDocument, Machine};
use crate::facts::{Interface, MachineFacts};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use ts_rs::TS;

/// One interface that could carry cluster traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct InterfaceChoice {
    pub interface: String,
    #[ts(type = "string")]
    pub address: IpAddr,
}

/// What follows from a machine's interfaces for its node address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeAddress {
    /// There is one network only: K3s finds it by itself.
    Only(InterfaceChoice),
    /// One of several; it has to be said in the configuration.
    Chosen(InterfaceChoice),
    /// The owner named an interface that the machine does not have, or that has no address.
    Missing { wanted: String, candidates: Vec<InterfaceChoice> },
    /// Several, or none, reach the other nodes.
    Unclear(Vec<InterfaceChoice>),
    /// No interface has a usable address.
    Nothing,
}

impl NodeAddress {
    pub fn choice(&self) -> Option<&InterfaceChoice> {
        match self {
            Self::Only(choice) | Self::Chosen(choice) => Some(choice),
            _ => None,
        }
    }
}

/// Interfaces made by software: they never lead to another machine of the LAN.
pub fn is_virtual(name: &str) -> bool {
    const PREFIXES: [&str; 14] = [
        "docker",
        "br-",
        "veth",
        "cni",
        "flannel",
        "virbr",
        "kube-",
        "tun",
        "tap",
        "wg",
        "tailscale",
        "zt",
        "vnet",
        "cali",
    ];
    name == "lo" || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

impl NodeAddress {
    pub fn of(document: &ClusterDocument, machine: &Machine, facts: &MachineFacts) -> Self {
        let peers: Vec<IpAddr> = document
            .machines
            .iter()
            .filter(|other| other.name != machine.name)
            .filter_map(Machine::ip)
            .collect();
        let own = machine.ip();
        let usable = |interface: &&Interface| interface.up && address_on(interface, own, &peers).is_some();
        let choice = |interface: &Interface| {
            let address = address_on(interface, own, &peers)?;
            Some(InterfaceChoice { interface: interface.name.clone(), address })
        };
        let physical: Vec<&Interface> =
            facts.interfaces.iter().filter(|interface| !is_virtual(&interface.name)).filter(usable).collect();
        let candidates: Vec<InterfaceChoice> = physical.iter().filter_map(|found| choice(found)).collect();

        if let Some(wanted) = &machine.interface {
            // A named interface may be a virtual one: clusters over WireGuard are built that way.
            let named = facts.interfaces.iter().filter(usable).find(|found| found.name == *wanted);
            return match named.and_then(choice) {
                Some(choice) => Self::Chosen(choice),
                None => Self::Missing { wanted: wanted.clone(), candidates },
            };
        }
        match candidates.as_slice() {
            [] => return Self::Nothing,
            [only] => return Self::Only(only.clone()),
            _ => {}
        }
        let reaches_all = |interface: &Interface| {
            peers.iter().all(|peer| interface.addresses.iter().any(|net| net.contains(peer)))
        };
        let reaching: Vec<&Interface> = physical
            .iter()
            .copied()
            .filter(|interface| !peers.is_empty() && reaches_all(interface))
            .collect();
        // Among equals, the one that we are connected through is known to work.
        let ours = |interface: &&Interface| {
            own.is_some_and(|own| interface.addresses.iter().any(|net| net.addr() == own))
        };
        let chosen = match reaching.as_slice() {
            [one] => Some(*one),
            [] if !peers.is_empty() => None,
            [] => physical.iter().copied().find(ours),
            several => several.iter().copied().find(ours),
        };
        match chosen.and_then(choice) {
            Some(choice) => Self::Chosen(choice),
            None => Self::Unclear(candidates),
        }
    }
}

/// The address to use on an interface: the one we connect to, else the one that shares a network with a peer,
/// else the first IPv4 one that is not link-local.
fn address_on(interface: &Interface, own: Option<IpAddr>, peers: &[IpAddr]) -> Option<IpAddr> {
    let usable = |address: &IpAddr| match address {
        IpAddr::V4(v4) => !v4.is_link_local(),
        IpAddr::V6(_) => own == Some(*address),
    };
    let nets = || interface.addresses.iter().filter(|net| usable(&net.addr()));
    nets()
        .find(|net| own == Some(net.addr()))
        .or_else(|| nets().find(|net| peers.iter().any(|peer| net.contains(peer))))
        .or_else(|| nets().next())
        .map(|net| net.addr())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(own: &str, peers: &[&str], interface: Option<&str>, lines: &str) -> NodeAddress {
        let entry = |index: usize, address: &str, more: &str| {
            let role = if index == 0 { "server" } else { "agent" };
            format!("  - {{ name: m{index}, address: {address}, role: {role}{more} }}\n")
        };
        let more = interface.map(|name| format!(", interface: {name}")).unwrap_or_default();
        let mut machines = entry(0, own, &more);
        machines.extend(peers.iter().enumerate().map(|(index, peer)| entry(index + 1, peer, "")));
        let yaml = format!("version: 1\nname: home\nk3s: {{ channel: stable }}\nmachines:\n{machines}");
        let document = super::super::parse(&yaml).unwrap();
        let (facts, problems) = MachineFacts::parse(lines);
        assert_eq!(problems, []);
        NodeAddress::of(&document, &document.machines[0], &facts)
    }

    fn choice(interface: &str, address: &str) -> InterfaceChoice {
        InterfaceChoice { interface: interface.into(), address: address.parse().unwrap() }
    }

    const ETH: &str = "iface=eth0\tup\t02:00:00:00:00:01\t192.168.1.10/24\n";
    const WLAN: &str = "iface=wlan0\tup\t02:00:00:00:00:02\t192.168.1.20/24\n";
    const LAB: &str = "iface=eth1\tup\t02:00:00:00:00:03\t10.9.0.10/24,169.254.3.4/16\n";
    const DOCKER: &str = "iface=docker0\tup\t02:00:00:00:00:04\t172.17.0.1/16\n";

    #[test]
    fn the_interface_that_reaches_the_other_nodes_is_chosen() {
        let lines = format!("{ETH}{LAB}{DOCKER}");
        let found = check("192.168.1.10", &["10.9.0.11"], None, &lines);
        assert_eq!(found, NodeAddress::Chosen(choice("eth1", "10.9.0.10")), "reached by SSH elsewhere");
    }

    #[test]
    fn one_network_needs_no_words() {
        let found = check("192.168.1.10", &["192.168.1.11"], None, &format!("{ETH}{DOCKER}"));
        assert_eq!(found, NodeAddress::Only(choice("eth0", "192.168.1.10")));
    }

    #[test]
    fn of_two_on_one_lan_the_connected_one_is_taken() {
        let found = check("192.168.1.20", &["192.168.1.11"], None, &format!("{ETH}{WLAN}"));
        assert_eq!(found, NodeAddress::Chosen(choice("wlan0", "192.168.1.20")));
    }

    #[test]
    fn what_is_not_clear_is_asked() {
        let both = vec![choice("eth0", "192.168.1.10"), choice("eth1", "10.9.0.10")];
        let lines = format!("{ETH}{LAB}");
        assert_eq!(check("192.168.1.10", &["172.20.0.5"], None, &lines), NodeAddress::Unclear(both.clone()));
        let wanted = NodeAddress::Missing { wanted: "eth7".into(), candidates: both };
        assert_eq!(check("192.168.1.10", &["10.9.0.11"], Some("eth7"), &lines), wanted);
        assert_eq!(check("192.168.1.10", &[], None, DOCKER), NodeAddress::Nothing);
    }

    #[test]
    fn the_owners_word_wins_even_for_a_virtual_interface() {
        let lines = format!("{ETH}iface=wg0\tup\t\t10.7.0.2/24\n");
        let found = check("192.168.1.10", &["192.168.1.11"], Some("wg0"), &lines);
        assert_eq!(found, NodeAddress::Chosen(choice("wg0", "10.7.0.2")));
    }
}
