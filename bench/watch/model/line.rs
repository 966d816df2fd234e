//! A bad line to the API server: an HTTP proxy that cuts connections, answers 410 and keeps bookmarks to itself.

use crate::Failure;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use futures::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::watch;

pub struct Line {
    to: String,
    http: reqwest::Client,
    /// Streams that were opened before this number end when it grows.
    cuts: watch::Sender<usize>,
    /// So many watches are told next that what they know is too old.
    gone: AtomicUsize,
    pub without_bookmarks: AtomicBool,
    /// How many were.
    pub told_gone: AtomicUsize,
    pub bookmarks: AtomicUsize,
}

impl Line {
    /// The address of a line to `to`.
    pub async fn lay(to: &str, http: reqwest::Client) -> Result<(Arc<Self>, String), Failure> {
        let line = Arc::new(Self {
            to: to.to_owned(),
            http,
            cuts: watch::Sender::new(0),
            gone: AtomicUsize::new(0),
            without_bookmarks: AtomicBool::default(),
            told_gone: AtomicUsize::new(0),
            bookmarks: AtomicUsize::new(0),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let router = Router::new().fallback(pass).with_state(line.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok((line, address))
    }

    /// Every answer that is on its way ends in the middle.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Cuts, and tells the next watches that what they know is too old.
    pub fn forget(&self, watches: usize) {
        self.gone.fetch_add(watches, Ordering::Relaxed);
        self.cut();
    }
}

fn refused(status: StatusCode, body: &'static str) -> Response {
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Body::from(body)).expect("a response")
}

async fn pass(State(line): State<Arc<Line>>, request: Request) -> Response {
    let mut cuts = line.cuts.subscribe();
    cuts.mark_unchanged();
    let (parts, body) = request.into_parts();
    let is_watch = parts.uri.query().is_some_and(|query| query.contains("watch=true"));
    let take = |gone: usize| gone.checked_sub(1);
    if is_watch && line.gone.try_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
        line.told_gone.fetch_add(1, Ordering::Relaxed);
        let body = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version","reason":"Expired","code":410}"#;
        return refused(StatusCode::GONE, body);
    }
    let Ok(body) = axum::body::to_bytes(body, 1 << 22).await else {
        return refused(StatusCode::BAD_REQUEST, "{}");
    };
    let mut asked = line.http.request(parts.method, format!("{}{}", line.to, parts.uri)).body(body);
    for (name, value) in parts.headers.iter().filter(|(name, _)| *name != "host" && *name != "content-length")
    {
        asked = asked.header(name, value);
    }
    let Ok(answer) = asked.send().await else { return refused(StatusCode::BAD_GATEWAY, "{}") };
    let mut response = Response::builder().status(answer.status());
    for (name, value) in
        answer.headers().iter().filter(|(name, _)| *name != "content-length" && *name != "transfer-encoding")
    {
        response = response.header(name, value);
    }
    let pieces = whole_lines(answer.bytes_stream().boxed(), is_watch);
    let state = (pieces.boxed(), cuts, line);
    let passed = futures::stream::unfold(Some(state), move |state| async move {
        let (mut pieces, mut cuts, line) = state?;
        loop {
            let piece = tokio::select! {
                biased;
                _ = cuts.changed() => return Some((Err(std::io::Error::other("cut")), None)),
                piece = pieces.next() => piece?,
            };
            let is_bookmark =
                is_watch && piece.as_ref().is_ok_and(|line| line.starts_with(br#"{"type":"BOOKMARK"#));
            if is_bookmark {
                line.bookmarks.fetch_add(1, Ordering::Relaxed);
                if line.without_bookmarks.load(Ordering::Relaxed) {
                    continue;
                }
            }
            return Some((piece, Some((pieces, cuts, line))));
        }
    });
    response.body(Body::from_stream(passed)).expect("a response")
}

type Pieces = futures::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>;

/// The events of a watch one by one; everything else as it comes.
fn whole_lines(
    pieces: Pieces,
    is_watch: bool,
) -> impl futures::Stream<Item = std::io::Result<Vec<u8>>> + Send {
    futures::stream::unfold(
        (pieces, Vec::new()),
        move |(mut pieces, mut held): (Pieces, Vec<u8>)| async move {
            loop {
                let end = held.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
                let end = if is_watch { end } else { Some(held.len()).filter(|length| *length > 0) };
                if let Some(end) = end {
                    let rest = held.split_off(end);
                    return Some((Ok(held), (pieces, rest)));
                }
                match pieces.next().await {
                    Some(Ok(piece)) => held.extend_from_slice(&piece),
                    Some(Err(error)) => return Some((Err(std::io::Error::other(error)), (pieces, held))),
                    None if held.is_empty() => return None,
                    None => return Some((Ok(std::mem::take(&mut held)), (pieces, held))),
                }
            }
        },
    )
}
