//! One run at a time on a cluster, across processes: a lock that dies with its holder.
//!
//! The operating system releases the lock when the process ends, however it ends; a crash therefore never
//! leaves a cluster locked.

use portico_domain::problem::{Code, Problem};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

/// Held while a run is at work.
pub struct ClusterLock {
    _file: File,
}

/// The lock, or `None` while somebody else holds it.
pub fn try_lock(data: &Path) -> Result<Option<ClusterLock>, Problem> {
    let path = data.join("run.lock");
    let failed =
        |error: std::io::Error| Problem::new(Code::StoreFailed).arg("path", path.display()).detail(error);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(ClusterLock { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}
