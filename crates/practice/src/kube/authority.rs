//! A cluster's certificates: K3s' two authorities, the administrator's kubeconfig, the server's TLS.
//!
//! As in K3s, one authority signs servers and another signs clients, anonymous access is off, and a client whose
//! certificate does not hold is answered 401 by the API rather than dropped during the handshake.

use crate::homelab::sha256_hex;
use crate::pem;
use crate::signer::Signer;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Serialize, Deserialize)]
#[serde(try_from = "Saved")]
pub struct Authority {
    #[serde(flatten)]
    saved: Saved,
    #[serde(skip)]
    clients: Arc<dyn ClientCertVerifier>,
}

/// Certificates and keys as PEM; the keys are secrets. That of the clients' authority is needed once only.
#[derive(Serialize, Deserialize)]
struct Saved {
    server: Signer,
    client_authority: String,
    admin_certificate: String,
    admin_key: String,
}

impl Authority {
    /// # Errors
    /// Keys cannot be made.
    pub fn new(created: i64) -> Result<Authority, rcgen::Error> {
        let server = signer(&format!("k3s-server-ca@{}", created / 1000))?;
        let client = signer(&format!("k3s-client-ca@{}", created / 1000))?;
        let key = KeyPair::generate()?;
        let mut admin = CertificateParams::new(Vec::new())?;
        admin.distinguished_name.push(DnType::CommonName, "system:admin");
        admin.distinguished_name.push(DnType::OrganizationName, "system:masters");
        admin.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
        let certificate = admin.signed_by(&key, client.issuer())?;
        Authority::try_from(Saved {
            server,
            client_authority: client.pem().to_owned(),
            admin_certificate: certificate.pem(),
            admin_key: key.serialize_pem(),
        })
    }

    /// SHA-256 of the server authority's PEM, which the secure token begins with.
    pub fn fingerprint(&self) -> String {
        sha256_hex(self.saved.server.pem().as_bytes())
    }

    pub fn certificate(&self) -> String {
        self.saved.server.pem().to_owned()
    }

    pub fn kubeconfig(&self) -> String {
        let authority = STANDARD.encode(self.saved.server.pem());
        let certificate = STANDARD.encode(&self.saved.admin_certificate);
        let key = STANDARD.encode(&self.saved.admin_key);
        format!(
            "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {authority}\n    \
             server: https://127.0.0.1:6443\n  name: default\ncontexts:\n- context:\n    cluster: default\n    \
             user: default\n  name: default\ncurrent-context: default\nkind: Config\npreferences: {{}}\nusers:\n\
             - name: default\n  user:\n    client-certificate-data: {certificate}\n    client-key-data: {key}\n"
        )
    }

    /// TLS for a server that is reached under these names and addresses.
    ///
    /// # Errors
    /// A name cannot stand in a certificate, or keys cannot be made.
    pub fn tls(&self, names: Vec<String>) -> Result<Arc<ServerConfig>, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, "k3s");
        params.distinguished_name.push(DnType::OrganizationName, "k3s");
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        let certificate = params.signed_by(&key, self.saved.server.issuer())?;
        let chain = vec![certificate.der().clone(), self.saved.server.der()];
        let private =
            PrivateKeyDer::try_from(key.serialize_der()).map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|_| rcgen::Error::CouldNotParseKeyPair)?
            .with_client_cert_verifier(Arc::new(AskedFor(Arc::clone(&self.clients))))
            .with_single_cert(chain, private)
            .map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Whether the certificates that a client showed were signed by this cluster's client authority.
    pub fn admits(&self, shown: Option<&[CertificateDer<'_>]>) -> bool {
        let Some([end, between @ ..]) = shown else { return false };
        self.clients.verify_client_cert(end, between, UnixTime::now()).is_ok()
    }
}

impl TryFrom<Saved> for Authority {
    type Error = rcgen::Error;

    fn try_from(saved: Saved) -> Result<Authority, rcgen::Error> {
        let unreadable = rcgen::Error::CouldNotParseCertificate;
        let (_, root) = pem::decode(saved.client_authority.as_bytes()).ok_or(unreadable.clone())?;
        let mut roots = RootCertStore::empty();
        roots.add(root.into()).map_err(|_| unreadable.clone())?;
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .map_err(|_| unreadable)?;
        Ok(Authority { saved, clients })
    }
}

fn signer(name: &str) -> Result<Signer, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.key_usages =
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::CrlSign];
    Signer::new(name, params)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Asks for a client certificate and lets any one through the handshake, as Go's `RequestClientCert` does; the
/// API decides afterwards. Possession of the key is still proven.
#[derive(Debug)]
struct AskedFor(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for AskedFor {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end: &CertificateDer<'_>,
        _between: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
