//! Tokens: what is said without one, with a wrong one, and with one that may not.

use crate::Api;
use portico_practice::cloudflare::*;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn credentials_that_cannot_be_read_are_told_apart() {
    let api = Api::start().await;
    let missing = api.try_call(Method::GET, "/zones", None, None).await.expect("an answer");
    assert_eq!(missing.refusal(), (400, 9106));
    assert_eq!(missing.message(), "Missing X-Auth-Key, X-Auth-Email or Authorization headers");
    for header in
        ["Bearer", "Bearer short", "Basic dXNlcjpwYXNz", "Bearer has a space in its forty or more characters"]
    {
        let malformed = api.try_call(Method::GET, "/zones", Some(header), None).await.expect("an answer");
        assert_eq!(malformed.refusal(), (400, 6003), "{header}");
        assert_eq!(malformed.body["errors"][0]["error_chain"][0]["code"], json!(6111));
    }
}

#[tokio::test]
async fn a_user_token_and_an_account_token_are_verified_at_different_places() {
    let api = Api::start().await;
    let account = format!("/accounts/{ACCOUNT_ID}/tokens/verify");
    let verified = api.get("/user/tokens/verify").await;
    assert_eq!(verified.body["messages"][0]["message"], json!("This API Token is valid and active"));
    assert_eq!(verified.result()["status"], json!("active"));
    assert_eq!(api.get_as(ACCOUNT_TOKEN, "/user/tokens/verify").await.refusal(), (401, 1000));
    assert_eq!(api.get_as(ACCOUNT_TOKEN, &account).await.result()["status"], json!("active"));
    assert_eq!(api.get_as(PORTICO_TOKEN, &account).await.refusal(), (401, 1000));
    let elsewhere = format!("/accounts/{}/tokens/verify", "b".repeat(32));
    assert_eq!(api.get_as(ACCOUNT_TOKEN, &elsewhere).await.refusal(), (401, 10000));
}

#[tokio::test]
async fn a_dead_token_can_be_asked_about_and_nothing_else() {
    let api = Api::start().await;
    let zone = api.zone("example.test").await;
    for (token, status) in [(DISABLED_TOKEN, "disabled"), (EXPIRED_TOKEN, "expired")] {
        assert_eq!(api.get_as(token, "/user/tokens/verify").await.result()["status"], json!(status));
        assert_eq!(api.get_as(token, "/zones").await.refusal(), (403, 9109));
        assert_eq!(api.get_as(token, &format!("/zones/{zone}/dns_records")).await.refusal(), (403, 9109));
    }
}

#[tokio::test]
async fn an_unknown_token_is_refused_in_three_ways() {
    let api = Api::start().await;
    let unknown = "0123456789abcdef0123456789abcdef01234567";
    assert_eq!(api.get_as(unknown, "/user/tokens/verify").await.refusal(), (401, 1000));
    assert_eq!(api.get_as(unknown, "/zones").await.refusal(), (403, 9109));
    assert_eq!(api.get_as(unknown, "/accounts").await.refusal(), (401, 10000));
}

#[tokio::test]
async fn each_call_needs_its_permission() {
    let api = Api::start().await;
    let zone = api.zone("example.test").await;
    let (one, dns) = (format!("/zones/{zone}"), format!("/zones/{zone}/dns_records"));
    let draft = || Some(json!({"type": "A", "name": "x", "content": "192.0.2.1"}));
    // token, list zones, read one, list records, create a record
    for (token, expected) in [
        (PORTICO_TOKEN, [200, 200, 200, 200]),
        (READ_ONLY_TOKEN, [200, 200, 200, 403]),
        (ZONE_READ_TOKEN, [200, 200, 403, 403]),
        (CLUSTER_TOKEN, [200, 200, 200, 400]),
        (DNS_ONLY_TOKEN, [403, 200, 200, 400]),
        (ONE_ZONE_TOKEN, [200, 403, 403, 403]),
    ] {
        let seen = [
            api.get_as(token, "/zones").await.status,
            api.get_as(token, &one).await.status,
            api.get_as(token, &dns).await.status,
            api.call(Method::POST, &dns, token, draft()).await.status,
        ];
        // The second one to create it may, and finds that it is there.
        assert_eq!(seen, expected, "{token}");
    }
    let refused = api.call(Method::POST, &dns, READ_ONLY_TOKEN, draft()).await;
    assert_eq!((refused.refusal(), refused.message()), ((403, 10000), "Forbidden"));
    assert!(refused.body["errors"][0]["documentation_url"].is_string());
    assert_eq!(api.get_as(ONE_ZONE_TOKEN, &one).await.refusal(), (403, 9109));
    let seen = api.get_as(ONE_ZONE_TOKEN, "/zones").await.result();
    assert_eq!(seen.as_array().map(Vec::len), Some(1), "a token sees only the zones that it reaches");
    assert_eq!(seen[0]["name"], json!("example.net"));
}

#[tokio::test]
async fn settings_of_a_zone_need_their_own_permission() {
    let api = Api::start().await;
    let zone = api.zone("example.test").await;
    let (ssl, dns) = (format!("/zones/{zone}/ssl/universal/settings"), format!("/zones/{zone}/dns_settings"));
    for (token, expected) in
        [(PORTICO_TOKEN, [200, 200]), (CLUSTER_TOKEN, [403, 200]), (ZONE_READ_TOKEN, [403, 403])]
    {
        let seen = [api.get_as(token, &ssl).await.status, api.get_as(token, &dns).await.status];
        assert_eq!(seen, expected, "{token}");
    }
    assert_eq!(api.get(&ssl).await.result(), json!({"enabled": true}));
    assert!(api.cloud.change_zone("example.test", |zone| zone.universal_ssl = false));
    assert_eq!(api.get(&ssl).await.result(), json!({"enabled": false}));
    assert!(!api.cloud.change_zone("example.org", |_| ()));
}

#[tokio::test]
async fn accounts_are_an_empty_list_without_the_permission() {
    let api = Api::start().await;
    assert_eq!(api.get("/accounts").await.result(), json!([]));
    let shown = api.get_as(BY_HAND_TOKEN, "/accounts").await.result();
    assert_eq!(shown[0]["id"], json!(ACCOUNT_ID));
}

#[tokio::test]
async fn unknown_paths_and_malformed_ids_have_their_own_codes() {
    let api = Api::start().await;
    assert_eq!(api.get("/nowhere").await.refusal(), (404, 7000));
    let malformed = api.get("/zones/not-an-id/dns_records").await;
    assert_eq!(malformed.refusal(), (400, 7003));
    assert_eq!(malformed.body["errors"][1]["code"], json!(7000));
    assert_eq!(api.get(&format!("/zones/{}", "0".repeat(32))).await.refusal(), (403, 9109));
    assert_eq!(api.call(Method::DELETE, "/zones", PORTICO_TOKEN, None).await.refusal(), (405, 10405));
}
