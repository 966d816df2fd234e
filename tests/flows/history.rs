//! A window watches while a worker goes and comes back: the change is written down, the uptime is less than whole, and the
//! timeline has the run that came before.

use crate::portico::portico;
use crate::story::{ECHO, Story, apply, done, expose, until};
use portico_domain::flow::Health;
use portico_domain::history::{HealthChange, TimelineEntry, Window};
use portico_engine::{Engine, HistoryOf};
use std::time::Instant;

/// The newest change of a subject that is in the timeline.
async fn latest(engine: &Engine, subject: &str) -> Option<HealthChange> {
    let (entries, _) = engine.timeline(Window::Day, None, 500).await.expect("a timeline");
    entries.into_iter().find_map(|entry| match entry {
        TimelineEntry::Health { change } if change.subject == subject => Some(change),
        _ => None,
    })
}

async fn becomes(engine: &Engine, subject: &str, health: Health) -> HealthChange {
    let is = async || latest(engine, subject).await.filter(|change| change.to == health);
    until(&format!("{subject} is {health:?}"), is).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_before_a_worker_went_is_one_look() {
    let story = Story::of_pis(3).await;
    let engine = story.built(1, &story.names()).await;
    let run = apply(&engine, expose(ECHO)).await;
    done(&run);
    let began = Instant::now();
    let watch = engine.watch();
    // Two windows over one homelab: the second one shows, and does not count twice.
    let second = story.engine().await;
    let shown = second.watch();
    becomes(&engine, "path/echo", Health::Up).await;
    story.practice.homelab.cut_power("pi-3").expect("pi-3");
    let broken = becomes(&engine, "way-in/pi-3", Health::Down).await;
    assert_eq!(broken.from, Health::Up);
    let path = until("the path suffers", async || {
        latest(&engine, "path/echo").await.filter(|change| change.to != Health::Up)
    })
    .await;
    story.practice.homelab.power_on("pi-3").expect("pi-3");
    let back = becomes(&engine, "way-in/pi-3", Health::Up).await;
    assert!(back.at > broken.at);
    becomes(&engine, "path/echo", Health::Up).await;

    let (entries, next) = engine.timeline(Window::Day, None, 500).await.expect("a timeline");
    assert_eq!(next, None);
    let at = |is: &dyn Fn(&TimelineEntry) -> bool| entries.iter().position(is).expect("it is told");
    let change = |at: &HealthChange| TimelineEntry::Health { change: at.clone() };
    let before = at(&|entry| matches!(entry, TimelineEntry::Run { run: id, .. } if *id == run.id));
    assert!(at(&|entry| *entry == change(&back)) < at(&|entry| *entry == change(&broken)));
    assert!(at(&|entry| *entry == change(&path)) < before, "newest first: the run stands below what broke");

    let of = |subject: &str| HistoryOf::One { subject: subject.into() };
    let history = async |of| engine.history(of, Window::Day).await.expect("a history").remove(0);
    let hop = history(of("way-in/pi-3")).await;
    assert!(hop.uptime.is_some_and(|uptime| uptime < 1.0), "{:?}", hop.uptime);
    let known = hop.known * (hop.until - hop.from) as f64;
    let watched = began.elapsed().as_millis() as f64;
    assert!(known > 0.0 && known <= watched, "only what was watched is known, once: {known} of {watched} ms");
    assert!(hop.cells.iter().rev().skip(2).all(|cell| cell.unknown == 1.0), "before that nobody watched");
    let service = history(of("echo")).await;
    assert!(service.latency.is_some_and(|latency| latency.answers > 0), "{:?}", service.latency);
    assert_eq!(history(HistoryOf::Services).await.subject, service.subject);

    // As a person at a terminal sees it, who asks another process.
    drop((watch, shown));
    let told = portico(&story, &["history", "echo"], "").await;
    assert!(told.status == 0 && told.stdout.contains("% up"), "{told:?}");
    let told = portico(&story, &["timeline"], "").await;
    assert!(told.stdout.contains("✗ way-in/pi-3 is down, was up: "), "{told:?}");
    assert!(told.stdout.contains("> make echo reachable on the LAN as echo.example.test (done"), "{told:?}");
    let rows = portico(&story, &["history", "way-in/pi-3", "--csv"], "").await;
    let lines: Vec<&str> = rows.stdout.lines().collect();
    assert!(lines.len() > 1 && lines[1].starts_with("way-in/pi-3,"), "{rows:?}");
    let nobody = portico(&story, &["history", "nobody"], "").await;
    assert!(nobody.status == 1 && nobody.stderr.contains("No service is called nobody."), "{nobody:?}");
}
