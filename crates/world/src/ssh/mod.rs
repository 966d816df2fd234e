//! SSH: reach a machine, know that it is the right one, log in, and run Portico's scripts on it.
//!
//! Host keys are checked before any credential leaves ([`HostKeys`]), and no option turns that off. A script
//! travels on stdin behind one constant command line ([`Script`]), so that no value is ever in an argument
//! list. What the scripts do is `k3s`' business; when to reconnect or retry is the engine's. Deliberately not
//! here: port forwarding, SFTP, jump hosts, agent forwarding, terminals.

mod auth;
mod config;
mod error;
mod exec;
mod host_keys;
mod key_file;
mod known_hosts;
mod script;
mod session;
mod sudo;
mod target;
mod transport;

pub use config::{Resolved, SshConfig};
pub use error::{SshError, Stage};
pub use host_keys::HostKeys;
pub use script::{Fields, Output, Privilege, Script, Values};
pub use session::Session;
pub use sudo::Elevation;
pub use target::{Login, Method, Target, Timeouts};

#[cfg(test)]
mod tests;
