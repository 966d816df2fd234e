//! Where to connect to, as whom, and by which proofs.
//!
//! A [`Login`] is an ordered list: each method is tried in its turn until one is accepted. Nothing is read
//! from disk here but the question which of the usual key files exist.

use portico_domain::credential::Secret;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One SSH server and the account on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// An IP address or a name; never an alias of `~/.ssh/config` (see [`super::SshConfig::target`]).
    pub address: String,
    pub port: u16,
    pub user: String,
}

/// One way to prove who is logging in.
pub enum Method {
    /// Each key that the running agent offers.
    Agent,
    /// A private key file (ed25519, ECDSA, RSA; OpenSSH, PKCS#1 or PKCS#8 format).
    KeyFile { path: PathBuf, passphrase: Option<Secret> },
    /// By the `password` method, or as the answer to a keyboard-interactive prompt, whichever the server has.
    Password(Secret),
}

/// The methods to try, in order.
pub struct Login {
    pub methods: Vec<Method>,
    /// The agent's socket; `None` = `SSH_AUTH_SOCK`.
    pub agent_socket: Option<PathBuf>,
    /// Offer only those of the agent's keys that belong to a key file named here (OpenSSH's `IdentitiesOnly`).
    pub identities_only: bool,
}

impl Login {
    pub fn new(methods: Vec<Method>) -> Self {
        Self { methods, agent_socket: None, identities_only: false }
    }

    /// What `ssh` does when nothing is said: the agent, then the usual key files that exist under `home`/.ssh.
    pub fn default_for(home: &Path) -> Self {
        let files = ["id_ed25519", "id_ecdsa", "id_rsa"].map(|name| home.join(".ssh").join(name));
        let keys = files
            .into_iter()
            .filter(|path| path.is_file())
            .map(|path| Method::KeyFile { path, passphrase: None });
        Self::new(std::iter::once(Method::Agent).chain(keys).collect())
    }

    /// The same with a password to fall back on.
    pub fn or_password(mut self, password: Secret) -> Self {
        self.methods.push(Method::Password(password));
        self
    }

    /// Gives every key file that has no passphrase yet this one: people mostly have one for all.
    pub fn with_passphrase(mut self, passphrase: &Secret) -> Self {
        for method in &mut self.methods {
            if let Method::KeyFile { passphrase: slot @ None, .. } = method {
                *slot = Some(passphrase.duplicate());
            }
        }
        self
    }
}

/// How long each part may take before it is given up.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Resolving the name and opening the TCP connection.
    pub connect: Duration,
    /// From the open connection to agreed keys.
    pub handshake: Duration,
    /// All login methods together; servers delay the answer to a wrong password by seconds.
    pub login: Duration,
    /// How long an established connection may be silent although it is asked for a sign of life.
    pub silence: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            handshake: Duration::from_secs(10),
            login: Duration::from_secs(30),
            silence: Duration::from_secs(20),
        }
    }
}
