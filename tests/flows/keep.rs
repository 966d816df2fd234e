//! What was built in practice is there when practice starts again, also after it was killed.

use crate::portico::serving;
use crate::stack::{give_cluster_token, public, set_up, stack, visit};
use crate::story::{ECHO, Story, apply, done, nothing_needed, until};
use portico_domain::change::Change;
use portico_domain::flow::Health;
use portico_practice::homelab::{Power, bare, raspberry_pi};
use serde_json::{Value, json};
use std::time::Duration;

/// What the account has, but for who is connected to its tunnels and since when.
fn account(story: &Story) -> Value {
    let mut account = story.document_kept()["account"]["holds"].take();
    for tunnel in account["tunnels"].as_array_mut().expect("tunnels") {
        for field in ["connectors", "active_at", "inactive_at"] {
            tunnel[field] = Value::Null;
        }
    }
    account
}

/// What a visitor gets who has logged in.
async fn session(story: &Story) -> u16 {
    let client = reqwest::Client::new();
    let request =
        client.get(story.practice.edge()).header("host", ECHO).header("cookie", "CF_Authorization=me");
    request.send().await.expect("the edge answers").status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_homelab_goes_on_where_it_was_left() {
    let mut machines: Vec<_> = ["pi-1", "pi-2", "pi-3"].map(|name| raspberry_pi(name, 5)).into();
    machines.push(bare("spare"));
    let story = Story::kept(machines).await;
    let members = ["pi-1", "pi-2", "pi-3"];
    let engine = story.built(1, &members).await;
    set_up(&engine).await;
    let exposure = public(&["me@example.test"]);
    done(&apply(&engine, exposure.clone()).await);
    story.practice.homelab.cut_power("spare").expect("it is there");
    let (before, build) = (story.end_state(), story.build(1, &members));
    let login = visit(&story, ECHO).await;
    assert_eq!(302, login.0, "{login:?}");
    drop(engine);

    let story = story.again().await;
    let then = account(&story);
    until("a visitor is served", async || (session(&story).await == 200).then_some(())).await;
    let engine = story.engine().await;
    // Secrets are no part of what either of them keeps.
    give_cluster_token(&engine).await;
    until("the name is well", async || {
        let found = engine.diagnose(ECHO).await.ok()?;
        let flow = engine.flow().await.ok()?;
        let well = found.health == Health::Up && flow.paths.iter().all(|path| path.health == Health::Up);
        // Cloudflare is not to be asked without end.
        tokio::time::sleep(Duration::from_millis(200)).await;
        well.then_some(())
    })
    .await;
    assert_eq!(login, visit(&story, ECHO).await);
    assert_eq!(before, story.end_state());
    let spare = story.practice.homelab.read(|state| state.machine("spare").map(|spare| spare.power));
    assert_eq!(Some(Power::Off), spare);
    for change in [build, Change::SetUpStack { stack: stack() }, exposure] {
        nothing_needed(&engine.preview(change).await.expect("a preview"));
    }
    drop(engine);
    // Once more, and nothing has been written to the account since.
    let story = story.again().await;
    assert_eq!(then, account(&story));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_costs_a_second_at_most() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("homelab.json");
    let (mut child, first) = serving(&file).await;
    let client = reqwest::Client::new();
    let down = |on: bool| json!({"kind": "internet-down", "on": on, "subject": null});
    let door =
        |described: &Value, path: &str| format!("{}{path}", described["control"].as_str().expect("a door"));
    let unplug = client
        .put(door(&first, "/situations"))
        .header("content-type", "application/json")
        .body(down(true).to_string());
    assert!(unplug.send().await.expect("an answer").status().is_success());
    tokio::time::sleep(Duration::from_secs(1)).await;
    child.kill().await.expect("SIGKILL");

    let (mut child, second) = serving(&file).await;
    assert_eq!(first["endpoints"]["ports"], second["endpoints"]["ports"]);
    assert_eq!(first["endpoints"]["charts"], second["endpoints"]["charts"]);
    let now = client.get(door(&second, "")).send().await.expect("an answer").text().await.expect("a text");
    let now: Value = serde_json::from_str(&now).expect("JSON");
    assert!(now["situations"].as_array().expect("switches").contains(&down(true)), "{now}");
    child.kill().await.expect("SIGKILL");
}
