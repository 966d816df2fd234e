//! Asking over HTTP as a visitor would: this name, at this address; and which certificate is shown for it.
//!
//! The name is pinned to the address under test, so that no resolver and no other worker can answer instead. A
//! certificate is read and not judged: whether it is the right one is `domain`'s to say.

use portico_domain::observed::HttpAnswer;
use portico_domain::problem::{Code, Problem};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use std::net::{IpAddr, SocketAddr};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

mod certificate;

pub use certificate::{TlsError, identity, tls};

/// For a connection to an address of the LAN: the system asks at once and once more after a second.
const AT_HOME: Duration = Duration::from_secs(3);

#[derive(Debug, thiserror::Error)]
#[error("{url} at {address}: {source}")]
pub struct ProbeError {
    url: String,
    address: String,
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
            .arg("address", &error.address)
            .arg("reason", reason)
    }
}

/// GET `http://{hostname}:{port}/` at `address`; redirects are answers, they are not followed.
pub async fn http(hostname: &str, address: IpAddr, port: u16) -> Result<HttpAnswer, ProbeError> {
    let target = SocketAddr::new(address, port);
    let url = if port == 80 { format!("http://{hostname}/") } else { format!("http://{hostname}:{port}/") };
    ask(hostname, Some(target), url, None).await
}

/// GET `https://{hostname}/` as anybody on the internet would. `edge` is the base URL of another edge than
/// Cloudflare's, which is told the hostname in the Host header alone.
pub async fn public(hostname: &str, edge: Option<&str>) -> Result<HttpAnswer, ProbeError> {
    match edge {
        Some(base) => ask(hostname, None, format!("{}/", base.trim_end_matches('/')), Some(hostname)).await,
        None => ask(hostname, None, format!("https://{hostname}/"), None).await,
    }
}

/// Somebody who comes for the first time each time: what an open connection would answer proves nothing.
fn visitor() -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .timeout(Duration::from_secs(8))
        .pool_max_idle_per_host(0)
}

/// A visitor who trusts whom this computer trusts. Made once: reading the certificates takes longer than asking.
fn trusting() -> reqwest::Result<Client> {
    static MADE: OnceLock<Client> = OnceLock::new();
    if let Some(client) = MADE.get() {
        return Ok(client.clone());
    }
    let client = visitor().build()?;
    Ok(MADE.get_or_init(|| client).clone())
}

async fn ask(
    hostname: &str,
    target: Option<SocketAddr>,
    url: String,
    host: Option<&str>,
) -> Result<HttpAnswer, ProbeError> {
    let address = target.map(|target| target.to_string()).unwrap_or_default();
    let failed = |source| ProbeError { url: url.clone(), address: address.clone(), source };
    let client = match target {
        // Never over TLS, so it need not read this computer's certificates.
        Some(target) => {
            visitor().connect_timeout(AT_HOME).resolve(hostname, target).tls_certs_only([]).build()
        }
        None => trusting(),
    };
    let mut request = client.map_err(failed)?.get(&url);
    if let Some(host) = host {
        request = request.header(reqwest::header::HOST, host);
    }
    let start = Instant::now();
    let response = request.send().await.map_err(failed)?;
    let millis = u32::try_from(start.elapsed().as_millis()).unwrap_or(u32::MAX);
    let location = response.headers().get(reqwest::header::LOCATION).and_then(|to| to.to_str().ok());
    Ok(HttpAnswer { status: response.status().as_u16(), millis, location: location.map(str::to_owned) })
}
