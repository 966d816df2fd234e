//! Whether Portico can be trusted with what is alive: thousands of cases, each drawn from a seed.
//!
//! A case is a few changes on one practice homelab, and something goes wrong during each of them. Afterwards the change is
//! continued without more trouble until it stands. What happened is judged by the double's own audit. `flows/trust.rs`
//! runs a few hundred, `bench/trust` as many as are asked for; a seed is the same case in both.

pub mod case;
pub mod chance;
pub mod edit;
pub mod field;
pub mod hand;
pub mod judge;
pub mod process;
pub mod tally;
pub mod trouble;
pub mod wish;

use case::Report;
use field::Field;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tally::Tally;

/// A field is built anew after so many cases, lest it grow.
const LIFETIME: usize = 250;

/// No case takes longer; one that does stands still somewhere.
const LIMIT: Duration = Duration::from_secs(120);

/// Whether each case is told while it happens: one that stands still is told no other way.
pub static LOUD: AtomicBool = AtomicBool::new(false);

/// Runs the cases of these seeds on so many fields at once; `tell` hears of each.
pub fn run(seeds: std::ops::Range<u64>, fields: usize, tell: impl Fn(u64, &Report) + Sync) -> Tally {
    let next = AtomicU64::new(seeds.start);
    let tally = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..fields {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(2)
                    .enable_all()
                    .build()
                    .expect("a runtime");
                let draw = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < seeds.end);
                runtime.block_on(on_one_field(draw, |seed, report| {
                    tell(seed, &report);
                    tally.lock().expect("no tally panics").add(seed, report);
                }));
            });
        }
    });
    tally.into_inner().expect("no tally panics")
}

async fn on_one_field(draw: impl Fn() -> Option<u64>, done: impl Fn(u64, Report)) {
    let mut field: Option<Field> = None;
    let mut cases = 0;
    while let Some(seed) = draw() {
        let clean = match field.take() {
            Some(field) if cases < LIFETIME => field,
            _ => {
                cases = 0;
                Field::build().await
            }
        };
        let report = match tokio::time::timeout(LIMIT, case::run(&clean, seed)).await {
            Ok(report) => report,
            Err(_) => Report { unreached: vec![format!("not within {LIMIT:?}")], ..Report::default() },
        };
        cases += 1;
        clean.clean();
        // What a case that went wrong left behind must not be held against the next one.
        let usable = report.is_clean() && (!report.mend || clean.mend().await);
        done(seed, report);
        if usable {
            clean.clean();
            field = Some(clean);
        }
    }
}
