//! Where observing can look, named by what it would ask for.

use crate::credential::CredentialKind;
use crate::stack::IngressController;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::IpAddr;
use ts_rs::TS;

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
