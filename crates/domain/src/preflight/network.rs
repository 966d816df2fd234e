//! The node address, the default route, and networks that collide with the cluster's own ranges.

use super::{CheckCode, Finding, Fix, Severity, Subject};
use crate::cluster::{InterfaceChoice, NodeAddress, is_virtual};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let ask = |candidates: Vec<InterfaceChoice>| Fix::ChooseInterface { candidates };
    match NodeAddress::of(subject.document, subject.machine, subject.facts) {
        NodeAddress::Only(_) => {}
        NodeAddress::Chosen(choice) => findings.push(
            Finding::new(CheckCode::InterfaceChosen, Severity::Note)
                .arg("interface", choice.interface)
                .arg("address", choice.address),
        ),
        NodeAddress::Missing { wanted, candidates } => findings.push(
            Finding::new(CheckCode::InterfaceMissing, Severity::Stop)
                .arg("wanted", wanted)
                .fix(ask(candidates)),
        ),
        NodeAddress::Unclear(candidates) => findings.push(
            Finding::new(CheckCode::InterfaceUnclear, Severity::Stop)
                .arg("candidates", names(&candidates))
                .fix(ask(candidates)),
        ),
        // Without any interface in the facts, the gap is reported as an unknown fact already.
        NodeAddress::Nothing if subject.facts.interfaces.is_empty() => {}
        NodeAddress::Nothing => findings.push(Finding::new(CheckCode::NoAddress, Severity::Stop)),
    }
    if subject.facts.default_routes.is_empty() && !subject.facts.interfaces.is_empty() {
        // K3s refuses to start without one, even where nothing outside has to be reached.
        findings.push(Finding::new(CheckCode::NoDefaultRoute, Severity::Stop).commands([
            "ip link add dummy0 type dummy",
            "ip link set dummy0 up",
            "ip addr add 203.0.113.254/31 dev dummy0",
            "ip route add default via 203.0.113.255 dev dummy0 metric 1000",
        ]));
    }
    overlaps(subject, findings);
}

fn names(candidates: &[InterfaceChoice]) -> String {
    let each = |choice: &InterfaceChoice| format!("{} ({})", choice.interface, choice.address);
    candidates.iter().map(each).collect::<Vec<_>>().join(", ")
}

fn overlaps(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let options = &subject.document.options;
    // The cluster's own bridges hold addresses of the cluster's range, as they should.
    let physical = subject.facts.interfaces.iter().filter(|interface| !is_virtual(&interface.name));
    for interface in physical {
        for (option, range) in
            [("cluster_cidr", options.cluster_cidr), ("service_cidr", options.service_cidr)]
        {
            let collides = |net: &&ipnet::IpNet| range.contains(&net.addr()) || net.contains(&range.addr());
            if let Some(net) = interface.addresses.iter().find(collides) {
                findings.push(
                    Finding::new(CheckCode::LanOverlap, Severity::Stop)
                        .arg("interface", &interface.name)
                        .arg("network", net.trunc())
                        .arg("range", range)
                        .arg("option", option),
                );
            }
        }
    }
}
