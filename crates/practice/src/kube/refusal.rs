//! The API's errors, as the `Status` objects that the real server sends.

use super::kinds::Kind;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

#[derive(Debug)]
pub struct Refusal {
    pub code: u16,
    pub reason: &'static str,
    pub message: String,
    pub details: Value,
}

impl Refusal {
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { code, reason, message: message.into(), details: Value::Null }
    }

    pub fn bad_request(message: impl Into<String>) -> Refusal {
        Refusal::new(400, "BadRequest", message)
    }

    /// An error that the real server has no reason for: no `reason` is sent.
    pub fn internal(message: impl Into<String>) -> Refusal {
        Refusal::new(500, "", message)
    }

    pub fn unauthorized() -> Refusal {
        Refusal::new(401, "Unauthorized", "Unauthorized")
    }

    pub fn path_not_found() -> Refusal {
        Refusal::new(404, "NotFound", "the server could not find the requested resource").bare()
    }

    pub fn unsupported() -> Refusal {
        Refusal::new(415, "UnsupportedMediaType", "415: Unsupported Media Type").bare()
    }

    pub fn no_method() -> Refusal {
        let message = "the server does not allow this method on the requested resource";
        Refusal::new(405, "MethodNotAllowed", message).bare()
    }

    /// With details that say nothing.
    pub fn bare(self) -> Refusal {
        Refusal { details: json!({}), ..self }
    }

    pub fn not_found(kind: &Kind, name: &str) -> Refusal {
        Refusal::new(404, "NotFound", format!("{} \"{name}\" not found", kind.resource())).about(
            kind,
            name,
            Vec::new(),
        )
    }

    pub fn already_exists(kind: &Kind, name: &str) -> Refusal {
        Refusal::new(409, "AlreadyExists", format!("{} \"{name}\" already exists", kind.resource())).about(
            kind,
            name,
            Vec::new(),
        )
    }

    pub fn stale(kind: &Kind, name: &str) -> Refusal {
        Refusal::new(
            409,
            "Conflict",
            format!(
                "Operation cannot be fulfilled on {} \"{name}\": the object has been modified; please apply your changes \
                 to the latest version and try again",
                kind.resource()
            ),
        )
        .about(kind, name, Vec::new())
    }

    /// 422: `causes` are (field, reason, message).
    pub fn invalid(kind: &Kind, name: &str, causes: &[(String, &'static str, String)]) -> Refusal {
        let said: Vec<String> =
            causes.iter().map(|(field, _, message)| format!("{field}: {message}")).collect();
        let said = if let [one] = &said[..] { one.clone() } else { format!("[{}]", said.join(", ")) };
        let causes = causes
            .iter()
            .map(|(field, reason, message)| json!({"reason": reason, "message": message, "field": field}))
            .collect();
        let whole = if kind.group.is_empty() {
            kind.kind.to_string()
        } else {
            format!("{}.{}", kind.kind, kind.group)
        };
        Refusal::new(422, "Invalid", format!("{whole} \"{name}\" is invalid: {said}"))
            .about(kind, name, causes)
    }

    pub fn gone() -> Refusal {
        Refusal::new(410, "Expired", "The resourceVersion for the provided watch is too old.")
    }

    pub fn about(mut self, kind: &Kind, name: &str, causes: Vec<Value>) -> Refusal {
        let mut details = json!({"name": name});
        if !kind.group.is_empty() {
            details["group"] = json!(kind.group);
        }
        // The real server names the kind in causes of 422 and the plural elsewhere.
        details["kind"] = json!(if self.code == 422 { &kind.kind } else { &kind.plural });
        if !causes.is_empty() {
            details["causes"] = json!(causes);
        }
        self.details = details;
        self
    }

    pub fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = json!(self.reason);
        }
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let code = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (code, Json(self.status())).into_response()
    }
}
