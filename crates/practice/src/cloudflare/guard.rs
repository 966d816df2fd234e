//! The account under its lock, and the count of those who had it to write.
//!
//! Whoever keeps the account has to know that it changed, and there are many places that change it. Counting here
//! forgets none; what changed is not said.

use super::{Cloud, State};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{MutexGuard, PoisonError};

/// Whoever has it to write counts as a change, even one who then leaves all as it is.
pub(crate) struct Guard<'a> {
    state: MutexGuard<'a, State>,
    changes: &'a AtomicU64,
}

impl Cloud {
    pub(crate) fn state(&self) -> Guard<'_> {
        // A panic inside a transaction leaves the old records in place, see `transaction`.
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Guard { state, changes: &self.changes }
    }

    /// A number that is another one after every change. Calls that only read raise it, too, since they are counted.
    pub(crate) fn revision(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }
}

impl Deref for Guard<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Guard<'_> {
    fn deref_mut(&mut self) -> &mut State {
        self.changes.fetch_add(1, Ordering::Relaxed);
        &mut self.state
    }
}
