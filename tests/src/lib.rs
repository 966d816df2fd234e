//! What the stories of `flows/` and `ground/` stand on, and nothing that a product crate could use.

pub mod faults;
pub mod fuzz;
pub mod kube_api;
pub mod kube_conformance;
pub mod kubectl;
pub mod lab;
pub mod outside;
pub mod portico;
pub mod trust;

/// Asks until the answer is a good one, and gives it; panics with the last answer when that takes longer than 15 s.
/// For what follows from something that is there already: a controller takes a moment to see it.
pub fn soon<T>(ask: impl Fn() -> Result<T, String>) -> T {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(15);
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(error) => assert!(std::time::Instant::now() < end, "{error}"),
        }
        std::thread::sleep(std::time::Duration::from_millis(250));
    }
}
