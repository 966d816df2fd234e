//! Which steps may start now.

use portico_domain::step::{Stage, Step};
use std::collections::BTreeSet;

/// Copies at the same time. They share this computer's link, so that more would not end sooner; and the first of the
/// plan is the server's, which all others wait for.
const COPIES: usize = 4;

/// Steps whose needs are met and whose machine is free, in the plan's order: one step at a time per machine, and
/// a few copies at a time.
pub fn startable(
    steps: &[Step],
    open: &BTreeSet<usize>,
    settled: &BTreeSet<&str>,
    running: &BTreeSet<usize>,
) -> Vec<usize> {
    let mut taken: Vec<&Step> = running.iter().map(|index| &steps[*index]).collect();
    let copies = |step: &&Step| step.stage == Stage::CopyK3s;
    let mut startable = Vec::new();
    for &index in open {
        let step = &steps[index];
        let met = step.needs.iter().all(|need| settled.contains(need.as_str()));
        let free = step.machine.is_none() || taken.iter().all(|other| other.machine != step.machine);
        let room = !copies(&step) || taken.iter().copied().filter(copies).count() < COPIES;
        if met && free && room {
            taken.push(step);
            startable.push(index);
        }
    }
    startable
}
