//! A file on a machine's disk, as far as it is looked at: digest, size, mode, and its beginning.
//!
//! Binaries are large and only compared, so most of their bytes are not kept. Owners, times and folders are not here.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A file by its digest; the bytes themselves only up to [`File::KEPT`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct File {
    pub sha256: String,
    pub size: u64,
    pub mode: u32,
    #[serde(serialize_with = "base64", deserialize_with = "from_base64")]
    pub head: Vec<u8>,
}

impl File {
    /// Bytes kept of a file's beginning: all of any configuration file, and the part of a binary that names its version.
    pub const KEPT: usize = 64 * 1024;

    pub fn of(bytes: &[u8], mode: u32) -> File {
        File {
            sha256: sha256_hex(bytes),
            size: bytes.len() as u64,
            mode,
            head: bytes[..bytes.len().min(Self::KEPT)].to_vec(),
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.head).into_owned()
    }
}

/// SHA-256 in lower-case hex, as `sha256sum` prints it.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

fn base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
}
