//! Who signs certificates: an ACME authority, asked through DNS-01, so that LAN-only names get them, too.

use crate::exposure::ours;
use crate::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ts_rs::TS;

/// Where cert-manager looks for what its cluster-wide issuers refer to.
pub const ISSUER_NAMESPACE: &str = "cert-manager";

/// The Secret (and SealedSecret) with the cluster's own Cloudflare token, under the key `token`.
pub const CLUSTER_TOKEN: &str = "cloudflare-token";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acme {
    /// The authority writes there before a certificate ends.
    pub email: String,
    pub authority: Authority,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum Authority {
    /// Let's Encrypt's rehearsal: no limits to speak of, and no browser trusts it.
    Staging,
    Production,
    /// Any other directory; `ca` is the PEM of its own CA, where it is not a public one.
    Custom {
        directory: String,
        ca: Option<String>,
    },
}

impl Authority {
    /// The name of its ClusterIssuer.
    pub fn issuer(&self) -> &'static str {
        match self {
            Self::Staging => "letsencrypt-staging",
            Self::Production => "letsencrypt-production",
            Self::Custom { .. } => "acme",
        }
    }

    fn directory(&self) -> &str {
        match self {
            Self::Staging => "https://acme-staging-v02.api.letsencrypt.org/directory",
            Self::Production => "https://acme-v02.api.letsencrypt.org/directory",
            Self::Custom { directory, .. } => directory,
        }
    }
}

impl Acme {
    pub(super) fn problem(&self) -> Option<Problem> {
        let invalid = |field, value: &str| {
            Some(Problem::new(Code::FieldInvalid).arg("field", field).arg("value", value))
        };
        if !self.email.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.')) {
            return invalid("acme.email", &self.email)
                .map(|problem| problem.arg("example", "me@example.com"));
        }
        match &self.authority {
            Authority::Custom { directory, .. } if !directory.starts_with("https://") => {
                invalid("acme.authority", directory)
                    .map(|problem| problem.arg("example", "https://acme.example.com/directory"))
            }
            Authority::Custom { ca: Some(ca), .. } if !ca.contains("-----BEGIN CERTIFICATE-----") => {
                invalid("acme.authority.ca", "")
                    .map(|problem| problem.arg("example", "-----BEGIN CERTIFICATE-----"))
            }
            _ => None,
        }
    }

    /// The ClusterIssuer with its one DNS-01 solver.
    pub fn cluster_issuer(&self) -> Value {
        let name = self.authority.issuer();
        let mut acme = json!({
            "server": self.authority.directory(), "email": self.email,
            "privateKeySecretRef": {"name": format!("{name}-account")},
            "solvers": [{"dns01": {"cloudflare": {"apiTokenSecretRef": {"name": CLUSTER_TOKEN, "key": "token"}}}}],
        });
        if let Authority::Custom { ca: Some(ca), .. } = &self.authority {
            use base64::Engine;
            acme["caBundle"] = json!(base64::engine::general_purpose::STANDARD.encode(ca));
        }
        json!({
            "apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer",
            "metadata": {"name": name, "labels": ours()},
            "spec": {"acme": acme},
        })
    }
}
