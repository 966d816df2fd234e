//! The practice Cloudflare API and its name servers, asked with a plain HTTP client and plain DNS messages.
//!
//! What is checked is the wire: status, codes, texts, shapes. Portico's own client is not used, so that a mistake
//! shared by client and double cannot hide.

mod access;
mod auth;
mod batch;
mod challenge;
mod conflicts;
mod dns;
mod faults;
mod limits;
mod listing;
mod names;
mod records;
mod tunnels;

use portico_practice::clock::Clock;
use portico_practice::cloudflare::{ACCOUNT_ID, BY_HAND_TOKEN, Cloud, PORTICO_TOKEN};
use portico_practice::fault::{Faults, Service};
use portico_practice::http::{self, HttpServer};
use reqwest::Method;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use tokio::net::TcpListener;

/// 2026-11-23T12:00:00Z
pub const START: i64 = 1_795_435_200_000;

/// A practice API of its own for each test, with a clock that stands still.
pub struct Api {
    pub cloud: Cloud,
    pub clock: Clock,
    pub faults: Faults,
    client: reqwest::Client,
    server: HttpServer,
}

/// Status, headers and body of an answer.
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Reply {
    #[track_caller]
    pub fn result(self) -> Value {
        assert_eq!(self.body["success"], json!(true), "{}", self.body);
        assert_eq!(self.status / 100, 2, "{}", self.body);
        assert_eq!(self.body["errors"], json!([]));
        self.body["result"].clone()
    }

    /// HTTP status and the code of the first error, after a look at the rest of the envelope.
    #[track_caller]
    pub fn refusal(&self) -> (u16, u64) {
        assert_eq!(self.body["success"], json!(false), "{}", self.body);
        assert_eq!(self.body["result"], Value::Null);
        (self.status, self.body["errors"][0]["code"].as_u64().expect("errors have a code"))
    }

    pub fn message(&self) -> &str {
        self.body["errors"][0]["message"].as_str().expect("errors have a text")
    }
}

impl Api {
    pub async fn start() -> Self {
        let clock = Clock::held_at(START);
        let cloud = Cloud::new(clock.clone());
        let faults = Faults::default();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let server =
            http::serve(listener, Service::Cloudflare, faults.clone(), cloud.router()).expect("an address");
        Self { cloud, clock, faults, client: reqwest::Client::new(), server }
    }

    /// With a fresh connection for each call, so that a dropped one is never taken for a stale one and the call
    /// sent again.
    pub async fn start_unpooled() -> Self {
        let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("a client");
        Self { client, ..Self::start().await }
    }

    pub async fn try_call(
        &self,
        method: Method,
        path: &str,
        authorization: Option<&str>,
        body: Option<String>,
    ) -> reqwest::Result<Reply> {
        let url = format!("http://{}/client/v4{path}", self.server.address);
        let mut request = self.client.request(method, url);
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        Ok(Reply { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
    }

    pub async fn call(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Reply {
        let authorization = format!("Bearer {token}");
        self.try_call(method, path, Some(&authorization), body.map(|body| body.to_string()))
            .await
            .expect("an answer")
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, PORTICO_TOKEN, None).await
    }

    pub async fn get_as(&self, token: &str, path: &str) -> Reply {
        self.call(Method::GET, path, token, None).await
    }

    /// The id of a zone, asked for by the person at the dashboard.
    pub async fn zone(&self, name: &str) -> String {
        let zones = self.get_as(BY_HAND_TOKEN, &format!("/zones?name={name}")).await.result();
        zones[0]["id"].as_str().expect("a zone").to_owned()
    }

    /// `/zones/{id of example.test}/dns_records` and what follows.
    pub async fn dns(&self, method: Method, rest: &str, body: Option<Value>) -> Reply {
        let zone = self.zone("example.test").await;
        self.call(method, &format!("/zones/{zone}/dns_records{rest}"), PORTICO_TOKEN, body).await
    }

    /// `/accounts/{id}` and what follows, as Portico.
    pub async fn account(&self, method: Method, rest: &str, body: Option<Value>) -> Reply {
        self.call(method, &format!("/accounts/{ACCOUNT_ID}{rest}"), PORTICO_TOKEN, body).await
    }

    pub async fn create(&self, body: Value) -> Reply {
        self.dns(Method::POST, "", Some(body)).await
    }

    /// Creates a record that must be accepted, and gives its id.
    #[track_caller]
    pub fn made(reply: Reply) -> String {
        reply.result()["id"].as_str().expect("an id").to_owned()
    }
}
