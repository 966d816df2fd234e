//! What steps do: one closed enum, what each of its actions reads, and which predicate judges it.
//!
//! Actions are complete: what performing needs is in them, or is seen. The predicates themselves are in `machines`,
//! `objects` and `names`.

use super::{Danger, Verdict, add, machines, names, objects};
use crate::chart::{Chart, deployment};
use crate::credential::CredentialKind;
use crate::dns::{Hostname, RecordWrites};
use crate::observed::{ObjectKey, Observed, Seen, Source};
use crate::problem::Problem;
use crate::stack::{
    CLOUDFLARED_NAMESPACE, CLUSTER_TOKEN, ISSUER_NAMESPACE, IngressController, StackComponent, TUNNEL_SECRET,
    cloudflared,
};
use crate::tunnel::RouteWish;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::net::IpAddr;

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
    /// The `HelmChart` resource, its job, and the Deployments that come of it.
    Chart {
        chart: Chart,
        claim: Claim,
    },
    /// Server-side apply of one object of ours.
    Apply {
        manifest: Value,
        claim: Claim,
    },
    /// Performing is waiting: K3s installs its own Traefik. It must be recent enough, or of the version that the owner
    /// accepted all the same.
    Traefik {
        accepted: Option<String>,
    },
    /// Performing is trying: each name through the controller's own ports, on each address.
    TryController {
        controller: IngressController,
        hostnames: Vec<Hostname>,
        addresses: Vec<IpAddr>,
    },
    /// Removes one object of ours; what is not ours stays.
    Delete {
        key: ObjectKey,
    },
    /// Seals the cluster's own Cloudflare token into it.
    SealToken,
    /// Makes a tunnel, or finds the one of this name.
    Tunnel {
        name: String,
    },
    /// The Secret with the tunnel's run token.
    TunnelSecret {
        tunnel: String,
    },
    /// cloudflared's Deployment, with the tunnel's present token.
    Cloudflared {
        tunnel: String,
        image: String,
        replicas: u32,
        claim: Claim,
    },
    /// Removes a tunnel that nobody uses any more.
    DeleteTunnel {
        name: String,
    },
    /// Hostnames' rules in the tunnel's remote configuration, one write for all of them.
    Routes {
        tunnel: String,
        routes: Vec<RouteWish>,
    },
    /// Access in front of a hostname; with no `emails` the application is removed.
    Access {
        hostname: Hostname,
        emails: Vec<String>,
        cluster: String,
    },
    /// All address records of these names, one batch for each zone.
    Records {
        names: Vec<RecordWish>,
        cluster: String,
    },
    /// Performing is waiting: cert-manager issues by itself.
    Certificate {
        namespace: String,
        name: String,
    },
    /// Performing is trying: the name resolves to the addresses and each answers over HTTP, and TLS where it should.
    LanPath {
        hostname: Hostname,
        addresses: Vec<IpAddr>,
        tls: bool,
        /// TLS alone counts: Traefik knows such a name on port 443 only.
        #[serde(default)]
        passthrough: bool,
        /// The home's own resolver answers for the name, and is its owner's to tell: it need not know it yet.
        #[serde(default)]
        at_home: bool,
    },
    /// Performing is trying: the name leads through Cloudflare's edge and the tunnel to an answer, or to Access.
    PublicPath {
        hostname: Hostname,
        access: bool,
    },
}

/// How an object that is there already is treated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// What somebody changed by hand, and what is not ours, is left alone and said.
    #[default]
    Respect,
    /// What somebody changed by hand is put right.
    Repair,
    /// What is not ours is taken over.
    Adopt,
}

/// What one name should lead to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordWish {
    pub hostname: Hostname,
    pub target: RecordTarget,
    /// What somebody else made under this name may be replaced.
    pub adopt: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum RecordTarget {
    Lan {
        addresses: Vec<IpAddr>,
    },
    /// By name: its id may come of an earlier step.
    Tunnel {
        name: String,
    },
    Nothing,
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
pub(super) const TAINT_TEXT: &str = "node-role.kubernetes.io/control-plane:NoSchedule";

impl Action {
    pub fn danger(&self) -> Danger {
        match self {
            Self::EnableMemoryCgroup { .. } => Danger::Disruptive,
            Self::Delete { key } if matches!(key.kind.as_str(), "HelmChart" | "PersistentVolumeClaim") => {
                Danger::DataLoss
            }
            Self::DeleteTunnel { .. } => Danger::Disruptive,
            _ => Danger::None,
        }
    }

    /// The machine that it happens on, where it does so over SSH.
    pub fn machine(&self) -> Option<&str> {
        match self {
            Self::EnableMemoryCgroup { machine }
            | Self::CopyK3s { machine, .. }
            | Self::Configure { machine, .. }
            | Self::Install { machine, .. }
            | Self::FetchKubeconfig { machine, .. } => Some(machine),
            Self::NodeReady { node, .. } | Self::LabelNode { node, .. } | Self::Taint { node, .. } => {
                Some(node)
            }
            _ => None,
        }
    }

    /// Whether looking at it, or doing it, costs calls of Cloudflare's budget.
    pub fn is_at_cloudflare(&self) -> bool {
        matches!(
            self,
            Self::Tunnel { .. }
                | Self::TunnelSecret { .. }
                | Self::Cloudflared { .. }
                | Self::DeleteTunnel { .. }
                | Self::Routes { .. }
                | Self::Access { .. }
                | Self::Records { .. }
        )
    }

    /// True where stopping halfway leaves nothing behind that the next try would trip over.
    pub fn stops_midway(&self) -> bool {
        matches!(
            self,
            Self::CopyK3s { .. }
                | Self::NodeReady { .. }
                | Self::LanPath { .. }
                | Self::PublicPath { .. }
                | Self::TryController { .. }
                | Self::Traefik { .. }
                | Self::Certificate { .. }
                | Self::DeleteTunnel { .. }
                | Self::Chart { .. }
                | Self::Apply { .. }
                | Self::Cloudflared { .. }
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
            Self::Chart { chart, .. } => {
                let mut sources = vec![Source::Object(chart.key()), Source::ChartJob(chart.name.clone())];
                sources.extend(chart.health.iter().cloned().map(Source::Object));
                sources
            }
            Self::Apply { manifest, .. } => ObjectKey::of(manifest).map(Source::Object).into_iter().collect(),
            Self::Traefik { .. } => {
                StackComponent::Traefik.health().into_iter().map(Source::Object).collect()
            }
            Self::TryController { controller, hostnames, addresses } => vec![Source::Controller {
                controller: *controller,
                hostnames: hostnames.iter().map(Hostname::to_string).collect(),
                addresses: addresses.clone(),
            }],
            Self::Delete { key } => vec![Source::Object(key.clone())],
            Self::SealToken => {
                vec![Source::Credential(CredentialKind::ClusterToken), Source::Object(cluster_token_key())]
            }
            Self::Tunnel { name } => vec![Source::TunnelId(name.clone())],
            Self::DeleteTunnel { name } => vec![Source::Tunnel(name.clone())],
            Self::TunnelSecret { tunnel } => vec![
                Source::TunnelId(tunnel.clone()),
                Source::TunnelToken(tunnel.clone()),
                Source::Object(tunnel_secret_key()),
            ],
            Self::Cloudflared { tunnel, .. } => {
                let key = deployment(CLOUDFLARED_NAMESPACE, "cloudflared");
                vec![Source::TunnelToken(tunnel.clone()), Source::Object(key)]
            }
            Self::Routes { tunnel, .. } => vec![Source::Tunnel(tunnel.clone())],
            Self::Access { hostname, .. } => vec![Source::Access { hostname: hostname.to_string() }],
            Self::Records { names, .. } => {
                let records =
                    names.iter().map(|wish| Source::Records { hostname: wish.hostname.to_string() });
                let tunnels = names.iter().filter_map(|wish| match &wish.target {
                    RecordTarget::Tunnel { name } => Some(Source::TunnelId(name.clone())),
                    RecordTarget::Lan { .. } | RecordTarget::Nothing => None,
                });
                let mut sources: Vec<Source> = records.chain(tunnels).collect();
                sources.sort();
                sources.dedup();
                sources
            }
            Self::Certificate { namespace, name } => {
                vec![Source::Certificate { namespace: namespace.clone(), name: name.clone() }]
            }
            Self::LanPath { hostname, addresses, tls, at_home, .. } => {
                let (hostname, addresses) = (hostname.to_string(), addresses.clone());
                vec![Source::LanPath { hostname, addresses, tls: *tls, at_home: *at_home, in_turn: false }]
            }
            Self::PublicPath { hostname, .. } => {
                vec![Source::PublicPath { hostname: hostname.to_string(), in_turn: false }]
            }
        }
    }

    /// The predicate.
    pub fn verdict(&self, observed: &Observed) -> Verdict {
        match self {
            Self::EnableMemoryCgroup { machine } => machines::memory_cgroup(observed, machine),
            Self::CopyK3s { machine, files, .. } => machines::copied(observed, machine, files),
            Self::Configure { machine, config, config_sha256, token_from, .. } => {
                machines::configured(observed, machine, config, config_sha256, token_from)
            }
            Self::Install { machine, server, config_sha256 } => {
                machines::installed(observed, machine, *server, config_sha256)
            }
            Self::FetchKubeconfig { .. } => match &observed.kubeconfig {
                Some(Seen::Seen { .. }) => Verdict::Yes,
                _ => add("kubeconfig (0600)"),
            },
            Self::NodeReady { node, version } => machines::node_ready(observed, node, version),
            Self::LabelNode { node, label, value } => {
                machines::labelled(observed, node, label, value.as_ref())
            }
            Self::Taint { node, wanted } => machines::tainted(observed, node, *wanted),
            Self::Chart { chart, claim } => objects::chart(observed, chart, *claim),
            Self::Apply { manifest, claim } => objects::applied(observed, manifest, *claim),
            Self::Traefik { accepted } => objects::traefik(observed, accepted.as_deref()),
            Self::TryController { controller, hostnames, addresses } => {
                names::controller(observed, *controller, hostnames, addresses)
            }
            Self::Delete { key } => objects::deleted(observed, key),
            Self::SealToken => objects::sealed(observed),
            Self::Tunnel { name } => names::tunnel(observed, name),
            Self::TunnelSecret { tunnel } => objects::tunnel_secret(observed, tunnel),
            Self::Cloudflared { .. } => match self.manifest(observed) {
                Some(manifest) => objects::applied(observed, &manifest, self.claim()),
                None => add("Deployment cloudflared/cloudflared"),
            },
            Self::DeleteTunnel { name } => names::tunnel_gone(observed, name),
            Self::Routes { tunnel, routes } => names::routes(observed, tunnel, routes),
            Self::Access { hostname, emails, cluster } => names::access(observed, hostname, emails, cluster),
            Self::Records { names, cluster } => names::records(observed, names, cluster),
            Self::Certificate { namespace, name } => names::certificate(observed, namespace, name),
            Self::LanPath { hostname, addresses, tls, passthrough, at_home } => {
                let looked_up = if *at_home { &[] } else { addresses.as_slice() };
                names::resolves(observed, hostname, looked_up)
                    .unwrap_or_else(|| names::lan_path(observed, hostname, addresses, *tls, *passthrough))
            }
            Self::PublicPath { hostname, access } => names::public_path(observed, hostname, *access),
        }
    }

    /// What a visitor may run into although the path is as it should be: resolvers that say something else.
    pub fn note(&self, observed: &Observed) -> Option<Problem> {
        let (hostname, answers) = match self {
            Self::LanPath { hostname, at_home: false, .. } => {
                let path = observed.lan_paths.get(hostname.as_str()).and_then(Seen::value)?;
                (hostname, &path.answers)
            }
            Self::PublicPath { hostname, .. } => {
                let path = observed.public_paths.get(hostname.as_str()).and_then(Seen::value)?;
                (hostname, &path.answers)
            }
            _ => return None,
        };
        crate::dns::explain(hostname, answers)
    }

    /// What no further waiting helps against, once it has stayed for a while.
    pub fn stuck(&self, observed: &Observed) -> Option<Problem> {
        match self {
            Self::PublicPath { hostname, access: false } => names::redirect_loop(observed, hostname),
            _ => None,
        }
    }

    /// The object that the action applies, as of what was seen; `None` while it cannot be told yet, and for actions
    /// that apply none.
    pub fn manifest(&self, observed: &Observed) -> Option<Value> {
        match self {
            Self::Chart { chart, .. } => Some(chart.helm_chart()),
            Self::Apply { manifest, .. } => Some(manifest.clone()),
            Self::Cloudflared { tunnel, image, replicas, .. } => {
                let token = observed.tunnel_token(tunnel)?;
                cloudflared(image, *replicas, token).pop()
            }
            _ => None,
        }
    }

    pub fn claim(&self) -> Claim {
        match self {
            Self::Chart { claim, .. } | Self::Apply { claim, .. } | Self::Cloudflared { claim, .. } => *claim,
            _ => Claim::Respect,
        }
    }

    /// The writes that lead to the records, by zone; for `Records` alone.
    ///
    /// # Errors
    /// A name's zone could not be seen, or holds a record of somebody else's.
    pub fn record_writes(&self, observed: &Observed) -> Result<Vec<(String, RecordWrites)>, Problem> {
        match self {
            Self::Records { names, cluster } => names::writes_by_zone(observed, names, cluster),
            _ => Ok(Vec::new()),
        }
    }
}

pub fn tunnel_secret_key() -> ObjectKey {
    ObjectKey::new("v1", "Secret", CLOUDFLARED_NAMESPACE, TUNNEL_SECRET)
}

/// The Secret that the sealed token becomes.
pub fn cluster_token_key() -> ObjectKey {
    ObjectKey::new("v1", "Secret", ISSUER_NAMESPACE, CLUSTER_TOKEN)
}
