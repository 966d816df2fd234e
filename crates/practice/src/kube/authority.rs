//! A cluster's certificates: K3s' two authorities, the administrator's kubeconfig, the server's TLS.
//!
//! As in K3s, one authority signs servers and another signs clients, anonymous access is off, and a client whose
//! certificate does not hold is answered 401 by the API rather than dropped during the handshake.

use crate::homelab::sha256_hex;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme};
use std::sync::Arc;

pub struct Authority {
    server: CertifiedIssuer<'static, KeyPair>,
    clients: Arc<dyn ClientCertVerifier>,
    admin_certificate: String,
    admin_key: String,
}

impl Authority {
    /// # Errors
    /// Keys cannot be made.
    pub fn new(created: i64) -> Result<Authority, rcgen::Error> {
        let server = issuer(&format!("k3s-server-ca@{}", created / 1000))?;
        let client = issuer(&format!("k3s-client-ca@{}", created / 1000))?;
        let key = KeyPair::generate()?;
        let mut admin = CertificateParams::new(Vec::new())?;
        admin.distinguished_name.push(DnType::CommonName, "system:admin");
        admin.distinguished_name.push(DnType::OrganizationName, "system:masters");
        admin.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
        let certificate = admin.signed_by(&key, &client)?;
        let mut roots = RootCertStore::empty();
        roots.add(client.der().clone()).map_err(|_| rcgen::Error::CouldNotParseCertificate)?;
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .map_err(|_| rcgen::Error::CouldNotParseCertificate)?;
        Ok(Authority {
            server,
            clients,
            admin_certificate: certificate.pem(),
            admin_key: key.serialize_pem(),
        })
    }

    /// SHA-256 of the server authority's PEM, which the secure token begins with.
    pub fn fingerprint(&self) -> String {
        sha256_hex(self.server.pem().as_bytes())
    }

    pub fn certificate(&self) -> String {
        self.server.pem()
    }

    pub fn kubeconfig(&self) -> String {
        let authority = STANDARD.encode(self.server.pem());
        let certificate = STANDARD.encode(&self.admin_certificate);
        let key = STANDARD.encode(&self.admin_key);
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
        let certificate = params.signed_by(&key, &self.server)?;
        let chain = vec![certificate.der().clone(), self.server.der().clone()];
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

fn issuer(name: &str) -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages =
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
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
