//! One machine that hangs, fails or is full does not undo the others, and the failure says what happened where.

use crate::story::{ECHO, Story, apply, done, ended, expose, nothing_needed, resume};
use portico_api::english::explain;
use portico_domain::change::Plan;
use portico_domain::problem::Code;
use portico_domain::run::{Run, RunState, RunStep, StepState};
use portico_domain::step::Stage;
use portico_engine::Engine;
use portico_practice::homelab::{Listening, Machine, Power};

async fn connected() -> (Story, Engine) {
    let story = Story::of_pis(3).await;
    let engine = story.engine().await;
    story.connect(&engine, &story.names()).await;
    (story, engine)
}

/// Plans while all is well, breaks pi-2, applies.
async fn broken(story: &Story, engine: &Engine, harm: impl FnOnce(&mut Machine)) -> Run {
    let plan = engine.preview(story.build(1, &story.names())).await.expect("a preview");
    story.practice.homelab.change_machine("pi-2", harm).expect("pi-2");
    without_pi_2(engine, plan).await
}

/// Applies a plan that must do all of its work on the other machines.
async fn without_pi_2(engine: &Engine, plan: Plan) -> Run {
    let run = engine.apply(plan).await.expect("it starts");
    let run = ended(engine, &run.id).await;
    assert_eq!(run.state, RunState::Failed);
    for step in run.steps.iter().filter(|step| step.machine.as_deref().is_some_and(|name| name != "pi-2")) {
        // Which servers are tainted depends on which workers there are: that waits for all of them.
        let placing = matches!(step.stage, Stage::TaintServers | Stage::LabelIngressNodes);
        let fine = matches!(step.state, StepState::Done | StepState::Skipped) || placing;
        assert!(fine, "{} is undone: {:?} {:?}", step.id, step.state, step.problem);
    }
    run
}

fn failure(run: &Run) -> &RunStep {
    let failed: Vec<_> = run.steps.iter().filter(|step| step.state == StepState::Failed).collect();
    assert_eq!(failed.len(), 1, "{failed:#?}");
    assert_eq!(failed[0].machine.as_deref(), Some("pi-2"));
    failed[0]
}

async fn mended(story: &Story, engine: &Engine, run: &Run) {
    done(&resume(engine, &run.id).await);
    nothing_needed(&engine.preview(story.build(1, &story.names())).await.expect("a preview"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_hangs() {
    let (story, engine) = connected().await;
    let run = broken(&story, &engine, |pi| pi.power = Power::Hung).await;
    let problem = failure(&run).problem.clone().expect("a problem");
    assert!(matches!(problem.code, Code::ConnectionLost | Code::ConnectionTimedOut), "{problem}");
    assert!(explain(&problem).0.contains(&story.address("pi-2")), "{:?}", explain(&problem));
    story.practice.homelab.unhang("pi-2").expect("pi-2");
    mended(&story, &engine, &run).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_was_away_when_the_plan_was_made() {
    let (story, engine) = connected().await;
    let power = |power| story.practice.homelab.change_machine("pi-2", |pi| pi.power = power).expect("pi-2");
    power(Power::Hung);
    let plan = engine.preview(story.build(1, &story.names())).await.expect("a preview");
    assert_eq!(plan.hindrance(), None, "the others can be built");
    // Back or not: it was never checked, so nothing is done on it under this plan.
    power(Power::On);
    let run = without_pi_2(&engine, plan).await;
    let step = failure(&run);
    assert_eq!(step.id, "pi-2/copy");
    assert!(step.problem.as_ref().is_some_and(|problem| problem.is_silence()), "{step:?}");
    mended(&story, &engine, &run).await;

    let alone = Story::of_pis(1).await;
    let engine = alone.engine().await;
    alone.connect(&engine, &["pi-1"]).await;
    alone.practice.homelab.change_machine("pi-1", |pi| pi.power = Power::Hung).expect("pi-1");
    let plan = engine.preview(alone.build(1, &["pi-1"])).await.expect("a preview");
    assert!(
        plan.hindrance().is_some_and(|problem| problem.is_silence()),
        "without the server there is no cluster"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_whose_service_does_not_start() {
    let (story, engine) = connected().await;
    let run = broken(&story, &engine, |pi| {
        pi.listening.push(Listening {
            protocol: "tcp".to_owned(),
            address: "0.0.0.0".into(),
            port: 10250,
            process: "other".into(),
        });
    })
    .await;
    let step = failure(&run);
    let problem = step.problem.clone().expect("a problem");
    assert_eq!((step.id.as_str(), problem.code), ("pi-2/install", Code::ServiceDidNotStart), "{problem}");
    assert_eq!(problem.args.get("cause").map(String::as_str), Some("port-in-use"), "{problem}");
    let journal = "bind: address already in use";
    assert!(step.log.iter().any(|line| line.contains(journal)), "the journal's last lines: {:?}", step.log);
    let (what, next) = explain(&problem);
    assert!(
        what.contains("pi-2") && what.contains("10250") && next == "Stop it, then continue.",
        "{what} {next}"
    );
    story
        .practice
        .homelab
        .change_machine("pi-2", |pi| pi.listening.retain(|socket| socket.port != 10250))
        .expect("pi-2");
    mended(&story, &engine, &run).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_cannot_be_pulled() {
    let story = Story::of_pis(1).await;
    let engine = story.built(1, &["pi-1"]).await;
    let unpullable = |on: bool| {
        story.practice.homelab.change(|state| {
            state.unpullable.clear();
            state.unpullable.extend(on.then(|| "portico.local/echo:1".to_owned()));
        });
    };
    unpullable(true);
    let run = apply(&engine, expose(ECHO)).await;
    let step = run.steps.iter().find(|step| step.state == StepState::Failed).expect("a step fails");
    let problem = step.problem.clone().expect("a problem");
    assert_eq!((step.id.as_str(), problem.code), ("echo/deployment", Code::StepTimedOut), "{problem}");
    let seconds: u64 = problem.args["waited"].parse().expect("seconds");
    assert!(seconds < 120, "it is known long before patience ends: {seconds} s");
    let (what, next) = explain(&problem);
    assert!(what.contains("The image portico.local/echo:1 cannot be pulled."), "{what}");
    assert!(next.contains("air gap"), "{next}");
    assert!(step.log.iter().any(|line| line.contains("ImagePullBackOff")), "{:?}", step.log);
    unpullable(false);
    done(&resume(&engine, &run.id).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_is_full() {
    let (story, engine) = connected().await;
    let mut free = 0;
    let run = broken(&story, &engine, |pi| free = std::mem::replace(&mut pi.disk_free_kib, 8)).await;
    let problem = failure(&run).problem.clone().expect("a problem");
    assert_eq!(problem.code, Code::NoSpaceLeft, "{problem}");
    let (what, _) = explain(&problem);
    assert!(what.contains(" on pi-2"), "{what}");
    story.practice.homelab.read(|state| {
        let files = &state.machine("pi-2").expect("pi-2").files;
        assert!(files.keys().all(|path| !path.contains("portico-part")), "nothing half copied stays");
    });
    story.practice.homelab.change_machine("pi-2", |pi| pi.disk_free_kib = free).expect("pi-2");
    mended(&story, &engine, &run).await;
}
