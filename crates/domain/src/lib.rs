//! What is, what is wanted, and what follows from both.
//!
//! Pure data and functions: no IO, no async, no clock, no randomness. Everything that touches the outside
//! lives in `world`; everything that runs over time lives in `engine`.

pub mod cluster;
pub mod credential;
pub mod facts;
pub mod host;
pub mod preflight;
pub mod problem;
