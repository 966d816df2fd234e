//! An active firewall without the rules that nodes need to find one another.
//!
//! Source: the K3s requirements page (ports) and its notes on ufw and firewalld (pod and service ranges).
//! Portico shows the commands; it does not touch the firewall itself.

use super::{CheckCode, Finding, Fix, Severity, Subject};
use crate::facts::{Firewall, FirewallKind, Protocol};
use ipnet::IpNet;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let Some(firewall) = subject.facts.firewall.as_ref().filter(|firewall| firewall.active) else { return };
    let ports: Vec<(u16, Protocol)> = needed_ports(subject)
        .into_iter()
        .filter(|(port, protocol)| !lets_in(firewall, *port, *protocol) && !peers_trusted(subject, firewall))
        .collect();
    let web: Vec<(u16, Protocol)> = web_ports(subject)
        .into_iter()
        .filter(|(port, protocol)| !lets_in(firewall, *port, *protocol) && !peers_trusted(subject, firewall))
        .collect();
    let options = &subject.document.options;
    let ranges: Vec<IpNet> = [options.cluster_cidr, options.service_cidr]
        .into_iter()
        .filter(|range| !firewall.trusted.iter().any(|trusted| trusted.contains(range)))
        .collect();
    if ports.is_empty() && web.is_empty() && ranges.is_empty() {
        return;
    }
    // Without the ports nodes cannot join; what else is missing shows only once there are pods and visitors.
    let severity = if ports.is_empty() { Severity::Warn } else { Severity::Stop };
    let (kind, reload) = match firewall.kind {
        FirewallKind::Ufw => ("ufw", None),
        FirewallKind::Firewalld => ("firewalld", Some("firewall-cmd --reload".to_owned())),
    };
    let all_ports = || ports.iter().chain(&web);
    let mut missing: Vec<String> = all_ports().map(|(port, protocol)| rule(*port, *protocol)).collect();
    missing.extend(ranges.iter().map(IpNet::to_string));
    let mut commands: Vec<String> = all_ports()
        .map(|(port, protocol)| match firewall.kind {
            FirewallKind::Ufw => format!("ufw allow {}", rule(*port, *protocol)),
            FirewallKind::Firewalld => {
                format!("firewall-cmd --permanent --add-port={}", rule(*port, *protocol))
            }
        })
        .collect();
    commands.extend(ranges.iter().map(|range| match firewall.kind {
        FirewallKind::Ufw => format!("ufw allow from {range} to any"),
        FirewallKind::Firewalld => format!("firewall-cmd --permanent --zone=trusted --add-source={range}"),
    }));
    commands.extend(reload);
    findings.push(
        Finding::new(CheckCode::FirewallRules, severity)
            .arg("firewall", kind)
            .arg("missing", missing.join(", "))
            .fix(Fix::Commands { commands }),
    );
}

/// What the other machines, and this computer, have to reach.
fn needed_ports(subject: &Subject<'_>) -> Vec<(u16, Protocol)> {
    let mut ports = Vec::new();
    if subject.is_server() {
        ports.push((6443, Protocol::Tcp));
        if subject.document.embedded_etcd() {
            ports.extend([(2379, Protocol::Tcp), (2380, Protocol::Tcp)]);
        }
    }
    if !subject.document.single_node() {
        ports.extend([(10250, Protocol::Tcp), (8472, Protocol::Udp)]);
    }
    ports
}

fn web_ports(subject: &Subject<'_>) -> Vec<(u16, Protocol)> {
    let carries =
        subject.document.ingress_machines().iter().any(|machine| machine.name == subject.machine.name);
    if carries { vec![(80, Protocol::Tcp), (443, Protocol::Tcp)] } else { Vec::new() }
}

fn lets_in(firewall: &Firewall, port: u16, protocol: Protocol) -> bool {
    firewall.open.iter().any(|open| {
        (open.first..=open.last).contains(&port) && open.protocol.is_none_or(|only| only == protocol)
    })
}

/// A rule for the whole LAN serves as well as one per port.
fn peers_trusted(subject: &Subject<'_>, firewall: &Firewall) -> bool {
    let mut addresses = subject.document.machines.iter().filter_map(|machine| machine.ip()).peekable();
    addresses.peek().is_some()
        && addresses.all(|address| firewall.trusted.iter().any(|trusted| trusted.contains(&address)))
}

fn rule(port: u16, protocol: Protocol) -> String {
    let word = match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    };
    format!("{port}/{word}")
}
