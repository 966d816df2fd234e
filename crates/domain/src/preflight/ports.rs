//! Ports that K3s and the ingress controller need, and who holds them already.
//!
//! Where our own K3s runs, its ports are taken as they should be, and nothing is said.

use super::{CheckCode, Finding, Severity, Subject};
use crate::facts::{Listener, Owner, Protocol};

/// A port, what it is for, and whether a listener on the loopback alone stands in the way.
struct Need {
    port: u16,
    use_: &'static str,
    loopback_counts: bool,
    severity: Severity,
}

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    if subject.facts.k3s.ours_running() {
        return;
    }
    for need in needs(subject) {
        let holds = |listener: &&Listener| {
            listener.protocol == Protocol::Tcp
                && listener.port == need.port
                && (need.loopback_counts || !is_loopback(&listener.address))
                && !is_ours(subject, listener)
        };
        if let Some(listener) = subject.facts.listening.iter().find(holds) {
            findings.push(
                Finding::new(CheckCode::PortInUse, need.severity)
                    .arg("port", need.port)
                    .arg("protocol", "tcp")
                    .arg("process", listener.process.as_deref().unwrap_or("?"))
                    .arg("use", need.use_),
            );
        }
    }
}

fn needs(subject: &Subject<'_>) -> Vec<Need> {
    let k3s = |port, use_| Need { port, use_, loopback_counts: true, severity: Severity::Stop };
    // Host ports are NAT rules, which pass a loopback listener by; and the cluster itself does without them.
    let web = |port| Need { port, use_: "ingress", loopback_counts: false, severity: Severity::Warn };
    let mut needs = vec![k3s(10250, "kubelet")];
    if subject.is_server() {
        needs.insert(0, k3s(6443, "kubernetes-api"));
        if subject.document.embedded_etcd() {
            needs.extend([k3s(2379, "etcd"), k3s(2380, "etcd")]);
        }
    }
    if subject.document.ingress_machines().iter().any(|machine| machine.name == subject.machine.name) {
        needs.extend([web(80), web(443)]);
    }
    needs
}

/// Our own K3s holds its ports while it is still coming up, as it does after a machine was switched on.
fn is_ours(subject: &Subject<'_>, listener: &Listener) -> bool {
    subject.facts.k3s.owner == Some(Owner::Portico)
        && listener.process.as_deref().is_some_and(|process| process.starts_with("k3s"))
}

fn is_loopback(address: &str) -> bool {
    address.starts_with("127.") || matches!(address, "::1" | "[::1]")
}
