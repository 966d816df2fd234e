//! What the stories of `flows/` and `ground/` stand on, and nothing that a product crate could use.

pub mod kube_api;
pub mod kube_conformance;
pub mod lab;
pub mod portico;
