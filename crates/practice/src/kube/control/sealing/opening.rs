//! One sealed value: `u16_be(n) || RSA-OAEP(session key, n bytes) || AES-256-GCM(value)`, the nonce being zero.
//!
//! The label of the RSA part says for which Secret it was sealed; under another one nothing opens. Only opening is
//! here: whoever seals is on the other side.

use super::keyring::SealingKey;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rsa::OAEP_SHA256_MGF1SHA256;

/// # Errors
/// The controller's own words.
pub fn open(keys: &[SealingKey], sealed: &[u8], label: &[u8]) -> Result<Vec<u8>, String> {
    let short = || "SealedSecret data is too short".to_owned();
    let (length, rest) = sealed.split_first_chunk::<2>().ok_or_else(short)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (session, body) = rest.split_at_checked(length).ok_or_else(short)?;
    let opened = keys.iter().find_map(|key| {
        let mut buffer = vec![0; key.private.min_output_size()];
        let session = key.private.decrypt(&OAEP_SHA256_MGF1SHA256, session, &mut buffer, Some(label)).ok()?;
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, session).ok()?);
        let mut body = body.to_vec();
        let plain = key.open_in_place(Nonce::assume_unique_for_key([0; 12]), Aad::empty(), &mut body).ok()?;
        Some(plain.to_vec())
    });
    opened.ok_or_else(|| "no key could decrypt secret".to_owned())
}
