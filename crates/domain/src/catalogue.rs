//! The few apps that Portico brings along: the echo app as manifests, the others as their projects' own charts.
//!
//! Limits are those of a home machine: an app that runs wild is stopped before the node is.

use crate::chart::{Chart, deployment};
use crate::dns::Hostname;
use crate::exposure::{Tls, ours};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ts_rs::TS;

/// The namespace of the echo app.
pub const APPS_NAMESPACE: &str = "apps";

/// The image of the echo app where no endpoint names another.
pub const ECHO_IMAGE: &str = "docker.io/traefik/whoami:v1.11.0";

/// An app that is installed by a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum App {
    /// Dashboards, with the Prometheus that feeds them.
    Grafana,
    /// Deploys from Git; its API speaks TLS itself.
    Argocd,
}

impl App {
    pub const ALL: [Self; 2] = [Self::Grafana, Self::Argocd];

    pub fn name(self) -> &'static str {
        match self {
            Self::Grafana => "grafana",
            Self::Argocd => "argocd",
        }
    }

    pub fn namespace(self) -> &'static str {
        match self {
            Self::Grafana => "monitoring",
            Self::Argocd => "argocd",
        }
    }

    /// The Service and its port.
    pub fn service(self) -> (&'static str, u16) {
        match self {
            Self::Grafana => ("kube-prometheus-stack-grafana", 80),
            Self::Argocd => ("argocd-server", 443),
        }
    }

    pub fn tls(self) -> Tls {
        match self {
            Self::Grafana => Tls::Terminated,
            Self::Argocd => Tls::Passthrough,
        }
    }

    /// `mirror` replaces the chart's own repository.
    pub fn chart(self, hostname: &Hostname, mirror: Option<&str>) -> Chart {
        let (chart, version, repository, values, heart) = match self {
            Self::Grafana => (
                "kube-prometheus-stack",
                "88.5.3",
                "https://prometheus-community.github.io/helm-charts",
                json!({
                    "alertmanager": {"enabled": false},
                    "grafana": {
                        "grafana.ini": {"server": {"root_url": format!("https://{hostname}")}},
                        "resources": limits("100m", "128Mi", "384Mi"),
                    },
                    "prometheus": {"prometheusSpec": {
                        "retention": "15d", "retentionSize": "4GB", "resources": limits("100m", "400Mi", "1Gi"),
                    }},
                    "prometheusOperator": {"resources": limits("20m", "64Mi", "192Mi")},
                }),
                "kube-prometheus-stack-grafana",
            ),
            Self::Argocd => (
                "argo-cd",
                "10.1.1",
                "https://argoproj.github.io/argo-helm",
                json!({
                    "fullnameOverride": "argocd",
                    "global": {"domain": hostname.as_str()},
                    "dex": {"enabled": false},
                    "notifications": {"enabled": false},
                    "server": {"resources": limits("50m", "96Mi", "256Mi")},
                    "repoServer": {"resources": limits("50m", "96Mi", "512Mi")},
                    "controller": {"resources": limits("100m", "256Mi", "768Mi")},
                    "redis": {"resources": limits("20m", "32Mi", "128Mi")},
                }),
                "argocd-server",
            ),
        };
        let mirrored = mirror.map(|base| format!("{}/{chart}", base.trim_end_matches('/')));
        Chart {
            name: chart.into(),
            chart: chart.into(),
            version: version.into(),
            repository: mirrored.unwrap_or_else(|| repository.into()),
            namespace: self.namespace().into(),
            values,
            health: vec![deployment(self.namespace(), heart)],
        }
    }
}

fn limits(cpu: &str, request: &str, limit: &str) -> Value {
    json!({"requests": {"cpu": cpu, "memory": request}, "limits": {"memory": limit}})
}

/// The echo app's objects, in the order in which they are applied.
pub fn echo(name: &str, image: &str) -> Vec<Value> {
    let labels = json!({"app.kubernetes.io/managed-by": "portico", "app.kubernetes.io/name": name});
    let selector = json!({"app.kubernetes.io/name": name});
    vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": APPS_NAMESPACE, "labels": ours()}}),
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": APPS_NAMESPACE, "labels": labels},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": selector},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "automountServiceAccountToken": false,
                        "securityContext": {"runAsNonRoot": true, "runAsUser": 65534},
                        "containers": [{
                            "name": "echo", "image": image, "imagePullPolicy": "IfNotPresent",
                            "env": [{"name": "WHOAMI_PORT_NUMBER", "value": "8080"}],
                            "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
                            "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 2},
                            "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
                            "securityContext": {
                                "allowPrivilegeEscalation": false,
                                "capabilities": {"drop": ["ALL"]},
                                "readOnlyRootFilesystem": true,
                            },
                        }],
                    },
                },
            },
        }),
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "namespace": APPS_NAMESPACE, "labels": labels},
            "spec": {"selector": selector, "ports": [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}]},
        }),
    ]
}
