//! What an SSH server says before anybody logs in: its identification string, and the host keys it can prove.
//!
//! A key counts when its owner signed the key exchange. One exchange shows one key, so the first asks for the
//! best kind and the rest follow, one connection for each kind that the server offers. The server is a stranger:
//! what is read from it is bounded in bytes and time, and no user name is ever sent.

use portico_domain::host::{HostKey, Sighting};
use russh::{
    Preferred, SshId,
    client::{self, Config, Handler},
    kex,
    keys::{Algorithm, EcdsaCurve, HashAlg, PublicKeyOrCertificate},
};
use std::{
    borrow::Cow,
    io::{self, Cursor},
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, ReadBuf},
    net::{TcpStream, tcp::OwnedReadHalf},
    task::JoinSet,
    time::timeout,
};

/// For the identification string.
const GREETING: Duration = Duration::from_secs(3);
/// For one key exchange.
const EXCHANGE: Duration = Duration::from_secs(4);
/// Bytes read before the identification string has ended (RFC 4253 allows other lines before it).
const GREETING_BYTES: usize = 8 * 1024;
/// Bytes read from one connection in all.
const MOST_BYTES: u64 = 128 * 1024;
/// Bytes remembered to read the server's first offer from.
const OFFER_BYTES: usize = 40 * 1024;

/// The names of a kind in a server's offer, and how it is asked for.
type Kind = (&'static [&'static str], fn() -> Vec<Algorithm>);

/// The kinds in the order in which they are asked for.
const KINDS: [Kind; 5] = [
    (&["ssh-ed25519"], || vec![Algorithm::Ed25519]),
    (&["ecdsa-sha2-nistp256"], || vec![Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 }]),
    (&["ecdsa-sha2-nistp384"], || vec![Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 }]),
    (&["ecdsa-sha2-nistp521"], || vec![Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 }]),
    (&["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"], || {
        [Some(HashAlg::Sha512), Some(HashAlg::Sha256), None].map(|hash| Algorithm::Rsa { hash }).to_vec()
    }),
];

/// Listens to the server behind an open connection and reports its identification string at once, its first key
/// as soon as it is proven, and the others after it.
///
/// A server that is not SSH is reported with what it said first, possibly nothing.
pub(super) async fn listen(ip: IpAddr, port: u16, stream: TcpStream, mut saw: impl FnMut(Sighting)) {
    let (mut reader, writer) = stream.into_split();
    let (said, banner) = greeting(&mut reader).await;
    let is_ssh = banner.starts_with("SSH-");
    saw(Sighting::SshBanner { ip, port, banner });
    if !is_ssh {
        return;
    }
    let every: Vec<Algorithm> = KINDS.iter().flat_map(|(_, algorithms)| algorithms()).collect();
    let heard = Arc::new(Mutex::new(said.clone()));
    let reader = Cursor::new(said).chain(Tap { inner: reader, heard: heard.clone() });
    let first = exchange(tokio::io::join(reader.take(MOST_BYTES), writer), every).await;
    let shown = first.as_ref().map(|key| key.kind.clone());
    if let Some(key) = first {
        saw(Sighting::SshHostKeys { ip, port, keys: vec![key] });
    }
    let offered = heard.lock().map(|heard| offered(&heard)).unwrap_or_default();
    for (names, algorithms) in KINDS {
        let is_offered = names.iter().any(|name| offered.iter().any(|offer| offer == name));
        if !is_offered || names.iter().any(|name| Some(*name) == shown.as_deref()) {
            continue;
        }
        let Ok(Ok(stream)) = timeout(EXCHANGE, TcpStream::connect((ip, port))).await else { return };
        let (reader, writer) = stream.into_split();
        if let Some(key) = exchange(tokio::io::join(reader.take(MOST_BYTES), writer), algorithms()).await {
            saw(Sighting::SshHostKeys { ip, port, keys: vec![key] });
        }
    }
}

/// Reads up to the end of the identification string. Returns everything read, and the string, or in its place
/// the first line of a server that does not speak SSH.
async fn greeting(reader: &mut OwnedReadHalf) -> (Vec<u8>, String) {
    let mut said = Vec::new();
    let read = async {
        while said.len() < GREETING_BYTES && identification(&said).is_none() {
            let mut some = [0; 1024];
            match reader.read(&mut some).await {
                Ok(0) | Err(_) => break,
                Ok(length) => said.extend_from_slice(&some[..length]),
            }
        }
    };
    _ = timeout(GREETING, read).await;
    let line = identification(&said).unwrap_or_else(|| first_line(&said));
    (said, line)
}

/// The first whole line that begins with `SSH-`.
fn identification(said: &[u8]) -> Option<String> {
    let end = said.iter().rposition(|byte| *byte == b'\n')?;
    said[..end].split(|byte| *byte == b'\n').find(|line| line.starts_with(b"SSH-")).map(text)
}

/// What a server that said this is reported with, and the kinds of keys that it would be asked for.
#[cfg(feature = "fuzz")]
pub(crate) fn said(ip: IpAddr, said: &[u8]) -> (Sighting, Vec<String>) {
    let banner = identification(said).unwrap_or_else(|| first_line(said));
    (Sighting::SshBanner { ip, port: 22, banner }, offered(said))
}

fn first_line(said: &[u8]) -> String {
    said.split(|byte| *byte == b'\n').next().map(text).unwrap_or_default()
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(&line[..line.len().min(255)]).trim_end().to_owned()
}

/// The host key algorithms in the server's first offer (SSH_MSG_KEXINIT, RFC 4253 section 7.1), if all of it is
/// there.
fn offered(heard: &[u8]) -> Vec<String> {
    let list = || -> Option<Vec<String>> {
        let start = heard.windows(4).position(|four| four == b"SSH-")?;
        let end = start + heard[start..].iter().position(|byte| *byte == b'\n')? + 1;
        let packet = heard.get(end..)?;
        // Length, padding length, message number 20, cookie.
        if *packet.get(5)? != 20 {
            return None;
        }
        let (_, rest) = name_list(packet.get(22..)?)?;
        let (keys, _) = name_list(rest)?;
        Some(String::from_utf8_lossy(keys).split(',').take(64).map(str::to_owned).collect())
    };
    list().unwrap_or_default()
}

fn name_list(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

/// One key exchange that ends with the server's proven key, before anything like a login.
async fn exchange(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    algorithms: Vec<Algorithm>,
) -> Option<HostKey> {
    let config = Config {
        client_id: SshId::Standard(Cow::Borrowed("SSH-2.0-Portico")),
        preferred: Preferred {
            kex: Cow::Borrowed(&[
                kex::CURVE25519,
                kex::CURVE25519_PRE_RFC_8731,
                kex::ECDH_SHA2_NISTP256,
                kex::MLKEM768X25519_SHA256,
                kex::DH_GEX_SHA256,
                kex::DH_G14_SHA256,
                kex::DH_G16_SHA512,
                kex::DH_G14_SHA1,
            ]),
            key: Cow::Owned(algorithms),
            ..Preferred::DEFAULT
        },
        inactivity_timeout: Some(EXCHANGE),
        ..Config::default()
    };
    let key = Arc::new(Mutex::new(None));
    let handler = KeyAlone(key.clone());
    // A task of its own, so that a panic in the library ends nothing else; the set takes it along when this visit
    // is cancelled.
    let mut connection = JoinSet::new();
    connection.spawn(async move {
        // Refusing the key ends the session with an error, which is what is wanted here.
        _ = timeout(EXCHANGE, client::connect_stream(Arc::new(config), stream, handler)).await;
    });
    _ = connection.join_next().await;
    key.lock().ok().and_then(|mut key| key.take())
}

/// Notes the key and refuses it: nothing is to follow.
struct KeyAlone(Arc<Mutex<Option<HostKey>>>);

impl Handler for KeyAlone {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        if let (PublicKeyOrCertificate::PublicKey { key, .. }, Ok(mut noted)) = (shown, self.0.lock()) {
            *noted = Some(HostKey {
                kind: key.algorithm().as_str().to_owned(),
                fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
            });
        }
        Ok(false)
    }
}

/// Passes bytes through and remembers the first of them.
struct Tap<R> {
    inner: R,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl<R: AsyncRead + Unpin> AsyncRead for Tap<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = to.filled().len();
        let result = Pin::new(&mut self.inner).poll_read(context, to);
        if let Ok(mut heard) = self.heard.lock() {
            let room = OFFER_BYTES.saturating_sub(heard.len());
            let new = &to.filled()[before..];
            heard.extend_from_slice(&new[..new.len().min(room)]);
        }
        result
    }
}

#[cfg(test)]
mod tests;
