//! Why a name cannot be reached: each thing that can go wrong is brought about, found by name, and gone again.

use crate::portico::{portico, portico_into};
use crate::story::{ECHO, Story, apply, done, expose, until};
use portico_domain::diagnosis::{Diagnosis, TestKind};
use portico_domain::flow::Health;
use portico_domain::problem::Code;
use portico_domain::situation::{Situation, SituationKind};
use portico_engine::Engine;
use portico_practice::cloudflare::{BY_HAND_TOKEN, PORTICO_TOKEN};
use portico_practice::dns::Switches;
use portico_practice::kube::Key;
use serde_json::json;
use std::time::{Duration, Instant};

async fn exposed() -> (Story, Engine) {
    let story = Story::of_pis(3).await;
    let engine = story.built(1, &story.names()).await;
    done(&apply(&engine, expose(ECHO)).await);
    (story, engine)
}

async fn comes_to(engine: &Engine, cause: Option<Code>) -> Diagnosis {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let found = engine.diagnose(ECHO).await.expect("a diagnosis");
        if found.cause.as_ref().map(|problem| problem.code) == cause {
            return found;
        }
        assert!(Instant::now() < end, "not {cause:?}: {found:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn switch(kind: SituationKind, subject: &str, on: bool) -> Situation {
    Situation { kind, subject: Some(subject.to_owned()), on }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_has_its_name_and_is_over_when_it_is_over() {
    let (story, engine) = exposed().await;
    let well = comes_to(&engine, None).await;
    assert_eq!(Health::Up, well.health, "{:#?}", well.tests);

    // A worker away. What ran on it is away, too, until Kubernetes moves it after five minutes; the machine is why.
    engine.bring_about(&switch(SituationKind::MachineOff, "pi-2", true)).await.expect("unplugged");
    let found = comes_to(&engine, Some(Code::NodeNotReady)).await;
    assert_eq!("pi-2", found.cause.expect("a cause").args["node"]);
    // Both away: nobody answers, and the machines are why.
    engine.bring_about(&switch(SituationKind::MachineOff, "pi-3", true)).await.expect("unplugged");
    let found = until("both are seen to be away", async || {
        let found = engine.diagnose(ECHO).await.expect("a diagnosis");
        (found.health == Health::Down).then_some(found)
    })
    .await;
    assert_eq!(Some(Code::NodeNotReady), found.cause.map(|cause| cause.code));
    for name in ["pi-2", "pi-3"] {
        engine.bring_about(&switch(SituationKind::MachineOff, name, false)).await.expect("plugged in");
    }
    comes_to(&engine, None).await;

    // The router hides private addresses.
    story.practice.system.switch(Switches { drop_private: true, ..Switches::default() });
    comes_to(&engine, Some(Code::RebindingProtection)).await;
    story.practice.system.switch(Switches::default());
    comes_to(&engine, None).await;

    // Somebody takes the rule away, then the pods.
    let ingress = Key::namespaced("ingresses.networking.k8s.io", "apps", "echo");
    let kept = story.store().get(&ingress).expect("the rule");
    story.store().remove(&ingress);
    comes_to(&engine, Some(Code::IngressMissing)).await;
    story.store().put(&ingress, (*kept).clone(), "portico");
    comes_to(&engine, None).await;

    let deployment = Key::namespaced("deployments.apps", "apps", "echo");
    story.store().edit(&deployment, "kubectl", None, |object| object["spec"]["replicas"] = json!(0));
    let found = comes_to(&engine, Some(Code::WorkloadNotReady)).await;
    assert!(found.tests.iter().any(|test| test.kind == TestKind::Pods && test.health == Health::Down));
    story.store().edit(&deployment, "kubectl", None, |object| object["spec"]["replicas"] = json!(1));
    comes_to(&engine, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_address_beside_ours_and_a_name_that_is_nobodys() {
    let (story, engine) = exposed().await;
    story.make_record(BY_HAND_TOKEN, ECHO, "192.168.1.77").await;
    let found = comes_to(&engine, Some(Code::ResolveFailed)).await;
    assert_eq!(Health::Degraded, found.health, "two of the three addresses answer");
    let cause = found.cause.expect("a cause");
    assert!(cause.args["found"].contains("192.168.1.77"), "{cause}");

    let found = engine.diagnose("ehco.example.test").await.expect("a diagnosis");
    let cause = found.cause.expect("a cause");
    assert_eq!((Code::NameNotExposed, ECHO), (cause.code, cause.args["known"].as_str()));
}

/// As a person and a script hear it.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_says_it_in_a_sentence_and_by_its_exit_status() {
    let (story, engine) = exposed().await;
    let token = format!("{PORTICO_TOKEN}\n");
    let said = portico(&story, &["why", ECHO, "--ask-token"], &token).await;
    assert_eq!(
        (0, true),
        (said.status, said.stdout.contains("echo.example.test can be reached.")),
        "{said:?}"
    );
    let said = portico(&story, &["status", "--ask-token"], &token).await;
    assert_eq!((0, true), (said.status, said.stdout.contains("1 of 1 services")), "{said:?}");

    for name in ["pi-2", "pi-3"] {
        engine.bring_about(&switch(SituationKind::MachineOff, name, true)).await.expect("unplugged");
    }
    comes_to(&engine, Some(Code::NodeNotReady)).await;
    let said = portico(&story, &["why", ECHO, "--ask-token"], &token).await;
    assert_eq!(1, said.status, "{said:?}");
    assert!(said.stdout.contains("✗ the machine") && said.stdout.contains("pi-2"), "{said:?}");
    assert_eq!(1, portico(&story, &["status", "--ask-token"], &token).await.status);
    assert_eq!(2, portico(&story, &["why", "no name at all", "--ask-token"], &token).await.status);

    // A reader that has heard enough.
    let unread = portico_into(&story, &["--json", "why", ECHO, "--ask-token"], &token, "head -c 1").await;
    assert!(!unread.stderr.contains("panicked"), "{unread:?}");
}
