//! A Helm chart as it is wanted: which one, which version, which values, and what must run once it is installed.
//!
//! K3s' own helm-controller installs it from a `HelmChart` resource; nothing here runs Helm.

use crate::exposure::ours;
use crate::observed::ObjectKey;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where K3s looks for `HelmChart` resources.
pub const CHARTS_NAMESPACE: &str = "kube-system";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chart {
    /// The release's name, and the resource's.
    pub name: String,
    /// The chart's name in its repository.
    pub chart: String,
    pub version: String,
    pub repository: String,
    /// Where its objects go.
    pub namespace: String,
    /// The keys are the chart's own.
    pub values: Value,
    /// The Deployments whose availability makes it healthy.
    pub health: Vec<ObjectKey>,
}

impl Chart {
    /// The `HelmChart` resource.
    ///
    /// `failurePolicy: abort` and the small `backOffLimit` replace defaults that uninstall a failed release
    /// and retry a thousand times.
    pub fn helm_chart(&self) -> Value {
        // JSON is YAML.
        let values = serde_json::to_string_pretty(&self.values).unwrap_or_default();
        json!({
            "apiVersion": "helm.cattle.io/v1", "kind": "HelmChart",
            "metadata": {"name": self.name, "namespace": CHARTS_NAMESPACE, "labels": ours()},
            "spec": {
                "chart": self.chart, "version": self.version,
                "repo": self.repository,
                "targetNamespace": self.namespace, "createNamespace": true,
                "failurePolicy": "abort", "backOffLimit": 3,
                "valuesContent": values,
            },
        })
    }

    pub fn key(&self) -> ObjectKey {
        ObjectKey::new("helm.cattle.io/v1", "HelmChart", CHARTS_NAMESPACE, &self.name)
    }
}

/// A Deployment's key.
pub fn deployment(namespace: &str, name: &str) -> ObjectKey {
    ObjectKey::new("apps/v1", "Deployment", namespace, name)
}
