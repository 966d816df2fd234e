//! A genuine API server over a genuine etcd, on loopback and free ports, and what a large homelab has in it.
//!
//! Both are components of the ground's stand-in, started by themselves: no node, no controller. What controllers would
//! make, EndpointSlices and the status of pods, is written as they write it.

use crate::Failure;
use futures::{StreamExt, TryStreamExt};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub const NAMESPACES: usize = 50;
pub const SERVICES: usize = 2_000;
pub const ENDPOINTS: usize = 5_000;
const NODES: usize = 40;
/// Requests at once while it is filled.
const AT_ONCE: usize = 24;
const TOKEN: &str = "bench";

pub struct Server {
    children: Vec<Child>,
    folder: tempfile::TempDir,
    pub http: Client,
    pub base: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            _ = child.kill();
            _ = child.wait();
        }
    }
}

fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

pub fn namespace(n: usize) -> String {
    format!("team-{:02}", n % NAMESPACES)
}

pub fn service(n: usize) -> String {
    format!("service-{n:04}")
}

impl Server {
    pub async fn start() -> Result<Self, Failure> {
        let k3s = PathBuf::from(std::env::var("PORTICO_STANDIN")?).join("k3s");
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name).display().to_string();
        let (etcd, peer, api) = (free_port()?, free_port()?, free_port()?);
        let mut children = Vec::new();
        let mut start = |component: &str, arguments: Vec<String>| -> Result<(), Failure> {
            let log = std::fs::File::create(at(component))?;
            let mut command = Command::new(&k3s);
            command.arg(component).args(arguments).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
            children.push(command.spawn()?);
            Ok(())
        };
        start(
            "etcd",
            vec![
                format!("--data-dir={}", at("data")),
                "--unsafe-no-fsync".into(),
                "--log-level=warn".into(),
                "--quota-backend-bytes=4294967296".into(),
                format!("--listen-client-urls=http://127.0.0.1:{etcd}"),
                format!("--advertise-client-urls=http://127.0.0.1:{etcd}"),
                format!("--listen-peer-urls=http://127.0.0.1:{peer}"),
                format!("--initial-advertise-peer-urls=http://127.0.0.1:{peer}"),
                format!("--initial-cluster=default=http://127.0.0.1:{peer}"),
            ],
        )?;
        let key = Command::new("openssl").args(["genrsa", "-out", &at("key"), "2048"]).output()?;
        if !key.status.success() {
            return Err("openssl makes no key".into());
        }
        std::fs::write(at("tokens"), format!("{TOKEN},bench,1,system:masters\n"))?;
        start(
            "kube-apiserver",
            vec![
                format!("--etcd-servers=http://127.0.0.1:{etcd}"),
                format!("--secure-port={api}"),
                "--bind-address=127.0.0.1".into(),
                // Loopback is refused as an endpoint of the API itself.
                "--advertise-address=192.0.2.1".into(),
                format!("--cert-dir={}", at("certificates")),
                format!("--token-auth-file={}", at("tokens")),
                "--authorization-mode=AlwaysAllow".into(),
                "--service-cluster-ip-range=10.96.0.0/16".into(),
                "--service-account-issuer=https://bench.test".into(),
                format!("--service-account-key-file={}", at("key")),
                format!("--service-account-signing-key-file={}", at("key")),
                "--disable-admission-plugins=ServiceAccount".into(),
                "--max-requests-inflight=2000".into(),
                "--max-mutating-requests-inflight=2000".into(),
            ],
        )?;
        // Its certificate is of its own making.
        let http = Client::builder().danger_accept_invalid_certs(true).build()?;
        let server = Self { children, folder, http, base: format!("https://127.0.0.1:{api}") };
        let began = Instant::now();
        while server.call(Method::GET, "/readyz", None).await.is_err() {
            if began.elapsed() > Duration::from_secs(120) {
                let log = std::fs::read_to_string(server.folder.path().join("kube-apiserver"))?;
                return Err(format!("the API server does not come up:\n{log}").into());
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        Ok(server)
    }

    /// A kubeconfig that leads to this address.
    pub fn kubeconfig(&self, server: &str) -> String {
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "bench",
            "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
            "clusters": [{"name": "bench", "cluster": {"server": server, "insecure-skip-tls-verify": true}}],
            "users": [{"name": "bench", "user": {"token": TOKEN}}],
        })
        .to_string()
    }

    /// The same, as a file.
    pub fn kubeconfig_file(&self) -> Result<PathBuf, Failure> {
        let path = self.folder.path().join("kubeconfig");
        std::fs::write(&path, self.kubeconfig(&self.base))?;
        Ok(path)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// An answer whose body is still to come.
    pub async fn open(&self, path: &str) -> Result<reqwest::Response, Failure> {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(TOKEN);
        Ok(request.send().await?.error_for_status()?)
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let mut request =
            self.http.request(method.clone(), format!("{}{path}", self.base)).bearer_auth(TOKEN);
        if let Some(body) = body {
            let kind =
                if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
            request = request.header("content-type", kind).body(body.to_string());
        }
        let response = request.send().await?;
        let (status, text) = (response.status(), response.text().await?);
        if !status.is_success() {
            return Err(format!("{method} {path}: {status} {text}").into());
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    async fn each(
        &self,
        count: usize,
        make: impl AsyncFn(usize) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        futures::stream::iter(0..count).map(|n| make(n)).buffer_unordered(AT_ONCE).try_collect::<()>().await
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.call(Method::POST, path, Some(&body)).await
    }

    /// Everything but the pods.
    pub async fn fill(&self) -> Result<(), Failure> {
        self.each(NAMESPACES, async |n| {
            let body = json!({"metadata": {"name": namespace(n)}});
            self.post("/api/v1/namespaces", body).await.map(drop)
        })
        .await?;
        self.each(NODES, async |n| {
            let name = format!("node-{n:02}");
            let body = json!({"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}});
            self.post("/api/v1/nodes", body).await?;
            let status = json!({"status": {
                "addresses": [{"type": "InternalIP", "address": format!("10.1.0.{}", n + 1)}],
                "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady",
                    "lastHeartbeatTime": null, "lastTransitionTime": null, "message": "kubelet is posting ready status"}],
            }});
            self.call(Method::PATCH, &format!("/api/v1/nodes/{name}/status"), Some(&status)).await.map(drop)
        })
        .await?;
        self.each(SERVICES, async |n| {
            let (namespace, name) = (namespace(n), service(n));
            let body = json!({
                "metadata": {"name": name, "labels": {"app.kubernetes.io/name": name}},
                "spec": {"selector": {"app": name}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
            });
            self.post(&format!("/api/v1/namespaces/{namespace}/services"), body).await?;
            self.post(&slices(n), slice(n, "0")).await.map(drop)
        })
        .await
    }

    pub async fn pods(&self, count: usize) -> Result<(), Failure> {
        self.each(count, async |n| {
            let path = format!("/api/v1/namespaces/{}/pods", namespace(n));
            let mut pod = self.post(&path, pod(n)).await?;
            pod["status"] = status(n);
            let name = pod["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            self.call(Method::PUT, &format!("{path}/{name}/status"), Some(&pod)).await.map(drop)
        })
        .await
    }
}

/// Where the slices of the `n`th Service are.
pub fn slices(n: usize) -> String {
    format!("/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices", namespace(n))
}

/// The endpoints of the `n`th Service: two or three; `word` is the name of the first one's pod.
pub fn slice(n: usize, word: &str) -> Value {
    let many = ENDPOINTS / SERVICES + usize::from(n.is_multiple_of(2) && !ENDPOINTS.is_multiple_of(SERVICES));
    let endpoints = (0..many).map(|at| {
        let pod = if at == 0 { word.to_owned() } else { format!("{}-{at}", service(n)) };
        json!({
            "addresses": [format!("10.42.{}.{}", n % 250, at + 2)],
            "conditions": {"ready": true, "serving": true, "terminating": false},
            "nodeName": format!("node-{:02}", (n + at) % NODES),
            "targetRef": {"kind": "Pod", "namespace": namespace(n), "name": pod},
        })
    });
    json!({
        "metadata": {
            "name": service(n),
            "labels": {
                "kubernetes.io/service-name": service(n),
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            },
        },
        "addressType": "IPv4",
        "endpoints": endpoints.collect::<Vec<_>>(),
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
    })
}

/// As a chart makes them: two containers with environment, probes, mounts; 8 to 10 KB once its status is there.
fn pod(n: usize) -> Value {
    let app = service(n % SERVICES);
    let environment = |at: usize| json!({"name": format!("SETTING_{at:02}"), "value": format!("postgres://database.{}.svc.cluster.local:5432/{app}", namespace(n))});
    let from_field = |name: &str, path: &str| json!({"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}});
    let mut variables: Vec<Value> = (0..12).map(environment).collect();
    variables.extend([from_field("POD_NAME", "metadata.name"), from_field("POD_IP", "status.podIP")]);
    let probe = json!({"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "initialDelaySeconds": 5,
        "timeoutSeconds": 2, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3});
    let container = |name: &str| {
        json!({
            "name": name, "image": format!("registry.example.test/teams/{app}/{name}:v1.{}.3", n % 9),
            "env": variables, "livenessProbe": probe, "readinessProbe": probe,
            "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
            "resources": {"limits": {"cpu": "500m", "memory": "512Mi"}, "requests": {"cpu": "50m", "memory": "128Mi"}},
            "volumeMounts": [{"name": "settings", "mountPath": "/etc/app", "readOnly": true}, {"name": "data", "mountPath": "/data"}],
            "securityContext": {"runAsNonRoot": true, "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
        })
    };
    json!({
        "metadata": {
            "name": format!("{app}-{:08x}-{:05x}", n.wrapping_mul(2_654_435_761) & 0xffff_ffff, n),
            "labels": {"app": app, "app.kubernetes.io/name": app, "app.kubernetes.io/managed-by": "Helm", "pod-template-hash": format!("{n:08x}")},
            "annotations": {"checksum/config": format!("{:064x}", n), "prometheus.io/scrape": "true", "prometheus.io/port": "8080"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{app}-{n:08x}"),
                "uid": format!("00000000-0000-4000-8000-{n:012x}"), "controller": true, "blockOwnerDeletion": true}],
        },
        "spec": {
            "nodeName": format!("node-{:02}", n % NODES),
            "containers": [container("app"), container("proxy")],
            "volumes": [{"name": "settings", "configMap": {"name": format!("{app}-settings")}}, {"name": "data", "emptyDir": {}}],
        },
    })
}

/// One in fifty waits for its image.
fn status(n: usize) -> Value {
    let well = !n.is_multiple_of(50);
    let word = if well { "True" } else { "False" };
    let at = "2026-01-01T00:00:00Z";
    let condition =
        |kind: &str| json!({"type": kind, "status": word, "lastProbeTime": null, "lastTransitionTime": at});
    let state = if well {
        json!({"running": {"startedAt": at}})
    } else {
        json!({"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}})
    };
    let container = |name: &str| {
        json!({"name": name, "image": format!("registry.example.test/{name}:v1"), "ready": well, "started": well, "restartCount": n % 3,
            "imageID": format!("registry.example.test/{name}@sha256:{n:064x}"), "containerID": format!("containerd://{n:064x}"), "state": state})
    };
    let ip = format!("10.42.{}.{}", n % 250, n / 250 % 250 + 2);
    let conditions = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]
        .map(condition);
    json!({
        "phase": if well { "Running" } else { "Pending" }, "hostIP": "10.1.0.2", "podIP": ip, "podIPs": [{"ip": ip}], "startTime": at, "qosClass": "Burstable",
        "conditions": conditions,
        "containerStatuses": [container("app"), container("proxy")],
    })
}
