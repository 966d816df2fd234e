//! A practice homelab for one story, engines over it, and its end state as practice itself sees it.

use portico_api::{ConnectRequest, Endpoints, Engine, LoginMethod, Options, SecretStore, system_clock};
use portico_domain::change::{Change, Plan};
use portico_domain::cluster::{self, ClusterDocument};
use portico_domain::credential::Secret;
use portico_domain::dns::Hostname;
use portico_domain::exposure::{Backend, Exposure, Reach};
use portico_domain::problem::{Code, Problem};
use portico_domain::run::{Run, RunState, StepState};
use portico_domain::step::Verdict;
use portico_practice::cloudflare::PORTICO_TOKEN;
use portico_practice::homelab::{self, Machine};
use portico_practice::kube::Store;
use portico_practice::{Practice, PracticeOptions};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

pub const ZONE: &str = "example.test";
pub const ECHO: &str = "echo.example.test";

/// No story waits longer for a run; a healthy one takes a few seconds.
const LIMIT: Duration = Duration::from_secs(90);

pub struct Story {
    pub practice: Practice,
    folder: TempDir,
}

impl Story {
    /// The default homelab of six machines.
    pub async fn start() -> Self {
        Self::of(homelab::default_machines()).await
    }

    pub async fn of(machines: Vec<Machine>) -> Self {
        let homelab = homelab::Options { machines, ..homelab::Options::default() };
        // A small binary: what is shown here is what is copied when, not how fast.
        let options = PracticeOptions { homelab, binary_size: 64 << 10 };
        let practice = Practice::start(options).await.expect("practice starts");
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("endpoints.json"), practice.endpoints().to_string())
            .expect("the endpoints are written");
        Self { practice, folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// An engine over this story's data, as a new process of Portico would open it.
    pub async fn engine(&self) -> Engine {
        self.engine_with(PORTICO_TOKEN).await
    }

    pub async fn engine_with(&self, token: &str) -> Engine {
        let endpoints: Endpoints = serde_json::from_value(self.practice.endpoints()).expect("endpoints");
        let options = Options {
            endpoints,
            data: self.data(),
            secrets: SecretStore::in_memory(),
            clock: system_clock(),
        };
        let engine = Engine::open(options).await.expect("the engine opens");
        engine.use_cloudflare_token(Secret::new(token.to_owned())).await.expect("a token can be given");
        engine
    }

    pub fn key_file(&self) -> String {
        self.practice.describe()["machines"][0]["keyFile"].as_str().expect("a key file").to_owned()
    }

    pub fn address(&self, machine: &str) -> String {
        self.practice.homelab.read(|state| state.machine(machine).expect("the machine").address.to_string())
    }

    fn user(&self, machine: &str) -> String {
        self.practice.homelab.read(|state| state.machine(machine).expect("the machine").users[0].name.clone())
    }

    /// First contact by key, with a yes to the fingerprint that is shown.
    pub async fn connect(&self, engine: &Engine, machines: &[&str]) {
        for machine in machines {
            let request = |accept| ConnectRequest {
                address: self.address(machine),
                port: None,
                user: Some(self.user(machine)),
                method: LoginMethod::KeyFile { path: self.key_file() },
                password: None,
                passphrase: None,
                accept,
                remember: false,
            };
            let unknown = engine.connect(request(None)).await.expect_err("no key is accepted unseen");
            assert_eq!(unknown.code, Code::HostKeyUnknown, "{unknown}");
            let shown = unknown.args.get("fingerprint").cloned();
            engine.connect(request(shown)).await.expect("the accepted machine lets us in");
        }
    }

    /// The text of a document over these machines; the first `servers` of them are servers.
    pub fn yaml(&self, servers: usize, machines: &[&str]) -> String {
        let mut text = String::from("version: 1\nname: home\nk3s: { version: v1.34.4+k3s1 }\nmachines:\n");
        for (index, machine) in machines.iter().enumerate() {
            let role = if index < servers { "server" } else { "agent" };
            let (address, user) = (self.address(machine), self.user(machine));
            text.push_str(&format!(
                "  - {{ name: {machine}, address: {address}, role: {role}, user: {user} }}\n"
            ));
        }
        text
    }

    pub fn document(&self, servers: usize, machines: &[&str]) -> ClusterDocument {
        cluster::parse(&self.yaml(servers, machines)).expect("the document is right")
    }

    pub fn build(&self, servers: usize, machines: &[&str]) -> Change {
        Change::BuildCluster { document: self.document(servers, machines) }
    }

    /// Connects to the machines and builds the cluster.
    pub async fn built(&self, servers: usize, machines: &[&str]) -> Engine {
        let engine = self.engine().await;
        self.connect(&engine, machines).await;
        done(&apply(&engine, self.build(servers, machines)).await);
        engine
    }

    /// The clusters that these machines are in, by number; the one in the attic is somebody else's.
    pub fn clusters_of(&self, machines: &[&str]) -> BTreeSet<usize> {
        self.practice.homelab.read(|state| {
            let k3s = machines.iter().filter_map(|name| state.machine(name)?.k3s.as_ref()?.cluster);
            k3s.collect()
        })
    }

    /// The objects of the cluster that pi-1 founded.
    pub fn store(&self) -> Arc<Store> {
        let id = *self.clusters_of(&["pi-1"]).first().expect("pi-1 runs a cluster");
        self.practice.homelab.read(|state| state.clusters[id].store.clone())
    }

    pub fn objects(&self, resource: &str, namespace: Option<&str>) -> Vec<Arc<Value>> {
        self.store().list(resource, namespace).0
    }

    /// What stands at the end, without what differs from one homelab to the next (ports, ids, times).
    pub fn end_state(&self) -> Value {
        let machines: serde_json::Map<String, Value> = self.practice.homelab.read(|state| {
            let joined = state.machines.iter().filter_map(|machine| Some((machine, machine.k3s.as_ref()?)));
            joined
                .map(|(machine, k3s)| {
                    let files: Vec<String> =
                        machine.files.iter().map(|(path, file)| format!("{path} {:o}", file.mode)).collect();
                    let now = json!({
                        "unit": k3s.role.unit(), "state": k3s.state.word(), "node": k3s.node_name,
                        "cmdline": machine.cmdline(), "files": files,
                    });
                    (machine.name.clone(), now)
                })
                .collect()
        });
        let kinds = ["deployments.apps", "services", "ingresses.networking.k8s.io", "namespaces"];
        let objects: Vec<String> = kinds
            .iter()
            .flat_map(|kind| {
                self.objects(kind, None).into_iter().map(move |object| {
                    let meta = &object["metadata"];
                    format!("{kind} {}/{}", meta["namespace"].as_str().unwrap_or(""), meta["name"])
                })
            })
            .collect();
        let nodes: Vec<Value> = self.objects("nodes", None).iter().map(|node| node_state(node)).collect();
        json!({
            "machines": machines, "nodes": nodes, "objects": objects,
            "records": self.practice.cloud.records(ZONE).iter()
                .map(|record| format!("{} {:?} {} {:?}", record.name, record.kind, record.content, record.comment))
                .collect::<BTreeSet<_>>(),
        })
    }
}

fn node_state(node: &Value) -> Value {
    let ready = node["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True");
    json!({
        "name": node["metadata"]["name"], "labels": node["metadata"]["labels"],
        "taints": node["spec"]["taints"], "ready": ready,
        "version": node["status"]["nodeInfo"]["kubeletVersion"],
    })
}

/// The exposure of the echo app under a name, on the LAN only.
pub fn expose(hostname: &str) -> Change {
    let hostname = Hostname::parse(hostname).expect("a hostname");
    let backend = Backend::Echo { image: portico_domain::exposure::ECHO_IMAGE.to_owned() };
    Change::Expose { exposure: Exposure { name: "echo".into(), hostname, reach: Reach::Lan, backend } }
}

/// Previews and applies a change and waits for the end of its run.
pub async fn apply(engine: &Engine, change: Change) -> Run {
    try_apply(engine, change).await.expect("the change can be applied")
}

/// The same, where a refusal is an answer.
pub async fn try_apply(engine: &Engine, change: Change) -> Result<Run, Problem> {
    let plan = engine.preview(change).await?;
    let run = engine.apply(plan).await?;
    Ok(ended(engine, &run.id).await)
}

pub async fn resume(engine: &Engine, run: &str) -> Run {
    let next = engine.resume(run).await.expect("the run can be continued");
    ended(engine, &next.id).await
}

pub async fn ended(engine: &Engine, id: &str) -> Run {
    until("the run has ended", async || {
        let run = engine.run(id).await.expect("the run is known");
        (run.state != RunState::Running).then_some(run)
    })
    .await
}

/// Asks until there is an answer.
pub async fn until<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + LIMIT;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(tokio::time::Instant::now() < deadline, "{what}: not within {LIMIT:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Every step done or found true.
pub fn done(run: &Run) {
    let open: Vec<_> = run
        .steps
        .iter()
        .filter(|step| !matches!(step.state, StepState::Done | StepState::Skipped))
        .map(|step| format!("{} {:?} {:?} {:?}", step.id, step.state, step.problem, step.log))
        .collect();
    assert!(run.state == RunState::Done && open.is_empty(), "{:?}: {open:#?}", run.state);
}

/// A plan in which nothing is left to do.
pub fn nothing_needed(plan: &Plan) {
    let needed: Vec<_> = plan
        .steps
        .iter()
        .filter(|planned| planned.verdict != Verdict::Yes)
        .map(|planned| format!("{}: {:?}", planned.step.id, planned.verdict))
        .collect();
    assert!(needed.is_empty(), "{needed:#?}");
}
