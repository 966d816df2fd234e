//! What was seen of the world, and what could not be seen.
//!
//! Each source is `Seen {value, at}` or `Unseen {why}`: one dead machine never blanks the view, and the
//! absence of an answer is never read as an answer. Nothing here decides anything; `step` and `plan` do.

use crate::access::AccessState;
use crate::certificate::CertificateChain;
use crate::credential::CredentialKind;
use crate::dns::{Answers, DnsRecord, Hostname};
use crate::facts::MachineFacts;
use crate::preflight::Reading;
use crate::problem::{Code, Problem};
use crate::stack::IngressController;
use crate::traffic::Rates;
use crate::tunnel::{Tunnel, TunnelId, TunnelState};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use ts_rs::TS;

/// One source's value with the time it was seen (unix ms), or why it was not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum Seen<T> {
    Seen {
        value: T,
        #[ts(type = "number")]
        at: i64,
    },
    Unseen {
        why: Problem,
    },
}

impl<T> Seen<T> {
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Seen { value, .. } => Some(value),
            Self::Unseen { .. } => None,
        }
    }
}

/// A place that observing can ask, named by what it would ask for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The facts script on one machine of the document.
    Machine(String),
    /// Of the same facts those that the steps of a build change; the rest is not there.
    K3s(String),
    /// The digests that the mirror names for this version, per architecture (as `uname -m` says it).
    Artefacts {
        version: String,
        architectures: BTreeSet<String>,
    },
    /// Whether the stored kubeconfig reaches an API server.
    Kubeconfig,
    Nodes,
    /// One Kubernetes object, whole.
    Object(ObjectKey),
    /// The job that helm-controller runs for one chart.
    ChartJob(String),
    /// The endpoints behind one Service, as `namespace/name`.
    Endpoints(String),
    /// All records of one name, in the zone of the account that it belongs to.
    Records {
        hostname: String,
    },
    /// Which live tunnel has this name.
    TunnelId(String),
    /// That tunnel with its remote configuration.
    Tunnel(String),
    /// The digest of the token that its connectors run with.
    TunnelToken(String),
    /// How Cloudflare sees its connections.
    TunnelState(String),
    /// The Access application in front of a hostname.
    Access {
        hostname: String,
    },
    /// The digest of a secret that is kept on this computer.
    Credential(CredentialKind),
    /// A certificate of cert-manager's and all that leads to it.
    Certificate {
        namespace: String,
        name: String,
    },
    /// When each node's kubelet says that it was there last.
    Clocks,
    /// Every hostname that an Ingress of the cluster names.
    IngressHosts,
    /// What a LAN visitor gets: the name asked at three resolvers, then HTTP (and TLS, where asked for) to each address.
    LanPath {
        hostname: String,
        addresses: Vec<IpAddr>,
        tls: bool,
        /// The home's own resolver has the last word on the name.
        at_home: bool,
        /// One of many names that are watched: it is asked for when it has its turn, and has its last answers until then.
        in_turn: bool,
    },
    /// HTTP for each name through a controller's own ports, on each address.
    Controller {
        controller: IngressController,
        hostnames: Vec<String>,
        addresses: Vec<IpAddr>,
    },
    /// What a visitor from the internet gets: the name at three resolvers, then HTTP through Cloudflare's edge.
    PublicPath {
        hostname: String,
        /// As for a LAN path.
        in_turn: bool,
    },
    /// How many requests the controller, and cloudflared where there is a tunnel, pass on.
    Traffic {
        controller: IngressController,
        tunnel: bool,
    },
}

/// Names one Kubernetes object. `namespace` is empty for cluster-wide kinds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ObjectKey {
    pub api_version: String,
    pub kind: String,
    pub namespace: String,
    pub name: String,
}

impl ObjectKey {
    pub fn new(api_version: &str, kind: &str, namespace: &str, name: &str) -> Self {
        let owned = str::to_owned;
        Self {
            api_version: owned(api_version),
            kind: owned(kind),
            namespace: owned(namespace),
            name: owned(name),
        }
    }

    /// `Kind namespace/name`, for people.
    pub fn title(&self) -> String {
        let place = if self.namespace.is_empty() { String::new() } else { format!("{}/", self.namespace) };
        format!("{} {place}{}", self.kind, self.name)
    }

    /// The key of a manifest; `None` when it lacks apiVersion, kind or name.
    pub fn of(manifest: &Value) -> Option<Self> {
        let text = |pointer| manifest.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            api_version: text("/apiVersion")?,
            kind: text("/kind")?,
            namespace: text("/metadata/namespace").unwrap_or_default(),
            name: text("/metadata/name")?,
        })
    }
}

/// The digests (SHA-256, lower-case hex) of one K3s version, as its mirror names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artefacts {
    pub installer: String,
    /// Architecture as `uname -m` says it -> digest of the binary.
    pub binaries: BTreeMap<String, String>,
    /// Architecture -> image archives of an air-gap folder: file name -> digest.
    pub images: BTreeMap<String, BTreeMap<String, String>>,
}

/// A node as the Kubernetes API reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NodeState {
    pub name: String,
    pub ready: bool,
    /// The reason of the Ready condition where it is not True.
    pub reason: String,
    pub version: String,
    pub address: Option<IpAddr>,
    pub labels: BTreeMap<String, String>,
    /// `key=value:Effect`, as kubectl writes them.
    pub taints: Vec<String>,
    /// What it runs out of: `disk`, `memory`, `processes`.
    #[serde(default)]
    pub pressures: Vec<String>,
}

impl NodeState {
    /// Why it is not ready.
    pub fn problem(&self) -> Problem {
        Problem::new(Code::NodeNotReady).arg("node", &self.name).arg("reason", &self.reason)
    }

    /// What it runs out of.
    pub fn shortages(&self) -> impl Iterator<Item = Problem> {
        let about = |kind| Problem::new(Code::NodePressure).arg("node", &self.name).arg("pressure", kind);
        self.pressures.iter().map(about)
    }

    pub fn is_control_plane(&self) -> bool {
        self.labels.contains_key("node-role.kubernetes.io/control-plane")
    }
}

/// How far helm-controller's job for a chart has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum ChartJob {
    Absent,
    Running,
    Complete,
    /// Every retry is used up; the last lines of its log.
    Failed {
        log: Vec<String>,
    },
}

/// What a LAN visitor got when the path was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanPath {
    pub answers: Answers,
    /// HTTP status and milliseconds per address, or why there was none.
    pub http: BTreeMap<IpAddr, Result<HttpAnswer, Problem>>,
    /// The certificate that each address shows for the name; empty where TLS was not asked for.
    pub tls: BTreeMap<IpAddr, Result<TlsAnswer, Problem>>,
}

/// What a visitor from the internet got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicPath {
    pub answers: Answers,
    pub http: Result<HttpAnswer, Problem>,
}

/// The certificate that a server showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsAnswer {
    /// The names that it is for.
    pub names: Vec<String>,
    pub issuer: String,
    /// Unix ms.
    pub not_after: i64,
    pub millis: u32,
}

impl TlsAnswer {
    /// What an ingress controller shows for a name that it has no certificate for.
    pub fn is_placeholder(&self) -> bool {
        ["Kubernetes Ingress Controller Fake Certificate", "TRAEFIK DEFAULT CERT"]
            .iter()
            .any(|name| self.issuer.contains(name))
    }

    pub fn is_for(&self, hostname: &Hostname) -> bool {
        self.names.iter().any(|name| match name.strip_prefix("*.") {
            // In a certificate an asterisk stands for one label.
            Some(suffix) => hostname.as_str().split_once('.').is_some_and(|(_, rest)| rest == suffix),
            None => hostname.matches(name),
        })
    }
}

/// One pod behind a Service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointState {
    /// Its name; none where an address was written by hand.
    pub pod: Option<String>,
    pub node: Option<String>,
    pub ready: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpAnswer {
    pub status: u16,
    pub millis: u32,
    /// Where a redirect leads to.
    pub location: Option<String>,
}

/// A hostname that an Ingress names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngressHost {
    pub namespace: String,
    pub ingress: String,
    pub hostname: Hostname,
}

/// The records of one name and the zone that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameRecords {
    pub zone_id: String,
    pub zone: String,
    pub account_id: String,
    pub records: Vec<DnsRecord>,
    /// The zone's wildcard records.
    pub wildcards: Vec<DnsRecord>,
}

/// What each hostname answered at each address.
pub type Tries = BTreeMap<(String, IpAddr), Result<HttpAnswer, Problem>>;

/// Everything that was asked for, as it was seen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    /// Unix ms at which observing ended.
    pub at: i64,
    pub machines: BTreeMap<String, Seen<MachineFacts>>,
    pub artefacts: Option<Seen<Artefacts>>,
    pub kubeconfig: Option<Seen<()>>,
    pub nodes: Option<Seen<Vec<NodeState>>>,
    pub objects: BTreeMap<ObjectKey, Seen<Option<Value>>>,
    pub chart_jobs: BTreeMap<String, Seen<ChartJob>>,
    pub endpoints: BTreeMap<String, Seen<Vec<EndpointState>>>,
    pub records: BTreeMap<String, Seen<NameRecords>>,
    pub lan_paths: BTreeMap<String, Seen<LanPath>>,
    pub public_paths: BTreeMap<String, Seen<PublicPath>>,
    /// By the controller's name, then hostname and address.
    pub controllers: BTreeMap<String, Seen<Tries>>,
    pub tunnel_ids: BTreeMap<String, Seen<Option<TunnelId>>>,
    pub tunnels: BTreeMap<String, Seen<Option<Tunnel>>>,
    pub tunnel_tokens: BTreeMap<String, Seen<Option<String>>>,
    pub tunnel_states: BTreeMap<String, Seen<Option<TunnelState>>>,
    pub access: BTreeMap<String, Seen<AccessState>>,
    pub credentials: BTreeMap<CredentialKind, Seen<Option<String>>>,
    /// By `namespace/name`.
    pub certificates: BTreeMap<String, Seen<CertificateChain>>,
    /// By node: unix ms by that node's own clock at which it renewed its lease.
    pub clocks: Option<Seen<BTreeMap<String, i64>>>,
    pub ingress_hosts: Option<Seen<Vec<IngressHost>>>,
    pub traffic: Option<Seen<Rates>>,
}

impl Observed {
    pub fn facts(&self, machine: &str) -> Option<&MachineFacts> {
        self.machines.get(machine)?.value()
    }

    /// The facts of every machine that was read, as preflight takes them.
    pub fn readings(&self) -> BTreeMap<String, Reading> {
        let read = self.machines.iter().filter_map(|(name, seen)| match seen {
            Seen::Seen { value, at } => Some((name.clone(), Reading { facts: value.clone(), at: *at })),
            Seen::Unseen { .. } => None,
        });
        read.collect()
    }

    pub fn node(&self, name: &str) -> Option<&NodeState> {
        self.nodes.as_ref()?.value()?.iter().find(|node| node.name == name)
    }

    /// Machines that were there and answer no more: what the cluster said of them is older than that.
    pub fn fell_silent(&mut self, away: &BTreeSet<IpAddr>) {
        let Some(Seen::Seen { value: nodes, .. }) = &mut self.nodes else { return };
        let away = |node: &&mut NodeState| node.ready && node.address.is_some_and(|at| away.contains(&at));
        let mut silent = BTreeSet::new();
        for node in nodes.iter_mut().filter(away) {
            node.ready = false;
            node.reason = "NoAnswer".into();
            silent.insert(node.name.as_str());
        }
        let endpoints = self.endpoints.values_mut().filter_map(|seen| match seen {
            Seen::Seen { value, .. } => Some(value),
            Seen::Unseen { .. } => None,
        });
        for endpoint in endpoints.flatten() {
            endpoint.ready &= !endpoint.node.as_deref().is_some_and(|node| silent.contains(node));
        }
    }

    /// Takes over what broke since: nodes and certificates that are not ready any more, services with fewer ready endpoints, and
    /// names that no rule leads to any more. What came back is for the next look to say, which tries the ways to it as well.
    /// Gives whether anything did.
    pub fn broke(&mut self, since: Self) -> bool {
        let mut broken = false;
        if let Some(Seen::Seen { value: nodes, .. }) = &mut self.nodes {
            for node in nodes.iter_mut().filter(|node| node.ready) {
                let now = since.node(&node.name).filter(|now| !now.ready);
                broken |= now.is_some();
                now.cloned().into_iter().for_each(|now| *node = now);
            }
        }
        let ready = |seen: &Seen<Vec<EndpointState>>| {
            seen.value().map(|endpoints| endpoints.iter().filter(|endpoint| endpoint.ready).count())
        };
        for (service, now) in since.endpoints {
            let Some(then) = self.endpoints.get_mut(&service) else { continue };
            if ready(&now).zip(ready(then)).is_some_and(|(now, then)| now < then) {
                *then = now;
                broken = true;
            }
        }
        let hosts = |seen: &Option<Seen<Vec<IngressHost>>>| seen.as_ref().and_then(Seen::value).cloned();
        if let (Some(then), Some(now)) = (hosts(&self.ingress_hosts), hosts(&since.ingress_hosts))
            && then.iter().any(|host| !now.contains(host))
        {
            self.ingress_hosts = since.ingress_hosts;
            broken = true;
        }
        for (name, now) in since.certificates {
            let Some(then) = self.certificates.get_mut(&name) else { continue };
            let ready = |seen: &Seen<CertificateChain>| seen.value().map(|chain| chain.ready);
            if (ready(then), ready(&now)) == (Some(true), Some(false)) {
                *then = now;
                broken = true;
            }
        }
        broken
    }

    pub fn nodes(&self) -> &[NodeState] {
        self.nodes.as_ref().and_then(Seen::value).map(Vec::as_slice).unwrap_or_default()
    }

    /// The live object; `None` where there is none or it could not be seen.
    pub fn object(&self, key: &ObjectKey) -> Option<&Value> {
        self.objects.get(key).and_then(Seen::value).and_then(Option::as_ref)
    }

    /// The live tunnel of this name, where its configuration was asked for.
    pub fn tunnel(&self, name: &str) -> Option<&Tunnel> {
        self.tunnels.get(name).and_then(Seen::value).and_then(Option::as_ref)
    }

    pub fn tunnel_id(&self, name: &str) -> Option<&TunnelId> {
        self.tunnel_ids.get(name).and_then(Seen::value).and_then(Option::as_ref)
    }

    /// The digest of the tunnel's token.
    pub fn tunnel_token(&self, name: &str) -> Option<&String> {
        self.tunnel_tokens.get(name).and_then(Seen::value).and_then(Option::as_ref)
    }

    /// Takes over what a later look saw, source by source.
    pub fn update(&mut self, later: Observed) {
        self.at = self.at.max(later.at);
        self.machines.extend(later.machines);
        self.objects.extend(later.objects);
        self.chart_jobs.extend(later.chart_jobs);
        self.endpoints.extend(later.endpoints);
        self.records.extend(later.records);
        self.lan_paths.extend(later.lan_paths);
        self.public_paths.extend(later.public_paths);
        self.controllers.extend(later.controllers);
        self.tunnel_ids.extend(later.tunnel_ids);
        self.tunnels.extend(later.tunnels);
        self.tunnel_tokens.extend(later.tunnel_tokens);
        self.tunnel_states.extend(later.tunnel_states);
        self.access.extend(later.access);
        self.credentials.extend(later.credentials);
        self.certificates.extend(later.certificates);
        self.traffic = later.traffic.or(self.traffic.take());
        self.clocks = later.clocks.or(self.clocks.take());
        self.ingress_hosts = later.ingress_hosts.or(self.ingress_hosts.take());
        self.artefacts = later.artefacts.or(self.artefacts.take());
        self.kubeconfig = later.kubeconfig.or(self.kubeconfig.take());
        self.nodes = later.nodes.or(self.nodes.take());
    }

    /// Where every machine that a Service's pods run on is away, which: that is why, and nothing about the pods. `service`
    /// is `namespace/name`.
    pub fn machine_away(&self, service: &str) -> Option<&NodeState> {
        let endpoints = self.endpoints.get(service).and_then(Seen::value)?;
        let away = |name: &String| self.node(name).filter(|node| !node.ready);
        let on: Option<Vec<&NodeState>> =
            endpoints.iter().map(|endpoint| endpoint.node.as_ref().and_then(away)).collect();
        on?.first().copied()
    }

    /// The addresses that LAN names point at: the Ready workers, or the one node there is.
    pub fn lan_addresses(&self) -> Vec<IpAddr> {
        let nodes = self.nodes();
        let single = nodes.len() == 1;
        let mut addresses: Vec<IpAddr> = nodes
            .iter()
            .filter(|node| node.ready && (single || !node.is_control_plane()))
            .filter_map(|node| node.address)
            .collect();
        // Only servers, all of them untainted: the ingress runs there.
        if addresses.is_empty() && nodes.iter().all(NodeState::is_control_plane) {
            addresses = nodes.iter().filter(|node| node.ready).filter_map(|node| node.address).collect();
        }
        addresses.sort();
        addresses
    }
}
