//! `place-file`: a file copied beside its place, verified, and renamed.
//!
//! The body is digested as it arrives and never kept whole. A copy that breaks off leaves its part behind, which
//! `remove-part` deletes.

use super::{BINARY, CHECKSUM, IMAGES, INSTALLER, MARKER, NO_SPACE, Outcome, PART, Place};
use crate::homelab::File;
use crate::machines::stdin::Stdin;
use aws_lc_rs::digest::{Context, SHA256};

struct Wanted {
    path: String,
    mode: u32,
    marker: bool,
    sha256: String,
    size: u64,
}

pub async fn run(place: &Place<'_>, root: bool, stdin: &mut Stdin) -> Outcome {
    let Some(wanted) = read_values(stdin).await else {
        return Outcome::refused("values", "path, mode, marker, sha256 and size are expected");
    };
    if !allowed(&wanted.path) {
        return Outcome::refused("path", "this path is not one of those that may be placed");
    }
    if !root {
        return Outcome::not_permitted(&wanted.path);
    }
    let part = format!("{}{PART}", wanted.path);
    let room = place.look(|machine| machine.free_kib()) * 1024;
    let mut digest = Context::new(&SHA256);
    let mut written = 0u64;
    let mut head = Vec::new();
    while written < wanted.size {
        let Some(chunk) = stdin.chunk().await else { break };
        written += chunk.len() as u64;
        digest.update(&chunk);
        if head.len() < File::KEPT {
            head.extend_from_slice(&chunk[..chunk.len().min(File::KEPT - head.len())]);
        }
        if written > room {
            let name = wanted.path.clone();
            place.change(|machine| machine.files.remove(&part));
            return Outcome::failed(NO_SPACE, format!("cat: write error on {name}{PART}: No space left on device\n"));
        }
    }
    let file = File { sha256: hex::encode(digest.finish()), size: written, mode: wanted.mode, head };
    if written < wanted.size {
        place.change(|machine| machine.files.insert(part, file));
        return Outcome::failed(1, format!("{}: the copy broke off after {written} bytes\n", wanted.path));
    }
    if file.sha256 != wanted.sha256 {
        return Outcome::failed(CHECKSUM, format!("{}: expected {}, got {}\n", wanted.path, wanted.sha256, file.sha256));
    }
    let placed = file.sha256.clone();
    place.change(|machine| {
        machine.files.remove(&part);
        machine.files.insert(wanted.path, file);
        if wanted.marker {
            machine.files.entry(MARKER.to_owned()).or_insert_with(|| File::of(b"", 0o600));
        }
    });
    Outcome::said(format!("placed={placed}\n"))
}

async fn read_values(stdin: &mut Stdin) -> Option<Wanted> {
    Some(Wanted {
        path: stdin.line().await?,
        mode: u32::from_str_radix(stdin.line().await?.trim(), 8).ok()?,
        marker: stdin.line().await?.trim() == "1",
        sha256: stdin.line().await?.trim().to_owned(),
        size: stdin.line().await?.trim().parse().ok()?,
    })
}

fn allowed(path: &str) -> bool {
    let image = path.strip_prefix(IMAGES).is_some_and(|name| !name.contains('/') && name.contains(".tar"));
    path == BINARY || path == INSTALLER || image
}
