//! A webhook: JSON by POST, signed after the Standard Webhooks specification where there is a key.
//!
//! The body's fields are documented in `docs/alerts.md`.

use super::{AlertError, Keys, http, silent, words};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portico_domain::alert::{Letter, Message, host_of};
use portico_domain::credential::Secret;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};

/// The prefix of keys that are base64 of what is signed with.
const KEY_PREFIX: &str = "whsec_";

pub async fn send(keys: &Keys, message: &Message, letter: &Letter) -> Result<(), AlertError> {
    let url = keys.url.as_ref().ok_or(AlertError::Missing { credential: "webhook-url" })?.expose();
    // What is not usable is not repeated: it may be a secret all the same.
    let invalid =
        || AlertError::Invalid { field: "url", value: "…".into(), example: "https://example.com/hook" };
    let host = host_of(url).ok_or_else(invalid)?;
    let address = host.to_owned();
    let client = http().map_err(|error| silent("url", host, error))?;
    let body = letter.data.to_string();
    let seconds = (message.at / 1_000).to_string();
    let mut request = client
        .post(reqwest::Url::parse(url).map_err(|_| invalid())?)
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", &message.id)
        .header("webhook-timestamp", &seconds);
    if let Some(key) = &keys.secret {
        request = request.header("webhook-signature", signature(key, &message.id, &seconds, &body));
    }
    let response = request.body(body).send().await.map_err(|error| silent("url", host, error))?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let reason =
        words(&format!("HTTP {} {}", status.as_u16(), status.canonical_reason().unwrap_or_default()), &[]);
    Err(match status {
        StatusCode::TOO_MANY_REQUESTS => AlertError::Busy { address, seconds },
        _ if status.is_server_error() => AlertError::Refused { field: None, address, reason },
        _ => AlertError::Refused { field: Some("url"), address, reason },
    })
}

/// `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`.
fn signature(key: &Secret, id: &str, seconds: &str, body: &str) -> String {
    let text = key.expose();
    let decoded = text.strip_prefix(KEY_PREFIX).and_then(|encoded| STANDARD.decode(encoded).ok());
    let bytes = zeroize::Zeroizing::new(decoded.unwrap_or_else(|| text.as_bytes().to_vec()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
    format!("v1,{}", STANDARD.encode(hmac::sign(&key, format!("{id}.{seconds}.{body}").as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The specification's own example.
        let key = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into());
        let body = r#"{"test": 2432232314}"#;
        assert_eq!(
            signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }
}
