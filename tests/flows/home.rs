//! A homelab without Cloudflare: names that the router knows, and an authority that signs for them alone.

use crate::portico::portico;
use crate::story::{Story, apply, done, echo, exposed, nothing_needed, try_apply, until};
use portico_domain::change::{Change, ComponentAct};
use portico_domain::dns::Hostname;
use portico_domain::exposure::Reach;
use portico_domain::flow::{Health, Hop};
use portico_domain::problem::{Code, Problem};
use portico_domain::situation::{Situation, SituationKind};
use portico_domain::stack::{HOME_AUTHORITY, Names, Pin, Stack, StackComponent};
use portico_engine::Engine;
use portico_practice::cloudflare::{Action, Thing};
use portico_practice::kube::Key;
use std::net::SocketAddr;

const NAME: &str = "echo.home.arpa";

fn set_up(domain: &str) -> Change {
    let domain = Hostname::parse(domain).expect("a domain");
    let components = [(StackComponent::CertManager, Pin::default())].into();
    Change::SetUpStack { stack: Stack { names: Names::Home { domain }, components, ..Stack::default() } }
}

fn named(name: &str, reach: Reach) -> Change {
    exposed(echo(name, reach))
}

async fn refused(engine: &Engine, change: Change) -> Problem {
    try_apply(engine, change).await.expect_err("it is refused")
}

async fn name_hop(engine: &Engine) -> Hop {
    let flow = engine.flow().await.expect("a picture");
    flow.hops.into_iter().find(|hop| hop.id == format!("name/{NAME}")).expect("the name's hop")
}

/// What a visitor gets who trusts the authority and nobody else.
async fn visit(story: &Story, authority: &str, worker: &str) -> Result<u16, String> {
    let authority = reqwest::Certificate::from_pem(authority.as_bytes()).expect("a certificate");
    let port = story.practice.homelab.ports.https;
    let at = SocketAddr::new(story.address(worker).parse().expect("an address"), port);
    let client = reqwest::Client::builder().tls_certs_only([authority]).resolve(NAME, at).no_proxy().build();
    let answer = client.expect("a client").get(format!("https://{NAME}:{port}/")).send().await;
    answer.map(|answer| answer.status().as_u16()).map_err(|error| format!("{error:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn names_at_home_lead_to_the_workers_once_the_router_knows_them() {
    let story = Story::of_pis(3).await;
    let engine = story.built(1, &story.names()).await;
    let (records, calls) = (story.practice.cloud.records("example.test"), story.practice.cloud.audit().len());
    let problem = refused(&engine, set_up("lab.local")).await;
    assert_eq!((Code::FieldInvalid, "domain"), (problem.code, problem.args["field"].as_str()));
    done(&apply(&engine, set_up("home.arpa")).await);
    nothing_needed(&engine.preview(set_up("home.arpa")).await.expect("a preview"));

    let outside = refused(&engine, named("echo.example.test", Reach::Lan)).await;
    assert_eq!(Code::HostnameOutside, outside.code);
    assert_eq!(Code::CloudflareNotUsed, refused(&engine, named(NAME, Reach::Public)).await.code);

    let zones: Vec<String> = engine.zones().await.expect("zones").into_iter().map(|zone| zone.name).collect();
    assert_eq!(["home.arpa"], zones.as_slice(), "where a name can be");
    done(&apply(&engine, named(NAME, Reach::Lan)).await);
    nothing_needed(&engine.preview(named(NAME, Reach::Lan)).await.expect("a preview"));
    let home = engine.at_home().await.expect("an answer").expect("names at home");
    let workers: Vec<String> = home.addresses.iter().map(ToString::to_string).collect();
    assert_eq!((workers, home.hostnames.len()), (vec![story.address("pi-2"), story.address("pi-3")], 1));
    let authority = home.authority.expect("an authority");
    for worker in ["pi-2", "pi-3"] {
        assert_eq!(Ok(200), visit(&story, &authority.certificate_pem, worker).await);
    }

    // The name's hop says what the router lacks, and so does the diagnosis; both are over once it was told.
    let hop = name_hop(&engine).await;
    assert_eq!((Health::Down, Some(Code::NameNotAtHome)), (hop.health, hop.reason.map(|reason| reason.code)));
    let found = engine.diagnose(NAME).await.expect("a diagnosis");
    assert_eq!(Some(Code::NameNotAtHome), found.cause.map(|cause| cause.code));
    let told = Situation { kind: SituationKind::RouterTold, subject: Some("home.arpa".into()), on: true };
    engine.bring_about(&told).await.expect("the router is told");
    until("the name leads to the workers", async || {
        (name_hop(&engine).await.health == Health::Up).then_some(())
    })
    .await;
    let found = engine.diagnose(NAME).await.expect("a diagnosis");
    assert_eq!((Health::Up, None), (found.health, found.cause), "{:#?}", found.tests);

    let saved = story.path("authority.crt");
    let said = portico(&story, &["home", "--save", saved.to_str().expect("a path")], "").await;
    assert_eq!(0, said.status, "{}", said.stderr);
    assert!(said.stdout.contains(&authority.fingerprint), "{}", said.stdout);
    assert!(
        said.stdout.contains(&format!("address=/home.arpa/{}", story.address("pi-2"))),
        "{}",
        said.stdout
    );
    assert_eq!(authority.certificate_pem, std::fs::read_to_string(saved).expect("it is written"));

    // Nobody at Cloudflare heard of any of it.
    assert_eq!(
        (records, calls),
        (story.practice.cloud.records("example.test"), story.practice.cloud.audit().len())
    );

    let in_use = refused(&engine, Change::SetUpStack { stack: Stack::default() }).await;
    assert_eq!(Code::NamesInUse, in_use.code);
    let remove = Change::Component { component: StackComponent::CertManager, act: ComponentAct::Remove };
    assert_eq!(Code::ComponentInUse, refused(&engine, remove.clone()).await.code);
    let Change::Expose { exposure, .. } = named(NAME, Reach::Lan) else { unreachable!("it is one") };
    done(&apply(&engine, Change::Hide { exposure, uninstall: false }).await);
    done(&apply(&engine, remove).await);
    assert!(story.objects("certificates.cert-manager.io", None).is_empty());
    // Devices trust it: the next cert-manager goes on with the same one.
    let secret = Key::namespaced("secrets", "cert-manager", HOME_AUTHORITY);
    assert!(story.store().get(&secret).is_some(), "the authority's key is kept");
    done(&apply(&engine, set_up("home.arpa")).await);
    let again = engine.at_home().await.expect("an answer").expect("names at home");
    assert_eq!(Some(authority), again.authority);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_authority_signs_beyond_its_domain_convinces_nobody() {
    let story = Story::of_pis(1).await;
    let engine = story.built(1, &["pi-1"]).await;
    done(&apply(&engine, set_up("lan.home.arpa")).await);
    let authority = engine.at_home().await.expect("an answer").expect("names at home").authority;
    let authority = authority.expect("an authority").certificate_pem;
    // The cluster signs what it is told to; whoever checks the signature sees how far the authority reaches.
    let outside = serde_json::json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "stray", "namespace": "default", "annotations": {"cert-manager.io/cluster-issuer": HOME_AUTHORITY}},
        "spec": {"ingressClassName": "nginx", "tls": [{"hosts": [NAME], "secretName": "stray-tls"}], "rules": [{"host": NAME}]},
    });
    let key = Key::namespaced("ingresses.networking.k8s.io", "default", "stray");
    story.store().put(&key, outside, "kubectl");
    let shown = until("the stray name has a certificate", async || {
        story.store().get(&Key::namespaced("secrets", "default", "stray-tls"))?;
        let why = visit(&story, &authority, "pi-1").await.expect_err("nobody is convinced");
        why.contains("NameConstraint").then_some(why)
    });
    shown.await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_homelab_that_leaves_cloudflare_leaves_nothing_there() {
    let story = Story::of_pis(2).await;
    let engine = story.built(1, &story.names()).await;
    crate::stack::set_up(&engine).await;
    let ends = || {
        let changes = story.practice.cloud.tunnel_audit().into_iter();
        changes.filter(|change| change.thing == Thing::Tunnel).map(|change| change.action).collect::<Vec<_>>()
    };
    assert_eq!(vec![Action::Create], ends());
    done(&apply(&engine, set_up("home.arpa")).await);
    assert_eq!(vec![Action::Create, Action::Delete], ends());
    let left = |resource: &str| story.objects(resource, None);
    let names: Vec<String> = left("clusterissuers.cert-manager.io")
        .iter()
        .map(|issuer| issuer["metadata"]["name"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(["home-authority", "portico-self-signed"], names.as_slice());
    assert!(left("sealedsecrets.bitnami.com").is_empty(), "the cluster's token is of no use any more");
    assert!(!left("deployments.apps").iter().any(|found| found["metadata"]["name"] == "cloudflared"));
    nothing_needed(&engine.preview(set_up("home.arpa")).await.expect("a preview"));
    // And back.
    done(&apply(&engine, Change::SetUpStack { stack: crate::stack::stack() }).await);
    assert_eq!(3, ends().len());
}
