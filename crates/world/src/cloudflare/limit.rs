//! Cloudflare's rate limit, kept from this side.
//!
//! 1,200 calls in five minutes, counted over the dashboard and every program of the same person; over it, everything is
//! refused for five minutes. The `Ratelimit` header does not count down, so it cannot be trusted; calls are counted here
//! instead, and part of the budget is left for the person at the dashboard. One window for all clients of a process.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(300);

/// Of 1,200; the rest is the dashboard's.
const BUDGET: usize = 1_000;

/// A call waits this long for its turn; one that would have to wait longer is told so instead.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Default)]
struct State {
    /// When each call of the last five minutes was made.
    calls: VecDeque<Instant>,
    /// Cloudflare said to be silent until then.
    silent_until: Option<Instant>,
}

#[derive(Default)]
pub struct Limit(Mutex<State>);

/// The one window of this process.
pub static SHARED: Limit = Limit(Mutex::new(State { calls: VecDeque::new(), silent_until: None }));

impl Limit {
    /// Waits for a turn, and takes it.
    ///
    /// # Errors
    /// The seconds to wait, where that is longer than a call should.
    pub async fn turn(&self) -> Result<(), u64> {
        loop {
            let wait = match self.take(Instant::now()) {
                None => return Ok(()),
                Some(wait) => wait,
            };
            if wait > PATIENCE {
                return Err(wait.as_secs().max(1));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Cloudflare has had enough.
    pub fn silence(&self, seconds: u64) {
        self.state().silent_until = Some(Instant::now() + Duration::from_secs(seconds));
    }

    fn take(&self, now: Instant) -> Option<Duration> {
        let mut state = self.state();
        if let Some(until) = state.silent_until.filter(|until| *until > now) {
            return Some(until - now);
        }
        while state.calls.front().is_some_and(|call| now.duration_since(*call) >= WINDOW) {
            state.calls.pop_front();
        }
        if state.calls.len() < BUDGET {
            state.calls.push_back(now);
            return None;
        }
        state.calls.front().map(|first| WINDOW.saturating_sub(now.duration_since(*first)))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_of_five_minutes_is_not_exceeded_in_any_five_minutes() {
        let limit = Limit::default();
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let made = |second: u64| (0..2_000).take_while(|_| limit.take(at(second)).is_none()).count();
        assert_eq!(made(0), BUDGET);
        assert_eq!(made(299), 0);
        assert_eq!(limit.take(at(299)), Some(Duration::from_secs(1)));
        assert_eq!(made(300), BUDGET);
    }

    #[tokio::test]
    async fn a_long_wait_is_told_and_a_refusal_silences_every_client() {
        let limit = Limit::default();
        limit.silence(120);
        let told = limit.turn().await.unwrap_err();
        assert!((118..=120).contains(&told), "{told}");
        limit.silence(0);
        assert_eq!(limit.turn().await, Ok(()));
    }
}
