//! The standard input of a remote command: what the client sends on the channel, read as `read` and `dd` would.

use axum::body::Bytes;
use russh::server::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf};

pub struct Stdin {
    from: ChannelReadHalf,
    rest: Bytes,
    ended: bool,
}

/// Both directions of a command's channel.
pub fn open(channel: Channel<Msg>) -> (Stdin, ChannelWriteHalf<Msg>) {
    let (from, to) = channel.split();
    (Stdin { from, rest: Bytes::new(), ended: false }, to)
}

impl Stdin {
    /// The next bytes, or `None` at the end of input.
    pub async fn chunk(&mut self) -> Option<Bytes> {
        if !self.rest.is_empty() {
            return Some(std::mem::take(&mut self.rest));
        }
        while !self.ended {
            match self.from.wait().await {
                Some(ChannelMsg::Data { data }) if !data.is_empty() => return Some(data),
                Some(ChannelMsg::Eof | ChannelMsg::Close) | None => self.ended = true,
                Some(_) => {}
            }
        }
        None
    }

    /// One line without its newline; at the end of input what there is, or `None` when there is nothing.
    pub async fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        loop {
            let Some(mut chunk) = self.chunk().await else {
                return (!line.is_empty()).then(|| String::from_utf8_lossy(&line).into_owned());
            };
            match chunk.iter().position(|&byte| byte == b'\n') {
                Some(end) => {
                    line.extend_from_slice(&chunk.split_to(end));
                    self.rest = chunk.slice(1..);
                    return Some(String::from_utf8_lossy(&line).into_owned());
                }
                None => line.extend_from_slice(&chunk),
            }
        }
    }

    /// Exactly `count` bytes, or fewer when the input ends before.
    pub async fn exact(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count.min(1 << 20));
        while bytes.len() < count {
            let Some(mut chunk) = self.chunk().await else { break };
            let taken = chunk.split_to(chunk.len().min(count - bytes.len()));
            bytes.extend_from_slice(&taken);
            self.rest = chunk;
        }
        bytes
    }

    /// A value sent as `<length>\n<bytes>`.
    pub async fn sized(&mut self) -> Option<String> {
        let length = self.line().await?.trim().parse().ok()?;
        let bytes = self.exact(length).await;
        (bytes.len() == length).then(|| String::from_utf8_lossy(&bytes).into_owned())
    }
}
