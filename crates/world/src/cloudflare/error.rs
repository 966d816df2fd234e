//! What can go wrong with a call, and which problem a person is told.

use portico_domain::problem::{Code, Problem};
use reqwest::StatusCode;

#[derive(Debug, thiserror::Error)]
pub enum CloudflareError {
    #[error("Cloudflare does not answer")]
    Unreachable(#[source] reqwest::Error),
    #[error("Cloudflare answered HTTP {status} without JSON")]
    NotJson { status: StatusCode },
    #[error("the token is not accepted")]
    Token { number: i64, message: String },
    #[error("the token lacks {permission}")]
    Scope { permission: &'static str, message: String },
    #[error("too many requests; again in {seconds} s")]
    RateLimit { seconds: u64 },
    /// A list whose pages did not add up to what Cloudflare said there is.
    #[error("the list of {what} came incomplete")]
    Incomplete { what: &'static str },
    /// The object is not there (any more).
    #[error("not there: {message} ({number})")]
    Missing { number: i64, message: String },
    #[error("refused: {message} ({number})")]
    Refused { number: i64, message: String },
}

impl From<&CloudflareError> for Problem {
    fn from(error: &CloudflareError) -> Self {
        match error {
            CloudflareError::Unreachable(source) => {
                Problem::new(Code::CloudflareUnreachable).detail(source.without_url_text())
            }
            CloudflareError::NotJson { status } => Problem::new(Code::CloudflareUnreachable).detail(status),
            CloudflareError::Token { number, message } => {
                Problem::new(Code::CloudflareToken).detail(format!("{number} {message}"))
            }
            CloudflareError::Scope { permission, message } => {
                Problem::new(Code::CloudflareScope).arg("permission", permission).detail(message)
            }
            CloudflareError::RateLimit { seconds } => {
                Problem::new(Code::CloudflareRateLimit).arg("seconds", seconds)
            }
            CloudflareError::Incomplete { what } => Problem::new(Code::CloudflareUnreachable).detail(what),
            CloudflareError::Missing { number, message } | CloudflareError::Refused { number, message } => {
                Problem::new(Code::CloudflareRefused).arg("number", number).arg("message", message)
            }
        }
    }
}

trait WithoutUrl {
    fn without_url_text(&self) -> String;
}

impl WithoutUrl for reqwest::Error {
    /// The chain of causes; reqwest's own text repeats the URL, which says nothing new here.
    fn without_url_text(&self) -> String {
        let mut text = String::new();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text = error.to_string();
            cause = error.source();
        }
        text
    }
}
