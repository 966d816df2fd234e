//! A Kubernetes API over plain HTTP with the certificate of a kubeconfig, for tests that look at what really comes back.
//!
//! Nothing is retried, decoded or typed here; those who wait ask again themselves.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Certificate, Client, Identity, Method};
use serde_json::Value;
use std::time::{Duration, Instant};

pub const JSON: &str = "application/json";
pub const MERGE: &str = "application/merge-patch+json";
pub const JSON_PATCH: &str = "application/json-patch+json";
pub const STRATEGIC: &str = "application/strategic-merge-patch+json";
pub const APPLY: &str = "application/apply-patch+yaml";

/// Longer than any controller needs.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Api {
    base: String,
    client: Client,
    stranger: Client,
}

/// What came back, and for what.
pub struct Answer {
    pub status: u16,
    pub body: Value,
    asked: String,
}

impl Answer {
    /// The body of an answer with this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {:#}", self.asked, self.body);
        self.body
    }

    pub fn parts(self) -> (u16, Value) {
        (self.status, self.body)
    }

    /// The Status of a refusal whose message begins with `message`.
    #[track_caller]
    pub fn refused(self, code: u16, reason: &str, message: &str) -> Value {
        let body = &self.body;
        let found = (self.status, body["reason"].as_str().unwrap_or_default());
        assert_eq!(found, (code, reason), "{}: {body:#}", self.asked);
        assert_eq!(
            (&body["kind"], &body["status"], body["code"].as_u64()),
            (&"Status".into(), &"Failure".into(), Some(code.into())),
            "{}",
            self.asked
        );
        let said = body["message"].as_str().unwrap_or_default();
        assert!(said.starts_with(message), "{}: {said:?} does not begin with {message:?}", self.asked);
        self.body
    }
}

impl Api {
    /// The administrator of a kubeconfig, at the server that stands there.
    pub fn of(kubeconfig: &str) -> Api {
        let field = |name: &str| {
            let line = kubeconfig.lines().find_map(|line| line.trim().strip_prefix(name));
            line.unwrap_or_else(|| panic!("{name} is not in the kubeconfig")).trim().to_owned()
        };
        let data = |name: &str| STANDARD.decode(field(name)).expect("base64");
        let authority = Certificate::from_pem(&data("certificate-authority-data:")).expect("a certificate");
        let identity = [data("client-certificate-data:"), data("client-key-data:")].concat();
        let trusting = || Client::builder().tls_certs_only([authority.clone()]);
        let identity = Identity::from_pem(&identity).expect("a certificate and its key");
        Api {
            base: field("server:"),
            client: trusting().identity(identity).build().expect("a client"),
            stranger: trusting().build().expect("a client"),
        }
    }

    pub async fn send(&self, method: Method, path: &str, kind: &str, body: &Value) -> Answer {
        let asked = format!("{method} {path}");
        let mut request =
            self.client.request(method, format!("{}{path}", self.base)).header("content-type", kind);
        if !body.is_null() {
            request = request.body(body.to_string());
        }
        answer(request, asked).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, JSON, &Value::Null).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, JSON, body).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, JSON, body).await
    }

    pub async fn merge(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, MERGE, body).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, JSON, &Value::Null).await
    }

    pub async fn apply(&self, path: &str, manager: &str, force: bool, body: &Value) -> Answer {
        let path = format!("{path}?fieldManager={manager}&force={force}");
        self.send(Method::PATCH, &path, APPLY, body).await
    }

    /// The same server, asked by somebody without a certificate.
    pub async fn without_certificate(&self, path: &str) -> Answer {
        answer(self.stranger.get(format!("{}{path}", self.base)), format!("GET {path} by a stranger")).await
    }

    pub async fn until(&self, path: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let (status, body) = self.get(path).await.parts();
            if status == 200 && condition(&body) {
                return body;
            }
            assert!(Instant::now() < end, "{path} never came to it: {status} {body:#}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn gone(&self, path: &str) {
        let end = Instant::now() + PATIENCE;
        while self.get(path).await.status != 404 {
            assert!(Instant::now() < end, "{path} does not go");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn answer(request: reqwest::RequestBuilder, asked: String) -> Answer {
    let response = request.send().await.unwrap_or_else(|error| panic!("{asked}: {error:?}"));
    let status = response.status().as_u16();
    let text = response.text().await.expect("a body");
    Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)), asked }
}

/// The first events of a watch, bookmarks in between left out unless they are the last of the initial ones.
pub async fn events(api: &Api, path: &str, count: usize) -> Vec<Value> {
    let mut response = api.client.get(format!("{}{path}", api.base)).send().await.expect("the watch begins");
    let (mut text, mut seen) = (String::new(), Vec::new());
    while seen.len() < count {
        let chunk = tokio::time::timeout(PATIENCE, response.chunk()).await;
        let chunk = chunk.unwrap_or_else(|_| panic!("{path}: only {seen:#?}"));
        let chunk = chunk.expect("the stream holds").unwrap_or_else(|| panic!("{path} ends after {seen:#?}"));
        text.push_str(&String::from_utf8_lossy(&chunk));
        while let Some((line, rest)) = text.split_once('\n') {
            let event: Value = serde_json::from_str(line).expect("one object a line");
            let ends = event["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"] == "true";
            if event["type"] != "BOOKMARK" || ends {
                seen.push(event);
            }
            text = rest.to_owned();
        }
    }
    seen
}

/// The names of a list's items.
pub fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().into_iter().flatten();
    items.filter_map(|item| item["metadata"]["name"].as_str()).map(str::to_owned).collect()
}
