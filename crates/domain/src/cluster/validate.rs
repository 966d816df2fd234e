//! What a cluster document must hold beyond its syntax.
//!
//! The same rules judge a file and what the window edits, so they work on the parsed document and name the
//! place by its field path; `parse` adds the line. What depends on the machines themselves is `preflight`'s.

use super::{ClusterDocument, DOCUMENT_VERSION, Release};
use crate::problem::{Code, Problem};
use std::collections::BTreeMap;

impl ClusterDocument {
    /// Every rule that the document breaks; each problem names its `field`, like `machines[1].address`.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.version != DOCUMENT_VERSION {
            problems.push(unsupported_version(self.version));
        }
        if !is_dns_label(&self.name) {
            problems.push(at(Code::NodeNameInvalid, "name", &self.name));
        }
        if let Release::Channel(channel) = &self.k3s.release
            && !is_dns_like(channel)
        {
            problems.push(at(Code::FieldInvalid, "k3s.channel", channel));
        }
        self.machine_problems(&mut problems);
        self.server_problems(&mut problems);
        self.network_problems(&mut problems);
        problems
    }

    fn machine_problems(&self, problems: &mut Vec<Problem>) {
        let mut names = BTreeMap::new();
        let mut addresses = BTreeMap::new();
        for (index, machine) in self.machines.iter().enumerate() {
            let path = |field: &str| format!("machines[{index}].{field}");
            if !is_dns_label(&machine.name) {
                problems.push(at(Code::NodeNameInvalid, path("name"), &machine.name));
            } else if let Some(first) = names.insert(&machine.name, index) {
                problems.push(at(Code::DuplicateName, path("name"), &machine.name).arg("first", first + 1));
            }
            if !is_address(&machine.address) {
                problems.push(at(Code::FieldInvalid, path("address"), &machine.address));
            } else if let Some(first) = addresses.insert(machine.address.to_ascii_lowercase(), index) {
                problems.push(
                    at(Code::DuplicateAddress, path("address"), &machine.address)
                        .arg("first", &self.machines[first].name),
                );
            }
            if machine.port == Some(0) {
                problems.push(at(Code::FieldInvalid, path("port"), 0));
            }
            if let Some(user) = &machine.user
                && !is_word(user)
            {
                problems.push(at(Code::FieldInvalid, path("user"), user));
            }
            if let Some(interface) = &machine.interface
                && (!is_word(interface) || interface.len() > 15)
            {
                problems.push(at(Code::FieldInvalid, path("interface"), interface));
            }
        }
    }

    /// etcd needs a majority: an even number of servers breaks as soon as one fewer does.
    fn server_problems(&self, problems: &mut Vec<Problem>) {
        let servers = self.servers().count();
        match servers {
            0 => problems.push(Problem::new(Code::NoServer).arg("field", "machines")),
            2 => problems.push(Problem::new(Code::TwoServers).arg("field", "machines")),
            even if even % 2 == 0 => {
                problems.push(Problem::new(Code::EvenServers).arg("field", "machines").arg("servers", even))
            }
            _ => {}
        }
    }

    fn network_problems(&self, problems: &mut Vec<Problem>) {
        let (cluster, service) = (self.options.cluster_cidr, self.options.service_cidr);
        for (field, cidr, longest) in
            [("options.cluster_cidr", cluster, 23), ("options.service_cidr", service, 28)]
        {
            // Every node takes a /24 out of the cluster's range; IPv6 ranges are judged by K3s itself.
            if cidr != cidr.trunc() || cidr.addr().is_ipv4() && cidr.prefix_len() > longest {
                problems.push(at(Code::FieldInvalid, field, cidr));
            }
            for machine in &self.machines {
                if machine.ip().is_some_and(|address| cidr.contains(&address)) {
                    problems.push(
                        at(Code::CidrOverlap, field, cidr)
                            .arg("other", &machine.address)
                            .arg("machine", &machine.name),
                    );
                }
            }
        }
        if cluster.contains(&service) || service.contains(&cluster) {
            problems.push(at(Code::CidrOverlap, "options.service_cidr", service).arg("other", cluster));
        }
        for (index, name) in self.options.tls_san.iter().enumerate() {
            if !is_address(name) {
                problems.push(at(Code::FieldInvalid, format!("options.tls_san[{index}]"), name));
            }
        }
    }
}

pub(super) fn unsupported_version(found: impl ToString) -> Problem {
    at(Code::DocumentVersion, "version", found).arg("known", DOCUMENT_VERSION)
}

fn at(code: Code, field: impl ToString, value: impl ToString) -> Problem {
    Problem::new(code).arg("field", field).arg("value", value)
}

/// RFC 1123 label: what Kubernetes takes as a node name without dots.
pub(crate) fn is_dns_label(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty()
        && text.len() <= 63
        && text.bytes().all(inside)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_dns_like(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
}

/// An IP address, a host name or an SSH alias; a leading dash would be read as an option by tools.
fn is_address(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte);
    !text.is_empty() && text.len() <= 253 && !text.starts_with('-') && text.bytes().all(allowed)
}

fn is_word(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_graphic() && !b"\"'\\/:=#".contains(&byte);
    !text.is_empty() && !text.starts_with('-') && text.bytes().all(allowed)
}
