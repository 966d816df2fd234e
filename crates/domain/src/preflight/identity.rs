//! Names and ids that two machines share: the mark of cloned disks.
//!
//! The node name comes from the cluster document, so a bad host name does not break K3s; it confuses mDNS and
//! people. A shared machine id does break it: addresses, DHCP leases and the overlay's MACs derive from it.

use super::{CheckCode, Finding, Severity, Subject};
use crate::facts::MachineFacts;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    if let Some(id) = &subject.facts.machine_id {
        let others = sharing(subject, |other| other.machine_id.as_ref() == Some(id));
        if !others.is_empty() {
            let finding = Finding::new(CheckCode::MachineIdDuplicate, Severity::Stop);
            findings.push(finding.arg("others", others).commands([
                "rm -f /etc/machine-id /var/lib/dbus/machine-id",
                "systemd-machine-id-setup",
                "systemctl reboot",
            ]));
        }
    }
    let Some(hostname) = &subject.facts.hostname else { return };
    let set = format!("hostnamectl set-hostname {}", subject.machine.name);
    let short = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let others = sharing(subject, |other| other.hostname.as_deref().map(short) == Some(short(hostname)));
    if !others.is_empty() {
        let finding = Finding::new(CheckCode::HostnameDuplicate, Severity::Warn);
        findings.push(finding.arg("hostname", hostname).arg("others", others).commands([set.as_str()]));
    }
    if !is_usable(hostname) {
        let finding = Finding::new(CheckCode::HostnameUnusable, Severity::Warn);
        findings.push(finding.arg("hostname", hostname).commands([set.as_str()]));
    }
}

fn sharing(subject: &Subject<'_>, same: impl Fn(&MachineFacts) -> bool) -> String {
    let names: Vec<&str> = subject.others().filter(|(_, facts)| same(facts)).map(|(name, _)| name).collect();
    names.join(", ")
}

/// RFC 1123, and not the name that every unnamed machine has.
fn is_usable(hostname: &str) -> bool {
    let label = |label: &str| {
        let byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(byte)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let placeholder = matches!(hostname, "localhost" | "localhost.localdomain" | "(none)");
    hostname.len() <= 253 && !placeholder && hostname.split('.').all(label)
}
