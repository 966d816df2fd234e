//! How many requests go through: the controller's and cloudflared's own counters, read through the API server.
//!
//! A look never waits long for them, and whoever does not tell is left in peace for a minute: an older installation has
//! its counters off. What cannot be read is not known; it is no problem of anybody's.

use crate::Engine;
use portico_domain::observed::Seen;
use portico_domain::stack::IngressController;
use portico_domain::traffic::{Counter, Counts, OwnRequests, READ_EVERY_MS, Rates, Reading};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A pod that has not answered by then is not waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Before who did not tell is asked again.
const SILENCE: Duration = Duration::from_secs(60);

/// The last reading and what came of it.
#[derive(Default)]
pub(crate) struct Meter {
    last: tokio::sync::Mutex<Last>,
    own: Mutex<OwnRequests>,
}

#[derive(Default)]
struct Last {
    began: Option<Instant>,
    reading: Reading,
    rates: Option<Seen<Rates>>,
    /// By namespace, since when nobody there tells.
    silent: HashMap<&'static str, Instant>,
}

impl Meter {
    /// Portico asked for a name itself, `times` times, and was answered from inside the cluster.
    pub(crate) fn asked(&self, hostname: &str, times: usize, tunnel: bool) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let times = times as u64;
        *own.hosts.entry(hostname.to_owned()).or_default() += times;
        own.tunnel += if tunnel { times } else { 0 };
    }
}

impl Engine {
    /// What is known of the traffic; the counters are read when the last reading is old enough.
    pub(super) async fn traffic(&self, controller: IngressController, tunnel: bool) -> Option<Seen<Rates>> {
        let pace = self.inner.outside.pace;
        let mut last = self.inner.meter.last.lock().await;
        let every = pace.of(Duration::from_millis(READ_EVERY_MS.unsigned_abs()));
        if last.began.is_some_and(|began| began.elapsed() < every) {
            return last.rates.clone();
        }
        last.began = Some(Instant::now());
        let own = std::mem::take(&mut *self.inner.meter.own.lock().unwrap_or_else(PoisonError::into_inner));
        let silent = |counter: Counter| {
            last.silent.get(counter.place().namespace).is_some_and(|since| since.elapsed() < pace.of(SILENCE))
        };
        let (at_controller, at_tunnel) = (Counter::Controller(controller), Counter::Cloudflared);
        let (ask, ask_tunnel) = (!silent(at_controller), tunnel && !silent(at_tunnel));
        let (of_controller, of_tunnel) =
            tokio::join!(self.counts(at_controller, ask), self.counts(at_tunnel, ask_tunnel));
        for (counter, asked, counts) in
            [(at_controller, ask, &of_controller), (at_tunnel, ask_tunnel, &of_tunnel)]
        {
            if asked && counts.is_empty() {
                last.silent.insert(counter.place().namespace, Instant::now());
            }
        }
        let reading = Reading { at: self.now(), controller: of_controller, tunnel: of_tunnel };
        let rates = Rates::between(&last.reading, &reading, &own);
        last.rates = (rates != Rates::default()).then_some(Seen::Seen { value: rates, at: reading.at });
        last.reading = reading;
        last.rates.clone()
    }

    async fn counts(&self, counter: Counter, ask: bool) -> Counts {
        if !ask {
            return Counts::new();
        }
        let place = counter.place();
        let told = async {
            let kube = self.inner.outside.kube().await.ok()?;
            kube.metrics(place.namespace, place.pods, place.port).await.ok()
        };
        let told = tokio::time::timeout(self.inner.outside.pace.of(PATIENCE), told).await;
        let told = told.ok().flatten().unwrap_or_default();
        told.into_iter().filter_map(|(pod, text)| Some((pod, counter.read(&text)?))).collect()
    }
}
