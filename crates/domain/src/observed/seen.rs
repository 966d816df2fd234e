//! What single sources say, each in one value.

use crate::dns::{Answers, DnsRecord, Hostname};
use crate::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;
use ts_rs::TS;

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

    /// Why nobody answers at its address: what it runs out of, since its kubelet stops pods then, else what the visitor was told.
    pub fn why_silent(&self, told: &Problem) -> Problem {
        self.shortages().next().unwrap_or_else(|| told.clone())
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
