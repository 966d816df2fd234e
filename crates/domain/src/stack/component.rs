//! The components, one row each: chart or image, pinned version, values, health.

use super::cloudflared::CLOUDFLARED_NAMESPACE;
use crate::chart::{Chart, deployment};
use crate::exposure::ours;
use crate::observed::ObjectKey;
use crate::problem::{Code, Problem};
use crate::watcher::WATCHER_NAMESPACE;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ts_rs::TS;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum StackComponent {
    IngressNginx,
    Traefik,
    SealedSecrets,
    CertManager,
    Cloudflared,
    /// The watcher that looks at services while Portico does not run; wanted by those who ask for it.
    Gatus,
}

/// What the owner pins otherwise than Portico does: a maintained fork, an older version, a mirror.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Pin {
    /// Of the chart; of the image where there is no chart.
    pub version: Option<String>,
    /// The chart's repository.
    pub repository: Option<String>,
    /// The controller's image, as `registry/name:tag` or with a digest.
    pub image: Option<String>,
}

impl Pin {
    pub(super) fn problem(&self, component: StackComponent) -> Option<Problem> {
        let field = |name: &str| format!("components.{}.{name}", component.name());
        let tagged = |image: &&String| !image.rsplit('/').next().is_some_and(|last| last.contains(':'));
        if let Some(image) = self.image.as_ref().filter(tagged) {
            let problem = Problem::new(Code::FieldInvalid).arg("field", field("image")).arg("value", image);
            return Some(problem.arg("example", "registry.example.com/controller:v1.15.5"));
        }
        let repository = self.repository.as_ref().filter(|text| !text.contains("://"))?;
        let problem =
            Problem::new(Code::FieldInvalid).arg("field", field("repository")).arg("value", repository);
        Some(problem.arg("example", "https://charts.example.com"))
    }
}

/// The controller of sealed-secrets: namespace, name of Deployment and Service, as kubeseal expects them.
pub const SEALED_SECRETS: (&str, &str) = ("kube-system", "sealed-secrets-controller");

/// The first Traefik whose provider for ingress-nginx' annotations has no known hole.
pub const TRAEFIK_SINCE: [u64; 3] = [3, 7, 11];

/// Public resolvers, asked directly: a split-horizon resolver at home would hide the challenge's record.
const RESOLVERS: &str = "1.1.1.1:53,9.9.9.9:53";

impl StackComponent {
    pub const ALL: [Self; 6] = [
        Self::IngressNginx,
        Self::Traefik,
        Self::SealedSecrets,
        Self::CertManager,
        Self::Cloudflared,
        Self::Gatus,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::IngressNginx => "ingress-nginx",
            Self::Traefik => "traefik",
            Self::SealedSecrets => "sealed-secrets",
            Self::CertManager => "cert-manager",
            Self::Cloudflared => "cloudflared",
            Self::Gatus => "gatus",
        }
    }

    /// The pinned version: of the chart, or of the image where there is no chart. Traefik's is K3s' to say.
    pub fn version(self) -> Option<&'static str> {
        match self {
            Self::IngressNginx => Some("4.15.1"),
            Self::Traefik => None,
            Self::SealedSecrets => Some("2.18.5"),
            Self::CertManager => Some("v1.21.1"),
            Self::Cloudflared => Some("2026.8.2"),
            Self::Gatus => Some("v5.36.0"),
        }
    }

    pub fn namespace(self) -> &'static str {
        match self {
            Self::IngressNginx => "ingress-nginx",
            Self::Traefik => "kube-system",
            Self::SealedSecrets => SEALED_SECRETS.0,
            Self::CertManager => "cert-manager",
            Self::Cloudflared => CLOUDFLARED_NAMESPACE,
            Self::Gatus => WATCHER_NAMESPACE,
        }
    }

    /// The Deployments whose availability makes the component healthy; the first one is its heart.
    pub fn health(self) -> Vec<ObjectKey> {
        let names: &[&str] = match self {
            Self::IngressNginx => &["ingress-nginx-controller"],
            Self::Traefik => &["traefik"],
            Self::SealedSecrets => &[SEALED_SECRETS.1],
            Self::CertManager => &["cert-manager", "cert-manager-webhook", "cert-manager-cainjector"],
            Self::Cloudflared => &["cloudflared"],
            Self::Gatus => &["gatus"],
        };
        names.iter().map(|name| deployment(self.namespace(), name)).collect()
    }

    /// The chart, where the component is one that Portico installs. `mirror` replaces every repository.
    pub fn chart(self, pin: &Pin, mirror: Option<&str>) -> Option<Chart> {
        let (repository, values) = match self {
            Self::IngressNginx => ("https://kubernetes.github.io/ingress-nginx", nginx_values(pin)),
            Self::SealedSecrets => (
                "https://bitnami-labs.github.io/sealed-secrets",
                json!({"fullnameOverride": SEALED_SECRETS.1}),
            ),
            Self::CertManager => (
                "https://charts.jetstack.io",
                json!({
                    "crds": {"enabled": true, "keep": true},
                    "dns01RecursiveNameservers": RESOLVERS,
                    "dns01RecursiveNameserversOnly": true,
                }),
            ),
            Self::Traefik | Self::Cloudflared | Self::Gatus => return None,
        };
        let mirrored = mirror.map(|base| format!("{}/{}", base.trim_end_matches('/'), self.name()));
        Some(Chart {
            name: self.name().into(),
            chart: self.name().into(),
            version: pin.version.clone().unwrap_or_else(|| self.version().unwrap_or_default().into()),
            repository: pin.repository.clone().or(mirrored).unwrap_or_else(|| repository.into()),
            namespace: self.namespace().into(),
            values,
            health: self.health(),
        })
    }

    /// The component of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|component| component.name() == name)
    }

    /// The image of a component without a chart.
    pub fn image(self, pin: &Pin) -> String {
        let version = pin.version.as_deref().or(self.version()).unwrap_or_default();
        let repository = if self == Self::Gatus { "ghcr.io/twin" } else { "docker.io/cloudflare" };
        pin.image.clone().unwrap_or_else(|| format!("{repository}/{}:{version}", self.name()))
    }
}

/// Snippets off, paths validated strictly, and no annotation of ours that makes a rewrite: what is known to be
/// exploitable in the last release needs one of these.
fn nginx_values(pin: &Pin) -> Value {
    let mut controller = json!({
        "replicaCount": 1,
        "allowSnippetAnnotations": false,
        "enableAnnotationValidations": true,
        "extraArgs": {"enable-ssl-passthrough": ""},
        "config": {"strict-validate-path-type": "true"},
        // Its counters are what the picture's rates are made of; the chart leaves them off.
        "metrics": {"enabled": true},
        // The class is applied beside the chart, since it outlives it.
        "ingressClassResource": {"enabled": false, "name": "nginx", "default": false},
        "service": {"externalTrafficPolicy": ""},
    });
    if let Some(image) = &pin.image {
        // The chart's own digest is that of its own image.
        let (name, digest) = image.split_once('@').unwrap_or((image, ""));
        let (repository, tag) = name.rsplit_once(':').unwrap_or((name, ""));
        controller["image"] = json!({"repository": repository, "tag": tag, "digest": digest});
    }
    json!({"controller": controller})
}

/// The settings of K3s' bundled Traefik: it serves the Ingresses that ingress-nginx served, and nothing twice.
/// `service` is the type of its Service; while both controllers run, only one may have the ports.
pub fn traefik_config(service: &str) -> Value {
    let values = json!({
        "providers": {
            "kubernetesIngress": {"enabled": false},
            "kubernetesIngressNGINX": {
                "enabled": true,
                "ingressClass": "nginx",
                "controllerClass": "k8s.io/ingress-nginx",
                // Two controllers would fight over the status of every Ingress.
                "publishService": {"enabled": service == "LoadBalancer"},
            },
        },
        "service": {"type": service},
    });
    json!({
        "apiVersion": "helm.cattle.io/v1", "kind": "HelmChartConfig",
        "metadata": {"name": "traefik", "namespace": "kube-system", "labels": ours()},
        "spec": {"valuesContent": serde_json::to_string_pretty(&values).unwrap_or_default()},
    })
}

/// The class that Ingresses name; both controllers serve it.
pub fn ingress_class() -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
        "metadata": {"name": "nginx", "labels": ours()},
        "spec": {"controller": "k8s.io/ingress-nginx"},
    })
}

/// Whether an image tag such as `3.7.13` or `v3.6.13` names a Traefik that is recent enough.
pub fn traefik_is_recent(tag: &str) -> bool {
    let numbers: Vec<u64> =
        tag.trim_start_matches('v').split(['.', '-']).map_while(|part| part.parse().ok()).collect();
    numbers.len() >= 3 && numbers[..3] >= TRAEFIK_SINCE[..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_of_the_owners_replaces_the_charts_and_its_digest() {
        let pin =
            Pin { image: Some("reg.example.com:5000/nginx/controller:v1.15.5".into()), ..Pin::default() };
        let chart = StackComponent::IngressNginx.chart(&pin, None).unwrap();
        insta::assert_snapshot!(chart.values["controller"]["image"], @r#"{"digest":"","repository":"reg.example.com:5000/nginx/controller","tag":"v1.15.5"}"#);
        assert!(pin.problem(StackComponent::IngressNginx).is_none());
        let untagged = Pin { image: Some("reg.example.com:5000/nginx/controller".into()), ..Pin::default() };
        assert!(untagged.problem(StackComponent::IngressNginx).is_some());
    }

    #[test]
    fn traefik_is_judged_by_its_version() {
        for (tag, recent) in [
            ("3.7.11", true),
            ("v3.7.13", true),
            ("3.8.0", true),
            ("v3.6.13", false),
            ("3.7.9-rc1", false),
            ("latest", false),
        ] {
            assert_eq!(traefik_is_recent(tag), recent, "{tag}");
        }
    }

    #[test]
    fn every_component_has_a_heart_in_its_own_namespace() {
        for component in StackComponent::ALL {
            let health = component.health();
            assert!(!health.is_empty() && health.iter().all(|key| key.namespace == component.namespace()));
        }
    }
}
