//! The whole stack on practice: certificates, sealed token, tunnel; both kinds of service, and the way between them.

use crate::story::{ECHO, Story, ZONE, apply, done, echo, exposed, nothing_needed, try_apply, until};
use portico_domain::catalogue::App;
use portico_domain::change::{Change, ComponentAct};
use portico_domain::credential::{CredentialKind, Secret};
use portico_domain::exposure::{Backend, Exposure, Reach, Tls};
use portico_domain::flow::Health;
use portico_domain::problem::Code;
use portico_domain::run::{RunState, StepState};
use portico_domain::stack::{Acme, Authority, IngressController, Pin, Stack, StackComponent};
use portico_engine::Engine;
use portico_practice::cloudflare::{CLUSTER_TOKEN, Kind, PORTICO_TOKEN};
use portico_practice::kube::Key;

pub fn stack() -> Stack {
    let acme = Acme { email: "me@example.test".into(), authority: Authority::Staging };
    let components =
        [StackComponent::SealedSecrets, StackComponent::CertManager, StackComponent::Cloudflared];
    Stack {
        components: components.into_iter().map(|component| (component, Pin::default())).collect(),
        acme: Some(acme),
        tunnel: Some("portico-home".into()),
        ..Stack::default()
    }
}

/// A cluster of three with the whole stack.
async fn homelab() -> (Story, Engine) {
    let story = Story::of_pis(3).await;
    let engine = story.built(1, &story.names()).await;
    set_up(&engine).await;
    (story, engine)
}

pub async fn give_cluster_token(engine: &Engine) {
    let token = Secret::new(CLUSTER_TOKEN.to_owned());
    engine.set_token(CredentialKind::ClusterToken, token, true).await.expect("the token is narrow enough");
}

pub async fn set_up(engine: &Engine) {
    give_cluster_token(engine).await;
    done(&apply(engine, Change::SetUpStack { stack: stack() }).await);
}

pub fn public(access: &[&str]) -> Change {
    let access = access.iter().map(|email| (*email).to_owned()).collect();
    exposed(Exposure { access, ..echo(ECHO, Reach::Public) })
}

fn kinds(story: &Story) -> Vec<(Kind, String, bool)> {
    let records = story.practice.cloud.records(ZONE).into_iter().filter(|record| record.name == ECHO);
    records.map(|record| (record.kind, record.content, record.proxied)).collect()
}

/// Waits until nothing is left to do for the change: jobs and endpoints of what has just gone take a moment.
async fn settled(engine: &Engine, change: Change) {
    crate::story::until("nothing is left to do", async || {
        let plan = engine.preview(change.clone()).await.ok()?;
        plan.needed().next().is_none().then_some(())
    })
    .await;
}

/// What a visitor gets at the edge.
pub async fn visit(story: &Story, host: &str) -> (u16, String) {
    let client =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let answer =
        client.get(story.practice.edge()).header("host", host).send().await.expect("the edge answers");
    let location = answer.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default();
    (answer.status().as_u16(), location.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stack_is_installed_once_and_its_token_is_sealed() {
    let (story, engine) = homelab().await;
    nothing_needed(&engine.preview(Change::SetUpStack { stack: stack() }).await.expect("a preview"));
    let sealed =
        story.store().get(&Key::namespaced("sealedsecrets.bitnami.com", "cert-manager", "cloudflare-token"));
    let text = sealed.expect("a sealed secret").to_string();
    assert!(!text.contains(CLUSTER_TOKEN), "{text}");
    for state in engine.components().await.expect("components") {
        // Another controller, and a watcher that nobody asked for.
        let wanted = !matches!(state.component, StackComponent::Traefik | StackComponent::Gatus);
        assert_eq!((state.wanted, state.healthy), (wanted, wanted), "{state:?}");
    }
    let conditions = engine.notices().await.expect("conditions");
    let codes: Vec<Code> = conditions.iter().map(|condition| condition.code).collect();
    assert_eq!(codes, [Code::IngressRetired, Code::KeysNewer]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lan_service_shows_a_certificate_and_a_public_one_comes_through_the_tunnel() {
    let (story, engine) = homelab().await;
    done(&apply(&engine, exposed(echo(ECHO, Reach::Lan))).await);
    assert_eq!(kinds(&story).len(), 2);
    let left: Vec<_> = story
        .practice
        .cloud
        .records(ZONE)
        .into_iter()
        .filter(|record| record.kind == Kind::Txt && record.name.starts_with("_acme"))
        .collect();
    assert!(left.is_empty(), "the challenge's record is gone: {left:?}");

    done(&apply(&engine, public(&[])).await);
    let now = kinds(&story);
    assert!(
        matches!(now.as_slice(), [(Kind::Cname, to, true)] if to.ends_with(".cfargotunnel.com")),
        "{now:?}"
    );
    assert_eq!(visit(&story, ECHO).await.0, 200);
    nothing_needed(&engine.preview(public(&[])).await.expect("a preview"));
    let flow = engine.flow().await.expect("a flow");
    assert_eq!((flow.paths[0].health, flow.paths[0].hops[3].as_str()), (Health::Up, "tunnel"), "{flow:?}");

    done(&apply(&engine, exposed(echo(ECHO, Reach::Lan))).await);
    assert_eq!(kinds(&story).len(), 2);
    let (status, _) = visit(&story, ECHO).await;
    assert_eq!(status, 409, "the edge knows the name no more");
    let flow = engine.flow().await.expect("a flow");
    assert_eq!(flow.paths[0].notes, [], "{flow:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_in_place_before_the_name_is() {
    let (story, engine) = homelab().await;
    done(&apply(&engine, public(&["me@example.test"])).await);
    let (status, location) = visit(&story, ECHO).await;
    assert_eq!(status, 302);
    assert!(location.contains("/cdn-cgi/access/login"), "{location}");
    let protected = story.practice.cloud.access_audit().into_iter().map(|change| change.at).max();
    let named = story
        .practice
        .cloud
        .audit()
        .into_iter()
        .filter(|entry| entry.after.as_ref().is_some_and(|r| r.name == ECHO))
        .map(|entry| entry.at)
        .min();
    assert!(protected <= named, "{protected:?} {named:?}");

    done(&apply(&engine, public(&["you@example.test", "me@example.test"])).await);
    nothing_needed(
        &engine.preview(public(&["me@example.test", "you@example.test"])).await.expect("a preview"),
    );
    done(&apply(&engine, public(&[])).await);
    assert_eq!(visit(&story, ECHO).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn hiding_takes_away_what_was_made_and_nothing_else() {
    let (story, engine) = homelab().await;
    let before = story.practice.cloud.records(ZONE);
    done(&apply(&engine, public(&["me@example.test"])).await);
    let exposure = engine.desired().await.expect("a wish").exposures.remove(0);
    let hide = Change::Hide { exposure, uninstall: false };
    done(&apply(&engine, hide.clone()).await);
    assert_eq!(story.practice.cloud.records(ZONE), before);
    assert!(story.objects("ingresses.networking.k8s.io", Some("apps")).is_empty());
    assert!(story.objects("deployments.apps", Some("apps")).is_empty());
    nothing_needed(&engine.preview(hide).await.expect("a preview"));
    let hosts: Vec<_> =
        story.practice.cloud.tunnel_audit().into_iter().flat_map(|change| change.hostnames).collect();
    assert!(hosts.iter().all(|host| host == ECHO || host.is_empty()), "{hosts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_too_deep_and_an_ingress_without_fixes_are_refused_for_the_internet() {
    let (_story, engine) = homelab().await;
    let deep = exposed(echo("echo.lab.example.test", Reach::Public));
    assert_eq!(try_apply(&engine, deep).await.expect_err("too deep").code, Code::NameTooDeep);
    let exposure = echo(ECHO, Reach::Public);
    let unasked = Change::Expose { exposure, adopt: false, accept_retired: false };
    assert_eq!(
        try_apply(&engine, unasked.clone()).await.expect_err("a yes is needed").code,
        Code::IngressNotAccepted
    );
    done(&apply(&engine, public(&[])).await);
    done(&apply(&engine, unasked).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_hand_is_shown_and_put_right_on_request_only() {
    let (story, engine) = homelab().await;
    let key = Key::namespaced("helmcharts.helm.cattle.io", "kube-system", "cert-manager");
    let mut chart = (*story.store().get(&key).expect("the chart")).clone();
    chart["spec"]["version"] = "v1.20.3".into();
    story.store().put(&key, chart, "kubectl");
    let state = engine
        .components()
        .await
        .expect("components")
        .into_iter()
        .find(|state| state.component == StackComponent::CertManager)
        .expect("cert-manager");
    let problem = state.problem.expect("a problem");
    assert_eq!(problem.code, Code::HandEdited);
    assert!(problem.args["fields"].contains("spec.version: v1.20.3 -> v1.21.1"), "{problem}");
    let again =
        try_apply(&engine, Change::SetUpStack { stack: stack() }).await.expect_err("it is left alone");
    assert_eq!(again.code, Code::HandEdited);
    let repair = Change::Component { component: StackComponent::CertManager, act: ComponentAct::Repair };
    done(&apply(&engine, repair).await);
    nothing_needed(&engine.preview(Change::SetUpStack { stack: stack() }).await.expect("a preview"));
}

#[tokio::test(flavor = "multi_thread")]
async fn components_go_from_the_outside_in_and_not_while_they_are_needed() {
    let (story, engine) = homelab().await;
    done(&apply(&engine, public(&[])).await);
    let remove = |component| Change::Component { component, act: ComponentAct::Remove };
    for (component, user) in [
        (StackComponent::IngressNginx, ECHO),
        (StackComponent::Cloudflared, ECHO),
        (StackComponent::SealedSecrets, "cert-manager"),
    ] {
        let problem = try_apply(&engine, remove(component)).await.expect_err("it is in use");
        assert_eq!((problem.code, problem.args["user"].as_str()), (Code::ComponentInUse, user));
    }
    let exposure = engine.desired().await.expect("a wish").exposures.remove(0);
    done(&apply(&engine, Change::Hide { exposure, uninstall: true }).await);
    for component in [StackComponent::Cloudflared, StackComponent::CertManager, StackComponent::SealedSecrets]
    {
        done(&apply(&engine, remove(component)).await);
        nothing_needed(&engine.preview(remove(component)).await.expect("a preview"));
    }
    assert!(
        story
            .objects("helmcharts.helm.cattle.io", None)
            .iter()
            .all(|chart| chart["metadata"]["name"] == "ingress-nginx")
    );
    assert!(story.practice.cloud.records(ZONE).iter().all(|record| record.name != ECHO));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_follow_the_workers() {
    let (story, engine) = homelab().await;
    done(&apply(&engine, exposed(echo(ECHO, Reach::Lan))).await);
    story.practice.homelab.cut_power("pi-3").expect("pi-3");
    crate::story::until("pi-3 is missed", async || {
        let plan = engine.preview(Change::Reconcile).await.ok()?;
        plan.needed().next().is_some().then_some(())
    })
    .await;
    done(&apply(&engine, Change::Reconcile).await);
    assert_eq!(story.addresses_of(ECHO), ["127.77.0.12"]);
    story.practice.homelab.power_on("pi-3").expect("pi-3");
    crate::story::until("pi-3 is back", async || {
        let run = try_apply(&engine, Change::Reconcile).await.ok()?;
        (story.addresses_of(ECHO).len() == 2 && run.steps.iter().all(|s| s.state != StepState::Failed))
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_proven_by_what_they_can_do() {
    let story = Story::of_pis(1).await;
    let engine = story.engine().await;
    let set = async |kind, token: &str| engine.set_token(kind, Secret::new(token.to_owned()), true).await;
    let wide = set(CredentialKind::ClusterToken, PORTICO_TOKEN).await.expect_err("it can do too much");
    assert_eq!(wide.code, Code::TokenTooWide);
    let narrow =
        set(CredentialKind::ClusterToken, CLUSTER_TOKEN).await.expect("it is what the cluster needs");
    assert!(!narrow.is_wide());
    use portico_practice::cloudflare as tokens;
    for (token, code, permission) in [
        (tokens::READ_ONLY_TOKEN, Code::CloudflareScope, "Zone → DNS → Edit"),
        (tokens::ZONE_READ_TOKEN, Code::CloudflareScope, "Zone → DNS → Edit"),
        (tokens::DNS_ONLY_TOKEN, Code::CloudflareScope, "Zone → Zone → Read"),
        (tokens::DISABLED_TOKEN, Code::CloudflareToken, ""),
        (tokens::EXPIRED_TOKEN, Code::CloudflareToken, ""),
        ("cfut_0000000000000000000000000000000000000000", Code::CloudflareToken, ""),
    ] {
        let problem = set(CredentialKind::CloudflareToken, token).await.expect_err(token);
        let named = problem.args.get("permission").map(String::as_str).unwrap_or_default();
        assert_eq!((problem.code, named), (code, permission), "{token}");
    }
    for token in [PORTICO_TOKEN, tokens::ACCOUNT_TOKEN] {
        let report = set(CredentialKind::CloudflareToken, token).await.expect("it can do all of it");
        assert!(report.capabilities.iter().all(|found| found.granted), "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_saved_and_put_back() {
    let (story, engine) = homelab().await;
    let (file, passphrase) = (story.path("keys.age"), Secret::new("correct horse battery".into()));
    let saved = engine.save_keys(&file, &passphrase).await.expect("a backup");
    assert_eq!(saved.condition(), None);
    let text = std::fs::read(&file).expect("the file");
    assert!(text.starts_with(b"age-encryption.org/v1"));
    let wrong =
        engine.restore_keys(&file, &Secret::new("wrong".into())).await.expect_err("another passphrase");
    assert_eq!(wrong.code, Code::BackupUnreadable);
    assert!(engine.restore_keys(&file, &passphrase).await.expect("nothing to put back").is_empty());
    let name = saved.present[0].clone();
    story.store().remove(&Key::namespaced("secrets", "kube-system", &name));
    assert_eq!(engine.restore_keys(&file, &passphrase).await.expect("put back"), [name]);
}

/// Hosts of both reaches, over one controller and then over the other, and back.
#[tokio::test(flavor = "multi_thread")]
async fn the_other_ingress_controller_takes_over_and_hands_back() {
    let (story, engine) = homelab().await;
    done(&apply(&engine, exposed(echo(ECHO, Reach::Lan))).await);
    let other = Exposure { name: "hello".into(), ..echo("hello.example.test", Reach::Public) };
    done(&apply(&engine, exposed(other)).await);
    // It speaks TLS itself; Traefik answers for it on port 443 alone.
    let argocd = Exposure {
        name: "argocd".into(),
        tls: Tls::Passthrough,
        backend: Backend::App { app: App::Argocd },
        ..echo("argocd.example.test", Reach::Lan)
    };
    done(&apply(&engine, exposed(argocd.clone())).await);
    let to = |to, accept: Option<&str>| Change::MoveIngress { to, accept: accept.map(str::to_owned) };
    let refused =
        try_apply(&engine, to(IngressController::Traefik, None)).await.expect_err("this K3s is too old");
    assert_eq!(refused.code, Code::TraefikNotBundled);

    let tag = "3.6.7";
    done(&apply(&engine, to(IngressController::Traefik, Some(tag))).await);
    assert!(
        story
            .objects("helmcharts.helm.cattle.io", None)
            .iter()
            .all(|chart| chart["metadata"]["name"] != "ingress-nginx")
    );
    // Traefik counts for each service apart, as ingress-nginx does for each name.
    until("requests are counted", async || {
        assert_eq!(visit(&story, "hello.example.test").await.0, 200);
        let flow = engine.flow().await.expect("a flow");
        let hop = flow.hops.iter().find(|hop| hop.id == "service/hello")?.rate?;
        (hop.per_second > 0.0).then_some(())
    })
    .await;
    settled(&engine, to(IngressController::Traefik, Some(tag))).await;
    settled(&engine, exposed(echo(ECHO, Reach::Lan))).await;
    settled(&engine, exposed(argocd)).await;
    assert_eq!(
        engine.notices().await.expect("conditions").iter().filter(|c| c.code == Code::IngressRetired).count(),
        0
    );

    done(&apply(&engine, to(IngressController::Nginx, None)).await);
    assert_eq!(visit(&story, "hello.example.test").await.0, 200);
    settled(&engine, exposed(echo(ECHO, Reach::Lan))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_fails_goes_back_by_itself() {
    let (story, engine) = homelab().await;
    let other = Exposure { name: "hello".into(), ..echo("hello.example.test", Reach::Public) };
    done(&apply(&engine, exposed(other.clone())).await);
    story
        .practice
        .homelab
        .change(|state| state.unpullable.insert("rancher/mirrored-library-traefik:3.7.13".into()));
    let to = Change::MoveIngress { to: IngressController::Traefik, accept: Some("3.6.7".into()) };
    let run = apply(&engine, to).await;
    assert_eq!(run.state, RunState::Failed, "{run:?}");
    let back = crate::story::until("the way back begins", async || engine.undoing(&run.id)).await;
    done(&crate::story::ended(&engine, &back).await);
    assert_eq!(visit(&story, "hello.example.test").await.0, 200);
    let charts = story.objects("helmcharts.helm.cattle.io", None);
    assert!(charts.iter().any(|chart| chart["metadata"]["name"] == "ingress-nginx"), "{charts:?}");
    settled(&engine, Change::MoveIngress { to: IngressController::Nginx, accept: None }).await;
    settled(&engine, exposed(other)).await;
}
