//! A homelab in a process: SSH machines, the Kubernetes API, the Cloudflare API, DNS, a K3s mirror.
//!
//! It speaks the real protocols on loopback, keeps state, and refuses what the real thing refuses. It never
//! uses the clients of `world`: a double that shares the code of the client agrees with its bugs.

pub mod clock;
pub mod cloudflare;
pub mod dns;
pub mod fault;
pub mod homelab;
pub mod http;
pub mod kube;
pub mod machines;
pub mod mirror;
