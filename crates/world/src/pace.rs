//! How long waiting takes: as long as the world needs, or the same number of times less everywhere.
//!
//! Limits, pauses and patience fit one another: a list that may be a minute old is waited for a minute and a half. Practice
//! is quicker than the world; a test that has thousands of things go wrong in it shortens all of them alike, so that what
//! is waited for in which order stays as it is. Products never do.

use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace(u32);

impl Default for Pace {
    fn default() -> Self {
        Self(1)
    }
}

impl Pace {
    /// Every wait is this many times shorter.
    pub fn hurried(times: u32) -> Self {
        Self(times.max(1))
    }

    pub fn of(self, duration: Duration) -> Duration {
        duration / self.0
    }
}
