//! What is given away for help says how it is, and neither a secret nor whose homelab it is.

use crate::portico::portico;
use crate::story::{ECHO, Story, ZONE, apply, done, expose};
use portico_domain::credential::{CredentialKind, Secret};
use portico_practice::cloudflare::{CLUSTER_TOKEN, PORTICO_TOKEN};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_tells_how_it_is_and_not_whose_it_is() {
    let story = Story::of_pis(2).await;
    let engine = story.built(1, &story.names()).await;
    let token = Secret::new(CLUSTER_TOKEN.into());
    engine.set_token(CredentialKind::ClusterToken, token, true).await.expect("a token that is enough");
    done(&apply(&engine, expose(ECHO)).await);

    let bundle = engine.support().await.expect("a bundle");
    assert_eq!(Some(&1), bundle.hidden.get("domain"), "{:?}", bundle.hidden);
    let report: Value = serde_json::from_str(&bundle.text).expect("JSON");
    assert_eq!("echo.domain-1.example", report["wanted"]["exposures"][0]["hostname"]);
    let hops = report["flow"]["hops"].as_array().expect("the picture");
    assert!(hops.iter().any(|hop| hop["id"] == "service/echo" && hop["health"] == "up"), "{hops:?}");
    assert_eq!(2, report["runs"].as_array().expect("runs").len());
    for part in
        ["conditions", "components", "names", "machines", "credentials", "timeline", "uptime", "storage"]
    {
        assert!(report[part]["problem"].is_null() && !report[part].is_null(), "{part}: {}", report[part]);
    }

    // Another process makes one for a file that only its owner reads.
    let path = story.path("bundle.json");
    let file = path.to_str().expect("a path in UTF-8");
    let ran = portico(&story, &["support", "--save", file], "").await;
    assert_eq!(0, ran.status, "{}", ran.stderr);
    assert!(ran.stdout.contains("1 domain"), "{}", ran.stdout);
    let saved = std::fs::read_to_string(&path).expect("the bundle");
    assert_eq!(0o600, path.metadata().expect("the file").permissions().mode() & 0o777);
    // What is there is not written over.
    let ran = portico(&story, &["support", "--save", file], "").await;
    assert_eq!(1, ran.status, "{}", ran.stdout);
    assert_eq!(saved, std::fs::read_to_string(&path).expect("the bundle"));

    for text in [&bundle.text, &saved] {
        for hidden in [ZONE, CLUSTER_TOKEN, PORTICO_TOKEN, "K10", "BEGIN"] {
            assert!(!text.contains(hidden), "{hidden} is told");
        }
    }
}
