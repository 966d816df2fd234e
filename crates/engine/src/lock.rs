//! One run at a time on a cluster, one watch that records and one teller, across processes: locks that die with their holder.
//!
//! The operating system releases a lock when the process ends, however it ends; a crash therefore never
//! leaves a cluster locked.

use portico_domain::problem::{Code, Problem};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

/// Held while a run is at work.
pub const RUN: &str = "run.lock";

/// Held by the watch whose looks are written down.
pub const WATCH: &str = "watch.lock";

/// Held by the process that tells what is wrong beyond this computer.
pub const ALERTS: &str = "alerts.lock";

/// Held until it is dropped.
pub struct Lock {
    _file: File,
}

/// The lock of that name, or `None` while somebody else holds it.
pub fn try_lock(data: &Path, name: &str) -> Result<Option<Lock>, Problem> {
    let path = data.join(name);
    let failed =
        |error: std::io::Error| Problem::new(Code::StoreFailed).arg("path", path.display()).detail(error);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}
