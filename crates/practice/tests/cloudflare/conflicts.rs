//! Which records may share a name, as a table: what is there, what is added, what the API says.

use crate::Api;
use reqwest::Method;
use serde_json::{Value, json};

const FINE: u64 = 0;

fn draft(text: &str) -> Value {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut draft = json!({"name": "app", "type": words[0], "content": words[1]});
    if words[0] == "MX" {
        draft["priority"] = json!(10);
    }
    for word in &words[2..] {
        match *word {
            "proxied" => draft["proxied"] = json!(true),
            ttl => draft["ttl"] = json!(ttl.parse::<u32>().expect("a number")),
        }
    }
    draft
}

#[tokio::test]
async fn the_conflict_matrix() {
    for (there, added, expected) in [
        ("A 192.0.2.1", "A 192.0.2.2", FINE),
        ("A 192.0.2.1", "AAAA 2001:db8::1", FINE),
        ("A 192.0.2.1 proxied", "A 192.0.2.2", FINE),
        ("A 192.0.2.1", "TXT x", FINE),
        ("CNAME a.example.org", "TXT x", FINE),
        ("TXT x", "TXT y", FINE),
        ("A 192.0.2.1", "CNAME a.example.org", 81053),
        ("AAAA 2001:db8::1", "CNAME a.example.org", 81053),
        ("CNAME a.example.org", "CNAME b.example.org", 81053),
        ("CNAME a.example.org", "A 192.0.2.1", 81054),
        ("CNAME a.example.org proxied", "AAAA 2001:db8::1", 81054),
        ("NS ns1.example.org", "A 192.0.2.1", 81056),
        ("NS ns1.example.org", "TXT x", 81056),
        ("NS ns1.example.org", "NS ns2.example.org", FINE),
        ("A 192.0.2.1", "NS ns1.example.org", 81057),
        ("A 192.0.2.1", "A 192.0.2.1", 81058),
        ("AAAA 2001:db8::1", "AAAA 2001:DB8:0::1", 81058),
        ("CNAME a.example.org", "CNAME A.example.org.", 81058),
        ("TXT x", "TXT x", 81058),
        ("A 192.0.2.1 60", "A 192.0.2.1 120", 81057),
        ("A 192.0.2.1", "A 192.0.2.1 proxied", 81057),
    ] {
        let api = Api::start().await;
        Api::made(api.create(draft(there)).await);
        let reply = api.create(draft(added)).await;
        match expected {
            FINE => assert_eq!(reply.status, 200, "{added} beside {there}: {}", reply.body),
            code => assert_eq!(reply.refusal(), (400, code), "{added} beside {there}"),
        }
        // The same draft under another name meets nothing.
        let mut elsewhere = draft(added);
        elsewhere["name"] = json!("other");
        assert_eq!(api.create(elsewhere).await.status, 200, "{added} alone");
    }
}

#[tokio::test]
async fn a_record_does_not_conflict_with_itself() {
    let api = Api::start().await;
    let id = Api::made(api.create(draft("CNAME a.example.org")).await);
    let same = api.dns(Method::PUT, &format!("/{id}"), Some(draft("CNAME a.example.org"))).await;
    assert_eq!(same.status, 200);
}

#[tokio::test]
async fn renaming_and_editing_meet_the_same_matrix() {
    let api = Api::start().await;
    Api::made(api.create(draft("CNAME a.example.org")).await);
    let mut other = draft("A 192.0.2.1");
    other["name"] = json!("other");
    let id = Api::made(api.create(other).await);
    let renamed = api.dns(Method::PATCH, &format!("/{id}"), Some(json!({"name": "app"}))).await;
    assert_eq!(renamed.refusal(), (400, 81054));
    let text = renamed.message();
    assert!(text.starts_with("A CNAME record with that host already exists."), "{text}");
}
