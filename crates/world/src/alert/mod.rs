//! Sending a message to where a person said: by mail, through ntfy, or to a webhook.
//!
//! One try each; what failed is told with the field that can put it right, and never with a secret. When to send what, and
//! when to try again, is not here.

mod ntfy;
mod smtp;
mod webhook;

use portico_domain::alert::{Letter, Message, Way};
use portico_domain::credential::Secret;
use portico_domain::problem::{Code, Problem};
use std::error::Error;
use std::time::Duration;

/// A server that takes longer has to be asked again.
const LIMIT: Duration = Duration::from_secs(30);

/// What a channel needs and no document holds.
#[derive(Default)]
pub struct Keys {
    /// The mail account's password, ntfy's token, or what a webhook's messages are signed with.
    pub secret: Option<Secret>,
    /// A webhook's address.
    pub url: Option<Secret>,
}

/// Why a message was not taken. `address` is whose answer it is, `field` what can put it right.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    #[error("{address} does not answer: {cause}")]
    Unreachable { field: &'static str, address: String, cause: String },
    #[error("no encryption with {address}: {reason}")]
    Tls { field: &'static str, address: String, reason: String },
    #[error("a secret would be readable on the way to {address}")]
    Unencrypted { field: &'static str, address: String },
    #[error("{address} does not accept the login: {reason}")]
    Login { field: &'static str, address: String, reason: String },
    #[error("{address} does not take mail from {value}: {reason}")]
    Sender { address: String, value: String, reason: String },
    #[error("{address} does not deliver to {value}: {reason}")]
    Recipient { address: String, value: String, reason: String },
    #[error("{address} refused: {reason}")]
    Refused { field: Option<&'static str>, address: String, reason: String },
    #[error("{address} takes no more for now")]
    Busy { address: String, seconds: Option<u64> },
    #[error("{field} is not usable")]
    Invalid { field: &'static str, value: String, example: &'static str },
    #[error("{credential} is missing")]
    Missing { credential: &'static str },
}

impl AlertError {
    /// How long the server asks to be left alone, in seconds.
    pub fn seconds(&self) -> Option<u64> {
        match self {
            Self::Busy { seconds, .. } => *seconds,
            _ => None,
        }
    }
}

impl From<&AlertError> for Problem {
    fn from(error: &AlertError) -> Self {
        let told = |code, field: &str, address: &str| {
            let problem = Problem::new(code).arg("address", address);
            if field.is_empty() { problem } else { problem.arg("field", field) }
        };
        match error {
            AlertError::Unreachable { field, address, cause } => {
                told(Code::AlertUnreachable, field, address).detail(cause)
            }
            AlertError::Tls { field, address, reason } => {
                told(Code::AlertTlsFailed, field, address).arg("reason", reason)
            }
            AlertError::Unencrypted { field, address } => told(Code::AlertUnencrypted, field, address),
            AlertError::Login { field, address, reason } => {
                told(Code::AlertLoginRefused, field, address).arg("reason", reason)
            }
            AlertError::Sender { address, value, reason } => {
                told(Code::AlertSenderRefused, "sender", address).arg("value", value).arg("reason", reason)
            }
            AlertError::Recipient { address, value, reason } => {
                let problem = told(Code::AlertRecipientRefused, "recipient", address);
                problem.arg("value", value).arg("reason", reason)
            }
            AlertError::Refused { field, address, reason } => {
                told(Code::AlertRefused, field.unwrap_or_default(), address).arg("reason", reason)
            }
            AlertError::Busy { address, .. } => told(Code::AlertRateLimit, "", address),
            AlertError::Invalid { field, value, example } => {
                let problem = Problem::new(Code::FieldInvalid).arg("field", field);
                problem.arg("value", value).arg("example", example)
            }
            AlertError::Missing { credential } => {
                let field = if *credential == "webhook-url" { "url" } else { "secret" };
                Problem::new(Code::SecretMissing).arg("secret", credential).arg("field", field)
            }
        }
    }
}

/// Hands the message over, once.
///
/// # Errors
/// See [`AlertError`]; no secret is in it, whatever the server answered.
pub async fn send(way: &Way, keys: &Keys, message: &Message, letter: &Letter) -> Result<(), AlertError> {
    match way {
        Way::Email { .. } => smtp::send(way, keys, message, letter).await,
        Way::Ntfy { server, topic } => ntfy::send(server, topic, keys, message, letter).await,
        Way::Webhook { .. } => webhook::send(keys, message, letter).await,
    }
}

/// For ntfy and webhooks. No redirect is followed: the message is for whom the person named, and so is the secret.
fn http() -> Result<reqwest::Client, reqwest::Error> {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    builder.connect_timeout(Duration::from_secs(10)).timeout(LIMIT).build()
}

/// Nobody answered over HTTP. The address is left out of the cause: it may be a secret.
fn silent(field: &'static str, address: &str, error: reqwest::Error) -> AlertError {
    let (address, cause) = (address.to_owned(), root_cause(&error.without_url()));
    if cause.contains("certificate") {
        return AlertError::Tls { field, address, reason: cause };
    }
    AlertError::Unreachable { field, address, cause }
}

/// The innermost cause, in its own words.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    std::iter::successors(Some(error), |&error| error.source())
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// A server's own words, without what it was told in confidence, in one line of reasonable length.
fn words(text: &str, secrets: &[&str]) -> String {
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "[redacted]");
    }
    text.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_repeats_a_secret_is_not_quoted_with_it() {
        let said = words("535 no:\r\n  hunter2 is wrong", &["hunter2", ""]);
        assert_eq!(said, "535 no: [redacted] is wrong");
        assert_eq!(words(&"x".repeat(400), &[]).len(), 300);
    }
}
