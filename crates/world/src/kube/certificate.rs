//! A certificate of cert-manager's with everything that leads to it.
//!
//! Requests, orders and challenges are found by their owners, the newest of each first. What the chain means is
//! `domain::certificate`'s.

use super::{Kube, KubeError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::api::ListParams;
use portico_domain::certificate::CertificateChain;
use portico_domain::observed::ObjectKey;
use serde_json::Value;

impl Kube {
    /// The chain; without links where there is no such certificate (or no cert-manager).
    pub async fn certificate(&self, namespace: &str, name: &str) -> Result<CertificateChain, KubeError> {
        let key = ObjectKey::new("cert-manager.io/v1", "Certificate", namespace, name);
        let mut objects: Vec<Value> = self.get(&key).await?.into_iter().collect();
        for (api_version, kind) in [
            ("cert-manager.io/v1", "CertificateRequest"),
            ("acme.cert-manager.io/v1", "Order"),
            ("acme.cert-manager.io/v1", "Challenge"),
        ] {
            let Some(owner) = objects.last().and_then(|object| object["metadata"]["uid"].as_str()) else {
                break;
            };
            let mut owned = self.owned(ObjectKey::new(api_version, kind, namespace, ""), owner).await?;
            if kind != "Challenge" {
                owned.truncate(1);
            }
            if owned.is_empty() {
                break;
            }
            objects.extend(owned);
        }
        Ok(CertificateChain::of(namespace, name, &objects))
    }

    /// The certificate in a TLS Secret, as PEM; its key is dropped unread.
    pub async fn certificate_in(&self, namespace: &str, secret: &str) -> Result<Option<String>, KubeError> {
        let key = ObjectKey::new("v1", "Secret", namespace, secret);
        let found = self.api(&key).get_opt(secret).await;
        let found = found.map_err(|error| KubeError::from_api(secret, error))?;
        let text = found.as_ref().and_then(|object| object.data.pointer("/data/tls.crt")?.as_str());
        Ok(text.and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok()))
    }

    /// Objects of a kind that belong to `owner`, the newest first.
    async fn owned(&self, key: ObjectKey, owner: &str) -> Result<Vec<Value>, KubeError> {
        let found = self.api(&key).list(&ListParams::default()).await;
        let list = found.map_err(|error| KubeError::from_api(&key.kind, error))?;
        let is_owned = |object: &Value| {
            let owners =
                object["metadata"]["ownerReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
            owners.iter().any(|reference| reference["uid"] == owner)
        };
        let mut owned: Vec<Value> = list
            .items
            .into_iter()
            .filter_map(|object| serde_json::to_value(object).ok())
            .filter(is_owned)
            .map(|mut object| {
                // Items of a list do not say their kind.
                object["kind"] = Value::String(key.kind.clone());
                object
            })
            .collect();
        owned.sort_by_key(|object| {
            let made = object["metadata"]["creationTimestamp"].as_str().unwrap_or_default();
            std::cmp::Reverse((
                made.to_owned(),
                object["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
            ))
        });
        Ok(owned)
    }
}
