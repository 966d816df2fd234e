//! The Kubernetes side of the homelab: an API server for each K3s server, and the controllers behind it.
//!
//! Enough of the API for a well-behaved client and `kubectl`: discovery, lists, watches, conflicts, server-side apply.
//! Deliberately not here: admission plugins, RBAC beyond the administrator, pods that run anything.

mod authority;
mod cluster;
mod fields;
mod settings;
mod shape;
mod store;

pub use cluster::{Cluster, Founding, Registration};
pub use settings::Settings;
pub use store::{Key, Store};
