//! Which host key belongs to which machine: Portico's own pins, and the user's `known_hosts`.
//!
//! A pin is made only by [`HostKeys::pin`], after a person has said yes to the fingerprint; connecting never
//! makes one. Pins come first: whoever pinned a key here has decided later than whoever wrote `known_hosts`.
//! A pin holds for one address and port; the same key elsewhere is reported as a machine already known.

use super::error::SshError;
use super::known_hosts::{self, Saying};
use portico_domain::credential::HostKey;
use russh::keys::{Algorithm, HashAlg, PublicKey};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::PathBuf;

/// The pins' file and the `known_hosts` files beside which it stands.
pub struct HostKeys {
    pins: PathBuf,
    known_hosts: Vec<PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    pins: Vec<Pin>,
}

#[derive(Serialize, Deserialize)]
struct Pin {
    address: String,
    port: u16,
    key: String,
}

const VERSION: u32 = 1;

impl HostKeys {
    /// `pins` is created by the first pin, readable by its owner alone; `known_hosts` are only read.
    pub fn new(pins: PathBuf, known_hosts: Vec<PathBuf>) -> Self {
        Self { pins, known_hosts }
    }

    /// The files that `ssh` reads for this user.
    pub fn user_known_hosts() -> Vec<PathBuf> {
        let home = dirs::home_dir().map(|home| home.join(".ssh/known_hosts"));
        home.into_iter().chain(std::iter::once(PathBuf::from("/etc/ssh/ssh_known_hosts"))).collect()
    }

    /// Trusts `key` at this address and port from now on; a pin of the same kind is replaced.
    ///
    /// # Errors
    /// [`SshError::HostKeysUnreadable`] when the file cannot be read or written, or `key` is no key.
    pub fn pin(&self, address: &str, port: u16, key: &HostKey) -> Result<(), SshError> {
        let parsed = PublicKey::from_openssh(&key.key).map_err(|error| self.unreadable(error))?;
        let described = describe(&parsed);
        self.change(|pins| {
            pins.retain(|pin| {
                !pin.is_for(address, port)
                    || pin.parsed().is_none_or(|old| describe(&old).kind != described.kind)
            });
            pins.push(Pin { address: address.to_lowercase(), port, key: described.key });
        })
    }

    /// Forgets what is pinned for this address and port, such as after a machine was set up anew.
    ///
    /// # Errors
    /// [`SshError::HostKeysUnreadable`].
    pub fn forget(&self, address: &str, port: u16) -> Result<(), SshError> {
        self.change(|pins| pins.retain(|pin| !pin.is_for(address, port)))
    }

    /// The keys pinned for this address and port.
    ///
    /// # Errors
    /// [`SshError::HostKeysUnreadable`].
    pub fn pinned(&self, address: &str, port: u16) -> Result<Vec<HostKey>, SshError> {
        let pins = self.read()?;
        let here = pins.iter().filter(|pin| pin.is_for(address, port));
        Ok(here.filter_map(Pin::parsed).map(|key| describe(&key)).collect())
    }

    /// Every pin: address, port and key, in the order in which they were made.
    ///
    /// # Errors
    /// [`SshError::HostKeysUnreadable`].
    pub fn pins(&self) -> Result<Vec<(String, u16, HostKey)>, SshError> {
        let pins = self.read()?;
        let parsed = pins.into_iter().filter_map(|pin| Some((describe(&pin.parsed()?), pin)));
        Ok(parsed.map(|(key, pin)| (pin.address, pin.port, key)).collect())
    }

    /// Where this key is known, as `address:port` of a pin or as a name in `known_hosts`.
    ///
    /// # Errors
    /// [`SshError::HostKeysUnreadable`].
    pub fn known_at(&self, key: &HostKey) -> Result<Vec<String>, SshError> {
        let parsed = PublicKey::from_openssh(&key.key).map_err(|error| self.unreadable(error))?;
        self.places_of(&parsed)
    }

    /// Says yes to a presented key, or why not.
    pub(super) fn check(&self, address: &str, port: u16, key: &PublicKey) -> Result<(), SshError> {
        let presented = Box::new(describe(key));
        let saying = known_hosts::consult(&self.known_hosts, address, port, key);
        if let Saying::Revoked(held_in) = saying {
            return Err(SshError::HostKeyRevoked { address: address.to_owned(), presented, held_in });
        }
        let pinned = self.pinned(address, port)?;
        let (pinned, held_in) = match saying {
            _ if pinned.contains(&presented) => return Ok(()),
            _ if !pinned.is_empty() => (pinned, self.pins.clone()),
            Saying::Known => return Ok(()),
            Saying::Others(keys, held_in) => (keys, held_in),
            Saying::Nothing | Saying::Revoked(_) => {
                let known_at = self.places_of(key)?;
                return Err(SshError::HostKeyUnknown {
                    address: address.to_owned(),
                    port,
                    presented,
                    known_at,
                });
            }
        };
        Err(SshError::HostKeyChanged { address: address.to_owned(), port, pinned, presented, held_in })
    }

    /// The algorithms of the keys known for this host. Asking for them first keeps a server that has several
    /// keys from presenting one that nobody has seen.
    pub(super) fn algorithms(&self, address: &str, port: u16) -> Result<Vec<Algorithm>, SshError> {
        let pins = self.read()?;
        let pinned: Vec<_> =
            pins.iter().filter(|pin| pin.is_for(address, port)).filter_map(Pin::parsed).collect();
        let keys =
            if pinned.is_empty() { known_hosts::keys_of(&self.known_hosts, address, port) } else { pinned };
        Ok(keys.iter().map(PublicKey::algorithm).collect())
    }

    fn places_of(&self, key: &PublicKey) -> Result<Vec<String>, SshError> {
        let described = describe(key);
        let pins = self.read()?;
        let pinned = pins.iter().filter(|pin| pin.key == described.key);
        let mut places: Vec<_> = pinned.map(|pin| format!("{}:{}", pin.address, pin.port)).collect();
        places.extend(known_hosts::names_of(&self.known_hosts, key));
        Ok(places)
    }

    fn read(&self) -> Result<Vec<Pin>, SshError> {
        let text = match std::fs::read(&self.pins) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.unreadable(error)),
        };
        let document: Document = serde_json::from_slice(&text).map_err(|error| self.unreadable(error))?;
        if document.version != VERSION {
            return Err(self.unreadable(format!("version {} is not known", document.version)));
        }
        Ok(document.pins)
    }

    /// Reads, changes and replaces the file under a lock, so that the window and a command line at the same
    /// time do not lose each other's pins.
    fn change(&self, edit: impl FnOnce(&mut Vec<Pin>)) -> Result<(), SshError> {
        let folder = self.pins.parent().unwrap_or(std::path::Path::new("."));
        std::fs::create_dir_all(folder).map_err(|error| self.unreadable(error))?;
        let lock = std::fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.pins.with_extension("lock"));
        let lock = lock.map_err(|error| self.unreadable(error))?;
        lock.lock().map_err(|error| self.unreadable(error))?;
        let mut pins = self.read()?;
        edit(&mut pins);
        let text = serde_json::to_vec_pretty(&Document { version: VERSION, pins });
        let text = text.map_err(|error| self.unreadable(error))?;
        // A temporary file is created 0600, and the rename keeps that.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| self.unreadable(error))?;
        file.write_all(&text).map_err(|error| self.unreadable(error))?;
        file.as_file().sync_all().map_err(|error| self.unreadable(error))?;
        file.persist(&self.pins).map_err(|error| self.unreadable(error))?;
        Ok(())
    }

    fn unreadable(&self, cause: impl ToString) -> SshError {
        SshError::HostKeysUnreadable { path: self.pins.clone(), cause: cause.to_string() }
    }
}

impl Pin {
    fn is_for(&self, address: &str, port: u16) -> bool {
        self.port == port && self.address.eq_ignore_ascii_case(address)
    }

    fn parsed(&self) -> Option<PublicKey> {
        PublicKey::from_openssh(&self.key).ok()
    }
}

/// The key as people and files see it.
pub(super) fn describe(key: &PublicKey) -> HostKey {
    let plain = PublicKey::new(key.key_data().clone(), "");
    HostKey {
        kind: key.algorithm().as_str().to_owned(),
        fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
        // Encoding fails only for keys that could not have been decoded.
        key: plain.to_openssh().unwrap_or_default(),
    }
}
