//! The kinds that the API serves: the built-in ones, and those that a CustomResourceDefinition brings.
//!
//! A custom kind exists for as long as its definition is established, as in the real server; nothing here knows any of
//! them by name. Deliberately absent: conversion between versions; an object is kept as it was written.

use super::store::Store;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

type Text = Cow<'static, str>;

pub const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// One resource of the API, in one version.
#[derive(Debug, Clone)]
pub struct Kind {
    pub group: Text,
    pub version: Text,
    pub plural: Text,
    pub kind: Text,
    pub short: Text,
    pub namespaced: bool,
    /// Whether status is written through its own subresource alone.
    pub status: bool,
    /// What defines a custom kind.
    definition: Option<Arc<Value>>,
}

const fn kind(
    group: &'static str,
    plural: &'static str,
    kind: &'static str,
    short: &'static str,
    namespaced: bool,
    status: bool,
) -> Kind {
    Kind {
        group: Cow::Borrowed(group),
        version: Cow::Borrowed("v1"),
        plural: Cow::Borrowed(plural),
        kind: Cow::Borrowed(kind),
        short: Cow::Borrowed(short),
        namespaced,
        status,
        definition: None,
    }
}

static BUILT_IN: &[Kind] = &[
    kind("", "nodes", "Node", "no", false, true),
    NAMESPACES,
    kind("", "pods", "Pod", "po", true, true),
    kind("", "services", "Service", "svc", true, true),
    kind("", "secrets", "Secret", "", true, false),
    kind("", "configmaps", "ConfigMap", "cm", true, false),
    kind("", "persistentvolumeclaims", "PersistentVolumeClaim", "pvc", true, true),
    kind("", "events", "Event", "ev", true, false),
    kind("", "serviceaccounts", "ServiceAccount", "sa", true, false),
    kind("", "endpoints", "Endpoints", "ep", true, false),
    kind("apps", "deployments", "Deployment", "deploy", true, true),
    kind("apps", "daemonsets", "DaemonSet", "ds", true, true),
    kind("apps", "replicasets", "ReplicaSet", "rs", true, true),
    kind("batch", "jobs", "Job", "", true, true),
    kind("networking.k8s.io", "ingresses", "Ingress", "ing", true, true),
    kind("networking.k8s.io", "ingressclasses", "IngressClass", "", false, false),
    kind("networking.k8s.io", "networkpolicies", "NetworkPolicy", "netpol", true, false),
    kind("discovery.k8s.io", "endpointslices", "EndpointSlice", "", true, false),
    kind("coordination.k8s.io", "leases", "Lease", "", true, false),
    kind("policy", "poddisruptionbudgets", "PodDisruptionBudget", "pdb", true, true),
    kind("rbac.authorization.k8s.io", "roles", "Role", "", true, false),
    kind("rbac.authorization.k8s.io", "rolebindings", "RoleBinding", "", true, false),
    kind("rbac.authorization.k8s.io", "clusterroles", "ClusterRole", "", false, false),
    kind("rbac.authorization.k8s.io", "clusterrolebindings", "ClusterRoleBinding", "", false, false),
    kind("storage.k8s.io", "storageclasses", "StorageClass", "sc", false, false),
    kind(
        "admissionregistration.k8s.io",
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
        "",
        false,
        false,
    ),
    kind("apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition", "crd", false, true),
];

pub const NAMESPACES: Kind = kind("", "namespaces", "Namespace", "ns", false, true);

impl Kind {
    /// The store's name for the resource: `deployments.apps`, `pods`.
    pub fn resource(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_string()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    pub fn api_version(&self) -> String {
        group_version(&self.group, &self.version)
    }

    pub fn is_custom(&self) -> bool {
        self.definition.is_some()
    }

    /// The schema of a custom kind, when its definition has one.
    pub fn schema(&self) -> Option<&Value> {
        let version =
            versions(self.definition.as_deref()?).find(|version| version["name"] == *self.version)?;
        Some(&version["schema"]["openAPIV3Schema"]).filter(|schema| schema.is_object())
    }
}

pub fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// Every kind in every version that is served now.
pub fn served(store: &Store) -> Vec<Kind> {
    let custom = store.list(DEFINITIONS, None).0.into_iter().flat_map(|definition| defined(&definition));
    BUILT_IN.iter().cloned().chain(custom).collect()
}

pub fn find(store: &Store, group: &str, version: &str, plural: &str) -> Option<Kind> {
    served(store)
        .into_iter()
        .find(|kind| kind.group == group && kind.version == version && kind.plural == plural)
}

fn versions(definition: &Value) -> impl Iterator<Item = &Value> {
    definition["spec"]["versions"].as_array().into_iter().flatten()
}

/// What an established definition brings, newest version first as it stands there.
fn defined(definition: &Arc<Value>) -> Vec<Kind> {
    let conditions = definition["status"]["conditions"].as_array();
    let established = conditions
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "Established" && condition["status"] == "True");
    if !established {
        return Vec::new();
    }
    let text = |value: &Value| Cow::Owned(value.as_str().unwrap_or_default().to_owned());
    let spec = &definition["spec"];
    versions(definition)
        .filter(|version| version["served"] == true)
        .map(|version| Kind {
            group: text(&spec["group"]),
            version: text(&version["name"]),
            plural: text(&spec["names"]["plural"]),
            kind: text(&spec["names"]["kind"]),
            short: text(&spec["names"]["shortNames"][0]),
            namespaced: spec["scope"] == "Namespaced",
            status: version["subresources"]["status"].is_object(),
            definition: Some(Arc::clone(definition)),
        })
        .collect()
}
