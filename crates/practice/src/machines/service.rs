//! The K3s service of each machine: started after an install and after every boot, tried again as systemd would.
//!
//! An attempt checks, in K3s' own order, what makes the real program fail, and writes the lines that it would
//! write to the journal. Joining goes by address: whichever machine has the server's address is the one asked.

use super::scripts::{BINARY, CONFIG, KUBECONFIG, NODE_TOKEN, TOKEN};
use crate::homelab::{
    File, Homelab, K3s, Listening, Loaded, Machine, Role, Started, State, UnitState, sha256_hex,
};
use crate::kube::{Cluster, Founding, Settings};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Between two attempts of a service that does not come up. systemd waits 5 s; a rehearsal need not.
const RETRY: Duration = Duration::from_millis(250);
/// K3s unpacks its data before anything else.
const UNPACKED_KIB: u64 = 300 * 1024;

/// Watches all machines and starts the services that are due.
pub async fn run(homelab: Arc<Homelab>) {
    let mut attempts = JoinSet::new();
    let mut begun: BTreeMap<String, u64> = BTreeMap::new();
    let mut changes = homelab.watch();
    loop {
        let due: Vec<(String, u64)> = homelab.read(|state| {
            let due = state.machines.iter().filter(|machine| machine.answers()).filter_map(|machine| {
                let k3s = machine.k3s.as_ref().filter(|k3s| due(k3s))?;
                (begun.get(&machine.name) != Some(&k3s.generation))
                    .then(|| (machine.name.clone(), k3s.generation))
            });
            due.collect()
        });
        for (name, generation) in due {
            begun.insert(name.clone(), generation);
            attempts.spawn(keep_trying(Arc::clone(&homelab), name, generation));
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            Some(_) = attempts.join_next() => {}
        }
    }
}

fn due(k3s: &K3s) -> bool {
    k3s.state == UnitState::Activating || k3s.state == UnitState::Active && !k3s.joined
}

async fn keep_trying(homelab: Arc<Homelab>, name: String, generation: u64) {
    tokio::time::sleep(homelab.pace.service_start).await;
    loop {
        let now = homelab.clock.now();
        let again = homelab.change(|state| {
            let current = state.machine(&name).is_some_and(|machine| {
                machine.answers()
                    && machine.k3s.as_ref().is_some_and(|k3s| k3s.generation == generation && due(k3s))
            });
            current && attempt(state, &name, now).is_err()
        });
        if !again {
            return;
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Why an attempt did not end in a running K3s.
enum Failure {
    /// The program ends, and systemd starts it again.
    Fatal(String),
    /// An agent stays up and asks its server again: its unit counts as active, as units of type `exec` do.
    Waiting(String),
}

impl From<String> for Failure {
    fn from(line: String) -> Failure {
        Failure::Fatal(line)
    }
}

/// One start of the program; what it logs goes to the journal.
fn attempt(state: &mut State, name: &str, now: i64) -> Result<(), Failure> {
    let Some(machine) = state.machine(name) else { return Ok(()) };
    let Some(role) = machine.k3s.as_ref().map(|k3s| k3s.role) else { return Ok(()) };
    let unit = role.unit();
    let mut lines = Vec::new();
    let result = start(state, name, role, now, &mut lines);
    let Some(machine) = state.machine_mut(name) else { return Ok(()) };
    for line in lines {
        machine.log(now, unit, line);
    }
    match &result {
        Ok(started) => {
            machine.log(now, unit, logged("info", &format!("k3s {} is up and running", role.word())));
            let Some(k3s) = machine.k3s.as_mut() else { return Ok(()) };
            k3s.state = UnitState::Active;
            k3s.joined = true;
            k3s.failure = None;
            k3s.cluster = Some(started.cluster);
            k3s.node_name = started.node_name.clone();
            k3s.started_with = Some(started.with.clone());
        }
        Err(Failure::Fatal(line)) => {
            machine.log(now, unit, line.clone());
            if let Some(k3s) = machine.k3s.as_mut() {
                k3s.failure = Some(line.clone());
                k3s.loaded = None;
            }
        }
        Err(Failure::Waiting(line)) => {
            machine.log(now, unit, line.clone());
            if let Some(k3s) = machine.k3s.as_mut() {
                k3s.state = UnitState::Active;
                k3s.started_with = k3s.loaded.as_ref().map(|loaded| loaded.with.clone());
                k3s.failure = Some(line.clone());
            }
        }
    }
    result.map(|_| ())
}

struct Up {
    cluster: usize,
    node_name: String,
    with: Started,
}

/// The digests of what the service runs with, once both files are there.
pub fn started_with(machine: &Machine) -> Option<Started> {
    let binary = machine.files.get(BINARY)?.sha256.clone();
    let config = machine.files.get(CONFIG).map_or_else(|| sha256_hex(b""), |file| file.sha256.clone());
    let token = machine.files.get(TOKEN).map(|file| file.sha256.clone());
    Some(Started { config, binary, token })
}

fn start(
    state: &mut State,
    name: &str,
    role: Role,
    now: i64,
    lines: &mut Vec<String>,
) -> Result<Up, Failure> {
    let machine = state.machine(name).cloned().ok_or_else(|| logged("fatal", "no machine"))?;
    let binary = machine
        .files
        .get(BINARY)
        .ok_or_else(|| format!("Failed to locate executable {BINARY}: No such file or directory"))?;
    let version = binary_version(binary)
        .filter(|_| runs_on(binary, &machine.arch))
        .ok_or_else(|| format!("{BINARY}: Failed to execute {BINARY}: Exec format error"))?;
    lines.push(logged("info", &format!("Starting k3s {version} ({})", role.word())));
    if machine.free_kib() < UNPACKED_KIB {
        return fatal("extracting data: write /var/lib/rancher/k3s/data/.lock: no space left on device");
    }
    if !machine.cgroup_memory {
        lines.push(logged("error", "failed to find memory cgroup, you may need to add \"cgroup_memory=1 cgroup_enable=memory\" to your linux cmdline (/boot/cmdline.txt on a Raspberry Pi)"));
        return fatal(&format!("Error: failed to find memory cgroup (v{})", machine.cgroup_version));
    }
    let Loaded { config, token, with } = load(&machine)?;
    if let Some(k3s) = state.machine_mut(name).and_then(|machine| machine.k3s.as_mut()) {
        k3s.loaded = Some(Loaded { config: config.clone(), token: token.clone(), with: with.clone() });
    }
    let settings = parse(&config)?;
    for flag in &settings.unknown {
        lines.push(logged("warning", &format!("Unknown flag --{flag} found in config.yaml, skipping")));
    }
    free_ports(&machine, role)?;
    let node_name = settings.node_name.clone().unwrap_or_else(|| machine.name.to_lowercase());
    // A server that is a member already has its cluster on its own disk.
    let own = machine.k3s.as_ref().and_then(|k3s| k3s.cluster).and_then(|id| state.cluster(id));
    let cluster = match (&settings.server, role, own) {
        (_, Role::Server, Some(own)) => own,
        (Some(server), _, _) => join(state, &machine, role, server, token.as_deref(), &settings, now, lines)?,
        (None, Role::Agent, _) => return fatal("Error: --server is required"),
        (None, Role::Server, None) => found(state, &machine, token, &settings, &version, now)?,
    };
    // Kubelet and agent ask again until the name is free.
    cluster
        .admit_node(&node_name, &machine.node_password)
        .map_err(|error| Failure::Waiting(logged("error", &error)))?;
    cluster.remember(&node_name, &settings, &version);
    if role == Role::Server {
        let files = [
            (NODE_TOKEN, cluster.token()),
            ("/var/lib/rancher/k3s/server/token", cluster.token()),
            (KUBECONFIG, cluster.kubeconfig()),
        ];
        if let Some(machine) = state.machine_mut(name) {
            for (path, text) in files {
                machine.files.insert(path.to_owned(), File::of(text.as_bytes(), 0o600));
            }
        }
    }
    Ok(Up { cluster: cluster.id, node_name, with })
}

/// What the program reads when it starts; an agent that waits goes on with what it has read.
fn load(machine: &Machine) -> Result<Loaded, Failure> {
    if let Some(loaded) = machine.k3s.as_ref().and_then(|k3s| k3s.loaded.clone()) {
        return Ok(loaded);
    }
    let config = machine.files.get(CONFIG).map(File::text).unwrap_or_default();
    let read = |path: &str| machine.files.get(path).map(File::text);
    let token = parse(&config)?.token(read).map_err(|error| logged("fatal", &error))?;
    let with = started_with(machine).ok_or_else(|| format!("{BINARY} is gone"))?;
    Ok(Loaded { config, token, with })
}

fn parse(config: &str) -> Result<Settings, Failure> {
    Settings::parse(config).map_err(|error| Failure::Fatal(logged("fatal", &format!("Error: {error}"))))
}

fn free_ports(machine: &Machine, role: Role) -> Result<(), String> {
    let needed: &[u16] = if role == Role::Server { &[6443, 6444, 10250] } else { &[6444, 10250] };
    let taken = |socket: &&Listening| socket.protocol == "tcp" && needed.contains(&socket.port);
    match machine.listening.iter().find(taken) {
        Some(socket) if socket.port == 10250 => {
            Err(logged("fatal", "kubelet exited: listen tcp 0.0.0.0:10250: bind: address already in use"))
        }
        Some(socket) => Err(logged(
            "fatal",
            &format!(
                "Error: preparing server: init cluster datastore and https: listen tcp :{}: bind: address already in use",
                socket.port
            ),
        )),
        None => Ok(()),
    }
}

fn found(
    state: &mut State,
    machine: &Machine,
    token: Option<String>,
    settings: &Settings,
    version: &str,
    now: i64,
) -> Result<Arc<Cluster>, String> {
    if token.as_deref().is_some_and(|token| token.starts_with("K10")) {
        return Err(logged(
            "fatal",
            "Error: preparing server: failed to normalize server token; must be in format K10<CA-HASH>::<USERNAME>:<PASSWORD> or <PASSWORD>",
        ));
    }
    let founding = Founding {
        id: state.clusters.len(),
        password: token.unwrap_or_else(|| {
            sha256_hex(format!("token {}", machine.machine_id).as_bytes())[..32].to_owned()
        }),
        settings: settings.clone(),
        version: version.to_owned(),
        created: now + machine.clock_offset_ms,
    };
    let cluster = Cluster::found(founding)
        .map_err(|error| logged("fatal", &format!("Error: preparing server: {error}")))?;
    state.clusters.push(Arc::clone(&cluster));
    Ok(cluster)
}

#[expect(clippy::too_many_arguments, reason = "one call that needs all of what a join is checked against")]
fn join(
    state: &State,
    machine: &Machine,
    role: Role,
    server: &str,
    token: Option<&str>,
    settings: &Settings,
    now: i64,
    lines: &mut Vec<String>,
) -> Result<Arc<Cluster>, Failure> {
    let fail = |reason: String| match role {
        Role::Agent => Failure::Waiting(logged(
            "error",
            &format!("Failed to validate connection to cluster at {server}: {reason}"),
        )),
        Role::Server => Failure::Fatal(logged(
            "fatal",
            &format!("Error: preparing server: failed to bootstrap cluster data: {reason}"),
        )),
    };
    let Some(token) = token else { return fatal("Error: --token is required") };
    let host = server.strip_prefix("https://").unwrap_or_default();
    let (host, port) = host.trim_end_matches('/').rsplit_once(':').unwrap_or((host, "6443"));
    lines.push(logged("info", &format!("Starting to join the cluster at {server}")));
    let cannot_reach = |why: &str| {
        fail(format!(
            "failed to get CA certs: Get \"{server}/cacerts\": dial tcp {host}:{port}: connect: {why}"
        ))
    };
    let address: Ipv4Addr = host.parse().map_err(|_| {
        fail(format!(
            "failed to get CA certs: Get \"{server}/cacerts\": dial tcp: lookup {host}: no such host"
        ))
    })?;
    let Some(peer) = state.machines.iter().find(|peer| peer.address == address && peer.answers()) else {
        return Err(cannot_reach("no route to host"));
    };
    let cluster = peer
        .running()
        .filter(|k3s| k3s.role == Role::Server && peer.name != machine.name)
        .and_then(|k3s| state.cluster(k3s.cluster?))
        .ok_or_else(|| cannot_reach("connection refused"))?;
    let local = now + machine.clock_offset_ms;
    if local + 60_000 < cluster.created {
        let at = |milliseconds| {
            jiff::Timestamp::from_millisecond(milliseconds)
                .unwrap_or_default()
                .strftime("%Y-%m-%dT%H:%M:%SZ")
                .to_string()
        };
        return Err(fail(format!(
            "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time {} is before {}",
            at(local),
            at(cluster.created)
        )));
    }
    cluster.check_token(token, role).map_err(fail)?;
    if role == Role::Server {
        if !cluster.etcd {
            return fatal(
                "Error: preparing server: failed to bootstrap cluster data: etcd disabled on the server that is joined",
            );
        }
        if cluster.settings.critical() != settings.critical() {
            return fatal(
                "Error: preparing server: failed to validate server configuration: critical configuration value mismatch.",
            );
        }
    }
    Ok(cluster)
}

fn fatal<T>(message: &str) -> Result<T, Failure> {
    Err(Failure::Fatal(logged("fatal", message)))
}

/// A line as K3s logs it.
fn logged(level: &str, message: &str) -> String {
    format!("level={level} msg={message:?}")
}

/// The version that a K3s binary of the practice mirror names in its first bytes, like `v1.34.4+k3s1`.
pub fn binary_version(file: &File) -> Option<String> {
    let text = file.text();
    let start = text.find("v1.")?;
    let version: String = text[start..]
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-'))
        .collect();
    version.contains("+k3s").then_some(version)
}

/// A binary for another processor does not run. One that names no processor runs anywhere.
fn runs_on(file: &File, arch: &str) -> bool {
    let text = file.text();
    let named = [("arm64", "aarch64"), ("amd64", "x86_64"), ("armhf", "armv7l")];
    let named: Vec<_> = named.iter().filter(|(word, _)| text.contains(word)).collect();
    named.is_empty() || named.iter().any(|(_, machine)| *machine == arch)
}
