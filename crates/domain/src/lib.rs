//! What is, what is wanted, and what follows from both.
//!
//! Pure data and functions: no IO, no async, no clock, no randomness. Everything that touches the outside
//! lives in `world`; everything that runs over time lives in `engine`.

pub mod access;
pub mod alarm;
pub mod alert;
pub mod catalogue;
pub mod certificate;
pub mod change;
pub mod chart;
pub mod clock;
pub mod cluster;
pub mod condition;
pub mod credential;
pub mod diagnosis;
pub mod difference;
pub mod digest;
pub mod dns;
pub mod event;
pub mod exposure;
pub mod facts;
pub mod flow;
pub mod history;
pub mod host;
pub mod observed;
pub mod plan;
pub mod preflight;
pub mod problem;
pub mod run;
pub mod situation;
pub mod stack;
pub mod step;
pub mod support;
pub mod template;
pub mod traffic;
pub mod tunnel;
pub mod watcher;
