//! The Kubernetes side of the homelab: an API server for each K3s server, and the controllers behind it.
//!
//! Enough of the API for a well-behaved client and `kubectl`: discovery, lists, watches, conflicts, server-side apply.
//! Deliberately not here: admission plugins, RBAC beyond the administrator, pods that run anything.

mod addresses;
mod admission;
mod api;
mod authority;
mod checking;
mod cluster;
mod control;
mod deleting;
mod discovery;
pub(crate) mod engines;
mod fields;
pub(crate) mod gatus;
mod kinds;
mod known;
mod paging;
mod patch;
mod proxy;
mod refusal;
mod rules;
mod schema;
mod select;
mod serve;
mod settings;
mod shape;
mod store;
pub(crate) mod traffic;
mod watching;
mod writing;

pub use cluster::{Cluster, Founding, Registration};
pub use control::class_of;
pub use serve::serve;
pub use settings::Settings;
pub use store::{Key, Store};
