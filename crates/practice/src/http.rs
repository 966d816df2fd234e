//! How every HTTP server of practice answers, and how a [`Fault`] looks over HTTP.
//!
//! Connections are served by hyper directly instead of `axum::serve`, since a lost answer has to end the
//! connection without a byte, which an axum handler cannot do. Works over any stream, so that a TLS server can
//! hand in its own. Routes and state belong to the servers.

use crate::fault::{Fault, Faults, Service};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt;

/// A server that runs until this value is dropped; open connections end with it.
#[derive(Debug)]
pub struct HttpServer {
    pub address: SocketAddr,
    _stop: DropGuard,
}

/// In a response's extensions: the connection ends instead of carrying it, as when TLS cannot be agreed on.
#[derive(Clone, Copy)]
pub(crate) struct HangUp;

/// The connection shall end without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer was dropped on purpose")]
struct Dropped;

/// Serves `router` on `listener`, each call through `faults` under the name `METHOD /path?query`.
///
/// # Errors
/// When the listener has no local address.
pub fn serve(
    listener: TcpListener,
    service: Service,
    faults: Faults,
    router: Router,
) -> std::io::Result<HttpServer> {
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        loop {
            let stream = tokio::select! {
                () = stopped.cancelled() => return,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(_) => continue,
                },
            };
            let (faults, router, stopped) = (faults.clone(), router.clone(), stopped.clone());
            tokio::spawn(async move {
                tokio::select! {
                    () = stopped.cancelled() => {}
                    () = connection(stream, service, faults, router) => {}
                }
            });
        }
    });
    Ok(HttpServer { address, _stop: stop.drop_guard() })
}

/// Serves one connection, HTTP/1.1 with upgrades or HTTP/2, until either side ends it.
pub async fn connection<S>(stream: S, service: Service, faults: Faults, router: Router)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let answer = hyper::service::service_fn(move |request: Request<Incoming>| {
        answer(request.map(Body::new), service, faults.clone(), router.clone())
    });
    // A client that goes away is its own business, and a dropped answer is meant.
    let _ = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new())
        .serve_connection_with_upgrades(TokioIo::new(stream), answer)
        .await;
}

async fn answer(
    request: Request<Body>,
    service: Service,
    faults: Faults,
    router: Router,
) -> Result<Response<Body>, Dropped> {
    let call = format!(
        "{} {}",
        request.method(),
        request.uri().path_and_query().map_or("/", |target| target.as_str())
    );
    let fault = faults.next(service, &call);
    let ordinary = async || {
        let Ok(response) = router.oneshot(request).await;
        if response.extensions().get::<HangUp>().is_some() { Err(Dropped) } else { Ok(response) }
    };
    match fault {
        None => ordinary().await,
        Some(Fault::Error { status, body }) => Ok(page(status, "application/json", body)),
        Some(Fault::HtmlError { status }) => Ok(page(status, "text/html; charset=UTF-8", HTML.to_owned())),
        Some(Fault::RateLimit { retry_after }) => {
            let mut response = page(429, "application/json", LIMITED.to_owned());
            response.headers_mut().insert(header::RETRY_AFTER, retry_after.into());
            Ok(response)
        }
        Some(Fault::Slow { ms }) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            ordinary().await
        }
        Some(Fault::SlowAfter { ms }) => {
            let response = ordinary().await;
            tokio::time::sleep(Duration::from_millis(ms)).await;
            response
        }
        Some(Fault::Hold) => {
            faults.hold().await;
            ordinary().await
        }
        Some(Fault::HoldAfter) => {
            let response = ordinary().await;
            faults.hold().await;
            response
        }
        Some(Fault::DropBefore) => Err(Dropped),
        Some(Fault::DropAfter) => {
            drop(ordinary().await);
            Err(Dropped)
        }
        Some(Fault::Torn) => torn(ordinary().await?).await,
        Some(Fault::Corrupt) => corrupt(ordinary().await?).await,
        Some(Fault::Partial) => partial(ordinary().await?).await,
    }
}

fn page(status: u16, kind: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}

/// Keeps the announced length and sends half: the client sees the connection end inside the body.
async fn torn(response: Response<Body>) -> Result<Response<Body>, Dropped> {
    let (mut head, body) = whole(response).await?;
    head.headers.insert(header::CONTENT_LENGTH, body.len().into());
    let half = body.slice(..body.len() / 2);
    let parts = futures::stream::iter([Ok(half), Err(Dropped)]);
    Ok(Response::from_parts(head, Body::from_stream(parts)))
}

async fn corrupt(response: Response<Body>) -> Result<Response<Body>, Dropped> {
    let (head, body) = whole(response).await?;
    let mut bytes = body.to_vec();
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 0x20;
    }
    Ok(Response::from_parts(head, Body::from(bytes)))
}

async fn partial(response: Response<Body>) -> Result<Response<Body>, Dropped> {
    let (mut head, body) = whole(response).await?;
    let Ok(mut answer) = serde_json::from_slice::<serde_json::Value>(&body) else { return Err(Dropped) };
    if let Some(list) = answer["result"].as_array_mut() {
        list.truncate(list.len() / 2);
    }
    head.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(head, Body::from(answer.to_string())))
}

async fn whole(response: Response<Body>) -> Result<(axum::http::response::Parts, Bytes), Dropped> {
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(|_| Dropped)?;
    Ok((head, body))
}

const HTML: &str = "<!DOCTYPE html>\n<html><head><title>500 Internal Server Error</title></head>\n\
    <body><center><h1>500 Internal Server Error</h1></center><hr><center>cloudflare</center></body></html>\n";

const LIMITED: &str = r#"{"success":false,"errors":[{"code":971,"message":"Please wait and consider throttling your request speed"}],"messages":[],"result":null}"#;
