//! The way to an SSH server: name, TCP, greeting, key exchange, host key.
//!
//! It ends where the server is known to be the right one; logging in comes after. Each cause of failure is
//! told apart here, because past this point they all look like "disconnected".

use super::error::{SshError, Stage};
use super::host_keys::{HostKeys, describe};
use super::target::{Target, Timeouts};
use portico_domain::credential::HostKey;
use russh::client::{Config, DisconnectReason, Handle, Handler};
use russh::keys::{Algorithm, HashAlg, PublicKeyOrCertificate};
use russh::{Preferred, cipher, client};
use std::borrow::Cow;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

/// Why a connection that once stood is no more.
#[derive(Debug, Clone)]
pub(super) enum Ending {
    Silent,
    Closed(String),
}

/// A server whose host key was accepted.
pub(super) struct Arrival {
    pub handle: Handle<Gate>,
    pub host_key: HostKey,
    pub peer: SocketAddr,
    pub local: SocketAddr,
    pub ending: watch::Receiver<Option<Ending>>,
}

pub(super) async fn arrive(
    target: &Target,
    host_keys: Arc<HostKeys>,
    timeouts: Timeouts,
) -> Result<Arrival, SshError> {
    let Target { address, port, .. } = target.clone();
    let config = Arc::new(config(host_keys.algorithms(&address, port)?, timeouts.silence));
    let stream = open(&address, port, timeouts.connect).await?;
    let ends = stream.peer_addr().and_then(|peer| Ok((peer, stream.local_addr()?)));
    let (peer, local) =
        ends.map_err(|error| SshError::Lost { address: address.clone(), cause: error.to_string() })?;

    let greeting = Arc::new(Mutex::new(Vec::new()));
    let stream = Overheard { stream, greeting: Arc::clone(&greeting), done: false };
    let accepted = Arc::new(OnceLock::new());
    let (ended, ending) = watch::channel(None);
    let gate = Gate { host_keys, address: address.clone(), port, accepted: Arc::clone(&accepted), ended };
    let heard = || String::from_utf8_lossy(&greeting.lock().unwrap_or_else(|e| e.into_inner())).into_owned();
    let not_ssh = |greeting: String| SshError::NotSsh {
        address: address.clone(),
        port,
        greeting: greeting.lines().next().unwrap_or_default().to_owned(),
    };
    let handle = match timeout(timeouts.handshake, client::connect_stream(config, stream, gate)).await {
        Ok(Ok(handle)) => handle,
        Ok(Err(Halt::Refused(error))) => return Err(error),
        Ok(Err(Halt::Protocol(error))) => {
            let heard = heard();
            let lost = matches!(error, russh::Error::Disconnect | russh::Error::HUP | russh::Error::IO(_));
            return Err(match error {
                russh::Error::Version => not_ssh(heard),
                _ if !heard.is_empty() && !speaks_ssh(&heard) => not_ssh(heard),
                _ if lost && heard.is_empty() => {
                    SshError::Lost { address, cause: "closed before any greeting".to_owned() }
                }
                error if lost => SshError::Lost { address, cause: error.to_string() },
                error => SshError::Negotiation { address, cause: error.to_string() },
            });
        }
        Err(_) => {
            let heard = heard();
            if !heard.is_empty() && !speaks_ssh(&heard) {
                return Err(not_ssh(heard));
            }
            let stage = if heard.is_empty() { Stage::Greeting } else { Stage::KeyExchange };
            return Err(SshError::TimedOut { address, port, stage, seconds: timeouts.handshake.as_secs() });
        }
    };
    let Some(host_key) = accepted.get().cloned() else {
        return Err(SshError::Negotiation { address, cause: "no host key was presented".to_owned() });
    };
    Ok(Arrival { handle, host_key, peer, local, ending })
}

/// Connects to whichever of the name's addresses answers first; each later one gets a head start's delay, so
/// that a dead IPv6 route costs a quarter of a second and not the whole time.
async fn open(address: &str, port: u16, limit: Duration) -> Result<TcpStream, SshError> {
    const HEAD_START: Duration = Duration::from_millis(250);
    let attempt = async {
        let unresolved = |cause: String| SshError::Unresolved { address: address.to_owned(), cause };
        let found = tokio::net::lookup_host((address, port)).await;
        let found: Vec<_> = found.map_err(|error| unresolved(error.to_string()))?.collect();
        let mut attempts: futures::stream::FuturesUnordered<_> = found
            .into_iter()
            .enumerate()
            .map(|(nth, socket)| async move {
                tokio::time::sleep(HEAD_START * nth as u32).await;
                TcpStream::connect(socket).await
            })
            .collect();
        let mut worst = None;
        while let Some(outcome) = futures::StreamExt::next(&mut attempts).await {
            match outcome {
                Ok(stream) => {
                    // Small replies must not wait for more to come; a failure here only costs time.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(error) => worst = Some(error),
            }
        }
        Err(match worst {
            None => unresolved("no address".to_owned()),
            Some(error) if error.kind() == ErrorKind::ConnectionRefused => {
                SshError::Refused { address: address.to_owned(), port }
            }
            Some(error) if error.kind() == ErrorKind::TimedOut => timed_out(address, port, limit),
            Some(error) => {
                SshError::Unreachable { address: address.to_owned(), port, cause: error.to_string() }
            }
        })
    };
    timeout(limit, attempt).await.unwrap_or_else(|_| Err(timed_out(address, port, limit)))
}

fn timed_out(address: &str, port: u16, limit: Duration) -> SshError {
    SshError::TimedOut { address: address.to_owned(), port, stage: Stage::Connect, seconds: limit.as_secs() }
}

fn speaks_ssh(heard: &str) -> bool {
    heard.lines().any(|line| line.starts_with("SSH-"))
}

fn config(known: Vec<Algorithm>, silence: Duration) -> Config {
    // SHA-1 signatures (`ssh-rsa`) are left out, as in OpenSSH since 8.8.
    let usual = Preferred::DEFAULT.key.iter().filter(|kind| **kind != Algorithm::Rsa { hash: None }).cloned();
    let known = known.into_iter().flat_map(|kind| match kind {
        Algorithm::Rsa { .. } => vec![
            Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
            Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
        ],
        kind => vec![kind],
    });
    let mut key: Vec<Algorithm> = Vec::new();
    for kind in known.chain(usual) {
        if !key.contains(&kind) && Preferred::DEFAULT.key.contains(&kind) {
            key.push(kind);
        }
    }
    Config {
        client_id: russh::SshId::Standard(Cow::Borrowed(concat!(
            "SSH-2.0-Portico_",
            env!("CARGO_PKG_VERSION")
        ))),
        preferred: Preferred {
            key: Cow::Owned(key),
            // AES-GCM first: with AES in hardware on both ends it is the fastest by far for the K3s binary.
            cipher: Cow::Borrowed(&[
                cipher::AES_256_GCM,
                cipher::CHACHA20_POLY1305,
                cipher::AES_256_CTR,
                cipher::AES_192_CTR,
                cipher::AES_128_CTR,
            ]),
            // Binaries do not shrink, and compression before encryption has leaked before.
            compression: Cow::Borrowed(&[russh::compression::NONE]),
            ..Preferred::DEFAULT
        },
        window_size: 4 * 1024 * 1024,
        nodelay: true,
        // A quarter of the silence: the answer to a sign of life ends the silence before it counts as one.
        keepalive_interval: Some(silence / 4),
        keepalive_max: 3,
        // The keepalive is not sent while a write is stuck in a full socket, so silence has its own clock.
        inactivity_timeout: Some(silence),
        ..Config::default()
    }
}

/// Why the handshake stopped.
#[derive(Debug)]
pub(super) enum Halt {
    Refused(SshError),
    Protocol(russh::Error),
}

impl From<russh::Error> for Halt {
    fn from(error: russh::Error) -> Self {
        Self::Protocol(error)
    }
}

/// Lets only the right server through, and remembers how the connection ended.
pub(super) struct Gate {
    host_keys: Arc<HostKeys>,
    address: String,
    port: u16,
    accepted: Arc<OnceLock<HostKey>>,
    ended: watch::Sender<Option<Ending>>,
}

impl Handler for Gate {
    type Error = Halt;

    async fn check_server_key(&mut self, presented: &PublicKeyOrCertificate) -> Result<bool, Halt> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = presented else {
            let cause = "a host certificate was presented unasked".to_owned();
            return Err(Halt::Refused(SshError::Negotiation { address: self.address.clone(), cause }));
        };
        self.host_keys.check(&self.address, self.port, key).map_err(Halt::Refused)?;
        // Keys are agreed anew during a long connection; the server must stay the same.
        Ok(*self.accepted.get_or_init(|| describe(key)) == describe(key))
    }

    async fn disconnected(&mut self, reason: DisconnectReason<Halt>) -> Result<(), Halt> {
        let ending = match reason {
            DisconnectReason::ReceivedDisconnect(info) => Ending::Closed(info.message),
            DisconnectReason::Error(Halt::Refused(error)) => Ending::Closed(error.to_string()),
            DisconnectReason::Error(Halt::Protocol(error)) => match error {
                russh::Error::KeepaliveTimeout | russh::Error::InactivityTimeout => Ending::Silent,
                russh::Error::IO(io) if io.kind() == ErrorKind::TimedOut => Ending::Silent,
                error => Ending::Closed(error.to_string()),
            },
        };
        self.ended.send_replace(Some(ending));
        Ok(())
    }
}

/// Keeps the first bytes that the other side says, to tell a web server from a broken SSH server.
struct Overheard {
    stream: TcpStream,
    greeting: Arc<Mutex<Vec<u8>>>,
    done: bool,
}

impl AsyncRead for Overheard {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        const ENOUGH: usize = 255;
        let this = self.get_mut();
        let before = buf.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buf);
        if !this.done && polled.is_ready() {
            let mut greeting = this.greeting.lock().unwrap_or_else(|e| e.into_inner());
            let fresh = &buf.filled()[before..];
            let room = ENOUGH - greeting.len();
            greeting.extend_from_slice(&fresh[..fresh.len().min(room)]);
            this.done = greeting.len() == ENOUGH;
        }
        polled
    }
}

impl AsyncWrite for Overheard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
