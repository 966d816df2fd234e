//! The small scripts: secrets read back, the journal, the kernel's command line, reboot, leftovers of a copy.

use super::{KUBECONFIG, NODE_TOKEN, Outcome, PART, Place};
use crate::homelab::{File, JournalLine, Machine};
use crate::machines::stdin::Stdin;

pub fn token(place: &Place<'_>, root: bool) -> Outcome {
    match read(place, root, NODE_TOKEN) {
        Ok(text) => Outcome::said(format!("token={}\n", text.trim())),
        Err(refusal) => refusal,
    }
}

pub fn kubeconfig(place: &Place<'_>, root: bool) -> Outcome {
    match read(place, root, KUBECONFIG) {
        Ok(text) => Outcome::said(text),
        Err(refusal) => refusal,
    }
}

fn read(place: &Place<'_>, root: bool, path: &str) -> Result<String, Outcome> {
    if !root {
        return Err(Outcome::failed(1, format!("cat: {path}: Permission denied\n")));
    }
    place
        .look(|machine| machine.files.get(path).map(File::text))
        .ok_or_else(|| Outcome::refused("absent", &format!("{path} does not exist")))
}

pub async fn journal(place: &Place<'_>, root: bool, stdin: &mut Stdin) -> Outcome {
    let unit = stdin.line().await.unwrap_or_default();
    let count = stdin.line().await.and_then(|line| line.trim().parse().ok()).unwrap_or(40);
    if !root {
        return Outcome::failed(1, "No journal files were opened due to insufficient permissions.\n");
    }
    Outcome::said(place.look(|machine| last_lines(machine, unit.trim(), count)))
}

/// The last lines of a unit's journal as `journalctl -o short` prints them.
pub fn last_lines(machine: &Machine, unit: &str, count: usize) -> String {
    let lines: Vec<&JournalLine> = machine.journal.iter().filter(|line| line.unit == unit).collect();
    let shown = &lines[lines.len().saturating_sub(count)..];
    shown
        .iter()
        .map(|line| {
            let at = jiff::Timestamp::from_millisecond(line.at).unwrap_or_default().strftime("%b %d %H:%M:%S").to_string();
            format!("{at} {} {}[812]: {}\n", machine.name, "k3s", line.text)
        })
        .collect()
}

pub fn cgroup_fix(place: &Place<'_>, root: bool) -> Outcome {
    let Some(path) = place.look(|machine| machine.cmdline_path.clone()) else {
        return Outcome::refused("no-cmdline", "this machine has no cmdline.txt");
    };
    if !root {
        return Outcome::not_permitted(&path);
    }
    let line = place.change(|machine| {
        let old = machine.cmdline();
        if old.contains("cgroup_enable=memory") {
            return old;
        }
        let line = format!("{old} cgroup_memory=1 cgroup_enable=memory");
        machine.files.insert(format!("{path}.portico-backup"), File::of(format!("{old}\n").as_bytes(), 0o755));
        machine.files.insert(path, File::of(format!("{line}\n").as_bytes(), 0o755));
        line
    });
    Outcome::said(format!("cmdline={line}\n"))
}

pub fn reboot(root: bool) -> Outcome {
    if !root {
        return Outcome::failed(1, "Failed to set wall message, ignoring: Interactive authentication required.\nCall to Reboot failed: Interactive authentication required.\n");
    }
    Outcome { reboots: true, ..Outcome::said("") }
}

pub fn remove_part(place: &Place<'_>, root: bool) -> Outcome {
    if root {
        place.change(|machine| machine.files.retain(|path, _| !path.ends_with(PART)));
    }
    Outcome::said("")
}
