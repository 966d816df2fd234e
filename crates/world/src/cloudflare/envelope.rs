//! The envelope around every answer, and how a refusal is told apart.
//!
//! HTTP status first, then the code: the same cause has had several codes over the years, and codes arrive
//! as numbers or as strings.

use super::CloudflareError;
use reqwest::StatusCode;
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(bound = "T: serde::de::DeserializeOwned")]
pub struct Envelope<T> {
    success: bool,
    #[serde(default)]
    errors: Vec<Refusal>,
    result: Option<T>,
    result_info: Option<PageInfo>,
}

/// How much there is in all; only lists have it.
#[derive(Deserialize)]
struct PageInfo {
    total_count: Option<usize>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default, deserialize_with = "number_or_text")]
    code: i64,
    #[serde(default)]
    message: String,
}

/// Codes that mean "these credentials are not usable at all", whatever the status says.
const CREDENTIAL_CODES: [i64; 5] = [1000, 6003, 6111, 9106, 9109];

impl<T> Envelope<T> {
    /// How many items the whole list has, where Cloudflare says so.
    pub fn total(&self) -> Option<usize> {
        self.result_info.as_ref().and_then(|info| info.total_count)
    }

    pub fn into_result(self, status: StatusCode, permission: &'static str) -> Result<T, CloudflareError> {
        if let (true, Some(result)) = (self.success, self.result) {
            return Ok(result);
        }
        let Some(Refusal { code: number, message }) = self.errors.into_iter().next() else {
            return Err(CloudflareError::NotJson { status });
        };
        Err(match status.as_u16() {
            401 => CloudflareError::Token { number, message },
            403 if number != 9109 || message.contains("Unauthorized to access") => {
                CloudflareError::Scope { permission, message }
            }
            404 => CloudflareError::Missing { number, message },
            400 | 403 if CREDENTIAL_CODES.contains(&number) => CloudflareError::Token { number, message },
            _ => CloudflareError::Refused { number, message },
        })
    }
}

fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(i64),
        Text(String),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Number(number) => number,
        Either::Text(text) => text.parse().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_domain::problem::{Code, Problem};

    fn code(status: u16, body: &str) -> Code {
        let envelope: Envelope<String> = serde_json::from_str(body).unwrap();
        let error = envelope.into_result(StatusCode::from_u16(status).unwrap(), "DNS Edit").unwrap_err();
        Problem::from(&error).code
    }

    #[test]
    fn refusals_are_told_apart_by_status_then_code() {
        let body = |code: &str, message: &str| {
            format!(r#"{{"success":false,"errors":[{{"code":{code},"message":"{message}"}}],"result":null}}"#)
        };
        for (status, number, message, expected) in [
            (401, "1000", "Invalid API Token", Code::CloudflareToken),
            (400, "6003", "Invalid request headers", Code::CloudflareToken),
            (400, "9106", "Missing X-Auth-Key", Code::CloudflareToken),
            (403, "9109", "Invalid access token", Code::CloudflareToken),
            (403, "9109", "Unauthorized to access requested resource", Code::CloudflareScope),
            (403, "10000", "Forbidden", Code::CloudflareScope),
            (403, "\"10000\"", "Authentication error", Code::CloudflareScope),
            (
                400,
                "81053",
                "An A, AAAA, or CNAME record with that host already exists.",
                Code::CloudflareRefused,
            ),
        ] {
            assert_eq!(code(status, &body(number, message)), expected, "{status} {number} {message}");
        }
        assert_eq!(code(502, r#"{"success":false,"errors":[]}"#), Code::CloudflareUnreachable);
    }
}
