//! Which certificate a server shows for a name.
//!
//! The handshake is done with a verifier that accepts every certificate: nothing is sent over the connection, and the
//! one that is shown is what was asked for, right or wrong.

use portico_domain::digest::sha256;
use portico_domain::observed::TlsAnswer;
use portico_domain::problem::{Code, Problem};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use x509_parser::extensions::GeneralName;

const LIMIT: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
#[error("{hostname} at {address}: {cause}")]
pub struct TlsError {
    hostname: String,
    address: SocketAddr,
    cause: String,
}

impl From<&TlsError> for Problem {
    fn from(error: &TlsError) -> Self {
        Problem::new(Code::ProbeFailed)
            .arg("url", format!("https://{}/", error.hostname))
            .arg("address", error.address)
            .arg("reason", "no-tls")
            .detail(&error.cause)
    }
}

/// Shakes hands with `address` as if it were `hostname`, and reads the certificate.
pub async fn tls(hostname: &str, address: IpAddr, port: u16) -> Result<TlsAnswer, TlsError> {
    let address = SocketAddr::new(address, port);
    let failed = |cause: String| TlsError { hostname: hostname.into(), address, cause };
    let config = config().map_err(|error| failed(error.to_string()))?;
    let name = ServerName::try_from(hostname.to_owned()).map_err(|error| failed(error.to_string()))?;
    let start = Instant::now();
    let shaking = async {
        let stream = TcpStream::connect(address).await?;
        TlsConnector::from(config).connect(name, stream).await
    };
    let stream = tokio::time::timeout(LIMIT, shaking)
        .await
        .map_err(|_| failed("no answer in time".into()))?
        .map_err(|error| failed(error.to_string()))?;
    let millis = u32::try_from(start.elapsed().as_millis()).unwrap_or(u32::MAX);
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let shown = shown.ok_or_else(|| failed("no certificate was shown".into()))?;
    read(shown, millis).map_err(failed)
}

/// Made once, and for each handshake like the first: a session that is taken up again shows no certificate.
fn config() -> Result<Arc<ClientConfig>, rustls::Error> {
    static MADE: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    let config = super::made(&MADE, || {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Reader(provider)))
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    });
    config.cloned()
}

fn read(shown: &CertificateDer<'_>, millis: u32) -> Result<TlsAnswer, String> {
    let (_, certificate) = x509_parser::parse_x509_certificate(shown).map_err(|error| error.to_string())?;
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let names = names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_lowercase()),
        _ => None,
    });
    Ok(TlsAnswer {
        names: names.collect(),
        issuer: certificate.issuer().to_string(),
        not_after: certificate.validity().not_after.timestamp() * 1_000,
        millis,
    })
}

/// The SHA-256 of a certificate in PEM, as browsers show it, and its end in unix ms; `None` when it is none.
pub fn identity(pem: &str) -> Option<(String, i64)> {
    let (_, block) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).ok()?;
    let certificate = block.parse_x509().ok()?;
    let digest = sha256(&block.contents).to_uppercase();
    let pairs: Vec<&str> = (0..digest.len()).step_by(2).map(|at| &digest[at..at + 2]).collect();
    Some((pairs.join(":"), certificate.validity().not_after.timestamp() * 1_000))
}

/// Takes every certificate, and still checks that the server holds its key.
#[derive(Debug)]
struct Reader(Arc<CryptoProvider>);

impl ServerCertVerifier for Reader {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
