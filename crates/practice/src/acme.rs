//! The certificate authority on the Internet: accounts, orders, the proof by a TXT record, certificates of 90 days.
//!
//! It is asked by cert-manager's double in its own words and not over HTTP, since that double cannot be pointed at
//! another address either. Its root is on no machine: a client that is to trust it needs [`Authority::root`].

use crate::cloudflare::{Cloud, Kind};
use crate::pem;
use crate::signer::Signer;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose, PublicKeyData, SignatureAlgorithm,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use x509_parser::prelude::FromDer;

const DAY: i64 = 86_400_000;
/// How long a certificate is valid, in milliseconds.
pub const LIFETIME: i64 = 90 * DAY;

/// How the authority behaves; a part of the homelab's state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Conduct {
    /// Directory URLs under which it answers, and whether every computer trusts the server there. One that is not
    /// trusted needs `caBundle` in an issuer.
    pub directories: BTreeMap<String, bool>,
    pub verdict: Verdict,
}

impl Default for Conduct {
    fn default() -> Self {
        let trusted = ["acme-v02.api.letsencrypt.org", "acme-staging-v02.api.letsencrypt.org"];
        Self {
            directories: trusted.map(|host| (format!("https://{host}/directory"), true)).into(),
            verdict: Verdict::default(),
        }
    }
}

/// What becomes of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Names that are proven get their certificate.
    #[default]
    Issue,
    /// The proof is not accepted, with this explanation; the order is invalid.
    Refuse(String),
    /// No order is taken: too many certificates for the same names.
    RateLimit,
}

impl Conduct {
    /// Why an account cannot be registered at a directory, in the words of Go's and cert-manager's clients.
    pub(crate) fn registers(&self, server: &str, has_bundle: bool, internet: bool) -> Result<(), String> {
        let Some((host, _)) =
            server.strip_prefix("https://").map(|rest| rest.split_once('/').unwrap_or((rest, "")))
        else {
            let scheme = server.split_once("://").map_or("", |(scheme, _)| scheme);
            return Err(format!("Get {server:?}: unsupported protocol scheme {scheme:?}"));
        };
        let lookup =
            |why: &str| Err(format!("Get {server:?}: dial tcp: lookup {host} on 10.43.0.10:53: {why}"));
        if !internet {
            return lookup("server misbehaving");
        }
        match self.directories.get(server) {
            Some(trusted) if *trusted || has_bundle => Ok(()),
            Some(_) => Err(format!(
                "Get {server:?}: tls: failed to verify certificate: x509: certificate signed by unknown authority"
            )),
            None if self.directories.keys().any(|known| known.starts_with(&format!("https://{host}/"))) => {
                Err("404 urn:ietf:params:acme:error:malformed: Page not found".to_owned())
            }
            None => lookup("no such host"),
        }
    }
}

/// The authority's key and certificate.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Authority {
    signer: Signer,
}

impl Authority {
    /// # Errors
    /// Keys cannot be made.
    pub fn new(now: i64) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = pem::time(now - DAY);
        params.not_after = pem::time(now + 7300 * DAY);
        Ok(Self { signer: Signer::new("Practice Root X1", params)? })
    }

    /// The root certificate as PEM.
    pub fn root(&self) -> String {
        self.signer.pem().to_owned()
    }

    /// Whether the record that proves a name is there, and the authority content with it.
    pub(crate) fn judge(
        &self,
        cloud: &Cloud,
        verdict: &Verdict,
        name: &str,
        proof: &str,
    ) -> Result<(), String> {
        let at = format!("_acme-challenge.{name}");
        let refused = |why: &str| {
            Err(format!(
                "acme: authorization error for {name}: 403 urn:ietf:params:acme:error:unauthorized: {why}"
            ))
        };
        if let Verdict::Refuse(why) = verdict {
            return refused(why);
        }
        let mut zones = std::iter::successors(Some(at.as_str()), |name| Some(name.split_once('.')?.1));
        let shown = zones.any(|zone| {
            cloud.records(zone).iter().any(|record| {
                record.kind == Kind::Txt && record.name == at && record.content.trim_matches('"') == proof
            })
        });
        if shown { Ok(()) } else { refused(&format!("No TXT record found at {at}")) }
    }

    /// The certificate for a request (DER), with the authority's own below it, as PEM.
    pub(crate) fn sign(&self, request: &[u8], now: i64) -> Result<String, String> {
        let (_, request) = x509_parser::certification_request::X509CertificationRequest::from_der(request)
            .map_err(|error| error.to_string())?;
        let names = names(&request);
        let mut params = CertificateParams::new(names.clone()).map_err(|error| error.to_string())?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, names.first().map_or("", String::as_str));
        params.not_before = pem::time(now);
        params.not_after = pem::time(now + LIFETIME);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let subject = Subject::of(&request);
        let certificate =
            params.signed_by(&subject, self.signer.issuer()).map_err(|error| error.to_string())?;
        Ok(certificate.pem() + self.signer.pem())
    }
}

/// The DNS names that a request asks for.
pub(crate) fn names(
    request: &x509_parser::certification_request::X509CertificationRequest<'_>,
) -> Vec<String> {
    use x509_parser::extensions::{GeneralName, ParsedExtension};
    let mut names = Vec::new();
    for extension in request.requested_extensions().into_iter().flatten() {
        if let ParsedExtension::SubjectAlternativeName(alternatives) = extension {
            names.extend(alternatives.general_names.iter().filter_map(|name| match name {
                GeneralName::DNSName(name) => Some((*name).to_owned()),
                _ => None,
            }));
        }
    }
    names
}

/// The public key of a request. cert-manager's double makes keys on P-256 alone.
pub(crate) struct Subject(Vec<u8>);

impl Subject {
    pub(crate) fn of(request: &x509_parser::certification_request::X509CertificationRequest<'_>) -> Self {
        Self(request.certification_request_info.subject_pki.subject_public_key.data.to_vec())
    }
}

impl PublicKeyData for Subject {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

/// The text of the record that answers a challenge's token.
pub(crate) fn proof(token: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
    URL_SAFE_NO_PAD.encode(digest)
}
