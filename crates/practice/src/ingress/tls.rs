//! Which certificate a client is shown: that of the name's Secret, the controller's own, or the pod's behind it.
//!
//! Decided by the name in the client's first message, before any request is read, as the controllers do. Deliberately
//! absent: client certificates, HTTP/2 by ALPN, and a default certificate that is configured.

use super::doors::Door;
use super::pods::{self, Backend};
use super::routing;
use crate::kube::engines::{self, Flavour};
use crate::kube::{Cluster, Key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use std::sync::Arc;

/// The certificates that nobody asked for.
pub struct Certificates {
    nginx: Arc<ServerConfig>,
    traefik: Arc<ServerConfig>,
    /// What a program shows that made one for itself.
    pod: Arc<ServerConfig>,
}

impl Certificates {
    pub fn new() -> Result<Self, rcgen::Error> {
        Ok(Self {
            nginx: own("ingress.local", "Kubernetes Ingress Controller Fake Certificate", "Acme Co")?,
            traefik: own("traefik.default", "TRAEFIK DEFAULT CERT", "")?,
            pod: own("argocd-server", "", "Argo CD")?,
        })
    }
}

/// What is shown, and the Service that the connection goes on to unread.
pub struct Shown {
    pub config: Arc<ServerConfig>,
    pub passed: Option<Backend>,
}

/// `None` ends the connection: whoever is to speak TLS there does not.
pub fn shown(
    cluster: &Cluster,
    certificates: &Certificates,
    door: &Door,
    name: Option<&str>,
) -> Option<Shown> {
    let service = cluster.store.get(&Key::namespaced("services", &door.namespace, &door.service))?;
    let Some(engine) = engines::of(&cluster.store, &service) else {
        let backend = Backend { namespace: door.namespace.clone(), service: door.service.clone() };
        return of_pods(cluster, certificates, backend);
    };
    let name = name.unwrap_or_default();
    if let Some(backend) = routing::passed_through(cluster, &engine, name) {
        return of_pods(cluster, certificates, backend);
    }
    let from_secret = routing::ingresses(cluster, &engine).iter().find_map(|ingress| {
        let namespace = ingress["metadata"]["namespace"].as_str().unwrap_or_default();
        let secret = routing::secret_for(ingress, name)?;
        of_secret(&*cluster.store.get(&Key::namespaced("secrets", namespace, secret))?)
    });
    let default = match engine.flavour {
        Flavour::Nginx { .. } => &certificates.nginx,
        Flavour::Traefik { .. } => &certificates.traefik,
    };
    Some(Shown { config: from_secret.unwrap_or_else(|| Arc::clone(default)), passed: None })
}

/// The certificate of a pod that speaks TLS itself; Argo CD takes the one of `argocd-server-tls`, if it is there.
fn of_pods(cluster: &Cluster, certificates: &Certificates, backend: Backend) -> Option<Shown> {
    if !pods::speaks_tls(cluster, &backend) {
        return None;
    }
    let secret = cluster.store.get(&Key::namespaced("secrets", &backend.namespace, "argocd-server-tls"));
    let config =
        secret.and_then(|secret| of_secret(&secret)).unwrap_or_else(|| Arc::clone(&certificates.pod));
    Some(Shown { config, passed: Some(backend) })
}

fn of_secret(secret: &Value) -> Option<Arc<ServerConfig>> {
    let entry = |key: &str| STANDARD.decode(secret["data"][key].as_str()?).ok();
    let chain = CertificateDer::pem_slice_iter(&entry("tls.crt")?).collect::<Result<Vec<_>, _>>().ok()?;
    let key = PrivateKeyDer::from_pem_slice(&entry("tls.key")?).ok()?;
    config(chain, key)
}

fn config(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Option<Arc<ServerConfig>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    builder.with_no_client_auth().with_single_cert(chain, key).ok().map(Arc::new)
}

fn own(host: &str, common: &str, organization: &str) -> Result<Arc<ServerConfig>, rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![host.to_owned()])?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    for (kind, value) in [(DnType::CommonName, common), (DnType::OrganizationName, organization)] {
        if !value.is_empty() {
            params.distinguished_name.push(kind, value);
        }
    }
    let certificate = params.self_signed(&key)?;
    let private =
        PrivateKeyDer::try_from(key.serialize_der()).map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
    config(vec![certificate.der().clone()], private).ok_or(rcgen::Error::CouldNotParseKeyPair)
}
