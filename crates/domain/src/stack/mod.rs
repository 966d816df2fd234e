//! The stack: which components are wanted, how each is pinned, who issues certificates, which tunnel is used.
//!
//! Which ingress controller serves is the cluster document's to say, since K3s brings one of the two. Components are one row each: version, values, and the rule by which they are healthy. The ingress controller is
//! replaceable; its name inside the cluster is known here alone. What a component is made of is in `component`.

mod acme;
mod authority;
mod cloudflared;
mod component;

pub use acme::{Acme, Authority, CLUSTER_TOKEN, ISSUER_NAMESPACE};
pub use authority::{HOME_AUTHORITY, home_authority, home_authority_keys};
pub use cloudflared::{
    CLOUDFLARED_METRICS, CLOUDFLARED_NAMESPACE, TUNNEL_ANNOTATION, TUNNEL_SECRET, cloudflared,
};
pub use component::{
    Pin, SEALED_SECRETS, StackComponent, TRAEFIK_SINCE, ingress_class, traefik_config, traefik_is_recent,
};

use crate::dns::Hostname;
use crate::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Who routes requests to services by their hostname.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum IngressController {
    /// The reference set-up. Its last release is of March 2026 and gets no security fixes.
    #[default]
    Nginx,
    /// The one that K3s brings, with its provider for ingress-nginx' annotations.
    Traefik,
}

impl IngressController {
    pub const ALL: [Self; 2] = [Self::Nginx, Self::Traefik];

    pub fn component(self) -> StackComponent {
        match self {
            Self::Nginx => StackComponent::IngressNginx,
            Self::Traefik => StackComponent::Traefik,
        }
    }

    pub fn other(self) -> Self {
        match self {
            Self::Nginx => Self::Traefik,
            Self::Traefik => Self::Nginx,
        }
    }

    /// The controller's Service as pods reach it.
    pub fn service_host(self) -> &'static str {
        match self {
            Self::Nginx => "ingress-nginx-controller.ingress-nginx.svc.cluster.local",
            Self::Traefik => "traefik.kube-system.svc.cluster.local",
        }
    }

    /// The same Service as `namespace/name`.
    pub fn service_key(self) -> String {
        let mut parts = self.service_host().split('.');
        let (service, namespace) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        format!("{namespace}/{service}")
    }

    /// What a person should know about it for as long as it is in use.
    pub fn condition(self) -> Option<Problem> {
        match self {
            Self::Nginx => Some(Problem::new(Code::IngressRetired)),
            Self::Traefik => None,
        }
    }
}

/// Who answers for the names of services.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum Names {
    /// The zones of an account at Cloudflare, where Portico writes.
    #[default]
    Cloudflare,
    /// The home's own resolver, which its owner tells. The names are in `domain`, and nobody else knows them.
    Home { domain: Hostname },
}

/// What is wanted besides the cluster itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Stack {
    /// The owner knows that ingress-nginx gets no fixes and exposes services to the internet through it all the same.
    pub retired_accepted: bool,
    /// The components that are wanted besides the ingress controller, and what is pinned of any.
    pub components: BTreeMap<StackComponent, Pin>,
    pub names: Names,
    pub acme: Option<Acme>,
    /// The tunnel's name; found again by it.
    pub tunnel: Option<String>,
}

impl Stack {
    pub fn pin(&self, component: StackComponent) -> Pin {
        self.components.get(&component).cloned().unwrap_or_default()
    }

    /// The name of the ClusterIssuer that signs for LAN-only names, where there is one.
    pub fn issuer(&self) -> Option<&'static str> {
        match &self.names {
            Names::Cloudflare => self.acme.as_ref().map(|acme| acme.authority.issuer()),
            Names::Home { .. } => {
                self.components.contains_key(&StackComponent::CertManager).then_some(HOME_AUTHORITY)
            }
        }
    }

    /// The domain of a homelab that does without Cloudflare.
    pub fn home_domain(&self) -> Option<&Hostname> {
        match &self.names {
            Names::Cloudflare => None,
            Names::Home { domain } => Some(domain),
        }
    }

    /// What contradicts itself.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let invalid = |field: &str, value: &str| {
            Problem::new(Code::FieldInvalid).arg("field", field).arg("value", value)
        };
        if let Some(domain) = self.home_domain() {
            // Names below it are found by multicast, and no router is asked for them.
            if domain.as_str() == "local" || domain.as_str().ends_with(".local") {
                problems.push(invalid("domain", domain.as_str()).arg("example", "home.arpa"));
            }
            if self.acme.is_some() || self.tunnel.is_some() {
                problems.push(Problem::new(Code::CloudflareNotUsed).arg("domain", domain));
            }
        }
        if let Some(acme) = &self.acme {
            problems.extend(acme.problem());
        }
        if let Some(tunnel) = &self.tunnel
            && (tunnel.trim().is_empty() || tunnel.len() > 100 || uuid_like(tunnel))
        {
            // cloudflared takes a name that looks like an id for an id.
            problems.push(invalid("tunnel", tunnel).arg("example", "portico-home"));
        }
        for (component, pin) in &self.components {
            problems.extend(pin.problem(*component));
        }
        problems
    }
}

fn uuid_like(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
