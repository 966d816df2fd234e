//! Batches: everything or nothing, in the fixed order.

use crate::Api;
use portico_practice::cloudflare::Action;
use reqwest::Method;
use serde_json::{Value, json};

fn a(name: &str, content: &str) -> Value {
    json!({"type": "A", "name": name, "content": content})
}

#[tokio::test]
async fn the_four_kinds_run_in_the_fixed_order() {
    let api = Api::start().await;
    let gone = Api::made(api.create(a("app", "192.0.2.1")).await);
    let patched = Api::made(api.create(a("p", "192.0.2.1")).await);
    let put = Api::made(api.create(a("u", "192.0.2.1")).await);
    let before = api.cloud.audit().len();
    let mut replacement = a("u", "192.0.2.3");
    replacement["id"] = json!(put);
    // Posts come first in the body and last in effect: the CNAME needs the A record gone.
    let body = json!({
        "posts": [{"type": "CNAME", "name": "app", "content": "t.cfargotunnel.com", "proxied": true}],
        "puts": [replacement],
        "patches": [{"id": patched, "content": "192.0.2.2"}],
        "deletes": [{"id": gone}],
    });
    let result = api.dns(Method::POST, "/batch", Some(body)).await.result();
    assert_eq!(result["deletes"][0]["content"], json!("192.0.2.1"), "full records, not just ids");
    assert_eq!(result["patches"][0]["content"], json!("192.0.2.2"));
    assert_eq!(result["puts"][0]["content"], json!("192.0.2.3"));
    assert_eq!(result["posts"][0]["type"], json!("CNAME"));
    let actions: Vec<Action> = api.cloud.audit()[before..].iter().map(|entry| entry.action).collect();
    assert_eq!(actions, [Action::Delete, Action::Edit, Action::Replace, Action::Create]);
}

#[tokio::test]
async fn one_refusal_undoes_the_whole_batch() {
    let api = Api::start().await;
    let id = Api::made(api.create(a("app", "192.0.2.1")).await);
    let (records, audit) = (api.cloud.records("example.test"), api.cloud.audit());
    for (body, expected, pointer) in [
        (
            json!({"deletes": [{"id": id}], "posts": [a("x", "192.0.2.9"), a("x", "192.0.2.9")]}),
            (400, 81058),
            "/posts/1",
        ),
        (
            json!({"patches": [{"id": id, "content": "192.0.2.7"}, {"id": "0".repeat(32)}]}),
            (404, 81044),
            "/patches/1",
        ),
        (json!({"deletes": [{"id": id}, {"id": id}]}), (404, 81044), "/deletes/1"),
        (json!({"posts": [a("ok", "192.0.2.1"), a("a..b", "192.0.2.1")]}), (400, 9000), "/posts/1"),
        (json!({"puts": [{"type": "A", "name": "app", "content": "192.0.2.5"}]}), (404, 81044), "/puts/0"),
    ] {
        let reply = api.dns(Method::POST, "/batch", Some(body)).await;
        assert_eq!(reply.refusal(), expected, "{pointer}");
        assert_eq!(reply.body["errors"][0]["source"]["pointer"], json!(pointer));
        assert_eq!(api.cloud.records("example.test"), records, "{pointer}: nothing was done");
        assert_eq!(api.cloud.audit(), audit, "{pointer}: nothing was noted");
    }
}

#[tokio::test]
async fn a_batch_has_at_most_two_hundred_operations() {
    let api = Api::start().await;
    let posts: Vec<Value> = (0..201).map(|number| a(&format!("h{number}"), "192.0.2.1")).collect();
    assert_eq!(api.dns(Method::POST, "/batch", Some(json!({"posts": posts}))).await.status, 400);
    let fits = json!({"posts": posts[..192]});
    assert_eq!(api.dns(Method::POST, "/batch", Some(fits)).await.status, 200);
    assert_eq!(api.cloud.records("example.test").len(), 200);
}

#[tokio::test]
async fn an_empty_batch_does_nothing() {
    let api = Api::start().await;
    let result = api.dns(Method::POST, "/batch", Some(json!({}))).await.result();
    assert_eq!(result, json!({"deletes": [], "patches": [], "puts": [], "posts": []}));
    assert_eq!(api.cloud.audit(), []);
}
