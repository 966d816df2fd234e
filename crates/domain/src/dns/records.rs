//! Records: which ones a name should have, and the writes that lead there.
//!
//! Ownership is the comment inside the record itself, so that mark and record are written in one request (tags are
//! not to be had on free zones). Only address records and aliases are ever looked at: TXT, MX and CAA on the same
//! name live beside ours.

use super::Hostname;
use crate::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use ts_rs::TS;

/// Below it every tunnel has a name, which only Cloudflare's edge can reach.
pub const TUNNEL_DOMAIN: &str = "cfargotunnel.com";

/// Of a proxied record Cloudflare decides, and calls it 1.
const AUTOMATIC: u32 = 1;

/// LAN names move with their workers: a dead one should be forgotten soon.
const LAN_TTL: u32 = 60;

/// Who answers for a name: Cloudflare's edge, or the record's own content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Proxy {
    Proxied,
    DnsOnly,
}

/// A record as Cloudflare returns it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DnsRecord {
    pub id: String,
    pub name: String,
    pub kind: String,
    pub content: String,
    pub proxy: Proxy,
    pub comment: Option<String>,
}

/// A record that is to be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRecord {
    pub name: Hostname,
    pub kind: String,
    pub content: String,
    pub proxy: Proxy,
    /// Seconds.
    pub ttl: u32,
}

impl NewRecord {
    fn is(&self, record: &DnsRecord) -> bool {
        self.kind == record.kind && self.proxy == record.proxy && same(&self.content, &record.content)
    }
}

/// Contents are names or addresses; neither cares for case or the form of writing.
fn same(one: &str, other: &str) -> bool {
    match (one.parse::<IpAddr>(), other.parse::<IpAddr>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one.trim_end_matches('.').eq_ignore_ascii_case(other.trim_end_matches('.')),
    }
}

/// All address records and aliases that one name should have; none at all when `records` is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameWish {
    pub hostname: Hostname,
    pub records: Vec<NewRecord>,
    /// What somebody else made under this name may be replaced: its owner said so.
    pub adopt: bool,
}

/// Plain records to the workers, which only the LAN reaches.
pub fn lan_records(hostname: &Hostname, addresses: &[IpAddr]) -> Vec<NewRecord> {
    let record = |address: &IpAddr| NewRecord {
        name: hostname.clone(),
        kind: if address.is_ipv4() { "A" } else { "AAAA" }.into(),
        content: address.to_string(),
        proxy: Proxy::DnsOnly,
        ttl: LAN_TTL,
    };
    addresses.iter().map(record).collect()
}

/// The proxied alias that leads to a tunnel.
pub fn tunnel_record(hostname: &Hostname, tunnel_id: &str) -> NewRecord {
    NewRecord {
        name: hostname.clone(),
        kind: "CNAME".into(),
        content: format!("{tunnel_id}.{TUNNEL_DOMAIN}"),
        proxy: Proxy::Proxied,
        ttl: AUTOMATIC,
    }
}

/// The comment that marks a record as ours (at most 100 characters on free zones).
pub fn owner_mark(cluster: &str) -> String {
    format!("managed by portico (cluster {cluster})")
}

/// Whether this cluster's mark is on the record.
pub fn is_ours(record: &DnsRecord, cluster: &str) -> bool {
    record.comment.as_deref() == Some(owner_mark(cluster).as_str())
}

/// What one batch does in a zone: the deletes come before the creates, and all of it happens or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordWrites {
    /// Records of ours that no longer belong, or adopted ones that ours replace.
    pub deletes: Vec<DnsRecord>,
    pub creates: Vec<NewRecord>,
}

impl RecordWrites {
    pub fn is_empty(&self) -> bool {
        self.deletes.is_empty() && self.creates.is_empty()
    }

    pub fn extend(&mut self, other: Self) {
        self.deletes.extend(other.deletes);
        self.creates.extend(other.creates);
    }
}

/// Compares the records of one name with those it should have.
///
/// # Errors
/// [`Code::RecordConflict`]: an address record or alias without our mark is on the name and was not adopted. Such
/// a record is never touched, even when it says the very same: it is somebody's.
pub fn writes(wish: &NameWish, records: &[DnsRecord], cluster: &str) -> Result<RecordWrites, Problem> {
    let mut writes = RecordWrites { deletes: Vec::new(), creates: wish.records.clone() };
    for record in records.iter().filter(|record| record.name == wish.hostname.as_str()) {
        if !matches!(record.kind.as_str(), "A" | "AAAA" | "CNAME" | "NS") {
            continue;
        }
        let ours = is_ours(record, cluster);
        // Where nothing is wanted, what is not ours is in nobody's way.
        if !ours && wish.records.is_empty() {
            continue;
        }
        // A delegation is more than one name's record: it is not adopted along with it.
        if !ours && (!wish.adopt || record.kind == "NS") {
            return Err(Problem::new(Code::RecordConflict)
                .arg("hostname", &wish.hostname)
                .arg("type", &record.kind)
                .arg("content", &record.content));
        }
        match writes.creates.iter().position(|wanted| ours && wanted.is(record)) {
            Some(index) => {
                writes.creates.remove(index);
            }
            None => writes.deletes.push(record.clone()),
        }
    }
    Ok(writes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(kind: &str, content: &str, ours: bool) -> DnsRecord {
        DnsRecord {
            id: content.into(),
            name: "echo.example.test".into(),
            kind: kind.into(),
            content: content.into(),
            proxy: if kind == "CNAME" { Proxy::Proxied } else { Proxy::DnsOnly },
            comment: ours.then(|| owner_mark("home")),
        }
    }

    fn wish(records: Vec<NewRecord>) -> NameWish {
        NameWish { hostname: Hostname::parse("echo.example.test").unwrap(), records, adopt: false }
    }

    fn lan(addresses: &[&str]) -> NameWish {
        let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        wish(lan_records(&Hostname::parse("echo.example.test").unwrap(), &addresses))
    }

    fn ids(writes: &RecordWrites) -> (Vec<&str>, Vec<&str>) {
        let deleted = writes.deletes.iter().map(|record| record.id.as_str());
        (deleted.collect(), writes.creates.iter().map(|record| record.content.as_str()).collect())
    }

    #[test]
    fn only_what_is_ours_and_differs_is_changed() {
        let records =
            [record("A", "10.0.0.2", true), record("A", "10.0.0.9", true), record("TXT", "hello", false)];
        let writes = writes(&lan(&["10.0.0.2", "10.0.0.3"]), &records, "home").unwrap();
        assert_eq!(ids(&writes), (vec!["10.0.0.9"], vec!["10.0.0.3"]));

        let settled = [record("A", "10.0.0.2", true), record("A", "10.0.0.3", true)];
        assert!(super::writes(&lan(&["10.0.0.2", "10.0.0.3"]), &settled, "home").unwrap().is_empty());
    }

    #[test]
    fn a_name_goes_from_the_lan_to_the_tunnel_and_back_in_one_batch() {
        let name = Hostname::parse("echo.example.test").unwrap();
        let public = wish(vec![tunnel_record(&name, "1a2b")]);
        let to_public = writes(&public, &[record("A", "10.0.0.2", true)], "home").unwrap();
        assert_eq!(ids(&to_public), (vec!["10.0.0.2"], vec!["1a2b.cfargotunnel.com"]));
        let back =
            writes(&lan(&["10.0.0.2"]), &[record("CNAME", "1a2b.cfargotunnel.com", true)], "home").unwrap();
        assert_eq!(ids(&back), (vec!["1a2b.cfargotunnel.com"], vec!["10.0.0.2"]));
        let gone =
            writes(&wish(vec![]), &[record("A", "10.0.0.2", true), record("A", "10.0.0.7", false)], "home");
        assert_eq!(ids(&gone.unwrap()), (vec!["10.0.0.2"], vec![]));
    }

    #[test]
    fn a_foreign_record_is_a_conflict_even_when_it_says_the_same_until_it_is_adopted() {
        let wanted = lan(&["10.0.0.2"]);
        for foreign in [record("A", "10.0.0.2", false), record("CNAME", "x.cfargotunnel.com", false)] {
            let problem = writes(&wanted, std::slice::from_ref(&foreign), "home").unwrap_err();
            assert_eq!(problem.code, Code::RecordConflict);
            let adopted = NameWish { adopt: true, ..wanted.clone() };
            let replaced = writes(&adopted, &[foreign], "home").unwrap();
            assert_eq!((replaced.deletes.len(), replaced.creates.len()), (1, 1));
        }
        let other_cluster = DnsRecord { comment: Some(owner_mark("lab")), ..record("A", "10.0.0.2", true) };
        assert!(writes(&wanted, &[other_cluster], "home").is_err());
        let delegated = NameWish { adopt: true, ..wanted };
        assert!(writes(&delegated, &[record("NS", "ns.elsewhere.test", false)], "home").is_err());
    }

    proptest! {
        /// Applying the writes leads to the wish, and leaves every record that is not ours as it was.
        #[test]
        fn the_writes_lead_to_the_wish_and_touch_nothing_foreign(
            live in prop::collection::vec((0u8..6, any::<bool>(), 0usize..3), 0..8),
            wanted in prop::collection::btree_set(0u8..6, 0..5),
        ) {
            let kinds = ["A", "TXT", "MX"];
            let live: Vec<DnsRecord> = live.into_iter().enumerate().map(|(id, (n, ours, kind))| DnsRecord {
                id: id.to_string(), ..record(kinds[kind], &format!("10.0.0.{n}"), ours)
            }).collect();
            let texts: Vec<String> = wanted.iter().map(|n| format!("10.0.0.{n}")).collect();
            let wish = lan(&texts.iter().map(String::as_str).collect::<Vec<_>>());
            let foreign_address = live.iter().any(|r| r.kind == "A" && r.comment.is_none());
            match writes(&wish, &live, "home") {
                Err(_) => prop_assert!(foreign_address && !wanted.is_empty()),
                Ok(writes) => {
                    prop_assert!(writes.deletes.iter().all(|r| is_ours(r, "home") && r.kind == "A"));
                    let mut left: Vec<String> = live.iter()
                        .filter(|r| r.kind == "A" && is_ours(r, "home") && !writes.deletes.contains(r))
                        .map(|r| r.content.clone()).collect();
                    left.extend(writes.creates.iter().map(|r| r.content.clone()));
                    left.sort();
                    prop_assert_eq!(left, texts);
                }
            }
        }
    }
}
