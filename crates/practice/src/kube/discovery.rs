//! What the API says of itself: version, groups, resources.

use super::kinds::{KINDS, Kind, groups};
use serde_json::{Value, json};

/// `/version` for a K3s version like `v1.34.4+k3s1`.
pub fn version(version: &str) -> Value {
    let mut numbers = version.trim_start_matches('v').split('.');
    json!({
        "major": numbers.next().unwrap_or_default(), "minor": numbers.next().unwrap_or_default(), "gitVersion": version,
        "gitCommit": "0000000000000000000000000000000000000000", "gitTreeState": "clean", "buildDate": "2026-02-10T00:00:00Z",
        "goVersion": "go1.24.12", "compiler": "gc", "platform": "linux/amd64",
    })
}

pub fn core_versions() -> Value {
    json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
}

pub fn group_list() -> Value {
    let groups: Vec<Value> = groups().into_iter().map(group).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

pub fn group(name: &str) -> Value {
    let version = json!({"groupVersion": format!("{name}/v1"), "version": "v1"});
    json!({"kind": "APIGroup", "apiVersion": "v1", "name": name, "versions": [version], "preferredVersion": version})
}

/// The resources of a group, or `None` when nothing of it is served.
pub fn resources(group: &str) -> Option<Value> {
    let verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    let mut listed = Vec::new();
    for kind in KINDS.iter().filter(|kind| kind.group == group) {
        let short: Vec<&str> = [kind.short].into_iter().filter(|short| !short.is_empty()).collect();
        listed.push(json!({
            "name": kind.plural, "singularName": kind.kind.to_lowercase(), "namespaced": kind.namespaced, "kind": kind.kind,
            "verbs": verbs, "shortNames": short, "categories": categories(kind),
        }));
        if kind.status {
            listed.push(json!({
                "name": format!("{}/status", kind.plural), "singularName": "", "namespaced": kind.namespaced, "kind": kind.kind,
                "verbs": ["get", "patch", "update"],
            }));
        }
    }
    let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
    (!listed.is_empty()).then(|| {
        json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": listed})
    })
}

/// What `kubectl get all` shows.
fn categories(kind: &Kind) -> &'static [&'static str] {
    if matches!(kind.plural, "pods" | "services" | "deployments" | "daemonsets" | "replicasets" | "jobs") {
        &["all"]
    } else {
        &[]
    }
}

/// The list's own kind, `DeploymentList`.
pub fn list_kind(kind: &Kind) -> String {
    format!("{}List", kind.kind)
}
