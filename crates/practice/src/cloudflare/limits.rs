//! How much Cloudflare lets one token, one batch and one free zone have.
//!
//! The rate limit is per token and blocks every call for five minutes once it is passed. The limit of 200 calls
//! per second and address is not kept, because everything here comes from one address.

use super::envelope::Refusal;
use axum::http::{HeaderMap, HeaderValue};

/// Calls per window and token.
const CALLS: u32 = 1_200;
/// Length of the window, and of the block after it was passed, in milliseconds.
const WINDOW_MS: i64 = 300_000;
/// Records in a free zone created since 2024-09-01.
pub(super) const RECORDS: usize = 200;
/// Operations in one batch on a free zone.
pub(super) const BATCH: usize = 200;
/// Characters in a record's comment on a free zone.
pub(super) const COMMENT: usize = 100;

/// The calls of one token in the current window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    since: i64,
    calls: u32,
    blocked_until: i64,
}

impl Window {
    pub(super) fn starting(now: i64) -> Self {
        Self { since: now, calls: 0, blocked_until: i64::MIN }
    }

    /// Counts a call at `now` (unix milliseconds). The body of the 429 is from field reports.
    pub(super) fn count(&mut self, now: i64) -> Result<(), Refusal> {
        if now < self.blocked_until {
            return Err(refused(self.blocked_until - now));
        }
        if now - self.since >= WINDOW_MS || self.blocked_until > i64::MIN {
            *self = Self::starting(now);
        }
        self.calls += 1;
        if self.calls > CALLS {
            self.blocked_until = now + WINDOW_MS;
            return Err(refused(WINDOW_MS));
        }
        Ok(())
    }
}

fn refused(milliseconds: i64) -> Refusal {
    Refusal::new(429, 971, "Please wait and consider throttling your request speed")
        .retry_after(milliseconds.div_euclid(1_000) + i64::from(milliseconds % 1_000 > 0))
}

/// The headers of every answer. They are constant: on the real API the remainder does not count down either.
pub(super) fn announce(headers: &mut HeaderMap) {
    headers.insert("ratelimit", HeaderValue::from_static("\"default\";r=1199;t=1"));
    headers.insert("ratelimit-policy", HeaderValue::from_static("\"default\";q=1200;w=300"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_window_starts_a_new_count() {
        let mut window = Window::starting(0);
        for now in [0, WINDOW_MS, 2 * WINDOW_MS] {
            for call in 0..CALLS {
                assert!(window.count(now).is_ok(), "call {call} at {now}");
            }
        }
        assert!(window.count(2 * WINDOW_MS + 1).is_err());
        assert!(window.count(3 * WINDOW_MS).is_err(), "the block lasts a window from when it began");
        assert!(window.count(3 * WINDOW_MS + 1).is_ok());
    }
}
