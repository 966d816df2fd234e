//! A run: a plan being made true, step by step, as it is told to the outside.
//!
//! The journal explains, it is never the truth: after a crash the same change is previewed again and what
//! is done has vanished from it. Rows are kept by `engine::store`.

use crate::change::Change;
use crate::problem::Problem;
use crate::step::{Danger, Stage};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    Running,
    Done,
    Failed,
    Cancelled,
    /// Portico ended while it ran; it can be continued.
    Interrupted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    Waiting,
    Running,
    Done,
    /// It was true already.
    Skipped,
    Failed,
    /// A step it needs failed, or the run was cancelled.
    NotRun,
}

/// One run with all its steps; what a client shows and what a gap in the events is healed with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    pub id: String,
    pub change: Change,
    pub state: RunState,
    #[ts(type = "number")]
    pub started_at: i64,
    #[ts(type = "number | null")]
    pub finished_at: Option<i64>,
    pub steps: Vec<RunStep>,
    /// Estimated from how long each stage took before; absent when the run has ended.
    pub seconds_left: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunStep {
    pub id: String,
    pub stage: Stage,
    pub machine: Option<String>,
    pub danger: Danger,
    pub state: StepState,
    #[ts(type = "number | null")]
    pub started_at: Option<i64>,
    #[ts(type = "number | null")]
    pub finished_at: Option<i64>,
    /// 0 to 1 where the step can tell, as a copy can.
    pub progress: Option<f32>,
    pub log: Vec<String>,
    pub problem: Option<Problem>,
    /// What should be known although it is done: resolvers that do not agree yet.
    #[serde(default)]
    pub note: Option<Problem>,
}
