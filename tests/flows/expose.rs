//! A service under a name: records for exactly the workers, nothing foreign touched, refusals that write nothing.

use crate::story::{ECHO, Story, ZONE, apply, done, expose, nothing_needed, try_apply};
use portico_domain::change::Change;
use portico_domain::problem::{Code, Problem};
use portico_engine::Engine;
use portico_practice::cloudflare::{Action, BY_HAND_TOKEN, READ_ONLY_TOKEN, Record};
use portico_practice::kube::Key;
use serde_json::{Value, json};

const KINDS: [&str; 3] = ["deployments.apps", "services", "ingresses.networking.k8s.io"];

/// A homelab whose `pi-2` and `pi-3` are the workers, and an engine over it.
async fn homelab() -> (Story, Engine) {
    let story = Story::of_pis(3).await;
    let engine = story.built(1, &story.names()).await;
    (story, engine)
}

fn by_hand(story: &Story) -> Vec<Record> {
    story.practice.cloud.records(ZONE).into_iter().filter(|record| record.name != ECHO).collect()
}

/// The change is refused with this problem, and neither a record nor an object came of it.
async fn refused(story: &Story, engine: &Engine, change: Change, code: Code) -> Problem {
    let (audit, objects) = (story.practice.cloud.audit(), objects(story));
    let problem = try_apply(engine, change).await.expect_err("it is refused");
    assert_eq!(problem.code, code, "{problem}");
    assert_eq!(story.practice.cloud.audit(), audit, "{code:?}");
    assert_eq!(objects, self::objects(story), "{code:?}");
    problem
}

fn objects(story: &Story) -> Vec<Value> {
    KINDS
        .iter()
        .flat_map(|kind| story.objects(kind, Some("apps")))
        .map(|object| json!([object["kind"], object["metadata"]["labels"], object["spec"]]))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_records_are_the_workers_and_what_was_made_by_hand_stays() {
    let (story, engine) = homelab().await;
    let before = by_hand(&story);
    done(&apply(&engine, expose(ECHO)).await);
    assert_eq!(story.addresses_of(ECHO), ["127.77.0.12", "127.77.0.13"]);
    for record in story.practice.cloud.records(ZONE).iter().filter(|record| record.name == ECHO) {
        assert!(!record.proxied, "the LAN's addresses are of no use to Cloudflare's proxies");
        assert_eq!(record.comment.as_deref(), Some("managed by portico (cluster home)"));
    }
    nothing_needed(&engine.preview(expose(ECHO)).await.expect("a preview"));
    assert_eq!(by_hand(&story), before);
    for entry in story.practice.cloud.audit() {
        let name = entry.after.as_ref().map(|record| record.name.as_str());
        assert_eq!((entry.action, name), (Action::Create, Some(ECHO)), "{entry:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_foreign_is_left_alone_and_named() {
    let (story, engine) = homelab().await;
    for (kind, resource) in [("Deployment", KINDS[0]), ("Service", KINDS[1]), ("Ingress", KINDS[2])] {
        let key = Key::namespaced(resource, "apps", "echo");
        let object = json!({
            "apiVersion": "v1", "kind": kind, "metadata": {"name": "echo", "namespace": "apps"}, "spec": {},
        });
        story.store().put(&key, object, "kubectl");
        let problem = refused(&story, &engine, expose(ECHO), Code::ForeignObject).await;
        assert!(problem.args["object"].contains(kind), "{problem}");
        story.store().remove(&key);
    }
    story.make_record(BY_HAND_TOKEN, ECHO, "192.168.1.77").await;
    let problem = refused(&story, &engine, expose(ECHO), Code::RecordConflict).await;
    assert_eq!(problem.args.get("content").map(String::as_str), Some("192.168.1.77"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_outside_the_account_and_a_token_that_may_too_little() {
    let (story, engine) = homelab().await;
    let problem = refused(&story, &engine, expose("echo.elsewhere.test"), Code::ZoneMissing).await;
    assert!(problem.args["zones"].contains("example.test"), "{problem}");
    drop(engine);
    let engine = story.engine_with(READ_ONLY_TOKEN).await;
    let records = story.practice.cloud.records(ZONE);
    let problem = match try_apply(&engine, expose(ECHO)).await {
        Ok(run) => run.steps.into_iter().find_map(|step| step.problem).expect("a step fails"),
        Err(problem) => problem,
    };
    assert_eq!(problem.code, Code::CloudflareScope, "{problem}");
    assert_eq!(problem.args["permission"], "Zone → DNS → Edit");
    assert_eq!(story.practice.cloud.records(ZONE), records);
}
