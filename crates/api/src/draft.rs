//! A first document for the machines that a person picked: names that work, one server, the rest workers.

use portico_domain::cluster::{ClusterDocument, DOCUMENT_VERSION, K3s, Machine, Options, Release, Role};
use portico_domain::host::Host;
use std::collections::BTreeSet;

/// One server and workers; three servers are the person's own choice.
pub fn draft(hosts: &[&Host]) -> ClusterDocument {
    let mut taken = BTreeSet::new();
    let machines = hosts.iter().enumerate().map(|(index, host)| Machine {
        name: name(host, index, &mut taken),
        address: host.addresses.first().map(ToString::to_string).unwrap_or_default(),
        role: if index == 0 { Role::Server } else { Role::Agent },
        user: None,
        port: None,
        interface: None,
    });
    ClusterDocument {
        version: DOCUMENT_VERSION,
        name: "home".into(),
        k3s: K3s { release: Release::Channel("stable".into()), folder: None },
        machines: machines.collect(),
        options: Options::default(),
    }
}

/// The first label of a name of the host, made a DNS label and unique.
fn name(host: &Host, index: usize, taken: &mut BTreeSet<String>) -> String {
    let label = host.names.first().map(|name| name.split('.').next().unwrap_or_default().to_lowercase());
    let label: String = label
        .unwrap_or_default()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect::<String>()
        .trim_matches('-')
        .chars()
        .take(50)
        .collect();
    let base = if label.is_empty() { format!("node-{}", index + 1) } else { label };
    let unique = (1..)
        .map(|count| if count == 1 { base.clone() } else { format!("{base}-{count}") })
        .find(|candidate| !taken.contains(candidate))
        .unwrap_or(base);
    taken.insert(unique.clone());
    unique
}
