//! `install`: the official install script's effect, without a download.
//!
//! It waits until the unit is active; a service that does not come up is left to systemd, which keeps trying, and the
//! last journal lines are handed back. An agent's unit is active at once, whether its server lets it in or not.

use super::{BINARY, CONFIG, INSTALLER, MARKER, NOT_STARTED, Outcome, Place, other_role, read_role, system};
use crate::homelab::{File, K3s, Machine, Role, UnitState};
use crate::machines::service::started_with;
use crate::machines::stdin::Stdin;

pub async fn run(place: &Place<'_>, root: bool, stdin: &mut Stdin) -> Outcome {
    let role = match read_role(stdin).await {
        Ok(role) => role,
        Err(refusal) => return refusal,
    };
    if let Some(refusal) = place.look(|machine| refusal(machine, role)) {
        return refusal;
    }
    if !root {
        return Outcome::failed(1, "[ERROR]  You need to be root to perform this install\n");
    }
    let Some(wanted) = place.look(started_with) else { return Outcome::refused("binary-missing", BINARY) };
    let unit = role.unit();
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
        machine.files.insert(
            format!("/etc/systemd/system/{unit}.service"),
            File::of(format!("ExecStart={BINARY} {}\n", role.word()).as_bytes(), 0o644),
        );
        machine.k3s = Some(K3s {
            role,
            state: UnitState::Activating,
            started_with: before.as_ref().and_then(|k3s| k3s.started_with.clone()),
            cluster: before.as_ref().and_then(|k3s| k3s.cluster),
            node_name: machine.name.to_lowercase(),
            joined: false,
            loaded: None,
            failure: None,
            generation,
        });
        Some(generation)
    });
    let Some(generation) = generation else { return Outcome::said(format!("unchanged={unit}\n")) };
    settled(place, generation).await;
    let failed = place.look(|machine| match &machine.k3s {
        Some(k3s) if k3s.generation == generation && k3s.state == UnitState::Active => None,
        _ => Some(system::last_lines(machine, unit, 40, i64::MIN)),
    });
    match failed {
        None => Outcome::said(format!("started={unit}\n")),
        Some(journal) => {
            Outcome::failed(NOT_STARTED, format!("{unit} keeps stopping: 2 attempts\njournal:\n{journal}"))
        }
    }
}

fn refusal(machine: &Machine, role: Role) -> Option<Outcome> {
    let missing = |path: &str| !machine.files.contains_key(path);
    if missing(MARKER) {
        return Some(Outcome::refused("foreign-k3s", "this machine is not marked as ours"));
    }
    if let Some(other) = other_role(machine, role) {
        return Some(Outcome::refused("role-differs", &format!("this machine runs {other} already")));
    }
    let needed = [("binary-missing", BINARY), ("installer-missing", INSTALLER), ("config-missing", CONFIG)];
    needed.into_iter().find(|(_, path)| missing(path)).map(|(reason, path)| Outcome::refused(reason, path))
}

async fn settled(place: &Place<'_>, generation: u64) {
    let done = |k3s: &K3s| {
        k3s.generation != generation || k3s.state != UnitState::Activating || k3s.failure.is_some()
    };
    place
        .homelab
        .until(|state| state.machine(place.machine).and_then(|machine| machine.k3s.as_ref()).is_none_or(done))
        .await;
}
