//! Cloudflare's official TypeScript SDK, run by Node.js against a practice API.
//!
//! The checks are in `tests/flows/sdk/conformance.mjs`. A client that Cloudflare's own generator wrote is the best
//! judge of shapes that can be had without an account.

use portico_practice::clock::Clock;
use portico_practice::cloudflare::{ACCOUNT_TOKEN, Cloud, PORTICO_TOKEN, READ_ONLY_TOKEN};
use portico_practice::fault::{Faults, Service};
use portico_practice::http;
use std::net::Ipv4Addr;
use std::path::Path;
use tokio::net::TcpListener;
use tokio::process::Command;

#[tokio::test]
async fn the_official_sdk_finds_nothing_odd() {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/flows/sdk");
    if !sdk.join("node_modules/cloudflare/package.json").exists() {
        let installed = Command::new("npm").arg("ci").current_dir(&sdk).status().await.expect("npm runs");
        assert!(installed.success(), "npm ci in {}", sdk.display());
    }
    let cloud = Cloud::new(Clock::default());
    let by_hand = cloud.records("example.test");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let server =
        http::serve(listener, Service::Cloudflare, Faults::default(), cloud.router()).expect("an address");
    let run = Command::new("node")
        .arg("conformance.mjs")
        .current_dir(&sdk)
        .env("CLOUDFLARE_BASE_URL", format!("http://{}/client/v4", server.address))
        .env("USER_TOKEN", PORTICO_TOKEN)
        .env("ACCOUNT_TOKEN", ACCOUNT_TOKEN)
        .env("READ_ONLY_TOKEN", READ_ONLY_TOKEN)
        .output()
        .await
        .expect("node runs");
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{text}{}", String::from_utf8_lossy(&run.stderr));
    assert!(text.ends_with("16 passed, 0 failed\n"), "{text}");
    assert_eq!(cloud.records("example.test"), by_hand, "what a person made is as it was");
}
