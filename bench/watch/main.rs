//! `watch [--kills N]`: history at the size of a large homelab over a year, and under kill -9.
//!
//! All goes through the engine's own door, `Engine::record`; only the clock is turned by hand. The year is looked at more
//! closely the nearer it is: twice a day, then every 20 minutes for 31 days, then as the watch itself looks, every three
//! seconds, for the last hours. `watch record FOLDER` is the process that is killed.

use portico_domain::change::Desired;
use portico_domain::dns::Hostname;
use portico_domain::exposure::{Backend, Exposure, Reach, Tls};
use portico_domain::flow::Health;
use portico_domain::history::{Look, Sample, TimelineEntry, Window, path_of};
use portico_engine::{Clock, Endpoints, Engine, HistoryOf, Options, Pace, SecretStore};
use sqlx::{Connection, SqliteConnection};
use std::collections::BTreeSet;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

type Failure = Box<dyn Error>;

const SERVICES: usize = 60;
const SUBJECTS: usize = 1_400;
const KILLS: usize = 1_000;
const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;
/// Where the clock begins, unix ms; a day's beginning.
const BEGIN: i64 = 1_760_000_000_000 / DAY * DAY;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => bench(KILLS).await,
        ["--kills", count] => bench(count.parse()?).await,
        ["record", folder] => record_for_ever(Path::new(folder)).await,
        _ => Err("watch [--kills N]".into()),
    }
}

async fn bench(kills: usize) -> Result<(), Failure> {
    println!("| what | measured | goal |\n|---|---|---|");
    year().await?;
    let lost = killed(kills).await?;
    println!("| changes lost or database damaged in {kills} kills | {lost} | 0 |");
    if lost == 0 { Ok(()) } else { Err("something that was said is gone".into()) }
}

async fn open(folder: &Path, clock: Clock) -> Result<Engine, Failure> {
    Ok(Engine::open(Options {
        endpoints: Endpoints::default(),
        data: folder.to_owned(),
        secrets: SecretStore::in_memory(),
        clock,
        pace: Pace::default(),
    })
    .await?)
}

/// A clock that somebody else turns.
fn turned(now: &Arc<AtomicI64>) -> Clock {
    let now = now.clone();
    Arc::new(move || now.load(Ordering::Relaxed))
}

/// The names of what is looked at: 60 paths, and hops.
fn subjects() -> Vec<String> {
    let paths = (0..SERVICES).map(|n| path_of(&format!("service-{n}")));
    paths.chain((SERVICES..SUBJECTS).map(|n| format!("endpoints/namespace-{}/service-{n}", n % 20))).collect()
}

/// What the `n`th look sees: one in two thousand is down, most answer in some milliseconds.
fn look(subjects: &[String], n: u64) -> Look {
    let sample = |(at, name): (usize, &String)| {
        // A stream of numbers that is the same in every run.
        let drawn = (n.wrapping_mul(6_364_136_223_846_793_005)
            ^ (at as u64).wrapping_mul(1_442_695_040_888_963_407))
            >> 33;
        let health = if drawn.is_multiple_of(2_000) { Health::Down } else { Health::Up };
        let latency =
            u32::try_from(5 + drawn % 40 + if drawn.is_multiple_of(97) { 400 } else { 0 }).unwrap_or(5);
        (name.clone(), Sample { health, reason: None, latencies: vec![latency] })
    };
    subjects.iter().enumerate().map(sample).collect()
}

async fn year() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let now = Arc::new(AtomicI64::new(BEGIN));
    let engine = open(folder.path(), turned(&now)).await?;
    want(folder.path()).await?;
    let subjects = subjects();
    let mut recorder = None;
    let (mut n, mut at) = (0_u64, BEGIN);
    let mut rate = 0.0;
    for (until, every) in [
        (BEGIN + 334 * DAY, 12 * HOUR),
        (BEGIN + 364 * DAY, HOUR / 3),
        (BEGIN + 365 * DAY - HOUR / 2, 30 * SECOND),
        (BEGIN + 365 * DAY, 3 * SECOND),
    ] {
        let (began, first) = (Instant::now(), n);
        while at < until {
            now.store(at, Ordering::Relaxed);
            engine.record(&mut recorder, &look(&subjects, n)).await?;
            (at, n) = (at + every, n + 1);
        }
        // Of the last stretch: the pace at which a watch looks.
        rate = (n - first) as f64 * SUBJECTS as f64 / began.elapsed().as_secs_f64();
    }
    println!(
        "| results taken in, a second, one transaction for each look at {SUBJECTS} | {rate:.0} | 50,000 |"
    );
    let bytes = engine.history_storage().await?.bytes;
    println!("| a year of {SUBJECTS} hops and paths on disk, {n} looks | {} MiB | 1,024 MiB |", bytes >> 20);
    let one = || HistoryOf::One { subject: subjects[0].clone() };
    for window in [Window::Day, Window::Week, Window::Month, Window::Quarter, Window::Year] {
        let histories = times(async || Ok(engine.history(HistoryOf::Services, window).await?.len())).await?;
        println!("| {SERVICES} histories over a {window:?} | {histories} | 50 ms |");
        let detailed = times(async || Ok(engine.history(one(), window).await?.len())).await?;
        println!("| one with its changes over a {window:?} | {detailed} | 50 ms |");
        let timeline = times(async || Ok(engine.timeline(window, None, 100).await?.0.len())).await?;
        println!("| a page of the timeline of a {window:?} | {timeline} | 50 ms |");
    }
    Ok(())
}

/// Sixty services, so that there is a page of them.
async fn want(folder: &Path) -> Result<(), Failure> {
    let exposure = |n: usize| -> Result<Exposure, Failure> {
        let name = format!("service-{n}");
        let hostname = Hostname::parse(&format!("{name}.example.test"))?;
        let backend = Backend::Echo { image: "echo".into() };
        Ok(Exposure { name, hostname, reach: Reach::Lan, tls: Tls::Terminated, access: Vec::new(), backend })
    };
    let exposures = (0..SERVICES).map(exposure).collect::<Result<_, _>>()?;
    let document = serde_json::to_string(&Desired { exposures, ..Desired::default() })?;
    let mut database = database(folder).await?;
    sqlx::query("INSERT INTO desired (at, document) VALUES (?, ?)")
        .bind(BEGIN)
        .bind(document)
        .execute(&mut database)
        .await?;
    Ok(database.close().await?)
}

async fn database(folder: &Path) -> Result<SqliteConnection, Failure> {
    Ok(SqliteConnection::connect(&format!("sqlite://{}", folder.join("portico.db").display())).await?)
}

/// Median and worst of twenty.
async fn times(ask: impl AsyncFn() -> Result<usize, Failure>) -> Result<String, Failure> {
    let mut taken = Vec::new();
    for _ in 0..20 {
        let began = Instant::now();
        if ask().await? == 0 {
            return Err("an empty page is no page".into());
        }
        taken.push(began.elapsed());
    }
    taken.sort();
    let ms = |taken: Duration| taken.as_secs_f64() * 1_000.0;
    Ok(format!("{:.1} ms ({:.1})", ms(taken[taken.len() / 2]), ms(taken[taken.len() - 1])))
}

/// Looks without a pause and says, after each one that stands, at which instants something changed.
async fn record_for_ever(folder: &Path) -> Result<(), Failure> {
    let now = Arc::new(AtomicI64::new(newest_change(folder).await?.unwrap_or(BEGIN)));
    let engine = open(folder, turned(&now)).await?;
    let subjects: Vec<String> = subjects().into_iter().take(50).collect();
    let mut recorder = None;
    for n in 0.. {
        let at = now.fetch_add(3 * SECOND, Ordering::Relaxed) + 3 * SECOND;
        let mut look = look(&subjects, n);
        // Each look changes something, the first one after a kill, too: by the clock, which goes on where it was.
        look.get_mut(&subjects[0]).ok_or("it is looked at")?.health =
            if at / (3 * SECOND) % 2 == 0 { Health::Up } else { Health::Degraded };
        engine.record(&mut recorder, &look).await?;
        if recorder.is_none() {
            return Err("another process records".into());
        }
        println!("{at}");
    }
    Ok(())
}

/// How many kills cost something: a change that was said and is gone, or a database that is not sound.
async fn killed(kills: usize) -> Result<usize, Failure> {
    let folder = tempfile::tempdir()?;
    drop(open(folder.path(), Arc::new(|| BEGIN)).await?);
    let mut lost = 0;
    let mut said: Option<i64> = None;
    for n in 0..kills {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("record")
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = BufReader::new(child.stdout.take().ok_or("stdout is piped")?).lines();
        // Anywhere from its first look on, and in every tenth case before that.
        let wait = Duration::from_micros(1_000 + (n as u64).wrapping_mul(7_919) % 40_000);
        let reader = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
        if n % 10 != 0 {
            while child.try_wait()?.is_none() && newest_change(folder.path()).await? <= said {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        std::thread::sleep(wait);
        child.kill()?;
        child.wait()?;
        let lines = reader.join().map_err(|_| "the reader ended")?;
        said = lines.last().map(|line| line.parse()).transpose()?.or(said);
        let mut database = database(folder.path()).await?;
        let sound: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut database).await?;
        let changes: Vec<i64> =
            sqlx::query_scalar("SELECT DISTINCT at FROM health_change").fetch_all(&mut database).await?;
        let known: BTreeSet<i64> = changes.into_iter().collect();
        let kept = lines.iter().all(|line| line.parse().is_ok_and(|at| known.contains(&at)));
        database.close().await?;
        if sound != "ok" || !kept {
            lost += 1;
            eprintln!("kill {n}: {sound}, all that was said is there: {kept}");
        }
    }
    // And the engine itself reads on from there.
    let end = said.ok_or("nothing was ever said")?;
    let engine = open(folder.path(), Arc::new(move || end)).await?;
    let (entries, _) = engine.timeline(Window::Day, None, 100).await?;
    let newest =
        entries.iter().find(|entry| matches!(entry, TimelineEntry::Health { .. })).map(TimelineEntry::at);
    if newest != Some(end) {
        eprintln!("the timeline ends at {newest:?}, and {end} was said");
        lost += 1;
    }
    Ok(lost)
}

/// The instant of the last change that is stored.
async fn newest_change(folder: &Path) -> Result<Option<i64>, Failure> {
    let mut database = database(folder).await?;
    let newest = sqlx::query_scalar("SELECT MAX(at) FROM health_change").fetch_one(&mut database).await?;
    database.close().await?;
    Ok(newest)
}
