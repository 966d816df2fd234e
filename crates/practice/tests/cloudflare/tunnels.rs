//! Tunnels, their routes and who holds them open.

use crate::{Api, START};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portico_practice::cloudflare::*;
use reqwest::Method;
use serde_json::{Value, json};

const CONNECTOR: &str = "b51d9d55-5121-4116-a420-fb571c6e335a";

impl Api {
    async fn tunnel(&self, method: Method, rest: &str, body: Option<Value>) -> crate::Reply {
        self.account(method, &format!("/cfd_tunnel{rest}"), body).await
    }

    /// A new tunnel with routes of the account, as the API shows it.
    async fn new_tunnel(&self, name: &str) -> Value {
        let body = json!({"name": name, "config_src": "cloudflare"});
        self.tunnel(Method::POST, "", Some(body)).await.result()
    }

    async fn names(&self, query: &str) -> Vec<String> {
        let list = self.tunnel(Method::GET, query, None).await.result();
        let list = list.as_array().expect("a list").iter();
        list.map(|tunnel| tunnel["name"].as_str().expect("a name").to_owned()).collect()
    }
}

fn id(tunnel: &Value) -> &str {
    tunnel["id"].as_str().expect("an id")
}

fn rules(hosts: &[&str]) -> Value {
    let mut rules: Vec<Value> =
        hosts.iter().map(|host| json!({"hostname": host, "service": "http://app:80"})).collect();
    rules.push(json!({"service": "http_status:404"}));
    json!({"config": {"ingress": rules}})
}

#[tokio::test]
async fn a_new_tunnel_says_what_it_is_and_how_to_run_it() {
    let api = Api::start().await;
    let mut made = api.new_tunnel("home").await;
    let token = made["token"].as_str().expect("the run token").to_owned();
    let content: Value =
        serde_json::from_slice(&STANDARD.decode(&token).expect("base64")).expect("JSON inside");
    assert_eq!((&content["a"], &content["t"]), (&json!(ACCOUNT_ID), &made["id"]));
    assert_eq!(content["s"], made["credentials_file"]["TunnelSecret"]);
    assert!(STANDARD.decode(content["s"].as_str().expect("a secret")).expect("base64").len() >= 32);
    let again = api.tunnel(Method::GET, &format!("/{}/token", id(&made)), None).await.result();
    assert_eq!(again, json!(token), "a bare text");
    let shown = api.tunnel(Method::GET, &format!("/{}", id(&made)), None).await.result();
    for extra in ["token", "credentials_file"] {
        made.as_object_mut().expect("an object").remove(extra);
    }
    assert_eq!(shown, made);
    assert_eq!((&shown["status"], &shown["config_src"]), (&json!("inactive"), &json!("cloudflare")));
    assert_eq!(
        (&shown["conns_active_at"], &shown["conns_inactive_at"]),
        (&Value::Null, &shown["created_at"])
    );
    assert!(shown.get("connections").is_none(), "gone since 2026-10-05");
    let local = api.tunnel(Method::POST, "", Some(json!({"name": "local"}))).await.result();
    assert_eq!((&local["config_src"], &local["remote_config"]), (&json!("local"), &json!(false)));
}

#[tokio::test]
async fn names_are_taken_by_live_tunnels_only() {
    let api = Api::start().await;
    let first = api.new_tunnel("home").await;
    let second = api.new_tunnel("other").await;
    let taken = api.tunnel(Method::POST, "", Some(json!({"name": "home"}))).await;
    assert_eq!(taken.refusal(), (409, 1013));
    assert!(taken.message().starts_with("You already have a tunnel with this name."));
    let path = format!("/{}", id(&second));
    let renamed = api.tunnel(Method::PATCH, &path, Some(json!({"name": "home"}))).await;
    assert_eq!(renamed.refusal(), (409, 1013));
    assert_eq!(api.tunnel(Method::PATCH, &path, Some(json!({"name": "other"}))).await.status, 200);
    let deleted = api.tunnel(Method::DELETE, &format!("/{}", id(&first)), None).await.result();
    assert_eq!((&deleted["status"], &deleted["remote_config"]), (&json!("down"), &json!(false)));
    assert!(deleted["deleted_at"].is_string() && deleted.get("config_src").is_none());
    assert_eq!(api.tunnel(Method::PATCH, &path, Some(json!({"name": "home"}))).await.status, 200);
}

#[tokio::test]
async fn a_deleted_tunnel_stays_as_a_shadow() {
    let api = Api::start().await;
    let path = format!("/{}", id(&api.new_tunnel("home").await));
    api.tunnel(Method::DELETE, &path, None).await.result();
    assert!(api.tunnel(Method::GET, &path, None).await.result()["deleted_at"].is_string());
    for (method, rest, expected) in [
        (Method::DELETE, "", (404, 1003)),
        (Method::GET, "/token", (404, 1003)),
        (Method::GET, "/configurations", (404, 1055)),
    ] {
        let reply = api.tunnel(method.clone(), &format!("{path}{rest}"), None).await;
        assert_eq!(reply.refusal(), expected, "{method} {rest}");
    }
    let unknown = api.tunnel(Method::GET, &format!("/{CONNECTOR}"), None).await;
    assert_eq!(unknown.refusal(), (404, 1003));
    assert_eq!(api.tunnel(Method::GET, "/not-an-id", None).await.refusal(), (400, 7003));
}

#[tokio::test]
async fn tunnels_are_filtered_and_counted_without_pages() {
    let api = Api::start().await;
    api.new_tunnel("home").await;
    let gone = api.new_tunnel("home-old").await;
    api.tunnel(Method::DELETE, &format!("/{}", id(&gone)), None).await.result();
    assert!(api.cloud.connect("home", 1, 3));
    let by_id = format!("?uuid={}", id(&gone));
    let by_id_deleted = format!("{by_id}&is_deleted=true");
    for (query, expected) in [
        ("", vec!["office", "home"]),
        ("?is_deleted=false", vec!["office", "home"]),
        ("?is_deleted=true", vec!["home-old"]),
        ("?name=home&is_deleted=false", vec!["home"]),
        ("?name=hom", vec![]),
        ("?include_prefix=ho", vec!["home"]),
        ("?exclude_prefix=ho", vec!["office"]),
        ("?status=degraded", vec!["home"]),
        ("?status=healthy", vec!["office"]),
        (&by_id, vec![]),
        (&by_id_deleted, vec!["home-old"]),
        ("?per_page=1&page=2", vec!["home"]),
    ] {
        assert_eq!(api.names(query).await, expected, "{query}");
    }
    let reply = api.tunnel(Method::GET, "?name=none", None).await;
    let info = json!({"page": 1, "per_page": 1_000, "count": 0, "total_count": 0});
    assert_eq!(reply.body["result_info"], info, "as recorded");
    for query in ["?per_page=0", "?per_page=1001", "?page=0"] {
        assert_eq!(api.tunnel(Method::GET, query, None).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn a_configuration_is_replaced_as_a_whole_and_numbered() {
    let api = Api::start().await;
    let path = format!("/{}/configurations", id(&api.new_tunnel("home").await));
    let first = api.tunnel(Method::GET, &path, None).await.result();
    assert_eq!((&first["version"], &first["config"]), (&json!(0), &Value::Null));
    let put = api.tunnel(Method::PUT, &path, Some(rules(&["a.example.test"]))).await.result();
    assert_eq!((&put["version"], &put["source"]), (&json!(1), &json!("cloudflare")));
    assert_eq!(put["config"]["warp-routing"], json!({"enabled": false}));
    api.clock.advance(1_000);
    let put = api.tunnel(Method::PUT, &path, Some(rules(&["b.example.test"]))).await.result();
    assert_eq!(put["version"], json!(2));
    assert_ne!(put["created_at"], first["created_at"], "the time is the version's");
    assert_eq!(api.tunnel(Method::GET, &path, None).await.result(), put);
    for (body, text) in [
        (
            json!({"config": {"ingress": [{"hostname": "a.example.test", "service": "http://app"}]}}),
            "Bad Configuration: Validation failed: The last ingress rule must match all URLs (i.e. it should not \
             have a hostname or path filter)\n",
        ),
        (
            json!({"config": {"ingress": []}}),
            "Bad Configuration: Validation failed: The config file doesn't contain any ingress rules\n",
        ),
    ] {
        let refused = api.tunnel(Method::PUT, &path, Some(body)).await;
        assert_eq!((refused.refusal(), refused.message()), ((400, 1056), text));
    }
    assert_eq!(api.tunnel(Method::GET, &path, None).await.result(), put, "nothing came of it");
}

#[tokio::test]
async fn the_status_follows_the_connections() {
    let api = Api::start().await;
    let made = api.new_tunnel("home").await;
    let path = format!("/{}", id(&made));
    let token = made["token"].as_str().expect("a token");
    let shown = async || api.tunnel(Method::GET, &path, None).await.result();
    assert_eq!(api.cloud.connector_up(token, CONNECTOR).as_deref(), Ok(id(&made)));
    let up = shown().await;
    assert_eq!((&up["status"], &up["conns_inactive_at"]), (&json!("healthy"), &Value::Null));
    assert_eq!(up["conns_active_at"], up["created_at"], "the clock stands");
    let list = api.tunnel(Method::GET, &format!("{path}/connections"), None).await;
    assert!(list.body.get("result_info").is_none());
    let list = list.result();
    assert_eq!((&list[0]["id"], list[0]["conns"].as_array().map(Vec::len)), (&json!(CONNECTOR), Some(4)));
    assert_eq!(list[0]["conns"][0]["client_id"], json!(CONNECTOR));
    let one = api.tunnel(Method::GET, &format!("{path}/connectors/{CONNECTOR}"), None).await.result();
    assert_eq!(one, list[0]);
    let refused = api.tunnel(Method::DELETE, &path, None).await;
    assert_eq!(refused.refusal(), (400, 1022));
    assert!(refused.message().starts_with("This tunnel has active connections."));
    api.clock.advance(5_000);
    api.cloud.connector_down(CONNECTOR);
    let down = shown().await;
    assert_eq!((&down["status"], &down["conns_active_at"]), (&json!("down"), &Value::Null));
    assert_eq!(down["conns_inactive_at"], json!("2026-11-23T12:00:05.000000Z"), "{START}");
    assert!(api.cloud.connect("home", 2, 4));
    assert_eq!(shown().await["status"], json!("healthy"));
    let clients = api.tunnel(Method::GET, &format!("{path}/connections"), None).await.result();
    let client = clients[0]["id"].as_str().expect("an id");
    let dropped = api.tunnel(Method::DELETE, &format!("{path}/connections?client_id={client}"), None).await;
    assert_eq!(dropped.result(), Value::Null);
    assert_eq!(shown().await["status"], json!("healthy"), "the other one is well");
    api.tunnel(Method::DELETE, &format!("{path}/connections"), None).await.result();
    assert_eq!(shown().await["status"], json!("down"));
    assert!(api.cloud.connect("home", 1, 4));
    assert_eq!(api.tunnel(Method::DELETE, &format!("{path}?cascade=true"), None).await.status, 200);
    assert!(!api.cloud.connect("home", 1, 4), "it is gone");
}

#[tokio::test]
async fn cloudflared_is_turned_away_in_its_own_words() {
    let api = Api::start().await;
    let made = api.new_tunnel("home").await;
    let token = made["token"].as_str().expect("a token").to_owned();
    assert_eq!(
        api.cloud.connector_up("not a token", CONNECTOR).as_deref(),
        Err(&"Provided Tunnel token is not valid.".to_owned())
    );
    let path = format!("/{}", id(&made));
    let short = json!({"tunnel_secret": STANDARD.encode([7; 31])});
    assert_eq!(api.tunnel(Method::PATCH, &path, Some(short)).await.status, 400);
    let rotated = json!({"tunnel_secret": STANDARD.encode([7; 32])});
    api.tunnel(Method::PATCH, &path, Some(rotated)).await.result();
    let refused = api.cloud.connector_up(&token, CONNECTOR);
    assert_eq!(refused, Err("Unauthorized: Invalid tunnel secret".to_owned()));
    let fresh = api.tunnel(Method::GET, &format!("{path}/token"), None).await.result();
    let fresh = fresh.as_str().expect("a token");
    assert!(api.cloud.connector_up(fresh, CONNECTOR).is_ok());
    api.cloud.connector_down(CONNECTOR);
    api.tunnel(Method::DELETE, &path, None).await.result();
    let refused = api.cloud.connector_up(fresh, CONNECTOR);
    assert_eq!(refused, Err("Unauthorized: Tunnel not found".to_owned()));
}

#[tokio::test]
async fn each_call_on_a_tunnel_needs_its_permission() {
    let api = Api::start().await;
    let reader = "cfut_practiceTunnelReadOnly000000000000000000099";
    api.cloud.add_token(Token {
        id: "f".repeat(32),
        name: "tunnel read".to_owned(),
        secret: reader.to_owned(),
        kind: TokenKind::User,
        status: TokenStatus::Active,
        permissions: vec![Permission::TunnelRead],
        scope: Scope::AllZones,
    });
    let made = api.new_tunnel("home").await;
    let base = format!("/accounts/{ACCOUNT_ID}/cfd_tunnel");
    let one = format!("{base}/{}", id(&made));
    for (method, path, read, write) in [
        (Method::GET, base.clone(), 200, 200),
        (Method::GET, one.clone(), 200, 200),
        (Method::GET, format!("{one}/connections"), 200, 200),
        (Method::GET, format!("{one}/configurations"), 200, 200),
        (Method::GET, format!("{one}/token"), 403, 200),
        (Method::PUT, format!("{one}/configurations"), 403, 200),
        (Method::DELETE, format!("{one}/connections"), 403, 200),
        (Method::DELETE, one.clone(), 403, 200),
    ] {
        let body = (method == Method::PUT).then(|| rules(&[]));
        for (token, expected) in [(CLUSTER_TOKEN, 403), (reader, read), (ACCOUNT_TOKEN, write)] {
            let reply = api.call(method.clone(), &path, token, body.clone()).await;
            assert_eq!(reply.status, expected, "{method} {path} as {token}");
        }
    }
    let elsewhere = format!("/accounts/{}/cfd_tunnel", "b".repeat(32));
    assert_eq!(api.get(&elsewhere).await.refusal(), (401, 10000));
    assert_eq!(api.get("/accounts/x/cfd_tunnel").await.refusal(), (400, 7003));
}

#[tokio::test]
async fn routes_are_audited_by_hostname_and_secrets_are_not_there() {
    let api = Api::start().await;
    let made = api.new_tunnel("home").await;
    let path = format!("/{}/configurations", id(&made));
    for hosts in [&["a.example.test", "b.example.test"][..], &["b.example.test", "c.example.test"]] {
        api.tunnel(Method::PUT, &path, Some(rules(hosts))).await.result();
    }
    api.tunnel(Method::PATCH, &format!("/{}", id(&made)), Some(json!({"name": "house"}))).await.result();
    api.tunnel(Method::DELETE, &format!("/{}", id(&made)), None).await.result();
    let audit = api.cloud.tunnel_audit();
    let kinds: Vec<_> = audit.iter().map(|change| (change.thing, change.action)).collect();
    assert_eq!(
        kinds,
        [
            (Thing::Tunnel, Action::Create),
            (Thing::Configuration, Action::Replace),
            (Thing::Configuration, Action::Replace),
            (Thing::Tunnel, Action::Edit),
            (Thing::Tunnel, Action::Delete),
        ]
    );
    assert!(audit.iter().all(|change| change.id == id(&made) && change.who == "portico"));
    assert_eq!(audit[1].hostnames, ["", "a.example.test", "b.example.test"], "the first one has a catch-all");
    assert_eq!(audit[2].hostnames, ["a.example.test", "c.example.test"]);
    let secret = made["credentials_file"]["TunnelSecret"].as_str().expect("a secret");
    let all = serde_json::to_string(&audit).expect("JSON");
    assert!(!all.contains(secret) && !all.contains(made["token"].as_str().expect("a token")));
    assert_eq!(api.cloud.audit(), [], "records are another list");
}
