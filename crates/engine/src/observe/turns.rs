//! Whose turn it is to be looked up, and to show its certificates: no resolver has enough of this computer, and this computer
//! not of the work, however many names are watched.
//!
//! A look tries every way to a name every few seconds, and asking DNS each time would soon be thousands of questions a
//! minute: a Pi-hole refuses whoever asks a thousand. The handshakes of TLS cost more than all else of a look, and what they
//! show stays the same for months. So each name has its turn, and its last answers until then. What is asked for its own
//! sake, by a person or by a step, never waits for a turn.

use portico_domain::dns::Answers;
use portico_domain::observed::TlsAnswer;
use portico_world::pace::Pace;
use portico_world::resolver::{self, ResolverError};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For each name that is watched: with two questions a name, no resolver is asked more than 480 times a minute.
const SHARE: Duration = Duration::from_millis(250);

/// No round is longer: what is known of a name must not grow old.
const ROUND: Duration = Duration::from_secs(30);

/// Who serves a zone changes once in years.
const SERVERS_HOLD: Duration = Duration::from_secs(300);

/// A name that was not asked for in that time is watched no more.
const FORGOTTEN: Duration = Duration::from_secs(300);

/// By worker: which certificate it showed for a name.
pub(super) type Shown = Vec<(IpAddr, TlsAnswer)>;

#[derive(Default)]
pub(crate) struct Turns {
    answers: Mutex<HashMap<String, (Instant, Answers)>>,
    shown: Mutex<HashMap<String, (Instant, Shown)>>,
    servers: Mutex<HashMap<String, (Instant, Vec<SocketAddr>)>>,
}

impl Turns {
    /// The last answers for a name whose turn it is not yet.
    pub(super) fn last(&self, hostname: &str, pace: Pace) -> Option<Answers> {
        held(&self.answers, hostname, pace)
    }

    pub(super) fn keep(&self, hostname: &str, given: &Answers) {
        hold(&self.answers, hostname, given.clone());
    }

    /// What these workers showed for a name whose turn it is not yet; nothing where one of them showed nothing.
    pub(super) fn last_shown(&self, hostname: &str, workers: &[IpAddr], pace: Pace) -> Option<Shown> {
        let shown = held(&self.shown, hostname, pace)?;
        shown.iter().map(|(worker, _)| worker).eq(workers).then_some(shown)
    }

    pub(super) fn keep_shown(&self, hostname: &str, shown: Shown) {
        hold(&self.shown, hostname, shown);
    }

    /// All names are asked for again, and what they show is looked at again: something became another.
    pub(crate) fn end(&self) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The name servers of the zone that holds a name.
    pub(super) async fn authorities(&self, hostname: &str) -> Result<Vec<SocketAddr>, ResolverError> {
        let known = |(asked, servers): &(Instant, Vec<SocketAddr>)| {
            (asked.elapsed() < SERVERS_HOLD).then(|| servers.clone())
        };
        let held = self.servers.lock().unwrap_or_else(PoisonError::into_inner).get(hostname).and_then(known);
        if let Some(servers) = held {
            return Ok(servers);
        }
        let servers = resolver::authorities(hostname).await?;
        let mut all = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(hostname.to_owned(), (Instant::now(), servers.clone()));
        Ok(servers)
    }
}

fn held<T: Clone>(all: &Mutex<HashMap<String, (Instant, T)>>, hostname: &str, pace: Pace) -> Option<T> {
    let all = all.lock().unwrap_or_else(PoisonError::into_inner);
    let names = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let round = pace.of(SHARE.saturating_mul(names).min(ROUND));
    let (asked, last) = all.get(hostname)?;
    (asked.elapsed() < round).then(|| last.clone())
}

fn hold<T>(all: &Mutex<HashMap<String, (Instant, T)>>, hostname: &str, given: T) {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|_, (asked, _)| asked.elapsed() < FORGOTTEN);
    all.insert(hostname.to_owned(), (Instant::now(), given));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers() -> Answers {
        Answers { authoritative: Ok(Vec::new()), public: Ok(Vec::new()), system: Ok(Vec::new()) }
    }

    #[test]
    fn the_more_names_there_are_the_longer_is_a_round() {
        let turns = Turns::default();
        assert!(turns.last("echo.example.test", Pace::default()).is_none(), "never asked");
        for number in 0..60 {
            turns.keep(&format!("echo-{number}.example.test"), &answers());
        }
        turns.keep("echo.example.test", &answers());
        assert!(turns.last("echo.example.test", Pace::default()).is_some(), "15 s for 60 names");
        let alone = Turns::default();
        alone.keep("echo.example.test", &answers());
        std::thread::sleep(SHARE);
        assert!(alone.last("echo.example.test", Pace::default()).is_none(), "one name has every turn");
    }

    #[test]
    fn other_workers_are_asked_for_what_they_show() {
        let turns = Turns::default();
        let workers = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse::<IpAddr>().unwrap());
        let shown = |worker| {
            (worker, TlsAnswer { names: Vec::new(), issuer: String::new(), not_after: 0, millis: 1 })
        };
        turns.keep_shown("echo.example.test", workers.map(shown).into());
        let last = |workers: &[IpAddr]| turns.last_shown("echo.example.test", workers, Pace::default());
        assert!(last(&workers).is_some());
        assert!(last(&workers[..1]).is_none() && last(&[workers[1], workers[0]]).is_none());
    }
}
