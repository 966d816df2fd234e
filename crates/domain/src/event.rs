//! What is told to clients while things happen: numbered, so that a gap is noticed.
//!
//! An event carries the new state, never a difference: a client that missed some takes a snapshot and goes
//! on. Delivery is `engine`'s business.

use crate::condition::Condition;
use crate::diagnosis::Diagnosis;
use crate::host::Host;
use crate::problem::Problem;
use crate::run::{RunState, RunStep};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Counts up by one; a gap means that events were lost.
    #[ts(type = "number")]
    pub seq: u64,
    #[serde(flatten)]
    pub what: Happening,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Happening {
    Host {
        host: Box<Host>,
    },
    ScanProgress {
        scan: String,
        #[ts(type = "number")]
        done: u64,
        #[ts(type = "number")]
        total: u64,
    },
    ScanProblem {
        scan: String,
        problem: Problem,
    },
    ScanDone {
        scan: String,
        cancelled: bool,
    },
    Step {
        run: String,
        step: RunStep,
        seconds_left: Option<u32>,
    },
    RunEnded {
        run: String,
        state: RunState,
    },
    /// There is a new picture. It is asked for: with many services it is too large to be told to everybody.
    Flow,
    /// All that is wrong now, whenever that changes.
    Conditions {
        conditions: Vec<Condition>,
    },
    /// What is known so far of why a name cannot be reached.
    Diagnosis {
        diagnosis: Box<Diagnosis>,
    },
}
