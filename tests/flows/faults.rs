//! Every call to Cloudflare and to the Kubernetes API broken in turn, then continued: the wanted state
//! stands, and no record is doubled or lost.
//!
//! One cluster serves all the cases of a story: each case has a name of its own and the data as they were
//! before the exposure, and the objects of the case before it are taken away.

use crate::story::{Story, apply, done, ended, expose, nothing_needed, resume};
use portico_domain::problem::Code;
use portico_domain::run::RunState;
use portico_practice::cloudflare::Action;
use portico_practice::fault::{Fault, Rule, Service};
use portico_practice::kube::Key;
use std::collections::BTreeSet;

/// Homelabs at once, each with its share of the cases.
const SHARES: usize = 2;

/// A write can be lost, doubled or half believed; a read is only ever missing.
fn ways(call: &str) -> Vec<Fault> {
    let mut ways = vec![Fault::Error { status: 500, body: r#"{"message":"no"}"#.into() }, Fault::DropBefore];
    if !call.starts_with("GET ") {
        ways.push(Fault::DropAfter);
        ways.push(Fault::RateLimit { retry_after: 1 });
        ways.push(Fault::HtmlError { status: 500 });
    }
    ways
}

/// What a person may be told while a call is broken: that the other side is at fault, never something else.
fn blames(service: Service, code: Code) -> bool {
    match service {
        Service::Cloudflare => {
            matches!(code, Code::CloudflareUnreachable | Code::CloudflareRateLimit | Code::CloudflareRefused)
        }
        _ => matches!(code, Code::KubeUnreachable | Code::KubeRefused),
    }
}

fn forget_objects(story: &Story) {
    for resource in ["ingresses.networking.k8s.io", "services", "deployments.apps"] {
        story.store().remove(&Key::namespaced(resource, "apps", "echo"));
    }
    story.store().remove(&Key::cluster("namespaces", "apps"));
}

/// The calls that an unbroken exposure makes, its name replaced by a star.
async fn calls(story: &Story, service: Service) -> BTreeSet<String> {
    let name = "whole.example.test";
    story.practice.faults.forget_calls();
    done(&apply(&story.engine_on("whole").await, expose(name)).await);
    let calls = story.practice.faults.calls();
    calls
        .into_iter()
        .filter(|call| call.service == service)
        .map(|call| call.call.replace(name, "*"))
        .collect()
}

async fn broken(story: &Story, case: &str, rule: Rule) {
    let (service, faults) = (rule.service, &story.practice.faults);
    let name = format!("{case}.example.test");
    forget_objects(story);
    let engine = story.engine_on(case).await;
    faults.forget_calls();
    faults.add(rule.clone());
    let told = match engine.preview(expose(&name)).await {
        Err(problem) => Some(problem),
        Ok(plan) => match engine.apply(plan).await {
            Err(problem) => Some(problem),
            Ok(run) => {
                let run = ended(&engine, &run.id).await;
                faults.clear();
                if run.state != RunState::Done {
                    done(&resume(&engine, &run.id).await);
                }
                run.steps.into_iter().find_map(|step| step.problem)
            }
        },
    };
    assert!(faults.calls().iter().any(|call| call.fault.is_some()), "{rule:?} struck nothing");
    faults.clear();
    if let Some(problem) = told {
        assert!(blames(service, problem.code), "{rule:?}: {problem}");
    }
    // Where nothing was started, asking once more is what continues.
    let plan = engine.preview(expose(&name)).await.unwrap_or_else(|problem| panic!("{rule:?}: {problem}"));
    if plan.needed().next().is_some() {
        done(&apply(&engine, expose(&name)).await);
    }
    nothing_needed(&engine.preview(expose(&name)).await.expect("a preview"));
    assert_eq!(story.addresses_of(&name), ["127.77.0.12", "127.77.0.13"], "{rule:?}");
    let audit = story.practice.cloud.audit();
    let wrote = audit.iter().filter(|entry| entry.after.as_ref().is_some_and(|after| after.name == name));
    assert_eq!(wrote.map(|entry| entry.action).collect::<Vec<_>>(), [Action::Create; 2], "{rule:?}");
    assert!(audit.iter().all(|entry| entry.action == Action::Create), "{rule:?}");
}

async fn every_call(service: Service) {
    futures::future::join_all((0..SHARES).map(|share| share_of_calls(service, share))).await;
}

async fn share_of_calls(service: Service, share: usize) {
    let story = Story::of_pis(3).await;
    drop(story.built(1, &story.names()).await);
    let calls = calls(&story, service).await;
    assert!(calls.len() >= 3 && calls.iter().any(|call| !call.starts_with("GET ")), "{calls:?}");
    let cases = calls.iter().flat_map(|call| ways(call).into_iter().map(move |fault| (call, fault)));
    for (number, (call, fault)) in cases.enumerate().filter(|(number, _)| number % SHARES == share) {
        broken(&story, &format!("case-{number}"), Rule::next(service, fault).on(call)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_to_cloudflare_may_break() {
    every_call(Service::Cloudflare).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_to_the_cluster_may_break() {
    every_call(Service::Kube).await;
}
