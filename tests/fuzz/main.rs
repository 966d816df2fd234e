//! Every target over what is kept and over inputs made of it, for a second each; `tests/fuzz/run` does it for as long as
//! one likes. What made a target panic once is kept, so that it is tried for ever.

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
    let day = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs() / 86_400;
    let mut chance = Chance::of(day);
    let (began, mut times) = (Instant::now(), 0_usize);
    let mut input = Vec::new();
    while began.elapsed() < EACH {
        // Now and then further on from what was made last.
        if times.is_multiple_of(4) {
            input.clone_from(&chance.pick(&kept).1);
        }
        let other = &chance.pick(&kept).1;
        input = mutated(target.shape, &input, other, &mut chance);
        run(&format!("input {times} of day {day}"), &input);
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
