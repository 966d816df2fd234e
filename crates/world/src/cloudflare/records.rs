//! DNS records: a name's or a whole zone's, read at once and written in one transaction.

use super::{Call, Cloudflare, CloudflareError, Result};
use portico_domain::dns::{DnsRecord, Hostname, Proxy, RecordWrites, owner_mark};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

/// Records written by one batch call at most (free plan).
const BATCH_LIMIT: usize = 200;

/// Records that are read once more before they go. Beyond that the calls would cost more than they save.
const HANDFUL: usize = 20;

/// Far more than a zone may have.
const PAGE: usize = 5_000;

const READ: &str = "Zone → DNS → Read";
const EDIT: &str = "Zone → DNS → Edit";

#[derive(Deserialize)]
pub(super) struct WireRecord {
    id: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    content: String,
    #[serde(default)]
    proxied: bool,
    comment: Option<String>,
}

impl From<WireRecord> for DnsRecord {
    fn from(wire: WireRecord) -> Self {
        let proxy = if wire.proxied { Proxy::Proxied } else { Proxy::DnsOnly };
        Self {
            id: wire.id,
            name: wire.name,
            kind: wire.kind,
            content: wire.content,
            proxy,
            comment: wire.comment,
        }
    }
}

impl Cloudflare {
    /// Every record of a zone, of every type.
    pub async fn zone_records(&self, zone_id: &str) -> Result<Vec<DnsRecord>> {
        let path = format!("/zones/{zone_id}/dns_records");
        let found: Vec<WireRecord> = self.list(&path, &[], PAGE, "records", READ).await?;
        Ok(found.into_iter().map(DnsRecord::from).collect())
    }

    /// The records of exactly one name, of every type.
    pub async fn records(&self, zone_id: &str, name: &Hostname) -> Result<Vec<DnsRecord>> {
        let path = format!("/zones/{zone_id}/dns_records");
        let filter = [("name.exact", name.to_string())];
        let found: Vec<WireRecord> = self.list(&path, &filter, PAGE, "records", READ).await?;
        Ok(found.into_iter().map(DnsRecord::from).collect())
    }

    async fn record(&self, zone_id: &str, id: &str) -> Result<Option<DnsRecord>> {
        let path = format!("/zones/{zone_id}/dns_records/{id}");
        match self.call::<WireRecord>(Call::get(&path, READ)).await {
            Ok(found) => Ok(Some(found.into())),
            Err(CloudflareError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Applies the writes in one transaction: all of them or none.
    ///
    /// A list may be a minute old, and a write compares nothing. So a handful of records that are to go are read once
    /// more, each by itself, which comes of no list; one that is not as it was seen stays, for the next look to judge.
    pub async fn write_records(&self, zone_id: &str, writes: &RecordWrites, cluster: &str) -> Result<()> {
        let mut writes = writes.clone();
        if writes.deletes.len() <= HANDFUL {
            let mut as_seen = Vec::new();
            for record in writes.deletes {
                if self.record(zone_id, &record.id).await?.as_ref() == Some(&record) {
                    as_seen.push(record);
                }
            }
            writes.deletes = as_seen;
        }
        if writes.is_empty() {
            return Ok(());
        }
        if writes.deletes.len() + writes.creates.len() > BATCH_LIMIT {
            return Err(CloudflareError::Refused {
                number: 0,
                message: format!("more than {BATCH_LIMIT} records in one change"),
            });
        }
        let path = format!("/zones/{zone_id}/dns_records/batch");
        let body = batch(&writes, cluster);
        let _: Value = self.call(Call::with(Method::POST, &path, &body, EDIT)).await?;
        Ok(())
    }
}

/// The body of the batch call, as the preview shows it too.
pub fn batch(writes: &RecordWrites, cluster: &str) -> Value {
    json!({
        "deletes": writes.deletes.iter().map(|record| json!({"id": record.id})).collect::<Vec<_>>(),
        "posts": writes.creates.iter().map(|record| json!({
            "type": record.kind, "name": record.name.as_str(), "content": record.content,
            "ttl": record.ttl, "proxied": record.proxy == Proxy::Proxied, "comment": owner_mark(cluster),
        })).collect::<Vec<_>>(),
    })
}
