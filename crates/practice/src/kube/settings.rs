//! K3s' config.yaml: the keys that the practice cluster acts on, and the names of all others that K3s knows.
//!
//! K3s skips unknown keys with a warning, so they are collected, not refused.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Must be equal on all servers of a cluster.
const CRITICAL: &[&str] = &[
    "agent-token",
    "cluster-cidr",
    "cluster-dns",
    "cluster-domain",
    "disable-cloud-controller",
    "disable-helm-controller",
    "disable-network-policy",
    "egress-selector-mode",
    "flannel-backend",
    "flannel-external-ip",
    "flannel-ipv6-masq",
    "secrets-encryption",
    "service-cidr",
];

const OTHERS: &[&str] = &[
    "token",
    "token-file",
    "agent-token-file",
    "server",
    "cluster-init",
    "cluster-reset",
    "write-kubeconfig",
    "write-kubeconfig-mode",
    "write-kubeconfig-group",
    "tls-san",
    "tls-san-security",
    "node-ip",
    "node-external-ip",
    "node-name",
    "with-node-id",
    "flannel-iface",
    "node-label",
    "node-taint",
    "disable",
    "disable-kube-proxy",
    "selinux",
    "prefer-bundled-bin",
    "kubelet-arg",
    "kube-proxy-arg",
    "kube-apiserver-arg",
    "kube-controller-manager-arg",
    "kube-scheduler-arg",
    "kube-cloud-controller-manager-arg",
    "helm-controller-arg",
    "etcd-snapshot-schedule-cron",
    "etcd-snapshot-retention",
    "etcd-snapshot-dir",
    "etcd-expose-metrics",
    "embedded-registry",
    "https-listen-port",
    "bind-address",
    "advertise-address",
    "advertise-port",
    "data-dir",
    "debug",
    "v",
    "log",
    "resolv-conf",
    "protect-kernel-defaults",
    "snapshotter",
    "pause-image",
    "default-local-storage-path",
    "system-default-registry",
    "servicelb-namespace",
    "datastore-endpoint",
    "node-internal-dns",
    "image-credential-provider-config",
    "private-registry",
    "lb-server-port",
    "docker",
    "container-runtime-endpoint",
    "kine-tls",
    "supervisor-metrics",
    "rootless",
    "vpn-auth",
    "vpn-auth-file",
    "flannel-conf",
    "flannel-cni-conf",
    "service-node-port-range",
    "multi-cluster-cidr",
    "airgap-extra-registry",
    "nonroot-devices",
];

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Settings {
    values: BTreeMap<String, Vec<String>>,
    pub server: Option<String>,
    pub node_name: Option<String>,
    pub unknown: Vec<String>,
}

impl Settings {
    /// # Errors
    /// The text is not a YAML mapping.
    pub fn parse(text: &str) -> Result<Settings, String> {
        let mut settings = Settings::default();
        if text.trim().is_empty() {
            return Ok(settings);
        }
        let document: Value = serde_saphyr::from_str(text).map_err(|error| format!("yaml: {error}"))?;
        let Value::Object(entries) = document else {
            return Err("yaml: unmarshal errors: cannot unmarshal into map".to_owned());
        };
        for (key, value) in entries {
            let key = key.trim_end_matches('+').to_owned();
            if !CRITICAL.contains(&key.as_str()) && !OTHERS.contains(&key.as_str()) {
                settings.unknown.push(key);
                continue;
            }
            let values = match value {
                Value::Array(items) => items.iter().map(plain).collect(),
                other => vec![plain(&other)],
            };
            settings.values.entry(key).or_default().extend::<Vec<String>>(values);
        }
        settings.server = settings.first("server");
        settings.node_name = settings.first("node-name");
        Ok(settings)
    }

    pub fn first(&self, key: &str) -> Option<String> {
        self.values.get(key).and_then(|values| values.first()).cloned()
    }

    /// A list, whether written as YAML list or separated by commas.
    pub fn list(&self, key: &str) -> Vec<String> {
        let values = self.values.get(key).into_iter().flatten();
        values
            .flat_map(|value| value.split(','))
            .map(|item| item.trim().to_owned())
            .filter(|item| !item.is_empty())
            .collect()
    }

    pub fn flag(&self, key: &str) -> bool {
        self.first(key).is_some_and(|value| value == "true")
    }

    pub fn critical(&self) -> BTreeMap<String, Vec<String>> {
        let critical =
            self.values.iter().filter(|(key, _)| CRITICAL.contains(&key.as_str()) || *key == "disable");
        critical.map(|(key, values)| (key.clone(), values.clone())).collect()
    }

    /// The token, inline or from its file.
    ///
    /// # Errors
    /// The file that is named does not exist; the message is K3s' own.
    pub fn token(&self, read: impl Fn(&str) -> Option<String>) -> Result<Option<String>, String> {
        if let Some(token) = self.first("token") {
            return Ok(Some(token));
        }
        let Some(path) = self.first("token-file") else { return Ok(None) };
        match read(&path) {
            Some(token) => Ok(Some(token.trim().to_owned())),
            None => Err(format!("Error: open {path}: no such file or directory")),
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
