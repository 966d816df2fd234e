//! The person at Cloudflare's dashboard, and with kubectl: what they make, change and take away while Portico works.
//!
//! The dashboard is the same account over a door of its own, so that faults strike Portico's calls alone.

use portico_practice::Practice;
use portico_practice::cloudflare::{ACCOUNT_ID, BY_HAND_TOKEN};
use portico_practice::fault::{Faults, Service};
use portico_practice::http::{self, HttpServer};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub const ZONE: &str = "example.test";

pub struct Hand {
    client: reqwest::Client,
    base: String,
    zone: String,
    _door: HttpServer,
}

impl Hand {
    pub async fn at(practice: &Practice) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let router = practice.cloud.router();
        let door = http::serve(listener, Service::Cloudflare, Faults::default(), router).expect("a door");
        let mut hand = Self {
            client: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .expect("a client"),
            base: format!("http://{}/client/v4", door.address),
            zone: String::new(),
            _door: door,
        };
        let zones = hand.call("GET", &format!("/zones?name={ZONE}"), None).await.expect("the zone");
        hand.zone = zones[0]["id"].as_str().expect("an id").to_owned();
        hand
    }

    /// What a visitor of the name gets at the edge.
    pub async fn visit(&self, practice: &Practice, host: &str) -> u16 {
        let request = self.client.get(practice.edge()).header("host", host);
        request.send().await.expect("the edge answers").status().as_u16()
    }

    /// The result; `None` where it was refused, as a person's clicks may be.
    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Option<Value> {
        let method = method.parse().expect("a method");
        let mut request =
            self.client.request(method, format!("{}{path}", self.base)).bearer_auth(BY_HAND_TOKEN);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let text = request.send().await.expect("the dashboard answers").text().await.expect("a text");
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        (answer["success"] == true).then(|| answer["result"].clone())
    }

    fn records_path(&self) -> String {
        format!("/zones/{}/dns_records", self.zone)
    }

    pub async fn make_record(&self, kind: &str, name: &str, content: &str) -> Option<Value> {
        let record = json!({"type": kind, "name": name, "content": content, "ttl": 300, "proxied": false});
        self.call("POST", &self.records_path(), Some(&record)).await
    }

    pub async fn edit_record(&self, id: &str, change: &Value) -> Option<Value> {
        self.call("PATCH", &format!("{}/{id}", self.records_path()), Some(change)).await
    }

    pub async fn delete_record(&self, id: &str) -> Option<Value> {
        self.call("DELETE", &format!("{}/{id}", self.records_path()), None).await
    }

    /// The address records and aliases of a name.
    pub async fn records(&self, name: &str) -> Vec<Value> {
        let path = format!("{}?name.exact={name}&per_page=1000", self.records_path());
        let found = self.call("GET", &path, None).await.expect("a list");
        let alike = |record: &Value| matches!(record["type"].as_str(), Some("A" | "AAAA" | "CNAME"));
        found.as_array().expect("a list").iter().filter(|record| alike(record)).cloned().collect()
    }

    async fn tunnel(&self, name: &str) -> Option<String> {
        let path = format!("/accounts/{ACCOUNT_ID}/cfd_tunnel?name={name}&is_deleted=false");
        Some(self.call("GET", &path, None).await?[0]["id"].as_str()?.to_owned())
    }

    /// The tunnel's id and its configuration.
    pub async fn config(&self, tunnel: &str) -> Option<(String, Value)> {
        let id = self.tunnel(tunnel).await?;
        let path = format!("/accounts/{ACCOUNT_ID}/cfd_tunnel/{id}/configurations");
        let config = self.call("GET", &path, None).await?["config"].clone();
        Some((id, config))
    }

    /// With its connections, as the dashboard does it after a question.
    pub async fn delete_tunnel(&self, name: &str) {
        let id = self.tunnel(name).await.expect("a tunnel");
        let path = format!("/accounts/{ACCOUNT_ID}/cfd_tunnel/{id}");
        // A connector that is at work comes back between the two, which refuses the second.
        for _ in 0..20 {
            self.call("DELETE", &format!("{path}/connections"), None).await;
            if self.call("DELETE", &path, None).await.is_some() {
                return;
            }
        }
        panic!("{name} is in use each time it is to be deleted");
    }

    pub async fn put_config(&self, id: &str, config: &Value) {
        let path = format!("/accounts/{ACCOUNT_ID}/cfd_tunnel/{id}/configurations");
        self.call("PUT", &path, Some(&json!({"config": config}))).await.expect("the dashboard writes routes");
    }

    /// Reads the rules, has them changed, and writes them back, as the dashboard does.
    pub async fn change_rules(&self, tunnel: &str, change: impl FnOnce(&mut Vec<Value>)) {
        let Some((id, mut config)) = self.config(tunnel).await else { return };
        if !config.is_object() {
            config = json!({"ingress": [{"service": "http_status:404"}]});
        }
        if let Some(rules) = config["ingress"].as_array_mut() {
            change(rules);
        }
        self.put_config(&id, &config).await;
    }

    pub async fn apps(&self) -> Vec<Value> {
        self.access("apps").await
    }

    pub async fn policies(&self) -> Vec<Value> {
        self.access("policies").await
    }

    async fn access(&self, what: &str) -> Vec<Value> {
        let path = format!("/accounts/{ACCOUNT_ID}/access/{what}?per_page=1000");
        let found = self.call("GET", &path, None).await.expect("a list");
        found.as_array().expect("a list").clone()
    }

    pub async fn make_app(&self, host: &str) -> Option<Value> {
        let app = json!({"name": format!("by hand {host}"), "type": "self_hosted", "domain": host});
        self.call("POST", &format!("/accounts/{ACCOUNT_ID}/access/apps"), Some(&app)).await
    }

    pub async fn delete_app(&self, id: &str) {
        let _ = self.call("DELETE", &format!("/accounts/{ACCOUNT_ID}/access/apps/{id}"), None).await;
    }
}
