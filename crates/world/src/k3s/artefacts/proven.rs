//! What the files here hash to, each hashed once for as long as it is untouched: ten machines that are given one binary are
//! no reason to read it ten times. Whatever reads it later on checks what arrives against the digest again.

use super::K3sError;
use aws_lc_rs::digest;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;
use tokio::io::AsyncReadExt;

/// Size in bytes, and when it was written last.
type Stamp = (u64, SystemTime);

#[derive(Default)]
pub(super) struct Proven(Mutex<HashMap<PathBuf, (Stamp, String)>>);

impl Proven {
    /// SHA-256 and size; nothing when there is no such file.
    pub(super) async fn digest_of(&self, path: &Path) -> Result<Option<(String, u64)>, K3sError> {
        let before = stamp(path).await;
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((proven, sha256)) = known().get(path)
            && Some(*proven) == before
        {
            return Ok(Some((sha256.clone(), proven.0)));
        }
        let found = digest_of(path).await?;
        let after = stamp(path).await;
        // A file that was written to while it was read is read again next time.
        if let (Some((sha256, _)), Some(stamp)) = (&found, before.filter(|_| before == after)) {
            known().insert(path.to_owned(), (stamp, sha256.clone()));
        }
        Ok(found)
    }
}

async fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = tokio::fs::metadata(path).await.ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

/// SHA-256 and size; nothing when there is no such file.
pub(in crate::k3s) async fn digest_of(path: &Path) -> Result<Option<(String, u64)>, K3sError> {
    let local = |source| K3sError::Local { path: path.to_owned(), source };
    let mut file = match tokio::fs::File::open(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(local(error)),
    };
    let mut context = digest::Context::new(&digest::SHA256);
    let mut chunk = vec![0; 1024 * 1024];
    let mut size = 0;
    loop {
        let read = file.read(&mut chunk).await.map_err(local)?;
        if read == 0 {
            break;
        }
        context.update(&chunk[..read]);
        size += read as u64;
    }
    Ok(Some((hex::encode(context.finish()), size)))
}
