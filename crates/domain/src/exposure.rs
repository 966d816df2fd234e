//! A service under a name: who can reach it, what stands behind it, and the objects that make it so.
//!
//! The manifests are complete and ours alone; records, routes and placement follow from them in `plan`. No
//! annotation here ever makes a rewrite: what is known to be exploitable in ingress-nginx' last release needs one.

use crate::catalogue::{APPS_NAMESPACE, App, echo};
use crate::dns::Hostname;
use crate::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ts_rs::TS;

/// Who can reach a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Plain DNS records to the workers; only the LAN can reach it.
    Lan,
    /// A proxied record to the tunnel; everybody can, unless Access stands in front.
    Public,
}

/// Who speaks TLS to the visitor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// Cloudflare's edge, or the ingress controller with a certificate from cert-manager.
    #[default]
    Terminated,
    /// The service itself, with its own certificate; port 443 goes through untouched.
    Passthrough,
}

/// What stands behind the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Backend {
    /// The small app that answers with what it was asked: made with the exposure.
    Echo { image: String },
    /// An app of the catalogue, installed with the exposure by its chart.
    App { app: App },
    /// A Service that is in the cluster already; it is referred to, never changed.
    Service { namespace: String, name: String, port: u16 },
}

impl Backend {
    /// Whether both are one service, whatever its image or port is.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Echo { .. }, Self::Echo { .. }) => true,
            (Self::App { app }, Self::App { app: other }) => app == other,
            (
                Self::Service { namespace, name, .. },
                Self::Service { namespace: other_namespace, name: other_name, .. },
            ) => (namespace, name) == (other_namespace, other_name),
            _ => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Exposure {
    /// The name of the Ingress, unique in the cluster.
    pub name: String,
    pub hostname: Hostname,
    pub reach: Reach,
    #[serde(default)]
    pub tls: Tls,
    /// Public only: the e-mail addresses that Cloudflare Access lets in; empty means everybody.
    #[serde(default)]
    pub access: Vec<String>,
    pub backend: Backend,
}

impl Exposure {
    pub fn namespace(&self) -> &str {
        match &self.backend {
            Backend::Echo { .. } => APPS_NAMESPACE,
            Backend::App { app } => app.namespace(),
            Backend::Service { namespace, .. } => namespace,
        }
    }

    /// The Service behind the name, and its port.
    pub fn service(&self) -> (&str, u16) {
        match &self.backend {
            Backend::Echo { .. } => (&self.name, 80),
            Backend::App { app } => app.service(),
            Backend::Service { name, port, .. } => (name, *port),
        }
    }

    /// The objects behind the name, in the order in which they are applied; without the Ingress and without charts.
    pub fn workload(&self) -> Vec<Value> {
        match &self.backend {
            Backend::Echo { image } => echo(&self.name, image),
            Backend::App { .. } | Backend::Service { .. } => Vec::new(),
        }
    }

    /// The Secret that holds the certificate, where the cluster has one issued for the name.
    pub fn certificate(&self, issuer: Option<&str>) -> Option<String> {
        let issued = self.reach == Reach::Lan && self.tls == Tls::Terminated && issuer.is_some();
        issued.then(|| format!("{}-tls", self.name))
    }

    /// The Ingress. `issuer` is the ClusterIssuer that signs for LAN-only names, where there is one.
    pub fn ingress(&self, issuer: Option<&str>) -> Value {
        let (service, port) = self.service();
        let mut annotations = serde_json::Map::new();
        if self.tls == Tls::Passthrough {
            annotations.insert("nginx.ingress.kubernetes.io/ssl-passthrough".into(), json!("true"));
            annotations.insert("nginx.ingress.kubernetes.io/backend-protocol".into(), json!("HTTPS"));
        }
        let certificate = self.certificate(issuer);
        match (&certificate, issuer) {
            (Some(_), Some(issuer)) => {
                annotations.insert("cert-manager.io/cluster-issuer".into(), json!(issuer));
            }
            // Through the tunnel it would loop; without a certificate, TLS would only be the controller's fake one.
            _ => {
                annotations.insert("nginx.ingress.kubernetes.io/ssl-redirect".into(), json!("false"));
            }
        }
        let mut spec = json!({
            "ingressClassName": "nginx",
            "rules": [{"host": self.hostname.as_str(), "http": {"paths": [{
                "path": "/", "pathType": "Prefix",
                "backend": {"service": {"name": service, "port": {"number": port}}},
            }]}}],
        });
        if let Some(secret) = certificate {
            spec["tls"] = json!([{"hosts": [self.hostname.as_str()], "secretName": secret}]);
        }
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {
                "name": self.name, "namespace": self.namespace(), "labels": ours(), "annotations": annotations,
            },
            "spec": spec,
        })
    }

    /// What contradicts itself.
    pub fn problem(&self) -> Option<Problem> {
        if self.reach == Reach::Lan && !self.access.is_empty() {
            return Some(Problem::new(Code::AccessNeedsPublic).arg("hostname", &self.hostname));
        }
        let wrong = self.access.iter().find(|email| !is_email(email))?;
        let problem = Problem::new(Code::FieldInvalid).arg("field", "access").arg("value", wrong);
        Some(problem.arg("example", "me@example.com"))
    }
}

fn is_email(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && host.contains('.') && !host.contains('@'))
        && !text.contains(char::is_whitespace)
}

/// The label that marks an object as ours.
pub fn ours() -> Value {
    json!({"app.kubernetes.io/managed-by": "portico"})
}

/// True when a live object carries our mark.
pub fn is_ours(object: &Value) -> bool {
    object.pointer("/metadata/labels/app.kubernetes.io~1managed-by").and_then(Value::as_str)
        == Some("portico")
}
