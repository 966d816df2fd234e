//! The small scripts: secrets read back, the journal, the kernel's command line, reboot, leftovers of a copy.

use super::{KUBECONFIG, NODE_TOKEN, Outcome, PART, Place};
use crate::homelab::{File, JournalLine, Machine};
use crate::machines::stdin::Stdin;

pub fn token(place: &Place<'_>, root: bool) -> Outcome {
    // Its directory is closed to everybody but root: others are told the same as when it is not there.
    match place.look(|machine| machine.files.get(NODE_TOKEN).map(File::text)).filter(|_| root) {
        Some(text) => Outcome::said(format!("token={}\n", text.trim())),
        None => Outcome::refused("no-token", &format!("{NODE_TOKEN} is not there")),
    }
}

pub fn kubeconfig(place: &Place<'_>, root: bool) -> Outcome {
    match place.look(|machine| machine.files.get(KUBECONFIG).map(File::text)) {
        None => Outcome::refused("no-kubeconfig", &format!("{KUBECONFIG} is not there")),
        Some(_) if !root => Outcome::failed(1, format!("cat: {KUBECONFIG}: Permission denied\n")),
        Some(text) => Outcome::said(text),
    }
}

pub async fn journal(place: &Place<'_>, root: bool, stdin: &mut Stdin) -> Outcome {
    let unit = stdin.line().await.unwrap_or_default();
    let count = stdin.line().await.unwrap_or_default();
    let seconds = stdin.line().await.unwrap_or_default();
    if unit != "k3s" && unit != "k3s-agent" {
        return Outcome::refused("unit-unknown", &unit);
    }
    let Ok(count) = count.parse() else { return Outcome::refused("number-malformed", &count) };
    let Ok(seconds) = seconds.parse::<i64>() else { return Outcome::refused("number-malformed", &seconds) };
    if !root {
        return Outcome::failed(1, "No journal files were opened due to insufficient permissions.\n");
    }
    let since = if seconds == 0 { i64::MIN } else { place.homelab.clock.now() - seconds * 1000 };
    Outcome::said(place.look(|machine| last_lines(machine, &unit, count, since)))
}

/// The last lines of a unit's journal as `journalctl -o cat` prints them, none from before `since` (unix ms).
pub fn last_lines(machine: &Machine, unit: &str, count: usize, since: i64) -> String {
    let said = |line: &&JournalLine| line.unit == unit && line.at >= since;
    let lines: Vec<&JournalLine> = machine.journal.iter().filter(said).collect();
    let shown = &lines[lines.len().saturating_sub(count)..];
    shown
        .iter()
        .map(|line| {
            let at = jiff::Timestamp::from_millisecond(line.at)
                .unwrap_or_default()
                .strftime("%Y-%m-%dT%H:%M:%SZ")
                .to_string();
            // K3s puts the time on its own lines; systemd's have none.
            if line.text.starts_with("level=") {
                format!("time=\"{at}\" {}\n", line.text)
            } else {
                format!("{}\n", line.text)
            }
        })
        .collect()
}

pub fn cgroup_fix(place: &Place<'_>, root: bool) -> Outcome {
    let Some(path) = place.look(|machine| machine.cmdline_path.clone()) else {
        return Outcome::refused("no-cmdline", "there is no cmdline.txt on this machine");
    };
    if !root {
        return Outcome::not_permitted(&path);
    }
    let line = place.change(|machine| {
        let old = machine.cmdline();
        let mut words: Vec<&str> =
            old.split_whitespace().filter(|word| *word != "cgroup_disable=memory").collect();
        for wanted in ["cgroup_memory=1", "cgroup_enable=memory"] {
            if !words.contains(&wanted) {
                words.push(wanted);
            }
        }
        let line = words.join(" ");
        if line != old {
            let backup = format!("{path}.portico-backup");
            machine.files.entry(backup).or_insert_with(|| File::of(format!("{old}\n").as_bytes(), 0o755));
            machine.files.insert(path, File::of(format!("{line}\n").as_bytes(), 0o755));
        }
        line
    });
    Outcome::said(format!("cmdline={line}\n"))
}

/// Prints the boot that is ending, and takes effect once the answer is out. Without root `systemctl` is refused in the
/// background and the script still succeeds.
pub fn reboot(place: &Place<'_>, root: bool) -> Outcome {
    let boot = place.look(|machine| machine.boot_id.clone());
    Outcome { reboots: root, ..Outcome::said(format!("boot_id={boot}\n")) }
}

pub fn remove_part(place: &Place<'_>, root: bool) -> Outcome {
    if !root {
        return Outcome::said("");
    }
    let removed = place.change(|machine| {
        let parts: Vec<String> = machine.files.keys().filter(|path| path.ends_with(PART)).cloned().collect();
        machine.files.retain(|path, _| !path.ends_with(PART));
        parts
    });
    Outcome::said(removed.iter().map(|path| format!("removed={path}\n")).collect::<String>())
}
