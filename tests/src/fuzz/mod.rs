//! What strangers say, thrown at the code that reads it: no input may make it panic.
//!
//! A target is a function over bytes that goes the whole way, from decoding to what is judged and drawn by it. The same
//! targets are run briefly by `tests/fuzz/main.rs`, over the corpus and what is made of it, and for as long as one likes
//! by libFuzzer (`tests/fuzz/run`). Inputs are changed as what they are ([`mutate`]): random bytes never get past a parser.

mod homelab;
pub mod mutate;
mod said;
mod saved;

pub use mutate::Shape;
use std::path::{Path, PathBuf};

pub struct Target {
    /// Of its folder in the corpus, too.
    pub name: &'static str,
    pub shape: Shape,
    pub run: fn(&[u8]),
}

pub const TARGETS: [Target; 9] = [
    Target { name: "cloudflare", shape: Shape::Json, run: homelab::cloudflare },
    Target { name: "kubernetes", shape: Shape::Json, run: homelab::kubernetes },
    Target { name: "metrics", shape: Shape::Text, run: said::metrics },
    Target { name: "facts", shape: Shape::Text, run: said::facts },
    Target { name: "ssh", shape: Shape::Bytes, run: said::ssh },
    Target { name: "mdns", shape: Shape::Bytes, run: said::mdns },
    Target { name: "kubeconfig", shape: Shape::Yaml, run: said::kubeconfig },
    Target { name: "cluster", shape: Shape::Yaml, run: said::cluster },
    Target { name: "saved", shape: Shape::Json, run: saved::saved },
];

/// The target of this name.
///
/// # Panics
/// When there is none; the message names those that there are.
pub fn target(name: &str) -> &'static Target {
    let known = || TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(", ");
    TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("{name}: one of {}", known()))
}

impl Target {
    /// Where its inputs are kept.
    pub fn corpus(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(self.name)
    }

    /// What is kept, by the files' names.
    pub fn kept(&self) -> Vec<(String, Vec<u8>)> {
        let folder = self.corpus();
        let read = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut kept: Vec<_> = read
            .filter_map(Result::ok)
            .map(|file| {
                let input = std::fs::read(file.path()).expect("an input can be read");
                (file.file_name().to_string_lossy().into_owned(), input)
            })
            .collect();
        kept.sort();
        kept
    }
}
