//! Portico killed after every single step, or told to stop, and continued: the same end state each time.
//!
//! The kill is a real one: SIGKILL to the `portico` process, and a new engine over what it left.

use crate::portico::killed_after;
use crate::story::{ECHO, Story, apply, done, ended, expose, nothing_needed, resume};
use futures::stream::{self, StreamExt};
use portico_domain::change::Change;
use portico_domain::run::{RunState, StepState};
use portico_practice::cloudflare::PORTICO_TOKEN;
use serde_json::Value;
use std::sync::Arc;

const MACHINES: [&str; 3] = ["pi-1", "pi-2", "pi-3"];

/// Homelabs at once: more would only wait for the processors.
const AT_ONCE: usize = 4;

/// A killed run is interrupted, continues to done, and then nothing is left. The kill comes a moment after the step that
/// it waited for, and on a busy machine the steps that were left may be done by then: that run is done, and the same
/// holds of it. Tells whether there was something to continue.
async fn continues(story: &Story, case: &str, change: Change, wanted: &Value) -> bool {
    let engine = story.engine().await;
    let runs = engine.runs().await.expect("runs");
    let cut = runs.iter().find(|run| run.state == RunState::Interrupted);
    match cut {
        Some(cut) => done(&resume(&engine, &cut.id).await),
        None => assert_eq!(runs[0].state, RunState::Done, "{case}"),
    }
    assert_eq!(&story.end_state(), wanted, "{case}");
    nothing_needed(&engine.preview(change).await.expect("a preview"));
    cut.is_some()
}

/// Runs the cases side by side; a case that does not hold fails the story, and so does a series in which half of the kills
/// came too late.
async fn side_by_side<F: Future<Output = bool>>(cases: impl Iterator<Item = F>) {
    let cut: Vec<bool> = stream::iter(cases).buffer_unordered(AT_ONCE).collect().await;
    let in_time = cut.iter().filter(|cut| **cut).count();
    assert!(in_time * 2 > cut.len(), "{in_time} of {} kills came in time", cut.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_killed_after_any_step_continues_to_the_same_cluster() {
    let whole = Story::start().await;
    let engine = whole.engine().await;
    whole.connect(&engine, &MACHINES).await;
    let run = apply(&engine, whole.build(1, &MACHINES)).await;
    done(&run);
    let (steps, wanted) = (run.steps.len(), Arc::new(whole.end_state()));
    // The last step's end is the run's end: there is nothing to interrupt after it.
    side_by_side((1..steps).map(|kill| {
        let wanted = wanted.clone();
        async move {
            let story = Story::start().await;
            story.connect(&story.engine().await, &MACHINES).await;
            let document = story.path("cluster.yaml");
            std::fs::write(&document, story.yaml(1, &MACHINES)).expect("the document is written");
            let document = document.to_str().expect("a path").to_owned();
            killed_after(&story, kill, &["apply", &document, "--yes"], "").await;
            continues(&story, &format!("killed after {kill}"), story.build(1, &MACHINES), &wanted).await
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exposure_killed_after_any_step_continues_to_the_same_service() {
    let machines = ["pi-1", "pi-2"];
    let whole = Story::start().await;
    let run = apply(&whole.built(1, &machines).await, expose(ECHO)).await;
    done(&run);
    let wanted = Arc::new(whole.end_state());
    side_by_side((1..run.steps.len()).map(|kill| {
        let wanted = wanted.clone();
        async move {
            let story = Story::start().await;
            drop(story.built(1, &machines).await);
            let arguments = ["expose", "echo", "--host", ECHO, "--lan", "--yes", "--ask-token"];
            killed_after(&story, kill, &arguments, PORTICO_TOKEN).await;
            continues(&story, &format!("killed after {kill}"), expose(ECHO), &wanted).await
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_build_stops_between_steps_and_continues() {
    let story = Story::start().await;
    let engine = story.engine().await;
    story.connect(&engine, &MACHINES).await;
    let mut events = engine.listen();
    let plan = engine.preview(story.build(1, &MACHINES)).await.expect("a preview");
    let run = engine.apply(plan).await.expect("it starts");
    loop {
        let event = serde_json::to_value(events.recv().await.expect("events")).expect("an event");
        if event["kind"] == "step" && event["step"]["state"] == "done" {
            break;
        }
    }
    engine.cancel(&run.id).await.expect("it can be cancelled");
    let run = ended(&engine, &run.id).await;
    assert_eq!(run.state, RunState::Cancelled);
    let count = |state| run.steps.iter().filter(|step| step.state == state).count();
    assert!(count(StepState::Done) >= 1 && count(StepState::NotRun) >= 1 && count(StepState::Failed) == 0);
    done(&resume(&engine, &run.id).await);
    nothing_needed(&engine.preview(story.build(1, &MACHINES)).await.expect("a preview"));
}
