//! Cloudflare's API v4: zones and DNS records.
//!
//! A thin client with tolerant decoding: fields come and go at Cloudflare, so only those that Portico uses
//! are read. Tunnels and Access have rooms of their own beside `records` once they come. Nothing here
//! decides what to write; that is `domain::dns`.

mod envelope;

use envelope::Envelope;
use portico_domain::credential::Secret;
use portico_domain::dns::{DnsRecord, Hostname, Proxy, RecordWrites, Zone, owner_mark};
use portico_domain::problem::{Code, Problem};
use reqwest::{Client, Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;

/// Records written by one batch call at most (free plan).
const BATCH_LIMIT: usize = 200;

#[derive(Debug, thiserror::Error)]
pub enum CloudflareError {
    #[error("Cloudflare does not answer")]
    Unreachable(#[source] reqwest::Error),
    #[error("Cloudflare answered HTTP {status} without JSON")]
    NotJson { status: StatusCode },
    #[error("the token is not accepted")]
    Token { number: i64, message: String },
    #[error("the token lacks {permission}")]
    Scope { permission: &'static str, message: String },
    #[error("too many requests; again in {seconds} s")]
    RateLimit { seconds: u64 },
    #[error("refused: {message} ({number})")]
    Refused { number: i64, message: String },
}

impl From<&CloudflareError> for Problem {
    fn from(error: &CloudflareError) -> Self {
        match error {
            CloudflareError::Unreachable(source) => {
                Problem::new(Code::CloudflareUnreachable).detail(source.without_url_text())
            }
            CloudflareError::NotJson { status } => Problem::new(Code::CloudflareUnreachable).detail(status),
            CloudflareError::Token { number, message } => {
                Problem::new(Code::CloudflareToken).detail(format!("{number} {message}"))
            }
            CloudflareError::Scope { permission, message } => {
                Problem::new(Code::CloudflareScope).arg("permission", permission).detail(message)
            }
            CloudflareError::RateLimit { seconds } => {
                Problem::new(Code::CloudflareRateLimit).arg("seconds", seconds)
            }
            CloudflareError::Refused { number, message } => {
                Problem::new(Code::CloudflareRefused).arg("number", number).arg("message", message)
            }
        }
    }
}

trait WithoutUrl {
    fn without_url_text(&self) -> String;
}

impl WithoutUrl for reqwest::Error {
    /// The chain of causes; reqwest's own text repeats the URL, which says nothing new here.
    fn without_url_text(&self) -> String {
        let mut text = String::new();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text = error.to_string();
            cause = error.source();
        }
        text
    }
}

type Result<T> = std::result::Result<T, CloudflareError>;

/// A client for one token. The token is sent as a sensitive header and kept nowhere else.
pub struct Cloudflare {
    base: String,
    token: Secret,
    http: Client,
}

#[derive(Deserialize)]
struct WireZone {
    id: String,
    name: String,
    status: String,
    account: WireAccount,
}

#[derive(Deserialize)]
struct WireAccount {
    id: String,
}

#[derive(Deserialize)]
struct WireRecord {
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
    /// `base` is the API's root, `…/client/v4`.
    pub fn connect(base: &str, token: Secret) -> Result<Self> {
        let http = Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(CloudflareError::Unreachable)?;
        Ok(Self { base: base.trim_end_matches('/').to_owned(), token, http })
    }

    /// Every zone that the token may see.
    pub async fn zones(&self) -> Result<Vec<Zone>> {
        let mut zones = Vec::new();
        for page in 1.. {
            let query = [("per_page", "50".to_owned()), ("page", page.to_string())];
            let found: Vec<WireZone> = self.call(Method::GET, "/zones", &query, None, "Zone Read").await?;
            let count = found.len();
            zones.extend(found.into_iter().map(|wire| Zone {
                id: wire.id,
                name: wire.name,
                account_id: wire.account.id,
                active: wire.status == "active",
            }));
            if count < 50 {
                break;
            }
        }
        Ok(zones)
    }

    /// The records of exactly one name, of every type.
    pub async fn records(&self, zone_id: &str, name: &Hostname) -> Result<Vec<DnsRecord>> {
        let query = [("name.exact", name.to_string()), ("per_page", "1000".to_owned())];
        let path = format!("/zones/{zone_id}/dns_records");
        let found: Vec<WireRecord> = self.call(Method::GET, &path, &query, None, "DNS Read").await?;
        Ok(found.into_iter().map(DnsRecord::from).collect())
    }

    /// Applies the writes in one transaction: all of them or none.
    pub async fn write_lan_records(
        &self,
        zone_id: &str,
        name: &Hostname,
        writes: &RecordWrites,
        cluster: &str,
    ) -> Result<()> {
        let body = lan_batch(name, writes, cluster);
        if writes.deletes.len() + writes.creates.len() > BATCH_LIMIT {
            return Err(CloudflareError::Refused {
                number: 0,
                message: format!("more than {BATCH_LIMIT} records on one name"),
            });
        }
        let path = format!("/zones/{zone_id}/dns_records/batch");
        let _: Value = self.call(Method::POST, &path, &[], Some(&body), "DNS Edit").await?;
        Ok(())
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&Value>,
        permission: &'static str,
    ) -> Result<T> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .query(query)
            .bearer_auth(self.token.expose());
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(CloudflareError::Unreachable)?;
        let status = response.status();
        let retry_after =
            response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        if status == StatusCode::TOO_MANY_REQUESTS {
            // Without the header, the documented block of five minutes has to be assumed.
            return Err(CloudflareError::RateLimit { seconds: retry_after.unwrap_or(300) });
        }
        let bytes = response.bytes().await.map_err(CloudflareError::Unreachable)?;
        let envelope: Envelope<T> =
            serde_json::from_slice(&bytes).map_err(|_| CloudflareError::NotJson { status })?;
        envelope.into_result(status, permission)
    }
}

/// The body of the batch call, as the preview shows it too.
pub fn lan_batch(name: &Hostname, writes: &RecordWrites, cluster: &str) -> Value {
    json!({
        "deletes": writes.deletes.iter().map(|record| json!({"id": record.id})).collect::<Vec<_>>(),
        "posts": writes.creates.iter().map(|address| json!({
            "type": if address.is_ipv4() { "A" } else { "AAAA" },
            "name": name.as_str(), "content": address.to_string(),
            "ttl": 60, "proxied": false, "comment": owner_mark(cluster),
        })).collect::<Vec<_>>(),
    })
}
