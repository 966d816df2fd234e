//! Names and DNS records: what a hostname may be, which zone holds it, whose record it is.
//!
//! Whether a record is proxied by Cloudflare ("orange") or plain DNS ("grey") is an enum, since it decides
//! who can reach the name. Ownership is the comment inside the record itself, so that mark and record are
//! written in one request. Asking the API is `world::cloudflare`'s business.

use crate::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use ts_rs::TS;

/// A validated DNS name: lower-case ASCII (IDN as Punycode), no trailing dot, at least two labels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(as = "String")]
pub struct Hostname(String);

impl Hostname {
    /// Reads what a person typed. The problem's `reason` names the rule that was broken.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let invalid = |reason: &str| {
            Err(Problem::new(Code::HostnameInvalid).arg("hostname", text).arg("reason", reason))
        };
        let trimmed = text.trim().trim_end_matches('.');
        if trimmed.is_empty() {
            return invalid("empty");
        }
        if trimmed.parse::<IpAddr>().is_ok() {
            return invalid("address");
        }
        if trimmed.starts_with("*.") || trimmed == "*" {
            return invalid("wildcard");
        }
        if trimmed.contains('_') {
            return invalid("underscore");
        }
        let Ok(ascii) = idna::domain_to_ascii_strict(trimmed) else {
            return invalid("characters");
        };
        if ascii.len() > 253 {
            return invalid("longer-than-253");
        }
        let labels: Vec<&str> = ascii.split('.').collect();
        if labels.len() < 2 {
            return invalid("one-label");
        }
        for label in &labels {
            if label.is_empty() {
                return invalid("empty-label");
            }
            if label.len() > 63 {
                return invalid("label-longer-than-63");
            }
            if label.starts_with('-') || label.ends_with('-') {
                return invalid("hyphen-at-the-edge");
            }
        }
        Ok(Self(ascii))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when this name is the zone's apex or lies below it.
    pub fn is_in(&self, zone: &str) -> bool {
        self.0 == zone || self.0.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'))
    }
}

impl TryFrom<String> for Hostname {
    type Error = Problem;
    fn try_from(text: String) -> Result<Self, Problem> {
        Self::parse(&text)
    }
}

impl From<Hostname> for String {
    fn from(name: Hostname) -> Self {
        name.0
    }
}

impl std::fmt::Display for Hostname {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A zone of the account, as far as records need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Zone {
    pub id: String,
    pub name: String,
    pub account_id: String,
    pub active: bool,
}

/// The zone that holds a name: the longest one that it lies in.
pub fn zone_of<'a>(name: &Hostname, zones: &'a [Zone]) -> Result<&'a Zone, Problem> {
    zones.iter().filter(|zone| name.is_in(&zone.name)).max_by_key(|zone| zone.name.len()).ok_or_else(|| {
        let known = zones.iter().map(|zone| zone.name.as_str()).collect::<Vec<_>>().join(", ");
        Problem::new(Code::ZoneMissing).arg("hostname", name).arg("zones", known)
    })
}

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

/// The comment that marks a record as ours (at most 100 characters on free zones).
pub fn owner_mark(cluster: &str) -> String {
    format!("managed by portico (cluster {cluster})")
}

/// The writes that make a LAN name point at exactly `addresses`; empty when it already does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordWrites {
    /// Ids of records of ours that no longer belong.
    pub deletes: Vec<DnsRecord>,
    pub creates: Vec<IpAddr>,
}

impl RecordWrites {
    pub fn is_empty(&self) -> bool {
        self.deletes.is_empty() && self.creates.is_empty()
    }
}

/// Compares the records of one name with the addresses it should have.
///
/// Records without our mark are never touched: an address record or alias of somebody else's on the same
/// name is a conflict, other types (TXT, MX, CAA …) stay as they are.
pub fn lan_writes(
    name: &Hostname,
    addresses: &[IpAddr],
    records: &[DnsRecord],
    cluster: &str,
) -> Result<RecordWrites, Problem> {
    let mark = owner_mark(cluster);
    let mut writes = RecordWrites { deletes: Vec::new(), creates: addresses.to_vec() };
    for record in records.iter().filter(|record| record.name == name.as_str()) {
        if !matches!(record.kind.as_str(), "A" | "AAAA" | "CNAME" | "NS") {
            continue;
        }
        if record.comment.as_deref() != Some(mark.as_str()) {
            return Err(Problem::new(Code::RecordConflict)
                .arg("hostname", name)
                .arg("type", &record.kind)
                .arg("content", &record.content));
        }
        let wanted = record.content.parse::<IpAddr>().ok().filter(|_| record.proxy == Proxy::DnsOnly);
        match wanted.and_then(|address| writes.creates.iter().position(|other| *other == address)) {
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

    fn reason(text: &str) -> String {
        match Hostname::parse(text) {
            Ok(name) => format!("ok {name}"),
            Err(problem) => problem.args["reason"].clone(),
        }
    }

    #[test]
    fn hostnames_follow_the_rules_of_dns() {
        let long = "a".repeat(64);
        let deep = format!("{}.test", ["abcdefgh"; 30].join("."));
        for (text, expected) in [
            ("echo.example.test", "ok echo.example.test"),
            ("Echo.Example.TEST.", "ok echo.example.test"),
            ("münchen.example.test", "ok xn--mnchen-3ya.example.test"),
            ("a.b.c.example.test", "ok a.b.c.example.test"),
            ("", "empty"),
            ("echo", "one-label"),
            ("*.example.test", "wildcard"),
            ("my_app.example.test", "underscore"),
            ("192.168.1.4", "address"),
            ("a b.example.test", "characters"),
        ] {
            assert_eq!(reason(text), expected, "{text:?}");
        }
        for text in [format!("{long}.test"), deep, "a..test".into(), "-a.test".into(), "a-.test".into()] {
            assert!(Hostname::parse(&text).is_err(), "{text:?} must be refused");
        }
    }

    fn zone(name: &str) -> Zone {
        Zone { id: name.into(), name: name.into(), account_id: "a".into(), active: true }
    }

    #[test]
    fn the_longest_zone_holds_a_name() {
        let zones = [zone("example.test"), zone("home.example.test"), zone("ample.test")];
        let of = |name| zone_of(&Hostname::parse(name).unwrap(), &zones).map(|zone| zone.name.as_str());
        assert_eq!(of("echo.home.example.test"), Ok("home.example.test"));
        assert_eq!(of("example.test"), Ok("example.test"));
        assert_eq!(of("echo.other.net").unwrap_err().code, Code::ZoneMissing);
    }

    fn record(kind: &str, content: &str, ours: bool) -> DnsRecord {
        DnsRecord {
            id: content.into(),
            name: "echo.example.test".into(),
            kind: kind.into(),
            content: content.into(),
            proxy: Proxy::DnsOnly,
            comment: ours.then(|| owner_mark("home")),
        }
    }

    #[test]
    fn lan_writes_change_only_what_is_ours_and_differs() {
        let name = Hostname::parse("echo.example.test").unwrap();
        let wanted: Vec<IpAddr> = vec!["10.0.0.2".parse().unwrap(), "10.0.0.3".parse().unwrap()];
        let records =
            [record("A", "10.0.0.2", true), record("A", "10.0.0.9", true), record("TXT", "hello", false)];
        let writes = lan_writes(&name, &wanted, &records, "home").unwrap();
        assert_eq!(writes.deletes.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["10.0.0.9"]);
        assert_eq!(writes.creates, [wanted[1]]);

        let settled = [record("A", "10.0.0.2", true), record("A", "10.0.0.3", true)];
        assert!(lan_writes(&name, &wanted, &settled, "home").unwrap().is_empty());
    }

    #[test]
    fn a_foreign_record_on_the_name_is_a_conflict_even_when_it_says_the_same() {
        let name = Hostname::parse("echo.example.test").unwrap();
        let wanted = ["10.0.0.2".parse().unwrap()];
        for foreign in [record("A", "10.0.0.2", false), record("CNAME", "x.cfargotunnel.com", false)] {
            let problem = lan_writes(&name, &wanted, &[foreign], "home").unwrap_err();
            assert_eq!(problem.code, Code::RecordConflict);
        }
        let other_cluster = DnsRecord { comment: Some(owner_mark("lab")), ..record("A", "10.0.0.2", true) };
        assert!(lan_writes(&name, &wanted, &[other_cluster], "home").is_err());
    }
}
