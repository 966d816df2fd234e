//! ntfy: publishing as JSON to the server's root, so that titles may have any letter.

use super::{AlertError, Keys, http, silent, words};
use portico_domain::alert::{Letter, Message, Occasion, host_of, is_loopback};
use portico_domain::condition::Severity;
use portico_domain::credential::Secret;
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use serde::Deserialize;
use serde_json::json;

/// Bytes of a message; ntfy takes 4,096.
const LONGEST: usize = 4_000;

/// ntfy's answer to what it does not take.
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

pub async fn send(
    server: &str,
    topic: &str,
    keys: &Keys,
    message: &Message,
    letter: &Letter,
) -> Result<(), AlertError> {
    let host = host_of(server).ok_or(AlertError::Invalid {
        field: "server",
        value: server.to_owned(),
        example: "https://ntfy.sh",
    })?;
    let address = host.to_owned();
    if keys.secret.is_some() && server.starts_with("http://") && !is_loopback(host) {
        return Err(AlertError::Unencrypted { field: "server", address });
    }
    let client = http().map_err(|error| silent("server", host, error))?;
    let (priority, tag) = urgency(message);
    let mut request = client.post(server).json(&json!({
        "topic": topic, "title": letter.title, "message": shortened(&letter.body), "priority": priority, "tags": [tag],
    }));
    if let Some(token) = &keys.secret {
        request = request.bearer_auth(token.expose());
    }
    let response = request.send().await.map_err(|error| silent("server", host, error))?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let text = response.text().await.unwrap_or_default();
    let said = serde_json::from_str::<Refusal>(&text).map(|refusal| refusal.error);
    let secret = keys.secret.as_ref().map_or("", Secret::expose);
    let reason = words(&said.unwrap_or_else(|_| format!("HTTP {}", status.as_u16())), &[secret]);
    Err(match status {
        StatusCode::UNAUTHORIZED => AlertError::Login { field: "secret", address, reason },
        // Who is known may still not write to this topic; who is not known may have to say who they are.
        StatusCode::FORBIDDEN => {
            let field = if keys.secret.is_some() { "topic" } else { "secret" };
            AlertError::Login { field, address, reason }
        }
        StatusCode::TOO_MANY_REQUESTS => AlertError::Busy { address, seconds },
        _ if status.is_server_error() => AlertError::Refused { field: None, address, reason },
        // Something else than ntfy answers there, or elsewhere.
        _ => AlertError::Refused { field: Some("server"), address, reason },
    })
}

/// ntfy makes a file of what is longer, or refuses it; a phone shows less anyhow.
fn shortened(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    format!("{}…", &text[..end])
}

/// Priority (1 to 5, 3 is ntfy's default) and the tag that ntfy shows as a sign.
fn urgency(message: &Message) -> (u8, &'static str) {
    match (message.occasion, message.severity()) {
        (Occasion::Digest, _) => (2, "newspaper"),
        (Occasion::Test, _) => (3, "bell"),
        (Occasion::News, Some(Severity::Down)) => (5, "rotating_light"),
        (Occasion::News, Some(Severity::Degraded)) => (4, "warning"),
        (Occasion::News, Some(Severity::Notice)) => (3, "information_source"),
        (Occasion::News, None) => (3, "white_check_mark"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_ends_between_two_letters() {
        let text = shortened(&"ß".repeat(3_000));
        assert!(text.len() <= 4_096 && text.ends_with("ß…"), "{}", text.len());
        assert_eq!(shortened("short"), "short");
    }
}
