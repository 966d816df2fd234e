//! SHA-256 as lower-case hex: how files are named everywhere in plans and facts.

use sha2::{Digest, Sha256};

/// The digest as `sha256sum` prints it.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
