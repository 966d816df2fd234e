//! The shape of every answer: `success`, `errors`, `messages`, `result`, and `result_info` on lists.
//!
//! Also the refusals that belong to no resource: unknown routes, malformed ids, bad bodies. Which refusal a call
//! deserves is decided by the resources.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A call that was refused, as HTTP status, Cloudflare code and text.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    status: u16,
    errors: Vec<Value>,
    retry_after: Option<i64>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        let errors = vec![json!({"code": code, "message": message.into()})];
        Self { status, errors, retry_after: None }
    }

    pub(super) fn bad(code: u32, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    /// Adds the older, nested form of a cause, which header errors still have.
    pub(super) fn caused_by(mut self, code: u32, message: &str) -> Self {
        self.errors[0]["error_chain"] = json!([{"code": code, "message": message}]);
        self
    }

    /// Names the part of the body that is at fault, as a JSON pointer.
    pub(super) fn at(mut self, pointer: String) -> Self {
        self.errors[0]["source"] = json!({"pointer": pointer});
        self
    }

    pub(super) fn documented_at(mut self, url: &str) -> Self {
        self.errors[0]["documentation_url"] = url.into();
        self
    }

    pub(super) fn and(mut self, code: u32, message: &str) -> Self {
        self.errors.push(json!({"code": code, "message": message}));
        self
    }

    /// Tells the client to come back in so many seconds.
    pub(super) fn retry_after(mut self, seconds: i64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub(super) fn errors(&self) -> &[Value] {
        &self.errors
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let body = json!({"success": false, "errors": self.errors, "messages": [], "result": null});
        let retry: Option<[(HeaderName, String); 1]> =
            self.retry_after.map(|seconds| [(header::RETRY_AFTER, seconds.to_string())]);
        match retry {
            Some(headers) => (status, headers, Json(body)).into_response(),
            None => (status, Json(body)).into_response(),
        }
    }
}

/// What a handler gives back.
pub(super) type Answer = Result<Response, Refusal>;

pub(super) fn ok(result: Value) -> Answer {
    with_messages(result, json!([]))
}

/// A result with another status than 200.
pub(super) fn with_status(status: StatusCode, result: Value) -> Answer {
    ok(result).map(|mut answer| {
        *answer.status_mut() = status;
        answer
    })
}

pub(super) fn with_messages(result: Value, messages: Value) -> Answer {
    let body = json!({"success": true, "errors": [], "messages": messages, "result": result});
    Ok(Json(body).into_response())
}

/// One page of `all`, with `result_info`. Pages beyond the last one are empty.
pub(super) fn paged(all: Vec<Value>, page: usize, per_page: usize) -> Answer {
    let pages = all.len().div_ceil(per_page);
    listed(all, page, per_page, Some(pages))
}

/// The same for products that do not say how many pages there are.
pub(super) fn counted(all: Vec<Value>, page: usize, per_page: usize) -> Answer {
    listed(all, page, per_page, None)
}

fn listed(all: Vec<Value>, page: usize, per_page: usize, pages: Option<usize>) -> Answer {
    let total = all.len();
    let shown: Vec<Value> =
        all.into_iter().skip((page - 1).saturating_mul(per_page)).take(per_page).collect();
    let mut info = json!({"page": page, "per_page": per_page, "count": shown.len(), "total_count": total});
    if let Some(pages) = pages {
        info["total_pages"] = pages.into();
    }
    let body = json!({"success": true, "errors": [], "messages": [], "result_info": info, "result": shown});
    Ok(Json(body).into_response())
}

/// The query of a list: its pairs in order, and paging within the bounds that the resource has.
pub(super) struct Query(pub(super) Vec<(String, String)>);

impl Query {
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// `page` and `per_page`. The refusal of a value out of bounds is not documented.
    pub(super) fn paging(
        &self,
        default: usize,
        bounds: std::ops::RangeInclusive<usize>,
    ) -> Result<(usize, usize), Refusal> {
        let number = |key: &str, default: usize, bounds: std::ops::RangeInclusive<usize>| match self.get(key)
        {
            None => Ok(default),
            Some(text) => text
                .parse()
                .ok()
                .filter(|number| bounds.contains(number))
                .ok_or_else(|| Refusal::bad(1004, format!("Invalid value for {key}: {text}"))),
        };
        Ok((number("page", 1, 1..=usize::MAX)?, number("per_page", default, bounds)?))
    }
}

/// The body as `T`. The code for a body that cannot be read is not documented; this one is from field reports.
pub(super) fn body<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|_| Refusal::bad(9207, "Request body is invalid."))
}

/// Refuses an id that is not 32 hexadecimal digits, in the words for an unroutable path.
pub(super) fn well_formed(id: &str, path: &str) -> Result<(), Refusal> {
    routable(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), path)
}

/// The same for the products whose ids are UUIDs; that their refusal is the same one is not documented.
pub(super) fn uuid(id: &str, path: &str) -> Result<(), Refusal> {
    routable(uuid::Uuid::try_parse(id).is_ok(), path)
}

fn routable(is: bool, path: &str) -> Result<(), Refusal> {
    if is {
        return Ok(());
    }
    let message = format!("Could not route to {path}, perhaps your object identifier is invalid?");
    Err(Refusal::bad(7003, message).and(7000, "No route for that URI"))
}

pub(super) async fn no_route(_: Request) -> Refusal {
    Refusal::new(404, 7000, "No route for that URI")
}

/// The code for a known path with another method is not documented.
pub(super) async fn no_method(_: Request) -> Refusal {
    Refusal::new(405, 10405, "Method not allowed for this endpoint")
}
