//! An authority of the homelab's own, for names that no public one signs: cert-manager makes it, in the cluster.
//!
//! It can sign for names of the home's domain alone (X.509 name constraints), so that who trusts it trusts it with
//! nothing else. Its key never leaves the cluster; what people install on their devices is the certificate.

use super::ISSUER_NAMESPACE;
use crate::dns::Hostname;
use crate::exposure::ours;
use crate::observed::ObjectKey;
use serde_json::{Value, json};

/// The name of the authority's Certificate, of its Secret and of the ClusterIssuer that signs with it.
pub const HOME_AUTHORITY: &str = "home-authority";

/// The ClusterIssuer that signs the authority itself.
pub const SELF_SIGNED: &str = "portico-self-signed";

/// Who signs the authority, the authority, and who signs with it.
pub fn home_authority(cluster: &str, domain: &Hostname) -> [Value; 3] {
    let issuer = |name: &str, spec: Value| {
        json!({
            "apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer",
            "metadata": {"name": name, "labels": ours()}, "spec": spec,
        })
    };
    let certificate = json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate",
        "metadata": {"name": HOME_AUTHORITY, "namespace": ISSUER_NAMESPACE, "labels": ours()},
        "spec": {
            "isCA": true,
            "commonName": format!("Authority of the homelab {cluster}"),
            "secretName": HOME_AUTHORITY,
            // Ten years, and the same key after them: each new one would have to be trusted anew on every device.
            "duration": "87600h",
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Never"},
            "nameConstraints": {"critical": true, "permitted": {"dnsDomains": [domain.as_str()]}},
            "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": SELF_SIGNED},
        },
    });
    [
        issuer(SELF_SIGNED, json!({"selfSigned": {}})),
        certificate,
        issuer(HOME_AUTHORITY, json!({"ca": {"secretName": HOME_AUTHORITY}})),
    ]
}

/// What goes with cert-manager. The Secret stays: devices trust what is in it.
pub fn home_authority_keys() -> [ObjectKey; 3] {
    let key = |kind, namespace, name| ObjectKey::new("cert-manager.io/v1", kind, namespace, name);
    [
        key("ClusterIssuer", "", HOME_AUTHORITY),
        key("Certificate", ISSUER_NAMESPACE, HOME_AUTHORITY),
        key("ClusterIssuer", "", SELF_SIGNED),
    ]
}
