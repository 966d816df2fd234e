//! What the API says of itself: version, groups, resources.

use super::kinds::{Kind, group_version};
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

pub fn group_list(kinds: &[Kind]) -> Value {
    let mut names: Vec<&str> = Vec::new();
    for kind in kinds {
        if !kind.group.is_empty() && !names.contains(&&*kind.group) {
            names.push(&kind.group);
        }
    }
    let groups: Vec<Value> = names.into_iter().filter_map(|name| group(kinds, name)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

pub fn group(kinds: &[Kind], name: &str) -> Option<Value> {
    let mut versions: Vec<Value> = Vec::new();
    for kind in kinds.iter().filter(|kind| kind.group == name) {
        let version = json!({"groupVersion": kind.api_version(), "version": kind.version});
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    let preferred = versions.first()?.clone();
    Some(
        json!({"kind": "APIGroup", "apiVersion": "v1", "name": name, "versions": versions, "preferredVersion": preferred}),
    )
}

/// The resources of a group, or `None` when nothing of it is served.
pub fn resources(kinds: &[Kind], group: &str, version: &str) -> Option<Value> {
    let verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    let mut listed = Vec::new();
    for kind in kinds.iter().filter(|kind| kind.group == group && kind.version == version) {
        let short: Vec<&str> = [&*kind.short].into_iter().filter(|short| !short.is_empty()).collect();
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
    let version = group_version(group, version);
    (!listed.is_empty()).then(|| {
        json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": listed})
    })
}

/// What `kubectl get all` shows.
fn categories(kind: &Kind) -> &'static [&'static str] {
    let all = ["pods", "services", "deployments", "daemonsets", "replicasets", "jobs"];
    if all.contains(&&*kind.plural) { &["all"] } else { &[] }
}

/// The list's own kind, `DeploymentList`.
pub fn list_kind(kind: &Kind) -> String {
    format!("{}List", kind.kind)
}
