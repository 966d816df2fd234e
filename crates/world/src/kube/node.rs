//! Nodes: what the API says of them, and the two things that are written to them, labels and the taint.
//!
//! Labels and taints belong to many; each write touches one key and carries the resource version, so that
//! somebody else's change in between is a conflict and not a loss.

use super::{FIELD_MANAGER, Kube, KubeError};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Node, Taint};
use kube::api::{Api, ListParams, Patch, PatchParams};
use portico_domain::observed::NodeState;
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Kube {
    pub async fn nodes(&self) -> Result<Vec<NodeState>, KubeError> {
        let api: Api<Node> = Api::all(self.client.clone());
        let nodes =
            api.list(&ListParams::default()).await.map_err(|error| KubeError::from_api("nodes", error))?;
        Ok(nodes.items.into_iter().map(state).collect())
    }

    /// When each node's kubelet last renewed its lease, unix ms by that node's own clock; about every ten seconds.
    pub async fn leases(&self) -> Result<BTreeMap<String, i64>, KubeError> {
        let api: Api<Lease> = Api::namespaced(self.client.clone(), "kube-node-lease");
        let leases =
            api.list(&ListParams::default()).await.map_err(|error| KubeError::from_api("leases", error))?;
        let renewed = |lease: Lease| {
            let at = lease.spec?.renew_time?.0.as_millisecond();
            Some((lease.metadata.name?, at))
        };
        Ok(leases.items.into_iter().filter_map(renewed).collect())
    }

    /// Sets one label, or removes it with `None`.
    pub async fn label_node(&self, node: &str, label: &str, value: Option<&str>) -> Result<(), KubeError> {
        self.patch_node(node, json!({"metadata": {"labels": {label: value}}})).await
    }

    /// Adds or removes one taint; the others stay as they are.
    pub async fn taint_node(
        &self,
        node: &str,
        key: &str,
        effect: &str,
        wanted: bool,
    ) -> Result<(), KubeError> {
        let api: Api<Node> = Api::all(self.client.clone());
        let live = api.get(node).await.map_err(|error| KubeError::from_api(node, error))?;
        let mut taints = live.spec.and_then(|spec| spec.taints).unwrap_or_default();
        taints.retain(|taint| !(taint.key == key && taint.effect == effect));
        if wanted {
            taints.push(Taint {
                key: key.into(),
                effect: effect.into(),
                value: Some("true".into()),
                time_added: None,
            });
        }
        let version = live.metadata.resource_version;
        self.patch_node(node, json!({"metadata": {"resourceVersion": version}, "spec": {"taints": taints}}))
            .await
    }

    async fn patch_node(&self, node: &str, patch: Value) -> Result<(), KubeError> {
        let api: Api<Node> = Api::all(self.client.clone());
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.into()), ..PatchParams::default() };
        api.patch(node, &params, &Patch::Merge(patch))
            .await
            .map(drop)
            .map_err(|error| KubeError::from_api(node, error))
    }
}

pub(super) fn state(node: Node) -> NodeState {
    let spec = node.spec.unwrap_or_default();
    let status = node.status.unwrap_or_default();
    let conditions = status.conditions.unwrap_or_default();
    let is = |kind: &str| conditions.iter().any(|one| one.type_ == kind && one.status == "True");
    let pressures = [("DiskPressure", "disk"), ("MemoryPressure", "memory"), ("PIDPressure", "processes")];
    let pressures =
        pressures.iter().filter(|(kind, _)| is(kind)).map(|(_, word)| (*word).to_owned()).collect();
    let ready = conditions.into_iter().find(|condition| condition.type_ == "Ready");
    let address = status
        .addresses
        .unwrap_or_default()
        .into_iter()
        .filter(|address| address.type_ == "InternalIP")
        .find_map(|address| address.address.parse().ok());
    NodeState {
        name: node.metadata.name.unwrap_or_default(),
        ready: ready.as_ref().is_some_and(|condition| condition.status == "True"),
        reason: ready.and_then(|condition| condition.reason).unwrap_or_default(),
        version: status.node_info.map(|info| info.kubelet_version).unwrap_or_default(),
        address,
        labels: node.metadata.labels.unwrap_or_default(),
        pressures,
        taints: spec.taints.unwrap_or_default().into_iter().map(text).collect(),
    }
}

fn text(taint: Taint) -> String {
    match taint.value.filter(|value| !value.is_empty()) {
        Some(value) => format!("{}={value}:{}", taint.key, taint.effect),
        None => format!("{}:{}", taint.key, taint.effect),
    }
}
