//! What the stories of `flows/` and `ground/` stand on, and nothing that a product crate could use.

pub mod kubectl;
pub mod lab;
pub mod outside;
pub mod portico;
