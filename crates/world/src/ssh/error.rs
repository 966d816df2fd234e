//! What can go wrong between here and a machine, each cause told apart.
//!
//! A variant is a failed intent; what to do about it is the sentence of its code in `api`. No variant can
//! hold a secret: paths, addresses, names and what the other side said are all there is.

use portico_domain::credential::HostKey;
use portico_domain::problem::{Code, Problem};
use std::path::PathBuf;

/// What was being waited for when the time was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Connect,
    Greeting,
    KeyExchange,
    Login,
    /// An established connection went silent.
    Silence,
}

impl Stage {
    fn word(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::KeyExchange => "key-exchange",
            Self::Login => "login",
            Self::Silence => "silence",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SshError {
    #[error("the name {address} has no address")]
    Unresolved { address: String, cause: String },
    #[error("no way to {address}")]
    Unreachable { address: String, port: u16, cause: String },
    #[error("{address} refuses connections on port {port}")]
    Refused { address: String, port: u16 },
    #[error("{address} did not answer in time ({stage:?})")]
    TimedOut { address: String, port: u16, stage: Stage, seconds: u64 },
    #[error("the connection to {address} ended: {cause}")]
    Lost { address: String, cause: String },
    #[error("port {port} of {address} does not speak SSH")]
    NotSsh { address: String, port: u16, greeting: String },
    #[error("no common ground with {address}: {cause}")]
    Negotiation { address: String, cause: String },
    #[error("{address} refuses to run a command: {cause}")]
    ChannelRefused { address: String, cause: String },

    #[error("the host key of {address} is not known yet")]
    HostKeyUnknown {
        address: String,
        port: u16,
        presented: Box<HostKey>,
        /// Where else this very key is known: the machine is not new, its address is.
        known_at: Vec<String>,
    },
    #[error("the host key of {address} has changed")]
    HostKeyChanged {
        address: String,
        port: u16,
        pinned: Vec<HostKey>,
        presented: Box<HostKey>,
        /// The file that holds the other key.
        held_in: PathBuf,
    },
    #[error("the host key of {address} is revoked")]
    HostKeyRevoked { address: String, presented: Box<HostKey>, held_in: PathBuf },
    #[error("host keys cannot be kept in {path}")]
    HostKeysUnreadable { path: PathBuf, cause: String },

    #[error("{address} accepts none of the logins for {user}")]
    AuthenticationFailed {
        user: String,
        address: String,
        tried: Vec<String>,
        offered: Vec<String>,
        cause: Option<String>,
    },
    #[error("{address} refuses the password of {user}")]
    PasswordWrong { user: String, address: String },
    #[error("the key file {path} does not exist")]
    KeyFileMissing { path: PathBuf },
    #[error("the key file {path} cannot be read")]
    KeyFileUnreadable { path: PathBuf, cause: String },
    #[error("the key file {path} is of a kind that cannot be used: {kind}")]
    KeyKindUnsupported { path: PathBuf, kind: String },
    #[error("the key file {path} needs its passphrase")]
    PassphraseNeeded { path: PathBuf },
    #[error("the passphrase does not open {path}")]
    PassphraseWrong { path: PathBuf },
    #[error("no SSH agent can be reached: {cause}")]
    AgentUnavailable { cause: String },

    #[error("{user} may not use sudo on {address}")]
    SudoRefused { user: String, address: String, cause: String },
    #[error("sudo on {address} asks for the password of {user}")]
    SudoPasswordNeeded { user: String, address: String },
    #[error("sudo on {address} refuses the password of {user}")]
    SudoPasswordWrong { user: String, address: String, cause: String },

    #[error("{path} cannot be understood: {cause}")]
    ConfigInvalid { path: PathBuf, cause: String },
    #[error("{host} is set up with {option}")]
    ConfigUnsupported { host: String, option: &'static str },

    #[error("what was to be sent for {script} cannot be read: {cause}")]
    BodyUnreadable { script: &'static str, cause: String },
    #[error("a value for {script} has a line break in it")]
    ValueInvalid { script: &'static str },
    #[error("{script} printed more than {limit} bytes")]
    OutputTooLong { script: &'static str, address: String, limit: usize },
    #[error("{script} was ended by signal {signal}")]
    Killed { script: &'static str, address: String, signal: String },
    #[error("cancelled")]
    Cancelled,
}

impl From<&SshError> for Problem {
    fn from(error: &SshError) -> Self {
        use SshError as E;
        let at = |code, address: &String| Problem::new(code).arg("address", address);
        let file = |code, path: &PathBuf| Problem::new(code).arg("path", path.display());
        match error {
            E::Unresolved { address, cause } => at(Code::HostUnresolved, address).detail(cause),
            E::Unreachable { address, port, cause } => {
                at(Code::HostUnreachable, address).arg("port", port).detail(cause)
            }
            E::Refused { address, port } => at(Code::ConnectionRefused, address).arg("port", port),
            E::TimedOut { address, port, stage, seconds } => at(Code::ConnectionTimedOut, address)
                .arg("port", port)
                .arg("stage", stage.word())
                .arg("seconds", seconds),
            E::Lost { address, cause } => at(Code::ConnectionLost, address).detail(cause),
            E::NotSsh { address, port, greeting } => {
                at(Code::NotSsh, address).arg("port", port).detail(greeting)
            }
            E::Negotiation { address, cause } => at(Code::SshNegotiationFailed, address).detail(cause),
            E::ChannelRefused { address, cause } => at(Code::SshChannelRefused, address).detail(cause),
            E::HostKeyUnknown { address, port, presented, known_at } => {
                presented_key(at(Code::HostKeyUnknown, address), presented)
                    .arg("port", port)
                    .arg("fingerprints", shown(presented))
                    .arg("knownAt", known_at.join(", "))
            }
            E::HostKeyChanged { address, port, pinned, presented, held_in } => {
                presented_key(at(Code::HostKeyChanged, address), presented)
                    .arg("port", port)
                    .arg("pinned", pinned.iter().map(shown).collect::<Vec<_>>().join(", "))
                    .arg("presented", shown(presented))
                    .arg("path", held_in.display())
            }
            E::HostKeyRevoked { address, presented, held_in } => {
                presented_key(at(Code::HostKeyRevoked, address), presented).arg("path", held_in.display())
            }
            E::HostKeysUnreadable { path, cause } => file(Code::HostKeysUnreadable, path).detail(cause),
            E::AuthenticationFailed { user, address, tried, offered, cause } => {
                let problem = at(Code::AuthenticationFailed, address)
                    .arg("user", user)
                    .arg("tried", tried.join(", "))
                    .arg("offered", offered.join(", "));
                cause.iter().fold(problem, |problem, cause| problem.detail(cause))
            }
            E::PasswordWrong { user, address } => at(Code::PasswordWrong, address).arg("user", user),
            E::KeyFileMissing { path } => file(Code::KeyFileMissing, path),
            E::KeyFileUnreadable { path, cause } => file(Code::KeyFileUnreadable, path).detail(cause),
            E::KeyKindUnsupported { path, kind } => file(Code::KeyKindUnsupported, path).arg("kind", kind),
            E::PassphraseNeeded { path } => file(Code::PassphraseNeeded, path),
            E::PassphraseWrong { path } => file(Code::PassphraseWrong, path),
            E::AgentUnavailable { cause } => Problem::new(Code::AgentUnavailable).detail(cause),
            E::SudoRefused { user, address, cause } => {
                at(Code::SudoRefused, address).arg("user", user).detail(cause)
            }
            E::SudoPasswordNeeded { user, address } => {
                at(Code::SudoPasswordNeeded, address).arg("user", user)
            }
            E::SudoPasswordWrong { user, address, cause } => {
                at(Code::SudoPasswordWrong, address).arg("user", user).detail(cause)
            }
            E::ConfigInvalid { path, cause } => file(Code::SshConfigInvalid, path).detail(cause),
            E::ConfigUnsupported { host, option } => {
                Problem::new(Code::SshConfigUnsupported).arg("host", host).arg("option", option)
            }
            E::BodyUnreadable { script, cause } => {
                Problem::new(Code::LocalFileUnreadable).arg("script", script).detail(cause)
            }
            E::ValueInvalid { script } => Problem::new(Code::Internal).arg("script", script).detail(error),
            E::OutputTooLong { script, address, .. } | E::Killed { script, address, .. } => {
                Problem::new(Code::ScriptFailed).arg("script", script).arg("machine", address).detail(error)
            }
            E::Cancelled => Problem::new(Code::Cancelled),
        }
    }
}

/// A key as a person compares it.
fn shown(key: &HostKey) -> String {
    format!("{} {}", key.kind, key.fingerprint)
}

/// `key` is there for the caller who is told "yes" and pins exactly what was shown.
fn presented_key(problem: Problem, presented: &HostKey) -> Problem {
    problem.arg("kind", &presented.kind).arg("fingerprint", &presented.fingerprint).arg("key", &presented.key)
}
