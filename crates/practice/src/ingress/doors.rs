//! Which ports are open on which machines, and to which Service each one leads.
//!
//! A LoadBalancer is open where servicelb has published it, a node port on every machine of the cluster. Ports of
//! LoadBalancers other than 80 and 443 are not here, since practice has no number for them on shared addresses.

use super::{items, pods, text};
use crate::homelab::Homelab;
use crate::kube::Cluster;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

/// One open port of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    pub namespace: String,
    pub service: String,
    /// Whether TLS is spoken there.
    pub secure: bool,
}

pub fn open(homelab: &Homelab, cluster: &Cluster) -> BTreeMap<SocketAddr, Door> {
    let machines: Vec<Ipv4Addr> = homelab.read(|state| {
        let here = state
            .machines
            .iter()
            .filter(|machine| machine.running().is_some_and(|k3s| k3s.cluster == Some(cluster.id)));
        here.map(|machine| machine.address).collect()
    });
    let mut doors = BTreeMap::new();
    for service in cluster.store.list("services", None).0 {
        let (namespace, name) = (text(&service["metadata"]["namespace"]), text(&service["metadata"]["name"]));
        let kind = text(&service["spec"]["type"]);
        // Without a ready pod a connection is refused, whatever is published.
        if !["LoadBalancer", "NodePort"].contains(&kind) || pods::ready(cluster, namespace, name).is_empty() {
            continue;
        }
        let published = items(&service["status"]["loadBalancer"]["ingress"]).iter();
        let published: Vec<Ipv4Addr> =
            published.filter_map(|entry| text(&entry["ip"]).parse().ok()).collect();
        for port in items(&service["spec"]["ports"]) {
            let secure = is_secure(port);
            let door = Door { namespace: namespace.to_owned(), service: name.to_owned(), secure };
            let standard = match port["port"].as_u64() {
                Some(80) => Some(homelab.ports.http),
                Some(443) => Some(homelab.ports.https),
                _ => None,
            };
            for &machine in &machines {
                if let Some(standard) = standard.filter(|_| published.contains(&machine)) {
                    doors.insert(SocketAddr::from((machine, standard)), door.clone());
                }
                if let Some(number) = port["nodePort"].as_u64().and_then(|number| u16::try_from(number).ok())
                {
                    doors.insert(SocketAddr::from((machine, number)), door.clone());
                }
            }
        }
    }
    doors
}

fn is_secure(port: &Value) -> bool {
    port["port"] == 443 || port["name"] == "https"
}
