//! The kinds that the API serves.

/// One resource of the API.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    pub group: &'static str,
    pub plural: &'static str,
    pub kind: &'static str,
    pub short: &'static str,
    pub namespaced: bool,
    /// Whether status is written through its own subresource alone.
    pub status: bool,
}

const fn kind(
    group: &'static str,
    plural: &'static str,
    kind: &'static str,
    short: &'static str,
    namespaced: bool,
    status: bool,
) -> Kind {
    Kind { group, plural, kind, short, namespaced, status }
}

/// All are served as `v1`.
pub const KINDS: &[Kind] = &[
    kind("", "nodes", "Node", "no", false, true),
    kind("", "namespaces", "Namespace", "ns", false, true),
    kind("", "pods", "Pod", "po", true, true),
    kind("", "services", "Service", "svc", true, true),
    kind("", "secrets", "Secret", "", true, false),
    kind("", "configmaps", "ConfigMap", "cm", true, false),
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
    kind("apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition", "crd", false, true),
    kind("helm.cattle.io", "helmcharts", "HelmChart", "", true, true),
    kind("helm.cattle.io", "helmchartconfigs", "HelmChartConfig", "", true, false),
];

impl Kind {
    /// The store's name for the resource: `deployments.apps`, `pods`.
    pub fn resource(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    pub fn api_version(&self) -> String {
        if self.group.is_empty() { "v1".to_owned() } else { format!("{}/v1", self.group) }
    }

    pub fn find(group: &str, plural: &str) -> Option<&'static Kind> {
        KINDS.iter().find(|kind| kind.group == group && kind.plural == plural)
    }
}

/// All groups but the core one.
pub fn groups() -> Vec<&'static str> {
    let mut groups: Vec<&str> =
        KINDS.iter().map(|kind| kind.group).filter(|group| !group.is_empty()).collect();
    groups.dedup();
    groups
}
