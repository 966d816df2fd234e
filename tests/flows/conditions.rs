//! What is wrong: told once for each cause while it lasts, known to whoever says so, and over when it is over.

use crate::portico::portico;
use crate::story::{ECHO, Story, apply, done, expose, until};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portico_domain::condition::{Condition, Hush, Severity};
use portico_domain::event::Happening;
use portico_domain::problem::Code;
use portico_domain::situation::{Situation, SituationKind};
use portico_engine::Engine;
use portico_practice::cloudflare::{BY_HAND_TOKEN, PORTICO_TOKEN};
use portico_practice::fault::{Fault, Rule, Service};
use serde_json::Value;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn unplugged(machine: &str, on: bool) -> Situation {
    Situation { kind: SituationKind::MachineOff, subject: Some(machine.to_owned()), on }
}

async fn standing(engine: &Engine, code: Code) -> Option<Condition> {
    let all = engine.conditions().await.expect("conditions");
    all.into_iter().find(|condition| condition.problem.code == code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_goes_is_told_once_and_known_to_who_says_so() {
    let story = Story::of_pis(3).await;
    let engine = story.built(1, &story.names()).await;
    done(&apply(&engine, expose(ECHO)).await);
    let mut events = engine.listen();
    let watch = engine.watch();
    engine.bring_about(&unplugged("pi-3", true)).await.expect("unplugged");
    let told =
        until("it is told that pi-3 is away", async || standing(&engine, Code::NodeNotReady).await).await;
    // Down, where the controller or the service itself ran there.
    assert_eq!((told.id.as_str(), told.severity >= Severity::Degraded), ("node-not-ready/pi-3", true));
    assert_eq!(told.hostnames, [ECHO]);

    engine.hush(&told.id, Some(Hush::Acknowledged)).await.expect("it is known");
    let known = standing(&engine, Code::NodeNotReady).await.expect("it stands");
    assert_eq!(known.hushed, Some(Hush::Acknowledged));
    engine.hush(&told.id, None).await.expect("taken back");
    let end = told.since + 3_600_000_000;
    engine.maintain("pi-3", Some(end)).await.expect("it is being worked on");
    let known = standing(&engine, Code::NodeNotReady).await.expect("it stands");
    assert_eq!(known.hushed, Some(Hush::Maintenance { until: end }));
    let refused = engine.maintain("toaster", Some(end)).await.expect_err("no such machine");
    assert_eq!(refused.code, Code::FieldInvalid);

    engine.bring_about(&unplugged("pi-3", false)).await.expect("plugged in");
    until("it is over", async || standing(&engine, Code::NodeNotReady).await.is_none().then_some(())).await;
    drop(watch);
    let mut lists = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let Happening::Conditions { conditions } = event.what {
            lists.push(conditions);
        }
    }
    assert!(lists.windows(2).all(|pair| pair[0] != pair[1]), "only what changed is told");
    let away = |list: &Vec<Condition>| list.iter().any(|one| one.problem.code == Code::NodeNotReady);
    let changes = lists.windows(2).filter(|pair| away(&pair[0]) != away(&pair[1])).count();
    assert!((1..=2).contains(&changes), "it came once and went once: {changes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_lists_them_with_what_puts_them_right() {
    let story = Story::of_pis(2).await;
    let engine = story.built(1, &story.names()).await;
    done(&apply(&engine, expose(ECHO)).await);
    let well = portico(&story, &["--json", "conditions", "--ask-token"], PORTICO_TOKEN).await;
    let listed = |said: &str| -> Vec<Value> {
        let answer: Value = serde_json::from_str(said).expect("JSON");
        answer["conditions"].as_array().cloned().expect("a list")
    };
    let codes: Vec<Value> = listed(&well.stdout).iter().map(|one| one["problem"]["code"].clone()).collect();
    // Kubernetes 1.34 is looked after until October 2026, and nginx' ingress controller until March.
    assert_eq!(codes, ["release-ended", "ingress-retired"], "{}", well.stdout);
    assert_eq!(0, well.status, "notes are no failure");

    // Somebody lets the name lead to a third address, where nobody answers.
    story.make_record(BY_HAND_TOKEN, ECHO, "192.168.1.77").await;
    let ill = portico(&story, &["--json", "conditions", "--ask-token"], PORTICO_TOKEN).await;
    let found = listed(&ill.stdout);
    let astray = found.iter().find(|one| one["problem"]["code"] == "resolve-failed").expect("it is seen");
    assert_eq!(("degraded", "reconcile"), (text(&astray["severity"]), text(&astray["fix"]["kind"])));
    let id = text(&astray["id"]);
    let known = portico(&story, &["hush", id, "--for", "2h"], "").await;
    assert!(known.stdout.contains("quiet until"), "{}{}", known.stdout, known.stderr);
    let strange = portico(&story, &["hush", "nothing-of-this-name"], "").await;
    assert_eq!(2, strange.status, "{}", strange.stdout);
    let wrong = portico(&story, &["maintenance", "toaster", "--for", "2h"], "").await;
    assert_eq!(2, wrong.status, "{}", wrong.stderr);
    let worked_on = portico(&story, &["--json", "maintenance", "pi-2", "--for", "2h"], "").await;
    let answer: Value = serde_json::from_str(&worked_on.stdout).expect("JSON");
    assert!(answer["maintenance"]["pi-2"].is_number(), "{answer}");
    let over = portico(&story, &["--json", "maintenance", "pi-2", "--end"], "").await;
    let answer: Value = serde_json::from_str(&over.stdout).expect("JSON");
    assert_eq!(serde_json::json!({}), answer["maintenance"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_ends_is_fetched_anew_once_its_server_can_be_asked() {
    let story = Story::of_pis(1).await;
    let engine = story.built(1, &story.names()).await;
    assert_eq!(None, standing(&engine, Code::ClusterKeyEnds).await);
    let file = story.data().join("kubeconfig");
    let read =
        || serde_json::from_slice::<Value>(&std::fs::read(&file).expect("a kubeconfig")).expect("JSON");
    let (whole, mut old) = (read(), read());
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut ended = rcgen::CertificateParams::new(Vec::new()).expect("a certificate's");
    ended.not_after = rcgen::date_time_ymd(2026, 1, 2);
    let certificate = ended.self_signed(&key).expect("a certificate").pem();
    let user = &mut old["users"][0]["user"];
    user["client-certificate-data"] = STANDARD.encode(certificate).into();
    user["client-key-data"] = STANDARD.encode(key.serialize_pem()).into();
    std::fs::write(&file, old.to_string()).expect("written");

    engine.bring_about(&unplugged("pi-1", true)).await.expect("unplugged");
    let told = standing(&engine, Code::ClusterKeyEnds).await.expect("nobody can be asked");
    assert_eq!((Severity::Degraded, "2026-01-02"), (told.severity, told.problem.args["when"].as_str()));
    engine.bring_about(&unplugged("pi-1", false)).await.expect("plugged in");
    until("the server can be asked", async || {
        standing(&engine, Code::ClusterKeyEnds).await.is_none().then_some(())
    })
    .await;
    assert_eq!(whole, read());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_does_not_answer_is_told_by_its_server() {
    let story = Story::of_pis(3).await;
    let engine = story.built(3, &story.names()).await;
    assert_eq!(None, standing(&engine, Code::EtcdSilent).await);
    let silent = Fault::Error { status: 500, body: "[-]etcd failed: reason withheld".into() };
    story.practice.faults.add(Rule::next(Service::Kube, silent).on("GET /readyz/etcd"));
    let told = standing(&engine, Code::EtcdSilent).await.expect("one of three");
    assert!(story.names().contains(&told.problem.args["machine"]), "{told:?}");
    assert_eq!(None, standing(&engine, Code::EtcdSilent).await, "it answers again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_told_also_where_no_service_stands() {
    let story = Story::of_pis(2).await;
    let engine = story.built(1, &story.names()).await;
    assert_eq!(None, standing(&engine, Code::ClockSkewed).await);
    let off = |offset| {
        let set = story.practice.homelab.change_machine("pi-2", |machine| machine.clock_offset_ms = offset);
        set.expect("a machine");
    };
    off(3_600_000);
    let told = standing(&engine, Code::ClockSkewed).await.expect("an hour is much");
    assert_eq!("pi-2", told.problem.args["machine"]);
    off(0);
    assert_eq!(None, standing(&engine, Code::ClockSkewed).await);
}
