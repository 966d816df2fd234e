//! The time that practice lives by, passed as a value so that tests can hold it still and move it.
//!
//! Windows of the rate limit, time stamps of records and lifetimes in DNS caches all read it. It does not
//! drive timers: a slow answer is slow in real time, because a client waits in real time.

use tokio::sync::watch;

/// Unix time in milliseconds, of the machine or of a test.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// `None` is the machine's own clock.
    held: Option<watch::Sender<i64>>,
}

impl Clock {
    /// A clock that stands at `at` (unix milliseconds) until [`Clock::advance`] moves it.
    pub fn held_at(at: i64) -> Self {
        Self { held: Some(watch::Sender::new(at)) }
    }

    /// Unix milliseconds.
    pub fn now(&self) -> i64 {
        match &self.held {
            Some(at) => *at.borrow(),
            None => jiff::Timestamp::now().as_millisecond(),
        }
    }

    /// Tells whoever has timers that a held clock was moved; `None` for the machine's own.
    pub(crate) fn watch(&self) -> Option<watch::Receiver<i64>> {
        self.held.as_ref().map(watch::Sender::subscribe)
    }

    /// Moves a held clock by `milliseconds`; the machine's own clock cannot be moved.
    pub fn advance(&self, milliseconds: i64) {
        if let Some(at) = &self.held {
            at.send_modify(|now| *now += milliseconds);
        }
    }
}

/// `2026-09-29T06:57:52.563000Z`, the form in which Cloudflare writes time (microseconds, always `Z`).
pub(crate) fn timestamp(at: i64) -> String {
    let instant = jiff::Timestamp::from_millisecond(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{instant:.6}")
}
