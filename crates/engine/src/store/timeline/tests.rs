//! The past over a synthetic year, through kills, and as SQLite plans to read it.

use super::{QUERIES, Store};
use portico_domain::change::Change;
use portico_domain::flow::Health;
use portico_domain::history::{
    History, Ledger, Level, Look, Retention, Sample, SeenBy, Sighting, TimelineEntry, Track, Window, join,
    page,
};
use portico_domain::problem::{Code, Problem};
use portico_domain::run::{Run, RunState};
use sqlx::Row;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// 2026-03-05 00:00 UTC.
const START: i64 = 1_772_668_800_000;

async fn open(folder: &tempfile::TempDir) -> Store {
    Store::open(&folder.path().join("portico.db")).await.unwrap()
}

fn sample(health: Health, latency: u32) -> Sample {
    let reason = (health == Health::Down)
        .then(|| Problem::new(Code::NodeNotReady).arg("node", "pi-2").detail("a long technical cause"));
    Sample { health, reason, latencies: vec![latency] }
}

fn one(health: Health) -> Look {
    Look::from([("path/echo".to_owned(), sample(health, 12))])
}

/// Takes a look and writes it down.
async fn take(store: &Store, ledger: &mut Ledger, now: i64, look: &Look) {
    let entry = ledger.take(now, look);
    store.record(now, ledger, &entry).await.unwrap();
}

async fn histories(store: &Store, subjects: &[String], window: Window, now: i64) -> Vec<History> {
    let ledger = store.ledger().await.unwrap();
    let slices = window.slices(now, ledger.open_from().unwrap());
    let mut rows = store.rows(subjects, &slices).await.unwrap();
    let of = |subject: &String| {
        let mut rows = rows.remove(subject).unwrap_or_default();
        rows.extend(ledger.open_row(subject));
        History::of(subject.clone(), window, now, &rows, Vec::new(), 0)
    };
    subjects.iter().map(of).collect()
}

async fn history(store: &Store, subject: &str, window: Window, now: i64) -> History {
    let changes = store.changes_of(subject, window.span(now).from, 50).await.unwrap();
    let history = histories(store, &[subject.to_owned()], window, now).await.remove(0);
    History { changes, ..history }
}

#[tokio::test]
async fn hours_and_days_say_the_same_as_the_minutes_that_they_are_made_of() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let mut ledger = Ledger::default();
    // Two days and some hours at a look every 30 seconds, down for the first half of every hour of the second day; nobody
    // watches from 5 to 9 in the morning.
    let now = START + 2 * DAY + 3 * HOUR + 90_000;
    let (mut at, mut looks) = (START, 0);
    while at <= now {
        let down = (DAY..2 * DAY).contains(&(at - START)) && at % HOUR < HOUR / 2;
        if !(5..9).contains(&(at % DAY / HOUR)) {
            take(&store, &mut ledger, at, &one(if down { Health::Down } else { Health::Up })).await;
            looks += 1;
        }
        at += 30_000;
    }
    for window in [Window::Week, Window::Month, Window::Quarter, Window::Year] {
        let history = history(&store, "path/echo", window, now).await;
        // 20 of 24 hours, and the last look before a gap stands for half a minute.
        let known = (2 * 20 * HOUR + 3 * HOUR + 90_000) as f64;
        assert!(
            (history.known - known / (now - history.from) as f64).abs() < 1e-9,
            "{window:?}: {history:?}"
        );
        let down = (20 * HOUR / 2) as f64;
        assert!((history.uptime.unwrap() - (1.0 - down / known)).abs() < 1e-9, "{window:?}: {history:?}");
        assert_eq!(history.latency.unwrap().answers, looks, "{window:?}");
        let drawn: f64 = history.cells.iter().map(|cell| cell.down * (cell.until - cell.from) as f64).sum();
        assert!((drawn - down).abs() < 1.0, "{window:?}: {drawn}");
    }
    // What is written as an hour is the sum of its minutes, however often it is made.
    let whole = Level::Hour.span(now - 2 * HOUR);
    let rows = async |level| {
        let rows = store.rows(&["path/echo".into()], &[(level, whole)]).await.unwrap();
        rows.into_values().flatten().collect::<Vec<_>>()
    };
    let minutes = rows(Level::Minute).await;
    let mut sum = minutes[0].1.clone();
    minutes[1..].iter().for_each(|(_, row)| sum.merge(row));
    assert_eq!((minutes.len(), rows(Level::Hour).await), (60, vec![(whole, sum)]));

    let changes = store.changes_of("path/echo", START, 1_000).await.unwrap();
    assert_eq!(changes.len(), 1 + 2 * 20, "every change is kept, and a gap is none");
    let reason = changes.iter().find_map(|change| change.reason.clone()).unwrap();
    assert_eq!((reason.code, reason.detail), (Code::NodeNotReady, None));
    let entries = store.happened(START, now, 1_000).await.unwrap();
    let gaps = entries.iter().filter(|entry| matches!(entry, TimelineEntry::Gap { .. }));
    assert_eq!(gaps.map(TimelineEntry::at).collect::<Vec<_>>(), [START + DAY + 9 * HOUR, START + 9 * HOUR]);
}

#[tokio::test]
async fn a_process_that_is_killed_midway_loses_nothing_and_counts_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut at = START + HOUR - 5 * MINUTE;
    for round in 0..30 {
        // Every round is a process: it goes on from what is stored, and is cut off while it writes.
        let store = open(&folder).await;
        let mut ledger = store.ledger().await.unwrap();
        for _ in 0..3 {
            at += 10_000;
            take(&store, &mut ledger, at, &one(Health::Up)).await;
        }
        at += 10_000;
        let entry = ledger.take(at, &one(Health::Up));
        let cut = std::time::Duration::from_micros(round * 40);
        // Written or not: both are whole.
        let _ = tokio::time::timeout(cut, store.record(at, &ledger, &entry)).await;
        drop(store);
    }
    let store = open(&folder).await;
    let mut ledger = store.ledger().await.unwrap();
    at += 10_000;
    take(&store, &mut ledger, at, &one(Health::Down)).await;
    let check: String = sqlx::query("PRAGMA integrity_check").fetch_one(&store.pool).await.unwrap().get(0);
    assert_eq!(check, "ok");
    let history = history(&store, "path/echo", Window::Week, at).await;
    let known = history.known * (at - history.from) as f64;
    assert!((known - (at - (START + HOUR - 5 * MINUTE) - 10_000) as f64).abs() < 1.0, "{known}");
    assert_eq!(history.uptime, Some(1.0));
    assert_eq!(history.changes.len(), 2);
}

#[tokio::test]
async fn pages_of_the_timeline_miss_nothing_and_show_the_run_before_it_broke() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let mut ledger = Ledger::default();
    let names: Vec<String> = (0..7).map(|number| format!("node/{number}")).collect();
    let all = |health| names.iter().map(|name| (name.clone(), sample(health, 9))).collect::<Look>();
    take(&store, &mut ledger, START, &all(Health::Up)).await;
    let run = Run {
        id: "run".into(),
        change: Change::Reconcile,
        state: RunState::Done,
        started_at: START + 5_000,
        finished_at: Some(START + 6_000),
        steps: Vec::new(),
        seconds_left: None,
    };
    store.begin_run(&run, None).await.unwrap();
    take(&store, &mut ledger, START + 10_000, &all(Health::Down)).await;
    take(&store, &mut ledger, START + HOUR, &all(Health::Up)).await;

    let (mut before, mut told) = (i64::MAX, Vec::new());
    loop {
        let found = store.happened(START, before, 2).await.unwrap();
        let (entries, next) = page(found, 2);
        told.extend(entries);
        let Some(next) = next else { break };
        before = next;
    }
    let kinds: Vec<&str> = told
        .iter()
        .map(|entry| match entry {
            TimelineEntry::Health { change } if change.to == Health::Up => "up",
            TimelineEntry::Health { .. } => "down",
            TimelineEntry::Run { .. } => "run",
            TimelineEntry::Gap { .. } => "gap",
        })
        .collect();
    let expected = [&["up"; 7][..], &["gap"], &["down"; 7], &["run"], &["up"; 7]].concat();
    assert_eq!(kinds, expected);
}

/// A year of probes, 20 or PORTICO_PROBES, as it would have been written: minutes for a day, hours for a month, days for the
/// year, and a change of health for each probe every ten days. Prints what it takes; says that no question scans and no
/// answer is sorted.
#[tokio::test]
async fn a_year_of_it_is_small_pruned_and_read_from_indexes() {
    let probes = std::env::var("PORTICO_PROBES").ok();
    let probes: u16 = probes.map_or(20, |text| text.parse().expect("a number of probes"));
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let names: Vec<String> = (0..probes).map(|number| format!("path/service-{number:03}")).collect();
    let now = START + 365 * DAY;
    let mut ledger = Ledger::default();
    let mut looks = BTreeSet::new();
    for (from, every) in [(now - 365 * DAY, 6 * HOUR), (now - 40 * DAY, HOUR), (now - 26 * HOUR, MINUTE)] {
        looks.extend((from..=now).step_by(usize::try_from(every).unwrap()));
    }
    let before = store.size().await.unwrap();
    let (began, count_of_looks) = (Instant::now(), looks.len());
    for (number, at) in looks.into_iter().enumerate() {
        let seen = names.iter().enumerate().map(|(probe, name)| {
            let health = if (number + probe) % 200 == 0 { Health::Down } else { Health::Up };
            // Twenty answers a minute, as looks every three seconds would bring.
            let spread = (0..20).map(|answer| 8 + (answer * 7 + at / MINUTE + probe as i64) as u32 % 40);
            (name.clone(), Sample { latencies: spread.collect(), ..sample(health, 0) })
        });
        take(&store, &mut ledger, at, &seen.collect()).await;
    }
    println!("{:?} for each look that ends a minute or more", began.elapsed() / count_of_looks as u32);
    let count = async |level: i64| -> i64 {
        let counted = sqlx::query("SELECT count(*) FROM sheet WHERE level = ?").bind(level);
        counted.fetch_one(&store.pool).await.unwrap().get(0)
    };
    let sheets = [count(0).await, count(1).await, count(2).await];
    let changes: i64 =
        sqlx::query("SELECT count(*) FROM health_change").fetch_one(&store.pool).await.unwrap().get(0);
    let bytes = store.size().await.unwrap() - before;
    println!(
        "a year of {probes} probes: {sheets:?} sheets of minutes, hours and days, {changes} changes, {} KiB",
        bytes >> 10
    );
    for (window, subjects) in [(Window::Day, 1), (Window::Year, 1), (Window::Month, 60), (Window::Year, 60)] {
        let began = Instant::now();
        let subjects = &names[..names.len().min(subjects)];
        let found = histories(&store, subjects, window, now).await;
        assert!(found.iter().all(|history| history.known > 0.0 && history.latency.is_some()));
        println!("{:?} for {} histories of a {window:?}", began.elapsed(), subjects.len());
    }
    let began = Instant::now();
    assert!(page(store.happened(now - 365 * DAY, now, 100).await.unwrap(), 100).0.len() >= 100);
    println!("{:?} for a page of the timeline", began.elapsed());
    let probes = i64::from(probes);
    assert!(sheets[0] <= probes * 26, "minutes are kept for a day: {sheets:?}");
    assert!(sheets[1] <= probes * 33, "hours are kept for a month: {sheets:?}");
    assert!(sheets[2] >= probes * 12, "days are kept: {sheets:?}");
    // 1,400 probes are to take no more than a gigabyte.
    assert!(bytes * 1_400 / probes < 1 << 30, "{bytes} bytes");

    let narrow = Retention { minute_days: 1, hour_days: 2, day_years: 1 };
    store.set_retention(narrow, now).await.unwrap();
    assert!(count(1).await <= probes * 3);
    assert!(store.size().await.unwrap() - before < bytes);
    for query in QUERIES {
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}")));
        let plan: Vec<String> =
            plan.fetch_all(&store.pool).await.unwrap().iter().map(|row| row.get(3)).collect();
        let slow = |line: &&String| {
            line.contains("SCAN") && !line.contains("VIRTUAL TABLE") || line.contains("TEMP B-TREE")
        };
        assert_eq!(plan.iter().find(slow), None, "{query}: {plan:#?}");
    }
}

#[tokio::test]
async fn a_gap_is_filled_once_and_every_level_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let mut ledger = Ledger::default();
    // Nobody watches from ten past ten in the evening until twenty past three.
    let (began, asleep) = (START + 20 * HOUR, START + 22 * HOUR + 10 * MINUTE);
    let back = START + DAY + 3 * HOUR + 20 * MINUTE;
    for at in (began..=asleep).step_by(30_000).chain([back]) {
        take(&store, &mut ledger, at, &one(Health::Up)).await;
    }
    let [gap] = store.open_gaps(0).await.unwrap()[..] else { panic!("one gap") };
    assert_eq!((gap.from, gap.until), (asleep + 30_000, back));
    // The watcher saw it go at midnight, and come back an hour later.
    let midnight = START + DAY;
    let track: Track = (asleep - MINUTE..back)
        .step_by(60_000)
        .map(|at| {
            let health = if (midnight..midnight + HOUR).contains(&at) { Health::Down } else { Health::Up };
            (at, Sighting { at, health, reason: None, millis: Some(7) })
        })
        .collect();
    let tracks = BTreeMap::from([("path/echo".to_owned(), vec![track])]);
    let mut written = Vec::new();
    for _ in 0..2 {
        let around = store.around(gap, tracks.keys()).await.unwrap();
        let mut joined = join(gap, &tracks, &around);
        let mut next = ledger.clone();
        let rows = next.fill(std::mem::take(&mut joined.rows));
        let done = store.join(back, gap, &next, &joined, &rows).await.unwrap();
        written.push(done);
        ledger = if done { next } else { ledger };
    }
    assert_eq!(written, [true, false], "what is filled is filled");
    assert!(store.open_gaps(0).await.unwrap().is_empty());

    // The watch goes on, and hours and days are made as ever.
    let now = START + 2 * DAY + 2 * HOUR;
    for at in (back + 30_000..=now).step_by(30_000) {
        take(&store, &mut ledger, at, &one(Health::Up)).await;
    }
    for window in [Window::Week, Window::Month, Window::Quarter, Window::Year] {
        let history = history(&store, "path/echo", window, now).await;
        let known = (now - began) as f64;
        let of = |share: f64| share * (now - history.from) as f64;
        assert!((of(history.known) - known).abs() < 1.0, "{window:?}: {} of {known}", of(history.known));
        let down = (1.0 - history.uptime.unwrap()) * known;
        assert!((down - HOUR as f64).abs() < 1.0, "{window:?}: {down}");
    }
    let told = history(&store, "path/echo", Window::Week, now).await.changes;
    let told: Vec<_> = told.into_iter().map(|change| (change.at, change.to, change.by)).collect();
    let (gone, came) = (midnight, midnight + HOUR);
    let expected = [
        (came, Health::Up, SeenBy::Watcher),
        (gone, Health::Down, SeenBy::Watcher),
        (began, Health::Up, SeenBy::Portico),
    ];
    assert_eq!(told, expected);
    assert_eq!(
        store.watched(0).await.unwrap(),
        BTreeMap::from([("path/echo".to_owned(), gap.until - gap.from)])
    );
}
