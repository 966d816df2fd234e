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
    let (host, url) = if port == 80 {
        (hostname.to_owned(), format!("http://{hostname}/"))
    } else {
        (format!("{hostname}:{port}"), format!("http://{hostname}:{port}/"))
    };
    let target = SocketAddr::new(address, port);
    let failed = |source| ProbeError { url, address: target.to_string(), source };
    let answer = async { ask(at_home()?, &format!("http://{target}/"), Some(&host)).await };
    answer.await.map_err(failed)
}

/// GET `https://{hostname}/` as anybody on the internet would. `edge` is the base URL of another edge than
/// Cloudflare's, which is told the hostname in the Host header alone.
pub async fn public(hostname: &str, edge: Option<&str>) -> Result<HttpAnswer, ProbeError> {
    let (url, host) = match edge {
        Some(base) => (format!("{}/", base.trim_end_matches('/')), Some(hostname)),
        None => (format!("https://{hostname}/"), None),
    };
    let answer = async { ask(trusting()?, &url, host).await };
    answer.await.map_err(|source| ProbeError { url: url.clone(), address: String::new(), source })
}

/// Somebody who comes for the first time each time: what an open connection would answer proves nothing.
fn visitor() -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .timeout(Duration::from_secs(8))
        .pool_max_idle_per_host(0)
}

/// A visitor who trusts whom this computer trusts.
fn trusting() -> reqwest::Result<&'static Client> {
    static MADE: OnceLock<Client> = OnceLock::new();
    made(&MADE, || visitor().build())
}

/// A visitor on the LAN: never over TLS, so that it need not read this computer's certificates.
fn at_home() -> reqwest::Result<&'static Client> {
    static MADE: OnceLock<Client> = OnceLock::new();
    made(&MADE, || visitor().connect_timeout(AT_HOME).tls_certs_only([]).build())
}

/// Made once: that takes longer than asking.
fn made<T, E>(place: &'static OnceLock<T>, how: impl FnOnce() -> Result<T, E>) -> Result<&'static T, E> {
    if let Some(there) = place.get() {
        return Ok(there);
    }
    let new = how()?;
    Ok(place.get_or_init(|| new))
}

async fn ask(client: &Client, url: &str, host: Option<&str>) -> reqwest::Result<HttpAnswer> {
    let mut request = client.get(url);
    if let Some(host) = host {
        request = request.header(reqwest::header::HOST, host);
    }
    let start = Instant::now();
    let response = request.send().await?;
    let millis = u32::try_from(start.elapsed().as_millis()).unwrap_or(u32::MAX);
    let location = response.headers().get(reqwest::header::LOCATION).and_then(|to| to.to_str().ok());
    Ok(HttpAnswer { status: response.status().as_u16(), millis, location: location.map(str::to_owned) })
}
