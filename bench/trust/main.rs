//! The cases of tests/src/trust, as many as are asked for, and their table.

use clap::Parser;
use portico_tests::trust;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

#[derive(Parser)]
#[command(name = "trust")]
struct Arguments {
    /// Cases; 10,000 unless `--seed` names a single one
    runs: Option<u64>,
    /// The first seed; without a number of cases that one alone, told in full
    #[arg(long)]
    seed: Option<u64>,
    /// Homelabs at the same time
    #[arg(long, default_value_t = 4)]
    fields: u64,
}

fn main() -> std::process::ExitCode {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let Arguments { runs, seed, fields } = Arguments::parse();
    let alone = runs.is_none() && seed.is_some();
    let runs = runs.unwrap_or(if alone { 1 } else { 10_000 });
    trust::LOUD.store(alone, Ordering::Relaxed);
    let first = seed.unwrap_or(1);
    let (begun, count) = (Instant::now(), AtomicUsize::new(0));
    let fields = usize::try_from(fields.min(runs)).unwrap_or(1).max(1);
    let tally = trust::run(first..first + runs, fields, |seed, report| {
        let done = count.fetch_add(1, Ordering::Relaxed) + 1;
        if alone || !report.is_clean() {
            println!("seed {seed}: {}", if report.is_clean() { "clean" } else { "NOT CLEAN" });
            report.story.iter().filter(|_| !alone).for_each(|line| println!("  {line}"));
            if !report.is_clean() {
                println!("  {:?} {:?} {:?}", report.findings, report.calm, report.unreached);
                println!("  again: bench/trust/run --seed {seed}");
            }
        }
        if done % 100 == 0 {
            eprintln!("{done} of {runs}, {:.0} s", begun.elapsed().as_secs_f64());
        }
    });
    println!("{tally}");
    println!("{:.0} s on {fields} fields at once", begun.elapsed().as_secs_f64());
    for seed in &tally.failing {
        println!("bench/trust/run --seed {seed}");
    }
    u8::from(!tally.failing.is_empty()).into()
}
