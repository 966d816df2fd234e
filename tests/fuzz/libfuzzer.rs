//! The targets under libFuzzer: the one that `PORTICO_FUZZ` names. `tests/fuzz/run` builds and starts it.

#![no_main]
// What libFuzzer calls has to have a name of its own.
#![allow(unsafe_code)]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use portico_tests::fuzz::{Target, mutate::mutated, target};
use portico_tests::trust::chance::Chance;
use std::sync::LazyLock;

static TARGET: LazyLock<&Target> =
    LazyLock::new(|| target(&std::env::var("PORTICO_FUZZ").expect("PORTICO_FUZZ names a target")));
static KEPT: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| TARGET.kept());

fuzz_target!(|input: &[u8]| (TARGET.run)(input));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut chance = Chance::of(seed.into());
    // libFuzzer knows what the comparisons in the code were about; the rest is for who knows what a document is.
    if chance.one_in(4) {
        return fuzzer_mutate(data, size, max_size);
    }
    let input = mutated(TARGET.shape, &data[..size], &chance.pick(&KEPT).1, &mut chance);
    let size = input.len().min(max_size);
    data[..size].copy_from_slice(&input[..size]);
    size
});
