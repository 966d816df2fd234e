//! Wildcard records: why they hurt, and whom.
//!
//! A proxied `*` makes Cloudflare publish Encrypted Client Hello for every name that has no record of its own. A
//! name that the LAN resolves by itself then fails in Chrome (ERR_ECH_FALLBACK_CERTIFICATE_INVALID). A name with a
//! record of its own is shielded. Portico names a wildcard and those that lean on it; it never removes one.

use super::{DnsRecord, Hostname, Proxy};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A wildcard record of a zone and the names of the cluster that have nothing but it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Wildcard {
    /// `*.example.com`
    pub name: String,
    pub kind: String,
    pub content: String,
    pub proxy: Proxy,
    /// Hostnames that would get no answer, or another one, without it.
    pub leaning: Vec<Hostname>,
}

/// The wildcards among a zone's records, each with the `hosts` that only it answers for.
pub fn wildcards(records: &[DnsRecord], hosts: &[Hostname]) -> Vec<Wildcard> {
    // A record of any type at a name, or at one between it and the wildcard, ends the wildcard there.
    let shields = |record: &DnsRecord, host: &Hostname| {
        let zone = &record.name[2..];
        records.iter().any(|other| {
            other.name != zone
                && !other.name.starts_with("*.")
                && other.name.ends_with(&format!(".{zone}"))
                && (other.name == host.as_str() || host.is_in(&other.name))
        })
    };
    let wild = records.iter().filter(|record| record.name.starts_with("*."));
    wild.map(|record| Wildcard {
        name: record.name.clone(),
        kind: record.kind.clone(),
        content: record.content.clone(),
        proxy: record.proxy,
        leaning: hosts
            .iter()
            .filter(|host| host.matches(&record.name) && !shields(record, host))
            .cloned()
            .collect(),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, kind: &str) -> DnsRecord {
        DnsRecord {
            id: name.into(),
            name: name.into(),
            kind: kind.into(),
            content: "x".into(),
            proxy: Proxy::Proxied,
            comment: None,
        }
    }

    #[test]
    fn a_record_of_its_own_shields_a_name_and_all_below_it() {
        let hosts = ["echo.example.test", "own.example.test", "a.own.example.test", "other.net"];
        let hosts: Vec<Hostname> = hosts.iter().map(|name| Hostname::parse(name).unwrap()).collect();
        let records = [
            record("*.example.test", "CNAME"),
            record("example.test", "A"),
            record("own.example.test", "TXT"),
        ];
        let found = wildcards(&records, &hosts);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].leaning, [hosts[0].clone()]);
        assert!(wildcards(&records[1..], &hosts).is_empty());
    }
}
