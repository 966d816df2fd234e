//! Private key files, and exactly why one cannot be used.
//!
//! The file's kind is told by its text before any decoder runs: decoders answer a public key, a PuTTY file
//! or a DSA key with the same "could not read key".

use super::error::SshError;
use portico_domain::credential::Secret;
use russh::keys::ssh_key::private::KeypairData;
use russh::keys::{PrivateKey, decode_secret_key};
use std::io::{ErrorKind, Read};
use std::path::Path;
use zeroize::Zeroizing;

/// No private key comes near this; a file beyond it is something else.
const LARGEST_BYTES: u64 = 64 * 1024;

/// Reads and opens a key file. Blocking: passphrases are stretched on purpose.
pub(super) fn load(path: &Path, passphrase: Option<&Secret>) -> Result<PrivateKey, SshError> {
    let text = read(path)?;
    let unsupported =
        |kind: &str| SshError::KeyKindUnsupported { path: path.to_owned(), kind: kind.to_owned() };
    let key = match kind_of(&text) {
        Kind::OpenSsh => {
            let key = PrivateKey::from_openssh(text.trim_start().as_bytes())
                .map_err(|error| unsupported(&format!("damaged or unknown OpenSSH key ({error})")))?;
            if key.is_encrypted() {
                let passphrase =
                    passphrase.ok_or_else(|| SshError::PassphraseNeeded { path: path.to_owned() })?;
                key.decrypt(passphrase.expose().as_bytes())
                    .map_err(|_| SshError::PassphraseWrong { path: path.to_owned() })?
            } else {
                key
            }
        }
        Kind::Pem { encrypted: true } => {
            let passphrase =
                passphrase.ok_or_else(|| SshError::PassphraseNeeded { path: path.to_owned() })?;
            decode_secret_key(&text, Some(passphrase.expose()))
                .map_err(|_| SshError::PassphraseWrong { path: path.to_owned() })?
        }
        Kind::Pem { encrypted: false } => decode_secret_key(&text, None)
            .map_err(|error| unsupported(&format!("damaged or unknown PEM key ({error})")))?,
        Kind::Other(kind) => return Err(unsupported(kind)),
    };
    match key.key_data() {
        KeypairData::Ed25519(_) | KeypairData::Ecdsa(_) | KeypairData::Rsa(_) => Ok(key),
        KeypairData::SkEd25519(_) | KeypairData::SkEcdsaSha2NistP256(_) => {
            Err(unsupported("security key (which works through the SSH agent)"))
        }
        _ => Err(unsupported(key.algorithm().as_str())),
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, SshError> {
    let unreadable = |cause: String| SshError::KeyFileUnreadable { path: path.to_owned(), cause };
    let file = std::fs::File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => SshError::KeyFileMissing { path: path.to_owned() },
        _ => unreadable(error.to_string()),
    })?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST_BYTES as usize + 1));
    file.take(LARGEST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > LARGEST_BYTES {
        return Err(SshError::KeyKindUnsupported {
            path: path.to_owned(),
            kind: "file too large for a key".into(),
        });
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| SshError::KeyKindUnsupported { path: path.to_owned(), kind: "binary file".into() })?;
    Ok(Zeroizing::new(text.to_owned()))
}

enum Kind {
    OpenSsh,
    Pem { encrypted: bool },
    Other(&'static str),
}

fn kind_of(text: &str) -> Kind {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match first {
        "-----BEGIN OPENSSH PRIVATE KEY-----" => Kind::OpenSsh,
        "-----BEGIN ENCRYPTED PRIVATE KEY-----" => Kind::Pem { encrypted: true },
        "-----BEGIN RSA PRIVATE KEY-----"
        | "-----BEGIN EC PRIVATE KEY-----"
        | "-----BEGIN PRIVATE KEY-----" => {
            match text.lines().find_map(|line| line.strip_prefix("DEK-Info: ")) {
                Some(cipher) if !cipher.starts_with("AES-128-CBC,") => {
                    Kind::Other("PEM key with an outdated cipher (which ssh-keygen -p rewrites)")
                }
                cipher => Kind::Pem { encrypted: cipher.is_some() },
            }
        }
        "-----BEGIN DSA PRIVATE KEY-----" => Kind::Other("DSA key"),
        "-----BEGIN PUBLIC KEY-----" | "---- BEGIN SSH2 PUBLIC KEY ----" => Kind::Other("public key"),
        "" => Kind::Other("file with nothing in it"),
        line if line.starts_with("PuTTY-User-Key-File-") => Kind::Other("PuTTY key"),
        line if ["ssh-", "ecdsa-", "sk-"].iter().any(|word| line.starts_with(word)) => {
            Kind::Other("public key")
        }
        _ => Kind::Other("file without a private key"),
    }
}
