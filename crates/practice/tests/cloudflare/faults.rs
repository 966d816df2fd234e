//! Faults on the wire: what the client sees, and whether the write took effect.

use crate::Api;
use portico_practice::cloudflare::PORTICO_TOKEN;
use portico_practice::fault::{Fault, Rule, Service};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const POST: &str = "POST /client/v4/zones/*/dns_records";

/// Posts a record through the fault; what came back, and whether the record is there.
async fn post_through(fault: Fault, patience: Duration) -> (Option<crate::Reply>, bool) {
    let api = Api::start_unpooled().await;
    let zone = api.zone("example.test").await;
    api.faults.add(Rule::next(Service::Cloudflare, fault).on(POST));
    let authorization = format!("Bearer {PORTICO_TOKEN}");
    let path = format!("/zones/{zone}/dns_records");
    let body = json!({"type": "A", "name": "app", "content": "192.0.2.1"}).to_string();
    let call = api.try_call(Method::POST, &path, Some(&authorization), Some(body));
    let reply = tokio::time::timeout(patience, call).await.ok().and_then(Result::ok);
    let written = api.cloud.records("example.test").iter().any(|record| record.name == "app.example.test");
    (reply, written)
}

#[tokio::test]
async fn each_fault_looks_and_acts_as_it_says() {
    let long = Duration::from_secs(20);
    let (reply, written) = post_through(Fault::DropBefore, long).await;
    assert!(reply.is_none() && !written, "dropped before");
    let (reply, written) = post_through(Fault::DropAfter, long).await;
    assert!(reply.is_none() && written, "dropped after");
    let (reply, written) = post_through(Fault::Torn, long).await;
    assert!(reply.is_none() && written, "torn");
    let error = Fault::Error { status: 502, body: json!({"success": false}).to_string() };
    let (reply, written) = post_through(error, long).await;
    let reply = reply.expect("an answer");
    assert_eq!((reply.status, reply.body, written), (502, json!({"success": false}), false));
    let (reply, written) = post_through(Fault::HtmlError { status: 500 }, long).await;
    let reply = reply.expect("an answer");
    assert_eq!((reply.status, written), (500, false));
    assert!(matches!(reply.body, Value::String(html) if html.starts_with("<!DOCTYPE html>")));
    let (reply, written) = post_through(Fault::RateLimit { retry_after: 7 }, long).await;
    let reply = reply.expect("an answer");
    assert_eq!((reply.refusal(), written), ((429, 971), false));
    assert_eq!(reply.headers["retry-after"], "7");
}

#[tokio::test]
async fn a_client_that_gives_up_finds_the_work_done_or_not() {
    let short = Duration::from_millis(300);
    let (reply, written) = post_through(Fault::Slow { ms: 60_000 }, short).await;
    assert!(reply.is_none() && !written, "slow");
    let (reply, written) = post_through(Fault::SlowAfter { ms: 60_000 }, short).await;
    assert!(reply.is_none() && written, "slow after");
    let (reply, written) = post_through(Fault::Slow { ms: 1 }, Duration::from_secs(20)).await;
    assert!(reply.is_some_and(|reply| reply.status == 200) && written, "slow and patient");
}

#[tokio::test]
async fn a_fault_strikes_once_and_calls_are_counted() {
    let api = Api::start().await;
    api.faults
        .add(Rule::next(Service::Cloudflare, Fault::HtmlError { status: 500 }).on("GET */zones*").nth(2));
    let statuses =
        [api.get("/zones").await.status, api.get("/zones").await.status, api.get("/zones").await.status];
    assert_eq!(statuses, [200, 500, 200]);
    let calls = api.faults.calls();
    assert_eq!(calls.len(), 3);
    assert_eq!(calls[1].call, "GET /client/v4/zones");
    assert!(calls[1].fault.is_some() && calls[2].fault.is_none());
}

#[tokio::test]
async fn a_list_can_miss_entries_that_it_counts() {
    let api = Api::start().await;
    api.faults.add(Rule::next(Service::Cloudflare, Fault::Partial).on("GET *dns_records*"));
    let partial = api.dns(Method::GET, "?per_page=5000", None).await;
    assert_eq!(partial.body["result_info"]["count"], json!(8));
    assert_eq!(partial.result().as_array().map(Vec::len), Some(4));
    assert_eq!(api.dns(Method::GET, "", None).await.result().as_array().map(Vec::len), Some(8));
}

#[tokio::test]
async fn lists_can_lag_behind_by_the_clock() {
    let api = Api::start().await;
    api.cloud.lag_lists(std::time::Duration::from_secs(60));
    let count = async || api.dns(Method::GET, "", None).await.result().as_array().map(Vec::len);
    let make = async |name: &str| {
        Api::made(api.create(json!({"type": "A", "name": name, "content": "192.0.2.1"})).await)
    };
    let first = make("one").await;
    api.clock.advance(30_000);
    make("two").await;
    assert_eq!(count().await, Some(8), "neither is seen");
    assert_eq!(api.dns(Method::GET, &format!("/{first}"), None).await.status, 200, "but each can be read");
    api.clock.advance(30_000);
    assert_eq!(count().await, Some(9), "a minute after the first");
    api.clock.advance(30_000);
    assert_eq!(count().await, Some(10));
    make("three").await;
    api.cloud.lag_lists(std::time::Duration::ZERO);
    assert_eq!(count().await, Some(11));
}
