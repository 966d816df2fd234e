//! A step: a predicate and an action.
//!
//! The same predicate runs at preview (is it needed?), right before performing (still?) and after (is it
//! true now?). Idempotence, the dry run, verification and resuming all follow from it. Performing an
//! action is `engine`'s business; deciding whether it is needed never touches the outside.

use crate::dns::{Hostname, RecordWrites, lan_writes};
use crate::exposure::is_ours;
use crate::facts::MachineFacts;
use crate::observed::{ChartJob, ObjectKey, Observed, Seen, Source};
use crate::problem::{Code, Problem};
use crate::stack::StackComponent;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;
use ts_rs::TS;

/// Whether a step is still to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Verdict {
    /// It is true already.
    Yes,
    /// It is not; the lines say what would change.
    No { diff: Vec<DiffLine> },
    /// It must not be done.
    Blocked { problem: Problem },
}

impl Verdict {
    /// Why it must not be done.
    pub fn blocked(self) -> Option<Problem> {
        match self {
            Self::Blocked { problem } => Some(problem),
            Self::Yes | Self::No { .. } => None,
        }
    }
}

/// One line of a preview: `+` comes, `-` goes, `~` is changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DiffLine {
    pub sign: Sign,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    Add,
    Remove,
    Change,
}

/// What a step may cost beyond its purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Danger {
    None,
    /// Something that runs is interrupted.
    Disruptive,
}

/// The stage a step belongs to; its name in the interface and the key of its usual duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    EnableMemoryCgroup,
    CopyK3s,
    Configure,
    InstallServer,
    JoinServer,
    JoinAgent,
    FetchKubeconfig,
    NodeReady,
    LabelIngressNodes,
    TaintServers,
    InstallComponent,
    DeployWorkload,
    RouteHostname,
    WriteRecords,
    TryPath,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Stable within a change: `MACHINE/STAGE`, or the stage with its subject.
    pub id: String,
    pub stage: Stage,
    /// The machine it happens on; steps of one machine run one at a time.
    pub machine: Option<String>,
    /// Ids of the steps that must be true first.
    pub needs: Vec<String>,
    pub action: Action,
}

/// What a step does. Closed, so that each place that handles actions handles all of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Action {
    /// Adds the memory cgroup to the kernel's command line, reboots and waits for the machine.
    EnableMemoryCgroup {
        machine: String,
    },
    /// Sends installer, binary and image archives, each only when its digest differs.
    CopyK3s {
        machine: String,
        version: String,
        arch: String,
        files: Vec<PlacedFile>,
    },
    /// Writes config.yaml and, for a joiner, the join token read from `token_from`.
    Configure {
        machine: String,
        server: bool,
        config: String,
        config_sha256: String,
        token_from: Option<String>,
    },
    /// Runs the official installer, which starts the service.
    Install {
        machine: String,
        server: bool,
        config_sha256: String,
    },
    /// Fetches the kubeconfig from a server and stores it with an address that this computer reaches.
    FetchKubeconfig {
        machine: String,
        address: String,
    },
    /// Performing is waiting: the node reports Ready by itself.
    NodeReady {
        node: String,
        version: String,
    },
    LabelNode {
        node: String,
        label: String,
        value: Option<String>,
    },
    /// The control-plane taint: present exactly when there are workers.
    Taint {
        node: String,
        wanted: bool,
    },
    InstallComponent {
        component: StackComponent,
        repository: Option<String>,
    },
    /// Server-side apply of one object of ours.
    Apply {
        manifest: Value,
    },
    /// Plain A records of a LAN name, one batch.
    LanRecords {
        hostname: Hostname,
        addresses: Vec<IpAddr>,
        cluster: String,
    },
    /// Performing is trying: the name resolves to the addresses and each answers over HTTP.
    LanPath {
        hostname: Hostname,
        addresses: Vec<IpAddr>,
    },
}

/// A file that a machine must hold, by digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedFile {
    pub path: String,
    pub mode: String,
    pub sha256: String,
    /// The artefact's name at the mirror.
    pub artefact: String,
}

pub const BINARY_PATH: &str = "/usr/local/bin/k3s";
pub const INSTALLER_PATH: &str = "/usr/local/lib/portico/install.sh";
pub const IMAGES_DIRECTORY: &str = "/var/lib/rancher/k3s/agent/images";

pub const CONTROL_PLANE_TAINT: &str = "node-role.kubernetes.io/control-plane";
const TAINT_TEXT: &str = "node-role.kubernetes.io/control-plane:NoSchedule";

impl Step {
    pub fn verdict(&self, observed: &Observed) -> Verdict {
        self.action.verdict(observed)
    }
}

impl Action {
    pub fn danger(&self) -> Danger {
        match self {
            Self::EnableMemoryCgroup { .. } => Danger::Disruptive,
            _ => Danger::None,
        }
    }

    /// True where stopping halfway leaves nothing behind that the next try would trip over.
    pub fn stops_midway(&self) -> bool {
        matches!(
            self,
            Self::CopyK3s { .. }
                | Self::NodeReady { .. }
                | Self::LanPath { .. }
                | Self::InstallComponent { .. }
        )
    }

    /// What has to be looked at to judge this action.
    pub fn reads(&self) -> Vec<Source> {
        match self {
            Self::EnableMemoryCgroup { machine }
            | Self::CopyK3s { machine, .. }
            | Self::Install { machine, .. } => {
                vec![Source::K3s(machine.clone())]
            }
            Self::Configure { machine, token_from, .. } => {
                let mut sources = vec![Source::K3s(machine.clone())];
                sources.extend(token_from.clone().map(Source::K3s));
                sources
            }
            Self::FetchKubeconfig { .. } => vec![Source::Kubeconfig],
            Self::NodeReady { .. } | Self::LabelNode { .. } | Self::Taint { .. } => vec![Source::Nodes],
            Self::InstallComponent { component, repository } => {
                let chart = component.helm_chart(repository.as_deref());
                let mut sources: Vec<Source> =
                    ObjectKey::of(&chart).map(Source::Object).into_iter().collect();
                sources.push(Source::Object(component.health()));
                sources.push(Source::ChartJob(component.name().into()));
                sources
            }
            Self::Apply { manifest } => ObjectKey::of(manifest).map(Source::Object).into_iter().collect(),
            Self::LanRecords { hostname, .. } => vec![Source::Records { hostname: hostname.to_string() }],
            Self::LanPath { hostname, addresses } => {
                vec![Source::LanPath { hostname: hostname.to_string(), addresses: addresses.clone() }]
            }
        }
    }

    /// The predicate.
    pub fn verdict(&self, observed: &Observed) -> Verdict {
        match self {
            Self::EnableMemoryCgroup { machine } => with_facts(observed, machine, |facts| {
                if facts.cgroup_memory == Some(true) {
                    Verdict::Yes
                } else {
                    add("cgroup_memory=1 cgroup_enable=memory")
                }
            }),
            Self::CopyK3s { machine, files, .. } => with_facts(observed, machine, |facts| {
                let missing: Vec<_> = files.iter().filter(|file| !holds(facts, file)).collect();
                no_if(!missing.is_empty(), || {
                    missing
                        .iter()
                        .map(|file| line(Sign::Add, format!("{} ({}…)", file.path, &file.sha256[..12])))
                        .collect()
                })
            }),
            Self::Configure { machine, config, config_sha256, token_from, .. } => {
                with_facts(observed, machine, |facts| {
                    configured(facts, observed, config, config_sha256, token_from)
                })
            }
            Self::Install { machine, server, config_sha256 } => {
                with_facts(observed, machine, |facts| installed(facts, *server, config_sha256))
            }
            Self::FetchKubeconfig { .. } => match &observed.kubeconfig {
                Some(Seen::Seen { .. }) => Verdict::Yes,
                _ => add("kubeconfig (0600)"),
            },
            Self::NodeReady { node, version } => match observed.node(node) {
                Some(state) if state.ready && state.version == *version => Verdict::Yes,
                Some(state) => Verdict::No {
                    diff: vec![line(
                        Sign::Change,
                        format!("{node}: {} {} -> Ready {version}", state.version, state.reason),
                    )],
                },
                None => add(format!("{node}: Ready {version}")),
            },
            Self::LabelNode { node, label, value } => match observed.node(node) {
                Some(state) if state.labels.get(label) == value.as_ref() => Verdict::Yes,
                _ => match value {
                    Some(value) => add(format!("{node}: {label}={value}")),
                    None => Verdict::No { diff: vec![line(Sign::Remove, format!("{node}: {label}"))] },
                },
            },
            Self::Taint { node, wanted } => match observed.node(node) {
                Some(state) if state.taints.iter().any(|taint| is_control_plane_taint(taint)) == *wanted => {
                    Verdict::Yes
                }
                _ if *wanted => add(format!("{node}: {TAINT_TEXT}")),
                _ => Verdict::No { diff: vec![line(Sign::Remove, format!("{node}: {TAINT_TEXT}"))] },
            },
            Self::InstallComponent { component, repository } => {
                component_verdict(*component, &component.helm_chart(repository.as_deref()), observed)
            }
            Self::Apply { manifest } => applied(manifest, observed),
            Self::LanRecords { hostname, addresses, cluster } => {
                match self.writes(observed, hostname, addresses, cluster) {
                    Ok(None) => addresses_diff(hostname, addresses),
                    Ok(Some(writes)) if writes.is_empty() => Verdict::Yes,
                    Ok(Some(writes)) => Verdict::No { diff: writes_diff(hostname, &writes) },
                    Err(problem) => Verdict::Blocked { problem },
                }
            }
            Self::LanPath { hostname, addresses } => lan_path(hostname, addresses, observed),
        }
    }

    fn writes(
        &self,
        observed: &Observed,
        hostname: &Hostname,
        addresses: &[IpAddr],
        cluster: &str,
    ) -> Result<Option<RecordWrites>, Problem> {
        match observed.records.get(hostname.as_str()) {
            Some(Seen::Seen { value, .. }) => {
                lan_writes(hostname, addresses, &value.records, cluster).map(Some)
            }
            Some(Seen::Unseen { why }) => Err(why.clone()),
            None => Ok(None),
        }
    }
}

fn with_facts(observed: &Observed, machine: &str, judge: impl Fn(&MachineFacts) -> Verdict) -> Verdict {
    match observed.machines.get(machine) {
        Some(Seen::Seen { value, .. }) => judge(value),
        Some(Seen::Unseen { why }) => Verdict::Blocked { problem: why.clone() },
        None => Verdict::Blocked { problem: Problem::new(Code::HostUnreachable).arg("machine", machine) },
    }
}

fn holds(facts: &MachineFacts, file: &PlacedFile) -> bool {
    let found = match file.path.as_str() {
        BINARY_PATH => facts.k3s.binary.as_deref(),
        INSTALLER_PATH => facts.k3s.installer.as_deref(),
        path => facts
            .k3s
            .images
            .iter()
            .find(|image| path.strip_prefix(IMAGES_DIRECTORY).is_some_and(|name| name[1..] == image.name))
            .map(|image| image.sha256.as_str()),
    };
    found == Some(file.sha256.as_str())
}

fn configured(
    facts: &MachineFacts,
    observed: &Observed,
    config: &str,
    config_sha256: &str,
    token_from: &Option<String>,
) -> Verdict {
    let mut diff = Vec::new();
    if facts.k3s.config.as_deref() != Some(config_sha256) {
        let sign = if facts.k3s.config.is_some() { Sign::Change } else { Sign::Add };
        diff.push(line(sign, "/etc/rancher/k3s/config.yaml"));
        diff.extend(config.lines().map(|text| line(Sign::Add, format!("    {text}"))));
    }
    if let Some(server) = token_from {
        let wanted = observed.facts(server).and_then(|facts| facts.k3s.server_token.as_ref());
        if wanted.is_none() || facts.k3s.token.as_ref() != wanted {
            diff.push(line(Sign::Add, format!("/etc/rancher/k3s/join-token (from {server})")));
        }
    }
    no_if(!diff.is_empty(), || diff)
}

fn installed(facts: &MachineFacts, server: bool, config_sha256: &str) -> Verdict {
    let unit = if server { "k3s" } else { "k3s-agent" };
    let found = facts.k3s.unit(unit);
    let runs = found.is_some_and(|unit| unit.active == "active" && unit.enabled == "enabled");
    let current = facts.k3s.started_with.as_deref() == Some(config_sha256)
        && facts.k3s.started_binary == facts.k3s.binary
        && facts.k3s.started_token == facts.k3s.token;
    if runs && current {
        Verdict::Yes
    } else if found.is_some() {
        Verdict::No { diff: vec![line(Sign::Change, format!("{unit}.service: restarted"))] }
    } else {
        add(format!("{unit}.service: installed, enabled and started"))
    }
}

fn component_verdict(component: StackComponent, chart: &Value, observed: &Observed) -> Verdict {
    match applied(chart, observed) {
        Verdict::Yes => {}
        other => return other,
    }
    match observed.chart_jobs.get(component.name()).and_then(Seen::value) {
        Some(ChartJob::Complete) => {}
        Some(ChartJob::Failed { log }) => {
            return Verdict::Blocked {
                problem: Problem::new(Code::ChartFailed)
                    .arg("chart", component.name())
                    .detail(log.join("\n")),
            };
        }
        _ => {
            return Verdict::No {
                diff: vec![line(Sign::Change, format!("{}: waiting for the chart's job", component.name()))],
            };
        }
    }
    let health = observed.objects.get(&component.health()).and_then(Seen::value).and_then(Option::as_ref);
    no_if(!health.is_some_and(is_available), || {
        vec![line(Sign::Change, format!("{}: waiting for its pods", component.name()))]
    })
}

/// True when a Deployment has as many available pods as it wants, as of its newest generation.
pub fn is_available(deployment: &Value) -> bool {
    let number = |pointer| deployment.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    let wanted = deployment.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
    number("/status/observedGeneration") >= number("/metadata/generation")
        && number("/status/updatedReplicas") >= wanted
        && number("/status/availableReplicas") >= wanted
}

fn applied(manifest: &Value, observed: &Observed) -> Verdict {
    let Some(key) = ObjectKey::of(manifest) else {
        return Verdict::Blocked { problem: Problem::new(Code::Internal).detail("manifest without a name") };
    };
    let title =
        format!("{} {}", key.kind, [key.namespace.as_str(), &key.name].join("/").trim_start_matches('/'));
    match observed.objects.get(&key) {
        Some(Seen::Seen { value: Some(live), .. }) => {
            if !is_ours(live) {
                // A namespace is a place, not a thing: using one that is there takes nothing over.
                if key.kind == "Namespace" {
                    return Verdict::Yes;
                }
                return Verdict::Blocked { problem: Problem::new(Code::ForeignObject).arg("object", title) };
            }
            if !contains(live, manifest) {
                return Verdict::No { diff: vec![line(Sign::Change, title)] };
            }
            let waits = key.kind == "Deployment" && !is_available(live);
            no_if(waits, || vec![line(Sign::Change, format!("{title}: waiting for its pods"))])
        }
        _ => add(title),
    }
}

/// True when `live` has everything that `wanted` says; what the server adds is allowed.
pub fn contains(live: &Value, wanted: &Value) -> bool {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => {
            wanted.iter().all(|(key, value)| live.get(key).is_some_and(|found| contains(found, value)))
        }
        (Value::Array(live), Value::Array(wanted)) => {
            live.len() == wanted.len() && live.iter().zip(wanted).all(|(found, value)| contains(found, value))
        }
        _ => live == wanted,
    }
}

fn lan_path(hostname: &Hostname, addresses: &[IpAddr], observed: &Observed) -> Verdict {
    let waiting = |what: String| Verdict::No { diff: vec![line(Sign::Change, what)] };
    let Some(path) = observed.lan_paths.get(hostname.as_str()).and_then(Seen::value) else {
        return waiting(format!("http://{hostname}/ is asked over every address"));
    };
    if let Some(missing) = addresses.iter().find(|address| !path.answers.contains(address)) {
        return waiting(format!("{hostname} does not resolve to {missing} yet"));
    }
    let silent: BTreeMap<_, _> = addresses
        .iter()
        .map(|address| (address, path.http.get(address)))
        .filter(|(_, got)| !answers(*got))
        .collect();
    no_if(!silent.is_empty(), || {
        silent
            .keys()
            .map(|address| line(Sign::Change, format!("{hostname} does not answer at {address} yet")))
            .collect()
    })
}

fn answers(got: Option<&Result<crate::observed::HttpAnswer, Problem>>) -> bool {
    matches!(got, Some(Ok(answer)) if answer.status < 400)
}

fn is_control_plane_taint(taint: &str) -> bool {
    taint.starts_with(CONTROL_PLANE_TAINT) && taint.ends_with(":NoSchedule")
}

fn addresses_diff(hostname: &Hostname, addresses: &[IpAddr]) -> Verdict {
    Verdict::No {
        diff: addresses
            .iter()
            .map(|address| line(Sign::Add, format!("A {hostname} -> {address}, DNS only")))
            .collect(),
    }
}

fn writes_diff(hostname: &Hostname, writes: &RecordWrites) -> Vec<DiffLine> {
    let deletes =
        writes.deletes.iter().map(|r| line(Sign::Remove, format!("{} {hostname} -> {}", r.kind, r.content)));
    let creates = writes.creates.iter().map(|a| line(Sign::Add, format!("A {hostname} -> {a}, DNS only")));
    deletes.chain(creates).collect()
}

fn line(sign: Sign, text: impl Into<String>) -> DiffLine {
    DiffLine { sign, text: text.into() }
}

fn add(text: impl Into<String>) -> Verdict {
    Verdict::No { diff: vec![line(Sign::Add, text)] }
}

fn no_if(needed: bool, diff: impl FnOnce() -> Vec<DiffLine>) -> Verdict {
    if needed { Verdict::No { diff: diff() } } else { Verdict::Yes }
}
