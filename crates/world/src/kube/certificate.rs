//! A certificate of cert-manager's with everything that leads to it.
//!
//! Requests, orders and challenges are found by their owners, the newest of each first. What the chain means is
//! `domain::certificate`'s.

use super::{Kube, KubeError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::api::ListParams;
use portico_domain::certificate::{CertificateChain, Link};
use portico_domain::observed::ObjectKey;
use serde_json::Value;
use std::cmp::Reverse;

/// API version and kind of what a chain is made of, outermost first; and where the API has all of them.
pub const KINDS: [(&str, &str, &str); 4] = [
    ("cert-manager.io/v1", "Certificate", "/apis/cert-manager.io/v1/certificates"),
    ("cert-manager.io/v1", "CertificateRequest", "/apis/cert-manager.io/v1/certificaterequests"),
    ("acme.cert-manager.io/v1", "Order", "/apis/acme.cert-manager.io/v1/orders"),
    ("acme.cert-manager.io/v1", "Challenge", "/apis/acme.cert-manager.io/v1/challenges"),
];

/// All that is read of one object of a chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Linked {
    uid: Box<str>,
    owners: Box<[Box<str>]>,
    /// RFC 3339.
    made: Box<str>,
    not_after: Option<Box<str>>,
    pub link: Link,
}

impl Linked {
    pub fn of(kind: &str, object: &Value) -> Self {
        let meta = &object["metadata"];
        let text = |value: &Value| value.as_str().unwrap_or_default().into();
        let owners = meta["ownerReferences"].as_array().into_iter().flatten();
        Self {
            uid: text(&meta["uid"]),
            owners: owners.map(|owner| text(&owner["uid"])).collect(),
            made: text(&meta["creationTimestamp"]),
            not_after: object["status"]["notAfter"].as_str().map(Into::into),
            link: Link::of(kind, object),
        }
    }

    /// Of objects of one kind, those that lead to this one: the newest, and of challenges all, the newest first.
    pub fn leading<'a>(&self, objects: impl Iterator<Item = &'a Self>) -> Vec<Self> {
        let mut owned: Vec<&Self> = objects.filter(|object| object.owners.contains(&self.uid)).collect();
        owned.sort_by_key(|object| Reverse((&object.made, &object.link.name)));
        let several = |object: &&Self| object.link.kind == "Challenge";
        let others = owned.iter().skip(1).filter(|object| several(object));
        owned.first().into_iter().chain(others).map(|object| (*object).clone()).collect()
    }
}

/// `rows` begin with the Certificate, where there is one.
pub fn chain(namespace: &str, name: &str, rows: Vec<Linked>) -> CertificateChain {
    let not_after = rows.first().and_then(|row| row.not_after.as_deref().map(str::to_owned));
    CertificateChain::new(namespace, name, not_after, rows.into_iter().map(|row| row.link).collect())
}

impl Kube {
    /// The chain; without links where there is no such certificate (or no cert-manager).
    pub async fn certificate(&self, namespace: &str, name: &str) -> Result<CertificateChain, KubeError> {
        let [certificate, leading @ ..] = KINDS;
        let key = |(version, kind, _): (&str, &str, _)| ObjectKey::new(version, kind, namespace, name);
        let found = self.get(&key(certificate)).await?;
        let mut rows: Vec<Linked> = found.iter().map(|object| Linked::of(certificate.1, object)).collect();
        for each in leading {
            let Some(last) = rows.last() else { break };
            let listed = self.api(&key(each)).list(&ListParams::default()).await;
            let listed = listed.map_err(|error| KubeError::from_api(each.1, error))?.items.into_iter();
            let listed = listed.filter_map(|object| serde_json::to_value(object).ok());
            let listed: Vec<Linked> = listed.map(|object| Linked::of(each.1, &object)).collect();
            let owned = last.leading(listed.iter());
            if owned.is_empty() {
                break;
            }
            rows.extend(owned);
        }
        Ok(chain(namespace, name, rows))
    }

    /// The certificate in a TLS Secret, as PEM; its key is dropped unread.
    pub async fn certificate_in(&self, namespace: &str, secret: &str) -> Result<Option<String>, KubeError> {
        let key = ObjectKey::new("v1", "Secret", namespace, secret);
        let found = self.api(&key).get_opt(secret).await;
        let found = found.map_err(|error| KubeError::from_api(secret, error))?;
        let text = found.as_ref().and_then(|object| object.data.pointer("/data/tls.crt")?.as_str());
        Ok(text.and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok()))
    }
}
