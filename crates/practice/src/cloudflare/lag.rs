//! Lists that lag behind: what a write changed shows up in them only after a while.
//!
//! A switch for tests; Cloudflare promises nothing about when a list knows of a write. Reading one thing by its id
//! is always fresh, and so is what the name servers and the edge say.

use super::{Cloud, Holdings, State};
use std::time::Duration;

/// How late lists are, and what was there before each write that they may not know of yet.
#[derive(Default)]
pub(super) struct Lag {
    milliseconds: i64,
    past: Vec<(i64, Holdings)>,
}

impl Cloud {
    /// From the next write on, lists show it only this much later, by practice's clock. Zero is at once.
    pub fn lag_lists(&self, late: Duration) {
        let milliseconds = i64::try_from(late.as_millis()).unwrap_or(i64::MAX);
        self.state().lag = Lag { milliseconds, past: Vec::new() };
    }

    /// What is there before a write, if anybody may want to see it again.
    pub(super) fn before_write(&self) -> Option<Holdings> {
        let state = self.state();
        (state.lag.milliseconds > 0).then(|| state.holds.clone())
    }

    /// The write took place.
    pub(super) fn written(&self, before: Option<Holdings>) {
        let Some(before) = before else { return };
        let now = self.clock.now();
        let lag = &mut self.state().lag;
        lag.past.retain(|(at, _)| now < at + lag.milliseconds);
        lag.past.push((now, before));
    }
}

impl State {
    /// What lists show at `now`: the account before the oldest write that they do not know of.
    pub(super) fn listed(&self, now: i64) -> &Holdings {
        let hidden = self.lag.past.iter().find(|(at, _)| now < at + self.lag.milliseconds);
        hidden.map_or(&self.holds, |(_, before)| before)
    }
}
