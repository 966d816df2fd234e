//! Cloudflare's rate limit, kept from this side.
//!
//! 1,200 calls in five minutes, counted over the dashboard and every program of the same person; over it, everything is
//! refused for five minutes. The `Ratelimit` header does not count down, so it cannot be trusted; calls are counted here
//! instead, and part of the budget is left for the person at the dashboard. One window for all of a process' clients of
//! one token: a practice account that has had enough silences nobody else.

use crate::pace::Pace;
use portico_domain::credential::Secret;
use portico_domain::digest::sha256;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
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
pub struct Limit {
    state: Mutex<State>,
    pace: Pace,
}

/// The windows of this process, by API and digest of the token.
static WINDOWS: LazyLock<Mutex<HashMap<String, Weak<Limit>>>> = LazyLock::new(Mutex::default);

/// A client that was replaced leaves its window to the next one: the account still counts its calls.
static LAST: LazyLock<Mutex<VecDeque<Arc<Limit>>>> = LazyLock::new(Mutex::default);

/// So many windows outlive their clients.
const REMEMBERED: usize = 8;

impl Limit {
    /// The one window of everybody who calls the API at `base` with this token.
    pub fn of(base: &str, token: &Secret, pace: Pace) -> Arc<Self> {
        let key = format!("{base} {}", sha256(token.expose().as_bytes()));
        let mut windows = WINDOWS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(limit) = windows.get(&key).and_then(Weak::upgrade) {
            return limit;
        }
        windows.retain(|_, limit| limit.strong_count() > 0);
        let limit = Arc::new(Self { pace, ..Self::default() });
        windows.insert(key, Arc::downgrade(&limit));
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        last.push_back(limit.clone());
        if last.len() > REMEMBERED {
            last.pop_front();
        }
        limit
    }

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
            if wait > self.pace.of(PATIENCE) {
                return Err(wait.as_secs().max(1));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Cloudflare has had enough.
    pub fn silence(&self, seconds: u64) {
        self.state().silent_until = Some(Instant::now() + self.pace.of(Duration::from_secs(seconds)));
    }

    fn take(&self, now: Instant) -> Option<Duration> {
        let mut state = self.state();
        if let Some(until) = state.silent_until.filter(|until| *until > now) {
            return Some(until - now);
        }
        let window = self.pace.of(WINDOW);
        while state.calls.front().is_some_and(|call| now.duration_since(*call) >= window) {
            state.calls.pop_front();
        }
        if state.calls.len() < BUDGET {
            state.calls.push_back(now);
            return None;
        }
        state.calls.front().map(|first| window.saturating_sub(now.duration_since(*first)))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[test]
    fn one_token_at_one_api_has_one_window() {
        let of = |base: &str, token: &str| Limit::of(base, &Secret::new(token.to_owned()), Pace::default());
        let one = of("http://a", "x");
        assert!(Arc::ptr_eq(&one, &of("http://a", "x")));
        for (base, token) in [("http://a", "y"), ("http://b", "x")] {
            assert!(!Arc::ptr_eq(&one, &of(base, token)), "{base} {token}");
        }
        let now = Instant::now();
        one.silence(60);
        assert!(of("http://a", "x").take(now).is_some());
        drop(one);
        assert!(of("http://a", "x").take(now).is_some(), "it outlives its clients");
        assert!(of("http://b", "x").take(now).is_none());
    }
}
