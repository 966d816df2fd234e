//! The components of the stack, one row each: chart, version, values and the rule by which it is healthy.
//!
//! ingress-nginx is the reference controller although it is retired upstream (no fix since March 2026): its
//! last release is pinned, snippets are off and paths are validated strictly. Charts are installed by K3s'
//! own helm-controller through a `HelmChart` resource; nothing here runs Helm.

use crate::exposure::ours;
use crate::observed::ObjectKey;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ts_rs::TS;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum StackComponent {
    IngressNginx,
}

impl StackComponent {
    pub fn name(self) -> &'static str {
        match self {
            Self::IngressNginx => "ingress-nginx",
        }
    }

    pub fn version(self) -> &'static str {
        match self {
            Self::IngressNginx => "4.15.1",
        }
    }

    pub fn repository(self) -> &'static str {
        match self {
            Self::IngressNginx => "https://kubernetes.github.io/ingress-nginx",
        }
    }

    pub fn namespace(self) -> &'static str {
        match self {
            Self::IngressNginx => "ingress-nginx",
        }
    }

    /// The Deployment whose availability makes the component healthy.
    pub fn health(self) -> ObjectKey {
        ObjectKey {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: self.namespace().into(),
            name: "ingress-nginx-controller".into(),
        }
    }

    /// The chart's values, as YAML (JSON is YAML); the keys are the chart's own.
    pub fn values(self) -> Value {
        match self {
            Self::IngressNginx => json!({"controller": {
                "replicaCount": 1,
                "allowSnippetAnnotations": false,
                "enableAnnotationValidations": true,
                "extraArgs": {"enable-ssl-passthrough": ""},
                "config": {"strict-validate-path-type": "true"},
                "ingressClassResource": {"name": "nginx", "default": false},
                "service": {"externalTrafficPolicy": ""},
            }}),
        }
    }

    /// The `HelmChart` resource. `repository` overrides where the chart comes from (a mirror).
    ///
    /// `failurePolicy: abort` and the small `backOffLimit` replace defaults that uninstall a failed release
    /// and retry a thousand times.
    pub fn helm_chart(self, repository: Option<&str>) -> Value {
        let values = serde_json::to_string_pretty(&self.values()).unwrap_or_default();
        json!({
            "apiVersion": "helm.cattle.io/v1", "kind": "HelmChart",
            "metadata": {"name": self.name(), "namespace": "kube-system", "labels": ours()},
            "spec": {
                "chart": self.name(), "version": self.version(),
                "repo": repository.unwrap_or(self.repository()),
                "targetNamespace": self.namespace(), "createNamespace": true,
                "failurePolicy": "abort", "backOffLimit": 3,
                "valuesContent": values,
            },
        })
    }
}
