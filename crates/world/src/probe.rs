//! Asking over HTTP as a visitor would: this name, at this address.
//!
//! The name is pinned to the address under test, so that no resolver and no other worker can answer instead.

use portico_domain::observed::HttpAnswer;
use portico_domain::problem::{Code, Problem};
use reqwest::Client;
use reqwest::redirect::Policy;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

#[derive(Debug, thiserror::Error)]
#[error("{url} at {address}: {source}")]
pub struct ProbeError {
    url: String,
    address: SocketAddr,
    source: reqwest::Error,
}

impl From<&ProbeError> for Problem {
    fn from(error: &ProbeError) -> Self {
        let reason = match &error.source {
            source if source.is_timeout() => "timeout",
            source if source.is_connect() => "no-connection",
            _ => "broken-answer",
        };
        Problem::new(Code::ProbeFailed)
            .arg("url", &error.url)
            .arg("address", error.address)
            .arg("reason", reason)
    }
}

/// GET `http://{hostname}:{port}/` at `address`; redirects are answers, they are not followed.
pub async fn http(hostname: &str, address: IpAddr, port: u16) -> Result<HttpAnswer, ProbeError> {
    let target = SocketAddr::new(address, port);
    let url = if port == 80 { format!("http://{hostname}/") } else { format!("http://{hostname}:{port}/") };
    let failed = |source| ProbeError { url: url.clone(), address: target, source };
    let client = Client::builder()
        .resolve(hostname, target)
        .no_proxy()
        .redirect(Policy::none())
        .timeout(Duration::from_secs(5))
        .build()
        .map_err(failed)?;
    let start = Instant::now();
    let response = client.get(&url).send().await.map_err(failed)?;
    let millis = u32::try_from(start.elapsed().as_millis()).unwrap_or(u32::MAX);
    Ok(HttpAnswer { status: response.status().as_u16(), millis })
}
