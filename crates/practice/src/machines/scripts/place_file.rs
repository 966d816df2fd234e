//! `place-file`: a file copied beside its place, verified, and renamed.
//!
//! The body is digested as it arrives and never kept whole. Only a machine that goes down midway leaves its part
//! behind, which `remove-part` deletes; otherwise the script itself takes it away.

use super::{BINARY, CHECKSUM, IMAGES, INSTALLER, MARKER, NO_SPACE, Outcome, PART, Place, foreign};
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

/// What has to stay free beside the file.
const SPARE: u64 = 8 << 20;

pub async fn run(place: &Place<'_>, root: bool, stdin: &mut Stdin) -> Outcome {
    let wanted = match read_values(stdin).await {
        Ok(wanted) => wanted,
        Err(refusal) => return refusal,
    };
    if !root {
        return Outcome::not_permitted(&wanted.path);
    }
    if let Some(found) = place.look(foreign) {
        return Outcome::refused("foreign-k3s", &format!("{found} is there and not ours"));
    }
    let part = format!("{}{PART}", wanted.path);
    let free = place.change(|machine| {
        machine.files.remove(&part);
        machine.free_kib() * 1024
    });
    if free < wanted.size + SPARE {
        return no_space(&wanted, free);
    }
    let boot = place.look(|machine| Some(machine.boots));
    let mut digest = Context::new(&SHA256);
    let mut written = 0u64;
    let mut head = Vec::new();
    while let Some(chunk) = stdin.chunk().await {
        written += chunk.len() as u64;
        digest.update(&chunk);
        if head.len() < File::KEPT {
            head.extend_from_slice(&chunk[..chunk.len().min(File::KEPT - head.len())]);
        }
        if written > free {
            return no_space(&wanted, 0);
        }
    }
    let file = File { sha256: hex::encode(digest.finish()), size: written, mode: wanted.mode, head };
    let still_up = place.look(|machine| machine.answers().then_some(machine.boots)) == boot;
    if !still_up {
        place.change(|machine| machine.files.insert(part, file));
        return Outcome::failed(1, "");
    }
    if file.sha256 != wanted.sha256 {
        let complaint = format!(
            "expected={} found={}: {written} of {} bytes came\n",
            wanted.sha256, file.sha256, wanted.size
        );
        return Outcome::failed(CHECKSUM, complaint);
    }
    let placed = file.sha256.clone();
    place.change(|machine| {
        machine.files.insert(wanted.path, file);
        if wanted.marker {
            machine.files.entry(MARKER.to_owned()).or_insert_with(|| File::of(b"", 0o600));
        }
    });
    Outcome::said(format!("placed={placed}\n"))
}

fn no_space(wanted: &Wanted, free: u64) -> Outcome {
    let complaint =
        format!("no space left for {}: {} bytes are needed, {free} are free\n", wanted.path, wanted.size);
    Outcome::failed(NO_SPACE, complaint)
}

async fn read_values(stdin: &mut Stdin) -> Result<Wanted, Outcome> {
    let mut lines = Vec::new();
    for _ in 0..5 {
        lines.push(stdin.line().await.unwrap_or_default());
    }
    let [path, mode, marker, sha256, size] = &lines[..] else { return Err(Outcome::failed(1, "")) };
    if !allowed(path) {
        return Err(Outcome::refused("path-not-allowed", path));
    }
    if !["0755", "0644", "0600"].contains(&mode.as_str()) {
        return Err(Outcome::refused("mode-not-allowed", mode));
    }
    let Ok(size) = size.parse() else { return Err(Outcome::refused("size-malformed", size)) };
    let mode = u32::from_str_radix(mode, 8).unwrap_or_default();
    Ok(Wanted { path: path.clone(), mode, marker: marker == "1", sha256: sha256.clone(), size })
}

fn allowed(path: &str) -> bool {
    let image = path.strip_prefix(IMAGES).is_some_and(|name| {
        !name.contains('/')
            && !name.starts_with('.')
            && !name.ends_with(PART)
            && (name.ends_with(".tar") || name.contains(".tar."))
    });
    path == BINARY || path == INSTALLER || image
}
