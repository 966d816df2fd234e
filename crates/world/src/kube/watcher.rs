//! What the watcher in the cluster saw: Gatus' own API, asked through the API server's way to its Service.
//!
//! Facts, as of Gatus 5: `GET /api/v1/endpoints/GROUP_NAME/statuses?page=N&pageSize=M` has the answers of one question, the
//! newest page first, each page oldest first, `results` null where there is none, 404 for a question that it has not; times
//! are RFC 3339 by the clock of its machine, which its `Date` header tells, too. What an answer means is `domain::watcher`'s.

use super::{Kube, chain};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use portico_domain::problem::{Code, Problem};
use portico_domain::watcher::{Answer, WATCHER_NAMESPACE, WATCHER_PORT, WATCHER_SERVICE};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Answers to a page: a few hundred bytes each.
const PAGE: usize = 500;

/// A watcher that has more of one question's answers than fit into these has not kept to its configuration.
const PAGES: usize = 100;

#[derive(Debug, thiserror::Error)]
pub enum WatcherError {
    #[error("the watcher does not answer")]
    Silent(#[source] kube::Error),
    #[error("the watcher answers {0} when asked whether it is well")]
    Unwell(u16),
    #[error("what the watcher answered cannot be read: {0}")]
    Unreadable(String),
}

impl From<&WatcherError> for Problem {
    fn from(error: &WatcherError) -> Self {
        Problem::new(Code::WatcherSilent).detail(chain(error))
    }
}

#[derive(Deserialize)]
struct Page {
    results: Option<Vec<Told>>,
}

#[derive(Deserialize)]
struct Told {
    timestamp: Timestamp,
    #[serde(flatten)]
    answer: Answer,
}

impl Kube {
    /// The watcher's own time, unix ms, to the second; none where it does not say.
    ///
    /// # Errors
    /// It does not answer, or is not well.
    pub async fn watcher_clock(&self) -> Result<Option<i64>, WatcherError> {
        let request = request("health")?;
        let response =
            self.client.send(request.map(kube::client::Body::from)).await.map_err(WatcherError::Silent)?;
        if !response.status().is_success() {
            return Err(WatcherError::Unwell(response.status().as_u16()));
        }
        let date = response.headers().get(http::header::DATE).and_then(|date| date.to_str().ok());
        Ok(date.and_then(|date| rfc2822::parse(date).ok()).map(|date| date.timestamp().as_millisecond()))
    }

    /// The answers to one question from an instant on, by their own instants: unix ms, both by the watcher's clock. None of
    /// a question that it does not know.
    ///
    /// # Errors
    /// It does not answer, or not what it should.
    pub async fn watcher_answers(
        &self,
        question: &str,
        since: i64,
    ) -> Result<BTreeMap<i64, Answer>, WatcherError> {
        let mut answers = BTreeMap::new();
        for number in 1..=PAGES {
            let page = self.page(question, number, PAGE).await?;
            let whole = page.len() == PAGE;
            // While pages are turned, newer answers push older ones on: those come twice, and none is missed.
            answers.extend(page);
            if !whole || answers.first_key_value().is_some_and(|(oldest, _)| *oldest < since) {
                break;
            }
        }
        Ok(answers.split_off(&since))
    }

    /// When it was last answered, unix ms by the watcher's clock.
    ///
    /// # Errors
    /// It does not answer, or not what it should.
    pub async fn watcher_latest(&self, question: &str) -> Result<Option<i64>, WatcherError> {
        Ok(self.page(question, 1, 1).await?.into_iter().map(|(at, _)| at).max())
    }

    async fn page(
        &self,
        question: &str,
        number: usize,
        size: usize,
    ) -> Result<Vec<(i64, Answer)>, WatcherError> {
        let path = format!("api/v1/endpoints/{question}/statuses?page={number}&pageSize={size}");
        let text = match self.client.request_text(request(&path)?).await {
            Ok(text) => text,
            Err(kube::Error::Api(status)) if status.code == 404 => return Ok(Vec::new()),
            Err(error) => return Err(WatcherError::Silent(error)),
        };
        read(&text)
    }
}

fn read(text: &str) -> Result<Vec<(i64, Answer)>, WatcherError> {
    let page: Page =
        serde_json::from_str(text).map_err(|error| WatcherError::Unreadable(error.to_string()))?;
    let told = page.results.unwrap_or_default().into_iter();
    Ok(told.map(|told| (told.timestamp.as_millisecond(), told.answer)).collect())
}

fn request(path: &str) -> Result<http::Request<Vec<u8>>, WatcherError> {
    let base = format!(
        "/api/v1/namespaces/{WATCHER_NAMESPACE}/services/http:{WATCHER_SERVICE}:{WATCHER_PORT}/proxy"
    );
    http::Request::get(format!("{base}/{path}"))
        .body(Vec::new())
        .map_err(|error| WatcherError::Unreadable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_as_gatus_writes_it() {
        let text = r#"{"name":"web","group":"inside","key":"inside_web","results":[
            {"status":200,"hostname":"x.svc.cluster.local","duration":1834512,"success":true,"timestamp":"2026-11-27T01:40:12.519837461Z"},
            {"duration":10000412,"errors":["Get \"http://x/\": context deadline exceeded"],"success":false,"timestamp":"2026-11-27T01:41:12.5Z"}
        ],"events":[{"type":"START","timestamp":"2026-11-27T01:40:12Z"}]}"#;
        let page = read(text).unwrap();
        assert_eq!(page[1].0 - page[0].0, 59_981);
        assert!(page[0].1.success && page[0].1.status == Some(200));
        assert!(!page[1].1.success && page[1].1.status.is_none());
        assert_eq!(read(r#"{"key":"inside_web","results":null}"#).unwrap(), []);
        let problem = Problem::from(&read("<html>").unwrap_err());
        assert_eq!(problem.code, Code::WatcherSilent);
    }

    #[test]
    fn its_clock_is_read_as_http_writes_it() {
        let date = rfc2822::parse("Fri, 27 Nov 2026 01:40:12 GMT").unwrap();
        assert_eq!(date.timestamp().as_millisecond(), 1_795_743_612_000);
    }
}
