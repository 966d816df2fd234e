//! What is decoded of each kind: the fields that the product reads, and no others.
//!
//! Everything else, most of an object's bytes, is passed over by the parser and never held.

use super::State;
use super::table::{self, Names, Table};
use crate::kube::pod::PodState;
use crate::kube::{certificate, node};
use k8s_openapi::api::core::v1;
use portico_domain::observed::{EndpointState, IngressHost, NodeState};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;

/// One kind on its way into its table.
pub trait Kind: DeserializeOwned + Clone + Send + Sync + 'static {
    /// All of them, in the API.
    const PATH: &'static str;
    type Row: PartialEq;

    /// Its namespace, its name, its resource version.
    fn place(&self) -> [&str; 3];
    fn row(self, names: &mut Names) -> Self::Row;
    fn table(state: &mut State) -> (&mut Table<Self::Row>, &mut Names);
}

/// A list, or a page of one.
#[derive(Deserialize)]
#[serde(bound = "K: DeserializeOwned")]
pub struct Page<K> {
    #[serde(default)]
    pub metadata: PageMeta,
    #[serde(default = "Vec::new")]
    pub items: Vec<K>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PageMeta {
    pub resource_version: Box<str>,
    pub r#continue: Option<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    name: Box<str>,
    namespace: Box<str>,
    resource_version: Box<str>,
}

impl Meta {
    fn place(&self) -> [&str; 3] {
        [&self.namespace, &self.name, &self.resource_version]
    }
}

/// Nodes are few, and nearly all that is drawn of a machine is read.
impl Kind for v1::Node {
    const PATH: &'static str = "/api/v1/nodes";
    type Row = NodeState;

    fn place(&self) -> [&str; 3] {
        let [name, version] = [&self.metadata.name, &self.metadata.resource_version];
        ["", name.as_deref().unwrap_or_default(), version.as_deref().unwrap_or_default()]
    }

    fn row(self, _: &mut Names) -> NodeState {
        node::state(self)
    }

    fn table(state: &mut State) -> (&mut Table<NodeState>, &mut Names) {
        (&mut state.nodes, &mut state.names)
    }
}

#[derive(Clone, Deserialize)]
pub struct Slice {
    metadata: SliceMeta,
    #[serde(default)]
    endpoints: Option<Vec<Endpoint>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SliceMeta {
    name: Box<str>,
    namespace: Box<str>,
    resource_version: Box<str>,
    labels: SliceLabels,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct SliceLabels {
    #[serde(rename = "kubernetes.io/service-name")]
    service: Box<str>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Endpoint {
    node_name: Option<Box<str>>,
    target_ref: Option<Target>,
    conditions: Option<Ready>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Target {
    name: Option<Box<str>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Ready {
    ready: Option<bool>,
}

impl Endpoint {
    /// Without a word on it, it is ready.
    fn is_ready(&self) -> bool {
        self.conditions.as_ref().and_then(|conditions| conditions.ready).unwrap_or(true)
    }
}

impl Slice {
    pub fn told(self) -> impl Iterator<Item = EndpointState> {
        self.endpoints.into_iter().flatten().map(|endpoint| EndpointState {
            ready: endpoint.is_ready(),
            pod: endpoint.target_ref.and_then(|target| target.name).map(String::from),
            node: endpoint.node_name.map(String::from),
        })
    }
}

impl Kind for Slice {
    const PATH: &'static str = "/apis/discovery.k8s.io/v1/endpointslices";
    type Row = table::Slice;

    fn place(&self) -> [&str; 3] {
        [&self.metadata.namespace, &self.metadata.name, &self.metadata.resource_version]
    }

    fn row(self, names: &mut Names) -> table::Slice {
        let endpoints = self.endpoints.into_iter().flatten().map(|endpoint| table::Endpoint {
            ready: endpoint.is_ready(),
            pod: endpoint.target_ref.and_then(|target| target.name),
            node: endpoint.node_name.map(|node| names.get(&node)),
        });
        table::Slice { endpoints: endpoints.collect(), service: self.metadata.labels.service }
    }

    fn table(state: &mut State) -> (&mut Table<table::Slice>, &mut Names) {
        (&mut state.slices, &mut state.names)
    }
}

#[derive(Clone, Deserialize)]
pub struct Service {
    metadata: Meta,
    #[serde(default)]
    spec: ServiceSpec,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct ServiceSpec {
    ports: Option<Vec<Port>>,
}

#[derive(Clone, Deserialize)]
struct Port {
    #[serde(default)]
    protocol: Option<Box<str>>,
    port: i32,
}

impl Service {
    pub fn told(self) -> super::ServicePorts {
        let ports = self.ports().collect();
        (self.metadata.namespace.into(), self.metadata.name.into(), ports)
    }

    /// Those of TCP.
    fn ports(&self) -> impl Iterator<Item = u16> {
        let ports = self.spec.ports.iter().flatten();
        let tcp = ports.filter(|port| port.protocol.as_deref().unwrap_or("TCP") == "TCP");
        tcp.filter_map(|port| u16::try_from(port.port).ok())
    }
}

impl Kind for Service {
    const PATH: &'static str = "/api/v1/services";
    type Row = Box<[u16]>;

    fn place(&self) -> [&str; 3] {
        self.metadata.place()
    }

    fn row(self, _: &mut Names) -> Box<[u16]> {
        self.ports().collect()
    }

    fn table(state: &mut State) -> (&mut Table<Box<[u16]>>, &mut Names) {
        (&mut state.services, &mut state.names)
    }
}

#[derive(Clone, Deserialize)]
pub struct Pod {
    metadata: PodMeta,
    #[serde(default)]
    status: PodStatus,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PodMeta {
    name: Box<str>,
    namespace: Box<str>,
    resource_version: Box<str>,
    uid: Box<str>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PodStatus {
    phase: Option<Box<str>>,
    conditions: Option<Vec<Condition>>,
    init_container_statuses: Option<Vec<Container>>,
    container_statuses: Option<Vec<Container>>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Condition {
    r#type: Box<str>,
    status: Box<str>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Container {
    state: Option<ContainerState>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct ContainerState {
    waiting: Option<Waiting>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Waiting {
    reason: Option<Box<str>>,
    message: Option<Box<str>>,
}

impl Pod {
    pub fn told(self) -> PodState {
        let name = self.metadata.name.clone();
        self.row(&mut Names::default()).told(&name)
    }

    fn is_well(&self) -> bool {
        let mut conditions = self.status.conditions.iter().flatten();
        let ready = conditions.any(|each| &*each.r#type == "Ready" && &*each.status == "True");
        ready || self.status.phase.as_deref() == Some("Succeeded")
    }
}

impl Kind for Pod {
    const PATH: &'static str = "/api/v1/pods";
    type Row = table::Pod;

    fn place(&self) -> [&str; 3] {
        [&self.metadata.namespace, &self.metadata.name, &self.metadata.resource_version]
    }

    fn row(self, names: &mut Names) -> table::Pod {
        let well = self.is_well();
        let status = self.status;
        let containers = [status.init_container_statuses, status.container_statuses];
        let states = containers.into_iter().flatten().flatten().filter_map(|container| container.state);
        let waits = states.filter_map(|state| state.waiting).map(|waiting| {
            let reason: Arc<str> = names.get(waiting.reason.as_deref().unwrap_or_default());
            (reason, waiting.message.unwrap_or_default())
        });
        table::Pod { waits: waits.collect(), well, uid: self.metadata.uid }
    }

    fn table(state: &mut State) -> (&mut Table<table::Pod>, &mut Names) {
        (&mut state.pods, &mut state.names)
    }
}

#[derive(Clone, Deserialize)]
pub struct Ingress {
    metadata: Meta,
    #[serde(default)]
    spec: IngressSpec,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct IngressSpec {
    rules: Option<Vec<Rule>>,
}

#[derive(Clone, Deserialize)]
struct Rule {
    #[serde(default)]
    host: Option<Box<str>>,
}

impl Ingress {
    pub fn told(self) -> impl Iterator<Item = IngressHost> {
        let Meta { name, namespace, .. } = self.metadata.clone();
        let row = self.row(&mut Names::default());
        row.told(&namespace, &name).collect::<Vec<_>>().into_iter()
    }
}

impl Kind for Ingress {
    const PATH: &'static str = "/apis/networking.k8s.io/v1/ingresses";
    type Row = table::Ingress;

    fn place(&self) -> [&str; 3] {
        self.metadata.place()
    }

    fn row(self, _: &mut Names) -> table::Ingress {
        let hosts = self.spec.rules.into_iter().flatten().filter_map(|rule| rule.host);
        table::Ingress { version: self.metadata.resource_version, hosts: hosts.collect() }
    }

    fn table(state: &mut State) -> (&mut Table<table::Ingress>, &mut Names) {
        (&mut state.ingresses, &mut state.names)
    }
}

/// What leads to a certificate: the kind of this place in [`certificate::KINDS`]. They are few, and read whole.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Linked<const N: usize>(Value);

impl<const N: usize> Kind for Linked<N> {
    const PATH: &'static str = certificate::KINDS[N].2;
    type Row = certificate::Linked;

    fn place(&self) -> [&str; 3] {
        let meta = &self.0["metadata"];
        ["namespace", "name", "resourceVersion"].map(|field| meta[field].as_str().unwrap_or_default())
    }

    fn row(self, _: &mut Names) -> certificate::Linked {
        certificate::Linked::of(certificate::KINDS[N].1, &self.0)
    }

    fn table(state: &mut State) -> (&mut Table<certificate::Linked>, &mut Names) {
        (&mut state.certificates[N], &mut state.names)
    }
}
