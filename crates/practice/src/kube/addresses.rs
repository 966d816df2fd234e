//! Cluster IPs and node ports, handed out when a service is written.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::Arc;

const PORTS: std::ops::Range<u64> = 30_000..32_768;

/// Gives a service what its type asks for and what it has not got yet.
pub fn allocate(services: &[Arc<Value>], old: Option<&Value>, object: &mut Value) {
    let spec = &mut object["spec"];
    if spec["type"] == "ExternalName" {
        return;
    }
    if spec["clusterIP"].as_str().is_none_or(str::is_empty) {
        let kept = old.and_then(|old| old["spec"]["clusterIP"].as_str()).map(str::to_owned);
        let taken: BTreeSet<&str> =
            services.iter().filter_map(|service| service["spec"]["clusterIP"].as_str()).collect();
        // 10.43.0.1 is the API's own and 10.43.0.10 the DNS server's.
        let free = (11u8..=254)
            .map(|last| Ipv4Addr::new(10, 43, 0, last).to_string())
            .find(|ip| !taken.contains(ip.as_str()));
        spec["clusterIP"] = json!(kept.or(free).unwrap_or_default());
    }
    spec["clusterIPs"] = json!([spec["clusterIP"]]);
    if spec["ipFamilies"].is_null() {
        spec["ipFamilies"] = json!(["IPv4"]);
        spec["ipFamilyPolicy"] = json!("SingleStack");
    }
    if spec["type"] != "LoadBalancer" && spec["type"] != "NodePort" {
        return;
    }
    let ports = |service: &Value| -> Vec<u64> {
        service["spec"]["ports"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|port| port["nodePort"].as_u64())
            .collect()
    };
    let mut taken: BTreeSet<u64> = services.iter().flat_map(|service| ports(service)).collect();
    let before = old.map(|old| old["spec"]["ports"].clone()).unwrap_or_default();
    for port in spec["ports"].as_array_mut().into_iter().flatten() {
        if !port["nodePort"].is_null() {
            continue;
        }
        let kept = before
            .as_array()
            .into_iter()
            .flatten()
            .find(|old| old["port"] == port["port"])
            .and_then(|old| old["nodePort"].as_u64());
        // At random, as the real one: two homelabs on one computer would else ask for the same.
        let mut drawn = std::iter::repeat_with(|| rand::random_range(PORTS)).take(10_000);
        let number = kept.or_else(|| drawn.find(|number| !taken.contains(number))).unwrap_or(PORTS.start);
        taken.insert(number);
        port["nodePort"] = json!(number);
    }
}
