//! Every target over what is kept and over inputs made of it, for a second each, or for `PORTICO_FUZZ_SECONDS` with a seed
//! of that moment's; `tests/fuzz/run` does it with libFuzzer. What made a target panic once is kept and tried for ever.

use portico_tests::fuzz::{TARGETS, mutate::mutated, target};
use portico_tests::trust::chance::Chance;
use std::panic::catch_unwind;
use std::time::{Duration, Instant};

/// For what is made of the corpus; what is kept is tried whole.
const EACH: Duration = Duration::from_millis(1_200);

/// Many more bytes belong on nobody's disk.
const CORPUS: usize = 300 * 1024;

fn brief(name: &str) {
    let target = target(name);
    let kept = target.kept();
    assert!(!kept.is_empty(), "nothing is kept for {name}");
    let run = |what: &str, input: &[u8]| {
        if catch_unwind(|| (target.run)(input)).is_err() {
            let told = std::env::temp_dir().join(format!("portico-fuzz-{name}"));
            std::fs::write(&told, input).expect("the input can be written");
            panic!(
                "{what} makes {name} panic; it is in {}: put it into the corpus and mend it",
                told.display()
            );
        }
    };
    kept.iter().for_each(|(file, input)| run(file, input));
    // Another seed each day: the same failure for all who test on that day, and new ground every day.
    let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    let asked = std::env::var("PORTICO_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let (each, seed) = match asked {
        Some(seconds) => (Duration::from_secs(seconds), now.as_micros() as u64),
        None => (EACH, now.as_secs() / 86_400),
    };
    let mut chance = Chance::of(seed);
    let (began, mut times) = (Instant::now(), 0_usize);
    let mut input = Vec::new();
    while began.elapsed() < each {
        // Now and then further on from what was made last.
        if times.is_multiple_of(4) {
            input.clone_from(&chance.pick(&kept).1);
        }
        let other = &chance.pick(&kept).1;
        input = mutated(target.shape, &input, other, &mut chance);
        run(&format!("input {times} of seed {seed}"), &input);
        times += 1;
    }
    println!("{name}: {} kept and {times} made of them", kept.len());
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test] fn $name() { brief(stringify!($name)); })*

        #[test]
        fn every_target_is_tried_and_the_corpus_is_small() {
            let tried = [$(stringify!($name)),*];
            assert_eq!(TARGETS.map(|target| target.name), tried);
            let sizes = TARGETS.iter().flat_map(|target| target.kept()).map(|(_, input)| input.len());
            let bytes: usize = sizes.sum();
            assert!(bytes <= CORPUS, "the corpus has {bytes} bytes");
        }
    };
}

targets!(cloudflare kubernetes metrics facts ssh mdns kubeconfig cluster saved);

/// Inputs that nothing reads would try nothing.
#[test]
fn what_is_kept_is_understood() {
    use portico_domain::{alert, change, condition, history, run};
    use portico_world::fuzz::{self, Question};
    use serde_json::Value;

    let kept = |target_name: &str, file: &str| -> Value {
        let input = target(target_name).kept().into_iter().find(|(name, _)| name == file);
        serde_json::from_slice(&input.expect("it is kept").1).expect("JSON")
    };
    let documents = kept("saved", "documents");
    fn reads<T: serde::de::DeserializeOwned>(document: &Value, name: &str) {
        serde_json::from_value::<T>(document[name].clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    reads::<change::Desired>(&documents, "desired");
    reads::<change::Change>(&documents, "change");
    reads::<run::Run>(&documents, "run");
    reads::<Vec<condition::Condition>>(&documents, "conditions");
    reads::<condition::Marks>(&documents, "marks");
    reads::<alert::Rules>(&documents, "rules");
    reads::<alert::Book>(&documents, "book");
    reads::<history::Ledger>(&documents, "history");
    reads::<portico_domain::host::Inventory>(&documents, "inventory");
    let practice = kept("saved", "practice-itself").to_string();
    assert!(portico_practice::keep::is_readable(practice.as_bytes()), "practice's document");

    let cluster = kept("kubernetes", "all-well");
    let part = |name: &str| cluster[name].to_string().into_bytes();
    assert_eq!(fuzz::nodes(&part("nodes")).map(|nodes| nodes.len()), Some(2));
    assert_eq!(fuzz::endpoints(&part("endpoints")).map(|endpoints| endpoints.len()), Some(1));
    assert_eq!(fuzz::services(&part("services")).map(|services| services[0].2.clone()), Some(vec![80]));
    let trouble = kept("kubernetes", "in-trouble");
    let part = |name: &str| trouble[name].to_string().into_bytes();
    assert_eq!(fuzz::troubles(&part("pods"), &part("events")).map(|lines| lines.len()), Some(3));

    let account = kept("cloudflare", "all-well");
    let name = portico_domain::dns::Hostname::parse("web.example.test").expect("a name");
    let id = portico_domain::tunnel::TunnelId { id: "t".into(), account_id: "a".into() };
    for (question, part) in [
        (Question::Zones, "zones"),
        (Question::Records, "records"),
        (Question::Tunnel("portico-home".into()), "tunnels"),
        (Question::Configuration(id), "configuration"),
        (Question::Apps(name.clone()), "apps"),
        (Question::Policies(name), "policies"),
    ] {
        fuzz::cloudflare(question, 200, account[part].to_string().as_bytes()).expect(part);
    }
}
