//! Single records: their shape, their defaults, what they may contain, and the audit of every change.

use crate::{Api, START};
use portico_practice::cloudflare::{Action, BY_HAND_TOKEN};
use reqwest::Method;
use serde_json::{Value, json};

const PLAIN: fn() -> Value = || json!({"type": "A", "name": "app", "content": "192.168.1.81"});

#[tokio::test]
async fn a_new_record_has_todays_shape() {
    let api = Api::start().await;
    let record = api.create(PLAIN()).await.result();
    let id = record["id"].as_str().expect("an id").to_owned();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert_eq!(
        record,
        json!({
            "id": id, "name": "app.example.test", "type": "A", "content": "192.168.1.81",
            "proxiable": false, "proxied": false, "ttl": 1, "settings": {}, "meta": {}, "comment": null, "tags": [],
            "created_on": "2026-11-23T12:00:00.000000Z", "modified_on": "2026-11-23T12:00:00.000000Z",
        }),
        "no zone_id, zone_name or locked"
    );
    assert_eq!(api.dns(Method::GET, &format!("/{id}"), None).await.result(), record);
}

#[tokio::test]
async fn patch_keeps_and_put_resets_what_is_left_out() {
    let api = Api::start().await;
    let body = json!({"type": "A", "name": "app", "content": "192.0.2.1", "ttl": 120, "comment": "ours"});
    let path = format!("/{}", Api::made(api.create(body).await));
    api.clock.advance(5_000);
    let patched = api.dns(Method::PATCH, &path, Some(json!({"content": "192.0.2.2"}))).await.result();
    assert_eq!((&patched["ttl"], &patched["comment"]), (&json!(120), &json!("ours")));
    assert_eq!(patched["created_on"], json!("2026-11-23T12:00:00.000000Z"));
    assert_eq!(patched["modified_on"], json!("2026-11-23T12:00:05.000000Z"));
    assert_eq!(patched["comment_modified_on"], json!("2026-11-23T12:00:00.000000Z"));
    let cleared = api.dns(Method::PATCH, &path, Some(json!({"comment": null}))).await.result();
    assert_eq!(cleared["comment"], Value::Null);
    let put = json!({"type": "A", "name": "app", "content": "192.0.2.2", "comment": "again"});
    let put = api.dns(Method::PUT, &path, Some(put)).await.result();
    assert_eq!((&put["ttl"], &put["comment"]), (&json!(1), &json!("again")));
    let incomplete = api.dns(Method::PUT, &path, Some(json!({"content": "192.0.2.3"}))).await;
    assert_eq!(incomplete.status, 400);
}

#[tokio::test]
async fn a_proxied_record_has_the_automatic_ttl() {
    let api = Api::start().await;
    let body =
        json!({"type": "CNAME", "name": "app", "content": "x.cfargotunnel.com", "proxied": true, "ttl": 600});
    let record = api.create(body).await.result();
    assert_eq!((&record["ttl"], &record["proxiable"]), (&json!(1), &json!(true)));
    let path = format!("/{}", record["id"].as_str().expect("an id"));
    let edited = api.dns(Method::PATCH, &path, Some(json!({"ttl": 600}))).await.result();
    assert_eq!(edited["ttl"], json!(1));
}

#[tokio::test]
async fn names_are_normalised_on_the_way_in() {
    let api = Api::start().await;
    for (given, stored) in [
        ("@", "example.test"),
        ("example.test.", "example.test"),
        ("App", "app.example.test"),
        ("b.EXAMPLE.test.", "b.example.test"),
        ("bücher", "xn--bcher-kva.example.test"),
        ("*.deep", "*.deep.example.test"),
        ("_acme-challenge", "_acme-challenge.example.test"),
    ] {
        let body = json!({"type": "TXT", "name": given, "content": given});
        assert_eq!(api.create(body).await.result()["name"], json!(stored), "{given}");
    }
}

#[tokio::test]
async fn drafts_that_break_a_rule_are_refused_with_its_code() {
    let api = Api::start().await;
    let before = api.cloud.records("example.test");
    let with = |changes: Value| {
        let mut body = PLAIN();
        for (key, value) in changes.as_object().expect("an object") {
            body[key] = value.clone();
        }
        body
    };
    for (changes, code) in [
        (json!({"name": "a..b"}), 9000),
        (json!({"name": "a b"}), 9000),
        (json!({"name": "a".repeat(64)}), 9000),
        (json!({"name": "a.*"}), 9000),
        (json!({"name": null}), 9000),
        (json!({"content": "192.168.1"}), 9005),
        (json!({"content": "::1"}), 9005),
        (json!({"content": null}), 9005),
        (json!({"type": "AAAA"}), 9006),
        (json!({"type": "CNAME", "content": "not a host"}), 9007),
        (json!({"type": "CNAME", "content": "192.168.1.1"}), 9007),
        (json!({"type": "CNAME", "content": "app.example.test."}), 9039),
        (json!({"type": "MX", "content": "mail.example.test"}), 9009),
        (json!({"type": "TXT", "content": ""}), 9010),
        (json!({"type": "SPF"}), 9002),
        (json!({"type": null}), 9002),
        (json!({"ttl": 59}), 9021),
        (json!({"ttl": 86_401}), 9021),
        (json!({"proxied": true}), 9003),
        (json!({"proxied": true, "content": "100.64.0.1"}), 9003),
        (json!({"proxied": true, "type": "AAAA", "content": "fd00::1"}), 9003),
        (json!({"proxied": true, "type": "TXT"}), 9004),
        (json!({"comment": "x".repeat(101)}), 9313),
        (json!({"comment": "two\nlines"}), 9314),
        (json!({"tags": ["owner:me"]}), 9300),
        (json!({"ttl": "soon"}), 9207),
    ] {
        let reply = api.create(with(changes.clone())).await;
        assert_eq!(reply.refusal(), (400, code), "{changes}");
    }
    let tagged = api.create(with(json!({"tags": ["owner:me"]}))).await;
    assert_eq!(tagged.message(), "DNS record has 1 tags, exceeding the quota of 0.");
    let private = api.create(with(json!({"proxied": true}))).await;
    assert_eq!(private.message(), "Target 192.168.1.81 is not allowed for a proxied record.");
    assert_eq!(api.cloud.records("example.test"), before);
    assert_eq!(
        api.create(with(json!({"comment": "ü".repeat(100)}))).await.status,
        200,
        "characters, not bytes"
    );
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let api = Api::start().await;
    let zone = api.zone("example.test").await;
    let authorization = format!("Bearer {BY_HAND_TOKEN}");
    let path = format!("/zones/{zone}/dns_records");
    let torn = Some("{\"type\":".to_owned());
    let reply = api.try_call(Method::POST, &path, Some(&authorization), torn).await.expect("an answer");
    assert_eq!(reply.refusal(), (400, 9207));
}

#[tokio::test]
async fn a_record_that_is_gone_is_gone_for_every_call() {
    let api = Api::start().await;
    let path = format!("/{}", Api::made(api.create(PLAIN()).await));
    let deleted = api.dns(Method::DELETE, &path, None).await.result();
    assert_eq!(deleted, json!({"id": path[1..]}));
    for (method, body) in [
        (Method::GET, None),
        (Method::DELETE, None),
        (Method::PUT, Some(PLAIN())),
        (Method::PATCH, Some(json!({}))),
    ] {
        let reply = api.dns(method, &path, body).await;
        assert_eq!((reply.refusal(), reply.message()), ((404, 81044), "Record does not exist."));
    }
    assert_eq!(api.dns(Method::GET, "/nonsense", None).await.refusal(), (400, 7003));
}

#[tokio::test]
async fn the_type_of_a_record_is_fixed() {
    let api = Api::start().await;
    let path = format!("/{}", Api::made(api.create(PLAIN()).await));
    let change = json!({"type": "AAAA", "content": "2001:db8::1"});
    assert_eq!(api.dns(Method::PATCH, &path, Some(change)).await.refusal(), (400, 9000));
    let put = json!({"type": "CNAME", "name": "app", "content": "example.test"});
    let reply = api.dns(Method::PUT, &path, Some(put)).await;
    assert_eq!((reply.refusal(), reply.message()), ((400, 9000), "DNS record type cannot be changed."));
}

#[tokio::test]
async fn every_change_is_in_the_audit_with_its_author() {
    let api = Api::start().await;
    let id = Api::made(api.create(PLAIN()).await);
    let zone = api.zone("example.test").await;
    api.clock.advance(1_000);
    let path = format!("/zones/{zone}/dns_records/{id}");
    api.call(Method::PATCH, &path, BY_HAND_TOKEN, Some(json!({"content": "192.168.1.99"}))).await.result();
    api.dns(Method::DELETE, &format!("/{id}"), None).await.result();
    let log: Vec<_> = api.cloud.audit();
    let row = |at: usize| (log[at].at - START, log[at].who.as_str(), log[at].action);
    assert_eq!(row(0), (0, "portico", Action::Create));
    assert_eq!(row(1), (1_000, "by hand", Action::Edit));
    assert_eq!(row(2), (1_000, "portico", Action::Delete));
    assert!(log.iter().all(|entry| entry.record == id && entry.zone == "example.test"));
    let content = |record: &Option<portico_practice::cloudflare::Record>| {
        record.as_ref().map(|record| record.content.clone())
    };
    assert_eq!(content(&log[1].before).as_deref(), Some("192.168.1.81"));
    assert_eq!(content(&log[1].after).as_deref(), Some("192.168.1.99"));
    assert_eq!((content(&log[0].before), content(&log[2].after)), (None, None));
}
