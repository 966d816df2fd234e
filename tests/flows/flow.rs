//! The picture's hops: what goes through them is counted, and the one that is why turns red while what hangs on it is quiet.

use crate::portico::portico;
use crate::stack::{public, set_up, visit};
use crate::story::{ECHO, Story, apply, done, echo, exposed, until};
use portico_domain::exposure::{Exposure, Reach};
use portico_domain::flow::{FlowGraph, Health, Hop, HopKind};
use portico_domain::problem::Code;
use portico_domain::situation::{Situation, SituationKind};
use portico_engine::Engine;
use portico_practice::cloudflare::PORTICO_TOKEN;
use portico_practice::kube::Key;
use serde_json::json;
use std::time::{Duration, Instant};

async fn homelab() -> (Story, Engine) {
    let story = Story::of_pis(3).await;
    let engine = story.built(1, &story.names()).await;
    set_up(&engine).await;
    (story, engine)
}

fn hop<'a>(flow: &'a FlowGraph, id: &str) -> &'a Hop {
    flow.hops.iter().find(|hop| hop.id == id).unwrap_or_else(|| panic!("no {id}: {flow:#?}"))
}

async fn look(engine: &Engine) -> FlowGraph {
    engine.flow().await.expect("a flow")
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_counted_where_they_pass_and_portico_does_not_count_itself() {
    let (story, engine) = homelab().await;
    done(&apply(&engine, public(&[])).await);
    let quiet = Exposure { name: "quiet".into(), ..echo("quiet.example.test", Reach::Lan) };
    done(&apply(&engine, exposed(quiet)).await);
    let before = Instant::now();
    let first = look(&engine).await;
    let counted = Instant::now();
    assert!(first.hops.iter().all(|hop| hop.rate.is_none()), "counted once is no rate: {first:#?}");
    for _ in 0..200 {
        assert_eq!(200, visit(&story, ECHO).await.0);
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    // The counters were read at some moment of each look.
    let shortest = counted.elapsed();
    let flow = look(&engine).await;
    let (most, least) = (200.0 / shortest.as_secs_f64(), 200.0 / before.elapsed().as_secs_f64());
    let rate = |id: &str| hop(&flow, id).rate.unwrap_or_else(|| panic!("{id}: {flow:#?}")).per_second;
    for id in ["tunnel", "cloudflared", "ingress", "service/echo"] {
        assert!((least..=most).contains(&rate(id)), "{id}: {} of {least} to {most}", rate(id));
    }
    assert!(rate("service/quiet") < 0.5, "{}", rate("service/quiet"));
    let edge = flow.edges.iter().find(|edge| edge.from == "cloudflared").expect("the way to the controller");
    assert_eq!(("ingress", hop(&flow, "tunnel").rate), (edge.to.as_str(), edge.rate));

    // Counters that are off are no trouble, and nothing is told of them.
    let controller = Key::namespaced("deployments.apps", "ingress-nginx", "ingress-nginx-controller");
    story.store().edit(&controller, "kubectl", None, |object| {
        let args = &mut object["spec"]["template"]["spec"]["containers"][0]["args"];
        args.as_array_mut().expect("flags").retain(|flag| flag != "--enable-metrics=true");
    });
    tokio::time::sleep(Duration::from_secs(11)).await;
    let flow = until("the controller is back", async || {
        let flow = look(&engine).await;
        (hop(&flow, "ingress").health == Health::Up && hop(&flow, "ingress").rate.is_none()).then_some(flow)
    })
    .await;
    assert_eq!(None, hop(&flow, "service/echo").rate, "absent, not nothing");

    let said = portico(&story, &["flow", "--rates", "--ask-token"], &format!("{PORTICO_TOKEN}\n")).await;
    let has = |line: &str| {
        said.stdout.lines().any(|one| one.split_whitespace().collect::<Vec<_>>().join(" ").starts_with(line))
    };
    assert!(
        has("up pods echo 1/1") && has("up edge Cloudflare") && has("up certificate quiet-tls"),
        "{said:?}"
    );
    assert!(has("up tunnel portico-home 2 × cloudflared 0.00/s"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pods_that_are_gone_are_why_and_their_service_is_quiet() {
    let (story, engine) = homelab().await;
    done(&apply(&engine, exposed(echo(ECHO, Reach::Lan))).await);
    let well = look(&engine).await;
    let pods = hop(&well, "pods/apps/echo");
    assert_eq!(
        (Health::Up, "1/1", HopKind::Pods, 1),
        (pods.health, pods.detail.as_str(), pods.kind, pods.members.len())
    );
    assert_eq!(Health::Up, hop(&well, "certificate/apps/echo-tls").health, "{well:#?}");

    let deployment = Key::namespaced("deployments.apps", "apps", "echo");
    story.store().edit(&deployment, "kubectl", None, |object| object["spec"]["replicas"] = json!(0));
    let flow = until("the pods are gone", async || {
        let flow = look(&engine).await;
        (hop(&flow, "pods/apps/echo").health == Health::Down).then_some(flow)
    })
    .await;
    assert_eq!(Some("pods/apps/echo"), hop(&flow, "service/echo").because.as_deref());
    assert_eq!(Some("pods/apps/echo"), flow.cause(&flow.paths[0]).map(|hop| hop.id.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_refused_is_why() {
    let (_story, engine) = homelab().await;
    let refused = Situation { kind: SituationKind::CertificateRefused, subject: None, on: true };
    engine.bring_about(&refused).await.expect("the authority refuses");
    // The run waits for the certificate; how long is not this story's.
    let plan = engine.preview(exposed(echo(ECHO, Reach::Lan))).await.expect("a preview");
    engine.apply(plan).await.expect("a run");
    let flow = until("the refusal is seen", async || {
        let flow = look(&engine).await;
        let found = flow.hops.iter().find(|hop| hop.id == "certificate/apps/echo-tls")?;
        (found.reason.as_ref()?.code == Code::CertificateFailed).then_some(flow)
    })
    .await;
    let certificate = hop(&flow, "certificate/apps/echo-tls");
    assert_eq!((Health::Down, None), (certificate.health, certificate.because.as_ref()));
    // The name comes last, so nobody is led to a service without its certificate.
    until("the certificate is why there is no name yet", async || {
        let flow = look(&engine).await;
        let path = flow.paths.first()?;
        let cause = flow.cause(path).map(|hop| hop.id.as_str());
        let seen = (path.health, cause, hop(&flow, "service/echo").health);
        (seen == (Health::Down, Some("certificate/apps/echo-tls"), Health::Up)).then_some(())
    })
    .await;
}
