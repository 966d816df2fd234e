//! One practice homelab with the whole stack, on which thousands of cases begin from the same state.
//!
//! Each case gets a copy of Portico's data and an account that was put back, with a fresh token. Others live here, too:
//! records, routes, an Access application and objects that somebody made by hand and that nobody may touch.

use super::hand::{Hand, ZONE};
use super::process::{Outcome, Process};
use portico_api::{Endpoints, Options, SecretStore, system_clock};
use portico_domain::change::Change;
use portico_domain::cluster;
use portico_domain::credential::{Credential, CredentialKind, Secret};
use portico_domain::problem::Code;
use portico_domain::stack::{Acme, Authority, Pin, Stack, StackComponent};
use portico_engine::{ConnectRequest, LoginMethod, Pace};
use portico_practice::cloudflare::{CLUSTER_TOKEN, ENOUGH, Kept, Scope, Token, TokenKind, TokenStatus};
use portico_practice::homelab;
use portico_practice::kube::{Key, Store};
use portico_practice::{Practice, PracticeOptions};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;

pub const CLUSTER: &str = "home";
pub const TUNNEL: &str = "portico-home";
const MACHINES: [&str; 3] = ["pi-1", "pi-2", "pi-3"];

/// Waiting is so many times shorter than in the world: a list that is stale for a minute is so for three seconds.
pub const HURRY: u32 = 20;

pub struct Field {
    pub practice: Practice,
    pub hand: Hand,
    pub by_hand: Vec<(Key, Value)>,
    pub pace: Pace,
    folder: TempDir,
    kept: Kept,
    copies: AtomicU32,
}

pub fn stack() -> Stack {
    let acme = Acme { email: "me@example.test".into(), authority: Authority::Staging };
    let components =
        [StackComponent::SealedSecrets, StackComponent::CertManager, StackComponent::Cloudflared];
    Stack {
        retired_accepted: true,
        components: components.into_iter().map(|component| (component, Pin::default())).collect(),
        acme: Some(acme),
        tunnel: Some(TUNNEL.into()),
        ..Stack::default()
    }
}

impl Field {
    pub async fn build() -> Self {
        let quick = homelab::Pace {
            service_start: Duration::from_millis(50),
            reboot: Duration::from_millis(50),
            node_ready: Duration::from_millis(20),
            node_lost: Duration::from_millis(400),
            pod_start: Duration::from_millis(5),
            chart: Duration::from_millis(20),
        };
        let machines = MACHINES.map(|name| homelab::raspberry_pi(name, 5)).to_vec();
        let homelab = homelab::Options { machines, pace: quick, ..homelab::Options::default() };
        let practice = Practice::start(PracticeOptions { homelab, binary_size: 16 << 10, keep: None });
        let practice = practice.await.expect("practice starts");
        let hand = Hand::at(&practice).await;
        let kept = practice.cloud.keep();
        let folder = tempfile::tempdir().expect("a folder");
        let mut field = Self {
            practice,
            hand,
            by_hand: Vec::new(),
            pace: Pace::default(),
            folder,
            kept,
            copies: AtomicU32::new(0),
        };
        field.set_up().await;
        field.pace = Pace::hurried(HURRY);
        field
    }

    async fn set_up(&mut self) {
        let process = self.open(self.base()).await;
        self.connect(&process).await;
        let document = cluster::parse(&self.document()).expect("a document");
        for change in [Change::BuildCluster { document }, Change::SetUpStack { stack: stack() }] {
            // On a busy computer a wait may end too early; the same change goes on where it stopped.
            let mut outcome = process.try_change(&change).await.expect("nobody kills it");
            for _ in 0..3 {
                if outcome.is_done() {
                    break;
                }
                outcome = process.try_change(&change).await.expect("nobody kills it");
            }
            assert!(outcome.is_done(), "{change:?}: {:?}", outcome.problems());
        }
        self.others().await;
        drop(process);
        self.kept = self.practice.cloud.keep();
        self.clean();
    }

    /// What is there already and is nobody's business but its maker's.
    async fn others(&mut self) {
        self.hand
            .change_rules(TUNNEL, |rules| {
                let catch_all = json!({"service": "http_status:503"});
                *rules = vec![
                    json!({"hostname": "blog.example.test", "service": "http://nas:80",
                        "originRequest": {"connectTimeout": 7}}),
                    json!({"hostname": "wiki.example.test", "path": "^/old", "service": "http://nas:81"}),
                    json!({"hostname": "*.example.test", "service": "http://nas:82"}),
                    catch_all,
                ];
            })
            .await;
        self.hand.make_app("crm.example.test").await.expect("an application");
        let store = self.store();
        for (resource, object) in by_hand() {
            let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let key = Key::namespaced(resource, text("/metadata/namespace"), text("/metadata/name"));
            store.put(&key, object, "kubectl");
            self.by_hand.push((key, Value::Null));
        }
        // Defaults and addresses are filled in by the cluster.
        tokio::time::sleep(Duration::from_millis(200)).await;
        for (key, value) in &mut self.by_hand {
            *value = meant(&store.get(key).expect("it was made"));
        }
    }

    fn base(&self) -> PathBuf {
        self.folder.path().join("base")
    }

    /// The objects of the cluster.
    pub fn store(&self) -> Arc<Store> {
        self.practice.homelab.read(|state| state.clusters[0].store.clone())
    }

    /// Portico over a folder, with a token that no window has counted yet.
    pub async fn open(&self, data: PathBuf) -> Process {
        let number = self.copies.fetch_add(1, Ordering::Relaxed);
        let secret = format!("cfut_trust{number:038}");
        self.practice.cloud.add_token(token(number, &secret));
        let secrets = SecretStore::in_memory();
        for (kind, text) in [
            (CredentialKind::CloudflareToken, secret.as_str()),
            (CredentialKind::ClusterToken, CLUSTER_TOKEN),
        ] {
            let credential = Credential::new(kind, "default");
            secrets.set(&credential, Secret::new(text.to_owned())).await.expect("it is kept");
        }
        let endpoints: Endpoints = serde_json::from_value(self.practice.endpoints()).expect("endpoints");
        let options = Options { endpoints, data, secrets, clock: system_clock(), pace: self.pace };
        Process::open(options).await.expect("the engine opens")
    }

    /// A copy of a folder of Portico's.
    pub async fn copy_of(&self, data: &Path) -> PathBuf {
        let number = self.copies.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.path().join(format!("copy-{number}"));
        crate::copy_data(data, &folder).await;
        folder
    }

    pub async fn begin(&self) -> Process {
        self.open(self.copy_of(&self.base()).await).await
    }

    /// Everything back as it was, but for the stack itself.
    pub fn clean(&self) {
        self.practice.faults.clear();
        self.practice.faults.let_go();
        self.practice.faults.forget_calls();
        self.practice.cloud.put_back(&self.kept);
        let store = self.store();
        for resource in [
            "ingresses.networking.k8s.io",
            "deployments.apps",
            "services",
            "configmaps",
            "certificates.cert-manager.io",
        ] {
            for namespace in ["apps", "vault"] {
                for object in store.list(resource, Some(namespace)).0 {
                    let name = object["metadata"]["name"].as_str().unwrap_or_default();
                    let key = Key::namespaced(resource, namespace, name);
                    if self.by_hand.iter().all(|(theirs, _)| *theirs != key) {
                        store.remove(&key);
                    }
                }
            }
        }
        let copies = std::fs::read_dir(self.folder.path()).into_iter().flatten().flatten();
        for entry in copies.filter(|entry| entry.file_name().to_string_lossy().starts_with("copy-")) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }

    /// Brings the stack back after a case that changed it; false where that cannot be done.
    pub async fn mend(&self) -> bool {
        let process = self.begin().await;
        let change = Change::SetUpStack { stack: stack() };
        for _ in 0..3 {
            if matches!(process.try_change(&change).await, Ok(Outcome::Nothing)) {
                return true;
            }
        }
        false
    }

    fn document(&self) -> String {
        let mut text = String::from("version: 1\nname: home\nk3s: { version: v1.34.4+k3s1 }\nmachines:\n");
        for (index, name) in MACHINES.iter().enumerate() {
            let role = if index == 0 { "server" } else { "agent" };
            let address = self.address(name);
            text.push_str(&format!("  - {{ name: {name}, address: {address}, role: {role}, user: pi }}\n"));
        }
        text
    }

    fn address(&self, machine: &str) -> String {
        self.practice.homelab.read(|state| state.machine(machine).expect("it exists").address.to_string())
    }

    /// Where LAN names lead.
    pub fn workers(&self) -> Vec<String> {
        MACHINES[1..].iter().map(|name| self.address(name)).collect()
    }

    async fn connect(&self, process: &Process) {
        let key = self.practice.describe()["machines"][0]["keyFile"].as_str().expect("a key").to_owned();
        for machine in MACHINES {
            let request = |address: String, accept| ConnectRequest {
                address,
                port: None,
                user: Some("pi".into()),
                method: LoginMethod::KeyFile { path: key.clone() },
                password: None,
                passphrase: None,
                accept,
                remember: false,
            };
            let (first, second) = (request(self.address(machine), None), self.address(machine));
            let shown = process.with(|engine| async move { engine.connect(first).await.err() }).await;
            let unknown = shown.expect("nobody kills it").expect("no key is accepted unseen");
            assert_eq!(unknown.code, Code::HostKeyUnknown, "{unknown}");
            let accepted = request(second, unknown.args.get("fingerprint").cloned());
            let connected = process.with(|engine| async move { engine.connect(accepted).await }).await;
            connected.expect("nobody kills it").expect("the accepted machine lets us in");
        }
    }
}

fn token(number: u32, secret: &str) -> Token {
    Token {
        id: format!("{number:032x}"),
        name: "portico".into(),
        secret: secret.into(),
        kind: TokenKind::User,
        status: TokenStatus::Active,
        permissions: ENOUGH.to_vec(),
        scope: Scope::AllZones,
    }
}

/// What its maker wrote; the cluster's own words on it are left out.
pub fn meant(object: &Value) -> Value {
    let mut object = object.clone();
    object["status"] = Value::Null;
    for field in ["managedFields", "resourceVersion", "generation"] {
        object["metadata"][field] = Value::Null;
    }
    if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
        annotations.retain(|key, _| !key.starts_with("deployment.kubernetes.io/"));
    }
    object
}

/// An app that speaks TLS itself, and things beside Portico's own.
fn by_hand() -> Vec<(&'static str, Value)> {
    let labels = json!({"app": "vault"});
    let container = json!({"name": "server", "image": "quay.io/argoproj/argocd:v3.1.0",
        "ports": [{"containerPort": 8080}]});
    vec![
        ("namespaces", json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "vault"}})),
        ("namespaces", json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "apps"}})),
        (
            "deployments.apps",
            json!({"apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": "vault", "namespace": "vault"},
                "spec": {"replicas": 1, "selector": {"matchLabels": labels},
                    "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}}}),
        ),
        (
            "services",
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "vault", "namespace": "vault"},
                "spec": {"selector": labels, "ports": [{"port": 443, "targetPort": 8080}]}}),
        ),
        (
            "configmaps",
            json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"mine": "yes"},
                "metadata": {"name": "by-hand", "namespace": "apps"}}),
        ),
        (
            "ingresses.networking.k8s.io",
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
                "metadata": {"name": "by-hand", "namespace": "apps"},
                "spec": {"ingressClassName": "nginx", "rules": [{"host": format!("shop.{ZONE}"), "http": {"paths": [
                    {"path": "/", "pathType": "Prefix",
                        "backend": {"service": {"name": "shop", "port": {"number": 80}}}}]}}]}}),
        ),
    ]
}
