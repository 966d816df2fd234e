//! The network interfaces that a scan may go out of, and which of them are meant by default.
//!
//! The choice is by name and kind, so that it can be explained; reading the interfaces is `world::lan`'s business.

use super::Mac;
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;
use ts_rs::TS;

/// What an interface leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum InterfaceKind {
    Physical,
    /// Bridges and networks of virtual machines on this machine.
    Virtual,
    Vpn,
    Container,
    Loopback,
}

/// Why an interface is left out unless asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum LeftOut {
    Virtual,
    Vpn,
    Container,
    Loopback,
    Down,
    /// No IPv4 subnet with other hosts in it.
    NoSubnet,
    /// Only self-assigned addresses (169.254.0.0/16): no router gave one out.
    SelfAssigned,
    /// A /16 or larger is scanned only when asked for.
    TooLarge,
}

/// One interface of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Interface {
    pub name: String,
    pub index: u32,
    pub kind: InterfaceKind,
    pub mac: Option<Mac>,
    pub up: bool,
    pub addresses: Vec<Ipv4Addr>,
    #[ts(type = "Array<string>")]
    pub subnets: Vec<Ipv4Net>,
    /// None: part of a scan that names no subnets.
    pub left_out: Option<LeftOut>,
}

/// Beginnings of names, with what makes such interfaces.
const NAMES: &[(&str, InterfaceKind)] = &[
    ("docker", InterfaceKind::Container),
    ("br-", InterfaceKind::Container),
    ("veth", InterfaceKind::Container),
    ("cni", InterfaceKind::Container),
    ("flannel", InterfaceKind::Container),
    ("cali", InterfaceKind::Container),
    ("cilium", InterfaceKind::Container),
    ("kube-", InterfaceKind::Container),
    ("lxc", InterfaceKind::Container),
    ("lxdbr", InterfaceKind::Container),
    ("incusbr", InterfaceKind::Container),
    ("podman", InterfaceKind::Container),
    ("nerdctl", InterfaceKind::Container),
    ("virbr", InterfaceKind::Virtual),
    ("vnet", InterfaceKind::Virtual),
    ("vmnet", InterfaceKind::Virtual),
    ("vboxnet", InterfaceKind::Virtual),
    ("bridge100", InterfaceKind::Virtual),
    ("vEthernet", InterfaceKind::Virtual),
    ("dummy", InterfaceKind::Virtual),
    ("awdl", InterfaceKind::Virtual),
    ("llw", InterfaceKind::Virtual),
    ("tun", InterfaceKind::Vpn),
    ("tap", InterfaceKind::Vpn),
    ("wg", InterfaceKind::Vpn),
    ("utun", InterfaceKind::Vpn),
    ("tailscale", InterfaceKind::Vpn),
    ("zt", InterfaceKind::Vpn),
    ("ppp", InterfaceKind::Vpn),
    ("ipsec", InterfaceKind::Vpn),
    ("nordlynx", InterfaceKind::Vpn),
    ("proton", InterfaceKind::Vpn),
];

/// Names the kind of an interface that is not the loopback. `bridge_without_port` marks a bridge with no network
/// card among its ports; `point_to_point` marks tunnels.
pub fn kind(name: &str, bridge_without_port: bool, point_to_point: bool) -> InterfaceKind {
    match NAMES.iter().find(|(beginning, _)| name.starts_with(beginning)) {
        Some((_, kind)) => *kind,
        None if point_to_point => InterfaceKind::Vpn,
        None if bridge_without_port => InterfaceKind::Virtual,
        None => InterfaceKind::Physical,
    }
}

/// Whether, and why, an interface is left out of a scan that names no subnets.
pub fn left_out(kind: InterfaceKind, up: bool, subnets: &[Ipv4Net]) -> Option<LeftOut> {
    match kind {
        InterfaceKind::Loopback => return Some(LeftOut::Loopback),
        InterfaceKind::Virtual => return Some(LeftOut::Virtual),
        InterfaceKind::Vpn => return Some(LeftOut::Vpn),
        InterfaceKind::Container => return Some(LeftOut::Container),
        InterfaceKind::Physical if !up => return Some(LeftOut::Down),
        InterfaceKind::Physical => {}
    }
    let usable = |net: &&Ipv4Net| net.prefix_len() <= 30;
    match subnets.iter().filter(usable).map(|net| (net.network().is_link_local(), net.prefix_len())).min() {
        None => Some(LeftOut::NoSubnet),
        Some((true, _)) => Some(LeftOut::SelfAssigned),
        Some((false, _)) if subnets.iter().all(|net| net.prefix_len() <= 16) => Some(LeftOut::TooLarge),
        Some((false, _)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_lan_is_left_out() {
        for (name, bridge_without_port, point_to_point, up, subnet, expected) in [
            ("eth0", false, false, true, "192.168.1.0/24", None),
            ("enp3s0", false, false, true, "10.0.0.0/20", None),
            ("wlan0", false, false, false, "192.168.1.0/24", Some(LeftOut::Down)),
            ("vmbr0", false, false, true, "192.168.1.0/24", None),
            ("br0", true, false, true, "192.168.1.0/24", Some(LeftOut::Virtual)),
            ("docker0", true, false, true, "172.17.0.0/16", Some(LeftOut::Container)),
            ("br-5f1c", true, false, true, "172.18.0.0/16", Some(LeftOut::Container)),
            ("virbr0", true, false, true, "192.168.122.0/24", Some(LeftOut::Virtual)),
            ("wg0", false, true, true, "10.8.0.0/24", Some(LeftOut::Vpn)),
            ("corp", false, true, true, "10.9.0.0/24", Some(LeftOut::Vpn)),
            ("tailscale0", false, true, true, "100.64.0.1/32", Some(LeftOut::Vpn)),
            ("eth0", false, false, true, "192.168.1.7/32", Some(LeftOut::NoSubnet)),
            ("eth0", false, false, true, "169.254.0.0/16", Some(LeftOut::SelfAssigned)),
            ("eth0", false, false, true, "10.0.0.0/8", Some(LeftOut::TooLarge)),
        ] {
            let kind = kind(name, bridge_without_port, point_to_point);
            assert_eq!(left_out(kind, up, &[subnet.parse().unwrap()]), expected, "{name} {subnet}");
        }
    }
}
