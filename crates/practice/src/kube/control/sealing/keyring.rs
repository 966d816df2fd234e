//! The controller's keys: read from their Secrets when its pod starts, and joined by a new one every 30 days.
//!
//! The newest one's certificate is handed out; all of them open. 2048 bits, not the real 4096, since practice has to
//! be quick; every length follows from the key.

use super::PREFIX;
use crate::kube::control::{items, name, namespace, uid};
use crate::kube::store::{Key, Store};
use crate::pem;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeySize, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, IsCa, KeyPair, KeyUsagePurpose};
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};
use std::collections::HashMap;

const RENEWAL: i64 = 30 * 86_400_000;
const VALID: i64 = 3650 * 86_400_000;

/// Empty until the controller's pod has started for the first time.
#[derive(Default)]
pub struct Keyring {
    /// The pod that read the keys.
    pod: String,
    keys: Vec<SealingKey>,
    /// The generations that were tried already, by uid.
    tried: HashMap<String, Value>,
}

pub struct SealingKey {
    pub private: OaepPrivateDecryptingKey,
    certificate: String,
    /// Unix milliseconds from which its certificate is valid; the greatest one is the newest key.
    since: i64,
}

impl Keyring {
    /// Newest first.
    pub fn keys(&self) -> &[SealingKey] {
        &self.keys
    }

    pub fn certificate(&self) -> Option<&str> {
        self.keys.first().map(|key| key.certificate.as_str())
    }

    /// Reads the keys anew when the pod is another one; makes one when there is none or the newest is old.
    pub fn keep(&mut self, store: &Store, pod: &Value, now: i64) -> Result<(), String> {
        if self.pod != uid(pod) {
            *self = Keyring { pod: uid(pod).to_owned(), ..Keyring::default() };
            let label = format!("{PREFIX}/sealed-secrets-key");
            let secrets = store.list("secrets", Some(namespace(pod))).0;
            for secret in secrets.iter().filter(|secret| secret["metadata"]["labels"][&label] == "active") {
                match read(secret) {
                    Ok(key) => self.keys.push(key),
                    Err(error) => tracing::warn!(secret = name(secret), error, "a key that cannot be read"),
                }
            }
            self.sort();
        }
        if self.keys.first().is_none_or(|newest| newest.since + RENEWAL <= now) {
            let (key, secret) = generate(namespace(pod), &prefix(pod), now)?;
            store.put(&Key::namespaced("secrets", namespace(pod), name(&secret)), secret, super::WHO);
            self.keys.push(key);
            self.sort();
        }
        Ok(())
    }

    fn sort(&mut self) {
        self.keys.sort_by_key(|key| std::cmp::Reverse(key.since));
    }

    /// Whether this object is to be tried: it changed, the controller started since, or its Secret has gone.
    pub fn is_new(&mut self, sealed: &Value, there: bool) -> bool {
        let generation = &sealed["metadata"]["generation"];
        let seen = self.tried.insert(uid(sealed).to_owned(), generation.clone());
        let lost = sealed["status"]["conditions"][0]["status"] == "True" && !there;
        lost || seen.as_ref() != Some(generation)
    }
}

fn prefix(pod: &Value) -> String {
    let arguments = items(&pod["spec"]["containers"][0]["args"]);
    let at = arguments.iter().position(|argument| argument == "--key-prefix");
    let given = at.and_then(|at| arguments.get(at + 1)).and_then(Value::as_str);
    given.unwrap_or("sealed-secrets-key").to_owned()
}

fn generate(namespace: &str, prefix: &str, now: i64) -> Result<(SealingKey, Value), String> {
    let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).map_err(|error| error.to_string())?;
    let der: Pkcs8V1Der<'_> = private.as_der().map_err(|error| error.to_string())?;
    let pair =
        KeyPair::try_from(&PrivatePkcs8KeyDer::from(der.as_ref())).map_err(|error| error.to_string())?;
    let mut params = CertificateParams::new(Vec::new()).map_err(|error| error.to_string())?;
    params.distinguished_name = DistinguishedName::new();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::EncipherOnly];
    params.not_before = pem::time(now);
    params.not_after = pem::time(now + VALID);
    let certificate = params.self_signed(&pair).map_err(|error| error.to_string())?.pem();
    let pkcs1 = pkcs1_of(der.as_ref()).ok_or("the new key has no form that is known")?;
    let suffix = uuid::Uuid::new_v4().simple().to_string();
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": format!("{prefix}{}", &suffix[..5]), "generateName": prefix, "namespace": namespace, "labels": {format!("{PREFIX}/sealed-secrets-key"): "active"}},
        "data": {"tls.crt": STANDARD.encode(&certificate), "tls.key": STANDARD.encode(pem::encode("RSA PRIVATE KEY", pkcs1))},
    });
    let private = OaepPrivateDecryptingKey::new(private).map_err(|error| error.to_string())?;
    Ok((SealingKey { private, certificate, since: now }, secret))
}

/// A key out of its Secret, in PKCS#1 as the controller writes it or in PKCS#8.
fn read(secret: &Value) -> Result<SealingKey, &'static str> {
    let entry = |key: &str| STANDARD.decode(secret["data"][key].as_str().unwrap_or_default());
    let key = entry("tls.key").map_err(|_| "tls.key is not base64")?;
    let certificate = entry("tls.crt").map_err(|_| "tls.crt is not base64")?;
    let (label, der) = pem::decode(&key).ok_or("tls.key is not PEM")?;
    let pkcs8 = if label == "RSA PRIVATE KEY" { pkcs8_of(&der) } else { der };
    let private = PrivateDecryptingKey::from_pkcs8(&pkcs8).map_err(|_| "tls.key is no RSA key")?;
    let (_, der) = pem::decode(&certificate).ok_or("tls.crt is not PEM")?;
    let (_, parsed) = x509_parser::parse_x509_certificate(&der).map_err(|_| "tls.crt is no certificate")?;
    Ok(SealingKey {
        private: OaepPrivateDecryptingKey::new(private).map_err(|_| "tls.key does not decrypt")?,
        since: parsed.validity().not_before.timestamp() * 1000,
        certificate: String::from_utf8_lossy(&certificate).into_owned(),
    })
}

/// `INTEGER 0, SEQUENCE { rsaEncryption, NULL }`: what PKCS#8 puts before an RSA key.
const RSA: &[u8] = b"\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

fn pkcs8_of(pkcs1: &[u8]) -> Vec<u8> {
    let inner = [RSA, &pem::der(0x04, pkcs1)].concat();
    pem::der(0x30, &inner)
}

/// The other way: what lies in the octet string, which ends the structure.
fn pkcs1_of(pkcs8: &[u8]) -> Option<&[u8]> {
    let start = pkcs8.windows(RSA.len()).position(|window| window == RSA)? + RSA.len();
    let octets = pkcs8.get(start..)?.strip_prefix(&[0x04])?;
    let length = match octets.first()? {
        short @ ..0x80 => return octets.get(1..=usize::from(*short)),
        long => usize::from(long & 0x7f),
    };
    octets.get(1 + length..)
}
