//! Running one command over a channel: stdin is fed while stdout and stderr are read.
//!
//! Both directions move at once, so that a command that answers before it has read everything cannot stall.
//! The channel is closed however the run ends: done, failed, cancelled, or dropped.

use super::error::SshError;
use super::script::{Body, Output};
use super::session::Session;
use bytes::{Bytes, BytesMut};
use russh::client::Msg;
use russh::{ChannelMsg, ChannelOpenFailure, ChannelWriteHalf};
use std::sync::Arc;
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// Scripts answer with facts, a kubeconfig, or a journal; more than this is a mistake.
const STDOUT_LIMIT: usize = 8 * 1024 * 1024;
/// The last part of stderr that is kept.
const STDERR_LIMIT: usize = 64 * 1024;
/// How much of a body is read at once: two of the packets that OpenSSH takes.
const BODY_CHUNK: usize = 64 * 1024;

/// What goes to a command's stdin: bytes that may be secret, then a body.
#[derive(Default)]
pub(super) struct Input {
    pub head: Vec<Zeroizing<Vec<u8>>>,
    pub body: Option<Body>,
}

impl Session {
    /// Runs a constant command line. `name` is what errors call it.
    pub(super) async fn exec(
        &self,
        name: &'static str,
        command: &str,
        input: Input,
        cancel: &CancellationToken,
    ) -> Result<Output, SshError> {
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(SshError::Cancelled),
            outcome = self.exec_to_end(name, command, input) => outcome,
        }
    }

    async fn exec_to_end(&self, name: &'static str, command: &str, input: Input) -> Result<Output, SshError> {
        let channel = match self.handle.channel_open_session().await {
            Ok(channel) => channel,
            Err(russh::Error::ChannelOpenFailure(reason)) => return Err(self.refused(reason)),
            Err(_) => return Err(self.lost().await),
        };
        let (mut answers, half) = channel.split();
        let mut channel = Closing { half: Arc::new(half), wanted: true };
        let half = Arc::clone(&channel.half);
        // Messages of tools are matched in one language; a server that takes no variables ignores it.
        let asked = async {
            half.set_env(false, "LC_ALL", "C").await?;
            half.exec(true, command).await
        };
        if asked.await.is_err() {
            return Err(self.lost().await);
        }

        let feeding = feed(&half, name, input);
        tokio::pin!(feeding);
        let mut fed = false;
        let mut stdout = Zeroizing::new(Vec::new());
        let mut stderr = Vec::new();
        let mut ending = None;
        loop {
            let message = tokio::select! {
                outcome = &mut feeding, if !fed => {
                    fed = true;
                    match outcome {
                        Ok(()) => continue,
                        Err(error) => return Err(error),
                    }
                }
                message = answers.wait() => message,
            };
            match message {
                Some(ChannelMsg::Data { data }) => {
                    if !append(&mut stdout, &data) {
                        let (address, limit) = (self.target.address.clone(), STDOUT_LIMIT);
                        return Err(SshError::OutputTooLong { script: name, address, limit });
                    }
                }
                Some(ChannelMsg::ExtendedData { data, .. }) => {
                    stderr.extend_from_slice(&data);
                    let excess = stderr.len().saturating_sub(STDERR_LIMIT);
                    stderr.drain(..excess);
                }
                Some(ChannelMsg::ExitStatus { exit_status }) => ending = Some(Ok(exit_status)),
                Some(ChannelMsg::ExitSignal { signal_name, .. }) => {
                    let signal = format!("{signal_name:?}");
                    let address = self.target.address.clone();
                    ending = Some(Err(SshError::Killed { script: name, address, signal }));
                }
                Some(ChannelMsg::Failure) => {
                    let cause = "the command was not accepted".to_owned();
                    return Err(SshError::ChannelRefused { address: self.target.address.clone(), cause });
                }
                Some(ChannelMsg::Close) | None => break,
                Some(_) => {}
            }
        }
        channel.wanted = false;
        let status = match ending {
            Some(ending) => ending?,
            None => return Err(self.lost().await),
        };
        Ok(Output { status, stdout, stderr: String::from_utf8_lossy(&stderr).into_owned() })
    }

    fn refused(&self, reason: ChannelOpenFailure) -> SshError {
        SshError::ChannelRefused { address: self.target.address.clone(), cause: format!("{reason:?}") }
    }
}

/// Sends everything and then the end. A write that fails is left to the reading side, which learns why.
async fn feed(half: &ChannelWriteHalf<Msg>, name: &'static str, input: Input) -> Result<(), SshError> {
    for part in input.head {
        // The bytes are zeroed when the last packet made of them is gone.
        if half.data_bytes(Bytes::from_owner(part)).await.is_err() {
            return Ok(());
        }
    }
    if let Some(Body { mut reader, mut progress }) = input.body {
        let mut sent = 0;
        loop {
            let mut chunk = BytesMut::with_capacity(BODY_CHUNK);
            let read = reader.read_buf(&mut chunk).await;
            read.map_err(|error| SshError::BodyUnreadable { script: name, cause: error.to_string() })?;
            if chunk.is_empty() {
                break;
            }
            let length = chunk.len() as u64;
            if half.data_bytes(chunk).await.is_err() {
                return Ok(());
            }
            sent += length;
            progress(sent);
        }
    }
    let _ = half.eof().await;
    Ok(())
}

/// Grows by hand, so that no copy of a secret answer stays behind in freed memory.
/// False when it would be too much.
fn append(stdout: &mut Zeroizing<Vec<u8>>, data: &[u8]) -> bool {
    let length = stdout.len() + data.len();
    if length > STDOUT_LIMIT {
        return false;
    }
    if stdout.capacity() < length {
        let mut larger = Zeroizing::new(Vec::with_capacity(length * 2));
        larger.extend_from_slice(stdout);
        *stdout = larger;
    }
    stdout.extend_from_slice(data);
    true
}

/// Closes the channel when the run is dropped before the server has closed it.
struct Closing {
    half: Arc<ChannelWriteHalf<Msg>>,
    wanted: bool,
}

impl Drop for Closing {
    fn drop(&mut self) {
        let half = Arc::clone(&self.half);
        if let (true, Ok(runtime)) = (self.wanted, tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                let _ = half.close().await;
            });
        }
    }
}
