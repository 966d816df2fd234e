//! What Cloudflare's name servers say about the zones of the account.
//!
//! Proxied names answer with addresses of the edge and publish an HTTPS record with ECH; the wildcard ends at any
//! explicit name; a CNAME at the apex is flattened; a grey name that points at a tunnel resolves to an address
//! that is routed nowhere. Caches and transport are the servers' (`dns`).

use crate::cloudflare::{Kind, Record as Stored, Zone};
use base64::Engine;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::{CNAME, MX, NS, SOA, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The time to live of automatic and proxied records, in seconds.
const AUTOMATIC_TTL: u32 = 300;
/// How long a resolver may remember that there is nothing, in seconds.
const NEGATIVE_TTL: u32 = 1_800;
/// How many CNAMEs are followed before giving up.
const LONGEST_CHAIN: usize = 8;

/// An answer without its envelope.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) code: ResponseCode,
    pub(super) answers: Vec<Record>,
    /// The SOA record when the answer is that there is nothing.
    pub(super) authority: Vec<Record>,
}

impl Found {
    /// Nothing, said by nobody in particular.
    pub(super) fn empty(code: ResponseCode) -> Self {
        Self { code, answers: Vec::new(), authority: Vec::new() }
    }

    /// How long the answer may be kept, in seconds.
    pub(super) fn ttl(&self) -> u32 {
        self.answers.iter().chain(&self.authority).map(|record| record.ttl).min().unwrap_or(NEGATIVE_TTL)
    }
}

/// The answer for `name` (lower case, no trailing dot), or `None` when no zone holds it.
pub(super) fn lookup(zones: &[Zone], name: &str, kind: RecordType) -> Option<Found> {
    let mut zone = zone_of(zones, name)?;
    let mut found = Found::empty(ResponseCode::NoError);
    let mut owner = name.to_owned();
    for _ in 0..LONGEST_CHAIN {
        let Some(records) = standing(zone, &owner) else {
            found.code = ResponseCode::NXDomain;
            found.authority.push(soa(zone));
            return Some(found);
        };
        let proxied = records.iter().any(|record| record.proxied);
        let alias = records.iter().find(|record| record.kind == Kind::Cname && !record.proxied);
        match alias {
            Some(alias) if kind != RecordType::CNAME && owner == zone.name => {
                // A CNAME cannot stand at the apex: its addresses are answered in its place.
                let target = follow(zones, &alias.content, kind);
                found.answers.extend(target.into_iter().map(|data| record(&owner, AUTOMATIC_TTL, data)));
            }
            Some(alias) if kind != RecordType::CNAME => {
                found.answers.push(record(&owner, ttl(alias), RData::CNAME(CNAME(fqdn(&alias.content)))));
                owner = alias.content.clone();
                match zone_of(zones, &owner) {
                    Some(next) => zone = next,
                    None => {
                        let data = follow(zones, &owner, kind);
                        found
                            .answers
                            .extend(data.into_iter().map(|data| record(&owner, AUTOMATIC_TTL, data)));
                        return Some(found);
                    }
                }
                continue;
            }
            _ if proxied && edge_type(kind) => {
                let data = edge(&owner, kind, zone.ech);
                found.answers.extend(data.into_iter().map(|data| record(&owner, AUTOMATIC_TTL, data)));
            }
            _ => found.answers.extend(plain(zone, &records, &owner, kind)),
        }
        if found.answers.is_empty() {
            found.authority.push(soa(zone));
        }
        return Some(found);
    }
    Some(Found::empty(ResponseCode::ServFail))
}

/// The zone that holds `name`.
pub(crate) fn zone_of<'a>(zones: &'a [Zone], name: &str) -> Option<&'a Zone> {
    zones
        .iter()
        .filter(|zone| name == zone.name || name.ends_with(&format!(".{}", zone.name)))
        .max_by_key(|zone| zone.name.len())
}

/// The records that answer for `name`: its own, none if it only has names below it, or those of the nearest
/// wildcard. `None` is a name that does not exist.
pub(crate) fn standing<'a>(zone: &'a Zone, name: &str) -> Option<Vec<&'a Stored>> {
    let own =
        |name: &str| -> Vec<&Stored> { zone.records.iter().filter(|record| record.name == name).collect() };
    let exists = |name: &str| {
        name == zone.name
            || zone.records.iter().any(|record| {
                record.name == name
                    || record.name.strip_suffix(name).is_some_and(|rest| rest.ends_with('.') && rest != "*.")
            })
    };
    if exists(name) {
        return Some(own(name));
    }
    let mut below = name;
    while let Some((_, parent)) = below.split_once('.') {
        let star = own(&format!("*.{parent}"));
        if !star.is_empty() {
            return Some(star);
        }
        if exists(parent) {
            return None;
        }
        below = parent;
    }
    None
}

fn plain(zone: &Zone, records: &[&Stored], owner: &str, kind: RecordType) -> Vec<Record> {
    let mut answers: Vec<Record> = records
        .iter()
        .filter(|stored| stored.kind.text() == kind.to_string())
        .filter_map(|stored| Some(record(owner, ttl(stored), data(stored)?)))
        .collect();
    if owner == zone.name && kind == RecordType::NS {
        answers = zone
            .name_servers
            .iter()
            .map(|server| record(owner, 86_400, RData::NS(NS(fqdn(server)))))
            .collect();
    }
    if owner == zone.name && kind == RecordType::SOA {
        answers.push(soa(zone));
    }
    answers
}

fn data(stored: &Stored) -> Option<RData> {
    Some(match stored.kind {
        Kind::A => RData::A(stored.content.parse::<Ipv4Addr>().ok()?.into()),
        Kind::Aaaa => RData::AAAA(stored.content.parse::<Ipv6Addr>().ok()?.into()),
        Kind::Cname => RData::CNAME(CNAME(fqdn(&stored.content))),
        Kind::Ns => RData::NS(NS(fqdn(&stored.content))),
        Kind::Mx => RData::MX(MX::new(stored.priority.unwrap_or_default(), fqdn(&stored.content))),
        Kind::Txt => {
            let text = stored.content.trim_matches('"').as_bytes();
            RData::TXT(TXT::from_bytes(text.chunks(255).collect()))
        }
    })
}

/// What a name outside the zones, or behind a flattened CNAME, resolves to.
fn follow(zones: &[Zone], target: &str, kind: RecordType) -> Vec<RData> {
    if let Some(tunnel) = target.strip_suffix(".cfargotunnel.com") {
        let [a, b, c, d, ..] = digest(tunnel);
        // The prefix is a unique local one that no router carries: a grey tunnel name reaches nothing.
        let address = Ipv6Addr::new(
            0xfd10,
            0xaec2,
            0x5dae,
            0,
            0,
            0,
            u16::from_be_bytes([a, b]),
            u16::from_be_bytes([c, d]),
        );
        return if kind == RecordType::AAAA { vec![RData::AAAA(address.into())] } else { Vec::new() };
    }
    let found = lookup(zones, target, kind);
    let answers = found.map(|found| found.answers).unwrap_or_default();
    answers.into_iter().map(|record| record.data).filter(|data| data.record_type() == kind).collect()
}

fn edge_type(kind: RecordType) -> bool {
    matches!(kind, RecordType::A | RecordType::AAAA | RecordType::HTTPS | RecordType::CNAME)
}

/// The anycast addresses of the edge for a proxied name, always the same ones for a name.
fn edge(name: &str, kind: RecordType, with_ech: bool) -> Vec<RData> {
    let [a, b, c, d, ..] = digest(name);
    let v4 = [Ipv4Addr::new(104, 21, a, b), Ipv4Addr::new(172, 67, 128 | (c & 63), d)];
    match kind {
        RecordType::A => v4.into_iter().map(|address| RData::A(address.into())).collect(),
        RecordType::AAAA => [0x3030, 0x3031]
            .map(|block| {
                let low = u16::from_be_bytes([a, b]);
                RData::AAAA(Ipv6Addr::new(0x2606, 0x4700, block, 0, 0, 0, 0x6815, low).into())
            })
            .into(),
        RecordType::HTTPS => {
            let hint = v4.map(|address| address.to_string()).join(",");
            let keys = if with_ech { format!(" ech={}", ech()) } else { String::new() };
            let text = format!("1 . alpn=h3,h2 ipv4hint={hint}{keys}");
            RData::try_from_str(RecordType::HTTPS, &text).into_iter().collect()
        }
        // A proxied CNAME is never shown as one.
        _ => Vec::new(),
    }
}

/// An ECHConfigList in shape only, with the public name that every Cloudflare zone has.
fn ech() -> String {
    let name = b"cloudflare-ech.com";
    let mut contents = vec![0x01, 0x00, 0x20, 0x00, 0x20];
    contents.extend([0x5a; 32]);
    contents.extend([0x00, 0x04, 0x00, 0x01, 0x00, 0x01, 0x00, name.len() as u8]);
    contents.extend(name);
    contents.extend([0x00, 0x00]);
    let mut list = vec![0xfe, 0x0d, 0x00, contents.len() as u8];
    list.extend(contents);
    let mut bytes = vec![0x00, list.len() as u8];
    bytes.extend(list);
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn digest(text: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref());
    bytes
}

fn ttl(stored: &Stored) -> u32 {
    if stored.ttl == 1 { AUTOMATIC_TTL } else { stored.ttl }
}

fn soa(zone: &Zone) -> Record {
    let primary = zone.name_servers.first().map_or("ns.invalid", String::as_str);
    let changed = zone.records.iter().map(|record| record.modified_at).max().unwrap_or(zone.created_at);
    let serial = u32::try_from(changed / 1_000).unwrap_or(u32::MAX);
    let soa =
        SOA::new(fqdn(primary), fqdn("dns.cloudflare.com"), serial, 10_000, 2_400, 604_800, NEGATIVE_TTL);
    record(&zone.name, NEGATIVE_TTL, RData::SOA(soa))
}

pub(super) fn record(owner: &str, ttl: u32, data: RData) -> Record {
    Record::from_rdata(fqdn(owner), ttl, data)
}

/// Stored names are legal; one that hickory refuses all the same becomes the root, which nobody asks for.
pub(super) fn fqdn(name: &str) -> Name {
    Name::from_ascii(format!("{name}.")).unwrap_or_else(|_| Name::root())
}
