//! Cloudflare's API v4: zones, records, tunnels, Access, and what a token may do.
//!
//! A thin client with tolerant decoding: fields come and go at Cloudflare, so only those that Portico uses
//! are read. Nothing here decides what to write; that is `domain`'s. Reads are tried again when the line breaks,
//! writes never are: whether one was done has to be looked at first.

mod access;
mod envelope;
mod error;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod limit;
mod records;
mod tokens;
mod tunnels;

pub use access::policy_body;
pub use error::CloudflareError;
pub use records::batch;
pub use tokens::token_template;

use crate::pace::Pace;
use envelope::Envelope;
use limit::Limit;
use portico_domain::credential::Secret;
use portico_domain::dns::Zone;
use reqwest::{Client, Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// A read that got no proper answer is tried again after these pauses.
const AGAIN: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(1_200)];

type Result<T> = std::result::Result<T, CloudflareError>;

/// A client for one token. The token is sent as a sensitive header and kept nowhere else.
pub struct Cloudflare {
    base: String,
    token: Secret,
    http: Client,
    limit: Arc<Limit>,
    pace: Pace,
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

impl From<WireZone> for Zone {
    fn from(wire: WireZone) -> Self {
        let active = wire.status == "active";
        Self { id: wire.id, name: wire.name, account_id: wire.account.id, active }
    }
}

/// One call: what is asked, and which permission it needs, in the dashboard's words.
struct Call<'a> {
    method: Method,
    path: &'a str,
    query: &'a [(&'a str, String)],
    body: Option<&'a Value>,
    permission: &'static str,
}

impl<'a> Call<'a> {
    fn get(path: &'a str, permission: &'static str) -> Self {
        Self { method: Method::GET, path, query: &[], body: None, permission }
    }

    fn with(method: Method, path: &'a str, body: &'a Value, permission: &'static str) -> Self {
        Self { method, path, query: &[], body: Some(body), permission }
    }

    fn delete(path: &'a str, permission: &'static str) -> Self {
        Self { method: Method::DELETE, path, query: &[], body: None, permission }
    }

    fn query(self, query: &'a [(&'a str, String)]) -> Self {
        Self { query, ..self }
    }
}

impl Cloudflare {
    /// `base` is the API's root, `…/client/v4`.
    pub fn connect(base: &str, token: Secret, pace: Pace) -> Result<Self> {
        let http = Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .timeout(pace.of(Duration::from_secs(30)))
            .build()
            .map_err(CloudflareError::Unreachable)?;
        let base = base.trim_end_matches('/').to_owned();
        let limit = Limit::of(&base, &token, pace);
        Ok(Self { base, token, http, limit, pace })
    }

    /// Every zone that the token may see.
    pub async fn zones(&self) -> Result<Vec<Zone>> {
        let zones: Vec<WireZone> = self.list("/zones", &[], 50, "zones", "Zone → Zone → Read").await?;
        Ok(zones.into_iter().map(Zone::from).collect())
    }

    /// Every page of a list. The pages must add up to what Cloudflare says there is: an entry that is missing from a
    /// list would be taken for one that does not exist.
    async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        filter: &[(&str, String)],
        per_page: usize,
        what: &'static str,
        permission: &'static str,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        for page in 1.. {
            let mut query = filter.to_vec();
            query.extend([("per_page", per_page.to_string()), ("page", page.to_string())]);
            let call = Call::get(path, permission).query(&query);
            let (envelope, status) = self.envelope::<Vec<T>>(&call).await?;
            let total = envelope.total();
            let found = envelope.into_result(status, permission)?;
            let count = found.len();
            all.extend(found);
            if total.is_some_and(|total| all.len() >= total) || (total.is_none() && count < per_page) {
                break;
            }
            if count == 0 {
                return Err(CloudflareError::Incomplete { what });
            }
        }
        Ok(all)
    }

    async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T> {
        let (envelope, status) = self.envelope(&call).await?;
        envelope.into_result(status, call.permission)
    }

    async fn envelope<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<(Envelope<T>, StatusCode)> {
        let mut pauses = AGAIN.iter();
        loop {
            let error = match self.once(call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let silent = matches!(error, CloudflareError::Unreachable(_) | CloudflareError::NotJson { .. });
            match pauses.next() {
                Some(pause) if silent && call.method == Method::GET => {
                    tokio::time::sleep(self.pace.of(*pause)).await
                }
                _ => return Err(error),
            }
        }
    }

    async fn once<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<(Envelope<T>, StatusCode)> {
        self.limit.turn().await.map_err(|seconds| CloudflareError::RateLimit { seconds })?;
        let mut request = self
            .http
            .request(call.method.clone(), format!("{}{}", self.base, call.path))
            .query(call.query)
            .bearer_auth(self.token.expose());
        if let Some(body) = call.body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(CloudflareError::Unreachable)?;
        let status = response.status();
        let retry_after =
            response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        if status == StatusCode::TOO_MANY_REQUESTS {
            // Without the header, the documented block of five minutes has to be assumed.
            let seconds = retry_after.unwrap_or(300);
            self.limit.silence(seconds);
            return Err(CloudflareError::RateLimit { seconds });
        }
        let bytes = response.bytes().await.map_err(CloudflareError::Unreachable)?;
        Ok((read(&bytes, status)?, status))
    }
}

fn read<T: DeserializeOwned>(body: &[u8], status: StatusCode) -> Result<Envelope<T>> {
    serde_json::from_slice(body).map_err(|_| CloudflareError::NotJson { status })
}
