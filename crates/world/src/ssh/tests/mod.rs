//! SSH against real servers: Debian's sshd for keys, agents, known hosts and scripts, and a scripted server
//! for what sshd cannot be brought to do without accounts of its own (passwords, prompts).
//!
//! Every server listens on loopback alone and ends with its test. The proof of the real sudo and of real
//! accounts is the ground's.

mod contact;
mod keys;
mod roots;
mod scripted;
mod scripts;
mod silence;
mod sshd;

use super::*;
use portico_domain::problem::{Code, Problem};

/// The code that a person would be shown.
fn code(error: &SshError) -> Code {
    Problem::from(error).code
}

/// The error of what must not succeed (`Session` has no Debug, as it may hold a password).
#[track_caller]
fn refused<T>(outcome: Result<T, SshError>) -> SshError {
    match outcome {
        Ok(_) => panic!("this must be refused"),
        Err(error) => error,
    }
}
