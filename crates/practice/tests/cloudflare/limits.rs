//! The quota of a free zone, and the rate limit over the time of a held clock.

use crate::Api;
use portico_practice::cloudflare::{PORTICO_TOKEN, READ_ONLY_TOKEN};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_free_zone_holds_two_hundred_records() {
    let api = Api::start().await;
    let posts: Vec<Value> = (0..192)
        .map(|number| json!({"type": "A", "name": format!("h{number}"), "content": "192.0.2.1"}))
        .collect();
    api.dns(Method::POST, "/batch", Some(json!({"posts": posts}))).await.result();
    let more = || json!({"type": "A", "name": "one-more", "content": "192.0.2.1"});
    let full = api.create(more()).await;
    assert_eq!((full.refusal(), full.message()), ((400, 81045), "The record quota has been exceeded."));
    let some = api.cloud.records("example.test").pop().expect("records").id;
    let swap = json!({"deletes": [{"id": some}], "posts": [more()]});
    assert_eq!(api.dns(Method::POST, "/batch", Some(swap)).await.status, 200, "a swap fits");
}

#[tokio::test]
async fn the_1201st_call_blocks_the_token_for_five_minutes() {
    let api = Api::start().await;
    let verify = "/user/tokens/verify";
    for call in 1..=1_200 {
        let reply = api.get_as(READ_ONLY_TOKEN, verify).await;
        assert_eq!(reply.status, 200, "call {call}");
        assert_eq!(reply.headers["ratelimit"], "\"default\";r=1199;t=1", "it does not count down");
        assert_eq!(reply.headers["ratelimit-policy"], "\"default\";q=1200;w=300");
        if call == 600 {
            api.clock.advance(100_000);
        }
    }
    let over = api.get_as(READ_ONLY_TOKEN, verify).await;
    assert_eq!(over.refusal().0, 429);
    assert_eq!(over.headers["retry-after"], "300");
    assert_eq!(over.headers["ratelimit"], "\"default\";r=1199;t=1");
    api.clock.advance(299_500);
    let still = api.get_as(READ_ONLY_TOKEN, verify).await;
    assert_eq!((still.status, &still.headers["retry-after"]), (429, &"1".parse().expect("a header")));
    assert_eq!(api.get_as(PORTICO_TOKEN, verify).await.status, 200, "each token has its own count");
    api.clock.advance(500);
    assert_eq!(api.get_as(READ_ONLY_TOKEN, verify).await.status, 200);
}
