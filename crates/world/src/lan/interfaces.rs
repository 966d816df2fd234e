//! This machine's interfaces, and which subnet is on which link.
//!
//! What counts as a LAN is decided in `domain::host::interface`; here it is only read from the system.

use super::Ipv4Net;
pub use portico_domain::host::interface::Interface;
use portico_domain::host::{
    Mac,
    interface::{InterfaceKind, kind, left_out},
};
use std::net::Ipv4Addr;

/// A subnet to look at, and the own link that it is on, if any.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub net: Ipv4Net,
    pub link: Option<Link>,
}

/// A link on which addresses resolve to network cards.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub name: String,
    pub index: u32,
    pub mac: Mac,
    pub address: Ipv4Addr,
}

/// Every interface of this machine, with the reason where it is left out by default. Ordered by name.
pub fn interfaces() -> Vec<Interface> {
    let mut list: Vec<Interface> = netdev::get_interfaces().iter().map(read).collect();
    list.sort_by(|a, b| a.name.cmp(&b.name));
    list
}

fn read(of: &netdev::Interface) -> Interface {
    let kind = if of.is_loopback() {
        InterfaceKind::Loopback
    } else {
        kind(&of.name, bridge_without_port(&of.name), of.is_point_to_point())
    };
    let mac = of.mac_addr.map(|mac| Mac(mac.octets())).filter(Mac::is_card);
    let mut subnets: Vec<Ipv4Net> = of.ipv4.iter().map(Ipv4Net::trunc).collect();
    subnets.sort();
    subnets.dedup();
    Interface {
        name: of.name.clone(),
        index: of.index,
        kind,
        mac,
        up: of.is_up() && of.is_running(),
        addresses: of.ipv4.iter().map(Ipv4Net::addr).collect(),
        left_out: left_out(kind, of.is_up() && of.is_running(), &subnets),
        subnets,
    }
}

/// A bridge of Linux none of whose ports is a network card: it joins machines inside this one.
fn bridge_without_port(name: &str) -> bool {
    let ports = std::path::Path::new("/sys/class/net").join(name).join("brif");
    let Ok(ports) = std::fs::read_dir(ports) else { return false };
    !ports
        .flatten()
        .any(|port| std::path::Path::new("/sys/class/net").join(port.file_name()).join("device").exists())
}

/// The next hops of the default routes.
pub(super) fn gateways() -> Vec<Ipv4Addr> {
    netdev::get_default_gateway().map(|gateway| gateway.ipv4).unwrap_or_default()
}

/// Finds the link of each subnet. One that spans more than the link's own subnet is treated as behind a router.
pub(super) fn targets(subnets: &[Ipv4Net], interfaces: &[Interface]) -> Vec<Target> {
    subnets.iter().map(|&net| Target { net, link: interfaces.iter().find_map(|on| link(net, on)) }).collect()
}

fn link(net: Ipv4Net, on: &Interface) -> Option<Link> {
    if !on.up || matches!(on.kind, InterfaceKind::Loopback | InterfaceKind::Vpn) {
        return None;
    }
    on.subnets.iter().find(|own| own.contains(&net))?;
    let inside = on.addresses.iter().find(|address| net.contains(*address));
    let address = *inside.or(on.addresses.first())?;
    Some(Link { name: on.name.clone(), index: on.index, mac: on.mac?, address })
}
