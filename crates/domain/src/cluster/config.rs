//! The `config.yaml` of each machine: every flag that K3s gets, in a fixed order.
//!
//! Flags live in this file alone, so that running the installer again cannot forget them. Secrets do not: the
//! join token is a file of its own that `token-file` names. Labels and the taint are set through the API, since
//! K3s applies them from here only at a node's first registration.

use super::{ClusterDocument, Machine, NodeAddress, Role};
use crate::facts::MachineFacts;
use ipnet::IpNet;
use serde::Serialize;
use std::net::IpAddr;

/// Where the join token lies on a machine that joins a server.
pub const JOIN_TOKEN_PATH: &str = "/etc/rancher/k3s/join-token";

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ConfigFile<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_init: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_file: Option<&'static str>,
    node_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    node_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flannel_iface: Option<String>,
    #[serde(flatten)]
    server_only: Option<ServerOnly<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefer_bundled_bin: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kubelet_arg: Vec<&'static str>,
}

/// Keys that an agent refuses. Those from `disable` on must be equal on all servers.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ServerOnly<'a> {
    write_kubeconfig_mode: &'static str,
    tls_san: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    disable: Vec<&'static str>,
    cluster_cidr: IpNet,
    service_cidr: IpNet,
}

/// The exact bytes of `/etc/rancher/k3s/config.yaml` on `machine`.
///
/// Equal arguments give equal bytes, which is what lets a digest tell whether anything has to change.
pub fn config_yaml(document: &ClusterDocument, machine: &Machine, facts: &MachineFacts) -> String {
    let first = document.first_server().filter(|first| first.name != machine.name);
    let chosen = match NodeAddress::of(document, machine, facts) {
        NodeAddress::Chosen(choice) => Some(choice),
        _ => None,
    };
    let options = &document.options;
    let server_only = (machine.role == Role::Server).then(|| {
        let mut tls_san = vec![machine.address.as_str()];
        tls_san.extend(options.tls_san.iter().map(String::as_str).filter(|name| *name != machine.address));
        ServerOnly {
            write_kubeconfig_mode: "0600",
            tls_san,
            disable: if options.traefik { Vec::new() } else { vec!["traefik"] },
            cluster_cidr: options.cluster_cidr,
            service_cidr: options.service_cidr,
        }
    });
    let file = ConfigFile {
        cluster_init: (first.is_none() && document.embedded_etcd()).then_some(true),
        server: first.map(|server| server_url(&server.address)),
        token_file: first.map(|_| JOIN_TOKEN_PATH),
        node_name: &machine.name,
        node_ip: chosen.as_ref().map(|choice| choice.address),
        flannel_iface: chosen.map(|choice| choice.interface),
        server_only,
        prefer_bundled_bin: facts.iptables_is_buggy().then_some(true),
        kubelet_arg: if options.allow_cgroup_v1 { vec!["fail-cgroupv1=false"] } else { Vec::new() },
    };
    let yaml = serde_saphyr::to_string(&file).expect("plain strings and lists always serialise");
    format!("# Written by Portico for the cluster {}; changes here are overwritten.\n{yaml}", document.name)
}

fn server_url(address: &str) -> String {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V6(v6)) => format!("https://[{v6}]:6443"),
        _ => format!("https://{address}:6443"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configs(yaml: &str, lines: &str) -> Vec<String> {
        let document = super::super::parse(yaml).unwrap();
        let (facts, problems) = MachineFacts::parse(lines);
        assert_eq!(problems, []);
        document.machines.iter().map(|machine| config_yaml(&document, machine, &facts)).collect()
    }

    const HEAD: &str = "version: 1\nname: home\nk3s: { channel: stable }\nmachines:\n";
    const THREE: &str = "  - { name: a, address: 10.9.0.10, role: server }
  - { name: b, address: 10.9.0.11, role: server }
  - { name: c, address: 10.9.0.12, role: server }
  - { name: d, address: 10.9.0.13, role: agent }
";

    #[test]
    fn a_lone_server_has_no_etcd_and_no_token() {
        let configs =
            configs(&format!("{HEAD}  - {{ name: pi-1, address: 192.168.1.81, role: server }}\n"), "");
        insta::assert_snapshot!(configs[0], @r#"
        # Written by Portico for the cluster home; changes here are overwritten.
        node-name: pi-1
        write-kubeconfig-mode: "0600"
        tls-san:
        - "192.168.1.81"
        disable:
        - traefik
        cluster-cidr: 10.42.0.0/16
        service-cidr: 10.43.0.0/16
        "#);
    }

    #[test]
    fn the_first_of_three_starts_etcd_and_the_others_join_it() {
        let configs = configs(&format!("{HEAD}{THREE}"), "");
        assert!(configs[0].contains("cluster-init: true\n") && !configs[0].contains("token-file"));
        insta::assert_snapshot!(configs[1], @r#"
        # Written by Portico for the cluster home; changes here are overwritten.
        server: https://10.9.0.10:6443
        token-file: /etc/rancher/k3s/join-token
        node-name: b
        write-kubeconfig-mode: "0600"
        tls-san:
        - "10.9.0.11"
        disable:
        - traefik
        cluster-cidr: 10.42.0.0/16
        service-cidr: 10.43.0.0/16
        "#);
        insta::assert_snapshot!(configs[3], @r#"
        # Written by Portico for the cluster home; changes here are overwritten.
        server: https://10.9.0.10:6443
        token-file: /etc/rancher/k3s/join-token
        node-name: d
        "#);
    }

    #[test]
    fn several_networks_and_choices_are_said_in_the_file() {
        let lines = "iface=eth0\tup\t\t192.168.1.10/24\niface=eth1\tup\t\t10.9.0.10/24\niptables.version=v1.8.2 (nf_tables)\n";
        let options = "options: { traefik: true, allow_cgroup_v1: true, tls_san: [k3s.example.test] }\n";
        let configs = configs(&format!("{HEAD}{THREE}{options}"), lines);
        insta::assert_snapshot!(configs[0], @r#"
        # Written by Portico for the cluster home; changes here are overwritten.
        cluster-init: true
        node-name: a
        node-ip: "10.9.0.10"
        flannel-iface: eth1
        write-kubeconfig-mode: "0600"
        tls-san:
        - "10.9.0.10"
        - k3s.example.test
        cluster-cidr: 10.42.0.0/16
        service-cidr: 10.43.0.0/16
        prefer-bundled-bin: true
        kubelet-arg:
        - fail-cgroupv1=false
        "#);
    }

    #[test]
    fn an_ipv6_server_is_bracketed() {
        assert_eq!(server_url("fd00::1"), "https://[fd00::1]:6443");
        assert_eq!(server_url("pi-1.local"), "https://pi-1.local:6443");
    }
}
