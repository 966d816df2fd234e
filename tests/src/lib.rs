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

use sqlx::{Connection, SqliteConnection};
use std::path::Path;

/// Copies a folder of Portico's data into a new one. An engine that was dropped a moment ago may still move its last words
/// from one file of its database to the other, so that this one is copied by asking it.
pub async fn copy_data(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a new folder");
    for entry in std::fs::read_dir(from).expect("the data") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if name == "portico.db" {
            let url = format!("sqlite://{}", path.display());
            let mut database = SqliteConnection::connect(&url).await.expect("it opens");
            let copy = to.join(&name).display().to_string();
            sqlx::query("VACUUM INTO ?").bind(copy).execute(&mut database).await.expect("a copy");
        } else if path.is_file() && !name.starts_with("portico.db-") {
            std::fs::copy(&path, to.join(name)).expect("a copy");
        }
    }
}

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
