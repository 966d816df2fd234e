//! The user stories on the practice homelab: one module for each, over the engine or the real `portico` binary.
//!
//! What a story claims is judged by practice's own state (machines, objects, records, audit), never by what
//! the engine believes. The same stories on real machines are in `tests/ground`.

mod alerts;
mod apart;
mod api;
mod bad_input;
mod build;
mod causes;
mod conditions;
mod credentials;
mod expose;
mod faults;
mod flow;
mod history;
mod home;
mod keep;
mod killed;
mod portico;
mod stack;
mod story;
mod support;
mod trust;
mod watcher;
mod why;
