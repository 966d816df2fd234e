//! ingress-shim: an Ingress that names an issuer and has TLS gets a Certificate for each of its Secrets.
//!
//! It owns what it made and nothing else: a Certificate of that name by somebody else is left alone. Annotations for
//! durations, key sizes and the like are not read.

use super::{CERTIFICATES, WHO, below};
use crate::kube::control::{Pass, items, name, namespace, owned_by};
use crate::kube::store::Key;
use serde_json::{Value, json};

pub fn reconcile(pass: &mut Pass<'_>) {
    for ingress in pass.list("ingresses.networking.k8s.io") {
        let annotation =
            |which: &str| ingress["metadata"]["annotations"][format!("cert-manager.io/{which}")].as_str();
        let (kind, issuer) = match (annotation("cluster-issuer"), annotation("issuer")) {
            (Some(_), Some(_)) => {
                let why = "Could not determine issuer for ingress due to bad annotations: both \"cert-manager.io/issuer\" and \"cert-manager.io/cluster-issuer\" may not be set";
                pass.event(&ingress, "Ingress", "BadConfig", why, true);
                continue;
            }
            (Some(issuer), None) => ("ClusterIssuer", issuer.to_owned()),
            (None, Some(issuer)) => ("Issuer", issuer.to_owned()),
            (None, None) => continue,
        };
        if ingress["metadata"]["deletionTimestamp"].is_null() {
            let reference = json!({"group": "cert-manager.io", "kind": kind, "name": issuer});
            sync(pass, &ingress, &reference);
        }
    }
}

fn sync(pass: &Pass<'_>, ingress: &Value, issuer: &Value) {
    let mut wanted = Vec::new();
    for (index, tls) in items(&ingress["spec"]["tls"]).iter().enumerate() {
        let secret = tls["secretName"].as_str().unwrap_or_default();
        let missing: Vec<&str> =
            [("hosts", items(&tls["hosts"]).is_empty()), ("secretName", secret.is_empty())]
                .into_iter()
                .filter_map(|(field, missing)| missing.then_some(field))
                .collect();
        if let Some(field) = missing.first() {
            let why = format!("Skipped a TLS block: spec.tls[{index}].{field}: Required value");
            pass.event(ingress, "Ingress", "BadConfig", &why, true);
            continue;
        }
        wanted.push(secret);
        let spec = json!({
            "dnsNames": tls["hosts"], "issuerRef": issuer, "secretName": secret, "usages": ["digital signature", "key encipherment"],
        });
        certify(pass, ingress, secret, spec);
    }
    for old in pass.store.list(CERTIFICATES, Some(namespace(ingress))).0 {
        if owned_by(&old, ingress) && !wanted.contains(&name(&old)) {
            pass.store.remove(&Key::namespaced(CERTIFICATES, namespace(ingress), name(&old)));
            let said = format!("Successfully deleted unrequired Certificate {:?}", name(&old));
            pass.event(ingress, "Ingress", "DeleteCertificate", &said, false);
        }
    }
}

fn certify(pass: &Pass<'_>, ingress: &Value, secret: &str, spec: Value) {
    let key = Key::namespaced(CERTIFICATES, namespace(ingress), secret);
    match pass.store.get(&key) {
        None => {
            let object = json!({
                "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": below(ingress, secret), "spec": spec,
            });
            pass.store.put(&key, object, "cert-manager-ingress-shim");
            let said = format!("Successfully created Certificate {secret:?}");
            pass.event(ingress, "Ingress", "CreateCertificate", &said, false);
        }
        // What somebody else made under that name is left alone.
        Some(there) if owned_by(&there, ingress) && there["spec"] != spec => {
            pass.store.edit(&key, WHO, None, |certificate| certificate["spec"] = spec);
            let said = format!("Successfully updated Certificate {secret:?}");
            pass.event(ingress, "Ingress", "UpdateCertificate", &said, false);
        }
        Some(_) => {}
    }
}
