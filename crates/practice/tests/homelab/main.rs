//! The homelab from outside, through the clients that people use: OpenSSH's `ssh`, and plain HTTPS.

mod scripts;
mod ssh;
mod support;
