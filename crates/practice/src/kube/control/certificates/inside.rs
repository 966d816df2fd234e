//! Issuers that sign inside the cluster: one that signs each request with its own key, and one whose key is in a Secret.
//!
//! Of an authority, its name, its end and the domains that it is limited to count.

use super::{CERTIFICATES, REQUESTS, request};
use crate::kube::control::{Pass, items, name, namespace};
use crate::kube::store::Key;
use crate::{acme, pem};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use serde_json::Value;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;

const HOUR: i64 = 3_600_000;

/// Both base64 of PEM, as a request's status has them.
pub struct Signed {
    pub certificate: String,
    pub authority: String,
}

/// Whether an issuer of these kinds can sign, in cert-manager's words; `None` for the others.
pub fn ready(
    pass: &Pass<'_>,
    issuer: &Value,
    space: &str,
) -> Option<Result<(&'static str, &'static str), String>> {
    let spec = &issuer["spec"];
    if spec["selfSigned"].is_object() {
        return Some(Ok(("IsReady", "")));
    }
    let secret = spec["ca"]["secretName"].as_str()?;
    let found = key_pair(pass, space, secret).map(|_| ("KeyPairVerified", "Signing CA verified"));
    Some(found.map_err(|why| format!("Error getting keypair for CA issuer: {why}")))
}

/// Certificate and key of a Secret, as PEM.
fn key_pair(pass: &Pass<'_>, space: &str, secret: &str) -> Result<(String, String), String> {
    let found = pass.store.get(&Key::namespaced("secrets", space, secret));
    let found = found.ok_or_else(|| format!("secrets {secret:?} not found"))?;
    let part = |key: &str| {
        let bytes = found["data"][key].as_str().and_then(|text| STANDARD.decode(text).ok());
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        text.ok_or_else(|| format!("no data for {key:?} in secret \"{space}/{secret}\""))
    };
    Ok((part("tls.crt")?, part("tls.key")?))
}

/// The signed request; `None` where the issuer is of another kind.
pub fn sign(pass: &Pass<'_>, issuer: &Value, request: &Value) -> Option<Result<Signed, String>> {
    let spec = &issuer["spec"];
    if spec["selfSigned"].is_object() {
        return Some(self_signed(pass, request));
    }
    let secret = spec["ca"]["secretName"].as_str()?;
    let space = match namespace(issuer) {
        "" => super::home(pass)?,
        space => space.to_owned(),
    };
    Some(by_authority(pass, request, &space, secret))
}

/// What the request's certificate is to hold.
fn params(pass: &Pass<'_>, request: &Value) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(request::names(request))?;
    let wanted = &request["metadata"]["annotations"]["cert-manager.io/certificate-name"];
    let wanted = wanted.as_str().unwrap_or_default();
    let spec = pass.store.get(&Key::namespaced(CERTIFICATES, namespace(request), wanted));
    let spec = spec.map(|certificate| certificate["spec"].clone()).unwrap_or_default();
    params.distinguished_name = DistinguishedName::new();
    if let Some(name) = spec["commonName"].as_str() {
        params.distinguished_name.push(DnType::CommonName, name);
    }
    let hours = spec["duration"].as_str().and_then(|text| text.split_once('h')?.0.parse::<i64>().ok());
    let now = pass.homelab.clock.now();
    params.not_before = pem::time(now);
    params.not_after = pem::time(now + hours.unwrap_or(90 * 24) * HOUR);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    if request["spec"]["isCA"] == true {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages.push(KeyUsagePurpose::KeyCertSign);
        let domains = items(&spec["nameConstraints"]["permitted"]["dnsDomains"]).iter();
        let domains = domains.filter_map(Value::as_str).map(str::to_owned);
        let permitted_subtrees: Vec<_> = domains.map(GeneralSubtree::DnsName).collect();
        params.name_constraints = (!permitted_subtrees.is_empty())
            .then_some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    } else {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    }
    Ok(params)
}

fn self_signed(pass: &Pass<'_>, request: &Value) -> Result<Signed, String> {
    let secret = &request["metadata"]["annotations"]["cert-manager.io/private-key-secret-name"];
    let secret = secret.as_str().unwrap_or_default();
    let found = pass.store.get(&Key::namespaced("secrets", namespace(request), secret));
    let found =
        found.ok_or_else(|| format!("Referenced Secret {}/{secret} not found", namespace(request)))?;
    let key = STANDARD.decode(found["data"]["tls.key"].as_str().unwrap_or_default()).unwrap_or_default();
    let signed = KeyPair::from_pem(&String::from_utf8_lossy(&key))
        .and_then(|key| params(pass, request)?.self_signed(&key));
    let certificate = STANDARD.encode(signed.map_err(|error| error.to_string())?.pem());
    Ok(Signed { authority: certificate.clone(), certificate })
}

fn by_authority(pass: &Pass<'_>, request: &Value, space: &str, secret: &str) -> Result<Signed, String> {
    let (certificate, key) = key_pair(pass, space, secret)?;
    let der = request::der(request).ok_or_else(|| format!("{REQUESTS} {}: no request", name(request)))?;
    let (_, request_read) = X509CertificationRequest::from_der(&der).map_err(|error| error.to_string())?;
    let subject = acme::Subject::of(&request_read);
    let signed = KeyPair::from_pem(&key).and_then(|key| {
        let issuer = Issuer::new(authority(&certificate), key);
        params(pass, request)?.signed_by(&subject, &issuer)
    });
    let signed = signed.map_err(|error| error.to_string())?;
    Ok(Signed { certificate: STANDARD.encode(signed.pem()), authority: STANDARD.encode(certificate) })
}

/// The name that a certificate's issuer has; of the rest, nothing is copied into what it signs.
fn authority(certificate: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    if let Some((_, der)) = pem::decode(certificate.as_bytes())
        && let Ok((_, parsed)) = x509_parser::parse_x509_certificate(&der)
        && let Some(name) = parsed.subject().iter_common_name().next().and_then(|name| name.as_str().ok())
    {
        params.distinguished_name.push(DnType::CommonName, name);
    }
    params
}
