//! What outlives practice: one file that is read when it starts, and written again after changes.
//!
//! The file is written beside and renamed (`.part`), so that a sudden end costs the last moment and never the whole. A lock
//! beside it (`.lock`) keeps two homelabs off one file. What the document says is `document`'s; whoever holds a part of the state says how
//! that part is written.

mod document;
pub(crate) mod shared;

pub(crate) use document::Document;

use crate::homelab::Homelab;
use crate::machines::Handle;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind, Result, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// More than is numbered in the moment that a sudden end may cost. Numbers go on from so far ahead, lest one that is
/// known outside is given to something else.
pub(crate) const UNSAVED: u64 = 10_000;

/// How often changes are looked for. With the writing it stays within a second.
const EVERY: Duration = Duration::from_millis(800);

/// The place where one homelab's state is kept, held against others.
pub(crate) struct Place {
    file: PathBuf,
    /// What was last written there.
    known: Vec<u8>,
    _lock: File,
}

impl Place {
    /// # Errors
    /// The folder cannot be made or written to, or another homelab keeps its state there: [`ErrorKind::ResourceBusy`].
    pub(crate) fn hold(file: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder(file))?;
        let lock = private(&file.with_extension("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { file: file.to_owned(), known: Vec::new(), _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                let why = format!("another practice homelab keeps its state in {}", file.display());
                Err(Error::new(ErrorKind::ResourceBusy, why))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// What was kept there. A document that cannot be read is put aside.
    ///
    /// # Errors
    /// The file is there, and can neither be read nor be put aside.
    pub(crate) fn read(&self) -> Result<Option<Document>> {
        let text = match std::fs::read(&self.file) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text?,
        };
        Document::parse(&text).map(Some).or_else(|error| {
            let at = jiff::Timestamp::now().as_millisecond();
            let aside = self.file.with_extension(format!("unreadable-{at}"));
            std::fs::rename(&self.file, &aside)?;
            tracing::warn!(%error, aside = %aside.display(), "what practice kept cannot be read; it starts anew");
            Ok(None)
        })
    }

    fn write(&mut self, text: Vec<u8>) -> Result<()> {
        if self.known == text {
            return Ok(());
        }
        let beside = self.file.with_extension("part");
        let mut part = private(&beside)?;
        part.write_all(&text)?;
        part.sync_all()?;
        std::fs::rename(&beside, &self.file)?;
        // The new name shall be on the disk, too.
        #[cfg(unix)]
        File::open(folder(&self.file))?.sync_all()?;
        self.known = text;
        Ok(())
    }
}

/// An empty file that nobody else reads.
pub(crate) fn private(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether a document can be read, and its homelab goes on from there; without the ports that a start needs.
pub fn is_readable(text: &[u8]) -> bool {
    let Ok(mut document) = Document::parse(text) else { return false };
    let seed = document.seed;
    document.machines.iter_mut().for_each(|machine| machine.boot(seed));
    drop(crate::cloudflare::Cloud::restored(crate::clock::Clock::default(), document.account));
    true
}

/// Whether a homelab keeps its state in this file now.
pub fn is_held(file: &Path) -> bool {
    file.with_extension("lock").exists() && Place::hold(file).is_err()
}

/// Keeps a homelab's state until it is dropped, and once more then.
pub(crate) struct Keeper {
    keeping: Arc<Keeping>,
    _task: Handle,
}

struct Keeping {
    homelab: Arc<Homelab>,
    /// Absent once it is over.
    place: Mutex<Option<Place>>,
}

impl Keeper {
    pub(crate) fn start(homelab: Arc<Homelab>, place: Place) -> Self {
        let keeping = Arc::new(Keeping { homelab, place: Mutex::new(Some(place)) });
        let task = Handle::of(keep(Arc::clone(&keeping)));
        Self { keeping, _task: task }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.keeping.save();
        // The next one may have the place at once, whatever still runs here.
        self.keeping.place.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

async fn keep(keeping: Arc<Keeping>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut saved = None;
    loop {
        ticks.tick().await;
        let now = keeping.revisions();
        if saved.as_ref() == Some(&now) {
            continue;
        }
        let saving = Arc::clone(&keeping);
        if tokio::task::spawn_blocking(move || saving.save()).await.unwrap_or_default() {
            saved = Some(now);
        }
    }
}

impl Keeping {
    /// Numbers of which one is another after every change.
    fn revisions(&self) -> Vec<u64> {
        let clusters = self.homelab.read(|state| state.clusters.clone());
        let objects =
            clusters.iter().flat_map(|cluster| [cluster.store.revision(), cluster.gatus.revision()]);
        [*self.homelab.watch().borrow(), self.homelab.cloud.revision()].into_iter().chain(objects).collect()
    }

    /// Whether it is written; a disk that is full is tried again.
    fn save(&self) -> bool {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = place.as_mut() else { return true };
        let text = serde_json::to_vec(&Document::of(&self.homelab)).map_err(Error::from);
        text.and_then(|text| place.write(text))
            .inspect_err(|error| tracing::warn!(%error, "practice cannot keep its state"))
            .is_ok()
    }
}

#[cfg(test)]
mod tests;
