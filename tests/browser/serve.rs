//! `portico-loopback FOLDER`: the window's pages and the command table over HTTP, on a practice homelab.
//!
//! For tests in a browser. Prints one JSON line, `{"url", "homelab"}`, and serves until it is killed. FOLDER is the
//! built pages. One machine's pinned host key is another one's, so that a changed key can be met.

use axum::extract::{Path as Asked, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use portico_api::{Api, Engine, Options, Pace, SecretStore, loopback, system_clock};
use portico_domain::credential::{HostKey, Secret};
use portico_practice::cloudflare::{CLUSTER_TOKEN, EXPIRED_TOKEN, PORTICO_TOKEN, READ_ONLY_TOKEN};
use portico_practice::{Practice, PracticeOptions};
use portico_world::ssh::HostKeys;
use serde_json::{Value, json};
use std::error::Error;
use std::net::Ipv4Addr;
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The machines of the story; the rest of the homelab stays bare.
const BUILT: &[&str] = &["pi-1", "pi-2", "pi-3", "nuc-1"];
const CHANGED: &str = "nas";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let pages: PathBuf = std::env::args_os().nth(1).ok_or("portico-loopback FOLDER")?.into();
    let practice = Arc::new(Practice::start(PracticeOptions::default()).await?);
    let described = practice.describe();
    let data = tempfile::tempdir()?;
    pin_another_key(&practice, &data.path().join("host-keys.json"))?;
    let engine = Engine::open(Options {
        endpoints: serde_json::from_value(described["endpoints"].clone())?,
        data: data.path().to_owned(),
        secrets: SecretStore::in_memory(),
        clock: system_clock(),
        pace: Pace::default(),
    })
    .await?;
    // It opens the zones and may write nothing: the story gets there by itself.
    engine.use_cloudflare_token(Secret::new(READ_ONLY_TOKEN.to_owned())).await?;
    let api = Api::new(engine, true);
    let _watch = api.watch();

    let token = uuid::Uuid::new_v4().simple().to_string();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let machines: Vec<_> = described["machines"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|machine| machine["name"].as_str().is_some_and(|name| BUILT.contains(&name)))
        .collect();
    let homelab = json!({
        "machines": machines, "zone": described["zone"], "changedKey": CHANGED,
        // Who may log in and do nothing.
        "guest": {"name": "nuc-1", "user": "guest", "password": "visitor"},
        "keys": {"locked": locked_key(data.path())?, "notAKey": pages.join("index.html").canonicalize()?},
        "tokens": {"expired": EXPIRED_TOKEN, "enough": PORTICO_TOKEN, "cluster": CLUSTER_TOKEN},
    });
    let router = loopback::router(api, token.clone())
        .merge(Router::new().route("/footprint", get(footprint)).with_state(practice.clone()))
        .merge(Router::new().route("/", get(index)).route("/{*path}", get(page)).with_state(Arc::new(pages)));
    println!(
        "{}",
        json!({"url": format!("http://{}/#token={token}", listener.local_addr()?), "homelab": homelab})
    );
    axum::serve(listener, router).await?;
    Ok(())
}

/// Pins the key of another machine for [`CHANGED`], as if it had been set up anew since.
fn pin_another_key(practice: &Practice, pins: &Path) -> Result<(), Box<dyn Error>> {
    let (address, port, key) = practice.homelab.read(|state| {
        let machine = |name: &str| state.machine(name).ok_or_else(|| format!("no machine is called {name}"));
        let key = machine(BUILT[0])?.host_key().public_key().to_openssh()?;
        Ok::<_, Box<dyn Error>>((machine(CHANGED)?.address, practice.homelab.ports.ssh, key))
    })?;
    let key = HostKey { kind: String::new(), fingerprint: String::new(), key };
    Ok(HostKeys::new(pins.to_owned(), Vec::new()).pin(&address.to_string(), port, &key)?)
}

/// A private key with a passphrase.
fn locked_key(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let path = folder.join("locked");
    let made = Command::new("ssh-keygen")
        // One round of the key derivation: a debug build takes long over the usual sixteen.
        .args(["-q", "-a", "1", "-t", "ed25519", "-N", "a good passphrase", "-f"])
        .arg(&path)
        .status()?;
    if made.success() { Ok(path) } else { Err("ssh-keygen failed".into()) }
}

async fn footprint(State(practice): State<Arc<Practice>>) -> Json<Value> {
    Json(practice.footprint())
}

async fn index(pages: State<Arc<PathBuf>>) -> Response {
    page(pages, Asked("index.html".to_owned())).await
}

async fn page(State(pages): State<Arc<PathBuf>>, Asked(asked): Asked<String>) -> Response {
    let plain = Path::new(&asked).components().all(|part| matches!(part, Component::Normal(_)));
    let kind = match asked.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    };
    match tokio::fs::read(pages.join(&asked)).await {
        Ok(bytes) if plain => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
