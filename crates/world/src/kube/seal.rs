//! Sealing a secret for the controller of sealed-secrets, and its keys for a backup.
//!
//! Layout of one sealed value: two bytes of length (big-endian), the session key under RSA-OAEP (SHA-256, MGF1-SHA-256,
//! with a label), then the value under AES-256-GCM with a nonce of zeros and its tag. The session key is used once,
//! which is what makes the fixed nonce safe. The label binds the value to a namespace and a name.

use super::{Kube, KubeError};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portico_domain::credential::Secret;
use portico_domain::exposure::ours;
use portico_domain::observed::ObjectKey;
use portico_domain::stack::SEALED_SECRETS;
use serde_json::{Value, json};
use zeroize::Zeroizing;

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("the controller's certificate cannot be read: {0}")]
    Certificate(String),
    #[error("the controller's certificate has ended")]
    Expired,
    #[error("encrypting failed")]
    Encryption,
}

impl From<aws_lc_rs::error::Unspecified> for SealError {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Encryption
    }
}

/// One value for `namespace/name`, as it goes into `spec.encryptedData`. `now` is unix seconds.
///
/// The certificate is self-signed and for nothing but this: it is not verified, only its end is respected.
pub fn seal(
    certificate: &str,
    namespace: &str,
    name: &str,
    value: &Secret,
    now: i64,
) -> Result<String, SealError> {
    let unreadable = |cause: String| SealError::Certificate(cause);
    // Where there are several, the first one is the newest.
    let (_, pem) =
        x509_parser::pem::parse_x509_pem(certificate.as_bytes()).map_err(|e| unreadable(e.to_string()))?;
    let parsed = pem.parse_x509().map_err(|error| unreadable(error.to_string()))?;
    if parsed.validity().not_after.timestamp() < now {
        return Err(SealError::Expired);
    }
    let key = PublicEncryptingKey::from_der(parsed.tbs_certificate.subject_pki.raw)
        .map_err(|error| unreadable(error.to_string()))?;
    let key = OaepPublicEncryptingKey::new(key)?;
    let mut session = Zeroizing::new([0u8; 32]);
    SystemRandom::new().fill(session.as_mut())?;
    let label = format!("{namespace}/{name}");
    let mut locked = vec![0u8; key.ciphertext_size()];
    let locked =
        key.encrypt(&OAEP_SHA256_MGF1SHA256, session.as_ref(), &mut locked, Some(label.as_bytes()))?;
    let length = u16::try_from(locked.len()).map_err(|_| SealError::Encryption)?;
    let mut sealed = length.to_be_bytes().to_vec();
    sealed.extend_from_slice(locked);
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, session.as_ref())?);
    let mut body = value.expose().as_bytes().to_vec();
    cipher.seal_in_place_append_tag(Nonce::assume_unique_for_key([0; 12]), Aad::empty(), &mut body)?;
    sealed.extend_from_slice(&body);
    Ok(STANDARD.encode(sealed))
}

/// The label of the controller's key Secrets.
const KEY_LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";

impl Kube {
    /// The controller's certificate in PEM, asked through the API server.
    pub async fn sealing_certificate(&self) -> Result<String, KubeError> {
        let (namespace, service) = SEALED_SECRETS;
        let path = format!("/api/v1/namespaces/{namespace}/services/http:{service}:8080/proxy/v1/cert.pem");
        let request = http::Request::get(path)
            .body(Vec::new())
            .map_err(|error| SealError::Certificate(error.to_string()))?;
        self.client.request_text(request).await.map_err(|error| KubeError::from_api(service, error))
    }

    /// Puts a SealedSecret of ours into the cluster; its controller makes the Secret of it. `now` is unix seconds.
    pub async fn apply_sealed(
        &self,
        namespace: &str,
        name: &str,
        field: &str,
        value: &Secret,
        now: i64,
    ) -> Result<(), KubeError> {
        let certificate = self.sealing_certificate().await?;
        let sealed = seal(&certificate, namespace, name, value, now)?;
        let manifest = json!({
            "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
            "metadata": {"name": name, "namespace": namespace, "labels": ours()},
            "spec": {
                "encryptedData": {field: sealed},
                "template": {"metadata": {"name": name, "namespace": namespace, "labels": ours()}, "type": "Opaque"},
            },
        });
        let key = ObjectKey::new("bitnami.com/v1alpha1", "SealedSecret", namespace, name);
        self.apply(&key, &manifest, false).await.map(drop)
    }

    /// The controller's key Secrets, whole. They open every sealed secret there is: handle as secrets.
    pub async fn sealing_keys(&self) -> Result<Vec<Value>, KubeError> {
        let key = ObjectKey::new("v1", "Secret", SEALED_SECRETS.0, "");
        let filter = kube::api::ListParams::default().labels(KEY_LABEL);
        let found =
            self.api(&key).list(&filter).await.map_err(|error| KubeError::from_api("secrets", error))?;
        Ok(found.items.into_iter().filter_map(|secret| serde_json::to_value(secret).ok()).collect())
    }

    /// Puts a key Secret back and leaves one that is there as it is.
    pub async fn restore_sealing_key(&self, secret: &Value) -> Result<bool, KubeError> {
        let name = secret["metadata"]["name"].as_str().unwrap_or_default();
        let key = ObjectKey::new("v1", "Secret", SEALED_SECRETS.0, name);
        if self.get(&key).await?.is_some() {
            return Ok(false);
        }
        self.apply(&key, secret, false).await.map(|_| true)
    }

    /// Ends the controller's pods; new ones read their keys anew.
    pub async fn restart_sealing(&self) -> Result<(), KubeError> {
        use k8s_openapi::api::core::v1::Pod;
        let pods: kube::Api<Pod> = kube::Api::namespaced(self.client.clone(), SEALED_SECRETS.0);
        let filter = kube::api::ListParams::default().labels("app.kubernetes.io/name=sealed-secrets");
        pods.delete_collection(&kube::api::DeleteParams::default(), &filter)
            .await
            .map(drop)
            .map_err(|error| KubeError::from_api(SEALED_SECRETS.1, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce, UnboundKey};
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeySize, OaepPrivateDecryptingKey, PrivateDecryptingKey};

    fn controller(days: i64) -> (OaepPrivateDecryptingKey, String) {
        let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        let der = AsDer::<Pkcs8V1Der>::as_der(&private).unwrap();
        let pair = rcgen::KeyPair::try_from(der.as_ref()).unwrap();
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + Duration::days(days);
        let certificate = params.self_signed(&pair).unwrap().pem();
        (OaepPrivateDecryptingKey::new(private).unwrap(), certificate)
    }

    use time::Duration;

    /// Opens a value by the documented layout, byte by byte, and shares no line with what sealed it.
    fn open(sealed: &str, key: &OaepPrivateDecryptingKey, label: &[u8]) -> Option<Vec<u8>> {
        let bytes = STANDARD.decode(sealed).unwrap();
        let length = usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
        let (locked, body) = bytes[2..].split_at(length);
        let mut room = vec![0; key.min_output_size()];
        let session = key.decrypt(&OAEP_SHA256_MGF1SHA256, locked, &mut room, Some(label)).ok()?;
        assert_eq!(session.len(), 32);
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, session).unwrap());
        let mut body = body.to_vec();
        let plain =
            cipher.open_in_place(Nonce::assume_unique_for_key([0; 12]), Aad::empty(), &mut body).ok()?;
        Some(plain.to_vec())
    }

    #[test]
    fn what_is_sealed_opens_with_the_private_key_for_its_own_name_alone() {
        let (key, certificate) = controller(40_000);
        let sealed = seal(
            &certificate,
            "cert-manager",
            "cloudflare-token",
            &Secret::new("hush".into()),
            1_790_000_000,
        )
        .unwrap();
        assert_eq!(STANDARD.decode(&sealed).unwrap().len(), 2 + 256 + 4 + 16);
        assert_eq!(open(&sealed, &key, b"cert-manager/cloudflare-token").as_deref(), Some(&b"hush"[..]));
        assert_eq!(open(&sealed, &key, b"default/cloudflare-token"), None);
        let again = seal(
            &certificate,
            "cert-manager",
            "cloudflare-token",
            &Secret::new("hush".into()),
            1_790_000_000,
        )
        .unwrap();
        assert_ne!(sealed, again, "every session key is new");
    }

    #[test]
    fn an_ended_or_broken_certificate_seals_nothing() {
        let (_, certificate) = controller(10);
        let sealed = |pem: &str| seal(pem, "a", "b", &Secret::new("x".into()), 1_790_000_000);
        assert!(matches!(sealed(&certificate), Err(SealError::Expired)));
        assert!(matches!(sealed("nothing"), Err(SealError::Certificate(_))));
    }
}
