//! An authority that signs certificates: its key, and the certificate that it shows.
//!
//! Both can be saved down and read again. Signed anew, the same authority would be another one to everybody who has
//! pinned its certificate. What it signs, and for whom, is its owner's.

use crate::pem;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::CertificateDer;
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

/// Copies are the same authority.
#[derive(Clone, Deserialize)]
#[serde(try_from = "Saved")]
pub(crate) struct Signer {
    saved: Arc<Saved>,
    issuer: Arc<Issuer<'static, KeyPair>>,
}

/// Certificate and key are PEM; the key is a secret.
#[derive(Serialize, Deserialize)]
struct Saved {
    name: String,
    certificate: String,
    key: String,
}

impl Signer {
    /// A new key, and a certificate that it signs itself, with the rest of `params`.
    pub(crate) fn new(name: &str, mut params: CertificateParams) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key)?.pem();
        Saved { name: name.to_owned(), certificate, key: key.serialize_pem() }.try_into()
    }

    pub(crate) fn pem(&self) -> &str {
        &self.saved.certificate
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        let (_, der) = pem::decode(self.saved.certificate.as_bytes()).unwrap_or_default();
        CertificateDer::from(der)
    }

    pub(crate) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }
}

impl TryFrom<Saved> for Signer {
    type Error = rcgen::Error;

    fn try_from(saved: Saved) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, &saved.name);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = Issuer::new(params, KeyPair::from_pem(&saved.key)?);
        Ok(Self { saved: Arc::new(saved), issuer: Arc::new(issuer) })
    }
}

impl Serialize for Signer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.saved.serialize(serializer)
    }
}
