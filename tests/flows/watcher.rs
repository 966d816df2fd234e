//! A service breaks and heals while Portico is closed: with the watcher in the cluster that is told when it opens again, and
//! without one the time is a gap.

use crate::portico::portico;
use crate::story::{ECHO, Story, apply, done, expose, nothing_needed, until};
use portico_domain::change::{Change, ComponentAct};
use portico_domain::flow::Health;
use portico_domain::history::{History, SeenBy, TimelineEntry, Window};
use portico_domain::problem::Code;
use portico_domain::stack::{Pin, StackComponent};
use portico_domain::step::Danger;
use portico_engine::{Engine, HistoryOf};
use portico_practice::clock::Clock;
use portico_practice::homelab::raspberry_pi;
use portico_practice::kube::Key;
use serde_json::{Value, json};

const MINUTE: i64 = 60_000;

fn watcher(act: ComponentAct) -> Change {
    Change::Component { component: StackComponent::Gatus, act }
}

fn install() -> Change {
    watcher(ComponentAct::Install { pin: Pin::default() })
}

/// Two machines, an hour ago: what happens then is over when another process looks.
async fn homelab() -> Story {
    let clock = Clock::held_at(portico_api::system_clock()() - 60 * MINUTE);
    Story::by(clock, vec![raspberry_pi("pi-1", 5), raspberry_pi("pi-2", 5)]).await
}

fn asked(story: &Story) -> u64 {
    story.practice.homelab.read(|state| state.clusters[0].watched())
}

/// Practice's time goes on, and whoever watches has watched.
async fn pass(story: &Story, minutes: i64, watched: bool) {
    if watched {
        // One that was just started asks at once, and about no minute before.
        until("the watcher is at work", async || {
            let pods = story.objects("pods", None);
            let its =
                pods.iter().filter(|pod| pod["metadata"]["labels"]["app.kubernetes.io/name"] == "gatus");
            let its: Vec<&str> = its.filter_map(|pod| pod["metadata"]["uid"].as_str()).collect();
            (its == story.practice.homelab.read(|state| state.clusters[0].watchers())).then_some(())
        })
        .await;
    }
    let before = asked(story);
    story.practice.homelab.clock.advance(minutes * MINUTE);
    if watched {
        let all = async || (asked(story) >= before + minutes.unsigned_abs()).then_some(());
        until("the minutes have been watched", all).await;
    }
}

/// Somebody with kubectl sets how many pods the service has.
async fn scale(story: &Story, replicas: u64) {
    let key = Key::namespaced("deployments.apps", "apps", "echo");
    assert!(story.store().get(&key).is_some(), "the service is there");
    story.store().edit(&key, "kubectl", None, |one| one["spec"]["replicas"] = json!(replicas));
    until("the pods have followed", async || {
        let endpoints = story.store().get(&Key::namespaced("endpoints", "apps", "echo"))?;
        let ready = endpoints["subsets"][0]["addresses"].as_array().map_or(0, Vec::len);
        (ready as u64 == replicas).then_some(())
    })
    .await;
}

async fn of_echo(engine: &Engine) -> History {
    let of = HistoryOf::One { subject: "echo".into() };
    engine.history(of, Window::Day).await.expect("a history").remove(0)
}

async fn timeline(engine: &Engine) -> Vec<TimelineEntry> {
    engine.timeline(Window::Day, None, 500).await.expect("a timeline").0
}

fn minutes(history: &History, share: f64) -> f64 {
    share * (history.until - history.from) as f64 / MINUTE as f64
}

/// Portico looks, is closed for twenty minutes in which the service is away for ten, and is opened again.
async fn closed_for_a_while(story: &Story, engine: Engine, watched: bool) -> Engine {
    let watch = engine.watch();
    until("the service is seen", async || {
        let up = |entry: &TimelineEntry| {
            matches!(entry, TimelineEntry::Health { change } if change.subject == "path/echo" && change.to == Health::Up)
        };
        timeline(&engine).await.iter().any(up).then_some(())
    })
    .await;
    drop(watch);
    drop(engine);
    pass(story, 5, watched).await;
    scale(story, 0).await;
    pass(story, 10, watched).await;
    scale(story, 1).await;
    pass(story, 5, watched).await;
    story.engine().await
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_watcher_an_outage_that_nobody_saw_is_told() {
    let mut story = homelab().await;
    // Nobody sets this computer's clock, and history is told by it.
    story.ahead = 5 * MINUTE;
    let start = story.practice.homelab.clock.now() + story.ahead;
    let engine = story.built(1, &story.names()).await;
    done(&apply(&engine, install()).await);
    done(&apply(&engine, expose(ECHO)).await);
    for change in [install(), expose(ECHO)] {
        nothing_needed(&engine.preview(change).await.expect("a preview"));
    }
    let engine = closed_for_a_while(&story, engine, true).await;
    let watch = engine.watch();
    let history = until("what the watcher saw is joined", async || {
        let history = of_echo(&engine).await;
        (history.watched > 0.0).then_some(history)
    })
    .await;
    let known = minutes(&history, history.known);
    assert!((19.9..20.1).contains(&known), "there is no gap: {known}");
    assert!((19.4..19.6).contains(&minutes(&history, history.watched)), "{}", history.watched);
    let up = history.uptime.expect("it is known") * known;
    assert!((9.9..10.1).contains(&up), "it served for ten minutes: {up}");
    assert!(history.latency.is_some_and(|latency| latency.answers > 10), "{:?}", history.latency);

    let entries = timeline(&engine).await;
    let turns: Vec<_> = entries
        .iter()
        .filter_map(|entry| match entry {
            TimelineEntry::Health { change } if change.subject == "path/echo" => {
                // The watcher tells its time to the second.
                Some(((change.at - start + 1_000) / MINUTE, change.to, change.by))
            }
            _ => None,
        })
        .collect();
    let expected = [
        (16, Health::Up, SeenBy::Watcher),
        (6, Health::Down, SeenBy::Watcher),
        (0, Health::Up, SeenBy::Portico),
    ];
    assert_eq!(turns, expected);
    let gap = entries.iter().find_map(|entry| match entry {
        TimelineEntry::Gap { from, until, watched } => Some(until - from - watched),
        _ => None,
    });
    assert_eq!(gap, Some(0));

    // Another process that opens the same data reads it again, and nothing counts twice.
    drop(watch);
    let again = story.engine().await;
    let second = again.watch();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    // Its own look has taken its time, too.
    assert_eq!(History { latency: None, ..of_echo(&again).await }, History { latency: None, ..history });
    assert_eq!(timeline(&again).await, entries);
    drop((second, again));

    let told = portico(&story, &["history", "echo"], "").await;
    assert!(told.stdout.contains("by the watcher in the cluster"), "{told:?}");
    assert!(
        told.stdout.contains("✗ path/echo is down, was up (seen by the watcher in the cluster): "),
        "{told:?}"
    );
    assert!(told.stdout.contains(&format!("{ECHO} did not serve: HTTP 503")), "{told:?}");
    let told = portico(&story, &["timeline"], "").await;
    assert!(told.stdout.contains("the watcher in the cluster saw 19 of 19 minutes"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_watcher_it_is_a_gap() {
    let story = homelab().await;
    let engine = story.built(1, &story.names()).await;
    done(&apply(&engine, expose(ECHO)).await);
    let engine = closed_for_a_while(&story, engine, false).await;
    let _watch = engine.watch();
    let gap = until("the gap is told", async || {
        timeline(&engine).await.into_iter().find(|entry| matches!(entry, TimelineEntry::Gap { .. }))
    })
    .await;
    assert!(matches!(gap, TimelineEntry::Gap { watched: 0, .. }), "{gap:?}");
    let history = of_echo(&engine).await;
    assert!(minutes(&history, history.known) < 1.0 && history.watched == 0.0, "{history:?}");
    let down = |entry: &TimelineEntry| matches!(entry, TimelineEntry::Health { change } if change.subject == "path/echo" && change.to == Health::Down);
    assert!(!timeline(&engine).await.iter().any(down));
}

fn questions(story: &Story) -> Vec<String> {
    let map = story.store().get(&Key::namespaced("configmaps", "gatus", "gatus")).expect("its configuration");
    let config: Value =
        serde_json::from_str(map["data"]["config.yaml"].as_str().expect("a text")).expect("JSON");
    let endpoints = config["endpoints"].as_array().expect("questions").iter();
    endpoints
        .map(|one| format!("{}/{}", one["group"].as_str().unwrap(), one["name"].as_str().unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_follows_what_is_exposed_and_takes_what_it_saw_with_it() {
    let story = homelab().await;
    let engine = story.built(1, &story.names()).await;
    done(&apply(&engine, install()).await);
    assert_eq!(questions(&story), ["cluster/ingress"]);
    done(&apply(&engine, expose(ECHO)).await);
    assert_eq!(questions(&story), ["cluster/ingress", "inside/echo"]);
    let Change::Expose { exposure, .. } = expose(ECHO) else { unreachable!() };
    done(&apply(&engine, Change::Hide { exposure, uninstall: false }).await);
    assert_eq!(questions(&story), ["cluster/ingress"]);

    // Nobody stands behind its address any more: that is a condition, and repairing puts it right.
    let service = Key::namespaced("services", "gatus", "gatus");
    story.store().edit(&service, "kubectl", None, |one| one["spec"]["selector"] = json!({"app": "nobody"}));
    let is_silent = async || {
        let conditions = engine.conditions().await.expect("conditions");
        conditions.into_iter().find(|condition| condition.problem.code == Code::WatcherSilent)
    };
    let silent = until("it is silent", is_silent).await;
    assert_eq!(silent.fix, Some(watcher(ComponentAct::Repair)));
    done(&apply(&engine, watcher(ComponentAct::Repair)).await);
    until("it answers again", async || is_silent().await.is_none().then_some(())).await;

    // What somebody else put beside it stays.
    let other = Key::namespaced("configmaps", "gatus", "mine");
    let mine =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine", "namespace": "gatus"}});
    story.store().put(&other, mine, "kubectl");
    let plan = engine.preview(watcher(ComponentAct::Remove)).await.expect("a preview");
    let dangers: Vec<_> =
        plan.needed().map(|planned| (planned.step.id.as_str(), planned.step.danger())).collect();
    assert_eq!(dangers.last(), Some(&("gatus/volume", Danger::DataLoss)), "{dangers:?}");
    done(&apply(&engine, watcher(ComponentAct::Remove)).await);
    let left = |resource: &str| story.objects(resource, Some("gatus")).len();
    assert_eq!(["deployments.apps", "persistentvolumeclaims", "services"].map(left), [0, 0, 0]);
    let kept = story.objects("configmaps", Some("gatus"));
    assert!(kept.iter().any(|map| map["metadata"]["name"] == "mine"), "{kept:?}");
    assert!(kept.iter().all(|map| map["metadata"]["name"] != "gatus"));
    nothing_needed(&engine.preview(watcher(ComponentAct::Remove)).await.expect("a preview"));
}
