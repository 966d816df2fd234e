//! Watches: a stream of changes after a revision, with bookmarks, and `410 Gone` for what is forgotten.

use super::api::Query;
use super::kinds::Kind;
use super::refusal::Refusal;
use super::select::Selector;
use super::store::{Store, Write};
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// The real server sends a bookmark about once a minute; clients here live shorter.
const BOOKMARK: Duration = Duration::from_secs(5);
const DEFAULT_TIMEOUT: u64 = 1800;

struct Watch {
    store: Arc<Store>,
    kind: Kind,
    namespace: Option<String>,
    selector: Selector,
    revision: u64,
    bookmarks: bool,
}

/// Answers a `watch=true` request.
///
/// # Errors
/// 400 for a resourceVersion that is no number.
pub fn stream(
    store: &Arc<Store>,
    kind: &Kind,
    namespace: Option<String>,
    selector: Selector,
    query: &Query,
) -> Result<Response, Refusal> {
    let (objects, now) = store.list(&kind.resource(), namespace.as_deref());
    let asked = query.get("resourceVersion");
    let from_start = asked.is_empty() || asked == "0" || query.flag("sendInitialEvents");
    let revision = match asked {
        _ if from_start => now,
        text => text.parse().map_err(|_| {
            Refusal::bad_request(format!("invalid resource version {text:?}: must be a number"))
        })?,
    };
    let watch = Watch {
        store: Arc::clone(store),
        kind: kind.clone(),
        namespace,
        selector,
        revision,
        bookmarks: query.flag("allowWatchBookmarks"),
    };
    let mut first = Vec::new();
    if from_start {
        first.extend(
            objects
                .iter()
                .filter(|object| watch.selector.matches(object))
                .map(|object| event("ADDED", object)),
        );
        if query.flag("sendInitialEvents") {
            first.push(watch.bookmark(true));
        }
    }
    let seconds = query.get("timeoutSeconds").parse().unwrap_or(DEFAULT_TIMEOUT);
    let body = Body::from_stream(watch.run(first, Duration::from_secs(seconds)));
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

impl Watch {
    fn run(
        mut self,
        first: Vec<Bytes>,
        timeout: Duration,
    ) -> impl futures::Stream<Item = Result<Bytes, Infallible>> {
        let (send, receive) = tokio::sync::mpsc::channel(64);
        tokio::spawn(async move {
            let end = tokio::time::sleep(timeout);
            tokio::pin!(end);
            let mut revisions = self.store.watch();
            for line in first {
                if send.send(Ok(line)).await.is_err() {
                    return;
                }
            }
            let mut bookmark = tokio::time::interval(BOOKMARK);
            bookmark.reset();
            loop {
                let Ok(writes) = self.store.since(self.revision) else {
                    let _ = send
                        .send(Ok(line(&json!({"type": "ERROR", "object": Refusal::gone().status()}))))
                        .await;
                    return;
                };
                for write in writes {
                    self.revision = write.revision;
                    if let Some(told) = self.tell(&write)
                        && send.send(Ok(told)).await.is_err()
                    {
                        return;
                    }
                }
                tokio::select! {
                    () = &mut end => return,
                    () = send.closed() => return,
                    changed = revisions.changed() => if changed.is_err() { return },
                    _ = bookmark.tick(), if self.bookmarks => {
                        if send.send(Ok(self.bookmark(false))).await.is_err() { return }
                    }
                }
            }
        });
        tokio_stream::wrappers::ReceiverStream::new(receive)
    }

    /// A write as this watch sees it: entering and leaving the selection look like creation and deletion.
    fn tell(&self, write: &Write) -> Option<Bytes> {
        let here = write.key.resource == self.kind.resource()
            && self.namespace.as_ref().is_none_or(|namespace| *namespace == write.key.namespace);
        if !here {
            return None;
        }
        let old = write.old.as_ref().filter(|object| self.selector.matches(object));
        let new = write.new.as_ref().filter(|object| self.selector.matches(object));
        match (old, new) {
            (None, Some(new)) => Some(event("ADDED", new)),
            (Some(_), Some(new)) => Some(event("MODIFIED", new)),
            (Some(old), None) => {
                let mut last = (**old).clone();
                last["metadata"]["resourceVersion"] = json!(write.revision.to_string());
                Some(event("DELETED", &last))
            }
            (None, None) => None,
        }
    }

    fn bookmark(&self, initial: bool) -> Bytes {
        let mut metadata = json!({"resourceVersion": self.revision.to_string(), "creationTimestamp": null});
        if initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        event(
            "BOOKMARK",
            &json!({"kind": self.kind.kind, "apiVersion": self.kind.api_version(), "metadata": metadata}),
        )
    }
}

fn event(what: &str, object: &Value) -> Bytes {
    line(&json!({"type": what, "object": object}))
}

fn line(value: &Value) -> Bytes {
    Bytes::from(format!("{value}\n"))
}
