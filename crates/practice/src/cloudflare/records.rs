//! DNS records: their wire form, and the calls that read and change single ones.
//!
//! The checks are in `rules`, the storing in `transaction`, the list's filters in `filters`, many at once in
//! `batch`. `zone_id`, `zone_name` and `locked` are gone from the real API and therefore not here.

use super::auth::{Caller, Permission};
use super::envelope::{self, Answer, Refusal};
use super::transaction::{Transaction, no_record};
use super::zones::Zone;
use super::{Cloud, content, filters};
use crate::clock::timestamp;
use axum::body::Bytes;
use axum::extract::{Extension, Path, Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

/// The types that practice knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Kind {
    A,
    Aaaa,
    Cname,
    Mx,
    Ns,
    Txt,
}

impl Kind {
    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_value(Value::from(text.to_ascii_uppercase())).ok()
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Mx => "MX",
            Self::Ns => "NS",
            Self::Txt => "TXT",
        }
    }
}

/// A record as it is stored. Times are unix milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub id: String,
    /// Absolute, lower case, Punycode, no trailing dot.
    pub name: String,
    #[serde(rename = "type")]
    pub kind: Kind,
    pub content: String,
    pub proxied: bool,
    /// Seconds; 1 is automatic.
    pub ttl: u32,
    pub comment: Option<String>,
    pub priority: Option<u16>,
    pub settings: Map<String, Value>,
    pub created_at: i64,
    pub modified_at: i64,
    pub comment_modified_at: Option<i64>,
}

impl Record {
    /// The record as the API shows it.
    pub(super) fn shown(&self) -> Value {
        let mut shown = json!({
            "id": self.id,
            "name": self.name,
            "type": self.kind,
            "content": self.content,
            "proxiable": content::proxiable(self.kind, &self.content),
            "proxied": self.proxied,
            "ttl": self.ttl,
            "settings": self.settings,
            "meta": {},
            "comment": self.comment,
            "tags": [],
            "created_on": timestamp(self.created_at),
            "modified_on": timestamp(self.modified_at),
        });
        if let Some(at) = self.comment_modified_at {
            shown["comment_modified_on"] = timestamp(at).into();
        }
        if let Some(priority) = self.priority {
            shown["priority"] = priority.into();
        }
        shown
    }
}

/// What a caller sends; every field may be missing. Fields that the API does not know are ignored, as it does.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Draft {
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) content: Option<String>,
    #[serde(default)]
    pub(super) proxied: Option<bool>,
    #[serde(default)]
    pub(super) ttl: Option<u32>,
    /// `null` removes the comment, absence keeps it.
    #[serde(default, deserialize_with = "present")]
    pub(super) comment: Option<Option<String>>,
    #[serde(default)]
    pub(super) tags: Option<Vec<String>>,
    #[serde(default)]
    pub(super) priority: Option<u16>,
    #[serde(default)]
    pub(super) settings: Option<Map<String, Value>>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

pub(super) const MAY_READ: &[Permission] = &[Permission::DnsRead, Permission::DnsWrite];
pub(super) const MAY_WRITE: &[Permission] = &[Permission::DnsWrite];

pub(super) async fn list(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path(zone): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Answer {
    let state = cloud.state();
    let zone = state.zone(&caller, &zone)?;
    caller.need(MAY_READ)?;
    let query = envelope::Query(query);
    let (page, per_page) = query.paging(100, 1..=5_000_000)?;
    let records = filters::select(&state.listed(cloud.clock.now()).zones[zone].records, &query)?;
    envelope::paged(records.into_iter().map(Record::shown).collect(), page, per_page)
}

pub(super) async fn read(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path((zone, record)): Path<(String, String)>,
) -> Answer {
    let state = cloud.state();
    let index = state.zone(&caller, &zone)?;
    caller.need(MAY_READ)?;
    envelope::well_formed(&record, &format!("/zones/{zone}/dns_records/{record}"))?;
    let found = state.holds.zones[index].records.iter().find(|known| known.id == record);
    envelope::ok(found.ok_or_else(no_record)?.shown())
}

pub(super) async fn create(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path(zone): Path<String>,
    body: Bytes,
) -> Answer {
    change(&cloud, &caller, &zone, None, |transaction, _| transaction.create(&envelope::body(&body)?))
}

pub(super) async fn replace(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path((zone, record)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    change(&cloud, &caller, &zone, Some(&record), |transaction, id| {
        transaction.replace(id, &envelope::body(&body)?)
    })
}

pub(super) async fn edit(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path((zone, record)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    change(&cloud, &caller, &zone, Some(&record), |transaction, id| {
        transaction.edit(id, &envelope::body(&body)?)
    })
}

pub(super) async fn remove(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path((zone, record)): Path<(String, String)>,
) -> Answer {
    change(&cloud, &caller, &zone, Some(&record), |transaction, id| transaction.delete(id))?;
    envelope::ok(json!({"id": record}))
}

/// One operation on one zone: found, allowed, done, stored, shown.
fn change(
    cloud: &Cloud,
    caller: &Caller,
    zone: &str,
    record: Option<&str>,
    operation: impl FnOnce(&mut Transaction<'_>, &str) -> Result<Record, Refusal>,
) -> Answer {
    let mut state = cloud.state();
    let index = state.zone(caller, zone)?;
    caller.need(MAY_WRITE)?;
    let id = record.unwrap_or_default();
    if record.is_some() {
        envelope::well_formed(id, &format!("/zones/{zone}/dns_records/{id}"))?;
    }
    let mut transaction = Transaction::begin(&mut state, index, caller.name(), cloud.clock.now());
    let record = operation(&mut transaction, id)?;
    transaction.commit();
    envelope::ok(record.shown())
}

pub(super) async fn export(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path(zone): Path<String>,
) -> Answer {
    let state = cloud.state();
    let index = state.zone(&caller, &zone)?;
    caller.need(MAY_READ)?;
    let text = zone_file(&state.holds.zones[index]);
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

/// The zone in BIND's format, one record a line.
fn zone_file(zone: &Zone) -> String {
    let mut text = format!(";; Domain: {}.\n$ORIGIN {}.\n", zone.name, zone.name);
    for record in &zone.records {
        let content = match record.kind {
            Kind::A | Kind::Aaaa => record.content.clone(),
            Kind::Cname | Kind::Ns => format!("{}.", record.content),
            Kind::Mx => format!("{} {}.", record.priority.unwrap_or_default(), record.content),
            Kind::Txt => format!("{:?}", record.content.trim_matches('"')),
        };
        let comment = record.comment.as_ref().map(|comment| format!(" ; {comment}")).unwrap_or_default();
        text +=
            &format!("{}.\t{}\tIN\t{}\t{content}{comment}\n", record.name, record.ttl, record.kind.text());
    }
    text
}
