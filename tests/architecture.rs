//! The shape of the tree, held by a test: who may know whom, how long files are, and that each says what it is for.
//!
//! The edges come from `cargo metadata`, so that a new dependency is judged the moment it is written down.
//! What only a compiler or a linter can judge is theirs.

use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Who may not depend on whom, and why.
const FORBIDDEN: &[(&str, &[&str], &str)] = &[
    (
        "portico-domain",
        &[
            "portico-world",
            "portico-engine",
            "portico-api",
            "portico-practice",
            "tokio",
            "reqwest",
            "russh",
            "kube",
            "sqlx",
            "rand",
            "tracing",
        ],
        "the domain is what is, what is wanted and what follows: without IO, async, clock or chance",
    ),
    (
        "portico-world",
        &["portico-engine", "portico-api", "portico-practice", "sqlx", "tauri"],
        "the protocols know what is said, not what it is for",
    ),
    (
        "portico-engine",
        &["portico-api", "portico-practice", "tauri", "clap", "axum"],
        "the engine does not know who asks, nor whether it is a rehearsal",
    ),
    (
        "portico-api",
        &["portico-world", "portico-practice", "tauri", "clap", "sqlx", "russh", "kube"],
        "every way to the world leads through the engine",
    ),
    (
        "portico-practice",
        &["portico-world", "portico-engine", "portico-api", "kube", "reqwest"],
        "a double that shares the code of the client agrees with its bugs",
    ),
    (
        "portico-cli",
        &["portico-world", "portico-engine", "tauri", "sqlx", "russh", "kube", "reqwest"],
        "the shells draw; what is done is behind the command table",
    ),
    (
        "portico-desktop",
        &["portico-world", "portico-engine", "sqlx", "russh", "kube", "reqwest"],
        "the shells draw; what is done is behind the command table",
    ),
];

/// Modules of `world` do not know one another, but for `k3s`, which speaks through `ssh`.
const WORLD: &[&str] = &["alert", "cloudflare", "k3s", "kube", "lan", "probe", "resolver", "secrets", "ssh"];

/// Past this many lines a file is to be divided.
const LONGEST: usize = 600;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository")
}

fn packages() -> BTreeMap<String, Package> {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata runs");
    metadata.packages.into_iter().map(|package| (package.name.to_string(), package)).collect()
}

/// The files that are kept, or would be if they were committed now.
fn files() -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git runs");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let listed = String::from_utf8(listed.stdout).expect("names are UTF-8");
    let files: Vec<_> =
        listed.lines().filter(|file| root().join(file).is_file()).map(str::to_owned).collect();
    assert!(files.len() > 100, "the listing is not that of this repository: {files:?}");
    files
}

fn text(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn no_crate_knows_what_it_must_not_know() {
    let packages = packages();
    let mut wrong = Vec::new();
    for (name, forbidden, reason) in FORBIDDEN {
        let package = packages.get(*name).unwrap_or_else(|| panic!("{name} is not in the workspace"));
        for dependency in &package.dependencies {
            // Tests may look from outside.
            if dependency.kind == DependencyKind::Normal && forbidden.contains(&dependency.name.as_str()) {
                wrong.push(format!("{name} -> {}: {reason}", dependency.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn versions_are_written_once_at_the_root() {
    for package in packages().values() {
        let manifest = std::fs::read_to_string(&package.manifest_path).expect("a manifest");
        let own: Vec<_> = manifest
            .lines()
            .filter(|line| {
                let section_line = line.starts_with('[') || line.trim().is_empty();
                !section_line && line.contains("version = \"")
            })
            .collect();
        assert!(own.is_empty(), "{} pins versions of its own: {own:#?}", package.name);
    }
}

#[test]
fn protocols_do_not_know_one_another() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| file.starts_with("crates/world/src/") && file.ends_with(".rs")) {
        let place = file.trim_start_matches("crates/world/src/");
        let own = place.split(['/', '.']).next().unwrap_or_default();
        if !WORLD.contains(&own) {
            continue;
        }
        let source = text(file);
        for other in WORLD.iter().filter(|other| **other != own && (own, **other) != ("k3s", "ssh")) {
            if source.contains(&format!("crate::{other}::")) || source.contains(&format!("crate::{other};")) {
                wrong.push(format!("{file} uses {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_stay_short() {
    let endings = [".rs", ".ts", ".svelte", ".go", ".sh", ".mjs", ".css"];
    let long: Vec<_> = files()
        .into_iter()
        .filter(|file| endings.iter().any(|ending| file.ends_with(ending)) && !file.contains("/generated/"))
        .map(|file| (text(&file).lines().count(), file))
        .filter(|(lines, _)| *lines > LONGEST)
        .collect();
    assert!(long.is_empty(), "longer than {LONGEST} lines: {long:?}");
}

#[test]
fn every_module_says_why_it_exists() {
    let silent: Vec<_> =
        files().into_iter().filter(|file| file.ends_with(".rs") && !text(file).starts_with("//! ")).collect();
    assert!(silent.is_empty(), "no `//!` at the top of {silent:#?}");
}

#[test]
fn no_module_is_a_drawer_for_anything() {
    let drawers = ["utils", "util", "helper", "helpers", "common", "manager", "misc"];
    let found: Vec<_> = files()
        .into_iter()
        .filter(|file| {
            Path::new(file).components().any(|part| {
                let name = part.as_os_str().to_string_lossy();
                drawers.contains(&name.split('.').next().unwrap_or_default())
            })
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}
