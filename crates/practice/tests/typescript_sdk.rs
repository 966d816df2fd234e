//! Cloudflare's official TypeScript SDK, run by Node.js against a practice API.
//!
//! The checks are in `tests/flows/sdk`, and `conformance.mjs` runs them. A client that Cloudflare's own generator
//! wrote is the best judge of shapes that can be had without an account.

use portico_practice::cloudflare::{ACCOUNT_TOKEN, Action, PORTICO_TOKEN, READ_ONLY_TOKEN};
use portico_practice::{Practice, PracticeOptions};
use std::path::Path;
use tokio::process::Command;

#[tokio::test]
async fn the_official_sdk_finds_nothing_odd() {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/flows/sdk");
    if !sdk.join("node_modules/cloudflare/package.json").exists() {
        let installed = Command::new("npm").arg("ci").current_dir(&sdk).status().await.expect("npm runs");
        assert!(installed.success(), "npm ci in {}", sdk.display());
    }
    let practice = Practice::start(PracticeOptions { binary_size: 4_096, ..Default::default() })
        .await
        .expect("practice");
    let cloud = &practice.cloud;
    let by_hand = cloud.records("example.test");
    let run = Command::new("node")
        .arg("conformance.mjs")
        .current_dir(&sdk)
        .env("CLOUDFLARE_BASE_URL", practice.cloudflare())
        .env("CONTROL_URL", practice.control())
        .env("USER_TOKEN", PORTICO_TOKEN)
        .env("ACCOUNT_TOKEN", ACCOUNT_TOKEN)
        .env("READ_ONLY_TOKEN", READ_ONLY_TOKEN)
        .output()
        .await
        .expect("node runs");
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{text}{}", String::from_utf8_lossy(&run.stderr));
    assert!(text.ends_with("43 passed, 0 failed\n"), "{text}");
    assert_eq!(cloud.records("example.test"), by_hand, "what a person made is as it was");
    let made: Vec<_> =
        cloud.tunnel_audit().into_iter().filter(|change| change.action == Action::Create).collect();
    assert!(made.len() == 1 && cloud.tunnel_audit().iter().all(|change| change.id == made[0].id));
}
