//! From the Internet to a pod: the edge's own answers, Access, the tunnel, and the ingress controller behind it.

use crate::dataplane::{with_controller, with_echo};
use crate::support::Lab;
use portico_practice::clock::Clock;
use portico_practice::cloudflare::{ACCOUNT_ID, Cloud, PORTICO_TOKEN};
use portico_practice::edge;
use portico_practice::fault::{Faults, Service};
use portico_practice::homelab::{Homelab, Options};
use portico_practice::http::{self, HttpServer};
use reqwest::{Client, Method, Response, redirect};
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::net::TcpListener;

const CONTROLLER: &str = "http://ingress-nginx-controller.ingress-nginx.svc.cluster.local";

/// The account with its API and the edge in front of a homelab.
struct World {
    cloud: Cloud,
    api: HttpServer,
    edge: HttpServer,
    client: Client,
}

impl World {
    async fn of(homelab: &Arc<Homelab>) -> World {
        let cloud = Cloud::new(Clock::default());
        let listener = async || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let api = http::serve(listener().await, Service::Cloudflare, Faults::default(), cloud.router());
        let edge = edge::serve(listener().await, cloud.clone(), Arc::clone(homelab), Faults::default());
        let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
        World { cloud, api: api.expect("an address"), edge: edge.expect("an address"), client }
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("http://{}/client/v4{path}", self.api.address);
        let request = self.client.request(method, url).bearer_auth(PORTICO_TOKEN).json(&body);
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer["success"], json!(true), "{path}: {answer}");
        answer["result"].clone()
    }

    async fn record(&self, kind: &str, name: &str, content: &str, proxied: bool) {
        let zone = &self.call(Method::GET, "/zones?name=example.test", Value::Null).await[0]["id"];
        let path = format!("/zones/{}/dns_records", zone.as_str().expect("an id"));
        let body = json!({"type": kind, "name": name, "content": content, "proxied": proxied});
        self.call(Method::POST, &path, body).await;
    }

    /// A connected tunnel with these rules and a wildcard record into it; the tunnel's path below the account.
    async fn tunnel(&self, rules: Value) -> String {
        let base = format!("/accounts/{ACCOUNT_ID}/cfd_tunnel");
        let made = self.call(Method::POST, &base, json!({"name": "home", "config_src": "cloudflare"})).await;
        let id = made["id"].as_str().expect("an id");
        self.record("CNAME", "*", &format!("{id}.cfargotunnel.com"), true).await;
        let path = format!("{base}/{id}");
        self.routes(&path, rules).await;
        assert!(self.cloud.connect("home", 1, 4));
        path
    }

    async fn routes(&self, tunnel: &str, rules: Value) {
        let config = json!({"config": {"ingress": rules}});
        self.call(Method::PUT, &format!("{tunnel}/configurations"), config).await;
    }

    async fn visit(&self, host: &str, cookie: &str) -> reqwest::Result<Response> {
        let url = format!("http://{}/hello?x=1", self.edge.address);
        self.client.get(url).header("host", host).header("cookie", cookie).send().await
    }

    /// Status and body.
    async fn see(&self, host: &str) -> (u16, String) {
        let response = self.visit(host, "").await.expect("an answer");
        assert_eq!(response.headers()["server"], "cloudflare");
        assert!(response.headers().contains_key("cf-ray"));
        (response.status().as_u16(), response.text().await.expect("text"))
    }
}

fn bare() -> Arc<Homelab> {
    Homelab::new(Options { machines: Vec::new(), ..Options::default() }).expect("a homelab")
}

fn said(status: u16, code: u16) -> (u16, String) {
    (status, format!("error code: {code}"))
}

#[tokio::test]
async fn the_edge_answers_for_itself_where_no_origin_does() {
    let world = World::of(&bare()).await;
    let tunnel = world
        .tunnel(json!([
            {"hostname": "teapot.example.test", "service": "http_status:418"},
            {"hostname": "lan.example.test", "service": "http://192.168.1.50:80"},
            {"hostname": "cluster.example.test", "service": CONTROLLER},
            {"service": "http_status:404"},
        ]))
        .await;
    world.record("CNAME", "gone", "00000000-0000-4000-8000-000000000000.cfargotunnel.com", true).await;
    world.record("CNAME", "lost", "nowhere.example.org", true).await;
    world.record("CNAME", "again", "teapot.example.test", true).await;
    world.record("CNAME", "grey", "teapot.example.test", false).await;
    for (host, expected) in [
        ("example.org", said(409, 1001)),
        ("nas.example.test", said(409, 1001)),
        ("grey.example.test", said(409, 1001)),
        ("www.example.test", said(522, 522)),
        ("lost.example.test", said(530, 1016)),
        ("gone.example.test", said(530, 1033)),
        ("crm.example.test", said(502, 502)),
        ("lan.example.test", said(502, 502)),
        ("cluster.example.test", said(502, 502)),
        ("teapot.example.test", (418, String::new())),
        ("TEAPOT.example.test:443", (418, String::new())),
        ("again.example.test", (404, String::new())),
        ("other.example.test", (404, String::new())),
    ] {
        assert_eq!(world.see(host).await, expected, "{host}");
    }
    let deep = world.visit("a.teapot.example.test", "").await;
    assert!(deep.is_err(), "Universal SSL covers one level");
    assert!(world.cloud.connect("home", 0, 4));
    assert_eq!(world.see("teapot.example.test").await, said(530, 1033));
    world.call(Method::DELETE, &tunnel, Value::Null).await;
    assert_eq!(world.see("teapot.example.test").await, said(530, 1033));
    assert!(world.cloud.change_zone("example.test", |zone| zone.universal_ssl = false));
    assert!(world.visit("teapot.example.test", "").await.is_err());
}

#[tokio::test]
async fn access_stands_in_front_of_its_names() {
    let world = World::of(&bare()).await;
    world.tunnel(json!([{"service": "http_status:204"}])).await;
    let access = format!("/accounts/{ACCOUNT_ID}/access");
    let policy = async |decision: &str| {
        let body = json!({"name": decision, "decision": decision, "include": [{"everyone": {}}]});
        world.call(Method::POST, &format!("{access}/policies"), body).await["id"].clone()
    };
    let (allow, bypass) = (policy("allow").await, policy("bypass").await);
    let app = async |uri: &str, policy: &Value| {
        let destinations = json!([{"type": "public", "uri": uri}]);
        let body =
            json!({"type": "self_hosted", "name": uri, "destinations": destinations, "policies": [policy]});
        world.call(Method::POST, &format!("{access}/apps"), body).await["aud"].clone()
    };
    let aud = app("app.example.test", &allow).await;
    app("open.example.test", &bypass).await;
    app("part.example.test/admin", &allow).await;
    app("part.example.test/hello", &allow).await;
    let closed = world.visit("app.example.test", "theme=dark").await.expect("an answer");
    assert_eq!(closed.status(), 302);
    assert_eq!(
        closed.headers()["location"],
        format!(
            "https://practice.cloudflareaccess.com/cdn-cgi/access/login/app.example.test?kid={}&redirect_url=%2Fhello%3Fx%3D1",
            aud.as_str().expect("a tag")
        )
    );
    let session = world.visit("app.example.test", "theme=dark; CF_Authorization=x").await.expect("an answer");
    assert_eq!(session.status(), 204);
    for (host, status) in
        [("open.example.test", 204), ("other.example.test", 204), ("part.example.test", 302)]
    {
        assert_eq!(world.see(host).await.0, status, "{host}");
    }
    world.cloud.enable_access(false);
    assert_eq!(world.see("app.example.test").await.0, 204);
}

#[tokio::test]
async fn a_visitor_reaches_a_pod_and_a_redirecting_ingress_is_a_loop() {
    let lab = Lab::cluster(0).await;
    let api = with_controller(&lab).await;
    with_echo(&api).await;
    api.until("/apis/apps/v1/namespaces/apps/deployments/echo", |one| one["status"]["readyReplicas"] == 2)
        .await;
    let world = World::of(&lab.homelab).await;
    let rule = |service: &str, request: Value| {
        json!([
            {"hostname": "echo.example.test", "service": service, "originRequest": request},
            {"service": "http_status:404"},
        ])
    };
    let plain = format!("{CONTROLLER}:80");
    let tunnel = world.tunnel(rule(&plain, json!({}))).await;
    let (status, body) = world.see("echo.example.test").await;
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("host=echo.example.test") && body.contains("path=/hello"), "{body}");
    // A connector that is a pod reaches its own cluster.
    let pods = api.get("/api/v1/namespaces/apps/pods").await.1;
    let uid = pods["items"][0]["metadata"]["uid"].as_str().expect("a uid");
    let token = world.call(Method::GET, &format!("{tunnel}/token"), Value::Null).await;
    assert!(world.cloud.connect("home", 0, 4));
    world.cloud.connector_up(token.as_str().expect("a token"), uid).expect("it is let in");
    assert_eq!(world.see("echo.example.test").await.0, 200);
    for (service, request, status) in [
        (plain.as_str(), json!({"httpHostHeader": "other.example.test"}), 404),
        ("https://ingress-nginx-controller.ingress-nginx.svc.cluster.local:443", json!({}), 502),
        (
            "https://ingress-nginx-controller.ingress-nginx.svc.cluster.local:443",
            json!({"noTLSVerify": true, "matchSNItoHost": true}),
            200,
        ),
        ("http://ingress-nginx-controller.ingress-nginx.svc.cluster.local:443", json!({}), 502),
        ("http://nobody.ingress-nginx.svc.cluster.local:80", json!({}), 502),
    ] {
        world.routes(&tunnel, rule(service, request.clone())).await;
        assert_eq!(world.see("echo.example.test").await.0, status, "{service} {request}");
    }
    world.routes(&tunnel, rule(&plain, json!({}))).await;
    let path = "/apis/networking.k8s.io/v1/namespaces/apps/ingresses/echo";
    let tls = json!({"spec": {"tls": [{"hosts": ["echo.example.test"], "secretName": "echo-tls"}]}});
    api.send(Method::PATCH, path, "application/merge-patch+json", &tls).await;
    let looping = world.visit("echo.example.test", "").await.expect("an answer");
    assert_eq!(looping.status(), 308);
    assert_eq!(looping.headers()["location"], "https://echo.example.test/hello?x=1");
    let plain = json!({"metadata": {"annotations": {"nginx.ingress.kubernetes.io/ssl-redirect": "false"}}});
    api.send(Method::PATCH, path, "application/merge-patch+json", &plain).await;
    assert_eq!(world.see("echo.example.test").await.0, 200);
}
