//! The homelab from outside, through the clients that people use: OpenSSH's `ssh`, and plain HTTPS.

mod api;
mod dataplane;
mod edge;
mod nodes;
mod scripts;
mod ssh;
mod stack;
mod support;
