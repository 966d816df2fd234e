//! `install`: the official install script's effect, without a download.
//!
//! It waits as `systemctl restart` does; a service that does not come up is left to systemd, which keeps trying,
//! and the last journal lines are handed back.

use super::{BINARY, CONFIG, INSTALLER, NOT_STARTED, Outcome, Place, system};
use crate::homelab::{File, K3s, Role, Started, UnitState, sha256_hex};
use crate::machines::stdin::Stdin;

pub async fn run(place: &Place<'_>, root: bool, stdin: &mut Stdin) -> Outcome {
    let role = match stdin.line().await.as_deref().map(str::trim) {
        Some("server") => Role::Server,
        Some("agent") => Role::Agent,
        _ => return Outcome::refused("role", "the role is server or agent"),
    };
    if !root {
        return Outcome::failed(1, "[ERROR]  You need to be root to perform this install\n");
    }
    if !place.look(|machine| machine.files.contains_key(INSTALLER)) {
        return Outcome::refused("installer", &format!("{INSTALLER} is missing"));
    }
    let Some(binary) = place.look(|machine| machine.files.get(BINARY).map(|file| file.sha256.clone())) else {
        return Outcome::failed(
            NOT_STARTED,
            format!("[ERROR]  Executable k3s binary not found at {BINARY}\njournal:\n"),
        );
    };
    let config = place.look(|machine| machine.files.get(CONFIG).map(|file| file.sha256.clone()));
    let wanted = Started { config: config.unwrap_or_else(|| sha256_hex(b"")), binary };
    let generation = place.change(|machine| {
        if let Some(k3s) = &machine.k3s
            && k3s.role == role
            && k3s.state == UnitState::Active
            && k3s.started_with.as_ref() == Some(&wanted)
        {
            return None;
        }
        let before = machine.k3s.take();
        let generation = before.as_ref().map_or(0, |k3s| k3s.generation) + 1;
        let unit = format!("/etc/systemd/system/{}.service", role.unit());
        machine.files.insert(unit, File::of(format!("ExecStart={BINARY} {}\n", role.word()).as_bytes(), 0o644));
        machine.k3s = Some(K3s {
            role,
            state: UnitState::Activating,
            started_with: before.as_ref().and_then(|k3s| k3s.started_with.clone()),
            cluster: before.as_ref().and_then(|k3s| k3s.cluster),
            node_name: machine.name.to_lowercase(),
            failure: None,
            generation,
        });
        Some(generation)
    });
    let Some(generation) = generation else { return Outcome::said("") };
    settled(place, generation).await;
    let failed = place.look(|machine| match &machine.k3s {
        Some(k3s) if k3s.generation == generation && k3s.state == UnitState::Active => None,
        _ => Some(system::last_lines(machine, role.unit(), 40)),
    });
    let Some(journal) = failed else { return Outcome::said("") };
    let unit = role.unit();
    Outcome::failed(
        NOT_STARTED,
        format!(
            "Job for {unit}.service failed because the control process exited with error code.\n\
             See \"systemctl status {unit}.service\" and \"journalctl -xeu {unit}.service\" for details.\n\
             journal:\n{journal}"
        ),
    )
}

async fn settled(place: &Place<'_>, generation: u64) {
    let done = |k3s: &K3s| k3s.generation != generation || k3s.state != UnitState::Activating || k3s.failure.is_some();
    place
        .homelab
        .until(|state| state.machine(place.machine).and_then(|machine| machine.k3s.as_ref()).is_none_or(done))
        .await;
}
