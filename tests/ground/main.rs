//! The stories on real machines: one module for each thing that no double can show, over the built `portico`.
//!
//! Each test has a lab of its own. Needs root on Linux, and the stand-in K3s in
//! $PORTICO_STANDIN; `./test ground` brings both about.

mod api;
mod away;
mod breaks;
mod certificates;
mod faults;
mod lab;
mod story;
mod traefik;
