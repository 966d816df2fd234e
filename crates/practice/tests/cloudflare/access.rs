//! Access: the organization, ways to log in, applications and policies.

use crate::{Api, Reply};
use portico_practice::cloudflare::*;
use reqwest::Method;
use serde_json::{Value, json};

impl Api {
    async fn access(&self, method: Method, rest: &str, body: Option<Value>) -> Reply {
        self.account(method, &format!("/access{rest}"), body).await
    }

    async fn policy(&self, name: &str) -> String {
        let body =
            json!({"name": name, "decision": "allow", "include": [{"email": {"email": "me@example.test"}}]});
        Api::made(self.access(Method::POST, "/policies", Some(body)).await)
    }
}

fn app(host: &str, policies: Value) -> Value {
    json!({
        "name": format!("app {host}"),
        "type": "self_hosted",
        "domain": host,
        "destinations": [{"type": "public", "uri": host}],
        "policies": policies,
    })
}

#[tokio::test]
async fn access_is_there_or_says_that_it_is_not() {
    let api = Api::start().await;
    let organization = api.access(Method::GET, "/organizations", None).await.result();
    assert_eq!(organization["auth_domain"], json!("practice.cloudflareaccess.com"));
    api.cloud.enable_access(false);
    for path in ["/organizations", "/apps", "/policies", "/identity_providers"] {
        let refused = api.access(Method::GET, path, None).await;
        assert_eq!(refused.refusal(), (404, 9999), "{path}");
        assert!(refused.message().starts_with("access.api.error.not_enabled: Access is not enabled."));
    }
    api.cloud.enable_access(true);
    assert_eq!(api.access(Method::GET, "/organizations", None).await.result(), organization);
    let denied = api.get_as(CLUSTER_TOKEN, &format!("/accounts/{ACCOUNT_ID}/access/organizations")).await;
    assert_eq!(denied.refusal(), (403, 10000));
}

#[tokio::test]
async fn there_is_one_time_pin_once() {
    let api = Api::start().await;
    let list = api.access(Method::GET, "/identity_providers", None).await.result();
    assert_eq!(list[0]["type"], json!("cloudflare"), "what a new organization has");
    let pin = || Some(json!({"type": "onetimepin", "name": "One-time PIN", "config": {}}));
    let made = Api::made(api.access(Method::POST, "/identity_providers", pin()).await);
    let twice = api.access(Method::POST, "/identity_providers", pin()).await;
    assert_eq!(twice.refusal(), (409, 12132));
    assert_eq!(twice.message(), "access.api.error.conflict: a onetimepin connection already exists");
    let path = format!("/identity_providers/{made}");
    assert_eq!(api.access(Method::PUT, &path, pin()).await.status, 200, "it does not stand in its own way");
    let odd = json!({"type": "carrier pigeon"});
    let odd = api.access(Method::POST, "/identity_providers", Some(odd)).await;
    assert_eq!(odd.refusal(), (400, 12130));
}

#[tokio::test]
async fn a_policy_is_checked_counted_and_kept_while_it_is_used() {
    let api = Api::start().await;
    let include = || json!([{"everyone": {}}]);
    for body in [
        json!({"decision": "allow", "include": include()}),
        json!({"name": "x", "decision": "maybe", "include": include()}),
        json!({"name": "x", "decision": "allow"}),
        json!({"name": "x", "decision": "allow", "include": []}),
        json!({"name": "x", "decision": "allow", "include": [{"email": {"mail": "a@b.c"}}]}),
        json!({"name": "x", "decision": "allow", "include": [{"hair": {"colour": "red"}}]}),
        json!({"name": "x", "decision": "allow", "include": include(), "exclude": {}}),
    ] {
        let refused = api.access(Method::POST, "/policies", Some(body.clone())).await;
        assert_eq!(refused.refusal(), (400, 12130), "{body}");
    }
    let id = api.policy("family").await;
    let path = format!("/policies/{id}");
    let shown = api.access(Method::GET, &path, None).await.result();
    assert_eq!((&shown["app_count"], &shown["reusable"]), (&json!(0), &json!(true)));
    let used = Api::made(api.access(Method::POST, "/apps", Some(app("a.example.test", json!([id])))).await);
    assert_eq!(api.access(Method::GET, &path, None).await.result()["app_count"], json!(1));
    assert_eq!(api.access(Method::DELETE, &path, None).await.refusal().0, 409);
    let deleted = api.access(Method::DELETE, &format!("/apps/{used}"), None).await;
    assert_eq!((deleted.status, deleted.result()), (202, json!({"id": used})));
    assert_eq!(api.access(Method::DELETE, &path, None).await.status, 202);
    assert_eq!(api.access(Method::GET, &path, None).await.refusal(), (404, 12135));
}

#[tokio::test]
async fn an_application_names_policies_and_keeps_its_tag() {
    let api = Api::start().await;
    let (first, second) = (api.policy("one").await, api.policy("two").await);
    let named = json!([{"id": second, "precedence": 2}, {"id": first, "precedence": 1}]);
    let made = api.access(Method::POST, "/apps", Some(app("a.example.test", named))).await;
    assert_eq!(made.status, 201);
    let made = made.result();
    let names: Vec<_> = made["policies"].as_array().expect("a list").iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["one", "two"], "in full, by precedence");
    let aud = made["aud"].as_str().expect("a tag");
    assert!(aud.len() == 64 && aud.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let path = format!("/apps/{}", made["id"].as_str().expect("an id"));
    let new = json!({"type": "self_hosted", "domain": "b.example.test"});
    let replaced = api.access(Method::PUT, &path, Some(new)).await.result();
    assert_eq!((&replaced["aud"], &replaced["created_at"]), (&made["aud"], &made["created_at"]));
    assert_eq!((&replaced["policies"], &replaced["name"]), (&json!([]), &json!("b.example.test")));
    assert_eq!(replaced["destinations"], json!([{"type": "public", "uri": "b.example.test"}]));
    let audit = api.cloud.access_audit();
    let last = audit.last().expect("changes");
    assert_eq!((last.thing, last.action), (Thing::AccessApp, Action::Replace));
    assert_eq!(last.hostnames, ["a.example.test", "b.example.test"]);
}

#[tokio::test]
async fn an_application_is_refused_for_its_own_reasons() {
    let api = Api::start().await;
    let policy = api.policy("one").await;
    Api::made(api.access(Method::POST, "/apps", Some(app("a.example.test", json!([])))).await);
    let nobody = "00000000-0000-4000-8000-000000000000";
    for (body, expected, text) in [
        (json!({}), (400, 12130), "app type is missing or invalid"),
        (json!({"type": "self_hosted"}), (400, 12130), "domain is missing or invalid"),
        (app("a b.example.test", json!([])), (400, 12130), "domain is missing or invalid"),
        (app("a.example.org", json!([])), (400, 12130), "domain does not belong to zone"),
        (app("a.example.test", json!([])), (409, 12132), "destination belongs to another application"),
        (app("b.example.test", json!([{"id": nobody}])), (400, 12130), "does not exist"),
        (
            app("b.example.test", json!([{"id": policy, "precedence": 1}, {"id": policy, "precedence": 1}])),
            (400, 12130),
            "policy precedences must be unique",
        ),
    ] {
        let refused = api.access(Method::POST, "/apps", Some(body.clone())).await;
        assert_eq!(refused.refusal(), expected, "{body}");
        assert!(refused.message().ends_with(text), "{}", refused.message());
    }
    assert_eq!(api.access(Method::GET, &format!("/apps/{nobody}"), None).await.refusal(), (404, 11021));
    assert!(api.cloud.change_zone("example.test", |zone| zone.status = "pending".to_owned()));
    let pending = api.access(Method::POST, "/apps", Some(app("c.example.test", json!([])))).await;
    assert!(pending.message().ends_with("domain does not belong to zone"));
}

#[tokio::test]
async fn applications_are_found_by_name_domain_and_tag() {
    let api = Api::start().await;
    for host in ["a.example.test", "aa.example.test", "b.example.net"] {
        Api::made(api.access(Method::POST, "/apps", Some(app(host, json!([])))).await);
    }
    let all = api.access(Method::GET, "/apps", None).await.result();
    let by_aud = format!("aud={}", all[2]["aud"].as_str().expect("a tag"));
    for (query, expected) in [
        ("domain=a.example.test", 2),
        ("domain=a.example.test&exact=true", 1),
        ("name=APP", 3),
        ("name=app&exact=true", 0),
        (&by_aud, 1),
        ("search=example.net", 1),
        ("per_page=2", 2),
    ] {
        let found = api.access(Method::GET, &format!("/apps?{query}"), None).await.result();
        assert_eq!(found.as_array().map(Vec::len), Some(expected), "{query}");
    }
}
