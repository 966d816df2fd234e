//! A practice homelab for one story, engines over it, and its end state as practice itself sees it.

use portico_api::{ConnectRequest, Endpoints, Engine, LoginMethod, Options, Pace, SecretStore};
use portico_domain::catalogue::ECHO_IMAGE;
use portico_domain::change::{Change, Plan};
use portico_domain::cluster::{self, ClusterDocument};
use portico_domain::credential::Secret;
use portico_domain::dns::Hostname;
use portico_domain::exposure::{Backend, Exposure, Reach, Tls};
use portico_domain::problem::{Code, Problem};
use portico_domain::run::{Run, RunState, StepState};
use portico_domain::step::Verdict;
use portico_practice::clock::Clock;
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
    /// By how much Portico's clock is ahead of practice's, ms.
    pub ahead: i64,
    folder: TempDir,
}

impl Story {
    /// The default homelab of six machines.
    pub async fn start() -> Self {
        Self::of(homelab::default_machines()).await
    }

    /// `pi-1` to `pi-{count}`, all of them fit as they are.
    pub async fn of_pis(count: usize) -> Self {
        Self::of((1..=count).map(|number| homelab::raspberry_pi(&format!("pi-{number}"), 5)).collect()).await
    }

    pub async fn of(machines: Vec<Machine>) -> Self {
        Self::by(Clock::default(), machines).await
    }

    /// The same, where practice and Portico live by this clock.
    pub async fn by(clock: Clock, machines: Vec<Machine>) -> Self {
        Self::within(tempfile::tempdir().expect("a temporary folder"), machines, false, clock).await
    }

    /// The same, and what becomes of it is kept for [`Story::again`].
    pub async fn kept(machines: Vec<Machine>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::within(folder, machines, true, Clock::default()).await
    }

    /// The homelab ends, and starts from what it kept.
    pub async fn again(self) -> Self {
        let Self { practice, folder, .. } = self;
        drop(practice);
        Self::within(folder, Vec::new(), true, Clock::default()).await
    }

    /// The document that the homelab kept.
    pub fn document_kept(&self) -> Value {
        let text = std::fs::read(self.path("homelab.json")).expect("it is kept");
        serde_json::from_slice(&text).expect("it is whole")
    }

    async fn within(folder: TempDir, machines: Vec<Machine>, keep: bool, clock: Clock) -> Self {
        let homelab = homelab::Options { machines, clock, ..homelab::Options::default() };
        let keep = keep.then(|| folder.path().join("homelab.json"));
        // A small binary: what is shown here is what is copied when, not how fast.
        let options = PracticeOptions { homelab, binary_size: 64 << 10, keep };
        let practice = Practice::start(options).await.expect("practice starts");
        // Somebody's K3s that runs already starts with the homelab; stories begin once it is up.
        let up = |machine: &Machine| machine.k3s.as_ref().is_none_or(|k3s| k3s.cluster.is_some());
        practice.homelab.until(|state| state.machines.iter().all(up)).await;
        std::fs::write(folder.path().join("endpoints.json"), practice.endpoints().to_string())
            .expect("the endpoints are written");
        Self { practice, ahead: 0, folder }
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
        self.open(self.data(), token).await
    }

    /// An engine over a copy of this story's data, so that one cluster can serve many beginnings.
    pub async fn engine_on(&self, copy: &str) -> Engine {
        let folder = self.path(copy);
        portico_tests::copy_data(&self.data(), &folder).await;
        self.open(folder, PORTICO_TOKEN).await
    }

    async fn open(&self, data: PathBuf, token: &str) -> Engine {
        let endpoints: Endpoints = serde_json::from_value(self.practice.endpoints()).expect("endpoints");
        let secrets = SecretStore::in_memory();
        let clock = self.practice.homelab.clock.clone();
        let ahead = self.ahead;
        let clock = Arc::new(move || clock.now() + ahead);
        let options = Options { endpoints, data, secrets, clock, pace: Pace::default() };
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
    pub async fn connect(&self, engine: &Engine, machines: &[impl AsRef<str>]) {
        for machine in machines.iter().map(AsRef::as_ref) {
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
    pub fn yaml(&self, servers: usize, machines: &[impl AsRef<str>]) -> String {
        let mut text = String::from("version: 1\nname: home\nk3s: { version: v1.34.4+k3s1 }\nmachines:\n");
        for (index, machine) in machines.iter().map(AsRef::as_ref).enumerate() {
            let role = if index < servers { "server" } else { "agent" };
            let (address, user) = (self.address(machine), self.user(machine));
            text.push_str(&format!(
                "  - {{ name: {machine}, address: {address}, role: {role}, user: {user} }}\n"
            ));
        }
        text
    }

    pub fn document(&self, servers: usize, machines: &[impl AsRef<str>]) -> ClusterDocument {
        cluster::parse(&self.yaml(servers, machines)).expect("the document is right")
    }

    pub fn build(&self, servers: usize, machines: &[impl AsRef<str>]) -> Change {
        Change::BuildCluster { document: self.document(servers, machines) }
    }

    /// Connects to the machines and builds the cluster.
    pub async fn built(&self, servers: usize, machines: &[impl AsRef<str>]) -> Engine {
        let engine = self.engine().await;
        self.connect(&engine, machines).await;
        done(&apply(&engine, self.build(servers, machines)).await);
        engine
    }

    /// The clusters that these machines are in, by number; the one in the attic is somebody else's.
    pub fn clusters_of(&self, machines: &[impl AsRef<str>]) -> BTreeSet<usize> {
        self.practice.homelab.read(|state| {
            let k3s = machines.iter().filter_map(|name| state.machine(name.as_ref())?.k3s.as_ref()?.cluster);
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

    /// The contents of the records of a name, sorted.
    pub fn addresses_of(&self, name: &str) -> Vec<String> {
        let records = self.practice.cloud.records(ZONE).into_iter();
        let mut found: Vec<_> =
            records.filter(|record| record.name == name).map(|record| record.content).collect();
        found.sort();
        found
    }

    /// Makes an A record through Cloudflare's API, as somebody else's client would.
    pub async fn make_record(&self, token: &str, name: &str, address: &str) {
        let base = self.practice.cloudflare();
        let client = reqwest::Client::new();
        let call = |request: reqwest::RequestBuilder| async {
            let answer = request.bearer_auth(token).send().await.expect("an answer");
            serde_json::from_str::<Value>(&answer.text().await.expect("a text")).expect("JSON")
        };
        let zones = call(client.get(format!("{base}/zones?name={ZONE}"))).await;
        let zone = zones["result"][0]["id"].as_str().expect("the zone");
        let record = json!({"type": "A", "name": name, "content": address, "ttl": 300, "proxied": false});
        let made = call(
            client
                .post(format!("{base}/zones/{zone}/dns_records"))
                .header("content-type", "application/json")
                .body(record.to_string()),
        )
        .await;
        assert_eq!(made["success"], true, "{made}");
    }

    /// The names of all machines.
    pub fn names(&self) -> Vec<String> {
        self.practice
            .homelab
            .read(|state| state.machines.iter().map(|machine| machine.name.clone()).collect())
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
    exposed(echo(hostname, Reach::Lan))
}

pub fn exposed(exposure: Exposure) -> Change {
    Change::Expose { exposure, adopt: false, accept_retired: true }
}

pub fn echo(hostname: &str, reach: Reach) -> Exposure {
    let hostname = Hostname::parse(hostname).expect("a hostname");
    let backend = Backend::Echo { image: ECHO_IMAGE.to_owned() };
    Exposure { name: "echo".into(), hostname, reach, tls: Tls::Terminated, access: Vec::new(), backend }
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
    // A machine that was restarting when Portico was killed refuses connections until it is back.
    let restarting = |problem: &Problem| problem.code == Code::ConnectionRefused;
    until("the run can be continued", async || match engine.resume(run).await {
        Ok(next) => {
            let run = ended(engine, &next.id).await;
            (!run.steps.iter().filter_map(|step| step.problem.as_ref()).any(restarting)).then_some(run)
        }
        Err(problem) if restarting(&problem) => None,
        Err(problem) => panic!("the run can be continued: {problem}"),
    })
    .await
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
