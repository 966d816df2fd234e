//! Everything outside, one module per protocol, real clients only.
//!
//! The seam to tests is the address, never a trait: practice and the ground supply other endpoints and run
//! the very clients that users run. Modules do not know one another, but for `k3s`, which speaks through `ssh`.

pub mod alert;
pub mod cloudflare;
pub mod endpoints;
#[cfg(feature = "fuzz")]
pub mod fuzz;
pub mod k3s;
pub mod kube;
pub mod lan;
pub mod pace;
pub mod practice;
pub mod probe;
pub mod resolver;
pub mod secrets;
pub mod ssh;
